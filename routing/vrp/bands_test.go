package vrp_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"catchment/routing/vrp"
)

func TestDrivingTakesLongerInTheRush(t *testing.T) {
	t.Parallel()
	type outcome struct{ Depart, Arrive, Back, Driven, Cost int64 }
	for _, test := range []struct {
		name  string
		bands []vrp.Band
		edit  func(p *vrp.Problem)
		want  outcome
	}{
		// Ten minutes there, ten minutes of work, ten minutes back.
		{"no rush", nil, nil, outcome{0, 600, 1800, 1200, 1200}},
		{"a rush all day", []vrp.Band{{From: 0, To: 9000, Factor: 2}}, nil, outcome{0, 1200, 3000, 2400, 2400}},
		{"the second half of the way there in the rush", []vrp.Band{{From: 300, To: 800, Factor: 1.5}}, nil, outcome{0, 750, 1950, 1350, 1350}},
		{"a rush that ends on the way", []vrp.Band{{From: 0, To: 500, Factor: 2}}, nil, outcome{0, 850, 2050, 1450, 1450}},
		{"a rush that is over when one sets out", []vrp.Band{{From: 0, To: 500, Factor: 2}}, func(p *vrp.Problem) { p.Vehicles[0].TimeWindow[0] = 500 },
			outcome{500, 1100, 2300, 1200, 1200}},
		{"a window is reached by leaving earlier", []vrp.Band{{From: 0, To: 9000, Factor: 2}}, func(p *vrp.Problem) { p.Jobs[0].TimeWindows = []vrp.TimeWindow{{3000, 3000}} },
			outcome{1800, 3000, 4800, 2400, 2400}},
		{"costs that come with the matrix stay", []vrp.Band{{From: 0, To: 9000, Factor: 2}}, func(p *vrp.Problem) {
			p.Matrices["car"].Costs = make([]int32, 61*61)
			p.Matrices["car"].Costs[10] = 7
		}, outcome{0, 1200, 3000, 2400, 7}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := street(job(1, 10))
			p.Matrices["car"].Bands = test.bands
			if test.edit != nil {
				test.edit(p)
			}
			for name, plan := range map[string]func() *vrp.Solution{
				"solved": func() *vrp.Solution { return solve(t, p, vrp.Options{Seed: 1, Iterations: 50}) },
				"chosen": func() *vrp.Solution {
					p := *p
					p.Vehicles = []vrp.Vehicle{p.Vehicles[0]}
					p.Vehicles[0].Steps = []vrp.VehicleStep{{Type: vrp.StepJob, ID: 1}}
					s, err := vrp.Choose(&p)
					if err != nil {
						t.Fatal(err)
					}
					return s
				},
			} {
				s := plan()
				steps := s.Routes[0].Steps
				got := outcome{steps[0].Arrival, steps[1].Arrival, steps[2].Arrival, s.Summary.Duration, s.Summary.Cost}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
			}
		})
	}
}

func TestDrivingTimeInTheRushIsBounded(t *testing.T) {
	t.Parallel()
	p := street(job(1, 10))
	p.Matrices["car"].Bands = []vrp.Band{{From: 0, To: 9000, Factor: 2}}
	p.Vehicles[0].MaxTravelTime = new(int64(2000))
	if s := solve(t, p, vrp.Options{Iterations: 20}); s.Summary.Unassigned != 1 {
		t.Errorf("forty minutes of driving were planned, more than %d s", 2000)
	}
}

// What a route costs does not hang on the time of day here, so brute force knows the best plan.
func TestTinyProblemsInTheRushAreSolvedAsWellAsByTryingEverything(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := genProblem(t, rapid.IntRange(1, 4).Draw(t, "visits"), rapid.IntRange(1, 2).Draw(t, "vehicles"))
		genBands(t, p.Matrices["car"])
		for i := range p.Vehicles {
			v := &p.Vehicles[i]
			v.MaxTravelTime, v.MaxRouteDuration = nil, nil
			costs := vrp.Costs{PerKm: 100}
			if v.Costs != nil {
				costs = *v.Costs
			}
			costs.PerHour = new(int64(0))
			v.Costs = &costs
		}
		got := scoreOf(p, solve(t, p, vrp.Options{Seed: 1, Iterations: 1500}))
		if diff := cmp.Diff(bruteForce(p), got); diff != "" {
			t.Fatalf("best plan (-brute force +solver):\n%s\n%s", diff, dump(p))
		}
	})
}

func TestBandsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		bands []vrp.Band
		want  string
	}{
		{"a band that ends before it starts", []vrp.Band{{From: 9, To: 5, Factor: 2}}, "matrices.car.bands[0] ends at 5, not after it starts at 9"},
		{"driving faster than the matrix", []vrp.Band{{From: 0, To: 5, Factor: 0.5}}, "matrices.car.bands[0].factor is 0.5, not within 1 to 10: the matrix holds the fastest times"},
		{"bands that overlap", []vrp.Band{{From: 4, To: 9, Factor: 2}, {From: 0, To: 5, Factor: 2}}, "matrices.car.bands overlap: 0 to 5 and 4 to 9"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := street(job(1, 5))
			p.Matrices["car"].Bands = test.bands
			_, err := vrp.Solve(t.Context(), p, vrp.Options{Iterations: 1})
			if err == nil || err.Error() != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}
