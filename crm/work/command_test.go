package work_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"catchment/crm"
	"catchment/crm/work"
)

// matrix says in which states each command is carried out; in all others it is a conflict named "state".
const matrix = `
                 proposed planned promised dispatched travelling on_site done failed no_access cancelled
change_visit            x       x        x          x          .       .    .      .         .         .
assign                  x       x        x          x          .       .    .      .         .         .
unassign                .       x        x          x          .       .    .      .         .         .
pin                     .       x        x          x          .       .    .      .         .         .
unpin                   .       x        x          x          .       .    .      .         .         .
promise                 .       x        x          x          .       .    .      .         .         .
cancel                  x       x        x          x          x       x    .      .         .         .
acknowledge             .       x        x          x          x       x    .      .         .         .
start_travel            .       x        x          x          .       .    .      .         .         .
arrive                  .       x        x          x          x       .    .      .         .         .
start                   .       .        .          .          .       x    .      .         .         .
complete                .       x        x          x          x       x    .      .         .         .
cannot_complete         .       x        x          x          x       x    .      .         .         .
no_access               .       x        x          x          x       x    .      .         .         .
add_note                x       x        x          x          x       x    x      x         x         x
`

// becomes says which state a command leads to; commands not named here leave it.
var becomes = map[string]work.State{"unassign": "proposed", "cancel": "cancelled", "start_travel": "travelling", "arrive": "on_site",
	"complete": "done", "cannot_complete": "failed", "no_access": "no_access"}

// inState brings a new visit into a state by commands alone.
func (h *house) inState(state string) work.Visit {
	h.t.Helper()
	v := h.addVisit("north", nil)
	if state == "proposed" {
		return v
	}
	assign := fields{"resource_id": h.resources["tech1"].ID, "start": h.at(9 * time.Hour)}
	if state == "planned" {
		return h.apply(h.system, "assign", v, assign)
	}
	if state == "promised" {
		v = h.apply(h.system, "assign", v, assign)
		return h.apply(h.system, "promise", v, work.Window{Start: h.at(8 * time.Hour), End: h.at(10 * time.Hour)})
	}
	v = h.dispatched(v, "tech1")
	switch state {
	case "dispatched":
		return v
	case "travelling":
		return h.apply(h.system, "start_travel", v, nil)
	case "on_site":
		return h.apply(h.system, "arrive", v, nil)
	case "done":
		return h.apply(h.system, "complete", v, nil)
	case "failed":
		return h.apply(h.system, "cannot_complete", v, fields{"reason": "part_missing"})
	case "no_access":
		return h.apply(h.system, "no_access", v, nil)
	case "cancelled":
		return h.apply(h.system, "cancel", v, fields{"reason": "boiler sold"})
	}
	h.t.Fatalf("no way to %q", state)
	return v
}

func TestEachCommandIsCarriedOutInItsStatesOnly(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	lines := strings.Split(strings.TrimSpace(matrix), "\n")
	states := strings.Fields(lines[0])
	for _, line := range lines[1:] {
		words := strings.Fields(line)
		kind := words[0]
		for i, state := range states {
			v := h.inState(state)
			var p any = fields{}
			switch kind {
			case "change_visit":
				p = fields{"title": "Another"}
			case "assign":
				p = fields{"resource_id": h.resources["tech2"].ID, "start": h.at(9*time.Hour + 30*time.Minute)}
			case "unassign":
				p = fields{"override": true}
			case "promise":
				if v.StartAt != nil {
					p = work.Window{Start: v.StartAt.Add(-time.Hour), End: v.StartAt.Add(time.Hour)}
				}
			case "cannot_complete":
				p = fields{"reason": "part_missing"}
			case "add_note":
				p = fields{"text": "beware of the dog"}
			}
			got := h.decide(h.system, kind, v, p)
			wantState, want := v.State, work.Applied
			if words[i+1] != "x" {
				want = work.Conflicts
			} else if next, moves := becomes[kind]; moves {
				wantState = next
			} else if kind == "promise" && v.State == work.Planned {
				wantState = work.Promised
			} else if kind == "assign" && (v.State == work.Proposed || v.State == work.Dispatched) {
				wantState = work.Planned
			}
			if got.Decision != want || (want == work.Conflicts && got.Reason != "state") || got.Visit.State != wantState {
				t.Errorf("%s on a visit that is %s: want %s and the state %s, got %s (%s) and %s", kind, state, want, wantState, got.Decision, got.Reason, got.Visit.State)
			}
			if want == work.Conflicts && got.Visit.Version != v.Version {
				t.Errorf("%s on a visit that is %s was refused but changed it", kind, state)
			}
		}
	}
}

func TestAddingAVisitChecksEveryField(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	day := h.today.Add(2)
	window := func(from, to int) fields {
		noon, _ := day.Time(h.zone(), 12*time.Hour)
		return fields{"start": noon.Add(time.Duration(from) * time.Minute), "end": noon.Add(time.Duration(to) * time.Minute)}
	}
	for _, row := range []struct {
		name  string
		with  fields // replaces or adds to a sound visit; nil values are left out
		field string // empty: it is added
	}{
		{"a title and a site are enough", fields{}, ""},
		{"all fields set", fields{"kind": "sales", "note": "n", "duration_seconds": 1800, "priority": 100, "skills": []string{"gas", "oil"},
			"windows": []fields{window(0, 60), window(90, 120)}, "earliest": day, "latest": day}, ""},
		{"no site", fields{"site_id": nil}, "payload.site_id"},
		{"a site nobody knows", fields{"site_id": newID()}, "payload.site_id"},
		{"no title", fields{"title": nil}, "payload.title"},
		{"a title of blanks", fields{"title": "  "}, "payload.title"},
		{"a title of 301 letters", fields{"title": strings.Repeat("x", 301)}, "payload.title"},
		{"a kind nobody knows", fields{"kind": "party"}, "payload.kind"},
		{"a number for a title", fields{"title": 7}, "payload.title"},
		{"a field nobody knows", fields{"colour": "red"}, "payload.colour"},
		{"shorter than a minute", fields{"duration_seconds": 59}, "payload.duration_seconds"},
		{"longer than a day", fields{"duration_seconds": 86401}, "payload.duration_seconds"},
		{"a priority above 100", fields{"priority": 101}, "payload.priority"},
		{"a priority below 0", fields{"priority": -1}, "payload.priority"},
		{"a skill nobody has heard of", fields{"skills": []string{"gas", "juggling"}}, "payload.skills[1]"},
		{"more than 20 skills", fields{"skills": strings.Split(strings.Repeat("gas,", 21), ",")}, "payload.skills"},
		{"a window that ends before it starts", fields{"windows": []fields{window(60, 0)}}, "payload.windows[0].end"},
		{"a window without length", fields{"windows": []fields{window(0, 0)}}, "payload.windows[0].end"},
		{"windows that overlap", fields{"windows": []fields{window(0, 60), window(30, 90)}}, "payload.windows[1].start"},
		{"windows that touch", fields{"windows": []fields{window(0, 60), window(60, 90)}}, ""},
		{"windows in any order", fields{"windows": []fields{window(60, 90), window(0, 60)}}, ""},
		{"a window of 32 days", fields{"windows": []fields{window(0, 32*24*60)}}, "payload.windows[0].end"},
		{"a window in the year 1", fields{"windows": []fields{{"start": time.Time{}, "end": time.Time{}}}}, "payload.windows[0].start"},
		{"more than eight windows", fields{"windows": []fields{window(0, 1), window(1, 2), window(2, 3), window(3, 4), window(4, 5), window(5, 6),
			window(6, 7), window(7, 8), window(8, 9)}}, "payload.windows"},
		{"no window on a day it may take place", fields{"windows": []fields{window(0, 60)}, "earliest": day.Add(1), "latest": day.Add(2)}, "payload.windows"},
		{"the latest day before the earliest", fields{"earliest": day, "latest": day.Add(-1)}, "payload.latest"},
		{"a date that is none", fields{"earliest": "2026-02-30"}, "payload.earliest"},
		{"a year far off", fields{"latest": "9999-01-01"}, "payload.latest"},
		{"a zero byte in the title", fields{"title": "a\x00b"}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := fields{"site_id": h.sites["north"].ID, "title": "Service"}
			for k, v := range row.with {
				if p[k] = v; v == nil {
					delete(p, k)
				}
			}
			id := newID()
			got, err := h.work.Apply(h.system, work.Command{ID: newID(), Kind: "add_visit", Visit: id, Payload: payload(p)})
			if row.name == "a zero byte in the title" {
				if crm.KindOf(err) != crm.Invalid {
					t.Errorf("want invalid, got %v", err)
				}
				return
			}
			if row.field != "" {
				wantError(t, err, crm.Invalid, row.field)
				if _, err := h.work.Visit(h.system, id); crm.KindOf(err) != crm.NotFound {
					t.Errorf("want nothing added, got %v", err)
				}
				return
			}
			must(t, err)
			if got.Decision != work.Applied || got.Visit.State != work.Proposed || got.Visit.Version != 1 || got.Visit.Number == "" {
				t.Errorf("want a proposed visit, got %+v", got)
			}
			if w := got.Visit.WindowStarts; len(w) > 1 && w[1].Before(w[0]) {
				t.Errorf("want windows sorted, got %v", w)
			}
		})
	}
}

func TestDaysOfANewVisit(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	start, err := h.today.Add(20).Time(h.zone(), 22*time.Hour)
	must(t, err)
	for _, row := range []struct {
		name             string
		with             fields
		earliest, latest work.Day
	}{
		{"a fortnight from today unless told", fields{}, h.today, h.today.Add(13)},
		{"a fortnight from the earliest day", fields{"earliest": h.today.Add(5)}, h.today.Add(5), h.today.Add(18)},
		{"the days of its windows", fields{"windows": []work.Window{{start, start.Add(4 * time.Hour)}}}, h.today.Add(20), h.today.Add(21)},
		{"a window up to midnight stays on its day", fields{"windows": []work.Window{{start, start.Add(2 * time.Hour)}}}, h.today.Add(20), h.today.Add(20)},
	} {
		t.Run(row.name, func(t *testing.T) {
			v := h.addVisit("north", row.with)
			if v.Earliest != row.earliest || v.Latest != row.latest {
				t.Errorf("want %s to %s, got %s to %s", row.earliest, row.latest, v.Earliest, v.Latest)
			}
		})
	}
}

func TestWhatTheCommandsRefuse(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	inactive := h.resources["tech2"]
	off := false
	if _, err := h.work.ChangeResource(h.system, inactive.ID, inactive.Version, work.ResourceChange{Active: &off}); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name, as, state, kind string
		payload               any
		want                  crm.Kind
		field                 string
	}{
		{"assign to nobody", "dispatcher", "proposed", "assign", fields{"resource_id": newID(), "start": h.at(9 * time.Hour)}, crm.Invalid, "payload.resource_id"},
		{"assign to somebody who left", "dispatcher", "proposed", "assign", fields{"resource_id": inactive.ID, "start": h.at(9 * time.Hour)}, crm.Invalid, "payload.resource_id"},
		{"assign without a time", "dispatcher", "proposed", "assign", fields{"resource_id": h.resources["tech1"].ID}, crm.Invalid, "payload.start"},
		{"a promise that does not hold the start", "dispatcher", "planned", "promise", work.Window{Start: h.at(10 * time.Hour), End: h.at(11 * time.Hour)}, crm.Invalid, "payload.start"},
		{"a promise that ends before it starts", "dispatcher", "planned", "promise", work.Window{Start: h.at(10 * time.Hour), End: h.at(9 * time.Hour)}, crm.Invalid, "payload.end"},
		{"a promise without times", "dispatcher", "planned", "promise", nil, crm.Invalid, "payload.start"},
		{"failing without a reason", "tech1", "planned", "cannot_complete", fields{"note": "x"}, crm.Invalid, "payload.reason"},
		{"an empty note", "tech1", "planned", "add_note", fields{"text": " "}, crm.Invalid, "payload.text"},
		{"moving to another site", "dispatcher", "proposed", "change_visit", fields{"site_id": h.sites["south"].ID}, crm.Invalid, "payload.site_id"},
		{"a payload that is no object", "dispatcher", "proposed", "change_visit", []int{1}, crm.Invalid, "payload"},
		{"publishing a single visit", "dispatcher", "proposed", "publish", nil, crm.Invalid, "kind"},
		{"a command nobody knows", "dispatcher", "proposed", "teleport", nil, crm.Invalid, "kind"},
		{"a technician who plans", "tech1", "planned", "assign", fields{"resource_id": h.resources["tech1"].ID, "start": h.at(9 * time.Hour)}, crm.Forbidden, ""},
		{"a technician who cancels", "tech1", "planned", "cancel", nil, crm.Forbidden, ""},
		{"a marketer who works", "marketer", "planned", "complete", nil, crm.Forbidden, ""},
		{"undoing what never was", "dispatcher", "planned", "undo", fields{"command": newID()}, crm.Invalid, "payload.command"},
	} {
		t.Run(row.name, func(t *testing.T) {
			v := h.inState(row.state)
			_, err := h.work.Apply(h.as(row.as), work.Command{ID: newID(), Kind: row.kind, Visit: v.ID, BaseVersion: v.Version, Payload: payload(row.payload)})
			wantError(t, err, row.want, row.field)
			if diff := cmp.Diff(v, h.visit(v.ID)); diff != "" {
				t.Errorf("the visit changed (-before +after)\n%s", diff)
			}
		})
	}
	_, err := h.work.Apply(h.system, work.Command{Kind: "cancel", Visit: newID()})
	wantError(t, err, crm.Invalid, "id")
	_, err = h.work.Apply(h.system, work.Command{ID: newID(), Kind: "cancel"})
	wantError(t, err, crm.Invalid, "visit")
	_, err = h.work.Apply(h.system, work.Command{ID: newID(), Kind: "cancel", Visit: newID(), BaseVersion: 1})
	wantError(t, err, crm.NotFound, "")
}

func TestAPromiseIsBrokenKnowinglyOnly(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	promised := h.inState("promised") // between 8 and 10
	tech2 := h.resources["tech2"].ID

	late := h.decide(h.as("dispatcher"), "assign", promised, fields{"resource_id": tech2, "start": h.at(11 * time.Hour)})
	if late.Decision != work.Conflicts || late.Reason != "promise" {
		t.Errorf("outside the promise: want a conflict named promise, got %+v", late)
	}
	gone := h.decide(h.as("dispatcher"), "unassign", promised, nil)
	if gone.Decision != work.Conflicts || gone.Reason != "promise" {
		t.Errorf("unassign: want a conflict named promise, got %+v", gone)
	}
	within := h.apply(h.as("dispatcher"), "assign", promised, fields{"resource_id": tech2, "start": h.at(10 * time.Hour)})
	if within.State != work.Promised || within.PromiseStart == nil {
		t.Errorf("within the promise: want it still promised, got %s", within.State)
	}
	route := h.route(h.resources["tech1"], h.today.Add(1), within)
	if err := h.publishAs(h.system, publication([]work.Route{route}, within)); crm.KindOf(err) != crm.Conflict {
		t.Errorf("publishing on another day: want a conflict, got %v", err)
	}
	if diff := cmp.Diff(within, h.visit(within.ID)); diff != "" {
		t.Errorf("a publication that was refused left traces (-want +got)\n%s", diff)
	}
	broken := h.apply(h.as("dispatcher"), "assign", within, fields{"resource_id": tech2, "start": h.at(11 * time.Hour), "override": true})
	if !broken.StartAt.Equal(h.at(11 * time.Hour)) {
		t.Errorf("with override: want 11 o'clock, got %v", broken.StartAt)
	}
	free := h.apply(h.as("dispatcher"), "unassign", broken, fields{"override": true})
	if free.State != work.Proposed || free.PromiseStart != nil || free.ResourceID != nil {
		t.Errorf("with override: want a proposed visit without promise, got %+v", free)
	}
	moved := h.dispatched(h.inState("planned"), "tech1")
	moved = h.apply(h.as("dispatcher"), "promise", moved, work.Window{Start: moved.StartAt.Add(-time.Hour), End: moved.StartAt.Add(time.Hour)})
	moved = h.apply(h.as("dispatcher"), "assign", moved, fields{"resource_id": tech2, "start": *moved.StartAt})
	if moved.State != work.Promised {
		t.Errorf("a promised visit taken off its route: want it promised, got %s", moved.State)
	}
}

func TestARetryGetsItsFirstVerdict(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := h.as("dispatcher")
	v := h.inState("planned")
	for _, row := range []struct {
		name    string
		command work.Command
		first   work.Decision
	}{
		{"carried out", work.Command{Kind: "pin", BaseVersion: v.Version}, work.Applied},
		{"stale", work.Command{Kind: "pin", BaseVersion: 99}, work.Conflicts},
		{"against the state", work.Command{Kind: "start"}, work.Conflicts},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.command.ID, row.command.Visit = newID(), v.ID
			first, err := h.work.Apply(ctx, row.command)
			must(t, err)
			if first.Decision != row.first {
				t.Fatalf("want %s, got %+v", row.first, first)
			}
			before := h.visit(v.ID)
			row.command.Payload = json.RawMessage(" {} ") // blanks do not make it another command
			again, err := h.work.Apply(ctx, row.command)
			must(t, err)
			want := work.Verdict{Command: row.command.ID, Decision: work.Duplicate, First: row.first, Reason: first.Reason, Message: first.Message, Visit: &before}
			if diff := cmp.Diff(want, again); diff != "" {
				t.Errorf("the retry (-want +got)\n%s", diff)
			}
			row.command.Payload = json.RawMessage(`{"reason": "x"}`)
			_, err = h.work.Apply(ctx, row.command)
			wantError(t, err, crm.Conflict, "")
			if diff := cmp.Diff(before, h.visit(v.ID)); diff != "" {
				t.Errorf("the visit changed (-want +got)\n%s", diff)
			}
		})
	}
}

func TestTwoRetriesAtOnceCountOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	v := h.inState("planned")
	c := work.Command{ID: newID(), Kind: "add_note", Visit: v.ID, Payload: payload(fields{"text": "once"})}
	decisions := make(chan work.Decision, 8)
	for range 8 {
		go func() {
			got, err := h.work.Apply(h.system, c)
			if err != nil {
				t.Error(err)
			}
			decisions <- got.Decision
		}()
	}
	count := map[work.Decision]int{}
	for range 8 {
		count[<-decisions]++
	}
	if diff := cmp.Diff(map[work.Decision]int{work.Applied: 1, work.Duplicate: 7}, count); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := h.visit(v.ID).Note; got != "once" {
		t.Errorf("want the note once, got %q", got)
	}
}

func TestAStaleVersionChangesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	old := h.inState("planned")
	now := h.apply(h.as("agent"), "change_visit", old, fields{"priority": 50})
	got := h.decide(h.as("dispatcher"), "cancel", old, nil)
	if got.Decision != work.Conflicts || got.Reason != "stale" {
		t.Errorf("want a conflict named stale, got %+v", got)
	}
	if diff := cmp.Diff(now, h.visit(old.ID)); diff != "" {
		t.Errorf("the visit changed (-want +got)\n%s", diff)
	}
	errs := make(chan work.Decision, 2)
	for _, title := range []string{"first", "second"} {
		go func() {
			got, err := h.work.Apply(h.system, work.Command{ID: newID(), Kind: "change_visit", Visit: now.ID, BaseVersion: now.Version, Payload: payload(fields{"title": title})})
			if err != nil {
				t.Error(err)
			}
			errs <- got.Decision
		}()
	}
	a, b := <-errs, <-errs
	if !(a == work.Applied && b == work.Conflicts || a == work.Conflicts && b == work.Applied) {
		t.Errorf("two changes of one version at once: want one applied and one conflict, got %s and %s", a, b)
	}
}

func TestManyAtOnceLoseNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	v := h.inState("planned")
	const many = 40
	var group sync.WaitGroup
	for i := range many {
		group.Go(func() {
			c := work.Command{ID: newID(), Kind: "add_note", Visit: v.ID, Payload: payload(fields{"text": fmt.Sprint(i)})}
			if _, err := h.work.Apply(h.system, c); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	got := h.visit(v.ID)
	if n := len(strings.Fields(got.Note)); n != many || got.Version != v.Version+many {
		t.Errorf("want %d notes and version %d, got %d and %d", many, v.Version+many, n, got.Version)
	}
}

func TestUndoTakesOnesOwnLastCommandBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	undo := func(who string, v work.Visit, command uuid.UUID) (work.Verdict, error) {
		return h.work.Apply(h.as(who), work.Command{ID: newID(), Kind: "undo", Visit: v.ID, Payload: payload(fields{"command": command})})
	}
	send := func(who, kind string, v work.Visit, p any) (work.Visit, uuid.UUID) {
		t.Helper()
		c := work.Command{ID: newID(), Kind: kind, Visit: v.ID, BaseVersion: v.Version, Payload: payload(p)}
		got, err := h.work.Apply(h.as(who), c)
		must(t, err)
		if got.Decision != work.Applied {
			t.Fatalf("%s: %+v", kind, got)
		}
		return *got.Visit, c.ID
	}
	// what a person can see of a visit, but for its version
	same := func(a, b work.Visit) string {
		a.Version, b.Version, a.UpdatedAt, b.UpdatedAt = 0, 0, time.Time{}, time.Time{}
		return cmp.Diff(a, b)
	}
	for _, row := range []struct {
		name, who, state, kind string
		payload                any
		back                   work.State
	}{
		{"an assignment", "manager", "proposed", "assign", fields{"resource_id": h.resources["tech1"].ID, "start": h.at(9 * time.Hour)}, work.Proposed},
		{"an unassignment", "dispatcher", "planned", "unassign", nil, work.Planned},
		{"a change of fields", "agent", "planned", "change_visit", fields{"title": "x", "priority": 9, "skills": []string{"oil"}, "windows": []any{}}, work.Planned},
		{"a pin", "dispatcher", "planned", "pin", nil, work.Planned},
		{"a promise", "dispatcher", "planned", "promise", work.Window{Start: h.at(8 * time.Hour), End: h.at(10 * time.Hour)}, work.Planned},
		{"a cancellation", "dispatcher", "planned", "cancel", fields{"reason": "oops"}, work.Planned},
		{"a completion tapped by mistake", "tech1", "dispatched", "complete", nil, work.Dispatched},
		{"a departure tapped by mistake", "tech1", "planned", "start_travel", nil, work.Planned},
	} {
		t.Run(row.name, func(t *testing.T) {
			before := h.inState(row.state)
			after, command := send(row.who, row.kind, before, row.payload)
			got, err := undo(row.who, after, command)
			must(t, err)
			if got.Decision != work.Applied || got.Visit.State != row.back {
				t.Fatalf("want it back at %s, got %+v", row.back, got)
			}
			if diff := same(before, *got.Visit); diff != "" {
				t.Errorf("(-before +after undo)\n%s", diff)
			}
			if got.Visit.Version != after.Version+1 {
				t.Errorf("want version %d, got %d", after.Version+1, got.Visit.Version)
			}
		})
	}
	t.Run("a reassignment whose stop was taken off the route comes back planned", func(t *testing.T) {
		before := h.dispatched(h.addVisit("north", nil), "tech1")
		after, command := send("dispatcher", "assign", before, fields{"resource_id": h.resources["tech2"].ID, "start": h.at(9 * time.Hour)})
		got, err := undo("dispatcher", after, command)
		must(t, err)
		if got.Visit.State != work.Planned || *got.Visit.ResourceID != h.resources["tech1"].ID {
			t.Errorf("want it planned for tech1, got %s", got.Visit.State)
		}
	})
	t.Run("not when something happened since", func(t *testing.T) {
		after, command := send("dispatcher", "pin", h.inState("planned"), nil)
		h.apply(h.as("agent"), "change_visit", after, fields{"title": "meanwhile"})
		got, err := undo("dispatcher", after, command)
		must(t, err)
		if got.Decision != work.Conflicts || got.Reason != "stale" || got.Visit.Title != "meanwhile" || !got.Visit.Pinned {
			t.Errorf("want a conflict named stale, got %+v", got)
		}
	})
	t.Run("not what somebody else did", func(t *testing.T) {
		after, command := send("dispatcher", "pin", h.inState("planned"), nil)
		got, err := undo("manager", after, command)
		must(t, err)
		if got.Decision != work.Conflicts {
			t.Errorf("want a conflict, got %+v", got)
		}
	})
	t.Run("not without the right to do it", func(t *testing.T) {
		after, command := send("dispatcher", "pin", h.inState("planned"), nil)
		_, err := undo("tech1", after, command)
		if k := crm.KindOf(err); k != crm.Forbidden && k != crm.Invalid { // a technician does not see the command
			t.Errorf("want a refusal, got %v", err)
		}
	})
	t.Run("not a publication", func(t *testing.T) {
		v := h.dispatched(h.addVisit("north", nil), "tech1")
		var command uuid.UUID
		must(t, h.query(`select id from work.command where visit_id = $1 and kind = 'publish'`, []any{v.ID}, &command))
		_, err := undo("dispatcher", v, command)
		wantError(t, err, crm.Invalid, "payload.command")
	})
}

func TestSeveralCommandsAreAppliedTogetherOrNotAtAll(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a, b := h.inState("planned"), h.inState("planned")
	pin := func(v work.Visit, version int) work.Command {
		return work.Command{ID: newID(), Kind: "pin", Visit: v.ID, BaseVersion: version}
	}
	_, err := h.work.ApplyAll(h.system, []work.Command{pin(a, a.Version), pin(b, 99)})
	wantError(t, err, crm.Conflict, "")
	if h.visit(a.ID).Pinned {
		t.Error("the first was carried out though the second was not")
	}
	commands := []work.Command{pin(a, a.Version), pin(b, b.Version)}
	for _, want := range []work.Decision{work.Applied, work.Duplicate} {
		got, err := h.work.ApplyAll(h.system, commands)
		must(t, err)
		if len(got) != 2 || got[0].Decision != want || got[1].Decision != want {
			t.Errorf("want both %s, got %+v", want, got)
		}
	}
	// Two people who change the same visits in opposite order do not stand in each other's way.
	errs := make(chan error, 20)
	for i := range 20 {
		go func() {
			x := []work.Command{{ID: newID(), Kind: "add_note", Visit: a.ID, Payload: payload(fields{"text": fmt.Sprint(i)})},
				{ID: newID(), Kind: "add_note", Visit: b.ID, Payload: payload(fields{"text": fmt.Sprint(i)})}}
			if i%2 == 0 {
				x[0], x[1] = x[1], x[0]
			}
			_, err := h.work.ApplyAll(h.system, x)
			errs <- err
		}()
	}
	for range 20 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if n := len(strings.Fields(h.visit(a.ID).Note)); n != 20 {
		t.Errorf("want 20 notes, got %d", n)
	}
}

func TestAVisitFollowsItsAccountToANewOwner(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	v := h.addVisit("north", nil)
	done := h.inState("done")
	account, err := h.customers.Account(h.system, v.AccountID)
	must(t, err)
	rep2 := h.staff["rep2"].ID
	err = h.changeAccount(h.system, account, accountOwner(rep2, h.teams[1]))
	must(t, err)
	if got := h.visit(v.ID); got.OwnerID == nil || *got.OwnerID != rep2 {
		t.Errorf("the open visit: want the new owner, got %v", got.OwnerID)
	}
	if got := h.visit(done.ID); got.OwnerID == nil || *got.OwnerID != h.staff["rep1"].ID {
		t.Errorf("what is done stays with who owned it then, got %v", got.OwnerID)
	}
	if _, err := h.work.Visit(h.as("rep1"), v.ID); crm.KindOf(err) != crm.NotFound {
		t.Errorf("the old owner still sees the visit: %v", err)
	}
	if _, err := h.work.Visit(h.as("rep2"), v.ID); err != nil {
		t.Errorf("the new owner: %v", err)
	}
}
