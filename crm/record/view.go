package record

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"catchment/crm"
)

// View is a saved way to look at a list: filter, order, columns, and how the map shows it.
type View struct {
	ID        uuid.UUID
	Kind      string
	Name      string
	Filter    string
	Text      string
	Sort      string
	Columns   []string
	Layer     json.RawMessage // how the map and the board show it; the screen's own
	Shared    bool            // for everybody, else for its owner
	OwnerID   uuid.UUID
	OwnerName string
	Version   int
	UpdatedAt time.Time
}

func (v *View) check(r *Records, actor crm.Actor) error {
	k, err := r.Kind(v.Kind)
	if err != nil {
		return err
	}
	v.Name = strings.TrimSpace(v.Name)
	switch {
	case v.Name == "" || len(v.Name) > 100:
		return crm.Invalidf("name", "give a name of at most 100 letters")
	case len(v.Columns) > 100:
		return crm.Invalidf("columns", "are more than 100")
	case len(v.Layer) > 20_000:
		return crm.Invalidf("layer", "is longer than 20 kB")
	case len(v.Text) > 200:
		return crm.Invalidf("q", "is longer than 200 letters")
	}
	for _, c := range v.Columns {
		if c == "" || len(c) > 60 || strings.ContainsFunc(c, func(r rune) bool { return r < ' ' }) {
			return crm.Invalidf("columns", "hold one that is no field")
		}
	}
	if _, err := parseFilter(v.Filter); err != nil {
		return err
	}
	if v.Sort != "" {
		if _, _, _, err := k.order(v.Sort); err != nil {
			return err
		}
	}
	if v.Layer == nil {
		v.Layer = json.RawMessage("{}")
	}
	return nil
}

const viewColumns = `select v.id, v.kind, v.name, v.filter, v.text, v.sort, v.columns, v.layer, v.shared, v.owner_id,
	coalesce((select s.name from crm.staff s where s.id = v.owner_id), '') as owner_name, v.version, v.updated_at from record.view v `

// Views returns the actor's own views and the shared ones, of one kind or of all, by name.
func (r *Records) Views(ctx context.Context, kind string) ([]View, error) {
	if _, err := crm.Require(ctx, crm.SignedIn); err != nil {
		return nil, err
	}
	var out []View
	err := r.Store.Read(ctx, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, viewColumns+`where $1 = '' or v.kind = $1 order by lower(v.name), v.id limit 1000`, kind)
		var err error
		out, err = pgx.CollectRows(rows, pgx.RowToStructByName[View])
		return crm.DBError(err, "view")
	})
	return out, err
}

// View returns one view.
func (r *Records) View(ctx context.Context, id uuid.UUID) (View, error) {
	if _, err := crm.Require(ctx, crm.SignedIn); err != nil {
		return View{}, err
	}
	var out View
	err := r.Store.Read(ctx, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, viewColumns+`where v.id = $1`, id)
		var err error
		out, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[View])
		return crm.DBError(err, "view")
	})
	return out, err
}

// SaveView adds a view of the actor's own, version 0, or changes one if its version is still the given one.
func (r *Records) SaveView(ctx context.Context, v View) (View, error) {
	actor, err := crm.Require(ctx, crm.SignedIn)
	if err != nil {
		return View{}, err
	}
	if err := v.check(r, actor); err != nil {
		return View{}, err
	}
	if v.ID == uuid.Nil {
		v.ID = uuid.Must(uuid.NewV7())
	}
	var out View
	err = r.Store.Write(ctx, func(tx pgx.Tx) error {
		if v.Version == 0 {
			_, err := tx.Exec(ctx, `insert into record.view (id, kind, name, filter, text, sort, columns, layer, shared, owner_id, updated_at)
				values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
				v.ID, v.Kind, v.Name, v.Filter, v.Text, v.Sort, orEmpty(v.Columns), v.Layer, v.Shared, actor.ID, r.Store.Now())
			if err != nil {
				return crm.DBError(err, "view")
			}
		} else {
			tag, err := tx.Exec(ctx, `update record.view set name = $3, filter = $4, text = $5, sort = $6, columns = $7, layer = $8, shared = $9,
				version = version + 1, updated_at = $10 where id = $1 and version = $2 and owner_id = $11`,
				v.ID, v.Version, v.Name, v.Filter, v.Text, v.Sort, orEmpty(v.Columns), v.Layer, v.Shared, r.Store.Now(), actor.ID)
			if err != nil {
				return crm.DBError(err, "view")
			}
			if tag.RowsAffected() == 0 {
				return viewRefusal(ctx, tx, v.ID, actor)
			}
		}
		rows, _ := tx.Query(ctx, viewColumns+`where v.id = $1`, v.ID)
		out, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[View])
		return crm.DBError(err, "view")
	})
	return out, err
}

// viewRefusal says why a view was not changed.
func viewRefusal(ctx context.Context, tx pgx.Tx, id uuid.UUID, actor crm.Actor) error {
	var owner uuid.UUID
	if err := tx.QueryRow(ctx, `select owner_id from record.view where id = $1`, id).Scan(&owner); err != nil {
		return crm.DBError(err, "view")
	}
	if owner != actor.ID {
		return &crm.Error{Kind: crm.Forbidden, Message: "this view belongs to somebody else: save it as your own"}
	}
	return crm.Stale()
}

// RemoveView removes a view of the actor's own.
func (r *Records) RemoveView(ctx context.Context, id uuid.UUID, version int) error {
	actor, err := crm.Require(ctx, crm.SignedIn)
	if err != nil {
		return err
	}
	return r.Store.Write(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `delete from record.view where id = $1 and version = $2 and owner_id = $3`, id, version, actor.ID)
		if err != nil {
			return crm.DBError(err, "view")
		}
		if tag.RowsAffected() == 0 {
			return viewRefusal(ctx, tx, id, actor)
		}
		return nil
	})
}

func zone(ctx context.Context, tx pgx.Tx) (*time.Location, error) {
	var name string
	if err := tx.QueryRow(ctx, `select coalesce((select zone from crm.organisation), 'UTC')`).Scan(&name); err != nil {
		return nil, crm.DBError(err, "organisation")
	}
	location, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC, nil // zones are checked on write
	}
	return location, nil
}
