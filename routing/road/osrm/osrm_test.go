package osrm

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"catchment/geo/osm"
	"catchment/geo/town"
	"catchment/routing"
	"catchment/routing/road"
)

func prepare(t testing.TB, net *town.Network, p *road.Profile) *road.Graph {
	t.Helper()
	path := filepath.Join(t.TempDir(), "streets")
	if err := road.Build(context.Background(), net.Source(), p, path, nil); err != nil {
		t.Fatal(err)
	}
	g, err := road.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	return g
}

// ask returns the decoded answer of a request that must succeed.
func ask(t testing.TB, g *road.Graph, path, query string, into any) {
	t.Helper()
	status, body := Serve(context.Background(), g, Question{Path: path, RawQuery: query})
	if status != 200 {
		t.Fatalf("%s?%s: status %d, %s", path, query, status, body)
	}
	if err := json.Unmarshal(body, into); err != nil {
		t.Fatalf("%s?%s: %v in %s", path, query, err, body)
	}
}

type waypoint struct {
	Hint          string
	Location      orb.Point
	Name          string
	Distance      float64
	Nodes         []int64
	TripsIndex    int `json:"trips_index"`
	WaypointIndex int `json:"waypoint_index"`
}

type routeObject struct {
	Geometry                   json.RawMessage
	Duration, Distance, Weight float64
	WeightName                 string `json:"weight_name"`
	Confidence                 float64
	Legs                       []struct {
		Duration, Distance, Weight float64
		Summary                    string
		Annotation                 struct {
			Duration, Distance, Speed, Weight []float64
			Nodes                             []int64
		}
		Steps []struct {
			Duration, Distance, Weight float64
			Name, Ref, Mode            string
			Geometry                   json.RawMessage
			Maneuver                   struct {
				Type, Modifier string
				Location       orb.Point
			}
			Intersections []struct {
				Bearings []int
				Entry    []bool
				In, Out  *int
			}
		}
	}
}

type answerObject struct {
	Code, Message string
	Routes        []routeObject
	Trips         []routeObject
	Matchings     []routeObject
	Waypoints     []waypoint
	Tracepoints   []*waypoint
	Sources       []waypoint
	Destinations  []waypoint
	Durations     [][]*float64
	Distances     [][]*float64
}

func text(points ...orb.Point) string {
	parts := make([]string, len(points))
	for i, p := range points {
		parts[i] = fmt.Sprintf("%.6f,%.6f", p[0], p[1])
	}
	return strings.Join(parts, ";")
}

func rounded(p orb.Point) orb.Point { return orb.Point{round6(p[0]), round6(p[1])} }

func places(seed uint64, n int) []orb.Point {
	rng := rand.New(rand.NewPCG(seed, 1))
	points := make([]orb.Point, n)
	for i := range points {
		points[i] = rounded(orb.Point{9.9 + 0.009*rng.Float64(), 48.9 + 0.006*rng.Float64()})
	}
	return points
}

func near(a, b float64) bool { return math.Abs(a-b) < 0.051 }

func TestTableTellsWhatTheEngineTells(t *testing.T) {
	t.Parallel()
	g := prepare(t, town.Random(2, 8), road.Car())
	at := places(1, 9)
	var got answerObject
	ask(t, g, "/table/v1/driving/"+text(at...), "sources=0;1;2;3&annotations=duration,distance&destinations=4;5;6;7;8", &got)
	want, err := g.Table(context.Background(), routing.Car, routing.AnyTime, at[:4], at[4:])
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range got.Durations {
		for j, seconds := range row {
			tenths := want.Tenths[i*5+j]
			if (seconds == nil) != (tenths == routing.Unreachable) {
				t.Fatalf("pair %d %d: want %d, got %v", i, j, tenths, seconds)
			}
			if seconds != nil && !near(*seconds, float64(tenths)/10) {
				t.Errorf("pair %d %d: want %d tenths, got %g", i, j, tenths, *seconds)
			}
			if seconds != nil && math.Abs(*got.Distances[i][j]-float64(want.Meters[i*5+j])) > 0.5 {
				t.Errorf("pair %d %d: want %d m, got %g", i, j, want.Meters[i*5+j], *got.Distances[i][j])
			}
		}
	}
	if len(got.Sources) != 4 || len(got.Destinations) != 5 || len(got.Durations) != 4 {
		t.Errorf("%d sources, %d destinations, %d rows", len(got.Sources), len(got.Destinations), len(got.Durations))
	}
}

func TestRouteAddsUp(t *testing.T) {
	t.Parallel()
	g := prepare(t, town.Random(4, 9), road.Car())
	routes := 0
	for seed := range uint64(30) {
		at := places(seed, 3)
		status, body := Serve(context.Background(), g, Question{Path: "/route/v1/driving/" + text(at...), RawQuery: "steps=true&annotations=true&overview=full&geometries=polyline6"})
		var got answerObject
		if err := json.Unmarshal(body, &got); err != nil {
			t.Fatalf("%v in %s", err, body)
		}
		if status != 200 {
			if got.Code != "NoRoute" {
				t.Fatalf("%s", body)
			}
			continue
		}
		routes++
		r := got.Routes[0]
		var duration, weight float64
		for _, leg := range r.Legs {
			duration, weight = duration+leg.Duration, weight+leg.Weight
			var stepDuration, stepWeight, stepDistance, hops float64
			for _, s := range leg.Steps {
				stepDuration, stepWeight, stepDistance = stepDuration+s.Duration, stepWeight+s.Weight, stepDistance+s.Distance
				for _, c := range s.Intersections {
					if len(c.Bearings) != len(c.Entry) {
						t.Errorf("%d bearings, %d entries", len(c.Bearings), len(c.Entry))
					}
				}
			}
			for _, m := range leg.Annotation.Distance {
				hops += m
			}
			if !near(stepDuration, leg.Duration) || !near(stepWeight, leg.Weight) || math.Abs(stepDistance-leg.Distance) > 1+0.2*float64(len(leg.Steps)) {
				t.Errorf("seed %d: steps take %.1f s, weigh %.1f, are %.1f m long; the leg %.1f, %.1f, %.1f", seed, stepDuration, stepWeight, stepDistance, leg.Duration, leg.Weight, leg.Distance)
			}
			if math.Abs(hops-leg.Distance) > 1+0.1*float64(len(leg.Annotation.Distance)) {
				t.Errorf("seed %d: hops are %.1f m long, the leg %.1f", seed, hops, leg.Distance)
			}
			if len(leg.Annotation.Nodes) != len(leg.Annotation.Duration)+1 {
				t.Errorf("%d nodes, %d hops", len(leg.Annotation.Nodes), len(leg.Annotation.Duration))
			}
			if first, last := leg.Steps[0].Maneuver.Type, leg.Steps[len(leg.Steps)-1].Maneuver.Type; first != "depart" || last != "arrive" {
				t.Errorf("a leg starts with %q and ends with %q", first, last)
			}
		}
		if !near(duration, r.Duration) || !near(weight, r.Weight) {
			t.Errorf("legs take %g, the route %g", duration, r.Duration)
		}
		var geometry string
		if err := json.Unmarshal(r.Geometry, &geometry); err != nil {
			t.Fatal(err)
		}
		line, ok := decodePolyline(geometry, 1e6)
		if !ok {
			t.Fatal("the geometry cannot be read")
		}
		if d := cmp.Diff([]orb.Point{got.Waypoints[0].Location, got.Waypoints[2].Location}, []orb.Point{rounded(line[0]), rounded(line[len(line)-1])}); d != "" {
			t.Error(d)
		}
	}
	if routes < 15 {
		t.Errorf("only %d routes found", routes)
	}
}

func TestGeometriesTellTheSameLine(t *testing.T) {
	t.Parallel()
	g := prepare(t, street(), road.Car())
	lines := map[string]orb.LineString{}
	for _, geometry := range []string{"polyline", "polyline6", "geojson"} {
		var got answerObject
		ask(t, g, "/route/v1/driving/0.0001,0;0.0029,0.001", "overview=full&geometries="+geometry, &got)
		raw := got.Routes[0].Geometry
		if geometry == "geojson" {
			var object struct {
				Type        string
				Coordinates orb.LineString
			}
			if err := json.Unmarshal(raw, &object); err != nil {
				t.Fatal(err)
			}
			lines[geometry] = object.Coordinates
			continue
		}
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			t.Fatal(err)
		}
		line, _ := decodePolyline(s, map[string]float64{"polyline": 1e5, "polyline6": 1e6}[geometry])
		lines[geometry] = line
	}
	if d := cmp.Diff(lines["geojson"], lines["polyline6"], cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-6 })); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(lines["geojson"], lines["polyline"], cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-5 })); d != "" {
		t.Error(d)
	}
}

// street is one long street with a bend, its second half of another name.
func street() *town.Network {
	n := &town.Network{Nodes: []osm.Node{
		{ID: 1, At: orb.Point{0, 0}}, {ID: 2, At: orb.Point{0.002, 0}}, {ID: 3, At: orb.Point{0.003, 0}}, {ID: 4, At: orb.Point{0.003, 0.002}}, {ID: 5, At: orb.Point{0.005, 0}},
	}}
	way := func(id int64, name string, nodes ...int64) {
		n.Ways = append(n.Ways, osm.Way{ID: id, Nodes: nodes, Tags: osm.Tags{{Key: "highway", Value: "residential"}, {Key: "name", Value: name}}})
	}
	way(1, "Long \"Lane\"", 1, 2, 3)
	way(2, "High\tStreet", 3, 4)
	way(3, "Side Road", 3, 5)
	return n
}

func TestStepsTellTheTurn(t *testing.T) {
	t.Parallel()
	g := prepare(t, street(), road.Car())
	var got answerObject
	ask(t, g, "/route/v1/driving/0.0001,0;0.003,0.0015", "steps=true", &got)
	var steps []string
	for _, s := range got.Routes[0].Legs[0].Steps {
		steps = append(steps, strings.TrimSpace(s.Maneuver.Type+" "+s.Maneuver.Modifier)+": "+s.Name)
	}
	want := []string{`depart: Long "Lane"`, "turn left: High\tStreet", "arrive: High\tStreet"}
	if d := cmp.Diff(want, steps); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff("Long \"Lane\", High\tStreet", got.Routes[0].Legs[0].Summary); d != "" {
		t.Error(d)
	}
}

func TestWhatIsAskedOfAWaypointIsKept(t *testing.T) {
	t.Parallel()
	g := prepare(t, street(), road.Car())
	turned := func(query string) bool {
		var got answerObject
		ask(t, g, "/route/v1/driving/0.0005,0.00001;0.0015,0.00001", query, &got)
		return got.Routes[0].Distance > 150
	}
	tests := []struct {
		name, query string
		want        bool // whether the way starts or ends in the other direction, and so is long
	}{
		{"free", "", false},
		{"leaving eastward", "bearings=90,20;", false},
		{"leaving westward", "bearings=270,20;", true},
		{"arriving westward", "bearings=;270,20", true},
		{"at the kerb on the right, which lies south of one driving east", "approaches=unrestricted;curb", true},
		{"at the kerb opposite", "approaches=;opposite", false},
	}
	for _, test := range tests {
		if got := turned(test.query); got != test.want {
			t.Errorf("%s: want %v, got %v", test.name, test.want, got)
		}
	}
}

func TestAHintFindsTheSamePlace(t *testing.T) {
	t.Parallel()
	g := prepare(t, town.Random(4, 9), road.Car())
	other := prepare(t, town.Random(5, 9), road.Car())
	for seed := range uint64(20) {
		at := places(seed, 2)
		var first, second, third answerObject
		ask(t, g, "/table/v1/driving/"+text(at...), "", &first)
		hints := "hints=" + first.Sources[0].Hint + ";" + first.Sources[1].Hint
		ask(t, g, "/table/v1/driving/"+text(at...), hints, &second)
		if d := cmp.Diff(first, second); d != "" {
			t.Error(d)
		}
		ask(t, other, "/table/v1/driving/"+text(at...), "", &first)
		ask(t, other, "/table/v1/driving/"+text(at...), hints, &third)
		if d := cmp.Diff(first, third); d != "" {
			t.Errorf("a hint of another map is believed: %s", d)
		}
	}
}

func TestNearestTellsStreetAndNodes(t *testing.T) {
	t.Parallel()
	g := prepare(t, street(), road.Car())
	var got answerObject
	ask(t, g, "/nearest/v1/driving/0.0025,0.0001.json", "number=2&generate_hints=false", &got)
	if len(got.Waypoints) != 2 || got.Waypoints[0].Hint != "" {
		t.Fatalf("%+v", got)
	}
	w := got.Waypoints[0]
	if d := cmp.Diff([]any{`Long "Lane"`, []int64{2, 3}, orb.Point{0.0025, 0}}, []any{w.Name, w.Nodes, w.Location}); d != "" {
		t.Error(d)
	}
	if math.Abs(w.Distance-11.06) > 0.01 { // a ten-thousandth of a degree of latitude at the equator
		t.Errorf("distance %g", w.Distance)
	}
}

func TestTripIsTheShortestRound(t *testing.T) {
	t.Parallel()
	g := prepare(t, town.Random(7, 8), road.Foot())
	tried := 0
	for seed := range uint64(8) {
		at := places(seed, 6)
		m, err := g.Table(context.Background(), routing.Foot, routing.AnyTime, at, at)
		if err != nil {
			t.Fatal(err)
		}
		for _, query := range []string{"", "roundtrip=false&source=first&destination=last", "roundtrip=false&source=first", "roundtrip=false&destination=last"} {
			status, body := Serve(context.Background(), g, Question{Path: "/trip/v1/foot/" + text(at...), RawQuery: query})
			var got answerObject
			if err := json.Unmarshal(body, &got); err != nil {
				t.Fatal(err)
			}
			if status != 200 {
				continue
			}
			tried++
			best := math.Inf(1)
			permute([]int{0, 1, 2, 3, 4, 5}, 0, func(order []int) {
				if strings.Contains(query, "source=first") && order[0] != 0 || strings.Contains(query, "destination=last") && order[5] != 5 {
					return
				}
				var sum float64
				for i := range order {
					if i == 5 && query != "" {
						break
					}
					sum += float64(m.Tenths[order[i]*6+order[(i+1)%6]]) / 10
				}
				best = min(best, sum)
			})
			if !near(best, got.Trips[0].Duration) {
				t.Errorf("seed %d %q: want %g s, got %g", seed, query, best, got.Trips[0].Duration)
			}
		}
	}
	if tried < 8 {
		t.Errorf("only %d trips", tried)
	}
}

func permute(order []int, k int, visit func([]int)) {
	if k == len(order) {
		visit(order)
		return
	}
	for i := k; i < len(order); i++ {
		order[k], order[i] = order[i], order[k]
		permute(order, k+1, visit)
		order[k], order[i] = order[i], order[k]
	}
}

func TestLongTripsVisitEveryPlaceOnce(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 1))
	for _, last := range []bool{false, true} {
		n := 30
		cost := make([]float64, n*n)
		for i := range cost {
			cost[i] = 1 + rng.Float64()
		}
		order := tour{n, cost, !last, true, last}.best()
		seen := map[int]bool{}
		for _, i := range order {
			seen[i] = true
		}
		if len(order) != n || len(seen) != n || order[0] != 0 || last && order[n-1] != n-1 {
			t.Errorf("last %v: %v", last, order)
		}
	}
}

func TestATrackIsMatchedToTheStreetsDriven(t *testing.T) {
	t.Parallel()
	g := prepare(t, town.Random(9, 9), road.Car())
	matched := 0
	for seed := range uint64(20) {
		at := places(seed, 2)
		r, err := g.Route(context.Background(), routing.Car, routing.AnyTime, at)
		if err != nil || r.Legs[0].Meters < 300 {
			continue
		}
		// A fix about every 40 m along the way, some 3 m off.
		rng := rand.New(rand.NewPCG(seed, 2))
		var track []orb.Point
		var left float64
		for i := range r.Legs[0].Shape[1:] {
			a, b := r.Legs[0].Shape[i], r.Legs[0].Shape[i+1]
			d := road.Meters(a, b)
			for ; left < d; left += 40 {
				f := left / d
				track = append(track, orb.Point{a[0] + f*(b[0]-a[0]) + 4e-5*(rng.Float64()-0.5), a[1] + f*(b[1]-a[1]) + 4e-5*(rng.Float64()-0.5)})
			}
			left -= d
		}
		var got answerObject
		ask(t, g, "/match/v1/driving/"+text(track...), "overview=false", &got)
		var meters float64
		for _, m := range got.Matchings {
			meters += m.Distance
			if m.Confidence <= 0 || m.Confidence > 1 {
				t.Errorf("confidence %g", m.Confidence)
			}
		}
		driven := float64(r.Legs[0].Meters)
		if math.Abs(meters-driven) < 60+0.03*driven {
			matched++
		} else {
			t.Logf("seed %d: driven %.0f m, matched %.0f m in %d pieces", seed, driven, meters, len(got.Matchings))
		}
		for i, p := range got.Tracepoints {
			if p != nil && road.Meters(track[i], p.Location) > 30 {
				t.Errorf("fix %d is moved %.0f m", i, road.Meters(track[i], p.Location))
			}
		}
	}
	if matched < 8 {
		t.Errorf("only %d tracks are matched to the way driven", matched)
	}
}

func TestWrongRequestsGetTheProtocolsCodes(t *testing.T) {
	t.Parallel()
	g := prepare(t, street(), road.Car())
	tests := []struct{ name, path, query, want string }{
		{"no coordinates", "/route/v1/driving", "", "InvalidUrl"},
		{"an unknown service", "/fly/v1/driving/0,0;0,0", "", "InvalidService"},
		{"another version", "/route/v2/driving/0,0;0,0", "", "InvalidVersion"},
		{"letters for coordinates", "/route/v1/driving/a,b;c,d", "", "InvalidQuery"},
		{"one coordinate", "/route/v1/driving/0,0", "", "InvalidOptions"},
		{"a latitude beyond the pole", "/route/v1/driving/0,0;0,91", "", "InvalidValue"},
		{"not a number", "/route/v1/driving/0,0;NaN,0", "", "InvalidValue"},
		{"an unknown option", "/route/v1/driving/0,0;0.001,0", "colour=red", "InvalidQuery"},
		{"an option of another service", "/route/v1/driving/0,0;0.001,0", "sources=0", "InvalidQuery"},
		{"too few bearings", "/route/v1/driving/0,0;0.001,0", "bearings=0,10", "InvalidQuery"},
		{"a place in the sea", "/route/v1/driving/0,0;5,5", "", "NoSegment"},
		{"no street within the radius", "/route/v1/driving/0,0.001;0.001,0", "radiuses=5;", "NoSegment"},
		{"an index out of range", "/table/v1/driving/0,0;0.001,0", "sources=2", "InvalidQuery"},
		{"two places for nearest", "/nearest/v1/driving/0,0;0,0", "", "InvalidOptions"},
		{"a cut polyline", "/route/v1/driving/polyline(_p~iF~ps|U_)", "", "InvalidQuery"},
		{"times that run backwards", "/match/v1/driving/0,0;0.001,0", "timestamps=5;4", "InvalidValue"},
		{"too few times", "/match/v1/driving/0,0;0.001,0", "timestamps=5", "InvalidOptions"},
		{"a track in a field", "/match/v1/driving/0.001,0.001;0.002,0.001", "", "NoMatch"},
		{"a flat buffer", "/route/v1/driving/0,0;0.001,0.flatbuffers", "", "InvalidOptions"},
		{"a class nobody knows", "/route/v1/driving/0,0;0.001,0", "exclude=toll,alley", "InvalidValue"},
		{"legs that skip the end", "/route/v1/driving/0,0;0.001,0;0.002,0", "waypoints=0;1", "InvalidValue"},
	}
	for _, test := range tests {
		status, body := Serve(context.Background(), g, Question{Path: test.path, RawQuery: test.query})
		var got answerObject
		if err := json.Unmarshal(body, &got); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(test.want, got.Code); d != "" || status != 400 || got.Message == "" {
			t.Errorf("%s: status %d, %q: %s", test.name, status, got.Message, d)
		}
	}
}

func TestPolylineOfTheFormatsDescription(t *testing.T) {
	t.Parallel()
	// The worked example of the format's own description.
	line := orb.LineString{{-120.2, 38.5}, {-120.95, 40.7}, {-126.453, 43.252}}
	const want = "_p~iF~ps|U_ulLnnqC_mqNvxq`@"
	if d := cmp.Diff(want, encodePolyline(line, 1e5)); d != "" {
		t.Error(d)
	}
	back, ok := decodePolyline(want, 1e5)
	if d := cmp.Diff([]orb.Point(line), back, cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-9 })); d != "" || !ok {
		t.Error(d)
	}
}

func FuzzServe(f *testing.F) {
	g := prepare(f, street(), road.Car())
	for _, seed := range [][2]string{
		{"/route/v1/driving/0,0;0.002,0", "steps=true&annotations=true&geometries=geojson"},
		{"/table/v1/driving/polyline(_p~iF~ps|U_ulLnnqC)", "sources=0&destinations=all&fallback_speed=3"},
		{"/trip/v1/driving/0,0;0.002,0;0.001,0", "roundtrip=false&source=first"},
		{"/match/v1/driving/0,0;0.002,0", "timestamps=1;2&radiuses=5;unlimited"},
		{"/nearest/v1/driving/0,0", "number=3&bearings=0,180&approaches=curb"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, path, query string) {
		status, body := Serve(context.Background(), g, Question{Path: path, RawQuery: query})
		if status == 500 || !json.Valid(body) {
			t.Errorf("status %d: %s", status, body)
		}
	})
}
