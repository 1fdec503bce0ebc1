package web

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/crm/customer"
	"catchment/crm/exchange"
	attached "catchment/crm/files"
	"catchment/crm/kinds"
	"catchment/crm/region"
	"catchment/crm/work"
	"catchment/geo/basemap"
	"catchment/geo/geocode"
	"catchment/geo/postgis"
	"catchment/routing"
	"catchment/routing/dispatch"
	"catchment/web/api"
	"catchment/web/live"
	"catchment/web/login"
)

// monday is the day these tests plan; the clock stands on the Sunday before.
const monday = "2026-11-23"

const password = "a long walk home"

var passwordHash = sync.OnceValue(func() string {
	hash, err := login.Hash(password)
	if err != nil {
		panic(err)
	}
	return hash
})

// house is a small company on real PostGIS behind a real server, with roads as the crow flies.
type house struct {
	t       *testing.T
	server  *httptest.Server
	handler http.Handler
	url     string
	pool    *pgxpool.Pool
	rooms   api.Rooms
	roads   *routing.Switch
	search  *searching
	log     *lockedBuffer

	tom     work.Resource // the technician's line on the board
	account customer.Account
	site    customer.Site
	foreign customer.Account // seen by the office only
}

// searching is the address search of a house; tests exchange what is behind it.
type searching struct{ geocode.Searcher }

func newHouse(t *testing.T) *house {
	t.Helper()
	url := postgis.TestDatabaseURL(t)
	pool := postgis.TestApp(t, url)
	store := crm.NewStore(pool)
	store.Now = func() time.Time { return time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC) }
	desk, err := login.NewDesk(store)
	if err != nil {
		t.Fatal(err)
	}
	out := &lockedBuffer{}
	log := slog.New(slog.NewJSONHandler(out, nil))
	jobs, roads := &work.Work{Store: store}, routing.NewSwitch(routing.NewGreatCircle())
	none := func(context.Context) ([]int64, error) { return nil, nil }
	search := &searching{&geocode.Geocoder{DB: pool, InForce: none}}
	rooms := api.Rooms{
		Store: store, Records: kinds.Records(store), Customers: &customer.Customers{Store: store, Addresses: search}, Work: jobs, Desk: desk, Hub: live.NewHub(log),
		Plans:     &dispatch.Planner{Store: store, Work: jobs, Travel: roads},
		Addresses: search,
		Regions:   region.New(store, slog.New(slog.DiscardHandler), ""),
		Place: func(context.Context) (api.Place, error) {
			return api.Place{Bound: orb.Bound{Min: orb.Point{9.47, 47.05}, Max: orb.Point{9.64, 47.27}}, Source: "town", Name: "Test", Attribution: "© nobody"}, nil
		},
	}
	rooms.Files = &attached.Files{Store: store, Records: rooms.Records}
	rooms.Exchange = &exchange.Exchange{Store: store, Records: rooms.Records, Files: rooms.Files, Customers: rooms.Customers}
	rooms.Outbox, rooms.Policies = desk.Outbox, &crm.Policies{Store: store, All: crm.Retentions()}
	server, err := New(Config{Log: log, Pool: pool, Desk: desk, Hub: rooms.Hub, App: bundle, Version: "test", API: api.Operations(rooms),
		Routes:            Join(PasswordRoutes(PasswordConfig{Desk: desk, Log: log}), MapRoutes(MapConfig{Map: &basemap.Map{DB: pool, InForce: none}, Log: log}), RoadRoutes(RoadConfig{Roads: roads, Log: log})),
		RequestsPerMinute: 1_000_000})
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, url: url, pool: pool, rooms: rooms, roads: roads, search: search, log: out, handler: server.Handler(), server: httptest.NewServer(server.Handler())}
	t.Cleanup(h.server.Close)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = rooms.Hub.Run(ctx, func(ctx context.Context) (*pgx.Conn, error) { return pgx.Connect(ctx, url) })
	}()
	t.Cleanup(func() { rooms.Hub.Drain(); stop(); <-ended })
	h.furnish()
	return h
}

// follow starts the index of regions; few tests need it.
func (h *house) follow() {
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = h.rooms.Regions.Run(ctx)
	}()
	h.t.Cleanup(func() { stop(); <-ended })
	if err := h.rooms.Regions.CatchUp(ctx); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) system() context.Context {
	return crm.WithActor(context.Background(), crm.System("test"))
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// furnish hires one person for each role and brings in a customer.
func (h *house) furnish() {
	ctx := h.system()
	if err := h.rooms.Store.EnsureOrganisation(ctx, crm.Organisation{Name: "Test", Zone: "Europe/Vaduz", Currency: "CHF", Language: "de"}); err != nil {
		h.t.Fatal(err)
	}
	staff := map[string]crm.Staff{}
	for _, role := range crm.Roles() {
		staff[role.Code] = must(h.rooms.Store.AddStaff(ctx, crm.NewStaff{Name: "The " + role.Title, Email: role.Code + "@example.org",
			Role: role.Code, PasswordHash: passwordHash()}))
	}
	must(h.rooms.Work.AddSkill(ctx, work.Skill{Code: "gas", Name: "Gas licence"}))
	technician := staff["technician"].ID
	h.tom = must(h.rooms.Work.AddResource(ctx, work.NewResource{Name: "Tom Frick", Kind: "technician", StaffID: &technician, BasePoint: orb.Point{9.52, 47.14}, Skills: []string{"gas"}}))
	must(h.rooms.Work.AddShifts(ctx, h.tom.ID, []work.NewShift{{Day: monday, Start: 8 * time.Hour, End: 17 * time.Hour,
		Breaks: []work.NewBreak{{Earliest: 11 * time.Hour, Latest: 14 * time.Hour, Length: 45 * time.Minute}}}}))
	h.account = must(h.rooms.Customers.AddAccount(ctx, customer.NewAccount{Name: "Hotel Bergblick"}))
	h.foreign = must(h.rooms.Customers.AddAccount(ctx, customer.NewAccount{Name: "Canary Ltd"}))
	h.site = must(h.rooms.Customers.AddSite(ctx, customer.NewSite{AccountID: h.account.ID, Street: "Landstrasse", HouseNumber: "12", Point: orb.Point{9.53, 47.15}}))
}

// client is a browser of somebody with the role, signed in; "" is a stranger.
type client struct {
	h      *house
	cookie string
}

func (h *house) as(role string) *client {
	h.t.Helper()
	if role == "" {
		return &client{h: h}
	}
	session, err := h.rooms.Desk.Login(context.Background(), role+"@example.org", password, login.Caller{Address: role})
	if err != nil {
		h.t.Fatal(err)
	}
	return &client{h, session.Token}
}

// answer is what came back.
type answer struct {
	Status  int
	Header  http.Header
	Text    string
	problem api.Problem
}

// call sends a request; body is sent as it is if it is text, as JSON otherwise.
func (c *client) call(method, path string, body any, headers ...string) answer {
	c.h.t.Helper()
	var reader io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	default:
		text, err := json.Marshal(b)
		if err != nil {
			c.h.t.Fatal(err)
		}
		reader = bytes.NewReader(text)
	}
	target := path
	beside := func(prefix string) bool { return strings.HasPrefix(path, prefix) }
	if !slices.ContainsFunc([]string{"/map/", "/tiles/", "/osrm/", "/vroom", "/password?token="}, beside) {
		target = Prefix + path
	}
	request := httptest.NewRequest(method, target, reader)
	if reader != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	if c.cookie != "" {
		request.AddCookie(&http.Cookie{Name: login.CookieName, Value: c.cookie})
	}
	recorder := httptest.NewRecorder()
	c.h.handler.ServeHTTP(recorder, request)
	a := answer{Status: recorder.Code, Header: recorder.Header(), Text: recorder.Body.String()}
	if strings.HasPrefix(a.Header.Get("Content-Type"), "application/problem+json") && recorder.Body.Len() > 0 {
		if err := json.Unmarshal(recorder.Body.Bytes(), &a.problem); err != nil {
			c.h.t.Fatalf("%s %s: a problem that is no JSON: %v", method, path, err)
		}
	}
	return a
}

// want is call that expects a status and returns the body as T.
func want[T any](c *client, status int, method, path string, body any, headers ...string) T {
	c.h.t.Helper()
	a := c.call(method, path, body, headers...)
	if a.Status != status {
		c.h.t.Fatalf("%s %s: got %d, want %d: %s", method, path, a.Status, status, a.Text)
	}
	var v T
	if a.Text != "" {
		if err := json.Unmarshal([]byte(a.Text), &v); err != nil {
			c.h.t.Fatalf("%s %s: %v: %s", method, path, err, a.Text)
		}
	}
	return v
}

// visit adds a visit at the house's site.
func (h *house) visit(c *client, fields map[string]any) api.Visit {
	h.t.Helper()
	body := map[string]any{"site_id": h.site.ID, "title": "Yearly service", "earliest": monday, "latest": monday}
	for k, v := range fields {
		body[k] = v
	}
	return want[api.Visit](c, 201, "POST", "/visits", body)
}

// plan has monday planned at once.
func (h *house) plan(c *client) api.Plan {
	h.t.Helper()
	plan := want[api.Plan](c, 202, "POST", "/plans", map[string]any{"date": monday, "iterations": 500})
	if _, err := h.rooms.Plans.Run(h.system(), plan.ID); err != nil {
		h.t.Fatal(err)
	}
	return want[api.Plan](c, 200, "GET", "/plans/"+plan.ID.String(), nil)
}

func id() uuid.UUID { return uuid.Must(uuid.NewV7()) }
