package town

import (
	"math"
	"sort"

	"github.com/paulmach/orb"

	"catchment/geo/osm"
)

// parcel is a piece of ground with one use; neighbours share their borders exactly.
type parcel struct {
	tags osm.Tags
	area orb.MultiPolygon // in metres
}

// Labels of the ground; fields are numbered upwards from groundField.
const (
	groundNone = iota
	groundIndustry
	groundMeadow
	groundTown
	groundForest = 20
	groundField  = 100
)

const landCell = 20.0 // metres: the grain at which ground is decided before borders are smoothed

// field is one cell of the open country.
type field struct {
	seed vec
	tags osm.Tags
}

// country divides the whole map into parcels and returns the field borders, along which tracks run.
func (p *plan) country() ([]parcel, [][]vec) {
	n := int(math.Ceil(2*p.half/landCell)) + 2
	fields, columns := p.fields()
	label := make([]int, n*n)
	at := func(i, j int) vec {
		return vec{(float64(i)-0.5)*landCell - p.half, (float64(j)-0.5)*landCell - p.half}
	}
	for j := range n {
		for i := range n {
			if i == 0 || j == 0 || i == n-1 || j == n-1 {
				continue
			}
			label[j*n+i] = p.ground(at(i, j), fields, columns)
		}
	}
	arcs := traceArcs(label, n)
	lines := make(map[int][]orb.LineString)
	var hedges [][]vec
	for _, a := range arcs {
		line := make([]vec, len(a.corners))
		for k, c := range a.corners {
			line[k] = vec{
				min(p.half, max(-p.half, float64(c[0]-1)*landCell-p.half)),
				min(p.half, max(-p.half, float64(c[1]-1)*landCell-p.half)),
			}
		}
		fieldBorder := a.left >= groundField && a.right >= groundField
		outside := a.left == groundNone || a.right == groundNone
		switch {
		case outside:
			line = simplify(line, 1)
		case fieldBorder:
			line = simplify(line, 24)
			hedges = append(hedges, line)
		default:
			line = soften(soften(simplify(line, 17)))
		}
		ls := make(orb.LineString, len(line))
		for k, v := range line {
			ls[k] = orb.Point{v.x, v.y}
		}
		for _, l := range []int{a.left, a.right} {
			if l != groundNone {
				lines[l] = append(lines[l], ls)
			}
		}
	}
	labels := make([]int, 0, len(lines))
	for l := range lines {
		labels = append(labels, l)
	}
	sort.Ints(labels)
	var parcels []parcel
	for _, l := range labels {
		area, err := osm.Assemble(lines[l])
		if err != nil {
			panic("town: a parcel's border does not close: " + err.Error())
		}
		for _, polygon := range area {
			parcels = append(parcels, parcel{tags: p.groundTags(l, fields), area: orb.MultiPolygon{polygon}})
		}
	}
	return parcels, hedges
}

// soften rounds the corners of a line (Chaikin), keeping its ends.
func soften(line []vec) []vec {
	closed := line[0] == end(line)
	if len(line) < 3 || (closed && len(line) < 5) {
		return line
	}
	out := []vec{line[0]}
	for i := 1; i < len(line)-1; i++ {
		out = append(out, line[i].lerp(line[i-1], 0.25), line[i].lerp(line[i+1], 0.25))
	}
	return append(out, end(line))
}

// fields scatters the seeds of the open country's cells over a turned, stretched and jittered grid.
func (p *plan) fields() ([]field, int) {
	const across, deep = 300.0, 230.0
	columns := int(2*1.5*p.half/across) + 3
	rows := int(2*1.5*p.half/deep) + 3
	turn := 0.32
	var fields []field
	for j := range rows {
		for i := range columns {
			v := vec{(float64(i) - float64(columns)/2) * across, (float64(j) - float64(rows)/2) * deep}
			v = p.jitter(v, 95)
			v = vec{v.x*math.Cos(turn) - v.y*math.Sin(turn), v.x*math.Sin(turn) + v.y*math.Cos(turn)}
			tags := osm.Tags{{Key: "landuse", Value: "farmland"}}
			switch f := p.rng.Float64(); {
			case f < 0.30:
				tags = osm.Tags{{Key: "landuse", Value: "meadow"}}
			case f < 0.37:
				tags = osm.Tags{{Key: "landuse", Value: "orchard"}}
			case f < 0.40:
				tags = osm.Tags{{Key: "natural", Value: "scrub"}}
			case f < 0.44:
				tags = osm.Tags{{Key: "landuse", Value: "forest"}}
			}
			// The sunny slope above the river grows wine.
			if v.x > 900*p.scale && v.x < 2100*p.scale && v.y > 1150*p.scale && v.y < 1700*p.scale {
				tags = osm.Tags{{Key: "landuse", Value: "vineyard"}}
			}
			fields = append(fields, field{v, tags})
		}
	}
	return fields, columns
}

// ground decides the use of one cell.
func (p *plan) ground(at vec, fields []field, columns int) int {
	if s := p.quarter(at); s != nil && !p.industrial(at) {
		for i := range p.places {
			if &p.places[i] == s {
				return groundTown + i
			}
		}
	}
	if p.industrial(at) {
		return groundIndustry
	}
	if p.water.distance(at, 130) < 85+25*math.Sin(at.x/170) {
		return groundMeadow
	}
	if p.ways.distance(at, 60) > 40 {
		for i, f := range p.forests {
			if f.contains(at) {
				// A clearing in the first and largest wood.
				if i == 0 && at.dist(f.c.add(vec{0.25, -0.2}.mul(f.r))) < 0.24*f.r {
					return groundMeadow
				}
				return groundForest + i
			}
		}
	}
	// Seeds lie near their grid place, so only neighbours in the grid need a look.
	const across, deep, turn = 300.0, 230.0, 0.32
	u := vec{at.x*math.Cos(turn) + at.y*math.Sin(turn), -at.x*math.Sin(turn) + at.y*math.Cos(turn)}
	rows := len(fields) / columns
	ci, cj := int(math.Round(u.x/across+float64(columns)/2)), int(math.Round(u.y/deep+float64(rows)/2))
	best, label := math.Inf(1), groundNone
	for j := max(0, cj-2); j <= min(rows-1, cj+2); j++ {
		for i := max(0, ci-2); i <= min(columns-1, ci+2); i++ {
			if d := fields[j*columns+i].seed.dist(at); d < best {
				best, label = d, groundField+j*columns+i
			}
		}
	}
	return label
}

func (p *plan) groundTags(label int, fields []field) osm.Tags {
	switch {
	case label == groundIndustry:
		return osm.Tags{{Key: "landuse", Value: "industrial"}, {Key: "name", Value: "Gewerbepark Salmachaue"}}
	case label == groundMeadow:
		return osm.Tags{{Key: "landuse", Value: "meadow"}}
	case label >= groundField:
		return fields[label-groundField].tags
	case label >= groundForest:
		names := []string{"Lindenfurter Forst", "Hohe Tann", "Buchenloher Hau", "Kappelwald", "Erlenzeller Holz", "Sankt-Veits-Wald", "Wehrholz", "Steinhau", "Ostertann"}
		leaf := []string{"mixed", "needleleaved", "broadleaved"}[label%3]
		return osm.Tags{{Key: "landuse", Value: "forest"}, {Key: "leaf_type", Value: leaf}, {Key: "name", Value: names[(label-groundForest)%len(names)]}}
	}
	return osm.Tags{{Key: "landuse", Value: "residential"}}
}

// arc is a border between two labels, from corner to corner of the raster.
type arc struct {
	corners     [][2]int
	left, right int
}

// traceArcs follows the borders of a raster of n x n labels. Arcs end where three or more labels meet.
func traceArcs(label []int, n int) []arc {
	get := func(i, j int) int {
		if i < 0 || j < 0 || i >= n || j >= n {
			return groundNone
		}
		return label[j*n+i]
	}
	// Directions east, north, west, south out of a corner; the cells to the left and right of each step.
	step := [4][2]int{{1, 0}, {0, 1}, {-1, 0}, {0, -1}}
	left := [4][2]int{{0, 0}, {-1, 0}, {-1, -1}, {0, -1}}
	right := [4][2]int{{0, -1}, {0, 0}, {-1, 0}, {-1, -1}}
	sides := func(c [2]int, d int) (int, int) {
		return get(c[0]+left[d][0], c[1]+left[d][1]), get(c[0]+right[d][0], c[1]+right[d][1])
	}
	border := func(c [2]int, d int) bool { l, r := sides(c, d); return l != r }
	degree := func(c [2]int) int {
		k := 0
		for d := range 4 {
			if border(c, d) {
				k++
			}
		}
		return k
	}
	used := make(map[[3]int]bool) // a step, told by its lower left corner and whether it goes north
	mark := func(c [2]int, d int) [3]int {
		switch d {
		case 2:
			return [3]int{c[0] - 1, c[1], 0}
		case 3:
			return [3]int{c[0], c[1] - 1, 1}
		}
		return [3]int{c[0], c[1], d}
	}
	var arcs []arc
	follow := func(c [2]int, d int) {
		l, r := sides(c, d)
		a := arc{corners: [][2]int{c}, left: l, right: r}
		for {
			used[mark(c, d)] = true
			c = [2]int{c[0] + step[d][0], c[1] + step[d][1]}
			a.corners = append(a.corners, c)
			if degree(c) != 2 {
				break
			}
			next := -1
			for e := range 4 {
				if border(c, e) && !used[mark(c, e)] {
					next = e
				}
			}
			if next < 0 {
				break
			}
			d = next
		}
		arcs = append(arcs, a)
	}
	for pass := range 2 { // first arcs between meeting points, then closed ones
		for j := range n + 1 {
			for i := range n + 1 {
				c := [2]int{i, j}
				if pass == 0 && degree(c) == 2 {
					continue
				}
				for d := range 4 {
					if border(c, d) && !used[mark(c, d)] {
						follow(c, d)
					}
				}
			}
		}
	}
	return arcs
}
