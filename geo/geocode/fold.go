package geocode

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// letters that do not decompose into an ASCII letter and marks: what people type for them.
var letters = map[rune]string{
	'ß': "ss", 'ẞ': "ss", 'æ': "ae", 'œ': "oe", 'ø': "o", 'đ': "d", 'ð': "d", 'þ': "th", 'ł': "l", 'ı': "i", 'ĸ': "k", 'ŋ': "ng",
	'а': "a", 'б': "b", 'в': "v", 'г': "g", 'д': "d", 'е': "e", 'ж': "zh", 'з': "z", 'и': "i", 'к': "k", 'л': "l",
	'м': "m", 'н': "n", 'о': "o", 'п': "p", 'р': "r", 'с': "s", 'т': "t", 'у': "u", 'ф': "f", 'х': "h", 'ц': "ts", 'ч': "ch",
	'ш': "sh", 'щ': "sht", 'ъ': "", 'ы': "y", 'ь': "", 'э': "e", 'ю': "yu", 'я': "ya", 'і': "i", 'є': "ye", 'ґ': "g", 'ј': "j", 'љ': "lj", 'њ': "nj", 'ћ': "c", 'ђ': "dj", 'џ': "dz",
	'α': "a", 'β': "v", 'γ': "g", 'δ': "d", 'ε': "e", 'ζ': "z", 'η': "i", 'θ': "th", 'ι': "i", 'κ': "k", 'λ': "l", 'μ': "m",
	'ν': "n", 'ξ': "x", 'ο': "o", 'π': "p", 'ρ': "r", 'σ': "s", 'ς': "s", 'τ': "t", 'υ': "y", 'φ': "f", 'χ': "ch", 'ψ': "ps", 'ω': "o",
}

// umlauts written with an e, as people do who lack the key.
var umlauts = strings.NewReplacer("ae", "a", "oe", "o", "ue", "u")

// equals are words that stand for each other, in folded form; the first of a row is the short form.
var equals = func() map[string][]string {
	m := map[string][]string{}
	for _, row := range [][]string{
		{"str", "strasse"}, {"st", "street", "sankt", "saint", "sainte", "santa", "san", "sao", "ste"}, {"av", "ave", "avenue", "avenida"},
		{"bd", "blvd", "bvd", "boulevard"}, {"rte", "route"}, {"rd", "road"}, {"ln", "lane"}, {"dr", "doktor", "doctor", "drive"},
		{"prof", "professor"}, {"pl", "platz", "place", "plaza"}, {"ch", "chemin"}, {"r", "rue", "rua"}, {"c", "calle"}, {"tv", "travessa"},
		{"lg", "largo"}, {"sq", "square"}, {"imp", "impasse"}, {"pza", "piazza"}, {"gen", "general"}, {"g", "gasse"}, {"w", "weg"},
		{"gr", "grosse", "grosser", "grosses"}, {"kl", "kleine", "kleiner", "kleines"}, {"alt", "alte", "alter", "altes"}, {"u", "und", "and"},
		{"bgm", "burgermeister"}, {"b", "bei", "beim"}, {"a", "am", "an"}, {"all", "allee"},
	} {
		for _, word := range row {
			m[word] = row
		}
	}
	return m
}()

// endings of compound names and their short forms.
var endings = [][2]string{{"strasse", "str"}, {"platz", "pl"}, {"gasse", "g"}, {"allee", "all"}}

// A folded word: without accents, with umlauts as the bare vowel, and with umlauts written with an e.
type folded struct{ bare, expanded string }

// split folds a text to lower-case ASCII words; letters of other scripts as they are usually typed. What is neither
// letter nor digit separates words, except the apostrophe.
func split(text string) []folded {
	var out []folded
	var bare, expanded strings.Builder
	flush := func() {
		if bare.Len() > 0 {
			out = append(out, folded{bare.String(), expanded.String()})
			bare.Reset()
			expanded.Reset()
		}
	}
	for _, r := range norm.NFKD.String(text) {
		switch {
		case r == '\u0308' && expanded.Len() > 0: // the two dots
			switch s := expanded.String(); s[len(s)-1] {
			case 'a', 'o', 'u':
				expanded.WriteByte('e')
			}
		case unicode.Is(unicode.Mn, r), r == '\'', r == '’', r == '`', r == '\u00ad':
		case unicode.IsLetter(r):
			r = unicode.ToLower(r)
			switch s, ok := letters[r]; {
			case r == 'ø':
				bare.WriteString("o")
				expanded.WriteString("oe")
			case ok:
				bare.WriteString(s)
				expanded.WriteString(s)
			default:
				bare.WriteRune(r)
				expanded.WriteRune(r)
			}
		case unicode.IsDigit(r):
			bare.WriteRune(r)
			expanded.WriteRune(r)
		default:
			flush()
		}
	}
	flush()
	return out
}

// fold returns the words of a text without accents, umlauts as the bare vowel.
func fold(text string) []string {
	parts := split(text)
	out := make([]string, len(parts))
	for i, p := range parts {
		out[i] = p.bare
	}
	return out
}

// key folds a name for telling whether two are one: "Bahnhofstr." and "Bahnhofstraße" are, "Äule" and "Aeule" too.
func key(name string) string {
	parts := fold(name)
	for i, w := range parts {
		w = umlauts.Replace(w)
		if row, ok := equals[w]; ok {
			w = row[0]
		} else {
			for _, e := range endings {
				if rest, ok := strings.CutSuffix(w, e[0]); ok {
					w = rest + e[1]
					break
				}
			}
		}
		parts[i] = w
	}
	return strings.Join(parts, " ")
}

// A word of a name in all the forms in which it may be typed.
type word []string

// forms of a folded word.
func (f folded) forms() word {
	out := word{f.bare}
	add := func(w string) {
		if w != "" && !slices.Contains(out, w) && len(out) < 12 {
			out = append(out, w)
		}
	}
	add(f.expanded)
	add(umlauts.Replace(f.bare))
	for _, w := range slices.Clone(out) {
		for _, other := range equals[w] {
			add(other)
		}
		for _, e := range endings {
			if rest, ok := strings.CutSuffix(w, e[0]); ok && rest != "" {
				add(rest + e[1])
			} else if rest, ok := strings.CutSuffix(w, e[1]); ok && len(e[1]) > 2 && len(rest) > 2 {
				add(rest + e[0])
			}
		}
	}
	return out
}

// words of a name, each in all its forms.
func words(name string) []word {
	parts := split(name)
	out := make([]word, len(parts))
	for i, p := range parts {
		out[i] = p.forms()
	}
	return out
}

// joined are the neighbouring words of a name written as one: "Land Strasse" is "Landstrasse" to those who type.
func joined(name string) []word {
	parts := split(name)
	var out []word
	for i := 1; i < len(parts); i++ {
		out = append(out, folded{parts[i-1].bare + parts[i].bare, parts[i-1].expanded + parts[i].expanded}.forms())
	}
	return out
}

// distance is the Damerau-Levenshtein distance (optimal string alignment) of two folded words, or most+1 as soon as
// it is known to be larger than most.
func distance(a, b string, most int) int {
	if len(a)-len(b) > most || len(b)-len(a) > most {
		return most + 1
	}
	if a == b {
		return 0
	}
	const longest = 60
	if len(a) > longest || len(b) > longest {
		return most + 1
	}
	// The same beginning and ending cost nothing; what lies between decides.
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	var rows [3][longest + 1]int8
	for j := range len(b) + 1 {
		rows[0][j] = int8(j)
	}
	for i := 1; i <= len(a); i++ {
		row, above, twoAbove := &rows[i%3], &rows[(i-1)%3], &rows[(i+1)%3]
		row[0] = int8(i)
		least := int8(i)
		for j := 1; j <= len(b); j++ {
			cost := int8(1)
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(above[j]+1, row[j-1]+1, above[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, twoAbove[j-2]+1)
			}
			row[j] = d
			least = min(least, d)
		}
		if int(least) > most {
			return most + 1
		}
	}
	return min(int(rows[len(a)%3][len(b)]), most+1)
}

// slips is how many typing slips a word of that length is forgiven.
func slips(length int) int {
	switch {
	case length <= 2:
		return 0
	case length <= 5:
		return 1
	case length <= 9:
		return 2
	}
	return 3
}

// like is the best likeness of a typed word to any form of another.
func (w word) like(typed string, prefix bool) float64 {
	best := 0.0
	for _, form := range w {
		s := alike(typed, form, prefix)
		if typed+"str" == form {
			s = max(s, 0.88) // the ending is often left out
		}
		if best = max(best, s); best == 1 {
			break
		}
	}
	return best
}

// alike tells how well a typed word fits a word of the index: 1 the same, 0 not at all. With prefix the typed word
// may be the beginning of the other.
func alike(typed, word string, prefix bool) float64 {
	if typed == word {
		return 1
	}
	if numeric(typed) || numeric(word) {
		// Another number is another thing; a slip in a long one may be a slip in a postcode.
		if prefix && len(typed) >= 2 && strings.HasPrefix(word, typed) {
			return 0.9
		}
		if len(typed) >= 4 && len(typed) == len(word) && distance(typed, word, 1) == 1 {
			return 0.5
		}
		return 0
	}
	best := 0.0
	if most := slips(max(len(typed), len(word))); len(typed) > 1 && most > 0 {
		if d := distance(typed, word, most); d <= most {
			best = 1 - float64(d)/float64(max(len(typed), len(word)))*1.1
			if typed[0] != word[0] {
				best -= 0.03
			}
		}
	}
	if prefix && len(word) > len(typed) {
		if strings.HasPrefix(word, typed) {
			return max(best, 0.9+0.1*float64(len(typed))/float64(len(word)))
		}
		if most := slips(len(typed)) - 1; len(typed) >= 4 && most >= 0 {
			most = max(most, 1)
			// a slip may have made the beginning longer or shorter
			for n := len(typed) - 1; n <= len(typed)+1 && n <= len(word); n++ {
				if d := distance(typed, word[:n], most); d <= most {
					best = max(best, 0.92-float64(d)/float64(len(typed))*1.1)
				}
			}
		}
	}
	return max(best, 0)
}

func numeric(s string) bool {
	if s == "" {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// spellings are the word itself and all forms with one letter left out; of scripts that do not fold to ASCII only
// the word.
func spellings(word string) []string {
	out := []string{word}
	for i := range len(word) {
		if word[i] >= 0x80 {
			return out
		}
	}
	seen := map[string]bool{word: true}
	for i := range len(word) {
		shorter := word[:i] + word[i+1:]
		if shorter != "" && !seen[shorter] {
			seen[shorter] = true
			out = append(out, shorter)
		}
	}
	return out
}

// spelt is the longest word whose spellings are kept.
const spelt = 8

// houseKey folds a house number: "30 B" and "30b" are one; ordinal is its leading number, 0 if it has none.
func houseKey(number string) (key string, ordinal int) {
	key = strings.Join(fold(number), "")
	for i := 0; i < len(key) && key[i] >= '0' && key[i] <= '9' && ordinal < 100_000; i++ {
		ordinal = ordinal*10 + int(key[i]-'0')
	}
	return key, ordinal
}
