package town

import (
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"catchment/geo/osm"
)

// emitter turns the plan into nodes, ways and relations.
type emitter struct {
	Network
	p      *plan
	n      *network
	joints map[int]int64 // node of each joint
	shared map[vec]int64 // nodes of parcel corners
	split  map[int]bool  // joints at which ways end, for restrictions
	oneway map[int]bool  // streets of the core that run one way
	walk   map[int]bool  // streets of the core for people on foot
}

func newEmitter(p *plan, n *network, seed uint64) *emitter {
	e := &emitter{p: p, n: n, joints: make(map[int]int64), shared: make(map[vec]int64), split: make(map[int]bool), oneway: make(map[int]bool), walk: make(map[int]bool)}
	e.Header = p.header(seed)
	return e
}

// crop keeps drawn things within the map, which the straight border lines of roads and rivers overrun.
func (e *emitter) crop(v vec) vec {
	return vec{min(e.p.half, max(-e.p.half, v.x)), min(e.p.half, max(-e.p.half, v.y))}
}

func (e *emitter) node(v vec, t osm.Tags) int64 {
	id := int64(len(e.Nodes) + 1)
	e.Nodes = append(e.Nodes, osm.Node{ID: id, At: geo(v), Tags: t})
	return id
}

func (e *emitter) way(nodes []int64, t osm.Tags) int64 {
	id := int64(len(e.Ways) + 1)
	e.Ways = append(e.Ways, osm.Way{ID: id, Nodes: nodes, Tags: t})
	return id
}

func (e *emitter) relation(members []osm.Member, t osm.Tags) {
	e.Relations = append(e.Relations, osm.Relation{ID: int64(len(e.Relations) + 1), Members: members, Tags: t})
}

func (e *emitter) joint(j int) int64 {
	id, ok := e.joints[j]
	if !ok {
		keys := make([]string, 0, len(e.n.joints[j].tags))
		for k := range e.n.joints[j].tags {
			keys = append(keys, k)
		}
		sort.Strings(keys)
		var t osm.Tags
		for _, k := range keys {
			t = append(t, osm.Tag{Key: k, Value: e.n.joints[j].tags[k]})
		}
		id = e.node(e.n.joints[j].at, t)
		e.joints[j] = id
	}
	return id
}

func (e *emitter) spot(s spot) { e.node(s.at, s.tags) }

// ring writes a closed line of new nodes.
func (e *emitter) ring(ring []vec) []int64 {
	ids := make([]int64, 0, len(ring))
	for _, v := range ring[:len(ring)-1] {
		ids = append(ids, e.node(e.crop(v), nil))
	}
	return append(ids, ids[0])
}

func (e *emitter) area(a area) {
	if len(a.holes) == 0 {
		e.way(e.ring(a.ring), a.tags)
		return
	}
	members := []osm.Member{{Kind: osm.WayMember, Ref: e.way(e.ring(a.ring), nil), Role: "outer"}}
	for _, h := range a.holes {
		members = append(members, osm.Member{Kind: osm.WayMember, Ref: e.way(e.ring(h), nil), Role: "inner"})
	}
	e.relation(members, append(tags("type", "multipolygon"), a.tags...))
}

// parcels writes the ground; neighbours share their border's nodes.
func (e *emitter) parcels(parcels []parcel) {
	ids := func(r orb.Ring) []int64 {
		var out []int64
		for _, c := range r[:len(r)-1] {
			v := vec{c[0], c[1]}
			id, ok := e.shared[v]
			if !ok {
				id = e.node(v, nil)
				e.shared[v] = id
			}
			out = append(out, id)
		}
		return append(out, out[0])
	}
	for _, p := range parcels {
		for _, polygon := range p.area {
			if len(polygon) == 1 {
				e.way(ids(polygon[0]), p.tags)
				continue
			}
			var members []osm.Member
			for i, r := range polygon {
				members = append(members, osm.Member{Kind: osm.WayMember, Ref: e.way(ids(r), nil), Role: []string{"outer", "inner"}[min(i, 1)]})
			}
			e.relation(members, append(tags("type", "multipolygon"), p.tags...))
		}
	}
}

// look is all that may differ along a street; a way ends where it changes.
type look struct {
	class, name, ref, maxspeed, surface, extra string
	oneway, bridge                             bool
}

func (l look) tags() osm.Tags {
	t := tags("highway", l.class)
	if l.class == "rail" {
		t = tags("railway", "rail", "gauge", "1435", "electrified", "no")
	}
	t = append(t, tags("name", l.name, "ref", l.ref, "maxspeed", l.maxspeed, "surface", l.surface)...)
	if l.oneway {
		t = append(t, tags("oneway", "yes")...)
	}
	if l.bridge {
		t = append(t, tags("bridge", "yes", "layer", "1")...)
	}
	switch l.extra {
	case "roundabout":
		t = append(t, tags("junction", "roundabout")...)
	case "spur":
		t = append(t, tags("service", "spur")...)
	case "lanes":
		t = append(t, tags("lanes", "2")...)
	case "grade2", "grade3":
		t = append(t, tags("tracktype", l.extra)...)
	}
	return t
}

// look tells how the street is at the edge from joint a to joint b.
func (e *emitter) look(index, a, b int) look {
	p, s := e.p, &e.n.streets[index]
	mid := e.n.joints[a].at.lerp(e.n.joints[b].at, 0.5)
	q := p.quarter(mid)
	l := look{class: s.class, name: s.name, surface: "asphalt"}
	over := p.water.distance(mid, 60) < p.riverHalf(mid)+7
	switch s.class {
	case "motorway":
		return look{class: "motorway", ref: s.ref, maxspeed: "120", surface: "asphalt", oneway: true, extra: "lanes"}
	case "motorway_link":
		return look{class: "motorway_link", maxspeed: "60", surface: "asphalt", oneway: true}
	case "roundabout":
		return look{class: "tertiary", surface: "asphalt", maxspeed: "30", oneway: true, extra: "roundabout"}
	case "rail":
		l = look{class: "rail", name: s.name, bridge: over}
		for _, g := range s.grade {
			at, _ := along(s.line, (g.from+g.to)/2)
			if at.dist(mid) < (g.to-g.from)/2+1 {
				l.bridge = true
			}
		}
		if s.name == "Industriegleis" {
			l.extra = "spur"
		}
		return l
	case "footway", "cycleway", "path":
		l.bridge = over && s.name == "Fischersteg"
		if s.class == "path" || s.name == "" {
			l.surface = "fine_gravel"
		}
		return l
	case "track":
		l.surface = "gravel"
		l.extra = []string{"grade2", "grade3"}[index%2]
		return l
	case "service":
		return l
	case "pedestrian":
		l.surface = "sett"
		return l
	}
	l.bridge = s.rank == 0 && (over || p.ways.distance(mid, 60) < 24)
	if s.rank == 0 {
		l.ref = s.ref
		l.name = p.mainName(s, mid)
		switch {
		case q != nil || p.industrial(mid):
			l.maxspeed = "50"
			if p.industrial(mid) {
				l.name = s.name
			}
		case s.class == "unclassified":
			l.maxspeed = "70"
		default:
			l.maxspeed = "100"
		}
		return l
	}
	if p.industrial(mid) {
		l.maxspeed = "50"
		return l
	}
	l.maxspeed = "30"
	l.oneway = e.oneway[index]
	if e.walk[index] {
		l.class, l.maxspeed, l.surface, l.oneway = "pedestrian", "", "sett", false
	} else if p.inCore(mid) {
		l.surface = "cobblestone"
	} else if lineLength(s.line) < 200 && index%2 == 0 {
		l.class, l.maxspeed = "living_street", "5"
	}
	return l
}

// streets writes all runs as ways.
func (e *emitter) streets() {
	p := e.p
	for i, s := range e.n.streets {
		if s.class != "residential" {
			continue
		}
		mid, _ := along(s.line, lineLength(s.line)/2)
		d := mid.dist(p.core)
		switch {
		case d < 95*p.scale && p.inCore(mid):
			e.walk[i] = true
		case p.inCore(mid) && i%3 != 0, p.quarter(mid) == &p.places[0] && d < 0.55*p.places[0].r && i%6 == 0:
			e.oneway[i] = true
		}
	}
	e.keepReachable()
	e.chooseSplits()
	for _, r := range e.n.runs {
		var nodes []int64
		var last look
		flush := func() {
			if len(nodes) > 1 {
				e.way(nodes, last.tags())
			}
			nodes = nil
		}
		for k := 1; k < len(r.joints); k++ {
			a, b := r.joints[k-1], r.joints[k]
			l := e.look(r.street, a, b)
			if len(nodes) == 0 || l != last || e.split[a] {
				flush()
				nodes = []int64{e.joint(a)}
				last = l
			}
			nodes = append(nodes, e.joint(b))
		}
		flush()
	}
	// Sidings beside the platforms.
	at, dir := p.stationAt()
	half := 260 * math.Min(1, p.scale)
	for _, d := range []float64{-5, 5} {
		var line []int64
		for _, k := range []float64{-1, -0.8, -0.4, 0, 0.4, 0.8, 1} {
			f := 1.0
			if k == -1 || k == 1 {
				f = 0
			}
			line = append(line, e.node(p.onRail(at.add(dir.mul(k*half))).add(dir.left().mul(d*f)), nil))
		}
		e.way(line, tags("railway", "rail", "service", "siding", "gauge", "1435"))
	}
}

// onRail returns the railway's point nearest to v.
func (p *plan) onRail(v vec) vec {
	best, at := math.Inf(1), v
	for i := 1; i < len(p.rail); i++ {
		if d, t := toSegment(v, p.rail[i-1], p.rail[i]); d < best {
			best, at = d, p.rail[i-1].lerp(p.rail[i], t)
		}
	}
	return at
}

// keepReachable lifts one-way rules until every car street can be reached from every other.
func (e *emitter) keepReachable() {
	for range 8 {
		forward, backward := make(map[int][]int), make(map[int][]int)
		first := -1
		for _, r := range e.n.runs {
			class := e.n.streets[r.street].class
			if !forCars(class) || e.walk[r.street] {
				continue
			}
			for k := 1; k < len(r.joints); k++ {
				a, b := r.joints[k-1], r.joints[k]
				if first < 0 {
					first = a
				}
				forward[a], backward[b] = append(forward[a], b), append(backward[b], a)
				if !e.oneway[r.street] && class != "roundabout" {
					forward[b], backward[a] = append(forward[b], a), append(backward[a], b)
				}
			}
		}
		reach := func(next map[int][]int) map[int]bool {
			seen := map[int]bool{first: true}
			for queue := []int{first}; len(queue) > 0; queue = queue[1:] {
				for _, j := range next[queue[0]] {
					if !seen[j] {
						seen[j] = true
						queue = append(queue, j)
					}
				}
			}
			return seen
		}
		out, in := reach(forward), reach(backward)
		changed := false
		for _, r := range e.n.runs {
			for _, j := range r.joints {
				driven := len(forward[j])+len(backward[j]) > 0
				if driven && (!out[j] || !in[j]) {
					changed = changed || e.oneway[r.street] || e.walk[r.street]
					delete(e.oneway, r.street)
					delete(e.walk, r.street)
				}
			}
		}
		if !changed {
			return
		}
	}
}

// chooseSplits picks the junctions that get turn restrictions, so that ways end there.
func (e *emitter) chooseSplits() {
	k := 0
	for j, x := range e.n.joints {
		if x.degree < 3 || e.p.quarter(x.at) == nil {
			continue
		}
		if x.tags["highway"] == "traffic_signals" {
			e.split[j] = true
		}
		if k++; k%23 == 0 {
			e.split[j] = true
		}
	}
}

// waters writes the river with its island, the stream with its culverts.
func (e *emitter) waters() {
	p := e.p
	line := func(points []vec) []int64 {
		var ids []int64
		for i, v := range points {
			c := e.crop(v)
			if i > 0 && c == e.crop(points[i-1]) {
				continue
			}
			ids = append(ids, e.node(c, nil))
		}
		return ids
	}
	e.way(line(p.river), tags("waterway", "river", "name", "Salmach"))
	bank := slices.Clone(p.banks[0])
	for i := len(p.banks[1]) - 1; i >= 0; i-- {
		bank = append(bank, p.banks[1][i])
	}
	ring := []vec{}
	for _, v := range bank {
		if c := e.crop(v); len(ring) == 0 || c != ring[len(ring)-1] {
			ring = append(ring, c)
		}
	}
	ring = append(ring, ring[0])
	e.area(area{ring: ring, holes: [][]vec{p.island()}, tags: tags("natural", "water", "water", "river", "name", "Salmach")})
	e.banks()
	e.area(area{ring: p.island(), tags: tags("place", "islet", "name", "Wehrinsel", "natural", "scrub")})

	// The stream runs through a culvert under each street.
	index := newSegments(50)
	for _, r := range e.n.runs {
		index.addLine(r.street, e.n.line(r))
	}
	var piped []span
	s := 0.0
	for i := 1; i < len(p.stream); i++ {
		a, b := p.stream[i-1], p.stream[i]
		index.near(a, b, 0, func(id int32) {
			if t, _, ok := crossing(a, b, index.a[id], index.b[id]); ok {
				piped = append(piped, span{s + t*a.dist(b) - 6, s + t*a.dist(b) + 6})
			}
		})
		s += a.dist(b)
	}
	slices.SortFunc(piped, func(x, y span) int { return int(math.Copysign(1, x.from-y.from)) })
	var merged []span
	for _, x := range piped {
		if n := len(merged); n > 0 && x.from < merged[n-1].to+4 {
			merged[n-1].to = max(merged[n-1].to, x.to)
		} else {
			merged = append(merged, x)
		}
	}
	points := cutAt(p.stream, merged)
	var ids []int64
	s = 0.0
	inPipe := func(s float64) bool {
		return slices.ContainsFunc(merged, func(x span) bool { return s > x.from && s < x.to })
	}
	under := false
	for i, v := range points {
		if i > 0 {
			mid := s + v.dist(points[i-1])/2
			s += v.dist(points[i-1])
			if in := inPipe(mid); in != under {
				e.streamWay(ids, under)
				ids, under = []int64{ids[len(ids)-1]}, in
			}
		}
		if p.onMap(v) {
			ids = append(ids, e.node(v, nil))
		}
	}
	e.streamWay(ids, under)
}

// banks writes the meadows between river and houses, where the river runs through a settlement.
func (e *emitter) banks() {
	p := e.p
	left, right := offset(p.river, 46, nil), offset(p.river, -46, nil)
	for from := 0; from < len(p.river); {
		if p.quarter(p.river[from]) == nil || !p.onMap(p.river[from]) {
			from++
			continue
		}
		to := from
		for to+1 < len(p.river) && p.quarter(p.river[to+1]) != nil && p.onMap(p.river[to+1]) {
			to++
		}
		if to-from > 2 {
			ring := slices.Clone(left[from : to+1])
			for i := to; i >= from; i-- {
				ring = append(ring, right[i])
			}
			e.area(area{ring: append(ring, ring[0]), tags: tags("landuse", "grass", "name", "Salmachwiesen")})
		}
		from = to + 1
	}
}

func (e *emitter) streamWay(ids []int64, piped bool) {
	if len(ids) < 2 {
		return
	}
	t := tags("waterway", "stream", "name", "Mühlbach")
	if piped {
		t = append(t, tags("tunnel", "culvert", "layer", "-1")...)
	}
	e.way(ids, t)
}

// island returns the ring of the island in the river's widest stretch.
func (p *plan) island() []vec {
	i := p.widest()
	dir := p.river[i+1].sub(p.river[i-1]).unit()
	l, w := 58*math.Max(0.6, math.Min(1, p.scale)), p.riverWidth[i]*0.17
	var control []vec
	for k := range 8 {
		a := 2 * math.Pi * float64(k) / 8
		control = append(control, p.river[i].add(dir.mul(l*math.Cos(a))).add(dir.left().mul(w*math.Sin(a))))
	}
	return loop(control, 12)
}

func (p *plan) widest() int {
	best := 1
	for i := 1; i < len(p.river)-1; i++ {
		if p.riverWidth[i] > p.riverWidth[best] {
			best = i
		}
	}
	return best
}

// houses writes buildings, addresses, shops and, in the smallest village, address interpolations.
func (e *emitter) houses(b *builder) {
	p := e.p
	sides := make(map[string][]*house) // of the village whose houses bear no number themselves
	var order []string
	for i := range b.houses {
		h := &b.houses[i]
		if h.tags == nil {
			continue
		}
		addr := osm.Tags(nil)
		if h.number != "" && h.place != nil {
			if h.place == &p.places[4] {
				n, err := strconv.Atoi(h.number)
				if err == nil {
					key := h.street + []string{"/even", "/odd"}[n%2]
					if sides[key] == nil {
						order = append(order, key)
					}
					sides[key] = append(sides[key], h)
				}
			} else {
				addr = tags("addr:street", h.street, "addr:housenumber", h.number)
				// As in real data, some addresses lack what their neighbours tell.
				if f := p.rng.Float64(); f > 0.02 {
					addr = append(addr, tags("addr:city", h.place.name)...)
				}
				if f := p.rng.Float64(); f > 0.02 {
					addr = append(addr, tags("addr:postcode", h.place.postcode)...)
				}
			}
		}
		t := h.tags
		onNode := addr != nil && p.chance(0.1)
		if !onNode {
			t = append(slices.Clone(t), addr...)
		}
		e.area(area{ring: h.ring, holes: h.holes, tags: t})
		if onNode {
			e.node(h.face.lerp(h.at, 0.12), addr)
		}
		if h.street != "" && p.chance(b.shopChance(h)) {
			k, name := b.shop()
			e.node(h.at.lerp(h.face, 0.4), append(tags(k.key, k.value, "name", name), addr...))
		}
	}
	for _, key := range order {
		list := sides[key]
		var ids []int64
		for k, h := range list {
			if k > 0 && k < len(list)-1 {
				continue
			}
			ids = append(ids, e.node(h.at, tags("addr:street", h.street, "addr:housenumber", h.number, "addr:city", h.place.name, "addr:postcode", h.place.postcode)))
		}
		if len(ids) == 2 {
			e.way(ids, tags("addr:interpolation", key[strings.IndexByte(key, '/')+1:]))
		}
	}
}

func (b *builder) shopChance(h *house) float64 {
	switch {
	case h.at.dist(b.p.core) < 170*b.p.scale:
		return 0.35
	case b.p.inCore(h.at):
		return 0.15
	case b.p.industrial(h.at):
		return 0.1
	case h.at.dist(b.p.core) < 500*b.p.scale:
		return 0.04
	}
	return 0.012
}

// places writes the names of town, villages, quarters and hills.
func (e *emitter) places() {
	p := e.p
	population := []string{"18420", "1240", "980", "1510", "310"}
	for i, s := range p.places {
		at := s.c
		if i == 0 {
			at = p.core
		}
		e.node(at, tags("place", s.kind, "name", s.name, "population", population[i], "postal_code", s.postcode))
	}
	for _, q := range []struct {
		name string
		at   vec
	}{
		{"Altstadt", vec{-40, 180}}, {"Nordstadt", vec{60, 880}}, {"Weststadt", vec{-780, 280}}, {"Südstadt", vec{-180, -980}},
		{"Wehrviertel", vec{700, -560}}, {"Oststadt", vec{880, 420}},
	} {
		e.node(q.at.mul(p.scale), tags("place", "suburb", "name", q.name))
	}
	e.node(vec{1500, -1400}.mul(p.scale), tags("place", "neighbourhood", "name", "Gewerbepark Salmachaue"))
	e.node(p.forests[0].c, tags("natural", "peak", "name", "Hohe Warte", "ele", "548"))
	e.node(p.forests[2].c, tags("natural", "peak", "name", "Ostertannkopf", "ele", "521"))
	e.node(p.forests[0].c.add(vec{60, -90}), tags("historic", "castle", "castle_type", "defensive", "ruins", "yes", "name", "Burgruine Lindeneck"))
	e.node(vec{1500, 1420}.mul(p.scale), tags("tourism", "viewpoint", "name", "Weinbergblick"))
}

// boundary writes the district, which is the whole map but for its very corners, and three municipalities in it; the
// town's consists of two lines and has a hole, a wood that belongs to no municipality.
func (e *emitter) boundary() {
	p := e.p
	line := func(points []vec) []int64 {
		var ids []int64
		for _, v := range points[:len(points)-1] {
			ids = append(ids, e.node(e.crop(v), nil))
		}
		return append(ids, ids[0])
	}
	round := func(n int, radius func(angle float64) vec) []vec {
		var control []vec
		for k := range n {
			control = append(control, radius(2*math.Pi*float64(k)/float64(n)))
		}
		return loop(control, 120)
	}
	write := func(level, name, postcode string, outer [][]int64, inner ...[]int64) {
		t := tags("boundary", "administrative", "admin_level", level)
		var members []osm.Member
		for _, w := range outer {
			members = append(members, osm.Member{Kind: osm.WayMember, Ref: e.way(w, t), Role: "outer"})
		}
		for _, w := range inner {
			members = append(members, osm.Member{Kind: osm.WayMember, Ref: e.way(w, t), Role: "inner"})
		}
		e.relation(members, append(tags("type", "boundary"), append(t, tags("name", name, "postal_code", postcode)...)...))
	}
	district := line(round(36, func(a float64) vec {
		c, s := math.Cos(a), math.Sin(a)
		r := 1 / math.Pow(math.Pow(math.Abs(c), 6)+math.Pow(math.Abs(s), 6), 1.0/6) // a square with round corners
		return vec{c, s}.mul(r * p.half * p.between(0.955, 0.995))
	}))
	write("6", "Salmachkreis", "", [][]int64{district})

	whole := line(round(24, func(a float64) vec {
		r := p.half * p.between(0.66, 0.72) // the villages to the east and south are their own
		if a > 1.2 && a < 3.0 {
			r = p.half * p.between(0.96, 1.06)
		}
		return vec{}.polar(a, r)
	}))
	half := len(whole) / 2
	wood := p.forests[0]
	hole := line(round(10, func(a float64) vec { return wood.c.polar(a, wood.r*p.between(0.5, 0.62)) }))
	write("8", p.places[0].name, p.places[0].postcode, [][]int64{whole[:half+1], whole[half:]}, hole)
	for _, s := range p.places[3:] {
		ring := line(round(12, func(a float64) vec { return s.c.polar(a, s.r*p.between(1.25, 1.5)) }))
		write("8", s.name, s.postcode, [][]int64{ring})
	}
}
