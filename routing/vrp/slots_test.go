package vrp_test

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"catchment/routing/vrp"
)

// keep turns an answer into the steps of the question.
func keep(p *vrp.Problem, s *vrp.Solution) {
	for i := range p.Vehicles {
		p.Vehicles[i].Steps = nil
		for _, r := range s.Routes {
			if r.Vehicle != p.Vehicles[i].ID {
				continue
			}
			for _, step := range r.Steps {
				if step.Type != vrp.StepStart && step.Type != vrp.StepEnd && step.Type != vrp.StepBreak {
					p.Vehicles[i].Steps = append(p.Vehicles[i].Steps, vrp.VehicleStep{Type: step.Type, ID: step.ID})
				}
			}
		}
	}
}

// TestSlotsAreWhatPinningThemCosts asks for slots and then plans each of them: the vehicle must take the job in
// the window, at that extra cost or, since the rest may be reordered, less.
func TestSlotsAreWhatPinningThemCosts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := genProblem(t, rapid.IntRange(1, 6).Draw(t, "visits"), rapid.IntRange(1, 3).Draw(t, "vehicles"))
		if len(p.Jobs) == 0 {
			t.Skip("no job to ask about")
		}
		p.Stability = nil
		asked := p.Jobs[len(p.Jobs)-1]
		p.Jobs = p.Jobs[:len(p.Jobs)-1]
		for i := range p.Vehicles {
			p.Vehicles[i].Steps = nil
		}
		before := solve(t, p, vrp.Options{Seed: 1, Iterations: 60})
		keep(p, before)
		b, err := vrp.NewBoard(p)
		if err != nil {
			t.Fatalf("NewBoard: %v\n%s", err, dump(p))
		}
		slots, err := b.Slots(asked)
		if err != nil {
			t.Fatal(err)
		}
		can := make(map[uint64]bool)
		for i, s := range slots {
			if i > 0 && slots[i-1].Cost > s.Cost {
				t.Fatalf("slots are not sorted: %v", slots)
			}
			can[s.Vehicle] = true
			with := *p
			job := asked
			job.AllowedVehicles, job.Priority = []uint64{s.Vehicle}, 100
			if len(asked.TimeWindows) > 0 {
				job.TimeWindows = []vrp.TimeWindow{s.Window}
			}
			with.Jobs = append(append([]vrp.Job(nil), p.Jobs...), job)
			after := solve(t, &with, vrp.Options{Seed: 1, Iterations: 40})
			for _, u := range after.Unassigned {
				if u.Type == vrp.StepJob && u.ID == job.ID {
					t.Fatalf("slot %+v cannot be planned\n%s", s, dump(&with))
				}
			}
			if len(after.Unassigned) == len(before.Unassigned) && after.Summary.Cost > before.Summary.Cost+s.Cost+2 {
				t.Fatalf("slot %+v costs %d\n%s", s, after.Summary.Cost-before.Summary.Cost, dump(&with))
			}
		}
		// What no slot offers fits nowhere into that vehicle's route as it is.
		for vi, v := range p.Vehicles {
			for k := 0; !can[v.ID] && k <= len(v.Steps); k++ {
				with := *p
				with.Jobs = append(slices.Clone(p.Jobs), asked)
				with.Vehicles = slices.Clone(p.Vehicles)
				with.Vehicles[vi].Steps = slices.Insert(slices.Clone(v.Steps), k, vrp.VehicleStep{Type: vrp.StepJob, ID: asked.ID})
				if _, err := vrp.NewBoard(&with); err == nil {
					t.Fatalf("vehicle %d has room at position %d that no slot tells\n%s", v.ID, k, dump(&with))
				}
			}
		}
	})
}

func TestSlotsTellWhoWhenAndForHowMuch(t *testing.T) {
	t.Parallel()
	p := street(job(1, 10), job(2, 30))
	second := p.Vehicles[0]
	second.ID, second.StartIndex, second.EndIndex = 2, new(40), new(40)
	p.Vehicles = append(p.Vehicles, second)
	p.Vehicles[0].Steps = []vrp.VehicleStep{{Type: vrp.StepJob, ID: 1}}
	p.Vehicles[1].Steps = []vrp.VehicleStep{{Type: vrp.StepJob, ID: 2}}
	b, err := vrp.NewBoard(p)
	if err != nil {
		t.Fatal(err)
	}
	asked := job(3, 20)
	asked.TimeWindows = []vrp.TimeWindow{{0, 1500}, {3000, 4000}}
	got, err := b.Slots(asked)
	if err != nil {
		t.Fatal(err)
	}
	// Vehicle 1 reaches place 20 after 1200 s (or after job 1, at 600+600+600) and must be back by 7200: leave by
	// 6000, so start by 5400 at the latest, or earlier with job 1 behind it. Vehicle 2 comes from 40 or from 30.
	want := []vrp.Slot{
		{Vehicle: 1, Window: vrp.TimeWindow{0, 1500}, Earliest: 1200, Latest: 1500, Cost: 1200, Position: 0},
		{Vehicle: 2, Window: vrp.TimeWindow{0, 1500}, Earliest: 1200, Latest: 1500, Cost: 1200, Position: 0},
		{Vehicle: 1, Window: vrp.TimeWindow{3000, 4000}, Earliest: 3000, Latest: 4000, Cost: 1200, Position: 0},
		{Vehicle: 2, Window: vrp.TimeWindow{3000, 4000}, Earliest: 3000, Latest: 4000, Cost: 1200, Position: 0},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := b.Slots(vrp.Job{}); err == nil || err.Error() != "job.location_index is missing (turn coordinates into matrices first)" {
		t.Errorf("a job without place: %v", err)
	}
}

// A job that may come at any hour was offered to a person only within the hours of whoever was asked before him.
func TestAJobAtAnyHourIsOfferedByEachPersonInHisOwn(t *testing.T) {
	t.Parallel()
	p := street(job(1, 10))
	early, late := p.Vehicles[0], p.Vehicles[0]
	early.ID, early.TimeWindow = 1, &vrp.TimeWindow{0, 3600}
	late.ID, late.TimeWindow = 2, &vrp.TimeWindow{36000, 43200}
	p.Vehicles = []vrp.Vehicle{early, late}
	b, err := vrp.NewBoard(p)
	if err != nil {
		t.Fatal(err)
	}
	slots, err := b.Slots(job(2, 20))
	if err != nil {
		t.Fatal(err)
	}
	offered := map[uint64]vrp.TimeWindow{}
	for _, s := range slots {
		offered[s.Vehicle] = s.Window
	}
	if diff := cmp.Diff(map[uint64]vrp.TimeWindow{1: {0, 3600}, 2: {36000, 43200}}, offered); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// BenchmarkSlots asks for slots in a plan of 1,000 visits by 100 people, ten windows each.
func BenchmarkSlots(b *testing.B) {
	p := scattered(1000, 100)
	s, err := vrp.Solve(context.Background(), p, vrp.Options{Iterations: 200})
	if err != nil {
		b.Fatal(err)
	}
	keep(p, s)
	board, err := vrp.NewBoard(p)
	if err != nil {
		b.Fatal(err)
	}
	asked := vrp.Job{LocationIndex: new(17), Service: 1800, Setup: 300, Skills: []uint32{1}}
	for h := int64(8); h < 18; h++ {
		asked.TimeWindows = append(asked.TimeWindows, vrp.TimeWindow{h * 3600, h*3600 + 3000})
	}
	for b.Loop() {
		if _, err := board.Slots(asked); err != nil {
			b.Fatal(err)
		}
	}
}
