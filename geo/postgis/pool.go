// Package postgis is the way to PostgreSQL with PostGIS: the connection pool and its codecs, the migrations, a
// private cluster run as a child process, and a fresh database for each test.
//
// orb is every shape in memory; this package converts to and from the wire, so that orb values serve as query
// arguments and scan targets.
package postgis

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// AppRole is the role the application runs as. It owns no table.
const AppRole = "catchment_app"

// Open returns a pool of connections that act as AppRole and speak orb shapes. The database must be migrated.
func Open(ctx context.Context, url string) (*pgxpool.Pool, error) {
	return open(ctx, url, func(ctx context.Context, conn *pgx.Conn) error {
		if err := register(ctx, conn); err != nil {
			return err
		}
		_, err := conn.Exec(ctx, "set role "+AppRole)
		return err
	})
}

// OpenOwner returns a pool that speaks orb shapes and acts as whoever the URL names: for imports of reference
// data (streets, map, addresses), which own their tables, and for administration.
func OpenOwner(ctx context.Context, url string) (*pgxpool.Pool, error) {
	return open(ctx, url, register)
}

func open(ctx context.Context, url string, prepare func(context.Context, *pgx.Conn) error) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("read the database address: %w", err)
	}
	config.AfterConnect = prepare
	config.ConnConfig.RuntimeParams["application_name"] = "catchment"
	config.ConnConfig.RuntimeParams["timezone"] = "UTC"
	config.ConnConfig.ConnectTimeout = 5 * time.Second
	config.MaxConns = max(config.MaxConns, 16)
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("reach the database: %w", err)
	}
	return pool, nil
}
