package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"catchment/crm"
	"catchment/crm/kinds"
	"catchment/crm/record"
	"catchment/web/api"
)

// belongings are one record of each kind that all belong to somebody.
type belongings struct {
	word string // in whatever can hold a word
	ids  map[string]string
}

// bring adds one record of each kind, owned by owner and team.
func (h *house) bring(admin *client, word string, owner, team uuid.UUID) belongings {
	h.t.Helper()
	b := belongings{word, map[string]string{"staff": owner.String(), "team": team.String()}}
	belong := func(body map[string]any) map[string]any {
		body["owner_id"] = owner
		if delete(body, "team_id"); team != uuid.Nil {
			body["team_id"] = team
		}
		return body
	}
	b.ids["account"] = want[account](admin, 201, "POST", "/accounts", belong(map[string]any{"name": word + " Ltd", "note": word, "email": word + "@example.org"})).ID.String()
	site := want[api.Site](admin, 201, "POST", "/accounts/"+b.ids["account"]+"/sites", map[string]any{"street": word + " street", "contact_name": word, "point": []float64{9.54, 47.16}})
	b.ids["site"] = site.ID.String()
	for _, s := range samples() {
		k, _ := kinds.Records(nil).Kind(s.kind)
		if s.kind == "account" || catalogue(s.kind) && word != "canaryone" {
			continue
		}
		body := known(s.body, b.ids)
		for name, v := range body {
			if v == "" { // refers to the catalogue, which is brought once
				delete(body, name)
			}
		}
		delete(body, "owner_id")
		delete(body, "team_id")
		for _, f := range k.Fields {
			if f.Name == "owner_id" {
				belong(body)
			}
			_, text := body[f.Name].(string)
			if !f.ReadOnly && (text || f.Search) && (f.Type == record.Text || f.Type == record.Long) && f.Name != "currency" && !catalogue(k.Name) {
				body[f.Name] = word
			}
		}
		b.ids[s.kind] = want[account](admin, 201, "POST", "/"+k.Plural, body).ID.String()
	}
	return b
}

// handOver gives all records that have an owner to somebody else.
func (b belongings) handOver(h *house, admin *client, owner uuid.UUID) {
	h.t.Helper()
	for _, k := range kinds.Records(nil).Kinds() {
		id, there := b.ids[k.Name]
		if !there || k.Acts || catalogue(k.Name) {
			continue
		}
		for _, f := range k.Fields {
			if f.Name != "owner_id" {
				continue
			}
			a := admin.call("GET", "/"+k.Plural+"/"+id, nil)
			if a.Status == 200 {
				if a = admin.call("PATCH", "/"+k.Plural+"/"+id, map[string]any{"owner_id": owner, "team_id": nil}, "If-Match", a.Header.Get("ETag")); a.Status != 200 {
					h.t.Fatalf("hand over %s: %d %s", k.Name, a.Status, a.Text)
				}
			}
		}
	}
}

// Each kind of record, asked for in each way, is there for whom it belongs to, and not for anybody else: one's own, that
// of a team-mate, that of a stranger, and what was one's own until it was taken away.
func TestRecordsAreThereForWhomTheyBelongTo(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.as("administrator")
	team := want[api.Team](admin, 201, "POST", "/teams", map[string]any{"name": "Oberland"}).ID
	hire := func(name, role string) uuid.UUID {
		return want[api.Staff](admin, 201, "POST", "/staff", map[string]any{"name": name, "email": name + "@example.org", "role": role, "password": password, "team_ids": []any{team}}).ID
	}
	one, mate := hire("one", "rep"), hire("mate", "rep")
	far := want[api.Staff](admin, 201, "POST", "/staff", map[string]any{"name": "far", "email": "far@example.org", "role": "rep"}).ID
	all := []belongings{h.bring(admin, "canaryone", one, uuid.Nil), h.bring(admin, "canarymate", mate, team), h.bring(admin, "canaryfar", far, uuid.Nil), h.bring(admin, "canaryold", one, uuid.Nil)}
	all[3].handOver(h, admin, far)
	visible := map[string]map[string]bool{
		"one":           {"canaryone": true, "canarymate": true},
		"mate":          {"canarymate": true},
		"administrator": {"canaryone": true, "canarymate": true, "canaryfar": true, "canaryold": true},
		"dispatcher":    {"canaryone": true, "canarymate": true, "canaryfar": true, "canaryold": true},
		"technician":    {},
	}
	cells, allowed := 0, 0
	for name, sees := range visible {
		who, role := h.as(name), name
		if name == "one" || name == "mate" {
			role = "rep"
		}
		for _, k := range kinds.Records(nil).Kinds() {
			may := role == "administrator" || has(role, k.Read)
			_, brought := all[0].ids[k.Name]
			if !brought || k.Acts || catalogue(k.Name) {
				continue
			}
			query := map[string]any{"limit": 500}
			asked := []struct {
				what string
				a    answer
			}{
				{"list", who.call("GET", "/"+k.Plural+"?limit=500", nil)},
				{"query", who.call("POST", "/"+k.Plural+"/query", query)},
				{"totals", who.call("POST", "/"+k.Plural+"/totals", map[string]any{})},
			}
			for _, b := range all {
				id := b.ids[k.Name]
				for _, path := range []string{"/" + k.Plural + "/" + id, "/" + k.Plural + "/" + id + "/history"} {
					a := who.call("GET", path, nil)
					cells++
					switch {
					case !may && a.Status != http.StatusForbidden:
						t.Errorf("%s without %s: GET %s: got %d", name, k.Read, path, a.Status)
					case may && sees[b.word] && a.Status != 200:
						t.Errorf("%s: GET %s of %s: got %d, want it to be there", name, path, b.word, a.Status)
					case may && !sees[b.word] && a.Status != http.StatusNotFound:
						t.Errorf("%s: GET %s of %s: got %d, want it not to be there: %.200s", name, path, b.word, a.Status, a.Text)
					}
					if a.Status == 200 {
						allowed++
					}
				}
				for _, q := range asked[:2] {
					cells++
					if there := strings.Contains(q.a.Text, id); may && there != sees[b.word] {
						t.Errorf("%s: %s of %s: shows %s: %v", name, q.what, k.Plural, b.word, there)
					}
				}
				if may && !sees[b.word] {
					for _, method := range []string{"PATCH", "DELETE"} {
						a := who.call(method, "/"+k.Plural+"/"+id, map[string]any{}, "If-Match", `"v1"`)
						if a.Status != http.StatusNotFound && a.Status != http.StatusForbidden {
							t.Errorf("%s: %s of a %s of %s: got %d: %.200s", name, method, k.Name, b.word, a.Status, a.Text)
						}
						cells++
					}
				}
			}
			for _, q := range asked {
				for _, b := range all {
					if !sees[b.word] && strings.Contains(strings.ToLower(q.a.Text), b.word) {
						t.Errorf("%s: %s of %s: sees %s", name, q.what, k.Plural, b.word)
					}
				}
			}
			if may { // counts tell no more than lists
				var list struct {
					Items []json.RawMessage `json:"items"`
				}
				var totals struct {
					Items []struct {
						Count int `json:"count"`
					} `json:"items"`
				}
				_ = json.Unmarshal([]byte(asked[0].a.Text), &list)
				if err := json.Unmarshal([]byte(asked[2].a.Text), &totals); err != nil || len(totals.Items) != min(1, len(list.Items)) || len(totals.Items) == 1 && totals.Items[0].Count != len(list.Items) {
					t.Errorf("%s: %d %s listed, counted: %s", name, len(list.Items), k.Plural, asked[2].a.Text)
				}
			}
		}
	}
	if cells < 500 || allowed < 100 {
		t.Errorf("%d cells, %d allowed: the matrix does not tell them apart", cells, allowed)
	}
	t.Logf("%d cells, %d allowed", cells, allowed)
}

func has(role string, right crm.Right) bool {
	for _, r := range crm.Roles() {
		if r.Code == role {
			for _, have := range r.Rights {
				if have == right {
					return true
				}
			}
		}
	}
	return false
}
