package town

import (
	"math"
	"slices"

	"catchment/geo/osm"
)

// area is a closed outline with tags: a pitch, a park, a car park.
type area struct {
	ring  []vec
	holes [][]vec
	tags  osm.Tags
}

// spot is a tagged point.
type spot struct {
	at   vec
	tags osm.Tags
}

func tags(pairs ...string) osm.Tags {
	t := make(osm.Tags, 0, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			t = append(t, osm.Tag{Key: pairs[i], Value: pairs[i+1]})
		}
	}
	return t
}

// approaches are the service roads and footways of the sites, the paths of parks and woods, the riverside path and
// the tracks along the fields; all are lengthened to the next street later.
func (p *plan) approaches(hedges [][]vec) []street {
	var out []street
	add := func(class, name string, line []vec) {
		if len(line) > 1 && lineLength(line) > 15 {
			out = append(out, street{line: line, class: class, name: name, rank: 2})
		}
	}
	for _, s := range p.sites {
		u, v := s.dir, s.dir.left()
		l, w := s.size()
		switch s.kind {
		case "school", "hospital", "retail", "fire", "sports":
			drive := func(line ...vec) {
				out = append(out, street{line: line, class: "service", rank: 2, anchored: true})
			}
			drive(s.c.sub(v.mul(w*0.12)), s.c.sub(v.mul(w*0.5+4)))
			if s.kind == "retail" || s.kind == "hospital" {
				drive(s.c.sub(v.mul(w*0.3)).sub(u.mul(l*0.42)), s.c.sub(v.mul(w*0.3)).add(u.mul(l*0.5+3)))
			}
		case "cemetery", "allotments":
			add("footway", "", []vec{s.c.sub(v.mul(w*0.5 + 3)), s.c.add(v.mul(w*0.5 + 3))})
			add("footway", "", []vec{s.c.sub(u.mul(l*0.5 + 3)), s.c.add(u.mul(l*0.5 + 3))})
		case "park":
			for k := range 3 {
				a := float64(k)*1.05 + 0.4
				out1, out2 := s.reach(a), s.reach(a+math.Pi+p.between(-0.4, 0.4))
				bend := s.c.add(p.jitter(vec{}, 0.25*s.c.dist(out1)))
				add("footway", "", spline([]vec{s.c.lerp(out1, 1.04), bend.lerp(out1, 0.5), bend, bend.lerp(out2, 0.5), s.c.lerp(out2, 1.04)}, 14))
			}
			ringway := make([]vec, 0, len(s.ring))
			for _, q := range s.ring {
				ringway = append(ringway, s.c.lerp(q, 0.8))
			}
			add("footway", "", ringway)
		case "lake":
			ringway := make([]vec, 0, len(s.ring))
			for _, q := range s.ring {
				ringway = append(ringway, s.c.lerp(q, 1.12))
			}
			add("path", "Seerundweg", ringway)
		}
	}
	// The riverside path, in town a cycleway.
	for k, bank := range p.banks {
		path := offset(bank, []float64{1, -1}[k]*13, nil)
		class, name := "cycleway", "Uferweg"
		var piece []vec
		for _, q := range path {
			d := math.Abs(q.x)
			if d < 1500*p.scale && p.rails.distance(q, 30) > 8 {
				piece = append(piece, q)
			} else {
				add(class, name, piece)
				piece = nil
			}
		}
		add(class, name, piece)
	}
	for i, f := range p.forests {
		trail := make([]vec, 8)
		for k := range trail {
			a := 2 * math.Pi * float64(k) / 8
			trail[k] = f.c.polar(a, f.radius(a)*p.between(0.45, 0.7))
		}
		p.addOutside(&out, "track", "", loop(trail, 30))
		for k := range 3 {
			a := float64(k)*2.1 + float64(i)
			p.addOutside(&out, []string{"track", "path", "track"}[k], "", spline([]vec{f.c, f.c.polar(a+0.2, f.r*0.6), f.c.polar(a, f.r*1.25)}, 25))
		}
	}
	for _, h := range hedges {
		if p.chance(0.42) {
			p.addOutside(&out, "track", "", h)
		}
	}
	return out
}

// addOutside adds the parts of a path that lie in the open country, clear of what it may not cross.
func (p *plan) addOutside(out *[]street, class, name string, line []vec) {
	total := lineLength(line)
	var piece []vec
	flush := func() {
		if len(piece) > 1 && lineLength(piece) > 60 {
			*out = append(*out, street{line: simplify(piece, 1.5), class: class, name: name, rank: 2})
		}
		piece = nil
	}
	for s := 0.0; s <= total; s += 12 {
		at, _ := along(line, s)
		if p.onMap(at) && p.quarter(at) == nil && !p.industrial(at) && p.free(at, -18) && p.ways.distance(at, 90) > 80 {
			piece = append(piece, at)
		} else {
			flush()
		}
	}
	flush()
}

// size returns a rectangle site's length and width.
func (s site) size() (float64, float64) {
	if len(s.ring) != 5 {
		return 0, 0
	}
	return s.ring[0].dist(s.ring[1]), s.ring[1].dist(s.ring[2])
}

// reach returns the outline's point nearest to the direction.
func (s site) reach(angle float64) vec {
	best, at := -1.0, s.c
	for _, q := range s.ring {
		if c := q.sub(s.c).unit().dot(vec{math.Cos(angle), math.Sin(angle)}); c > best {
			best, at = c, q
		}
	}
	return at
}

// furnish puts buildings, pitches and outlines on the sites. It must run before houses are set.
func (b *builder) furnish() (areas []area, spots []spot) {
	p := b.p
	outline := func(s site, pairs ...string) { areas = append(areas, area{ring: s.ring, tags: tags(pairs...)}) }
	put := func(ring []vec, pairs ...string) { areas = append(areas, area{ring: ring, tags: tags(pairs...)}) }
	raise := func(ring []vec, pairs ...string) {
		if b.offStreets(ring, 1) {
			b.stand(house{ring: ring, at: ring[0], tags: tags(pairs...)})
		}
	}
	for _, s := range p.sites {
		u, v := s.dir, s.dir.left()
		l, w := s.size()
		at := func(x, y float64) vec { return s.c.add(u.mul(x * l / 2)).add(v.mul(y * w / 2)) }
		switch s.kind {
		case "park":
			outline(s, "leisure", "park", "name", s.name)
			r := s.c.dist(s.reach(0.5))
			if r > 90*math.Sqrt(p.scale) {
				if ring := b.pond(s, r); ring != nil {
					areas = append(areas, area{ring: ring, tags: tags("natural", "water", "water", "pond", "name", "Schwanenteich")})
				}
				play := s.c.add(vec{-0.5 * r, 0.2 * r})
				put(rectangle(play, u, 26, 18), "leisure", "playground")
			}
			for range int(r / 5) {
				spots = append(spots, spot{s.c.add(s.reach(p.between(0, 2*math.Pi)).sub(s.c).mul(p.between(0.15, 0.95))), tags("natural", "tree")})
			}
		case "lake":
			outline(s, "natural", "water", "water", "lake", "name", s.name)
			beach := s.reach(-1.2)
			spots = append(spots, spot{s.c.lerp(beach, 1.03), tags("leisure", "swimming_area", "name", "Badestelle Kappelsee")})
		case "cemetery":
			outline(s, "landuse", "cemetery", "name", s.name)
			raise(rectangle(at(0.35, 0.4), u, 14, 9), "building", "chapel", "amenity", "place_of_worship", "religion", "christian", "name", "Friedhofskapelle")
		case "school":
			outline(s, "amenity", "school", "name", s.name)
			c := at(-0.15, 0.42)
			raise(bentRing(c, u, v, l*0.62, w*0.42), "building", "school", "name", s.name)
			put(rectangle(at(0.68, -0.2), v, w*0.5, l*0.2), "leisure", "pitch", "sport", "multi")
		case "hospital":
			outline(s, "amenity", "hospital", "name", s.name, "emergency", "yes")
			ring := rectangle(at(-0.1, 0.38), u, l*0.62, w*0.46)
			hole := rectangle(at(-0.1, 0.38), u, l*0.34, w*0.18)
			if b.offStreets(ring, 1) {
				b.stand(house{ring: ring, holes: [][]vec{hole}, at: ring[0], tags: tags("building", "hospital", "name", s.name)})
			}
			put(rectangle(at(-0.6, -0.5), u, l*0.3, w*0.3), "amenity", "parking")
		case "sports":
			outline(s, "leisure", "sports_centre", "name", s.name)
			f := math.Min(1, math.Min(l/2/90, w/110))
			put(rectangle(at(-0.48, 0.14), v, 105*f, 68*f), "leisure", "pitch", "sport", "soccer", "surface", "grass")
			if l > 200*math.Sqrt(p.scale) {
				put(rectangle(at(0.2, 0.14), v, 105*f, 68*f), "leisure", "pitch", "sport", "soccer", "surface", "artificial_turf")
				for k := range 3 {
					put(rectangle(at(0.72, -0.1+0.42*float64(k)), u, 36*f, 18*f), "leisure", "pitch", "sport", "tennis", "surface", "clay")
				}
			}
			raise(rectangle(at(0.7, -0.75), u, 34*f, 15*f), "building", "yes", "name", "Vereinsheim")
		case "retail":
			outline(s, "landuse", "retail")
			raise(rectangle(at(0, 0.5), u, l*0.82, w*0.38), "building", "retail", "shop", "supermarket", "name", s.name)
			put(rectangle(at(0, -0.32), u, l*0.84, w*0.4), "amenity", "parking", "name", "Kundenparkplatz "+s.name)
		case "fire":
			raise(rectangle(at(0, 0.45), u, l*0.7, w*0.4), "building", "fire_station", "amenity", "fire_station", "name", s.name)
		case "allotments":
			outline(s, "landuse", "allotments", "name", s.name)
			for i := range 5 {
				for j := range 3 {
					hut := at(-0.78+0.37*float64(i)+p.between(-0.05, 0.05), -0.62+0.6*float64(j)+p.between(-0.05, 0.05))
					raise(rectangle(hut, u, 4.5, 3.5), "building", "shed")
				}
			}
		case "solar":
			outline(s, "power", "plant", "plant:source", "solar", "name", s.name, "landuse", "industrial")
		}
	}
	b.oldTown(&areas, &spots)
	b.station(&areas, &spots)
	return areas, spots
}

// offStreets tells whether an outline keeps so many metres off all streets and the stream.
func (b *builder) offStreets(ring []vec, gap float64) bool {
	for i := 1; i < len(ring); i++ {
		hit := false
		b.streets.near(ring[i-1], ring[i], gap+3, func(id int32) {
			_, _, ok := crossing(ring[i-1], ring[i], b.streets.a[id], b.streets.b[id])
			d, _ := toSegment(ring[i], b.streets.a[id], b.streets.b[id])
			hit = hit || ok || d < gap
		})
		if hit {
			return false
		}
	}
	return true
}

// pond finds room for a pond between the paths of a park of radius r.
func (b *builder) pond(s site, r float64) []vec {
	for k := range 60 {
		c := s.c.polar(float64(k)*2.4, 0.09*r*math.Sqrt(float64(k)))
		size := r * (0.3 - 0.003*float64(k))
		var control []vec
		for i := range 7 {
			a := 2 * math.Pi * float64(i) / 7
			control = append(control, c.polar(a, size*(0.8+0.3*math.Sin(float64(i*i+k)))))
		}
		if ring := loop(control, 7); b.offStreets(ring, 3) && inside(c, s.ring) {
			return ring
		}
	}
	return nil
}

// oldTown sets church, town hall and fountain around the market place.
func (b *builder) oldTown(areas *[]area, spots *[]spot) {
	p := b.p
	f := math.Max(0.6, math.Min(1, p.scale))
	square := slices.IndexFunc(p.sites, func(s site) bool { return s.kind == "square" })
	middle, dir := p.sites[square].c, p.sites[square].dir
	*areas = append(*areas, area{ring: p.sites[square].ring, tags: tags("highway", "pedestrian", "area", "yes", "name", "Marktplatz", "surface", "sett")})
	*spots = append(*spots, spot{middle.add(dir.mul(12 * f)), tags("amenity", "fountain", "name", "Marktbrunnen")}, spot{middle.sub(dir.mul(12 * f)), tags("amenity", "marketplace", "name", "Wochenmarkt")})
	place := func(length, width float64, far []float64, t osm.Tags, bent bool) {
		for _, d := range far {
			for _, side := range []float64{1, -1} {
				for _, shift := range []float64{0, 15, -15, 30, -30, 50, -50, 80, -80} {
					c := middle.add(dir.mul(shift)).add(dir.left().mul(side * d))
					ring := rectangle(c, dir, length*f, width*f)
					if b.room(ring, 1.5) {
						if bent {
							ring = crossRing(c, dir, length*f, width*f)
						}
						b.stand(house{ring: ring, at: c, tags: t})
						return
					}
				}
			}
		}
	}
	beside := func(d float64) []float64 {
		return []float64{20*f + d + 4, 20*f + d + 7, 20*f + d + 12, 20*f + d + 25, 20*f + d + 45, 20*f + d + 70}
	}
	place(44, 20, beside(10), tags("building", "church", "amenity", "place_of_worship", "religion", "christian", "denomination", "protestant", "name", "Stadtkirche Sankt Veit"), true)
	place(30, 17, beside(8.5), tags("building", "public", "amenity", "townhall", "name", "Rathaus", "wheelchair", "yes"), false)
	place(26, 15, beside(7.5), tags("building", "public", "tourism", "museum", "name", "Stadtmuseum im Kornhaus"), false)
	place(24, 14, beside(7), tags("building", "public", "amenity", "library", "name", "Stadtbücherei"), false)
	place(30, 15, beside(60), tags("building", "church", "amenity", "place_of_worship", "religion", "christian", "denomination", "catholic", "name", "Marienkirche"), true)
	for i, s := range p.places[1:] {
		name := []string{"Sankt Georg", "Dorfkirche", "Sankt Ulrich", "Kapelle Sankt Anna"}[i]
		for k := range 40 {
			c := s.c.polar(float64(k)*0.8, float64(k)*s.r*0.012)
			ring := rectangle(c, vec{1, 0.2}, 22, 11)
			if b.room(ring, 2) {
				b.stand(house{ring: crossRing(c, vec{1, 0.2}.unit(), 22, 11), at: c, tags: tags("building", "church", "amenity", "place_of_worship", "religion", "christian", "name", name)})
				break
			}
		}
	}
}

// crossRing is a church: nave, transept and a tower at the west end.
func crossRing(c, dir vec, length, width float64) []vec {
	at := func(x, y float64) vec { return c.add(dir.mul(x * length / 2)).add(dir.left().mul(y * width / 2)) }
	return []vec{
		at(-1, -0.3), at(-0.78, -0.3), at(-0.78, -0.6), at(0.2, -0.6), at(0.2, -1), at(0.55, -1), at(0.55, -0.6), at(0.85, -0.6),
		at(1, -0.25), at(1, 0.25), at(0.85, 0.6), at(0.55, 0.6), at(0.55, 1), at(0.2, 1), at(0.2, 0.6), at(-0.78, 0.6), at(-0.78, 0.3), at(-1, 0.3), at(-1, -0.3),
	}
}

// station sets the station building and its platforms beside the tracks.
func (b *builder) station(areas *[]area, spots *[]spot) {
	p := b.p
	at, dir := p.stationAt()
	l := 190 * math.Max(0.5, math.Min(1, p.scale))
	for k, d := range []float64{-12.5, 12.5} {
		*areas = append(*areas, area{ring: rectangle(at.add(dir.left().mul(d)), dir, l, 5), tags: tags("railway", "platform", "public_transport", "platform", "ref", []string{"1", "2"}[k], "area", "yes")})
	}
	for _, side := range []float64{1, -1} {
		for _, shift := range []float64{0, 20, -20, 45, -45, 80, -80} {
			c := at.add(dir.left().mul(side * 32)).add(dir.mul(shift))
			ring := rectangle(c, dir, 48*math.Max(0.6, math.Min(1, p.scale)), 13)
			if b.roomBesideRail(ring) {
				b.stand(house{ring: ring, at: c, tags: tags("building", "train_station", "name", "Bahnhof Lindenfurt")})
				*spots = append(*spots, spot{at.add(dir.mul(0)), tags("railway", "station", "public_transport", "station", "name", "Lindenfurt (Salmach)", "train", "yes")})
				return
			}
		}
	}
}

func (b *builder) roomBesideRail(ring []vec) bool {
	for i := 1; i < len(ring); i++ {
		if b.p.rails.distance(ring[i], 40) < 18 || b.p.water.distance(ring[i], 80) < 40 || !b.offStreets(ring, 5) {
			return false
		}
	}
	for _, k := range b.around(ring) {
		if overlap(ring, b.houses[k].ring, 2) {
			return false
		}
	}
	return true
}

// stationAt returns the middle of the platforms: east of the station street.
func (p *plan) stationAt() (vec, vec) {
	want := vec{190, -690}.mul(p.scale)
	best := 0
	for i, v := range p.rail {
		if v.dist(want) < p.rail[best].dist(want) {
			best = i
		}
	}
	i := min(max(best, 1), len(p.rail)-2)
	return p.rail[i], p.rail[i+1].sub(p.rail[i-1]).unit()
}
