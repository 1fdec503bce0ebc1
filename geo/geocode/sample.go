package geocode

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
)

// Drawn is an address or a spot on a named street, as Sample draws them.
type Drawn struct {
	Street      string
	HouseNumber string // empty for a spot on a street
	Postcode    string
	City        string
	Country     string // ISO 3166-1 code, or empty
	At          orb.Point
}

// Sample draws up to n different house addresses, in an order that depends on the seed and the extract alone.
func (g *Geocoder) Sample(ctx context.Context, n int, seed int64) ([]Drawn, error) {
	return g.sample(ctx, n, `
		select e.name as street, h.number as house_number, h.postcode, h.city, e.country, h.at
		from geocode.house h join geocode.entry e on e.generation = h.generation and e.id = h.entry
		where h.generation = any ($1) and e.kind = 'street' and not h.interpolated
		order by md5($3::text || e.name || ' ' || h.number || ' ' || st_astext(h.at, 6)), e.id, h.number
		limit $2`, seed)
}

// SampleStreets draws up to n spots on named streets, for extracts with few addresses.
func (g *Geocoder) SampleStreets(ctx context.Context, n int, seed int64) ([]Drawn, error) {
	return g.sample(ctx, n, `
		select e.name as street, '' as house_number, e.postcode, e.city, e.country,
		       st_lineinterpolatepoint(l.geom, 0.05 + 0.9 * s.share / 16) as at
		from geocode.line l join geocode.entry e on e.generation = l.generation and e.id = l.entry,
		     generate_series(0, 16) as s(share)
		where l.generation = any ($1) and e.kind = 'street' and st_length(l.geom::geography) > 40
		order by md5($3::text || e.name || ' ' || s.share || ' ' || st_astext(l.geom, 6)), e.id
		limit $2`, seed)
}

func (g *Geocoder) sample(ctx context.Context, n int, query string, seed int64) ([]Drawn, error) {
	generations, err := g.InForce(ctx)
	if err != nil {
		return nil, fmt.Errorf("tell the generations in force: %w", err)
	}
	rows, err := g.DB.Query(ctx, query, generations, n, fmt.Sprint(seed))
	if err != nil {
		return nil, fmt.Errorf("draw addresses: %w", err)
	}
	places, err := pgx.CollectRows(rows, pgx.RowToStructByName[Drawn])
	if err != nil {
		return nil, fmt.Errorf("draw addresses: %w", err)
	}
	return places, nil
}
