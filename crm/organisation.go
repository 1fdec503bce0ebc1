package crm

import (
	"context"
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
	if _, err := time.LoadLocation(o.Zone); err != nil || o.Zone == "" {
		return Invalidf("zone", "%q is no time zone", o.Zone)
	}
	return s.Write(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `insert into crm.organisation (name, zone, currency, language) values ($1, $2, $3, $4)
			on conflict (id) do nothing`, o.Name, o.Zone, o.Currency, o.Language)
		if err != nil {
			return DBError(err, "organisation")
		}
		batch := &pgx.Batch{}
		for _, r := range Roles() {
			batch.Queue(`insert into crm.role (code, title, scope, rights) values ($1, $2, $3, $4) on conflict (code) do nothing`,
				r.Code, r.Title, string(r.Scope), r.Rights)
		}
		return DBError(tx.SendBatch(ctx, batch).Close(), "role")
	})
}

// ChangeOrganisation changes name, zone, currency and language if the version is still the given one.
func (s *Store) ChangeOrganisation(ctx context.Context, version int, o Organisation) (Organisation, error) {
	if _, err := Require(ctx, OrganisationWrite); err != nil {
		return Organisation{}, err
	}
	if _, err := time.LoadLocation(o.Zone); err != nil || o.Zone == "" {
		return Organisation{}, Invalidf("zone", "%q is no time zone", o.Zone)
	}
	if o.Name == "" {
		return Organisation{}, Invalidf("name", "is empty")
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
		changes := Changes{}
		changes.Set("name", before.Name, o.Name)
		changes.Set("zone", before.Zone, o.Zone)
		changes.Set("currency", before.Currency, o.Currency)
		changes.Set("language", before.Language, o.Language)
		return Append(ctx, tx, Event{Verb: "changed", Kind: "organisation", ID: SystemID, Changes: changes})
	})
	return o, err
}

// must hands rows on; pgx reports the error of a query again when its rows are collected.
func must(rows pgx.Rows, _ error) pgx.Rows { return rows }

// Stale says that somebody else has changed the record meanwhile.
func Stale() error {
	return &Error{Kind: Conflict, Field: "version", Message: "somebody else changed this meanwhile: look again"}
}
