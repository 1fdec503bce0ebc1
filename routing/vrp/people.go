package vrp

import (
	"fmt"
	"slices"
)

// compilePeople finds out whose routes count together.
func (m *model) compilePeople() {
	p := m.problem
	if len(p.People) == 0 && p.Balance == nil {
		return
	}
	m.shared = true
	if p.Balance != nil {
		m.balance = p.Balance.PerHourSquared
	}
	number := make(map[uint64]int, len(p.People))
	for i := range p.People {
		number[p.People[i].ID] = i
		limit := forever
		if most := p.People[i].MaxWorkTime; most != nil {
			limit = *most * tick
		}
		m.limits = append(m.limits, limit)
	}
	for i := range p.Vehicles {
		id := p.Vehicles[i].Person
		n, ok := number[id]
		if !ok || id == 0 {
			n = len(m.limits)
			m.limits = append(m.limits, forever)
			if id != 0 {
				number[id] = n
			}
		}
		m.vehicles[i].person = n
	}
}

// strain is what the hours of one person cost for the sake of balance. The seconds are squared whole, so that sums
// are exact.
func (m *model) strain(toil int64) int64 {
	s := toil / tick
	return m.balance * (s * s / 36)
}

// account books the working time of a route to its person.
func (w *worker) account(vi int, toil int64) {
	if !w.m.shared {
		return
	}
	r, p := &w.cur.routes[vi], w.m.vehicles[vi].person
	before := w.cur.toils[p]
	after := before + toil - r.toil
	w.cur.cost += w.m.strain(after) - w.m.strain(before)
	w.cur.toils[p], r.toil = after, toil
}

// weigh adds to a spot what it does to its person's working time; nowhere if that is too much.
func (w *worker) weigh(s spot, t int32) spot {
	if s.vehicle < 0 {
		return s
	}
	if w.bars(s.vehicle, t) {
		return nowhere
	}
	if !w.m.shared {
		return s
	}
	m, p := w.m, w.m.vehicles[s.vehicle].person
	more := w.grows(s, t)
	before := w.cur.toils[p]
	if before+more > m.limits[p] {
		return nowhere
	}
	s.extra += m.strain(before+more) - m.strain(before)
	return s
}

// grows is by how much a visit at a spot lengthens the driving and the work of its route.
func (w *worker) grows(s spot, t int32) int64 {
	m := w.m
	v, r := &m.vehicles[s.vehicle], &w.cur.routes[s.vehicle]
	if m.mate[t] >= 0 || v.banded || v.extras != nil {
		if !w.try(s.vehicle, t, s.k, s.k2) {
			return forever
		}
		return w.scratch.travel + w.scratch.work - r.travel - r.work
	}
	u, here, x := r.at[s.k-1], m.place[t], r.at[s.k]
	more := int64(v.metric.between(u, here)) + int64(v.metric.between(here, x)) + m.stayAt(v, t, u)
	if len(r.seq) > 0 {
		more -= int64(v.metric.between(u, x))
	}
	if s.k <= len(r.seq) {
		next := r.seq[s.k-1]
		more += m.stayAt(v, next, here) - m.stayAt(v, next, u)
	}
	return more
}

// dearest is more than balance can make any visit cost.
func (m *model) dearest() float64 {
	if m.balance == 0 {
		return 0
	}
	var most, sum int64
	for t := range int32(m.tasks()) {
		work := int64(0)
		for i := range m.vehicles {
			v := &m.vehicles[i]
			to, back := v.metric.between(v.begin, m.place[t]), v.metric.between(m.place[t], v.end)
			if to != apart && back != apart {
				work = max(work, v.stay.service[t]+v.stay.setup[t]+int64(to)+int64(back))
			}
		}
		most, sum = max(most, work), sum+work
	}
	return float64(m.balance) * 2 * float64(sum/tick) * float64(most/tick) / 36
}

// moves tells whether giving a visit to a vehicle changes the plan that the steps told.
func (m *model) moves(t int32, vi int) bool {
	planned := m.planned[m.leader(t)]
	return len(planned) > 0 && !slices.Contains(planned, vi)
}

// bars tells whether giving a visit to a vehicle would be one change too many.
func (w *worker) bars(vi int, t int32) bool {
	return w.m.maxMoves >= 0 && w.moved >= w.m.maxMoves && w.m.moves(t, vi)
}

// countMoves counts the visits that another vehicle has than the steps told.
func (w *worker) countMoves() {
	if w.m.maxMoves < 0 {
		return
	}
	w.moved = 0
	for _, t := range w.m.visits {
		for _, member := range w.m.members(t) {
			if vi := w.cur.where[member]; vi >= 0 && w.m.moves(t, int(vi)) {
				w.moved++
			}
		}
	}
}

// people checks who the vehicles belong to.
func (c *complaint) people(p *Problem) {
	seen := make(map[uint64]bool)
	for i := range p.People {
		who, at := &p.People[i], fmt.Sprintf("people[%d]", i)
		c.check(who.ID != 0, at+".id", "is 0, which stands for nobody")
		c.check(!seen[who.ID], at+".id", "is %d, as an earlier person's", who.ID)
		seen[who.ID] = true
		c.check(who.MaxWorkTime == nil || *who.MaxWorkTime >= 0 && *who.MaxWorkTime < maxSeconds, at+".max_work_time", "is out of range")
	}
	if b := p.Balance; b != nil {
		c.check(b.PerHourSquared >= 0 && b.PerHourSquared <= 1<<20, "balance.per_hour_squared", "is %d, not within 0 to %d", b.PerHourSquared, 1<<20)
	}
	if s := p.Stability; s != nil && s.MaxChanges != nil {
		c.check(*s.MaxChanges >= 0, "stability.max_changes", "is %d", *s.MaxChanges)
	}
}
