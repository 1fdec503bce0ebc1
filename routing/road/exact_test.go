package road

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"catchment/geo/osm"
	"catchment/geo/town"
)

// streets is a graph in memory with the map it was made from.
type streets struct {
	*Graph
	segments *segments
}

// buildStreets prepares an extract in memory and passes it through the bytes of a file.
func buildStreets(t testing.TB, src *osm.Source, p *Profile) streets {
	t.Helper()
	path := filepath.Join(t.TempDir(), "streets")
	if err := Build(context.Background(), src, p, path, nil); err != nil {
		t.Fatal(err)
	}
	g, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	a, err := readAtlas(context.Background(), src, []*Profile{p}, func(float64) {})
	if err != nil {
		t.Fatal(err)
	}
	m := a.mapFor(0)
	var paths []banPath
	for _, b := range m.bans {
		paths = append(paths, m.spell(b)...)
	}
	return streets{g, joinSegments(m, p, paths)}
}

// foothold returns the foothold at a share of a stride taken forward.
func (s streets) foothold(t testing.TB, way, hop int, share float64) (foothold, bool) {
	t.Helper()
	h := s.segments.firstHop[way] + uint32(hop)
	if s.segments.of[h] == noSegment {
		return foothold{}, false
	}
	a, b := s.segments.hops[h].a, s.segments.hops[h].b
	if s.segments.rev[h] {
		a, b, share = b, a, 1-share
	}
	line := s.segments.line(s.segments.of[h])
	for k := range len(line) - 1 {
		if line[k] == a && line[k+1] == b {
			return foothold{segment: SegmentID(s.segments.of[h]), hop: s.segmentFirst[s.segments.of[h]] + uint32(k), share: share}, true
		}
	}
	t.Fatalf("hop %d of way %d lies on no segment", hop, way)
	return foothold{}, false
}

type trip struct{ Weight, Tenths uint32 }

// compare draws places at random and compares best ways with brute force.
func compare(t *testing.T, s streets, b *bruteForce, rng *rand.Rand, sources, targets int) (found int) {
	t.Helper()
	draw := func() (foothold, stride, float64) {
		for {
			w := rng.IntN(len(b.m.ways))
			hop := rng.IntN(len(b.m.ways[w].nodes) - 1)
			share := float64(rng.IntN(5)) / 4
			if f, ok := s.foothold(t, w, hop, share); ok {
				return f, stride{w, hop, false}, share
			}
		}
	}
	for range sources {
		from, start, share := draw()
		labels := b.from(map[stride]float64{start: share, flip(start): 1 - share})
		goals := make([]foothold, targets)
		want := make([]trip, targets)
		for j := range goals {
			to, end, endShare := draw()
			if j == 0 {
				to, end, endShare = from, start, 1-share
				to.share = 1 - from.share
			}
			goals[j] = to
			best := bruteLabel{math.Inf(1), 0}
			for _, d := range []struct {
				at         stride
				share, own float64
			}{{end, endShare, share}, {flip(end), 1 - endShare, 1 - share}} {
				if !b.lane(d.at).open {
					continue
				}
				w, t := b.price(d.at)
				if l, ok := labels[d.at]; ok {
					if l = (bruteLabel{l.weight + math.Round(w*d.share), l.tenths + math.Round(t*d.share)}); l.better(best) {
						best = l
					}
				}
				if end == start && d.own <= d.share {
					l := bruteLabel{math.Round(w*d.share) - math.Round(w*d.own), math.Round(t*d.share) - math.Round(t*d.own)}
					if l.better(best) {
						best = l
					}
				}
			}
			want[j] = trip{never.Weight, never.Tenths}
			if !math.IsInf(best.weight, 1) {
				want[j] = trip{uint32(best.weight), uint32(best.tenths)}
				found++
			}
		}
		got := make([]trip, targets)
		for j, to := range goals {
			w, ok := s.way(from, to)
			if !ok {
				w.cost = never
			}
			got[j] = trip{w.cost.Weight, w.cost.Tenths}
		}
		if d := cmp.Diff(want, got); d != "" {
			for j := range want {
				if want[j] != got[j] {
					t.Fatalf("from way %d hop %d at %g, to %+v: want %v, got %v", b.m.ways[start.way].id, start.hop, share, goals[j], want[j], got[j])
				}
			}
		}
	}
	return found
}

// restrictMore adds restrictions that reach over one to three ways cars can use, many of them overlapping.
func restrictMore(net *town.Network, rng *rand.Rand) {
	at := map[int64][]osm.Way{}
	for _, w := range net.Ways {
		if _, ok := Car().use(w.Tags); ok {
			at[w.Nodes[0]] = append(at[w.Nodes[0]], w)
			at[w.Nodes[len(w.Nodes)-1]] = append(at[w.Nodes[len(w.Nodes)-1]], w)
		}
	}
	for i := range int64(40) {
		var members []osm.Member
		n := net.Nodes[rng.IntN(len(net.Nodes))].ID
		roles := []string{"from", "via", "via", "via", "to"}
		roles = roles[:1+rng.IntN(4)]
		roles = append(roles, "to")
		for k, role := range roles {
			if len(at[n]) == 0 {
				break
			}
			w := at[n][rng.IntN(len(at[n]))]
			members = append(members, osm.Member{Kind: osm.WayMember, Ref: w.ID, Role: role})
			n = w.Nodes[0] + w.Nodes[len(w.Nodes)-1] - n
			if k == 0 && len(roles) == 2 {
				members = append(members, osm.Member{Kind: osm.NodeMember, Ref: n, Role: "via"})
			}
		}
		kind := []string{"no_left_turn", "no_u_turn", "only_straight_on"}[rng.IntN(3)]
		net.Relations = append(net.Relations, osm.Relation{ID: 10_000 + i, Members: members,
			Tags: osm.Tags{{Key: "type", Value: "restriction"}, {Key: "restriction", Value: kind}}})
	}
}

func TestWaysAgreeWithBruteForceOnRandomTowns(t *testing.T) {
	t.Parallel()
	found, copies := 0, 0
	seeds := uint64(16)
	if underRace {
		seeds = 5
	}
	for seed := range seeds {
		net := town.Random(seed, 4+int(seed%4))
		restrictMore(net, rand.New(rand.NewPCG(seed, 2)))
		for _, p := range Profiles() {
			s := buildStreets(t, net.Source(), p)
			b := newBruteForce(t, net.Source(), p)
			rng := rand.New(rand.NewPCG(seed, 1))
			t.Run(fmt.Sprintf("seed %d %s", seed, p.Name), func(t *testing.T) {
				found += compare(t, s, b, rng, 4, 20)
			})
			copies += len(s.copies)
		}
	}
	if found < int(60*seeds) || copies < int(6*seeds) {
		t.Errorf("too few ways (%d) or copies of edges (%d) for this to tell anything", found, copies)
	}
}

func TestWaysAgreeWithBruteForceOnRealExtracts(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("EXTRACTS")
	if dir == "" {
		t.Skip("EXTRACTS is not set")
	}
	for _, name := range []string{"munich-centre-2020"} {
		src, err := osm.Open(filepath.Join(dir, name+".osm.pbf"))
		if err != nil {
			t.Fatal(err)
		}
		defer src.Close()
		for _, p := range []*Profile{Car(), Foot()} {
			t.Run(fmt.Sprintf("%s %s", name, p.Name), func(t *testing.T) {
				compare(t, buildStreets(t, src, p), newBruteForce(t, src, p), rand.New(rand.NewPCG(7, 7)), 1, 200)
			})
		}
	}
}
