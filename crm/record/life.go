package record

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"catchment/crm"
)

// Life is a record with its past, brought in whole from elsewhere: as it began, and what happened to it since.
type Life struct {
	Values Values     // as it began, at created_at; fields that people cannot set may be named, too
	By     *crm.Actor // who added it; nil means who acts now
	Steps  []Step     // in the order of their time
}

// Step is a change in a record's past.
type Step struct {
	At   time.Time
	Verb string // empty means changed
	By   *crm.Actor
	Set  Values // with what follows from it, such as when a deal was closed: steps are told, not worked out
}

// TellIn adds records with their past in a transaction, all or none. Each is written once, as it stands after its last
// step; the log is told of its beginning and of every step at their times. All rules for fields, states and references
// hold at every step. It does not ask for the right. An error names the record: "records[3].name".
func (r *Records) TellIn(ctx context.Context, tx pgx.Tx, kind string, lives []Life) error {
	if len(lives) == 0 {
		return nil
	}
	k, err := r.Kind(kind)
	if err != nil {
		return err
	}
	if k, err = r.whole(ctx, tx, k); err != nil {
		return err
	}
	born, err := r.born(ctx, tx, k, lives)
	if err != nil {
		return err
	}
	var events []crm.Event
	grown := make([]Change, len(lives))
	for i, life := range lives {
		now, told, err := k.grow(born[i].After, life)
		if err != nil {
			return within(i, err)
		}
		grown[i], events = Change{After: now}, append(events, told...)
	}
	if err := r.refer(ctx, tx, k, grown); err != nil {
		return err
	}
	if err := r.bringIn(ctx, tx, k, grown, lives); err != nil {
		return err
	}
	if err := crm.AppendAll(ctx, tx, events); err != nil {
		return err
	}
	if k.Changed != nil {
		return k.Changed(ctx, tx, grown)
	}
	return nil
}

// born returns the records as they began, what was left open filled in.
func (r *Records) born(ctx context.Context, tx pgx.Tx, k *Kind, lives []Life) ([]Change, error) {
	actor, ok := crm.ActorFrom(ctx)
	if !ok {
		return nil, &crm.Error{Kind: crm.Unauthenticated, Message: "sign in first"}
	}
	changes, given := make([]Change, len(lives)), make([]Values, len(lives))
	for i, life := range lives {
		after, err := k.filled(life.Values)
		if err != nil {
			return nil, within(i, err)
		}
		if after.Empty("created_at") {
			return nil, within(i, crm.Invalidf("created_at", "is empty"))
		}
		given[i] = Values{}
		for name := range life.Values {
			given[i][name] = after[name]
		}
		changes[i] = Change{After: after}
	}
	if err := r.owned(ctx, tx, k, actor, changes); err != nil {
		return nil, err
	}
	if k.Fill != nil {
		if err := k.Fill(ctx, tx, changes); err != nil {
			return nil, err
		}
	}
	for i, c := range changes {
		for name, v := range given[i] { // what was told stands, also where filling in knows better for the present
			if !given[i].Empty(name) {
				c.After[name] = v
			}
		}
	}
	return changes, nil
}

// grow follows a record through its steps and returns it as it stands after the last, with the events that tell of it.
func (k *Kind) grow(first Values, life Life) (Values, []crm.Event, error) {
	if err := k.check(nil, first); err != nil {
		return nil, nil, err
	}
	at, err := time.Parse(time.RFC3339Nano, first.Text("created_at"))
	if err != nil {
		return nil, nil, crm.Invalidf("created_at", "is no instant")
	}
	events := k.events([]Change{{After: first}}, Saving{At: at})
	events[0].By = life.By
	now := first
	for n, step := range life.Steps {
		if step.At.Before(at) {
			return nil, nil, crm.Invalidf(fmt.Sprintf("steps[%d].at", n), "lies before the step before it")
		}
		at = step.At
		after := maps(now)
		for name, v := range step.Set {
			f, ok := k.Field(name)
			if !ok {
				return nil, nil, crm.Invalidf(fmt.Sprintf("steps[%d].%s", n, name), "is no field of this record")
			}
			if after[name], err = f.Normal(v); err != nil {
				return nil, nil, err
			}
		}
		rules := k
		if step.Verb != "" {
			rules = k.undoing() // an act of its own decides what may follow what
		}
		if err := rules.check(now, after); err != nil {
			return nil, nil, err
		}
		told := k.events([]Change{{now, after}}, Saving{Verb: step.Verb, At: at})
		told[0].By = step.By
		events, now = append(events, told...), after
	}
	return now, events, nil
}

// filled is a new record made of what was given and the defaults; fields nobody can set may be given.
func (k *Kind) filled(given Values) (Values, error) {
	if err := k.known(given, func(f *Field) bool { return f.Expr != "" }); err != nil {
		return nil, err
	}
	out := make(Values, len(k.Fields))
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
	if out.Empty("id") {
		out["id"] = uuid.Must(uuid.NewV7()).String()
	}
	return out, nil
}

// bringIn writes records that are new to us with the versions and times of their past.
func (r *Records) bringIn(ctx context.Context, tx pgx.Tx, k *Kind, grown []Change, lives []Life) error {
	rows := make([]map[string]any, len(grown))
	for i, c := range grown {
		row := k.row(c.After)
		row["version"], row["updated_at"] = 1+len(lives[i].Steps), c.After["created_at"]
		if n := len(lives[i].Steps); n > 0 {
			row["updated_at"] = instant(lives[i].Steps[n-1].At)
		}
		rows[i] = row
	}
	text, err := json.Marshal(rows)
	if err != nil {
		return fmt.Errorf("encode %s: %w", k.Name, err)
	}
	columns, typed, values := k.writtenColumns()
	tag, err := tx.Exec(ctx, `insert into `+k.Table+` (id, created_at, updated_at, version, `+strings.Join(columns, ", ")+`)
		select r.id, r.created_at, r.updated_at, r.version, `+strings.Join(values, ", ")+`
		from jsonb_to_recordset($1::jsonb) as r(id uuid, created_at timestamptz, updated_at timestamptz, version int, `+strings.Join(typed, ", ")+`)`,
		string(text))
	if err != nil {
		return crm.DBError(err, k.Name)
	}
	if int(tag.RowsAffected()) != len(rows) {
		return &crm.Error{Kind: crm.Forbidden, Message: "this " + k.Name + " lies outside your area"}
	}
	return nil
}
