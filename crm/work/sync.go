package work

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"catchment/crm"
)

// Device is a phone or browser that keeps a queue of commands of one person.
type Device struct {
	ID      uuid.UUID
	StaffID uuid.UUID
	Name    string
	LastSeq int64 // the last command decided; the next is LastSeq + 1
	Revoked *time.Time
}

// RegisterDevice makes a device known, or returns it if this person registered it before.
func (w *Work) RegisterDevice(ctx context.Context, id uuid.UUID, name string) (Device, error) {
	actor, err := crm.Require(ctx, crm.VisitWork)
	if err != nil {
		return Device{}, err
	}
	if id == uuid.Nil {
		return Device{}, crm.Invalidf("id", "a device makes an id of its own")
	}
	if len(name) > 200 {
		return Device{}, crm.Invalidf("name", "is longer than 200 letters")
	}
	var d Device
	err = w.Store.Write(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `insert into work.device (id, staff_id, name) values ($1, $2, $3) on conflict (id) do nothing`, id, actor.ID, name)
		if err != nil {
			return crm.DBError(err, "device")
		}
		if d, err = deviceOf(ctx, tx, actor, id, false); err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return nil
		}
		return crm.Append(ctx, tx, crm.Event{Verb: "registered", Kind: "device", ID: id, Changes: crm.Changes{}})
	})
	return d, err
}

// RevokeDevice refuses everything a device sends from now on.
func (w *Work) RevokeDevice(ctx context.Context, id uuid.UUID) error {
	if _, err := crm.Require(ctx, crm.StaffWrite); err != nil {
		return err
	}
	return w.Store.Write(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `update work.device set revoked_at = coalesce(revoked_at, now()) where id = $1`, id)
		if err != nil {
			return crm.DBError(err, "device")
		}
		if tag.RowsAffected() == 0 {
			return crm.Missing("device")
		}
		return crm.Append(ctx, tx, crm.Event{Verb: "revoked", Kind: "device", ID: id, Changes: crm.Changes{}})
	})
}

func deviceOf(ctx context.Context, tx pgx.Tx, actor crm.Actor, id uuid.UUID, lock bool) (Device, error) {
	query := `select id, staff_id, name, last_seq, revoked_at as revoked from work.device where id = $1 and staff_id = $2`
	if lock {
		query += ` for update`
	}
	rows, _ := tx.Query(ctx, query, id, actor.ID)
	d, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Device])
	if errors.Is(err, pgx.ErrNoRows) {
		return Device{}, &crm.Error{Kind: crm.Forbidden, Message: "this device is not registered to you"}
	}
	if err == nil && d.Revoked != nil {
		return Device{}, &crm.Error{Kind: crm.Forbidden, Message: "this device was shut out; ask an administrator"}
	}
	return d, crm.DBError(err, "device")
}

// MaxBatch is the most commands a device may send at once.
const MaxBatch = 500

// Sync decides a device's commands in the order of their numbers and answers each. Commands are applied one
// transaction each: what was answered is kept whatever happens to the rest. A missing number stops the batch:
// from there on everything is Gap. A device that is not this person's, or shut out, is Forbidden as a whole.
func (w *Work) Sync(ctx context.Context, device uuid.UUID, commands []Command) ([]Verdict, error) {
	actor, err := crm.Require(ctx, crm.VisitWork)
	if err != nil {
		return nil, err
	}
	if len(commands) > MaxBatch {
		return nil, crm.Invalidf("commands", "are more than %d", MaxBatch)
	}
	for i, c := range commands {
		switch {
		case c.ID == uuid.Nil:
			return nil, crm.Invalidf(fmt.Sprintf("commands[%d].id", i), "a command needs an id of its own")
		case c.Seq < 1:
			return nil, crm.Invalidf(fmt.Sprintf("commands[%d].seq", i), "numbers begin with 1")
		}
	}
	actor.Device = device.String()
	ctx = crm.WithActor(ctx, actor)
	verdicts := make([]Verdict, 0, len(commands))
	gap := false
	for _, c := range commands {
		c.Device = &device
		if gap {
			verdicts = append(verdicts, Verdict{Command: c.ID, Decision: Gap, Reason: "gap", Message: "an earlier command is missing"})
			continue
		}
		var v Verdict
		err := w.Store.WriteRetry(ctx, func(tx pgx.Tx) error {
			d, err := deviceOf(ctx, tx, actor, device, true)
			if err != nil {
				return err
			}
			v, err = w.syncOne(ctx, tx, d, c)
			return err
		})
		if err != nil {
			return verdicts, err
		}
		gap = v.Decision == Gap
		verdicts = append(verdicts, v)
	}
	return verdicts, nil
}

// syncOne decides the next command of a device and moves its queue on.
func (w *Work) syncOne(ctx context.Context, tx pgx.Tx, d Device, c Command) (Verdict, error) {
	if c.Seq > d.LastSeq+1 {
		return Verdict{Command: c.ID, Decision: Gap, Reason: "gap", Message: "an earlier command is missing"}, nil
	}
	if c.Seq <= d.LastSeq {
		earlier, err := decided(ctx, tx, c.ID, c.hash())
		if err != nil {
			return Verdict{}, err
		}
		if earlier == nil {
			return Verdict{}, crm.Conflictf("the device has sent another command under number %d", c.Seq)
		}
		w.attach(ctx, tx, earlier, c.Visit)
		return *earlier, nil
	}
	verdict, err := w.decideFromDevice(ctx, tx, c)
	if err != nil {
		return Verdict{}, err
	}
	_, err = tx.Exec(ctx, `update work.device set last_seq = $2, seen_at = now() where id = $1`, d.ID, c.Seq)
	return verdict, crm.DBError(err, "device")
}

// decideFromDevice decides a command whose errors must not block the queue behind it: what the office would be
// told as an error is stored as refused.
func (w *Work) decideFromDevice(ctx context.Context, tx pgx.Tx, c Command) (Verdict, error) {
	nested, err := tx.Begin(ctx)
	if err != nil {
		return Verdict{}, err
	}
	err = c.check()
	var verdict Verdict
	if err == nil {
		verdict, err = w.decide(ctx, nested, c)
	}
	if err == nil {
		return verdict, nested.Commit(ctx)
	}
	if rollback := nested.Rollback(ctx); rollback != nil {
		return Verdict{}, rollback
	}
	var e *crm.Error
	if !errors.As(err, &e) {
		return Verdict{}, err
	}
	verdict = Verdict{Command: c.ID, Decision: Refused, Reason: string(e.Kind), Message: e.Message, Field: e.Field}
	return verdict, storeRefusal(ctx, tx, c, verdict)
}

// storeRefusal stores the verdict on a command that was refused. A payload the database cannot hold, such as one
// with a zero byte, is kept in base 64: the queue must not stand still because of it.
func storeRefusal(ctx context.Context, tx pgx.Tx, c Command, verdict Verdict) error {
	actor, _ := crm.ActorFrom(ctx)
	hash := c.hash()
	nested, err := tx.Begin(ctx)
	if err != nil {
		return err
	}
	err = storeVerdict(ctx, nested, actor, c, verdict, hash, nil, Visit{})
	if err == nil {
		return nested.Commit(ctx)
	}
	if rollback := nested.Rollback(ctx); rollback != nil {
		return rollback
	}
	if crm.KindOf(err) != crm.Invalid {
		return err
	}
	c.Kind = strings.ToValidUTF8(strings.ReplaceAll(c.Kind, "\x00", ""), "")
	if c.Payload, err = json.Marshal(map[string][]byte{"unreadable": c.Payload}); err != nil {
		return err
	}
	return storeVerdict(ctx, tx, actor, c, verdict, hash, nil, Visit{})
}
