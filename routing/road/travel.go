package road

import (
	"context"
	"fmt"
	"slices"

	"github.com/paulmach/orb"

	"catchment/geo"
	"catchment/routing"
)

var _ routing.Travel = (*Graph)(nil)

// WrongProfile says that a graph was asked about another way of travelling than its own.
type WrongProfile struct{ Have, Want routing.Profile }

func (e *WrongProfile) Error() string {
	return fmt.Sprintf("these streets are prepared for %q, not for %q", e.Have, e.Want)
}

// NoBand says that the streets have no speeds of their own for a stretch of the week.
type NoBand struct{ Band routing.Band }

func (e *NoBand) Error() string {
	return fmt.Sprintf("no speeds for the time band %q; ask for any time", string(e.Band))
}

func (g *Graph) admits(profile routing.Profile, band routing.Band) error {
	if profile != g.profile.Name {
		return &WrongProfile{g.profile.Name, profile}
	}
	if band != g.band {
		return &NoBand{band}
	}
	return nil
}

// Version returns the hash of the extract, the profile with its revision and, if the speeds are not those of
// the map, the band and what tells them apart.
func (g *Graph) Version(routing.Profile) routing.Version { return g.version() }

// footholds snaps points, numbering them from the given offset in errors.
func (g *Graph) footholds(ctx context.Context, at []orb.Point, offset int) ([]foothold, error) {
	for i, p := range at {
		if err := geo.CheckPoint(p); err != nil {
			return nil, fmt.Errorf("point %d: %w", offset+i, err)
		}
	}
	snapped, found := make([]foothold, len(at)), make([]bool, len(at))
	err := inParallel(ctx, len(at), func(next func() (int, bool)) {
		for i, ok := next(); ok; i, ok = next() {
			snapped[i], found[i] = g.snap(toPoint(at[i]))
		}
	})
	if err != nil {
		return nil, err
	}
	if i := slices.Index(found, false); i >= 0 {
		return nil, &routing.NoRoad{Index: offset + i, At: at[i]}
	}
	return snapped, nil
}

// Table returns times and lengths between all pairs.
func (g *Graph) Table(ctx context.Context, profile routing.Profile, band routing.Band, from, to []orb.Point) (routing.Matrix, error) {
	if err := g.admits(profile, band); err != nil {
		return routing.Matrix{}, err
	}
	starts, err := g.footholds(ctx, from, 0)
	if err != nil {
		return routing.Matrix{}, err
	}
	goals, err := g.footholds(ctx, to, len(from))
	if err != nil {
		return routing.Matrix{}, err
	}
	costs, err := g.pairs(ctx, starts, goals)
	if err != nil {
		return routing.Matrix{}, err
	}
	m := routing.Matrix{Columns: len(to), Tenths: make([]int32, len(costs)), Meters: make([]int32, len(costs))}
	for i, c := range costs {
		m.Tenths[i], m.Meters[i] = told(c)
	}
	return m, nil
}

// told returns a cost in the units of routing.Matrix.
func told(c Cost) (tenths, meters int32) {
	if c == never {
		return routing.Unreachable, routing.Unreachable
	}
	return int32(min(c.Tenths, uint32(routing.Unreachable)-1)), int32((c.Decimeters + 5) / 10)
}

// Route returns the way through the points. Each leg is the best way by itself, as a table tells it: where a
// journey halts it may turn about.
func (g *Graph) Route(ctx context.Context, profile routing.Profile, band routing.Band, through []orb.Point) (routing.Route, error) {
	if err := g.admits(profile, band); err != nil {
		return routing.Route{}, err
	}
	if len(through) < 2 {
		return routing.Route{}, fmt.Errorf("a route needs at least two points, this has %d", len(through))
	}
	stops, err := g.footholds(ctx, through, 0)
	if err != nil {
		return routing.Route{}, err
	}
	var r routing.Route
	for i := range stops[1:] {
		if err := ctx.Err(); err != nil {
			return routing.Route{}, err
		}
		w, ok := g.way(stops[i], stops[i+1])
		if !ok {
			return routing.Route{}, fmt.Errorf("from point %d to point %d: %w", i, i+1, routing.ErrNoWay)
		}
		r.Legs = append(r.Legs, g.leg(w))
	}
	return r, nil
}

// way is a way between two footholds: all on one segment, or over the edges from the one it leaves to the one
// it arrives on.
type way struct {
	from, to foothold
	cost     Cost
	edges    []EdgeID
	direct   bool // edges is the one edge both lie on
}

// direct returns the cost of going from one foothold to another on the same segment without leaving it, and
// whether that leads against the segment.
func (g *Graph) direct(from, to foothold) (best Cost, back bool) {
	best = never
	if from.segment != to.segment {
		return best, false
	}
	for against := range g.sides(from) {
		if to.closed[side(against)] || !isAhead(from, to, against) {
			continue
		}
		if c := g.upTo(to, against).minus(g.upTo(from, against)); c.less(best) {
			best, back = c, against
		}
	}
	return best, back
}

// isAhead tells whether one foothold lies ahead of another on their segment, or at the same place.
func isAhead(from, to foothold, against bool) bool {
	if against {
		from, to = to, from
	}
	return from.hop < to.hop || from.hop == to.hop && from.share <= to.share
}

// way finds the best way between two footholds.
func (g *Graph) way(from, to foothold) (way, bool) {
	w := way{from: from, to: to}
	var back bool
	if w.cost, back = g.direct(from, to); w.cost != never {
		w.direct, w.edges = true, []EdgeID{g.segmentEdge[from.segment][side(back)]}
	}
	if c, edges := g.climbOver(from, to); c.less(w.cost) {
		w.cost, w.direct, w.edges = c, false, append([]EdgeID{g.departed(from, edges[0])}, edges...)
	}
	return w, w.cost != never
}

// departed returns the edge of the foothold's segment by which the first further edge of a best way is reached.
func (g *Graph) departed(from foothold, first EdgeID) EdgeID {
	best, by := never, noEdge
	for back, e := range g.sides(from) {
		rest := g.edges[e].Cost.minus(g.upTo(from, back))
		for _, t := range g.turnsFrom(e) {
			if c := rest.plus(t.cost()); t.To == first && c.less(best) {
				best, by = c, e
			}
		}
	}
	return by
}

// leg spells a way out as shape and street names.
func (g *Graph) leg(w way) routing.Leg {
	leg := routing.Leg{Shape: orb.LineString{w.from.at.orb()}}
	leg.Tenths, leg.Meters = told(w.cost)
	for i, e := range w.edges {
		seg, back := SegmentID(g.edges[e].Segment>>1), g.edges[e].Segment&1 == 1
		if name := g.street(seg); name != "" && (len(leg.Streets) == 0 || leg.Streets[len(leg.Streets)-1] != name) {
			leg.Streets = append(leg.Streets, name)
		}
		first, last := g.segmentFirst[seg], g.segmentFirst[seg+1]-1
		lo, hi := first, last // points to pass, all if neither end of the way lies here
		if i == 0 {
			if lo = w.from.hop + 1; back {
				lo, hi = first, w.from.hop
			}
		}
		if i == len(w.edges)-1 {
			if back {
				lo = w.to.hop + 1
			} else {
				hi = w.to.hop
			}
		}
		leg.Shape = g.draw(leg.Shape, lo, hi, back)
	}
	leg.Shape = extend(leg.Shape, w.to.at.orb())
	if len(leg.Shape) == 1 {
		leg.Shape = append(leg.Shape, leg.Shape[0])
	}
	return leg
}

// draw appends the points from lo to hi, or from hi to lo.
func (g *Graph) draw(shape orb.LineString, lo, hi uint32, back bool) orb.LineString {
	for k := lo; k <= hi; k++ {
		i := k
		if back {
			i = hi - (k - lo)
		}
		shape = extend(shape, g.points[i].orb())
	}
	return shape
}

func extend(shape orb.LineString, p orb.Point) orb.LineString {
	if shape[len(shape)-1] == p {
		return shape
	}
	return append(shape, p)
}

// Nearest returns the streets closest to a point, each street segment once.
func (g *Graph) Nearest(_ context.Context, profile routing.Profile, at orb.Point, n int) ([]routing.Snap, error) {
	if err := g.admits(profile, g.band); err != nil {
		return nil, err
	}
	if err := geo.CheckPoint(at); err != nil {
		return nil, err
	}
	if n <= 0 {
		return nil, nil
	}
	var snaps []routing.Snap
	seen := map[SegmentID]bool{}
	g.near(toPoint(at), maxSnap, func(f foothold) bool {
		if !seen[f.segment] {
			seen[f.segment] = true
			snaps = append(snaps, routing.Snap{At: f.at.orb(), Meters: toPoint(at).meters(f.at), Street: g.street(f.segment)})
		}
		return len(snaps) < n
	})
	if len(snaps) == 0 {
		return nil, &routing.NoRoad{At: at}
	}
	return snaps, nil
}
