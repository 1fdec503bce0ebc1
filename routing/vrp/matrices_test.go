package vrp_test

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"catchment/routing/vrp"
)

func TestCoordinatesBecomeMatrices(t *testing.T) {
	t.Parallel()
	a, b, home := orb.Point{9.5, 47.1}, orb.Point{9.6, 47.2}, orb.Point{9.4, 47}
	p := &vrp.Problem{
		Jobs:     []vrp.Job{{ID: 1, Location: &a}, {ID: 2, Location: &b}, {ID: 3, Location: &a}},
		Vehicles: []vrp.Vehicle{{ID: 1, Start: &home, End: &home}, {ID: 2, Profile: "bike", Start: &b}},
	}
	asked := make(map[string][]orb.Point)
	err := vrp.FillMatrices(context.Background(), p, func(_ context.Context, profile string, at []orb.Point) (*vrp.Matrix, error) {
		asked[profile] = at
		m := &vrp.Matrix{Size: len(at), Durations: make([]int32, len(at)*len(at))}
		for i := range at {
			for j := range at {
				m.Durations[i*len(at)+j] = int32(1000 * math.Hypot(at[i][0]-at[j][0], at[i][1]-at[j][1]))
			}
		}
		return m, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]orb.Point{"bike": {a, b, home}, "car": {a, b, home}}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("places asked for (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{0, 1, 0}, []int{*p.Jobs[0].LocationIndex, *p.Jobs[1].LocationIndex, *p.Jobs[2].LocationIndex}); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if s := solve(t, p, vrp.Options{Iterations: 50}); s.Summary.Unassigned != 0 {
		t.Errorf("%d unassigned", s.Summary.Unassigned)
	}
}

func TestFailuresHaveVroomsCodes(t *testing.T) {
	t.Parallel()
	at := orb.Point{9.5, 47.1}
	ask := func(p *vrp.Problem, fail error) error {
		return vrp.FillMatrices(context.Background(), p, func(context.Context, string, []orb.Point) (*vrp.Matrix, error) { return nil, fail })
	}
	routing := ask(&vrp.Problem{Jobs: []vrp.Job{{Location: &at}}, Vehicles: []vrp.Vehicle{{}}}, errors.New("the road engine is away"))
	place := ask(&vrp.Problem{Jobs: []vrp.Job{{}}, Vehicles: []vrp.Vehicle{{}}}, nil)
	wrong := ask(&vrp.Problem{Jobs: []vrp.Job{{Location: &orb.Point{47, 190}}}, Vehicles: []vrp.Vehicle{{}}}, nil)
	for _, test := range []struct {
		name string
		err  error
		code vrp.Code
		text string
	}{
		{"roads that cannot be asked", routing, vrp.CodeRouting, `measure the ways of profile "car": the road engine is away`},
		{"a job without a place", place, vrp.CodeInput, "jobs[0].location is missing, as are matrices"},
		{"a place off the globe", wrong, vrp.CodeInput, "jobs[0].location is [47, 190], not longitude and latitude"},
		{"pinned steps nobody can keep", &vrp.InfeasibleError{Field: "vehicles[0].steps", Vehicle: 7}, vrp.CodeInput,
			"vehicles[0].steps pin more than vehicle 7 can do within its hours, capacity and limits"},
		{"anything else", errors.New("out of luck"), vrp.CodeInternal, "out of luck"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := vrp.Failure(test.err)
			if diff := cmp.Diff(test.text, s.Error); diff != "" || s.Code != test.code {
				t.Errorf("code %d, want %d; text (-want +got):\n%s", s.Code, test.code, diff)
			}
		})
	}
}
