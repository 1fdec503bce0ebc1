package cells

import (
	"fmt"
	"slices"

	"github.com/paulmach/orb"

	"catchment/geo"
)

// Area is a part of the earth: polygons, a circle, a set of H3 cells, or a combination of such. The zero Area is
// empty. Areas are immutable and can be used by many questions at once.
type Area struct {
	shapes  []shape
	program []step // in postfix order; empty stands for the empty area
}

// step is one step of the formula that combines the shapes: push a shape's verdict, or combine the last ones.
type step struct {
	do    operation
	shape int32
}

type operation uint8

const (
	opShape operation = iota
	opEverything
	opNot
	opAnd
	opOr
)

// verdict says how a box of points lies to a shape. The order makes the smaller of two the verdict of their
// intersection and the greater that of their union.
type verdict int8

const (
	outside verdict = iota
	border          // or not known
	inside
)

func (v verdict) not() verdict { return inside - v }

func verdictOf(in bool) verdict {
	if in {
		return inside
	}
	return outside
}

// shape is a part of the earth that can be asked for a box of points at a time.
type shape interface {
	// judge says how a group of points lies to the shape: all within b, all with cells from first to last.
	// edges are those a larger group around it was left with, nil for all; the ones that matter to this group
	// are appended to scratch.
	judge(b box, first, last uint64, edges, scratch []int32) (verdict, []int32)
	// holds tells whether a point with its cell belongs to the shape.
	holds(x, y float64, cell uint64) bool
}

// Everywhere is the whole earth.
func Everywhere() Area { return Area{program: []step{{do: opEverything}}} }

func single(s shape) Area { return Area{[]shape{s}, []step{{do: opShape}}} }

// Polygons is the union of polygons with holes. Edges are straight in longitude and latitude; an area that
// crosses the antimeridian is cut there (RFC 7946). Points on an edge belong to the area. Rings must be closed
// and lie within the ranges of longitude and latitude, else the error is a *geo.Unsound.
func Polygons(area orb.MultiPolygon) (Area, error) {
	p, err := newPolygons(area)
	if err != nil {
		return Area{}, err
	}
	return single(p), nil
}

// MaxRadius is the greatest radius of a Circle, a quarter of the way around the earth.
const MaxRadius geo.Meters = 10_000_000

// Circle is what lies no farther from the centre than the radius, measured along the WGS 84 ellipsoid.
func Circle(centre orb.Point, radius geo.Meters) (Area, error) {
	if err := geo.CheckPoint(centre); err != nil {
		return Area{}, err
	}
	if !(radius >= 0 && radius <= MaxRadius) {
		return Area{}, &geo.Unsound{Path: "radius", Message: fmt.Sprintf("%g m lies outside 0..%g m", float64(radius), float64(MaxRadius))}
	}
	return single(newCircle(centre, float64(radius))), nil
}

// Cells is the union of H3 cells, which may differ in resolution but be no finer than Resolution.
func Cells(set []uint64) (Area, error) {
	c, err := newCellSet(set)
	if err != nil {
		return Area{}, err
	}
	return single(c), nil
}

// Union is what lies in any of the areas.
func Union(areas ...Area) Area { return combine(opOr, areas) }

// Intersection is what lies in all of the areas; of none, it is everywhere.
func Intersection(areas ...Area) Area {
	if len(areas) == 0 {
		return Everywhere()
	}
	return combine(opAnd, areas)
}

// Complement is what lies outside the area.
func Complement(a Area) Area {
	if len(a.program) == 0 {
		return Everywhere()
	}
	return Area{a.shapes, append(slices.Clone(a.program), step{do: opNot})}
}

// Difference is what lies in a and not in b.
func Difference(a, b Area) Area { return Intersection(a, Complement(b)) }

func combine(do operation, areas []Area) Area {
	var out Area
	joined := 0
	for _, a := range areas {
		if len(a.program) == 0 {
			if do == opAnd {
				return Area{}
			}
			continue
		}
		for _, s := range a.program {
			s.shape += int32(len(out.shapes))
			out.program = append(out.program, s)
		}
		out.shapes = append(out.shapes, a.shapes...)
		if joined++; joined > 1 {
			out.program = append(out.program, step{do: do})
		}
	}
	return out
}

// decide runs the formula over the verdicts of the shapes.
func (a *Area) decide(stack []verdict, of func(shape int32) verdict) verdict {
	stack = stack[:0]
	for _, s := range a.program {
		top := len(stack) - 1
		switch s.do {
		case opShape:
			stack = append(stack, of(s.shape))
		case opEverything:
			stack = append(stack, inside)
		case opNot:
			stack[top] = stack[top].not()
		case opAnd:
			stack[top-1] = min(stack[top-1], stack[top])
			stack = stack[:top]
		case opOr:
			stack[top-1] = max(stack[top-1], stack[top])
			stack = stack[:top]
		}
	}
	if len(stack) == 0 {
		return outside
	}
	return stack[0]
}

// Holds tells whether the area holds the point; cell is its H3 cell at Resolution, which matters only to sets
// of cells.
func (a Area) Holds(at orb.Point, cell uint64) bool {
	return a.decide(make([]verdict, 0, 8), func(s int32) verdict { return verdictOf(a.shapes[s].holds(at[0], at[1], cell)) }) == inside
}

func (p *polygons) holds(x, y float64, _ uint64) bool { return p.contains(x, y) }

func (p *polygons) judge(b box, _, _ uint64, edges, scratch []int32) (verdict, []int32) {
	if b.apart(p.box) {
		return outside, scratch
	}
	before := len(scratch)
	if edges == nil {
		for i := range p.edges {
			if p.edges[i].touches(b) {
				scratch = append(scratch, int32(i))
			}
		}
	} else {
		for _, i := range edges {
			if p.edges[i].touches(b) {
				scratch = append(scratch, i)
			}
		}
	}
	if len(scratch) > before {
		return border, scratch
	}
	return verdictOf(p.contains(b.west, b.south)), scratch
}
