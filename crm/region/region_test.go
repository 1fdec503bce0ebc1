package region_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/crm/customer"
	"catchment/crm/kinds"
	"catchment/crm/record"
	"catchment/crm/region"
	"catchment/geo/postgis"
)

// firm is an organisation on a database of its own with its regions followed.
type firm struct {
	t         *testing.T
	store     *crm.Store
	owner     *pgxpool.Pool // past all policies
	customers *customer.Customers
	records   *record.Records
	regions   *region.Regions
	system    context.Context
}

func newFirm(t *testing.T) *firm {
	t.Helper()
	url := postgis.TestDatabaseURL(t)
	f := &firm{t: t, store: crm.NewStore(postgis.TestApp(t, url)), owner: postgis.TestOwner(t, url), system: crm.WithActor(context.Background(), crm.System("test"))}
	f.customers = &customer.Customers{Store: f.store}
	f.records = kinds.Records(f.store)
	f.must(f.store.EnsureOrganisation(f.system, crm.Organisation{Name: "Alpine Heating", Zone: "Europe/Vaduz", Currency: "CHF", Language: "en"}))
	f.regions = f.follow(t.TempDir())
	return f
}

// follow starts regions that end with the test.
func (f *firm) follow(folder string) *region.Regions {
	f.t.Helper()
	r := region.New(f.store, slog.New(slog.DiscardHandler), folder)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.Run(ctx)
	}()
	f.t.Cleanup(func() { cancel(); <-done })
	return r
}

func (f *firm) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *firm) account(ctx context.Context, stage string, at ...orb.Point) (customer.Account, []customer.Site) {
	f.t.Helper()
	a, err := f.customers.AddAccount(ctx, customer.NewAccount{Name: "Account", Stage: stage})
	f.must(err)
	sites := make([]customer.Site, len(at))
	for i, p := range at {
		sites[i], err = f.customers.AddSite(ctx, customer.NewSite{AccountID: a.ID, Point: p})
		f.must(err)
	}
	return a, sites
}

func (f *firm) stage(a customer.Account, stage string) customer.Account {
	f.t.Helper()
	f.change(a, record.Values{"stage": stage})
	out, err := f.customers.Account(f.system, a.ID)
	f.must(err)
	return out
}

func (f *firm) change(a customer.Account, set record.Values) {
	f.t.Helper()
	_, err := f.records.ChangeOne(f.system, "account", a.ID, a.Version, set)
	f.must(err)
}

func (f *firm) caughtUp(r *region.Regions) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := r.CatchUp(ctx); err != nil {
		f.t.Fatalf("wait for the follower: %v", err)
	}
}

func (f *firm) snapshot(ctx context.Context, q region.Question) region.Answer {
	f.t.Helper()
	f.caughtUp(f.regions)
	answer, err := f.regions.Snapshot(ctx, q)
	f.must(err)
	return answer
}

func box(west, south, east, north float64) region.Area {
	return region.Area{Polygons: orb.MultiPolygon{{{{west, south}, {east, south}, {east, north}, {west, north}, {west, south}}}}}
}

var noPosition = cmpopts.IgnoreFields(region.Answer{}, "Position")

func TestNamesAgreeWithTheirRooms(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff(customer.Stages, region.Dimensions[0].Values); diff != "" {
		t.Errorf("stages: %s", diff)
	}
	if diff := cmp.Diff(customer.Sources, region.Dimensions[3].Values); diff != "" {
		t.Errorf("sources: %s", diff)
	}
	f := newFirm(t)
	for _, d := range region.Dimensions {
		for i, v := range append([]string{"none of these"}, d.Values...) {
			var got int
			f.must(f.owner.QueryRow(context.Background(), `select region.`+d.Name+`($1)`, v).Scan(&got))
			if got != i {
				t.Errorf("%s %q: want %d, the database says %d", d.Name, v, i, got)
			}
		}
	}
}

func TestEveryWriteShowsInTheSnapshot(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	a, sites := f.account(f.system, "prospect", orb.Point{9.5, 47.1}, orb.Point{9.52, 47.14})
	f.account(f.system, "customer", orb.Point{9.51, 47.12}, orb.Point{10.5, 47.1})
	valley := region.Question{Area: box(9.4, 47, 9.7, 47.3), By: [][]string{{"stage"}}}
	want := region.Answer{Count: 3, Groups: [][]region.Group{{{[]string{"prospect"}, 2}, {[]string{"customer"}, 1}}}}
	if diff := cmp.Diff(want, f.snapshot(f.system, valley), noPosition); diff != "" {
		t.Errorf("after adding: %s", diff)
	}
	before := time.Now()
	a = f.stage(a, "customer")
	want = region.Answer{Count: 3, Groups: [][]region.Group{{{[]string{"customer"}, 3}}}}
	if diff := cmp.Diff(want, f.snapshot(f.system, valley), noPosition); diff != "" {
		t.Errorf("after winning the account: %s", diff)
	}
	away := orb.Point{8, 47}
	_, err := f.customers.ChangeSite(f.system, sites[0].ID, sites[0].Version, customer.SiteChange{Point: &away})
	f.must(err)
	want.Count, want.Groups[0][0].Count = 2, 2
	if diff := cmp.Diff(want, f.snapshot(f.system, valley), noPosition); diff != "" {
		t.Errorf("after moving a site: %s", diff)
	}
	valley.AsOf = before
	want = region.Answer{Count: 3, Groups: [][]region.Group{{{[]string{"prospect"}, 2}, {[]string{"customer"}, 1}}}}
	if diff := cmp.Diff(want, f.snapshot(f.system, valley), noPosition); diff != "" {
		t.Errorf("as of before both: %s", diff)
	}
	valley.AsOf = time.Time{}
	got, err := f.regions.Difference(f.system, valley, before, time.Time{})
	f.must(err)
	change := region.Difference{From: 3, To: 2, Out: []region.Reason{{"moved_out", 1}}, Within: []region.Reason{{"won", 1}}}
	if diff := cmp.Diff(change, got, cmpopts.IgnoreFields(region.Difference{}, "Position")); diff != "" {
		t.Errorf("difference: %s", diff)
	}
	_, err = f.owner.Exec(context.Background(), `delete from customer.site where id = $1`, sites[1].ID)
	f.must(err)
	if got := f.snapshot(f.system, valley); got.Count != 1 {
		t.Errorf("after a site was deleted: want 1 place, got %d", got.Count)
	}
	counts, _, err := f.regions.Cells(f.system, region.Question{}, 0)
	f.must(err)
	sum := int64(0)
	for _, c := range counts {
		sum += c.Count
	}
	if sum != 3 {
		t.Errorf("want the cells to hold all 3 places, got %d", sum)
	}
}

func TestScopesSeeWhatTheDatabaseShows(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	team, err := f.store.AddTeam(f.system, uuid.Nil, "North")
	f.must(err)
	actors := map[string]context.Context{}
	for name, n := range map[string]crm.NewStaff{
		"manager": {Role: "sales_manager"}, "rep in a team": {Role: "rep", TeamIDs: []uuid.UUID{team.ID}},
		"colleague": {Role: "rep", TeamIDs: []uuid.UUID{team.ID}}, "rep alone": {Role: "rep"}, "technician": {Role: "technician"},
	} {
		n.Name, n.Email = name, strings.ReplaceAll(name, " ", ".")+"@example.org"
		s, err := f.store.AddStaff(f.system, n)
		f.must(err)
		a, err := f.store.ActorOf(context.Background(), s.ID)
		f.must(err)
		actors[name] = crm.WithActor(context.Background(), a)
	}
	r := rand.New(rand.NewPCG(1, 1))
	var accounts []customer.Account
	for i := range 40 {
		ctx := actors[[]string{"manager", "rep in a team", "colleague", "rep alone"}[i%4]]
		a, _ := f.account(ctx, "prospect", orb.Point{9 + r.Float64(), 47 + r.Float64()})
		accounts = append(accounts, a)
	}
	shared, _ := crm.ActorFrom(actors["technician"])
	_, err = f.owner.Exec(context.Background(), `insert into crm.share (entity_kind, entity_id, staff_id)
		select 'site', id, $1 from customer.site order by id limit 3`, shared.ID)
	f.must(err)
	past := time.Now()
	check := func(step string) {
		t.Helper()
		for name, ctx := range actors {
			var want int64
			f.must(f.store.Read(ctx, func(tx pgx.Tx) error {
				return tx.QueryRow(ctx, `select count(*) from customer.site`).Scan(&want)
			}))
			for _, q := range []region.Question{{}, {AsOf: past}} {
				if got := f.snapshot(ctx, q).Count; got != want {
					t.Errorf("%s, %s, as of %v: the database shows %d places, the snapshot %d", step, name, q.AsOf, want, got)
				}
				page, err := f.regions.Places(ctx, q, "", 500)
				f.must(err)
				if int64(len(page.Items)) != want {
					t.Errorf("%s, %s: the database shows %d places, the list %d", step, name, want, len(page.Items))
				}
			}
		}
	}
	check("at first")
	alone, _ := crm.ActorFrom(actors["rep alone"])
	for _, a := range accounts[:10] {
		_, err := f.records.ChangeOne(f.system, "account", a.ID, a.Version, record.Values{"owner_id": alone.ID.String()})
		f.must(err)
	}
	check("after a hand-over")
	answer := f.snapshot(f.system, region.Question{Where: []region.Condition{{Of: "owner", In: []string{alone.ID.String()}}}, By: [][]string{{"owner", "stage"}}})
	want := region.Answer{Count: answer.Count, Groups: [][]region.Group{{{[]string{alone.ID.String(), "prospect"}, answer.Count}}}}
	if diff := cmp.Diff(want, answer, noPosition); diff != "" || answer.Count < 10 {
		t.Errorf("places of one owner: %d, %s", answer.Count, diff)
	}
}

// TestNothingIsLostAmongConcurrentWriters compares the index with the table after writers whose transactions
// commit in another order than they began.
func TestNothingIsLostAmongConcurrentWriters(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	var group sync.WaitGroup
	for n := range 6 {
		group.Go(func() {
			r := rand.New(rand.NewPCG(uint64(n), 3))
			for i := range 12 {
				a, sites := f.account(f.system, "lead", orb.Point{9 + r.Float64(), 47}, orb.Point{10 + r.Float64(), 47.5})
				if i%3 == 0 { // two changes of one place at once, held open across other commits
					var inner sync.WaitGroup
					inner.Go(func() { f.stage(a, "prospect") })
					p := orb.Point{11, 47}
					if _, err := f.customers.ChangeSite(f.system, sites[0].ID, 1, customer.SiteChange{Point: &p}); err != nil {
						t.Error(err)
					}
					inner.Wait()
				}
				if i%5 == 0 {
					if err := f.store.Write(f.system, func(tx pgx.Tx) error {
						if _, err := tx.Exec(f.system, `update customer.account set stage = 'customer' where id = $1`, a.ID); err != nil {
							return err
						}
						time.Sleep(time.Duration(r.IntN(30)) * time.Millisecond)
						return nil
					}); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	group.Wait()
	f.equalsTable(f.regions)
}

func TestVerifierSeesDifferencesAndNothingElse(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	f.caughtUp(f.regions)
	f.must(f.regions.Verify(f.system, 1)) // of nothing
	stop := make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() { // checks go on while others write
		r := rand.New(rand.NewPCG(8, 8))
		for {
			select {
			case <-stop:
				return
			default:
				a, _ := f.account(f.system, "lead", orb.Point{9 + r.Float64()/10, 47}, orb.Point{-70, -20 + r.Float64()})
				f.stage(a, "customer")
			}
		}
	})
	for seed := range uint64(60) {
		if err := f.regions.Verify(f.system, seed); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
	close(stop)
	group.Wait()
	_, err := f.owner.Exec(f.system, `alter table customer.account disable trigger region_update; update customer.account set stage = 'lost'`)
	f.must(err)
	var mismatch *region.Mismatch
	if err := f.regions.Verify(f.system, 5); !errors.As(err, &mismatch) {
		t.Errorf("want a mismatch, got %v", err)
	}
}

// equalsTable compares every stage's count in several areas with SQL.
func (f *firm) equalsTable(r *region.Regions) {
	f.t.Helper()
	f.caughtUp(r)
	for _, area := range []region.Area{{}, box(9, 46, 9.5, 48), box(10.2, 46, 12, 48)} {
		got, err := r.Snapshot(f.system, region.Question{Area: area, By: [][]string{{"stage"}}})
		f.must(err)
		shape := area.Polygons
		if shape == nil {
			shape = box(-180, -90, 180, 90).Polygons
		}
		rows, _ := f.owner.Query(f.system, `
			select array[a.stage] as values, count(*) as count
			from customer.site s join customer.account a on a.id = s.account_id
			where ST_Intersects(s.point, $1)
			group by a.stage order by array_position($2::text[], a.stage)`, shape, customer.Stages)
		want, err := pgx.CollectRows(rows, pgx.RowToStructByName[region.Group])
		f.must(err)
		if diff := cmp.Diff([][]region.Group{want}, got.Groups, cmpopts.EquateEmpty()); diff != "" {
			f.t.Errorf("index and table differ: %s", diff)
		}
	}
}

func TestRestartsContinueFromTheFileOrTheJournal(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	folder := t.TempDir()
	run := func(during func(*region.Regions)) {
		t.Helper()
		r := region.New(f.store, slog.New(slog.DiscardHandler), folder)
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { defer close(done); r.Run(ctx) }()
		f.caughtUp(r)
		during(r)
		f.equalsTable(r)
		cancel()
		<-done
	}
	a, _ := f.account(f.system, "lead", orb.Point{9.1, 47.1}, orb.Point{9.2, 47.2}, orb.Point{10.5, 47.2})
	start := time.Now()
	history := func(r *region.Regions) {
		t.Helper()
		got, err := r.Snapshot(f.system, region.Question{AsOf: start, By: [][]string{{"stage"}}})
		f.must(err)
		if diff := cmp.Diff([][]region.Group{{{[]string{"lead"}, 3}}}, got.Groups); diff != "" {
			t.Errorf("the past after a restart: %s", diff)
		}
	}
	run(func(*region.Regions) { a = f.stage(a, "prospect") })
	files, err := filepath.Glob(filepath.Join(folder, "*.cells"))
	f.must(err)
	if len(files) != 1 {
		t.Fatalf("want one file, got %v", files)
	}
	a = f.stage(a, "customer") // while nobody follows
	run(history)
	f.must(os.WriteFile(files[0], []byte("not what it was"), 0o600))
	run(history)
	f.must(os.Remove(files[0]))
	run(history)
}

func TestRepairFindsWhatNoTriggerSaw(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	repaired := func() (n int64) {
		t.Helper()
		f.must(f.owner.QueryRow(f.system, `select region.repair()`).Scan(&n))
		return n
	}
	a, _ := f.account(f.system, "lead", orb.Point{9, 47}, orb.Point{9.1, 47.1})
	if n := repaired(); n != 0 {
		t.Fatalf("nothing was wrong, yet %d rows were added", n)
	}
	_, err := f.owner.Exec(f.system, `alter table customer.account disable trigger region_update; alter table customer.site disable trigger region_delete`)
	f.must(err)
	f.stage(a, "customer")
	_, err = f.owner.Exec(f.system, `delete from customer.site where point = 'srid=4326;point(9 47)'`)
	f.must(err)
	if n := repaired(); n != 3 { // two old states away, one new there
		t.Errorf("want 3 rows added, got %d", n)
	}
	if n := repaired(); n != 0 {
		t.Errorf("repaired twice: %d rows", n)
	}
	f.equalsTable(f.regions)
}

func TestBadQuestionsSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	f.caughtUp(f.regions)
	deep := region.Area{}
	for range 20 {
		inner := deep
		deep = region.Area{Complement: &inner}
	}
	for _, row := range []struct {
		name  string
		q     region.Question
		field string
	}{
		{"an open ring", region.Question{Area: region.Area{Polygons: orb.MultiPolygon{{{{0, 0}, {1, 0}, {1, 1}, {0, 1}}}}}}, "area.polygons.coordinates[0][0]"},
		{"no polygon", region.Question{Area: region.Area{Polygons: orb.MultiPolygon{}}}, "area.polygons.coordinates"},
		{"a radius below nothing", region.Question{Area: region.Area{Circle: &region.Circle{Radius: -1}}}, "area.circle.radius"},
		{"no cell", region.Question{Area: region.Area{Cells: []string{"zzz"}}}, "area.cells[0]"},
		{"a cell too fine", region.Question{Area: region.Area{Cells: []string{"8f1fb46622d8591"}}}, "area.cells"},
		{"two ways at once", region.Question{Area: region.Area{Cells: []string{}, Union: []region.Area{}}}, "area"},
		{"areas within areas without end", region.Question{Area: deep}, "area" + strings.Repeat(".complement", 11)},
		{"an unknown dimension", region.Question{By: [][]string{{"stage"}, {"colour"}}}, "by[1][0]"},
		{"three dimensions", region.Question{By: [][]string{{"stage", "kind", "class"}}}, "by[0]"},
		{"an unknown stage", region.Question{Where: []region.Condition{{"stage", []string{"lead", "friend"}}}}, "where[0].in[1]"},
		{"an owner nobody knows", region.Question{Where: []region.Condition{{"owner", []string{uuid.NewString()}}}}, "where[0].in[0]"},
	} {
		_, err := f.regions.Snapshot(f.system, row.q)
		var e *crm.Error
		if !errors.As(err, &e) || e.Kind != crm.Invalid || e.Field != row.field {
			t.Errorf("%s: want %q to be invalid, got %v (%+v)", row.name, row.field, err, e)
		}
	}
	if _, err := f.regions.Snapshot(context.Background(), region.Question{}); crm.KindOf(err) != crm.Unauthenticated {
		t.Errorf("nobody asks: want unauthenticated, got %v", err)
	}
}

func TestNobodyWritesTheJournalByHand(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	f.account(f.system, "lead", orb.Point{9, 47})
	for _, statement := range []string{
		`insert into region.journal (at, place, sign, lon, lat, cell, stage, kind, class, source, owner, team) values (now(), 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0)`,
		`update region.journal set sign = 1`, `delete from region.journal`, `select region.repair()`,
	} {
		err := f.store.Write(f.system, func(tx pgx.Tx) error { _, err := tx.Exec(f.system, statement); return err })
		if err == nil || !strings.Contains(err.Error(), "permission denied") {
			t.Errorf("%s: want permission denied, got %v", statement, err)
		}
	}
	var rows int
	own := crm.WithActor(context.Background(), crm.Actor{ID: uuid.New(), Scope: crm.ScopeOwn, Rights: []crm.Right{crm.AccountRead}})
	f.must(f.store.Read(own, func(tx pgx.Tx) error { return tx.QueryRow(own, `select count(*) from region.journal`).Scan(&rows) }))
	if rows != 0 {
		t.Errorf("an actor of narrow scope reads %d rows of the journal", rows)
	}
	if fmt.Sprint(f.snapshot(f.system, region.Question{}).Count) != "1" {
		t.Error("the place is not in the index")
	}
}
