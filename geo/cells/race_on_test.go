//go:build race

package cells

// rounds cuts how many random questions are asked where the race detector slows each some ten times; the full
// number is asked in the run without it.
func rounds(n int) int { return max(1, n/8) }
