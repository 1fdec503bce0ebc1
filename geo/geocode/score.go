package geocode

import (
	"math"
	"strings"
)

// A name is its words, and its neighbouring words written as one.
type name struct{ words, joined []word }

// A scorer holds entries against the readings of one query. Towns and areas recur from entry to entry: each is folded
// and held against the query once.
type scorer struct {
	readings []reading
	names    map[string]name
	local    map[string][][]float64 // by locality: for each reading how well each of its words is found there
}

func newScorer(readings []reading) *scorer {
	return &scorer{readings, map[string]name{}, map[string][][]float64{}}
}

func (s *scorer) name(text string) name {
	n, ok := s.names[text]
	if !ok {
		n = name{words(text), joined(text)}
		s.names[text] = n
	}
	return n
}

// score finds the reading that the entry answers best.
func (s *scorer) score(e *found) {
	local := s.locality(e)
	for i, r := range s.readings {
		if len(r.tokens) == 0 {
			continue
		}
		var best fit
		for variant := range 1 + len(e.OtherNames) {
			text := e.Name
			if variant > 0 {
				text = e.OtherNames[variant-1]
			}
			f := s.name(text).measure(r.tokens, local[i])
			if variant > 0 { // the local name first
				f.confidence, f.uncapped = 0.99*f.confidence, 0.99*f.uncapped
			}
			if f.uncapped > best.uncapped {
				best = f
			}
		}
		if best.uncapped > e.fit.uncapped {
			e.fit, e.read = best, r
		}
	}
}

// locality tells how well each word of each reading is found in the entry's town, postcodes, areas and country.
func (s *scorer) locality(e *found) [][]float64 {
	parts := append(append([]string{e.City, e.Country}, e.Postcodes...), e.Areas...)
	key := strings.Join(parts, "\n")
	if known, ok := s.local[key]; ok {
		return known
	}
	var all []word
	for _, part := range parts {
		n := s.name(part)
		all = append(append(all, n.words...), n.joined...)
	}
	out := make([][]float64, len(s.readings))
	for i, r := range s.readings {
		out[i] = make([]float64, len(r.tokens))
		for k, token := range r.tokens {
			for _, w := range all {
				out[i][k] = max(out[i][k], w.like(token.word, token.prefix))
				if k == 0 || !joins(r.tokens[k-1], token) {
					continue
				}
				if like := w.like(r.tokens[k-1].word+token.word, token.prefix); like > asOne { // a town written apart
					out[i][k], out[i][k-1] = max(out[i][k], like), max(out[i][k-1], like)
				}
			}
		}
	}
	s.local[key] = out
	return out
}

// joins tells whether two words may be one written apart. Numbers stand alone.
func joins(a, b token) bool {
	return a.number == "" && b.number == "" && !numeric(a.word) && !numeric(b.word)
}

// fit tells how well an entry answers a reading of the query.
type fit struct {
	confidence float64
	uncapped   float64 // without the cap for words that match nothing: decides between readings
}

// Likenesses that decide.
const (
	unmatched = 0.55 // below it a word of the query counts as not found
	asOne     = 0.8  // from it on words count as written together or apart
)

// measure holds one form of the name against a reading; local is how well each word of the reading is found in the
// locality. Three things count: that each word of the query is found (coverage), that the words of the name are asked
// for (so that a street is not found by its town alone), and that no word is left over: whatever else fits, a word
// that matches nothing caps the confidence at one half.
func (n name) measure(tokens []token, local []float64) fit {
	found := make([]float64, len(tokens)) // how well each typed word is found
	copy(found, local)
	asked := make([]float64, len(n.words)) // how well each word of the name is asked for
	match := func(i, k int, s float64) {
		found[i] = max(found[i], s)
		// A word that names the town as well is not taken for the street's name unless it fits at least as well.
		if s >= local[i]-0.05 {
			asked[k] = max(asked[k], s)
		}
	}
	for i, token := range tokens {
		for k, w := range n.words {
			match(i, k, w.like(token.word, token.prefix))
			if i > 0 && joins(tokens[i-1], token) { // typed as two, named as one
				if s := w.like(tokens[i-1].word+token.word, token.prefix); s > asOne {
					match(i, k, s)
					match(i-1, k, s)
				}
			}
		}
		for k, w := range n.joined { // typed as one, named as two
			if s := w.like(token.word, token.prefix); s > asOne {
				match(i, k, s)
				match(i, k+1, s)
			}
		}
	}
	coverage, weight, lost := 0.0, 0.0, false
	for i, token := range tokens {
		coverage += token.weight * found[i]
		weight += token.weight
		if found[i] < unmatched && !generic[token.word] && len(token.word) > 2 {
			lost = true
		}
	}
	coverage /= weight
	named, weight := 0.0, 0.0
	for k, w := range n.words {
		named += weigh(w[0]) * asked[k]
		weight += weigh(w[0])
	}
	if weight == 0 {
		return fit{}
	}
	named /= weight
	if named < 0.3 {
		return fit{} // only its town was asked for
	}
	c := min(1, math.Pow(coverage, 1.2)*(0.35+0.65*named))
	if lost {
		return fit{min(c, 0.5), c}
	}
	return fit{c, c}
}
