package cells

import (
	"math"

	"github.com/paulmach/orb"
)

// The ellipsoid of WGS 84: half axes in metres, flattening and first eccentricity squared.
const (
	equatorial   = 6378137.0
	flattening   = 1 / 298.257223563
	polar        = equatorial * (1 - flattening)
	eccentricity = flattening * (2 - flattening)
)

// circle is what lies within a geodesic distance of its centre.
//
// On the sphere of reduced latitudes a step on the ellipsoid is between √(1-e² cos² β) and 1 times the equatorial
// radius times its angle. So the angle alone decides all but a thin ring of points.
type circle struct {
	centre orb.Point
	radius float64
	from   spherical
	// Angles on the sphere in radians: within surely the point is inside, beyond surely it is outside.
	within, beyond float64
}

// spherical is a point on the sphere of reduced latitudes, in radians.
type spherical struct{ longitude, latitude, sin, cos float64 }

func reduced(at orb.Point) spherical {
	latitude := math.Atan((1 - flattening) * math.Tan(at[1]*math.Pi/180))
	sin, cos := math.Sincos(latitude)
	return spherical{at[0] * math.Pi / 180, latitude, sin, cos}
}

// angle returns the angle between two points seen from the middle of the sphere.
func (a spherical) angle(b spherical) float64 {
	dy := math.Sin((a.latitude - b.latitude) / 2)
	dx := math.Sin((a.longitude - b.longitude) / 2)
	return 2 * math.Asin(math.Sqrt(min(1, dy*dy+a.cos*b.cos*dx*dx)))
}

func newCircle(centre orb.Point, radius float64) *circle {
	c := &circle{centre: centre, radius: radius, from: reduced(centre)}
	// The way to a point inside stays in the circle, hence between these latitudes; the smallest scale of a step
	// is found where the latitude is nearest to the equator.
	reach := radius / polar * 1.01
	nearest := max(0, math.Abs(c.from.latitude)-reach)
	cos := math.Cos(nearest)
	slowest := equatorial * math.Sqrt(1-eccentricity*cos*cos)
	const rounding = 1e-9 // radians, 6 mm: far more than the angles' rounding
	c.within = radius/equatorial - rounding
	c.beyond = radius/slowest + rounding
	return c
}

func (c *circle) holds(x, y float64, _ uint64) bool {
	at := orb.Point{x, y}
	to := reduced(at)
	switch angle := c.from.angle(to); {
	case angle <= c.within:
		return true
	case angle > c.beyond:
		return false
	}
	return geodesic(c.from, to) <= c.radius
}

func (c *circle) judge(b box, _, _ uint64, _, scratch []int32) (verdict, []int32) {
	south, north := reduced(orb.Point{b.west, b.south}), reduced(orb.Point{b.east, b.north})
	middle := spherical{longitude: (south.longitude + north.longitude) / 2, latitude: (south.latitude + north.latitude) / 2}
	middle.sin, middle.cos = math.Sincos(middle.latitude)
	widest := max(south.cos, north.cos) // greatest cosine of latitude in the box
	if b.south <= 0 && b.north >= 0 {
		widest = 1
	}
	// By the haversine formula, with sin x <= x, no point of the box is farther from its middle than spread.
	dy, dx := (north.latitude-south.latitude)/4, (north.longitude-south.longitude)/4
	spread := 2 * math.Asin(min(1, math.Sqrt(dy*dy+middle.cos*widest*dx*dx)))
	angle := c.from.angle(middle)
	switch {
	case angle+spread <= c.within:
		return inside, scratch
	case angle-spread > c.beyond:
		return outside, scratch
	}
	return border, scratch
}

// geodesic returns the length in metres of the shortest way along the ellipsoid between two points no farther
// apart than a circle may reach. It is the inverse formula of T. Vincenty, Survey Review XXIII no. 176 (1975),
// good to a tenth of a millimetre.
func geodesic(a, b spherical) float64 {
	length := b.longitude - a.longitude
	lambda := length
	var sinSigma, cosSigma, sigma, cosSquareAlpha, cosTwoSigmaM float64
	for range 200 {
		sinLambda, cosLambda := math.Sincos(lambda)
		sinSigma = math.Hypot(b.cos*sinLambda, a.cos*b.sin-a.sin*b.cos*cosLambda)
		if sinSigma == 0 {
			return 0
		}
		cosSigma = a.sin*b.sin + a.cos*b.cos*cosLambda
		sigma = math.Atan2(sinSigma, cosSigma)
		sinAlpha := a.cos * b.cos * sinLambda / sinSigma
		cosSquareAlpha = 1 - sinAlpha*sinAlpha
		cosTwoSigmaM = 0
		if cosSquareAlpha > 0 { // else along the equator
			cosTwoSigmaM = cosSigma - 2*a.sin*b.sin/cosSquareAlpha
		}
		c := flattening / 16 * cosSquareAlpha * (4 + flattening*(4-3*cosSquareAlpha))
		before := lambda
		lambda = length + (1-c)*flattening*sinAlpha*
			(sigma+c*sinSigma*(cosTwoSigmaM+c*cosSigma*(2*cosTwoSigmaM*cosTwoSigmaM-1)))
		if math.Abs(lambda-before) < 1e-13 {
			break
		}
	}
	uSquare := cosSquareAlpha * (equatorial*equatorial - polar*polar) / (polar * polar)
	bigA := 1 + uSquare/16384*(4096+uSquare*(-768+uSquare*(320-175*uSquare)))
	bigB := uSquare / 1024 * (256 + uSquare*(-128+uSquare*(74-47*uSquare)))
	correction := bigB * sinSigma * (cosTwoSigmaM + bigB/4*(cosSigma*(2*cosTwoSigmaM*cosTwoSigmaM-1)-
		bigB/6*cosTwoSigmaM*(4*sinSigma*sinSigma-3)*(4*cosTwoSigmaM*cosTwoSigmaM-3)))
	return polar * bigA * (sigma - correction)
}
