package crm

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
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
	at := make([]pgtype.Timestamptz, n)
	verbs, kinds, changes, names := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	ids, behalf, accounts := make([]pgtype.UUID, n), make([]pgtype.UUID, n), make([]pgtype.UUID, n)
	sites, refs := make([]pgtype.UUID, n), make([]pgtype.UUID, n)
	kept := newPrivateValues(n)
	for i := range events {
		e, name, of := &events[i], actor.Name, actor.OnBehalfOf
		if e.By != nil {
			if actor.ID != SystemID {
				return &Error{Kind: Forbidden, Message: "only the system may tell what others did"}
			}
			name, of = e.By.Name, &e.By.ID
		}
		open, ref, err := kept.part(e)
		if err != nil {
			return fmt.Errorf("append event %s %s: %w", e.Kind, e.Verb, err)
		}
		at[i] = pgtype.Timestamptz{Time: e.At, Valid: !e.At.IsZero()}
		names[i], behalf[i] = name, UUIDOrNull(of)
		verbs[i], kinds[i], ids[i] = e.Verb, e.Kind, pgtype.UUID{Bytes: e.ID, Valid: true}
		accounts[i], sites[i], refs[i], changes[i] = UUIDOrNull(e.Account), UUIDOrNull(e.Site), ref, open
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
	ids, subjects []pgtype.UUID
	kinds, values []string
	salts         [][]byte
	fields        []string // of one event at a time
	chance        []byte   // random bytes not yet used
}

func newPrivateValues(n int) *privateValues {
	return &privateValues{ids: make([]pgtype.UUID, 0, n), subjects: make([]pgtype.UUID, 0, n), kinds: make([]string, 0, n), values: make([]string, 0, n),
		salts: make([][]byte, 0, n)}
}

// salt returns 16 random bytes.
func (p *privateValues) salt() []byte {
	if len(p.chance) < 16 {
		p.chance = make([]byte, 16*min(cap(p.ids), 256))
		rand.Read(p.chance)
	}
	salt := p.chance[:16:16]
	p.chance = p.chance[16:]
	return salt
}

// part keeps the personal values of an event and returns its changes as JSON with their salted hash in place, and
// the reference to them, null if there are none.
func (p *privateValues) part(e *Event) (open string, ref pgtype.UUID, err error) {
	p.fields = p.fields[:0]
	private := false
	for field, c := range e.Changes {
		p.fields = append(p.fields, field)
		private = private || c.Private
	}
	slices.Sort(p.fields) // the hash does not depend on the order of a map
	hash := ""
	if private {
		body, err := p.body(e.Changes)
		if err != nil {
			return "", ref, fmt.Errorf("encode private values: %w", err)
		}
		ref = pgtype.UUID{Bytes: uuid.Must(uuid.NewV7()), Valid: true}
		salt := p.salt()
		sum := sha256.Sum256(append(append(make([]byte, 0, 16+len(body)), salt...), body...))
		hash = hex.EncodeToString(sum[:])
		p.ids, p.subjects, p.kinds = append(p.ids, ref), append(p.subjects, pgtype.UUID{Bytes: e.ID, Valid: true}), append(p.kinds, e.Kind)
		p.values, p.salts = append(p.values, string(body)), append(p.salts, salt)
	}
	text := append(make([]byte, 0, 512), '{')
	for i, field := range p.fields {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(appendJSONText(text, field), ':')
		if c := e.Changes[field]; c.Private {
			text = append(append(append(text, `{"private":"`...), hash...), `"}`...)
		} else if text, err = c.appendPair(text, json.Marshal); err != nil {
			return "", ref, fmt.Errorf("encode changes: %w", err)
		}
	}
	return string(append(text, '}')), ref, nil
}

// body is the personal values of changes as they are hashed and kept: canonical JSON, fields in their order.
func (p *privateValues) body(changes Changes) (body []byte, err error) {
	body = append(make([]byte, 0, 256), '{')
	for _, field := range p.fields {
		c := changes[field]
		if !c.Private {
			continue
		}
		if len(body) > 1 {
			body = append(body, ',')
		}
		body = append(appendJSONText(body, field), ':')
		if body, err = c.appendPair(body, canonical); err != nil {
			return nil, err
		}
	}
	return append(body, '}'), nil
}

// appendPair appends the old and the new value as JSON.
func (c Change) appendPair(to []byte, encode func(any) ([]byte, error)) ([]byte, error) {
	to = append(to, '[')
	for i, v := range [2]any{c.Old, c.New} {
		if i > 0 {
			to = append(to, ',')
		}
		switch v := v.(type) { // most are plain: the same as encode would write, without its detours
		case nil:
			to = append(to, "null"...)
		case string:
			to = appendJSONText(to, v)
		case bool:
			to = strconv.AppendBool(to, v)
		default:
			text, err := encode(v)
			if err != nil {
				return nil, err
			}
			to = append(to, text...)
		}
	}
	return append(to, ']'), nil
}

// appendJSONText appends a text as encoding/json writes it.
func appendJSONText(to []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			text, _ := json.Marshal(s) // a text is always JSON
			return append(to, text...)
		}
	}
	return append(append(append(to, '"'), s...), '"')
}

// UUIDOrNull is an id as a column of ids takes it; arrays of them travel without detours, which arrays of *uuid.UUID do not.
func UUIDOrNull(id *uuid.UUID) pgtype.UUID {
	if id == nil {
		return pgtype.UUID{}
	}
	return pgtype.UUID{Bytes: *id, Valid: true}
}

// UUIDs are ids as an array parameter takes them, without detours.
func UUIDs(ids []uuid.UUID) []pgtype.UUID {
	out := make([]pgtype.UUID, len(ids))
	for i, id := range ids {
		out[i] = pgtype.UUID{Bytes: id, Valid: true}
	}
	return out
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
