package carve

import (
	"cmp"
	"math"
	"slices"
)

// pin puts the centre of each territory on the best of its nodes, or on its base.
func (s *state) pin() {
	if s.p.Objective == Minutes {
		s.pinMinutes()
		return
	}
	if s.p.Objective == Distance {
		s.pinDistance()
		return
	}
	// The inertia about any point is that about the centroid and the pull times the square of how far it is from
	// there: the best node is the nearest to the centroid.
	best := make([]float64, s.k)
	target := make([]vec, s.k)
	for j := range s.k {
		best[j] = math.Inf(1)
		target[j] = s.mom[j].centroid()
	}
	for v, j := range s.in {
		if d := s.at[v].apart2(target[j]); d < best[j] {
			best[j] = d
			s.centre[j] = s.at[v]
		}
	}
	s.useBases()
}

func (s *state) useBases() {
	for j, fixed := range s.fixed {
		if fixed {
			s.centre[j] = s.base[j]
		}
	}
}

// centreTrials is how many nodes near the middle of a territory are tried as its centre.
const centreTrials = 12

// nearMiddle returns the nodes of each territory nearest to a place each.
func (s *state) nearMiddle(middle []vec, count int, fits func(v int32) bool) [][]int32 {
	type found struct {
		v int32
		d float64
	}
	near := make([][]found, s.k)
	for v, j := range s.in {
		if s.fixed[j] || !fits(int32(v)) {
			continue
		}
		d := s.at[v].apart2(middle[j])
		list := near[j]
		if len(list) == count {
			if d >= list[count-1].d {
				continue
			}
			list = list[:count-1]
		}
		at, _ := slices.BinarySearchFunc(list, d, func(f found, d float64) int { return cmp.Compare(f.d, d) })
		near[j] = slices.Insert(list, at, found{int32(v), d})
	}
	nodes := make([][]int32, s.k)
	for j, list := range near {
		for _, f := range list {
			nodes[j] = append(nodes[j], f.v)
		}
	}
	return nodes
}

// middles returns the point of least summed distance of each territory (Weiszfeld 1937, a few steps).
func (s *state) middles() []vec {
	middle := make([]vec, s.k)
	for j := range middle {
		middle[j] = s.mom[j].centroid()
	}
	sum, weight := make([]vec, s.k), make([]float64, s.k)
	for range 8 {
		clear(sum)
		clear(weight)
		for v, j := range s.in {
			f := s.pull[v] / math.Max(s.at[v].apart(middle[j]), 1e-6)
			sum[j] = sum[j].add(s.at[v].times(f))
			weight[j] += f
		}
		for j := range middle {
			middle[j] = sum[j].times(1 / weight[j])
		}
	}
	return middle
}

func (s *state) pinDistance() {
	near := s.nearMiddle(s.middles(), centreTrials, func(int32) bool { return true })
	cost := make([]float64, s.k*centreTrials)
	for v, j := range s.in {
		for q, c := range near[j] {
			cost[int(j)*centreTrials+q] += s.pull[v] * s.at[v].apart(s.at[c])
		}
	}
	for j, list := range near {
		best := math.Inf(1)
		for q, c := range list {
			if d := cost[j*centreTrials+q]; d < best {
				best = d
				s.centre[j] = s.at[c]
			}
		}
	}
	s.useBases()
}

func (s *state) pinMinutes() {
	if s.row == nil {
		s.row = make([]float64, s.k*s.n)
	}
	near := s.nearMiddle(s.middles(), centreTrials, func(v int32) bool { return s.travel.unit[v] != None })
	row := make([]float64, s.n)
	for j := range int32(s.k) {
		own := s.row[int(j)*s.n : int(j+1)*s.n]
		if s.fixed[j] {
			s.centre[j] = s.base[j]
			s.travel.row(own, s.base[j], s.p.Travel.fromBase[j])
			continue
		}
		trials := near[j]
		if len(trials) == 0 { // no node of it has ways: the nearest that has
			if head := s.nearestHead(s.mom[j].centroid()); head != None {
				trials = []int32{head}
			} else {
				s.travel.row(own, s.mom[j].centroid(), nil)
				continue
			}
		}
		best := math.Inf(1)
		for _, c := range trials {
			s.rowFrom(row, c)
			var sum float64
			for v, in := range s.in {
				if in == j {
					sum += row[v]
				}
			}
			if sum < best {
				best = sum
				s.centre[j] = s.at[c]
				copy(own, row)
			}
		}
	}
}

func (s *state) nearestHead(to vec) int32 {
	best, far := None, math.Inf(1)
	for _, v := range s.travel.heads {
		if d := s.at[v].apart2(to); d < far {
			best, far = v, d
		}
	}
	return best
}
