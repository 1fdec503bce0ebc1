package town

import (
	"math"
	"strconv"
	"strings"

	"catchment/geo/osm"
)

// house is a building; number is empty for garages, barns and the like.
type house struct {
	ring   []vec // closed
	reach  float64
	holes  [][]vec
	tags   osm.Tags
	street string
	number string
	place  *settlement
	at     vec
	face   vec // a point on the street side
}

// builder sets houses along the streets.
type builder struct {
	p       *plan
	n       *network
	streets *segments
	widths  []float64 // half width of each street
	houses  []house
	cells   map[[2]int32][]int
	taken   map[string]int            // names of shops
	tries   int                       // for such names, lest they run out
	numbers map[string]*[2]lastNumber // of the odd and the even side, by place and street
}

func halfWidth(class string) float64 {
	switch class {
	case "primary", "secondary":
		return 5
	case "tertiary", "roundabout":
		return 4.5
	case "residential", "unclassified":
		return 3.5
	case "motorway":
		return 8
	case "motorway_link":
		return 5
	case "rail":
		return 5
	case "footway", "path", "cycleway", "track", "service":
		return 2
	}
	return 3
}

func newBuilder(p *plan, n *network) *builder {
	b := &builder{p: p, n: n, streets: newSegments(40), cells: make(map[[2]int32][]int), numbers: make(map[string]*[2]lastNumber), taken: make(map[string]int)}
	for _, s := range n.streets {
		b.widths = append(b.widths, halfWidth(s.class))
	}
	for _, r := range n.runs {
		b.streets.addLine(r.street, n.line(r))
	}
	for i := 1; i < len(p.stream); i++ {
		b.streets.add(-1, p.stream[i-1], p.stream[i])
	}
	return b
}

func (n *network) line(r run) []vec {
	line := make([]vec, len(r.joints))
	for k, j := range r.joints {
		line[k] = n.joints[j].at
	}
	return line
}

// room tells whether a building of the outline may stand, gap metres clear of others.
func (b *builder) room(ring []vec, gap float64) bool {
	far := reach(ring) + gap
	for _, k := range b.around(ring) {
		h := &b.houses[k]
		if ring[0].dist(h.ring[0]) < far+h.reach && overlap(ring, h.ring, gap) {
			return false
		}
	}
	for i := 1; i < len(ring); i++ {
		blocked := false
		b.streets.near(ring[i-1], ring[i], 0, func(id int32) {
			if _, _, ok := crossing(ring[i-1], ring[i], b.streets.a[id], b.streets.b[id]); ok {
				blocked = true
			}
		})
		if blocked {
			return false
		}
	}
	for i := 1; i < len(ring); i++ {
		for _, f := range []float64{0, 0.5} {
			at := ring[i-1].lerp(ring[i], f)
			if !b.p.onMap(at) || !b.clear(at) {
				return false
			}
		}
	}
	return true
}

func (b *builder) clear(at vec) bool {
	if !b.p.free(at, 0) {
		return false
	}
	ok := true
	b.streets.near(at, at, 10, func(id int32) {
		w := 4.0
		if o := b.streets.owner[id]; o >= 0 {
			w = b.widths[o] + 0.3
		}
		if d, _ := toSegment(at, b.streets.a[id], b.streets.b[id]); d < w {
			ok = false
		}
	})
	return ok
}

func cellOf(v vec) [2]int32 {
	return [2]int32{int32(math.Floor(v.x / 60)), int32(math.Floor(v.y / 60))}
}

func (b *builder) around(ring []vec) []int {
	c := cellOf(ring[0])
	var found []int
	for x := c[0] - 2; x <= c[0]+2; x++ {
		for y := c[1] - 2; y <= c[1]+2; y++ {
			found = append(found, b.cells[[2]int32{x, y}]...)
		}
	}
	return found
}

// overlap tells whether convex-ish rings come nearer than gap.
func overlap(a, b []vec, gap float64) bool {
	for i := 1; i < len(a); i++ {
		for j := 1; j < len(b); j++ {
			if _, _, ok := crossing(a[i-1], a[i], b[j-1], b[j]); ok {
				return true
			}
		}
	}
	if inside(a[0], b) || inside(b[0], a) {
		return true
	}
	for _, v := range a {
		if toLine(v, b) < gap {
			return true
		}
	}
	for _, v := range b {
		if toLine(v, a) < gap {
			return true
		}
	}
	return false
}

// reach returns how far the outline's farthest corner lies from its first.
func reach(ring []vec) float64 {
	far := 0.0
	for _, v := range ring {
		far = max(far, v.dist(ring[0]))
	}
	return far
}

func (b *builder) stand(h house) {
	h.reach = reach(h.ring)
	b.houses = append(b.houses, h)
	c := cellOf(h.ring[0])
	b.cells[c] = append(b.cells[c], len(b.houses)-1)
}

// style is how a stretch of street is built up, in metres.
type style struct {
	kind                 string
	width, depth         [2]float64
	setback, gap         [2]float64
	row                  int // so many houses wall to wall
	garages, barns, bent float64
	skip                 float64 // empty plots
}

var (
	coreStyle     = style{kind: "core", width: [2]float64{7.5, 13}, depth: [2]float64{11, 15}, setback: [2]float64{0.6, 0.9}, gap: [2]float64{0.2, 0.2}, skip: 0.03}
	blockStyle    = style{kind: "block", width: [2]float64{11, 17}, depth: [2]float64{10.5, 13}, setback: [2]float64{2.5, 3.5}, gap: [2]float64{0.2, 4}, row: 3, skip: 0.05}
	slabStyle     = style{kind: "slab", width: [2]float64{26, 40}, depth: [2]float64{11, 13}, setback: [2]float64{6, 9}, gap: [2]float64{12, 18}, skip: 0.05}
	villaStyle    = style{kind: "villa", width: [2]float64{9.5, 14}, depth: [2]float64{8.5, 11.5}, setback: [2]float64{4, 7}, gap: [2]float64{6, 11}, garages: 0.5, bent: 0.25, skip: 0.05}
	rowStyle      = style{kind: "row", width: [2]float64{6, 6.6}, depth: [2]float64{10, 11}, setback: [2]float64{4.5, 5}, gap: [2]float64{8, 9}, row: 5}
	villageStyle  = style{kind: "village", width: [2]float64{10, 15}, depth: [2]float64{9, 12}, setback: [2]float64{3, 8}, gap: [2]float64{8, 18}, garages: 0.25, barns: 0.35, bent: 0.2, skip: 0.1}
	industryStyle = style{kind: "industry", width: [2]float64{32, 85}, depth: [2]float64{24, 58}, setback: [2]float64{9, 16}, gap: [2]float64{10, 24}, bent: 0.3, skip: 0.08}
)

func (b *builder) styleAt(at vec, street int, class string) (style, bool) {
	q := b.p.quarter(at)
	switch {
	case b.p.industrial(at):
		return industryStyle, true
	case q == nil:
		return style{}, false
	case q.kind == "village":
		return villageStyle, true
	case b.p.inCore(at) || toLine(at, b.p.ring) < 12:
		return coreStyle, true
	}
	d := at.dist(b.p.core) / q.r
	k := (street*7919 + int(q.r)) % 10
	switch {
	case d < 0.5 || ((class == "primary" || class == "secondary") && d < 0.75):
		return blockStyle, true
	case k < 2:
		return rowStyle, true
	case k == 2:
		return slabStyle, true
	}
	return villaStyle, true
}

// buildAlong lines up houses on both sides of all streets.
func (b *builder) buildAlong() {
	for _, r := range b.n.runs {
		s := &b.n.streets[r.street]
		switch s.class {
		case "primary", "secondary", "tertiary", "unclassified", "residential", "pedestrian":
		default:
			continue
		}
		line := b.n.line(r)
		for _, side := range []float64{1, -1} {
			b.side(r.street, s, line, side)
		}
	}
}

func (b *builder) side(index int, s *street, line []vec, side float64) {
	rng := b.p.rng
	between := func(r [2]float64) float64 { return r[0] + (r[1]-r[0])*rng.Float64() }
	total := lineLength(line)
	inRow := 0
	for at := 5.0; at < total-5; {
		mid, _ := along(line, at)
		st, ok := b.styleAt(mid, index, s.class)
		if !ok {
			at += 12
			continue
		}
		w, d, set := between(st.width), between(st.depth), between(st.setback)
		if rng.Float64() < st.skip {
			at += w
			continue
		}
		from, _ := along(line, at)
		to, _ := along(line, at+w)
		dir := to.sub(from).unit()
		if from.dist(to) < 0.8*w || at+w > total {
			at += 3
			continue
		}
		normal := dir.left().mul(side)
		base := from.lerp(to, 0.5).add(normal.mul(b.widths[index] + set))
		var ring []vec
		placed := false
		for _, shrink := range []float64{1, 0.78} {
			ring = rectangle(base.add(normal.mul(d*shrink/2)), dir, w-0.2, d*shrink)
			gap := 3.0
			if st.row > 0 || st.kind == "core" {
				gap = 0.12
			}
			if b.room(ring, gap) && (st.kind != "industry" || b.p.industrial(ring[2]) && b.p.industrial(ring[3])) {
				d *= shrink
				placed = true
				break
			}
		}
		if !placed {
			at += 2.5
			inRow = 0
			continue
		}
		c := base.add(normal.mul(d / 2))
		if rng.Float64() < st.bent {
			ring = bentRing(c, dir, normal, w-0.2, d)
		}
		h := house{ring: ring, at: c, face: base, place: b.p.quarter(c)}
		if h.place == nil {
			h.place = &b.p.places[0]
		}
		h.street = b.streetName(s, mid)
		h.tags = osm.Tags{{Key: "building", Value: b.buildingKind(st, w)}}
		if levels := map[string]int{"core": 3, "block": 4, "slab": 5}[st.kind]; levels > 0 && rng.Float64() < 0.5 {
			h.tags = append(h.tags, osm.Tag{Key: "building:levels", Value: strconv.Itoa(levels - rng.IntN(2))})
		}
		if h.street != "" {
			h.number = b.number(h.place.name, h.street, side, rng.Float64())
		}
		b.stand(h)
		if rng.Float64() < st.garages {
			g := rectangle(c.add(dir.mul(w/2+3)).add(normal.mul(1.5)), dir, 3.4, 6)
			if b.room(g, 0) {
				b.stand(house{ring: g, at: g[0], tags: osm.Tags{{Key: "building", Value: "garage"}}})
			}
		}
		if rng.Float64() < st.barns {
			g := rectangle(c.add(normal.mul(d/2+13)), dir, between([2]float64{14, 24}), between([2]float64{9, 13}))
			if b.room(g, 2) {
				b.stand(house{ring: g, at: g[0], tags: osm.Tags{{Key: "building", Value: "barn"}}})
			}
		}
		at += w
		if inRow++; st.row > 0 && inRow%st.row != 0 {
			continue
		}
		at += between(st.gap)
	}
}

// bentRing is an L: a wing is set back at one end.
func bentRing(c, dir, normal vec, w, d float64) []vec {
	at := func(x, y float64) vec { return c.add(dir.mul(x * w / 2)).add(normal.mul(y * d / 2)) }
	return []vec{at(-1, -1), at(1, -1), at(1, 0.1), at(0.15, 0.1), at(0.15, 1), at(-1, 1), at(-1, -1)}
}

func (b *builder) buildingKind(st style, w float64) string {
	switch st.kind {
	case "core":
		return "yes"
	case "block":
		return "apartments"
	case "slab":
		return "apartments"
	case "row":
		return "terrace"
	case "village":
		if w > 13.5 {
			return "farm"
		}
		return "house"
	case "industry":
		return []string{"industrial", "warehouse", "industrial", "commercial"}[int(w)%4]
	}
	return "detached"
}

func (b *builder) streetName(s *street, at vec) string {
	if s.rank == 0 {
		if n := b.p.mainName(s, at); n != "" {
			return n
		}
		if b.p.industrial(at) {
			return s.name
		}
		return ""
	}
	return s.name
}

// lastNumber is the number given last on one side of a street and how many letters were added to it.
type lastNumber struct{ n, letters int }

// number gives the next house number: odd to the left, even to the right as the street runs, now and then 7a.
func (b *builder) number(place, street string, side, chance float64) string {
	key := place + "\x00" + street
	if b.numbers[key] == nil {
		b.numbers[key] = &[2]lastNumber{{n: -1}, {n: 0}}
	}
	last := &b.numbers[key][0]
	if side < 0 {
		last = &b.numbers[key][1]
	}
	if chance < 0.03 && last.n > 0 {
		last.letters++
		return strconv.Itoa(last.n) + string(rune('a'+last.letters-1))
	}
	last.n, last.letters = last.n+2, 0
	if chance > 0.985 { // a plot that was never built on
		last.n += 2
	}
	return strconv.Itoa(last.n)
}

// shop returns a trade and a name for it that no other bears.
func (b *builder) shop() (trade, string) {
	for {
		t := trades[b.p.rng.IntN(len(trades))]
		name := strings.ReplaceAll(t.names[b.p.rng.IntN(len(t.names))], "%s", familyNames[b.p.rng.IntN(len(familyNames))])
		if b.taken[name] < 1 || b.tries > 5000 {
			b.taken[name]++
			return t, name
		}
		b.tries++
	}
}
