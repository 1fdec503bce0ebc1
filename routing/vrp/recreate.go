package vrp

import (
	"math"
	"slices"
)

// atOnce is how many missing visits are tried again in one iteration at most.
const atOnce = 24

// recreate inserts the visits in pool, and missing ones, each at its cheapest spot, in an order drawn anew each
// time.
func (w *worker) recreate() {
	w.recall()
	w.order()
	w.countMoves()
	fresh := len(w.saved) > 0 && w.share() < 0.08 && !w.only
	w.cur.missing = w.cur.missing[:0]
	w.cur.forgone = 0
	for _, t := range w.pool {
		w.drawn[t] = w.iterations
	}
	for _, t := range w.wasMissing {
		if w.drawn[t] != w.iterations {
			w.cur.missing = append(w.cur.missing, t)
			w.cur.forgone += int64(w.m.priority[t])
		}
	}
	for _, t := range w.pool {
		done := w.ctx.Err() == nil && (w.place(t, fresh) || fresh && w.place(t, false))
		fresh = false
		if !done {
			w.cur.missing = append(w.cur.missing, t)
			w.cur.forgone += int64(w.m.priority[t])
			w.absent[t]++
		}
	}
}

// recall adds missing visits to pool, all of them or some at random.
func (w *worker) recall() {
	n := len(w.wasMissing)
	if n <= atOnce {
		w.pool = append(w.pool, w.wasMissing...)
		return
	}
	for range atOnce {
		if t := w.wasMissing[w.below(n)]; !slices.Contains(w.pool, t) {
			w.pool = append(w.pool, t)
		}
	}
}

// blinkBelow is one in fifteen: so often a vehicle is overlooked, which makes the greedy insertion differ from
// one time to the next (the blinks of SISR, there by position).
const blinkBelow = math.MaxUint32 / 15

// cheapest finds the cheapest spot for a visit in all routes, or in unused vehicles only. Of unused vehicles of
// one class the first stands for all. Of very many vehicles only those close by are looked at, and the others if
// none of those will do.
func (w *worker) cheapest(t int32, unused bool) spot {
	found := nowhere
	w.stamp++
	if w.homes == nil || unused {
		for _, vi := range w.fit[t] {
			w.consider(int(vi), t, unused, &found)
		}
		return found
	}
	for _, other := range w.near[t][:min(len(w.near[t]), closeBy)] {
		if vi := w.cur.where[other]; vi >= 0 && w.m.vehicles[vi].can[t] && w.routeSeen[vi] != w.stamp {
			w.routeSeen[vi] = w.stamp
			w.consider(int(vi), t, false, &found)
		}
	}
	for _, vi := range w.homes[t] {
		if w.routeSeen[vi] != w.stamp {
			w.routeSeen[vi] = w.stamp
			w.consider(int(vi), t, false, &found)
		}
	}
	if found.vehicle >= 0 {
		return found
	}
	for _, vi := range w.fit[t] {
		if w.routeSeen[vi] != w.stamp {
			w.consider(int(vi), t, false, &found)
		}
	}
	return found
}

// manyVehicles is how many make looking at all of them slow, closeBy how many neighbours and homes of a visit are
// looked at instead.
const (
	manyVehicles = 200
	closeBy      = 40
)

// findHomes lists for each visit the vehicles that start or end closest, if there are very many.
func (w *worker) findHomes() {
	if len(w.m.vehicles) < manyVehicles {
		return
	}
	w.homes = make([][]int32, w.m.tasks())
	keys := make([]int64, 0, len(w.m.vehicles))
	for _, t := range w.m.visits {
		keys = keys[:0]
		for _, vi := range w.fit[t] {
			v := &w.m.vehicles[vi]
			far := min(v.metric.between(v.begin, w.m.place[t]), v.metric.between(w.m.place[t], v.end))
			keys = append(keys, int64(far)<<taskBits|int64(vi))
		}
		few := min(len(keys), closeBy)
		smallest(keys, few)
		slices.Sort(keys[:few])
		for _, key := range keys[:few] {
			w.homes[t] = append(w.homes[t], int32(key&(1<<taskBits-1)))
		}
	}
}

// consider takes the cheapest spot for a visit in a route if that is cheaper than what was found, unless the vehicle
// is overlooked. What is known of routes that did not change since is not worked out again.
func (w *worker) consider(vi int, t int32, unused bool, found *spot) {
	r := &w.cur.routes[vi]
	if len(r.seq) == 0 {
		if w.only && !w.touched[vi] {
			return
		}
		class := w.m.vehicles[vi].class
		if w.classSeen[class] == w.stamp {
			return
		}
		w.classSeen[class] = w.stamp
	} else if unused {
		return
	}
	c := &w.known[int(t)*len(w.cur.routes)+vi]
	if c.version != r.version {
		s := nowhere
		w.look(vi, t, &s)
		*c = cached{r.version, int32(s.k), int32(s.k2), s.extra}
	}
	if c.extra < found.extra && !w.overlooks() {
		if s := w.weigh(spot{vi, int(c.k), int(c.k2), c.extra}, t); s.extra < found.extra {
			*found = s
		}
	}
}

// spotIn is the cheapest spot for a visit in one route, worked out once per version of the route.
func (w *worker) spotIn(vi int, t int32) spot {
	r, c := &w.cur.routes[vi], &w.known[int(t)*len(w.cur.routes)+vi]
	if c.version != r.version {
		s := nowhere
		w.look(vi, t, &s)
		*c = cached{r.version, int32(s.k), int32(s.k2), s.extra}
	}
	if c.extra == math.MaxInt64 {
		return nowhere
	}
	return w.weigh(spot{vi, int(c.k), int(c.k2), c.extra}, t)
}

// firstThingsFirst moves tied jobs in pool behind those they come after.
func (w *worker) firstThingsFirst() {
	w.sorted = append(w.sorted[:0], w.pool...)
	w.pool = w.pool[:0]
	w.stamp++
	var emit func(t int32)
	emit = func(t int32) {
		if w.emitted[t] == w.stamp {
			return
		}
		w.emitted[t] = w.stamp
		if bound := w.m.ties[t]; bound != nil && slices.Contains(w.sorted, bound.first) {
			emit(bound.first)
		}
		w.pool = append(w.pool, t)
	}
	for _, t := range w.sorted {
		emit(t)
	}
}

// order sorts pool by one of several keys.
func (w *worker) order() {
	m, v := w.m, &w.m.vehicles[0]
	draw := w.below(20)
	for _, t := range w.pool {
		var key int64
		window := m.wide[t]
		switch {
		case draw < 4:
			key = int64(w.chance.Uint64() >> 1)
		case draw < 7: // much to carry or to do first
			for d := range m.dims {
				key -= m.drop[int(t)*m.dims+d] + m.take[int(t)*m.dims+d]
			}
			if m.dims == 0 {
				key = -v.stay.service[t]
			}
		case draw < 9: // far first
			key = -int64(v.metric.between(v.begin, m.place[t]))
		case draw < 10: // close first
			key = int64(v.metric.between(v.begin, m.place[t]))
		case draw < 12: // narrow windows first
			key = window.to - window.from
		case draw < 14:
			key = window.from
		case draw < 16:
			key = -window.to
		case draw < 18: // often left out first
			key = -w.absent[t]
		default: // what matters most first
			key = -int64(m.priority[t])
		}
		w.key[t] = key
	}
	if w.first >= 0 {
		w.key[w.first] = math.MinInt64
	}
	slices.SortFunc(w.pool, func(a, b int32) int {
		if w.key[a] != w.key[b] {
			if w.key[a] < w.key[b] {
				return -1
			}
			return 1
		}
		return int(a - b)
	})
	if m.ties != nil {
		w.firstThingsFirst()
	}
}
