package record

import (
	"slices"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"

	"catchment/crm"
)

// Reasons why two records may be one and the same.
const (
	SameEmail   = "email"
	SamePhone   = "phone"
	SameTaxID   = "tax_id"
	AlikeName   = "name"
	SameAddress = "address"
	NearBy      = "near"    // at most NearMeters apart
	SameAccount = "account" // people of the same account
)

// NearMeters is how far apart places of one customer may have been put on the map.
const NearMeters = 75

// Scores from which a pair is worth a person's time.
const (
	WorthWarning   = 50 // of somebody who is typing it in
	WorthReviewing = 60
)

// profile is what a record is compared by.
type profile struct {
	Name    string
	Kind    string // company, household
	Emails  []string
	Phones  []string
	TaxID   string
	Foreign string // its number elsewhere
	Account string // of a contact
	Places  []placed
}

type placed struct {
	Postcode, Street, House string
	Point                   *orb.Point
}

// bare are words that do not tell names apart.
var bare = strings.Fields(`gmbh ag kg ohg gbr ug se ev mbh co anstalt est etablissement ltd llc inc sa sarl srl spa bv und and u der die das the
	firma familie fam herr frau dr prof dipl ing mr mrs ms`)

var spelling = strings.NewReplacer("ph", "f", "tz", "z", "dt", "t", "th", "t", "ck", "k", "ie", "i", "ae", "e", "oe", "o", "ue", "u", "ai", "ei", "ay", "ei", "y", "i", "v", "f")

// nameWords are the words that tell a name, as they sound, sorted.
func nameWords(name string) []string {
	var out []string
	for w := range strings.FieldsFuncSeq(crm.SearchText(name), func(r rune) bool { return strings.ContainsRune(" @.+-", r) }) {
		if !slices.Contains(bare, w) {
			out = append(out, single(spelling.Replace(w)))
		}
	}
	slices.Sort(out)
	return out
}

// single writes doubled letters once.
func single(w string) string {
	var b strings.Builder
	var last rune
	for _, r := range w {
		if r != last {
			b.WriteRune(r)
		}
		last = r
	}
	return b.String()
}

// nameLikeness is between 0 and 1: the shared part of all trigrams of two names (Dice's coefficient), as they sound.
func nameLikeness(a, b string) float64 {
	one, two := trigrams(nameWords(a)), trigrams(nameWords(b))
	if len(one)+len(two) == 0 {
		return 0
	}
	shared := 0
	for t := range one {
		if two[t] {
			shared++
		}
	}
	return 2 * float64(shared) / float64(len(one)+len(two))
}

func trigrams(words []string) map[string]bool {
	out := map[string]bool{}
	for _, w := range words {
		r := []rune("  " + w + " ")
		for i := 0; i+3 <= len(r); i++ {
			out[string(r[i:i+3])] = true
		}
	}
	return out
}

// compare tells how likely two records are one and the same, of 100, and why.
func compare(a, b profile) (score int, reasons []string) {
	add := func(points int, reason string) {
		score += points
		if reason != "" {
			reasons = append(reasons, reason)
		}
	}
	if share(a.Emails, b.Emails, func(s string) string { return strings.ToLower(strings.TrimSpace(s)) }) {
		add(50, SameEmail)
	}
	if slices.ContainsFunc(a.Phones, func(p string) bool {
		return slices.ContainsFunc(b.Phones, func(q string) bool { return samePhone(p, q) })
	}) {
		add(40, SamePhone)
	}
	switch one, two := squeezed(a.TaxID), squeezed(b.TaxID); {
	case one == "" || two == "":
	case one == two:
		add(70, SameTaxID)
	default:
		add(-50, "")
	}
	switch like := nameLikeness(a.Name, b.Name); {
	case like >= 0.95:
		add(45, AlikeName)
	case like >= 0.8:
		add(35, AlikeName)
	case like >= 0.6:
		add(20, AlikeName)
	case like < 0.3:
		add(-25, "")
	}
	if a.Account != "" && a.Account == b.Account {
		add(15, SameAccount)
	}
	if a.Foreign != "" && b.Foreign != "" && a.Foreign != b.Foreign {
		add(-15, "")
	}
	if a.Kind != b.Kind && a.Kind != "" && b.Kind != "" {
		add(-5, "")
	}
	add(places(a.Places, b.Places))
	return max(0, min(100, score)), reasons
}

// places compares where two records lie.
func places(a, b []placed) (points int, reason string) {
	for _, p := range a {
		for _, q := range b {
			if p.Postcode != "" && p.Street != "" && squeezed(p.Postcode) == squeezed(q.Postcode) && street(p.Street) == street(q.Street) && squeezed(p.House) == squeezed(q.House) {
				return 30, SameAddress
			}
			if p.Point != nil && q.Point != nil && geo.DistanceHaversine(*p.Point, *q.Point) <= NearMeters {
				points, reason = 20, NearBy
			}
		}
	}
	return points, reason
}

func street(s string) string {
	s = strings.TrimRight(crm.SearchText(s), ". ")
	for _, end := range []string{"strasse", "str"} {
		if cut, ok := strings.CutSuffix(s, end); ok && strings.TrimSpace(cut) != "" {
			s = cut
		}
	}
	return strings.Join(nameWords(s), "")
}

// squeezed leaves letters and digits alone.
func squeezed(s string) string {
	return strings.NewReplacer(" ", "", ".", "", "-", "", "+", "", "@", "").Replace(crm.SearchText(s))
}

// samePhone tells whether two numbers are one, should one lack what the country or the town puts in front.
func samePhone(a, b string) bool {
	a, b = phoneDigits(a), phoneDigits(b)
	if len(a) > len(b) {
		a, b = b, a
	}
	return len(a) >= 6 && strings.HasSuffix(b, a)
}

func share(a, b []string, form func(string) string) bool {
	for _, x := range a {
		x = form(x)
		if x != "" && slices.ContainsFunc(b, func(y string) bool { return form(y) == x }) {
			return true
		}
	}
	return false
}
