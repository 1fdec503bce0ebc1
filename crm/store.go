package crm

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Store is the way to the organisation's database. Everything runs in a transaction that knows who acts, so
// that the database itself hides foreign rows.
type Store struct {
	Pool *pgxpool.Pool
	Now  func() time.Time // the clock; time.Now outside tests
}

// NewStore returns a store on the pool with the real clock.
func NewStore(pool *pgxpool.Pool) *Store { return &Store{Pool: pool, Now: time.Now} }

// Read runs f in a read-only transaction in which all statements see the same state.
func (s *Store) Read(ctx context.Context, f func(pgx.Tx) error) error {
	return s.run(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, f)
}

// Write runs f in a transaction and commits it unless f fails.
func (s *Store) Write(ctx context.Context, f func(pgx.Tx) error) error {
	return s.run(ctx, pgx.TxOptions{}, f)
}

// WriteRetry is Write for an f that may be run again from its beginning: when PostgreSQL ends the transaction to
// resolve a deadlock, it is tried up to three times.
func (s *Store) WriteRetry(ctx context.Context, f func(pgx.Tx) error) error {
	for try := 1; ; try++ {
		err := s.Write(ctx, f)
		var pg *pgconn.PgError
		if try == 3 || !errors.As(err, &pg) || pg.Code != "40P01" && pg.Code != "40001" { // deadlock_detected, serialization_failure
			return err
		}
	}
}

func (s *Store) run(ctx context.Context, options pgx.TxOptions, f func(pgx.Tx) error) error {
	actor, ok := ActorFrom(ctx)
	if !ok {
		return &Error{Kind: Unauthenticated, Message: "sign in first"}
	}
	return pgx.BeginTxFunc(ctx, s.Pool, options, func(tx pgx.Tx) error {
		if err := actAs(ctx, tx, actor, s.Now()); err != nil {
			return err
		}
		return f(tx)
	})
}

// actAs tells the transaction who acts; the policies read it through crm.scope(), crm.uid(), crm.teams() and
// crm.resource(). It tells the store's clock, too: what happens now is told of at its time.
func actAs(ctx context.Context, tx pgx.Tx, a Actor, now time.Time) error {
	resource := ""
	if a.Resource != nil {
		resource = a.Resource.String()
	}
	teams := a.Teams
	if teams == nil {
		teams = []uuid.UUID{}
	}
	_, err := tx.Exec(ctx, `select set_config('app.uid', $1, true), set_config('app.scope', $2, true),
		set_config('app.teams', ($3::uuid[])::text, true), set_config('app.resource', $4, true),
		set_config('app.now', ($5::timestamptz)::text, true)`,
		a.ID.String(), string(a.Scope), teams, resource, now)
	if err != nil {
		return fmt.Errorf("tell the database who acts: %w", err)
	}
	return nil
}
