package region

import (
	"context"
	"time"

	"catchment/geo/cells"
)

// Difference is how the number of places in an area came from one instant to another. From less Out plus In is To;
// Within changed but stayed.
type Difference struct {
	Position cells.Position
	From, To int64
	Out      []Reason // places that were asked for and no longer are
	In       []Reason // places that are asked for and were not
	Within   []Reason
}

// Reason is why places changed sides, or changed.
type Reason struct {
	Name  string
	Count int64
}

// The reasons in the order in which they are looked for and told; a place counts for the first that fits.
const (
	reasonNew       = "new"       // the place was not known before
	reasonGone      = "gone"      // it no longer is
	reasonMovedIn   = "moved_in"  // its point has moved into the area
	reasonMovedOut  = "moved_out" // or out of it
	reasonWon       = "won"       // has become a customer, or one again
	reasonLost      = "lost"      // has been lost
	reasonStage     = "stage"     // another change of stage
	reasonRealigned = "realigned" // another owner or team
	reasonRelocated = "relocated" // its point was corrected, on the same side of the border
	reasonOther     = "other"     // a change of another property
)

var reasons = []string{reasonNew, reasonGone, reasonMovedIn, reasonMovedOut, reasonWon, reasonLost, reasonStage, reasonRealigned, reasonRelocated, reasonOther}

// Difference tells what changed in an area between two instants; a zero instant is now. Instants and groupings of
// the question are left aside.
func (r *Regions) Difference(ctx context.Context, q Question, from, to time.Time) (Difference, error) {
	q.AsOf = from // so that the scope is that of a question about the past
	if from.IsZero() {
		q.AsOf = to
	}
	x, asked, err := r.prepare(ctx, q)
	if err != nil {
		return Difference{}, err
	}
	when := func(t time.Time) cells.When {
		if t.IsZero() {
			return cells.When{}
		}
		return cells.When{AsOf: cells.InstantOf(t)}
	}
	moved, at, err := x.Changes(ctx, asked, when(from), when(to))
	if err != nil {
		return Difference{}, plain(err)
	}
	asked.When = when(from)
	before, err := x.Ask(ctx, asked)
	if err != nil {
		return Difference{}, plain(err)
	}
	out := Difference{Position: at, From: before.Total.Count}
	counts := map[bool]map[bool]map[string]int64{false: {true: {}}, true: {false: {}, true: {}}}
	for i := range moved {
		m := &moved[i]
		counts[m.Was][m.Is][reasonOf(asked.Area, m)]++
	}
	ordered := func(by map[string]int64) (list []Reason, sum int64) {
		for _, name := range reasons {
			if n := by[name]; n > 0 {
				list = append(list, Reason{name, n})
				sum += n
			}
		}
		return list, sum
	}
	var left, came int64
	out.Out, left = ordered(counts[true][false])
	out.In, came = ordered(counts[false][true])
	out.Within, _ = ordered(counts[true][true])
	out.To = out.From - left + came
	return out, nil
}

func reasonOf(area cells.Area, m *cells.Moved) string {
	if m.Before == nil {
		return reasonNew
	}
	if m.After == nil {
		return reasonGone
	}
	was, is := area.Holds(m.Before.Point, m.Before.Cell), area.Holds(m.After.Point, m.After.Cell)
	before, after := stage(m.Before), stage(m.After)
	switch {
	case is && !was:
		return reasonMovedIn
	case was && !is:
		return reasonMovedOut
	case before != after && (after == "customer" || after == "won_back"):
		return reasonWon
	case before != after && after == "lost":
		return reasonLost
	case before != after:
		return reasonStage
	case m.Before.References != m.After.References:
		return reasonRealigned
	case m.Before.Point != m.After.Point:
		return reasonRelocated
	}
	return reasonOther
}

func stage(r *cells.Row) string {
	if v := r.Dimensions[stageDimension]; v > 0 {
		return Dimensions[stageDimension].Values[v-1]
	}
	return ""
}
