package draw_test

import (
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"catchment/routing/vrp"
	"catchment/routing/vrp/draw"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// plan is a route of two stops with a break, and a visit that is left out; the descriptions try to break out.
func plan(places bool) *vrp.Solution {
	at := func(x, y float64) *orb.Point {
		if !places {
			return nil
		}
		return &orb.Point{x, y}
	}
	return &vrp.Solution{
		Summary: vrp.Summary{Cost: 1200, Routes: 1, Unassigned: 1},
		Routes: []vrp.Route{{Vehicle: 1, Description: "van </svg><script>", Cost: 1200, Duration: 1200, Steps: []vrp.Step{
			{Type: vrp.StepStart, Location: at(9.5, 47.1), Arrival: 28800},
			{Type: vrp.StepJob, ID: 7, Description: `pump "B" & <filter>`, Location: at(9.52, 47.14), Arrival: 29400, WaitingTime: 600, Service: 1800},
			{Type: vrp.StepBreak, ID: 1, Arrival: 31800, Service: 1800},
			{Type: vrp.StepJob, ID: 8, Location: at(9.54, 47.12), Arrival: 34200, Service: 900},
			{Type: vrp.StepEnd, Location: at(9.5, 47.1), Arrival: 86400 + 3600},
		}}},
		Unassigned: []vrp.Unassigned{{ID: 9, Type: vrp.StepJob, Location: at(9.6, 47.2), Reason: &vrp.Reason{Code: vrp.ReasonSkills, Vehicles: []vrp.ReasonCount{{Code: vrp.ReasonSkills, Count: 1}}}}},
	}
}

func TestPictures(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, file string
		format     func(io.Writer, *vrp.Solution) error
		places     bool
	}{
		{"a map", "map.svg", draw.SVG, true},
		{"a chart of times where there are no coordinates", "chart.svg", draw.SVG, false},
		{"a page", "page.html", draw.HTML, true},
		{"features", "plan.geojson", draw.GeoJSON, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var got strings.Builder
			if err := test.format(&got, plan(test.places)); err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", test.file)
			if *update {
				if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if strings.Contains(got.String(), "<script") || strings.Contains(got.String(), "<filter") {
				t.Error("a description became markup")
			}
			if strings.HasSuffix(test.file, ".svg") {
				wellFormed(t, got.String())
			}
		})
	}
}

func wellFormed(t *testing.T, text string) {
	t.Helper()
	for decoder := xml.NewDecoder(strings.NewReader(text)); ; {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestEveryStopIsAFeature(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	if err := draw.GeoJSON(&text, plan(true)); err != nil {
		t.Fatal(err)
	}
	all, err := geojson.UnmarshalFeatureCollection([]byte(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for _, f := range all.Features {
		kinds[f.Properties.MustString("kind")]++
	}
	if diff := cmp.Diff(map[string]int{"route": 1, "stop": 4, "unassigned": 1}, kinds); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAnEmptyPlanCanBeDrawn(t *testing.T) {
	t.Parallel()
	for name, format := range map[string]func(io.Writer, *vrp.Solution) error{"svg": draw.SVG, "html": draw.HTML, "geojson": draw.GeoJSON} {
		if err := format(io.Discard, &vrp.Solution{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
