package road

import "slices"

// A piece of the map whose edges are all reachable from one another is an island if it has fewer than
// islandEdges, the figure OSRM uses, and fewer than one in islandShare of the largest piece's.
const (
	islandEdges = 1000
	islandShare = 10
)

// components labels every edge with its strongly connected piece, the largest piece 0, and returns their sizes.
// It is Tarjan's algorithm (1972) with its own stack instead of recursion.
func components(firstOut []uint32, turns []turn) (label []uint32, sizes []uint32) {
	n := len(firstOut) - 1
	const unseen = 1<<32 - 1
	label = make([]uint32, n)
	index, low := make([]uint32, n), make([]uint32, n)
	for i := range index {
		index[i], label[i] = unseen, unseen
	}
	type frame struct{ edge, next uint32 }
	var calls []frame
	var stack []uint32
	var seen uint32
	for root := range uint32(n) {
		if index[root] != unseen {
			continue
		}
		calls = append(calls, frame{root, firstOut[root]})
		index[root], low[root] = seen, seen
		seen++
		stack = append(stack, root)
		for len(calls) > 0 {
			f := &calls[len(calls)-1]
			if f.next < firstOut[f.edge+1] {
				to := uint32(turns[f.next].To)
				f.next++
				switch {
				case index[to] == unseen:
					index[to], low[to] = seen, seen
					seen++
					stack = append(stack, to)
					calls = append(calls, frame{to, firstOut[to]})
				case label[to] == unseen:
					low[f.edge] = min(low[f.edge], index[to])
				}
				continue
			}
			e := f.edge
			calls = calls[:len(calls)-1]
			if len(calls) > 0 {
				up := calls[len(calls)-1].edge
				low[up] = min(low[up], low[e])
			}
			if low[e] != index[e] {
				continue
			}
			piece := uint32(len(sizes))
			sizes = append(sizes, 0)
			for {
				top := stack[len(stack)-1]
				stack = stack[:len(stack)-1]
				label[top] = piece
				sizes[piece]++
				if top == e {
					break
				}
			}
		}
	}
	order := make([]uint32, len(sizes))
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortStableFunc(order, func(a, b uint32) int { return int(sizes[b]) - int(sizes[a]) })
	rank, sorted := make([]uint32, len(sizes)), make([]uint32, len(sizes))
	for r, piece := range order {
		rank[piece], sorted[r] = uint32(r), sizes[piece]
	}
	for e := range label {
		label[e] = rank[label[e]]
	}
	return label, sorted
}
