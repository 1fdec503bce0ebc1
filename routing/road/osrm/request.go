// Package osrm speaks the OSRM HTTP API v1 for a street graph: it reads the path and query of a request and
// writes the answer's JSON. It knows no HTTP itself; whoever serves hands paths in and bodies out.
package osrm

import (
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"catchment/routing/road"
)

// Request is a question in the OSRM protocol. Parse fills it in.
type Request struct {
	Service   string // route, table, nearest, match or trip
	Profile   string // as in the path; servers of one profile ignore it
	Waypoints []road.Waypoint

	Exclude          road.Exclusion
	unknownExclusion bool

	AnyPiece      bool // snapping=any
	Hints         bool // generate_hints
	SkipWaypoints bool

	Steps            bool
	Annotations      map[string]bool // duration, distance, speed, weight, nodes, datasources
	Geometry         Geometry
	Alternatives     int    // how many routes more than the best are wanted
	Overview         string // simplified, full or false
	ContinueStraight string // default, true or false
	Stops            []int  // of route and match: the coordinates between which legs run; nil for all

	Sources, Destinations []int // of a table; nil for all
	FallbackSpeed         float64
	FallbackSnapped       bool
	ScaleFactor           float64

	Number int // of nearest

	Roundtrip             bool
	FirstFixed, LastFixed bool // source=first, destination=last

	Timestamps []int64
	Split      bool // gaps=split
	Tidy       bool
}

// Geometry says how lines are written.
type Geometry int

// Geometries.
const (
	Polyline  Geometry = iota // five decimals
	Polyline6                 // six decimals
	GeoJSON
)

// Problem is an answer that something is wrong, in the protocol's codes.
type Problem struct {
	Code    string
	Message string
}

func (p *Problem) Error() string { return p.Code + ": " + p.Message }

func problem(code, format string, args ...any) *Problem {
	return &Problem{code, fmt.Sprintf(format, args...)}
}

// maxAlternatives bounds the routes offered beside the best one, as OSRM does unless it is told otherwise.
const maxAlternatives = 3

// MaxCoordinates bounds the places of one request.
const MaxCoordinates = 10_000

// Parse reads a request's path after the point where the service is mounted, such as
// "/route/v1/driving/9.52,47.14;9.51,47.17", and its raw query.
func Parse(path, rawQuery string) (*Request, *Problem) {
	parts := strings.SplitN(strings.TrimPrefix(path, "/"), "/", 4)
	if len(parts) < 4 {
		return nil, problem("InvalidUrl", "URL string malformed close to position %d", len(path)+1)
	}
	r, p := begin(parts)
	if p != nil {
		return nil, p
	}
	coordinates, err := url.PathUnescape(parts[3])
	if err != nil {
		return nil, problem("InvalidUrl", "URL string malformed close to position %d", len(path))
	}
	coordinates = strings.TrimSuffix(coordinates, ".json")
	if strings.HasSuffix(coordinates, ".flatbuffers") {
		return nil, problem("InvalidOptions", "Only the format json is spoken here")
	}
	points, p := parseCoordinates(coordinates)
	if p != nil {
		return nil, p
	}
	if p := r.place(points); p != nil {
		return nil, p
	}
	if p := r.query(rawQuery); p != nil {
		return nil, p
	}
	return r, r.check()
}

// begin reads service, version and profile.
func begin(parts []string) (*Request, *Problem) {
	r := &Request{
		Service: parts[0], Profile: parts[2], Hints: true, Overview: "simplified", ContinueStraight: "default",
		ScaleFactor: 1, Number: 1, Roundtrip: true, Split: true, Annotations: map[string]bool{},
	}
	switch r.Service {
	case "route", "table", "nearest", "match", "trip":
	default:
		return nil, problem("InvalidService", "Service %s not found!", r.Service)
	}
	if parts[1] != "v1" {
		return nil, problem("InvalidVersion", "Service %s not found for version: %s", r.Service, parts[1])
	}
	if r.Service == "table" {
		r.Annotations["duration"] = true
	}
	return r, nil
}

// place sets the coordinates, which options refer to.
func (r *Request) place(points []orb.Point) *Problem {
	if len(points) > MaxCoordinates {
		return problem("TooBig", "Too many coordinates: %d, at most %d", len(points), MaxCoordinates)
	}
	r.Waypoints = make([]road.Waypoint, len(points))
	for i, p := range points {
		if !(p[0] >= -180 && p[0] <= 180 && p[1] >= -90 && p[1] <= 90) {
			return problem("InvalidValue", "Invalid coordinate value.")
		}
		r.Waypoints[i].At = p
	}
	return nil
}

// query reads the parameters behind a path.
func (r *Request) query(rawQuery string) *Problem {
	position := 0
	for _, pair := range strings.Split(rawQuery, "&") {
		if pair != "" {
			key, raw, _ := strings.Cut(pair, "=")
			value, err := url.QueryUnescape(raw)
			if err != nil || !r.option(key, value) {
				return problem("InvalidQuery", "Query string malformed close to position %d", position)
			}
		}
		position += len(pair) + 1
	}
	return nil
}

// parseCoordinates reads "lon,lat;lon,lat", "polyline(...)" or "polyline6(...)".
func parseCoordinates(text string) ([]orb.Point, *Problem) {
	var points []orb.Point
	for prefix, scale := range map[string]float64{"polyline(": 1e5, "polyline6(": 1e6} {
		if strings.HasPrefix(text, prefix) && strings.HasSuffix(text, ")") {
			line, ok := decodePolyline(text[len(prefix):len(text)-1], scale)
			if !ok {
				return nil, problem("InvalidQuery", "The polyline is cut off or holds a wrong character")
			}
			points = line
		}
	}
	if points == nil {
		position := 0
		for _, pair := range strings.Split(text, ";") {
			lon, lat, ok := strings.Cut(pair, ",")
			x, err1 := strconv.ParseFloat(lon, 64)
			y, err2 := strconv.ParseFloat(lat, 64)
			if !ok || err1 != nil || err2 != nil {
				return nil, problem("InvalidQuery", "Query string malformed close to position %d", position)
			}
			points = append(points, orb.Point{x, y})
			position += len(pair) + 1
		}
	}
	return points, nil
}

// option reads one parameter. It reports false for an unknown one or a value it cannot have.
func (r *Request) option(key, value string) bool {
	list := strings.Split(value, ";")
	each := func(set func(w *road.Waypoint, v string) bool) bool {
		if len(list) != len(r.Waypoints) {
			return false
		}
		for i, v := range list {
			if !set(&r.Waypoints[i], v) {
				return false
			}
		}
		return true
	}
	flag := func(to *bool) bool {
		*to = value == "true"
		return value == "true" || value == "false"
	}
	oneOf := func(to *string, values ...string) bool {
		for _, v := range values {
			if v == value {
				*to = value
				return true
			}
		}
		return false
	}
	legs := r.Service == "route" || r.Service == "match" || r.Service == "trip"
	switch key {
	case "exclude":
		return r.readExclusion(value)
	case "bearings":
		return each(readBearing)
	case "radiuses":
		return each(readRadius)
	case "approaches":
		return each(readApproach)
	case "hints":
		return each(func(w *road.Waypoint, v string) bool { w.Hint = v; return true })
	case "generate_hints":
		return flag(&r.Hints)
	case "skip_waypoints":
		return flag(&r.SkipWaypoints)
	case "snapping":
		r.AnyPiece = value == "any"
		return value == "any" || value == "default"
	}
	switch {
	case legs && key == "steps":
		return flag(&r.Steps)
	case legs && key == "annotations":
		return r.readAnnotations(value, "duration", "distance", "speed", "weight", "nodes", "datasources")
	case legs && key == "geometries":
		var g string
		ok := oneOf(&g, "polyline", "polyline6", "geojson")
		r.Geometry = map[string]Geometry{"polyline": Polyline, "polyline6": Polyline6, "geojson": GeoJSON}[g]
		return ok
	case legs && key == "overview":
		return oneOf(&r.Overview, "simplified", "full", "false")
	case (r.Service == "route" || r.Service == "match") && key == "waypoints":
		return readIndexes(&r.Stops, value, len(r.Waypoints))
	case r.Service == "route" && key == "alternatives":
		n, err := strconv.Atoi(value)
		if value == "true" {
			n, err = 1, nil
		}
		r.Alternatives = min(n, maxAlternatives)
		return value == "false" || err == nil && n >= 0
	case r.Service == "route" && key == "continue_straight":
		return oneOf(&r.ContinueStraight, "default", "true", "false")
	case r.Service == "table" && key == "sources":
		return value == "all" || readIndexes(&r.Sources, value, len(r.Waypoints))
	case r.Service == "table" && key == "destinations":
		return value == "all" || readIndexes(&r.Destinations, value, len(r.Waypoints))
	case r.Service == "table" && key == "annotations":
		return r.readAnnotations(value, "duration", "distance")
	case r.Service == "table" && key == "fallback_speed":
		return readPositive(&r.FallbackSpeed, value)
	case r.Service == "table" && key == "scale_factor":
		return readPositive(&r.ScaleFactor, value)
	case r.Service == "table" && key == "fallback_coordinate":
		r.FallbackSnapped = value == "snapped"
		return value == "snapped" || value == "input"
	case r.Service == "nearest" && key == "number":
		n, err := strconv.Atoi(value)
		r.Number = n
		return err == nil && n >= 1
	case r.Service == "trip" && key == "roundtrip":
		return flag(&r.Roundtrip)
	case r.Service == "trip" && key == "source":
		r.FirstFixed = value == "first"
		return value == "first" || value == "any"
	case r.Service == "trip" && key == "destination":
		r.LastFixed = value == "last"
		return value == "last" || value == "any"
	case r.Service == "match" && key == "timestamps":
		for _, v := range list {
			t, err := strconv.ParseInt(v, 10, 64)
			if err != nil || t < 0 {
				return false
			}
			r.Timestamps = append(r.Timestamps, t)
		}
		return true
	case r.Service == "match" && key == "gaps":
		r.Split = value == "split"
		return value == "split" || value == "ignore"
	case r.Service == "match" && key == "tidy":
		return flag(&r.Tidy)
	}
	return false
}

// readExclusion reads names separated by commas. Those nobody knows are told of in check: OSRM has a code of its own
// for them.
func (r *Request) readExclusion(value string) bool {
	if value == "" {
		return true
	}
	for _, name := range strings.Split(value, ",") {
		x, known := road.ExclusionNamed(name)
		r.Exclude |= x
		r.unknownExclusion = r.unknownExclusion || !known
	}
	return true
}

func readBearing(w *road.Waypoint, v string) bool {
	if v == "" {
		return true
	}
	degrees, around, ok := strings.Cut(v, ",")
	b, err1 := strconv.Atoi(degrees)
	d, err2 := strconv.Atoi(around)
	w.Bearing, w.Range = float64(b), float64(d)
	return ok && err1 == nil && err2 == nil && b >= 0 && b <= 360 && d >= 0 && d <= 180
}

func readRadius(w *road.Waypoint, v string) bool {
	if v == "" || v == "unlimited" {
		return true
	}
	radius, err := strconv.ParseFloat(v, 64)
	w.Radius = max(radius, 1e-3)
	return err == nil && radius >= 0 && !math.IsInf(radius, 0)
}

func readApproach(w *road.Waypoint, v string) bool {
	switch v {
	case "curb":
		w.Approach = road.CurbSide
	case "opposite":
		w.Approach = road.OppositeSide
	case "", "unrestricted":
	default:
		return false
	}
	return true
}

func readIndexes(to *[]int, value string, n int) bool {
	*to = []int{}
	for _, v := range strings.Split(value, ";") {
		i, err := strconv.Atoi(v)
		if err != nil || i < 0 || i >= n {
			return false
		}
		*to = append(*to, i)
	}
	return true
}

func readPositive(to *float64, value string) bool {
	v, err := strconv.ParseFloat(value, 64)
	*to = v
	return err == nil && v > 0 && !math.IsInf(v, 0)
}

func (r *Request) readAnnotations(value string, known ...string) bool {
	clear(r.Annotations)
	if value == "true" || value == "false" {
		for _, k := range known {
			r.Annotations[k] = value == "true"
		}
		return r.Service != "table"
	}
	for _, v := range strings.Split(value, ",") {
		ok := false
		for _, k := range known {
			ok = ok || k == v
		}
		if !ok {
			return false
		}
		r.Annotations[v] = true
	}
	return true
}

// check looks at what several parameters say together.
func (r *Request) check() *Problem {
	n := len(r.Waypoints)
	switch {
	case r.unknownExclusion:
		return problem("InvalidValue", "Exclude flag combination is not supported.")
	case r.Service == "nearest" && n != 1:
		return problem("InvalidOptions", "Only one input coordinate is supported")
	case r.Service == "table" && n < 1, (r.Service == "route" || r.Service == "match") && n < 2, r.Service == "trip" && n < 1:
		return problem("InvalidOptions", "Number of coordinates needs to be at least two.")
	case r.Stops != nil && (len(r.Stops) < 2 || r.Stops[0] != 0 || r.Stops[len(r.Stops)-1] != n-1):
		return problem("InvalidValue", "First and last coordinates must be specified as waypoints.")
	case r.Timestamps != nil && len(r.Timestamps) != n:
		return problem("InvalidOptions", "Number of timestamps does not match number of coordinates")
	case r.Service == "trip" && !r.Roundtrip && !r.FirstFixed && !r.LastFixed:
		return problem("NotImplemented", "This request is not supported")
	}
	for i := 1; i < len(r.Stops); i++ {
		if r.Stops[i] <= r.Stops[i-1] {
			return problem("InvalidValue", "Waypoints must be given in their order")
		}
	}
	for i := 1; i < len(r.Timestamps); i++ {
		if r.Timestamps[i] <= r.Timestamps[i-1] {
			return problem("InvalidValue", "Timestamps need to be monotonically increasing.")
		}
	}
	return nil
}
