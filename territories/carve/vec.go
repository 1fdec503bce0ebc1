package carve

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// earthRadius is the mean radius of the earth in kilometres (IUGG).
const earthRadius = 6371.0088

// vec is a place in kilometres: a point of the globe as seen from an origin near the units, or x, y, 0 of a plane.
// Straight lines through the globe stand for the ways on it: 0.05 % short at 500 km, and no projection.
type vec [3]float64

func (a vec) sub(b vec) vec       { return vec{a[0] - b[0], a[1] - b[1], a[2] - b[2]} }
func (a vec) add(b vec) vec       { return vec{a[0] + b[0], a[1] + b[1], a[2] + b[2]} }
func (a vec) times(f float64) vec { return vec{a[0] * f, a[1] * f, a[2] * f} }
func (a vec) dot(b vec) float64   { return a[0]*b[0] + a[1]*b[1] + a[2]*b[2] }
func (a vec) square() float64     { return a.dot(a) }
func (a vec) apart(b vec) float64 { return math.Sqrt(a.apart2(b)) }
func (a vec) apart2(b vec) float64 {
	x, y, z := a[0]-b[0], a[1]-b[1], a[2]-b[2]
	return x*x + y*y + z*z
}

// frame turns points into vecs.
type frame struct {
	plane  bool
	origin vec
}

func newFrame(p *Problem) frame {
	f := frame{plane: p.Plane}
	var sum vec
	for _, at := range p.At {
		sum = sum.add(f.vec(at))
	}
	f.origin = sum.times(1 / float64(len(p.At)))
	return f
}

func (f frame) vec(at orb.Point) vec {
	if f.plane {
		return vec{at[0], at[1], 0}.sub(f.origin)
	}
	lon, lat := at[0]*math.Pi/180, at[1]*math.Pi/180
	return vec{math.Cos(lat) * math.Cos(lon), math.Cos(lat) * math.Sin(lon), math.Sin(lat)}.times(earthRadius).sub(f.origin)
}

// along turns the length of a straight line into that of the way along the surface.
func (f frame) along(straight float64) float64 {
	if f.plane {
		return straight
	}
	return straight * (1 + straight*straight/(24*earthRadius*earthRadius))
}

// Between returns the length of the way between two points: kilometres along the surface, or straight on a plane.
func (p *Problem) Between(a, b orb.Point) float64 {
	if p.Plane {
		return math.Hypot(a[0]-b[0], a[1]-b[1])
	}
	lat1, lat2 := a[1]*math.Pi/180, b[1]*math.Pi/180
	s, t := math.Sin((lat2-lat1)/2), math.Sin((b[0]-a[0])*math.Pi/360)
	return 2 * earthRadius * math.Asin(math.Min(1, math.Sqrt(s*s+math.Cos(lat1)*math.Cos(lat2)*t*t)))
}

// tree finds the nearest of many points: a k-d tree in one slice, the middle of each stretch its root.
type tree struct {
	at   []vec
	unit []int32
}

func newTree(at []vec) *tree {
	t := &tree{at: at, unit: make([]int32, len(at))}
	for i := range t.unit {
		t.unit[i] = int32(i)
	}
	t.build(t.unit, 0)
	return t
}

func (t *tree) build(list []int32, depth int) {
	if len(list) < 2 {
		return
	}
	x := depth % 3
	slices.SortFunc(list, func(a, b int32) int {
		switch {
		case t.at[a][x] < t.at[b][x]:
			return -1
		case t.at[a][x] > t.at[b][x]:
			return 1
		}
		return int(a - b)
	})
	middle := len(list) / 2
	t.build(list[:middle], depth+1)
	t.build(list[middle+1:], depth+1)
}

// nearest returns the unit nearest to a place among those that fit, and how far it is; None if none fits.
func (t *tree) nearest(to vec, fits func(unit int32) bool) (int32, float64) {
	best, far := None, math.Inf(1)
	var walk func(list []int32, depth int)
	walk = func(list []int32, depth int) {
		if len(list) == 0 {
			return
		}
		middle := len(list) / 2
		u := list[middle]
		if d := t.at[u].apart2(to); d < far && fits(u) {
			best, far = u, d
		}
		x := depth % 3
		gap := to[x] - t.at[u][x]
		first, second := list[:middle], list[middle+1:]
		if gap > 0 {
			first, second = second, first
		}
		walk(first, depth+1)
		if gap*gap < far {
			walk(second, depth+1)
		}
	}
	walk(t.unit, 0)
	return best, math.Sqrt(far)
}
