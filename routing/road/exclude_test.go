package road

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"catchment/geo/town"
)

func TestExcludedStreetsAreNotTaken(t *testing.T) {
	t.Parallel()
	d := draw(t, `
p   a   b   q
    d   c
    e   f
`, "pa", "bq", "ab highway=motorway", "ad highway=secondary", "dc highway=secondary toll=yes", "cb highway=secondary",
		"de highway=residential", "ef route=ferry duration=00:01:00", "fc highway=residential")
	g := buildStreets(t, d.net.Source(), Car()).Graph
	for _, test := range []struct {
		name    string
		exclude Exclusion
		want    string
	}{
		{"nothing", 0, "pa, ab, bq"},
		{"motorways", ExcludeMotorway, "pa, ad, dc, cb, bq"},
		{"tolls, which are not on the way", ExcludeToll, "pa, ab, bq"},
		{"motorways and tolls", ExcludeMotorway | ExcludeToll, "pa, ad, de, ef, fc, cb, bq"},
		{"motorways and ferries", ExcludeMotorway | ExcludeFerry, "pa, ad, dc, cb, bq"},
		{"all three", ExcludeMotorway | ExcludeToll | ExcludeFerry, "none"},
	} {
		streets, _ := d.travel(t, g.Without(test.exclude), "p", "q")
		if diff := cmp.Diff(test.want, streets); diff != "" {
			t.Errorf("without %s: %s", test.name, diff)
		}
	}
	near, err := g.Without(ExcludeMotorway).Around(Waypoint{At: d.at(t, "a2b")}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(true, near[0].Street() != "ab" && near[0].Meters() > 50); diff != "" {
		t.Errorf("the nearest street to an excluded one is %s: %s", near[0].Street(), diff)
	}
	if g.Without(ExcludeMotorway) != g.Without(ExcludeMotorway) || len(g.partial.graphs) > maxPartial {
		t.Error("what was excluded once is not kept, or too much is")
	}
	if g.Version("car") == g.Without(ExcludeToll).Version("car") {
		t.Error("minutes without tolls cannot be told from others")
	}
}

func TestHierarchyWithoutSomeStreetsAgreesWithDijkstra(t *testing.T) {
	t.Parallel()
	g := buildStreets(t, town.Generate(3, 3).Source(), Car()).Graph
	without := g.Without(ExcludeMotorway)
	if without == g {
		t.Fatal("the town has no motorway")
	}
	mustAgree(t, without, 5, 12)
}
