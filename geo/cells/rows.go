package cells

import (
	"cmp"
	"container/heap"
	"context"
	"runtime"
	"slices"
)

// Rows returns the rows behind a number: those in the area that pass the filter, by rising id, behind the place
// after, at most limit. Groups and Top of the question are left aside.
func (x *Index) Rows(ctx context.Context, q Question, after int64, limit int) ([]Row, Position, error) {
	if limit < 1 {
		return nil, Position{}, invalid("a limit of %d rows", limit)
	}
	s := x.state.Load()
	defer runtime.KeepAlive(s)
	first := greatestFirst{}
	err := x.walk(ctx, s, q, func(g *segment, row uint32) {
		id := g.id[row]
		if id <= after || len(first) == limit && id >= first[0].id {
			return
		}
		heap.Push(&first, candidate{id: id, segment: g, row: row})
		if len(first) > limit {
			heap.Pop(&first)
		}
	})
	if err != nil {
		return nil, Position{}, err
	}
	slices.SortFunc(first, func(a, b candidate) int { return cmp.Compare(a.id, b.id) })
	out := make([]Row, len(first))
	for i, c := range first {
		out[i] = c.segment.columns.row(int(c.row))
	}
	return out, s.position, nil
}

// Each calls f with every row in the area that passes the filter, in no particular order.
func (x *Index) Each(ctx context.Context, q Question, f func(Row)) (Position, error) {
	s := x.state.Load()
	defer runtime.KeepAlive(s)
	err := x.walk(ctx, s, q, func(g *segment, row uint32) { f(g.columns.row(int(row))) })
	return s.position, err
}

// walk calls f with every row of the answer to a question once.
func (x *Index) walk(ctx context.Context, s *state, q Question, f func(*segment, uint32)) error {
	filter, err := x.layout.sieve(q.Filter)
	if err != nil {
		return err
	}
	uses, err := s.uses(q.When)
	if err != nil {
		return err
	}
	w := walkers.Get().(*walker)
	defer walkers.Put(w)
	w.area = &q.Area
	// Changes come before the base, so that only places they touch need to be looked up for each row.
	given, touched := make(map[int64]bool), make(map[int64]bool)
	for i := len(uses) - 1; i >= 0; i-- {
		if err := ctx.Err(); err != nil {
			return err
		}
		u := &uses[i]
		w.chunks(u, w.find(u.segment), func(rows []uint32) {
			if u.sign != nil {
				for _, row := range rows {
					touched[u.id[row]] = true
				}
			}
			for _, row := range filter.keep(&u.columns, rows) {
				if u.sign == nil {
					if len(touched) == 0 || !touched[u.id[row]] || stands(uses, u, row) {
						f(u.segment, row)
					}
					continue
				}
				if id := u.id[row]; u.weight*int64(u.sign[row]) > 0 && !given[id] && stands(uses, u, row) {
					given[id] = true
					f(u.segment, row)
				}
			}
		})
	}
	return nil
}

// greatestFirst is a heap with the greatest id on top.
type greatestFirst []candidate

func (h greatestFirst) Len() int           { return len(h) }
func (h greatestFirst) Less(i, j int) bool { return h[i].id > h[j].id }
func (h greatestFirst) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push adds a candidate, for package heap.
func (h *greatestFirst) Push(v any) { *h = append(*h, v.(candidate)) }

// Pop takes the last candidate off, for package heap.
func (h *greatestFirst) Pop() any {
	old := *h
	v := old[len(old)-1]
	*h = old[:len(old)-1]
	return v
}

// CellSum is what stands in one H3 cell.
type CellSum struct {
	Cell  uint64
	Count int64
	Sums  []int64 // one per measure
}

// Cells returns counts and sums per H3 cell of a resolution no finer than Resolution, by rising cell, without
// empty cells. Groups and Top of the question are left aside.
func (x *Index) Cells(ctx context.Context, q Question, resolution int) ([]CellSum, Position, error) {
	if resolution < 0 || resolution > Resolution {
		return nil, Position{}, invalid("resolution %d lies outside 0..%d", resolution, Resolution)
	}
	s := x.state.Load()
	defer runtime.KeepAlive(s)
	filter, err := x.layout.sieve(q.Filter)
	if err != nil {
		return nil, Position{}, err
	}
	uses, err := s.uses(q.When)
	if err != nil {
		return nil, Position{}, err
	}
	found := make(map[uint64]*CellSum)
	cell := func(of uint64) *CellSum {
		of = Parent(of, resolution)
		c := found[of]
		if c == nil {
			c = &CellSum{Cell: of, Sums: make([]int64, len(x.layout.schema.Measures))}
			found[of] = c
		}
		return c
	}
	w := walkers.Get().(*walker)
	defer walkers.Put(w)
	w.area = &q.Area
	for i := range uses {
		if err := ctx.Err(); err != nil {
			return nil, Position{}, err
		}
		u := &uses[i]
		selected := w.find(u.segment)
		if len(filter) == 0 && u.test == always {
			for _, sp := range selected.spans {
				for lo := int(sp.lo); lo < int(sp.hi); {
					hi := u.endOfCell(lo, int(sp.hi), resolution)
					cell(u.cell[lo]).addRun(u.segment, lo, hi, u.weight)
					lo = hi
				}
			}
			for _, row := range selected.rows {
				cell(u.cell[row]).addRun(u.segment, int(row), int(row)+1, u.weight)
			}
			continue
		}
		w.chunks(u, selected, func(rows []uint32) {
			for _, row := range filter.keep(&u.columns, rows) {
				cell(u.cell[row]).addRun(u.segment, int(row), int(row)+1, u.weight)
			}
		})
	}
	out := make([]CellSum, 0, len(found))
	for _, c := range found {
		if c.Count != 0 || slices.ContainsFunc(c.Sums, func(v int64) bool { return v != 0 }) {
			out = append(out, *c)
		}
	}
	slices.SortFunc(out, func(a, b CellSum) int { return cmp.Compare(a.Cell, b.Cell) })
	return out, s.position, nil
}

// endOfCell returns the first row behind lo, but not behind hi, that lies in another cell of the resolution.
func (s *segment) endOfCell(lo, hi, resolution int) int {
	shift := digitShift(resolution)
	key := s.cell[lo] >> shift
	step := 1
	from := lo
	for to := lo + step; to < hi && s.cell[to]>>shift == key; to = from + step {
		from = to
		step *= 2
	}
	to := min(hi, from+step)
	for from++; from < to; {
		middle := (from + to) / 2
		if s.cell[middle]>>shift == key {
			from = middle + 1
		} else {
			to = middle
		}
	}
	return to
}

// addRun adds the rows from lo to hi, from the kept sums where whole blocks lie between.
func (c *CellSum) addRun(s *segment, lo, hi int, weight int64) {
	l := s.shape
	from, to := (lo+1<<l.shift-1)>>l.shift, hi>>l.shift
	if len(l.tables) > 0 && from < to {
		c.addRun(s, lo, from<<l.shift, weight)
		c.addRun(s, to<<l.shift, hi, weight)
		t := l.tables[0]
		for g := t.offset; g < t.offset+t.na*t.nb; g++ {
			c.Count += weight * int64(s.counts[to*l.groups+g]-s.counts[from*l.groups+g])
			for m := range c.Sums {
				measures := len(c.Sums)
				c.Sums[m] += weight * (s.sums[(to*measures+m)*l.groups+g] - s.sums[(from*measures+m)*l.groups+g])
			}
		}
		return
	}
	for row := lo; row < hi; row++ {
		w := weight
		if s.sign != nil {
			w *= int64(s.sign[row])
		}
		c.Count += w
		for m := range c.Sums {
			c.Sums[m] += w * s.measures[m][row]
		}
	}
}

// Moved is a place whose state differs between two instants. Before is nil if the place was not there, After if
// it no longer is. Was and Is tell whether it was and is asked for: in the area and through the filter.
type Moved struct {
	ID            int64
	Before, After *Row
	Was, Is       bool
}

// Changes returns the places that differ between two states of the world and were in the area and passed the
// filter in one of them at least, by rising id. The difference of any count or sum between the two is the sum
// over the states that are asked for less that over the states that were. When, Groups and Top of the question are left aside.
func (x *Index) Changes(ctx context.Context, q Question, from, to When) ([]Moved, Position, error) {
	s := x.state.Load()
	defer runtime.KeepAlive(s)
	filter, err := x.layout.sieve(q.Filter)
	if err != nil {
		return nil, Position{}, err
	}
	from, to = from.filled(), to.filled()
	for _, when := range []When{from, to} {
		if _, err := s.uses(when); err != nil {
			return nil, Position{}, err
		}
	}
	difference := func(g *segment, row uint32) int64 {
		d := int64(0)
		if g.at[row] <= to.AsOf && g.recorded[row] <= to.KnownAt {
			d++
		}
		if g.at[row] <= from.AsOf && g.recorded[row] <= from.KnownAt {
			d--
		}
		return d * int64(g.sign[row])
	}
	var between []*segment
	for _, g := range slices.Concat(s.history, s.deltas) {
		early := g.last <= min(from.AsOf, to.AsOf) && g.lastRecorded <= min(from.KnownAt, to.KnownAt)
		late := g.first > max(from.AsOf, to.AsOf) || g.firstRecorded > max(from.KnownAt, to.KnownAt)
		if !early && !late {
			between = append(between, g)
		}
	}
	w := walkers.Get().(*walker)
	defer walkers.Put(w)
	w.area = &q.Area
	touched := make(map[int64]bool)
	for _, g := range between {
		if err := ctx.Err(); err != nil {
			return nil, Position{}, err
		}
		w.chunks(&use{segment: g}, w.find(g), func(rows []uint32) {
			for _, row := range filter.keep(&g.columns, rows) {
				if difference(g, row) != 0 {
					touched[g.id[row]] = true
				}
			}
		})
	}
	ids := make([]int64, 0, len(touched))
	for id := range touched {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	var out []Moved
	for i, id := range ids {
		if i%4096 == 0 && ctx.Err() != nil {
			return nil, Position{}, ctx.Err()
		}
		if m, ok := moved(id, between, difference, func(g *segment, row uint32) bool {
			return q.Area.Holds(g.columns.row(int(row)).Point, g.cell[row]) && filter.passes(&g.columns, row)
		}); ok {
			out = append(out, m)
		}
	}
	return out, s.position, nil
}

// moved nets the changes of one place. It is not ok if the place is the same before and after, or asked for in
// neither state.
func moved(id int64, between []*segment, difference func(*segment, uint32) int64, asked func(*segment, uint32) bool) (Moved, bool) {
	type net struct {
		g   *segment
		row uint32
		by  int64
	}
	var nets []net
	for _, g := range between {
	rows:
		for _, row := range g.of(id) {
			d := difference(g, row)
			if d == 0 {
				continue
			}
			for i := range nets {
				if g.same(int(row), &nets[i].g.columns, int(nets[i].row)) {
					nets[i].by += d
					continue rows
				}
			}
			nets = append(nets, net{g, row, d})
		}
	}
	m := Moved{ID: id}
	for _, n := range nets {
		if n.by == 0 {
			continue
		}
		row := n.g.columns.row(int(n.row))
		if n.by > 0 {
			m.After, m.Is = &row, asked(n.g, n.row)
		} else {
			m.Before, m.Was = &row, asked(n.g, n.row)
		}
	}
	return m, m.Was || m.Is
}
