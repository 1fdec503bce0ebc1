// Package territories holds who looks after which part of the land: models of territories, the rules by which a site
// belongs to one, and which model is in force.
//
// A model is drafted, filled (each site gets its territory by the first rule that fits), scheduled, and made active by
// changing one row; what was active before is archived with its membership, so that the step can be taken back. Sites
// carry no territory themselves. Package carve, below, divides an area; it knows nothing of models.
package territories

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/geo"
	"catchment/geo/hex"
)

// Territories is the room.
type Territories struct {
	Store *crm.Store
}

// State of a model.
type State string

// States: a draft may be changed; a scheduled, active or archived model only changes its state.
const (
	Draft     State = "draft"
	Scheduled State = "scheduled"
	Active    State = "active"
	Archived  State = "archived"
)

// Model is one division of the land, for one line of business.
type Model struct {
	ID        uuid.UUID
	Name      string
	Line      string // "sales", "service", a product line: each has a model of its own in force
	State     State
	ValidFrom *time.Time // when it is to take effect, or took
	ValidTo   *time.Time
	Filled    bool   // every site has its territory
	FilledNo  *int64 // how far filling is, as the number of a site
	Note      string
	Version   int
	CreatedAt time.Time
}

// Territory is what one owner, or one team, looks after.
type Territory struct {
	ID       uuid.UUID
	ModelID  uuid.UUID
	Name     string
	ParentID *uuid.UUID
	OwnerID  *uuid.UUID
	TeamID   *uuid.UUID
}

// Rule gives sites to a territory: those of an account, a postcode (or its beginning), a hexagon or an area; exactly
// one of the four is set. Where several fit, the least precedence wins, then the longest postcode or finest hexagon.
type Rule struct {
	ID          int64
	TerritoryID uuid.UUID
	Precedence  int // 0 stands for that of its kind: account 10, postcode 20, cell 30, area 40
	AccountID   *uuid.UUID
	Country     string // of the postcode; empty for any
	Postcode    string
	Cell        uint64
	Area        orb.MultiPolygon
	Note        string
}

// kind of a rule, its usual precedence, and what is wrong with it.
func (r *Rule) kind(field string) (kind string, precedence int, err error) {
	set := 0
	if r.AccountID != nil {
		kind, precedence, set = "account", 10, set+1
	}
	if r.Postcode != "" {
		kind, precedence, set = "postcode", 20, set+1
	}
	if r.Cell != 0 {
		kind, precedence, set = "cell", 30, set+1
		level := int(r.Cell >> 52 & 15)
		middle, err := hex.Centre(r.Cell)
		if err == nil {
			var same uint64
			if same, err = hex.Cell(middle, level); same != r.Cell {
				level = hex.Resolution + 1
			}
		}
		if err != nil || level > hex.Resolution {
			return "", 0, crm.Invalidf(field+".cell", "%x is no cell, or finer than those of sites", r.Cell)
		}
	}
	if r.Area != nil {
		kind, precedence, set = "area", 40, set+1
		if err := geo.CheckArea(r.Area); err != nil {
			return "", 0, crm.Invalidf(field+".area", "%v", err)
		}
	}
	if set != 1 {
		return "", 0, crm.Invalidf(field, "names %d of account, postcode, cell and area; it must be one", set)
	}
	if r.Precedence != 0 {
		precedence = r.Precedence
	}
	return kind, precedence, nil
}

// AddModel adds a draft.
func (t *Territories) AddModel(ctx context.Context, id uuid.UUID, name, line string) (Model, error) {
	if _, err := crm.Require(ctx, crm.TerritoryWrite); err != nil {
		return Model{}, err
	}
	if name = strings.TrimSpace(name); name == "" || len(name) > 200 {
		return Model{}, crm.Invalidf("name", "is empty or longer than 200 letters")
	}
	if line == "" {
		line = "sales"
	}
	if id == uuid.Nil {
		id = uuid.Must(uuid.NewV7())
	}
	var out Model
	err := t.Store.Write(ctx, func(tx pgx.Tx) (err error) {
		if err := insertModel(ctx, tx, id, name, line); err != nil {
			return err
		}
		if out, err = modelByID(ctx, tx, id); err != nil {
			return err
		}
		return tell(ctx, tx, "added", id, crm.Changes{"name": {New: name}, "line": {New: line}})
	})
	return out, err
}

// Models returns all models, the newest first.
func (t *Territories) Models(ctx context.Context) ([]Model, error) {
	if _, err := crm.Require(ctx, crm.TerritoryRead); err != nil {
		return nil, err
	}
	var out []Model
	err := t.Store.Read(ctx, func(tx pgx.Tx) (err error) {
		out, err = models(ctx, tx)
		return err
	})
	return out, err
}

// AddTerritories adds territories to a draft.
func (t *Territories) AddTerritories(ctx context.Context, model uuid.UUID, list []Territory) error {
	if _, err := crm.Require(ctx, crm.TerritoryWrite); err != nil {
		return err
	}
	return t.change(ctx, model, func(tx pgx.Tx) error {
		for i := range list {
			if list[i].ID == uuid.Nil {
				list[i].ID = uuid.Must(uuid.NewV7())
			}
			list[i].ModelID = model
		}
		return insertTerritories(ctx, tx, list)
	})
}

// List returns the territories of a model by name.
func (t *Territories) List(ctx context.Context, model uuid.UUID) ([]Territory, error) {
	if _, err := crm.Require(ctx, crm.TerritoryRead); err != nil {
		return nil, err
	}
	var out []Territory
	err := t.Store.Read(ctx, func(tx pgx.Tx) (err error) {
		out, err = territoriesOf(ctx, tx, model)
		return err
	})
	return out, err
}

// AddRules adds rules to a draft.
func (t *Territories) AddRules(ctx context.Context, model uuid.UUID, rules []Rule) error {
	if _, err := crm.Require(ctx, crm.TerritoryWrite); err != nil {
		return err
	}
	return t.change(ctx, model, func(tx pgx.Tx) error { return insertRules(ctx, tx, model, rules) })
}

// change runs f on a draft that is locked, and lets its membership be filled anew.
func (t *Territories) change(ctx context.Context, model uuid.UUID, f func(tx pgx.Tx) error) error {
	return t.Store.Write(ctx, func(tx pgx.Tx) error {
		m, err := lockModel(ctx, tx, model)
		if err != nil {
			return err
		}
		if m.State != Draft {
			return crm.Conflictf("the model is %s: only a draft can be changed", m.State)
		}
		if err := forgetMembers(ctx, tx, model); err != nil {
			return err
		}
		return f(tx)
	})
}

// Schedule says when a filled draft is to take effect.
func (t *Territories) Schedule(ctx context.Context, model uuid.UUID, at time.Time) error {
	if _, err := crm.Require(ctx, crm.TerritoryWrite); err != nil {
		return err
	}
	return t.Store.Write(ctx, func(tx pgx.Tx) error {
		m, err := lockModel(ctx, tx, model)
		switch {
		case err != nil:
			return err
		case m.State != Draft && m.State != Scheduled:
			return crm.Conflictf("the model is %s", m.State)
		case !m.Filled:
			return crm.Conflictf("not every site has found its territory yet")
		}
		if err := setState(ctx, tx, model, Scheduled, &at, nil); err != nil {
			return err
		}
		return tell(ctx, tx, "scheduled", model, crm.Changes{"valid_from": {Old: m.ValidFrom, New: at}})
	})
}

// Activate puts a filled model in force and archives the one that was, in one moment. An archived model can be put in
// force again: that is how a step is taken back.
func (t *Territories) Activate(ctx context.Context, model uuid.UUID) error {
	if _, err := crm.Require(ctx, crm.TerritoryWrite); err != nil {
		return err
	}
	return t.Store.Write(ctx, func(tx pgx.Tx) error {
		m, err := lockModel(ctx, tx, model)
		switch {
		case err != nil:
			return err
		case m.State == Active:
			return nil
		case !m.Filled:
			return crm.Conflictf("not every site has found its territory yet")
		}
		now := t.Store.Now()
		before, err := activeOf(ctx, tx, m.Line)
		if err != nil {
			return err
		}
		if before != nil {
			if err := setState(ctx, tx, before.ID, Archived, before.ValidFrom, &now); err != nil {
				return err
			}
			if err := tell(ctx, tx, "archived", before.ID, crm.Changes{"state": {Old: Active, New: Archived}}); err != nil {
				return err
			}
		}
		if err := setState(ctx, tx, model, Active, &now, nil); err != nil {
			return err
		}
		return tell(ctx, tx, "activated", model, crm.Changes{"state": {Old: m.State, New: Active}})
	})
}

// Due activates the scheduled models whose time has come, and says how many.
func (t *Territories) Due(ctx context.Context) (int, error) {
	all, err := t.Models(ctx)
	if err != nil {
		return 0, err
	}
	count := 0
	for _, m := range all {
		if m.State == Scheduled && m.ValidFrom != nil && !m.ValidFrom.After(t.Store.Now()) {
			if err := t.Activate(ctx, m.ID); err != nil {
				return count, err
			}
			count++
		}
	}
	return count, nil
}

func tell(ctx context.Context, tx pgx.Tx, verb string, model uuid.UUID, changes crm.Changes) error {
	return crm.Append(ctx, tx, crm.Event{Verb: verb, Kind: "territory_model", ID: model, Changes: changes})
}
