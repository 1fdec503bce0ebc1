package vrp_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"catchment/routing/vrp"
)

func TestWhatARouteNeedsBesidesItsVisits(t *testing.T) {
	t.Parallel()
	type outcome struct {
		Steps string // kind, id and start of each
		Cost  int64
		Left  int
	}
	for _, test := range []struct {
		name string
		edit func(p *vrp.Problem)
		want outcome
	}{
		// Jobs of ten minutes at ten and twenty minutes.
		{"a break at a place is held by a detour where it costs least", func(p *vrp.Problem) {
			p.Vehicles[0].Breaks = []vrp.Break{{ID: 9, Service: 300, LocationIndex: new(25)}}
		}, outcome{"start 0, job 1 600, break 9 2100, job 2 2700, end 4500", 3000, 0}},
		{"a break at a place on the way, in its window", func(p *vrp.Problem) {
			p.Vehicles[0].Breaks = []vrp.Break{{ID: 9, Service: 300, LocationIndex: new(15), TimeWindows: []vrp.TimeWindow{{0, 1600}}}}
		}, outcome{"start 0, job 1 600, break 9 1500, job 2 2100, end 3900", 2400, 0}},
		{"a break at a place out of reach leaves the vehicle at home", func(p *vrp.Problem) {
			p.Vehicles[0].Breaks = []vrp.Break{{ID: 9, LocationIndex: new(60), TimeWindows: []vrp.TimeWindow{{0, 3000}}}}
		}, outcome{"", 0, 2}},
		{"the same break is skipped if it may be", func(p *vrp.Problem) {
			p.Vehicles[0].Breaks = []vrp.Break{{ID: 9, LocationIndex: new(60), TimeWindows: []vrp.TimeWindow{{0, 3000}}, Optional: true, SkipCost: 50}}
		}, outcome{"start 0, job 1 600, job 2 1800, end 3600", 2450, 0}},
		{"an optional break that fits is held", func(p *vrp.Problem) {
			p.Vehicles[0].Breaks = []vrp.Break{{ID: 9, Service: 300, TimeWindows: []vrp.TimeWindow{{1200, 1800}}, Optional: true, SkipCost: 50}}
		}, outcome{"start 0, job 1 600, break 9 1200, job 2 2100, end 3900", 2400, 0}},
		{"of two optional breaks the dearer is held", func(p *vrp.Problem) {
			p.Vehicles[0].TimeWindow[1] = 3900
			p.Vehicles[0].Breaks = []vrp.Break{
				{ID: 8, Service: 300, TimeWindows: []vrp.TimeWindow{{600, 1200}}, Optional: true, SkipCost: 20},
				{ID: 9, Service: 300, TimeWindows: []vrp.TimeWindow{{1200, 1800}}, Optional: true, SkipCost: 50}}
		}, outcome{"start 0, job 1 600, break 9 1200, job 2 2100, end 3900", 2420, 0}},
		{"a break so long after setting out, however late that is", func(p *vrp.Problem) {
			p.Jobs[0].TimeWindows, p.Jobs[1].TimeWindows = []vrp.TimeWindow{{3000, 3000}}, []vrp.TimeWindow{{4000, 7200}}
			p.Vehicles[0].Breaks = []vrp.Break{{ID: 9, Service: 300, RelativeTimeWindows: []vrp.TimeWindow{{1200, 1500}}}}
		}, outcome{"start 2400, job 1 3000, break 9 3600, job 2 4500, end 6300", 2400, 0}},
		{"a second trip where the van is too small", func(p *vrp.Problem) {
			p.Vehicles[0].Capacity, p.Vehicles[0].MaxTrips, p.Vehicles[0].ReloadService = []int64{5}, new(2), 120
			p.Jobs[0].Delivery, p.Jobs[1].Delivery = []int64{3}, []int64{4}
		}, outcome{"start 0, job 1 600, reload 0 1800, job 2 3120, end 4920", 3600, 0}},
		{"a nearer place to load at", func(p *vrp.Problem) {
			p.Vehicles[0].Capacity, p.Vehicles[0].MaxTrips, p.Vehicles[0].ReloadIndex = []int64{5}, new(2), new(15)
			p.Jobs[0].Delivery, p.Jobs[1].Delivery = []int64{3}, []int64{4}
		}, outcome{"start 0, job 1 600, reload 0 1500, job 2 1800, end 3600", 2400, 0}},
		{"no trip too many", func(p *vrp.Problem) {
			p.Vehicles[0].Capacity, p.Vehicles[0].MaxTrips = []int64{5}, new(1)
			p.Jobs[0].Delivery, p.Jobs[1].Delivery, p.Jobs[0].Priority = []int64{3}, []int64{4}, 10
		}, outcome{"start 0, job 1 600, end 1800", 1200, 1}},
		{"what is picked up is unloaded on the way", func(p *vrp.Problem) {
			p.Vehicles[0].Capacity, p.Vehicles[0].MaxTrips, p.Vehicles[0].ReloadIndex = []int64{5}, new(2), new(15)
			p.Jobs[0].Pickup, p.Jobs[1].Pickup = []int64{3}, []int64{4}
		}, outcome{"start 0, job 1 600, reload 0 1500, job 2 1800, end 3600", 2400, 0}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := street(job(1, 10), job(2, 20))
			p.Jobs[1].TimeWindows = []vrp.TimeWindow{{1800, 7200}} // so that it comes second
			test.edit(p)
			s := solve(t, p, vrp.Options{Seed: 1, Iterations: 100})
			got := outcome{Cost: s.Summary.Cost, Left: s.Summary.Unassigned}
			for _, r := range s.Routes {
				for _, step := range r.Steps {
					if got.Steps != "" {
						got.Steps += ", "
					}
					got.Steps += string(step.Type)
					if step.Type != vrp.StepStart && step.Type != vrp.StepEnd {
						got.Steps += fmt.Sprint(" ", step.ID)
					}
					got.Steps += fmt.Sprint(" ", step.Arrival+step.WaitingTime)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
