package work

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"catchment/crm"
)

// PastVisit is a visit that is over, brought in with its history from elsewhere.
type PastVisit struct {
	ID              uuid.UUID
	Kind            string // "service", "sales", "campaign"
	Title           string
	AccountID       uuid.UUID
	SiteID          uuid.UUID
	OwnerID, TeamID *uuid.UUID // as on the account
	Skill           string     // needed; empty for none
	Priority        int
	Planned         time.Duration // of work
	ResourceID      uuid.UUID
	Added           time.Time  // when it was asked for
	Day             Day        // local day of the resource
	Start, End      time.Time  // of the work on site
	State           State      // Done, Failed or NoAccess
	Outcome         string     // kind of outcome
	Note            string     // on the outcome
	By              *crm.Actor // who was there; nil means who acts now
}

func (v PastVisit) check() error {
	switch {
	case v.ID == uuid.Nil || v.AccountID == uuid.Nil || v.SiteID == uuid.Nil || v.ResourceID == uuid.Nil:
		return crm.Invalidf("id", "a visit needs ids of its own, its account, its site and who was there")
	case v.Title == "" || len(v.Title) > 300:
		return crm.Invalidf("title", "is empty or longer than 300 letters")
	case v.Kind != "service" && v.Kind != "sales" && v.Kind != "campaign":
		return crm.Invalidf("kind", "is none of service, sales, campaign")
	case v.State != Done && v.State != Failed && v.State != NoAccess:
		return crm.Invalidf("state", "is not that of a visit that is over")
	case v.Planned < time.Minute || v.Planned > 24*time.Hour:
		return crm.Invalidf("planned", "lies outside 1 minute..24 hours")
	case v.Priority < 0 || v.Priority > 100:
		return crm.Invalidf("priority", "lies outside 0..100")
	case v.Start.Before(v.Added) || v.End.Before(v.Start):
		return crm.Invalidf("start", "visits are added, begun and ended in this order")
	}
	return v.Day.Check("day")
}

// TellIn adds visits that are over in a transaction, all or none, with what the log would tell had they been ours all along.
// It does not ask for the right. An error names the visit: "visits[3].title".
func TellIn(ctx context.Context, tx pgx.Tx, visits []PastVisit) error {
	if len(visits) == 0 {
		return nil
	}
	n := len(visits)
	var events []crm.Event
	texts := func() []string { return make([]string, 0, n) }
	uuids := func() []uuid.UUID { return make([]uuid.UUID, 0, n) }
	times := func() []time.Time { return make([]time.Time, 0, n) }
	ids, accounts, sites, resources := uuids(), uuids(), uuids(), uuids()
	kinds, states, titles, days, outcomes, notes, skills := texts(), texts(), texts(), texts(), texts(), texts(), texts()
	added, starts, ends := times(), times(), times()
	var owners, teams []*uuid.UUID
	var seconds, priorities []int32
	for i, v := range visits {
		if err := v.check(); err != nil {
			var e *crm.Error
			if errors.As(err, &e) {
				e.Field = fmt.Sprintf("visits[%d].%s", i, e.Field)
			}
			return err
		}
		ids, accounts, sites, resources = append(ids, v.ID), append(accounts, v.AccountID), append(sites, v.SiteID), append(resources, v.ResourceID)
		kinds, states, titles = append(kinds, v.Kind), append(states, string(v.State)), append(titles, v.Title)
		days, outcomes, notes = append(days, string(v.Day)), append(outcomes, v.Outcome), append(notes, v.Note)
		added, starts, ends = append(added, v.Added), append(starts, v.Start), append(ends, v.End)
		owners, teams = append(owners, v.OwnerID), append(teams, v.TeamID)
		seconds, priorities = append(seconds, int32(v.Planned/time.Second)), append(priorities, int32(v.Priority))
		skills = append(skills, v.Skill)
		events = append(events, v.events()...)
	}
	tag, err := tx.Exec(ctx, `
		insert into work.visit (id, kind, state, started, title, account_id, site_id, owner_id, team_id, duration_seconds, priority, skills, earliest, latest,
		       zone, resource_id, day, arrive_at, start_at, end_at, start_wall, outcome_kind, outcome_note, outcome_at, version, created_at, updated_at)
		select v.id, v.kind, v.state, v.state <> 'no_access', v.title, v.account, v.site, v.owner, v.team, v.seconds, v.priority, array_remove(array[v.skill], ''), v.day, v.day,
		       s.zone, v.resource, v.day, v.starts, v.starts, v.ends, v.starts at time zone s.zone, v.outcome, v.note, v.ends, 4, v.added, v.ends
		from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::uuid[], $7::uuid[], $8::uuid[], $9::int[], $10::int[], $11::text[],
		            $12::date[], $13::uuid[], $14::timestamptz[], $15::timestamptz[], $16::timestamptz[], $17::text[], $18::text[]) with ordinality
		     as v(id, kind, state, title, account, site, owner, team, seconds, priority, skill, day, resource, added, starts, ends, outcome, note, n)
		     join customer.site s on s.id = v.site and s.account_id = v.account
		order by n`,
		ids, kinds, states, titles, accounts, sites, owners, teams, seconds, priorities, skills, days, resources, added, starts, ends, outcomes, notes)
	if err != nil {
		return crm.DBError(err, "visit")
	}
	if int(tag.RowsAffected()) != n {
		return crm.Invalidf("visits", "name a site that is not one of their account's")
	}
	return crm.AppendAll(ctx, tx, events)
}

// events tell of a visit's whole life: added, assigned, arrived at, ended.
func (v PastVisit) events() []crm.Event {
	step := func(at time.Time, verb string, by *crm.Actor, fill func(crm.Changes)) crm.Event {
		e := crm.Event{At: at, Verb: verb, Kind: "visit", ID: v.ID, Account: &v.AccountID, Site: &v.SiteID, By: by, Changes: crm.Changes{}}
		fill(e.Changes)
		return e
	}
	over := map[State]string{Done: "complete", Failed: "cannot_complete", NoAccess: "no_access"}[v.State]
	return []crm.Event{
		step(v.Added, acts["add_visit"].verb, nil, func(c crm.Changes) {
			c.Set("kind", nil, v.Kind)
			c.Set("site_id", nil, v.SiteID)
			c.Set("state", "", string(Proposed))
			c.Set("title", "", v.Title)
			c.Set("priority", 0, v.Priority)
			c.Set("duration_seconds", 0, int(v.Planned/time.Second))
			c.Set("earliest", "", string(v.Day))
			c.Set("latest", "", string(v.Day))
		}),
		step(v.Added, acts["assign"].verb, nil, func(c crm.Changes) {
			c.Set("state", string(Proposed), string(Planned))
			c.Set("resource_id", nil, v.ResourceID)
			c.Set("start_at", nil, v.Start)
		}),
		step(v.Start, acts["arrive"].verb, v.By, func(c crm.Changes) { c.Set("state", string(Planned), string(OnSite)) }),
		step(v.End, acts[over].verb, v.By, func(c crm.Changes) {
			c.Set("state", string(OnSite), string(v.State))
			c.Set("outcome_kind", nil, v.Outcome)
			c.SetPrivate("outcome_note", "", v.Note)
		}),
	}
}
