package carve

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

// What a state carries along must be what it counts anew after any changes of hands.
func TestStateCarriesWhatItWouldCount(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		chance := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		n, k := rapid.IntRange(6, 60).Draw(t, "units"), rapid.IntRange(2, 5).Draw(t, "territories")
		p := &Problem{Objective: rapid.SampledFrom([]Objective{Inertia, Distance, Minutes}).Draw(t, "objective"), Territories: make([]Territory, k), ChangePrice: 3,
			Measures: []Measure{{Tolerance: 0.2}, {Tolerance: 0.3}}, Travel: &Table{}}
		for u := range int32(n) {
			p.At = append(p.At, orb.Point{7 + chance.Float64(), 48 + chance.Float64()})
			p.Measures[0].Of = append(p.Measures[0].Of, float64(chance.IntN(9)))
			p.Measures[1].Of = append(p.Measures[1].Of, chance.Float64())
			p.Owner = append(p.Owner, int32(chance.IntN(k+1))-1)
			p.Travel.FromUnit(u, Leg{To: int32(chance.IntN(n)), Minutes: float32(chance.IntN(60))})
		}
		p.Together = [][]int32{{0, 3, 5}}
		p.Edges = Neighbours(p.At, false)
		if err := p.Validate(); err != nil {
			t.Fatal(err)
		}
		m := newModel(p)
		f := rapid.SampledFrom([]form{pinned, medoids}).Draw(t, "form")
		in := make([]int32, m.n)
		for v := range in {
			in[v] = int32(v % k)
		}
		w := newWalker(m, in, f, m.distances(), newDice(1, 2))
		for range 40 {
			v, to := w.pick()
			if v == None {
				break
			}
			from, before := w.in[v], w.obj
			gain := w.gain(v, to)
			if w.count[from] == 1 {
				continue
			}
			w.move(v, to, gain)
			obj, bad, sum, foreign := w.obj, w.bad, slices.Clone(w.sum), slices.Clone(w.foreign)
			if f == pinned { // centres stay where they were, so values are counted, not pinned anew
				w.tally()
			} else {
				w.refresh()
			}
			if math.Abs(w.obj-obj) > 1e-6*(1+math.Abs(obj)) || math.Abs(before+gain-obj) > 1e-6*(1+math.Abs(obj)) || math.Abs(w.bad-bad) > 1e-9 {
				t.Fatalf("objective %v counted anew %v, breach %v counted anew %v", obj, w.obj, bad, w.bad)
			}
			for i := range sum {
				if math.Abs(sum[i]-w.sum[i]) > 1e-9 {
					t.Fatalf("sums %v, counted anew %v", sum, w.sum)
				}
			}
			if !slices.Equal(foreign, w.foreign) {
				t.Fatalf("borders %v, counted anew %v", foreign, w.foreign)
			}
		}
	})
}

// The quick look at the neighbours and the whole walk must agree with the definition of a piece.
func TestMayLeaveIsWhatPiecesSay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		chance := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		n := rapid.IntRange(4, 90).Draw(t, "units")
		p := &Problem{Objective: Inertia, Territories: make([]Territory, 3), Measures: []Measure{{Tolerance: 9}}}
		for range n {
			p.At = append(p.At, orb.Point{7 + chance.Float64(), 48 + chance.Float64()})
			p.Measures[0].Of = append(p.Measures[0].Of, 1)
		}
		p.Edges = Neighbours(p.At, false)
		if rapid.Bool().Draw(t, "a hub") { // more than 64 neighbours
			for u := range int32(n - 1) {
				p.Edges = append(p.Edges, Edge{u, int32(n - 1)})
			}
		}
		m := newModel(p)
		in := make([]int32, n)
		for v := range in {
			in[v] = int32(min(2, int((p.At[v][0]-7)*3)))
		}
		m.repair(in, []vec{m.vec(orb.Point{7, 48.5}), m.vec(orb.Point{7.5, 48.5}), m.vec(orb.Point{8, 48.5})})
		s := newState(m, in, pinned, nil)
		_, before := m.piecesOf(in)
		for v := range int32(n) {
			from := in[v]
			if s.count[from] == 1 {
				continue
			}
			in[v] = 3 // nobody's
			_, after := m.piecesOf(in)
			in[v] = from
			if want, got := len(after) <= len(before)+1, s.mayLeave(v); want != got {
				t.Fatalf("unit %d may leave: %v, want %v", v, got, want)
			}
		}
	})
}
