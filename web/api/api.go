// Package api is the HTTP interface of the business: one file a noun, typed operations, described by an OpenAPI
// document that is generated from them.
//
// A handler parses, calls one method of a room of the business, and answers; rules live in the rooms. What holds
// for every operation is here: rights before anything else, problems, paging, versions, repeated requests.
package api

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"

	"catchment/crm"
)

// Public marks operations that need no sign-in. Every operation names its right; this one is said out loud.
const Public crm.Right = "public"

// DefaultMaxBody is the most bytes a request body may have unless the operation says otherwise.
const DefaultMaxBody = 1 << 20

// answerWithin is how long an operation may take. Longer work is a job with progress.
const answerWithin = 30 * time.Second

// API registers operations on a router.
type API struct {
	huma  huma.API
	log   *slog.Logger
	store *crm.Store
	ids   map[string]bool // operation ids taken
}

// Frame returns an API without operations on the router, which is mounted under prefix.
func Frame(router chi.Router, prefix string, store *crm.Store, log *slog.Logger) *API {
	config := huma.DefaultConfig("Catchment", "1")
	config.Info.Description = "Customers by place and history, and who visits whom, when and by which road.\n\n" +
		"JSON in snake_case. Instants are RFC 3339 in UTC, days are YYYY-MM-DD in the zone of the organisation, points are " +
		"[longitude, latitude], durations end in `_seconds`, lengths in `_meters`. Lists are paged by an opaque cursor. " +
		"Errors are problems (RFC 9457) that name the wrong values."
	config.Servers = []*huma.Server{{URL: prefix}}
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "/openapi", "", ""
	config.CreateHooks = nil // no $schema in answers
	config.RejectUnknownQueryParameters = true
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"session": {Type: "apiKey", In: "cookie", Name: "catchment_session", Description: "Given by POST /login."},
		"token":   {Type: "http", Scheme: "bearer", Description: "An API token, ct_…, made under POST /tokens."},
	}
	format := huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: unmarshal}
	config.Formats = map[string]huma.Format{"application/json": format, "json": format}
	return &API{huma: humachi.New(router, config), log: log, store: store, ids: map[string]bool{}}
}

// OpenAPI returns the document of all operations.
func (a *API) OpenAPI() *huma.OpenAPI { return a.huma.OpenAPI() }

// Operation is what Register needs to know of an operation beside its types.
type Operation struct {
	ID      string // "addVisit": the name generated clients use
	Method  string
	Path    string
	Summary string
	About   string // a sentence or two, where the summary leaves questions
	Tag     string // the noun
	Status  int    // of success; 200 if zero
	MaxBody int64  // bytes; DefaultMaxBody if zero

	Versioned bool // needs If-Match: 428 without
	Asks      bool // a POST that changes nothing, because the question is too long for an address
	Secret    bool // the answer holds a secret: never kept for a repeated Idempotency-Key
	Stream    bool // the answer does not end by itself, or takes as long as its client does
	Raw       bool // the body is bytes as they are, taken from Bytes

	Gives []string // media types of an answer that is no JSON

	Request, Response *huma.Schema // forms that do not follow from the types
}

// Register adds an operation that only who has the right may call. The right is checked before the request is
// read, so that a stranger learns nothing from what validation would have said.
func Register[I, O any](a *API, o Operation, right crm.Right, handler func(context.Context, *I) (*O, error)) {
	if right == "" || o.ID == "" || o.Tag == "" || o.Summary == "" || a.ids[o.ID] {
		panic(fmt.Sprintf("operation %s %s: needs a right, a tag, a summary and an id of its own", o.Method, o.Path))
	}
	a.ids[o.ID] = true
	if o.MaxBody == 0 {
		o.MaxBody = DefaultMaxBody
	}
	op := huma.Operation{
		OperationID: o.ID, Method: o.Method, Path: o.Path, Summary: o.Summary, Description: o.About, Tags: []string{o.Tag},
		DefaultStatus: o.Status, MaxBodyBytes: o.MaxBody, BodyReadTimeout: 20 * time.Second,
		Extensions: map[string]any{"x-right": string(right)},
	}
	if o.Asks {
		op.Extensions["x-asks"] = true
	}
	if o.Request != nil {
		op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: o.Request}}}
	}
	if o.Raw {
		op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{rawType: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}}
	}
	if len(o.Gives) > 0 {
		op.Responses = map[string]*huma.Response{strconv.Itoa(cmp.Or(o.Status, http.StatusOK)): {Description: "The file", Content: map[string]*huma.MediaType{}}}
		for _, media := range o.Gives {
			op.Responses[strconv.Itoa(cmp.Or(o.Status, http.StatusOK))].Content[media] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
		}
	}
	if o.Response != nil {
		status := cmp.Or(o.Status, http.StatusOK)
		op.Responses = map[string]*huma.Response{strconv.Itoa(status): {Description: http.StatusText(status),
			Content: map[string]*huma.MediaType{"application/json": {Schema: o.Response}}}}
	}
	if right != Public {
		op.Security = []map[string][]string{{"session": {}}, {"token": {}}}
	}
	writes := o.Method != http.MethodGet
	op.Middlewares = huma.Middlewares{a.requireRight(right), a.checkForm(o)}
	if o.Method == http.MethodPost && right != Public && !o.Secret && !o.Asks {
		op.Middlewares = append(op.Middlewares, a.onceByKey(o.MaxBody))
		op.Parameters = append(op.Parameters, &huma.Param{
			Name: idempotencyHeader, In: "header", Schema: &huma.Schema{Type: huma.TypeString, MaxLength: new(maxKey)},
			Description: "Sent again with the same body, the first answer is given again and nothing is done twice.",
		})
	}

	var located func(string) string
	huma.Register(a.huma, op, func(ctx context.Context, input *I) (*O, error) {
		output, err := handler(ctx, input)
		if err != nil {
			return nil, ProblemFor(ctx, a.log, err, located)
		}
		return output, nil
	})
	located = locator(a.huma.OpenAPI(), o.Path, o.Method, writes)
	addExample(a.huma.OpenAPI(), o.Path, o.Method)
}

// requireRight answers who may not with 401 or 403 before anything of the request is looked at.
func (a *API) requireRight(right crm.Right) func(huma.Context, func(huma.Context)) {
	return func(hctx huma.Context, next func(huma.Context)) {
		if right != Public {
			if _, err := crm.Require(hctx.Context(), right); err != nil {
				a.refuse(hctx, err)
				return
			}
		}
		next(hctx)
	}
}

// checkForm refuses what no operation takes: bodies that are too long, of a foreign type, or against the
// operation's need of a version; texts that PostgreSQL cannot hold.
func (a *API) checkForm(o Operation) func(huma.Context, func(huma.Context)) {
	return func(hctx huma.Context, next func(huma.Context)) {
		r, w := humachi.Unwrap(hctx)
		if r.ContentLength > o.MaxBody {
			tooLargeProblem(o.MaxBody).Write(w)
			return
		}
		if r.ContentLength != 0 { // -1 is a body whose length is not told
			r.Body = http.MaxBytesReader(w, r.Body, o.MaxBody)
			if t := r.Header.Get("Content-Type"); o.Raw {
				if !strings.EqualFold(t, rawType) {
					NewProblem(http.StatusUnsupportedMediaType, "send "+rawType, FieldError{"header.Content-Type", "is not " + rawType}).Write(w)
					return
				}
			} else if t != "" && !isJSON(t) {
				NewProblem(http.StatusUnsupportedMediaType, "send application/json", FieldError{"header.Content-Type", "is not application/json"}).Write(w)
				return
			}
		}
		if o.Versioned && r.Header.Get("If-Match") == "" {
			NewProblem(http.StatusPreconditionRequired, "say which version you change, by If-Match with the ETag you were given",
				FieldError{"header.If-Match", "is missing"}).Write(w)
			return
		}
		if where := unstorable(r); where != "" {
			NewProblem(http.StatusUnprocessableEntity, where+": is not valid text", FieldError{where, "holds a NUL or is not UTF-8"}).Write(w)
			return
		}
		if o.Raw {
			later := time.Now().Add(sendWithin) // than the server allows for small bodies
			control := http.NewResponseController(w)
			_ = control.SetReadDeadline(later)  // where it cannot be moved,
			_ = control.SetWriteDeadline(later) // the server's own stands
			within, cancel := context.WithTimeout(context.WithValue(hctx.Context(), bytesKey{}, r.Body), sendWithin)
			defer cancel()
			next(huma.WithContext(hctx, within))
			return
		}
		if o.Stream {
			next(hctx)
			return
		}
		within, cancel := context.WithTimeout(hctx.Context(), answerWithin)
		defer cancel()
		next(huma.WithContext(hctx, within))
	}
}

// rawType is the Content-Type of bodies that are bytes as they are, and sendWithin how long one may be on its way.
const (
	rawType    = "application/octet-stream"
	sendWithin = 10 * time.Minute
)

type bytesKey struct{}

// Bytes returns the body of an operation that takes bytes as they are.
func Bytes(ctx context.Context) io.Reader {
	if body, ok := ctx.Value(bytesKey{}).(io.Reader); ok && body != nil {
		return body
	}
	return strings.NewReader("")
}

func (a *API) refuse(hctx huma.Context, err error) {
	_, w := humachi.Unwrap(hctx)
	ProblemFor(hctx.Context(), a.log, err, nil).Write(w)
}

func isJSON(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	return strings.EqualFold(strings.TrimSpace(kind), "application/json")
}

// unstorable returns the first parameter of the path or the query that is no text PostgreSQL can hold.
func unstorable(r *http.Request) string {
	bad := func(text string) bool { return !utf8.ValidString(text) || strings.ContainsRune(text, 0) }
	for name, values := range r.URL.Query() {
		if bad(name) || slices.ContainsFunc(values, bad) {
			return "query." + strings.ToValidUTF8(strings.ReplaceAll(name, "\x00", ""), "?")
		}
	}
	if bad(r.URL.Path) {
		return "path"
	}
	return ""
}

// unmarshal is JSON without NUL characters, which PostgreSQL cannot hold in a text. huma decodes twice: first
// into a tree, which it validates, then into the type.
func unmarshal(data []byte, v any) error {
	if err := json.Unmarshal(data, v); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return fmt.Errorf("is not JSON at byte %d: %w", syntax.Offset, err)
		}
		return err
	}
	if tree, ok := v.(*any); ok && bytes.Contains(data, []byte(`\u0000`)) {
		if path, found := findNUL(*tree, "body"); found {
			return fmt.Errorf("%s: holds a NUL character", path)
		}
	}
	return nil
}

func findNUL(tree any, path string) (string, bool) {
	switch t := tree.(type) {
	case string:
		return path, strings.ContainsRune(t, 0)
	case []any:
		for i, item := range t {
			if where, found := findNUL(item, fmt.Sprintf("%s[%d]", path, i)); found {
				return where, true
			}
		}
	case map[string]any:
		for name, item := range t {
			if strings.ContainsRune(name, 0) {
				return path, true
			}
			if where, found := findNUL(item, path+"."+name); found {
				return where, true
			}
		}
	}
	return "", false
}

// locator returns how the fields that a room of the business names stand in requests to the operation.
func locator(document *huma.OpenAPI, path, method string, writes bool) func(string) string {
	in := map[string]string{}
	if item := document.Paths[path]; item != nil {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Patch, item.Put, item.Delete} {
			if op == nil || op.Method != method {
				continue
			}
			for _, p := range op.Parameters {
				in[p.Name] = p.In
			}
		}
	}
	return func(field string) string {
		root, _, _ := strings.Cut(field, ".")
		root, _, _ = strings.Cut(root, "[")
		switch {
		case root == "body" || root == "query" || root == "path" || root == "header":
			return field
		case in[root] == "query" || in[root] == "path":
			return in[root] + "." + field
		case writes:
			return "body." + field
		}
		return "query." + field
	}
}

// readAll reads what is left of a body that MaxBytesReader guards.
func readAll(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, fmt.Errorf("read request: %w", err)
	}
	return body, nil
}
