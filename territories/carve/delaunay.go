package carve

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// Neighbours says which units touch when nobody knows: the edges of the Delaunay triangulation of their points,
// without those that bridge a void: an edge stays if no other point is in the circle over it (Gabriel and Sokal
// 1969), or if it is at most twice as long as the longest such edge at either of its ends. The graph is in one piece.
// Units at the very same point are joined in a row.
func Neighbours(at []orb.Point, plane bool) []Edge {
	flat := flatten(at, plane)
	order := make([]int32, len(flat))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(flat[a][0], flat[b][0]), cmp.Compare(flat[a][1], flat[b][1]), cmp.Compare(a, b))
	})
	var edges []Edge
	var unit []int32
	var points [][2]float64
	for i, u := range order {
		if i > 0 && flat[u] == flat[order[i-1]] {
			edges = append(edges, Edge{order[i-1], u})
			continue
		}
		unit = append(unit, u)
		points = append(points, flat[u])
	}
	for _, e := range sensible(points, triangulate(points)) {
		edges = append(edges, Edge{unit[e.A], unit[e.B]})
	}
	return edges
}

// flatten maps points on a plane so that circles stay circles: stereographic from the far side of the globe.
func flatten(at []orb.Point, plane bool) [][2]float64 {
	flat := make([][2]float64, len(at))
	if plane || len(at) == 0 {
		for i, p := range at {
			flat[i] = p
		}
		return flat
	}
	f := frame{}
	var mean vec
	for _, p := range at {
		mean = mean.add(f.vec(p))
	}
	if mean.square() < 1 {
		mean = vec{1, 0, 0}
	}
	up := mean.times(1 / math.Sqrt(mean.square()))
	east := vec{-up[1], up[0], 0}
	if east.square() < 1e-9 {
		east = vec{1, 0, 0}
	}
	east = east.times(1 / math.Sqrt(east.square()))
	north := vec{up[1]*east[2] - up[2]*east[1], up[2]*east[0] - up[0]*east[2], up[0]*east[1] - up[1]*east[0]}
	for i, p := range at {
		v := f.vec(p).times(1 / earthRadius)
		s := 2 * earthRadius / math.Max(1+v.dot(up), 1e-6)
		flat[i] = [2]float64{v.dot(east) * s, v.dot(north) * s}
	}
	return flat
}

// sensible leaves out the edges that bridge a void.
func sensible(points [][2]float64, edges []triEdge) []Edge {
	longest := make([]float64, len(points))
	length := make([]float64, len(edges))
	close := make([]bool, len(edges))
	for i, e := range edges {
		a, b := points[e.a], points[e.b]
		length[i] = math.Hypot(a[0]-b[0], a[1]-b[1])
		middle := [2]float64{(a[0] + b[0]) / 2, (a[1] + b[1]) / 2}
		close[i] = true
		for _, c := range [2]int32{e.left, e.right} {
			if c >= 0 && math.Hypot(points[c][0]-middle[0], points[c][1]-middle[1]) < length[i]/2 {
				close[i] = false
			}
		}
		if close[i] {
			longest[e.a], longest[e.b] = max(longest[e.a], length[i]), max(longest[e.b], length[i])
		}
	}
	var kept []Edge
	for i, e := range edges {
		if close[i] || length[i] <= 2*max(longest[e.a], longest[e.b]) {
			kept = append(kept, Edge{e.a, e.b})
		}
	}
	return kept
}

// triEdge is an edge of a triangulation and the points across it on either side, or None.
type triEdge struct{ a, b, left, right int32 }

// hull is a triangulation that grows by points in order of their distance from its first triangle.
type hull struct {
	at         [][2]float64
	corner     []int32 // of each half-edge: where it starts; three half-edges make a triangle
	twin       []int32 // of each half-edge: the other half, or None
	prev, next []int32 // around the hull, by point
	edge       []int32 // half-edge of the hull that starts at a point
	hash       []int32 // points of the hull by angle
	start      int32   // some point of the hull
	middle     [2]float64
	stack      []int32
}

// triangulate returns the edges of the Delaunay triangulation of points that all differ, sorted by their first
// coordinate. Points on one line are joined in a row.
func triangulate(at [][2]float64) []triEdge {
	n := len(at)
	h := &hull{at: at}
	order, ok := h.begin()
	if !ok {
		var row []triEdge
		for i := 1; i < n; i++ {
			row = append(row, triEdge{int32(i - 1), int32(i), None, None})
		}
		return row
	}
	for _, i := range order[3:] {
		h.add(i)
	}
	var edges []triEdge
	for e, a := range h.corner {
		t := h.twin[e]
		if t != None && t < int32(e) {
			continue
		}
		edge := triEdge{a, h.corner[after(int32(e))], h.corner[before(int32(e))], None}
		if t != None {
			edge.right = h.corner[before(t)]
		}
		edges = append(edges, edge)
	}
	return edges
}

func after(e int32) int32 {
	if e%3 == 2 {
		return e - 2
	}
	return e + 1
}

func before(e int32) int32 {
	if e%3 == 0 {
		return e + 2
	}
	return e - 1
}

// turn is positive if a, b, c turn left.
func turn(a, b, c [2]float64) float64 {
	return (b[0]-a[0])*(c[1]-a[1]) - (b[1]-a[1])*(c[0]-a[0])
}

// circle returns the middle and the squared radius of the circle through three points.
func circle(a, b, c [2]float64) (middle [2]float64, square float64) {
	dx, dy, ex, ey := b[0]-a[0], b[1]-a[1], c[0]-a[0], c[1]-a[1]
	bl, cl := dx*dx+dy*dy, ex*ex+ey*ey
	d := 0.5 / (dx*ey - dy*ex)
	x, y := (ey*bl-dy*cl)*d, (dx*cl-ex*bl)*d
	return [2]float64{a[0] + x, a[1] + y}, x*x + y*y
}

// begin makes the first triangle, of the smallest circle near the middle, and returns the points in the order in
// which they are to be added, the triangle's first. It fails if all points lie on a line.
func (h *hull) begin() (order []int32, ok bool) {
	at, n := h.at, len(h.at)
	if n < 3 {
		return nil, false
	}
	var sum [2]float64
	for _, p := range at {
		sum[0] += p[0] / float64(n)
		sum[1] += p[1] / float64(n)
	}
	square := func(a, b [2]float64) float64 { return (a[0]-b[0])*(a[0]-b[0]) + (a[1]-b[1])*(a[1]-b[1]) }
	pick := func(cost func(i int) float64) (int32, float64) {
		best, least := None, math.Inf(1)
		for i := range at {
			if c := cost(i); c < least {
				best, least = int32(i), c
			}
		}
		return best, least
	}
	i0, _ := pick(func(i int) float64 { return square(at[i], sum) })
	i1, _ := pick(func(i int) float64 {
		if int32(i) == i0 {
			return math.Inf(1)
		}
		return square(at[i], at[i0])
	})
	i2, radius := pick(func(i int) float64 {
		if int32(i) == i0 || int32(i) == i1 {
			return math.Inf(1)
		}
		_, r := circle(at[i0], at[i1], at[i])
		if math.IsNaN(r) {
			return math.Inf(1)
		}
		return r
	})
	if i2 == None || math.IsInf(radius, 1) || radius > 1e14*math.Max(square(at[0], at[n-1]), 1e-300) {
		return nil, false
	}
	if turn(at[i0], at[i1], at[i2]) < 0 {
		i1, i2 = i2, i1
	}
	h.middle, _ = circle(at[i0], at[i1], at[i2])
	far := make([]float64, n)
	order = make([]int32, n)
	for i := range order {
		order[i] = int32(i)
		far[i] = square(at[i], h.middle)
	}
	first := func(i int32) bool { return i == i0 || i == i1 || i == i2 }
	slices.SortFunc(order, func(a, b int32) int {
		if x, y := first(a), first(b); x != y {
			if x {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(far[a], far[b]), cmp.Compare(a, b))
	})
	h.prev, h.next, h.edge = make([]int32, n), make([]int32, n), make([]int32, n)
	h.hash = fill(int(math.Ceil(math.Sqrt(float64(n)))), None)
	for i, p := range [3]int32{i0, i1, i2} {
		h.next[p], h.prev[p] = [3]int32{i1, i2, i0}[i], [3]int32{i2, i0, i1}[i]
		h.edge[p] = int32(i)
		h.hash[h.key(p)] = p
	}
	h.start = i0
	h.triangle(i0, i1, i2, None, None, None)
	return order, true
}

// key is the place of a point in hash: where it stands around the middle.
func (h *hull) key(i int32) int {
	dx, dy := h.at[i][0]-h.middle[0], h.at[i][1]-h.middle[1]
	p := dx / (math.Abs(dx) + math.Abs(dy) + 1e-300)
	if dy > 0 {
		p = 3 - p
	} else {
		p++
	}
	return int(p/4*float64(len(h.hash))) % len(h.hash)
}

func (h *hull) triangle(a, b, c, ab, bc, ca int32) int32 {
	t := int32(len(h.corner))
	h.corner = append(h.corner, a, b, c)
	h.twin = append(h.twin, None, None, None)
	h.link(t, ab)
	h.link(t+1, bc)
	h.link(t+2, ca)
	return t
}

func (h *hull) link(a, b int32) {
	h.twin[a] = b
	if b != None {
		h.twin[b] = a
	}
}

// add joins a point outside the hull to all of the hull it sees.
func (h *hull) add(i int32) {
	p := h.at[i]
	start, key := None, h.key(i)
	for j := range h.hash {
		if s := h.hash[(key+j)%len(h.hash)]; s != None && h.next[s] != s {
			start = s
			break
		}
	}
	start = h.prev[start]
	e := start
	for turn(p, h.at[e], h.at[h.next[e]]) >= 0 { // until an edge is seen from outside
		if e = h.next[e]; e == start {
			return // on the hull by rounding: a bridge joins it
		}
	}
	n := h.next[e]
	t := h.triangle(e, i, n, None, None, h.edge[e])
	h.edge[i] = h.legal(t + 2)
	h.edge[e] = t
	for q := h.next[n]; turn(p, h.at[n], h.at[q]) < 0; q = h.next[n] {
		t = h.triangle(n, i, q, h.edge[i], None, h.edge[n])
		h.edge[i] = h.legal(t + 2)
		h.next[n] = n // no longer on the hull
		n = q
	}
	if e == start {
		for q := h.prev[e]; turn(p, h.at[q], h.at[e]) < 0; q = h.prev[e] {
			t = h.triangle(q, i, e, None, h.edge[e], h.edge[q])
			h.legal(t + 2)
			h.edge[q] = t
			h.next[e] = e
			e = q
		}
	}
	h.prev[i], h.next[e], h.prev[n], h.next[i], h.start = e, i, i, n, e
	h.hash[key] = i
	h.hash[h.key(e)] = e
}

// legal flips edges until no point is inside the circle of a triangle across it; it returns the half-edge that then
// stands on the hull's side of the new point.
func (h *hull) legal(a int32) int32 {
	h.stack = h.stack[:0]
	for {
		b := h.twin[a]
		ar := before(a)
		if b == None || !h.inCircle(h.corner[ar], h.corner[a], h.corner[after(a)], h.corner[before(b)]) {
			if len(h.stack) == 0 {
				return ar
			}
			a = h.stack[len(h.stack)-1]
			h.stack = h.stack[:len(h.stack)-1]
			continue
		}
		p0, p1 := h.corner[ar], h.corner[before(b)]
		h.corner[a], h.corner[b] = p1, p0
		outer := h.twin[before(b)]
		if outer == None { // the flipped edge was on the hull
			h.moveHullEdge(before(b), a)
		}
		h.link(a, outer)
		h.link(b, h.twin[ar])
		h.link(ar, before(b))
		h.stack = append(h.stack, after(b))
	}
}

// moveHullEdge makes what the hull knows as the half-edge from the half-edge to.
func (h *hull) moveHullEdge(from, to int32) {
	for p := h.start; ; {
		if h.edge[p] == from {
			h.edge[p] = to
			return
		}
		if p = h.prev[p]; p == h.start {
			return
		}
	}
}

// inCircle says whether p is inside the circle through a, b, c.
func (h *hull) inCircle(a, b, c, p int32) bool {
	o := h.at[p]
	dx, dy := h.at[a][0]-o[0], h.at[a][1]-o[1]
	ex, ey := h.at[b][0]-o[0], h.at[b][1]-o[1]
	fx, fy := h.at[c][0]-o[0], h.at[c][1]-o[1]
	ap, bp, cp := dx*dx+dy*dy, ex*ex+ey*ey, fx*fx+fy*fy
	return dx*(ey*cp-bp*fy)-dy*(ex*cp-bp*fx)+ap*(ex*fy-ey*fx) > 0
}
