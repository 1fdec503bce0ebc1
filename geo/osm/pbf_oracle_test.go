package osm

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	upstream "github.com/paulmach/osm"
	"github.com/paulmach/osm/osmpbf"
)

// extracts returns the real extracts of the folder EXTRACTS; without it the test is skipped.
func extracts(t testing.TB) []string {
	t.Helper()
	dir := os.Getenv("EXTRACTS")
	if dir == "" {
		t.Skip("EXTRACTS is not set")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.osm.pbf"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no *.osm.pbf in EXTRACTS=%s (%v)", dir, err)
	}
	return files
}

// Our reader is hand-written because the library panics on hostile files; on sound ones both must say the same.
func TestReaderAgreesWithLibraryOnRealExtracts(t *testing.T) {
	for _, path := range extracts(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			f, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			oracle := osmpbf.New(t.Context(), f, 1)
			defer oracle.Close()
			var want []upstream.Object
			for oracle.Scan() {
				want = append(want, oracle.Object())
			}
			if oracle.Err() != nil {
				t.Fatal(oracle.Err())
			}

			s, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			i := 0
			next := func() upstream.Object {
				if i >= len(want) {
					t.Fatalf("more than the %d elements the library sees", len(want))
				}
				i++
				return want[i-1]
			}
			err = s.Scan(context.Background(), Handler{
				Node: func(n Node) error {
					w := next().(*upstream.Node)
					if int64(w.ID) != n.ID || math.Abs(w.Lon-n.At[0]) > 1e-12 || math.Abs(w.Lat-n.At[1]) > 1e-12 {
						t.Fatalf("node %d at %v, want %d at %v %v", n.ID, n.At, w.ID, w.Lon, w.Lat)
					}
					sameTags(t, w.Tags, n.Tags)
					return nil
				},
				Way: func(got Way) error {
					w := next().(*upstream.Way)
					want := Way{ID: int64(w.ID), Tags: fromUpstream(w.Tags)}
					for _, n := range w.Nodes {
						want.Nodes = append(want.Nodes, int64(n.ID))
					}
					if !slices.Equal(want.Nodes, got.Nodes) || !slices.Equal(want.Tags, got.Tags) || want.ID != got.ID {
						t.Fatal(cmp.Diff(want, got))
					}
					return nil
				},
				Relation: func(got Relation) error {
					r := next().(*upstream.Relation)
					want := Relation{ID: int64(r.ID), Tags: fromUpstream(r.Tags)}
					for _, m := range r.Members {
						kind := map[upstream.Type]MemberKind{"node": NodeMember, "way": WayMember, "relation": RelationMember}[m.Type]
						want.Members = append(want.Members, Member{kind, m.Ref, m.Role})
					}
					if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
						t.Fatal(d)
					}
					return nil
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			if i != len(want) {
				t.Errorf("%d elements, the library sees %d", i, len(want))
			}
		})
	}
}

func sameTags(t *testing.T, want upstream.Tags, got Tags) {
	t.Helper()
	if len(want) != len(got) {
		t.Fatalf("tags %v, want %v", got, want)
	}
	for i := range want {
		if want[i].Key != got[i].Key || want[i].Value != got[i].Value {
			t.Fatalf("tags %v, want %v", got, want)
		}
	}
}
