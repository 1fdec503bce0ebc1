package customer

import (
	"context"
	"sync"

	"golang.org/x/sync/errgroup"
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
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(how.Writers)
	var lock sync.Mutex
	added := 0
	for ctx.Err() == nil {
		chunk, err := next()
		if err != nil {
			group.Go(func() error { return err })
			break
		}
		if len(chunk) == 0 {
			break
		}
		group.Go(func() error {
			n, err := c.AddMany(ctx, chunk)
			lock.Lock()
			defer lock.Unlock()
			if added += n; err == nil && how.Progress != nil {
				how.Progress(added)
			}
			return err
		})
	}
	err := group.Wait()
	return added, err
}
