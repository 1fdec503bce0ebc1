package road

import (
	"math"
	"strings"

	"catchment/geo/osm"
)

// wayUse is what a profile makes of a way.
type wayUse struct {
	forward, backward lane
	seconds           float64 // of the whole way, if a duration tag tells it; else 0
	rate              float64 // weight = time / rate
	class             class
	ferry             bool
	motorway          bool
	toll              bool
	round             bool // roundabout or circular junction
	endsHere          bool // a journey may start or end on it
	left              bool // traffic keeps left
}

// lane is one direction of a way.
type lane struct {
	open       bool
	restricted bool    // residents, deliveries and customers only
	speed      float64 // km/h
}

// class sorts ways into what the shape of a crossing depends on.
type class uint8

const (
	classOther    class = iota
	classMotorway       // motorways and ramps
	classTrunk
	classPrimary
	classLow // service roads, living streets, tracks: drawn too carelessly to look far along them
)

func classOf(highway string) class {
	switch highway {
	case "motorway", "motorway_link", "trunk_link", "primary_link", "secondary_link", "tertiary_link":
		return classMotorway
	case "trunk":
		return classTrunk
	case "primary":
		return classPrimary
	case "service", "living_street", "track", "path", "footway", "cycleway", "steps", "pedestrian", "":
		return classLow
	}
	return classOther
}

// bothWays returns the value that counts for each direction: for each key in turn key:forward and
// key:backward before key.
func bothWays(tags osm.Tags, keys ...string) (forward, backward string) {
	for _, key := range keys {
		common := tags.Get(key)
		if forward == "" {
			if forward = tags.Get(key + ":forward"); forward == "" {
				forward = common
			}
		}
		if backward == "" {
			if backward = tags.Get(key + ":backward"); backward == "" {
				backward = common
			}
		}
	}
	return forward, backward
}

func firstOf(tags osm.Tags, keys []string) string {
	for _, key := range keys {
		if v := tags.Get(key); v != "" {
			return v
		}
	}
	return ""
}

// use reads the tags of a way. It reports false if the traveller cannot use the way in either direction.
func (p *Profile) use(tags osm.Tags) (wayUse, bool) {
	tags = p.now(tags)
	highway, route := tags.Get("highway"), tags.Get("route")
	if highway == "" && route == "" && !p.known(tags) {
		return wayUse{}, false
	}
	if p.blocked(tags, highway) || p.ClosedService[tags.Get("service")] {
		return wayUse{}, false
	}
	w := wayUse{
		forward:  lane{open: true},
		backward: lane{open: true},
		rate:     1,
		class:    classOf(highway),
		motorway: highway == "motorway" || highway == "motorway_link",
		round:    tags.Get("junction") == "roundabout" || tags.Get("junction") == "circular",
		left:     tags.Get("driving_side") == "left",
	}
	tollForward, tollBackward := bothWays(tags, "toll")
	w.toll = tollForward == "yes" || tollBackward == "yes"
	p.fit(&w, tags)
	accessForward, accessBackward := bothWays(tags, p.Access...)
	p.admit(&w.forward, accessForward, highway)
	p.admit(&w.backward, accessBackward, highway)
	if !w.forward.open && !w.backward.open {
		return wayUse{}, false
	}
	oneway := p.direct(&w, tags, highway)
	p.ferry(&w, tags, route)
	p.reserve(&w, tags)
	if !p.pace(&w, tags, accessForward, accessBackward) {
		return wayUse{}, false
	}
	p.limit(&w, tags)
	w.rate = p.rate(&w, tags, oneway)
	w.forward.open = w.forward.open && (w.forward.speed > 0 || w.seconds > 0)
	w.backward.open = w.backward.open && (w.backward.speed > 0 || w.seconds > 0)
	w.endsHere = !w.ferry && !(highway == "service" && accessForward == "private" && !p.WeightIsTime)
	return w, w.forward.open || w.backward.open
}

// known tells whether a key other than highway and route gives the way a speed.
func (p *Profile) known(tags osm.Tags) bool {
	_, ok := p.classSpeed(tags)
	return ok
}

func (p *Profile) classSpeed(tags osm.Tags) (float64, bool) {
	for _, s := range p.Speeds {
		if v := tags.Get(s.Key); v != "" {
			if speed, ok := s.Of[v]; ok {
				return speed, true
			}
		}
	}
	return p.AnySpeed, p.AnySpeed > 0 && tags.Has("highway")
}

// minorWorks are construction values that leave a way open.
var minorWorks = set("no", "widening", "minor")

// blocked tells whether the way is out of use altogether.
func (p *Profile) blocked(tags osm.Tags, highway string) bool {
	switch {
	case p.Avoid[highway]:
		return true
	case p.Avoid["area"] && tags.Get("area") == "yes":
		return true
	case p.Avoid["construction"] && tags.Get("railway") == "construction":
		return true
	case p.Avoid["construction"] && tags.Has("construction") && !minorWorks[tags.Get("construction")]:
		return true
	case p.Avoid["proposed"] && tags.Has("proposed"):
		return true
	case p.Avoid["reversible"] && tags.Get("oneway") == "reversible":
		return true
	case p.Avoid["impassable"] && (tags.Get("impassable") == "yes" || tags.Get("status") == "impassable"):
		return true
	case p.Avoid["toll"] && tags.Get("toll") == "yes":
		return true
	}
	return false
}

// fit closes the directions the vehicle is too high, wide, long or heavy for.
func (p *Profile) fit(w *wayUse, tags osm.Tags) {
	check := func(size float64, parse func(string) (float64, bool), tight bool, keys ...string) {
		if size == 0 {
			return
		}
		forward, backward := bothWays(tags, keys...)
		for _, d := range []struct {
			lane  *lane
			value string
		}{{&w.forward, forward}, {&w.backward, backward}} {
			if room, ok := parse(d.value); ok && (room < size || tight && room == size) {
				d.lane.open = false
			}
		}
	}
	check(p.Vehicle.Height, parseMeters, false, "maxheight:physical", "maxheight")
	check(p.Vehicle.Width, parseMeters, true, "maxwidth:physical", "maxwidth", "width", "est_width")
	check(p.Vehicle.Length, parseMeters, false, "maxlength")
	check(p.Vehicle.Weight, parseKilograms, false, "maxweight")
	if p.Vehicle.Width > 2.2 && (tags.Get("narrow") == "yes" || tags.Get("width") == "narrow") {
		w.forward.open, w.backward.open = false, false
	}
}

// admit applies an access value to one direction.
func (p *Profile) admit(l *lane, access, highway string) {
	switch {
	case p.RestrictedOn[highway] && p.Restricts[access]:
		l.restricted = true
	case p.Closes[access]:
		l.open = false
	}
}

// direct closes the direction against the oneway tag, which it returns.
func (p *Profile) direct(w *wayUse, tags osm.Tags, highway string) string {
	var oneway string
	for _, mode := range p.Modes {
		if oneway = tags.Get("oneway:" + mode); oneway != "" {
			break
		}
	}
	if oneway == "" && p.Oneway != OnewayOwn {
		oneway = tags.Get("oneway")
	}
	switch {
	case oneway == "-1":
		w.forward.open = false
	case oneway == "yes" || oneway == "1" || oneway == "true":
		w.backward.open = false
	case p.Oneway == OnewayAll && oneway != "no" && (highway == "motorway" || w.round):
		w.backward.open = false
	}
	return oneway
}

// ferry takes speed and duration from a ferry route or a movable bridge.
func (p *Profile) ferry(w *wayUse, tags osm.Tags, route string) {
	if speed := p.RouteSpeeds[route]; speed > 0 {
		w.ferry = true
		w.forward.speed, w.backward.speed = speed, speed
		if s, ok := parseSeconds(tags.Get("duration")); ok {
			w.seconds = max(s, 1)
		}
		return
	}
	if speed := p.BridgeSpeeds[tags.Get("bridge")]; speed > 0 {
		if s, ok := parseSeconds(tags.Get("duration")); ok {
			w.seconds = max(s, 1)
		} else {
			w.forward.speed, w.backward.speed = speed, speed
		}
	}
}

// reserve marks ways whose lanes are all kept for cars with several people in them.
func (p *Profile) reserve(w *wayUse, tags osm.Tags) {
	if !p.Avoid["hov_lanes"] {
		return
	}
	all := func(lanes string) bool {
		if lanes == "" {
			return false
		}
		for _, lane := range strings.Split(lanes, "|") {
			if lane != "designated" {
				return false
			}
		}
		return true
	}
	forward, backward := bothWays(tags, "hov:lanes")
	kept := tags.Get("hov") == "designated"
	w.forward.restricted = w.forward.restricted || kept || all(forward)
	w.backward.restricted = w.backward.restricted || kept || all(backward)
}

// pace sets the speeds by class of way, or the default speed where an access tag opens a way of no class. It
// reports false for a way without any speed.
func (p *Profile) pace(w *wayUse, tags osm.Tags, accessForward, accessBackward string) bool {
	if w.forward.speed > 0 || w.backward.speed > 0 {
		return true
	}
	if speed, ok := p.classSpeed(tags); ok {
		w.forward.speed, w.backward.speed = speed, speed
		return true
	}
	if accessForward != "" && !p.Closes[accessForward] {
		w.forward.speed = p.DefaultSpeed
	}
	if accessBackward != "" && !p.Closes[accessBackward] {
		w.backward.speed = p.DefaultSpeed
	}
	w.forward.open = w.forward.open && w.forward.speed > 0
	w.backward.open = w.backward.open && w.backward.speed > 0
	return w.forward.speed > 0 || w.backward.speed > 0 || w.seconds > 0
}

// limit applies the legal limit and the state of the surface.
func (p *Profile) limit(w *wayUse, tags osm.Tags) {
	if p.MaxspeedFactor > 0 {
		forward, backward := bothWays(tags, "maxspeed:advisory", "maxspeed", "source:maxspeed", "maxspeed:type")
		if v := parseLimit(forward); v > 0 {
			w.forward.speed = v * p.MaxspeedFactor
		}
		if v := parseLimit(backward); v > 0 {
			w.backward.speed = v * p.MaxspeedFactor
		}
	}
	most := math.Inf(1)
	if p.TopSpeed > 0 {
		most = p.TopSpeed
	}
	for _, c := range []struct {
		of  map[string]float64
		key string
	}{{p.Surface, "surface"}, {p.Tracktype, "tracktype"}, {p.Smoothness, "smoothness"}} {
		if v, ok := c.of[tags.Get(c.key)]; ok {
			most = min(most, v)
		}
	}
	w.forward.speed, w.backward.speed = min(w.forward.speed, most), min(w.backward.speed, most)
}

// rate returns how much of its time a way is worth: below 1 for ways that are better avoided.
func (p *Profile) rate(w *wayUse, tags osm.Tags, oneway string) float64 {
	if p.WeightIsTime {
		return 1
	}
	rate := 1.0
	if r, ok := p.ServiceRate[tags.Get("service")]; ok {
		rate = min(rate, r)
	}
	width, _, hasWidth := leadingInt(tags.Get("width"))
	lanes, _, hasLanes := leadingInt(tags.Get("lanes"))
	if hasWidth && width <= 3 || hasLanes && lanes <= 1 && w.forward.open && w.backward.open {
		rate = min(rate, 0.5)
	}
	if oneway == "alternating" {
		rate = min(rate, 0.4)
	}
	if side := tags.Get("side_road"); p.SideRoadRate > 0 && (side == "yes" || side == "rotary") {
		rate = min(rate, p.SideRoadRate)
	}
	return rate
}

// nodeUse is what a profile makes of a node on a way.
type nodeUse struct {
	barrier bool
	sign    sign
	facing  facing
}

// sign is what makes traffic wait at a node.
type sign uint8

const (
	noSign sign = iota
	signals
	stopSign
	minorStop // binds only who comes on the lesser road
	giveWay
)

// facing says which direction of its way a sign is meant for.
type facing uint8

const (
	facingUnknown facing = iota
	facingForward
	facingBackward
	facingBoth
)

// atNode reads the tags of a node on a way.
func (p *Profile) atNode(tags osm.Tags) nodeUse {
	if len(tags) == 0 {
		return nodeUse{}
	}
	tags = p.now(tags)
	var n nodeUse
	highway, barrier := tags.Get("highway"), tags.Get("barrier")
	if access := firstOf(tags, p.Access); access != "" {
		n.barrier = p.Closes[access] && !p.Restricts[access]
	} else if barrier != "" {
		low := false
		if barrier == "height_restrictor" && p.Vehicle.Height > 0 {
			height, ok := parseMeters(tags.Get("maxheight"))
			low = ok && height < p.Vehicle.Height
		}
		kerb := tags.Get("kerb")
		passable := p.Passable[barrier] || tags.Get("bollard") == "rising" || kerb == "lowered" || kerb == "flush" ||
			barrier == "kerb" && highway == "crossing"
		n.barrier = !passable || low
	}
	direction := tags.Get("direction")
	switch highway {
	case "traffic_signals":
		n.sign = signals
		if d := tags.Get("traffic_signals:direction"); d != "" {
			direction = d
		}
	case "stop":
		n.sign = stopSign
		if tags.Get("stop") == "minor" {
			n.sign = minorStop
		}
	case "give_way":
		n.sign = giveWay
	default:
		return n
	}
	switch direction {
	case "forward":
		n.facing = facingForward
	case "backward":
		n.facing = facingBackward
	case "both":
		n.facing = facingBoth
	}
	return n
}

// wait returns how long a sign holds up traffic, in seconds.
func (p *Profile) wait(s sign) float64 {
	switch s {
	case signals:
		return p.SignalSeconds
	case stopSign, minorStop:
		return p.StopSeconds
	case giveWay:
		return p.GiveWaySeconds
	}
	return 0
}
