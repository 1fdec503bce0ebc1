package geo

import (
	"slices"

	"github.com/paulmach/orb"
)

// selfCrossing finds an edge of the ring that properly crosses another, by a sweep along the longitude: edges
// sorted by their west end, each compared with those still open. Edges that merely touch count as sound.
func selfCrossing(ring orb.Ring) (at int, found bool) {
	type edge struct {
		west, east float64
		i          int
	}
	edges := make([]edge, 0, len(ring)-1)
	for i := 0; i+1 < len(ring); i++ {
		edges = append(edges, edge{min(ring[i][0], ring[i+1][0]), max(ring[i][0], ring[i+1][0]), i})
	}
	slices.SortFunc(edges, func(a, b edge) int {
		switch {
		case a.west < b.west:
			return -1
		case a.west > b.west:
			return 1
		}
		return a.i - b.i
	})
	var open []edge
	for _, e := range edges {
		still := open[:0]
		for _, o := range open {
			if o.east < e.west {
				continue
			}
			still = append(still, o)
			if crosses(ring[e.i], ring[e.i+1], ring[o.i], ring[o.i+1]) {
				return max(e.i, o.i), true
			}
		}
		open = append(still, e)
	}
	return 0, false
}

// crosses tells whether the open segments ab and cd cross in one inner point of both.
func crosses(a, b, c, d orb.Point) bool {
	return side(a, b, c)*side(a, b, d) < 0 && side(c, d, a)*side(c, d, b) < 0
}

// side is +1, 0 or -1 as p lies left of, on or right of the line from a to b.
func side(a, b, p orb.Point) int {
	v := (b[0]-a[0])*(p[1]-a[1]) - (b[1]-a[1])*(p[0]-a[0])
	switch {
	case v > 0:
		return 1
	case v < 0:
		return -1
	}
	return 0
}
