package record_test

import (
	order "cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/crm/customer"
	"catchment/crm/kinds"
	"catchment/crm/record"
	"catchment/geo/postgis"
)

// box is a rectangle of longitudes and latitudes.
func box(west, south, east, north float64) orb.MultiPolygon {
	return orb.MultiPolygon{{{{west, south}, {east, south}, {east, north}, {west, north}, {west, south}}}}
}

func TestPlacesTellWhereRecordsLie(t *testing.T) {
	t.Parallel()
	store := crm.NewStore(postgis.TestApp(t, postgis.TestDatabaseURL(t)))
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	store.Now = func() time.Time { at = at.Add(time.Second); return at }
	ctx := crm.WithActor(context.Background(), crm.System("test"))
	if err := store.EnsureOrganisation(ctx, crm.Organisation{Name: "Alpine Heating", Zone: "Europe/Vaduz", Currency: "CHF", Language: "en"}); err != nil {
		t.Fatal(err)
	}
	records := kinds.Records(store)
	customers := &customer.Customers{Store: store}
	add := func(kind string, v record.Values) uuid.UUID {
		t.Helper()
		out, err := records.Add(ctx, kind, v)
		if err != nil {
			t.Fatal(err)
		}
		return uuid.MustParse(out.ID())
	}
	site := func(account uuid.UUID, lon, lat float64) {
		t.Helper()
		if _, err := customers.AddSite(ctx, customer.NewSite{AccountID: account, Street: "Weg", Point: orb.Point{lon, lat}}); err != nil {
			t.Fatal(err)
		}
	}
	bakery := add("account", record.Values{"name": "Bakery", "stage": "customer", "employees": int64(7)})
	site(bakery, 9.52, 47.14)
	site(bakery, 9.60, 47.20)
	hut := add("account", record.Values{"name": "Hut", "stage": "lead"})
	site(hut, 9.53, 47.15)
	add("account", record.Values{"name": "Nowhere yet"})
	add("lead", record.Values{"name": "New neighbour", "point": []any{9.54, 47.16}})
	add("deal", record.Values{"name": "Oven", "account_id": hut.String()})

	type shown struct {
		Title string
		Lon   float64
		Value any
	}
	for _, test := range []struct {
		name  string
		kind  string
		query record.Query
		field string
		want  []shown
	}{
		{"an account is there once for each of its sites", "account", record.Query{}, "stage", []shown{{"Bakery", 9.52, "customer"}, {"Bakery", 9.6, "customer"}, {"Hut", 9.53, "lead"}}},
		{"of an account with many sites only those in the area", "account", record.Query{Area: box(9.5, 47.1, 9.55, 47.18)}, "employees", []shown{{"Bakery", 9.52, float64(7)}, {"Hut", 9.53, nil}}},
		{"only what fits the filter", "account", record.Query{Filter: "stage = lead"}, "stage", []shown{{"Hut", 9.53, "lead"}}},
		{"only what is searched for", "account", record.Query{Text: "bak"}, "stage", []shown{{"Bakery", 9.52, "customer"}, {"Bakery", 9.6, "customer"}}},
		{"a lead has a point of its own", "lead", record.Query{}, "state", []shown{{"New neighbour", 9.54, "new"}}},
		{"a deal without a site lies where its account does", "deal", record.Query{}, "stage", []shown{{"Oven", 9.53, "new"}}},
		{"a site", "site", record.Query{Area: box(9.59, 47.1, 9.7, 47.3)}, "account_id", []shown{{"Weg", 9.6, bakery.String()}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			found, err := records.Places(ctx, test.kind, test.query, []string{test.field}, 0)
			if err != nil {
				t.Fatal(err)
			}
			var got []shown
			for _, p := range found.Items {
				got = append(got, shown{p.Title, p.Lon, p.Values[0]})
			}
			slices.SortFunc(got, func(a, b shown) int {
				return order.Or(strings.Compare(a.Title, b.Title), order.Compare(a.Lon, b.Lon))
			})
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("places (-want +got):\n%s", diff)
			}
		})
	}

	found, err := records.Places(ctx, "site", record.Query{}, []string{"account_id"}, 2)
	if err != nil {
		t.Fatal(err)
	}
	if len(found.Items) != 2 || !found.More {
		t.Errorf("want two of three places, and to be told that there are more; got %d, %v", len(found.Items), found.More)
	}
	for _, p := range found.Items {
		if called := found.Labels["account_id"][p.Values[0].(string)]; called != "Bakery" && called != "Hut" {
			t.Errorf("want accounts by name, got %q", called)
		}
	}

	for _, test := range []struct {
		name, kind string
		fields     []string
	}{
		{"a personal value", "account", []string{"phone"}},
		{"a field that is none", "account", []string{"x"}},
		{"too many fields", "account", []string{"stage", "stage", "stage", "stage", "stage", "stage", "stage"}},
		{"a kind without a place", "product", nil},
	} {
		var known *crm.Error
		if _, err := records.Places(ctx, test.kind, record.Query{}, test.fields, 0); !errors.As(err, &known) || known.Kind != crm.Invalid {
			t.Errorf("%s: want it refused, got %v", test.name, err)
		}
	}
	if _, err := records.Places(context.Background(), "account", record.Query{}, nil, 0); err == nil {
		t.Error("a stranger is told where accounts lie")
	}
}
