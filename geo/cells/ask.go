package cells

import (
	"context"
	"runtime"
	"slices"
)

// Answer is what a question found.
type Answer struct {
	Position Position // the answer is true of everything up to here
	Total    Group
	Groups   [][]Group // one list per grouping of the question, by rising values, without empty groups
	Top      []Ranked
}

// Ranked is a row among the greatest.
type Ranked struct {
	Value int64
	Row   Row
}

// use is one segment's part in an answer: its rows count weight times, if they pass the test of time.
type use struct {
	*segment
	weight int64
	test   timeTest
	when   When
}

type timeTest uint8

const (
	always    timeTest = iota
	byThen             // changes true and known by then
	notByThen          // the others
)

func (u *use) counts(row uint32) bool {
	known := u.test == always || u.at[row] <= u.when.AsOf && u.recorded[row] <= u.when.KnownAt
	return known == (u.test != notByThen)
}

// uses returns the segments that make up the state of the world of when.
func (s *state) uses(when When) ([]use, error) {
	when = when.filled()
	if asked := min(when.AsOf, when.KnownAt); asked < s.begins {
		return nil, &BeforeHistory{asked, s.begins}
	}
	out := make([]use, 0, 1+len(s.deltas)+len(s.history))
	out = append(out, use{segment: s.base, weight: 1})
	for _, d := range s.deltas {
		switch {
		case d.last <= when.AsOf && d.lastRecorded <= when.KnownAt:
			out = append(out, use{d, 1, always, when})
		case d.first <= when.AsOf && d.firstRecorded <= when.KnownAt:
			out = append(out, use{d, 1, byThen, when})
		}
	}
	for _, h := range s.history {
		switch {
		case h.first > when.AsOf || h.firstRecorded > when.KnownAt:
			out = append(out, use{h, -1, always, when})
		case h.last > when.AsOf || h.lastRecorded > when.KnownAt:
			out = append(out, use{h, -1, notByThen, when})
		}
	}
	return out, nil
}

// grouped is how one grouping of a question is answered: from the sums of a table, or by reading rows.
type grouped struct {
	*tally
	keep   []int  // columns of the tally that the grouping asks for
	table  *table // nil if rows have to be read
	masked bool   // the filter is applied to the tally's groups
}

// plan finds for a grouping the smallest table that holds its columns and those the filter asks of.
func (l *layout) plan(g Grouping, pass []*[MaxValues]bool, maskable bool, codes []uint64) grouped {
	measures := len(l.schema.Measures)
	size := func(c Column) uint64 {
		if c.Reference {
			return codes[c.Number]
		}
		return uint64(l.schema.Dimensions[c.Number].Values)
	}
	var best *table
	if maskable {
		for i := range l.tables {
			t := &l.tables[i]
			holds := func(d int) bool { return t.a == d || t.b == d }
			fits := !slices.ContainsFunc(g, func(c Column) bool { return c.Reference || !holds(c.Number) })
			for d, p := range pass {
				fits = fits && (p == nil || holds(d))
			}
			if fits && (best == nil || t.na*t.nb < best.na*best.nb) {
				best = t
			}
		}
	}
	if best == nil {
		keep := make([]int, len(g))
		sizes := make([]uint64, len(g))
		for i, c := range g {
			keep[i], sizes[i] = i, size(c)
		}
		return grouped{tally: newTally(g, sizes, measures), keep: keep}
	}
	columns, sizes := []Column{D(best.a)}, []uint64{uint64(best.na)}
	if best.b >= 0 {
		columns, sizes = append(columns, D(best.b)), append(sizes, uint64(best.nb))
	}
	keep := make([]int, len(g))
	for i, c := range g {
		keep[i] = slices.Index(columns, c)
	}
	return grouped{tally: newTally(columns, sizes, measures), keep: keep, table: best, masked: true}
}

// Ask answers a question about the present or the past. It reads one state of the index throughout; its
// position is in the answer.
func (x *Index) Ask(ctx context.Context, q Question) (Answer, error) {
	s := x.state.Load()
	defer runtime.KeepAlive(s)
	l := x.layout
	if err := l.check(&q); err != nil {
		return Answer{}, err
	}
	filter, err := l.sieve(q.Filter)
	if err != nil {
		return Answer{}, err
	}
	uses, err := s.uses(q.When)
	if err != nil {
		return Answer{}, err
	}
	pass, maskable := filter.values(len(l.schema.Dimensions))
	plans := make([]grouped, 0, len(q.Groups)+1)
	for _, g := range append([]Grouping{{}}, q.Groups...) {
		plans = append(plans, l.plan(g, pass, maskable, s.codes[:]))
	}
	var top *topper
	if q.Top != nil {
		if top, err = l.topper(*q.Top, filter, uses); err != nil {
			return Answer{}, err
		}
	}
	w := walkers.Get().(*walker)
	defer walkers.Put(w)
	w.area = &q.Area
	for i := range uses {
		if err := ctx.Err(); err != nil {
			return Answer{}, err
		}
		u := &uses[i]
		found := w.find(u.segment)
		w.count(u, found, plans, filter)
		if top != nil {
			top.look(u, found)
		}
	}
	out := Answer{Position: s.position, Groups: make([][]Group, len(q.Groups))}
	for i, p := range plans {
		masks := pass
		if !p.masked {
			masks = nil
		}
		groups := p.groups(p.keep, masks)
		switch {
		case i > 0:
			out.Groups[i-1] = groups
		case len(groups) == 1:
			out.Total = groups[0]
		default:
			out.Total = Group{Values: []uint32{}, Sums: make([]int64, len(l.schema.Measures))}
		}
	}
	if top != nil {
		out.Top = top.sorted()
	}
	return out, nil
}

// count adds the rows found to the tallies. Tables take whole spans; where rows have to be read, each is read
// once for all tallies that need it.
func (w *walker) count(u *use, found *selection, plans []grouped, filter sieve) {
	read := false
	for i := range plans {
		p := &plans[i]
		if p.table == nil || u.test != always {
			read = true
			continue
		}
		for _, sp := range found.spans {
			p.addSpan(u.segment, sp, p.table, u.weight)
		}
		p.addRows(u.segment, found.rows, u.weight)
	}
	if !read {
		return
	}
	w.chunks(u, found, func(rows []uint32) {
		if u.test != always {
			for i := range plans {
				if plans[i].table != nil {
					plans[i].addRows(u.segment, rows, u.weight)
				}
			}
		}
		rows = filter.keep(&u.columns, rows)
		for i := range plans {
			if plans[i].table == nil {
				plans[i].addRows(u.segment, rows, u.weight)
			}
		}
	})
}

// chunks calls f with all rows found that pass the use's test of time, some at a time. f may change the slice.
func (w *walker) chunks(u *use, found *selection, f func(rows []uint32)) {
	buffer := w.buffer[:]
	emit := func(rows []uint32) {
		if u.test != always {
			kept := rows[:0]
			for _, row := range rows {
				if u.counts(row) {
					kept = append(kept, row)
				}
			}
			rows = kept
		}
		if len(rows) > 0 {
			f(rows)
		}
	}
	n := 0
	for _, sp := range found.spans {
		for row := uint32(sp.lo); row < uint32(sp.hi); {
			take := min(len(buffer)-n, int(uint32(sp.hi)-row))
			for i := range buffer[n : n+take] {
				buffer[n+i] = row + uint32(i)
			}
			n, row = n+take, row+uint32(take)
			if n == len(buffer) {
				emit(buffer)
				n = 0
			}
		}
	}
	emit(buffer[:n])
	for rows := found.rows; len(rows) > 0; {
		n := copy(buffer, rows)
		rows = rows[n:]
		emit(buffer[:n])
	}
}
