// Package outbox is the one way out of the house: webhooks that tell other programs what happened, and letters to
// the staff.
//
// Webhooks follow the event log, so that no change can be forgotten; letters are left in the transaction of the change
// they belong to. Both are messages of one queue: tried again with growing pauses, put aside as dead after the last,
// replayed by people. A message goes out at least once, always under the same id; those of one record reach an
// endpoint in their order.
package outbox

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"catchment/crm"
)

// Jobs takes jobs in a transaction; a River client is one.
type Jobs interface {
	InsertTx(ctx context.Context, tx pgx.Tx, args river.JobArgs, opts *river.InsertOpts) (*rivertype.JobInsertResult, error)
}

// Call is one webhook on its way out.
type Call struct {
	URL     string
	Headers map[string]string
	Body    []byte
}

// Letter is what is sent to one person.
type Letter struct {
	To, Subject, Text, HTML string
}

// Outbox is the queue.
type Outbox struct {
	Store *crm.Store
	Jobs  Jobs
	Log   *slog.Logger

	// Post makes a call and returns the status of the answer. cmd hands in the guarded client.
	Post func(ctx context.Context, call Call) (status int, err error)
	// Mail sends a letter under an id; nil where the organisation has no mail server.
	Mail func(ctx context.Context, id string, letter Letter) error
	// Write writes a letter when its time has come; nil is a letter that is no longer wanted.
	Write func(ctx context.Context, letter string, staff uuid.UUID) (*Letter, error)
	// Reads tells which right lets somebody read of a kind of thing; what it does not know needs crm.AuditRead.
	Reads func(kind string) (crm.Right, bool)
}

// How messages are tried.
const (
	maxAttempts  = 10
	firstWait    = 5 * time.Second // after the first failure; each further one waits four times as long
	longestWait  = 6 * time.Hour   // ten attempts stretch over about a day
	lease        = time.Minute     // a message taken by a process that died is tried again after it
	jobWithin    = 14 * time.Second
	batchSize    = 16
	holdAfter    = 10 // failures in a row, after which the whole endpoint waits
	longestHold  = 30 * time.Minute
	secretOldFor = 24 * time.Hour
)

// wait returns how long to wait after so many attempts: 5 s, 20 s, 80 s … 6 h, up to a fifth more or less so that what
// failed together does not come back together.
func wait(attempts int, chance float64) time.Duration {
	pause := firstWait
	for i := 1; i < attempts && pause < longestWait; i++ {
		pause *= 4
	}
	pause = min(pause, longestWait)
	return pause + time.Duration((chance-0.5)*0.4*float64(pause))
}

func (o *Outbox) jitter() float64 { return rand.Float64() } // spreads load; nothing stored depends on it but a time

// system is the context in which the queue itself works.
func system(ctx context.Context) context.Context {
	return crm.WithActor(ctx, crm.System("outbox"))
}

// maker returns a context in which the maker of an endpoint acts, with those of the rights he gave it that he still
// has. It fails with Unauthenticated when he has left.
func (o *Outbox) maker(ctx context.Context, staff uuid.UUID, given []string) (context.Context, crm.Actor, error) {
	actor, err := o.Store.ActorOf(ctx, staff)
	if err != nil {
		return nil, actor, err
	}
	if !actor.May(crm.WebhookWrite) {
		return nil, actor, &crm.Error{Kind: crm.Unauthenticated, Message: "the maker may keep no webhooks any more"}
	}
	actor.Rights = slices.DeleteFunc(slices.Clone(actor.Rights), func(r crm.Right) bool { return !slices.Contains(given, string(r)) })
	return crm.WithActor(ctx, actor), actor, nil
}

// mayRead tells whether the actor has the right to read of a kind of thing.
func (o *Outbox) mayRead(actor crm.Actor, kind string) bool {
	if o.Reads != nil {
		if right, known := o.Reads(kind); known {
			return actor.May(right)
		}
	}
	return actor.May(crm.AuditRead)
}

// Send leaves a letter for somebody in the transaction of the change it belongs to.
func (o *Outbox) Send(ctx context.Context, tx pgx.Tx, letter string, staff *uuid.UUID) error {
	now := o.Store.Now().UTC()
	_, err := tx.Exec(ctx, `insert into outbox.message (id, letter, staff_id, type, entity_id, next_at, created_at) values ($1, $2, $3, 'letter', $1, $4, $4)`,
		uuid.Must(uuid.NewV7()), letter, staff, now)
	return crm.DBError(err, "letter")
}

// CanMail tells whether letters leave the house.
func (o *Outbox) CanMail() bool { return o != nil && o.Mail != nil }
