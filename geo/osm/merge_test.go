package osm

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	diff "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

func source(t testing.TB, name string, h Header, c content) *Source {
	t.Helper()
	s, err := FromBytes(name, encode(t, h, c))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestMergedNeighboursAreOneMap(t *testing.T) {
	t.Parallel()
	at := func(x float64) orb.Point { return orb.Point{x, 1} }
	old := Header{Timestamp: time.Unix(1_000_000, 0), HasBounds: true, Bounds: orb.Bound{Min: at(0), Max: orb.Point{2, 2}}}
	young := Header{Timestamp: time.Unix(2_000_000, 0), HasBounds: true, Bounds: orb.Bound{Min: at(1), Max: orb.Point{3, 3}}}
	road := func(tag string) Way { return Way{ID: 7, Nodes: []int64{1, 2, 3}, Tags: Tags{{"surface", tag}}} }
	west := source(t, "west", old, content{
		Nodes: []Node{{ID: 1, At: at(0)}, {ID: 2, At: at(1), Tags: Tags{{"from", "west"}}}},
		Ways:  []Way{{ID: 5, Nodes: []int64{1, 2}}, road("gravel")},
	})
	east := source(t, "east", young, content{
		Nodes:     []Node{{ID: 2, At: at(1), Tags: Tags{{"from", "east"}}}, {ID: 3, At: at(2)}},
		Ways:      []Way{road("asphalt"), {ID: 9, Nodes: []int64{3, 2}}},
		Relations: []Relation{{ID: 4, Members: []Member{{WayMember, 7, "from"}}}},
	})
	m, err := Merge(west, east)
	if err != nil {
		t.Fatal(err)
	}
	got, err := read(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	want := content{
		Nodes:     []Node{{ID: 1, At: at(0)}, {ID: 2, At: at(1), Tags: Tags{{"from", "east"}}}, {ID: 3, At: at(2)}},
		Ways:      []Way{{ID: 5, Nodes: []int64{1, 2}}, road("asphalt"), {ID: 9, Nodes: []int64{3, 2}}},
		Relations: []Relation{{ID: 4, Members: []Member{{WayMember, 7, "from"}}}},
	}
	if d := diff.Diff(want, got); d != "" {
		t.Errorf("content (-want +got):\n%s", d)
	}
	places, err := m.Locations(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if line, missing := places.Line(road("").Nodes); missing > 0 || len(line) != 3 {
		t.Errorf("the road across the border lacks %d nodes", missing)
	}
	wantHeader := Header{Sorted: true, Timestamp: young.Timestamp.UTC(), HasBounds: true, Bounds: orb.Bound{Min: at(0), Max: orb.Point{3, 3}}}
	if d := diff.Diff(wantHeader, m.Header()); d != "" {
		t.Errorf("header (-want +got):\n%s", d)
	}
	reversed, err := Merge(east, west)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := m.Hash()
	b, _ := reversed.Hash()
	single, _ := east.Hash()
	if a != b || a == single || a == "" {
		t.Errorf("hashes %s, %s", a, b)
	}
}

func TestMergeEqualsAMapByID(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		var parts []*Source
		want := make(map[int64]Node)
		for p := range rapid.IntRange(2, 4).Draw(rt, "parts") {
			var c content
			ids := rapid.SliceOfNDistinct(rapid.Int64Range(-40, 40), 1, 40, rapid.ID[int64]).Draw(rt, "ids")
			slices.Sort(ids)
			for _, id := range ids {
				n := Node{ID: id, At: orb.Point{float64(p), 0}}
				c.Nodes = append(c.Nodes, n)
				if _, ok := want[id]; !ok {
					want[id] = n
				}
			}
			parts = append(parts, source(t, "part", Header{}, c))
		}
		m, err := Merge(parts...)
		if err != nil {
			rt.Fatal(err)
		}
		got, err := read(context.Background(), m)
		if err != nil {
			rt.Fatal(err)
		}
		var all []Node
		for _, n := range want {
			all = append(all, n)
		}
		slices.SortFunc(all, func(a, b Node) int { return cmp.Compare(a.ID, b.ID) })
		if d := diff.Diff(all, got.Nodes, cmpopts.EquateEmpty()); d != "" {
			rt.Fatalf("nodes (-want +got):\n%s", d)
		}
	})
}

func TestMergePassesOnWhatEndsIt(t *testing.T) {
	t.Parallel()
	_, c := sample()
	whole := encode(t, Header{}, c)
	good := source(t, "good", Header{}, c)
	t.Run("a damaged part", func(t *testing.T) {
		cut, err := FromBytes("cut", whole[:len(whole)-3])
		if err != nil {
			t.Fatal(err)
		}
		m, err := Merge(good, cut)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := read(t.Context(), m); !errors.Is(err, ErrTruncated) {
			t.Errorf("%v, want ErrTruncated", err)
		}
	})
	t.Run("a part that is not sorted", func(t *testing.T) {
		mixed, err := FromBytes("mixed", []byte("<osm><node id='2' lat='1' lon='1'/><node id='1' lat='1' lon='1'/></osm>"))
		if err != nil {
			t.Fatal(err)
		}
		m, err := Merge(good, mixed)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := read(t.Context(), m); !errors.Is(err, ErrUnsupported) {
			t.Errorf("%v, want ErrUnsupported", err)
		}
	})
	t.Run("the handler", func(t *testing.T) {
		stop := errors.New("enough")
		m, err := Merge(good, good)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Scan(t.Context(), Handler{Way: func(Way) error { return stop }}); err != stop {
			t.Errorf("%v, want the handler's error", err)
		}
	})
	t.Run("the context", func(t *testing.T) {
		m, err := Merge(good, good)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := read(ctx, m); !errors.Is(err, context.Canceled) {
			t.Errorf("%v, want Canceled", err)
		}
	})
	t.Run("nothing", func(t *testing.T) {
		if _, err := Merge(); !errors.Is(err, ErrEmpty) {
			t.Errorf("%v, want ErrEmpty", err)
		}
	})
}
