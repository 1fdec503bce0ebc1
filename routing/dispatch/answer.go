package dispatch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/paulmach/orb"

	"catchment/crm/work"
	"catchment/routing"
	"catchment/routing/vrp"
)

// read turns the optimiser's answer into the plan's routes, reasons and sums.
func (q *question) read(plan *Plan, s *vrp.Solution) {
	plan.Routes, plan.Unassigned = []Route{}, []Unassigned{}
	for _, r := range s.Routes {
		v := q.vehicles[r.Vehicle-1]
		route := Route{ID: uuid.NewSHA1(plan.ID, fmt.Appendf(nil, "%s %s", v.resource.ID, v.shift.ID)), ResourceID: v.resource.ID, Day: v.shift.Day}
		var driven, meters int64
		for _, step := range r.Steps {
			stop := Stop{Kind: stopKind(step.Type), Arrive: q.instant(step.Arrival), LegSeconds: int(step.Duration - driven)}
			stop.Start = stop.Arrive.Add(time.Duration(step.WaitingTime) * time.Second)
			stop.Leave = stop.Start.Add(time.Duration(step.Setup+step.Service) * time.Second)
			driven = step.Duration
			if step.Distance != nil {
				stop.LegMeters = int(*step.Distance - meters)
				meters = *step.Distance
			}
			if step.Type == vrp.StepJob {
				stop.VisitID = &q.visits[step.ID-1].ID
			}
			route.Stops = append(route.Stops, stop)
		}
		route.TravelSeconds, route.TravelMeters = int(driven), int(meters)
		plan.Routes = append(plan.Routes, route)
	}
	plan.Routes = oneADay(plan.Routes)
	for _, u := range s.Unassigned {
		plan.Unassigned = append(plan.Unassigned, Unassigned{VisitID: q.visits[u.ID-1].ID, Reasons: q.reasons(u)})
	}
	for _, v := range q.notDue {
		plan.Unassigned = append(plan.Unassigned, Unassigned{VisitID: v.ID, Reasons: []Reason{{Rule: "not_due", People: len(q.resources)}}})
	}
	plan.Summary = q.summary(plan, s)
	plan.Changes = q.changes(plan)
}

func stopKind(t vrp.StepType) string {
	if t == vrp.StepJob {
		return "visit"
	}
	return string(t)
}

// oneADay joins the routes of several shifts of one resource on one day: one route is published a day.
func oneADay(routes []Route) []Route {
	var out []Route
	for _, r := range routes {
		i := slices.IndexFunc(out, func(o Route) bool { return o.ResourceID == r.ResourceID && o.Day == r.Day })
		if i < 0 {
			out = append(out, r)
			continue
		}
		o := &out[i]
		if r.Stops[0].Arrive.Before(o.Stops[0].Arrive) {
			*o, r = r, *o
		}
		o.Stops = append(o.Stops, r.Stops...)
		o.TravelSeconds += r.TravelSeconds
		o.TravelMeters += r.TravelMeters
	}
	return out
}

func (q *question) reasons(u vrp.Unassigned) []Reason {
	if u.Reason == nil {
		return []Reason{}
	}
	out := make([]Reason, 0, len(u.Reason.Vehicles))
	for i, c := range u.Reason.Vehicles {
		r := Reason{Rule: string(c.Code), People: c.Count, BySeconds: int(c.Late)}
		switch c.Code {
		case vrp.ReasonNoRoom, vrp.ReasonLoad:
			r.Rule = "room"
		case vrp.ReasonVehicle:
			r.Rule = "pin"
		case vrp.ReasonSkills:
			r.Skills = q.visits[u.ID-1].Skills
		}
		if i == 0 && u.Reason.Vehicle != nil {
			r.ResourceID = &q.vehicles[*u.Reason.Vehicle-1].resource.ID
		}
		out = append(out, r)
	}
	return out
}

func (q *question) summary(plan *Plan, s *vrp.Solution) Summary {
	sum := Summary{
		Visits: len(q.visits) + len(q.notDue), Unserved: len(plan.Unassigned), TravelSeconds: int(s.Summary.Duration),
		WaitingSeconds: int(s.Summary.WaitingTime),
	}
	sum.Served = sum.Visits - sum.Unserved
	for _, r := range plan.Routes {
		sum.TravelMeters += r.TravelMeters
		for _, stop := range r.Stops {
			if stop.Kind == "visit" {
				sum.WorkSeconds += int(stop.Leave.Sub(stop.Start) / time.Second)
			}
		}
	}
	return sum
}

// changes compares the plan with what stands.
func (q *question) changes(plan *Plan) Changes {
	type place struct {
		resource uuid.UUID
		start    time.Time
	}
	planned := map[uuid.UUID]place{}
	for _, r := range plan.Routes {
		for _, s := range r.Stops {
			if s.VisitID != nil {
				planned[*s.VisitID] = place{r.ResourceID, s.Start}
			}
		}
	}
	var c Changes
	for _, v := range slices.Concat(q.visits, q.notDue) {
		now, served := planned[v.ID]
		switch {
		case v.ResourceID == nil && served:
			c.Added++
		case v.ResourceID != nil && !served:
			c.Dropped++
		case v.ResourceID != nil && (now.resource != *v.ResourceID || now.start.Sub(*v.StartAt).Abs() > 5*time.Minute):
			c.Moved++
		}
	}
	return c
}

// versions returns the version of every visit the plan places.
func (q *question) versions() map[uuid.UUID]int {
	out := map[uuid.UUID]int{}
	for _, v := range q.visits {
		out[v.ID] = v.Version
	}
	return out
}

// start returns the steps of a stored plan as the place to search on from.
func (q *question) start(plan Plan) {
	job := map[uuid.UUID]uint64{}
	for i, v := range q.visits {
		job[v.ID] = uint64(i + 1)
	}
	for _, r := range plan.Routes {
		var mine []int // the vehicles of that day, by the start of their shift
		for i, v := range q.vehicles {
			if v.resource.ID == r.ResourceID && v.shift.Day == r.Day {
				mine = append(mine, i)
			}
		}
		for _, s := range r.Stops {
			if s.VisitID == nil || job[*s.VisitID] == 0 {
				continue
			}
			for _, i := range mine {
				if v := q.vehicles[i]; !s.Start.Before(v.shift.Starts) && s.Start.Before(v.shift.Ends) {
					steps := &q.problem.Vehicles[i].Steps
					*steps = append(*steps, vrp.VehicleStep{Type: vrp.StepJob, ID: job[*s.VisitID]})
					break
				}
			}
		}
	}
}

// shapes returns the way along the streets to every stop of the plan, in the order of routes and stops; nil
// where there is none to draw.
func (q *question) shapes(ctx context.Context, travel routing.Travel, plan Plan) ([]orb.LineString, error) {
	at := map[uuid.UUID]orb.Point{}
	for _, v := range q.visits {
		at[v.ID] = v.Point
	}
	base := map[uuid.UUID]work.Resource{}
	for _, r := range q.resources {
		base[r.ID] = r
	}
	var out []orb.LineString
	for _, r := range plan.Routes {
		resource := base[r.ResourceID]
		var through []orb.Point
		leg := make([]int, len(r.Stops)) // of through, that ends at the stop; 0 for none
		for i, s := range r.Stops {
			switch {
			case s.Kind == "visit":
				through = append(through, at[*s.VisitID])
			case s.Kind == "start" || s.Kind == "end":
				through = append(through, resource.BasePoint)
			default:
				continue // a break happens on the way
			}
			leg[i] = len(through) - 1
		}
		route, err := travel.Route(ctx, routing.Profile(resource.Profile), routing.AnyTime, through)
		if err != nil && !errors.Is(err, routing.ErrNoRoad) && !errors.Is(err, routing.ErrNoWay) {
			return nil, err
		}
		for i := range r.Stops {
			var shape orb.LineString
			if leg[i] > 0 && err == nil {
				shape = route.Legs[leg[i]-1].Shape
			}
			out = append(out, shape)
		}
	}
	return out, nil
}
