package carve

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// Table holds minutes from centres to units, as many pairs as are known. The centre of a free territory is a unit,
// that of a fixed base is its territory.
type Table struct {
	fromUnit map[int32][]Leg
	fromBase map[int32][]Leg
}

// Leg is the way to a unit.
type Leg struct {
	To      int32
	Minutes float32
}

// FromUnit adds the ways from a unit as a centre.
func (t *Table) FromUnit(unit int32, legs ...Leg) {
	if t.fromUnit == nil {
		t.fromUnit = map[int32][]Leg{}
	}
	t.fromUnit[unit] = append(t.fromUnit[unit], legs...)
}

// FromBase adds the ways from the fixed base of a territory.
func (t *Table) FromBase(territory int32, legs ...Leg) {
	if t.fromBase == nil {
		t.fromBase = map[int32][]Leg{}
	}
	t.fromBase[territory] = append(t.fromBase[territory], legs...)
}

func (t *Table) validate(units, territories int) error {
	for _, side := range []struct {
		name  string
		rows  map[int32][]Leg
		count int
	}{{"unit", t.fromUnit, units}, {"base", t.fromBase, territories}} {
		for _, from := range sortedKeys(side.rows) {
			field := fmt.Sprintf("travel from %s %d", side.name, from)
			if from < 0 || int(from) >= side.count {
				return wrong(field, "there are %d", side.count)
			}
			for _, leg := range side.rows[from] {
				if leg.To < 0 || int(leg.To) >= units {
					return wrong(field, "unit %d is not one of the %d", leg.To, units)
				}
				if !(leg.Minutes >= 0) || math.IsInf(float64(leg.Minutes), 0) {
					return wrong(field, "%v to unit %d are not minutes", leg.Minutes, leg.To)
				}
			}
		}
	}
	return nil
}

func sortedKeys[V any](m map[int32]V) []int32 {
	keys := make([]int32, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, cmp.Compare[int32])
	return keys
}

// minutes returns what Check counts for the way to a unit: from a unit as a centre, or from the base of a territory.
func (t *Table) minutes(p *Problem, centre, territory int32, from orb.Point) func(unit int32) float64 {
	legs := t.fromBase[territory]
	if centre != None {
		legs = t.fromUnit[centre]
	}
	known := make(map[int32]float64, len(legs))
	for _, leg := range legs {
		known[leg.To] = float64(leg.Minutes)
	}
	worst, slow := t.scale(p)
	return func(unit int32) float64 {
		if m, ok := known[unit]; ok {
			return m
		}
		return worst + slow*p.Between(from, p.At[unit])
	}
}

// scale returns the longest way known and the minutes a kilometre of a slow one: nine in ten are faster.
func (t *Table) scale(p *Problem) (worst, slow float64) {
	var pace []float64
	note := func(from orb.Point, legs []Leg) {
		for _, leg := range legs {
			worst = math.Max(worst, float64(leg.Minutes))
			if d := p.Between(from, p.At[leg.To]); d > 0 && len(pace) < 1_000_000 {
				pace = append(pace, float64(leg.Minutes)/d)
			}
		}
	}
	for _, u := range sortedKeys(t.fromUnit) {
		note(p.At[u], t.fromUnit[u])
	}
	for _, j := range sortedKeys(t.fromBase) {
		note(p.Territories[j].Base, t.fromBase[j])
	}
	if len(pace) == 0 {
		return worst, 1
	}
	slices.Sort(pace)
	return worst, pace[len(pace)*9/10]
}
