package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/crm/customer"
	"catchment/geo"
	"catchment/geo/geocode"
)

// Address is a place found for what was typed, or at a point.
type Address struct {
	Label          string       `json:"label" example:"Landstrasse 12, 9490 Vaduz"`
	Street         string       `json:"street"`
	HouseNumber    string       `json:"house_number"`
	Postcode       string       `json:"postcode"`
	City           string       `json:"city"`
	Country        string       `json:"country"`
	Point          Point        `json:"point" example:"[9.5209,47.1410]"`
	Kind           geocode.Kind `json:"kind" enum:"house,interpolated,nearest,street,place,postcode" doc:"How exactly the place is known, from the most exact"`
	Confidence     float64      `json:"confidence" doc:"0 to 1; from 0.8 on it may be taken without asking, unless it is a tie"`
	Tie            bool         `json:"tie" doc:"Another one fits as well"`
	DistanceMeters float64      `json:"distance_meters,omitempty" doc:"From the point asked about"`
}

func addressOut(c geocode.Candidate) Address {
	return Address{c.Label, c.Street, c.HouseNumber, c.Postcode, c.City, c.Country, point(c.At), c.Kind, c.Confidence, c.Tie, c.Distance}
}

// addressesOut are the candidates of a site.
func addressesOut(candidates []customer.Candidate) []Address {
	var out []Address
	for _, c := range candidates {
		out = append(out, Address{c.Label, c.Street, c.HouseNumber, c.Postcode, c.City, c.Country, point(c.Point), c.Kind, c.Confidence, c.Tie, 0})
	}
	return out
}

// lonLat reads "9.52,47.14".
func lonLat(field, text string) (orb.Point, error) {
	west, north, found := strings.Cut(text, ",")
	lon, err1 := strconv.ParseFloat(strings.TrimSpace(west), 64)
	lat, err2 := strconv.ParseFloat(strings.TrimSpace(north), 64)
	if !found || err1 != nil || err2 != nil {
		return orb.Point{}, crm.Invalidf("query."+field, "is not longitude,latitude")
	}
	return checked(field, orb.Point{lon, lat})
}

func checked(field string, p orb.Point) (orb.Point, error) {
	var unsound *geo.Unsound
	if err := geo.CheckPoint(p); errors.As(err, &unsound) {
		return p, crm.Invalidf("query."+field, "%s", unsound.Message)
	}
	return p, nil
}

// addressError names what is wrong with a question.
func addressError(err error, field string) error {
	var bad *geocode.BadQuery
	if errors.As(err, &bad) {
		return crm.Invalidf("query."+field, "%s", bad.Message)
	}
	return err
}

func addressOperations(a *API, rooms Rooms) {
	type query struct {
		Q     string `query:"q" required:"true" minLength:"1" maxLength:"200" doc:"What was typed, whole or half, in any order" example:"landstr 12 vaduz"`
		Limit int    `query:"limit" minimum:"1" maximum:"20" default:"5"`
		Near  string `query:"near" maxLength:"60" doc:"Longitude,latitude: what lies near comes first among equals" example:"9.52,47.14"`
	}
	Register(a, Operation{ID: "searchAddresses", Method: http.MethodGet, Path: "/addresses", Tag: "addresses", Summary: "Places for an address as people type it"},
		crm.AccountRead, func(ctx context.Context, in *query) (*List[Address], error) {
			q := geocode.Query{Text: in.Q, Typing: true, Limit: in.Limit}
			if in.Near != "" {
				near, err := lonLat("near", in.Near)
				if err != nil {
					return nil, err
				}
				q.Near = &near
			}
			found, err := rooms.Addresses.Search(ctx, q)
			if err != nil {
				return nil, addressError(err, "q")
			}
			return whole(ctx, WholePaging{}, found, addressOut)
		})
	type reverseQuery struct {
		Lon float64 `query:"lon" required:"true" minimum:"-180" maximum:"180" example:"9.5209"`
		Lat float64 `query:"lat" required:"true" minimum:"-90" maximum:"90" example:"47.1410"`
	}
	batchOperation(a, rooms)
	Register(a, Operation{ID: "reverseAddresses", Method: http.MethodGet, Path: "/addresses/reverse", Tag: "addresses", Summary: "The addresses at a point, nearest first"},
		crm.AccountRead, func(ctx context.Context, in *reverseQuery) (*List[Address], error) {
			at, err := checked("lon", orb.Point{in.Lon, 0})
			if err == nil {
				at, err = checked("lat", orb.Point{in.Lon, in.Lat})
			}
			if err != nil {
				return nil, err
			}
			found, err := rooms.Addresses.Reverse(ctx, at)
			if err != nil {
				return nil, addressError(err, "lon")
			}
			return whole(ctx, WholePaging{}, found, addressOut)
		})
}
