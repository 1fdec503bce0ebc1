package cells

import (
	"fmt"
	"math"

	"github.com/paulmach/orb"

	"catchment/geo"
)

// edge is a straight line in longitude and latitude.
type edge struct{ x1, y1, x2, y2 float64 }

// ring says what the edges of a ring bound.
type ring struct {
	polygon int32
	hole    bool
}

// polygons is the union of polygons with holes. A point on an edge belongs to it, as ST_Intersects says.
//
// The edges lie ring by ring, the outer ring of a polygon before its holes. Stripes of equal height list the
// edges a point of that height has to be compared with.
type polygons struct {
	edges []edge
	of    []int32 // ring of each edge
	rings []ring
	box   box

	stripeStart []int32 // stripeStart[s] to stripeStart[s+1] in stripes
	stripes     []int32
	perDegree   float64
}

// box is a closed rectangle in degrees.
type box struct{ west, south, east, north float64 }

var nowhere = box{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}

func (b box) with(x, y float64) box {
	return box{min(b.west, x), min(b.south, y), max(b.east, x), max(b.north, y)}
}

func (b box) apart(o box) bool {
	return b.east < o.west || b.west > o.east || b.north < o.south || b.south > o.north
}

func newPolygons(area orb.MultiPolygon) (*polygons, error) {
	p := &polygons{box: nowhere}
	n := 0
	for i, polygon := range area {
		if len(polygon) == 0 {
			return nil, &geo.Unsound{Path: fmt.Sprintf("coordinates[%d]", i), Message: "the polygon has no ring"}
		}
		for j, points := range polygon {
			path := fmt.Sprintf("coordinates[%d][%d]", i, j)
			if len(points) < 4 {
				return nil, &geo.Unsound{Path: path, Message: "a ring needs at least four points, the last equal to the first"}
			}
			if points[0] != points[len(points)-1] {
				return nil, &geo.Unsound{Path: path, Message: "the ring is not closed"}
			}
			for k, at := range points {
				if err := geo.CheckPoint(at); err != nil {
					return nil, fmt.Errorf("%s[%d]: %w", path, k, err)
				}
			}
			n += len(points) - 1
		}
	}
	if n == 0 {
		return nil, &geo.Unsound{Path: "coordinates", Message: "the area is empty"}
	}
	if n > geo.MaxVertices {
		return nil, &geo.Unsound{Path: "coordinates", Message: fmt.Sprintf("more than %d vertices", geo.MaxVertices)}
	}
	p.edges, p.of = make([]edge, 0, n), make([]int32, 0, n)
	for i, polygon := range area {
		for j, points := range polygon {
			for k := 1; k < len(points); k++ {
				a, b := points[k-1], points[k]
				p.edges = append(p.edges, edge{a[0], a[1], b[0], b[1]})
				p.of = append(p.of, int32(len(p.rings)))
				p.box = p.box.with(a[0], a[1])
			}
			p.rings = append(p.rings, ring{int32(i), j > 0})
		}
	}
	p.cutStripes()
	return p, nil
}

// cutStripes lists the edges of each stripe, in their order.
func (p *polygons) cutStripes() {
	n := 16
	for n < len(p.edges) && n < 4096 {
		n *= 2
	}
	height := p.box.north - p.box.south
	if height > 0 && !math.IsInf(float64(n)/height, 0) {
		p.perDegree = float64(n) / height
	}
	p.stripeStart = make([]int32, n+1)
	for _, e := range p.edges {
		for s := p.stripe(min(e.y1, e.y2)); s <= p.stripe(max(e.y1, e.y2)); s++ {
			p.stripeStart[s+1]++
		}
	}
	for s := range n {
		p.stripeStart[s+1] += p.stripeStart[s]
	}
	p.stripes = make([]int32, p.stripeStart[n])
	next := append([]int32(nil), p.stripeStart[:n]...)
	for i, e := range p.edges {
		for s := p.stripe(min(e.y1, e.y2)); s <= p.stripe(max(e.y1, e.y2)); s++ {
			p.stripes[next[s]] = int32(i)
			next[s]++
		}
	}
}

// stripe never falls as y grows, so that the stripes of an edge's ends enclose those of all its points.
func (p *polygons) stripe(y float64) int {
	return max(0, min(len(p.stripeStart)-2, int((y-p.box.south)*p.perDegree)))
}

// contains tells whether the point lies in one of the polygons or on its edge. Of an area that breaks the rules
// it takes the reading of PostGIS: a ring holds what it winds around; a polygon holds what its outer ring holds
// and none of its holes does; the area holds what any of its polygons holds.
func (p *polygons) contains(x, y float64) bool {
	if !(x >= p.box.west && x <= p.box.east && y >= p.box.south && y <= p.box.north) {
		return false
	}
	s := p.stripe(y)
	at := int32(-1)      // ring being wound
	polygon := int32(-1) // polygon it belongs to
	hole := false        // whether it is a hole
	inside := false      // of the polygon, as far as its rings have been seen
	winding := 0
	for _, i := range p.stripes[p.stripeStart[s]:p.stripeStart[s+1]] {
		if r := p.of[i]; r != at {
			inside = settle(inside, hole, winding)
			at, winding = r, 0
			next := p.rings[r]
			if next.polygon != polygon {
				if inside {
					return true
				}
				polygon = next.polygon
			}
			hole = next.hole
		}
		if hole && !inside {
			continue
		}
		e := &p.edges[i]
		if (e.y1 > y) != (e.y2 > y) {
			upward := e.y2 > e.y1
			var left bool // the point lies left of the edge, seen from south to north
			switch {
			case x < e.x1 && x < e.x2:
				left = true
			case x > e.x1 && x > e.x2:
				continue
			default:
				turn := side(e.x1, e.y1, e.x2, e.y2, x, y)
				if turn == 0 {
					return true
				}
				left = (turn > 0) == upward
			}
			if left {
				if upward {
					winding++
				} else {
					winding--
				}
			}
		} else if (e.y1 == y || e.y2 == y) && x >= min(e.x1, e.x2) && x <= max(e.x1, e.x2) && side(e.x1, e.y1, e.x2, e.y2, x, y) == 0 {
			return true
		}
	}
	return settle(inside, hole, winding)
}

// settle closes a ring: what it winds around is in the polygon, or out of it if the ring is a hole.
func settle(inside, hole bool, winding int) bool {
	if hole {
		return inside && winding == 0
	}
	return inside || winding != 0
}

// touches tells whether the edge may run through the box. It errs only by saying yes.
func (e *edge) touches(b box) bool {
	if max(e.x1, e.x2) < b.west || min(e.x1, e.x2) > b.east || max(e.y1, e.y2) < b.south || min(e.y1, e.y2) > b.north {
		return false
	}
	// The line misses the box if the centre lies farther off than the corner that leans most towards it. Twice
	// the sizes involved times 2^-50 is well above what rounding can add up to.
	dx, dy := e.x2-e.x1, e.y2-e.y1
	cx, cy := (b.west+b.east)/2-e.x1, (b.south+b.north)/2-e.y1
	halfWidth, halfHeight := (b.east-b.west)/2, (b.north-b.south)/2
	reach := math.Abs(dx)*halfHeight + math.Abs(dy)*halfWidth
	slack := 0x1p-49 * (math.Abs(dx)*(math.Abs(cy)+halfHeight+math.Abs(b.north)+math.Abs(b.south)) +
		math.Abs(dy)*(math.Abs(cx)+halfWidth+math.Abs(b.west)+math.Abs(b.east)))
	return math.Abs(dx*cy-dy*cx) <= reach+slack
}
