package remote

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/paulmach/orb"
	orbgeo "github.com/paulmach/orb/geo"

	"catchment/geo/hex"
	"catchment/routing"
)

// OSRM's protocol knows no travel-time areas, and Valhalla's draws shapes without times. They are found by a table to the middles of hexagons, at most
// reachCells of them, as far as reachSpeed metres a second could lead on the straight line.
const (
	reachCells = 1500
	reachSpeed = 25.0
)

// reach asks a server for the times of the hexagons around a point, by the streets nearest to their middles.
func reach(ctx context.Context, server routing.Travel, profile routing.Profile, band routing.Band, origin orb.Point, limit time.Duration, direction routing.Direction) (routing.Reach, error) {
	if limit <= 0 || limit > 24*time.Hour {
		return routing.Reach{}, fmt.Errorf("a travel-time area needs a limit above 0 and up to 24h, not %v", limit)
	}
	if err := checkPoints([]orb.Point{origin}, 0); err != nil {
		return routing.Reach{}, err
	}
	speed := reachSpeed
	if profile == routing.Foot {
		speed = 1.6
	}
	resolution, cells, middles, err := around(origin, limit.Seconds()*speed)
	if err != nil {
		return routing.Reach{}, err
	}
	from, to := []orb.Point{origin}, middles
	if direction == routing.Inbound {
		from, to = middles, from
	}
	m, err := server.Table(ctx, profile, band, from, to)
	if err != nil {
		return routing.Reach{}, err
	}
	r := routing.Reach{Resolution: resolution, Tenths: map[uint64]int32{}}
	most := int32(limit / (time.Second / 10))
	var inside []uint64
	for i, t := range m.Tenths {
		if t <= most {
			r.Tenths[cells[i]] = t
			inside = append(inside, cells[i])
		}
	}
	if len(inside) > 0 {
		if r.Area, err = hex.Outline(inside); err != nil {
			return routing.Reach{}, err
		}
	}
	return r, nil
}

// around returns the hexagons whose middle lies within a radius, the origin's own first, at the finest
// resolution at which they are few enough.
func around(origin orb.Point, radius float64) (resolution int, cells []uint64, middles []orb.Point, err error) {
	resolution, edge := 10, 66.0 // metres, of a cell at resolution 10; each coarser one is about sqrt(7) longer
	for ; math.Pi*radius*radius/(2.6*edge*edge) > reachCells && resolution > 0; resolution-- {
		edge *= math.Sqrt(7)
	}
	known := map[uint64]bool{}
	add := func(at orb.Point) error {
		cell, err := hex.Cell(at, resolution)
		if err != nil || known[cell] {
			return err
		}
		known[cell] = true
		middle, err := hex.Centre(cell)
		if err == nil && (len(cells) == 0 || orbgeo.DistanceHaversine(origin, middle) <= radius) {
			cells, middles = append(cells, cell), append(middles, middle)
		}
		return err
	}
	if err := add(origin); err != nil {
		return 0, nil, nil, err
	}
	step := edge / 2 / 111_195
	wide := step / max(math.Cos(origin[1]*math.Pi/180), 1e-3)
	for y := -radius / 111_195; y <= radius/111_195; y += step {
		for x := -radius / 111_195 * wide / step; x <= radius/111_195*wide/step; x += wide {
			at := orb.Point{math.Mod(origin[0]+x+540, 360) - 180, origin[1] + y}
			if at[1] < -90 || at[1] > 90 {
				continue
			}
			if err := add(at); err != nil {
				return 0, nil, nil, err
			}
		}
	}
	return resolution, cells, middles, nil
}
