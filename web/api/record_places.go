package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"catchment/crm/kinds"
	"catchment/crm/record"
)

// PlacesAsked asks where records lie.
type PlacesAsked struct {
	WhichRecords
	Fields []string `json:"fields,omitempty" maxItems:"6" maxLength:"60" doc:"Fields to tell the records apart by" example:"[\"stage\"]"`
	Limit  int      `json:"limit,omitempty" minimum:"1" maximum:"50000" default:"50000" doc:"Most points"`
}

// RecordPlaces are records where they lie, field by field so that tens of thousands stay small: the n-th of each list belongs
// together. A record that lies at several points is there once for each.
type RecordPlaces struct {
	IDs    []uuid.UUID                  `json:"ids" nullable:"false"`
	Lon    []float64                    `json:"lon" nullable:"false"`
	Lat    []float64                    `json:"lat" nullable:"false"`
	Titles []string                     `json:"titles" nullable:"false"`
	Sites  []*uuid.UUID                 `json:"sites" nullable:"false" doc:"The site where it lies, if it lies at one"`
	Values map[string][]any             `json:"values" nullable:"false" doc:"By field" example:"{\"stage\":[\"customer\"]}"`
	Labels map[string]map[string]string `json:"labels" nullable:"false" doc:"What people, teams and records in the values are called, by field and id"`
	More   bool                         `json:"more" doc:"There are more than these"`
}

func placesOut(p record.Places, fields []string) RecordPlaces {
	n := len(p.Items)
	out := RecordPlaces{IDs: make([]uuid.UUID, n), Lon: make([]float64, n), Lat: make([]float64, n), Titles: make([]string, n), Sites: make([]*uuid.UUID, n),
		Values: map[string][]any{}, Labels: p.Labels, More: p.More}
	for _, f := range fields {
		out.Values[f] = make([]any, n)
	}
	for i, item := range p.Items {
		at := point([2]float64{item.Lon, item.Lat})
		out.IDs[i], out.Lon[i], out.Lat[i], out.Titles[i], out.Sites[i] = item.ID, at[0], at[1], item.Title, item.Site
		for j, f := range fields {
			out.Values[f][i] = item.Values[j]
		}
	}
	return out
}

func placeOperations(a *API, rooms Rooms) {
	records := rooms.Records
	if records == nil { // for the document alone
		records = kinds.Records(nil)
	}
	for _, k := range records.Kinds() {
		if !k.Placed() {
			continue
		}
		Register(a, Operation{ID: camel("place", k.Plural), Method: http.MethodPost, Path: "/" + k.Plural + "/places", Tag: k.Plural,
			Summary: "Where the " + strings.ToLower(k.Many.En) + " lie that fit, for a map", About: filterDoc, Asks: true, MaxBody: 8 << 20},
			k.Read, func(ctx context.Context, in *struct{ Body PlacesAsked }) (*struct{ Body RecordPlaces }, error) {
				q, err := in.Body.WhichRecords.in()
				if err != nil {
					return nil, err
				}
				found, err := records.Places(ctx, k.Name, q, in.Body.Fields, in.Body.Limit)
				if err != nil {
					return nil, err
				}
				return &struct{ Body RecordPlaces }{placesOut(found, in.Body.Fields)}, nil
			})
	}
}
