package vrp

import (
	"math"
	"slices"
)

// RemedyRule is what a Remedy relaxes.
type RemedyRule string

// The relaxations tried.
const (
	RemedyOvertime     RemedyRule = "overtime"       // the vehicle's hours end By seconds later
	RemedyLaterWindow  RemedyRule = "later_window"   // the visit's windows end By seconds later
	RemedyEarlyWindow  RemedyRule = "earlier_window" // the visit's windows begin By seconds earlier
	RemedySkills       RemedyRule = "skills"         // the vehicle gets the skills that are missing
	RemedyVehicle      RemedyRule = "vehicle"        // the vehicle may come although the lists of vehicles say no
	RemedyMaxTasks     RemedyRule = "max_tasks"
	RemedyLoad         RemedyRule = "load"
	RemedyMaxTravel    RemedyRule = "max_travel_time"
	RemedyMaxDistance  RemedyRule = "max_distance"
	RemedyMaxRouteTime RemedyRule = "max_route_duration"
)

// Remedy is one relaxation with which a job that is on no route fits into the plan as it is. Each was tried:
// the route with the job in it keeps every other rule.
type Remedy struct {
	Rule    RemedyRule `json:"rule"`
	Vehicle uint64     `json:"vehicle"`
	By      int64      `json:"by,omitempty"` // seconds, to the minute, for relaxations of time
	Cost    int64      `json:"cost"`         // what the visit then costs, cost units
}

// Bounds of what is tried.
const (
	remedyMost     = 4 * 3600 // seconds of overtime or of window
	remedyVehicles = 4        // vehicles tried per relaxation of time: the closest misses
)

// remedies finds for a job the cheapest relaxation of each kind: the least time, then the least cost. planned
// is a worker of a model of its own, which is changed and put back.
func (m *model) remedies(planned *worker, t int32, misses []miss) []Remedy {
	if m.mate[t] >= 0 || m.hangs(t) {
		return nil
	}
	best := make(map[RemedyRule]Remedy)
	offer := func(r Remedy) {
		old, ok := best[r.Rule]
		if !ok || r.By < old.By || r.By == old.By && r.Cost < old.Cost {
			best[r.Rule] = r
		}
	}
	slices.SortStableFunc(misses, func(a, b miss) int { return int(max(-1, min(1, a.late-b.late))) })
	timed := 0
	for _, miss := range misses {
		switch miss.code {
		case ReasonNoRoom, ReasonWindow, ReasonShift:
			if timed++; timed <= remedyVehicles {
				for _, rule := range []RemedyRule{RemedyOvertime, RemedyLaterWindow, RemedyEarlyWindow} {
					if r, ok := m.leastTime(planned, miss.vehicle, t, rule); ok {
						offer(r)
					}
				}
			}
		case ReasonSkills, ReasonVehicle, ReasonMaxTasks, ReasonLoad, ReasonMaxTravelTime, ReasonMaxDistance, ReasonMaxRouteDuration:
			if r, ok := m.without(planned, miss.vehicle, t, miss.code); ok {
				offer(r)
			}
		}
	}
	var out []Remedy
	for _, rule := range []RemedyRule{RemedyLaterWindow, RemedyEarlyWindow, RemedyOvertime, RemedyMaxTasks, RemedyLoad, RemedyMaxTravel, RemedyMaxDistance,
		RemedyMaxRouteTime, RemedyVehicle, RemedySkills} {
		if r, ok := best[rule]; ok {
			out = append(out, r)
		}
	}
	return out
}

// miss is what keeps a visit from a vehicle, and by how many ticks.
type miss struct {
	vehicle int
	code    ReasonCode
	late    int64
}

// price tries the visit in the vehicle's route as the model now stands.
func (w *worker) price(vi int, t int32) (int64, bool) {
	found := nowhere
	w.look(vi, t, &found)
	return rounded(found.extra), found.vehicle >= 0
}

// without lifts one rule of the vehicle.
func (m *model) without(w *worker, vi int, t int32, code ReasonCode) (Remedy, bool) {
	v, src := &m.vehicles[vi], &m.problem.Vehicles[vi]
	kept, could := *v, v.can[t]
	defer func() { *v = kept; v.can[t] = could }()
	switch code {
	case ReasonSkills, ReasonVehicle:
		// The list alone must stand in the way.
		task := m.source(t)
		if code == ReasonSkills && (len(task.allowed) > 0 && !slices.Contains(task.allowed, src.ID) || slices.Contains(task.banned, src.ID)) {
			return Remedy{}, false
		}
		free := *src
		if code == ReasonSkills {
			free = src.taught(task)
		}
		if rest := m.obstacle(v, &free, t); rest != "" && rest != code {
			return Remedy{}, false
		}
		if w := v.shift.first[t]; w.from > w.to {
			return Remedy{}, false
		}
		for d := range m.dims {
			if m.drop[int(t)*m.dims+d] > v.capacity[d] || m.take[int(t)*m.dims+d] > v.capacity[d] {
				return Remedy{}, false
			}
		}
		v.can[t] = true
	case ReasonMaxTasks:
		v.maxTasks = math.MaxInt
		v.can[t] = m.allows(v, src, t)
	case ReasonLoad:
		v.capacity = slices.Repeat([]int64{math.MaxInt64 / 4}, m.dims)
	case ReasonMaxTravelTime:
		v.maxTravel = forever
	case ReasonMaxDistance:
		v.maxDistance = forever
	case ReasonMaxRouteDuration:
		v.maxSpan = forever
	}
	cost, ok := w.price(vi, t)
	return Remedy{Rule: RemedyRule(code), Vehicle: src.ID, Cost: cost}, ok
}

// leastTime finds the fewest minutes by which a rule of time must give way for the visit to fit.
func (m *model) leastTime(w *worker, vi int, t int32, rule RemedyRule) (Remedy, bool) {
	v, src, r := &m.vehicles[vi], &m.problem.Vehicles[vi], &w.cur.routes[vi]
	if rule == RemedyOvertime && src.TimeWindow == nil {
		return Remedy{}, false
	}
	kept, could := *v, v.can[t]
	defer func() {
		*v = kept
		v.can[t] = could
		m.refresh(v, r)
	}()
	pinned := make([]bool, m.tasks())
	for i := range m.vehicles {
		for _, p := range m.vehicles[i].pinned {
			pinned[p] = true
		}
	}
	try := func(minutes int64) (int64, bool) {
		by := minutes * 60 * tick
		if rule == RemedyOvertime {
			v.close = kept.close + by
			v.shift = m.newShift(span{v.open, v.close}, pinned)
		} else {
			v.shift = m.widened(kept.shift, t, span{v.open, v.close}, rule, by)
		}
		v.can[t] = m.allows(v, src, t)
		if !m.refresh(v, r) {
			return 0, false
		}
		return w.price(vi, t)
	}
	low, high := int64(1), int64(remedyMost/60)
	if _, ok := try(high); !ok {
		return Remedy{}, false
	}
	for low < high {
		mid := (low + high) / 2
		if _, ok := try(mid); ok {
			high = mid
		} else {
			low = mid + 1
		}
	}
	cost, ok := try(high)
	return Remedy{Rule: rule, Vehicle: src.ID, By: high * 60, Cost: cost}, ok
}

// widened is a shift in which the windows of one task reach further to one side.
func (m *model) widened(s *shift, t int32, hours span, rule RemedyRule, by int64) *shift {
	out := &shift{first: slices.Clone(s.first), more: slices.Clone(s.more)}
	var kept []span
	for _, w := range ticks(m.source(t).windows) {
		if rule == RemedyEarlyWindow {
			w.from -= by
		} else {
			w.to += by
		}
		w = span{max(w.from, hours.from), min(w.to, hours.to)}
		if w.from > w.to {
			continue
		}
		if n := len(kept); n > 0 && w.from <= kept[n-1].to {
			kept[n-1].to = max(kept[n-1].to, w.to) // they meet
			continue
		}
		kept = append(kept, w)
	}
	out.first[t] = span{forever, never}
	if len(kept) > 0 {
		out.first[t] = kept[0]
	}
	if len(kept) > 1 && out.more == nil {
		out.more = make([][]span, m.tasks())
	}
	if out.more != nil {
		out.more[t] = nil
		if len(kept) > 1 {
			out.more[t] = kept[1:]
		}
	}
	return out
}
