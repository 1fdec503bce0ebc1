package road

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"catchment/geo/town"
)

func TestAlternativesAreSoundWays(t *testing.T) {
	t.Parallel()
	offered := 0
	for seed := range uint64(6) {
		g := buildStreets(t, town.Random(seed, 14).Source(), Car())
		rng := rand.New(rand.NewPCG(seed, 8))
		for range 20 {
			at := []Waypoint{{At: somewhere(rng, g.Graph)}, {At: somewhere(rng, g.Graph)}}
			places, err := g.Snap(context.Background(), at, false)
			if err != nil {
				t.Fatal(err)
			}
			ways := g.Alternatives(places[0], places[1], 3)
			for i, w := range ways {
				if d := cmp.Diff(w.cost, g.recount(t, w.way)); d != "" {
					t.Errorf("seed %d: the edges of alternative %d cost: %s", seed, i, d)
				}
				if w.cost.less(ways[0].cost) || float64(w.cost.Weight) > 1.15*float64(ways[0].cost.Weight)+1 {
					t.Errorf("seed %d: alternative %d weighs %d, the best way %d", seed, i, w.cost.Weight, ways[0].cost.Weight)
				}
			}
			offered += max(len(ways)-1, 0)
		}
	}
	t.Logf("%d alternatives to 120 ways", offered)
	if offered < 5 {
		t.Errorf("only %d alternatives are offered", offered)
	}
}
