package work

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"catchment/crm"
)

// decided returns the verdict of a command already decided, or nil. The same id with another content is a
// Conflict. An advisory lock makes a retry that overtakes its first try wait for it.
func decided(ctx context.Context, tx pgx.Tx, id uuid.UUID, hash []byte) (*Verdict, error) {
	if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended($1, 7))`, id.String()); err != nil {
		return nil, crm.DBError(err, "command")
	}
	var there []byte
	v := Verdict{Command: id, Decision: Duplicate}
	err := tx.QueryRow(ctx, `select body_hash, verdict, reason, message, field from work.command where id = $1`, id).
		Scan(&there, &v.First, &v.Reason, &v.Message, &v.Field)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, crm.DBError(err, "command")
	}
	if !bytes.Equal(there, hash) {
		return nil, crm.Conflictf("another command with this id was decided before")
	}
	return &v, nil
}

func lockVisit(ctx context.Context, tx pgx.Tx, id uuid.UUID) (Visit, error) {
	if _, err := tx.Exec(ctx, `select from work.visit where id = $1 for update`, id); err != nil {
		return Visit{}, crm.DBError(err, "visit")
	}
	return visitByID(ctx, tx, id)
}

// lockVisits holds several visits in one order for all, so that two who change many do not wait for each other.
func lockVisits(ctx context.Context, tx pgx.Tx, ids []uuid.UUID) error {
	_, err := tx.Exec(ctx, `select from work.visit where id = any ($1) order by id for update`, ids)
	return crm.DBError(err, "visit")
}

// storeVisit writes what commands may change of a visit, or adds it.
func storeVisit(ctx context.Context, tx pgx.Tx, before, v Visit) error {
	if before.Version == 0 {
		_, err := tx.Exec(ctx, `
			insert into work.visit (id, kind, state, title, note, account_id, site_id, owner_id, team_id, duration_seconds, priority, skills,
			       window_starts, window_ends, earliest, latest, zone)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
			v.ID, v.Kind, v.State, v.Title, v.Note, v.AccountID, v.SiteID, v.OwnerID, v.TeamID, v.DurationSeconds, v.Priority, v.Skills,
			v.WindowStarts, v.WindowEnds, string(v.Earliest), string(v.Latest), v.Zone)
		return crm.DBError(err, "visit")
	}
	_, err := tx.Exec(ctx, `
		update work.visit set kind = $2, state = $3, started = $4, title = $5, note = $6, duration_seconds = $7, priority = $8, skills = $9,
		       window_starts = $10, window_ends = $11, earliest = $12, latest = $13, resource_id = $14, day = $15, arrive_at = $16,
		       start_at = $17, end_at = $18, start_wall = $17::timestamptz at time zone zone, travel_seconds = $19, travel_meters = $20,
		       promise_start = $21, promise_end = $22, pinned = $23, outcome_kind = $24, outcome_note = $25, outcome_at = $26,
		       version = $27, updated_at = now()
		where id = $1`,
		v.ID, v.Kind, v.State, v.Started, v.Title, v.Note, v.DurationSeconds, v.Priority, v.Skills, v.WindowStarts, v.WindowEnds,
		string(v.Earliest), string(v.Latest), v.ResourceID, (*string)(v.Day), v.ArriveAt, v.StartAt, v.EndAt, v.TravelSeconds, v.TravelMeters,
		v.PromiseStart, v.PromiseEnd, v.Pinned, v.OutcomeKind, v.OutcomeNote, v.OutcomeAt, v.Version)
	return crm.DBError(err, "visit")
}

func storeVerdict(ctx context.Context, tx pgx.Tx, actor crm.Actor, c Command, verdict Verdict, hash []byte, version *int, before Visit) error {
	var replaced *Visit
	if verdict.Decision == Applied && before.Version > 0 {
		kept := before // without what belongs to account and site: undo restores the visit alone
		kept.AccountName, kept.SiteName, kept.Street, kept.HouseNumber, kept.Postcode, kept.City = "", "", "", "", "", ""
		kept.AccessNote, kept.ContactName, kept.ContactPhone, kept.Point = "", "", "", orb.Point{}
		replaced = &kept
	}
	payload := c.Payload
	if len(payload) == 0 {
		payload = json.RawMessage("{}")
	}
	_, err := tx.Exec(ctx, `
		insert into work.command (id, device_id, seq, actor, kind, visit_id, base_version, body_hash, payload, device_time, verdict, reason, message,
		       field, version, before)
		values ($1, $2, nullif($3, 0::bigint), $4, $5, $6, nullif($7, 0), $8, $9, nullif($10, '0001-01-01 00:00:00+00'::timestamptz), $11, $12, $13,
		       $14, $15, $16)`,
		c.ID, c.Device, c.Seq, actor.ID, c.Kind, c.Visit, c.BaseVersion, hash, payload, c.DeviceTime, string(verdict.Decision), verdict.Reason,
		verdict.Message, verdict.Field, version, replaced)
	return crm.DBError(err, "command")
}

// dropStops takes a visit off the published route it is on.
func dropStops(ctx context.Context, tx pgx.Tx, visit uuid.UUID) error {
	_, err := tx.Exec(ctx, `
		with gone as (delete from work.route_stop where visit_id = $1 returning route_id)
		update work.route r set version = r.version + 1 from gone where r.id = gone.route_id`, visit)
	return crm.DBError(err, "route")
}

// startRoute marks the published route a visit is on as started.
func startRoute(ctx context.Context, tx pgx.Tx, v *Visit) error {
	_, err := tx.Exec(ctx, `update work.route set state = 'started', version = version + 1
		where state = 'published' and id in (select route_id from work.route_stop where visit_id = $1)`, v.ID)
	return crm.DBError(err, "route")
}

func sortedDays(days map[Day]bool) []Day {
	out := make([]Day, 0, len(days))
	for d := range days {
		out = append(out, d)
	}
	slices.Sort(out)
	return out
}
