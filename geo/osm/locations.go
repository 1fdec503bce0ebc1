package osm

import (
	"context"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// Locations tells where nodes are: 16 bytes a node in sorted arrays, since a Go map of 3 million nodes costs over
// 200 MB. Add nodes, then Sort, then ask from any number of goroutines.
type Locations struct {
	ids    []int64
	places []place
	sorted int // so many leading ids are strictly rising
}

// place is a point in units of 1e-7 degrees, the exact resolution of OpenStreetMap.
type place struct{ lon, lat int32 }

// Len returns how many nodes were added.
func (l *Locations) Len() int { return len(l.ids) }

// Add notes where a node is. Of several places for one id the last one counts.
func (l *Locations) Add(id int64, at orb.Point) {
	p := place{int32(math.Round(at[0] * 1e7)), int32(math.Round(at[1] * 1e7))}
	if l.sorted == len(l.ids) && (l.sorted == 0 || l.ids[l.sorted-1] < id) {
		l.sorted++
	}
	l.ids = append(l.ids, id)
	l.places = append(l.places, p)
}

// Sort makes the table ready to be asked; free of cost when ids came in rising order, as they do in most extracts.
func (l *Locations) Sort() {
	if l.sorted == len(l.ids) {
		return
	}
	order := make([]int, len(l.ids))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch x, y := l.ids[a], l.ids[b]; {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
	ids := make([]int64, 0, len(order))
	places := make([]place, 0, len(order))
	for _, i := range order {
		if n := len(ids); n > 0 && ids[n-1] == l.ids[i] {
			places[n-1] = l.places[i]
			continue
		}
		ids, places = append(ids, l.ids[i]), append(places, l.places[i])
	}
	l.ids, l.places, l.sorted = ids, places, len(ids)
}

// At returns where node id is; false when the extract does not hold it. It panics when Sort is still due.
func (l *Locations) At(id int64) (orb.Point, bool) {
	if l.sorted != len(l.ids) {
		panic("osm: Locations.At before Sort")
	}
	i, ok := slices.BinarySearch(l.ids, id)
	if !ok {
		return orb.Point{}, false
	}
	p := l.places[i]
	return orb.Point{float64(p.lon) / 1e7, float64(p.lat) / 1e7}, true
}

// Line returns the way's line and how many of its nodes the extract lacks; those are left out.
func (l *Locations) Line(nodes []int64) (line orb.LineString, missing int) {
	line = make(orb.LineString, 0, len(nodes))
	for _, id := range nodes {
		if at, ok := l.At(id); ok {
			line = append(line, at)
		} else {
			missing++
		}
	}
	return line, missing
}

// Locations scans the extract for the places of all nodes keep says yes to (all when nil), sorted and ready.
func (s *Source) Locations(ctx context.Context, keep func(id int64) bool) (*Locations, error) {
	var l Locations
	err := s.Scan(ctx, Handler{Node: func(n Node) error {
		if keep == nil || keep(n.ID) {
			l.Add(n.ID, n.At)
		}
		return nil
	}})
	if err != nil {
		return nil, err
	}
	l.Sort()
	return &l, nil
}
