package main

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/paulmach/orb"

	"catchment/geo/cells"
	"catchment/geo/hex"
)

// schema has the columns of a customer index: six dimensions, owner and team, two measures.
var schema = cells.Schema{
	Dimensions: []cells.Dimension{{Name: "stage", Values: 6}, {Name: "industry", Values: 20}, {Name: "class", Values: 3},
		{Name: "kind", Values: 2}, {Name: "age", Values: 8}, {Name: "product", Values: 10}},
	References: []string{"owner", "team"},
	Measures:   []string{"value", "revenue"},
	Ranks:      []cells.Rank{{Measure: 0, Dimension: 0}},
}

// epoch is where history begins.
var epoch = cells.InstantOf(time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC))

// land is a country the size of Germany with 300 cities of falling size.
type land struct {
	*rand.Rand
	cities []city
}

type city struct {
	at     orb.Point
	spread float64
	upTo   float64 // share of the people in this city and those before it
}

const west, south, east, north = 5.9, 47.3, 15.0, 55.0

func newLand(seed uint64) *land {
	l := &land{Rand: rand.New(rand.NewPCG(seed, 1)), cities: make([]city, 300)}
	total := 0.0
	for i := range l.cities {
		weight := math.Pow(float64(i+1), -0.9)
		total += weight
		l.cities[i] = city{orb.Point{west + 0.5 + l.Float64()*(east-west-1), south + 0.4 + l.Float64()*(north-south-0.8)},
			0.02 + 0.06*math.Sqrt(weight), total}
	}
	for i := range l.cities {
		l.cities[i].upTo /= total
	}
	return l
}

// point is one in eight times anywhere, else in a city; coordinates have seven decimals as if from a file.
func (l *land) point() orb.Point {
	p := orb.Point{west + l.Float64()*(east-west), south + l.Float64()*(north-south)}
	if l.IntN(8) > 0 {
		u := l.Float64()
		at, _ := slices.BinarySearchFunc(l.cities, u, func(c city, u float64) int {
			if c.upTo < u {
				return -1
			}
			return 1
		})
		c := l.cities[min(at, len(l.cities)-1)]
		p = orb.Point{c.at[0] + l.NormFloat64()*c.spread*1.55, c.at[1] + l.NormFloat64()*c.spread}
	}
	return orb.Point{math.Round(p[0]*1e7) / 1e7, math.Round(p[1]*1e7) / 1e7}
}

func (l *land) dress(r *cells.Row) {
	for d, dimension := range schema.Dimensions {
		r.Dimensions[d] = uint8(l.IntN(dimension.Values))
	}
	r.Dimensions[1] = uint8(min(19, l.ExpFloat64()*5))
	r.References = [cells.MaxReferences]uint32{uint32(l.IntN(500)), uint32(l.IntN(20))}
	r.Measures = [cells.MaxMeasures]int64{int64(math.Exp(l.NormFloat64()+9) * 100), l.Int64N(100_000)}
}

// rows makes places, sorted by their cells.
func (l *land) rows(n int) []cells.Row {
	out := make([]cells.Row, n)
	for i := range out {
		out[i].ID, out[i].Point = int64(i+1), l.point()
		l.dress(&out[i])
	}
	var group sync.WaitGroup
	const parts = 4
	for part := range parts {
		group.Go(func() {
			for i := n * part / parts; i < n*(part+1)/parts; i++ {
				out[i].Cell, _ = hex.Cell(out[i].Point, cells.Resolution) // a failure leaves no cell, which Load refuses
			}
		})
	}
	group.Wait()
	slices.SortFunc(out, func(a, b cells.Row) int {
		switch {
		case a.Cell < b.Cell:
			return -1
		case a.Cell > b.Cell:
			return 1
		}
		return 0
	})
	return out
}

// history makes n changes of places over three years, two signed rows each: of the stage mostly, sometimes of
// all, sometimes of the place.
func (l *land) history(rows []cells.Row, n int) []cells.Change {
	present := make(map[int64]cells.Row, n)
	out := make([]cells.Change, 0, 2*n)
	const span = 3 * 365 * 24 * int64(time.Hour/time.Microsecond)
	for i := range n {
		at := epoch + cells.Instant(int64(i)*(span/int64(n)))
		before := rows[l.IntN(len(rows))]
		if later, changed := present[before.ID]; changed {
			before = later
		}
		after := before
		switch l.IntN(10) {
		case 0:
			l.dress(&after)
		case 1:
			after.Point = l.point()
			after.Cell, _ = hex.Cell(after.Point, cells.Resolution)
		default:
			after.Dimensions[0] = uint8(l.IntN(6))
		}
		present[after.ID] = after
		out = append(out, cells.Change{Row: before, Sign: -1, At: at, Recorded: at}, cells.Change{Row: after, Sign: 1, At: at, Recorded: at})
	}
	return out
}

// blob is a closed, wavy line about a point.
func (l *land) blob(at orb.Point, km float64, corners int, wave float64) orb.MultiPolygon {
	r := rand.New(rand.NewPCG(uint64(corners), 9))
	phases := make([]float64, 12)
	for i := range phases {
		phases[i] = r.Float64() * 2 * math.Pi
	}
	ring := make(orb.Ring, 0, corners+1)
	for i := range corners {
		angle := 2 * math.Pi * float64(i) / float64(corners)
		radius := 1.0
		for k, phase := range phases {
			radius += wave / float64(k+2) * math.Sin(float64(k*k+2)*angle+phase)
		}
		sin, cos := math.Sincos(angle)
		ring = append(ring, orb.Point{at[0] + km*radius*cos/111.32/math.Cos(at[1]*math.Pi/180), at[1] + km*radius*sin/111.32})
	}
	return orb.MultiPolygon{{append(ring, ring[0])}}
}
