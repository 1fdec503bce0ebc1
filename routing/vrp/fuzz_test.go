package vrp_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"catchment/routing/vrp"
	"catchment/routing/vrp/check"
)

// FuzzRequest feeds any bytes: they are refused with an error, or planned without breaking a rule.
func FuzzRequest(f *testing.F) {
	day, err := os.ReadFile(filepath.Join("testdata", "day.json"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(day))
	f.Add(`{"jobs":[{"id":1,"location_index":0,"time_windows":[[-5,1099511627775]]}],"vehicles":[{"id":1,"start_index":1,"speed_factor":0.01}],"matrices":{"car":{"durations":[[0,1],[200000,0]]}}}`)
	f.Add(`{"vehicles":[{"id":1}],"matrices":{"car":{"durations":[]}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		var p vrp.Problem
		if json.Unmarshal([]byte(text), &p) != nil || len(p.Jobs)+len(p.Shipments)+len(p.Vehicles) > 50 {
			return
		}
		s, err := vrp.Solve(context.Background(), &p, vrp.Options{Iterations: 20, Remedies: true})
		if err != nil {
			if vrp.Failure(err).Code != vrp.CodeInput {
				t.Fatalf("not the request's fault: %v", err)
			}
			return
		}
		if faults := check.Solution(&p, s); len(faults) > 0 {
			t.Fatalf("%v", faults)
		}
		if _, err := vrp.Choose(&p); err != nil && vrp.Failure(err).Code != vrp.CodeInput {
			t.Fatalf("plan mode: %v", err)
		}
	})
}
