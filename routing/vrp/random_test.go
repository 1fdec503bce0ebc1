package vrp_test

import (
	"math"

	"pgregory.net/rapid"

	"catchment/routing/vrp"
)

// genProblem draws a small problem with any mixture of rules. Times are short so that brute force can try each
// second.
func genProblem(t *rapid.T, visits, vehicles int) *vrp.Problem {
	return genRich(t, visits, vehicles, false)
}

// genBands makes driving slower at times.
func genBands(t *rapid.T, m *vrp.Matrix) {
	at := int64(0)
	for range rapid.IntRange(1, 3).Draw(t, "bands") {
		at += int64(rapid.IntRange(0, 600).Draw(t, "before band"))
		to := at + int64(rapid.IntRange(1, 900).Draw(t, "band"))
		m.Bands = append(m.Bands, vrp.Band{From: at, To: to, Factor: float64(rapid.IntRange(100, 400).Draw(t, "factor")) / 100})
		at = to
	}
}

// genRich also draws rules of time that can be bent, whose timetables brute force does not know.
func genRich(t *rapid.T, visits, vehicles int, bent bool) *vrp.Problem {
	yes := func(name string, percent int) bool { return rapid.IntRange(0, 99).Draw(t, name) < percent }
	between := func(name string, from, to int) int64 { return int64(rapid.IntRange(from, to).Draw(t, name)) }
	n := rapid.IntRange(2, 7).Draw(t, "places")
	p := &vrp.Problem{}
	m := &vrp.Matrix{Size: n, Durations: make([]int32, n*n), Distances: make([]int32, n*n)}
	x, y := make([]float64, n), make([]float64, n)
	for i := range n {
		x[i], y[i] = float64(between("x", 0, 300)), float64(between("y", 0, 300))
	}
	uneven := yes("one-ways", 30)
	island := -1
	if yes("island", 10) {
		island = int(between("island place", 0, n-1))
	}
	for i := range n {
		for j := range n {
			d := math.Hypot(x[i]-x[j], y[i]-y[j])
			m.Durations[i*n+j], m.Distances[i*n+j] = int32(math.Ceil(d)), int32(math.Ceil(d*10))
			if uneven && i < j {
				m.Durations[i*n+j] += int32(between("detour", 0, 100))
			}
		}
	}
	for via := range n { // as on roads, no way is longer than a detour
		for i := range n {
			for j := range n {
				m.Durations[i*n+j] = min(m.Durations[i*n+j], m.Durations[i*n+via]+m.Durations[via*n+j])
			}
		}
	}
	for i := range n {
		for j := range n {
			if i != j && (i == island || j == island) {
				m.Durations[i*n+j] = vrp.Unreachable
			}
		}
	}
	if yes("cost matrix", 10) {
		m.Costs = make([]int32, n*n)
		for i := range m.Costs {
			m.Costs[i] = int32(between("cost", 0, 500))
		}
	}
	p.Matrices = map[string]*vrp.Matrix{"car": m}
	windows := func(name string) []vrp.TimeWindow {
		var out []vrp.TimeWindow
		at := int64(0)
		for range rapid.IntRange(0, 3).Draw(t, name) {
			at += between("gap", 0, 900)
			to := at + between("length", 0, 900)
			out = append(out, vrp.TimeWindow{at, to})
			at = to
		}
		return out
	}
	dims := rapid.IntRange(0, 2).Draw(t, "dims")
	amounts := func(name string, most int) []int64 {
		out := make([]int64, dims)
		for d := range out {
			out[d] = between(name, 0, most)
		}
		return out
	}
	skills := func(name string, percent int) []uint32 {
		var out []uint32
		for s := uint32(1); s <= 2; s++ {
			if yes(name, percent) {
				out = append(out, s)
			}
		}
		return out
	}
	perType := func(name string) map[string]int64 {
		if !yes(name, 20) {
			return nil
		}
		return map[string]int64{"senior": between(name, 0, 200)}
	}
	place := func() *int { return new(rapid.IntRange(0, n-1).Draw(t, "place")) }
	wishes := func() vrp.Wishes {
		var w vrp.Wishes
		if yes("level", 10) {
			w.SkillLevels = map[uint32]int{1: int(between("least level", 1, 3))}
		}
		if yes("vehicle cost", 10) {
			w.VehicleCosts = map[uint64]int64{1: between("vehicle cost", 0, 300)}
		}
		if yes("territory", 20) {
			w.Territory = uint64(between("territory", 1, 2))
		}
		return w
	}
	timing := func() vrp.Timing {
		var w vrp.Timing
		if bent && yes("soft windows", 40) {
			w.SoftTimeWindows, w.LatePerHour = windows("soft windows"), between("late per hour", 0, 7200)
		}
		if bent && yes("max wait", 15) {
			w.MaxWait = new(between("max wait", 0, 300))
		}
		return w
	}
	priority := func() int { return int(between("priority", 0, 3)) * 10 }
	withPickup := yes("pickups", 50)
	for i := range visits {
		if yes("shipment", 25) {
			stop := func() vrp.ShipmentStop {
				return vrp.ShipmentStop{ID: uint64(i), LocationIndex: place(), Setup: between("setup", 0, 60), Service: between("service", 0, 200),
					SetupPerType: perType("setup per type"), ServicePerType: perType("service per type"), TimeWindows: windows("windows"), Timing: timing()}
			}
			p.Shipments = append(p.Shipments, vrp.Shipment{Amount: amounts("amount", 4), Skills: skills("needs", 20), Priority: priority(), Wishes: wishes(), Pickup: stop(), Delivery: stop()})
			continue
		}
		j := vrp.Job{ID: uint64(i), LocationIndex: place(), Setup: between("setup", 0, 60), Service: between("service", 0, 200), SetupPerType: perType("setup per type"),
			ServicePerType: perType("service per type"), Delivery: amounts("delivery", 4), Skills: skills("needs", 20), Priority: priority(), TimeWindows: windows("windows"), Wishes: wishes(), Timing: timing()}
		if withPickup {
			j.Pickup = amounts("pickup", 4)
		}
		if yes("allowed", 10) {
			j.AllowedVehicles = []uint64{1}
		}
		if yes("forbidden", 10) {
			j.ForbiddenVehicles = []uint64{1}
		}
		if yes("preferred", 15) {
			j.PreferredVehicles, j.OtherVehicleCost = []uint64{2}, between("other cost", 0, 300)
		}
		p.Jobs = append(p.Jobs, j)
	}
	for i := range vehicles {
		v := vrp.Vehicle{ID: uint64(i + 1), Skills: skills("has", 70)}
		if yes("start", 85) {
			v.StartIndex = place()
		}
		if yes("end", 85) {
			v.EndIndex = place()
		}
		if dims > 0 && yes("capacity", 70) {
			v.Capacity = make([]int64, dims)
			for d := range v.Capacity {
				v.Capacity[d] = between("capacity", 2, 10)
			}
		}
		if yes("hours", 70) {
			open := between("open", 0, 600)
			v.TimeWindow = &vrp.TimeWindow{open, open + between("day", 300, 3000)}
		}
		for k := range rapid.IntRange(0, 2).Draw(t, "breaks") {
			from := int64(k)*1000 + between("break", 0, 600)
			b := vrp.Break{ID: uint64(k), Service: between("rest", 0, 300), TimeWindows: []vrp.TimeWindow{{from, from + between("break length", 0, 399)}}}
			if dims > 0 && yes("max load", 25) {
				b.MaxLoad = amounts("max load", 6)
			}
			v.Breaks = append(v.Breaks, b)
		}
		if yes("costs", 40) {
			v.Costs = &vrp.Costs{Fixed: between("fixed", 0, 1000), PerTaskHour: between("per task hour", 0, 1) * 1800, PerKm: between("per km", 0, 1) * 100}
			if yes("per hour", 50) {
				v.Costs.PerHour = new(between("per hour", 0, 7200))
			}
		}
		if bent && yes("soft end", 30) {
			v.SoftEnd = new(between("soft end", 0, 3000))
		}
		if bent && yes("soft duration", 20) {
			v.SoftRouteDuration = new(between("soft duration", 0, 2500))
		}
		if v.Costs != nil && bent {
			v.Costs.PerOvertimeHour, v.Costs.PerWaitingHour = between("per overtime hour", 0, 7200), between("per waiting hour", 0, 7200)
		}
		if v.Costs != nil && yes("foreign", 50) {
			v.Costs.PerForeignVisit, v.Territories = between("per foreign visit", 0, 300), []uint64{uint64(between("own territory", 1, 2))}
		}
		if v.Costs != nil && yes("anchor", 20) {
			v.Costs.PerAnchorHour, v.AnchorIndex = between("per anchor hour", 0, 7200), place()
		}
		if yes("levels", 20) {
			v.SkillLevels = map[uint32]int{1: int(between("level", 0, 3))}
		}
		if yes("type", 30) {
			v.Type = "senior"
		}
		if yes("speed", 30) {
			v.SpeedFactor = float64(between("speed", 5, 20)) / 10
		}
		if yes("max tasks", 20) {
			v.MaxTasks = new(rapid.IntRange(0, 4).Draw(t, "max tasks"))
		}
		if yes("max travel", 20) {
			v.MaxTravelTime = new(between("max travel", 0, 1500))
		}
		if yes("max distance", 20) {
			v.MaxDistance = new(between("max distance", 0, 15000))
		}
		if yes("max duration", 20) {
			v.MaxRouteDuration = new(between("max duration", 0, 2500))
		}
		p.Vehicles = append(p.Vehicles, v)
	}
	if yes("stability", 20) {
		p.Stability = &vrp.Stability{VehicleChange: between("change", 0, 500)}
		for _, j := range p.Jobs {
			v := &p.Vehicles[rapid.IntRange(0, vehicles-1).Draw(t, "planned on")]
			v.Steps = append(v.Steps, vrp.VehicleStep{Type: vrp.StepJob, ID: j.ID})
		}
	}
	if bent && yes("extras", 25) {
		for i := range p.Vehicles {
			v := &p.Vehicles[i]
			for k := range v.Breaks {
				b := &v.Breaks[k]
				switch b.Optional, b.SkipCost = yes("optional", 40), between("skip cost", 0, 300); rapid.IntRange(0, 3).Draw(t, "break kind") {
				case 0:
					b.LocationIndex, b.MaxLoad = place(), nil
				case 1:
					b.RelativeTimeWindows, b.TimeWindows = b.TimeWindows, nil
				}
			}
			if yes("trips", 50) && v.StartIndex != nil {
				v.MaxTrips, v.ReloadService = new(int(between("trips", 1, 4))), between("reload", 0, 200)
				if yes("reload place", 50) {
					v.ReloadIndex = place()
				}
			}
		}
	}
	if bent && yes("bands", 25) {
		genBands(t, m)
	}
	if bent && yes("people", 25) {
		p.People = []vrp.Person{{ID: 1, MaxWorkTime: new(between("max work time", 0, 4000))}, {ID: 2}}
		for i := range p.Vehicles {
			p.Vehicles[i].Person = uint64(between("person", 0, 2))
		}
	}
	if bent && yes("balance", 25) {
		p.Balance = &vrp.Balance{PerHourSquared: between("per hour squared", 0, 10000)}
	}
	if bent && p.Stability != nil && yes("max changes", 50) {
		p.Stability.MaxChanges = new(int(between("max changes", 0, 5)))
	}
	if bent && yes("published starts", 20) {
		if p.Stability == nil {
			p.Stability = &vrp.Stability{}
		}
		p.Stability.StartChangePerHour, p.Stability.StartTolerance = between("start change", 0, 7200), between("tolerance", 0, 300)
		for i := range p.Vehicles {
			for k := range p.Vehicles[i].Steps {
				p.Vehicles[i].Steps[k].ServiceAt = new(between("service at", 0, 3000))
			}
		}
	}
	return p
}
