package carve

import "math"

// gatherReach counts reach anew: what each territory would cost if centred on each node.
func (s *state) gatherReach() {
	clear(s.reach)
	for j := range s.list {
		s.list[j] = s.list[j][:0]
	}
	for v, j := range s.in {
		s.spot[v] = int32(len(s.list[j]))
		s.list[j] = append(s.list[j], int32(v))
		row := s.reach[int(j)*s.n : int(j+1)*s.n]
		for c, d := range s.far[v] {
			row[c] += d
		}
	}
}

func (s *state) bestReach(j int32) float64 {
	row, best := s.reach[int(j)*s.n:int(j+1)*s.n], math.Inf(1)
	for _, c := range s.list[j] {
		best = min(best, row[c])
	}
	return best
}

func (s *state) reachWithout(j, v int32) float64 {
	row, best, far := s.reach[int(j)*s.n:int(j+1)*s.n], math.Inf(1), s.far[v]
	for _, c := range s.list[j] {
		if d := row[c] - far[c]; d < best && c != v {
			best = d
		}
	}
	return best
}

func (s *state) reachWith(j, v int32) float64 {
	row, far := s.reach[int(j)*s.n:int(j+1)*s.n], s.far[v]
	best := row[v] + far[v]
	for _, c := range s.list[j] {
		best = min(best, row[c]+far[c])
	}
	return best
}

func (s *state) moveReach(v, from, to int32) {
	a, b := s.reach[int(from)*s.n:int(from+1)*s.n], s.reach[int(to)*s.n:int(to+1)*s.n]
	for c, d := range s.far[v] {
		a[c] -= d
		b[c] += d
	}
	list := s.list[from]
	last := list[len(list)-1]
	list[s.spot[v]], s.spot[last] = last, s.spot[v]
	s.list[from] = list[:len(list)-1]
	s.spot[v] = int32(len(s.list[to]))
	s.list[to] = append(s.list[to], v)
}

// mostExact is how many nodes there may be for centres to be the best at every moment, where moments do not help.
const mostExact = 600

// distances returns what node v costs if node c is its centre, as far[v][c].
func (m *model) distances() [][]float64 {
	far := make([][]float64, m.n)
	for v := range far {
		far[v] = make([]float64, m.n)
	}
	if m.p.Objective == Minutes {
		row := make([]float64, m.n)
		for c := range int32(m.n) {
			m.rowFrom(row, c)
			for v := range far {
				far[v][c] = row[v]
			}
		}
		return far
	}
	for v := range far {
		for c := range far[v] {
			if m.p.Objective == Inertia {
				far[v][c] = m.mass[v].about(m.at[c])
			} else {
				far[v][c] = m.pull[v] * m.along(m.at[v].apart(m.at[c]))
			}
		}
	}
	return far
}

// rowFrom fills the minutes from a node as a centre.
func (m *model) rowFrom(row []float64, c int32) {
	u := m.travel.unit[c]
	if u == None {
		m.travel.row(row, m.at[c], nil)
		return
	}
	m.travel.row(row, m.vec(m.p.At[u]), m.p.Travel.fromUnit[u])
}
