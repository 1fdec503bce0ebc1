package work_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"catchment/crm"
	"catchment/crm/work"
)

// phone is a technician's device as the protocol knows it: a queue of commands, the first unanswered of which is
// sent again until it is answered.
type phone struct {
	tech     string
	ctx      context.Context
	device   uuid.UUID
	queue    []work.Command
	answered int // how many commands from the front the phone knows the verdict of
	verdicts map[uuid.UUID]work.Verdict
}

func (h *house) phone(tech string) *phone {
	h.t.Helper()
	p := &phone{tech: tech, ctx: h.as(tech), device: newID(), verdicts: map[uuid.UUID]work.Verdict{}}
	_, err := h.work.RegisterDevice(p.ctx, p.device, tech+"'s phone")
	must(h.t, err)
	return p
}

func (p *phone) tap(kind string, visit uuid.UUID, more any) work.Command {
	c := work.Command{ID: newID(), Seq: int64(len(p.queue)) + 1, Kind: kind, Visit: visit, DeviceTime: time.Now(), Payload: payload(more)}
	p.queue = append(p.queue, c)
	return c
}

// hear takes an answer in.
func (p *phone) hear(verdicts []work.Verdict) error {
	for _, v := range verdicts {
		if v.Decision == work.Gap {
			continue
		}
		told := v
		if told.Decision == work.Duplicate {
			told.Decision, told.First = told.First, ""
		}
		told.Visit = nil
		if before, known := p.verdicts[v.Command]; known {
			if diff := cmp.Diff(before, told); diff != "" {
				return fmt.Errorf("the verdict on a command changed (-first +again)\n%s", diff)
			}
		}
		p.verdicts[v.Command] = told
	}
	for p.answered < len(p.queue) {
		if _, known := p.verdicts[p.queue[p.answered].ID]; !known {
			break
		}
		p.answered++
	}
	return nil
}

// place is what the model knows of a visit.
type place struct {
	id      uuid.UUID
	state   string
	holder  string // technician, "" while unassigned
	started bool
	applied int // commands carried out, without add_visit
	notes   []string
}

// model decides commands by the table of command_test.go and the rules of the protocol alone.
type model struct {
	allowed map[string]map[string]bool // kind → state → carried out
	places  map[uuid.UUID]*place
	last    map[uuid.UUID]int64 // by device
	want    map[uuid.UUID]want  // by command
}

type want struct {
	decision work.Decision
	reason   string
}

func newModel() *model {
	m := &model{allowed: map[string]map[string]bool{}, places: map[uuid.UUID]*place{}, last: map[uuid.UUID]int64{}, want: map[uuid.UUID]want{}}
	lines := strings.Split(strings.TrimSpace(matrix), "\n")
	states := strings.Fields(lines[0])
	for _, line := range lines[1:] {
		words := strings.Fields(line)
		m.allowed[words[0]] = map[string]bool{}
		for i, s := range states {
			m.allowed[words[0]][s] = words[i+1] == "x"
		}
	}
	return m
}

// decide says what the server must answer to one command, and does it.
func (m *model) decide(p *phone, c work.Command) want {
	if w, known := m.want[c.ID]; known {
		return w
	}
	if c.Seq != m.last[p.device]+1 {
		return want{work.Gap, "gap"}
	}
	m.last[p.device]++
	v := m.places[c.Visit]
	w := want{decision: work.Applied}
	switch {
	case v.holder != p.tech:
		w = want{work.Conflicts, "handed_over"}
	case !m.allowed[c.Kind][v.state], c.Kind == "start" && v.started:
		w = want{work.Conflicts, "state"}
	}
	m.want[c.ID] = w
	if w.decision != work.Applied {
		return w
	}
	v.applied++
	if next, moves := becomes[c.Kind]; moves {
		v.state = string(next)
	}
	switch c.Kind {
	case "start":
		v.started = true
	case "add_note":
		var note struct{ Text string }
		json.Unmarshal(c.Payload, &note)
		v.notes = append(v.notes, note.Text)
	}
	return w
}

// kindsOnTheRoad are what a technician can tap.
var kindsOnTheRoad = []string{"acknowledge", "start_travel", "arrive", "start", "complete", "cannot_complete", "no_access", "add_note", "add_note"}

func roadPayload(kind string, nth int, tech string) any {
	switch kind {
	case "add_note":
		return fields{"text": fmt.Sprintf("%s-%d", tech, nth)}
	case "cannot_complete":
		return fields{"reason": "part_missing", "note": fmt.Sprint(nth)}
	}
	return fields{}
}

// TestSyncLosesNothingDoublesNothingAndKeepsTheOrder plays random histories of two phones and the office against
// the database: taps offline, batches of any length from any place of the queue, lost answers, late duplicates,
// visits cancelled and handed over meanwhile. The model above says what each answer must be.
func TestSyncLosesNothingDoublesNothingAndKeepsTheOrder(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	office := h.as("dispatcher")
	rapid.Check(t, func(t *rapid.T) {
		m := newModel()
		phones := []*phone{h.phone("tech1"), h.phone("tech2")}
		var visits []uuid.UUID
		for i := range 3 {
			tech := []string{"tech1", "tech2", "tech1"}[i]
			v := h.assigned("north", tech, time.Duration(8+i)*time.Hour)
			visits = append(visits, v.ID)
			m.places[v.ID] = &place{id: v.ID, state: "planned", holder: tech, applied: 1}
		}
		send := func(p *phone, from, to int, heard bool) {
			if from >= to {
				return
			}
			got, err := h.work.Sync(p.ctx, p.device, p.queue[from:to])
			if err != nil {
				t.Fatalf("sync: %v", err)
			}
			if len(got) != to-from {
				t.Fatalf("want %d verdicts, got %d", to-from, len(got))
			}
			gap := false
			for i, c := range p.queue[from:to] {
				w := want{work.Gap, "gap"}
				if !gap {
					w = m.decide(p, c)
				}
				gap = gap || w.decision == work.Gap
				decision := got[i].Decision
				if decision == work.Duplicate {
					decision = got[i].First
				}
				if got[i].Command != c.ID || decision != w.decision || got[i].Reason != w.reason {
					t.Fatalf("%s's %d. command (%s): want %v, got %+v", p.tech, c.Seq, c.Kind, w, got[i])
				}
			}
			if heard {
				if err := p.hear(got); err != nil {
					t.Fatal(err)
				}
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"tap": func(t *rapid.T) {
				p := rapid.SampledFrom(phones).Draw(t, "phone")
				kind := rapid.SampledFrom(kindsOnTheRoad).Draw(t, "kind")
				p.tap(kind, rapid.SampledFrom(visits).Draw(t, "visit"), roadPayload(kind, len(p.queue), p.tech))
			},
			"send what is unanswered": func(t *rapid.T) {
				p := rapid.SampledFrom(phones).Draw(t, "phone")
				n := rapid.IntRange(p.answered, len(p.queue)).Draw(t, "to")
				send(p, p.answered, n, rapid.Bool().Draw(t, "answer arrives"))
			},
			"an old or early batch arrives": func(t *rapid.T) {
				p := rapid.SampledFrom(phones).Draw(t, "phone")
				from := rapid.IntRange(0, len(p.queue)).Draw(t, "from")
				send(p, from, rapid.IntRange(from, len(p.queue)).Draw(t, "to"), rapid.Bool().Draw(t, "answer arrives"))
			},
			"the office cancels or hands over": func(t *rapid.T) {
				v := h.visit(rapid.SampledFrom(visits).Draw(t, "visit"))
				place := m.places[v.ID]
				kind := rapid.SampledFrom([]string{"cancel", "assign", "unassign"}).Draw(t, "kind")
				to := rapid.SampledFrom([]string{"tech1", "tech2"}).Draw(t, "to")
				var p any
				if kind == "assign" {
					p = fields{"resource_id": h.resources[to].ID, "start": h.at(14 * time.Hour)}
				}
				got := h.decide(office, kind, v, p)
				if applied := got.Decision == work.Applied; applied != m.allowed[kind][place.state] {
					t.Fatalf("%s of a visit that is %s: %+v", kind, place.state, got)
				} else if !applied {
					return
				}
				place.applied++
				switch kind {
				case "cancel":
					place.state = "cancelled"
				case "assign":
					place.state, place.holder = "planned", to
				case "unassign":
					place.state, place.holder = "proposed", ""
				}
			},
		})
		for _, p := range phones { // back in reach: all is sent and answered
			for p.answered < len(p.queue) {
				send(p, p.answered, len(p.queue), true)
			}
		}
		if err := h.checkHistory(phones, visits); err != nil {
			t.Fatal(err)
		}
		for id, place := range m.places {
			v := h.visit(id)
			if v.Version != 1+place.applied || string(v.State) != place.state || v.Started != place.started {
				t.Fatalf("want version %d and %s, got version %d and %s", 1+place.applied, place.state, v.Version, v.State)
			}
			if diff := cmp.Diff(strings.Join(place.notes, "\n"), v.Note); diff != "" {
				t.Fatalf("notes (-want +got)\n%s", diff)
			}
		}
	})
}

// checkHistory demands of what is stored: each phone's commands once and in order, their verdicts as answered,
// every conflict among the disputes with all that was entered. It settles the disputes.
func (h *house) checkHistory(phones []*phone, visits []uuid.UUID) error {
	disputes := map[uuid.UUID]work.Dispute{}
	for cursor := ""; ; {
		page, err := h.work.Disputes(h.as("dispatcher"), cursor, 2)
		if err != nil {
			return err
		}
		for _, d := range page.Items {
			disputes[d.Command] = d
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	for _, p := range phones {
		var ids []uuid.UUID
		var lastSeq int64
		err := h.query(`select coalesce(array_agg(c.id order by c.seq), '{}'), (select last_seq from work.device where id = $1)
			from work.command c where c.device_id = $1`, []any{p.device}, &ids, &lastSeq)
		if err != nil {
			return err
		}
		var want []uuid.UUID
		for _, c := range p.queue {
			want = append(want, c.ID)
		}
		if !slices.Equal(want, ids) || lastSeq != int64(len(p.queue)) {
			return fmt.Errorf("%s: want %d commands stored once in order, got %d of %d", p.tech, len(want), len(ids), lastSeq)
		}
		for _, c := range p.queue {
			verdict := p.verdicts[c.ID]
			d, disputed := disputes[c.ID]
			if disputed != (verdict.Decision == work.Conflicts) {
				return fmt.Errorf("%s of %s was answered %s; among the disputes: %v", c.Kind, p.tech, verdict.Decision, disputed)
			}
			if !disputed {
				continue
			}
			var sent, kept any
			json.Unmarshal(c.Payload, &sent)
			json.Unmarshal(d.Payload, &kept)
			if !cmp.Equal(sent, kept) || d.Reason != verdict.Reason || d.ActorName != p.tech || d.Message == "" {
				return fmt.Errorf("the dispute %+v does not tell what was entered: %s", d, c.Payload)
			}
			if err := h.work.Settle(h.as("dispatcher"), c.ID); err != nil {
				return err
			}
			if err := h.work.Settle(h.as("dispatcher"), c.ID); crm.KindOf(err) != crm.NotFound {
				return fmt.Errorf("settled twice: %v", err)
			}
		}
	}
	for _, id := range visits {
		var applied int
		if err := h.query(`select count(*) from work.command where visit_id = $1 and verdict = 'applied'`, []any{id}, &applied); err != nil {
			return err
		}
		v, err := h.work.Visit(h.system, id)
		if err != nil {
			return err
		}
		if v.Version != applied {
			return fmt.Errorf("%d commands were carried out, and the visit is at version %d", applied, v.Version)
		}
	}
	return nil
}

// TestPhonesAndOfficeAtTheSameTime lets two phones send everything several times over, each batch from several
// connections at once, while the office cancels and hands over.
func TestPhonesAndOfficeAtTheSameTime(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var visits []uuid.UUID
	for i := range 4 {
		visits = append(visits, h.assigned("north", []string{"tech1", "tech2"}[i%2], time.Duration(8+i)*time.Hour).ID)
	}
	phones := []*phone{h.phone("tech1"), h.phone("tech2")}
	var group sync.WaitGroup
	var lock sync.Mutex // of the phones' memories
	for _, p := range phones {
		for i := range 24 {
			kind := kindsOnTheRoad[(i*5)%len(kindsOnTheRoad)]
			p.tap(kind, visits[i%4], roadPayload(kind, i, p.tech))
		}
		for connection := range 3 {
			group.Go(func() {
				for from := 0; from < len(p.queue); {
					to := min(from+3+connection, len(p.queue))
					got, err := h.work.Sync(p.ctx, p.device, p.queue[from:to])
					if err != nil {
						t.Errorf("sync: %v", err)
						return
					}
					lock.Lock()
					if connection != 1 { // of this one all answers are lost
						if err := p.hear(got); err != nil {
							t.Error(err)
						}
					}
					lock.Unlock()
					if got[len(got)-1].Decision != work.Gap {
						from = to
					}
				}
			})
		}
	}
	group.Go(func() {
		for i := range 12 {
			v := h.visit(visits[i%4])
			kind, p := "assign", any(fields{"resource_id": h.resources[[]string{"tech2", "tech1"}[i/4%2]].ID, "start": h.at(13 * time.Hour)})
			if i > 8 {
				kind, p = "cancel", fields{"reason": "late"}
			}
			c := work.Command{ID: newID(), Kind: kind, Visit: v.ID, BaseVersion: v.Version, Payload: payload(p)}
			if _, err := h.work.Apply(h.system, c); err != nil {
				t.Errorf("office: %v", err)
			}
		}
	})
	group.Wait()
	if t.Failed() {
		return
	}
	if err := h.checkHistory(phones, visits); err != nil {
		t.Error(err)
	}
	for _, id := range visits { // what one phone noted stands in the order in which it was noted
		last := map[string]int{}
		for _, note := range strings.Fields(h.visit(id).Note) {
			tech, nth, _ := strings.Cut(note, "-")
			var n int
			fmt.Sscan(nth, &n)
			if before, any := last[tech]; any && n <= before {
				t.Errorf("note %s comes after %s-%d", note, tech, before)
			}
			last[tech] = n
		}
	}
}

func TestWhatADeviceMayNotSend(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	visit := h.assigned("north", "tech1", 9*time.Hour).ID
	p := h.phone("tech1")
	note := func(seq int64) work.Command {
		return work.Command{ID: newID(), Seq: seq, Kind: "add_note", Visit: visit, Payload: payload(fields{"text": "x"})}
	}
	first := note(1)
	if got, err := h.work.Sync(p.ctx, p.device, []work.Command{first}); err != nil || got[0].Decision != work.Applied {
		t.Fatalf("want it applied, got %+v, %v", got, err)
	}
	other := first
	other.Payload = payload(fields{"text": "y"})
	for _, row := range []struct {
		name     string
		ctx      context.Context
		device   uuid.UUID
		commands []work.Command
		kind     crm.Kind
		field    string
	}{
		{"a device nobody registered", p.ctx, newID(), []work.Command{note(1)}, crm.Forbidden, ""},
		{"somebody else's device", h.as("tech2"), p.device, []work.Command{note(2)}, crm.Forbidden, ""},
		{"somebody who does not work on the road", h.as("marketer"), p.device, []work.Command{note(2)}, crm.Forbidden, ""},
		{"the same command with another content", p.ctx, p.device, []work.Command{other}, crm.Conflict, ""},
		{"another command under a number already used", p.ctx, p.device, []work.Command{note(1)}, crm.Conflict, ""},
		{"a command without an id", p.ctx, p.device, []work.Command{note(2), {Seq: 3, Kind: "add_note", Visit: visit}}, crm.Invalid, "commands[1].id"},
		{"a command without a number", p.ctx, p.device, []work.Command{note(0)}, crm.Invalid, "commands[0].seq"},
		{"501 commands", p.ctx, p.device, make([]work.Command, 501), crm.Invalid, "commands"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := h.work.Sync(row.ctx, row.device, row.commands)
			wantError(t, err, row.kind, row.field)
		})
	}
	if _, err := h.work.RegisterDevice(h.as("tech2"), p.device, "mine now"); crm.KindOf(err) != crm.Forbidden {
		t.Errorf("taking over a device: want forbidden, got %v", err)
	}
	if err := h.work.RevokeDevice(h.as("dispatcher"), p.device); crm.KindOf(err) != crm.Forbidden {
		t.Errorf("a dispatcher revokes: want forbidden, got %v", err)
	}
	must(t, h.work.RevokeDevice(h.as("admin"), p.device))
	_, err := h.work.Sync(p.ctx, p.device, []work.Command{note(2)})
	wantError(t, err, crm.Forbidden, "")
	if got := h.visit(visit).Note; got != "x" {
		t.Errorf("want the one note that was allowed, got %q", got)
	}
}

func TestACommandThatCannotBeReadDoesNotBlockTheQueue(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	visit := h.assigned("north", "tech1", 9*time.Hour).ID
	p := h.phone("tech1")
	commands := []work.Command{
		{Kind: "teleport", Payload: payload(fields{})},
		{Kind: "add_note", Payload: json.RawMessage(`{"text": "a zero \u0000 byte"}`)},
		{Kind: "add_note", Payload: json.RawMessage(`{"text": `)},
		{Kind: "add_note", Payload: json.RawMessage(`{"text": 1e999999}`)},
		{Kind: "add_note", Payload: json.RawMessage("{\"text\": \"\xff\", \"more\": 1}")},
		{Kind: "tele\x00port", Payload: payload(fields{})},
		{Kind: "publish", Payload: payload(fields{})},
		{Kind: "cancel", Payload: payload(fields{})}, // not his to do
		{Kind: "add_note", Payload: payload(fields{"text": "the last word"})},
	}
	for i := range commands {
		commands[i].ID, commands[i].Seq, commands[i].Visit = newID(), int64(i+1), visit
	}
	for range 2 { // the second time as duplicates
		got, err := h.work.Sync(p.ctx, p.device, commands)
		must(t, err)
		for i, v := range got {
			decision := v.Decision
			if decision == work.Duplicate {
				decision = v.First
			}
			want := work.Refused
			if i == len(commands)-1 {
				want = work.Applied
			} else if v.Message == "" {
				t.Errorf("command %d is refused without a word", i)
			}
			if decision != want {
				t.Errorf("command %d (%s %s): want %s, got %+v", i, commands[i].Kind, commands[i].Payload, want, v)
			}
		}
	}
	if got := h.visit(visit).Note; got != "the last word" {
		t.Errorf("want the last note, got %q", got)
	}
}

func TestWorkDoneOnAVisitTakenAwayIsKept(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	v := h.assigned("north", "tech1", 9*time.Hour)
	p := h.phone("tech1")
	done := p.tap("complete", v.ID, fields{"note": "burner replaced, 2 h"})
	h.apply(h.as("dispatcher"), "assign", v, fields{"resource_id": h.resources["tech2"].ID, "start": h.at(9 * time.Hour)})
	got, err := h.work.Sync(p.ctx, p.device, p.queue)
	must(t, err)
	if got[0].Decision != work.Conflicts || got[0].Reason != "handed_over" || got[0].Visit != nil {
		t.Errorf("want a conflict named handed_over that tells nothing of the visit, got %+v", got[0])
	}
	if state := h.visit(v.ID).State; state != work.Planned {
		t.Errorf("want the visit planned for tech2, got %s", state)
	}
	page, err := h.work.Disputes(h.as("dispatcher"), "", 0)
	must(t, err)
	if len(page.Items) != 1 || page.Items[0].Command != done.ID || !strings.Contains(string(page.Items[0].Payload), "burner replaced, 2 h") {
		t.Errorf("want what he entered among the disputes, got %+v", page.Items)
	}
	entries, err := h.store.Timeline(h.as("dispatcher"), v.ID, "", 0)
	must(t, err)
	if entries.Items[0].Verb != "disputed" || entries.Items[0].ActorName != "tech1" {
		t.Errorf("want the dispute on the visit's timeline, got %+v", entries.Items[0])
	}
	if page, err := h.work.Disputes(h.as("tech2"), "", 0); err != nil || len(page.Items) != 0 {
		t.Errorf("a colleague sees no disputes, got %+v, %v", page.Items, err)
	}
	if _, err := h.work.Disputes(h.as("dispatcher"), "bm9uc2Vuc2U", 0); crm.KindOf(err) != crm.Invalid {
		t.Errorf("a cursor that is none: want invalid, got %v", err)
	}
}

func TestTheClockOfADeviceIsBelievedWithinReason(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.phone("tech1")
	for _, row := range []struct {
		name  string
		off   time.Duration
		taken bool // the device's time counts
	}{
		{"an hour ago", -time.Hour, true},
		{"three days ago, after a weekend offline", -72 * time.Hour, true},
		{"15 days ago", -15 * 24 * time.Hour, false},
		{"two minutes ahead", 2 * time.Minute, true},
		{"three days ahead", 72 * time.Hour, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			v := h.assigned("north", "tech1", 9*time.Hour)
			c := p.tap("complete", v.ID, fields{})
			p.queue[len(p.queue)-1].DeviceTime = h.now.Add(row.off)
			got, err := h.work.Sync(p.ctx, p.device, p.queue[c.Seq-1:])
			must(t, err)
			want := h.now
			if row.taken {
				want = h.now.Add(row.off)
			}
			if got[0].Visit == nil || !got[0].Visit.OutcomeAt.Equal(want) {
				t.Errorf("want it done at %v, got %+v", want, got[0])
			}
		})
	}
}
