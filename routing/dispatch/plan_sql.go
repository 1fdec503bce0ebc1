package dispatch

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"catchment/crm"
)

const planColumns = `
	select id, day::text as day, days, state, seed, iterations, seconds, resource_ids, input_hash, travel_version, progress, summary, routes,
	       unassigned, changes, error, created_by, created_at, version
	from dispatch.plan `

func planByID(ctx context.Context, tx pgx.Tx, id uuid.UUID, lock bool) (Plan, error) {
	query := planColumns + `where id = $1`
	if lock {
		query += ` for update`
	}
	rows, _ := tx.Query(ctx, query, id)
	plan, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Plan])
	return plan, crm.DBError(err, "plan")
}

func insertPlan(ctx context.Context, tx pgx.Tx, r Request, by uuid.UUID) (added bool, err error) {
	var resources []uuid.UUID
	if len(r.ResourceIDs) > 0 {
		resources = r.ResourceIDs
	}
	tag, err := tx.Exec(ctx, `
		insert into dispatch.plan (id, day, days, state, seed, iterations, seconds, resource_ids, progress, created_by)
		values ($1, $2, $3, 'queued', $4, $5, $6, $7, $8, $9)
		on conflict (id) do nothing`,
		r.ID, string(r.Day), r.Days, r.Seed, r.Iterations, r.Seconds, resources, Progress{Step: "waiting"}, by)
	return tag.RowsAffected() == 1, crm.DBError(err, "plan")
}

func checkResources(ctx context.Context, tx pgx.Tx, ids []uuid.UUID) error {
	if len(ids) == 0 {
		return nil
	}
	var at *int
	err := tx.QueryRow(ctx, `select min(n)::int from unnest($1::uuid[]) with ordinality as u(id, n)
		where not exists (select from work.resource r where r.id = u.id and r.active)`, ids).Scan(&at)
	if err != nil {
		return crm.DBError(err, "resource")
	}
	if at != nil {
		return crm.Invalidf(fmt.Sprintf("resource_ids[%d]", *at-1), "there is no such resource")
	}
	return nil
}

func setState(ctx context.Context, tx pgx.Tx, id uuid.UUID, state State, message string) error {
	_, err := tx.Exec(ctx, `update dispatch.plan set state = $2, error = $3, version = version + 1, updated_at = now() where id = $1`,
		id, string(state), message)
	return crm.DBError(err, "plan")
}

// setProgress stores how far the search is, unless the plan was discarded meanwhile, and tells whether it is to
// go on.
func setProgress(ctx context.Context, tx pgx.Tx, id uuid.UUID, progress Progress) (plan Plan, goOn bool, err error) {
	var stop bool
	err = tx.QueryRow(ctx, `
		update dispatch.plan set state = 'running', progress = $2, updated_at = now(), version = version + 1
		where id = $1 and state in ('queued', 'running') returning stop`, id, progress).Scan(&stop)
	if crm.KindOf(crm.DBError(err, "plan")) == crm.NotFound {
		return Plan{}, false, nil
	}
	if err != nil {
		return Plan{}, false, crm.DBError(err, "plan")
	}
	plan, err = planByID(ctx, tx, id, false)
	return plan, !stop, err
}

// searchState returns what a stretch of the search needs beside the plan: the stretches done and whether to stop.
func searchState(ctx context.Context, tx pgx.Tx, id uuid.UUID) (chunk int, stop bool, err error) {
	err = tx.QueryRow(ctx, `select chunk, stop from dispatch.plan where id = $1`, id).Scan(&chunk, &stop)
	return chunk, stop, crm.DBError(err, "plan")
}

// storeBest stores the best plan after a stretch of the search. It does nothing if this stretch was stored before
// or the plan is no longer running.
func storeBest(ctx context.Context, tx pgx.Tx, plan Plan, chunk int, considered []uuid.UUID, versions map[uuid.UUID]int, shapes []orb.LineString) (stored bool, err error) {
	if shapes == nil {
		shapes = []orb.LineString{}
	}
	tag, err := tx.Exec(ctx, `
		update dispatch.plan set state = $2, input_hash = $3, travel_version = $4, progress = $5, summary = $6, routes = $7, unassigned = $8,
		       changes = $9, visit_versions = $10, shapes = $11, chunk = $12 + 1, considered = $13, version = version + 1, updated_at = now()
		where id = $1 and chunk = $12 and state in ('queued', 'running')`,
		plan.ID, string(plan.State), plan.InputHash, plan.TravelVersion, plan.Progress, plan.Summary, plan.Routes, plan.Unassigned, plan.Changes,
		versions, shapes, chunk, considered)
	return tag.RowsAffected() == 1, crm.DBError(err, "plan")
}

// publicationOf returns what publishing needs beside the plan: the versions of its visits, the shapes of its legs
// and the resources it was made for.
func publicationOf(ctx context.Context, tx pgx.Tx, id uuid.UUID) (versions map[uuid.UUID]int, shapes []orb.LineString, resources []uuid.UUID, err error) {
	err = tx.QueryRow(ctx, `select visit_versions, shapes, considered from dispatch.plan where id = $1`, id).Scan(&versions, &shapes, &resources)
	return versions, shapes, resources, crm.DBError(err, "plan")
}
