package road

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"catchment/geo/town"
	"catchment/routing"
)

// retimed returns a graph with other speeds.
func retimed(t *testing.T, g *Graph, band routing.Band, pace Pace) *Graph {
	t.Helper()
	path := filepath.Join(t.TempDir(), "retimed")
	if err := g.Retime(context.Background(), band, pace, path); err != nil {
		t.Fatal(err)
	}
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func TestRetimedStreetsAgreeWithDijkstra(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		net := town.Random(seed, 7)
		restrictMore(net, rand.New(rand.NewPCG(seed, 2)))
		g := buildStreets(t, net.Source(), Car())
		rng := rand.New(rand.NewPCG(seed, 6))
		r := retimed(t, g.Graph, "morning", func(Street) (float64, float64) { return 0.5 + 3*rng.Float64(), 0.5 + 3*rng.Float64() })
		mustAgree(t, r, seed, 8)
	}
}

func TestRetimingByOneChangesNothingButTheVersion(t *testing.T) {
	t.Parallel()
	g := buildStreets(t, town.Random(5, 8).Source(), Car()).Graph
	same := retimed(t, g, "calm", func(Street) (float64, float64) { return 1, 1 })
	if d := cmp.Diff(g.edges, same.edges); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(g.up.arcs, same.up.arcs, cmp.AllowUnexported(arc{})); d != "" {
		t.Error(d)
	}
	if g.Version(routing.Car) == same.Version(routing.Car) {
		t.Error("both tell the same version")
	}
}

func TestAWeekAnswersByItsBands(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	g := buildStreets(t, draw(t, "a       b\n", "ab").net.Source(), Car()).Graph
	jam := retimed(t, g, "rush", func(s Street) (float64, float64) {
		if s.Name != "ab" || s.Class != "primary" || s.Along == 0 || math.Abs(s.Meters-400) > 2 {
			t.Errorf("the street is described as %+v", s)
		}
		return 3, 1
	})
	w, err := NewWeek(g, jam)
	if err != nil {
		t.Fatal(err)
	}
	a, b := []orb.Point{{0, 0.001}}, []orb.Point{{0.0035, 0.001}}
	ask := func(band routing.Band, from, to []orb.Point) int32 {
		m, err := w.Table(ctx, routing.Car, band, from, to)
		if err != nil {
			t.Fatal(err)
		}
		return m.Tenths[0]
	}
	free, slow := ask(routing.AnyTime, a, b), ask("rush", a, b)
	if math.Abs(float64(slow-3*free)) > 2 || ask("rush", b, a) != ask(routing.AnyTime, b, a) {
		t.Errorf("there %d, in the rush %d; back %d and %d", free, slow, ask(routing.AnyTime, b, a), ask("rush", b, a))
	}
	var none *NoBand
	if _, err := w.Route(ctx, routing.Car, "night", []orb.Point{a[0], b[0]}); !errors.As(err, &none) {
		t.Errorf("an unknown band gives %v", err)
	}
	if v, err := w.VersionAt("rush"); err != nil || v == w.Version(routing.Car) || v.Map != w.Version(routing.Car).Map {
		t.Errorf("version %v (%v)", v, err)
	}
}

func TestSenselessSpeedsAreRefused(t *testing.T) {
	t.Parallel()
	g := buildStreets(t, draw(t, "a   b\n", "ab").net.Source(), Car()).Graph
	for _, factor := range []float64{0, -1, math.NaN(), math.Inf(1), 1000} {
		err := g.Retime(context.Background(), "odd", func(Street) (float64, float64) { return factor, 1 }, filepath.Join(t.TempDir(), "x"))
		if err == nil {
			t.Errorf("the factor %g is accepted", factor)
		}
	}
	other := buildStreets(t, draw(t, "a     b\n", "ab").net.Source(), Car()).Graph
	if _, err := NewWeek(g, retimed(t, other, "rush", func(Street) (float64, float64) { return 1, 1 })); err == nil {
		t.Error("a week of two maps is accepted")
	}
}
