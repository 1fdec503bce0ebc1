package vrp_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"catchment/routing/vrp"
)

// twoOf is the street of rules_test.go with a second technician at its far end, an hour away.
func twoOf(jobs ...vrp.Job) *vrp.Problem {
	p := street(jobs...)
	second := p.Vehicles[0]
	second.ID, second.StartIndex, second.EndIndex = 2, new(60), new(60)
	p.Vehicles = append(p.Vehicles, second)
	return p
}

func TestWishes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		edit func(p *vrp.Problem)
		want map[uint64]uint64 // vehicle by job, 0 for none
		cost int64
	}{
		{"without wishes the nearest comes", func(*vrp.Problem) {}, map[uint64]uint64{1: 1}, 1200},
		{"who costs more stays at home", func(p *vrp.Problem) { p.Jobs[0].VehicleCosts = map[uint64]int64{1: 6000, 2: 100} }, map[uint64]uint64{1: 2}, 6100},
		{"what the other costs more is not worth the drive", func(p *vrp.Problem) { p.Jobs[0].VehicleCosts = map[uint64]int64{1: 500} }, map[uint64]uint64{1: 1}, 1700},
		{"the own territory is worth a longer drive", func(p *vrp.Problem) {
			p.Jobs[0].Territory = 7
			p.Vehicles[0].Territories, p.Vehicles[0].Costs = []uint64{8}, &vrp.Costs{PerForeignVisit: 5000}
			p.Vehicles[1].Territories, p.Vehicles[1].Costs = []uint64{7}, &vrp.Costs{PerForeignVisit: 5000}
		}, map[uint64]uint64{1: 2}, 6000},
		{"a visit without a territory is foreign to nobody", func(p *vrp.Problem) {
			p.Vehicles[0].Territories, p.Vehicles[0].Costs = []uint64{8}, &vrp.Costs{PerForeignVisit: 5000}
		}, map[uint64]uint64{1: 1}, 1200},
		{"an area stays compact around its anchor", func(p *vrp.Problem) {
			p.Vehicles[0].AnchorIndex, p.Vehicles[0].Costs = new(40), &vrp.Costs{PerAnchorHour: 3600 * 3}
			p.Vehicles[1].AnchorIndex, p.Vehicles[1].Costs = new(10), &vrp.Costs{PerAnchorHour: 3600 * 3}
		}, map[uint64]uint64{1: 2}, 6000},
		{"a plain skill is level 1, too little for level 2", func(p *vrp.Problem) {
			p.Jobs[0].SkillLevels = map[uint32]int{3: 2}
			p.Vehicles[0].Skills, p.Vehicles[1].SkillLevels = []uint32{3}, map[uint32]int{3: 2}
		}, map[uint64]uint64{1: 2}, 6000},
		{"nobody masters the level", func(p *vrp.Problem) {
			p.Jobs[0].SkillLevels = map[uint32]int{3: 2}
			p.Vehicles[0].SkillLevels = map[uint32]int{3: 1}
		}, map[uint64]uint64{1: 0}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := twoOf(job(1, 10))
			test.edit(p)
			s := solve(t, p, vrp.Options{Seed: 1, Iterations: 50})
			got := map[uint64]uint64{1: 0}
			for _, r := range s.Routes {
				for _, step := range r.Steps {
					if step.Type == vrp.StepJob {
						got[step.ID] = r.Vehicle
					}
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" || s.Summary.Cost != test.cost {
				t.Errorf("cost %d, want %d; vehicle by job (-want +got):\n%s", s.Summary.Cost, test.cost, diff)
			}
		})
	}
}

func TestWishesThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		edit func(p *vrp.Problem)
		want string
	}{
		{"level nought", func(p *vrp.Problem) { p.Jobs[0].SkillLevels = map[uint32]int{3: 0} }, "jobs[0].skill_levels asks for level 0 of skill 3; levels go from 1 to 1000"},
		{"money for coming", func(p *vrp.Problem) { p.Jobs[0].VehicleCosts = map[uint64]int64{1: -5} }, "jobs[0].vehicle_costs is -5 for vehicle 1"},
		{"an anchor's price without an anchor", func(p *vrp.Problem) { p.Vehicles[0].Costs = &vrp.Costs{PerAnchorHour: 1} },
			"vehicles[0].anchor_index is missing, and costs.per_anchor_hour counts from there"},
		{"an anchor off the map", func(p *vrp.Problem) { p.Vehicles[0].AnchorIndex = new(99) }, "vehicles[0].anchor_index is 99, beyond the 61 places of matrices.car"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := street(job(1, 5))
			test.edit(p)
			_, err := vrp.Solve(context.Background(), p, vrp.Options{Iterations: 1})
			if err == nil || err.Error() != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}
