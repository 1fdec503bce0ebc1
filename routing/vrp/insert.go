package vrp

import "math"

// spot is where a visit could go: before position k of a route, and for a shipment its delivery before
// position k2, both counted before anything is inserted.
type spot struct {
	vehicle int
	k, k2   int
	extra   int64 // money
}

var nowhere = spot{vehicle: -1, extra: math.MaxInt64}

// fits tells whether the amounts of a task fit when it is inserted before position k.
func (m *model) fits(v *vehicle, r *route, t int32, k int) bool {
	for d := range m.dims {
		drop, take := m.drop[int(t)*m.dims+d], m.take[int(t)*m.dims+d]
		if r.before[(k-1)*m.dims+d]+drop > v.capacity[d] || r.after[(k-1)*m.dims+d]+take > v.capacity[d] {
			return false
		}
	}
	return true
}

// roomFor is the part of fits that does not hang on the position.
func (m *model) roomFor(v *vehicle, r *route, t int32) bool {
	for d := range m.dims {
		at := int(t)*m.dims + d
		if m.oneWay && r.total[d]+m.drop[at]+m.take[at] > v.capacity[d] {
			return false
		}
	}
	return true
}

// look finds the cheapest spot for a visit in one route that costs less than the best known, which it replaces.
func (w *worker) look(vi int, t int32, known *spot) {
	m := w.m
	v, r := &m.vehicles[vi], &w.cur.routes[vi]
	if !v.can[t] {
		return
	}
	need := 1
	if m.mate[t] >= 0 {
		need = 2
	}
	if len(r.seq)+need > v.maxTasks {
		return
	}
	base := int64(0)
	empty := len(r.seq) == 0
	if empty {
		base = v.fixed
	}
	if v.toll != nil {
		base += v.toll[t]
	}
	if m.mate[t] >= 0 {
		w.lookPair(vi, t, base, known)
		return
	}
	if m.dims > 0 && !m.roomFor(v, r, t) {
		return
	}
	n := len(r.seq)
	metric := v.metric
	size, dur := metric.size, metric.dur
	here := m.place[t]
	row := dur[int(here)*size : int(here)*size+size]
	last, service := v.shift.last(t), v.stay.service[t]
	// Without rates on anything but driving time, extra cost is extra driving times the rate.
	plain := metric.costs == nil && v.perMetre == 0 && v.perTask == 0
	layers := len(v.breaks)
	single := layers == 0 && !v.banded && v.shift.more == nil
	span := v.plainSpan()
	trial := v.trial || v.maxSpan < forever && !span
	window := r.only(v, t)
	for k := r.pinned + 1; k <= n+1; k++ {
		leave := r.leave[k-1]
		if leave > last {
			break
		}
		u, x := r.at[k-1], r.at[k]
		toHere, fromHere := dur[int(u)*size+int(here)], row[x]
		if metric.gaps && (toHere == apart || fromHere == apart) {
			continue
		}
		var extra int64
		if plain {
			more := toHere + fromHere
			if !empty {
				more -= dur[int(u)*size+int(x)]
			}
			extra = base + v.perTick*int64(more)
		} else {
			extra = base + w.extra(v, r, t, k)
		}
		if extra-r.times >= known.extra {
			continue
		}
		if single {
			start := max(leave+int64(toHere), window.from)
			if start > window.to {
				continue
			}
			stay := service
			due := r.due[k]
			if v.stay.setups {
				if u != here {
					stay += v.stay.setup[t]
				}
				if here == x {
					due = r.dueOn[k]
				}
			}
			if start+stay+int64(fromHere) > due {
				continue
			}
		} else {
			// With all breaks behind there is the most time left: what fails then fails anyhow.
			start := max(leave+int64(toHere), window.from)
			if start+service+int64(fromHere) > max(r.due[layers*(n+2)+k], r.ownDue(layers*(n+2)+k)) || !w.inTime(v, r, t, k) {
				continue
			}
		}
		if !m.oneWay && m.dims > 0 && !m.fits(v, r, t, k) {
			continue
		}
		if v.bounded && !w.bounds(v, r, t, k) {
			continue
		}
		if span && !w.spans(v, r, t, k) {
			continue
		}
		if (trial || v.timed) && !w.try(vi, t, k, k) {
			continue
		}
		if v.timed {
			if extra = w.scratch.cost - r.cost; extra >= known.extra {
				continue
			}
		}
		*known = spot{vi, k, k, extra}
	}
}

// extra is the money a job before position k adds to a route that is in use.
func (w *worker) extra(v *vehicle, r *route, t int32, k int) int64 {
	m := w.m
	u, here, x := r.at[k-1], m.place[t], r.at[k]
	extra := v.price(u, here) + v.price(here, x)
	if len(r.seq) > 0 {
		extra -= v.price(u, x)
	}
	if v.perTask != 0 {
		extra += v.perTask * m.stayAt(v, t, u)
		if k <= len(r.seq) {
			next := r.seq[k-1]
			extra += v.perTask * (m.stayAt(v, next, here) - m.stayAt(v, next, u))
		}
	}
	return extra
}

// inTime tells whether a job fits before position k, whatever the breaks.
func (w *worker) inTime(v *vehicle, r *route, t int32, k int) bool {
	m := w.m
	u, here, x := r.at[k-1], m.place[t], r.at[k]
	in, out := int64(v.metric.between(u, here)), int64(v.metric.between(here, x))
	stay := m.stayAt(v, t, u)
	due := r.due
	if v.stay.setups && here == x {
		due = r.dueOn
	}
	stride, layers := len(r.seq)+2, len(v.breaks)
	for a := 0; a <= layers; a++ {
		leave := r.leave[a*stride+k-1]
		if leave >= forever {
			continue
		}
		for b := a; b <= layers; b++ {
			start := r.begin(v, t, v.through(leave, in, a, b))
			if start == forever {
				break
			}
			for c := b; c <= layers; c++ {
				if v.through(start+stay, out, b, c) <= due[c*stride+k] {
					return true
				}
			}
		}
	}
	return false
}

// bounds checks max_travel_time and max_distance.
func (w *worker) bounds(v *vehicle, r *route, t int32, k int) bool {
	u, here, x := r.at[k-1], w.m.place[t], r.at[k]
	g := v.metric
	old := int64(g.between(u, x))
	if len(r.seq) == 0 {
		old = 0
	}
	if !v.banded && r.travel+int64(g.between(u, here))+int64(g.between(here, x))-old > v.maxTravel {
		return false
	}
	if v.maxDistance == forever {
		return true
	}
	metres := func(i, j int32) int64 { return int64(g.dist[int(i)*g.size+int(j)]) }
	if old = metres(u, x); len(r.seq) == 0 {
		old = 0
	}
	return r.metres+metres(u, here)+metres(here, x)-old <= v.maxDistance
}

// try builds the route with the visit in it and checks every rule.
func (w *worker) try(vi int, t int32, k, k2 int) bool {
	v, r, s := &w.m.vehicles[vi], &w.cur.routes[vi], &w.scratch
	s.seq = append(s.seq[:0], r.seq...)
	s.pinned, s.hold = r.pinned, r.hold
	s.insertVisit(w.m, t, k, k2)
	return w.m.refresh(v, s)
}

// insertVisit puts a job before position k, or a shipment's pickup before k and its delivery before k2.
func (r *route) insertVisit(m *model, t int32, k, k2 int) {
	if mate := m.mate[t]; mate >= 0 {
		r.insertAt(mate, k2)
	}
	r.insertAt(t, k)
}

// lookPair is look for a shipment. For each place of the pickup it carries the shifted times along the route
// until they break something, and tries the delivery at each place on the way.
func (w *worker) lookPair(vi int, t int32, base int64, known *spot) {
	m := w.m
	v, r := &m.vehicles[vi], &w.cur.routes[vi]
	n, g := len(r.seq), v.metric
	d := m.mate[t]
	from, to := m.place[t], m.place[d]
	last := v.shift.last(t)
	for k := r.pinned + 1; k <= n+1; k++ {
		if r.leave[k-1] > last {
			break
		}
		u := r.at[k-1]
		if g.between(u, from) == apart || !w.aboard(v, r, t, k-1) {
			continue
		}
		w.startPair(v, r, t, k)
		cost := base + v.price(u, from) + v.perTask*m.stayAt(v, t, u)
		prev := from // the place before the position looked at
		for k2 := k; k2 <= n+1; k2++ {
			x := r.at[k2]
			if g.between(prev, to) != apart && g.between(to, x) != apart {
				extra := cost + v.price(prev, to) + v.price(to, x) + v.perTask*m.stayAt(v, d, prev)
				if n > 0 {
					extra -= v.price(r.at[k2-1], x)
				}
				if k2 <= n && v.perTask != 0 {
					next := r.seq[k2-1]
					extra += v.perTask * (m.stayAt(v, next, to) - m.stayAt(v, next, r.at[k2-1]))
				}
				if extra-r.times < known.extra && w.endPair(v, r, d, prev, k2) &&
					(!v.trial && !v.bounded && v.maxSpan == forever && !v.timed || w.try(vi, t, k, k2)) {
					if v.timed {
						extra = w.scratch.cost - r.cost
					}
					if extra < known.extra {
						*known = spot{vi, k, k2, extra}
					}
				}
			}
			if k2 == n+1 || g.between(prev, x) == apart || !w.aboard(v, r, t, k2) || !w.carryOn(v, r, prev, k2) {
				break
			}
			next := r.seq[k2-1]
			cost += v.price(prev, x) - v.price(r.at[k2-1], x) + v.perTask*(m.stayAt(v, next, prev)-m.stayAt(v, next, r.at[k2-1]))
			prev = x
		}
	}
}

// aboard tells whether the amount of a shipment fits beside the load when leaving position k.
func (w *worker) aboard(v *vehicle, r *route, t int32, k int) bool {
	m := w.m
	for d := range m.dims {
		if r.load[k*m.dims+d]+m.take[int(t)*m.dims+d] > v.capacity[d] {
			return false
		}
	}
	return true
}

// startPair fills w.layers with the earliest departures from a pickup before position k, by breaks taken.
func (w *worker) startPair(v *vehicle, r *route, t int32, k int) {
	m := w.m
	stride := len(r.seq) + 2
	w.layers = w.layers[:0]
	for l := 0; l <= len(v.breaks); l++ {
		w.layers = append(w.layers, r.leave[l*stride+k-1])
	}
	w.advance(v, r, t, int64(v.metric.between(r.at[k-1], m.place[t])), m.stayAt(v, t, r.at[k-1]))
}

// advance moves w.layers over a drive and a task.
func (w *worker) advance(v *vehicle, r *route, t int32, drive, stay int64) {
	for l := len(w.layers) - 1; l >= 0; l-- {
		arrive := forever
		for b := l; b >= 0; b-- {
			if w.layers[b] < forever {
				arrive = min(arrive, v.through(w.layers[b], drive, b, l))
			}
		}
		if arrive < forever {
			if arrive = r.begin(v, t, arrive); arrive < forever {
				arrive += stay
			}
		}
		w.layers[l] = arrive
	}
}

// endPair tells whether the delivery fits before position k, coming from a place with the departures in
// w.layers.
func (w *worker) endPair(v *vehicle, r *route, d, prev int32, k int) bool {
	m := w.m
	stride := len(r.seq) + 2
	in, out := int64(v.metric.between(prev, m.place[d])), int64(v.metric.between(m.place[d], r.at[k]))
	stay := m.stayAt(v, d, prev)
	due := r.due
	if v.stay.setups && m.place[d] == r.at[k] {
		due = r.dueOn
	}
	for a, leave := range w.layers {
		if leave >= forever {
			continue
		}
		for b := a; b < len(w.layers); b++ {
			start := r.begin(v, d, v.through(leave, in, a, b))
			if start == forever {
				break
			}
			for c := b; c < len(w.layers); c++ {
				if v.through(start+stay, out, b, c) <= due[c*stride+k] {
					return true
				}
			}
		}
	}
	return false
}

// carryOn moves w.layers over the task at position k; false if it or what follows can no longer be in time.
func (w *worker) carryOn(v *vehicle, r *route, prev int32, k int) bool {
	t := r.seq[k-1]
	w.advance(v, r, t, int64(v.metric.between(prev, r.at[k])), w.m.stayAt(v, t, prev))
	for _, leave := range w.layers {
		if leave < forever {
			return true
		}
	}
	return false
}
