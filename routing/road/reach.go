package road

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/paulmach/orb"

	"catchment/geo"
	"catchment/geo/hex"
	"catchment/routing"
)

// maxReach is the longest travel-time area that can be asked for.
const maxReach = 24 * time.Hour

// Reach returns the hexagons the streets within the limit pass through, each with the least time at which one
// of its streets is reached, and the outline of them all. The times are those of the ways a table would take.
func (g *Graph) Reach(ctx context.Context, profile routing.Profile, band routing.Band, origin orb.Point, limit time.Duration, direction routing.Direction) (routing.Reach, error) {
	if err := g.admits(profile, band); err != nil {
		return routing.Reach{}, err
	}
	if limit <= 0 || limit > maxReach {
		return routing.Reach{}, fmt.Errorf("a travel-time area needs a limit above 0 and up to %v, not %v", maxReach, limit)
	}
	from, err := g.footholds(ctx, []orb.Point{origin}, 0)
	if err != nil {
		return routing.Reach{}, err
	}
	r := reacher{
		g:      g,
		limit:  uint32(limit / (time.Second / 10)),
		out:    direction == routing.Outbound,
		origin: from[0],
		reach:  routing.Reach{Resolution: g.reachResolution(limit), Tenths: map[uint64]int32{}},
	}
	r.spacing = map[int]float64{8: 200, 9: 80, 10: 30}[r.reach.Resolution]
	c := g.all(r.origin, r.out)
	defer g.giveBackAll(c)
	if err := r.sample(ctx, c); err != nil {
		return routing.Reach{}, err
	}
	if r.reach.Area, err = outline(r.reach.Tenths); err != nil {
		return routing.Reach{}, err
	}
	return r.reach, nil
}

// reachResolution returns the H3 resolution fit for an area: cells that take about a minute to cross.
func (g *Graph) reachResolution(limit time.Duration) int {
	resolution := 9
	if limit > 30*time.Minute {
		resolution = 8
	}
	if g.profile.Name == routing.Foot {
		resolution++
	}
	return resolution
}

// reacher gathers one travel-time area.
type reacher struct {
	g       *Graph
	limit   uint32 // tenths of a second
	out     bool
	origin  foothold
	spacing float64 // metres between the places looked at along a street
	reach   routing.Reach
}

// sample looks at places along every street and keeps the least time of each hexagon.
func (r *reacher) sample(ctx context.Context, labels *climb) error {
	g := r.g
	for seg := range g.segmentFlags {
		if seg%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		for back, plain := range g.segmentEdge[seg] {
			if plain == noEdge {
				continue
			}
			best := r.base(labels, plain)
			if tenths := uint32(best); best != noKey && tenths <= r.limit {
				if err := r.sampleEdge(SegmentID(seg), back == 1, tenths, nil); err != nil {
					return err
				}
			}
			if r.origin.segment == SegmentID(seg) {
				if err := r.sampleEdge(SegmentID(seg), back == 1, 0, &r.origin); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// base returns what the way costs between the origin and the end of an edge that is nearer to it: its start
// (outbound), or where it is left (inbound).
func (r *reacher) base(labels *climb, plain EdgeID) key {
	g, best := r.g, noKey
	if r.out {
		best = labels.label[g.rank[plain]].key
		for _, c := range g.copiesOf(plain) {
			best = min(best, labels.label[g.rank[c.Copy]].key)
		}
		return best
	}
	for _, t := range g.turnsFrom(plain) {
		if k := labels.label[g.rank[t.To]].key; k != noKey {
			best = min(best, k+keyOf(t.cost()))
		}
	}
	return best
}

// sampleEdge looks at places along an edge. Base is the time at the end of the edge that is nearer to the
// origin; if the origin lies on the edge itself, only what lies beyond it is looked at.
func (r *reacher) sampleEdge(seg SegmentID, back bool, base uint32, origin *foothold) error {
	g := r.g
	first, last := g.segmentFirst[seg], g.segmentFirst[seg+1]-1
	total := g.edges[g.segmentEdge[seg][side(back)]].Cost.Tenths
	var own uint32
	if origin != nil {
		own = g.upTo(*origin, back).Tenths
	}
	var passed uint32 // along the segment's direction of travel
	for k := first; k < last; k++ {
		hop := k
		if back {
			hop = last - 1 - (k - first)
		}
		p, q, tenths := g.points[hop], g.points[hop+1], g.costs[hop].tenths
		if back {
			p, q, tenths = q, p, g.costs[hop].backTenths
		}
		steps := int(p.meters(q)/r.spacing) + 1
		for i := 0; i <= steps; i++ {
			share := float64(i) / float64(steps)
			upTo := passed + uint32(math.Round(float64(tenths)*share))
			var time uint32
			switch {
			case origin == nil && r.out:
				time = base + upTo
			case origin == nil:
				time = base + total - upTo
			case r.out && upTo >= own:
				time = upTo - own
			case !r.out && upTo <= own:
				time = own - upTo
			default:
				continue
			}
			if time <= r.limit {
				if err := r.keep(between(p, q, share), int32(time)); err != nil {
					return err
				}
			}
		}
		passed += tenths
	}
	return nil
}

func (r *reacher) keep(at point, tenths int32) error {
	cell, err := hex.Cell(at.orb(), r.reach.Resolution)
	if err != nil {
		return err
	}
	if known, ok := r.reach.Tenths[cell]; !ok || tenths < known {
		r.reach.Tenths[cell] = tenths
	}
	return nil
}

// outline returns the area of the cells, the same for the same cells.
func outline(tenths map[uint64]int32) (orb.MultiPolygon, error) {
	cells := make([]uint64, 0, len(tenths))
	for c := range tenths {
		cells = append(cells, c)
	}
	slices.Sort(cells)
	area, err := hex.Outline(cells)
	if err != nil {
		return nil, err
	}
	for _, polygon := range area {
		for _, ring := range polygon {
			for _, p := range ring {
				if err := geo.CheckPoint(p); err != nil {
					return nil, err
				}
			}
		}
	}
	return area, nil
}
