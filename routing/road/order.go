package road

import (
	"math"
	"slices"
	"sync"
)

// The order in which the hierarchy contracts edges comes from cutting the map in two again and again with as few
// streets cut as possible: the streets of a cut rank above both halves. Cuts are found by inertial flow (Schild &
// Sommer 2015): the crossings are sorted along a line, the first and last quarter are taken for source and sink,
// and a largest flow between them shows a smallest cut. Cutting a street in the map of crossings takes a node out
// of the graph of edges, so cuts of the small graph order the large one. The order does not depend on speeds.

// cell is a part of the map of crossings.
type cell struct {
	at    []point
	links []link
}

// link is a segment between two crossings of a cell.
type link struct{ a, b, segment uint32 }

// orderSegments returns the segments from the lowest rank to the highest.
func orderSegments(s *segments) []uint32 {
	var whole cell
	number := map[uint32]uint32{}
	crossing := func(n uint32) uint32 {
		i, ok := number[n]
		if !ok {
			i = uint32(len(whole.at))
			number[n] = i
			whole.at = append(whole.at, s.m.at[n])
		}
		return i
	}
	for i := range s.all {
		whole.links = append(whole.links, link{crossing(s.all[i].from), crossing(s.all[i].to), uint32(i)})
	}
	return whole.order(0)
}

// parallelDepth is how many times the map is halved before the halves are no longer ordered side by side.
const parallelDepth = 4

// order returns the cell's segments in the order of contraction.
func (c cell) order(depth int) []uint32 {
	if len(c.links) <= 1 || len(c.at) <= 2 {
		out := make([]uint32, len(c.links))
		for i, l := range c.links {
			out[i] = l.segment
		}
		return out
	}
	first, second, cut := c.halve()
	var a, b []uint32
	if depth < parallelDepth {
		var wait sync.WaitGroup
		wait.Go(func() { a = first.order(depth + 1) })
		b = second.order(depth + 1)
		wait.Wait()
	} else {
		a, b = first.order(depth+1), second.order(depth+1)
	}
	return slices.Concat(a, b, cut)
}

// halve finds a good cut and returns both sides and the segments cut.
func (c cell) halve() (first, second cell, cut []uint32) {
	f := newFlow(c)
	var side []bool
	best := math.Inf(1)
	for _, line := range [][2]float64{{1, 0}, {0, 1}, {1, 1}, {1, -1}} {
		got, cutLinks, smaller := f.cut(c, line)
		if score := (float64(cutLinks) + 0.01) / float64(smaller); score < best {
			best, side = score, append(side[:0], got...)
		}
	}
	number := make([]uint32, len(c.at))
	for i, p := range c.at {
		half := &second
		if side[i] {
			half = &first
		}
		number[i] = uint32(len(half.at))
		half.at = append(half.at, p)
	}
	for _, l := range c.links {
		switch {
		case side[l.a] != side[l.b]:
			cut = append(cut, l.segment)
		case side[l.a]:
			first.links = append(first.links, link{number[l.a], number[l.b], l.segment})
		default:
			second.links = append(second.links, link{number[l.a], number[l.b], l.segment})
		}
	}
	return first, second, cut
}

// flow finds largest flows between two sets of crossings by the algorithm of Dinitz (1970); every segment can
// carry one unit in either direction.
type flow struct {
	firstArm []uint32
	arms     []arm
	carries  []int8 // of each link: 1 from a to b, -1 back, 0 nothing
	level    []int32
	next     []uint32
	queue    []uint32
	order    []uint32
	key      []float64
	kind     []int8 // 1 source, 2 sink
	side     []bool
}

// arm is one end of a link, seen from a crossing.
type arm struct {
	to   uint32
	link uint32
	sign int8 // 1 if it leads from a to b
}

func newFlow(c cell) *flow {
	n := len(c.at)
	f := &flow{
		firstArm: make([]uint32, n+1), arms: make([]arm, 2*len(c.links)), carries: make([]int8, len(c.links)),
		level: make([]int32, n), next: make([]uint32, n), queue: make([]uint32, 0, n),
		order: make([]uint32, n), key: make([]float64, n), kind: make([]int8, n), side: make([]bool, n),
	}
	for _, l := range c.links {
		f.firstArm[l.a+1]++
		f.firstArm[l.b+1]++
	}
	for i := range n {
		f.firstArm[i+1] += f.firstArm[i]
	}
	copy(f.next, f.firstArm)
	for i, l := range c.links {
		f.arms[f.next[l.a]] = arm{l.b, uint32(i), 1}
		f.next[l.a]++
		f.arms[f.next[l.b]] = arm{l.a, uint32(i), -1}
		f.next[l.b]++
	}
	return f
}

// cut returns a smallest cut across a line: the side of each crossing, the number of links cut and the size of
// the smaller side.
func (f *flow) cut(c cell, line [2]float64) (side []bool, links, smaller int) {
	n := len(c.at)
	cos := math.Cos(float64(c.at[0].lat) * math.Pi / 180 / 1e7)
	for i, p := range c.at {
		f.order[i] = uint32(i)
		f.key[i] = line[0]*float64(p.lon)*cos + line[1]*float64(p.lat)
		f.kind[i] = 0
	}
	slices.SortFunc(f.order, func(a, b uint32) int {
		switch {
		case f.key[a] < f.key[b]:
			return -1
		case f.key[a] > f.key[b]:
			return 1
		}
		return int(a) - int(b)
	})
	quarter := max(n/4, 1)
	for _, i := range f.order[:quarter] {
		f.kind[i] = 1
	}
	for _, i := range f.order[n-quarter:] {
		f.kind[i] = 2
	}
	clear(f.carries)
	for f.layer() {
		copy(f.next, f.firstArm[:n])
		for _, i := range f.order[:quarter] {
			for f.push(i) {
				links++
			}
		}
	}
	// What the sources still reach is one side of a smallest cut, what cannot reach the sinks the other's
	// complement; the more even of the two is taken.
	fromSource := 0
	for i := range n {
		if f.side[i] = f.level[i] >= 0; f.side[i] {
			fromSource++
		}
	}
	toSink := f.reachBack()
	if abs(2*toSink-n) < abs(2*fromSource-n) {
		for i := range n {
			f.side[i] = f.level[i] < 0
		}
		return f.side, links, min(toSink, n-toSink)
	}
	return f.side, links, min(fromSource, n-fromSource)
}

func abs(n int) int { return max(n, -n) }

// layer numbers the crossings by their distance from the sources over links with room left. It reports whether
// a sink is reached.
func (f *flow) layer() bool {
	f.queue = f.queue[:0]
	for i, kind := range f.kind {
		f.level[i] = -1
		if kind == 1 {
			f.level[i] = 0
			f.queue = append(f.queue, uint32(i))
		}
	}
	found := false
	for head := 0; head < len(f.queue); head++ {
		n := f.queue[head]
		for _, a := range f.arms[f.firstArm[n]:f.firstArm[n+1]] {
			if f.level[a.to] < 0 && f.carries[a.link] != a.sign {
				f.level[a.to] = f.level[n] + 1
				found = found || f.kind[a.to] == 2
				f.queue = append(f.queue, a.to)
			}
		}
	}
	return found
}

// push sends one unit from a crossing to a sink along rising levels.
func (f *flow) push(n uint32) bool {
	if f.kind[n] == 2 {
		return true
	}
	for ; f.next[n] < f.firstArm[n+1]; f.next[n]++ {
		a := f.arms[f.next[n]]
		if f.level[a.to] == f.level[n]+1 && f.carries[a.link] != a.sign && f.push(a.to) {
			f.carries[a.link] += a.sign
			return true
		}
	}
	return false
}

// reachBack gives level 0 to the crossings that can still send to a sink, -1 to all others, and counts them.
func (f *flow) reachBack() int {
	f.queue = f.queue[:0]
	for i, kind := range f.kind {
		f.level[i] = -1
		if kind == 2 {
			f.level[i] = 0
			f.queue = append(f.queue, uint32(i))
		}
	}
	for head := 0; head < len(f.queue); head++ {
		n := f.queue[head]
		for _, a := range f.arms[f.firstArm[n]:f.firstArm[n+1]] {
			if f.level[a.to] < 0 && f.carries[a.link] != -a.sign {
				f.level[a.to] = 0
				f.queue = append(f.queue, a.to)
			}
		}
	}
	return len(f.queue)
}
