package region

import (
	"context"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/geo/cells"
)

// Mismatch says that the index and the database count differently in a region.
type Mismatch struct {
	Region orb.Polygon
	Index  map[string]int64 // places by stage
	Table  map[string]int64
}

func (e *Mismatch) Error() string {
	return fmt.Sprintf("region %v: the index counts %v, the database %v", e.Region, e.Index, e.Table)
}

// Verify compares the index with the database in one region drawn from the seed, and returns a *Mismatch if they
// differ. Both are read as of the same moment: a copy of the index takes in whatever else of the journal the
// transaction sees, so that writers need not wait.
func (r *Regions) Verify(ctx context.Context, seed uint64) error {
	if _, err := crm.Require(ctx, crm.AuditRead); err != nil {
		return err
	}
	x := r.index.Load()
	if x == nil {
		return ErrBuilding
	}
	still := x.Still() // from before the transaction, which then sees all that is in it, and perhaps more
	random := rand.New(rand.NewPCG(seed, 1))
	return r.store.Read(ctx, func(tx pgx.Tx) error {
		if err := upToDate(ctx, tx, still); err != nil {
			return err
		}
		region, ok, err := drawn(ctx, tx, random)
		if err != nil || !ok {
			return err
		}
		area, err := cells.Polygons(orb.MultiPolygon{region})
		if err != nil {
			return err
		}
		got, err := still.Ask(ctx, cells.Question{Area: area, Groups: []cells.Grouping{{cells.D(stageDimension)}}})
		if err != nil {
			return err
		}
		index, table := map[string]int64{}, map[string]int64{}
		for _, g := range got.Groups[0] {
			name := ""
			if v := g.Values[0]; v > 0 {
				name = Dimensions[stageDimension].Values[v-1]
			}
			index[name] = g.Count
		}
		rows, _ := tx.Query(ctx, `
			select a.stage, count(*)
			from customer.site s join customer.account a on a.id = s.account_id
			where ST_Intersects(s.point, $1)
			group by a.stage`, region)
		var stage string
		var n int64
		if _, err := pgx.ForEachRow(rows, []any{&stage, &n}, func() error { table[stage] = n; return nil }); err != nil {
			return fmt.Errorf("count the places of a region: %w", err)
		}
		if !maps.Equal(index, table) {
			return &Mismatch{region, index, table}
		}
		return nil
	})
}

// upToDate applies to an index of our own all changes the transaction sees: those of transactions that are over but
// lie above the horizon, too.
func upToDate(ctx context.Context, tx pgx.Tx, x *cells.Index) error {
	after := x.Position()
	entries, err := read(ctx, tx, `where (j.xid, j.seq) > ($1::text::xid8, $2)`, fmt.Sprint(after.Transaction), int64(after.Sequence))
	if err != nil || len(entries) == 0 {
		return err
	}
	changes := make([]cells.Change, len(entries))
	for i := range entries {
		changes[i] = entries[i].change()
	}
	return x.Apply(cells.Position{Transaction: math.MaxUint64}, changes)
}

// drawn returns a star about one of the sites, between a street and a country in size; not ok if there is no site.
func drawn(ctx context.Context, tx pgx.Tx, random *rand.Rand) (region orb.Polygon, ok bool, err error) {
	rows, _ := tx.Query(ctx, `select point from customer.site where cell >= $1 order by cell limit 1`, int64(random.Uint64N(1<<45)|8<<56|cells.Resolution<<52))
	centres, err := pgx.CollectRows(rows, pgx.RowTo[orb.Point])
	if err == nil && len(centres) == 0 {
		rows, _ = tx.Query(ctx, `select point from customer.site order by cell limit 1`)
		centres, err = pgx.CollectRows(rows, pgx.RowTo[orb.Point])
	}
	if err != nil || len(centres) == 0 {
		return nil, false, err
	}
	radius, ring := math.Pow(10, random.Float64()*2.5-2), orb.Ring{}
	for i := range 24 {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / 24)
		d := radius * (0.6 + 0.4*random.Float64())
		ring = append(ring, orb.Point{max(-180, min(180, centres[0][0]+d*cos)), max(-90, min(90, centres[0][1]+d*sin))})
	}
	return orb.Polygon{slices.Concat(ring, ring[:1])}, true, nil
}
