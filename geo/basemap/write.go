package basemap

import (
	"cmp"
	"maps"
	"slices"

	"github.com/paulmach/orb"

	"catchment/geo/osm"
)

// finish assembles relations, joins lines and sends the rest.
func (l *load) finish() error {
	levels := map[int64]int16{} // lowest admin_level of each boundary way
	for _, a := range l.areas {
		if err := l.ctx.Err(); err != nil {
			return err
		}
		lines := make([]orb.LineString, 0, len(a.ways))
		for _, id := range a.ways {
			if line, ok := l.members[id]; ok {
				lines = append(lines, line)
			} else {
				a.missing = true
			}
		}
		if a.level > 0 && a.missing {
			continue // a neighbour's boundary of which the extract holds a piece
		}
		shape, err := osm.Assemble(lines)
		if err != nil || len(shape) == 0 {
			continue // an area cut by the edge of the extract
		}
		if a.level == 0 {
			if err := l.area(a.tags, shape, false); err != nil {
				return err
			}
			continue
		}
		l.districts = append(l.districts, shape)
		for _, id := range a.ways {
			if level, ok := levels[id]; !ok || a.level < level {
				levels[id] = a.level
			}
		}
	}
	l.writeBoundaries(levels)
	if err := l.sea(); err != nil {
		return err
	}
	if err := l.writeRivers(); err != nil {
		return err
	}
	if err := l.writeRoads(); err != nil {
		return err
	}
	if err := l.writeStreets(); err != nil {
		return err
	}
	for _, t := range l.tables {
		if err := t.send(l.ctx, l.tx); err != nil {
			return err
		}
	}
	return nil
}

func (l *load) writeBoundaries(levels map[int64]int16) {
	byLevel := map[int16][]orb.LineString{}
	for _, id := range slices.Sorted(maps.Keys(levels)) {
		byLevel[levels[id]] = append(byLevel[levels[id]], l.members[id])
	}
	for _, level := range slices.Sorted(maps.Keys(byLevel)) {
		minzoom := int16(4)
		switch {
		case level > 6:
			minzoom = 11
		case level > 4:
			minzoom = 9
		case level > 2:
			minzoom = 6
		}
		for _, line := range join(byLevel[level], false) {
			t := l.boundary
			t.row()
			t.int64(l.generation)
			t.int16(level)
			t.int16(minzoom)
			t.shape(line, 3857)
		}
	}
}

func (l *load) writeRivers() error {
	keys := slices.SortedFunc(maps.Keys(l.rivers), func(a, b riverKey) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.name, b.name), compareBools(a.tunnel, b.tunnel))
	})
	for _, key := range keys {
		for _, line := range join(l.rivers[key], true) {
			t := l.waterway
			t.row()
			t.int64(l.generation)
			t.text(key.kind)
			t.int16(key.minzoom)
			t.bool(key.tunnel)
			t.textOrNull(key.name)
			t.object(l.streetNames[key.name])
			t.shape(line, 3857)
		}
		if err := l.room(l.waterway); err != nil {
			return err
		}
	}
	l.rivers = nil
	return nil
}

func (l *load) writeRoads() error {
	thin := [details]map[roadKey][]orb.LineString{to12: {}, to10: {}, to8: {}}
	for _, key := range sortedRoads(l.roads) {
		lines := l.roads[key]
		l.writeRoad(full, key, lines, 0)
		// Far away, bridges and directions do not show: fewer keys make longer lines.
		far := roadKey{roadKind: key.roadKind, tunnel: key.tunnel}
		far.ramp = false
		for d := to12; d < details; d++ {
			if int(key.minzoom) <= topZoom[d] {
				thin[d][far] = append(thin[d][far], lines...)
			}
		}
		if err := l.room(l.road[full]); err != nil {
			return err
		}
	}
	for d := to12; d < details; d++ {
		for _, key := range sortedRoads(thin[d]) {
			l.writeRoad(d, key, thin[d][key], 0.5*pixel(topZoom[d]))
			if err := l.room(l.road[d]); err != nil {
				return err
			}
		}
	}
	l.roads = nil
	return nil
}

func (l *load) writeRoad(detail int, key roadKey, lines []orb.LineString, tolerance float64) {
	for _, line := range join(lines, key.oneway) {
		if tolerance > 0 {
			line = thinLine(line, tolerance)
		}
		t := l.road[detail]
		t.row()
		t.int64(l.generation)
		t.text(key.class)
		t.textOrNull(key.kind)
		t.int16(key.minzoom)
		t.int16(key.layer)
		t.bool(key.bridge)
		t.bool(key.tunnel)
		t.bool(key.ramp)
		t.bool(key.oneway)
		t.bool(key.private)
		t.shape(line, 3857)
	}
}

func sortedRoads(roads map[roadKey][]orb.LineString) []roadKey {
	return slices.SortedFunc(maps.Keys(roads), func(a, b roadKey) int {
		return cmp.Or(cmp.Compare(a.class, b.class), cmp.Compare(a.kind, b.kind), cmp.Compare(a.minzoom, b.minzoom),
			cmp.Compare(a.layer, b.layer), compareBools(a.ramp, b.ramp), compareBools(a.bridge, b.bridge),
			compareBools(a.tunnel, b.tunnel), compareBools(a.oneway, b.oneway), compareBools(a.private, b.private))
	})
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func (l *load) writeStreets() error {
	keys := slices.SortedFunc(maps.Keys(l.streets), func(a, b streetKey) int {
		return cmp.Or(cmp.Compare(a.class, b.class), cmp.Compare(a.name, b.name), cmp.Compare(a.ref, b.ref))
	})
	for _, key := range keys {
		for _, line := range join(l.streets[key], false) {
			t := l.street
			t.row()
			t.int64(l.generation)
			t.text(key.class)
			t.int16(key.minzoom)
			t.textOrNull(key.name)
			t.object(l.streetNames[key.name])
			t.textOrNull(key.ref)
			t.shape(line, 3857)
		}
		if err := l.room(l.street); err != nil {
			return err
		}
	}
	l.streets = nil
	return nil
}
