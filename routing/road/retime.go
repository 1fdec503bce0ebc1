package road

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"catchment/routing"
)

// Street is a segment as the one who knows its speeds sees it.
type Street struct {
	Segment SegmentID
	Name    string
	Class   string // motorway, trunk, primary, low or other
	Ferry   bool
	Middle  orb.Point
	Meters  float64
	// Tenths of a second along the segment and against it at the speeds of the map; 0 where it is closed.
	Along, Against uint32
}

// Pace returns how much longer a street takes than at the speeds of the map, along it and against it: 2 is
// twice as long. Factors must lie between MinPace and MaxPace.
type Pace func(s Street) (along, against float64)

// The factors a Pace may return.
const (
	MinPace = 0.1
	MaxPace = 20
)

// Retime prepares the streets of a graph with other speeds, for a time band, and writes them to a file of their
// own. It needs no extract: the order of contraction is the graph's, so this takes a fraction of a build, and the
// graph goes on answering. Turns cost what they cost before.
func (g *Graph) Retime(ctx context.Context, band routing.Band, pace Pace, path string) error {
	a := g.arrays
	costs := make([]hopCost, len(g.points))
	a.edges = slices.Clone(g.edges)
	for s := range g.segmentFlags {
		if s%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		along, against := pace(g.describe(SegmentID(s)))
		for _, f := range []float64{along, against} {
			if !(f >= MinPace && f <= MaxPace) {
				return fmt.Errorf("retime streets for %q: segment %d is given the factor %g, not one from %g to %g", string(band), s, f, MinPace, float64(MaxPace))
			}
		}
		for i := g.segmentFirst[s]; i+1 < g.segmentFirst[s+1]; i++ {
			c := g.hopCost(i)
			costs[i] = hopCost{slowed(c.weight, along), slowed(c.back, against), slowed(c.tenths, along), slowed(c.backTenths, against)}
		}
	}
	for e := range a.edges {
		s, back := a.edges[e].Segment>>1, a.edges[e].Segment&1 == 1
		c := Cost{Decimeters: a.edges[e].Cost.Decimeters}
		for _, h := range costs[a.segmentFirst[s] : a.segmentFirst[s+1]-1] {
			if back {
				c.Weight, c.Tenths = c.Weight+h.back, c.Tenths+h.backTenths
			} else {
				c.Weight, c.Tenths = c.Weight+h.weight, c.Tenths+h.tenths
			}
		}
		a.edges[e].Cost = c
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	a.setCosts(costs)
	sum := sha256.Sum256(bytesOf(costs))
	o := g.origin
	o.band, o.speeds = band, hex.EncodeToString(sum[:8])
	w, err := a.write(ctx, path, o)
	if err == nil {
		err = w.finish()
	}
	if err != nil {
		return fmt.Errorf("retime streets for %q: %w", string(band), err)
	}
	return nil
}

// slowed returns a cost times a factor, at least a tenth unless it is nothing.
func slowed(v uint32, factor float64) uint32 {
	if v == 0 {
		return 0
	}
	return uint32(min(max(math.Round(float64(v)*factor), 1), maxHop))
}

var classNames = map[class]string{
	classOther: "other", classMotorway: "motorway", classTrunk: "trunk", classPrimary: "primary", classLow: "low",
}

func (g *Graph) describe(s SegmentID) Street {
	first, last := g.segmentFirst[s], g.segmentFirst[s+1]-1
	street := Street{
		Segment: s, Name: g.street(s), Class: classNames[class(g.segmentFlags[s]>>classShift)],
		Ferry: g.segmentFlags[s]&flagFerry != 0, Middle: g.points[(first+last)/2].orb(),
	}
	for i, e := range g.segmentEdge[s] {
		if e == noEdge {
			continue
		}
		street.Meters = float64(g.edges[e].Cost.Decimeters) / 10
		if i == 0 {
			street.Along = g.edges[e].Cost.Tenths
		} else {
			street.Against = g.edges[e].Cost.Tenths
		}
	}
	return street
}
