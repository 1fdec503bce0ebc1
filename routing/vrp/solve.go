package vrp

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"
)

// Options steer a search.
type Options struct {
	// Seed is where chance starts. The same problem, seed, iterations and threads give the same answer, byte
	// for byte, unless the context ends the search early.
	Seed uint64

	// Iterations is how long each thread searches. If zero, the search fills the time up to the context's
	// deadline, or without a deadline or without Now, takes a number that suits the size of the problem.
	Iterations int

	// Threads is how many searches run side by side and share what they find; 1 if zero.
	Threads int

	// Now is the clock that tells how much of the time to the deadline is gone. It is only asked if Iterations
	// is zero and the context has a deadline.
	Now func() time.Time

	// Remedies asks what would make room for each job that is on no route. It takes some milliseconds per job
	// after the search.
	Remedies bool

	// Progress, if set, is called with the first plan and then a few dozen times, from the calling goroutine. It
	// must not block.
	Progress func(Progress)
}

// Progress tells how far a search is.
type Progress struct {
	Share      float64 // of the iterations or the time, 0 to 1
	Iterations int64   // of all threads
	Cost       int64
	Unassigned int // visits
	Routes     int
}

// InfeasibleError says that the pinned steps of a vehicle cannot be kept even alone.
type InfeasibleError struct {
	Field   string // such as "vehicles[2].steps"
	Vehicle uint64
}

func (e *InfeasibleError) Error() string {
	if e.Vehicle == 0 && e.Field == "vehicles" {
		return "vehicles pin jobs of crews, or jobs that come after others, that cannot be brought together"
	}
	return fmt.Sprintf("%s pin more than vehicle %d can do within its hours, capacity and limits", e.Field, e.Vehicle)
}

// rounds is how often threads meet to share what they found.
const rounds = 24

// Solve looks for the best plan until the iterations are done or the context ends, and returns the best it
// has. It fails with an *InputError or an *InfeasibleError only, or with the context's error if that ended
// before there was any plan.
func Solve(ctx context.Context, p *Problem, o Options) (*Solution, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	m, err := compile(p)
	if err != nil {
		return nil, err
	}
	s, err := newSearch(ctx, m, o)
	if err != nil {
		return nil, err
	}
	s.run()
	w := s.workers[0]
	w.finish()
	return m.answer(&w.cur, o.Remedies), nil
}

// search is the threads of one Solve.
type search struct {
	ctx      context.Context
	m        *model
	o        Options
	workers  []*worker
	began    time.Time
	limit    time.Duration // zero: by iterations
	each     int64         // iterations per worker
	before   float64       // share of the search gone before the annealing
	hot      float64       // first temperature
	cold     float64       // last
	worth    float64       // money that makes serving any visit worth it
	progress func(share float64)
}

func newSearch(ctx context.Context, m *model, o Options) (*search, error) {
	s := &search{ctx: ctx, m: m, o: o, each: int64(o.Iterations)}
	if s.each == 0 {
		s.each = defaultIterations(m)
		if deadline, ok := ctx.Deadline(); ok && o.Now != nil {
			s.began = o.Now()
			s.limit = max(deadline.Sub(s.began), time.Millisecond)
			s.each = math.MaxInt64
		}
	}
	first := newWorker(m, o.Seed, 0)
	first.ctx = ctx
	if err := first.begin(); err != nil {
		return nil, err
	}
	s.workers = append(s.workers, first)
	s.report(-1)
	near := m.neighbours(nearest)
	short := m.shortEdge(near)
	s.hot, s.cold, s.worth = 1.5*short, 0.015*short, m.detour()+10*short
	first.near = near
	first.findHomes()
	if first.warm() {
		s.hot *= warmth
	}
	for i := 1; i < max(1, o.Threads); i++ {
		w := newWorker(m, o.Seed, uint64(i))
		w.near, w.fit, w.homes, w.ctx = near, first.fit, first.homes, ctx
		w.adopt(first)
		s.workers = append(s.workers, w)
	}
	return s, nil
}

// nearest is how many neighbours of each task the ruin looks at.
const nearest = 120

// defaultIterations grows with the problem: some seconds for hundreds of visits.
func defaultIterations(m *model) int64 { return 20_000 + 400*int64(len(m.visits)) }

// warmth is the part of the first temperature that is left when the search starts from a given plan: enough to
// fit in what is new, too little to take the plan apart.
const warmth = 0.1

// warm tells whether the vehicles' steps give most of the plan.
func (w *worker) warm() bool {
	given := 0
	for vi := range w.m.vehicles {
		given += len(w.m.vehicles[vi].given)
	}
	return 2*given > w.m.tasks()
}

// shortEdge is the money a typical short drive costs: to the fifth nearest task.
func (m *model) shortEdge(near [][]int32) float64 {
	if m.tasks() == 0 {
		return 1
	}
	v, sum := &m.vehicles[0], 0.0
	for t := range int32(m.extraFrom) {
		u, steps := t, 0
		for _, other := range near[t] {
			if m.place[other] != m.place[t] {
				if u, steps = other, steps+1; steps == 5 {
					break
				}
			}
		}
		if v.metric.between(m.place[t], m.place[u]) != apart {
			sum += float64(v.price(m.place[t], m.place[u]))
		}
	}
	return max(1, sum/float64(m.tasks()))
}

// detour is more money than serving any visit could cost beside others: serving is always worth it.
func (m *model) detour() float64 {
	var most int64
	for i := range m.vehicles {
		v := &m.vehicles[i]
		for t := range int32(m.tasks()) {
			to, back := v.metric.between(v.begin, m.place[t]), v.metric.between(m.place[t], v.end)
			if to == apart || back == apart || !v.can[t] {
				continue
			}
			once := v.fixed + v.price(v.begin, m.place[t]) + v.price(m.place[t], v.end) + v.perTask*(v.stay.service[t]+v.stay.setup[t])
			most = max(most, once*int64(len(m.members(t))))
		}
	}
	toll := int64(0)
	for i := range m.vehicles {
		for _, more := range m.vehicles[i].toll {
			toll = max(toll, more*int64(m.mostTimes))
		}
	}
	for i := range m.vehicles {
		most += m.vehicles[i].extraCost(m)
	}
	return float64(most+toll) + m.worst()*float64(m.mostTimes) + m.dearest()
}

// begin builds the first plan: the pinned and given steps, then everything else at its cheapest spot.
func (w *worker) begin() error {
	m := w.m
	for vi := range m.vehicles {
		v, r := &m.vehicles[vi], &w.cur.routes[vi]
		r.seq = append(r.seq, v.pinned...)
		r.pinned = len(v.pinned)
		if !w.settle(vi) {
			return &InfeasibleError{Field: fmt.Sprintf("vehicles[%d].steps", vi), Vehicle: m.problem.Vehicles[vi].ID}
		}
		for _, t := range v.pinned {
			w.cur.where[t] = int32(vi)
		}
	}
	for vi := range m.vehicles {
		if p := m.vehicles[vi].person; m.shared && w.cur.toils[p] > m.limits[p] {
			return &InfeasibleError{Field: fmt.Sprintf("vehicles[%d].steps", vi), Vehicle: m.problem.Vehicles[vi].ID}
		}
	}
	if !w.align() {
		return &InfeasibleError{Field: "vehicles", Vehicle: 0}
	}
	for vi := range m.vehicles {
		w.follow(vi)
	}
	for _, t := range m.visits {
		if w.cur.where[t] < 0 {
			w.pool = append(w.pool, t)
		}
	}
	w.first = -1
	w.order()
	w.awake = true
	w.fill()
	w.awake = false
	for _, vi := range w.saved {
		w.touched[vi] = false
	}
	w.saved = w.saved[:0]
	w.best.copyFrom(&w.cur)
	w.top = w.cur.score()
	return nil
}

// follow adds the given steps of a vehicle that are not pinned, in their order, leaving out what breaks a rule.
func (w *worker) follow(vi int) {
	m := w.m
	v, r := &m.vehicles[vi], &w.cur.routes[vi]
	for _, t := range v.given[len(v.pinned):] {
		if m.kind[t] == StepDelivery || w.cur.where[t] >= 0 || !v.can[t] || m.hangs(t) {
			continue
		}
		k := len(r.seq) + 1
		if m.mate[t] < 0 {
			if s := w.weigh(spot{vehicle: vi, k: k, k2: k}, t); s.vehicle >= 0 && w.try(vi, t, k, k) {
				w.put(t, s)
			}
			continue
		}
		// A shipment goes in whole: its pickup here, its delivery at its best place behind.
		found := nowhere
		w.look(vi, t, &found)
		if found = w.weigh(found, t); found.vehicle >= 0 {
			w.put(t, found)
		}
	}
}

// fill inserts pool, each visit at its cheapest spot.
func (w *worker) fill() {
	w.cur.missing, w.cur.forgone = w.cur.missing[:0], 0
	for _, t := range w.pool {
		if w.place(t, false) {
			continue
		}
		w.cur.missing = append(w.cur.missing, t)
		w.cur.forgone += int64(w.m.priority[t])
	}
}

// finish goes back to the best plan and makes sure that nothing missing fits: the search may have overlooked a
// place by intent.
func (w *worker) finish() {
	w.restart()
	w.only, w.awake = false, true
	w.pool = append(w.pool[:0], w.cur.missing...)
	w.countMoves()
	w.fill()
}

// run searches in rounds, after each of which every worker that is behind goes on from the best plan.
func (s *search) run() {
	if len(s.m.visits) == 0 {
		return
	}
	s.fleet()
	for round := range rounds {
		var wait sync.WaitGroup
		for _, w := range s.workers[1:] {
			wait.Go(func() { s.round(w, round) })
		}
		s.round(s.workers[0], round)
		wait.Wait()
		s.meet()
		s.report(round)
		if s.ctx.Err() != nil {
			return
		}
	}
}

// meet lets every worker that is behind go on from the best plan.
func (s *search) meet() {
	best := s.workers[0]
	for _, w := range s.workers[1:] {
		if w.top.less(best.top) {
			best = w
		}
	}
	for _, w := range s.workers {
		if best.top.less(w.top) {
			w.adopt(best)
		}
	}
}

// fleet spends the first part of the search on doing with fewer vehicles, if those are dear.
func (s *search) fleet() {
	if !s.dearVehicles() {
		return
	}
	shrink := func(w *worker) {
		w.shrink(0.3*s.hot, func() bool { return w.iterations&15 == 0 && (s.ctx.Err() != nil || s.share(w) >= fleetShare) })
	}
	var wait sync.WaitGroup
	for _, w := range s.workers[1:] {
		wait.Go(func() { shrink(w) })
	}
	shrink(s.workers[0])
	wait.Wait()
	s.meet()
	s.before = fleetShare
}

// round runs one worker through its share of the iterations or of the time.
func (s *search) round(w *worker, round int) {
	end := float64(round+1) / rounds
	now := s.heat(float64(round) / rounds)
	for {
		if w.iterations&15 == 0 {
			if s.ctx.Err() != nil {
				return
			}
			share := (s.share(w) - s.before) / (1 - s.before)
			if share >= end {
				return
			}
			now = s.heat(max(0, share))
		}
		w.step(now)
	}
}

// heat falls exponentially from hot to cold, while what visits and priorities are worth rises to more than any
// detour: at first it may pay to drop an important visit on the way to a better plan, at last never.
func (s *search) heat(share float64) heat {
	return heat{
		temperature: s.hot * math.Pow(s.cold/s.hot, share),
		visit:       s.worth * math.Pow(0.05, 1-share),
		priority:    s.worth * 2 * math.Pow(0.01, 1-share),
	}
}

// share is how much of the search lies behind a worker, 0 to 1.
func (s *search) share(w *worker) float64 {
	if s.limit > 0 {
		return float64(s.o.Now().Sub(s.began)) / float64(s.limit)
	}
	return float64(w.iterations) / float64(s.each)
}

func (s *search) report(round int) {
	if s.o.Progress == nil {
		return
	}
	best := &s.workers[0].best
	p := Progress{Share: float64(round+1) / rounds, Cost: rounded(best.cost), Unassigned: len(best.missing)}
	for _, w := range s.workers {
		p.Iterations += w.iterations
	}
	for i := range best.routes {
		if len(best.routes[i].seq) > 0 {
			p.Routes++
		}
	}
	s.o.Progress(p)
}
