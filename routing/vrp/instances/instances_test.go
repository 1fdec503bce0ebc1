package instances_test

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"catchment/routing/vrp"
	"catchment/routing/vrp/check"
	"catchment/routing/vrp/instances"
)

const solomon = `TINY

VEHICLE
NUMBER CAPACITY
2 50

CUSTOMER
CUST NO. XCOORD. YCOORD. DEMAND READY TIME DUE DATE SERVICE TIME

0 0 0 0 0 100 0
1 3 4 10 5 20 10
2 1 1 20 0 90 10
`

const liLim = `2 50 1
0 0 0 0 0 100 0 0 0
1 3 4 10 5 20 10 0 2
2 1 1 -10 0 90 10 1 0
`

const siteDependent = `NAME: TINY
TYPE: SDVRPTW
EDGE_WEIGHT_TYPE: EUC_2D
VEHICLES: 2
VEHICLES_MAX_DURATION: 60
NODE_COORD_SECTION
1	0	0
2	3	4
3	1	1
DEMAND_SECTION
1	0
2	10
3	20
SERVICE_TIME_SECTION
1	0
2	10
3	10
TIME_WINDOW_SECTION
1	0	100
2	5	20
3	0	90
CAPACITY_SECTION
1	50
2	30
VEHICLES_ALLOWED_CLIENTS_SECTION
1	2	3
2	3
EOF
`

func TestFormats(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, file, text string
		convention       instances.Convention
		legs             []int32 // 0→1, 1→2
		visits           int
	}{
		{"Solomon, distances cut to one decimal", "tiny.txt", solomon, instances.Dimacs, []int32{50, 36}, 2},
		{"Solomon, distances in full", "tiny.txt", solomon, instances.Sintef, []int32{5000, 3606}, 2},
		{"Li and Lim", "tiny.txt", liLim, instances.Sintef, []int32{5000, 3606}, 1},
		{"site-dependent", "tiny.vrp", siteDependent, instances.Dimacs, []int32{5000, 3606}, 2},
		{"JSON without matrices", "tiny.json", `{"jobs":[{"id":1,"location":[9.5,47.1]},{"id":2,"location":[9.6,47.1]}],"vehicles":[{"id":1,"start":[9.5,47.2]}]}`, instances.JSON,
			[]int32{842, 1187}, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), test.file)
			if err := os.WriteFile(path, []byte(test.text), 0o644); err != nil {
				t.Fatal(err)
			}
			in, err := instances.Read(path, test.convention)
			if err != nil {
				t.Fatal(err)
			}
			p := in.Problem
			m := p.Matrices["car"]
			if diff := cmp.Diff(test.legs, []int32{m.Durations[1], m.Durations[m.Size+2]}); diff != "" {
				t.Errorf("legs (-want +got):\n%s", diff)
			}
			s, err := vrp.Solve(context.Background(), p, vrp.Options{Seed: 1, Iterations: 100})
			if err != nil {
				t.Fatal(err)
			}
			if faults := check.Solution(p, s); len(faults) > 0 || len(p.Jobs)+len(p.Shipments) != test.visits || s.Summary.Unassigned > 0 {
				t.Errorf("%d visits, %d unassigned, faults %v", len(p.Jobs)+len(p.Shipments), s.Summary.Unassigned, faults)
			}
		})
	}
}

// TestBestKnownPlansAreFound solves clustered instances whose published best is reached quickly: C101 at 827.3
// (CVRPLIB), lc101 at 828.94 with 10 vehicles (SINTEF).
func TestBestKnownPlansAreFound(t *testing.T) {
	root := os.Getenv("BENCH")
	if root == "" {
		t.Skip("BENCH is not set")
	}
	for _, test := range []struct {
		file       string
		convention instances.Convention
		cost       float64
		routes     int
	}{
		{"solomon100/C101.txt", instances.Dimacs, 827.3, 10},
		{"lilim100/lc101.txt", instances.Sintef, 828.94, 10},
		{"solomon100/R109.txt", instances.Sintef, 0, 11}, // the vehicles alone
	} {
		t.Run(test.file, func(t *testing.T) {
			t.Parallel()
			in, err := instances.Read(filepath.Join(root, "vrp", filepath.FromSlash(test.file)), test.convention)
			if err != nil {
				t.Fatal(err)
			}
			s, err := vrp.Solve(context.Background(), in.Problem, vrp.Options{Seed: 1, Iterations: 20_000})
			if err != nil {
				t.Fatal(err)
			}
			if cost := in.Cost(s); test.cost > 0 && math.Abs(cost-test.cost) > 0.01 || s.Summary.Routes != test.routes {
				t.Errorf("%.2f with %d routes, best known %.2f with %d", cost, s.Summary.Routes, test.cost, test.routes)
			}
		})
	}
}

const periodic = `1 1 2 2
0 50
0 50
0 0 0 0 0 0 0
1 3 4 10 5 2 1 3
2 6 8 0 5 1 2 1 2
`

func TestAPeriodicPlanIsWrittenAsItsSetDoes(t *testing.T) {
	t.Parallel()
	in, err := instances.Parse([]byte(periodic), "tiny", instances.Guess([]byte(periodic)), instances.Dimacs)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]int{{1, 2}}, in.Problem.Jobs[0].VisitDays); diff != "" {
		t.Errorf("days of customer 1 (-want +got):\n%s", diff)
	}
	s, err := vrp.Solve(context.Background(), in.Problem, vrp.Options{Seed: 1, Iterations: 200})
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range check.Solution(in.Problem, s) {
		t.Error(fault)
	}
	var out strings.Builder
	if err := in.WritePeriodic(&out, s); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out.String(), "\n")
	// 20 for the far customer and the near one on its way, 10 for the near one on the other day.
	if diff := cmp.Diff([]string{"30.00", "1 1", "2 1"}, []string{lines[0], lines[1][:3], lines[2][:3]}); diff != "" {
		t.Errorf("(-want +got):\n%s\n%s", diff, out.String())
	}
}

func TestPeriodicFilesThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "2 1 2 2\n0 50\n", "1 1 900 2\n0 50\n0 50\n", "1 1 1 1\n0 9\n0 0 0 0 0\n1 2 3 4 5 1 9 1\n"} {
		if _, err := instances.Parse([]byte(text), "odd", instances.Periodic, instances.Dimacs); err == nil {
			t.Errorf("no error for %q", text)
		}
	}
}
