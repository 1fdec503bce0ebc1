package vrp

import (
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// The units inside: hundredths of a second, and money in 1/360,000 of a cost unit, which makes an hourly rate
// times hundredths exact.
const (
	tick    = 100
	money   = 360_000
	metre   = money / 1000         // per_km times metres
	forever = int64(1) << 50       // later than any time given
	never   = -forever             // latest time of what cannot be done
	apart   = int32(math.MaxInt32) // travel between places without a way
)

// span is a window in ticks, both ends included.
type span struct{ from, to int64 }

// rest is a Break.
type rest struct {
	windows []span // sorted
	service int64
	maxLoad []int64 // nil: any
	source  int     // place in Vehicle.Breaks
}

// metric is a matrix at one speed. Its last row and column are a place of nowhere, zero from everything: where
// routes without a start or an end begin or end.
type metric struct {
	size  int
	dur   []int32 // ticks
	dist  []int32 // metres, nil if unknown
	costs []int32 // cost units, nil if derived from dur and dist
	gaps  bool    // some pair has no way

	paces   []pace
	slowest int64 // percent
}

func (m *metric) between(i, j int32) int32 { return m.dur[int(i)*m.size+int(j)] }

// stay is how long tasks take vehicles of one type, in ticks.
type stay struct {
	service, setup []int64
	setups         bool // any setup is above zero
}

// shift is what remains of the tasks' windows for vehicles of one working time.
type shift struct {
	first []span   // the first window of each task within the shift; from > to if none
	more  [][]span // the others, nil if no task has any
}

// start returns the earliest start of task t at or after the time, or forever.
func (s *shift) start(t int32, at int64) int64 {
	w := s.first[t]
	if at <= w.to {
		return max(at, w.from)
	}
	if s.more != nil {
		for _, w := range s.more[t] {
			if at <= w.to {
				return max(at, w.from)
			}
		}
	}
	return forever
}

// latest returns the latest start of task t at or before the time, or never.
func (s *shift) latest(t int32, at int64) int64 {
	if s.more != nil {
		for i := len(s.more[t]) - 1; i >= 0; i-- {
			if w := s.more[t][i]; w.from <= at {
				return min(at, w.to)
			}
		}
	}
	if w := s.first[t]; w.from <= at {
		return min(at, w.to)
	}
	return never
}

// last is the end of the last window of task t.
func (s *shift) last(t int32) int64 {
	if s.more != nil {
		if n := len(s.more[t]); n > 0 {
			return s.more[t][n-1].to
		}
	}
	return s.first[t].to
}

// vehicle is a Vehicle, compiled.
type vehicle struct {
	metric      *metric
	stay        *stay
	shift       *shift
	open, close int64
	begin, end  int32 // places
	breaks      []rest
	capacity    []int64
	maxTasks    int
	maxTravel   int64 // ticks
	maxDistance int64
	maxSpan     int64
	bounded     bool // any of maxTravel, maxDistance is set
	trial       bool // an insertion must be tried out in full: max_load
	fixed       int64
	perTick     int64 // money per tick of driving
	perTask     int64 // money per tick of setup and service
	perMetre    int64
	perWait     int64 // money per tick, as perOver
	perOver     int64
	person      int
	extras      *extras
	exact       bool // leaves at open, not later
	banded      bool // travel hangs on the time of day
	softEnd     int64
	softSpan    int64
	timed       bool    // the times of a route cost money or can be refused: insertions are tried out
	can         []bool  // by task: skills, permission, capacity and windows allow it
	toll        []int64 // by first task of a visit: money for sending just this vehicle; nil if never any
	class       int     // vehicles of one class differ in nothing but their id and pinned steps
	pinned      []int32
	given       []int32 // tasks of the steps, in order, pinned ones included
}

// price is the money for driving from one place to another.
func (v *vehicle) price(i, j int32) int64 {
	m := v.metric
	at := int(i)*m.size + int(j)
	if m.costs != nil {
		return int64(m.costs[at]) * money
	}
	p := v.perTick * int64(m.dur[at])
	if v.perMetre != 0 {
		p += v.perMetre * int64(m.dist[at])
	}
	return p
}

// model is a Problem as plain arrays. Tasks are numbered: jobs first, then pickup and delivery of each
// shipment.
type model struct {
	problem  *Problem
	dims     int
	kind     []StepType
	place    []int32
	mate     []int32 // the delivery of a pickup and the other way round, -1 for jobs
	priority []int   // of the visit; deliveries carry none
	drop     []int64 // [task*dims]: loaded at the start, dropped here (jobs)
	take     []int64 // [task*dims]: loaded here, carried to the end (jobs), or to the delivery (pickups)
	visits   []int32 // first tasks of visits: jobs and pickups
	wide     []span  // by task: from its first window's start to its last one's end
	vehicles []vehicle
	classes  int
	oneWay   bool // loads only shrink or only grow along every route: the total decides
	places   int
	moods    *moods // nil if no task has any

	single     []int32 // by copy, numbered from first copy on: the task it repeats
	copies     int     // number of the first copy, after all tasks of the question
	teams      []*team // by task: of jobs that are served several times; nil if there are none
	extraFrom  int     // number of the first stop that is no visit
	extraStops []extraStop
	mostTimes  int    // that any job is served
	series     bool   // some team is a series
	ties       []*tie // by task: to the job before; nil if there are none
	behind     [][]int32
	planned    [][]int // by visit: the vehicles that steps give it to
	maxMoves   int     // visits that may go to others; below 0: any
	shared     bool    // people's hours count
	balance    int64   // money for an hour squared, over 360,000
	limits     []int64 // by person: ticks of driving and work

	fixed []bool // by task: pinned
}

func (m *model) tasks() int { return len(m.kind) }

// compile turns a valid problem into arrays. It fails with an *InputError where numbers are too large together.
func compile(p *Problem) (*model, error) {
	m := &model{problem: p, dims: p.dimensions()}
	add := func(kind StepType, place, mate, priority int, drop, take []int64) {
		m.kind = append(m.kind, kind)
		m.place = append(m.place, int32(place))
		m.mate = append(m.mate, int32(mate))
		m.priority = append(m.priority, priority)
		for d := range m.dims {
			m.drop = append(m.drop, at(drop, d))
			m.take = append(m.take, at(take, d))
		}
	}
	drops, takes := false, false
	for i := range p.Jobs {
		j := &p.Jobs[i]
		m.visits = append(m.visits, int32(len(m.kind)))
		add(StepJob, *j.LocationIndex, -1, j.Priority, j.Delivery, j.Pickup)
		drops = drops || len(j.Delivery) > 0
		takes = takes || len(j.Pickup) > 0
	}
	for i := range p.Shipments {
		s := &p.Shipments[i]
		t := len(m.kind)
		m.visits = append(m.visits, int32(t))
		add(StepPickup, *s.Pickup.LocationIndex, t+1, s.Priority, nil, s.Amount)
		add(StepDelivery, *s.Delivery.LocationIndex, t, 0, nil, nil)
	}
	m.compileTogether(add)
	m.compileExtraStops(add)
	m.oneWay = len(p.Shipments) == 0 && !(drops && takes)
	for t := range int32(m.tasks()) {
		windows := ticks(m.source(t).windows)
		m.wide = append(m.wide, span{windows[0].from, windows[len(windows)-1].to})
	}
	if err := m.compileVehicles(); err != nil {
		return nil, err
	}
	return m, nil
}

func at(amounts []int64, d int) int64 {
	if d < len(amounts) {
		return amounts[d]
	}
	return 0
}

// taskSource is what the kinds of tasks have in common.
type taskSource struct {
	setup, service   int64
	setups, services map[string]int64
	windows          []TimeWindow
	skills           []uint32
	allowed, banned  []uint64
	preferred        []uint64
	other            int64 // cost units for a vehicle that is not preferred
	wishes           *Wishes
	timing           *Timing
	days             [][]int
	id               uint64
	label            label
}

// label is what the answer repeats of a task.
type label struct {
	description string
	location    *orb.Point
	index       *int
}

func (m *model) source(t int32) taskSource {
	if int(t) >= m.extraFrom {
		x := &m.extraStops[int(t)-m.extraFrom]
		return taskSource{service: x.service, windows: x.windows, wishes: &Wishes{}, timing: &Timing{}, id: x.id, label: x.label}
	}
	if int(t) >= m.copies {
		t = m.single[int(t)-m.copies]
	}
	jobs := len(m.problem.Jobs)
	if int(t) < jobs {
		j := &m.problem.Jobs[t]
		return taskSource{setup: j.Setup, service: j.Service, setups: j.SetupPerType, services: j.ServicePerType, windows: j.TimeWindows, skills: j.Skills,
			allowed: j.AllowedVehicles, banned: j.ForbiddenVehicles, preferred: j.PreferredVehicles, other: j.OtherVehicleCost, wishes: &j.Wishes, timing: &j.Timing, days: j.VisitDays,
			id: j.ID, label: label{j.Description, j.Location, j.LocationIndex}}
	}
	s := &m.problem.Shipments[(int(t)-jobs)/2]
	e := &s.Pickup
	if (int(t)-jobs)%2 == 1 {
		e = &s.Delivery
	}
	return taskSource{setup: e.Setup, service: e.Service, setups: e.SetupPerType, services: e.ServicePerType, windows: e.TimeWindows, skills: s.Skills,
		allowed: s.AllowedVehicles, banned: s.ForbiddenVehicles, preferred: s.PreferredVehicles, other: s.OtherVehicleCost, wishes: &s.Wishes, timing: &e.Timing,
		id: e.ID, label: label{e.Description, e.Location, e.LocationIndex}}
}

func (m *model) compileVehicles() error {
	p := m.problem
	metrics, stays, shifts, classes := map[string]*metric{}, map[string]*stay{}, map[span]*shift{}, map[string]int{}
	m.fixed = make([]bool, m.tasks())
	pinned := m.fixed
	number := make(map[VehicleStep]int32, m.tasks())
	for t := range int32(m.tasks()) {
		if int(t) < m.copies {
			number[VehicleStep{Type: m.kind[t], ID: m.source(t).id}] = t
		}
	}
	told := make([]int, m.tasks())
	m.vehicles = make([]vehicle, len(p.Vehicles))
	for i := range p.Vehicles {
		for _, s := range p.Vehicles[i].Steps {
			if t, ok := number[VehicleStep{Type: s.Type, ID: s.ID}]; ok {
				t = m.nextOf(t, told)
				m.vehicles[i].given = append(m.vehicles[i].given, t)
				if s.Pinned {
					m.vehicles[i].pinned = append(m.vehicles[i].pinned, t)
					pinned[t] = true
				}
			}
		}
	}
	planned := make([][]int, m.tasks())
	for i := range m.vehicles {
		for _, t := range m.vehicles[i].given {
			planned[m.leader(t)] = append(planned[m.leader(t)], i)
		}
	}
	m.compilePeople()
	m.compileMoods()
	stop := int32(m.extraFrom)
	for i := range p.Vehicles {
		src, v := &p.Vehicles[i], &m.vehicles[i]
		factor := src.SpeedFactor
		if factor == 0 {
			factor = 1
		}
		slow := int64(math.Round(tick / factor))
		key := fmt.Sprint(src.profile(), slow)
		if metrics[key] == nil {
			made, err := newMetric(p.Matrices[src.profile()], slow, src.profile())
			if err != nil {
				return err
			}
			metrics[key] = made
		}
		v.metric = metrics[key]
		v.banded = len(v.metric.paces) > 0
		m.places = v.metric.size
		if stays[src.Type] == nil {
			stays[src.Type] = m.newStay(src.Type)
		}
		v.stay = stays[src.Type]
		v.open, v.close = m.dawn(), forever-1
		if src.TimeWindow != nil {
			v.open, v.close = src.TimeWindow[0]*tick, src.TimeWindow[1]*tick
		}
		hours := span{v.open, v.close}
		if shifts[hours] == nil {
			shifts[hours] = m.newShift(hours, pinned)
		}
		v.shift = shifts[hours]
		m.compileLimits(v, src)
		m.compileTiming(v, src)
		v.can = make([]bool, m.tasks())
		for t := range int32(m.tasks()) {
			v.can[t] = m.allows(v, src, t) && (m.mate[t] < 0 || m.allows(v, src, m.mate[t]))
		}
		for _, t := range v.pinned {
			v.can[t] = true
		}
		clear(v.can[m.extraFrom:])
		if src.trips() > 1 {
			for t := range m.mate {
				v.can[t] = v.can[t] && m.mate[t] < 0
			}
		}
		m.compileTolls(v, src, planned, i)
		if stop = m.compileExtras(v, src, stop); v.extras != nil {
			classes[fmt.Sprint("alone ", i)] = len(classes)
		}
		key = fmt.Sprintf("%p %p %p %d %d %d %d %v %v %d %d %d %d %d %d %d %d %x %d", v.metric, v.stay, v.shift, v.open, v.close, v.begin, v.end, v.breaks,
			v.capacity, v.maxTasks, v.maxTravel, v.maxDistance, v.maxSpan, v.fixed, v.perTick, v.perTask, v.perMetre, fingerprint(v.can), []int64{v.perWait, v.perOver, v.softEnd, v.softSpan, int64(v.person)})
		if v.toll != nil {
			key += fmt.Sprint(v.toll)
		}
		if _, ok := classes[key]; !ok {
			classes[key] = len(classes)
		}
		v.class = classes[key]
		if v.extras != nil {
			v.class = classes[fmt.Sprint("alone ", i)]
		}
	}
	m.classes = len(classes)
	m.planned, m.maxMoves = planned, -1
	if s := p.Stability; s != nil && s.MaxChanges != nil {
		m.maxMoves = *s.MaxChanges
	}
	return m.affordable()
}

// fingerprint packs flags into bytes, so that equal flags make equal keys.
func fingerprint(flags []bool) []byte {
	out := make([]byte, (len(flags)+7)/8)
	for i, yes := range flags {
		if yes {
			out[i/8] |= 1 << (i % 8)
		}
	}
	return out
}

// dawn is before the first window of anything: where vehicles without hours begin. Zero unless windows begin
// below zero.
func (m *model) dawn() int64 {
	var first int64
	for t := range int32(m.tasks()) {
		for _, w := range m.source(t).windows {
			first = min(first, w[0]*tick)
		}
	}
	for i := range m.problem.Vehicles {
		for _, b := range m.problem.Vehicles[i].Breaks {
			for _, w := range b.TimeWindows {
				first = min(first, w[0]*tick)
			}
		}
	}
	return first
}

func (m *model) compileLimits(v *vehicle, src *Vehicle) {
	nowhere := int32(v.metric.size - 1)
	v.begin, v.end = nowhere, nowhere
	if src.StartIndex != nil {
		v.begin = int32(*src.StartIndex)
	}
	if src.EndIndex != nil {
		v.end = int32(*src.EndIndex)
	}
	v.capacity = make([]int64, m.dims)
	for d := range v.capacity {
		v.capacity[d] = math.MaxInt64 / 4
		if len(src.Capacity) > 0 {
			v.capacity[d] = src.Capacity[d]
		}
	}
	v.maxTasks, v.maxTravel, v.maxDistance, v.maxSpan = math.MaxInt, forever, forever, forever
	if src.MaxTasks != nil {
		v.maxTasks = *src.MaxTasks
	}
	if src.MaxTravelTime != nil {
		v.maxTravel, v.bounded = *src.MaxTravelTime*tick, true
	}
	if src.MaxDistance != nil {
		v.maxDistance, v.bounded = *src.MaxDistance, true
	}
	if src.MaxRouteDuration != nil {
		v.maxSpan = *src.MaxRouteDuration * tick
	}
	v.perTick = 3600
	if c := src.Costs; c != nil {
		v.fixed, v.perTask, v.perMetre = c.Fixed*money, c.PerTaskHour, c.PerKm*metre
		if c.PerHour != nil {
			v.perTick = *c.PerHour
		}
	}
	for k := range src.Breaks {
		b := &src.Breaks[k]
		if !plainBreak(b) {
			continue
		}
		r := rest{service: b.Service * tick, source: k, windows: ticks(b.TimeWindows)}
		if len(b.MaxLoad) > 0 {
			r.maxLoad, v.trial = b.MaxLoad, true
		}
		v.breaks = append(v.breaks, r)
	}
	sortBreaks(v.breaks)
}

// sortBreaks puts breaks in the order of their windows, in which they are held.
func sortBreaks(breaks []rest) {
	slices.SortStableFunc(breaks, func(a, b rest) int {
		if x, y := a.windows[0].from, b.windows[0].from; x != y {
			return int(max(-1, min(1, x-y)))
		}
		x, y := a.windows[len(a.windows)-1].to, b.windows[len(b.windows)-1].to
		return int(max(-1, min(1, x-y)))
	})
}

// ticks sorts windows and turns them to ticks; none means any time.
func ticks(windows []TimeWindow) []span {
	if len(windows) == 0 {
		return []span{{never, forever}}
	}
	out := make([]span, len(windows))
	for i, w := range windows {
		out[i] = span{w[0] * tick, w[1] * tick}
	}
	slices.SortFunc(out, func(a, b span) int { return int(max(-1, min(1, a.from-b.from))) })
	return out
}

func newMetric(src *Matrix, slow int64, profile string) (*metric, error) {
	n := src.Size
	m := &metric{size: n + 1, dur: make([]int32, (n+1)*(n+1))}
	m.paces, m.slowest = compilePaces(src.Bands)
	if src.Distances != nil {
		m.dist = make([]int32, (n+1)*(n+1))
	}
	if src.Costs != nil {
		m.costs = make([]int32, (n+1)*(n+1))
	}
	for i := range n {
		for j := range n {
			to := i*(n+1) + j
			d := src.Durations[i*n+j]
			if d == Unreachable {
				m.dur[to], m.gaps = apart, true
				continue
			}
			scaled := int64(d) * slow
			if scaled >= int64(apart) {
				return nil, &InputError{Field: fmt.Sprintf("matrices.%s.durations[%d][%d]", profile, i, j),
					Message: fmt.Sprintf("is %d seconds; %d days are the most", d, int64(apart)/slow/86400)}
			}
			m.dur[to] = int32(scaled)
			if m.dist != nil {
				m.dist[to] = src.Distances[i*n+j]
			}
			if m.costs != nil {
				m.costs[to] = src.Costs[i*n+j]
			}
		}
	}
	return m, nil
}

func (m *model) newStay(kind string) *stay {
	s := &stay{service: make([]int64, m.tasks()), setup: make([]int64, m.tasks())}
	for t := range int32(m.tasks()) {
		src := m.source(t)
		service, setup := src.service, src.setup
		if kind != "" {
			if own, ok := src.services[kind]; ok {
				service = own
			}
			if own, ok := src.setups[kind]; ok {
				setup = own
			}
		}
		s.service[t], s.setup[t] = service*tick, setup*tick
		s.setups = s.setups || setup > 0
	}
	return s
}

// newShift keeps what the working hours leave of each task's windows. A pinned task may come late: its last
// window is open-ended.
func (m *model) newShift(hours span, pinned []bool) *shift {
	s := &shift{first: make([]span, m.tasks())}
	for t := range int32(m.tasks()) {
		windows := ticks(m.source(t).windows)
		if pinned[t] {
			windows[len(windows)-1].to = forever
		}
		kept := windows[:0]
		for _, w := range windows {
			if w.to >= hours.from && w.from <= hours.to {
				kept = append(kept, span{max(w.from, hours.from), min(w.to, hours.to)})
			}
		}
		if len(kept) == 0 {
			s.first[t] = span{forever, never}
			continue
		}
		s.first[t] = kept[0]
		if len(kept) > 1 {
			if s.more == nil {
				s.more = make([][]span, m.tasks())
			}
			s.more[t] = kept[1:]
		}
	}
	return s
}

// allows tells whether nothing but time and the other stops can keep the task from the vehicle.
func (m *model) allows(v *vehicle, src *Vehicle, t int32) bool {
	return m.obstacle(v, src, t) == ""
}

// obstacle names what keeps a task from a vehicle whatever its route, or is empty.
func (m *model) obstacle(v *vehicle, src *Vehicle, t int32) ReasonCode {
	if code := m.rejects(src, m.source(t)); code != "" {
		return code
	}
	for d := range m.dims {
		if m.drop[int(t)*m.dims+d] > v.capacity[d] || m.take[int(t)*m.dims+d] > v.capacity[d] {
			return ReasonCapacity
		}
	}
	if v.maxTasks < 1 || m.mate[t] >= 0 && v.maxTasks < 2 {
		return ReasonMaxTasks
	}
	if w := v.shift.first[t]; w.from > w.to {
		return ReasonShift
	}
	return ""
}
