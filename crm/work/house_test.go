package work_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/crm/customer"
	"catchment/crm/kinds"
	"catchment/crm/record"
	"catchment/crm/work"
	"catchment/geo/postgis"
)

// house is a small company on a database of its own: two teams, a person of each role, two technicians, and an
// account with a site of each rep.
type house struct {
	t         testing.TB
	url       string
	pool      *pgxpool.Pool
	store     *crm.Store
	customers *customer.Customers
	work      *work.Work
	now       time.Time // what the clock says
	today     work.Day
	system    context.Context
	teams     []uuid.UUID
	staff     map[string]crm.Staff // by a short name: "admin", "manager", "rep1", "rep2", "dispatcher", "tech1", "tech2", …
	resources map[string]work.Resource
	accounts  map[string]customer.Account // "north" is rep1's, "south" rep2's, "house" nobody's
	sites     map[string]customer.Site
	published int           // days used up by publish
	owner     *pgxpool.Pool // past all policies; see query
}

func newHouse(t testing.TB) *house {
	t.Helper()
	url := postgis.TestDatabaseURL(t)
	h := &house{t: t, url: url, pool: postgis.TestApp(t, url), now: time.Now().UTC().Truncate(time.Second), staff: map[string]crm.Staff{},
		resources: map[string]work.Resource{}, accounts: map[string]customer.Account{}, sites: map[string]customer.Site{}}
	h.store = crm.NewStore(h.pool)
	h.store.Now = func() time.Time { return h.now }
	h.customers, h.work = &customer.Customers{Store: h.store}, &work.Work{Store: h.store}
	h.system = crm.WithActor(context.Background(), crm.System("test"))
	must(t, h.store.EnsureOrganisation(h.system, crm.Organisation{Name: "Alpine Heating", Zone: "Europe/Vaduz", Currency: "CHF", Language: "en"}))
	h.today = work.DayOf(h.now, h.zone())
	for _, name := range []string{"North", "South"} {
		team, err := h.store.AddTeam(h.system, uuid.Nil, name)
		must(t, err)
		h.teams = append(h.teams, team.ID)
	}
	for _, s := range []work.Skill{{"gas", "Gas"}, {"heat_pump", "Heat pump"}, {"oil", "Oil"}} {
		_, err := h.work.AddSkill(h.system, s)
		must(t, err)
	}
	for _, p := range []struct {
		name, role string
		team       int
	}{{"admin", "administrator", -1}, {"manager", "sales_manager", -1}, {"rep1", "rep", 0}, {"rep2", "rep", 1}, {"dispatcher", "dispatcher", -1},
		{"marketer", "marketer", -1}, {"agent", "service_agent", -1}, {"tech1", "technician", 0}, {"tech2", "technician", 1}} {
		n := crm.NewStaff{Name: p.name, Email: p.name + "@example.org", Role: p.role}
		if p.team >= 0 {
			n.TeamIDs = []uuid.UUID{h.teams[p.team]}
		}
		person, err := h.store.AddStaff(h.system, n)
		must(t, err)
		h.staff[p.name] = person
		if p.role == "technician" {
			r, err := h.work.AddResource(h.system, work.NewResource{Name: p.name, Kind: "technician", StaffID: &person.ID, TeamID: &h.teams[p.team],
				BasePoint: orb.Point{9.52 + float64(p.team)/100, 47.14}, Skills: []string{"gas"}})
			must(t, err)
			h.resources[p.name] = r
		}
	}
	for i, a := range []struct{ name, owner string }{{"north", "rep1"}, {"south", "rep2"}, {"house", ""}} {
		n := customer.NewAccount{Name: a.name, Phone: "+423 555 01 0" + fmt.Sprint(i), Email: a.name + "@customer.example"}
		if a.owner != "" {
			id := h.staff[a.owner].ID
			n.OwnerID, n.TeamID = &id, &h.teams[i]
		}
		account, err := h.customers.AddAccount(h.system, n)
		must(t, err)
		h.accounts[a.name] = account
		h.sites[a.name] = h.addSite(account.ID, a.name+" site", orb.Point{9.51 + float64(i)/100, 47.15})
	}
	return h
}

func (h *house) zone() *time.Location {
	zone, err := time.LoadLocation("Europe/Vaduz")
	must(h.t, err)
	return zone
}

func (h *house) addSite(account uuid.UUID, name string, at orb.Point) customer.Site {
	h.t.Helper()
	s, err := h.customers.AddSite(h.system, customer.NewSite{AccountID: account, Name: name, Street: "Hauptstrasse", HouseNumber: "1",
		Postcode: "9490", City: "Vaduz", Country: "LI", Point: at, AccessNote: "key under the mat", ContactName: "A. Person", ContactPhone: "+423 555 01 99"})
	must(h.t, err)
	return s
}

// as returns a context in which the person acts with the rights he has now.
func (h *house) as(name string) context.Context {
	h.t.Helper()
	person, ok := h.staff[name]
	if !ok {
		h.t.Fatalf("there is no %q", name)
	}
	actor, err := h.store.ActorOf(context.Background(), person.ID)
	must(h.t, err)
	return crm.WithActor(context.Background(), actor)
}

// at returns today's instant of a time of day such as 9*time.Hour.
func (h *house) at(sinceMidnight time.Duration) time.Time {
	h.t.Helper()
	t, err := h.today.Time(h.zone(), sinceMidnight)
	must(h.t, err)
	return t.UTC()
}

func payload(v any) json.RawMessage {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text
}

type fields = map[string]any

// apply sends a command from the office and demands that it is carried out.
func (h *house) apply(ctx context.Context, kind string, visit work.Visit, p any) work.Visit {
	h.t.Helper()
	v := h.decide(ctx, kind, visit, p)
	if v.Decision != work.Applied {
		h.t.Fatalf("%s: want applied, got %s (%s: %s)", kind, v.Decision, v.Reason, v.Message)
	}
	return *v.Visit
}

// decide sends a command from the office on the visit as the caller knows it.
func (h *house) decide(ctx context.Context, kind string, visit work.Visit, p any) work.Verdict {
	h.t.Helper()
	v, err := h.work.Apply(ctx, work.Command{ID: newID(), Kind: kind, Visit: visit.ID, BaseVersion: visit.Version, Payload: payload(p)})
	if err != nil {
		h.t.Fatalf("%s: %v", kind, err)
	}
	return v
}

// addVisit adds a visit at a site.
func (h *house) addVisit(site string, more fields) work.Visit {
	h.t.Helper()
	p := fields{"site_id": h.sites[site].ID, "title": "Service"}
	for k, v := range more {
		p[k] = v
	}
	return h.apply(h.system, "add_visit", work.Visit{ID: newID()}, p)
}

// assigned adds a visit at a site and gives it to a technician at a time of today.
func (h *house) assigned(site, tech string, start time.Duration) work.Visit {
	h.t.Helper()
	return h.apply(h.system, "assign", h.addVisit(site, nil), fields{"resource_id": h.resources[tech].ID, "start": h.at(start)})
}

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantError fails unless the error is of the kind and names the field.
func wantError(t *testing.T, err error, kind crm.Kind, field string) {
	t.Helper()
	if err == nil {
		t.Fatalf("want %s on %q, got no error", kind, field)
	}
	if got := crm.KindOf(err); got != kind {
		t.Fatalf("want %s, got %q: %v", kind, got, err)
	}
	if got := fieldOf(err); got != field {
		t.Errorf("want the field %q named, got %q: %v", field, got, err)
	}
}

// fieldOf returns the field an error blames.
func fieldOf(err error) string {
	var e *crm.Error
	if !errors.As(err, &e) {
		return ""
	}
	return e.Field
}

// route returns a route of one visit on a day.
func (h *house) route(r work.Resource, day work.Day, visit work.Visit) work.Route {
	h.t.Helper()
	start, err := day.Time(h.zone(), 9*time.Hour)
	must(h.t, err)
	at := func(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute).UTC() }
	return work.Route{ID: newID(), ResourceID: r.ID, Day: day, Starts: at(0), Ends: at(120), TravelSeconds: 1200, TravelMeters: 9000, Stops: []work.Stop{
		{Kind: "start", ArriveAt: at(0), StartAt: at(0), LeaveAt: at(0)},
		{Kind: "visit", VisitID: &visit.ID, ArriveAt: at(10), StartAt: at(15), LeaveAt: at(75), LegSeconds: 600, LegMeters: 4500,
			Shape: orb.LineString{r.BasePoint, visit.Point}},
		{Kind: "end", ArriveAt: at(85), StartAt: at(85), LeaveAt: at(85), LegSeconds: 600, LegMeters: 4500, Shape: orb.LineString{visit.Point, r.BasePoint}},
	}}
}

// publication returns a publication of the routes, computed on the visits as they were.
func publication(routes []work.Route, visits ...work.Visit) work.Publication {
	plan := newID()
	p := work.Publication{Plan: plan, Routes: routes, Versions: map[uuid.UUID]int{}, TravelVersion: "test",
		Commands: func(visit uuid.UUID) uuid.UUID { return uuid.NewSHA1(plan, visit[:]) }}
	for _, v := range visits {
		p.Versions[v.ID] = v.Version
	}
	for _, r := range routes {
		p.Days, p.Resources = append(p.Days, r.Day), append(p.Resources, r.ResourceID)
	}
	return p
}

func (h *house) publishAs(ctx context.Context, p work.Publication) error {
	return h.store.Write(ctx, func(tx pgx.Tx) error { return h.work.Publish(ctx, tx, p) })
}

// dispatched publishes the visit as the only one of its technician on a day of its own, from tomorrow on.
func (h *house) dispatched(v work.Visit, tech string) work.Visit {
	h.t.Helper()
	h.published++
	must(h.t, h.publishAs(h.system, publication([]work.Route{h.route(h.resources[tech], h.today.Add(h.published), v)}, v)))
	return h.visit(v.ID)
}

// visit returns the visit as it is now.
func (h *house) visit(id uuid.UUID) work.Visit {
	h.t.Helper()
	v, err := h.work.Visit(h.system, id)
	must(h.t, err)
	return v
}

// query reads one row as the owner of the database, past all policies.
func (h *house) query(sql string, args []any, into ...any) error {
	return h.ownerPool().QueryRow(context.Background(), sql, args...).Scan(into...)
}

func (h *house) ownerPool() *pgxpool.Pool {
	if h.owner == nil {
		h.owner = postgis.TestOwner(h.t, h.url)
	}
	return h.owner
}

func accountOwner(owner, team uuid.UUID) record.Values {
	return record.Values{"owner_id": owner.String(), "team_id": team.String()}
}

// changeAccount changes an account as the office does.
func (h *house) changeAccount(ctx context.Context, a customer.Account, set record.Values) error {
	records := kinds.Records(h.store)
	_, err := records.ChangeOne(ctx, "account", a.ID, a.Version, set)
	return err
}
