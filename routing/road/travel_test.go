package road

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/paulmach/orb"
	orbgeo "github.com/paulmach/orb/geo"
	"pgregory.net/rapid"

	"catchment/geo"
	"catchment/geo/hex"
	"catchment/geo/osm"
	"catchment/geo/town"
	"catchment/routing"
)

func somewhere(rng *rand.Rand, g *Graph) orb.Point {
	p := g.points[rng.IntN(len(g.points))].orb()
	return orb.Point{p[0] + 0.001*(rng.Float64()-0.5), p[1] + 0.001*(rng.Float64()-0.5)}
}

func TestTableTellsWhatRoutesTell(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for seed := range uint64(6) {
		g := buildStreets(t, town.Random(seed, 8).Source(), Car())
		rng := rand.New(rand.NewPCG(seed, 3))
		var from, to []orb.Point
		for range 12 {
			from, to = append(from, somewhere(rng, g.Graph)), append(to, somewhere(rng, g.Graph))
		}
		m, err := g.Table(ctx, routing.Car, routing.AnyTime, from, to)
		if err != nil {
			t.Fatal(err)
		}
		for i := range from {
			for j := range to {
				r, err := g.Route(ctx, routing.Car, routing.AnyTime, []orb.Point{from[i], to[j]})
				want := []int32{routing.Unreachable, routing.Unreachable}
				if err == nil {
					want = []int32{r.Legs[0].Tenths, r.Legs[0].Meters}
					shape := orbgeo.LengthHaversine(r.Legs[0].Shape)
					if math.Abs(shape-float64(r.Legs[0].Meters)) > 2+0.003*shape {
						t.Errorf("a leg of %d m is drawn %.1f m long", r.Legs[0].Meters, shape)
					}
				} else if !errors.Is(err, routing.ErrNoWay) {
					t.Fatal(err)
				}
				if d := cmp.Diff(want, []int32{m.Tenths[i*len(to)+j], m.Meters[i*len(to)+j]}); d != "" {
					t.Errorf("seed %d, %v to %v: %s", seed, from[i], to[j], d)
				}
			}
		}
	}
}

func TestRouteThroughSeveralPointsIsTheSumOfItsLegs(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	g := buildStreets(t, town.Random(11, 8).Source(), Car())
	rng := rand.New(rand.NewPCG(4, 4))
	for range 20 {
		through := []orb.Point{somewhere(rng, g.Graph), somewhere(rng, g.Graph), somewhere(rng, g.Graph)}
		r, err := g.Route(ctx, routing.Car, routing.AnyTime, through)
		if errors.Is(err, routing.ErrNoWay) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		m, err := g.Table(ctx, routing.Car, routing.AnyTime, through[:2], through[1:])
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]int32{m.Tenths[0], m.Tenths[3]}, []int32{r.Legs[0].Tenths, r.Legs[1].Tenths}); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff(r.Legs[0].Shape[len(r.Legs[0].Shape)-1], r.Legs[1].Shape[0]); d != "" {
			t.Error(d)
		}
	}
}

func TestReachHoldsTheTimesOfTheWays(t *testing.T) {
	t.Parallel()
	const limit = 90 * time.Second
	for seed := range uint64(3) {
		for _, p := range Profiles() {
			g := buildStreets(t, town.Random(seed, 5).Source(), p)
			for _, direction := range []routing.Direction{routing.Outbound, routing.Inbound} {
				origin := somewhere(rand.New(rand.NewPCG(seed, 5)), g.Graph)
				got, err := g.Reach(context.Background(), p.Name, routing.AnyTime, origin, limit, direction)
				if err != nil {
					t.Fatal(err)
				}
				want := map[uint64]int32{}
				from, _ := g.snap(toPoint(origin))
				resolution, spacing := p.cellResolution()
				for seg := range g.segmentFlags {
					err := g.marks(SegmentID(seg), spacing, func(m mark, place point) error {
						at := foothold{segment: SegmentID(seg), hop: g.segmentFirst[seg] + m.hop(), share: m.share(), at: place}
						w, ok := g.way(from, at)
						if direction == routing.Inbound {
							w, ok = g.way(at, from)
						}
						if !ok || w.cost.Tenths > uint32(limit/(time.Second/10)) {
							return nil
						}
						cell, err := hex.Cell(place.orb(), resolution)
						if err != nil {
							return err
						}
						if known, ok := want[cell]; !ok || int32(w.cost.Tenths) < known {
							want[cell] = int32(w.cost.Tenths)
						}
						return nil
					})
					if err != nil {
						t.Fatal(err)
					}
				}
				own, err := hex.Cell(from.at.orb(), resolution)
				if err != nil {
					t.Fatal(err)
				}
				want[own] = 0
				if d := cmp.Diff(want, got.Tenths); d != "" {
					t.Errorf("seed %d, %s, direction %d: %s", seed, p.Name, direction, d)
				}
				if err := geo.CheckArea(got.Area); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

func TestNearestIsWhatLookingAtEveryStreetFinds(t *testing.T) {
	t.Parallel()
	g := buildStreets(t, town.Random(3, 9).Source(), Foot())
	rapid.Check(t, func(rt *rapid.T) {
		at := orb.Point{rapid.Float64Range(9.89, 9.93).Draw(rt, "lon"), rapid.Float64Range(48.89, 48.92).Draw(rt, "lat")}
		var want []float64
		for _, hop := range g.leaves {
			if _, d := project(toPoint(at), g.points[hop], g.points[hop+1]); d <= maxSnap {
				want = append(want, d)
			}
		}
		slices.Sort(want)
		var got []float64
		g.near(toPoint(at), maxSnap, func(f foothold) bool {
			got = append(got, f.meters)
			return true
		})
		if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
			rt.Fatal(d)
		}
	})
}

func TestNearestNamesTheStreetsAround(t *testing.T) {
	t.Parallel()
	d := draw(t, `
a       b

c       d
`, "ab", "cd", "ac")
	g := buildStreets(t, d.net.Source(), Car())
	snaps, err := g.Nearest(context.Background(), routing.Car, d.at(t, "a2b"), 5)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range snaps {
		got = append(got, s.Street)
	}
	if diff := cmp.Diff([]string{"ab", "ac", "cd"}, got); diff != "" {
		t.Error(diff)
	}
	if snaps[0].Meters > 0.1 || math.Abs(snaps[2].Meters-200) > 2 {
		t.Errorf("distances are off: %+v", snaps)
	}
}

func TestAPlaceNextToAnIslandIsReachedByTheMainland(t *testing.T) {
	t.Parallel()
	lines := []string{"xy name=island"}
	grid := []string{"", "x y", "", ""}
	for row := range 4 {
		letters := "abcdefghijklmnopqrstuvw"[row*5 : row*5+5]
		grid = append(grid, strings.Join(strings.Split(letters, ""), " "))
		lines = append(lines, letters)
		if row > 0 {
			for i := range 5 {
				lines = append(lines, string("abcdefghijklmnopqrstuvw"[row*5-5+i])+string(letters[i]))
			}
		}
	}
	d := draw(t, strings.Join(grid, "\n"), lines...)
	g := buildStreets(t, d.net.Source(), Car())
	streets, _ := d.travel(t, g.Graph, "x2y", "r")
	if strings.Contains(streets, "island") || streets == "none" {
		t.Errorf("the way leads over %q", streets)
	}
	snaps, err := g.Nearest(context.Background(), routing.Car, d.at(t, "x2y"), 1)
	if err != nil || snaps[0].Street != "island" {
		t.Errorf("the nearest street is the island's, not %+v (%v)", snaps, err)
	}
}

func TestQuestionsThatCannotBeAnsweredAreRefused(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	d := draw(t, "a   b\n", "ab")
	g := buildStreets(t, draw(t, "a   b\n", "ab").net.Source(), Car())
	a, far := d.at(t, "a"), orb.Point{10, 10}
	var noRoad *routing.NoRoad
	_, err := g.Table(ctx, routing.Car, routing.AnyTime, []orb.Point{a}, []orb.Point{a, far})
	if !errors.As(err, &noRoad) || noRoad.Index != 2 || !errors.Is(err, routing.ErrNoRoad) {
		t.Errorf("a table with a point in the sea gives %v", err)
	}
	var wrong *WrongProfile
	if _, err = g.Route(ctx, routing.Foot, routing.AnyTime, []orb.Point{a, a}); !errors.As(err, &wrong) {
		t.Errorf("another profile gives %v", err)
	}
	var band *NoBand
	if _, err = g.Table(ctx, routing.Car, "sunday", nil, nil); !errors.As(err, &band) {
		t.Errorf("an unknown band gives %v", err)
	}
	if _, err = g.Route(ctx, routing.Car, routing.AnyTime, []orb.Point{a}); err == nil {
		t.Error("a route of one point is accepted")
	}
	if _, err = g.Route(ctx, routing.Car, routing.AnyTime, []orb.Point{a, {math.NaN(), 0}}); err == nil {
		t.Error("a point that is no number is accepted")
	}
	if _, err = g.Reach(ctx, routing.Car, routing.AnyTime, a, 0, routing.Outbound); err == nil {
		t.Error("an area without limit is accepted")
	}
	if _, err = g.Nearest(ctx, routing.Car, far, 1); !errors.Is(err, routing.ErrNoRoad) {
		t.Errorf("the nearest street in the sea gives %v", err)
	}
}

func TestACancelledTableStops(t *testing.T) {
	t.Parallel()
	g := buildStreets(t, draw(t, "a   b\n", "ab").net.Source(), Car())
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	at := []orb.Point{{0, 0.001}}
	if _, err := g.Table(ctx, routing.Car, routing.AnyTime, at, at); !errors.Is(err, context.Canceled) {
		t.Errorf("want %v, got %v", context.Canceled, err)
	}
}

func TestTheSameExtractGivesTheSameFile(t *testing.T) {
	t.Parallel()
	build := func() []byte {
		path := filepath.Join(t.TempDir(), "streets")
		if err := Build(context.Background(), town.Random(5, 8).Source(), Car(), path, nil); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	if !slices.Equal(build(), build()) {
		t.Error("two builds differ")
	}
}

func TestAnExtractWithoutStreetsIsRefused(t *testing.T) {
	t.Parallel()
	src := draw(t, "a   b\n", "ab highway=footway").net.Source()
	path := filepath.Join(t.TempDir(), "streets")
	if err := Build(context.Background(), src, Car(), path, nil); !errors.Is(err, ErrNoStreets) {
		t.Errorf("want %v, got %v", ErrNoStreets, err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Error("a file is left behind")
	}
}

func TestABuildThatIsStoppedLeavesTheOldFile(t *testing.T) {
	t.Parallel()
	src := town.Random(5, 8).Source()
	dir := t.TempDir()
	path := filepath.Join(dir, "streets")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	err := Build(ctx, src, Car(), path, func(done float64) {
		if done > 0.5 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("want %v, got %v", context.Canceled, err)
	}
	if old, _ := os.ReadFile(path); string(old) != "old" {
		t.Error("the old file is gone")
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("files are left behind: %v", left)
	}
}

func TestAgreementWithOSRM(t *testing.T) {
	t.Parallel()
	extracts, bench := os.Getenv("EXTRACTS"), os.Getenv("BENCH")
	if extracts == "" || bench == "" {
		t.Skip("EXTRACTS or BENCH is not set")
	}
	for _, test := range []struct {
		extract, answers string
		median, p95      float64 // the bar, as a share of the time
	}{
		{"liechtenstein-2024", "liechtenstein", 0.005, 0.02},
		{"heidelberg", "heidelberg", 0.005, 0.02},
		{"porto", "porto", 0.005, 0.02},
	} {
		if underRace && test.extract != "liechtenstein-2024" {
			continue
		}
		t.Run(test.extract, func(t *testing.T) {
			src, err := osm.Open(filepath.Join(extracts, test.extract+".osm.pbf"))
			if err != nil {
				t.Fatal(err)
			}
			defer src.Close()
			g := buildStreets(t, src, Car())
			agree(t, g.Graph, filepath.Join(bench, "road", test.answers+".csv"), test.median, test.p95)
		})
	}
}
