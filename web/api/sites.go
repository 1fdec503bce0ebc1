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
	Version      int       `json:"version"`
}

func siteOut(s customer.Site) Site {
	return Site{s.ID, s.No, s.AccountID, s.Name, s.Label(), s.Street, s.HouseNumber, s.Postcode, s.City, s.Country, point(s.Point),
		fmt.Sprintf("%x", uint64(s.Cell)), s.Zone, s.AccessNote, s.ContactName, s.ContactPhone, s.Source, s.Confidence, s.Version}
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
	Point        Point      `json:"point" doc:"Longitude, latitude" example:"[9.5209,47.1410]"`
	AccessNote   string     `json:"access_note,omitempty" maxLength:"2000"`
	ContactName  string     `json:"contact_name,omitempty" maxLength:"300"`
	ContactPhone string     `json:"contact_phone,omitempty" maxLength:"50"`
	Source       string     `json:"source,omitempty" enum:"person,geocoder" default:"person" doc:"Whether a person set the point or an address search found it"`
	Confidence   float64    `json:"confidence,omitempty" minimum:"0" maximum:"1" doc:"Of an address search"`
}

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
	Register(a, Operation{ID: "addSite", Method: http.MethodPost, Path: "/accounts/{id}/sites", Tag: "sites", Summary: "Add a site to an account", Status: http.StatusCreated},
		crm.AccountWrite, func(ctx context.Context, in *addInput) (*One[Site], error) {
			b := in.Body
			if _, err := customers.Account(ctx, in.ID.ID); err != nil {
				return nil, err
			}
			id := newID(ctx, b.ID)
			site, err := customers.AddSite(ctx, customer.NewSite{ID: id, AccountID: in.ID.ID, Name: b.Name, Street: b.Street, HouseNumber: b.HouseNumber,
				Postcode: b.Postcode, City: b.City, Country: b.Country, Point: orb.Point(b.Point), AccessNote: b.AccessNote,
				ContactName: b.ContactName, ContactPhone: b.ContactPhone, Source: b.Source, Confidence: b.Confidence})
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
	Register(a, Operation{ID: "changeSite", Method: http.MethodPatch, Path: "/sites/{id}", Tag: "sites", Summary: "Change a site", Versioned: true},
		crm.AccountWrite, func(ctx context.Context, in *changeInput) (*One[Site], error) {
			version, err := in.version()
			if err != nil {
				return nil, err
			}
			b := in.Body
			site, err := customers.ChangeSite(ctx, in.ID.ID, version, customer.SiteChange{Name: b.Name, Street: b.Street, HouseNumber: b.HouseNumber,
				Postcode: b.Postcode, City: b.City, Country: b.Country, AccessNote: b.AccessNote, ContactName: b.ContactName,
				ContactPhone: b.ContactPhone, Point: (*orb.Point)(b.Point)})
			if err != nil {
				return nil, err
			}
			return one(siteOut(site), site.Version), nil
		})
}
