package territories

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"catchment/crm"
)

// chunk is how many sites find their territory in one transaction: well below a second's work.
const chunk = 20_000

// Fill gives the next sites of a model their territory and says whether all have one now. Each call is a transaction
// of its own that can be repeated; sites that are added or move meanwhile find theirs by themselves.
func (t *Territories) Fill(ctx context.Context, model uuid.UUID) (done bool, err error) {
	if _, err := crm.Require(ctx, crm.TerritoryWrite); err != nil {
		return false, err
	}
	err = t.Store.Write(ctx, func(tx pgx.Tx) error {
		if _, err := modelByID(ctx, tx, model); err != nil {
			return err
		}
		done, err = fillChunk(ctx, tx, model)
		return err
	})
	return done, err
}

// Belongs says where a site belongs and why.
type Belongs struct {
	Model     uuid.UUID
	Territory Territory `db:"-"`
	RuleID    int64
	Kind      string // of the rule: account, postcode, cell, area
	Postcode  *string
	Cell      *int64
	Note      string
}

// Of returns the territory of a site in the model of a line that is in force, and the rule that says so; NotFound if
// it belongs to none.
func (t *Territories) Of(ctx context.Context, site uuid.UUID, line string) (Belongs, error) {
	if _, err := crm.Require(ctx, crm.AccountRead); err != nil {
		return Belongs{}, err
	}
	var out Belongs
	err := t.Store.Read(ctx, func(tx pgx.Tx) (err error) {
		out, err = belongs(ctx, tx, site, line)
		return err
	})
	return out, err
}

// Handover counts what goes from one territory to another when a model takes the place of another. Nil stands for none.
type Handover struct {
	From, To *uuid.UUID
	Sites    int
	Accounts int
}

// Handovers compares the membership of two models by the names of their territories' owners: what keeps its owner is
// left out. Rows with the most sites come first.
func (t *Territories) Handovers(ctx context.Context, from, to uuid.UUID) ([]Handover, error) {
	if _, err := crm.Require(ctx, crm.TerritoryRead); err != nil {
		return nil, err
	}
	var out []Handover
	err := t.Store.Read(ctx, func(tx pgx.Tx) (err error) {
		out, err = handovers(ctx, tx, from, to)
		return err
	})
	return out, err
}

// Count is how much a territory of a model holds.
type Count struct {
	TerritoryID uuid.UUID
	Sites       int
	Accounts    int
}

// Counts returns what each territory of a model holds of what the actor may see.
func (t *Territories) Counts(ctx context.Context, model uuid.UUID) ([]Count, error) {
	if _, err := crm.Require(ctx, crm.TerritoryRead); err != nil {
		return nil, err
	}
	var out []Count
	err := t.Store.Read(ctx, func(tx pgx.Tx) (err error) {
		out, err = counts(ctx, tx, model)
		return err
	})
	return out, err
}
