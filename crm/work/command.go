package work

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"catchment/crm"
)

// Command is one act upon a visit. It is sent until it is answered; its id makes sure it counts once.
type Command struct {
	ID          uuid.UUID
	Device      *uuid.UUID // nil from the office
	Seq         int64      // position in the device's queue, from 1; 0 from the office
	Kind        string     // a key of the table of acts below
	Visit       uuid.UUID
	BaseVersion int       // version of the visit the act was decided on; 0 where it does not matter
	DeviceTime  time.Time // by the device's clock; zero means now
	Payload     json.RawMessage
}

// Decision tells what became of a command.
type Decision string

// Decisions. A conflict is kept for a person to decide; a refused command changed nothing and never will.
const (
	Applied   Decision = "applied"
	Duplicate Decision = "duplicate" // already decided; the verdict tells how
	Gap       Decision = "gap"       // an earlier command of the device is missing; send from there
	Conflicts Decision = "conflict"
	Refused   Decision = "refused"
)

// Verdict is the answer to a command.
type Verdict struct {
	Command  uuid.UUID
	Decision Decision
	First    Decision // of a duplicate: how it was decided the first time
	Reason   string   // a word for programs: "stale", "state", "handed_over", "promise", "invalid", …
	Message  string   // for people
	Field    string   // of an invalid payload
	Visit    *Visit   // as it is now, if the actor may see it
}

// act is how one kind of command changes a visit.
type act struct {
	right    crm.Right
	verb     string // in the event log
	needBase bool   // decided on a version: stale ones are conflicts
	from     []State
	// apply changes the visit; it returns *refusal for what the act's own rules forbid, or an Invalid error.
	apply func(ctx context.Context, tx pgx.Tx, w *Work, v *Visit, c Command) error
}

// refusal is an act forbidden by the visit's state or a promise: a conflict for a person to decide.
type refusal struct{ reason, message string }

func (r *refusal) Error() string { return r.message }

// Apply decides one command from the office and carries it out. A command already decided gets its verdict
// again; the same id with another content is a Conflict error. Errors of other kinds say that the command could
// not be decided and may be sent again.
func (w *Work) Apply(ctx context.Context, c Command) (Verdict, error) {
	if err := c.check(); err != nil {
		return Verdict{}, err
	}
	var verdict Verdict
	err := w.Store.WriteRetry(ctx, func(tx pgx.Tx) error {
		var err error
		verdict, err = w.decide(ctx, tx, c)
		return err
	})
	return verdict, err
}

// check refuses what nobody may send.
func (c Command) check() error {
	switch {
	case c.ID == uuid.Nil:
		return crm.Invalidf("id", "a command needs an id of its own")
	case c.Visit == uuid.Nil:
		return crm.Invalidf("visit", "a command needs a visit")
	case c.Kind == "publish":
		return crm.Invalidf("kind", "whole plans are published, not single visits")
	}
	return nil
}

// ApplyAll decides several commands in one transaction: all are applied, or none is and the error tells which
// one was not.
func (w *Work) ApplyAll(ctx context.Context, commands []Command) ([]Verdict, error) {
	verdicts := make([]Verdict, 0, len(commands))
	visits := make([]uuid.UUID, len(commands))
	for i, c := range commands {
		if err := c.check(); err != nil {
			return nil, err
		}
		visits[i] = c.Visit
	}
	err := w.Store.Write(ctx, func(tx pgx.Tx) error {
		if err := lockVisits(ctx, tx, visits); err != nil {
			return err
		}
		for i, c := range commands {
			v, err := w.decide(ctx, tx, c)
			if err != nil {
				return err
			}
			if v.Decision != Applied && !(v.Decision == Duplicate && v.First == Applied) {
				return crm.Conflictf("command %d: %s", i, v.Message)
			}
			verdicts = append(verdicts, v)
		}
		return nil
	})
	return verdicts, err
}

// decide finds the verdict of a command within a transaction and stores it.
func (w *Work) decide(ctx context.Context, tx pgx.Tx, c Command) (Verdict, error) {
	a, known := acts[c.Kind]
	if !known {
		return Verdict{}, crm.Invalidf("kind", "there is no command %q", c.Kind)
	}
	actor, err := crm.Require(ctx, a.right)
	if err != nil {
		return Verdict{}, err
	}
	hash := c.hash()
	if earlier, err := decided(ctx, tx, c.ID, hash); err != nil || earlier != nil {
		if earlier != nil {
			w.attach(ctx, tx, earlier, c.Visit)
			return *earlier, err
		}
		return Verdict{}, err
	}
	verdict := Verdict{Command: c.ID, Decision: Applied}
	before, err := lockVisit(ctx, tx, c.Visit)
	switch {
	case c.Kind == "add_visit" && err == nil:
		return Verdict{}, crm.Conflictf("there is a visit with this id already")
	case c.Kind == "add_visit" && crm.KindOf(err) == crm.NotFound:
		before = Visit{ID: c.Visit}
	case crm.KindOf(err) == crm.NotFound && c.Device == nil:
		return Verdict{}, err
	case crm.KindOf(err) == crm.NotFound: // taken from this person while he was offline: kept, never lost
		verdict.Decision, verdict.Reason, verdict.Message = Conflicts, "handed_over", "this visit was handed to somebody else; what you entered is kept"
	case err != nil:
		return Verdict{}, err
	case a.needBase && c.BaseVersion != before.Version:
		verdict.Decision, verdict.Reason, verdict.Message = Conflicts, "stale", "somebody else changed this visit meanwhile: look again"
	case !allowed(a.from, before.State):
		verdict.Decision, verdict.Reason = Conflicts, "state"
		verdict.Message = fmt.Sprintf("a visit that is %s cannot be %s", before.State, a.verb)
	}
	after := before
	if verdict.Decision == Applied {
		err := a.apply(ctx, tx, w, &after, c)
		var refused *refusal
		var invalid *crm.Error
		switch {
		case errors.As(err, &refused):
			verdict.Decision, verdict.Reason, verdict.Message = Conflicts, refused.reason, refused.message
		case errors.As(err, &invalid) && invalid.Kind == crm.Invalid && c.Device != nil:
			verdict.Decision, verdict.Reason, verdict.Message, verdict.Field = Refused, "invalid", invalid.Error(), invalid.Field
		case err != nil:
			return Verdict{}, err
		}
	}
	return w.settle(ctx, tx, actor, c, a, before, after, verdict, hash)
}

// settle stores the change and the verdict, tells the log and the open screens.
func (w *Work) settle(ctx context.Context, tx pgx.Tx, actor crm.Actor, c Command, a act, before, after Visit, verdict Verdict, hash []byte) (Verdict, error) {
	var version *int
	if verdict.Decision == Applied {
		if c.Kind == "add_visit" {
			after.Version = 1
		} else {
			after.Version = before.Version + 1
		}
		if err := storeVisit(ctx, tx, before, after); err != nil {
			return Verdict{}, err
		}
		version = &after.Version
	}
	if err := storeVerdict(ctx, tx, actor, c, verdict, hash, version, before); err != nil {
		return Verdict{}, err
	}
	event := crm.Event{At: w.whenTrue(c), Verb: a.verb, Kind: "visit", ID: c.Visit}
	switch {
	case verdict.Decision != Applied:
		event.Verb = "disputed"
		event.Changes = crm.Changes{}
		event.Changes.Set("command", nil, c.Kind)
		event.Changes.Set("reason", nil, verdict.Reason)
	default:
		event.Account, event.Site, event.Changes = &after.AccountID, &after.SiteID, visitChanges(before, after)
	}
	if before.AccountID != uuid.Nil {
		event.Account, event.Site = &before.AccountID, &before.SiteID
	}
	if err := crm.Append(ctx, tx, event); err != nil {
		return Verdict{}, err
	}
	if err := tellDays(ctx, tx, before, after); err != nil {
		return Verdict{}, err
	}
	w.attach(ctx, tx, &verdict, c.Visit)
	return verdict, nil
}

// attach adds the visit as it is now, if the actor may see it.
func (w *Work) attach(ctx context.Context, tx pgx.Tx, verdict *Verdict, id uuid.UUID) {
	if v, err := visitByID(ctx, tx, id); err == nil {
		verdict.Visit = &v
	}
}

// whenTrue is when the act happened in the world: by the device's clock, unless that cannot be, for then it is
// when we heard of it. Order is by the queue's number, never by this time.
func (w *Work) whenTrue(c Command) time.Time {
	now := w.now()
	if c.DeviceTime.IsZero() || c.DeviceTime.After(now.Add(5*time.Minute)) || c.DeviceTime.Before(now.AddDate(0, 0, -14)) {
		return now
	}
	return c.DeviceTime
}

func allowed(from []State, state State) bool {
	if from == nil {
		return true
	}
	for _, s := range from {
		if s == state {
			return true
		}
	}
	return false
}

// hash identifies the content of a command: a retry repeats it, another command under the same id does not.
func (c Command) hash() []byte {
	h := sha256.New()
	put := func(b []byte) {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(b)))
		h.Write(n[:])
		h.Write(b)
	}
	put([]byte(c.Kind))
	put(c.Visit[:])
	if c.Device != nil {
		put(c.Device[:])
	}
	put(fmt.Appendf(nil, "%d %d", c.Seq, c.BaseVersion))
	var compact any
	switch {
	case len(c.Payload) == 0: // the same as no fields
		put([]byte("{}"))
	case json.Unmarshal(c.Payload, &compact) == nil:
		text, _ := json.Marshal(compact) // key order and blanks do not count
		put(text)
	default:
		put(c.Payload)
	}
	return h.Sum(nil)
}

func visitChanges(before, after Visit) crm.Changes {
	changes := crm.Changes{}
	if before.Version == 0 {
		changes.Set("kind", nil, after.Kind)
		changes.Set("site_id", nil, after.SiteID)
	}
	changes.Set("state", string(before.State), string(after.State))
	changes.Set("title", before.Title, after.Title)
	changes.Set("priority", before.Priority, after.Priority)
	changes.Set("duration_seconds", before.DurationSeconds, after.DurationSeconds)
	changes.Set("skills", before.Skills, after.Skills)
	changes.Set("windows", before.Windows(), after.Windows())
	changes.Set("earliest", before.Earliest, after.Earliest)
	changes.Set("latest", before.Latest, after.Latest)
	changes.Set("resource_id", before.ResourceID, after.ResourceID)
	changes.Set("start_at", before.StartAt, after.StartAt)
	changes.Set("promise_start", before.PromiseStart, after.PromiseStart)
	changes.Set("promise_end", before.PromiseEnd, after.PromiseEnd)
	changes.Set("pinned", before.Pinned, after.Pinned)
	changes.Set("started", before.Started, after.Started)
	changes.Set("outcome_kind", before.OutcomeKind, after.OutcomeKind)
	changes.SetPrivate("note", before.Note, after.Note)
	changes.SetPrivate("outcome_note", before.OutcomeNote, after.OutcomeNote)
	return changes
}

// tellDays tells the boards of the days the visit was and is on.
func tellDays(ctx context.Context, tx pgx.Tx, before, after Visit) error {
	days := map[Day]bool{}
	for _, v := range []Visit{before, after} {
		switch {
		case v.Day != nil:
			days[*v.Day] = true
		case v.Earliest != "":
			days[v.Earliest] = true
		}
	}
	for _, day := range sortedDays(days) {
		if err := crm.Tell(ctx, tx, "day:"+string(day), "day", map[string]any{"date": day, "visits": []uuid.UUID{after.ID}}); err != nil {
			return err
		}
	}
	for _, v := range []Visit{before, after} {
		if v.ResourceID != nil {
			if err := crm.Tell(ctx, tx, "resource:"+v.ResourceID.String(), "day", map[string]any{"date": v.Day, "visits": []uuid.UUID{after.ID}}); err != nil {
				return err
			}
		}
	}
	return nil
}
