package web

import (
	"archive/zip"
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"catchment/crm"
	"catchment/web/api"
)

// octets is the header of bodies that are bytes as they are.
var octets = []string{"Content-Type", "application/octet-stream"}

// attach attaches a file that holds a text to a record.
func attach(c *client, kind string, id uuid.UUID, name, text string) api.File {
	c.h.t.Helper()
	f := want[api.File](c, 201, "POST", "/files", map[string]any{"entity_kind": kind, "entity_id": id, "name": name})
	return want[api.File](c, 200, "PUT", "/files/"+f.ID.String()+"/content", text, octets...)
}

// person is a context in which the one who is signed in acts.
func (c *client) person() context.Context {
	c.h.t.Helper()
	me := want[struct {
		ID    uuid.UUID `json:"id"`
		Staff struct {
			ID uuid.UUID `json:"id"`
		} `json:"staff"`
	}](c, 200, "GET", "/me", nil)
	if me.ID == uuid.Nil {
		me.ID = me.Staff.ID
	}
	return crm.WithActor(context.Background(), must(c.h.rooms.Store.ActorOf(context.Background(), me.ID)))
}

// bring has a file read and, if so told, brought in.
func bring(c *client, name, kind, text string, run bool) api.Import {
	c.h.t.Helper()
	i := want[api.Import](c, 201, "POST", "/imports", map[string]any{"name": name, "kind": kind})
	path := "/imports/" + i.ID.String()
	want[api.Import](c, 200, "PUT", path+"/content", text, octets...)
	must(c.h.rooms.Exchange.Run(c.person(), i.ID, nil))
	if run {
		want[api.Import](c, 202, "POST", path+"/run", nil)
		must(c.h.rooms.Exchange.Run(c.person(), i.ID, nil))
	}
	return want[api.Import](c, 200, "GET", path, nil)
}

// fillExchange brings in files, imports in each state, and an archive.
func (h *house) fillExchange(admin *client, x *things, name string) {
	x.records["file"] = attach(admin, "account", h.account.ID, name+".txt", "This is the "+name+".").ID.String()
	x.records["file to send"] = want[api.File](admin, 201, "POST", "/files", map[string]any{"entity_kind": "account", "entity_id": h.account.ID, "name": name}).ID.String()
	text := "Name,Interest,State\n" + name + " imported," + name + ",new\n,,\nWrong " + name + ",,nonsense\n"
	ready := bring(admin, name+".csv", "lead", text, false)
	x.records["import"], x.records["import version"] = ready.ID.String(), strconv.Itoa(ready.Version)
	for _, act := range []string{"check", "run", "stop"} {
		x.records["import to "+act] = bring(admin, name+".csv", "lead", text, false).ID.String()
	}
	x.records["import to undo"] = bring(admin, name+".csv", "lead", text, true).ID.String()
	x.records["import to send"] = want[api.Import](admin, 201, "POST", "/imports", map[string]any{"name": name + ".csv"}).ID.String()
	e := want[api.Export](admin, 202, "POST", "/exports", map[string]any{"files": true})
	must(h.rooms.Exchange.RunArchive(admin.person(), e.ID))
	x.records["export"] = e.ID.String()
}

// exchangeRequests are sound requests for files, imports and exports.
func (h *house) exchangeRequests(x things) map[string]sound {
	geometry := map[string]any{"type": "Polygon", "coordinates": []any{[]any{[]any{9, 47}, []any{10, 47}, []any{10, 48}, []any{9, 48}, []any{9, 47}}}}
	file, imp, exp := "/files/"+x.records["file"], "/imports/"+x.records["import"], "/exports/"+x.records["export"]
	return map[string]sound{
		"POST /files":               {"/files", map[string]any{"id": uuid.NewString(), "entity_kind": "account", "entity_id": h.account.ID, "name": "x.txt"}, nil},
		"GET /files":                {"/files?entity_kind=account&entity_id=" + h.account.ID.String(), nil, nil},
		"GET /files/{id}":           {file, nil, nil},
		"GET /files/{id}/content":   {file + "/content", nil, nil},
		"PUT /files/{id}/content":   {"/files/" + x.records["file to send"] + "/content", nil, octets},
		"DELETE /files/{id}":        {file, nil, nil},
		"POST /imports":             {"/imports", map[string]any{"id": uuid.NewString(), "name": "x.csv", "kind": "account"}, nil},
		"PUT /imports/{id}/content": {"/imports/" + x.records["import to send"] + "/content", nil, octets},
		"GET /imports":              {"/imports", nil, nil},
		"GET /imports/{id}":         {imp, nil, nil},
		"PATCH /imports/{id}":       {imp, map[string]any{"kind": "lead", "mapping": map[string]any{"name": "Name"}, "options": map[string]any{"existing": "fill", "locate": false, "decimal": ",", "dates": "mdy"}}, []string{"If-Match", `"v` + x.records["import version"] + `"`}},
		"GET /import-targets":       {"/import-targets?kind=account", nil, nil},
		"GET /imports/{id}/preview": {imp + "/preview?rows=5", nil, nil},
		"GET /imports/{id}/faults":  {"/imports/" + x.records["import to undo"] + "/faults", nil, nil},
		"GET /imports/{id}/report":  {"/imports/" + x.records["import to undo"] + "/report", nil, nil},
		"POST /imports/{id}/check":  {"/imports/" + x.records["import to check"] + "/check", nil, nil},
		"POST /imports/{id}/run":    {"/imports/" + x.records["import to run"] + "/run", nil, nil},
		"POST /imports/{id}/stop":   {"/imports/" + x.records["import to stop"] + "/stop", nil, nil},
		"POST /imports/{id}/undo":   {"/imports/" + x.records["import to undo"] + "/undo", nil, nil},
		"DELETE /imports/{id}":      {imp, nil, nil},
		"POST /exports/list":        {"/exports/list", map[string]any{"kind": "account", "format": "csv", "columns": []string{"name"}, "sort": "name", "language": "de", "q": "x", "filter": "class = A", "geometry": geometry}, nil},
		"POST /exports":             {"/exports", map[string]any{"id": uuid.NewString(), "kinds": []string{"account"}, "files": true}, nil},
		"GET /exports":              {"/exports", nil, nil},
		"GET /exports/{id}":         {exp, nil, nil},
		"GET /exports/{id}/content": {exp + "/content", nil, nil},
		"DELETE /exports/{id}":      {exp, nil, nil},
	}
}

// What somebody may not see is in none of his exports either, of any kind and format, nor in his archive; and files of
// records he does not see are not there.
func TestExportsLeakNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin, rep := h.as("administrator"), h.as("rep")
	var x things
	x.team = want[api.Team](admin, 201, "POST", "/teams", map[string]any{"name": "Oberland"}).ID
	x.staff = want[api.Staff](admin, 201, "POST", "/staff", map[string]any{"name": "Somebody", "email": "x@example.org", "role": "rep"}).ID
	h.account.ID = want[account](admin, 201, "POST", "/accounts", map[string]any{"name": "Canary Ltd", "email": "canary@example.org"}).ID
	h.site.ID = want[api.Site](admin, 201, "POST", "/accounts/"+h.account.ID.String()+"/sites", map[string]any{"street": "Canary street", "point": []float64{9.54, 47.16}}).ID
	x.visit = h.visit(admin, map[string]any{"title": "Canary visit"}).ID
	h.fillRecords(admin, &x, canary)
	own := want[account](rep, 201, "POST", "/accounts", map[string]any{"name": "=My own"}).ID
	attach(rep, "account", own, "own.txt", "my own file")
	for _, kind := range want[api.Page[api.Kind]](admin, 200, "GET", "/kinds", nil).Items {
		for _, format := range []string{"csv", "geojson", "vcard"} {
			body := map[string]any{"kind": kind.Name, "format": format}
			a := rep.call("POST", "/exports/list", body)
			if a.Status >= 500 || strings.Contains(strings.ToLower(a.Text), canary) && !catalogue(kind.Name) {
				t.Errorf("%s as %s: got %d: sees the canary: %.300s", kind.Name, format, a.Status, a.Text)
			}
			if all := admin.call("POST", "/exports/list", body); kind.Name == "account" && !strings.Contains(all.Text, "Canary") {
				t.Errorf("administrator: %s as %s: got %d: does not see it: %.300s", kind.Name, format, all.Status, all.Text)
			}
		}
	}
	a := rep.call("POST", "/exports/list", map[string]any{"kind": "account", "format": "csv", "columns": []string{"name"}})
	if diff := cmp.Diff("\ufeffname\r\n'=My own\r\n", a.Text); diff != "" || !strings.HasPrefix(a.Header.Get("Content-Disposition"), "attachment") ||
		a.Header.Get("Content-Security-Policy") != "sandbox; default-src 'none'" {
		t.Errorf("his own list %v (-want +got)\n%s", a.Header, diff)
	}
	e := want[api.Export](rep, 202, "POST", "/exports", map[string]any{"files": true})
	must(h.rooms.Exchange.RunArchive(rep.person(), e.ID))
	a = rep.call("GET", "/exports/"+e.ID.String()+"/content", nil)
	packed, err := zip.NewReader(strings.NewReader(a.Text), int64(len(a.Text)))
	if err != nil {
		t.Fatal(err)
	}
	held := ""
	for _, f := range packed.File {
		r := must(f.Open())
		text := string(must(io.ReadAll(r)))
		held += f.Name + " "
		if strings.Contains(strings.ToLower(f.Name+text), canary) && !strings.HasPrefix(f.Name, "product") {
			t.Errorf("his archive: %s holds the canary: %s", f.Name, text)
		}
	}
	for _, part := range []string{"accounts.csv", "leads.csv", "own.txt", "export.json"} {
		if !strings.Contains(held, part) {
			t.Errorf("his archive: want %s in it, got %s", part, held)
		}
	}
	for path, status := range map[string]int{"/files/" + x.records["file"]: 404, "/files/" + x.records["file"] + "/content": 404, "/exports/" + x.records["export"] + "/content": 404,
		"/imports/" + x.records["import"]: 403} {
		if a := rep.call("GET", path, nil); a.Status != status || strings.Contains(strings.ToLower(a.Text), canary) {
			t.Errorf("%s: want %d, got %d: %s", path, status, a.Status, a.Text)
		}
	}
	dispatcher := h.as("dispatcher") // sees every record, and no import of others
	if a := dispatcher.call("GET", "/exports/"+x.records["export"], nil); a.Status != 404 {
		t.Errorf("somebody else's archive: want 404, got %d", a.Status)
	}
}

func TestWhatAFileHoldsIsNeverRun(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.as("administrator")
	for name, row := range map[string]struct{ text, media string }{
		"page.html":  {"<script>alert(1)</script>", "text/plain; charset=utf-8"},
		"image.svg":  {`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`, "text/plain; charset=utf-8"},
		"photo.html": {"\x89PNG\r\n\x1a\n<script>", "image/png"},
		"data":       {"\x00\x01\x02", "application/octet-stream"},
		"empty":      {"", "application/octet-stream"},
	} {
		f := attach(admin, "account", h.account.ID, name, row.text)
		a := admin.call("GET", "/files/"+f.ID.String()+"/content", nil)
		if a.Text != row.text || a.Header.Get("Content-Type") != row.media || a.Header.Get("X-Content-Type-Options") != "nosniff" ||
			!strings.HasPrefix(a.Header.Get("Content-Disposition"), "attachment;") || !strings.Contains(a.Header.Get("Content-Security-Policy"), "sandbox") {
			t.Errorf("%s: got %q %v", name, a.Text, a.Header)
		}
	}
	f := want[api.File](admin, 201, "POST", "/files", map[string]any{"entity_kind": "account", "entity_id": h.account.ID, "name": `..\..\etc/pass wd".txt`})
	if f.Name != `pass wd".txt` {
		t.Errorf("want the last part of the name, got %q", f.Name)
	}
	if a := admin.call("GET", "/files/"+f.ID.String()+"/content", nil); a.Status != http.StatusConflict {
		t.Errorf("a file that has not arrived: got %d", a.Status)
	}
	if a := admin.call("PUT", "/files/"+f.ID.String()+"/content", strings.Repeat("x", 25<<20+1), octets...); a.Status != http.StatusRequestEntityTooLarge {
		t.Errorf("a file too large: got %d: %s", a.Status, a.Text)
	}
	same := attach(admin, "account", h.foreign.ID, "again.txt", "<script>alert(1)</script>")
	list := want[api.Page[api.File]](admin, 200, "GET", "/files?entity_kind=account&entity_id="+h.account.ID.String(), nil)
	for _, file := range list.Items {
		admin.call("DELETE", "/files/"+file.ID.String(), nil)
	}
	if a := admin.call("GET", "/files/"+same.ID.String()+"/content", nil); a.Text != "<script>alert(1)</script>" {
		t.Errorf("the same file elsewhere stays: got %d %s", a.Status, a.Text)
	}
	timeline := admin.call("GET", "/accounts/"+h.foreign.ID.String()+"/timeline", nil)
	if !strings.Contains(timeline.Text, `"attached"`) || !strings.Contains(timeline.Text, "again.txt") {
		t.Errorf("the timeline: %s", timeline.Text)
	}
}
