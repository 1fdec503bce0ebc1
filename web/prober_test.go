package web

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"catchment/crm"
	"catchment/geo/postgis"
	"catchment/web/api"
)

// The right is checked before anything of a request is looked at: who lacks it gets 401 or 403 even for what is
// no request at all, and learns nothing from validation. Who has it is not turned away.
func TestEveryOperationChecksItsRightFirst(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	owner := postgis.TestOwner(t, h.url)
	admin := h.as("administrator")
	requests := h.soundRequests(admin, h.fill(admin))
	roles, people := append(crm.Roles(), crm.Role{}), map[string]*client{}
	for _, role := range roles {
		people[role.Code] = h.as(role.Code)
	}
	before := fingerprint(t, owner)
	turnedAway, letIn := 0, 0
	for _, role := range roles {
		who := people[role.Code]
		for name, op := range operations() {
			right := crm.Right(op.Extensions["x-right"].(string))
			if right == api.Public {
				continue
			}
			method, _, _ := strings.Cut(name, " ")
			request := requests[name]
			a := who.call(method, request.path, "{no request", "Content-Type", "text/nonsense")
			switch {
			case role.Code == "":
				if a.Status != http.StatusUnauthorized || a.Header.Get("WWW-Authenticate") == "" {
					t.Errorf("a stranger: %s: got %d: %s", name, a.Status, a.Text)
				}
				turnedAway++
			case !slices.Contains(role.Rights, right):
				if a.Status != http.StatusForbidden || len(a.problem.Errors) > 0 {
					t.Errorf("%s: %s: got %d: %s", role.Code, name, a.Status, a.Text)
				}
				turnedAway++
			case a.Status == http.StatusUnauthorized || a.Status == http.StatusForbidden:
				t.Errorf("%s: %s: has %s and is turned away: %s", role.Code, name, right, a.Text)
			default:
				letIn++
			}
		}
	}
	if diff := cmp.Diff(before, fingerprint(t, owner)); diff != "" {
		t.Errorf("something changed:\n%s", diff)
	}
	if turnedAway < 100 || letIn < 100 {
		t.Errorf("%d turned away, %d let in: the matrix does not tell them apart", turnedAway, letIn)
	}
}

const canary = "canary"

// What somebody may not see is not there for him: not by its id, not in a list, a search, a count, a timeline or
// a board; neither can he change it. The administrator sees it all, so that the walk is known to reach it.
func TestForeignRecordsAreNotThere(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	owner := postgis.TestOwner(t, h.url)
	admin := h.as("administrator")
	var x things
	x.team = want[api.Team](admin, 201, "POST", "/teams", map[string]any{"name": "Oberland"}).ID
	x.staff = want[api.Staff](admin, 201, "POST", "/staff", map[string]any{"name": "Canary person", "email": "canary@example.org", "role": "rep"}).ID
	x.token = want[api.MadeToken](admin, 201, "POST", "/tokens", map[string]any{"name": "Canary token", "rights": []string{"visit.read"}}).ID
	x.device = want[api.Device](admin, 200, "POST", "/devices", map[string]any{"id": id(), "name": "Canary phone"}).ID
	h.account.ID = want[account](admin, 201, "POST", "/accounts", map[string]any{"name": "Canary Ltd", "phone": "canary 0000", "email": "canary@example.org"}).ID
	h.site.ID = want[api.Site](admin, 201, "POST", "/accounts/"+h.account.ID.String()+"/sites", map[string]any{"street": "Canary street",
		"contact_name": "Mr Canary", "contact_phone": "canary 1", "access_note": "canary key", "point": []float64{9.54, 47.16}}).ID
	crew := want[api.Resource](admin, 201, "POST", "/resources", map[string]any{"name": "Canary crew", "kind": "crew", "base": map[string]any{"label": "Canary depot", "point": []float64{9.5, 47.1}}})
	tom := h.tom.ID
	h.tom.ID = crew.ID
	want[api.Shift](admin, 201, "POST", "/resources/"+crew.ID.String()+"/shifts", map[string]any{"date": monday, "start": "08:00", "end": "17:00"})
	h.visit(admin, map[string]any{"title": "Canary visit", "note": "canary note"})
	published := want[api.Plan](admin, 202, "POST", "/plans", map[string]any{"date": monday, "iterations": 50, "resource_ids": []any{crew.ID}})
	must(h.rooms.Plans.Run(h.system(), published.ID))
	want[api.Plan](admin, 200, "POST", "/plans/"+published.ID.String()+"/publish", nil)
	x.route = want[api.Page[api.Route]](admin, 200, "GET", "/routes?date="+monday, nil).Items[0].ID
	x.visit = h.visit(admin, map[string]any{"title": "Canary visit left open"}).ID
	x.plan = h.plan(admin).ID
	h.fillRecords(admin, &x, canary)
	requests := h.soundRequests(admin, x)
	requests["GET /accounts"] = sound{path: "/accounts?q=canary"}
	requests["GET /visits"] = sound{path: "/visits?q=canary"}
	h.follow()
	people := map[string]*client{"rep": h.as("rep"), "technician": h.as("technician")}
	before := fingerprint(t, owner)

	sees := func(a answer) bool { return strings.Contains(strings.ToLower(a.Text), canary) }
	for role, who := range people {
		for name := range operations() {
			method, _, _ := strings.Cut(name, " ")
			request := requests[name]
			if name == "POST /logout" || name == "POST /login" || strings.HasPrefix(name, "POST /me") || strings.HasSuffix(name, " /me") || name == "GET /live" {
				continue // about oneself; streams have a test of their own
			}
			if strings.Contains(name, " /product") {
				continue // everybody sees the catalogue
			}
			if method == "GET" {
				if a := admin.call(method, request.path, nil); a.Status != 200 {
					t.Errorf("administrator: %s: got %d: the walk does not reach it: %s", name, a.Status, a.Text)
				}
				for _, headers := range [][]string{nil, {"If-None-Match", `"v1"`}, {"If-None-Match", "*"}} {
					a := who.call(method, request.path, nil, headers...)
					if sees(a) || a.Status == http.StatusNotModified && strings.Contains(name, "{id}") {
						t.Errorf("%s: %s with %v: got %d: sees the canary: %.300s", role, name, headers, a.Status, a.Text)
					}
					if strings.Contains(name, "{id}") && a.Status != http.StatusNotFound && a.Status != http.StatusForbidden {
						t.Errorf("%s: %s with %v: got %d, want it not to be there", role, name, headers, a.Status)
					}
				}
				continue
			}
			if !strings.Contains(name, "{id}") {
				continue // adds something of one's own
			}
			a := who.call(method, request.path, requestBody(request), request.headers...)
			if a.Status != http.StatusNotFound && a.Status != http.StatusForbidden || sees(a) {
				t.Errorf("%s: %s: got %d: %.300s", role, name, a.Status, a.Text)
			}
		}
		// Foreign records named in the body of what is one's own to add.
		for name, change := range map[string]map[string]any{
			"POST /visits":  {"site_id": h.site.ID},
			"POST /sync":    {"device_id": x.device},
			"POST /devices": {"id": x.device},
			"POST /plans":   {"resource_ids": []any{crew.ID}},
		} {
			body := maps.Clone(requests[name].body)
			maps.Copy(body, change)
			if a := who.call("POST", requests[name].path, body); a.Status < 400 || a.Status >= 500 || sees(a) {
				t.Errorf("%s: %s of a foreign record: got %d: %.300s", role, name, a.Status, a.Text)
			}
		}
		everywhere := map[string]any{"area": map[string]any{}}
		if there := want[api.Page[api.RegionPlace]](who, 200, "POST", "/regions/places", everywhere); len(there.Items) != 0 {
			t.Errorf("%s: places that are not his: %v", role, there.Items)
		}
		if there := want[api.Page[api.RegionPlace]](admin, 200, "POST", "/regions/places", everywhere); len(there.Items) != 2 {
			t.Errorf("administrator: sees %d places", len(there.Items))
		}
		if a := who.call("GET", "/today?date="+monday+"&resource_id="+crew.ID.String(), nil); a.Status != 404 && a.Status != 403 {
			t.Errorf("%s: somebody else's day: got %d", role, a.Status)
		}
	}
	if diff := cmp.Diff(before, fingerprint(t, owner)); diff != "" {
		t.Errorf("something changed:\n%s", diff)
	}

	// His own day, and what it leads to, is there for the technician, until it is taken from him.
	phone := people["technician"]
	visit := "/visits/" + x.visit.String()
	assign := func(resource uuid.UUID, version int) int {
		v := want[api.Verdict](admin, 200, "POST", visit+"/commands", map[string]any{"kind": "assign", "base_version": version,
			"payload": map[string]any{"resource_id": resource, "start": "2026-11-23T09:00:00Z"}})
		if v.Verdict != "applied" {
			t.Fatalf("assign: %+v", v)
		}
		return v.Visit.Version
	}
	version := assign(tom, 1)
	for _, path := range []string{visit, "/sites/" + h.site.ID.String(), "/accounts/" + h.account.ID.String()} {
		if a := phone.call("GET", path, nil); a.Status != 200 || !sees(a) {
			t.Errorf("his own: %s: %d", path, a.Status)
		}
	}
	if a := phone.call("GET", "/today?date="+monday, nil); !sees(a) {
		t.Errorf("his own day: %s", a.Text)
	}
	assign(crew.ID, version)
	for _, path := range []string{visit, "/sites/" + h.site.ID.String(), "/accounts/" + h.account.ID.String()} {
		if a := phone.call("GET", path, nil); a.Status != 404 {
			t.Errorf("taken from him: %s: %d", path, a.Status)
		}
	}
	if a := phone.call("GET", "/today?date="+monday, nil); sees(a) {
		t.Errorf("a day taken from him: %s", a.Text)
	}
}
