package geocode

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// letters that do not decompose into an ASCII letter and marks: what people type for them.
var letters = map[rune]string{
	'ß': "ss", 'ẞ': "ss", 'æ': "a", 'œ': "o", 'ø': "o", 'đ': "d", 'ð': "d", 'þ': "th", 'ł': "l", 'ı': "i", 'ĸ': "k", 'ŋ': "ng",
	'а': "a", 'б': "b", 'в': "v", 'г': "g", 'д': "d", 'е': "e", 'ж': "zh", 'з': "z", 'и': "i", 'к': "k", 'л': "l",
	'м': "m", 'н': "n", 'о': "o", 'п': "p", 'р': "r", 'с': "s", 'т': "t", 'у': "u", 'ф': "f", 'х': "h", 'ц': "ts", 'ч': "ch",
	'ш': "sh", 'щ': "sht", 'ъ': "", 'ы': "y", 'ь': "", 'э': "e", 'ю': "yu", 'я': "ya", 'і': "i", 'є': "ye", 'ґ': "g", 'ј': "j", 'љ': "lj", 'њ': "nj", 'ћ': "c", 'ђ': "dj", 'џ': "dz",
	'α': "a", 'β': "v", 'γ': "g", 'δ': "d", 'ε': "e", 'ζ': "z", 'η': "i", 'θ': "th", 'ι': "i", 'κ': "k", 'λ': "l", 'μ': "m",
	'ν': "n", 'ξ': "x", 'ο': "o", 'π': "p", 'ρ': "r", 'σ': "s", 'ς': "s", 'τ': "t", 'υ': "y", 'φ': "f", 'χ': "ch", 'ψ': "ps", 'ω': "o",
}

// umlauts written with an e are one with umlauts and with the bare vowel: Äule, Aeule and Aule are all "aule".
var umlauts = strings.NewReplacer("ae", "a", "oe", "o", "ue", "u")

// short forms of words that are often abbreviated. Both the long and the short form become the one on the right.
var shortForms = map[string]string{
	"strasse": "str", "street": "st", "sankt": "st", "saint": "st", "sainte": "st", "santa": "st", "san": "st", "sao": "st", "ste": "st",
	"avenue": "av", "avenida": "av", "ave": "av", "boulevard": "bd", "blvd": "bd", "bvd": "bd", "route": "rte", "road": "rd", "lane": "ln", "drive": "dr",
	"doktor": "dr", "doctor": "dr", "professor": "prof", "place": "pl", "platz": "pl", "plaza": "pl", "chemin": "ch", "rua": "r", "rue": "r", "ru": "r", "calle": "c",
	"travessa": "tv", "praca": "pr", "largo": "lg", "quai": "q", "square": "sq", "impasse": "imp", "via": "v", "viale": "vle", "piazza": "pza",
	"general": "gen", "prince": "pce", "princesse": "pcesse", "allee": "all", "alle": "all", "gasse": "g", "weg": "w", "num": "", "nr": "", "no": "", "hausnr": "", "hausnummer": "",
	"p": "pl", "und": "u", "and": "u",
}

// fold writes a text in lower-case ASCII words: without accents, umlauts as the bare vowel, letters of other
// scripts as they are usually typed. What is neither letter nor digit separates words, except the apostrophe and
// the full stop of an abbreviation.
func fold(text string) []string {
	var words []string
	var b strings.Builder
	flush := func() {
		if b.Len() > 0 {
			words = append(words, umlauts.Replace(b.String()))
			b.Reset()
		}
	}
	for _, r := range norm.NFKD.String(text) {
		switch {
		case unicode.Is(unicode.Mn, r), r == '\'', r == '’', r == '`', r == '\u00ad':
		case unicode.IsLetter(r):
			r = unicode.ToLower(r)
			if s, ok := letters[r]; ok {
				b.WriteString(s)
			} else {
				b.WriteRune(r)
			}
		case unicode.IsDigit(r):
			b.WriteRune(r)
		default:
			flush()
		}
	}
	flush()
	return words
}

// canonical gives each word its short form: a street's ending is "str" however it was written.
func canonical(word string) string {
	if short, ok := shortForms[word]; ok {
		return short
	}
	if rest, ok := strings.CutSuffix(word, "strasse"); ok {
		return rest + "str"
	}
	return word
}

// words of a name as they are stored in the index.
func words(name string) []string {
	folded := fold(name)
	out := folded[:0]
	for _, w := range folded {
		if w = canonical(w); w != "" {
			out = append(out, w)
		}
	}
	return out
}

// queryWord is canonical, forgiving a slip within the street's ending, as in "bahnhofstrase".
func queryWord(word string) string {
	c := canonical(word)
	if c != word || len(word) < 5 || strings.HasSuffix(word, "str") {
		return c
	}
	for _, n := range [...]int{7, 6, 8} {
		if n > len(word) {
			continue
		}
		ending := word[len(word)-n:]
		// The ending must begin where the name ends, else its slip would eat a letter of the name.
		if ending[0] != 's' && ending != "trasse" && ending != "tsrasse" {
			continue
		}
		if distance(ending, "strasse", 1) <= 1 {
			return word[:len(word)-n] + "str"
		}
	}
	return c
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
	var rows [3][64]int
	if len(b) >= 63 || len(a) >= 63 {
		return most + 1
	}
	for j := range len(b) + 1 {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		row, above, twoAbove := &rows[i%3], &rows[(i-1)%3], &rows[(i+1)%3]
		row[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			cost := 1
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
		if least > most {
			return most + 1
		}
	}
	return min(rows[len(a)%3][len(b)], most+1)
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
