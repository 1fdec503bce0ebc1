package osrm

import (
	"context"
	"errors"
	"math"

	"github.com/paulmach/orb"
	orbgeo "github.com/paulmach/orb/geo"
	"github.com/paulmach/orb/simplify"

	"catchment/routing"
	"catchment/routing/road"
)

// Question is a request as it comes over the wire: the path after the point where the service is mounted, the raw
// query, and the body of one that was posted.
type Question struct {
	Path, RawQuery string
	Body           []byte // nil for one that was not posted
	Binary         bool   // a table is wanted in binary
}

// Serve answers a question. It returns the status and the body: JSON, or with status 200 a table in binary where
// that was asked for.
func Serve(ctx context.Context, g *road.Graph, q Question) (status int, body []byte) {
	var r *Request
	var p *Problem
	if q.Body != nil {
		r, p = ParseBody(q.Path, q.RawQuery, q.Body)
	} else {
		r, p = Parse(q.Path, q.RawQuery)
	}
	if p == nil {
		var err error
		if q.Binary && r.Service == "table" {
			a := &answer{ctx: ctx, g: g.Without(r.Exclude), r: r}
			body, err = a.binaryTable()
		} else {
			body, err = Answer(ctx, g, r)
		}
		if err == nil {
			return 200, body
		}
		if !errors.As(err, &p) {
			return 500, (&Problem{"InternalError", "The request could not be answered"}).body()
		}
	}
	return 400, p.body()
}

func (p *Problem) body() []byte {
	var w writer
	w.object(func() {
		w.key("code")
		w.string(p.Code)
		w.key("message")
		w.string(p.Message)
	})
	return w.b
}

// Answer returns the JSON body that answers a request. What the protocol has a code for is a *Problem; any other
// error is the context's.
func Answer(ctx context.Context, g *road.Graph, r *Request) ([]byte, error) {
	a := &answer{ctx: ctx, g: g.Without(r.Exclude), r: r}
	var err error
	switch r.Service {
	case "nearest":
		err = a.nearest()
	case "table":
		err = a.table()
	case "route":
		err = a.route()
	case "trip":
		err = a.trip()
	case "match":
		err = a.match()
	default:
		err = problem("InvalidService", "Service %s not found!", r.Service)
	}
	if err != nil {
		return nil, err
	}
	return a.w.b, nil
}

// answer is one answer in the making.
type answer struct {
	ctx context.Context
	g   *road.Graph
	r   *Request
	w   writer
}

// snap finds the streets of the request's places.
func (a *answer) snap() ([]road.Place, error) {
	places, err := a.g.Snap(a.ctx, a.r.Waypoints, a.r.AnyPiece)
	var none *routing.NoRoad
	if errors.As(err, &none) {
		return nil, problem("NoSegment", "Could not find a matching segment for coordinate %d", none.Index)
	}
	return places, err
}

// waypoint writes the fields of a snapped place; more adds further ones.
func (a *answer) waypoint(p road.Place, more func()) {
	a.w.object(func() {
		if a.r.Hints {
			a.w.key("hint")
			a.w.string(p.Hint())
		}
		a.w.key("location")
		a.w.point(p.At())
		a.w.key("name")
		a.w.string(p.Street())
		a.w.key("distance")
		a.w.float(math.Round(p.Meters()*1e6) / 1e6)
		if more != nil {
			more()
		}
	})
}

func (a *answer) waypoints(key string, places []road.Place) {
	if a.r.SkipWaypoints {
		return
	}
	a.w.key(key)
	a.w.list(func() {
		for _, p := range places {
			a.waypoint(p, nil)
		}
	})
}

func (a *answer) ok() {
	a.w.key("code")
	a.w.string("Ok")
}

func (a *answer) nearest() error {
	places, err := a.g.Around(a.r.Waypoints[0], a.r.Number)
	if errors.Is(err, routing.ErrNoRoad) {
		return problem("NoSegment", "Could not find a matching segments for coordinate")
	}
	if err != nil {
		return err
	}
	a.w.object(func() {
		a.ok()
		a.w.key("waypoints")
		a.w.list(func() {
			for _, p := range places {
				a.waypoint(p, func() {
					before, behind := p.Nodes()
					a.w.key("nodes")
					a.w.list(func() { a.w.int(before); a.w.int(behind) })
				})
			}
		})
	})
	return nil
}

func pick(places []road.Place, at []int) []road.Place {
	if at == nil {
		return places
	}
	chosen := make([]road.Place, len(at))
	for i, n := range at {
		chosen[i] = places[n]
	}
	return chosen
}

// tableCosts finds the places and the costs of a table.
func (a *answer) tableCosts() (from, to []road.Place, costs []road.Cost, err error) {
	places, err := a.snap()
	if err != nil {
		return nil, nil, nil, err
	}
	from, to = pick(places, a.r.Sources), pick(places, a.r.Destinations)
	costs, err = a.g.Costs(a.ctx, from, to)
	return from, to, costs, err
}

func (a *answer) table() error {
	from, to, costs, err := a.tableCosts()
	if err != nil {
		return err
	}
	guess := func(i, j int) (tenths, decimeters uint32) {
		p, q := from[i].At(), to[j].At()
		if !a.r.FallbackSnapped {
			p, q = from[i].Asked(), to[j].Asked()
		}
		meters := orbgeo.DistanceHaversine(p, q)
		return uint32(meters / a.r.FallbackSpeed * 10), uint32(meters * 10)
	}
	values := func(key string, value func(c road.Cost) uint32, fallback func(tenths, decimeters uint32) uint32, scale float64) {
		a.w.key(key)
		a.w.list(func() {
			for i := range from {
				a.w.list(func() {
					for j := range to {
						c := costs[i*len(to)+j]
						v := uint32(0)
						switch {
						case c.Exists():
							v = value(c)
						case a.r.FallbackSpeed > 0:
							v = fallback(guess(i, j))
						default:
							a.w.null()
							continue
						}
						if scale != 1 {
							v = uint32(min(math.Round(float64(v)*scale), math.MaxUint32))
						}
						a.w.tenths(v)
					}
				})
			}
		})
	}
	a.w.b = make([]byte, 0, 64+8*len(costs)*len(a.r.Annotations)+256*(len(from)+len(to)))
	a.w.object(func() {
		a.ok()
		if a.r.Annotations["duration"] {
			values("durations", func(c road.Cost) uint32 { return c.Tenths }, func(t, _ uint32) uint32 { return t }, a.r.ScaleFactor)
		}
		if a.r.Annotations["distance"] {
			values("distances", func(c road.Cost) uint32 { return c.Decimeters }, func(_, d uint32) uint32 { return d }, 1)
		}
		a.waypoints("destinations", to)
		a.waypoints("sources", from)
		if a.r.FallbackSpeed > 0 {
			a.w.key("fallback_speed_cells")
			a.w.list(func() {
				for k, c := range costs {
					if !c.Exists() {
						a.w.list(func() { a.w.int(int64(k / len(to))); a.w.int(int64(k % len(to))) })
					}
				}
			})
		}
	})
	return nil
}

func (a *answer) route() error {
	places, err := a.snap()
	if err != nil {
		return err
	}
	stops := pick(places, a.r.Stops)
	ways, err := a.g.Journey(a.ctx, places, a.onward())
	if err != nil {
		return err
	}
	if ways == nil {
		return problem("NoRoute", "Impossible route between points")
	}
	a.w.object(func() {
		a.ok()
		a.w.key("routes")
		a.w.list(func() {
			a.journey(a.legs(ways), nil)
			if a.r.Alternatives > 0 && len(places) == 2 {
				for _, w := range a.g.Alternatives(places[0], places[1], a.r.Alternatives)[1:] {
					a.journey([][]*road.Way{{w}}, nil)
				}
			}
		})
		a.waypoints("waypoints", stops)
	})
	return nil
}

// onward tells whether a route goes straight on at the places between: vehicles do unless told otherwise.
func (a *answer) onward() bool {
	if a.r.ContinueStraight == "default" {
		return a.g.Profile() != routing.Foot
	}
	return a.r.ContinueStraight == "true"
}

// legs gathers the ways between stops: those over a place that is no stop belong to one leg.
func (a *answer) legs(ways []*road.Way) [][]*road.Way {
	var legs [][]*road.Way
	start := 0
	for i := range ways {
		stop := a.r.Stops == nil
		for _, n := range a.r.Stops {
			stop = stop || n == i+1
		}
		if stop {
			legs = append(legs, ways[start:i+1])
			start = i + 1
		}
	}
	return legs
}

func total(ways ...*road.Way) road.Cost {
	var c road.Cost
	for _, w := range ways {
		d := w.Cost()
		c = road.Cost{Weight: c.Weight + d.Weight, Tenths: c.Tenths + d.Tenths, Decimeters: c.Decimeters + d.Decimeters}
	}
	return c
}

func join(ways []*road.Way) orb.LineString {
	var line orb.LineString
	for _, w := range ways {
		for _, p := range w.Shape() {
			if len(line) == 0 || line[len(line)-1] != p {
				line = append(line, p)
			}
		}
	}
	if len(line) == 1 {
		line = append(line, line[0])
	}
	return line
}

// journey writes a route object.
func (a *answer) journey(legs [][]*road.Way, more func()) {
	var all []*road.Way
	for _, l := range legs {
		all = append(all, l...)
	}
	w, sum := &a.w, total(all...)
	w.object(func() {
		if a.r.Overview != "false" {
			line := join(all)
			if a.r.Overview == "simplified" {
				line = coarse(line)
			}
			w.key("geometry")
			w.line(line, a.r.Geometry)
		}
		w.key("legs")
		w.list(func() {
			for _, l := range legs {
				a.leg(l)
			}
		})
		w.key("weight_name")
		w.string(a.g.WeightName())
		a.cost(sum)
		if more != nil {
			more()
		}
	})
}

func (a *answer) cost(c road.Cost) {
	a.w.key("weight")
	a.w.tenths(c.Weight)
	a.w.key("duration")
	a.w.tenths(c.Tenths)
	a.w.key("distance")
	a.w.tenths(c.Decimeters)
}

// coarse simplifies a line to about a thousandth of its extent, which cannot be seen on a screen.
func coarse(line orb.LineString) orb.LineString {
	b := line.Bound()
	extent := max(b.Max[0]-b.Min[0], b.Max[1]-b.Min[1])
	return simplify.DouglasPeucker(extent / 1000).LineString(line.Clone())
}

func (a *answer) leg(ways []*road.Way) {
	w := &a.w
	w.object(func() {
		w.key("steps")
		w.list(func() {
			if a.r.Steps {
				for i, way := range ways {
					steps := way.Steps()
					if i+1 < len(ways) { // the place between is no stop: nothing is told there
						steps = steps[:len(steps)-1]
					}
					for _, s := range steps {
						a.step(s)
					}
				}
			}
		})
		w.key("summary")
		if a.r.Steps && len(ways) > 0 {
			w.string(ways[0].Summary())
		} else {
			w.string("")
		}
		a.cost(total(ways...))
		for _, on := range a.r.Annotations {
			if on {
				w.key("annotation")
				a.annotation(ways)
				break
			}
		}
	})
}

func (a *answer) step(s road.Step) {
	w, m := &a.w, s.Maneuver
	w.object(func() {
		w.key("geometry")
		w.line(s.Shape, a.r.Geometry)
		w.key("maneuver")
		w.object(func() {
			w.key("bearing_after")
			w.int(int64(m.After))
			w.key("bearing_before")
			w.int(int64(m.Before))
			w.key("location")
			w.point(m.At)
			if m.Modifier != "" {
				w.key("modifier")
				w.string(m.Modifier)
			}
			w.key("type")
			w.string(m.Type)
			if s.Exit > 0 {
				w.key("exit")
				w.int(int64(s.Exit))
			}
		})
		w.key("mode")
		switch {
		case s.Ferry:
			w.string("ferry")
		default:
			w.string(a.g.Mode())
		}
		w.key("driving_side")
		if s.Left {
			w.string("left")
		} else {
			w.string("right")
		}
		w.key("name")
		w.string(s.Name)
		if s.Number != "" {
			w.key("ref")
			w.string(s.Number)
		}
		w.key("intersections")
		w.list(func() {
			for _, c := range s.Crossings {
				a.crossing(c)
			}
		})
		w.key("weight")
		w.tenths(s.Weight)
		w.key("duration")
		w.tenths(s.Tenths)
		w.key("distance")
		w.meters(s.Meters)
	})
}

func (a *answer) crossing(c road.Crossing) {
	w := &a.w
	w.object(func() {
		w.key("location")
		w.point(c.At)
		w.key("bearings")
		w.list(func() {
			for _, b := range c.Bearings {
				w.int(int64(b))
			}
		})
		w.key("entry")
		w.list(func() {
			for _, e := range c.Entry {
				w.bool(e)
			}
		})
		if c.In >= 0 {
			w.key("in")
			w.int(int64(c.In))
		}
		if c.Out >= 0 {
			w.key("out")
			w.int(int64(c.Out))
		}
	})
}

// annotation writes values hop by hop. As in OSRM, times do not hold the turns.
func (a *answer) annotation(ways []*road.Way) {
	var hops []road.Hop
	for _, way := range ways {
		for _, h := range way.Hops() {
			if h.From != h.To || len(hops) == 0 {
				hops = append(hops, h)
			}
		}
	}
	w, asked := &a.w, a.r.Annotations
	values := func(key string, write func(h road.Hop)) {
		if asked[key] {
			w.key(key)
			w.list(func() {
				for _, h := range hops {
					write(h)
				}
			})
		}
	}
	w.object(func() {
		values("duration", func(h road.Hop) { w.tenths(h.Cost.Tenths) })
		values("weight", func(h road.Hop) { w.tenths(h.Cost.Weight) })
		values("distance", func(h road.Hop) { w.meters(h.Meters) })
		values("speed", func(h road.Hop) {
			speed := 0.0
			if h.Cost.Tenths > 0 {
				speed = h.Meters / float64(h.Cost.Tenths) * 10
			}
			w.meters(speed)
		})
		values("datasources", func(road.Hop) { w.int(0) })
		if asked["datasources"] {
			w.key("metadata")
			w.object(func() {
				w.key("datasource_names")
				w.list(func() { w.string("map") })
			})
		}
		if asked["nodes"] {
			w.key("nodes")
			w.list(func() {
				w.int(hops[0].NodeA)
				for _, h := range hops {
					w.int(h.NodeB)
				}
			})
		}
	})
}
