package vrp

import "slices"

// ejectEvery is after how many steps of shrinking a visit is forced in.
const ejectEvery = 10

// ejection is a way to force a visit in: what leaves the route for it, and where it then goes.
type ejection struct {
	vehicle int
	out     [3]int32 // -1 for none
	at      spot
}

// eject forces a missing visit into a route by taking out up to three others that were left out least often so far
// (Nagata & Bräysy, Operations Research Letters 37, 2009), and tells whether it could.
func (w *worker) eject(t int32) bool {
	if w.m.hangs(t) {
		return false
	}
	var best ejection
	least, ties := int64(0), 0
	for _, vi := range w.fit[t] {
		r := &w.cur.routes[vi]
		if len(r.seq) == 0 || r.pinned > 0 {
			continue
		}
		w.cheap = w.cheap[:0]
		for _, other := range r.seq {
			if w.m.kind[other] != StepDelivery && !w.m.hangs(other) {
				w.cheap = append(w.cheap, other)
			}
		}
		slices.SortFunc(w.cheap, func(a, b int32) int {
			if w.absent[a] != w.absent[b] {
				return int(max(-1, min(1, w.absent[a]-w.absent[b])))
			}
			return int(a - b)
		})
		try := func(sum int64, out ...int32) {
			if ties > 0 && sum > least || w.ctx.Err() != nil {
				return
			}
			e, ok := w.ejecting(int(vi), t, out)
			if !ok {
				return
			}
			if ties == 0 || sum < least {
				best, least, ties = e, sum, 1
			} else if ties++; w.below(ties) == 0 { // one of equals, each as likely
				best = e
			}
		}
		cost := func(i int) int64 { return w.absent[w.cheap[i]] + 1 }
		n := len(w.cheap)
		for i := 0; i < n && !(ties > 0 && cost(i) > least); i++ {
			try(cost(i), w.cheap[i])
			for j := i + 1; j < n && !(ties > 0 && cost(i)+cost(j) > least); j++ {
				try(cost(i)+cost(j), w.cheap[i], w.cheap[j])
				for k := j + 1; k < n && !(ties > 0 && cost(i)+cost(j)+cost(k) > least); k++ {
					try(cost(i)+cost(j)+cost(k), w.cheap[i], w.cheap[j], w.cheap[k])
				}
			}
		}
	}
	if ties == 0 {
		return false
	}
	w.open()
	w.loose, w.first = false, -1
	w.touch(best.vehicle)
	for _, out := range best.out {
		if out >= 0 {
			w.remove(out)
		}
	}
	w.sweep(best.vehicle)
	found := nowhere
	if w.look(best.vehicle, t, &found); found.vehicle < 0 || !w.put(t, found) {
		panic("vrp: an ejection that was checked made no room")
	}
	w.cur.missing = w.cur.missing[:0]
	w.cur.forgone = 0
	for _, missing := range append(slices.Clone(w.wasMissing), w.pool...) {
		if missing != t {
			w.cur.missing = append(w.cur.missing, missing)
			w.cur.forgone += int64(w.m.priority[missing])
		}
	}
	w.accept()
	return true
}

// ejecting tries a visit in a route without some others.
func (w *worker) ejecting(vi int, t int32, out []int32) (ejection, bool) {
	e := ejection{vehicle: vi, out: [3]int32{-1, -1, -1}, at: nowhere}
	copy(e.out[:], out)
	r, s := &w.cur.routes[vi], &w.without
	s.hold, s.pinned = r.hold, 0
	s.seq = s.seq[:0]
	for _, other := range r.seq {
		if !slices.Contains(out, other) && (w.m.mate[other] < 0 || !slices.Contains(out, w.m.mate[other])) {
			s.seq = append(s.seq, other)
		}
	}
	if !w.m.refresh(&w.m.vehicles[vi], s) {
		return e, false
	}
	*r, *s = *s, *r
	w.look(vi, t, &e.at)
	*r, *s = *s, *r
	return e, e.at.vehicle >= 0
}
