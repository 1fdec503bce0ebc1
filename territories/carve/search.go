package carve

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sync"
	"time"
)

// Options steer a search.
type Options struct {
	// Seed is where chance starts. The same problem, seed, iterations and threads give the same plan, unit for unit,
	// unless the context ends the search early.
	Seed uint64

	// Iterations is how many changes each thread tries. If zero, the search fills the time up to the context's
	// deadline, or without a deadline or without Now, takes a number that suits the size of the problem.
	Iterations int64

	// Threads is how many searches run side by side and share what they find; 1 if zero.
	Threads int

	// Now is the clock that tells how much of the time to the deadline is gone. It is only asked if Iterations is
	// zero and the context has a deadline.
	Now func() time.Time

	// Progress, if set, is called from the calling goroutine each time the threads have met. It must not block.
	Progress func(Progress)
}

// Progress tells how far a search is.
type Progress struct {
	Share     float64 // of the iterations or the time, 0 to 1
	Objective float64 // of the best plan so far, with changes of owner
	Breach    float64 // how far it is outside its bounds, as parts of a mean territory; 0 if nothing is broken
}

// Plan is a division of the units among the territories.
type Plan struct {
	Of      []int32 // territory of each unit
	Bridges []Bridge
	Report  *Report
}

// search is the threads of one Design.
type search struct {
	ctx     context.Context
	m       *model
	o       Options
	form    form
	far     [][]float64
	total   int64 // tries a thread may make, as far as known beforehand
	began   time.Time
	limit   time.Duration // zero: by iterations
	used    int64         // tries a thread has made
	walkers []*walker
	elite   []elite
	price   float64
}

// elite is a plan worth going on from.
type elite struct {
	in       []int32
	obj, bad float64
	hot      bool // not annealed yet
}

// speed is roughly how many changes a thread tries in a second; only the number of rounds hangs on it.
const speed = 2_000_000

// reserveEach is the time kept for the report, for each unit.
const reserveEach = 4 * time.Microsecond

// Design looks for the best plan until the iterations are done or the context ends, and returns the best it has. It
// fails with an *InputError only, or with the context's error if that ended before there was any plan.
func Design(ctx context.Context, p *Problem, o Options) (*Plan, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s := &search{ctx: ctx, o: o, total: o.Iterations}
	s.o.Threads = max(1, o.Threads)
	if deadline, ok := ctx.Deadline(); ok && o.Now != nil && s.total == 0 {
		s.began = o.Now()
		reserve := time.Duration(len(p.At)) * reserveEach // for the report at the end
		s.limit = max((deadline.Sub(s.began)-reserve)*98/100, time.Millisecond)
	}
	s.m = newModel(p)
	if s.total == 0 {
		s.total = max(int64(s.m.n)*4000, 400_000)
		if s.limit > 0 {
			s.total = max(int64(s.limit.Seconds()*speed), 1)
		}
	}
	s.run()
	return s.answer(), nil
}

func (s *search) answer() *Plan {
	best := s.elite[0]
	s.m.relabel(best.in)
	plan := &Plan{Of: make([]int32, len(s.m.p.At))}
	for u, v := range s.m.node {
		plan.Of[u] = best.in[v]
	}
	for _, b := range s.m.bridges {
		plan.Bridges = append(plan.Bridges, Bridge{A: s.m.units[b.A][0], B: s.m.units[b.B][0], Length: s.m.along(b.Length)})
	}
	plan.Report = Check(s.m.p, plan.Of, plan.Bridges)
	return plan
}

// share of the search that is gone.
func (s *search) share() float64 {
	if s.limit > 0 {
		return math.Min(float64(s.o.Now().Sub(s.began))/float64(s.limit), 1)
	}
	return math.Min(float64(s.used)/float64(s.total), 1)
}

func (s *search) over() bool { return s.ctx.Err() != nil || s.share() >= 1 }

// Parts of a search: trying centres, annealing each of the best, going on from the best plans.
const (
	centresUntil = 0.08
	exploreUntil = 0.50
	fewStarts    = 16
	roundTries   = 800 // tries a node in one annealing, if there is time
)

func (s *search) run() {
	m := s.m
	if m.k == 1 {
		s.elite = []elite{{in: make([]int32, m.n)}}
		return
	}
	s.begin()
	if s.over() { // whatever the time, what is broken is mended as far as a moment allows
		w := s.walkers[0]
		w.set(s.elite[0].in)
		w.keep()
		w.heat, w.price = cold*w.usual(), s.price
		w.mend()
		s.enter(w, 0)
		s.rank()
		return
	}
	share := s.share()
	rounds := int(clamp(float64(s.total)*(exploreUntil-share)/(roundTries*float64(m.n)), 1, 40))
	s.phase(rounds, exploreUntil, s.fresh)
	rounds = int(clamp(float64(s.total)*(1-exploreUntil)/(roundTries*float64(m.n)), 1, 60))
	s.phase(rounds, 1, s.again)
}

func clamp(v, lo, hi float64) float64 { return math.Max(lo, math.Min(hi, v)) }

// begin finds the plans to start from.
func (s *search) begin() {
	m := s.m
	d := newDice(s.o.Seed, 0)
	few := int(clamp(float64(s.total)*(exploreUntil-centresUntil)/(roundTries*float64(m.n))*float64(s.o.Threads), 1, fewStarts))
	most := int(clamp(centresUntil*float64(s.total)/(float64(m.n)*float64(min(m.k, 12))*4), 1, 1500))
	starts := m.starts(d, few, func(tried int) bool {
		if s.limit > 0 {
			return s.share() < centresUntil && s.ctx.Err() == nil && tried < 4000
		}
		return tried < most && s.ctx.Err() == nil
	})
	switch {
	case !slices.Contains(m.fixed, true) && (m.n <= 200 || m.n <= mostExact && m.p.Objective != Inertia):
		s.form = medoids
		s.far = m.distances()
	default:
		s.form = pinned
	}
	for _, from := range starts {
		in := m.divide(from)
		m.repair(in, from.centre)
		m.relabel(in)
		s.elite = append(s.elite, elite{in: in, hot: true})
	}
	if own := m.owned(s.elite[0].in, starts[0].centre); own != nil {
		s.elite = append([]elite{{in: own, hot: true}}, s.elite...)
	}
	s.price = 2 * starts[0].cost
	for t := range s.o.Threads {
		s.walkers = append(s.walkers, newWalker(m, s.elite[0].in, s.form, s.far, newDice(s.o.Seed, uint64(t+1))))
	}
	w := s.walkers[0]
	s.price = 2 * w.obj
	for i := range s.elite {
		w.set(s.elite[i].in)
		s.elite[i].obj, s.elite[i].bad = w.obj, w.bad
		s.price = min(s.price, 2*w.obj)
	}
	if s.limit == 0 {
		s.used = int64(centresUntil * float64(s.total))
	}
}

// owned is today's division, what has no owner going to the territory of the start; nil if hardly anything has one.
func (m *model) owned(start []int32, centre []vec) []int32 {
	in, kept := slices.Clone(start), 0
	for v, j := range m.owner {
		if j != None && m.lock[v] == None {
			in[v] = j
			kept++
		}
	}
	if kept*2 < m.n {
		return nil
	}
	m.repair(in, centre)
	return in
}

// phase runs rounds of annealings, each of all threads, until a share of the search is gone.
func (s *search) phase(rounds int, until float64, next func(thread int, w *walker) (from int, heat float64)) {
	for r := range rounds {
		if s.over() {
			return
		}
		share := s.share()
		end := share + (until-share)/float64(rounds-r)
		tries := int64((end - share) * float64(s.total))
		var group sync.WaitGroup
		froms := make([]int, len(s.walkers))
		for t, w := range s.walkers {
			from, heat := next(t, w)
			froms[t] = from
			group.Go(func() { s.anneal(w, s.elite[from].in, heat, share, end, tries) })
		}
		group.Wait()
		if s.limit == 0 {
			s.used += tries
		}
		for t, w := range s.walkers {
			s.enter(w, froms[t])
		}
		s.rank()
		if s.o.Progress != nil {
			s.o.Progress(Progress{Share: s.share(), Objective: s.elite[0].obj, Breach: s.elite[0].bad})
		}
	}
}

// Temperatures, in parts of what a change of hands usually does to the objective.
const (
	hot  = 0.5
	cold = 0.006
)

// fresh takes the starts in their order.
func (s *search) fresh(thread int, w *walker) (int, float64) {
	count := 0
	for i, e := range s.elite {
		if e.hot {
			if count == thread {
				return i, hot
			}
			count++
		}
	}
	return s.again(thread, w)
}

// again goes on from one of the best plans, warmer or less warm.
func (s *search) again(_ int, w *walker) (int, float64) {
	from := min(int(w.d.patience()*1.2), len(s.elite)-1)
	return from, hot * math.Pow(0.06, w.d.float())
}

// enter adds what a walker found to the elite.
func (s *search) enter(w *walker, from int) {
	e := &s.elite[from]
	found := elite{in: slices.Clone(w.best), obj: w.bestObj, bad: w.bestBad}
	if e.hot || compare(found, *e) < 0 && w.near(e.in) {
		e.hot = false
		if compare(found, *e) < 0 {
			*e = found
		}
		return
	}
	s.elite = append(s.elite, found)
}

// near says whether the best plan differs from another in no more than a tenth of the nodes.
func (w *walker) near(in []int32) bool {
	differ := 0
	for v, j := range w.best {
		if in[v] != j {
			differ++
		}
	}
	return differ*10 <= w.n
}

func compare(a, b elite) int {
	if a.bad > tiny || b.bad > tiny {
		if c := cmp.Compare(a.bad, b.bad); c != 0 && math.Abs(a.bad-b.bad) > tiny {
			return c
		}
	}
	return cmp.Compare(a.obj, b.obj)
}

func (s *search) rank() {
	slices.SortStableFunc(s.elite, compare)
	s.elite = slices.CompactFunc(s.elite, func(a, b elite) bool { return a.hot == b.hot && slices.Equal(a.in, b.in) })
	// starts that wait for their turn stay whatever they are worth
	kept, cool := s.elite[:0], 0
	for _, e := range s.elite {
		if !e.hot {
			if cool++; cool > 12 {
				continue
			}
		}
		kept = append(kept, e)
	}
	s.elite = kept
}

// anneal lets a walker go from a plan until the share of the search or the tries are used up.
func (s *search) anneal(w *walker, from []int32, heat, share, end float64, tries int64) {
	w.set(from)
	w.price = s.price
	w.keep()
	usual := w.usual()
	length := max(5000, 2*w.n)
	if s.limit > 0 {
		length = min(length, 50_000) // the clock is read between stretches
	}
	gone := 0.0
	for made := int64(0); ; {
		if s.ctx.Err() != nil {
			break
		}
		if s.limit > 0 {
			gone = (s.share() - share) / (end - share)
		} else {
			gone = float64(made) / float64(tries)
		}
		if gone >= 1 {
			break
		}
		w.heat = usual * heat * math.Pow(cold/heat, gone)
		w.price = s.price * math.Pow(4, gone)
		step := length
		if s.limit == 0 {
			step = int(min(int64(length), tries-made))
		}
		w.stretch(step)
		made += int64(step)
		w.refresh()
		if w.better() {
			w.keep()
		}
	}
	w.mend()
}

// mend raises the price of a breach until there is none, or it does not help.
func (w *walker) mend() {
	if w.bestBad <= tiny {
		return
	}
	w.set(w.best)
	for range 8 {
		w.price *= 2
		w.stretch(min(4*w.n, 100_000))
		w.refresh()
		if w.better() {
			w.keep()
		}
		if w.bestBad <= tiny {
			return
		}
	}
}
