package api

import (
	"context"

	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/crm/customer"
	"catchment/crm/exchange"
	"catchment/crm/files"
	"catchment/crm/outbox"
	"catchment/crm/record"
	"catchment/crm/region"
	"catchment/crm/work"
	"catchment/geo/geocode"
	"catchment/routing/dispatch"
	"catchment/web/live"
	"catchment/web/login"
)

// Rooms are the parts of the business that operations call.
type Rooms struct {
	Store     *crm.Store
	Records   *record.Records
	Customers *customer.Customers
	Files     *files.Files
	Exchange  *exchange.Exchange
	Work      *work.Work
	Plans     *dispatch.Planner
	Addresses geocode.Searcher
	Regions   *region.Regions
	Desk      *login.Desk
	Outbox    *outbox.Outbox
	Policies  *crm.Policies
	Hub       *live.Hub

	// Place tells what the loaded map covers.
	Place func(ctx context.Context) (Place, error)
}

// Place is the part of the world that is loaded.
type Place struct {
	Bound       orb.Bound
	Source      string // "osm", or "town" for the generated one
	Name        string // "Liechtenstein"
	Attribution string
}

// Operations returns what adds every operation to an API.
func Operations(rooms Rooms) func(*API) {
	return func(a *API) {
		loginOperations(a, rooms)
		staffOperations(a, rooms)
		recordOperations(a, rooms)
		deskOperations(a, rooms)
		placeOperations(a, rooms)
		searchOperations(a, rooms)
		duplicateOperations(a, rooms)
		fileOperations(a, rooms)
		exchangeOperations(a, rooms)
		timelineOperation(a, rooms)
		siteOperations(a, rooms)
		resourceOperations(a, rooms)
		visitOperations(a, rooms)
		syncOperations(a, rooms)
		routeOperations(a, rooms)
		planOperations(a, rooms)
		boardOperations(a, rooms)
		addressOperations(a, rooms)
		regionOperations(a, rooms)
		liveOperations(a, rooms)
		administrationOperations(a, rooms)
	}
}

// Point is a place: longitude, latitude in degrees on WGS 84.
type Point [2]float64

// point returns a point as the wire has it.
func point(p orb.Point) Point { return Point(p) }
