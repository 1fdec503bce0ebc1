package vrp_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"catchment/routing/vrp"
)

// street is a straight street with a place every minute's drive; the vehicle starts and ends at place 0.
func street(jobs ...vrp.Job) *vrp.Problem {
	const n = 61
	m := &vrp.Matrix{Size: n, Durations: make([]int32, n*n), Distances: make([]int32, n*n)}
	for i := range n {
		for j := range n {
			m.Durations[i*n+j], m.Distances[i*n+j] = int32(60*max(i-j, j-i)), int32(1000*max(i-j, j-i))
		}
	}
	return &vrp.Problem{Jobs: jobs, Matrices: map[string]*vrp.Matrix{"car": m},
		Vehicles: []vrp.Vehicle{{ID: 1, StartIndex: new(0), EndIndex: new(0), TimeWindow: &vrp.TimeWindow{0, 7200}}}}
}

func job(id uint64, place int) vrp.Job {
	return vrp.Job{ID: id, LocationIndex: new(place), Service: 600}
}

// outcome is what the table tests look at: the tasks of each vehicle in order, and why what is missing is.
type outcome struct {
	Routes map[uint64][]uint64
	Why    map[uint64]string

	Ordered bool // the order within routes matters
}

func outcomeOf(s *vrp.Solution) outcome {
	o := outcome{Routes: map[uint64][]uint64{}, Why: map[uint64]string{}}
	for _, r := range s.Routes {
		for _, step := range r.Steps {
			if step.Type != vrp.StepStart && step.Type != vrp.StepEnd && step.Type != vrp.StepBreak {
				o.Routes[r.Vehicle] = append(o.Routes[r.Vehicle], step.ID)
			}
		}
	}
	for _, u := range s.Unassigned {
		o.Why[u.ID] = u.Reason.String()
	}
	return o
}

func TestRules(t *testing.T) {
	t.Parallel()
	routes := func(r ...uint64) map[uint64][]uint64 { return map[uint64][]uint64{1: r} }
	for _, test := range []struct {
		name string
		p    *vrp.Problem
		edit func(p *vrp.Problem)
		want outcome
	}{
		{"both fit in the shift", street(job(1, 10), job(2, 20)), nil, outcome{Routes: routes(1, 2)}},
		{"a visit beyond the shift says by how much alone", street(job(1, 58)), nil,
			outcome{Why: map[uint64]string{1: "window: late by 6 min (1 window)"}}},
		{"a visit that only fits alone says by how much", street(job(1, 50)), func(p *vrp.Problem) { p.Jobs = append(p.Jobs, job(2, 51)); p.Jobs[0].Priority = 1 },
			outcome{Routes: routes(1), Why: map[uint64]string{2: "no room: late by 2 min (1 no_room)"}}},
		{"nobody has the skill", street(job(1, 5)), func(p *vrp.Problem) { p.Jobs[0].Skills = []uint32{7} },
			outcome{Why: map[uint64]string{1: "skills (1 skills)"}}},
		{"all skills are needed, not one of them", street(job(1, 5)), func(p *vrp.Problem) {
			p.Jobs[0].Skills = []uint32{1, 2}
			p.Vehicles[0].Skills = []uint32{1}
		}, outcome{Why: map[uint64]string{1: "skills (1 skills)"}}},
		{"the window is on another day than the shift", street(job(1, 5)), func(p *vrp.Problem) { p.Jobs[0].TimeWindows = []vrp.TimeWindow{{90000, 97200}} },
			outcome{Why: map[uint64]string{1: "shift (1 shift)"}}},
		{"the window closes before one can be there", street(job(1, 30)), func(p *vrp.Problem) { p.Jobs[0].TimeWindows = []vrp.TimeWindow{{0, 1500}} },
			outcome{Why: map[uint64]string{1: "window: late by 5 min (1 window)"}}},
		{"a later window of several is taken", street(job(1, 30)), func(p *vrp.Problem) { p.Jobs[0].TimeWindows = []vrp.TimeWindow{{0, 1500}, {2000, 2100}} },
			outcome{Routes: routes(1)}},
		{"appointments decide the order", street(job(1, 10), job(2, 20)), func(p *vrp.Problem) {
			p.Jobs[0].TimeWindows = []vrp.TimeWindow{{4000, 5000}}
			p.Jobs[1].TimeWindows = []vrp.TimeWindow{{0, 1300}}
		}, outcome{Routes: routes(2, 1), Ordered: true}},
		{"the part is too large for the van", street(job(1, 5)), func(p *vrp.Problem) {
			p.Jobs[0].Delivery = []int64{5}
			p.Vehicles[0].Capacity = []int64{4}
		}, outcome{Why: map[uint64]string{1: "capacity (1 capacity)"}}},
		{"the van is full with the more important part", street(job(1, 5), job(2, 6)), func(p *vrp.Problem) {
			p.Jobs[0].Delivery, p.Jobs[1].Delivery = []int64{3}, []int64{3}
			p.Jobs[1].Priority = 10
			p.Vehicles[0].Capacity = []int64{4}
		}, outcome{Routes: routes(2), Why: map[uint64]string{1: "load (1 load)"}}},
		{"what is delivered makes room for what is picked up", street(job(1, 5), job(2, 6)), func(p *vrp.Problem) {
			p.Jobs[0].Pickup, p.Jobs[1].Delivery = []int64{4}, []int64{4}
			p.Vehicles[0].Capacity = []int64{4}
		}, outcome{Routes: routes(2, 1), Ordered: true}},
		{"no more tasks than max_tasks", street(job(1, 5), job(2, 6)), func(p *vrp.Problem) { p.Vehicles[0].MaxTasks = new(1) },
			outcome{Routes: routes(1), Why: map[uint64]string{2: "max tasks (1 max_tasks)"}}},
		{"no more driving than max_travel_time", street(job(1, 5), job(2, 6)), func(p *vrp.Problem) { p.Vehicles[0].MaxTravelTime = new(int64(600)) },
			outcome{Routes: routes(1), Why: map[uint64]string{2: "max travel time (1 max_travel_time)"}}},
		{"no more metres than max_distance", street(job(1, 5), job(2, 6)), func(p *vrp.Problem) { p.Vehicles[0].MaxDistance = new(int64(10_000)) },
			outcome{Routes: routes(1), Why: map[uint64]string{2: "max distance (1 max_distance)"}}},
		{"no longer day than max_route_duration, waiting counted", street(job(1, 5), job(2, 5)), func(p *vrp.Problem) {
			p.Jobs[0].TimeWindows = []vrp.TimeWindow{{300, 300}}
			p.Jobs[1].TimeWindows = []vrp.TimeWindow{{6000, 6000}}
			p.Jobs[1].Priority = 1
			p.Vehicles[0].MaxRouteDuration = new(int64(3600))
		}, outcome{Routes: routes(2), Why: map[uint64]string{1: "max route duration (1 max_route_duration)"}}},
		{"the break pushes out what no longer fits", street(job(1, 50)), func(p *vrp.Problem) {
			p.Vehicles[0].Breaks = []vrp.Break{{ID: 1, Service: 1200, TimeWindows: []vrp.TimeWindow{{3000, 4000}}}}
		}, outcome{Why: map[uint64]string{1: "window: late by 10 min (1 window)"}}},
		{"a break is held on the road", street(job(1, 50)), func(p *vrp.Problem) {
			p.Vehicles[0].Breaks = []vrp.Break{{ID: 1, Service: 600, TimeWindows: []vrp.TimeWindow{{1500, 1500}}}}
		}, outcome{Routes: routes(1)}},
		{"setup is paid once at the same place", street(job(1, 48), job(2, 48)), func(p *vrp.Problem) {
			p.Jobs[0].Setup, p.Jobs[1].Setup = 240, 240
		}, outcome{Routes: routes(1, 2)}},
		{"two setups would be too long", street(job(1, 48), job(2, 49)), func(p *vrp.Problem) {
			p.Jobs[0].Setup, p.Jobs[1].Setup = 120, 120
			p.Jobs[0].Priority = 1
		}, outcome{Routes: routes(1), Why: map[uint64]string{2: "no room: late by 2 min (1 no_room)"}}},
		{"the senior is faster", street(job(1, 50), job(2, 50)), func(p *vrp.Problem) {
			p.Jobs[0].ServicePerType = map[string]int64{"senior": 300}
			p.Jobs[1].ServicePerType = map[string]int64{"senior": 300}
			p.Vehicles[0].Type = "senior"
		}, outcome{Routes: routes(1, 2)}},
		{"the important visit goes first when only one fits", street(job(1, 50), job(2, 55)), func(p *vrp.Problem) { p.Jobs[1].Priority = 10 },
			outcome{Routes: routes(2), Why: map[uint64]string{1: "no room: late by 10 min (1 no_room)"}}},
		{"an open end needs no way home", street(job(1, 60)), func(p *vrp.Problem) { p.Vehicles[0].EndIndex = nil }, outcome{Routes: routes(1)}},
		{"an open start begins at the first visit", street(job(1, 60)), func(p *vrp.Problem) { p.Vehicles[0].StartIndex = nil }, outcome{Routes: routes(1)}},
		{"a forbidden person does not come", street(job(1, 5)), func(p *vrp.Problem) { p.Jobs[0].ForbiddenVehicles = []uint64{1} },
			outcome{Why: map[uint64]string{1: "vehicle (1 vehicle)"}}},
		{"only the allowed person comes", street(job(1, 5)), func(p *vrp.Problem) {
			v := p.Vehicles[0]
			v.ID = 2
			v.StartIndex = new(50)
			p.Vehicles = append(p.Vehicles, v)
			p.Jobs[0].AllowedVehicles = []uint64{2}
		}, outcome{Routes: map[uint64][]uint64{2: {1}}}},
		{"a preferred person comes although farther away", street(job(1, 5)), func(p *vrp.Problem) {
			v := p.Vehicles[0]
			v.ID, v.StartIndex = 2, new(15)
			p.Vehicles = append(p.Vehicles, v)
			p.Jobs[0].PreferredVehicles, p.Jobs[0].OtherVehicleCost = []uint64{2}, 1000
		}, outcome{Routes: map[uint64][]uint64{2: {1}}}},
		{"a preferred person does not come from too far away", street(job(1, 5)), func(p *vrp.Problem) {
			v := p.Vehicles[0]
			v.ID, v.StartIndex = 2, new(35)
			p.Vehicles = append(p.Vehicles, v)
			p.Jobs[0].PreferredVehicles, p.Jobs[0].OtherVehicleCost = []uint64{2}, 1000
		}, outcome{Routes: map[uint64][]uint64{1: {1}}}},
		{"a plan is kept when changing it costs more than it saves", street(job(1, 5)), func(p *vrp.Problem) {
			v := p.Vehicles[0]
			v.ID, v.StartIndex = 2, new(15)
			v.Steps = []vrp.VehicleStep{{Type: vrp.StepJob, ID: 1}}
			p.Vehicles = append(p.Vehicles, v)
			p.Stability = &vrp.Stability{VehicleChange: 1000}
		}, outcome{Routes: map[uint64][]uint64{2: {1}}}},
		{"no way there", street(job(1, 5)), func(p *vrp.Problem) {
			m := p.Matrices["car"]
			for i := range m.Size {
				m.Durations[i*m.Size+5] = vrp.Unreachable
			}
		}, outcome{Why: map[uint64]string{1: "unreachable (1 unreachable)"}}},
		{"what is pinned comes first though late", street(job(1, 30), job(2, 10)), func(p *vrp.Problem) {
			p.Jobs[0].TimeWindows = []vrp.TimeWindow{{0, 60}}
			p.Vehicles[0].Steps = []vrp.VehicleStep{{Type: vrp.StepJob, ID: 1, Pinned: true}}
		}, outcome{Routes: routes(1, 2), Ordered: true}},
		{"a shipment is picked up before it is delivered", street(), func(p *vrp.Problem) {
			p.Shipments = []vrp.Shipment{{Pickup: vrp.ShipmentStop{ID: 1, LocationIndex: new(20)}, Delivery: vrp.ShipmentStop{ID: 2, LocationIndex: new(10)}}}
		}, outcome{Routes: routes(1, 2), Ordered: true}},
		{"the slow car does not get there", street(job(1, 40)), func(p *vrp.Problem) { p.Vehicles[0].SpeedFactor = 0.5 },
			outcome{Why: map[uint64]string{1: "window: late by 50 min (1 window)"}}},
		{"a fixed cost keeps the second car at home", street(job(1, 5), job(2, 35)), func(p *vrp.Problem) {
			v := p.Vehicles[0]
			v.ID, v.StartIndex, v.EndIndex = 2, new(35), new(35)
			v.Costs = &vrp.Costs{Fixed: 5000}
			p.Vehicles = append(p.Vehicles, v)
		}, outcome{Routes: routes(1, 2)}},
		{"the cheaper hour drives", street(job(1, 5)), func(p *vrp.Problem) {
			v := p.Vehicles[0]
			v.ID = 2
			v.Costs = &vrp.Costs{PerHour: new(int64(1800))}
			p.Vehicles = append(p.Vehicles, v)
		}, outcome{Routes: map[uint64][]uint64{2: {1}}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if test.edit != nil {
				test.edit(test.p)
			}
			if test.want.Routes == nil {
				test.want.Routes = map[uint64][]uint64{}
			}
			if test.want.Why == nil {
				test.want.Why = map[uint64]string{}
			}
			got := outcomeOf(solve(t, test.p, vrp.Options{Seed: 1, Iterations: 200}))
			if !test.want.Ordered {
				for _, r := range got.Routes {
					slices.Sort(r)
				}
			}
			got.Ordered = test.want.Ordered
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestInvalidInputNamesItsField(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		edit func(p *vrp.Problem)
		want string
	}{
		{"a window that ends before it starts", func(p *vrp.Problem) { p.Jobs[1].TimeWindows = []vrp.TimeWindow{{10, 5}} }, "jobs[1].time_windows[0] ends at 5, before it starts at 10"},
		{"windows that overlap", func(p *vrp.Problem) { p.Jobs[1].TimeWindows = []vrp.TimeWindow{{0, 9}, {5, 12}} }, "jobs[1].time_windows overlap: [0, 9] and [5, 12]"},
		{"the same id twice", func(p *vrp.Problem) { p.Jobs[1].ID = 1 }, "jobs[1].id is 1, as an earlier job's"},
		{"no place", func(p *vrp.Problem) { p.Jobs[0].LocationIndex = nil }, "jobs[0].location_index is missing (turn coordinates into matrices first)"},
		{"a place beyond the matrix", func(p *vrp.Problem) { p.Jobs[1].LocationIndex = new(61) }, "jobs[1].location_index is 61, beyond the 61 places of matrices.car"},
		{"a negative service", func(p *vrp.Problem) { p.Jobs[0].Service = -1 }, "jobs[0].service is -1 seconds"},
		{"a priority over 100", func(p *vrp.Problem) { p.Jobs[0].Priority = 101 }, "jobs[0].priority is 101, not within 0 to 100"},
		{"amounts of another length", func(p *vrp.Problem) {
			p.Jobs[0].Delivery = []int64{1, 2}
			p.Vehicles[0].Capacity = []int64{5}
		}, "vehicles[0].capacity has 1 numbers where capacities have 2"},
		{"nobody to drive", func(p *vrp.Problem) { p.Vehicles = nil }, "vehicles is empty: nobody can drive"},
		{"a profile without matrix", func(p *vrp.Problem) { p.Vehicles[0].Profile = "bike" }, `vehicles[0].profile is "bike", which has no matrix`},
		{"hours that end before they start", func(p *vrp.Problem) { p.Vehicles[0].TimeWindow = &vrp.TimeWindow{5, 1} }, "vehicles[0].time_window[0] ends at 1, before it starts at 5"},
		{"a speed of 9", func(p *vrp.Problem) { p.Vehicles[0].SpeedFactor = 9 }, "vehicles[0].speed_factor is 9, not within 0.01 to 5"},
		{"kilometres without distances", func(p *vrp.Problem) {
			p.Matrices["car"].Distances = nil
			p.Vehicles[0].Costs = &vrp.Costs{PerKm: 1}
		}, "vehicles[0].costs.per_km needs matrices.car.distances"},
		{"a step of an unknown job", func(p *vrp.Problem) { p.Vehicles[0].Steps = []vrp.VehicleStep{{Type: vrp.StepJob, ID: 9}} }, "vehicles[0].steps[0].id is 9, which is no job of the request"},
		{"a pinned step behind a free one", func(p *vrp.Problem) {
			p.Vehicles[0].Steps = []vrp.VehicleStep{{Type: vrp.StepJob, ID: 1}, {Type: vrp.StepJob, ID: 2, Pinned: true}}
		}, "vehicles[0].steps[1].pinned comes after steps[0], which is not pinned"},
		{"a matrix that is too short", func(p *vrp.Problem) { p.Matrices["car"].Durations = []int32{1} }, "matrices.car.durations has 1 numbers, not 61 rows of 61"},
		{"a drive of a year", func(p *vrp.Problem) { p.Matrices["car"].Durations[1] = 366 * 86400 }, "matrices.car.durations[0][1] is 31622400 seconds; 248 days are the most"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := street(job(1, 5), job(2, 6))
			test.edit(p)
			_, err := vrp.Solve(t.Context(), p, vrp.Options{Iterations: 1})
			got := "no error"
			if err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
