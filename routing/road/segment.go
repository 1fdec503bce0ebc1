package road

import (
	"math"
	"runtime"
	"slices"
	"sync"
)

// maxHop bounds the cost of a single hop, so that sums along any way fit their types.
const maxHop = 1 << 26

// hop is the stretch of a way between two neighbouring nodes.
type hop struct {
	way  uint32
	a, b uint32 // node numbers, in the direction of the way
}

// hopCost is what one hop costs in the direction of its segment and against it, in tenths of a second.
type hopCost struct {
	weight, back       uint32
	tenths, backTenths uint32
}

// segment is a street between two crossings: a chain of hops that agree in everything but speed.
type segment struct {
	from, to       uint32 // nodes
	points         uint32 // where its nodes start in segments.nodes, and their costs in segments.costs
	count          uint32 // of its nodes
	name           uint32
	open           [2]bool // along and against the segment
	restricted     [2]bool
	class          class
	ferry, round   bool
	motorway, toll bool
	endsHere, left bool
	meters         float64
	first, last    hopEnd // the hops at both ends, as seen in the direction of the segment
}

// hopEnd is a hop as part of a segment.
type hopEnd struct {
	hop  uint32
	back bool // the segment runs against the way
}

// segments joins the hops of all ways into segments. Nodes are crossings unless exactly two hops meet there
// that agree, and nothing stops traffic and no restriction turns there.
type segments struct {
	m        *streetMap
	p        *Profile
	hops     []hop
	firstHop []uint32 // of each way; hop k of way w is firstHop[w]+k
	armFirst []uint32 // arms of node n: arms[armFirst[n]:armFirst[n+1]]
	arms     []uint32 // hop<<1 | 1 if the hop ends here, else it starts here
	kept     []bool   // nodes that are crossings

	all   []segment
	nodes []uint32  // along all segments, one behind the other
	by    []uint32  // hop<<1 | 1 if against its way, by which the next of the nodes is reached; unused at a segment's last
	costs []hopCost // of the same hops
	of    []uint32  // segment of each hop, noSegment where the hop leaves the extract
	rev   []bool    // whether that segment runs against the hop's way
}

// line returns the nodes along a segment, from first to last.
func (s *segments) line(seg uint32) []uint32 {
	first := s.all[seg].points
	return s.nodes[first : first+s.all[seg].count]
}

// hopCosts returns the costs of a segment's hops.
func (s *segments) hopCosts(seg uint32) []hopCost {
	first := s.all[seg].points
	return s.costs[first : first+s.all[seg].count-1]
}

const noSegment = math.MaxUint32

// joinSegments builds the segments of a map. The paths are the restrictions', whose turning nodes are kept.
func joinSegments(m *streetMap, p *Profile, paths []banPath) *segments {
	s := &segments{m: m, p: p}
	s.split()
	s.kept = make([]bool, len(m.ids))
	for n := range s.kept {
		s.kept[n] = s.isCrossing(uint32(n))
	}
	for _, path := range paths {
		for _, n := range path.at {
			s.kept[n] = true
		}
	}
	s.nodes = make([]uint32, 0, len(s.hops)+len(s.hops)/4)
	s.by = make([]uint32, 0, len(s.hops)+len(s.hops)/4)
	s.of = make([]uint32, len(s.hops))
	s.rev = make([]bool, len(s.hops))
	for h := range s.of {
		s.of[h] = noSegment
	}
	for n := range s.kept {
		if s.kept[n] {
			s.walkFrom(uint32(n))
		}
	}
	for h := range s.hops { // rings without a crossing
		if s.of[h] == noSegment && s.usable(uint32(h)) {
			s.kept[s.hops[h].a] = true
			s.walkFrom(s.hops[h].a)
		}
	}
	s.arms, s.armFirst = nil, nil
	s.costs = make([]hopCost, len(s.nodes))
	inParts(len(s.all), func(from, to int) {
		for seg := from; seg < to; seg++ {
			s.price(uint32(seg))
		}
	})
	s.by = nil
	return s
}

// split cuts the ways into hops and lists the hops that meet at each node.
func (s *segments) split() {
	s.firstHop = make([]uint32, len(s.m.ways)+1)
	for w, way := range s.m.ways {
		s.firstHop[w+1] = s.firstHop[w] + uint32(len(way.nodes)-1)
	}
	s.hops = make([]hop, s.firstHop[len(s.m.ways)])
	s.armFirst = make([]uint32, len(s.m.ids)+1)
	for w, way := range s.m.ways {
		for k := 0; k+1 < len(way.nodes); k++ {
			h := s.firstHop[w] + uint32(k)
			s.hops[h] = hop{uint32(w), way.nodes[k], way.nodes[k+1]}
			if s.usable(h) {
				s.armFirst[way.nodes[k]+1]++
				s.armFirst[way.nodes[k+1]+1]++
			}
		}
	}
	for n := range s.m.ids {
		s.armFirst[n+1] += s.armFirst[n]
	}
	s.arms = make([]uint32, s.armFirst[len(s.m.ids)])
	next := append([]uint32(nil), s.armFirst[:len(s.m.ids)]...)
	for h := range s.hops {
		if !s.usable(uint32(h)) {
			continue
		}
		for end, n := range [2]uint32{s.hops[h].a, s.hops[h].b} {
			s.arms[next[n]] = uint32(h)<<1 | uint32(end)
			next[n]++
		}
	}
}

// usable tells whether a hop lies within the extract and leads anywhere.
func (s *segments) usable(h uint32) bool {
	a, b := s.hops[h].a, s.hops[h].b
	return a != b && s.m.located[a] && s.m.located[b]
}

func (s *segments) armsAt(n uint32) []uint32 { return s.arms[s.armFirst[n]:s.armFirst[n+1]] }

// trait is what two hops must share to be one segment.
type trait struct {
	name             uint32
	open, restricted [2]bool
	class            class
	ferry, round     bool
	motorway, toll   bool
	endsHere, left   bool
}

// trait returns what a hop is like in its way's direction, or against it.
func (s *segments) trait(h uint32, back bool) trait {
	way := &s.m.ways[s.hops[h].way]
	u := way.use
	t := trait{way.name, [2]bool{u.forward.open, u.backward.open}, [2]bool{u.forward.restricted, u.backward.restricted},
		u.class, u.ferry, u.round, u.motorway, u.toll, u.endsHere, u.left}
	if back {
		t.open[0], t.open[1] = t.open[1], t.open[0]
		t.restricted[0], t.restricted[1] = t.restricted[1], t.restricted[0]
	}
	return t
}

// isCrossing tells whether a node has to be a crossing for its own sake.
func (s *segments) isCrossing(n uint32) bool {
	arms := s.armsAt(n)
	if len(arms) == 0 {
		return false
	}
	if len(arms) != 2 || s.m.nodes[n].barrier {
		return true
	}
	in, out := arms[0], arms[1]
	if in>>1 == out>>1 {
		return true
	}
	// Arriving by the first arm runs along its way if the hop ends here; leaving by the second runs along if
	// it starts here.
	return s.trait(in>>1, in&1 == 0) != s.trait(out>>1, out&1 == 1)
}

// walkFrom builds every segment that starts at a crossing and is not built yet.
func (s *segments) walkFrom(n uint32) {
	for _, arm := range s.armsAt(n) {
		if s.of[arm>>1] == noSegment {
			s.walk(n, arm)
		}
	}
}

// walk follows the hops from a crossing along one arm to the next crossing.
func (s *segments) walk(from, arm uint32) {
	t := s.trait(arm>>1, arm&1 == 1)
	id := uint32(len(s.all))
	seg := segment{from: from, points: uint32(len(s.nodes)), name: t.name, open: t.open, restricted: t.restricted, class: t.class,
		ferry: t.ferry, round: t.round, motorway: t.motorway, toll: t.toll, endsHere: t.endsHere, left: t.left, first: hopEnd{arm >> 1, arm&1 == 1}}
	s.nodes = append(s.nodes, from)
	at := from
	for {
		h, back := arm>>1, arm&1 == 1
		s.of[h], s.rev[h] = id, back
		s.by = append(s.by, arm)
		if at = s.hops[h].b; back {
			at = s.hops[h].a
		}
		s.nodes = append(s.nodes, at)
		if s.kept[at] {
			break
		}
		arms := s.armsAt(at) // exactly two, or at were a crossing
		if arm = arms[0]; arm>>1 == h {
			arm = arms[1]
		}
	}
	seg.to, seg.count, seg.last = at, uint32(len(s.nodes))-seg.points, hopEnd{arm >> 1, arm&1 == 1}
	s.by = append(s.by, 0)
	s.all = append(s.all, seg)
}

// price fills in lengths and costs. Waiting at a sign within the segment counts to the hop that leads to it.
func (s *segments) price(id uint32) {
	seg := &s.all[id]
	points, hops, costs := s.line(id), s.by[seg.points:seg.points+seg.count-1], s.hopCosts(id)
	length := func(i int) float64 { return s.m.at[points[i]].meters(s.m.at[points[i+1]]) }
	for i, by := range hops {
		way := &s.m.ways[s.hops[by>>1].way]
		along, against := way.use.forward, way.use.backward
		if by&1 == 1 {
			along, against = against, along
		}
		meters := length(i)
		seg.meters += meters
		c := &costs[i]
		c.weight, c.tenths = s.hopCost(way, along, meters)
		c.back, c.backTenths = s.hopCost(way, against, meters)
	}
	if !slices.ContainsFunc(points[1:seg.count-1], func(n uint32) bool { return s.m.nodes[n].sign != noSign }) {
		return
	}
	start := 0.0
	for i, by := range hops {
		end, c := start+length(i), &costs[i]
		if i+1 < len(hops) {
			wait := s.waitWithin(points[i+1], hopEnd{by >> 1, by&1 == 1}, end, seg.meters-end)
			c.weight, c.tenths = c.weight+wait, c.tenths+wait
		}
		if i > 0 {
			wait := s.waitWithin(points[i], hopEnd{by >> 1, by&1 == 0}, seg.meters-start, start)
			c.back, c.backTenths = c.back+wait, c.backTenths+wait
		}
		start = end
	}
}

// hopCost returns weight and time of a hop in tenths of a second, each rounded and at least one, as OSRM does.
func (s *segments) hopCost(way *streetWay, l lane, meters float64) (weight, tenths uint32) {
	if !l.open {
		return 0, 0
	}
	var seconds float64
	if way.use.seconds > 0 {
		seconds = way.use.seconds / float64(len(way.nodes)-1)
	} else {
		seconds = meters / (l.speed / 3.6)
	}
	fixed := func(v float64) uint32 { return uint32(min(max(math.Round(v*10), 1), maxHop)) }
	return fixed(seconds / way.use.rate), fixed(seconds)
}

// nearCrossing is how close to its crossing a stop sign stands at most, in metres.
const nearCrossing = 20

// waitWithin returns the tenths of a second that a sign between two crossings costs who comes by the hop, having
// come so many metres since the last crossing with so many left to the next.
func (s *segments) waitWithin(n uint32, by hopEnd, come, left float64) uint32 {
	node := s.m.nodes[n]
	switch {
	case node.sign == noSign || !facesArrival(node.facing, by.back):
		return 0
	case node.sign == minorStop: // both sides are the same road
		return 0
	case node.sign == stopSign && node.facing == facingUnknown && come < nearCrossing && left > nearCrossing:
		return 0 // it stands at the crossing left behind, for those who come the other way
	}
	return uint32(s.p.wait(node.sign) * 10)
}

// facesArrival tells whether a sign binds who arrives along a way, or against it.
func facesArrival(f facing, against bool) bool {
	return f == facingUnknown || f == facingBoth || (f == facingBackward) == against
}

// inParts runs work on the numbers below n, divided among the processors.
func inParts(n int, work func(from, to int)) {
	parts := runtime.GOMAXPROCS(0)
	if n < 1000*parts {
		work(0, n)
		return
	}
	var wait sync.WaitGroup
	for i := range parts {
		wait.Go(func() { work(n*i/parts, n*(i+1)/parts) })
	}
	wait.Wait()
}
