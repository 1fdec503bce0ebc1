package osrm

import (
	"context"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"catchment/geo/town"
	"catchment/routing/road"
)

func TestAPostedQuestionIsAnsweredAsTheSameInTheAddress(t *testing.T) {
	t.Parallel()
	g := prepare(t, town.Random(2, 8), road.Car())
	at := places(1, 4)
	coordinates, err := json.Marshal(at)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ service, query, body string }{
		{"route", "steps=true&overview=full&annotations=true", `"steps": true, "overview": "full", "annotations": "true"`},
		{"route", "waypoints=0;2;3&continue_straight=false", `"waypoints": [0, 2, 3], "continue_straight": false`},
		{"table", "sources=0;1&destinations=2;3&annotations=duration,distance", `"sources": [0, 1], "destinations": [2, 3], "annotations": ["duration", "distance"]`},
		{"table", "fallback_speed=10.5&scale_factor=2", `"fallback_speed": 10.5, "scale_factor": 2`},
		{"route", "bearings=;90,180;;&radiuses=;;unlimited;500", `"bearings": [null, [90, 180], null, ""], "radiuses": [null, null, "unlimited", 500]`},
		{"trip", "roundtrip=true&source=first", `"roundtrip": true, "source": "first"`},
		{"match", "timestamps=1;20;40;60&gaps=ignore", `"timestamps": [1, 20, 40, 60], "gaps": "ignore"`},
	} {
		want, wantBody := Serve(context.Background(), g, Question{Path: "/" + test.service + "/v1/driving/" + text(at...), RawQuery: test.query})
		got, gotBody := Serve(context.Background(), g, Question{Path: "/" + test.service + "/v1/driving", Body: []byte(`{"coordinates": ` + string(coordinates) + ", " + test.body + "}")})
		if diff := cmp.Diff(string(wantBody), string(gotBody)); diff != "" || want != got {
			t.Errorf("%s?%s: status %d, want %d: %s", test.service, test.query, got, want, diff)
		}
	}
}

func TestWrongBodiesAreRefused(t *testing.T) {
	t.Parallel()
	g := prepare(t, street(), road.Car())
	for name, test := range map[string]struct{ path, body, want string }{
		"nothing":                        {"/table/v1/car", "", "no JSON object"},
		"a list":                         {"/table/v1/car", "[]", "no JSON object"},
		"two objects":                    {"/table/v1/car", `{"coordinates":[[0,0]]} {}`, "more than one"},
		"no coordinates":                 {"/table/v1/car", "{}", "no list of"},
		"coordinates of text":            {"/table/v1/car", `{"coordinates":["a"]}`, "no list of"},
		"a place outside the world":      {"/table/v1/car", `{"coordinates":[[200,0]]}`, "Invalid coordinate"},
		"a field nobody knows":           {"/table/v1/car", `{"coordinates":[[0,0]],"speed":3}`, `field "speed"`},
		"an index out of range":          {"/table/v1/car", `{"coordinates":[[0,0]],"sources":[1]}`, `field "sources"`},
		"an object for a value":          {"/table/v1/car", `{"coordinates":[[0,0]],"sources":{"a":1}}`, `field "sources"`},
		"coordinates in the address too": {"/table/v1/car/0,0;1,1", `{"coordinates":[[0,0]]}`, "belong into the body"},
		"a service nobody knows":         {"/dance/v1/car", `{"coordinates":[[0,0]]}`, "not found"},
	} {
		status, body := Serve(context.Background(), g, Question{Path: test.path, Body: []byte(test.body)})
		if status != 400 || !strings.Contains(strings.ReplaceAll(string(body), `\"`, `"`), test.want) {
			t.Errorf("%s: status %d, %s; want 400 and %q", name, status, body, test.want)
		}
	}
}

func TestABinaryTableTellsWhatTheJSONTells(t *testing.T) {
	t.Parallel()
	g := prepare(t, town.Random(4, 9), road.Car())
	at := places(2, 7)
	var told struct{ Durations, Distances [][]*float64 }
	ask(t, g, "/table/v1/driving/"+text(at...), "sources=0;1;2&annotations=duration,distance", &told)
	for query, parts := range map[string][2]bool{"annotations=duration,distance": {true, true}, "annotations=distance": {false, true}, "": {true, false}} {
		status, body := Serve(context.Background(), g, Question{Path: "/table/v1/driving/" + text(at...), RawQuery: "sources=0;1;2&" + query, Binary: true})
		rows, columns, tenths, decimeters, err := ReadTable(body)
		if err != nil || status != 200 {
			t.Fatalf("%s: status %d, %v", query, status, err)
		}
		if diff := cmp.Diff([]any{3, 7, parts[0], parts[1]}, []any{rows, columns, tenths != nil, decimeters != nil}); diff != "" {
			t.Fatalf("%s: %s", query, diff)
		}
		for i := range rows {
			for j := range columns {
				for _, side := range []struct {
					cells []uint32
					json  [][]*float64
				}{{tenths, told.Durations}, {decimeters, told.Distances}} {
					if side.cells == nil {
						continue
					}
					want := uint32(NoWay)
					if v := side.json[i][j]; v != nil {
						want = uint32(math.Round(*v * 10))
					}
					if diff := cmp.Diff(want, side.cells[i*columns+j]); diff != "" {
						t.Errorf("%s, %d to %d: %s", query, i, j, diff)
					}
				}
			}
		}
	}
	if status, body := Serve(context.Background(), g, Question{Path: "/table/v1/driving/" + text(at...), RawQuery: "fallback_speed=3", Binary: true}); status != 400 {
		t.Errorf("a fallback speed in binary: status %d, %s", status, body)
	}
}

func FuzzReadTable(f *testing.F) {
	f.Add([]byte("CATM\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00abcd"))
	f.Fuzz(func(t *testing.T, b []byte) {
		rows, columns, tenths, decimeters, err := ReadTable(b)
		if err == nil && (tenths != nil && len(tenths) != rows*columns || decimeters != nil && len(decimeters) != rows*columns) {
			t.Errorf("%d × %d cells are %d and %d", rows, columns, len(tenths), len(decimeters))
		}
	})
}

func FuzzParseBody(f *testing.F) {
	f.Add([]byte(`{"coordinates":[[0,0],[1,1]],"sources":[0],"annotations":["duration"]}`))
	f.Add([]byte(`{"coordinates":[[0,0]],"bearings":[[90,10]],"hints":["x"],"exclude":["toll"]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, service := range []string{"route", "table", "match", "nearest", "trip"} {
			if r, p := ParseBody("/"+service+"/v1/car", "", body); r == nil && p == nil {
				t.Error("neither a request nor a problem")
			}
		}
	})
}
