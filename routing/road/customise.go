package road

import (
	"math"
	"runtime"
	"slices"
	"sync"
)

// metric holds the costs of the arcs of a skeleton, in both directions.
type metric struct {
	*skeleton
	arcs []twoWay
}

type twoWay struct{ up, down halfArc }

type halfArc struct {
	key        key
	decimeters uint32
	via        uint32 // the rank of the edge in the middle, noVia, or dropped
}

const (
	// dropped marks arcs dearer than the best way between their ends.
	dropped = noVia - 1
	// far is the key of an arc that does not exist. Twice as much is still a key.
	far key = 1 << 62
)

func (h *halfArc) relax(k key, decimeters, via uint32) {
	if k < h.key || k == h.key && decimeters < h.decimeters {
		*h = halfArc{k, decimeters, via}
	}
}

// contract finds the costs of the arcs of a skeleton.
func (k *skeleton) contract(a *arrays) *metric {
	m := &metric{skeleton: k}
	m.load(a)
	workers := runtime.GOMAXPROCS(0)
	if len(a.edges) < 10_000 {
		workers = 1
	}
	top, crews := m.crews(workers)
	m.customise(top, crews)
	m.perfect(top, crews)
	return m
}

// load gives the arcs that are single turns their costs.
func (m *metric) load(a *arrays) {
	m.arcs = make([]twoWay, len(m.high))
	for i := range m.arcs {
		m.arcs[i] = twoWay{halfArc{far, math.MaxUint32, noVia}, halfArc{far, math.MaxUint32, noVia}}
	}
	inParts(len(a.edges), func(begin, end int) {
		for e := begin; e < end; e++ {
			for _, t := range a.out[a.firstOut[e]:a.firstOut[e+1]] {
				c := a.edges[e].Cost.plus(t.cost())
				switch from, to := uint32(e), uint32(t.To); {
				case from < to:
					m.arcs[m.arc(from, to)].up.relax(keyOf(c), c.Decimeters, noVia)
				case from > to:
					m.arcs[m.arc(to, from)].down.relax(keyOf(c), c.Decimeters, noVia)
				}
			}
		}
	})
}

// arc returns the number of the arc between two ranks.
func (k *skeleton) arc(lo, hi uint32) uint32 {
	i, _ := slices.BinarySearch(k.high[k.first[lo]:k.first[lo+1]], hi)
	return k.first[lo] + uint32(i)
}

// crews divides the ranks among workers: whoever works on a rank needs besides his own ranks only those at the top,
// which belong to nobody. A rank is at the top if a large part of all work lies below it, which is so for the widest
// cuts of the map alone. The workers' ranks and those at the top come ascending.
func (k *skeleton) crews(workers int) (top []uint32, crews [][]uint32) {
	n := len(k.first) - 1
	if workers == 1 {
		return nil, [][]uint32{upTo(uint32(n))}
	}
	below := make([]int64, n) // work, the own included
	parent := k.parents()
	for r := range n {
		degree := int64(k.first[r+1] - k.first[r])
		below[r] += 1 + degree*degree
		if up := parent[r]; int(up) != r {
			below[up] += below[r]
		}
	}
	var total int64
	for r := range n {
		if int(parent[r]) == r {
			total += below[r]
		}
	}
	const atTop = -1
	crew := make([]int, n)
	var heads []uint32 // of the parts below the top
	for r := n - 1; r >= 0; r-- {
		switch up := parent[r]; {
		case below[r] > total/int64(8*workers):
			crew[r] = atTop
			top = append(top, uint32(r))
		case int(up) == r || crew[up] == atTop:
			crew[r] = len(heads)
			heads = append(heads, uint32(r))
		default:
			crew[r] = crew[up]
		}
	}
	slices.Reverse(top)
	// The largest part goes to whoever has least so far.
	order := make([]int, len(heads))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return int(min(max(below[heads[j]]-below[heads[i]], -1), 1)) })
	load, worker := make([]int64, workers), make([]int, len(heads))
	for _, i := range order {
		least := 0
		for w := range load {
			if load[w] < load[least] {
				least = w
			}
		}
		worker[i], load[least] = least, load[least]+below[heads[i]]
	}
	crews = make([][]uint32, workers)
	for r := range n {
		if crew[r] != atTop {
			w := worker[crew[r]]
			crews[w] = append(crews[w], uint32(r))
		}
	}
	return top, crews
}

func upTo(n uint32) []uint32 {
	all := make([]uint32, n)
	for i := range all {
		all[i] = uint32(i)
	}
	return all
}

// customise gives every arc the least cost over edges lower than both its ends.
func (m *metric) customise(top []uint32, crews [][]uint32) {
	// Several workers find costs of arcs at the top: each notes them apart.
	const nowhere = math.MaxUint32
	start, size := make([]uint32, len(m.first)-1), uint32(0)
	for r := range start {
		start[r] = nowhere
	}
	for _, r := range top {
		start[r] = size
		size += m.first[r+1] - m.first[r]
	}
	notes := make([][]twoWay, len(crews))
	var wait sync.WaitGroup
	for w, crew := range crews {
		wait.Go(func() {
			note := make([]twoWay, size)
			for i := range note {
				note[i].up.key, note[i].down.key = far, far
				note[i].up.decimeters, note[i].down.decimeters = math.MaxUint32, math.MaxUint32
			}
			notes[w] = note
			for _, v := range crew {
				m.lift(v, func(x uint32) []twoWay {
					if from := start[x]; from != nowhere {
						return note[from:]
					}
					return m.arcs[m.first[x]:]
				})
			}
		})
	}
	wait.Wait()
	for _, r := range top {
		for _, note := range notes {
			for i := m.first[r]; i < m.first[r+1]; i++ {
				n := &note[start[r]+i-m.first[r]]
				m.arcs[i].up.relax(n.up.key, n.up.decimeters, n.up.via)
				m.arcs[i].down.relax(n.down.key, n.down.decimeters, n.down.via)
			}
		}
	}
	for _, v := range top {
		m.lift(v, func(x uint32) []twoWay { return m.arcs[m.first[x]:] })
	}
}

// lift offers the ways over an edge to the arcs between each two edges above it. Arcs returns those of an edge.
func (m *metric) lift(v uint32, arcs func(x uint32) []twoWay) {
	first, end := m.first[v], m.first[v+1]
	for vx := first; vx+1 < end; vx++ {
		x, a := m.high[vx], &m.arcs[vx]
		if a.up.key >= far && a.down.key >= far {
			continue
		}
		over, highs := arcs(x), m.high[m.first[x]:]
		xy := 0
		for vy := vx + 1; vy < end; vy++ {
			for highs[xy] != m.high[vy] {
				xy++
			}
			b, at := &m.arcs[vy], &over[xy]
			at.up.relax(a.down.key+b.up.key, a.down.decimeters+b.up.decimeters, v)
			at.down.relax(b.down.key+a.up.key, b.down.decimeters+a.up.decimeters, v)
		}
	}
}

// perfect lowers the cost of every arc to that of the best way between its ends, and drops those lowered.
func (m *metric) perfect(top []uint32, crews [][]uint32) {
	for _, v := range slices.Backward(top) {
		m.settle(v)
	}
	var wait sync.WaitGroup
	for _, crew := range crews {
		wait.Go(func() {
			for _, v := range slices.Backward(crew) {
				m.settle(v)
			}
		})
	}
	wait.Wait()
}

// settle lowers the arcs of an edge once all those of higher edges are.
func (m *metric) settle(v uint32) {
	first, end := m.first[v], m.first[v+1]
	for vx := first; vx+1 < end; vx++ {
		x, a := m.high[vx], &m.arcs[vx]
		over, highs := m.arcs[m.first[x]:], m.high[m.first[x]:]
		xy := 0
		for vy := vx + 1; vy < end; vy++ {
			for highs[xy] != m.high[vy] {
				xy++
			}
			b, c := &m.arcs[vy], &over[xy]
			b.up.relax(a.up.key+c.up.key, a.up.decimeters+c.up.decimeters, dropped)
			b.down.relax(c.down.key+a.down.key, c.down.decimeters+a.down.decimeters, dropped)
			a.up.relax(b.up.key+c.down.key, b.up.decimeters+c.down.decimeters, dropped)
			a.down.relax(c.up.key+b.down.key, c.up.decimeters+b.down.decimeters, dropped)
		}
	}
}

// kept tells whether an arc is needed.
func (h *halfArc) kept() bool { return h.key < far && h.via != dropped }

// firsts counts the arcs kept in one direction: where those of each rank start.
func (m *metric) firsts(side func(*twoWay) *halfArc) []uint32 {
	first := make([]uint32, len(m.first))
	for r := range len(m.first) - 1 {
		n := first[r]
		for i := m.first[r]; i < m.first[r+1]; i++ {
			if side(&m.arcs[i]).kept() {
				n++
			}
		}
		first[r+1] = n
	}
	return first
}

func upwards(a *twoWay) *halfArc   { return &a.up }
func downwards(a *twoWay) *halfArc { return &a.down }

// ladder gathers the arcs kept in one direction.
func (m *metric) ladder(side func(*twoWay) *halfArc) ladder {
	l := ladder{first: m.firsts(side)}
	kept := int(l.first[len(l.first)-1])
	l.arcs, l.via = make([]arc, 0, kept), make([]uint32, 0, kept)
	for part := range m.stream(side) {
		l.arcs = append(l.arcs, part...)
	}
	for part := range m.streamMiddles(side) {
		l.via = append(l.via, part...)
	}
	return l
}
