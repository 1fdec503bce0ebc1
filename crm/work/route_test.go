package work_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/crm/work"
)

func TestPublishingPutsVisitsOnARoute(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	tech, day := h.resources["tech1"], h.today.Add(1)
	v := h.addVisit("north", nil)
	route := h.route(tech, day, v)
	plan := publication([]work.Route{route}, v)
	must(t, h.publishAs(h.as("dispatcher"), plan))

	got := h.visit(v.ID)
	if got.State != work.Dispatched || *got.ResourceID != tech.ID || *got.Day != day || !got.StartAt.Equal(route.Stops[1].StartAt) ||
		!got.ArriveAt.Equal(route.Stops[1].ArriveAt) || *got.TravelSeconds != 600 || *got.TravelMeters != 4500 || got.Version != v.Version+1 {
		t.Errorf("want the visit dispatched as planned, got %+v", got)
	}
	for who, want := range map[string]int{"dispatcher": 1, "tech1": 1, "tech2": 0} {
		routes, err := h.work.Routes(h.as(who), day, nil)
		must(t, err)
		if len(routes) != want {
			t.Fatalf("%s: want %d routes, got %d", who, want, len(routes))
		}
		if want == 0 {
			if _, err := h.work.Route(h.as(who), route.ID); crm.KindOf(err) != crm.NotFound {
				t.Errorf("%s: want not found, got %v", who, err)
			}
			continue
		}
		r := routes[0]
		route.State, route.Version, route.PlanID, route.TravelVersion, route.PublishedAt = "published", 1, &plan.Plan, "test", r.PublishedAt
		for i := range route.Stops {
			route.Stops[i].Sequence = i
		}
		if diff := cmp.Diff(route, r, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("the route as %s reads it (-want +got)\n%s", who, diff)
		}
	}

	must(t, h.publishAs(h.as("dispatcher"), plan)) // sent again: counts once
	if again := h.visit(v.ID); again.Version != got.Version {
		t.Errorf("published again: want version %d, got %d", got.Version, again.Version)
	}
	if diff := cmp.Diff([]work.Day{day}, h.routeDays(tech.ID)); diff != "" {
		t.Errorf("days with a route (-want +got)\n%s", diff)
	}
}

func (h *house) routeDays(resource uuid.UUID) (days []work.Day) {
	h.t.Helper()
	for i := range 5 {
		routes, err := h.work.Routes(h.system, h.today.Add(i), &resource)
		must(h.t, err)
		for _, r := range routes {
			days = append(days, r.Day)
		}
	}
	return days
}

func TestANewPlanReplacesTheOldOne(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	tech, day := h.resources["tech1"], h.today.Add(1)
	dropped, pinned, promised, kept := h.addVisit("north", nil), h.addVisit("north", nil), h.addVisit("north", nil), h.addVisit("north", nil)
	first := h.route(tech, day, dropped)
	end := first.Stops[2]
	first.Stops = first.Stops[:2]
	for i, v := range []work.Visit{pinned, promised, kept} {
		s := first.Stops[1]
		s.VisitID = &v.ID
		s.ArriveAt, s.StartAt, s.LeaveAt = s.ArriveAt.Add(time.Duration(i+1)*time.Hour), s.StartAt.Add(time.Duration(i+1)*time.Hour), s.LeaveAt.Add(time.Duration(i+1)*time.Hour)
		first.Stops = append(first.Stops, s)
	}
	first.Stops = append(first.Stops, end)
	must(t, h.publishAs(h.as("dispatcher"), publication([]work.Route{first}, dropped, pinned, promised, kept)))
	pinned = h.apply(h.as("dispatcher"), "pin", h.visit(pinned.ID), nil)
	promised = h.visit(promised.ID)
	promised = h.apply(h.as("dispatcher"), "promise", promised, work.Window{Start: promised.StartAt.Add(-time.Hour), End: promised.StartAt.Add(time.Hour)})

	for _, held := range []work.Visit{pinned, promised} {
		now := h.visit(kept.ID)
		err := h.publishAs(h.as("dispatcher"), publication([]work.Route{h.route(tech, day, now)}, now))
		wantError(t, err, crm.Conflict, "")
		if got := h.visit(held.ID); got.State != work.Dispatched || got.Version != held.Version {
			t.Errorf("a plan that leaves out what is pinned or promised was refused but left it %s", got.State)
		}
		h.apply(h.as("dispatcher"), "unassign", h.visit(held.ID), fields{"override": true})
	}
	now := h.visit(kept.ID)
	must(t, h.publishAs(h.as("dispatcher"), publication([]work.Route{h.route(tech, day, now)}, now)))
	want := map[string]work.State{"dropped": work.Proposed, "kept": work.Dispatched}
	got := map[string]work.State{"dropped": h.visit(dropped.ID).State, "kept": h.visit(kept.ID).State}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("states (-want +got)\n%s", diff)
	}

	h.apply(h.as("tech1"), "start_travel", h.visit(kept.ID), nil)
	another := h.addVisit("north", nil)
	err := h.publishAs(h.as("dispatcher"), publication([]work.Route{h.route(tech, day, another)}, another))
	wantError(t, err, crm.Conflict, "")
	if s := h.visit(kept.ID).State; s != work.Travelling {
		t.Errorf("a route under way was replaced: the visit is %s", s)
	}
}

func TestAPlanMadeOnOldVisitsLeavesNoTrace(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a, b := h.addVisit("north", nil), h.addVisit("north", nil)
	routes := []work.Route{h.route(h.resources["tech1"], h.today.Add(1), a), h.route(h.resources["tech2"], h.today.Add(1), b)}
	plan := publication(routes, a, b)
	b = h.apply(h.as("agent"), "change_visit", b, fields{"priority": 90})
	err := h.publishAs(h.as("dispatcher"), plan)
	wantError(t, err, crm.Conflict, "")
	if diff := cmp.Diff([]work.Visit{a, b}, []work.Visit{h.visit(a.ID), h.visit(b.ID)}); diff != "" {
		t.Errorf("visits (-want +got)\n%s", diff)
	}
	if days := h.routeDays(h.resources["tech1"].ID); len(days) != 0 {
		t.Errorf("routes were left: %v", days)
	}
	var commands int
	must(t, h.query(`select count(*) from work.command where kind = 'publish'`, nil, &commands))
	if commands != 0 {
		t.Errorf("%d commands were left", commands)
	}
	if err := h.publishAs(h.as("tech1"), plan); crm.KindOf(err) != crm.Forbidden {
		t.Errorf("a technician publishes: want forbidden, got %v", err)
	}
}

// TestPublishingWhilePhonesReportNeverStandsStill publishes a day again and again while its technician sets off:
// either the new plan is out before, or the route is under way and the plan is a conflict. Neither waits for the
// other for ever.
func TestPublishingWhilePhonesReportNeverStandsStill(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	tech := h.resources["tech1"]
	for round := range 6 {
		day := h.today.Add(1 + round)
		v := h.addVisit("north", nil)
		must(t, h.publishAs(h.system, publication([]work.Route{h.route(tech, day, v)}, v)))
		v = h.visit(v.ID)
		p := h.phone("tech1")
		p.tap("start_travel", v.ID, nil)
		var group sync.WaitGroup
		var published, travelled error
		group.Go(func() { published = h.publishAs(h.system, publication([]work.Route{h.route(tech, day, v)}, v)) })
		group.Go(func() {
			time.Sleep(time.Duration(round) * time.Millisecond)
			_, travelled = h.work.Sync(p.ctx, p.device, p.queue)
		})
		group.Wait()
		must(t, travelled)
		if published != nil && crm.KindOf(published) != crm.Conflict {
			t.Errorf("publish: %v", published)
		}
		if s := h.visit(v.ID).State; s != work.Travelling {
			t.Errorf("want him on the road, got %s", s)
		}
	}
}

func TestABaseMovesWithItsCell(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	r := h.resources["tech1"]
	at := orb.Point{9.60, 47.20}
	moved, err := h.work.ChangeResource(h.as("dispatcher"), r.ID, r.Version, work.ResourceChange{BasePoint: &at})
	must(t, err)
	var cells int
	must(t, h.query(`select count(distinct base_cell) from work.resource`, nil, &cells))
	if moved.BasePoint != at || cells != 2 {
		t.Errorf("want the base at %v in a cell of its own, got %v and %d cells", at, moved.BasePoint, cells)
	}
	bad := orb.Point{200, 0}
	_, err = h.work.ChangeResource(h.as("dispatcher"), r.ID, moved.Version, work.ResourceChange{BasePoint: &bad})
	wantError(t, err, crm.Invalid, "base_point")
}
