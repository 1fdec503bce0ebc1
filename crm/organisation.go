package crm

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Organisation is the one organisation of a database.
type Organisation struct {
	Name     string
	Zone     string // IANA name, such as "Europe/Vaduz"
	Currency string // ISO 4217
	Language string // "en", "de"
	Version  int
}

// Location returns the organisation's time zone.
func (o Organisation) Location() *time.Location {
	zone, err := time.LoadLocation(o.Zone)
	if err != nil {
		return time.UTC // zones are checked on write; tzdata is in the binary
	}
	return zone
}

// Organisation returns the organisation; NotFound before EnsureOrganisation.
func (s *Store) Organisation(ctx context.Context) (Organisation, error) {
	if _, err := Require(ctx, SignedIn); err != nil {
		return Organisation{}, err
	}
	var o Organisation
	err := s.Read(ctx, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, `select name, zone, currency, language, version from crm.organisation`)
		var err error
		o, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Organisation])
		return DBError(err, "organisation")
	})
	return o, err
}

// EnsureOrganisation makes the organisation and the roles of a new database; what is there stays as it is.
func (s *Store) EnsureOrganisation(ctx context.Context, o Organisation) error {
	if _, err := Require(ctx, OrganisationWrite); err != nil {
		return err
	}
	if err := o.check(); err != nil {
		return err
	}
	return s.Write(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `insert into crm.organisation (name, zone, currency, language) values ($1, $2, $3, $4)
			on conflict (id) do nothing`, o.Name, o.Zone, o.Currency, o.Language)
		if err != nil {
			return DBError(err, "organisation")
		}
		if tag.RowsAffected() == 1 {
			if err := Append(ctx, tx, Event{Verb: "founded", Kind: "organisation", ID: SystemID, Changes: o.changes(Organisation{})}); err != nil {
				return err
			}
		}
		batch := &pgx.Batch{}
		for _, r := range Roles() {
			// A role that is there stays as people made it, but for rights that did not exist when it was made.
			batch.Queue(`insert into crm.role (code, title, scope, rights, known) values ($1, $2, $3, $4, $5)
				on conflict (code) do update set known = $5, rights = crm.role.rights ||
				  array(select r from unnest($4::text[]) r where r <> all (crm.role.known) and r <> all (crm.role.rights))
				where crm.role.known <> $5`,
				r.Code, r.Title, string(r.Scope), r.Rights, allRights())
		}
		return DBError(tx.SendBatch(ctx, batch).Close(), "role")
	})
}

// allRights are those any role starts with, in order.
func allRights() []Right {
	rights := System("").Rights
	slices.Sort(rights)
	return rights
}

// ChangeOrganisation changes name, zone, currency and language if the version is still the given one.
func (s *Store) ChangeOrganisation(ctx context.Context, version int, o Organisation) (Organisation, error) {
	if _, err := Require(ctx, OrganisationWrite); err != nil {
		return Organisation{}, err
	}
	if err := o.check(); err != nil {
		return Organisation{}, err
	}
	err := s.Write(ctx, func(tx pgx.Tx) error {
		before, err := pgx.CollectExactlyOneRow(must(tx.Query(ctx, `select name, zone, currency, language, version from crm.organisation for update`)),
			pgx.RowToStructByName[Organisation])
		if err != nil {
			return DBError(err, "organisation")
		}
		if before.Version != version {
			return Stale()
		}
		_, err = tx.Exec(ctx, `update crm.organisation set name = $1, zone = $2, currency = $3, language = $4, version = version + 1`,
			o.Name, o.Zone, o.Currency, o.Language)
		if err != nil {
			return DBError(err, "organisation")
		}
		o.Version = version + 1
		return Append(ctx, tx, Event{Verb: "changed", Kind: "organisation", ID: SystemID, Changes: o.changes(before)})
	})
	return o, err
}

// Languages are those the screens speak.
var Languages = []string{"en", "de"}

func (o Organisation) check() error {
	if strings.TrimSpace(o.Name) == "" || len(o.Name) > 200 {
		return Invalidf("name", "give a name of at most 200 letters")
	}
	if _, err := time.LoadLocation(o.Zone); err != nil || o.Zone == "" || o.Zone == "Local" {
		return Invalidf("zone", "%q is no time zone", o.Zone)
	}
	if len(o.Currency) != 3 || strings.Trim(o.Currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return Invalidf("currency", "%q is no currency code such as EUR", o.Currency)
	}
	if !slices.Contains(Languages, o.Language) {
		return Invalidf("language", "we speak %s", strings.Join(Languages, ", "))
	}
	return nil
}

func (o Organisation) changes(before Organisation) Changes {
	changes := Changes{}
	changes.Set("name", before.Name, o.Name)
	changes.Set("zone", before.Zone, o.Zone)
	changes.Set("currency", before.Currency, o.Currency)
	changes.Set("language", before.Language, o.Language)
	return changes
}

// must hands rows on; pgx reports the error of a query again when its rows are collected.
func must(rows pgx.Rows, _ error) pgx.Rows { return rows }

// Stale says that somebody else has changed the record meanwhile.
func Stale() error {
	return &Error{Kind: Conflict, Field: "version", Message: "somebody else changed this meanwhile: look again"}
}
