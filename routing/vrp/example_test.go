package vrp_test

import (
	"context"
	"fmt"

	"catchment/routing/vrp"
)

// Two visits, one technician, seconds between three places as a flat matrix.
func ExampleSolve() {
	p := &vrp.Problem{
		Jobs: []vrp.Job{
			{ID: 1, LocationIndex: new(1), Service: 1800, Skills: []uint32{4}},
			{ID: 2, LocationIndex: new(2), Service: 3600, TimeWindows: []vrp.TimeWindow{{8 * 3600, 9 * 3600}}},
		},
		Vehicles: []vrp.Vehicle{{ID: 1, StartIndex: new(0), EndIndex: new(0), Skills: []uint32{4}, TimeWindow: &vrp.TimeWindow{8 * 3600, 17 * 3600}}},
		Matrices: map[string]*vrp.Matrix{"car": {Size: 3, Durations: []int32{
			0, 600, 900,
			500, 0, 700,
			900, 800, 0,
		}}},
	}
	s, err := vrp.Solve(context.Background(), p, vrp.Options{Seed: 1, Iterations: 100})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, step := range s.Routes[0].Steps {
		fmt.Printf("%02d:%02d %s\n", step.Arrival/3600, step.Arrival/60%60, step.Type)
	}
	// Output:
	// 08:00 start
	// 08:10 job
	// 08:51 job
	// 10:06 end
}
