package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"catchment/crm"
	"catchment/crm/customer"
	"catchment/geo/extract"
	"catchment/geo/geocode"
	"catchment/geo/osm"
	"catchment/geo/postgis"
	"catchment/geo/town"
	"catchment/web/api"
	"catchment/web/login"
)

const rightPassword = "a long walk home"

// elsewhere is an external geocoder that speaks one of the shapes, knows one house, and notes what it is asked.
type elsewhere struct {
	*httptest.Server
	mu    sync.Mutex
	asked []*http.Request
}

func newElsewhere(t *testing.T, shape string) *elsewhere {
	t.Helper()
	answers := map[string]struct{ search, reverse, body, reversed string }{
		"nominatim": {"/search", "/reverse",
			`[{"lat":"47.1393","lon":"9.5226","name":"","address":{"house_number":"30","road":"Äulestrasse","village":"Vaduz","postcode":"9490","country_code":"li"}}]`,
			`{"lat":"47.1393","lon":"9.5226","name":"","address":{"house_number":"30","road":"Äulestrasse","village":"Vaduz","postcode":"9490","country_code":"li"}}`},
		"photon": {"/api", "/reverse",
			`{"type":"FeatureCollection","features":[{"geometry":{"type":"Point","coordinates":[9.5226,47.1393]},"properties":{"type":"house","street":"Äulestrasse","housenumber":"30","city":"Vaduz","postcode":"9490","countrycode":"LI"}}]}`, ""},
		"pelias": {"/v1/search", "/v1/reverse",
			`{"type":"FeatureCollection","features":[{"geometry":{"type":"Point","coordinates":[9.5226,47.1393]},"properties":{"layer":"address","name":"Äulestrasse 30","street":"Äulestrasse","housenumber":"30","locality":"Vaduz","postalcode":"9490","country_code":"li"}}]}`, ""},
	}
	its, e := answers[shape], &elsewhere{}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.mu.Lock()
		e.asked = append(e.asked, r)
		e.mu.Unlock()
		switch r.URL.Path {
		case its.search:
			fmt.Fprint(w, its.body)
		case its.reverse:
			if its.reversed != "" {
				fmt.Fprint(w, its.reversed)
			} else {
				fmt.Fprint(w, its.body)
			}
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(e.Close)
	return e
}

func (e *elsewhere) calls() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.asked)
}

// testHouse is the house of the binary on a database of its own, with the addresses of a generated town.
func testHouse(t *testing.T, g geocoderSettings) *house {
	t.Helper()
	url := postgis.TestDatabaseURL(t)
	owner := postgis.TestOwner(t, url)
	src, err := osm.FromBytes("town", town.Generate(1, 2).Bytes())
	if err != nil {
		t.Fatal(err)
	}
	importer := &extract.Importer{DB: owner, Loaders: []extract.Loader{geocode.Loader{}},
		Prepare: func(context.Context, *osm.Source, string, func(float64)) error { return nil }}
	if _, _, err := importer.Import(t.Context(), src, "Lindenfurt", "town"); err != nil {
		t.Fatal(err)
	}
	h, err := furnish(t.Context(), &settings{Data: t.TempDir(), DatabaseURL: url, Geocoder: g}, url, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.close)
	return h
}

// openDoor serves the house and returns a call to its API by somebody of the office.
func (h *house) openDoor(t *testing.T) func(method, path string, body any, into any) int {
	t.Helper()
	ctx := asSystem(t.Context(), "test")
	if err := h.store.EnsureOrganisation(ctx, crm.Organisation{Name: "Test", Zone: "Europe/Vaduz", Currency: "CHF", Language: "de"}); err != nil {
		t.Fatal(err)
	}
	hash, err := login.Hash(rightPassword)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.store.AddStaff(ctx, crm.NewStaff{Name: "Ada", Email: "ada@example.org", Role: "dispatcher", PasswordHash: hash}); err != nil {
		t.Fatal(err)
	}
	server, _, err := h.server(serveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var cookie *http.Cookie
	call := func(method, path string, body any, into any) int {
		t.Helper()
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		request := httptest.NewRequest(method, "/api/v1"+path, strings.NewReader(string(text)))
		if method == http.MethodGet {
			request = httptest.NewRequest(method, "/api/v1"+path, nil)
		}
		request.Header.Set("Content-Type", "application/json")
		if cookie != nil {
			request.AddCookie(cookie)
		}
		recorder := httptest.NewRecorder()
		server.Handler().ServeHTTP(recorder, request)
		for _, c := range recorder.Result().Cookies() {
			if c.Name == login.CookieName {
				cookie = c
			}
		}
		if into != nil && recorder.Code < 300 {
			if err := json.Unmarshal(recorder.Body.Bytes(), into); err != nil {
				t.Fatalf("%s %s: %v: %s", method, path, err, recorder.Body)
			}
		}
		return recorder.Code
	}
	if status := call("POST", "/login", map[string]string{"email": "ada@example.org", "password": rightPassword}, nil); status >= 300 {
		t.Fatalf("sign in: %d", status)
	}
	return call
}

// someHouse is the address of a house of the generated town.
func (h *house) someHouse(t *testing.T) (street, number, postcode, city string) {
	t.Helper()
	err := h.pool.QueryRow(t.Context(), `
		select e.name, h.number, h.postcode, h.city
		from geocode.house h
		join geocode.entry e on e.generation = h.generation and e.id = h.entry
		where h.number ~ '^[0-9]+$' and not h.interpolated and h.city <> ''
		order by e.name, h.number
		limit 1`).Scan(&street, &number, &postcode, &city)
	if err != nil {
		t.Fatal(err)
	}
	return street, number, postcode, city
}

func TestAnExternalGeocoderIsAskedSecondOrInstead(t *testing.T) {
	t.Parallel()
	for _, shape := range []string{"nominatim", "photon", "pelias"} {
		for _, when := range []string{"second", "instead"} {
			t.Run(shape+" "+when, func(t *testing.T) {
				t.Parallel()
				e := newElsewhere(t, shape)
				h := testHouse(t, geocoderSettings{URL: e.URL, Shape: shape, When: when})
				call := h.openDoor(t)
				account, err := h.customers.AddAccount(asSystem(t.Context(), "test"), customer.NewAccount{Name: "Hotel Bergblick"})
				if err != nil {
					t.Fatal(err)
				}
				sites := "/accounts/" + account.ID.String() + "/sites"

				var site api.Site
				if status := call("POST", sites, map[string]string{"street": "Äulestrasse", "house_number": "30", "city": "Vaduz"}, &site); status != http.StatusCreated {
					t.Fatalf("a site only the other one knows: %d", status)
				}
				if diff := cmp.Diff(api.Point{9.5226, 47.1393}, site.Point); diff != "" || site.Source != "geocoder" || site.Confidence < geocode.Sure || e.calls() != 1 {
					t.Errorf("the site (-want +got):\n%s%+v after %d calls", diff, site, e.calls())
				}
				if got := e.asked[0].UserAgent(); !strings.HasPrefix(got, "catchment/") {
					t.Errorf("it was asked by %q", got)
				}
				var found api.Page[api.Address]
				if status := call("GET", "/addresses/reverse?lon=9.5226&lat=47.1394", nil, &found); status != http.StatusOK || len(found.Items) == 0 || found.Items[0].Label != "Äulestrasse 30, 9490 Vaduz" {
					t.Errorf("the address at a point: %d, %+v", status, found.Items)
				}
				before := e.calls()
				street, number, postcode, city := h.someHouse(t)
				status := call("POST", sites, map[string]string{"street": street, "house_number": number, "postcode": postcode, "city": city}, &site)
				want := map[string][2]int{"second": {http.StatusCreated, 0}, "instead": {http.StatusUnprocessableEntity, 1}}[when]
				if diff := cmp.Diff(want, [2]int{status, e.calls() - before}); diff != "" {
					t.Errorf("status and calls for an address of our own map (-want +got):\n%s", diff)
				}
				before = e.calls()
				call("GET", "/addresses?q="+url.QueryEscape("äulestr"), nil, &found)
				if typed := e.calls() - before; typed != map[string]int{"second": 0, "instead": 1}[when] {
					t.Errorf("while typing it was called %d times", typed)
				}

				e.Close()
				status = call("POST", sites, map[string]string{"street": "Äulestrasse", "house_number": "30", "city": "Vaduz"}, nil)
				if want := map[string]int{"second": http.StatusUnprocessableEntity, "instead": http.StatusServiceUnavailable}[when]; status != want {
					t.Errorf("with the other one away: got %d, want %d", status, want)
				}
			})
		}
	}
}

func TestWhatAnExternalGeocoderMayBe(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		set   geocoderSettings
		field string // that is wrong; empty if none is
	}{
		{"a name in the public", geocoderSettings{URL: "https://nominatim.example.org", Shape: "nominatim"}, ""},
		{"our own network, written out", geocoderSettings{URL: "http://10.1.2.3:2322", Shape: "photon"}, ""},
		{"a network named", geocoderSettings{URL: "http://geocoder:4000", Shape: "pelias", Networks: []string{"10.0.0.0/8", "fd00::/8"}}, ""},
		{"a file", geocoderSettings{URL: "file:///etc/passwd", Shape: "photon"}, "GEOCODER_URL"},
		{"a shape nobody speaks", geocoderSettings{URL: "https://example.org", Shape: "mapquest"}, "GEOCODER_URL"},
		{"a network that is none", geocoderSettings{URL: "https://example.org", Shape: "photon", Networks: []string{"home"}}, "GEOCODER_NETWORKS"},
		{"calls back in time", geocoderSettings{URL: "https://example.org", Shape: "photon", PerSecond: -1}, "GEOCODER_PER_SECOND"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			_, err := row.set.external()
			if row.field == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if crm.KindOf(err) != crm.Invalid || !strings.HasPrefix(err.Error(), row.field) {
				t.Errorf("want %s named, got %v", row.field, err)
			}
		})
	}
}

// A geocoder that is trusted may not send us on to another host of our own network, unless that network is named.
func TestAGeocoderThatLeadsInsideIsNotFollowed(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Fatal(err)
	}
	inside := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"type":"FeatureCollection","features":[]}`)
	}))
	inside.Listener.Close()
	inside.Listener = listener
	inside.Start()
	t.Cleanup(inside.Close)
	outside := httptest.NewServer(http.RedirectHandler(inside.URL, http.StatusFound))
	t.Cleanup(outside.Close)
	for _, row := range []struct {
		networks []string
		follows  bool
	}{{nil, false}, {[]string{"127.0.0.0/8"}, true}} {
		x, err := geocoderSettings{URL: outside.URL, Shape: "photon", Networks: row.networks}.external()
		if err != nil {
			t.Fatal(err)
		}
		_, err = x.Search(t.Context(), geocode.Query{Text: "Äulestrasse 30 Vaduz"})
		if (err == nil) != row.follows {
			t.Errorf("with networks %v: %v", row.networks, err)
		}
		if !row.follows && (err == nil || !strings.Contains(err.Error(), "GEOCODER_NETWORKS")) {
			t.Errorf("nobody says what to do: %v", err)
		}
	}
}

func TestCallsKeepTheirPace(t *testing.T) {
	t.Parallel()
	p := &pace{every: time.Hour}
	if err := p.wait(t.Context()); err != nil {
		t.Errorf("the first has to wait: %v", err)
	}
	soon, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := p.wait(soon); err == nil {
		t.Error("the second does not wait")
	}
	if err := (&pace{}).wait(t.Context()); err != nil {
		t.Error(err)
	}
}
