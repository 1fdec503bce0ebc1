package vrp

// stretch is a run of stops without breaks and with one window each: how long it takes at least, and the earliest
// and latest moment to begin it without it taking longer (Vidal, Crainic, Gendreau & Prins, Computers & Operations
// Research 40, 2013, section 4.3.1, where nothing is late).
type stretch struct{ takes, early, late int64 }

// then is the stretch followed, after a drive, by another.
func (a stretch) then(drive int64, b stretch) stretch {
	ahead := a.takes + drive
	wait := max(0, b.early-ahead-a.late)
	return stretch{a.takes + drive + b.takes + wait, max(b.early-ahead, a.early) - wait, min(b.late-ahead, a.late)}
}

// plainSpan tells whether the shortest day of the vehicle's routes can be reckoned with stretches.
func (v *vehicle) plainSpan() bool {
	return v.maxSpan < forever && len(v.breaks) == 0 && !v.banded && v.shift.more == nil
}

// stop is the stretch of one task after coming from a place.
func (m *model) stop(v *vehicle, r *route, t, from int32) stretch {
	w := r.only(v, t)
	return stretch{m.stayAt(v, t, from), w.from, w.to}
}

// stretches fills head, from the start to each position, and tail, from each position to the end.
func (m *model) stretches(v *vehicle, r *route) {
	n := len(r.seq)
	if cap(r.head) < n+2 {
		r.head, r.tail = make([]stretch, n+2, 2*n+8), make([]stretch, n+2, 2*n+8)
	}
	r.head, r.tail = r.head[:n+2], r.tail[:n+2]
	ends := stretch{0, v.open, v.close}
	r.head[0], r.tail[n+1] = ends, ends
	for k := 1; k <= n; k++ {
		r.head[k] = r.head[k-1].then(int64(v.metric.between(r.at[k-1], r.at[k])), m.stop(v, r, r.seq[k-1], r.at[k-1]))
	}
	r.head[n+1] = r.head[n].then(int64(v.metric.between(r.at[n], r.at[n+1])), ends)
	for k := n; k >= 1; k-- {
		r.tail[k] = m.stop(v, r, r.seq[k-1], r.at[k-1]).then(int64(v.metric.between(r.at[k], r.at[k+1])), r.tail[k+1])
	}
	r.tail[0] = r.head[n+1]
}

// spans tells whether some departure keeps max_route_duration with a job before position k.
func (w *worker) spans(v *vehicle, r *route, t int32, k int) bool {
	m := w.m
	u, here, x := r.at[k-1], m.place[t], r.at[k]
	day := r.head[k-1].then(int64(v.metric.between(u, here)), m.stop(v, r, t, u))
	out := int64(v.metric.between(here, x))
	if k > len(r.seq) || !v.stay.setups {
		day = day.then(out, r.tail[k])
	} else { // the next task's setup hangs on where one comes from
		day = day.then(out, m.stop(v, r, r.seq[k-1], here)).then(int64(v.metric.between(x, r.at[k+1])), r.tail[k+1])
	}
	return day.takes <= v.maxSpan
}
