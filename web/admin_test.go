package web

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"catchment/crm"
	"catchment/web/api"
)

// adminRequests are sound requests for what administrators do; what they speak of is made here.
func (h *house) adminRequests(admin *client, x things) map[string]sound {
	match := []string{"If-Match", `"v1"`}
	hook := func(title string) string {
		return want[api.MadeWebhook](admin, 201, "POST", "/webhooks", map[string]any{"title": title, "url": "https://example.org/hook", "events": []string{"nothing.happens"}}).ID.String()
	}
	first, second := hook("canary hook"), hook("canary hook two")
	message := want[api.WebhookMessage](admin, 202, "POST", "/webhooks/"+first+"/test", nil).ID.String()
	want[api.Role](admin, 201, "POST", "/roles", map[string]any{"code": "trainee", "title": "Trainee", "scope": "own", "rights": []string{"visit.read"}})
	want[api.Skill](admin, 201, "POST", "/skills", map[string]any{"code": "welding", "name": "Welding"})
	kind := map[string]any{"names": map[string]any{"en": "Service", "de": "Wartung"}, "kind": "service", "duration_seconds": 5400, "skills": []string{"gas"}, "priority": 5, "active": true}
	fresh := map[string]any{"code": "boiler_service"}
	for k, v := range kind {
		fresh[k] = v
	}
	want[api.VisitType](admin, 201, "POST", "/visit-types", fresh)
	added := map[string]any{}
	for k, v := range fresh {
		added[k] = v
	}
	added["code"] = "repair"
	link, err := url.Parse(must(h.rooms.Desk.Invite(h.system(), x.staff)).Link)
	if err != nil {
		h.t.Fatal(err)
	}
	own := want[api.Page[api.OpenSession]](admin, 200, "GET", "/sessions", nil)
	session := own.Items[0].ID.String()
	calendar := map[string]any{"working_days": []int{1, 2, 3, 4, 5}, "opens": "07:00", "closes": "17:00", "holidays": []map[string]any{{"on": "2026-12-25", "name": "Christmas"}}}
	return map[string]sound{
		"GET /organisation":                             {"/organisation", nil, nil},
		"PATCH /organisation":                           {"/organisation", map[string]any{"name": "Test", "zone": "Europe/Vaduz", "currency": "CHF", "language": "de", "languages": []string{"de", "en"}, "calendar": calendar}, match},
		"POST /roles":                                   {"/roles", map[string]any{"code": "helper", "title": "Helper", "scope": "own", "rights": []string{"visit.read"}}, nil},
		"GET /roles/{code}":                             {"/roles/trainee", nil, nil},
		"PATCH /roles/{code}":                           {"/roles/trainee", map[string]any{"title": "Trainee", "scope": "own", "rights": []string{"visit.read"}}, match},
		"DELETE /roles/{code}":                          {"/roles/trainee", nil, match},
		"POST /staff/{id}/invite":                       {"/staff/" + x.staff.String() + "/invite", nil, nil},
		"POST /password/forgot":                         {"/password/forgot", map[string]any{"email": "nobody@example.org"}, nil},
		"POST /password":                                {"/password", map[string]any{"token": link.Query().Get("token"), "password": "an entirely new one"}, nil},
		"GET /sessions":                                 {"/sessions", nil, nil},
		"DELETE /sessions/{id}":                         {"/sessions/" + session, nil, nil},
		"GET /devices":                                  {"/devices", nil, nil},
		"GET /visit-types":                              {"/visit-types", nil, nil},
		"POST /visit-types":                             {"/visit-types", added, nil},
		"GET /visit-types/{code}":                       {"/visit-types/boiler_service", nil, nil},
		"PATCH /visit-types/{code}":                     {"/visit-types/boiler_service", kind, match},
		"PATCH /skills/{code}":                          {"/skills/welding", map[string]any{"name": "Welding"}, nil},
		"DELETE /skills/{code}":                         {"/skills/welding", nil, nil},
		"GET /audit":                                    {"/audit?kind=account&verb=added&from=2026-01-01T00:00:00Z&to=2100-01-01T00:00:00Z&limit=3", nil, nil},
		"GET /audit/verify":                             {"/audit/verify", nil, nil},
		"GET /policies":                                 {"/policies", nil, nil},
		"PATCH /policies/{code}":                        {"/policies/answers", map[string]any{"days": 30}, match},
		"GET /webhooks":                                 {"/webhooks", nil, nil},
		"POST /webhooks":                                {"/webhooks", map[string]any{"id": id(), "title": "x", "url": "https://example.org/hook", "events": []string{"account.*"}}, nil},
		"GET /webhooks/{id}":                            {"/webhooks/" + first, nil, nil},
		"PATCH /webhooks/{id}":                          {"/webhooks/" + first, map[string]any{"title": "x", "url": "https://example.org/hook", "events": []string{"nothing.happens"}, "active": true}, match},
		"DELETE /webhooks/{id}":                         {"/webhooks/" + second, nil, match},
		"POST /webhooks/{id}/secret":                    {"/webhooks/" + second + "/secret", nil, match},
		"POST /webhooks/{id}/test":                      {"/webhooks/" + first + "/test", nil, nil},
		"GET /webhooks/{id}/messages":                   {"/webhooks/" + first + "/messages?state=queued&limit=3", nil, nil},
		"POST /webhooks/{id}/messages/{message}/replay": {"/webhooks/" + first + "/messages/" + message + "/replay", nil, nil},
		"POST /webhooks/{id}/replay":                    {"/webhooks/" + first + "/replay", map[string]any{"since": "2026-11-01T00:00:00Z", "dead": true}, nil},
	}
}

func TestAdministratorsSetTheHouseUp(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.as("administrator")
	company := want[api.Company](admin, 200, "GET", "/organisation", nil)
	if company.Calendar.Opens == "" || !slices.Contains(company.Languages, "de") {
		t.Errorf("organisation: %+v", company)
	}
	calendar := map[string]any{"working_days": []int{1, 2, 3, 4, 5}, "opens": "08:00", "closes": "17:00", "holidays": []map[string]any{{"on": monday, "name": "Closed"}}}
	want[api.Company](admin, 200, "PATCH", "/organisation", map[string]any{"calendar": calendar}, "If-Match", `"v1"`)
	if me := want[api.Me](admin, 200, "GET", "/me", nil); me.Day != "2026-11-24" {
		t.Errorf("the next working day after a holiday: %s", me.Day)
	}

	// A visit takes after its type what it does not say itself.
	want[api.VisitType](admin, 201, "POST", "/visit-types", map[string]any{"code": "boiler", "names": map[string]any{"en": "Boiler service", "de": "Heizungswartung"},
		"kind": "service", "duration_seconds": 5400, "skills": []string{"gas"}, "priority": 7})
	v := want[api.Visit](admin, 201, "POST", "/visits", map[string]any{"site_id": h.site.ID, "type": "boiler", "earliest": monday, "latest": monday})
	if v.Title != "Heizungswartung" || v.DurationSeconds != 5400 || v.Priority != 7 || !slices.Equal(v.Skills, []string{"gas"}) {
		t.Errorf("by its type: %+v", v)
	}
	v = want[api.Visit](admin, 201, "POST", "/visits", map[string]any{"site_id": h.site.ID, "type": "boiler", "title": "Mine", "duration_seconds": 600, "earliest": monday, "latest": monday})
	if v.Title != "Mine" || v.DurationSeconds != 600 {
		t.Errorf("what it says itself counts: %+v", v)
	}
	if a := admin.call("POST", "/visits", map[string]any{"site_id": h.site.ID, "type": "nothing", "earliest": monday, "latest": monday}); a.Status != 422 || !strings.Contains(a.Text, "body.type") {
		t.Errorf("a type nobody knows: %d %s", a.Status, a.Text)
	}

	// A role of one's own counts at once, and nobody gives what he lacks.
	want[api.Role](admin, 201, "POST", "/roles", map[string]any{"code": "trainee", "title": "Trainee", "scope": "own", "rights": []string{"visit.read"}})
	made := want[api.Staff](admin, 201, "POST", "/staff", map[string]any{"name": "Tim", "email": "trainee@example.org", "role": "trainee", "password": password})
	tim := h.as("trainee")
	if me := want[api.Me](tim, 200, "GET", "/me", nil); me.RoleTitle != "Trainee" {
		t.Errorf("role: %+v", me)
	}
	if a := tim.call("GET", "/accounts", nil); a.Status != 403 {
		t.Errorf("a trainee lists accounts: %d", a.Status)
	}
	want[api.Role](admin, 200, "PATCH", "/roles/trainee", map[string]any{"rights": []string{"visit.read", "account.read"}}, "If-Match", `"v1"`)
	if a := tim.call("GET", "/accounts", nil); a.Status != 200 {
		t.Errorf("a changed role does not count at once: %d", a.Status)
	}
	sessions := want[api.Page[api.OpenSession]](admin, 200, "GET", "/sessions?staff_id="+made.ID.String(), nil)
	if len(sessions.Items) != 1 {
		t.Fatalf("sessions of somebody else: %+v", sessions)
	}
	want[struct{}](admin, 204, "DELETE", "/sessions/"+sessions.Items[0].ID.String(), nil)
	if a := tim.call("GET", "/me", nil); a.Status != 401 {
		t.Errorf("a session that was ended: %d", a.Status)
	}

	// All of it stands in the log.
	verbs := []string{}
	for _, e := range want[api.Page[api.Entry]](admin, 200, "GET", "/audit?limit=500", nil).Items {
		verbs = append(verbs, e.EntityKind+"."+e.Verb)
	}
	for _, v := range []string{"organisation.changed", "visit_type.added", "role.added", "role.changed", "staff.added", "staff.session_ended"} {
		if !slices.Contains(verbs, v) {
			t.Errorf("the log does not tell of %s", v)
		}
	}
	must(h.rooms.Store.ExtendChain(crm.WithActor(t.Context(), crm.System("test"))))
	check := want[api.ChainCheck](admin, 200, "GET", "/audit/verify", nil)
	if diff := cmp.Diff([]api.ChainFault{}, check.Faults); diff != "" {
		t.Error(diff)
	}
}

func TestAPasswordByALinkWithoutScript(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.as("administrator")
	made := want[api.Staff](admin, 201, "POST", "/staff", map[string]any{"name": "Tim", "email": "tim@example.org", "role": "rep", "language": "de"})
	link := want[api.Invitation](admin, 200, "POST", "/staff/"+made.ID.String()+"/invite", nil).Link
	if !strings.HasPrefix(link, "/password?token=") {
		t.Fatalf("link: %q", link)
	}
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	body := map[string]any{"token": u.Query().Get("token"), "password": "an entirely new one"}
	stranger := h.as("")
	if a := stranger.call("POST", "/password", body); a.Status != 200 || !strings.Contains(a.Header.Get("Set-Cookie"), "catchment_session=") {
		t.Errorf("got %d: %s", a.Status, a.Text)
	}
	if a := stranger.call("POST", "/password", body); a.Status != 422 {
		t.Errorf("a link works once: %d", a.Status)
	}
	known, unknown := stranger.call("POST", "/password/forgot", map[string]any{"email": "tim@example.org"}), stranger.call("POST", "/password/forgot", map[string]any{"email": "nobody@example.org"})
	if known.Status != 204 || unknown.Status != 204 || known.Text != unknown.Text {
		t.Errorf("known %d %q, unknown %d %q", known.Status, known.Text, unknown.Status, unknown.Text)
	}
}
