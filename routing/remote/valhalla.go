package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"
	"time"

	"github.com/paulmach/orb"

	"catchment/routing"
)

// Valhalla is a Valhalla server that answers for one or several profiles.
type Valhalla struct {
	// Base is where the service answers, such as "http://valhalla.example:8002". Costing gives the name that each
	// profile has there; a profile not listed is refused.
	Base    string
	Costing map[routing.Profile]string
	Get     Get
	// Block is the most sources and the most targets asked for in one table; 0 stands for 50, whose 2,500 pairs are
	// what a server answers unless it was told otherwise.
	Block int
	// Pause waits between attempts; nil sleeps. Attempts is how often a question is asked at most; 0 stands for 3.
	Pause    func(ctx context.Context, d time.Duration) error
	Attempts int
}

var _ routing.Travel = (*Valhalla)(nil)

// NewValhalla returns a client for a server with Valhalla's own costing models.
func NewValhalla(base string, get Get) (*Valhalla, error) {
	base, err := checkBase(base)
	if err != nil {
		return nil, err
	}
	return &Valhalla{
		Base:    base,
		Costing: map[routing.Profile]string{routing.Car: "auto", "van": "truck", "bike": "bicycle", routing.Foot: "pedestrian"},
		Get:     get,
	}, nil
}

// Valhalla's codes for a question that has no answer.
const (
	valhallaUnconnected = 170
	valhallaNoEdge      = 171
	valhallaNoPath      = 442
)

// Has tells whether the server answers for a profile.
func (v *Valhalla) Has(profile routing.Profile) bool { return v.Costing[profile] != "" }

// Version names the server: it does not tell which map it has.
func (v *Valhalla) Version(profile routing.Profile) routing.Version {
	return routing.Version{Map: "valhalla " + v.Base, Metric: v.Costing[profile]}
}

func (v *Valhalla) admit(profile routing.Profile, band routing.Band) (string, error) {
	name, ok := v.Costing[profile]
	if !ok {
		return "", fmt.Errorf("road server %s has no profile %q", v.Base, profile)
	}
	if band != routing.AnyTime {
		return "", fmt.Errorf("road server %s has no speeds for the time band %q", v.Base, string(band))
	}
	return name, nil
}

// valhallaPlace is a location in a question.
type valhallaPlace struct {
	Lon float64 `json:"lon"`
	Lat float64 `json:"lat"`
}

func valhallaPlaces(at []orb.Point) []valhallaPlace {
	list := make([]valhallaPlace, len(at))
	for i, p := range at {
		list[i] = valhallaPlace{math.Round(p[0]*1e6) / 1e6, math.Round(p[1]*1e6) / 1e6}
	}
	return list
}

// valhallaRefused is an answer that says what is wrong with the question.
type valhallaRefused struct {
	Code    int    `json:"error_code"`
	Message string `json:"error"`
}

func (e *valhallaRefused) Error() string {
	return fmt.Sprintf("road server: %d: %s", e.Code, e.Message)
}

// ask sends a question and decodes the answer.
func (v *Valhalla) ask(ctx context.Context, service string, question, into any) error {
	text, err := json.Marshal(question)
	if err != nil {
		return err
	}
	c := caller{v.Base, v.Get, v.Pause, v.Attempts}
	status, body, attempts, err := c.fetch(ctx, "/"+service+"?json="+url.QueryEscape(string(text)))
	if err != nil {
		return err
	}
	strange := func(err error) error {
		return &Unavailable{v.Base, attempts, fmt.Errorf("status %d with a body that is no Valhalla answer: %w", status, err)}
	}
	if status != 200 {
		var refused valhallaRefused
		if err := json.Unmarshal(body, &refused); err != nil || refused.Code == 0 {
			return strange(errors.Join(err, errors.New("no error code")))
		}
		return &refused
	}
	if err := json.Unmarshal(body, into); err != nil {
		return strange(err)
	}
	return nil
}

func refusedWith(err error, codes ...int) bool {
	var refused *valhallaRefused
	return errors.As(err, &refused) && slices.Contains(codes, refused.Code)
}

// explain finds which of some points has no street, where the server only says that one has none. Offset is the number
// of the first in the question asked of us.
func (v *Valhalla) explain(ctx context.Context, err error, costing string, at []orb.Point, offset int) error {
	if !refusedWith(err, valhallaNoEdge) {
		return err
	}
	for i, p := range at {
		var located []struct{ Edges []json.RawMessage }
		if v.ask(ctx, "locate", map[string]any{"locations": valhallaPlaces([]orb.Point{p}), "costing": costing}, &located) == nil &&
			len(located) == 1 && len(located[0].Edges) > 0 {
			continue
		}
		return &routing.NoRoad{Index: offset + i, At: p}
	}
	return err
}

// Table asks for the matrix in blocks the server accepts.
func (v *Valhalla) Table(ctx context.Context, profile routing.Profile, band routing.Band, from, to []orb.Point) (routing.Matrix, error) {
	costing, err := v.admit(profile, band)
	if err != nil {
		return routing.Matrix{}, err
	}
	if err := checkPoints(from, 0); err != nil {
		return routing.Matrix{}, err
	}
	if err := checkPoints(to, len(from)); err != nil {
		return routing.Matrix{}, err
	}
	block := v.Block
	if block <= 0 {
		block = 50
	}
	m := routing.Matrix{Columns: len(to), Tenths: make([]int32, len(from)*len(to)), Meters: make([]int32, len(from)*len(to))}
	for i := 0; i < len(from); i += block {
		for j := 0; j < len(to); j += block {
			err := v.block(ctx, costing, from[i:min(i+block, len(from))], to[j:min(j+block, len(to))], i, j, m)
			if refusedWith(err, valhallaNoEdge) {
				err = v.explain(ctx, err, costing, from[i:min(i+block, len(from))], i)
				err = v.explain(ctx, err, costing, to[j:min(j+block, len(to))], len(from)+j)
			}
			if err != nil {
				return routing.Matrix{}, err
			}
		}
	}
	return m, nil
}

// block fills the part of a matrix that starts at a row and a column.
func (v *Valhalla) block(ctx context.Context, costing string, from, to []orb.Point, row, column int, m routing.Matrix) error {
	var got struct {
		Cells [][]struct {
			Distance *float64 // kilometres
			Time     *float64 // seconds
		} `json:"sources_to_targets"`
	}
	err := v.ask(ctx, "sources_to_targets", map[string]any{
		"sources": valhallaPlaces(from), "targets": valhallaPlaces(to), "costing": costing, "units": "kilometers"}, &got)
	if refusedWith(err, valhallaUnconnected, valhallaNoPath) {
		for r := range from {
			for c := range to {
				k := (row+r)*m.Columns + column + c
				m.Tenths[k], m.Meters[k] = routing.Unreachable, routing.Unreachable
			}
		}
		return nil
	}
	if err != nil {
		return err
	}
	if len(got.Cells) != len(from) {
		return &Unavailable{v.Base, 1, fmt.Errorf("a table of %d rows was asked for, %d came", len(from), len(got.Cells))}
	}
	for r, cells := range got.Cells {
		if len(cells) != len(to) {
			return &Unavailable{v.Base, 1, fmt.Errorf("a table of %d columns was asked for, %d came", len(to), len(cells))}
		}
		for c, cell := range cells {
			k := (row+r)*m.Columns + column + c
			if cell.Time == nil || cell.Distance == nil {
				m.Tenths[k], m.Meters[k] = routing.Unreachable, routing.Unreachable
				continue
			}
			m.Tenths[k], m.Meters[k] = rounded(*cell.Time*10), rounded(*cell.Distance*1000)
		}
	}
	return nil
}

// valhallaRoute is the answer to a route.
type valhallaRoute struct {
	Trip struct {
		Legs []struct {
			Summary   struct{ Time, Length float64 } // seconds, kilometres
			Shape     string
			Maneuvers []struct {
				Streets []string `json:"street_names"`
			}
		}
	}
}

// Route asks for each leg by itself, so that a journey may turn about where it halts.
func (v *Valhalla) Route(ctx context.Context, profile routing.Profile, band routing.Band, through []orb.Point) (routing.Route, error) {
	costing, err := v.admit(profile, band)
	if err != nil {
		return routing.Route{}, err
	}
	if len(through) < 2 {
		return routing.Route{}, fmt.Errorf("a route needs at least two points, this has %d", len(through))
	}
	if err := checkPoints(through, 0); err != nil {
		return routing.Route{}, err
	}
	var r routing.Route
	for i := range through[1:] {
		var got valhallaRoute
		err := v.ask(ctx, "route", map[string]any{"locations": valhallaPlaces(through[i : i+2]), "costing": costing, "units": "kilometers"}, &got)
		if refusedWith(err, valhallaUnconnected, valhallaNoPath) {
			return routing.Route{}, fmt.Errorf("from point %d to point %d: %w", i, i+1, routing.ErrNoWay)
		}
		if err != nil {
			return routing.Route{}, v.explain(ctx, err, costing, through[i:i+2], i)
		}
		if len(got.Trip.Legs) != 1 {
			return routing.Route{}, &Unavailable{v.Base, 1, errors.New("a route came without its leg")}
		}
		leg := got.Trip.Legs[0]
		out := routing.Leg{Tenths: rounded(leg.Summary.Time * 10), Meters: rounded(leg.Summary.Length * 1000)}
		if out.Shape, err = readPolyline(leg.Shape); err != nil {
			return routing.Route{}, &Unavailable{v.Base, 1, err}
		}
		for _, m := range leg.Maneuvers {
			if len(m.Streets) > 0 && (len(out.Streets) == 0 || out.Streets[len(out.Streets)-1] != m.Streets[0]) {
				out.Streets = append(out.Streets, m.Streets[0])
			}
		}
		r.Legs = append(r.Legs, out)
	}
	return r, nil
}

// readPolyline decodes a line of six decimals, latitude first, as Valhalla writes shapes.
func readPolyline(text string) (orb.LineString, error) {
	var line orb.LineString
	var lat, lon int64
	for i := 0; i < len(text); {
		for _, to := range []*int64{&lat, &lon} {
			var v int64
			for shift := 0; ; shift += 5 {
				if i >= len(text) || shift > 60 {
					return nil, errors.New("a shape is cut off")
				}
				b := int64(text[i]) - 63
				i++
				if b < 0 || b > 63 {
					return nil, errors.New("a shape holds a wrong character")
				}
				v |= b & 31 << shift
				if b < 32 {
					break
				}
			}
			*to += v>>1 ^ -(v & 1)
		}
		line = append(line, orb.Point{float64(lon) / 1e6, float64(lat) / 1e6})
	}
	if len(line) == 1 {
		line = append(line, line[0])
	}
	return line, nil
}

// Nearest asks for the streets around a point.
func (v *Valhalla) Nearest(ctx context.Context, profile routing.Profile, at orb.Point, n int) ([]routing.Snap, error) {
	costing, err := v.admit(profile, routing.AnyTime)
	if err != nil {
		return nil, err
	}
	if err := checkPoints([]orb.Point{at}, 0); err != nil {
		return nil, err
	}
	if n <= 0 {
		return nil, nil
	}
	var got []struct {
		Edges []struct {
			Lat      float64 `json:"correlated_lat"`
			Lon      float64 `json:"correlated_lon"`
			Distance float64
			Info     struct {
				Way   int64 `json:"way_id"`
				Names []string
			} `json:"edge_info"`
		}
	}
	err = v.ask(ctx, "locate", map[string]any{"locations": valhallaPlaces([]orb.Point{at}), "costing": costing, "verbose": true}, &got)
	if err != nil && !refusedWith(err, valhallaNoEdge) {
		return nil, err
	}
	if len(got) == 0 || len(got[0].Edges) == 0 {
		return nil, &routing.NoRoad{Index: 0, At: at}
	}
	var snaps []routing.Snap
	for _, e := range got[0].Edges {
		s := routing.Snap{At: orb.Point{e.Lon, e.Lat}, Meters: e.Distance}
		if len(e.Info.Names) > 0 {
			s.Street = e.Info.Names[0]
		}
		if !slices.ContainsFunc(snaps, func(known routing.Snap) bool { return known.At == s.At && known.Street == s.Street }) { // both directions are listed
			snaps = append(snaps, s)
		}
	}
	slices.SortStableFunc(snaps, func(a, b routing.Snap) int {
		switch {
		case a.Meters < b.Meters:
			return -1
		case a.Meters > b.Meters:
			return 1
		}
		return 0
	})
	return snaps[:min(n, len(snaps))], nil
}

// Reach asks for the times of the hexagons around a point, by the streets nearest to their middles.
func (v *Valhalla) Reach(ctx context.Context, profile routing.Profile, band routing.Band, origin orb.Point, limit time.Duration, direction routing.Direction) (routing.Reach, error) {
	return reach(ctx, v, profile, band, origin, limit, direction)
}
