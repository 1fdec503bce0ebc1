package town

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/paulmach/orb"

	"catchment/geo/osm"
)

// Where the invented town lies: open country, so that nobody mistakes it for a place that exists.
const (
	middleLon = 9.9
	middleLat = 48.9
)

// Generate invents the town of Lindenfurt with its villages on a square map of km x km kilometres (2 to 12; 6 is
// what a first run shows, with about 5,000 addresses). It has a walled old core, a river with bridges, a railway, a
// motorway with ramps, quarters, works, parks, woods and fields, and every tag that import, map, search and routing read.
func Generate(seed uint64, km float64) *Network {
	km = math.Min(12, math.Max(2, km))
	p := compose(rand.New(rand.NewPCG(seed, 0x6c696e64)), km)
	parcels, hedges := p.country()

	streets := slices.Clone(p.mains)
	streets = append(streets, p.motorwayStreets()...)
	streets = append(streets, p.railStreets()...)
	grown := len(streets)
	streets = append(streets, growStreets(p)...)
	lengthen(p, streets, grown, 100)
	names := namer{p: p, used: make(map[string]map[string]bool), next: make(map[string]int)}
	for i := grown; i < len(streets); i++ {
		mid, _ := along(streets[i].line, lineLength(streets[i].line)/2)
		streets[i].name = names.name(mid)
		streets[i].line = simplify(streets[i].line, 0.8)
	}
	paths := len(streets)
	streets = append(streets, p.approaches(hedges)...)
	lengthen(p, streets, paths, 140)

	n := knot(streets)
	n.dress(p)
	b := newBuilder(p, n)
	areas, spots := b.furnish()
	b.buildAlong()

	e := newEmitter(p, n, seed)
	e.streets()
	e.waters()
	e.parcels(parcels)
	for _, a := range areas {
		e.area(a)
	}
	for _, s := range spots {
		e.spot(s)
	}
	e.houses(b)
	e.places()
	e.boundary()
	e.restrictions()
	return &e.Network
}

// motorwayStreets returns both carriageways and the ramps of the two junctions.
func (p *plan) motorwayStreets() []street {
	const apart = 10.0
	east := offset(p.motorway, -apart, nil)
	west := offset(p.motorway, apart, nil)
	slices.Reverse(west)
	out := []street{
		{line: east, class: "motorway", ref: "A 187"},
		{line: west, class: "motorway", ref: "A 187"},
	}
	reach := 330 * math.Min(1, p.scale*1.3)
	for _, m := range p.mains {
		if m.class != "secondary" && m.name != "Werkstraße" {
			continue
		}
		at, s, ok := meet(m.line, p.motorway)
		if !ok {
			continue
		}
		for _, carriage := range [][]vec{east, west} {
			_, cs, _ := meet(carriage, m.line)
			_, dir := along(carriage, cs)
			outward := dir.left().mul(-1) // the right-hand side
			ahead, _ := along(m.line, s+68)
			behind, _ := along(m.line, s-68)
			terminal := ahead
			if behind.sub(at).dot(outward) > ahead.sub(at).dot(outward) {
				terminal = behind
			}
			for _, way := range []float64{-1, 1} {
				tip, _ := along(carriage, cs+way*reach)
				bend, _ := along(carriage, cs+way*reach*0.28)
				bend = bend.add(outward.mul(22))
				ramp := bezier(tip, tip.lerp(bend, 0.6).add(outward.mul(2)), bend, terminal)
				if way > 0 {
					slices.Reverse(ramp)
				}
				out = append(out, street{line: ramp, class: "motorway_link"})
			}
		}
	}
	return out
}

func bezier(a, b, c, d vec) []vec {
	const n = 12
	out := make([]vec, 0, n+1)
	for i := range n + 1 {
		t := float64(i) / n
		ab, bc, cd := a.lerp(b, t), b.lerp(c, t), c.lerp(d, t)
		out = append(out, ab.lerp(bc, t).lerp(bc.lerp(cd, t), t))
	}
	return out
}

// meet returns where line first crosses other and how far along it that is.
func meet(line, other []vec) (vec, float64, bool) {
	s := 0.0
	for i := 1; i < len(line); i++ {
		for j := 1; j < len(other); j++ {
			if t, _, ok := crossing(line[i-1], line[i], other[j-1], other[j]); ok {
				return line[i-1].lerp(line[i], t), s + t*line[i].dist(line[i-1]), true
			}
		}
		s += line[i].dist(line[i-1])
	}
	return vec{}, 0, false
}

// railStreets returns the line with its bridges over river and main roads, and a spur to the works.
func (p *plan) railStreets() []street {
	main := street{line: p.rail, class: "rail", name: "Salmachtalbahn"}
	main.grade = p.bridges(p.rail)
	for _, m := range p.mains {
		if m.class == "unclassified" || m.rank > 0 {
			continue
		}
		if _, s, ok := meet(p.rail, m.line); ok {
			main.grade = append(main.grade, span{s - 9, s + 9})
		}
		// A ring road meets the railway twice.
		reversed := slices.Clone(p.rail)
		slices.Reverse(reversed)
		if _, s, ok := meet(reversed, m.line); ok {
			s = lineLength(p.rail) - s
			main.grade = append(main.grade, span{s - 9, s + 9})
		}
	}
	main.line = cutAt(p.rail, main.grade)
	spur := spline(append([]vec{p.rail[len(p.rail)*72/100]}, p.scaled(vec{1850, -1230}, vec{1750, -1420}, vec{1560, -1500}, vec{1250, -1520})...), 20)
	return []street{main, {line: spur, class: "rail", name: "Industriegleis"}}
}

// dress adds roundabouts, signals, crossings, barriers and level crossings to the joints.
func (n *network) dress(p *plan) {
	meets := make(map[int]map[int]bool) // streets at each junction
	for _, r := range n.runs {
		for _, j := range r.joints {
			if n.joints[j].degree >= 3 {
				if meets[j] == nil {
					meets[j] = make(map[int]bool)
				}
				meets[j][r.street] = true
			}
		}
	}
	weight := func(class string) int {
		switch class {
		case "primary", "secondary":
			return 3
		case "tertiary":
			return 2
		case "unclassified", "motorway_link":
			return 1
		}
		return 0
	}
	var candidates []int
	for j := range n.joints {
		big, ramps, foot := 0, 0, false
		for s := range meets[j] {
			w := weight(n.streets[s].class)
			if w >= 2 {
				big++
			}
			if n.streets[s].class == "motorway_link" {
				ramps++
			}
			if n.streets[s].class == "footway" || n.streets[s].class == "cycleway" {
				foot = true
			}
		}
		if n.joints[j].rail && n.joints[j].degree > 0 {
			n.tag(j, "railway", "level_crossing")
			continue
		}
		switch {
		case big >= 2 || ramps >= 2:
			candidates = append(candidates, j)
		case big == 1 && foot:
			n.tag(j, "highway", "crossing")
			n.tag(j, "crossing", []string{"zebra", "traffic_signals", "uncontrolled"}[j%3])
		case big == 1 && n.joints[j].degree >= 4 && p.quarter(n.joints[j].at) != nil && j%4 == 0:
			n.tag(j, "highway", "traffic_signals")
		}
	}
	for k, j := range candidates {
		if k%3 != 1 && n.roundabout(j, 15) {
			continue
		}
		n.tag(j, "highway", "traffic_signals")
	}
	for _, r := range n.runs {
		class := n.streets[r.street].class
		for _, back := range []bool{false, true} {
			js := slices.Clone(r.joints)
			if back {
				slices.Reverse(js)
			}
			if len(js) < 3 {
				continue
			}
			first, second := js[0], js[1]
			switch {
			case class == "residential" && n.joints[first].degree == 1 && p.chance(0.5):
				n.tag(first, "highway", "turning_circle")
			case (class == "footway" || class == "cycleway") && n.joints[first].degree >= 3 && n.joints[second].degree == 2 && p.chance(0.3):
				n.tag(second, "barrier", []string{"bollard", "bollard", "cycle_barrier"}[second%3])
			case class == "track" && n.joints[first].degree >= 3 && n.joints[second].degree == 2 && p.chance(0.15):
				n.tag(second, "barrier", "gate")
				n.tag(second, "access", "agricultural")
			case class == "service" && n.joints[first].degree >= 3 && n.joints[second].degree == 2 && p.chance(0.4):
				n.tag(second, "barrier", "lift_gate")
				n.tag(second, "access", "customers")
			}
		}
	}
}

// geo turns metres into degrees, rounded to what an extract can hold.
func geo(v vec) orb.Point {
	const perLat = 111_194.9 // metres a degree on the sphere of the mean radius
	perLon := perLat * math.Cos(middleLat*math.Pi/180)
	round := func(x float64) float64 { return math.Round(x*1e7) / 1e7 }
	return orb.Point{round(middleLon + v.x/perLon), round(middleLat + v.y/perLat)}
}

func (p *plan) header(seed uint64) osm.Header {
	low, high := geo(vec{-p.half, -p.half}), geo(vec{p.half, p.half})
	return osm.Header{
		Bounds: orb.Bound{Min: low, Max: high}, HasBounds: true, Sorted: true,
		Program: "catchment town", Source: "invented, no real place",
	}
}
