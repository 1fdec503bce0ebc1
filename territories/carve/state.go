package carve

import "math/bits"

// form is how a state counts the objective.
type form int8

const (
	pinned  form = iota // from centres that stay where they are until pin is called
	medoids             // from the best node of each territory, at every moment; for few nodes
)

// state is a plan under search and all that a change of hands needs to know.
type state struct {
	*model
	form form

	in    []int32   // territory of each node
	sum   []float64 // k × measures
	mom   []moment  // of each territory
	count []int32   // nodes of each territory
	value []float64 // objective of each territory, without changes of owner
	off   []float64 // breach of bounds of each territory, as parts of a mean territory
	obj   float64   // objective with changes of owner
	bad   float64   // sum of off

	centre []vec     // pinned
	row    []float64 // pinned, minutes: k × n
	far    [][]float64
	reach  []float64 // medoids: k × n, cost of the territory if centred on the node
	list   [][]int32 // medoids: nodes of each territory
	spot   []int32   // medoids: where a node stands in its list

	foreign []int32   // neighbours of each node that are in other territories
	border  [][]int32 // nodes of each territory that touch another and may leave
	place   []int32   // where a node stands in border

	seen  []int32 // for hangsTogether
	round int32
	stack []int32
}

// newState makes a state of a plan, which it keeps; far is what model.distances returns, for medoids.
func newState(m *model, in []int32, f form, far [][]float64) *state {
	s := &state{model: m, form: f, in: in, far: far,
		sum: make([]float64, m.k*m.measures), mom: make([]moment, m.k), count: make([]int32, m.k), value: make([]float64, m.k), off: make([]float64, m.k),
		centre: make([]vec, m.k), foreign: make([]int32, m.n), border: make([][]int32, m.k), place: make([]int32, m.n), seen: make([]int32, m.n)}
	if f == medoids {
		s.reach, s.list, s.spot = make([]float64, m.k*m.n), make([][]int32, m.k), make([]int32, m.n)
	}
	s.refresh()
	return s
}

// set takes over another plan.
func (s *state) set(in []int32) {
	copy(s.in, in)
	s.refresh()
}

// refresh counts everything anew from s.in; it also takes away what rounding has gathered.
func (s *state) refresh() {
	clear(s.sum)
	clear(s.mom)
	clear(s.count)
	for j := range s.border {
		s.border[j] = s.border[j][:0]
	}
	for v, j := range s.in {
		s.count[j]++
		s.mom[j] = s.mom[j].add(s.mass[v])
		for i := range s.measures {
			s.sum[int(j)*s.measures+i] += s.weight[v*s.measures+i]
		}
	}
	for v := range int32(s.n) {
		s.foreign[v], s.place[v] = 0, None
		for _, w := range s.graph.of(v) {
			if s.in[w] != s.in[v] {
				s.foreign[v]++
			}
		}
		if s.foreign[v] > 0 {
			s.enter(v)
		}
	}
	if s.form == medoids {
		s.gatherReach()
	}
	if s.form == pinned {
		s.pin()
	}
	s.tally()
}

// tally sums up value and breach of all territories.
func (s *state) tally() {
	s.obj, s.bad = 0, 0
	s.values()
	for j := range int32(s.k) {
		s.obj += s.value[j]
		s.off[j] = s.breach(j, None, None)
		s.bad += s.off[j]
	}
	for v, j := range s.in {
		if s.owner[v] != None && s.owner[v] != j {
			s.obj += s.worth[v]
		}
	}
}

// values counts the objective of each territory anew.
func (s *state) values() {
	switch {
	case s.form == medoids:
		for j := range int32(s.k) {
			s.value[j] = s.bestReach(j)
		}
	case s.p.Objective == Inertia:
		for j := range s.k {
			s.value[j] = s.mom[j].about(s.centre[j])
		}
	default:
		clear(s.value)
		for v, j := range s.in {
			s.value[j] += s.from(j, int32(v))
		}
	}
}

// from is the cost of a node in a territory with its present centre.
func (s *state) from(j, v int32) float64 {
	switch s.p.Objective {
	case Minutes:
		return s.row[int(j)*s.n+int(v)]
	case Distance:
		return s.pull[v] * s.along(s.at[v].apart(s.centre[j]))
	}
	if len(s.units[v]) > 1 {
		return s.mass[v].about(s.centre[j])
	}
	return s.pull[v] * s.at[v].apart2(s.centre[j])
}

// breach is how far a territory is outside its bounds once a node has come and another gone; None for neither.
func (s *state) breach(j, come, gone int32) float64 {
	var off float64
	for i := range s.measures {
		at := int(j)*s.measures + i
		sum := s.sum[at]
		if come != None {
			sum += s.weight[int(come)*s.measures+i]
		}
		if gone != None {
			sum -= s.weight[int(gone)*s.measures+i]
		}
		if sum > s.hi[at] {
			off += (sum - s.hi[at]) * s.scale[i]
		} else if sum < s.lo[at] {
			off += (s.lo[at] - sum) * s.scale[i]
		}
	}
	return off
}

// gain is what the objective would change if v went from its territory to another.
func (s *state) gain(v, to int32) float64 {
	from := s.in[v]
	var d float64
	if s.form == medoids {
		d = s.reachWithout(from, v) - s.value[from] + s.reachWith(to, v) - s.value[to]
	} else {
		d = s.from(to, v) - s.from(from, v)
	}
	if own := s.owner[v]; own != None {
		if own == from {
			d += s.worth[v]
		} else if own == to {
			d -= s.worth[v]
		}
	}
	return d
}

// move hands v over. gain is what s.gain said.
func (s *state) move(v, to int32, gain float64) {
	from := s.in[v]
	if s.place[v] != None {
		s.leave(v)
	}
	s.in[v] = to
	s.count[from]--
	s.count[to]++
	s.mom[from], s.mom[to] = s.mom[from].sub(s.mass[v]), s.mom[to].add(s.mass[v])
	for i := range s.measures {
		w := s.weight[int(v)*s.measures+i]
		s.sum[int(from)*s.measures+i] -= w
		s.sum[int(to)*s.measures+i] += w
	}
	if s.form == medoids {
		s.moveReach(v, from, to)
		s.value[from], s.value[to] = s.bestReach(from), s.bestReach(to)
	} else {
		s.value[from] -= s.from(from, v)
		s.value[to] += s.from(to, v)
	}
	s.obj += gain
	for _, j := range [2]int32{from, to} {
		off := s.breach(j, None, None)
		s.bad += off - s.off[j]
		s.off[j] = off
	}
	var foreign int32
	for _, w := range s.graph.of(v) {
		switch s.in[w] {
		case from:
			s.foreign[w]++
			if s.foreign[w] == 1 {
				s.enter(w)
			}
			foreign++
		case to:
			s.foreign[w]--
			if s.foreign[w] == 0 && s.place[w] != None {
				s.leave(w)
			}
		default:
			foreign++
		}
	}
	s.foreign[v] = foreign
	if foreign > 0 {
		s.enter(v)
	}
}

func (s *state) enter(v int32) {
	if s.lock[v] != None {
		return
	}
	j := s.in[v]
	s.place[v] = int32(len(s.border[j]))
	s.border[j] = append(s.border[j], v)
}

func (s *state) leave(v int32) {
	list := s.border[s.in[v]]
	last := list[len(list)-1]
	list[s.place[v]], s.place[last] = last, s.place[v]
	s.border[s.in[v]] = list[:len(list)-1]
	s.place[v] = None
}

// mayLeave says whether a territory stays in one piece, and is not empty, without v.
func (s *state) mayLeave(v int32) bool {
	from := s.in[v]
	if s.count[from] == 1 {
		return false
	}
	if s.p.Loose {
		return true
	}
	around := s.graph.of(v)
	if len(around) <= 64 {
		var same uint64
		for q, w := range around {
			if s.in[w] == from {
				same |= 1 << q
			}
		}
		if same == 0 || same&(same-1) == 0 || s.graph.joined(v, same) {
			return true
		}
		return s.hangsTogether(v, int32(around[bits.TrailingZeros64(same)]), bits.OnesCount64(same))
	}
	first, same := None, 0
	for _, w := range around {
		if s.in[w] == from {
			first = w
			same++
		}
	}
	return same < 2 || s.hangsTogether(v, first, same)
}

// hangsTogether says whether all `same` neighbours of v in its territory are reached from one of them without v.
func (s *state) hangsTogether(v, first int32, same int) bool {
	s.round++
	from := s.in[v]
	for _, w := range s.graph.of(v) {
		s.seen[w] = -s.round // a goal
	}
	s.seen[v], s.seen[first] = s.round, s.round
	same--
	s.stack = append(s.stack[:0], first)
	for len(s.stack) > 0 {
		w := s.stack[len(s.stack)-1]
		s.stack = s.stack[:len(s.stack)-1]
		for _, x := range s.graph.of(w) {
			if s.in[x] != from || s.seen[x] == s.round {
				continue
			}
			if s.seen[x] == -s.round {
				if same--; same == 0 {
					return true
				}
			}
			s.seen[x] = s.round
			s.stack = append(s.stack, x)
		}
	}
	return false
}
