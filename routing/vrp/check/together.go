package check

import (
	"slices"

	"catchment/routing/vrp"
)

// together checks what jobs ask of each other: crews that meet, series on the days of one alternative, and jobs
// that come after others.
func (c *checker) together() {
	for i := range c.p.Jobs {
		j := &c.p.Jobs[i]
		k := key{vrp.StepJob, j.ID}
		times := c.served[k]
		if len(times) == 0 {
			continue
		}
		switch {
		case len(j.VisitDays) > 0:
			c.series(j, times)
		case len(times) != max(1, j.Crew):
			c.say(0, -1, "job %d is served %d times, should be by %d at once", j.ID, len(times), max(1, j.Crew))
		}
		for n, s := range times[1:] {
			if len(j.VisitDays) > 0 {
				break
			}
			if off := s.start - times[0].start; off < -hundred || off > hundred {
				c.say(s.vehicle.ID, -1, "job %d begins %.2f s after its crew's first", j.ID, float64(off)/hundred)
			}
			if slices.ContainsFunc(times[:n+1], func(o served) bool { return o.vehicle == s.vehicle }) {
				c.say(s.vehicle.ID, -1, "is twice in the crew of job %d", j.ID)
			}
		}
		if j.After != nil {
			c.after(j, times[0])
		}
	}
}

// waitsForOthers tells whether a task may begin later than its vehicle could because another is tied to it.
func (c *checker) waitsForOthers(t task) bool {
	return t.job != nil && (t.job.Crew > 1 || t.job.After != nil ||
		slices.ContainsFunc(c.p.Jobs, func(j vrp.Job) bool { return j.After != nil && j.After.Job == t.job.ID }))
}

// series checks that the days on which a job is served are one of its alternatives.
func (c *checker) series(j *vrp.Job, times []served) {
	var days []int
	for _, s := range times {
		days = append(days, s.vehicle.Day)
	}
	slices.Sort(days)
	if !slices.ContainsFunc(j.VisitDays, func(alternative []int) bool { return slices.Equal(slices.Sorted(slices.Values(alternative)), days) }) {
		c.say(0, -1, "job %d is served on days %d, which is none of %d", j.ID, days, j.VisitDays)
	}
}

// after checks the gap between a job and the one before it.
func (c *checker) after(j *vrp.Job, s served) {
	before := c.served[key{vrp.StepJob, j.After.Job}]
	if len(before) == 0 {
		if !s.pinned {
			c.say(s.vehicle.ID, -1, "job %d is served without job %d before it", j.ID, j.After.Job)
		}
		return
	}
	if s.pinned && before[0].pinned {
		return // decided elsewhere
	}
	gap := s.start - before[0].end
	if gap < j.After.MinGap*hundred-hundred {
		c.say(s.vehicle.ID, -1, "job %d begins %.2f s after job %d, less than %d", j.ID, float64(gap)/hundred, j.After.Job, j.After.MinGap)
	}
	if most := j.After.MaxGap; most != nil && gap > *most*hundred+hundred {
		c.say(s.vehicle.ID, -1, "job %d begins %.2f s after job %d, more than %d", j.ID, float64(gap)/hundred, j.After.Job, *most)
	}
	if j.After.SameVehicle && before[0].vehicle != s.vehicle {
		c.say(s.vehicle.ID, -1, "job %d is not served by the vehicle of job %d", j.ID, j.After.Job)
	}
}
