package vrp

import (
	"fmt"
	"slices"
)

// Board holds a plan ready for questions about one more visit.
//
// A Board is not safe for use by several goroutines at once.
type Board struct {
	w     *worker
	spare int32 // the task that stands for the visit asked about
}

// Slot is a way to serve one more job: by whom, in which of its windows, at which extra cost.
type Slot struct {
	Vehicle  uint64     `json:"vehicle"`
	Window   TimeWindow `json:"window"`   // the one of the job's windows
	Earliest int64      `json:"earliest"` // start of service, seconds, with everything else as early as can be
	Latest   int64      `json:"latest"`   // latest arrival that keeps all that follows in time
	Cost     int64      `json:"cost"`     // extra, cost units
	Position int        `json:"position"` // so many tasks of the vehicle come before
}

// NewBoard takes the plan told by the vehicles' steps. Tasks on no step are left out; the steps must keep every
// rule.
func NewBoard(p *Problem) (*Board, error) {
	copied := *p
	free := uint64(1)
	for i := range p.Jobs {
		free = max(free, p.Jobs[i].ID+1)
	}
	if len(p.Vehicles) > 0 && p.Matrices[p.Vehicles[0].profile()] == nil {
		return nil, p.Validate()
	}
	copied.Jobs = append(slices.Clone(p.Jobs), Job{ID: free, LocationIndex: new(0)})
	if err := copied.Validate(); err != nil {
		return nil, err
	}
	m, err := compile(&copied)
	if err != nil {
		return nil, err
	}
	b := &Board{w: newWorker(m, 0, 0), spare: int32(len(p.Jobs))}
	for vi := range m.vehicles {
		v, r := &m.vehicles[vi], &b.w.cur.routes[vi]
		r.seq, r.pinned = append(r.seq, v.given...), len(v.pinned)
		if slices.ContainsFunc(v.given, func(t int32) bool { return !v.can[t] }) || !b.w.settle(vi) {
			return nil, &InfeasibleError{Field: fmt.Sprintf("vehicles[%d].steps", vi), Vehicle: p.Vehicles[vi].ID}
		}
		for _, t := range v.given {
			b.w.cur.where[t] = int32(vi)
		}
	}
	if !b.w.align() {
		return nil, &InfeasibleError{Field: "vehicles"}
	}
	return b, nil
}

// Slots returns every vehicle and window that can take the job, the cheapest first. The job must lie at a place
// of the matrices and need not be in the problem. A job without windows is asked about as a whole.
func (b *Board) Slots(j Job) ([]Slot, error) {
	m := b.w.m
	dims := m.dims
	if dims == 0 {
		j.Delivery, j.Pickup = nil, nil // nobody counts what is carried
	}
	asked := *m.problem
	asked.Jobs = []Job{j}
	c := &complaint{}
	c.stop(&asked, "job", j.LocationIndex, j.Setup, j.Service, j.SetupPerType, j.ServicePerType, j.TimeWindows)
	c.amounts("job.delivery", j.Delivery, dims)
	c.amounts("job.pickup", j.Pickup, dims)
	c.wishes("job", &j.Wishes)
	c.timing("job", &j.Timing)
	c.check(j.OtherVehicleCost >= 0 && j.OtherVehicleCost <= maxRate, "job.other_vehicle_cost", "is %d", j.OtherVehicleCost)
	if c.err == nil {
		c.check(*j.LocationIndex < m.places-1, "job.location_index", "is %d, beyond the %d places of the matrices", *j.LocationIndex, m.places-1)
	}
	if c.err != nil {
		return nil, c.err
	}
	t := b.spare
	b.ask(j)
	windows := j.TimeWindows
	if len(windows) == 0 {
		windows = []TimeWindow{{-maxSeconds, maxSeconds}}
	}
	var out []Slot
	for _, window := range windows {
		for vi := range m.vehicles {
			v, r := &m.vehicles[vi], &b.w.cur.routes[vi]
			open := span{max(window[0]*tick, v.open), min(window[1]*tick, v.close)}
			if open.from > open.to {
				continue
			}
			v.shift.first[t] = open
			if v.shift.more != nil {
				v.shift.more[t] = nil
			}
			src := &m.problem.Vehicles[vi]
			if v.can[t] = m.allows(v, src, t); !v.can[t] {
				continue
			}
			if toll := m.toll(v, src, t); v.toll != nil || toll > 0 {
				if v.toll == nil {
					v.toll = make([]int64, m.tasks())
				}
				v.toll[t] = toll
			}
			found := nowhere
			b.w.look(vi, t, &found)
			if found.vehicle < 0 {
				continue
			}
			s := &b.w.scratch
			if !b.w.try(vi, t, found.k, found.k) {
				continue
			}
			offered := window
			if len(j.TimeWindows) == 0 {
				offered = TimeWindow{seconds(v.open), seconds(v.close)} // of this vehicle alone
			}
			earliest, latest := m.whenAt(v, s, found.k)
			out = append(out, Slot{Vehicle: src.ID, Window: offered, Earliest: seconds(earliest), Latest: seconds(latest),
				Cost: rounded(s.cost - r.cost), Position: found.k - 1})
		}
	}
	slices.SortStableFunc(out, func(a, b Slot) int {
		for _, d := range []int64{a.Cost - b.Cost, a.Earliest - b.Earliest} {
			if d != 0 {
				return int(max(-1, min(1, d)))
			}
		}
		return 0
	})
	return out, nil
}

// ask puts a job into the spare task of the model.
func (b *Board) ask(j Job) {
	m, t := b.w.m, b.spare
	m.problem.Jobs[t] = j
	m.place[t] = int32(*j.LocationIndex)
	for d := range m.dims {
		m.drop[int(t)*m.dims+d], m.take[int(t)*m.dims+d] = at(j.Delivery, d), at(j.Pickup, d)
	}
	m.mood(t, &j.Timing)
	m.oneWay = false // the job may be of the other kind than the rest
	for vi := range m.vehicles {
		v := &m.vehicles[vi]
		v.timed = v.timed || m.moods != nil
		service, setup := j.Service, j.Setup
		if kind := m.problem.Vehicles[vi].Type; kind != "" {
			if own, ok := j.ServicePerType[kind]; ok {
				service = own
			}
			if own, ok := j.SetupPerType[kind]; ok {
				setup = own
			}
		}
		v.stay.service[t], v.stay.setup[t] = service*tick, setup*tick
		if setup > 0 && !v.stay.setups {
			v.stay.setups = true // from now on routes keep dueOn
			for other := range m.vehicles {
				if m.vehicles[other].stay == v.stay {
					b.w.settle(other)
				}
			}
		}
	}
}

// whenAt is the earliest start and the latest arrival at position k of a route.
func (m *model) whenAt(v *vehicle, r *route, k int) (earliest, latest int64) {
	stride := len(r.seq) + 2
	task := r.seq[k-1]
	earliest, latest = forever, never
	for l := 0; l <= len(v.breaks); l++ {
		due := r.due[l*stride+k]
		if r.at[k-1] == r.at[k] && v.stay.setups {
			due = r.dueOn[l*stride+k]
		}
		leave := r.leave[l*stride+k]
		if leave >= forever || due <= never {
			continue
		}
		start := leave - m.stayAt(v, task, r.at[k-1])
		if start <= due || earliest == forever {
			earliest = min(earliest, start)
		}
		latest = max(latest, due)
	}
	return earliest, latest
}
