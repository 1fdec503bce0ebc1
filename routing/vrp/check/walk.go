package check

import (
	"math"
	"slices"

	"catchment/routing/vrp"
)

// walk drives one route again.
type walk struct {
	*checker
	v *vrp.Vehicle
	r *vrp.Route

	clock   int64 // hundredths: now
	ahead   int64 // hundredths of driving left to the next place
	place   int   // last place, -1 before the first
	driven  int64 // hundredths
	spent   int64 // hundredths driven of the present leg, part of driven
	metres  int64
	price   float64
	work    int64 // seconds of setup and service at tasks
	load    []int64
	tasks   int
	breaks  []uint64
	onBoard map[int]bool
	waited  int64 // hundredths
	reloads int
	patient bool    // may wait although its window is open
	slack   float64 // cost units by which rounding to seconds may shift the price
	step    int
	pinned  []key
}

func (w *walk) fault(format string, args ...any) { w.say(w.r.Vehicle, w.step, format, args...) }

func (w *walk) wrongly(format string, args ...any) { w.wrong(w.r.Vehicle, w.step, format, args...) }

func (w *walk) matrix() *vrp.Matrix {
	name := w.v.Profile
	if name == "" {
		name = "car"
	}
	return w.p.Matrices[name]
}

// slowness is 100 divided by the speed factor, to a whole number: a second of the matrix takes so many
// hundredths.
func (w *walk) slowness() int64 {
	if w.v.SpeedFactor == 0 {
		return hundred
	}
	return int64(math.Round(hundred / w.v.SpeedFactor))
}

// leg sets out for a place.
func (w *walk) leg(to int) {
	m := w.matrix()
	if w.place < 0 || to < 0 {
		w.ahead = 0
		return
	}
	at := w.place*m.Size + to
	if m.Durations[at] == vrp.Unreachable {
		w.fault("no way from place %d to place %d", w.place, to)
		return
	}
	w.ahead = int64(m.Durations[at]) * w.slowness()
	if m.Distances != nil {
		w.metres += int64(m.Distances[at])
	}
	if m.Costs != nil {
		w.price += float64(m.Costs[at])
		return
	}
	if k := w.v.Costs; k != nil {
		w.price += float64(k.PerKm) * metresOf(m, at) / 1000
	}
}

// pace is how many hundredths of a second a hundredth of the matrix takes at a moment, times 100, and until when.
func (w *walk) pace(at int64) (percent, until int64) {
	until = math.MaxInt64
	for _, b := range w.matrix().Bands {
		from, to := b.From*hundred, b.To*hundred
		if from <= at && at < to {
			return int64(math.Round(b.Factor * 100)), to
		}
		if from > at {
			until = min(until, from)
		}
	}
	return 100, until
}

func metresOf(m *vrp.Matrix, at int) float64 {
	if m.Distances == nil {
		return 0
	}
	return float64(m.Distances[at])
}

// next is the place of the first task or end after a step, -1 if the route ends nowhere.
func (w *walk) next(after int) int {
	for _, s := range w.r.Steps[after+1:] {
		switch s.Type {
		case vrp.StepStart:
		case vrp.StepBreak:
			if b := w.breakOf(s.ID); b != nil && b.LocationIndex != nil {
				return *b.LocationIndex
			}
		case vrp.StepReload:
			return w.depot()
		case vrp.StepEnd:
			return *w.v.EndIndex
		default:
			if t, ok := w.checker.tasks[key{s.Type, s.ID}]; ok {
				return t.place()
			}
		}
	}
	return -1
}

func (w *walk) route() {
	w.step, w.place, w.onBoard = -1, -1, make(map[int]bool)
	steps := w.r.Steps
	if len(steps) == 0 {
		w.fault("has no steps")
		return
	}
	if starts := steps[0].Type == vrp.StepStart; starts != (w.v.StartIndex != nil) {
		w.fault("begins with %s", steps[0].Type)
		return
	}
	if ends := steps[len(steps)-1].Type == vrp.StepEnd; ends != (w.v.EndIndex != nil) {
		w.fault("ends with %s", steps[len(steps)-1].Type)
		return
	}
	w.initialLoad()
	w.clock = steps[0].Arrival * hundred
	if w.v.TimeWindow != nil && w.clock < w.v.TimeWindow[0]*hundred {
		w.fault("begins %d s before its hours", w.v.TimeWindow[0]-steps[0].Arrival)
	}
	for i := range steps {
		w.step = i
		w.one(&steps[i])
	}
	w.step = -1
	w.end()
}

// initialLoad is what jobs on the route have delivered before the next reload: it is on board from the start.
func (w *walk) initialLoad() { w.loadFor(0) }

func (w *walk) loadFor(from int) {
	for _, s := range w.r.Steps[from:] {
		if s.Type == vrp.StepReload {
			break
		}
		if t, ok := w.checker.tasks[key{s.Type, s.ID}]; ok && t.job != nil {
			w.load = sum(w.load, t.job.Delivery, 1)
		}
	}
	w.fits("at the start")
}

func sum(load, amounts []int64, sign int64) []int64 {
	for len(load) < len(amounts) {
		load = append(load, 0)
	}
	for d, a := range amounts {
		load[d] += sign * a
	}
	return load
}

func (w *walk) fits(when string) {
	if len(w.v.Capacity) == 0 {
		return
	}
	for d, l := range w.load {
		if l > w.v.Capacity[d] {
			w.fault("carries %d %s, more than %d", l, when, w.v.Capacity[d])
		}
	}
}

func (w *walk) one(s *vrp.Step) {
	switch s.Type {
	case vrp.StepStart:
		w.place = *w.v.StartIndex
		w.leg(w.next(w.step))
	case vrp.StepEnd:
		w.drive(math.MaxInt64)
		w.reported(s)
	case vrp.StepBreak:
		w.pause(s)
	case vrp.StepReload:
		w.reload(s)
	default:
		w.serve(s)
	}
	for d, l := range w.load {
		if d < len(s.Load) && s.Load[d] != l {
			w.wrongly("load is given as %d, should be %d", s.Load, w.load)
			break
		}
	}
}

// drive goes on until the next place, or only until a moment.
func (w *walk) drive(until int64) {
	for w.ahead > 0 && w.clock < until {
		percent, change := w.pace(w.clock)
		end := min(until, change)
		taken := int64(math.MaxInt64)
		if w.ahead < math.MaxInt64/1000 {
			taken = (w.ahead*percent + 99) / 100
		}
		if end < math.MaxInt64 && taken > end-w.clock {
			taken = end - w.clock
			w.ahead -= taken * 100 / percent
		} else {
			w.ahead = 0
		}
		w.clock += taken
		w.driven += taken
	}
}

// reported compares a step's arrival, driving and distance with the walk; seconds are rounded, hence the margin.
func (w *walk) reported(s *vrp.Step) {
	margin := w.margin()
	if off := s.Arrival*hundred - w.clock; off < -margin || off > margin {
		w.wrongly("arrival is given as %d, should be %.2f", s.Arrival, float64(w.clock)/hundred)
	}
	if off := s.Duration*hundred - w.driven; off < -margin || off > margin {
		w.wrongly("duration is given as %d, should be %.2f", s.Duration, float64(w.driven)/hundred)
	}
	if s.Distance != nil && s.Type != vrp.StepBreak && *s.Distance != w.metres {
		w.wrongly("distance is given as %d, should be %d", *s.Distance, w.metres)
	}
}

// margin is by how many hundredths a time may be off for being told in whole seconds: where the pace of driving
// changes, a departure told a moment early makes each drive take another time.
func (w *walk) margin() int64 {
	if len(w.matrix().Bands) == 0 {
		return hundred
	}
	return hundred * int64(2+2*w.tasks)
}

// begin waits for a window and compares the wait; pinned tasks may start after their windows.
func (w *walk) begin(s *vrp.Step, windows []vrp.TimeWindow, pinned bool) {
	start, late := w.clock, len(windows) > 0
	var last int64 = math.MinInt64
	sorted := slices.Clone(windows)
	slices.SortFunc(sorted, func(a, b vrp.TimeWindow) int { return int(max(-1, min(1, a[0]-b[0]))) })
	for _, t := range sorted {
		if w.clock <= t[1]*hundred {
			start, late = max(w.clock, t[0]*hundred), false
			break
		}
		last = t[1] * hundred
	}
	if late {
		by := w.clock - last
		told := slices.ContainsFunc(s.Violations, func(v vrp.Violation) bool { return v.Cause == vrp.CauseDelay })
		if !pinned || !told {
			w.fault("%s %d starts %.2f s after its window", s.Type, s.ID, float64(by)/hundred)
		}
	}
	if told := (s.Arrival + s.WaitingTime) * hundred; w.patient && told > start && open(windows, told) {
		start = told // it waits for a soft window
	}
	if off := s.WaitingTime*hundred - (start - w.clock); off < -w.margin()-hundred || off > w.margin()+hundred {
		w.wrongly("waiting is given as %d, should be %.2f", s.WaitingTime, float64(start-w.clock)/hundred)
	}
	w.waited += start - w.clock
	w.clock = start
}

// open tells whether a moment lies in one of the windows, or there are none.
func open(windows []vrp.TimeWindow, at int64) bool {
	return len(windows) == 0 || slices.ContainsFunc(windows, func(t vrp.TimeWindow) bool { return t[0]*hundred <= at && at <= t[1]*hundred })
}

func (w *walk) breakOf(id uint64) *vrp.Break {
	for i := range w.v.Breaks {
		if w.v.Breaks[i].ID == id {
			return &w.v.Breaks[i]
		}
	}
	return nil
}

// depot is where the vehicle loads anew.
func (w *walk) depot() int {
	if w.v.ReloadIndex != nil {
		return *w.v.ReloadIndex
	}
	return *w.v.StartIndex
}

// reload brings back what was picked up and takes on what is delivered next.
func (w *walk) reload(s *vrp.Step) {
	if w.reloads++; w.v.MaxTrips == nil || w.reloads >= *w.v.MaxTrips {
		w.fault("reloads %d times, more than its trips allow", w.reloads)
	}
	w.drive(math.MaxInt64)
	w.reported(s)
	if s.Service != w.v.ReloadService {
		w.wrongly("reload of %d s, should be %d", s.Service, w.v.ReloadService)
	}
	w.clock += w.v.ReloadService * hundred
	w.total.Service += w.v.ReloadService
	clear(w.load)
	w.loadFor(w.step + 1)
	w.fits("after loading anew")
	w.place = w.depot()
	w.leg(w.next(w.step))
}

func (w *walk) pause(s *vrp.Step) {
	b := w.breakOf(s.ID)
	if b == nil {
		w.fault("break %d is none of the vehicle's", s.ID)
		return
	}
	w.breaks = append(w.breaks, b.ID)
	for d, most := range b.MaxLoad {
		if d < len(w.load) && w.load[d] > most {
			w.fault("break %d with %d on board, more than %d", b.ID, w.load[d], most)
		}
	}
	// Driving goes on until the first window of the break that can still be met.
	windows := b.TimeWindows
	for _, t := range b.RelativeTimeWindows {
		depart := w.r.Steps[0].Arrival
		windows = append(slices.Clip(windows), vrp.TimeWindow{t[0] + depart, t[1] + depart + 1}) // the departure is told in whole seconds
	}
	if b.LocationIndex != nil {
		w.drive(math.MaxInt64)
	} else if len(windows) > 0 {
		opens := int64(math.MaxInt64)
		for _, t := range windows {
			if w.clock <= t[1]*hundred {
				opens = min(opens, max(w.clock, t[0]*hundred))
			}
		}
		if opens < math.MaxInt64 {
			w.drive(opens)
		}
	}
	w.reported(s)
	w.begin(s, windows, false)
	if s.Service != b.Service {
		w.wrongly("break of %d s, should be %d", s.Service, b.Service)
	}
	w.clock += b.Service * hundred
	w.total.Service += b.Service
	if b.LocationIndex != nil {
		w.place = *b.LocationIndex
		w.leg(w.next(w.step))
	}
}

func (w *walk) serve(s *vrp.Step) {
	k := key{s.Type, s.ID}
	t, ok := w.checker.tasks[k]
	if !ok {
		w.fault("%s %d is not in the question", s.Type, s.ID)
		return
	}
	if w.seen[k] && (t.job == nil || t.job.Crew < 2 && len(t.job.VisitDays) == 0) {
		w.fault("%s %d is served twice", s.Type, s.ID)
	}
	again := w.seen[k]
	w.seen[k] = true
	w.tasks++
	pinned := slices.ContainsFunc(w.v.Steps, func(v vrp.VehicleStep) bool { return v.Pinned && v.Type == s.Type && v.ID == s.ID })
	if pinned {
		w.pinned = append(w.pinned, k)
	}
	if len(w.pinned) != w.tasks && pinned {
		w.fault("%s %d is pinned, but something comes before it", s.Type, s.ID)
	}
	for _, skill := range t.skills() {
		if !slices.Contains(w.v.Skills, skill) && w.v.SkillLevels[skill] < 1 && !pinned {
			w.fault("%s %d needs skill %d", s.Type, s.ID, skill)
		}
	}
	for skill, least := range t.wishes().SkillLevels {
		level := w.v.SkillLevels[skill]
		if level < 1 && slices.Contains(w.v.Skills, skill) {
			level = 1
		}
		if level < least && !pinned {
			w.fault("%s %d needs level %d of skill %d", s.Type, s.ID, least, skill)
		}
	}
	if !t.permits(w.v.ID) && !pinned {
		w.fault("%s %d may not be served by this vehicle", s.Type, s.ID)
	}
	w.drive(math.MaxInt64)
	w.reported(s)
	before := w.clock
	planned := w.planned(k)
	w.patient = len(t.timing().SoftTimeWindows) > 0 || planned != nil || w.waitsForOthers(t)
	w.begin(s, t.windows(), pinned)
	w.patient = false
	w.moods(s, t, w.clock-before, planned)
	setup, service := t.stay(w.v.Type)
	if w.place == t.place() {
		setup = 0
	}
	if s.Setup != setup || s.Service != service {
		w.wrongly("setup and service are given as %d and %d, should be %d and %d", s.Setup, s.Service, setup, service)
	}
	w.clock += (setup + service) * hundred
	w.served[k] = append(w.served[k], served{w.v, w.clock - (setup+service)*hundred, w.clock, pinned})
	if t.job != nil && len(t.job.VisitDays) > 0 && !slices.ContainsFunc(t.job.VisitDays, func(days []int) bool { return slices.Contains(days, w.v.Day) }) {
		w.fault("%s %d is not served on day %d", s.Type, s.ID, w.v.Day)
	}
	w.work += setup + service
	w.total.Setup += setup
	w.total.Service += service
	switch {
	case t.job != nil:
		w.load = sum(sum(w.load, t.job.Delivery, -1), t.job.Pickup, 1)
	case s.Type == vrp.StepPickup:
		w.load = sum(w.load, t.shipment.Amount, 1)
		w.onBoard[t.number] = true
	default:
		if !w.onBoard[t.number] {
			w.fault("delivery %d without its pickup before", s.ID)
		}
		delete(w.onBoard, t.number)
		w.load = sum(w.load, t.shipment.Amount, -1)
	}
	w.fits("afterwards")
	if s.Type != vrp.StepDelivery {
		if !again {
			w.total.Priority += t.priority()
		}
		w.price += w.surcharge(t, k)
	}
	w.place = t.place()
	w.leg(w.next(w.step))
}

// planned is the start that the steps publish for a task, nil for none.
func (w *walk) planned(k key) *int64 {
	if w.p.Stability == nil || w.p.Stability.StartChangePerHour == 0 {
		return nil
	}
	for i := range w.p.Vehicles {
		for _, step := range w.p.Vehicles[i].Steps {
			if step.Type == k.kind && step.ID == k.id {
				return step.ServiceAt
			}
		}
	}
	return nil
}

// moods charges a start outside soft windows or away from the published one, and minds max_wait.
func (w *walk) moods(s *vrp.Step, t task, wait int64, planned *int64) {
	timing := t.timing()
	if most := timing.MaxWait; most != nil && wait > *most*hundred+hundred {
		w.fault("%s %d makes wait %.2f s, more than %d", s.Type, s.ID, float64(wait)/hundred, *most)
	}
	if len(timing.SoftTimeWindows) > 0 {
		least := int64(math.MaxInt64)
		for _, soft := range timing.SoftTimeWindows {
			least = min(least, max(0, soft[0]*hundred-w.clock, w.clock-soft[1]*hundred))
		}
		w.charge(timing.LatePerHour, least)
	}
	if planned != nil {
		off := w.clock - *planned*hundred
		w.charge(w.p.Stability.StartChangePerHour, max(0, max(off, -off)-w.p.Stability.StartTolerance*hundred))
	}
}

// charge adds the price of some hundredths of a second.
func (w *walk) charge(perHour, hundredths int64) {
	w.price += float64(perHour) * float64(hundredths) / hundred / 3600
	w.slack += float64(perHour) / 3600
}

// surcharge is the price of sending this vehicle where another is preferred or was planned.
func (w *walk) surcharge(t task, k key) float64 {
	preferred, other := []uint64(nil), int64(0)
	if t.job != nil {
		preferred, other = t.job.PreferredVehicles, t.job.OtherVehicleCost
	} else {
		preferred, other = t.shipment.PreferredVehicles, t.shipment.OtherVehicleCost
	}
	sum := float64(t.wishes().VehicleCosts[w.v.ID])
	if costs := w.v.Costs; costs != nil {
		if in := t.wishes().Territory; in != 0 && !slices.Contains(w.v.Territories, in) {
			sum += float64(costs.PerForeignVisit)
		}
		if w.v.AnchorIndex != nil {
			ends := []int{t.place()}
			if t.shipment != nil {
				ends = []int{*t.shipment.Pickup.LocationIndex, *t.shipment.Delivery.LocationIndex}
			}
			m := w.matrix()
			for _, end := range ends {
				if seconds := m.Durations[*w.v.AnchorIndex*m.Size+end]; seconds != vrp.Unreachable {
					sum += float64(costs.PerAnchorHour) * float64(int64(seconds)*w.slowness()) / hundred / 3600
				}
			}
		}
	}
	if len(preferred) > 0 && !slices.Contains(preferred, w.v.ID) {
		sum += float64(other)
	}
	moved := false
	for i := range w.p.Vehicles {
		for _, step := range w.p.Vehicles[i].Steps {
			if step.Type != k.kind || step.ID != k.id {
				continue
			}
			if w.p.Vehicles[i].ID == w.v.ID {
				return sum
			}
			moved = true
		}
	}
	if moved {
		w.moved++
	}
	if moved && w.p.Stability != nil {
		sum += float64(w.p.Stability.VehicleChange)
	}
	return sum
}

// end checks what holds for the whole route.
func (w *walk) end() {
	v := w.v
	if v.EndIndex == nil {
		w.clock += w.ahead
	}
	if v.TimeWindow != nil && w.clock > v.TimeWindow[1]*hundred {
		w.fault("ends %.2f s after its hours", float64(w.clock)/hundred-float64(v.TimeWindow[1]))
	}
	if len(w.onBoard) > 0 {
		w.fault("%d shipments are picked up and not delivered", len(w.onBoard))
	}
	if w.tasks == 0 {
		w.fault("has no tasks")
	}
	if v.MaxTasks != nil && w.tasks > *v.MaxTasks {
		w.fault("%d tasks, more than %d", w.tasks, *v.MaxTasks)
	}
	if v.MaxTravelTime != nil && w.driven > *v.MaxTravelTime*hundred {
		w.fault("drives %.2f s, more than %d", float64(w.driven)/hundred, *v.MaxTravelTime)
	}
	if v.MaxDistance != nil && w.metres > *v.MaxDistance {
		w.fault("drives %d m, more than %d", w.metres, *v.MaxDistance)
	}
	if span := w.clock - w.r.Steps[0].Arrival*hundred; v.MaxRouteDuration != nil && span > *v.MaxRouteDuration*hundred+hundred {
		w.fault("takes %.2f s, more than %d", float64(span)/hundred, *v.MaxRouteDuration)
	}
	var due []uint64
	for _, b := range v.Breaks {
		if b.Optional && !slices.Contains(w.breaks, b.ID) {
			w.price += float64(b.SkipCost)
			continue
		}
		due = append(due, b.ID)
	}
	slices.Sort(due)
	taken := slices.Sorted(slices.Values(w.breaks))
	if !slices.Equal(due, taken) {
		w.fault("holds breaks %d, should hold %d", taken, due)
	}
	n := 0
	for _, s := range v.Steps {
		if s.Pinned {
			if n >= len(w.pinned) || w.pinned[n] != (key{s.Type, s.ID}) {
				w.fault("pinned %s %d is not in its place", s.Type, s.ID)
				break
			}
			n++
		}
	}
	if w.matrix().Costs == nil {
		perHour := int64(3600)
		if v.Costs != nil && v.Costs.PerHour != nil {
			perHour = *v.Costs.PerHour
		}
		w.price += float64(perHour) * float64(w.driven) / hundred / 3600
		if len(w.matrix().Bands) > 0 {
			w.slack += float64(perHour) / 3600 * float64(w.margin()/hundred)
			w.checker.loose += int(w.margin() / hundred)
		}
	}
	if v.Costs != nil {
		w.charge(v.Costs.PerWaitingHour, w.waited)
		over := int64(0)
		if v.SoftEnd != nil {
			over = max(over, w.clock-*v.SoftEnd*hundred)
		}
		if v.SoftRouteDuration != nil {
			over = max(over, w.clock-w.r.Steps[0].Arrival*hundred-*v.SoftRouteDuration*hundred)
		}
		w.charge(v.Costs.PerOvertimeHour, over)
		w.price += float64(v.Costs.Fixed) + float64(v.Costs.PerTaskHour)*float64(w.work)/3600
	}
	w.checker.slack += w.slack
	if math.Abs(w.price-float64(w.r.Cost)) > 0.51+w.slack {
		w.wrongly("cost is given as %d, should be %.2f", w.r.Cost, w.price)
	}
	if off := w.r.Duration - w.driven/hundred; off != 0 && (len(w.matrix().Bands) == 0 || off*hundred > w.margin() || off*hundred < -w.margin()) {
		w.wrongly("duration is given as %d, should be %.2f", w.r.Duration, float64(w.driven)/hundred)
	}
	if toil := w.driven + w.work*hundred; v.Person != 0 {
		w.toils[v.Person] += toil
	} else {
		w.alone = append(w.alone, toil)
	}
	w.cost += w.price
	w.checker.metres += w.metres
	w.total.Duration += w.r.Duration
	w.total.Routes++
}
