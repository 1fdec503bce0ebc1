package record_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"catchment/crm"
	"catchment/crm/customer"
	"catchment/crm/record"
)

func TestTheSearchBoxFinds(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	muller := h.add("account", record.Values{"name": "Müller Heizung AG", "phone": "+41 44 123 45 67", "email": "info@mueller-heizung.example", "tax_id": "CHE-123.456.789"})
	h.add("account", record.Values{"name": "Bäckerei Müller", "phone": "0041 81 555 00 11"})
	h.add("account", record.Values{"name": "Mühlegarten", "external_id": "SAP-4711"})
	site := h.site(muller, customer.NewSite{Street: "Landstrasse", HouseNumber: "12", Postcode: "9490", City: "Vaduz", ContactPhone: "079 555 12 12"})
	h.add("contact", record.Values{"account_id": muller, "first_name": "Jürg", "last_name": "Ñuñez", "mobile": "(079) 222-33-44", "email": "juerg@example.org"})
	h.add("lead", record.Values{"name": "Käserei Sücka", "street": "Alpweg", "city": "Triesenberg"})
	h.add("deal", record.Values{"name": "New boiler", "account_id": muller})
	h.add("order", record.Values{"account_id": muller, "reference": "PO-77-ab"})
	h.add("installation", record.Values{"account_id": muller, "site_id": site, "name": "Gas boiler", "serial": "SN99-X1"})
	h.add("product", record.Values{"code": "B-200", "name": "Boiler two hundred"})
	h.compare()
	for _, row := range []struct {
		name, text string
		kinds      []string
		want       []string // titles, in order
	}{
		{"a name as it is written", "Müller Heizung", nil, []string{"Müller Heizung AG"}},
		{"umlauts written out", "mueller heizung", nil, []string{"Müller Heizung AG"}},
		{"what begins so before what holds it", "mue", []string{"account"}, []string{"Mühlegarten", "Müller Heizung AG", "Bäckerei Müller"}},
		{"words in another order", "heizung müller", nil, []string{"Müller Heizung AG"}},
		{"the middle of a word", "eizun", nil, []string{"Müller Heizung AG"}},
		{"one letter left out", "heizng", nil, []string{"Müller Heizung AG"}},
		{"two letters swapped, an umlaut left out", "muller heizugn", nil, []string{"Müller Heizung AG"}},
		{"a telephone number as it stands", "+41 44 123 45 67", nil, []string{"Müller Heizung AG"}},
		{"a telephone number as people dial it", "044 1234567", nil, []string{"Müller Heizung AG"}},
		{"a telephone number in other digits' company", "0044.123.45.67", nil, []string{"Müller Heizung AG"}},
		{"the end of a telephone number", "555 00 11", nil, []string{"Bäckerei Müller"}},
		{"a mobile number in brackets", "+41792223344", nil, []string{"Jürg Ñuñez"}},
		{"the telephone on site", "0795551212", nil, []string{"Landstrasse 12, 9490 Vaduz"}},
		{"an e-mail", "juerg@example.org", nil, []string{"Jürg Ñuñez"}},
		{"half an e-mail", "mueller-heiz", nil, []string{"Müller Heizung AG"}},
		{"letters with accents", "nunez", nil, []string{"Jürg Ñuñez"}},
		{"an address", "landstr 12 vaduz", nil, []string{"Landstrasse 12, 9490 Vaduz"}},
		{"the address of a lead", "alpweg triesenberg", nil, []string{"Käserei Sücka"}},
		{"a number", "A-000002", nil, []string{"Bäckerei Müller"}},
		{"a number as people type it", "a3", nil, []string{"Mühlegarten"}},
		{"a number of another kind", "d-1", nil, []string{"New boiler"}},
		{"a serial number", "sn99-x1", nil, []string{"Gas boiler"}},
		{"a customer's reference", "po-77-ab", nil, []string{"O-000001"}},
		{"a number elsewhere", "sap-4711", nil, []string{"Mühlegarten"}},
		{"a tax number", "che-123.456.789", nil, []string{"Müller Heizung AG"}},
		{"a product's code", "b-200", nil, []string{"Boiler two hundred"}},
		{"of some kinds only", "boiler", []string{"product", "deal"}, []string{"New boiler", "Boiler two hundred"}},
		{"per cent stands for itself", "mü%er", nil, nil},
		{"nothing there is", "qqqxyz", nil, nil},
		{"nothing at all", "  ?! ", nil, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			hits, err := h.records.Search(h.ctx, record.SearchQuery{Text: row.text, Kinds: row.kinds})
			if err != nil {
				t.Fatal(err)
			}
			var titles []string
			for _, hit := range hits {
				titles = append(titles, hit.Title)
			}
			if diff := cmp.Diff(row.want, titles); diff != "" {
				t.Errorf("%q: %s", row.text, diff)
			}
		})
	}
	hits, err := h.records.Search(h.ctx, record.SearchQuery{Text: "079 222 33 44"})
	h.must(err)
	want := record.Hit{Kind: "contact", Title: "Jürg Ñuñez", Of: "Müller Heizung AG", Field: "mobile", Value: "(079) 222-33-44"}
	got := hits[0]
	if got.Point == nil || got.Account == nil || got.Account.String() != muller {
		t.Errorf("account and place: %v %v", got.Account, got.Point)
	}
	got.ID, got.Account, got.Point = uuid.Nil, nil, nil
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("why it was found: %s", diff)
	}
}

// seen are the ids an actor sees of each kind the search box knows: as the box has them, and as the tables have.
func (h *house) seen(ctx context.Context) (box, tables map[string][]string) {
	h.t.Helper()
	box, tables = map[string][]string{}, map[string][]string{}
	h.must(h.store.Read(ctx, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, `select distinct kind from record.search_source order by kind`)
		names, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return err
		}
		for _, name := range names {
			k, err := h.records.Kind(name)
			if err != nil {
				return err
			}
			for _, q := range []struct {
				into map[string][]string
				sql  string
			}{{box, `select id::text from record.search where kind = '` + name + `' order by id`}, {tables, `select id::text from ` + k.Table + ` order by id`}} {
				rows, _ := tx.Query(ctx, q.sql)
				if q.into[name], err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
					return err
				}
			}
		}
		return nil
	}))
	return box, tables
}

// However records were handed on, the search box shows to everybody just what their lists show.
func TestTheSearchBoxShowsWhatTheListsShow(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	rep, asRep := h.as("rep", h.team)
	tech, asTech := h.as("technician")
	_, asManager := h.as("sales_manager")
	owners := []any{nil, rep.String(), tech.String()}
	teams := []any{nil, h.team.String()}
	var accounts []string
	for i := range 12 {
		a := h.add("account", record.Values{"name": fmt.Sprintf("Account %d", i), "owner_id": owners[i%3], "team_id": teams[i%2]})
		accounts = append(accounts, a)
		s := h.site(a, customer.NewSite{Street: "Weg", HouseNumber: fmt.Sprint(i)})
		of := record.Values{"account_id": a, "owner_id": owners[(i/3)%3], "team_id": teams[(i/6)%2]}
		with := func(more record.Values) record.Values {
			for name, v := range of {
				more[name] = v
			}
			return more
		}
		h.add("contact", with(record.Values{"last_name": fmt.Sprintf("Person %d", i)}))
		h.add("deal", with(record.Values{"name": "Deal"}))
		h.add("order", with(record.Values{"reference": "R"}))
		h.add("installation", with(record.Values{"name": "Boiler", "site_id": s}))
		h.add("contract", with(record.Values{"name": "Care"}))
		h.add("case", with(record.Values{"title": "Leak"}))
		h.add("lead", record.Values{"name": "Lead", "owner_id": owners[i%3], "team_id": teams[i%2]})
	}
	h.add("product", record.Values{"code": "B-1", "name": "Boiler"})
	if _, err := h.owner.Exec(h.ctx, `insert into crm.share (entity_kind, entity_id, staff_id) values ('account', $1, $2), ('account', $3, $4)`,
		accounts[0], tech, accounts[3], rep); err != nil {
		t.Fatal(err)
	}
	check := func(when string) {
		t.Helper()
		for who, ctx := range map[string]context.Context{"system": h.ctx, "rep": asRep, "technician": asTech, "manager": asManager} {
			box, tables := h.seen(ctx)
			if diff := cmp.Diff(tables, box); diff != "" {
				t.Errorf("%s, %s: %s", when, who, diff)
			}
		}
	}
	check("as added")
	set := func(filter string, v record.Values) {
		t.Helper()
		if _, _, err := h.records.Bulk(h.ctx, "account", record.BulkChange{Query: record.Query{Filter: filter}, Set: v}, "x"); err != nil {
			t.Fatal(err)
		}
	}
	set(`name ~ "1"`, record.Values{"owner_id": tech.String()})
	check("after some got another owner")
	set(`owner_id is empty`, record.Values{"team_id": h.team.String()})
	check("after some got a team")
	page, err := h.records.List(h.ctx, "contact", record.Query{Limit: 3})
	h.must(err)
	for _, v := range page.Items {
		_, err := h.records.Remove(h.ctx, "contact", uuid.MustParse(v.ID()), v.Version())
		h.must(err)
	}
	check("after some were removed")
	for who, ctx := range map[string]context.Context{"rep": asRep, "technician": asTech} {
		hits, err := h.records.Search(ctx, record.SearchQuery{Text: "account", Kinds: []string{"account"}, Limit: 100})
		h.must(err)
		_, tables := h.seen(ctx)
		var found []string
		for _, hit := range hits {
			found = append(found, hit.ID.String())
		}
		slices.Sort(found)
		if diff := cmp.Diff(tables["account"], found); diff != "" {
			t.Errorf("%s finds: %s", who, diff)
		}
	}
	if _, err := h.records.Search(crm.WithActor(context.Background(), crm.Actor{}), record.SearchQuery{Text: "account"}); crm.KindOf(err) == "" {
		t.Errorf("nobody searches: %v", err)
	}
}
