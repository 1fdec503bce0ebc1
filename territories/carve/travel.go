package carve

// travel answers for minutes between nodes, also where the table is silent: such a pair is further than any that is
// known, and the further the longer the way through the air.
type travel struct {
	m     *model
	worst float64 // minutes: the longest way known
	slow  float64 // minutes a kilometre on slow ways

	// heads are the nodes that the table has ways from, each with the unit they are from.
	heads []int32
	unit  []int32 // of each node, None without ways
}

func newTravel(m *model) *travel {
	t := &travel{m: m, unit: fill(m.n, None)}
	for _, u := range sortedKeys(m.p.Travel.fromUnit) {
		v := m.node[u]
		if t.unit[v] == None || len(m.p.Travel.fromUnit[u]) > len(m.p.Travel.fromUnit[t.unit[v]]) {
			t.unit[v] = u
		}
	}
	for v, u := range t.unit {
		if u != None {
			t.heads = append(t.heads, int32(v))
		}
	}
	t.worst, t.slow = m.p.Travel.scale(m.p)
	return t
}

// row fills the minutes, weighted with each node's pull, from a centre: a node, or the base of a territory.
func (t *travel) row(row []float64, from vec, legs []Leg) {
	m := t.m
	for v := range row {
		row[v] = (t.worst + t.slow*from.apart(m.at[v])) * m.pull[v]
	}
	pull := m.pull
	for _, leg := range legs {
		v := m.node[leg.To]
		if len(m.units[v]) == 1 {
			row[v] = float64(leg.Minutes) * pull[v]
		}
	}
	t.groups(row, from, legs)
}

// groups sets the minutes of nodes of several units: the sum over their units.
func (t *travel) groups(row []float64, from vec, legs []Leg) {
	m := t.m
	var known map[int32]float64
	for v, units := range m.units {
		if len(units) == 1 {
			continue
		}
		if known == nil {
			known = make(map[int32]float64, len(legs))
			for _, leg := range legs {
				known[leg.To] = float64(leg.Minutes)
			}
		}
		pull := m.pull[v] / float64(len(units))
		row[v] = 0
		for _, u := range units {
			minutes, ok := known[u]
			if !ok {
				minutes = t.worst + t.slow*from.apart(m.vec(m.p.At[u]))
			}
			row[v] += pull * minutes
		}
	}
}
