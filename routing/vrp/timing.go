package vrp

import (
	"math"
	"slices"
)

// What a route costs beyond its legs and stops hangs on the times of day: waiting, overtime, service outside soft
// windows or away from the published start. All of it is judged on the timetable that the answer tells: the
// earliest finish, the latest departure for it that makes no soft window be missed by more, and waiting for a soft
// window where that holds nobody up.

// moods are the tasks' rules of time that can be bent at a price, by task; nil slices if nobody has such a rule.
type moods struct {
	soft      [][]span
	lateRate  []int64 // money per tick
	maxWait   []int64 // ticks
	published []int64 // ticks, never if none
	shiftRate int64   // money per tick away from published, beyond tolerance
	tolerance int64
}

// mood reads the rules of one task.
func (m *model) mood(t int32, timing *Timing) {
	soft := len(timing.SoftTimeWindows) > 0 && timing.LatePerHour > 0
	if m.moods == nil {
		if !soft && timing.MaxWait == nil {
			return
		}
		m.moods = &moods{}
	}
	d, n := m.moods, m.tasks()
	if soft && d.soft == nil {
		d.soft, d.lateRate = make([][]span, n), make([]int64, n)
	}
	if d.soft != nil {
		if d.soft[t] = nil; soft {
			d.soft[t], d.lateRate[t] = ticks(timing.SoftTimeWindows), timing.LatePerHour
		}
	}
	if timing.MaxWait != nil && d.maxWait == nil {
		d.maxWait = slices.Repeat([]int64{forever}, n)
	}
	if d.maxWait != nil {
		if d.maxWait[t] = forever; timing.MaxWait != nil {
			d.maxWait[t] = *timing.MaxWait * tick
		}
	}
}

// compileMoods reads the rules of all tasks.
func (m *model) compileMoods() {
	for t := range int32(m.tasks()) {
		m.mood(t, m.source(t).timing)
	}
	s := m.problem.Stability
	if s == nil || s.StartChangePerHour == 0 {
		return
	}
	if m.moods == nil {
		m.moods = &moods{}
	}
	d := m.moods
	d.published = slices.Repeat([]int64{never}, m.tasks())
	d.shiftRate, d.tolerance = s.StartChangePerHour, s.StartTolerance*tick
	for i := range m.vehicles {
		k := 0
		for _, step := range m.problem.Vehicles[i].Steps {
			switch step.Type {
			case StepJob, StepPickup, StepDelivery:
				if step.ServiceAt != nil {
					d.published[m.vehicles[i].given[k]] = *step.ServiceAt * tick
				}
				k++
			}
		}
	}
}

// compileTiming reads what a vehicle's times cost.
func (m *model) compileTiming(v *vehicle, src *Vehicle) {
	v.softEnd, v.softSpan = forever, forever
	if c := src.Costs; c != nil {
		v.perWait, v.perOver = c.PerWaitingHour, c.PerOvertimeHour
	}
	if src.SoftEnd != nil {
		v.softEnd = *src.SoftEnd * tick
	}
	if src.SoftRouteDuration != nil {
		v.softSpan = *src.SoftRouteDuration * tick
	}
	v.timed = v.banded || m.moods != nil || v.perWait > 0 || v.perOver > 0 && min(v.softEnd, v.softSpan) < forever
}

// missed is by how many ticks a start lies outside all of the windows.
func missed(windows []span, start int64) int64 {
	least := forever
	for _, w := range windows {
		least = min(least, max(w.from-start, start-w.to, 0))
	}
	return least
}

// timesCost is what the times of a route cost, and whether nobody waits longer than max_wait.
func (m *model) timesCost(v *vehicle, depart int64, events []event, finish int64) (int64, bool) {
	over := max(0, finish-v.softEnd, finish-depart-v.softSpan)
	sum, ok := v.perOver*over, true
	for i := range events {
		e := &events[i]
		wait := e.start - e.arrive
		sum += v.perWait * wait
		if e.task < 0 || m.moods == nil {
			continue
		}
		d := m.moods
		if d.soft != nil && d.soft[e.task] != nil {
			sum += d.lateRate[e.task] * missed(d.soft[e.task], e.start)
		}
		if d.maxWait != nil && wait > d.maxWait[e.task] {
			ok = false
		}
		if d.published != nil && d.published[e.task] > never {
			off := e.start - d.published[e.task]
			sum += d.shiftRate * max(0, max(off, -off)-d.tolerance)
		}
	}
	return sum, ok
}

// timings adds to a route what its times cost, and restores leave and due.
func (m *model) timings(v *vehicle, r *route) bool {
	if v.extras != nil {
		return m.dress(v, r)
	}
	depart, events, finish := m.timetable(v, r)
	sum, ok := m.timesCost(v, depart, events, finish)
	more, allowed := v.slowed(r, r.driven)
	sum, ok = sum+more, ok && allowed
	r.times = sum
	r.cost += sum
	m.forward(v, r, v.open)
	m.backward(v, r, v.close)
	return ok
}

// plainly chooses departure and finish of a route whatever its soft windows, and puts its stops in time.
func (m *model) plainly(v *vehicle, r *route) (depart int64, events []event, finish int64) {
	if v.exact {
		depart = v.open
		m.forward(v, r, depart)
		m.backward(v, r, r.leave[len(v.breaks)*(len(r.seq)+2)+len(r.seq)+1])
	} else {
		depart, _ = m.shortest(v, r, min(v.maxSpan, v.softSpan))
	}
	events, finish = m.lay(v, r, depart, false)
	return depart, events, finish
}

// kindly puts the stops of a route in time such that soft windows are waited for where that makes nobody later for
// one than need be and causes no overtime.
func (m *model) kindly(v *vehicle, r *route) (depart int64, events []event, finish int64) {
	n := len(r.seq)
	end := len(v.breaks)*(n+2) + n + 1
	keep := func(latest func(e *event) int64) {
		r.caps = slices.Grow(r.caps[:0], n)[:n]
		for i := range events {
			if e := &events[i]; e.task >= 0 {
				r.caps[e.position-1] = latest(e)
			}
		}
	}
	m.forward(v, r, v.open)
	finish = min(v.close, max(r.leave[end], v.softEnd))
	m.backward(v, r, finish)
	events, _ = m.lay(v, r, v.open, false)
	keep(func(e *event) int64 { return m.moods.latest(e.task, e.start) })
	m.backward(v, r, finish)
	events, finish = m.lay(v, r, v.open, true)
	keep(func(e *event) int64 { return e.start })
	if depart = m.backward(v, r, finish); v.exact {
		depart = v.open
	}
	r.caps = r.caps[:0]
	events, finish = m.lay(v, r, depart, true)
	return depart, events, finish
}

// latest is how late a task may start without its soft windows being missed by more than by the given start.
func (d *moods) latest(t int32, start int64) int64 {
	cap := forever
	if d.soft != nil && d.soft[t] != nil {
		cap = start
		for _, w := range d.soft[t] {
			if w.to >= start {
				cap = w.to
				break
			}
		}
	}
	if d.published != nil && d.published[t] > never {
		cap = min(cap, max(start, d.published[t]))
	}
	return cap
}

// wish is the moment at or after a start that a task would rather begin at.
func (d *moods) wish(t int32, start int64) int64 {
	wish := start
	if d.soft != nil {
		for _, w := range d.soft[t] {
			if w.to >= start {
				wish = max(start, w.from)
				break
			}
		}
	}
	if d.published != nil && d.published[t] > wish {
		wish = d.published[t]
	}
	return wish
}

// worst is more than the times of one route can cost.
func (m *model) worst() float64 {
	low, high := int64(0), int64(0)
	see := func(from, to int64) {
		if from > never/2 {
			low = min(low, from)
		}
		if to < forever/2 {
			high = max(high, to)
		}
	}
	for i := range m.vehicles {
		v := &m.vehicles[i]
		see(v.open, v.close)
	}
	for _, w := range m.wide {
		see(w.from, w.to)
	}
	if m.moods != nil {
		for _, windows := range m.moods.soft {
			for _, w := range windows {
				see(w.from, w.to)
			}
		}
	}
	most := float64(0)
	for i := range m.vehicles {
		v := &m.vehicles[i]
		rate := v.perWait + v.perOver
		if v.banded {
			rate += v.perTick
		}
		most = math.Max(most, float64(rate))
	}
	if d := m.moods; d != nil {
		rate := int64(0)
		for _, r := range d.lateRate {
			rate = max(rate, r)
		}
		most += float64(rate + d.shiftRate)
	}
	return most * float64(max(high-low, 86400*tick))
}

// affordable tells whether all prices of time stay within what is reckoned with.
func (m *model) affordable() error {
	if m.worst() > 1<<61 {
		return &InputError{Field: "vehicles", Message: "and jobs ask higher prices of time than can be reckoned over so long a stretch of it"}
	}
	return nil
}

// timing checks the rules of time of a stop that can be bent.
func (c *complaint) timing(at string, t *Timing) {
	c.windows(at+".soft_time_windows", t.SoftTimeWindows)
	c.check(t.LatePerHour >= 0 && t.LatePerHour <= maxTimePrice, at+".late_per_hour", "is %d", t.LatePerHour)
	c.check(t.MaxWait == nil || *t.MaxWait >= 0 && *t.MaxWait <= maxStay, at+".max_wait", "is out of range")
}
