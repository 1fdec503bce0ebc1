package basemap

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"catchment/geo/osm"
)

func tagged(kv ...string) osm.Tags {
	var tags osm.Tags
	for i := 0; i+1 < len(kv); i += 2 {
		tags = append(tags, osm.Tag{Key: kv[i], Value: kv[i+1]})
	}
	return tags
}

func TestRoadsAreDrawnByTheirClass(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		tags osm.Tags
		want string // class, kind and whether a ramp
	}{
		{"a ramp is drawn as its road", tagged("highway", "motorway_link"), "motorway ramp"},
		{"a living street is a minor road", tagged("highway", "living_street"), "minor living_street"},
		{"a cycle path", tagged("highway", "path", "bicycle", "designated"), "path cycleway"},
		{"steps", tagged("highway", "steps"), "path steps"},
		{"a square is an area, no line", tagged("highway", "pedestrian", "area", "yes"), ""},
		{"an aisle on the second level of a car park", tagged("highway", "service", "level", "2"), ""},
		{"a driveway through a cellar", tagged("highway", "service", "tunnel", "yes", "layer", "-1"), ""},
		{"a road tunnel stays", tagged("highway", "primary", "tunnel", "yes", "layer", "-1"), "primary"},
		{"a corridor", tagged("highway", "footway", "indoor", "yes"), ""},
		{"a siding", tagged("railway", "rail", "service", "yard"), "rail siding"},
		{"a road under construction", tagged("highway", "construction"), ""},
		{"a gondola", tagged("aerialway", "gondola"), "aerialway"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := ""
			if kind, ok := roadOf(test.tags); ok {
				if got = kind.class; kind.kind != "" {
					got += " " + kind.kind
				}
				if kind.ramp {
					got += " ramp"
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("drawn as (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAreasAreLandWaterOrHouses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		tags osm.Tags
		want [3]string // land, water, building
	}{
		{"a forest", tagged("landuse", "forest"), [3]string{"wood"}},
		{"a pitch within a school is a pitch", tagged("leisure", "pitch", "amenity", "school"), [3]string{"pitch"}},
		{"a car park in the open", tagged("amenity", "parking"), [3]string{"parking"}},
		{"a car park below ground is not seen", tagged("amenity", "parking", "parking", "underground"), [3]string{}},
		{"a river's area", tagged("natural", "water", "water", "river"), [3]string{"", "river"}},
		{"a house", tagged("building", "yes"), [3]string{"", "", "building"}},
		{"a church", tagged("building", "church"), [3]string{"", "", "public"}},
		{"a carport", tagged("building", "carport"), [3]string{"", "", "light"}},
		{"no house", tagged("building", "no"), [3]string{}},
		{"a cellar", tagged("building", "yes", "location", "underground"), [3]string{}},
		{"a municipality is no land cover", tagged("boundary", "administrative"), [3]string{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := [3]string{landKind(test.tags), waterKind(test.tags), buildingKind(test.tags)}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("land, water, building (-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzTags(f *testing.F) {
	f.Add("highway", "motorway_link", "layer", "-99999999999999999999")
	f.Add("natural", "peak", "ele", "1e309")
	f.Add("place", "city", "population", "1.234.567")
	f.Add("waterway", "river", "name", "\u202e")
	f.Fuzz(func(t *testing.T, k1, v1, k2, v2 string) {
		tags := tagged(k1, v1, k2, v2, "name", v2)
		if kind, ok := roadOf(tags); ok && (kind.class == "" || kind.minzoom < MinZoom || kind.minzoom > MaxZoom) {
			t.Errorf("road %+v", kind)
		}
		if kind := landKind(tags); kind != "" {
			if _, ok := landRanks[kind]; !ok {
				t.Errorf("land %q has no rank", kind)
			}
		}
		if l := layerOf(tags); l < -5 || l > 5 {
			t.Errorf("layer %d", l)
		}
		waterKind(tags)
		waterwayKind(tags)
		buildingKind(tags)
		placeOf(tags)
		signOf(tags)
		elevation(tags)
		namesOf(tags)
		direction(tags, "minor")
	})
}
