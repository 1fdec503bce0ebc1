package vrp

import (
	"fmt"
	"math"
	"slices"
)

// extras are what a vehicle's route needs besides its visits, and where it needs it hangs on the visits: breaks at a
// place, optional ones, ones that count from the departure, and trips back to load anew.
//
// The search sees routes without them, which is never stricter. Every change to such a route is tried out in full:
// dress puts the extras in at their cheapest places that work.
type extras struct {
	variants []variant
	located  []located // by their windows
	reload   int32     // its task, -1 for none
	trips    int
	capacity []int64
}

// variant is a choice of the optional breaks to hold.
type variant struct {
	breaks   []rest
	relative []bool // by break: whether its windows count from the departure
	trial    bool
	skipped  int64 // money for those that are skipped
}

// dressed is a route with all its extras, and the vehicle that drives it: one with the chosen breaks.
type dressed struct {
	route
	driver vehicle
}

// located is a break held at a place.
type located struct {
	task     int32
	optional bool
	skip     int64 // money
}

// maxOptional bounds the optional breaks of a vehicle, for all ways to skip them are looked at.
const maxOptional = 4

// extraStop is a task that is no visit: a break at a place, or a reload.
type extraStop struct {
	id      uint64
	service int64
	windows []TimeWindow
	label   label
}

// plainBreak tells whether a break can float in the route as VROOM's do.
func plainBreak(b *Break) bool {
	return b.LocationIndex == nil && !b.Optional && len(b.RelativeTimeWindows) == 0
}

// compileExtraStops adds a task for every place a vehicle goes to besides its visits.
func (m *model) compileExtraStops(add func(kind StepType, place, mate, priority int, drop, take []int64)) {
	m.extraFrom = m.tasks()
	for i := range m.problem.Vehicles {
		src := &m.problem.Vehicles[i]
		for k := range src.Breaks {
			if b := &src.Breaks[k]; b.LocationIndex != nil {
				add(StepBreak, *b.LocationIndex, -1, 0, nil, nil)
				m.extraStops = append(m.extraStops, extraStop{b.ID, b.Service, b.TimeWindows, label{b.Description, b.Location, b.LocationIndex}})
			}
		}
		if src.trips() > 1 {
			at, where := src.ReloadIndex, src.Reload
			if at == nil {
				at, where = src.StartIndex, src.Start
			}
			add(StepReload, *at, -1, 0, nil, nil)
			m.extraStops = append(m.extraStops, extraStop{0, src.ReloadService, nil, label{"", where, at}})
		}
	}
}

func (v *Vehicle) trips() int {
	if v.MaxTrips == nil {
		return 1
	}
	return *v.MaxTrips
}

// compileExtras makes the extras of a vehicle whose other rules are compiled. The tasks of its stops follow from
// the given one on; it returns the first of the next vehicle.
func (m *model) compileExtras(v *vehicle, src *Vehicle, next int32) int32 {
	x := &extras{reload: -1, trips: src.trips(), capacity: v.capacity}
	var optional []int
	relative := false
	for k := range src.Breaks {
		b := &src.Breaks[k]
		switch {
		case b.LocationIndex != nil:
			x.located = append(x.located, located{next, b.Optional, b.SkipCost * money})
			next++
		case b.Optional:
			optional = append(optional, k)
		case len(b.RelativeTimeWindows) > 0:
			relative = true
		}
	}
	if x.trips > 1 {
		x.reload = next
		next++
	}
	if len(x.located) == 0 && len(optional) == 0 && !relative && x.reload < 0 {
		return next
	}
	slices.SortStableFunc(x.located, func(a, b located) int {
		return int(max(-1, min(1, m.wide[a.task].to-m.wide[b.task].to)))
	})
	for skip := range 1 << len(optional) {
		var one variant
		for k := range src.Breaks {
			b := &src.Breaks[k]
			at := slices.Index(optional, k)
			if at >= 0 && skip>>at&1 == 1 {
				one.skipped += b.SkipCost * money
				continue
			}
			if b.LocationIndex != nil {
				continue
			}
			windows := b.TimeWindows
			if len(b.RelativeTimeWindows) > 0 {
				windows = b.RelativeTimeWindows
			}
			r := rest{service: b.Service * tick, source: k, windows: ticks(windows)}
			if len(b.MaxLoad) > 0 {
				r.maxLoad, one.trial = b.MaxLoad, true
			}
			one.breaks = append(one.breaks, r)
			one.relative = append(one.relative, len(b.RelativeTimeWindows) > 0)
		}
		if !slices.Contains(one.relative, true) {
			sortBreaks(one.breaks)
		}
		x.variants = append(x.variants, one)
	}
	slices.SortStableFunc(x.variants, func(a, b variant) int { return int(max(-1, min(1, a.skipped-b.skipped))) })
	if x.reload >= 0 {
		v.capacity = slices.Repeat([]int64{math.MaxInt64 / 4}, m.dims)
	}
	v.extras, v.timed = x, true
	return next
}

// with is the vehicle that holds the breaks of a variant and is otherwise as the given one.
func (n *variant) with(v *vehicle) vehicle {
	out := *v
	out.extras, out.maxTasks, out.trial = nil, math.MaxInt, n.trial
	out.breaks, out.capacity = n.breaks, v.extras.capacity
	return out
}

// leaving is the vehicle that leaves at a moment from which the relative windows of a variant count.
func (n *variant) leaving(v *vehicle, depart int64) vehicle {
	out := n.with(v)
	out.breaks = slices.Clone(n.breaks)
	for i := range out.breaks {
		if n.relative[i] {
			out.breaks[i].windows = slices.Clone(out.breaks[i].windows)
			for k := range out.breaks[i].windows {
				w := &out.breaks[i].windows[k]
				w.from, w.to = w.from+depart, w.to+depart
			}
		}
	}
	sortBreaks(out.breaks)
	out.open, out.exact = depart, true
	return out
}

// departures are moments to leave at that are tried where breaks count from there: the latest that the visits
// allow, and earlier ones.
const departures = 6

// dress puts the extras of a vehicle into a route and adds to it what they cost; false if nothing tried works.
// r.dressed then holds the route and who drives it.
func (m *model) dress(v *vehicle, r *route) bool {
	if r.dressed == nil {
		r.dressed = &dressed{}
	}
	base, full := r.cost, r.dressed
	works := func(n *variant, driver vehicle) bool {
		full.driver = driver
		skipped, ok := m.complete(&full.driver, v.extras, r, &full.route)
		if ok {
			r.cost = full.cost + skipped + n.skipped
			r.times, r.travel, r.metres, r.work = r.cost-base, full.travel, full.metres, full.work
		}
		return ok
	}
	for i := range v.extras.variants {
		n := &v.extras.variants[i]
		if !slices.Contains(n.relative, true) {
			if works(n, n.with(v)) {
				return true
			}
			continue
		}
		m.forward(v, r, v.open)
		latest := m.backward(v, r, r.leave[len(v.breaks)*(len(r.seq)+2)+len(r.seq)+1])
		m.backward(v, r, v.close)
		for step := int64(departures); step >= 0; step-- {
			if works(n, n.leaving(v, v.open+(latest-v.open)/departures*step)) {
				return true
			}
		}
	}
	return false
}

// complete writes into full the stops of r with the vehicle's reloads and located breaks, and tells whether it
// keeps every rule and what skipping located breaks costs.
func (m *model) complete(v *vehicle, x *extras, r, full *route) (skipped int64, ok bool) {
	full.hold, full.pinned = r.hold, r.pinned
	full.seq = append(full.seq[:0], r.seq...)
	if x.reload >= 0 && !m.reloads(v, x, full) {
		return 0, false
	}
	for _, b := range x.located {
		if m.detourTo(v, full, b.task) {
			continue
		}
		if !b.optional {
			return 0, false
		}
		skipped += b.skip
	}
	return skipped, m.refresh(v, full)
}

// detourTo inserts a stop into a route at the cheapest place where all is in time, not before pinned stops.
func (m *model) detourTo(v *vehicle, full *route, t int32) bool {
	type way struct {
		extra int64
		k     int
	}
	at := func(k int) int32 {
		switch {
		case k == 0:
			return v.begin
		case k > len(full.seq):
			return v.end
		}
		return m.place[full.seq[k-1]]
	}
	var ways []way
	for k := full.pinned + 1; k <= len(full.seq)+1; k++ {
		u, x := at(k-1), at(k)
		if v.metric.between(u, m.place[t]) == apart || v.metric.between(m.place[t], x) == apart {
			continue
		}
		ways = append(ways, way{v.price(u, m.place[t]) + v.price(m.place[t], x) - v.price(u, x), k})
	}
	slices.SortStableFunc(ways, func(a, b way) int { return int(max(-1, min(1, a.extra-b.extra))) })
	for _, w := range ways {
		full.insertAt(t, w.k)
		if m.refresh(v, full) {
			return true
		}
		full.seq = slices.Delete(full.seq, w.k-1, w.k)
	}
	return false
}

// reloads inserts trips back where the load asks for them, such that they cost least: the shortest way over the
// places to split the route at.
func (m *model) reloads(v *vehicle, x *extras, full *route) bool {
	n := len(full.seq)
	fits := func(from, to int) bool { // tasks from to to-1 as one trip
		for d := range m.dims {
			on := int64(0)
			for _, t := range full.seq[from:to] {
				on += m.drop[int(t)*m.dims+d]
			}
			if on > v.capacity[d] {
				return false
			}
			for _, t := range full.seq[from:to] {
				if on += m.take[int(t)*m.dims+d] - m.drop[int(t)*m.dims+d]; on > v.capacity[d] {
					return false
				}
			}
		}
		return true
	}
	home := m.place[x.reload]
	const no = math.MaxInt64 / 4
	best := make([][]int64, x.trips+1) // [trips][tasks]: the least detours
	from := make([][]int, x.trips+1)
	for k := range best {
		best[k], from[k] = slices.Repeat([]int64{no}, n+1), make([]int, n+1)
	}
	best[0][0] = 0
	for k := 1; k <= x.trips; k++ {
		for to := 1; to <= n; to++ {
			for at := to - 1; at >= 0; at-- {
				if !fits(at, to) {
					break
				}
				if best[k-1][at] >= no || k > 1 && at == 0 {
					continue
				}
				cost := best[k-1][at]
				if at > 0 {
					u, next := m.place[full.seq[at-1]], m.place[full.seq[at]]
					if v.metric.between(u, home) == apart || v.metric.between(home, next) == apart {
						continue
					}
					cost += v.price(u, home) + v.price(home, next) - v.price(u, next)
				}
				if cost < best[k][to] {
					best[k][to], from[k][to] = cost, at
				}
			}
		}
	}
	chosen := 0
	for k := 1; k <= x.trips; k++ {
		if best[k][n] < no && (chosen == 0 || best[k][n] < best[chosen][n]) {
			chosen = k
		}
	}
	if chosen == 0 {
		return n == 0
	}
	for k, to := chosen, n; k > 1; k-- {
		to = from[k][to]
		full.seq = slices.Insert(full.seq, to, x.reload)
	}
	return true
}

// extraBreaks checks what VROOM's breaks do not know.
func (c *complaint) extraBreaks(p *Problem, at string, v *Vehicle) {
	optional := 0
	for k := range v.Breaks {
		b, field := &v.Breaks[k], fmt.Sprintf("%s.breaks[%d]", at, k)
		if b.LocationIndex != nil {
			c.place(p, field+".location_index", b.LocationIndex)
			c.check(len(b.MaxLoad) == 0 && len(b.RelativeTimeWindows) == 0, field, "is held at a place: max_load and relative_time_windows cannot be asked of it")
		} else {
			c.check(b.Location == nil, field+".location_index", "is missing (turn coordinates into matrices first)")
		}
		c.check(b.SkipCost >= 0 && b.SkipCost <= maxRate, field+".skip_cost", "is %d", b.SkipCost)
		c.check(len(b.RelativeTimeWindows) == 0 || len(b.TimeWindows) == 0, field+".relative_time_windows", "and time_windows cannot both be asked of one break")
		c.windows(field+".relative_time_windows", b.RelativeTimeWindows)
		if b.Optional && b.LocationIndex == nil {
			optional++
		}
	}
	c.check(optional <= maxOptional, at+".breaks", "has %d optional ones; at most %d are planned", optional, maxOptional)
	c.check(v.MaxTrips == nil || *v.MaxTrips >= 1 && *v.MaxTrips <= maxTrips, at+".max_trips", "is not within 1 to %d", maxTrips)
	c.check(v.ReloadService >= 0 && v.ReloadService <= maxStay, at+".reload_service", "is %d seconds", v.ReloadService)
	if v.ReloadIndex != nil {
		c.place(p, at+".reload_index", v.ReloadIndex)
	}
	c.check(v.trips() == 1 || v.ReloadIndex != nil || v.StartIndex != nil, at+".reload_index", "is missing, as is the start: max_trips needs a place to load at")
}

// maxTrips bounds the trips of one route.
const maxTrips = 20

// extraCost is at least what one more visit can make the extras cost: all breaks skipped, one more trip.
func (v *vehicle) extraCost(m *model) int64 {
	x := v.extras
	if x == nil {
		return 0
	}
	most := int64(0)
	for i := range x.variants {
		most = max(most, x.variants[i].skipped)
	}
	for _, b := range x.located {
		most += b.skip
	}
	if x.reload < 0 {
		return most
	}
	far, home := int64(0), m.place[x.reload]
	for t := range m.visits {
		there, back := v.metric.between(home, m.place[t]), v.metric.between(m.place[t], home)
		if there != apart && back != apart {
			far = max(far, v.price(home, m.place[t])+v.price(m.place[t], home))
		}
	}
	return most + far
}
