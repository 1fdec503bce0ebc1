// Package check re-adds plans from first principles: given a question and an answer of the optimiser it works
// out every time, load, sum and cost again, in its own way, and returns whatever does not hold.
//
// It shares the types of package vrp and none of its arithmetic.
package check

import (
	"fmt"
	"math"
	"slices"

	"catchment/routing/vrp"
)

// Fault is a broken rule or a wrong number in an answer.
type Fault struct {
	Vehicle uint64 // 0 with Step -1 if it concerns the whole answer
	Step    int    // place in the route's steps, -1 if it concerns the whole route
	What    string
	Sum     bool // a number of the answer is wrong; else a rule of the question is broken
}

func (f Fault) String() string {
	switch {
	case f.Vehicle == 0 && f.Step < 0:
		return f.What
	case f.Step < 0:
		return fmt.Sprintf("vehicle %d: %s", f.Vehicle, f.What)
	}
	return fmt.Sprintf("vehicle %d, step %d: %s", f.Vehicle, f.Step, f.What)
}

// hundred turns seconds into the hundredths in which speed factors are kept.
const hundred = 100

// task is a job or one end of a shipment with its source.
type task struct {
	job      *vrp.Job
	shipment *vrp.Shipment
	stop     *vrp.ShipmentStop
	number   int // of the shipment
}

func (t task) timing() *vrp.Timing {
	if t.job != nil {
		return &t.job.Timing
	}
	return &t.stop.Timing
}

func (t task) wishes() *vrp.Wishes {
	if t.job != nil {
		return &t.job.Wishes
	}
	return &t.shipment.Wishes
}

func (t task) skills() []uint32 {
	if t.job != nil {
		return t.job.Skills
	}
	return t.shipment.Skills
}

func (t task) windows() []vrp.TimeWindow {
	if t.job != nil {
		return t.job.TimeWindows
	}
	return t.stop.TimeWindows
}

func (t task) place() int {
	if t.job != nil {
		return *t.job.LocationIndex
	}
	return *t.stop.LocationIndex
}

func (t task) priority() int {
	if t.job != nil {
		return t.job.Priority
	}
	return t.shipment.Priority
}

func (t task) permits(vehicle uint64) bool {
	allowed, forbidden := []uint64(nil), []uint64(nil)
	if t.job != nil {
		allowed, forbidden = t.job.AllowedVehicles, t.job.ForbiddenVehicles
	} else {
		allowed, forbidden = t.shipment.AllowedVehicles, t.shipment.ForbiddenVehicles
	}
	return (len(allowed) == 0 || slices.Contains(allowed, vehicle)) && !slices.Contains(forbidden, vehicle)
}

// setup and service in seconds for a vehicle of a type.
func (t task) stay(kind string) (setup, service int64) {
	var setups, services map[string]int64
	if t.job != nil {
		setup, service, setups, services = t.job.Setup, t.job.Service, t.job.SetupPerType, t.job.ServicePerType
	} else {
		setup, service, setups, services = t.stop.Setup, t.stop.Service, t.stop.SetupPerType, t.stop.ServicePerType
	}
	if kind != "" {
		if own, ok := setups[kind]; ok {
			setup = own
		}
		if own, ok := services[kind]; ok {
			service = own
		}
	}
	return setup, service
}

type key struct {
	kind vrp.StepType
	id   uint64
}

// served is one time that a task was served.
type served struct {
	vehicle    *vrp.Vehicle
	start, end int64 // hundredths
	pinned     bool
}

// checker walks one answer.
type checker struct {
	p      *vrp.Problem
	s      *vrp.Solution
	tasks  map[key]task
	seen   map[key]bool
	served map[key][]served
	faults []Fault
	total  vrp.Summary
	cost   float64
	slack  float64 // of cost, for rounding to seconds
	metres int64
	loose  int              // seconds by which driving may be off where its pace changes
	moved  int              // visits that another vehicle has than the steps told
	toils  map[uint64]int64 // by person: hundredths of driving and work
	alone  []int64          // the same of vehicles without one
}

// Solution returns all that is wrong with an answer, in the order of its routes; nothing if it holds.
func Solution(p *vrp.Problem, s *vrp.Solution) []Fault {
	c := &checker{p: p, s: s, tasks: make(map[key]task), seen: make(map[key]bool), served: make(map[key][]served), toils: make(map[uint64]int64)}
	for i := range p.Jobs {
		c.tasks[key{vrp.StepJob, p.Jobs[i].ID}] = task{job: &p.Jobs[i]}
	}
	for i := range p.Shipments {
		sh := &p.Shipments[i]
		c.tasks[key{vrp.StepPickup, sh.Pickup.ID}] = task{shipment: sh, stop: &sh.Pickup, number: i}
		c.tasks[key{vrp.StepDelivery, sh.Delivery.ID}] = task{shipment: sh, stop: &sh.Delivery, number: i}
	}
	driven := make(map[uint64]bool)
	for i := range s.Routes {
		r := &s.Routes[i]
		at := slices.IndexFunc(p.Vehicles, func(v vrp.Vehicle) bool { return v.ID == r.Vehicle })
		if at < 0 {
			c.say(0, -1, "route of vehicle %d, which the question does not have", r.Vehicle)
			continue
		}
		if driven[r.Vehicle] {
			c.say(r.Vehicle, -1, "has two routes")
		}
		driven[r.Vehicle] = true
		(&walk{checker: c, v: &p.Vehicles[at], r: r}).route()
	}
	for i := range p.Vehicles {
		for _, step := range p.Vehicles[i].Steps {
			if step.Pinned && !driven[p.Vehicles[i].ID] {
				c.say(p.Vehicles[i].ID, -1, "pinned %s %d is not on its route", step.Type, step.ID)
			}
		}
	}
	c.together()
	c.people()
	c.leftOut()
	c.sums()
	return c.faults
}

func (c *checker) say(vehicle uint64, step int, format string, args ...any) {
	c.faults = append(c.faults, Fault{Vehicle: vehicle, Step: step, What: fmt.Sprintf(format, args...)})
}

// wrong is say for a number that should be another.
func (c *checker) wrong(vehicle uint64, step int, format string, args ...any) {
	c.say(vehicle, step, format, args...)
	c.faults[len(c.faults)-1].Sum = true
}

// leftOut compares the unassigned list with what is on no route.
func (c *checker) leftOut() {
	listed := make(map[key]bool)
	for _, u := range c.s.Unassigned {
		k := key{u.Type, u.ID}
		if _, ok := c.tasks[k]; !ok {
			c.say(0, -1, "unassigned %s %d is not in the question", u.Type, u.ID)
		}
		if listed[k] {
			c.say(0, -1, "unassigned %s %d is listed twice", u.Type, u.ID)
		}
		if c.seen[k] {
			c.say(0, -1, "unassigned %s %d is on a route", u.Type, u.ID)
		}
		if u.Reason == nil || len(u.Reason.Vehicles) == 0 {
			c.say(0, -1, "unassigned %s %d has no reason", u.Type, u.ID)
		}
		listed[k] = true
	}
	missing := 0
	for k := range c.tasks {
		if !c.seen[k] && !listed[k] {
			missing++
		}
	}
	if missing > 0 {
		c.say(0, -1, "%d tasks are neither on a route nor unassigned", missing)
	}
	if c.s.Summary.Unassigned != len(c.s.Unassigned) {
		c.wrong(0, -1, "summary says %d unassigned, the list has %d", c.s.Summary.Unassigned, len(c.s.Unassigned))
	}
}

// sums compares the summary with the routes.
func (c *checker) sums() {
	got := c.s.Summary
	for _, n := range []struct {
		name      string
		want, got int64
	}{
		{"routes", int64(c.total.Routes), int64(got.Routes)}, {"setup", c.total.Setup, got.Setup}, {"service", c.total.Service, got.Service},
		{"priority", int64(c.total.Priority), int64(got.Priority)},
	} {
		if n.want != n.got {
			c.wrong(0, -1, "summary %s is %d, should be %d", n.name, n.got, n.want)
		}
	}
	near := func(name string, want, got int64, by int) {
		if d := want - got; d > int64(by) || d < -int64(by) {
			c.wrong(0, -1, "summary %s is %d, should be %d", name, got, want)
		}
	}
	near("duration", c.total.Duration, got.Duration, len(c.s.Routes)+c.loose)
	if math.Abs(c.cost-float64(got.Cost)) > 0.51+c.slack {
		c.wrong(0, -1, "summary cost is %d, should be %.2f", got.Cost, c.cost)
	}
	if got.Distance != nil {
		near("distance", c.metres, *got.Distance, 0)
	}
	var delivery, pickup []int64
	var waiting int64
	for i := range c.s.Routes {
		r := &c.s.Routes[i]
		delivery, pickup = plus(delivery, r.Delivery), plus(pickup, r.Pickup)
		waiting += r.WaitingTime
	}
	if len(c.s.Routes) > 0 && (!slices.Equal(delivery, got.Delivery) || !slices.Equal(pickup, got.Pickup)) {
		c.wrong(0, -1, "summary amounts are %d and %d, should be %d and %d", got.Delivery, got.Pickup, delivery, pickup)
	}
	near("waiting_time", waiting, got.WaitingTime, 0)
}

func plus(a, b []int64) []int64 {
	out := slices.Clone(b)
	for i := range a {
		out[i] += a[i]
	}
	return out
}
