package api

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

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

// WholePaging is what lists take that are short enough to be given whole.
type WholePaging struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"500" doc:"The most items to return"`
	Cursor string `query:"cursor" maxLength:"1000" doc:"Where the page before ended: its next"`
}

// paged answers with a page of a room's list, each item as it leaves the house.
func paged[T, J any](ctx context.Context, page crm.Page[T], item func(T) J) *List[J] {
	answer := &List[J]{Body: Page[J]{Items: make([]J, 0, len(page.Items)), Next: page.Next}}
	for _, t := range page.Items {
		answer.Body.Items = append(answer.Body.Items, item(t))
	}
	if page.Next != "" {
		answer.Link = nextLink(ctx, page.Next)
	}
	return answer
}

// whole answers with a list that the room gives whole. Its cursor counts items.
func whole[T, J any](ctx context.Context, paging WholePaging, items []T, item func(T) J) (*List[J], error) {
	var from int
	if _, err := crm.DecodeCursor(paging.Cursor, &from); err != nil {
		return nil, err
	}
	if from < 0 || from > len(items) {
		return nil, crm.Invalidf("query.cursor", "is no cursor of this list")
	}
	page := crm.Page[T]{Items: items[from:]}
	if limit := paging.Limit; limit > 0 && len(page.Items) > limit {
		page.Items, page.Next = page.Items[:limit], crm.EncodeCursor(from+limit)
	}
	return paged(ctx, page, item), nil
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

// stale answers that somebody changed the record since the caller read it.
func stale() *Problem {
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

// oneAt answers with a new record and where it is.
func oneAt[T any](body T, version int, path string) *One[T] {
	answer := one(body, version)
	answer.Location = prefix + path
	return answer
}

// prefix is where the API is mounted, for addresses in answers.
const prefix = "/api/v1"

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

// ID is what operations on one record take.
type ID struct {
	ID uuid.UUID `path:"id" format:"uuid" doc:"The record's id" example:"0199b0e4-7c1a-7b52-8a3e-5d0f1c2b3a49"`
}

// optionalID reads an id that a query may leave out.
func optionalID(field, text string) (*uuid.UUID, error) {
	if text == "" {
		return nil, nil
	}
	id, err := uuid.Parse(text)
	if err != nil {
		return nil, crm.Invalidf("query."+field, "is no id")
	}
	return &id, nil
}

var _ huma.StatusError = (*Problem)(nil)
