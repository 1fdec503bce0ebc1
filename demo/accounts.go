package demo

import (
	"math/rand/v2"
	"strings"

	"catchment/crm"
)

var accessNotes = []string{"", "", "", "Ring twice; the bell is at the side door.", "Plant room in the cellar, key at reception.",
	"Dog in the garden, please call before.", "Parking behind the house.", "Gate code 4711.", "Deliveries only until 10:00, the yard is full then.",
	"Ask for the caretaker."}

// stage draws a stage as often as a settled firm's customers are in it.
func stage(chance *rand.Rand) string {
	switch n := chance.IntN(100); {
	case n < 9:
		return "lead"
	case n < 22:
		return "prospect"
	case n < 27:
		return "at_risk"
	case n < 30:
		return "lost"
	case n < 32:
		return "won_back"
	}
	return "customer"
}

// digits puts a digit in the place of each X.
func digits(chance *rand.Rand, pattern string) string {
	return strings.Map(func(r rune) rune {
		if r == 'X' {
			return rune('0' + chance.IntN(10))
		}
		return r
	}, pattern)
}

// mailName writes a name as it stands in an e-mail address.
func mailName(name string) string {
	return strings.NewReplacer(" ", "", "'", "").Replace(crm.SearchText(name))
}
