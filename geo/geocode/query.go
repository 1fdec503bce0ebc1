package geocode

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits of what is read of a query.
const (
	mostText   = 300 // bytes
	mostTokens = 14
)

// BadQuery says what is wrong with a query.
type BadQuery struct {
	Field   string
	Message string
}

func (e *BadQuery) Error() string { return e.Field + ": " + e.Message }

// A token is a word of the query.
type token struct {
	word   string
	prefix bool // it may be a beginning
	weight float64
	number string // its key as a house number, empty when it cannot be one
}

// A parsed query. At most one token is the house number; which one shows when it is held against an entry.
type parsed struct {
	tokens []token
	number string // the key of a number given by itself
	limit  int
}

// numberRange is 12-14 or 12/3 where a house number may stand.
var numberRange = regexp.MustCompile(`\b(\d{1,4}[a-zA-Z]?)\s?[-–/]\s?(\d{1,3}[a-zA-Z]?)\b`)

// numberLetter is a number and its letter, written apart.
var numberLetter = regexp.MustCompile(`\b(\d{1,4})\s+([a-zA-Z])(\s|,|$)`)

// countryCode stands before a postcode: FL-9490, D 69117.
var countryCode = regexp.MustCompile(`\b(?:(?i:[a-z]{1,3})-|(?i:fl|li|ch|de|at|fr|it|d|a|f|i|l|b) )(\d{4,5})\b`)

// flat are words that tell a part of a house, with what follows them.
var flat = regexp.MustCompile(`(?i)\b(?:top|stg|stiege|apt|apartment|whg|wohnung|etage|floor|\d\.\s?(?:stock|og|floor))\b\.?\s?\d*\s*(?:,|$)`)

// generic words tell little: half of all streets have them.
var generic = func() map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(`str strasse w weg g gasse pl platz place plaza av ave avenue avenida bd blvd boulevard rte route rd road st street
		sankt saint sainte ln lane all allee r rue rua c calle ch chemin am im an auf in der die das den dem zur zum bei beim u und de la le les
		du des da do dos l d del of the a el di nr no hausnr hausnummer tv travessa lg largo`) {
		m[w] = true
	}
	return m
}()

func weigh(word string) float64 {
	switch {
	case generic[word]:
		return 0.3
	case numeric(word):
		return 1
	}
	return max(0.6, min(1.6, float64(len(word))/5))
}

func (q Query) parse() (parsed, error) {
	var p parsed
	for _, f := range []struct{ name, value string }{{"text", q.Text}, {"street", q.Street}, {"house_number", q.HouseNumber}, {"postcode", q.Postcode}, {"city", q.City}, {"country", q.Country}} {
		if len(f.value) > mostText {
			return p, &BadQuery{f.name, fmt.Sprintf("is longer than %d bytes", mostText)}
		}
		if !utf8.ValidString(f.value) {
			return p, &BadQuery{f.name, "is not valid UTF-8"}
		}
	}
	if q.Near != nil && !(q.Near[0] >= -180 && q.Near[0] <= 180 && q.Near[1] >= -90 && q.Near[1] <= 90) {
		return p, &BadQuery{"near", "is no place on earth"}
	}
	p.limit = min(20, max(0, q.Limit))
	if q.Limit <= 0 {
		p.limit = 5
	}
	p.number, _ = houseKey(q.HouseNumber)

	for _, part := range []string{q.Street, q.Postcode, q.City, q.Country, q.Text} {
		if part != "" {
			p.read(part)
		}
	}
	if len(p.tokens) > mostTokens {
		p.tokens = p.tokens[:mostTokens]
	}
	if len(p.tokens) == 0 && p.number == "" && !q.Typing {
		return p, &BadQuery{"text", "holds no word to search for"}
	}
	if q.Typing && q.Text != "" && len(p.tokens) > 0 {
		if last, _ := utf8.DecodeLastRuneInString(q.Text); !strings.ContainsRune(" ,;\t", last) {
			p.tokens[len(p.tokens)-1].prefix = true
		}
	}
	return p, nil
}

// read appends the words of a text.
func (p *parsed) read(text string) {
	text = flat.ReplaceAllString(text, " ")
	text = countryCode.ReplaceAllString(text, " $1")
	text = numberLetter.ReplaceAllString(text, "$1$2$3")
	// The parts of a range stay together as one word.
	text = numberRange.ReplaceAllString(text, "${1}x${2}")
	for _, word := range fold(text) {
		t := token{word: word, weight: weigh(word)}
		if word[0] >= '0' && word[0] <= '9' && len(word) <= 9 {
			if key, ordinal := houseKey(word); ordinal > 0 && len(fmt.Sprint(ordinal)) <= 4 && len(key)-len(fmt.Sprint(ordinal)) <= 5 {
				t.number = key
			}
		}
		p.tokens = append(p.tokens, t)
	}
}

// keys are the ways the house number may be kept: a range whole or by its first number.
func keys(number string) []string {
	first, second, ranged := strings.Cut(number, "x")
	if !ranged || first == "" || second == "" {
		return []string{number}
	}
	return []string{first + second, first, number}
}

// readings are the ways to take the query: one for each token that may be the house number, and one without.
func (p parsed) readings() []reading {
	if p.number != "" {
		return []reading{{tokens: p.tokens, number: p.number}}
	}
	out := []reading{{tokens: p.tokens}}
	for i, t := range p.tokens {
		if t.number != "" && len(out) < 5 {
			out = append(out, reading{tokens: slices.Delete(slices.Clone(p.tokens), i, i+1), number: t.number})
		}
	}
	return out
}

type reading struct {
	tokens []token
	number string
}
