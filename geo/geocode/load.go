package geocode

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"catchment/geo/osm"
)

// Loader fills the search's tables for one generation of an extract. The zero value is ready. The transaction's
// connection must speak orb shapes, as those of geo/postgis do.
type Loader struct{}

// Name is what progress and errors call this loader.
func (Loader) Name() string { return "addresses" }

// Drop removes a generation's tables, whether its load ended or not.
func (Loader) Drop(ctx context.Context, tx pgx.Tx, generation int64) error {
	if _, err := tx.Exec(ctx, "select geocode.drop_generation($1)", generation); err != nil {
		return fmt.Errorf("drop address generation %d: %w", generation, err)
	}
	return nil
}

// Load reads the extract and fills the tables of the generation inside tx.
func (Loader) Load(ctx context.Context, tx pgx.Tx, generation int64, src *osm.Source, progress func(done, total int64)) error {
	if progress == nil {
		progress = func(int64, int64) {}
	}
	found, err := collect(ctx, src, func(done, total int64) { progress(60*done/max(total, 1), 100) })
	if err != nil {
		return err
	}
	b := found.build()
	progress(75, 100)
	if err := ctx.Err(); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "select geocode.open_generation($1)", generation); err != nil {
		return fmt.Errorf("open address generation %d: %w", generation, err)
	}
	if err := b.write(ctx, tx, generation); err != nil {
		return err
	}
	progress(90, 100)
	if _, err := tx.Exec(ctx, "select geocode.seal_generation($1)", generation); err != nil {
		return fmt.Errorf("index address generation %d: %w", generation, err)
	}
	progress(100, 100)
	return nil
}

// mostEntries is how many entries a word leads to at most.
const mostEntries = 20_000

func (b *builder) write(ctx context.Context, tx pgx.Tx, generation int64) error {
	// The most important first: ids then tell the order in a word's entries.
	slices.SortStableFunc(b.entries, func(x, y *entry) int {
		return cmp.Or(cmp.Compare(y.importance, x.importance), strings.Compare(x.name, y.name), strings.Compare(x.city, y.city),
			strings.Compare(x.kind, y.kind), cmp.Compare(x.at[0], y.at[0]))
	})
	copyTo := func(table string, columns []string, rows pgx.CopyFromSource) error {
		name := fmt.Sprintf("%s_%d", table, generation)
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{"geocode", name}, columns, rows); err != nil {
			return fmt.Errorf("copy to geocode.%s: %w", name, err)
		}
		return nil
	}
	err := copyTo("entry", []string{"generation", "id", "kind", "name", "other_names", "city", "postcode", "postcodes", "areas", "country", "importance", "at"},
		pgx.CopyFromSlice(len(b.entries), func(i int) ([]any, error) {
			e := b.entries[i]
			return []any{generation, int32(i), e.kind, e.name, full(e.others), e.city, e.postcode, full(e.postcodes), full(e.areas), e.country, float32(e.importance), e.at}, nil
		}))
	if err != nil {
		return err
	}
	type pair struct{ entry, index int }
	var houses, lines []pair
	for id, e := range b.entries {
		for _, h := range e.houses {
			houses = append(houses, pair{id, h})
		}
		for l := range e.lines {
			lines = append(lines, pair{id, l})
		}
	}
	err = copyTo("house", []string{"generation", "entry", "number", "key", "ordinal", "city", "postcode", "interpolated", "at"},
		pgx.CopyFromSlice(len(houses), func(i int) ([]any, error) {
			a := b.addresses[houses[i].index]
			key, ordinal := houseKey(a.number)
			return []any{generation, int32(houses[i].entry), a.number, key, int32(ordinal), a.city, a.postcode, a.interpolated, a.at}, nil
		}))
	if err != nil {
		return err
	}
	err = copyTo("line", []string{"generation", "entry", "geom"}, pgx.CopyFromSlice(len(lines), func(i int) ([]any, error) {
		return []any{generation, int32(lines[i].entry), b.entries[lines[i].entry].lines[lines[i].index]}, nil
	}))
	if err != nil {
		return err
	}
	index := map[string][]int32{}
	for id, e := range b.entries {
		for _, word := range e.words() {
			index[word] = append(index[word], int32(id))
		}
	}
	vocabulary := slices.Sorted(maps.Keys(index))
	err = copyTo("word", []string{"generation", "word", "frequency", "entries"}, pgx.CopyFromSlice(len(vocabulary), func(i int) ([]any, error) {
		entries := index[vocabulary[i]]
		return []any{generation, vocabulary[i], int32(len(entries)), entries[:min(len(entries), mostEntries)]}, nil
	}))
	if err != nil {
		return err
	}
	var forms [][2]string
	for _, word := range vocabulary {
		if len(word) > spelt || numeric(word) {
			continue
		}
		for _, form := range spellings(word) {
			forms = append(forms, [2]string{form, word})
		}
	}
	return copyTo("spelling", []string{"generation", "spelling", "word"}, pgx.CopyFromSlice(len(forms), func(i int) ([]any, error) {
		return []any{generation, forms[i][0], forms[i][1]}, nil
	}))
}

// full turns nil into an empty array: the columns are not null.
func full(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

// words are all under which an entry is found, each once.
func (e *entry) words() []string {
	seen := map[string]bool{}
	var out []string
	add := func(w string) {
		if w != "" && len(w) <= 60 && !seen[w] {
			seen[w] = true
			out = append(out, w)
		}
	}
	all := func(words []word) {
		for _, w := range words {
			for _, form := range w {
				add(form)
			}
		}
	}
	named := func(name string) {
		all(words(name))
		all(joined(name))
	}
	named(e.name)
	for _, name := range e.others {
		named(name)
	}
	named(e.city)
	for _, code := range e.postcodes {
		named(code)
	}
	for _, area := range e.areas {
		named(area)
	}
	add(strings.ToLower(e.country))
	return out
}
