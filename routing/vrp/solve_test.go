package vrp_test

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"catchment/routing/vrp"
	"catchment/routing/vrp/check"
)

func solve(t rapid.TB, p *vrp.Problem, o vrp.Options) *vrp.Solution {
	t.Helper()
	s, err := vrp.Solve(context.Background(), p, o)
	if err != nil {
		t.Fatalf("Solve: %v", err)
	}
	for _, fault := range check.Solution(p, s) {
		t.Errorf("checker: %v", fault)
	}
	return s
}

func scoreOf(p *vrp.Problem, s *vrp.Solution) bruteScore {
	out := bruteScore{Cost: s.Summary.Cost, Priority: -s.Summary.Priority}
	for _, j := range p.Jobs {
		out.Priority += j.Priority
	}
	for _, sh := range p.Shipments {
		out.Priority += sh.Priority
	}
	for _, u := range s.Unassigned {
		if u.Type != vrp.StepDelivery {
			out.Missing++
		}
	}
	return out
}

func dump(p *vrp.Problem) string {
	text, err := json.Marshal(p)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func TestTinyProblemsAreSolvedAsWellAsByTryingEverything(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := genProblem(t, rapid.IntRange(1, 4).Draw(t, "visits"), rapid.IntRange(1, 2).Draw(t, "vehicles"))
		got := scoreOf(p, solve(t, p, vrp.Options{Seed: 1, Iterations: 1500}))
		if diff := cmp.Diff(bruteForce(p), got); diff != "" {
			t.Fatalf("best plan (-brute force +solver):\n%s\n%s", diff, dump(p))
		}
	})
}

func TestNoPlanBreaksAHardRule(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := genRich(t, rapid.IntRange(0, 25).Draw(t, "visits"), rapid.IntRange(1, 6).Draw(t, "vehicles"), rapid.Bool().Draw(t, "bent rules"))
		s := solve(t, p, vrp.Options{Seed: 1, Iterations: 150, Threads: rapid.IntRange(1, 2).Draw(t, "threads")})
		if t.Failed() {
			t.Log(dump(p))
		}
		if s.Unassigned == nil || s.Routes == nil {
			t.Fatal("the answer's lists must be empty, not null")
		}
	})
}

func TestTheSameSeedGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	p := scattered(80, 6)
	for _, threads := range []int{1, 2, 3} {
		var first []byte
		for range 3 {
			text, err := json.Marshal(solve(t, p, vrp.Options{Seed: 7, Iterations: 1500, Threads: threads}))
			if err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = text
			}
			if diff := cmp.Diff(string(first), string(text)); diff != "" {
				t.Fatalf("%d threads (-first +again):\n%s", threads, diff)
			}
		}
	}
}

// scattered is a day of field service on a plane of an hour's drive: hours, a lunch break, skills, appointments.
func scattered(visits, vehicles int) *vrp.Problem {
	chance := rand.New(rand.NewPCG(1, 2))
	n := visits + vehicles
	m := &vrp.Matrix{Size: n, Durations: make([]int32, n*n), Distances: make([]int32, n*n)}
	x, y := make([]float64, n), make([]float64, n)
	for i := range n {
		x[i], y[i] = chance.Float64()*2500, chance.Float64()*2500
	}
	for i := range n {
		for j := range n {
			d := max(x[i]-x[j], x[j]-x[i]) + max(y[i]-y[j], y[j]-y[i])
			m.Durations[i*n+j], m.Distances[i*n+j] = int32(d), int32(d*12)
		}
	}
	p := &vrp.Problem{Matrices: map[string]*vrp.Matrix{"car": m}}
	for i := range visits {
		j := vrp.Job{ID: uint64(i + 1), LocationIndex: new(i), Service: 900 + int64(chance.IntN(4))*600, Setup: 300, Priority: chance.IntN(4) * 10}
		if chance.IntN(3) == 0 {
			j.Skills = []uint32{uint32(1 + chance.IntN(3))}
		}
		if chance.IntN(3) == 0 {
			at := int64(8+chance.IntN(8)) * 3600
			j.TimeWindows = []vrp.TimeWindow{{at, at + 7200}}
		}
		p.Jobs = append(p.Jobs, j)
	}
	for i := range vehicles {
		p.Vehicles = append(p.Vehicles, vrp.Vehicle{ID: uint64(i + 1), StartIndex: new(visits + i), EndIndex: new(visits + i), Skills: []uint32{1 + uint32(i%3), 1 + uint32((i+1)%3)},
			TimeWindow: &vrp.TimeWindow{8 * 3600, 17 * 3600}, Breaks: []vrp.Break{{ID: 1, Service: 1800, TimeWindows: []vrp.TimeWindow{{41400, 46800}}}}})
	}
	return p
}

func TestACancelledSearchAnswersWithAPlan(t *testing.T) {
	t.Parallel()
	p := scattered(60, 5)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s, err := vrp.Solve(ctx, p, vrp.Options{Iterations: 1 << 40, Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	if faults := check.Solution(p, s); len(faults) > 0 || len(s.Routes) == 0 {
		t.Fatalf("%d routes, faults %v", len(s.Routes), faults)
	}
}

func TestPinnedStepsThatCannotBeKeptAreSaidSo(t *testing.T) {
	t.Parallel()
	p := scattered(3, 1)
	p.Vehicles[0].MaxTasks = new(1)
	p.Vehicles[0].Steps = []vrp.VehicleStep{{Type: vrp.StepJob, ID: 1, Pinned: true}, {Type: vrp.StepJob, ID: 2, Pinned: true}}
	_, err := vrp.Solve(context.Background(), p, vrp.Options{Iterations: 10})
	var infeasible *vrp.InfeasibleError
	if !errors.As(err, &infeasible) || infeasible.Vehicle != 1 || infeasible.Field != "vehicles[0].steps" {
		t.Fatalf("got %v", err)
	}
}
