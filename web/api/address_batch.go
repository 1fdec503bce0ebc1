package api

import (
	"context"
	"errors"
	"net/http"

	"catchment/crm"
	"catchment/geo/geocode"
)

// AddressQuery asks for one address, in one line, in parts, or both.
type AddressQuery struct {
	Text        string `json:"text,omitempty" maxLength:"200" doc:"The address on one line, in any order" example:"Landstrasse 12, Vaduz"`
	Street      string `json:"street,omitempty" maxLength:"200" example:"Landstrasse"`
	HouseNumber string `json:"house_number,omitempty" maxLength:"50" example:"12"`
	Postcode    string `json:"postcode,omitempty" maxLength:"50" example:"9490"`
	City        string `json:"city,omitempty" maxLength:"200" example:"Vaduz"`
	Country     string `json:"country,omitempty" maxLength:"100" example:"LI"`
}

// AddressQueries are many addresses to find.
type AddressQueries struct {
	Queries []AddressQuery `json:"queries" minItems:"1" maxItems:"1000"`
	Limit   int            `json:"limit,omitempty" minimum:"1" maximum:"10" default:"3" doc:"Most candidates for each"`
}

// AddressAnswer is what became of one query.
type AddressAnswer struct {
	Verdict    geocode.Verdict `json:"verdict" enum:"taken,review,missing,refused" doc:"taken: the first candidate is sure; review: a person should choose; missing: nothing fits; refused: the query cannot be read"`
	Candidates []Address       `json:"candidates" doc:"Best first"`
	Reason     string          `json:"reason,omitempty" doc:"Why it was refused"`
}

// AddressCounts count a batch by verdict.
type AddressCounts struct {
	Taken   int `json:"taken"`
	Review  int `json:"review"`
	Missing int `json:"missing"`
	Refused int `json:"refused"`
}

// AddressReport answers each query, in their order.
type AddressReport struct {
	Answers []AddressAnswer `json:"answers"`
	Counts  AddressCounts   `json:"counts"`
}

func batchOperation(a *API, rooms Rooms) {
	type input struct{ Body AddressQueries }
	type output struct{ Body AddressReport }
	Register(a, Operation{ID: "findAddresses", Method: http.MethodPost, Path: "/addresses/batch", Tag: "addresses", Summary: "Places for many addresses at once, with a verdict on each",
		About: "Nothing is stored. Where an external address search is set up that is slow, ask for fewer at a time.", Asks: true},
		crm.AccountRead, func(ctx context.Context, in *input) (*output, error) {
			queries := make([]geocode.Query, len(in.Body.Queries))
			for i, q := range in.Body.Queries {
				queries[i] = geocode.Query{Text: q.Text, Street: q.Street, HouseNumber: q.HouseNumber, Postcode: q.Postcode, City: q.City, Country: q.Country, Limit: in.Body.Limit}
			}
			report, err := geocode.Batch(ctx, rooms.Addresses, queries, nil)
			if errors.Is(err, context.DeadlineExceeded) && errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return nil, NewProblem(http.StatusServiceUnavailable, "the addresses could not all be found in the time a request may take; please ask for fewer at a time")
			}
			if err != nil {
				return nil, err
			}
			return &output{reportOut(report)}, nil
		})
}

func reportOut(report geocode.Report) AddressReport {
	out := AddressReport{Answers: make([]AddressAnswer, len(report.Answers)), Counts: AddressCounts{Taken: report.Counts[geocode.Taken],
		Review: report.Counts[geocode.Review], Missing: report.Counts[geocode.Missing], Refused: report.Counts[geocode.Refused]}}
	for i, answer := range report.Answers {
		out.Answers[i] = AddressAnswer{Verdict: answer.Verdict, Candidates: []Address{}}
		for _, c := range answer.Candidates {
			out.Answers[i].Candidates = append(out.Answers[i].Candidates, addressOut(c))
		}
		if answer.Err != nil {
			out.Answers[i].Reason = answer.Err.Error()
		}
	}
	return out
}
