package routing

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/paulmach/orb"
	orbgeo "github.com/paulmach/orb/geo"

	"catchment/geo"
	"catchment/geo/hex"
)

// GreatCircle answers where no streets are loaded: every pair has a way, longer than the straight one by a fixed
// factor and driven at a fixed speed. Its Version says so, and whoever shows its minutes should too.
type GreatCircle struct {
	// Kilometers an hour by profile; profiles not listed are refused.
	Speed map[Profile]float64
	// Detour is how much longer a way is than the great circle between its ends.
	Detour float64
}

// NewGreatCircle returns a GreatCircle with common figures: 40 km/h by car, 4.5 on foot, streets 1.4 times as
// long as the straight line, about the average measured in European towns.
func NewGreatCircle() *GreatCircle {
	return &GreatCircle{Speed: map[Profile]float64{Car: 40, Foot: 4.5}, Detour: 1.4}
}

var _ Travel = (*GreatCircle)(nil)

// Version says that the answers are computed without streets, and by which figures.
func (g *GreatCircle) Version(profile Profile) Version {
	return Version{Map: "great-circle", Metric: fmt.Sprintf("%s/%gkmh-detour%g", profile, g.Speed[profile], g.Detour)}
}

// metersPerSecond returns the speed along the straight line.
func (g *GreatCircle) metersPerSecond(profile Profile) (float64, error) {
	speed := g.Speed[profile]
	if speed <= 0 || g.Detour < 1 {
		return 0, fmt.Errorf("great-circle travel knows no speed for profile %q", profile)
	}
	return speed / 3.6 / g.Detour, nil
}

func (g *GreatCircle) pair(a, b orb.Point, speed float64) (tenths, meters int32) {
	d := orbgeo.DistanceHaversine(a, b)
	return int32(math.Round(d / speed * 10)), int32(math.Round(d * g.Detour))
}

func checkPoints(points []orb.Point, offset int) error {
	for i, p := range points {
		if err := geo.CheckPoint(p); err != nil {
			return fmt.Errorf("point %d: %w", offset+i, err)
		}
	}
	return nil
}

// Table returns the straight-line estimate of every pair.
func (g *GreatCircle) Table(ctx context.Context, profile Profile, _ Band, from, to []orb.Point) (Matrix, error) {
	speed, err := g.metersPerSecond(profile)
	if err != nil {
		return Matrix{}, err
	}
	if err := checkPoints(from, 0); err != nil {
		return Matrix{}, err
	}
	if err := checkPoints(to, len(from)); err != nil {
		return Matrix{}, err
	}
	m := Matrix{Columns: len(to), Tenths: make([]int32, len(from)*len(to)), Meters: make([]int32, len(from)*len(to))}
	for i, a := range from {
		if err := ctx.Err(); err != nil {
			return Matrix{}, err
		}
		for j, b := range to {
			m.Tenths[i*len(to)+j], m.Meters[i*len(to)+j] = g.pair(a, b, speed)
		}
	}
	return m, nil
}

// Route returns straight legs.
func (g *GreatCircle) Route(_ context.Context, profile Profile, _ Band, through []orb.Point) (Route, error) {
	speed, err := g.metersPerSecond(profile)
	if err != nil {
		return Route{}, err
	}
	if len(through) < 2 {
		return Route{}, fmt.Errorf("a route needs at least two points, this has %d", len(through))
	}
	if err := checkPoints(through, 0); err != nil {
		return Route{}, err
	}
	var r Route
	for i, b := range through[1:] {
		tenths, meters := g.pair(through[i], b, speed)
		r.Legs = append(r.Legs, Leg{Tenths: tenths, Meters: meters, Shape: orb.LineString{through[i], b}})
	}
	return r, nil
}

// Nearest returns the place itself: without streets every place can be reached.
func (g *GreatCircle) Nearest(_ context.Context, profile Profile, at orb.Point, n int) ([]Snap, error) {
	if _, err := g.metersPerSecond(profile); err != nil {
		return nil, err
	}
	if err := geo.CheckPoint(at); err != nil {
		return nil, err
	}
	if n <= 0 {
		return nil, nil
	}
	return []Snap{{At: at}}, nil
}

// maxReachCells bounds the cells of a straight-line area; larger areas get coarser cells.
const maxReachCells = 20_000

// Reach returns the cells whose middle lies within the straight-line limit, the same in both directions.
func (g *GreatCircle) Reach(ctx context.Context, profile Profile, _ Band, origin orb.Point, limit time.Duration, _ Direction) (Reach, error) {
	speed, err := g.metersPerSecond(profile)
	if err != nil {
		return Reach{}, err
	}
	if err := geo.CheckPoint(origin); err != nil {
		return Reach{}, err
	}
	if limit <= 0 || limit > 24*time.Hour {
		return Reach{}, fmt.Errorf("a travel-time area needs a limit above 0 and up to 24h, not %v", limit)
	}
	radius := limit.Seconds() * speed
	r := Reach{Resolution: 10, Tenths: map[uint64]int32{}}
	edge := 66.0 // metres, of a cell at resolution 10; each coarser one is about sqrt(7) longer
	for ; math.Pi*radius*radius/(2.6*edge*edge) > maxReachCells && r.Resolution > 0; r.Resolution-- {
		edge *= math.Sqrt(7)
	}
	bound := orbgeo.NewBoundAroundPoint(origin, radius+edge)
	latStep := edge / 2 / 111_195
	for lat := bound.Min[1]; lat <= bound.Max[1]; lat += latStep {
		if err := ctx.Err(); err != nil {
			return Reach{}, err
		}
		if lat < -90 || lat > 90 {
			continue
		}
		lonStep := latStep / max(math.Cos(lat*math.Pi/180), 1e-3)
		for lon := bound.Min[0]; lon <= bound.Max[0]; lon += lonStep {
			cell, err := hex.Cell(orb.Point{wrap(lon), lat}, r.Resolution)
			if err != nil {
				return Reach{}, err
			}
			if _, known := r.Tenths[cell]; known {
				continue
			}
			middle, err := hex.Centre(cell)
			if err != nil {
				return Reach{}, err
			}
			if d := orbgeo.DistanceHaversine(origin, middle); d <= radius {
				r.Tenths[cell] = int32(math.Round(d / speed * 10))
			}
		}
	}
	own, err := hex.Cell(origin, r.Resolution)
	if err != nil {
		return Reach{}, err
	}
	r.Tenths[own] = 0
	r.Area = circle(origin, radius)
	return r, nil
}

// wrap brings a longitude into -180..180.
func wrap(lon float64) float64 { return math.Mod(lon+540, 360) - 180 }

// circle returns the outline of all places within a radius, cut off at the poles and the antimeridian.
func circle(centre orb.Point, radius float64) orb.MultiPolygon {
	ring := make(orb.Ring, 0, 73)
	for i := range 72 {
		p := orbgeo.PointAtBearingAndDistance(centre, float64(360-5*i), radius)
		lon := centre[0] + math.Mod(p[0]-centre[0]+540, 360) - 180
		ring = append(ring, orb.Point{min(max(lon, -180), 180), min(max(p[1], -90), 90)})
	}
	return orb.MultiPolygon{{append(ring, ring[0])}}
}
