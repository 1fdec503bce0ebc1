// Command benchrecords fills a scratch database with accounts and what belongs to them, and measures lists, the search
// box and the check for duplicates as the application's role, for people who see everything, their teams' or their own.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/jackc/pgx/v5"

	"catchment/crm"
	"catchment/geo/postgis"
)

func main() {
	accounts := flag.Int("accounts", 500_000, "number of accounts")
	server := flag.String("server", os.Getenv(postgis.TestServerVariable), "address of a PostgreSQL server with PostGIS, as key=value pairs")
	name := flag.String("database", "", "a database to fill, or to use as it is if it is there, and to keep; a scratch database if empty")
	only := flag.String("only", "", "measure only search, duplicates or lists")
	repeat := flag.Int("repeat", 40, "times each question is asked")
	flag.Parse()
	if err := run(context.Background(), *server, *name, *only, *accounts, *repeat); err != nil {
		fmt.Fprintln(os.Stderr, "benchrecords:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, server, name, only string, accounts, repeat int) error {
	if server == "" {
		return fmt.Errorf("no server: set %s or -server", postgis.TestServerVariable)
	}
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return fmt.Errorf("reach the server: %w", err)
	}
	defer conn.Close(ctx)
	scratch := name == ""
	if scratch {
		name = fmt.Sprintf("bench_records_%d", os.Getpid())
		defer conn.Exec(ctx, "drop database if exists "+name+" with (force)")
	}
	url := server + " dbname=" + name
	var there bool
	if err := conn.QueryRow(ctx, `select exists (select from pg_database where datname = $1)`, name).Scan(&there); err != nil {
		return err
	}
	if !there {
		if _, err := conn.Exec(ctx, "create database "+pgx.Identifier{name}.Sanitize()); err != nil {
			return err
		}
		if _, err := postgis.Migrate(ctx, url); err != nil {
			return err
		}
		if err := organise(ctx, url); err != nil {
			return err
		}
		owner, err := postgis.OpenOwner(ctx, url)
		if err != nil {
			return err
		}
		err = fill(ctx, owner, accounts)
		owner.Close()
		if err != nil {
			return err
		}
	}
	return measure(ctx, url, only, repeat)
}

// organise makes the organisation with its roles.
func organise(ctx context.Context, url string) error {
	pool, err := postgis.Open(ctx, url)
	if err != nil {
		return err
	}
	defer pool.Close()
	return crm.NewStore(pool).EnsureOrganisation(crm.WithActor(ctx, crm.System("bench")),
		crm.Organisation{Name: "Bench", Zone: "Europe/Vaduz", Currency: "CHF", Language: "en"})
}
