package remote

import (
	"context"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"catchment/geo/town"
	"catchment/routing"
	"catchment/routing/road"
	"catchment/routing/road/osrm"
)

// engine is a street graph, and a client that asks the same graph over the protocol.
func engine(t *testing.T, meddle func(call int) (status int, err error)) (*road.Graph, *OSRM, *int) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "streets")
	if err := road.Build(context.Background(), town.Random(3, 8).Source(), road.Car(), path, nil); err != nil {
		t.Fatal(err)
	}
	g, err := road.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	calls := 0
	o, err := NewOSRM("http://roads.example/osrm/", func(ctx context.Context, url string) (int, []byte, error) {
		calls++
		if meddle != nil {
			if status, err := meddle(calls); status != 0 || err != nil {
				return status, nil, err
			}
		}
		path, query, _ := strings.Cut(strings.TrimPrefix(url, "http://roads.example/osrm"), "?")
		status, body := osrm.Serve(ctx, g, osrm.Question{Path: path, RawQuery: query})
		return status, body, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	o.Pause = func(context.Context, time.Duration) error { return nil }
	return g, o, &calls
}

func points(seed uint64, n int) []orb.Point {
	rng := rand.New(rand.NewPCG(seed, 1))
	at := make([]orb.Point, n)
	for i := range at {
		at[i] = orb.Point{float64(int(9_900_000+8_000*rng.Float64())) / 1e6, float64(int(48_900_000+5_000*rng.Float64())) / 1e6}
	}
	return at
}

func TestTableInBlocksIsTheEnginesTable(t *testing.T) {
	t.Parallel()
	g, o, calls := engine(t, nil)
	o.Block = 4
	from, to := points(1, 9), points(2, 6)
	want, err := g.Table(context.Background(), routing.Car, routing.AnyTime, from, to)
	if err != nil {
		t.Fatal(err)
	}
	got, err := o.Table(context.Background(), routing.Car, routing.AnyTime, from, to)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(6, *calls); d != "" {
		t.Errorf("questions asked: %s", d)
	}
}

func TestRouteIsTheEnginesRoute(t *testing.T) {
	t.Parallel()
	g, o, _ := engine(t, nil)
	found := 0
	for seed := range uint64(10) {
		through := points(seed, 3)
		want, err := g.Route(context.Background(), routing.Car, routing.AnyTime, through)
		got, err2 := o.Route(context.Background(), routing.Car, routing.AnyTime, through)
		if err != nil {
			if !errors.Is(err2, routing.ErrNoWay) {
				t.Errorf("want no way, got %v", err2)
			}
			continue
		}
		if err2 != nil {
			t.Fatal(err2)
		}
		found++
		for i := range want.Legs {
			w, l := want.Legs[i], got.Legs[i]
			if d := cmp.Diff([]int32{w.Tenths, w.Meters}, []int32{l.Tenths, l.Meters}); d != "" {
				t.Error(d)
			}
			if road.Meters(w.Shape[0], l.Shape[0]) > 0.2 || road.Meters(w.Shape[len(w.Shape)-1], l.Shape[len(l.Shape)-1]) > 0.2 {
				t.Errorf("the leg leads from %v to %v instead of %v to %v", l.Shape[0], l.Shape[len(l.Shape)-1], w.Shape[0], w.Shape[len(w.Shape)-1])
			}
		}
	}
	if found < 5 {
		t.Errorf("only %d routes", found)
	}
}

func TestNearestIsTheEnginesNearest(t *testing.T) {
	t.Parallel()
	g, o, _ := engine(t, nil)
	at := points(5, 1)[0]
	want, err := g.Nearest(context.Background(), routing.Car, at, 3)
	if err != nil {
		t.Fatal(err)
	}
	got, err := o.Nearest(context.Background(), routing.Car, at, 3)
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if want[i].Street != got[i].Street || road.Meters(want[i].At, got[i].At) > 0.2 {
			t.Errorf("want %+v, got %+v", want[i], got[i])
		}
	}
}

func TestReachHoldsTheCellsWhoseMiddleIsReached(t *testing.T) {
	t.Parallel()
	g, o, _ := engine(t, nil)
	origin := points(6, 1)[0]
	for _, direction := range []routing.Direction{routing.Outbound, routing.Inbound} {
		r, err := o.Reach(context.Background(), routing.Car, routing.AnyTime, origin, 40*time.Second, direction)
		if err != nil {
			t.Fatal(err)
		}
		resolution, cells, middles, err := around(origin, 40*reachSpeed)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(resolution, r.Resolution); d != "" {
			t.Error(d)
		}
		for i, cell := range cells {
			pair := [][]orb.Point{{origin}, {orb.Point{float64(int(middles[i][0]*1e6+0.5)) / 1e6, float64(int(middles[i][1]*1e6+0.5)) / 1e6}}}
			m, err := g.Table(context.Background(), routing.Car, routing.AnyTime, pair[direction], pair[1-direction])
			if err != nil {
				t.Fatal(err)
			}
			got, ok := r.Tenths[cell]
			if ok != (m.Tenths[0] <= 400) || ok && abs(got-m.Tenths[0]) > 2 {
				t.Errorf("cell %x: want %d, got %d", cell, m.Tenths[0], got)
			}
		}
	}
}

func abs(v int32) int32 { return max(v, -v) }

func TestAServerThatIsBusyIsAskedAgain(t *testing.T) {
	t.Parallel()
	_, o, calls := engine(t, func(call int) (int, error) {
		switch call {
		case 1:
			return 503, nil
		case 2:
			return 0, errors.New("connection reset")
		}
		return 0, nil
	})
	if _, err := o.Table(context.Background(), routing.Car, routing.AnyTime, points(1, 1), points(2, 1)); err != nil {
		t.Error(err)
	}
	if d := cmp.Diff(3, *calls); d != "" {
		t.Error(d)
	}
}

func TestAServerThatIsGoneIsToldClearly(t *testing.T) {
	t.Parallel()
	_, o, calls := engine(t, func(int) (int, error) { return 0, errors.New("connection refused") })
	_, err := o.Table(context.Background(), routing.Car, routing.AnyTime, points(1, 1), points(2, 1))
	var gone *Unavailable
	if !errors.As(err, &gone) || *calls != 3 {
		t.Errorf("after %d calls: %v", *calls, err)
	}
	if d := cmp.Diff("road server http://roads.example/osrm gave no answer in 3 attempts: connection refused", err.Error()); d != "" {
		t.Error(d)
	}
}

func TestAnAnswerThatIsNoneIsToldClearly(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"a web page":           "<html>",
		"a table of no rows":   `{"code":"Ok","durations":[],"distances":[]}`,
		"a table of odd shape": `{"code":"Ok","durations":[[1,2]],"distances":[[1]]}`,
	} {
		o, err := NewOSRM("https://roads.example", func(context.Context, string) (int, []byte, error) { return 200, []byte(body), nil })
		if err != nil {
			t.Fatal(err)
		}
		var gone *Unavailable
		if _, err := o.Table(context.Background(), routing.Car, routing.AnyTime, points(1, 1), points(2, 1)); !errors.As(err, &gone) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAPointWithoutRoadIsNamedByItsPlaceInTheQuestion(t *testing.T) {
	t.Parallel()
	_, o, _ := engine(t, nil)
	o.Block = 2
	to := append(points(2, 3), orb.Point{20, 20})
	_, err := o.Table(context.Background(), routing.Car, routing.AnyTime, points(1, 3), to)
	var none *routing.NoRoad
	if !errors.As(err, &none) {
		t.Fatal(err)
	}
	if d := cmp.Diff(&routing.NoRoad{Index: 6, At: orb.Point{20, 20}}, none); d != "" {
		t.Error(d)
	}
}

func TestBadQuestionsAreRefusedBeforeAnythingIsAsked(t *testing.T) {
	t.Parallel()
	_, o, calls := engine(t, nil)
	ctx, at := context.Background(), points(1, 1)
	for name, ask := range map[string]func() error{
		"a profile the server lacks": func() error { _, err := o.Table(ctx, "sledge", routing.AnyTime, at, at); return err },
		"a band":                     func() error { _, err := o.Table(ctx, routing.Car, "sunday", at, at); return err },
		"a route of one point":       func() error { _, err := o.Route(ctx, routing.Car, routing.AnyTime, at); return err },
		"a point beyond the pole": func() error {
			_, err := o.Nearest(ctx, routing.Car, orb.Point{0, 91}, 1)
			return err
		},
		"an area without limit": func() error {
			_, err := o.Reach(ctx, routing.Car, routing.AnyTime, at[0], 0, routing.Outbound)
			return err
		},
	} {
		if ask() == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	if _, err := NewOSRM("roads.example:5000", nil); err == nil {
		t.Error("an address without http is accepted")
	}
	if *calls != 0 {
		t.Errorf("%d questions were asked", *calls)
	}
}
