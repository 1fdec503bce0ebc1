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
func (a *arrays) findRuns(p *Profile) error {
	resolution, spacing := p.cellResolution()
	number := map[uint64]uint32{}
	a.runFirst = []uint32{0}
	for s := range a.segmentFlags {
		start := len(a.runs)
		err := a.marks(SegmentID(s), spacing, func(m mark, at point) error {
			cell, err := hex.Cell(at.orb(), resolution)
			if err != nil {
				return err
			}
			n, ok := number[cell]
			if !ok {
				n = uint32(len(a.cells))
				number[cell] = n
				a.cells = append(a.cells, cell)
			}
			if last := len(a.runs) - 1; last >= start && a.runs[last].Cell == n {
				a.runs[last].Last = m
			} else {
				a.runs = append(a.runs, run{n, m, m})
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
