package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"catchment/geo/geocode"
	"catchment/geo/osm"
	"catchment/geo/postgis"
	"catchment/geo/town"
	"catchment/web/api"
)

// settle loads the addresses of a generated town and returns a house in it whose street has that name but once, and
// another street's house.
func (h *house) settle() (first, second api.Address) {
	h.t.Helper()
	src, err := osm.FromBytes("town", town.Generate(1, 2).Bytes())
	if err != nil {
		h.t.Fatal(err)
	}
	err = pgx.BeginFunc(context.Background(), postgis.TestOwner(h.t, h.url), func(tx pgx.Tx) error {
		return geocode.Loader{}.Load(context.Background(), tx, 1, src, nil)
	})
	if err != nil {
		h.t.Fatal(err)
	}
	own := &geocode.Geocoder{DB: h.pool, InForce: func(context.Context) ([]int64, error) { return []int64{1}, nil }}
	h.search.Searcher = own
	rows, err := h.pool.Query(context.Background(), `
		select distinct on (e.name) e.name, h.number, h.city, h.postcode, h.at
		from geocode.house h
		join geocode.entry e on e.generation = h.generation and e.id = h.entry
		where h.number ~ '^[0-9]+$' and not h.interpolated and h.city <> ''
		order by e.name, h.number
		limit 2`)
	if err != nil {
		h.t.Fatal(err)
	}
	var found []api.Address
	for rows.Next() {
		var a api.Address
		var at orb.Point
		if err := rows.Scan(&a.Street, &a.HouseNumber, &a.City, &a.Postcode, &at); err != nil {
			h.t.Fatal(err)
		}
		a.Point = api.Point(at)
		found = append(found, a)
	}
	if rows.Err() != nil || len(found) < 2 {
		h.t.Fatalf("want two houses, got %+v, %v", found, rows.Err())
	}
	return found[0], found[1]
}

// envelope is an address as the body of a site.
func envelope(a api.Address) map[string]any {
	return map[string]any{"street": a.Street, "house_number": a.HouseNumber, "postcode": a.Postcode, "city": a.City}
}

func TestASiteIsPutWhereItsAddressIs(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	first, second := h.settle()
	office := h.as("dispatcher")
	sites := "/accounts/" + h.account.ID.String() + "/sites"

	site := want[api.Site](office, 201, "POST", sites, envelope(first))
	if diff := cmp.Diff([]any{first.Point, "geocoder", false}, []any{site.Point, site.Source, site.Undecided}); diff != "" || len(site.Candidates) == 0 || site.Confidence < geocode.Sure {
		t.Errorf("a site by its address (-want +got):\n%s%+v", diff, site)
	}
	path := "/sites/" + site.ID.String()
	if read := want[api.Site](office, 200, "GET", path, nil); len(read.Candidates) != len(site.Candidates) {
		t.Errorf("want the candidates kept, got %+v", read.Candidates)
	}

	moved := want[api.Site](office, 200, "PATCH", path, envelope(second), "If-Match", fmt.Sprintf(`"v%d"`, site.Version))
	if diff := cmp.Diff([]any{second.Point, "geocoder", false}, []any{moved.Point, moved.Source, moved.PointKept}); diff != "" {
		t.Errorf("with another address (-want +got):\n%s", diff)
	}
	pin := api.Point{9.53, 47.15}
	pinned := want[api.Site](office, 200, "PATCH", path, map[string]any{"point": pin}, "If-Match", fmt.Sprintf(`"v%d"`, moved.Version))
	if diff := cmp.Diff([]any{pin, "person", 0}, []any{pinned.Point, pinned.Source, len(pinned.Candidates)}); diff != "" {
		t.Errorf("with a point a person set (-want +got):\n%s", diff)
	}
	kept := want[api.Site](office, 200, "PATCH", path, envelope(first), "If-Match", fmt.Sprintf(`"v%d"`, pinned.Version))
	if diff := cmp.Diff([]any{pin, "person", true, first.Street}, []any{kept.Point, kept.Source, kept.PointKept, kept.Street}); diff != "" {
		t.Errorf("with another address after that (-want +got):\n%s", diff)
	}
}

func TestASiteWhoseAddressIsNotSureNeedsADecision(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	first, _ := h.settle()
	office := h.as("dispatcher")
	sites := "/accounts/" + h.account.ID.String() + "/sites"
	unsure := envelope(first)
	unsure["house_number"] = "9999"

	a := office.call("POST", sites, unsure)
	if a.Status != http.StatusUnprocessableEntity || len(a.problem.Errors) != 1 || a.problem.Errors[0].Location != "body.point" || len(a.problem.Candidates) == 0 {
		t.Fatalf("want it refused with candidates, got %d %s", a.Status, a.Text)
	}
	unsure["if_unsure"] = "keep"
	site := want[api.Site](office, 201, "POST", sites, unsure)
	if !site.Undecided || len(site.Candidates) == 0 || site.Point != site.Candidates[0].Point || site.Source != "geocoder" {
		t.Errorf("want it open, got %+v", site)
	}
	site = want[api.Site](office, 200, "PATCH", "/sites/"+site.ID.String(), map[string]any{"point": site.Candidates[0].Point}, "If-Match", fmt.Sprintf(`"v%d"`, site.Version))
	if site.Undecided || len(site.Candidates) != 0 || site.Source != "person" {
		t.Errorf("want it decided, got %+v", site)
	}
	for _, row := range []struct {
		name string
		body map[string]any
	}{
		{"an address that is nowhere", map[string]any{"street": "Xyzzy", "city": "Plugh", "if_unsure": "keep"}},
		{"neither point nor address", map[string]any{"name": "Boiler house"}},
	} {
		if a := office.call("POST", sites, row.body); a.Status != http.StatusUnprocessableEntity || len(a.problem.Errors) != 1 || a.problem.Errors[0].Location != "body.point" {
			t.Errorf("%s: got %d %s", row.name, a.Status, a.Text)
		}
	}

	h.search.Searcher = away{}
	a = office.call("POST", sites, envelope(first))
	if a.Status != http.StatusServiceUnavailable || !strings.Contains(a.problem.Detail, "address search") {
		t.Errorf("a search that is away: got %d %s", a.Status, a.Text)
	}
}

// away is an address search that does not answer.
type away struct{}

func (away) Search(context.Context, geocode.Query) ([]geocode.Candidate, error) {
	return nil, &geocode.Unavailable{Err: errors.New("no line")}
}

func (away) Reverse(context.Context, orb.Point) ([]geocode.Candidate, error) {
	return nil, &geocode.Unavailable{Err: errors.New("no line")}
}

func TestManyAddressesAreFoundAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	first, second := h.settle()
	office := h.as("dispatcher")
	line := func(a api.Address) string { return a.Street + " " + a.HouseNumber + ", " + a.Postcode + " " + a.City }
	report := want[api.AddressReport](office, 200, "POST", "/addresses/batch", map[string]any{"queries": []map[string]any{
		{"text": line(first)}, envelope(second), {"street": first.Street, "house_number": "9999", "city": first.City}, {"text": "xyzzy plugh"}, {"text": "–"},
	}})
	if diff := cmp.Diff(api.AddressCounts{Taken: 2, Review: 1, Missing: 1, Refused: 1}, report.Counts); diff != "" {
		t.Fatalf("counts (-want +got):\n%s", diff)
	}
	for i, at := range []api.Point{first.Point, second.Point} {
		if report.Answers[i].Candidates[0].Point != at {
			t.Errorf("query %d: got %+v, want it at %v", i, report.Answers[i].Candidates[0], at)
		}
	}
	if report.Answers[4].Reason == "" {
		t.Error("nobody says why the last was refused")
	}
	many := make([]map[string]any, 1001)
	for i := range many {
		many[i] = map[string]any{"text": "x"}
	}
	if a := office.call("POST", "/addresses/batch", map[string]any{"queries": many}); a.Status != http.StatusUnprocessableEntity {
		t.Errorf("more than may be asked: got %d %s", a.Status, a.Text)
	}
	many = many[:1000]
	for i := range many {
		many[i] = map[string]any{"text": line(first)}
	}
	if report := want[api.AddressReport](office, 200, "POST", "/addresses/batch", map[string]any{"queries": many}); report.Counts.Taken != 1000 {
		t.Errorf("as many as may be asked: %+v", report.Counts)
	}
}
