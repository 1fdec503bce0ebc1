package vrp

import "slices"

// Parameters of the ruin, as published: the average number of tasks removed, the longest string, and how often
// a preserved substring grows.
const (
	ruinAverage = 10.0
	ruinLongest = 10.0
	ruinSplit   = 0.5
	ruinGrow    = 0.01
)

// looseShare is how often the times of a series are moved about within their days, instead of all at once.
const looseShare = 0.7

// ruin removes strings of neighbouring tasks from routes near a random task and puts their visits into pool.
func (w *worker) ruin() {
	used, on := 0, 0
	for i := range w.cur.routes {
		if n := len(w.cur.routes[i].seq) - w.cur.routes[i].pinned; n > 0 {
			used++
			on += n
		}
	}
	if used == 0 {
		return
	}
	longest := min(ruinLongest, float64(on)/float64(used))
	routes := int(w.share()*(4*ruinAverage/(1+longest)-1) + 1)
	seed := w.seed()
	wanted := w.cur.where[seed] < 0
	w.first = -1
	if wanted && w.share() < 0.5 {
		w.first = seed
	}
	day := 0
	w.loose, w.torn = w.m.series && !w.only && !wanted && w.share() < looseShare, false
	if w.loose {
		day = w.m.problem.Vehicles[w.cur.where[seed]].Day
	}
	done := 0
	for _, t := range w.near[seed] {
		if w.m.teams != nil && w.m.teams[t] != nil {
			t = w.oneOf(t, seed, day)
		}
		vi := int(w.cur.where[t])
		if vi < 0 || w.ruined[vi] || w.loose && w.m.problem.Vehicles[vi].Day != day || wanted && !w.m.vehicles[vi].can[seed] {
			continue
		}
		r := &w.cur.routes[vi]
		k := slices.Index(r.seq, t)
		if k < r.pinned {
			continue
		}
		free := len(r.seq) - r.pinned
		length := min(free, int(w.share()*min(float64(free), longest)+1))
		w.touch(vi)
		w.ruined[vi] = true
		w.cut(vi, k, length)
		if done++; done >= routes {
			break
		}
	}
	w.calm()
	for _, vi := range w.saved {
		w.ruined[vi] = false
	}
}

// oneOf is the time a job of a crew or series is removed by: the seed itself, one on the given day where days are
// kept, else any.
func (w *worker) oneOf(t, seed int32, day int) int32 {
	members := w.m.members(t)
	if w.m.leader(seed) == t {
		return seed
	}
	if w.loose {
		for _, member := range members {
			if vi := w.cur.where[member]; vi >= 0 && w.m.problem.Vehicles[vi].Day == day {
				return member
			}
		}
	}
	return members[w.below(len(members))]
}

// seed picks the task around which to ruin: often one close to a visit that is missing.
func (w *worker) seed() int32 {
	if n := len(w.cur.missing); n > 0 && w.chance.Uint64()&3 == 0 {
		return w.cur.missing[w.below(n)]
	}
	return int32(w.below(w.m.extraFrom))
}

// cut removes a string of tasks that contains position k of seq, sometimes sparing a substring inside.
func (w *worker) cut(vi, k, length int) {
	r := &w.cur.routes[vi]
	n := len(r.seq)
	spare := 0
	if length > 1 && length < n-r.pinned && w.share() < ruinSplit {
		spare = 1
		for length+spare < n-r.pinned && w.share() < ruinGrow {
			spare++
		}
	}
	all := length + spare
	low, high := max(r.pinned, k-all+1), min(k, n-all)
	from := low + w.below(high-low+1)
	keep := length
	if spare > 0 {
		keep = w.below(length + 1)
	}
	for i := from; i < from+all; i++ {
		if i < from+keep || i >= from+keep+spare {
			w.remove(r.seq[i])
		}
	}
	w.sweep(vi)
}

// remove takes a task's visit off its route; sweep closes the gaps.
func (w *worker) remove(t int32) {
	if w.m.kind[t] == StepDelivery {
		t = w.m.mate[t]
	}
	if w.loose && w.m.teams[t] != nil && len(w.m.teams[t].days) > 0 {
		if vi := w.cur.where[t]; vi >= 0 {
			w.pool = append(w.pool, t)
			w.looseAt[t], w.looseDay[t] = w.iterations, w.m.problem.Vehicles[vi].Day
			w.cur.where[t] = -1
		}
		return
	}
	t = w.m.leader(t)
	if w.cur.where[t] < 0 {
		return // its other end was removed before
	}
	if w.m.hangs(t) {
		if slices.ContainsFunc(w.m.members(t), func(member int32) bool { return w.m.fixed[member] }) {
			return
		}
		w.stir(int(w.cur.where[t]))
	}
	w.pool = append(w.pool, t)
	w.cur.where[t] = -1
	if mate := w.m.mate[t]; mate >= 0 {
		w.cur.where[mate] = -1
	}
	if w.m.hangs(t) {
		w.release(t)
	}
}

func (w *worker) sweep(vi int) {
	r := &w.cur.routes[vi]
	kept := r.seq[:0]
	for _, t := range r.seq {
		if w.cur.where[t] >= 0 {
			kept = append(kept, t)
		}
	}
	r.seq = kept
	if w.settle(vi) {
		return
	}
	// Without those tasks the rest does not work (a direct way can be longer than a detour): clear it.
	for _, t := range r.seq[r.pinned:] {
		w.remove(t)
	}
	r.seq = r.seq[:r.pinned]
	r.cost = 0
	if !w.settle(vi) {
		panic("vrp: pinned steps that were feasible no longer are")
	}
}
