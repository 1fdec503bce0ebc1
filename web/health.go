package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"catchment/geo/postgis"
	"catchment/web/api"
)

// healthz says that the process lives. It asks nobody, so that a database that is away restarts nothing.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]string{"status": "ok", "version": s.config.Version})
}

// readyWithin is how long the checks of /readyz may take together.
const readyWithin = time.Second

// readyz says whether requests should be sent here: the database answers and has every migration of this
// binary, and the server is not on its way out.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyWithin)
	defer cancel()
	checks, status := map[string]string{"database": "ok", "migrations": "ok", "server": "ok"}, http.StatusOK
	fail := func(check, why string) { checks[check], status = why, http.StatusServiceUnavailable }
	if s.draining.Load() {
		fail("server", "draining")
	}
	switch migrated, err := postgis.Migrated(ctx, s.config.Pool); {
	case err != nil:
		fail("database", "does not answer")
		checks["migrations"] = "unknown"
		s.config.Log.WarnContext(ctx, "not ready", "error", err)
	case !migrated:
		fail("migrations", "missing: run catchment migrate")
	}
	writeJSON(w, status, map[string]any{"status": http.StatusText(status), "checks": checks})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a client that has gone needs no answer
}

// metrics counts what operators watch. Labels are routes, never paths: their number is known beforehand.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	inFlight prometheus.Gauge
	panics   prometheus.Counter
	shed     prometheus.Counter
	handler  http.Handler
}

func newMetrics(config Config) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "catchment_http_requests_total", Help: "Requests answered."}, []string{"method", "route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "catchment_http_request_seconds", Help: "Time to answer, streams aside.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}}, []string{"route"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{Name: "catchment_http_requests_in_flight", Help: "Requests being answered."}),
		panics:   prometheus.NewCounter(prometheus.CounterOpts{Name: "catchment_http_panics_total", Help: "Requests that ended in a bug of ours."}),
	}
	m.shed = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "catchment_http_shed_total", Help: "Requests turned away because every database connection stayed busy."})
	m.registry.MustRegister(m.requests, m.seconds, m.inFlight, m.panics, m.shed, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "catchment_live_streams", Help: "Open streams of server-sent events."},
			func() float64 { return float64(config.Hub.Open()) }),
		&database{pool: config.Pool,
			connections: prometheus.NewDesc("catchment_database_connections", "Connections of the pool by state.", []string{"state"}, nil),
			waits:       prometheus.NewDesc("catchment_database_waits_total", "Times a request had to wait for a connection.", nil, nil),
			jobs:        prometheus.NewDesc("catchment_jobs", "Jobs by queue and state.", []string{"queue", "state"}, nil)})
	m.handler = promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 2})
	return m
}

func (m *metrics) count(method, route string, status int, took time.Duration) {
	if !slices.Contains([]string{"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"}, method) {
		method = "other"
	}
	m.requests.WithLabelValues(method, route, strconv.Itoa(status)).Inc()
	if route != Prefix+"/live" {
		m.seconds.WithLabelValues(route).Observe(took.Seconds())
	}
}

// serveMetrics answers machines of our own; to others there is nothing here.
func (s *Server) serveMetrics(w http.ResponseWriter, r *http.Request) {
	ip, err := netip.ParseAddr(api.Caller(r.Context()))
	allowed := err == nil && (ip.IsLoopback() || slices.ContainsFunc(s.config.MetricsFrom, func(p netip.Prefix) bool { return p.Contains(ip.Unmap()) }))
	if !allowed {
		api.NewProblem(http.StatusNotFound, "there is nothing here").Write(w)
		return
	}
	s.metrics.handler.ServeHTTP(w, r)
}

// database tells of the pool and the job queue when metrics are read.
type database struct {
	pool                     *pgxpool.Pool
	connections, waits, jobs *prometheus.Desc
}

// Describe names the metrics.
func (d *database) Describe(to chan<- *prometheus.Desc) {
	to <- d.connections
	to <- d.waits
	to <- d.jobs
}

// Collect reads the metrics. While the database is away, jobs are left out.
func (d *database) Collect(to chan<- prometheus.Metric) {
	stat := d.pool.Stat()
	for state, n := range map[string]int32{"busy": stat.AcquiredConns(), "idle": stat.IdleConns(), "most": stat.MaxConns()} {
		to <- prometheus.MustNewConstMetric(d.connections, prometheus.GaugeValue, float64(n), state)
	}
	to <- prometheus.MustNewConstMetric(d.waits, prometheus.CounterValue, float64(stat.EmptyAcquireCount()))

	ctx, cancel := context.WithTimeout(context.Background(), readyWithin)
	defer cancel()
	rows, err := d.pool.Query(ctx, `select queue, state::text, count(*) from jobs.river_job group by queue, state`)
	if err != nil {
		return
	}
	defer rows.Close()
	for rows.Next() {
		var queue, state string
		var n int64
		if rows.Scan(&queue, &state, &n) == nil {
			to <- prometheus.MustNewConstMetric(d.jobs, prometheus.GaugeValue, float64(n), queue, state)
		}
	}
}
