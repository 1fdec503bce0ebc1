package live

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"catchment/geo/postgis"
)

// News come through PostgreSQL when their transaction commits. When the connection breaks, streams end, since
// something may have been missed, and the hub connects again.
func TestNewsComeThroughTheDatabase(t *testing.T) {
	t.Parallel()
	url := postgis.TestDatabaseURL(t)
	owner := postgis.TestOwner(t, url)
	h := quietHub()
	listening := make(chan uint32, 10)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- h.Run(ctx, func(ctx context.Context) (*pgx.Conn, error) {
			conn, err := pgx.Connect(ctx, url)
			if err == nil {
				listening <- conn.PgConn().PID()
			}
			return conn, err
		})
	}()
	// say tells until it is heard, for the connection is there a moment before it listens; nothing is heard on a
	// stream that ended.
	say := func(s *Stream, payload string) []string {
		for {
			if _, err := owner.Exec(ctx, `select pg_notify($1, $2)`, Channel, payload); err != nil {
				t.Fatal(err)
			}
			if err := owner.QueryRow(ctx, `select 1`).Scan(new(int)); err != nil {
				t.Fatal(err)
			}
			select {
			case <-s.Ready():
				return texts(s.Take())
			case <-s.Done():
				return nil
			default:
			}
		}
	}
	first := <-listening
	s := subscribe(t, h, "plan:1")
	if diff := cmp.Diff([]string{`plan {"id":"1"}`}, say(s, `{"topic":"plan:1","event":"plan","data":{"id":"1"}}`)); diff != "" {
		t.Error(diff)
	}
	tx, err := owner.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(ctx, `select pg_notify($1, '{"topic":"plan:1","event":"plan","data":{"id":"rolled back"}}')`, Channel); err != nil {
		t.Fatal(err)
	}
	if err := tx.Rollback(ctx); err != nil {
		t.Fatal(err)
	}
	for _, nonsense := range []string{"", "nonsense", "[]", `{"topic":"plan:1"}`} { // is skipped, not fatal
		if _, err := owner.Exec(ctx, `select pg_notify($1, $2)`, Channel, nonsense); err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range say(s, `{"topic":"plan:1","event":"plan","data":{"id":"2"}}`) {
		if m != `plan {"id":"2"}` && m != `plan {"id":"1"}` {
			t.Errorf("heard %s", m)
		}
	}

	if _, err := owner.Exec(ctx, `select pg_terminate_backend($1)`, first); err != nil {
		t.Fatal(err)
	}
	<-s.Done()
	<-listening
	var heard []string
	for heard == nil { // a stream opened before the hub listens again ends once more
		heard = say(subscribe(t, h, "plan:1"), `{"topic":"plan:1","event":"plan","data":{"id":"3"}}`)
	}
	if diff := cmp.Diff([]string{`plan {"id":"3"}`}, heard); diff != "" {
		t.Error(diff)
	}
	stop()
	if err := <-ended; err != context.Canceled {
		t.Errorf("ended with %v", err)
	}
}
