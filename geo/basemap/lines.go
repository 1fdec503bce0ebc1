package basemap

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/simplify"
)

// mercator projects longitude and latitude to map metres (EPSG 3857). Latitude is cut where the square map ends.
func mercator(p orb.Point) orb.Point {
	const edge = 85.0511287798066
	lat := max(-edge, min(edge, p[1]))
	return orb.Point{
		p[0] * halfWorld / 180,
		math.Log(math.Tan((90+lat)*math.Pi/360)) * halfWorld / math.Pi,
	}
}

func mercatorLine(line []orb.Point) orb.LineString {
	out := make(orb.LineString, len(line))
	for i, p := range line {
		out[i] = mercator(p)
	}
	return out
}

// maxJoined is the most points a joined line gets: longer ones would be cut to pieces by every tile they cross.
const maxJoined = 400

// join links lines end to end where exactly two of them meet, so that a road cut into many ways is drawn and
// lettered as one. With oneway a line is only followed in its own direction. Lines share ends exactly, as ways
// share nodes. The order of the result follows the order of the input.
func join(lines []orb.LineString, oneway bool) []orb.LineString {
	type end struct {
		line int
		last bool
	}
	ends := make(map[orb.Point][]end, 2*len(lines))
	for i, line := range lines {
		if len(line) < 2 {
			continue
		}
		ends[line[0]] = append(ends[line[0]], end{i, false})
		ends[line[len(line)-1]] = append(ends[line[len(line)-1]], end{i, true})
	}
	used := make([]bool, len(lines))
	// next finds the only other line that goes on at p, as it must be read from p on.
	next := func(p orb.Point, forward bool) (orb.LineString, bool) {
		here := ends[p]
		if len(here) != 2 {
			return nil, false
		}
		for _, e := range here {
			if used[e.line] {
				continue
			}
			if oneway && e.last == forward {
				return nil, false // runs against us
			}
			used[e.line] = true
			line := lines[e.line]
			if e.last == forward {
				line = reversed(line)
			}
			return line, true
		}
		return nil, false
	}
	var out []orb.LineString
	for i, line := range lines {
		if used[i] || len(line) < 2 {
			continue
		}
		used[i] = true
		joined := line
		owned := false
		own := func() {
			if !owned {
				joined, owned = append(orb.LineString(nil), joined...), true
			}
		}
		for len(joined) < maxJoined {
			more, ok := next(joined[len(joined)-1], true)
			if !ok {
				break
			}
			own()
			joined = append(joined, more[1:]...)
		}
		for len(joined) < maxJoined {
			more, ok := next(joined[0], false)
			if !ok {
				break
			}
			joined, owned = append(append(orb.LineString(nil), more[:len(more)-1]...), joined...), true
		}
		out = append(out, joined)
	}
	return out
}

func reversed(line orb.LineString) orb.LineString {
	out := make(orb.LineString, len(line))
	for i, p := range line {
		out[len(line)-1-i] = p
	}
	return out
}

// thinLine returns the line with fewer points, nowhere further than tolerance from the original.
func thinLine(line orb.LineString, tolerance float64) orb.LineString {
	return simplify.DouglasPeucker(tolerance).LineString(append(orb.LineString(nil), line...))
}

// thinArea simplifies the rings and leaves out those smaller than least (square map metres), nil if none remains.
func thinArea(area orb.MultiPolygon, tolerance, least float64) orb.MultiPolygon {
	var out orb.MultiPolygon
	for _, polygon := range area {
		var kept orb.Polygon
		for i, ring := range polygon {
			if math.Abs(ringArea(ring)) < least {
				if i == 0 {
					break
				}
				continue
			}
			thin := orb.Ring(thinLine(orb.LineString(ring), tolerance))
			if len(thin) < 4 {
				if i == 0 {
					break
				}
				continue
			}
			kept = append(kept, thin)
		}
		if len(kept) > 0 {
			out = append(out, kept)
		}
	}
	return out
}

// ringArea is the signed area inside a ring, in the square of its unit.
func ringArea(ring orb.Ring) float64 {
	if len(ring) < 4 {
		return 0
	}
	origin, sum := ring[0], 0.0
	for i := 1; i < len(ring); i++ {
		ax, ay := ring[i-1][0]-origin[0], ring[i-1][1]-origin[1]
		bx, by := ring[i][0]-origin[0], ring[i][1]-origin[1]
		sum += ax*by - bx*ay
	}
	return sum / 2
}

func areaOf(area orb.MultiPolygon) float64 {
	sum := 0.0
	for _, polygon := range area {
		for i, ring := range polygon {
			if a := math.Abs(ringArea(ring)); i == 0 {
				sum += a
			} else {
				sum -= a
			}
		}
	}
	return sum
}

// inside tells whether p lies in the area (even-odd, so that holes are out).
func inside(area orb.MultiPolygon, p orb.Point) bool {
	in := false
	for _, polygon := range area {
		for _, ring := range polygon {
			for i, j := 0, len(ring)-1; i < len(ring); j, i = i, i+1 {
				a, b := ring[i], ring[j]
				if (a[1] > p[1]) != (b[1] > p[1]) && p[0] < (b[0]-a[0])*(p[1]-a[1])/(b[1]-a[1])+a[0] {
					in = !in
				}
			}
		}
	}
	return in
}

// labelPoint finds a place for a name well inside the largest polygon: the middle of its widest stretch among a
// few horizontal cuts. The centroid of a bent lake lies on land.
func labelPoint(area orb.MultiPolygon) orb.Point {
	if len(area) == 0 {
		return orb.Point{}
	}
	best := area[0]
	for _, polygon := range area[1:] {
		if math.Abs(ringArea(polygon[0])) > math.Abs(ringArea(best[0])) {
			best = polygon
		}
	}
	bound := best[0].Bound()
	middle, width := bound.Center(), -1.0
	var crossings []float64
	for cut := 1; cut < 8; cut++ {
		y := bound.Min[1] + (bound.Max[1]-bound.Min[1])*float64(cut)/8
		crossings = crossings[:0]
		for _, ring := range best {
			for i := 1; i < len(ring); i++ {
				a, b := ring[i-1], ring[i]
				if (a[1] > y) != (b[1] > y) {
					crossings = append(crossings, a[0]+(b[0]-a[0])*(y-a[1])/(b[1]-a[1]))
				}
			}
		}
		slices.Sort(crossings)
		// A cut through the middle wins over an equally wide one near the rim.
		favour := 1 - math.Abs(float64(cut-4))/16
		for i := 0; i+1 < len(crossings); i += 2 {
			if w := (crossings[i+1] - crossings[i]) * favour; w > width {
				width, middle = w, orb.Point{(crossings[i] + crossings[i+1]) / 2, y}
			}
		}
	}
	return middle
}
