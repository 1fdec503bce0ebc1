package demo_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"catchment/crm"
	"catchment/crm/customer"
	"catchment/crm/kinds"
	"catchment/crm/record"
	"catchment/crm/work"
	"catchment/demo"
	"catchment/geo/basemap"
	"catchment/geo/extract"
	"catchment/geo/geocode"
	"catchment/geo/osm"
	"catchment/geo/postgis"
	"catchment/geo/town"
)

// region is a database with an extract in force.
type region struct {
	t     testing.TB
	owner *pgxpool.Pool
	store *crm.Store
	o     demo.Options
}

// monday is a day on which the next working day is tomorrow.
var monday = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func newRegion(t testing.TB, src *osm.Source) *region {
	t.Helper()
	url := postgis.TestDatabaseURL(t)
	r := &region{t: t, owner: postgis.TestOwner(t, url), store: crm.NewStore(postgis.TestApp(t, url))}
	r.store.Now = func() time.Time { return monday }
	if src != nil {
		i := &extract.Importer{DB: r.owner, Loaders: []extract.Loader{basemap.Loader{}, geocode.Loader{}}, Grace: -1}
		if _, _, err := i.Import(context.Background(), src, "test", "osm"); err != nil {
			t.Fatal(err)
		}
	}
	r.o = demo.Options{Store: r.store, Work: &work.Work{Store: r.store}, Customers: &customer.Customers{Store: r.store}, Accounts: 200, Seed: 1,
		Hash:      func(password string) (string, error) { return "hash of " + password, nil },
		Addresses: &geocode.Geocoder{DB: r.store.Pool, InForce: extract.NewWatch(r.store.Pool).IDs}}
	return r
}

func townSource() *osm.Source { return town.Generate(7, 2).Source() }

var system = crm.WithActor(context.Background(), crm.System("test"))

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (r *region) number(sql string, args ...any) (n int) {
	r.t.Helper()
	must(r.t, r.owner.QueryRow(context.Background(), sql, args...).Scan(&n))
	return n
}

// content returns a hash of each part of the company, by its name.
func (r *region) content() map[string]string {
	r.t.Helper()
	out := map[string]string{}
	for part, query := range map[string]string{
		"staff":       `select id, name, email, role, password, synthetic, (select array_agg(team_id) from crm.team_member where staff_id = s.id) from crm.staff s order by id`,
		"teams":       `select id, name from crm.team order by id`,
		"resources":   `select id, name, colour, kind, staff_id, team_id, base_label, base_point, (select array_agg(skill order by skill) from work.resource_skill where resource_id = r.id) from work.resource r order by id`,
		"shifts":      `select resource_id, day, starts, ends, breaks from work.shift order by resource_id, starts`,
		"absences":    `select resource_id, starts, ends from work.absence order by 1, 2`,
		"accounts":    `select id, name, search, kind, stage, class, owner_id, team_id, phone, email, created_at from customer.account order by id`,
		"sites":       `select id, account_id, owner_id, team_id, street, house_number, postcode, city, country, point, cell, zone, access_note, contact_name, contact_phone, source, confidence from customer.site order by id`,
		"visits":      `select id, kind, state, title, site_id, duration_seconds, priority, skills, window_starts, window_ends, earliest, latest, resource_id, start_at, promise_start from work.visit where outcome_at is null order by id`,
		"past visits": `select id, kind, state, title, site_id, resource_id, start_at, end_at, outcome_kind, outcome_note, outcome_at, number from work.visit where outcome_at is not null order by id`,
		"contacts":    `select id, account_id, name, role, phone, mobile, email, created_at from customer.contact order by id`,
		"leads":       `select id, name, state, source, point, account_id, deal_id, created_at, number from sales.lead order by id`,
		"deals":       `select id, account_id, name, stage, amount, closed_at, loss_reason, created_at, number from sales.deal order by id`,
		"orders":      `select id, account_id, state, ordered_on, total, created_at, number from sales."order" order by id`,
		"lines":       `select id, order_id, product_id, quantity, amount from sales.order_line order by id`,
		"installed":   `select id, account_id, product_id, serial, installed_on, warranty_until, next_service_on, number from service.installation order by id`,
		"contracts":   `select id, account_id, state, start_on, price, number from service.contract order by id`,
		"cases":       `select id, account_id, title, state, resolved_at, created_at, number from service."case" order by id`,
		"activities":  `select id, account_id, channel, subject, at, done from customer.activity order by id`,
		"told":        `select entity_id, verb, at, actor_name, (select array_agg(k order by k) from jsonb_object_keys(changes) k) from crm.event where entity_kind in ('deal', 'lead', 'case', 'order') order by entity_id, at, seq`,
	} {
		var hash string
		must(r.t, r.owner.QueryRow(context.Background(), `select count(*) || ' rows, ' || md5(coalesce(string_agg(x::text, E'\n'), '')) from (`+query+`) as x`).Scan(&hash))
		out[part] = hash
	}
	return out
}

// check demands what holds of every demo company, whatever the region.
func (r *region) check(accounts int) {
	r.t.Helper()
	t := r.t
	for what, want := range map[string]int{
		`select count(*) from customer.account where synthetic`: accounts,
		`select count(*) from customer.site`:                    accounts,
		`select count(*) from crm.staff where synthetic`:        13,
		`select count(*) from work.resource`:                    8,
		`select count(*) from crm.team`:                         2,
		// every row is told of in the log, personal values apart from it
		`select count(*) from customer.account a where not exists (select from crm.event e join crm.private_value p on p.id = e.private_ref
		 where e.entity_id = a.id and e.verb = 'added' and p.value #>> '{name,1}' = a.name)`: 0,
		`select count(*) from customer.site a where not exists (select from crm.event e join crm.private_value p on p.id = e.private_ref
		 where e.entity_id = a.id and e.verb = 'added' and e.account_id = a.account_id)`: 0,
		`select count(*) from work.visit a where not exists (select from crm.event e where e.entity_id = a.id and e.verb = 'added')`: 0,
		`select count(*) from crm.event where changes::text like '%@mail.example%'`:                                                  0,
		// every site lies on the ground the extract covers, and every point says where it comes from
		`select count(*) from customer.site s where not exists (select from basemap.coverage c where st_covers(c.geom, s.point))`:             0,
		`select count(*) from customer.site where cell = 0 or street = '' or house_number = '' or (source = 'synthetic') <> (confidence < 1)`: 0,
		`select count(*) from work.resource s where not exists (select from basemap.coverage c where st_covers(c.geom, s.base_point))`:        0,
		// every kind of record is there, each told of since it began, in the order of its states, and none from the time ahead
		`select count(*) from (select count(*) as n from customer.contact union all select count(*) from sales.lead union all select count(*) from sales.deal
		 union all select count(*) from sales."order" union all select count(*) from sales.order_line union all select count(*) from service.installation
		 union all select count(*) from service.contract union all select count(*) from service."case" union all select count(*) from customer.activity
		 union all select count(*) from work.visit where state = 'done') k where n = 0`: 0,
		`select count(*) from sales.deal d where d.version <> (select count(*) from crm.event e where e.entity_id = d.id)
		 or d.stage <> (select e.changes #>> '{stage,1}' from crm.event e where e.entity_id = d.id and e.changes ? 'stage' order by e.at desc, e.seq desc limit 1)`: 0,
		`select count(*) from sales."order" o where o.total <> (select sum(amount) from sales.order_line l where l.order_id = o.id)`: 0,
		`select count(*) from crm.event where at > '2026-11-23 10:00Z'`:                                                              0,
		`select count(*) from (select stage <> (select e.changes #>> '{stage,1}' from crm.event e where e.entity_id = a.id and e.changes ? 'stage' order by e.at desc, e.seq desc limit 1) as off
		 from customer.account a) k where off`: 0,
		// the journal of places stands where the tables do
		`select count(*) from (select sum(sign) as n from region.journal group by place, stage, kind, class, source, owner, team, cell, lon, lat having sum(sign) <> 0) k where n <> 1`: 0,
		`select region.repair()`: 0,
		// nobody was at two places at once
		`select count(*) from work.visit a join work.visit b on a.resource_id = b.resource_id and a.id < b.id and a.start_at < b.end_at and b.start_at < a.end_at
		 where a.outcome_at is not null and b.outcome_at is not null`: 0,
		// no visit is one that the desk would have refused
		`select count(*) from work.visit v where exists (select from unnest(skills) k where k not in (select code from work.skill))`:                                          0,
		`select count(*) from work.visit v where (v.owner_id, v.team_id) is distinct from (select (a.owner_id, a.team_id) from customer.account a where a.id = v.account_id)`: 0,
	} {
		if got := r.number(what); got != want {
			t.Errorf("want %d, got %d: %s", want, got, what)
		}
	}
}

func TestTheSameSeedAndExtractGiveTheSameCompany(t *testing.T) {
	t.Parallel()
	first, second, other := newRegion(t, townSource()), newRegion(t, townSource()), newRegion(t, townSource())
	must(t, demo.Load(system, first.o))
	first.check(200)
	must(t, demo.Load(system, second.o))
	want := first.content()
	if diff := cmp.Diff(want, second.content()); diff != "" {
		t.Errorf("two companies of one seed (-first +second)\n%s", diff)
	}
	other.o.Seed = 2
	must(t, demo.Load(system, other.o))
	other.check(200)
	for part, hash := range other.content() {
		if hash == want[part] && part != "teams" && part != "skills" {
			t.Errorf("another seed gave the same %s", part)
		}
	}

	events := first.number(`select count(*) from crm.event`)
	first.store.Now = func() time.Time { return monday.AddDate(0, 0, 3) }
	must(t, demo.Load(system, first.o)) // again, three days later
	if diff := cmp.Diff(want, first.content()); diff != "" {
		t.Errorf("a second call changed the company (-want +got)\n%s", diff)
	}
	if n := first.number(`select count(*) from crm.event`); n != events {
		t.Errorf("a second call left %d entries in the log", n-events)
	}

	// More accounts begin with those that are there.
	second.o.Accounts = 3000 // more than the town has houses, in two batches
	must(t, demo.Load(system, second.o))
	second.check(3000)
	got := second.content()
	for _, part := range []string{"staff", "teams", "resources", "shifts", "absences", "visits"} {
		if got[part] != want[part] {
			t.Errorf("adding accounts changed the %s", part)
		}
	}
	if n := second.number(`select count(*) from customer.site where source = 'synthetic'`); n == 0 {
		t.Error("want spots on streets where houses run out")
	}
	if n := second.number(`select count(*) - count(distinct id) from customer.account where phone !~ '^\+'`); n != 0 {
		t.Errorf("%d odd phone numbers", n)
	}
}

func TestALargeCompanyIsWholeThoughSeveralWriteIt(t *testing.T) {
	t.Parallel()
	r := newRegion(t, townSource())
	r.o.Accounts, r.o.Histories = 5500, 300
	must(t, demo.Load(system, r.o))
	r.check(5500)
	if got := r.number(`select count(distinct account_id) from customer.contact`); got != 300 {
		t.Errorf("want the past of 300 accounts told, got %d", got)
	}
}

func TestABrokenOffMakingIsTakenUpAgain(t *testing.T) {
	t.Parallel()
	whole, broken := newRegion(t, townSource()), newRegion(t, townSource())
	must(t, demo.Load(system, whole.o))
	if unfinished, err := demo.Unfinished(system, broken.store); err != nil || unfinished {
		t.Errorf("an empty database: want nothing unfinished, got %v, %v", unfinished, err)
	}
	// Each call is cut off a little later: while people are added, between two commands, before the end.
	for cut := 1; ; cut++ {
		ctx, cancel := context.WithCancel(system)
		o, calls := broken.o, 0
		step := func() {
			if calls++; calls == cut*cut*cut {
				cancel()
			}
		}
		o.Store = &crm.Store{Pool: broken.store.Pool, Now: func() time.Time { step(); return monday }}
		o.Work, o.Customers = &work.Work{Store: o.Store}, &customer.Customers{Store: o.Store}
		o.Progress = func(float64) { step() }
		o.Hash = func(password string) (string, error) { step(); return broken.o.Hash(password) }
		err := demo.Load(ctx, o)
		cancel()
		if err == nil {
			break
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("cut %d: %v", cut, err)
		}
		if cut > 12 {
			t.Fatal("it never ends")
		}
	}
	if diff := cmp.Diff(whole.content(), broken.content()); diff != "" {
		t.Errorf("(-made at once +broken off and taken up)\n%s", diff)
	}
	if unfinished, err := demo.Unfinished(system, broken.store); err != nil || unfinished {
		t.Errorf("want it finished, got %v, %v", unfinished, err)
	}
}

func TestTheDayToBePlannedHasWorkThatFitsAndSomeThatCannot(t *testing.T) {
	t.Parallel()
	r := newRegion(t, townSource())
	must(t, demo.Load(system, r.o))
	visits, err := r.o.Work.DayVisits(system, "2026-11-24", "2026-11-24")
	must(t, err)
	count := map[string]int{}
	for _, v := range visits {
		count[v.Kind]++
		count["priority"] += min(v.Priority, 1)
		count["windows"] += min(len(v.WindowStarts), 1)
		if v.PromiseStart != nil {
			count["promised"]++
			if v.State != work.Promised || v.ResourceID == nil || v.StartAt.Before(*v.PromiseStart) || v.StartAt.After(*v.PromiseEnd) {
				t.Errorf("a promise that is none: %+v", v)
			}
		}
		for _, s := range v.Skills {
			count["skill "+s]++
		}
	}
	if n := len(visits); n < 40 || n > 60 || count["sales"] < 5 || count["service"] < 25 || count["windows"] < 10 || count["promised"] != 2 || count["skill chimney"] != 1 {
		t.Errorf("want 40 to 60 visits of all kinds, got %d: %v", n, count)
	}
	later, err := r.o.Work.DayVisits(system, "2026-11-25", "2026-12-07")
	must(t, err)
	if len(later) < 100 {
		t.Errorf("want work for the days after, got %d visits", len(later))
	}
	roster, err := r.o.Work.Roster(system, "2026-11-24", "2026-11-24")
	must(t, err)
	lengths := map[time.Duration]int{}
	for _, s := range roster {
		lengths[s.Ends.Sub(s.Starts)]++
	}
	if diff := cmp.Diff(map[time.Duration]int{9 * time.Hour: 6, 4*time.Hour + 30*time.Minute: 1}, lengths); diff != "" {
		t.Errorf("who works on the day: all but one who is away, one half of it (-want +got)\n%s", diff)
	}
	weekend, err := r.o.Work.Roster(system, "2026-11-28", "2026-11-29")
	must(t, err)
	if len(weekend) != 0 {
		t.Errorf("want nobody to work on the weekend, got %d", len(weekend))
	}

	logins, err := demo.Logins(system, r.store)
	must(t, err)
	var roles []string
	for _, l := range logins {
		roles = append(roles, l.Role+" "+l.Email+" "+l.Page)
		if l.Password != demo.Password {
			t.Errorf("%s has another password", l.Email)
		}
	}
	want := []string{"Dispatcher dispatcher@demo.example /", "Technician technician@demo.example /tech", "Sales rep rep@demo.example /tech",
		"Sales manager manager@demo.example /", "Service agent agent@demo.example /", "Marketer marketer@demo.example /", "Administrator admin@demo.example /"}
	if diff := cmp.Diff(want, roles); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, l := range logins {
		var id [16]byte
		must(t, r.owner.QueryRow(context.Background(), `select id from crm.staff where email = $1`, l.Email).Scan(&id))
		actor, err := r.store.ActorOf(context.Background(), id)
		must(t, err)
		mine, err := kinds.Records(r.store).List(crm.WithActor(context.Background(), actor), "account", record.Query{Limit: 500})
		must(t, err)
		if some := len(mine.Items) > 0; some != (l.Role != "Technician") { // nothing is dispatched to him yet but promises
			if l.Role != "Technician" {
				t.Errorf("%s sees %d accounts", l.Role, len(mine.Items))
			}
		}
	}
}

func TestWhatTheDemoCompanyRefuses(t *testing.T) {
	t.Parallel()
	r := newRegion(t, nil)
	if err := demo.Load(system, r.o); !errors.Is(err, demo.ErrNoStreets) {
		t.Errorf("without streets: want %v, got %v", demo.ErrNoStreets, err)
	}
	if err := demo.Load(context.Background(), r.o); crm.KindOf(err) != crm.Unauthenticated {
		t.Errorf("without anybody who acts: %v", err)
	}
	for _, n := range []int{0, -1, demo.MaxAccounts + 1} {
		o := r.o
		o.Accounts = n
		if err := demo.Load(system, o); crm.KindOf(err) != crm.Invalid {
			t.Errorf("%d accounts: want invalid, got %v", n, err)
		}
	}
	must(t, r.store.EnsureOrganisation(system, crm.Organisation{Name: "Real", Zone: "Europe/Berlin", Currency: "EUR", Language: "de"}))
	if err := demo.Load(system, r.o); crm.KindOf(err) != crm.Conflict {
		t.Errorf("a real company: want a conflict, got %v", err)
	}
	if logins, err := demo.Logins(system, r.store); err != nil || len(logins) != 0 {
		t.Errorf("a real company: want no logins, got %v, %v", logins, err)
	}
}

// TestTheCompanyOnRealExtracts makes it on each extract of the folder EXTRACTS.
func TestTheCompanyOnRealExtracts(t *testing.T) {
	dir := os.Getenv("EXTRACTS")
	if dir == "" {
		t.Skip("EXTRACTS is not set")
	}
	for _, row := range []struct {
		file, zone, currency, phone string
		synthetic                   bool // too few addresses for 200 accounts
	}{
		{"liechtenstein-2024", "Europe/Vaduz", "CHF", `\+41 44 668 18 \d\d`, false},
		{"porto", "Europe/Lisbon", "EUR", `\+44 20 7946 0\d\d\d`, true},
		{"munich-centre-2020", "Europe/Berlin", "EUR", `\+49 30 23125 \d\d\d`, false},
	} {
		t.Run(row.file, func(t *testing.T) {
			t.Parallel()
			src, err := osm.Open(filepath.Join(dir, row.file+".osm.pbf"))
			must(t, err)
			defer src.Close()
			r := newRegion(t, src)
			must(t, demo.Load(system, r.o))
			r.check(200)
			o, err := r.store.Organisation(system)
			must(t, err)
			if o.Zone != row.zone || o.Currency != row.currency {
				t.Errorf("want %s and %s, got %s and %s", row.zone, row.currency, o.Zone, o.Currency)
			}
			if synthetic := r.number(`select count(*) from customer.site where source = 'synthetic'`); (synthetic > 0) != row.synthetic {
				t.Errorf("%d sites are synthetic", synthetic)
			}
			page, err := kinds.Records(r.store).List(system, "account", record.Query{Limit: 5})
			must(t, err)
			for _, a := range page.Items {
				if !regexp.MustCompile("^" + row.phone + "$").MatchString(a.Text("phone")) {
					t.Errorf("%s has the phone number %s", a["name"], a["phone"])
				}
				sites, err := r.o.Customers.Sites(system, uuid.MustParse(a.ID()))
				must(t, err)
				t.Logf("%s · %s · %s", a["name"], sites[0].Label(), strings.TrimSpace(fmt.Sprint(a["kind"], " ", a["class"], " ", a["stage"])))
			}
		})
	}
}
