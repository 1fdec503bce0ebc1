package basemap

import (
	"fmt"
	"math"

	"github.com/paulmach/orb"
)

// A cell is a square of the map at zoom 18 (about 150 m at the equator), in which points of roads, land and houses are
// counted: the borders and rivers of the neighbours that stick out of an extract do not make it larger.
type cell struct{ x, y int32 }

const cellZoom = 18

// mostCells is how many cells are kept: beyond, they are doubled in size.
const mostCells = 300_000

// double joins each four cells to one.
func double(cells map[cell]int) map[cell]int {
	out := make(map[cell]int, len(cells)/2)
	for c, n := range cells {
		out[cell{c.x >> 1, c.y >> 1}] += n
	}
	return out
}

// side is the width of the cells that are kept, in map metres.
func (l *load) side() float64 { return 2 * halfWorld / float64(int(1)<<(cellZoom-l.doubled)) }

// cellAt takes map metres.
func cellAt(m orb.Point) cell {
	n := float64(int(1) << cellZoom)
	return cell{int32(math.Floor((m[0] + halfWorld) / (2 * halfWorld) * n)), int32(math.Floor((m[1] + halfWorld) / (2 * halfWorld) * n))}
}

// coverage finds what the extract covers and stores it. An extract of a country or a town is that country's or
// town's own area, widened a little; any other is the ground on which its roads and land lie, with gaps closed.
func (l *load) coverage() error {
	if err := l.ground(); err != nil {
		return err
	}
	if len(l.shores) == 0 {
		return nil
	}
	// Off the coast there is nothing to be missed. Widening and narrowing again takes in capes and islets on which
	// nothing stands.
	_, err := l.tx.Exec(l.ctx, fmt.Sprintf(`
		with sea as (
			select st_union(st_makevalid(st_simplify(geom, 20))) as geom
			from basemap.water_%[1]d
			where kind = 'sea'
		)
		update basemap.coverage_%[1]d c
		set geom = st_multi(st_collectionextract(st_transform(
			st_buffer(st_buffer(st_union(st_transform(c.geom, 3857), sea.geom), 500, 'quad_segs=2'), -500, 'quad_segs=2'), 4326), 3))
		from sea
		where sea.geom is not null`, l.generation))
	if err != nil {
		return fmt.Errorf("add the sea to what the extract covers: %w", err)
	}
	return nil
}

// ground stores what the extract covers on land.
func (l *load) ground() error {
	cells, side := l.coarse(6000)
	if len(cells) == 0 {
		return nil
	}
	if own := l.ownDistrict(cells, side); own != nil {
		t := &table{name: fmt.Sprintf("coverage_%d", l.generation), columns: "generation, geom", fields: 2}
		degrees := make(orb.MultiPolygon, len(own))
		for i, polygon := range own {
			degrees[i] = make(orb.Polygon, len(polygon))
			for j, ring := range polygon {
				degrees[i][j] = make(orb.Ring, len(ring))
				for k, p := range ring {
					degrees[i][j][k] = degree(p)
				}
			}
		}
		t.row()
		t.int64(l.generation)
		t.shape(degrees, 4326)
		if err := t.send(l.ctx, l.tx); err != nil {
			return err
		}
		_, err := l.tx.Exec(l.ctx, fmt.Sprintf(`
			update basemap.coverage_%d
			set geom = st_multi(st_simplifypreservetopology(st_buffer(st_makevalid(geom)::geography, 80)::geometry, 0.0001))`, l.generation))
		if err != nil {
			return fmt.Errorf("store what the extract covers: %w", err)
		}
		return nil
	}
	var west, south []float64
	for c := range cells {
		west, south = append(west, float64(c.x)*side-halfWorld), append(south, float64(c.y)*side-halfWorld)
	}
	// Widening and narrowing again closes gaps and bays up to a tenth of the whole; the smoothing takes the stairs
	// away. Crumbs below a hundredth of the whole are stray roads.
	reach := max(3*side, 0.05*math.Sqrt(float64(len(cells)))*side)
	_, err := l.tx.Exec(l.ctx, fmt.Sprintf(`
		with ground as (
			select st_buffer(st_buffer(st_union(st_makeenvelope(x, y, x + $4, y + $4, 3857)), $5, 'quad_segs=4'), 0.3 * $4 - $5, 'quad_segs=4') as geom
			from unnest($2::float8[], $3::float8[]) as c(x, y)
		), parts as (
			select st_makepolygon(st_exteriorring((st_dump(geom)).geom)) as geom
			from ground
		)
		insert into basemap.coverage_%d (generation, geom)
		select $1, st_multi(st_union(st_transform(st_makevalid(st_chaikinsmoothing(st_simplifypreservetopology(geom, $4 / 2), 2)), 4326)))
		from parts
		where st_area(geom) > 0.01 * (select sum(st_area(geom)) from parts)`, l.generation),
		l.generation, west, south, side, reach)
	if err != nil {
		return fmt.Errorf("store what the extract covers: %w", err)
	}
	return nil
}

// ownDistrict returns the smallest administrative area in which most of the extract lies, or nil. An extract cut
// along a border still holds the roads that cross it, whole, and the river banks across.
func (l *load) ownDistrict(cells map[cell]int, side float64) orb.MultiPolygon {
	all := 0
	for _, n := range cells {
		all += n
	}
	var best orb.MultiPolygon
	least := math.Inf(1)
	for _, shape := range l.districts {
		size := areaOf(shape)
		if size >= least {
			continue
		}
		bound, in := shape.Bound(), 0
		for c, n := range cells {
			middle := orb.Point{(float64(c.x)+0.5)*side - halfWorld, (float64(c.y)+0.5)*side - halfWorld}
			if bound.Contains(middle) && inside(shape, middle) {
				in += n
			}
		}
		if float64(in) >= 0.85*float64(all) {
			best, least = shape, size
		}
	}
	return best
}

// coarse returns the cells that hold something, doubled in size until there are at most so many, and their side in
// map metres.
func (l *load) coarse(most int) (map[cell]int, float64) {
	held, side := l.cells, l.side()
	for len(held) > most {
		held, side = double(held), 2*side
	}
	return held, side
}

// degree is the inverse of mercator.
func degree(p orb.Point) orb.Point {
	return orb.Point{
		p[0] / halfWorld * 180,
		math.Atan(math.Exp(p[1]/halfWorld*math.Pi))*360/math.Pi - 90,
	}
}
