package api

import (
	"context"
	"net/http"

	"catchment/crm"
)

// Policy is how long something is kept.
type Policy struct {
	Code    string `json:"code" example:"login_attempts"`
	Title   string `json:"title" example:"Attempts to sign in"`
	Days    int    `json:"days" doc:"Kept so long, then deleted by a job every day"`
	Default int    `json:"default"`
	Least   int    `json:"least"`
	Most    int    `json:"most"`
	Version int    `json:"version"`
}

func policyOut(r crm.Retention) Policy {
	return Policy{r.Code, r.Title, r.Days, r.Default, r.Least, r.Most, r.Version + 1}
}

func policyOperations(a *API, rooms Rooms) {
	policies := rooms.Policies
	Register(a, Operation{ID: "listPolicies", Method: http.MethodGet, Path: "/policies", Tag: "administration", Summary: "How long things are kept"},
		crm.OrganisationWrite, func(ctx context.Context, in *WholePaging) (*List[Policy], error) {
			all, err := policies.List(ctx)
			if err != nil {
				return nil, err
			}
			return whole(ctx, *in, all, policyOut)
		})
	type changeInput struct {
		Code
		Match
		Body struct {
			Days int `json:"days" minimum:"0" maximum:"36500" example:"30"`
		}
	}
	Register(a, Operation{ID: "changePolicy", Method: http.MethodPatch, Path: "/policies/{code}", Tag: "administration", Summary: "Change how long something is kept", Versioned: true},
		crm.OrganisationWrite, func(ctx context.Context, in *changeInput) (*One[Policy], error) {
			version, err := in.version()
			if err != nil {
				return nil, err
			}
			r, err := policies.Change(ctx, in.Code.Code, version-1, in.Body.Days)
			if err != nil {
				return nil, err
			}
			return one(policyOut(r), r.Version+1), nil
		})
}
