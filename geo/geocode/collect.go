package geocode

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"catchment/geo"
	"catchment/geo/osm"
)

// An address is a house as the extract tells it, then with its gaps filled.
type address struct {
	number, street, postcode, city string
	country                        string
	at                             orb.Point
	interpolated                   bool
}

// A road is a piece of a named street.
type road struct {
	name   string
	others []string
	line   orb.LineString
}

// A settlement is a named place.
type settlement struct {
	name       string
	others     []string
	kind       string
	postcode   string
	importance float64
	at         orb.Point
}

// A district is an administrative or postal area.
type district struct {
	name    string
	others  []string
	level   int
	country string // ISO 3166-1 code of a country
	post    bool   // a postal area; its name is the postcode
	shape   orb.MultiPolygon
	bound   orb.Bound
}

// A series is the ends of an interpolation: houses with numbers in steps between them.
type series struct {
	step  int
	nodes []int64
	line  orb.LineString
	tags  osm.Tags
}

// collection is what an extract says about addresses.
type collection struct {
	addresses   []address
	roads       []road
	settlements []settlement
	districts   []district

	series    []series
	numbered  map[int64]address // nodes with a number, for the ends of series
	places    *osm.Locations
	placed    bool
	relations []osm.Relation
	needed    map[int64]struct{}
	members   map[int64]orb.LineString
}

// collect reads the extract twice: relations, then nodes and ways.
func collect(ctx context.Context, src *osm.Source, progress func(done, total int64)) (*collection, error) {
	c := &collection{
		numbered: map[int64]address{}, places: &osm.Locations{},
		needed: map[int64]struct{}{}, members: map[int64]orb.LineString{},
	}
	err := src.Scan(ctx, osm.Handler{Relation: c.relation, Progress: func(done, total int64) { progress(done, 4*total) }})
	if err != nil {
		return nil, fmt.Errorf("read relations: %w", err)
	}
	if !src.Header().Sorted {
		if c.places, err = src.Locations(ctx, nil); err != nil {
			return nil, fmt.Errorf("read nodes: %w", err)
		}
		c.placed = true
	}
	err = src.Scan(ctx, osm.Handler{Node: c.node, Way: c.way, Progress: func(done, total int64) { progress(total+3*done, 4*total) }})
	if err != nil {
		return nil, fmt.Errorf("read nodes and ways: %w", err)
	}
	c.places = nil
	c.assemble()
	c.interpolate()
	return c, nil
}

func (c *collection) relation(r osm.Relation) error {
	switch r.Tags.Get("type") {
	case "boundary":
		switch r.Tags.Get("boundary") {
		case "administrative":
			if level, err := strconv.Atoi(r.Tags.Get("admin_level")); err != nil || level < 2 || level > 10 || r.Tags.Get("name") == "" {
				return nil
			}
		case "postal_code":
		default:
			return nil
		}
	case "multipolygon":
		if r.Tags.Get("addr:housenumber") == "" && r.Tags.Get("boundary") != "administrative" {
			return nil
		}
	default:
		return nil
	}
	c.relations = append(c.relations, r)
	for _, m := range r.Members {
		if m.Kind == osm.WayMember {
			c.needed[m.Ref] = struct{}{}
		}
	}
	return nil
}

func (c *collection) node(n osm.Node) error {
	if !c.placed {
		c.places.Add(n.ID, n.At)
	}
	if len(n.Tags) == 0 {
		return nil
	}
	if a, ok := addressOf(n.Tags, n.At); ok {
		c.add(a)
		c.numbered[n.ID] = a
	}
	if s, ok := settlementOf(n.Tags, n.At); ok {
		c.settlements = append(c.settlements, s)
	}
	return nil
}

// add keeps an address, one for each number of "12;14" or "12,14".
func (c *collection) add(a address) {
	if !strings.ContainsAny(a.number, ";,") {
		c.addresses = append(c.addresses, a)
		return
	}
	for number := range strings.FieldsFuncSeq(a.number, func(r rune) bool { return r == ';' || r == ',' }) {
		if number = strings.TrimSpace(number); number != "" {
			one := a
			one.number = number
			c.addresses = append(c.addresses, one)
		}
	}
}

func (c *collection) way(w osm.Way) error {
	if !c.placed {
		c.places.Sort()
		c.placed = true
	}
	_, needed := c.needed[w.ID]
	named := w.Tags.Get("highway") != "" && w.Tags.Get("name") != ""
	numbered := w.Tags.Get("addr:housenumber") != ""
	between := w.Tags.Get("addr:interpolation")
	settled := w.Tags.Get("place") != ""
	if !needed && !named && !numbered && between == "" && !settled {
		return nil
	}
	line, missing := c.places.Line(w.Nodes)
	if len(line) < 2 {
		return nil
	}
	if needed && missing == 0 {
		c.members[w.ID] = line
	}
	switch {
	case between != "":
		step := 0
		switch between {
		case "all":
			step = 1
		case "odd", "even":
			step = 2
		default:
			step, _ = strconv.Atoi(between) // letters are not counted
		}
		if step > 0 && step <= 100 && missing == 0 {
			c.series = append(c.series, series{step, w.Nodes, line, w.Tags})
		}
	case numbered:
		if a, ok := addressOf(w.Tags, line.Bound().Center()); ok {
			c.add(a)
		}
	}
	if named && streetLike(w.Tags) {
		c.roads = append(c.roads, road{w.Tags.Get("name"), otherNames(w.Tags), line})
	}
	if settled {
		if s, ok := settlementOf(w.Tags, line.Bound().Center()); ok {
			c.settlements = append(c.settlements, s)
		}
	}
	return nil
}

// streetLike leaves out hiking routes on paths and halls that carry names but no addresses.
func streetLike(tags osm.Tags) bool {
	switch tags.Get("highway") {
	case "proposed", "construction", "platform", "corridor", "elevator", "rest_area", "services", "bus_stop", "via_ferrata":
		return false
	}
	return true
}

// countrySuffix is a country's sign behind a town, as in "Balzers (FL)".
var countrySuffix = regexp.MustCompile(`\s*\([A-Z]{1,3}\)$`)

func addressOf(tags osm.Tags, at orb.Point) (address, bool) {
	number := strings.TrimSpace(tags.Get("addr:housenumber"))
	if number == "" || len(number) > 32 {
		return address{}, false
	}
	a := address{
		number: number, street: tags.Get("addr:street"), postcode: tags.Get("addr:postcode"),
		city: tags.Get("addr:city"), country: strings.ToUpper(tags.Get("addr:country")), at: at,
	}
	if a.street == "" {
		a.street = tags.Get("addr:place")
	}
	a.city = strings.TrimSpace(countrySuffix.ReplaceAllString(cmp.Or(a.city, tags.Get("addr:suburb")), ""))
	if len(a.country) != 2 {
		a.country = ""
	}
	if len(a.postcode) > 12 {
		a.postcode = ""
	}
	return a, true
}

var importances = map[string]float64{
	"city": 0.9, "town": 0.8, "village": 0.7, "suburb": 0.6, "borough": 0.6, "quarter": 0.55, "neighbourhood": 0.5, "hamlet": 0.5,
	"isolated_dwelling": 0.35, "farm": 0.35, "locality": 0.3, "island": 0.5, "square": 0.3, "municipality": 0.65,
}

func settlementOf(tags osm.Tags, at orb.Point) (settlement, bool) {
	importance, ok := importances[tags.Get("place")]
	if !ok || tags.Get("name") == "" {
		return settlement{}, false
	}
	if people, err := strconv.Atoi(tags.Get("population")); err == nil && people > 0 {
		importance += min(0.09, math.Log10(float64(people))/70)
	}
	return settlement{tags.Get("name"), otherNames(tags), tags.Get("place"), firstOf(tags.Get("postal_code"), tags.Get("addr:postcode")), importance, at}, true
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" && !strings.ContainsAny(v, ";,") {
			return v
		}
	}
	return ""
}

// otherNames are all names under which something is also known.
func otherNames(tags osm.Tags) []string {
	var out []string
	name := tags.Get("name")
	for _, tag := range tags {
		switch {
		case tag.Key == "alt_name", tag.Key == "old_name", tag.Key == "short_name", tag.Key == "official_name", tag.Key == "loc_name", tag.Key == "int_name",
			strings.HasPrefix(tag.Key, "name:") && len(tag.Key) == len("name:xx"):
		default:
			continue
		}
		for other := range strings.SplitSeq(tag.Value, ";") {
			if other = strings.TrimSpace(other); other != "" && other != name && len(other) <= 120 && len(out) < 12 {
				out = append(out, other)
			}
		}
	}
	return out
}

// assemble joins the relations' ways to areas; an area the extract does not hold whole is left out.
func (c *collection) assemble() {
	for _, r := range c.relations {
		var lines []orb.LineString
		missing := false
		for _, m := range r.Members {
			if m.Kind != osm.WayMember || m.Role != "outer" && m.Role != "inner" && m.Role != "" {
				continue
			}
			line, ok := c.members[m.Ref]
			missing = missing || !ok
			lines = append(lines, line)
		}
		if missing || len(lines) == 0 {
			continue
		}
		shape, err := osm.Assemble(lines)
		if err != nil || len(shape) == 0 {
			continue
		}
		if a, ok := addressOf(r.Tags, shape.Bound().Center()); ok {
			c.add(a)
			continue
		}
		d := district{name: r.Tags.Get("name"), others: otherNames(r.Tags), shape: shape, bound: shape.Bound()}
		if r.Tags.Get("boundary") == "postal_code" {
			d.name, d.others, d.post = r.Tags.Get("postal_code"), nil, true
			if d.name == "" {
				d.name = r.Tags.Get("ref")
			}
		} else {
			d.level, _ = strconv.Atoi(r.Tags.Get("admin_level"))
			if d.level == 2 {
				d.country = firstOf(r.Tags.Get("ISO3166-1:alpha2"), r.Tags.Get("ISO3166-1"))
			}
		}
		if d.name != "" {
			c.districts = append(c.districts, d)
		}
	}
	c.relations, c.members, c.needed = nil, nil, nil
}

// interpolate computes the houses between the numbered nodes of each series, evenly along the line.
func (c *collection) interpolate() {
	for _, s := range c.series {
		last := -1 // index in nodes of the last numbered one
		for i, id := range s.nodes {
			end, ok := c.numbered[id]
			if !ok || i >= len(s.line) {
				continue
			}
			if last >= 0 {
				c.between(s, c.numbered[s.nodes[last]], end, s.line[last:i+1])
			}
			last = i
		}
	}
	c.series, c.numbered = nil, nil
}

func (c *collection) between(s series, from, to address, line orb.LineString) {
	_, low := houseKey(from.number)
	_, high := houseKey(to.number)
	if low > high {
		low, high = high, low
		reversed := make(orb.LineString, len(line))
		for i, p := range line {
			reversed[len(line)-1-i] = p
		}
		line = reversed
	}
	if low == 0 || high-low <= s.step || high-low > 2000 {
		return
	}
	length := 0.0
	for i := 1; i < len(line); i++ {
		length += float64(geo.Distance(line[i-1], line[i]))
	}
	for number := low + s.step; number < high; number += s.step {
		a := from
		a.number, a.interpolated = strconv.Itoa(number), true
		a.at = along(line, length*float64(number-low)/float64(high-low))
		for _, fill := range []struct {
			field *string
			key   string
			other string
		}{{&a.street, "addr:street", to.street}, {&a.city, "addr:city", to.city}, {&a.postcode, "addr:postcode", to.postcode}} {
			*fill.field = firstOf(*fill.field, s.tags.Get(fill.key), fill.other)
		}
		c.addresses = append(c.addresses, a)
	}
}

// along is the point so many metres from the line's beginning.
func along(line orb.LineString, meters float64) orb.Point {
	for i := 1; i < len(line); i++ {
		d := float64(geo.Distance(line[i-1], line[i]))
		if meters <= d && d > 0 {
			f := meters / d
			return orb.Point{line[i-1][0] + f*(line[i][0]-line[i-1][0]), line[i-1][1] + f*(line[i][1]-line[i-1][1])}
		}
		meters -= d
	}
	return line[len(line)-1]
}

// holds tells whether p lies in the district (even-odd, so that holes are out).
func (d *district) holds(p orb.Point) bool {
	if !d.bound.Contains(p) {
		return false
	}
	in := false
	for _, polygon := range d.shape {
		for _, ring := range polygon {
			for i, j := 0, len(ring)-1; i < len(ring); j, i = i, i+1 {
				a, b := ring[i], ring[j]
				if (a[1] > p[1]) != (b[1] > p[1]) && p[0] < (b[0]-a[0])*(p[1]-a[1])/(b[1]-a[1])+a[0] {
					in = !in
				}
			}
		}
	}
	return in
}
