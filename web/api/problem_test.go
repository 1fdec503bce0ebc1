package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"catchment/crm"
	"catchment/geo"
)

func TestWhatPeopleAreToldOfAnError(t *testing.T) {
	t.Parallel()
	type told struct {
		Status int
		Detail string
		Fields []FieldError
		Logged bool
	}
	pg := func(code string) error {
		return fmt.Errorf("list: %w", &pgconn.PgError{Code: code, Message: "secret table"})
	}
	const apology = "something went wrong on our side; the log tells more under request 42"
	const away = "the database does not answer just now; please try again"
	const unstorable = "a value is out of the range that can be stored"
	for name, c := range map[string]struct {
		err  error
		want told
	}{
		"a wrong value":               {crm.Invalidf("end", "ends before it starts"), told{422, "end: ends before it starts", []FieldError{{"body.end", "ends before it starts"}}, false}},
		"a wrong value, wrapped":      {fmt.Errorf("add: %w", crm.Invalidf("end", "is late")), told{422, "end: is late", []FieldError{{"body.end", "is late"}}, false}},
		"nothing there":               {crm.Missing("visit"), told{404, "no such visit", nil, false}},
		"a conflict":                  {crm.Conflictf("is taken"), told{409, "is taken", nil, false}},
		"an overtaken version":        {crm.Stale(), told{412, "somebody else changed this meanwhile; load it again", []FieldError{{"header.If-Match", "names an older version"}}, false}},
		"a right he lacks":            {&crm.Error{Kind: crm.Forbidden, Message: "may not"}, told{403, "may not", nil, false}},
		"nobody signed in":            {&crm.Error{Kind: crm.Unauthenticated, Message: "sign in first"}, told{401, "sign in first", nil, false}},
		"a shape that is unsound":     {&geo.Unsound{Path: "coordinates[0][3]", Message: "crosses itself"}, told{422, "coordinates[0][3]: crosses itself", []FieldError{{"body.coordinates[0][3]", "crosses itself"}}, false}},
		"a bug":                       {errors.New("index out of range"), told{500, apology, nil, true}},
		"a statement that is wrong":   {pg("42P01"), told{500, apology, nil, true}},
		"a number PostgreSQL refuses": {pg("22003"), told{422, unstorable, []FieldError{{"body", "holds a value that cannot be stored"}}, true}},
		"a check that is violated":    {pg("23514"), told{422, unstorable, []FieldError{{"body", "holds a value that cannot be stored"}}, true}},
		"a server that shuts down":    {pg("57P01"), told{503, away, nil, true}},
		"too many connections":        {pg("53300"), told{503, away, nil, true}},
		"a deadlock":                  {pg("40P01"), told{503, away, nil, true}},
		"nobody who answers":          {&net.OpError{Op: "dial", Err: errors.New("connection refused")}, told{503, away, nil, true}},
		"an answer that is too late":  {fmt.Errorf("acquire: %w", context.DeadlineExceeded), told{503, away, nil, true}},
		"a body that is too long":     {&http.MaxBytesError{Limit: 7}, told{413, "the request body is larger than 7 bytes", []FieldError{{"body", "is too large"}}, false}},
		"a problem already":           {NewProblem(418, "tea"), told{418, "tea", nil, false}},
	} {
		var log strings.Builder
		p := ProblemFor(WithRequestID(t.Context(), "42"), slog.New(slog.NewTextHandler(&log, nil)), c.err, func(field string) string { return "body." + field })
		got := told{p.Status, p.Detail, p.Errors, log.Len() > 0}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
		text, err := json.Marshal(p)
		if err != nil || strings.Contains(string(text), "secret") || p.Title == "" && p.Status != 418 {
			t.Errorf("%s: %s %v", name, text, err)
		}
		if p.Status == 503 && p.GetHeaders().Get("Retry-After") == "" {
			t.Errorf("%s: does not say when to try again", name)
		}
		if got.Logged && p.Status >= 500 && !strings.Contains(log.String(), "42") {
			t.Errorf("%s: the log does not name the request: %s", name, log.String())
		}
	}
}

func TestAClientThatLeftIsNoFault(t *testing.T) {
	t.Parallel()
	gone, leave := context.WithCancel(t.Context())
	leave()
	if p := ProblemFor(gone, slog.New(slog.DiscardHandler), context.Canceled, nil); p.Status != statusClientGone {
		t.Errorf("got %d", p.Status)
	}
}

// What validation finds is told without the value: it may be a password.
func TestValidationNeverSendsValuesBack(t *testing.T) {
	t.Parallel()
	err := newHumaError(422, "validation failed",
		&huma.ErrorDetail{Location: "body", Message: "expected required property name to be present", Value: "secret"},
		&huma.ErrorDetail{Location: "body.age", Message: "json: cannot unmarshal string into Go struct field X.age of type int", Value: "secret"})
	w := httptest.NewRecorder()
	err.(*Problem).Write(w)
	want := `{"type":"about:blank","title":"Unprocessable Entity","status":422,"detail":"body.name: is required","errors":[` +
		`{"location":"body.name","message":"is required"},{"location":"body.age","message":"has the wrong type or is out of range"}]}`
	if diff := cmp.Diff(want, strings.TrimSpace(w.Body.String())); diff != "" {
		t.Error(diff)
	}
}
