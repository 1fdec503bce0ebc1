package customer

import (
	"context"
	"strconv"
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

// accountKey is the sort key of the list of accounts: the name as folded for searching, and what follows it there.
type accountKey struct {
	Search string
	ID     uuid.UUID
}

func listAccounts(ctx context.Context, tx pgx.Tx, q AccountQuery) (crm.Page[Account], error) {
	var key accountKey
	started, err := crm.DecodeCursor(q.Cursor, &key)
	if err != nil {
		return crm.Page[Account]{}, err
	}
	size := crm.PageSize(q.Limit)
	words := strings.Fields(SearchText(q.Text))
	var all []string
	longest, no := "", int64(0) // the index serves one pattern, not all of several
	for _, w := range words {
		pattern := "%" + escapeLike(w) + "%"
		all = append(all, pattern)
		if len(pattern) > len(longest) {
			longest = pattern
		}
	}
	if len(words) == 1 {
		no = accountNo(words[0])
	}
	rows, _ := tx.Query(ctx, accountColumns+`
		where ($1 = '' or (a.search ilike $1 and a.search ilike all ($2)) or a.no = $3)
		  and ($4 = '' or a.stage = $4) and ($5 = '' or a.kind = $5) and ($6 = '' or a.class = $6)
		  and ($7::uuid is null or a.owner_id = $7)
		  and (not $8 or (a.search, a.id) > ($9, $10))
		order by a.search, a.id
		limit $11`, longest, all, no, q.Stage, q.Kind, q.Class, q.Owner, started, key.Search, key.ID, size+1)
	accounts, err := pgx.CollectRows(rows, pgx.RowToStructByName[Account])
	if err != nil {
		return crm.Page[Account]{}, crm.DBError(err, "account")
	}
	return crm.Cut(accounts, size, func(a Account) any { return accountKey{SearchText(a.Name, a.Phone, a.Email), a.ID} }), nil
}

// accountNo reads an account's number as people type it: "A-000123", "a123", "123". It is 0 if the word is none.
func accountNo(word string) int64 {
	no, err := strconv.ParseInt(strings.TrimPrefix(strings.TrimPrefix(word, "a"), "-"), 10, 64)
	if err != nil || no < 0 {
		return 0
	}
	return no
}

func escapeLike(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}
