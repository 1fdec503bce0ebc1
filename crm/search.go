package crm

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// SearchText folds texts for the search box: ASCII, lower case, umlauts spelt out, one blank between words.
func SearchText(parts ...string) string {
	var b strings.Builder
	text := strings.ToLower(norm.NFKC.String(strings.Join(parts, " "))) // composed, so that an umlaut is one letter
	for _, r := range norm.NFKD.String(germanFold.Replace(text)) {
		switch {
		case r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '@' || r == '.' || r == '+' || r == '-'):
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r): // the accent of a letter just written
		case unicode.IsLetter(r): // other scripts stay as they are
			b.WriteRune(r)
		default:
			b.WriteRune(' ')
		}
	}
	return strings.Join(strings.Fields(germanFold.Replace(b.String())), " ") // ǣ is an æ with a mark
}

var germanFold = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss", "æ", "ae", "ø", "oe", "å", "aa")

// EscapeLike makes a text stand for itself in a LIKE pattern.
func EscapeLike(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}
