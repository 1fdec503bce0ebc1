package record

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"catchment/crm"
)

// Past says as of when a record is asked for. AsOf asks by when things were true, with all that is known now; KnownAt,
// if set, leaves out what was recorded later.
type Past struct {
	AsOf    time.Time
	KnownAt time.Time
}

// RecordAt returns a record as it was: today's with the changes of the event log since then taken back. A personal
// value that was forgotten meanwhile is absent. Before it was added there is none.
func (r *Records) RecordAt(ctx context.Context, kind string, id uuid.UUID, past Past) (Values, error) {
	k, _, err := r.need(ctx, kind, false)
	if err != nil {
		return nil, err
	}
	var out Values
	err = r.Store.Read(ctx, func(tx pgx.Tx) error {
		if k, err = r.whole(ctx, tx, k); err != nil {
			return err
		}
		if out, err = r.byID(ctx, tx, k, id, false); err != nil {
			return err
		}
		return r.takeBack(ctx, tx, k, id, out, past)
	})
	return out, err
}

func (r *Records) takeBack(ctx context.Context, tx pgx.Tx, k *Kind, id uuid.UUID, v Values, past Past) error {
	known := past.KnownAt
	if known.IsZero() {
		known = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	rows, err := tx.Query(ctx, `
		select e.verb, e.changes, p.value
		from crm.event e left join crm.private_value p on p.id = e.private_ref
		where e.entity_id = $1 and (e.at > $2 or e.recorded_at > $3)
		order by e.at desc, e.seq desc`, id, past.AsOf, known)
	if err != nil {
		return crm.DBError(err, k.Name)
	}
	var verb string
	var open, private json.RawMessage
	gone := false
	_, err = pgx.ForEachRow(rows, []any{&verb, &open, &private}, func() error {
		if verb == "added" {
			gone = true
		}
		for _, text := range []json.RawMessage{open, private} {
			if err := k.before(v, text); err != nil {
				return err
			}
		}
		private = nil
		return nil
	})
	if err != nil {
		return crm.DBError(err, k.Name)
	}
	if gone {
		return crm.Missing(k.Name + " at that time")
	}
	for _, name := range []string{"version", "updated_at"} {
		delete(v, name)
	}
	for i := range k.Fields { // what things are called is told for today only
		if f := &k.Fields[i]; f.Type == Ref {
			delete(v, labelled(f.Name))
		}
		if f := &k.Fields[i]; f.Expr != "" && f.Name != "number" {
			delete(v, f.Name)
		}
	}
	return nil
}

// before sets the fields of an event to what they were before it.
func (k *Kind) before(v Values, changes json.RawMessage) error {
	if changes == nil {
		return nil
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(changes, &fields); err != nil {
		return err
	}
	for name, text := range fields {
		f, ok := k.Field(name)
		if !ok {
			continue
		}
		var pair [2]any
		if json.Unmarshal(text, &pair) != nil { // the hash of a personal value, which follows if it is still kept
			delete(v, name)
			continue
		}
		was, err := f.normal(pair[0])
		if err != nil { // a value of a field whose rules were others then
			was = pair[0]
		}
		v[name] = was
	}
	return nil
}

// History returns the events of one record the actor may see, newest first.
func (r *Records) History(ctx context.Context, kind string, id uuid.UUID, cursor string, limit int) (crm.Page[crm.Entry], error) {
	if _, err := r.Record(ctx, kind, id); err != nil { // a record out of sight has no history
		return crm.Page[crm.Entry]{}, err
	}
	return r.Store.Timeline(ctx, id, cursor, limit)
}
