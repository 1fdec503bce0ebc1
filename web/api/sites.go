package api

import (
	"context"
	"fmt"
	"net/http"

	"github.com/google/uuid"
	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/crm/customer"
)

// Site is a place where work happens.
type Site struct {
	ID           uuid.UUID `json:"id" format:"uuid"`
	No           int64     `json:"no" doc:"Stable number used in tiles"`
	AccountID    uuid.UUID `json:"account_id" format:"uuid"`
	Name         string    `json:"name" example:"Boiler house"`
	Label        string    `json:"label" doc:"The address on one line" example:"Landstrasse 12, 9490 Vaduz"`
	Street       string    `json:"street" example:"Landstrasse"`
	HouseNumber  string    `json:"house_number" example:"12"`
	Postcode     string    `json:"postcode" example:"9490"`
	City         string    `json:"city" example:"Vaduz"`
	Country      string    `json:"country" example:"LI"`
	Point        Point     `json:"point" doc:"Longitude, latitude; the entrance if known" example:"[9.5209,47.1410]"`
	Cell         string    `json:"cell" doc:"H3 cell of the point" example:"8a1f8d6a4b2ffff"`
	Zone         string    `json:"zone" example:"Europe/Vaduz"`
	AccessNote   string    `json:"access_note" example:"Key at reception"`
	ContactName  string    `json:"contact_name"`
	ContactPhone string    `json:"contact_phone"`
	Source       string    `json:"source" enum:"person,geocoder,import,synthetic" doc:"Where the point comes from"`
	Confidence   float64   `json:"confidence" minimum:"0" maximum:"1" doc:"Of the point"`
	Candidates   []Address `json:"candidates" doc:"What the address search found when it set the point, best first; none once a person has set it"`
	Undecided    bool      `json:"needs_decision" doc:"The address search set the point and was not sure: a person should choose a candidate and send its point"`
	PointKept    bool      `json:"point_kept,omitempty" doc:"In the answer to a change: the address is new, and the point that a person had set stayed where it was"`
	Version      int       `json:"version"`
}

func siteOut(s customer.Site) Site {
	candidates := addressesOut(s.Candidates)
	if candidates == nil {
		candidates = []Address{}
	}
	return Site{s.ID, s.No, s.AccountID, s.Name, s.Label(), s.Street, s.HouseNumber, s.Postcode, s.City, s.Country, point(s.Point),
		fmt.Sprintf("%x", uint64(s.Cell)), s.Zone, s.AccessNote, s.ContactName, s.ContactPhone, s.Source, s.Confidence,
		candidates, s.NeedsDecision(), s.PointKept, s.Version}
}

// NewSite is a site to add.
type NewSite struct {
	ID           *uuid.UUID `json:"id,omitempty" format:"uuid" doc:"Made by the client, if it wants to name the site before it is answered"`
	Name         string     `json:"name,omitempty" maxLength:"300" example:"Boiler house"`
	Street       string     `json:"street,omitempty" maxLength:"300" example:"Landstrasse"`
	HouseNumber  string     `json:"house_number,omitempty" maxLength:"50" example:"12"`
	Postcode     string     `json:"postcode,omitempty" maxLength:"50" example:"9490"`
	City         string     `json:"city,omitempty" maxLength:"300" example:"Vaduz"`
	Country      string     `json:"country,omitempty" maxLength:"100" example:"LI"`
	Point        *Point     `json:"point,omitempty" doc:"Longitude, latitude. Without it the address is searched for" example:"[9.5209,47.1410]"`
	AccessNote   string     `json:"access_note,omitempty" maxLength:"2000"`
	ContactName  string     `json:"contact_name,omitempty" maxLength:"300"`
	ContactPhone string     `json:"contact_phone,omitempty" maxLength:"50"`
	Source       string     `json:"source,omitempty" enum:"person,geocoder" default:"person" doc:"Whether a person set the point or an address search found it; without a point it is always the search"`
	Confidence   float64    `json:"confidence,omitempty" minimum:"0" maximum:"1" doc:"Of an address search that found the point"`
	IfUnsure     string     `json:"if_unsure,omitempty" enum:"refuse,keep" default:"refuse" doc:"Without a point, where the search is not sure: answer 422 with the candidates, or take the best one and keep them all for a decision later. What is nowhere found is always refused"`
}

// keepUnsure takes the best candidate where an address is not found for sure.
const keepUnsure = "keep"

// aboutLocating says what becomes of a site whose point is not sent.
const aboutLocating = "Sent without a point, the site is put where the address search finds its address, if it finds it for sure and in one place only. " +
	"Otherwise the answer is 422 on `point` with the `candidates`: send one's point, or send `if_unsure` = `keep` to have the best taken and the site marked `needs_decision`."

// SiteChange names what to change of a site; what is left out stays.
type SiteChange struct {
	Name         *string `json:"name,omitempty" maxLength:"300"`
	Street       *string `json:"street,omitempty" maxLength:"300"`
	HouseNumber  *string `json:"house_number,omitempty" maxLength:"50"`
	Postcode     *string `json:"postcode,omitempty" maxLength:"50"`
	City         *string `json:"city,omitempty" maxLength:"300"`
	Country      *string `json:"country,omitempty" maxLength:"100"`
	Point        *Point  `json:"point,omitempty" doc:"Longitude, latitude; counts as set by a person" example:"[9.5209,47.1410]"`
	AccessNote   *string `json:"access_note,omitempty" maxLength:"2000" example:"Key at reception"`
	ContactName  *string `json:"contact_name,omitempty" maxLength:"300"`
	ContactPhone *string `json:"contact_phone,omitempty" maxLength:"50"`
	IfUnsure     string  `json:"if_unsure,omitempty" enum:"refuse,keep" default:"refuse" doc:"Where a new address without a point is not found for sure: answer 422 with the candidates, or take the best one and keep them all for a decision later"`
}

func siteOperations(a *API, rooms Rooms) {
	customers := rooms.Customers
	type listInput struct {
		ID
		WholePaging
	}
	Register(a, Operation{ID: "listSites", Method: http.MethodGet, Path: "/accounts/{id}/sites", Tag: "sites", Summary: "The sites of an account"},
		crm.AccountRead, func(ctx context.Context, in *listInput) (*List[Site], error) {
			sites, err := customers.Sites(ctx, in.ID.ID)
			if err != nil {
				return nil, err
			}
			return whole(ctx, in.WholePaging, sites, siteOut)
		})
	type addInput struct {
		ID
		Body NewSite
	}
	Register(a, Operation{ID: "addSite", Method: http.MethodPost, Path: "/accounts/{id}/sites", Tag: "sites", Summary: "Add a site to an account", About: aboutLocating, Status: http.StatusCreated},
		crm.AccountWrite, func(ctx context.Context, in *addInput) (*One[Site], error) {
			b := in.Body
			if _, err := customers.Account(ctx, in.ID.ID); err != nil {
				return nil, err
			}
			id := newID(ctx, b.ID)
			added := customer.NewSite{ID: id, AccountID: in.ID.ID, Name: b.Name, Street: b.Street, HouseNumber: b.HouseNumber,
				Postcode: b.Postcode, City: b.City, Country: b.Country, AccessNote: b.AccessNote, ContactName: b.ContactName, ContactPhone: b.ContactPhone,
				Source: b.Source, Confidence: b.Confidence, Locate: b.Point == nil, KeepUnsure: b.IfUnsure == keepUnsure}
			if b.Point != nil {
				added.Point = orb.Point(*b.Point)
			}
			site, err := customers.AddSite(ctx, added)
			if err != nil {
				site, err = again(ctx, b.ID, err, func() (customer.Site, error) { return customers.Site(ctx, id) })
			}
			if err != nil {
				return nil, err
			}
			return oneAt(siteOut(site), site.Version, "/sites/"+site.ID.String()), nil
		})
	type getInput struct {
		ID
		Known
	}
	Register(a, Operation{ID: "getSite", Method: http.MethodGet, Path: "/sites/{id}", Tag: "sites", Summary: "One site"},
		crm.AccountRead, func(ctx context.Context, in *getInput) (*One[Site], error) {
			site, err := customers.Site(ctx, in.ID.ID)
			if err != nil {
				return nil, err
			}
			return unlessKnown(in.Known, one(siteOut(site), site.Version))
		})
	type changeInput struct {
		ID
		Match
		Body SiteChange
	}
	Register(a, Operation{ID: "changeSite", Method: http.MethodPatch, Path: "/sites/{id}", Tag: "sites", Summary: "Change a site", Versioned: true,
		About: "A new address without a point moves the site to where the address search finds it, by the rules of adding one. A point that a person has set stays, and the answer says so by `point_kept`."},
		crm.AccountWrite, func(ctx context.Context, in *changeInput) (*One[Site], error) {
			version, err := in.version()
			if err != nil {
				return nil, err
			}
			b := in.Body
			site, err := customers.ChangeSite(ctx, in.ID.ID, version, customer.SiteChange{Name: b.Name, Street: b.Street, HouseNumber: b.HouseNumber,
				Postcode: b.Postcode, City: b.City, Country: b.Country, AccessNote: b.AccessNote, ContactName: b.ContactName,
				ContactPhone: b.ContactPhone, Point: (*orb.Point)(b.Point), KeepUnsure: b.IfUnsure == keepUnsure})
			if err != nil {
				return nil, err
			}
			return one(siteOut(site), site.Version), nil
		})
}
