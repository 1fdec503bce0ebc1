package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/geo"
)

// maxTags and maxRefs are the most a record may carry.
const (
	maxTags = 50
	maxRefs = 100
)

// Normal returns a value as Values hold it, or says, as crm.Invalid naming the field, why it cannot be one. It takes
// what JSON decodes to, and nil for nothing.
func (f *Field) Normal(v any) (any, error) {
	out, err := f.normal(v)
	if err != nil {
		return nil, crm.Invalidf(f.Name, "%s", err.Error())
	}
	return out, nil
}

func (f *Field) normal(v any) (any, error) {
	if v == nil {
		if f.textual() {
			return "", nil
		}
		if f.Type == Tags || f.Type == Refs {
			return []any{}, nil
		}
		return nil, nil
	}
	switch f.Type {
	case Integer, Money:
		return f.whole(v)
	case Number:
		return f.number(v)
	case Bool:
		if b, ok := v.(bool); ok {
			return b, nil
		}
		return nil, errors.New("is neither true nor false")
	case Refs:
		return ids(v)
	case Tags:
		return tags(v)
	case Point:
		return point(v)
	case Document:
		return plain(v)
	}
	s, ok := v.(string)
	if !ok {
		return nil, errors.New("is no text")
	}
	return f.text(s)
}

func (f *Field) text(s string) (any, error) {
	if !utf8.ValidString(s) {
		return nil, errors.New("is not valid text")
	}
	s = strings.TrimSpace(s)
	if s == "" {
		return f.normal(nil)
	}
	limit := f.Max
	if limit == 0 {
		limit = 300
		if f.Type == Long {
			limit = 20000
		}
	}
	if utf8.RuneCountInString(s) > limit {
		return nil, fmt.Errorf("is longer than %d letters", limit)
	}
	if strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) && (f.Type != Long || r != '\n' && r != '\t' && r != '\r')
	}) {
		return nil, errors.New("holds control characters")
	}
	switch f.Type {
	case Enum:
		if len(f.Options) > 0 && !slices.Contains(f.Options, s) {
			return nil, fmt.Errorf("is none of %s", strings.Join(f.Options, ", "))
		}
	case Email:
		if a, err := mail.ParseAddress(s); err != nil || a.Address != s || len(s) > 254 {
			return nil, errors.New("is no e-mail address")
		}
	case Phone:
		if len(s) > 50 || strings.Count(strings.Map(digit, s), "") < 4 {
			return nil, errors.New("is no phone number")
		}
	case URL:
		if u, err := url.Parse(s); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return nil, errors.New("is no address such as https://example.com")
		}
	case Date:
		if t, err := time.Parse(time.DateOnly, s); err != nil || t.Year() < 1800 || t.Year() > 2200 {
			return nil, errors.New("is no day such as 2026-11-23")
		}
	case Instant:
		t, err := time.Parse(time.RFC3339Nano, s)
		if err != nil || t.UTC().Year() < 1800 || t.UTC().Year() > 2200 {
			return nil, errors.New("is no instant such as 2026-11-23T08:00:00Z")
		}
		return instant(t), nil
	case Ref:
		id, err := uuid.Parse(s)
		if err != nil || len(s) != 36 {
			return nil, errors.New("is no id")
		}
		return id.String(), nil
	}
	return s, nil
}

func digit(r rune) rune {
	if r >= '0' && r <= '9' {
		return r
	}
	return -1
}

func (f *Field) whole(v any) (any, error) {
	var n int64
	switch x := v.(type) {
	case int64:
		n = x
	case int:
		n = int64(x)
	case float64:
		if x != math.Trunc(x) || math.Abs(x) > 1<<53 {
			return nil, errors.New("is no whole number")
		}
		n = int64(x)
	case json.Number:
		var err error
		if n, err = x.Int64(); err != nil {
			return nil, errors.New("is no whole number")
		}
	default:
		return nil, errors.New("is no whole number")
	}
	if f.Positive && n < 0 {
		return nil, errors.New("lies below zero")
	}
	if n > 1e15 || n < -1e15 {
		return nil, errors.New("is too large")
	}
	return n, nil
}

func (f *Field) number(v any) (any, error) {
	var n float64
	switch x := v.(type) {
	case int64:
		n = float64(x)
	case int:
		n = float64(x)
	case float64:
		n = x
	case json.Number:
		var err error
		if n, err = x.Float64(); err != nil {
			return nil, errors.New("is no number")
		}
	default:
		return nil, errors.New("is no number")
	}
	if math.IsNaN(n) || math.IsInf(n, 0) || math.Abs(n) > 1e15 {
		return nil, errors.New("is too large")
	}
	if f.Positive && n < 0 {
		return nil, errors.New("lies below zero")
	}
	return n, nil
}

// texts reads a list of texts.
func texts(v any) ([]string, bool) {
	var out []string
	switch x := v.(type) {
	case []string:
		return x, true
	case []any:
		for _, item := range x {
			s, ok := item.(string)
			if !ok {
				return nil, false
			}
			out = append(out, s)
		}
		return out, true
	}
	return nil, false
}

func anys(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

func ids(v any) (any, error) {
	list, ok := texts(v)
	if !ok || len(list) > maxRefs {
		return nil, fmt.Errorf("is no list of at most %d ids", maxRefs)
	}
	var out []string
	for _, s := range list {
		id, err := uuid.Parse(s)
		if err != nil {
			return nil, errors.New("holds something that is no id")
		}
		if !slices.Contains(out, id.String()) {
			out = append(out, id.String())
		}
	}
	return anys(out), nil
}

func tags(v any) (any, error) {
	list, ok := texts(v)
	if !ok || len(list) > maxTags {
		return nil, fmt.Errorf("is no list of at most %d words", maxTags)
	}
	var out []string
	for _, s := range list {
		s = strings.Join(strings.Fields(s), " ")
		if s == "" || utf8.RuneCountInString(s) > 60 || strings.ContainsFunc(s, unicode.IsControl) || !utf8.ValidString(s) {
			return nil, errors.New("holds a tag that is empty or longer than 60 letters")
		}
		out = append(out, s)
	}
	slices.Sort(out)
	return anys(slices.Compact(out)), nil
}

func point(v any) (any, error) {
	list, ok := v.([]any)
	if p, is := v.(orb.Point); is {
		list, ok = []any{p[0], p[1]}, true
	}
	if !ok || len(list) != 2 {
		return nil, errors.New("is no point [longitude, latitude]")
	}
	var p orb.Point
	for i, item := range list {
		n, err := (&Field{}).number(item)
		if err != nil {
			return nil, errors.New("is no point [longitude, latitude]")
		}
		p[i] = n.(float64)
	}
	if err := geo.CheckPoint(p); err != nil {
		var unsound *geo.Unsound
		if errors.As(err, &unsound) {
			return nil, errors.New(unsound.Message)
		}
		return nil, err
	}
	return []any{p[0], p[1]}, nil
}

// plain returns a value as JSON decodes it.
func plain(v any) (any, error) {
	text, err := json.Marshal(v)
	if err != nil || len(text) > 100_000 {
		return nil, errors.New("is no document of at most 100 kB")
	}
	var out any
	err = json.Unmarshal(text, &out)
	return out, err
}

// decode reads a record that PostgreSQL gave as JSON.
func (k *Kind) decode(text []byte) (Values, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	out := Values{}
	if err := decoder.Decode(&out); err != nil {
		return nil, err
	}
	for name, v := range out {
		f := k.byName[name]
		switch {
		case f == nil:
			continue
		case v == nil:
			out[name], _ = f.normal(nil)
		case f.Type == Integer || f.Type == Money:
			n, err := v.(json.Number).Int64()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			out[name] = n
		case f.Type == Number:
			n, err := v.(json.Number).Float64()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			out[name] = n
		case f.Type == Point, f.Type == Document:
			out[name], _ = plain(v)
		}
	}
	return out, nil
}

// same tells whether two values are equal, as JSON.
func same(a, b any) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return bytes.Equal(x, y)
}
