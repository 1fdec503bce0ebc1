package road

import (
	"fmt"
	"math"
	"slices"
)

// The hierarchy is a customizable contraction hierarchy (Dibbelt, Strasser & Wagner 2016) over the graph of
// edges: contracting the edges in their order joins the higher neighbours of each, whatever the speeds, and
// the costs of all arcs follow from those of triangles. The perfect customisation of the same paper then finds
// the exact cost between the ends of every arc, and arcs that are dearer than that are dropped.
//
// It was chosen over a plain contraction hierarchy because the order, which takes longest, depends on the map
// alone, so that other speeds need only the later and faster steps.

// key is weight and time of a cost in one number that compares as they do.
type key uint64

const noKey key = math.MaxUint64

func keyOf(c Cost) key { return key(c.Weight)<<32 | key(c.Tenths) }

// cost returns the cost of a key and a length.
func (k key) cost(decimeters uint32) Cost {
	if k == noKey {
		return never
	}
	return Cost{uint32(k >> 32), uint32(k), decimeters}
}

// arc leads between an edge and one that ranks higher.
type arc struct {
	key        key
	decimeters uint32
	high       uint32 // the rank of the higher end
}

// noVia says that an arc is a single turn.
const noVia = math.MaxUint32

// ladder holds the arcs from each edge to higher ones, or from higher ones to it, by rank.
type ladder struct {
	first []uint32
	arcs  []arc
	via   []uint32 // the rank of the edge in the middle, lower than both ends, or noVia
}

func (l *ladder) at(rank uint32) []arc { return l.arcs[l.first[rank]:l.first[rank+1]] }

// skeleton is the part of the hierarchy that does not depend on costs.
type skeleton struct {
	rank  []uint32 // of each edge
	edge  []EdgeID // of each rank
	first []uint32 // arcs of rank r: high[first[r]:first[r+1]], ascending
	high  []uint32
}

// buildSkeleton contracts the edges in the order of their segments.
func buildSkeleton(a *arrays, order []uint32) *skeleton {
	n := len(a.edges)
	k := &skeleton{rank: make([]uint32, n), edge: make([]EdgeID, 0, n)}
	for _, s := range order {
		for _, plain := range a.segmentEdge[s] {
			if plain == noEdge {
				continue
			}
			k.edge = append(k.edge, plain)
			for _, c := range a.copiesOf(plain) {
				k.edge = append(k.edge, c.Copy)
			}
		}
	}
	for r, e := range k.edge {
		k.rank[e] = uint32(r)
	}
	above := make([][]uint32, n)
	for e := range n {
		for _, t := range a.out[a.firstOut[e]:a.firstOut[e+1]] {
			lo, hi := k.rank[e], k.rank[t.To]
			if lo > hi {
				lo, hi = hi, lo
			}
			if lo != hi {
				above[lo] = append(above[lo], hi)
			}
		}
	}
	k.first = make([]uint32, n+1)
	var merged []uint32
	for r := range n {
		list := above[r]
		slices.Sort(list)
		list = slices.Compact(list)
		k.high = append(k.high, list...)
		k.first[r+1] = uint32(len(k.high))
		above[r] = nil
		if len(list) > 1 {
			up := list[0]
			merged = append(append(merged[:0], above[up]...), list[1:]...)
			if len(above[up]) > 0 {
				slices.Sort(merged)
				merged = slices.Compact(merged)
			}
			above[up] = append(above[up][:0], merged...)
		}
	}
	return k
}

// metric holds the cost of each arc of a skeleton, in both directions.
type metric struct {
	up, down []halfArc
	// dropped marks arcs dearer than the best way between their ends.
	dropUp, dropDown []bool
}

type halfArc struct {
	key        key
	decimeters uint32
	via        uint32
}

func (h *halfArc) relax(k key, decimeters, via uint32) bool {
	if k < h.key || k == h.key && decimeters < h.decimeters {
		*h = halfArc{k, decimeters, via}
		return true
	}
	return false
}

// through returns the cost of two arcs after one another.
func through(a, b halfArc) (key, uint32) {
	if a.key == noKey || b.key == noKey {
		return noKey, math.MaxUint32
	}
	return a.key + b.key, a.decimeters + b.decimeters
}

// customise gives every arc the least cost over edges lower than both its ends.
func (k *skeleton) customise(a *arrays) *metric {
	m := &metric{up: make([]halfArc, len(k.high)), down: make([]halfArc, len(k.high))}
	for i := range m.up {
		m.up[i] = halfArc{noKey, math.MaxUint32, noVia}
		m.down[i] = m.up[i]
	}
	for e := range a.edges {
		for _, t := range a.out[a.firstOut[e]:a.firstOut[e+1]] {
			c := a.edges[e].Cost.plus(t.cost())
			from, to := k.rank[e], k.rank[t.To]
			switch {
			case from < to:
				m.up[k.arc(from, to)].relax(keyOf(c), c.Decimeters, noVia)
			case from > to:
				m.down[k.arc(to, from)].relax(keyOf(c), c.Decimeters, noVia)
			}
		}
	}
	for v := range len(k.edge) {
		k.triangles(uint32(v), func(vx, vy, xy uint32) {
			key, d := through(m.down[vx], m.up[vy])
			m.up[xy].relax(key, d, uint32(v))
			key, d = through(m.down[vy], m.up[vx])
			m.down[xy].relax(key, d, uint32(v))
		})
	}
	return m
}

// arc returns the number of the arc between two ranks.
func (k *skeleton) arc(lo, hi uint32) uint32 {
	i, _ := slices.BinarySearch(k.high[k.first[lo]:k.first[lo+1]], hi)
	return k.first[lo] + uint32(i)
}

// triangles calls visit for each pair x < y of edges above v with the arcs v-x, v-y and x-y.
func (k *skeleton) triangles(v uint32, visit func(vx, vy, xy uint32)) {
	first, end := k.first[v], k.first[v+1]
	for vx := first; vx < end; vx++ {
		x := k.high[vx]
		xy := k.first[x]
		for vy := vx + 1; vy < end; vy++ {
			for k.high[xy] != k.high[vy] {
				xy++
			}
			visit(vx, vy, xy)
		}
	}
}

// perfect lowers the cost of every arc to that of the best way between its ends, and marks those lowered.
func (k *skeleton) perfect(m *metric) {
	m.dropUp, m.dropDown = make([]bool, len(k.high)), make([]bool, len(k.high))
	for v := len(k.edge) - 1; v >= 0; v-- {
		k.triangles(uint32(v), func(vx, vy, xy uint32) {
			key, d := through(m.up[vx], m.up[xy])
			m.dropUp[vy] = m.up[vy].relax(key, d, noVia) || m.dropUp[vy]
			key, d = through(m.down[xy], m.down[vx])
			m.dropDown[vy] = m.down[vy].relax(key, d, noVia) || m.dropDown[vy]
			key, d = through(m.up[vy], m.down[xy])
			m.dropUp[vx] = m.up[vx].relax(key, d, noVia) || m.dropUp[vx]
			key, d = through(m.up[xy], m.down[vy])
			m.dropDown[vx] = m.down[vx].relax(key, d, noVia) || m.dropDown[vx]
		})
	}
}

// prune returns the arcs that are left in one direction.
func (k *skeleton) prune(arcs []halfArc, drop []bool) ladder {
	l := ladder{first: make([]uint32, len(k.edge)+1)}
	kept := 0
	for i := range arcs {
		if arcs[i].key != noKey && !drop[i] {
			kept++
		}
	}
	l.arcs, l.via = make([]arc, 0, kept), make([]uint32, 0, kept)
	for r := range k.edge {
		for i := k.first[r]; i < k.first[r+1]; i++ {
			if arcs[i].key != noKey && !drop[i] {
				l.arcs = append(l.arcs, arc{arcs[i].key, arcs[i].decimeters, k.high[i]})
				l.via = append(l.via, arcs[i].via)
			}
		}
		l.first[r+1] = uint32(len(l.arcs))
	}
	return l
}

// parents returns the lowest edge above each, by rank: every edge that a search upwards can reach lies on the
// path of parents from its start. The last of a path has itself.
func (k *skeleton) parents() []uint32 {
	p := make([]uint32, len(k.edge))
	for r := range p {
		p[r] = uint32(r)
		if k.first[r] < k.first[r+1] {
			p[r] = k.high[k.first[r]]
		}
	}
	return p
}

// hierarchy is what queries need of it.
type hierarchy struct {
	rank     []uint32 // of each edge
	edgeAt   []EdgeID // of each rank
	parent   []uint32 // of each rank
	up, down ladder
}

// contract builds the hierarchy.
func contract(a *arrays, order []uint32) hierarchy {
	k := buildSkeleton(a, order)
	m := k.customise(a)
	k.perfect(m)
	h := hierarchy{rank: k.rank, edgeAt: k.edge, parent: k.parents()}
	h.up, h.down = k.prune(m.up, m.dropUp), k.prune(m.down, m.dropDown)
	return h
}

// check makes sure that no number of the hierarchy leads out of it, and that all arcs and parents lead upwards,
// so that every search ends.
func (h *hierarchy) check(edges int) error {
	if len(h.rank) != edges || len(h.edgeAt) != edges || len(h.parent) != edges {
		return fmt.Errorf("the hierarchy does not fit the streets")
	}
	for r, e := range h.edgeAt {
		if int(e) >= edges || int(h.rank[e]) != r || int(h.parent[r]) >= edges || int(h.parent[r]) < r {
			return fmt.Errorf("the hierarchy is broken at rank %d", r)
		}
	}
	for _, l := range []*ladder{&h.up, &h.down} {
		if err := ascending("arcs", l.first, edges, len(l.arcs)); err != nil {
			return err
		}
		if len(l.via) != len(l.arcs) {
			return fmt.Errorf("the hierarchy lacks the middles of its arcs")
		}
		for r := range uint32(edges) {
			last := r
			for i := l.first[r]; i < l.first[r+1]; i++ {
				high := l.arcs[i].high
				if high <= last || int(high) >= edges || l.via[i] != noVia && l.via[i] >= r {
					return fmt.Errorf("the hierarchy is broken at rank %d", r)
				}
				last = high
			}
		}
	}
	return nil
}
