package osm

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

func TestLocationsAnswerLikeAMap(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var l Locations
		want := make(map[int64]orb.Point)
		for range rapid.IntRange(0, 60).Draw(t, "n") {
			id := rapid.Int64Range(-20, 20).Draw(t, "id")
			at := orb.Point{
				float64(rapid.IntRange(-1800000000, 1800000000).Draw(t, "lon")) / 1e7,
				float64(rapid.IntRange(-900000000, 900000000).Draw(t, "lat")) / 1e7,
			}
			l.Add(id, at)
			want[id] = at
		}
		l.Sort()
		if l.Len() != len(want) {
			t.Fatalf("%d nodes, want %d", l.Len(), len(want))
		}
		for id := int64(-21); id <= 21; id++ {
			at, ok := l.At(id)
			w, known := want[id]
			if ok != known || at != w {
				t.Fatalf("node %d at %v %v, want %v %v", id, at, ok, w, known)
			}
		}
	})
}

func TestLineLeavesOutWhatTheExtractLacks(t *testing.T) {
	t.Parallel()
	h, c := sample()
	s, err := FromBytes("sample", encode(t, h, c))
	if err != nil {
		t.Fatal(err)
	}
	l, err := s.Locations(t.Context(), func(id int64) bool { return id != 2 })
	if err != nil {
		t.Fatal(err)
	}
	line, missing := l.Line([]int64{1, 2, 1 << 40, 1})
	at := orb.Point{9.5123456, 47.1234567}
	if d := cmp.Diff(orb.LineString{at, {180, 90}, at}, line); d != "" || missing != 1 {
		t.Errorf("%d missing, line (-want +got):\n%s", missing, d)
	}
}
