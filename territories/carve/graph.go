package carve

import (
	"cmp"
	"math/bits"
	"slices"
)

// graph tells the neighbours of each unit: those of u are to[start[u]:start[u+1]], by number.
type graph struct {
	start []int32
	to    []int32

	// ring[e] has bit q set if the neighbour at edge e and the q-th neighbour of the same unit touch. Units with
	// more than 64 neighbours have none.
	ring []uint64
}

func newGraph(n int, edges []Edge) *graph {
	degree := make([]int32, n+1)
	for _, e := range edges {
		if e.A != e.B {
			degree[e.A+1]++
			degree[e.B+1]++
		}
	}
	for i := range n {
		degree[i+1] += degree[i]
	}
	to, next := make([]int32, degree[n]), slices.Clone(degree)
	for _, e := range edges {
		if e.A != e.B {
			to[next[e.A]], to[next[e.B]] = e.B, e.A
			next[e.A]++
			next[e.B]++
		}
	}
	g := &graph{start: make([]int32, n+1), to: to[:0]}
	for u := range n {
		list := to[degree[u]:degree[u+1]]
		slices.Sort(list)
		g.to = append(g.to, slices.Compact(list)...) // never overtakes what it reads
		g.start[u+1] = int32(len(g.to))
	}
	return g
}

func (g *graph) of(u int32) []int32 { return g.to[g.start[u]:g.start[u+1]] }

// rings fills g.ring.
func (g *graph) rings() {
	g.ring = make([]uint64, len(g.to))
	place := make([]int8, len(g.start)-1)
	for u := range int32(len(g.start) - 1) {
		around := g.of(u)
		if len(around) > 64 {
			continue
		}
		for q, v := range around {
			place[v] = int8(q + 1)
		}
		for q, v := range around {
			var mask uint64
			for _, w := range g.of(v) {
				if at := place[w]; at > 0 {
					mask |= 1 << (at - 1)
				}
			}
			g.ring[int(g.start[u])+q] = mask
		}
		for _, v := range around {
			place[v] = 0
		}
	}
}

// joined says whether the neighbours of u marked in same hang together without u by edges among themselves.
func (g *graph) joined(u int32, same uint64) bool {
	ring := g.ring[g.start[u]:g.start[u+1]]
	reached := same & -same
	for front := reached; front != 0; {
		q := bits.TrailingZeros64(front)
		front &= front - 1
		more := ring[q] & same &^ reached
		reached |= more
		front |= more
	}
	return reached == same
}

// pieces numbers the connected parts of the graph, in the order of their first unit.
func (g *graph) pieces() (of []int32, count int) {
	n := len(g.start) - 1
	of = make([]int32, n)
	for i := range of {
		of[i] = None
	}
	var stack []int32
	for u := range int32(n) {
		if of[u] != None {
			continue
		}
		of[u] = int32(count)
		stack = append(stack[:0], u)
		for len(stack) > 0 {
			v := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			for _, w := range g.of(v) {
				if of[w] == None {
					of[w] = int32(count)
					stack = append(stack, w)
				}
			}
		}
		count++
	}
	return of, count
}

// Bridge joins two parts of the area that no edge joins, where they are nearest to each other.
type Bridge struct {
	A, B   int32
	Length float64 // kilometres, or the unit of the plane
}

// bridges returns the edges that join all pieces of the graph: each smaller piece to the nearest unit outside it.
func (g *graph) bridges(at []vec) []Bridge {
	var built []Bridge
	extra := g.edges()
	for {
		whole := newGraph(len(at), extra)
		of, count := whole.pieces()
		if count == 1 {
			return built
		}
		size := make([]int, count)
		for _, c := range of {
			size[c]++
		}
		main := int32(slices.Index(size, slices.Max(size)))
		near := newTree(at)
		best := make([]Bridge, count)
		for c := range best {
			best[c].A = None
		}
		for u := range int32(len(at)) {
			c := of[u]
			if c == main {
				continue
			}
			v, d := near.nearest(at[u], func(w int32) bool { return of[w] != c })
			if best[c].A == None || d < best[c].Length {
				best[c] = Bridge{A: u, B: v, Length: d}
			}
		}
		slices.SortStableFunc(best, func(a, b Bridge) int { return cmp.Compare(a.Length, b.Length) })
		joined := make([]int32, count)
		for c := range joined {
			joined[c] = int32(c)
		}
		var root func(c int32) int32
		root = func(c int32) int32 {
			for joined[c] != c {
				c = joined[c]
			}
			return c
		}
		for _, b := range best {
			if b.A == None {
				continue
			}
			if x, y := root(of[b.A]), root(of[b.B]); x != y {
				joined[x] = y
				built = append(built, b)
				extra = append(extra, Edge{A: b.A, B: b.B})
			}
		}
	}
}

func (g *graph) edges() []Edge {
	var all []Edge
	for u := range int32(len(g.start) - 1) {
		for _, v := range g.of(u) {
			if u < v {
				all = append(all, Edge{A: u, B: v})
			}
		}
	}
	return all
}
