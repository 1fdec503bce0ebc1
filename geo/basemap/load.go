package basemap

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"catchment/geo/osm"
)

// Loader fills the map's tables for one generation of an extract. The zero value is ready.
type Loader struct{}

// Name is what progress and errors call this loader.
func (Loader) Name() string { return "map" }

// Drop removes a generation's tables, whether its load ended or not.
func (Loader) Drop(ctx context.Context, tx pgx.Tx, generation int64) error {
	if _, err := tx.Exec(ctx, "select basemap.drop_generation($1)", generation); err != nil {
		return fmt.Errorf("drop map generation %d: %w", generation, err)
	}
	return nil
}

// Load reads the extract twice (relations, then nodes and ways) and fills the tables of the generation inside tx.
// Rows leave in lots; what stays in memory are node places, the lines of roads and rivers, and the ways that
// relations need.
func (Loader) Load(ctx context.Context, tx pgx.Tx, generation int64, src *osm.Source, progress func(done, total int64)) error {
	if progress == nil {
		progress = func(int64, int64) {}
	}
	if _, err := tx.Exec(ctx, "select basemap.open_generation($1)", generation); err != nil {
		return fmt.Errorf("open map generation %d: %w", generation, err)
	}
	l := newLoad(ctx, tx, generation)
	// A tenth of the time goes to relations, six tenths to nodes and ways, the rest to joining and indexing.
	step := func(from, to int64) func(done, total int64) {
		return func(done, total int64) { progress(from+(to-from)*done/max(total, 1), 100) }
	}
	if err := src.Scan(ctx, osm.Handler{Relation: l.relation, Progress: step(0, 10)}); err != nil {
		return fmt.Errorf("read relations: %w", err)
	}
	if !src.Header().Sorted {
		places, err := src.Locations(ctx, nil)
		if err != nil {
			return fmt.Errorf("read nodes: %w", err)
		}
		l.places, l.placed = places, true
	}
	if err := src.Scan(ctx, osm.Handler{Node: l.node, Way: l.way, Progress: step(10, 70)}); err != nil {
		return fmt.Errorf("read nodes and ways: %w", err)
	}
	l.places = nil // the lines are made: let the largest table go
	if err := l.finish(); err != nil {
		return err
	}
	progress(85, 100)
	if err := l.coverage(); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "select basemap.seal_generation($1)", generation); err != nil {
		return fmt.Errorf("index map generation %d: %w", generation, err)
	}
	progress(100, 100)
	return nil
}

// The details at which areas and roads are kept: as drawn, and thinned copies named for the highest zoom they are
// shown at.
const (
	full = iota
	to12
	to10
	to8
	details
)

// topZoom is the highest zoom a thinned copy is shown at.
var topZoom = [details]int{to12: 12, to10: 10, to8: 8}

var suffix = [details]string{"", "_z12", "_z10", "_z8"}

// detailAt tells which detail a zoom is cut from.
func detailAt(zoom int) int {
	for d := details - 1; d > full; d-- {
		if zoom <= topZoom[d] {
			return d
		}
	}
	return full
}

type load struct {
	ctx        context.Context
	tx         pgx.Tx
	generation int64

	land, water, road            [details]*table
	waterway, building, street   *table
	boundary, place, poi, number *table
	tables                       []*table
	places                       *osm.Locations
	placed                       bool // places came from a scan of their own
	areas                        []areaRelation
	needed                       map[int64]struct{} // ways that relations need
	members                      map[int64]orb.LineString
	asArea                       map[int64]bool // ways whose relation draws them already
	roads                        map[roadKey][]orb.LineString
	streets                      map[streetKey][]orb.LineString
	streetNames                  map[string]map[string]string
	rivers                       map[riverKey][]orb.LineString
	shores                       []orb.LineString // coastlines, land on the left
	cells                        map[cell]int
	doubled                      uint               // how often the cells were doubled in size
	districts                    []orb.MultiPolygon // closed administrative areas, in map metres
}

type areaRelation struct {
	tags    osm.Tags
	ways    []int64
	level   int16 // admin_level of a boundary, 0 for other areas
	missing bool
}

type roadKey struct {
	roadKind
	layer                           int16
	bridge, tunnel, oneway, private bool
}

type streetKey struct {
	class     string
	minzoom   int16
	name, ref string
}

type riverKey struct {
	kind    string
	minzoom int16
	tunnel  bool
	name    string
}

func newLoad(ctx context.Context, tx pgx.Tx, generation int64) *load {
	l := &load{
		ctx: ctx, tx: tx, generation: generation,
		places: &osm.Locations{}, needed: map[int64]struct{}{}, members: map[int64]orb.LineString{},
		roads: map[roadKey][]orb.LineString{}, streets: map[streetKey][]orb.LineString{}, rivers: map[riverKey][]orb.LineString{},
		streetNames: map[string]map[string]string{}, cells: map[cell]int{},
	}
	open := func(parent, columns string, fields int16) *table {
		t := &table{name: fmt.Sprintf("%s_%d", parent, generation), columns: columns, fields: fields}
		l.tables = append(l.tables, t)
		return t
	}
	for d := range details {
		l.land[d] = open("land"+suffix[d], "generation, kind, rank, area, geom", 5)
		l.water[d] = open("water"+suffix[d], "generation, kind, intermittent, area, geom", 5)
		l.road[d] = open("road"+suffix[d], "generation, class, kind, minzoom, layer, bridge, tunnel, ramp, oneway, private, geom", 11)
	}
	l.waterway = open("waterway", "generation, kind, minzoom, tunnel, name, names, geom", 7)
	l.building = open("building", "generation, kind, area, geom", 4)
	l.street = open("street", "generation, class, minzoom, name, names, ref, geom", 7)
	l.boundary = open("boundary", "generation, level, minzoom, geom", 4)
	l.place = open("place", "generation, kind, rank, minzoom, capital, name, names, geom", 8)
	l.poi = open("poi", "generation, kind, class, rank, minzoom, name, names, elevation, geom", 9)
	l.number = open("number", "generation, number, geom", 3)
	return l
}

// room sends every table that has gathered a lot.
func (l *load) room(tables ...*table) error {
	for _, t := range tables {
		if len(t.buf) >= lot {
			if err := t.send(l.ctx, l.tx); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *load) relation(r osm.Relation) error {
	var a areaRelation
	switch r.Tags.Get("type") {
	case "multipolygon":
		if landKind(r.Tags) == "" && waterKind(r.Tags) == "" && buildingKind(r.Tags) == "" {
			return nil
		}
	case "boundary":
		if r.Tags.Get("boundary") != "administrative" {
			return nil
		}
		switch level := r.Tags.Get("admin_level"); level {
		case "2", "3", "4", "5", "6", "7", "8":
			a.level = int16(level[0] - '0')
		default:
			return nil
		}
	default:
		return nil
	}
	a.tags = r.Tags
	for _, m := range r.Members {
		if m.Kind != osm.WayMember || a.level > 0 && m.Role != "outer" && m.Role != "inner" && m.Role != "" {
			continue
		}
		a.ways = append(a.ways, m.Ref)
		l.needed[m.Ref] = struct{}{}
	}
	l.areas = append(l.areas, a)
	return nil
}

func (l *load) node(n osm.Node) error {
	if !l.placed {
		l.places.Add(n.ID, n.At)
	}
	if len(n.Tags) == 0 {
		return nil
	}
	at := mercator(n.At)
	l.settlement(n.Tags, at)
	l.mark(n.Tags, at)
	l.houseNumber(n.Tags, at)
	return l.room(l.place, l.poi, l.number)
}

func (l *load) way(w osm.Way) error {
	if !l.placed {
		l.places.Sort()
		l.placed = true
	}
	_, needed := l.needed[w.ID]
	if len(w.Tags) == 0 && !needed {
		return nil
	}
	points, missing := l.places.Line(w.Nodes)
	if len(points) < 2 {
		return nil
	}
	line := mercatorLine(points)
	if needed && missing == 0 {
		l.members[w.ID] = line
	}
	if len(w.Tags) == 0 {
		return nil
	}
	l.lineOf(w.Tags, line)
	if w.Closed() && missing == 0 && len(line) >= 4 {
		return l.area(w.Tags, orb.MultiPolygon{{orb.Ring(line)}}, true)
	}
	return nil
}

// lineOf gathers roads, rails and rivers, to be joined when all are known.
func (l *load) lineOf(tags osm.Tags, line orb.LineString) {
	if kind, minzoom := waterwayKind(tags); kind != "" && tags.Get("area") != "yes" {
		name, names := namesOf(tags)
		if len(names) > 0 {
			l.streetNames[name] = names
		}
		key := riverKey{kind, minzoom, yes(tags.Get("tunnel")), name}
		l.rivers[key] = append(l.rivers[key], line)
		return
	}
	if tags.Get("natural") == "coastline" {
		l.shores = append(l.shores, line)
		return
	}
	kind, ok := roadOf(tags)
	if !ok {
		return
	}
	name, names := namesOf(tags)
	if len(names) > 0 {
		l.streetNames[name] = names
	}
	if kind.class != "rail" && kind.kind != "minor_service" {
		if name != "" {
			key := streetKey{class: kind.class, minzoom: roadClasses[kind.class].name, name: name}
			l.streets[key] = append(l.streets[key], line)
		}
		// Where two roads run together, the first number is the more important one.
		if ref, _, _ := strings.Cut(tags.Get("ref"), ";"); ref != "" && len(ref) <= 12 && !kind.ramp {
			switch kind.class {
			case "motorway", "trunk", "primary", "secondary":
				key := streetKey{class: kind.class, minzoom: max(roadClasses[kind.class].line+1, 8), ref: ref}
				l.streets[key] = append(l.streets[key], line)
			}
		}
	}
	l.cover(line)
	key := roadKey{roadKind: kind, layer: layerOf(tags), bridge: yes(tags.Get("bridge")),
		tunnel: yes(tags.Get("tunnel")) && tags.Get("tunnel") != "building_passage"}
	if a := tags.Get("access"); a == "private" || a == "no" {
		key.private = true
	}
	switch kind.class {
	case "path", "track", "rail", "aerialway", "runway", "pier", "ferry":
		key.private = false
	default:
		if d := direction(tags, kind.class); d != 0 {
			key.oneway = true
			if d < 0 {
				line = reversed(line)
			}
		}
	}
	l.roads[key] = append(l.roads[key], line)
}

// cover notes that the extract holds something along the line.
func (l *load) cover(line []orb.Point) {
	for _, p := range line {
		c := cellAt(p)
		l.cells[cell{c.x >> l.doubled, c.y >> l.doubled}]++
	}
	if len(l.cells) > mostCells {
		l.cells, l.doubled = double(l.cells), l.doubled+1
	}
}

// area writes what an area is: land, water, a building, and what is marked or named at its middle. A closed way may
// as well be a line that ends where it began; landKind and its siblings only say yes to keys that mean areas.
func (l *load) area(tags osm.Tags, shape orb.MultiPolygon, single bool) error {
	if len(tags) == 0 {
		return nil
	}
	size := -1.0
	measure := func() float64 {
		if size < 0 {
			size = areaOf(shape)
		}
		return size
	}
	name := tags.Get("name")
	named := func(kind, class string, rank int16) {
		if name == "" {
			return
		}
		zoom := zoomFor(measure())
		if zoom > 16 {
			return
		}
		_, names := namesOf(tags)
		l.writePOI(kind, class, rank, zoom, name, names, 0, false, labelPoint(shape))
	}
	building := buildingKind(tags)
	if building != "" && tags.Get("area") != "no" {
		t := l.building
		t.row()
		t.int64(l.generation)
		t.text(building)
		t.float32(measure())
		t.shape(geometry(shape, single), 3857)
	} else if kind := waterKind(tags); kind != "" {
		intermittent := yes(tags.Get("intermittent"))
		l.thinned(shape, measure(), single, func(d int, g orb.Geometry) {
			t := l.water[d]
			t.row()
			t.int64(l.generation)
			t.text(kind)
			t.bool(intermittent)
			t.float32(measure())
			t.shape(g, 3857)
		})
		if kind == "lake" || kind == "basin" {
			named("water", "water", 4)
		}
	} else if kind := landKind(tags); kind != "" && tags.Get("area") != "no" {
		for _, polygon := range shape {
			l.cover(polygon[0])
		}
		l.thinned(shape, measure(), single, func(d int, g orb.Geometry) {
			t := l.land[d]
			t.row()
			t.int64(l.generation)
			t.text(kind)
			t.int16(landRanks[kind])
			t.float32(measure())
			t.shape(g, 3857)
		})
		switch kind {
		case "park", "wood", "wetland", "glacier":
			if _, marked := signOf(tags); !marked {
				named("area", "area", 7)
			}
		}
	}
	if tags.Get("place") != "" {
		l.settlement(tags, labelPoint(shape))
	}
	if _, marked := signOf(tags); marked || tags.Get("addr:housenumber") != "" {
		at := labelPoint(shape)
		l.mark(tags, at)
		l.houseNumber(tags, at)
	}
	return l.room(l.building, l.number, l.poi, l.place, l.land[full], l.water[full])
}

// zoomFor is the first zoom at which an area of that size has room for its name.
func zoomFor(area float64) int16 {
	const side = 90 // pixels
	zoom := math.Ceil(math.Log2(pixel(0) * side / math.Sqrt(max(area, 1))))
	return int16(max(8, min(zoom, 20)))
}

// thinned calls write for the full shape and for each thinned copy in which the area can be seen.
func (l *load) thinned(shape orb.MultiPolygon, size float64, single bool, write func(detail int, g orb.Geometry)) {
	write(full, geometry(shape, single))
	for d := to12; d < details; d++ {
		side := pixel(topZoom[d])
		least := 4 * side * side
		if size < least {
			return
		}
		if thin := thinArea(shape, 0.6*side, least); len(thin) > 0 {
			write(d, geometry(thin, len(thin) == 1))
		}
	}
}

func geometry(shape orb.MultiPolygon, single bool) orb.Geometry {
	if single {
		return shape[0]
	}
	return shape
}

func (l *load) settlement(tags osm.Tags, at orb.Point) {
	kind, rank, minzoom, ok := placeOf(tags)
	if !ok {
		return
	}
	name, names := namesOf(tags)
	t := l.place
	t.row()
	t.int64(l.generation)
	t.text(kind)
	t.int16(rank)
	t.int16(minzoom)
	switch capital := tags.Get("capital"); capital {
	case "yes", "2":
		t.int16(2)
	case "3", "4", "5", "6":
		t.int16(int16(capital[0] - '0'))
	default:
		t.null()
	}
	t.text(name)
	t.object(names)
	t.shape(at, 3857)
}

func (l *load) mark(tags osm.Tags, at orb.Point) {
	s, ok := signOf(tags)
	if !ok {
		return
	}
	name, names := namesOf(tags)
	height, high := int32(0), false
	if s.class == "peak" {
		height, high = elevation(tags)
	}
	l.writePOI(s.icon, s.class, s.rank, s.zoom, name, names, height, high, at)
}

func (l *load) writePOI(kind, class string, rank, minzoom int16, name string, names map[string]string, height int32, high bool, at orb.Point) {
	t := l.poi
	t.row()
	t.int64(l.generation)
	t.text(kind)
	t.text(class)
	t.int16(rank)
	t.int16(minzoom)
	t.textOrNull(name)
	t.object(names)
	if high {
		t.int32(height)
	} else {
		t.null()
	}
	t.shape(at, 3857)
}

func (l *load) houseNumber(tags osm.Tags, at orb.Point) {
	number := tags.Get("addr:housenumber")
	if number == "" || len(number) > 16 {
		return
	}
	t := l.number
	t.row()
	t.int64(l.generation)
	t.text(number)
	t.shape(at, 3857)
}
