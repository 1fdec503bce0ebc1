package geocode

import (
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestNamesFoldToWhatPeopleType(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		text string
		want []string
	}{
		{"umlauts become the bare vowel", "Äulestraße", []string{"aulestrasse"}},
		{"decomposed umlauts too", "A\u0308ule", []string{"aule"}},
		{"hyphens and full stops separate", "Fürst-Franz-Josef-Str.", []string{"furst", "franz", "josef", "str"}},
		{"apostrophes do not", "Rue de l'Église", []string{"rue", "de", "leglise"}},
		{"other scripts are typed as they sound", "Пловдив Αθήνα", []string{"plovdiv", "athina"}},
		{"letters that do not decompose", "Łódź Ørsted", []string{"lodz", "orsted"}},
		{"nothing but marks is no word", " -.,; ", []string{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, fold(test.text)); diff != "" {
				t.Errorf("folded (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAWordIsFoundInEachOfItsForms(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, word string
		typed      []string
	}{
		{"an umlaut with or without e", "Äule", []string{"aule", "aeule"}},
		{"an umlaut that the map writes with e", "Aeule", []string{"aule", "aeule"}},
		{"a street's ending cut short", "Bahnhofstraße", []string{"bahnhofstrasse", "bahnhofstr"}},
		{"a saint's short form", "Sankt", []string{"sankt", "st", "saint"}},
		{"a short form on the map", "Dr.", []string{"dr", "doktor"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, typed := range test.typed {
				if !slices.Contains(words(test.word)[0], typed) {
					t.Errorf("%s is not found as %q, only as %q", test.word, typed, words(test.word)[0])
				}
			}
		})
	}
}

func TestNamesThatAreOneHaveOneKey(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{{"Bahnhofstr.", "Bahnhofstraße"}, {"Sankt Markus", "St. Markus"}, {"Äulestrasse", "Aeulestrasse"}, {"Land Strasse", "land str"}} {
		if key(pair[0]) != key(pair[1]) {
			t.Errorf("%q has key %q, %q has %q", pair[0], key(pair[0]), pair[1], key(pair[1]))
		}
	}
}

func TestDistanceKnownAnswers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"vaduz", "vaduz", 0}, {"vaduz", "vadzu", 1}, {"vaduz", "avduz", 1}, {"vaduz", "vadz", 1}, {"schaan", "schan", 1},
		{"kitten", "sitting", 3}, {"ca", "abc", 3}, {"", "ab", 2},
	} {
		if got := distance(test.a, test.b, 5); got != test.want {
			t.Errorf("distance of %q and %q is %d, want %d", test.a, test.b, got, test.want)
		}
	}
}

func TestDistanceIsSymmetricAndAtMostWhatWasAsked(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[a-d]{0,9}`)
		a, b := word.Draw(t, "a"), word.Draw(t, "b")
		d := distance(a, b, 20)
		if d != distance(b, a, 20) {
			t.Fatalf("not symmetric")
		}
		if (d == 0) != (a == b) {
			t.Fatalf("distance %d", d)
		}
		most := rapid.IntRange(0, 8).Draw(t, "most")
		if got := distance(a, b, most); got != min(d, most+1) {
			t.Fatalf("capped at %d it is %d, want %d", most, got, min(d, most+1))
		}
	})
}

// Words one slip apart share a spelling, whatever the slip: this is what finding short words rests on.
func TestWordsOneSlipApartShareASpelling(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.StringMatching(`[a-d]{3,7}`).Draw(t, "word")
		i := rapid.IntRange(0, len(a)-2).Draw(t, "where")
		letter := rapid.StringMatching(`[a-d]`).Draw(t, "letter")
		b := rapid.SampledFrom([]string{
			a[:i] + a[i+1:],                         // left out
			a[:i] + letter + a[i:],                  // too much
			a[:i] + letter + a[i+1:],                // another
			a[:i] + a[i+1:i+2] + a[i:i+1] + a[i+2:], // exchanged
		}).Draw(t, "slipped")
		if distance(a, b, 1) > 1 {
			t.Fatalf("%q and %q are more than one slip apart", a, b)
		}
		if !slices.ContainsFunc(spellings(a), func(s string) bool { return slices.Contains(spellings(b), s) }) {
			t.Fatalf("%q and %q share no spelling", a, b)
		}
	})
}

func FuzzFold(f *testing.F) {
	for _, s := range []string{"Äulestraße 30b", "ﬃ\u0308", "\xff\xfe", "東京 1", "a\u0000b", "ÅSÅ", "İstanbul"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, w := range append(words(s), joined(s)...) {
			for _, form := range w {
				if form == "" || !utf8.ValidString(form) {
					t.Errorf("%q gives the form %q", s, form)
				}
				w.like(form, true)
				spellings(form)
			}
		}
		key(s)
		houseKey(s)
	})
}

func FuzzQuery(f *testing.F) {
	for _, s := range []string{"Äulestrasse 30, FL-9490 Vaduz", "12-14 x", "Top 3, 1. Stock Weg 5 b", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16"} {
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, s string, typing bool) {
		p, err := Query{Text: s, Typing: typing}.parse()
		if err != nil {
			return
		}
		if len(p.tokens) > mostTokens {
			t.Errorf("%d tokens", len(p.tokens))
		}
		for _, r := range p.readings() {
			keys(r.number)
		}
	})
}
