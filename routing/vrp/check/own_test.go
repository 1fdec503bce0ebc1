package check_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"catchment/routing/vrp"
	"catchment/routing/vrp/check"
)

// rich is a plan in which two vehicles, an hour's street apart, do what only our own keys can ask.
func rich(t *testing.T) (*vrp.Problem, *vrp.Solution) {
	t.Helper()
	const n = 61
	m := &vrp.Matrix{Size: n, Durations: make([]int32, n*n)}
	for i := range n {
		for j := range n {
			m.Durations[i*n+j] = int32(60 * max(i-j, j-i))
		}
	}
	p := &vrp.Problem{
		Matrices: map[string]*vrp.Matrix{"car": m},
		Jobs: []vrp.Job{
			{ID: 1, LocationIndex: new(30), Service: 600, Together: vrp.Together{Crew: 2}},
			{ID: 2, LocationIndex: new(10), Service: 600, Wishes: vrp.Wishes{SkillLevels: map[uint32]int{4: 2}, Territory: 7}},
			{ID: 3, LocationIndex: new(12), Service: 600, Together: vrp.Together{After: &vrp.After{Job: 2, MinGap: 1200, MaxGap: new(int64(7200)), SameVehicle: true}}},
			{ID: 4, LocationIndex: new(50), Service: 600, Together: vrp.Together{VisitDays: [][]int{{1, 2}}}},
			{ID: 5, LocationIndex: new(45), Service: 600, Timing: vrp.Timing{SoftTimeWindows: []vrp.TimeWindow{{0, 1000}}, LatePerHour: 600, MaxWait: new(int64(3600))}},
			{ID: 6, LocationIndex: new(40), Service: 600, Delivery: []int64{3}, AllowedVehicles: []uint64{2}},
			{ID: 7, LocationIndex: new(41), Service: 600, Delivery: []int64{3}, AllowedVehicles: []uint64{2}},
		},
		Vehicles: []vrp.Vehicle{
			{ID: 1, Person: 1, Day: 1, StartIndex: new(0), EndIndex: new(0), TimeWindow: &vrp.TimeWindow{0, 36000}, SoftEnd: new(int64(6000)), SkillLevels: map[uint32]int{4: 3},
				Territories: []uint64{7}, Costs: &vrp.Costs{PerOvertimeHour: 60, PerWaitingHour: 30, PerForeignVisit: 50}, Capacity: []int64{5},
				Breaks: []vrp.Break{{ID: 1, Service: 600, LocationIndex: new(20), TimeWindows: []vrp.TimeWindow{{0, 36000}}}}},
			{ID: 2, Day: 2, StartIndex: new(60), EndIndex: new(60), TimeWindow: &vrp.TimeWindow{0, 36000}, Capacity: []int64{5}, MaxTrips: new(3), ReloadService: 60,
				Breaks: []vrp.Break{{ID: 1, Service: 600, RelativeTimeWindows: []vrp.TimeWindow{{0, 9000}}, Optional: true, SkipCost: 40}}},
		},
		People:    []vrp.Person{{ID: 1, MaxWorkTime: new(int64(30000))}},
		Balance:   &vrp.Balance{PerHourSquared: 10},
		Stability: &vrp.Stability{MaxChanges: new(5)},
	}
	s, err := vrp.Solve(context.Background(), p, vrp.Options{Seed: 1, Iterations: 200})
	if err != nil {
		t.Fatal(err)
	}
	if s.Summary.Unassigned > 0 {
		t.Fatalf("%d visits are left out", s.Summary.Unassigned)
	}
	return p, s
}

func TestEveryTamperingWithOurOwnKeysIsFound(t *testing.T) {
	t.Parallel()
	vehicleOf := func(p *vrp.Problem, s *vrp.Solution, job uint64) *vrp.Vehicle {
		for i := range s.Routes {
			if slices.ContainsFunc(s.Routes[i].Steps, func(step vrp.Step) bool { return step.Type == vrp.StepJob && step.ID == job }) {
				return &p.Vehicles[s.Routes[i].Vehicle-1]
			}
		}
		panic("no such job")
	}
	for _, test := range []struct {
		name   string
		tamper func(p *vrp.Problem, s *vrp.Solution)
		want   string
	}{
		{"an untouched plan", func(*vrp.Problem, *vrp.Solution) {}, ""},
		{"a crew of three", func(p *vrp.Problem, _ *vrp.Solution) { p.Jobs[0].Crew = 3 }, "job 1 is served 2 times, should be by 3 at once"},
		{"a crew of one", func(p *vrp.Problem, _ *vrp.Solution) { p.Jobs[0].Crew = 1 }, "is served twice"},
		{"a crew that does not meet", func(_ *vrp.Problem, s *vrp.Solution) {
			for i := range s.Routes[1].Steps {
				step := &s.Routes[1].Steps[i]
				if step.Arrival += 600; step.ID == 1 {
					break
				}
			}
		}, "after its crew's first"},
		{"a level nobody has", func(p *vrp.Problem, _ *vrp.Solution) { p.Jobs[1].SkillLevels[4] = 9 }, "needs level 9 of skill 4"},
		{"a visit in foreign territory", func(p *vrp.Problem, _ *vrp.Solution) { p.Jobs[1].Territory = 8 }, "cost is given as"},
		{"a vehicle that costs", func(p *vrp.Problem, s *vrp.Solution) {
			p.Jobs[4].VehicleCosts = map[uint64]int64{vehicleOf(p, s, 5).ID: 9}
		}, "cost is given as"},
		{"a longer gap than there is", func(p *vrp.Problem, _ *vrp.Solution) { p.Jobs[2].After.MinGap = 30000 }, "less than 30000"},
		{"a shorter gap than there is", func(p *vrp.Problem, _ *vrp.Solution) { p.Jobs[2].After.MaxGap = new(int64(0)) }, "more than 0"},
		{"a job before that is not there", func(p *vrp.Problem, _ *vrp.Solution) { p.Jobs[2].After.Job = 99 }, "without job 99 before it"},
		{"the same vehicle for two that differ", func(p *vrp.Problem, _ *vrp.Solution) {
			p.Jobs[5].After = &vrp.After{Job: 2, SameVehicle: true}
		}, "is not served by the vehicle of job 2"},
		{"another day", func(p *vrp.Problem, _ *vrp.Solution) { p.Jobs[3].VisitDays = [][]int{{1, 3}} }, "is served on days [1 2]"},
		{"a softer window that is missed by more", func(p *vrp.Problem, _ *vrp.Solution) { p.Jobs[4].SoftTimeWindows[0][1] = 0 }, "cost is given as"},
		{"dearer overtime", func(p *vrp.Problem, _ *vrp.Solution) { p.Vehicles[0].Costs.PerOvertimeHour = 6000 }, "cost is given as"},
		{"a break somewhere else", func(p *vrp.Problem, _ *vrp.Solution) { p.Vehicles[0].Breaks[0].LocationIndex = new(40) }, "arrival is given as"},
		{"a break that must come later", func(p *vrp.Problem, _ *vrp.Solution) {
			p.Vehicles[1].Breaks[0].RelativeTimeWindows = []vrp.TimeWindow{{9000, 9001}}
		}, "waiting is given as"},
		{"a break that was skipped for more", func(p *vrp.Problem, s *vrp.Solution) {
			p.Vehicles[0].Breaks = append(p.Vehicles[0].Breaks, vrp.Break{ID: 5, Optional: true, SkipCost: 7})
		}, "cost is given as"},
		{"fewer trips", func(p *vrp.Problem, _ *vrp.Solution) { p.Vehicles[1].MaxTrips = new(1) }, "more than its trips allow"},
		{"more to deliver on one trip", func(p *vrp.Problem, _ *vrp.Solution) { p.Jobs[5].Delivery[0] = 6 }, "more than 5"},
		{"a longer reload", func(p *vrp.Problem, _ *vrp.Solution) { p.Vehicles[1].ReloadService = 90 }, "reload of 60 s, should be 90"},
		{"more hours than the person may work", func(p *vrp.Problem, _ *vrp.Solution) { p.People[0].MaxWorkTime = new(int64(100)) }, "person 1 works"},
		{"dearer imbalance", func(p *vrp.Problem, _ *vrp.Solution) { p.Balance.PerHourSquared = 20 }, "balance cost is"},
		{"one change too many", func(p *vrp.Problem, s *vrp.Solution) {
			other := 2 - int(vehicleOf(p, s, 2).ID)
			p.Vehicles[other].Steps = []vrp.VehicleStep{{Type: vrp.StepJob, ID: 2}}
			p.Stability.MaxChanges = new(0)
		}, "1 visits changed hands, more than 0"},
		{"a rush", func(p *vrp.Problem, _ *vrp.Solution) {
			p.Matrices["car"].Bands = []vrp.Band{{From: 0, To: 36000, Factor: 2}}
		}, "arrival is given as"},
		{"less patience", func(p *vrp.Problem, _ *vrp.Solution) {
			p.Jobs[1].MaxWait, p.Jobs[1].TimeWindows = new(int64(0)), []vrp.TimeWindow{{30000, 36000}}
		}, "makes wait"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p, s := rich(t)
			test.tamper(p, s)
			faults := check.Solution(p, s)
			if test.want == "" {
				if len(faults) > 0 {
					t.Fatalf("faults in a good plan: %v", faults)
				}
				return
			}
			if !slices.ContainsFunc(faults, func(f check.Fault) bool { return strings.Contains(f.String(), test.want) }) {
				t.Errorf("want a fault with %q, got %v", test.want, faults)
			}
		})
	}
}
