package vrp

import "slices"

// Explanation says what one planned visit costs where it is, and what it would cost with the next best vehicle.
type Explanation struct {
	Type    StepType `json:"type"` // job or pickup; the delivery goes with its pickup
	ID      uint64   `json:"id"`
	Vehicle uint64   `json:"vehicle"`
	Cost    int64    `json:"cost"` // cost units its route would save without it

	Others []Alternative `json:"others"` // every other vehicle that could take it, cheapest first
}

// Alternative is another vehicle for a visit.
type Alternative struct {
	Vehicle uint64 `json:"vehicle"`
	Cost    int64  `json:"cost"` // cost units its route would grow by
}

// Explain weighs every visit of the board's plan against giving it to someone else, all other visits staying
// where they are. At most the given number of others is listed for each. Pinned visits are left out.
func (b *Board) Explain(most int) []Explanation {
	w, m := b.w, b.w.m
	var out []Explanation
	for vi := range m.vehicles {
		r := &w.cur.routes[vi]
		for _, t := range slices.Clone(r.seq)[r.pinned:] {
			if m.kind[t] == StepDelivery {
				continue
			}
			out = append(out, b.weigh(vi, t, most))
		}
	}
	return out
}

func (b *Board) weigh(vi int, t int32, most int) Explanation {
	w, m := b.w, b.w.m
	v, r, without := &m.vehicles[vi], &w.cur.routes[vi], &w.scratch
	without.pinned, without.hold = r.pinned, r.hold
	without.seq = without.seq[:0]
	for _, other := range r.seq {
		if other != t && other != m.mate[t] {
			without.seq = append(without.seq, other)
		}
	}
	e := Explanation{Type: m.kind[t], ID: m.source(t).id, Vehicle: m.problem.Vehicles[vi].ID, Others: []Alternative{}}
	// Where the rest does not work without the visit, the sums still tell what it costs.
	if m.refresh(v, without) || m.sum(v, without) {
		e.Cost = rounded(r.cost - without.cost)
	}
	for other := range m.vehicles {
		if other == vi {
			continue
		}
		found := nowhere
		w.look(other, t, &found)
		if found.vehicle >= 0 {
			e.Others = append(e.Others, Alternative{m.problem.Vehicles[other].ID, rounded(found.extra)})
		}
	}
	slices.SortStableFunc(e.Others, func(a, b Alternative) int { return int(max(-1, min(1, a.Cost-b.Cost))) })
	e.Others = e.Others[:min(len(e.Others), most)]
	return e
}

// rounded turns money into cost units.
func rounded(amount int64) int64 {
	if amount < 0 {
		return -rounded(-amount)
	}
	return (amount + money/2) / money
}
