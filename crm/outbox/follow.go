package outbox

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"catchment/crm"
)

// Queue is the job queue messages are delivered by.
const Queue = "outbox"

// deliverArgs has what is due of one endpoint delivered; the zero id stands for the letters.
type deliverArgs struct {
	Endpoint uuid.UUID `json:"endpoint" river:"unique"`
}

// Kind names the job.
func (deliverArgs) Kind() string { return "outbox.deliver" }

// followStep is how many events are looked at in one transaction.
const followStep = 1000

// Run follows the log and has what is due delivered until the context ends. Any number of processes may run it: one at
// a time does the work.
func (o *Outbox) Run(ctx context.Context, every time.Duration) error {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		more, err := o.Follow(ctx)
		if err == nil {
			err = o.Dispatch(ctx)
		}
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			o.Log.WarnContext(ctx, "outbox", "error", err)
		}
		if more && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

type followed struct {
	XID      string `db:"xid"`
	Seq      int64
	Kind     string
	Verb     string
	EntityID uuid.UUID
}

type follower struct {
	ID      uuid.UUID
	StaffID uuid.UUID
	Rights  []string
	Events  []string
	FromXID uint64 `db:"from_xid"`
}

// Follow makes messages of the events behind its position, in the order of the log, and tells whether more are waiting.
// Messages and position are written in one transaction: none is lost or made twice.
func (o *Outbox) Follow(ctx context.Context) (more bool, err error) {
	ctx = system(ctx)
	err = o.Store.Write(ctx, func(tx pgx.Tx) error {
		var mine bool
		if err := tx.QueryRow(ctx, `select pg_try_advisory_xact_lock(hashtextextended('outbox follower', 0))`).Scan(&mine); err != nil || !mine {
			return err
		}
		rows, _ := tx.Query(ctx, `select id, staff_id, rights, events, from_xid::text::bigint as from_xid from outbox.endpoint where active order by id`)
		endpoints, err := pgx.CollectRows(rows, pgx.RowToStructByName[follower])
		if err != nil {
			return fmt.Errorf("read the endpoints: %w", err)
		}
		var events []followed
		var horizon string
		if err := tx.QueryRow(ctx, `select pg_snapshot_xmin(pg_current_snapshot())::text`).Scan(&horizon); err != nil {
			return err
		}
		if len(endpoints) > 0 {
			rows, _ := tx.Query(ctx, `select e.xid::text as xid, e.seq, e.entity_kind as kind, e.verb, e.entity_id
				from crm.event e, outbox.position p
				where p.follower = 'webhooks' and (e.xid, e.seq) > (p.xid, p.seq) and e.xid < $1::text::xid8
				order by e.xid, e.seq limit $2`, horizon, followStep)
			if events, err = pgx.CollectRows(rows, pgx.RowToStructByName[followed]); err != nil {
				return fmt.Errorf("follow the log: %w", err)
			}
		}
		for _, e := range endpoints {
			if len(events) == 0 {
				break
			}
			if err := o.tell(ctx, tx, e, events); err != nil {
				return err
			}
		}
		more = len(events) == followStep
		to := followed{XID: horizon}
		if more {
			to = events[len(events)-1]
		}
		_, err = tx.Exec(ctx, `update outbox.position set xid = $1::text::xid8, seq = $2 where follower = 'webhooks' and (xid, seq) < ($1::text::xid8, $2)`, to.XID, to.Seq)
		return err
	})
	return more, err
}

// tell queues those of the events that an endpoint wants and its maker may see.
func (o *Outbox) tell(ctx context.Context, tx pgx.Tx, e follower, events []followed) error {
	as, actor, err := o.maker(ctx, e.StaffID, e.Rights)
	if crm.KindOf(err) == crm.Unauthenticated {
		_, err := tx.Exec(ctx, makerLeft, e.ID)
		return err
	}
	if err != nil {
		return err
	}
	var wanted []followed
	var seqs []int64
	for _, event := range events {
		var xid uint64
		if _, err := fmt.Sscan(event.XID, &xid); err != nil || xid < e.FromXID || !o.mayRead(actor, event.Kind) {
			continue
		}
		name := event.Kind + "." + event.Verb
		if slices.ContainsFunc(e.Events, func(p string) bool { return Matches(p, name) }) {
			wanted, seqs = append(wanted, event), append(seqs, event.Seq)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	seen := map[int64]bool{}
	err = o.Store.Read(as, func(tx pgx.Tx) error { // as the maker: the policies decide
		rows, _ := tx.Query(as, `select seq from crm.event where seq = any ($1)`, seqs)
		visible, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		for _, seq := range visible {
			seen[seq] = true
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("ask what the maker of an endpoint may see: %w", err)
	}
	var ids, entities []uuid.UUID
	var xids, types []string
	seqs = seqs[:0]
	for _, event := range wanted {
		if seen[event.Seq] {
			ids, entities, xids = append(ids, uuid.Must(uuid.NewV7())), append(entities, event.EntityID), append(xids, event.XID)
			seqs, types = append(seqs, event.Seq), append(types, event.Kind+"."+event.Verb)
		}
	}
	_, err = tx.Exec(ctx, `insert into outbox.message (id, endpoint_id, event_xid, event_seq, type, entity_id, next_at, created_at)
		select id, $1, xid::xid8, seq, type, entity, $2, $2
		from unnest($3::uuid[], $4::text[], $5::bigint[], $6::text[], $7::uuid[]) with ordinality as m(id, xid, seq, type, entity, at) order by at
		on conflict do nothing`, e.ID, o.Store.Now().UTC(), ids, xids, seqs, types, entities)
	return crm.DBError(err, "message")
}

// Dispatch queues a job for each endpoint with messages that are due, unless it has one.
func (o *Outbox) Dispatch(ctx context.Context) error {
	ctx = system(ctx)
	return o.Store.Write(ctx, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, `
			select e.id from outbox.endpoint e
			where e.active and (e.hold_until is null or e.hold_until <= $1)
			  and exists (select from outbox.message m where m.endpoint_id = e.id and m.state = 'queued' and m.next_at <= $1)
			union all
			select '00000000-0000-0000-0000-000000000000' where exists (
			  select from outbox.message m where m.endpoint_id is null and m.state = 'queued' and m.next_at <= $1)`, o.Store.Now().UTC())
		due, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		if err != nil {
			return fmt.Errorf("look for what is due: %w", err)
		}
		for _, id := range due {
			_, err := o.Jobs.InsertTx(ctx, tx, deliverArgs{id}, &river.InsertOpts{Queue: Queue, MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByArgs: true,
				ByState: []rivertype.JobState{rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning, rivertype.JobStateRetryable, rivertype.JobStateScheduled}}})
			if err != nil {
				return fmt.Errorf("queue a delivery: %w", err)
			}
		}
		return nil
	})
}

// Deliverer does the jobs of the outbox.
type Deliverer struct {
	river.WorkerDefaults[deliverArgs]
	Outbox *Outbox
}

// Work delivers what is due of one endpoint, for a quarter of a minute at most.
func (d *Deliverer) Work(ctx context.Context, job *river.Job[deliverArgs]) error {
	end := time.Now().Add(jobWithin)
	for time.Now().Before(end) {
		n, err := d.Outbox.Deliver(ctx, job.Args.Endpoint)
		if err != nil || n == 0 {
			return err
		}
	}
	return nil
}
