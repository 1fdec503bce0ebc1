package vrp_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"catchment/routing/vrp"
)

func TestAVisitIsExplainedByWhatOthersWouldCost(t *testing.T) {
	t.Parallel()
	p := street(job(1, 10), job(2, 30))
	for i, home := range []int{40, 60} {
		v := p.Vehicles[0]
		v.ID, v.StartIndex, v.EndIndex = uint64(i+2), new(home), new(home)
		p.Vehicles = append(p.Vehicles, v)
	}
	p.Vehicles[0].Steps = []vrp.VehicleStep{{Type: vrp.StepJob, ID: 1}}
	p.Vehicles[1].Steps = []vrp.VehicleStep{{Type: vrp.StepJob, ID: 2}}
	p.Jobs[1].ForbiddenVehicles = []uint64{3}
	b, err := vrp.NewBoard(p)
	if err != nil {
		t.Fatal(err)
	}
	// From 0 to 10 and back is 20 minutes; from 40 it is 20 more each way than to 30; from 60, 50 each way.
	want := []vrp.Explanation{
		{Type: vrp.StepJob, ID: 1, Vehicle: 1, Cost: 1200, Others: []vrp.Alternative{{Vehicle: 2, Cost: 2400}, {Vehicle: 3, Cost: 6000}}},
		{Type: vrp.StepJob, ID: 2, Vehicle: 2, Cost: 1200, Others: []vrp.Alternative{{Vehicle: 1, Cost: 2400}}},
	}
	if diff := cmp.Diff(want, b.Explain(3)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestAnEmergencyMovesFewVisits plans a day, cancels one visit, adds an urgent one and plans again with a price on
// changes.
func TestAnEmergencyMovesFewVisits(t *testing.T) {
	t.Parallel()
	p := scattered(120, 14)
	before := solve(t, p, vrp.Options{Seed: 1, Iterations: 4000})
	keep(p, before)
	who := make(map[uint64]uint64)
	for _, r := range before.Routes {
		for _, s := range r.Steps {
			who[s.ID] = r.Vehicle
		}
	}
	cancelled := before.Routes[2].Steps[2]
	if cancelled.Type != vrp.StepJob {
		cancelled = before.Routes[2].Steps[1]
	}
	urgent := vrp.Job{ID: 999, LocationIndex: new(60), Service: 1800, Priority: 100, TimeWindows: []vrp.TimeWindow{{36000, 43200}}}
	var jobs []vrp.Job
	for _, j := range p.Jobs {
		if j.ID != cancelled.ID {
			jobs = append(jobs, j)
		}
	}
	p.Jobs = append(jobs, urgent)
	for i := range p.Vehicles {
		steps := p.Vehicles[i].Steps
		p.Vehicles[i].Steps = nil
		for _, s := range steps {
			if s.ID != cancelled.ID {
				p.Vehicles[i].Steps = append(p.Vehicles[i].Steps, s)
			}
		}
	}
	p.Stability = &vrp.Stability{VehicleChange: 1200}
	after := solve(t, p, vrp.Options{Seed: 1, Iterations: 3000})
	moved, served := 0, false
	for _, r := range after.Routes {
		for _, s := range r.Steps {
			if s.Type == vrp.StepJob && who[s.ID] != 0 && who[s.ID] != r.Vehicle {
				moved++
			}
			served = served || s.Type == vrp.StepJob && s.ID == urgent.ID
		}
	}
	if !served {
		t.Error("the urgent visit is not served")
	}
	if moved > len(p.Jobs)*3/100 {
		t.Errorf("%d of %d visits moved to another person", moved, len(p.Jobs))
	}
	t.Logf("moved %d, unassigned %d then %d, cost %d then %d", moved, len(before.Unassigned), len(after.Unassigned), before.Summary.Cost, after.Summary.Cost)
}
