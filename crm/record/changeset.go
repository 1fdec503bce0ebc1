package record

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"catchment/crm"
)

// ChangeSet is a group of changes that were made together and can be undone together: a bulk change, an import, a
// merge, a removal.
type ChangeSet struct {
	ID        uuid.UUID
	Act       string // "bulk", "import", "merge", "remove", "convert", "undo"
	Kind      string // the kind it was about
	Title     string // what people call it
	Actor     uuid.UUID
	ActorName string
	At        time.Time
	Rows      int // records touched
	Undone    int // of them, taken back
	UndoneAt  *time.Time
}

// OpenSet begins a change set in a transaction; changes saved with it are kept for undoing.
func (r *Records) OpenSet(ctx context.Context, tx pgx.Tx, act, kind, title string) (ChangeSet, error) {
	actor, _ := crm.ActorFrom(ctx)
	set := ChangeSet{ID: uuid.Must(uuid.NewV7()), Act: act, Kind: kind, Title: title, Actor: actor.ID, ActorName: actor.Name, At: r.Store.Now()}
	_, err := tx.Exec(ctx, `insert into record.change_set (id, act, kind, title, actor, actor_name, at) values ($1, $2, $3, $4, $5, $6, $7)`,
		set.ID, set.Act, set.Kind, set.Title, set.Actor, set.ActorName, set.At)
	return set, crm.DBError(err, "change set")
}

// keep stores changes so that they can be undone. Versions are those after the change.
func (s *ChangeSet) keep(ctx context.Context, tx pgx.Tx, k *Kind, changes []Change) error {
	var ids, before, after []string
	for _, c := range changes {
		ids = append(ids, c.now().ID())
		before, after = append(before, k.kept(c.Before)), append(after, k.kept(c.After))
	}
	_, err := tx.Exec(ctx, `
		insert into record.change_row (set_id, kind, entity_id, before, after)
		select $1, $2, id, nullif(before, '')::jsonb, nullif(after, '')::jsonb
		from unnest($3::uuid[], $4::text[], $5::text[]) with ordinality as c(id, before, after, n)
		order by n`, s.ID, k.Name, ids, before, after)
	if err != nil {
		return crm.DBError(err, "change set")
	}
	s.Rows += len(changes)
	_, err = tx.Exec(ctx, `update record.change_set set rows = rows + $2 where id = $1`, s.ID, len(changes))
	return crm.DBError(err, "change set")
}

// KeepAdded tells a set of records that a room added by an act of its own, so that undoing the set removes them.
func (r *Records) KeepAdded(ctx context.Context, tx pgx.Tx, set *ChangeSet, kind string, ids []uuid.UUID) error {
	k, err := r.Kind(kind)
	if err != nil {
		return err
	}
	if k, err = r.whole(ctx, tx, k); err != nil {
		return err
	}
	found, err := r.byIDs(ctx, tx, k, ids, false)
	if err != nil || len(found) == 0 {
		return err
	}
	changes := make([]Change, len(found))
	for i, v := range found {
		changes[i] = Change{After: v}
	}
	return set.keep(ctx, tx, k, changes)
}

// kept is a record as a change set keeps it: the fields that are written.
func (k *Kind) kept(v Values) string {
	if v == nil {
		return ""
	}
	out := Values{"id": v["id"], "created_at": v["created_at"], "number": v["number"]}
	for i := range k.Fields {
		if f := &k.Fields[i]; f.custom || slices.Contains(k.stored(), f) {
			out[f.Name] = v[f.Name]
		}
	}
	text, _ := json.Marshal(out)
	return string(text)
}

const setColumns = `select s.id, s.act, s.kind, s.title, s.actor, s.actor_name, s.at, s.rows, s.undone, s.undone_at from record.change_set s `

type setKey struct {
	At time.Time
	ID uuid.UUID
}

// ChangeSets returns the change sets the actor may see, newest first.
func (r *Records) ChangeSets(ctx context.Context, cursor string, limit int) (crm.Page[ChangeSet], error) {
	if _, err := crm.Require(ctx, crm.SignedIn); err != nil {
		return crm.Page[ChangeSet]{}, err
	}
	key := setKey{At: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}
	if _, err := crm.DecodeCursor(cursor, &key); err != nil {
		return crm.Page[ChangeSet]{}, err
	}
	size := crm.PageSize(limit)
	var sets []ChangeSet
	err := r.Store.Read(ctx, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, setColumns+`where (s.at, s.id) < ($1, $2) order by s.at desc, s.id desc limit $3`, key.At, key.ID, size+1)
		var err error
		sets, err = pgx.CollectRows(rows, pgx.RowToStructByName[ChangeSet])
		return crm.DBError(err, "change set")
	})
	return crm.Cut(sets, size, func(s ChangeSet) any { return setKey{s.At, s.ID} }), err
}

// ChangeSet returns one change set.
func (r *Records) ChangeSet(ctx context.Context, id uuid.UUID) (ChangeSet, error) {
	if _, err := crm.Require(ctx, crm.SignedIn); err != nil {
		return ChangeSet{}, err
	}
	var set ChangeSet
	err := r.Store.Read(ctx, func(tx pgx.Tx) error {
		var err error
		set, err = setByID(ctx, tx, id, "")
		return err
	})
	return set, err
}

func setByID(ctx context.Context, tx pgx.Tx, id uuid.UUID, lock string) (ChangeSet, error) {
	rows, _ := tx.Query(ctx, setColumns+`where s.id = $1 `+lock, id)
	set, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[ChangeSet])
	return set, crm.DBError(err, "change set")
}

// Standing says what stands against undoing a change of one record.
type Standing struct {
	Kind   string
	ID     uuid.UUID
	Reason string
}

// UndoAtOnce is the most records a single Undo takes back.
const UndoAtOnce = 2000

// Undo takes the newest changes of a set back, at most UndoAtOnce, and tells what is left: call it until Undone equals
// Rows. A record that was changed since keeps what others set: only fields that still hold what the set gave them go
// back. What cannot go back at all, such as a new record others refer to by now, is told and counts as done.
func (r *Records) Undo(ctx context.Context, id uuid.UUID) (ChangeSet, []Standing, error) {
	if _, err := crm.Require(ctx, crm.SignedIn); err != nil {
		return ChangeSet{}, nil, err
	}
	var set ChangeSet
	var standing []Standing
	err := r.Store.Write(ctx, func(tx pgx.Tx) error {
		var err error
		if set, err = setByID(ctx, tx, id, "for update"); err != nil {
			return err
		}
		if set.Undone >= set.Rows {
			return nil
		}
		standing, err = r.undo(ctx, tx, &set)
		return err
	})
	return set, standing, err
}

// keptRow is one record's change of a set.
type keptRow struct {
	N        int64
	Kind     string
	EntityID uuid.UUID
	Before   json.RawMessage
	After    json.RawMessage
}

func (r *Records) undo(ctx context.Context, tx pgx.Tx, set *ChangeSet) ([]Standing, error) {
	rows, _ := tx.Query(ctx, `select n, kind, entity_id, before, after from record.change_row
		where set_id = $1 and not undone order by n desc limit $2`, set.ID, UndoAtOnce)
	todo, err := pgx.CollectRows(rows, pgx.RowToStructByName[keptRow])
	if err != nil {
		return nil, crm.DBError(err, "change set")
	}
	var standing []Standing
	var done []int64
	for from := 0; from < len(todo); {
		to := from + 1 // a stretch of one kind and one sort of change goes back together
		for to < len(todo) && todo[to].Kind == todo[from].Kind && todo[to].sort() == todo[from].sort() {
			to++
		}
		left, err := r.undoStretch(ctx, tx, set.Act, todo[from:to])
		if err != nil {
			return nil, err
		}
		standing = append(standing, left...)
		for _, row := range todo[from:to] {
			done = append(done, row.N)
		}
		from = to
	}
	if _, err := tx.Exec(ctx, `update record.change_row set undone = true where set_id = $1 and n = any ($2)`, set.ID, done); err != nil {
		return nil, crm.DBError(err, "change set")
	}
	set.Undone += len(done)
	now := r.Store.Now()
	if set.UndoneAt = nil; set.Undone >= set.Rows {
		set.UndoneAt = &now
	}
	_, err = tx.Exec(ctx, `update record.change_set set undone = $2, undone_at = $3 where id = $1`, set.ID, set.Undone, set.UndoneAt)
	return standing, crm.DBError(err, "change set")
}

func (row keptRow) sort() string {
	return fmt.Sprint(row.Before == nil, row.After == nil)
}

// undoStretch takes changes of one kind and sort back. They are tried together and, should one not be possible, one by
// one behind savepoints.
func (r *Records) undoStretch(ctx context.Context, tx pgx.Tx, act string, stretch []keptRow) ([]Standing, error) {
	together := func(rows []keptRow) ([]Standing, error) {
		var standing []Standing
		err := pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error {
			var err error
			standing, err = r.back(ctx, tx, act, rows)
			return err
		})
		return standing, err
	}
	standing, err := together(stretch)
	if err == nil || crm.KindOf(err) == "" {
		return standing, err
	}
	standing = nil
	for _, row := range stretch {
		left, err := together([]keptRow{row})
		var known *crm.Error
		switch {
		case errors.As(err, &known):
			standing = append(standing, Standing{row.Kind, row.EntityID, known.Message})
		case err != nil:
			return nil, err
		}
		standing = append(standing, left...)
	}
	return standing, nil
}

// back makes the changes that undo rows of one kind and sort. Who may merge may undo it, whatever it moved.
func (r *Records) back(ctx context.Context, tx pgx.Tx, act string, rows []keptRow) ([]Standing, error) {
	k, actor, err := r.need(ctx, rows[0].Kind, true)
	if err != nil && !(act == "merge" && k != nil && actor.May(crm.MergeWrite)) {
		return nil, err
	}
	if k, err = r.whole(ctx, tx, k); err != nil {
		return nil, err
	}
	ids := make([]uuid.UUID, len(rows))
	for i, row := range rows {
		ids[i] = row.EntityID
	}
	found, err := r.byIDs(ctx, tx, k, ids, true)
	if err != nil {
		return nil, err
	}
	is := map[string]Values{}
	for _, v := range found {
		is[v.ID()] = v
	}
	var changes []Change
	var standing []Standing
	twice := map[uuid.UUID]bool{}
	for _, row := range rows {
		now := is[row.EntityID.String()]
		before, after, err := row.values(k)
		if err != nil {
			return nil, err
		}
		switch {
		case row.Before == nil && now != nil && !twice[row.EntityID]: // it was added: remove it
			changes = append(changes, Change{Before: now})
		case row.After == nil && now == nil: // it was removed: put it back
			changes = append(changes, Change{After: before})
		case row.Before != nil && row.After != nil && now != nil:
			back := maps(now)
			for name, v := range before {
				if name != "number" && same(now[name], after[name]) {
					back[name] = v
				}
			}
			changes = append(changes, Change{now, back})
			is[row.EntityID.String()] = back
		case row.Before != nil && now == nil:
			standing = append(standing, Standing{row.Kind, row.EntityID, "is gone, or out of sight"})
		}
		twice[row.EntityID] = true
	}
	return standing, r.save(ctx, tx, k.undoing(), changes, Saving{Verb: restored})
}

// restored is the verb of what undoing does.
const restored = "restored"

func maps(v Values) Values {
	out := Values{}
	for name, value := range v {
		out[name] = value
	}
	return out
}

// undoing is the kind without the rules on the order of states, which undoing goes against.
func (k *Kind) undoing() *Kind {
	out := *k
	out.Fields = slices.Clone(k.Fields)
	for i := range out.Fields {
		out.Fields[i].Next, out.Fields[i].Needs = nil, nil
	}
	if err := out.index(); err != nil {
		panic(err) // the kind was sound before
	}
	return &out
}

// values are both sides of a kept change, as far as the kind still has their fields.
func (row keptRow) values(k *Kind) (before, after Values, err error) {
	read := func(text json.RawMessage) (Values, error) {
		if text == nil {
			return nil, nil
		}
		v, err := k.decode(text)
		if err != nil {
			return nil, fmt.Errorf("read kept %s: %w", k.Name, err)
		}
		for name := range v {
			if _, ok := k.Field(name); !ok {
				delete(v, name)
			}
		}
		return v, nil
	}
	if before, err = read(row.Before); err == nil {
		after, err = read(row.After)
	}
	return before, after, err
}
