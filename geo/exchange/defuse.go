package exchange

import "strings"

// formula are the signs that make spreadsheets take a text for a formula when it begins with one.
const formula = "=+-@\t\r"

// Defuse makes a text one that no spreadsheet takes for a formula: an apostrophe goes before it. Harmful undoes it.
func Defuse(text string) string {
	if rest := strings.TrimLeft(text, "'"); rest != "" && strings.IndexByte(formula, rest[0]) >= 0 {
		return "'" + text
	}
	return text
}

// Harmful returns a text as it was before Defuse.
func Harmful(text string) string {
	if strings.HasPrefix(text, "'") {
		if rest := strings.TrimLeft(text, "'"); rest != "" && strings.IndexByte(formula, rest[0]) >= 0 {
			return text[1:]
		}
	}
	return text
}
