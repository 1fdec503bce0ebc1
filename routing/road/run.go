package road

import (
	"math"

	"catchment/geo/hex"
	"catchment/routing"
)

// Travel-time areas are told in hexagons. Which hexagons a street passes is looked up once, when the streets are
// prepared: places along every segment, close enough together that no hexagon is missed by much, are gathered
// into runs that lie in one hexagon. Of a run only the ends matter, for one of them is reached first.

// run is a stretch of a segment within one hexagon.
type run struct {
	Cell        uint32 // number of the hexagon in arrays.cells
	First, Last mark
}

// mark is a place along a segment: the hop, counted within the segment, <<8 | the share of the hop in 240ths.
type mark uint32

const markParts = 240

func (m mark) hop() uint32    { return uint32(m >> 8) }
func (m mark) share() float64 { return float64(m&0xff) / markParts }

// cellResolution returns the H3 resolution of the hexagons, and how far apart the places along streets lie at
// most, in metres: about half the edge of a hexagon.
func (p *Profile) cellResolution() (resolution int, spacing float64) {
	if p.Name == routing.Foot {
		return 10, 30
	}
	return 9, 80
}

// marks calls visit with the places along a segment that are looked at, in order.
func (a *arrays) marks(s SegmentID, spacing float64, visit func(m mark, at point) error) error {
	first, last := a.segmentFirst[s], a.segmentFirst[s+1]-1
	for i := first; i < last; i++ {
		p, q := a.points[i], a.points[i+1]
		steps := min(int(p.meters(q)/spacing)+1, markParts)
		for k := range steps {
			m := mark((i-first)<<8) | mark(math.Round(markParts*float64(k)/float64(steps)))
			if err := visit(m, between(p, q, m.share())); err != nil {
				return err
			}
		}
	}
	return visit(mark((last-first-1)<<8)|markParts, a.points[last])
}

// findRuns fills in the hexagons and the runs of every segment.
func (a *arrays) findRuns(p *Profile, grid *hexagons) error {
	_, spacing := p.cellResolution()
	var number []uint32 // of each hexagon of the grid among those of this file, from 1; 0 for those not met
	a.runFirst = make([]uint32, 1, len(a.segmentFlags)+1)
	a.runs = make([]run, 0, len(a.segmentFlags)+len(a.segmentFlags)/2)
	for s := range a.segmentFlags {
		start := len(a.runs)
		err := a.marks(SegmentID(s), spacing, func(m mark, at point) error {
			n, err := grid.at(at)
			if err != nil {
				return err
			}
			for int(n) >= len(number) {
				number = append(number, 0)
			}
			if number[n] == 0 {
				a.cells = append(a.cells, grid.cells[n])
				number[n] = uint32(len(a.cells))
			}
			if last := len(a.runs) - 1; last >= start && a.runs[last].Cell == number[n]-1 {
				a.runs[last].Last = m
			} else {
				a.runs = append(a.runs, run{number[n] - 1, m, m})
			}
			return nil
		})
		if err != nil {
			return err
		}
		a.runFirst = append(a.runFirst, uint32(len(a.runs)))
	}
	return nil
}

// hexagons numbers the hexagons of places that come one after the other. Most lie in the same as the place before,
// well away from its border, which is much quicker to see than to look a hexagon up.
type hexagons struct {
	resolution int
	cells      []uint64
	discs      []disc // within each
	number     map[uint64]uint32
	last       uint32
	seen       map[square]uint32 // the hexagon last met there
}

func newHexagons(resolution int) *hexagons {
	return &hexagons{resolution: resolution, number: map[uint64]uint32{}, seen: map[square]uint32{}}
}

// square is a piece of the map about as wide as half a hexagon.
type square struct{ x, y int32 }

// disc is a round part of a hexagon: around its middle, its radius in units of 1e-7 degrees of latitude.
type disc struct {
	middle      point
	cos, radius float64
}

func (d disc) holds(p point) bool {
	x, y := float64(p.lon-d.middle.lon)*d.cos, float64(p.lat-d.middle.lat)
	return x*x+y*y < d.radius*d.radius
}

// at returns the number of the hexagon that holds a place.
func (h *hexagons) at(p point) (uint32, error) {
	if len(h.cells) > 0 && h.discs[h.last].holds(p) {
		return h.last, nil
	}
	here := square{p.lon >> 14, p.lat >> 14}
	if n, ok := h.seen[here]; ok && h.discs[n].holds(p) {
		h.last = n
		return n, nil
	}
	cell, err := hex.Cell(p.orb(), h.resolution)
	if err != nil {
		return 0, err
	}
	n, ok := h.number[cell]
	if !ok {
		d, err := discOf(cell)
		if err != nil {
			return 0, err
		}
		n = uint32(len(h.cells))
		h.number[cell] = n
		h.cells, h.discs = append(h.cells, cell), append(h.discs, d)
	}
	h.last, h.seen[here] = n, n
	return n, nil
}

// discOf returns the largest disc around the middle of a cell, a little less than up to its border. Across the
// antimeridian and near the poles, where the plane is no picture of the ground, it is empty.
func discOf(cell uint64) (disc, error) {
	middle, err := hex.Centre(cell)
	if err != nil {
		return disc{}, err
	}
	border, err := hex.Boundary(cell)
	if err != nil {
		return disc{}, err
	}
	d := disc{middle: toPoint(middle), cos: math.Cos(middle[1] * math.Pi / 180)}
	if math.Abs(middle[0]) > 179 || math.Abs(middle[1]) > 80 {
		return d, nil
	}
	d.radius = math.Inf(1)
	for i := range border[1:] {
		_, meters := project(d.middle, toPoint(border[i]), toPoint(border[i+1]))
		d.radius = min(d.radius, 0.98*meters/metersPerUnit)
	}
	return d, nil
}
