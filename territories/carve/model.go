package carve

import (
	"math"
	"slices"
)

// model is a problem made ready for the search: groups are one node each, bounds are plain numbers.
type model struct {
	p *Problem
	frame
	n, k, measures int

	node  []int32   // of each unit
	units [][]int32 // of each node
	at    []vec     // of each node: the centre of its pull
	pull  []float64 // of each node, never zero, so that no unit lies just anywhere
	mass  []moment  // of each node
	worth []float64 // what a change of owner costs
	owner []int32
	lock  []int32

	weight []float64 // n × measures
	share  []float64 // k × measures: what a territory should have
	lo, hi []float64 // k × measures
	scale  []float64 // per measure: one over the mean share, so that a breach is a part of a territory

	graph   *graph
	bridges []Bridge
	base    []vec // of fixed territories
	fixed   []bool
	claimed bool    // some node has an owner or is locked
	extent  float64 // mean square of the way to the middle of all, km²
	travel  *travel
}

// moment is what the inertia of any set of nodes about any point follows from.
type moment struct {
	w float64 // sum of pull
	p vec     // sum of pull × place
	q float64 // sum of pull × |place|²
}

func (m moment) add(o moment) moment { return moment{m.w + o.w, m.p.add(o.p), m.q + o.q} }
func (m moment) sub(o moment) moment { return moment{m.w - o.w, m.p.sub(o.p), m.q - o.q} }

// about returns the inertia about a point; least that about the centroid.
func (m moment) about(c vec) float64 { return m.q - 2*c.dot(m.p) + m.w*c.square() }
func (m moment) least() float64 {
	if m.w <= 0 {
		return 0
	}
	return m.q - m.p.square()/m.w
}

func (m moment) centroid() vec { return m.p.times(1 / m.w) }

// leastPull is what a unit without weight still pulls, as a part of the mean.
const leastPull = 1e-4

func newModel(p *Problem) *model {
	m := &model{p: p, frame: newFrame(p), k: len(p.Territories), measures: len(p.Measures)}
	m.group()
	pull := p.pull()
	places := make([]vec, len(p.At))
	for u, at := range p.At {
		places[u] = m.vec(at)
	}
	m.at, m.pull, m.mass = make([]vec, m.n), make([]float64, m.n), make([]moment, m.n)
	m.weight, m.worth = make([]float64, m.n*m.measures), make([]float64, m.n)
	m.owner, m.lock = fill(m.n, None), fill(m.n, None)
	for v, units := range m.units {
		for _, u := range units {
			at, w := places[u], pull[u]
			m.mass[v] = m.mass[v].add(moment{w, at.times(w), w * at.square()})
			for i := range p.Measures {
				m.weight[v*m.measures+i] += p.Measures[i].Of[u]
			}
			if p.Locked != nil && p.Locked[u] != None {
				m.lock[v] = p.Locked[u]
			}
		}
		m.pull[v], m.at[v] = m.mass[v].w, m.mass[v].centroid()
		m.ownerOf(int32(v))
		m.claimed = m.claimed || m.owner[v] != None || m.lock[v] != None
	}
	var all moment
	for _, mass := range m.mass {
		all = all.add(mass)
	}
	m.extent = math.Max(all.least()/all.w, 1e-9)
	m.bound()
	edges := make([]Edge, 0, len(p.Edges))
	for _, e := range p.Edges {
		edges = append(edges, Edge{m.node[e.A], m.node[e.B]})
	}
	m.graph = newGraph(m.n, edges)
	if !p.Loose {
		m.bridges = m.graph.bridges(m.at)
		for _, b := range m.bridges {
			edges = append(edges, Edge{b.A, b.B})
		}
		if len(m.bridges) > 0 {
			m.graph = newGraph(m.n, edges)
		}
	}
	m.graph.rings()
	m.base, m.fixed = make([]vec, m.k), make([]bool, m.k)
	for j, t := range p.Territories {
		if m.fixed[j] = t.Fixed; t.Fixed {
			m.base[j] = m.vec(t.Base)
		}
	}
	if p.Objective == Minutes {
		m.travel = newTravel(m)
	}
	return m
}

// pull returns the weight of each unit in the objective, never zero.
func (p *Problem) pull() []float64 {
	pull := make([]float64, len(p.At))
	switch {
	case p.Pull != nil:
		copy(pull, p.Pull)
	case p.Objective == Distance:
		for u := range pull {
			pull[u] = 1
		}
	default:
		copy(pull, p.Measures[0].Of)
	}
	var sum float64
	for _, v := range pull {
		sum += v
	}
	least := leastPull * sum / float64(len(pull))
	if sum == 0 {
		least = 1
	}
	for u := range pull {
		pull[u] = math.Max(pull[u], least)
	}
	return pull
}

// group makes one node of each set of units that must stay together.
func (m *model) group() {
	p := m.p
	m.node = fill(len(p.At), None)
	for _, group := range p.Together {
		if len(group) == 0 {
			continue
		}
		sorted := slices.Sorted(slices.Values(group))
		for _, u := range sorted {
			m.node[u] = sorted[0] // the first stands for all until numbers are given
		}
	}
	number := fill(len(p.At), None)
	for u := range p.At {
		first := int32(u)
		if m.node[u] != None {
			first = m.node[u]
		}
		if number[first] == None {
			number[first] = int32(len(m.units))
			m.units = append(m.units, nil)
		}
		m.node[u] = number[first]
		m.units[number[first]] = append(m.units[number[first]], int32(u))
	}
	m.n = len(m.units)
}

// ownerOf finds who has the most of a node today.
func (m *model) ownerOf(v int32) {
	p := m.p
	if p.Owner == nil {
		return
	}
	has := make(map[int32]float64, 1)
	for _, u := range m.units[v] {
		if p.Owner[u] != None {
			has[p.Owner[u]] += math.Max(p.Measures[0].Of[u], 1e-9)
		}
	}
	for _, j := range sortedKeys(has) {
		if m.owner[v] == None || has[j] > has[m.owner[v]] {
			m.owner[v] = j
		}
	}
	m.worth[v] = p.ChangePrice * has[m.owner[v]]
}

func (m *model) bound() {
	p := m.p
	m.share, m.lo, m.hi = make([]float64, m.k*m.measures), make([]float64, m.k*m.measures), make([]float64, m.k*m.measures)
	m.scale = make([]float64, m.measures)
	for i := range p.Measures {
		share, lo, hi := p.bounds(&p.Measures[i])
		var sum float64
		for j := range m.k {
			m.share[j*m.measures+i], m.lo[j*m.measures+i], m.hi[j*m.measures+i] = share[j], lo[j]-slack*share[j], hi[j]+slack*share[j]
			sum += share[j]
		}
		if sum > 0 {
			m.scale[i] = float64(m.k) / sum
		}
	}
}

// slack is how far a sum may miss a bound by rounding alone, as a part of the share.
const slack = 1e-12

func fill(n int, v int32) []int32 {
	list := make([]int32, n)
	for i := range list {
		list[i] = v
	}
	return list
}
