package work_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/crm/customer"
	"catchment/crm/kinds"
	"catchment/crm/record"
	"catchment/crm/work"
)

// The second wall: what the database hides and refuses whatever the application forgets. All of it is asked as the
// application's role, which owns nothing and bypasses no policy.

// fill puts at least one row of somebody else's into every guarded table.
func (h *house) fill() {
	h.t.Helper()
	v := h.dispatched(h.assigned("north", "tech1", 9*time.Hour), "tech1")
	h.apply(h.as("dispatcher"), "change_visit", v, fields{"note": "private words"})
	_, err := h.work.AddShifts(h.system, h.resources["tech1"].ID, []work.NewShift{{Day: h.today, Start: 8 * time.Hour, End: 17 * time.Hour}})
	must(h.t, err)
	_, err = h.work.AddAbsence(h.system, h.resources["tech1"].ID, work.Window{Start: h.at(0), End: h.at(time.Hour)}, "ill")
	must(h.t, err)
	h.phone("tech1")
	records := kinds.Records(h.store)
	var contacts []uuid.UUID
	for _, name := range []string{"Ada", "Adah"} {
		contact, err := records.Add(h.system, "contact", record.Values{"account_id": h.accounts["north"].ID.String(), "last_name": name})
		must(h.t, err)
		contacts = append(contacts, uuid.MustParse(contact.ID()))
	}
	_, err = records.Merge(h.system, "contact", record.Joining{Survivor: contacts[0], Absorbed: contacts[1:]})
	must(h.t, err)
	_, err = records.Add(h.system, "activity", record.Values{"account_id": h.accounts["north"].ID.String(), "channel": "note", "body": "private words",
		"mentions": []any{h.staff["tech1"].ID.String()}})
	must(h.t, err)
	must(h.t, h.store.Write(h.system, func(tx pgx.Tx) error {
		batch := &pgx.Batch{}
		batch.Queue(`insert into crm.session (token_hash, staff_id, expires_at) values ('\x01', $1, now() + interval '1 day')`, h.staff["tech1"].ID)
		batch.Queue(`insert into crm.api_token (id, staff_id, name, token_hash, rights) values ($1, $2, 'x', '\x02', '{}')`, newID(), h.staff["tech1"].ID)
		batch.Queue(`insert into crm.idempotency (key, actor, body_hash) values ('k', $1, '\x03')`, crm.SystemID)
		batch.Queue(`insert into dispatch.plan (id, day, state, seed, seconds, created_by) values ($1, current_date, 'ready', 1, 1, $2)`, newID(), crm.SystemID)
		batch.Queue(`insert into crm.one_time (token_hash, staff_id, purpose, created_at, expires_at) values ('\x04', $1, 'invite', now(), now())`, h.staff["tech1"].ID)
		batch.Queue(`insert into crm.event_chain (n, seq, hash) values (1, 1, '\x05')`)
		return tx.SendBatch(h.system, batch).Close()
	}))
}

// guarded lists the tables under forced row-level security.
func (h *house) guarded() []string {
	h.t.Helper()
	var tables []string
	must(h.t, h.query(`select array_agg(n.nspname || '.' || c.relname order by 1) from pg_class c join pg_namespace n on n.oid = c.relnamespace
		where c.relkind in ('r', 'p') and n.nspname in ('crm', 'customer', 'work', 'dispatch') and c.relrowsecurity and c.relforcerowsecurity`, nil, &tables))
	return tables
}

// outsider is a technician who knows nobody and has no visit.
func (h *house) outsider() context.Context {
	h.t.Helper()
	person, err := h.store.AddStaff(h.system, crm.NewStaff{Name: "outsider", Email: "outsider@example.org", Role: "technician"})
	must(h.t, err)
	h.staff["outsider"] = person
	_, err = h.work.AddResource(h.system, work.NewResource{Name: "outsider", Kind: "technician", StaffID: &person.ID, BasePoint: orb.Point{9.5, 47.1}})
	must(h.t, err)
	return h.as("outsider")
}

func TestWithoutAContextOrWithAStrangersNoRowIsSeen(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill()
	outsider := h.outsider()
	own := map[string]int{"crm.staff": 1, "work.resource": 1, "crm.merged": 1} // of the outsider himself; ids that lead him nowhere
	for _, table := range h.guarded() {
		var all int
		must(t, h.query(`select count(*) from `+table, nil, &all))
		if all == 0 {
			t.Errorf("%s is empty: this proves nothing about it; let fill put something there", table)
		}
		var n int
		must(t, h.pool.QueryRow(context.Background(), `select count(*) from `+table).Scan(&n))
		if n != 0 {
			t.Errorf("%s: want no row without a context, got %d of %d", table, n, all)
		}
		must(t, h.store.Read(outsider, func(tx pgx.Tx) error {
			return tx.QueryRow(outsider, `select count(*) from `+table).Scan(&n)
		}))
		if n != own[table] {
			t.Errorf("%s: want a stranger to see %d rows, got %d of %d", table, own[table], n, all)
		}
	}
}

func TestForeignRowsAreNeitherWrittenNorChanged(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill()
	outsider := h.outsider()
	// What everybody who is signed in may write: values beside the log, which only readers of the event see again, and
	// notices to others, which only they see.
	open := map[string]bool{"crm.private_value": true, "crm.notice": true, "crm.merged": true}
	nobody := func(f func(tx pgx.Tx) error) error {
		return pgx.BeginFunc(context.Background(), h.pool, f)
	}
	stranger := func(f func(tx pgx.Tx) error) error { return h.store.Write(outsider, f) }
	own := map[string]int64{"crm.staff": 1, "work.resource": 1}
	for _, table := range h.guarded() {
		var columns, first string
		must(t, h.query(`select string_agg(quote_ident(attname), ', ' order by attnum), min(attname) from pg_attribute
			where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = '' and attidentity <> 'a'`, []any{table}, &columns, &first))
		var row string
		where := ""
		if own[table] > 0 {
			where = ` where name <> 'outsider'`
		}
		must(t, h.query(`select row_to_json(t)::text from `+table+` t`+where+` limit 1`, nil, &row))
		for who, run := range map[string]func(func(pgx.Tx) error) error{"nobody": nobody, "a stranger": stranger} {
			// The policy speaks before any key does: a copy of the row is refused for what it is.
			err := run(func(tx pgx.Tx) error {
				_, err := tx.Exec(outsider, fmt.Sprintf(`insert into %s (%s) select %s from json_populate_record(null::%s, $1)`, table, columns, columns, table), row)
				return err
			})
			if code(err) != "42501" && !(who == "a stranger" && open[table]) {
				t.Errorf("%s: %s inserts somebody's row: want it refused by the policy, got %v", table, who, err)
			}
			for _, statement := range []string{`update %[1]s set %[2]s = %[2]s`, `delete from %[1]s`} {
				if strings.HasPrefix(statement, "delete") && own[table] > 0 {
					continue
				}
				var changed int64
				err := run(func(tx pgx.Tx) error {
					tag, err := tx.Exec(outsider, fmt.Sprintf(statement, table, first))
					changed = tag.RowsAffected()
					return err
				})
				mine := int64(0)
				if who == "a stranger" {
					mine = own[table]
				}
				if code(err) != "42501" && (err != nil || changed != mine) {
					t.Errorf("%s: %s changes rows: want %d, got %d, %v", table, who, mine, changed, err)
				}
			}
		}
	}
}

func code(err error) string {
	var pg *pgconn.PgError
	errors.As(err, &pg)
	if pg == nil {
		return ""
	}
	return pg.Code
}

func TestARowCannotBePushedOutOfOnesArea(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	rep1 := h.as("rep1")
	err := h.changeAccount(rep1, h.accounts["north"], accountOwner(h.staff["rep2"].ID, h.teams[1]))
	wantError(t, err, crm.Invalid, "owner_id") // whom he does not see, he cannot name
	err = h.changeAccount(rep1, h.accounts["south"], accountOwner(h.staff["rep1"].ID, h.teams[0]))
	wantError(t, err, crm.NotFound, "")
	rep2 := h.staff["rep2"].ID
	_, err = h.customers.AddAccount(rep1, customer.NewAccount{Name: "a gift", OwnerID: &rep2, TeamID: &h.teams[1]})
	wantError(t, err, crm.Forbidden, "")
	mine, err := h.customers.AddAccount(rep1, customer.NewAccount{Name: "mine"})
	must(t, err)
	if mine.OwnerID == nil || *mine.OwnerID != h.staff["rep1"].ID || mine.TeamID == nil || *mine.TeamID != h.teams[0] {
		t.Errorf("want his own account to be his, got %+v", mine)
	}
	_, err = h.customers.AddSite(rep1, customer.NewSite{AccountID: h.accounts["south"].ID, Point: orb.Point{9.5, 47.1}})
	wantError(t, err, crm.Invalid, "account_id")
	_, err = h.work.Apply(rep1, work.Command{ID: newID(), Kind: "add_visit", Visit: newID(), Payload: payload(fields{"site_id": h.sites["south"].ID, "title": "x"})})
	wantError(t, err, crm.Invalid, "payload.site_id")
}

func TestNobodyWritesTheLogInAnothersName(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := h.as("dispatcher")
	err := h.store.Write(ctx, func(tx pgx.Tx) error {
		return crm.Append(crm.WithActor(ctx, crm.System("forged")), tx, crm.Event{Verb: "forged", Kind: "visit", ID: newID()})
	})
	if code(err) != "42501" {
		t.Errorf("want it refused by the policy, got %v", err)
	}
}

func TestATechnicianSeesExactlyWhereHisVisitsLead(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	second := h.addSite(h.accounts["north"].ID, "second site", orb.Point{9.5, 47.1}) // of the same account, without a visit
	visit := h.assigned("north", "tech1", 9*time.Hour)
	h.addVisit("south", nil)
	sees := func(name string) (accounts, sites, visits []string) {
		t.Helper()
		ctx := h.as(name)
		list, err := kinds.Records(h.store).List(ctx, "account", record.Query{})
		must(t, err)
		for _, a := range list.Items {
			accounts = append(accounts, a.Text("name"))
			of, err := h.customers.Sites(ctx, uuid.MustParse(a.ID()))
			must(t, err)
			for _, s := range of {
				sites = append(sites, s.Name)
			}
		}
		page, err := h.work.Visits(ctx, work.VisitQuery{})
		must(t, err)
		for _, v := range page.Items {
			visits = append(visits, v.Number)
		}
		return accounts, sites, visits
	}
	check := func(name string, want ...[]string) {
		t.Helper()
		accounts, sites, visits := sees(name)
		if diff := cmp.Diff(want, [][]string{accounts, sites, visits}); diff != "" {
			t.Errorf("what %s sees (-want +got)\n%s", name, diff)
		}
	}
	check("tech1", []string{"north"}, []string{"north site"}, []string{visit.Number})
	check("tech2", nil, nil, nil)
	for id, want := range map[uuid.UUID]crm.Kind{h.sites["north"].ID: "", second.ID: crm.NotFound, h.sites["south"].ID: crm.NotFound} {
		if _, err := h.customers.Site(h.as("tech1"), id); crm.KindOf(err) != want {
			t.Errorf("a site by id: want %q, got %v", want, err)
		}
	}
	moved := h.apply(h.system, "assign", visit, fields{"resource_id": h.resources["tech2"].ID, "start": h.at(9 * time.Hour)})
	check("tech1", nil, nil, nil)
	check("tech2", []string{"north"}, []string{"north site"}, []string{visit.Number})
	far, err := h.today.Add(20).Time(h.zone(), 9*time.Hour)
	must(t, err)
	h.apply(h.system, "assign", moved, fields{"resource_id": h.resources["tech2"].ID, "start": far})
	check("tech2", nil, nil, nil) // three weeks ahead: not yet his business
	must(t, h.store.Write(h.system, func(tx pgx.Tx) error {
		_, err := tx.Exec(h.system, `insert into crm.share (entity_kind, entity_id, staff_id) values ('account', $1, $2)`, h.accounts["house"].ID, h.staff["tech1"].ID)
		return err
	}))
	check("tech1", []string{"house"}, nil, nil)
	check("rep1", []string{"north"}, []string{"north site", "second site"}, []string{visit.Number})
	check("rep2", []string{"south"}, []string{"south site"}, []string{"V-000002"})
	check("marketer", []string{"house", "north", "south"}, []string{"house site", "north site", "second site", "south site"}, []string{visit.Number, "V-000002"})
}

func TestOnlyOneFunctionLooksPastThePoliciesAndNoView(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var functions, views []string
	must(t, h.query(`select coalesce(array_agg(p.oid::regprocedure::text order by 1), '{}') from pg_proc p join pg_namespace n on n.oid = p.pronamespace
		where p.prosecdef and n.nspname in ('crm', 'customer', 'work', 'dispatch')`, nil, &functions))
	if diff := cmp.Diff([]string{"crm.reachable(text)"}, functions); diff != "" {
		t.Errorf("functions that look past the policies (-want +got)\n%s", diff)
	}
	must(t, h.query(`select coalesce(array_agg(c.oid::regclass::text), '{}') from pg_class c join pg_namespace n on n.oid = c.relnamespace
		where c.relkind in ('v', 'm') and n.nspname in ('crm', 'customer', 'work', 'dispatch')
		  and not coalesce('security_invoker=true' = any (c.reloptions), false)`, nil, &views))
	if len(views) > 0 {
		t.Errorf("views that look past the policies: %v", views)
	}
}

func TestAPoolOfOneKeepsTwoPeopleApart(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	config := h.pool.Config().Copy()
	config.MaxConns, config.MinConns = 1, 0
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	must(t, err)
	t.Cleanup(pool.Close)
	customers := &customer.Customers{Store: &crm.Store{Pool: pool, Now: h.store.Now}}
	for i := range 20 {
		name, want := "rep1", "north"
		if i%2 == 1 {
			name, want = "rep2", "south"
		}
		ctx := h.as(name)
		if i%5 == 4 { // a transaction that fails leaves nothing behind either
			if _, err := customers.AddSite(ctx, customer.NewSite{AccountID: newID(), Point: orb.Point{9, 47}}); err == nil {
				t.Fatal("want an error")
			}
		}
		if i%5 == 3 { // nor does one whose caller goes away
			gone, cancel := context.WithCancel(ctx)
			customers.Store.Read(gone, func(tx pgx.Tx) error { cancel(); _, err := tx.Exec(gone, `select pg_sleep(1)`); return err })
		}
		page, err := kinds.Records(customers.Store).List(ctx, "account", record.Query{})
		must(t, err)
		if len(page.Items) != 1 || page.Items[0].Text("name") != want {
			t.Fatalf("%s: want %s alone, got %+v", name, want, page.Items)
		}
		var left string
		var rows int
		must(t, pool.QueryRow(context.Background(), `select coalesce(current_setting('app.uid', true), ''), (select count(*) from customer.account)`).Scan(&left, &rows))
		if left != "" || rows != 0 {
			t.Fatalf("after %s the connection still acts as %q and sees %d accounts", name, left, rows)
		}
	}
}

func TestADeactivatedOrReroledPersonChangesAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	change := func(name string, c crm.StaffChange) {
		t.Helper()
		person, err := h.store.StaffByID(h.system, h.staff[name].ID)
		must(t, err)
		_, err = h.store.ChangeStaff(h.system, person.ID, person.Version, c)
		must(t, err)
	}
	if !actorOf(t, h, "rep1").May(crm.AccountWrite) {
		t.Fatal("a rep may write accounts")
	}
	role := "technician"
	change("rep1", crm.StaffChange{Role: &role})
	if a := actorOf(t, h, "rep1"); a.May(crm.AccountWrite) || a.Scope != crm.ScopeOwn {
		t.Errorf("a rep made technician still has %v and sees %s", a.Rights, a.Scope)
	}
	if page, err := kinds.Records(h.store).List(h.as("rep2"), "account", record.Query{}); err != nil || len(page.Items) != 1 {
		t.Fatalf("want one account, got %v, %v", page, err)
	}
	owner := h.staff["admin"].ID
	account := h.accounts["south"]
	err := h.changeAccount(h.system, account, record.Values{"owner_id": owner.String()}) // the team's, no longer his
	must(t, err)
	if _, err := h.customers.Account(h.as("rep2"), account.ID); err != nil {
		t.Errorf("an account of his team: %v", err)
	}
	change("rep2", crm.StaffChange{TeamIDs: &[]uuid.UUID{}})
	if _, err := h.customers.Account(h.as("rep2"), account.ID); crm.KindOf(err) != crm.NotFound {
		t.Errorf("an account of the team he left: want not found, got %v", err)
	}
	h.fill() // with a session of tech1
	off := false
	change("tech1", crm.StaffChange{Active: &off})
	if _, err := h.store.ActorOf(context.Background(), h.staff["tech1"].ID); crm.KindOf(err) != crm.Unauthenticated {
		t.Errorf("a person who left: want unauthenticated, got %v", err)
	}
	var sessions int
	must(t, h.query(`select count(*) from crm.session where staff_id = $1`, []any{h.staff["tech1"].ID}, &sessions))
	if sessions != 0 {
		t.Errorf("want his sessions gone, got %d", sessions)
	}
	if _, err := h.store.ActorOf(context.Background(), newID()); crm.KindOf(err) != crm.Unauthenticated {
		t.Errorf("a person who never was: want unauthenticated, got %v", err)
	}
}

func actorOf(t *testing.T, h *house, name string) crm.Actor {
	t.Helper()
	a, err := h.store.ActorOf(context.Background(), h.staff[name].ID)
	must(t, err)
	return a
}
