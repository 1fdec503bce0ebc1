package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/jackc/pgx/v5/pgconn"

	"catchment/crm"
	"catchment/crm/customer"
	"catchment/geo"
	"catchment/geo/geocode"
)

// Problem is how every error leaves the house: application/problem+json of RFC 9457.
type Problem struct {
	Type   string       `json:"type" doc:"What kind of problem this is" example:"about:blank"`
	Title  string       `json:"title" doc:"The status in words" example:"Unprocessable Entity"`
	Status int          `json:"status" doc:"The HTTP status" example:"422"`
	Detail string       `json:"detail" doc:"What went wrong, for a person" example:"windows[0].end: ends before it starts"`
	Errors []FieldError `json:"errors,omitempty" doc:"Each value that is wrong"`

	Candidates []Address `json:"candidates,omitempty" doc:"Where a site's address leaves open which place is meant: those it may mean, best first"`

	header http.Header
}

// FieldError tells which value is wrong, and why. The value itself is never sent back: it may be a secret.
type FieldError struct {
	Location string `json:"location" doc:"Where the value stands: body, query, path or header, then its path" example:"body.windows[0].end"`
	Message  string `json:"message" doc:"What is wrong with it" example:"ends before it starts"`
}

func (p *Problem) Error() string { return p.Detail }

// GetStatus returns the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders returns what the answer carries besides, such as Retry-After.
func (p *Problem) GetHeaders() http.Header { return p.header }

// ContentType names the format.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// NewProblem returns a problem with a status and what to tell about it.
func NewProblem(status int, detail string, fields ...FieldError) *Problem {
	return &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail, Errors: fields}
}

// With adds a header to the answer.
func (p *Problem) With(name, value string) *Problem {
	if p.header == nil {
		p.header = http.Header{}
	}
	p.header.Set(name, value)
	return p
}

// Write answers with the problem, outside of an operation.
func (p *Problem) Write(w http.ResponseWriter) {
	for name, values := range p.header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // a client that has gone needs no answer
}

// huma makes its own errors through two package variables; there is no other way to give them our form.
func init() {
	huma.NewError = newHumaError
	huma.NewErrorWithContext = func(_ huma.Context, status int, message string, errs ...error) huma.StatusError {
		return newHumaError(status, message, errs...)
	}
}

func newHumaError(status int, message string, errs ...error) huma.StatusError {
	switch {
	case status == http.StatusRequestEntityTooLarge:
		return NewProblem(status, message, FieldError{"body", "is too large"}).With("Connection", "close")
	case message == "cannot read request body" && !anyTooLarge(errs):
		return NewProblem(http.StatusBadRequest, "the request body ended early", FieldError{"body", "ended early"})
	case message == "request body is required":
		return NewProblem(http.StatusUnprocessableEntity, "body: is required", FieldError{"body", "is required"})
	}
	p := NewProblem(status, message)
	for _, err := range errs {
		if err == nil {
			continue
		}
		var known huma.ErrorDetailer
		var tooLarge *http.MaxBytesError
		switch {
		case errors.As(err, &tooLarge):
			return tooLargeProblem(tooLarge.Limit)
		case errors.As(err, &known):
			detail := known.ErrorDetail() // without its Value
			p.Errors = append(p.Errors, fieldError(detail.Location, detail.Message))
		default:
			p.Errors = append(p.Errors, fieldError("body", err.Error()))
		}
	}
	if status < http.StatusInternalServerError && len(p.Errors) > 0 {
		p.Detail = p.Errors[0].Location + ": " + p.Errors[0].Message
	}
	return p
}

// fieldError says what huma and encoding/json say, in the words people need: the property that is missing is
// the place, and Go's types are nobody's business.
func fieldError(location, message string) FieldError {
	if rest, found := strings.CutPrefix(message, "expected required property "); found {
		if name, found := strings.CutSuffix(rest, " to be present"); found {
			return FieldError{location + "." + name, "is required"}
		}
	}
	if strings.Contains(message, "json: cannot unmarshal ") {
		message = "has the wrong type or is out of range"
	}
	return FieldError{location, message}
}

func anyTooLarge(errs []error) bool {
	return slices.ContainsFunc(errs, func(err error) bool {
		var tooLarge *http.MaxBytesError
		return errors.As(err, &tooLarge)
	})
}

func tooLargeProblem(limit int64) *Problem {
	return NewProblem(http.StatusRequestEntityTooLarge,
		fmt.Sprintf("the request body is larger than %d bytes", limit), FieldError{"body", "is too large"}).With("Connection", "close")
}

// ProblemFor turns an error of the house into what people are told. What is no mistake of theirs is logged with
// its cause, once, and answered with an apology that names the request. located turns the field of a crm.Error
// into a location; nil leaves it as it is.
func ProblemFor(ctx context.Context, log *slog.Logger, err error, located func(field string) string) *Problem {
	if located == nil {
		located = func(field string) string { return field }
	}
	var done *Problem
	var known *crm.Error
	var undecided *customer.Undecided
	var elsewhere *geocode.Unavailable
	var unsound *geo.Unsound
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &done):
		return done
	case errors.As(err, &undecided) && errors.As(err, &known):
		p := fromKind(known, located)
		p.Candidates = addressesOut(undecided.Candidates)
		return p
	case errors.As(err, &known):
		return fromKind(known, located)
	case errors.As(err, &unsound):
		return NewProblem(http.StatusUnprocessableEntity, unsound.Error(), FieldError{located(unsound.Path), unsound.Message})
	case errors.As(err, &tooLarge):
		return tooLargeProblem(tooLarge.Limit)
	case errors.Is(ctx.Err(), context.Canceled):
		return NewProblem(statusClientGone, "the client has gone")
	case errors.As(err, &elsewhere):
		log.ErrorContext(ctx, "address search not answering", "error", err, "request_id", RequestID(ctx))
		return NewProblem(http.StatusServiceUnavailable, "the address search does not answer just now; please try again, or set the point by hand").With("Retry-After", "5")
	case isDataError(err):
		log.WarnContext(ctx, "value refused by the database", "error", err, "request_id", RequestID(ctx))
		return NewProblem(http.StatusUnprocessableEntity, "a value is out of the range that can be stored", FieldError{"body", "holds a value that cannot be stored"})
	case isAway(err):
		log.ErrorContext(ctx, "database not answering", "error", err, "request_id", RequestID(ctx))
		return NewProblem(http.StatusServiceUnavailable, "the database does not answer just now; please try again").With("Retry-After", "2")
	}
	log.ErrorContext(ctx, "request failed", "error", err, "request_id", RequestID(ctx))
	return Apology(ctx)
}

// Apology is what people are told of a fault of ours.
func Apology(ctx context.Context) *Problem {
	return NewProblem(http.StatusInternalServerError,
		"something went wrong on our side; the log tells more under request "+RequestID(ctx))
}

// statusClientGone is logged for requests whose client left before the answer; nobody receives it.
const statusClientGone = 499

func fromKind(e *crm.Error, located func(string) string) *Problem {
	if e.Kind == crm.Conflict && e.Field == "version" { // as crm.Stale tells it
		return stale()
	}
	status := map[crm.Kind]int{
		crm.Invalid:         http.StatusUnprocessableEntity,
		crm.NotFound:        http.StatusNotFound,
		crm.Conflict:        http.StatusConflict,
		crm.Forbidden:       http.StatusForbidden,
		crm.Unauthenticated: http.StatusUnauthorized,
	}[e.Kind]
	if status == 0 {
		status = http.StatusUnprocessableEntity
	}
	p := NewProblem(status, e.Error())
	if e.Field != "" {
		p.Errors = []FieldError{{located(e.Field), e.Message}}
	}
	if status == http.StatusUnauthorized {
		p.With("WWW-Authenticate", `Bearer realm="catchment"`)
	}
	return p
}

// isDataError tells whether PostgreSQL refused a value for what it is (class 22, data exception, and 23514, a
// violated check). Our own rules should have caught it; it is still a mistake in the input, not a fault.
func isDataError(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (strings.HasPrefix(pg.Code, "22") || pg.Code == "23514")
}

// isAway tells whether the database could not be asked: unreachable, out of connections, shutting down, or
// busy beyond the time a request may take. Trying again is safe and sensible.
func isAway(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch {
		case strings.HasPrefix(pg.Code, "08"), strings.HasPrefix(pg.Code, "53"), strings.HasPrefix(pg.Code, "57P"):
			return true
		case pg.Code == "40001", pg.Code == "40P01", pg.Code == "57014", pg.Code == "55P03":
			return true // serialisation, deadlock, cancelled by a timeout, lock not available
		}
		return false
	}
	var connecting *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connecting) || errors.As(err, &network) || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, net.ErrClosed) || strings.Contains(err.Error(), "closed pool") || pgconn.SafeToRetry(err)
}

type requestIDKey struct{}

// WithRequestID returns a context of the request with the id.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey{}, id)
}

// RequestID returns the id of the request, which is also in its access line and its X-Request-Id header.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

type callerKey struct{}

// WithCaller keeps the address of the client, as limits count it.
func WithCaller(ctx context.Context, address string) context.Context {
	return context.WithValue(ctx, callerKey{}, address)
}

// Caller returns the address of the client.
func Caller(ctx context.Context) string {
	address, _ := ctx.Value(callerKey{}).(string)
	return address
}
