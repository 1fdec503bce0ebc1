package vrp_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"catchment/routing/vrp"
)

func TestPeople(t *testing.T) {
	t.Parallel()
	type outcome struct {
		First, Second int // jobs of vehicles 1 and 2
		Cost          int64
		Why           map[uint64]string
	}
	none := map[uint64]string{}
	for _, test := range []struct {
		name string
		edit func(p *vrp.Problem)
		want outcome
	}{
		// Four jobs of ten minutes at one place; both vehicles drive ten minutes there and ten back.
		{"one person does it all where only driving counts", func(*vrp.Problem) {}, outcome{4, 0, 1200, none}},
		// One with 3,600 s costs 900 for an hour squared; two with 2,400 s cost 2 × 400 and 1,200 more of driving.
		{"balance that is not worth the drive", func(p *vrp.Problem) { p.Balance = &vrp.Balance{PerHourSquared: 900} }, outcome{4, 0, 1200 + 900, none}},
		{"balance that is worth the drive", func(p *vrp.Problem) { p.Balance = &vrp.Balance{PerHourSquared: 36000} },
			outcome{2, 2, 2400 + 2*16000, none}},
		{"the hours of one person on two days count together", func(p *vrp.Problem) {
			p.Vehicles[0].Person, p.Vehicles[1].Person = 5, 5
			p.Balance = &vrp.Balance{PerHourSquared: 36000}
		}, outcome{4, 0, 1200 + 36000, none}},
		{"nobody works more than he may", func(p *vrp.Problem) {
			p.Vehicles[0].Person = 5
			p.People = []vrp.Person{{ID: 5, MaxWorkTime: new(int64(3000))}}
			p.Vehicles[1].MaxTasks = new(0)
			for i := range p.Jobs[:3] {
				p.Jobs[i].Priority = 10
			}
		}, outcome{3, 0, 1200, map[uint64]string{4: "max tasks (1 max_tasks, 1 max_work_time)"}}},
		{"no more changes than allowed", func(p *vrp.Problem) {
			for i := range p.Jobs {
				p.Jobs[i].LocationIndex = new(20 + i) // nearer to vehicle 1
				p.Vehicles[1].Steps = append(p.Vehicles[1].Steps, vrp.VehicleStep{Type: vrp.StepJob, ID: uint64(i + 1)})
			}
			p.Vehicles[1].StartIndex, p.Vehicles[1].EndIndex = new(23), new(23)
			p.Vehicles[1].MaxTasks = new(1)
			p.Stability = &vrp.Stability{MaxChanges: new(2)}
		}, outcome{2, 1, 2520, map[uint64]string{3: "max tasks (1 max_tasks, 1 max_changes)"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := twoOf(job(1, 10), job(2, 10), job(3, 10), job(4, 10))
			p.Vehicles[1].StartIndex, p.Vehicles[1].EndIndex = new(20), new(20)
			test.edit(p)
			s := solve(t, p, vrp.Options{Seed: 1, Iterations: 300})
			o := outcomeOf(s)
			got := outcome{len(o.Routes[1]), len(o.Routes[2]), s.Summary.Cost, o.Why}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestPeopleThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		edit func(p *vrp.Problem)
		want string
	}{
		{"a person without a number", func(p *vrp.Problem) { p.People = []vrp.Person{{}} }, "people[0].id is 0, which stands for nobody"},
		{"the same person twice", func(p *vrp.Problem) { p.People = []vrp.Person{{ID: 1}, {ID: 1}} }, "people[1].id is 1, as an earlier person's"},
		{"hours below nothing", func(p *vrp.Problem) { p.People = []vrp.Person{{ID: 1, MaxWorkTime: new(int64(-1))}} }, "people[0].max_work_time is out of range"},
		{"pay for imbalance", func(p *vrp.Problem) { p.Balance = &vrp.Balance{PerHourSquared: -1} }, "balance.per_hour_squared is -1, not within 0 to 1048576"},
		{"pinned work beyond the hours", func(p *vrp.Problem) {
			p.People, p.Vehicles[0].Person = []vrp.Person{{ID: 1, MaxWorkTime: new(int64(600))}}, 1
			p.Vehicles[0].Steps = []vrp.VehicleStep{{Type: vrp.StepJob, ID: 1, Pinned: true}}
		}, "vehicles[0].steps pin more than vehicle 1 can do within its hours, capacity and limits"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := street(job(1, 5))
			test.edit(p)
			_, err := vrp.Solve(t.Context(), p, vrp.Options{Iterations: 1})
			if err == nil || err.Error() != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}
