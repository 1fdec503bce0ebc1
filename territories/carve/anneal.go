package carve

import (
	"math"
	"slices"
)

// walker is one thread's simulated annealing: nodes on borders change hands, alone or two in a chain, worse plans
// being taken with a chance that falls with the temperature. Weight outside the bounds costs price for each mean
// territory of it.
type walker struct {
	*state
	d     *dice
	heat  float64
	price float64

	best    []int32 // the best plan seen, least breach before least objective
	bestObj float64
	bestBad float64
	since   int // changes since best was taken over

	tries, taken int64
}

func newWalker(m *model, in []int32, f form, far [][]float64, d *dice) *walker {
	w := &walker{d: d, state: newState(m, slices.Clone(in), f, far)}
	w.best = slices.Clone(in)
	w.bestObj, w.bestBad = w.obj, w.bad
	return w
}

// tiny is a breach that rounding alone can make.
const tiny = 1e-9

// better says whether the present plan beats the best.
func (w *walker) better() bool {
	if w.bad > tiny || w.bestBad > tiny {
		return w.bad < w.bestBad-tiny
	}
	return w.obj < w.bestObj*(1-1e-9)
}

func (w *walker) keep() {
	copy(w.best, w.in)
	w.bestObj, w.bestBad = w.obj, w.bad
	w.since = 0
}

// usual is the median of what a change of hands does to the objective.
func (w *walker) usual() float64 {
	var gains []float64
	for range 4000 {
		if v, to := w.pick(); v != None {
			if g := math.Abs(w.gain(v, to)); g > 0 {
				gains = append(gains, g)
			}
		}
	}
	if len(gains) == 0 {
		return math.Max(w.obj*1e-6, 1e-12)
	}
	slices.Sort(gains)
	return gains[len(gains)/2]
}

// pick draws a node on a border and a neighbour to hand it to, or None.
func (w *walker) pick() (v, to int32) {
	j := w.d.below(w.k)
	list := w.border[j]
	if len(list) == 0 {
		return None, None
	}
	v = list[w.d.below(len(list))]
	return v, w.neighbour(v)
}

// neighbour draws a territory that a node on a border touches.
func (w *walker) neighbour(v int32) int32 {
	around := w.graph.of(v)
	from := w.in[v]
	at := w.d.below(len(around))
	for range around {
		if j := w.in[around[at]]; j != from {
			return j
		}
		if at++; at == len(around) {
			at = 0
		}
	}
	return from
}

// stretch tries that many changes at the present heat.
func (w *walker) stretch(tries int) {
	w.tries += int64(tries)
	copyEvery := w.n / 64
	for range tries {
		v, to := w.pick()
		if v == None {
			continue
		}
		from := w.in[v]
		allow := w.heat * w.d.patience()
		breach := w.price * (w.breach(from, None, v) - w.off[from] + w.breach(to, v, None) - w.off[to])
		if breach > allow && breach > 0 {
			if w.chain(v, to, allow) {
				w.taken++
			}
			continue
		}
		gain := w.gain(v, to)
		if gain+breach > allow || !w.mayLeave(v) {
			continue
		}
		w.move(v, to, gain)
		w.taken++
		if w.since++; w.since > copyEvery && w.better() {
			w.keep()
		}
	}
}

// chain hands v to a territory, which hands on another of its nodes: so weight moves without a breach.
func (w *walker) chain(v, to int32, allow float64) bool {
	list := w.border[to]
	if len(list) == 0 || !w.mayLeave(v) {
		return false
	}
	from := w.in[v]
	before := w.obj + w.price*w.bad
	u := list[w.d.below(len(list))]
	then := w.neighbour(u)
	if u == v || then == to {
		return false
	}
	gain := w.gain(v, to)
	w.move(v, to, gain)
	ok := w.in[u] == to && w.touches(u, then)
	if ok {
		breach := w.breach(to, None, u) - w.off[to] + w.breach(then, u, None) - w.off[then]
		second := w.gain(u, then)
		ok = w.obj+second+w.price*(w.bad+breach)-before <= allow && w.mayLeave(u)
		if ok {
			w.move(u, then, second)
			if w.since += 2; w.since > w.n/64 && w.better() {
				w.keep()
			}
			return true
		}
	}
	w.move(v, from, -gain)
	return false
}

func (w *walker) touches(v, j int32) bool {
	for _, x := range w.graph.of(v) {
		if w.in[x] == j {
			return true
		}
	}
	return false
}
