package extract_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"catchment/geo/extract"
	"catchment/geo/osm"
	"catchment/geo/postgis"
	"catchment/geo/town"
)

// streetLoader keeps a table of the named streets of each generation: as small as a loader can be.
type streetLoader struct {
	pause time.Duration // between rows, so that there is something to interrupt
	fail  error
	ready func() // called when half of the rows are in
}

func (streetLoader) Name() string { return "street names" }

func (l streetLoader) Load(ctx context.Context, tx pgx.Tx, generation int64, src *osm.Source, progress func(done, total int64)) error {
	table := fmt.Sprintf("public.streets_%d", generation)
	if _, err := tx.Exec(ctx, "create table "+table+" (name text)"); err != nil {
		return err
	}
	rows := 0
	return src.Scan(ctx, osm.Handler{Progress: progress, Way: func(w osm.Way) error {
		if !w.Tags.Has("highway") || !w.Tags.Has("name") || rows == 40 {
			return nil
		}
		if rows++; rows == 20 {
			if l.ready != nil {
				l.ready()
			}
			if l.fail != nil {
				return l.fail
			}
		}
		time.Sleep(l.pause)
		_, err := tx.Exec(ctx, "insert into "+table+" values ($1)", w.Tags.Get("name"))
		return err
	}})
}

func (streetLoader) Drop(ctx context.Context, tx pgx.Tx, generation int64) error {
	_, err := tx.Exec(ctx, fmt.Sprintf("drop table if exists public.streets_%d", generation))
	return err
}

// state is what one finds in a database: generations by state and the loaders' tables.
type state struct{ Loading, Active, Retired, Tables []string }

func look(t testing.TB, db *pgxpool.Pool) state {
	t.Helper()
	list := func(sql string) []string {
		rows, err := db.Query(context.Background(), sql)
		if err != nil {
			t.Fatal(err)
		}
		out, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	return state{
		list("select name from extract.generation where state = 'loading' order by id"),
		list("select name from extract.generation where state = 'active' order by id"),
		list("select name from extract.generation where state = 'retired' order by id"),
		list("select tablename::text from pg_tables where schemaname = 'public' and tablename like 'streets_%' order by 1"),
	}
}

func importer(db *pgxpool.Pool) *extract.Importer {
	return &extract.Importer{DB: db, Loaders: []extract.Loader{streetLoader{}}, Grace: -1}
}

func TestImportPutsAnExtractInForceOnce(t *testing.T) {
	t.Parallel()
	db := postgis.TestOwner(t, postgis.TestDatabaseURL(t))
	i := importer(db)
	prepared := 0
	i.Prepare = func(context.Context, *osm.Source, string, func(float64)) error { prepared++; return nil }
	stages := map[string]float64{}
	i.Progress = func(stage string, done float64) { stages[stage] = done }
	src := open(t, town.Generate(1, 2).Bytes())
	first, loaded, err := i.Import(t.Context(), src, "Lindenfurt", "town")
	if err != nil || !loaded {
		t.Fatalf("loaded %v: %v", loaded, err)
	}
	if first.Counts.Drivable == 0 || first.Bounds.IsEmpty() || first.ImportedAt.IsZero() {
		t.Errorf("generation %+v", first)
	}
	again, loaded, err := i.Import(t.Context(), src, "Lindenfurt", "town")
	if err != nil || loaded || again.ID != first.ID {
		t.Errorf("the same file again: loaded %v as %d, %v", loaded, again.ID, err)
	}
	if prepared != 2 {
		t.Errorf("files were prepared %d times, want 2: they may have been deleted in between", prepared)
	}
	inForce, err := extract.InForce(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	if len(inForce) != 1 || inForce[0].Hash != first.Hash || inForce[0].Counts != first.Counts || inForce[0].Source != "town" {
		t.Errorf("in force: %+v", inForce)
	}
	if d := cmp.Diff(state{Active: []string{"Lindenfurt"}, Tables: []string{fmt.Sprintf("streets_%d", first.ID)}}, look(t, db), equateNil); d != "" {
		t.Errorf("state (-want +got):\n%s", d)
	}
	for _, s := range []string{"check", "street names"} {
		if stages[s] != 1 {
			t.Errorf("stage %q ended at %v", s, stages[s])
		}
	}
}

var equateNil = cmp.Transformer("nil", func(s []string) string { return strings.Join(s, ",") })

func TestImportSwapsAndDropsTheOld(t *testing.T) {
	t.Parallel()
	db := postgis.TestOwner(t, postgis.TestDatabaseURL(t))
	i := importer(db)
	var last extract.Generation
	for seed := range uint64(3) {
		g, loaded, err := i.Import(t.Context(), open(t, town.Generate(seed, 2).Bytes()), "Town", "town")
		if err != nil || !loaded {
			t.Fatalf("loaded %v: %v", loaded, err)
		}
		last = g
	}
	want := state{Active: []string{"Town"}, Retired: []string{"Town", "Town"}, Tables: []string{fmt.Sprintf("streets_%d", last.ID)}}
	if d := cmp.Diff(want, look(t, db), equateNil); d != "" {
		t.Errorf("state (-want +got):\n%s", d)
	}
}

// Whoever asked a moment before the swap which generation is in force still finds its tables.
func TestTheOldMapStaysForAMomentAfterTheSwap(t *testing.T) {
	t.Parallel()
	db := postgis.TestOwner(t, postgis.TestDatabaseURL(t))
	i := importer(db)
	if _, _, err := i.Import(t.Context(), open(t, town.Generate(1, 2).Bytes()), "Old", "town"); err != nil {
		t.Fatal(err)
	}
	i.Grace = time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	finished := make(chan error)
	go func() {
		_, _, err := i.Import(ctx, open(t, town.Generate(2, 2).Bytes()), "New", "town")
		finished <- err
	}()
	for len(look(t, db).Retired) == 0 {
		time.Sleep(5 * time.Millisecond)
	}
	if s := look(t, db); len(s.Tables) != 2 || len(s.Active) != 1 || s.Active[0] != "New" {
		t.Errorf("right after the swap: %+v", s)
	}
	cancel() // interrupted in the grace: the import has succeeded, the next one sweeps
	if err := <-finished; err != nil {
		t.Errorf("an import interrupted after its swap: %v", err)
	}
	if _, loaded, err := importer(db).Import(t.Context(), open(t, town.Generate(2, 2).Bytes()), "New", "town"); err != nil || loaded {
		t.Fatalf("loaded %v: %v", loaded, err)
	}
	if s := look(t, db); len(s.Tables) != 1 {
		t.Errorf("after the next import: %+v", s)
	}
}

// A reader in the middle of a long question holds the old tables: the import neither waits for it for long nor
// fails, and what it could not drop goes with the next one.
func TestABusyReaderDoesNotHoldUpAnImport(t *testing.T) {
	t.Parallel()
	db := postgis.TestOwner(t, postgis.TestDatabaseURL(t))
	i := importer(db)
	old, _, err := i.Import(t.Context(), open(t, town.Generate(1, 2).Bytes()), "Old", "town")
	if err != nil {
		t.Fatal(err)
	}
	reader, err := db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reader.Exec(t.Context(), fmt.Sprintf("select count(*) from public.streets_%d", old.ID)); err != nil {
		t.Fatal(err)
	}
	next := open(t, town.Generate(2, 2).Bytes())
	if _, _, err := i.Import(t.Context(), next, "New", "town"); err != nil {
		t.Fatal(err)
	}
	if s := look(t, db); len(s.Tables) != 2 || s.Active[0] != "New" {
		t.Errorf("under a reader: %+v", s)
	}
	if err := reader.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := i.Import(t.Context(), next, "New", "town"); err != nil {
		t.Fatal(err)
	}
	if s := look(t, db); len(s.Tables) != 1 {
		t.Errorf("after the reader: %+v", s)
	}
}

func TestWhateverFailsTheOldMapStays(t *testing.T) {
	t.Parallel()
	broken := errors.New("no more room")
	good := town.Generate(2, 2).Bytes()
	tests := []struct {
		name   string
		change func(*extract.Importer)
		data   []byte
		want   func(error) bool
	}{
		{"a loader fails half way", func(i *extract.Importer) { i.Loaders = []extract.Loader{streetLoader{fail: broken}} }, good,
			func(err error) bool { return errors.Is(err, broken) }},
		{"the second loader fails", func(i *extract.Importer) { i.Loaders = append(i.Loaders, failing{broken}) }, good,
			func(err error) bool { return errors.Is(err, broken) }},
		{"the streets cannot be prepared", func(i *extract.Importer) {
			i.Prepare = func(context.Context, *osm.Source, string, func(float64)) error { return broken }
		}, good, func(err error) bool { return errors.Is(err, broken) }},
		{"the file is cut within a block", nil, good[:len(good)*2/3], osm.IsFormat},
		{"the file holds a network without a street for cars", nil, footpaths(), func(err error) bool {
			var implausible *extract.Implausible
			return errors.As(err, &implausible)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			db := postgis.TestOwner(t, postgis.TestDatabaseURL(t))
			old, _, err := importer(db).Import(t.Context(), open(t, town.Generate(1, 2).Bytes()), "Old", "town")
			if err != nil {
				t.Fatal(err)
			}
			i := importer(db)
			if tt.change != nil {
				tt.change(i)
			}
			if _, _, err := i.Import(t.Context(), open(t, tt.data), "New", "town"); !tt.want(err) {
				t.Errorf("error %v", err)
			}
			want := state{Active: []string{"Old"}, Tables: []string{fmt.Sprintf("streets_%d", old.ID)}}
			if d := cmp.Diff(want, look(t, db), equateNil); d != "" {
				t.Errorf("state (-want +got):\n%s", d)
			}
		})
	}
}

// failing is a loader that cannot load.
type failing struct{ err error }

func (failing) Name() string { return "nothing" }
func (f failing) Load(context.Context, pgx.Tx, int64, *osm.Source, func(done, total int64)) error {
	return f.err
}
func (failing) Drop(context.Context, pgx.Tx, int64) error { return nil }

func footpaths() []byte {
	n := town.Random(1, 5)
	for i := range n.Ways {
		n.Ways[i].Tags = osm.Tags{{Key: "highway", Value: "footway"}}
	}
	return n.Bytes()
}

func TestACancelledImportLeavesTheOldMap(t *testing.T) {
	t.Parallel()
	db := postgis.TestOwner(t, postgis.TestDatabaseURL(t))
	if _, _, err := importer(db).Import(t.Context(), open(t, town.Generate(1, 2).Bytes()), "Old", "town"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	i := importer(db)
	i.Loaders = []extract.Loader{streetLoader{ready: cancel}}
	if _, _, err := i.Import(ctx, open(t, town.Generate(2, 2).Bytes()), "New", "town"); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if s := look(t, db); len(s.Loading) != 0 || s.Active[0] != "Old" || len(s.Tables) != 1 {
		t.Errorf("state %+v", s)
	}
}

func TestOneImportAtATime(t *testing.T) {
	t.Parallel()
	db := postgis.TestOwner(t, postgis.TestDatabaseURL(t))
	src := open(t, town.Generate(1, 2).Bytes())
	var second error
	i := importer(db)
	i.Loaders = []extract.Loader{streetLoader{ready: func() { _, _, second = importer(db).Import(t.Context(), src, "Second", "town") }}}
	if _, _, err := i.Import(t.Context(), src, "First", "town"); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(second, extract.ErrBusy) {
		t.Errorf("a second import meanwhile: %v, want ErrBusy", second)
	}
}

// killedVariable makes the test binary import slowly into the database it names, to be killed on the way.
const killedVariable = "CATCHMENT_TEST_KILLED_IMPORT"

func TestMain(m *testing.M) {
	if url := os.Getenv(killedVariable); url != "" {
		db, err := postgis.OpenOwner(context.Background(), url)
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		src, err := osm.FromBytes("killed", town.Generate(2, 2).Bytes())
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		i := importer(db)
		i.Loaders = []extract.Loader{streetLoader{pause: 3 * time.Millisecond}}
		fmt.Println("begin")
		_, _, err = i.Import(context.Background(), src, "New", "town")
		fmt.Println("end", err)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// Killed at any moment (kill -9), the old map stays in force or the new one is whole, and the next import cleans up.
func TestAKilledImportLosesNothing(t *testing.T) {
	t.Parallel()
	url := postgis.TestDatabaseURL(t)
	db := postgis.TestOwner(t, url)
	if _, _, err := importer(db).Import(t.Context(), open(t, town.Generate(1, 2).Bytes()), "Old", "town"); err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	swapped := false
	for round := range 6 {
		command := exec.Command(os.Args[0], "-test.run=^$")
		command.Env = append(os.Environ(), killedVariable+"="+url)
		out, err := command.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := out.Read(make([]byte, 5)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(rng.IntN(260)) * time.Millisecond)
		if err := command.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = command.Wait() // killed, as intended

		s := look(t, db)
		if len(s.Active) != 1 || (s.Active[0] != "Old" && s.Active[0] != "New") || (swapped && s.Active[0] == "Old") {
			t.Fatalf("round %d: state %+v", round, s)
		}
		swapped = s.Active[0] == "New"
	}
	var err error
	for range 200 { // the server notices the death of the last one a little later
		if _, _, err = importer(db).Import(t.Context(), open(t, town.Generate(3, 2).Bytes()), "Next", "town"); !errors.Is(err, extract.ErrBusy) {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if err != nil {
		t.Fatal(err)
	}
	if s := look(t, db); len(s.Loading) != 0 || len(s.Active) != 1 || s.Active[0] != "Next" || len(s.Tables) != 1 {
		t.Errorf("after the next import: %+v", s)
	}
}
