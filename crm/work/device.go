package work

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"catchment/crm"
)

// KnownDevice is a device as its owner and administrators look after it.
type KnownDevice struct {
	ID        uuid.UUID
	StaffID   uuid.UUID
	StaffName string
	Name      string
	LastSeq   int64
	CreatedAt time.Time
	SeenAt    time.Time
	RevokedAt *time.Time
}

// Devices returns one's own devices, or those of everybody one may let in and out, the last used first, at most 500; of
// one person, if one is named.
func (w *Work) Devices(ctx context.Context, staff *uuid.UUID) ([]KnownDevice, error) {
	actor, err := crm.Require(ctx, crm.SignedIn)
	if err != nil {
		return nil, err
	}
	if !actor.May(crm.StaffWrite) {
		if staff != nil && *staff != actor.ID {
			return nil, crm.Missing("person")
		}
		staff = &actor.ID
	}
	var out []KnownDevice
	err = w.Store.Read(ctx, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, `select d.id, d.staff_id, s.name as staff_name, d.name, d.last_seq, d.created_at, d.seen_at, d.revoked_at
			from work.device d join crm.staff s on s.id = d.staff_id where $1::uuid is null or d.staff_id = $1 order by d.seen_at desc, d.id limit 500`, staff)
		var err error
		out, err = pgx.CollectRows(rows, pgx.RowToStructByName[KnownDevice])
		return crm.DBError(err, "device")
	})
	return out, err
}
