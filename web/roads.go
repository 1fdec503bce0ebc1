package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
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
	status, body := http.StatusBadRequest, []byte(nil)
	s.Roads.Use(profile, func(engine routing.Travel) {
		if graph, ours := engine.(*road.Graph); ours {
			status, body = osrm.Serve(r.Context(), graph, strings.TrimPrefix(r.URL.EscapedPath(), "/osrm"), r.URL.RawQuery)
		}
	})
	switch {
	case r.Context().Err() != nil:
		writeJSON(w, http.StatusServiceUnavailable, map[string]string{"code": "TooBig", "message": "the answer takes too long; ask for less at once"})
	case body == nil:
		writeJSON(w, http.StatusBadRequest, map[string]string{"code": "InvalidValue", "message": fmt.Sprintf("no streets are prepared for profile %q", profile)})
	default:
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "private, no-cache")
		w.WriteHeader(status)
		_, _ = w.Write(body) // a client that has gone needs no answer
	}
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
	times.Solving = time.Since(began).Milliseconds()
	solution.Summary.ComputingTimes = &times
	writeJSON(w, http.StatusOK, solution)
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
