package customer

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/geo/geocode"
)

// Addresses finds places by their address.
type Addresses interface {
	Search(ctx context.Context, q geocode.Query) ([]geocode.Candidate, error)
}

// Candidate is a place that may be the one a site's address means.
type Candidate struct {
	Kind        geocode.Kind `json:"kind"`
	Label       string       `json:"label"`
	Street      string       `json:"street"`
	HouseNumber string       `json:"house_number"`
	Postcode    string       `json:"postcode"`
	City        string       `json:"city"`
	Country     string       `json:"country"`
	Point       orb.Point    `json:"point"`
	Confidence  float64      `json:"confidence"`
	Tie         bool         `json:"tie"`
}

// Undecided says that a site's address leaves open where it lies. A person chooses among the candidates, or sets the
// point.
type Undecided struct {
	Reason     string
	Candidates []Candidate // best first; none if nothing fits
}

func (e *Undecided) Error() string { return "point: " + e.Reason }

// Unwrap makes it an invalid point.
func (e *Undecided) Unwrap() error {
	return &crm.Error{Kind: crm.Invalid, Field: "point", Message: e.Reason}
}

// mostCandidates are kept with a site.
const mostCandidates = 5

// located is where an address lies.
type located struct {
	at         orb.Point
	confidence float64
	candidates []Candidate
}

// locate finds the address of a site. Unless keepUnsure it must be found for sure.
func (c *Customers) locate(ctx context.Context, n NewSite, keepUnsure bool) (located, error) {
	q := geocode.Query{Street: n.Street, HouseNumber: n.HouseNumber, Postcode: n.Postcode, City: n.City, Country: n.Country, Limit: mostCandidates}
	if !n.addressed() {
		return located{}, crm.Invalidf("point", "is needed: there is no address to find it by")
	}
	if c.Addresses == nil {
		return located{}, crm.Invalidf("point", "is needed: there is no address search to find it by")
	}
	found, err := c.Addresses.Search(ctx, q)
	var bad *geocode.BadQuery
	if errors.As(err, &bad) {
		field := bad.Field
		if field == "text" {
			field = "street"
		}
		return located{}, crm.Invalidf(field, "%s", bad.Message)
	}
	if err != nil {
		return located{}, err
	}
	out := located{}
	for _, f := range found[:min(len(found), mostCandidates)] {
		out.candidates = append(out.candidates, Candidate{f.Kind, f.Label, f.Street, f.HouseNumber, f.Postcode, f.City, f.Country, f.At, f.Confidence, f.Tie})
	}
	reason := doubt(out.candidates, n.Postcode+n.City != "")
	if len(found) == 0 || reason != "" && !keepUnsure {
		return located{}, &Undecided{reason, out.candidates}
	}
	out.at, out.confidence = found[0].At, found[0].Confidence
	return out, nil
}

// doubt says why the first candidate may not be taken without asking, or nothing. A site is a door: a town or a
// postcode is not exact enough, however sure it is. Nor is a street that several towns have, where no town is named:
// that only one of them has the house number may be for want of mapping.
func doubt(candidates []Candidate, townNamed bool) string {
	if len(candidates) == 0 {
		return "no place is known for this address: set the point"
	}
	first := candidates[0]
	switch {
	case first.Tie:
		return "more than one place fits this address: choose one and send its point"
	case first.Kind == geocode.Nearest:
		return "the street is known but not this house number: choose a place and send its point"
	case first.Kind == geocode.Place || first.Kind == geocode.Postcode:
		return "only the town is known, not the street: choose a place and send its point"
	case !townNamed && slices.ContainsFunc(candidates, func(c Candidate) bool { return c.Street == first.Street && c.City != first.City }):
		return "more than one town has this street: name the town, or choose a place and send its point"
	case first.Confidence < geocode.Sure:
		return "no place fits this address for sure: choose one and send its point"
	}
	return ""
}

// NeedsDecision tells that an address search put the site where it is, and was not sure.
func (s Site) NeedsDecision() bool {
	if s.Source != "geocoder" {
		return false
	}
	return s.Confidence < geocode.Sure || len(s.Candidates) > 0 && doubt(s.Candidates, s.Postcode+s.City != "") != ""
}

// addressed tells whether there is any address.
func (n NewSite) addressed() bool {
	return strings.TrimSpace(n.Street+n.Postcode+n.City) != ""
}

// sameAddress tells whether both stand for the same words on an envelope.
func (n NewSite) sameAddress(s Site) bool {
	return n.Street == s.Street && n.HouseNumber == s.HouseNumber && n.Postcode == s.Postcode && n.City == s.City && n.Country == s.Country
}

// labels are the candidates as the event log tells them.
func labels(candidates []Candidate) []string {
	var out []string
	for _, c := range candidates {
		out = append(out, c.Label)
	}
	return out
}
