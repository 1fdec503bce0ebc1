package carve

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

func TestTrianglesHaveNoPointInTheirCircle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		chance := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		var at [][2]float64
		grid := rapid.Bool().Draw(t, "on a grid")
		for range rapid.IntRange(3, 60).Draw(t, "points") {
			p := [2]float64{chance.Float64() * 100, chance.Float64() * 100}
			if grid {
				p = [2]float64{math.Floor(p[0] / 8), math.Floor(p[1] / 8)}
			}
			at = append(at, p)
		}
		points := map[[2]float64]bool{}
		distinct := at[:0]
		for _, p := range at {
			if !points[p] {
				points[p] = true
				distinct = append(distinct, p)
			}
		}
		h := &hull{at: distinct}
		order, ok := h.begin()
		if !ok {
			return
		}
		for _, i := range order[3:] {
			h.add(i)
		}
		for tri := 0; tri < len(h.corner); tri += 3 {
			a, b, c := distinct[h.corner[tri]], distinct[h.corner[tri+1]], distinct[h.corner[tri+2]]
			if turn(a, b, c) <= 0 {
				t.Fatalf("triangle %v %v %v does not turn left", a, b, c)
			}
			middle, square := circle(a, b, c)
			for _, p := range distinct {
				if d := math.Hypot(p[0]-middle[0], p[1]-middle[1]); d < math.Sqrt(square)*(1-1e-7) {
					t.Fatalf("%v lies in the circle of %v %v %v", p, a, b, c)
				}
			}
		}
	})
}

func TestNeighboursHangTogether(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		chance := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 2))
		n := rapid.IntRange(1, 80).Draw(t, "units")
		coarse := rapid.SampledFrom([]float64{1e9, 20, 3}).Draw(t, "steps a degree")
		at := make([]orb.Point, n)
		for i := range at {
			at[i] = orb.Point{5 + math.Floor(chance.Float64()*3*coarse)/coarse, 50 + math.Floor(chance.Float64()*2*coarse)/coarse}
		}
		if _, pieces := newGraph(n, Neighbours(at, false)).pieces(); pieces != 1 {
			t.Fatalf("%d pieces of %v", pieces, at)
		}
	})
}
