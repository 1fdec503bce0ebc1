package basemap

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"
)

// Each layer's rows, for zooms from which the layer exists. In the text, {detail} stands for the ending of the
// table with the zoom's detail, {shape} for the area as it is seen at the zoom, {least} for the least area in square pixels; $1 is the zoom, $2 the generations, $3 the side of a pixel in map metres. The features come
// in drawing order.
var layers = []struct {
	name   string
	from   int
	fields map[string]string
	rows   string
}{
	{"land", 0, map[string]string{"kind": "land cover"}, `
		select kind, st_asmvtgeom({shape}, (select box from tile), 4096, 128, true) as geom
		from basemap.land{detail}
		where generation = any($2) and geom && (select near from tile) and area > {least} * $3 * $3
		order by rank, area desc`},
	{"water", 0, map[string]string{"kind": "sea, lake, river, basin or pool", "intermittent": "not always there"}, `
		select kind, nullif(intermittent, false) as intermittent, st_asmvtgeom(geom, (select box from tile), 4096, 128, true) as geom
		from basemap.water{detail}
		where generation = any($2) and geom && (select near from tile) and area > {least} * $3 * $3`},
	{"waterway", 8, map[string]string{"kind": "river, canal, stream or ditch", "tunnel": "below ground", "name": "local name"}, `
		select kind, nullif(tunnel, false) as tunnel, name, names,
			st_asmvtgeom(case when $1 < 14 then st_simplify(st_collect(geom), $3 / 2) else st_collect(geom) end, (select box from tile), 4096, 128, true) as geom
		from basemap.waterway
		where generation = any($2) and geom && (select near from tile) and minzoom <= $1
		group by kind, tunnel, name, names`},
	{"building", 13, map[string]string{"kind": "building, public or light"}, `
		select kind, st_asmvtgeom(geom, (select box from tile), 4096, 64, true) as geom
		from basemap.building
		where generation = any($2) and geom && (select near from tile) and area > 4 * $3 * $3`},
	{"road", 0, map[string]string{"class": "motorway to path, rail, aerialway, runway, pier, ferry", "kind": "what within the class", "layer": "above (1…) or below (-1…) ground",
		"bridge": "on a bridge", "tunnel": "in a tunnel", "ramp": "joins two roads", "oneway": "in the direction of the line", "private": "not open to all"}, `
		select class, kind, nullif(layer, 0) as layer, nullif(bridge, false) as bridge, nullif(tunnel, false) as tunnel,
			nullif(ramp, false) as ramp, nullif(oneway, false) as oneway, nullif(private, false) as private,
			st_asmvtgeom(st_collect(geom), (select box from tile), 4096, 128, true) as geom
		from basemap.road{detail}
		where generation = any($2) and geom && (select near from tile) and minzoom <= $1
		group by class, kind, layer, bridge, tunnel, ramp, oneway, private
		order by layer`},
	{"street", 8, map[string]string{"class": "class of road", "name": "local name", "ref": "road number"}, `
		select class, name, names, ref, st_asmvtgeom(case when $1 < 14 then st_simplify(geom, $3 / 2) else geom end, (select box from tile), 4096, 64, true) as geom
		from basemap.street
		where generation = any($2) and geom && (select near from tile) and minzoom <= $1 and st_length(geom) > 24 * $3`},
	{"boundary", 0, map[string]string{"level": "2 country to 8 municipality"}, `
		select level, st_asmvtgeom(case when $1 < 14 then st_simplify(st_collect(geom), $3 / 2) else st_collect(geom) end, (select box from tile), 4096, 64, true) as geom
		from basemap.boundary
		where generation = any($2) and geom && (select near from tile) and minzoom <= $1
		group by level`},
	{"place", 0, map[string]string{"kind": "city to hamlet", "rank": "1 is the most important", "capital": "admin_level of which it is capital", "name": "local name"}, `
		select kind, rank, capital, name, names, st_asmvtgeom(geom, (select box from tile), 4096, 256, true) as geom
		from basemap.place
		where generation = any($2) and geom && (select near from tile) and minzoom <= $1
		order by rank, name`},
	{"poi", 8, map[string]string{"kind": "sign", "class": "family", "rank": "1 is the most important", "minzoom": "first zoom", "name": "local name", "elevation": "metres"}, `
		select kind, class, rank, greatest(minzoom, $1) as minzoom, name, names, elevation, st_asmvtgeom(geom, (select box from tile), 4096, 64, true) as geom
		from basemap.poi
		where generation = any($2) and geom && (select near from tile) and minzoom <= case when $1 = {maxzoom} then 24 else $1 end
		order by rank, elevation desc nulls last, name`},
	{"number", 15, map[string]string{"number": "house number"}, `
		select number, st_asmvtgeom(geom, (select box from tile), 4096, 0, true) as geom
		from basemap.number
		where generation = any($2) and geom && (select near from tile)`},
}

// statements holds the one statement that makes a whole tile, by zoom.
var statements = func() [MaxZoom + 1]string {
	var all [MaxZoom + 1]string
	for zoom := range all {
		detail := suffix[detailAt(zoom)]
		least := "3" // square pixels of the smallest area shown
		if zoom < 13 {
			least = "16"
		}
		shape := "geom"
		if d := detailAt(zoom); d != full && zoom < topZoom[d] { // the copy is thinned for a nearer zoom
			shape = "st_simplify(geom, $3 / 2)"
		}
		var parts []string
		for _, layer := range layers {
			if zoom < layer.from {
				continue
			}
			// "offset 0" keeps the planner from cutting each shape twice, once to see whether anything is left of it.
			rows := strings.NewReplacer("{shape}", shape, "{detail}", detail, "{least}", least, "{maxzoom}", fmt.Sprint(MaxZoom)).Replace(layer.rows)
			parts = append(parts, fmt.Sprintf(`coalesce((select st_asmvt(f, '%s', 4096, 'geom') from (%s offset 0) f where geom is not null), '')`, layer.name, rows))
		}
		all[zoom] = `
		with tile as materialized (
			select st_tileenvelope($1, $4, $5)::box2d as box, st_tileenvelope($1, $4, $5, margin => 0.0625) as near
		)
		select ` + strings.Join(parts, "\n|| ")
	}
	return all
}()

// Tile returns the vector tile (Mapbox Vector Tile 2, not compressed) at an address of the XYZ pyramid; empty where
// there is nothing. The error is an OutOfRange when there can be no such tile.
func (m *Map) Tile(ctx context.Context, z, x, y int) ([]byte, error) {
	at, err := tileAt(z, x, y)
	if err != nil {
		return nil, err
	}
	generations, err := m.InForce(ctx)
	if err != nil {
		return nil, fmt.Errorf("tell the map's generations: %w", err)
	}
	if z < MinZoom || len(generations) == 0 {
		return nil, nil
	}
	var tile []byte
	err = m.DB.QueryRow(ctx, statements[z], z, generations, pixel(z), int32(at.X), int32(at.Y)).Scan(&tile)
	if err != nil {
		return nil, fmt.Errorf("cut map tile %d/%d/%d: %w", z, x, y, err)
	}
	return tile, nil
}

// version names the drawing of tiles: it changes with the statements, hence with what a tile holds.
var version = func() string {
	sum := sha256.Sum256([]byte(strings.Join(statements[:], "")))
	return hex.EncodeToString(sum[:4])
}()

// ETag returns the entity tag, quotes included, of all tiles and of the outside: it stands for the generations in
// force and the way tiles are cut, so a browser's question is answered without cutting anything.
func (m *Map) ETag(ctx context.Context) (string, error) {
	generations, err := m.InForce(ctx)
	if err != nil {
		return "", fmt.Errorf("tell the map's generations: %w", err)
	}
	return fmt.Sprintf(`"%s-%s"`, version, strings.Trim(strings.ReplaceAll(fmt.Sprint(generations), " ", "-"), "[]")), nil
}

// Bounds returns what the extracts in force cover; false when none is.
func (m *Map) Bounds(ctx context.Context) (orb.Bound, bool, error) {
	generations, err := m.InForce(ctx)
	if err != nil {
		return orb.Bound{}, false, fmt.Errorf("tell the map's generations: %w", err)
	}
	var west, south, east, north *float64
	err = m.DB.QueryRow(ctx, `
		select st_xmin(box), st_ymin(box), st_xmax(box), st_ymax(box)
		from (select st_extent(geom) as box from basemap.coverage where generation = any($1)) c`, generations).
		Scan(&west, &south, &east, &north)
	if err != nil {
		return orb.Bound{}, false, fmt.Errorf("tell the map's bounds: %w", err)
	}
	if west == nil {
		return orb.Bound{}, false, nil
	}
	return orb.Bound{Min: orb.Point{*west, *south}, Max: orb.Point{*east, *north}}, true, nil
}

// TileJSON describes the tiles (TileJSON 3.0.0). tiles is their absolute address with {z}, {x} and {y}.
func (m *Map) TileJSON(ctx context.Context, tiles string) ([]byte, error) {
	type vectorLayer struct {
		ID      string            `json:"id"`
		Fields  map[string]string `json:"fields"`
		MinZoom int               `json:"minzoom"`
		MaxZoom int               `json:"maxzoom"`
	}
	credit, err := m.credit(ctx)
	if err != nil {
		return nil, err
	}
	answer := struct {
		TileJSON     string        `json:"tilejson"`
		Name         string        `json:"name"`
		Tiles        []string      `json:"tiles"`
		Scheme       string        `json:"scheme"`
		MinZoom      int           `json:"minzoom"`
		MaxZoom      int           `json:"maxzoom"`
		Bounds       [4]float64    `json:"bounds"`
		Center       []float64     `json:"center,omitempty"`
		Attribution  string        `json:"attribution,omitempty"`
		VectorLayers []vectorLayer `json:"vector_layers"`
	}{
		TileJSON: "3.0.0", Name: "Catchment base map", Tiles: []string{tiles}, Scheme: "xyz", MinZoom: MinZoom, MaxZoom: MaxZoom,
		Bounds: [4]float64{-180, -85.0511, 180, 85.0511}, Attribution: credit,
	}
	bound, ok, err := m.Bounds(ctx)
	if err != nil {
		return nil, err
	}
	if ok {
		// A little wider, so that the rim's tiles are asked for.
		answer.Bounds = bounds(bound.Pad(0.02))
		answer.Center = []float64{bound.Center()[0], bound.Center()[1], 11}
	}
	for _, layer := range layers {
		answer.VectorLayers = append(answer.VectorLayers, vectorLayer{layer.name, layer.fields, max(layer.from, MinZoom), MaxZoom})
	}
	return json.Marshal(answer)
}

// Outside returns GeoJSON of the land that no extract in force covers: one polygon, the world with holes
// (part "outside"), and the holes' rims as lines (part "rim"), over which the style lets the map fade.
func (m *Map) Outside(ctx context.Context) ([]byte, error) {
	generations, err := m.InForce(ctx)
	if err != nil {
		return nil, fmt.Errorf("tell the map's generations: %w", err)
	}
	var outside, rim []byte
	err = m.DB.QueryRow(ctx, `
		with covered as (
			select st_union(geom) as geom
			from basemap.coverage
			where generation = any($1)
		)
		select
			st_asgeojson(st_difference(st_makeenvelope(-180, -85, 180, 85, 4326), coalesce(geom, 'srid=4326;polygon empty'::geometry)), 5),
			st_asgeojson(st_boundary(geom), 5)
		from covered`, generations).Scan(&outside, &rim)
	if err != nil {
		return nil, fmt.Errorf("tell what the map does not cover: %w", err)
	}
	collection := geojson.NewFeatureCollection()
	for _, part := range []struct {
		name  string
		shape []byte
	}{{"outside", outside}, {"rim", rim}} {
		if part.shape == nil {
			continue
		}
		shape, err := geojson.UnmarshalGeometry(part.shape)
		if err != nil {
			return nil, fmt.Errorf("read the %s: %w", part.name, err)
		}
		feature := geojson.NewFeature(shape.Geometry())
		feature.Properties["part"] = part.name
		collection.Append(feature)
	}
	return collection.MarshalJSON()
}
