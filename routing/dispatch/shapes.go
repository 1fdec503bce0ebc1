package dispatch

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"catchment/crm"
)

// Leg is the way to one stop of a plan.
type Leg struct {
	ResourceID uuid.UUID
	Stop       int // it leads to, counted from 0 within its route
	Seconds    int
	Meters     int
	Shape      orb.LineString // along the streets
}

// Legs returns the ways of a plan along the streets, route by route. A plan whose search is not over has none.
func (p *Planner) Legs(ctx context.Context, id uuid.UUID) ([]Leg, error) {
	if _, err := crm.Require(ctx, crm.PlanRead); err != nil {
		return nil, err
	}
	var plan Plan
	var shapes []orb.LineString
	err := p.Store.Read(ctx, func(tx pgx.Tx) error {
		var err error
		if plan, err = planByID(ctx, tx, id, false); err != nil {
			return err
		}
		_, shapes, _, err = publicationOf(ctx, tx, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	var legs []Leg
	n := 0
	for _, r := range plan.Routes {
		for i, s := range r.Stops {
			if n < len(shapes) && len(shapes[n]) > 1 {
				legs = append(legs, Leg{ResourceID: r.ResourceID, Stop: i, Seconds: s.LegSeconds, Meters: s.LegMeters, Shape: shapes[n]})
			}
			n++
		}
	}
	return legs, nil
}
