package road

import (
	"math"
	"slices"
)

// climb is a search from a place up the hierarchy, or up against the direction of travel. It labels every edge
// between its starts and the top with the cost to the edge's start (outbound) or from it (inbound) over ever
// higher edges.
type climb struct {
	label  []climbLabel // by rank
	ranks  []uint32     // those labelled or passed, ascending
	fronts []uint32
}

type climbLabel struct {
	key        key
	decimeters uint32
	arc        uint32 // the number of the last arc on the way here, noVia at a start
	from       uint32 // the rank that arc comes from
}

func (g *Graph) newClimb() *climb {
	c, ok := g.climbs.Get().(*climb)
	if !ok {
		c = &climb{label: make([]climbLabel, len(g.edges))}
		for i := range c.label {
			c.label[i].key = noKey
		}
	}
	return c
}

// reset forgets all labels.
func (c *climb) reset() {
	for _, r := range c.ranks {
		c.label[r].key = noKey
	}
	c.ranks, c.fronts = c.ranks[:0], c.fronts[:0]
}

// start seeds the search.
func (c *climb) start(rank uint32, cost Cost) {
	if l := &c.label[rank]; l.key == noKey || cost.less(l.key.cost(l.decimeters)) {
		*l = climbLabel{keyOf(cost), cost.Decimeters, noVia, noVia}
	}
	if !slices.Contains(c.fronts, rank) {
		c.fronts = append(c.fronts, rank)
	}
}

// run labels all edges above the starts along the ladder. All that can be reached lies on the paths of parents
// from the starts to the top, which are walked side by side until they meet.
func (c *climb) run(l *ladder, parent []uint32) {
	fronts := c.fronts
	for len(fronts) > 0 {
		least := 0
		for i := 1; i < len(fronts); i++ {
			if fronts[i] < fronts[least] {
				least = i
			}
		}
		r := fronts[least]
		c.ranks = append(c.ranks, r)
		if at := &c.label[r]; at.key != noKey {
			first := l.first[r]
			for i, a := range l.at(r) {
				k, d := at.key+a.key, at.decimeters+a.decimeters
				if to := &c.label[a.high]; k < to.key || k == to.key && d < to.decimeters {
					*to = climbLabel{k, d, first + uint32(i), r}
				}
			}
		}
		up := parent[r]
		if up == r || slices.Contains(fronts, up) {
			fronts[least] = fronts[len(fronts)-1]
			fronts = fronts[:len(fronts)-1]
		} else {
			fronts[least] = up
		}
	}
	c.fronts = c.fronts[:0]
}

// hub is an edge through which a place is best left or reached, by way of no higher edge.
type hub struct {
	key        key
	decimeters uint32
	rank       uint32
}

// hubs appends the labels that are exact. A label is not if the edge is reached at less cost over a higher one;
// the best way between two places always has its highest edge among the hubs of both. Exact costs are found
// from the top downwards along the other ladder, and replace the labels.
func (c *climb) hubs(other *ladder, to []hub) []hub {
	first := len(to)
	for i := len(c.ranks) - 1; i >= 0; i-- {
		r := c.ranks[i]
		at := &c.label[r]
		exact := *at
		for _, a := range other.at(r) {
			high := &c.label[a.high]
			if high.key == noKey {
				continue
			}
			if k, d := high.key+a.key, high.decimeters+a.decimeters; k < exact.key || k == exact.key && d < exact.decimeters {
				exact.key, exact.decimeters = k, d
			}
		}
		if exact.key != noKey && exact == *at {
			to = append(to, hub{at.key, at.decimeters, r})
		}
		*at = exact
	}
	slices.Reverse(to[first:])
	return to
}

// sweep completes a search to the exact costs of all edges, from the top of the hierarchy downwards along the
// other ladder (Delling et al. 2011, PHAST).
func (c *climb) sweep(other *ladder) {
	for r := len(c.label) - 1; r >= 0; r-- {
		at := &c.label[r]
		for _, a := range other.at(uint32(r)) {
			high := &c.label[a.high]
			if high.key == noKey {
				continue
			}
			if k, d := high.key+a.key, high.decimeters+a.decimeters; k < at.key || k == at.key && d < at.decimeters {
				at.key, at.decimeters = k, d
			}
		}
	}
}

// resetAll forgets the labels of a sweep.
func (c *climb) resetAll() {
	for i := range c.label {
		c.label[i].key = noKey
	}
	c.ranks, c.fronts = c.ranks[:0], c.fronts[:0]
}

// all returns the exact cost to the start of every edge from a foothold (outbound), or from it to the foothold,
// by rank. The search must be given back with giveBackAll.
func (g *Graph) all(f foothold, outbound bool) *climb {
	c := g.newClimb()
	if outbound {
		g.climbFrom(c, f)
		c.sweep(&g.down)
	} else {
		g.climbTo(c, f)
		c.sweep(&g.up)
	}
	return c
}

func (g *Graph) giveBackAll(c *climb) {
	c.resetAll()
	g.climbs.Put(c)
}

// climbFrom labels what can be reached from a foothold. It leaves along the edges that follow the foothold's.
func (g *Graph) climbFrom(c *climb, f foothold) {
	for back, e := range g.sides(f) {
		rest := g.edges[e].Cost.minus(g.upTo(f, back))
		for _, t := range g.turnsFrom(e) {
			c.start(uint32(t.To), rest.plus(t.cost()))
		}
	}
	c.run(&g.up, g.parent)
}

// climbTo labels from where a foothold can be reached.
func (g *Graph) climbTo(c *climb, f foothold) {
	for back, plain := range g.sides(f) {
		in := g.upTo(f, back)
		c.start(uint32(plain), in)
		for _, copied := range g.copiesOf(plain) {
			c.start(uint32(copied.Copy), in)
		}
	}
	c.run(&g.down, g.parent)
}

// fromBothEnds searches from both ends and hands both searches over.
func (g *Graph) fromBothEnds(from, to foothold, use func(out, in *climb)) {
	out, in := g.newClimb(), g.newClimb()
	g.climbFrom(out, from)
	g.climbTo(in, to)
	use(out, in)
	out.reset()
	in.reset()
	g.climbs.Put(out)
	g.climbs.Put(in)
}

// climbOver finds the best way between two footholds that leaves the first one's segment: its cost, and the
// edges after the one it starts on.
func (g *Graph) climbOver(from, to foothold) (cost Cost, edges []EdgeID) {
	cost = never
	g.fromBothEnds(from, to, func(out, in *climb) {
		best, bestLength, top := noKey, uint32(math.MaxUint32), uint32(0)
		for _, r := range in.ranks {
			if k, d := meet(out, in, r); k < best || k == best && d < bestLength {
				best, bestLength, top = k, d, r
			}
		}
		if best != noKey {
			cost, edges = best.cost(bestLength), g.over(out, in, top)
		}
	})
	return cost, edges
}

// meet returns the cost of the way over an edge that both searches have reached.
func meet(out, in *climb, rank uint32) (key, uint32) {
	a, b := &out.label[rank], &in.label[rank]
	if a.key == noKey || b.key == noKey {
		return noKey, math.MaxUint32
	}
	return a.key + b.key, a.decimeters + b.decimeters
}

// over returns the edges of the way that two searches have found over an edge.
func (g *Graph) over(out, in *climb, top uint32) []EdgeID {
	edges := []EdgeID{EdgeID(top)}
	// Upwards, from the top back to the start; the edges an arc skips lie between its ends.
	for r := top; out.label[r].arc != noVia; r = out.label[r].from {
		mark := len(edges)
		edges = append(edges, EdgeID(out.label[r].from))
		edges = g.middles(edges, &g.up, out.label[r].arc, out.label[r].from)
		slices.Reverse(edges[mark:])
	}
	slices.Reverse(edges)
	for r := top; in.label[r].arc != noVia; r = in.label[r].from {
		edges = g.middles(edges, &g.down, in.label[r].arc, in.label[r].from)
		edges = append(edges, EdgeID(in.label[r].from))
	}
	return edges
}

// middles appends the edges an arc skips, in the order of travel. Low is the rank of its lower end.
func (g *Graph) middles(edges []EdgeID, l *ladder, arcNumber, low uint32) []EdgeID {
	via := l.via[arcNumber]
	if via == noVia {
		return edges
	}
	first, second := low, l.arcs[arcNumber].high
	if l == &g.down {
		first, second = second, first
	}
	// From the first end down to the middle, then up to the second.
	if i, ok := g.down.find(via, first); ok {
		edges = g.middles(edges, &g.down, i, via)
	}
	edges = append(edges, EdgeID(via))
	if i, ok := g.up.find(via, second); ok {
		edges = g.middles(edges, &g.up, i, via)
	}
	return edges
}

// find returns the number of the arc between two ranks.
func (l *ladder) find(low, high uint32) (uint32, bool) {
	i, ok := slices.BinarySearchFunc(l.at(low), high, func(a arc, high uint32) int { return int(a.high) - int(high) })
	return l.first[low] + uint32(i), ok
}
