package vrp_test

import (
	"math"
	"slices"
	"sort"

	"catchment/routing/vrp"
)

// brute finds the best plan of a tiny problem by trying everything: each set of visits for each vehicle, each
// order, each place for each break. It shares nothing with the solver.
type brute struct {
	p      *vrp.Problem
	visits [][]bruteTask // one task for a job, two for a shipment
	prio   []int
	memo   map[[2]int]float64
}

type bruteTask struct {
	place           int
	setup, service  int64
	setups          map[string]int64
	services        map[string]int64
	windows         []vrp.TimeWindow
	skills          []uint32
	before, after   []int64 // what a job brings from the start and takes to the end
	amount          []int64 // what a pickup takes on, a delivery off
	kind            vrp.StepType
	visit           int
	allowed, banned []uint64
	preferred       []uint64
	other           int64
	wishes          vrp.Wishes
	planned         uint64 // vehicle that steps give it to, 0 for none
}

type bruteScore struct {
	Priority, Missing int
	Cost              int64
}

func bruteForce(p *vrp.Problem) bruteScore {
	b := &brute{p: p, memo: make(map[[2]int]float64)}
	for i, j := range p.Jobs {
		b.visits = append(b.visits, []bruteTask{{place: *j.LocationIndex, setup: j.Setup, service: j.Service, setups: j.SetupPerType, services: j.ServicePerType,
			windows: j.TimeWindows, skills: j.Skills, before: j.Delivery, after: j.Pickup, kind: vrp.StepJob, visit: i, allowed: j.AllowedVehicles, banned: j.ForbiddenVehicles,
			wishes: j.Wishes, preferred: j.PreferredVehicles, other: j.OtherVehicleCost, planned: plannedOn(p, j.ID)}})
		b.prio = append(b.prio, j.Priority)
	}
	for _, s := range p.Shipments {
		visit := len(b.visits)
		end := func(kind vrp.StepType, e vrp.ShipmentStop) bruteTask {
			return bruteTask{place: *e.LocationIndex, setup: e.Setup, service: e.Service, setups: e.SetupPerType, services: e.ServicePerType, windows: e.TimeWindows,
				skills: s.Skills, amount: s.Amount, kind: kind, visit: visit, allowed: s.AllowedVehicles, banned: s.ForbiddenVehicles}
		}
		pickup, delivery := end(vrp.StepPickup, s.Pickup), end(vrp.StepDelivery, s.Delivery)
		pickup.wishes = s.Wishes
		b.visits = append(b.visits, []bruteTask{pickup, delivery})
		b.prio = append(b.prio, s.Priority)
	}
	best := bruteScore{math.MaxInt, 0, 0}
	var share func(v, free int, cost float64)
	share = func(v, free int, cost float64) {
		if v == len(p.Vehicles) {
			s := bruteScore{Cost: int64(math.Round(cost))}
			for i, prio := range b.prio {
				if free>>i&1 == 1 {
					s.Priority += prio
					s.Missing++
				}
			}
			if s.Priority < best.Priority || s.Priority == best.Priority && (s.Missing < best.Missing || s.Missing == best.Missing && s.Cost < best.Cost) {
				best = s
			}
			return
		}
		for set := free; ; set = (set - 1) & free {
			if c := b.route(v, set); c < math.Inf(1) {
				share(v+1, free&^set, cost+c)
			}
			if set == 0 {
				return
			}
		}
	}
	share(0, 1<<len(b.visits)-1, 0)
	return best
}

// route is the least cost of serving a set of visits with one vehicle.
func (b *brute) route(v, set int) float64 {
	if set == 0 {
		return 0
	}
	if c, ok := b.memo[[2]int{v, set}]; ok {
		return c
	}
	var tasks []bruteTask
	for i := range b.visits {
		if set>>i&1 == 1 {
			tasks = append(tasks, b.visits[i]...)
		}
	}
	best := math.Inf(1)
	var order func(done []bruteTask, used int)
	order = func(done []bruteTask, used int) {
		if len(done) == len(tasks) {
			if c := b.cost(v, done); c < best && b.feasible(v, done) {
				best = c
			}
			return
		}
		for i, t := range tasks {
			if used>>i&1 == 1 {
				continue
			}
			if t.kind == vrp.StepDelivery && !slices.ContainsFunc(done, func(o bruteTask) bool { return o.visit == t.visit }) {
				continue
			}
			order(append(slices.Clone(done), t), used|1<<i)
		}
	}
	order(nil, 0)
	b.memo[[2]int{v, set}] = best
	return best
}

func (b *brute) matrix(v *vrp.Vehicle) *vrp.Matrix {
	if v.Profile == "" {
		return b.p.Matrices["car"]
	}
	return b.p.Matrices[v.Profile]
}

// drive is hundredths of seconds between places, -1 standing for nowhere.
func (b *brute) drive(v *vrp.Vehicle, from, to int) int64 {
	if from < 0 || to < 0 {
		return 0
	}
	slow := int64(100)
	if v.SpeedFactor != 0 {
		slow = int64(math.Round(100 / v.SpeedFactor))
	}
	m := b.matrix(v)
	return int64(m.Durations[from*m.Size+to]) * slow
}

func ends(v *vrp.Vehicle) (int, int) {
	begin, end := -1, -1
	if v.StartIndex != nil {
		begin = *v.StartIndex
	}
	if v.EndIndex != nil {
		end = *v.EndIndex
	}
	return begin, end
}

func (t bruteTask) stay(v *vrp.Vehicle, from int) int64 {
	setup, service := t.setup, t.service
	if own, ok := t.setups[v.Type]; ok {
		setup = own
	}
	if own, ok := t.services[v.Type]; ok {
		service = own
	}
	if from == t.place {
		setup = 0
	}
	return setup + service
}

// cost is that of a route, infinite if it breaks a rule that does not hang on the time of day.
func (b *brute) cost(vi int, tasks []bruteTask) float64 {
	v := &b.p.Vehicles[vi]
	m := b.matrix(v)
	if v.MaxTasks != nil && len(tasks) > *v.MaxTasks {
		return math.Inf(1)
	}
	for _, t := range tasks {
		for _, s := range t.skills {
			if !slices.Contains(v.Skills, s) && v.SkillLevels[s] == 0 {
				return math.Inf(1)
			}
		}
		for s, least := range t.wishes.SkillLevels {
			level := v.SkillLevels[s]
			if slices.Contains(v.Skills, s) {
				level = max(level, 1)
			}
			if level < least {
				return math.Inf(1)
			}
		}
		if len(t.allowed) > 0 && !slices.Contains(t.allowed, v.ID) || slices.Contains(t.banned, v.ID) {
			return math.Inf(1)
		}
	}
	fixed, hour, taskHour, km := 0.0, 3600.0, 0.0, 0.0
	if k := v.Costs; k != nil {
		fixed, taskHour, km = float64(k.Fixed), float64(k.PerTaskHour), float64(k.PerKm)
		if k.PerHour != nil {
			hour = float64(*k.PerHour)
		}
	}
	var driven, work int64
	var metres, matrix float64
	at, end := ends(v)
	leg := func(to int) bool {
		if at >= 0 && to >= 0 {
			k := at*m.Size + to
			if m.Durations[k] == vrp.Unreachable {
				return false
			}
			driven += b.drive(v, at, to)
			if m.Distances != nil {
				metres += float64(m.Distances[k])
			}
			if m.Costs != nil {
				matrix += float64(m.Costs[k])
			}
		}
		at = to
		return true
	}
	for _, t := range tasks {
		work += t.stay(v, at)
		if !leg(t.place) {
			return math.Inf(1)
		}
	}
	if !leg(end) || v.MaxTravelTime != nil && driven > *v.MaxTravelTime*100 || v.MaxDistance != nil && metres > float64(*v.MaxDistance) {
		return math.Inf(1)
	}
	for dim := range v.Capacity {
		load := int64(0)
		for _, t := range tasks {
			load += amount(t.before, dim)
		}
		if load > v.Capacity[dim] {
			return math.Inf(1)
		}
		for _, t := range tasks {
			load += amount(t.after, dim) - amount(t.before, dim)
			if t.kind == vrp.StepPickup {
				load += amount(t.amount, dim)
			} else {
				load -= amount(t.amount, dim)
			}
			if load > v.Capacity[dim] {
				return math.Inf(1)
			}
		}
	}
	for _, t := range tasks {
		fixed += float64(t.wishes.VehicleCosts[v.ID])
		if v.Costs != nil && t.wishes.Territory != 0 && !slices.Contains(v.Territories, t.wishes.Territory) {
			fixed += float64(v.Costs.PerForeignVisit)
		}
		if v.Costs != nil && v.AnchorIndex != nil && m.Durations[*v.AnchorIndex*m.Size+t.place] != vrp.Unreachable {
			fixed += float64(v.Costs.PerAnchorHour) * float64(b.drive(v, *v.AnchorIndex, t.place)) / 100 / 3600
		}
		if len(t.preferred) > 0 && !slices.Contains(t.preferred, v.ID) {
			fixed += float64(t.other)
		}
		if s := b.p.Stability; s != nil && t.planned != 0 && t.planned != v.ID {
			fixed += float64(s.VehicleChange)
		}
	}
	if m.Costs == nil {
		matrix = hour*float64(driven)/100/3600 + km*metres/1000
	}
	return fixed + matrix + taskHour*float64(work)/3600
}

func plannedOn(p *vrp.Problem, job uint64) uint64 {
	for _, v := range p.Vehicles {
		for _, s := range v.Steps {
			if s.Type == vrp.StepJob && s.ID == job {
				return v.ID
			}
		}
	}
	return 0
}

func amount(amounts []int64, dim int) int64 {
	if dim < len(amounts) {
		return amounts[dim]
	}
	return 0
}

// feasible tries every way to spread the breaks, and if the day is bounded every second to leave.
func (b *brute) feasible(vi int, tasks []bruteTask) bool {
	v := &b.p.Vehicles[vi]
	open, close := int64(0), int64(math.MaxInt64/4)
	if v.TimeWindow != nil {
		open, close = v.TimeWindow[0]*100, v.TimeWindow[1]*100
	}
	last := open
	if v.MaxRouteDuration != nil {
		last = min(close, open+100*4000)
	}
	for depart := open; depart <= last; depart += 100 {
		finish := b.finish(v, tasks, depart, 0, 0, 0)
		if finish > close {
			return false
		}
		if v.MaxRouteDuration == nil || finish-depart <= *v.MaxRouteDuration*100 {
			return true
		}
	}
	return false
}

// finish is the earliest end of a route that has served n tasks and held the given number of breaks, with so
// much driving of the leg under way done.
func (b *brute) finish(v *vrp.Vehicle, tasks []bruteTask, now int64, n, breaks int, done int64) int64 {
	const far = math.MaxInt64 / 2
	begin, end := ends(v)
	from, to := begin, end
	if n > 0 {
		from = tasks[n-1].place
	}
	if n < len(tasks) {
		to = tasks[n].place
	}
	best := int64(far)
	left := max(0, b.drive(v, from, to)-done)
	bands := b.matrix(v).Bands
	if breaks < len(v.Breaks) && b.mayRest(v, tasks, n, breaks) {
		k := &v.Breaks[breaks]
		if start, ok := opening(k.TimeWindows, now); ok {
			best = b.finish(v, tasks, start+k.Service*100, n, breaks+1, done+progress(bands, now, start))
		}
	}
	now = reach(bands, now, left)
	if n == len(tasks) {
		if breaks == len(v.Breaks) {
			best = min(best, now)
		}
		return best
	}
	if start, ok := opening(tasks[n].windows, now); ok {
		best = min(best, b.finish(v, tasks, start+tasks[n].stay(v, from)*100, n+1, breaks, 0))
	}
	return best
}

// progress is how much of a drive is done between two moments, in hundredths at the matrix's pace.
func progress(bands []vrp.Band, from, to int64) int64 {
	edges := []int64{from, to}
	for _, b := range bands {
		for _, edge := range []int64{b.From * 100, b.To * 100} {
			if from < edge && edge < to {
				edges = append(edges, edge)
			}
		}
	}
	slices.Sort(edges)
	done := int64(0)
	for i, edge := range edges[1:] {
		slow := int64(100)
		for _, b := range bands {
			if b.From*100 <= edges[i] && edges[i] < b.To*100 {
				slow = int64(math.Round(b.Factor * 100))
			}
		}
		done += (edge - edges[i]) * 100 / slow
	}
	return done
}

// reach is the first moment by which so much of a drive is done.
func reach(bands []vrp.Band, from, drive int64) int64 {
	if len(bands) == 0 {
		return from + drive
	}
	return from + int64(sort.Search(int(drive*4+1), func(after int) bool { return progress(bands, from, from+int64(after)) >= drive }))
}

func (b *brute) mayRest(v *vrp.Vehicle, tasks []bruteTask, n, k int) bool {
	for dim, most := range v.Breaks[k].MaxLoad {
		load := int64(0)
		for i, t := range tasks {
			if i >= n {
				load += amount(t.before, dim)
				continue
			}
			load += amount(t.after, dim)
			if t.kind == vrp.StepPickup {
				load += amount(t.amount, dim)
			} else {
				load -= amount(t.amount, dim)
			}
		}
		if load > most {
			return false
		}
	}
	return true
}

func opening(windows []vrp.TimeWindow, now int64) (int64, bool) {
	if len(windows) == 0 {
		return now, true
	}
	best, ok := int64(math.MaxInt64), false
	for _, w := range windows {
		if now <= w[1]*100 {
			best, ok = min(best, max(now, w[0]*100)), true
		}
	}
	return best, ok
}
