package road

// search is the working memory of one Dijkstra search over edges. Labels hold the cost up to the start of an
// edge (outbound) or from its end (inbound).
type search struct {
	label  []Cost
	round  []uint32 // the search in which label was last set
	parent []EdgeID // the edge before (outbound), noEdge for the first
	now    uint32
	heap   []waiting

	within int    // entries of the queue within the limit
	limit  uint32 // tenths of a second
}

// waiting is an edge in the queue with a cost that may be outdated.
type waiting struct {
	cost Cost
	edge EdgeID
}

// newSearch takes a working memory from the pool.
func (g *Graph) newSearch() *search {
	s, ok := g.searches.Get().(*search)
	if !ok {
		n := len(g.edges)
		s = &search{label: make([]Cost, n), round: make([]uint32, n), parent: make([]EdgeID, n)}
	}
	s.restart()
	return s
}

// restart forgets all labels.
func (s *search) restart() {
	s.heap, s.within, s.limit = s.heap[:0], 0, never.Tenths
	if s.now++; s.now == 0 {
		clear(s.round)
		s.now = 1
	}
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
	if c.Tenths <= s.limit {
		s.within++
	}
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
		if top.cost.Tenths <= s.limit {
			s.within--
		}
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
	for back, e := range g.segmentEdge[f.segment] {
		if e == noEdge {
			continue
		}
		rest := g.edges[e].Cost.minus(g.upTo(f, back == 1))
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

// arriveAt seeds an inbound search with the edges that lead to the foothold's.
func (g *Graph) arriveAt(s *search, f foothold) {
	for back, plain := range g.segmentEdge[f.segment] {
		if plain == noEdge {
			continue
		}
		in := g.upTo(f, back == 1)
		for _, t := range g.turnsInto(plain) {
			s.offer(t.To, in.plus(t.cost()), plain)
		}
		for _, c := range g.copiesOf(plain) {
			for _, t := range g.turnsInto(c.Copy) {
				s.offer(t.To, in.plus(t.cost()), c.Copy)
			}
		}
	}
}

// backward offers the edges that lead to an edge of an inbound search.
func (g *Graph) backward(s *search, e EdgeID, c Cost) {
	start := c.plus(g.edges[e].Cost)
	for _, t := range g.turnsInto(e) {
		s.offer(t.To, start.plus(t.cost()), e)
	}
}

// ending is one edge on which a target can be reached, and the cost from its start to the target.
type ending struct {
	edge   EdgeID
	upTo   Cost
	target int
}

// endings lists the edges, copies included, on which a foothold is reached.
func (g *Graph) endings(f foothold, target int, to []ending) []ending {
	for back, plain := range g.segmentEdge[f.segment] {
		if plain == noEdge {
			continue
		}
		c := g.upTo(f, back == 1)
		to = append(to, ending{plain, c, target})
		for _, copied := range g.copiesOf(plain) {
			to = append(to, ending{copied.Copy, c, target})
		}
	}
	return to
}

// direct returns the cost of going from one foothold to another on the same segment without leaving it, and
// whether that leads against the segment.
func (g *Graph) direct(from, to foothold) (best Cost, back bool) {
	best = never
	if from.segment != to.segment {
		return best, false
	}
	for i, e := range g.segmentEdge[from.segment] {
		against := i == 1
		if e == noEdge || !isAhead(from, to, against) {
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

// row fills best with the costs from one foothold to all targets, of which endings are sorted by edge. It stops
// as soon as no target can be reached at a better cost.
func (g *Graph) row(s *search, from foothold, to []foothold, endings []ending, firstEnding map[EdgeID]int, best []Cost) {
	for j := range to {
		best[j], _ = g.direct(from, to[j])
	}
	g.depart(s, from)
	left := len(firstEnding)
	for settled := 0; left > 0; settled++ {
		e, c, ok := s.next()
		if !ok {
			return
		}
		if settled%64 == 0 && !anyWorse(best, c) {
			return
		}
		if i, ends := firstEnding[e]; ends {
			for ; i < len(endings) && endings[i].edge == e; i++ {
				if total := c.plus(endings[i].upTo); total.less(best[endings[i].target]) {
					best[endings[i].target] = total
				}
			}
			left--
		}
		g.onward(s, e, c)
	}
}

func anyWorse(best []Cost, c Cost) bool {
	for _, b := range best {
		if c.less(b) {
			return true
		}
	}
	return false
}
