package cells

import (
	"cmp"
	"slices"
)

// tally adds up rows by the values of up to two columns.
type tally struct {
	columns []Column
	nb      int       // values of the second column, 1 if there is none
	dense   [][]int64 // counts, then one slice per measure, by key; or nil
	sparse  map[uint64][]int64
	width   int
	keys    [chunk]uint32
}

// chunk is the number of rows worked on at a time, so that what is read again is still in the nearest cache.
const chunk = 1024

// maxDense is the most keys a tally keeps in slices instead of a map.
const maxDense = 1 << 17

// newTally returns a tally; sizes are the numbers of values of the columns.
func newTally(columns []Column, sizes []uint64, measures int) *tally {
	t := &tally{columns: columns, nb: 1, width: 1 + measures}
	n, fits := uint64(1), true
	for _, size := range sizes {
		if n *= max(1, size); n > maxDense {
			fits = false
			break
		}
	}
	if !fits {
		t.sparse = make(map[uint64][]int64)
		return t
	}
	if len(sizes) == 2 {
		t.nb = int(max(1, sizes[1]))
	}
	t.dense = make([][]int64, t.width)
	for i := range t.dense {
		t.dense[i] = make([]int64, n)
	}
	return t
}

// addRun adds the rows from lo to hi, each weight times.
func (t *tally) addRun(s *segment, lo, hi int, weight int64) {
	for ; lo < hi; lo += chunk {
		end := min(hi, lo+chunk)
		n := end - lo
		if t.dense == nil {
			for row := lo; row < end; row++ {
				t.addSparse(s, uint32(row), weight)
			}
			continue
		}
		keys := t.keys[:n]
		clear(keys)
		for place, c := range t.columns {
			stride := uint32(1)
			if place == 0 {
				stride = uint32(t.nb)
			}
			if c.Reference {
				for i, v := range s.references[c.Number][lo:end] {
					keys[i] += v * stride
				}
			} else {
				for i, v := range s.dimensions[c.Number][lo:end] {
					keys[i] += uint32(v) * stride
				}
			}
		}
		counts := t.dense[0]
		if s.sign == nil {
			for _, k := range keys {
				counts[k] += weight
			}
			for m, sums := range t.dense[1:] {
				values := s.measures[m][lo:end]
				for i, k := range keys {
					sums[k] += weight * values[i]
				}
			}
			continue
		}
		signs := s.sign[lo:end]
		for i, k := range keys {
			counts[k] += weight * int64(signs[i])
		}
		for m, sums := range t.dense[1:] {
			values := s.measures[m][lo:end]
			for i, k := range keys {
				sums[k] += weight * int64(signs[i]) * values[i]
			}
		}
	}
}

// addRows adds single rows, each weight times.
func (t *tally) addRows(s *segment, rows []uint32, weight int64) {
	if t.dense == nil {
		for _, row := range rows {
			t.addSparse(s, row, weight)
		}
		return
	}
	for ; len(rows) > 0; rows = rows[min(chunk, len(rows)):] {
		part := rows[:min(chunk, len(rows))]
		keys := t.keys[:len(part)]
		clear(keys)
		for place, c := range t.columns {
			stride := uint32(1)
			if place == 0 {
				stride = uint32(t.nb)
			}
			if c.Reference {
				column := s.references[c.Number]
				for i, row := range part {
					keys[i] += column[row] * stride
				}
			} else {
				column := s.dimensions[c.Number]
				for i, row := range part {
					keys[i] += uint32(column[row]) * stride
				}
			}
		}
		counts := t.dense[0]
		for i, k := range keys {
			w := weight
			if s.sign != nil {
				w *= int64(s.sign[part[i]])
			}
			counts[k] += w
			for m := range s.measures {
				t.dense[1+m][k] += w * s.measures[m][part[i]]
			}
		}
	}
}

func (t *tally) addSparse(s *segment, row uint32, weight int64) {
	if s.sign != nil {
		weight *= int64(s.sign[row])
	}
	key := uint64(0)
	for _, c := range t.columns {
		key <<= 32
		if c.Reference {
			key |= uint64(s.references[c.Number][row])
		} else {
			key |= uint64(s.dimensions[c.Number][row])
		}
	}
	sums := t.sparse[key]
	if sums == nil {
		sums = make([]int64, t.width)
		t.sparse[key] = sums
	}
	sums[0] += weight
	for m := range s.measures {
		sums[1+m] += weight * s.measures[m][row]
	}
}

// addSpan adds the rows of a span from the sums kept at the boundaries of blocks, correcting at both ends by the
// rows between them and the nearest boundary.
func (t *tally) addSpan(s *segment, sp span, of *table, weight int64) {
	lo, hi := int(sp.lo), int(sp.hi)
	l := s.shape
	half := 1 << l.shift >> 1
	last := len(s.counts)/max(1, l.groups) - 1 // the last boundary
	from, to := (lo+half)>>l.shift, (hi+half)>>l.shift
	from, to = min(from, last), min(to, last)
	groups := of.na * of.nb
	if from >= to || hi-lo < abs(lo-from<<l.shift)+abs(hi-to<<l.shift)+groups {
		t.addRun(s, lo, hi, weight)
		return
	}
	before, after := s.counts[from*l.groups+of.offset:][:groups], s.counts[to*l.groups+of.offset:][:groups]
	counts := t.dense[0][:groups]
	for g := range counts {
		counts[g] += weight * int64(after[g]-before[g])
	}
	measures := len(s.measures)
	for m := range measures {
		before := s.sums[(from*measures+m)*l.groups+of.offset:][:groups]
		after := s.sums[(to*measures+m)*l.groups+of.offset:][:groups]
		sums := t.dense[1+m][:groups]
		for g := range sums {
			sums[g] += weight * (after[g] - before[g])
		}
	}
	t.correct(s, lo, from<<l.shift, weight)
	t.correct(s, to<<l.shift, hi, weight)
}

// correct adds the rows from lo to hi, or takes those from hi to lo away.
func (t *tally) correct(s *segment, lo, hi int, weight int64) {
	if lo <= hi {
		t.addRun(s, lo, hi, weight)
	} else {
		t.addRun(s, hi, lo, -weight)
	}
}

func abs(v int) int { return max(v, -v) }

// Group is the rows with the same values in the columns of a grouping.
type Group struct {
	Values []uint32 // one per column of the grouping
	Count  int64
	Sums   []int64 // one per measure
}

// groups returns what was added up, by rising values, without empty groups. Of the tally's columns only those at
// keep are told apart; rows whose dimensions are not in pass are left out.
func (t *tally) groups(keep []int, pass []*[MaxValues]bool) []Group {
	type key [2]uint32
	found := make(map[key]*Group)
	add := func(values key, sums func(int) int64) {
		empty := true
		for m := range t.width {
			if sums(m) != 0 {
				empty = false
				break
			}
		}
		if empty {
			return
		}
		for i, c := range t.columns {
			if pass != nil && !c.Reference && pass[c.Number] != nil && !pass[c.Number][values[i]] {
				return
			}
		}
		var at key
		for i, from := range keep {
			at[i] = values[from]
		}
		g := found[at]
		if g == nil {
			g = &Group{Values: slices.Clone(at[:len(keep)]), Sums: make([]int64, t.width-1)}
			found[at] = g
		}
		g.Count += sums(0)
		for m := range g.Sums {
			g.Sums[m] += sums(1 + m)
		}
	}
	if t.dense != nil {
		for k := range t.dense[0] {
			values := key{uint32(k / t.nb), uint32(k % t.nb)}
			add(values, func(m int) int64 { return t.dense[m][k] })
		}
	} else {
		for k, sums := range t.sparse {
			values := key{uint32(k >> 32), uint32(k)}
			if len(t.columns) < 2 {
				values = key{uint32(k)}
			}
			add(values, func(m int) int64 { return sums[m] })
		}
	}
	out := make([]Group, 0, len(found))
	for _, g := range found {
		if g.Count != 0 || slices.ContainsFunc(g.Sums, func(v int64) bool { return v != 0 }) {
			out = append(out, *g)
		}
	}
	slices.SortFunc(out, func(a, b Group) int { return slices.CompareFunc(a.Values, b.Values, cmp.Compare[uint32]) })
	return out
}
