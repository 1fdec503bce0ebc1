package region

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"catchment/crm"
	"catchment/geo/cells"
)

// pace is how often the journal is looked at. Asking costs less than being told: a NOTIFY in every write would
// make the writers' commits wait for one another.
const pace = 20 * time.Millisecond

// saving is how long changes may wait for the checkpoint; what is not in it is read from the journal again.
const saving = 5 * time.Minute

// checking is how often a region drawn at random is counted in the database, too, and compared.
const checking = time.Minute

// Run builds the index and follows the journal until the context ends, then saves the index. A database that is
// out of reach is waited for.
func (r *Regions) Run(ctx context.Context) error {
	ctx = crm.WithActor(ctx, crm.System("regions"))
	var saved cells.Position
	var savedAt, checkedAt time.Time
	for wait := pace; ctx.Err() == nil; {
		err := func() error {
			x := r.index.Load()
			if x == nil || r.broken.Swap(false) {
				started := time.Now()
				var err error
				if x, saved, err = r.open(ctx, x == nil); err != nil {
					return err
				}
				r.index.Store(x)
				savedAt, checkedAt = time.Now(), time.Now()
				r.log.Info("regions: index ready", "places", x.Stats().Places, "seconds", time.Since(started).Seconds())
			}
			if err := r.step(ctx, x); err != nil {
				return err
			}
			if x.Due() || time.Since(savedAt) > saving && x.Position() != saved {
				saved, savedAt = x.Position(), time.Now()
				r.fold(ctx, x)
			}
			if now := time.Now(); now.Sub(checkedAt) > checking {
				checkedAt = now
				go r.check(ctx, uint64(now.UnixNano()))
			}
			return nil
		}()
		if err != nil && ctx.Err() == nil {
			wait = min(2*wait, 5*time.Second)
			r.log.Warn("regions: following the journal", "error", err, "again_in", wait.String())
		} else {
			wait = pace
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
	if x := r.index.Load(); x != nil {
		r.save(context.WithoutCancel(ctx), x)
	}
	return ctx.Err()
}

// step applies what the journal has gained.
func (r *Regions) step(ctx context.Context, x *cells.Index) error {
	for {
		after := x.Position()
		var changes []cells.Change
		var to cells.Position
		err := r.store.Read(ctx, func(tx pgx.Tx) (err error) {
			changes, to, err = behind(ctx, tx, after)
			return err
		})
		if err != nil || to == after {
			return err
		}
		if err := x.Apply(to, changes); err != nil {
			return fmt.Errorf("apply %d changes of places: %w", len(changes), err)
		}
		if len(changes) == 0 {
			return nil
		}
	}
}

// fold folds pending changes in and saves the index, beside the follower and one at a time.
func (r *Regions) fold(ctx context.Context, x *cells.Index) {
	if !r.folding.CompareAndSwap(false, true) {
		return
	}
	go func() {
		defer r.folding.Store(false)
		var inconsistent *cells.Inconsistent
		switch err := x.Compact(ctx); {
		case errors.As(err, &inconsistent):
			r.log.Error("regions: the index differs from the journal and is built anew", "error", err)
			r.broken.Store(true)
			return
		case err != nil:
			return // the context has ended
		}
		r.save(ctx, x)
	}()
}

// check verifies one region and has the index built anew should it be wrong.
func (r *Regions) check(ctx context.Context, seed uint64) {
	var mismatch *Mismatch
	switch err := r.Verify(ctx, seed); {
	case errors.As(err, &mismatch):
		r.log.Error("regions: the index is wrong and is built anew", "error", err, "seed", seed)
		r.broken.Store(true)
	case err != nil && ctx.Err() == nil:
		r.log.Warn("regions: the index is not checked", "error", err)
	}
}

func (r *Regions) save(ctx context.Context, x *cells.Index) {
	if r.folder == "" {
		return
	}
	path, err := r.path(ctx)
	if err == nil {
		_, err = x.WriteFile(path)
	}
	if err != nil {
		r.log.Warn("regions: the index is not saved", "error", err)
	}
}

// open returns the index from its file if there is a sound one of this database, else from the journal. It also
// returns the position that is safe in the file.
func (r *Regions) open(ctx context.Context, trustFile bool) (*cells.Index, cells.Position, error) {
	if err := r.loadCodes(ctx); err != nil {
		return nil, cells.Position{}, err
	}
	if r.folder != "" && trustFile {
		x, err := r.opened(ctx)
		if err == nil {
			return x, x.Position(), nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			r.log.Warn("regions: the saved index cannot be used and is built anew", "error", err)
		}
	}
	x, err := r.built(ctx)
	return x, cells.Position{}, err
}

func (r *Regions) opened(ctx context.Context) (*cells.Index, error) {
	path, err := r.path(ctx)
	if err != nil {
		return nil, err
	}
	x, err := cells.Open(path, schema())
	if err != nil {
		return nil, err
	}
	err = r.store.Read(ctx, func(tx pgx.Tx) error {
		limit, err := horizon(ctx, tx)
		if err == nil && x.Position().Transaction >= limit {
			err = errors.New("it is ahead of the database, which must have been set back")
		}
		return err
	})
	return x, err
}

// path names the file after the database, so that an index never meets the journal of another.
func (r *Regions) path(ctx context.Context) (string, error) {
	var system, timeline, database string
	err := r.store.Read(ctx, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `
			select (select system_identifier::text from pg_control_system()), (select timeline_id::text from pg_control_checkpoint()),
			       (select oid::text from pg_database where datname = current_database())`).Scan(&system, &timeline, &database)
	})
	if err != nil {
		return "", fmt.Errorf("ask which database this is: %w", err)
	}
	if err := os.MkdirAll(r.folder, 0o700); err != nil {
		return "", err
	}
	return filepath.Join(r.folder, "region-"+system+"-"+timeline+"-"+database+".cells"), nil
}

// CatchUp waits until the index holds everything that was committed before the call.
func (r *Regions) CatchUp(ctx context.Context) error {
	var text string
	err := r.store.Read(crm.WithActor(ctx, crm.System("regions")), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select pg_snapshot_xmax(pg_current_snapshot())::text`).Scan(&text)
	})
	if err != nil {
		return fmt.Errorf("ask for the last transaction: %w", err)
	}
	next, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return err
	}
	for {
		if x := r.index.Load(); x != nil && x.Position().Compare(endOf(next-1)) >= 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pace / 4):
		}
	}
}
