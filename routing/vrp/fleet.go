package vrp

import "math"

// fleetShare is the part of a search that first tries to do with fewer vehicles, where those are dear.
const fleetShare = 0.3

// dearVehicles tells whether sparing a vehicle can pay for long detours.
func (s *search) dearVehicles() bool {
	least := int64(math.MaxInt64)
	for i := range s.m.vehicles {
		least = min(least, s.m.vehicles[i].fixed)
	}
	return float64(least) > 20*s.hot
}

// shrink gives up one route after the other and tries to place its visits on the others: the fleet minimisation
// of SISR (section 6.1). A change is taken if fewer visits are left out, or such as were left out less often so
// far, for those are easier to place.
func (w *worker) shrink(temperature float64, over func() bool) {
	if len(w.best.missing) > 0 {
		return
	}
	w.only = true
	defer func() {
		w.only = false
		w.restart()
	}()
	w.restart()
	w.giveUp()
	for steps := 0; !over(); steps++ {
		if n := len(w.cur.missing); n > 0 && steps%ejectEvery == 0 {
			t := w.cur.missing[w.below(n)]
			w.absent[t]++
			w.eject(t)
			continue
		}
		before, forgone := w.cur.cost, w.cur.forgone
		w.open()
		w.ruin()
		w.recreate()
		was, is := w.absences(w.wasMissing), w.absences(w.cur.missing)
		better := len(w.cur.missing) < len(w.wasMissing) || is < was
		if better || is == was && float64(w.cur.cost-before) < -temperature*math.Log(1-w.share()) {
			w.accept()
			if len(w.cur.missing) == 0 {
				w.note()
				w.giveUp()
			}
			continue
		}
		w.undo()
		w.cur.cost, w.cur.forgone = before, forgone
	}
}

// absences is how often the visits were left out, added up.
func (w *worker) absences(visits []int32) int64 {
	sum := int64(0)
	for _, t := range visits {
		sum += w.absent[t]
	}
	return sum
}

// giveUp empties the route whose visits were left out least often so far. Vehicles with pinned steps stay.
func (w *worker) giveUp() {
	chosen, least := -1, int64(math.MaxInt64)
	for vi := range w.cur.routes {
		r := &w.cur.routes[vi]
		if len(r.seq) == 0 || r.pinned > 0 {
			continue
		}
		if sum := w.absences(r.seq); sum < least {
			chosen, least = vi, sum
		}
	}
	if chosen < 0 {
		return
	}
	w.saved, w.pool, w.holdWas = w.saved[:0], w.pool[:0], w.holdWas[:0]
	w.touch(chosen)
	for _, t := range w.cur.routes[chosen].seq {
		w.remove(t)
	}
	w.sweep(chosen)
	w.calm()
	for _, t := range w.pool {
		w.cur.missing = append(w.cur.missing, t)
		w.cur.forgone += int64(w.m.priority[t])
	}
	w.accept()
}
