package basemap

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/maptile"

	"catchment/geo/osm"
	"catchment/geo/postgis"
)

// village is a few hundred metres around 10 E 49 N: two joined pieces of a street and a one-way lane against its
// nodes, a house, a wood with a clearing, a river under a bridge, a closed municipality and half of a neighbour's border.
func village(t postgis.TB) *osm.Source {
	var b bytes.Buffer
	w := osm.NewWriter(&b, osm.Header{Program: "test"})
	must := func(err error) {
		if err != nil {
			t.Fatalf("write the village: %v", err)
		}
	}
	at := func(x, y float64) orb.Point { return orb.Point{10 + x/1e4, 49 + y/1e4} }
	tags := func(kv ...string) osm.Tags {
		var out osm.Tags
		for i := 0; i < len(kv); i += 2 {
			out = append(out, osm.Tag{Key: kv[i], Value: kv[i+1]})
		}
		return out
	}
	points := []orb.Point{
		at(-30, 0), at(0, 0), at(30, 0), // 1-3 the street
		at(0, 40),                              // 4 end of the lane
		at(5, 5), at(7, 5), at(7, 7), at(5, 7), // 5-8 house
		at(-20, 10), at(-10, 10), at(-10, 20), at(-20, 20), // 9-12 wood
		at(-17, 13), at(-13, 13), at(-13, 17), at(-17, 17), // 13-16 clearing
		at(10, -30), at(10, 30), // 17-18 river
		at(-50, -50), at(50, -50), at(50, 50), at(-50, 50), // 19-22 municipality
		at(80, 50), at(80, -50), // 23-24 neighbour
	}
	for i, p := range points {
		must(w.Node(osm.Node{ID: int64(i + 1), At: p}))
	}
	must(w.Node(osm.Node{ID: 100, At: at(0, 10), Tags: tags("place", "village", "name", "Oberau", "name:fr", "Aurigny", "population", "900")}))
	must(w.Node(osm.Node{ID: 101, At: at(6, 8), Tags: tags("shop", "supermarket", "name", "Kaufladen")}))
	must(w.Way(osm.Way{ID: 1, Nodes: []int64{1, 2}, Tags: tags("highway", "residential", "name", "Dorfstraße")}))
	must(w.Way(osm.Way{ID: 2, Nodes: []int64{2, 3}, Tags: tags("highway", "residential", "name", "Dorfstraße", "bridge", "yes", "layer", "1")}))
	must(w.Way(osm.Way{ID: 3, Nodes: []int64{2, 4}, Tags: tags("highway", "service", "oneway", "-1")}))
	must(w.Way(osm.Way{ID: 4, Nodes: []int64{5, 6, 7, 8, 5}, Tags: tags("building", "house", "addr:housenumber", "7a")}))
	must(w.Way(osm.Way{ID: 5, Nodes: []int64{9, 10, 11, 12, 9}}))
	must(w.Way(osm.Way{ID: 6, Nodes: []int64{13, 14, 15, 16, 13}}))
	must(w.Way(osm.Way{ID: 7, Nodes: []int64{17, 18}, Tags: tags("waterway", "river", "name", "Aue")}))
	must(w.Way(osm.Way{ID: 8, Nodes: []int64{19, 20}}))
	must(w.Way(osm.Way{ID: 9, Nodes: []int64{20, 21}}))
	must(w.Way(osm.Way{ID: 10, Nodes: []int64{21, 22, 19}}))
	must(w.Way(osm.Way{ID: 11, Nodes: []int64{21, 23, 24}}))
	must(w.Relation(osm.Relation{ID: 1, Tags: tags("type", "multipolygon", "natural", "wood"), Members: []osm.Member{
		{Kind: osm.WayMember, Ref: 5, Role: "outer"}, {Kind: osm.WayMember, Ref: 6, Role: "inner"}}}))
	must(w.Relation(osm.Relation{ID: 2, Tags: tags("type", "boundary", "boundary", "administrative", "admin_level", "8"), Members: []osm.Member{
		{Kind: osm.WayMember, Ref: 8, Role: "outer"}, {Kind: osm.WayMember, Ref: 9, Role: "outer"}, {Kind: osm.WayMember, Ref: 10, Role: "outer"}}}))
	must(w.Relation(osm.Relation{ID: 3, Tags: tags("type", "boundary", "boundary", "administrative", "admin_level", "8"), Members: []osm.Member{
		{Kind: osm.WayMember, Ref: 9, Role: "outer"}, {Kind: osm.WayMember, Ref: 11, Role: "outer"}, {Kind: osm.WayMember, Ref: 999, Role: "outer"}}}))
	must(w.Close())
	src, err := osm.FromBytes("village", b.Bytes())
	must(err)
	return src
}

func fill(t postgis.TB, owner *pgxpool.Pool, generation int64, src *osm.Source) {
	t.Helper()
	ctx := context.Background()
	err := pgx.BeginFunc(ctx, owner, func(tx pgx.Tx) error { return Loader{}.Load(ctx, tx, generation, src, nil) })
	if err != nil {
		t.Fatalf("load the map: %v", err)
	}
}

func inForce(generations ...int64) func(context.Context) ([]int64, error) {
	return func(context.Context) ([]int64, error) { return generations, nil }
}

func TestAVillageBecomesATile(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	url := postgis.TestDatabaseURL(t)
	owner := postgis.TestOwner(t, url)
	fill(t, owner, 7, village(t))
	m := &Map{DB: postgis.TestApp(t, url), InForce: inForce(7)}

	// All layers of zoom 15, as the application's role sees them.
	got := map[string][]string{}
	for _, tile := range []maptile.Tile{maptile.At(orb.Point{10.0005, 49.0005}, 15), maptile.At(orb.Point{9.9985, 49.0015}, 15)} {
		data, err := m.Tile(ctx, 15, int(tile.X), int(tile.Y))
		if err != nil {
			t.Fatalf("cut the tile: %v", err)
		}
		decoded, err := mvt.Unmarshal(data)
		if err != nil {
			t.Fatalf("read the tile: %v", err)
		}
		for _, layer := range decoded {
			if layer.Version != 2 || layer.Extent != 4096 {
				t.Errorf("layer %s has version %d and extent %d, want 2 and 4096", layer.Name, layer.Version, layer.Extent)
			}
			for _, feature := range layer.Features {
				properties, err := json.Marshal(feature.Properties)
				if err != nil {
					t.Fatal(err)
				}
				line := fmt.Sprintf("%s %s", feature.Geometry.GeoJSONType(), properties)
				if !slices.Contains(got[layer.Name], line) {
					got[layer.Name] = append(got[layer.Name], line)
				}
			}
			sort.Strings(got[layer.Name])
		}
	}
	want := map[string][]string{
		"land":     {`Polygon {"kind":"wood"}`},
		"waterway": {`LineString {"kind":"river","name":"Aue"}`},
		"building": {`Polygon {"kind":"building"}`},
		"road": {
			`LineString {"bridge":true,"class":"minor","layer":1}`,
			`LineString {"class":"minor"}`,
			`LineString {"class":"service","oneway":true}`,
		},
		"street":   {`LineString {"class":"minor","name":"Dorfstraße"}`},
		"boundary": {`MultiLineString {"level":8}`},
		"place":    {`Point {"kind":"village","name":"Oberau","name:fr":"Aurigny","rank":6}`},
		"poi":      {`Point {"class":"shop","kind":"supermarket","minzoom":15,"name":"Kaufladen","rank":5}`},
		"number":   {`Point {"number":"7a"}`},
	}
	delete(got, "boundary") // its edge may lie in neither tile
	delete(want, "boundary")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("features of the tiles (-want +got):\n%s", diff)
	}

	var levels []int16
	if err := owner.QueryRow(ctx, "select array_agg(level) from basemap.boundary where st_isclosed(geom)").Scan(&levels); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int16{8}, levels); diff != "" {
		t.Errorf("the municipality is one closed line and the neighbour's half border is left out (-want +got):\n%s", diff)
	}
	var down bool
	if err := owner.QueryRow(ctx, "select st_y(st_startpoint(geom)) > st_y(st_endpoint(geom)) from basemap.road where oneway").Scan(&down); err != nil {
		t.Fatal(err)
	}
	if !down {
		t.Error("the lane with oneway=-1 does not run against its nodes")
	}
}

func TestTheOutsideIsTheWorldWithoutTheMunicipality(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	url := postgis.TestDatabaseURL(t)
	fill(t, postgis.TestOwner(t, url), 1, village(t))
	m := &Map{DB: postgis.TestApp(t, url), InForce: inForce(1)}
	bound, ok, err := m.Bounds(ctx)
	if err != nil || !ok {
		t.Fatalf("bounds: %v, %v", ok, err)
	}
	// The municipality reaches 0.005 degrees each way; 80 m around it are less than 0.0012.
	for i, got := range []float64{bound.Min[0] - 10, bound.Min[1] - 49, bound.Max[0] - 10, bound.Max[1] - 49} {
		sign := []float64{-1, -1, 1, 1}[i]
		if got*sign < 0.005 || got*sign > 0.0062 {
			t.Errorf("side %d of the bounds lies %.4f degrees from the middle, want 0.005 to 0.0062", i, got*sign)
		}
	}
	outside, err := m.Outside(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`"part":"outside"`, `"part":"rim"`} {
		if !strings.Contains(string(outside), part) {
			t.Errorf("the outside lacks %s", part)
		}
	}
	answer, err := m.TileJSON(ctx, "https://example.com/tiles/basemap/{z}/{x}/{y}.mvt")
	if err != nil {
		t.Fatal(err)
	}
	var parsed struct {
		TileJSON     string
		Bounds       []float64
		VectorLayers []struct{ ID string } `json:"vector_layers"`
	}
	if err := json.Unmarshal(answer, &parsed); err != nil {
		t.Fatal(err)
	}
	if parsed.TileJSON != "3.0.0" || len(parsed.Bounds) != 4 || len(parsed.VectorLayers) != len(layers) {
		t.Errorf("TileJSON is %s", answer)
	}
}

// coast is a square of streets with the sea south of a shore that runs east at 49.0 degrees, and an island in it.
func coast(t postgis.TB) *osm.Source {
	var b bytes.Buffer
	w := osm.NewWriter(&b, osm.Header{Program: "test"})
	must := func(err error) {
		if err != nil {
			t.Fatalf("write the coast: %v", err)
		}
	}
	for i, p := range []orb.Point{
		{9.98, 49.01}, {10.02, 49.01}, {10.02, 48.98}, {9.98, 48.98}, // 1-4 a ring road, half of it under water
		{9.9, 49}, {10.1, 49}, // 5-6 the shore
		{9.999, 48.99}, {10.001, 48.99}, {10.001, 48.992}, {9.999, 48.992}, // 7-10 the island
	} {
		must(w.Node(osm.Node{ID: int64(i + 1), At: p}))
	}
	must(w.Way(osm.Way{ID: 1, Nodes: []int64{1, 2, 3, 4, 1}, Tags: tagged("highway", "residential")}))
	must(w.Way(osm.Way{ID: 2, Nodes: []int64{5, 6}, Tags: tagged("natural", "coastline")}))
	must(w.Way(osm.Way{ID: 3, Nodes: []int64{7, 8, 9, 10, 7}, Tags: tagged("natural", "coastline")}))
	must(w.Close())
	src, err := osm.FromBytes("coast", b.Bytes())
	must(err)
	return src
}

func TestTheSeaLiesRightOfTheShore(t *testing.T) {
	t.Parallel()
	url := postgis.TestDatabaseURL(t)
	owner := postgis.TestOwner(t, url)
	fill(t, owner, 1, coast(t))
	for _, test := range []struct {
		name     string
		lon, lat float64
		want     bool
	}{
		{"north of the shore", 10, 49.005, false},
		{"south of the shore", 10, 48.995, true},
		{"on the island", 10, 48.991, false},
		{"south of the island", 10, 48.985, true},
	} {
		var wet bool
		err := owner.QueryRow(context.Background(), `
			select exists (select from basemap.water where kind = 'sea' and st_intersects(geom, st_transform(st_setsrid(st_point($1, $2), 4326), 3857)))`,
			test.lon, test.lat).Scan(&wet)
		if err != nil {
			t.Fatal(err)
		}
		if wet != test.want {
			t.Errorf("%s: sea is %v, want %v", test.name, wet, test.want)
		}
	}
	var covered bool
	err := owner.QueryRow(context.Background(), "select st_covers(geom, st_setsrid(st_point(10, 48.985), 4326)) from basemap.coverage").Scan(&covered)
	if err != nil || !covered {
		t.Errorf("the sea is covered: %v, %v", covered, err)
	}
}

func TestWithoutAnExtractTheMapIsEmptyAndEverythingIsOutside(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	m := &Map{DB: postgis.TestDatabase(t), InForce: inForce()}
	tile, err := m.Tile(ctx, 10, 540, 350)
	if err != nil || len(tile) != 0 {
		t.Errorf("an empty map gives a tile of %d bytes and %v", len(tile), err)
	}
	if _, ok, err := m.Bounds(ctx); ok || err != nil {
		t.Errorf("an empty map has bounds: %v, %v", ok, err)
	}
	if _, err := m.TileJSON(ctx, "/t"); err != nil {
		t.Errorf("TileJSON of an empty map: %v", err)
	}
	outside, err := m.Outside(ctx)
	if err != nil || !strings.Contains(string(outside), `"part":"outside"`) {
		t.Errorf("outside of an empty map: %s, %v", outside, err)
	}
}

func TestGenerationsStandSideBySideAndOneIsDropped(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	url := postgis.TestDatabaseURL(t)
	owner := postgis.TestOwner(t, url)
	fill(t, owner, 1, village(t))
	fill(t, owner, 2, village(t))
	count := func(generations ...int64) (n int) {
		t.Helper()
		if err := owner.QueryRow(ctx, "select count(*) from basemap.place where generation = any($1)", generations).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if diff := cmp.Diff([]int{1, 1, 2}, []int{count(1), count(2), count(1, 2)}); diff != "" {
		t.Errorf("places (-want +got):\n%s", diff)
	}
	for range 2 { // dropping what is gone is no error
		err := pgx.BeginFunc(ctx, owner, func(tx pgx.Tx) error { return Loader{}.Drop(ctx, tx, 1) })
		if err != nil {
			t.Fatalf("drop: %v", err)
		}
	}
	if diff := cmp.Diff([]int{0, 1}, []int{count(1), count(2)}); diff != "" {
		t.Errorf("places after dropping (-want +got):\n%s", diff)
	}
}

func TestTheMapCreditsWhoseDataItShows(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := postgis.TestDatabase(t)
	for _, test := range []struct {
		name   string
		credit func(context.Context) (string, error)
		want   string
	}{
		{"OpenStreetMap, unless told otherwise", nil, Attribution},
		{"nobody for an invented town", func(context.Context) (string, error) { return "", nil }, ""},
	} {
		m := &Map{DB: db, InForce: inForce(), Credit: test.credit}
		answer, err := m.TileJSON(ctx, "/t")
		if err != nil {
			t.Fatal(err)
		}
		var told struct{ Attribution string }
		if err := json.Unmarshal(answer, &told); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, told.Attribution); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestTilesBeyondThePyramidAreRefused(t *testing.T) {
	t.Parallel()
	m := &Map{InForce: inForce(1)}
	for _, at := range [][3]int{{-1, 0, 0}, {16, 0, 0}, {3, 8, 0}, {3, 0, -1}} {
		_, err := m.Tile(context.Background(), at[0], at[1], at[2])
		var beyond OutOfRange
		if !errors.As(err, &beyond) {
			t.Errorf("tile %v: error is %v, want OutOfRange", at, err)
		}
	}
}

// extracts opens the real extracts in the folder EXTRACTS; without it the test is skipped.
func extracts(t testing.TB, name string) *osm.Source {
	folder := os.Getenv("EXTRACTS")
	if folder == "" {
		t.Skip("EXTRACTS names no folder with extracts")
	}
	src, err := osm.Open(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { src.Close() })
	return src
}

func TestTilesOfACountryAreSoundAndSmall(t *testing.T) {
	t.Parallel()
	src := extracts(t, "liechtenstein-2024.osm.pbf")
	ctx := context.Background()
	url := postgis.TestDatabaseURL(t)
	fill(t, postgis.TestOwner(t, url), 1, src)
	m := &Map{DB: postgis.TestApp(t, url), InForce: inForce(1)}
	bound, _, err := m.Bounds(ctx)
	if err != nil {
		t.Fatal(err)
	}
	largest := 0
	for _, at := range sample(bound, 30) {
		tile, err := m.Tile(ctx, int(at.Z), int(at.X), int(at.Y))
		if err != nil {
			t.Fatalf("tile %v: %v", at, err)
		}
		if _, err := mvt.Unmarshal(tile); err != nil {
			t.Errorf("tile %v cannot be read: %v", at, err)
		}
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		if _, err := w.Write(tile); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if packed.Len() > 150_000 {
			t.Errorf("tile %v has %d bytes compressed, want at most 150,000", at, packed.Len())
		}
		largest = max(largest, packed.Len())
	}
	t.Logf("the largest tile has %d bytes compressed", largest)
}

// sample draws tiles of every zoom within the bound, at most so many of each.
func sample(bound orb.Bound, most int) []maptile.Tile {
	chance := rand.New(rand.NewPCG(1, 2))
	var tiles []maptile.Tile
	for zoom := maptile.Zoom(MinZoom); zoom <= MaxZoom; zoom++ {
		seen := map[maptile.Tile]bool{}
		for range most {
			tile := maptile.At(orb.Point{
				bound.Min[0] + chance.Float64()*(bound.Max[0]-bound.Min[0]),
				bound.Min[1] + chance.Float64()*(bound.Max[1]-bound.Min[1])}, zoom)
			if !seen[tile] {
				seen[tile] = true
				tiles = append(tiles, tile)
			}
		}
	}
	return tiles
}

// BenchmarkTile cuts tiles of Liechtenstein without any cache and tells the worst percentile by zoom: of the time that passed,
// and of the time the database's processor worked, which other programs on the machine do not lengthen.
func BenchmarkTile(b *testing.B) {
	src := extracts(b, "liechtenstein-2024.osm.pbf")
	ctx := context.Background()
	url := postgis.TestDatabaseURL(b)
	fill(b, postgis.TestOwner(b, url), 1, src)
	conn, err := postgis.TestApp(b, url).Acquire(ctx)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Release()
	m := &Map{DB: conn, InForce: inForce(1)}
	bound, _, err := m.Bounds(ctx)
	if err != nil {
		b.Fatal(err)
	}
	worked := processor(b, conn)
	tiles := sample(bound, 60)
	passed, spent := map[maptile.Zoom][]time.Duration{}, map[maptile.Zoom][]time.Duration{}
	for b.Loop() {
		for _, at := range tiles {
			began, before := time.Now(), worked()
			if _, err := m.Tile(ctx, int(at.Z), int(at.X), int(at.Y)); err != nil {
				b.Fatal(err)
			}
			passed[at.Z], spent[at.Z] = append(passed[at.Z], time.Since(began)), append(spent[at.Z], worked()-before)
		}
	}
	var all, allSpent []time.Duration
	for zoom := maptile.Zoom(MinZoom); zoom <= MaxZoom; zoom++ {
		slices.Sort(passed[zoom])
		slices.Sort(spent[zoom])
		if n := len(passed[zoom]); n > 0 {
			b.Logf("zoom %2d: %3d tiles, p50 %v, p99 %v, worst %v; processor p50 %v, p99 %v, worst %v", zoom, n,
				passed[zoom][n/2], passed[zoom][n*99/100], passed[zoom][n-1], spent[zoom][n/2], spent[zoom][n*99/100], spent[zoom][n-1])
		}
		all, allSpent = append(all, passed[zoom]...), append(allSpent, spent[zoom]...)
	}
	slices.Sort(all)
	slices.Sort(allSpent)
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(allSpent[len(all)*99/100].Microseconds())/1000, "processor-p99-ms")
}

// processor returns what tells how long the process behind a connection has worked, as Linux counts it; always zero where the
// database runs elsewhere.
func processor(b *testing.B, conn *pgxpool.Conn) func() time.Duration {
	var pid int
	if err := conn.QueryRow(context.Background(), "select pg_backend_pid()").Scan(&pid); err != nil {
		b.Fatal(err)
	}
	file := fmt.Sprintf("/proc/%d/schedstat", pid)
	return func() time.Duration {
		text, err := os.ReadFile(file)
		if err != nil {
			return 0
		}
		var nanoseconds int64
		if _, err := fmt.Sscan(string(text), &nanoseconds); err != nil {
			return 0
		}
		return time.Duration(nanoseconds)
	}
}
