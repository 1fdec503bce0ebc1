package vrp

import "slices"

// atOnce is how many missing visits are tried again in one iteration at most.
const atOnce = 24

// recreate inserts the visits in pool, and missing ones, each at its cheapest spot, in an order drawn anew each
// time.
func (w *worker) recreate() {
	w.recall()
	w.order()
	fresh := len(w.saved) > 0 && w.share() < 0.08
	w.cur.missing = w.cur.missing[:0]
	w.cur.weight = 0
	for _, t := range w.wasMissing {
		if !slices.Contains(w.pool, t) {
			w.cur.missing = append(w.cur.missing, t)
			w.cur.weight += w.weights[t]
		}
	}
	for _, t := range w.pool {
		s := w.cheapest(t, fresh)
		if s.vehicle < 0 && fresh {
			s = w.cheapest(t, false)
		}
		fresh = false
		if s.vehicle < 0 {
			w.cur.missing = append(w.cur.missing, t)
			w.cur.weight += w.weights[t]
			w.absent[t]++
			continue
		}
		if !w.put(t, s) {
			panic("vrp: an insertion that was checked broke the route")
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

// cheapest finds the cheapest spot for a visit in all routes, or in unused vehicles only. Of unused vehicles of
// one class the first stands for all.
func (w *worker) cheapest(t int32, unused bool) spot {
	found := nowhere
	w.stamp++
	for vi := range w.cur.routes {
		if len(w.cur.routes[vi].seq) == 0 {
			class := w.m.vehicles[vi].class
			if w.classSeen[class] == w.stamp {
				continue
			}
			w.classSeen[class] = w.stamp
		} else if unused {
			continue
		}
		w.look(vi, t, &found, w)
	}
	return found
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
		default: // what weighs most first
			key = -w.weights[t]
		}
		w.key[t] = key
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
}
