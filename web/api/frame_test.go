package api

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"catchment/crm"
	"catchment/crm/work"
)

func TestTagsThatMatch(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		list, tag string
		want      bool
	}{
		"the same":           {`"v1"`, `"v1"`, true},
		"another":            {`"v2"`, `"v1"`, false},
		"one of several":     {`"v2", "v1"`, `"v1"`, true},
		"weakened by a gzip": {`W/"v1"`, `"v1"`, true},
		"any":                {"*", `"v1"`, true},
		"none":               {"", `"v1"`, false},
		"a part of it":       {`"v11"`, `"v1"`, false},
	} {
		if diff := cmp.Diff(c.want, matches(c.list, c.tag)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestVersionsOfIfMatch(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]int{`"v1"`: 1, `"v2147483647"`: 2147483647, `W/"v3"`: 3, ` "v3" `: 3, "v3": 3,
		"": 0, `"3"`: 0, `"v"`: 0, `"v-1"`: 0, `"v1.5"`: 0, `"v2147483648"`: 0, `"v99999999999999999999"`: 0, `"v1", "v2"`: 0, "*": 0} {
		got, err := Match{IfMatch: header}.version()
		if diff := cmp.Diff(want, got); diff != "" || (err == nil) != (want > 0) {
			t.Errorf("%s: %s %v", header, diff, err)
		}
	}
}

func TestPagesOfAWholeList(t *testing.T) {
	t.Parallel()
	u, _ := url.Parse("/api/v1/skills?limit=2&x=a%26b")
	ctx := WithURL(t.Context(), u)
	items, same := []int{1, 2, 3, 4, 5}, func(i int) int { return i }
	seen, cursor := []int{}, ""
	for range 3 {
		page, err := whole(ctx, WholePaging{Limit: 2, Cursor: cursor}, items, same)
		if err != nil {
			t.Fatal(err)
		}
		seen, cursor = append(seen, page.Body.Items...), page.Body.Next
		if want := "</api/v1/skills?cursor=" + cursor + "&limit=2&x=a%26b>; rel=\"next\""; cursor != "" && page.Link != want {
			t.Errorf("Link is %s, want %s", page.Link, want)
		}
	}
	if diff := cmp.Diff(items, seen); diff != "" || cursor != "" {
		t.Errorf("%s, then %q", diff, cursor)
	}
	for name, bad := range map[string]string{"nonsense": "!", "negative": crm.EncodeCursor(-1), "beyond": crm.EncodeCursor(6), "a text": crm.EncodeCursor("x")} {
		if _, err := whole(ctx, WholePaging{Cursor: bad}, items, same); crm.KindOf(err) != crm.Invalid {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if page, err := whole(ctx, WholePaging{}, nil, same); err != nil || page.Body.Items == nil {
		t.Errorf("an empty list is %v, %v", page, err)
	}
}

func TestWhereANULHides(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"a":"x"}`: "", `{"a":"\u0000"}`: "body.a", `{"a":[{"b":"x"},{"b":"y\u0000"}]}`: "body.a[1].b", `{"a\u0000":1}`: "body", `"\u0000"`: "body", `{"a":"\\u0000"}`: "",
	} {
		var tree any
		err := unmarshal([]byte(body), &tree)
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want+": ")) {
			t.Errorf("%s: got %v, want %q", body, err, want)
		}
	}
}

func TestParametersThatAreNoText(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]string{"/x?a=b": "", "/x?a=%00": "query.a", "/x?a=%ff": "query.a", "/x?%00=b": "query.", "/%00": "path", "/x?a=%F0%9F%94%A5": ""} {
		if diff := cmp.Diff(want, unstorable(httptest.NewRequest(http.MethodGet, target, nil))); diff != "" {
			t.Errorf("%s:\n%s", target, diff)
		}
	}
}

func TestFieldsAreNamedAsTheRequestHasThem(t *testing.T) {
	t.Parallel()
	names := map[string]string{"payload": "", "shifts[0].day": "date", "shifts[0]": "", "base_point": "base.point"}
	for field, want := range map[string]string{"payload.title": "title", "payload.windows[0].end": "windows[0].end", "payload": "", "shifts[0].day": "date",
		"shifts[0].breaks[1]": "breaks[1]", "base_point": "base.point", "name": "name"} {
		err := renamed(crm.Invalidf(field, "is wrong"), names)
		if diff := cmp.Diff(want, err.(*crm.Error).Field); diff != "" {
			t.Errorf("%s:\n%s", field, diff)
		}
	}
}

func TestIDsThatFollowFromAKey(t *testing.T) {
	t.Parallel()
	as := func(actor, key string) uuid.UUID {
		ctx := crm.WithActor(t.Context(), crm.Actor{ID: uuid.NewSHA1(uuid.Nil, []byte(actor))})
		return newID(contextWithKey(ctx, key), nil)
	}
	if as("ada", "k") != as("ada", "k") || as("ada", "k") == as("eve", "k") || as("ada", "k") == as("ada", "l") {
		t.Error("an id does not follow from who and key")
	}
	if v := as("ada", "k"); v.Version() != 8 || v.Variant() != uuid.RFC4122 {
		t.Errorf("%s is version %d", v, v.Version())
	}
	if newID(t.Context(), nil) == newID(t.Context(), nil) {
		t.Error("without a key every id is new")
	}
	given := uuid.New()
	if newID(t.Context(), &given) != given {
		t.Error("a given id is kept")
	}
}

func TestHowLateAVisitIs(t *testing.T) {
	t.Parallel()
	at := func(hour int) time.Time { return time.Date(2026, 11, 23, hour, 0, 0, 0, time.UTC) }
	ptr := func(t time.Time) *time.Time { return &t }
	for name, c := range map[string]struct {
		visit work.Visit
		want  time.Duration
	}{
		"without a time":                   {work.Visit{}, 0},
		"without a window":                 {work.Visit{StartAt: ptr(at(9))}, 0},
		"within its window":                {work.Visit{StartAt: ptr(at(9)), WindowEnds: []time.Time{at(10)}}, 0},
		"after its window":                 {work.Visit{StartAt: ptr(at(11)), WindowEnds: []time.Time{at(10)}}, time.Hour},
		"within the last of its windows":   {work.Visit{StartAt: ptr(at(11)), WindowEnds: []time.Time{at(8), at(12)}}, 0},
		"after its promise, in its window": {work.Visit{StartAt: ptr(at(11)), PromiseEnd: ptr(at(9)), WindowEnds: []time.Time{at(12)}}, 2 * time.Hour},
	} {
		if diff := cmp.Diff(c.want, lateness(c.visit)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// Whatever a cursor holds, it is a page or an error of who sent it.
func FuzzCursor(f *testing.F) {
	for _, seed := range []string{"", "MA", "bnVsbA", "eyJhIjoxfQ", "!!", "LTE"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		if _, err := whole(t.Context(), WholePaging{Limit: 1, Cursor: cursor}, []int{1, 2, 3}, func(i int) int { return i }); err != nil && crm.KindOf(err) != crm.Invalid {
			t.Errorf("%q: %v", cursor, err)
		}
	})
}

// What unmarshal lets through holds no NUL in any text, however it was written.
func FuzzUnmarshal(f *testing.F) {
	for _, seed := range []string{`{"a":"\u0000"}`, `{"a":"\\u0000"}`, `["x",{"y":null}]`, `"\ud800"`, `1e999`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var tree any
		if unmarshal(data, &tree) != nil {
			return
		}
		text, err := json.Marshal(tree)
		if err != nil {
			t.Fatal(err)
		}
		if where, found := findNUL(tree, "body"); found {
			t.Errorf("%s holds a NUL: %s", where, text)
		}
	})
}
