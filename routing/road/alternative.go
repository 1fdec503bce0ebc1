package road

import "slices"

// What makes a way worth offering beside the best one: OSRM's figures for the method of Abraham et al. (2010).
const (
	longerBy   = 0.15 // its weight is at most this share above the best
	sharedMost = 0.75 // at most this share of it lies on ways offered before
	localShare = 0.25 // every stretch as long as this share of the best way around its middle is itself best
	mostLooks  = 60   // how many ways are looked at
)

// Alternatives returns the best way between two places, and up to so many more that a driver may prefer: not much
// longer, different over a fair part, and without detours that could be cut short. It returns nil if there is
// no way.
func (g *Graph) Alternatives(from, to Place, more int) []*Way {
	best, ok := g.way(from.foot, to.foot)
	if !ok {
		return nil
	}
	ways := []*Way{{g, best}}
	if more <= 0 || best.direct {
		return ways
	}
	limit := best.cost.Weight + uint32(float64(best.cost.Weight)*longerBy)
	used := map[EdgeID]bool{}
	use := func(w way) {
		for _, e := range w.edges {
			used[e] = true
		}
	}
	use(best)
	g.fromBothEnds(from.foot, to.foot, func(out, in *climb) {
		type look struct {
			rank       uint32
			key        key
			decimeters uint32
		}
		var looks []look
		for _, r := range in.ranks {
			if k, d := meet(out, in, r); k != noKey && uint32(k>>32) <= limit && !used[EdgeID(r)] {
				looks = append(looks, look{r, k, d})
			}
		}
		slices.SortStableFunc(looks, func(a, b look) int {
			switch {
			case a.key < b.key:
				return -1
			case a.key > b.key:
				return 1
			}
			return 0
		})
		for _, l := range looks[:min(len(looks), mostLooks)] {
			if len(ways) > more {
				return
			}
			edges := g.over(out, in, l.rank)
			middle := EdgeID(l.rank)
			if used[middle] || repeats(edges) || !g.differs(edges, used) || !g.holds(edges, middle, best.cost) {
				continue
			}
			w := way{from: from.foot, to: to.foot, cost: l.key.cost(l.decimeters)}
			w.edges = append([]EdgeID{g.departed(from.foot, edges[0])}, edges...)
			ways = append(ways, &Way{g, w})
			use(w)
		}
	})
	return ways
}

// repeats tells whether a way passes an edge twice.
func repeats(edges []EdgeID) bool {
	seen := make(map[EdgeID]bool, len(edges))
	for _, e := range edges {
		if seen[e] {
			return true
		}
		seen[e] = true
	}
	return false
}

// differs tells whether a way leaves those used before over a fair part of its length.
func (g *Graph) differs(edges []EdgeID, used map[EdgeID]bool) bool {
	var shared, whole float64
	for _, e := range edges {
		w := float64(g.edges[e].Cost.Weight)
		whole += w
		if used[e] {
			shared += w
		}
	}
	return shared <= sharedMost*whole
}

// holds tells whether the stretch of a way around one of its edges is itself a best way.
func (g *Graph) holds(edges []EdgeID, middle EdgeID, best Cost) bool {
	m := slices.Index(edges, middle)
	reach := uint32(float64(best.Weight) * localShare)
	first, last := m, m
	for sum := uint32(0); first > 0 && sum < reach; first-- {
		sum += g.edges[edges[first-1]].Cost.Weight
	}
	for sum := uint32(0); last+1 < len(edges) && sum < reach; last++ {
		sum += g.edges[edges[last]].Cost.Weight
	}
	var walked Cost
	for i := first; i < last; i++ {
		walked = walked.plus(g.edges[edges[i]].Cost)
		for _, t := range g.turnsFrom(edges[i]) {
			if t.To == edges[i+1] {
				walked = walked.plus(t.cost())
			}
		}
	}
	out, in := g.newClimb(), g.newClimb()
	out.start(uint32(edges[first]), Cost{})
	out.run(&g.up, g.parent)
	in.start(uint32(edges[last]), Cost{})
	in.run(&g.down, g.parent)
	shortest := never
	for _, r := range in.ranks {
		if k, d := meet(out, in, r); k != noKey && k.cost(d).less(shortest) {
			shortest = k.cost(d)
		}
	}
	out.reset()
	in.reset()
	g.climbs.Put(out)
	g.climbs.Put(in)
	return walked.Weight <= shortest.Weight
}
