package carve

import (
	"cmp"
	"math"
	"slices"
)

// repair makes every territory of in a single piece that is not empty, as far as locked nodes let it: parts apart
// from a territory's heaviest go to the neighbour whose centre is nearest, and locked nodes apart get a corridor.
func (m *model) repair(in []int32, centre []vec) {
	m.fillEmpty(in, centre)
	if m.p.Loose {
		return
	}
	held := make([]bool, m.n)
	for range 50 {
		moved := m.giveAway(in, centre)
		if m.claimed && m.joinLocked(in, held) {
			moved = true
		}
		if !moved {
			break
		}
	}
	m.fillEmpty(in, centre)
}

// giveAway hands loose parts to neighbours and says whether there were any that could be.
func (m *model) giveAway(in []int32, centre []vec) bool {
	piece, pieces := m.piecesOf(in)
	main := mainPieces(m, in, pieces)
	moved := false
	order := make([]int32, 0, len(pieces))
	for c := range pieces {
		if main[in[pieces[c][0]]] != int32(c) {
			order = append(order, int32(c))
		}
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(len(pieces[a]), len(pieces[b])) })
	for _, c := range order {
		// nodes of the part go one by one, those that touch a main piece first, so that a big part is shared out
		waiting := pieces[c]
		for len(waiting) > 0 {
			var left []int32
			for _, v := range waiting {
				if m.lock[v] != None {
					continue
				}
				best, to := math.Inf(1), None
				for _, w := range m.graph.of(v) {
					j := in[w]
					if j == in[v] && piece[w] == c || main[j] != piece[w] {
						continue
					}
					if d := m.at[v].apart2(centre[j]); d < best {
						best, to = d, j
					}
				}
				if to == None {
					left = append(left, v)
					continue
				}
				in[v] = to
				piece[v] = main[to]
				moved = true
			}
			if len(left) == len(waiting) {
				break
			}
			waiting = left
		}
	}
	return moved
}

// piecesOf numbers the connected parts of all territories and lists their nodes.
func (m *model) piecesOf(in []int32) (of []int32, pieces [][]int32) {
	of = fill(m.n, None)
	for v := range int32(m.n) {
		if of[v] != None {
			continue
		}
		c := int32(len(pieces))
		of[v] = c
		part := []int32{v}
		for at := 0; at < len(part); at++ {
			for _, w := range m.graph.of(part[at]) {
				if of[w] == None && in[w] == in[v] {
					of[w] = c
					part = append(part, w)
				}
			}
		}
		pieces = append(pieces, part)
	}
	return of, pieces
}

// mainPieces returns the heaviest piece of each territory, None for an empty one.
func mainPieces(m *model, in []int32, pieces [][]int32) []int32 {
	main, heaviest := fill(m.k, None), make([]float64, m.k)
	for c, part := range pieces {
		var weight float64
		for _, v := range part {
			weight += m.pull[v]
			for i := range m.measures {
				weight += 1e-3 * m.weight[int(v)*m.measures+i]
			}
		}
		j := in[part[0]]
		if main[j] == None || weight > heaviest[j] {
			main[j], heaviest[j] = int32(c), weight
		}
	}
	return main
}

// fillEmpty gives each territory without nodes the nearest to its centre that its territory can spare.
func (m *model) fillEmpty(in []int32, centre []vec) {
	count := make([]int, m.k)
	for _, j := range in {
		count[j]++
	}
	for j := range int32(m.k) {
		if count[j] > 0 {
			continue
		}
		best, spare := math.Inf(1), None
		for v := range int32(m.n) {
			if count[in[v]] < 2 || m.lock[v] != None {
				continue
			}
			if d := m.at[v].apart2(centre[j]); d < best && m.canSpare(in, v) {
				best, spare = d, v
			}
		}
		if spare != None {
			count[in[spare]]--
			in[spare] = j
			count[j]++
		}
	}
}

// canSpare says whether v's territory hangs together without it.
func (m *model) canSpare(in []int32, v int32) bool {
	if m.p.Loose {
		return true
	}
	goals := map[int32]bool{}
	for _, w := range m.graph.of(v) {
		if in[w] == in[v] {
			goals[w] = true
		}
	}
	if len(goals) < 2 {
		return true
	}
	first := m.graph.of(v)[slices.IndexFunc(m.graph.of(v), func(w int32) bool { return in[w] == in[v] })]
	seen, stack := map[int32]bool{v: true, first: true}, []int32{first}
	for len(stack) > 0 {
		w := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		delete(goals, w)
		for _, x := range m.graph.of(w) {
			if in[x] == in[v] && !seen[x] {
				seen[x] = true
				stack = append(stack, x)
			}
		}
	}
	return len(goals) == 0
}
