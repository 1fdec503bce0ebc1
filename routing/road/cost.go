package road

import (
	"math"
	"sort"
)

// Cost is what a way costs: the weight that is minimised, the time and the length.
type Cost struct {
	Weight     uint32 // what the profile minimises, in tenths of a second
	Tenths     uint32 // tenths of a second
	Decimeters uint32
}

// never is the cost of a way that does not exist. Adding to it stays far from overflow.
var never = Cost{math.MaxUint32, math.MaxUint32, math.MaxUint32}

func (c Cost) plus(d Cost) Cost {
	return Cost{c.Weight + d.Weight, c.Tenths + d.Tenths, c.Decimeters + d.Decimeters}
}

func (c Cost) minus(d Cost) Cost {
	return Cost{c.Weight - d.Weight, c.Tenths - d.Tenths, c.Decimeters - d.Decimeters}
}

// less orders ways: by weight, then time, then length.
func (c Cost) less(d Cost) bool {
	switch {
	case c.Weight != d.Weight:
		return c.Weight < d.Weight
	case c.Tenths != d.Tenths:
		return c.Tenths < d.Tenths
	}
	return c.Decimeters < d.Decimeters
}

// smallCost is the cost of a hop in half the room. Hops that cost too much for it, such as ferries, have largeHop and
// are listed apart.
type smallCost struct{ weight, back, tenths, backTenths uint16 }

// largeCost is the cost of one hop that is no small one.
type largeCost struct {
	hop  uint32
	cost hopCost
}

var largeHop = smallCost{math.MaxUint16, math.MaxUint16, math.MaxUint16, math.MaxUint16}

// setCosts stores the costs of all hops.
func (a *arrays) setCosts(costs []hopCost) {
	a.smallCosts, a.largeCosts = make([]smallCost, len(costs)), nil
	for i, c := range costs {
		if max(c.weight, c.back, c.tenths, c.backTenths) >= math.MaxUint16 {
			a.smallCosts[i] = largeHop
			a.largeCosts = append(a.largeCosts, largeCost{uint32(i), c})
			continue
		}
		a.smallCosts[i] = smallCost{uint16(c.weight), uint16(c.back), uint16(c.tenths), uint16(c.backTenths)}
	}
}

// hopCost returns the cost of a hop.
func (a *arrays) hopCost(hop uint32) hopCost {
	c := a.smallCosts[hop]
	if c == largeHop {
		i := sort.Search(len(a.largeCosts), func(i int) bool { return a.largeCosts[i].hop >= hop })
		if i < len(a.largeCosts) {
			return a.largeCosts[i].cost
		}
	}
	return hopCost{uint32(c.weight), uint32(c.back), uint32(c.tenths), uint32(c.backTenths)}
}
