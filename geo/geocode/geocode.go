// Package geocode finds places by their address and addresses by their place.
//
// A [Loader] reads houses, streets, settlements and postcodes from an extract inside the import's transaction, fills
// in the town and postcode that a house lacks from its neighbours, and indexes every word. A [Geocoder] answers for
// the generations in force: [Geocoder.Search] takes what people type (free text or fields, slips, abbreviations, any
// order) and returns candidates with a confidence; [Geocoder.Reverse] tells the address at a point;
// [Batch] does a list and reports. What is found equally well is told as a tie, never picked in silence.
package geocode

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
)

// DB is what searching needs of a pool, connection or transaction.
type DB interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// Geocoder answers for the generations in force. The connections of DB must speak orb shapes, as those of
// geo/postgis do.
type Geocoder struct {
	DB DB
	// InForce tells the generations of extracts that count now. It is asked at each call and should be cheap.
	InForce func(ctx context.Context) ([]int64, error)
}

// Query asks for an address. Text is free text; the fields may be given instead or besides.
type Query struct {
	Text string

	Street      string
	HouseNumber string
	Postcode    string
	City        string
	Country     string

	// Typing says that the text is still being typed: its last word may be a beginning.
	Typing bool
	// Near makes candidates near a point come first among equals, when set.
	Near *orb.Point
	// Limit is the most candidates wanted; 5 when 0, never more than 20.
	Limit int
}

// Kind tells how exactly a candidate is known.
type Kind string

// The kinds, from the most exact.
const (
	House        Kind = "house"        // the house asked for
	Interpolated Kind = "interpolated" // computed between two houses of the street
	Nearest      Kind = "nearest"      // the street's house whose number comes nearest to the one asked for
	Street       Kind = "street"
	Place        Kind = "place"
	Postcode     Kind = "postcode"
)

// Candidate is one answer.
type Candidate struct {
	Kind        Kind
	Label       string // one line, as on an envelope
	Street      string
	HouseNumber string
	Postcode    string
	City        string
	Country     string // ISO 3166-1 code, or empty
	At          orb.Point
	Confidence  float64 // 0 to 1; from Sure on it may be taken without asking, unless Tie
	Tie         bool    // another candidate fits as well
	Distance    float64 // metres from the point asked about; Reverse only

	importance float64
}

// Sure is the confidence from which an untied candidate may be taken without asking a person.
const Sure = 0.8

// numberFirst are the countries that write the house number before the street.
var numberFirst = map[string]bool{
	"GB": true, "IE": true, "FR": true, "MC": true, "LU": true, "US": true, "CA": true, "AU": true, "NZ": true, "MT": true,
}

// label writes the address in one line.
func (c Candidate) label() string {
	var parts []string
	street := c.Street
	if street != "" && c.HouseNumber != "" {
		if numberFirst[c.Country] {
			street = c.HouseNumber + " " + street
		} else {
			street += " " + c.HouseNumber
		}
	}
	if street != "" {
		parts = append(parts, street)
	}
	if town := strings.TrimSpace(c.Postcode + " " + c.City); town != "" {
		parts = append(parts, town)
	}
	return strings.Join(parts, ", ")
}
