package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"catchment/geo"
	"catchment/routing"
)

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
	base, err := checkBase(base)
	if err != nil {
		return nil, err
	}
	return &OSRM{
		Base:     base,
		Profiles: map[routing.Profile]string{routing.Car: "driving", routing.Foot: "foot"},
		Get:      get,
	}, nil
}

// Has tells whether the server answers for a profile.
func (o *OSRM) Has(profile routing.Profile) bool { return o.Profiles[profile] != "" }

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

// ask fetches an answer.
func (o *OSRM) ask(ctx context.Context, path string, into interface{ head() header }) error {
	c := caller{o.Base, o.Get, o.Pause, o.Attempts}
	status, body, attempts, err := c.fetch(ctx, path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return &Unavailable{o.Base, attempts, fmt.Errorf("status %d with a body that is no OSRM answer: %w", status, err)}
	}
	if h := into.head(); h.Code != "Ok" {
		return &Refused{h.Code, h.Message}
	}
	return nil
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

// Reach asks for the times of the hexagons around a point, by the streets nearest to their middles.
func (o *OSRM) Reach(ctx context.Context, profile routing.Profile, band routing.Band, origin orb.Point, limit time.Duration, direction routing.Direction) (routing.Reach, error) {
	return reach(ctx, o, profile, band, origin, limit, direction)
}
