//go:build !race

package cells

// rounds is how many random questions are asked.
func rounds(n int) int { return n }
