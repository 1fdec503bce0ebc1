package web

import (
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/httprate"

	"catchment/crm"
	"catchment/web/api"
)

// rateHeaders tell clients how much they may still ask for (IETF draft-ietf-httpapi-ratelimit-headers, as of version 05).
var rateHeaders = httprate.ResponseHeaders{Limit: "RateLimit-Limit", Remaining: "RateLimit-Remaining", Reset: "RateLimit-Reset", RetryAfter: "Retry-After"}

// secondsUntilReset turns the instant httprate writes into seconds, as the headers are meant.
func secondsUntilReset(h http.Header) {
	if at, err := strconv.ParseInt(h.Get(rateHeaders.Reset), 10, 64); err == nil && at > 1_000_000_000 {
		h.Set(rateHeaders.Reset, strconv.FormatInt(max(0, at-time.Now().Unix()), 10))
	}
}

// limitActor lets one person, and each of his tokens apart from him, ask so often and no more, from however many
// addresses. Strangers are counted by address alone.
func limitActor(perMinute int) func(http.Handler) http.Handler {
	limit := httprate.LimitBy(max(1, perMinute/6), 10*time.Second,
		func(r *http.Request) (string, error) {
			actor, _ := crm.ActorFrom(r.Context())
			return actor.ID.String() + " " + actor.Device, nil
		},
		httprate.WithResponseHeaders(rateHeaders),
		httprate.WithLimitHandler(func(w http.ResponseWriter, _ *http.Request) {
			secondsUntilReset(w.Header())
			api.NewProblem(http.StatusTooManyRequests, "too many requests of yours: wait a moment").Write(w)
		}))
	return func(next http.Handler) http.Handler {
		told := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			secondsUntilReset(w.Header())
			next.ServeHTTP(w, r)
		})
		limited := limit(told)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, known := crm.ActorFrom(r.Context()); known {
				limited.ServeHTTP(w, r)
				return
			}
			told.ServeHTTP(w, r)
		})
	}
}
