package customer

import (
	"context"
	"strings"

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
		n.ID, n.Name, SearchText(n.Name, n.Phone, n.Email), n.Kind, n.Stage, n.Class, n.OwnerID, n.TeamID, n.Phone, n.Email, n.Synthetic)
	return crm.DBError(err, "account")
}

func updateAccount(ctx context.Context, tx pgx.Tx, n NewAccount) error {
	_, err := tx.Exec(ctx, `
		update customer.account set name = $2, search = $3, kind = $4, stage = $5, class = $6, owner_id = $7, team_id = $8,
		       phone = $9, email = $10, version = version + 1, updated_at = now()
		where id = $1`,
		n.ID, n.Name, SearchText(n.Name, n.Phone, n.Email), n.Kind, n.Stage, n.Class, n.OwnerID, n.TeamID, n.Phone, n.Email)
	if err != nil {
		return crm.DBError(err, "account")
	}
	_, err = tx.Exec(ctx, `update customer.site set owner_id = $2, team_id = $3
		where account_id = $1 and (owner_id, team_id) is distinct from ($2, $3)`, n.ID, n.OwnerID, n.TeamID)
	if err != nil {
		return crm.DBError(err, "site")
	}
	_, err = tx.Exec(ctx, `update work.visit set owner_id = $2, team_id = $3
		where account_id = $1 and state not in ('done', 'failed', 'no_access', 'cancelled') and (owner_id, team_id) is distinct from ($2, $3)`,
		n.ID, n.OwnerID, n.TeamID)
	return crm.DBError(err, "visit")
}

// accountKey is the sort key of the list of accounts.
type accountKey struct {
	Name string
	ID   uuid.UUID
}

func listAccounts(ctx context.Context, tx pgx.Tx, q AccountQuery) (crm.Page[Account], error) {
	var key accountKey
	started, err := crm.DecodeCursor(q.Cursor, &key)
	if err != nil {
		return crm.Page[Account]{}, err
	}
	size := crm.PageSize(q.Limit)
	words := strings.Fields(SearchText(q.Text))
	patterns := make([]string, len(words))
	for i, w := range words {
		patterns[i] = "%" + escapeLike(w) + "%"
	}
	rows, _ := tx.Query(ctx, accountColumns+`
		where (cardinality($1::text[]) = 0 or a.search ilike all ($1) or a.number ilike any ($1))
		  and ($2 = '' or a.stage = $2) and ($3 = '' or a.kind = $3) and ($4 = '' or a.class = $4)
		  and ($5::uuid is null or a.owner_id = $5)
		  and (not $6 or (lower(a.name), a.id) > ($7, $8))
		order by lower(a.name), a.id
		limit $9`, patterns, q.Stage, q.Kind, q.Class, q.Owner, started, key.Name, key.ID, size+1)
	accounts, err := pgx.CollectRows(rows, pgx.RowToStructByName[Account])
	if err != nil {
		return crm.Page[Account]{}, crm.DBError(err, "account")
	}
	return crm.Cut(accounts, size, func(a Account) any { return accountKey{strings.ToLower(a.Name), a.ID} }), nil
}

func escapeLike(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}
