package carve

import (
	"cmp"
	"math"
	"slices"
)

// bisect places the centres by cutting the area in two again and again, across its longest axis give or take some
// chance, so that each side has the load its territories should have (Kalcsics, Nickel, Schröder 2005).
func (w *power) bisect(d *dice) {
	clear(w.lambda)
	nodes := make([]int32, w.n)
	for v := range nodes {
		nodes[v] = int32(v)
	}
	along := make([]float64, w.n)
	var cut func(nodes []int32, first, last int)
	cut = func(nodes []int32, first, last int) {
		if last-first == 1 || len(nodes) == 0 {
			for j := first; j < last; j++ {
				w.centre[j] = w.middleOf(nodes, w.centre[j])
			}
			return
		}
		axis := w.axis(nodes, d)
		for _, v := range nodes {
			along[v] = w.at[v].dot(axis)
		}
		slices.SortFunc(nodes, func(a, b int32) int { return cmp.Or(cmp.Compare(along[a], along[b]), cmp.Compare(a, b)) })
		half := (first + last) / 2
		if (last-first)%2 == 1 && d.below(2) == 1 {
			half++
		}
		var goal, all, load float64
		for j := first; j < last; j++ {
			all += w.goal[j]
			if j < half {
				goal += w.goal[j]
			}
		}
		for _, v := range nodes {
			load += w.load[v]
		}
		goal *= load / all
		at := 0
		for sum := 0.0; at < len(nodes) && sum+w.load[nodes[at]]/2 < goal; at++ {
			sum += w.load[nodes[at]]
		}
		at = min(max(at, min(half-first, len(nodes))), max(len(nodes)-(last-half), 0))
		cut(nodes[:at], first, half)
		cut(nodes[at:], half, last)
	}
	cut(nodes, 0, w.m.k)
}

func (w *power) middleOf(nodes []int32, otherwise vec) vec {
	var mass moment
	for _, v := range nodes {
		mass = mass.add(w.mass[v])
	}
	if mass.w == 0 {
		return otherwise
	}
	return mass.centroid()
}

// axis returns the direction in which nodes spread most, with some chance in it.
func (w *power) axis(nodes []int32, d *dice) vec {
	middle := w.middleOf(nodes, vec{})
	var spread [3][3]float64
	for _, v := range nodes {
		x := w.at[v].sub(middle)
		for i := range 3 {
			for j := range 3 {
				spread[i][j] += w.load[v] * x[i] * x[j]
			}
		}
	}
	axis := vec{d.float() - 0.5, d.float() - 0.5, d.float() - 0.5}
	for range 4 + d.below(8) { // the power method; fewer steps leave more chance
		var next vec
		for i := range 3 {
			next[i] = vec(spread[i]).dot(axis)
		}
		size := math.Sqrt(next.square())
		if size == 0 {
			break
		}
		axis = next.times(1 / size)
	}
	return axis
}
