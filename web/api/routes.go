package api

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/crm/work"
)

// Route is what a resource does on a day, as published.
type Route struct {
	ID            uuid.UUID `json:"id" format:"uuid"`
	ResourceID    uuid.UUID `json:"resource_id" format:"uuid"`
	Date          string    `json:"date" format:"date"`
	State         string    `json:"state" enum:"published,started,closed"`
	Start         time.Time `json:"start"`
	End           time.Time `json:"end"`
	TravelSeconds int       `json:"travel_seconds"`
	TravelMeters  int       `json:"travel_meters"`
	TravelVersion string    `json:"travel_version" doc:"Map and speeds the times were computed on"`
	PublishedAt   time.Time `json:"published_at"`
	Stops         []Stop    `json:"stops" nullable:"false"`
	Version       int       `json:"version"`
}

// Stop is one station of a route.
type Stop struct {
	Sequence   int        `json:"sequence"`
	Kind       string     `json:"kind" enum:"start,visit,break,end"`
	VisitID    *uuid.UUID `json:"visit_id" nullable:"true" format:"uuid"`
	Arrive     time.Time  `json:"arrive"`
	Start      time.Time  `json:"start" doc:"Of work or break, after waiting"`
	Leave      time.Time  `json:"leave"`
	LegSeconds int        `json:"leg_seconds" doc:"Of travel to this stop"`
	LegMeters  int        `json:"leg_meters" doc:"Of travel to this stop"`
}

func stopOut(s work.Stop) Stop {
	return Stop{s.Sequence, s.Kind, s.VisitID, s.ArriveAt.UTC(), s.StartAt.UTC(), s.LeaveAt.UTC(), s.LegSeconds, s.LegMeters}
}

func routeOut(r work.Route) Route {
	out := Route{r.ID, r.ResourceID, string(r.Day), r.State, r.Starts.UTC(), r.Ends.UTC(), r.TravelSeconds, r.TravelMeters, r.TravelVersion,
		r.PublishedAt.UTC(), make([]Stop, 0, len(r.Stops)), r.Version}
	for _, s := range r.Stops {
		out.Stops = append(out.Stops, stopOut(s))
	}
	return out
}

// Shapes is a GeoJSON FeatureCollection: one line for each leg along the streets.
type Shapes struct {
	Type     string         `json:"type" enum:"FeatureCollection"`
	Features []ShapeFeature `json:"features" nullable:"false"`
}

// ShapeFeature is one leg.
type ShapeFeature struct {
	Type       string          `json:"type" enum:"Feature"`
	Geometry   Line            `json:"geometry"`
	Properties ShapeProperties `json:"properties"`
}

// Line is a GeoJSON LineString.
type Line struct {
	Type        string  `json:"type" enum:"LineString"`
	Coordinates []Point `json:"coordinates" nullable:"false"`
}

// ShapeProperties tell which leg it is.
type ShapeProperties struct {
	ResourceID uuid.UUID `json:"resource_id" format:"uuid"`
	Leg        int       `json:"leg" doc:"The stop it leads to"`
	Seconds    int       `json:"seconds"`
	Meters     int       `json:"meters"`
}

func line(shape orb.LineString) Line {
	out := Line{"LineString", make([]Point, 0, len(shape))}
	for _, p := range shape {
		out.Coordinates = append(out.Coordinates, point(p))
	}
	return out
}

func noShapes() Shapes { return Shapes{"FeatureCollection", []ShapeFeature{}} }

func (s *Shapes) add(resource uuid.UUID, leg, seconds, meters int, shape orb.LineString) {
	if len(shape) > 1 {
		s.Features = append(s.Features, ShapeFeature{"Feature", line(shape), ShapeProperties{resource, leg, seconds, meters}})
	}
}

// Today is a resource's day, for the phone.
type Today struct {
	Date     string      `json:"date" format:"date"`
	Zone     string      `json:"zone" example:"Europe/Vaduz"`
	Resource Resource    `json:"resource"`
	Route    *TodayRoute `json:"route,omitempty" doc:"As published; absent if nothing is"`
	Stops    []TodayStop `json:"stops" nullable:"false"`
	Base     Base        `json:"base"`
	Shape    *Line       `json:"shape,omitempty" doc:"The whole way along the streets"`
	Changes  []Change    `json:"changes" nullable:"false" doc:"What differs from the published route"`
}

// TodayRoute is the published route without its stops.
type TodayRoute struct {
	ID            uuid.UUID `json:"id" format:"uuid"`
	State         string    `json:"state" enum:"published,started,closed"`
	Version       int       `json:"version"`
	PublishedAt   time.Time `json:"published_at"`
	Start         time.Time `json:"start"`
	End           time.Time `json:"end"`
	TravelSeconds int       `json:"travel_seconds"`
	TravelMeters  int       `json:"travel_meters"`
}

// TodayStop is one thing to do.
type TodayStop struct {
	Sequence   int       `json:"sequence"`
	Kind       string    `json:"kind" enum:"visit,break"`
	Visit      *Visit    `json:"visit,omitempty" doc:"Absent for a break"`
	Arrive     time.Time `json:"arrive"`
	Start      time.Time `json:"start"`
	Leave      time.Time `json:"leave"`
	LegSeconds int       `json:"leg_seconds" doc:"Of travel to this stop"`
	LegMeters  int       `json:"leg_meters" doc:"Of travel to this stop"`
}

// Change tells of a visit that came after the route was published.
type Change struct {
	Kind    string    `json:"kind" enum:"added"`
	VisitID uuid.UUID `json:"visit_id" format:"uuid"`
}

// today puts together what a resource does on a day: its published route, and what was assigned to it since.
func today(ctx context.Context, rooms Rooms, id uuid.UUID, day work.Day) (Today, error) {
	resource, err := rooms.Work.Resource(ctx, id)
	if err != nil {
		return Today{}, err
	}
	if day == "" {
		day = work.DayOf(rooms.Store.Now(), resource.Location())
	}
	shifts, err := rooms.Work.Roster(ctx, day, day)
	if err != nil {
		return Today{}, err
	}
	routes, err := rooms.Work.Routes(ctx, day, &id)
	if err != nil {
		return Today{}, err
	}
	visits, err := rooms.Work.DayVisits(ctx, day, day)
	if err != nil {
		return Today{}, err
	}
	out := Today{Date: string(day), Zone: resource.Zone, Resource: resourceOut(resource, shifts), Stops: []TodayStop{}, Changes: []Change{},
		Base: Base{resource.BaseLabel, point(resource.BasePoint)}}
	out.Resource.Absent = len(out.Resource.Shifts) == 0
	waiting := map[uuid.UUID]work.Visit{}
	var order []uuid.UUID
	for _, v := range visits {
		if v.ResourceID != nil && *v.ResourceID == id {
			waiting[v.ID] = v
			order = append(order, v.ID)
		}
	}
	for _, r := range routes {
		out.Route = &TodayRoute{r.ID, r.State, r.Version, r.PublishedAt.UTC(), r.Starts.UTC(), r.Ends.UTC(), r.TravelSeconds, r.TravelMeters}
		var shape orb.LineString
		for _, s := range r.Stops {
			shape = append(shape, s.Shape...)
			stop := TodayStop{Kind: s.Kind, Arrive: s.ArriveAt.UTC(), Start: s.StartAt.UTC(), Leave: s.LeaveAt.UTC(), LegSeconds: s.LegSeconds, LegMeters: s.LegMeters}
			switch {
			case s.Kind == "break":
			case s.Kind == "visit" && s.VisitID != nil:
				v, there := waiting[*s.VisitID]
				if !there {
					continue // cancelled, or handed to somebody else
				}
				delete(waiting, v.ID)
				visit := visitOut(v)
				stop.Visit = &visit
			default:
				continue
			}
			out.Stops = append(out.Stops, stop)
		}
		if len(shape) > 1 {
			whole := line(shape)
			out.Shape = &whole
		}
	}
	for _, id := range order { // what was assigned since, by its start
		v, left := waiting[id]
		if !left || v.StartAt == nil || v.EndAt == nil {
			continue
		}
		out.Stops = insertByStart(out.Stops, lateStop(v))
		if out.Route != nil {
			out.Changes = append(out.Changes, Change{"added", v.ID})
		}
	}
	for i := range out.Stops {
		out.Stops[i].Sequence = i + 1
	}
	return out, nil
}

func lateStop(v work.Visit) TodayStop {
	visit := visitOut(v)
	stop := TodayStop{Kind: "visit", Visit: &visit, Arrive: v.StartAt.UTC(), Start: v.StartAt.UTC(), Leave: v.EndAt.UTC()}
	if v.ArriveAt != nil {
		stop.Arrive = v.ArriveAt.UTC()
	}
	if v.TravelSeconds != nil && v.TravelMeters != nil {
		stop.LegSeconds, stop.LegMeters = *v.TravelSeconds, *v.TravelMeters
	}
	return stop
}

func insertByStart(stops []TodayStop, late TodayStop) []TodayStop {
	at := len(stops)
	for at > 0 && stops[at-1].Start.After(late.Start) {
		at--
	}
	stops = append(stops, TodayStop{})
	copy(stops[at+1:], stops[at:])
	stops[at] = late
	return stops
}

func routeOperations(a *API, rooms Rooms) {
	room := rooms.Work
	type query struct {
		WholePaging
		Date     string `query:"date" required:"true" format:"date" example:"2026-11-23"`
		Resource string `query:"resource_id" format:"uuid"`
	}
	Register(a, Operation{ID: "listRoutes", Method: http.MethodGet, Path: "/routes", Tag: "routes", Summary: "The published routes of a day"},
		crm.VisitRead, func(ctx context.Context, in *query) (*List[Route], error) {
			resource, err := optionalID("resource_id", in.Resource)
			if err != nil {
				return nil, err
			}
			routes, err := room.Routes(ctx, work.Day(in.Date), resource)
			if err != nil {
				return nil, err
			}
			return whole(ctx, in.WholePaging, routes, routeOut)
		})
	type dayQuery struct {
		Date string `query:"date" required:"true" format:"date" example:"2026-11-23"`
	}
	Register(a, Operation{ID: "routeShapes", Method: http.MethodGet, Path: "/routes/shapes", Tag: "routes", Summary: "The published routes of a day along the streets",
		About: "One line for each leg, of everybody the caller may see: what the day's map draws, in one answer."},
		crm.VisitRead, func(ctx context.Context, in *dayQuery) (*GeoJSON, error) {
			routes, err := room.Routes(ctx, work.Day(in.Date), nil)
			if err != nil {
				return nil, err
			}
			shapes := noShapes()
			for _, route := range routes {
				for _, s := range route.Stops {
					shapes.add(route.ResourceID, s.Sequence, s.LegSeconds, s.LegMeters, s.Shape)
				}
			}
			return &GeoJSON{"application/geo+json", shapes}, nil
		})
	type getInput struct {
		ID
		Known
	}
	Register(a, Operation{ID: "getRoute", Method: http.MethodGet, Path: "/routes/{id}", Tag: "routes", Summary: "One published route"},
		crm.VisitRead, func(ctx context.Context, in *getInput) (*One[Route], error) {
			route, err := room.Route(ctx, in.ID.ID)
			if err != nil {
				return nil, err
			}
			return unlessKnown(in.Known, one(routeOut(route), route.Version))
		})
	Register(a, Operation{ID: "routeShape", Method: http.MethodGet, Path: "/routes/{id}/shape", Tag: "routes", Summary: "A published route along the streets"},
		crm.VisitRead, func(ctx context.Context, in *ID) (*GeoJSON, error) {
			route, err := room.Route(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			shapes := noShapes()
			for _, s := range route.Stops {
				shapes.add(route.ResourceID, s.Sequence, s.LegSeconds, s.LegMeters, s.Shape)
			}
			return &GeoJSON{"application/geo+json", shapes}, nil
		})
	type todayQuery struct {
		Date     string `query:"date" format:"date" doc:"Today if left out" example:"2026-11-23"`
		Resource string `query:"resource_id" format:"uuid" doc:"Somebody else's day, for who may see it; one's own if left out"`
	}
	Register(a, Operation{ID: "today", Method: http.MethodGet, Path: "/today", Tag: "routes", Summary: "What a resource does on a day, for the phone"},
		crm.VisitRead, func(ctx context.Context, in *todayQuery) (*Tagged[Today], error) {
			resource, err := optionalID("resource_id", in.Resource)
			if err != nil {
				return nil, err
			}
			if in.Date != "" {
				if err := work.Day(in.Date).Check("query.date"); err != nil {
					return nil, err
				}
			}
			if resource == nil {
				actor, _ := crm.ActorFrom(ctx)
				if resource = actor.Resource; resource == nil {
					return nil, &crm.Error{Kind: crm.NotFound, Field: "query.resource_id", Message: "you have no line on the board; name whose day you want"}
				}
			}
			out, err := today(ctx, rooms, *resource, work.Day(in.Date))
			if err != nil {
				return nil, err
			}
			return tagged(out)
		})
}

// GeoJSON is the answer with lines for a map.
type GeoJSON struct {
	ContentType string `header:"Content-Type"`
	Body        Shapes
}
