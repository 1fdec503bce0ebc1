package basemap

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/clip"
	"github.com/paulmach/orb/encoding/wkb"
)

// sea turns the coastlines into areas of water. OpenStreetMap draws no sea, only its shore, with the land on the
// left: the shores and the box around the extract cut the box into faces, and each face lies left or right of a shore.
func (l *load) sea() error {
	if len(l.shores) == 0 {
		return nil
	}
	box, ok := l.box()
	if !ok {
		return nil
	}
	shores := insideBox(l.shores, box)
	if len(shores) == 0 {
		return nil
	}
	edges := orb.MultiLineString(append(frame(box, shores), shores...))
	raw, err := wkb.Marshal(edges)
	if err != nil {
		return fmt.Errorf("prepare the coastline: %w", err)
	}
	var faces []byte
	err = l.tx.QueryRow(l.ctx, `
		select st_asbinary(st_polygonize(st_node(st_geomfromwkb($1::bytea, 3857))), 'NDR')`, raw).Scan(&faces)
	if err != nil {
		return fmt.Errorf("cut the sea along the coastline: %w", err)
	}
	shape, err := wkb.Unmarshal(faces)
	if err != nil {
		return fmt.Errorf("read the sea: %w", err)
	}
	collection, ok := shape.(orb.Collection)
	if !ok {
		return nil
	}
	runs := map[[2]orb.Point]bool{} // pieces of shore, in their direction
	for _, line := range shores {
		for i := 1; i < len(line); i++ {
			runs[[2]orb.Point{line[i-1], line[i]}] = true
		}
	}
	for _, face := range collection {
		polygon, ok := face.(orb.Polygon)
		if !ok || !isSea(polygon, runs) {
			continue
		}
		area := orb.MultiPolygon{polygon}
		size := areaOf(area)
		l.thinned(area, size, true, func(d int, g orb.Geometry) {
			t := l.water[d]
			t.row()
			t.int64(l.generation)
			t.text("sea")
			t.bool(false)
			t.float32(size)
			t.shape(g, 3857)
		})
	}
	return nil
}

// isSea tells whether a face lies to the right of the shores on its rim.
func isSea(face orb.Polygon, runs map[[2]orb.Point]bool) bool {
	sea, land := 0, 0
	for i, ring := range face {
		// Turned so that the face lies on the left of its rim.
		turned := (ringArea(ring) > 0) == (i == 0)
		for k := 1; k < len(ring); k++ {
			a, b := ring[k-1], ring[k]
			if !turned {
				a, b = b, a
			}
			if runs[[2]orb.Point{a, b}] {
				land++
			}
			if runs[[2]orb.Point{b, a}] {
				sea++
			}
		}
	}
	return sea > land
}

// box is the bound of all that the extract holds, a cell wider on each side.
func (l *load) box() (orb.Bound, bool) {
	if len(l.cells) == 0 {
		return orb.Bound{}, false
	}
	side := l.side()
	bound := orb.Bound{Min: orb.Point{math.Inf(1), math.Inf(1)}, Max: orb.Point{math.Inf(-1), math.Inf(-1)}}
	for c := range l.cells {
		west, south := float64(c.x)*side-halfWorld, float64(c.y)*side-halfWorld
		bound.Min = orb.Point{min(bound.Min[0], west-side), min(bound.Min[1], south-side)}
		bound.Max = orb.Point{max(bound.Max[0], west+2*side), max(bound.Max[1], south+2*side)}
	}
	return bound, true
}

// insideBox joins the shores and cuts them to the box. A shore that ends inside, because the extract ends there, is
// led on to the nearest side.
func insideBox(shores []orb.LineString, box orb.Bound) []orb.LineString {
	joined := shores
	for range 20 { // join stops at a length; a shore has none
		next := join(joined, true)
		if len(next) == len(joined) {
			break
		}
		joined = next
	}
	var out []orb.LineString
	for _, line := range joined {
		if !box.Intersects(line.Bound()) {
			continue
		}
		closed := line[0] == line[len(line)-1]
		if !closed {
			if box.Contains(line[0]) && !onSide(line[0], box) {
				line = append(orb.LineString{toSide(line[0], box)}, line...)
			}
			if end := line[len(line)-1]; box.Contains(end) && !onSide(end, box) {
				line = append(slices.Clone(line), toSide(end, box))
			}
		}
		for _, piece := range clip.LineString(box, line.Clone()) {
			if len(piece) >= 2 {
				out = append(out, piece)
			}
		}
	}
	return out
}

func onSide(p orb.Point, box orb.Bound) bool {
	return p[0] == box.Min[0] || p[0] == box.Max[0] || p[1] == box.Min[1] || p[1] == box.Max[1]
}

// toSide is the point of the box's rim nearest to p.
func toSide(p orb.Point, box orb.Bound) orb.Point {
	return slices.MinFunc([]orb.Point{{box.Min[0], p[1]}, {box.Max[0], p[1]}, {p[0], box.Min[1]}, {p[0], box.Max[1]}},
		func(a, b orb.Point) int {
			return cmp.Compare(math.Hypot(a[0]-p[0], a[1]-p[1]), math.Hypot(b[0]-p[0], b[1]-p[1]))
		})
}

// frame is the rim of the box, cut where shores meet it.
func frame(box orb.Bound, shores []orb.LineString) []orb.LineString {
	around := func(p orb.Point) float64 { // how far along the rim, from the south-west corner, counter-clockwise
		w, h := box.Max[0]-box.Min[0], box.Max[1]-box.Min[1]
		switch {
		case p[1] == box.Min[1]:
			return p[0] - box.Min[0]
		case p[0] == box.Max[0]:
			return w + p[1] - box.Min[1]
		case p[1] == box.Max[1]:
			return w + h + box.Max[0] - p[0]
		}
		return 2*w + h + box.Max[1] - p[1]
	}
	stops := []orb.Point{box.Min, {box.Max[0], box.Min[1]}, box.Max, {box.Min[0], box.Max[1]}}
	for _, line := range shores {
		for _, p := range []orb.Point{line[0], line[len(line)-1]} {
			if onSide(p, box) {
				stops = append(stops, p)
			}
		}
	}
	slices.SortFunc(stops, func(a, b orb.Point) int { return cmp.Compare(around(a), around(b)) })
	stops = slices.Compact(stops)
	var out []orb.LineString
	for i, p := range stops {
		out = append(out, orb.LineString{p, stops[(i+1)%len(stops)]})
	}
	return out
}
