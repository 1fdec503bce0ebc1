package road

import (
	"iter"
	"math"
	"slices"
)

// box bounds a group of hops.
type box struct{ minLon, minLat, maxLon, maxLat int32 }

func (b box) joined(c box) box {
	return box{min(b.minLon, c.minLon), min(b.minLat, c.minLat), max(b.maxLon, c.maxLon), max(b.maxLat, c.maxLat)}
}

// fanout is how many hops or boxes one box of the snap tree holds.
const fanout = 16

// treeSize returns how many boxes a tree over so many leaves has, all levels together.
func treeSize(leaves int) int {
	total := 0
	for n := leaves; n > 1 || n == leaves && n > 0; {
		n = (n + fanout - 1) / fanout
		total += n
		if n == 1 {
			break
		}
	}
	return total
}

// plantTree builds the snap tree: the hops in Hilbert order (Kamel & Faloutsos 1993), then boxes over each
// sixteen of them, then over each sixteen boxes, up to one. Levels lie behind one another, lowest first.
func (a *arrays) plantTree() {
	type leaf struct {
		hop uint32
		key uint64
	}
	leaves := make([]leaf, 0, len(a.points)-len(a.segmentFlags))
	for s := range a.segmentFlags {
		if a.segmentFlags[s]&flagEndsHere == 0 {
			continue
		}
		for hop := a.segmentFirst[s]; hop+1 < a.segmentFirst[s+1]; hop++ {
			leaves = append(leaves, leaf{hop: hop})
		}
	}
	inParts(len(leaves), func(from, to int) {
		for i := from; i < to; i++ {
			p, q := a.points[leaves[i].hop], a.points[leaves[i].hop+1]
			leaves[i].key = hilbert(uint32((int64(p.lon)+int64(q.lon))/2+1<<31), uint32((int64(p.lat)+int64(q.lat))/2+1<<31))
		}
	})
	slices.SortFunc(leaves, func(x, y leaf) int {
		switch {
		case x.key < y.key:
			return -1
		case x.key > y.key:
			return 1
		}
		return int(x.hop) - int(y.hop)
	})
	a.leaves = make([]uint32, len(leaves))
	level := make([]box, 0, len(leaves)/fanout+1)
	for i, l := range leaves {
		a.leaves[i] = l.hop
		p, q := a.points[l.hop], a.points[l.hop+1]
		b := box{min(p.lon, q.lon), min(p.lat, q.lat), max(p.lon, q.lon), max(p.lat, q.lat)}
		if i%fanout == 0 {
			level = append(level, b)
		} else {
			level[len(level)-1] = level[len(level)-1].joined(b)
		}
	}
	for len(level) > 0 {
		a.boxes = append(a.boxes, level...)
		if len(level) == 1 {
			break
		}
		var up []box
		for i, b := range level {
			if i%fanout == 0 {
				up = append(up, b)
			} else {
				up[len(up)-1] = up[len(up)-1].joined(b)
			}
		}
		level = up
	}
}

// hilbert returns the place of a cell along the Hilbert curve of order 32.
func hilbert(x, y uint32) uint64 {
	var d uint64
	for s := uint32(1) << 31; s > 0; s >>= 1 {
		var rx, ry uint32
		if x&s > 0 {
			rx = 1
		}
		if y&s > 0 {
			ry = 1
		}
		d += uint64(s) * uint64(s) * uint64((3*rx)^ry)
		if ry == 0 {
			if rx == 1 {
				x, y = ^x, ^y
			}
			x, y = y, x
		}
	}
	return d
}

// project returns how far along the hop from a to b the place closest to p lies, from 0 to 1, and the distance
// in metres, both on the plane that touches the earth near p.
func project(p, a, b point) (share, meters float64) {
	cos := math.Cos(float64(p.lat) * math.Pi / 180 / 1e7)
	ax, ay := float64(a.lon-p.lon)*cos, float64(a.lat-p.lat)
	dx, dy := float64(b.lon-a.lon)*cos, float64(b.lat-a.lat)
	if l := dx*dx + dy*dy; l > 0 {
		share = min(max(-(ax*dx+ay*dy)/l, 0), 1)
	}
	return share, math.Hypot(ax+share*dx, ay+share*dy) * metersPerUnit
}

// metersPerUnit is the length of 1e-7 degrees of latitude, near enough to compare distances by.
const metersPerUnit = 111_195.0 / 1e7

// foothold is a place on a street where a journey may start or end.
type foothold struct {
	segment SegmentID
	hop     uint32
	share   float64 // of the hop, from its first point
	at      point
	meters  float64 // from the place asked for
	closed  [2]bool // directions, along and against the segment, that are not to be used here
}

// sides calls yield with each direction in which a foothold may be left and reached.
func (g *Graph) sides(f foothold) iter.Seq2[bool, EdgeID] {
	return func(yield func(back bool, e EdgeID) bool) {
		for i, e := range g.segmentEdge[f.segment] {
			if e != noEdge && !f.closed[i] && !yield(i == 1, e) {
				return
			}
		}
	}
}

// candidate is a box or hop that waits in the search, closest first.
type candidate struct {
	meters float64
	level  int // 0: a hop, else a box of level-1
	index  int
	share  float64
}

// before orders candidates: the nearer first, boxes before hops as near, so that equally near hops come in the
// order of their number.
func (c candidate) before(d candidate) bool {
	switch {
	case c.meters != d.meters:
		return c.meters < d.meters
	case c.level != d.level:
		return c.level > d.level
	}
	return c.index < d.index
}

// candidates is a binary heap.
type candidates []candidate

func (q *candidates) push(c candidate) {
	h := append(*q, c)
	i := len(h) - 1
	for i > 0 && c.before(h[(i-1)/2]) {
		h[i] = h[(i-1)/2]
		i = (i - 1) / 2
	}
	h[i] = c
	*q = h
}

func (q *candidates) pop() candidate {
	h := *q
	top, last := h[0], h[len(h)-1]
	h = h[:len(h)-1]
	for i, n := 0, len(h); n > 0; {
		child := 2*i + 1
		if child+1 < n && h[child+1].before(h[child]) {
			child++
		}
		if child >= n || !h[child].before(last) {
			h[i] = last
			break
		}
		h[i] = h[child]
		i = child
	}
	*q = h
	return top
}

// near calls visit with the hops around a place, nearest first, until visit returns false or none is left
// within the limit.
func (g *Graph) near(p point, limit float64, visit func(foothold) bool) {
	if len(g.leaves) == 0 {
		return
	}
	starts := []int{0}
	for n := (len(g.leaves) + fanout - 1) / fanout; n > 1; n = (n + fanout - 1) / fanout {
		starts = append(starts, starts[len(starts)-1]+n)
	}
	top := len(starts)
	queue := make(candidates, 1, 128)
	queue[0] = candidate{level: top}
	cos := math.Cos(float64(p.lat) * math.Pi / 180 / 1e7)
	for len(queue) > 0 {
		c := queue.pop()
		if c.meters > limit {
			return
		}
		if c.level == 0 {
			hop := uint32(c.index)
			segment := g.segmentAt(hop)
			if g.segmentEdge[segment] == [2]EdgeID{noEdge, noEdge} {
				continue // excluded
			}
			f := foothold{segment: segment, hop: hop, share: c.share, at: between(g.points[hop], g.points[hop+1], c.share), meters: c.meters}
			if !visit(f) {
				return
			}
			continue
		}
		first, end := c.index*fanout, (c.index+1)*fanout
		if c.level == 1 {
			for _, hop := range g.leaves[first:min(end, len(g.leaves))] {
				share, meters := project(p, g.points[hop], g.points[hop+1])
				queue.push(candidate{meters, 0, int(hop), share})
			}
			continue
		}
		count := starts[c.level-1] - starts[c.level-2]
		for i := first; i < min(end, count); i++ {
			b := g.boxes[starts[c.level-2]+i]
			dx := float64(max(int64(b.minLon)-int64(p.lon), int64(p.lon)-int64(b.maxLon), 0)) * cos
			dy := float64(max(int64(b.minLat)-int64(p.lat), int64(p.lat)-int64(b.maxLat), 0))
			queue.push(candidate{math.Hypot(dx, dy) * metersPerUnit, c.level - 1, i, 0})
		}
	}
}

// maxSnap is how far a place may lie from the street it is reached by, in metres.
const maxSnap = 5000

// snap returns the foothold of a place: the nearest street, but not one on an island of streets from which the
// rest of the map cannot be reached, unless there is no other within maxSnap.
func (g *Graph) snap(p point) (foothold, bool) {
	var best foothold
	found := false
	g.near(p, maxSnap, func(f foothold) bool {
		island := g.segmentFlags[f.segment]&flagIsland != 0
		if !found || !island {
			best, found = f, true
		}
		return island
	})
	return best, found
}

// upTo returns the cost from the start of an edge of the foothold's segment to the foothold.
func (g *Graph) upTo(f foothold, back bool) Cost {
	first, last := g.segmentFirst[f.segment], g.segmentFirst[f.segment+1]-1
	var c Cost
	var meters float64
	whole := g.points[f.hop].meters(g.points[f.hop+1])
	own := g.hopCost(f.hop)
	if back {
		for i := f.hop + 1; i < last; i++ {
			h := g.hopCost(i)
			c.Weight, c.Tenths = c.Weight+h.back, c.Tenths+h.backTenths
			meters += g.points[i].meters(g.points[i+1])
		}
		c.Weight += partOf(own.back, 1-f.share)
		c.Tenths += partOf(own.backTenths, 1-f.share)
		meters += whole * (1 - f.share)
	} else {
		for i := first; i < f.hop; i++ {
			h := g.hopCost(i)
			c.Weight, c.Tenths = c.Weight+h.weight, c.Tenths+h.tenths
			meters += g.points[i].meters(g.points[i+1])
		}
		c.Weight += partOf(own.weight, f.share)
		c.Tenths += partOf(own.tenths, f.share)
		meters += whole * f.share
	}
	e := g.segmentEdge[f.segment][side(back)]
	c.Decimeters = min(uint32(meters*10+0.5), g.edges[e].Cost.Decimeters)
	return c
}

// partOf returns a share of a hop's cost, rounded.
func partOf(v uint32, share float64) uint32 { return uint32(math.Round(float64(v) * share)) }

func side(back bool) int {
	if back {
		return 1
	}
	return 0
}
