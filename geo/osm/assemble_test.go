package osm

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
	upstream "github.com/paulmach/osm"
	"github.com/paulmach/osm/osmgeojson"
	"github.com/paulmach/osm/osmpbf"
	"pgregory.net/rapid"
)

func TestAssemble(t *testing.T) {
	t.Parallel()
	square := func(x, y, side float64) orb.LineString {
		return orb.LineString{{x, y}, {x + side, y}, {x + side, y + side}, {x, y + side}, {x, y}}
	}
	tests := []struct {
		name  string
		lines []orb.LineString
		rings []int // rings of each polygon
		area  float64
		loose int
	}{
		{"one closed line is one polygon", []orb.LineString{square(0, 0, 2)}, []int{1}, 4, 0},
		{"two halves, one drawn backwards, join", []orb.LineString{
			{{0, 0}, {2, 0}, {2, 2}}, {{0, 0}, {0, 2}, {2, 2}},
		}, []int{1}, 4, 0},
		{"a ring within is a hole whatever its role", []orb.LineString{square(1, 1, 1), square(0, 0, 4)}, []int{2}, 15, 0},
		{"an island in the hole is a polygon again", []orb.LineString{square(0, 0, 10), square(1, 1, 8), square(2, 2, 2)}, []int{2, 1}, 40, 0},
		{"a hole that touches its outer ring in a corner stays a hole", []orb.LineString{
			square(0, 0, 4), {{0, 0}, {2, 1}, {1, 2}, {0, 0}},
		}, []int{2}, 16 - 1.5, 0},
		{"a figure of eight falls into two polygons", []orb.LineString{
			{{0, 0}, {1, 1}, {2, 0}, {2, 2}, {1, 1}, {0, 2}, {0, 0}},
		}, []int{1, 1}, 2, 0},
		{"two outer rings with a common wall become one", []orb.LineString{square(0, 0, 2), {{2, 0}, {4, 0}, {4, 2}, {2, 2}, {2, 0}}}, []int{1}, 8, 0},
		{"a line drawn twice bounds nothing", []orb.LineString{square(0, 0, 2), square(0, 0, 2)}, nil, 0, 0},
		{"a ring that does not close is left out and told", []orb.LineString{square(0, 0, 2), {{5, 5}, {6, 5}, {6, 6}}}, []int{1}, 4, 1},
		{"a loose tail does not spoil the ring", []orb.LineString{square(0, 0, 2), {{2, 2}, {3, 3}}}, []int{1}, 4, 1},
		{"three lines between two corners keep the two that close", []orb.LineString{
			{{0, 0}, {4, 0}}, {{0, 0}, {2, 2}, {4, 0}}, {{0, 0}, {2, -2}, {4, 0}},
		}, []int{1}, 8, 2 - 1},
		{"repeated points and single points do no harm", []orb.LineString{{{0, 0}, {0, 0}, {2, 0}, {2, 0}, {2, 2}, {0, 2}, {0, 0}}, {{7, 7}}}, []int{1}, 4, 0},
		{"nothing gives nothing", nil, nil, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Assemble(tt.lines)
			var open *OpenRingsError
			if errors.As(err, &open); err != nil && open == nil {
				t.Fatal(err)
			}
			loose := 0
			if open != nil {
				loose = len(open.Ends)
			}
			var rings []int
			for _, p := range got {
				rings = append(rings, len(p))
				for i, r := range p {
					if want := map[bool]orb.Orientation{true: orb.CCW, false: orb.CW}[i == 0]; r.Orientation() != want {
						t.Errorf("ring %d turns %v, want %v", i, r.Orientation(), want)
					}
				}
			}
			if d := cmp.Diff(tt.rings, rings); d != "" {
				t.Errorf("rings of each polygon (-want +got):\n%s", d)
			}
			if a := planar.Area(got); math.Abs(a-tt.area) > 1e-9 {
				t.Errorf("area %v, want %v", a, tt.area)
			}
			if loose != tt.loose {
				t.Errorf("%d loose ends, want %d (%v)", loose, tt.loose, err)
			}
		})
	}
}

// Any set of unit squares, drawn edge by edge in any order and direction, has the area of its squares, and a
// point is inside exactly when its square is drawn.
func TestAssembleKeepsTheEvenOddArea(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const n = 6
		cells := rapid.SliceOfNDistinct(rapid.IntRange(0, n*n-1), 0, n*n, rapid.ID[int]).Draw(t, "cells")
		drawn := make(map[int]bool)
		var edges []orb.LineString
		for _, c := range cells {
			drawn[c] = true
			x, y := float64(c%n), float64(c/n)
			edges = append(edges,
				orb.LineString{{x, y}, {x + 1, y}}, orb.LineString{{x + 1, y}, {x + 1, y + 1}},
				orb.LineString{{x, y + 1}, {x + 1, y + 1}}, orb.LineString{{x, y}, {x, y + 1}})
		}
		got, err := Assemble(rapid.Permutation(edges).Draw(t, "order"))
		if err != nil {
			t.Fatal(err)
		}
		if a := planar.Area(got); math.Abs(a-float64(len(cells))) > 1e-9 {
			t.Fatalf("area %v, want %d", a, len(cells))
		}
		for c := range n * n {
			at := orb.Point{float64(c%n) + 0.5, float64(c/n) + 0.5}
			if in := planar.MultiPolygonContains(got, at); in != drawn[c] {
				t.Fatalf("square %d inside: %v, want %v", c, in, drawn[c])
			}
		}
	})
}

// Every multipolygon of the real extracts has the area that the library's own, quite different assembly gives it.
func TestAssembledAreasAgreeWithLibraryOnRealExtracts(t *testing.T) {
	for _, path := range extracts(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			want := oracleAreas(t, path)
			s, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			places, err := s.Locations(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			ways := make(map[int64][]int64)
			compared := 0
			err = s.Scan(t.Context(), Handler{
				Way: func(w Way) error { ways[w.ID] = w.Nodes; return nil },
				Relation: func(r Relation) error {
					if kind := r.Tags.Get("type"); kind != "multipolygon" && kind != "boundary" {
						return nil
					}
					var lines []orb.LineString
					for _, m := range r.Members {
						nodes, ok := ways[m.Ref]
						if m.Kind != WayMember {
							continue
						}
						line, missing := places.Line(nodes)
						if !ok || missing > 0 {
							return nil // cut by the extract: the two may differ in what they make of the rest
						}
						lines = append(lines, line)
					}
					w, ok := want[r.ID]
					if !ok {
						return nil // the library makes no area of it
					}
					// An error is no matter: of a boundary that the extract cuts both keep the islands that close.
					area, _ := Assemble(lines)
					compared++
					if got := planar.Area(area); math.Abs(got-w) > 1e-9*math.Max(w, 1e-6) {
						t.Errorf("relation %d (%s): area %.9g, the library's %.9g", r.ID, r.Tags.Get("name"), got, w)
					}
					return nil
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d areas compared", compared)
		})
	}
}

func oracleAreas(t *testing.T, path string) map[int64]float64 {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	scan := osmpbf.New(t.Context(), f, 1)
	defer scan.Close()
	// Only what areas need, and no tags on ways: a tagless outer way would lend its own to the relation.
	all := &upstream.OSM{}
	for scan.Scan() {
		switch e := scan.Object().(type) {
		case *upstream.Node:
			e.Tags = nil
			all.Nodes = append(all.Nodes, e)
		case *upstream.Way:
			e.Tags = nil
			all.Ways = append(all.Ways, e)
		case *upstream.Relation:
			if kind := e.Tags.Find("type"); kind == "multipolygon" || kind == "boundary" {
				all.Relations = append(all.Relations, e)
			}
		}
	}
	if scan.Err() != nil {
		t.Fatal(scan.Err())
	}
	fc, err := osmgeojson.Convert(all, osmgeojson.NoMeta(true), osmgeojson.NoRelationMembership(true))
	if err != nil {
		t.Fatal(err)
	}
	areas := make(map[int64]float64)
	for _, f := range fc.Features {
		if f.Properties["type"] != "relation" {
			continue
		}
		switch g := f.Geometry.(type) {
		case orb.Polygon, orb.MultiPolygon:
			id, ok := f.Properties["id"].(int)
			if !ok {
				t.Fatalf("id is a %T", f.Properties["id"])
			}
			areas[int64(id)] = planar.Area(g)
		}
	}
	return areas
}
