package cells

import (
	"cmp"
	"container/heap"
	"slices"
)

// topper collects the rows greatest in a measure.
type topper struct {
	measure, count int
	filter, more   sieve
	uses           []use
	best           leastFirst
	in             map[int64]bool // places offered with success; later rows of theirs are the same state

	rank   int   // the index's rank for the measure, or -1
	stride int   // values of the rank's dimension
	values []int // those that can pass the filters
}

func (l *layout) topper(t Top, filter sieve, uses []use) (*topper, error) {
	more, err := l.sieve(t.Filter)
	if err != nil {
		return nil, err
	}
	out := &topper{measure: t.Measure, count: t.Count, filter: filter, more: more, uses: uses, in: make(map[int64]bool), rank: -1}
	for r, rank := range l.schema.Ranks {
		if rank.Measure != t.Measure {
			continue
		}
		stride := l.schema.Dimensions[rank.Dimension].Values
		values := []int{}
		for v := range stride {
			if may(filter, rank.Dimension, v) && may(more, rank.Dimension, v) {
				values = append(values, v)
			}
		}
		if out.rank < 0 || len(values) < len(out.values) {
			out.rank, out.stride, out.values = r, stride, values
		}
	}
	return out, nil
}

// may tells whether rows with the value in the dimension can pass, as far as clauses on it alone say.
func may(s sieve, dimension, value int) bool {
	for _, clause := range s {
		passes := false
		for _, condition := range clause {
			v, is := condition.(*valueSet)
			if !is || v.dimension != dimension || v.has[value] {
				passes = true
				break
			}
		}
		if !passes {
			return false
		}
	}
	return true
}

// look offers the rows found in one segment.
func (t *topper) look(u *use, found *selection) {
	for _, sp := range found.spans {
		lo := sp.lo
		for lo < sp.hi {
			granule := lo >> granuleShift
			hi := min(sp.hi, (granule+1)<<granuleShift)
			if t.hopeful(u, int(granule)) {
				for row := lo; row < hi; row++ {
					t.offer(u, uint32(row))
				}
			}
			lo = hi
		}
	}
	for _, row := range found.rows {
		t.offer(u, row)
	}
}

// hopeful tells whether a granule may hold a row that gets among the greatest.
func (t *topper) hopeful(u *use, granule int) bool {
	if t.rank < 0 || len(t.best) < t.count {
		return true
	}
	peaks, least := u.peaks[t.rank][granule*t.stride:], t.best[0].value
	for _, v := range t.values {
		if peaks[v] >= least {
			return true
		}
	}
	return false
}

// offer takes a row in if it is great enough, passes the filters and stands at the instant asked for.
func (t *topper) offer(u *use, row uint32) {
	c := candidate{value: u.measures[t.measure][row], id: u.id[row], segment: u.segment, row: row}
	if len(t.best) == t.count && !t.best[0].less(c) {
		return
	}
	if u.sign != nil && u.weight*int64(u.sign[row]) < 0 {
		return // taken away, not added
	}
	if !t.filter.passes(&u.columns, row) || !t.more.passes(&u.columns, row) || t.in[c.id] || !u.counts(row) || !stands(t.uses, u, row) {
		return
	}
	t.in[c.id] = true
	heap.Push(&t.best, c)
	if len(t.best) > t.count {
		heap.Pop(&t.best)
	}
}

// stands tells whether a row that one segment adds is still there after what the others add and take away. A
// state that both the base and a segment of changes add stands in the base, for which it is asked again.
func stands(uses []use, of *use, row uint32) bool {
	net := int64(0)
	if of.sign == nil {
		net = 1
	}
	for i := range uses {
		u := &uses[i]
		if u.sign == nil {
			continue
		}
		for _, other := range u.of(of.id[row]) {
			if u.counts(other) && u.same(int(other), &of.columns, int(row)) {
				net += u.weight * int64(u.sign[other])
			}
		}
	}
	return net > 0
}

func (t *topper) sorted() []Ranked {
	slices.SortFunc(t.best, func(a, b candidate) int {
		if a.value != b.value {
			return cmp.Compare(b.value, a.value)
		}
		return cmp.Compare(a.id, b.id)
	})
	out := make([]Ranked, len(t.best))
	for i, c := range t.best {
		out[i] = Ranked{c.value, c.segment.columns.row(int(c.row))}
	}
	return out
}

type candidate struct {
	value   int64
	id      int64
	segment *segment
	row     uint32
}

// less tells whether a ranks below b.
func (a candidate) less(b candidate) bool {
	return a.value < b.value || a.value == b.value && a.id > b.id
}

// leastFirst is a heap with the least of the greatest rows on top.
type leastFirst []candidate

func (h leastFirst) Len() int           { return len(h) }
func (h leastFirst) Less(i, j int) bool { return h[i].less(h[j]) }
func (h leastFirst) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push adds a candidate, for package heap.
func (h *leastFirst) Push(v any) { *h = append(*h, v.(candidate)) }

// Pop takes the last candidate off, for package heap.
func (h *leastFirst) Pop() any {
	old := *h
	v := old[len(old)-1]
	*h = old[:len(old)-1]
	return v
}
