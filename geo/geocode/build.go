package geocode

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"catchment/geo"
)

// An entry is something that can be found; its fields are those of the table.
type entry struct {
	kind       string
	name       string
	others     []string
	city       string
	postcode   string
	postcodes  []string
	areas      []string
	country    string
	importance float64
	at         orb.Point

	houses []int // indexes of addresses
	lines  []orb.LineString
}

// How far a neighbour may be, in metres, to lend its town and postcode.
const (
	sameStreetWithin = 2_000
	neighbourWithin  = 3_000
	placeWithin      = 15_000
)

// A builder makes entries of what was collected.
type builder struct {
	*collection
	full     *grid               // addresses that lack nothing
	towned   *grid               // addresses that tell their town
	byStreet map[string][]int    // addresses that lack nothing, by folded street
	located  *grid               // settlements
	around   map[[2]int32][]int  // districts by squares of a quarter degree
	inside   map[inSquare]bool   // whether a small square lies in a large district, once asked for
	towns    map[[2]int32]string // nearest settlement by small squares, once asked for
	country  string              // of the whole extract, when it names only one
	entries  []*entry
}

func fullAddress(a address) bool { return a.street != "" && a.city != "" && a.postcode != "" }

func (c *collection) build() *builder {
	b := &builder{collection: c, full: newGrid(), towned: newGrid(), towns: map[[2]int32]string{}, around: map[[2]int32][]int{}, inside: map[inSquare]bool{}, byStreet: map[string][]int{}, located: newGrid()}
	for i, a := range c.addresses {
		if a.city != "" && !a.interpolated {
			b.towned.add(a.at, i)
		}
		if fullAddress(a) && !a.interpolated {
			b.full.add(a.at, i)
			b.byStreet[key(a.street)] = append(b.byStreet[key(a.street)], i)
		}
	}
	for i, s := range c.settlements {
		if s.importance >= importances["hamlet"] {
			b.located.add(s.at, i)
		}
	}
	for i, d := range c.districts {
		low, high := squareOf(d.bound.Min, districtSquares), squareOf(d.bound.Max, districtSquares)
		for x := low[0]; x <= high[0]; x++ {
			for y := low[1]; y <= high[1]; y++ {
				b.around[[2]int32{x, y}] = append(b.around[[2]int32{x, y}], i)
			}
		}
	}
	countries := map[string]int{}
	for _, d := range c.districts {
		if d.country != "" {
			countries[d.country]++
		}
	}
	for _, a := range c.addresses {
		if a.country != "" && len(countries) == 0 {
			countries[a.country]++
		}
	}
	if len(countries) == 1 {
		for code := range countries {
			b.country = code
		}
	}
	b.fill()
	b.streets()
	b.placesAndPostcodes()
	return b
}

// fill gives addresses the street, town and postcode they lack: those of the nearest full address of the same street,
// else of the nearest that agrees in what is known, else of the district or settlement they lie in.
func (b *builder) fill() {
	for i := range b.addresses {
		a := &b.addresses[i]
		if fullAddress(*a) {
			continue
		}
		agrees := func(j int) bool {
			n := b.addresses[j]
			return (a.city == "" || key(a.city) == key(n.city)) && (a.postcode == "" || a.postcode == n.postcode)
		}
		lend := func(j int) {
			n := b.addresses[j]
			a.city, a.postcode = cmp.Or(a.city, n.city), cmp.Or(a.postcode, n.postcode)
		}
		if a.street != "" {
			best, least := -1, float64(sameStreetWithin)
			for _, j := range b.byStreet[key(a.street)] {
				if d := float64(geo.Distance(a.at, b.addresses[j].at)); d < least && agrees(j) {
					best, least = j, d
				}
			}
			if best >= 0 {
				lend(best)
			}
		}
		if a.city == "" || a.postcode == "" {
			if j := b.full.nearest(a.at, neighbourWithin, agrees); j >= 0 {
				lend(j)
			}
		}
		if a.city == "" {
			a.city = b.townAt(a.at)
		}
		if a.postcode == "" {
			a.postcode = b.postAt(a.at)
		}
		if a.street == "" {
			a.street = a.city // villages that number their houses without streets
		}
	}
}

// An inSquare is a question: does this small square lie in that district?
type inSquare struct {
	square   [2]int32
	district int
}

// How many squares a degree is cut into, to find districts and to answer for those larger than a county: their rims
// are long, and a kilometre more or less does not matter to them.
const (
	districtSquares = 4
	countrySquares  = 50
)

func squareOf(p orb.Point, perDegree float64) [2]int32 {
	return [2]int32{int32(math.Floor(p[0] * perDegree)), int32(math.Floor(p[1] * perDegree))}
}

// districtsAt calls found for each district that holds the point, in their order.
func (b *builder) districtsAt(p orb.Point, found func(d *district)) {
	for _, i := range b.around[squareOf(p, districtSquares)] {
		d := &b.districts[i]
		if d.post || d.level > 4 {
			if d.holds(p) {
				found(d)
			}
			continue
		}
		question := inSquare{squareOf(p, countrySquares), i}
		in, known := b.inside[question]
		if !known {
			in = d.holds(p)
			b.inside[question] = in
		}
		if in {
			found(d)
		}
	}
}

// townAt is the municipality or the nearest settlement.
func (b *builder) townAt(p orb.Point) string {
	best, level := "", 0
	b.districtsAt(p, func(d *district) {
		// 8 is the municipality nearly everywhere; 7 and 6 stand in where there is none.
		if !d.post && d.level >= 6 && d.level <= 8 && d.level > level {
			best, level = d.name, d.level
		}
	})
	if best != "" {
		return best
	}
	// A few hundred metres make no difference here, and roads are many.
	square := squareOf(p, 250)
	town, known := b.towns[square]
	if !known {
		if j := b.towned.nearest(p, neighbourWithin, nil); j >= 0 {
			town = b.addresses[j].city
		} else if j := b.located.nearest(p, placeWithin, func(j int) bool { return b.settlements[j].importance >= importances["village"] }); j >= 0 {
			town = b.settlements[j].name
		}
		b.towns[square] = town
	}
	return town
}

func (b *builder) postAt(p orb.Point) string {
	code := ""
	b.districtsAt(p, func(d *district) {
		if d.post {
			code = cmp.Or(code, d.name)
		}
	})
	if code != "" {
		return code
	}
	if j := b.located.nearest(p, neighbourWithin, func(j int) bool { return b.settlements[j].postcode != "" }); j >= 0 {
		return b.settlements[j].postcode
	}
	return ""
}

// near gives town and postcode of the nearest full address.
func (b *builder) near(p orb.Point, within float64) (city, postcode string) {
	if j := b.full.nearest(p, within, nil); j >= 0 {
		return b.addresses[j].city, b.addresses[j].postcode
	}
	return "", ""
}

// A streetKey is the same for all pieces and houses of a street. Where no town is known, streets of one name are kept
// apart by squares of some five kilometres.
type streetKey struct {
	street, city string
	square       [2]int32
}

// streets makes an entry of each street within a town, from houses and from named roads.
func (b *builder) streets() {
	byKey := map[streetKey]*entry{}
	spelling := map[streetKey]map[string]int{} // how often each way of writing occurs
	at := func(street, city string, where orb.Point) *entry {
		k := streetKey{street: key(street), city: key(city)}
		if city == "" {
			k.square = squareOf(where, 20)
		}
		e := byKey[k]
		if e == nil {
			e = &entry{kind: "street", city: city}
			byKey[k] = e
			b.entries = append(b.entries, e)
			spelling[k] = map[string]int{}
		}
		spelling[k][street]++
		return e
	}
	for i, a := range b.addresses {
		if a.street == "" {
			continue
		}
		e := at(a.street, a.city, a.at)
		e.houses = append(e.houses, i)
	}
	for _, r := range b.roads {
		middle := r.line[len(r.line)/2]
		city := ""
		least := float64(sameStreetWithin)
		for _, j := range b.byStreet[key(r.name)] {
			if d := float64(geo.Distance(middle, b.addresses[j].at)); d < least {
				city, least = b.addresses[j].city, d
			}
		}
		if city == "" {
			if j := b.towned.nearest(middle, 500, nil); j >= 0 {
				city = b.addresses[j].city
			} else {
				city = b.townAt(middle)
			}
		}
		e := at(r.name, city, middle)
		e.lines = append(e.lines, r.line)
		for _, other := range r.others {
			if !slices.Contains(e.others, other) && len(e.others) < 12 {
				e.others = append(e.others, other)
			}
		}
	}
	for k, e := range byKey {
		e.name = mostFrequent(spelling[k])
		b.finish(e)
	}
}

// finish gives a street its point, postcodes, areas and importance.
func (b *builder) finish(e *entry) {
	codes := map[string]int{}
	var all []orb.Point
	for _, i := range e.houses {
		if code := b.addresses[i].postcode; code != "" {
			codes[code]++
		}
		e.country = cmp.Or(e.country, b.addresses[i].country)
		all = append(all, b.addresses[i].at)
	}
	if len(e.lines) > 0 {
		all = all[:0]
		for _, line := range e.lines {
			all = append(all, line...)
		}
	}
	e.at = middleOf(all)
	e.postcode = mostFrequent(codes)
	e.postcodes = slices.Sorted(maps.Keys(codes))
	if e.postcode == "" {
		if _, e.postcode = b.near(e.at, 1_000); e.postcode == "" {
			e.postcode = b.postAt(e.at)
		}
		if e.postcode != "" {
			e.postcodes = []string{e.postcode}
		}
	}
	b.situate(e)
	e.importance = 0.15 + 0.1*min(3, math.Log10(float64(1+len(e.houses))))
}

// situate tells what an entry lies in.
func (b *builder) situate(e *entry) {
	type area struct {
		name  string
		level int
	}
	var areas []area
	b.districtsAt(e.at, func(d *district) {
		if d.post {
			return
		}
		if d.country != "" {
			e.country = cmp.Or(e.country, d.country)
		}
		areas = append(areas, area{d.name, d.level})
		if d.level <= 4 {
			for _, other := range d.others {
				areas = append(areas, area{other, d.level})
			}
		}
	})
	e.country = cmp.Or(e.country, b.country)
	slices.SortStableFunc(areas, func(x, y area) int { return y.level - x.level })
	for _, a := range areas {
		if a.name != e.city && !slices.Contains(e.areas, a.name) && len(e.areas) < 16 {
			e.areas = append(e.areas, a.name)
		}
	}
}

// placesAndPostcodes makes entries of settlements, towns known from addresses only, districts and postcodes.
func (b *builder) placesAndPostcodes() {
	towns := map[string]map[string]int{}   // folded town: its postcodes
	byTown := map[string][]int{}           // folded town: its addresses
	written := map[string]map[string]int{} // folded town: how it is written
	posts := map[string][]int{}            // postcode: its addresses
	for i, a := range b.addresses {
		if a.interpolated {
			continue
		}
		if a.city != "" {
			k := key(a.city)
			if towns[k] == nil {
				towns[k], written[k] = map[string]int{}, map[string]int{}
			}
			written[k][a.city]++
			byTown[k] = append(byTown[k], i)
			if a.postcode != "" {
				towns[k][a.postcode]++
			}
		}
		if a.postcode != "" {
			posts[a.postcode] = append(posts[a.postcode], i)
		}
	}
	made := map[string][]*entry{} // by folded name
	// The settlement, its town and its district are one to those who search.
	add := func(e *entry, same func(m *entry) bool) {
		k := key(e.name)
		if slices.ContainsFunc(made[k], same) {
			return
		}
		made[k] = append(made[k], e)
		b.entries = append(b.entries, e)
		own := e.importance >= importances["village"]
		if codes := towns[k]; len(codes) > 0 {
			e.postcodes = slices.Sorted(maps.Keys(codes))
			e.postcode = cmp.Or(e.postcode, mostFrequent(codes))
			own = true
		}
		city, postcode := b.near(e.at, 1_500)
		if own {
			e.city = e.name
		} else {
			e.city = cmp.Or(city, b.townAt(e.at), e.name)
		}
		if e.importance < 0.85 || len(e.postcodes) > 0 {
			e.postcode = cmp.Or(e.postcode, postcode)
		}
		if len(e.postcodes) == 0 && e.postcode != "" {
			e.postcodes = []string{e.postcode}
		}
		b.situate(e)
	}
	settlements := slices.Clone(b.settlements)
	slices.SortStableFunc(settlements, func(x, y settlement) int { return cmp.Compare(y.importance, x.importance) })
	for _, s := range settlements {
		add(&entry{kind: "place", name: s.name, others: s.others, postcode: s.postcode, importance: s.importance, at: s.at},
			func(m *entry) bool { return geo.Distance(m.at, s.at) < 4_000 })
	}
	for _, k := range slices.Sorted(maps.Keys(byTown)) {
		var at []orb.Point
		for _, i := range byTown[k] {
			at = append(at, b.addresses[i].at)
		}
		middle := middleOf(at)
		add(&entry{kind: "place", name: mostFrequent(written[k]), importance: 0.6, at: middle},
			func(m *entry) bool { return geo.Distance(m.at, middle) < 10_000 })
	}
	for _, d := range b.districts {
		kind := "place"
		if d.level < 6 {
			kind = "area" // nobody lives at a country
		}
		importance := map[int]float64{2: 0.95, 3: 0.8, 4: 0.85, 5: 0.6, 6: 0.6, 7: 0.55, 8: 0.6}[d.level]
		if d.post || importance == 0 {
			continue
		}
		add(&entry{kind: kind, name: d.name, others: d.others, importance: importance, at: d.bound.Center()},
			func(m *entry) bool { return d.holds(m.at) })
	}
	for _, code := range slices.Sorted(maps.Keys(posts)) {
		cities := map[string]int{}
		var at []orb.Point
		for _, i := range posts[code] {
			at = append(at, b.addresses[i].at)
			if city := b.addresses[i].city; city != "" {
				cities[city]++
			}
		}
		e := &entry{kind: "postcode", name: code, city: mostFrequent(cities), postcode: code, postcodes: []string{code}, importance: 0.5, at: middleOf(at)}
		b.situate(e)
		b.entries = append(b.entries, e)
	}
}

// mostFrequent is the key with the highest count, the first in order among equals.
func mostFrequent(counts map[string]int) string {
	best, most := "", 0
	for _, k := range slices.Sorted(maps.Keys(counts)) {
		if counts[k] > most {
			best, most = k, counts[k]
		}
	}
	return best
}

// middleOf is the one of the points that lies nearest to their mean.
func middleOf(points []orb.Point) orb.Point {
	if len(points) == 0 {
		return orb.Point{}
	}
	var mean orb.Point
	for _, p := range points {
		mean[0] += p[0] / float64(len(points))
		mean[1] += p[1] / float64(len(points))
	}
	best, least := points[0], math.Inf(1)
	for _, p := range points {
		dx, dy := (p[0]-mean[0])*math.Cos(mean[1]*math.Pi/180), p[1]-mean[1]
		if d := dx*dx + dy*dy; d < least {
			best, least = p, d
		}
	}
	return best
}

// A grid finds neighbours: numbered points in squares of a hundredth of a degree.
type grid struct {
	cells map[[2]int32][]gridded
}

type gridded struct {
	at orb.Point
	i  int
}

const gridSide = 0.01

func newGrid() *grid { return &grid{map[[2]int32][]gridded{}} }

func gridCell(p orb.Point) [2]int32 {
	return [2]int32{int32(math.Floor(p[0] / gridSide)), int32(math.Floor(p[1] / gridSide))}
}

func (g *grid) add(p orb.Point, i int) {
	c := gridCell(p)
	g.cells[c] = append(g.cells[c], gridded{p, i})
}

// nearest returns the number of the nearest accepted point within so many metres, or -1.
func (g *grid) nearest(p orb.Point, within float64, accept func(i int) bool) int {
	const meters = 111_195 * gridSide // a cell's height; its width is that times the cosine of the latitude
	width := meters * max(0.01, math.Cos(p[1]*math.Pi/180))
	center := gridCell(p)
	best, least := -1, within
	for ring := int32(0); float64(ring-1)*width <= least; ring++ {
		look := func(x, y int32) {
			for _, n := range g.cells[[2]int32{center[0] + x, center[1] + y}] {
				if d := float64(geo.Distance(p, n.at)); d < least && (accept == nil || accept(n.i)) {
					best, least = n.i, d
				}
			}
		}
		for x := -ring; x <= ring; x++ {
			look(x, -ring)
			if ring > 0 {
				look(x, ring)
			}
		}
		for y := -ring + 1; y < ring; y++ {
			look(-ring, y)
			look(ring, y)
		}
	}
	return best
}
