// Package web is the HTTP server: what every request passes through, the web app's files, health and metrics.
//
// The operations of the business are in web/api, sign-in in web/login, server-sent events in web/live, calls to
// the outside in web/outbound.
package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"catchment/crm"
	"catchment/web/api"
	"catchment/web/live"
	"catchment/web/login"
)

// Prefix is where the API is mounted.
const Prefix = "/api/v1"

// maxRequest is the most bytes any request body may have. Operations set lower limits of their own.
const maxRequest = 16 << 20

// maxUpload is the most bytes of a file that is sent: it goes into the database piece by piece.
const maxUpload = 256 << 20

// Config is what a server is made of.
type Config struct {
	Log     *slog.Logger
	Pool    *pgxpool.Pool
	Desk    *login.Desk
	Hub     *live.Hub
	App     fs.FS // the bundled web app
	Version string

	// API adds the operations. Routes beside the API, such as tiles, go straight onto the router.
	API    func(a *api.API)
	Routes func(router chi.Router)

	// Origin is the address people reach the server by, such as "https://plan.example.org", where a proxy
	// stands in front; empty if it is reached directly.
	Origin string
	// Proxies are the networks whose X-Forwarded-For is believed.
	Proxies []netip.Prefix
	// MetricsFrom are the networks that may read /metrics, beside this machine.
	MetricsFrom []netip.Prefix

	// RequestsPerMinute is how much one client address may ask for; 18,000 if zero: an office of thirty behind
	// one address with busy maps.
	RequestsPerMinute int
	// ActorPerMinute is how much one person, and each of his tokens, may ask for; 12,000 if both are zero.
	ActorPerMinute int
}

// Server answers HTTP until it is told to drain.
type Server struct {
	config   Config
	handler  http.Handler
	api      *api.API
	metrics  *metrics
	draining atomic.Bool
}

// New returns a server that does not listen yet.
func New(config Config) (*Server, error) {
	if config.ActorPerMinute == 0 {
		config.ActorPerMinute = cmp.Or(config.RequestsPerMinute, 12_000)
	}
	if config.RequestsPerMinute == 0 {
		config.RequestsPerMinute = 18_000
	}
	s := &Server{config: config, metrics: newMetrics(config)}
	files, err := loadFiles(config.App)
	if err != nil {
		return nil, err
	}
	guard := http.NewCrossOriginProtection()
	if config.Origin != "" {
		if err := guard.AddTrustedOrigin(config.Origin); err != nil {
			return nil, fmt.Errorf("read the origin: %w", err)
		}
	}
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		api.NewProblem(http.StatusForbidden, "writes from another site are refused").Write(w)
	}))

	router := chi.NewRouter()
	router.Use(s.observe, s.recoverPanic, s.secure, limitRate(config.RequestsPerMinute), guard.Handler, limitBody, s.identify, limitActor(config.ActorPerMinute),
		middleware.Compress(5, "application/json", "application/geo+json", "application/x-ndjson", "text/plain", "text/csv",
			"application/vnd.mapbox-vector-tile", "application/vnd.oai.openapi+yaml", "application/openapi+yaml"))
	router.Get("/healthz", s.healthz)
	router.Get("/readyz", s.readyz)
	router.Get("/metrics", s.serveMetrics)
	router.Route(Prefix, func(r chi.Router) {
		r.NotFound(noSuchOperation)
		r.MethodNotAllowed(noSuchMethod)
		s.api = api.Frame(r, Prefix, config.Desk.Store, config.Log)
		if config.API != nil {
			config.API(s.api)
		}
	})
	router.HandleFunc("/api", noSuchOperation)
	router.HandleFunc("/api/*", noSuchOperation)
	if config.Routes != nil {
		config.Routes(router)
	}
	router.Get("/*", files.serve)
	router.Head("/*", files.serve)
	router.MethodNotAllowed(noSuchMethod)
	router.NotFound(func(w http.ResponseWriter, _ *http.Request) {
		api.NewProblem(http.StatusNotFound, "there is nothing here").Write(w)
	})
	s.handler = router
	return s, nil
}

// Handler returns what answers requests, for tests.
func (s *Server) Handler() http.Handler { return s.handler }

// API returns the operations, for their OpenAPI document.
func (s *Server) API() *api.API { return s.api }

// Metrics returns the registry, for what other parts of the process count.
func (s *Server) Metrics() *prometheus.Registry { return s.metrics.registry }

// drainWithin is how long requests under way may take once the server is told to stop.
const drainWithin = 10 * time.Second

// Serve answers on the listener until the context ends. Then it drains: /readyz says no, live streams are told
// good-bye, no new connection is taken, requests under way are finished. It returns when that is done; queue and
// pool, which the requests need, are closed by the caller after it.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       60 * time.Second,
		WriteTimeout:      90 * time.Second, // streams move it on with every write
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(s.config.Log.Handler(), slog.LevelWarn),
		// Requests end with the drain's budget, not with the signal.
		BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	server.RegisterOnShutdown(s.config.Hub.Drain)

	go s.tidy(ctx)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	s.draining.Store(true)
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainWithin)
	defer cancel()
	err := server.Shutdown(within)
	if err != nil {
		server.Close()
	}
	if served := <-failed; err == nil && !errors.Is(served, http.ErrServerClosed) {
		err = served
	}
	if err != nil {
		return fmt.Errorf("drain: %w", err)
	}
	return nil
}

// tidy deletes what has run out, at once and then every hour. Several processes doing so do no harm.
func (s *Server) tidy(ctx context.Context) {
	hourly := time.NewTicker(time.Hour)
	defer hourly.Stop()
	for {
		within, cancel := context.WithTimeout(crm.WithActor(ctx, crm.System("tidy")), time.Minute)
		if err := s.config.Desk.Tidy(within); err != nil && ctx.Err() == nil {
			s.config.Log.WarnContext(ctx, "tidy", "error", err)
		}
		cancel()
		select {
		case <-ctx.Done():
			return
		case <-hourly.C:
		}
	}
}

func noSuchOperation(w http.ResponseWriter, r *http.Request) {
	api.NewProblem(http.StatusNotFound, "there is no such operation: see "+Prefix+"/openapi.yaml").Write(w)
}

func noSuchMethod(w http.ResponseWriter, r *http.Request) {
	api.NewProblem(http.StatusMethodNotAllowed, "this address does not take "+r.Method).Write(w)
}
