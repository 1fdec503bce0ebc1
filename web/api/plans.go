package api

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"

	"catchment/crm"
	"catchment/crm/work"
	"catchment/routing/dispatch"
)

// Plan is a day, or several, planned.
type Plan struct {
	ID            uuid.UUID         `json:"id" format:"uuid"`
	Date          string            `json:"date" format:"date"`
	Days          int               `json:"days"`
	State         dispatch.State    `json:"state" enum:"queued,running,ready,accepted,published,discarded,failed"`
	Seed          int64             `json:"seed"`
	Iterations    int               `json:"iterations" doc:"Of each thread; 0 if the search fills its seconds"`
	Seconds       int               `json:"seconds" doc:"Of search"`
	ResourceIDs   []uuid.UUID       `json:"resource_ids" format:"uuid" nullable:"false" doc:"Whom it plans; none means everybody with a shift"`
	Progress      dispatch.Progress `json:"progress"`
	Summary       dispatch.Summary  `json:"summary"`
	Routes        []PlanRoute       `json:"routes" nullable:"false"`
	Unassigned    []Unassigned      `json:"unassigned" nullable:"false" doc:"Visits it leaves out, each with the reasons"`
	Changes       dispatch.Changes  `json:"changes" doc:"Against what is planned now"`
	TravelVersion string            `json:"travel_version" doc:"Map and speeds it was computed on"`
	CreatedBy     uuid.UUID         `json:"created_by" format:"uuid"`
	CreatedAt     time.Time         `json:"created_at"`
	Error         string            `json:"error,omitempty" doc:"Why it failed"`
	Version       int               `json:"version"`
}

// PlanRoute is one resource's day in a plan.
type PlanRoute struct {
	ResourceID    uuid.UUID  `json:"resource_id" format:"uuid"`
	Date          string     `json:"date" format:"date"`
	Stops         []PlanStop `json:"stops" nullable:"false"`
	TravelSeconds int        `json:"travel_seconds"`
	TravelMeters  int        `json:"travel_meters"`
}

// PlanStop is one station of a route in a plan.
type PlanStop struct {
	Kind       string     `json:"kind" enum:"start,visit,break,end"`
	VisitID    *uuid.UUID `json:"visit_id" nullable:"true" format:"uuid"`
	Arrive     time.Time  `json:"arrive"`
	Start      time.Time  `json:"start" doc:"Of work or break, after waiting"`
	Leave      time.Time  `json:"leave"`
	LegSeconds int        `json:"leg_seconds" doc:"Of travel to this stop"`
	LegMeters  int        `json:"leg_meters" doc:"Of travel to this stop"`
}

// Unassigned is a visit a plan leaves out.
type Unassigned struct {
	VisitID uuid.UUID `json:"visit_id" format:"uuid"`
	Reasons []Reason  `json:"reasons" nullable:"false" doc:"From the closest miss to the farthest"`
}

// Reason is one rule that keeps a visit from some people.
type Reason struct {
	Rule       string     `json:"rule" doc:"room, window, shift, skills, capacity, unreachable, pin, not_due, max_tasks, max_travel_time, max_distance or max_route_duration" example:"skills"`
	People     int        `json:"people" doc:"How many people it keeps away"`
	BySeconds  int        `json:"by_seconds,omitempty" doc:"The fewest seconds missing"`
	Skills     []string   `json:"skills,omitempty" doc:"What nobody of them has"`
	ResourceID *uuid.UUID `json:"resource_id,omitempty" format:"uuid" doc:"Who misses by the least"`
}

func planOut(p dispatch.Plan) Plan {
	out := Plan{ID: p.ID, Date: string(p.Day), Days: p.Days, State: p.State, Seed: p.Seed, Iterations: p.Iterations, Seconds: p.Seconds,
		ResourceIDs: p.ResourceIDs, Progress: p.Progress, Summary: p.Summary, Routes: make([]PlanRoute, 0, len(p.Routes)),
		Unassigned: make([]Unassigned, 0, len(p.Unassigned)), Changes: p.Changes, TravelVersion: p.TravelVersion,
		CreatedBy: p.CreatedBy, CreatedAt: p.CreatedAt.UTC(), Error: p.Error, Version: p.Version}
	if out.ResourceIDs == nil {
		out.ResourceIDs = []uuid.UUID{}
	}
	for _, r := range p.Routes {
		route := PlanRoute{r.ResourceID, string(r.Day), make([]PlanStop, 0, len(r.Stops)), r.TravelSeconds, r.TravelMeters}
		for _, s := range r.Stops {
			route.Stops = append(route.Stops, PlanStop{s.Kind, s.VisitID, s.Arrive.UTC(), s.Start.UTC(), s.Leave.UTC(), s.LegSeconds, s.LegMeters})
		}
		out.Routes = append(out.Routes, route)
	}
	for _, u := range p.Unassigned {
		left := Unassigned{u.VisitID, make([]Reason, 0, len(u.Reasons))}
		for _, r := range u.Reasons {
			left.Reasons = append(left.Reasons, Reason{r.Rule, r.People, r.BySeconds, r.Skills, r.ResourceID})
		}
		out.Unassigned = append(out.Unassigned, left)
	}
	return out
}

// NewPlan asks for a plan.
type NewPlan struct {
	ID          *uuid.UUID  `json:"id,omitempty" format:"uuid"`
	Date        string      `json:"date" format:"date" example:"2026-11-23"`
	Days        int         `json:"days,omitempty" minimum:"1" maximum:"14" default:"1"`
	ResourceIDs []uuid.UUID `json:"resource_ids,omitempty" format:"uuid" maxItems:"500" doc:"Everybody with a shift if left out"`
	Seconds     int         `json:"seconds,omitempty" minimum:"1" maximum:"300" default:"5" doc:"Of search"`
	Seed        int64       `json:"seed,omitempty" minimum:"1" maximum:"9007199254740991" default:"1" doc:"Same visits, seed and iterations: the same plan"`
	Iterations  int         `json:"iterations,omitempty" minimum:"0" maximum:"10000000" doc:"Instead of seconds, for plans that must come out the same again"`
}

func planOperations(a *API, rooms Rooms) {
	planner := rooms.Plans
	answer := func(plan dispatch.Plan, err error) (*One[Plan], error) {
		if err != nil {
			return nil, err
		}
		return one(planOut(plan), plan.Version), nil
	}
	Register(a, Operation{ID: "requestPlan", Method: http.MethodPost, Path: "/plans", Tag: "plans", Summary: "Have a day planned", Status: http.StatusAccepted,
		About: "The search runs in the background; GET /live?topics=plan:{id} tells how far it is."},
		crm.PlanRun, func(ctx context.Context, in *struct{ Body NewPlan }) (*One[Plan], error) {
			b := in.Body
			plan, err := planner.Request(ctx, dispatch.Request{ID: newID(ctx, b.ID), Day: work.Day(b.Date), Days: b.Days, ResourceIDs: b.ResourceIDs,
				Seconds: b.Seconds, Seed: b.Seed, Iterations: b.Iterations})
			if err != nil {
				return nil, err
			}
			return oneAt(planOut(plan), plan.Version, "/plans/"+plan.ID.String()), nil
		})
	type query struct {
		WholePaging
		Date string `query:"date" required:"true" format:"date" example:"2026-11-23"`
	}
	Register(a, Operation{ID: "listPlans", Method: http.MethodGet, Path: "/plans", Tag: "plans", Summary: "The plans of a day, newest first"},
		crm.PlanRead, func(ctx context.Context, in *query) (*List[Plan], error) {
			plans, err := planner.Plans(ctx, work.Day(in.Date))
			if err != nil {
				return nil, err
			}
			return whole(ctx, in.WholePaging, plans, planOut)
		})
	type getInput struct {
		ID
		Known
	}
	Register(a, Operation{ID: "getPlan", Method: http.MethodGet, Path: "/plans/{id}", Tag: "plans", Summary: "One plan"},
		crm.PlanRead, func(ctx context.Context, in *getInput) (*One[Plan], error) {
			plan, err := answer(planner.Plan(ctx, in.ID.ID))
			if err != nil {
				return nil, err
			}
			return unlessKnown(in.Known, plan)
		})
	Register(a, Operation{ID: "planShapes", Method: http.MethodGet, Path: "/plans/{id}/shapes", Tag: "plans", Summary: "A plan along the streets",
		About: "Empty while the search is under way."},
		crm.PlanRead, func(ctx context.Context, in *ID) (*GeoJSON, error) {
			legs, err := planner.Legs(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			shapes := noShapes()
			for _, leg := range legs {
				shapes.add(leg.ResourceID, leg.Stop, leg.Seconds, leg.Meters, leg.Shape)
			}
			return &GeoJSON{"application/geo+json", shapes}, nil
		})
	for _, act := range []struct {
		id, path, summary, about string
		right                    crm.Right
		do                       func(context.Context, uuid.UUID) (dispatch.Plan, error)
	}{
		{"stopPlan", "stop", "Stop the search and keep the best plan found", "", crm.PlanRun, planner.Stop},
		{"acceptPlan", "accept", "Say that a plan is to be published", "", crm.PlanRun, planner.Accept},
		{"publishPlan", "publish", "Make a plan's routes the ones people drive",
			"All at once or not at all: 409 if a visit changed since the plan was made, or somebody is on the road already.", crm.PlanPublish, planner.Publish},
	} {
		Register(a, Operation{ID: act.id, Method: http.MethodPost, Path: "/plans/{id}/" + act.path, Tag: "plans", Summary: act.summary, About: act.about},
			act.right, func(ctx context.Context, in *ID) (*One[Plan], error) { return answer(act.do(ctx, in.ID)) })
	}
	Register(a, Operation{ID: "discardPlan", Method: http.MethodDelete, Path: "/plans/{id}", Tag: "plans", Summary: "Throw a plan away", Status: http.StatusNoContent},
		crm.PlanRun, func(ctx context.Context, in *ID) (*Nothing, error) {
			_, err := planner.Discard(ctx, in.ID)
			return nil, err
		})
}
