package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"catchment/crm"
)

// taken is a message a process has taken to deliver.
type taken struct {
	ID       uuid.UUID
	Letter   string
	StaffID  *uuid.UUID
	EventSeq *int64
	Type     string
	Attempts int // this one counted

	status int
	err    string
	gone   bool // nothing is to be told any more: its subject is out of the maker's sight, or it was erased
}

// Deliver takes a batch of what is due of one endpoint (of the letters, for the zero id), sends it and writes down what
// came of it. It returns how many messages it took. Of each record only the oldest waiting message is taken, so that
// what happened to it is told in order.
func (o *Outbox) Deliver(ctx context.Context, endpoint uuid.UUID) (int, error) {
	ctx = system(ctx)
	batch, err := o.take(ctx, endpoint)
	if err != nil || len(batch) == 0 {
		return 0, err
	}
	if endpoint == uuid.Nil {
		o.each(batch, func(m *taken) { o.sendLetter(ctx, m) })
	} else if err := o.call(ctx, endpoint, batch); errors.Is(err, errPaused) {
		return 0, nil
	} else if err != nil {
		return 0, err
	}
	// What was sent is written down even if the process is told to stop meanwhile.
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return len(batch), o.settle(within, endpoint, batch)
}

func (o *Outbox) take(ctx context.Context, endpoint uuid.UUID) ([]*taken, error) {
	var batch []*taken
	now := o.Store.Now().UTC()
	err := o.Store.Write(ctx, func(tx pgx.Tx) error {
		which := `m.endpoint_id = $1 and m.n = (select min(b.n) from outbox.message b where b.endpoint_id = m.endpoint_id and b.entity_id = m.entity_id and b.state = 'queued')
			and exists (select from outbox.endpoint e where e.id = $1 and e.active and (e.hold_until is null or e.hold_until <= $2))`
		if endpoint == uuid.Nil {
			which = `m.endpoint_id is null and $1::uuid is not null`
		}
		rows, _ := tx.Query(ctx, `
			update outbox.message set attempts = attempts + 1, next_at = $3
			where id in (select m.id from outbox.message m where m.state = 'queued' and m.next_at <= $2 and `+which+`
			             order by m.n limit $4 for update of m skip locked)
			returning id, letter, staff_id, event_seq, type, attempts`, endpoint, now, now.Add(lease), batchSize)
		var err error
		batch, err = pgx.CollectRows(rows, pgx.RowToAddrOfStructByNameLax[taken])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("take messages: %w", err)
	}
	return batch, nil
}

// each does something with all messages of a batch at once.
func (o *Outbox) each(batch []*taken, f func(*taken)) {
	var all sync.WaitGroup
	for _, m := range batch {
		all.Go(func() { f(m) })
	}
	all.Wait()
}

func (o *Outbox) sendLetter(ctx context.Context, m *taken) {
	if m.StaffID == nil || o.Mail == nil || o.Write == nil {
		m.gone = true // written for an address nobody has, or before the mail server was taken away
		return
	}
	letter, err := o.Write(ctx, m.Letter, *m.StaffID)
	switch {
	case err != nil:
		m.err = err.Error()
	case letter == nil:
		m.gone = true
	default:
		if err := o.Mail(ctx, m.ID.String(), *letter); err != nil {
			m.err = err.Error()
			return
		}
		m.status = 250
	}
}

// Event is what a webhook tells.
type Event struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      any       `json:"data"`
}

// EventData is what happened, as the maker of the endpoint may see it.
type EventData struct {
	Seq        int64                         `json:"seq"`
	At         time.Time                     `json:"at"`
	RecordedAt time.Time                     `json:"recorded_at"`
	ActorID    uuid.UUID                     `json:"actor_id"`
	Verb       string                        `json:"verb"`
	EntityKind string                        `json:"entity_kind"`
	EntityID   uuid.UUID                     `json:"entity_id"`
	AccountID  *uuid.UUID                    `json:"account_id,omitempty"`
	SiteID     *uuid.UUID                    `json:"site_id,omitempty"`
	Changes    map[string][2]json.RawMessage `json:"changes"`
}

func (o *Outbox) call(ctx context.Context, endpoint uuid.UUID, batch []*taken) error {
	var to struct {
		StaffID  uuid.UUID
		Rights   []string
		URL      string `db:"url"`
		Secret   string
		OldUntil *time.Time
		Old      *string
	}
	var seqs []int64
	for _, m := range batch {
		if m.EventSeq != nil {
			seqs = append(seqs, *m.EventSeq)
		}
	}
	err := o.Store.Read(ctx, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select staff_id, rights, url, secret, old_secret, old_until from outbox.endpoint where id = $1`, endpoint).
			Scan(&to.StaffID, &to.Rights, &to.URL, &to.Secret, &to.Old, &to.OldUntil)
	})
	if err != nil {
		return crm.DBError(err, "webhook")
	}
	as, actor, err := o.maker(ctx, to.StaffID, to.Rights)
	if crm.KindOf(err) == crm.Unauthenticated {
		return o.pause(ctx, endpoint, batch)
	}
	if err != nil {
		return err
	}
	entries, err := o.Store.EntriesBySeq(as, seqs)
	if err != nil {
		return err
	}
	bodies := map[int64][]byte{}
	for _, e := range entries {
		if !o.mayRead(actor, e.EntityKind) {
			continue
		}
		bodies[e.Seq], err = json.Marshal(Event{e.EntityKind + "." + e.Verb, e.At.UTC(), EventData{e.Seq, e.At.UTC(), e.RecordedAt.UTC(), e.Actor, e.Verb, e.EntityKind, e.EntityID,
			e.AccountID, e.SiteID, e.Visible()}})
		if err != nil {
			return fmt.Errorf("encode event %d: %w", e.Seq, err)
		}
	}
	now := o.Store.Now().UTC()
	secrets := []string{to.Secret}
	if to.Old != nil && to.OldUntil != nil && now.Before(*to.OldUntil) {
		secrets = append(secrets, *to.Old)
	}
	test, err := json.Marshal(Event{TestType, now, map[string]any{"message": "This is a test of your webhook."}})
	if err != nil {
		return err
	}
	o.each(batch, func(m *taken) {
		body := test
		if m.EventSeq != nil {
			body = bodies[*m.EventSeq]
		}
		if body == nil {
			m.gone = true
			return
		}
		headers := Sign(m.ID.String(), o.Store.Now(), body, secrets...)
		headers["content-type"] = "application/json"
		headers["user-agent"] = "Catchment-Webhooks/1"
		status, err := o.Post(ctx, Call{URL: to.URL, Headers: headers, Body: body})
		m.status = status
		switch {
		case err != nil:
			m.err = err.Error()
		case status < 200 || status > 299:
			m.err = fmt.Sprintf("answered %d", status)
		}
	})
	return nil
}

// pause stops an endpoint whose maker has left and puts back what was taken.
func (o *Outbox) pause(ctx context.Context, endpoint uuid.UUID, batch []*taken) error {
	ids := make([]uuid.UUID, 0, len(batch))
	for _, m := range batch {
		ids = append(ids, m.ID)
	}
	err := o.Store.Write(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, makerLeft, endpoint); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `update outbox.message set attempts = attempts - 1, next_at = $2 where id = any ($1)`, ids, o.Store.Now().UTC())
		return err
	})
	if err != nil {
		return fmt.Errorf("pause an endpoint: %w", err)
	}
	return errPaused
}

// makerLeft stops an endpoint.
const makerLeft = `update outbox.endpoint set active = false, paused_because = 'its maker has left or may keep no webhooks', version = version + 1 where id = $1 and active`

// errPaused ends a delivery to an endpoint that was stopped meanwhile.
var errPaused = errors.New("the endpoint is paused")

// settle writes down what came of a batch: sent, to be tried again, or dead.
func (o *Outbox) settle(ctx context.Context, endpoint uuid.UUID, batch []*taken) error {
	now := o.Store.Now().UTC()
	failures, succeeded, gone := 0, false, false
	var forget, ids []uuid.UUID
	var states, errs []string
	var statuses []*int
	var next []time.Time
	for _, m := range batch {
		if m.gone {
			forget = append(forget, m.ID)
			continue
		}
		state, at := "sent", now
		if m.err != "" {
			state, at = "queued", now.Add(wait(m.Attempts, o.jitter()))
			if failures++; m.Attempts >= maxAttempts {
				state = "dead"
			}
			gone = gone || m.status == 410
		} else {
			succeeded = true
		}
		var status *int
		if m.status != 0 {
			status = &m.status
		}
		text := strings.ReplaceAll(m.err, "\x00", "")
		text = strings.ToValidUTF8(text[:min(len(text), 500)], "")
		ids, states, errs, statuses, next = append(ids, m.ID), append(states, state), append(errs, text), append(statuses, status), append(next, at)
	}
	err := o.Store.Write(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `delete from outbox.message where id = any ($1)`, forget); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `update outbox.message m set state = r.state, status = r.status, error = r.error, next_at = r.next,
				ended_at = case when r.state = 'queued' then null else $6::timestamptz end
			from unnest($1::uuid[], $2::text[], $3::int[], $4::text[], $5::timestamptz[]) as r(id, state, status, error, next)
			where m.id = r.id and m.state = 'queued'`, ids, states, statuses, errs, next, now)
		if err != nil || endpoint == uuid.Nil || failures == 0 && !succeeded {
			return err
		}
		if gone { // the receiver says for good that it wants nothing more
			_, err := tx.Exec(ctx, `update outbox.endpoint set active = false, paused_because = 'the receiver answered 410 Gone', version = version + 1 where id = $1 and active`, endpoint)
			return err
		}
		if succeeded {
			_, err = tx.Exec(ctx, `update outbox.endpoint set failures = 0, hold_until = null where id = $1 and (failures > 0 or hold_until is not null)`, endpoint)
			return err
		}
		var row int
		if err := tx.QueryRow(ctx, `update outbox.endpoint set failures = failures + $2 where id = $1 returning failures`, endpoint, failures).Scan(&row); err != nil || row < holdAfter {
			return err
		}
		// Nothing gets through: the whole endpoint waits, so that it does not hold up others, and its messages do not use their attempts up.
		hold := min(longestHold, 10*time.Second<<min(10, (row-holdAfter)/holdAfter))
		_, err = tx.Exec(ctx, `update outbox.endpoint set hold_until = $2 where id = $1`, endpoint, now.Add(hold))
		return err
	})
	if err != nil {
		return fmt.Errorf("write down what came of messages: %w", err)
	}
	return nil
}
