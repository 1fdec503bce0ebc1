package postgis

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"catchment/migrations"
)

// TB is what a test database needs of *testing.T and *testing.B.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
	Cleanup(func())
}

// TestServerVariable names the environment variable with the address of the server test databases are made on.
const TestServerVariable = "CATCHMENT_TEST_DATABASE"

// TestDatabase returns a pool on a fresh, migrated database that acts as the application's role, and drops the
// database when the test ends.
func TestDatabase(t TB) *pgxpool.Pool {
	t.Helper()
	return testPool(t, TestDatabaseURL(t), Open)
}

// TestDatabaseURL returns the address, as the owner, of a fresh, migrated database that is dropped when the test
// ends. It is a copy of a template, which the first test after a change of the migrations makes.
func TestDatabaseURL(t TB) string {
	t.Helper()
	server := os.Getenv(TestServerVariable)
	if server == "" {
		t.Fatalf("%s is not set: run the tests with `make test`, or start a server with `go run ./cmd/testcluster -- sh` and test inside", TestServerVariable)
	}
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatalf("reach the test database server: %v", err)
	}
	defer conn.Close(ctx)
	template, err := ensureTemplate(ctx, conn, server)
	if err != nil {
		t.Fatalf("make the template of the test databases: %v", err)
	}
	suffix := make([]byte, 8)
	rand.Read(suffix)
	name := "test_" + hex.EncodeToString(suffix)
	if _, err := conn.Exec(ctx, fmt.Sprintf("create database %s template %s", name, template)); err != nil {
		t.Fatalf("copy the template: %v", err)
	}
	t.Cleanup(func() {
		conn, err := pgx.Connect(ctx, server)
		if err != nil {
			return // the server is gone, and the database with it
		}
		defer conn.Close(ctx)
		conn.Exec(ctx, "drop database if exists "+name+" with (force)")
	})
	return withDatabase(server, name)
}

// TestOwner returns a pool on the test database of url that acts as its owner.
func TestOwner(t TB, url string) *pgxpool.Pool {
	t.Helper()
	return testPool(t, url, OpenOwner)
}

// TestApp returns a pool on the test database of url that acts as the application's role.
func TestApp(t TB, url string) *pgxpool.Pool {
	t.Helper()
	return testPool(t, url, Open)
}

func testPool(t TB, url string, open func(context.Context, string) (*pgxpool.Pool, error)) *pgxpool.Pool {
	t.Helper()
	pool, err := open(context.Background(), url)
	if err != nil {
		t.Fatalf("open the test database: %v", err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// ensureTemplate returns the name of the migrated template for exactly the migrations of this binary.
func ensureTemplate(ctx context.Context, conn *pgx.Conn, server string) (string, error) {
	sum := sha256.New()
	err := fs.WalkDir(migrations.Files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := migrations.Files.ReadFile(path)
		fmt.Fprintf(sum, "%s %d\n%s", path, len(text), text)
		return err
	})
	if err != nil {
		return "", err
	}
	name := "template_" + hex.EncodeToString(sum.Sum(nil)[:8])
	if _, err := conn.Exec(ctx, "select pg_advisory_lock(hashtext($1))", name); err != nil {
		return "", err
	}
	defer conn.Exec(ctx, "select pg_advisory_unlock(hashtext($1))", name)
	var ready bool
	err = conn.QueryRow(ctx, "select exists (select from pg_database where datname = $1 and datistemplate)", name).Scan(&ready)
	if err != nil || ready {
		return name, err
	}
	for _, statement := range []string{"drop database if exists " + name + " with (force)", "create database " + name} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return "", err
		}
	}
	if _, err := Migrate(ctx, withDatabase(server, name)); err != nil {
		return "", err
	}
	_, err = conn.Exec(ctx, "alter database "+name+" with is_template true")
	return name, err
}

// withDatabase returns the address with another database name.
func withDatabase(url, name string) string {
	if !strings.Contains(url, "://") {
		return url + " dbname=" + name // the last one counts
	}
	address, query, _ := strings.Cut(url, "?")
	slash := strings.LastIndex(address, "/")
	out := address[:slash+1] + name
	if query != "" {
		out += "?" + query
	}
	return out
}
