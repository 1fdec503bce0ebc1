package road

import (
	"math"
	"slices"
	"sync"
)

// The order in which the hierarchy contracts edges comes from cutting the map in two again and again with as few
// streets cut as possible: the streets of a cut rank above both halves. Cutting a street in the map of crossings
// takes a node out of the graph of edges, so cuts of the small graph order the large one. The order depends neither
// on speeds nor on what a profile may use: it is found once for all of them, on the streets that any can use.
//
// Before the cutting starts, dead ends are taken off and crossings of two streets are dissolved, again and again:
// what is taken off so ranks lowest. Of streets in a row a cut has to go through one alone.

// ranking holds the rank of every hop of an atlas; hops between two crossings share one.
type ranking struct {
	firstHop []uint32 // of each way of the atlas
	rank     []uint32
	ranks    uint32
}

// link joins two crossings. It stands for a chain of hops, or for several in a row of which one is named.
type link struct{ a, b, chain uint32 }

// rankHops orders the streets of an atlas.
func (a *atlas) rankHops() *ranking {
	r := &ranking{firstHop: make([]uint32, len(a.lines)+1)}
	for w, line := range a.lines {
		r.firstHop[w+1] = r.firstHop[w] + uint32(len(line)-1)
	}
	r.rank = make([]uint32, r.firstHop[len(a.lines)])
	links, crossings := r.findChains(a)
	p := newPeeling(links, crossings)
	p.run()
	core, at := p.core(a)
	order := append(p.low, dissect(at, core)...)
	place := make([]uint32, len(links))
	for i, chain := range order {
		place[chain] = uint32(i)
	}
	for h, chain := range r.rank {
		if chain != noSegment {
			r.rank[h] = place[chain]
		}
	}
	r.ranks = uint32(len(links))
	return r
}

// findChains joins hops that meet at nodes where nothing else does, notes the chain of every hop in rank, and
// returns the chains as links between crossings, which are numbered by their nodes.
func (r *ranking) findChains(a *atlas) (links []link, crossings []uint32) {
	hops := len(r.rank)
	ends := make([][2]uint32, hops)
	first := make([]uint32, len(a.ids)+1)
	for w, line := range a.lines {
		for k := range len(line) - 1 {
			h := r.firstHop[w] + uint32(k)
			r.rank[h] = noSegment
			from, to := line[k], line[k+1]
			ends[h] = [2]uint32{from, to}
			if from != to && a.located[from] && a.located[to] {
				first[from+1]++
				first[to+1]++
			}
		}
	}
	for n := range a.ids {
		first[n+1] += first[n]
	}
	arms := make([]uint32, first[len(a.ids)])
	next := slices.Clone(first[:len(a.ids)])
	for h, e := range ends {
		if e[0] != e[1] && a.located[e[0]] && a.located[e[1]] {
			for _, n := range e {
				arms[next[n]] = uint32(h)
				next[n]++
			}
		}
	}
	walk := func(n, h uint32) {
		from, chain := n, uint32(len(links))
		for {
			r.rank[h] = chain
			if n = ends[h][0] + ends[h][1] - n; n == from || first[n+1]-first[n] != 2 {
				break
			}
			if h = arms[first[n]] + arms[first[n]+1] - h; r.rank[h] != noSegment {
				break // back at the start of a ring without a crossing
			}
		}
		links = append(links, link{from, n, chain})
	}
	isCrossing := func(n int) bool { arms := first[n+1] - first[n]; return arms > 0 && arms != 2 }
	for _, rings := range []bool{false, true} {
		for n := range a.ids {
			if rings || isCrossing(n) {
				for _, h := range arms[first[n]:first[n+1]] {
					if r.rank[h] == noSegment {
						walk(uint32(n), h)
					}
				}
			}
		}
	}
	number := next // its memory serves again
	for _, l := range links {
		number[l.a], number[l.b] = noSegment, noSegment
	}
	for i := range links {
		for _, n := range [2]*uint32{&links[i].a, &links[i].b} {
			if number[*n] == noSegment {
				number[*n] = uint32(len(crossings))
				crossings = append(crossings, *n)
			}
			*n = number[*n]
		}
	}
	return links, crossings
}

// peeling takes dead ends off a map and dissolves crossings of two streets.
type peeling struct {
	links     []link
	crossings []uint32 // their nodes
	meeting   [][]uint32
	degree    []uint32 // ends of links at each crossing
	gone      []bool   // links
	low       []uint32 // the chains taken off, in their order
}

func newPeeling(links []link, crossings []uint32) *peeling {
	p := &peeling{links: links, crossings: crossings, meeting: make([][]uint32, len(crossings)),
		degree: make([]uint32, len(crossings)), gone: make([]bool, len(links))}
	for _, l := range links {
		p.degree[l.a]++
		p.degree[l.b]++
	}
	all := make([]uint32, 2*len(links))
	for n, d := range p.degree {
		p.meeting[n], all = all[:0:d], all[d:]
	}
	for i, l := range links {
		p.meeting[l.a] = append(p.meeting[l.a], uint32(i))
		p.meeting[l.b] = append(p.meeting[l.b], uint32(i))
	}
	for i, l := range links {
		if l.a == l.b {
			p.drop(uint32(i))
			p.degree[l.a] -= 2
		}
	}
	return p
}

// run peels until every crossing left joins three streets or more.
func (p *peeling) run() {
	var waiting []uint32
	for n := len(p.crossings) - 1; n >= 0; n-- {
		waiting = append(waiting, uint32(n))
	}
	for len(waiting) > 0 {
		n := waiting[len(waiting)-1]
		waiting = waiting[:len(waiting)-1]
		if p.degree[n] == 0 || p.degree[n] > 2 {
			continue
		}
		left := p.left(n)
		first := left[0]
		other := p.across(first, n)
		switch {
		case len(left) == 1: // a dead end
			p.drop(first)
			p.degree[n] = 0
			p.degree[other]--
			waiting = append(waiting, other)
		default: // two streets in a row become one
			second := left[1]
			far := p.across(second, n)
			p.drop(second)
			p.degree[n] = 0
			p.links[first] = link{other, far, p.links[first].chain}
			if other == far { // a ring on another crossing
				p.drop(first)
				p.degree[far] -= 2
			} else {
				p.meeting[far][slices.Index(p.meeting[far], second)] = first
			}
			waiting = append(waiting, far)
		}
	}
}

// left returns the links at a crossing that are still there, each once.
func (p *peeling) left(n uint32) []uint32 {
	kept := p.meeting[n][:0]
	for _, l := range p.meeting[n] {
		if !p.gone[l] && !slices.Contains(kept, l) {
			kept = append(kept, l)
		}
	}
	p.meeting[n] = kept
	return kept
}

func (p *peeling) across(l, n uint32) uint32 { return p.links[l].a + p.links[l].b - n }

func (p *peeling) drop(l uint32) {
	p.gone[l] = true
	p.low = append(p.low, p.links[l].chain)
}

// core returns what is left, its crossings numbered anew, with their places.
func (p *peeling) core(a *atlas) (links []link, at []point) {
	number := make([]uint32, len(p.crossings))
	for i := range number {
		number[i] = noSegment
	}
	numbered := func(n uint32) uint32 {
		if number[n] == noSegment {
			number[n] = uint32(len(at))
			at = append(at, a.at[p.crossings[n]])
		}
		return number[n]
	}
	for i, l := range p.links {
		if !p.gone[i] {
			links = append(links, link{numbered(l.a), numbered(l.b), l.chain})
		}
	}
	return links, at
}

// order returns the segments of a profile from the lowest rank to the highest. A segment ranks as the
// highest of its hops does; of several in a row that would rank alike one does so, the others rank lowest.
func (s *segments) order(r *ranking) []uint32 {
	rank := make([]uint32, len(s.all))
	for w := range s.m.ways {
		line := s.m.ways[w].line
		for k := range uint32(len(s.m.ways[w].nodes) - 1) {
			if seg := s.of[s.firstHop[w]+k]; seg != noSegment {
				rank[seg] = max(rank[seg], r.rank[r.firstHop[line]+k])
			}
		}
	}
	holder := make([]uint32, r.ranks)
	for i := range holder {
		holder[i] = noSegment
	}
	order := make([]uint32, 0, len(s.all))
	for seg, at := range rank {
		if holder[at] == noSegment {
			holder[at] = uint32(seg)
		} else {
			order = append(order, uint32(seg))
		}
	}
	for _, seg := range holder {
		if seg != noSegment {
			order = append(order, seg)
		}
	}
	return order
}

// cell is a part of the core: crossings and the links between them, both stretches of arrays that all cells of a
// dissection share.
type cell struct {
	crossings []uint32
	links     []link
}

// dissection cuts a map into cells.
type dissection struct {
	at    []point
	local []uint32 // number of a crossing within the cell that holds it
}

// dissect returns the chains of links in the order of contraction.
func dissect(at []point, links []link) []uint32 {
	d := &dissection{at: at, local: make([]uint32, len(at))}
	whole := cell{crossings: make([]uint32, len(at)), links: slices.Clone(links)}
	for i := range whole.crossings {
		whole.crossings[i] = uint32(i)
	}
	d.order(whole, &flow{}, 0)
	order := make([]uint32, len(links))
	for i, l := range whole.links {
		order[i] = l.chain
	}
	return order
}

// parallelDepth is how many times the map is halved before the halves are no longer ordered side by side.
const parallelDepth = 3

// order brings the links of a cell into the order of contraction: those of the first half, those of the second,
// those cut.
func (d *dissection) order(c cell, f *flow, depth int) {
	if len(c.links) <= 1 || len(c.crossings) <= 2 {
		return
	}
	first, second := d.halve(c, f, depth)
	if depth < parallelDepth {
		var wait sync.WaitGroup
		wait.Go(func() { d.order(first, &flow{}, depth+1) })
		d.order(second, f, depth+1)
		wait.Wait()
	} else {
		d.order(first, f, depth+1)
		d.order(second, f, depth+1)
	}
}

// lines are the directions in which cuts are tried; in a small cell, of which there are so many, only the first two.
var lines = [4][2]float64{{1, 0}, {0, 1}, {1, 1}, {1, -1}}

const smallCell = 256

// halve finds a good cut and sorts the cell by it: the crossings by their sides, the links by theirs and those cut
// last.
func (d *dissection) halve(c cell, f *flow, depth int) (first, second cell) {
	for i, n := range c.crossings {
		d.local[n] = uint32(i)
	}
	best := math.Inf(1)
	f.keep = f.keep[:0]
	if depth == 0 { // here alone is no other half to keep the processors busy
		var wait sync.WaitGroup
		var tried [len(lines)]flow
		var score [len(lines)]float64
		for i, line := range lines {
			wait.Go(func() {
				tried[i].load(d, c)
				score[i] = tried[i].cut(d, c, line, best)
			})
		}
		wait.Wait()
		for i := range tried {
			if score[i] < best {
				best, f.keep = score[i], append(f.keep[:0], tried[i].side...)
			}
		}
	} else {
		f.load(d, c)
		tried := lines[:]
		if len(c.crossings) < smallCell {
			tried = lines[:2]
		}
		for _, line := range tried {
			if score := f.cut(d, c, line, best); score < best {
				best, f.keep = score, append(f.keep[:0], f.side...)
			}
		}
	}
	side := f.keep
	f.spare = append(f.spare[:0], c.links...)
	along, end, cut := 0, 0, 0
	for _, l := range f.spare {
		switch a, b := side[d.local[l.a]], side[d.local[l.b]]; {
		case a != b:
			cut++
		case a:
			along++
		}
	}
	end = len(c.links) - cut
	at := [3]int{0, along, end}
	for _, l := range f.spare {
		kind := 2
		if a := side[d.local[l.a]]; a == side[d.local[l.b]] {
			if kind = 1; a {
				kind = 0
			}
		}
		c.links[at[kind]] = l
		at[kind]++
	}
	f.order = append(f.order[:0], c.crossings...)
	middle := 0
	for _, in := range side {
		if in {
			middle++
		}
	}
	i, j := 0, middle
	for k, n := range f.order {
		if side[k] {
			c.crossings[i] = n
			i++
		} else {
			c.crossings[j] = n
			j++
		}
	}
	return cell{c.crossings[:middle], c.links[:along]}, cell{c.crossings[middle:], c.links[along:end]}
}
