package road

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// toldSteps returns the steps between two places as "turn left: name", one per line.
func toldSteps(t *testing.T, d *drawing, g *Graph, from, to string) string {
	t.Helper()
	places, err := g.Snap(context.Background(), []Waypoint{{At: d.at(t, from)}, {At: d.at(t, to)}}, false)
	if err != nil {
		t.Fatal(err)
	}
	ways, err := g.Journey(context.Background(), places, true)
	if err != nil || ways == nil {
		t.Fatalf("no way from %s to %s (%v)", from, to, err)
	}
	var lines []string
	for _, s := range ways[0].Steps() {
		line := strings.TrimSpace(s.Maneuver.Type+" "+s.Maneuver.Modifier) + ": " + s.Name
		if s.Exit > 0 {
			line += ", exit " + string(rune('0'+s.Exit))
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func TestDriversAreToldWhatToDoAndNoMore(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		grid     string
		lines    []string
		from, to string
		want     string
	}{
		{"nothing where the street goes on under its name", crossingMap, []string{"wc name=x", "ce name=x", "nc", "sc"}, "w1c", "e1c",
			"depart: x\narrive: x"},
		{"a new name on the way straight on", crossingMap, crossing(), "w1c", "e1c",
			"depart: wc\nnew name straight: ec\narrive: ec"},
		{"a right turn", crossingMap, crossing(), "w1c", "s1c",
			"depart: wc\nturn right: sc\narrive: sc"},
		{"a left turn", crossingMap, crossing(), "w1c", "n1c",
			"depart: wc\nturn left: nc\narrive: nc"},
		{"a bend of the same name at a crossing", crossingMap, []string{"wc name=x", "cn name=x", "ce", "sc"}, "w1c", "n1c",
			"depart: x\ncontinue left: x\narrive: x"},
		{"nothing in a bend without a crossing", "a - b\n    |\n    c\n", []string{"ab name=x", "bc name=x"}, "a1b", "b2c",
			"depart: x\narrive: x"},
		{"the end of a road", "    n\n    |\nw - c\n    |\n    s\n", []string{"wc", "nc", "sc"}, "w1c", "n1c",
			"depart: wc\nend of road left: nc\narrive: nc"},
		{"a fork to the right", "            r\n\nw - c\n\n            q\n", []string{"wc highway=motorway", "cr highway=motorway", "cq highway=motorway_link"}, "w1c", "c2q",
			"depart: wc\nfork slight right: cq\narrive: cq"},
		{"the exits of a roundabout", `
        n
        |
      d - c
w --- e   b --- o
      f - a
        |
        s
`, []string{"we", "as", "bo", "abcdefa junction=roundabout name=ring"}, "w1e", "b1o",
			"depart: we\nroundabout right: ring, exit 2\nexit roundabout right: bo\narrive: bo"},
		{"boarding a ferry", "a - b - c - d\n", []string{"ab", "bc route=ferry duration=00:10", "cd"}, "a1b", "c2d",
			"depart: ab\nnotification straight: bc\nnotification straight: cd\narrive: cd"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := draw(t, strings.NewReplacer("-", " ", "|", " ").Replace(test.grid), test.lines...)
			g := buildStreets(t, d.net.Source(), Car())
			if diff := cmp.Diff(test.want, toldSteps(t, d, g.Graph, test.from, test.to)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestStepsNameTheCrossingsPassed(t *testing.T) {
	t.Parallel()
	d := draw(t, strings.NewReplacer("-", " ", "|", " ").Replace(crossingMap), "wc name=x", "ce name=x", "nc oneway=yes", "sc")
	g := buildStreets(t, d.net.Source(), Car())
	places, err := g.Snap(context.Background(), []Waypoint{{At: d.at(t, "w1c")}, {At: d.at(t, "e1c")}}, false)
	if err != nil {
		t.Fatal(err)
	}
	ways, err := g.Journey(context.Background(), places, true)
	if err != nil {
		t.Fatal(err)
	}
	got := ways[0].Steps()[0].Crossings[1]
	// One may go on east and turn off south; north leads towards the crossing only. West is where one comes from.
	want := Crossing{At: got.At, Bearings: []int{90, 180, 270}, Entry: []bool{true, true, false}, In: 2, Out: 0}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
