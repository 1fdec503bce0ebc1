package vrp_test

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"catchment/routing/vrp"
	"catchment/routing/vrp/check"
)

// TestChosenTimesAddUpAndTellEveryViolation times random routes: the checker must agree with every number, and
// find a broken rule exactly where the answer has violations.
func TestChosenTimesAddUpAndTellEveryViolation(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := genProblem(t, rapid.IntRange(1, 6).Draw(t, "visits"), rapid.IntRange(1, 3).Draw(t, "vehicles"))
		p.Stability = nil
		for i := range p.Vehicles {
			p.Vehicles[i].Steps = nil
		}
		chance := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "order"), 1))
		give := func(kind vrp.StepType, id uint64) {
			v := &p.Vehicles[chance.IntN(len(p.Vehicles))]
			v.Steps = append(v.Steps, vrp.VehicleStep{Type: kind, ID: id})
		}
		for _, j := range p.Jobs {
			give(vrp.StepJob, j.ID)
		}
		for _, s := range p.Shipments {
			give(vrp.StepPickup, s.Pickup.ID)
			give(vrp.StepDelivery, s.Delivery.ID)
		}
		for i := range p.Vehicles {
			v := &p.Vehicles[i]
			for _, b := range v.Breaks {
				if chance.IntN(4) > 0 {
					v.Steps = append(v.Steps, vrp.VehicleStep{Type: vrp.StepBreak, ID: b.ID})
				}
			}
			chance.Shuffle(len(v.Steps), func(a, b int) { v.Steps[a], v.Steps[b] = v.Steps[b], v.Steps[a] })
		}
		s, err := vrp.Choose(p)
		if err != nil {
			if _, ok := err.(*vrp.InputError); ok {
				return // a leg without a way
			}
			t.Fatal(err)
		}
		broken := make(map[uint64]bool)
		for _, fault := range check.Solution(p, s) {
			if fault.Sum {
				t.Errorf("%v\n%s", fault, dump(p))
			}
			broken[fault.Vehicle] = true
		}
		for _, r := range s.Routes {
			if told := len(r.Violations) > 0; told != broken[r.Vehicle] {
				t.Errorf("vehicle %d: violations %v, checker %v\n%s", r.Vehicle, r.Violations, check.Solution(p, s), dump(p))
			}
		}
	})
}

func TestChoosingTimes(t *testing.T) {
	t.Parallel()
	at := func(id uint64, second int64) vrp.VehicleStep {
		return vrp.VehicleStep{Type: vrp.StepJob, ID: id, ServiceAt: &second}
	}
	plain := func(id uint64) vrp.VehicleStep { return vrp.VehicleStep{Type: vrp.StepJob, ID: id} }
	type times struct {
		Arrival, Waiting []int64
		Violations       []vrp.Violation
	}
	for _, test := range []struct {
		name  string
		steps []vrp.VehicleStep
		edit  func(p *vrp.Problem)
		want  times
		fails string
	}{
		{"as late from home as the first window allows", []vrp.VehicleStep{plain(1), plain(2)}, func(p *vrp.Problem) { p.Jobs[0].TimeWindows = []vrp.TimeWindow{{3000, 4000}} },
			times{[]int64{2400, 3000, 4200, 6000}, []int64{0, 0, 0, 0}, nil}, ""},
		{"a wait in the middle stays when the first cannot move", []vrp.VehicleStep{plain(1), plain(2)}, func(p *vrp.Problem) {
			p.Jobs[0].TimeWindows = []vrp.TimeWindow{{600, 900}}
			p.Jobs[1].TimeWindows = []vrp.TimeWindow{{3000, 4000}}
		}, times{[]int64{300, 900, 2100, 4800}, []int64{0, 0, 900, 0}, nil}, ""},
		{"a late visit says by how much", []vrp.VehicleStep{plain(2), plain(1)}, func(p *vrp.Problem) { p.Jobs[0].TimeWindows = []vrp.TimeWindow{{0, 1000}} },
			times{[]int64{0, 1200, 2400, 3600}, []int64{0, 0, 0, 0}, []vrp.Violation{{Cause: vrp.CauseDelay, Duration: 1400}}}, ""},
		{"a visit set before its window leads", []vrp.VehicleStep{at(1, 1000)}, func(p *vrp.Problem) { p.Jobs[0].TimeWindows = []vrp.TimeWindow{{1500, 2000}} },
			times{[]int64{400, 1000, 2200}, []int64{0, 0, 0}, []vrp.Violation{{Cause: vrp.CauseLeadTime, Duration: 500}}}, ""},
		{"a visit set before one can be there is refused", []vrp.VehicleStep{at(1, 100)}, nil, times{}, "vehicles[0].steps[0] cannot start before 600, later than it is to"},
		{"a break left out is told", []vrp.VehicleStep{plain(1)}, func(p *vrp.Problem) { p.Vehicles[0].Breaks = []vrp.Break{{ID: 1, Service: 60}} },
			times{[]int64{0, 600, 1800}, []int64{0, 0, 0}, []vrp.Violation{{Cause: vrp.CauseMissingBreak}}}, ""},
		{"missing skills are told", []vrp.VehicleStep{plain(1)}, func(p *vrp.Problem) { p.Jobs[0].Skills = []uint32{3} },
			times{[]int64{0, 600, 1800}, []int64{0, 0, 0}, []vrp.Violation{{Cause: vrp.CauseSkills}}}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := street(job(1, 10), job(2, 20))
			p.Vehicles[0].Steps = test.steps
			if test.edit != nil {
				test.edit(p)
			}
			s, err := vrp.Choose(p)
			if err != nil {
				if diff := cmp.Diff(test.fails, err.Error()); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				return
			}
			var got times
			for _, step := range s.Routes[0].Steps {
				got.Arrival = append(got.Arrival, step.Arrival)
				got.Waiting = append(got.Waiting, step.WaitingTime)
			}
			if len(s.Routes[0].Violations) > 0 {
				got.Violations = s.Routes[0].Violations
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
