package vrp

import "slices"

// route is the stops of one vehicle with all that makes a change cheap to judge.
//
// Positions count from 0, the start, over 1 to n, the tasks, to n+1, the end. Breaks float: instead of holding
// a place in the sequence they make layers. leave[l*(n+2)+k] is the earliest time to leave position k with l
// breaks taken before it, and due[l*(n+2)+k] the latest time to reach position k with l breaks behind such that
// all that follows still works out. Both are exact whatever the breaks' windows, because an earlier arrival never
// hurts. A vehicle without breaks has one layer.
type route struct {
	seq     []int32 // tasks
	at      []int32 // places, by position
	leave   []int64
	due     []int64
	dueOn   []int64   // as due, for coming from the same place: without setup; only kept if setups exist
	load    []int64   // [k*dims+d] on board when leaving position k
	before  []int64   // the most on board at positions up to k
	after   []int64   // the most on board at positions from k on
	head    []stretch // by position, as tail: only kept where stretches tell the shortest day
	tail    []stretch
	hold    []span   // by task, the plan's: what others leave of its start; nil if no start hangs on another
	caps    []int64  // by task: starts that must not be passed while a timetable is chosen; mostly empty
	dressed *dressed // with the extras of its vehicle, if that has any; not copied
	driven  int64    // ticks of driving in the last timetable laid
	toil    int64    // driving and work booked to the person
	times   int64    // money that the times of day cost, part of cost
	events  []event  // scratch
	total   []int64  // dropped plus taken by all jobs
	travel  int64    // ticks
	metres  int64
	work    int64 // ticks of setup and service
	cost    int64
	pinned  int // so many tasks at the front are fixed

	version uint32 // a number of its own for every content, within one worker
}

func (r *route) copyFrom(s *route) {
	r.seq = append(r.seq[:0], s.seq...)
	r.at = append(r.at[:0], s.at...)
	r.leave = append(r.leave[:0], s.leave...)
	r.due = append(r.due[:0], s.due...)
	r.dueOn = append(r.dueOn[:0], s.dueOn...)
	r.load = append(r.load[:0], s.load...)
	r.before = append(r.before[:0], s.before...)
	r.after = append(r.after[:0], s.after...)
	r.total = append(r.total[:0], s.total...)
	r.head = append(r.head[:0], s.head...)
	r.tail = append(r.tail[:0], s.tail...)
	r.hold = s.hold
	r.travel, r.metres, r.work, r.cost, r.times, r.toil, r.pinned, r.version = s.travel, s.metres, s.work, s.cost, s.times, s.toil, s.pinned, s.version
}

// through returns the arrival after so much driving from a departure, with breaks from to to-1 held underway,
// or forever. Driving goes on while a break's window is awaited.
func (v *vehicle) through(t, drive int64, from, to int) int64 {
	for i := from; i < to; i++ {
		b := &v.breaks[i]
		start := forever
		for _, w := range b.windows {
			if t <= w.to {
				start = max(t, w.from)
				break
			}
		}
		if start == forever {
			return forever
		}
		drive = max(0, drive-v.rolled(t, start))
		t = start + b.service
	}
	return v.roll(t, drive)
}

// back is the inverse of through: the latest departure that arrives by the given time, or never.
func (v *vehicle) back(arrival, drive int64, from, to int) int64 {
	if v.banded {
		return v.leaveBy(arrival, drive, from, to)
	}
	latest := arrival
	for i := to - 1; i >= from; i-- {
		b := &v.breaks[i]
		arrival -= b.service
		latest -= b.service
		start := never
		for k := len(b.windows) - 1; k >= 0; k-- {
			if w := b.windows[k]; w.from <= latest {
				start = min(latest, w.to)
				break
			}
		}
		if start == never {
			return never
		}
		latest = start
	}
	return min(arrival-drive, latest)
}

// stayAt is how long task t takes after coming from a place.
func (m *model) stayAt(v *vehicle, t, from int32) int64 {
	s := v.stay.service[t]
	if v.stay.setups && m.place[t] != from {
		s += v.stay.setup[t]
	}
	return s
}

// ownDue is dueOn where it is kept.
func (r *route) ownDue(i int) int64 {
	if i < len(r.dueOn) {
		return r.dueOn[i]
	}
	return never
}

func sized(s []int64, n int) []int64 {
	if cap(s) < n {
		return make([]int64, n, n+n/2+8)
	}
	return s[:n]
}

// refresh computes everything from seq and tells whether the route keeps every hard rule. After false the
// contents are unusable.
func (m *model) refresh(v *vehicle, r *route) bool {
	n := len(r.seq)
	r.travel, r.metres, r.work, r.cost, r.times = 0, 0, 0, 0, 0
	r.at = append(r.at[:0], v.begin)
	for _, t := range r.seq {
		r.at = append(r.at, m.place[t])
	}
	r.at = append(r.at, v.end)
	if n > v.maxTasks || !m.loads(v, r) {
		return false
	}
	if n > 0 {
		r.cost = v.fixed
		for k := 1; k <= n+1; k++ {
			i, j := r.at[k-1], r.at[k]
			d := v.metric.between(i, j)
			if d == apart {
				return false
			}
			r.travel += int64(d)
			if v.metric.dist != nil {
				r.metres += int64(v.metric.dist[int(i)*v.metric.size+int(j)])
			}
			r.cost += v.price(i, j)
			if k <= n {
				if kind := m.kind[r.seq[k-1]]; kind != StepBreak && kind != StepReload {
					r.work += m.stayAt(v, r.seq[k-1], i)
				}
			}
		}
		r.cost += v.perTask * r.work
		if v.toll != nil {
			for _, t := range r.seq {
				r.cost += v.toll[t]
			}
		}
		if r.travel > v.maxTravel || r.metres > v.maxDistance {
			return false
		}
	}
	if !m.forward(v, r, v.open) {
		return false
	}
	m.backward(v, r, v.close)
	if v.plainSpan() {
		m.stretches(v, r)
		if n > 0 && r.head[n+1].takes > v.maxSpan {
			return false
		}
	} else if v.maxSpan < forever && n > 0 && !m.spanWithin(v, r) {
		return false
	}
	return !v.timed || n == 0 || m.timings(v, r)
}

// loads fills load, before, after and total, and checks capacity and that every delivery has its pickup
// before it.
func (m *model) loads(v *vehicle, r *route) bool {
	n, dims := len(r.seq), m.dims
	r.load, r.before, r.after, r.total = sized(r.load, (n+2)*dims), sized(r.before, (n+2)*dims), sized(r.after, (n+2)*dims), sized(r.total, dims)
	for d := range dims {
		var on, total int64
		on = m.loaded(r.seq, d)
		for _, t := range r.seq {
			total += m.drop[int(t)*dims+d] + m.take[int(t)*dims+d]
		}
		r.total[d] = total
		limit, peak := v.capacity[d], on
		if on > limit {
			return false
		}
		r.load[d], r.before[d] = on, on
		for k, t := range r.seq {
			at := int(t)*dims + d
			on += m.take[at] - m.drop[at]
			if m.kind[t] == StepDelivery {
				on -= m.take[int(m.mate[t])*dims+d]
			}
			if m.kind[t] == StepReload {
				on = m.loaded(r.seq[k+1:], d)
			}
			peak = max(peak, on)
			if on > limit {
				return false
			}
			r.load[(k+1)*dims+d], r.before[(k+1)*dims+d] = on, peak
		}
		r.load[(n+1)*dims+d], r.before[(n+1)*dims+d] = on, peak
		peak = on
		for k := n + 1; k >= 0; k-- {
			peak = max(peak, r.load[k*dims+d])
			r.after[k*dims+d] = peak
		}
	}
	return true
}

// loaded is what is on board when a trip begins: all that is delivered before the next reload.
func (m *model) loaded(seq []int32, d int) int64 {
	on := int64(0)
	for _, t := range seq {
		if m.kind[t] == StepReload {
			break
		}
		on += m.drop[int(t)*m.dims+d]
	}
	return on
}

// mayRest tells whether the load when leaving position k allows breaks from to to-1.
func (m *model) mayRest(v *vehicle, r *route, k, from, to int) bool {
	for i := from; i < to; i++ {
		for d, most := range v.breaks[i].maxLoad {
			if r.load[k*m.dims+d] > most {
				return false
			}
		}
	}
	return true
}

// forward fills leave for a departure from the start at the given time or later; false if something cannot be
// reached in time. An empty route needs no breaks.
func (m *model) forward(v *vehicle, r *route, depart int64) bool {
	n, breaks := len(r.seq), len(v.breaks)
	w := n + 2
	r.leave = sized(r.leave, (breaks+1)*w)
	if breaks == 0 {
		t := depart
		r.leave[0] = t
		for k := 1; k <= n; k++ {
			from, task := r.at[k-1], r.seq[k-1]
			start := r.begin(v, task, v.roll(t, int64(v.metric.between(from, r.at[k]))))
			if start == forever {
				return false
			}
			t = start + m.stayAt(v, task, from)
			r.leave[k] = t
		}
		t = v.roll(t, int64(v.metric.between(r.at[n], r.at[n+1])))
		r.leave[n+1] = t
		return n == 0 || t <= v.close
	}
	r.leave[0] = depart
	for l := 1; l <= breaks; l++ {
		r.leave[l*w] = forever
	}
	for k := 1; k <= n+1; k++ {
		from := r.at[k-1]
		drive := int64(v.metric.between(from, r.at[k]))
		reached := false
		for l := breaks; l >= 0; l-- {
			arrive := forever
			for b := l; b >= 0; b-- {
				if t := r.leave[b*w+k-1]; t < forever && m.mayRest(v, r, k-1, b, l) {
					arrive = min(arrive, v.through(t, drive, b, l))
				}
			}
			if arrive < forever && k <= n {
				if arrive = r.begin(v, r.seq[k-1], arrive); arrive < forever {
					arrive += m.stayAt(v, r.seq[k-1], from)
				}
			}
			r.leave[l*w+k] = arrive
			reached = reached || arrive < forever
		}
		if !reached && n > 0 {
			return false
		}
	}
	return n == 0 || r.leave[breaks*w+n+1] <= v.close
}

// backward fills due and dueOn for reaching the end by the given time, and returns the latest departure from
// the start.
func (m *model) backward(v *vehicle, r *route, finish int64) int64 {
	n, breaks := len(r.seq), len(v.breaks)
	w := n + 2
	r.due = sized(r.due, (breaks+1)*w)
	if v.stay.setups {
		r.dueOn = sized(r.dueOn, (breaks+1)*w)
	}
	for l := 0; l <= breaks; l++ {
		r.due[l*w+n+1] = never
		if v.stay.setups {
			r.dueOn[l*w+n+1] = never
		}
	}
	r.due[breaks*w+n+1] = finish
	if v.stay.setups {
		r.dueOn[breaks*w+n+1] = finish
	}
	for k := n; k >= 0; k-- {
		drive := int64(v.metric.between(r.at[k], r.at[k+1]))
		on := v.stay.setups && r.at[k] == r.at[k+1]
		for l := 0; l <= breaks; l++ {
			leave := never
			for b := l; b <= breaks; b++ {
				due := r.due[b*w+k+1]
				if on {
					due = r.dueOn[b*w+k+1]
				}
				if due > never && (b == l || m.mayRest(v, r, k, l, b)) {
					leave = max(leave, v.back(due, drive, l, b))
				}
			}
			if k == 0 {
				r.due[l*w], leave = leave, never
				if v.stay.setups {
					r.dueOn[l*w] = r.due[l*w]
				}
				continue
			}
			t := r.seq[k-1]
			if leave == never {
				r.due[l*w+k] = never
				if v.stay.setups {
					r.dueOn[l*w+k] = never
				}
				continue
			}
			leave -= v.stay.service[t]
			cap := forever
			if len(r.caps) > 0 {
				cap = r.caps[k-1]
			}
			if v.stay.setups {
				r.dueOn[l*w+k] = r.until(v, t, min(leave, cap))
				leave -= v.stay.setup[t]
			}
			r.due[l*w+k] = r.until(v, t, min(leave, cap))
		}
	}
	return r.due[0]
}

// spanWithin tells whether some departure keeps max_route_duration. It uses leave and due as scratch and
// restores them.
func (m *model) spanWithin(v *vehicle, r *route) bool {
	if v.exact {
		return r.leave[len(v.breaks)*(len(r.seq)+2)+len(r.seq)+1]-v.open <= v.maxSpan
	}
	depart, finish := m.shortest(v, r, v.maxSpan)
	ok := finish-depart <= v.maxSpan
	m.forward(v, r, v.open)
	m.backward(v, r, v.close)
	return ok
}

// shortest looks for the earliest finish with the latest departure for it such that the route takes no longer
// than asked, and returns the shortest there is otherwise. It leaves leave and due filled for that choice.
//
// The finish as a function of the departure is flat where someone waits and rises by one per tick where nobody
// does; it jumps where a window is missed. Only the ends of flat stretches and the jumps matter.
func (m *model) shortest(v *vehicle, r *route, enough int64) (depart, finish int64) {
	n, breaks := len(r.seq), len(v.breaks)
	end := breaks*(n+2) + n + 1
	bestDepart, bestFinish := int64(0), forever
	for from := v.open; from <= v.close && m.forward(v, r, from); {
		finish = r.leave[end]
		depart = m.backward(v, r, finish)
		if finish-depart < bestFinish-bestDepart {
			bestDepart, bestFinish = depart, finish
		}
		if finish-depart <= enough || depart >= v.close {
			break
		}
		if v.banded { // driving takes another time for every departure: try some
			from = depart + max(60*tick, (v.close-v.open)/departuresTried)
			continue
		}
		from = depart + max(0, m.slack(v, r, depart, finish)) + 1
	}
	m.forward(v, r, bestDepart)
	m.backward(v, r, bestFinish)
	return bestDepart, bestFinish
}

// departuresTried bounds the departures for the shortest day where the pace of driving changes.
const departuresTried = 96

// slack is by how much both departure and finish can move on together before a window ends.
func (m *model) slack(v *vehicle, r *route, depart, finish int64) int64 {
	span := finish - depart
	least := v.close - finish
	late := func(by int64) bool {
		if !m.forward(v, r, depart+by) {
			return true
		}
		return r.leave[len(v.breaks)*(len(r.seq)+2)+len(r.seq)+1] != depart+by+span
	}
	if least <= 0 || late(1) {
		return 0
	}
	low, high := int64(1), least // late(low) is false; windows only close as time passes
	for low < high {
		mid := low + (high-low+1)/2
		if late(mid) {
			high = mid - 1
		} else {
			low = mid
		}
	}
	return low
}

// insertAt puts a task at position k, 1 to n+1.
func (r *route) insertAt(t int32, k int) { r.seq = slices.Insert(r.seq, k-1, t) }
