package record

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/geo"
)

// Query asks for records of a kind.
type Query struct {
	Filter string           // in the filter grammar
	Text   string           // words of the search box
	Area   orb.MultiPolygon // the record lies in it; nil for anywhere
	Sort   string           // a field, with - before it for falling; empty for the kind's own order
	Cursor string
	Limit  int
}

// List returns a page of the records the actor may see.
func (r *Records) List(ctx context.Context, kind string, q Query) (crm.Page[Values], error) {
	k, actor, err := r.need(ctx, kind, false)
	if err != nil {
		return crm.Page[Values]{}, err
	}
	var page crm.Page[Values]
	err = r.Store.Read(ctx, func(tx pgx.Tx) error {
		if k, err = r.whole(ctx, tx, k); err != nil {
			return err
		}
		page, err = r.list(ctx, tx, k, actor, q)
		return err
	})
	return page, err
}

// listKey is where a page ended: the sort value as text, the id, and what was asked, which must not change on the way.
type listKey struct {
	Sort  string
	Value string
	ID    string
}

func (r *Records) list(ctx context.Context, tx pgx.Tx, k *Kind, actor crm.Actor, q Query) (crm.Page[Values], error) {
	c, where, err := r.where(ctx, tx, k, actor, q)
	if err != nil {
		return crm.Page[Values]{}, err
	}
	sorted, falling, order, err := k.order(q.Sort)
	if err != nil {
		return crm.Page[Values]{}, err
	}
	value := strings.ReplaceAll(sorted.Sort, "{t}", "t")
	var key listKey
	started, err := crm.DecodeCursor(q.Cursor, &key)
	if err != nil {
		return crm.Page[Values]{}, err
	}
	if started {
		if _, err := parseIDs("cursor", []string{key.ID}); err != nil || key.Sort != order {
			return crm.Page[Values]{}, crm.Invalidf("cursor", "is no cursor of this list in this order")
		}
		sign := " > "
		if falling {
			sign = " < "
		}
		where += " and (" + value + ", t.id)" + sign + "(" + c.arg(key.Value) + "::text::" + sorted.sortType() + ", " + c.arg(key.ID) + "::uuid)"
	}
	size := crm.PageSize(q.Limit)
	direction := ""
	if falling {
		direction = " desc"
	}
	rows, err := tx.Query(ctx, `select row_to_json(q)::text from (`+r.selection(k, ", ("+value+")::text as _sort")+
		` where `+where+` order by `+value+direction+`, t.id`+direction+` limit `+c.arg(size+1)+`) q`, c.args...)
	if err != nil {
		return crm.Page[Values]{}, crm.DBError(err, k.Name)
	}
	found, err := r.collect(k, rows)
	if err != nil {
		return crm.Page[Values]{}, err
	}
	page := crm.Cut(found, size, func(v Values) any { return listKey{order, v.Text("_sort"), v.ID()} })
	for _, v := range page.Items {
		delete(v, "_sort")
	}
	return page, nil
}

// order returns the field a list is ordered by.
func (k *Kind) order(asked string) (f *Field, falling bool, order string, err error) {
	if asked == "" {
		asked = k.Sorted
	}
	name, falling := strings.CutPrefix(asked, "-")
	f, ok := k.Field(name)
	if !ok || f.Sort == "" {
		return nil, false, "", crm.Invalidf("sort", "is none of %s", strings.Join(k.Sortable(), ", "))
	}
	return f, falling, asked, nil
}

// Sortable names the fields lists of the kind may be ordered by.
func (k *Kind) Sortable() []string {
	var out []string
	for _, f := range k.Fields {
		if f.Sort != "" {
			out = append(out, f.Name)
		}
	}
	return out
}

// sortType is the type of what a list is ordered by.
func (f *Field) sortType() string {
	if f.Name == "number" {
		return "bigint"
	}
	return f.sqlType()
}

// planEach lets the transaction plan each statement for its own values: a plan for any values knows no pattern's
// beginning and reads an index from end to end.
func planEach(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `select set_config('plan_cache_mode', 'force_custom_plan', true)`)
	return crm.DBError(err, "list")
}

// where compiles what is asked for into a condition.
func (r *Records) where(ctx context.Context, tx pgx.Tx, k *Kind, actor crm.Actor, q Query) (*compiler, string, error) {
	c := &compiler{records: r, actor: actor, now: r.Store.Now()}
	var err error
	if c.zone, err = zone(ctx, tx); err != nil {
		return nil, "", err
	}
	n, err := parseFilter(q.Filter)
	if err != nil {
		return nil, "", err
	}
	where, err := c.condition(k, "t", n)
	if err != nil {
		return nil, "", err
	}
	if err := planEach(ctx, tx); err != nil {
		return nil, "", err
	}
	narrow, err := c.narrow(ctx, tx, k, "t")
	if err != nil {
		return nil, "", err
	}
	where += narrow
	if q.Area != nil {
		if err := geo.CheckArea(q.Area); err != nil {
			return nil, "", crm.Invalidf("area", "%s", err.Error())
		}
		inside, err := c.inside(k, "t", c.arg(q.Area)+"::geometry", 0)
		if err != nil {
			return nil, "", crm.Invalidf("area", "a %s has no place", k.Name)
		}
		where += " and " + inside
	}
	if words := strings.Fields(crm.SearchText(q.Text)); len(words) > 0 {
		if !k.searched() {
			return nil, "", crm.Invalidf("q", "there is no search for %s", k.Plural)
		}
		where += " and " + c.search(k, words)
	}
	return c, where, nil
}

// fewAccounts is up to how many accounts of an actor of narrow scope what belongs to them is looked for by account.
const fewAccounts = 3000

// mine is the condition of what the actor or, if he sees so far, one of his teams owns.
func (c *compiler) mine(row string) string {
	s := row + ".owner_id = " + c.arg(c.actor.ID)
	if c.actor.Scope == crm.ScopeTeams && len(c.actor.Teams) > 0 {
		s += " or " + row + ".team_id = any (" + c.arg(c.actor.Teams) + "::uuid[])"
	}
	return s
}

// narrow repeats for an actor of narrow scope, in a form indexes can be used by, what the policies of the kind's table
// ask anyway: with "everything or mine or my team's" the planner has to be ready for everything. Empty where nothing
// would be gained.
func (c *compiler) narrow(ctx context.Context, tx pgx.Tx, k *Kind, row string) (string, error) {
	if c.actor.Scope != crm.ScopeOwn && c.actor.Scope != crm.ScopeTeams || k.Sight == "" {
		return "", nil
	}
	if k.Sight == SeenByOwner {
		return " and (" + c.mine(row) + ")", nil
	}
	var reached []uuid.UUID
	of := "account"
	if k.Sight == SeenByID {
		of = k.Name
	}
	if err := tx.QueryRow(ctx, `select crm.reachable($1)`, of).Scan(&reached); err != nil {
		return "", crm.DBError(err, k.Name)
	}
	if k.Sight == SeenByID {
		return " and (" + c.mine(row) + " or " + row + ".id = any (" + c.arg(reached) + "::uuid[]))", nil
	}
	other := &compiler{actor: c.actor}
	where := "(" + other.mine("a") + " or a.id = any (" + other.arg(reached) + "::uuid[]))"
	rows, err := tx.Query(ctx, `select a.id from customer.account a where `+where+` limit `+other.arg(fewAccounts+1), other.args...)
	if err != nil {
		return "", crm.DBError(err, k.Name)
	}
	accounts, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return "", crm.DBError(err, k.Name)
	}
	if len(accounts) > fewAccounts { // so much is seen that a page fills soon
		return "", nil
	}
	f, _ := k.Field(k.Account)
	return " and (" + c.mine(row) + " or " + f.sql(row) + " = any (" + c.arg(accounts) + "::uuid[]))", nil
}

// search is the condition of the search box: every word, or the number people call a record by.
func (c *compiler) search(k *Kind, words []string) string {
	var all []string
	longest := "" // the index serves one pattern, not all of several
	for _, w := range words {
		pattern := "%" + crm.EscapeLike(w) + "%"
		all = append(all, pattern)
		if len(pattern) > len(longest) {
			longest = pattern
		}
	}
	s := "t.search ilike " + c.arg(longest) + " and t.search ilike all (" + c.arg(all) + ")"
	if _, numbered := k.Field("number"); numbered && len(words) == 1 {
		if no := numberOf(words[0]); no > 0 {
			s += " or t.no = " + c.arg(no)
		}
	}
	return "(" + s + ")"
}

// numberOf reads a record's number as people type it: "A-000123", "a123", "123". It is 0 if the word is none.
func numberOf(word string) int64 {
	no, err := strconv.ParseInt(strings.TrimLeft(word, "abcdefghijklmnopqrstuvwxyz-"), 10, 64)
	if err != nil || no < 0 || len(word) > 20 {
		return 0
	}
	return no
}

// idsOf returns the ids of at most limit records that fit.
func (r *Records) idsOf(ctx context.Context, tx pgx.Tx, k *Kind, actor crm.Actor, q Query, limit int) ([]string, error) {
	c, where, err := r.where(ctx, tx, k, actor, q)
	if err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, `select t.id::text from `+k.Table+` t where `+where+` limit `+c.arg(limit), c.args...)
	if err != nil {
		return nil, crm.DBError(err, k.Name)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return out, crm.DBError(err, k.Name)
}

// Total is a count, and sums by field, of the records that share a value.
type Total struct {
	Value any // of the field totals are by; nil for none
	Label string
	Count int64
	Sums  map[string]float64 // of Integer, Money and Number fields
}

// maxTotals is the most groups that are told apart.
const maxTotals = 1000

// Totals counts the records that fit, by the values of a field if one is named, and sums fields of them. Cursor, limit
// and sort of the query have no say.
func (r *Records) Totals(ctx context.Context, kind string, q Query, by string, sums []string) ([]Total, error) {
	k, actor, err := r.need(ctx, kind, false)
	if err != nil {
		return nil, err
	}
	var out []Total
	err = r.Store.Read(ctx, func(tx pgx.Tx) error {
		if k, err = r.whole(ctx, tx, k); err != nil {
			return err
		}
		out, err = r.totals(ctx, tx, k, actor, q, by, sums)
		return err
	})
	return out, err
}

func (r *Records) totals(ctx context.Context, tx pgx.Tx, k *Kind, actor crm.Actor, q Query, by string, sums []string) ([]Total, error) {
	c, where, err := r.where(ctx, tx, k, actor, q)
	if err != nil {
		return nil, err
	}
	group, label := "null::text", "null::text"
	if by != "" {
		f, ok := k.Field(by)
		if !ok || !slices.Contains([]Type{Enum, Text, Bool, Ref, Date, Integer}, f.Type) || f.Name == "id" || f.Private {
			return nil, crm.Invalidf("by", "is no field to count by")
		}
		group = "(" + f.sql("t") + ")::text"
		if called, ok := r.called(f); ok {
			label = called
		}
	}
	columns := ""
	for _, name := range sums {
		f, ok := k.Field(name)
		if !ok || !slices.Contains([]Type{Integer, Money, Number}, f.Type) || f.Name == "version" {
			return nil, crm.Invalidf("sum", "%q is no number to sum", name)
		}
		columns += ", coalesce(sum(g." + f.Name + "), 0)::float8"
	}
	inner := ""
	for _, name := range sums {
		f, _ := k.Field(name)
		inner += ", " + f.sql("t") + " as " + f.Name
	}
	rows, err := tx.Query(ctx, `select g.value, min(g.label), count(*)`+columns+`
		from (select `+group+` as value, `+label+` as label`+inner+` from `+k.Table+` t where `+where+`) g
		group by g.value order by count(*) desc, g.value limit `+c.arg(maxTotals), c.args...)
	if err != nil {
		return nil, crm.DBError(err, k.Name)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Total, error) {
		var value, called *string
		t := Total{Sums: map[string]float64{}}
		read := make([]float64, len(sums))
		to := []any{&value, &called, &t.Count}
		for i := range read {
			to = append(to, &read[i])
		}
		err := row.Scan(to...)
		if value != nil {
			t.Value = *value
		}
		if called != nil {
			t.Label = *called
		}
		for i, name := range sums {
			t.Sums[name] = read[i]
		}
		return t, err
	})
	return out, crm.DBError(err, k.Name)
}
