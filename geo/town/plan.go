package town

import (
	"math"
	"math/rand/v2"
)

// street is a line of the street network before it is knotted together.
type street struct {
	line  []vec
	class string // highway=
	name  string
	ref   string
	rank  int    // 0 main road, 1 town street, 2 path or track
	grade []span // bridges

	anchored bool // begins where it should, only its end may be lengthened
}

// span is a stretch of a street, in metres from its beginning, that leaves the ground.
type span struct{ from, to float64 }

// site is a piece of ground kept free of streets and houses for one purpose.
type site struct {
	kind string
	name string
	ring []vec // closed
	c    vec
	dir  vec
}

// settlement is a town or village: its built-up area is a wobbling circle.
type settlement struct {
	name, postcode string
	kind           string // town, village or forest
	c              vec
	r              float64
	phase          [3]float64
}

func (s settlement) radius(angle float64) float64 {
	f := 0.10*math.Sin(2*angle+s.phase[0]) + 0.06*math.Sin(3*angle+s.phase[1]) + 0.04*math.Sin(5*angle+s.phase[2])
	if s.kind == "forest" {
		f = 2*f + 0.05*math.Sin(9*angle+s.phase[0])
	}
	return s.r * (1 + f)
}

func (s settlement) contains(p vec) bool {
	d := p.sub(s.c)
	return d.len() < s.radius(math.Atan2(d.y, d.x))
}

// plan is the composition of the town, from which everything else follows.
type plan struct {
	rng   *rand.Rand
	half  float64 // the map reaches so far from the middle
	scale float64 // 1 for a map of 6 km

	river      []vec
	riverWidth []float64
	banks      [2][]vec
	stream     []vec
	rail       []vec
	motorway   []vec
	core       vec
	ring       []vec // around the old core
	outer      []vec // the outer ring road
	mains      []street
	places     []settlement
	forests    []settlement
	sites      []site
	industry   []vec // closed ring

	water *segments // river centre line
	rails *segments
	ways  *segments // motorway
	field tensorField

	streets *segments // main roads
}

func (p *plan) chance(f float64) bool        { return p.rng.Float64() < f }
func (p *plan) between(a, b float64) float64 { return a + (b-a)*p.rng.Float64() }
func (p *plan) jitter(v vec, by float64) vec {
	return vec{v.x + p.between(-by, by), v.y + p.between(-by, by)}
}
func (p *plan) scaled(points ...vec) []vec {
	out := make([]vec, len(points))
	for i, v := range points {
		out[i] = v.mul(p.scale)
	}
	return out
}

// compose lays out river, roads, rail, villages, woods and sites. The figures are metres in a map of 6 x 6 km.
func compose(rng *rand.Rand, km float64) *plan {
	p := &plan{rng: rng, half: km * 500, scale: km / 6}
	wobble := func(points []vec, by float64) []vec {
		for i := range points {
			points[i] = p.jitter(points[i], by*p.scale)
		}
		return points
	}
	p.river = spline(wobble(p.scaled(
		vec{-3400, 720}, vec{-2500, 330}, vec{-1750, 560}, vec{-1050, 260}, vec{-520, -190}, vec{60, -280},
		vec{560, -60}, vec{1080, 60}, vec{1620, -260}, vec{2200, -720}, vec{2750, -560}, vec{3400, -760}), 40), 25)
	for i := range p.river {
		f := float64(i) / float64(len(p.river))
		wide := (f - 0.655) / 0.03 // the river splits around an island
		p.riverWidth = append(p.riverWidth, 36+8*math.Sin(f*19)+12*f+26*math.Exp(-wide*wide))
	}
	width := func(i int) float64 { return p.riverWidth[i] / 2 }
	p.banks = [2][]vec{offset(p.river, 1, width), offset(p.river, -1, width)}
	p.stream = spline(wobble(p.scaled(vec{900, 3300}, vec{760, 2500}, vec{930, 1850}, vec{800, 1250}, vec{700, 880}, vec{690, 560}, vec{800, 230}, vec{860, 40}), 25), 22)
	p.water = newSegments(50)
	p.water.addLine(0, p.river)

	p.core = vec{-40, 130}.mul(p.scale)
	p.rail = spline(wobble(p.scaled(vec{-3400, 1150}, vec{-2500, 930}, vec{-1780, 620}, vec{-1240, 10}, vec{-760, -480}, vec{-200, -680},
		vec{500, -700}, vec{1300, -760}, vec{2100, -1180}, vec{2700, -1330}, vec{3400, -1330}), 12), 25)
	p.rail = within(p.rail, p.half)
	p.rails = newSegments(50)
	p.rails.addLine(0, p.rail)
	p.motorway = spline(wobble(p.scaled(vec{-3400, -1650}, vec{-2400, -1960}, vec{-1200, -2150}, vec{0, -2080}, vec{1100, -1960}, vec{2200, -2060}, vec{3400, -2420}), 25), 40)
	p.motorway = within(p.motorway, p.half)
	p.ways = newSegments(50)
	p.ways.addLine(0, p.motorway)

	p.settle()
	p.mainRoads()
	p.reserve()
	p.field = newTensorField(p)
	return p
}

func (p *plan) settle() {
	names := []struct {
		name, postcode, kind string
		c                    vec
		r                    float64
	}{
		{"Lindenfurt an der Salmach", "05871", "town", vec{20, -20}, 1130},
		{"Obersalmach", "05873", "village", vec{-2330, 1560}, 330},
		{"Erlenzell", "05875", "village", vec{-2280, -860}, 310},
		{"Buchenlohe", "05874", "village", vec{2350, 900}, 350},
		{"Steinhöfen", "05876", "village", vec{420, -2720}, 240},
	}
	for _, n := range names {
		s := settlement{name: n.name, postcode: n.postcode, kind: n.kind, c: n.c.mul(p.scale), r: n.r * p.scale}
		for i := range s.phase {
			s.phase[i] = p.between(0, 2*math.Pi)
		}
		p.places = append(p.places, s)
	}
	for _, w := range []struct {
		c vec
		r float64
	}{
		{vec{-700, 2350}, 620}, {vec{-150, 2750}, 420}, {vec{2150, 2300}, 560}, {vec{-2650, -2550}, 520}, {vec{-2750, 250 - 420}, 240},
		{vec{2500, -2900}, 430}, {vec{1750, 1650}, 210}, {vec{-1250, -2850}, 330}, {vec{2850, 200}, 230},
	} {
		s := settlement{kind: "forest", c: p.jitter(w.c.mul(p.scale), 60*p.scale), r: w.r * p.scale}
		for i := range s.phase {
			s.phase[i] = p.between(0, 2*math.Pi)
		}
		p.forests = append(p.forests, s)
	}
}

// mainRoads draws the ring around the core, the radials, the outer ring and what joins the villages.
func (p *plan) mainRoads() {
	const arms = 14
	ring := make([]vec, arms)
	outer := make([]vec, arms)
	for i := range arms {
		a := 2 * math.Pi * float64(i) / arms
		r := 290 * p.between(0.93, 1.07) * p.scale
		v := p.core.polar(a, r)
		v.y = p.core.y + (v.y-p.core.y)*0.86
		ring[i] = v
		r = 790 * p.between(0.94, 1.08) * p.scale
		v = p.places[0].c.polar(a, r)
		if v.y < p.places[0].c.y { // north of the railway
			v.y = p.places[0].c.y + 0.66*(v.y-p.places[0].c.y)
		}
		outer[i] = v
	}
	p.ring = p.offWater(loop(ring, 24))
	p.outer = loop(outer, 30)
	add := func(class, name, ref string, control ...vec) {
		line := spline(control, 28)
		p.mains = append(p.mains, street{line: line, class: class, name: name, ref: ref})
	}
	p.mains = append(p.mains,
		street{line: p.ring, class: "secondary", name: "Stadtring"},
		street{line: p.outer, class: "tertiary", name: "Äußerer Ring"})
	gate := func(angle float64) vec { // the ring's nearest corner, so that radials begin on it
		v := p.core.polar(angle, 290*p.scale)
		best := p.ring[0]
		for _, q := range p.ring {
			if q.dist(v) < best.dist(v) {
				best = q
			}
		}
		return best
	}
	rad := func(deg float64) float64 { return deg * math.Pi / 180 }
	s := p.scaled
	west := gate(rad(155))
	add("primary", "Salmacher Straße", "B 519", append([]vec{west}, s(vec{-700, 480}, vec{-1250, 900}, vec{-1850, 1330}, vec{-2330, 1500}, vec{-3400, 1900})...)...)
	east := gate(rad(20))
	add("primary", "Buchenloher Straße", "B 519", append([]vec{east}, s(vec{560, 400}, vec{1100, 560}, vec{1750, 860}, vec{2350, 930}, vec{3400, 760})...)...)
	north := gate(rad(80))
	add("secondary", "Hohe Straße", "L 1087", append([]vec{north}, s(vec{90, 700}, vec{-60, 1150}, vec{160, 1700}, vec{300, 2300}, vec{240, 3400})...)...)
	south := gate(rad(265))
	add("secondary", "Bahnhofstraße", "L 1087", append([]vec{south}, s(vec{-30, -330}, vec{-10, -690}, vec{40, -1150}, vec{90, -1600}, vec{150, -2060}, vec{330, -2600}, vec{560, -3400})...)...)
	onOuter := func(v vec) vec {
		best := p.outer[0]
		for _, q := range p.outer {
			if q.dist(v.mul(p.scale)) < best.dist(v.mul(p.scale)) {
				best = q
			}
		}
		return best
	}
	add("tertiary", "Erlenzeller Straße", "K 3204", append([]vec{onOuter(vec{-430, -440})}, s(vec{-600, -720}, vec{-1000, -900}, vec{-1650, -820}, vec{-2280, -840}, vec{-3400, -640})...)...)
	add("tertiary", "Werkstraße", "K 3206", append([]vec{onOuter(vec{640, -330})}, s(vec{1030, -480}, vec{1280, -720}, vec{1420, -1150}, vec{1560, -1600}, vec{1640, -2010}, vec{1500, -2600}, vec{1650, -3400})...)...)
	add("tertiary", "Südring", "K 3205", s(vec{-1000, -900}, vec{-520, -1010}, vec{30, -1000}, vec{640, -950}, vec{1420, -1150})...)
	add("unclassified", "Am Forst", "", s(vec{-560, 560}, vec{-640, 900}, vec{-980, 1300}, vec{-1300, 1750}, vec{-2000, 1750}, vec{-2330, 1500})...)
	add("unclassified", "Brückenweg", "", s(vec{1560, 760}, vec{1620, 300}, vec{1500, -200}, vec{1310, -640})...)
	add("unclassified", "Erlenzeller Weg", "", s(vec{-2300, -840}, vec{-2180, -200}, vec{-2080, 500}, vec{-2200, 1100}, vec{-2300, 1500})...)
	add("unclassified", "Steinhöfer Weg", "", s(vec{360, -2640}, vec{-300, -2660}, vec{-900, -2420}, vec{-1500, -1600}, vec{-1650, -830})...)
	add("unclassified", "Höhenweg", "", s(vec{250, 2250}, vec{1000, 2000}, vec{1500, 1250}, vec{2000, 1150}, vec{2350, 930})...)
	p.market(west, east)
	// A footbridge of the old town.
	foot := p.core.add(vec{190, -150}.mul(p.scale))
	p.mains = append(p.mains, street{line: spline([]vec{foot, foot.add(vec{60, -130}.mul(p.scale)), foot.add(vec{130, -360}.mul(p.scale))}, 20), class: "footway", name: "Fischersteg", rank: 2})
	for i := range p.mains {
		p.mains[i].line = within(p.mains[i].line, p.half)
		p.mains[i].grade = p.bridges(p.mains[i].line)
		p.mains[i].line = cutAt(p.mains[i].line, p.mains[i].grade)
	}
}

// market lays out the market place, its quay of houses and the two streets for people on foot that lead to it.
func (p *plan) market(west, east vec) {
	f := math.Max(0.6, math.Min(1, p.scale))
	dir := east.sub(west).unit()
	ring := rectangle(p.core, dir, 64*f, 40*f)
	p.sites = append(p.sites, site{kind: "square", name: "Marktplatz", ring: rectangle(p.core, dir, 56*f, 32*f), c: p.core, dir: dir})
	foot := func(name string, line []vec) {
		p.mains = append(p.mains, street{line: line, class: "pedestrian", name: name, rank: 1})
	}
	foot("Marktplatz", ring)
	a, b := ring[0].lerp(ring[3], 0.5), ring[1].lerp(ring[2], 0.5)
	if west.dist(a) > west.dist(b) {
		a, b = b, a
	}
	bend := func(from, to vec, by float64) []vec {
		d := to.sub(from)
		return spline([]vec{from, from.add(d.mul(0.35)).add(d.unit().left().mul(by)), from.add(d.mul(0.7)).add(d.unit().left().mul(-by * 0.4)), to}, 18)
	}
	foot("Marktstraße", bend(a, west, 14*f))
	foot("Lange Straße", bend(b, east, -12*f))
}

// offWater pushes a line away from the river, so that a quay runs beside it.
func (p *plan) offWater(line []vec) []vec {
	const clear = 40
	for i, v := range line {
		for range 8 {
			d := p.water.distance(v, 90)
			if d >= clear {
				break
			}
			away := p.core.sub(v).unit()
			v = v.add(away.mul(clear - d + 1))
		}
		line[i] = v
	}
	return line
}

// bridges returns the stretches of a line that cross the river or the motorway.
func (p *plan) bridges(line []vec) []span {
	var spans []span
	total := lineLength(line)
	open := -1.0
	for s := 0.0; s <= total; s += 2 {
		at, _ := along(line, s)
		over := p.water.distance(at, 60) < p.riverHalf(at)+7 || p.ways.distance(at, 60) < 24
		if over && open < 0 {
			open = s
		}
		if !over && open >= 0 {
			spans = append(spans, span{open, s})
			open = -1
		}
	}
	return spans
}

// riverHalf returns half the river's width near p.
func (p *plan) riverHalf(at vec) float64 {
	best, w := math.Inf(1), 25.0
	for i, c := range p.river {
		if d := c.dist(at); d < best {
			best, w = d, p.riverWidth[i]/2
		}
	}
	return w
}

// cutAt adds points to the line where the spans begin and end.
func cutAt(line []vec, spans []span) []vec {
	var out []vec
	s := 0.0
	for i, v := range line {
		if i > 0 {
			l := v.dist(line[i-1])
			for _, sp := range spans {
				for _, c := range []float64{sp.from, sp.to} {
					if c > s+0.5 && c < s+l-0.5 {
						out = append(out, line[i-1].lerp(v, (c-s)/l))
					}
				}
			}
			s += l
		}
		out = append(out, v)
	}
	return out
}

// reserve chooses the ground of parks, schools and so on.
func (p *plan) reserve() {
	blob := func(kind, name string, c vec, r, stretch, turn float64) {
		c = c.mul(p.scale)
		var control []vec
		for i := range 9 {
			a := 2 * math.Pi * float64(i) / 9
			v := vec{math.Cos(a) * stretch, math.Sin(a)}.mul(r * p.scale * p.between(0.85, 1.12))
			control = append(control, c.add(vec{v.x*math.Cos(turn) - v.y*math.Sin(turn), v.x*math.Sin(turn) + v.y*math.Cos(turn)}))
		}
		p.settleSite(site{kind: kind, name: name, ring: loop(control, 30), c: c, dir: vec{math.Cos(turn), math.Sin(turn)}})
	}
	box := func(kind, name string, c vec, length, width, deg float64) {
		a := deg * math.Pi / 180
		dir := vec{math.Cos(a), math.Sin(a)}
		f := math.Sqrt(p.scale)
		p.settleSite(site{kind: kind, name: name, ring: rectangle(c.mul(p.scale), dir, length*f, width*f), c: c.mul(p.scale), dir: dir})
	}
	blob("park", "Stadtpark", vec{520, 640}, 150, 1.35, 0.9)
	blob("park", "Uferwiesen", vec{-640, 130}, 80, 1.9, -0.75)
	blob("park", "Rosengarten", vec{330, -420}, 55, 1.6, 0.3)
	box("cemetery", "Nordfriedhof", vec{-420, 900}, 190, 130, 22)
	box("school", "Uhland-Gymnasium", vec{330, 690 - 330}, 120, 75, 30)
	box("school", "Grundschule am Wehr", vec{-560, -330}, 90, 75, -40)
	box("school", "Realschule Süd", vec{380, -860}, 120, 85, 8)
	box("hospital", "Kreisklinik", vec{-330, 520}, 170, 110, 40)
	box("sports", "Sportpark am Wehr", vec{900, -200}, 240, 150, -12)
	box("sports", "Waldstadion", vec{-150, 1240}, 170, 120, 82)
	box("allotments", "Kleingartenanlage Sonnenhang", vec{-880, -250}, 150, 90, -48)
	box("retail", "Salmach-Markt", vec{690, 330}, 110, 80, 16)
	box("retail", "Kaufpark Süd", vec{180, -1130}, 150, 100, 86)
	box("retail", "Frischemarkt", vec{-760, 420}, 80, 65, 40)
	box("fire", "Feuerwache Lindenfurt", vec{-260, -860}, 70, 50, 15)
	box("solar", "Solarpark Kappelfeld", vec{-700, -1760}, 260, 130, -8)
	blob("lake", "Kappelsee", vec{-960, -1370}, 140, 1.5, 0.25)
	p.industry = loop(p.scaled(vec{830, -860}, vec{1250, -860}, vec{1900, -1190}, vec{2450, -1420}, vec{2380, -1800}, vec{1700, -1830}, vec{1000, -1760}, vec{760, -1350}), 60)
}

// settleSite puts a site where it was wanted or as near to that as roads, water and other sites allow.
func (p *plan) settleSite(s site) {
	if p.streets == nil {
		p.streets = newSegments(80)
		for i, m := range p.mains {
			p.streets.addLine(i, m.line)
		}
	}
	fits := func(d vec) bool {
		for i := 1; i < len(s.ring); i++ {
			a, b := s.ring[i-1].add(d), s.ring[i].add(d)
			for f := 0.0; f < a.dist(b); f += 8 {
				at := a.lerp(b, f/a.dist(b))
				if p.streets.distance(at, 20) < 9 || p.water.distance(at, 80) < p.riverHalf(at)+18 || p.rails.distance(at, 40) < 16 || p.ways.distance(at, 120) < 80 {
					return false
				}
				for _, o := range p.sites {
					if at.dist(o.c) < 500 && inside(at, o.ring) {
						return false
					}
				}
			}
		}
		for _, m := range p.mains { // a road through the middle would escape the outline
			if toLine(s.c.add(d), m.line) < 12 {
				return false
			}
		}
		return true
	}
	for k := range 400 {
		d := vec{}.polar(float64(k)*2.4, 9*math.Sqrt(float64(k)))
		if !fits(d) {
			continue
		}
		for i := range s.ring {
			s.ring[i] = s.ring[i].add(d)
		}
		s.c = s.c.add(d)
		p.sites = append(p.sites, s)
		return
	}
}

// quarter returns the settlement around the place, nil in the open country.
func (p *plan) quarter(at vec) *settlement {
	for i := range p.places {
		if p.places[i].contains(at) {
			return &p.places[i]
		}
	}
	return nil
}

// free tells whether the ground is clear of water, rail, motorway and reserved sites, with margin metres to spare.
func (p *plan) free(at vec, margin float64) bool {
	within := func(s *segments, d float64) bool { return s.distance(at, d+margin) < d+margin }
	if within(p.water, 44) || within(p.rails, 20) || within(p.ways, 75) {
		return false
	}
	for _, s := range p.sites {
		if at.dist(s.c) < 420*p.scale+60 && (inside(at, s.ring) || (margin > 0 && toLine(at, s.ring) < margin)) {
			return false
		}
	}
	return true
}

func (p *plan) onMap(at vec) bool { return math.Abs(at.x) < p.half && math.Abs(at.y) < p.half }

func (p *plan) industrial(at vec) bool { return inside(at, p.industry) }

func (p *plan) inCore(at vec) bool { return inside(at, p.ring) }
