package record

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"catchment/crm"
)

// Add adds a record. Values may name its id; fields left out take their default.
func (r *Records) Add(ctx context.Context, kind string, v Values) (Values, error) {
	k, _, err := r.need(ctx, kind, true)
	if err != nil {
		return nil, err
	}
	var out Values
	err = r.Store.WriteRetry(ctx, func(tx pgx.Tx) error {
		added, err := r.AddIn(ctx, tx, k.Name, []Values{v}, Saving{})
		if err != nil {
			return first(err)
		}
		out, err = r.byID(ctx, tx, r.mustWhole(ctx, tx, k), added[0], false)
		return err
	})
	return out, err
}

// first makes the error of a single record out of that of one in a list.
func first(err error) error {
	var e *crm.Error
	if errors.As(err, &e) {
		if field, ok := strings.CutPrefix(e.Field, "records[0]."); ok {
			return &crm.Error{Kind: e.Kind, Field: field, Message: e.Message, Err: e.Err}
		}
	}
	return err
}

// mustWhole is whole for a kind whose fields were read in this transaction before.
func (r *Records) mustWhole(ctx context.Context, tx pgx.Tx, k *Kind) *Kind {
	if whole, err := r.whole(ctx, tx, k); err == nil {
		return whole
	}
	return k // the transaction is broken; the next statement says so
}

// Saving says how changes are told of.
type Saving struct {
	Verb string    // of the events; empty means added, changed or removed
	At   time.Time // when it was true; zero means now
	Set  *ChangeSet
}

// AddIn adds records in a transaction, all or none, and returns their ids. It does not ask for the right. An error
// names the record: "records[3].name".
func (r *Records) AddIn(ctx context.Context, tx pgx.Tx, kind string, list []Values, how Saving) ([]uuid.UUID, error) {
	k, err := r.Kind(kind)
	if err != nil {
		return nil, err
	}
	if k, err = r.whole(ctx, tx, k); err != nil {
		return nil, err
	}
	changes := make([]Change, len(list))
	out := make([]uuid.UUID, len(list))
	for i, v := range list {
		after, err := k.fresh(v)
		if err != nil {
			return nil, within(i, err)
		}
		changes[i], out[i] = Change{After: after}, uuid.MustParse(after.ID())
	}
	return out, r.save(ctx, tx, k, changes, how)
}

// fresh is a new record made of what was given and the defaults.
func (k *Kind) fresh(given Values) (Values, error) {
	out := Values{}
	for i := range k.Fields {
		f := &k.Fields[i]
		if f.Expr != "" {
			continue
		}
		v, ok := given[f.Name]
		if !ok || v == nil || v == "" {
			v = f.Default
		}
		n, err := f.Normal(v)
		if err != nil {
			return nil, err
		}
		out[f.Name] = n
	}
	if err := k.known(given, func(f *Field) bool { return f.ReadOnly && f.Name != "id" && f.Name != "created_at" }); err != nil {
		return nil, err
	}
	if out.Empty("id") {
		out["id"] = uuid.Must(uuid.NewV7()).String()
	}
	return out, nil
}

// known refuses names that are no field of the kind, or that nobody may set.
func (k *Kind) known(given Values, refused func(*Field) bool) error {
	for _, name := range sortedKeys(given) {
		f, ok := k.Field(name)
		if !ok {
			return crm.Invalidf(name, "is no field of this record")
		}
		if refused(f) {
			return crm.Invalidf(name, "cannot be set")
		}
	}
	return nil
}

func sortedKeys(v Values) []string {
	names := make([]string, 0, len(v))
	for name := range v {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// changed is a record with some of its fields set anew.
func (k *Kind) changed(before, set Values) (Values, error) {
	if err := k.known(set, func(f *Field) bool { return f.ReadOnly }); err != nil {
		return nil, err
	}
	after := Values{}
	for i := range k.Fields {
		f := &k.Fields[i]
		after[f.Name] = before[f.Name]
		v, ok := set[f.Name]
		if !ok {
			continue
		}
		n, err := f.Normal(v)
		if err != nil {
			return nil, err
		}
		if (f.Fixed || k.Acts && !f.custom && f.Name != "tags") && !same(n, before[f.Name]) {
			return nil, crm.Invalidf(f.Name, "stays as it was given")
		}
		after[f.Name] = n
	}
	return after, nil
}

// ChangeOne changes a record if its version is still the given one; fields not named stay.
func (r *Records) ChangeOne(ctx context.Context, kind string, id uuid.UUID, version int, set Values) (Values, error) {
	k, _, err := r.need(ctx, kind, true)
	if err != nil {
		return nil, err
	}
	var out Values
	err = r.Store.WriteRetry(ctx, func(tx pgx.Tx) error {
		k, err := r.whole(ctx, tx, k)
		if err != nil {
			return err
		}
		before, err := r.byID(ctx, tx, k, id, true)
		if err != nil {
			return err
		}
		if before.Version() != version {
			return crm.Stale()
		}
		after, err := k.changed(before, set)
		if err != nil {
			return err
		}
		if err := r.save(ctx, tx, k, []Change{{before, after}}, Saving{}); err != nil {
			return first(err)
		}
		out, err = r.byID(ctx, tx, k, id, false)
		return err
	})
	return out, err
}

// LockedIn loads one record in a transaction and locks it against change. It does not ask for the right.
func (r *Records) LockedIn(ctx context.Context, tx pgx.Tx, kind string, id uuid.UUID) (Values, error) {
	k, err := r.Kind(kind)
	if err != nil {
		return nil, err
	}
	if k, err = r.whole(ctx, tx, k); err != nil {
		return nil, err
	}
	return r.byID(ctx, tx, k, id, true)
}

// SetIn sets fields of records that were locked in the same transaction; set[i] is for before[i]. Fields people cannot
// set may be named. It does not ask for the right.
func (r *Records) SetIn(ctx context.Context, tx pgx.Tx, kind string, before, set []Values, how Saving) error {
	k, err := r.Kind(kind)
	if err != nil {
		return err
	}
	if k, err = r.whole(ctx, tx, k); err != nil {
		return err
	}
	if how.Verb != "" {
		k = k.undoing() // an act of its own decides what may follow what
	}
	changes := make([]Change, len(before))
	for i := range before {
		after := maps(before[i])
		for name, v := range set[i] {
			f, ok := k.Field(name)
			if !ok {
				return crm.Invalidf(name, "is no field of this record")
			}
			if after[name], err = f.Normal(v); err != nil {
				return within(i, err)
			}
		}
		changes[i] = Change{before[i], after}
	}
	return r.save(ctx, tx, k, changes, how)
}

// RemoveIn removes records that were locked in the same transaction. It does not ask for the right.
func (r *Records) RemoveIn(ctx context.Context, tx pgx.Tx, kind string, before []Values, how Saving) error {
	k, err := r.Kind(kind)
	if err != nil {
		return err
	}
	if k, err = r.whole(ctx, tx, k); err != nil {
		return err
	}
	changes := make([]Change, len(before))
	for i, v := range before {
		changes[i] = Change{Before: v}
	}
	return r.save(ctx, tx, k, changes, how)
}

// Remove removes a record if its version is still the given one. One that others refer to is a Conflict. What it held
// stays in a change set, which can be undone.
func (r *Records) Remove(ctx context.Context, kind string, id uuid.UUID, version int) (ChangeSet, error) {
	k, _, err := r.need(ctx, kind, true)
	if err != nil {
		return ChangeSet{}, err
	}
	if k.Acts {
		return ChangeSet{}, crm.Conflictf("a %s is not removed", k.Name)
	}
	var set ChangeSet
	err = r.Store.WriteRetry(ctx, func(tx pgx.Tx) error {
		k, err := r.whole(ctx, tx, k)
		if err != nil {
			return err
		}
		before, err := r.byID(ctx, tx, k, id, true)
		if err != nil {
			return err
		}
		if before.Version() != version {
			return crm.Stale()
		}
		if set, err = r.OpenSet(ctx, tx, "remove", k.Name, before.Text(k.Title)); err != nil {
			return err
		}
		return first(r.save(ctx, tx, k, []Change{{Before: before}}, Saving{Set: &set}))
	})
	return set, err
}

// within puts the record's place in the list before the field an error names.
func within(i int, err error) error {
	var e *crm.Error
	if errors.As(err, &e) && e.Field != "" {
		return &crm.Error{Kind: e.Kind, Field: fmt.Sprintf("records[%d].%s", i, e.Field), Message: e.Message, Err: e.Err}
	}
	return err
}

// save writes changes of one kind, tells of them, keeps them for undoing if they belong to a set, and lets the kind do
// what follows. Records before were locked by the caller.
func (r *Records) save(ctx context.Context, tx pgx.Tx, k *Kind, changes []Change, how Saving) error {
	if len(changes) == 0 {
		return nil
	}
	actor, ok := crm.ActorFrom(ctx)
	if !ok {
		return &crm.Error{Kind: crm.Unauthenticated, Message: "sign in first"}
	}
	if how.Verb != restored { // what is put back belongs to whom it belonged to, or to nobody
		if err := r.owned(ctx, tx, k, actor, changes); err != nil {
			return err
		}
	}
	if k.Fill != nil {
		if err := k.Fill(ctx, tx, changes); err != nil {
			return err
		}
	}
	moved := changes[:0:0]
	for i, c := range changes {
		if c.After != nil {
			if err := k.check(c.Before, c.After); err != nil {
				return within(i, err)
			}
		}
		if c.Before == nil || c.After == nil || k.differ(c) {
			moved = append(moved, c)
		}
	}
	if len(moved) == 0 {
		return nil
	}
	if err := r.refer(ctx, tx, k, changes); err != nil {
		return err
	}
	if err := r.write(ctx, tx, k, moved, how); err != nil {
		return err
	}
	if err := crm.AppendAll(ctx, tx, k.events(moved, how)); err != nil {
		return err
	}
	if how.Set != nil {
		if err := how.Set.keep(ctx, tx, k, moved); err != nil {
			return err
		}
	}
	if err := r.follow(ctx, tx, k, moved); err != nil {
		return err
	}
	if k.Changed != nil {
		return k.Changed(ctx, tx, moved)
	}
	return nil
}

// owned gives new records that name nobody to whom their account belongs, else to an actor of narrow scope.
func (r *Records) owned(ctx context.Context, tx pgx.Tx, k *Kind, actor crm.Actor, changes []Change) error {
	if k.Unowned || k.Acts {
		return nil
	}
	var accounts []string
	for _, c := range changes {
		if c.Before == nil && k.Account != "" && k.Account != "id" && c.After.Empty("owner_id") && !c.After.Empty(k.Account) {
			accounts = append(accounts, c.After.Text(k.Account))
		}
	}
	type owner struct{ owner, team any }
	owners := map[string]owner{}
	if len(accounts) > 0 {
		rows, _ := tx.Query(ctx, `select id::text, owner_id::text, team_id::text from customer.account where id = any ($1::uuid[])`, accounts)
		var id string
		var o, t *string
		if _, err := pgx.ForEachRow(rows, []any{&id, &o, &t}, func() error {
			owners[id] = owner{orNil(o), orNil(t)}
			return nil
		}); err != nil {
			return crm.DBError(err, "account")
		}
	}
	for _, c := range changes {
		if c.Before != nil {
			continue
		}
		if o, ok := owners[c.After.Text(k.Account)]; ok && c.After.Empty("owner_id") {
			c.After["owner_id"] = o.owner
			if c.After.Empty("team_id") {
				c.After["team_id"] = o.team
			}
		}
		if c.After.Empty("owner_id") && actor.Scope != crm.ScopeAll {
			c.After["owner_id"] = actor.ID.String()
		}
		if c.After.Empty("team_id") && c.After.Text("owner_id") == actor.ID.String() && len(actor.Teams) > 0 {
			c.After["team_id"] = actor.Teams[0].String()
		}
	}
	return nil
}

func orNil(s *string) any {
	if s == nil {
		return nil
	}
	return *s
}

// check applies the rules of fields and of the kind to a record as it would be.
func (k *Kind) check(before, after Values) error {
	for i := range k.Fields {
		f := &k.Fields[i]
		if f.Required && after.Empty(f.Name) && (before == nil || !f.custom) {
			return crm.Invalidf(f.Name, "is empty")
		}
		if f.Type != Enum {
			continue
		}
		is, was := after.Text(f.Name), ""
		if before != nil {
			was = before.Text(f.Name)
		}
		if f.Next != nil && before != nil && is != was && !slices.Contains(f.Next[was], is) {
			return &crm.Error{Kind: crm.Conflict, Field: f.Name, Message: fmt.Sprintf("%s cannot follow %s", is, was)}
		}
		if is != was {
			for _, need := range f.Needs[is] {
				if after.Empty(need) {
					return crm.Invalidf(need, "is needed for %s %s", f.Name, is)
				}
			}
		}
	}
	if k.Check != nil {
		return k.Check(before, after)
	}
	return nil
}

// differ tells whether a change changes any field that is written.
func (k *Kind) differ(c Change) bool {
	for i := range k.Fields {
		f := &k.Fields[i]
		if f.Expr == "" && !same(c.Before[f.Name], c.After[f.Name]) {
			return true
		}
	}
	return false
}

// refer makes sure that records refer only to what the actor may see: a foreign key alone would tell of hidden ones.
func (r *Records) refer(ctx context.Context, tx pgx.Tx, k *Kind, changes []Change) error {
	for i := range k.Fields {
		f := &k.Fields[i]
		if f.Type != Ref && f.Type != Refs || f.Name == "id" || f.Expr != "" || k.Acts {
			continue
		}
		wanted := map[string]int{}
		for n, c := range changes {
			if c.After == nil || c.Before != nil && same(c.Before[f.Name], c.After[f.Name]) {
				continue
			}
			list, one := texts(c.After[f.Name])
			if !one && !c.After.Empty(f.Name) {
				list = []string{c.After.Text(f.Name)}
			}
			for _, id := range list {
				if _, known := wanted[id]; !known {
					wanted[id] = n
				}
			}
		}
		for _, c := range changes { // what comes with them is there once they are
			if c.Before == nil && f.Ref == k.Name {
				delete(wanted, c.After.ID())
			}
		}
		if len(wanted) == 0 {
			continue
		}
		all := make([]string, 0, len(wanted))
		for id := range wanted {
			all = append(all, id)
		}
		rows, err := tx.Query(ctx, `select t.id::text from `+r.tableOf(f.Ref)+` t where t.id = any ($1::uuid[])`, all)
		if err != nil {
			return crm.DBError(err, f.Name)
		}
		seen, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return crm.DBError(err, f.Name)
		}
		for _, id := range seen {
			delete(wanted, id)
		}
		missing := len(changes)
		for _, n := range wanted {
			missing = min(missing, n)
		}
		if missing < len(changes) {
			return within(missing, crm.Invalidf(f.Name, "there is no such %s", f.Ref))
		}
	}
	return nil
}

func (r *Records) tableOf(kind string) string {
	switch kind {
	case "staff":
		return "crm.staff"
	case "team":
		return "crm.team"
	}
	return r.byName[kind].Table
}

// write brings changes into the kind's table.
func (r *Records) write(ctx context.Context, tx pgx.Tx, k *Kind, changes []Change, how Saving) error {
	var added, altered []map[string]any
	var gone []string
	for _, c := range changes {
		switch {
		case c.After == nil:
			gone = append(gone, c.Before.ID())
		case c.Before == nil:
			added = append(added, k.row(c.After))
		default:
			altered = append(altered, k.row(c.After))
		}
	}
	now := r.Store.Now()
	for _, todo := range []struct {
		rows      []map[string]any
		statement func() string
	}{{added, k.insertion}, {altered, k.updating}} {
		if len(todo.rows) == 0 {
			continue
		}
		text, err := json.Marshal(todo.rows)
		if err != nil {
			return fmt.Errorf("encode %s: %w", k.Name, err)
		}
		tag, err := tx.Exec(ctx, todo.statement(), string(text), now)
		if err != nil {
			return crm.DBError(err, k.Name)
		}
		if int(tag.RowsAffected()) != len(todo.rows) {
			return &crm.Error{Kind: crm.Forbidden, Message: "this " + k.Name + " lies outside your area"}
		}
	}
	if len(gone) > 0 {
		tag, err := tx.Exec(ctx, `delete from `+k.Table+` where id = any ($1::uuid[])`, gone)
		if err != nil {
			var known *crm.Error
			if err = crm.DBError(err, k.Name); errors.As(err, &known) && known.Kind == crm.Invalid {
				return crm.Conflictf("other records still refer to this %s", k.Name)
			}
			return err
		}
		if int(tag.RowsAffected()) != len(gone) {
			return &crm.Error{Kind: crm.Forbidden, Message: "this " + k.Name + " lies outside your area"}
		}
	}
	return nil
}

// row is a record as the statements take it.
func (k *Kind) row(v Values) map[string]any {
	out := map[string]any{"id": v.ID()}
	if !v.Empty("created_at") {
		out["created_at"] = v["created_at"]
	}
	for _, f := range k.stored() {
		out[f.Column] = v[f.Name]
	}
	if !k.NoCustom {
		out["custom"] = k.document(v)
	}
	if k.searched() {
		out["search"] = k.searchText(v)
	}
	if no := numberOf(strings.ToLower(v.Text("number"))); no > 0 { // one that comes back keeps its number
		out["no"] = no
	}
	return out
}

// Searched tells whether the search box finds records of the kind.
func (k *Kind) Searched() bool { return k.searched() }

// searched tells whether the search box finds records of the kind.
func (k *Kind) searched() bool {
	return !k.Acts && slices.ContainsFunc(k.Fields, func(f Field) bool { return f.Search })
}

func (k *Kind) searchText(v Values) string {
	var parts []string
	for i := range k.Fields {
		if f := &k.Fields[i]; f.Search && f.Expr == "" {
			parts = append(parts, v.Text(f.Name))
		}
	}
	return crm.SearchText(parts...)
}

// written are the columns that are written, with their types and the SQL of their values in the row r.
func (k *Kind) writtenColumns() (columns, typed, values []string) {
	for _, f := range k.stored() {
		columns, typed, values = append(columns, f.Column), append(typed, f.Column+" "+f.sqlType()), append(values, f.written("r"))
	}
	if !k.NoCustom {
		columns, typed, values = append(columns, "custom"), append(typed, "custom jsonb"), append(values, "r.custom")
	}
	if k.searched() {
		columns, typed, values = append(columns, "search"), append(typed, "search text"), append(values, "r.search")
	}
	return columns, typed, values
}

func (k *Kind) insertion() string {
	columns, typed, values := k.writtenColumns()
	if k.numbered() {
		columns, typed = append(columns, "no"), append(typed, "no bigint")
		values = append(values, "coalesce(r.no, nextval(pg_get_serial_sequence('"+k.Table+"', 'no')))")
	}
	return `insert into ` + k.Table + ` (id, created_at, updated_at, ` + strings.Join(columns, ", ") + `)
		select r.id, coalesce(r.created_at, $2), coalesce(r.created_at, $2), ` + strings.Join(values, ", ") + `
		from jsonb_to_recordset($1::jsonb) as r(id uuid, created_at timestamptz, ` + strings.Join(typed, ", ") + `)`
}

func (k *Kind) updating() string {
	columns, typed, values := k.writtenColumns()
	set := ""
	for i, c := range columns {
		value := values[i]
		if c == "custom" { // values of archived fields stay
			value = "jsonb_strip_nulls(t.custom || (select coalesce(jsonb_object_agg(code, null), '{}') from record.custom_field where kind = '" +
				k.Name + "' and not archived) || r.custom)"
		}
		set += ", " + c + " = " + value
	}
	return `update ` + k.Table + ` t set version = t.version + 1, updated_at = $2` + set + `
		from jsonb_to_recordset($1::jsonb) as r(id uuid, ` + strings.Join(typed, ", ") + `)
		where t.id = r.id`
}

// events tell of changes.
func (k *Kind) events(changes []Change, how Saving) []crm.Event {
	out := make([]crm.Event, 0, len(changes))
	for _, c := range changes {
		e := crm.Event{At: how.At, Verb: how.Verb, Kind: k.Name, ID: uuid.MustParse(c.now().ID()), Changes: crm.Changes{}}
		if e.Verb == "" {
			e.Verb = "changed"
			switch {
			case c.Before == nil:
				e.Verb = "added"
			case c.After == nil:
				e.Verb = "removed"
			}
		}
		if account, err := uuid.Parse(c.now().Text(k.Account)); err == nil {
			e.Account = &account
		}
		if site, err := uuid.Parse(c.now().Text("site_id")); err == nil {
			e.Site = &site
		}
		for i := range k.Fields {
			f := &k.Fields[i]
			if f.ReadOnly && f.Expr != "" || slices.Contains([]string{"id", "version", "created_at", "updated_at", "number"}, f.Name) {
				continue
			}
			was, is := c.value(c.Before, f), c.value(c.After, f)
			if f.Private {
				e.Changes.SetPrivate(f.Name, was, is)
			} else {
				e.Changes.Set(f.Name, was, is)
			}
		}
		out = append(out, e)
	}
	return out
}

// value is a field of one side of a change; where there is no record, or nothing in it, there is nothing.
func (c Change) value(side Values, f *Field) any {
	if side == nil || side.Empty(f.Name) {
		return nil
	}
	return side[f.Name]
}
