package work

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"catchment/crm"
)

const routeColumns = `
	select r.id, r.resource_id, r.day::text as day, r.state, r.plan_id, r.starts, r.ends, r.travel_seconds, r.travel_meters,
	       r.travel_version, r.published_at, r.version
	from work.route r `

func collectRoutes(ctx context.Context, tx pgx.Tx, rows pgx.Rows) ([]Route, error) {
	routes, err := pgx.CollectRows(rows, pgx.RowToStructByName[Route])
	if err != nil {
		return nil, crm.DBError(err, "route")
	}
	ids := make([]uuid.UUID, len(routes))
	index := map[uuid.UUID]int{}
	for i, r := range routes {
		ids[i] = r.ID
		index[r.ID] = i
	}
	stops, err := tx.Query(ctx, `select route_id, sequence, kind, visit_id, arrive_at, start_at, leave_at, leg_seconds, leg_meters, shape
		from work.route_stop where route_id = any ($1) order by route_id, sequence`, ids)
	if err != nil {
		return nil, crm.DBError(err, "route")
	}
	var route uuid.UUID
	var s Stop
	var shape *orb.LineString
	_, err = pgx.ForEachRow(stops, []any{&route, &s.Sequence, &s.Kind, &s.VisitID, &s.ArriveAt, &s.StartAt, &s.LeaveAt, &s.LegSeconds, &s.LegMeters, &shape},
		func() error {
			if shape != nil {
				s.Shape = *shape
			}
			r := &routes[index[route]]
			r.Stops = append(r.Stops, s)
			s, shape = Stop{}, nil
			return nil
		})
	return routes, crm.DBError(err, "route")
}

// lockPlanned holds every visit a publication touches before it touches a route: a phone holds its visit before it
// starts the route, and the two would wait for each other.
func lockPlanned(ctx context.Context, tx pgx.Tx, p Publication, days []string) error {
	var visits []uuid.UUID
	for _, r := range p.Routes {
		for _, s := range r.Stops {
			if s.VisitID != nil {
				visits = append(visits, *s.VisitID)
			}
		}
	}
	_, err := tx.Exec(ctx, `
		select from work.visit where id = any ($1) or id in (
		  select s.visit_id from work.route_stop s join work.route r on r.id = s.route_id
		  where r.resource_id = any ($2) and r.day = any ($3::date[]) and s.visit_id is not null)
		order by id for update`, visits, p.Resources, days)
	return crm.DBError(err, "visit")
}

// replaceRoutes deletes the published, not yet started routes of the resources on the days and returns the visits
// that were on them. A route already started is a Conflict.
func replaceRoutes(ctx context.Context, tx pgx.Tx, resources []uuid.UUID, days []string) ([]uuid.UUID, error) {
	var started *string
	err := tx.QueryRow(ctx, `
		select min(v.name) from work.route r join work.resource v on v.id = r.resource_id
		where r.resource_id = any ($1) and r.day = any ($2::date[]) and r.state <> 'published'`, resources, days).Scan(&started)
	if err != nil {
		return nil, crm.DBError(err, "route")
	}
	if started != nil {
		return nil, crm.Conflictf("%s is already on the road that day", *started)
	}
	rows, _ := tx.Query(ctx, `
		select s.visit_id from work.route_stop s join work.route r on r.id = s.route_id
		where r.resource_id = any ($1) and r.day = any ($2::date[]) and s.visit_id is not null order by s.visit_id`, resources, days)
	visits, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, crm.DBError(err, "route")
	}
	_, err = tx.Exec(ctx, `delete from work.route where resource_id = any ($1) and day = any ($2::date[])`, resources, days)
	return visits, crm.DBError(err, "route")
}

func insertRoute(ctx context.Context, tx pgx.Tx, actor crm.Actor, p Publication, r Route) error {
	_, err := tx.Exec(ctx, `
		insert into work.route (id, resource_id, day, state, plan_id, starts, ends, travel_seconds, travel_meters, travel_version, published_by)
		values ($1, $2, $3, 'published', $4, $5, $6, $7, $8, $9, $10)`,
		r.ID, r.ResourceID, string(r.Day), p.Plan, r.Starts, r.Ends, r.TravelSeconds, r.TravelMeters, p.TravelVersion, actor.ID)
	if err != nil {
		return crm.DBError(err, "route")
	}
	batch := &pgx.Batch{}
	for i, s := range r.Stops {
		batch.Queue(`insert into work.route_stop (route_id, sequence, kind, visit_id, arrive_at, start_at, leave_at, leg_seconds, leg_meters, shape)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			r.ID, i, s.Kind, s.VisitID, s.ArriveAt, s.StartAt, s.LeaveAt, s.LegSeconds, s.LegMeters, s.Shape)
	}
	return crm.DBError(tx.SendBatch(ctx, batch).Close(), "route")
}
