package carve

import (
	"cmp"
	"context"
	"math"
	"runtime"
	"slices"
	"sync"
)

// Bound is a value that no plan's objective can be below, changes of owner left aside.
type Bound struct {
	Value float64
	Steps int // of the search for it
}

// Gap is how much better than a plan one could at most be, as a part of the bound.
func (b *Bound) Gap(r *Report) float64 {
	if b.Value <= 0 {
		return math.Inf(1)
	}
	return max(r.Objective/b.Value-1, 0)
}

// mostPairs bounds the ways from centres to units that a bound looks at.
const mostPairs = 40_000_000

// mostSteps is where the search for a bound ends if its context does not.
const mostSteps = 600

// LowerBound looks for the greatest bound it can show until the context ends; nil if there are too many units for
// it. It relaxes that each unit belongs to exactly one territory (Lagrange multipliers u, raised by subgradients):
//
//	L(u) = Σ u(i) + the k least of V(c),  V(c) = min Σ (cost(c,i) - u(i)) x(i),  lo ≤ Σ weight(i) x(i) ≤ hi,  0 ≤ x ≤ 1
//
// over all units c as centres, and over the bases of territories that have one (Hess model; Validi, Buchanan,
// Lykhovyd 2022 bound it so). Contiguity, locks, groups and all measures but the first are left aside.
func LowerBound(ctx context.Context, p *Problem, plan *Plan) *Bound {
	n := len(p.At)
	var bases []int32
	free := 0
	for j, t := range p.Territories {
		if t.Fixed {
			bases = append(bases, int32(j))
		} else {
			free++
		}
	}
	centres := len(bases)
	if free > 0 {
		centres += n
	}
	if centres*n > mostPairs || plan.Report.Objective <= 0 {
		return nil
	}
	b := &bounder{p: p, n: n, free: free, bases: bases, pull: p.pull(), weight: p.Measures[0].Of}
	b.bounds()
	b.costs(centres)
	return b.climb(ctx, plan)
}

type bounder struct {
	p            *Problem
	n, free      int
	bases        []int32
	pull, weight []float64
	lo, hi       float64
	cost         [][]float32 // from each base, then from each unit
	u            []float64
	last         []float64 // u when least was true
	least        []float64 // of each centre: what V is not below
	chosen       []int     // units that were centres at last
}

// bounds of the first measure that hold for any territory.
func (b *bounder) bounds() {
	_, lo, hi := b.p.bounds(&b.p.Measures[0])
	b.lo, b.hi = slices.Min(lo), slices.Max(hi)
}

func (b *bounder) costs(centres int) {
	b.cost, b.least, b.last = make([][]float32, centres), make([]float64, centres), make([]float64, b.n)
	for c := range b.least {
		b.least[c] = math.Inf(-1)
	}
	f := newFrame(b.p)
	at := make([]vec, b.n)
	for u := range at {
		at[u] = f.vec(b.p.At[u])
	}
	b.eachCentre(func(c int) {
		row := make([]float32, b.n)
		centre, territory := None, int32(0)
		from := vec{}
		if c < len(b.bases) {
			territory = b.bases[c]
			from = f.vec(b.p.Territories[territory].Base)
		} else {
			centre = int32(c - len(b.bases))
			from = at[centre]
		}
		var minutes func(int32) float64
		if b.p.Objective == Minutes {
			place := b.p.Territories[territory].Base
			if centre != None {
				place = b.p.At[centre]
			}
			minutes = b.p.Travel.minutes(b.p, centre, territory, place)
		}
		for u := range row {
			var cost float64
			switch b.p.Objective {
			case Minutes:
				cost = minutes(int32(u))
			case Distance:
				cost = from.apart(at[u])
			default:
				cost = from.apart2(at[u])
			}
			// rounded down, and straight lines are shorter than ways: the bound stays one
			row[u] = float32(b.pull[u] * cost * (1 - 1e-7))
		}
		b.cost[c] = row
	})
}

// eachCentre calls work for all centres, side by side.
func (b *bounder) eachCentre(work func(c int)) {
	threads := min(runtime.GOMAXPROCS(0), 8)
	var group sync.WaitGroup
	for t := range threads {
		group.Go(func() {
			for c := t; c < len(b.cost); c += threads {
				work(c)
			}
		})
	}
	group.Wait()
}

// climb raises the multipliers.
func (b *bounder) climb(ctx context.Context, plan *Plan) *Bound {
	b.u = make([]float64, b.n)
	for u, j := range plan.Of {
		row := slices.Index(b.bases, j)
		if centre := plan.Report.Territories[j].Centre; centre != None {
			row = len(b.bases) + int(centre)
		}
		b.u[u] = float64(b.cost[row][u])
	}
	best := &Bound{Value: 0}
	bestU := slices.Clone(b.u)
	step, waited := 1.0, 0
	slope, way := make([]float64, b.n), make([]float64, b.n)
	for best.Steps = 0; best.Steps < mostSteps && ctx.Err() == nil; best.Steps++ {
		value, chosen := b.relaxed()
		if value > best.Value {
			if value > best.Value*(1+1e-5) {
				waited = 0
			}
			best.Value = value
			copy(bestU, b.u)
		} else {
			waited++
		}
		if waited > 12 {
			step, waited = step/2, 0
			copy(b.u, bestU)
			if step < 1e-3 {
				break
			}
			continue
		}
		if plan.Report.Objective <= best.Value*(1+1e-6) {
			break
		}
		for u := range slope {
			slope[u] = 1
		}
		for _, c := range chosen {
			b.take(c, func(u int32, part float64) { slope[u] -= part })
		}
		var size float64
		for u, s := range slope {
			way[u] = s + 0.6*way[u] // part of the way of before keeps it from zigzags (Camerini, Fratta, Maffioli 1975)
			size += way[u] * way[u] * b.pull[u]
		}
		if size == 0 {
			break
		}
		f := step * max(plan.Report.Objective-value, 1e-6*plan.Report.Objective) / size
		for u, s := range way {
			b.u[u] += f * s * b.pull[u]
		}
	}
	return best
}

// relaxed returns L(u) and the centres it takes. V(c) falls by no more than u rises in all, so that centres far
// from being chosen wait until their turn might have come.
func (b *bounder) relaxed() (value float64, chosen []int) {
	var rise float64
	for u, v := range b.u {
		rise += max(0, v-b.last[u])
		b.last[u] = v
	}
	for c := range b.least {
		b.least[c] -= rise
	}
	for _, u := range b.u {
		value += u
	}
	for c := range b.bases {
		value += b.take(c, nil)
		chosen = append(chosen, c)
	}
	if b.free == 0 {
		return value, chosen
	}
	threshold := math.Inf(1)
	if len(b.chosen) == b.free {
		threshold = math.Inf(-1)
		for _, c := range b.chosen {
			b.least[c] = b.take(c, nil)
			threshold = max(threshold, b.least[c])
		}
	}
	b.eachCentre(func(c int) {
		if c >= len(b.bases) && b.least[c] < threshold {
			b.least[c] = b.take(c, nil)
		}
	})
	units := make([]int, b.n)
	for u := range units {
		units[u] = len(b.bases) + u
	}
	slices.SortFunc(units, func(x, y int) int { return cmp.Or(cmp.Compare(b.least[x], b.least[y]), cmp.Compare(x, y)) })
	b.chosen = append(b.chosen[:0], units[:b.free]...)
	for _, c := range b.chosen {
		value += b.least[c]
		chosen = append(chosen, c)
	}
	return value, chosen
}

// take returns V(c), and tells which parts of units it takes: all that lower it, and at the bounds of weight the
// cheapest by weight first.
func (b *bounder) take(c int, told func(u int32, part float64)) float64 {
	type item struct {
		u       int32
		gain, w float64
	}
	var value, weight float64
	var edge []item // what may have to come or go
	row := b.cost[c]
	for u, cost := range row {
		if gain := float64(cost) - b.u[u]; gain < 0 {
			value += gain
			weight += b.weight[u]
		}
	}
	come := weight < b.lo
	if come || weight > b.hi {
		for u, cost := range row {
			if gain := float64(cost) - b.u[u]; (gain >= 0) == come && b.weight[u] > 0 {
				edge = append(edge, item{int32(u), gain, b.weight[u]})
			}
		}
		slices.SortFunc(edge, func(x, y item) int {
			// by gain a unit of weight, nearest to zero first; products instead of quotients
			if come {
				return cmp.Or(cmp.Compare(x.gain*y.w, y.gain*x.w), cmp.Compare(x.u, y.u))
			}
			return cmp.Or(cmp.Compare(y.gain*x.w, x.gain*y.w), cmp.Compare(x.u, y.u))
		})
	}
	need := b.lo - weight
	if !come {
		need = weight - b.hi
	}
	changed := map[int32]float64{}
	for _, e := range edge {
		if need <= 0 {
			break
		}
		part := min(1, need/e.w)
		need -= part * e.w
		if come {
			value += part * e.gain
			changed[e.u] = part
		} else {
			value -= part * e.gain
			changed[e.u] = 1 - part
		}
	}
	if told == nil {
		return value
	}
	for u, cost := range row {
		if part, ok := changed[int32(u)]; ok {
			told(int32(u), part)
		} else if float64(cost) < b.u[u] {
			told(int32(u), 1)
		}
	}
	return value
}
