package customer

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"catchment/crm"
)

const accountColumns = `
	select a.id, a.number, a.name, a.kind, a.stage, a.class, a.owner_id, a.team_id, a.phone, a.email,
	       (select count(*)::int from customer.site s where s.account_id = a.id) as sites,
	       a.version, a.created_at, a.updated_at
	from customer.account a `

func accountByID(ctx context.Context, tx pgx.Tx, id uuid.UUID) (Account, error) {
	rows, _ := tx.Query(ctx, accountColumns+`where a.id = $1`, id)
	a, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Account])
	return a, crm.DBError(err, "account")
}

func lockAccount(ctx context.Context, tx pgx.Tx, id uuid.UUID) (Account, error) {
	if _, err := tx.Exec(ctx, `select from customer.account where id = $1 for update`, id); err != nil {
		return Account{}, crm.DBError(err, "account")
	}
	return accountByID(ctx, tx, id)
}

func insertAccount(ctx context.Context, tx pgx.Tx, n NewAccount) error {
	_, err := tx.Exec(ctx, `
		insert into customer.account (id, name, search, kind, stage, class, owner_id, team_id, phone, email, synthetic)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		n.ID, n.Name, crm.SearchText(n.Name, n.Phone, n.Email), n.Kind, n.Stage, n.Class, n.OwnerID, n.TeamID, n.Phone, n.Email, n.Synthetic)
	return crm.DBError(err, "account")
}
