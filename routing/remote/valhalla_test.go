package remote

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/paulmach/orb"

	"catchment/routing"
	"catchment/routing/road"
)

// inSea is where no street is.
var inSea = orb.Point{0, 0}

// valhalla is a client of a street graph that answers as Valhalla's documentation says.
func valhalla(t *testing.T, meddle func(call int) (int, error)) (*road.Graph, *Valhalla) {
	t.Helper()
	g, _, _ := engine(t, nil)
	calls := 0
	v, err := NewValhalla("http://roads.example/", func(ctx context.Context, address string) (int, []byte, error) {
		calls++
		if meddle != nil {
			if status, err := meddle(calls); status != 0 || err != nil {
				return status, nil, err
			}
		}
		service, query, _ := strings.Cut(strings.TrimPrefix(address, "http://roads.example/"), "?json=")
		text, err := url.QueryUnescape(query)
		if err != nil {
			t.Error(err)
		}
		var q struct {
			Sources, Targets, Locations []struct{ Lon, Lat float64 }
			Costing                     string
		}
		if err := json.Unmarshal([]byte(text), &q); err != nil || q.Costing != "auto" {
			t.Errorf("asked %s: %v", text, err)
		}
		place := func(list []struct{ Lon, Lat float64 }) (at []orb.Point) {
			for _, p := range list {
				at = append(at, orb.Point{p.Lon, p.Lat})
			}
			return at
		}
		answer := func(status int, v any) (int, []byte, error) {
			body, err := json.Marshal(v)
			return status, body, err
		}
		refuse := func(code int, message string) (int, []byte, error) {
			return answer(400, map[string]any{"error_code": code, "error": message, "status_code": 400, "status": "Bad Request"})
		}
		switch service {
		case "sources_to_targets":
			m, err := g.Table(ctx, routing.Car, routing.AnyTime, place(q.Sources), place(q.Targets))
			if err != nil {
				return refuse(171, "No suitable edges near location")
			}
			var rows [][]map[string]any
			for i := range q.Sources {
				var row []map[string]any
				for j := range q.Targets {
					cell := map[string]any{"from_index": i, "to_index": j, "time": nil, "distance": nil}
					if d, meters, ok := m.At(i, j); ok {
						cell["time"], cell["distance"] = d.Seconds(), float64(meters)/1000
					}
					row = append(row, cell)
				}
				rows = append(rows, row)
			}
			return answer(200, map[string]any{"sources_to_targets": rows, "units": "kilometers"})
		case "route":
			r, err := g.Route(ctx, routing.Car, routing.AnyTime, place(q.Locations))
			if errors.Is(err, routing.ErrNoWay) {
				return refuse(442, "No path could be found for input")
			}
			if err != nil {
				return refuse(171, "No suitable edges near location")
			}
			var maneuvers []map[string]any
			for _, s := range r.Legs[0].Streets {
				maneuvers = append(maneuvers, map[string]any{"street_names": []string{s}})
			}
			// The shape is the worked example of the format's description, at six decimals.
			return answer(200, map[string]any{"trip": map[string]any{"status": 0, "legs": []any{map[string]any{
				"summary": map[string]any{"time": float64(r.Legs[0].Tenths) / 10, "length": float64(r.Legs[0].Meters) / 1000},
				"shape":   "_p~iF~ps|U_ulLnnqC_mqNvxq`@", "maneuvers": maneuvers}}}})
		case "locate":
			at := place(q.Locations)[0]
			near, err := g.Nearest(ctx, routing.Car, at, 3)
			if err != nil {
				return answer(200, []any{map[string]any{"edges": nil, "nodes": nil}})
			}
			var edges []any
			for i := range near {
				s := near[len(near)-1-i]
				edge := map[string]any{"correlated_lon": s.At[0], "correlated_lat": s.At[1], "distance": s.Meters, "edge_info": map[string]any{"names": []string{s.Street}}}
				edges = append(edges, edge, edge)
			}
			return answer(200, []any{map[string]any{"edges": edges}})
		}
		return 404, nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	v.Pause = func(context.Context, time.Duration) error { return nil }
	return g, v
}

func TestValhallaAnswersAsTheEngineBehindIt(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	g, v := valhalla(t, nil)
	v.Block = 4
	from, to := points(1, 9), points(2, 6)
	want, err := g.Table(ctx, routing.Car, routing.AnyTime, from, to)
	if err != nil {
		t.Fatal(err)
	}
	got, err := v.Table(ctx, routing.Car, routing.AnyTime, from, to)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("table: %s", diff)
	}
	found := 0
	for seed := range uint64(6) {
		through := points(seed, 3)
		want, err := g.Route(ctx, routing.Car, routing.AnyTime, through)
		got, err2 := v.Route(ctx, routing.Car, routing.AnyTime, through)
		if errors.Is(err, routing.ErrNoWay) != errors.Is(err2, routing.ErrNoWay) || err == nil && err2 != nil {
			t.Fatalf("want %v, got %v", err, err2)
		}
		if err != nil {
			continue
		}
		found++
		for i := range want.Legs {
			want.Legs[i].Shape = orb.LineString{{-12.02, 3.85}, {-12.095, 4.07}, {-12.6453, 4.3252}}
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-9)); diff != "" {
			t.Errorf("route: %s", diff)
		}
	}
	if found < 3 {
		t.Errorf("only %d routes found", found)
	}
	near, err := g.Nearest(ctx, routing.Car, from[0], 2)
	if err != nil {
		t.Fatal(err)
	}
	gotNear, err := v.Nearest(ctx, routing.Car, from[0], 2)
	meters := func(snaps []routing.Snap) (list []float64) { // streets that meet in one place may come in any order
		for _, s := range snaps {
			list = append(list, s.Meters)
		}
		return list
	}
	if diff := cmp.Diff(meters(near), meters(gotNear)); diff != "" || err != nil {
		t.Errorf("nearest: %v %s", err, diff)
	}
	reach, err := v.Reach(ctx, routing.Car, routing.AnyTime, from[0], time.Minute, routing.Outbound)
	if err != nil || len(reach.Tenths) == 0 || len(reach.Area) == 0 {
		t.Errorf("a travel-time area of %d cells: %v", len(reach.Tenths), err)
	}
}

func TestWhatValhallaRefusesIsToldInOurWords(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	_, v := valhalla(t, nil)
	at := points(1, 3)
	for name, ask := range map[string]func() error{
		"in a table's rows": func() error {
			_, err := v.Table(ctx, routing.Car, routing.AnyTime, []orb.Point{at[0], inSea}, at)
			return err
		},
		"on a route": func() error {
			_, err := v.Route(ctx, routing.Car, routing.AnyTime, []orb.Point{at[0], inSea})
			return err
		},
		"nearest": func() error {
			_, err := v.Nearest(ctx, routing.Car, inSea, 1)
			return err
		},
	} {
		var none *routing.NoRoad
		if err := ask(); !errors.As(err, &none) || none.At != inSea {
			t.Errorf("a place in the sea %s: %v", name, err)
		}
	}
	var none *routing.NoRoad
	if _, err := v.Table(ctx, routing.Car, routing.AnyTime, at, []orb.Point{at[0], inSea}); !errors.As(err, &none) || none.Index != 4 {
		t.Errorf("a place in the sea in a table's columns: %v", err)
	}
	if _, err := v.Table(ctx, "tank", routing.AnyTime, at, at); err == nil {
		t.Error("a profile nobody knows is answered")
	}
	if _, err := v.Table(ctx, routing.Car, "morning", at, at); err == nil {
		t.Error("a band nobody knows is answered")
	}
}

func TestAValhallaServerThatIsGoneIsToldOf(t *testing.T) {
	t.Parallel()
	at := points(1, 2)
	_, v := valhalla(t, func(call int) (int, error) {
		if call < 3 {
			return 503, nil
		}
		return 0, nil
	})
	if _, err := v.Table(context.Background(), routing.Car, routing.AnyTime, at, at); err != nil {
		t.Errorf("busy for a moment: %v", err)
	}
	_, v = valhalla(t, func(int) (int, error) { return 0, errors.New("no route to host") })
	var gone *Unavailable
	if _, err := v.Table(context.Background(), routing.Car, routing.AnyTime, at, at); !errors.As(err, &gone) || gone.Attempts != 3 {
		t.Errorf("gone: %v", err)
	}
}

func TestServersAreToldApartByTheirAddress(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"http://roads.example:5000":           "osrm http://roads.example:5000",
		"valhalla+https://roads.example/api/": "valhalla https://roads.example/api",
		"roads.example":                       "", "valhalla+ftp://roads.example": "",
	} {
		server, err := New(address, nil)
		got := ""
		if err == nil {
			got = server.Version(routing.Car).Map
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", address, diff)
		}
	}
}

func FuzzReadPolyline(f *testing.F) {
	f.Add("_p~iF~ps|U_ulLnnqC_mqNvxq`@")
	f.Fuzz(func(t *testing.T, text string) {
		if line, err := readPolyline(text); err == nil && len(line) == 1 {
			t.Error("a line of one point")
		}
	})
}
