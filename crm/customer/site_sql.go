package customer

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"catchment/crm"
)

// siteColumns reads confidence by way of numeric: a real of 0.95 is 0.949999988 as a double.
const siteColumns = `
	select s.id, s.no, s.account_id, s.name, s.street, s.house_number, s.postcode, s.city, s.country, s.point, s.cell, s.zone,
	       s.access_note, s.contact_name, s.contact_phone, s.source, s.confidence::numeric::float8 as confidence, s.candidates, s.version, s.created_at, s.updated_at
	from customer.site s `

func siteByID(ctx context.Context, tx pgx.Tx, id uuid.UUID) (Site, error) {
	rows, _ := tx.Query(ctx, siteColumns+`where s.id = $1`, id)
	s, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Site])
	return s, crm.DBError(err, "site")
}

func lockSite(ctx context.Context, tx pgx.Tx, id uuid.UUID) (Site, error) {
	if _, err := tx.Exec(ctx, `select from customer.site where id = $1 for update`, id); err != nil {
		return Site{}, crm.DBError(err, "site")
	}
	return siteByID(ctx, tx, id)
}

func sitesOf(ctx context.Context, tx pgx.Tx, account uuid.UUID) ([]Site, error) {
	rows, _ := tx.Query(ctx, siteColumns+`where s.account_id = $1 order by s.name, s.street, s.house_number, s.id limit 1000`, account)
	sites, err := pgx.CollectRows(rows, pgx.RowToStructByName[Site])
	return sites, crm.DBError(err, "site")
}

func insertSite(ctx context.Context, tx pgx.Tx, n NewSite, account Account, cell int64, zone string) error {
	_, err := tx.Exec(ctx, `
		insert into customer.site (id, account_id, owner_id, team_id, name, street, house_number, postcode, city, country, point, cell, zone,
		       access_note, contact_name, contact_phone, source, confidence, candidates)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`,
		n.ID, n.AccountID, account.OwnerID, account.TeamID, n.Name, n.Street, n.HouseNumber, n.Postcode, n.City, n.Country, n.Point, cell, zone,
		n.AccessNote, n.ContactName, n.ContactPhone, n.Source, n.Confidence, n.candidates)
	return crm.DBError(err, "site")
}

func updateSite(ctx context.Context, tx pgx.Tx, n NewSite, cell int64, zone string) error {
	_, err := tx.Exec(ctx, `
		update customer.site set name = $2, street = $3, house_number = $4, postcode = $5, city = $6, country = $7, point = $8, cell = $9,
		       zone = $10, access_note = $11, contact_name = $12, contact_phone = $13, source = $14, confidence = $15, candidates = $16,
		       version = version + 1, updated_at = now()
		where id = $1`,
		n.ID, n.Name, n.Street, n.HouseNumber, n.Postcode, n.City, n.Country, n.Point, cell, zone, n.AccessNote, n.ContactName, n.ContactPhone,
		n.Source, n.Confidence, n.candidates)
	return crm.DBError(err, "site")
}

// siteZone returns the time zone of a place: that of the organisation, within whose country its sites lie.
func siteZone(ctx context.Context, tx pgx.Tx) (string, error) {
	var zone string
	err := tx.QueryRow(ctx, `select zone from crm.organisation`).Scan(&zone)
	return zone, crm.DBError(err, "organisation")
}
