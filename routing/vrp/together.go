package vrp

import (
	"fmt"
	"math"
	"slices"
)

// team is a job that is served several times: by a crew at once, or on the days of a series. Each time is a task of
// its own; all are planned, or none.
type team struct {
	members []int32
	days    [][]int // alternatives of a series; none: a crew
}

// tie binds a task to an earlier one.
type tie struct {
	first          int32
	minGap, maxGap int64 // ticks from its end to the start of the later one
	sameVehicle    bool
}

// compileTogether adds a task for every further time a job is served, and ties jobs to those before them.
func (m *model) compileTogether(add func(kind StepType, place, mate, priority int, drop, take []int64)) {
	p := m.problem
	m.copies, m.mostTimes = m.tasks(), 1
	number := make(map[uint64]int32, len(p.Jobs))
	for i := range p.Jobs {
		number[p.Jobs[i].ID] = int32(i)
	}
	for i := range p.Jobs {
		j, t := &p.Jobs[i], int32(i)
		times := j.times()
		if times < 2 && len(j.VisitDays) == 0 {
			continue
		}
		m.mostTimes = max(m.mostTimes, times)
		g := &team{members: []int32{t}, days: j.VisitDays}
		for range times - 1 {
			g.members = append(g.members, int32(m.tasks()))
			m.single = append(m.single, t)
			add(StepJob, *j.LocationIndex, -1, 0, j.Delivery, j.Pickup)
		}
		if m.teams == nil {
			m.teams = make([]*team, m.copies)
		}
		m.series = m.series || len(j.VisitDays) > 0
		m.teams[t] = g
	}
	if m.teams != nil {
		m.teams = append(m.teams, make([]*team, m.tasks()-m.copies)...)
		for i, t := range m.single {
			m.teams[m.copies+i] = m.teams[t]
		}
	}
	for i := range p.Jobs {
		a := p.Jobs[i].After
		if a == nil {
			continue
		}
		if m.ties == nil {
			m.ties, m.behind = make([]*tie, m.tasks()), make([][]int32, m.tasks())
		}
		bound := &tie{first: number[a.Job], minGap: a.MinGap * tick, maxGap: forever, sameVehicle: a.SameVehicle}
		if a.MaxGap != nil {
			bound.maxGap = *a.MaxGap * tick
		}
		m.ties[i] = bound
		m.behind[bound.first] = append(m.behind[bound.first], int32(i))
	}
}

// times is how often a job is served at most.
func (j *Job) times() int {
	most := max(1, j.Crew)
	for _, days := range j.VisitDays {
		most = max(most, len(days))
	}
	return most
}

// leader is the task that stands for all times a job is served.
func (m *model) leader(t int32) int32 {
	if int(t) >= m.copies && int(t) < m.extraFrom {
		return m.single[int(t)-m.copies]
	}
	return t
}

// members are the tasks of a visit but for the delivery of a shipment.
func (m *model) members(t int32) []int32 {
	if m.teams != nil && m.teams[t] != nil {
		return m.teams[t].members
	}
	return []int32{t}
}

// nextOf is the task a further step of the same job stands for.
func (m *model) nextOf(t int32, told []int) int32 {
	members := m.members(t)
	k := min(told[t], len(members)-1)
	told[t]++
	return members[k]
}

// hangs tells whether serving a task hangs on others.
func (m *model) hangs(t int32) bool {
	return m.teams != nil && m.teams[t] != nil || m.ties != nil && (m.ties[t] != nil || len(m.behind[t]) > 0)
}

// held tells whether any task's start hangs on another's.
func (m *model) held() bool {
	return m.ties != nil || slices.ContainsFunc(m.teams, func(g *team) bool { return g != nil && len(g.days) == 0 })
}

// always is the hold of a task that may start at any time.
var always = span{never, forever}

// bond is what a tie between two planned tasks asks of their starts, kept at the later one.
type bond struct{ first, second span }

// begin is the earliest start of a task at or after a time, within what others leave it, or forever.
func (r *route) begin(v *vehicle, t int32, at int64) int64 {
	if r.hold == nil {
		return v.shift.start(t, at)
	}
	start := v.shift.start(t, max(at, r.hold[t].from))
	if start > r.hold[t].to {
		return forever
	}
	return start
}

// until is the latest start of a task at or before a time, within what others leave it, or never.
func (r *route) until(v *vehicle, t int32, at int64) int64 {
	if r.hold == nil {
		return v.shift.latest(t, at)
	}
	start := v.shift.latest(t, min(at, r.hold[t].to))
	if start < r.hold[t].from {
		return never
	}
	return start
}

// only is the first window of a task, within what others leave it.
func (r *route) only(v *vehicle, t int32) span {
	w := v.shift.first[t]
	if r.hold != nil {
		w = span{max(w.from, r.hold[t].from), min(w.to, r.hold[t].to)}
	}
	return w
}

// hold bounds the start of a task until undo or the next change.
func (w *worker) hold(t int32, s span) {
	if w.cur.hold[t] == s {
		return
	}
	w.holdWas = append(w.holdWas, heldBefore{t, w.cur.hold[t], w.cur.bonds[t]})
	w.cur.hold[t] = s
}

// bind sets what the tie of a task asks, and holds both ends.
func (w *worker) bind(t int32, b bond) {
	if w.cur.bonds[t] != b {
		w.holdWas = append(w.holdWas, heldBefore{t, w.cur.hold[t], w.cur.bonds[t]})
		w.cur.bonds[t] = b
	}
	w.hold(t, w.bound(t))
	w.hold(w.m.ties[t].first, w.bound(w.m.ties[t].first))
}

// bound is what all ties of a task ask of its start.
func (w *worker) bound(t int32) span {
	s := w.cur.bonds[t].second
	for _, f := range w.m.behind[t] {
		b := w.cur.bonds[f].first
		s = span{max(s.from, b.from), min(s.to, b.to)}
	}
	return s
}

// heldBefore is what undo puts back.
type heldBefore struct {
	task int32
	hold span
	bond bond
}

// unhold puts all holds back to what they were when so many changes had been made.
func (w *worker) unhold(changes int) {
	for i := len(w.holdWas) - 1; i >= changes; i-- {
		h := w.holdWas[i]
		w.cur.hold[h.task], w.cur.bonds[h.task] = h.hold, h.bond
	}
	w.holdWas = w.holdWas[:changes]
}

// release takes off, with a task, what hangs on it, and frees the starts of what it hung on.
func (w *worker) release(t int32) {
	m := w.m
	if m.teams != nil && m.teams[t] != nil {
		for _, other := range m.teams[t].members {
			w.leave(other)
			if w.cur.hold != nil {
				w.hold(other, always)
			}
		}
	}
	if m.ties == nil {
		return
	}
	for _, f := range m.behind[t] {
		if !m.fixed[f] {
			w.remove(f)
		}
	}
	if bound := m.ties[t]; bound != nil {
		w.bind(t, bond{always, always})
		if vi := w.cur.where[bound.first]; vi >= 0 {
			w.stir(int(vi))
		}
	}
}

// leave takes one task off its route, whose gap is closed later.
func (w *worker) leave(t int32) {
	if vi := w.cur.where[t]; vi >= 0 {
		w.stir(int(vi))
		w.cur.where[t] = -1
	}
}

// stir marks a route as changed by what was done to another.
func (w *worker) stir(vi int) {
	w.touch(vi)
	if !slices.Contains(w.stirred, vi) {
		w.stirred = append(w.stirred, vi)
	}
}

// calm closes the gaps of all routes changed by others.
func (w *worker) calm() {
	for len(w.stirred) > 0 {
		vi := w.stirred[0]
		w.stirred = slices.Delete(w.stirred, 0, 1)
		w.sweep(vi)
	}
}

// place inserts a visit at its cheapest spot, into an unused vehicle only if asked.
func (w *worker) place(t int32, unused bool) bool {
	m := w.m
	switch {
	case m.series && w.looseAt[t] == w.iterations:
		w.torn = w.torn || !w.placeOnDay(t)
		return true
	case m.teams != nil && m.teams[t] != nil && len(m.teams[t].days) > 0:
		return w.placeSeries(t)
	case m.teams != nil && m.teams[t] != nil:
		return w.placeCrew(t)
	case m.ties != nil && m.ties[t] != nil:
		return w.placeAfter(t)
	}
	s := w.cheapest(t, unused)
	if s.vehicle < 0 {
		return false
	}
	if !w.put(t, s) {
		panic("vrp: an insertion that was checked broke the route")
	}
	return true
}

// overlooks tells by chance that a vehicle is not looked at.
func (w *worker) overlooks() bool {
	return !w.awake && uint32(w.chance.Uint64()>>32) < blinkBelow
}

// spared tells whether a vehicle is to stay at home.
func (w *worker) spared(vi int) bool {
	return w.only && len(w.cur.routes[vi].seq) == 0 && !w.touched[vi]
}

// placeSeries serves a job on all days of the alternative that is cheapest, on each day by the cheapest vehicle.
func (w *worker) placeSeries(t int32) bool {
	g := w.m.teams[t]
	clear(w.byDay)
	for _, vi := range w.fit[t] {
		if w.spared(int(vi)) {
			continue
		}
		s := w.spotIn(int(vi), t)
		day := w.m.problem.Vehicles[vi].Day
		best, known := w.byDay[day]
		if s.vehicle >= 0 && (!known || s.extra < best.extra) && !w.overlooks() {
			w.byDay[day] = s
		}
	}
	least, chosen := int64(math.MaxInt64), -1
	for i, days := range g.days {
		sum, all := int64(0), true
		for _, day := range days {
			s, ok := w.byDay[day]
			sum, all = sum+s.extra, all && ok
		}
		if all && sum < least && !(len(g.days) > 1 && w.overlooks()) {
			least, chosen = sum, i
		}
	}
	if chosen < 0 {
		return false
	}
	for i, day := range g.days[chosen] {
		if !w.put(g.members[i], w.byDay[day]) {
			panic("vrp: an insertion that was checked broke the route")
		}
	}
	return true
}

// placeOnDay serves one time of a series on the day it had.
func (w *worker) placeOnDay(t int32) bool {
	lead, found := w.m.leader(t), nowhere
	for _, vi := range w.fit[lead] {
		if w.m.problem.Vehicles[vi].Day != w.looseDay[t] {
			continue
		}
		if s := w.spotIn(int(vi), lead); s.extra < found.extra && !w.overlooks() {
			found = s
		}
	}
	return found.vehicle >= 0 && w.put(t, found)
}

// momentsTried bounds the moments at which a crew is tried to meet.
const momentsTried = 8

// placeCrew lets as many vehicles as a job needs meet at the moment that costs least: the earliest one for some
// vehicle at its cheapest spot.
func (w *worker) placeCrew(t int32) bool {
	m, g := w.m, w.m.teams[t]
	need, changes := len(g.members), len(w.holdWas)
	type offer struct {
		extra int64
		start int64
	}
	var offers []offer
	for _, vi := range w.fit[t] {
		found := nowhere
		if w.spared(int(vi)) {
			continue
		}
		w.look(int(vi), t, &found)
		if found.vehicle < 0 || !w.try(int(vi), t, found.k, found.k) {
			continue
		}
		start, _ := m.whenAt(&m.vehicles[vi], &w.scratch, found.k)
		offers = append(offers, offer{found.extra, start})
	}
	if len(offers) < need {
		return false
	}
	slices.SortStableFunc(offers, func(a, b offer) int { return int(max(-1, min(1, a.extra-b.extra))) })
	moments := w.moments[:0]
	for _, o := range offers {
		if !slices.Contains(moments, o.start) {
			moments = append(moments, o.start)
		}
	}
	least, at := int64(math.MaxInt64), int64(0)
	var chosen, spots []spot
	for i := 0; i < len(moments) && i < momentsTried; i++ {
		moment := moments[i]
		spots = spots[:0]
		for _, vi := range w.fit[t] {
			if w.spared(int(vi)) {
				continue
			}
			found := nowhere
			w.hold(t, span{moment, moment})
			w.look(int(vi), t, &found)
			if found = w.weigh(found, t); found.vehicle >= 0 {
				if !w.overlooks() {
					spots = append(spots, found)
				}
				continue
			}
			// Not then, but perhaps a little later, for which the others can wait.
			w.hold(t, span{moment, forever})
			if w.look(int(vi), t, &found); found.vehicle >= 0 && w.try(int(vi), t, found.k, found.k) {
				if later, _ := m.whenAt(&m.vehicles[vi], &w.scratch, found.k); !slices.Contains(moments, later) {
					moments = append(moments, later)
				}
			}
		}
		if len(spots) < need {
			continue
		}
		slices.SortStableFunc(spots, func(a, b spot) int { return int(max(-1, min(1, a.extra-b.extra))) })
		sum := int64(0)
		for _, s := range spots[:need] {
			sum += s.extra
		}
		if sum < least {
			least, at, chosen = sum, moment, append(chosen[:0], spots[:need]...)
		}
	}
	w.moments = moments
	if chosen == nil {
		w.unhold(changes)
		return false
	}
	for i, member := range g.members {
		w.hold(member, span{at, at})
		if !w.put(member, chosen[i]) {
			panic("vrp: a crew that was checked broke a route")
		}
	}
	return true
}

// placeAfter inserts a job that is tied to an earlier one: at its cheapest spot within the gaps, after which both
// starts are held apart.
func (w *worker) placeAfter(t int32) bool {
	m, bound, changes := w.m, w.m.ties[t], len(w.holdWas)
	a := bound.first
	va := int(w.cur.where[a])
	if va < 0 {
		return false
	}
	v, r := &m.vehicles[va], &w.cur.routes[va]
	k := slices.Index(r.seq, a) + 1
	start, latest := m.whenAt(v, r, k)
	if start >= forever {
		return false
	}
	short := v.stay.service[a]
	long := short
	if v.stay.setups {
		long += v.stay.setup[a]
	}
	window := span{start + long + bound.minGap, forever}
	if bound.maxGap < forever {
		window.to = max(latest, start) + short + bound.maxGap
	}
	own := w.bound(t)
	w.hold(t, span{max(own.from, window.from), min(own.to, window.to)})
	w.offers = w.offers[:0]
	for _, vi := range w.fit[t] {
		if bound.sameVehicle && int(vi) != va || w.spared(int(vi)) || w.overlooks() {
			continue
		}
		found, other := nowhere, &w.cur.routes[vi]
		pinned := other.pinned
		if int(vi) == va {
			other.pinned = k // what comes after a cannot stand before it
		}
		w.look(int(vi), t, &found)
		other.pinned = pinned
		if found = w.weigh(found, t); found.vehicle >= 0 {
			w.offers = append(w.offers, found)
		}
	}
	slices.SortStableFunc(w.offers, func(a, b spot) int { return int(max(-1, min(1, a.extra-b.extra))) })
	holds := len(w.holdWas)
	for _, found := range w.offers[:min(len(w.offers), spotsTried)] {
		if w.tieAt(t, found, va, start, short, long) {
			return true
		}
		w.unhold(holds)
	}
	w.unhold(changes)
	return false
}

// spotsTried bounds the vehicles tried for a tied job, for what suits it may not suit the one before.
const spotsTried = 6

// tieAt inserts a tied job at a spot and holds it apart from the one before, on the route of vehicle va, which
// starts at the given time at the earliest and takes between short and long. After false the caller unholds.
func (w *worker) tieAt(t int32, found spot, va int, start, short, long int64) bool {
	m, bound := w.m, w.m.ties[t]
	if !w.try(found.vehicle, t, found.k, found.k) {
		return false
	}
	begin, _ := m.whenAt(&m.vehicles[found.vehicle], &w.scratch, found.k)
	b := bond{span{never, begin - long - bound.minGap}, span{begin, forever}}
	if bound.maxGap < forever {
		b.first.from = max(start, begin-short-bound.maxGap)
		b.second.to = b.first.from + short + bound.maxGap
	}
	w.bind(t, b)
	if b.first.from > b.first.to || b.second.from > b.second.to || !w.try(found.vehicle, t, found.k, found.k) || found.vehicle != va && !w.still(va) {
		return false
	}
	w.touch(va)
	if !w.put(t, found) || found.vehicle != va && !w.settle(va) {
		panic("vrp: a tie that was checked broke a route")
	}
	return true
}

// still tells whether a route holds every rule with the present holds.
func (w *worker) still(vi int) bool {
	s := &w.scratch
	s.copyFrom(&w.cur.routes[vi])
	return w.m.refresh(&w.m.vehicles[vi], s)
}

// align holds the starts of crews and tied jobs on routes that were given from outside. It fails where they
// cannot be brought together.
func (w *worker) align() bool {
	m := w.m
	if w.cur.hold == nil {
		return true
	}
	starts := func(t int32) (start, latest int64) {
		vi := w.cur.where[t]
		return m.whenAt(&m.vehicles[vi], &w.cur.routes[vi], slices.Index(w.cur.routes[vi].seq, t)+1)
	}
	for range 4 * len(w.m.visits) {
		moved := false
		raise := func(t int32, from int64) bool {
			if h := w.cur.hold[t]; h.from < from {
				w.cur.hold[t] = span{from, max(from, h.to)}
				moved = true
				return w.settle(int(w.cur.where[t]))
			}
			return true
		}
		for _, t := range m.visits {
			if g := m.teams; g != nil && g[t] != nil && len(g[t].days) == 0 && w.cur.where[t] >= 0 {
				last := never
				for _, member := range g[t].members {
					if w.cur.where[member] < 0 {
						return false
					}
					start, _ := starts(member)
					last = max(last, start)
				}
				for _, member := range g[t].members {
					if !raise(member, last) {
						return false
					}
				}
			}
			if m.ties != nil && m.ties[t] != nil && w.cur.where[t] >= 0 {
				a := m.ties[t].first
				if w.cur.where[a] < 0 {
					return m.fixed[t]
				}
				start, _ := starts(a)
				v := &m.vehicles[w.cur.where[a]]
				begin := start + v.stay.service[a] + v.stay.setup[a] + m.ties[t].minGap
				if !raise(t, begin) {
					return false
				}
			}
		}
		if !moved {
			return w.pin(starts)
		}
	}
	return false
}

// pin holds what align has brought together where it is.
func (w *worker) pin(starts func(int32) (int64, int64)) bool {
	m := w.m
	for _, t := range m.visits {
		if g := m.teams; g != nil && g[t] != nil && len(g[t].days) == 0 && w.cur.where[t] >= 0 {
			start, _ := starts(t)
			for _, member := range g[t].members {
				w.cur.hold[member] = span{start, start}
				if !w.settle(int(w.cur.where[member])) {
					return false
				}
			}
		}
	}
	if m.ties == nil {
		return true
	}
	for _, t := range m.visits {
		bound := m.ties[t]
		if bound == nil || w.cur.where[t] < 0 || w.cur.where[bound.first] < 0 {
			continue
		}
		start, _ := starts(bound.first)
		begin, _ := starts(t)
		v := &m.vehicles[w.cur.where[bound.first]]
		short := v.stay.service[bound.first]
		b := bond{span{never, begin - short - v.stay.setup[bound.first] - bound.minGap}, span{begin, forever}}
		if bound.maxGap < forever {
			b.first.from = max(start, begin-short-bound.maxGap)
			b.second.to = b.first.from + short + bound.maxGap
		}
		w.bind(t, b)
		if !w.settle(int(w.cur.where[t])) || !w.settle(int(w.cur.where[bound.first])) {
			return false
		}
	}
	return true
}

// together checks what jobs say about each other.
func (c *complaint) together(p *Problem) {
	place := make(map[uint64]int, len(p.Jobs))
	for i := range p.Jobs {
		place[p.Jobs[i].ID] = i
	}
	tasks := len(p.Jobs) + 2*len(p.Shipments)
	for i := range p.Jobs {
		j, at := &p.Jobs[i], fmt.Sprintf("jobs[%d]", i)
		c.check(j.Crew >= 0 && j.Crew <= maxCrew, at+".crew", "is %d, not within 1 to %d", j.Crew, maxCrew)
		c.check(j.Crew < 2 || len(j.VisitDays) == 0, at+".visit_days", "and crew cannot both be asked of one job")
		for k, alternative := range j.VisitDays {
			field := fmt.Sprintf("%s.visit_days[%d]", at, k)
			c.check(len(alternative) > 0 && len(alternative) <= maxSeries, field, "has %d days, not 1 to %d", len(alternative), maxSeries)
			seen := make(map[int]bool)
			for _, day := range alternative {
				c.check(!seen[day], field, "has day %d twice", day)
				seen[day] = true
			}
		}
		tasks += j.times() - 1
		if j.After == nil {
			continue
		}
		first, ok := place[j.After.Job]
		c.check(ok && first != i, at+".after.job", "is %d, which is no other job", j.After.Job)
		c.check(j.times() == 1 && len(j.VisitDays) == 0, at+".after", "cannot be asked of a job that is served several times")
		c.check(!ok || p.Jobs[first].times() == 1 && len(p.Jobs[first].VisitDays) == 0, at+".after.job", "is served several times")
		c.check(j.After.MinGap >= 0 && j.After.MinGap < maxSeconds, at+".after.min_gap", "is out of range")
		c.check(j.After.MaxGap == nil || *j.After.MaxGap >= j.After.MinGap && *j.After.MaxGap < maxSeconds, at+".after.max_gap", "is less than min_gap, or out of range")
	}
	c.check(tasks < 1<<taskBits, "jobs", "are more than %d tasks with crews and series", 1<<taskBits-1)
	if c.err != nil {
		return
	}
	for i := range p.Jobs { // no job may come after itself
		for at, steps := i, 0; p.Jobs[at].After != nil; steps++ {
			if at = place[p.Jobs[at].After.Job]; at == i || steps > len(p.Jobs) {
				c.check(false, fmt.Sprintf("jobs[%d].after", i), "goes round in a circle")
				break
			}
		}
		if c.err != nil {
			return
		}
	}
}

// Bounds of jobs that are served several times.
const (
	maxCrew   = 20
	maxSeries = 366
)
