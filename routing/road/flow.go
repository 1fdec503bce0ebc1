package road

import (
	"cmp"
	"math"
	"slices"
)

// Cuts are found by inertial flow (Schild & Sommer 2015): of the crossings along a line, the first and the last
// quarter are taken for source and sink, and a largest flow between them shows a smallest cut.

// flow finds largest flows between two sets of crossings along augmenting paths (Ford & Fulkerson 1956), many of
// them in each round: a round looks at every crossing once (as Pothen & Fan 1990 do for matchings), and goes first
// where it leads straight to the sinks. Every link can carry one unit in either direction. The memory serves one
// cell after the other.
type flow struct {
	firstArm []uint32
	arms     []arm  // those of a crossing come by how far along the line they lead, furthest first
	carries  []int8 // of each link: 1 from a to b, -1 back, 0 nothing
	seen     []bool // in the round
	next     []uint32
	path     []uint32
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
	f.seen, f.next = sized(f.seen, n), sized(f.next, n)
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
	for i := range n {
		slices.SortFunc(f.arms[f.firstArm[i]:f.firstArm[i+1]], func(a, b arm) int { return cmp.Compare(f.key[b.to], f.key[a.to]) })
	}
	clear(f.carries)
	links := 0
	score := func(smaller int) float64 { return (float64(links) + 0.01) / float64(smaller) }
	for {
		found := f.round()
		if links += found; found == 0 {
			break
		}
		if score(n/2) > best {
			return math.Inf(1)
		}
	}
	// What the sources still reach is one side of a smallest cut, what cannot reach the sinks the other's
	// complement; the more even of the two is taken.
	fromSource := 0
	for i := range n {
		if f.side[i] = f.seen[i] || f.kind[i] == 1; f.side[i] {
			fromSource++
		}
	}
	toSink := f.reachBack()
	if abs(2*toSink-n) < abs(2*fromSource-n) {
		for i := range n {
			f.side[i] = !f.seen[i] && f.kind[i] != 2
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

// round sends units from the sources to the sinks and returns how many, 0 only if there is no way left. What was
// looked at is then seen.
func (f *flow) round() (sent int) {
	clear(f.seen)
	for _, source := range f.sources {
		if f.send(source) {
			for f.send(source) {
				sent++
			}
			sent++
		}
	}
	return sent
}

// send sends a unit from a source to a sink, on a way over crossings not seen yet.
func (f *flow) send(source uint32) bool {
	if !f.seen[source] {
		f.seen[source] = true
		f.next[source] = f.firstArm[source]
	}
	f.path = append(f.path[:0], source)
	for len(f.path) > 0 {
		n := f.path[len(f.path)-1]
		end := f.firstArm[n+1]
		for ; f.next[n] < end; f.next[n]++ {
			a := f.arms[f.next[n]]
			if f.carries[a.link] == a.sign {
				continue
			}
			if f.kind[a.to] == 2 {
				for _, passed := range f.path {
					by := f.arms[f.next[passed]]
					f.carries[by.link] += by.sign
					f.next[passed]++
				}
				return true
			}
			if !f.seen[a.to] && f.kind[a.to] == 0 {
				f.seen[a.to] = true
				f.next[a.to] = f.firstArm[a.to]
				f.path = append(f.path, a.to)
				break
			}
		}
		if f.next[n] == end { // a dead end
			f.path = f.path[:len(f.path)-1]
			if len(f.path) > 0 {
				f.next[f.path[len(f.path)-1]]++
			}
		}
	}
	return false
}

// reachBack finds the crossings that can still send to a sink: they are the sinks and those seen. It counts them.
func (f *flow) reachBack() int {
	clear(f.seen)
	f.path = append(f.path[:0], f.sinks...)
	count := max(len(f.order)/4, 1)
	for len(f.path) > 0 {
		n := f.path[len(f.path)-1]
		f.path = f.path[:len(f.path)-1]
		for _, a := range f.arms[f.firstArm[n]:f.firstArm[n+1]] {
			if !f.seen[a.to] && f.kind[a.to] != 2 && f.carries[a.link] != -a.sign {
				f.seen[a.to] = true
				f.path = append(f.path, a.to)
				count++
			}
		}
	}
	return count
}
