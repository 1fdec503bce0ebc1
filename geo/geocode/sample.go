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
	HouseNumber string
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

// SampleStreets draws n spots on named streets, for extracts with few addresses: one on each line of a street before
// a second on any, numbered along the line as houses are. More spots begin with the fewer.
func (g *Geocoder) SampleStreets(ctx context.Context, n int, seed int64) ([]Drawn, error) {
	return g.sample(ctx, n, `
		with line as (
			select e.name, e.id, e.postcode, e.city, e.country, l.geom, st_length(l.geom::geography) as meters,
			       md5($3::text || e.name || ' ' || st_astext(l.geom, 6)) as draw
			from geocode.line l join geocode.entry e on e.generation = l.generation and e.id = l.entry
			where l.generation = any ($1) and e.kind = 'street' and st_length(l.geom::geography) > 40
		), spot as ( -- by the golden section: however many are drawn, they lie evenly
			select line.*, k, 0.04 + 0.92 * ((k * 0.6180339887) % 1)::float8 as share
			from line, generate_series(1, (select 1 + $2::int / greatest(count(*)::int, 1) from line)) as k
		)
		select name as street, (1 + k % 2 + 2 * floor(share * meters / 15))::text as house_number, postcode, city, country,
		       st_lineinterpolatepoint(geom, share) as at
		from spot order by k, draw, id
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
