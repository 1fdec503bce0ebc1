package road

import (
	"math"
	"slices"
)

// rawEdge is one direction of a segment, open or not: segment<<1, | 1 for the direction against the segment.
type rawEdge = uint32

func raw(seg uint32, back bool) rawEdge {
	if back {
		return seg<<1 | 1
	}
	return seg << 1
}

func reversed(e rawEdge) rawEdge { return e ^ 1 }

// bearings returns for each raw edge the compass bearing, in degrees, in which it leaves the crossing it
// starts at, as a driver there perceives it.
func (s *segments) bearings() []float64 {
	out := make([]float64, 2*len(s.all))
	inParts(len(s.all), func(from, to int) {
		var places []point
		for i := from; i < to; i++ {
			seg := &s.all[i]
			places = places[:0]
			for _, n := range s.line(uint32(i)) {
				places = append(places, s.m.at[n])
			}
			out[raw(uint32(i), false)] = perceivedBearing(places, seg.class, seg.round)
			slices.Reverse(places)
			out[raw(uint32(i), true)] = perceivedBearing(places, seg.class, seg.round)
		}
	})
	return out
}

// Lengths that tell the drawing of a crossing from the course of the street, in metres.
const (
	laneWidth    = 3.25
	lookAhead    = 10
	farLookAhead = 40
)

// perceivedBearing looks along a street from its first place. The first metres are often drawn only to join
// the middle lines of two streets, so the street is judged by where it leads.
func perceivedBearing(along []point, class class, round bool) float64 {
	if len(along) == 2 || along[0] == along[len(along)-1] {
		return bearing(along[0], along[1])
	}
	if round {
		return bearing(along[0], placeAt(along, 2))
	}
	if class == classLow {
		return bearing(along[0], placeAt(along, lookAhead))
	}
	room := 2 * laneWidth
	switch class {
	case classMotorway:
		room *= 2.5
	case classTrunk:
		room *= 2
	case classPrimary:
		room *= 1.5
	}
	if along[0].meters(along[1]) > room+lookAhead {
		return bearing(along[0], along[1])
	}
	far := trim(along, farLookAhead+room)
	if straight(far, 0.5*laneWidth) {
		return bearing(far[0], far[len(far)-1])
	}
	if straightFor(far, 0.25*laneWidth) >= room+lookAhead {
		return bearing(along[0], placeAt(along, 5))
	}
	if a, b := fitLine(far); a != b && staysNear(far, a, b, 0.35*laneWidth) {
		return bearing(a, b)
	}
	if curved(far) {
		return bearing(placeAt(along, 4), placeAt(along, 6))
	}
	if rest := skip(far, 0.64*room); len(rest) >= 2 {
		if a, b := fitLine(rest); a != b && staysNear(rest, a, b, 0.5*laneWidth) {
			return bearing(a, b)
		}
	}
	return bearing(along[0], placeAt(along, lookAhead))
}

// straightFor returns how far a line runs straight from its start, in metres.
func straightFor(line []point, slack float64) float64 {
	meters := line[0].meters(line[1])
	for i := 2; i < len(line) && straight(line[:i+1], slack); i++ {
		meters += line[i-1].meters(line[i])
	}
	return meters
}

// curved tells whether a line bends to one side all along, by more than 20 degrees.
func curved(line []point) bool {
	n := len(line)
	if math.Abs(deviation(bearing(line[0], line[1]), bearing(line[n-2], line[n-1]))) <= 20 {
		return false
	}
	sign := 0
	for _, p := range line[1 : n-1] {
		a, b := line[0], line[n-1]
		cross := float64(b.lon-a.lon)*float64(p.lat-a.lat) - float64(b.lat-a.lat)*float64(p.lon-a.lon)
		switch {
		case cross > 0 && sign >= 0:
			sign = 1
		case cross < 0 && sign <= 0:
			sign = -1
		default:
			return false
		}
	}
	return true
}

// skip cuts the first metres off a line.
func skip(line []point, meters float64) []point {
	for i := 0; i+1 < len(line); i++ {
		d := line[i].meters(line[i+1])
		if d > meters {
			return append([]point{between(line[i], line[i+1], meters/d)}, line[i+1:]...)
		}
		meters -= d
	}
	return nil
}

// staysNear tells whether no place of a line lies further than the slack from the stretch between a and b.
func staysNear(line []point, a, b point, slack float64) bool {
	for _, p := range line {
		if _, d := project(p, a, b); d > slack {
			return false
		}
	}
	return true
}

// fitLine returns two points of the straight line closest to places a metre apart along a line, in its
// direction: the projections of its ends, by least squares across the line.
func fitLine(line []point) (a, b point) {
	cos := math.Cos(float64(line[0].lat) * math.Pi / 180 / 1e7)
	var n, sx, sy, sxx, sxy, syy float64
	add := func(p point) {
		x, y := float64(p.lon-line[0].lon)*cos, float64(p.lat-line[0].lat)
		n, sx, sy = n+1, sx+x, sy+y
		sxx, sxy, syy = sxx+x*x, sxy+x*y, syy+y*y
	}
	for i := 0; i+1 < len(line); i++ {
		steps := int(line[i].meters(line[i+1])) + 1
		for k := range steps {
			add(between(line[i], line[i+1], float64(k)/float64(steps)))
		}
	}
	add(line[len(line)-1])
	mx, my := sx/n, sy/n
	angle := math.Atan2(2*(sxy/n-mx*my), sxx/n-mx*mx-(syy/n-my*my)) / 2
	dx, dy := math.Cos(angle), math.Sin(angle)
	onto := func(p point) point {
		x, y := float64(p.lon-line[0].lon)*cos-mx, float64(p.lat-line[0].lat)-my
		t := x*dx + y*dy
		return point{line[0].lon + int32(math.Round((mx+t*dx)/cos)), line[0].lat + int32(math.Round(my+t*dy))}
	}
	return onto(line[0]), onto(line[len(line)-1])
}

// bearing returns the compass bearing from a to b in degrees, 0 to 360.
func bearing(a, b point) float64 {
	const rad = math.Pi / 180 / 1e7
	dLon := float64(b.lon-a.lon) * rad
	lat1, lat2 := float64(a.lat)*rad, float64(b.lat)*rad
	y := math.Sin(dLon) * math.Cos(lat2)
	x := math.Cos(lat1)*math.Sin(lat2) - math.Sin(lat1)*math.Cos(lat2)*math.Cos(dLon)
	return math.Mod(math.Atan2(y, x)*180/math.Pi+360, 360)
}

// placeAt returns the place so many metres along a line, its end if the line is shorter.
func placeAt(line []point, meters float64) point {
	t := trim(line, meters)
	return t[len(t)-1]
}

// trim cuts a line to a length.
func trim(line []point, meters float64) []point {
	for i := 0; i+1 < len(line); i++ {
		d := line[i].meters(line[i+1])
		if d >= meters {
			f := 1.0
			if d > 0 {
				f = meters / d
			}
			return append(append([]point(nil), line[:i+1]...), between(line[i], line[i+1], f))
		}
		meters -= d
	}
	return line
}

// between returns the point at the share f of the way from a to b.
func between(a, b point, f float64) point {
	return point{
		a.lon + int32(math.Round(float64(b.lon-a.lon)*f)),
		a.lat + int32(math.Round(float64(b.lat-a.lat)*f)),
	}
}

// straight tells whether no place of a line lies further than the slack from the chord between its ends.
func straight(line []point, slack float64) bool {
	a, b := line[0], line[len(line)-1]
	for _, p := range line[1 : len(line)-1] {
		if _, d := project(p, a, b); d > slack {
			return false
		}
	}
	return true
}

// turnSeconds returns what turning between two streets costs, in seconds. The angle is 0 straight on, positive
// to the right, 180 about. The curve is a sigmoid that OSRM's authors fitted to driven turns: 0 straight on,
// TurnSeconds at the sharpest; turns across the oncoming traffic start to cost earlier.
func (p *Profile) turnSeconds(angle float64, left bool) float64 {
	bias := p.TurnBias
	if left {
		bias = 1 / bias
	}
	if angle < 0 {
		angle, bias = -angle, 1/bias
	}
	return p.TurnSeconds / (1 + math.Exp(-(13/bias*angle/180 - 6.5*bias)))
}

// deviation returns the turn from arriving in one bearing to leaving in another: 0 straight on, positive to
// the right, within (-180, 180].
func deviation(arrive, leave float64) float64 {
	d := math.Mod(leave-arrive+540, 360) - 180
	if d <= -180 {
		d += 360
	}
	return d
}
