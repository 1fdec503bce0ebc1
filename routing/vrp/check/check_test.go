package check_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"catchment/routing/vrp"
	"catchment/routing/vrp/check"
)

// day is the golden request of package vrp with its plan.
func day(t *testing.T) (*vrp.Problem, *vrp.Solution) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "testdata", "day.json"))
	if err != nil {
		t.Fatal(err)
	}
	var p vrp.Problem
	if err := json.Unmarshal(text, &p); err != nil {
		t.Fatal(err)
	}
	s, err := vrp.Solve(context.Background(), &p, vrp.Options{Seed: 1, Iterations: 500})
	if err != nil {
		t.Fatal(err)
	}
	return &p, s
}

// stepOf finds the step of a kind and id.
func stepOf(s *vrp.Solution, kind vrp.StepType, id uint64) *vrp.Step {
	for i := range s.Routes {
		for k := range s.Routes[i].Steps {
			if step := &s.Routes[i].Steps[k]; step.Type == kind && step.ID == id {
				return step
			}
		}
	}
	panic("no such step")
}

func TestEveryTamperingIsFound(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		tamper func(p *vrp.Problem, s *vrp.Solution)
		want   string // part of one of the faults, empty for none
	}{
		{"an untouched plan", func(*vrp.Problem, *vrp.Solution) {}, ""},
		{"an arrival ten minutes early", func(_ *vrp.Problem, s *vrp.Solution) { stepOf(s, vrp.StepJob, 1).Arrival -= 600 }, "arrival is given as"},
		{"a longer break than reported", func(p *vrp.Problem, _ *vrp.Solution) { p.Vehicles[0].Breaks[0].Service = 3600 }, "break of 1800 s"},
		{"a break too many", func(p *vrp.Problem, _ *vrp.Solution) {
			p.Vehicles[0].Breaks = append(p.Vehicles[0].Breaks, vrp.Break{ID: 2})
		}, "should hold [1 2]"},
		{"a break with too much on board", func(p *vrp.Problem, s *vrp.Solution) {
			p.Vehicles[0].Breaks[0].MaxLoad = []int64{0}
			r := &s.Routes[0]
			at := slices.IndexFunc(r.Steps, func(s vrp.Step) bool { return s.Type == vrp.StepBreak })
			b := r.Steps[at]
			r.Steps = slices.Insert(slices.Delete(r.Steps, at, at+1), 2, b)
		}, "break 1 with 3 on board"},
		{"a skill that is missing", func(p *vrp.Problem, _ *vrp.Solution) { p.Jobs[0].Skills = []uint32{5} }, "needs skill 5"},
		{"a person who may not come", func(p *vrp.Problem, _ *vrp.Solution) { p.Jobs[0].ForbiddenVehicles = []uint64{1} }, "may not be served by this vehicle"},
		{"a window that has closed", func(p *vrp.Problem, _ *vrp.Solution) { p.Jobs[0].TimeWindows = []vrp.TimeWindow{{0, 30000}} }, "after its window"},
		{"a shift that has ended", func(p *vrp.Problem, _ *vrp.Solution) { p.Vehicles[0].TimeWindow[1] = 42000 }, "after its hours"},
		{"a shift that has not begun", func(p *vrp.Problem, _ *vrp.Solution) { p.Vehicles[1].TimeWindow[0] = 29000 }, "before its hours"},
		{"a van too small", func(p *vrp.Problem, _ *vrp.Solution) { p.Vehicles[0].Capacity[0] = 2 }, "more than 2"},
		{"a delivery before its pickup", func(_ *vrp.Problem, s *vrp.Solution) {
			r := &s.Routes[0]
			r.Steps[1], r.Steps[2] = r.Steps[2], r.Steps[1]
		}, "without its pickup before"},
		{"a visit that vanished", func(_ *vrp.Problem, s *vrp.Solution) { r := &s.Routes[1]; r.Steps = r.Steps[:len(r.Steps)-1] }, "neither on a route nor unassigned"},
		{"a visit served twice", func(_ *vrp.Problem, s *vrp.Solution) {
			r := &s.Routes[1]
			r.Steps = append(r.Steps, r.Steps[len(r.Steps)-1])
		}, "is served twice"},
		{"a visit both served and unassigned", func(_ *vrp.Problem, s *vrp.Solution) { s.Unassigned[0].ID = 1 }, "is on a route"},
		{"an unassigned visit without a reason", func(_ *vrp.Problem, s *vrp.Solution) { s.Unassigned[0].Reason = nil }, "has no reason"},
		{"too many tasks", func(p *vrp.Problem, _ *vrp.Solution) { p.Vehicles[0].MaxTasks = new(2) }, "3 tasks, more than 2"},
		{"too much driving", func(p *vrp.Problem, _ *vrp.Solution) { p.Vehicles[0].MaxTravelTime = new(int64(2000)) }, "more than 2000"},
		{"too many metres", func(p *vrp.Problem, _ *vrp.Solution) { p.Vehicles[0].MaxDistance = new(int64(20000)) }, "drives 25000 m"},
		{"too long a day", func(p *vrp.Problem, _ *vrp.Solution) { p.Vehicles[0].MaxRouteDuration = new(int64(9000)) }, "takes 9580.00 s"},
		{"a pinned visit moved", func(p *vrp.Problem, _ *vrp.Solution) {
			p.Vehicles[1].Steps = append([]vrp.VehicleStep{{Type: vrp.StepJob, ID: 2, Pinned: true}}, p.Vehicles[1].Steps...)
		}, "is not in its place"},
		{"a cost that is too low", func(_ *vrp.Problem, s *vrp.Solution) { s.Routes[0].Cost-- }, "cost is given as"},
		{"a summary that does not add up", func(_ *vrp.Problem, s *vrp.Solution) { s.Summary.Setup++ }, "summary setup"},
		{"a load that is not on board", func(_ *vrp.Problem, s *vrp.Solution) { stepOf(s, vrp.StepPickup, 0).Load[0] = 1 }, "load is given as"},
		{"a longer way", func(p *vrp.Problem, _ *vrp.Solution) { p.Matrices["car"].Durations[3] = 5000 }, "arrival is given as"},
		{"a way that is gone", func(p *vrp.Problem, _ *vrp.Solution) { p.Matrices["car"].Durations[3] = vrp.Unreachable }, "no way from place 0 to place 3"},
		{"a vehicle nobody has", func(_ *vrp.Problem, s *vrp.Solution) { s.Routes[0].Vehicle = 99 }, "which the question does not have"},
		{"two routes for one vehicle", func(_ *vrp.Problem, s *vrp.Solution) { s.Routes = append(s.Routes, s.Routes[0]) }, "has two routes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p, s := day(t)
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
