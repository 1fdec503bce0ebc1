package crm_test

import (
	"context"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"catchment/crm"
	"catchment/geo/postgis"
)

func TestTwoWhoWaitForEachOtherBothGetThrough(t *testing.T) {
	t.Parallel()
	store := crm.NewStore(postgis.TestDatabase(t))
	ctx := crm.WithActor(context.Background(), crm.System("test"))
	// Advisory locks taken crosswise: PostgreSQL ends one of the two, which must come again.
	var both sync.WaitGroup
	var met sync.WaitGroup
	met.Add(2)
	runs := make([]int, 2)
	errs := make([]error, 2)
	for who := range 2 {
		both.Go(func() {
			errs[who] = store.WriteRetry(ctx, func(tx pgx.Tx) error {
				runs[who]++
				if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock($1)", who); err != nil {
					return err
				}
				if runs[who] == 1 { // the first time each waits until the other has his lock, too
					met.Done()
					met.Wait()
				}
				_, err := tx.Exec(ctx, "select pg_advisory_xact_lock($1)", 1-who)
				return err
			})
		})
	}
	both.Wait()
	if errs[0] != nil || errs[1] != nil {
		t.Errorf("want both through, got %v and %v", errs[0], errs[1])
	}
	if runs[0]+runs[1] != 3 {
		t.Errorf("want one of them tried twice, got %d and %d tries", runs[0], runs[1])
	}
}
