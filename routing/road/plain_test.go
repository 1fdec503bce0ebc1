package road

import "slices"

// The searches in this file use the engine's edges and turns but not its hierarchy: what the hierarchy is compared
// with.

// plainWay is Dijkstra's algorithm (1959) over edges, with the engine's turns but without its hierarchy.
func (g *Graph) plainWay(from, to foothold) (way, bool) {
	w := way{from: from, to: to}
	var back bool
	if w.cost, back = g.direct(from, to); w.cost != never {
		w.direct, w.edges = true, []EdgeID{g.segmentEdge[from.segment][side(back)]}
	}
	s := g.newSearch()
	ends := map[EdgeID]Cost{}
	for back, plain := range g.sides(to) {
		ends[plain] = g.upTo(to, back)
		for _, c := range g.copiesOf(plain) {
			ends[c.Copy] = ends[plain]
		}
	}
	last := noEdge
	g.depart(s, from)
	for {
		e, c, ok := s.next()
		if !ok || w.cost.less(c) {
			break
		}
		if end, ok := ends[e]; ok {
			if total := c.plus(end); total.less(w.cost) {
				w.cost, last = total, e
			}
		}
		g.onward(s, e, c)
	}
	if last == noEdge {
		return w, w.cost != never
	}
	w.direct, w.edges = false, nil
	for e := last; e != noEdge; e = s.parent[e] {
		w.edges = append(w.edges, e)
	}
	w.edges = append(w.edges, g.departed(from, w.edges[len(w.edges)-1]))
	slices.Reverse(w.edges)
	return w, true
}

// plainCosts labels the start of every edge from a foothold by Dijkstra's algorithm.
func (g *Graph) plainCosts(from foothold) []Cost {
	s := g.newSearch()
	g.depart(s, from)
	for {
		e, c, ok := s.next()
		if !ok {
			break
		}
		g.onward(s, e, c)
	}
	costs := make([]Cost, len(g.edges))
	for e := range costs {
		costs[e] = s.at(EdgeID(e))
	}
	return costs
}

// search is the working memory of one Dijkstra search over edges. Labels hold the cost up to the start of an
// edge (outbound) or from its end (inbound).
type search struct {
	label  []Cost
	round  []uint32 // the search in which label was last set
	parent []EdgeID // the edge before (outbound), noEdge for the first
	now    uint32
	heap   []waiting
}

// waiting is an edge in the queue with a cost that may be outdated.
type waiting struct {
	cost Cost
	edge EdgeID
}

func (g *Graph) newSearch() *search {
	n := len(g.edges)
	return &search{label: make([]Cost, n), round: make([]uint32, n), parent: make([]EdgeID, n), now: 1}
}

// at returns the label of an edge.
func (s *search) at(e EdgeID) Cost {
	if s.round[e] != s.now {
		return never
	}
	return s.label[e]
}

// offer puts an edge into the queue if the cost is better than what is known. Ways of equal cost keep the
// first parent.
func (s *search) offer(e EdgeID, c Cost, parent EdgeID) {
	if s.round[e] == s.now && !c.less(s.label[e]) {
		return
	}
	s.round[e], s.label[e], s.parent[e] = s.now, c, parent
	s.heap = append(s.heap, waiting{c, e})
	i := len(s.heap) - 1
	for i > 0 {
		up := (i - 1) / 4
		if !s.heap[i].before(s.heap[up]) {
			break
		}
		s.heap[i], s.heap[up] = s.heap[up], s.heap[i]
		i = up
	}
}

func (w waiting) before(v waiting) bool {
	if w.cost == v.cost {
		return w.edge < v.edge
	}
	return w.cost.less(v.cost)
}

// next takes the cheapest edge from the queue whose cost is not outdated.
func (s *search) next() (EdgeID, Cost, bool) {
	for len(s.heap) > 0 {
		top := s.heap[0]
		last := len(s.heap) - 1
		s.heap[0] = s.heap[last]
		s.heap = s.heap[:last]
		s.sink()
		if s.label[top.edge] == top.cost {
			return top.edge, top.cost, true
		}
	}
	return 0, never, false
}

func (s *search) sink() {
	i, n := 0, len(s.heap)
	for {
		first := 4*i + 1
		if first >= n {
			return
		}
		best := first
		for c := first + 1; c < min(first+4, n); c++ {
			if s.heap[c].before(s.heap[best]) {
				best = c
			}
		}
		if !s.heap[best].before(s.heap[i]) {
			return
		}
		s.heap[i], s.heap[best] = s.heap[best], s.heap[i]
		i = best
	}
}

// depart seeds an outbound search with the edges that follow the foothold.
func (g *Graph) depart(s *search, f foothold) {
	for back, e := range g.sides(f) {
		rest := g.edges[e].Cost.minus(g.upTo(f, back))
		for _, t := range g.turnsFrom(e) {
			s.offer(t.To, rest.plus(t.cost()), noEdge)
		}
	}
}

// onward offers the edges that follow an edge of an outbound search.
func (g *Graph) onward(s *search, e EdgeID, c Cost) {
	end := c.plus(g.edges[e].Cost)
	for _, t := range g.turnsFrom(e) {
		s.offer(t.To, end.plus(t.cost()), e)
	}
}
