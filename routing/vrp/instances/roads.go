package instances

import (
	"math"

	"github.com/paulmach/orb"

	"catchment/routing/vrp"
)

// GreatCircle gives a problem without matrices road-like ones: metres are 1.3 times the great circle, seconds
// 45 plus the metres at 30 km/h for short hops up to 75 km/h from 30 km on, a few per cent apart by direction.
// The published field-service instances are measured on exactly these.
func GreatCircle(p *vrp.Problem) {
	var at []orb.Point
	index := make(map[orb.Point]int)
	place := func(from *orb.Point, to **int) {
		if from == nil {
			return
		}
		key := orb.Point{math.Round(from[0]*1e6) / 1e6, math.Round(from[1]*1e6) / 1e6}
		if _, ok := index[key]; !ok {
			index[key] = len(at)
			at = append(at, key)
		}
		*to = new(index[key])
	}
	for i := range p.Jobs {
		place(p.Jobs[i].Location, &p.Jobs[i].LocationIndex)
	}
	for i := range p.Shipments {
		place(p.Shipments[i].Pickup.Location, &p.Shipments[i].Pickup.LocationIndex)
		place(p.Shipments[i].Delivery.Location, &p.Shipments[i].Delivery.LocationIndex)
	}
	for i := range p.Vehicles {
		place(p.Vehicles[i].Start, &p.Vehicles[i].StartIndex)
		place(p.Vehicles[i].End, &p.Vehicles[i].EndIndex)
	}
	n := len(at)
	m := &vrp.Matrix{Size: n, Durations: make([]int32, n*n), Distances: make([]int32, n*n)}
	const rad = math.Pi / 180
	for i := range n {
		for j := range n {
			if i == j {
				continue
			}
			a, b := at[i], at[j]
			h := math.Pow(math.Sin((b[1]-a[1])*rad/2), 2) + math.Cos(a[1]*rad)*math.Cos(b[1]*rad)*math.Pow(math.Sin((b[0]-a[0])*rad/2), 2)
			metres := 2 * 6371008.8 * math.Asin(math.Sqrt(h)) * 1.3
			speed := (30 + 45*math.Min(1, metres/30000)) / 3.6
			uneven := 1 + 0.04*float64((((int64(i)*2654435761)^(int64(j)*40503))>>4)%201-100)/100
			m.Durations[i*n+j] = int32(45 + metres/speed*uneven + 0.5)
			m.Distances[i*n+j] = int32(metres + 0.5)
		}
	}
	p.Matrices = map[string]*vrp.Matrix{}
	for i := range p.Vehicles {
		profile := p.Vehicles[i].Profile
		if profile == "" {
			profile = "car"
		}
		p.Matrices[profile] = m
	}
}
