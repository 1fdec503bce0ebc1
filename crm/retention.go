package crm

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Retention is how long something is kept.
type Retention struct {
	Code    string
	Title   string
	Days    int // kept so long
	Default int
	Least   int
	Most    int
	Version int // 0 while the default holds

	// Forget deletes what is older than the instant, at most a few thousand rows, and tells how many; it is called
	// until it tells none.
	Forget func(ctx context.Context, tx pgx.Tx, before time.Time) (int64, error)
}

// forgetting returns a Forget that runs a statement with the instant as $1.
func forgetting(statement string) func(context.Context, pgx.Tx, time.Time) (int64, error) {
	return func(ctx context.Context, tx pgx.Tx, before time.Time) (int64, error) {
		tag, err := tx.Exec(ctx, statement, before)
		return tag.RowsAffected(), err
	}
}

// Retentions returns what this room keeps for a time. Other rooms have lists of their own; cmd joins them.
func Retentions() []Retention {
	return []Retention{
		{Code: "login_attempts", Title: "Attempts to sign in", Default: 1, Least: 1, Most: 365,
			Forget: forgetting(`delete from crm.login_attempt where at < $1`)},
		{Code: "answers", Title: "Answers kept for repeated requests", Default: 7, Least: 7, Most: 90,
			Forget: forgetting(`delete from crm.idempotency where created_at < $1`)},
		{Code: "tokens", Title: "API tokens that have run out", Default: 30, Least: 0, Most: 3650,
			Forget: forgetting(`delete from crm.api_token where expires_at <= $1`)},
		{Code: "links", Title: "Invitations and password links that have run out", Default: 1, Least: 0, Most: 30,
			Forget: forgetting(`delete from crm.one_time where expires_at <= $1`)},
		{Code: "undo", Title: "Changes of many records, for undoing them", Default: 90, Least: 1, Most: 3650,
			Forget: forgetting(`delete from record.change_set where id in (select id from record.change_set where at < $1 limit 200)`)},
		{Code: "removed", Title: "Personal values in the history of removed records", Default: 90, Least: 1, Most: 3650,
			Forget: forgetting(`delete from crm.private_value where id in (
				select p.id from crm.private_value p
				where exists (select from crm.event e where e.entity_id = p.subject_id and e.verb = 'removed' and e.at < $1
				              and not exists (select from crm.event later where later.entity_id = e.entity_id and (later.xid, later.seq) > (e.xid, e.seq)))
				limit 5000)`)},
	}
}

// Policies answers how long things are kept.
type Policies struct {
	Store *Store
	All   []Retention
}

// List returns how long each thing is kept.
func (p *Policies) List(ctx context.Context) ([]Retention, error) {
	if _, err := Require(ctx, OrganisationWrite); err != nil {
		return nil, err
	}
	var out []Retention
	err := p.Store.Read(ctx, func(tx pgx.Tx) (err error) {
		out, err = p.list(ctx, tx)
		return err
	})
	return out, err
}

func (p *Policies) list(ctx context.Context, tx pgx.Tx) ([]Retention, error) {
	set := map[string][2]int{}
	rows, _ := tx.Query(ctx, `select code, days, version from crm.retention`)
	var code string
	var days, version int
	if _, err := pgx.ForEachRow(rows, []any{&code, &days, &version}, func() error { set[code] = [2]int{days, version}; return nil }); err != nil {
		return nil, DBError(err, "policy")
	}
	out := make([]Retention, 0, len(p.All))
	for _, r := range p.All {
		r.Days = r.Default
		if v, there := set[r.Code]; there {
			r.Days, r.Version = min(max(v[0], r.Least), r.Most), v[1]
		}
		out = append(out, r)
	}
	return out, nil
}

// Change sets how many days something is kept if the version is still the given one.
func (p *Policies) Change(ctx context.Context, code string, version, days int) (Retention, error) {
	if _, err := Require(ctx, OrganisationWrite); err != nil {
		return Retention{}, err
	}
	var out Retention
	err := p.Store.Write(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('retention', 0))`); err != nil {
			return DBError(err, "policy")
		}
		all, err := p.list(ctx, tx)
		if err != nil {
			return err
		}
		found := false
		for _, r := range all {
			if r.Code == code {
				out, found = r, true
			}
		}
		switch {
		case !found:
			return Missing("policy")
		case out.Version != version:
			return Stale()
		case days < out.Least || days > out.Most:
			return Invalidf("days", "lies outside %d to %d", out.Least, out.Most)
		}
		changes := Changes{}
		changes.Set("days", out.Days, days)
		if _, err := tx.Exec(ctx, `insert into crm.retention (code, days) values ($1, $2) on conflict (code) do update set days = $2, version = crm.retention.version + 1`, code, days); err != nil {
			return DBError(err, "policy")
		}
		out.Days, out.Version = days, version+1
		return Append(ctx, tx, Event{Verb: "changed", Kind: "policy", ID: uuid.NewSHA1(SystemID, []byte("policy "+code)), Changes: changes})
	})
	return out, err
}

// Forget deletes what has been kept long enough, thing by thing, and returns how many rows of each.
func (p *Policies) Forget(ctx context.Context) (map[string]int64, error) {
	all, err := p.List(ctx)
	if err != nil {
		return nil, err
	}
	forgotten := map[string]int64{}
	for _, r := range all {
		for n := int64(1); n > 0; {
			err := p.Store.Write(ctx, func(tx pgx.Tx) (err error) {
				n, err = r.Forget(ctx, tx, p.Store.Now().UTC().AddDate(0, 0, -r.Days))
				return err
			})
			if err != nil {
				return forgotten, fmt.Errorf("forget %s: %w", r.Code, err)
			}
			forgotten[r.Code] += n
		}
	}
	return forgotten, nil
}
