package customer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"catchment/crm"
)

// Addition is an account with its sites, one of many to be added at once.
type Addition struct {
	Account NewAccount
	Sites   []NewSite // of this account; their AccountID is set
	Since   time.Time // when it became ours to know, should that be long ago; zero means now
}

// MaxAdditions is the most accounts AddMany adds in one transaction.
const MaxAdditions = 5000

// AddMany adds accounts with their sites in one transaction and few statements, by the rules of AddAccount and
// AddSite, each told of in the log. An account whose id is there already stays as it is, with its sites, so that a
// repeated call adds nothing twice. It returns how many accounts are new; an error names the addition,
// "additions[3].name".
func (c *Customers) AddMany(ctx context.Context, additions []Addition) (int, error) {
	actor, err := crm.Require(ctx, crm.AccountWrite)
	if err != nil {
		return 0, err
	}
	if len(additions) > MaxAdditions {
		return 0, crm.Invalidf("additions", "are more than %d", MaxAdditions)
	}
	var accounts accountRows
	var sites siteRows
	for i, a := range additions {
		if err := accounts.add(actor, a); err != nil {
			return 0, within(fmt.Sprintf("additions[%d]", i), err)
		}
		for k, s := range a.Sites {
			s.AccountID = accounts.news[i].ID
			if err := sites.add(s, accounts.news[i], a.Since); err != nil {
				return 0, within(fmt.Sprintf("additions[%d].sites[%d]", i, k), err)
			}
		}
	}
	fresh := 0
	err = c.Store.Write(ctx, func(tx pgx.Tx) error {
		zone, err := siteZone(ctx, tx)
		if err != nil {
			return err
		}
		added, err := accounts.insert(ctx, tx)
		if err != nil {
			return err
		}
		if err := sites.insert(ctx, tx, zone, added); err != nil {
			return err
		}
		fresh = len(added)
		return crm.AppendAll(ctx, tx, append(accounts.events(added), sites.events(added)...))
	})
	return fresh, err
}

// within puts a path before the field an error names.
func within(path string, err error) error {
	var e *crm.Error
	if errors.As(err, &e) && e.Kind == crm.Invalid {
		return &crm.Error{Kind: e.Kind, Field: path + "." + e.Field, Message: e.Message, Err: e.Err}
	}
	return err
}

// accountRows are accounts on the way into the database, one slice a column.
type accountRows struct {
	news                                          []NewAccount
	ids                                           []uuid.UUID
	names, searches, kinds, stages, classes, tels []string
	emails                                        []string
	owners, teams                                 []*uuid.UUID
	synthetic                                     []bool
	since                                         []*time.Time
}

func (r *accountRows) add(actor crm.Actor, a Addition) error {
	n := a.Account
	n.complete()
	if err := n.check(); err != nil {
		return err
	}
	n.ownedBy(actor)
	r.news, r.ids = append(r.news, n), append(r.ids, n.ID)
	r.names, r.searches = append(r.names, n.Name), append(r.searches, crm.SearchText(n.Name, n.Phone, n.Email))
	r.kinds, r.stages, r.classes = append(r.kinds, n.Kind), append(r.stages, n.Stage), append(r.classes, n.Class)
	r.tels, r.emails = append(r.tels, n.Phone), append(r.emails, n.Email)
	r.owners, r.teams, r.synthetic = append(r.owners, n.OwnerID), append(r.teams, n.TeamID), append(r.synthetic, n.Synthetic)
	r.since = append(r.since, sinceOrNow(a.Since))
	return nil
}

func sinceOrNow(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// insert adds the accounts that are not there yet and returns their ids.
func (r *accountRows) insert(ctx context.Context, tx pgx.Tx) (map[uuid.UUID]bool, error) {
	rows, _ := tx.Query(ctx, `
		insert into customer.account (id, name, search, kind, stage, class, owner_id, team_id, phone, email, synthetic, created_at, updated_at)
		select id, name, search, kind, stage, class, owner, team, phone, email, synthetic, coalesce(since, now()), coalesce(since, now())
		from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::uuid[], $8::uuid[], $9::text[], $10::text[],
		            $11::boolean[], $12::timestamptz[]) with ordinality
		     as a(id, name, search, kind, stage, class, owner, team, phone, email, synthetic, since, n)
		order by n
		on conflict (id) do nothing returning id`,
		r.ids, r.names, r.searches, r.kinds, r.stages, r.classes, r.owners, r.teams, r.tels, r.emails, r.synthetic, r.since)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	added := make(map[uuid.UUID]bool, len(ids))
	for _, id := range ids {
		added[id] = true
	}
	return added, crm.DBError(err, "account")
}

func (r *accountRows) events(added map[uuid.UUID]bool) []crm.Event {
	events := make([]crm.Event, 0, len(added))
	for i, n := range r.news {
		if added[n.ID] {
			e := n.added()
			if r.since[i] != nil {
				e.At = *r.since[i]
			}
			events = append(events, e)
		}
	}
	return events
}

// siteRows are sites on the way into the database.
type siteRows struct {
	news  []NewSite
	of    []NewAccount
	cells []int64
	since []*time.Time
}

func (r *siteRows) add(n NewSite, account NewAccount, since time.Time) error {
	cell, err := n.check()
	if err != nil {
		return err
	}
	r.news, r.of, r.cells, r.since = append(r.news, n), append(r.of, account), append(r.cells, cell), append(r.since, sinceOrNow(since))
	return nil
}

// insert adds the sites of the accounts that are new.
func (r *siteRows) insert(ctx context.Context, tx pgx.Tx, zone string, added map[uuid.UUID]bool) error {
	var ids, accounts []uuid.UUID
	var owners, teams []*uuid.UUID
	var names, streets, numbers, postcodes, cities, countries, notes, persons, tels, sources []string
	var points []orb.Point
	var cells []int64
	var confidences []float64
	var since []*time.Time
	for i, n := range r.news {
		if !added[n.AccountID] {
			continue
		}
		ids, accounts = append(ids, n.ID), append(accounts, n.AccountID)
		owners, teams = append(owners, r.of[i].OwnerID), append(teams, r.of[i].TeamID)
		names, streets, numbers = append(names, n.Name), append(streets, n.Street), append(numbers, n.HouseNumber)
		postcodes, cities, countries = append(postcodes, n.Postcode), append(cities, n.City), append(countries, n.Country)
		notes, persons, tels = append(notes, n.AccessNote), append(persons, n.ContactName), append(tels, n.ContactPhone)
		points, cells, since = append(points, n.Point), append(cells, r.cells[i]), append(since, r.since[i])
		sources, confidences = append(sources, n.Source), append(confidences, n.Confidence)
	}
	_, err := tx.Exec(ctx, `
		insert into customer.site (id, account_id, owner_id, team_id, name, street, house_number, postcode, city, country, point, cell, zone,
		       access_note, contact_name, contact_phone, source, confidence, created_at, updated_at)
		select id, account, owner, team, name, street, number, postcode, city, country, point, cell, $1, note, person, tel, source, confidence,
		       coalesce(since, now()), coalesce(since, now())
		from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[],
		            $12::geometry[], $13::bigint[], $14::text[], $15::text[], $16::text[], $17::text[], $18::float8[], $19::timestamptz[]) with ordinality
		     as s(id, account, owner, team, name, street, number, postcode, city, country, point, cell, note, person, tel, source, confidence, since, n)
		order by n`,
		zone, ids, accounts, owners, teams, names, streets, numbers, postcodes, cities, countries, points, cells, notes, persons, tels, sources,
		confidences, since)
	return crm.DBError(err, "site")
}

func (r *siteRows) events(added map[uuid.UUID]bool) []crm.Event {
	var events []crm.Event
	for i, n := range r.news {
		if added[n.AccountID] {
			e := n.added()
			if r.since[i] != nil {
				e.At = *r.since[i]
			}
			events = append(events, e)
		}
	}
	return events
}
