package geocode

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"catchment/geo/osm"
	"catchment/geo/postgis"
)

// valley is two towns six kilometres apart, Oberau (70001) and Unterau (70002), both with a Hauptstraße. Oberau also has a
// Mühlgasse, whose number 4 lacks town and postcode, a Land Straße without houses, and houses 10 to 20 of the
// Hauptstraße told only by an interpolation. All lie in the country Talland.
func valley(t testing.TB) *osm.Source {
	var b bytes.Buffer
	w := osm.NewWriter(&b, osm.Header{Program: "test"})
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("write the valley: %v", err)
		}
	}
	tags := func(kv ...string) osm.Tags {
		var out osm.Tags
		for i := 0; i < len(kv); i += 2 {
			out = append(out, osm.Tag{Key: kv[i], Value: kv[i+1]})
		}
		return out
	}
	id := int64(0)
	node := func(lon, lat float64, kv ...string) int64 {
		id++
		must(w.Node(osm.Node{ID: id, At: orb.Point{lon, lat}, Tags: tags(kv...)}))
		return id
	}
	house := func(lon, lat float64, street, number, postcode, city string) int64 {
		kv := []string{"addr:housenumber", number}
		for _, f := range [][2]string{{"addr:street", street}, {"addr:postcode", postcode}, {"addr:city", city}} {
			if f[1] != "" {
				kv = append(kv, f[0], f[1])
			}
		}
		return node(lon, lat, kv...)
	}
	node(10.000, 49.000, "place", "town", "name", "Oberau", "name:fr", "Aurigny", "population", "5000")
	node(10.080, 49.000, "place", "village", "name", "Unterau")
	for i := range 4 {
		house(10.000+float64(i)*0.0005, 49.0003, "Hauptstraße", fmt.Sprint(2*i+1), "70001", "Oberau")
		house(10.080+float64(i)*0.0005, 49.0003, "Hauptstraße", fmt.Sprint(2*i+1), "70002", "Unterau")
	}
	house(10.080, 49.0008, "Hauptstraße", "30b", "70002", "Unterau")
	house(10.001, 49.0020, "Mühlgasse", "2", "70001", "Oberau")
	house(10.002, 49.0020, "Mühlgasse", "4", "", "")
	from := house(10.004, 49.0003, "Hauptstraße", "10", "70001", "Oberau")
	to := house(10.009, 49.0003, "Hauptstraße", "20", "70001", "Oberau")
	streets := [][]int64{
		{node(9.999, 49.0000), node(10.010, 49.0000)},
		{node(10.079, 49.0000), node(10.083, 49.0000)},
		{node(10.000, 49.0018), node(10.003, 49.0018)},
		{node(10.000, 48.9950), node(10.003, 48.9950)},
	}
	rim := []int64{node(9.9, 48.9), node(10.2, 48.9), node(10.2, 49.1), node(9.9, 49.1)}
	for i, name := range []string{"Hauptstraße", "Hauptstraße", "Mühlgasse", "Land Straße"} {
		must(w.Way(osm.Way{ID: int64(i + 1), Nodes: streets[i], Tags: tags("highway", "residential", "name", name)}))
	}
	must(w.Way(osm.Way{ID: 10, Nodes: []int64{from, to}, Tags: tags("addr:interpolation", "even")}))
	must(w.Way(osm.Way{ID: 11, Nodes: append(rim, rim[0])}))
	must(w.Relation(osm.Relation{ID: 1, Tags: tags("type", "boundary", "boundary", "administrative", "admin_level", "2", "name", "Talland", "ISO3166-1", "TL"),
		Members: []osm.Member{{Kind: osm.WayMember, Ref: 11, Role: "outer"}}}))
	must(w.Close())
	src, err := osm.FromBytes("valley", b.Bytes())
	must(err)
	return src
}

// line writes an answer in one line: kind, label, and a mark for ties.
func line(c Candidate) string {
	s := fmt.Sprintf("%s %s", c.Kind, c.Label)
	if c.Tie {
		s += " (tie)"
	}
	return s
}

func TestSearch(t *testing.T) {
	t.Parallel()
	g := loaded(t, valley(t))
	for _, test := range []struct {
		name   string
		query  Query
		first  string // the first answer, or "nothing"
		from   float64
		upTo   float64
		second string // when not empty
	}{
		{"as on an envelope", Query{Text: "Hauptstraße 5, 70001 Oberau"}, "house Hauptstraße 5, 70001 Oberau", 0.99, 1, ""},
		{"town first, street cut short", Query{Text: "oberau hauptstr. 5"}, "house Hauptstraße 5, 70001 Oberau", 0.95, 1, ""},
		{"capitals and ss", Query{Text: "HAUPTSTRASSE 5 UNTERAU"}, "house Hauptstraße 5, 70002 Unterau", 0.95, 1, ""},
		{"ue for ü", Query{Text: "Muehlgasse 2 Oberau"}, "house Mühlgasse 2, 70001 Oberau", 0.99, 1, ""},
		{"u for ü and a slip", Query{Text: "Mulhgasse 2 Oberau"}, "house Mühlgasse 2, 70001 Oberau", Sure, 1, ""},
		{"two slips", Query{Text: "Hauptstarsse 5 Oebrau"}, "house Hauptstraße 5, 70001 Oberau", 0.7, 1, ""},
		{"a country's sign before the postcode", Query{Text: "Mühlgasse 2, TL-70001 Oberau"}, "house Mühlgasse 2, 70001 Oberau", 0.99, 1, ""},
		{"the letter written apart", Query{Text: "Hauptstr 30 B Unterau"}, "house Hauptstraße 30b, 70002 Unterau", 0.95, 1, ""},
		{"one word for two", Query{Text: "Landstrasse Oberau"}, "street Land Straße, 70001 Oberau", 0.9, 1, ""},
		{"two words for one", Query{Text: "Mühl Gasse 2 Oberau"}, "house Mühlgasse 2, 70001 Oberau", 0.9, 1, ""},
		{"a flat's number is left out", Query{Text: "Mühlgasse 2 Top 7, 70001 Oberau"}, "house Mühlgasse 2, 70001 Oberau", 0.99, 1, ""},
		{"the town in another language", Query{Text: "Aurigny"}, "place 70001 Oberau", 0.9, 1, ""},
		{"fields instead of text", Query{Street: "Hauptstrasse", HouseNumber: "30 b", City: "Unterau", Country: "Talland"}, "house Hauptstraße 30b, 70002 Unterau", 0.95, 1, ""},
		{"a gap filled from the neighbour", Query{Text: "Mühlgasse 4, 70001 Oberau"}, "house Mühlgasse 4, 70001 Oberau", 0.99, 1, ""},
		{"a house between two others", Query{Text: "Hauptstraße 14 Oberau"}, "interpolated Hauptstraße 14, 70001 Oberau", 0.9, 1, ""},
		{"a number the street lacks", Query{Text: "Mühlgasse 8 Oberau"}, "nearest Mühlgasse 4, 70001 Oberau", 0.6, Sure - 0.01, ""},
		{"a letter the house lacks", Query{Text: "Mühlgasse 4c Oberau"}, "nearest Mühlgasse 4, 70001 Oberau", 0.7, 0.9, ""},
		{"a street without houses", Query{Text: "Land Straße 3 Oberau"}, "street Land Straße, 70001 Oberau", 0.4, 0.6, ""},
		{"the same house in two towns is a tie", Query{Text: "Hauptstraße 5"}, "house Hauptstraße 5, 70001 Oberau (tie)", 0.5, tied, "house Hauptstraße 5, 70002 Unterau (tie)"},
		{"the number decides between streets", Query{Text: "Hauptstraße 30b"}, "house Hauptstraße 30b, 70002 Unterau", Sure, 1, ""},
		{"a town that is nowhere caps the confidence", Query{Text: "Hauptstraße 5 Zürich"}, "house Hauptstraße 5, 70001 Oberau (tie)", 0.1, 0.5, ""},
		{"so does a wrong postcode", Query{Text: "Hauptstraße 5 81234"}, "house Hauptstraße 5, 70001 Oberau (tie)", 0.1, 0.5, ""},
		{"a town alone", Query{Text: "Unterau"}, "place 70002 Unterau", 0.99, 1, ""},
		{"a postcode alone", Query{Text: "70002"}, "postcode 70002 Unterau", 0.9, 1, ""},
		{"a country", Query{Text: "Talland"}, "place Talland", 0.9, 1, ""},
		{"nonsense", Query{Text: "xyzzy plugh"}, "nothing", 0, 0, ""},
		{"a beginning", Query{Text: "Müh", Typing: true}, "street Mühlgasse, 70001 Oberau", 0.8, 1, ""},
		{"a beginning without umlaut", Query{Text: "oberau muehlg", Typing: true}, "street Mühlgasse, 70001 Oberau", 0.8, 1, ""},
		{"a beginning with a slip", Query{Text: "Haupstra", Typing: true, Near: &orb.Point{10.08, 49}}, "street Hauptstraße, 70002 Unterau (tie)", 0.5, tied, ""},
		{"near breaks no tie but orders it", Query{Text: "Hauptstraße 5", Near: &orb.Point{10.08, 49}}, "house Hauptstraße 5, 70002 Unterau (tie)", 0.5, tied, ""},
		{"a house number begun", Query{Text: "Hauptstraße 3 unterau", Typing: true}, "house Hauptstraße 3, 70002 Unterau", 0.95, 1, "house Hauptstraße 30b, 70002 Unterau"},
		{"a number begun that is none yet", Query{Text: "unterau hauptstr 30", Typing: true}, "house Hauptstraße 30b, 70002 Unterau", 0.8, 1, ""},
		{"nothing typed yet", Query{Text: " ", Typing: true}, "nothing", 0, 0, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := g.Search(context.Background(), test.query)
			if err != nil {
				t.Fatal(err)
			}
			if len(got) == 0 {
				got = []Candidate{{Label: "nothing"}}
			}
			if diff := cmp.Diff(test.first, strings.TrimSpace(line(got[0]))); diff != "" {
				t.Errorf("first answer (-want +got):\n%s", diff)
			}
			if c := got[0].Confidence; c < test.from-1e-9 || c > test.upTo+1e-9 {
				t.Errorf("confidence is %.2f, want %.2f to %.2f", c, test.from, test.upTo)
			}
			if test.second != "" && (len(got) < 2 || line(got[1]) != test.second) {
				t.Errorf("answers are %+v, want %q second", got, test.second)
			}
		})
	}
}

func TestQueriesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	g := &Geocoder{}
	for _, test := range []struct {
		name  string
		query Query
		field string
	}{
		{"empty", Query{}, "text"},
		{"only marks", Query{Text: "---"}, "text"},
		{"endless", Query{Text: strings.Repeat("a ", 400)}, "text"},
		{"an endless town", Query{City: strings.Repeat("a", 400)}, "city"},
		{"broken UTF-8", Query{Text: "\xff\xfe"}, "text"},
		{"near nowhere", Query{Text: "a", Near: &orb.Point{math.NaN(), 0}}, "near"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := g.Search(context.Background(), test.query)
			var bad *BadQuery
			if !errors.As(err, &bad) || bad.Field != test.field {
				t.Errorf("error is %v, want a BadQuery of %s", err, test.field)
			}
		})
	}
}

func TestReverse(t *testing.T) {
	t.Parallel()
	g := loaded(t, valley(t))
	for _, test := range []struct {
		name string
		at   orb.Point
		want []string
	}{
		{"at a door", orb.Point{10.0010, 49.0003}, []string{"house Hauptstraße 5, 70001 Oberau", "street Hauptstraße, 70001 Oberau", "place 70001 Oberau"}},
		{"beside a street without houses", orb.Point{10.0015, 48.9952}, []string{"street Land Straße, 70001 Oberau", "place 70001 Oberau"}},
		{"in the fields", orb.Point{10.04, 49.02}, []string{"place 70001 Oberau"}},
		{"far out at sea", orb.Point{-30, 0}, []string{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			candidates, err := g.Reverse(context.Background(), test.at)
			if err != nil {
				t.Fatal(err)
			}
			got := []string{}
			for _, c := range candidates {
				got = append(got, line(c))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("answers (-want +got):\n%s", diff)
			}
		})
	}
	for _, at := range []orb.Point{{math.NaN(), 0}, {0, 91}} {
		var bad *BadQuery
		if _, err := g.Reverse(context.Background(), at); !errors.As(err, &bad) {
			t.Errorf("the address at %v: error is %v, want a BadQuery", at, err)
		}
	}
}

func TestABatchReports(t *testing.T) {
	t.Parallel()
	g := loaded(t, valley(t))
	calls := make(chan int, 10)
	report, err := Batch(context.Background(), g, []Query{
		{Text: "Mühlgasse 2, Oberau"}, {Text: "Hauptstraße 5"}, {Text: "xyzzy"}, {Text: ""}, {Text: "Mühlgasse 8 Oberau"},
	}, func(done, total int) { calls <- done })
	if err != nil {
		t.Fatal(err)
	}
	var got []Verdict
	for _, a := range report.Answers {
		got = append(got, a.Verdict)
	}
	if diff := cmp.Diff([]Verdict{Taken, Review, Missing, Refused, Review}, got); diff != "" {
		t.Errorf("verdicts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[Verdict]int{Taken: 1, Review: 2, Missing: 1, Refused: 1}, report.Counts); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	if len(calls) != 5 {
		t.Errorf("progress was told %d times, want 5", len(calls))
	}
}

func TestGenerationsAreAskedTogetherAndDropped(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	url := postgis.TestDatabaseURL(t)
	owner := postgis.TestOwner(t, url)
	for generation := range int64(2) {
		err := pgx.BeginFunc(ctx, owner, func(tx pgx.Tx) error { return Loader{}.Load(ctx, tx, generation+1, valley(t), nil) })
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		name        string
		generations []int64
		want        int
	}{
		{"both hold the same house, told once", []int64{1, 2}, 1},
		{"one alone", []int64{2}, 1},
		{"none", nil, 0},
		{"one that is gone", []int64{7}, 0},
	} {
		g := &Geocoder{DB: owner, InForce: func(context.Context) ([]int64, error) { return test.generations, nil }}
		got, err := g.Search(ctx, Query{Text: "Hauptstraße 30b Unterau", Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != test.want || len(got) > 0 && got[0].Tie {
			t.Errorf("%s: answers are %+v, want %d without tie", test.name, got, test.want)
		}
	}
	for range 2 {
		if err := pgx.BeginFunc(ctx, owner, func(tx pgx.Tx) error { return Loader{}.Drop(ctx, tx, 1) }); err != nil {
			t.Fatalf("drop: %v", err)
		}
	}
	var left int
	if err := owner.QueryRow(ctx, "select count(distinct generation) from geocode.house").Scan(&left); err != nil || left != 1 {
		t.Errorf("%d generations left, %v; want 1", left, err)
	}
}

func TestSampling(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	g := loaded(t, valley(t))
	for _, test := range []struct {
		name   string
		sample func(n int, seed int64) ([]Drawn, error)
		want   int
	}{
		{"the houses there are", func(n int, seed int64) ([]Drawn, error) { return g.Sample(ctx, n, seed) }, 13},
		{"as many spots on streets as wanted", func(n int, seed int64) ([]Drawn, error) { return g.SampleStreets(ctx, n, seed) }, 100},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			all, err := test.sample(100, 1)
			if err != nil {
				t.Fatal(err)
			}
			if len(all) != test.want {
				t.Errorf("%d drawn, want %d", len(all), test.want)
			}
			for _, d := range all {
				if d.Street == "" || d.City == "" || d.HouseNumber == "" {
					t.Errorf("drew %+v", d)
				}
			}
			some, err := test.sample(5, 1)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(all[:5], some); diff != "" {
				t.Errorf("the same seed draws otherwise (-want +got):\n%s", diff)
			}
		})
	}
}
