package carve_test

import (
	"math"
	"math/rand/v2"
	"sync"

	"github.com/paulmach/orb"

	"catchment/geo/hex"
)

// inventAccounts scatters accounts over a country of 600 by 700 km: three quarters in towns whose sizes follow Zipf's
// law, the rest anywhere.
func inventAccounts(n int, seed uint64) []orb.Point {
	chance := rand.New(rand.NewPCG(seed, 7))
	type town struct {
		at   orb.Point
		size float64
	}
	towns, total := make([]town, 300), 0.0
	for i := range towns {
		towns[i] = town{orb.Point{6 + 8*chance.Float64(), 47.5 + 6*chance.Float64()}, 1 / float64(i+3)}
		total += towns[i].size
	}
	at := make([]orb.Point, 0, n)
	for range n / 4 {
		at = append(at, orb.Point{6 + 8*chance.Float64(), 47.5 + 6*chance.Float64()})
	}
	for _, t := range towns {
		spread := 0.02 + 0.12*math.Sqrt(t.size/towns[0].size)
		for range int(float64(n) * 0.75 * t.size / total) {
			at = append(at, orb.Point{t.at[0] + spread*1.5*chance.NormFloat64(), t.at[1] + spread*chance.NormFloat64()})
		}
	}
	for len(at) < n {
		at = append(at, orb.Point{6 + 8*chance.Float64(), 47.5 + 6*chance.Float64()})
	}
	return at
}

// cellsOf returns the cells of points at the resolution Gather takes, on two threads.
func cellsOf(at []orb.Point, resolution int) []uint64 {
	cells := make([]uint64, len(at))
	var group sync.WaitGroup
	for half := range 2 {
		group.Go(func() {
			for i := half * len(at) / 2; i < (half+1)*len(at)/2; i++ {
				cells[i], _ = hex.Cell(at[i], resolution)
			}
		})
	}
	group.Wait()
	return cells
}
