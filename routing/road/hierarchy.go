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
	first []uint32 // arcs of rank r: high[first[r]:first[r+1]], ascending
	high  []uint32
}

// rankEdges numbers the edges anew, in the order of their segments, copies behind their edges: an edge's number is its
// rank in the hierarchy.
func (a *arrays) rankEdges(order []uint32) {
	rank, ranked := make([]EdgeID, len(a.edges)), make([]EdgeID, 0, len(a.edges))
	for _, s := range order {
		for _, plain := range a.segmentEdge[s] {
			if plain == noEdge {
				continue
			}
			ranked = append(ranked, plain)
			for _, c := range a.copiesOf(plain) {
				ranked = append(ranked, c.Copy)
			}
		}
	}
	for r, e := range ranked {
		rank[e] = EdgeID(r)
	}
	old := *a
	a.edges, a.piece, a.firstOut, a.out = make([]edge, len(ranked)), make([]uint32, len(ranked)), make([]uint32, len(ranked)+1), make([]turn, 0, len(old.out))
	for r, e := range ranked {
		a.edges[r], a.piece[r] = old.edges[e], old.piece[e]
		for _, t := range old.out[old.firstOut[e]:old.firstOut[e+1]] {
			t.To = rank[t.To]
			a.out = append(a.out, t)
		}
		a.firstOut[r+1] = uint32(len(a.out))
	}
	for s, edges := range a.segmentEdge {
		for i, e := range edges {
			if e != noEdge {
				a.segmentEdge[s][i] = rank[e]
			}
		}
	}
	for i, c := range a.copies {
		a.copies[i] = copyOf{rank[c.Of], rank[c.Copy]}
	}
	slices.SortFunc(a.copies, func(x, y copyOf) int {
		if x.Of != y.Of {
			return int(x.Of) - int(y.Of)
		}
		return int(x.Copy) - int(y.Copy)
	})
}

// buildSkeleton contracts the edges by their ranks.
func buildSkeleton(a *arrays) *skeleton {
	n := len(a.edges)
	k := &skeleton{}
	above := make([][]uint32, n)
	for e := range n {
		for _, t := range a.out[a.firstOut[e]:a.firstOut[e+1]] {
			lo, hi := uint32(e), uint32(t.To)
			if lo > hi {
				lo, hi = hi, lo
			}
			if lo != hi {
				above[lo] = append(above[lo], hi)
			}
		}
	}
	for r := range above {
		slices.Sort(above[r])
		above[r] = slices.Compact(above[r])
	}
	k.first = make([]uint32, n+1)
	k.high = make([]uint32, 0, 8*n)
	var merged []uint32
	for r := range n {
		list := above[r]
		k.high = append(k.high, list...)
		k.first[r+1] = uint32(len(k.high))
		above[r] = nil
		if len(list) > 1 {
			up := list[0]
			if len(above[up]) == 0 {
				above[up] = list[1:]
			} else {
				merged = merge(merged[:0], above[up], list[1:])
				above[up] = append(above[up][:0], merged...)
			}
		}
	}
	return k
}

// merge appends two ascending lists as one, each number once.
func merge(to, a, b []uint32) []uint32 {
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] < b[0]:
			to, a = append(to, a[0]), a[1:]
		case a[0] > b[0]:
			to, b = append(to, b[0]), b[1:]
		default:
			to, a, b = append(to, a[0]), a[1:], b[1:]
		}
	}
	return append(append(to, a...), b...)
}

// parents returns the lowest edge above each, by rank: every edge that a search upwards can reach lies on the
// path of parents from its start. The last of a path has itself.
func (k *skeleton) parents() []uint32 {
	p := make([]uint32, len(k.first)-1)
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
	parent   []uint32 // of each rank
	up, down ladder
}

// check makes sure that no number of the hierarchy leads out of it, and that all arcs and parents lead upwards,
// so that every search ends.
func (h *hierarchy) check(edges int) error {
	if len(h.parent) != edges {
		return fmt.Errorf("the hierarchy does not fit the streets")
	}
	for r, up := range h.parent {
		if int(up) >= edges || int(up) < r {
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
