package exchange

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"

	"catchment/crm"
	"catchment/crm/record"
)

// Notation says how a file writes what can be written in several ways.
type Notation struct {
	Decimal string // "," or "."
	Dates   string // "dmy" or "mdy": the order of 03/04/2026; days with a year first read themselves
	Zone    *time.Location
}

// value reads a cell as what the field holds. References stay texts: they are looked up together.
func (r Notation) value(f *record.Field, text string) (any, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil, nil
	}
	switch f.Type {
	case record.Integer, record.Number, record.Money:
		return r.numeric(f, text)
	case record.Bool:
		return truth(text)
	case record.Date:
		at, err := r.instant(text)
		if err != nil {
			return nil, fmt.Errorf("%q is no day such as 2026-11-23 or 23.11.2026", short(text))
		}
		return at.Format(time.DateOnly), nil
	case record.Instant:
		at, err := r.instant(text)
		if err != nil {
			return nil, fmt.Errorf("%q is no time such as 2026-11-23 08:00", short(text))
		}
		return at.UTC().Format(time.RFC3339Nano), nil
	case record.Enum:
		return option(f, text)
	case record.Tags, record.Refs:
		var out []any
		for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' || r == '|' || r == '\n' }) {
			if word = strings.TrimSpace(word); word != "" {
				out = append(out, word)
			}
		}
		return out, nil
	case record.URL:
		if u, err := url.Parse(text); err == nil && u.Scheme == "" && strings.Contains(text, ".") {
			text = "https://" + text
		}
		return text, nil
	case record.Email:
		return strings.TrimPrefix(text, "mailto:"), nil
	case record.Text, record.Phone:
		return strings.Join(strings.Fields(text), " "), nil
	case record.Long, record.Ref:
		return text, nil
	}
	return nil, errors.New("cannot be brought in")
}

func (r Notation) numeric(f *record.Field, text string) (any, error) {
	n, err := r.number(text)
	if err != nil {
		return nil, err
	}
	if f.Type == record.Number {
		return n, nil
	}
	if f.Type == record.Money {
		n = math.Round(n * 100)
	}
	if n != math.Trunc(n) || math.Abs(n) > 1e15 {
		return nil, fmt.Errorf("%q is no whole number", short(text))
	}
	return int64(n), nil
}

// number reads 1234.5, 1,234.50, 1.234,50, 1'234.50, 1 234,50, CHF 20.-, 15 %, (12) and -12.
func (r Notation) number(text string) (float64, error) {
	s := strings.Map(func(c rune) rune {
		switch {
		case c >= '0' && c <= '9', c == '.', c == ',', c == '-', c == '(', c == ')', c == '+':
			return c
		case c == '−', c == '–':
			return '-'
		case c == '\'', c == '’', c == ' ', c == '\u00a0', c == '\u202f', c == '%':
			return -1
		}
		return 'x'
	}, text)
	s = strings.TrimSuffix(strings.TrimSuffix(s, "-"), ".") // 20.-
	s = strings.TrimSuffix(s, ",")
	if words := strings.Trim(s, "x"); len(s)-len(words) <= 6 { // a currency before or behind
		s = words
	}
	negative := strings.HasPrefix(s, "-") || strings.HasPrefix(s, "(") && strings.HasSuffix(s, ")")
	s = strings.Trim(s, "-+()")
	point, comma := strings.LastIndexByte(s, '.'), strings.LastIndexByte(s, ',')
	decimal := byte(0)
	switch {
	case point >= 0 && comma >= 0:
		decimal = s[max(point, comma)]
	case strings.Count(s, ".")+strings.Count(s, ",") == 1:
		decimal = s[max(point, comma)]
		if at := max(point, comma); len(s)-at-1 == 3 && at > 0 && at <= 3 && s[0] != '0' && string(decimal) != r.Decimal { // 1.234 where the comma is decimal
			decimal = 0
		}
	}
	whole, part := s, ""
	if decimal != 0 {
		at := strings.LastIndexByte(s, decimal)
		whole, part = s[:at], s[at+1:]
	}
	groups := strings.FieldsFunc(whole, func(c rune) bool { return c == '.' || c == ',' })
	for i, g := range groups {
		if i > 0 && len(g) != 3 {
			return 0, fmt.Errorf("%q is no number", short(text))
		}
	}
	n, err := strconv.ParseFloat(strings.Join(groups, "")+"."+part+"0", 64)
	if err != nil || whole == "" && part == "" {
		return 0, fmt.Errorf("%q is no number", short(text))
	}
	if negative {
		n = -n
	}
	return n, nil
}

var truths = map[string]bool{"true": true, "yes": true, "y": true, "ja": true, "j": true, "1": true, "x": true, "wahr": true, "oui": true, "si": true, "sì": true, "on": true, "✓": true,
	"false": false, "no": false, "n": false, "nein": false, "0": false, "-": false, "falsch": false, "non": false, "off": false}

func truth(text string) (any, error) {
	if b, ok := truths[strings.ToLower(text)]; ok {
		return b, nil
	}
	return nil, fmt.Errorf("%q is neither yes nor no", short(text))
}

// months in the languages files come in, by their first letters.
var months = map[string]time.Month{"jan": 1, "jän": 1, "feb": 2, "mar": 3, "mär": 3, "mrz": 3, "apr": 4, "mai": 5, "may": 5, "jun": 6, "jul": 7,
	"aug": 8, "sep": 9, "okt": 10, "oct": 10, "nov": 11, "dez": 12, "dec": 12}

// instant reads a day or a time of a day.
func (r Notation) instant(text string) (time.Time, error) {
	zone := r.Zone
	if zone == nil {
		zone = time.UTC
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02", "2006/01/02", "20060102"} {
		if at, err := time.ParseInLocation(layout, text, zone); err == nil {
			return at, nil
		}
	}
	words := strings.FieldsFunc(text, func(c rune) bool { return strings.ContainsRune("./- ,T", c) })
	if len(words) < 3 {
		return time.Time{}, errors.New("no day")
	}
	first, second := words[0], words[1]
	month, named := monthOf(second)
	if !named {
		if m, ok := monthOf(first); ok {
			month, named, first = m, true, second
		}
	}
	day, err := strconv.Atoi(strings.TrimRight(first, "stndrh"))
	if err != nil {
		return time.Time{}, err
	}
	if !named {
		m, err := strconv.Atoi(second)
		if err != nil {
			return time.Time{}, err
		}
		if r.Dates == "mdy" && strings.Contains(text, "/") {
			day, m = m, day
		}
		month = time.Month(m)
	}
	year, err := strconv.Atoi(words[2])
	if err != nil || len(words[2]) != 4 && len(words[2]) != 2 {
		return time.Time{}, errors.New("no year")
	}
	if len(words[2]) == 2 {
		if year += 2000; year > 2069 {
			year -= 100
		}
	}
	var clock time.Time
	if len(words) > 3 {
		rest := strings.Join(words[3:], " ")
		rest = strings.TrimSpace(strings.TrimSuffix(rest, "Uhr"))
		ok := false
		for _, layout := range []string{"15:04", "15:04:05", "3:04 PM", "3:04:05 PM"} {
			if at, err := time.Parse(layout, rest); err == nil {
				clock, ok = at, true
			}
		}
		if !ok {
			return time.Time{}, errors.New("no time")
		}
	}
	at := time.Date(year, month, day, clock.Hour(), clock.Minute(), clock.Second(), 0, zone)
	if at.Month() != month || at.Day() != day {
		return time.Time{}, errors.New("no such day")
	}
	return at, nil
}

func monthOf(word string) (time.Month, bool) {
	letters := []rune(strings.ToLower(word))
	if len(letters) < 3 {
		return 0, false
	}
	m, ok := months[string(letters[:3])]
	return m, ok
}

// meant are words people use for choices beside their names.
var meant = map[string]string{"firma": "company", "unternehmen": "company", "business": "company", "organisation": "company", "organization": "company", "privat": "household",
	"privatkunde": "household", "private": "household", "person": "household", "haushalt": "household", "telefon": "call", "phone": "call", "anruf": "call", "mail": "email", "brief": "letter", "post": "letter",
	"besuch": "visit", "notiz": "note", "aufgabe": "task", "interessent": "prospect", "kunde": "customer", "customer": "customer", "verloren": "lost", "gewonnen": "won", "offen": "new", "open": "new"}

// option finds a choice by its code or by what it is called in any language.
func option(f *record.Field, text string) (any, error) {
	if len(f.Options) == 0 {
		return text, nil
	}
	wanted := crm.SearchText(text)
	for _, o := range f.Options {
		label := f.Choice(o)
		for _, name := range []string{o, label.En, label.De} {
			if crm.SearchText(name) == wanted || strings.EqualFold(name, text) {
				return o, nil
			}
		}
	}
	for _, o := range f.Options {
		if meant[wanted] == o {
			return o, nil
		}
	}
	return nil, fmt.Errorf("%q is none of %s", short(text), strings.Join(f.Options, ", "))
}

// short is a text of strangers as errors show it.
func short(text string) string {
	if letters := []rune(text); len(letters) > 40 {
		return string(letters[:39]) + "…"
	}
	return text
}

// sniffReading tells from sample cells how a file writes numbers and days. comma tells that its cells are parted by
// semicolons, as where the comma is decimal.
func sniffReading(cells func(yield func(string) bool), comma bool) Notation {
	r := Notation{Decimal: ".", Dates: "dmy"}
	points, commas, dmy, mdy := 0, 0, 0, 0
	for text := range cells {
		text = strings.TrimSpace(text)
		if len(text) > 30 || text == "" {
			continue
		}
		digits := strings.Trim(text, "0123456789.,'-+ ")
		if digits == "" {
			point, comma := strings.LastIndexByte(text, '.'), strings.LastIndexByte(text, ',')
			at := max(point, comma)
			if at >= 0 && strings.Count(text, ".") < 2 && strings.Count(text, ",") < 2 && (len(text)-at-1 != 3 || point >= 0 && comma >= 0) {
				if text[at] == '.' {
					points++
				} else {
					commas++
				}
			}
		}
		if parts := strings.Split(text, "/"); len(parts) == 3 {
			a, errA := strconv.Atoi(parts[0])
			b, errB := strconv.Atoi(parts[1])
			if errA == nil && errB == nil && a > 12 && a <= 31 {
				dmy++
			}
			if errA == nil && errB == nil && b > 12 && b <= 31 && a <= 12 {
				mdy++
			}
		}
	}
	if commas > points || commas == points && comma {
		r.Decimal = ","
	}
	if mdy > dmy {
		r.Dates = "mdy"
	}
	return r
}
