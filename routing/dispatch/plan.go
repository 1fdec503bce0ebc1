package dispatch

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"catchment/crm"
	"catchment/crm/work"
)

// Request asks for a plan.
type Request struct {
	ID          uuid.UUID // made by the caller; zero makes one
	Day         work.Day
	Days        int         // 1 if zero
	ResourceIDs []uuid.UUID // empty: everybody with a shift
	Seconds     int         // of search, 5 if zero; at most 300
	Seed        int64       // 1 if zero
	Iterations  int         // instead of Seconds, for plans that must come out the same again
}

func (r *Request) check() error {
	if err := r.Day.Check("date"); err != nil {
		return err
	}
	if r.ID == uuid.Nil {
		r.ID = uuid.Must(uuid.NewV7())
	}
	if r.Days == 0 {
		r.Days = 1
	}
	if r.Seconds == 0 {
		r.Seconds = 5
	}
	if r.Seed == 0 {
		r.Seed = 1
	}
	switch {
	case r.Days < 1 || r.Days > 14:
		return crm.Invalidf("days", "lie outside 1..14")
	case r.Seconds < 1 || r.Seconds > 300:
		return crm.Invalidf("seconds", "lie outside 1..300")
	case r.Iterations < 0 || r.Iterations > 10_000_000:
		return crm.Invalidf("iterations", "lie outside 0..10,000,000")
	case r.Seed < 0:
		return crm.Invalidf("seed", "is negative")
	case len(r.ResourceIDs) > 500:
		return crm.Invalidf("resource_ids", "are more than 500")
	}
	return nil
}

// Request stores a plan to be made and queues its search. The same id again returns the plan that is there.
func (p *Planner) Request(ctx context.Context, r Request) (Plan, error) {
	actor, err := crm.Require(ctx, crm.PlanRun)
	if err != nil {
		return Plan{}, err
	}
	if err := r.check(); err != nil {
		return Plan{}, err
	}
	var plan Plan
	err = p.Store.Write(ctx, func(tx pgx.Tx) error {
		if err := checkResources(ctx, tx, r.ResourceIDs); err != nil {
			return err
		}
		added, err := insertPlan(ctx, tx, r, actor.ID)
		if err != nil {
			return err
		}
		if plan, err = planByID(ctx, tx, r.ID, false); err != nil || !added {
			return err
		}
		if p.Jobs != nil {
			if _, err := p.Jobs.InsertTx(ctx, tx, OptimizeArgs{Plan: r.ID}, nil); err != nil {
				return err
			}
		}
		if err := tellPlan(ctx, tx, plan); err != nil {
			return err
		}
		changes := crm.Changes{}
		changes.Set("date", nil, r.Day)
		changes.Set("days", nil, r.Days)
		return crm.Append(ctx, tx, crm.Event{Verb: "requested", Kind: "plan", ID: r.ID, Changes: changes})
	})
	return plan, err
}

// tellPlan tells open screens of the plan's state and progress.
func tellPlan(ctx context.Context, tx pgx.Tx, plan Plan) error {
	news := map[string]any{"id": plan.ID, "date": plan.Day, "state": plan.State, "progress": plan.Progress}
	for _, topic := range []string{"plan:" + plan.ID.String(), "day:" + string(plan.Day)} {
		if err := crm.Tell(ctx, tx, topic, "plan", news); err != nil {
			return err
		}
	}
	return nil
}

// Plan returns one plan.
func (p *Planner) Plan(ctx context.Context, id uuid.UUID) (Plan, error) {
	if _, err := crm.Require(ctx, crm.PlanRead); err != nil {
		return Plan{}, err
	}
	var plan Plan
	err := p.Store.Read(ctx, func(tx pgx.Tx) error {
		var err error
		plan, err = planByID(ctx, tx, id, false)
		return err
	})
	return plan, err
}

// Plans returns the plans of a day, newest first, at most 50; discarded ones are left out.
func (p *Planner) Plans(ctx context.Context, day work.Day) ([]Plan, error) {
	if _, err := crm.Require(ctx, crm.PlanRead); err != nil {
		return nil, err
	}
	if err := day.Check("date"); err != nil {
		return nil, err
	}
	var plans []Plan
	err := p.Store.Read(ctx, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, planColumns+`where day = $1::date and state <> 'discarded' order by created_at desc, id desc limit 50`, string(day))
		var err error
		plans, err = pgx.CollectRows(rows, pgx.RowToStructByName[Plan])
		return crm.DBError(err, "plan")
	})
	return plans, err
}

// Latest returns the newest plan of a day that is not discarded, published or not, or nil: it tells why visits of
// the day are on nobody's route.
func (p *Planner) Latest(ctx context.Context, day work.Day) (*Plan, error) {
	plans, err := p.Plans(ctx, day)
	if err != nil || len(plans) == 0 {
		return nil, err
	}
	return &plans[0], nil
}

// move takes a plan from one of the given states to another; a plan already there is returned as it is.
func (p *Planner) move(ctx context.Context, right crm.Right, id uuid.UUID, from []State, to State, also func(tx pgx.Tx, plan Plan) error) (Plan, error) {
	if _, err := crm.Require(ctx, right); err != nil {
		return Plan{}, err
	}
	var plan Plan
	err := p.Store.WriteRetry(ctx, func(tx pgx.Tx) error {
		var err error
		if plan, err = planByID(ctx, tx, id, true); err != nil || plan.State == to {
			return err
		}
		if !slices.Contains(from, plan.State) {
			return crm.Conflictf("this plan is %s", plan.State)
		}
		if also != nil {
			if err := also(tx, plan); err != nil {
				return err
			}
		}
		changes := crm.Changes{}
		changes.Set("state", plan.State, to)
		if err := setState(ctx, tx, id, to, ""); err != nil {
			return err
		}
		if plan, err = planByID(ctx, tx, id, false); err != nil {
			return err
		}
		if err := crm.Append(ctx, tx, crm.Event{Verb: string(to), Kind: "plan", ID: id, Changes: changes}); err != nil {
			return err
		}
		return tellPlan(ctx, tx, plan)
	})
	return plan, err
}

// Accept says that the plan is to be published.
func (p *Planner) Accept(ctx context.Context, id uuid.UUID) (Plan, error) {
	return p.move(ctx, crm.PlanRun, id, []State{Ready}, Accepted, nil)
}

// Discard throws a plan away; its search stops.
func (p *Planner) Discard(ctx context.Context, id uuid.UUID) (Plan, error) {
	return p.move(ctx, crm.PlanRun, id, []State{Queued, Running, Ready, Accepted, Failed}, Discarded, nil)
}

// Stop asks a running search to stop and keep the best plan it has.
func (p *Planner) Stop(ctx context.Context, id uuid.UUID) (Plan, error) {
	if _, err := crm.Require(ctx, crm.PlanRun); err != nil {
		return Plan{}, err
	}
	var plan Plan
	err := p.Store.Write(ctx, func(tx pgx.Tx) error {
		var err error
		if plan, err = planByID(ctx, tx, id, true); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `update dispatch.plan set stop = true, updated_at = now() where id = $1`, id)
		return crm.DBError(err, "plan")
	})
	return plan, err
}

// Publish makes the plan's routes the published ones and puts its visits on them, all at once or not at all. It is
// a Conflict if a visit changed since the plan was made, or if somebody is already on the road.
func (p *Planner) Publish(ctx context.Context, id uuid.UUID) (Plan, error) {
	return p.move(ctx, crm.PlanPublish, id, []State{Ready, Accepted}, Published, func(tx pgx.Tx, plan Plan) error {
		versions, shapes, resources, err := publicationOf(ctx, tx, id)
		if err != nil {
			return err
		}
		publication := work.Publication{Plan: id, Versions: versions, Resources: resources, TravelVersion: plan.TravelVersion,
			Commands: func(visit uuid.UUID) uuid.UUID { return uuid.NewSHA1(id, visit[:]) }}
		for i := range plan.Days {
			publication.Days = append(publication.Days, plan.Day.Add(i))
		}
		n := 0
		for _, r := range plan.Routes {
			route := work.Route{ID: r.ID, ResourceID: r.ResourceID, Day: r.Day, TravelSeconds: r.TravelSeconds, TravelMeters: r.TravelMeters}
			for _, s := range r.Stops {
				stop := work.Stop{Kind: s.Kind, VisitID: s.VisitID, ArriveAt: s.Arrive, StartAt: s.Start, LeaveAt: s.Leave,
					LegSeconds: s.LegSeconds, LegMeters: s.LegMeters}
				if n < len(shapes) && len(shapes[n]) > 1 {
					stop.Shape = shapes[n]
				}
				n++
				route.Stops = append(route.Stops, stop)
			}
			route.Starts, route.Ends = r.Stops[0].Leave, r.Stops[len(r.Stops)-1].Arrive
			publication.Routes = append(publication.Routes, route)
		}
		return p.Work.Publish(ctx, tx, publication)
	})
}

// now is the clock of the room.
func (p *Planner) now() time.Time { return p.Store.Now() }
