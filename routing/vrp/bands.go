package vrp

import (
	"fmt"
	"math"
	"slices"
)

// pace is a stretch of time in which driving takes longer than the matrix says.
type pace struct {
	from, to int64 // ticks; to does not belong to it
	percent  int64 // of the matrix's time, from 100
}

// roll returns the arrival after a drive that takes so long at the matrix's pace. Who leaves later never arrives
// earlier (Ichoua, Gendreau & Potvin, European Journal of Operational Research 144, 2003: the pace changes on the
// way, not with the departure).
func (v *vehicle) roll(t, drive int64) int64 {
	if !v.banded {
		return t + drive
	}
	for _, b := range v.metric.paces {
		if t >= b.to {
			continue
		}
		if free := b.from - t; free > 0 {
			if drive <= free {
				return t + drive
			}
			drive -= free
			t = b.from
		}
		if done := (b.to - t) * 100 / b.percent; drive > done {
			drive -= done
			t = b.to
			continue
		}
		return t + (drive*b.percent+99)/100
	}
	return t + drive
}

// rolled is how much of a drive is done between two moments, at the matrix's pace.
func (v *vehicle) rolled(from, to int64) int64 {
	if !v.banded {
		return to - from
	}
	done := int64(0)
	for _, b := range v.metric.paces {
		if from >= to || b.from >= to {
			break
		}
		if from >= b.to {
			continue
		}
		done += max(0, b.from-from)
		from = max(from, b.from)
		until := min(to, b.to)
		done += (until - from) * 100 / b.percent
		from = until
	}
	return done + max(0, to-from)
}

// leaveBy is the latest departure that arrives by the given time, with breaks from to to-1 held underway, or never:
// the inverse of through where the pace changes, found by halving, for through never falls.
func (v *vehicle) leaveBy(arrival, drive int64, from, to int) int64 {
	rest := int64(0)
	for i := from; i < to; i++ {
		rest += v.breaks[i].service
	}
	high := arrival - max(drive, 0) // nobody is faster; breaks may fall into waiting
	if from < to {
		high = arrival
	}
	if v.through(high, drive, from, to) <= arrival {
		return high
	}
	low := arrival - drive*v.metric.slowest/100 - rest - tick
	if low <= never/2 {
		return never
	}
	if v.through(low, drive, from, to) > arrival {
		// A break that waits for its window may need still more.
		low = v.open
		if low >= high || v.through(low, drive, from, to) > arrival {
			return never
		}
	}
	for low+1 < high {
		mid := low + (high-low)/2
		if v.through(mid, drive, from, to) <= arrival {
			low = mid
		} else {
			high = mid
		}
	}
	return low
}

// slowed adds to a route what its driving takes and costs beyond the matrix, and tells whether that is allowed.
func (v *vehicle) slowed(r *route, driven int64) (more int64, ok bool) {
	if !v.banded {
		return 0, true
	}
	if v.metric.costs == nil {
		more = v.perTick * (driven - r.travel)
	}
	r.travel = driven
	return more, driven <= v.maxTravel
}

// compilePaces reads a matrix's bands.
func compilePaces(bands []Band) (paces []pace, slowest int64) {
	slowest = 100
	for _, b := range bands {
		percent := int64(math.Round(b.Factor * 100))
		if percent == 100 {
			continue
		}
		paces = append(paces, pace{b.From * tick, b.To * tick, percent})
		slowest = max(slowest, percent)
	}
	slices.SortFunc(paces, func(a, b pace) int { return int(max(-1, min(1, a.from-b.from))) })
	return paces, slowest
}

// bands checks the bands of a matrix.
func (c *complaint) bands(at string, bands []Band) {
	sorted := slices.Clone(bands)
	slices.SortFunc(sorted, func(a, b Band) int { return int(max(-1, min(1, a.From-b.From))) })
	for i, b := range bands {
		field := fmt.Sprintf("%s.bands[%d]", at, i)
		c.check(b.From < b.To, field, "ends at %d, not after it starts at %d", b.To, b.From)
		c.check(b.From > -maxSeconds && b.To < maxSeconds, field, "lies too far from zero")
		c.check(b.Factor >= 1 && b.Factor <= 10, field+".factor", "is %g, not within 1 to 10: the matrix holds the fastest times", b.Factor)
	}
	for i := 1; i < len(sorted); i++ {
		c.check(sorted[i-1].To <= sorted[i].From, at+".bands", "overlap: %d to %d and %d to %d", sorted[i-1].From, sorted[i-1].To, sorted[i].From, sorted[i].To)
	}
}
