package crm

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Event tells of one change: who did what to which thing, when it was true and when we learned it. Timeline,
// audit, SLA clocks and as-of questions are readers of the log.
type Event struct {
	At      time.Time // when it was true in the world; zero means now
	Verb    string    // "added", "changed", "planned", "completed": the act, as people say it
	Kind    string    // what it happened to: "account", "site", "visit", "plan", "staff"
	ID      uuid.UUID
	Account *uuid.UUID // the account whose timeline shows it
	Site    *uuid.UUID
	Changes Changes
	By      *Actor // who did it, when history is brought in: the log names him, and says on whose behalf; nil means who acts now
}

// Changes maps a field to what it was and what it became.
type Changes map[string]Change

// Change is the old and the new value of a field. Private values are kept apart, so that they can be forgotten:
// the event holds only their salted hash.
type Change struct {
	Old     any
	New     any
	Private bool
}

// Set records a change if old and new differ, as values of JSON.
func (c Changes) Set(field string, old, new any) { c.set(field, old, new, false) }

// SetPrivate records a change of a personal value.
func (c Changes) SetPrivate(field string, old, new any) { c.set(field, old, new, true) }

func (c Changes) set(field string, old, new any, private bool) {
	if !sameJSON(old, new) {
		c[field] = Change{old, new, private}
	}
}

// sameJSON tells whether two values are the same as JSON. Most are plain, which is cheap to see.
func sameJSON(old, new any) bool {
	if old == nil && new == nil {
		return true
	}
	if a, ok := old.(string); ok {
		if b, ok := new.(string); ok {
			return a == b
		}
	}
	switch new.(type) {
	case string, bool, int, int64:
		if old == nil {
			return false
		}
	}
	a, _ := json.Marshal(old)
	b, _ := json.Marshal(new)
	return string(a) == string(b)
}

// Append writes an event in the transaction of the change it tells of. The actor is taken from the context.
func Append(ctx context.Context, tx pgx.Tx, e Event) error { return AppendAll(ctx, tx, []Event{e}) }

// AppendAll writes many events in their order, in the transaction of the changes they tell of. Only the system may
// tell what others did.
func AppendAll(ctx context.Context, tx pgx.Tx, events []Event) error {
	actor, ok := ActorFrom(ctx)
	if !ok {
		return &Error{Kind: Unauthenticated, Message: "sign in first"}
	}
	n := len(events)
	if n == 0 {
		return nil
	}
	at := make([]*time.Time, 0, n)
	verbs, kinds, changes, names := make([]string, 0, n), make([]string, 0, n), make([]string, 0, n), make([]string, 0, n)
	ids, behalf := make([]uuid.UUID, 0, n), make([]*uuid.UUID, 0, n)
	accounts, sites, refs := make([]*uuid.UUID, 0, n), make([]*uuid.UUID, 0, n), make([]*uuid.UUID, 0, n)
	var kept privateValues
	for i := range events {
		e, name, of := &events[i], actor.Name, actor.OnBehalfOf
		if e.By != nil {
			if actor.ID != SystemID {
				return &Error{Kind: Forbidden, Message: "only the system may tell what others did"}
			}
			name, of = e.By.Name, &e.By.ID
		}
		open, ref, err := kept.part(*e)
		if err != nil {
			return fmt.Errorf("append event %s %s: %w", e.Kind, e.Verb, err)
		}
		var when *time.Time
		if !e.At.IsZero() {
			when = &e.At
		}
		names, behalf = append(names, name), append(behalf, of)
		at, verbs, kinds, ids = append(at, when), append(verbs, e.Verb), append(kinds, e.Kind), append(ids, e.ID)
		accounts, sites, refs, changes = append(accounts, e.Account), append(sites, e.Site), append(refs, ref), append(changes, open)
	}
	if err := kept.store(ctx, tx); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `
		insert into crm.event (at, actor, actor_name, on_behalf_of, device, verb, entity_kind, entity_id, account_id, site_id, changes, private_ref)
		select coalesce(at, nullif(current_setting('app.now', true), '')::timestamptz, now()), $1, name, behalf, $2, verb, kind, id, account, site, changes::jsonb, ref
		from unnest($3::timestamptz[], $4::text[], $5::text[], $6::uuid[], $7::uuid[], $8::uuid[], $9::text[], $10::uuid[], $11::uuid[], $12::text[]) with ordinality
		     as e(at, verb, kind, id, account, site, changes, ref, behalf, name, n)
		order by n`,
		actor.ID, actor.Device, at, verbs, kinds, ids, accounts, sites, changes, refs, behalf, names)
	if err != nil {
		return fmt.Errorf("append to the event log: %w", err)
	}
	return nil
}

// privateValues are personal values on the way to their place beside the log.
type privateValues struct {
	ids, subjects []uuid.UUID
	kinds, values []string
	salts         [][]byte
}

// part keeps the personal values of an event and returns its changes as JSON with their salted hash in place, and
// the reference to them, nil if there are none.
func (p *privateValues) part(e Event) (string, *uuid.UUID, error) {
	open, private := map[string]any{}, map[string]any{}
	for field, c := range e.Changes {
		if c.Private {
			private[field] = [2]any{c.Old, c.New}
		} else {
			open[field] = [2]any{c.Old, c.New}
		}
	}
	var ref *uuid.UUID
	if len(private) > 0 {
		body, err := canonical(private)
		if err != nil {
			return "", nil, fmt.Errorf("encode private values: %w", err)
		}
		id, salt := uuid.Must(uuid.NewV7()), make([]byte, 16)
		rand.Read(salt)
		sum := sha256.Sum256(append(append([]byte{}, salt...), body...))
		for field := range private {
			open[field] = map[string]string{"private": hex.EncodeToString(sum[:])}
		}
		p.ids, p.subjects, p.kinds = append(p.ids, id), append(p.subjects, e.ID), append(p.kinds, e.Kind)
		p.values, p.salts = append(p.values, string(body)), append(p.salts, salt)
		ref = &id
	}
	text, err := json.Marshal(open)
	if err != nil {
		return "", nil, fmt.Errorf("encode changes: %w", err)
	}
	return string(text), ref, nil
}

// canonical returns a value as JSON in a form that is the same again after it was kept as jsonb: keys sorted, numbers as
// Go writes a float64.
func canonical(v any) ([]byte, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var tree any
	if err := json.Unmarshal(body, &tree); err != nil {
		return nil, err
	}
	return json.Marshal(tree)
}

func (p *privateValues) store(ctx context.Context, tx pgx.Tx) error {
	if len(p.ids) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `
		insert into crm.private_value (id, subject_kind, subject_id, salt, value)
		select id, kind, subject, salt, value::jsonb
		from unnest($1::uuid[], $2::text[], $3::uuid[], $4::bytea[], $5::text[]) as v(id, kind, subject, salt, value)`,
		p.ids, p.kinds, p.subjects, p.salts, p.values)
	if err != nil {
		return fmt.Errorf("keep private values: %w", err)
	}
	return nil
}
