package geocode

import "math"

// terms are the words of an entry, by the part of the address they belong to.
type terms struct {
	names    []name
	locality []word // of town, postcodes, areas, country
}

// A name is its words, and its neighbouring words written as one.
type name struct{ words, joined []word }

func (e *found) terms() terms {
	var t terms
	for _, n := range append([]string{e.Name}, e.OtherNames...) {
		t.names = append(t.names, name{words(n), joined(n)})
	}
	for _, n := range append(append([]string{e.City, e.Country}, e.Postcodes...), e.Areas...) {
		t.locality = append(append(t.locality, words(n)...), joined(n)...)
	}
	return t
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

// measure holds the entry against a reading. Three things count: that each word of the query is found (coverage),
// that the words of the name are asked for (so that a street is not found by its town alone), and that no word is
// left over: whatever else fits, a word that matches nothing caps the confidence at one half.
func (t terms) measure(r reading) fit {
	if len(r.tokens) == 0 {
		return fit{}
	}
	local := make([]float64, len(r.tokens))
	for i, token := range r.tokens {
		for _, w := range t.locality {
			local[i] = max(local[i], w.like(token.word, token.prefix))
			if i == 0 {
				continue
			}
			if s := w.like(r.tokens[i-1].word+token.word, token.prefix); s > asOne { // a town written apart
				local[i], local[i-1] = max(local[i], s), max(local[i-1], s)
			}
		}
	}
	var best fit
	for i, n := range t.names {
		f := n.measure(r.tokens, local)
		if i > 0 { // the local name first
			f.confidence, f.uncapped = 0.99*f.confidence, 0.99*f.uncapped
		}
		if f.uncapped > best.uncapped {
			best = f
		}
	}
	return best
}

// measure for one form of the name; local is how well each word of the query is found in the locality.
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
			if i > 0 { // typed as two, named as one
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
