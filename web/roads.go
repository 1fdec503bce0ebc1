package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/routing"
	"catchment/routing/road"
	"catchment/routing/road/osrm"
	"catchment/routing/vrp"
	"catchment/web/api"
)

// RoadConfig is what roads and the optimiser are served from, for programs that speak OSRM or VROOM already.
type RoadConfig struct {
	Roads *routing.Switch
	Log   *slog.Logger
}

// Limits of the interfaces for programs.
const (
	roadWithin    = 20 * time.Second // one OSRM request
	solveWithin   = 20 * time.Second // one VROOM request, search included
	solverTurns   = 2                // VROOM requests worked on at once
	solverWait    = 5 * time.Second  // for a turn
	maxSolvePlace = 2000             // places of one VROOM request whose roads are asked for
)

// RoadRoutes returns what adds /osrm/{service}/v1/… (OSRM HTTP API v1) and /vroom (VROOM's JSON) to a router.
// Both ask for a sign-in or an API token, as everything does.
func RoadRoutes(config RoadConfig) func(chi.Router) {
	s := &roadServer{RoadConfig: config, turns: make(chan struct{}, solverTurns)}
	return func(router chi.Router) {
		router.With(s.may(crm.VisitRead, roadWithin)).Get("/osrm/{service}/{version}/{profile}/*", s.osrm)
		router.With(s.may(crm.VisitRead, roadWithin)).Post("/osrm/{service}/{version}/{profile}", s.osrm)
		router.With(s.may(crm.PlanRun, solveWithin+solverWait)).Post("/vroom", s.vroom)
		router.Get("/osrm/*", func(w http.ResponseWriter, _ *http.Request) {
			writeJSON(w, http.StatusBadRequest, map[string]string{"code": "InvalidUrl", "message": "ask /osrm/{service}/v1/{profile}/{coordinates}"})
		})
	}
}

type roadServer struct {
	RoadConfig
	turns chan struct{}
}

func (s *roadServer) may(right crm.Right, within time.Duration) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, err := crm.Require(r.Context(), right); err != nil {
				api.ProblemFor(r.Context(), s.Log, err, nil).Write(w)
				return
			}
			ctx, cancel := context.WithTimeout(r.Context(), within)
			defer cancel()
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}
}

// profiles are the names OSRM's clients use for ours.
var profiles = map[string]routing.Profile{"driving": routing.Car, "walking": routing.Foot, "cycling": "bike"}

func (s *roadServer) osrm(w http.ResponseWriter, r *http.Request) {
	profile := routing.Profile(chi.URLParam(r, "profile"))
	if ours, known := profiles[string(profile)]; known {
		profile = ours
	}
	known := false
	question, err := osrmQuestion(r, "/osrm")
	if err != nil {
		writeJSON(w, http.StatusRequestEntityTooLarge, map[string]string{"code": "TooBig", "message": "the body is too large"})
		return
	}
	s.Roads.Use(profile, func(engine routing.Travel) {
		if graph, ours := engine.(*road.Graph); ours {
			known = true
			answerOSRM(w, r, graph, question)
		}
	})
	if !known {
		writeJSON(w, http.StatusBadRequest, map[string]string{"code": "InvalidValue", "message": fmt.Sprintf("no streets are prepared for profile %q", profile)})
	}
}

// osrmQuestion reads a request in OSRM's protocol, mounted at a prefix. It fails if a body is too large.
func osrmQuestion(r *http.Request, prefix string) (osrm.Question, error) {
	q := osrm.Question{Path: strings.TrimPrefix(r.URL.EscapedPath(), prefix), RawQuery: r.URL.RawQuery, Binary: r.Header.Get("Accept") == osrm.BinaryType}
	if r.Method != http.MethodPost {
		return q, nil
	}
	body, err := io.ReadAll(r.Body)
	q.Body = append([]byte{}, body...)
	return q, err
}

// answerOSRM writes a graph's answer.
func answerOSRM(w http.ResponseWriter, r *http.Request, graph *road.Graph, q osrm.Question) {
	status, body := osrm.Serve(r.Context(), graph, q)
	if r.Context().Err() != nil {
		writeJSON(w, http.StatusServiceUnavailable, map[string]string{"code": "TooBig", "message": "the answer takes too long; ask for less at once"})
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if q.Binary && status == http.StatusOK && len(body) > 0 && body[0] != '{' {
		w.Header().Set("Content-Type", osrm.BinaryType)
	}
	w.Header().Set("Cache-Control", "private, no-cache")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that has gone needs no answer
}

// Limits of a server of streets alone.
const (
	maxRoadBody  = 8 << 20
	roadHeaders  = 10 << 20 // addresses with thousands of coordinates
	roadDraining = 10 * time.Second
)

// RoadServer answers OSRM's HTTP API from one prepared street file, to whoever reaches it: it asks for no sign-in and
// is meant for a network of one's own. As with OSRM's own server, the profile in the address is not looked at.
func RoadServer(graph *road.Graph) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/healthz":
			writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
			return
		case r.Method != http.MethodGet && r.Method != http.MethodPost:
			w.Header().Set("Allow", "GET, POST")
			writeJSON(w, http.StatusMethodNotAllowed, map[string]string{"code": "InvalidOptions", "message": "ask by GET or POST"})
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), roadWithin)
		defer cancel()
		r.Body = http.MaxBytesReader(w, r.Body, maxRoadBody)
		question, err := osrmQuestion(r, "")
		if err != nil {
			writeJSON(w, http.StatusRequestEntityTooLarge, map[string]string{"code": "TooBig", "message": "the body is too large"})
			return
		}
		answerOSRM(w, r.WithContext(ctx), graph, question)
	})
}

// ServeRoads answers on a listener until the context ends, and then finishes what it is at.
func ServeRoads(ctx context.Context, listener net.Listener, graph *road.Graph) error {
	server := &http.Server{Handler: RoadServer(graph), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: roadHeaders}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve streets: %w", err)
	case <-ctx.Done():
	}
	draining, cancel := context.WithTimeout(context.WithoutCancel(ctx), roadDraining)
	defer cancel()
	if err := server.Shutdown(draining); err != nil {
		return fmt.Errorf("stop serving streets: %w", err)
	}
	return nil
}

// vroom solves a problem in VROOM's JSON, on matrices it brings or on our roads. Statuses are those of
// vroom-express: 400 for a wrong problem, 500 for roads that could not be asked.
func (s *roadServer) vroom(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	body, err := io.ReadAll(r.Body)
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		writeJSON(w, http.StatusRequestEntityTooLarge, vrp.Failure(&vrp.InputError{Field: "body", Message: "is too large"}))
		return
	}
	var problem vrp.Problem
	if err == nil {
		err = json.Unmarshal(body, &problem)
	}
	if err != nil {
		var input *vrp.InputError
		if !errors.As(err, &input) {
			err = &vrp.InputError{Field: "body", Message: "is no problem in VROOM's JSON: " + err.Error()}
		}
		writeJSON(w, http.StatusBadRequest, vrp.Failure(err))
		return
	}
	turn := time.NewTimer(solverWait)
	defer turn.Stop()
	select {
	case s.turns <- struct{}{}:
		defer func() { <-s.turns }()
	case <-turn.C:
		api.NewProblem(http.StatusServiceUnavailable, "the optimiser is busy with other problems; try again").With("Retry-After", "5").Write(w)
		return
	case <-r.Context().Done():
		return
	}
	times := vrp.ComputingTimes{Loading: time.Since(began).Milliseconds()}
	began = time.Now()
	err = vrp.FillMatrices(r.Context(), &problem, s.measure)
	times.Routing, began = time.Since(began).Milliseconds(), time.Now()
	var solution *vrp.Solution
	switch {
	case err != nil:
	case problem.Options != nil && problem.Options.Choose: // the order is given, only the times are not
		solution, err = vrp.Choose(&problem)
	default:
		solution, err = vrp.Solve(r.Context(), &problem, vrp.Options{Seed: 1, Threads: 2, Remedies: true})
	}
	if err != nil {
		failure := vrp.Failure(err)
		status := http.StatusInternalServerError
		switch {
		case failure.Code == vrp.CodeInput:
			status = http.StatusBadRequest
		case r.Context().Err() != nil:
			status = http.StatusServiceUnavailable
		case failure.Code == vrp.CodeInternal:
			s.Log.ErrorContext(r.Context(), "vroom", "error", err, "request_id", api.RequestID(r.Context()))
			failure.Error = "something went wrong on our side; the log tells more under request " + api.RequestID(r.Context())
		}
		writeJSON(w, status, failure)
		return
	}
	times.Solving, began = time.Since(began).Milliseconds(), time.Now()
	if problem.Options != nil && problem.Options.Geometry {
		if err := vrp.FillGeometry(r.Context(), &problem, solution, s.shape); err != nil {
			writeJSON(w, http.StatusInternalServerError, vrp.Failure(err))
			return
		}
		times.Routing += time.Since(began).Milliseconds()
	}
	solution.Summary.ComputingTimes = &times
	writeJSON(w, http.StatusOK, solution)
}

// shape asks our roads for the line through the stops of a route.
func (s *roadServer) shape(ctx context.Context, profile string, through []orb.Point) (orb.LineString, error) {
	route, err := s.Roads.Route(ctx, routing.Profile(profile), routing.AnyTime, through)
	if err != nil {
		return nil, err
	}
	var line orb.LineString
	for _, leg := range route.Legs {
		line = append(line, leg.Shape...)
	}
	return line, nil
}

// measure asks our roads for the times between the places of a problem.
func (s *roadServer) measure(ctx context.Context, profile string, at []orb.Point) (*vrp.Matrix, error) {
	if len(at) > maxSolvePlace {
		return nil, fmt.Errorf("%d places are more than the %d whose roads are asked for; bring matrices", len(at), maxSolvePlace)
	}
	if profile == "" {
		profile = string(routing.Car)
	}
	table, err := s.Roads.Table(ctx, routing.Profile(profile), routing.AnyTime, at, at)
	if err != nil {
		return nil, err
	}
	matrix := &vrp.Matrix{Size: len(at), Durations: make([]int32, len(at)*len(at)), Distances: table.Meters}
	for i, tenths := range table.Tenths {
		if matrix.Durations[i] = vrp.Unreachable; tenths != routing.Unreachable {
			matrix.Durations[i] = (tenths + 5) / 10
		}
	}
	return matrix, nil
}

// Join returns what adds all the routes to a router.
func Join(routes ...func(chi.Router)) func(chi.Router) {
	return func(router chi.Router) {
		for _, add := range routes {
			add(router)
		}
	}
}
