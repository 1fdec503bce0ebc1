package postgis

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/paulmach/orb"
	"github.com/twpayne/go-geom"
	pgxgeom "github.com/twpayne/pgx-geom"
)

// srid of every shape outside geo/basemap.
const srid = 4326

// register teaches a connection the types of PostGIS and of orb.
func register(ctx context.Context, conn *pgx.Conn) error {
	if err := pgxgeom.Register(ctx, conn); err != nil {
		return fmt.Errorf("learn the types of PostGIS (is the database migrated?): %w", err)
	}
	types := conn.TypeMap()
	for _, name := range []string{"geometry", "geography"} {
		element, ok := types.TypeForName(name)
		if !ok {
			return fmt.Errorf("type %s is not known", name)
		}
		var oid uint32
		if err := conn.QueryRow(ctx, "select typarray from pg_type where oid = $1", element.OID).Scan(&oid); err != nil {
			return fmt.Errorf("find the array type of %s: %w", name, err)
		}
		types.RegisterType(&pgtype.Type{Name: "_" + name, OID: oid, Codec: &pgtype.ArrayCodec{ElementType: element}})
	}
	types.TryWrapEncodePlanFuncs = append([]pgtype.TryWrapEncodePlanFunc{wrapEncode}, types.TryWrapEncodePlanFuncs...)
	types.TryWrapScanPlanFuncs = append([]pgtype.TryWrapScanPlanFunc{wrapScan}, types.TryWrapScanPlanFuncs...)
	return nil
}

// shapeValue lets an orb shape be an argument; it satisfies pgxgeom.GeomValuer.
type shapeValue struct{ shape orb.Geometry }

// GeomValue implements pgxgeom.GeomValuer.
func (v shapeValue) GeomValue() (geom.T, error) { return toGeom(v.shape) }

type encodePlan struct{ next pgtype.EncodePlan }

func (p *encodePlan) SetNext(next pgtype.EncodePlan) { p.next = next }

func (p *encodePlan) Encode(value any, buf []byte) ([]byte, error) {
	shape, ok := asShape(value)
	if !ok {
		return nil, fmt.Errorf("%T is no shape", value)
	}
	return p.next.Encode(shapeValue{shape}, buf)
}

func wrapEncode(value any) (pgtype.WrappedEncodePlanNextSetter, any, bool) {
	shape, ok := asShape(value)
	if !ok {
		return nil, nil, false
	}
	return &encodePlan{}, shapeValue{shape}, true
}

// asShape tells concrete orb values from everything else. Pointers are left to pgx, which follows them: they
// carry the methods of orb.Geometry too, and nil must become NULL.
func asShape(value any) (orb.Geometry, bool) {
	switch v := value.(type) {
	case orb.Point, orb.MultiPoint, orb.LineString, orb.MultiLineString, orb.Polygon, orb.MultiPolygon, orb.Collection:
		return v.(orb.Geometry), true
	case orb.Ring:
		return orb.Polygon{v}, true
	case orb.Bound:
		return v.ToPolygon(), true
	}
	return nil, false
}

// shapeTarget lets an orb shape be a scan target; it satisfies pgxgeom.GeomScanner.
type shapeTarget struct{ target any }

// ScanGeom implements pgxgeom.GeomScanner.
func (t shapeTarget) ScanGeom(v geom.T) error {
	shape, err := fromGeom(v)
	if err != nil {
		return err
	}
	if target, ok := t.target.(*orb.Geometry); ok {
		*target = shape
		return nil
	}
	switch target := t.target.(type) {
	case *orb.Point:
		return assign(target, shape)
	case *orb.MultiPoint:
		return assign(target, shape)
	case *orb.LineString:
		return assign(target, shape)
	case *orb.MultiLineString:
		return assign(target, shape)
	case *orb.Polygon:
		return assign(target, shape)
	case *orb.MultiPolygon:
		if p, ok := shape.(orb.Polygon); ok {
			shape = orb.MultiPolygon{p}
		}
		return assign(target, shape)
	case *orb.Collection:
		return assign(target, shape)
	case *orb.Ring:
		if p, ok := shape.(orb.Polygon); ok && len(p) == 1 {
			*target = p[0]
			return nil
		}
	case *orb.Bound:
		*target = shape.Bound()
		return nil
	}
	return fmt.Errorf("a %s does not fit %T", shape.GeoJSONType(), t.target)
}

func assign[T orb.Geometry](target *T, shape orb.Geometry) error {
	v, ok := shape.(T)
	if !ok {
		return fmt.Errorf("a %s does not fit %T", shape.GeoJSONType(), target)
	}
	*target = v
	return nil
}

type scanPlan struct{ next pgtype.ScanPlan }

func (p *scanPlan) SetNext(next pgtype.ScanPlan) { p.next = next }

func (p *scanPlan) Scan(src []byte, target any) error {
	if src == nil {
		return fmt.Errorf("NULL does not fit %T", target)
	}
	return p.next.Scan(src, shapeTarget{target})
}

func wrapScan(target any) (pgtype.WrappedScanPlanNextSetter, any, bool) {
	switch target.(type) {
	case *orb.Point, *orb.MultiPoint, *orb.LineString, *orb.MultiLineString, *orb.Polygon, *orb.MultiPolygon,
		*orb.Collection, *orb.Ring, *orb.Bound, *orb.Geometry:
		return &scanPlan{}, shapeTarget{target}, true
	}
	return nil, nil, false
}

func toGeom(shape orb.Geometry) (geom.T, error) {
	switch s := shape.(type) {
	case orb.Point:
		return geom.NewPointFlat(geom.XY, s[:]).SetSRID(srid), nil
	case orb.MultiPoint:
		return geom.NewMultiPointFlat(geom.XY, flat(s)).SetSRID(srid), nil
	case orb.LineString:
		return geom.NewLineStringFlat(geom.XY, flat(s)).SetSRID(srid), nil
	case orb.MultiLineString:
		out := geom.NewMultiLineString(geom.XY).SetSRID(srid)
		for _, line := range s {
			if err := out.Push(geom.NewLineStringFlat(geom.XY, flat(line))); err != nil {
				return nil, err
			}
		}
		return out, nil
	case orb.Polygon:
		return polygonToGeom(s).SetSRID(srid), nil
	case orb.MultiPolygon:
		out := geom.NewMultiPolygon(geom.XY).SetSRID(srid)
		for _, polygon := range s {
			if err := out.Push(polygonToGeom(polygon)); err != nil {
				return nil, err
			}
		}
		return out, nil
	case orb.Collection:
		out := geom.NewGeometryCollection().SetSRID(srid)
		for _, member := range s {
			g, err := toGeom(member)
			if err != nil {
				return nil, err
			}
			if err := out.Push(g); err != nil {
				return nil, err
			}
		}
		return out, nil
	case orb.Ring:
		return toGeom(orb.Polygon{s})
	case orb.Bound:
		return toGeom(s.ToPolygon())
	}
	return nil, fmt.Errorf("%T is no shape", shape)
}

func flat[P ~[]orb.Point](points P) []float64 {
	out := make([]float64, 0, 2*len(points))
	for _, p := range points {
		out = append(out, p[0], p[1])
	}
	return out
}

func polygonToGeom(polygon orb.Polygon) *geom.Polygon {
	var coords []float64
	var ends []int
	for _, ring := range polygon {
		coords = append(coords, flat(ring)...)
		ends = append(ends, len(coords))
	}
	return geom.NewPolygonFlat(geom.XY, coords, ends)
}

func fromGeom(v geom.T) (orb.Geometry, error) {
	if v.Layout() != geom.XY && v.Layout() != geom.NoLayout {
		return nil, fmt.Errorf("a shape with %d ordinates does not fit orb: read it with geo/track", v.Stride())
	}
	switch g := v.(type) {
	case *geom.Point:
		if g.Empty() {
			return nil, fmt.Errorf("an empty point does not fit orb")
		}
		return orb.Point{g.X(), g.Y()}, nil
	case *geom.MultiPoint:
		return orb.MultiPoint(points(g.FlatCoords())), nil
	case *geom.LineString:
		return orb.LineString(points(g.FlatCoords())), nil
	case *geom.MultiLineString:
		out := make(orb.MultiLineString, 0, g.NumLineStrings())
		for i := range g.NumLineStrings() {
			out = append(out, orb.LineString(points(g.LineString(i).FlatCoords())))
		}
		return out, nil
	case *geom.Polygon:
		return polygonFromGeom(g), nil
	case *geom.MultiPolygon:
		out := make(orb.MultiPolygon, 0, g.NumPolygons())
		for i := range g.NumPolygons() {
			out = append(out, polygonFromGeom(g.Polygon(i)))
		}
		return out, nil
	case *geom.GeometryCollection:
		out := make(orb.Collection, 0, g.NumGeoms())
		for _, member := range g.Geoms() {
			shape, err := fromGeom(member)
			if err != nil {
				return nil, err
			}
			out = append(out, shape)
		}
		return out, nil
	}
	return nil, fmt.Errorf("%T has no counterpart in orb", v)
}

func points(flat []float64) []orb.Point {
	out := make([]orb.Point, 0, len(flat)/2)
	for i := 0; i+1 < len(flat); i += 2 {
		out = append(out, orb.Point{flat[i], flat[i+1]})
	}
	return out
}

func polygonFromGeom(g *geom.Polygon) orb.Polygon {
	out := make(orb.Polygon, 0, g.NumLinearRings())
	for i := range g.NumLinearRings() {
		out = append(out, orb.Ring(points(g.LinearRing(i).FlatCoords())))
	}
	return out
}
