package record

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"catchment/crm"
)

// Records answers for all kinds of one organisation.
type Records struct {
	Store *crm.Store

	kinds  []*Kind
	byName map[string]*Kind
}

// New returns the records of these kinds. A kind that is declared wrong is a bug in our own code.
func New(store *crm.Store, kinds ...*Kind) *Records {
	r := &Records{Store: store, byName: map[string]*Kind{}}
	for _, k := range kinds {
		if err := k.complete(); err != nil {
			panic(err)
		}
		if r.byName[k.Name] != nil {
			panic("two kinds " + k.Name)
		}
		r.kinds, r.byName[k.Name] = append(r.kinds, k), k
	}
	for _, k := range kinds {
		for _, f := range k.Fields {
			if f.Ref != "" && f.Ref != "staff" && f.Ref != "team" && r.byName[f.Ref] == nil {
				panic(fmt.Sprintf("%s.%s names the unknown kind %s", k.Name, f.Name, f.Ref))
			}
		}
	}
	return r
}

// Kinds returns all kinds in the order they were declared, without custom fields.
func (r *Records) Kinds() []*Kind { return slices.Clone(r.kinds) }

// Kind returns a kind by its name, without custom fields.
func (r *Records) Kind(name string) (*Kind, error) {
	if k := r.byName[name]; k != nil {
		return k, nil
	}
	return nil, crm.Invalidf("kind", "there is no kind of record %q", name)
}

// need returns a kind by its name if the actor has the right to it.
func (r *Records) need(ctx context.Context, name string, write bool) (*Kind, crm.Actor, error) {
	k, err := r.Kind(name)
	if err != nil {
		return nil, crm.Actor{}, err
	}
	right := k.Read
	if write {
		right = k.Write
	}
	actor, err := crm.Require(ctx, right)
	return k, actor, err
}

// Record returns one record. One the actor may not see is NotFound.
func (r *Records) Record(ctx context.Context, kind string, id uuid.UUID) (Values, error) {
	k, _, err := r.need(ctx, kind, false)
	if err != nil {
		return nil, err
	}
	var out Values
	err = r.Store.Read(ctx, func(tx pgx.Tx) error {
		if k, err = r.whole(ctx, tx, k); err != nil {
			return err
		}
		out, err = r.byID(ctx, tx, k, id, false)
		return err
	})
	return out, err
}

// byID loads one record, locked against change if asked.
func (r *Records) byID(ctx context.Context, tx pgx.Tx, k *Kind, id uuid.UUID, lock bool) (Values, error) {
	found, err := r.byIDs(ctx, tx, k, []uuid.UUID{id}, lock)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, crm.Missing(k.Name)
	}
	return found[0], nil
}

// byIDs loads those of the records that the actor may see, by id.
func (r *Records) byIDs(ctx context.Context, tx pgx.Tx, k *Kind, ids []uuid.UUID, lock bool) ([]Values, error) {
	if lock { // apart from reading, so that what is read is what the lock waited for
		if _, err := tx.Exec(ctx, `select from `+k.Table+` t where t.id = any ($1) order by t.id for update`, ids); err != nil {
			return nil, crm.DBError(err, k.Name)
		}
	}
	rows, err := tx.Query(ctx, `select row_to_json(q)::text from (`+r.selection(k, "")+` where t.id = any ($1) order by t.id) q`, ids)
	if err != nil {
		return nil, crm.DBError(err, k.Name)
	}
	return r.collect(k, rows)
}

// selection is the statement that reads records, up to its conditions. Beside each reference to a record or person the
// actor may see stands what it is called.
func (r *Records) selection(k *Kind, more string) string {
	return "select " + r.columns(k) + more + " from " + k.Table + " t"
}

func (r *Records) columns(k *Kind) string {
	list := ""
	for i := range k.Fields {
		f := &k.Fields[i]
		if i > 0 {
			list += ", "
		}
		list += f.json("t") + ` as "` + f.Name + `"`
		if label, ok := r.called(f); ok {
			list += ", " + label + ` as "` + labelled(f.Name) + `"`
		}
	}
	return list
}

// Labelled is the name under which what a reference is called stands beside it; empty for what is no reference.
func Labelled(f *Field) string {
	if f.Type != Ref || f.Name == "id" || f.custom {
		return ""
	}
	return labelled(f.Name)
}

// labelled is the name under which a reference's label is given: account for account_id.
func labelled(name string) string {
	if n := len(name) - len("_id"); n > 0 && name[n:] == "_id" {
		return name[:n]
	}
	return name + "_label"
}

// called returns the SQL of what a reference is called.
func (r *Records) called(f *Field) (string, bool) {
	if f.Type != Ref || f.Name == "id" || f.custom {
		return "", false
	}
	switch f.Ref {
	case "staff":
		return "(select n.name from crm.staff n where n.id = " + f.sql("t") + ")", true
	case "team":
		return "(select n.name from crm.team n where n.id = " + f.sql("t") + ")", true
	}
	other := r.byName[f.Ref]
	if other == nil {
		return "", false
	}
	title, _ := other.Field(other.Title)
	return "(select " + title.sql("n") + " from " + other.Table + " n where n.id = " + f.sql("t") + ")", true
}

// collect reads records that were selected as JSON.
func (r *Records) collect(k *Kind, rows pgx.Rows) ([]Values, error) {
	texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, crm.DBError(err, k.Name)
	}
	out := make([]Values, len(texts))
	for i, text := range texts {
		if out[i], err = k.decode([]byte(text)); err != nil {
			return nil, fmt.Errorf("read %s: %w", k.Name, err)
		}
	}
	return out, nil
}

// now is the time by the store's clock, as Values hold it.
func (r *Records) now() string { return instant(r.Store.Now()) }

func instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }
