package vrp

import (
	"fmt"
	"math"
	"slices"
)

// Choose times the routes told by the vehicles' steps without changing them, VROOM's plan mode. Nothing is
// refused: what breaks a rule is listed as violations. Service starts as early as possible within its windows
// (after them if that cannot be), and the route begins as late as that allows. Wishes of single steps
// (service_at, service_after, service_before) are kept, or the answer is an *InputError.
//
// Unlike VROOM it never starts a service before its window to shorten a later delay, unless service_at says so.
func Choose(p *Problem) (*Solution, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	m, err := compile(p)
	if err != nil {
		return nil, err
	}
	s := &Solution{Unassigned: []Unassigned{}, Routes: []Route{}}
	s.Summary.Violations = []Violation{}
	s.Summary.Delivery, s.Summary.Pickup = make([]int64, m.dims), make([]int64, m.dims)
	used := make([]bool, m.tasks())
	var cost int64
	for vi := range m.vehicles {
		c := newChooser(m, vi)
		if len(c.r.seq) == 0 {
			continue
		}
		for _, t := range c.r.seq {
			used[t] = true
		}
		if err := c.time(); err != nil {
			return nil, err
		}
		s.add(c.route())
		cost += c.r.cost
	}
	s.Summary.Cost = rounded(cost)
	for t, yes := range used {
		if !yes {
			src := m.source(int32(t))
			s.Unassigned = append(s.Unassigned, Unassigned{ID: src.id, Type: m.kind[t], Description: src.label.description,
				Location: src.label.location, LocationIndex: src.label.index})
		}
	}
	s.Summary.Unassigned = len(s.Unassigned)
	return s, nil
}

// chooser times one route.
type chooser struct {
	m      *model
	v      *vehicle
	src    *Vehicle
	number int
	r      route
	items  []item
	driven int64 // by the end
	finish int64
}

// item is a step of the route to be timed.
type item struct {
	event
	step      *VehicleStep
	field     string
	violation []Violation
}

func newChooser(m *model, vi int) *chooser {
	c := &chooser{m: m, v: &m.vehicles[vi], src: &m.problem.Vehicles[vi], number: vi}
	given := c.v.given
	for k := range c.src.Steps {
		s := &c.src.Steps[k]
		it := item{step: s, field: fmt.Sprintf("vehicles[%d].steps[%d]", vi, k)}
		switch s.Type {
		case StepStart, StepEnd, StepReload:
			continue
		case StepBreak:
			it.task = -1
			for i := range c.v.breaks {
				if c.src.Breaks[c.v.breaks[i].source].ID == s.ID {
					it.rest = &c.v.breaks[i]
				}
			}
		default:
			it.task, given = given[0], given[1:]
			c.r.seq = append(c.r.seq, it.task)
		}
		it.position = len(c.r.seq)
		c.items = append(c.items, it)
	}
	return c
}

// time sums the route up, then finds the latest departure that makes nothing later.
func (c *chooser) time() error {
	m, v, r := c.m, c.v, &c.r
	if !m.sum(v, r) {
		return &InputError{Field: fmt.Sprintf("vehicles[%d].steps", c.number), Message: "go between places without a way"}
	}
	finish, delay, err := c.run(v.open)
	if err != nil {
		return err
	}
	low, high := int64(0), int64(0)
	for _, it := range c.items {
		high += it.start - it.arrive
	}
	for low < high {
		mid := low + (high-low+1)/2
		f, d, err := c.run(v.open + mid)
		if err == nil && f <= finish && d <= delay {
			low = mid
		} else {
			high = mid - 1
		}
	}
	_, _, err = c.run(v.open + low)
	return err
}

// run times all items for a departure and returns the finish and the sum of all delays.
func (c *chooser) run(depart int64) (finish, delay int64, err error) {
	m, v, r := c.m, c.v, &c.r
	t, place := depart, v.begin
	var driven, metres int64
	drive := int64(v.metric.between(place, r.at[1]))
	length := v.metres(place, r.at[1])
	for i := range c.items {
		it := &c.items[i]
		it.violation = nil
		if it.task < 0 {
			from := c.opening(it, it.rest.windows, t)
			from = max(from, t)
			rolled := min(v.roll(t, drive), from) - t
			drive = max(0, drive-v.rolled(t, from))
			driven += rolled
			it.arrive, it.service = t+rolled, it.rest.service
		} else {
			driven += v.roll(t, drive) - t
			t = v.roll(t, drive)
			metres += length
			it.arrive, it.service = t, v.stay.service[it.task]
			it.setup = m.stayAt(v, it.task, place) - it.service
			place = m.place[it.task]
			drive, length = int64(v.metric.between(place, r.at[it.position+1])), v.metres(place, r.at[it.position+1])
		}
		it.driven, it.metres = driven, metres
		windows := []span(nil)
		if it.task < 0 {
			windows = it.rest.windows
		} else {
			windows = ticks(m.source(it.task).windows)
		}
		it.start = c.opening(it, windows, it.arrive)
		if s := it.step; s.ServiceAt != nil && it.start != *s.ServiceAt*tick || s.ServiceBefore != nil && it.start > *s.ServiceBefore*tick {
			return 0, 0, &InputError{Field: it.field, Message: fmt.Sprintf("cannot start before %d, later than it is to", seconds(it.start+tick-1))}
		}
		if late, early := outside(windows, it.start); late > 0 {
			it.violation = append(it.violation, Violation{Cause: CauseDelay, Duration: seconds(late + tick - 1)})
			delay += late
		} else if early > 0 {
			it.violation = append(it.violation, Violation{Cause: CauseLeadTime, Duration: seconds(early + tick - 1)})
		}
		t = it.start + it.setup + it.service
	}
	finish = v.roll(t, drive)
	c.finish, c.driven = finish, driven+finish-t
	return finish, delay + max(0, finish-v.close), nil
}

// opening is when an item can start after a time: in a window if one is still to come, and as its step wishes.
func (c *chooser) opening(it *item, windows []span, t int64) int64 {
	if s := it.step; s.ServiceAt != nil {
		return max(t, *s.ServiceAt*tick)
	} else if s.ServiceAfter != nil {
		t = max(t, *s.ServiceAfter*tick)
	}
	for _, w := range windows {
		if t <= w.to {
			return max(t, w.from)
		}
	}
	return t
}

// outside is by how much a start lies after the last window before it and ahead of the next one; only the
// smaller counts, the other is 0.
func outside(windows []span, start int64) (late, early int64) {
	late, early = math.MaxInt64, math.MaxInt64
	for _, w := range windows {
		switch {
		case start < w.from:
			early = min(early, w.from-start)
		case start > w.to:
			late = min(late, start-w.to)
		default:
			return 0, 0
		}
	}
	if early < late {
		return 0, early
	}
	return late, 0
}

func (v *vehicle) metres(i, j int32) int64 {
	if v.metric.dist == nil {
		return 0
	}
	return int64(v.metric.dist[int(i)*v.metric.size+int(j)])
}

// sum fills places, loads and sums of a route that may break any rule; false if a leg has no way.
func (m *model) sum(v *vehicle, r *route) bool {
	free := *v
	free.maxTasks, free.maxTravel, free.maxDistance, free.maxSpan = math.MaxInt, forever, forever, forever
	free.breaks, free.timed = nil, false
	free.open, free.close = never/2, forever-1
	free.capacity = slices.Repeat([]int64{math.MaxInt64 / 4}, m.dims)
	free.shift = &shift{first: slices.Repeat([]span{{never / 2, forever - 1}}, m.tasks())}
	return m.refresh(&free, r)
}

// route writes the timed route with all its violations.
func (c *chooser) route() Route {
	m, v, r := c.m, c.v, &c.r
	dims := m.dims
	depart := c.items[0].arrive - c.items[0].driven
	finish := c.finish
	events := make([]event, len(c.items))
	for i := range c.items {
		events[i] = c.items[i].event
	}
	more, _ := m.timesCost(v, depart, events, finish)
	slow, _ := v.slowed(r, c.driven)
	more += slow
	r.times = more
	r.cost += more
	out := m.write(v, c.src, r, depart, events, finish)
	out.Violations = []Violation{}
	at := 0 // step of the first item
	if c.src.StartIndex != nil {
		at = 1
	}
	tell := func(step int, violation ...Violation) {
		if step >= 0 {
			out.Steps[step].Violations = append(out.Steps[step].Violations, violation...)
		}
		out.Violations = append(out.Violations, violation...)
	}
	over := func(k int, limit []int64) bool {
		for d, most := range limit {
			if r.load[k*dims+d] > most {
				return true
			}
		}
		return false
	}
	if over(0, v.capacity) && at == 1 {
		tell(0, Violation{Cause: CauseLoad})
	}
	aboard, taken := make(map[int32]bool), make(map[*rest]bool)
	for i := range c.items {
		it := &c.items[i]
		out.Steps[at+i].Violations = []Violation{}
		tell(at+i, it.violation...)
		if it.task < 0 {
			taken[it.rest] = true
			if over(it.position, it.rest.maxLoad) {
				tell(at+i, Violation{Cause: CauseMaxLoad})
			}
			continue
		}
		if over(it.position, v.capacity) || at == 0 && i == 0 && over(0, v.capacity) {
			tell(at+i, Violation{Cause: CauseLoad})
		}
		if d := m.moods; d != nil && d.maxWait != nil && it.start-it.arrive > d.maxWait[it.task] {
			tell(at+i, Violation{Cause: CauseMaxWait, Duration: seconds(it.start - it.arrive - d.maxWait[it.task] + tick - 1)})
		}
		switch src := m.source(it.task); m.rejects(c.src, src) {
		case ReasonSkills:
			tell(at+i, Violation{Cause: CauseSkills})
		case ReasonVehicle, ReasonDay:
			tell(at+i, Violation{Cause: CauseVehicle})
		}
		switch m.kind[it.task] {
		case StepPickup:
			aboard[m.mate[it.task]] = true
			if !slices.Contains(r.seq, m.mate[it.task]) {
				tell(at+i, Violation{Cause: CausePrecedence})
			}
		case StepDelivery:
			if !aboard[it.task] {
				tell(at+i, Violation{Cause: CausePrecedence})
			}
		}
	}
	if late := finish - v.close; late > 0 {
		end := -1
		if c.src.EndIndex != nil {
			end = len(out.Steps) - 1
		}
		tell(end, Violation{Cause: CauseDelay, Duration: seconds(late + tick - 1)})
	}
	if len(r.seq) > v.maxTasks {
		tell(-1, Violation{Cause: CauseMaxTasks})
	}
	if more := r.travel - v.maxTravel; more > 0 {
		tell(-1, Violation{Cause: CauseMaxTravelTime, Duration: seconds(more + tick - 1)})
	}
	if r.metres > v.maxDistance {
		tell(-1, Violation{Cause: CauseMaxDistance})
	}
	if more := finish - depart - v.maxSpan; more > 0 {
		tell(-1, Violation{Cause: CauseMaxRouteDuration, Duration: seconds(more + tick - 1)})
	}
	for i := range v.breaks {
		if !taken[&v.breaks[i]] {
			tell(-1, Violation{Cause: CauseMissingBreak})
		}
	}
	return out
}

// rejects tells whether skills or permission keep a task from a vehicle.
func (m *model) rejects(src *Vehicle, task taskSource) ReasonCode {
	if !src.skilled(task) {
		return ReasonSkills
	}
	if len(task.days) > 0 && !slices.ContainsFunc(task.days, func(days []int) bool { return slices.Contains(days, src.Day) }) {
		return ReasonDay
	}
	if len(task.allowed) > 0 && !slices.Contains(task.allowed, src.ID) || slices.Contains(task.banned, src.ID) {
		return ReasonVehicle
	}
	return ""
}
