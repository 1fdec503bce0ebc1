package osm

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
)

// OpenRingsError says that some lines of an area do not close, usually since the extract cuts it.
type OpenRingsError struct {
	Ends []orb.Point // where lines end loose
}

// Error names the first loose end.
func (e *OpenRingsError) Error() string {
	return fmt.Sprintf("%d loose ends, the first at %.7f, %.7f", len(e.Ends), e.Ends[0][0], e.Ends[0][1])
}

// Assemble joins the member lines of an area to polygons with holes. Roles are not asked: a point belongs to the area
// when it lies inside an odd number of rings (the even-odd rule), so lines drawn twice cancel out. Outer rings come
// counter-clockwise, holes clockwise, larger polygons first.
//
// What does not close is left out and told by an [OpenRingsError] beside the polygons that did close.
//
// The lines are taken apart into edges. Where more than two edges meet, neighbours by angle are joined, so that
// rings touch there but never cross; a ring that meets itself is split. Rings therefore nest properly.
func Assemble(lines []orb.LineString) (orb.MultiPolygon, error) {
	g := newEdgeGraph(lines)
	loose := g.prune()
	rings := g.rings()
	var err error
	if len(loose) > 0 {
		err = &OpenRingsError{Ends: loose}
	}
	return nest(rings), err
}

// edgeGraph is the drawing as a graph: corner points and the edges between them.
type edgeGraph struct {
	points []orb.Point
	edges  [][2]int32 // of corners
	around [][]int32  // edges at each corner
	gone   []bool     // edges that belong to no ring
}

func newEdgeGraph(lines []orb.LineString) *edgeGraph {
	g := &edgeGraph{}
	corner := make(map[orb.Point]int32)
	number := func(p orb.Point) int32 {
		i, ok := corner[p]
		if !ok {
			i = int32(len(g.points))
			corner[p] = i
			g.points = append(g.points, p)
		}
		return i
	}
	// An edge drawn an even number of times bounds nothing.
	seen := make(map[[2]int32]int)
	var all [][2]int32
	for _, line := range lines {
		for i := 1; i < len(line); i++ {
			a, b := number(line[i-1]), number(line[i])
			if a == b {
				continue
			}
			e := [2]int32{min(a, b), max(a, b)}
			if seen[e] == 0 {
				all = append(all, e)
			}
			seen[e]++
		}
	}
	for _, e := range all {
		if seen[e]%2 == 1 {
			g.edges = append(g.edges, e)
		}
	}
	g.gone = make([]bool, len(g.edges))
	g.around = make([][]int32, len(g.points))
	for i, e := range g.edges {
		g.around[e[0]] = append(g.around[e[0]], int32(i))
		g.around[e[1]] = append(g.around[e[1]], int32(i))
	}
	return g
}

func (g *edgeGraph) other(edge, corner int32) int32 {
	return g.edges[edge][0] + g.edges[edge][1] - corner
}

func (g *edgeGraph) live(corner int32) []int32 {
	var live []int32
	for _, e := range g.around[corner] {
		if !g.gone[e] {
			live = append(live, e)
		}
	}
	return live
}

// prune drops lines that end loose, edge by edge, and returns their ends.
func (g *edgeGraph) prune() []orb.Point {
	var loose []orb.Point
	for c := range g.points {
		if live := g.live(int32(c)); len(live) == 1 {
			loose = append(loose, g.points[c])
			for at := int32(c); len(live) == 1; live = g.live(at) {
				g.gone[live[0]] = true
				at = g.other(live[0], at)
			}
		}
	}
	// Where three lines meet, a walk from one odd corner to the next leaves only even ones.
	for c := range g.points {
		at := int32(c)
		live := g.live(at)
		if len(live)%2 == 0 {
			continue
		}
		loose = append(loose, g.points[c])
		for len(live)%2 == 1 {
			g.gone[live[0]] = true
			at = g.other(live[0], at)
			live = g.live(at)
		}
	}
	return loose
}

// rings walks the edges, joining neighbours by angle where more than two meet.
func (g *edgeGraph) rings() []orb.Ring {
	// partner[2*edge+side] is the edge that goes on at that end of the edge.
	partner := make([]int32, 2*len(g.edges))
	side := func(edge, corner int32) int32 {
		if g.edges[edge][0] == corner {
			return 2 * edge
		}
		return 2*edge + 1
	}
	for c := range g.points {
		corner := int32(c)
		live := g.live(corner)
		if len(live) > 2 {
			angle := func(e int32) float64 {
				p, q := g.points[corner], g.points[g.other(e, corner)]
				return math.Atan2(q[1]-p[1], q[0]-p[0])
			}
			slices.SortStableFunc(live, func(a, b int32) int { return cmp.Compare(angle(a), angle(b)) })
		}
		for i := 0; i+1 < len(live); i += 2 {
			partner[side(live[i], corner)] = live[i+1]
			partner[side(live[i+1], corner)] = live[i]
		}
	}
	used := slices.Clone(g.gone)
	var rings []orb.Ring
	for first := range g.edges {
		if used[first] {
			continue
		}
		edge, start := int32(first), g.edges[first][0]
		walk := []int32{start}
		for at := start; !used[edge]; {
			used[edge] = true
			at = g.other(edge, at)
			walk = append(walk, at)
			edge = partner[side(edge, at)]
		}
		rings = g.split(rings, walk)
	}
	return rings
}

// split cuts a closed walk into rings that visit each corner once.
func (g *edgeGraph) split(rings []orb.Ring, walk []int32) []orb.Ring {
	where := make(map[int32]int, len(walk))
	var path []int32
	for _, c := range walk {
		i, again := where[c]
		if !again {
			where[c] = len(path)
			path = append(path, c)
			continue
		}
		loop := path[i:]
		if len(loop) > 2 {
			ring := make(orb.Ring, 0, len(loop)+1)
			for _, c := range loop {
				ring = append(ring, g.points[c])
			}
			rings = append(rings, append(ring, ring[0]))
		}
		for _, c := range loop[1:] {
			delete(where, c)
		}
		path = path[:i+1]
	}
	return rings
}

// nest sorts rings into outer ones and holes by how many others lie around them.
func nest(rings []orb.Ring) orb.MultiPolygon {
	type item struct {
		ring  orb.Ring
		bound orb.Bound
		area  float64
		depth int
		piece int // index of the polygon whose outer ring this is
	}
	items := make([]item, 0, len(rings))
	for _, r := range rings {
		if a := math.Abs(planar.Area(r)); a > 0 {
			items = append(items, item{ring: r, bound: r.Bound(), area: a})
		}
	}
	slices.SortStableFunc(items, func(a, b item) int { return cmp.Compare(b.area, a.area) })
	var out orb.MultiPolygon
	for i := range items {
		it := &items[i]
		// Rings meet at corners only, so the middle of an edge lies on no other ring.
		probe := orb.Point{(it.ring[0][0] + it.ring[1][0]) / 2, (it.ring[0][1] + it.ring[1][1]) / 2}
		parent := -1
		for j := range i {
			if items[j].bound.Contains(probe) && planar.RingContains(items[j].ring, probe) {
				it.depth++
				parent = j
			}
		}
		if it.depth%2 == 1 {
			turn(it.ring, orb.CW)
			at := items[parent].piece
			out[at] = append(out[at], it.ring)
			it.piece = at
			continue
		}
		turn(it.ring, orb.CCW)
		it.piece = len(out)
		out = append(out, orb.Polygon{it.ring})
	}
	return out
}

func turn(r orb.Ring, to orb.Orientation) {
	if r.Orientation() != to {
		r.Reverse()
	}
}
