package geocode

import (
	"math"
)

// terms are the words of an entry, by the part of the address they belong to.
type terms struct {
	names    [][]string // the name and its other forms
	locality []string   // town, postcodes, areas, country
	kind     string
}

func (e *found) terms() terms {
	t := terms{kind: e.Kind}
	t.names = append(t.names, words(e.Name))
	for _, other := range e.OtherNames {
		t.names = append(t.names, words(other))
	}
	add := func(name string) {
		parts := words(name)
		t.locality = append(t.locality, parts...)
		for i := 1; i < len(parts); i++ {
			t.locality = append(t.locality, canonical(parts[i-1]+parts[i]))
		}
	}
	add(e.City)
	for _, code := range e.Postcodes {
		add(code)
	}
	for _, area := range e.Areas {
		add(area)
	}
	add(e.Country)
	return t
}

// fit tells how well an entry answers a reading of the query.
type fit struct {
	confidence float64
}

// unmatched is the likeness below which a word of the query counts as not found.
const unmatched = 0.55

// measure holds the entry against a reading. Three things count: that each word of the query is found (coverage),
// that the words of the name are asked for (so that a street is not found by its town alone), and that no word is
// left over: whatever else fits, a word that matches nothing caps the confidence at one half.
func (t terms) measure(r reading) fit {
	if len(r.tokens) == 0 {
		return fit{}
	}
	n := len(r.tokens)
	local := make([]float64, n)
	for i, token := range r.tokens {
		for _, w := range t.locality {
			if s := alike(token.word, w, token.prefix); s > local[i] {
				local[i] = s
			}
		}
		if i > 0 { // a town written apart
			joined := canonical(r.tokens[i-1].word + token.word)
			for _, w := range t.locality {
				if s := alike(joined, w, token.prefix); s > 0.8 {
					local[i], local[i-1] = max(local[i], s), max(local[i-1], s)
				}
			}
		}
	}
	best := 0.0
	for variant, name := range t.names {
		if c := confidence(r.tokens, local, name); c > best {
			if variant > 0 {
				c *= 0.99 // the local name first
			}
			best = max(best, c)
		}
	}
	return fit{best}
}

// confidence for one form of the name.
func confidence(tokens []token, local []float64, name []string) float64 {
	n := len(tokens)
	found := make([]float64, n) // how well each typed word is found
	copy(found, local)
	asked := make([]float64, len(name)) // how well each word of the name is asked for
	match := func(i, k int, s float64) {
		if s > found[i] {
			found[i] = s
		}
		// A word that names the town as well is not taken for the street's name unless it fits at least as well.
		if s > asked[k] && s >= local[i]-0.05 {
			asked[k] = s
		}
	}
	for i, token := range tokens {
		for k, w := range name {
			s := alike(token.word, w, token.prefix)
			if token.word+"str" == w {
				s = max(s, 0.88)
			}
			match(i, k, s)
			if k > 0 { // typed as one, named as two
				if s := alike(token.word, canonical(name[k-1]+w), token.prefix); s > 0.75 {
					match(i, k, s)
					match(i, k-1, s)
				}
			}
			if i > 0 { // typed as two, named as one
				if s := alike(canonical(tokens[i-1].word+token.word), w, token.prefix); s > 0.75 {
					match(i, k, s)
					match(i-1, k, s)
				}
			}
		}
	}
	coverage, weight, lost := 0.0, 0.0, false
	for i, token := range tokens {
		coverage += token.weight * found[i]
		weight += token.weight
		if found[i] < unmatched && !generic[token.word] {
			lost = true
		}
	}
	coverage /= weight
	named, weight := 0.0, 0.0
	for k, w := range name {
		named += weigh(w) * asked[k]
		weight += weigh(w)
	}
	if weight == 0 {
		return 0
	}
	named /= weight
	if named < 0.3 {
		return 0 // only its town was asked for
	}
	c := math.Pow(coverage, 1.2) * (0.35 + 0.65*named)
	if lost {
		c = min(c, 0.5)
	}
	return min(c, 1)
}
