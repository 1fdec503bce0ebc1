package carve

import (
	"math"
	"math/bits"
	"math/rand/v2"
)

// dice is a fast source of chance.
type dice struct{ source *rand.PCG }

func newDice(seed, stream uint64) *dice {
	return &dice{rand.NewPCG(seed, 0x9e3779b97f4a7c15*(stream+1))}
}

// below returns a number from 0 to n-1.
func (d *dice) below(n int) int {
	hi, _ := bits.Mul64(d.source.Uint64(), uint64(n))
	return int(hi)
}

func (d *dice) float() float64 { return float64(d.source.Uint64()>>11) / (1 << 53) }

// patience returns an exponentially distributed number with mean 1, from a table: -log of a uniform one.
func (d *dice) patience() float64 { return patience[d.source.Uint64()>>52] }

var patience = func() (t [4096]float64) {
	for i := range t {
		t[i] = -math.Log((float64(i) + 0.5) / float64(len(t)))
	}
	return t
}()
