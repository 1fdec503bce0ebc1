package road

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"catchment/geo/osm"
	"catchment/geo/town"
	"catchment/routing"
)

// mustAgree compares the hierarchy with Dijkstra's algorithm on every edge from and to several places, all three
// parts of the costs to the unit, and checks that ways, tables and their edges tell the same.
func mustAgree(t *testing.T, g *Graph, seed uint64, sources int) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 9))
	draw := func() foothold {
		hop := g.leaves[rng.IntN(len(g.leaves))]
		return foothold{segment: g.segmentAt(hop), hop: hop, share: float64(rng.IntN(5)) / 4, at: g.points[hop]}
	}
	var from, to []foothold
	for range sources {
		from, to = append(from, draw()), append(to, draw())
	}
	table, err := g.pairs(context.Background(), from, to)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range from {
		want := g.plainCosts(f)
		c := g.all(f, true)
		for e := range want {
			l := c.label[uint32(e)]
			if got := l.key.cost(l.decimeters); got != want[e] {
				t.Fatalf("from %+v to the start of edge %d: want %v, got %v", f, e, want[e], got)
			}
		}
		g.giveBackAll(c)
		for j := range to {
			plain, ok := g.plainWay(f, to[j])
			if !ok {
				plain.cost = never
			}
			if d := cmp.Diff(plain.cost, table[i*len(to)+j]); d != "" {
				t.Fatalf("table from %+v to %+v: %s", f, to[j], d)
			}
			w, found := g.way(f, to[j])
			if found != ok {
				t.Fatalf("a way from %+v to %+v: want %v, got %v", f, to[j], ok, found)
			}
			if found {
				if d := cmp.Diff(plain.cost, w.cost); d != "" {
					t.Fatalf("from %+v to %+v: %s", f, to[j], d)
				}
				if d := cmp.Diff(w.cost, g.recount(t, w)); d != "" {
					t.Fatalf("the edges of the way from %+v to %+v cost: %s", f, to[j], d)
				}
			}
		}
	}
	for _, f := range to[:min(2, len(to))] {
		c := g.all(f, false)
		for range 20 {
			e := EdgeID(rng.IntN(len(g.edges)))
			l := c.label[uint32(e)]
			if got, want := l.key.cost(l.decimeters), g.plainFrom(e, f); got != want {
				t.Fatalf("from the start of edge %d to %+v: want %v, got %v", e, f, want, got)
			}
		}
		g.giveBackAll(c)
	}
}

// plainFrom returns the cost from the start of an edge to a foothold by Dijkstra's algorithm.
func (g *Graph) plainFrom(e EdgeID, to foothold) Cost {
	s := g.newSearch()
	s.offer(e, Cost{}, noEdge)
	best := never
	for {
		e, c, ok := s.next()
		if !ok {
			return best
		}
		if SegmentID(g.edges[e].Segment>>1) == to.segment {
			if total := c.plus(g.upTo(to, g.edges[e].Segment&1 == 1)); total.less(best) {
				best = total
			}
		}
		g.onward(s, e, c)
	}
}

// recount adds up the cost of a way edge by edge, over the turns of the graph.
func (g *Graph) recount(t *testing.T, w way) Cost {
	t.Helper()
	back := func(e EdgeID) bool { return g.edges[e].Segment&1 == 1 }
	first, last := w.edges[0], w.edges[len(w.edges)-1]
	if w.direct {
		return g.upTo(w.to, back(first)).minus(g.upTo(w.from, back(first)))
	}
	c := g.edges[first].Cost.minus(g.upTo(w.from, back(first)))
	for i, e := range w.edges[1:] {
		turns := g.turnsFrom(w.edges[i])
		k := slices.IndexFunc(turns, func(t turn) bool { return t.To == e })
		if k < 0 {
			t.Fatalf("no turn leads from edge %d to edge %d", w.edges[i], e)
		}
		c = c.plus(turns[k].cost())
		if i+2 < len(w.edges) {
			c = c.plus(g.edges[e].Cost)
		}
	}
	return c.plus(g.upTo(w.to, back(last)))
}

func TestHierarchyAgreesWithDijkstraOnRandomTowns(t *testing.T) {
	t.Parallel()
	for seed := range uint64(12) {
		net := town.Random(100+seed, 3+2*int(seed%4))
		restrictMore(net, rand.New(rand.NewPCG(seed, 2)))
		for _, p := range Profiles() {
			t.Run(fmt.Sprintf("seed %d %s", seed, p.Name), func(t *testing.T) {
				mustAgree(t, buildStreets(t, net.Source(), p).Graph, seed, 12)
			})
		}
	}
}

func TestHierarchyAgreesWithDijkstraOnRealExtracts(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("EXTRACTS")
	if dir == "" {
		t.Skip("EXTRACTS is not set")
	}
	extracts := map[string]int{"liechtenstein-2024": 6, "heidelberg": 4, "monaco-2016": 10, "porto": 2}
	if underRace {
		extracts = map[string]int{"monaco-2016": 2}
	}
	for name, sources := range extracts {
		for _, p := range Profiles() {
			if name != "monaco-2016" && p.Name != routing.Car && p.Name != routing.Foot || name == "porto" && p.Name != routing.Car {
				continue // the small map is enough for the profiles alike, and the others for people on foot
			}
			t.Run(name+" "+string(p.Name), func(t *testing.T) {
				src, err := osm.Open(filepath.Join(dir, name+".osm.pbf"))
				if err != nil {
					t.Fatal(err)
				}
				defer src.Close()
				mustAgree(t, buildStreets(t, src, p).Graph, 1, sources)
			})
		}
	}
}
