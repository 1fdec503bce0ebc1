package vrp

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// ReasonCode names the rule that keeps a visit from a vehicle.
type ReasonCode string

// The rules, from the closest miss to the farthest.
const (
	ReasonNoRoom           ReasonCode = "no_room"            // fits alone, but not beside what is planned
	ReasonMaxTasks         ReasonCode = "max_tasks"          // the vehicle has its tasks
	ReasonLoad             ReasonCode = "load"               // the vehicle is full with what is planned
	ReasonMaxTravelTime    ReasonCode = "max_travel_time"    // too much driving
	ReasonMaxDistance      ReasonCode = "max_distance"       // too many metres
	ReasonMaxRouteDuration ReasonCode = "max_route_duration" // too long a day
	ReasonWindow           ReasonCode = "window"             // too late even if nothing else were planned
	ReasonMaxWorkTime      ReasonCode = "max_work_time"      // too many hours for the person
	ReasonMaxChanges       ReasonCode = "max_changes"        // one visit too many would change hands
	ReasonCrew             ReasonCode = "crew"               // not enough others at the same moment
	ReasonAfter            ReasonCode = "after"              // the job before is not planned, or not at a time that suits
	ReasonSeries           ReasonCode = "visit_days"         // fits on this day, but not on all days of any alternative
	ReasonDay              ReasonCode = "day"                // the vehicle works on no day of the series
	ReasonShift            ReasonCode = "shift"              // no window of the visit meets the vehicle's hours
	ReasonCapacity         ReasonCode = "capacity"           // more than the vehicle can carry
	ReasonUnreachable      ReasonCode = "unreachable"        // no way there or from there
	ReasonVehicle          ReasonCode = "vehicle"            // not among allowed_vehicles, or among forbidden_vehicles
	ReasonSkills           ReasonCode = "skills"             // a skill is missing
)

var closeness = []ReasonCode{ReasonNoRoom, ReasonMaxTasks, ReasonLoad, ReasonMaxTravelTime, ReasonMaxDistance, ReasonMaxRouteDuration,
	ReasonMaxWorkTime, ReasonMaxChanges, ReasonCrew, ReasonAfter, ReasonSeries, ReasonWindow, ReasonShift, ReasonCapacity, ReasonUnreachable, ReasonDay, ReasonVehicle, ReasonSkills}

// Reason says why a visit is on no route: for every vehicle the rule that keeps it away, each proven by lifting
// it.
type Reason struct {
	Code     ReasonCode    `json:"code"`              // of the closest miss
	Late     int64         `json:"late,omitempty"`    // the fewest seconds missing anywhere, for no_room and window
	Vehicle  *uint64       `json:"vehicle,omitempty"` // where Late is least, else the first one with Code
	Vehicles []ReasonCount `json:"vehicles"`          // from the closest miss to the farthest

	Remedies []Remedy `json:"remedies,omitempty"` // with Options.Remedies: what would make room
}

// ReasonCount is how many vehicles one rule keeps away.
type ReasonCount struct {
	Code  ReasonCode `json:"code"`
	Count int        `json:"count"`
	Late  int64      `json:"late,omitempty"` // the fewest seconds missing
}

// String tells the reason in English, such as "no room: late by 14 min (3 no_room, 2 skills)".
func (r *Reason) String() string {
	var b strings.Builder
	b.WriteString(strings.ReplaceAll(string(r.Code), "_", " "))
	if r.Late > 0 {
		fmt.Fprintf(&b, ": late by %d min", (r.Late+59)/60)
	}
	b.WriteString(" (")
	for i, c := range r.Vehicles {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%d %s", c.Count, c.Code)
	}
	b.WriteString(")")
	return b.String()
}

// reasons finds out for each missing visit what keeps it from each vehicle of the plan.
func (m *model) reasons(p *plan, missing []int32, remedies bool) []*Reason {
	if len(missing) == 0 {
		return nil
	}
	own := *m
	own.vehicles = slices.Clone(m.vehicles)
	for vi := range own.vehicles {
		own.vehicles[vi].can = slices.Clone(m.vehicles[vi].can)
	}
	planned, alone := &worker{m: &own}, &worker{m: &own}
	planned.cur.copyFrom(p)
	planned.countMoves()
	alone.cur.routes = make([]route, len(m.vehicles))
	for vi := range m.vehicles {
		r := &alone.cur.routes[vi]
		r.seq = append(r.seq, m.vehicles[vi].pinned...)
		r.pinned = len(r.seq)
		m.refresh(&m.vehicles[vi], r)
	}
	out := make([]*Reason, len(missing))
	for i, t := range missing {
		r, misses := own.reason(planned, alone, t)
		if remedies {
			r.Remedies = own.remedies(planned, t, misses)
		}
		out[i] = r
	}
	return out
}

func (m *model) reason(planned, alone *worker, t int32) (*Reason, []miss) {
	type tally struct {
		count   int
		late    int64
		vehicle uint64
	}
	found := make(map[ReasonCode]*tally)
	misses := make([]miss, 0, len(m.vehicles))
	same := make(map[int]miss) // of unused vehicles, by class
	for vi := range m.vehicles {
		code, late := ReasonCode(""), int64(0)
		class := m.vehicles[vi].class
		if known, ok := same[class]; ok && len(planned.cur.routes[vi].seq) == 0 {
			code, late = known.code, known.late
		} else if code, late = m.hurdle(planned, alone, vi, t); len(planned.cur.routes[vi].seq) == 0 {
			same[class] = miss{vi, code, late}
		}
		misses = append(misses, miss{vi, code, late})
		id := m.problem.Vehicles[vi].ID
		c := found[code]
		if c == nil {
			c = &tally{late: late, vehicle: id}
			found[code] = c
		}
		c.count++
		if late < c.late {
			c.late, c.vehicle = late, id
		}
	}
	r := &Reason{}
	for _, code := range closeness {
		c := found[code]
		if c == nil {
			continue
		}
		late := int64(0)
		if c.late < forever/4 {
			late = (c.late + tick - 1) / tick
		}
		if r.Code == "" {
			r.Code, r.Late, r.Vehicle = code, late, &c.vehicle
		}
		r.Vehicles = append(r.Vehicles, ReasonCount{Code: code, Count: c.count, Late: late})
	}
	return r, misses
}

// hurdle names what keeps a visit from a vehicle and, where it is time, by how many ticks; forever if that is
// not known.
func (m *model) hurdle(planned, alone *worker, vi int, t int32) (ReasonCode, int64) {
	v, src := &m.vehicles[vi], &m.problem.Vehicles[vi]
	for _, end := range []int32{t, m.mate[t]} {
		if end < 0 {
			continue
		}
		if code := m.obstacle(v, src, end); code != "" {
			return code, forever
		}
		here := m.place[end]
		if v.metric.between(v.begin, here) == apart || v.metric.between(here, v.end) == apart {
			return ReasonUnreachable, forever
		}
	}
	if code, late := m.lift(alone, vi, t); code != "" {
		if code == ReasonNoRoom {
			code = ReasonWindow
		}
		return code, late
	}
	if code, late := m.lift(planned, vi, t); code != "" {
		return code, late
	}
	found := nowhere
	if planned.look(vi, t, &found); found.vehicle >= 0 && planned.bars(vi, t) {
		return ReasonMaxChanges, forever
	} else if found.vehicle >= 0 && planned.weigh(found, t).vehicle < 0 {
		return ReasonMaxWorkTime, forever
	}
	switch {
	case m.teams != nil && m.teams[t] != nil && len(m.teams[t].days) == 0:
		return ReasonCrew, forever
	case m.teams != nil && m.teams[t] != nil:
		return ReasonSeries, forever
	case m.ties != nil && m.ties[t] != nil:
		return ReasonAfter, forever
	}
	return ReasonNoRoom, forever
}

// lift finds the one rule without which the visit would fit into the route, ReasonNoRoom if that is time or
// several together, or nothing if it fits.
func (m *model) lift(w *worker, vi int, t int32) (ReasonCode, int64) {
	fits := func() bool {
		found := nowhere
		w.look(vi, t, &found)
		return found.vehicle >= 0
	}
	if fits() {
		return "", 0
	}
	v := &m.vehicles[vi]
	kept := *v
	defer func() { *v = kept }()
	for _, rule := range []struct {
		code ReasonCode
		lift func()
	}{
		{ReasonMaxTasks, func() { v.maxTasks = math.MaxInt }},
		{ReasonLoad, func() {
			v.capacity = slices.Clone(v.capacity)
			for d := range v.capacity {
				v.capacity[d] = math.MaxInt64 / 4
			}
		}},
		{ReasonMaxTravelTime, func() { v.maxTravel = forever }},
		{ReasonMaxDistance, func() { v.maxDistance = forever }},
		{ReasonMaxRouteDuration, func() { v.maxSpan = forever }},
	} {
		rule.lift()
		if fits() {
			return rule.code, forever
		}
		*v = kept
	}
	if m.mate[t] >= 0 {
		return ReasonNoRoom, forever
	}
	return ReasonNoRoom, w.overrun(v, &w.cur.routes[vi], t)
}

// overrun is by how many ticks a job misses fitting in, at the best place, counting time alone.
func (w *worker) overrun(v *vehicle, r *route, t int32) int64 {
	m, n, layers := w.m, len(r.seq), len(v.breaks)
	least, here, last := forever, m.place[t], v.shift.last(t)
	for k := r.pinned + 1; k <= n+1; k++ {
		u, x := r.at[k-1], r.at[k]
		in, out := v.metric.between(u, here), v.metric.between(here, x)
		if in == apart || out == apart {
			continue
		}
		due := r.due
		if v.stay.setups && here == x {
			due = r.dueOn
		}
		for a := 0; a <= layers; a++ {
			leave := r.leave[a*(n+2)+k-1]
			for b := a; b <= layers && leave < forever; b++ {
				arrive := v.through(leave, int64(in), a, b)
				if arrive >= forever {
					break
				}
				start := v.shift.start(t, arrive)
				if start == forever {
					least = min(least, arrive-last)
					break
				}
				for c := b; c <= layers; c++ {
					if limit := due[c*(n+2)+k]; limit > never {
						if reach := v.through(start+m.stayAt(v, t, u), int64(out), b, c); reach < forever {
							least = min(least, reach-limit)
						}
					}
				}
			}
		}
	}
	return least
}
