package road

import (
	"bytes"
	"context"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"catchment/geo/hex"
	"catchment/geo/town"
	"catchment/routing"
)

func TestProfilesBuiltTogetherAnswerAsThoseBuiltAlone(t *testing.T) {
	t.Parallel()
	src := town.Random(21, 9).Source()
	dir := t.TempDir()
	var targets []Target
	for _, p := range Profiles() {
		targets = append(targets, Target{p, filepath.Join(dir, string(p.Name))})
	}
	if err := BuildAll(context.Background(), src, targets, nil); err != nil {
		t.Fatal(err)
	}
	for _, target := range targets {
		together, err := Open(target.Path)
		if err != nil {
			t.Fatal(err)
		}
		defer together.Close()
		alone := buildStreets(t, src, target.Profile).Graph
		for _, same := range []struct {
			name      string
			want, got []byte
		}{
			{"points", bytesOf(alone.points), bytesOf(together.points)},
			{"costs", bytesOf(alone.smallCosts), bytesOf(together.smallCosts)},
			{"names", alone.nameBytes, together.nameBytes},
		} {
			if !bytes.Equal(same.want, same.got) {
				t.Errorf("%s: the %s differ", target.Profile.Name, same.name)
			}
		}
		mustAgree(t, together, 3, 6)
		rng := rand.New(rand.NewPCG(1, 1))
		var at []orb.Point
		for range 12 {
			at = append(at, somewhere(rng, alone))
		}
		want, err := alone.Table(context.Background(), target.Profile.Name, routing.AnyTime, at, at)
		if err != nil {
			t.Fatal(err)
		}
		got, err := together.Table(context.Background(), target.Profile.Name, routing.AnyTime, at, at)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", target.Profile.Name, err, diff)
		}
	}
}

func TestABuildTwiceGivesTheSameFile(t *testing.T) {
	t.Parallel()
	build := func() []byte {
		path := filepath.Join(t.TempDir(), "streets")
		if err := Build(context.Background(), town.Random(22, 12).Source(), Car(), path, nil); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	if !bytes.Equal(build(), build()) {
		t.Error("two builds of one extract differ")
	}
}

func TestEveryHopIsRankedOnce(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		a, err := readAtlas(context.Background(), town.Random(seed, 3+int(seed)%9).Source(), []*Profile{Car(), Foot()}, func(float64) {})
		if err != nil {
			t.Fatal(err)
		}
		r := a.rankHops()
		var ranks []uint32
		for w, line := range a.lines {
			for k := range len(line) - 1 {
				if rank := r.rank[r.firstHop[w]+uint32(k)]; line[k] == line[k+1] || !a.located[line[k]] || !a.located[line[k+1]] {
					if rank != noSegment {
						t.Errorf("seed %d: a hop that leads nowhere has rank %d", seed, rank)
					}
				} else {
					ranks = append(ranks, rank)
				}
			}
		}
		slices.Sort(ranks)
		if diff := cmp.Diff(upTo(r.ranks), slices.Compact(ranks)); diff != "" {
			t.Errorf("seed %d: ranks: %s", seed, diff)
		}
	}
}

func TestSeveralWorkersFindTheCostsOneFinds(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		net := town.Random(seed, 14)
		restrictMore(net, rand.New(rand.NewPCG(seed, 2)))
		a, err := readAtlas(context.Background(), net.Source(), []*Profile{Car()}, func(float64) {})
		if err != nil {
			t.Fatal(err)
		}
		packed, err := a.expand(context.Background(), 0, a.rankHops())
		if err != nil {
			t.Fatal(err)
		}
		costs := func(workers int) []twoWay {
			m := &metric{skeleton: buildSkeleton(packed)}
			m.load(packed)
			top, crews := m.crews(workers)
			if workers > 1 && (len(top) == 0 || len(crews) != workers || slices.ContainsFunc(crews, func(c []uint32) bool { return len(c) == 0 })) {
				t.Fatalf("seed %d: %d ranks at the top and crews %v are no division of the work", seed, len(top), crews)
			}
			m.customise(top, crews)
			m.perfect(top, crews)
			return m.arcs
		}
		want := costs(1)
		for _, workers := range []int{2, 3} {
			if !slices.Equal(want, costs(workers)) {
				t.Errorf("seed %d: %d workers find other costs than one", seed, workers)
			}
		}
	}
}

func TestAPlaceInTheDiscOfAHexagonLiesInTheHexagon(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		resolution := rapid.SampledFrom([]int{9, 10}).Draw(t, "resolution")
		middle := point{rapid.Int32Range(-1_800_000_000, 1_800_000_000).Draw(t, "lon"), rapid.Int32Range(-890_000_000, 890_000_000).Draw(t, "lat")}
		grid := newHexagons(resolution)
		step := rapid.Int32Range(-12_000, 12_000)
		for range 60 {
			p := point{min(max(middle.lon+step.Draw(t, "dx"), -1_800_000_000), 1_800_000_000), middle.lat + step.Draw(t, "dy")}
			n, err := grid.at(p)
			if err != nil {
				t.Fatal(err)
			}
			want, err := hex.Cell(p.orb(), resolution)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, grid.cells[n]); diff != "" {
				t.Fatalf("the hexagon of %v: %s", p.orb(), diff)
			}
		}
	})
}

func TestACutIsASmallestOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(3, 10).Draw(t, "crossings")
		d := &dissection{local: upTo(uint32(n))}
		c := cell{crossings: upTo(uint32(n))}
		for range n {
			d.at = append(d.at, point{rapid.Int32Range(0, 9).Draw(t, "lon"), rapid.Int32Range(0, 9).Draw(t, "lat")})
		}
		number := rapid.Uint32Range(0, uint32(n-1))
		for i := range rapid.IntRange(0, 25).Draw(t, "links") {
			if a, b := number.Draw(t, "a"), number.Draw(t, "b"); a != b {
				c.links = append(c.links, link{a, b, uint32(i)})
			}
		}
		var f flow
		f.load(d, c)
		got := f.cut(d, c, rapid.SampledFrom(lines[:]).Draw(t, "line"), math.Inf(1))
		cutBy := func(first func(i uint32) bool) (links, smaller int) {
			in := 0
			for i := range uint32(n) {
				if first(i) {
					in++
				}
			}
			for _, l := range c.links {
				if first(l.a) != first(l.b) {
					links++
				}
			}
			return links, min(in, n-in)
		}
		least := len(c.links)
		for set := range 1 << n {
			first := func(i uint32) bool { return set>>i&1 == 1 }
			apart := true
			for i := range uint32(n) {
				apart = apart && (f.kind[i] == 0 || first(i) == (f.kind[i] == 1))
			}
			if apart {
				links, _ := cutBy(first)
				least = min(least, links)
			}
		}
		links, smaller := cutBy(func(i uint32) bool { return f.side[i] })
		if diff := cmp.Diff(least, links); diff != "" {
			t.Fatalf("links cut: %s", diff)
		}
		if diff := cmp.Diff((float64(links)+0.01)/float64(smaller), got); diff != "" {
			t.Fatalf("score: %s", diff)
		}
	})
}

func TestCostsOfHopsComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.OneOf(rapid.Uint32Range(0, 100), rapid.Uint32Range(math.MaxUint16-2, math.MaxUint16+2), rapid.Uint32Range(0, maxHop))
		var costs []hopCost
		for range rapid.IntRange(1, 20).Draw(t, "hops") {
			costs = append(costs, hopCost{value.Draw(t, "weight"), value.Draw(t, "back"), value.Draw(t, "tenths"), value.Draw(t, "backTenths")})
		}
		var a arrays
		a.setCosts(costs)
		for i, want := range costs {
			if got := a.hopCost(uint32(i)); got != want {
				t.Fatalf("hop %d: want %v, got %v", i, want, got)
			}
		}
	})
}
