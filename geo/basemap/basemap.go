// Package basemap turns an OpenStreetMap extract into the map behind everything: it loads the shapes, cuts
// vector tiles from them and tells a MapLibre client how to draw them.
//
// A [Loader] fills the tables of one generation inside the import's transaction. A [Map] answers for the generations
// in force: tiles, TileJSON, the land that no extract covers. [Style] is the drawing rule, light or dark, in one
// language. Nothing here knows HTTP; the addresses under which others serve tiles, fonts and this style are in [URLs].
//
// # Signs
//
// The style names images that a client fetches one by one when MapLibre misses them: [Icon] draws each as SVG, [Icons]
// lists them. "poi-FAMILY-KIND-THEME" are the discs of points of interest; "arrow-THEME" is the direction of a one-way
// street, pointing to the right; "peak-THEME" and "saddle-THEME" stand on mountains, "dot-THEME" on towns at low zoom;
// "shield-THEME" is the plate of a road number, to be stretched between its corners.
package basemap

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"
)

// Attribution must be shown wherever a map of OpenStreetMap data is, on screen and on paper (ODbL 1.0). An invented town is not
// theirs and credits nobody.
const Attribution = `<a href="https://www.openstreetmap.org/copyright" target="_blank" rel="noopener">© OpenStreetMap contributors</a>`

// Zoom levels for which tiles are cut. Above MaxZoom clients enlarge tiles of MaxZoom.
const (
	MinZoom = 4
	MaxZoom = 15
)

// DB is what reading needs of a connection, pool or transaction.
type DB interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// Map answers for the generations in force.
type Map struct {
	DB DB
	// InForce tells the generations of extracts that count now. It is asked at each call and should be cheap.
	InForce func(ctx context.Context) ([]int64, error)
	// Credit tells whom the map credits, as HTML; Attribution where it is nil.
	Credit func(ctx context.Context) (string, error)
}

// credit is whom the map in force credits.
func (m *Map) credit(ctx context.Context) (string, error) {
	if m.Credit == nil {
		return Attribution, nil
	}
	credit, err := m.Credit(ctx)
	if err != nil {
		return "", fmt.Errorf("tell whom the map credits: %w", err)
	}
	return credit, nil
}

// OutOfRange tells that a tile's address lies beyond the pyramid.
type OutOfRange struct{ Z, X, Y int }

func (e OutOfRange) Error() string {
	return fmt.Sprintf("tile %d/%d/%d does not exist: zoom goes from 0 to %d, x and y from 0 to 2^zoom-1", e.Z, e.X, e.Y, MaxZoom)
}

func tileAt(z, x, y int) (maptile.Tile, error) {
	if z < 0 || z > MaxZoom || x < 0 || y < 0 || x >= 1<<z || y >= 1<<z {
		return maptile.Tile{}, OutOfRange{z, x, y}
	}
	return maptile.New(uint32(x), uint32(y), maptile.Zoom(z)), nil
}

// pixel is the side of one pixel in map metres at a zoom, for tiles shown 512 pixels wide.
func pixel(zoom int) float64 { return 2 * halfWorld / 512 / float64(int(1)<<zoom) }

// halfWorld is half the width of Web Mercator in map metres.
const halfWorld = 20037508.342789244

// Bounds are west, south, east and north, as TileJSON and MapLibre write them.
func bounds(b orb.Bound) [4]float64 { return [4]float64{b.Min[0], b.Min[1], b.Max[0], b.Max[1]} }
