package cells_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"

	"catchment/geo"
	"catchment/geo/cells"
	"catchment/geo/hex"
	"catchment/geo/postgis"
)

// oracle is the same places in a table and in an index.
type oracle struct {
	*rand.Rand
	pool   *pgxpool.Pool
	x      *cells.Index
	points []orb.Point
}

func newOracle(t *testing.T, n int) *oracle {
	t.Helper()
	o := &oracle{Rand: rand.New(rand.NewPCG(4, 2)), pool: postgis.TestOwner(t, postgis.TestDatabaseURL(t))}
	ctx := context.Background()
	if _, err := o.pool.Exec(ctx, `create table place (id bigint, geom geometry(Point, 4326), value bigint)`); err != nil {
		t.Fatal(err)
	}
	var rows []cells.Row
	var values [][]any
	for i := range n {
		at := o.point()
		cell, err := hex.Cell(at, cells.Resolution)
		if err != nil {
			t.Fatal(err)
		}
		r := cells.Row{ID: int64(i + 1), Point: at, Cell: cell}
		r.Measures[0] = o.Int64N(1_000_000)
		rows, values = append(rows, r), append(values, []any{r.ID, at, r.Measures[0]})
		o.points = append(o.points, at)
	}
	if _, err := o.pool.CopyFrom(ctx, pgx.Identifier{"place"}, []string{"id", "geom", "value"}, pgx.CopyFromRows(values)); err != nil {
		t.Fatal(err)
	}
	if _, err := o.pool.Exec(ctx, `create index on place using gist (geom)`); err != nil {
		t.Fatal(err)
	}
	var err error
	if o.x, err = cells.New(cells.Schema{Measures: []string{"value"}}); err != nil {
		t.Fatal(err)
	}
	if err := o.x.Load(func(yield func(cells.Row, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}, 0, cells.Position{}); err != nil {
		t.Fatal(err)
	}
	return o
}

// point is in a town, on a grid shared by many places and by the corners of regions, at the antimeridian, or near
// a pole.
func (o *oracle) point() orb.Point {
	switch o.IntN(10) {
	case 0:
		return orb.Point{math.Mod(180+o.NormFloat64()*0.5+360+180, 360) - 180, o.NormFloat64() * 20}
	case 1:
		return orb.Point{o.Float64()*360 - 180, 90 - o.ExpFloat64()*0.1}
	case 2, 3, 4:
		return orb.Point{9 + float64(o.IntN(64))/32, 53 + float64(o.IntN(64))/32}
	}
	return orb.Point{10 + o.NormFloat64()*0.2, 53.5 + o.NormFloat64()*0.15}
}

func (o *oracle) near(radius float64) (orb.Point, bool) {
	at := o.points[o.IntN(len(o.points))]
	return at, math.Abs(at[0])+2*radius < 180 && math.Abs(at[1])+2*radius < 90
}

func star(r *rand.Rand, at orb.Point, radius float64, corners int, wiggle float64) orb.Ring {
	ring := orb.Ring{}
	for i := range corners {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(corners))
		d := radius * (1 + wiggle*(r.Float64()-0.5))
		ring = append(ring, orb.Point{at[0] + d*cos, at[1] + d*sin})
	}
	return append(ring, ring[0])
}

func square(west, south, east, north float64) orb.Ring {
	return orb.Ring{{west, south}, {east, south}, {east, north}, {west, north}, {west, south}}
}

// region draws one of the awkward kinds; not ok means that this draw is none.
func (o *oracle) region(kind int) (name string, shape orb.MultiPolygon, ok bool) {
	radius := math.Pow(10, o.Float64()*2.5-2)
	at, ok := o.near(4 * radius)
	grid := orb.Point{9 + float64(o.IntN(64))/32, 53 + float64(o.IntN(64))/32}
	switch kind % 9 {
	case 0:
		return "a star with a hole", orb.MultiPolygon{{star(o.Rand, at, radius, 60, 0.5), star(o.Rand, at, radius/3, 12, 0.2)}}, ok
	case 1:
		b := o.points[o.IntN(len(o.points))]
		return "a rectangle with places on its edges", orb.MultiPolygon{{square(min(at[0], b[0]), min(at[1], b[1]), max(at[0], b[0]), max(at[1], b[1]))}}, at[0] != b[0] && at[1] != b[1]
	case 2:
		a, b := o.points[o.IntN(len(o.points))], o.points[o.IntN(len(o.points))]
		return "a triangle with places as corners", orb.MultiPolygon{{{at, a, b, at}}}, at != a && a != b && b != at
	case 3:
		return "two parts", orb.MultiPolygon{{star(o.Rand, at, radius, 30, 0.4)}, {star(o.Rand, orb.Point{at[0] + 3*radius, at[1]}, radius, 30, 0.4)}}, ok
	case 4:
		return "a sliver", orb.MultiPolygon{{{at, {at[0] + radius, at[1]}, {at[0], at[1] + 1e-9}, at}}}, ok
	case 5:
		return "both sides of the antimeridian", orb.MultiPolygon{{square(180-radius/10, -20, 180, 20)}, {square(-180, -20, -180+radius/10, 20)}}, true
	case 6:
		return "a cap about the pole", orb.MultiPolygon{{square(-180, 90-min(9, radius), 180, 90)}}, true
	case 7:
		x, y, d := grid[0], grid[1], float64(1+o.IntN(16))/16
		return "a diamond with a diamond hole, places all along", orb.MultiPolygon{{
			{{x - d, y}, {x, y - d}, {x + d, y}, {x, y + d}, {x - d, y}},
			{{x - d/2, y}, {x, y + d/2}, {x + d/2, y}, {x, y - d/2}, {x - d/2, y}}}}, true
	}
	x, y := grid[0], grid[1]
	return "two squares that meet in a place", orb.MultiPolygon{{square(x-0.25, y-0.25, x, y)}, {square(x, y, x+0.5, y+0.5)}}, true
}

func TestThousandRegionsEqualIntersects(t *testing.T) {
	t.Parallel()
	o := newOracle(t, 20_000)
	ctx := context.Background()
	asked := 0
	for kind := 0; asked < 1_000; kind++ {
		name, shape, ok := o.region(kind)
		if !ok {
			continue
		}
		asked++
		area, err := cells.Polygons(shape)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := o.x.Ask(ctx, cells.Question{Area: area})
		if err != nil {
			t.Fatal(err)
		}
		var want cells.Group
		want.Values, want.Sums = []uint32{}, make([]int64, 1)
		if err := o.pool.QueryRow(ctx, `select count(*), coalesce(sum(value), 0)::bigint from place where ST_Intersects(geom, $1)`, shape).
			Scan(&want.Count, &want.Sums[0]); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got.Total); diff != "" {
			t.Errorf("%s %v: %s", name, shape, diff)
		}
	}
}

func TestCirclesEqualGeodesicDistance(t *testing.T) {
	t.Parallel()
	o := newOracle(t, 3_000)
	ctx := context.Background()
	for range 80 {
		at := o.points[o.IntN(len(o.points))]
		radius := math.Round(math.Pow(10, 1+o.Float64()*5.5)*10) / 10
		area, err := cells.Circle(at, geo.Meters(radius))
		if err != nil {
			t.Fatal(err)
		}
		got, err := o.x.Ask(ctx, cells.Question{Area: area})
		if err != nil {
			t.Fatal(err)
		}
		var want int64
		if err := o.pool.QueryRow(ctx, `select count(*) from place where ST_Distance(geom::geography, $1::geometry::geography) <= $2`, at, radius).Scan(&want); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got.Total.Count); diff != "" {
			t.Errorf("%g m about %v: %s", radius, at, diff)
		}
	}
}
