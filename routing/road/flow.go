package road

import "math"

// Cuts are found by inertial flow (Schild & Sommer 2015): of the crossings along a line, the first and the last
// quarter are taken for source and sink, and a largest flow between them shows a smallest cut.

// flow finds largest flows between two sets of crossings by the algorithm of Dinitz (1970); every link can carry
// one unit in either direction. Its memory serves one cell after the other.
type flow struct {
	firstArm []uint32
	arms     []arm
	carries  []int8 // of each link: 1 from a to b, -1 back, 0 nothing
	level    []int32
	next     []uint32
	queue    []uint32
	order    []uint32
	key      []float64
	kind     []int8   // 1 source, 2 sink
	sources  []uint32 // those with a neighbour that is none; nothing else of them is worth a look
	sinks    []uint32 // likewise
	side     []bool
	keep     []bool // the side of each crossing by the best cut so far
	spare    []link
}

// arm is one end of a link, seen from a crossing.
type arm struct {
	to   uint32
	link uint32
	sign int8 // 1 if it leads from a to b
}

// sized returns a slice of a length, in the memory of another where that suffices.
func sized[T any](old []T, n int) []T {
	if cap(old) < n {
		return make([]T, n)
	}
	return old[:n]
}

// load takes up a cell.
func (f *flow) load(d *dissection, c cell) {
	n := len(c.crossings)
	f.firstArm, f.arms, f.carries = sized(f.firstArm, n+1), sized(f.arms, 2*len(c.links)), sized(f.carries, len(c.links))
	f.level, f.next, f.queue = sized(f.level, n), sized(f.next, n), sized(f.queue, n)
	f.order, f.key, f.kind, f.side = sized(f.order, n), sized(f.key, n), sized(f.kind, n), sized(f.side, n)
	clear(f.firstArm)
	for _, l := range c.links {
		f.firstArm[d.local[l.a]+1]++
		f.firstArm[d.local[l.b]+1]++
	}
	for i := range n {
		f.firstArm[i+1] += f.firstArm[i]
	}
	copy(f.next, f.firstArm)
	for i, l := range c.links {
		a, b := d.local[l.a], d.local[l.b]
		f.arms[f.next[a]] = arm{b, uint32(i), 1}
		f.next[a]++
		f.arms[f.next[b]] = arm{a, uint32(i), -1}
		f.next[b]++
	}
}

// cut finds a smallest cut across a line, leaves the side of each crossing in side, and returns the links cut for
// each crossing of the smaller side. It gives up, infinitely bad, when it cannot become better than best.
func (f *flow) cut(d *dissection, c cell, line [2]float64, best float64) float64 {
	n := len(c.crossings)
	cos := math.Cos(float64(d.at[c.crossings[0]].lat) * math.Pi / 180 / 1e7)
	for i, crossing := range c.crossings {
		p := d.at[crossing]
		f.order[i] = uint32(i)
		f.key[i] = line[0]*float64(p.lon)*cos + line[1]*float64(p.lat)
		f.kind[i] = 0
	}
	quarter := max(n/4, 1)
	f.part(f.order, quarter)
	f.part(f.order[quarter:], n-2*quarter)
	for _, i := range f.order[:quarter] {
		f.kind[i] = 1
	}
	for _, i := range f.order[n-quarter:] {
		f.kind[i] = 2
	}
	f.sources, f.sinks = f.edgeOf(f.sources[:0], f.order[:quarter]), f.edgeOf(f.sinks[:0], f.order[n-quarter:])
	clear(f.carries)
	links := 0
	score := func(smaller int) float64 { return (float64(links) + 0.01) / float64(smaller) }
	for f.layer() {
		copy(f.next, f.firstArm[:n])
		for _, i := range f.sources {
			for f.push(i) {
				links++
			}
		}
		if score(n/2) >= best {
			return math.Inf(1)
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
		return score(min(toSink, n-toSink))
	}
	return score(min(fromSource, n-fromSource))
}

func abs(n int) int { return max(n, -n) }

// before tells which of two crossings comes first along the line.
func (f *flow) before(a, b uint32) bool {
	return f.key[a] < f.key[b] || f.key[a] == f.key[b] && a < b
}

// part brings the k crossings that come first along the line to the front (Hoare 1961).
func (f *flow) part(order []uint32, k int) {
	for len(order) > 1 && k > 0 && k < len(order) {
		last := len(order) - 1
		low, middle, high := order[0], order[last/2], order[last]
		if f.before(middle, low) {
			low, middle = middle, low
		}
		if f.before(high, middle) {
			middle = high
			if f.before(middle, low) {
				middle = low
			}
		}
		i, j := 0, last
		for i <= j {
			for f.before(order[i], middle) {
				i++
			}
			for f.before(middle, order[j]) {
				j--
			}
			if i <= j {
				order[i], order[j] = order[j], order[i]
				i++
				j--
			}
		}
		switch {
		case k <= j:
			order = order[:j+1]
		case k >= i:
			order, k = order[i:], k-i
		default:
			return
		}
	}
}

// edgeOf appends those of some crossings of one kind that have a neighbour of another.
func (f *flow) edgeOf(to, crossings []uint32) []uint32 {
	for _, n := range crossings {
		for _, a := range f.arms[f.firstArm[n]:f.firstArm[n+1]] {
			if f.kind[a.to] != f.kind[n] {
				to = append(to, n)
				break
			}
		}
	}
	return to
}

// begin gives level 0 to all crossings of a kind, -1 to the others, and queues those with a way out.
func (f *flow) begin(kind int8, out []uint32) {
	for i, k := range f.kind {
		f.level[i] = -1
		if k == kind {
			f.level[i] = 0
		}
	}
	f.queue = append(f.queue[:0], out...)
}

// layer numbers the crossings by their distance from the sources over links with room left, as far as the first
// sinks. It reports whether one is reached.
func (f *flow) layer() bool {
	f.begin(1, f.sources)
	found := int32(math.MaxInt32)
	for head := 0; head < len(f.queue); head++ {
		n := f.queue[head]
		if f.level[n] >= found {
			break
		}
		for _, a := range f.arms[f.firstArm[n]:f.firstArm[n+1]] {
			if f.level[a.to] < 0 && f.carries[a.link] != a.sign {
				f.level[a.to] = f.level[n] + 1
				if f.kind[a.to] == 2 {
					found = f.level[a.to]
				}
				f.queue = append(f.queue, a.to)
			}
		}
	}
	return found != math.MaxInt32
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
	f.begin(2, f.sinks)
	count := max(len(f.order)/4, 1)
	for head := 0; head < len(f.queue); head++ {
		n := f.queue[head]
		for _, a := range f.arms[f.firstArm[n]:f.firstArm[n+1]] {
			if f.level[a.to] < 0 && f.carries[a.link] != -a.sign {
				f.level[a.to] = 0
				f.queue = append(f.queue, a.to)
				count++
			}
		}
	}
	return count
}
