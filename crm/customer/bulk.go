package customer

import (
	"context"
	"sync"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"catchment/crm"
)

// Bulk tells how AddBulk adds.
type Bulk struct {
	Writers  int             // connections at once; zero means BulkWriters
	Progress func(added int) // after each chunk that is safe; nil for nobody
}

// BulkWriters is how many connections add at once unless asked otherwise: one more than two, so that the database always has
// work while the next chunk is made.
const BulkWriters = 3

// AddBulk adds any number of accounts with their sites by the rules of AddMany: next returns up to MaxAdditions at a time, none
// at the end. Each chunk is a transaction of its own that is flushed before it counts; after an error or a crash the same call
// adds what is missing, for those that are there stay as they are. It returns how many accounts are new.
func (c *Customers) AddBulk(ctx context.Context, next func() ([]Addition, error), how Bulk) (int, error) {
	if how.Writers < 1 {
		how.Writers = BulkWriters
	}
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(how.Writers)
	var lock sync.Mutex
	added := 0
	for inner.Err() == nil {
		chunk, err := next()
		if err != nil {
			group.Go(func() error { return err })
			break
		}
		if len(chunk) == 0 {
			break
		}
		group.Go(func() error {
			n, err := c.addChunk(inner, chunk)
			lock.Lock()
			defer lock.Unlock()
			if added += n; err == nil && how.Progress != nil {
				how.Progress(added)
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return added, err
	}
	return added, c.Store.Write(ctx, func(tx pgx.Tx) error { return SettleBulk(ctx, tx) })
}

// addChunk is AddMany with room.
func (c *Customers) addChunk(ctx context.Context, chunk []Addition) (int, error) {
	fresh := 0
	err := c.Store.Write(ctx, func(tx pgx.Tx) error {
		if err := RoomForBulk(ctx, tx); err != nil {
			return err
		}
		added, err := c.AddManyIn(ctx, tx, chunk)
		fresh = len(added)
		return err
	})
	return fresh, err
}

// RoomForBulk gives a transaction that adds much more room for what waits for the indexes for searching: tens of thousands of
// rows go there together, not some thousands. Meanwhile searches read through up to so much more; SettleBulk ends it.
func RoomForBulk(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `select set_config('gin_pending_list_limit', '64MB', true), set_config('work_mem', '128MB', true)`)
	return crm.DBError(err, "account")
}

// SettleBulk brings what waits for the indexes for searching to its place.
func SettleBulk(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `select record.settle_indexes()`)
	return crm.DBError(err, "account")
}
