package osrm

import (
	"math"

	"catchment/routing/road"
)

// exactTrip is the most places whose best order is found by looking at all (Held & Karp 1962); longer trips are
// built by farthest insertion and then improved.
const exactTrip = 12

func (a *answer) trip() error {
	places, err := a.snap()
	if err != nil {
		return err
	}
	costs, err := a.g.Costs(a.ctx, places, places)
	if err != nil {
		return err
	}
	n := len(places)
	tenths := make([]float64, n*n)
	for i, c := range costs {
		if !c.Exists() {
			return problem("NoTrips", "No trip visiting all destinations possible.")
		}
		tenths[i] = float64(c.Tenths)
	}
	t := tour{n, tenths, a.r.Roundtrip, a.r.FirstFixed || a.r.Roundtrip && !a.r.LastFixed, a.r.LastFixed}
	order := t.best()
	stops := pick(places, order)
	if a.r.Roundtrip {
		stops = append(stops, stops[0])
	}
	var ways []*road.Way
	if len(stops) > 1 {
		if ways, err = a.g.Journey(a.ctx, stops, false); err != nil {
			return err
		}
	}
	if ways == nil {
		return problem("NoTrips", "No trip visiting all destinations possible.")
	}
	at := make([]int, n)
	for i, p := range order {
		at[p] = i
	}
	a.w.object(func() {
		a.ok()
		a.w.key("trips")
		a.w.list(func() {
			legs := make([][]*road.Way, len(ways))
			for i, w := range ways {
				legs[i] = []*road.Way{w}
			}
			a.journey(legs, nil)
		})
		if !a.r.SkipWaypoints {
			a.w.key("waypoints")
			a.w.list(func() {
				for i, p := range places {
					a.waypoint(p, func() {
						a.w.key("trips_index")
						a.w.int(0)
						a.w.key("waypoint_index")
						a.w.int(int64(at[i]))
					})
				}
			})
		}
	})
	return nil
}

// tour is the question in which order to visit places.
type tour struct {
	n           int
	cost        []float64 // row by row
	round       bool
	first, last bool // whether the first place starts the tour, the last ends it (before returning)
}

// best returns an order of the places; on a round the first place starts it unless the last is fixed alone.
func (t tour) best() []int {
	if t.n <= exactTrip {
		return t.exact()
	}
	return t.improve(t.insert())
}

func (t tour) length(order []int) float64 {
	var sum float64
	for i := 1; i < len(order); i++ {
		sum += t.cost[order[i-1]*t.n+order[i]]
	}
	if t.round {
		sum += t.cost[order[len(order)-1]*t.n+order[0]]
	}
	return sum
}

// exact finds a best order by dynamic programming over sets of places.
func (t tour) exact() []int {
	n := t.n
	var best []int
	bestLength := math.Inf(1)
	for start := range n {
		if t.first && start > 0 {
			break
		}
		size := 1 << n
		cost, from := make([]float64, size*n), make([]int8, size*n)
		for i := range cost {
			cost[i] = math.Inf(1)
		}
		cost[(1<<start)*n+start] = 0
		for set := range size {
			if set&(1<<start) == 0 {
				continue
			}
			for i := range n {
				c := cost[set*n+i]
				if math.IsInf(c, 1) {
					continue
				}
				for j := range n {
					next := (set|1<<j)*n + j
					if d := c + t.cost[i*n+j]; set&(1<<j) == 0 && d < cost[next] {
						cost[next], from[next] = d, int8(i)
					}
				}
			}
		}
		all := size - 1
		for end := range n {
			if t.last && end != n-1 {
				continue
			}
			c := cost[all*n+end]
			if t.round {
				c += t.cost[end*n+start]
			}
			if c >= bestLength {
				continue
			}
			bestLength, best = c, make([]int, n)
			for set, i, k := all, end, n-1; k >= 0; k-- {
				best[k] = i
				set, i = set&^(1<<i), int(from[set*n+i])
			}
		}
	}
	return best
}

// insert builds an order by inserting the place farthest from all others so far, where it costs least.
func (t tour) insert() []int {
	order := []int{0}
	in := make([]bool, t.n)
	in[0] = true
	if t.last {
		order, in[t.n-1] = append(order, t.n-1), true
	}
	near := make([]float64, t.n)
	for j := range near {
		near[j] = math.Inf(1)
		for _, i := range order {
			near[j] = min(near[j], t.cost[i*t.n+j])
		}
	}
	for len(order) < t.n {
		far := -1
		for j := range near {
			if !in[j] && (far < 0 || near[j] > near[far]) {
				far = j
			}
		}
		in[far] = true
		at, least := 1, math.Inf(1)
		end := len(order)
		if t.last {
			end--
		}
		for k := 1; k <= end; k++ {
			prev := order[k-1]
			d := t.cost[prev*t.n+far]
			switch {
			case k < len(order):
				d += t.cost[far*t.n+order[k]] - t.cost[prev*t.n+order[k]]
			case t.round:
				d += t.cost[far*t.n+order[0]] - t.cost[prev*t.n+order[0]]
			}
			if d < least {
				at, least = k, d
			}
		}
		order = append(order[:at], append([]int{far}, order[at:]...)...)
		for j := range near {
			near[j] = min(near[j], t.cost[far*t.n+j])
		}
	}
	return order
}

// improve moves stretches of up to three places to where they cost less (Or 1976) until nothing is gained.
func (t tour) improve(order []int) []int {
	end := len(order)
	if t.last {
		end--
	}
	for gained := true; gained; {
		gained = false
		now := t.length(order)
		for size := 1; size <= 3; size++ {
			for i := 1; i+size <= end; i++ {
				rest := append(append([]int{}, order[:i]...), order[i+size:]...)
				for k := 1; k <= end-size; k++ {
					if k == i {
						continue
					}
					moved := append(append(append([]int{}, rest[:k]...), order[i:i+size]...), rest[k:]...)
					if l := t.length(moved); l < now-1e-9 {
						order, now, gained = moved, l, true
						rest = append(append([]int{}, order[:i]...), order[i+size:]...)
					}
				}
			}
		}
	}
	return order
}
