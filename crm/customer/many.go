package customer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/paulmach/orb"

	"catchment/crm"
)

// Addition is an account with its sites, one of many to be added at once.
type Addition struct {
	Account NewAccount
	Sites   []NewSite // of this account; their AccountID is set
	Since   time.Time // when it became ours to know, should that be long ago; zero means now

	Industry  string
	Employees int64
	Tags      []string
	Stages    []PastStage // those it was in before Account.Stage, the first since Since, oldest first; nil if none is known
	By        *crm.Actor  // who added it, and moved it from stage to stage; nil means who acts now
}

// PastStage is a stage an account was in until it reached the next.
type PastStage struct {
	Stage string
	Until time.Time
}

// MaxAdditions is the most accounts AddMany adds in one transaction.
const MaxAdditions = 5000

// AddMany adds accounts with their sites in one transaction and few statements, by the rules of AddAccount and
// AddSite, each told of in the log. An account whose id is there already stays as it is, with its sites, so that a
// repeated call adds nothing twice. It returns how many accounts are new; an error names the addition,
// "additions[3].name".
func (c *Customers) AddMany(ctx context.Context, additions []Addition) (int, error) {
	fresh := 0
	err := c.Store.Write(ctx, func(tx pgx.Tx) error {
		added, err := c.AddManyIn(ctx, tx, additions)
		fresh = len(added)
		return err
	})
	return fresh, err
}

// AddManyIn is AddMany in a transaction of the caller's, which may have more to add to the accounts. It returns those
// that are new.
func (c *Customers) AddManyIn(ctx context.Context, tx pgx.Tx, additions []Addition) (map[uuid.UUID]bool, error) {
	actor, err := crm.Require(ctx, crm.AccountWrite)
	if err != nil {
		return nil, err
	}
	if len(additions) > MaxAdditions {
		return nil, crm.Invalidf("additions", "are more than %d", MaxAdditions)
	}
	accounts, sites := newAccountRows(len(additions)), newSiteRows(len(additions))
	for i, a := range additions {
		if err := accounts.add(actor, a); err != nil {
			return nil, within(fmt.Sprintf("additions[%d]", i), err)
		}
		for k, s := range a.Sites {
			s.AccountID = accounts.news[i].ID
			if err := sites.add(s, accounts.news[i], a); err != nil {
				return nil, within(fmt.Sprintf("additions[%d].sites[%d]", i, k), err)
			}
		}
	}
	zone, err := siteZone(ctx, tx)
	if err != nil {
		return nil, err
	}
	added, err := accounts.insert(ctx, tx)
	if err != nil {
		return nil, err
	}
	if err := sites.insert(ctx, tx, zone, added); err != nil {
		return nil, err
	}
	if err := accounts.tellStages(ctx, tx, added); err != nil {
		return nil, err
	}
	return added, crm.AppendAll(ctx, tx, append(accounts.events(added), sites.events(added)...))
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
	all                                                       []Addition
	news                                                      []NewAccount
	ids                                                       []pgtype.UUID
	names, searches, kinds, stages, classes, tels, industries []string
	emails, tags                                              []string
	owners, teams                                             []pgtype.UUID
	employees                                                 []pgtype.Int8
	synthetic                                                 []bool
	since, touched                                            []pgtype.Timestamptz
	versions                                                  []int32
}

func newAccountRows(n int) *accountRows {
	text := func() []string { return make([]string, 0, n) }
	return &accountRows{all: make([]Addition, 0, n), news: make([]NewAccount, 0, n), ids: make([]pgtype.UUID, 0, n), names: text(), searches: text(),
		kinds: text(), stages: text(), classes: text(), tels: text(), industries: text(), emails: text(), tags: text(), owners: make([]pgtype.UUID, 0, n),
		teams: make([]pgtype.UUID, 0, n), employees: make([]pgtype.Int8, 0, n), synthetic: make([]bool, 0, n), since: make([]pgtype.Timestamptz, 0, n),
		touched: make([]pgtype.Timestamptz, 0, n), versions: make([]int32, 0, n)}
}

func (r *accountRows) add(actor crm.Actor, a Addition) error {
	n := a.Account
	n.complete()
	if err := n.check(); err != nil {
		return err
	}
	if err := a.check(); err != nil {
		return err
	}
	n.ownedBy(actor)
	r.all, r.news, r.ids = append(r.all, a), append(r.news, n), append(r.ids, pgtype.UUID{Bytes: n.ID, Valid: true})
	r.names, r.searches = append(r.names, n.Name), append(r.searches, crm.SearchText(n.Name, n.Phone, n.Email))
	r.kinds, r.stages, r.classes = append(r.kinds, n.Kind), append(r.stages, n.Stage), append(r.classes, n.Class)
	r.tels, r.emails, r.industries = append(r.tels, n.Phone), append(r.emails, n.Email), append(r.industries, a.Industry)
	r.tags = append(r.tags, strings.Join(a.Tags, "\n"))
	r.owners, r.teams, r.synthetic = append(r.owners, crm.UUIDOrNull(n.OwnerID)), append(r.teams, crm.UUIDOrNull(n.TeamID)), append(r.synthetic, n.Synthetic)
	touched := a.Since
	if k := len(a.Stages); k > 0 {
		touched = a.Stages[k-1].Until
	}
	r.employees, r.versions = append(r.employees, pgtype.Int8{Int64: a.Employees, Valid: a.Employees > 0}), append(r.versions, int32(1+len(a.Stages)))
	r.since, r.touched = append(r.since, sinceOrNow(a.Since)), append(r.touched, sinceOrNow(touched))
	return nil
}

// check applies the rules of what an addition has beyond a new account.
func (a Addition) check() error {
	switch {
	case utf8.RuneCountInString(a.Industry) > 100 || strings.ContainsFunc(a.Industry, unicode.IsControl):
		return crm.Invalidf("industry", "is longer than 100 letters or holds control characters")
	case a.Employees < 0:
		return crm.Invalidf("employees", "lie below zero")
	case len(a.Tags) > 50 || slices.ContainsFunc(a.Tags, func(t string) bool {
		return t == "" || utf8.RuneCountInString(t) > 60 || strings.ContainsFunc(t, unicode.IsControl)
	}):
		return crm.Invalidf("tags", "are more than 50, or hold one that is empty or longer than 60 letters")
	case !slices.IsSorted(a.Tags):
		return crm.Invalidf("tags", "are not sorted")
	}
	if len(a.Stages) > 0 && a.Since.IsZero() {
		return crm.Invalidf("stages", "cannot lie before an account that is of now")
	}
	at := a.Since
	for i, s := range a.Stages {
		switch {
		case !slices.Contains(Stages, s.Stage):
			return crm.Invalidf(fmt.Sprintf("stages[%d].stage", i), "is none of %s", strings.Join(Stages, ", "))
		case s.Until.Before(at):
			return crm.Invalidf(fmt.Sprintf("stages[%d].until", i), "lies before it began")
		}
		at = s.Until
	}
	return nil
}

// sinceOrNow is null for now.
func sinceOrNow(t time.Time) pgtype.Timestamptz {
	return pgtype.Timestamptz{Time: t, Valid: !t.IsZero()}
}

// insert adds the accounts that are not there yet and returns their ids.
func (r *accountRows) insert(ctx context.Context, tx pgx.Tx) (map[uuid.UUID]bool, error) {
	rows, _ := tx.Query(ctx, `
		insert into customer.account (id, name, search, kind, stage, class, owner_id, team_id, phone, email, synthetic, industry, employees, tags,
		       version, created_at, updated_at)
		select id, name, search, kind, stage, class, owner, team, phone, email, synthetic, industry, employees,
		       coalesce(string_to_array(nullif(tags, ''), E'\n'), '{}'), version, coalesce(since, now()), coalesce(touched, now())
		from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::uuid[], $8::uuid[], $9::text[], $10::text[],
		            $11::boolean[], $12::text[], $13::bigint[], $14::text[], $15::int[], $16::timestamptz[], $17::timestamptz[]) with ordinality
		     as a(id, name, search, kind, stage, class, owner, team, phone, email, synthetic, industry, employees, tags, version, since, touched, n)
		order by n
		on conflict (id) do nothing returning id`,
		r.ids, r.names, r.searches, r.kinds, r.stages, r.classes, r.owners, r.teams, r.tels, r.emails, r.synthetic, r.industries, r.employees, r.tags,
		r.versions, r.since, r.touched)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	added := make(map[uuid.UUID]bool, len(ids))
	for _, id := range ids {
		added[id] = true
	}
	return added, crm.DBError(err, "account")
}

// tellStages tells the journal of places in which stages new accounts were before their last.
func (r *accountRows) tellStages(ctx context.Context, tx pgx.Tx, added map[uuid.UUID]bool) error {
	var ids []pgtype.UUID
	var stages []string
	var until []time.Time
	for i, a := range r.all {
		if !added[r.news[i].ID] {
			continue
		}
		for _, s := range a.Stages {
			ids, stages, until = append(ids, r.ids[i]), append(stages, s.Stage), append(until, s.Until)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `select region.told_stages($1, $2, $3)`, ids, stages, until)
	return crm.DBError(err, "account")
}

// events tell of new accounts, and of the stages they went through.
func (r *accountRows) events(added map[uuid.UUID]bool) []crm.Event {
	events := make([]crm.Event, 0, 2*len(added))
	for i, n := range r.news {
		if !added[n.ID] {
			continue
		}
		a := &r.all[i]
		last := n.Stage
		if len(a.Stages) > 0 {
			n.Stage = a.Stages[0].Stage
		}
		e := n.added()
		e.At, e.By = a.Since, a.By
		e.Changes.Set("industry", "", a.Industry)
		e.Changes.Set("employees", int64(0), a.Employees)
		if len(a.Tags) > 0 {
			e.Changes.Set("tags", nil, a.Tags)
		}
		events = append(events, e)
		for k, s := range a.Stages {
			next := last
			if k+1 < len(a.Stages) {
				next = a.Stages[k+1].Stage
			}
			moved := crm.Event{At: s.Until, By: a.By, Verb: "changed", Kind: "account", ID: n.ID, Account: e.Account, Changes: crm.Changes{}}
			moved.Changes.Set("stage", s.Stage, next)
			events = append(events, moved)
		}
	}
	return events
}

// siteRows are sites on the way into the database.
type siteRows struct {
	news  []NewSite
	of    []NewAccount
	by    []*crm.Actor
	cells []int64
	since []pgtype.Timestamptz
}

func newSiteRows(n int) *siteRows {
	return &siteRows{news: make([]NewSite, 0, n), of: make([]NewAccount, 0, n), by: make([]*crm.Actor, 0, n), cells: make([]int64, 0, n), since: make([]pgtype.Timestamptz, 0, n)}
}

func (r *siteRows) add(n NewSite, account NewAccount, a Addition) error {
	cell, err := n.check()
	if err != nil {
		return err
	}
	r.news, r.of, r.by = append(r.news, n), append(r.of, account), append(r.by, a.By)
	r.cells, r.since = append(r.cells, cell), append(r.since, sinceOrNow(a.Since))
	return nil
}

// insert adds the sites of the accounts that are new.
func (r *siteRows) insert(ctx context.Context, tx pgx.Tx, zone string, added map[uuid.UUID]bool) error {
	var ids, accounts, owners, teams []pgtype.UUID
	var names, streets, numbers, postcodes, cities, countries, notes, persons, tels, sources []string
	var points []orb.Point
	var cells []int64
	var confidences []float64
	var since []pgtype.Timestamptz
	for i, n := range r.news {
		if !added[n.AccountID] {
			continue
		}
		ids, accounts = append(ids, pgtype.UUID{Bytes: n.ID, Valid: true}), append(accounts, pgtype.UUID{Bytes: n.AccountID, Valid: true})
		owners, teams = append(owners, crm.UUIDOrNull(r.of[i].OwnerID)), append(teams, crm.UUIDOrNull(r.of[i].TeamID))
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
			e.By, e.At = r.by[i], r.since[i].Time
			events = append(events, e)
		}
	}
	return events
}
