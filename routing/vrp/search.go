package vrp

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
)

// plan is a state of the search: the route of every vehicle and the visits on none.
type plan struct {
	routes  []route
	where   []int32 // vehicle of each task, -1 if on no route
	missing []int32 // visits on no route
	cost    int64
	forgone int64 // priority of the missing visits
	hold    []span
	toils   []int64 // by person: ticks of driving and work
	bonds   []bond  // by task: of its tie
}

func (p *plan) copyFrom(q *plan) {
	if len(p.routes) != len(q.routes) {
		p.routes = make([]route, len(q.routes))
	}
	for i := range q.routes {
		p.routes[i].copyFrom(&q.routes[i])
	}
	p.copyRest(q)
	for i := range p.routes {
		p.routes[i].hold = p.hold
	}
}

// copyRest copies all but the routes.
func (p *plan) copyRest(q *plan) {
	p.toils = append(p.toils[:0], q.toils...)
	if q.hold != nil {
		p.hold, p.bonds = append(p.hold[:0], q.hold...), append(p.bonds[:0], q.bonds...)
	}
	p.where = append(p.where[:0], q.where...)
	p.missing = append(p.missing[:0], q.missing...)
	p.cost, p.forgone = q.cost, q.forgone
}

// score orders plans: what is asked of a solution, most important first.
type score struct {
	priority int64 // of the missing visits
	missing  int
	cost     int64
}

func (p *plan) score() score { return score{p.forgone, len(p.missing), p.cost} }

func (s score) less(o score) bool {
	if s.priority != o.priority {
		return s.priority < o.priority
	}
	if s.missing != o.missing {
		return s.missing < o.missing
	}
	return s.cost < o.cost
}

// worker searches on its own: ruin and recreate under simulated annealing (SISR, Christiaens & Vanden Berghe
// 2020). It changes cur in place and keeps the routes it touched aside, to put them back if the change is not
// accepted.
type worker struct {
	m      *model
	ctx    context.Context
	near   [][]int32 // of each task the tasks close to it, itself first
	chance *rand.PCG
	cur    plan
	best   plan
	top    score // of best

	saved      []int // vehicles whose routes were touched
	savedRoute []route
	touched    []bool
	ruined     []bool
	wasMissing []int32
	pool       []int32 // visits to insert
	first      int32   // the one of them to insert first, -1 for none
	key        []int64
	holdWas    []heldBefore
	stirred    []int        // vehicles whose routes were changed by what was done to others
	byDay      map[int]spot // scratch
	loose      bool         // in this iteration times of series stay on their days
	moved      int          // visits that others have than the steps told
	torn       bool         // one of them found no place: the iteration is undone
	looseAt    []int64      // by task: the iteration that took it off its route alone
	looseDay   []int
	offers     []spot  // scratch
	moments    []int64 // scratch
	sorted     []int32 // scratch
	emitted    []int64 // by task: the last stamp
	drawn      []int64 // by task: the last iteration with its visit in pool
	classSeen  []int64
	only       bool // unused vehicles stay so
	awake      bool // nothing is overlooked
	stamp      int64
	layers     []int64
	scratch    route
	without    route     // scratch
	cheap      []int32   // scratch
	homes      [][]int32 // by task: where there are very many vehicles, those of fit that start or end closest; else nil
	routeSeen  []int64   // by vehicle: the last stamp
	fit        [][]int32 // by task: the vehicles that may serve its visit
	known      []cached  // [task*vehicles+vehicle]
	version    uint32    // the last one given to a route
	absent     []int64   // by task: how often its visit was left out
	iterations int64
}

func newWorker(m *model, seed, number uint64) *worker {
	w := &worker{
		m: m, ctx: context.Background(), chance: rand.NewPCG(seed, number),
		touched: make([]bool, len(m.vehicles)), ruined: make([]bool, len(m.vehicles)),
		key: make([]int64, m.tasks()), drawn: make([]int64, m.tasks()), absent: make([]int64, m.tasks()), classSeen: make([]int64, m.classes), routeSeen: make([]int64, len(m.vehicles)),
	}
	w.fit = make([][]int32, m.tasks())
	for _, t := range m.visits {
		for vi := range m.vehicles {
			if m.vehicles[vi].can[t] {
				w.fit[t] = append(w.fit[t], int32(vi))
			}
		}
	}
	w.known = make([]cached, m.tasks()*len(m.vehicles))
	w.looseAt, w.looseDay = slices.Repeat([]int64{-1}, m.tasks()), make([]int, m.tasks())
	w.byDay, w.emitted = make(map[int]spot), make([]int64, m.tasks())
	w.cur.routes, w.cur.toils = make([]route, len(m.vehicles)), make([]int64, len(m.limits))
	if m.held() {
		w.cur.hold = slices.Repeat([]span{always}, m.tasks())
		w.cur.bonds = slices.Repeat([]bond{{always, always}}, m.tasks())
		for vi := range w.cur.routes {
			w.cur.routes[vi].hold = w.cur.hold
		}
	}
	w.cur.where = make([]int32, m.tasks())
	for t := range w.cur.where {
		w.cur.where[t] = -1
	}
	return w
}

// cached is the cheapest spot for a visit in one version of a route.
type cached struct {
	version uint32
	k, k2   int32
	extra   int64 // math.MaxInt64 if it does not fit
}

// below returns a number from 0 to n-1.
func (w *worker) below(n int) int { return int((w.chance.Uint64() >> 32) * uint64(n) >> 32) }

// share returns a number from 0 to just under 1.
func (w *worker) share() float64 { return float64(w.chance.Uint64()>>11) / (1 << 53) }

// touch keeps a route aside before its first change in an iteration.
func (w *worker) touch(vi int) {
	if w.touched[vi] {
		return
	}
	w.touched[vi] = true
	if len(w.savedRoute) <= len(w.saved) {
		w.savedRoute = append(w.savedRoute, route{})
	}
	w.savedRoute[len(w.saved)].copyFrom(&w.cur.routes[vi])
	w.saved = append(w.saved, vi)
}

// settle recomputes a changed route and the plan's cost; false if the route breaks a rule, which a removal can
// do where the way around is shorter than the way through.
func (w *worker) settle(vi int) bool {
	r := &w.cur.routes[vi]
	w.cur.cost -= r.cost
	w.version++
	r.version = w.version
	if !w.m.refresh(&w.m.vehicles[vi], r) {
		w.account(vi, 0)
		return false
	}
	w.cur.cost += r.cost
	w.account(vi, r.travel+r.work)
	return true
}

// put inserts a visit. The spot must come from look on the present plan.
func (w *worker) put(t int32, s spot) bool {
	w.touch(s.vehicle)
	if w.m.maxMoves >= 0 && w.m.moves(t, s.vehicle) {
		w.moved++
	}
	r := &w.cur.routes[s.vehicle]
	r.insertVisit(w.m, t, s.k, s.k2)
	if !w.settle(s.vehicle) {
		return false
	}
	w.cur.where[t] = int32(s.vehicle)
	if mate := w.m.mate[t]; mate >= 0 {
		w.cur.where[mate] = int32(s.vehicle)
	}
	return true
}

// heat is how forgiving the search is at a moment.
type heat struct {
	temperature float64 // money
	visit       float64 // money that serving one more visit is worth
	priority    float64 // money that a point of priority is worth
}

// step makes one ruin and recreate and keeps it if the annealing accepts it.
func (w *worker) step(at heat) {
	before, missing, forgone := w.cur.cost, len(w.cur.missing), w.cur.forgone
	w.open()
	w.ruin()
	w.recreate()
	change := float64(w.cur.cost-before) + at.visit*float64(len(w.cur.missing)-missing) + at.priority*float64(w.cur.forgone-forgone)
	if !w.torn && (change <= 0 || change < -at.temperature*math.Log(1-w.share())) {
		w.note()
		w.accept()
		return
	}
	w.undo()
	w.cur.cost, w.cur.forgone = before, forgone
}

// note keeps the present plan if it is the best so far. Routes that are as they were in the best are not copied.
func (w *worker) note() {
	s := w.cur.score()
	if !s.less(w.top) {
		return
	}
	w.top = s
	for vi := range w.cur.routes {
		if r := &w.cur.routes[vi]; w.best.routes[vi].version != r.version {
			w.best.routes[vi].copyFrom(r)
			w.best.routes[vi].hold = w.best.hold
		}
	}
	w.best.copyRest(&w.cur)
}

// open begins an iteration that accept or undo ends.
func (w *worker) open() {
	w.iterations++
	w.saved, w.pool, w.holdWas = w.saved[:0], w.pool[:0], w.holdWas[:0]
	w.wasMissing = append(w.wasMissing[:0], w.cur.missing...)
}

func (w *worker) accept() {
	for _, vi := range w.saved {
		w.touched[vi] = false
	}
}

func (w *worker) undo() {
	for _, t := range w.pool {
		w.cur.where[t] = -1
		if mate := w.m.mate[t]; mate >= 0 {
			w.cur.where[mate] = -1
		}
	}
	if w.m.teams != nil {
		for _, t := range w.pool {
			if w.looseAt[t] == w.iterations {
				continue
			}
			for _, member := range w.m.members(t) {
				w.cur.where[member] = -1
			}
		}
	}
	w.unhold(0)
	for i, vi := range w.saved {
		w.touched[vi] = false
		if w.m.shared {
			w.cur.toils[w.m.vehicles[vi].person] += w.savedRoute[i].toil - w.cur.routes[vi].toil
		}
		w.cur.routes[vi], w.savedRoute[i] = w.savedRoute[i], w.cur.routes[vi]
		for _, t := range w.cur.routes[vi].seq {
			w.cur.where[t] = int32(vi)
		}
	}
	w.cur.missing = append(w.cur.missing[:0], w.wasMissing...)
}

// adopt continues from another worker's plan.
func (w *worker) adopt(from *worker) {
	w.best.copyFrom(&from.best)
	w.top = from.top
	w.restart()
}

// restart goes back to the best plan. Routes get versions of this worker's own.
func (w *worker) restart() {
	w.cur.copyFrom(&w.best)
	for vi := range w.cur.routes {
		w.version++
		w.cur.routes[vi].version, w.best.routes[vi].version = w.version, w.version
	}
}

// neighbours lists for each task the closest others: by driving time, waiting and lateness between their
// windows, the cheaper direction counting. Only a limited number is looked at per task.
func (m *model) neighbours(most int) [][]int32 {
	n := m.copies // copies lie where what they repeat does
	near := make([][]int32, m.tasks())
	if n == 0 {
		return near
	}
	v := &m.vehicles[0]
	windows := make([][]span, n)
	for t := range int32(n) {
		windows[t] = ticks(m.source(t).windows)
	}
	keys := make([]int64, n) // distance and, in the lowest bits, the task
	for t := range int32(n) {
		for u := range int32(n) {
			keys[u] = int64(min(v.metric.between(m.place[t], m.place[u]), v.metric.between(m.place[u], m.place[t])))<<taskBits | int64(u)
		}
		keys[t] = int64(t) - 1<<taskBits // itself before all
		few := keys[:min(n, 2*most)]
		smallest(keys, len(few))
		for i, key := range few {
			u := int32(key & (1<<taskBits - 1))
			if u == t {
				continue
			}
			there := v.stay.service[t] + int64(v.metric.between(m.place[t], m.place[u]))
			back := v.stay.service[u] + int64(v.metric.between(m.place[u], m.place[t]))
			apartness := min(misfit(windows[t], windows[u], there), misfit(windows[u], windows[t], back))
			few[i] += min(apartness, 1<<40) << taskBits
		}
		slices.Sort(few)
		near[t] = make([]int32, min(n, most))
		for i := range near[t] {
			near[t][i] = int32(few[i] & (1<<taskBits - 1))
		}
	}
	for i, t := range m.single {
		near[m.copies+i] = near[t]
	}
	return near
}

// taskBits is enough for a million tasks; distances in ticks keep 43 bits.
const taskBits = 20

// smallest moves the k smallest keys to the front, in any order (Hoare's selection).
func smallest(keys []int64, k int) {
	for low, high := 0, len(keys)-1; low < high && k < len(keys); {
		pivot := keys[(low+high)/2]
		i, j := low, high
		for i <= j {
			for keys[i] < pivot {
				i++
			}
			for keys[j] > pivot {
				j--
			}
			if i <= j {
				keys[i], keys[j] = keys[j], keys[i]
				i++
				j--
			}
		}
		switch {
		case k <= j:
			high = j
		case k >= i:
			low = i
		default:
			return
		}
	}
}

// misfit is the least of a fifth of the waiting, or the lateness, between serving in one of the windows a and,
// so much later, in one of b.
func misfit(a, b []span, gap int64) int64 {
	least := forever
	for _, x := range a {
		for _, y := range b {
			wait := max(0, y.from-(x.to+gap))
			late := max(0, x.from+gap-y.to)
			least = min(least, wait/5+late)
		}
	}
	return least
}
