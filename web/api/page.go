package api

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"catchment/crm"
)

// Paging is what every list takes.
type Paging struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"50" doc:"The most items to return"`
	Cursor string `query:"cursor" maxLength:"1000" doc:"Where the page before ended: its next"`
}

// Page is what every list answers.
type Page[T any] struct {
	Items []T    `json:"items" nullable:"false"`
	Next  string `json:"next,omitempty" doc:"Cursor of the next page; absent on the last"`
}

// List is the answer of a list operation.
type List[T any] struct {
	Link string `header:"Link" doc:"The next page (RFC 8288)"`
	Body Page[T]
}

// list answers with the items, which hold one more than the limit if there is a next page; key gives what the
// cursor of the next page starts after.
func list[T, K any](ctx context.Context, items []T, limit int, key func(T) K) (*List[T], error) {
	page := &List[T]{Body: Page[T]{Items: items}}
	if items == nil {
		page.Body.Items = []T{}
	}
	if len(items) > limit {
		page.Body.Items = items[:limit]
		next, err := encodeCursor(key(items[limit-1]))
		if err != nil {
			return nil, err
		}
		page.Body.Next = next
		page.Link = nextLink(ctx, next)
	}
	return page, nil
}

// whole answers with a list that has no pages.
func whole[T any](items []T) *List[T] {
	if items == nil {
		items = []T{}
	}
	return &List[T]{Body: Page[T]{Items: items}}
}

// encodeCursor makes a cursor of a key. It is readable to who looks, and holds nothing the page did not show.
func encodeCursor[K any](key K) (string, error) {
	text, err := json.Marshal(key)
	if err != nil {
		return "", fmt.Errorf("encode cursor: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(text), nil
}

// decodeCursor returns the key of a cursor, and nil for none.
func decodeCursor[K any](cursor string) (*K, error) {
	if cursor == "" {
		return nil, nil
	}
	key := new(K)
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		err = unmarshal(text, key)
	}
	if err != nil || strings.Contains(string(text), `\u0000`) {
		return nil, crm.Invalidf("query.cursor", "is no cursor of this list")
	}
	return key, nil
}

type urlKey struct{}

// WithURL keeps the address of the request for links to further pages.
func WithURL(ctx context.Context, u *url.URL) context.Context {
	return context.WithValue(ctx, urlKey{}, u)
}

func nextLink(ctx context.Context, cursor string) string {
	u, ok := ctx.Value(urlKey{}).(*url.URL)
	if !ok {
		return ""
	}
	query := u.Query()
	query.Set("cursor", cursor)
	return fmt.Sprintf("<%s?%s>; rel=%q", u.EscapedPath(), query.Encode(), "next")
}

// Match is what operations take that change one record.
type Match struct {
	IfMatch string `header:"If-Match" maxLength:"50" doc:"The ETag of the version that is changed" example:"\"v3\""`
}

// version returns the version a request changes.
func (m Match) version() (int, error) {
	text := strings.TrimPrefix(strings.TrimSpace(m.IfMatch), "W/")
	number, found := strings.CutPrefix(strings.Trim(text, `"`), "v")
	version, err := strconv.Atoi(number)
	if !found || err != nil || version < 1 || version > 1<<31-1 {
		return 0, NewProblem(http.StatusPreconditionFailed, "If-Match names no version this record ever had",
			FieldError{"header.If-Match", `is not an ETag such as "v3"`})
	}
	return version, nil
}

// checkVersion answers 412 if somebody changed the record since the caller read it.
func checkVersion(asked, current int) error {
	if asked != current {
		return stale()
	}
	return nil
}

func stale() error {
	return NewProblem(http.StatusPreconditionFailed, "somebody else changed this meanwhile; load it again",
		FieldError{"header.If-Match", "names an older version"})
}

// One is the answer with a single record.
type One[T any] struct {
	ETag     string `header:"ETag" doc:"Version of the record"`
	Location string `header:"Location" doc:"Where the new record is"`
	Body     T
}

// one answers with a record of a version.
func one[T any](body T, version int) *One[T] {
	return &One[T]{ETag: etag(version), Body: body}
}

func etag(version int) string { return `"v` + strconv.Itoa(version) + `"` }

// Known is what operations take that return one record, for clients that may have it already.
type Known struct {
	IfNoneMatch string `header:"If-None-Match" maxLength:"1000" doc:"ETag of the version that is known: 304 if it is the newest"`
}

// unlessKnown answers 304 if the client has the version already. The record was loaded under the client's own
// rights first: a guessed ETag tells nothing.
func unlessKnown[T any](known Known, answer *One[T]) (*One[T], error) {
	if answer.ETag != "" && matches(known.IfNoneMatch, answer.ETag) {
		return nil, NewProblem(http.StatusNotModified, "").With("ETag", answer.ETag)
	}
	return answer, nil
}

// matches tells whether a list of ETags names one, compared weakly (RFC 9110, 13.1.2).
func matches(list, tag string) bool {
	for candidate := range strings.SplitSeq(list, ",") {
		candidate = strings.TrimPrefix(strings.TrimSpace(candidate), "W/")
		if candidate == "*" || candidate == strings.TrimPrefix(tag, "W/") {
			return true
		}
	}
	return false
}

// Nothing is the answer of operations that return no body.
type Nothing struct{}

var _ huma.StatusError = (*Problem)(nil)
