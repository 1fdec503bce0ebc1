package web

import (
	"net/http"
	"testing"

	"github.com/google/uuid"

	"catchment/crm/kinds"
	"catchment/web/api"
)

// findRequests are sound requests for the search box, duplicates and merges, and bring in what those are about.
func (h *house) findRequests(admin *client, x things) map[string]sound {
	type body = map[string]any
	add := func(path string, b body) string { return want[account](admin, 201, "POST", path, b).ID.String() }
	merge := func(path string, b body) sound {
		return sound{path + "/merge", body{"survivor": add(path, b), "absorbed": []any{add(path, b)}, "choices": body{}}, nil}
	}
	twin := body{"name": "Twin of itself", "phone": "+423 399 99 99"}
	add("/leads", twin)
	out := map[string]sound{
		"GET /search":            {"/search?q=canary&kinds=account,contact,lead&limit=5", nil, nil},
		"GET /duplicates":        {"/duplicates?kind=lead&dismissed=false&limit=3", nil, nil},
		"POST /duplicates/check": {"/duplicates/check", body{"kind": "account", "name": "x", "email": "x@example.org", "phone": "x", "tax_id": "x", "account_id": uuid.NewString(), "postcode": "x", "street": "x", "house_number": "x", "point": []any{9.5, 47.1}, "except": uuid.NewString()}, nil},
		"POST /accounts/merge":   merge("/accounts", body{"name": "Once and again"}),
		"POST /contacts/merge":   merge("/contacts", body{"account_id": h.account.ID, "last_name": "Once"}),
		"POST /leads/merge":      merge("/leads", twin),
	}
	for records := kinds.Records(h.rooms.Store); ; {
		if must(records.CompareSome(h.system())) == 0 {
			break
		}
	}
	pair := want[api.Page[api.DuplicatePair]](admin, 200, "GET", "/duplicates?kind=lead", nil).Items[0].ID.String()
	out["POST /duplicates/{id}/dismiss"] = sound{"/duplicates/" + pair + "/dismiss", nil, nil}
	out["POST /duplicates/{id}/reopen"] = sound{"/duplicates/" + pair + "/reopen", nil, nil}
	out["POST /duplicates/{id}/snooze"] = sound{"/duplicates/" + pair + "/snooze", body{"until": "2090-01-01T00:00:00Z"}, nil}
	return out
}

// The way of a duplicate: found while typing, joined, asked for by its old id, and taken apart again.
func TestADuplicateIsFoundMergedAndTakenApart(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.as("administrator")
	type body = map[string]any
	stays := want[account](admin, 201, "POST", "/accounts", body{"name": "Müller Heizung AG", "email": "info@mueller.example"}).ID
	goes := want[account](admin, 201, "POST", "/accounts", body{"name": "Heizung Mueller", "phone": "+423 232 11 22", "email": "Info@Mueller.example"}).ID
	records := kinds.Records(h.rooms.Store)
	if _, err := records.CompareSome(h.system()); err != nil {
		t.Fatal(err)
	}
	draft := body{"kind": "account", "name": "Muller heizung", "phone": "00423 2321122"}
	if found := want[api.LikelyDuplicates](admin, 200, "POST", "/duplicates/check", draft).Items; len(found) != 1 || found[0].ID != goes {
		t.Errorf("while typing: %+v", found)
	}
	if found := want[api.LikelyDuplicates](h.as("rep"), 200, "POST", "/duplicates/check", draft).Items; len(found) != 0 {
		t.Errorf("a rep learns of what he may not see: %+v", found)
	}
	queue := want[api.Page[api.DuplicatePair]](admin, 200, "GET", "/duplicates?kind=account", nil).Items
	if len(queue) != 1 || queue[0].Score < 60 {
		t.Fatalf("queue: %+v", queue)
	}
	done := want[api.Merged](admin, 200, "POST", "/accounts/merge", body{"survivor": stays, "absorbed": []any{goes}})
	if done.Survivor["phone"] != "+423 232 11 22" || done.Survivor["name"] != "Müller Heizung AG" {
		t.Errorf("the survivor: %v", done.Survivor)
	}
	a := admin.call("GET", "/accounts/"+goes.String(), nil)
	if a.Status != http.StatusTemporaryRedirect && a.Status != http.StatusOK {
		t.Errorf("asked for by its old id: %d %s", a.Status, a.Text)
	}
	if a := h.as("rep").call("GET", "/accounts/"+goes.String(), nil); a.Status != http.StatusNotFound {
		t.Errorf("a rep asks for it: %d %s", a.Status, a.Text)
	}
	if queue := want[api.Page[api.DuplicatePair]](admin, 200, "GET", "/duplicates?kind=account", nil).Items; len(queue) != 0 {
		t.Errorf("queue after the merge: %+v", queue)
	}
	want[api.Undoing](admin, 200, "POST", "/changes/"+done.ChangeSet.ID.String()+"/undo", nil)
	if back := want[account](admin, 200, "GET", "/accounts/"+goes.String(), nil); back.Name != "Heizung Mueller" {
		t.Errorf("taken apart: %+v", back)
	}
	pair := want[api.Page[api.DuplicatePair]](admin, 200, "GET", "/duplicates?kind=account", nil).Items[0].ID.String()
	want[any](admin, 204, "POST", "/duplicates/"+pair+"/dismiss", nil)
	if queue := want[api.Page[api.DuplicatePair]](admin, 200, "GET", "/duplicates?kind=account", nil).Items; len(queue) != 0 {
		t.Errorf("queue after it was dismissed: %+v", queue)
	}
	hits := want[api.Hits](admin, 200, "GET", "/search?q=muller+heizung", nil).Items
	if len(hits) != 2 || !hits[0].Near {
		t.Errorf("search: %+v", hits)
	}
}
