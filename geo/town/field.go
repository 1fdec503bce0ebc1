package town

import "math"

// tensorField says at each place which way streets run there, as a cross without sign: (cos 2a, sin 2a). Streets
// follow main roads and the river near by, circle the old core and keep to the grid of their quarter (after Chen et
// al. 2008, Interactive Procedural Street Modeling).
type tensorField struct {
	cell float64
	half float64
	n    int
	t    []vec
}

func newTensorField(p *plan) tensorField {
	f := tensorField{cell: 30, half: p.half + 60}
	f.n = int(2*f.half/f.cell) + 2
	f.t = make([]vec, f.n*f.n)
	guides := newSegments(120)
	for i, m := range p.mains {
		if m.rank == 0 {
			guides.addLine(i, m.line)
		}
	}
	guides.addLine(-1, p.river)
	guides.addLine(-1, p.rail)
	type grid struct {
		c     vec
		angle float64
		r     float64
	}
	var grids []grid
	for range 16 {
		a, d := p.between(0, 2*math.Pi), math.Sqrt(p.rng.Float64())*1.1*p.places[0].r
		grids = append(grids, grid{p.places[0].c.polar(a, d), p.between(0, math.Pi/2), p.between(150, 300) * math.Max(0.6, p.scale)})
	}
	for _, s := range p.places[1:] {
		grids = append(grids, grid{s.c, p.between(0, math.Pi/2), s.r})
	}
	grids = append(grids, grid{vec{1500, -1400}.mul(p.scale), -0.28, 800 * p.scale})
	for j := range f.n {
		for i := range f.n {
			at := vec{float64(i)*f.cell - f.half, float64(j)*f.cell - f.half}
			var sum vec
			put := func(angle, w float64) { sum = sum.add(vec{math.Cos(2 * angle), math.Sin(2 * angle)}.mul(w)) }
			best, dir := 400.0, vec{}
			guides.near(at, at, 400, func(id int32) {
				if d, _ := toSegment(at, guides.a[id], guides.b[id]); d < best {
					best, dir = d, guides.b[id].sub(guides.a[id])
				}
			})
			if best < 400 {
				put(math.Atan2(dir.y, dir.x), 1.6*math.Exp(-best*best/(130*130)))
			}
			d := at.sub(p.core)
			put(math.Atan2(d.y, d.x), 0.9*math.Exp(-d.dot(d)/(620*620*p.scale*p.scale)))
			for _, g := range grids {
				d := at.sub(g.c).len()
				put(g.angle, 0.9*math.Exp(-d*d/(g.r*g.r)))
			}
			put(0.35+0.5*math.Sin(at.x/900)*math.Cos(at.y/1100), 0.02)
			f.t[j*f.n+i] = sum
		}
	}
	return f
}

// direction returns the field's direction at p for family 0, its normal for family 1.
func (f *tensorField) direction(p vec, family int) vec {
	x, y := (p.x+f.half)/f.cell, (p.y+f.half)/f.cell
	i, j := min(max(int(x), 0), f.n-2), min(max(int(y), 0), f.n-2)
	fx, fy := x-float64(i), y-float64(j)
	a := f.t[j*f.n+i].lerp(f.t[j*f.n+i+1], fx)
	b := f.t[(j+1)*f.n+i].lerp(f.t[(j+1)*f.n+i+1], fx)
	t := a.lerp(b, fy)
	angle := math.Atan2(t.y, t.x)/2 + float64(family)*math.Pi/2
	return vec{math.Cos(angle), math.Sin(angle)}
}

// dots remembers points to keep distances to.
type dots struct {
	cell  float64
	cells map[[2]int32][]vec
}

func newDots(cell float64) *dots { return &dots{cell, make(map[[2]int32][]vec)} }

func (d *dots) key(p vec) [2]int32 {
	return [2]int32{int32(math.Floor(p.x / d.cell)), int32(math.Floor(p.y / d.cell))}
}

func (d *dots) add(p vec) { k := d.key(p); d.cells[k] = append(d.cells[k], p) }

func (d *dots) nearer(p vec, r float64) bool {
	k := d.key(p)
	n := int32(math.Ceil(r / d.cell))
	for x := k[0] - n; x <= k[0]+n; x++ {
		for y := k[1] - n; y <= k[1]+n; y++ {
			for _, q := range d.cells[[2]int32{x, y}] {
				if q.dist(p) < r {
					return true
				}
			}
		}
	}
	return false
}

// grower lays town streets along the field, keeping the distances that blocks need (Jobard and Lefer 1997).
type grower struct {
	p       *plan
	taken   [2]*dots
	streets []street
	seeds   [2][]vec
}

const growStep = 8.0

// spacing returns how far apart the streets of a family should be.
func (g *grower) spacing(at vec, family int) float64 {
	switch {
	case g.p.inCore(at):
		return [2]float64{62, 74}[family]
	case g.p.industrial(at):
		return [2]float64{170, 260}[family]
	}
	d := at.dist(g.p.places[0].c) / g.p.places[0].r
	f := 0.9 + 0.25*min(1, d)
	return [2]float64{88, 178}[family] * f
}

func (g *grower) allowed(at vec) bool {
	return g.p.onMap(at) && g.p.free(at, 6) && (g.p.quarter(at) != nil || g.p.industrial(at))
}

func growStreets(p *plan) []street {
	g := &grower{p: p, taken: [2]*dots{newDots(40), newDots(40)}}
	for _, m := range p.mains {
		if m.rank > 1 {
			continue
		}
		total := lineLength(m.line)
		for s := 0.0; s < total; s += growStep {
			at, dir := along(m.line, s)
			for family := range 2 {
				if math.Abs(dir.dot(p.field.direction(at, family))) > 0.75 {
					g.taken[family].add(at)
				}
				d := p.field.direction(at, 1-family)
				for _, side := range []float64{-1, 1} {
					g.seeds[family] = append(g.seeds[family], at.add(d.mul(side*g.spacing(at, family))))
				}
			}
		}
	}
	// Cross streets first: they tie the quarters to the main roads; then the streets with the long rows of houses.
	for _, family := range []int{1, 0} {
		for range 2 {
			for len(g.seeds[family]) > 0 {
				k := g.p.rng.IntN(len(g.seeds[family]))
				seed := g.seeds[family][k]
				g.seeds[family][k] = g.seeds[family][len(g.seeds[family])-1]
				g.seeds[family] = g.seeds[family][:len(g.seeds[family])-1]
				g.grow(seed, family)
			}
			for range int(3000 * p.scale) {
				s := p.places[p.rng.IntN(len(p.places))]
				if p.chance(0.6) {
					s = p.places[0]
				}
				g.grow(s.c.polar(p.between(0, 2*math.Pi), s.r*math.Sqrt(p.rng.Float64())*1.1), family)
			}
			for range int(300 * p.scale) {
				g.grow(vec{p.between(700, 2500), p.between(-1900, -800)}.mul(p.scale), family)
			}
		}
	}
	return g.streets
}

func (g *grower) grow(seed vec, family int) {
	if !g.allowed(seed) || g.taken[family].nearer(seed, 0.92*g.spacing(seed, family)) {
		return
	}
	forth := g.walk(seed, family, 1)
	back := g.walk(seed, family, -1)
	line := make([]vec, 0, len(forth)+len(back)+1)
	for i := len(back) - 1; i >= 0; i-- {
		line = append(line, back[i])
	}
	line = append(append(line, seed), forth...)
	if lineLength(line) < 0.75*g.spacing(seed, 1-family) {
		return
	}
	for _, at := range line {
		g.taken[family].add(at)
	}
	for i := 0; i < len(line); i += 4 {
		n := g.p.field.direction(line[i], 1-family)
		for _, side := range []float64{-1, 1} {
			g.seeds[family] = append(g.seeds[family], line[i].add(n.mul(side*g.spacing(line[i], family))))
		}
	}
	class := "residential"
	if g.p.industrial(seed) && g.p.quarter(seed) == nil {
		class = "unclassified"
	}
	g.streets = append(g.streets, street{line: line, class: class, rank: 1})
}

// walk follows the field one way until the town, the room or the patience ends.
func (g *grower) walk(from vec, family int, sign float64) []vec {
	var line []vec
	at := from
	dir := g.p.field.direction(at, family).mul(sign)
	length := 0.0
	most := [2]float64{620, 760}[family]
	for length < most/2 {
		turn := func(p vec) vec {
			d := g.p.field.direction(p, family)
			if d.dot(dir) < 0 {
				d = d.mul(-1)
			}
			return d
		}
		next := turn(at.add(turn(at).mul(growStep / 2)))
		if next.dot(dir) < 0.86 { // the field turns too sharply: streets do not
			break
		}
		to := at.add(next.mul(growStep))
		if !g.allowed(to) || g.taken[family].nearer(to, 0.62*g.spacing(to, family)) {
			break
		}
		if g.p.industrial(to) != g.p.industrial(from) {
			break
		}
		at, dir = to, next
		line = append(line, at)
		length += growStep
	}
	return line
}
