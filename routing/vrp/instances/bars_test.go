package instances_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"catchment/routing/vrp"
	"catchment/routing/vrp/check"
)

// country invents visits around towns on a plane of 100 km, driven at 60 km/h, with three skills, four-hour windows
// for a third of the visits, and people who work nine hours with a lunch break on each of some days.
func country(visits, people, days int) *vrp.Problem {
	chance := rand.New(rand.NewPCG(uint64(visits), uint64(people)))
	n := visits + people
	x, y := make([]float64, n), make([]float64, n)
	towns := make([][2]float64, 12)
	for i := range towns {
		towns[i] = [2]float64{chance.Float64() * 6000, chance.Float64() * 6000}
	}
	for i := range n {
		if town := towns[chance.IntN(len(towns))]; chance.IntN(2) == 0 {
			x[i], y[i] = town[0]+chance.NormFloat64()*300, town[1]+chance.NormFloat64()*300
		} else {
			x[i], y[i] = chance.Float64()*6000, chance.Float64()*6000
		}
	}
	m := &vrp.Matrix{Size: n, Durations: make([]int32, n*n)}
	for i := range n {
		for j := range n {
			m.Durations[i*n+j] = int32(math.Hypot(x[i]-x[j], y[i]-y[j]) + 0.5)
		}
	}
	p := &vrp.Problem{Matrices: map[string]*vrp.Matrix{"car": m}}
	for i := range visits {
		j := vrp.Job{ID: uint64(i + 1), LocationIndex: new(i), Service: 1200 + int64(chance.IntN(5))*600, Priority: chance.IntN(4) * 10}
		if chance.IntN(3) == 0 {
			j.Skills = []uint32{uint32(1 + chance.IntN(3))}
		}
		if chance.IntN(3) == 0 {
			at := int64(chance.IntN(days))*86400 + int64(8+chance.IntN(6))*3600
			j.TimeWindows = []vrp.TimeWindow{{at, at + 4*3600}}
		}
		p.Jobs = append(p.Jobs, j)
	}
	for i := range people {
		for day := range int64(days) {
			at := day * 86400
			p.Vehicles = append(p.Vehicles, vrp.Vehicle{ID: uint64(i*days+int(day)) + 1, Person: uint64(i + 1), Day: int(day) + 1, StartIndex: new(visits + i), EndIndex: new(visits + i),
				Skills: []uint32{1 + uint32(i%3), 1 + uint32((i+1)%3)}, TimeWindow: &vrp.TimeWindow{at + 8*3600, at + 17*3600},
				Breaks: []vrp.Break{{ID: 1, Service: 1800, TimeWindows: []vrp.TimeWindow{{at + 41400, at + 46800}}}}})
		}
	}
	return p
}

// peak is the most memory the process ever held, in megabytes, where the system tells it.
func peak() string {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return "?"
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			return strings.TrimSpace(rest)
		}
	}
	return "?"
}

// solved plans for a while and tells when the first plan was there, and by how much the deadline was overshot.
func solved(b *testing.B, p *vrp.Problem, limit time.Duration) (s *vrp.Solution, first, over time.Duration) {
	began := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	deadline, _ := ctx.Deadline()
	s, err := vrp.Solve(ctx, p, vrp.Options{Seed: 1, Threads: *threads, Now: time.Now, Progress: func(g vrp.Progress) {
		if first == 0 {
			first = time.Since(began)
		}
		if testing.Verbose() {
			fmt.Fprintf(os.Stderr, "  %3.0f %% %9d iterations %9d cost %3d unassigned %3d routes\n", 100*g.Share, g.Iterations, g.Cost, g.Unassigned, g.Routes)
		}
	}})
	over = time.Since(deadline)
	if err != nil {
		b.Fatal(err)
	}
	for _, fault := range check.Solution(p, s) {
		b.Error(fault)
	}
	return s, first, over
}

// BenchmarkBars measures what the sets do not: size, promptness, slots, a day that changes. -limit shortens it.
func BenchmarkBars(b *testing.B) {
	patience := func(full time.Duration) time.Duration {
		switch {
		case *limit > 0:
			return min(*limit, full)
		case *quick:
			return min(20*time.Second, full)
		}
		return full
	}
	b.Run("thousand", func(b *testing.B) {
		p := country(1000, 100, 1)
		s, first, over := solved(b, p, patience(2*time.Minute))
		fmt.Printf("1,000 visits: first plan after %v, cost %d, %d unassigned, %v past the deadline, peak %s\n", first.Round(time.Millisecond),
			s.Summary.Cost, s.Summary.Unassigned, over.Round(100*time.Microsecond), peak())
		slots(b, p, s)
	})
	b.Run("cancel", func(b *testing.B) {
		var worst time.Duration
		p := country(1000, 100, 1)
		for i := range 10 {
			ctx, cancel := context.WithCancel(context.Background())
			var asked time.Time
			time.AfterFunc(time.Duration(i+5)*100*time.Millisecond, func() { asked = time.Now(); cancel() })
			if _, err := vrp.Solve(ctx, p, vrp.Options{Seed: 1, Threads: *threads, Iterations: 1 << 40}); err != nil {
				b.Fatal(err)
			}
			worst = max(worst, time.Since(asked))
		}
		fmt.Printf("1,000 visits: answers at most %v after a cancel\n", worst.Round(100*time.Microsecond))
	})
	b.Run("emergency", func(b *testing.B) {
		for _, visits := range []int{200, 500} {
			emergency(b, visits, patience(20*time.Second))
		}
	})
	b.Run("week", func(b *testing.B) {
		p := country(6000, 200, 5)
		s, first, over := solved(b, p, patience(time.Minute))
		fmt.Printf("6,000 visits, 200 people, 5 days: first plan after %v, cost %d, %d unassigned, %v past the deadline, peak %s\n", first.Round(time.Millisecond),
			s.Summary.Cost, s.Summary.Unassigned, over.Round(time.Millisecond), peak())
	})
	runtime.GC()
}

// slots asks where one more visit could go, for every visit's place.
func slots(b *testing.B, p *vrp.Problem, s *vrp.Solution) {
	board, err := vrp.NewBoard(s.Replan(p))
	if err != nil {
		b.Fatal(err)
	}
	var took []time.Duration
	for i := range p.Jobs {
		j := p.Jobs[i]
		began := time.Now()
		if _, err := board.Slots(j); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	fmt.Printf("slots in 1,000 visits and 100 people: median %v, p99 %v\n", took[len(took)/2].Round(time.Microsecond), took[len(took)*99/100].Round(time.Microsecond))
}

// emergency cancels one visit of a plan and adds one that must be served by nine, with a second to answer.
func emergency(b *testing.B, visits int, patience time.Duration) {
	p := country(visits, visits/9, 1)
	before, _, _ := solved(b, p, patience)
	changed := before.Replan(p)
	gone := changed.Vehicles[0].Steps[0].ID
	changed.Jobs = slices.DeleteFunc(slices.Clone(p.Jobs), func(j vrp.Job) bool { return j.ID == gone })
	changed.Vehicles[0].Steps = changed.Vehicles[0].Steps[1:]
	changed.Jobs = append(changed.Jobs, vrp.Job{ID: uint64(visits + 1), LocationIndex: new(visits / 2), Service: 3600, Priority: 100, TimeWindows: []vrp.TimeWindow{{8 * 3600, 9 * 3600}}})
	free := *changed
	changed.Stability = &vrp.Stability{VehicleChange: 1800}
	after, _, over := solved(b, changed, time.Second)
	free.Vehicles = slices.Clone(changed.Vehicles)
	for i := range free.Vehicles {
		free.Vehicles[i].Steps = nil
	}
	best, _, _ := solved(b, &free, patience)
	had := make(map[uint64]uint64)
	for i := range before.Routes {
		for _, step := range before.Routes[i].Steps {
			if step.Type == vrp.StepJob {
				had[step.ID] = before.Routes[i].Vehicle
			}
		}
	}
	moved, served := 0, false
	for i := range after.Routes {
		for _, step := range after.Routes[i].Steps {
			if step.Type != vrp.StepJob {
				continue
			}
			served = served || step.ID == uint64(visits+1)
			if was, ok := had[step.ID]; ok && was != after.Routes[i].Vehicle {
				moved++
			}
		}
	}
	cost := after.Summary.Duration // driving only, without the price of changes
	fmt.Printf("emergency in %d visits, 1 s: served %v, %d given to others (%.1f %%), driving %d s (%+.2f %% against planning anew for %v), unassigned %d (%d), %v past the deadline\n",
		visits, served, moved, 100*float64(moved)/float64(visits), cost, 100*(float64(cost)/float64(best.Summary.Duration)-1), patience, after.Summary.Unassigned, best.Summary.Unassigned, over.Round(100*time.Microsecond))
}
