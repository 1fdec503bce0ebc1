package road

import "math"

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
