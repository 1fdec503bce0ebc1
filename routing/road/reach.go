package road

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/paulmach/orb"

	"catchment/geo/hex"
	"catchment/routing"
)

// maxReach is the longest travel-time area that can be asked for.
const maxReach = 24 * time.Hour

// fineReach is the limit up to which an area is told in the finer hexagons.
const fineReach = 30 * time.Minute

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
		g: g, limit: uint32(limit / (time.Second / 10)), out: direction == routing.Outbound, origin: from[0],
		tenths: make([]int32, len(g.cells)),
	}
	for i := range r.tenths {
		r.tenths[i] = routing.Unreachable
	}
	labels := g.all(r.origin, r.out)
	r.look(labels)
	g.giveBackAll(labels)
	if err := ctx.Err(); err != nil {
		return routing.Reach{}, err
	}
	return r.gather(limit > fineReach)
}

// reacher finds the time at which each hexagon is reached.
type reacher struct {
	g      *Graph
	limit  uint32 // tenths of a second
	out    bool
	origin foothold
	tenths []int32 // by number of the hexagon
}

// look visits the runs of every edge within the limit.
func (r *reacher) look(labels *climb) {
	for s, edges := range r.g.segmentEdge {
		for back, e := range edges {
			if e == noEdge {
				continue
			}
			if base := r.base(labels, e); base != noKey && uint32(base) <= r.limit {
				r.visit(SegmentID(s), back == 1, uint32(base))
			}
			if r.origin.segment == SegmentID(s) {
				r.visitOwn(back == 1)
			}
		}
	}
}

// base returns what the way costs between the origin and the end of an edge that is nearer to it: its start
// (outbound), or where it is left (inbound).
func (r *reacher) base(labels *climb, plain EdgeID) key {
	g, best := r.g, noKey
	if r.out {
		best = labels.label[uint32(plain)].key
		for _, c := range g.copiesOf(plain) {
			best = min(best, labels.label[uint32(c.Copy)].key)
		}
		return best
	}
	for _, t := range g.turnsFrom(plain) {
		if k := labels.label[uint32(t.To)].key; k != noKey {
			best = min(best, k+keyOf(t.cost()))
		}
	}
	return best
}

// visit offers the time at which each run of an edge is first reached. Base is the time at the end of the edge
// that is nearer to the origin.
func (r *reacher) visit(s SegmentID, back bool, base uint32) {
	g := r.g
	runs := g.runs[g.runFirst[s]:g.runFirst[s+1]]
	// The end nearer to the origin is the segment's first point if the edge runs along the segment and is
	// entered there, or against it and is left there.
	fromFirst := back != r.out
	if len(runs) == 1 {
		r.offer(runs[0].Cell, base)
		return
	}
	total := g.edges[g.segmentEdge[s][side(back)]].Cost.Tenths
	p := progress{g: g, segment: s, back: back}
	for _, run := range runs {
		if fromFirst {
			r.offer(run.Cell, base+p.tenths(run.First))
		} else {
			r.offer(run.Cell, base+total-p.tenths(run.Last))
		}
	}
}

// visitOwn offers the times along the edge the origin lies on, without a way round.
func (r *reacher) visitOwn(back bool) {
	g, s := r.g, r.origin.segment
	p := progress{g: g, segment: s, back: back}
	own := p.tenths(mark((r.origin.hop-g.segmentFirst[s])<<8)) + p.part(r.origin.hop, r.origin.share)
	forward := back != r.out // away from the origin the marks rise
	p.hop, p.before = 0, 0
	for _, run := range g.runs[g.runFirst[s]:g.runFirst[s+1]] {
		first, last := p.tenths(run.First), p.tenths(run.Last)
		switch {
		case forward && last >= own:
			r.offer(run.Cell, max(first, own)-own)
		case !forward && first <= own:
			r.offer(run.Cell, own-min(last, own))
		}
	}
}

func (r *reacher) offer(cell, tenths uint32) {
	if tenths <= r.limit && int32(tenths) < r.tenths[cell] {
		r.tenths[cell] = int32(tenths)
	}
}

// progress tells the time from the first point of a segment to marks on it, for marks in rising order.
type progress struct {
	g       *Graph
	segment SegmentID
	back    bool
	hop     uint32
	before  uint32 // time up to hop
}

func (p *progress) tenths(m mark) uint32 {
	first := p.g.segmentFirst[p.segment]
	for ; p.hop < m.hop(); p.hop++ {
		p.before += p.part(first+p.hop, 1)
	}
	return p.before + p.part(first+p.hop, m.share())
}

// part returns the time of a share of a hop, rounded as upTo rounds it.
func (p *progress) part(hop uint32, share float64) uint32 {
	if p.back {
		whole := p.g.hopCost(hop).backTenths
		return whole - uint32(math.Round(float64(whole)*(1-share)))
	}
	return uint32(math.Round(float64(p.g.hopCost(hop).tenths) * share))
}

// gather tells the hexagons reached, as their coarser parents if asked.
func (r *reacher) gather(coarse bool) (routing.Reach, error) {
	resolution, _ := r.g.profile.cellResolution()
	reach := routing.Reach{Resolution: resolution, Tenths: map[uint64]int32{}}
	if coarse {
		reach.Resolution--
	}
	add := func(cell uint64, tenths int32) error {
		if coarse {
			var err error
			if cell, err = hex.Parent(cell, reach.Resolution); err != nil {
				return err
			}
		}
		if known, ok := reach.Tenths[cell]; !ok || tenths < known {
			reach.Tenths[cell] = tenths
		}
		return nil
	}
	own, err := hex.Cell(r.origin.at.orb(), resolution)
	if err != nil {
		return routing.Reach{}, err
	}
	if err := add(own, 0); err != nil {
		return routing.Reach{}, err
	}
	for i, tenths := range r.tenths {
		if tenths != routing.Unreachable {
			if err := add(r.g.cells[i], tenths); err != nil {
				return routing.Reach{}, err
			}
		}
	}
	cells := make([]uint64, 0, len(reach.Tenths))
	for c := range reach.Tenths {
		cells = append(cells, c)
	}
	slices.Sort(cells) // so that the same hexagons always give the same outline
	if reach.Area, err = hex.Outline(cells); err != nil {
		return routing.Reach{}, err
	}
	return reach, nil
}
