package carve_test

import (
	"context"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"catchment/territories/carve"
)

func TestNoPlanIsBelowTheBound(t *testing.T) {
	t.Parallel()
	for _, objective := range []carve.Objective{carve.Inertia, carve.Distance, carve.Minutes} {
		t.Run(string(objective), func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(4) {
				p := invented(rand.New(rand.NewPCG(seed, 8)), 9, 3, objective)
				p.Measures[0].Tolerance = 0.35
				best := bruteForce(p)
				if math.IsInf(best, 1) {
					continue
				}
				plan := design(t, p, carve.Options{Seed: seed, Iterations: 20_000})
				bound := carve.LowerBound(context.Background(), p, plan)
				if bound.Value > best*(1+1e-9) || bound.Value < best/2 {
					t.Errorf("seed %d: bound %.3f, the best plan is %.3f", seed, bound.Value, best)
				}
			}
		})
	}
}

// The bound comes near that of Validi, Buchanan and Lykhovyd on the same tracts, and stays below the optimum.
func TestBoundOfRealTracts(t *testing.T) {
	t.Parallel()
	root := benchFolder(t)
	for _, state := range []string{"RI", "AR"} {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			p, _, meta := readTracts(t, filepath.Join(root, state))
			plan := design(t, p, carve.Options{Seed: 1, Iterations: 1_000_000})
			bound := carve.LowerBound(context.Background(), p, plan)
			t.Logf("%s: bound %.2f, published bound %.2f, plan %.2f, %d steps", state, bound.Value/1e6, meta.Published.Bound, plan.Report.Objective/1e6, bound.Steps)
			if v := bound.Value / 1e6; v > published(t, meta)*1.001 || v < meta.Published.Bound*0.99 {
				t.Errorf("bound %.2f, published bound %.2f, published optimum %.2f", v, meta.Published.Bound, published(t, meta))
			}
		})
	}
}
