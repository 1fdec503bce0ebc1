package routing

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"catchment/geo"
	"catchment/geo/hex"
)

var vaduz, schaan = orb.Point{9.5215, 47.1410}, orb.Point{9.5087, 47.1650}

func TestGreatCircleTableStatesTimeAndLengthOfTheDetour(t *testing.T) {
	m, err := NewGreatCircle().Table(context.Background(), Car, AnyTime, []orb.Point{vaduz}, []orb.Point{vaduz, schaan})
	if err != nil {
		t.Fatal(err)
	}
	// 2,842 m straight (2,671.7 m north, 969.0 m west on a sphere of 6,378,137 m), 1.4 times that on the road, at 40 km/h.
	want := Matrix{Columns: 2, Tenths: []int32{0, 3581}, Meters: []int32{0, 3979}}
	if d := cmp.Diff(want, m); d != "" {
		t.Error(d)
	}
}

func TestGreatCircleRouteAgreesWithItsTable(t *testing.T) {
	g := NewGreatCircle()
	r, err := g.Route(context.Background(), Foot, AnyTime, []orb.Point{vaduz, schaan, vaduz})
	if err != nil {
		t.Fatal(err)
	}
	m, err := g.Table(context.Background(), Foot, AnyTime, []orb.Point{vaduz}, []orb.Point{schaan})
	if err != nil {
		t.Fatal(err)
	}
	for _, leg := range r.Legs {
		if d := cmp.Diff([]int32{m.Tenths[0], m.Meters[0]}, []int32{leg.Tenths, leg.Meters}); d != "" {
			t.Error(d)
		}
	}
}

func TestGreatCircleReachHoldsExactlyTheCellsWithinTheRadius(t *testing.T) {
	g := NewGreatCircle()
	r, err := g.Reach(context.Background(), Foot, AnyTime, vaduz, 20*time.Minute, Outbound)
	if err != nil {
		t.Fatal(err)
	}
	radius := 20 * 60 * 4.5 / 3.6 / 1.4
	for x := -1.5; x <= 1.5; x += 0.01 {
		for y := -1.5; y <= 1.5; y += 0.01 {
			p := orb.Point{vaduz[0] + x*radius/76000, vaduz[1] + y*radius/111195}
			cell, err := hex.Cell(p, r.Resolution)
			if err != nil {
				t.Fatal(err)
			}
			middle, err := hex.Centre(cell)
			if err != nil {
				t.Fatal(err)
			}
			_, got := r.Tenths[cell]
			if want := float64(geo.Distance(vaduz, middle)) <= radius; want != got {
				t.Fatalf("cell at %v, %.1f m away: want %v, got %v", middle, geo.Distance(vaduz, middle), want, got)
			}
		}
	}
	if !planar.MultiPolygonContains(r.Area, vaduz) {
		t.Error("the area does not hold its origin")
	}
	if err := geo.CheckArea(r.Area); err != nil {
		t.Error(err)
	}
}

func TestGreatCircleRefusesBadQuestions(t *testing.T) {
	g, ctx := NewGreatCircle(), context.Background()
	nowhere := orb.Point{math.NaN(), 47}
	for name, ask := range map[string]func() error{
		"a point that is no number": func() error {
			_, err := g.Table(ctx, Car, AnyTime, []orb.Point{vaduz}, []orb.Point{nowhere})
			return err
		},
		"a profile without speed": func() error {
			_, err := g.Table(ctx, "sledge", AnyTime, nil, nil)
			return err
		},
		"a route of one point": func() error {
			_, err := g.Route(ctx, Car, AnyTime, []orb.Point{vaduz})
			return err
		},
		"an area without limit": func() error {
			_, err := g.Reach(ctx, Car, AnyTime, vaduz, 0, Inbound)
			return err
		},
		"the street next to nowhere": func() error {
			_, err := g.Nearest(ctx, Car, nowhere, 1)
			return err
		},
	} {
		if ask() == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func TestVersionSaysThatThereAreNoStreets(t *testing.T) {
	if d := cmp.Diff("great-circle:car/40kmh-detour1.4", NewGreatCircle().Version(Car).String()); d != "" {
		t.Error(d)
	}
}

func TestNoRoadTellsThePoint(t *testing.T) {
	err := error(&NoRoad{Index: 3, At: vaduz})
	if d := cmp.Diff("point 3 at 9.52150,47.14100: no road nearby", err.Error()); d != "" || !errors.Is(err, ErrNoRoad) {
		t.Error(d)
	}
}
