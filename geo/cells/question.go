package cells

import (
	"fmt"
	"math"
)

// Question asks for the places in an area.
type Question struct {
	Area   Area
	Filter Filter
	Groups []Grouping
	Top    *Top
	When   When
}

// When says of which state of the world a question asks. The zero When is the present with all that is known.
type When struct {
	AsOf    Instant // what was true then; zero means Ever
	KnownAt Instant // as far as it had been recorded by then; zero means Ever
}

func (w When) filled() When {
	if w.AsOf == 0 {
		w.AsOf = Ever
	}
	if w.KnownAt == 0 {
		w.KnownAt = Ever
	}
	return w
}

// Grouping asks for counts and sums by up to two columns.
type Grouping []Column

// Column is a column to group by or to filter on: a dimension by its number, or a reference.
type Column struct {
	Number    int
	Reference bool
}

// D is the dimension of that number as a Column, R the reference.
func D(number int) Column { return Column{Number: number} }

// R is the reference of that number as a Column.
func R(number int) Column { return Column{Number: number, Reference: true} }

// Top asks for the rows greatest in a measure; among equals the smaller id comes first.
type Top struct {
	Measure int
	Count   int
	Filter  Filter // besides that of the question
}

// Filter lets a row through if every clause does; the empty filter lets all through.
type Filter []Clause

// Clause lets a row through if any of its terms does. The empty clause lets none through.
type Clause []Term

// Term is one condition on a row.
type Term interface {
	prepare(*layout) (condition, error)
}

// In lets rows through whose column has one of the values.
type In struct {
	Column Column
	Values []uint32
}

// Between lets rows through whose measure is at least Low and at most High.
type Between struct {
	Measure   int
	Low, High int64
}

// Places lets the rows of some places through.
type Places []int64

// InvalidQuestion says what is wrong with a question.
type InvalidQuestion struct{ Reason string }

func (e *InvalidQuestion) Error() string { return e.Reason }

func invalid(format string, args ...any) error { return &InvalidQuestion{fmt.Sprintf(format, args...)} }

// BeforeHistory says that a question asks for an instant before the first an index knows the history of.
type BeforeHistory struct{ Asked, Begins Instant }

func (e *BeforeHistory) Error() string {
	return fmt.Sprintf("history begins at %s, %s lies before it", e.Begins.Time(), e.Asked.Time())
}

// MaxTop is the most rows a Top may ask for.
const MaxTop = 10_000

func (l *layout) check(q *Question) error {
	for _, g := range q.Groups {
		if len(g) > 2 {
			return invalid("a grouping has %d columns, more than two", len(g))
		}
		for _, c := range g {
			if err := l.checkColumn(c); err != nil {
				return err
			}
		}
	}
	if t := q.Top; t != nil {
		if t.Measure < 0 || t.Measure >= len(l.schema.Measures) {
			return invalid("there is no measure %d", t.Measure)
		}
		if t.Count < 1 || t.Count > MaxTop {
			return invalid("the greatest %d rows are not 1 to %d", t.Count, MaxTop)
		}
	}
	return nil
}

func (l *layout) checkColumn(c Column) error {
	if c.Reference {
		if c.Number < 0 || c.Number >= len(l.schema.References) {
			return invalid("there is no reference %d", c.Number)
		}
	} else if c.Number < 0 || c.Number >= len(l.schema.Dimensions) {
		return invalid("there is no dimension %d", c.Number)
	}
	return nil
}

// condition is a Term ready for use: keep returns those of the rows it lets through, in their order, appended to
// out, which may share its array with rows.
type condition interface {
	keep(c *columns, rows, out []uint32) []uint32
	passes(c *columns, row uint32) bool
}

type valueSet struct {
	dimension int
	has       [MaxValues]bool
}

type codeSet struct {
	reference int
	has       map[uint32]bool
}

type placeSet map[int64]bool

func (t In) prepare(l *layout) (condition, error) {
	if err := l.checkColumn(t.Column); err != nil {
		return nil, err
	}
	if t.Column.Reference {
		s := codeSet{t.Column.Number, make(map[uint32]bool, len(t.Values))}
		for _, v := range t.Values {
			s.has[v] = true
		}
		return s, nil
	}
	s := &valueSet{dimension: t.Column.Number}
	for _, v := range t.Values {
		if int(v) >= l.schema.Dimensions[t.Column.Number].Values {
			return nil, invalid("%s has no value %d", l.schema.Dimensions[t.Column.Number].Name, v)
		}
		s.has[v] = true
	}
	return s, nil
}

func (t Between) prepare(l *layout) (condition, error) {
	if t.Measure < 0 || t.Measure >= len(l.schema.Measures) {
		return nil, invalid("there is no measure %d", t.Measure)
	}
	return t, nil
}

func (t Places) prepare(*layout) (condition, error) {
	s := make(placeSet, len(t))
	for _, id := range t {
		s[id] = true
	}
	return s, nil
}

func (s *valueSet) passes(c *columns, row uint32) bool { return s.has[c.dimensions[s.dimension][row]] }

func (s *valueSet) keep(c *columns, rows, out []uint32) []uint32 {
	column := c.dimensions[s.dimension]
	for _, row := range rows {
		if s.has[column[row]] {
			out = append(out, row)
		}
	}
	return out
}

func (s codeSet) passes(c *columns, row uint32) bool { return s.has[c.references[s.reference][row]] }

func (s codeSet) keep(c *columns, rows, out []uint32) []uint32 {
	column := c.references[s.reference]
	last, passes := uint32(math.MaxUint32), s.has[math.MaxUint32]
	for _, row := range rows {
		if v := column[row]; v != last {
			last, passes = v, s.has[v]
		}
		if passes {
			out = append(out, row)
		}
	}
	return out
}

func (t Between) passes(c *columns, row uint32) bool {
	v := c.measures[t.Measure][row]
	return v >= t.Low && v <= t.High
}

func (t Between) keep(c *columns, rows, out []uint32) []uint32 {
	column := c.measures[t.Measure]
	for _, row := range rows {
		if v := column[row]; v >= t.Low && v <= t.High {
			out = append(out, row)
		}
	}
	return out
}

func (s placeSet) passes(c *columns, row uint32) bool { return s[c.id[row]] }

func (s placeSet) keep(c *columns, rows, out []uint32) []uint32 {
	for _, row := range rows {
		if s[c.id[row]] {
			out = append(out, row)
		}
	}
	return out
}

// sieve is a Filter ready for use.
type sieve [][]condition

func (l *layout) sieve(f Filter) (sieve, error) {
	out := make(sieve, 0, len(f))
	for _, clause := range f {
		conditions := make([]condition, 0, len(clause))
		for _, term := range clause {
			if term == nil {
				return nil, invalid("a filter has a missing term")
			}
			c, err := term.prepare(l)
			if err != nil {
				return nil, err
			}
			conditions = append(conditions, c)
		}
		out = append(out, conditions)
	}
	return out, nil
}

func (s sieve) passes(c *columns, row uint32) bool {
	for _, clause := range s {
		any := false
		for _, condition := range clause {
			if condition.passes(c, row) {
				any = true
				break
			}
		}
		if !any {
			return false
		}
	}
	return true
}

// keep returns those of the rows that pass, in place.
func (s sieve) keep(c *columns, rows []uint32) []uint32 {
	for _, clause := range s {
		if len(clause) == 1 {
			rows = clause[0].keep(c, rows, rows[:0])
			continue
		}
		kept := rows[:0]
		for _, row := range rows {
			for _, condition := range clause {
				if condition.passes(c, row) {
					kept = append(kept, row)
					break
				}
			}
		}
		rows = kept
	}
	return rows
}

// values returns, if the filter asks of dimensions only and each clause of one, which values of each dimension
// pass; a dimension not asked of is nil.
func (s sieve) values(dimensions int) (pass []*[MaxValues]bool, ok bool) {
	pass = make([]*[MaxValues]bool, dimensions)
	for _, clause := range s {
		union := (*valueSet)(nil)
		for _, condition := range clause {
			v, is := condition.(*valueSet)
			switch {
			case !is || union != nil && union.dimension != v.dimension:
				return nil, false
			case union == nil:
				copied := *v
				union = &copied
			default:
				for i := range union.has {
					union.has[i] = union.has[i] || v.has[i]
				}
			}
		}
		if union == nil {
			return nil, false
		}
		if had := pass[union.dimension]; had != nil {
			for i := range union.has {
				union.has[i] = union.has[i] && had[i]
			}
		}
		pass[union.dimension] = &union.has
	}
	return pass, true
}
