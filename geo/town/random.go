package town

import (
	"fmt"
	"math/rand/v2"

	"github.com/paulmach/orb"

	"catchment/geo/osm"
)

// Random returns a dense random street network of about side x side junctions, 40 to 160 m apart, for property tests
// of routing: all classes of streets, one-ways in both directions, roundabouts, ferries, access rules, speeds, barriers,
// signals, dead ends, loops, islands, and every kind of turn restriction (no_*, only_*, via a node, a way, several
// ways, except, for some vehicles, at some hours, several from or to), among them some that refer to ways outside
// the data. Restrictions run from the end of a way over the ends of their via to the end of a way, as they should.
func Random(seed uint64, side int) *Network {
	r := &randomNet{rng: rand.New(rand.NewPCG(seed, 0x746f776e)), side: max(side, 2)}
	r.Header = osm.Header{Program: "catchment town", Source: fmt.Sprintf("random network, seed %d", seed), Sorted: true}
	r.junctions()
	r.streets()
	r.extras()
	r.restrictions()
	return &r.Network
}

type randomNet struct {
	Network
	rng  *rand.Rand
	side int
	grid [][]int64       // node of each junction
	ends map[int64][]int // indexes of ways that begin or end at a node
}

func (r *randomNet) chance(p float64) bool { return r.rng.Float64() < p }

func pick[T any](rng *rand.Rand, from ...T) T { return from[rng.IntN(len(from))] }

func (r *randomNet) node(at orb.Point, tags ...osm.Tag) int64 {
	id := int64(len(r.Nodes) + 1)
	r.Nodes = append(r.Nodes, osm.Node{ID: id, At: at, Tags: tags})
	return id
}

func (r *randomNet) way(nodes []int64, tags osm.Tags) int {
	r.Ways = append(r.Ways, osm.Way{ID: int64(1000 + len(r.Ways)), Nodes: nodes, Tags: tags})
	return len(r.Ways) - 1
}

func (r *randomNet) at(id int64) orb.Point { return r.Nodes[id-1].At }

func (r *randomNet) junctions() {
	const step = 0.0009 // about 100 m
	for y := range r.side {
		row := make([]int64, r.side)
		for x := range row {
			at := orb.Point{
				9.9 + (float64(x)+0.6*(r.rng.Float64()-0.5))*step*1.5,
				48.9 + (float64(y)+0.6*(r.rng.Float64()-0.5))*step,
			}
			var tags osm.Tags
			switch {
			case r.chance(0.06):
				tags = osm.Tags{{Key: "highway", Value: pick(r.rng, "traffic_signals", "traffic_signals", "stop", "crossing", "mini_roundabout")}}
			case r.chance(0.02):
				tags = osm.Tags{{Key: "barrier", Value: "gate"}, {Key: "access", Value: "private"}}
			}
			row[x] = r.node(at, tags...)
		}
		r.grid = append(r.grid, row)
	}
}

// streets draws rows, columns and a few diagonals, cut into ways of one to four blocks.
func (r *randomNet) streets() {
	line := func(cells []int64, class string) {
		for i := 0; i+1 < len(cells); {
			if r.chance(0.12) { // a gap
				i++
				continue
			}
			n := min(pick(r.rng, 1, 1, 1, 2, 4), len(cells)-1-i)
			r.street(cells[i:i+n+1], class)
			i += n
		}
	}
	for i := range r.side {
		row := make([]int64, r.side)
		column := make([]int64, r.side)
		for j := range r.side {
			row[j], column[j] = r.grid[i][j], r.grid[j][i]
		}
		line(row, r.class())
		line(column, r.class())
	}
	for range r.side {
		x, y := r.rng.IntN(r.side-1), r.rng.IntN(r.side-1)
		r.street([]int64{r.grid[y][x], r.grid[y+1][x+1]}, r.class())
	}
}

func (r *randomNet) class() string {
	return pick(r.rng, "primary", "secondary", "tertiary", "unclassified", "residential", "residential", "residential",
		"living_street", "service", "trunk", "motorway", "primary_link", "track", "pedestrian", "footway", "cycleway", "path")
}

// street adds one way along the junctions, with shape points and barriers between them.
func (r *randomNet) street(junctions []int64, class string) {
	if r.chance(0.15) {
		class = r.class()
	}
	nodes := []int64{junctions[0]}
	for i := 1; i < len(junctions); i++ {
		a, b := r.at(junctions[i-1]), r.at(junctions[i])
		for k := range r.rng.IntN(3) {
			f := float64(k+1) / 3
			at := orb.Point{
				a[0] + f*(b[0]-a[0]) + 0.0001*(r.rng.Float64()-0.5),
				a[1] + f*(b[1]-a[1]) + 0.0001*(r.rng.Float64()-0.5),
			}
			var tags osm.Tags
			if r.chance(0.04) {
				tags = osm.Tags{{Key: "barrier", Value: pick(r.rng, "bollard", "gate", "lift_gate", "block", "toll_booth", "border_control", "cycle_barrier")}}
				if r.chance(0.4) {
					tags = append(tags, osm.Tag{Key: pick(r.rng, "access", "motor_vehicle", "foot", "bicycle"), Value: pick(r.rng, "yes", "no", "private", "permissive")})
				}
			}
			nodes = append(nodes, r.node(at, tags...))
		}
		nodes = append(nodes, junctions[i])
	}
	tags := osm.Tags{{Key: "highway", Value: class}}
	add := func(p float64, key string, values ...string) {
		if r.chance(p) {
			tags = append(tags, osm.Tag{Key: key, Value: pick(r.rng, values...)})
		}
	}
	add(0.7, "name", "Aweg", "Bstraße", "Cgasse", "Dallee", "Ering")
	add(0.22, "oneway", "yes", "yes", "-1", "no", "true", "1", "reversible")
	add(0.3, "maxspeed", "30", "50", "70", "100", "20 mph", "none", "walk", "DE:urban", "signals")
	add(0.05, "maxspeed:forward", "30", "80")
	add(0.05, "maxspeed:backward", "30", "80")
	add(0.06, "access", "no", "private", "destination", "customers", "permissive", "yes")
	add(0.05, "motor_vehicle", "no", "destination", "yes")
	add(0.03, "vehicle", "no", "yes")
	add(0.03, "motorcar", "no", "yes")
	add(0.03, "foot", "no", "yes", "designated")
	add(0.03, "oneway:bicycle", "no")
	add(0.03, "oneway:motorcar", "no", "yes")
	add(0.03, "surface", "gravel", "cobblestone", "asphalt")
	add(0.03, "toll", "yes")
	add(0.03, "junction", "circular")
	if class == "service" {
		add(0.5, "service", "driveway", "parking_aisle", "alley")
	}
	r.way(nodes, tags)
}

// extras adds roundabouts, loops, islands, a ferry and a way whose nodes lie partly outside.
func (r *randomNet) extras() {
	for range 1 + r.side/4 {
		centre := r.at(r.grid[r.rng.IntN(r.side)][r.rng.IntN(r.side)])
		var ring []int64
		for _, d := range []orb.Point{{1, 0}, {0.7, 0.7}, {0, 1}, {-0.7, 0.7}, {-1, 0}, {-0.7, -0.7}, {0, -1}, {0.7, -0.7}} {
			ring = append(ring, r.node(orb.Point{centre[0] + 0.0004 + d[0]*0.0002, centre[1] + 0.00027 + d[1]*0.00013}))
		}
		r.way(append(ring, ring[0]), osm.Tags{{Key: "highway", Value: "tertiary"}, {Key: "junction", Value: "roundabout"}})
		for _, i := range []int{0, 3, 5} {
			to := r.grid[r.rng.IntN(r.side)][r.rng.IntN(r.side)]
			r.way([]int64{ring[i], to}, osm.Tags{{Key: "highway", Value: "tertiary"}})
		}
	}
	a := r.grid[r.rng.IntN(r.side)][r.rng.IntN(r.side)]
	p := r.at(a)
	b, c := r.node(orb.Point{p[0] + 0.0003, p[1] + 0.0001}), r.node(orb.Point{p[0] + 0.0001, p[1] + 0.0003})
	r.way([]int64{a, b, c, a}, osm.Tags{{Key: "highway", Value: "residential"}, {Key: "name", Value: "Schleife"}})

	i, j := r.node(orb.Point{9.91, 48.8}), r.node(orb.Point{9.911, 48.8})
	r.way([]int64{i, j}, osm.Tags{{Key: "highway", Value: "residential"}, {Key: "name", Value: "Insel"}})
	quay := r.grid[0][r.rng.IntN(r.side)]
	r.way([]int64{quay, i}, osm.Tags{{Key: "route", Value: "ferry"}, {Key: "duration", Value: "00:12"}, {Key: "motor_vehicle", Value: pick(r.rng, "yes", "no")}})
	r.way([]int64{r.grid[1][1], 999_999, r.grid[0][1]}, osm.Tags{{Key: "highway", Value: "residential"}})
	k, l := r.node(orb.Point{9.95, 48.85}), r.node(orb.Point{9.951, 48.851})
	r.way([]int64{k, l}, osm.Tags{{Key: "highway", Value: "residential"}, {Key: "name", Value: "Abseits"}})
}

func (r *randomNet) restrictions() {
	r.ends = make(map[int64][]int)
	for i, w := range r.Ways {
		if !w.Tags.Has("highway") || w.Nodes[0] == w.Nodes[len(w.Nodes)-1] {
			continue
		}
		r.ends[w.Nodes[0]] = append(r.ends[w.Nodes[0]], i)
		r.ends[w.Nodes[len(w.Nodes)-1]] = append(r.ends[w.Nodes[len(w.Nodes)-1]], i)
	}
	var joints []int64 // where at least two ways end
	for id := range int64(len(r.Nodes)) {
		if len(r.ends[id+1]) > 1 {
			joints = append(joints, id+1)
		}
	}
	if len(joints) == 0 {
		return
	}
	for range 2 + r.side*r.side/3 {
		via := joints[r.rng.IntN(len(joints))]
		from := pick(r.rng, r.ends[via]...)
		switch r.rng.IntN(8) {
		case 0, 1, 2, 3:
			r.restrict(r.kind(), []int{from}, osm.Member{Kind: osm.NodeMember, Ref: via, Role: "via"}, []int{pick(r.rng, r.ends[via]...)})
		case 4:
			r.restrict("no_u_turn", []int{from}, osm.Member{Kind: osm.NodeMember, Ref: via, Role: "via"}, []int{from})
		case 5, 6: // via one way, or two
			r.viaWays(from, via, 1+r.rng.IntN(2))
		case 7:
			kind := pick(r.rng, "no_entry", "no_exit")
			if kind == "no_entry" {
				r.restrict(kind, r.ends[via], osm.Member{Kind: osm.NodeMember, Ref: via, Role: "via"}, []int{from})
			} else {
				r.restrict(kind, []int{from}, osm.Member{Kind: osm.NodeMember, Ref: via, Role: "via"}, r.ends[via])
			}
		}
	}
	broken := osm.Relation{ID: int64(len(r.Relations) + 1), Tags: osm.Tags{{Key: "type", Value: "restriction"}, {Key: "restriction", Value: "no_left_turn"}}}
	broken.Members = []osm.Member{{Kind: osm.WayMember, Ref: 888_888, Role: "from"}, {Kind: osm.NodeMember, Ref: joints[0], Role: "via"}, {Kind: osm.WayMember, Ref: r.Ways[0].ID, Role: "to"}}
	r.Relations = append(r.Relations, broken)
}

func (r *randomNet) kind() string {
	return pick(r.rng, "no_left_turn", "no_right_turn", "no_straight_on", "no_u_turn", "only_left_turn", "only_right_turn", "only_straight_on", "only_u_turn")
}

// viaWays restricts a walk from the way from over n further ways, each ending where the next begins.
func (r *randomNet) viaWays(from int, at int64, n int) {
	used := map[int]bool{from: true}
	var vias []osm.Member
	for range n {
		var open []int
		for _, w := range r.ends[at] {
			if !used[w] {
				open = append(open, w)
			}
		}
		if len(open) == 0 {
			return
		}
		w := pick(r.rng, open...)
		used[w] = true
		vias = append(vias, osm.Member{Kind: osm.WayMember, Ref: r.Ways[w].ID, Role: "via"})
		nodes := r.Ways[w].Nodes
		at = nodes[0] + nodes[len(nodes)-1] - at
	}
	for _, to := range r.ends[at] {
		if !used[to] || r.chance(0.1) {
			r.add(r.kind(), []int{from}, vias, []int{to})
			return
		}
	}
}

func (r *randomNet) restrict(kind string, from []int, via osm.Member, to []int) {
	r.add(kind, from, []osm.Member{via}, to)
}

func (r *randomNet) add(kind string, from []int, via []osm.Member, to []int) {
	rel := osm.Relation{ID: int64(len(r.Relations) + 1)}
	for _, w := range from {
		rel.Members = append(rel.Members, osm.Member{Kind: osm.WayMember, Ref: r.Ways[w].ID, Role: "from"})
	}
	rel.Members = append(rel.Members, via...)
	for _, w := range to {
		rel.Members = append(rel.Members, osm.Member{Kind: osm.WayMember, Ref: r.Ways[w].ID, Role: "to"})
	}
	rel.Tags = osm.Tags{{Key: "type", Value: "restriction"}}
	switch {
	case r.chance(0.06):
		rel.Tags = append(rel.Tags, osm.Tag{Key: "restriction:hgv", Value: kind})
	case r.chance(0.06):
		rel.Tags = append(rel.Tags, osm.Tag{Key: "restriction:conditional", Value: kind + " @ (Mo-Fr 07:00-09:00)"})
	case r.chance(0.1):
		rel.Tags = append(rel.Tags, osm.Tag{Key: "restriction", Value: kind}, osm.Tag{Key: "except", Value: pick(r.rng, "bicycle", "psv;bicycle", "motorcar", "hgv")})
	default:
		rel.Tags = append(rel.Tags, osm.Tag{Key: "restriction", Value: kind})
	}
	r.Relations = append(r.Relations, rel)
}
