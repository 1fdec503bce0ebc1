package carve

import (
	"fmt"
	"math"

	"github.com/paulmach/orb"
)

// Objective says what compact means: what is summed over all units, each weighted with its Pull, and made small.
type Objective string

const (
	Inertia  Objective = "inertia"  // kilometres to the centre, squared (Hess and others 1965)
	Distance Objective = "distance" // kilometres to the centre
	Minutes  Objective = "minutes"  // minutes from the centre, from Problem.Travel
)

// None stands where no territory is meant, in Problem.Owner, Problem.Locked and Plan.Of.
const None int32 = -1

// Problem is an area to divide.
type Problem struct {
	// At holds where each unit lies: longitude, latitude on WGS 84, or x, y in any one unit of length if Plane.
	At    []orb.Point
	Plane bool

	// Measures are what shall be balanced; at least one.
	Measures []Measure

	// Pull weighs each unit in the objective; without it the first measure does for inertia and minutes, and every
	// unit counts the same for distance.
	Pull []float64

	// Edges say which units touch. A territory must hang together by them.
	Edges []Edge

	// Loose lets territories lie in several pieces; Edges then only tell where borders may move.
	Loose bool

	// Territories are what is to be formed, at least one.
	Territories []Territory

	Objective Objective

	// Travel answers for the minutes between units, or between a base and a unit; only read if the objective is minutes.
	Travel *Table

	// Owner, if set, is the territory each unit belongs to today, or None. A unit that changes its owner costs
	// ChangePrice for each unit of its first measure, in units of the objective.
	Owner       []int32
	ChangePrice float64

	// Locked, if set, is the territory a unit must stay in, or None.
	Locked []int32

	// Together lists units that must share a territory.
	Together [][]int32
}

// Measure is something that territories shall have alike.
type Measure struct {
	Name string
	Of   []float64 // of each unit, never negative

	// Tolerance is how far a territory may be from its share of the sum, as a part of that share. If Max is set, Min
	// and Max count instead.
	Tolerance float64
	Min, Max  float64
}

// Edge says that units A and B touch.
type Edge struct{ A, B int32 }

// Territory is one to be formed.
type Territory struct {
	Name string

	// Base is where its work starts. A fixed base is the centre the objective is measured from; without one the
	// best of the territory's units is.
	Base  orb.Point
	Fixed bool

	// Share is its part of the whole in proportion to the others'; 1 if zero.
	Share float64
}

// InputError says what of a problem cannot be right.
type InputError struct {
	Field   string // such as "edges[3].a"
	Message string
}

func (e *InputError) Error() string { return e.Field + ": " + e.Message }

func wrong(field, format string, args ...any) error {
	return &InputError{Field: field, Message: fmt.Sprintf(format, args...)}
}

// Validate says the first thing that cannot be right.
func (p *Problem) Validate() error {
	n, k := len(p.At), len(p.Territories)
	switch {
	case n == 0:
		return wrong("units", "there are none")
	case n > math.MaxInt32/8:
		return wrong("units", "%d are too many", n)
	case k == 0:
		return wrong("territories", "there are none")
	case k > n:
		return wrong("territories", "%d of them cannot share %d units", k, n)
	case len(p.Measures) == 0:
		return wrong("measures", "there are none")
	}
	for i, at := range p.At {
		if err := p.checkPoint(at); err != "" {
			return wrong(fmt.Sprintf("units[%d].at", i), "%s", err)
		}
	}
	for i := range p.Measures {
		if err := p.checkMeasure(i); err != nil {
			return err
		}
	}
	if p.Pull != nil {
		if err := checkColumn("pull", p.Pull, n); err != nil {
			return err
		}
	}
	for i, e := range p.Edges {
		for _, end := range []int32{e.A, e.B} {
			if end < 0 || int(end) >= n {
				return wrong(fmt.Sprintf("edges[%d]", i), "unit %d is not one of the %d", end, n)
			}
		}
	}
	for j, t := range p.Territories {
		field := fmt.Sprintf("territories[%d]", j)
		if t.Share < 0 || !finite(t.Share) {
			return wrong(field+".share", "%v is not a share", t.Share)
		}
		if t.Fixed {
			if err := p.checkPoint(t.Base); err != "" {
				return wrong(field+".base", "%s", err)
			}
		}
	}
	switch p.Objective {
	case Inertia, Distance:
	case Minutes:
		if p.Travel == nil {
			return wrong("travel", "minutes are asked for and none are given")
		}
		if err := p.Travel.validate(n, k); err != nil {
			return err
		}
	default:
		return wrong("objective", "%q is none of inertia, distance and minutes", string(p.Objective))
	}
	if p.ChangePrice < 0 || !finite(p.ChangePrice) {
		return wrong("change_price", "%v is not a price", p.ChangePrice)
	}
	if err := checkTerritories("owner", p.Owner, n, k); err != nil {
		return err
	}
	if err := checkTerritories("locked", p.Locked, n, k); err != nil {
		return err
	}
	return p.checkTogether()
}

func (p *Problem) checkPoint(at orb.Point) string {
	switch {
	case !finite(at[0]) || !finite(at[1]):
		return "not a number"
	case !p.Plane && (math.Abs(at[0]) > 180 || math.Abs(at[1]) > 90):
		return fmt.Sprintf("%v, %v is no longitude and latitude", at[0], at[1])
	}
	return ""
}

func (p *Problem) checkMeasure(i int) error {
	m := &p.Measures[i]
	field := fmt.Sprintf("measures[%d]", i)
	if m.Name != "" {
		field = "measure " + m.Name
	}
	if err := checkColumn(field, m.Of, len(p.At)); err != nil {
		return err
	}
	switch {
	case !finite(m.Min) || !finite(m.Max) || !finite(m.Tolerance):
		return wrong(field, "a bound is not a number")
	case m.Max != 0 && m.Min > m.Max:
		return wrong(field, "at least %v and at most %v cannot both hold", m.Min, m.Max)
	case m.Max < 0 || m.Min < 0:
		return wrong(field, "a bound is negative")
	case m.Max == 0 && m.Min > 0:
		return wrong(field, "at least %v needs an upper bound too", m.Min)
	case m.Max == 0 && (m.Tolerance <= 0):
		return wrong(field, "a tolerance must be above zero")
	}
	return nil
}

func (p *Problem) checkTogether() error {
	seen := map[int32]int{}
	for g, group := range p.Together {
		lock := None
		for _, u := range group {
			if u < 0 || int(u) >= len(p.At) {
				return wrong(fmt.Sprintf("together[%d]", g), "unit %d is not one of the %d", u, len(p.At))
			}
			if other, twice := seen[u]; twice {
				return wrong(fmt.Sprintf("together[%d]", g), "unit %d is already in group %d", u, other)
			}
			seen[u] = g
			if p.Locked == nil || p.Locked[u] == None {
				continue
			}
			if lock != None && lock != p.Locked[u] {
				return wrong(fmt.Sprintf("together[%d]", g), "its units are locked to territories %d and %d", lock, p.Locked[u])
			}
			lock = p.Locked[u]
		}
	}
	return nil
}

func checkColumn(field string, column []float64, n int) error {
	if len(column) != n {
		return wrong(field, "%d values for %d units", len(column), n)
	}
	for i, v := range column {
		if v < 0 || !finite(v) {
			return wrong(fmt.Sprintf("%s[%d]", field, i), "%v is not a weight", v)
		}
	}
	return nil
}

func checkTerritories(field string, column []int32, n, k int) error {
	if column == nil {
		return nil
	}
	if len(column) != n {
		return wrong(field, "%d values for %d units", len(column), n)
	}
	for i, j := range column {
		if j < None || int(j) >= k {
			return wrong(fmt.Sprintf("%s[%d]", field, i), "territory %d is not one of the %d", j, k)
		}
	}
	return nil
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// bounds of a measure for each territory.
func (p *Problem) bounds(m *Measure) (share, lo, hi []float64) {
	k := len(p.Territories)
	share, lo, hi = make([]float64, k), make([]float64, k), make([]float64, k)
	var parts, whole float64
	for _, t := range p.Territories {
		parts += t.share()
	}
	for _, v := range m.Of {
		whole += v
	}
	for j, t := range p.Territories {
		share[j] = whole * t.share() / parts
		if m.Max > 0 {
			lo[j], hi[j] = m.Min, m.Max
		} else {
			lo[j], hi[j] = share[j]*(1-m.Tolerance), share[j]*(1+m.Tolerance)
		}
	}
	return share, lo, hi
}

func (t *Territory) share() float64 {
	if t.Share == 0 {
		return 1
	}
	return t.Share
}
