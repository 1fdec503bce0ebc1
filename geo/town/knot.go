package town

import (
	"cmp"
	"math"
	"slices"
)

// joint is a node of the finished network: a junction, an end or a bend.
type joint struct {
	at     vec
	degree int // edges of roads and paths that meet here
	rail   bool
	tags   map[string]string
}

// run is a stretch of one street as joints.
type run struct {
	street int
	joints []int
}

// network is the streets knotted together: what crosses on the ground shares a joint.
type network struct {
	streets []street
	joints  []joint
	runs    []run
}

const (
	snapWithin = 10.0 // crossings nearer than that become one junction
	stubWithin = 24.0 // shorter ends behind the last junction are cut off
)

// lengthen carries loose ends of town streets and paths on to the next street, within reach metres.
func lengthen(p *plan, streets []street, first int, reach float64) {
	index := newSegments(60)
	for i, s := range streets {
		index.addLine(i, s.line)
	}
	for i := first; i < len(streets); i++ {
		line := streets[i].line
		for _, end := range []int{0, 1} {
			if len(line) < 2 || (end == 0 && streets[i].anchored) {
				continue
			}
			if end == 1 {
				slices.Reverse(line)
			}
			from, dir := line[0], line[0].sub(line[min(2, len(line)-1)]).unit()
			best, hit := reach, vec{}
			for _, turn := range []float64{0, 0.35, -0.35} { // straight on, else a little to the side
				d := vec{dir.x*math.Cos(turn) - dir.y*math.Sin(turn), dir.x*math.Sin(turn) + dir.y*math.Cos(turn)}
				to := from.add(d.mul(reach))
				index.near(from, to, 0, func(id int32) {
					if int(index.owner[id]) == i || streets[index.owner[id]].class == "motorway" || streets[index.owner[id]].class == "rail" {
						return
					}
					if t, _, ok := crossing(from, to, index.a[id], index.b[id]); ok && t*reach < best {
						best, hit = t*reach, from.lerp(to, t).add(d.mul(0.5))
					}
				})
				if best < reach {
					break
				}
			}
			if best < reach && p.dry(from, hit) {
				line = append([]vec{hit}, line...)
				index.add(i, hit, from)
			}
			if end == 1 {
				slices.Reverse(line)
			}
		}
		if len(line) > 1 && end(line).dist(line[0]) < 1 && len(line) < 4 {
			continue
		}
		streets[i].line = line
	}
}

func end(line []vec) vec { return line[len(line)-1] }

// dry tells whether the straight way from a to b stays off water, rail, motorway and sites.
func (p *plan) dry(a, b vec) bool {
	n := int(a.dist(b)/4) + 1
	for k := range n + 1 {
		at := a.lerp(b, float64(k)/float64(n))
		if p.water.distance(at, 60) < p.riverHalf(at)+4 || p.rails.distance(at, 60) < 12 || p.ways.distance(at, 90) < 75 {
			return false
		}
		for _, s := range p.sites {
			if s.kind == "lake" && inside(at, s.ring) {
				return false
			}
		}
	}
	return true
}

type cut struct {
	s     float64
	joint int
}

// knot joins the streets where they meet.
func knot(streets []street) *network {
	n := &network{streets: streets}
	cuts := make([][]cut, len(streets))
	index := newSegments(40)
	var starts []float64 // of each segment, along its street
	for i, st := range streets {
		s := 0.0
		for k := 1; k < len(st.line); k++ {
			index.add(i, st.line[k-1], st.line[k])
			starts = append(starts, s)
			s += st.line[k].dist(st.line[k-1])
		}
	}
	junctions := make(map[[2]int32][]int)
	key := func(v vec) [2]int32 {
		return [2]int32{int32(math.Floor(v.x / snapWithin)), int32(math.Floor(v.y / snapWithin))}
	}
	snap := func(v vec) int {
		k := key(v)
		best, at := snapWithin, -1
		for x := k[0] - 1; x <= k[0]+1; x++ {
			for y := k[1] - 1; y <= k[1]+1; y++ {
				for _, j := range junctions[[2]int32{x, y}] {
					if d := n.joints[j].at.dist(v); d < best {
						best, at = d, j
					}
				}
			}
		}
		if at < 0 {
			at = len(n.joints)
			n.joints = append(n.joints, joint{at: v})
			junctions[k] = append(junctions[k], at)
		}
		return at
	}
	lifted := func(i int, s float64) bool {
		for _, g := range streets[i].grade {
			if s > g.from-1 && s < g.to+1 {
				return true
			}
		}
		return false
	}
	join := func(i int, s float64, k int, u float64, at vec) {
		if lifted(i, s) || lifted(k, u) {
			return
		}
		j := snap(at)
		cuts[i] = append(cuts[i], cut{s, j})
		cuts[k] = append(cuts[k], cut{u, j})
	}
	for id := range index.a {
		a, b, i := index.a[id], index.b[id], int(index.owner[id])
		done := map[int32]bool{}
		index.near(a, b, 0, func(other int32) {
			k := int(index.owner[other])
			if int(other) <= id || k == i || done[other] {
				return
			}
			done[other] = true
			if t, u, ok := crossing(a, b, index.a[other], index.b[other]); ok {
				join(i, starts[id]+t*a.dist(b), k, starts[other]+u*index.a[other].dist(index.b[other]), a.lerp(b, t))
			}
		})
	}
	// Ends that lie on another street without crossing it.
	for i, st := range streets {
		total := lineLength(st.line)
		for _, e := range []struct {
			at vec
			s  float64
		}{{st.line[0], 0}, {end(st.line), total}} {
			if slices.ContainsFunc(cuts[i], func(c cut) bool { return math.Abs(c.s-e.s) < 4 }) {
				continue
			}
			best, bestID, bestT := 4.0, int32(-1), 0.0
			index.near(e.at, e.at, 5, func(id int32) {
				if int(index.owner[id]) == i {
					return
				}
				if d, t := toSegment(e.at, index.a[id], index.b[id]); d < best {
					best, bestID, bestT = d, id, t
				}
			})
			if bestID >= 0 {
				a, b := index.a[bestID], index.b[bestID]
				join(i, e.s, int(index.owner[bestID]), starts[bestID]+bestT*a.dist(b), a.lerp(b, bestT))
			}
		}
	}
	seen := make(map[[2]int]bool)
	for i, st := range streets {
		n.thread(i, st, cuts[i], seen)
	}
	n.keepLargest(forCars)
	n.keepLargest(func(class string) bool { return class != "rail" })
	n.countDegrees()
	return n
}

// thread lays one street over its junctions and bends.
func (n *network) thread(i int, st street, cuts []cut, seen map[[2]int]bool) {
	slices.SortStableFunc(cuts, func(a, b cut) int { return cmp.Compare(a.s, b.s) })
	total := lineLength(st.line)
	from, to := 0.0, total
	closed := st.line[0] == end(st.line)
	if st.rank > 0 && len(cuts) > 0 {
		if cuts[0].s < stubWithin {
			from = cuts[0].s
		}
		if c := cuts[len(cuts)-1]; total-c.s < stubWithin {
			to = c.s
		}
	}
	type stop struct {
		s     float64
		joint int
		at    vec
	}
	var stops []stop
	for _, c := range cuts {
		stops = append(stops, stop{c.s, c.joint, n.joints[c.joint].at})
	}
	s := 0.0
	for k, v := range st.line {
		if k > 0 {
			s += v.dist(st.line[k-1])
		}
		if s < from-0.01 || s > to+0.01 {
			continue
		}
		near := slices.ContainsFunc(cuts, func(c cut) bool { return math.Abs(c.s-s) < 6 })
		if closed && k == len(st.line)-1 {
			continue
		}
		if !near {
			stops = append(stops, stop{s, -1, v})
		}
	}
	slices.SortStableFunc(stops, func(a, b stop) int { return cmp.Compare(a.s, b.s) })
	var current []int
	flush := func() {
		if len(current) > 1 {
			n.runs = append(n.runs, run{i, current})
		}
		current = nil
	}
	put := func(j int) {
		if len(current) > 0 {
			last := current[len(current)-1]
			if last == j {
				return
			}
			e := [2]int{min(last, j), max(last, j)}
			if seen[e] {
				flush()
				current = append(current, j)
				return
			}
			seen[e] = true
		}
		current = append(current, j)
	}
	first := -1
	for _, st := range stops {
		if st.joint < 0 {
			st.joint = len(n.joints)
			n.joints = append(n.joints, joint{at: st.at})
		}
		if first < 0 {
			first = st.joint
		}
		put(st.joint)
	}
	if closed && first >= 0 {
		put(first)
	}
	flush()
}

// keepLargest drops runs of the kind that do not hang together with most of their kind.
func (n *network) keepLargest(kind func(class string) bool) {
	parent := make([]int, len(n.joints))
	for i := range parent {
		parent[i] = i
	}
	root := func(i int) int {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	for _, r := range n.runs {
		if !kind(n.streets[r.street].class) {
			continue
		}
		for k := 1; k < len(r.joints); k++ {
			parent[root(r.joints[k])] = root(r.joints[0])
		}
	}
	size := make(map[int]int)
	best := -1
	for _, r := range n.runs {
		if !kind(n.streets[r.street].class) {
			continue
		}
		c := root(r.joints[0])
		size[c] += len(r.joints)
		if best < 0 || size[c] > size[best] {
			best = c
		}
	}
	n.runs = slices.DeleteFunc(n.runs, func(r run) bool {
		return kind(n.streets[r.street].class) && root(r.joints[0]) != best
	})
}

// forCars tells whether a class is for everyday driving.
func forCars(class string) bool {
	switch class {
	case "rail", "pedestrian", "footway", "path", "cycleway", "track", "motorway", "motorway_link":
		return false
	}
	return true
}

func (n *network) countDegrees() {
	for i := range n.joints {
		n.joints[i].degree, n.joints[i].rail = 0, false
	}
	for _, r := range n.runs {
		rail := n.streets[r.street].class == "rail"
		for k, j := range r.joints {
			if rail {
				n.joints[j].rail = true
				continue
			}
			if k > 0 {
				n.joints[j].degree++
			}
			if k < len(r.joints)-1 {
				n.joints[j].degree++
			}
		}
	}
}

func (n *network) tag(j int, key, value string) {
	if n.joints[j].tags == nil {
		n.joints[j].tags = make(map[string]string)
	}
	n.joints[j].tags[key] = value
}

// roundabout turns a junction into a ring of the radius and returns whether there was room for it.
func (n *network) roundabout(j int, radius float64) bool {
	c := n.joints[j].at
	type arm struct {
		run, pos int // the neighbour's place in its run
		at       vec
		angle    float64
	}
	var arms []arm
	for ri, r := range n.runs {
		for k, x := range r.joints {
			if x != j {
				continue
			}
			if n.streets[r.street].class == "rail" || n.streets[r.street].class == "motorway" {
				return false
			}
			for _, o := range []int{k - 1, k + 1} {
				if o < 0 || o >= len(r.joints) {
					continue
				}
				d := n.joints[r.joints[o]].at.sub(c)
				if d.len() < radius+8 {
					return false
				}
				arms = append(arms, arm{ri, o, c.add(d.unit().mul(radius)), math.Atan2(d.y, d.x)})
			}
		}
	}
	if len(arms) < 3 {
		return false
	}
	slices.SortFunc(arms, func(a, b arm) int { return cmp.Compare(a.angle, b.angle) })
	for i := range arms {
		gap := arms[(i+1)%len(arms)].angle - arms[i].angle
		if gap < 0 {
			gap += 2 * math.Pi
		}
		if gap < 0.5 {
			return false
		}
	}
	// Every run through the junction is cut there; each piece ends on the ring.
	entry := make(map[[2]int]int)
	var ring []int
	for i, a := range arms {
		id := len(n.joints)
		n.joints = append(n.joints, joint{at: a.at})
		entry[[2]int{a.run, a.pos}] = id
		ring = append(ring, id)
		next := arms[(i+1)%len(arms)].angle
		if next <= a.angle {
			next += 2 * math.Pi
		}
		steps := max(1, int((next-a.angle)/0.5))
		for k := 1; k < steps; k++ {
			id := len(n.joints)
			n.joints = append(n.joints, joint{at: c.polar(a.angle+(next-a.angle)*float64(k)/float64(steps), radius)})
			ring = append(ring, id)
		}
	}
	ring = append(ring, ring[0])
	var runs []run
	for ri, r := range n.runs {
		var current []int
		touched := false
		for k, x := range r.joints {
			if x != j {
				current = append(current, x)
				continue
			}
			touched = true
			if id, ok := entry[[2]int{ri, k - 1}]; ok {
				runs = append(runs, run{r.street, append(current, id)})
			}
			current = nil
			if id, ok := entry[[2]int{ri, k + 1}]; ok {
				current = []int{id}
			}
		}
		if !touched {
			runs = append(runs, r)
		} else if len(current) > 1 {
			runs = append(runs, run{r.street, current})
		}
	}
	n.streets = append(n.streets, street{class: "roundabout"})
	n.runs = append(runs, run{len(n.streets) - 1, ring})
	n.countDegrees()
	return true
}
