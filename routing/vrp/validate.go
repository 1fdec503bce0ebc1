package vrp

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// InputError says which field of a Problem is wrong, and how.
type InputError struct {
	Field   string // such as "jobs[3].time_windows[0]"
	Message string
}

func (e *InputError) Error() string { return e.Field + " " + e.Message }

// Limits on numbers, so that sums of hundredths of seconds and of money stay exact.
const (
	maxSeconds  = 1 << 40 // in windows: about 35,000 years
	maxStay     = 1 << 31 // of setup and service
	maxAmount   = 1 << 40
	maxRate     = 1 << 31 // cost units per hour, task hour, km and of fixed costs
	maxPriority = 100
	maxBreaks   = 16 // per vehicle
	maxLevel    = 1000

	maxTimePrice = 1 << 24 // cost units per hour of what is late, waited or overtime
)

// sortedKeys makes messages about maps repeatable.
func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// complaint collects the first thing that is wrong.
type complaint struct {
	err   *InputError
	times map[uint64]int // by job: how often it may still be planned
}

func (c *complaint) check(ok bool, field, format string, args ...any) {
	if !ok && c.err == nil {
		c.err = &InputError{Field: field, Message: fmt.Sprintf(format, args...)}
	}
}

// Validate returns an *InputError naming the first field that makes no sense, or nil.
func (p *Problem) Validate() error {
	c := &complaint{times: make(map[uint64]int)}
	for i := range p.Jobs {
		if n := p.Jobs[i].times(); n > 1 {
			c.times[p.Jobs[i].ID] = n
		}
	}
	c.check(len(p.Vehicles) > 0, "vehicles", "is empty: nobody can drive")
	c.check(len(p.Jobs)+2*len(p.Shipments) < 1<<taskBits, "jobs", "are more than %d tasks with the shipments", 1<<taskBits-1)
	c.matrices(p)
	dims := p.dimensions()
	jobs := make(map[uint64]bool, len(p.Jobs))
	for i := range p.Jobs {
		j, at := &p.Jobs[i], fmt.Sprintf("jobs[%d]", i)
		c.check(!jobs[j.ID], at+".id", "is %d, as an earlier job's", j.ID)
		jobs[j.ID] = true
		c.stop(p, at, j.LocationIndex, j.Setup, j.Service, j.SetupPerType, j.ServicePerType, j.TimeWindows)
		c.check(j.OtherVehicleCost >= 0 && j.OtherVehicleCost <= maxRate, at+".other_vehicle_cost", "is %d", j.OtherVehicleCost)
		c.wishes(at, &j.Wishes)
		c.timing(at, &j.Timing)
		c.amounts(at+".delivery", j.Delivery, dims)
		c.amounts(at+".pickup", j.Pickup, dims)
		c.check(j.Priority >= 0 && j.Priority <= maxPriority, at+".priority", "is %d, not within 0 to %d", j.Priority, maxPriority)
	}
	pickups, deliveries := make(map[uint64]bool), make(map[uint64]bool)
	for i := range p.Shipments {
		s, at := &p.Shipments[i], fmt.Sprintf("shipments[%d]", i)
		c.check(!pickups[s.Pickup.ID], at+".pickup.id", "is %d, as an earlier pickup's", s.Pickup.ID)
		c.check(!deliveries[s.Delivery.ID], at+".delivery.id", "is %d, as an earlier delivery's", s.Delivery.ID)
		pickups[s.Pickup.ID], deliveries[s.Delivery.ID] = true, true
		for _, end := range []struct {
			name string
			stop *ShipmentStop
		}{{"pickup", &s.Pickup}, {"delivery", &s.Delivery}} {
			t := end.stop
			c.timing(at+"."+end.name, &t.Timing)
			c.stop(p, at+"."+end.name, t.LocationIndex, t.Setup, t.Service, t.SetupPerType, t.ServicePerType, t.TimeWindows)
		}
		c.check(s.OtherVehicleCost >= 0 && s.OtherVehicleCost <= maxRate, at+".other_vehicle_cost", "is %d", s.OtherVehicleCost)
		c.wishes(at, &s.Wishes)
		c.amounts(at+".amount", s.Amount, dims)
		c.check(s.Priority >= 0 && s.Priority <= maxPriority, at+".priority", "is %d, not within 0 to %d", s.Priority, maxPriority)
	}
	if s := p.Stability; s != nil {
		c.check(s.VehicleChange >= 0 && s.VehicleChange <= maxRate, "stability.vehicle_change", "is %d", s.VehicleChange)
		c.check(s.StartChangePerHour >= 0 && s.StartChangePerHour <= maxTimePrice, "stability.start_change_per_hour", "is %d", s.StartChangePerHour)
		c.check(s.StartTolerance >= 0 && s.StartTolerance <= maxStay, "stability.start_tolerance", "is %d seconds", s.StartTolerance)
	}
	c.together(p)
	c.people(p)
	c.vehicles(p, dims, jobs, pickups, deliveries)
	c.pinnedPairs(p)
	if c.err != nil {
		return c.err
	}
	return nil
}

func (c *complaint) matrices(p *Problem) {
	for _, name := range slices.Sorted(maps.Keys(p.Matrices)) {
		m, at := p.Matrices[name], "matrices."+name
		if m == nil {
			c.check(false, at, "is null")
			continue
		}
		c.bands(at, m.Bands)
		for _, part := range []struct {
			name   string
			values []int32
		}{{"durations", m.Durations}, {"distances", m.Distances}, {"costs", m.Costs}} {
			if part.values == nil && part.name != "durations" {
				continue
			}
			c.check(len(part.values) == m.Size*m.Size, at+"."+part.name, "has %d numbers, not %d rows of %d", len(part.values), m.Size, m.Size)
			for i, value := range part.values {
				if value < 0 {
					c.check(false, fmt.Sprintf("%s.%s[%d][%d]", at, part.name, i/max(m.Size, 1), i%max(m.Size, 1)), "is %d, below 0", value)
					break
				}
			}
		}
	}
}

func (c *complaint) stop(p *Problem, at string, index *int, setup, service int64, setups, services map[string]int64, windows []TimeWindow) {
	c.place(p, at+".location_index", index)
	c.check(setup >= 0 && setup <= maxStay, at+".setup", "is %d seconds", setup)
	c.check(service >= 0 && service <= maxStay, at+".service", "is %d seconds", service)
	for _, per := range []struct {
		name   string
		values map[string]int64
	}{{"setup_per_type", setups}, {"service_per_type", services}} {
		for _, kind := range slices.Sorted(maps.Keys(per.values)) {
			value := per.values[kind]
			c.check(value >= 0 && value <= maxStay, at+"."+per.name+"."+kind, "is %d seconds", value)
		}
	}
	c.windows(at+".time_windows", windows)
}

func (c *complaint) place(p *Problem, field string, index *int) {
	if index == nil {
		c.check(false, field, "is missing (turn coordinates into matrices first)")
		return
	}
	c.check(*index >= 0, field, "is %d", *index)
}

// windows checks each window and that no two overlap: several windows are alternatives.
func (c *complaint) windows(field string, windows []TimeWindow) {
	for i, w := range windows {
		at := fmt.Sprintf("%s[%d]", field, i)
		c.check(w[0] <= w[1], at, "ends at %d, before it starts at %d", w[1], w[0])
		c.check(w[0] > -maxSeconds && w[1] < maxSeconds, at, "lies too far from zero")
	}
	sorted := slices.Clone(windows)
	slices.SortFunc(sorted, func(a, b TimeWindow) int {
		if a[0] != b[0] {
			return int(max(-1, min(1, a[0]-b[0])))
		}
		return int(max(-1, min(1, a[1]-b[1])))
	})
	for i := 1; i < len(sorted); i++ {
		c.check(sorted[i-1][1] <= sorted[i][0], field, "overlap: [%d, %d] and [%d, %d]", sorted[i-1][0], sorted[i-1][1], sorted[i][0], sorted[i][1])
	}
}

func (c *complaint) amounts(field string, amounts []int64, dims int) {
	c.check(len(amounts) == 0 || len(amounts) == dims, field, "has %d numbers where capacities have %d", len(amounts), dims)
	for i, a := range amounts {
		c.check(a >= 0 && a <= maxAmount, fmt.Sprintf("%s[%d]", field, i), "is %d", a)
	}
}

// dimensions is how many amounts are counted: all that are given have this length.
func (p *Problem) dimensions() int {
	dims := 0
	for i := range p.Jobs {
		dims = max(dims, len(p.Jobs[i].Delivery), len(p.Jobs[i].Pickup))
	}
	for i := range p.Shipments {
		dims = max(dims, len(p.Shipments[i].Amount))
	}
	for i := range p.Vehicles {
		dims = max(dims, len(p.Vehicles[i].Capacity))
		for k := range p.Vehicles[i].Breaks {
			dims = max(dims, len(p.Vehicles[i].Breaks[k].MaxLoad))
		}
	}
	return dims
}

func (c *complaint) vehicles(p *Problem, dims int, jobs, pickups, deliveries map[uint64]bool) {
	seen := make(map[uint64]bool, len(p.Vehicles))
	sizes := p.reach()
	taken := make(map[VehicleStep]string)
	for i := range p.Vehicles {
		v, at := &p.Vehicles[i], fmt.Sprintf("vehicles[%d]", i)
		c.check(!seen[v.ID], at+".id", "is %d, as an earlier vehicle's", v.ID)
		seen[v.ID] = true
		m := p.Matrices[v.profile()]
		c.check(m != nil, at+".profile", "is %q, which has no matrix", v.profile())
		if m != nil {
			c.check(sizes.index < m.Size, sizes.field, "is %d, beyond the %d places of matrices.%s", sizes.index, m.Size, v.profile())
		}
		if v.StartIndex != nil {
			c.place(p, at+".start_index", v.StartIndex)
		} else {
			c.check(v.Start == nil, at+".start_index", "is missing (turn coordinates into matrices first)")
		}
		if v.EndIndex != nil {
			c.place(p, at+".end_index", v.EndIndex)
		} else {
			c.check(v.End == nil, at+".end_index", "is missing (turn coordinates into matrices first)")
		}
		if v.AnchorIndex != nil {
			c.place(p, at+".anchor_index", v.AnchorIndex)
		}
		for _, skill := range sortedKeys(v.SkillLevels) {
			level := v.SkillLevels[skill]
			c.check(level >= 0 && level <= maxLevel, at+".skill_levels", "is %d for skill %d; levels go from 0 to %d", level, skill, maxLevel)
		}
		c.amounts(at+".capacity", v.Capacity, dims)
		if k := v.Costs; k != nil {
			c.check(k.Fixed >= 0 && k.Fixed <= maxRate, at+".costs.fixed", "is %d", k.Fixed)
			c.check(k.PerHour == nil || *k.PerHour >= 0 && *k.PerHour <= maxRate, at+".costs.per_hour", "is out of range")
			c.check(k.PerTaskHour >= 0 && k.PerTaskHour <= maxRate, at+".costs.per_task_hour", "is %d", k.PerTaskHour)
			c.check(k.PerKm >= 0 && k.PerKm <= maxRate, at+".costs.per_km", "is %d", k.PerKm)
			c.check(k.PerWaitingHour >= 0 && k.PerWaitingHour <= maxTimePrice, at+".costs.per_waiting_hour", "is %d", k.PerWaitingHour)
			c.check(k.PerOvertimeHour >= 0 && k.PerOvertimeHour <= maxTimePrice, at+".costs.per_overtime_hour", "is %d", k.PerOvertimeHour)
			c.check(k.PerForeignVisit >= 0 && k.PerForeignVisit <= maxRate, at+".costs.per_foreign_visit", "is %d", k.PerForeignVisit)
			c.check(k.PerAnchorHour >= 0 && k.PerAnchorHour <= maxRate, at+".costs.per_anchor_hour", "is %d", k.PerAnchorHour)
			c.check(k.PerAnchorHour == 0 || v.AnchorIndex != nil, at+".anchor_index", "is missing, and costs.per_anchor_hour counts from there")
			c.check(k.PerKm == 0 || m == nil || m.Distances != nil, at+".costs.per_km", "needs matrices.%s.distances", v.profile())
		}
		if v.TimeWindow != nil {
			c.windows(at+".time_window", []TimeWindow{*v.TimeWindow})
		}
		c.check(v.SpeedFactor == 0 || v.SpeedFactor >= 0.01 && v.SpeedFactor <= 5, at+".speed_factor", "is %g, not within 0.01 to 5", v.SpeedFactor)
		c.check(v.MaxTasks == nil || *v.MaxTasks >= 0, at+".max_tasks", "is below 0")
		c.check(v.MaxTravelTime == nil || *v.MaxTravelTime >= 0 && *v.MaxTravelTime < maxSeconds, at+".max_travel_time", "is out of range")
		c.check(v.MaxDistance == nil || *v.MaxDistance >= 0, at+".max_distance", "is below 0")
		c.check(v.MaxDistance == nil || m == nil || m.Distances != nil, at+".max_distance", "needs matrices.%s.distances", v.profile())
		c.check(v.MaxRouteDuration == nil || *v.MaxRouteDuration >= 0 && *v.MaxRouteDuration < maxSeconds, at+".max_route_duration", "is out of range")
		c.check(v.SoftEnd == nil || *v.SoftEnd > -maxSeconds && *v.SoftEnd < maxSeconds, at+".soft_end", "lies too far from zero")
		c.check(v.SoftRouteDuration == nil || *v.SoftRouteDuration >= 0 && *v.SoftRouteDuration < maxSeconds, at+".soft_route_duration", "is out of range")
		c.breaks(at, v, dims)
		c.extraBreaks(p, at, v)
		c.steps(at, v, jobs, pickups, deliveries, taken)
	}
}

func (c *complaint) breaks(at string, v *Vehicle, dims int) {
	c.check(len(v.Breaks) <= maxBreaks, at+".breaks", "has %d entries; at most %d are planned", len(v.Breaks), maxBreaks)
	ids := make(map[uint64]bool)
	for k := range v.Breaks {
		b, field := &v.Breaks[k], fmt.Sprintf("%s.breaks[%d]", at, k)
		c.check(!ids[b.ID], field+".id", "is %d, as an earlier break's", b.ID)
		ids[b.ID] = true
		c.windows(field+".time_windows", b.TimeWindows)
		c.check(b.Service >= 0 && b.Service <= maxStay, field+".service", "is %d seconds", b.Service)
		c.amounts(field+".max_load", b.MaxLoad, dims)
	}
}

func (c *complaint) steps(at string, v *Vehicle, jobs, pickups, deliveries map[uint64]bool, taken map[VehicleStep]string) {
	free := ""
	for k, s := range v.Steps {
		field := fmt.Sprintf("%s.steps[%d]", at, k)
		known := true
		switch s.Type {
		case StepJob:
			known = jobs[s.ID]
		case StepPickup:
			known = pickups[s.ID]
		case StepDelivery:
			known = deliveries[s.ID]
		case StepBreak:
			known = slices.ContainsFunc(v.Breaks, func(b Break) bool { return b.ID == s.ID })
			c.check(known, field+".id", "is %d, which is no break of the vehicle", s.ID)
			continue
		case StepStart, StepEnd, StepReload:
			continue
		default:
			c.check(false, field+".type", "is %q, not start, job, pickup, delivery, break or end", s.Type)
		}
		c.check(known, field+".id", "is %d, which is no %s of the request", s.ID, s.Type)
		key := VehicleStep{Type: s.Type, ID: s.ID}
		again := false
		if s.Type == StepJob && c.times[s.ID] > 0 {
			c.times[s.ID]--
			again = taken[key] == "" || !strings.HasPrefix(taken[key], at+".")
		}
		if !again {
			c.check(taken[key] == "", field+".id", "is %d, already planned by %s", s.ID, taken[key])
		}
		taken[key] = field
		if !s.Pinned {
			free = field
		}
		c.check(!s.Pinned || free == "", field+".pinned", "comes after %s, which is not pinned", strings.TrimPrefix(free, at+"."))
	}
}

// pinnedPairs checks that both ends of a pinned shipment are pinned, in their order.
func (c *complaint) pinnedPairs(p *Problem) {
	type spot struct{ vehicle, step int }
	pinned := make(map[VehicleStep]spot)
	for i := range p.Vehicles {
		for k, s := range p.Vehicles[i].Steps {
			if s.Pinned {
				pinned[VehicleStep{Type: s.Type, ID: s.ID}] = spot{i, k}
			}
		}
	}
	for i := range p.Shipments {
		from, picked := pinned[VehicleStep{Type: StepPickup, ID: p.Shipments[i].Pickup.ID}]
		to, delivered := pinned[VehicleStep{Type: StepDelivery, ID: p.Shipments[i].Delivery.ID}]
		if !picked && !delivered {
			continue
		}
		at := from
		if !picked {
			at = to
		}
		c.check(picked && delivered && from.vehicle == to.vehicle && from.step < to.step,
			fmt.Sprintf("vehicles[%d].steps[%d].pinned", at.vehicle, at.step), "needs the other end of shipments[%d] pinned on the same vehicle, pickup first", i)
	}
}

// farthest is the field with the highest place index.
type farthest struct {
	index int
	field string
}

func (p *Problem) reach() farthest {
	f := farthest{index: -1}
	see := func(index *int, format string, args ...any) {
		if index != nil && *index > f.index {
			f = farthest{*index, fmt.Sprintf(format, args...)}
		}
	}
	for i := range p.Jobs {
		see(p.Jobs[i].LocationIndex, "jobs[%d].location_index", i)
	}
	for i := range p.Shipments {
		see(p.Shipments[i].Pickup.LocationIndex, "shipments[%d].pickup.location_index", i)
		see(p.Shipments[i].Delivery.LocationIndex, "shipments[%d].delivery.location_index", i)
	}
	for i := range p.Vehicles {
		see(p.Vehicles[i].StartIndex, "vehicles[%d].start_index", i)
		see(p.Vehicles[i].EndIndex, "vehicles[%d].end_index", i)
		see(p.Vehicles[i].ReloadIndex, "vehicles[%d].reload_index", i)
		for k := range p.Vehicles[i].Breaks {
			see(p.Vehicles[i].Breaks[k].LocationIndex, "vehicles[%d].breaks[%d].location_index", i, k)
		}
		see(p.Vehicles[i].AnchorIndex, "vehicles[%d].anchor_index", i)
	}
	return f
}

func (v *Vehicle) profile() string {
	if v.Profile == "" {
		return "car"
	}
	return v.Profile
}
