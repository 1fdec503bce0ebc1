package vrp_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"catchment/routing/vrp"
)

// apply relaxes a problem as a remedy says.
func apply(p *vrp.Problem, job *vrp.Job, r vrp.Remedy) {
	v := &p.Vehicles[slices.IndexFunc(p.Vehicles, func(v vrp.Vehicle) bool { return v.ID == r.Vehicle })]
	switch r.Rule {
	case vrp.RemedyOvertime:
		v.TimeWindow = &vrp.TimeWindow{v.TimeWindow[0], v.TimeWindow[1] + r.By}
	case vrp.RemedyLaterWindow, vrp.RemedyEarlyWindow:
		var out []vrp.TimeWindow
		for _, w := range job.TimeWindows {
			if r.Rule == vrp.RemedyLaterWindow {
				w[1] += r.By
			} else {
				w[0] -= r.By
			}
			if n := len(out); n > 0 && w[0] <= out[n-1][1] {
				out[n-1][1] = max(out[n-1][1], w[1])
				continue
			}
			out = append(out, w)
		}
		job.TimeWindows = out
	case vrp.RemedySkills:
		v.Skills = append(slices.Clone(v.Skills), job.Skills...)
		levels := maps.Clone(v.SkillLevels)
		for skill, level := range job.SkillLevels {
			if levels == nil {
				levels = make(map[uint32]int)
			}
			levels[skill] = max(levels[skill], level)
		}
		v.SkillLevels = levels
	case vrp.RemedyVehicle:
		job.AllowedVehicles, job.ForbiddenVehicles = nil, nil
	case vrp.RemedyMaxTasks:
		v.MaxTasks = nil
	case vrp.RemedyLoad:
		v.Capacity = nil
	case vrp.RemedyMaxTravel:
		v.MaxTravelTime = nil
	case vrp.RemedyMaxDistance:
		v.MaxDistance = nil
	case vrp.RemedyMaxRouteTime:
		v.MaxRouteDuration = nil
	}
}

func TestEveryRemedyMakesRoom(t *testing.T) {
	t.Parallel()
	seen := make(map[vrp.RemedyRule]int)
	rapid.Check(t, func(t *rapid.T) {
		p := genProblem(t, rapid.IntRange(1, 8).Draw(t, "visits"), rapid.IntRange(1, 2).Draw(t, "vehicles"))
		p.Stability = nil
		for i := range p.Vehicles {
			p.Vehicles[i].Steps = nil
		}
		s := solve(t, p, vrp.Options{Seed: 1, Iterations: 100, Remedies: true})
		for _, u := range s.Unassigned {
			for _, r := range u.Reason.Remedies {
				seen[r.Rule]++
				with := *p
				with.Jobs, with.Vehicles = slices.Clone(p.Jobs), slices.Clone(p.Vehicles)
				at := slices.IndexFunc(with.Jobs, func(j vrp.Job) bool { return j.ID == u.ID })
				job := with.Jobs[at]
				with.Jobs = slices.Delete(with.Jobs, at, at+1)
				keep(&with, s)
				apply(&with, &job, r)
				b, err := vrp.NewBoard(&with)
				if err != nil {
					t.Fatalf("remedy %+v: %v\n%s", r, err, dump(p))
				}
				slots, err := b.Slots(job)
				if err != nil {
					t.Fatal(err)
				}
				if !slices.ContainsFunc(slots, func(s vrp.Slot) bool { return s.Vehicle == r.Vehicle && s.Cost <= r.Cost+1 }) {
					t.Fatalf("job %d: remedy %+v makes no room: %+v\n%s", u.ID, r, slots, dump(p))
				}
			}
		}
	})
	t.Logf("remedies tried: %v", seen)
}

func TestRemedies(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		p    *vrp.Problem
		edit func(p *vrp.Problem)
		want []vrp.Remedy
	}{
		{"six minutes of overtime", street(job(1, 58)), nil, []vrp.Remedy{{Rule: vrp.RemedyOvertime, Vehicle: 1, By: 360, Cost: 6960}}},
		{"a window five minutes later", street(job(1, 30)), func(p *vrp.Problem) { p.Jobs[0].TimeWindows = []vrp.TimeWindow{{0, 1500}} },
			[]vrp.Remedy{{Rule: vrp.RemedyLaterWindow, Vehicle: 1, By: 300, Cost: 3600}}},
		{"a window an hour earlier", street(job(1, 30)), func(p *vrp.Problem) { p.Jobs[0].TimeWindows = []vrp.TimeWindow{{8400, 9000}} },
			[]vrp.Remedy{{Rule: vrp.RemedyEarlyWindow, Vehicle: 1, By: 3600, Cost: 3600}, {Rule: vrp.RemedyOvertime, Vehicle: 1, By: 3600, Cost: 3600}}},
		{"training", street(job(1, 5)), func(p *vrp.Problem) { p.Jobs[0].Skills = []uint32{7} }, []vrp.Remedy{{Rule: vrp.RemedySkills, Vehicle: 1, Cost: 600}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if test.edit != nil {
				test.edit(test.p)
			}
			s := solve(t, test.p, vrp.Options{Seed: 1, Iterations: 50, Remedies: true})
			if diff := cmp.Diff(test.want, s.Unassigned[0].Reason.Remedies); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
