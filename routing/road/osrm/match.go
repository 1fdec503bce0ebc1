package osrm

import (
	"catchment/routing/road"
)

// tidyMeters is how far apart fixes are kept at least when a track is tidied.
const tidyMeters = 5

func (a *answer) match() error {
	track, numbers := a.track()
	matchings, err := a.g.Match(a.ctx, track)
	if err != nil {
		return err
	}
	if len(matchings) == 0 {
		return problem("NoMatch", "Could not match the trace.")
	}
	type found struct {
		matching, at int
		place        road.Place
	}
	points := make([]*found, len(a.r.Waypoints))
	for m, matching := range matchings {
		for k, fix := range matching.Fixes {
			points[numbers[fix]] = &found{m, k, matching.Places[k]}
		}
	}
	a.w.object(func() {
		a.ok()
		a.w.key("matchings")
		a.w.list(func() {
			for _, m := range matchings {
				legs := make([][]*road.Way, len(m.Ways))
				for i, w := range m.Ways {
					legs[i] = []*road.Way{w}
				}
				a.journey(legs, func() {
					a.w.key("confidence")
					a.w.float(round6(m.Confidence))
				})
			}
		})
		a.w.key("tracepoints")
		a.w.list(func() {
			for _, p := range points {
				if p == nil {
					a.w.null()
					continue
				}
				a.waypoint(p.place, func() {
					a.w.key("matchings_index")
					a.w.int(int64(p.matching))
					a.w.key("waypoint_index")
					a.w.int(int64(p.at))
					a.w.key("alternatives_count")
					a.w.int(0)
				})
			}
		})
	})
	return nil
}

// track returns the fixes to match and the number of the coordinate each comes from.
func (a *answer) track() (track []road.Fix, numbers []int) {
	for i, w := range a.r.Waypoints {
		f := road.Fix{Waypoint: w}
		if a.r.Timestamps != nil {
			f.Seconds = a.r.Timestamps[i]
		}
		if a.r.Tidy && len(track) > 0 && i+1 < len(a.r.Waypoints) && road.Meters(track[len(track)-1].At, w.At) < tidyMeters {
			continue
		}
		track, numbers = append(track, f), append(numbers, i)
	}
	return track, numbers
}
