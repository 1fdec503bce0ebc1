package basemap

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
)

func TestAFaceIsSeaWhenItLiesRightOfTheShore(t *testing.T) {
	t.Parallel()
	shore := map[[2]orb.Point]bool{{{0, 5}, {10, 5}}: true} // eastward: land to the north, sea to the south
	north := orb.Polygon{{{0, 5}, {10, 5}, {10, 10}, {0, 10}, {0, 5}}}
	south := orb.Polygon{{{0, 0}, {10, 0}, {10, 5}, {0, 5}, {0, 0}}}
	clockwise := orb.Polygon{slices.Clone(south[0])}
	slices.Reverse(clockwise[0])
	for _, test := range []struct {
		name string
		face orb.Polygon
		want bool
	}{{"north of it", north, false}, {"south of it", south, true}, {"south of it, turned", clockwise, true}} {
		if got := isSea(test.face, shore); got != test.want {
			t.Errorf("%s: sea is %v, want %v", test.name, got, test.want)
		}
	}
}

func TestShoresAreCutToTheBoxAndLedToItsSide(t *testing.T) {
	t.Parallel()
	box := orb.Bound{Max: orb.Point{10, 10}}
	for _, test := range []struct {
		name   string
		shores []orb.LineString
		want   []orb.LineString
	}{
		{"one that crosses", []orb.LineString{{{-5, 5}, {15, 5}}}, []orb.LineString{{{0, 5}, {10, 5}}}},
		{"one that ends inside goes on to the nearest side", []orb.LineString{{{-5, 5}, {9, 5}}}, []orb.LineString{{{0, 5}, {9, 5}, {10, 5}}}},
		{"an island stays as it is", []orb.LineString{{{4, 4}, {6, 4}, {5, 6}, {4, 4}}}, []orb.LineString{{{4, 4}, {6, 4}, {5, 6}, {4, 4}}}},
		{"one outside is left out", []orb.LineString{{{20, 20}, {30, 30}}}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, insideBox(test.shores, box)); diff != "" {
				t.Errorf("shores (-want +got):\n%s", diff)
			}
		})
	}
	want := []orb.LineString{{{0, 0}, {10, 0}}, {{10, 0}, {10, 5}}, {{10, 5}, {10, 10}}, {{10, 10}, {0, 10}}, {{0, 10}, {0, 5}}, {{0, 5}, {0, 0}}}
	if diff := cmp.Diff(want, frame(box, []orb.LineString{{{0, 5}, {10, 5}}})); diff != "" {
		t.Errorf("frame (-want +got):\n%s", diff)
	}
}
