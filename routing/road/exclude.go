package road

import (
	"slices"
	"strings"
	"sync"
)

// Exclusion is a set of kinds of streets that are not to be used.
type Exclusion uint8

// Kinds of streets that can be excluded.
const (
	ExcludeMotorway Exclusion = 1 << iota // and their ramps
	ExcludeToll
	ExcludeFerry // and trains that carry vehicles
)

// exclusions are their names in the OSRM protocol, with the flags of segments.
var exclusions = []struct {
	name string
	is   Exclusion
	flag uint32
}{{"motorway", ExcludeMotorway, flagMotorway}, {"toll", ExcludeToll, flagToll}, {"ferry", ExcludeFerry, flagFerry}}

// ExclusionNamed returns the exclusion of a name: motorway, toll or ferry.
func ExclusionNamed(name string) (Exclusion, bool) {
	for _, x := range exclusions {
		if x.name == name {
			return x.is, true
		}
	}
	return 0, false
}

func (x Exclusion) String() string {
	var names []string
	for _, known := range exclusions {
		if x&known.is != 0 {
			names = append(names, known.name)
		}
	}
	return strings.Join(names, ",")
}

// flags returns the flags of segments that an exclusion means.
func (x Exclusion) flags() (flags uint32) {
	for _, known := range exclusions {
		if x&known.is != 0 {
			flags |= known.flag
		}
	}
	return flags
}

// maxPartial is how many graphs with something excluded are kept beside one graph, each about as large as the
// hierarchy of its file.
const maxPartial = 3

// partial keeps the graphs with something excluded, the latest used last.
type partial struct {
	mu     sync.Mutex
	graphs []*Graph
}

func (p *partial) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.graphs = nil
}

// Without returns the graph without some kinds of streets: nothing snaps to them and no way leads over them. The
// first time it takes as long as new speeds do, a second for a large city; the answer is kept for later. It shares
// the file of the graph it is made from and must not be used when that is closed.
func (g *Graph) Without(x Exclusion) *Graph {
	closed := x.flags()
	if closed == 0 || !slices.ContainsFunc(g.segmentFlags, func(flags uint32) bool { return flags&closed != 0 }) {
		return g
	}
	p := &g.partial
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.IndexFunc(p.graphs, func(h *Graph) bool { return h.excluded == x }); i >= 0 {
		h := p.graphs[i]
		p.graphs = append(slices.Delete(p.graphs, i, i+1), h)
		return h
	}
	h := g.without(x, closed)
	if len(p.graphs) == maxPartial {
		p.graphs = slices.Delete(p.graphs, 0, 1)
	}
	p.graphs = append(p.graphs, h)
	return h
}

func (g *Graph) without(x Exclusion, closed uint32) *Graph {
	h := &Graph{arrays: g.arrays, origin: g.origin}
	h.excluded = x
	h.segmentEdge = slices.Clone(g.segmentEdge)
	for s, flags := range g.segmentFlags {
		if flags&closed != 0 {
			h.segmentEdge[s] = [2]EdgeID{noEdge, noEdge}
		}
	}
	open := func(e EdgeID) bool { return g.segmentFlags[g.edges[e].Segment>>1]&closed == 0 }
	h.firstOut, h.out = make([]uint32, len(g.firstOut)), make([]turn, 0, len(g.out))
	for e := range g.edges {
		if open(EdgeID(e)) {
			for _, t := range g.turnsFrom(EdgeID(e)) {
				if open(t.To) {
					h.out = append(h.out, t)
				}
			}
		}
		h.firstOut[e+1] = uint32(len(h.out))
	}
	m := buildSkeleton(&h.arrays).contract(&h.arrays)
	h.hierarchy = hierarchy{parent: m.parents(), up: m.ladder(upwards), down: m.ladder(downwards)}
	return h
}
