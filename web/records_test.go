package web

import (
	"maps"

	"github.com/google/uuid"

	"catchment/crm/kinds"
	"catchment/crm/record"
)

// account is what tests read of an account.
type account struct {
	ID      uuid.UUID `json:"id"`
	Name    string    `json:"name"`
	Version int       `json:"version"`
}

// samples returns what is needed to add one record of each kind that is added by the mechanism, in an order in which
// each finds those it refers to, which are named by their kind in brackets.
func samples() []struct {
	kind string
	body map[string]any
} {
	type body = map[string]any
	return []struct {
		kind string
		body body
	}{
		{"account", body{"name": "Second Ltd", "kind": "company", "stage": "lead", "class": "A", "owner_id": "<staff>", "team_id": "<team>", "phone": "+423 230 00 00",
			"email": "a@example.org", "website": "https://example.org", "industry": "x", "employees": 5, "annual_revenue": 500, "tax_id": "x", "language": "de",
			"external_id": "x", "note": "x", "parent_id": "<account>", "tags": []string{"x"}}},
		{"contact", body{"account_id": "<account>", "site_id": "<site>", "first_name": "Ada", "last_name": "Beck", "phone": "+423 230 00 00", "mobile": "+423 230 00 00",
			"email": "ada@example.org", "role": "x", "department": "x", "salutation": "x", "language": "de", "preferred_channel": "call", "main": true, "external_id": "x", "note": "x"}},
		{"lead", body{"name": "Frick", "kind": "company", "state": "new", "point": []any{9.5, 47.1}, "phone": "+423 230 00 00", "email": "f@example.org", "score": 5, "next_step_on": monday}},
		{"deal", body{"name": "New boiler", "account_id": "<account>", "contact_id": "<contact>", "site_id": "<site>", "stage": "new", "amount": 100, "currency": "CHF",
			"probability": 10, "close_on": monday, "next_step_on": monday}},
		{"product_group", body{"name": "Boilers"}},
		{"product", body{"code": "B-1", "name": "Boiler", "group_id": "<product_group>", "kind": "goods", "price": 100, "currency": "CHF", "active": true, "service_minutes": 5, "warranty_months": 5}},
		{"order", body{"account_id": "<account>", "contact_id": "<contact>", "site_id": "<site>", "deal_id": "<deal>", "state": "draft", "ordered_on": monday, "deliver_on": monday, "currency": "CHF"}},
		{"order_line", body{"order_id": "<order>", "position": 1, "product_id": "<product>", "description": "x", "quantity": 2, "unit_price": 100, "discount_percent": 5}},
		{"installation", body{"name": "Boiler", "account_id": "<account>", "site_id": "<site>", "product_id": "<product>", "serial": "x", "status": "active", "installed_on": monday,
			"removed_on": monday, "warranty_until": monday, "next_service_on": monday}},
		{"contract", body{"name": "Care", "account_id": "<account>", "site_id": "<site>", "kind": "maintenance", "state": "draft", "start_on": monday, "end_on": monday,
			"notice_days": 5, "price": 100, "period": "year", "currency": "CHF", "included_visits": 1, "response_hours": 1}},
		{"case", body{"title": "No hot water", "account_id": "<account>", "contact_id": "<contact>", "site_id": "<site>", "installation_id": "<installation>", "type": "fault",
			"priority": "normal", "channel": "call", "state": "new", "due_at": "2026-11-24T08:00:00Z"}},
		{"activity", body{"channel": "note", "direction": "in", "subject": "x", "body": "x", "at": "2026-11-22T08:00:00Z", "minutes": 5, "cost": 5, "account_id": "<account>",
			"contact_id": "<contact>", "site_id": "<site>", "lead_id": "<lead>", "deal_id": "<deal>", "case_id": "<case>", "mentions": []string{}, "point": []any{9.5, 47.1}, "done": true,
			"due_at": "2026-11-24T08:00:00Z"}},
	}
}

// catalogue tells whether everybody who may read a kind sees all of it.
func catalogue(kind string) bool { return kind == "product" || kind == "product_group" }

// known replaces names in brackets by the ids of what they stand for.
func known(body map[string]any, ids map[string]string) map[string]any {
	out := maps.Clone(body)
	for field, v := range out {
		if text, ok := v.(string); ok && len(text) > 2 && text[0] == '<' {
			out[field] = ids[text[1:len(text)-1]]
		}
	}
	return out
}

// fillRecords adds one record of each kind for the house's account and returns their ids by kind.
func (h *house) fillRecords(admin *client, x *things, name string) {
	x.records = map[string]string{"account": h.account.ID.String(), "site": h.site.ID.String(), "staff": x.staff.String(), "team": x.team.String(), "visit": x.visit.String(),
		"resource": h.tom.ID.String()}
	for _, s := range samples() {
		k, _ := kinds.Records(nil).Kind(s.kind)
		body := known(s.body, x.records)
		if s.kind == "account" {
			continue
		}
		for _, f := range k.Fields { // whatever can hold a word holds the name
			_, text := body[f.Name].(string)
			if !f.ReadOnly && (text || f.Search) && (f.Type == record.Text || f.Type == record.Long) && f.Name != "currency" && !catalogue(k.Name) {
				body[f.Name] = name
			}
		}
		x.records[s.kind] = want[account](admin, 201, "POST", "/"+k.Plural, body).ID.String()
	}
	x.view = want[account](admin, 201, "POST", "/views", map[string]any{"kind": "account", "name": name + " view"}).ID
	x.field = want[account](admin, 201, "POST", "/fields", map[string]any{"kind": "lead", "code": "roof", "label": map[string]any{"en": "roof"}, "type": "text"}).ID
	type done struct {
		ChangeSet account `json:"change_set"`
	}
	x.change = want[done](admin, 200, "POST", "/leads/bulk", map[string]any{"filter": "state = new", "set": map[string]any{"interest": name}, "title": name}).ChangeSet.ID
	x.records["lead to convert"] = want[account](admin, 201, "POST", "/leads", map[string]any{"name": name + " lead"}).ID.String()
	h.fillExchange(admin, x, name)
}

// recordRequests are sound requests for what every kind of record answers.
func (h *house) recordRequests(x things) map[string]sound {
	match := []string{"If-Match", `"v1"`}
	geometry := map[string]any{"type": "Polygon", "coordinates": []any{[]any{[]any{9, 47}, []any{10, 47}, []any{10, 48}, []any{9, 48}, []any{9, 47}}}}
	out := map[string]sound{}
	bodies := map[string]map[string]any{}
	for _, s := range samples() {
		bodies[s.kind] = known(s.body, x.records)
	}
	for _, k := range kinds.Records(nil).Kinds() {
		base, which := "/"+k.Plural, map[string]any{"filter": "created_at > today-9999d"}
		if k.Bare {
			which["filter"] = "name ~ x"
		}
		if k.Searched() {
			which["q"] = "x"
		}
		if k.Place != "" {
			which["geometry"] = geometry
		}
		with := func(more map[string]any) map[string]any {
			m := maps.Clone(which)
			maps.Copy(m, more)
			return m
		}
		out["POST "+base+"/query"] = sound{base + "/query", with(map[string]any{"sort": k.Sorted, "limit": 3}), nil}
		out["POST "+base+"/totals"] = sound{base + "/totals", with(map[string]any{"sum": []string{}}), nil}
		if k.Placed() {
			out["POST "+base+"/places"] = sound{base + "/places", with(map[string]any{"fields": []string{}, "limit": 3}), nil}
		}
		id := x.records[k.Name]
		out["GET "+base+"/{id}/history"] = sound{base + "/" + id + "/history", nil, nil}
		if !k.NoCustom {
			bulk := with(map[string]any{"add_tags": []string{"x"}, "cut_tags": []string{"y"}, "set": map[string]any{}, "title": "x"})
			out["POST "+base+"/bulk"], out["POST "+base+"/bulk/preview"] = sound{base + "/bulk", bulk, nil}, sound{base + "/bulk/preview", bulk, nil}
		}
		if k.Acts {
			continue
		}
		version := match
		if k.Name == "lead" {
			version = []string{"If-Match", `"v2"`} // a bulk change has changed it
		}
		change := maps.Clone(bodies[k.Name])
		for _, f := range k.Fields {
			if f.Fixed || f.Name == "parent_id" {
				delete(change, f.Name)
			}
		}
		fresh := maps.Clone(bodies[k.Name])
		fresh["id"] = uuid.NewString()
		if k.Name == "product" {
			fresh["code"], change["code"] = "B-2", "B-3"
		}
		out["GET "+base] = sound{base + "?filter=tags+is+empty&sort=" + k.Sorted + "&limit=3", nil, nil}
		if k.NoCustom {
			out["GET "+base] = sound{base + "?filter=created_at+%3E+now-1y&sort=" + k.Sorted + "&limit=3", nil, nil}
		}
		out["POST "+base] = sound{base, fresh, nil}
		out["GET "+base+"/{id}"] = sound{base + "/" + id, nil, nil}
		out["PATCH "+base+"/{id}"] = sound{base + "/" + id, change, version}
		out["DELETE "+base+"/{id}"] = sound{base + "/" + id, nil, version}
	}
	view := map[string]any{"kind": "account", "name": "x", "filter": "class = A", "q": "x", "sort": "name", "columns": []string{"name"}, "layer": map[string]any{"by": "class"}, "shared": false}
	maps.Copy(out, map[string]sound{
		"GET /kinds":               {"/kinds", nil, nil},
		"GET /fields":              {"/fields", nil, nil},
		"POST /fields":             {"/fields", map[string]any{"id": uuid.NewString(), "kind": "account", "code": "roof", "label": map[string]any{"en": "x", "de": "x"}, "type": "enum", "options": []string{"a"}, "required": false, "private": false}, nil},
		"PATCH /fields/{id}":       {"/fields/" + x.field.String(), map[string]any{"label": map[string]any{"en": "y"}, "required": false, "archived": false}, match},
		"GET /views":               {"/views?kind=account", nil, nil},
		"POST /views":              {"/views", view, nil},
		"GET /views/{id}":          {"/views/" + x.view.String(), nil, nil},
		"PATCH /views/{id}":        {"/views/" + x.view.String(), view, match},
		"DELETE /views/{id}":       {"/views/" + x.view.String(), nil, match},
		"GET /changes":             {"/changes", nil, nil},
		"GET /changes/{id}":        {"/changes/" + x.change.String(), nil, nil},
		"POST /changes/{id}/undo":  {"/changes/" + x.change.String() + "/undo", nil, nil},
		"GET /notices":             {"/notices", nil, nil},
		"POST /notices/read":       {"/notices/read", map[string]any{"ids": []string{}}, nil},
		"POST /leads/{id}/convert": {"/leads/" + x.records["lead to convert"] + "/convert", map[string]any{"account_id": h.account.ID, "deal": "x", "amount": 5}, match},
	})
	return out
}
