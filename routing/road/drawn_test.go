package road

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"catchment/geo/osm"
	"catchment/geo/town"
	"catchment/routing"
)

// drawing is a map drawn in letters: each letter is a node, neighbouring columns and rows lie 100 m apart.
type drawing struct {
	nodes map[rune]*osm.Node
	net   town.Network
	ways  map[string]int64
}

// metersApart is the distance between neighbouring places of a drawing.
const metersApart = 100

// draw reads a map such as
//
//	a b c
//	  d
//
// and ways as "abc highway=primary oneway=yes", named after their letters unless a name is given. A node gets
// tags by "b: barrier=bollard". A restriction is "no_left_turn ab b bd", with its via letters or ways between
// the from and the to way, and perhaps tags behind.
func draw(t testing.TB, grid string, lines ...string) *drawing {
	t.Helper()
	d := &drawing{nodes: map[rune]*osm.Node{}, ways: map[string]int64{}}
	metre := 1 / 111_320.0
	for y, row := range strings.Split(strings.Trim(grid, "\n"), "\n") {
		for x, r := range row {
			if r != ' ' {
				id := int64(len(d.nodes) + 1)
				d.nodes[r] = &osm.Node{ID: id, At: orb.Point{
					float64(x) / 2 * metersApart * metre, 0.001 - float64(y)*metersApart*metre,
				}}
			}
		}
	}
	for _, line := range lines {
		words := strings.Fields(line)
		var tags osm.Tags
		for len(words) > 0 && strings.Contains(words[len(words)-1], "=") {
			key, value, _ := strings.Cut(words[len(words)-1], "=")
			tags = append(osm.Tags{{Key: key, Value: strings.NewReplacer("_@_", " @ ", "~", " ").Replace(value)}}, tags...)
			words = words[:len(words)-1]
		}
		switch {
		case strings.HasSuffix(words[0], ":"):
			n := d.nodes[rune(words[0][0])]
			n.Tags = append(n.Tags, tags...)
		case len(words) == 1:
			w := osm.Way{ID: int64(len(d.net.Ways) + 1), Tags: tags}
			for _, r := range words[0] {
				if d.nodes[r] == nil {
					t.Fatalf("%q is not drawn", r)
				}
				w.Nodes = append(w.Nodes, d.nodes[r].ID)
			}
			if !tags.Has("name") {
				w.Tags = append(w.Tags, osm.Tag{Key: "name", Value: words[0]})
			}
			if !tags.Has("highway") && !tags.Has("route") {
				w.Tags = append(w.Tags, osm.Tag{Key: "highway", Value: "primary"})
			}
			d.ways[words[0]] = w.ID
			d.net.Ways = append(d.net.Ways, w)
		default:
			r := osm.Relation{ID: int64(len(d.net.Relations) + 1), Tags: append(osm.Tags{{Key: "type", Value: "restriction"}}, tags...)}
			if key, value, ok := strings.Cut(words[0], ":"); ok {
				r.Tags = append(r.Tags, osm.Tag{Key: "restriction:" + key, Value: value})
			} else {
				r.Tags = append(r.Tags, osm.Tag{Key: "restriction", Value: words[0]})
			}
			for i, w := range words[1:] {
				role := "via"
				if i == 0 {
					role = "from"
				} else if i == len(words)-2 {
					role = "to"
				}
				for part := range strings.SplitSeq(w, "+") {
					m := osm.Member{Kind: osm.WayMember, Ref: d.ways[part], Role: role}
					if len(part) == 1 {
						m = osm.Member{Kind: osm.NodeMember, Ref: d.nodes[rune(part[0])].ID, Role: role}
					}
					r.Members = append(r.Members, m)
				}
			}
			d.net.Relations = append(d.net.Relations, r)
		}
	}
	for _, n := range d.nodes {
		d.net.Nodes = append(d.net.Nodes, *n)
	}
	return d
}

// at returns the place of a letter, or of a share of the way between two as in "a1b", a quarter of the way.
func (d *drawing) at(t testing.TB, place string) orb.Point {
	t.Helper()
	letters := []rune(place)
	if len(letters) == 1 {
		return d.nodes[letters[0]].At
	}
	if len(letters) != 3 {
		t.Fatalf("no such place %q", place)
	}
	a, b, share := d.nodes[letters[0]].At, d.nodes[letters[2]].At, float64(letters[1]-'0')/4
	return orb.Point{a[0] + share*(b[0]-a[0]), a[1] + share*(b[1]-a[1])}
}

// travel returns the streets from one place to another as "abc, cd", and the seconds; "none" if there is no way.
func (d *drawing) travel(t testing.TB, g *Graph, from, to string) (string, float64) {
	t.Helper()
	r, err := g.Route(context.Background(), g.Profile(), routing.AnyTime, []orb.Point{d.at(t, from), d.at(t, to)})
	if errors.Is(err, routing.ErrNoWay) || errors.Is(err, routing.ErrNoRoad) {
		return "none", 0
	}
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(r.Legs[0].Streets, ", "), float64(r.Legs[0].Tenths) / 10
}

const crossingMap = `
    n
    |
w - c - e
    |
    s
`

func crossing(extra ...string) []string {
	return append([]string{"nc", "sc", "wc", "ec"}, extra...)
}

func TestStreetsTakenOnDrawnMaps(t *testing.T) {
	t.Parallel()
	// Half a row is half of 100 m in these maps: letters four columns apart lie 200 m apart.
	square := `
a   b
    
d   c
`
	tests := []struct {
		name    string
		grid    string
		lines   []string
		profile *Profile
		want    map[string]string // "from to" → streets
	}{
		{"without restriction every turn is open", crossingMap, crossing(), Car(), map[string]string{
			"s1c w2c": "sc, wc", "s1c n2c": "sc, nc", "s1c e2c": "sc, ec", "w1c s2c": "wc, sc"}},
		{"no_left_turn closes one turn alone", crossingMap, crossing("no_left_turn sc c wc"), Car(), map[string]string{
			"s1c w2c": "sc, nc, wc", "s1c e2c": "sc, ec", "w1c s2c": "wc, sc"}},
		{"only_straight_on closes all others", crossingMap, crossing("only_straight_on sc c nc"), Car(), map[string]string{
			"s1c n2c": "sc, nc", "s1c e2c": "sc, nc, ec", "e1c s2c": "ec, sc"}},
		{"a restriction with except for cars does not bind cars", crossingMap, crossing("no_left_turn sc c wc except=psv;motorcar"), Car(), map[string]string{
			"s1c w2c": "sc, wc"}},
		{"a restriction with except for others binds cars", crossingMap, crossing("no_left_turn sc c wc except=psv;bicycle"), Car(), map[string]string{
			"s1c w2c": "sc, nc, wc"}},
		{"a restriction for cars alone binds cars", crossingMap, crossing("motorcar:no_left_turn sc c wc"), Car(), map[string]string{
			"s1c w2c": "sc, nc, wc"}},
		{"a restriction for lorries alone does not bind cars", crossingMap, crossing("hgv:no_left_turn sc c wc"), Car(), map[string]string{
			"s1c w2c": "sc, wc"}},
		{"a restriction at certain hours is left out", crossingMap, crossing("conditional:no_left_turn sc c wc"), Car(), map[string]string{
			"s1c w2c": "sc, wc"}},
		{"no_right_turn_on_red is about a light", crossingMap, crossing("no_right_turn_on_red sc c ec"), Car(), map[string]string{
			"s1c e2c": "sc, ec"}},
		{"restrictions do not bind people on foot", crossingMap, crossing("no_left_turn sc c wc"), Foot(), map[string]string{
			"s1c w2c": "sc, wc"}},
		{"no_entry closes a street from several others", crossingMap, crossing("no_entry sc+nc c wc"), Car(), map[string]string{
			"s1c w2c": "sc, ec, wc", "n1c w2c": "nc, ec, wc", "e1c w2c": "ec, wc"}},
		{"no_exit closes several streets from one", crossingMap, crossing("no_exit sc c wc+ec"), Car(), map[string]string{
			"s1c w2c": "sc, nc, wc", "s1c e2c": "sc, nc, ec"}},
		{"two only_ restrictions from one street allow both", crossingMap, crossing("only_straight_on sc c nc", "only_right_turn sc c ec"), Car(), map[string]string{
			"s1c n2c": "sc, nc", "s1c e2c": "sc, ec", "s1c w2c": "sc, nc, wc"}},
		{"a restriction whose way is missing is left out", crossingMap, crossing("no_left_turn xx c wc"), Car(), map[string]string{
			"s1c w2c": "sc, wc"}},
		{"a restriction over a way binds only who comes by its from", `
a - b - c - d
    |   |
    |   e
    |
    f
`, []string{"ab", "bc", "cd", "fb", "ec", "no_straight_on ab bc cd"}, Car(), map[string]string{
			"a1b c2d": "ab, bc, ec, cd", "f1b c2d": "fb, bc, cd", "b1c c2d": "bc, cd", "a1b c2e": "ab, bc, ec"}},
		{"an only_ restriction over two ways binds at their end", `
a - b - c - d - e
            |
            f
`, []string{"ab", "bc", "cd", "de", "df", "only_straight_on ab bc cd de"}, Car(), map[string]string{
			"a1b d2e": "ab, bc, cd, de", "a1b d2f": "ab, bc, cd, de, df", "b1c d2f": "bc, cd, df"}},
		{"a no_u_turn at the end of a street closes it", `
a - b - c
`, []string{"ab", "bc name=ab", "no_u_turn bc c bc"}, Car(), map[string]string{"c1b c2b": "ab"}},
		{"a oneway is closed against its direction", square, []string{"ab oneway=yes", "bc", "cd", "da"}, Car(), map[string]string{
			"a1b a3b": "ab", "a3b a1b": "ab, bc, cd, da, ab", "b1c a1d": "bc, cd, da"}},
		{"oneway=-1 runs against the drawing", square, []string{"ab oneway=-1", "bc", "cd", "da"}, Car(), map[string]string{
			"a3b a1b": "ab", "a1b a3b": "ab, da, cd, bc, ab"}},
		{"a reversible oneway is left out", square, []string{"ab oneway=reversible", "bc", "cd", "da"}, Car(), map[string]string{
			"b1c a1d": "bc, cd, da"}},
		{"oneway:motorcar=no opens a oneway to cars", square, []string{"ab oneway=yes oneway:motorcar=no", "bc", "cd", "da"}, Car(), map[string]string{
			"a3b a1b": "ab"}},
		{"people on foot walk against a oneway", square, []string{"ab oneway=yes", "bc", "cd", "da"}, Foot(), map[string]string{
			"a3b a1b": "ab"}},
		{"a motorway is a oneway of itself", square, []string{"ab highway=motorway", "bc", "cd", "da"}, Car(), map[string]string{
			"b1c a1d": "bc, cd, da"}},
		{"a roundabout runs one way round", square, []string{"abcda junction=roundabout name=ring", "ax"}[:1], Car(), map[string]string{
			"a1b a3b": "ring", "a3b a1b": "ring"}},
		{"a bollard stops cars", "a - b - c\n", []string{"ab", "bc", "b: barrier=bollard"}, Car(), map[string]string{"a1b b2c": "none"}},
		{"a bollard does not stop people", "a - b - c\n", []string{"ab", "bc", "b: barrier=bollard"}, Foot(), map[string]string{"a1b b2c": "ab, bc"}},
		{"a rising bollard lets cars pass", "a - b - c\n", []string{"ab", "bc", "b: barrier=bollard bollard=rising"}, Car(), map[string]string{"a1b b2c": "ab, bc"}},
		{"an open gate lets cars pass", "a - b - c\n", []string{"ab", "bc", "b: barrier=gate"}, Car(), map[string]string{"a1b b2c": "ab, bc"}},
		{"a private gate stops cars no more than OSRM lets it", "a - b - c\n", []string{"ab", "bc", "b: barrier=gate access=private"}, Car(), map[string]string{"a1b b2c": "ab, bc"}},
		{"a gate closed to all stops cars", "a - b - c\n", []string{"ab", "bc", "b: barrier=gate access=no"}, Car(), map[string]string{"a1b b2c": "none"}},
		{"a low barrier stops high vehicles", "a - b - c\n", []string{"ab", "bc", "b: barrier=height_restrictor maxheight=1.9"}, Car(), map[string]string{"a1b b2c": "none"}},
		{"one may turn about in front of a barrier", "a - b - c\n", []string{"ab oneway=no", "bc", "b: barrier=block"}, Car(), map[string]string{"a1b a2b": "ab"}},
		{"access=no closes a street", square, []string{"ab access=no", "bc", "cd", "da"}, Car(), map[string]string{"b1c a1d": "bc, cd, da"}},
		{"motorcar=yes opens what access=no closes", square, []string{"ab access=no motorcar=yes", "bc", "cd", "da"}, Car(), map[string]string{"b1c a1d": "bc, ab, da"}},
		{"vehicle=no leaves a street to people on foot", square, []string{"ab vehicle=no", "bc", "cd", "da"}, Foot(), map[string]string{"b1c a1d": "bc, ab, da"}},
		{"residents' streets are no short cut", square, []string{"ab access=destination", "bc", "cd", "da"}, Car(), map[string]string{"b1c a1d": "bc, cd, da"}},
		{"residents' streets are reached all the same", square, []string{"ab access=destination", "bc", "cd", "da"}, Car(), map[string]string{"b1c a2b": "bc, ab"}},
		{"a low bridge is gone round", square, []string{"ab maxheight=1.8", "bc", "cd", "da"}, Car(), map[string]string{"b1c a1d": "bc, cd, da"}},
		{"a narrow street is gone round", square, []string{"ab maxwidth=1.9", "bc", "cd", "da"}, Car(), map[string]string{"b1c a1d": "bc, cd, da"}},
		{"a weight limit in kilograms counts", square, []string{"ab maxweight=1500kg", "bc", "cd", "da"}, Car(), map[string]string{"b1c a1d": "bc, cd, da"}},
		{"a street being built is left out", square, []string{"ab highway=construction", "bc", "cd", "da"}, Car(), map[string]string{"b1c a1d": "bc, cd, da"}},
		{"footways are not for cars", square, []string{"ab highway=footway", "bc", "cd", "da"}, Car(), map[string]string{"b1c a1d": "bc, cd, da"}},
		{"steps are for people", square, []string{"ab highway=steps", "bc", "cd", "da"}, Foot(), map[string]string{"b1c a1d": "bc, ab, da"}},
		{"areas are not driven across", square, []string{"ab area=yes", "bc", "cd", "da"}, Car(), map[string]string{"b1c a1d": "bc, cd, da"}},
		{"a ferry joins two shores", "a - b - c - d\n", []string{"ab", "bc route=ferry duration=00:10", "cd"}, Car(), map[string]string{"a1b c2d": "ab, bc, cd"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := draw(t, strings.NewReplacer("-", " ", "|", " ").Replace(test.grid), test.lines...)
			g := buildStreets(t, d.net.Source(), test.profile)
			for pair, want := range test.want {
				from, to, _ := strings.Cut(pair, " ")
				got, _ := d.travel(t, g.Graph, from, to)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s: %s", pair, diff)
				}
			}
		})
	}
}

func TestSpeedsOnDrawnMaps(t *testing.T) {
	t.Parallel()
	// One straight street of 400 m; the whole way from end to end.
	tests := []struct {
		name string
		tags string
		want float64 // km/h forward
		back float64 // km/h against the drawing; 0 if the same
	}{
		{"the class gives the speed", "highway=primary", 65, 0},
		{"residential streets are slow", "highway=residential", 25, 0},
		{"four fifths of a limit are driven", "highway=primary maxspeed=50", 40, 0},
		{"a limit may be in miles", "highway=primary maxspeed=30mph", 30 * 1.609 * 0.8, 0},
		{"a limit may name the country's rule", "highway=primary maxspeed=DE:rural", 80, 0},
		{"a limit may name a rule of no listed country", "highway=primary maxspeed=XX:urban", 40, 0},
		{"no limit on a motorway of a country without one", "highway=motorway maxspeed=DE:motorway", 90, 0},
		{"maxspeed=none is the highest", "highway=motorway maxspeed=none", 112, 0},
		{"a limit that says nothing is left out", "highway=primary maxspeed=signals", 65, 0},
		{"limits differ by direction", "highway=primary maxspeed:forward=50 maxspeed:backward=100", 40, 80},
		{"advice is taken before the limit", "highway=primary maxspeed=100 maxspeed:advisory=50", 40, 0},
		{"a bad surface slows down", "highway=primary surface=cobblestone", 30, 0},
		{"a track's grade slows down", "highway=primary tracktype=grade4", 25, 0},
		{"the worst of surface and smoothness counts", "highway=primary surface=gravel smoothness=very_bad", 20, 0},
		{"alleys lose weight, not speed", "highway=service service=alley", 15, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := draw(t, "x   a       b   y\n", "ab "+strings.ReplaceAll(test.tags, "30mph", "30_mph"))
			g := buildStreets(t, d.net.Source(), Car())
			check := func(from, to string, kmh float64) {
				_, seconds := d.travel(t, g.Graph, from, to)
				want := math.Round(4*metersApart/kmh*36) / 10
				if math.Abs(want-seconds) > 0.55 { // the letters' metres are rounded, and times to a tenth
					t.Errorf("%s to %s: want %.1f s at %g km/h, got %.1f s", from, to, want, kmh, seconds)
				}
			}
			check("a", "b", test.want)
			if test.back > 0 {
				check("b", "a", test.back)
			}
		})
	}
}

func TestWaitingOnDrawnMaps(t *testing.T) {
	t.Parallel()
	plain := func(lines ...string) float64 {
		d := draw(t, "a   b       c\n", append([]string{"abc"}, lines...)...)
		_, seconds := d.travel(t, buildStreets(t, d.net.Source(), Car()).Graph, "a", "c")
		return seconds
	}
	free := plain()
	tests := []struct {
		name string
		tags string
		want float64 // seconds more than without
	}{
		{"a traffic light costs two seconds", "b: highway=traffic_signals", 2},
		{"a traffic light for this direction costs", "b: highway=traffic_signals traffic_signals:direction=forward", 2},
		{"a traffic light for the other direction is free", "b: highway=traffic_signals traffic_signals:direction=backward", 0},
		{"a stop sign costs two seconds", "b: highway=stop direction=forward", 2},
		{"giving way costs one second", "b: highway=give_way direction=forward", 1},
		{"a stop sign for the lesser road does not bind its only road", "b: highway=stop stop=minor", 0},
		{"a crossing for people is free", "b: highway=crossing", 0},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, math.Round((plain(test.tags)-free)*10)/10); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

func TestTurnsCostAsOSRMsCarProfileSays(t *testing.T) {
	t.Parallel()
	// Worked by hand from the formula with turn_penalty 7.5, turn_bias 1.075, rounded to a tenth.
	for _, row := range []struct {
		angle float64
		left  bool
		want  string
	}{
		{0, false, "0.0"}, {90, false, "2.1"}, {-90, false, "5.4"}, {90, true, "5.4"}, {-90, true, "2.1"}, {180, false, "7.5"}, {-45, false, "0.5"},
	} {
		if diff := cmp.Diff(row.want, fmt.Sprintf("%.1f", Car().turnSeconds(row.angle, row.left))); diff != "" {
			t.Errorf("angle %g, left %v: %s", row.angle, row.left, diff)
		}
	}
}
