package crm

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Notice is a message to one of the staff that something waits for him.
type Notice struct {
	Staff      string // id
	Kind       string // "mention", "assigned"
	EntityKind string
	EntityID   string
	Account    string // id, empty for none
	Text       string
}

// Notify leaves a notice in the transaction of what it tells of, and tells open screens.
func Notify(ctx context.Context, tx pgx.Tx, n Notice) error {
	actor, _ := ActorFrom(ctx)
	_, err := tx.Exec(ctx, `insert into crm.notice (id, staff_id, kind, entity_kind, entity_id, account_id, by_name, text, at)
		values ($1, $2::uuid, $3, $4, $5::uuid, nullif($6, '')::uuid, $7, $8, coalesce(nullif(current_setting('app.now', true), '')::timestamptz, now()))`,
		uuid.Must(uuid.NewV7()), n.Staff, n.Kind, n.EntityKind, n.EntityID, n.Account, actor.Name, n.Text)
	return DBError(err, "notice")
}

// Received is a notice as its reader sees it.
type Received struct {
	ID         uuid.UUID
	Kind       string
	EntityKind string
	EntityID   uuid.UUID
	AccountID  *uuid.UUID
	ByName     string
	Text       string
	At         time.Time
	ReadAt     *time.Time
}

// Notices returns the actor's own notices, newest first, at most 200.
func (s *Store) Notices(ctx context.Context) ([]Received, error) {
	if _, err := Require(ctx, SignedIn); err != nil {
		return nil, err
	}
	var out []Received
	err := s.Read(ctx, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, `select id, kind, entity_kind, entity_id, account_id, by_name, text, at, read_at
			from crm.notice where staff_id = crm.uid() order by at desc, id desc limit 200`)
		var err error
		out, err = pgx.CollectRows(rows, pgx.RowToStructByName[Received])
		return DBError(err, "notice")
	})
	return out, err
}

// ReadNotices marks the actor's notices as read; none named means all.
func (s *Store) ReadNotices(ctx context.Context, ids []uuid.UUID) error {
	if _, err := Require(ctx, SignedIn); err != nil {
		return err
	}
	return s.Write(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `update crm.notice set read_at = $2 where staff_id = crm.uid() and read_at is null and (cardinality($1::uuid[]) = 0 or id = any ($1))`,
			ids, s.Now())
		return DBError(err, "notice")
	})
}
