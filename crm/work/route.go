package work

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"catchment/crm"
)

// Route is what a resource does on a day, as published.
type Route struct {
	ID            uuid.UUID
	ResourceID    uuid.UUID
	Day           Day
	State         string // "published", "started", "closed"
	PlanID        *uuid.UUID
	Starts        time.Time
	Ends          time.Time
	TravelSeconds int
	TravelMeters  int
	TravelVersion string
	PublishedAt   time.Time
	Version       int
	Stops         []Stop `db:"-"`
}

// Stop is one station of a route.
type Stop struct {
	Sequence   int
	Kind       string // "start", "visit", "break", "end"
	VisitID    *uuid.UUID
	ArriveAt   time.Time
	StartAt    time.Time // of the visit or break, after waiting
	LeaveAt    time.Time
	LegSeconds int            // of travel to this stop
	LegMeters  int            // of travel to this stop
	Shape      orb.LineString // of the way to this stop, along the streets; nil where it begins
}

// Publication is a day to publish: routes, and the versions of the visits they were computed on.
type Publication struct {
	Plan          uuid.UUID
	Routes        []Route
	Versions      map[uuid.UUID]int // visit → version when the plan was made
	Days          []Day             // all days of the plan; routes published earlier for its resources on these days are replaced
	Resources     []uuid.UUID
	TravelVersion string
	Commands      func(visit uuid.UUID) uuid.UUID // stable command ids, so that a repeated publication counts once
}

// Publish writes the routes of a plan within the transaction and puts their visits on them, each by a command. It
// is a Conflict if a visit changed since the plan was made; nothing is written then. Routes already started are a
// Conflict too; visits that were on a replaced route and are on none now are proposed again, unless they are promised
// or pinned, which is a Conflict: no promise is broken in silence.
func (w *Work) Publish(ctx context.Context, tx pgx.Tx, p Publication) error {
	actor, err := crm.Require(ctx, crm.PlanPublish)
	if err != nil {
		return err
	}
	days := make([]string, len(p.Days))
	for i, d := range p.Days {
		days[i] = string(d)
	}
	if err := lockPlanned(ctx, tx, p, days); err != nil {
		return err
	}
	dropped, err := replaceRoutes(ctx, tx, p.Resources, days)
	if err != nil {
		return err
	}
	for _, r := range p.Routes {
		if err := insertRoute(ctx, tx, actor, p, r); err != nil {
			return err
		}
		for _, s := range r.Stops {
			if s.Kind != "visit" {
				continue
			}
			if err := w.publishVisit(ctx, tx, p, r, s); err != nil {
				return err
			}
			dropped = slices.DeleteFunc(dropped, func(id uuid.UUID) bool { return id == *s.VisitID })
		}
	}
	return w.release(ctx, tx, p, dropped)
}

func (w *Work) publishVisit(ctx context.Context, tx pgx.Tx, p Publication, r Route, s Stop) error {
	payload, err := json.Marshal(published{r.ResourceID, s.ArriveAt, s.StartAt, s.LegSeconds, s.LegMeters})
	if err != nil {
		return err
	}
	verdict, err := w.decide(ctx, tx, Command{ID: p.Commands(*s.VisitID), Kind: "publish", Visit: *s.VisitID,
		BaseVersion: p.Versions[*s.VisitID], Payload: payload})
	switch {
	case err != nil:
		return fmt.Errorf("publish visit %s: %w", s.VisitID, err)
	case verdict.Decision == Duplicate && verdict.First == Applied:
		return nil
	case verdict.Decision != Applied:
		number := s.VisitID.String()
		if verdict.Visit != nil {
			number = verdict.Visit.Number
		}
		return crm.Conflictf("visit %s: %s; run the plan again", number, verdict.Message)
	}
	return nil
}

// release takes visits that fell out of a replaced route back to the unplanned. One that is promised or pinned does
// not fall out unnoticed: that is a Conflict.
func (w *Work) release(ctx context.Context, tx pgx.Tx, p Publication, visits []uuid.UUID) error {
	for _, id := range visits {
		v, err := lockVisit(ctx, tx, id)
		if err != nil {
			return err
		}
		if v.State != Dispatched && v.State != Planned {
			continue
		}
		if v.PromiseStart != nil || v.Pinned {
			return crm.Conflictf("visit %s is promised or pinned, and the plan leaves it out: have it planned, or unassign it knowingly", v.Number)
		}
		if _, err := w.decide(crm.WithActor(ctx, publisher(ctx)), tx, Command{ID: p.Commands(id), Kind: "unassign", Visit: id, BaseVersion: v.Version}); err != nil {
			return err
		}
	}
	return nil
}

// publisher is the actor with the one further right publishing implies: to take visits off a route it replaces.
func publisher(ctx context.Context) crm.Actor {
	actor, _ := crm.ActorFrom(ctx)
	actor.Rights = append(slices.Clone(actor.Rights), crm.VisitWrite)
	return actor
}

// Routes returns the published routes of a day the actor may see, with their stops; of one resource if given.
func (w *Work) Routes(ctx context.Context, day Day, resource *uuid.UUID) ([]Route, error) {
	if _, err := crm.Require(ctx, crm.VisitRead); err != nil {
		return nil, err
	}
	if err := day.Check("date"); err != nil {
		return nil, err
	}
	var routes []Route
	err := w.Store.Read(ctx, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, routeColumns+`where r.day = $1::date and ($2::uuid is null or r.resource_id = $2) order by r.resource_id`,
			string(day), resource)
		var err error
		routes, err = collectRoutes(ctx, tx, rows)
		return err
	})
	return routes, err
}

// Route returns one published route with its stops.
func (w *Work) Route(ctx context.Context, id uuid.UUID) (Route, error) {
	if _, err := crm.Require(ctx, crm.VisitRead); err != nil {
		return Route{}, err
	}
	var routes []Route
	err := w.Store.Read(ctx, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, routeColumns+`where r.id = $1`, id)
		var err error
		routes, err = collectRoutes(ctx, tx, rows)
		return err
	})
	if err == nil && len(routes) == 0 {
		return Route{}, crm.Missing("route")
	}
	if err != nil {
		return Route{}, err
	}
	return routes[0], nil
}
