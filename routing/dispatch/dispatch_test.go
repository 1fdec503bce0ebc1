package dispatch_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/crm/customer"
	"catchment/crm/work"
	"catchment/geo/postgis"
	"catchment/routing"
	"catchment/routing/dispatch"
)

// monday is the day these tests plan; the clock stands on the Sunday before.
const monday work.Day = "2026-11-23"

// house is a small company on real PostGIS, with roads as the crow flies.
type house struct {
	ctx       context.Context
	planner   *dispatch.Planner
	customers *customer.Customers
	work      *work.Work
	zone      *time.Location
	accounts  int
}

func newHouse(t *testing.T) *house {
	t.Helper()
	store := crm.NewStore(postgis.TestDatabase(t))
	store.Now = func() time.Time { return time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC) }
	ctx := crm.WithActor(context.Background(), crm.System("test"))
	if err := store.EnsureOrganisation(ctx, crm.Organisation{Name: "Test", Zone: "Europe/Vaduz", Currency: "CHF", Language: "de"}); err != nil {
		t.Fatal(err)
	}
	rooms := &work.Work{Store: store}
	zone, _ := time.LoadLocation("Europe/Vaduz")
	for _, code := range []string{"gas", "heat_pump"} {
		if _, err := rooms.AddSkill(ctx, work.Skill{Code: code, Name: code}); err != nil {
			t.Fatal(err)
		}
	}
	return &house{ctx: ctx, work: rooms, customers: &customer.Customers{Store: store}, zone: zone,
		planner: &dispatch.Planner{Store: store, Work: rooms, Travel: routing.NewGreatCircle()}}
}

func (h *house) resource(t *testing.T, name string, skills ...string) work.Resource {
	t.Helper()
	r, err := h.work.AddResource(h.ctx, work.NewResource{Name: name, Kind: "technician", BasePoint: orb.Point{9.52, 47.14}, Skills: skills})
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.work.AddShifts(h.ctx, r.ID, []work.NewShift{{Day: monday, Start: 8 * time.Hour, End: 17 * time.Hour,
		Breaks: []work.NewBreak{{Earliest: 11*time.Hour + 30*time.Minute, Latest: 13*time.Hour + 30*time.Minute, Length: 45 * time.Minute}}}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (h *house) visit(t *testing.T, at orb.Point, fields map[string]any) work.Visit {
	t.Helper()
	h.accounts++
	account, err := h.customers.AddAccount(h.ctx, customer.NewAccount{Name: "Account " + string(rune('A'+h.accounts%26))})
	if err != nil {
		t.Fatal(err)
	}
	site, err := h.customers.AddSite(h.ctx, customer.NewSite{AccountID: account.ID, Point: at, Street: "Landstrasse", HouseNumber: "1"})
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]any{"site_id": site.ID, "title": "Service", "duration_seconds": 3600, "earliest": monday, "latest": monday}
	for k, v := range fields {
		all[k] = v
	}
	return h.apply(t, "add_visit", uuid.Must(uuid.NewV7()), 0, all)
}

func (h *house) apply(t *testing.T, kind string, visit uuid.UUID, base int, payload any) work.Visit {
	t.Helper()
	body, _ := json.Marshal(payload)
	v, err := h.work.Apply(h.ctx, work.Command{ID: uuid.Must(uuid.NewV7()), Kind: kind, Visit: visit, BaseVersion: base, Payload: body})
	if err != nil {
		t.Fatal(err)
	}
	if v.Decision != work.Applied {
		t.Fatalf("%s: want applied, got %s: %s", kind, v.Decision, v.Message)
	}
	return *v.Visit
}

func (h *house) plan(t *testing.T) dispatch.Plan {
	t.Helper()
	plan, err := h.planner.Request(h.ctx, dispatch.Request{Day: monday, Iterations: 2000})
	if err != nil {
		t.Fatal(err)
	}
	if plan, err = h.planner.Run(h.ctx, plan.ID); err != nil {
		t.Fatal(err)
	}
	if plan.State != dispatch.Ready {
		t.Fatalf("want a plan that is ready, got %s: %s", plan.State, plan.Error)
	}
	return plan
}

func at(h *house, hour, minute int) time.Time {
	return time.Date(2026, 11, 23, hour, minute, 0, 0, h.zone)
}

func TestADayIsPlannedAcceptedAndPublished(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	anna := h.resource(t, "Anna Frick", "gas")
	h.resource(t, "Beat Marxer")
	gas := h.visit(t, orb.Point{9.53, 47.15}, map[string]any{"skills": []string{"gas"}})
	late := h.visit(t, orb.Point{9.51, 47.12}, map[string]any{"windows": []work.Window{{Start: at(h, 15, 0), End: at(h, 16, 0)}}})
	nobody := h.visit(t, orb.Point{9.52, 47.13}, map[string]any{"skills": []string{"heat_pump"}})

	plan := h.plan(t)
	if diff := cmp.Diff(dispatch.Changes{Added: 2}, plan.Changes); diff != "" {
		t.Errorf("changes (-want +got)\n%s", diff)
	}
	if plan.Summary.Visits != 3 || plan.Summary.Served != 2 || len(plan.Unassigned) != 1 {
		t.Fatalf("want 2 of 3 visits served, got %+v", plan.Summary)
	}
	want := dispatch.Unassigned{VisitID: nobody.ID, Reasons: []dispatch.Reason{{Rule: "skills", People: 2, Skills: []string{"heat_pump"}}}}
	if plan.Unassigned[0].Reasons[0].ResourceID != nil {
		plan.Unassigned[0].Reasons[0].ResourceID = nil
	}
	if diff := cmp.Diff(want, plan.Unassigned[0]); diff != "" {
		t.Errorf("reason (-want +got)\n%s", diff)
	}
	if _, err := h.planner.Accept(h.ctx, plan.ID); err != nil {
		t.Fatal(err)
	}
	for range 2 { // publishing twice is publishing once
		if plan, err := h.planner.Publish(h.ctx, plan.ID); err != nil || plan.State != dispatch.Published {
			t.Fatalf("want published, got %s, %v", plan.State, err)
		}
	}
	got, err := h.work.Visit(h.ctx, gas.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got.State != work.Dispatched || got.ResourceID == nil || *got.ResourceID != anna.ID || *got.Day != monday {
		t.Errorf("want the gas visit dispatched to Anna on Monday, got %s %v %v", got.State, got.ResourceID, got.Day)
	}
	if got, err = h.work.Visit(h.ctx, late.ID); err != nil || got.StartAt.Before(at(h, 15, 0)) || got.StartAt.After(at(h, 16, 0)) {
		t.Errorf("want a start within 15:00 and 16:00, got %v, %v", got.StartAt, err)
	}
	routes, err := h.work.Routes(h.ctx, monday, nil)
	if err != nil {
		t.Fatal(err)
	}
	visits, shapes := 0, 0
	for _, r := range routes {
		for _, s := range r.Stops {
			if s.Kind == "visit" {
				visits++
			}
			if len(s.Shape) > 1 {
				shapes++
			}
		}
	}
	if visits != 2 || shapes < 3 {
		t.Errorf("want 2 visits on published routes with the shapes of their legs, got %d and %d shapes", visits, shapes)
	}
}

func TestAPlanOvertakenByAChangeIsNotPublished(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.resource(t, "Anna Frick")
	v := h.visit(t, orb.Point{9.53, 47.15}, nil)
	other := h.visit(t, orb.Point{9.54, 47.16}, nil)
	plan := h.plan(t)
	h.apply(t, "change_visit", v.ID, v.Version, map[string]any{"duration_seconds": 7200})
	if _, err := h.planner.Publish(h.ctx, plan.ID); crm.KindOf(err) != crm.Conflict {
		t.Fatalf("want a conflict, got %v", err)
	}
	if got, err := h.work.Visit(h.ctx, other.ID); err != nil || got.State != work.Proposed {
		t.Errorf("want nothing published, got %s, %v", got.State, err)
	}
}

func TestPromisesAndPinsAreKept(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	anna := h.resource(t, "Anna Frick")
	h.resource(t, "Beat Marxer")
	pinned := h.visit(t, orb.Point{9.60, 47.20}, nil)
	pinned = h.apply(t, "assign", pinned.ID, pinned.Version, map[string]any{"resource_id": anna.ID, "start": at(h, 14, 0)})
	pinned = h.apply(t, "pin", pinned.ID, pinned.Version, nil)
	promised := h.visit(t, orb.Point{9.45, 47.05}, nil)
	promised = h.apply(t, "assign", promised.ID, promised.Version, map[string]any{"resource_id": anna.ID, "start": at(h, 9, 0)})
	promised = h.apply(t, "promise", promised.ID, promised.Version, work.Window{Start: at(h, 8, 30), End: at(h, 10, 0)})
	for range 5 {
		h.visit(t, orb.Point{9.52, 47.14}, map[string]any{"priority": 100})
	}
	plan := h.plan(t)
	starts := map[uuid.UUID]dispatch.Stop{}
	who := map[uuid.UUID]uuid.UUID{}
	for _, r := range plan.Routes {
		for _, s := range r.Stops {
			if s.VisitID != nil {
				starts[*s.VisitID], who[*s.VisitID] = s, r.ResourceID
			}
		}
	}
	if s := starts[pinned.ID]; !s.Start.Equal(at(h, 14, 0)) || who[pinned.ID] != anna.ID {
		t.Errorf("want the pinned visit with Anna at 14:00, got %v", s.Start)
	}
	if s := starts[promised.ID]; s.Start.Before(at(h, 8, 30)) || s.Start.After(at(h, 10, 0)) {
		t.Errorf("want the promised visit within 8:30 and 10:00, got %v", s.Start)
	}
	if _, err := h.planner.Publish(h.ctx, plan.ID); err != nil {
		t.Error(err)
	}
}

func TestTheSameQuestionGivesTheSamePlan(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.resource(t, "Anna Frick")
	h.resource(t, "Beat Marxer")
	for i := range 12 {
		h.visit(t, orb.Point{9.50 + float64(i%4)*0.01, 47.10 + float64(i/4)*0.015}, nil)
	}
	strip := func(p dispatch.Plan) string {
		for i := range p.Routes {
			p.Routes[i].ID = uuid.Nil
		}
		text, _ := json.Marshal([]any{p.InputHash, p.Summary, p.Routes, p.Unassigned})
		return string(text)
	}
	first, second := h.plan(t), h.plan(t)
	if diff := cmp.Diff(strip(first), strip(second)); diff != "" {
		t.Errorf("(-first +second)\n%s", diff)
	}
}

func TestBadRequestsNameTheField(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for name, c := range map[string]struct {
		request dispatch.Request
		field   string
	}{
		"no date":             {dispatch.Request{}, "date"},
		"a date that is none": {dispatch.Request{Day: "2026-02-30"}, "date"},
		"too many days":       {dispatch.Request{Day: monday, Days: 15}, "days"},
		"an hour of search":   {dispatch.Request{Day: monday, Seconds: 3600}, "seconds"},
		"an unknown resource": {dispatch.Request{Day: monday, ResourceIDs: []uuid.UUID{uuid.Must(uuid.NewV7())}}, "resource_ids[0]"},
		"a negative seed":     {dispatch.Request{Day: monday, Seed: -1}, "seed"},
		"negative iterations": {dispatch.Request{Day: monday, Iterations: -1}, "iterations"},
	} {
		_, err := h.planner.Request(h.ctx, c.request)
		e, _ := err.(*crm.Error)
		if e == nil || e.Kind != crm.Invalid || e.Field != c.field {
			t.Errorf("%s: want invalid %s, got %v", name, c.field, err)
		}
	}
}

func TestNobodyToSendIsSaid(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.visit(t, orb.Point{9.53, 47.15}, nil)
	plan, err := h.planner.Request(h.ctx, dispatch.Request{Day: monday, Iterations: 10})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.planner.Run(h.ctx, plan.ID); crm.KindOf(err) != crm.Conflict {
		t.Errorf("want a conflict, got %v", err)
	}
}
