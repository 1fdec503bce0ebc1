// Package extract puts an OpenStreetMap extract in force: it fetches one, checks that it can be a map, has it loaded
// beside the old one as a new generation, and swaps the two in one transaction.
//
// What a generation consists of is up to the loaders (base map, addresses) and to a hook that prepares files (the
// streets). Whatever fails or is killed on the way leaves the old generation as it was.
package extract

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"

	"catchment/geo/osm"
)

// Generation is an extract that was, is, or is about to be in force.
type Generation struct {
	ID         int64
	Hash       string // sha256 of the file, hexadecimal
	Name       string // of the file or region, as shown to people
	Source     string // "osm", or "town" for the generated one
	State      string // "loading", "active", "retired"
	Counts     Counts
	Bounds     orb.Bound
	ImportedAt time.Time
}

// Loader fills its tables for one generation.
type Loader interface {
	Name() string
	Load(ctx context.Context, tx pgx.Tx, generation int64, src *osm.Source, progress func(done, total int64)) error
	Drop(ctx context.Context, tx pgx.Tx, generation int64) error
}

// Querier is a pool or a transaction.
type Querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// InForce returns the generations in force, oldest first.
func InForce(ctx context.Context, db Querier) ([]Generation, error) {
	rows, err := db.Query(ctx, `select id, hash, name, source, state, counts, bounds, imported_at from extract.generation
		where state = 'active' order by id`)
	if err != nil {
		return nil, fmt.Errorf("ask for the extracts in force: %w", err)
	}
	generations, err := pgx.CollectRows(rows, pgx.RowToStructByName[Generation])
	if err != nil {
		return nil, fmt.Errorf("ask for the extracts in force: %w", err)
	}
	return generations, nil
}

// Importer imports extracts into a database as its owner.
type Importer struct {
	DB      *pgxpool.Pool
	Loaders []Loader

	// Prepare makes what lies outside the database, such as the street graph, before the swap; nil for nothing. It
	// must leave what the old generation uses alone.
	Prepare func(ctx context.Context, src *osm.Source, hash string, progress func(done float64)) error

	// Progress tells how far the import is, from 0 to 1; nil for nobody.
	Progress func(stage string, done float64)

	// Grace is how long after the swap the old generation's tables stay, for those who learned of it just before;
	// three seconds if zero, none if negative.
	Grace time.Duration
}

// ErrBusy says that another process is importing.
var ErrBusy = errors.New("another import is under way")

// importLock keeps two imports from running at once.
const importLock = 0x6d6170

// Import puts an extract in force in place of the one there is, and tells whether it had to be loaded: the same file
// again changes nothing. An *Implausible extract is refused. Whatever the error, what was in force stays so.
func (i *Importer) Import(ctx context.Context, src *osm.Source, name, source string) (Generation, bool, error) {
	conn, err := i.DB.Acquire(ctx)
	if err != nil {
		return Generation{}, false, fmt.Errorf("reach the database: %w", err)
	}
	defer conn.Release()
	var free bool
	if err := conn.QueryRow(ctx, `select pg_try_advisory_lock($1)`, importLock).Scan(&free); err != nil {
		return Generation{}, false, fmt.Errorf("keep other imports out: %w", err)
	}
	if !free {
		return Generation{}, false, ErrBusy
	}
	defer conn.Exec(context.WithoutCancel(ctx), `select pg_advisory_unlock($1)`, importLock)

	if err := i.clean(ctx); err != nil {
		return Generation{}, false, err
	}
	hash, err := src.Hash()
	if err != nil {
		return Generation{}, false, err
	}
	before, err := InForce(ctx, i.DB)
	if err != nil {
		return Generation{}, false, err
	}
	var old *Counts
	for _, g := range before {
		if g.Hash == hash {
			return g, false, i.prepare(ctx, src, hash) // its files may have been deleted
		}
		if g.Name == name {
			old = &g.Counts
		}
	}
	counts, bounds, err := survey(ctx, src, func(done float64) { i.tell("check", done) })
	if err != nil {
		return Generation{}, false, err
	}
	if err := counts.plausible(old); err != nil {
		return Generation{}, false, err
	}
	if err := i.prepare(ctx, src, hash); err != nil {
		return Generation{}, false, err
	}
	fresh := Generation{Hash: hash, Name: name, Source: source, State: "active", Counts: counts, Bounds: bounds}
	return fresh, true, i.load(ctx, src, &fresh, before)
}

func (i *Importer) prepare(ctx context.Context, src *osm.Source, hash string) error {
	if i.Prepare == nil {
		return nil
	}
	if err := i.Prepare(ctx, src, hash, func(done float64) { i.tell("streets", done) }); err != nil {
		return fmt.Errorf("prepare the streets: %w", err)
	}
	return nil
}

func (i *Importer) tell(stage string, done float64) {
	if i.Progress != nil {
		i.Progress(stage, done)
	}
}

// load fills the tables of a new generation, retires the old ones and commits both at once.
func (i *Importer) load(ctx context.Context, src *osm.Source, fresh *Generation, before []Generation) error {
	// The number is taken in a transaction of its own: a killed load leaves a row in state loading, by which the
	// next import finds what it left.
	err := i.DB.QueryRow(ctx, `insert into extract.generation (hash, name, source, state) values ($1, $2, $3, 'loading') returning id, imported_at`,
		fresh.Hash, fresh.Name, fresh.Source).Scan(&fresh.ID, &fresh.ImportedAt)
	if err != nil {
		return fmt.Errorf("open a generation: %w", err)
	}
	err = pgx.BeginFunc(ctx, i.DB, func(tx pgx.Tx) error {
		for _, l := range i.Loaders {
			err := l.Load(ctx, tx, fresh.ID, src, func(done, total int64) { i.tell(l.Name(), float64(done)/float64(max(total, 1))) })
			if err != nil {
				return fmt.Errorf("load the %s: %w", l.Name(), err)
			}
		}
		for _, old := range before {
			if _, err := tx.Exec(ctx, `update extract.generation set state = 'retired' where id = $1`, old.ID); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `update extract.generation set state = 'active', counts = $2, bounds = $3, imported_at = now() where id = $1`,
			fresh.ID, fresh.Counts, fresh.Bounds)
		return err
	})
	if err != nil {
		if cleaned := i.clean(context.WithoutCancel(ctx)); cleaned != nil {
			return errors.Join(err, cleaned)
		}
		return fmt.Errorf("import %s: %w", fresh.Name, err)
	}
	if len(before) > 0 {
		i.sweep(ctx)
	}
	return nil
}

// sweep drops the retired generations when their grace is over. The new one is in force already, so an error here is
// none of the import: the next import sweeps again.
func (i *Importer) sweep(ctx context.Context) {
	grace := i.Grace
	if grace == 0 {
		grace = 3 * time.Second
	}
	select {
	case <-time.After(grace):
		_ = i.clean(ctx)
	case <-ctx.Done():
	}
}

// clean removes what killed imports left behind, and the tables of retired generations.
func (i *Importer) clean(ctx context.Context) error {
	var err error
	for range 5 {
		err = i.cleanOnce(ctx)
		var refused *pgconn.PgError
		if !errors.As(err, &refused) || refused.Code != lockNotAvailable {
			return err
		}
		select {
		case <-time.After(300 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return err
}

const lockNotAvailable = "55P03"

func (i *Importer) cleanOnce(ctx context.Context) error {
	return pgx.BeginFunc(ctx, i.DB, func(tx pgx.Tx) error {
		// Dropping waits for readers, and new readers wait for the drop: it must give up before they feel it, and
		// before the server takes the two for a deadlock and ends one of them (after a second).
		if _, err := tx.Exec(ctx, `set local lock_timeout = '400ms'`); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `select id from extract.generation where state = 'loading' or (state = 'retired' and not dropped) order by id`)
		if err != nil {
			return fmt.Errorf("look for imports left half done: %w", err)
		}
		left, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil {
			return fmt.Errorf("look for imports left half done: %w", err)
		}
		for _, id := range left {
			if err := i.drop(ctx, tx, id); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `delete from extract.generation where state = 'loading'`); err != nil {
			return fmt.Errorf("forget imports left half done: %w", err)
		}
		_, err = tx.Exec(ctx, `update extract.generation set dropped = true where state = 'retired' and not dropped`)
		if err != nil {
			return fmt.Errorf("forget retired extracts: %w", err)
		}
		return nil
	})
}

func (i *Importer) drop(ctx context.Context, tx pgx.Tx, generation int64) error {
	for _, l := range i.Loaders {
		if err := l.Drop(ctx, tx, generation); err != nil {
			return fmt.Errorf("drop the %s: %w", l.Name(), err)
		}
	}
	return nil
}
