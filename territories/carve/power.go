package carve

import (
	"cmp"
	"math"
	"slices"
)

// power divides nodes among centres so that each territory gets its share: node i belongs to j by the part
//
//	p(i,j) ∝ exp((λ_j - d²(i,j)) / blur)
//
// and λ is the maximum of a concave function whose slope is the share a territory lacks, found by Newton's method.
// With no blur this is the balanced power diagram: the cheapest division of the pull that may split nodes.
type power struct {
	m      *model
	n      int
	at     []vec // of each node, or of each block of nodes
	mass   []moment
	centre []vec
	lambda []float64
	blur   float64   // km²
	goal   []float64 // what each territory should weigh, in parts of 1
	load   []float64 // of each node: its measures as parts of the whole, averaged; the pull where there are none

	near                  []int32 // n × some: the centres worth looking at for each node
	some                  int
	whole                 float64   // pull of all nodes
	cost                  float64   // blurred objective of the last pass
	dual                  float64   // what λ makes the greatest
	got                   []float64 // what each territory weighs
	mom                   []moment
	curve                 []float64 // k × k: second derivatives
	part                  []float64 // parts of one node
	step, rest, way, pull []float64
	entries               []entry
	rows                  []int32
}

func newPower(m *model, blocks [][]int32) *power {
	k := m.k
	w := &power{m: m, n: m.n, at: m.at, mass: m.mass, centre: make([]vec, k), lambda: make([]float64, k), goal: make([]float64, k), got: make([]float64, k),
		mom: make([]moment, k), curve: make([]float64, k*k), some: min(k, 12), step: make([]float64, k), rest: make([]float64, k), way: make([]float64, k), pull: make([]float64, k)}
	w.part = make([]float64, w.some)
	w.load = m.loads()
	if blocks != nil {
		w.gather(blocks)
	}
	for _, pull := range m.pull {
		w.whole += pull
	}
	var parts float64
	for j := range m.p.Territories {
		parts += m.p.Territories[j].share()
	}
	for j := range w.goal {
		w.goal[j] = m.p.Territories[j].share() / parts
	}
	return w
}

// loads returns what each node counts in the balance: its measures as parts of the whole, averaged.
func (m *model) loads() []float64 {
	load, total := make([]float64, m.n), make([]float64, m.measures)
	for at, v := range m.weight {
		total[at%m.measures] += v
	}
	var sum float64
	for v := range load {
		for i, whole := range total {
			if whole > 0 {
				load[v] += m.weight[v*m.measures+i] / whole
			}
		}
		load[v] += 1e-6 / float64(m.n)
		sum += load[v]
	}
	for v := range load {
		load[v] /= sum
	}
	return load
}

// gather takes blocks of nodes for nodes.
func (w *power) gather(blocks [][]int32) {
	load := w.load
	w.n, w.at, w.mass, w.load = len(blocks), make([]vec, len(blocks)), make([]moment, len(blocks)), make([]float64, len(blocks))
	for b, nodes := range blocks {
		for _, v := range nodes {
			w.mass[b] = w.mass[b].add(w.m.mass[v])
			w.load[b] += load[v]
		}
		w.at[b] = w.mass[b].centroid()
	}
}

// blocks divides the nodes into at least that many groups of neighbours; nil if there are not many more nodes.
func (m *model) blocks(least int) [][]int32 {
	if m.n < 2*least {
		return nil
	}
	var blocks [][]int32
	size := m.n / least
	var cut func(list []int32)
	cut = func(list []int32) {
		if len(list) <= size {
			blocks = append(blocks, list)
			return
		}
		middle := len(list) / 2
		cut(list[:middle])
		cut(list[middle:])
	}
	cut(newTree(m.at).unit)
	return blocks
}

// look finds the centres near each node.
func (w *power) look() {
	k := w.m.k
	if w.near == nil {
		w.near = make([]int32, w.n*w.some)
	}
	if w.some == k {
		for v := range w.n {
			for j := range k {
				w.near[v*k+j] = int32(j)
			}
		}
		return
	}
	type reach struct {
		j int32
		d float64
	}
	list := make([]reach, 0, w.some+1)
	for v, at := range w.at {
		list = list[:0]
		for j, c := range w.centre {
			d := at.apart2(c) - w.lambda[j]
			if len(list) == w.some && d >= list[w.some-1].d {
				continue
			}
			q := len(list)
			list = append(list, reach{})
			for ; q > 0 && list[q-1].d > d; q-- {
				list[q] = list[q-1]
			}
			list[q] = reach{int32(j), d}
			list = list[:min(len(list), w.some)]
		}
		for q, r := range list {
			w.near[v*w.some+q] = r.j
		}
	}
}

// pass divides all nodes by the present λ. bend also counts the second derivatives.
func (w *power) pass(bend bool) {
	k := w.m.k
	clear(w.got)
	clear(w.mom)
	if bend {
		clear(w.curve)
	}
	w.cost, w.dual = 0, 0
	sharp := 1 / w.blur
	for v := range w.n {
		near := w.near[v*w.some : (v+1)*w.some]
		at, part := w.at[v], w.part
		top, lead := math.Inf(-1), 0
		for q, j := range near {
			s := w.lambda[j] - at.apart2(w.centre[j])
			part[q] = s
			if s > top {
				top, lead = s, q
			}
		}
		var sum float64
		for q := range part {
			if x := (part[q] - top) * sharp; x < -18 {
				part[q] = 0
			} else {
				part[q] = math.Exp(x)
				sum += part[q]
			}
		}
		load, mass := w.load[v], w.mass[v]
		w.dual -= load * top
		if sum == 1 { // all of it belongs to one
			j := near[lead]
			w.got[j] += load
			w.mom[j] = w.mom[j].add(mass)
			continue
		}
		w.dual -= load * w.blur * math.Log(sum)
		over := 1 / sum
		for q, x := range part {
			if x == 0 {
				continue
			}
			x *= over
			part[q] = x
			j := near[q]
			w.got[j] += load * x
			w.mom[j] = w.mom[j].add(moment{mass.w * x, mass.p.times(x), mass.q * x})
		}
		if !bend {
			continue
		}
		for q, x := range part {
			if x < 1e-6 {
				continue
			}
			row := w.curve[int(near[q])*k : int(near[q]+1)*k]
			row[near[q]] += load * x * sharp
			for r, y := range part {
				if y >= 1e-6 {
					row[near[r]] -= load * x * y * sharp
				}
			}
		}
	}
	for j, mom := range w.mom {
		w.cost += mom.about(w.centre[j])
		w.dual += w.goal[j] * w.lambda[j]
	}
}

// balance takes Newton steps until every territory has its share to within off, or steps are used up, and returns how
// far the worst was from its share at last. A step that overshoots is halved.
func (w *power) balance(steps int, off float64) (worst float64) {
	f, dual := 0.0, math.Inf(-1)
	for range steps {
		w.pass(true)
		if w.dual < dual && f > 1e-3 {
			for j, d := range w.step {
				w.lambda[j] -= f / 2 * d
			}
			f /= 2
			continue
		}
		dual = w.dual
		worst = 0
		for j, goal := range w.goal {
			w.rest[j] = goal - w.got[j]
			worst = max(worst, math.Abs(w.rest[j])/goal)
		}
		if worst <= off {
			return worst
		}
		w.solve()
		var longest float64
		for _, d := range w.step {
			longest = max(longest, math.Abs(d))
		}
		f = 1.0
		if most := 8 * w.blur; longest > most {
			f = most / longest
		}
		for j, d := range w.step {
			w.lambda[j] += f * d
		}
	}
	return worst
}

// solve finds step with curve × step = rest by conjugate gradients. The curve is the Laplacian of the territories'
// graph, so a little is added on the diagonal.
func (w *power) solve() {
	k := w.m.k
	var sum float64
	for j := range k {
		sum += w.curve[j*k+j]
	}
	ridge := 1e-7*sum/float64(k) + 1e-300
	clear(w.step)
	scale := func(j int) float64 { return 1 / (w.curve[j*k+j] + ridge + 1e-3*sum/float64(k)) }
	var energy float64
	for j := range k {
		w.way[j] = scale(j) * w.rest[j]
		energy += w.way[j] * w.rest[j]
	}
	start := energy
	w.sparse()
	for range min(2*k+10, 200) {
		if energy <= 1e-10*start {
			return
		}
		var along float64
		for j := range k {
			sum := ridge * w.way[j]
			for _, e := range w.entries[w.rows[j]:w.rows[j+1]] {
				sum += e.value * w.way[e.column]
			}
			w.pull[j] = sum
			along += sum * w.way[j]
		}
		if along <= 0 {
			return
		}
		f := energy / along
		var next float64
		for j := range k {
			w.step[j] += f * w.way[j]
			w.rest[j] -= f * w.pull[j]
			next += w.rest[j] * w.rest[j] * scale(j)
		}
		f = next / energy
		for j := range k {
			w.way[j] = scale(j)*w.rest[j] + f*w.way[j]
		}
		energy = next
	}
}

// entry is a number of a row of the curve that is not zero: territories that are not neighbours have none.
type entry struct {
	column int32
	value  float64
}

// sparse lists the entries of the curve.
func (w *power) sparse() {
	k := w.m.k
	w.entries, w.rows = w.entries[:0], append(w.rows[:0], 0)
	for j := range k {
		for l, c := range w.curve[j*k : (j+1)*k] {
			if c != 0 {
				w.entries = append(w.entries, entry{int32(l), c})
			}
		}
		w.rows = append(w.rows, int32(len(w.entries)))
	}
}

// recentre moves free centres to the middle of what they have, and says how far in squares.
func (w *power) recentre() float64 {
	var moved float64
	for j, mom := range w.mom {
		if w.m.fixed[j] || mom.w <= 0 {
			continue
		}
		c := mom.centroid()
		moved += c.apart2(w.centre[j])
		w.centre[j] = c
	}
	return moved
}

// settle balances and recentres in turn while the blur shrinks to the given part of a territory's mean square.
func (w *power) settle(rounds int, to float64) {
	w.look()
	const from = 0.5
	for r := range rounds {
		if w.some < w.m.k && r%4 == 0 && r > 0 {
			w.look()
		}
		w.blur = w.m.extent / float64(w.m.k)
		steps := 4
		if r == 0 {
			steps = 20
		} else {
			w.blur = w.size() * from * math.Pow(to/from, float64(r)/float64(rounds-1))
		}
		w.balance(steps, 0.002)
		if r < rounds-1 {
			w.recentre()
		}
	}
}

// size is the mean square of the way to the centre in the last pass.
func (w *power) size() float64 { return math.Max(w.cost/w.whole, 1e-9) }

// assign gives each node to the territory it belongs to most.
func (w *power) assign() []int32 {
	in := make([]int32, w.m.n)
	for v, at := range w.m.at {
		if w.m.lock[v] != None {
			in[v] = w.m.lock[v]
			continue
		}
		best := math.Inf(1)
		for _, j := range w.near[v*w.some : (v+1)*w.some] {
			if d := at.apart2(w.centre[j]) - w.lambda[j]; d < best {
				best = d
				in[v] = j
			}
		}
	}
	return in
}

// seed places the free centres: those of territories with owned nodes on the middle of what they own, the others
// far from those there are, by chance (k-means++).
func (w *power) seed(d *dice) {
	m := w.m
	set := make([]bool, m.k)
	own := make([]moment, m.k)
	for v, j := range m.owner {
		if j != None {
			own[j] = own[j].add(m.mass[v])
		}
	}
	for v, j := range m.lock {
		if j != None && own[j].w == 0 {
			own[j] = own[j].add(m.mass[v])
		}
	}
	clear(w.lambda)
	for j := range m.k {
		switch {
		case m.fixed[j]:
			w.centre[j], set[j] = m.base[j], true
		case own[j].w > 0:
			w.centre[j], set[j] = own[j].centroid(), true
		}
	}
	near := make([]float64, w.n)
	for v := range near {
		near[v] = math.Inf(1)
	}
	var sum float64
	note := func(c vec) {
		sum = 0
		for v, at := range w.at {
			near[v] = min(near[v], at.apart2(c))
			sum += near[v] * w.mass[v].w
		}
	}
	any := false
	for j, is := range set {
		if is {
			note(w.centre[j])
			any = true
		}
	}
	for j := range m.k {
		if set[j] {
			continue
		}
		v := d.below(w.n)
		if any && sum > 0 {
			left := d.float() * sum
			for v = 0; v < w.n-1; v++ {
				if left -= near[v] * w.mass[v].w; left <= 0 {
					break
				}
			}
		}
		w.centre[j] = w.at[v]
		any = true
		note(w.centre[j])
	}
}

// start is a place to search from.
type start struct {
	centre []vec
	lambda []float64
	cost   float64
}

// leastBlocks is from how many blocks centres are sought where there are many more nodes.
const leastBlocks = 8000

// starts tries many sets of centres and returns the best few of those that differ. more says whether there is time
// for another.
func (m *model) starts(d *dice, few int, more func(tried int) bool) []start {
	w := newPower(m, m.blocks(max(leastBlocks, 24*m.k)))
	var best []start
	keep := func() {
		for _, s := range best {
			if math.Abs(s.cost-w.cost) <= 2e-4*w.cost && w.sameCentres(s.centre) {
				return
			}
		}
		best = append(best, start{centre: slices.Clone(w.centre), lambda: slices.Clone(w.lambda), cost: w.cost})
		slices.SortStableFunc(best, func(a, b start) int { return cmp.Compare(a.cost, b.cost) })
		best = best[:min(few, len(best))]
	}
	movable := make([]int, 0, m.k)
	for j, fixed := range m.fixed {
		if !fixed {
			movable = append(movable, j)
		}
	}
	for tried := 0; tried == 0 || len(movable) > 0 && more(tried); tried++ {
		switch {
		case tried%3 == 0 && tried%2 == 0 && len(movable) == m.k && !m.claimed:
			w.bisect(d)
		case tried%3 == 0:
			w.seed(d)
		default:
			// the best but for one centre or two, which go elsewhere (random swap, Fränti 2018)
			from := best[min(int(d.patience()*1.5), len(best)-1)]
			copy(w.centre, from.centre)
			copy(w.lambda, from.lambda)
			for range 1 + d.below(2) {
				j := movable[d.below(len(movable))]
				w.centre[j] = w.at[d.below(w.n)]
				w.lambda[j] = 0
			}
		}
		w.settle(14, 0.03)
		w.blur = w.size() * 0.01
		if off := w.balance(16, 0.002); off > 0.02 {
			w.cost *= 1 + 10*off
		}
		keep()
	}
	return best
}

// divide gives every node to a territory: the power diagram of a start, balanced anew if it was found on blocks.
func (m *model) divide(from start) []int32 {
	w := newPower(m, nil)
	copy(w.centre, from.centre)
	copy(w.lambda, from.lambda)
	w.look()
	if m.n >= 2*max(leastBlocks, 24*m.k) {
		w.blur = from.cost / w.whole * 0.03
		w.balance(3, 0.005)
		w.blur *= 0.2
		w.balance(6, 0.005)
		copy(from.lambda, w.lambda)
	}
	return w.assign()
}

// sameCentres says whether each centre has one of the others close by.
func (w *power) sameCentres(other []vec) bool {
	var far float64
	for _, c := range w.centre {
		near := math.Inf(1)
		for _, o := range other {
			near = min(near, c.apart2(o))
		}
		far = max(far, near)
	}
	return far < 0.04*w.size()
}
