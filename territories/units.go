package territories

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/geo/hex"
	"catchment/territories/carve"
)

// Units are the sites of the organisation gathered into hexagons to design territories of.
type Units struct {
	Cell  []uint64
	At    []orb.Point
	Sites []float64
	Edges []carve.Edge
}

// finest is how large a part of a territory one unit may be, where hexagons can still be split.
const finest = 0.01

// Units gathers all sites into hexagons, fine enough to divide them among that many territories. Who may not see all
// sites may not design with them.
func (t *Territories) Units(ctx context.Context, count int) (Units, error) {
	actor, err := crm.Require(ctx, crm.TerritoryWrite)
	switch {
	case err != nil:
		return Units{}, err
	case actor.Scope != crm.ScopeAll:
		return Units{}, &crm.Error{Kind: crm.Forbidden, Message: "territories are designed by who sees all sites"}
	case count < 1:
		return Units{}, crm.Invalidf("count", "must be above zero")
	}
	var at []orb.Point
	var cells []uint64
	err = t.Store.Read(ctx, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, `select ST_X(point), ST_Y(point), cell from customer.site order by no`)
		var lon, lat float64
		var cell int64
		_, err := pgx.ForEachRow(rows, []any{&lon, &lat, &cell}, func() error {
			parent, err := hex.Parent(uint64(cell), carve.Finest)
			at, cells = append(at, orb.Point{lon, lat}), append(cells, parent)
			return err
		})
		return crm.DBError(err, "site")
	})
	if err != nil {
		return Units{}, err
	}
	one := make([]float64, len(at))
	for i := range one {
		one[i] = 1
	}
	g := carve.Gather(at, cells, [][]float64{one}, coarsest, finest/float64(count))
	u := Units{At: g.At, Sites: g.Measures[0], Edges: carve.Neighbours(g.At, false)}
	for i, cell := range g.Cell {
		parent, err := hex.Parent(cell, int(g.Level[i]))
		if err != nil {
			return Units{}, err
		}
		u.Cell = append(u.Cell, parent)
	}
	return u, nil
}

// coarsest is the resolution of the largest hexagons: of some 36 km².
const coarsest = 6
