package web

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/go-chi/chi/v5"
	"github.com/google/go-cmp/cmp"

	"catchment/crm"
	"catchment/geo/postgis"
	"catchment/web/api"
	"catchment/web/live"
	"catchment/web/login"
)

var bundle = fstest.MapFS{
	".gitkeep":                 {},
	"index.html":               {Data: []byte("office")},
	"index.html.br":            {Data: []byte("office in brotli")},
	"index.html.gz":            {Data: []byte("office in gzip")},
	"tech.html":                {Data: []byte("phone")},
	"sw.js":                    {Data: []byte("worker")},
	"manifest.webmanifest":     {Data: []byte("{}")},
	"assets/main-ABCD2345.js":  {Data: []byte("script")},
	"assets/icon-maskable.svg": {Data: []byte("<svg/>")},
	"assets/fonts/noto.woff2":  {Data: []byte("font")},
}

type testServer struct {
	*Server
	log *lockedBuffer
	hub *live.Hub
}

// lockedBuffer takes log lines from several requests at once.
type lockedBuffer struct {
	sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.Lock()
	defer b.Unlock()
	return b.Buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.Lock()
	defer b.Unlock()
	return b.Buffer.String()
}

func newServer(t *testing.T, change func(*Config)) *testServer {
	t.Helper()
	pool := postgis.TestDatabase(t)
	desk, err := login.NewDesk(crm.NewStore(pool))
	if err != nil {
		t.Fatal(err)
	}
	out := &lockedBuffer{}
	log := slog.New(slog.NewJSONHandler(out, nil))
	config := Config{Log: log, Pool: pool, Desk: desk, Hub: live.NewHub(log), App: bundle, Version: "test"}
	if change != nil {
		change(&config)
	}
	server, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return &testServer{server, out, config.Hub}
}

func (s *testServer) do(method, target string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func TestWhichFileAnAddressLeadsTo(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	const forever, ask = "public, max-age=31536000, immutable", "no-cache"
	type answer struct {
		Status             int
		Body, Kind, Caches string
	}
	for target, want := range map[string]answer{
		"/":                         {200, "office", "text/html; charset=utf-8", ask},
		"/index.html":               {200, "office", "text/html; charset=utf-8", ask},
		"/day/2026-11-23":           {200, "office", "text/html; charset=utf-8", ask},
		"/accounts/0190?tab=sites":  {200, "office", "text/html; charset=utf-8", ask},
		"/login":                    {200, "office", "text/html; charset=utf-8", ask},
		"/tech":                     {200, "phone", "text/html; charset=utf-8", ask},
		"/tech/visit/0190":          {200, "phone", "text/html; charset=utf-8", ask},
		"/technicians":              {200, "office", "text/html; charset=utf-8", ask},
		"/sw.js":                    {200, "worker", "text/javascript; charset=utf-8", ask},
		"/manifest.webmanifest":     {200, "{}", "application/manifest+json", ask},
		"/assets/main-ABCD2345.js":  {200, "script", "text/javascript; charset=utf-8", forever},
		"/assets/icon-maskable.svg": {200, "<svg/>", "image/svg+xml", ask},
		"/assets/fonts/noto.woff2":  {200, "font", "font/woff2", ask},
	} {
		w := s.do("GET", target)
		got := answer{w.Code, w.Body.String(), w.Header().Get("Content-Type"), w.Header().Get("Cache-Control")}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", target, diff)
		}
	}
	for _, target := range []string{"/assets/none-ABCD2345.js", "/favicon.ico", "/.gitkeep", "/index.html.br", "/../etc/passwd.txt",
		"/assets/../../server.go", "/api", "/api/", "/api/v1", "/api/v1/nothing", "/api/v2/visits", "/assets/%00.js"} {
		w := s.do("GET", target)
		if w.Code != http.StatusNotFound {
			t.Errorf("%s: got %d, want 404", target, w.Code)
		}
		if w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: is no problem but %s", target, w.Header().Get("Content-Type"))
		}
	}
}

func TestPackedCopies(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	tags := map[string]bool{}
	for accept, want := range map[string]string{
		"gzip, deflate, br": "office in brotli", "gzip": "office in gzip", "": "office", "br;q=0, gzip": "office in gzip", "identity": "office",
	} {
		w := s.do("GET", "/", header("Accept-Encoding", accept))
		if diff := cmp.Diff(want, w.Body.String()); diff != "" {
			t.Errorf("%q:\n%s", accept, diff)
		}
		tag := w.Header().Get("ETag")
		tags[tag] = true
		if again := s.do("GET", "/", header("Accept-Encoding", accept), header("If-None-Match", tag)); again.Code != http.StatusNotModified || again.Body.Len() > 0 {
			t.Errorf("%q: asked again: got %d with %d bytes", accept, again.Code, again.Body.Len())
		}
	}
	if diff := cmp.Diff(3, len(tags)); diff != "" {
		t.Errorf("each copy has its own tag: %s", diff)
	}
	if w := s.do("HEAD", "/"); w.Code != http.StatusOK || w.Body.Len() > 0 || w.Header().Get("Content-Length") != "6" {
		t.Errorf("HEAD: %d, %d bytes, length %s", w.Code, w.Body.Len(), w.Header().Get("Content-Length"))
	}
}

func TestABinaryWithoutTheAppSaysSo(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(c *Config) { c.App = fstest.MapFS{".gitkeep": {}} })
	if w := s.do("GET", "/"); w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "not built") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestTheBundleFolderIsReadable(t *testing.T) {
	t.Parallel()
	if _, err := fs.Stat(App(), "."); err != nil {
		t.Fatal(err)
	}
	if _, err := loadFiles(App()); err != nil {
		t.Fatal(err)
	}
}

func TestEveryAnswerKeepsTheBrowserOnOurSide(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(c *Config) {
		c.Origin = "https://plan.example.org"
		c.Routes = func(r chi.Router) { r.Get("/broken", func(http.ResponseWriter, *http.Request) { panic("a bug") }) }
	})
	for _, target := range []string{"/", "/nothing.js", "/api/v1/nothing", "/healthz", "/broken"} {
		h := s.do("GET", target).Header()
		for name, want := range map[string]string{
			"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin",
			"Strict-Transport-Security": "max-age=31536000", "Permissions-Policy": "geolocation=(self), camera=(self), microphone=(), payment=(), usb=()",
		} {
			if diff := cmp.Diff(want, h.Get(name)); diff != "" {
				t.Errorf("%s: %s:\n%s", target, name, diff)
			}
		}
		if len(h.Get("X-Request-Id")) != 36 {
			t.Errorf("%s: has no request id", target)
		}
	}
	if strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") {
		t.Errorf("the policy lets something in: %s", policy)
	}
}

func TestABugIsAnApologyAndALogLine(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(c *Config) {
		c.Routes = func(r chi.Router) {
			r.Get("/broken", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("ETag", `"leak"`)
				panic("secret detail")
			})
		}
	})
	w := s.do("GET", "/broken")
	var problem api.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &problem); err != nil || w.Code != 500 {
		t.Fatalf("%d %s %v", w.Code, w.Body, err)
	}
	id := w.Header().Get("X-Request-Id")
	if strings.Contains(w.Body.String(), "secret") || !strings.Contains(problem.Detail, id) || w.Header().Get("ETag") != "" {
		t.Errorf("told %s with %v", w.Body, w.Header())
	}
	for _, want := range []string{"secret detail", id, "server_test.go", `"status":500`} {
		if !strings.Contains(s.log.String(), want) {
			t.Errorf("the log does not tell %q", want)
		}
	}
}

func TestTheAccessLineTellsNoSearches(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	s.do("GET", "/api/v1/nothing?q=Frau+Gruber")
	if line := s.log.String(); strings.Contains(line, "Gruber") || !strings.Contains(line, `"path":"/api/v1/nothing"`) {
		t.Error(line)
	}
}

func TestWritesFromOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	reached := 0
	s := newServer(t, func(c *Config) {
		c.Origin = "https://plan.example.org"
		c.Routes = func(r chi.Router) {
			r.HandleFunc("/write", func(http.ResponseWriter, *http.Request) { reached++ })
		}
	})
	for name, c := range map[string]struct {
		method  string
		headers map[string]string
		want    int
	}{
		"from another site":                   {"POST", map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
		"from another host of ours":           {"POST", map[string]string{"Sec-Fetch-Site": "same-site"}, 403},
		"by an old browser from another site": {"DELETE", map[string]string{"Origin": "https://evil.example"}, 403},
		"from our own page":                   {"POST", map[string]string{"Sec-Fetch-Site": "same-origin"}, 200},
		"by an old browser from our page":     {"POST", map[string]string{"Origin": "http://example.com"}, 200},
		"through the proxy":                   {"POST", map[string]string{"Origin": "https://plan.example.org"}, 200},
		"by a program":                        {"POST", nil, 200},
		"reading is no write":                 {"GET", map[string]string{"Sec-Fetch-Site": "cross-site"}, 200},
	} {
		before := reached
		w := s.do(c.method, "/write", func(r *http.Request) {
			for k, v := range c.headers {
				r.Header.Set(k, v)
			}
		})
		if w.Code != c.want || (reached > before) != (c.want == 200) {
			t.Errorf("%s: got %d, want %d", name, w.Code, c.want)
		}
		if c.want == 403 && w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: is no problem", name)
		}
	}
}

func TestOneClientCannotAskForEver(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(c *Config) {
		c.RequestsPerMinute = 60 // ten in a window
		c.Proxies = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	})
	ask := func(from, forwarded string) *httptest.ResponseRecorder {
		return s.do("GET", "/assets/main-ABCD2345.js", func(r *http.Request) {
			r.RemoteAddr = from
			if forwarded != "" {
				r.Header.Set("X-Forwarded-For", forwarded)
			}
		})
	}
	for range 10 {
		if w := ask("198.51.100.1:1", ""); w.Code != 200 {
			t.Fatalf("within the limit: %d", w.Code)
		}
	}
	if w := ask("198.51.100.1:2", "203.0.113.9"); w.Code != 429 || w.Header().Get("Retry-After") == "" || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("beyond it, with a made-up X-Forwarded-For: %d %v", w.Code, w.Header())
	}
	if w := ask("198.51.100.2:1", ""); w.Code != 200 {
		t.Errorf("somebody else: %d", w.Code)
	}
	if w := ask("192.0.2.1:1", "203.0.113.9"); w.Code != 200 {
		t.Errorf("somebody behind the proxy: %d", w.Code)
	}
	if w := ask("192.0.2.1:1", "203.0.113.9, 198.51.100.1"); w.Code != 429 {
		t.Errorf("the busy one behind the proxy: %d", w.Code)
	}
	if w := s.do("GET", "/healthz", func(r *http.Request) { r.RemoteAddr = "198.51.100.1:3" }); w.Code != 200 {
		t.Errorf("health: %d", w.Code)
	}
}

func TestHealthReadinessAndMetrics(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(c *Config) { c.MetricsFrom = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} })
	from := func(address string) func(*http.Request) {
		return func(r *http.Request) { r.RemoteAddr = address + ":1" }
	}
	if w := s.do("GET", "/readyz"); w.Code != 200 {
		t.Errorf("ready: %d %s", w.Code, w.Body)
	}
	s.do("GET", "/day/2026-11-23")
	for address, want := range map[string]int{"127.0.0.1": 200, "10.1.2.3": 200, "198.51.100.1": 404} {
		w := s.do("GET", "/metrics", from(address))
		if diff := cmp.Diff(want, w.Code); diff != "" {
			t.Errorf("metrics from %s: %s", address, diff)
		}
		if want != 200 {
			continue
		}
		for _, name := range []string{`catchment_http_requests_total{method="GET",route="/*",status="200"}`, "catchment_http_request_seconds_bucket",
			`catchment_database_connections{state="most"}`, "catchment_live_streams 0", "go_goroutines"} {
			if !strings.Contains(w.Body.String(), name) {
				t.Errorf("metrics from %s lack %s", address, name)
			}
		}
		if strings.Contains(w.Body.String(), "2026-11-23") {
			t.Error("a path became a label")
		}
	}
	s.config.Pool.Close()
	if w := s.do("GET", "/readyz"); w.Code != 503 {
		t.Errorf("ready without a database: %d %s", w.Code, w.Body)
	}
	if w := s.do("GET", "/healthz"); w.Code != 200 {
		t.Errorf("health without a database: %d", w.Code)
	}
	w := s.do("GET", "/api/v1/nothing", header("Cookie", login.CookieName+"=something"))
	if w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Errorf("the API without a database: %d %s", w.Code, w.Body)
	}
	if w := s.do("GET", "/", header("Cookie", login.CookieName+"=something")); w.Code != 200 {
		t.Errorf("the app without a database: %d", w.Code)
	}
}

// While every connection is busy, people are told to come again, and what needs no database goes on.
func TestABusyDatabaseTurnsPeopleAwaySoon(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	held := s.config.Pool.AcquireAllIdle(t.Context())
	for int32(len(held)) < s.config.Pool.Config().MaxConns {
		conn, err := s.config.Pool.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, conn)
	}
	cookie := header("Cookie", login.CookieName+"=something")
	if w := s.do("GET", "/api/v1/nothing", cookie); w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Errorf("the API: %d %v", w.Code, w.Header())
	}
	for _, path := range []string{"/healthz", "/", "/assets/main-ABCD2345.js"} {
		if w := s.do("GET", path, cookie); w.Code != 200 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if w := s.do("GET", "/readyz"); w.Code != 503 {
		t.Errorf("ready: %d", w.Code)
	}
	for _, conn := range held {
		conn.Release()
	}
	if w := s.do("GET", "/api/v1/nothing", cookie); w.Code != 404 {
		t.Errorf("the API, when one is free again: %d", w.Code)
	}
}

// On the way out, streams are told, what is under way is finished, and nothing new is let in.
func TestDraining(t *testing.T) {
	t.Parallel()
	begun, finish := make(chan struct{}), make(chan struct{})
	var hub *live.Hub
	s := newServer(t, func(c *Config) {
		hub = c.Hub
		c.Routes = func(r chi.Router) {
			r.Get("/slow", func(w http.ResponseWriter, r *http.Request) {
				close(begun)
				<-finish
				if r.Context().Err() != nil {
					t.Error("the request under way was cancelled")
				}
				io.WriteString(w, "done")
			})
			r.Get("/stream", func(w http.ResponseWriter, r *http.Request) {
				stream, err := hub.Subscribe("somebody", nil)
				if err != nil {
					t.Error(err)
					return
				}
				live.Serve(w, r, stream, nil)
			})
		}
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, listener) }()
	base := "http://" + listener.Addr().String()

	stream, err := http.Get(base + "/stream")
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	lines := bufio.NewScanner(stream.Body)
	for lines.Scan() && lines.Text() != "event: hello" {
	}
	slow := make(chan string, 1)
	go func() {
		response, err := http.Get(base + "/slow")
		if err != nil {
			slow <- err.Error()
			return
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		slow <- string(body)
	}()
	<-begun
	stop()
	rest := ""
	for lines.Scan() {
		rest += lines.Text() + "\n"
	}
	if !strings.Contains(rest, "event: bye") {
		t.Errorf("the stream ended with %q", rest)
	}
	if w := s.do("GET", "/readyz"); w.Code != 503 {
		t.Errorf("ready while draining: %d", w.Code)
	}
	select {
	case err := <-ended:
		t.Fatalf("ended before the request under way: %v", err)
	default:
	}
	close(finish)
	if diff := cmp.Diff("done", <-slow); diff != "" {
		t.Error(diff)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := http.Get(base + "/healthz"); err == nil {
		t.Error("still answers")
	}
}

// endless counts how much of it was read; the client may still be reading when the answer is there.
type endless struct{ read atomic.Int64 }

func (e *endless) Read(p []byte) (int, error) {
	if e.read.Load() > 1<<30 {
		return 0, errors.New("all of it was read")
	}
	for i := range p {
		p[i] = ' '
	}
	e.read.Add(int64(len(p)))
	return len(p), nil
}

func TestAHugeBodyIsRefusedBeforeItIsRead(t *testing.T) {
	t.Parallel()
	type input struct{ Body struct{ Name string } }
	s := newServer(t, func(c *Config) {
		c.API = func(a *api.API) {
			api.Register(a, api.Operation{ID: "echo", Method: "POST", Path: "/echo", Summary: "Echo", Tag: "test"}, api.Public,
				func(context.Context, *input) (*api.Nothing, error) { return nil, nil })
		}
	})
	server := httptest.NewServer(s.Handler())
	defer server.Close()
	for name, length := range map[string]int64{"with its length told": 1 << 30, "a little over the operation's limit": api.DefaultMaxBody + 1, "without a length": -1} {
		body := &endless{}
		var whole io.Reader = body
		if length > 0 {
			whole = io.LimitReader(body, length)
		}
		request, err := http.NewRequest("POST", server.URL+Prefix+"/echo", io.NopCloser(whole))
		if err != nil {
			t.Fatal(err)
		}
		request.ContentLength = length
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Expect", "") // send at once
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			// The server may close the connection while the client still writes; then there is no answer to read.
			if !strings.Contains(err.Error(), "broken pipe") && !strings.Contains(err.Error(), "connection reset") {
				t.Errorf("%s: %v", name, err)
			}
		} else {
			var problem api.Problem
			_ = json.NewDecoder(response.Body).Decode(&problem)
			response.Body.Close()
			want := []any{413, "application/problem+json", []api.FieldError{{Location: "body", Message: "is too large"}}}
			if diff := cmp.Diff(want, []any{response.StatusCode, response.Header.Get("Content-Type"), problem.Errors}); diff != "" {
				t.Errorf("%s:\n%s", name, diff)
			}
		}
		if body.read.Load() > 32<<20 {
			t.Errorf("%s: %s", name, fmt.Sprint(body.read.Load(), " bytes were taken"))
		}
	}
}

func TestTheAddressBehindProxies(t *testing.T) {
	t.Parallel()
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for name, c := range map[string]struct{ remote, forwarded, want string }{
		"straight":                      {"198.51.100.1:5", "", "198.51.100.1"},
		"straight with a made-up hop":   {"198.51.100.1:5", "203.0.113.1", "198.51.100.1"},
		"through one proxy":             {"10.0.0.1:5", "203.0.113.1", "203.0.113.1"},
		"through two":                   {"10.0.0.1:5", "203.0.113.1, 10.0.0.2", "203.0.113.1"},
		"with a made-up hop before":     {"10.0.0.1:5", "1.1.1.1, 203.0.113.1", "203.0.113.1"},
		"from the proxy itself":         {"10.0.0.1:5", "", "10.0.0.1"},
		"with nonsense":                 {"10.0.0.1:5", "203.0.113.1, unknown", "10.0.0.1"},
		"by IPv6":                       {"[fd00::1]:5", "2001:db8::5", "2001:db8::5"},
		"an IPv4 address written as v6": {"10.0.0.1:5", "::ffff:203.0.113.1", "203.0.113.1"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.remote
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if diff := cmp.Diff(c.want, clientAddress(r, proxies)); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

// The pattern of hashed names decides what browsers keep for a year.
func TestNamesThatCarryAHash(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"assets/main-ABCD2345.js": true, "assets/map-worker-0F9A2B3C.mjs": true, "assets/icon-maskable.svg": false, "assets/icon-192.png": false,
		"index.html": false, "sw.js": false, "assets/fonts/noto-sans-latin-400-normal.woff2": false,
	} {
		if hashed.MatchString(name) != want {
			t.Errorf("%s: want %v", name, want)
		}
	}
}
