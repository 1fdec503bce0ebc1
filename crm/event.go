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
	a, _ := json.Marshal(old)
	b, _ := json.Marshal(new)
	if string(a) != string(b) {
		c[field] = Change{old, new, private}
	}
}

// Append writes an event in the transaction of the change it tells of. The actor is taken from the context.
func Append(ctx context.Context, tx pgx.Tx, e Event) error {
	actor, ok := ActorFrom(ctx)
	if !ok {
		return &Error{Kind: Unauthenticated, Message: "sign in first"}
	}
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
		id, hash, err := keepPrivate(ctx, tx, e, private)
		if err != nil {
			return err
		}
		ref = &id
		for field := range private {
			open[field] = map[string]string{"private": hash}
		}
	}
	var at *time.Time
	if !e.At.IsZero() {
		at = &e.At
	}
	_, err := tx.Exec(ctx, `
		insert into crm.event (at, actor, actor_name, on_behalf_of, device, verb, entity_kind, entity_id, account_id, site_id, changes, private_ref)
		values (coalesce($1, now()), $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		at, actor.ID, actor.Name, actor.OnBehalfOf, actor.Device, e.Verb, e.Kind, e.ID, e.Account, e.Site, open, ref)
	if err != nil {
		return fmt.Errorf("append event %s %s: %w", e.Kind, e.Verb, err)
	}
	return nil
}

// keepPrivate stores personal values beside the log and returns their reference and salted hash.
func keepPrivate(ctx context.Context, tx pgx.Tx, e Event, values map[string]any) (uuid.UUID, string, error) {
	id := uuid.Must(uuid.NewV7())
	salt := make([]byte, 16)
	rand.Read(salt)
	body, err := json.Marshal(values) // keys are sorted: the hash does not depend on map order
	if err != nil {
		return id, "", fmt.Errorf("encode private values: %w", err)
	}
	sum := sha256.Sum256(append(append([]byte{}, salt...), body...))
	_, err = tx.Exec(ctx, `
		insert into crm.private_value (id, subject_kind, subject_id, salt, value)
		values ($1, $2, $3, $4, $5)`, id, e.Kind, e.ID, salt, json.RawMessage(body))
	if err != nil {
		return id, "", fmt.Errorf("keep private values: %w", err)
	}
	return id, hex.EncodeToString(sum[:]), nil
}
