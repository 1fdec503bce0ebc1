package geocode

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"catchment/geo"
)

// How many entries and houses are looked at closely.
const (
	mostRecalled = 150
	mostHoused   = 40
)

// A found entry, as the database keeps it.
type found struct {
	Generation int64
	ID         int32
	Kind       string
	Name       string
	OtherNames []string
	City       string
	Postcode   string
	Postcodes  []string
	Areas      []string
	Country    string
	Importance float32
	At         orb.Point

	fit  fit
	read reading
	hit  *house
}

type house struct {
	number, key, city, postcode string
	ordinal                     int32
	interpolated                bool
	at                          orb.Point
}

type entryID struct {
	generation int64
	id         int32
}

// Search returns what fits the query, best first, at most the query's limit. It returns a *BadQuery if there is
// nothing to search for, and no candidate, without an error, if nothing fits.
func (g *Geocoder) Search(ctx context.Context, q Query) ([]Candidate, error) {
	p, err := q.parse()
	if err != nil {
		return nil, err
	}
	generations, err := g.InForce(ctx)
	if err != nil {
		return nil, fmt.Errorf("tell the generations of addresses: %w", err)
	}
	if len(generations) == 0 || len(p.tokens) == 0 {
		return nil, nil
	}
	ids, err := g.recall(ctx, generations, p)
	if err != nil {
		return nil, err
	}
	entries, err := g.entries(ctx, ids)
	if err != nil {
		return nil, err
	}
	scores := newScorer(p.readings())
	for _, e := range entries {
		scores.score(e)
	}
	slices.SortStableFunc(entries, func(x, y *found) int {
		return cmp.Or(cmp.Compare(y.fit.confidence, x.fit.confidence), cmp.Compare(y.Importance, x.Importance), cmp.Compare(x.ID, y.ID))
	})
	if err := g.houses(ctx, entries[:min(len(entries), mostHoused)]); err != nil {
		return nil, err
	}
	ranked := rank(entries, q, p.limit)
	if q.Typing && len(ranked) > 0 {
		return g.more(ctx, ranked, entries, p.limit)
	}
	return ranked, nil
}

// more adds, while a house number is being typed, houses of the first candidate's street whose numbers begin so.
func (g *Geocoder) more(ctx context.Context, ranked []Candidate, entries []*found, limit int) ([]Candidate, error) {
	first := ranked[0]
	i := slices.IndexFunc(entries, func(e *found) bool {
		return e.Kind == "street" && e.Name == first.Street && e.read.number != "" && e.hit != nil && e.hit.at == first.At
	})
	if i < 0 || first.Tie {
		return ranked, nil
	}
	e := entries[i]
	rows, err := g.DB.Query(ctx, `
		select number, city, postcode, at
		from (
			select distinct on (key) number, key, ordinal, city, postcode, at
			from geocode.house
			where generation = $1 and entry = $2 and starts_with(key, $3) and key <> $3
			order by key, interpolated
		) h
		order by ordinal, key
		limit 4`, e.Generation, e.ID, e.read.number)
	if err != nil {
		return nil, fmt.Errorf("find more houses: %w", err)
	}
	defer rows.Close()
	var more []Candidate
	for rows.Next() {
		c := Candidate{Kind: House, Street: e.Name, City: e.City, Postcode: e.Postcode, Country: e.Country, Confidence: 0.9 * e.fit.confidence}
		var city, postcode string
		if err := rows.Scan(&c.HouseNumber, &city, &postcode, &c.At); err != nil {
			return nil, fmt.Errorf("find more houses: %w", err)
		}
		c.City, c.Postcode = cmp.Or(city, c.City), cmp.Or(postcode, c.Postcode)
		c.Label = c.label()
		more = append(more, c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("find more houses: %w", err)
	}
	if len(more) > 0 && first.Kind == Nearest {
		ranked = ranked[1:] // a number begun is no number missed
		return append(more, ranked...)[:min(limit, len(more)+len(ranked))], nil
	}
	out := append([]Candidate{first}, more...)
	return append(out, ranked[1:]...)[:min(limit, len(out)+len(ranked)-1)], nil
}

// recall finds the entries that share the rarest words with the query, with slips forgiven.
func (g *Geocoder) recall(ctx context.Context, generations []int64, p parsed) ([]entryID, error) {
	var exact, forms, long, beginnings []string
	typed := slices.Clone(p.tokens)
	for i := 1; i < len(p.tokens); i++ {
		if a, b := p.tokens[i-1], p.tokens[i]; joins(a, b) {
			typed = append(typed, token{word: a.word + b.word, prefix: b.prefix})
		}
	}
	for _, t := range typed {
		exact = append(exact, t.word)
		switch {
		case t.prefix:
			beginnings = append(beginnings, t.word)
		case len(t.word) > 2:
			exact = append(exact, t.word+"str")
		}
		if generic[t.word] && !t.prefix {
			continue // "rue de la" is in every second name: no need to guess at it
		}
		if numeric(t.word) {
			if len(t.word) >= 4 {
				long = append(long, t.word)
			}
			continue
		}
		if len(t.word) > 2 && len(t.word) <= spelt+1 {
			forms = append(forms, spellings(t.word)...)
		}
		if len(t.word) > 5 || t.prefix && len(t.word) > 3 {
			long = append(long, t.word)
		}
	}
	rows, err := g.DB.Query(ctx, `
		select word
		from geocode.word
		where generation = any($1) and word = any($2)
		union
		select word
		from geocode.spelling
		where generation = any($1) and spelling = any($3)
		union
		select word
		from geocode.similar_words($1, $4)
		union
		select w.word
		from unnest($5::text[]) as b(beginning)
		cross join lateral (
			select word
			from geocode.word
			where generation = any($1) and word >= beginning collate "C" and word < (beginning || chr(1114111)) collate "C"
			order by frequency desc
			limit 80
		) w`, generations, exact, forms, full(long), full(beginnings))
	if err != nil {
		return nil, fmt.Errorf("find words: %w", err)
	}
	nearby, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("find words: %w", err)
	}
	// How well each word answers each typed one; a word that answers none is a chance likeness.
	fits := map[string][]float64{}
	for _, near := range nearby {
		row := make([]float64, len(typed))
		useful := false
		for i, t := range typed {
			if s := (word{near}).like(t.word, t.prefix); s >= 0.5 {
				row[i], useful = s, true
			}
		}
		if useful {
			fits[near] = row
		}
	}
	if len(fits) == 0 {
		return nil, nil
	}
	wanted := make([]string, 0, len(fits))
	for word := range fits {
		wanted = append(wanted, word)
	}
	slices.Sort(wanted)
	rows, err = g.DB.Query(ctx, `
		select generation, word, frequency, entries
		from geocode.word
		where generation = any($1) and word = any($2)
		order by generation, word`, generations, wanted)
	if err != nil {
		return nil, fmt.Errorf("find the entries of words: %w", err)
	}
	type posting struct {
		Generation int64
		Word       string
		Frequency  int32
		Entries    []int32
	}
	postings, err := pgx.CollectRows(rows, pgx.RowToStructByPos[posting])
	if err != nil {
		return nil, fmt.Errorf("find the entries of words: %w", err)
	}
	// An entry counts the best word for each typed one, rare words more.
	scores := map[entryID]float64{}
	best := map[entryID]float64{}
	for i := range typed {
		clear(best)
		for _, post := range postings {
			s := fits[post.Word][i]
			if s == 0 {
				continue
			}
			s = s * s * math.Log(1+20_000/float64(post.Frequency))
			for _, id := range post.Entries {
				k := entryID{post.Generation, id}
				if s > best[k] {
					best[k] = s
				}
			}
		}
		for k, s := range best {
			scores[k] += s
		}
	}
	ids := make([]entryID, 0, len(scores))
	for k := range scores {
		ids = append(ids, k)
	}
	slices.SortFunc(ids, func(x, y entryID) int {
		return cmp.Or(cmp.Compare(scores[y], scores[x]), cmp.Compare(x.id, y.id), cmp.Compare(x.generation, y.generation))
	})
	return ids[:min(len(ids), mostRecalled)], nil
}

func (g *Geocoder) entries(ctx context.Context, ids []entryID) ([]*found, error) {
	generations, numbers := make([]int64, len(ids)), make([]int32, len(ids))
	for i, id := range ids {
		generations[i], numbers[i] = id.generation, id.id
	}
	rows, err := g.DB.Query(ctx, `
		select e.generation, e.id, e.kind, e.name, e.other_names, e.city, e.postcode, e.postcodes, e.areas, e.country, e.importance, e.at
		from unnest($1::bigint[], $2::integer[]) as w(generation, id)
		join geocode.entry e on e.generation = w.generation and e.id = w.id`, generations, numbers)
	if err != nil {
		return nil, fmt.Errorf("read entries: %w", err)
	}
	var out []*found
	for rows.Next() {
		e := &found{}
		err := rows.Scan(&e.Generation, &e.ID, &e.Kind, &e.Name, &e.OtherNames, &e.City, &e.Postcode, &e.Postcodes, &e.Areas, &e.Country, &e.Importance, &e.At)
		if err != nil {
			rows.Close()
			return nil, fmt.Errorf("read entries: %w", err)
		}
		out = append(out, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read entries: %w", err)
	}
	return out, nil
}

// houses finds for each street the house asked for, else the one whose number comes nearest.
func (g *Geocoder) houses(ctx context.Context, entries []*found) error {
	var generations []int64
	var numbers, ordinals, index []int32
	var exact []string
	for i, e := range entries {
		if e.Kind != "street" || e.read.number == "" {
			continue
		}
		// A range is tried whole first, then by its first number.
		for _, k := range keys(e.read.number) {
			_, ordinal := houseKey(k)
			generations, numbers, index = append(generations, e.Generation), append(numbers, e.ID), append(index, int32(i))
			exact, ordinals = append(exact, k), append(ordinals, int32(ordinal))
		}
	}
	if len(generations) == 0 {
		return nil
	}
	rows, err := g.DB.Query(ctx, `
		select w.i, w.key = h.key, h.number, h.key, h.ordinal, h.city, h.postcode, h.interpolated, h.at
		from unnest($1::bigint[], $2::integer[], $3::text[], $4::integer[], $5::integer[]) as w(generation, entry, key, ordinal, i)
		cross join lateral (
			select number, key, ordinal, city, postcode, interpolated, at
			from geocode.house
			where house.generation = w.generation and house.entry = w.entry
			order by house.key = w.key desc, abs(house.ordinal - w.ordinal), interpolated, house.key, at
			limit 1
		) h`, generations, numbers, exact, ordinals, index)
	if err != nil {
		return fmt.Errorf("find houses: %w", err)
	}
	defer rows.Close()
	same := make([]bool, len(entries))
	for rows.Next() {
		var i int32
		var equal bool
		var h house
		if err := rows.Scan(&i, &equal, &h.number, &h.key, &h.ordinal, &h.city, &h.postcode, &h.interpolated, &h.at); err != nil {
			return fmt.Errorf("find houses: %w", err)
		}
		if entries[i].hit == nil || equal && !same[i] {
			entries[i].hit, same[i] = &h, equal
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("find houses: %w", err)
	}
	return nil
}

// candidate makes the answer of an entry, with what the house number does to the confidence.
func (e *found) candidate() Candidate {
	c := Candidate{Kind: Kind(e.Kind), City: e.City, Postcode: e.Postcode, Country: e.Country, At: e.At, Confidence: e.fit.confidence, importance: float64(e.Importance)}
	switch e.Kind {
	case "street":
		c.Street = e.Name
	case "place", "area":
		c.Kind = Place
		if e.Name != e.City {
			c.Street = e.Name
		}
	}
	if e.read.number == "" {
		c.Label = c.label()
		return c
	}
	switch {
	case e.Kind != "street":
		c.Confidence = min(0.5, 0.8*c.Confidence) // a number where there are none
	case e.hit == nil:
		c.Confidence = min(0.6, 0.8*c.Confidence) // a street without numbers
	default:
		c.HouseNumber, c.At = e.hit.number, e.hit.at
		c.City, c.Postcode = cmp.Or(e.hit.city, c.City), cmp.Or(e.hit.postcode, c.Postcode)
		asked := keys(e.read.number)
		_, ordinal := houseKey(asked[0])
		if len(asked) > 1 {
			_, ordinal = houseKey(asked[1])
		}
		apart := math.Abs(float64(e.hit.ordinal) - float64(ordinal))
		switch {
		case slices.Contains(asked, e.hit.key) && e.hit.interpolated:
			c.Kind = Interpolated
			c.Confidence *= 0.95
		case slices.Contains(asked, e.hit.key):
			c.Kind = House
		case apart == 0: // 30b where there is only 30
			c.Kind = Nearest
			c.Confidence = min(0.85, 0.9*c.Confidence)
		default:
			c.Kind = Nearest
			c.Confidence = min(0.75, 0.85*c.Confidence) - min(0.2, apart/200)
		}
	}
	c.Label = c.label()
	return c
}

// least is the confidence below which nothing is answered.
const least = 0.3

// rank orders the answers, drops doubles and tells ties.
func rank(entries []*found, q Query, limit int) []Candidate {
	var out []Candidate
	for _, e := range entries {
		if e.fit.confidence < least {
			continue
		}
		out = append(out, e.candidate())
	}
	order := map[Kind]int{House: 0, Interpolated: 1, Street: 2, Place: 2, Postcode: 3, Nearest: 4}
	away := func(c Candidate) float64 {
		if q.Near == nil {
			return 0
		}
		return float64(geo.Distance(*q.Near, c.At))
	}
	slices.SortStableFunc(out, func(x, y Candidate) int {
		if d := y.Confidence - x.Confidence; math.Abs(d) > 1e-6 {
			return cmp.Compare(y.Confidence, x.Confidence)
		}
		if q.Near != nil && x.Kind == y.Kind {
			return cmp.Compare(away(x), away(y))
		}
		return cmp.Or(cmp.Compare(order[x.Kind], order[y.Kind]), cmp.Compare(y.importance, x.importance), cmp.Compare(x.Label, y.Label))
	})
	kept := out[:0]
	for _, c := range out {
		if c.Confidence >= least && !slices.ContainsFunc(kept, func(k Candidate) bool {
			return k.Label == c.Label && (k.Kind != c.Kind || geo.Distance(k.At, c.At) < 300)
		}) {
			kept = append(kept, c)
		}
	}
	tell(kept)
	return kept[:min(len(kept), limit)]
}

// sameAs is how close in confidence two candidates must be to count as equal.
const sameAs = 0.02

// tied is the most confidence a tie can have: below Sure.
const tied = 0.7

// tell marks as ties the candidates that fit as well as the first one and lie elsewhere.
func tell(candidates []Candidate) {
	if len(candidates) < 2 {
		return
	}
	first := candidates[0]
	for i := 1; i < len(candidates); i++ {
		c := &candidates[i]
		if c.Confidence < first.Confidence-sameAs {
			break
		}
		if c.Kind == first.Kind && geo.Distance(c.At, first.At) > 150 {
			c.Tie, candidates[0].Tie = true, true
		}
	}
	if !candidates[0].Tie {
		return
	}
	for i := range candidates {
		most := tied
		if !candidates[i].Tie {
			most = tied - sameAs // never above those it came after
		}
		candidates[i].Confidence = min(candidates[i].Confidence, most)
	}
}
