package login

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"catchment/crm"
)

// Open is a session that has not ended.
type Open struct {
	ID        uuid.UUID
	StaffID   uuid.UUID
	StaffName string
	CreatedAt time.Time
	SeenAt    time.Time
	ExpiresAt time.Time
	Agent     string
	Current   bool // the one this is asked by
}

// Sessions returns the open sessions of who acts, or of somebody else if he may let people in and out; the last used
// first.
func (d *Desk) Sessions(ctx context.Context, staff *uuid.UUID, current string) ([]Open, error) {
	actor, err := crm.Require(ctx, crm.SignedIn)
	if err != nil {
		return nil, err
	}
	who := actor.ID
	if staff != nil && *staff != actor.ID {
		if _, err := d.Store.Manageable(ctx, *staff); err != nil {
			return nil, err
		}
		who = *staff
	}
	now := d.Store.Now()
	var out []Open
	err = d.Store.Read(ctx, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, `select x.id, x.staff_id, s.name as staff_name, x.created_at, x.seen_at, x.expires_at, x.agent, x.token_hash = $2 as current
			from crm.session x join crm.staff s on s.id = x.staff_id where x.staff_id = $1 and x.expires_at > $3 and x.seen_at > $4
			order by x.seen_at desc, x.id limit 500`, who, hashOf(current), now, now.Add(-d.Idle))
		var err error
		out, err = pgx.CollectRows(rows, pgx.RowToStructByName[Open])
		return crm.DBError(err, "session")
	})
	return out, err
}

// EndSession ends one session, one's own or that of somebody one may shut out.
func (d *Desk) EndSession(ctx context.Context, id uuid.UUID) error {
	actor, err := crm.Require(ctx, crm.SignedIn)
	if err != nil {
		return err
	}
	var staff uuid.UUID
	err = d.Store.Read(ctx, func(tx pgx.Tx) error {
		return crm.DBError(tx.QueryRow(ctx, `select staff_id from crm.session where id = $1`, id).Scan(&staff), "session")
	})
	if err != nil {
		return err
	}
	if staff != actor.ID {
		if _, err := d.Store.Manageable(ctx, staff); err != nil {
			return err
		}
	}
	return d.Store.Write(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `delete from crm.session where id = $1`, id)
		if err != nil {
			return crm.DBError(err, "session")
		}
		if tag.RowsAffected() == 0 {
			return crm.Missing("session")
		}
		return crm.Append(ctx, tx, crm.Event{Verb: "session_ended", Kind: "staff", ID: staff})
	})
}
