package api

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"catchment/crm"
	"catchment/crm/kinds"
	"catchment/crm/record"
)

// Hit is a record the search box found.
type Hit struct {
	Kind      string     `json:"kind" example:"account"`
	ID        uuid.UUID  `json:"id" format:"uuid"`
	Title     string     `json:"title" doc:"What it is called"`
	Number    string     `json:"number,omitempty" doc:"What people call it by" example:"A-000123"`
	AccountID *uuid.UUID `json:"account_id" nullable:"true" format:"uuid" doc:"Whose it is"`
	Account   string     `json:"account,omitempty" doc:"What that is called"`
	Field     string     `json:"field,omitempty" doc:"The field it was found by, if not by its title or number" example:"phone"`
	Value     string     `json:"value,omitempty" doc:"What stands in that field"`
	Near      bool       `json:"near,omitempty" doc:"It does not hold the words but is spelled alike"`
	Mine      bool       `json:"mine,omitempty" doc:"You are its owner"`
	Point     *Point     `json:"point" nullable:"true" doc:"Where it lies, or its account does"`
}

// Hits are what the search box found.
type Hits struct {
	Items []Hit `json:"items" nullable:"false" doc:"The best first"`
}

func searchOperations(a *API, rooms Rooms) {
	records := rooms.Records
	if records == nil { // for the document alone
		records = kinds.Records(nil)
	}
	type input struct {
		Q     string   `query:"q" required:"true" minLength:"1" maxLength:"200" doc:"Names, numbers, telephone numbers however written, e-mails, addresses" example:"muller heizung"`
		Kinds []string `query:"kinds" maxItems:"20" maxLength:"60" doc:"Of these kinds only" example:"[\"account\",\"contact\"]"`
		Limit int      `query:"limit" minimum:"1" maximum:"100" default:"20"`
	}
	Register(a, Operation{ID: "search", Method: http.MethodGet, Path: "/search", Tag: "search", Summary: "Records of all kinds by words of the one search box",
		About: "What is called so comes first, then what begins so, then what holds the words. Words that nothing holds find what is spelled alike."},
		crm.SignedIn, func(ctx context.Context, in *input) (*struct{ Body Hits }, error) {
			found, err := records.Search(ctx, record.SearchQuery{Text: in.Q, Kinds: in.Kinds, Limit: in.Limit})
			if err != nil {
				return nil, err
			}
			out := Hits{Items: make([]Hit, 0, len(found))}
			for _, h := range found {
				hit := Hit{Kind: h.Kind, ID: h.ID, Title: h.Title, Number: h.Number, AccountID: h.Account, Account: h.Of, Field: h.Field, Value: h.Value, Near: h.Near, Mine: h.Mine}
				if h.Point != nil {
					p := point(*h.Point)
					hit.Point = &p
				}
				out.Items = append(out.Items, hit)
			}
			return &struct{ Body Hits }{out}, nil
		})
}
