package vrp_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"catchment/routing/vrp"
)

// The three points and their polyline are the worked example in Google's description of the algorithm.
func TestARouteIsDrawnAsAnEncodedPolyline(t *testing.T) {
	t.Parallel()
	line := orb.LineString{{-120.2, 38.5}, {-120.95, 40.7}, {-126.453, 43.252}}
	p := &vrp.Problem{
		Jobs:     []vrp.Job{{ID: 1, Location: &line[1], LocationIndex: new(1)}},
		Vehicles: []vrp.Vehicle{{ID: 7, Start: &line[0], StartIndex: new(0), End: &line[2], EndIndex: new(2)}},
		Matrices: map[string]*vrp.Matrix{"car": {Size: 3, Durations: make([]int32, 9)}},
	}
	s, err := vrp.Solve(context.Background(), p, vrp.Options{Iterations: 10})
	if err != nil {
		t.Fatal(err)
	}
	var asked []orb.Point
	err = vrp.FillGeometry(context.Background(), p, s, func(_ context.Context, profile string, through []orb.Point) (orb.LineString, error) {
		asked = through
		return line, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]orb.Point(line), asked); diff != "" {
		t.Errorf("points asked for (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff("_p~iF~ps|U_ulLnnqC_mqNvxq`@", s.Routes[0].Geometry); diff != "" {
		t.Errorf("polyline (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(line, vrp.Decode(s.Routes[0].Geometry)); diff != "" {
		t.Errorf("decoded (-want +got):\n%s", diff)
	}
	broken := errors.New("no roads today")
	err = vrp.FillGeometry(context.Background(), p, s, func(context.Context, string, []orb.Point) (orb.LineString, error) { return nil, broken })
	if !errors.Is(err, broken) || vrp.Failure(err).Code != vrp.CodeRouting {
		t.Errorf("got %v, want an answer with VROOM's code for roads", err)
	}
}
