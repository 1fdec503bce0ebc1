// Package routing names what every user of road minutes shares: the one interface Travel, its units, and a
// great-circle answer for where no streets are loaded.
//
// The street engine (routing/road) and remote servers (routing/remote) implement Travel; plans, territories,
// slots and coverage ask it and nothing else. Engines below know no database, network or clock.
package routing

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/paulmach/orb"
)

// Unreachable marks a pair without a way between its ends, in Matrix.Tenths and Matrix.Meters alike.
const Unreachable int32 = math.MaxInt32

// Profile names a way of travelling: "car", "van", "bike", "foot".
type Profile string

// Profiles every engine offers.
const (
	Car  Profile = "car"
	Foot Profile = "foot"
)

// Band names a stretch of the week with its own speeds, such as "weekday-morning". AnyTime asks for the plain
// speeds of the map.
type Band string

// AnyTime is the band without traffic.
const AnyTime Band = ""

// Version tells exactly which map and which speeds an answer was computed on. Whatever stores minutes stores
// the Version beside them.
type Version struct {
	Map    string `json:"map"`    // hash of the street data
	Metric string `json:"metric"` // profile and speeds, such as "car/1"
}

func (v Version) String() string { return v.Map + ":" + v.Metric }

// Travel answers how long the way between places takes.
//
// Points are longitude, latitude on WGS 84 and are snapped to the nearest usable street. Times are tenths of
// a second, distances metres along the way.
type Travel interface {
	// Table returns the times and distances between all from and all to. It fails with ErrNoRoad if a point
	// has no usable street near it; a pair without a way is Unreachable instead.
	Table(ctx context.Context, profile Profile, band Band, from, to []orb.Point) (Matrix, error)

	// Route returns the fastest way through the points in their order. It fails with ErrNoWay if a leg has none.
	Route(ctx context.Context, profile Profile, band Band, through []orb.Point) (Route, error)

	// Reach returns every cell of the H3 grid that can be left for (Outbound) or reached from (Inbound) the
	// origin within the limit.
	Reach(ctx context.Context, profile Profile, band Band, origin orb.Point, limit time.Duration, direction Direction) (Reach, error)

	// Nearest returns the streets closest to a point, nearest first, at most n.
	Nearest(ctx context.Context, profile Profile, at orb.Point, n int) ([]Snap, error)

	// Version returns what answers for the profile are computed on.
	Version(profile Profile) Version
}

// Matrix holds travel times and distances row by row: the pair (from i, to j) lies at i*Columns + j. It is
// not symmetric. Unreachable pairs are Unreachable in both slices.
type Matrix struct {
	Columns int
	Tenths  []int32 // tenths of a second
	Meters  []int32
}

// At returns the time and the length of the way from row i to column j, and whether there is one.
func (m Matrix) At(i, j int) (time.Duration, int32, bool) {
	t := m.Tenths[i*m.Columns+j]
	if t == Unreachable {
		return 0, 0, false
	}
	return Duration(t), m.Meters[i*m.Columns+j], true
}

// Duration converts tenths of a second.
func Duration(tenths int32) time.Duration { return time.Duration(tenths) * (time.Second / 10) }

// Route is a way through several points.
type Route struct {
	Legs []Leg // one between each two neighbouring points
}

// Leg is the way between two neighbouring points of a route.
type Leg struct {
	Tenths  int32 // tenths of a second
	Meters  int32
	Shape   orb.LineString // along the streets, from the snapped start to the snapped end
	Streets []string       // the names passed, in order, neighbouring repeats dropped, unnamed ones left out
}

// Direction tells which end of the ways the origin of a Reach is.
type Direction int

// Directions of a Reach.
const (
	Outbound Direction = iota // from the origin to the cells
	Inbound                   // from the cells to the origin
)

// Reach is a travel-time area.
type Reach struct {
	Resolution int              // of the H3 cells
	Tenths     map[uint64]int32 // shortest time per H3 cell, tenths of a second
	Area       orb.MultiPolygon
}

// Snap is a point on a street near a place asked for.
type Snap struct {
	At     orb.Point
	Meters float64 // great-circle distance from the place asked for
	Street string  // name, empty if it has none
}

// ErrNoRoad says that a point has no usable street near it. Wrapped by *NoRoad, which tells the point.
var ErrNoRoad = errors.New("no road nearby")

// ErrNoWay says that two points are not connected by streets.
var ErrNoWay = errors.New("no way between the points")

// NoRoad tells which of the points of a question has no usable street near it.
type NoRoad struct {
	Index int // in the order they were given, from before to
	At    orb.Point
}

func (e *NoRoad) Error() string {
	return fmt.Sprintf("point %d at %.5f,%.5f: %v", e.Index, e.At[0], e.At[1], ErrNoRoad)
}

// Unwrap lets errors.Is find ErrNoRoad.
func (e *NoRoad) Unwrap() error { return ErrNoRoad }
