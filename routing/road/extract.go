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

// streetMap is what a profile takes from an extract: ways it can use, their nodes, and the turns forbidden.
// Nodes are numbered by their place in ids.
type streetMap struct {
	ids     []int64 // OpenStreetMap ids of all nodes on the ways, sorted
	at      []point
	located []bool // false for a node that lies outside the extract
	nodes   []nodeUse
	ways    []streetWay
	byID    map[int64]uint32 // way number by OpenStreetMap id, of ways that restrictions speak of
	bans    []ban
	names   names
}

type streetWay struct {
	id    int64
	nodes []uint32
	use   wayUse
	name  uint32
}

// names holds each street name once; name 0 is the empty one.
type names struct {
	all   []string
	index map[string]uint32
}

func (n *names) add(name string) uint32 {
	if n.index == nil {
		n.index = map[string]uint32{"": 0}
		n.all = []string{""}
	}
	if i, ok := n.index[name]; ok {
		return i
	}
	i := uint32(len(n.all))
	n.index[name] = i
	n.all = append(n.all, name)
	return i
}

// numberMark stands between the name and the number of a street.
const numberMark = "\x1f"

// streetName returns name and number of a way as one text.
func streetName(tags osm.Tags) string {
	name, number := tags.Get("name"), tags.Get("ref")
	if number == "" {
		return name
	}
	return name + numberMark + number
}

// extract is where streets come from; *osm.Source is one.
type extract interface {
	Scan(ctx context.Context, h osm.Handler) error
	Hash() (string, error)
}

// readStreets scans the extract twice: once for ways and restrictions, once for the nodes they use. Progress
// is told as the share done of both scans.
func readStreets(ctx context.Context, src extract, p *Profile, progress func(done float64)) (*streetMap, error) {
	m := &streetMap{byID: map[int64]uint32{}}
	m.names.add("")
	var refs [][]int64
	report := func(scan float64) func(done, total int64) {
		return func(done, total int64) {
			if total > 0 {
				progress((scan + float64(done)/float64(total)) / 2)
			}
		}
	}
	scan := osm.Handler{
		Way: func(w osm.Way) error {
			if len(w.Nodes) < 2 || len(w.Tags) == 0 {
				return nil
			}
			if use, ok := p.use(w.Tags); ok {
				m.ways = append(m.ways, streetWay{id: w.ID, use: use, name: m.names.add(streetName(w.Tags))})
				refs = append(refs, w.Nodes)
			}
			return nil
		},
		Progress: report(0),
	}
	if p.ObeysRestrictions {
		scan.Relation = func(r osm.Relation) error {
			if b, ok := p.readBan(r); ok {
				m.bans = append(m.bans, b)
			}
			return nil
		}
	}
	if err := src.Scan(ctx, scan); err != nil {
		return nil, fmt.Errorf("read ways: %w", err)
	}
	if len(m.ways) == 0 {
		return nil, ErrNoStreets
	}
	m.number(refs)
	err := src.Scan(ctx, osm.Handler{
		Node: func(n osm.Node) error {
			if i, ok := slices.BinarySearch(m.ids, n.ID); ok {
				m.at[i], m.located[i] = toPoint(n.At), true
				m.nodes[i] = p.atNode(n.Tags)
			}
			return nil
		},
		Progress: report(1),
	})
	if err != nil {
		return nil, fmt.Errorf("read nodes: %w", err)
	}
	return m, nil
}

// number gives every node on a way its number and rewrites the ways' nodes.
func (m *streetMap) number(refs [][]int64) {
	total := 0
	for _, nodes := range refs {
		total += len(nodes)
	}
	m.ids = make([]int64, 0, total)
	for _, nodes := range refs {
		m.ids = append(m.ids, nodes...)
	}
	slices.Sort(m.ids)
	m.ids = slices.Clip(slices.Compact(m.ids))
	flat := make([]uint32, 0, total)
	for w, nodes := range refs {
		first := len(flat)
		for _, id := range nodes {
			i, _ := slices.BinarySearch(m.ids, id)
			flat = append(flat, uint32(i))
		}
		m.ways[w].nodes = flat[first:len(flat):len(flat)]
	}
	wanted := map[int64]bool{}
	for _, b := range m.bans {
		for _, ways := range [][]int64{b.from, b.via, b.to} {
			for _, id := range ways {
				wanted[id] = true
			}
		}
	}
	for i := range m.ways {
		if wanted[m.ways[i].id] {
			m.byID[m.ways[i].id] = uint32(i)
		}
	}
	m.at = make([]point, len(m.ids))
	m.located = make([]bool, len(m.ids))
	m.nodes = make([]nodeUse, len(m.ids))
}

// node returns the number of a node by its OpenStreetMap id.
func (m *streetMap) node(id int64) (uint32, bool) {
	i, ok := slices.BinarySearch(m.ids, id)
	return uint32(i), ok && m.located[i]
}
