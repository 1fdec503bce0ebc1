package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/httprate"
	"github.com/google/uuid"

	"catchment/crm"
	"catchment/web/api"
)

// observe gives the request an id and an access line, and counts it. The query is left out of the line: people
// search for people.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		id := uuid.Must(uuid.NewV7()).String()
		caller := clientAddress(r, s.config.Proxies)
		who := new(seen)
		ctx := api.WithURL(api.WithRequestID(r.Context(), id), r.URL)
		ctx = api.WithCaller(ctx, caller)
		ctx = context.WithValue(ctx, seenKey{}, who)
		w.Header().Set("X-Request-Id", id)
		watched := &watch{ResponseWriter: w}
		s.metrics.inFlight.Inc()

		r = r.WithContext(ctx)
		defer func() {
			s.metrics.inFlight.Dec()
			status, took := watched.code(r), time.Since(began)
			route := chi.RouteContext(ctx).RoutePattern()
			if route == "" {
				route = "other"
			}
			s.metrics.count(r.Method, route, status, took)
			if quiet(r.URL.Path) && status < 400 {
				return
			}
			level := slog.LevelInfo
			if strings.HasPrefix(r.URL.Path, "/tiles/") && status < 400 {
				level = slog.LevelDebug // dozens for each look at a map
			}
			s.config.Log.Log(ctx, level, "request",
				"method", r.Method, "path", cut(r.URL.Path, 200), "route", route, "status", status, "bytes", watched.bytes,
				"ms", float64(took.Microseconds())/1000, "request_id", id, "actor", who.actor, "address", caller)
		}()
		next.ServeHTTP(watched, r)
	})
}

// quiet paths are asked all the time by machines.
func quiet(path string) bool {
	return path == "/healthz" || path == "/readyz" || path == "/metrics" || strings.HasPrefix(path, "/assets/")
}

type seenKey struct{}

// seen is what inner handlers tell the access line.
type seen struct{ actor string }

// watch remembers how a request was answered.
type watch struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (w *watch) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *watch) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	return n, err
}

// Flush passes a flush on.
func (w *watch) Flush() { _ = http.NewResponseController(w.ResponseWriter).Flush() }

// Unwrap lets http.ResponseController reach the connection.
func (w *watch) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *watch) code(r *http.Request) int {
	switch {
	case w.status != 0:
		return w.status
	case r.Context().Err() != nil:
		return 499 // the client left before the answer
	}
	return http.StatusOK
}

// recoverPanic turns a bug into a logged stack and an apology.
func (s *Server) recoverPanic(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			fault := recover()
			if fault == nil {
				return
			}
			if fault == http.ErrAbortHandler {
				panic(fault)
			}
			s.metrics.panics.Inc()
			s.config.Log.ErrorContext(r.Context(), "panic", "fault", fmt.Sprint(fault), "request_id", api.RequestID(r.Context()), "stack", string(debug.Stack()))
			if watched, ok := w.(*watch); ok && watched.status != 0 {
				panic(http.ErrAbortHandler) // half an answer is out: cut the connection rather than end it as if whole
			}
			for name := range w.Header() {
				if name != "X-Request-Id" {
					w.Header().Del(name)
				}
			}
			s.setSecurityHeaders(w.Header())
			api.Apology(r.Context()).Write(w)
		}()
		next.ServeHTTP(w, r)
	})
}

// policy allows what comes from our own host, and nothing else.
const policy = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; " +
	"worker-src 'self'; manifest-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

func (s *Server) setSecurityHeaders(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Permissions-Policy", "geolocation=(self), camera=(self), microphone=(), payment=(), usb=()")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	if strings.HasPrefix(s.config.Origin, "https://") {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// secure sets the headers that keep browsers on our side, and keeps answers of the API out of shared caches.
func (s *Server) secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.setSecurityHeaders(w.Header())
		if strings.HasPrefix(r.URL.Path, "/api/") {
			w.Header().Set("Cache-Control", "private, no-cache")
			w.Header().Add("Vary", "Cookie")
			w.Header().Add("Vary", "Authorization")
		}
		next.ServeHTTP(w, r)
	})
}

// limitRate lets one client address ask so often and no more. Health is always answered.
func limitRate(perMinute int) func(http.Handler) http.Handler {
	const window = 10 * time.Second
	limit := httprate.LimitBy(max(1, perMinute/6), window,
		func(r *http.Request) (string, error) { return httprate.CanonicalizeIP(api.Caller(r.Context())), nil },
		httprate.WithResponseHeaders(rateHeaders),
		httprate.WithLimitHandler(func(w http.ResponseWriter, _ *http.Request) {
			secondsUntilReset(w.Header())
			api.NewProblem(http.StatusTooManyRequests, "too many requests from your address: wait a moment").Write(w)
		}))
	return func(next http.Handler) http.Handler {
		limited := limit(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/healthz" || r.URL.Path == "/readyz" {
				next.ServeHTTP(w, r)
				return
			}
			limited.ServeHTTP(w, r)
		})
	}
}

// limitBody refuses what no operation takes, before reading it.
func limitBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		most := int64(maxRequest)
		if r.Method == http.MethodPut && strings.HasPrefix(r.URL.Path, Prefix+"/") && strings.HasSuffix(r.URL.Path, "/content") {
			most = maxUpload
		}
		if r.ContentLength > most {
			api.NewProblem(http.StatusRequestEntityTooLarge, fmt.Sprintf("the request body is larger than %d bytes", most),
				api.FieldError{Location: "body", Message: "is too large"}).With("Connection", "close").Write(w)
			return
		}
		if r.ContentLength != 0 { // -1 is a body whose length is not told
			r.Body = http.MaxBytesReader(w, r.Body, most)
		}
		next.ServeHTTP(w, r)
	})
}

// How long a request may wait until it is known who is calling: for a free connection while all are busy, and
// altogether. When the database is away or too slow, people hear so soon, instead of piling up before it.
const (
	connectionWithin = 800 * time.Millisecond
	identifyWithin   = 5 * time.Second
)

// identify puts who is calling into the context. Static files need nobody.
func (s *Server) identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !needsActor(r.URL.Path) {
			next.ServeHTTP(w, r)
			return
		}
		within, cancel := context.WithTimeout(r.Context(), identifyWithin)
		defer cancel()
		err := s.awaitConnection(within)
		var actor crm.Actor
		var known bool
		if err == nil {
			actor, known, err = s.config.Desk.Actor(within, r)
		}
		if err != nil {
			api.ProblemFor(r.Context(), s.config.Log, err, nil).Write(w)
			return
		}
		if known {
			if who, ok := r.Context().Value(seenKey{}).(*seen); ok {
				who.actor = actor.ID.String()
			}
			r = r.WithContext(crm.WithActor(r.Context(), actor))
		}
		next.ServeHTTP(w, r)
	})
}

// awaitConnection returns once a connection is free, or after a moment with an error while all stay busy.
func (s *Server) awaitConnection(ctx context.Context) error {
	stat := s.config.Pool.Stat()
	if stat.AcquiredConns() < stat.MaxConns() {
		return nil
	}
	within, cancel := context.WithTimeout(ctx, connectionWithin)
	defer cancel()
	conn, err := s.config.Pool.Acquire(within)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		s.metrics.shed.Inc()
	}
	if err != nil {
		return fmt.Errorf("wait for a database connection: %w", err)
	}
	conn.Release()
	return nil
}

func needsActor(path string) bool {
	return path == "/vroom" || slices.ContainsFunc([]string{"/api/", "/tiles/", "/map/", "/osrm/"}, func(below string) bool { return strings.HasPrefix(path, below) })
}

// clientAddress returns the address a request came from: the last hop in X-Forwarded-For that is not a proxy of
// ours, if the connection itself comes from one.
func clientAddress(r *http.Request, proxies []netip.Prefix) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	trusted := func(text string) bool {
		ip, err := netip.ParseAddr(strings.TrimSpace(text))
		return err == nil && slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Contains(ip.Unmap()) })
	}
	if !trusted(host) {
		return host
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		ip, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break // a hop that is no address: whatever stands before it may be made up
		}
		host = ip.Unmap().String()
		if !trusted(host) {
			break
		}
	}
	return host
}

func cut(text string, most int) string {
	text = strings.ToValidUTF8(text, "?")
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}
