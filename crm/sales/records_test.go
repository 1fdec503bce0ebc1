package sales_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/crm/customer"
	"catchment/crm/kinds"
	"catchment/crm/record"
	"catchment/crm/sales"
	"catchment/geo/postgis"
)

// firm is a company with people and customers on real PostGIS, as the application's role.
type firm struct {
	t         *testing.T
	store     *crm.Store
	records   *record.Records
	customers *customer.Customers
	sales     *sales.Sales
	ctx       context.Context
}

func newFirm(t *testing.T) *firm {
	t.Helper()
	store := crm.NewStore(postgis.TestApp(t, postgis.TestDatabaseURL(t)))
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	store.Now = func() time.Time { at = at.Add(time.Second); return at }
	ctx := crm.WithActor(context.Background(), crm.System("test"))
	if err := store.EnsureOrganisation(ctx, crm.Organisation{Name: "Alpine Heating", Zone: "Europe/Vaduz", Currency: "CHF", Language: "en"}); err != nil {
		t.Fatal(err)
	}
	records := kinds.Records(store)
	return &firm{t, store, records, &customer.Customers{Store: store}, &sales.Sales{Store: store, Records: records}, ctx}
}

func (f *firm) add(kind string, v record.Values) record.Values {
	f.t.Helper()
	out, err := f.records.Add(f.ctx, kind, v)
	if err != nil {
		f.t.Fatalf("add %s: %v", kind, err)
	}
	return out
}

// as returns a context in which a new person of the role acts.
func (f *firm) as(role string, teams ...uuid.UUID) context.Context {
	f.t.Helper()
	p, err := f.store.AddStaff(f.ctx, crm.NewStaff{Name: "The " + role, Email: uuid.NewString() + "@example.org", Role: role, TeamIDs: teams})
	if err != nil {
		f.t.Fatal(err)
	}
	actor, err := f.store.ActorOf(context.Background(), p.ID)
	if err != nil {
		f.t.Fatal(err)
	}
	return crm.WithActor(context.Background(), actor)
}

func wantError(t *testing.T, err error, kind crm.Kind, field string) {
	t.Helper()
	var e *crm.Error
	if !errors.As(err, &e) || e.Kind != kind || e.Field != field {
		t.Errorf("want %s on %q, got %v", kind, field, err)
	}
}

func TestEveryKindIsAddedChangedListedAndRemoved(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	account := f.add("account", record.Values{"name": "Hotel Bergblick"})
	site, err := f.customers.AddSite(f.ctx, customer.NewSite{AccountID: uuid.MustParse(account.ID()), Street: "Landstrasse", HouseNumber: "12", Point: orb.Point{9.53, 47.15}})
	if err != nil {
		t.Fatal(err)
	}
	order := f.add("order", record.Values{"account_id": account.ID()})
	a := record.Values{"account_id": account.ID()}
	with := func(more record.Values) record.Values {
		for k, v := range a {
			more[k] = v
		}
		return more
	}
	for _, row := range []struct {
		kind     string
		add, set record.Values
	}{
		{"account", record.Values{"name": "Metzgerei Frick", "tags": []any{"b", "a"}}, record.Values{"class": "A", "parent_id": account.ID()}},
		{"contact", with(record.Values{"last_name": "Frick"}), record.Values{"first_name": "Ada", "site_id": site.ID.String()}},
		{"activity", with(record.Values{"channel": "note", "body": "Heating is loud.\nReally."}), record.Values{"outcome": "visit"}},
		{"lead", record.Values{"name": "Beck", "point": []any{9.5, 47.1}}, record.Values{"state": "working"}},
		{"deal", with(record.Values{"name": "New boiler"}), record.Values{"stage": "qualified", "amount": int64(1_200_000)}},
		{"product_group", record.Values{"name": "Boilers"}, record.Values{"name": "Heating"}},
		{"product", record.Values{"code": "B-1", "name": "Boiler"}, record.Values{"price": int64(99_900)}},
		{"order", with(record.Values{"reference": "4711"}), record.Values{"state": "confirmed"}},
		{"order_line", record.Values{"order_id": order.ID(), "unit_price": int64(1000), "quantity": 2.5, "description": "Pipe"}, record.Values{"quantity": 3.0}},
		{"installation", with(record.Values{"name": "Boiler in the cellar", "site_id": site.ID.String()}), record.Values{"serial": "X1"}},
		{"contract", with(record.Values{"name": "Care"}), record.Values{"price": int64(10_000), "period": "quarter"}},
		{"case", with(record.Values{"title": "No hot water"}), record.Values{"state": "in_progress"}},
	} {
		t.Run(row.kind, func(t *testing.T) {
			added := f.add(row.kind, row.add)
			id := uuid.MustParse(added.ID())
			changed, err := f.records.ChangeOne(f.ctx, row.kind, id, added.Version(), row.set)
			if err != nil {
				t.Fatal(err)
			}
			if changed.Version() != 2 {
				t.Errorf("version: want 2, got %d", changed.Version())
			}
			for field, v := range row.set {
				if diff := cmp.Diff(v, changed[field]); diff != "" {
					t.Errorf("%s: %s", field, diff)
				}
			}
			_, err = f.records.ChangeOne(f.ctx, row.kind, id, 1, row.set)
			wantError(t, err, crm.Conflict, "version")
			page, err := f.records.List(f.ctx, row.kind, record.Query{Filter: `id = "` + added.ID() + `"`})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]record.Values{changed}, page.Items); diff != "" {
				t.Errorf("listed: %s", diff)
			}
			if k, _ := f.records.Kind(row.kind); true {
				for _, sort := range k.Sortable() {
					for _, sign := range []string{"", "-"} {
						if _, err := f.records.List(f.ctx, row.kind, record.Query{Sort: sign + sort, Limit: 1}); err != nil {
							t.Errorf("sorted by %s%s: %v", sign, sort, err)
						}
					}
				}
			}
			past, err := f.records.RecordAt(f.ctx, row.kind, id, record.Past{AsOf: f.store.Now().Add(-time.Hour)})
			if err == nil {
				t.Errorf("an hour ago: want none, got %v", past)
			}
			set, err := f.records.Remove(f.ctx, row.kind, id, 2)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.records.Record(f.ctx, row.kind, id); crm.KindOf(err) != crm.NotFound {
				t.Errorf("removed: %v", err)
			}
			if _, left, err := f.records.Undo(f.ctx, set.ID); err != nil || len(left) > 0 {
				t.Fatalf("undo: %v %v", left, err)
			}
			back, err := f.records.Record(f.ctx, row.kind, id)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range []record.Values{back, changed} {
				delete(v, "version")
				delete(v, "updated_at")
			}
			if diff := cmp.Diff(changed, back); diff != "" {
				t.Errorf("put back: %s", diff)
			}
		})
	}
}
