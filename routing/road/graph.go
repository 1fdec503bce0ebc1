package road

import (
	"fmt"
	"sort"
	"strings"
	"sync"

	"catchment/routing"
)

// Graph is a prepared street graph of one profile. It is read-only and may be used by any number of
// goroutines; its arrays lie in the mapped file.
type Graph struct {
	arrays
	origin
	mapped []byte

	partial partial

	climbs  sync.Pool // of *climb
	indexes sync.Pool // of []uint32, one per rank, all zero
}

// arrays are the sections of a prepared file. Segment s has the points [segmentFirst[s], segmentFirst[s+1]);
// hop i leads from point i to point i+1 and has smallCosts[i]; the entry of a segment's last point is unused.
type arrays struct {
	points       []point
	nodeIDs      []int64 // of OpenStreetMap, of each point
	smallCosts   []smallCost
	largeCosts   []largeCost
	segmentFirst []uint32
	segmentName  []uint32
	segmentFlags []uint32
	segmentEdge  [][2]EdgeID // along and against the segment, noEdge where closed

	edges    []edge
	piece    []uint32 // strongly connected piece of each edge
	pieces   []uint32 // edges in each piece, largest first
	copies   []copyOf // sorted by Of
	firstOut []uint32
	out      []turn // turns out of edge e: out[firstOut[e]:firstOut[e+1]]

	nameFirst []uint32
	nameBytes []byte

	leaves []uint32 // hops in the order of the snap tree
	boxes  []box

	cells    []uint64 // hexagons that streets pass
	runFirst []uint32
	runs     []run // of segment s: runs[runFirst[s]:runFirst[s+1]]

	hierarchy
}

// copyOf says that an edge is a copy of another, reached with a restriction in mind.
type copyOf struct{ Of, Copy EdgeID }

// Flags of a segment.
const (
	flagEndsHere = 1 << iota
	flagFerry
	flagRound
	flagRestricted
	flagRestrictedBack
	flagLeft   // traffic keeps left
	flagIsland // neither direction lies in a piece that is more than an island
	flagMotorway
	flagToll
	classShift = 16
)

// Profile returns the profile the graph was prepared for.
func (g *Graph) Profile() routing.Profile { return g.profile.Name }

// Size returns how many segments, edges and turns the graph has.
func (g *Graph) Size() (segments, edges, turns int) {
	return len(g.segmentFlags), len(g.edges), len(g.out)
}

func (g *Graph) turnsFrom(e EdgeID) []turn { return g.out[g.firstOut[e]:g.firstOut[e+1]] }

// cost returns what the turn costs.
func (t turn) cost() Cost { return Cost{uint32(t.Weight), uint32(t.Tenths), 0} }

// copiesOf returns the copies of a plain edge.
func (a *arrays) copiesOf(e EdgeID) []copyOf {
	i := sort.Search(len(a.copies), func(i int) bool { return a.copies[i].Of >= e })
	j := i
	for j < len(a.copies) && a.copies[j].Of == e {
		j++
	}
	return a.copies[i:j]
}

// nameAndNumber returns what the signs along a street say: its name and its number, either perhaps empty.
func (g *Graph) nameAndNumber(s SegmentID) (name, number string) {
	n := g.segmentName[s]
	name, number, _ = strings.Cut(string(g.nameBytes[g.nameFirst[n]:g.nameFirst[n+1]]), numberMark)
	return name, number
}

// street returns the name of a street, or its number if it has no name.
func (g *Graph) street(s SegmentID) string {
	name, number := g.nameAndNumber(s)
	if name == "" {
		return number
	}
	return name
}

// segmentAt returns the segment a hop belongs to.
func (g *Graph) segmentAt(hop uint32) SegmentID {
	return SegmentID(sort.Search(len(g.segmentFirst), func(i int) bool { return g.segmentFirst[i] > hop }) - 1)
}

// pack brings the expansion into the arrays of a prepared file, all but the hierarchy.
func pack(x *expansion, grid *hexagons) (*arrays, error) {
	a := &arrays{}
	s := x.segments
	a.setCosts(s.costs)
	a.points, a.nodeIDs = make([]point, len(s.nodes)), make([]int64, len(s.nodes))
	for i, n := range s.nodes {
		a.points[i], a.nodeIDs[i] = s.m.at[n], s.m.ids[n]
	}
	segments := len(s.all)
	a.segmentFirst, a.segmentName = make([]uint32, segments+1), make([]uint32, segments)
	a.segmentEdge, a.segmentFlags = make([][2]EdgeID, segments), make([]uint32, segments)
	for i := range s.all {
		a.segmentFirst[i], a.segmentName[i] = s.all[i].points, s.all[i].name
		a.segmentEdge[i] = [2]EdgeID{x.ids[raw(uint32(i), false)], x.ids[raw(uint32(i), true)]}
	}
	a.segmentFirst[segments] = uint32(len(s.nodes))
	a.edges, a.firstOut, a.out = x.edges, x.firstOut, x.turns
	for id, e := range x.raws {
		if plain := x.ids[e]; plain != EdgeID(id) {
			a.copies = append(a.copies, copyOf{plain, EdgeID(id)})
		}
	}
	sort.SliceStable(a.copies, func(i, j int) bool { return a.copies[i].Of < a.copies[j].Of })
	a.piece, a.pieces = components(a.firstOut, a.out)
	for i := range s.all {
		a.segmentFlags[i] = a.flags(&s.all[i], a.segmentEdge[i])
	}
	names := s.m.names.all
	var wait sync.WaitGroup
	wait.Go(a.plantTree)
	err := a.findRuns(x.p, grid)
	a.packNames(names)
	wait.Wait()
	return a, err
}

// packNames keeps the names that segments bear, and numbers them anew.
func (a *arrays) packNames(all []string) {
	number := make([]uint32, len(all))
	a.nameFirst = []uint32{0, 0} // the empty name comes first
	for i, name := range a.segmentName {
		if name != 0 && number[name] == 0 {
			number[name] = uint32(len(a.nameFirst) - 1)
			a.nameBytes = append(a.nameBytes, all[name]...)
			a.nameFirst = append(a.nameFirst, uint32(len(a.nameBytes)))
		}
		a.segmentName[i] = number[name]
	}
}

func (a *arrays) flags(seg *segment, edges [2]EdgeID) uint32 {
	flags := uint32(seg.class) << classShift
	for _, f := range [...]struct {
		flag uint32
		on   bool
	}{{flagEndsHere, seg.endsHere}, {flagFerry, seg.ferry}, {flagRound, seg.round}, {flagLeft, seg.left},
		{flagRestricted, seg.restricted[0]}, {flagRestrictedBack, seg.restricted[1]}, {flagMotorway, seg.motorway}, {flagToll, seg.toll}} {
		if f.on {
			flags |= f.flag
		}
	}
	flags |= flagIsland
	for _, e := range edges {
		if e != noEdge && a.isMainland(e) {
			flags &^= flagIsland
		}
	}
	return flags
}

// isMainland tells whether an edge belongs to no island.
func (a *arrays) isMainland(e EdgeID) bool {
	size := a.pieces[a.piece[e]]
	return size >= islandEdges || size*islandShare >= a.pieces[0]
}

// ascending makes sure that an array divides another of length end into n parts.
func ascending(name string, first []uint32, n, end int) error {
	if len(first) != n+1 || first[0] != 0 || int(first[n]) != end {
		return fmt.Errorf("section %s does not fit the others", name)
	}
	for i := range n {
		if first[i] > first[i+1] {
			return fmt.Errorf("section %s runs backwards at %d", name, i)
		}
	}
	return nil
}

// check makes sure that no index in the arrays leads out of them, so that a file that was made by something
// else than this package cannot make a query panic.
func (a *arrays) check() error {
	segments, edges, points := len(a.segmentFlags), len(a.edges), len(a.points)
	if len(a.smallCosts) != points || len(a.nodeIDs) != points || len(a.segmentName) != segments || len(a.segmentEdge) != segments ||
		len(a.piece) != edges || len(a.nameFirst) == 0 || segments == 0 || edges == 0 {
		return fmt.Errorf("sections differ in length")
	}
	for _, err := range []error{
		ascending("segments", a.segmentFirst, segments, points),
		ascending("turns out", a.firstOut, edges, len(a.out)),
		ascending("runs", a.runFirst, segments, len(a.runs)),
		ascending("names", a.nameFirst, len(a.nameFirst)-1, len(a.nameBytes)),
	} {
		if err != nil {
			return err
		}
	}
	for s := range segments {
		if a.segmentFirst[s+1]-a.segmentFirst[s] < 2 || int(a.segmentName[s]) >= len(a.nameFirst)-1 {
			return fmt.Errorf("segment %d is broken", s)
		}
		for _, r := range a.runs[a.runFirst[s]:a.runFirst[s+1]] {
			hops := a.segmentFirst[s+1] - a.segmentFirst[s] - 1
			if int(r.Cell) >= len(a.cells) || r.First > r.Last || r.Last.hop() >= hops {
				return fmt.Errorf("segment %d leads through no hexagon", s)
			}
		}
		for _, e := range a.segmentEdge[s] {
			if e != noEdge && (int(e) >= edges || int(a.edges[e].Segment>>1) != s) {
				return fmt.Errorf("segment %d has a wrong edge", s)
			}
		}
	}
	for e := range edges {
		if int(a.edges[e].Segment>>1) >= segments || int(a.piece[e]) >= len(a.pieces) {
			return fmt.Errorf("edge %d is broken", e)
		}
		if a.edges[e].Cost.Weight > 1<<30 || a.edges[e].Cost.Tenths > 1<<30 || a.edges[e].Cost.Decimeters > 1<<30 {
			return fmt.Errorf("edge %d costs too much", e)
		}
	}
	for i, t := range a.out {
		if int(t.To) >= edges {
			return fmt.Errorf("turn %d leads nowhere", i)
		}
	}
	for _, c := range a.copies {
		if int(c.Of) >= edges || int(c.Copy) >= edges || a.edges[c.Of].Segment != a.edges[c.Copy].Segment {
			return fmt.Errorf("edge %d is a copy of nothing", c.Copy)
		}
	}
	for _, hop := range a.leaves {
		if int(hop)+1 >= points {
			return fmt.Errorf("the snap tree leads out of the map")
		}
	}
	if len(a.boxes) != treeSize(len(a.leaves)) {
		return fmt.Errorf("the snap tree does not fit the streets")
	}
	return a.hierarchy.check(edges)
}
