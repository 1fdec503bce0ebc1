package web

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"catchment/crm/work"
	"catchment/routing/dispatch"
	"catchment/web/api"
	"catchment/web/login"
)

// The main job, end to end: a visit typed in by hand becomes a stop with a road time on a phone, and is done.
func TestAVisitTypedInByHandIsDoneByPhone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	office, phone := h.as("dispatcher"), h.as("technician")

	customer := want[account](office, 201, "POST", "/accounts", map[string]any{"name": "Gasthof Löwen", "kind": "company", "phone": "+423 230 00 00"})
	site := want[api.Site](office, 201, "POST", "/accounts/"+customer.ID.String()+"/sites",
		map[string]any{"street": "Dorfstrasse", "house_number": "3", "city": "Triesen", "point": []float64{9.528, 47.107}})
	visit := want[api.Visit](office, 201, "POST", "/visits", map[string]any{"site_id": site.ID, "title": "Boiler is cold", "duration_seconds": 5400,
		"skills": []string{"gas"}, "earliest": monday, "latest": monday, "windows": []map[string]string{{"start": "2026-11-23T08:00:00Z", "end": "2026-11-23T12:00:00Z"}}})
	if diff := cmp.Diff([]any{work.Proposed, "Dorfstrasse 3, Triesen", 1}, []any{visit.State, visit.Site.Label, visit.Version}); diff != "" {
		t.Error(diff)
	}
	if a := phone.call("GET", "/visits/"+visit.ID.String(), nil); a.Status != http.StatusNotFound {
		t.Errorf("the technician sees a visit that is not his: %d", a.Status)
	}

	plan := h.plan(office)
	if diff := cmp.Diff([]any{dispatch.Ready, 1, 0}, []any{plan.State, plan.Summary.Served, len(plan.Unassigned)}); diff != "" {
		t.Fatal(diff)
	}
	board := want[api.Board](office, 200, "GET", "/board?date="+monday, nil)
	if board.Plan == nil || board.Plan.ID != plan.ID || len(board.Visits) != 1 || len(board.Resources) != 1 || board.Resources[0].Absent {
		t.Errorf("the board before publishing: %+v", board)
	}
	want[api.Plan](office, 200, "POST", "/plans/"+plan.ID.String()+"/accept", nil)
	if published := want[api.Plan](office, 200, "POST", "/plans/"+plan.ID.String()+"/publish", nil); published.State != dispatch.Published {
		t.Errorf("published: %s", published.State)
	}
	board = want[api.Board](office, 200, "GET", "/board?date="+monday, nil)
	if len(board.Routes) != 1 || board.Routes[0].State != "published" || board.Routes[0].WorkSeconds != 5400 || board.Routes[0].LateSeconds != 0 || board.Plan.State != dispatch.Published {
		t.Errorf("the board after publishing: %+v", board.Routes)
	}

	today := want[api.Today](phone, 200, "GET", "/today?date="+monday, nil)
	var stop api.TodayStop
	for _, s := range today.Stops {
		if s.Kind == "visit" {
			stop = s
		}
	}
	if today.Route == nil || today.Route.State != "published" || stop.Visit == nil || stop.Visit.ID != visit.ID || stop.LegSeconds <= 0 || stop.LegMeters <= 0 {
		t.Fatalf("the phone shows %+v", today)
	}
	shape := want[api.Shapes](phone, 200, "GET", "/routes/"+today.Route.ID.String()+"/shape", nil)
	if shape.Type != "FeatureCollection" {
		t.Errorf("the way is %+v", shape)
	}

	device := want[api.Device](phone, 200, "POST", "/devices", map[string]any{"id": id(), "name": "Pixel"})
	commands, version := []map[string]any{}, stop.Visit.Version
	for i, kind := range []string{"start_travel", "arrive", "start", "complete"} {
		commands = append(commands, map[string]any{"id": id(), "seq": device.LastSeq + int64(i) + 1, "kind": kind, "visit_id": visit.ID, "base_version": version + i,
			"device_time": "2026-11-22T09:00:00Z", "tz": "Europe/Vaduz", "payload": map[string]any{}})
	}
	commands[3]["payload"] = map[string]any{"note": "Pump replaced"}
	batch := map[string]any{"device_id": device.ID, "commands": commands}
	for _, expected := range []work.Decision{work.Applied, work.Duplicate} { // sent again, it counts once
		for i, v := range want[api.Verdicts](phone, 200, "POST", "/sync", batch).Verdicts {
			if diff := cmp.Diff(expected, v.Verdict); diff != "" {
				t.Errorf("command %d (%s):\n%s", i, v.Message, diff)
			}
		}
	}
	done := want[api.Visit](office, 200, "GET", "/visits/"+visit.ID.String(), nil)
	if done.State != work.Done || done.Outcome == nil || done.Outcome.Note != "Pump replaced" {
		t.Errorf("in the office the visit is %+v", done)
	}
	story := want[api.Page[api.Entry]](office, 200, "GET", "/accounts/"+customer.ID.String()+"/timeline", nil)
	verbs := []string{}
	for _, e := range story.Items {
		verbs = append(verbs, e.EntityKind+" "+e.Verb)
	}
	wantStory := []string{"visit completed", "visit started", "visit arrived", "visit set_off", "visit published", "visit added", "site added", "account added"}
	if diff := cmp.Diff(wantStory, verbs); diff != "" {
		t.Error(diff)
	}
	if _, told := story.Items[len(story.Items)-1].Changes["name"]; !told {
		t.Errorf("the story does not tell the account's name: %+v", story.Items[len(story.Items)-1])
	}
}

func TestWhoIsSignedIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a := h.as("").call("POST", "/login", map[string]any{"email": "technician@example.org", "password": password})
	if a.Status != 200 || !strings.Contains(a.Header.Get("Set-Cookie"), login.CookieName+"=") || !strings.Contains(a.Header.Get("Set-Cookie"), "HttpOnly") {
		t.Fatalf("%d %v %s", a.Status, a.Header, a.Text)
	}
	var me api.Me
	if err := json.Unmarshal([]byte(a.Text), &me); err != nil {
		t.Fatal(err)
	}
	got := []any{me.Role, me.RoleTitle, me.Initials, string(me.Scope), *me.ResourceID, me.Day, me.Organisation.Zone, me.Map.Bounds, me.Map.Source}
	if diff := cmp.Diff([]any{"technician", "Technician", "TF", "own", h.tom.ID, monday, "Europe/Vaduz", [4]float64{9.47, 47.05, 9.64, 47.27}, "town"}, got); diff != "" {
		t.Error(diff)
	}
	cookie := strings.TrimPrefix(strings.Split(a.Header.Get("Set-Cookie"), ";")[0], login.CookieName+"=")
	browser := &client{h, cookie}
	changed := want[api.Me](browser, 200, "PATCH", "/me", map[string]any{"language": "de", "theme": "dark"})
	if diff := cmp.Diff([]string{"de", "dark"}, []string{changed.Language, changed.Theme}); diff != "" {
		t.Error(diff)
	}
	want[any](browser, 204, "POST", "/logout", nil)
	if a := browser.call("GET", "/me", nil); a.Status != 401 {
		t.Errorf("after signing out: %d", a.Status)
	}
	for _, wrong := range []map[string]any{{"email": "technician@example.org", "password": "no"}, {"email": "nobody@example.org", "password": password}} {
		if a := h.as("").call("POST", "/login", wrong); a.Status != 401 || a.Header.Get("Set-Cookie") != "" {
			t.Errorf("%v: %d %v", wrong, a.Status, a.Header)
		}
	}
	for range 12 {
		a = h.as("").call("POST", "/login", map[string]any{"email": "rep@example.org", "password": "no"})
	}
	if a.Status != 429 || a.Header.Get("Retry-After") == "" {
		t.Errorf("after a dozen guesses: %d %v", a.Status, a.Header)
	}
}

func TestTokensOverHTTP(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	office := h.as("dispatcher")
	made := want[api.MadeToken](office, 201, "POST", "/tokens", map[string]any{"name": "export", "rights": []string{"account.read"}})
	program := func(method, path string, body any) answer {
		return h.as("").call(method, path, body, "Authorization", "Bearer "+made.Secret)
	}
	if a := program("GET", "/accounts", nil); a.Status != 200 {
		t.Errorf("with its right: %d", a.Status)
	}
	if a := program("POST", "/accounts", map[string]any{"name": "x"}); a.Status != 403 {
		t.Errorf("beyond its rights: %d", a.Status)
	}
	if a := h.as("").call("GET", "/accounts", nil, "Authorization", "Bearer ct_made_up"); a.Status != 401 {
		t.Errorf("made up: %d", a.Status)
	}
	if listed := want[api.Page[map[string]any]](office, 200, "GET", "/tokens", nil); len(listed.Items) != 1 || strings.Contains(fmt.Sprint(listed), made.Secret) {
		t.Errorf("the list tells %v", listed)
	}
	want[any](office, 204, "DELETE", "/tokens/"+made.ID.String(), nil)
	if a := program("GET", "/accounts", nil); a.Status != 401 {
		t.Errorf("after its end: %d", a.Status)
	}
}

func TestVersionsKeepPeopleFromOverwritingEachOther(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	office, path := h.as("dispatcher"), "/accounts/"+h.account.ID.String()
	first := office.call("GET", path, nil)
	tag := first.Header.Get("ETag")
	if diff := cmp.Diff(`"v1"`, tag); diff != "" {
		t.Fatal(diff)
	}
	if a := office.call("GET", path, nil, "If-None-Match", tag); a.Status != 304 || a.Text != "" || a.Header.Get("ETag") != tag {
		t.Errorf("known already: %d %q", a.Status, a.Text)
	}
	change := map[string]any{"class": "A"}
	for name, c := range map[string]struct {
		match string
		want  int
	}{"without a version": {"", 428}, "with none that ever was": {`"x"`, 412}, "with zero": {`"v0"`, 412}, "with any": {"*", 412}, "with a later one": {`"v9"`, 412}} {
		headers := []string{}
		if c.match != "" {
			headers = []string{"If-Match", c.match}
		}
		a := office.call("PATCH", path, change, headers...)
		if a.Status != c.want || len(a.problem.Errors) != 1 || a.problem.Errors[0].Location != "header.If-Match" {
			t.Errorf("%s: %d %s", name, a.Status, a.Text)
		}
	}
	if a := office.call("PATCH", path, change, "If-Match", tag); a.Status != 200 || a.Header.Get("ETag") != `"v2"` {
		t.Errorf("with the newest: %d %s", a.Status, a.Text)
	}
	if a := office.call("PATCH", path, change, "If-Match", tag); a.Status != 412 {
		t.Errorf("overtaken: %d %s", a.Status, a.Text)
	}
}

func TestAListIsTurnedPageByPage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	office := h.as("dispatcher")
	for i := range 7 {
		want[account](office, 201, "POST", "/accounts", map[string]any{"name": fmt.Sprintf("Account %d", i)})
	}
	seen, path := []string{}, "/accounts?limit=2&filter=kind+%3D+company"
	for pages := 0; path != ""; pages++ {
		a := office.call("GET", path, nil)
		var page api.Page[account]
		if err := json.Unmarshal([]byte(a.Text), &page); err != nil || a.Status != 200 || pages > 10 {
			t.Fatalf("%s: %d %v", path, a.Status, err)
		}
		for _, item := range page.Items {
			seen = append(seen, item.Name)
		}
		link := a.Header.Get("Link")
		if (link == "") != (page.Next == "") {
			t.Errorf("Link is %q, next %q", link, page.Next)
		}
		path = strings.TrimPrefix(strings.TrimSuffix(link, `>; rel="next"`), "<"+Prefix)
	}
	if diff := cmp.Diff([]string{"Account 0", "Account 1", "Account 2", "Account 3", "Account 4", "Account 5", "Account 6", "Canary Ltd", "Hotel Bergblick"}, seen); diff != "" {
		t.Error(diff)
	}
}

func TestARequestSentAgainIsDoneOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	office, other := h.as("dispatcher"), h.as("administrator")
	body := map[string]any{"name": "Once"}
	first := office.call("POST", "/accounts", body, "Idempotency-Key", "k1")
	again := office.call("POST", "/accounts", body, "Idempotency-Key", "k1")
	if first.Status != 201 || again.Status != 201 || first.Text != again.Text || again.Header.Get("Idempotent-Replayed") != "true" ||
		first.Header.Get("ETag") != again.Header.Get("ETag") || again.Header.Get("Location") != first.Header.Get("Location") {
		t.Errorf("first %d %s\nagain %d %s %v", first.Status, first.Text, again.Status, again.Text, again.Header)
	}
	if a := office.call("POST", "/accounts", map[string]any{"name": "Twice"}, "Idempotency-Key", "k1"); a.Status != 409 || a.problem.Errors[0].Location != "header.Idempotency-Key" {
		t.Errorf("another body under the key: %d %s", a.Status, a.Text)
	}
	if a := office.call("POST", "/teams", body, "Idempotency-Key", "k1"); a.Status != 403 {
		t.Errorf("another operation without the right: %d", a.Status)
	}
	if a := other.call("POST", "/accounts", body, "Idempotency-Key", "k1"); a.Status != 201 || a.Text == first.Text {
		t.Errorf("somebody else's key: %d %s", a.Status, a.Text)
	}
	if a := office.call("POST", "/accounts", map[string]any{"name": ""}, "Idempotency-Key", "k2"); a.Status != 422 {
		t.Errorf("wrong: %d", a.Status)
	}
	if a := office.call("POST", "/accounts", body, "Idempotency-Key", "k2"); a.Status != 201 {
		t.Errorf("corrected under the same key: %d %s", a.Status, a.Text)
	}
	for name, key := range map[string]string{"too long": strings.Repeat("k", 201), "with blanks": "a b"} {
		if a := office.call("POST", "/accounts", body, "Idempotency-Key", key); a.Status != 422 {
			t.Errorf("a key %s: %d", name, a.Status)
		}
	}

	// Sent many times at once, it is done once, and everybody hears of the same account.
	ids := make(chan string, 12)
	for range cap(ids) {
		go func() {
			a := office.call("POST", "/accounts", map[string]any{"name": "At once"}, "Idempotency-Key", "k3")
			var account account
			_ = json.Unmarshal([]byte(a.Text), &account)
			ids <- fmt.Sprint(a.Status, " ", account.ID)
		}()
	}
	different := map[string]bool{}
	for range cap(ids) {
		different[<-ids] = true
	}
	if len(different) != 1 {
		t.Errorf("different answers: %v", different)
	}

	// The process died after the change and before its answer was kept: the repetition finds its own work.
	lost := office.call("POST", "/accounts", map[string]any{"name": "Lost"}, "Idempotency-Key", "k4")
	h.forgetAnswer("k4")
	found := office.call("POST", "/accounts", map[string]any{"name": "Lost"}, "Idempotency-Key", "k4")
	if found.Status != 201 || found.Text != lost.Text || found.Header.Get("Idempotent-Replayed") != "" {
		t.Errorf("after the loss: %d %s\nbefore: %s", found.Status, found.Text, lost.Text)
	}
	command := map[string]any{"site_id": h.site.ID, "title": "Lost as well", "earliest": monday}
	before := office.call("POST", "/visits", command, "Idempotency-Key", "0199b0e4-7c1a-7b52-8a3e-5d0f1c2b3a49")
	h.forgetAnswer("0199b0e4-7c1a-7b52-8a3e-5d0f1c2b3a49")
	if after := office.call("POST", "/visits", command, "Idempotency-Key", "0199b0e4-7c1a-7b52-8a3e-5d0f1c2b3a49"); after.Status != 201 || after.Text != before.Text {
		t.Errorf("a visit after the loss: %d %s\nbefore: %d %s", after.Status, after.Text, before.Status, before.Text)
	}
}

// forgetAnswer deletes what was kept under a key, as if the process had died before keeping it.
func (h *house) forgetAnswer(key string) {
	h.t.Helper()
	tx := must(h.pool.Begin(h.t.Context()))
	defer tx.Rollback(h.t.Context())
	must(tx.Exec(h.t.Context(), `select set_config('app.uid', $1, true)`, "00000000-0000-7000-8000-000000000001"))
	if tag := must(tx.Exec(h.t.Context(), `delete from crm.idempotency where key = $1`, key)); tag.RowsAffected() != 1 {
		h.t.Fatalf("%d answers under %s", tag.RowsAffected(), key)
	}
	if err := tx.Commit(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
}

func TestNewsReachOpenScreens(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	listen := func(c *client, topics string) func() string {
		request, _ := http.NewRequestWithContext(t.Context(), "GET", h.server.URL+Prefix+"/live?topics="+topics, nil)
		request.AddCookie(&http.Cookie{Name: login.CookieName, Value: c.cookie})
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { response.Body.Close() })
		if response.StatusCode != 200 {
			t.Fatalf("%s: %d", topics, response.StatusCode)
		}
		lines := bufio.NewScanner(response.Body)
		return func() string {
			event := ""
			for lines.Scan() {
				if name, found := strings.CutPrefix(lines.Text(), "event: "); found {
					event = name
				}
				if data, found := strings.CutPrefix(lines.Text(), "data: "); found {
					return event + " " + data
				}
			}
			return "the end"
		}
	}
	office, rep, phone := h.as("dispatcher"), h.as("rep"), h.as("technician")
	board, ofRep, ofPhone := listen(office, "day:"+monday+",me"), listen(rep, "day:"+monday), listen(phone, "me")
	for name, next := range map[string]func() string{"board": board, "rep": ofRep, "phone": ofPhone} {
		if diff := cmp.Diff("hello {}", next()); diff != "" {
			t.Fatalf("%s: %s", name, diff)
		}
	}
	visit := h.visit(office, nil)
	if diff := cmp.Diff(fmt.Sprintf(`day {"date":"%s","visits":["%s"]}`, monday, visit.ID), board()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(fmt.Sprintf(`day {"date":"%s"}`, monday), ofRep()); diff != "" {
		t.Errorf("who does not see every visit is not told which:\n%s", diff)
	}
	want[api.Verdict](office, 200, "POST", "/visits/"+visit.ID.String()+"/commands",
		map[string]any{"kind": "assign", "base_version": 1, "payload": map[string]any{"resource_id": h.tom.ID, "start": "2026-11-23T09:00:00Z"}})
	if diff := cmp.Diff(fmt.Sprintf(`me {"date":"%s","kind":"day","visits":["%s"]}`, monday, visit.ID), ofPhone()); diff != "" {
		t.Error(diff)
	}
	for name, c := range map[string]struct {
		who    *client
		topics string
		want   int
	}{
		"a technician and whole days":   {phone, "day:" + monday, 403},
		"a stranger":                    {h.as(""), "me", 401},
		"a plan that is not":            {office, "plan:" + uuid.NewString(), 404},
		"somebody else's line":          {office, "resource:" + h.tom.ID.String(), 422},
		"a day that is none":            {office, "day:2026-13-01", 422},
		"nothing":                       {office, "", 422},
		"a technician and a plan":       {phone, "plan:" + uuid.NewString(), 403},
		"a hundred topics":              {office, strings.Repeat("me,", 100), 422},
		"all channels of the database":  {office, "*", 422},
		"an id of a plan in other form": {office, "plan:{" + uuid.NewString() + "}", 422},
	} {
		if a := c.who.call("GET", "/live?topics="+c.topics, nil); a.Status != c.want {
			t.Errorf("%s: got %d, want %d: %s", name, a.Status, c.want, a.Text)
		}
	}
}

func TestAVisitIsCommandedFromTheOffice(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	office := h.as("dispatcher")
	visit := h.visit(office, nil)
	path := "/visits/" + visit.ID.String() + "/commands"
	assign := map[string]any{"id": id(), "kind": "assign", "base_version": 1, "payload": map[string]any{"resource_id": h.tom.ID, "start": "2026-11-23T09:00:00Z"}}
	verdict := want[api.Verdict](office, 200, "POST", path, assign)
	if verdict.Verdict != work.Applied || verdict.Visit.State != work.Planned || *verdict.Visit.ResourceID != h.tom.ID || *verdict.Visit.Date != monday {
		t.Errorf("assigned: %+v", verdict)
	}
	if again := want[api.Verdict](office, 200, "POST", path, assign); again.Verdict != work.Duplicate || again.First != work.Applied {
		t.Errorf("sent again: %+v", again)
	}
	stale := want[api.Verdict](office, 200, "POST", path, map[string]any{"kind": "pin", "base_version": 1})
	if stale.Verdict != work.Conflicts || stale.Reason != "stale" || stale.Visit.Version != 2 {
		t.Errorf("decided on an old version: %+v", stale)
	}
	board := want[api.Board](office, 200, "GET", "/board?date="+monday, nil)
	if len(board.Routes) != 1 || board.Routes[0].State != "planned" || len(board.Routes[0].Stops) != 1 {
		t.Errorf("the board shows %+v", board.Routes)
	}
	if a := office.call("GET", "/board?date="+monday, nil, "If-None-Match", office.call("GET", "/board?date="+monday, nil).Header.Get("ETag")); a.Status != 304 {
		t.Errorf("the same board again: %d", a.Status)
	}
	if a := h.as("marketer").call("POST", path, map[string]any{"kind": "pin", "base_version": 2}); a.Status != 403 {
		t.Errorf("a marketer pins: %d %s", a.Status, a.Text)
	}
	if page := want[api.Page[api.Visit]](office, 200, "GET", "/visits?unplanned=true", nil); len(page.Items) != 0 {
		t.Errorf("still unplanned: %v", page.Items)
	}
}

func TestTheBaseMapIsServedToTheSignedIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	phone := h.as("technician")
	for path, c := range map[string]struct {
		status int
		kind   string
	}{
		"/map/style/light.json?lang=de":     {200, "application/json"},
		"/map/style/dark.json":              {200, "application/json"},
		"/map/style/pink.json":              {404, "application/problem+json"},
		"/map/icons/dot-light.svg":          {200, "image/svg+xml"},
		"/map/icons/../../etc.svg":          {404, "application/problem+json"},
		"/map/nothing":                      {404, "application/problem+json"},
		"/tiles/basemap.json":               {200, "application/json"},
		"/tiles/basemap/outside.geojson":    {200, "application/geo+json"},
		"/tiles/basemap/10/539/358.mvt":     {204, "application/vnd.mapbox-vector-tile"},
		"/tiles/basemap/10/5000/358.mvt":    {404, "application/problem+json"},
		"/tiles/basemap/99/1/1.mvt":         {404, "application/problem+json"},
		"/tiles/basemap/-1/1/1.mvt":         {404, "application/problem+json"},
		"/tiles/basemap/a/b/c.mvt":          {404, "application/problem+json"},
		"/tiles/basemap/1/9999999999/1.mvt": {404, "application/problem+json"},
		"/tiles/other/1/1/1.mvt":            {404, "application/problem+json"},
	} {
		a := phone.call("GET", path, nil)
		if a.Status != c.status || a.Header.Get("Content-Type") != c.kind {
			t.Errorf("%s: got %d %s, want %d %s: %.200s", path, a.Status, a.Header.Get("Content-Type"), c.status, c.kind, a.Text)
		}
		if c.status == 200 || c.status == 204 {
			if s := h.as("").call("GET", path, nil); s.Status != 401 {
				t.Errorf("%s: a stranger gets %d", path, s.Status)
			}
			if tag := a.Header.Get("ETag"); tag != "" && !strings.HasPrefix(path, "/map/") {
				if s := phone.call("GET", path, nil, "If-None-Match", tag); s.Status != 304 {
					t.Errorf("%s: asked again: %d", path, s.Status)
				}
			}
		}
	}
}
