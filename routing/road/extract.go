package road

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"catchment/geo/osm"
)

// ErrNoStreets says that an extract holds nothing the profile can travel on.
var ErrNoStreets = errors.New("no streets for this profile in the extract")

// point is a place in units of 1e-7 degrees, OpenStreetMap's own precision.
type point struct{ lon, lat int32 }

func toPoint(p orb.Point) point {
	return point{int32(math.Round(p[0] * 1e7)), int32(math.Round(p[1] * 1e7))}
}

func (p point) orb() orb.Point { return orb.Point{float64(p.lon) / 1e7, float64(p.lat) / 1e7} }

// meters returns the distance between two points on the WGS 84 ellipsoid, by the series the United States'
// Federal Communications Commission prescribes for distances up to 475 km (47 CFR 73.208). OSRM measures so.
func (p point) meters(q point) float64 {
	const rad = math.Pi / 180 / 1e7
	cos := math.Cos((float64(p.lat) + float64(q.lat)) / 2 * rad)
	cos2 := 2*cos*cos - 1
	cos3 := 2*cos*cos2 - cos
	cos4 := 2*cos*cos3 - cos2
	cos5 := 2*cos*cos4 - cos3
	east := (111415.13*cos - 94.55*cos3 + 0.12*cos5) * float64(q.lon-p.lon) / 1e7
	north := (111132.09 - 566.05*cos2 + 1.2*cos4) * float64(q.lat-p.lat) / 1e7
	return math.Sqrt(east*east + north*north)
}

// atlas is what was read of an extract, once for all profiles: the ways that any of them can use. Nodes are
// numbered by their place in ids, ways by their order in the extract.
type atlas struct {
	ids     []int64 // OpenStreetMap ids of all nodes on the ways, sorted
	at      []point
	located []bool // false for a node that lies outside the extract
	wayIDs  []int64
	lines   [][]uint32 // nodes of each way
	titles  []uint32   // name of each way
	names   names
	views   []view // of each profile
	grids   map[int]*hexagons
}

// grid returns the hexagons of a profile's resolution, which the profiles built one after the other fill in together.
func (a *atlas) grid(p *Profile) *hexagons {
	resolution, _ := p.cellResolution()
	if a.grids == nil {
		a.grids = map[int]*hexagons{}
	}
	if a.grids[resolution] == nil {
		a.grids[resolution] = newHexagons(resolution)
	}
	return a.grids[resolution]
}

// view is what one profile makes of an atlas.
type view struct {
	p     *Profile
	uses  []*wayUse // of each way, nil where it is closed
	known map[wayUse]*wayUse
	nodes []nodeView // those that mean something, in the order of the extract
	bans  []ban
}

type nodeView struct {
	node uint32
	use  nodeUse
}

// streetMap is what a profile takes from an atlas: ways it can use, their nodes, and the turns forbidden.
type streetMap struct {
	*atlas
	nodes []nodeUse
	ways  []streetWay
	byID  map[int64]uint32 // way number by OpenStreetMap id, of ways that restrictions speak of
	bans  []ban
}

type streetWay struct {
	id    int64
	line  uint32 // its number in the atlas
	nodes []uint32
	use   *wayUse
	name  uint32
}

// mapFor draws the map of the i-th profile.
func (a *atlas) mapFor(i int) *streetMap {
	v := &a.views[i]
	m := &streetMap{atlas: a, nodes: make([]nodeUse, len(a.ids)), byID: map[int64]uint32{}, bans: v.bans}
	for _, n := range v.nodes {
		m.nodes[n.node] = n.use
	}
	wanted := map[int64]bool{}
	for _, b := range m.bans {
		for _, ways := range [][]int64{b.from, b.via, b.to} {
			for _, id := range ways {
				wanted[id] = true
			}
		}
	}
	open := 0
	for _, use := range v.uses {
		if use != nil {
			open++
		}
	}
	m.ways = make([]streetWay, 0, open)
	for w, use := range v.uses {
		if use == nil {
			continue
		}
		if wanted[a.wayIDs[w]] {
			m.byID[a.wayIDs[w]] = uint32(len(m.ways))
		}
		m.ways = append(m.ways, streetWay{a.wayIDs[w], uint32(w), a.lines[w], use, a.titles[w]})
	}
	return m
}

// names holds each street name once; name 0 is the empty one. Name and number of a street are one text.
type names struct {
	all   []string
	index map[title]uint32
}

// title is what the signs along a street say, either perhaps empty.
type title struct{ name, number string }

// numberMark stands between the name and the number of a street.
const numberMark = "\x1f"

func (n *names) add(t title) uint32 {
	i, ok := n.index[t]
	if !ok {
		if n.index == nil {
			n.index = map[title]uint32{}
		}
		i = uint32(len(n.all))
		text := t.name
		if t.number != "" {
			text += numberMark + t.number
		}
		n.all = append(n.all, text)
		n.index[t] = i
	}
	return i
}

// extract is where streets come from; *osm.Source is one.
type extract interface {
	Scan(ctx context.Context, h osm.Handler) error
	Hash() (string, error)
}

// readAtlas scans the extract twice: once for ways and restrictions, once for the nodes they use. Progress is
// told as the share done of both scans. A profile that can travel on nothing ends it with ErrNoStreets.
func readAtlas(ctx context.Context, src extract, profiles []*Profile, progress func(done float64)) (*atlas, error) {
	a := &atlas{}
	a.names.add(title{})
	for _, p := range profiles {
		a.views = append(a.views, view{p: p, known: map[wayUse]*wayUse{}})
	}
	report := func(scan float64) func(done, total int64) {
		return func(done, total int64) {
			if total > 0 {
				progress((scan + float64(done)/float64(total)) / 2)
			}
		}
	}
	var refs []int64
	var lengths []int
	scan := osm.Handler{
		Way: func(w osm.Way) error {
			if len(w.Nodes) >= 2 && len(w.Tags) > 0 && a.take(w) {
				refs, lengths = append(refs, w.Nodes...), append(lengths, len(w.Nodes))
			}
			return nil
		},
		Progress: report(0),
	}
	if slices.ContainsFunc(profiles, func(p *Profile) bool { return p.ObeysRestrictions }) {
		scan.Relation = func(r osm.Relation) error {
			for i := range a.views {
				v := &a.views[i]
				if !v.p.ObeysRestrictions {
					continue
				}
				if b, ok := v.p.readBan(r); ok {
					v.bans = append(v.bans, b)
				}
			}
			return nil
		}
	}
	if err := src.Scan(ctx, scan); err != nil {
		return nil, fmt.Errorf("read ways: %w", err)
	}
	for i := range a.views {
		v := &a.views[i]
		if !slices.ContainsFunc(v.uses, func(use *wayUse) bool { return use != nil }) {
			return nil, fmt.Errorf("%w: %s", ErrNoStreets, v.p.Name)
		}
		v.known = nil
	}
	a.names.index = nil
	a.number(refs, lengths)
	next := 0 // nodes come by rising id in nearly all extracts
	err := src.Scan(ctx, osm.Handler{
		Node: func(n osm.Node) error {
			for next < len(a.ids) && a.ids[next] < n.ID {
				next++
			}
			i := next
			if i == len(a.ids) || a.ids[i] != n.ID {
				var ok bool
				if i, ok = slices.BinarySearch(a.ids[:i], n.ID); !ok {
					return nil
				}
			}
			a.at[i], a.located[i] = toPoint(n.At), true
			if len(n.Tags) == 0 {
				return nil
			}
			for k := range a.views {
				if use := a.views[k].p.atNode(n.Tags); use != (nodeUse{}) {
					a.views[k].nodes = append(a.views[k].nodes, nodeView{uint32(i), use})
				}
			}
			return nil
		},
		Progress: report(1),
	})
	if err != nil {
		return nil, fmt.Errorf("read nodes: %w", err)
	}
	return a, nil
}

// take shows a way to all profiles. It reports whether any can use it.
func (a *atlas) take(w osm.Way) bool {
	var uses [maxProfiles]*wayUse
	any := false
	for i := range a.views {
		v := &a.views[i]
		use, ok := v.p.use(w.Tags)
		if !ok {
			continue
		}
		any = true
		if uses[i] = v.known[use]; uses[i] == nil {
			kept := use
			uses[i], v.known[use] = &kept, &kept
		}
	}
	if !any {
		return false
	}
	a.wayIDs = append(a.wayIDs, w.ID)
	a.titles = append(a.titles, a.names.add(title{w.Tags.Get("name"), w.Tags.Get("ref")}))
	for i := range a.views {
		a.views[i].uses = append(a.views[i].uses, uses[i])
	}
	return true
}

// maxProfiles is how many profiles can be built at once.
const maxProfiles = 16

// number gives every node on a way its number and draws the lines of the ways, whose nodes are given one way
// behind the other.
func (a *atlas) number(refs []int64, lengths []int) {
	a.ids = slices.Clone(refs)
	slices.Sort(a.ids)
	a.ids = slices.Clone(slices.Compact(a.ids))
	flat := make([]uint32, len(refs))
	last := 0
	for k, id := range refs {
		if last++; last >= len(a.ids) || a.ids[last] != id { // neighbours on a way were often drawn one after the other
			last, _ = slices.BinarySearch(a.ids, id)
		}
		flat[k] = uint32(last)
	}
	a.lines = make([][]uint32, len(lengths))
	for w, n := range lengths {
		a.lines[w], flat = flat[:n:n], flat[n:]
	}
	a.at = make([]point, len(a.ids))
	a.located = make([]bool, len(a.ids))
}
