package town

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"catchment/geo/osm"
)

// small and whole are generated once for all tests.
var (
	small = sync.OnceValue(func() *Network { return Generate(3, 2.4) })
	whole = sync.OnceValue(func() *Network { return Generate(1, 6) })
)

func (n *Network) lines(t *testing.T) (map[int64]orb.LineString, map[int64]osm.Way) {
	t.Helper()
	at := make(map[int64]orb.Point, len(n.Nodes))
	for _, x := range n.Nodes {
		at[x.ID] = x.At
	}
	lines, ways := make(map[int64]orb.LineString), make(map[int64]osm.Way)
	for _, w := range n.Ways {
		var line orb.LineString
		for _, id := range w.Nodes {
			p, ok := at[id]
			if !ok {
				t.Fatalf("way %d (%v) names node %d, which is not there", w.ID, w.Tags, id)
			}
			line = append(line, p)
		}
		if len(line) < 2 {
			t.Fatalf("way %d (%v) has %d nodes", w.ID, w.Tags, len(line))
		}
		lines[w.ID], ways[w.ID] = line, w
	}
	return lines, ways
}

func TestTheSameSeedGivesTheSameTown(t *testing.T) {
	t.Parallel()
	if !bytes.Equal(Generate(3, 2.4).Bytes(), small().Bytes()) {
		t.Error("the same seed gave another town")
	}
	if bytes.Equal(Generate(4, 2.4).Bytes(), small().Bytes()) {
		t.Error("another seed gave the same town")
	}
}

func TestSizesBeyondSenseAreLimited(t *testing.T) {
	t.Parallel()
	if !bytes.Equal(Generate(3, -1).Bytes(), Generate(3, 2).Bytes()) {
		t.Error("a negative size is not taken for the smallest")
	}
}

func TestManySeedsGiveSoundTowns(t *testing.T) {
	t.Parallel()
	for seed := range uint64(12) {
		n := Generate(seed, 2+float64(seed%3)/2)
		n.lines(t)
		if share := reachable(n); share < 0.995 {
			t.Errorf("seed %d: only %.4f of the streets can be reached", seed, share)
		}
	}
}

func TestTheTownReadsLikeAnyExtract(t *testing.T) {
	t.Parallel()
	n := whole()
	s := n.Source()
	var nodes, ways, relations int
	err := s.Scan(t.Context(), osm.Handler{
		Node: func(osm.Node) error { nodes++; return nil }, Way: func(osm.Way) error { ways++; return nil }, Relation: func(osm.Relation) error { relations++; return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]int{len(n.Nodes), len(n.Ways), len(n.Relations)}, []int{nodes, ways, relations}); d != "" {
		t.Errorf("counts (-want +got):\n%s", d)
	}
	if !s.Header().HasBounds {
		t.Error("no bounds")
	}
	for _, x := range n.Nodes {
		if !s.Header().Bounds.Pad(0.0001).Contains(x.At) {
			t.Fatalf("node %d at %v lies far outside", x.ID, x.At)
		}
	}
}

func TestTheTownHoldsAllAFirstRunShows(t *testing.T) {
	t.Parallel()
	n := whole()
	seen := make(map[string]int)
	note := func(tags osm.Tags) {
		for _, t := range tags {
			seen[t.Key]++
			seen[t.Key+"="+t.Value]++
		}
	}
	for _, x := range n.Nodes {
		note(x.Tags)
	}
	for _, w := range n.Ways {
		note(w.Tags)
	}
	for _, r := range n.Relations {
		note(r.Tags)
	}
	for _, kv := range strings.Fields(`highway=motorway highway=motorway_link highway=primary highway=secondary highway=tertiary highway=unclassified
		highway=residential highway=living_street highway=pedestrian highway=service highway=track highway=path highway=footway highway=cycleway
		junction=roundabout oneway=yes bridge=yes tunnel=culvert railway=rail railway=station railway=level_crossing railway=platform
		waterway=river waterway=stream natural=water water=pond water=lake leisure=park leisure=pitch landuse=residential landuse=industrial
		landuse=farmland landuse=forest landuse=meadow landuse=cemetery landuse=allotments landuse=vineyard amenity=school amenity=hospital shop=supermarket
		shop=bakery amenity=restaurant amenity=townhall building=church building=apartments building=detached building=industrial highway=traffic_signals
		highway=turning_circle highway=crossing barrier=bollard barrier=gate barrier=lift_gate maxspeed=30 maxspeed=50 maxspeed=100 maxspeed=120 place=town
		place=village place=suburb boundary=administrative type=multipolygon restriction=no_left_turn restriction=no_u_turn addr:interpolation=odd
		addr:interpolation=even addr:postcode=05871 natural=peak natural=tree`) {
		if seen[kv] == 0 {
			t.Errorf("%s is missing", kv)
		}
	}
	if k := seen["addr:housenumber"]; k < 4000 || k > 8000 {
		t.Errorf("%d addresses, want about 5,000", k)
	}
	only := 0
	for k, c := range seen {
		if strings.HasPrefix(k, "restriction=only_") {
			only += c
		}
	}
	if only == 0 {
		t.Error("no restriction that orders a turn")
	}
}

func TestHouseNumbersAreUniqueAndTakeSides(t *testing.T) {
	t.Parallel()
	n := whole()
	seen := make(map[string]bool)
	for _, w := range n.Ways {
		number := w.Tags.Get("addr:housenumber")
		if number == "" {
			continue
		}
		place := w.Tags.Get("addr:city")
		if place == "" || w.Tags.Get("addr:street") == "" {
			continue
		}
		key := place + ", " + w.Tags.Get("addr:street") + " " + number
		if seen[key] {
			t.Errorf("%s comes twice", key)
		}
		seen[key] = true
	}
}

// A street meets water only on a bridge, and no house stands on a street, in the water or in another house.
func TestNothingStandsInTheWay(t *testing.T) {
	t.Parallel()
	for name, n := range map[string]*Network{"small": small(), "whole": whole()} {
		lines, ways := n.lines(t)
		var water []orb.Polygon
		roads, walls := newSegments(0.0008), newSegments(0.0008)
		point := func(p orb.Point) vec { return vec{p[0], p[1]} }
		for _, w := range n.Ways {
			line := lines[w.ID]
			if w.Tags.Get("natural") == "water" {
				water = append(water, orb.Polygon{orb.Ring(line)})
			}
			for i := 1; i < len(line); i++ {
				if w.Tags.Has("highway") && !w.Tags.Has("area") {
					roads.add(int(w.ID), point(line[i-1]), point(line[i]))
				}
				if w.Tags.Has("building") {
					walls.add(int(w.ID), point(line[i-1]), point(line[i]))
				}
			}
		}
		for _, r := range n.Relations {
			if r.Tags.Get("natural") == "water" {
				var member []orb.LineString
				for _, m := range r.Members {
					member = append(member, lines[m.Ref])
				}
				area, err := osm.Assemble(member)
				if err != nil {
					t.Fatal(err)
				}
				water = append(water, area...)
			}
		}
		for id := range walls.a {
			for _, other := range []*segments{roads, walls} {
				other.near(walls.a[id], walls.b[id], 0, func(o int32) {
					if other.owner[o] == walls.owner[id] {
						return
					}
					if _, _, ok := crossing(walls.a[id], walls.b[id], other.a[o], other.b[o]); ok {
						a, b := ways[int64(walls.owner[id])], ways[int64(other.owner[o])]
						t.Errorf("%s: building %d %v crosses way %d %v", name, a.ID, a.Tags, b.ID, b.Tags)
					}
				})
			}
		}
		for id := range roads.a {
			w := ways[int64(roads.owner[id])]
			mid := orb.Point{(roads.a[id].x + roads.b[id].x) / 2, (roads.a[id].y + roads.b[id].y) / 2}
			for _, p := range water {
				if p.Bound().Contains(mid) && planar.PolygonContains(p, mid) && !w.Tags.Has("bridge") {
					t.Errorf("%s: way %d %v runs through water at %v", name, w.ID, w.Tags, mid)
				}
			}
		}
	}
}

func TestRestrictionsRunFromEndToEnd(t *testing.T) {
	t.Parallel()
	n := whole()
	_, ways := n.lines(t)
	ends := func(id int64) []int64 { w := ways[id].Nodes; return []int64{w[0], w[len(w)-1]} }
	checked := 0
	for _, r := range n.Relations {
		if r.Tags.Get("type") != "restriction" {
			continue
		}
		checked++
		at := ends(r.Members[0].Ref)
		for _, m := range r.Members[1:] {
			next := []int64{m.Ref}
			if m.Kind == osm.WayMember {
				next = ends(m.Ref)
			}
			met := false
			for _, a := range at {
				for _, b := range next {
					met = met || a == b
				}
			}
			if !met {
				t.Errorf("restriction %d: member %v does not touch the one before", r.ID, m)
			}
			at = next
		}
	}
	if checked < 15 {
		t.Errorf("only %d restrictions", checked)
	}
}

func TestAreasOfTheTownClose(t *testing.T) {
	t.Parallel()
	n := whole()
	lines, _ := n.lines(t)
	holes := 0
	for _, r := range n.Relations {
		if k := r.Tags.Get("type"); k != "multipolygon" && k != "boundary" {
			continue
		}
		var member []orb.LineString
		for _, m := range r.Members {
			member = append(member, lines[m.Ref])
		}
		area, err := osm.Assemble(member)
		if err != nil {
			t.Errorf("relation %d %v: %v", r.ID, r.Tags, err)
		}
		for _, p := range area {
			holes += len(p) - 1
		}
	}
	if holes < 3 {
		t.Errorf("%d holes, want a few", holes)
	}
}

// The smallest district that holds most of the streets is the whole map: by it one sees what an extract covers.
func TestTheDistrictIsTheWholeMap(t *testing.T) {
	t.Parallel()
	for _, n := range []*Network{small(), whole()} {
		lines, _ := n.lines(t)
		share := make(map[string]float64)
		for _, r := range n.Relations {
			if r.Tags.Get("boundary") != "administrative" {
				continue
			}
			var member []orb.LineString
			for _, m := range r.Members {
				member = append(member, lines[m.Ref])
			}
			area, err := osm.Assemble(member)
			if err != nil {
				t.Fatal(err)
			}
			in, all := 0, 0
			for _, w := range n.Ways {
				if !w.Tags.Has("highway") {
					continue
				}
				for _, at := range lines[w.ID] {
					all++
					if planar.MultiPolygonContains(area, at) {
						in++
					}
				}
			}
			share[r.Tags.Get("name")] = float64(in) / float64(all)
		}
		for name, s := range share {
			if want := name == "Salmachkreis"; (s > 0.95) != want || (s > 0.83) != want {
				t.Errorf("%s holds %.3f of the streets", name, s)
			}
		}
		if len(share) != 4 {
			t.Errorf("districts: %v", share)
		}
	}
}

// reachable returns the share of car ways from which one can drive to all others and back.
func reachable(n *Network) float64 {
	forward, backward := make(map[int64][]int64), make(map[int64][]int64)
	var all [][2]int64
	for _, w := range n.Ways {
		switch w.Tags.Get("highway") {
		case "", "footway", "cycleway", "path", "pedestrian", "track", "motorway", "motorway_link":
			continue
		}
		for i := 1; i < len(w.Nodes); i++ {
			a, b := w.Nodes[i-1], w.Nodes[i]
			all = append(all, [2]int64{a, b})
			forward[a], backward[b] = append(forward[a], b), append(backward[b], a)
			if w.Tags.Get("oneway") != "yes" {
				forward[b], backward[a] = append(forward[b], a), append(backward[a], b)
			}
		}
	}
	flood := func(next map[int64][]int64) map[int64]bool {
		seen := map[int64]bool{all[0][0]: true}
		for queue := []int64{all[0][0]}; len(queue) > 0; queue = queue[1:] {
			for _, x := range next[queue[0]] {
				if !seen[x] {
					seen[x] = true
					queue = append(queue, x)
				}
			}
		}
		return seen
	}
	out, in := flood(forward), flood(backward)
	good := 0
	for _, e := range all {
		if out[e[0]] && in[e[0]] && out[e[1]] && in[e[1]] {
			good++
		}
	}
	return float64(good) / float64(len(all))
}

func TestEveryStreetOfTheTownCanBeReached(t *testing.T) {
	t.Parallel()
	if share := reachable(whole()); share < 0.998 {
		t.Errorf("only %.4f of the streets can be reached", share)
	}
}

func ExampleGenerate() {
	n := Generate(1, 2)
	places := 0
	for _, x := range n.Nodes {
		if x.Tags.Get("place") == "town" {
			fmt.Println(x.Tags.Get("name"))
		}
		if x.Tags.Has("place") {
			places++
		}
	}
	fmt.Println(places, "places")
	// Output:
	// Lindenfurt an der Salmach
	// 12 places
}
