// Package geo holds the ground rules of place: metres, bearings and what counts as a sound shape on WGS 84.
//
// Shapes are those of orb, always longitude before latitude, in degrees. Edges are straight in longitude and
// latitude (RFC 7946); a shape that crosses the antimeridian is cut there. Nothing in geo knows the business.
package geo

import (
	"fmt"
	"math"

	"github.com/paulmach/orb"
	orbgeo "github.com/paulmach/orb/geo"
)

// Meters is a length on the ground.
type Meters float64

// Distance returns the great-circle distance between two points.
func Distance(a, b orb.Point) Meters { return Meters(orbgeo.DistanceHaversine(a, b)) }

// Unsound says what is wrong with a shape, and where.
type Unsound struct {
	Path    string // such as "coordinates[0][3]"
	Message string
}

func (e *Unsound) Error() string { return e.Path + ": " + e.Message }

// CheckPoint returns an *Unsound if p is no place on earth: not finite, or out of range.
func CheckPoint(p orb.Point) error { return checkPoint(p, "point") }

func checkPoint(p orb.Point, path string) error {
	switch {
	case math.IsNaN(p[0]) || math.IsInf(p[0], 0) || math.IsNaN(p[1]) || math.IsInf(p[1], 0):
		return &Unsound{path, "is not a finite number"}
	case p[0] < -180 || p[0] > 180:
		return &Unsound{path, fmt.Sprintf("longitude %g lies outside -180..180; give longitude first, in degrees", p[0])}
	case p[1] < -90 || p[1] > 90:
		return &Unsound{path, fmt.Sprintf("latitude %g lies outside -90..90; give longitude first, in degrees", p[1])}
	}
	return nil
}

// MaxVertices is the most vertices a shape from outside may have.
const MaxVertices = 100_000

// CheckArea returns an *Unsound if the area breaks a rule: finite coordinates in range, rings closed with at
// least four points, no step over more than 180 degrees of longitude (cut it at the antimeridian instead), no
// ring that crosses itself, not empty, at most MaxVertices.
func CheckArea(area orb.MultiPolygon) error {
	if len(area) == 0 {
		return &Unsound{"coordinates", "the area is empty"}
	}
	n := 0
	for i, polygon := range area {
		if len(polygon) == 0 {
			return &Unsound{fmt.Sprintf("coordinates[%d]", i), "the polygon has no ring"}
		}
		for j, ring := range polygon {
			path := fmt.Sprintf("coordinates[%d][%d]", i, j)
			if n += len(ring); n > MaxVertices {
				return &Unsound{path, fmt.Sprintf("more than %d vertices", MaxVertices)}
			}
			if err := checkRing(ring, path); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkRing(ring orb.Ring, path string) error {
	if len(ring) < 4 {
		return &Unsound{path, fmt.Sprintf("a ring needs at least four points, the last equal to the first; this has %d", len(ring))}
	}
	for k, p := range ring {
		if err := checkPoint(p, fmt.Sprintf("%s[%d]", path, k)); err != nil {
			return err
		}
		if k > 0 && math.Abs(p[0]-ring[k-1][0]) > 180 {
			return &Unsound{fmt.Sprintf("%s[%d]", path, k), "jumps more than 180 degrees of longitude: cut the area at the antimeridian"}
		}
	}
	if ring[0] != ring[len(ring)-1] {
		return &Unsound{path, "the ring is not closed"}
	}
	if k, ok := selfCrossing(ring); ok {
		return &Unsound{fmt.Sprintf("%s[%d]", path, k), "the ring crosses itself here"}
	}
	return nil
}
