package territories

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"catchment/crm"
)

const modelColumns = `
	select m.id, m.name, m.line, m.state, m.valid_from, m.valid_to, m.filled, m.filled_no, m.note, m.version, m.created_at
	from territories.model m `

func models(ctx context.Context, tx pgx.Tx) ([]Model, error) {
	rows, _ := tx.Query(ctx, modelColumns+`order by m.created_at desc, m.id limit 1000`)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Model])
	return list, crm.DBError(err, "territory model")
}

func modelByID(ctx context.Context, tx pgx.Tx, id uuid.UUID) (Model, error) {
	rows, _ := tx.Query(ctx, modelColumns+`where m.id = $1`, id)
	m, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Model])
	return m, crm.DBError(err, "territory model")
}

func lockModel(ctx context.Context, tx pgx.Tx, id uuid.UUID) (Model, error) {
	rows, _ := tx.Query(ctx, modelColumns+`where m.id = $1 for update`, id)
	m, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Model])
	return m, crm.DBError(err, "territory model")
}

// activeOf locks and returns the model of a line in force, or nil.
func activeOf(ctx context.Context, tx pgx.Tx, line string) (*Model, error) {
	rows, _ := tx.Query(ctx, modelColumns+`where m.line = $1 and m.state = 'active' for update`, line)
	list, err := pgx.CollectRows(rows, pgx.RowToAddrOfStructByName[Model])
	if err != nil || len(list) == 0 {
		return nil, crm.DBError(err, "territory model")
	}
	return list[0], nil
}

func insertModel(ctx context.Context, tx pgx.Tx, id uuid.UUID, name, line string) error {
	_, err := tx.Exec(ctx, `insert into territories.model (id, name, line) values ($1, $2, $3)`, id, name, line)
	return crm.DBError(err, "territory model")
}

func setState(ctx context.Context, tx pgx.Tx, id uuid.UUID, state State, from, to *time.Time) error {
	_, err := tx.Exec(ctx, `update territories.model set state = $2, valid_from = $3, valid_to = $4, version = version + 1 where id = $1`, id, state, from, to)
	return crm.DBError(err, "territory model")
}

func insertTerritories(ctx context.Context, tx pgx.Tx, list []Territory) error {
	rows := make([][]any, len(list))
	for i, t := range list {
		if t.Name == "" || len(t.Name) > 200 {
			return crm.Invalidf(fmt.Sprintf("territories[%d].name", i), "is empty or longer than 200 letters")
		}
		rows[i] = []any{t.ID, t.ModelID, t.Name, t.ParentID, t.OwnerID, t.TeamID}
	}
	batch := &pgx.Batch{}
	for _, row := range rows {
		batch.Queue(`insert into territories.territory (id, model_id, name, parent_id, owner_id, team_id) values ($1, $2, $3, $4, $5, $6)`, row...)
	}
	return crm.DBError(tx.SendBatch(ctx, batch).Close(), "territory")
}

func territoriesOf(ctx context.Context, tx pgx.Tx, model uuid.UUID) ([]Territory, error) {
	rows, _ := tx.Query(ctx, `select id, model_id, name, parent_id, owner_id, team_id from territories.territory where model_id = $1 order by name`, model)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Territory])
	return list, crm.DBError(err, "territory")
}

// insertRules adds rules, cells by the thousand.
func insertRules(ctx context.Context, tx pgx.Tx, model uuid.UUID, rules []Rule) error {
	batch := &pgx.Batch{}
	levels := map[int16]bool{}
	for i := range rules {
		r := &rules[i]
		kind, precedence, err := r.kind(fmt.Sprintf("rules[%d]", i))
		if err != nil {
			return err
		}
		var country, postcode, cell, area any
		switch kind {
		case "postcode":
			country, postcode = r.Country, r.Postcode
		case "cell":
			cell = int64(r.Cell)
			levels[int16(r.Cell>>52&15)] = true
		case "area":
			area = r.Area
		}
		batch.Queue(`
			insert into territories.rule (model_id, territory_id, kind, precedence, account_id, country, postcode, cell, area, note)
			select $1, t.id, $3, $4, $5, $6, $7, $8, $9, $10 from territories.territory t where t.id = $2 and t.model_id = $1`,
			model, r.TerritoryID, kind, precedence, r.AccountID, country, postcode, cell, area, r.Note).Exec(func(tag pgconn.CommandTag) error {
			if tag.RowsAffected() == 0 {
				return crm.Invalidf(fmt.Sprintf("rules[%d].territory_id", i), "is no territory of this model")
			}
			return nil
		})
	}
	if err := crm.DBError(tx.SendBatch(ctx, batch).Close(), "territory rule"); err != nil {
		return err
	}
	for level := range levels {
		_, err := tx.Exec(ctx, `update territories.model set levels = array_append(levels, $2::smallint) where id = $1 and not $2::smallint = any (levels)`, model, level)
		if err != nil {
			return crm.DBError(err, "territory model")
		}
	}
	return nil
}

// forgetMembers takes back what was filled of a model.
func forgetMembers(ctx context.Context, tx pgx.Tx, model uuid.UUID) error {
	_, err := tx.Exec(ctx, `delete from territories.member where territory_id in (select id from territories.territory where model_id = $1)`, model)
	if err == nil {
		_, err = tx.Exec(ctx, `update territories.model set filled = false, filled_no = null, version = version + 1 where id = $1`, model)
	}
	return crm.DBError(err, "territory model")
}

func fillChunk(ctx context.Context, tx pgx.Tx, model uuid.UUID) (done bool, err error) {
	var count int
	err = tx.QueryRow(ctx, `select territories.fill($1, $2)`, model, chunk).Scan(&count)
	return count >= 0 && count < chunk, crm.DBError(err, "territory model")
}

func belongs(ctx context.Context, tx pgx.Tx, site uuid.UUID, line string) (Belongs, error) {
	var b Belongs
	t := &b.Territory
	err := tx.QueryRow(ctx, `
		select o.id, t.id, t.model_id, t.name, t.parent_id, t.owner_id, t.team_id, r.id, r.kind, r.postcode, r.cell, r.note
		from territories.model o
		join territories.member m on m.model_id = o.id
		join territories.territory t on t.id = m.territory_id
		join territories.rule r on r.id = m.rule_id
		where o.line = $2 and o.state = 'active' and m.site_id = $1`, site, line).
		Scan(&b.Model, &t.ID, &t.ModelID, &t.Name, &t.ParentID, &t.OwnerID, &t.TeamID, &b.RuleID, &b.Kind, &b.Postcode, &b.Cell, &b.Note)
	return b, crm.DBError(err, "territory of this site")
}

func handovers(ctx context.Context, tx pgx.Tx, from, to uuid.UUID) ([]Handover, error) {
	rows, _ := tx.Query(ctx, `
		with was as (select m.site_id, m.account_id, m.territory_id, t.owner_id from territories.member m join territories.territory t on t.id = m.territory_id where m.model_id = $1),
		     becomes as (select m.site_id, m.account_id, m.territory_id, t.owner_id from territories.member m join territories.territory t on t.id = m.territory_id where m.model_id = $2)
		select w.territory_id as from, b.territory_id as to, count(*) as sites, count(distinct coalesce(w.account_id, b.account_id)) as accounts
		from was w full join becomes b using (site_id)
		where w.site_id is null or b.site_id is null or w.owner_id is distinct from b.owner_id
		group by w.territory_id, b.territory_id
		order by count(*) desc, w.territory_id, b.territory_id`, from, to)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Handover])
	return list, crm.DBError(err, "territory model")
}

func counts(ctx context.Context, tx pgx.Tx, model uuid.UUID) ([]Count, error) {
	rows, _ := tx.Query(ctx, `
		select t.id as territory_id, count(m.site_id) as sites, count(distinct m.account_id) as accounts
		from territories.territory t
		left join territories.member m on m.territory_id = t.id
		where t.model_id = $1
		group by t.id
		order by t.id`, model)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Count])
	return list, crm.DBError(err, "territory model")
}
