package record

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"catchment/crm"
)

// The filter grammar, the same for every kind:
//
//	filter    = and { "or" and }
//	and       = term { "and" term }
//	term      = "not" term | "(" filter ")" | "has" ["no"] PLURAL [ "(" filter ")" ] | place | test
//	place     = "near" "(" LON "," LAT "," METERS ")" | "within" "(" WEST "," SOUTH "," EAST "," NORTH ")"
//	test      = FIELD ( "=" | "!=" | "<" | "<=" | ">" | ">=" | "~" | "!~" ) value
//	          | FIELD ["not"] "in" "(" value { "," value } ")"
//	          | FIELD "is" ["not"] "empty"
//	FIELD     = name { "." name }            account.class follows the reference account_id
//	value     = WORD | "TEXT" | 'TEXT' | NUMBER | ("today" | "now") [("+" | "-") N ("h" | "d" | "w" | "m" | "y")]
//
// ~ means holds, without regard to case. For a reference to staff, me is who asks; for one to a team, mine are his.

// Limits of a filter, so that nobody can ask what takes for ever.
const (
	maxFilter = 4000 // letters
	maxTerms  = 100
	maxDepth  = 20
)

// node is a part of a filter.
type node interface{}

type (
	allOf  []node
	anyOf  []node
	negate struct{ of node }
	test   struct {
		path   []string
		op     string // = != < <= > >= ~ !~ in empty
		values []literal
		at     int
	}
	related struct {
		plural string
		none   bool
		filter node // nil for any
		at     int
	}
	place struct {
		within  bool // a box; else a radius
		numbers []float64
		at      int
	}
	literal struct {
		text   string
		quoted bool
		at     int
	}
)

type token struct {
	text   string
	kind   byte // 'w' word or number, 'q' quoted, 'p' punctuation, 0 end
	at     int
	spaced bool
}

type parser struct {
	tokens []token
	next   int
	depth  int
	terms  int
}

// badFilter says what is wrong, and where, counted in letters from 1.
func badFilter(at int, format string, args ...any) error {
	return crm.Invalidf("filter", "at letter %d: %s", at+1, fmt.Sprintf(format, args...))
}

// parseFilter reads a filter; an empty one is nil.
func parseFilter(text string) (node, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	if utf8.RuneCountInString(text) > maxFilter {
		return nil, crm.Invalidf("filter", "is longer than %d letters", maxFilter)
	}
	tokens, err := scan(text)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens}
	n, err := p.any()
	if err != nil {
		return nil, err
	}
	if t := p.peek(); t.kind != 0 {
		return nil, badFilter(t.at, "and or or is expected before %q", t.text)
	}
	return n, nil
}

func scan(text string) ([]token, error) {
	var out []token
	letters := []rune(text)
	word := func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("_.-+:@%*#/", r)
	}
	for i := 0; i < len(letters); {
		r := letters[i]
		switch {
		case unicode.IsSpace(r):
			i++
		case r == '"' || r == '\'':
			var b strings.Builder
			j := i + 1
			for ; j < len(letters) && letters[j] != r; j++ {
				if letters[j] == '\\' && j+1 < len(letters) {
					j++
				}
				b.WriteRune(letters[j])
			}
			if j >= len(letters) {
				return nil, badFilter(i, "a quotation mark is not closed")
			}
			out = append(out, token{b.String(), 'q', i, false})
			i = j + 1
		case word(r):
			j := i
			for j < len(letters) && word(letters[j]) {
				j++
			}
			out = append(out, token{string(letters[i:j]), 'w', i, false})
			i = j
		case strings.ContainsRune("!<>", r) && i+1 < len(letters) && (letters[i+1] == '=' || r == '!' && letters[i+1] == '~'):
			out = append(out, token{string(letters[i : i+2]), 'p', i, false})
			i += 2
		case strings.ContainsRune("=<>~(),", r):
			out = append(out, token{string(r), 'p', i, false})
			i++
		default:
			return nil, badFilter(i, "%q has no meaning here", string(r))
		}
	}
	return append(out, token{at: len(letters)}), nil
}

func (p *parser) peek() token { return p.tokens[p.next] }

func (p *parser) take() token {
	t := p.tokens[p.next]
	if t.kind != 0 {
		p.next++
	}
	return t
}

// word takes a bare word if it is next.
func (p *parser) word(w string) bool {
	t := p.peek()
	if t.kind == 'w' && strings.EqualFold(t.text, w) {
		p.next++
		return true
	}
	return false
}

func (p *parser) sign(s string) bool {
	t := p.peek()
	if t.kind == 'p' && t.text == s {
		p.next++
		return true
	}
	return false
}

func (p *parser) expect(s string) error {
	if p.sign(s) {
		return nil
	}
	t := p.peek()
	return badFilter(t.at, "%q is expected", s)
}

func (p *parser) deeper() error {
	if p.depth++; p.depth > maxDepth {
		return badFilter(p.peek().at, "is nested more than %d deep", maxDepth)
	}
	return nil
}

func (p *parser) any() (node, error) {
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	var list anyOf
	for {
		n, err := p.all()
		if err != nil {
			return nil, err
		}
		if list = append(list, n); !p.word("or") {
			break
		}
	}
	if len(list) == 1 {
		return list[0], nil
	}
	return list, nil
}

func (p *parser) all() (node, error) {
	var list allOf
	for {
		n, err := p.term()
		if err != nil {
			return nil, err
		}
		if list = append(list, n); !p.word("and") {
			break
		}
	}
	if len(list) == 1 {
		return list[0], nil
	}
	return list, nil
}

func (p *parser) term() (node, error) {
	if p.terms++; p.terms > maxTerms {
		return nil, badFilter(p.peek().at, "has more than %d terms", maxTerms)
	}
	at := p.peek().at
	switch {
	case p.word("not"):
		if err := p.deeper(); err != nil {
			return nil, err
		}
		defer func() { p.depth-- }()
		n, err := p.term()
		return negate{n}, err
	case p.sign("("):
		n, err := p.any()
		if err != nil {
			return nil, err
		}
		return n, p.expect(")")
	case p.word("has"):
		return p.related(at)
	case p.calls("near"):
		numbers, err := p.numbers(3)
		return place{false, numbers, at}, err
	case p.calls("within"):
		numbers, err := p.numbers(4)
		return place{true, numbers, at}, err
	}
	return p.test()
}

// calls takes a word that has a bracket behind it.
func (p *parser) calls(w string) bool {
	after := p.tokens[min(p.next+1, len(p.tokens)-1)]
	return after.kind == 'p' && after.text == "(" && p.word(w)
}

func (p *parser) related(at int) (node, error) {
	out := related{none: p.word("no"), at: at}
	t := p.take()
	if t.kind != 'w' {
		return nil, badFilter(t.at, "say what it has: has deals")
	}
	if out.plural = strings.ToLower(t.text); p.sign("(") {
		n, err := p.any()
		if err != nil {
			return nil, err
		}
		out.filter = n
		return out, p.expect(")")
	}
	return out, nil
}

func (p *parser) numbers(count int) ([]float64, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	var out []float64
	for i := range count {
		if i > 0 {
			if err := p.expect(","); err != nil {
				return nil, err
			}
		}
		t := p.take()
		n, err := strconv.ParseFloat(t.text, 64)
		if t.kind != 'w' || err != nil || n != n || n > 1e9 || n < -1e9 {
			return nil, badFilter(t.at, "a number is expected")
		}
		out = append(out, n)
	}
	return out, p.expect(")")
}

func (p *parser) test() (node, error) {
	t := p.take()
	if t.kind != 'w' {
		return nil, badFilter(t.at, "the name of a field is expected")
	}
	out := test{path: strings.Split(strings.ToLower(t.text), "."), at: t.at}
	no := p.word("not")
	switch {
	case p.word("in"):
		list, err := p.list()
		if err != nil {
			return nil, err
		}
		out.op, out.values = "in", list
	case !no && p.word("is"):
		no = p.word("not")
		if !p.word("empty") {
			return nil, badFilter(p.peek().at, "empty is expected")
		}
		out.op = "empty"
	default:
		op := p.take()
		if no || op.kind != 'p' || !strings.Contains(" = != < <= > >= ~ !~ ", " "+op.text+" ") {
			return nil, badFilter(op.at, "=, !=, <, <=, >, >=, ~, in or is empty is expected behind %s", t.text)
		}
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		out.op, out.values = op.text, []literal{v}
		if op.text == "!=" || op.text == "!~" {
			out.op, no = op.text[1:], true
		}
	}
	if no {
		return negate{out}, nil
	}
	return out, nil
}

func (p *parser) list() ([]literal, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	var out []literal
	for {
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		if out = append(out, v); !p.sign(",") {
			break
		}
	}
	if len(out) > 1000 {
		return nil, badFilter(p.peek().at, "lists more than 1,000 values")
	}
	return out, p.expect(")")
}

func (p *parser) value() (literal, error) {
	t := p.take()
	if t.kind != 'w' && t.kind != 'q' {
		return literal{}, badFilter(t.at, "a value is expected")
	}
	return literal{t.text, t.kind == 'q', t.at}, nil
}
