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

// people checks everybody's hours, adds their price, and counts the visits that changed hands.
func (c *checker) people() {
	for _, who := range c.p.People {
		if most := who.MaxWorkTime; most != nil && c.toils[who.ID] > *most*hundred {
			c.say(0, -1, "person %d works %.2f s, more than %d", who.ID, float64(c.toils[who.ID])/hundred, *most)
		}
	}
	if b := c.p.Balance; b != nil {
		price := 0.0
		add := func(toil int64) {
			hours := float64(toil) / hundred / 3600
			price += float64(b.PerHourSquared) * hours * hours
			c.slack += float64(b.PerHourSquared) * (hours + 1) / 1800 // whole seconds are squared
		}
		for _, toil := range c.toils {
			add(toil)
		}
		for _, toil := range c.alone {
			add(toil)
		}
		if off := price - float64(c.s.Summary.BalanceCost); off > 0.51+c.slack || off < -0.51-c.slack {
			c.wrong(0, -1, "balance cost is %d, should be %.2f", c.s.Summary.BalanceCost, price)
		}
		c.cost += price
	}
	if s := c.p.Stability; s != nil && s.MaxChanges != nil && c.moved > *s.MaxChanges {
		c.say(0, -1, "%d visits changed hands, more than %d", c.moved, *s.MaxChanges)
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
