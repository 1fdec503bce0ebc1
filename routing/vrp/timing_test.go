package vrp_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"catchment/routing/vrp"
)

func TestRulesOfTimeThatCanBeBent(t *testing.T) {
	t.Parallel()
	type outcome struct {
		Cost, Depart, Start int64 // Start of job 1's service
		Missing             int
	}
	price := func(c vrp.Costs) *vrp.Costs { return &c }
	for _, test := range []struct {
		name string
		edit func(p *vrp.Problem)
		want outcome
	}{
		// One job ten minutes away that takes ten minutes; the day begins at 0.
		{"nothing to bend", func(*vrp.Problem) {}, outcome{1200, 0, 600, 0}},
		{"twenty minutes after the soft end are overtime", func(p *vrp.Problem) {
			p.Vehicles[0].SoftEnd, p.Vehicles[0].Costs = new(int64(600)), price(vrp.Costs{PerOvertimeHour: 3600})
		}, outcome{1200 + 1200, 0, 600, 0}},
		{"of two measures of overtime the longer counts", func(p *vrp.Problem) {
			p.Vehicles[0].SoftEnd, p.Vehicles[0].Costs = new(int64(1500)), price(vrp.Costs{PerOvertimeHour: 3600})
			p.Vehicles[0].SoftRouteDuration = new(int64(1000))
		}, outcome{1200 + 800, 0, 600, 0}},
		{"overtime without a price costs nothing", func(p *vrp.Problem) { p.Vehicles[0].SoftEnd = new(int64(600)) }, outcome{1200, 0, 600, 0}},
		{"waiting is avoided by leaving late", func(p *vrp.Problem) {
			p.Jobs[0].TimeWindows, p.Vehicles[0].Costs = []vrp.TimeWindow{{3000, 3600}}, price(vrp.Costs{PerWaitingHour: 3600})
		}, outcome{1200, 2400, 3000, 0}},
		{"waiting between two appointments is paid", func(p *vrp.Problem) {
			p.Jobs[0].TimeWindows, p.Vehicles[0].Costs = []vrp.TimeWindow{{600, 600}}, price(vrp.Costs{PerWaitingHour: 3600})
			p.Jobs = append(p.Jobs, job(2, 10))
			p.Jobs[1].TimeWindows = []vrp.TimeWindow{{2000, 2000}}
		}, outcome{1200 + 800, 0, 600, 0}},
		{"a longer wait than may be leaves a visit out", func(p *vrp.Problem) {
			p.Jobs[0].TimeWindows = []vrp.TimeWindow{{600, 600}}
			p.Jobs = append(p.Jobs, job(2, 10))
			p.Jobs[1].TimeWindows, p.Jobs[1].MaxWait = []vrp.TimeWindow{{2000, 2000}}, new(int64(799))
			p.Jobs[0].Priority = 10
		}, outcome{1200, 0, 600, 1}},
		{"just as long a wait as may be", func(p *vrp.Problem) {
			p.Jobs[0].TimeWindows = []vrp.TimeWindow{{600, 600}}
			p.Jobs = append(p.Jobs, job(2, 10))
			p.Jobs[1].TimeWindows, p.Jobs[1].MaxWait = []vrp.TimeWindow{{2000, 2000}}, new(int64(800))
		}, outcome{1200, 0, 600, 0}},
		{"what cannot be in time is late at a price", func(p *vrp.Problem) {
			p.Jobs[0].SoftTimeWindows, p.Jobs[0].LatePerHour = []vrp.TimeWindow{{0, 500}}, 3600
		}, outcome{1200 + 100, 0, 600, 0}},
		{"a soft window is waited for, at home if possible", func(p *vrp.Problem) {
			p.Jobs[0].SoftTimeWindows, p.Jobs[0].LatePerHour = []vrp.TimeWindow{{2000, 2500}}, 3600
		}, outcome{1200, 1400, 2000, 0}},
		{"the later soft window counts when the first is gone", func(p *vrp.Problem) {
			p.Jobs[0].SoftTimeWindows, p.Jobs[0].LatePerHour = []vrp.TimeWindow{{0, 500}, {700, 900}}, 3600
		}, outcome{1200, 100, 700, 0}},
		{"nobody waits for a soft window where that would hold others up", func(p *vrp.Problem) {
			p.Jobs[0].SoftTimeWindows, p.Jobs[0].LatePerHour = []vrp.TimeWindow{{2000, 2500}}, 1800
			p.Jobs[0].TimeWindows = []vrp.TimeWindow{{0, 800}}
		}, outcome{1200 + 600, 200, 800, 0}},
		{"a start moved past the tolerance", func(p *vrp.Problem) {
			p.Vehicles[0].Steps = []vrp.VehicleStep{{Type: vrp.StepJob, ID: 1, ServiceAt: new(int64(300))}}
			p.Stability = &vrp.Stability{StartChangePerHour: 3600, StartTolerance: 100}
		}, outcome{1200 + 200, 0, 600, 0}},
		{"a published start is kept though one could be early", func(p *vrp.Problem) {
			p.Vehicles[0].Steps = []vrp.VehicleStep{{Type: vrp.StepJob, ID: 1, ServiceAt: new(int64(3000))}}
			p.Stability = &vrp.Stability{StartChangePerHour: 3600}
		}, outcome{1200, 2400, 3000, 0}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := street(job(1, 10))
			test.edit(p)
			s := solve(t, p, vrp.Options{Seed: 1, Iterations: 50})
			step := s.Routes[0].Steps[1]
			got := outcome{s.Summary.Cost, s.Routes[0].Steps[0].Arrival, step.Arrival + step.WaitingTime, s.Summary.Unassigned}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// With steps pinned the search has nothing to choose: it times an order that is given. Of all orders and all ways
// to share the visits out, none may be better than what the search finds by itself.
func TestNoOrderIsBetterThanWhatIsFoundWhereTimesCost(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := genRich(t, rapid.IntRange(1, 4).Draw(t, "visits"), rapid.IntRange(1, 2).Draw(t, "vehicles"), true)
		p.Shipments = nil
		for i := range p.Jobs {
			p.Jobs[i].TimeWindows, p.Jobs[i].MaxWait = nil, nil // pinned visits may be late
			p.Jobs[i].Skills, p.Jobs[i].SkillLevels, p.Jobs[i].AllowedVehicles, p.Jobs[i].ForbiddenVehicles = nil, nil, nil, nil
		}
		for i := range p.Vehicles {
			p.Vehicles[i].Steps = nil
			p.Vehicles[i].MaxTravelTime, p.Vehicles[i].MaxDistance = nil, nil
			for k := range p.Vehicles[i].Breaks {
				p.Vehicles[i].Breaks[k].LocationIndex = nil // those are held after what is pinned
			}
		}
		p.Stability = nil
		s := solve(t, p, vrp.Options{Seed: 1, Iterations: 800})
		if s.Summary.Unassigned > 0 {
			return
		}
		best := int64(math.MaxInt64)
		var share func(k int)
		share = func(k int) {
			if k == len(p.Jobs) {
				forced, err := vrp.Solve(t.Context(), p, vrp.Options{Iterations: 1})
				if err == nil {
					best = min(best, forced.Summary.Cost)
				}
				return
			}
			for i := range p.Vehicles {
				v := &p.Vehicles[i]
				kept := v.Steps
				for at := 0; at <= len(kept); at++ {
					steps := append([]vrp.VehicleStep(nil), kept[:at]...)
					steps = append(steps, vrp.VehicleStep{Type: vrp.StepJob, ID: p.Jobs[k].ID, Pinned: true})
					v.Steps = append(steps, kept[at:]...)
					share(k + 1)
				}
				v.Steps = kept
			}
		}
		share(0)
		if best != s.Summary.Cost {
			t.Fatalf("found %d, the best order costs %d\n%s", s.Summary.Cost, best, dump(p))
		}
	})
}
