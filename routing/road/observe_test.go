package road

import (
	"context"
	"math"
	"testing"

	"github.com/paulmach/orb"
)

func TestPaceIsLearnedFromTracks(t *testing.T) {
	t.Parallel()
	// One long street of two names; the first is driven at half the speed of the map, the second as the map says.
	d := draw(t, "a         b         c\n", "ab name=slow", "bc name=free")
	g := buildStreets(t, d.net.Source(), Car()).Graph
	o := g.Observe()
	place := func(f float64) orb.Point {
		a, c := d.at(t, "a"), d.at(t, "c")
		return orb.Point{a[0] + f*(c[0]-a[0]), a[1]}
	}
	const perHundred = 100 / (65 / 3.6) // seconds for 100 m at the map's 65 km/h
	for range 60 {
		var track []Fix
		seconds := 0.0
		for i := range 11 {
			track = append(track, Fix{Waypoint: Waypoint{At: place(float64(i) / 10)}, Seconds: int64(math.Round(seconds))})
			if seconds += perHundred; i < 5 {
				seconds += perHundred
			}
		}
		matchings, err := g.Match(context.Background(), track)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range matchings {
			if o.Add(track, m) == 0 {
				t.Fatal("a track tells nothing")
			}
		}
	}
	pace := o.Pace()
	for s := range g.segmentFlags {
		street := g.describe(SegmentID(s))
		along, against := pace(street)
		want := map[string]float64{"slow": 2, "free": 1}[street.Name]
		if math.Abs(along-want) > 0.2 {
			t.Errorf("%s: want about %g along, got %g", street.Name, want, along)
		}
		if against < 1 || against > 1.6 { // never driven: as all streets are on the whole
			t.Errorf("%s: got %g against", street.Name, against)
		}
	}
}

func TestStandingStillTellsNothingOfAStreet(t *testing.T) {
	t.Parallel()
	d := draw(t, "a         b\n", "ab")
	g := buildStreets(t, d.net.Source(), Car()).Graph
	o := g.Observe()
	track := []Fix{{Waypoint: Waypoint{At: d.at(t, "a1b")}, Seconds: 1000}, {Waypoint: Waypoint{At: d.at(t, "a3b")}, Seconds: 2800}}
	matchings, err := g.Match(context.Background(), track)
	if err != nil || len(matchings) != 1 {
		t.Fatalf("%d matchings (%v)", len(matchings), err)
	}
	if used := o.Add(track, matchings[0]); used != 0 {
		t.Errorf("%d stretches are used", used)
	}
	if along, _ := o.Pace()(g.describe(0)); along != 1 {
		t.Errorf("want 1, got %g", along)
	}
}
