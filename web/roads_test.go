package web

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"catchment/geo/osm"
	"catchment/geo/town"
	"catchment/routing"
	"catchment/routing/road"
	"catchment/routing/road/osrm"
	"catchment/routing/vrp"
)

// withStreets puts the streets of a small invented town in force and returns two places in it.
func (h *house) withStreets() (a, b orb.Point) {
	h.t.Helper()
	network := town.Generate(1, 2)
	path := filepath.Join(h.t.TempDir(), "car.streets")
	source := network.Source()
	if err := road.Build(h.t.Context(), source, road.Car(), path, func(float64) {}); err != nil {
		h.t.Fatal(err)
	}
	graph := must(road.Open(path))
	h.roads.Set(map[routing.Profile]routing.Travel{routing.Car: graph})
	h.t.Cleanup(func() { h.roads.Set(nil) })
	var bound orb.Bound
	seen := 0
	err := source.Scan(h.t.Context(), osm.Handler{Node: func(n osm.Node) error {
		if seen++; seen == 1 {
			bound = n.At.Bound()
		}
		bound = bound.Extend(n.At)
		return nil
	}})
	if err != nil {
		h.t.Fatal(err)
	}
	centre := bound.Center()
	return centre, orb.Point{centre[0] + (bound.Max[0]-centre[0])/2, centre[1]}
}

func TestProgramsThatSpeakOSRM(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	office := h.as("dispatcher")
	if a := office.call("GET", "/osrm/nearest/v1/driving/9.5,47.1", nil); a.Status != 400 || !strings.Contains(a.Text, "no streets are prepared") {
		t.Errorf("without streets: %d %s", a.Status, a.Text)
	}
	from, to := h.withStreets()
	pair, err := json.Marshal([]orb.Point{from, to})
	if err != nil {
		t.Fatal(err)
	}
	places := strings.NewReplacer("],[", ";", "[", "", "]", "").Replace(string(pair))
	for name, c := range map[string]struct {
		path   string
		status int
		holds  string
	}{
		"a route":                 {"/osrm/route/v1/driving/" + places + "?overview=full&geometries=geojson", 200, `"coordinates"`},
		"a route by our profile":  {"/osrm/route/v1/car/" + places, 200, `"Ok"`},
		"a table":                 {"/osrm/table/v1/driving/" + places + "?annotations=duration,distance", 200, `"distances"`},
		"the nearest":             {"/osrm/nearest/v1/driving/" + strings.Split(places, ";")[0] + "?number=2", 200, `"waypoints"`},
		"a profile without roads": {"/osrm/route/v1/walking/" + places, 400, "no streets are prepared"},
		"a service nobody knows":  {"/osrm/dance/v1/driving/" + places, 400, "InvalidService"},
		"a version to come":       {"/osrm/route/v9/driving/" + places, 400, "InvalidVersion"},
		"no coordinates":          {"/osrm/route/v1/driving/x", 400, "Invalid"},
		"beyond the pole":         {"/osrm/route/v1/driving/9,91;9,92", 400, "Invalid"},
		"NaN":                     {"/osrm/route/v1/driving/NaN,47;9,47", 400, "Invalid"},
		"an option nobody knows":  {"/osrm/route/v1/driving/" + places + "?magic=1", 400, "Invalid"},
		"a path cut short":        {"/osrm/route", 400, "InvalidUrl"},
	} {
		a := office.call("GET", c.path, nil)
		if a.Status != c.status || !strings.Contains(a.Text, c.holds) || a.Header.Get("Content-Type") != "application/json" || !json.Valid([]byte(a.Text)) {
			t.Errorf("%s: got %d %s: %.200s", name, a.Status, a.Header.Get("Content-Type"), a.Text)
		}
	}
	posted := map[string]any{"coordinates": []orb.Point{from, to}, "annotations": []string{"duration", "distance"}}
	if a := office.call("POST", "/osrm/table/v1/driving", posted); a.Status != 200 || !strings.Contains(a.Text, `"distances"`) {
		t.Errorf("a table by POST: %d %s", a.Status, a.Text)
	}
	binary := office.call("POST", "/osrm/table/v1/driving", posted, "Accept", osrm.BinaryType)
	if rows, columns, _, _, err := osrm.ReadTable([]byte(binary.Text)); err != nil || rows != 2 || columns != 2 || binary.Header.Get("Content-Type") != osrm.BinaryType {
		t.Errorf("a table in binary: %d × %d, %v, %s", rows, columns, err, binary.Header.Get("Content-Type"))
	}
	if a := h.as("").call("GET", "/osrm/route/v1/driving/"+places, nil); a.Status != 401 {
		t.Errorf("a stranger: %d", a.Status)
	}
}

func TestProgramsThatSpeakVROOM(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	office := h.as("dispatcher")
	from, to := h.withStreets()
	problem := map[string]any{
		"vehicles": []any{map[string]any{"id": 1, "start": from, "end": from, "skills": []int{1}}},
		"options":  map[string]any{"g": true},
		"jobs":     []any{map[string]any{"id": 7, "location": to, "service": 300}, map[string]any{"id": 8, "location": from, "skills": []int{2}}},
	}
	var solution vrp.Solution
	a := office.call("POST", "/vroom", problem)
	if err := json.Unmarshal([]byte(a.Text), &solution); err != nil || a.Status != 200 {
		t.Fatalf("%d %v %s", a.Status, err, a.Text)
	}
	if solution.Code != 0 || len(solution.Routes) != 1 || solution.Routes[0].Duration <= 0 || len(solution.Unassigned) != 1 || solution.Unassigned[0].ID != 8 {
		t.Errorf("the solution is %s", a.Text)
	}
	if line := vrp.Decode(solution.Routes[0].Geometry); len(line) < 2 {
		t.Errorf("the shape of the route is %q", solution.Routes[0].Geometry)
	}
	for name, c := range map[string]struct {
		body   any
		status int
		code   vrp.Code
		holds  string
	}{
		"no JSON":               {"{", 400, vrp.CodeInput, "body"},
		"nothing":               {" ", 400, vrp.CodeInput, "body"},
		"a list":                {"[]", 400, vrp.CodeInput, "body"},
		"no vehicle":            {map[string]any{"jobs": []any{}}, 400, vrp.CodeInput, "vehicles"},
		"a job without a place": {map[string]any{"vehicles": problem["vehicles"], "jobs": []any{map[string]any{"id": 1}}}, 400, vrp.CodeInput, "jobs[0].location"},
		"a job beyond the pole": {map[string]any{"vehicles": problem["vehicles"], "jobs": []any{map[string]any{"id": 1, "location": []int{9, 91}}}}, 400, vrp.CodeInput, "jobs[0].location"},
		"far from any street":   {map[string]any{"vehicles": problem["vehicles"], "jobs": []any{map[string]any{"id": 1, "location": []int{-120, 40}}}}, 500, vrp.CodeRouting, "no road"},
	} {
		var failure vrp.Solution
		a := office.call("POST", "/vroom", c.body)
		if err := json.Unmarshal([]byte(a.Text), &failure); err != nil || a.Status != c.status || failure.Code != c.code || !strings.Contains(failure.Error, c.holds) {
			t.Errorf("%s: got %d %v: %.300s", name, a.Status, err, a.Text)
		}
	}
	for role, want := range map[string]int{"": 401, "technician": 403, "marketer": 403} {
		if a := h.as(role).call("POST", "/vroom", problem); a.Status != want {
			t.Errorf("%q: got %d, want %d", role, a.Status, want)
		}
	}
}
