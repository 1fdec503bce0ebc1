package record_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/crm/customer"
	"catchment/crm/kinds"
	"catchment/crm/record"
	"catchment/geo/postgis"
)

// house is an organisation on real PostGIS, asked as the application's role.
type house struct {
	t         testing.TB
	store     *crm.Store
	records   *record.Records
	customers *customer.Customers
	owner     *pgxpool.Pool
	ctx       context.Context // the system's
	team      uuid.UUID
}

func newHouse(t testing.TB) *house {
	t.Helper()
	url := postgis.TestDatabaseURL(t)
	store := crm.NewStore(postgis.TestApp(t, url))
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	store.Now = func() time.Time { at = at.Add(time.Second); return at }
	h := &house{t: t, store: store, records: kinds.Records(store), customers: &customer.Customers{Store: store}, owner: postgis.TestOwner(t, url),
		ctx: crm.WithActor(context.Background(), crm.System("test"))}
	h.must(store.EnsureOrganisation(h.ctx, crm.Organisation{Name: "Alpine Heating", Zone: "Europe/Vaduz", Currency: "CHF", Language: "en"}))
	team, err := store.AddTeam(h.ctx, uuid.New(), "Oberland")
	h.must(err)
	h.team = team.ID
	return h
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) add(kind string, v record.Values) string {
	h.t.Helper()
	out, err := h.records.Add(h.ctx, kind, v)
	if err != nil {
		h.t.Fatalf("add %s: %v", kind, err)
	}
	return out.ID()
}

func (h *house) site(account string, s customer.NewSite) string {
	h.t.Helper()
	s.AccountID = uuid.MustParse(account)
	if s.Point == (orb.Point{}) {
		s.Point = orb.Point{9.52, 47.14}
	}
	out, err := h.customers.AddSite(h.ctx, s)
	h.must(err)
	return out.ID.String()
}

// as returns somebody new of the role, and a context in which he acts.
func (h *house) as(role string, teams ...uuid.UUID) (uuid.UUID, context.Context) {
	h.t.Helper()
	p, err := h.store.AddStaff(h.ctx, crm.NewStaff{Name: "The " + role, Email: uuid.NewString() + "@example.org", Role: role, TeamIDs: teams})
	h.must(err)
	actor, err := h.store.ActorOf(context.Background(), p.ID)
	h.must(err)
	return p.ID, crm.WithActor(context.Background(), actor)
}
