package vrp_test

import (
	"context"
	"fmt"
	"testing"

	"catchment/routing/vrp"
)

// BenchmarkFirstPlan builds the first plan of large problems without any search.
func BenchmarkFirstPlan(b *testing.B) {
	for _, size := range [][2]int{{200, 20}, {1000, 100}, {3000, 500}} {
		p := scattered(size[0], size[1])
		b.Run(fmt.Sprintf("%d visits, %d vehicles", size[0], size[1]), func(b *testing.B) {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			for b.Loop() {
				if _, err := vrp.Solve(ctx, p, vrp.Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
