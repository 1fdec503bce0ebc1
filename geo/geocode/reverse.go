package geocode

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/paulmach/orb"

	"catchment/geo"
)

// How far an answer may lie from the point asked about, in metres.
const (
	houseWithin      = 80
	streetWithin     = 300
	settlementWithin = 10_000
)

// Reverse tells the address at a point: the nearest house, the nearest street, the nearest settlement, as far as each
// is near enough, best first. Confidence falls with the distance. Nothing near is no error.
func (g *Geocoder) Reverse(ctx context.Context, at orb.Point) ([]Candidate, error) {
	if err := geo.CheckPoint(at); err != nil {
		return nil, &BadQuery{"point", err.Error()}
	}
	generations, err := g.InForce(ctx)
	if err != nil {
		return nil, fmt.Errorf("tell the generations of addresses: %w", err)
	}
	if len(generations) == 0 {
		return nil, nil
	}
	// Degrees are not metres: the index gives a few that are near in degrees, metres decide among them.
	rows, err := g.DB.Query(ctx, `
		with houses as (
			select generation, entry, number, city, postcode, interpolated, at
			from geocode.house
			where generation = any($1)
			order by at <-> $2
			limit 8
		), lines as (
			select generation, entry, st_closestpoint(geom, $2) as at
			from geocode.line
			where generation = any($1)
			order by geom <-> $2
			limit 6
		), settlements as (
			select generation, id, at
			from geocode.entry
			where generation = any($1) and kind = 'place'
			order by at <-> $2
			limit 3
		), near as (
			select case when interpolated then 'interpolated' else 'house' end as kind, generation, entry, number, city, postcode, at from houses
			union all
			select 'street', generation, entry, '', '', '', at from lines
			union all
			select 'place', generation, id, '', '', '', at from settlements
		)
		select n.kind, n.number, coalesce(nullif(n.city, ''), e.city), coalesce(nullif(n.postcode, ''), e.postcode), n.at, e.name, e.country, e.importance
		from near n
		join geocode.entry e on e.generation = n.generation and e.id = n.entry`, generations, at)
	if err != nil {
		return nil, fmt.Errorf("find the address at a point: %w", err)
	}
	defer rows.Close()
	best := map[Kind]Candidate{}
	for rows.Next() {
		var c Candidate
		var name string
		if err := rows.Scan((*string)(&c.Kind), &c.HouseNumber, &c.City, &c.Postcode, &c.At, &name, &c.Country, &c.importance); err != nil {
			return nil, fmt.Errorf("find the address at a point: %w", err)
		}
		within := float64(houseWithin)
		switch c.Kind {
		case Street:
			within = streetWithin
		case Place:
			within = settlementWithin
		}
		if c.Kind != Place || name != c.City {
			c.Street = name
		}
		c.Distance = float64(geo.Distance(at, c.At))
		if c.Distance > within {
			continue
		}
		c.Label = c.label()
		c.Confidence = 1 - 0.7*c.Distance/within
		switch c.Kind {
		case Street:
			c.Confidence *= 0.8
		case Place:
			c.Confidence *= 0.5
		}
		class := c.Kind
		if class == Interpolated {
			class = House
		}
		if b, ok := best[class]; !ok || c.Distance < b.Distance || c.Distance == b.Distance && c.Label < b.Label {
			best[class] = c
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("find the address at a point: %w", err)
	}
	out := make([]Candidate, 0, len(best))
	for _, c := range best {
		out = append(out, c)
	}
	slices.SortFunc(out, func(x, y Candidate) int {
		return cmp.Or(cmp.Compare(y.Confidence, x.Confidence), cmp.Compare(x.Label, y.Label))
	})
	return out, nil
}
