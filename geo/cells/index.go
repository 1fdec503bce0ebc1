package cells

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"sync"
	"sync/atomic"
)

// Index is the places and their history. Any number of questions run at once, beside one writer at a time; each
// sees one state, from before a write or from after it, never between.
type Index struct {
	layout *layout
	state  atomic.Pointer[state]

	writing    sync.Mutex // held while the next state is made
	compacting sync.Mutex // held by Compact, and by Load
}

// state is everything an answer is made of. It never changes.
type state struct {
	base     *segment   // the rows at some position
	deltas   []*segment // the changes since, oldest first
	frozen   int        // deltas being folded into the base: not to be merged with others
	history  []*segment // the changes folded into the base, apart and ascending in At
	begins   Instant    // changes before were folded in without being kept
	position Position
	codes    [MaxReferences]uint64 // one more than the greatest code of each reference
}

// New returns an empty index that knows all history from its first change on.
func New(schema Schema) (*Index, error) {
	if err := schema.check(); err != nil {
		return nil, err
	}
	x := &Index{layout: newLayout(schema)}
	x.state.Store(&state{base: x.layout.seal(newColumns(schema, 0, false)), begins: math.MinInt64})
	return x, nil
}

// Still returns an index that stays as this one is now, for questions that belong together.
func (x *Index) Still() *Index {
	out := &Index{layout: x.layout}
	out.state.Store(x.state.Load())
	return out
}

// Schema returns the columns of the index.
func (x *Index) Schema() Schema { return x.layout.schema }

// Position returns the position the index has followed its journal to.
func (x *Index) Position() Position { return x.state.Load().position }

// Stats tells the size of an index.
type Stats struct {
	Places     int // rows of the base
	Pending    int // changes not yet folded into the base
	History    int // changes folded in and kept
	Segments   int
	Bytes      int // of the base with its sums and tree
	AsideBytes int // of pending changes and history
	Begins     Instant
	Position   Position
}

// Stats tells the size of the index.
func (x *Index) Stats() Stats {
	s := x.state.Load()
	out := Stats{Places: s.base.len(), Bytes: s.base.bytes(), Segments: 1 + len(s.deltas) + len(s.history), Begins: s.begins, Position: s.position}
	for _, d := range s.deltas {
		out.Pending += d.len()
		out.AsideBytes += d.bytes()
	}
	for _, h := range s.history {
		out.History += h.len()
		out.AsideBytes += h.bytes()
	}
	return out
}

func (s *segment) bytes() int {
	n := s.len() * (8 + 8 + 8 + 8 + len(s.dimensions) + 4*len(s.references) + 8*len(s.measures))
	if s.sign != nil {
		n += s.len() * (1 + 8 + 8 + 4)
	}
	n += 4*len(s.counts) + 8*len(s.sums) + 32*len(s.nodes)
	for _, p := range s.peaks {
		n += 8 * len(p)
	}
	return n
}

// MaxRows is the most rows a segment holds.
const MaxRows = math.MaxInt32

// Load replaces everything by the rows, the state of the journal at a position. Of what was before it nothing is
// known: questions about instants before begins are refused. Rows that come sorted by cell load fastest.
func (x *Index) Load(rows iter.Seq2[Row, error], begins Instant, at Position) error {
	x.compacting.Lock()
	defer x.compacting.Unlock()
	c := newColumns(x.layout.schema, 0, false)
	for r, err := range rows {
		if err != nil {
			return err
		}
		if err := x.layout.schema.checkRow(&r); err != nil {
			return err
		}
		if c.len() == MaxRows {
			return fmt.Errorf("more than %d places", MaxRows)
		}
		c.add(&r)
	}
	c.clip()
	next := &state{base: x.layout.seal(c), begins: begins, position: at}
	next.noteCodes(next.base)
	x.writing.Lock()
	defer x.writing.Unlock()
	x.state.Store(next)
	return nil
}

// Remember adds to the history of changes whose outcome the loaded rows already hold, such as those an index that
// is built anew finds in its journal. Changes before the instant Load was given are left out.
func (x *Index) Remember(changes iter.Seq2[Change, error]) error {
	x.compacting.Lock()
	defer x.compacting.Unlock()
	c := newColumns(x.layout.schema, 0, true)
	take := func() {
		if c.len() == 0 {
			return
		}
		told := x.layout.seal(c)
		c = newColumns(x.layout.schema, 0, true)
		now := x.state.Load() // history is changed under compacting alone
		history := x.layout.remember(now.history, []*segment{told}, now.begins)
		x.writing.Lock()
		defer x.writing.Unlock()
		next := *x.state.Load()
		next.history = history
		next.noteCodes(told)
		x.state.Store(&next)
	}
	for h, err := range changes {
		if err != nil {
			return err
		}
		if err := x.layout.checkChange(&h); err != nil {
			return err
		}
		c.addChange(&h)
		if c.len() == 4*historyRows {
			take()
		}
	}
	take()
	return nil
}

// clip gives back what the columns have grown too far.
func (c *columns) clip() {
	c.cell, c.lon, c.lat, c.id = slices.Clone(c.cell), slices.Clone(c.lon), slices.Clone(c.lat), slices.Clone(c.id)
	for i := range c.dimensions {
		c.dimensions[i] = slices.Clone(c.dimensions[i])
	}
	for i := range c.references {
		c.references[i] = slices.Clone(c.references[i])
	}
	for i := range c.measures {
		c.measures[i] = slices.Clone(c.measures[i])
	}
}

func (s *state) noteCodes(g *segment) {
	for r := range g.references {
		if g.len() > 0 {
			s.codes[r] = max(s.codes[r], uint64(slices.Max(g.references[r]))+1)
		}
	}
}

// ErrPosition says that changes were applied at a position the index has already passed.
var ErrPosition = errors.New("the index already stands at this position of the journal, or behind it")

// Apply takes changes in that bring the index to a position of the journal behind the present one, all at once.
// The changes may tell of any instants in any order.
func (x *Index) Apply(to Position, changes []Change) error {
	for i := range changes {
		if err := x.layout.checkChange(&changes[i]); err != nil {
			return err
		}
	}
	x.writing.Lock()
	defer x.writing.Unlock()
	now := x.state.Load()
	if to.Compare(now.position) <= 0 {
		return ErrPosition
	}
	next := *now
	next.position = to
	if len(changes) > 0 {
		c := newColumns(x.layout.schema, len(changes), true)
		for i := range changes {
			c.addChange(&changes[i])
		}
		fresh := x.layout.seal(c)
		next.noteCodes(fresh)
		next.deltas = x.layout.merge(append(slices.Clone(now.deltas), fresh), now.frozen)
	}
	x.state.Store(&next)
	return nil
}

func (l *layout) checkChange(h *Change) error {
	if h.Sign != 1 && h.Sign != -1 {
		return &InvalidRow{h.ID, fmt.Sprintf("sign %d is neither 1 nor -1", h.Sign)}
	}
	return l.schema.checkRow(&h.Row)
}

// merge joins the last deltas while the one before is not much greater, so that each change is moved a few times
// and few segments remain. The first frozen ones stay.
func (l *layout) merge(deltas []*segment, frozen int) []*segment {
	from, rows := len(deltas)-1, deltas[len(deltas)-1].len()
	for from > frozen && deltas[from-1].len() <= 3*rows {
		from--
		rows += deltas[from].len()
	}
	if from == len(deltas)-1 {
		return deltas
	}
	c := newColumns(l.schema, rows, true)
	for _, d := range deltas[from:] {
		c.appendAll(&d.columns)
	}
	return append(deltas[:from], l.seal(c))
}
