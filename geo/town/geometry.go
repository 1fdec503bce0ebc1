package town

import "math"

// vec is a place or a step in metres: x east, y north of the town's centre.
type vec struct{ x, y float64 }

func (a vec) add(b vec) vec             { return vec{a.x + b.x, a.y + b.y} }
func (a vec) sub(b vec) vec             { return vec{a.x - b.x, a.y - b.y} }
func (a vec) mul(f float64) vec         { return vec{a.x * f, a.y * f} }
func (a vec) dot(b vec) float64         { return a.x*b.x + a.y*b.y }
func (a vec) cross(b vec) float64       { return a.x*b.y - a.y*b.x }
func (a vec) len() float64              { return math.Sqrt(a.x*a.x + a.y*a.y) }
func (a vec) dist(b vec) float64        { return a.sub(b).len() }
func (a vec) left() vec                 { return vec{-a.y, a.x} }
func (a vec) lerp(b vec, f float64) vec { return vec{a.x + f*(b.x-a.x), a.y + f*(b.y-a.y)} }

func (a vec) unit() vec {
	l := a.len()
	if l == 0 {
		return vec{1, 0}
	}
	return vec{a.x / l, a.y / l}
}

// polar returns the place at the angle (radians, counter-clockwise from east) and distance from a.
func (a vec) polar(angle, r float64) vec {
	return vec{a.x + r*math.Cos(angle), a.y + r*math.Sin(angle)}
}

// spline runs smoothly through the control points (centripetal enough for ours: Catmull-Rom), a point about every
// step metres.
func spline(control []vec, step float64) []vec {
	n := len(control)
	at := func(i int) vec {
		switch {
		case i < 0:
			return control[0].mul(2).sub(control[1])
		case i >= n:
			return control[n-1].mul(2).sub(control[n-2])
		}
		return control[i]
	}
	var out []vec
	for i := range n - 1 {
		p0, p1, p2, p3 := at(i-1), at(i), at(i+1), at(i+2)
		k := max(1, int(p1.dist(p2)/step))
		for j := range k {
			out = append(out, catmullRom(p0, p1, p2, p3, float64(j)/float64(k)))
		}
	}
	return append(out, control[n-1])
}

// loop is spline through closed control points; the first point comes again at the end.
func loop(control []vec, step float64) []vec {
	n := len(control)
	var out []vec
	for i := range n {
		p0, p1, p2, p3 := control[(i+n-1)%n], control[i], control[(i+1)%n], control[(i+2)%n]
		k := max(1, int(p1.dist(p2)/step))
		for j := range k {
			out = append(out, catmullRom(p0, p1, p2, p3, float64(j)/float64(k)))
		}
	}
	return append(out, out[0])
}

func catmullRom(p0, p1, p2, p3 vec, t float64) vec {
	f := func(a, b, c, d float64) float64 {
		return 0.5 * (2*b + (c-a)*t + (2*a-5*b+4*c-d)*t*t + (3*b-a-3*c+d)*t*t*t)
	}
	return vec{f(p0.x, p1.x, p2.x, p3.x), f(p0.y, p1.y, p2.y, p3.y)}
}

func lineLength(line []vec) float64 {
	sum := 0.0
	for i := 1; i < len(line); i++ {
		sum += line[i].dist(line[i-1])
	}
	return sum
}

// along returns the place s metres along the line and the direction there.
func along(line []vec, s float64) (vec, vec) {
	for i := 1; i < len(line); i++ {
		l := line[i].dist(line[i-1])
		if s <= l || i == len(line)-1 {
			f := 0.0
			if l > 0 {
				f = min(1, max(0, s/l))
			}
			return line[i-1].lerp(line[i], f), line[i].sub(line[i-1]).unit()
		}
		s -= l
	}
	return line[0], vec{1, 0}
}

// offset moves the line by d metres to its left, width(s) times if width is given.
func offset(line []vec, d float64, width func(i int) float64) []vec {
	out := make([]vec, len(line))
	for i := range line {
		a, b := line[max(0, i-1)], line[min(len(line)-1, i+1)]
		k := d
		if width != nil {
			k *= width(i)
		}
		out[i] = line[i].add(b.sub(a).unit().left().mul(k))
	}
	return out
}

// toSegment returns the distance from p to the segment and how far along it the nearest point lies, 0 to 1.
func toSegment(p, a, b vec) (d, t float64) {
	ab := b.sub(a)
	if l := ab.dot(ab); l > 0 {
		t = min(1, max(0, p.sub(a).dot(ab)/l))
	}
	return p.dist(a.lerp(b, t)), t
}

func toLine(p vec, line []vec) float64 {
	best := math.Inf(1)
	for i := 1; i < len(line); i++ {
		d, _ := toSegment(p, line[i-1], line[i])
		best = min(best, d)
	}
	return best
}

// crossing returns where the segments a-b and c-d meet, as parts of each.
func crossing(a, b, c, d vec) (t, u float64, ok bool) {
	r, s := b.sub(a), d.sub(c)
	den := r.cross(s)
	if math.Abs(den) < 1e-9 {
		return 0, 0, false
	}
	t, u = c.sub(a).cross(s)/den, c.sub(a).cross(r)/den
	return t, u, t >= 0 && t <= 1 && u >= 0 && u <= 1
}

// inside tells whether p lies in the ring (closed or not).
func inside(p vec, ring []vec) bool {
	in := false
	for i, j := 0, len(ring)-1; i < len(ring); j, i = i, i+1 {
		a, b := ring[i], ring[j]
		if (a.y > p.y) != (b.y > p.y) && p.x < (b.x-a.x)*(p.y-a.y)/(b.y-a.y)+a.x {
			in = !in
		}
	}
	return in
}

// simplify drops points that lie within tolerance of the line without them (Douglas-Peucker).
func simplify(line []vec, tolerance float64) []vec {
	if len(line) < 3 {
		return line
	}
	worst, at := 0.0, 0
	for i := 1; i < len(line)-1; i++ {
		d, _ := toSegment(line[i], line[0], line[len(line)-1])
		if line[0] == line[len(line)-1] {
			d = line[i].dist(line[0])
		}
		if d > worst {
			worst, at = d, i
		}
	}
	if worst <= tolerance {
		return []vec{line[0], line[len(line)-1]}
	}
	head := simplify(line[:at+1], tolerance)
	return append(head[:len(head)-1:len(head)-1], simplify(line[at:], tolerance)...)
}

// segments finds segments near a place by a grid of cells.
type segments struct {
	cell  float64
	cells map[[2]int32][]int32
	a, b  []vec
	owner []int32
}

func newSegments(cell float64) *segments {
	return &segments{cell: cell, cells: make(map[[2]int32][]int32)}
}

func (s *segments) addLine(owner int, line []vec) {
	for i := 1; i < len(line); i++ {
		s.add(owner, line[i-1], line[i])
	}
}

func (s *segments) add(owner int, a, b vec) {
	id := int32(len(s.a))
	s.a, s.b, s.owner = append(s.a, a), append(s.b, b), append(s.owner, int32(owner))
	s.eachCell(a, b, 0, func(c [2]int32) { s.cells[c] = append(s.cells[c], id) })
}

func (s *segments) eachCell(a, b vec, r float64, do func([2]int32)) {
	x0, x1 := int32(math.Floor((min(a.x, b.x)-r)/s.cell)), int32(math.Floor((max(a.x, b.x)+r)/s.cell))
	y0, y1 := int32(math.Floor((min(a.y, b.y)-r)/s.cell)), int32(math.Floor((max(a.y, b.y)+r)/s.cell))
	for x := x0; x <= x1; x++ {
		for y := y0; y <= y1; y++ {
			do([2]int32{x, y})
		}
	}
}

// near calls do for each segment whose cell lies within r of the box around a and b; some come twice.
func (s *segments) near(a, b vec, r float64, do func(id int32)) {
	s.eachCell(a, b, max(r, 0), func(c [2]int32) {
		for _, id := range s.cells[c] {
			do(id)
		}
	})
}

// distance returns how far the nearest segment is, at most r.
func (s *segments) distance(p vec, r float64) float64 {
	best := r
	s.near(p, p, r, func(id int32) {
		d, _ := toSegment(p, s.a[id], s.b[id])
		best = min(best, d)
	})
	return best
}

// rectangle returns the closed ring of a rectangle with the middle at c, its first side along dir.
func rectangle(c, dir vec, length, width float64) []vec {
	u, v := dir.unit().mul(length/2), dir.unit().left().mul(width/2)
	p := c.sub(u).sub(v)
	return []vec{p, c.add(u).sub(v), c.add(u).add(v), c.sub(u).add(v), p}
}

// within returns the first stretch of the line inside the square of the half side, ends cut at its border.
func within(line []vec, half float64) []vec {
	in := func(v vec) bool { return math.Abs(v.x) <= half && math.Abs(v.y) <= half }
	border := func(a, b vec) vec { // a inside, b outside
		for range 40 {
			if m := a.lerp(b, 0.5); in(m) {
				a = m
			} else {
				b = m
			}
		}
		return a
	}
	var out []vec
	for i, v := range line {
		switch {
		case in(v) && len(out) == 0 && i > 0:
			out = append(out, border(v, line[i-1]), v)
		case in(v):
			out = append(out, v)
		case len(out) > 0:
			return append(out, border(line[i-1], v))
		}
	}
	return out
}
