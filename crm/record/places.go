package record

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"catchment/crm"
)

// Limits of what one map shows.
const (
	PlacesMost  = 50_000 // places, unless less is asked for
	shownFields = 6      // fields beside the title
)

// Place is a record where it lies. A record that lies at several points, such as an account with many sites, is there once for each.
type Place struct {
	ID     uuid.UUID
	Lon    float64
	Lat    float64
	Site   *uuid.UUID // where it lies at a site
	Title  string
	Values []any // of the fields asked for, in their order, as Values hold them
}

// Places are the records of a kind as a map shows them.
type Places struct {
	Items  []Place
	More   bool                         // there are more than these
	Labels map[string]map[string]string // what references are called, by field and id
}

// mapped are the types of fields a map can tell records apart by.
var mapped = []Type{Enum, Text, Bool, Integer, Money, Number, Date, Instant, Ref}

// Mapped names the fields of the kind that Places can be asked for.
func (k *Kind) Mapped() []string {
	var out []string
	for i := range k.Fields {
		if f := &k.Fields[i]; f.mapped() {
			out = append(out, f.Name)
		}
	}
	return out
}

func (f *Field) mapped() bool {
	return slices.Contains(mapped, f.Type) && !f.Private && f.Name != "id" && f.Name != "version"
}

// points returns the SQL that joins the rows p, each with the column point and the column site, to a row t; empty if the kind
// has no points.
func (k *Kind) points() string {
	const at = "(select s.point, s.id as site from customer.site s where "
	switch _, sited := k.Field("site_id"); {
	case k.Account == "id":
		return at + "s.account_id = t.id)"
	case k.Name == "site":
		return "(select t.point, t.id as site)"
	case sited && k.Account != "":
		return at + "s.id = t.site_id or t.site_id is null and s.account_id = t.account_id order by s.no limit 1)"
	case sited:
		return at + "s.id = t.site_id)"
	}
	if f, ok := k.Field("point"); ok && f.Type == Point {
		return "(select t." + f.Column + " as point, null::uuid as site)"
	}
	return ""
}

// Placed tells whether records of the kind lie somewhere.
func (k *Kind) Placed() bool { return k.Place != "" && k.points() != "" }

// Places returns where the records lie that fit, with some of their fields; at most limit points, in no order. Cursor, limit and
// sort of the query have no say.
func (r *Records) Places(ctx context.Context, kind string, q Query, fields []string, limit int) (Places, error) {
	k, actor, err := r.need(ctx, kind, false)
	if err != nil {
		return Places{}, err
	}
	var out Places
	err = r.Store.Read(ctx, func(tx pgx.Tx) error {
		if k, err = r.whole(ctx, tx, k); err != nil {
			return err
		}
		out, err = r.places(ctx, tx, k, actor, q, fields, limit)
		return err
	})
	return out, err
}

func (r *Records) places(ctx context.Context, tx pgx.Tx, k *Kind, actor crm.Actor, q Query, fields []string, limit int) (Places, error) {
	if !k.Placed() {
		return Places{}, crm.Invalidf("kind", "a %s has no place", k.Name)
	}
	if len(fields) > shownFields {
		return Places{}, crm.Invalidf("fields", "are more than %d", shownFields)
	}
	if limit <= 0 || limit > PlacesMost {
		limit = PlacesMost
	}
	title, _ := k.Field(k.Title)
	columns := ", " + title.sql("t") + "::text"
	chosen := make([]*Field, len(fields))
	labels := map[string]map[string]string{}
	for i, name := range fields {
		f, ok := k.Field(name)
		if !ok || !f.mapped() {
			return Places{}, crm.Invalidf("fields", "hold %q, which is none of %s", name, strings.Join(k.Mapped(), ", "))
		}
		chosen[i] = f
		columns += ", to_jsonb(" + f.json("t") + ")"
		if called, ok := r.called(f); ok {
			columns += ", " + called
			labels[name] = map[string]string{}
		}
	}
	c, where, err := r.where(ctx, tx, k, actor, q)
	if err != nil {
		return Places{}, err
	}
	if q.Area != nil { // of a record's points only those within
		area := c.arg(q.Area) + "::geometry"
		where += " and p.point && " + area + " and ST_Intersects(p.point, " + area + ")"
	}
	rows, err := tx.Query(ctx, `select t.id, ST_X(p.point), ST_Y(p.point), p.site`+columns+`
		from `+k.Table+` t cross join lateral `+k.points()+` p
		where `+where+` and p.point is not null
		limit `+c.arg(limit+1), c.args...)
	if err != nil {
		return Places{}, crm.DBError(err, k.Name)
	}
	items, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Place, error) {
		p := Place{Values: make([]any, len(chosen))}
		var title *string
		to := []any{&p.ID, &p.Lon, &p.Lat, &p.Site, &title}
		names := make([]*string, len(chosen))
		for i, f := range chosen {
			to = append(to, &p.Values[i])
			if labels[f.Name] != nil {
				to = append(to, &names[i])
			}
		}
		if err := row.Scan(to...); err != nil {
			return p, err
		}
		if title != nil {
			p.Title = *title
		}
		for i, f := range chosen {
			if called := names[i]; called != nil {
				if id, ok := p.Values[i].(string); ok {
					labels[f.Name][id] = *called
				}
			}
		}
		return p, nil
	})
	if err != nil {
		return Places{}, crm.DBError(err, k.Name)
	}
	out := Places{Items: items, Labels: labels}
	if len(items) > limit {
		out.Items, out.More = items[:limit], true
	}
	return out, nil
}
