package vrp_test

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"catchment/routing/vrp"
)

// startsOf lists vehicle and start of service of every time a job is served.
func startsOf(s *vrp.Solution) map[uint64][][2]int64 {
	out := make(map[uint64][][2]int64)
	for _, r := range s.Routes {
		for _, step := range r.Steps {
			if step.Type == vrp.StepJob {
				out[step.ID] = append(out[step.ID], [2]int64{int64(r.Vehicle), step.Arrival + step.WaitingTime})
			}
		}
	}
	return out
}

func TestJobsThatHangTogether(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		edit func(p *vrp.Problem)
		want map[uint64][][2]int64 // by job: vehicle and start
		why  map[uint64]string
	}{
		// Job 1 lies ten minutes from vehicle 1 and fifty from vehicle 2, which is at the other end of the street.
		{"two who must be there at once", func(p *vrp.Problem) { p.Jobs[0].Crew = 2 },
			map[uint64][][2]int64{1: {{1, 3000}, {2, 3000}}}, map[uint64]string{}},
		{"a crew that cannot meet in the window", func(p *vrp.Problem) {
			p.Jobs[0].Crew, p.Jobs[0].TimeWindows = 2, []vrp.TimeWindow{{0, 2900}}
		}, map[uint64][][2]int64{}, map[uint64]string{1: "crew (1 crew, 1 window)"}},
		{"a crew larger than the house", func(p *vrp.Problem) { p.Jobs[0].Crew = 3 },
			map[uint64][][2]int64{}, map[uint64]string{1: "crew (2 crew)"}},
		{"one after the other by different people", func(p *vrp.Problem) {
			p.Jobs = append(p.Jobs, job(2, 50))
			p.Jobs[1].After = &vrp.After{Job: 1, MinGap: 1000}
		}, map[uint64][][2]int64{1: {{1, 600}}, 2: {{2, 2200}}}, map[uint64]string{}},
		{"the earlier job waits so that the gap is not too long", func(p *vrp.Problem) {
			p.Jobs = append(p.Jobs, job(2, 50))
			p.Jobs[1].After, p.Jobs[1].TimeWindows = &vrp.After{Job: 1, MaxGap: new(int64(300))}, []vrp.TimeWindow{{5000, 5000}}
		}, map[uint64][][2]int64{1: {{1, 4100}}, 2: {{2, 5000}}}, map[uint64]string{}},
		{"both by the same person", func(p *vrp.Problem) {
			p.Jobs = append(p.Jobs, job(2, 20))
			p.Vehicles[1].StartIndex, p.Vehicles[1].EndIndex = new(20), new(20)
			p.Jobs[1].After = &vrp.After{Job: 1, SameVehicle: true}
		}, map[uint64][][2]int64{1: {{2, 600}}, 2: {{2, 1800}}}, map[uint64]string{}},
		{"what the job comes after cannot be done", func(p *vrp.Problem) {
			p.Jobs = append(p.Jobs, job(2, 50))
			p.Jobs[1].After, p.Jobs[0].Skills = &vrp.After{Job: 1}, []uint32{9}
		}, map[uint64][][2]int64{}, map[uint64]string{1: "skills (2 skills)", 2: "after (2 after)"}},
		{"a series on the days of the nearer technician", func(p *vrp.Problem) {
			third := p.Vehicles[0]
			third.ID, third.Day = 3, 3
			p.Vehicles = append(p.Vehicles, third)
			p.Vehicles[0].Day, p.Vehicles[1].Day = 1, 2
			p.Jobs[0].VisitDays = [][]int{{1, 2}, {1, 3}}
		}, map[uint64][][2]int64{1: {{1, 600}, {3, 600}}}, map[uint64]string{}},
		{"a series with a day on which nobody works", func(p *vrp.Problem) {
			p.Vehicles[0].Day, p.Vehicles[1].Day = 1, 2
			p.Jobs[0].VisitDays = [][]int{{1, 4}}
		}, map[uint64][][2]int64{}, map[uint64]string{1: "visit days (1 visit_days, 1 day)"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := twoOf(job(1, 10))
			test.edit(p)
			s := solve(t, p, vrp.Options{Seed: 1, Iterations: 200})
			if diff := cmp.Diff(test.want, startsOf(s)); diff != "" {
				t.Errorf("starts (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.why, outcomeOf(s).Why); diff != "" {
				t.Errorf("reasons (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTogetherThatMakesNoSense(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		edit func(p *vrp.Problem)
		want string
	}{
		{"a job after itself", func(p *vrp.Problem) { p.Jobs[0].After = &vrp.After{Job: 1} }, "jobs[0].after.job is 1, which is no other job"},
		{"two jobs after each other", func(p *vrp.Problem) {
			p.Jobs[0].After, p.Jobs[1].After = &vrp.After{Job: 2}, &vrp.After{Job: 1}
		}, "jobs[0].after goes round in a circle"},
		{"a gap that is at most less than at least", func(p *vrp.Problem) { p.Jobs[0].After = &vrp.After{Job: 2, MinGap: 9, MaxGap: new(int64(8))} },
			"jobs[0].after.max_gap is less than min_gap, or out of range"},
		{"a crew in a series", func(p *vrp.Problem) { p.Jobs[0].Crew, p.Jobs[0].VisitDays = 2, [][]int{{1}} },
			"jobs[0].visit_days and crew cannot both be asked of one job"},
		{"the same day twice", func(p *vrp.Problem) { p.Jobs[0].VisitDays = [][]int{{1, 1}} }, "jobs[0].visit_days[0] has day 1 twice"},
		{"a crew of a hundred", func(p *vrp.Problem) { p.Jobs[0].Crew = 100 }, "jobs[0].crew is 100, not within 1 to 20"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := street(job(1, 5), job(2, 6))
			test.edit(p)
			_, err := vrp.Solve(t.Context(), p, vrp.Options{Iterations: 1})
			if err == nil || err.Error() != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

// tieUp makes some jobs crews, series, or tied to earlier ones.
func tieUp(t *rapid.T, p *vrp.Problem) {
	for i := range p.Vehicles {
		p.Vehicles[i].Day = rapid.IntRange(1, 3).Draw(t, "day")
		p.Vehicles[i].Steps = nil
	}
	for i := range p.Jobs {
		j := &p.Jobs[i]
		switch rapid.IntRange(0, 5).Draw(t, "together") {
		case 0:
			j.Crew = rapid.IntRange(1, 3).Draw(t, "crew")
		case 1:
			j.VisitDays = [][]int{{1, 2}, {rapid.IntRange(2, 4).Draw(t, "visit day")}}
		case 2, 3:
			k := rapid.IntRange(0, max(0, i-1)).Draw(t, "after")
			if before := &p.Jobs[k]; k < i && before.Crew < 2 && before.VisitDays == nil {
				j.After = &vrp.After{Job: before.ID, MinGap: int64(rapid.IntRange(0, 300).Draw(t, "min gap")), SameVehicle: rapid.IntRange(0, 3).Draw(t, "same") == 0}
				if rapid.Bool().Draw(t, "max gap") {
					j.After.MaxGap = new(j.After.MinGap + int64(rapid.IntRange(0, 600).Draw(t, "play")))
				}
			}
		}
	}
}

func TestNoPlanTearsApartWhatHangsTogether(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := genRich(t, rapid.IntRange(0, 20).Draw(t, "visits"), rapid.IntRange(1, 6).Draw(t, "vehicles"), rapid.Bool().Draw(t, "bent rules"))
		tieUp(t, p)
		if rapid.IntRange(0, 3).Draw(t, "dear vehicles") == 0 {
			for i := range p.Vehicles {
				p.Vehicles[i].Costs = &vrp.Costs{Fixed: 1_000_000}
			}
		}
		s := solve(t, p, vrp.Options{Seed: 1, Iterations: 150, Remedies: true})
		if t.Failed() {
			t.Log(dump(p))
		}
		if _, err := vrp.NewBoard(s.Replan(p)); err != nil && p.Stability == nil {
			t.Fatalf("the plan cannot be put on a board: %v\n%s", err, dump(p))
		}
	})
}

// together is brute force over who serves what in which order, for problems without breaks, several windows and
// setups. All that is asked bounds starts from below, so the least starts that keep everything are found by raising
// them until nothing changes.
func bruteTogether(p *vrp.Problem) bruteScore {
	best := bruteScore{math.MaxInt, 0, 0}
	routes := make([][]int, len(p.Vehicles))
	m := p.Matrices["car"]
	drive := func(i, j int) int64 { return int64(m.Durations[i*m.Size+j]) }
	judge := func() {
		score, where := bruteScore{}, make([][]int, len(p.Jobs))
		for v, r := range routes {
			for _, j := range r {
				where[j] = append(where[j], v)
			}
		}
		for i := range p.Jobs {
			j := &p.Jobs[i]
			if len(where[i]) == 0 {
				score.Priority += j.Priority
				score.Missing++
			} else if a := j.After; a != nil {
				first := slices.IndexFunc(p.Jobs, func(o vrp.Job) bool { return o.ID == a.Job })
				if len(where[first]) == 0 || a.SameVehicle && where[first][0] != where[i][0] {
					return
				}
			}
		}
		start := make([]int64, len(p.Jobs))
		for changed := true; changed; {
			changed = false
			raise := func(i int, at int64) {
				if at > start[i] {
					start[i], changed = at, true
				}
			}
			for v, r := range routes {
				now, at := p.Vehicles[v].TimeWindow[0], *p.Vehicles[v].StartIndex
				for _, i := range r {
					j := &p.Jobs[i]
					raise(i, max(now+drive(at, *j.LocationIndex), j.TimeWindows[0][0]))
					if start[i] > j.TimeWindows[0][1] {
						return
					}
					now, at = start[i]+j.Service, *j.LocationIndex
				}
				if len(r) > 0 && now+drive(at, *p.Vehicles[v].EndIndex) > p.Vehicles[v].TimeWindow[1] {
					return
				}
			}
			for i := range p.Jobs {
				if a := p.Jobs[i].After; a != nil && len(where[i]) > 0 {
					first := slices.IndexFunc(p.Jobs, func(o vrp.Job) bool { return o.ID == a.Job })
					raise(i, start[first]+p.Jobs[first].Service+a.MinGap)
					if a.MaxGap != nil {
						raise(first, start[i]-*a.MaxGap-p.Jobs[first].Service)
					}
				}
			}
		}
		for v, r := range routes {
			at := *p.Vehicles[v].StartIndex
			for _, i := range r {
				score.Cost += drive(at, *p.Jobs[i].LocationIndex)
				at = *p.Jobs[i].LocationIndex
			}
			score.Cost += drive(at, *p.Vehicles[v].EndIndex)
		}
		if score.Priority < best.Priority || score.Priority == best.Priority && (score.Missing < best.Missing || score.Missing == best.Missing && score.Cost < best.Cost) {
			best = score
		}
	}
	var serve func(i, left, from int)
	next := func(i int) {
		if i == len(p.Jobs) {
			judge()
			return
		}
		serve(i, max(1, p.Jobs[i].Crew), 0)
	}
	serve = func(i, left, from int) {
		if left == 0 {
			next(i + 1)
			return
		}
		for v := from; v < len(p.Vehicles); v++ {
			kept := routes[v]
			for at := 0; at <= len(kept); at++ {
				routes[v] = slices.Insert(slices.Clone(kept), at, i)
				serve(i, left-1, v+1)
			}
			routes[v] = kept
		}
		if left == max(1, p.Jobs[i].Crew) {
			next(i + 1) // not at all
		}
	}
	next(0)
	return best
}

func TestCrewsAndTiesAreSolvedAsWellAsByTryingEverything(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		between := func(name string, from, to int) int64 { return int64(rapid.IntRange(from, to).Draw(t, name)) }
		p := street()
		for i := range rapid.IntRange(1, 4).Draw(t, "jobs") {
			j := vrp.Job{ID: uint64(i + 1), LocationIndex: new(rapid.IntRange(0, 60).Draw(t, "place")), Service: between("service", 0, 900), Priority: int(between("priority", 0, 1)) * 10}
			from := between("from", 0, 4000)
			j.TimeWindows = []vrp.TimeWindow{{from, from + between("length", 0, 6000)}}
			switch k := rapid.IntRange(0, 3).Draw(t, "kind"); {
			case k == 0:
				j.Crew = 2
			case k > 1 && i > 0 && p.Jobs[i-1].Crew == 0:
				j.After = &vrp.After{Job: uint64(i), MinGap: between("min gap", 0, 600), SameVehicle: k == 3}
				if rapid.Bool().Draw(t, "max gap") {
					j.After.MaxGap = new(j.After.MinGap + between("play", 0, 600))
				}
			}
			p.Jobs = append(p.Jobs, j)
		}
		p.Vehicles[0].TimeWindow[1] = 9000
		second := p.Vehicles[0]
		second.ID, second.StartIndex, second.EndIndex = 2, new(60), new(60)
		p.Vehicles = append(p.Vehicles, second)
		got := scoreOf(p, solve(t, p, vrp.Options{Seed: 1, Iterations: 2500}))
		if diff := cmp.Diff(bruteTogether(p), got); diff != "" {
			t.Fatalf("best plan (-brute force +solver):\n%s\n%s", diff, dump(p))
		}
	})
}
