package road

import (
	"context"

	"github.com/paulmach/orb"
)

// Way is the best way between two places, as found by Journey.
type Way struct {
	g *Graph
	way
}

// Cost returns what the way costs.
func (w *Way) Cost() Cost { return w.cost }

// Journey finds the way through places. With onward, a journey goes on in the direction in which it reaches a
// place between; else each leg is the best by itself and may turn about there. It returns nil if there is none.
func (g *Graph) Journey(ctx context.Context, places []Place, onward bool) ([]*Way, error) {
	if onward && len(places) > 2 {
		return g.journeyOnward(ctx, places)
	}
	var ways []*Way
	for i := range places[1:] {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		w, ok := g.way(places[i].foot, places[i+1].foot)
		if !ok {
			return nil, nil
		}
		ways = append(ways, &Way{g, w})
	}
	return ways, nil
}

// journeyOnward chooses for every place between whether it is passed along its segment or against it.
func (g *Graph) journeyOnward(ctx context.Context, places []Place) ([]*Way, error) {
	type state struct {
		cost Cost
		ways []*Way
	}
	only := func(f foothold, side int) (foothold, bool) {
		open := !f.closed[side] && g.segmentEdge[f.segment][side] != noEdge
		f.closed[1-side] = true
		return f, open
	}
	// At the first place any direction will do: one state stands for both.
	now := []state{{}, {cost: never}}
	for leg := range places[1:] {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		next := []state{{cost: never}, {cost: never}}
		for leave, s := range now {
			if s.cost == never {
				continue
			}
			from := places[leg].foot
			if leg > 0 {
				from, _ = only(from, leave)
			}
			for arrive := range 2 {
				to, open := places[leg+1].foot, true
				if leg+2 < len(places) {
					to, open = only(to, arrive)
				} else if arrive == 1 {
					continue
				}
				if !open {
					continue
				}
				w, ok := g.way(from, to)
				if !ok {
					continue
				}
				if total := s.cost.plus(w.cost); total.less(next[arrive].cost) {
					next[arrive] = state{total, append(s.ways[:leg:leg], &Way{g, w})}
				}
			}
		}
		now = next
	}
	return now[0].ways, nil
}

// Hop is one hop of a way, whole or in part.
type Hop struct {
	From, To     orb.Point
	NodeA, NodeB int64 // OpenStreetMap ids of the ends of the whole hop, in the direction of travel
	Cost         Cost  // without turns
	Meters       float64
	Segment      SegmentID
	edge         int  // number of the edge within the way
	ends         bool // the edge ends here
	back         bool
}

// Hops returns the hops of a way in their order, at least one. Times and weights of parts of hops add up to those
// of the way without its turns.
func (w *Way) Hops() []Hop {
	g := w.g
	var hops []Hop
	for i, e := range w.edges {
		s, back := SegmentID(g.edges[e].Segment>>1), g.edges[e].Segment&1 == 1
		first, last := g.segmentFirst[s], g.segmentFirst[s+1]-1
		start, end := foothold{segment: s, hop: first}, foothold{segment: s, hop: last - 1, share: 1}
		if back {
			start, end = end, start
		}
		if i == 0 {
			start = w.from
		}
		if i == len(w.edges)-1 {
			end = w.to
		}
		for hop := start.hop; ; {
			a, b := share(start, hop, back, false), share(end, hop, back, true)
			hops = append(hops, g.hop(hop, a, b, back, i, s))
			if hop == end.hop {
				break
			}
			if back {
				hop--
			} else {
				hop++
			}
		}
		hops[len(hops)-1].ends = true
	}
	return hops
}

// share returns where on a hop a way from or to a foothold starts or ends.
func share(f foothold, hop uint32, back, end bool) float64 {
	if f.hop == hop {
		return f.share
	}
	if back == end {
		return 0
	}
	return 1
}

func (g *Graph) hop(i uint32, from, to float64, back bool, edge int, s SegmentID) Hop {
	p, q := g.points[i], g.points[i+1]
	cost := g.hopCost(i)
	weight, tenths := cost.weight, cost.tenths
	h := Hop{NodeA: g.nodeIDs[i], NodeB: g.nodeIDs[i+1], Segment: s, edge: edge, back: back}
	a, b := from, to
	if back {
		weight, tenths = cost.back, cost.backTenths
		h.NodeA, h.NodeB = h.NodeB, h.NodeA
		a, b = 1-from, 1-to
	}
	part := func(v uint32) uint32 { return partOf(v, b) - partOf(v, a) }
	h.Cost = Cost{part(weight), part(tenths), 0}
	h.From, h.To = between(p, q, from).orb(), between(p, q, to).orb()
	h.Meters = p.meters(q) * (b - a)
	return h
}
