package vrp

import (
	"slices"
)

// seconds rounds ticks down, as VROOM does. Times before zero round down too.
func seconds(t int64) int64 {
	if t < 0 {
		return -((-t + tick - 1) / tick)
	}
	return t / tick
}

// answer writes a plan as a Solution.
func (m *model) answer(p *plan, remedies bool) *Solution {
	s := &Solution{Unassigned: []Unassigned{}, Routes: []Route{}}
	s.Summary.Violations = []Violation{}
	s.Summary.Delivery, s.Summary.Pickup = make([]int64, m.dims), make([]int64, m.dims)
	var cost int64
	for vi := range p.routes {
		if len(p.routes[vi].seq) == 0 {
			continue
		}
		var r route
		r.copyFrom(&p.routes[vi])
		out := m.describe(vi, &r)
		cost += p.routes[vi].cost
		s.add(out)
	}
	balance := int64(0)
	for _, toil := range p.toils {
		balance += m.strain(toil)
	}
	s.Summary.Cost, s.Summary.BalanceCost = rounded(cost+balance), rounded(balance)
	missing := slices.Clone(p.missing)
	slices.Sort(missing)
	reasons := m.reasons(p, missing, remedies)
	for i, t := range missing {
		for _, end := range []int32{t, m.mate[t]} {
			if end < 0 {
				continue
			}
			src := m.source(end)
			s.Unassigned = append(s.Unassigned, Unassigned{ID: src.id, Type: m.kind[end], Description: src.label.description,
				Location: src.label.location, LocationIndex: src.label.index, Reason: reasons[i]})
		}
	}
	s.Summary.Unassigned = len(s.Unassigned)
	return s
}

// add appends a route and adds it to the summary, all but the cost.
func (s *Solution) add(r Route) {
	sum := &s.Summary
	sum.Routes++
	sum.Setup += r.Setup
	sum.Service += r.Service
	sum.Duration += r.Duration
	sum.WaitingTime += r.WaitingTime
	sum.Priority += r.Priority
	for d := range sum.Delivery {
		sum.Delivery[d] += r.Delivery[d]
		sum.Pickup[d] += r.Pickup[d]
	}
	if r.Distance != nil {
		total := *r.Distance
		if sum.Distance != nil {
			total += *sum.Distance
		}
		sum.Distance = &total
	}
	sum.Violations = append(sum.Violations, r.Violations...)
	s.Routes = append(s.Routes, r)
}

// event is a task or a break of a route with its times in ticks.
type event struct {
	task           int32 // -1 for a break
	rest           *rest
	arrive, start  int64
	setup, service int64
	driven         int64 // since the start of the route
	metres         int64
	position       int // of the task, or of the last position before the break
}

// timetable chooses the times of a route that keeps the rules: as early at the end as possible, then as late
// at the start, and in between as early as possible. The start and end come as leave[0] and the last arrival.
func (m *model) timetable(v *vehicle, r *route) (depart int64, events []event, finish int64) {
	depart, events, finish = m.plainly(v, r)
	if m.moods == nil || m.moods.soft == nil && m.moods.published == nil {
		return depart, events, finish
	}
	plain, allowed := m.timesCost(v, depart, events, finish)
	depart, events, finish = m.kindly(v, r)
	if kind, ok := m.timesCost(v, depart, events, finish); finish-depart <= v.maxSpan && (ok && !allowed || ok == allowed && kind < plain) {
		return depart, events, finish
	}
	return m.plainly(v, r)
}

// lay puts the stops of a route in time from a departure on, within what due allows. With wishes it waits for soft windows as long as
// due allows.
func (m *model) lay(v *vehicle, r *route, depart int64, wishes bool) (events []event, finish int64) {
	n, breaks := len(r.seq), len(v.breaks)
	events = r.events[:0]
	stride := n + 2
	t, layer := depart, 0
	var driven, metres int64
	for k := 0; k <= n; k++ {
		// Hold as few breaks on this leg as leaves the rest in time.
		from, to := r.at[k], r.at[k+1]
		drive := int64(v.metric.between(from, to))
		next := layer
		for ; next <= breaks; next++ {
			due := r.due[next*stride+k+1]
			if v.stay.setups && from == to {
				due = r.dueOn[next*stride+k+1]
			}
			if m.mayRest(v, r, k, layer, next) && v.through(t, drive, layer, next) <= due {
				break
			}
		}
		for ; layer < next; layer++ {
			b := &v.breaks[layer]
			begin := forever
			for _, w := range b.windows {
				if t <= w.to {
					begin = max(t, w.from)
					break
				}
			}
			rolled := min(v.roll(t, drive), begin) - t
			drive = max(0, drive-v.rolled(t, begin))
			driven += rolled
			events = append(events, event{task: -1, rest: b, arrive: t + rolled, start: begin, service: b.service, driven: driven, metres: metres, position: k})
			t = begin + b.service
		}
		driven += v.roll(t, drive) - t
		t = v.roll(t, drive)
		if v.metric.dist != nil {
			metres += int64(v.metric.dist[int(from)*v.metric.size+int(to)])
		}
		if k == n {
			break
		}
		task := r.seq[k]
		e := event{task: task, arrive: t, start: r.begin(v, task, t), service: v.stay.service[task], driven: driven, metres: metres, position: k + 1}
		e.setup = m.stayAt(v, task, from) - e.service
		if wishes {
			due := r.due[layer*stride+k+1]
			if v.stay.setups && from == to {
				due = r.dueOn[layer*stride+k+1]
			}
			if wish := r.begin(v, task, min(m.moods.wish(task, e.start), due)); wish > e.start && wish <= due {
				e.start = wish
			}
		}
		events = append(events, e)
		t = e.start + e.setup + e.service
	}
	r.events, r.driven = events, driven
	return events, t
}

// describe writes one route of the answer.
func (m *model) describe(vi int, r *route) Route {
	v := &m.vehicles[vi]
	if v.extras != nil && m.refresh(v, r) {
		cost := r.cost
		v, r = &r.dressed.driver, &r.dressed.route
		r.cost = cost
	}
	depart, events, finish := m.timetable(v, r)
	return m.write(v, &m.problem.Vehicles[vi], r, depart, events, finish)
}

// write puts a timed route into the answer's form.
func (m *model) write(v *vehicle, src *Vehicle, r *route, depart int64, events []event, finish int64) Route {
	known := v.metric.dist != nil
	out := Route{Vehicle: src.ID, Description: src.Description, Cost: rounded(r.cost), Duration: seconds(r.travel), Violations: []Violation{},
		Delivery: make([]int64, m.dims), Pickup: make([]int64, m.dims)}
	if known {
		out.Distance = &r.metres
	}
	step := func(kind StepType, k int, arrive, driven, metres int64) Step {
		s := Step{Type: kind, Arrival: seconds(arrive), Duration: seconds(driven), Violations: []Violation{}}
		s.Load = slices.Clone(r.load[k*m.dims : (k+1)*m.dims])
		if known {
			s.Distance = &metres
		}
		return s
	}
	if src.StartIndex != nil {
		s := step(StepStart, 0, depart, 0, 0)
		s.Location, s.LocationIndex = src.Start, src.StartIndex
		out.Steps = append(out.Steps, s)
	}
	for _, e := range events {
		var s Step
		if e.task < 0 {
			b := &src.Breaks[e.rest.source]
			s = step(StepBreak, e.position, e.arrive, e.driven, e.metres)
			s.ID, s.Description = b.ID, b.Description
			if !known {
				s.Distance = nil
			}
		} else {
			t := m.source(e.task)
			s = step(m.kind[e.task], e.position, e.arrive, e.driven, e.metres)
			s.ID, s.Description, s.Location, s.LocationIndex = t.id, t.label.description, t.label.location, t.label.index
			for d := range m.dims {
				at := int(e.task)*m.dims + d
				out.Delivery[d] += m.drop[at]
				out.Pickup[d] += m.take[at]
				if m.kind[e.task] == StepPickup {
					out.Delivery[d] += m.take[at]
				}
			}
			out.Priority += m.priority[e.task]
			s.Violations = append(s.Violations, late(t.windows, e.start)...)
			out.Violations = append(out.Violations, s.Violations...)
		}
		s.WaitingTime = seconds(e.start) - seconds(e.arrive)
		s.Setup, s.Service = seconds(e.setup), seconds(e.service)
		out.WaitingTime += s.WaitingTime
		out.Setup += s.Setup
		out.Service += s.Service
		out.Steps = append(out.Steps, s)
	}
	if src.EndIndex != nil {
		s := step(StepEnd, len(r.seq)+1, finish, r.travel, r.metres)
		s.Location, s.LocationIndex = src.End, src.EndIndex
		out.Steps = append(out.Steps, s)
	}
	return out
}

// late is the violation of a pinned task that starts after its last window.
func late(windows []TimeWindow, start int64) []Violation {
	if len(windows) == 0 {
		return nil
	}
	all := ticks(windows)
	last := all[len(all)-1].to
	if start <= last {
		return nil
	}
	return []Violation{{Cause: CauseDelay, Duration: seconds(start - last)}}
}
