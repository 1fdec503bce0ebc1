package cells

import (
	"context"
	"fmt"
	"runtime"
	"slices"
)

// Inconsistent says that changes take a state of a place away that is not there: the journal and the index do
// not belong together, and the index must be loaded anew.
type Inconsistent struct{ ID int64 }

func (e *Inconsistent) Error() string {
	return fmt.Sprintf("a change takes a state of place %d away that it does not have", e.ID)
}

// Due tells whether so many changes are pending that Compact is worth its time.
func (x *Index) Due() bool {
	s := x.state.Load()
	pending := 0
	for _, d := range s.deltas {
		pending += d.len()
	}
	return pending > max(1<<16, s.base.len()/16)
}

// Compact folds pending changes into the base and keeps them as history. Answers stay the same. It reads and
// copies everything, beside questions and writes.
func (x *Index) Compact(ctx context.Context) error {
	x.compacting.Lock()
	defer x.compacting.Unlock()
	x.writing.Lock()
	before := x.state.Load()
	frozen := *before
	frozen.frozen = len(before.deltas)
	x.state.Store(&frozen)
	x.writing.Unlock()

	base, history, err := x.layout.fold(ctx, before)
	runtime.KeepAlive(before) // its columns may lie in a file that is mapped as long as it lives

	x.writing.Lock()
	defer x.writing.Unlock()
	next := *x.state.Load()
	next.frozen = 0
	if err == nil {
		next.base, next.history = base, history
		next.deltas = slices.Clone(next.deltas[len(before.deltas):])
	}
	x.state.Store(&next)
	return err
}

// edit is a place in the base where a row is left out or one of a delta is put in before it.
type edit struct {
	at   int // row of the base
	from *segment
	row  uint32 // of from, if from is not nil; else the row at is left out
}

func (l *layout) fold(ctx context.Context, s *state) (base *segment, history []*segment, err error) {
	if len(s.deltas) == 0 {
		return s.base, s.history, nil
	}
	edits, err := s.edits()
	if err != nil {
		return nil, nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	rows := s.base.len()
	for _, e := range edits {
		if e.from != nil {
			rows++
		} else {
			rows--
		}
	}
	c := newColumns(l.schema, rows, false)
	copied := 0
	for _, e := range edits {
		if e.at > copied {
			each(&c, &s.base.columns, func(dst, src column) { dst.appendRun(src, copied, e.at) })
		}
		copied = max(copied, e.at)
		if e.from == nil {
			copied = e.at + 1
			continue
		}
		r := e.from.columns.row(int(e.row))
		c.add(&r)
	}
	each(&c, &s.base.columns, func(dst, src column) { dst.appendRun(src, copied, s.base.len()) })
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	return l.seal(c), l.remember(s.history, s.deltas, s.begins), nil
}

// edits nets the pending changes against each other and finds the places of the rest in the base, ascending.
func (s *state) edits() ([]edit, error) {
	type ref struct {
		place place
		from  *segment
		row   uint32
	}
	var refs []ref
	for _, d := range s.deltas {
		for row := range d.len() {
			refs = append(refs, ref{d.place(row), d, uint32(row)})
		}
	}
	slices.SortFunc(refs, func(a, b ref) int { return a.place.compare(b.place) })
	var out []edit
	at := 0 // of the base; no row before it is at or behind the place
	for lo := 0; lo < len(refs); {
		hi := lo + 1
		for hi < len(refs) && refs[hi].place == refs[lo].place {
			hi++
		}
		at = s.base.reach(at, refs[lo].place)
		end := at
		for end < s.base.len() && s.base.place(end) == refs[lo].place {
			end++
		}
		left := make([]bool, end-at)
		done := make([]bool, hi-lo)
		for i, r := range refs[lo:hi] {
			if done[i] {
				continue
			}
			net := 0
			for j := i; j < hi-lo; j++ {
				if o := refs[lo+j]; !done[j] && r.from.same(int(r.row), &o.from.columns, int(o.row)) {
					done[j] = true
					net += int(o.from.sign[o.row])
				}
			}
			for ; net > 0; net-- {
				out = append(out, edit{at, r.from, r.row})
			}
			for k := at; k < end && net < 0; k++ {
				if !left[k-at] && s.base.same(k, &r.from.columns, int(r.row)) {
					left[k-at] = true
					net++
				}
			}
			if net < 0 {
				return nil, &Inconsistent{r.place.id}
			}
		}
		for k, gone := range left {
			if gone {
				out = append(out, edit{at: at + k})
			}
		}
		lo = hi
	}
	return out, nil
}

// reach returns the first row from lo on whose place is not before p.
func (s *segment) reach(lo int, p place) int {
	step := 1
	hi := lo
	for hi < s.len() && s.place(hi).compare(p) < 0 {
		lo = hi + 1
		hi += step
		step *= 2
	}
	hi = min(hi, s.len())
	for lo < hi {
		middle := (lo + hi) / 2
		if s.place(middle).compare(p) < 0 {
			lo = middle + 1
		} else {
			hi = middle
		}
	}
	return lo
}

// History is cut into segments by instant. Those wholly behind the instant asked for are subtracted by their
// sums, and only one has to be read. More segments make reading shorter and the walks along a border more.
const (
	historyRows     = 1 << 18 // least changes worth a segment of their own
	historySegments = 6
)

// remember adds changes to the history. Segments they do not touch stay as they are.
func (l *layout) remember(history, deltas []*segment, begins Instant) []*segment {
	total := 0
	for _, h := range history {
		total += h.len()
	}
	fresh := make([][]Change, max(1, len(history)))
	for _, d := range deltas {
		for row := range d.len() {
			h := d.change(row)
			if h.At < begins {
				continue
			}
			total++
			at := 0
			for at+1 < len(history) && history[at+1].first <= h.At {
				at++
			}
			fresh[at] = append(fresh[at], h)
		}
	}
	most := max(l.historyRows, total/historySegments)
	var out []*segment
	for i, add := range fresh {
		if len(add) == 0 {
			if i < len(history) {
				out = append(out, history[i])
			}
			continue
		}
		if i < len(history) && i == len(history)-1 && history[i].len() >= most && !slices.ContainsFunc(add, func(h Change) bool { return h.At <= history[i].last }) {
			out = append(out, history[i]) // full, and all is behind it
		} else if i < len(history) {
			for row := range history[i].len() {
				add = append(add, history[i].change(row))
			}
		}
		out = append(out, l.cut(add, most)...)
	}
	return l.join(out, most)
}

// cut seals changes in segments of at most most, keeping those of one instant together.
func (l *layout) cut(changes []Change, most int) []*segment {
	slices.SortStableFunc(changes, func(a, b Change) int {
		switch {
		case a.At < b.At:
			return -1
		case a.At > b.At:
			return 1
		}
		return 0
	})
	var out []*segment
	for len(changes) > 0 {
		n := len(changes)
		if n > most+most/2 {
			n = most
		}
		for n < len(changes) && changes[n].At == changes[n-1].At {
			n++
		}
		c := newColumns(l.schema, n, true)
		for i := range changes[:n] {
			c.addChange(&changes[i])
		}
		out = append(out, l.seal(c))
		changes = changes[n:]
	}
	return out
}

// join merges neighbours that together are no greater than a segment may be.
func (l *layout) join(history []*segment, most int) []*segment {
	var out []*segment
	for _, h := range history {
		if n := len(out); n > 0 && out[n-1].len()+h.len() <= most {
			c := newColumns(l.schema, out[n-1].len()+h.len(), true)
			c.appendAll(&out[n-1].columns)
			c.appendAll(&h.columns)
			out[n-1] = l.seal(c)
			continue
		}
		out = append(out, h)
	}
	return out
}
