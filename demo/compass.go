package demo

import (
	"slices"

	"github.com/paulmach/orb"
)

// side is the part of the region a place lies in, as seen from its middle. The company fares differently in each.
type side int

// Sides of the region.
const (
	north side = iota // grows: many new customers, more orders from month to month
	east              // heats with oil; boilers are old
	south             // shrinks: customers leave, to one competitor
	west              // heat pumps and solar roofs
)

// compass tells sides apart.
type compass struct{ middle, half orb.Point }

// newCompass lies in the middle of what is where most places are: half of them within half in each direction.
func newCompass(places []place) compass {
	n := min(len(places), 240) // of every company, however many accounts it has
	lon, lat := make([]float64, n), make([]float64, n)
	for i, p := range places[:n] {
		lon[i], lat[i] = p.At[0], p.At[1]
	}
	slices.Sort(lon)
	slices.Sort(lat)
	spread := func(v []float64) float64 { return max(v[3*n/4]-v[n/4], 1e-6) }
	return compass{middle: orb.Point{lon[n/2], lat[n/2]}, half: orb.Point{spread(lon), spread(lat)}}
}

func (c compass) side(at orb.Point) side {
	x, y := (at[0]-c.middle[0])/c.half[0], (at[1]-c.middle[1])/c.half[1]
	switch {
	case y >= max(x, -x):
		return north
	case y <= min(x, -x):
		return south
	case x > 0:
		return east
	}
	return west
}
