package outbox

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"catchment/crm"
)

// TestType is the type of the event that a test sends.
const TestType = "catchment.test"

// Message is one message to an endpoint, as people look after it. Its id is the webhook-id the receiver is told.
type Message struct {
	ID        uuid.UUID
	N         int64
	Type      string
	EntityID  uuid.UUID
	State     string // "queued", "sent", "dead"
	Attempts  int
	NextAt    *time.Time // when it is tried next
	Status    *int       // of the last answer
	Error     string
	CreatedAt time.Time
	EndedAt   *time.Time
}

// States of a message.
var States = []string{"queued", "sent", "dead"}

const messageColumns = `
	select id, n, type, entity_id, state, attempts, case when state = 'queued' then next_at end as next_at, status, error, created_at, ended_at
	from outbox.message m `

// Messages returns what was and is to be told to an endpoint, newest first; of one state, if one is named.
func (o *Outbox) Messages(ctx context.Context, endpoint uuid.UUID, state, cursor string, limit int) (crm.Page[Message], error) {
	if _, err := crm.Require(ctx, crm.WebhookWrite); err != nil {
		return crm.Page[Message]{}, err
	}
	before := int64(1<<63 - 1)
	if _, err := crm.DecodeCursor(cursor, &before); err != nil {
		return crm.Page[Message]{}, err
	}
	size := crm.PageSize(limit)
	var out []Message
	err := o.Store.Read(ctx, func(tx pgx.Tx) error {
		if _, err := endpointByID(ctx, tx, endpoint); err != nil { // one out of sight is none
			return err
		}
		rows, _ := tx.Query(ctx, messageColumns+`where m.endpoint_id = $1 and m.n < $2 and ($3 = '' or m.state = $3) order by m.n desc limit $4`, endpoint, before, state, size+1)
		var err error
		out, err = pgx.CollectRows(rows, pgx.RowToStructByName[Message])
		return crm.DBError(err, "message")
	})
	return crm.Cut(out, size, func(m Message) any { return m.N }), err
}

// Test queues a test event for an endpoint.
func (o *Outbox) Test(ctx context.Context, endpoint uuid.UUID) (Message, error) {
	if _, err := crm.Require(ctx, crm.WebhookWrite); err != nil {
		return Message{}, err
	}
	id := uuid.Must(uuid.NewV7())
	var out Message
	err := o.Store.Write(ctx, func(tx pgx.Tx) error {
		e, err := endpointByID(ctx, tx, endpoint)
		if err != nil {
			return err
		}
		if !e.Active {
			return crm.Conflictf("the webhook is paused: switch it on first")
		}
		_, err = tx.Exec(ctx, `insert into outbox.message (id, endpoint_id, type, entity_id, next_at, created_at) values ($1, $2, $3, $1, $4, $4)`,
			id, endpoint, TestType, o.Store.Now().UTC())
		if err != nil {
			return crm.DBError(err, "message")
		}
		out, err = messageByID(ctx, tx, endpoint, id)
		return err
	})
	return out, err
}

// Replay sends one message again, under its id, whatever came of it before.
func (o *Outbox) Replay(ctx context.Context, endpoint, id uuid.UUID) (Message, error) {
	if _, err := crm.Require(ctx, crm.WebhookWrite); err != nil {
		return Message{}, err
	}
	var out Message
	err := o.Store.Write(ctx, func(tx pgx.Tx) error {
		before, err := messageByID(ctx, tx, endpoint, id)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `update outbox.message set state = 'queued', attempts = 0, next_at = $2, ended_at = null where id = $1`, id, o.Store.Now().UTC()); err != nil {
			return crm.DBError(err, "message")
		}
		changes := crm.Changes{}
		changes.Set("message", before.State, "queued")
		if err := crm.Append(ctx, tx, crm.Event{Verb: "replayed", Kind: "webhook", ID: endpoint, Changes: changes}); err != nil {
			return err
		}
		out, err = messageByID(ctx, tx, endpoint, id)
		return err
	})
	return out, err
}

// ReplaySince sends all messages again that were made since an instant and have ended, only the dead ones if asked, in
// their order. It returns how many.
func (o *Outbox) ReplaySince(ctx context.Context, endpoint uuid.UUID, since time.Time, dead bool) (int, error) {
	if _, err := crm.Require(ctx, crm.WebhookWrite); err != nil {
		return 0, err
	}
	n := 0
	err := o.Store.Write(ctx, func(tx pgx.Tx) error {
		if _, err := endpointByID(ctx, tx, endpoint); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `update outbox.message set state = 'queued', attempts = 0, next_at = $3, ended_at = null
			where endpoint_id = $1 and created_at >= $2 and (state = 'dead' or state = 'sent' and not $4)`, endpoint, since, o.Store.Now().UTC(), dead)
		if err != nil {
			return crm.DBError(err, "message")
		}
		n = int(tag.RowsAffected())
		changes := crm.Changes{}
		changes.Set("messages", 0, n)
		return crm.Append(ctx, tx, crm.Event{Verb: "replayed", Kind: "webhook", ID: endpoint, Changes: changes})
	})
	return n, err
}

func messageByID(ctx context.Context, tx pgx.Tx, endpoint, id uuid.UUID) (Message, error) {
	rows, _ := tx.Query(ctx, messageColumns+`where m.id = $1 and m.endpoint_id = $2`, id, endpoint)
	out, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Message])
	return out, crm.DBError(err, "message")
}
