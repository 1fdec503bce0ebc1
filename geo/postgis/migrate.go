package postgis

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"catchment/migrations"
)

// migrationLock keeps processes that start together from migrating at once; River's migrator takes none itself.
const migrationLock = 0x63617463686d

// JobSchema is the schema of River's tables.
const JobSchema = "jobs"

// Migrate brings the database up to date, ours and River's tables under one advisory lock, and returns how many
// migrations it applied.
func Migrate(ctx context.Context, url string) (int, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return 0, fmt.Errorf("read the database address: %w", err)
	}
	pool, err := pgxpool.NewWithConfig(ctx, config) // without codecs: the types do not exist yet
	if err != nil {
		return 0, fmt.Errorf("open the database: %w", err)
	}
	defer pool.Close()
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return 0, fmt.Errorf("reach the database: %w", err)
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, "select pg_advisory_lock($1)", migrationLock); err != nil {
		return 0, fmt.Errorf("wait for another migration: %w", err)
	}
	defer conn.Exec(context.WithoutCancel(ctx), "select pg_advisory_unlock($1)", migrationLock)

	if err := checkServer(ctx, conn.Conn()); err != nil {
		return 0, err
	}
	db := stdlib.OpenDBFromPool(pool)
	defer db.Close()
	ours, err := migrateOurs(ctx, db)
	if err != nil {
		return ours, err
	}
	jobs, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Schema: JobSchema, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return ours, fmt.Errorf("prepare the job tables: %w", err)
	}
	result, err := jobs.Migrate(ctx, rivermigrate.DirectionUp, nil)
	if err != nil {
		return ours, fmt.Errorf("migrate the job tables: %w", err)
	}
	return ours + len(result.Versions), nil
}

func migrateOurs(ctx context.Context, db *sql.DB) (int, error) {
	provider, err := goose.NewProvider(goose.DialectPostgres, db, migrations.Files, goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return 0, fmt.Errorf("read the migrations: %w", err)
	}
	results, err := provider.Up(ctx)
	if err != nil {
		return len(results), fmt.Errorf("migrate: %w", err)
	}
	return len(results), nil
}

// Migrated tells whether the database has every migration this binary carries.
func Migrated(ctx context.Context, pool *pgxpool.Pool) (bool, error) {
	entries, err := migrations.Files.ReadDir(".")
	if err != nil {
		return false, err
	}
	var applied int
	err = pool.QueryRow(ctx, "select count(distinct version_id) from public.goose_db_version where is_applied and version_id > 0").Scan(&applied)
	if err != nil {
		return false, fmt.Errorf("read the migrations applied: %w", err)
	}
	return applied >= len(entries), nil
}

// checkServer refuses servers on which search would silently go wrong.
func checkServer(ctx context.Context, conn *pgx.Conn) error {
	var version int
	var encoding, lowered string
	err := conn.QueryRow(ctx, "select current_setting('server_version_num')::int, current_setting('server_encoding'), lower('Ä')").
		Scan(&version, &encoding, &lowered)
	switch {
	case err != nil:
		return fmt.Errorf("ask the server for its version: %w", err)
	case version < 140000:
		return fmt.Errorf("PostgreSQL %d is too old: Catchment needs 14 or later", version/10000)
	case encoding != "UTF8":
		return fmt.Errorf("the database is encoded in %s: create it with encoding UTF8", encoding)
	case lowered != "ä":
		return fmt.Errorf("the database's locale does not know letters beyond ASCII: create it with --locale=C.UTF-8 or a language's locale")
	}
	return nil
}
