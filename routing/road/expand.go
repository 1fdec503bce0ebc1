package road

import (
	"math"
	"slices"
)

// EdgeID numbers the edges of a graph.
type EdgeID uint32

// SegmentID numbers the segments of a graph.
type SegmentID uint32

// edge is one direction of a segment that may be travelled.
type edge struct {
	Segment uint32 // segment<<1 | 1 if it runs against the segment
	Cost    Cost   // from its start to its end
}

// turn leads from the end of one edge to the start of another.
type turn struct {
	To     EdgeID
	Weight uint16 // tenths of a second
	Tenths uint16
}

// residentsOnly is the weight of turning into a street kept for residents, in tenths of a second: the most a
// turn can weigh.
const residentsOnly = 1<<15 - 1

// expansion is the graph of edges and turns in the making.
type expansion struct {
	*segments
	bearing  []float64 // of raw edges, where they start; nil where turning costs nothing
	starts   []uint32  // raw edges that start at node n, open or not: leaves[starts[n]:starts[n+1]]
	leaves   []rawEdge
	trie     trie
	ids      []EdgeID // of plain raw edges, noEdge where closed
	copies   map[int32]EdgeID
	edges    []edge
	raws     []rawEdge // of each edge
	states   []int32   // what is remembered on each edge: a node of the trie
	firstOut []uint32
	turns    []turn
}

const noEdge EdgeID = 1<<32 - 1

// expandTurns builds the graph of edges and turns.
func expandTurns(s *segments, paths []banPath) *expansion {
	x := &expansion{segments: s, copies: map[int32]EdgeID{}}
	if s.p.TurnSeconds > 0 {
		x.bearing = s.bearings()
	}
	x.sortByStart()
	x.trie = newTrie()
	for _, path := range paths {
		if route, ok := x.rawPath(path); ok {
			x.trie.insert(route[:len(route)-1], route[len(route)-1], path.only)
		}
	}
	x.trie.link()
	x.ids = make([]EdgeID, 2*len(s.all))
	x.edges = make([]edge, 0, 2*len(s.all))
	x.raws = make([]rawEdge, 0, 2*len(s.all))
	x.states = make([]int32, 0, 2*len(s.all))
	for e := range x.ids {
		x.ids[e] = noEdge
		if x.isOpen(rawEdge(e)) {
			x.ids[e] = x.add(rawEdge(e), x.trie.start(rawEdge(e)))
		}
	}
	x.firstOut = make([]uint32, 0, len(x.edges)+len(x.edges)/64)
	x.turns = make([]turn, 0, 2*len(x.edges))
	// Copies are found while turns are listed: an edge may be reached with something to remember.
	for e := 0; e < len(x.edges); e++ {
		x.firstOut = append(x.firstOut, uint32(len(x.turns)))
		x.listTurns(EdgeID(e))
	}
	x.firstOut = append(x.firstOut, uint32(len(x.turns)))
	return x
}

// sortByStart lists the raw edges by the nodes they start at.
func (x *expansion) sortByStart() {
	x.starts = make([]uint32, len(x.m.ids)+2)
	for i := range x.all {
		x.starts[x.all[i].from+2]++
		x.starts[x.all[i].to+2]++
	}
	for n := range x.m.ids {
		x.starts[n+2] += x.starts[n+1]
	}
	x.leaves = make([]rawEdge, 2*len(x.all))
	for i := range x.all {
		for back, n := range [2]uint32{x.all[i].from, x.all[i].to} {
			x.leaves[x.starts[n+1]] = raw(uint32(i), back == 1)
			x.starts[n+1]++
		}
	}
}

// leaving returns the raw edges that start at a node, open or not.
func (x *expansion) leaving(n uint32) []rawEdge { return x.leaves[x.starts[n]:x.starts[n+1]] }

// rawPath turns the steps of a restriction into edges. It reports false if one of them may not be travelled.
func (x *expansion) rawPath(path banPath) ([]rawEdge, bool) {
	var route []rawEdge
	crossing := true
	for _, st := range path.steps {
		h := x.firstHop[st.way] + st.hop
		if x.of[h] == noSegment {
			return nil, false
		}
		e := raw(x.of[h], st.back != x.rev[h])
		if !x.isOpen(e) {
			return nil, false
		}
		if crossing {
			route = append(route, e)
		}
		end := x.hops[h].b
		if st.back {
			end = x.hops[h].a
		}
		crossing = x.kept[end]
	}
	return route, len(route) >= 2
}

func (x *expansion) isOpen(e rawEdge) bool { return x.all[e>>1].open[e&1] }

func (x *expansion) add(e rawEdge, state int32) EdgeID {
	seg := &x.all[e>>1]
	var c Cost
	for _, h := range x.hopCosts(e >> 1) {
		if e&1 == 0 {
			c.Weight, c.Tenths = c.Weight+h.weight, c.Tenths+h.tenths
		} else {
			c.Weight, c.Tenths = c.Weight+h.back, c.Tenths+h.backTenths
		}
	}
	c.Decimeters = uint32(seg.meters*10 + 0.5)
	x.edges = append(x.edges, edge{uint32(e), c})
	x.raws = append(x.raws, e)
	x.states = append(x.states, state)
	return EdgeID(len(x.edges) - 1)
}

// arrive returns the crossing an edge ends at and the hop by which it comes.
func (x *expansion) arrive(e rawEdge) (uint32, hopEnd) {
	seg := &x.all[e>>1]
	if e&1 == 0 {
		return seg.to, seg.last
	}
	return seg.from, hopEnd{seg.first.hop, !seg.first.back}
}

// listTurns appends the turns from the end of an edge.
func (x *expansion) listTurns(id EdgeID) {
	e, state := x.raws[id], x.states[id]
	n, by := x.arrive(e)
	exits, twoWay := 0, 0
	for _, f := range x.leaving(n) {
		if x.isOpen(f) && !x.trie.bans(state, f) {
			exits++
		}
		if x.isOpen(reversed(f)) {
			twoWay++
		}
	}
	for _, f := range x.leaving(n) {
		if !x.isOpen(f) || x.trie.bans(state, f) {
			continue
		}
		about := f == reversed(e)
		switch barrier := x.m.nodes[n].barrier; {
		case !about && barrier:
			continue
		case about && !barrier && len(x.leaving(n)) > 1 && exits > 1 && twoWay > 1:
			continue // where one can go on, one does not turn about
		}
		t := x.priceTurn(n, by, e, f, about)
		t.To = x.reach(state, f)
		x.turns = append(x.turns, t)
	}
}

// reach returns the edge for entering f with what is remembered so far.
func (x *expansion) reach(state int32, f rawEdge) EdgeID {
	next := x.trie.next(state, f)
	if x.trie.nodes[next].depth < 2 {
		return x.ids[f]
	}
	if id, ok := x.copies[next]; ok {
		return id
	}
	id := x.add(f, next)
	x.copies[next] = id
	return id
}

// priceTurn returns what turning from e to f at crossing n costs.
func (x *expansion) priceTurn(n uint32, by hopEnd, e, f rawEdge, about bool) turn {
	from, to := &x.all[e>>1], &x.all[f>>1]
	seconds := x.waitAt(n, by, e, f)
	if len(x.leaving(n)) > 2 || from.ferry != to.ferry || about {
		if x.p.TurnSeconds > 0 {
			angle := deviation(x.bearing[reversed(e)]+180, x.bearing[f])
			if about = about || x.rounds(e, f, angle); about {
				angle = 180
			}
			seconds += x.p.turnSeconds(angle, from.left)
		}
		if about {
			seconds += x.p.UTurnSeconds
		}
	}
	t := turn{Tenths: uint16(seconds * 10)}
	t.Weight = t.Tenths
	if !x.p.WeightIsTime && !from.restricted[e&1] && to.restricted[f&1] {
		t.Weight = residentsOnly
	}
	return t
}

// rounds tells whether a turn leads from one carriageway of a road to the other, where they meet: turning about
// for the driver, though not onto the same segment.
func (x *expansion) rounds(e, f rawEdge, angle float64) bool {
	from, to := &x.all[e>>1], &x.all[f>>1]
	return math.Abs(angle) > turnsBack && from.name == to.name && from.name != 0 && from.class == to.class &&
		!from.round && !to.round && !x.isOpen(reversed(e)) && !x.isOpen(reversed(f)) &&
		sideBySide(x.places(reversed(e)), x.places(f))
}

// turnsBack is the angle from which turning onto the other carriageway is turning about, in degrees.
const turnsBack = 120

// places returns the points along an edge.
func (x *expansion) places(e rawEdge) []point {
	nodes := x.line(e >> 1)
	line := make([]point, len(nodes))
	for i, n := range nodes {
		if e&1 == 1 {
			i = len(line) - 1 - i
		}
		line[i] = x.m.at[n]
	}
	return line
}

// sideBySide tells whether two lines that start at one place stay close, as carriageways of one road do.
func sideBySide(a, b []point) bool {
	for _, meters := range []float64{lookAhead, farLookAhead, 2 * farLookAhead} {
		if placeAt(a, meters).meters(placeAt(b, meters)) > carriageways {
			return false
		}
	}
	return true
}

// carriageways is how far the middles of a road's two carriageways lie apart at most, in metres.
const carriageways = 20

// waitAt returns the seconds a sign at the crossing costs who comes by the hop.
func (x *expansion) waitAt(n uint32, by hopEnd, e, f rawEdge) float64 {
	node := x.m.nodes[n]
	if node.sign == noSign || !facesArrival(node.facing, by.back) {
		return 0
	}
	switch {
	case node.sign == minorStop && !x.onLesserRoad(n, by):
		return 0
	case node.sign == stopSign && node.facing == facingUnknown && len(x.leaving(n)) == 2 &&
		x.all[e>>1].meters < nearCrossing && x.all[f>>1].meters > nearCrossing:
		return 0
	}
	return x.p.wait(node.sign)
}

// onLesserRoad tells whether who comes by the hop meets a faster road at the crossing.
func (x *expansion) onLesserRoad(n uint32, by hopEnd) bool {
	own := x.speed(by.hop, by.back)
	for _, f := range x.leaving(n) {
		seg := &x.all[f>>1]
		end := seg.first
		if f&1 == 1 {
			end = hopEnd{seg.last.hop, !seg.last.back}
		}
		if x.isOpen(f) && x.speed(end.hop, end.back) > own {
			return true
		}
	}
	return false
}

func (x *expansion) speed(h uint32, back bool) float64 {
	use := x.m.ways[x.hops[h].way].use
	if back {
		return use.backward.speed
	}
	return use.forward.speed
}

// trie holds the starts of restricted ways: each node stands for edges travelled one after the other. It is
// the automaton of Aho & Corasick (1975), so that a turn is judged by every restriction whose start the way
// travelled so far ends with.
type trie struct {
	nodes []trieNode
	child map[trieStep]int32
}

type trieNode struct {
	edge     rawEdge
	depth    int32
	parent   int32
	fail     int32 // the longest proper ending of this one that is itself a start
	no, only []rawEdge
}

type trieStep struct {
	node int32
	edge rawEdge
}

func newTrie() trie { return trie{nodes: make([]trieNode, 1), child: map[trieStep]int32{}} }

func (t *trie) insert(start []rawEdge, to rawEdge, only bool) {
	at := int32(0)
	for _, e := range start {
		next, ok := t.child[trieStep{at, e}]
		if !ok {
			next = int32(len(t.nodes))
			t.nodes = append(t.nodes, trieNode{edge: e, depth: t.nodes[at].depth + 1, parent: at})
			t.child[trieStep{at, e}] = next
		}
		at = next
	}
	if n := &t.nodes[at]; only {
		n.only = append(n.only, to)
	} else {
		n.no = append(n.no, to)
	}
}

// link sets the fail links, parents first.
func (t *trie) link() {
	order := make([]int32, len(t.nodes))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int { return int(t.nodes[a].depth - t.nodes[b].depth) })
	for _, i := range order {
		if n := &t.nodes[i]; n.depth > 1 {
			n.fail = t.next(t.nodes[n.parent].fail, n.edge)
		}
	}
}

// start returns what is remembered on an edge reached with nothing to remember.
func (t *trie) start(e rawEdge) int32 { return t.child[trieStep{0, e}] }

// next returns what is remembered after one more edge.
func (t *trie) next(at int32, e rawEdge) int32 {
	for {
		if next, ok := t.child[trieStep{at, e}]; ok {
			return next
		}
		if at == 0 {
			return 0
		}
		at = t.nodes[at].fail
	}
}

// bans tells whether a restriction forbids going on to an edge.
func (t *trie) bans(at int32, to rawEdge) bool {
	for ; at != 0; at = t.nodes[at].fail {
		n := &t.nodes[at]
		if slices.Contains(n.no, to) || len(n.only) > 0 && !slices.Contains(n.only, to) {
			return true
		}
	}
	return false
}
