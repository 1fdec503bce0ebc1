package town

import (
	"math"
	"slices"
	"strings"

	"catchment/geo/osm"
)

// restrictions forbids and orders turns at the chosen junctions, named by the angle they have on the ground.
func (e *emitter) restrictions() {
	ends := make(map[int64][]int) // indexes of car ways that begin or end at a node
	for i, w := range e.Ways {
		switch w.Tags.Get("highway") {
		case "primary", "secondary", "tertiary", "unclassified", "residential":
		default:
			continue
		}
		if w.Tags.Has("oneway") {
			continue
		}
		ends[w.Nodes[0]] = append(ends[w.Nodes[0]], i)
		last := w.Nodes[len(w.Nodes)-1]
		ends[last] = append(ends[last], i)
	}
	var joints []int
	for j := range e.split {
		joints = append(joints, j)
	}
	slices.Sort(joints)
	made := 0
	for _, j := range joints {
		via := e.joints[j]
		arms := ends[via]
		if len(arms) < 4 || via == 0 {
			continue
		}
		made++
		from := arms[made%len(arms)]
		best := map[string]int{}
		for _, to := range arms {
			if to != from {
				best[e.turn(from, to, via)] = to
			}
		}
		kinds := []string{"no_left_turn", "no_left_turn", "only_straight_on", "no_right_turn", "only_right_turn", "no_straight_on", "only_left_turn", "no_u_turn"}
		kind := kinds[made%len(kinds)]
		to, ok := best[kind[strings.IndexByte(kind, '_')+1:]]
		if kind == "no_u_turn" {
			to, ok = from, true
		}
		if !ok {
			continue
		}
		t := tags("type", "restriction", "restriction", kind)
		if made%5 == 0 {
			t = append(t, tags("except", "bicycle;psv")...)
		}
		e.relation([]osm.Member{
			{Kind: osm.WayMember, Ref: e.Ways[from].ID, Role: "from"}, {Kind: osm.NodeMember, Ref: via, Role: "via"}, {Kind: osm.WayMember, Ref: e.Ways[to].ID, Role: "to"},
		}, t)
	}
	e.uTurns(ends)
}

// turn names the change of direction from one way over a node into another.
func (e *emitter) turn(from, to int, via int64) string {
	in, out := e.leaving(from, via), e.leaving(to, via)
	a := math.Atan2((in.mul(-1)).cross(out), in.mul(-1).dot(out))
	switch {
	case math.Abs(a) < math.Pi/5:
		return "straight_on"
	case a > 0:
		return "left_turn"
	}
	return "right_turn"
}

// leaving returns the direction in which the way leaves the node at its end.
func (e *emitter) leaving(way int, node int64) vec {
	n := e.Ways[way].Nodes
	a, b := n[0], n[1]
	if a != node {
		a, b = n[len(n)-1], n[len(n)-2]
	}
	p, q := e.Nodes[a-1].At, e.Nodes[b-1].At
	return vec{(q[0] - p[0]) * math.Cos(middleLat*math.Pi/180), q[1] - p[1]}.unit()
}

// uTurns forbids turning round over a short piece of street: restrictions via a way.
func (e *emitter) uTurns(ends map[int64][]int) {
	made := 0
	for i, w := range e.Ways {
		a, b := w.Nodes[0], w.Nodes[len(w.Nodes)-1]
		if made >= 8 || a == b || !slices.Contains(ends[a], i) || len(ends[a]) < 3 || len(ends[b]) < 3 {
			continue
		}
		from, to := -1, -1
		for _, x := range ends[a] {
			for _, y := range ends[b] {
				if x != i && y != i && x != y && e.turn(x, i, a) == "left_turn" && e.turn(i, y, b) == "left_turn" {
					from, to = x, y
				}
			}
		}
		if from < 0 {
			continue
		}
		made++
		e.relation([]osm.Member{
			{Kind: osm.WayMember, Ref: e.Ways[from].ID, Role: "from"}, {Kind: osm.WayMember, Ref: w.ID, Role: "via"}, {Kind: osm.WayMember, Ref: e.Ways[to].ID, Role: "to"},
		}, tags("type", "restriction", "restriction", "no_u_turn"))
	}
}
