// Package cells is an index of places in memory that answers what stands in any region at any instant: counts
// and sums by groups, the greatest rows, the rows themselves, and what changed, always equal to looking at every
// place one by one.
//
// The rows are columns sorted by H3 cell. Over them lies a tree of the occupied cells that keeps the real box of
// the points in each, so that a question descends only where the border of its region runs: cells the border
// does not touch are taken whole, from sums kept per block of rows; along the border every point is tested
// exactly. Changes arrive as signed rows (the old state of a place is taken away, the new one added) with the
// instant they are true from and the instant they were recorded, in small sealed segments beside the base. Past
// instants are the present less the changes since.
//
// The package knows no business, no database and no clock: dimensions, references and measures have numbers, and
// whoever feeds the index says at which position of which journal it stands.
package cells

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/paulmach/orb"
)

// Resolution is the H3 resolution of the cells places carry.
const Resolution = 10

// Limits of a Schema.
const (
	MaxDimensions = 16
	MaxReferences = 6
	MaxMeasures   = 6
	MaxValues     = 256 // of one dimension
)

// Schema says which columns the rows of an index have. It cannot change during the life of an index.
type Schema struct {
	Dimensions []Dimension
	References []string // such as owner or team: codes without a small bound
	Measures   []string // integers that are summed, such as a value in cents
	Ranks      []Rank   // what greatest rows are often asked for
}

// Dimension is a property with few values, 0 to Values-1, such as a stage. Groups by two of them are answered
// from sums prepared per block of rows.
type Dimension struct {
	Name   string
	Values int
}

// Rank prepares the question for the rows greatest in a measure, one value of a dimension at a time or all.
type Rank struct{ Measure, Dimension int }

func (s Schema) check() error {
	switch {
	case len(s.Dimensions) > MaxDimensions:
		return fmt.Errorf("%d dimensions are more than %d", len(s.Dimensions), MaxDimensions)
	case len(s.References) > MaxReferences:
		return fmt.Errorf("%d references are more than %d", len(s.References), MaxReferences)
	case len(s.Measures) > MaxMeasures:
		return fmt.Errorf("%d measures are more than %d", len(s.Measures), MaxMeasures)
	case len(s.Ranks) > MaxMeasures:
		return fmt.Errorf("%d ranks are more than %d", len(s.Ranks), MaxMeasures)
	}
	for _, d := range s.Dimensions {
		if d.Values < 1 || d.Values > MaxValues {
			return fmt.Errorf("dimension %q has %d values, not 1 to %d", d.Name, d.Values, MaxValues)
		}
	}
	for _, r := range s.Ranks {
		if r.Measure < 0 || r.Measure >= len(s.Measures) || r.Dimension < 0 || r.Dimension >= len(s.Dimensions) {
			return fmt.Errorf("rank of measure %d by dimension %d names a column there is not", r.Measure, r.Dimension)
		}
	}
	return nil
}

// equal tells whether both have the same columns; a file written with another schema cannot be read.
func (s Schema) equal(o Schema) bool {
	return slices.Equal(s.Dimensions, o.Dimensions) && slices.Equal(s.References, o.References) &&
		slices.Equal(s.Measures, o.Measures) && slices.Equal(s.Ranks, o.Ranks)
}

// Row is one state of one place.
type Row struct {
	ID         int64     // number of the place; at one instant a place has one state at most
	Point      orb.Point // longitude, latitude
	Cell       uint64    // the H3 cell of the point at Resolution
	Dimensions [MaxDimensions]uint8
	References [MaxReferences]uint32
	Measures   [MaxMeasures]int64
}

// InvalidRow says which row cannot be taken into an index, and why.
type InvalidRow struct {
	ID     int64
	Reason string
}

func (e *InvalidRow) Error() string { return fmt.Sprintf("place %d: %s", e.ID, e.Reason) }

func (s Schema) checkRow(r *Row) error {
	x, y := r.Point[0], r.Point[1]
	if !(x >= -180 && x <= 180 && y >= -90 && y <= 90) {
		return &InvalidRow{r.ID, fmt.Sprintf("point %g,%g is no place on earth", x, y)}
	}
	if r.Cell>>59 != 1 || r.Cell>>52&15 != Resolution {
		return &InvalidRow{r.ID, fmt.Sprintf("%x is no cell of resolution %d", r.Cell, Resolution)}
	}
	for i, d := range s.Dimensions {
		if int(r.Dimensions[i]) >= d.Values {
			return &InvalidRow{r.ID, fmt.Sprintf("%s has no value %d", d.Name, r.Dimensions[i])}
		}
	}
	return nil
}

// Instant is a point in time as microseconds since 1970 in UTC, the grain of PostgreSQL.
type Instant int64

// InstantOf returns the instant of t, cut to microseconds.
func InstantOf(t time.Time) Instant { return Instant(t.UnixMicro()) }

// Time returns the instant as a time in UTC.
func (i Instant) Time() time.Time { return time.UnixMicro(int64(i)).UTC() }

// Ever is later than every instant: the state with all that is known.
const Ever Instant = math.MaxInt64

// Change adds a state of a place or takes one away. A place that changes from one state to another is two
// changes, minus the old and plus the new, with the same instants.
type Change struct {
	Row
	Sign     int8    // +1 adds the row, -1 takes it away
	At       Instant // true in the world from then on
	Recorded Instant // when we learned of it
}

// Position is a place in the journal an index follows: everything up to it is in, nothing behind it.
type Position struct{ Transaction, Sequence uint64 }

// Compare is negative, zero or positive as p lies before, at or behind o.
func (p Position) Compare(o Position) int {
	switch {
	case p.Transaction < o.Transaction:
		return -1
	case p.Transaction > o.Transaction:
		return 1
	case p.Sequence < o.Sequence:
		return -1
	case p.Sequence > o.Sequence:
		return 1
	}
	return 0
}
