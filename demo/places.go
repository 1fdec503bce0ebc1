package demo

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"catchment/geo"
	"catchment/geo/geocode"
)

// ErrNoStreets says that no extract is loaded, so that there is nowhere to put a company.
var ErrNoStreets = errors.New("no streets are loaded: import an extract first")

// place is where a customer or a colleague lives.
type place struct {
	geocode.Drawn
	synthetic bool // a spot on a street where no house is known
}

// spare is how many places are drawn beyond those of the accounts, for the bases of the staff.
const spare = 40

// findPlaces draws an address for every account and base; where the extract has too few, spots on named streets
// stand in.
func (m *maker) findPlaces(ctx context.Context) error {
	n := m.Accounts + spare
	houses, err := m.covered(ctx, n, m.Addresses.Sample)
	if err != nil {
		return err
	}
	for _, h := range houses {
		m.places = append(m.places, place{Drawn: h})
	}
	if missing := n - len(houses); missing > 0 {
		spots, err := m.covered(ctx, missing, m.Addresses.SampleStreets)
		if err != nil {
			return err
		}
		for _, s := range spots {
			m.places = append(m.places, place{s, true})
		}
	}
	if len(m.places) == 0 {
		return ErrNoStreets
	}
	m.country = countryOf(m.places)
	return nil
}

// covered draws n places and leaves out those beyond the ground the extract covers, drawing more in their stead as
// long as there are any: what sticks out of an extract has no map around it.
func (m *maker) covered(ctx context.Context, n int, sample func(context.Context, int, int64) ([]geocode.Drawn, error)) ([]geocode.Drawn, error) {
	for more := n + n/50; ; more *= 2 {
		drawn, err := sample(ctx, more, int64(m.Seed))
		if err != nil {
			return nil, err
		}
		exhausted := len(drawn) < more
		points := make([]orb.Point, len(drawn))
		for i, d := range drawn {
			points[i] = d.At
		}
		var inside []bool
		err = m.Store.Read(ctx, func(tx pgx.Tx) error {
			return tx.QueryRow(ctx, `
				select coalesce(array_agg(exists (select from basemap.coverage c where st_covers(c.geom, p.at)) order by n), '{}')
				from unnest($1::geometry[]) with ordinality as p(at, n)`, points).Scan(&inside)
		})
		if err != nil {
			return nil, fmt.Errorf("ask what the extract covers: %w", err)
		}
		kept := drawn[:0]
		for i, d := range drawn {
			if inside[i] {
				kept = append(kept, d)
			}
		}
		if len(kept) >= n || exhausted || more > 4*n+1000 {
			return kept[:min(n, len(kept))], nil
		}
	}
}

// place returns the address of the i-th account; a company larger than its region has several at one house.
func (m *maker) place(i int) place { return m.places[(spare+i)%len(m.places)] }

// country is what the company takes from the land it works in.
type country struct {
	code     string // ISO 3166-1
	bound    orb.Bound
	zone     string
	currency string
	names    *names
	phone    string // with X for digits: numbers kept free for fiction, of another country where this one has none
}

// countries are those whose maps people are likely to load; the smaller before those around them.
var countries = []country{
	{"LI", box(9.47, 47.04, 9.64, 47.28), "Europe/Vaduz", "CHF", &german, "+41 44 668 18 XX"},
	{"MC", box(7.40, 43.72, 7.44, 43.76), "Europe/Monaco", "EUR", &french, "+33 1 99 00 XX XX"},
	{"CH", box(5.95, 45.81, 10.50, 47.81), "Europe/Zurich", "CHF", &german, "+41 44 668 18 XX"},
	{"AT", box(9.53, 46.37, 17.17, 49.03), "Europe/Vienna", "EUR", &german, "+49 30 23125 XXX"},
	{"DE", box(5.86, 47.27, 15.05, 55.06), "Europe/Berlin", "EUR", &german, "+49 30 23125 XXX"},
	{"PT", box(-9.53, 36.95, -6.19, 42.16), "Europe/Lisbon", "EUR", &portuguese, "+44 20 7946 0XXX"},
	{"ES", box(-9.31, 35.99, 3.33, 43.80), "Europe/Madrid", "EUR", &spanish, "+44 20 7946 0XXX"},
	{"FR", box(-5.15, 42.33, 8.24, 51.09), "Europe/Paris", "EUR", &french, "+33 1 99 00 XX XX"},
	{"IT", box(6.62, 36.64, 18.53, 47.10), "Europe/Rome", "EUR", &italian, "+44 20 7946 0XXX"},
	{"BE", box(2.54, 49.49, 6.41, 51.51), "Europe/Brussels", "EUR", &french, "+44 20 7946 0XXX"},
	{"NL", box(3.35, 50.75, 7.23, 53.56), "Europe/Amsterdam", "EUR", &english, "+44 20 7946 0XXX"},
	{"IE", box(-10.5, 51.42, -5.99, 55.39), "Europe/Dublin", "EUR", &english, "+44 20 7946 0XXX"},
	{"GB", box(-8.2, 49.90, 1.77, 60.85), "Europe/London", "GBP", &english, "+44 20 7946 0XXX"},
}

// elsewhere is any other land: the company speaks English and counts in euros of Berlin.
var elsewhere = country{zone: "Europe/Berlin", currency: "EUR", names: &english, phone: "+44 20 7946 0XXX"}

func box(west, south, east, north float64) orb.Bound {
	return orb.Bound{Min: orb.Point{west, south}, Max: orb.Point{east, north}}
}

// countryOf returns the land most places say they are in or, where the extract does not say, the one around the
// most of them.
func countryOf(places []place) country {
	count := make([]int, len(countries))
	for _, p := range places {
		for i, c := range countries {
			if p.Country == c.code || p.Country == "" && c.bound.Contains(p.At) {
				count[i]++
				break
			}
		}
	}
	best, most := elsewhere, len(places)/4
	for i, n := range count {
		if n > most {
			best, most = countries[i], n
		}
	}
	return best
}

// bases returns n places of the region far from each other: people live where the work is.
func (m *maker) bases(n int) []place {
	candidates := m.places[:min(len(m.places), 300)]
	chosen := []int{m.chance("bases", 0).IntN(len(candidates))}
	for len(chosen) < n {
		chosen = append(chosen, best(candidates, func(p place) float64 { // the one farthest from those chosen
			near := geo.Meters(1e9)
			for _, c := range chosen {
				near = min(near, geo.Distance(p.At, candidates[c].At))
			}
			return float64(near)
		}))
	}
	var middle orb.Point
	for _, p := range candidates {
		middle[0] += p.At[0] / float64(len(candidates))
		middle[1] += p.At[1] / float64(len(candidates))
	}
	out := make([]place, n)
	for k, c := range chosen { // the farthest corners are where nobody lives: half way to the middle instead
		at := candidates[c].At
		aim := orb.Point{(at[0] + middle[0]) / 2, (at[1] + middle[1]) / 2}
		out[k] = candidates[best(candidates, func(p place) float64 { return -float64(geo.Distance(p.At, aim)) })]
	}
	return out
}

// best returns the index of the place with the highest score, the first of equal ones.
func best(places []place, score func(place) float64) int {
	index, high := 0, score(places[0])
	for i, p := range places[1:] {
		if s := score(p); s > high {
			index, high = i+1, s
		}
	}
	return index
}
