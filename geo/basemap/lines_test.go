package basemap

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

func TestLinesAreJoinedWhereExactlyTwoMeet(t *testing.T) {
	t.Parallel()
	a, b, c, d := orb.Point{0, 0}, orb.Point{1, 0}, orb.Point{2, 0}, orb.Point{2, 1}
	for _, test := range []struct {
		name   string
		lines  []orb.LineString
		oneway bool
		want   []orb.LineString
	}{
		{"two pieces become one", []orb.LineString{{a, b}, {b, c}}, false, []orb.LineString{{a, b, c}}},
		{"the second piece is turned round", []orb.LineString{{a, b}, {c, b}}, false, []orb.LineString{{a, b, c}}},
		{"what comes before is put in front", []orb.LineString{{b, c}, {a, b}}, false, []orb.LineString{{a, b, c}}},
		{"three at a junction stay apart", []orb.LineString{{a, b}, {b, c}, {b, d}}, false, []orb.LineString{{a, b}, {b, c}, {b, d}}},
		{"one-way lines are not turned round", []orb.LineString{{a, b}, {c, b}}, true, []orb.LineString{{a, b}, {c, b}}},
		{"one-way lines in a row become one", []orb.LineString{{b, c}, {a, b}}, true, []orb.LineString{{a, b, c}}},
		{"a ring of two stays closed", []orb.LineString{{a, b, c}, {c, d, a}}, false, []orb.LineString{{a, b, c, d, a}}},
		{"a lone point is left out", []orb.LineString{{a}}, false, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, join(test.lines, test.oneway)); diff != "" {
				t.Errorf("joined lines (-want +got):\n%s", diff)
			}
		})
	}
}

func TestJoiningKeepsEverySegmentOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		point := rapid.Custom(func(t *rapid.T) orb.Point {
			return orb.Point{float64(rapid.IntRange(0, 4).Draw(t, "x")), float64(rapid.IntRange(0, 4).Draw(t, "y"))}
		})
		lines := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) orb.LineString {
			return rapid.SliceOfN(point, 2, 4).Draw(t, "line")
		}), 0, 12).Draw(t, "lines")
		oneway := rapid.Bool().Draw(t, "oneway")
		type segment [2]orb.Point
		count := func(lines []orb.LineString) map[segment]int {
			n := map[segment]int{}
			for _, line := range lines {
				for i := 1; i < len(line); i++ {
					s := segment{line[i-1], line[i]}
					if !oneway && (s[0][0] > s[1][0] || s[0][0] == s[1][0] && s[0][1] > s[1][1]) {
						s[0], s[1] = s[1], s[0]
					}
					n[s]++
				}
			}
			return n
		}
		if diff := cmp.Diff(count(lines), count(join(lines, oneway))); diff != "" {
			t.Fatalf("segments (-want +got):\n%s", diff)
		}
	})
}

func TestALabelLiesInsideItsArea(t *testing.T) {
	t.Parallel()
	// A horseshoe, whose centroid lies in the gap.
	horseshoe := orb.MultiPolygon{{{{0, 0}, {10, 0}, {10, 10}, {8, 10}, {8, 2}, {2, 2}, {2, 10}, {0, 10}, {0, 0}}}}
	if at := labelPoint(horseshoe); !inside(horseshoe, at) {
		t.Errorf("the label stands at %v, outside the area", at)
	}
	lake := orb.MultiPolygon{{{{0, 0}, {8, 0}, {8, 8}, {0, 8}, {0, 0}}, {{1, 3}, {7, 3}, {7, 5}, {1, 5}, {1, 3}}}}
	if at := labelPoint(lake); !inside(lake, at) {
		t.Errorf("the label stands at %v, on the island", at)
	}
}

func TestMercatorKnownAnswers(t *testing.T) {
	t.Parallel()
	// PostGIS 3.3: select st_astext(st_transform('srid=4326;point(9.5215 47.141)'::geometry, 3857), 2)
	got := mercator(orb.Point{9.5215, 47.141})
	for i, want := range []float64{1059928.53, 5965119.31} {
		if math.Abs(got[i]-want) > 0.01 {
			t.Errorf("ordinate %d is %.2f, want %.2f", i, got[i], want)
		}
	}
	back := degree(got)
	if math.Abs(back[0]-9.5215) > 1e-9 || math.Abs(back[1]-47.141) > 1e-9 {
		t.Errorf("there and back gives %v", back)
	}
}

func TestThinningKeepsHolesThatShow(t *testing.T) {
	t.Parallel()
	area := orb.MultiPolygon{{
		{{0, 0}, {50, 0.1}, {100, 0}, {100, 100}, {0, 100}, {0, 0}},
		{{10, 10}, {40, 10}, {40, 40}, {10, 40}, {10, 10}},
		{{60, 60}, {61, 60}, {61, 61}, {60, 61}, {60, 60}},
	}, {{{200, 200}, {201, 200}, {201, 201}, {200, 200}}}}
	want := orb.MultiPolygon{{
		{{0, 0}, {100, 0}, {100, 100}, {0, 100}, {0, 0}},
		{{10, 10}, {40, 10}, {40, 40}, {10, 40}, {10, 10}},
	}}
	if diff := cmp.Diff(want, thinArea(area, 1, 16)); diff != "" {
		t.Errorf("thinned area (-want +got):\n%s", diff)
	}
}
