package record

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"catchment/crm"
)

// Mergeable are the kinds whose records can be joined.
var Mergeable = []string{"account", "contact", "lead"}

// Bounds of one merge.
const (
	MostAbsorbed = 20
	mostMoved    = 20_000 // records that belong to the absorbed ones
)

// Joining says which records of a kind are one and the same.
type Joining struct {
	Survivor uuid.UUID            // the one that stays
	Absorbed []uuid.UUID          // what belongs to them goes to it
	Choices  map[string]uuid.UUID // by field: whose value stays; left out, the survivor's unless it is empty
}

// Joined is what a merge did.
type Joined struct {
	Survivor Values
	Moved    int // records that went to the survivor
	Set      ChangeSet
}

// Merge joins records: whatever refers to the absorbed ones refers to the survivor from then on, empty fields of it are
// filled from them, its timeline tells theirs, and who asks for them is led to it. Owner and team stay the survivor's.
// All happens at once, as one change set that can be undone.
func (r *Records) Merge(ctx context.Context, kind string, j Joining) (Joined, error) {
	if !slices.Contains(Mergeable, kind) {
		return Joined{}, crm.Invalidf("kind", "is none of %s", strings.Join(Mergeable, ", "))
	}
	if _, err := crm.Require(ctx, crm.MergeWrite); err != nil {
		return Joined{}, err
	}
	k, _, err := r.need(ctx, kind, true)
	if err != nil {
		return Joined{}, err
	}
	if err := j.check(); err != nil {
		return Joined{}, err
	}
	var out Joined
	err = r.Store.WriteRetry(ctx, func(tx pgx.Tx) error {
		out = Joined{}
		k, err := r.whole(ctx, tx, k)
		if err != nil {
			return err
		}
		m := merging{records: r, k: k, tx: tx, Joining: j, out: &out}
		return m.run(ctx)
	})
	return out, err
}

func (j Joining) check() error {
	if len(j.Absorbed) == 0 || len(j.Absorbed) > MostAbsorbed {
		return crm.Invalidf("absorbed", "names none, or more than %d", MostAbsorbed)
	}
	seen := map[uuid.UUID]bool{j.Survivor: true}
	for _, id := range j.Absorbed {
		if seen[id] {
			return crm.Invalidf("absorbed", "names a record twice, or the one that stays")
		}
		seen[id] = true
	}
	for field, id := range j.Choices {
		if !seen[id] {
			return crm.Invalidf("choices", "%s: is none of these records", field)
		}
	}
	return nil
}

// merging is a merge under way.
type merging struct {
	records *Records
	k       *Kind
	tx      pgx.Tx
	Joining
	survivor Values
	absorbed []Values // in the order they were named
	out      *Joined
}

func (m *merging) run(ctx context.Context) error {
	if err := m.load(ctx); err != nil {
		return err
	}
	set, err := m.values(ctx)
	if err != nil {
		return err
	}
	title := m.survivor.Text(m.k.Title)
	if m.out.Set, err = m.records.OpenSet(ctx, m.tx, "merge", m.k.Name, title); err != nil {
		return err
	}
	how := Saving{Verb: "merged", Set: &m.out.Set}
	if err := m.records.SetIn(ctx, m.tx, m.k.Name, []Values{m.survivor}, []Values{set}, how); err != nil {
		return renameField(first(err), "choices")
	}
	for _, other := range m.records.kinds {
		for i := range other.Fields {
			if f := &other.Fields[i]; f.Type == Ref && f.Ref == m.k.Name && f.Name != "id" && f.Expr == "" {
				if err := m.move(ctx, other, f, how); err != nil {
					return err
				}
			}
		}
	}
	if err := m.lead(ctx); err != nil {
		return err
	}
	if err := m.tell(ctx); err != nil {
		return err
	}
	if err := m.records.RemoveIn(ctx, m.tx, m.k.Name, m.absorbed, how); err != nil {
		if crm.KindOf(err) == crm.Conflict { // a foreign key: something out of the actor's sight
			return crm.Conflictf("something you may not see belongs to one of them: ask somebody who sees it all")
		}
		return err
	}
	m.out.Survivor, err = m.records.byID(ctx, m.tx, m.k, m.Survivor, false)
	return err
}

// renameField puts a field into an object: phone becomes choices.phone.
func renameField(err error, under string) error {
	e, ok := err.(*crm.Error)
	if !ok || e.Field == "" {
		return err
	}
	return &crm.Error{Kind: e.Kind, Field: under + "." + e.Field, Message: e.Message, Err: e.Err}
}

// load locks the records.
func (m *merging) load(ctx context.Context) error {
	found, err := m.records.byIDs(ctx, m.tx, m.k, append([]uuid.UUID{m.Survivor}, m.Absorbed...), true)
	if err != nil {
		return err
	}
	by := map[string]Values{}
	for _, v := range found {
		by[v.ID()] = v
	}
	if m.survivor = by[m.Survivor.String()]; m.survivor == nil {
		return crm.Missing(m.k.Name)
	}
	for _, id := range m.Absorbed {
		v := by[id.String()]
		if v == nil {
			return crm.Invalidf("absorbed", "names no %s there is", m.k.Name)
		}
		if m.k.Name == "lead" && v.Text("state") == "converted" {
			return crm.Conflictf("a lead that was converted can only be the one that stays")
		}
		m.absorbed = append(m.absorbed, v)
	}
	return nil
}

// values are the fields of the survivor that become others.
func (m *merging) values(ctx context.Context) (Values, error) {
	by := map[uuid.UUID]Values{m.Survivor: m.survivor}
	for i, id := range m.Absorbed {
		by[id] = m.absorbed[i]
	}
	out := Values{}
	for name, id := range m.Choices {
		f, ok := m.k.Field(name)
		if !ok {
			return nil, crm.Invalidf("choices", "%s is no field of this record", name)
		}
		if f.ReadOnly || f.Fixed || name == "owner_id" || name == "team_id" || name == "parent_id" {
			return nil, crm.Invalidf("choices", "%s stays the survivor's", name)
		}
		out[name] = by[id][name]
	}
	for i := range m.k.Fields {
		f := &m.k.Fields[i]
		_, chosen := out[f.Name]
		if chosen || f.ReadOnly || f.Fixed || slices.Contains([]string{"id", "owner_id", "team_id", "parent_id"}, f.Name) {
			continue
		}
		for _, v := range m.absorbed {
			switch {
			case v.Empty(f.Name):
			case f.Type == Tags:
				so := m.survivor[f.Name]
				if out[f.Name] != nil {
					so = out[f.Name]
				}
				add, _ := texts(v[f.Name])
				out[f.Name] = retag(so, add, nil)
			case f.Type == Long && !m.survivor.Empty(f.Name):
				so := m.survivor.Text(f.Name)
				if out[f.Name] != nil {
					so = out.Text(f.Name)
				}
				if both := so + "\n\n" + v.Text(f.Name); !strings.Contains(so, v.Text(f.Name)) && len(both) < 20_000 {
					out[f.Name] = both
				}
			case m.survivor.Empty(f.Name) && out[f.Name] == nil:
				out[f.Name] = v[f.Name]
			}
		}
	}
	if m.k.Name == "account" {
		parent, err := m.parent(ctx)
		if err != nil {
			return nil, err
		}
		if parent != m.survivor.Text("parent_id") {
			out["parent_id"] = parent
		}
	}
	return out, nil
}

// parent is what the surviving account belongs to: if that is among the absorbed ones, or under them, it takes their place.
func (m *merging) parent(ctx context.Context) (string, error) {
	above := map[string]string{}
	for _, v := range m.absorbed {
		above[v.ID()] = v.Text("parent_id")
	}
	own := m.survivor.Text("parent_id")
	if own == "" {
		return "", nil
	}
	rows, _ := m.tx.Query(ctx, `
		with recursive up as (
		  select a.id, a.parent_id, 1 as depth from customer.account a where a.id = $1
		  union all select a.id, a.parent_id, depth + 1 from up join customer.account a on a.id = up.parent_id where depth < 50)
		select id::text from up`, own)
	line, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return "", crm.DBError(err, "account")
	}
	for i := len(line) - 1; i >= 0; i-- { // the topmost of the absorbed
		if place, ok := above[line[i]]; ok {
			for n := 0; n < len(above); n++ {
				if next, ok := above[place]; ok {
					place = next
				}
			}
			return place, nil
		}
	}
	return own, nil
}

// move lets records that refer to the absorbed ones refer to the survivor.
func (m *merging) move(ctx context.Context, k *Kind, f *Field, how Saving) error {
	k, err := m.records.whole(ctx, m.tx, k)
	if err != nil {
		return err
	}
	rows, _ := m.tx.Query(ctx, `select t.id from `+k.Table+` t where t.`+f.Column+` = any ($1) and not (t.id = any ($1)) and t.id <> $2 order by t.id limit $3`,
		m.Absorbed, m.Survivor, mostMoved+1-m.out.Moved)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return crm.DBError(err, k.Name)
	}
	if len(ids) == 0 {
		return nil
	}
	if m.out.Moved += len(ids); m.out.Moved > mostMoved {
		return crm.Conflictf("more than %d records belong to them", mostMoved)
	}
	found, err := m.records.byIDs(ctx, m.tx, k, ids, true)
	if err != nil {
		return err
	}
	set := make([]Values, len(found))
	for i := range found {
		set[i] = Values{f.Name: m.Survivor.String()}
	}
	if err := m.records.SetIn(ctx, m.tx, k.Name, found, set, how); err != nil {
		return &crm.Error{Kind: crm.Conflict, Message: "one of their " + k.Plural + " cannot follow: " + err.Error(), Err: err}
	}
	return nil
}

// lead remembers where the absorbed records, and those they had absorbed before, have gone.
func (m *merging) lead(ctx context.Context) error {
	synthetic := "false"
	if m.k.Name == "account" {
		synthetic = "coalesce((select a.synthetic from customer.account a where a.id = x.id), false)"
	}
	_, err := m.tx.Exec(ctx, `
		insert into crm.merged (absorbed, survivor, kind, set_id, at, synthetic)
		select x.id, $2::uuid, $3::text, $4::uuid, $5::timestamptz, `+synthetic+` from unnest($1::uuid[]) as x(id)
		union
		select m.absorbed, $2::uuid, $3::text, $4::uuid, $5::timestamptz, false from crm.merged m where m.survivor = any ($1)
		on conflict do nothing`, m.Absorbed, m.Survivor, m.k.Name, m.out.Set.ID, m.records.Store.Now())
	if err == nil {
		_, err = m.tx.Exec(ctx, `select record.carry($1, $2, $3, $4)`, m.out.Set.ID, m.k.Name, m.Absorbed, m.Survivor)
	}
	return crm.DBError(err, "merge")
}

// tell puts the merge into the survivor's timeline.
func (m *merging) tell(ctx context.Context) error {
	e := crm.Event{Verb: "merged", Kind: m.k.Name, ID: m.Survivor, Changes: crm.Changes{}}
	if account, err := uuid.Parse(m.survivor.Text(m.k.Account)); err == nil {
		e.Account = &account
	}
	var names []any
	for _, v := range m.absorbed {
		names = append(names, strings.TrimSpace(v.Text("number")+" "+v.Text(m.k.Title)))
	}
	e.Changes.SetPrivate("absorbed", nil, names)
	return crm.AppendAll(ctx, m.tx, []crm.Event{e})
}

// Moved tells where a record went that is gone: to the one that absorbed it, as far as the actor may see that.
func (r *Records) Moved(ctx context.Context, kind string, id uuid.UUID) (uuid.UUID, bool, error) {
	k, _, err := r.need(ctx, kind, false)
	if err != nil || !slices.Contains(Mergeable, kind) {
		return uuid.Nil, false, err
	}
	var to uuid.UUID
	err = r.Store.Read(ctx, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, `select t.id from crm.merged m join `+k.Table+` t on t.id = m.survivor where m.absorbed = $1 and m.kind = $2 order by m.at desc limit 1`, id, kind)
		found, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		if len(found) > 0 {
			to = found[0]
		}
		return crm.DBError(err, "merge")
	})
	return to, to != uuid.Nil, err
}
