package work

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"catchment/crm"
)

// Dispute is a command from a device that could not be carried out, though the person who sent it has done what it
// says. Nothing of it is lost: it waits until somebody in the office has decided.
type Dispute struct {
	Command    uuid.UUID
	Kind       string
	Visit      uuid.UUID
	Actor      uuid.UUID
	ActorName  string // empty if the reader may not see that person
	Device     uuid.UUID
	Seq        int64
	Reason     string // as in the verdict: "state", "stale", "handed_over", "promise"
	Message    string
	Payload    json.RawMessage
	DeviceTime *time.Time
	ReceivedAt time.Time
}

// disputeKey is the sort key of the list of disputes: the oldest first.
type disputeKey struct {
	At time.Time
	ID uuid.UUID
}

// Disputes returns the commands nobody has decided about yet that the actor may see, the oldest first.
func (w *Work) Disputes(ctx context.Context, cursor string, limit int) (crm.Page[Dispute], error) {
	if _, err := crm.Require(ctx, crm.VisitRead); err != nil {
		return crm.Page[Dispute]{}, err
	}
	key := disputeKey{At: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)}
	if _, err := crm.DecodeCursor(cursor, &key); err != nil {
		return crm.Page[Dispute]{}, err
	}
	size := crm.PageSize(limit)
	var disputes []Dispute
	err := w.Store.Read(ctx, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, `
			select c.id as command, c.kind, c.visit_id as visit, c.actor, coalesce(p.name, '') as actor_name, c.device_id as device, c.seq,
			       c.reason, c.message, c.payload, c.device_time, c.received_at
			from work.command c left join crm.staff p on p.id = c.actor
			where c.verdict = 'conflict' and c.settled_at is null and c.device_id is not null and (c.received_at, c.id) > ($1, $2)
			order by c.received_at, c.id limit $3`, key.At, key.ID, size+1)
		var err error
		disputes, err = pgx.CollectRows(rows, pgx.RowToStructByName[Dispute])
		return crm.DBError(err, "dispute")
	})
	return crm.Cut(disputes, size, func(d Dispute) any { return disputeKey{d.ReceivedAt, d.Command} }), err
}

// Settle notes that somebody has decided about a dispute; what he decided he does by commands of his own.
func (w *Work) Settle(ctx context.Context, command uuid.UUID) error {
	actor, err := crm.Require(ctx, crm.VisitWrite)
	if err != nil {
		return err
	}
	return w.Store.Write(ctx, func(tx pgx.Tx) error {
		var visit uuid.UUID
		var kind string
		err := tx.QueryRow(ctx, `update work.command set settled_at = $2, settled_by = $3
			where id = $1 and verdict = 'conflict' and settled_at is null returning visit_id, kind`, command, w.now(), actor.ID).Scan(&visit, &kind)
		if err != nil {
			return crm.DBError(err, "open dispute")
		}
		event := crm.Event{Verb: "settled", Kind: "visit", ID: visit, Changes: crm.Changes{}}
		event.Changes.Set("command", nil, kind)
		err = tx.QueryRow(ctx, `select account_id, site_id from work.visit where id = $1`, visit).Scan(&event.Account, &event.Site)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) { // of a visit that never was
			return crm.DBError(err, "visit")
		}
		return crm.Append(ctx, tx, event)
	})
}
