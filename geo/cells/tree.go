package cells

import (
	"math"
	"sort"
	"sync"
)

// node is an occupied cell: a run of rows with the box of their points. The children of a node lie one after
// another; leaves have none.
type node struct {
	west, south, east, north float32 // rounded outwards
	lo, hi                   int32   // rows
	child                    int32
	children                 int32
}

// leafRows is the most rows of a node that is not split further.
const leafRows = 48

func (n *node) box() box {
	return box{float64(n.west), float64(n.south), float64(n.east), float64(n.north)}
}

// grow builds the tree from the sorted rows, level by level: first by the digits of their cells, then, where one
// cell holds many places, by halves of the curve.
func (s *segment) grow() {
	n := s.len()
	if n == 0 {
		return
	}
	s.nodes = append(make([]node, 0, n/16+1), node{hi: int32(n)})
	resolution := -1 // of the nodes of the level
	for at := 0; at < len(s.nodes); resolution++ {
		end := len(s.nodes)
		for ; at < end; at++ {
			lo, hi := int(s.nodes[at].lo), int(s.nodes[at].hi)
			if hi-lo <= leafRows {
				continue
			}
			child := len(s.nodes)
			if resolution >= Resolution {
				middle := (lo + hi) / 2
				s.nodes = append(s.nodes, node{lo: int32(lo), hi: int32(middle)}, node{lo: int32(middle), hi: int32(hi)})
			} else {
				shift := uint(45)
				if resolution >= 0 {
					shift = digitShift(resolution + 1)
				}
				for from := lo; from < hi; {
					key := s.cell[from] >> shift
					to := from + sort.Search(hi-from, func(i int) bool { return s.cell[from+i]>>shift > key })
					s.nodes = append(s.nodes, node{lo: int32(from), hi: int32(to)})
					from = to
				}
			}
			s.nodes[at].child, s.nodes[at].children = int32(child), int32(len(s.nodes)-child)
		}
	}
	s.measure()
}

// measure finds the boxes, from the leaves up.
func (s *segment) measure() {
	for i := len(s.nodes) - 1; i >= 0; i-- {
		n := &s.nodes[i]
		if n.children == 0 {
			b := nowhere
			for row := n.lo; row < n.hi; row++ {
				b = b.with(s.lon[row], s.lat[row])
			}
			n.west, n.south, n.east, n.north = below(b.west), below(b.south), above(b.east), above(b.north)
			continue
		}
		first := &s.nodes[n.child]
		n.west, n.south, n.east, n.north = first.west, first.south, first.east, first.north
		for c := n.child + 1; c < n.child+n.children; c++ {
			k := &s.nodes[c]
			n.west, n.south, n.east, n.north = min(n.west, k.west), min(n.south, k.south), max(n.east, k.east), max(n.north, k.north)
		}
	}
}

// below and above return the nearest float32 not above or not below v.
func below(v float64) float32 {
	f := float32(v)
	if float64(f) > v {
		f = math.Nextafter32(f, float32(math.Inf(-1)))
	}
	return f
}

func above(v float64) float32 { return -below(-v) }

// span is a run of rows, lo up to but not including hi.
type span struct{ lo, hi int32 }

// selection is the rows of a segment that lie in an area: whole runs, and single rows along the border. Both
// ascend.
type selection struct {
	spans []span
	rows  []uint32
}

// walker finds selections. Its slices are used again from segment to segment.
type walker struct {
	area *Area
	seg  *segment
	out  selection

	verdicts []verdict // of each shape, a run per level
	edges    [][]int32 // edges each shape is left with, a run per level; nil for all
	scratch  []int32   // where the edges lie
	stack    []verdict
	buffer   [4096]uint32 // rows on their way to a filter
}

var walkers = sync.Pool{New: func() any { return new(walker) }}

// find selects the rows of the segment that lie in the area. The selection is good until the next call.
func (w *walker) find(s *segment) *selection {
	w.seg = s
	w.out.spans, w.out.rows = w.out.spans[:0], w.out.rows[:0]
	if len(s.nodes) == 0 || len(w.area.program) == 0 {
		return &w.out
	}
	k := len(w.area.shapes)
	w.verdicts, w.edges, w.scratch = w.verdicts[:0], w.edges[:0], w.scratch[:0]
	for range k {
		w.verdicts, w.edges = append(w.verdicts, border), append(w.edges, nil)
	}
	w.visit(0, 0)
	return &w.out
}

// visit judges a node. The shapes' state of the node around it begins at parent.
func (w *walker) visit(at int32, parent int) {
	n := &w.seg.nodes[at]
	own, mark := len(w.verdicts), len(w.scratch)
	for i, shape := range w.area.shapes {
		v, edges := w.verdicts[parent+i], []int32(nil)
		if v == border {
			before := len(w.scratch)
			v, w.scratch = shape.judge(n.box(), w.seg.cell[n.lo], w.seg.cell[n.hi-1], w.edges[parent+i], w.scratch)
			edges = w.scratch[before:len(w.scratch):len(w.scratch)]
			if len(edges) == 0 {
				edges = nil
			}
		}
		w.verdicts, w.edges = append(w.verdicts, v), append(w.edges, edges)
	}
	switch w.decide(own) {
	case inside:
		w.take(span{n.lo, n.hi})
	case border:
		if n.children == 0 {
			w.test(n, own)
			break
		}
		for c := n.child; c < n.child+n.children; c++ {
			w.visit(c, own)
		}
	}
	w.verdicts, w.edges, w.scratch = w.verdicts[:own], w.edges[:own], w.scratch[:mark]
}

func (w *walker) decide(state int) verdict {
	if len(w.area.program) == 1 && w.area.program[0].do == opShape {
		return w.verdicts[state]
	}
	w.stack = w.stack[:0]
	return w.area.decide(w.stack, func(s int32) verdict { return w.verdicts[state+int(s)] })
}

// take adds a run, joining it to the one before if they touch.
func (w *walker) take(s span) {
	if n := len(w.out.spans); n > 0 && w.out.spans[n-1].hi == s.lo {
		w.out.spans[n-1].hi = s.hi
		return
	}
	w.out.spans = append(w.out.spans, s)
}

// test tests the points of a leaf one by one.
func (w *walker) test(n *node, state int) {
	s := w.seg
	if len(w.area.program) == 1 {
		if p, ok := w.area.shapes[0].(*polygons); ok {
			for i := n.lo; i < n.hi; i++ {
				if p.contains(s.lon[i], s.lat[i]) {
					w.out.rows = append(w.out.rows, uint32(i))
				}
			}
			return
		}
	}
	for i := n.lo; i < n.hi; i++ {
		v := w.area.decide(w.stack[:0], func(shape int32) verdict {
			if v := w.verdicts[state+int(shape)]; v != border {
				return v
			}
			return verdictOf(w.area.shapes[shape].holds(s.lon[i], s.lat[i], s.cell[i]))
		})
		if v == inside {
			w.out.rows = append(w.out.rows, uint32(i))
		}
	}
}
