package carve

import (
	"cmp"
	"slices"
)

// relabel lets territories that are alike swap their names so that more of the weight keeps its owner: the greatest
// common weight first.
func (m *model) relabel(in []int32) {
	if m.p.Owner == nil {
		return
	}
	alike := m.alike()
	type pair struct {
		part, name int32
		weight     float64
	}
	common := map[[2]int32]float64{}
	for v, j := range in {
		if own := m.owner[v]; own != None && alike[own] && alike[j] {
			common[[2]int32{j, own}] += m.weight[v*m.measures] + 1e-9
		}
	}
	pairs := make([]pair, 0, len(common))
	for key, weight := range common {
		pairs = append(pairs, pair{key[0], key[1], weight})
	}
	slices.SortFunc(pairs, func(a, b pair) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(a.part, b.part), cmp.Compare(a.name, b.name))
	})
	name, taken := fill(m.k, None), make([]bool, m.k)
	for _, p := range pairs {
		if name[p.part] == None && !taken[p.name] {
			name[p.part], taken[p.name] = p.name, true
		}
	}
	next := int32(0)
	for j := range int32(m.k) {
		switch {
		case !alike[j]:
			name[j] = j
		case name[j] == None:
			for taken[next] || !alike[next] {
				next++
			}
			name[j], taken[next] = next, true
		}
	}
	for v, j := range in {
		in[v] = name[j]
	}
}

// alike marks the territories that only their name tells apart from the first such one.
func (m *model) alike() []bool {
	alike := make([]bool, m.k)
	first := -1
	for j, t := range m.p.Territories {
		if t.Fixed || slices.Contains(m.lock, int32(j)) {
			continue
		}
		if first < 0 {
			first = j
		}
		alike[j] = t.share() == m.p.Territories[first].share()
	}
	return alike
}
