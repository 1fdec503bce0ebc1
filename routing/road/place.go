package road

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"catchment/geo"
	"catchment/routing"
)

// Waypoint is a place asked for, with what is demanded of the street it is reached by.
type Waypoint struct {
	At orb.Point
	// Radius is how far the street may be, in metres; 0 stands for the engine's own limit.
	Radius float64
	// Bearing, if Range is above 0, is the compass bearing in which the street is travelled there, within Range
	// degrees to either side.
	Bearing, Range float64
	Approach       Approach
	// Hint is what Place.Hint told of the same point before; it saves the search. A hint of another map or
	// point is ignored.
	Hint string
}

// Approach says on which side of the street a waypoint is reached.
type Approach int

// Approaches.
const (
	EitherSide Approach = iota
	CurbSide            // on the side traffic drives on
	OppositeSide
)

// Place is a waypoint snapped to a street of one graph.
type Place struct {
	g     *Graph
	foot  foothold
	asked orb.Point
}

// At returns the place on the street.
func (p Place) At() orb.Point { return p.foot.at.orb() }

// Meters returns how far the street is from the waypoint.
func (p Place) Meters() float64 { return toPoint(p.asked).meters(p.foot.at) }

// Street returns the name of the street, empty if it has none.
func (p Place) Street() string { return p.g.street(p.foot.segment) }

// Nodes returns the OpenStreetMap ids of the nodes before and behind the place.
func (p Place) Nodes() (before, behind int64) {
	return p.g.nodeIDs[p.foot.hop], p.g.nodeIDs[p.foot.hop+1]
}

const hintSize = 22

// Hint returns a short text from which the place is found again without a search.
func (p Place) Hint() string {
	var b [hintSize]byte
	asked := toPoint(p.asked)
	binary.LittleEndian.PutUint32(b[0:], p.g.hintKey())
	binary.LittleEndian.PutUint32(b[4:], uint32(asked.lon))
	binary.LittleEndian.PutUint32(b[8:], uint32(asked.lat))
	binary.LittleEndian.PutUint32(b[12:], p.foot.hop)
	binary.LittleEndian.PutUint32(b[16:], math.Float32bits(float32(p.foot.share)))
	b[20] = byte(side(p.foot.closed[0]) | side(p.foot.closed[1])<<1)
	b[21] = byte(p.g.pieceClass(p.foot))
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func (g *Graph) pieceClass(f foothold) int { return side(g.segmentFlags[f.segment]&flagIsland != 0) }

// hintKey tells graphs apart, so that a hint of one is not taken for another's.
func (g *Graph) hintKey() uint32 { return crc32.ChecksumIEEE([]byte(g.version().String())) }

// fromHint reads a hint. It reports false for one of another graph or point.
func (g *Graph) fromHint(hint string, at point) (foothold, bool) {
	b, err := base64.RawURLEncoding.DecodeString(hint)
	if err != nil || len(b) != hintSize || binary.LittleEndian.Uint32(b) != g.hintKey() ||
		int32(binary.LittleEndian.Uint32(b[4:])) != at.lon || int32(binary.LittleEndian.Uint32(b[8:])) != at.lat {
		return foothold{}, false
	}
	hop, share := binary.LittleEndian.Uint32(b[12:]), float64(math.Float32frombits(binary.LittleEndian.Uint32(b[16:])))
	if int64(hop)+1 >= int64(len(g.points)) || !(share >= 0 && share <= 1) || b[20] > 2 {
		return foothold{}, false
	}
	s := g.segmentAt(hop)
	if hop+1 == g.segmentFirst[s+1] || g.segmentEdge[s] == [2]EdgeID{noEdge, noEdge} {
		return foothold{}, false
	}
	exact, meters := project(at, g.points[hop], g.points[hop+1])
	return foothold{segment: s, hop: hop, share: exact, at: between(g.points[hop], g.points[hop+1], exact), meters: meters,
		closed: [2]bool{b[20]&1 > 0, b[20]&2 > 0}}, true
}

// Snap finds the streets of waypoints. A street on an island is taken only if all waypoints lie on the same
// island, or with anyPiece. It fails with *routing.NoRoad for a waypoint without a street that suits it.
func (g *Graph) Snap(ctx context.Context, waypoints []Waypoint, anyPiece bool) ([]Place, error) {
	type found struct {
		near, main      foothold
		hasAny, hasMain bool
	}
	all := make([]found, len(waypoints))
	for i, w := range waypoints {
		if err := geo.CheckPoint(w.At); err != nil {
			return nil, fmt.Errorf("point %d: %w", i, err)
		}
	}
	err := inParallel(ctx, len(waypoints), func(next func() (int, bool)) {
		for i, ok := next(); ok; i, ok = next() {
			w, f := waypoints[i], &all[i]
			if w.Hint != "" {
				if h, ok := g.fromHint(w.Hint, toPoint(w.At)); ok {
					f.near, f.main, f.hasAny, f.hasMain = h, h, true, g.pieceClass(h) == 0
					if f.hasMain {
						continue
					}
				}
			}
			limit := w.Radius
			if limit <= 0 {
				limit = maxSnap
			}
			g.near(toPoint(w.At), limit, func(h foothold) bool {
				if !g.suit(&h, w) {
					return true
				}
				if !f.hasAny {
					f.near, f.hasAny = h, true
				}
				if g.pieceClass(h) == 0 {
					f.main, f.hasMain = h, true
				}
				return !f.hasMain
			})
		}
	})
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(all, func(f found) bool { return !f.hasAny }); i >= 0 {
		return nil, &routing.NoRoad{Index: i, At: waypoints[i].At}
	}
	together := true
	for _, f := range all {
		together = together && g.piece[g.anyEdge(f.near)] == g.piece[g.anyEdge(all[0].near)]
	}
	places := make([]Place, len(all))
	for i, f := range all {
		places[i] = Place{g, f.near, waypoints[i].At}
		if !together && !anyPiece && f.hasMain {
			places[i].foot = f.main
		}
	}
	return places, nil
}

func (g *Graph) anyEdge(f foothold) EdgeID {
	if e := g.segmentEdge[f.segment][0]; e != noEdge {
		return e
	}
	return g.segmentEdge[f.segment][1]
}

// suit closes the directions of a foothold that a waypoint does not want. It reports whether one is left.
func (g *Graph) suit(f *foothold, w Waypoint) bool {
	p, q := g.points[f.hop], g.points[f.hop+1]
	if w.Range > 0 {
		along := bearing(p, q)
		f.closed[0] = math.Abs(deviation(w.Bearing, along)) > w.Range
		f.closed[1] = math.Abs(deviation(w.Bearing, along+180)) > w.Range
	}
	edges := g.segmentEdge[f.segment]
	if w.Approach != EitherSide && edges[0] != noEdge && edges[1] != noEdge {
		// Which side of the hop the point lies on, by the sign of the cross product.
		at := toPoint(w.At)
		cross := float64(q.lon-p.lon)*float64(at.lat-p.lat) - float64(q.lat-p.lat)*float64(at.lon-p.lon)
		if cross != 0 {
			right := cross < 0
			left := g.segmentFlags[f.segment]&flagLeft != 0
			along := right != left == (w.Approach == CurbSide)
			f.closed[0], f.closed[1] = f.closed[0] || !along, f.closed[1] || along
		}
	}
	for range g.sides(*f) {
		return true
	}
	return false
}

// Around returns the streets closest to a waypoint, each segment once, at most n.
func (g *Graph) Around(w Waypoint, n int) ([]Place, error) {
	if err := geo.CheckPoint(w.At); err != nil {
		return nil, err
	}
	limit := w.Radius
	if limit <= 0 {
		limit = maxSnap
	}
	var places []Place
	seen := map[SegmentID]bool{}
	g.near(toPoint(w.At), limit, func(f foothold) bool {
		if !seen[f.segment] && g.suit(&f, w) {
			seen[f.segment] = true
			places = append(places, Place{g, f, w.At})
		}
		return len(places) < n
	})
	if len(places) == 0 {
		return nil, &routing.NoRoad{At: w.At}
	}
	return places, nil
}

// Costs returns the costs of the best ways between all pairs of places, row by row, and which pairs have a way.
func (g *Graph) Costs(ctx context.Context, from, to []Place) ([]Cost, error) {
	strip := func(places []Place) []foothold {
		f := make([]foothold, len(places))
		for i, p := range places {
			f[i] = p.foot
		}
		return f
	}
	return g.pairs(ctx, strip(from), strip(to))
}

// Exists tells whether the cost is that of a way.
func (c Cost) Exists() bool { return c != never }

// Asked returns the waypoint that was snapped.
func (p Place) Asked() orb.Point { return p.asked }

// Mode names the way of travelling as the OSRM protocol does: driving, walking or cycling.
func (g *Graph) Mode() string {
	switch g.profile.Name {
	case routing.Foot:
		return "walking"
	case Bike:
		return "cycling"
	}
	return "driving"
}

// WeightName names what is minimised, as the OSRM protocol does: routability, or duration where that is the time.
func (g *Graph) WeightName() string {
	if g.profile.WeightIsTime {
		return "duration"
	}
	return "routability"
}

// Meters returns the distance between two points as the engine measures streets.
func Meters(a, b orb.Point) float64 { return toPoint(a).meters(toPoint(b)) }
