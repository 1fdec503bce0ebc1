// Package remote lets a server somewhere else stand in for the street engine: it asks an OSRM server by URL and
// answers routing.Travel from what it says. It opens no connection itself: who builds it hands in a function that
// does, guarded as the house guards all calls outwards.
package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"
	orbgeo "github.com/paulmach/orb/geo"

	"catchment/geo"
	"catchment/geo/hex"
	"catchment/routing"
)

// Get fetches a URL and returns status and body. An error means that no answer came.
type Get func(ctx context.Context, url string) (status int, body []byte, err error)

// OSRM is an OSRM server that answers for one or several profiles.
type OSRM struct {
	// Base is where the service answers, such as "http://osrm.example:5000". Profiles gives the name that each
	// profile has in its paths; a profile not listed is refused.
	Base     string
	Profiles map[routing.Profile]string
	Get      Get
	// Block is the most sources and the most destinations asked for in one table: half the server's
	// max-table-size, which is 100 unless it was set. 0 stands for 50.
	Block int
	// Pause waits between attempts; nil sleeps. Attempts is how often a question is asked at most; 0 stands
	// for 3.
	Pause    func(ctx context.Context, d time.Duration) error
	Attempts int
}

var _ routing.Travel = (*OSRM)(nil)

// NewOSRM returns a client for a server whose profiles are named as OSRM's own images name them.
func NewOSRM(base string, get Get) (*OSRM, error) {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("the road server's address %q is no http URL", base)
	}
	return &OSRM{
		Base:     strings.TrimRight(base, "/"),
		Profiles: map[routing.Profile]string{routing.Car: "driving", routing.Foot: "foot"},
		Get:      get,
	}, nil
}

// Unavailable says that the server gave no usable answer, after all attempts.
type Unavailable struct {
	Base     string
	Attempts int
	Cause    error
}

func (e *Unavailable) Error() string {
	return fmt.Sprintf("road server %s gave no answer in %d attempts: %v", e.Base, e.Attempts, e.Cause)
}

// Unwrap returns the last cause.
func (e *Unavailable) Unwrap() error { return e.Cause }

// Refused is an answer of the server that says what is wrong with the question.
type Refused struct{ Code, Message string }

func (e *Refused) Error() string { return fmt.Sprintf("road server: %s: %s", e.Code, e.Message) }

// Version names the server: it does not tell which map it has.
func (o *OSRM) Version(profile routing.Profile) routing.Version {
	return routing.Version{Map: "osrm " + o.Base, Metric: o.Profiles[profile]}
}

func (o *OSRM) admit(profile routing.Profile, band routing.Band) (string, error) {
	name, ok := o.Profiles[profile]
	if !ok {
		return "", fmt.Errorf("road server %s has no profile %q", o.Base, profile)
	}
	if band != routing.AnyTime {
		return "", fmt.Errorf("road server %s has no speeds for the time band %q", o.Base, string(band))
	}
	return name, nil
}

// header is what every answer starts with.
type header struct{ Code, Message string }

// ask fetches an answer, again if the server is busy or gone for a moment.
func (o *OSRM) ask(ctx context.Context, path string, into interface{ head() header }) error {
	attempts := o.Attempts
	if attempts <= 0 {
		attempts = 3
	}
	var cause error
	for i := range attempts {
		if i > 0 {
			if err := o.pause(ctx, time.Duration(1<<(i-1))*200*time.Millisecond); err != nil {
				return err
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		status, body, err := o.Get(ctx, o.Base+path)
		switch {
		case err != nil:
			cause = err
			continue
		case status == 429 || status >= 500:
			cause = fmt.Errorf("status %d", status)
			continue
		}
		if err := json.Unmarshal(body, into); err != nil {
			return &Unavailable{o.Base, i + 1, fmt.Errorf("status %d with a body that is no OSRM answer: %w", status, err)}
		}
		if h := into.head(); h.Code != "Ok" {
			return &Refused{h.Code, h.Message}
		}
		return nil
	}
	return &Unavailable{o.Base, attempts, cause}
}

func (o *OSRM) pause(ctx context.Context, d time.Duration) error {
	if o.Pause != nil {
		return o.Pause(ctx, d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// place writes points as the protocol wants them.
func place(points ...orb.Point) string {
	var b strings.Builder
	for i, p := range points {
		if i > 0 {
			b.WriteByte(';')
		}
		b.WriteString(strconv.FormatFloat(p[0], 'f', 6, 64))
		b.WriteByte(',')
		b.WriteString(strconv.FormatFloat(p[1], 'f', 6, 64))
	}
	return b.String()
}

func checkPoints(points []orb.Point, offset int) error {
	for i, p := range points {
		if err := geo.CheckPoint(p); err != nil {
			return fmt.Errorf("point %d: %w", offset+i, err)
		}
	}
	return nil
}

// noRoad translates the server's answer that a coordinate has no street: number tells which point of the
// question the coordinate was.
func noRoad(err error, number func(coordinate int) (int, orb.Point)) error {
	var refused *Refused
	if !errors.As(err, &refused) || refused.Code != "NoSegment" {
		return err
	}
	words := strings.Fields(refused.Message)
	if len(words) == 0 {
		return err
	}
	coordinate, bad := strconv.Atoi(words[len(words)-1])
	if bad != nil {
		coordinate = 0
	}
	i, at := number(coordinate)
	return &routing.NoRoad{Index: i, At: at}
}

type tableAnswer struct {
	header
	Durations [][]*float64
	Distances [][]*float64
}

func (h header) head() header { return h }

// Table asks for the matrix in blocks the server accepts.
func (o *OSRM) Table(ctx context.Context, profile routing.Profile, band routing.Band, from, to []orb.Point) (routing.Matrix, error) {
	name, err := o.admit(profile, band)
	if err != nil {
		return routing.Matrix{}, err
	}
	if err := checkPoints(from, 0); err != nil {
		return routing.Matrix{}, err
	}
	if err := checkPoints(to, len(from)); err != nil {
		return routing.Matrix{}, err
	}
	block := o.Block
	if block <= 0 {
		block = 50
	}
	m := routing.Matrix{Columns: len(to), Tenths: make([]int32, len(from)*len(to)), Meters: make([]int32, len(from)*len(to))}
	for i := 0; i < len(from); i += block {
		for j := 0; j < len(to); j += block {
			if err := o.block(ctx, name, from, to, i, min(i+block, len(from)), j, min(j+block, len(to)), m); err != nil {
				return routing.Matrix{}, err
			}
		}
	}
	return m, nil
}

// block fills rows i to iEnd and columns j to jEnd of a matrix.
func (o *OSRM) block(ctx context.Context, name string, from, to []orb.Point, i, iEnd, j, jEnd int, m routing.Matrix) error {
	rows, columns := iEnd-i, jEnd-j
	numbers := func(first, n int) string {
		s := make([]string, n)
		for k := range s {
			s[k] = strconv.Itoa(first + k)
		}
		return strings.Join(s, ";")
	}
	path := fmt.Sprintf("/table/v1/%s/%s?annotations=duration,distance&generate_hints=false&skip_waypoints=true&sources=%s&destinations=%s",
		name, place(append(append([]orb.Point{}, from[i:iEnd]...), to[j:jEnd]...)...), numbers(0, rows), numbers(rows, columns))
	var got tableAnswer
	if err := o.ask(ctx, path, &got); err != nil {
		return noRoad(err, func(c int) (int, orb.Point) {
			if c < rows {
				return i + c, from[i+c]
			}
			c = min(c-rows, columns-1)
			return len(from) + j + c, to[j+c]
		})
	}
	if len(got.Durations) != rows || len(got.Distances) != rows {
		return &Unavailable{o.Base, 1, fmt.Errorf("a table of %d rows was asked for, %d came", rows, len(got.Durations))}
	}
	for r := range rows {
		if len(got.Durations[r]) != columns || len(got.Distances[r]) != columns {
			return &Unavailable{o.Base, 1, fmt.Errorf("a table of %d columns was asked for, %d came", columns, len(got.Durations[r]))}
		}
		for c := range columns {
			k := (i+r)*m.Columns + j + c
			seconds, meters := got.Durations[r][c], got.Distances[r][c]
			if seconds == nil || meters == nil {
				m.Tenths[k], m.Meters[k] = routing.Unreachable, routing.Unreachable
				continue
			}
			m.Tenths[k], m.Meters[k] = rounded(*seconds*10), rounded(*meters)
		}
	}
	return nil
}

func rounded(v float64) int32 {
	return int32(min(max(math.Round(v), 0), float64(routing.Unreachable)-1))
}

type routeAnswer struct {
	header
	Routes []struct {
		Legs []struct {
			Duration, Distance float64
			Steps              []struct {
				Name, Ref string
				Geometry  struct{ Coordinates orb.LineString }
			}
		}
	}
}

// Route asks for each leg by itself, so that its times are those a table tells.
func (o *OSRM) Route(ctx context.Context, profile routing.Profile, band routing.Band, through []orb.Point) (routing.Route, error) {
	name, err := o.admit(profile, band)
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
		var got routeAnswer
		path := fmt.Sprintf("/route/v1/%s/%s?steps=true&overview=false&geometries=geojson&generate_hints=false", name, place(through[i:i+2]...))
		err := o.ask(ctx, path, &got)
		var refused *Refused
		if errors.As(err, &refused) && refused.Code == "NoRoute" {
			return routing.Route{}, fmt.Errorf("from point %d to point %d: %w", i, i+1, routing.ErrNoWay)
		}
		if err != nil {
			return routing.Route{}, noRoad(err, func(c int) (int, orb.Point) { return i + min(c, 1), through[i+min(c, 1)] })
		}
		if len(got.Routes) == 0 || len(got.Routes[0].Legs) != 1 {
			return routing.Route{}, &Unavailable{o.Base, 1, errors.New("a route came without its leg")}
		}
		leg := got.Routes[0].Legs[0]
		out := routing.Leg{Tenths: rounded(leg.Duration * 10), Meters: rounded(leg.Distance)}
		for _, s := range leg.Steps {
			street := s.Name
			if street == "" {
				street = s.Ref
			}
			if street != "" && (len(out.Streets) == 0 || out.Streets[len(out.Streets)-1] != street) {
				out.Streets = append(out.Streets, street)
			}
			for _, p := range s.Geometry.Coordinates {
				if len(out.Shape) == 0 || out.Shape[len(out.Shape)-1] != p {
					out.Shape = append(out.Shape, p)
				}
			}
		}
		if len(out.Shape) == 1 {
			out.Shape = append(out.Shape, out.Shape[0])
		}
		r.Legs = append(r.Legs, out)
	}
	return r, nil
}

type nearestAnswer struct {
	header
	Waypoints []struct {
		Location orb.Point
		Name     string
		Distance float64
	}
}

// Nearest asks for the streets around a point.
func (o *OSRM) Nearest(ctx context.Context, profile routing.Profile, at orb.Point, n int) ([]routing.Snap, error) {
	name, err := o.admit(profile, routing.AnyTime)
	if err != nil {
		return nil, err
	}
	if err := checkPoints([]orb.Point{at}, 0); err != nil {
		return nil, err
	}
	if n <= 0 {
		return nil, nil
	}
	var got nearestAnswer
	if err := o.ask(ctx, fmt.Sprintf("/nearest/v1/%s/%s?number=%d&generate_hints=false", name, place(at), n), &got); err != nil {
		return nil, noRoad(err, func(int) (int, orb.Point) { return 0, at })
	}
	snaps := make([]routing.Snap, len(got.Waypoints))
	for i, w := range got.Waypoints {
		snaps[i] = routing.Snap{At: w.Location, Meters: w.Distance, Street: w.Name}
	}
	return snaps, nil
}

// The protocol knows no travel-time areas. They are found by a table to the middles of hexagons, at most
// reachCells of them, as far as reachSpeed metres a second could lead on the straight line.
const (
	reachCells = 1500
	reachSpeed = 25.0
)

// Reach asks for the times of the hexagons around a point, by the streets nearest to their middles.
func (o *OSRM) Reach(ctx context.Context, profile routing.Profile, band routing.Band, origin orb.Point, limit time.Duration, direction routing.Direction) (routing.Reach, error) {
	if limit <= 0 || limit > 24*time.Hour {
		return routing.Reach{}, fmt.Errorf("a travel-time area needs a limit above 0 and up to 24h, not %v", limit)
	}
	if err := checkPoints([]orb.Point{origin}, 0); err != nil {
		return routing.Reach{}, err
	}
	speed := reachSpeed
	if profile == routing.Foot {
		speed = 1.6
	}
	resolution, cells, middles, err := around(origin, limit.Seconds()*speed)
	if err != nil {
		return routing.Reach{}, err
	}
	from, to := []orb.Point{origin}, middles
	if direction == routing.Inbound {
		from, to = middles, from
	}
	m, err := o.Table(ctx, profile, band, from, to)
	if err != nil {
		return routing.Reach{}, err
	}
	r := routing.Reach{Resolution: resolution, Tenths: map[uint64]int32{}}
	most := int32(limit / (time.Second / 10))
	var inside []uint64
	for i, t := range m.Tenths {
		if t <= most {
			r.Tenths[cells[i]] = t
			inside = append(inside, cells[i])
		}
	}
	if len(inside) > 0 {
		if r.Area, err = hex.Outline(inside); err != nil {
			return routing.Reach{}, err
		}
	}
	return r, nil
}

// around returns the hexagons whose middle lies within a radius, the origin's own first, at the finest
// resolution at which they are few enough.
func around(origin orb.Point, radius float64) (resolution int, cells []uint64, middles []orb.Point, err error) {
	resolution, edge := 10, 66.0 // metres, of a cell at resolution 10; each coarser one is about sqrt(7) longer
	for ; math.Pi*radius*radius/(2.6*edge*edge) > reachCells && resolution > 0; resolution-- {
		edge *= math.Sqrt(7)
	}
	known := map[uint64]bool{}
	add := func(at orb.Point) error {
		cell, err := hex.Cell(at, resolution)
		if err != nil || known[cell] {
			return err
		}
		known[cell] = true
		middle, err := hex.Centre(cell)
		if err == nil && (len(cells) == 0 || orbgeo.DistanceHaversine(origin, middle) <= radius) {
			cells, middles = append(cells, cell), append(middles, middle)
		}
		return err
	}
	if err := add(origin); err != nil {
		return 0, nil, nil, err
	}
	step := edge / 2 / 111_195
	wide := step / max(math.Cos(origin[1]*math.Pi/180), 1e-3)
	for y := -radius / 111_195; y <= radius/111_195; y += step {
		for x := -radius / 111_195 * wide / step; x <= radius/111_195*wide/step; x += wide {
			at := orb.Point{math.Mod(origin[0]+x+540, 360) - 180, origin[1] + y}
			if at[1] < -90 || at[1] > 90 {
				continue
			}
			if err := add(at); err != nil {
				return 0, nil, nil, err
			}
		}
	}
	return resolution, cells, middles, nil
}
