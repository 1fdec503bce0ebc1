package cells

import (
	"context"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/paulmach/orb"

	"catchment/geo"
	"catchment/geo/hex"
)

// drawn is an area with an independent reading of what it holds.
type drawn struct {
	name  string
	area  Area
	shape orb.MultiPolygon // nil for what PostGIS cannot be asked as a polygon
	holds func(*Row) bool
}

// polygonHolds decides by the crossings of a ray in rational arithmetic, edge by edge.
func polygonHolds(area orb.MultiPolygon, p orb.Point) bool {
	for _, polygon := range area {
		if !polygon[0].Bound().Contains(p) {
			continue
		}
		in := false
		for k, ring := range polygon {
			crossings := false
			for i := 1; i < len(ring); i++ {
				a, b := ring[i-1], ring[i]
				if p[1] < min(a[1], b[1]) || p[1] > max(a[1], b[1]) {
					continue
				}
				turn := exactSide(a[0], a[1], b[0], b[1], p[0], p[1])
				if turn == 0 && p[0] >= min(a[0], b[0]) && p[0] <= max(a[0], b[0]) && p[1] >= min(a[1], b[1]) && p[1] <= max(a[1], b[1]) {
					return true // of valid areas every edge belongs to them
				}
				if (a[1] > p[1]) != (b[1] > p[1]) && (turn > 0) == (b[1] > a[1]) {
					crossings = !crossings
				}
			}
			if k == 0 {
				in = crossings
			} else if crossings {
				in = false
			}
		}
		if in {
			return true
		}
	}
	return false
}

func polygonArea(t testing.TB, name string, shape orb.MultiPolygon) drawn {
	t.Helper()
	area, err := Polygons(shape)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return drawn{name, area, shape, func(r *Row) bool { return polygonHolds(shape, r.Point) }}
}

// ringAround is a star-shaped ring about a point; wiggle is how much its radius in degrees varies.
func (w *world) ringAround(at orb.Point, radius float64, corners int, wiggle float64) orb.Ring {
	ring := orb.Ring{}
	for i := range corners {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(corners))
		r := radius * (1 + wiggle*(w.Float64()-0.5))
		ring = append(ring, orb.Point{max(-180, min(180, at[0]+r*cos)), max(-90, min(90, at[1]+r*sin))})
	}
	return append(ring, ring[0])
}

func rectangle(west, south, east, north float64) orb.Ring {
	return orb.Ring{{west, south}, {east, south}, {east, north}, {west, north}, {west, south}}
}

// polygon draws one of the awkward kinds of polygons about the rows.
func (w *world) polygon(t testing.TB, rows []Row, kind int) (drawn, bool) {
	at, other, third := rows[w.IntN(len(rows))].Point, rows[w.IntN(len(rows))].Point, rows[w.IntN(len(rows))].Point
	radius := math.Pow(10, w.Float64()*3-2)
	switch kind % 10 {
	case 0:
		hole := w.ringAround(at, radius*0.3, 12, 0.2)
		hole.Reverse()
		return polygonArea(t, "a star with a hole", orb.MultiPolygon{{w.ringAround(at, radius, 60, 0.5), hole}}), true
	case 1:
		if at[0] == other[0] || at[1] == other[1] {
			return drawn{}, false
		}
		return polygonArea(t, "a rectangle whose edges run through places", orb.MultiPolygon{{rectangle(min(at[0], other[0]), min(at[1], other[1]), max(at[0], other[0]), max(at[1], other[1]))}}), true
	case 2:
		if side(at[0], at[1], other[0], other[1], third[0], third[1]) == 0 {
			return drawn{}, false
		}
		return polygonArea(t, "a triangle with places as corners", orb.MultiPolygon{{{at, other, third, at}}}), true
	case 3:
		second := orb.Point{at[0] + 3*radius, at[1]}
		if second[0]+2*radius > 180 {
			return drawn{}, false
		}
		return polygonArea(t, "two parts", orb.MultiPolygon{{w.ringAround(at, radius, 30, 0.4)}, {w.ringAround(second, radius, 30, 0.4)}}), true
	case 4:
		return polygonArea(t, "a sliver", orb.MultiPolygon{{{at, {max(-180, min(180, at[0]+radius)), at[1]}, {at[0], max(-90, min(90, at[1]+1e-9))}, at}}}), at[1]+1e-9 <= 90 && at[0]+radius <= 180
	case 5:
		return polygonArea(t, "a box over the antimeridian, cut there", orb.MultiPolygon{
			{rectangle(180-radius, -20, 180, 20)}, {rectangle(-180, -20, -180+radius, 20)}}), true
	case 6:
		return polygonArea(t, "a cap about the pole", orb.MultiPolygon{{rectangle(-180, 90-min(90, radius), 180, 90)}}), true
	case 7:
		x, y := math.Round(at[0]*8)/8, math.Round(at[1]*8)/8
		if x < -179 || x > 179 || y < -89 || y > 89 {
			return drawn{}, false
		}
		return polygonArea(t, "a diamond on the grid with a diamond hole", orb.MultiPolygon{{
			{{x - 1, y}, {x, y - 1}, {x + 1, y}, {x, y + 1}, {x - 1, y}},
			{{x - 0.5, y}, {x, y + 0.5}, {x + 0.5, y}, {x, y - 0.5}, {x - 0.5, y}}}}), true
	case 8:
		island := w.ringAround(at, radius*0.2, 8, 0.1)
		return polygonArea(t, "an island in a hole", orb.MultiPolygon{{w.ringAround(at, radius, 40, 0.1), w.ringAround(at, radius*0.5, 20, 0.1)}, {island}}), true
	default:
		x, y := math.Round(at[0]*16)/16, math.Round(at[1]*16)/16
		if x < -179 || x > 179 || y < -89 || y > 89 {
			return drawn{}, false
		}
		return polygonArea(t, "two squares that meet in a corner", orb.MultiPolygon{
			{rectangle(x-0.25, y-0.25, x, y)}, {rectangle(x, y, x+0.5, y+0.5)}}), true
	}
}

func (w *world) circle(t testing.TB, rows []Row) drawn {
	t.Helper()
	at := rows[w.IntN(len(rows))].Point
	radius := geo.Meters(math.Pow(10, w.Float64()*5+1.5))
	area, err := Circle(at, radius)
	if err != nil {
		t.Fatal(err)
	}
	from := reduced(at)
	return drawn{"a circle", area, nil, func(r *Row) bool {
		to := reduced(r.Point)
		return from.angle(to) < 1.7 && geodesic(from, to) <= float64(radius)
	}}
}

func (w *world) cellSet(t testing.TB, rows []Row) drawn {
	t.Helper()
	set := make([]uint64, 1+w.IntN(30))
	has := make(map[uint64]bool)
	for i := range set {
		set[i] = Parent(rows[w.IntN(len(rows))].Cell, w.IntN(Resolution+1))
		has[set[i]] = true
	}
	area, err := Cells(set)
	if err != nil {
		t.Fatal(err)
	}
	return drawn{"a set of cells", area, nil, func(r *Row) bool {
		for resolution := range Resolution + 1 {
			if p, err := hex.Parent(r.Cell, resolution); err == nil && has[p] {
				return true
			}
		}
		return false
	}}
}

// drawArea draws an area of any kind, or a combination.
func (w *world) drawArea(t testing.TB, rows []Row, depth int) drawn {
	t.Helper()
	if depth > 0 && w.IntN(3) == 0 {
		a, b := w.drawArea(t, rows, depth-1), w.drawArea(t, rows, depth-1)
		switch w.IntN(4) {
		case 0:
			return drawn{a.name + " or " + b.name, Union(a.area, b.area), nil, func(r *Row) bool { return a.holds(r) || b.holds(r) }}
		case 1:
			return drawn{a.name + " and " + b.name, Intersection(a.area, b.area), nil, func(r *Row) bool { return a.holds(r) && b.holds(r) }}
		case 2:
			return drawn{a.name + " without " + b.name, Difference(a.area, b.area), nil, func(r *Row) bool { return a.holds(r) && !b.holds(r) }}
		default:
			return drawn{"all but " + a.name, Complement(a.area), nil, func(r *Row) bool { return !a.holds(r) }}
		}
	}
	switch w.IntN(5) {
	case 0:
		return w.circle(t, rows)
	case 1:
		return w.cellSet(t, rows)
	}
	for {
		if d, ok := w.polygon(t, rows, w.IntN(10)); ok {
			return d
		}
	}
}

var awkwardCentres = []orb.Point{{9.99, 53.55}, {179.9, -17}, {-179.95, 65}, {12, 89.9}, {-70, -89.95}, {0, 0}}

func TestAnswersEqualBruteForce(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, 40, 3_000, 12_000} {
		w := newWorld(uint64(size)+5, awkwardCentres...)
		rows := w.rows(size)
		x := loaded(t, rows)
		drawFrom := rows
		if size == 0 {
			drawFrom = w.rows(10)
		}
		for range rounds(200) {
			d := w.drawArea(t, drawFrom, 2)
			q := w.question()
			q.Area = d.area
			got, err := x.Ask(context.Background(), q)
			if err != nil {
				t.Fatalf("%s: %v", d.name, err)
			}
			want := bruteForce(rows, q, d.holds)
			want.Position = Position{1, 0}
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("%d places, %s: %s", size, d.name, diff)
			}
		}
	}
}

func TestAwkwardPolygonsHoldWhatRationalArithmeticSays(t *testing.T) {
	t.Parallel()
	w := newWorld(42, awkwardCentres...)
	rows := w.rows(1_500)
	x := loaded(t, rows)
	for k := range rounds(1_000) {
		d, ok := w.polygon(t, rows, k)
		if !ok {
			continue
		}
		got, _, err := x.Rows(context.Background(), Question{Area: d.area}, 0, len(rows))
		if err != nil {
			t.Fatal(err)
		}
		var want, have []int64
		for i := range rows {
			if d.holds(&rows[i]) {
				want = append(want, rows[i].ID)
			}
		}
		for _, r := range got {
			have = append(have, r.ID)
		}
		if diff := cmp.Diff(want, have); diff != "" {
			t.Fatalf("region %d, %s %v: %s", k, d.name, d.shape, diff)
		}
	}
}
