package demo

import (
	"context"
	"fmt"
	"sync"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"catchment/crm/customer"
	"catchment/crm/record"
	"catchment/crm/work"
)

// How much is written in one transaction: accounts with their stories, or accounts alone.
const (
	storiesAtOnce  = 150
	accountsAtOnce = 2500
)

// DefaultHistories is of how many accounts the whole story is told unless asked otherwise. The others are accounts with a
// place, an owner and a stage, no more: what they add to a larger company is its size.
const DefaultHistories = 20_000

// inOrder is up to how many accounts are written one after the other, so that numbers people see are the same each time.
const inOrder = 5000

// accounts adds the accounts that are missing. Each transaction adds whole stories or none, so that a making that was broken
// off is taken up with those that are not there.
func (m *maker) accounts(parent context.Context) error {
	missing, err := m.missing(parent)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(parent)
	group.SetLimit(1)
	if m.Accounts > inOrder {
		group.SetLimit(writers)
	}
	var lock sync.Mutex
	done := 0
	write := func(chunk []*story) {
		group.Go(func() error {
			if err := m.write(ctx, chunk); err != nil {
				return err
			}
			lock.Lock()
			defer lock.Unlock()
			for _, s := range chunk {
				if done++; s.n < m.Histories {
					done += weight - 1
				}
			}
			m.Progress(0.95 * float64(done) / float64(m.Accounts+(weight-1)*min(m.Accounts, m.Histories)))
			return nil
		})
	}
	m.taken = map[booked]bool{}
	defer func() { m.taken = nil }()
	var told, plain []*story
	for n := range m.Accounts {
		if ctx.Err() != nil {
			break
		}
		switch {
		case n < m.Histories:
			s := m.story(n) // of those that are there, too: it books the technicians' days
			if missing[n] {
				told = append(told, s)
			}
		case missing[n]:
			plain = append(plain, m.short(n))
		}
		if len(told) == storiesAtOnce {
			write(told)
			told = nil
		}
		if len(plain) == accountsAtOnce {
			write(plain)
			plain = nil
		}
	}
	if len(told) > 0 {
		write(told)
	}
	if len(plain) > 0 {
		write(plain)
	}
	if err := group.Wait(); err != nil || m.Accounts <= inOrder {
		return err
	}
	return m.Store.Write(parent, func(tx pgx.Tx) error { return customer.SettleBulk(parent, tx) })
}

// writers is how many transactions add to a large company at the same time, and weight how much more than an account alone one
// with its story has to be written.
const (
	writers = 3
	weight  = 25
)

// missing tells which accounts are not there, by their numbers.
func (m *maker) missing(ctx context.Context) ([]bool, error) {
	there := map[uuid.UUID]bool{}
	err := m.Store.Read(ctx, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, `select id from customer.account where synthetic`)
		var id uuid.UUID
		_, err := pgx.ForEachRow(rows, []any{&id}, func() error { there[id] = true; return nil })
		return err
	})
	out := make([]bool, m.Accounts)
	for n := range out {
		out[n] = !there[m.id("account", n)]
	}
	return out, err
}

// write adds accounts with all that is told of them, in one transaction.
func (m *maker) write(ctx context.Context, chunk []*story) error {
	return m.Store.WriteRetry(ctx, func(tx pgx.Tx) error {
		if m.Accounts > inOrder {
			if err := customer.RoomForBulk(ctx, tx); err != nil {
				return err
			}
		}
		additions := make([]customer.Addition, len(chunk))
		for i, s := range chunk {
			additions[i] = s.addition
		}
		if _, err := m.Customers.AddManyIn(ctx, tx, additions); err != nil {
			return err
		}
		for _, part := range []struct {
			kind  string
			lives func(*story) []record.Life
		}{
			{"contact", func(s *story) []record.Life { return s.contacts }},
			{"deal", func(s *story) []record.Life { return s.deals }},
			{"lead", func(s *story) []record.Life { return s.leads }},
			{"order", func(s *story) []record.Life { return s.orders }},
			{"order_line", func(s *story) []record.Life { return s.lines }},
			{"installation", func(s *story) []record.Life { return s.installations }},
			{"contract", func(s *story) []record.Life { return s.contracts }},
			{"case", func(s *story) []record.Life { return s.cases }},
			{"activity", func(s *story) []record.Life { return s.activities }},
		} {
			var lives []record.Life
			for _, s := range chunk {
				lives = append(lives, part.lives(s)...)
			}
			if err := m.records.TellIn(ctx, tx, part.kind, lives); err != nil {
				return fmt.Errorf("%s: %w", part.kind, err)
			}
		}
		var visits []work.PastVisit
		for _, s := range chunk {
			visits = append(visits, s.visits...)
		}
		return work.TellIn(ctx, tx, visits)
	})
}
