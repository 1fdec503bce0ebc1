package carve

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// Report is what a plan is worth, counted from the problem alone.
type Report struct {
	Objective float64 // to the best centre of each territory, without changes of owner
	Changes   float64 // what changes of owner cost

	Territories []TerritoryReport
	Broken      []Breach // what the plan must hold and does not

	// Deviation is the furthest any territory is from its share, as a part of the share, of each measure.
	Deviation []float64

	// Kept is the part of the first measure that keeps its owner, of what has one; 1 without owners.
	Kept float64

	// CutEdges is how many edges join two territories.
	CutEdges int

	// Bridges are the units of Plan's bridges that join what no edge does.
	Bridges []Bridge
}

// TerritoryReport is one territory of a Report.
type TerritoryReport struct {
	Name      string
	Units     int
	Sums      []float64 // of each measure
	Deviation []float64 // from its share, as a part of it
	Centre    int32     // the unit it is measured from; None if from its base
	Objective float64
	Furthest  float64 // kilometres, or the unit of the plane, to the centre
	Pieces    int
}

// Breach is one thing a plan does not hold.
type Breach struct {
	Kind      BreachKind
	Territory int32 // None if none
	Measure   int   // of an Unbalanced
	By        float64
	Units     []int32 // at most a few
}

// BreachKind says what is broken.
type BreachKind string

const (
	Unassigned BreachKind = "unassigned" // units without a territory
	Empty      BreachKind = "empty"      // a territory without units
	Unbalanced BreachKind = "unbalanced" // a sum outside its bounds; By is how far, in the measure
	Apart      BreachKind = "apart"      // a territory in several pieces; By is how many units are outside the largest
	Unlocked   BreachKind = "unlocked"   // a locked unit elsewhere
	Separated  BreachKind = "separated"  // a group in several territories
)

// Check adds a plan up anew. Bridges are edges it may use beside those of the problem.
func Check(p *Problem, of []int32, bridges []Bridge) *Report {
	n, k := len(p.At), len(p.Territories)
	r := &Report{Territories: make([]TerritoryReport, k), Deviation: make([]float64, len(p.Measures)), Kept: 1, Bridges: bridges}
	members := make([][]int32, k)
	var lost []int32
	for u := range n {
		if u >= len(of) || of[u] < 0 || int(of[u]) >= k {
			lost = append(lost, int32(u))
			continue
		}
		members[of[u]] = append(members[of[u]], int32(u))
	}
	if len(lost) > 0 {
		r.Broken = append(r.Broken, Breach{Kind: Unassigned, Territory: None, By: float64(len(lost)), Units: few(lost)})
		return r
	}
	r.balance(p, members)
	if !p.Loose {
		r.pieces(p, of, members, bridges)
	}
	for _, e := range p.Edges {
		if of[e.A] != of[e.B] {
			r.CutEdges++
		}
	}
	pull := p.pull()
	for j, units := range members {
		t := &r.Territories[j]
		t.Name, t.Units, t.Centre = p.Territories[j].Name, len(units), None
		if len(units) == 0 {
			r.Broken = append(r.Broken, Breach{Kind: Empty, Territory: int32(j)})
			continue
		}
		t.measure(p, int32(j), units, pull)
		r.Objective += t.Objective
	}
	r.rules(p, of)
	return r
}

func few(units []int32) []int32 { return slices.Clone(units[:min(len(units), 5)]) }

func (r *Report) balance(p *Problem, members [][]int32) {
	for j, units := range members {
		t := &r.Territories[j]
		t.Sums, t.Deviation = make([]float64, len(p.Measures)), make([]float64, len(p.Measures))
		for i := range p.Measures {
			for _, u := range units {
				t.Sums[i] += p.Measures[i].Of[u]
			}
		}
	}
	for i := range p.Measures {
		share, lo, hi := p.bounds(&p.Measures[i])
		for j := range members {
			t := &r.Territories[j]
			if share[j] > 0 {
				t.Deviation[i] = t.Sums[i]/share[j] - 1
				r.Deviation[i] = max(r.Deviation[i], math.Abs(t.Deviation[i]))
			}
			by := max(t.Sums[i]-hi[j], lo[j]-t.Sums[i])
			if by > 1e-9*share[j] {
				r.Broken = append(r.Broken, Breach{Kind: Unbalanced, Territory: int32(j), Measure: i, By: by})
			}
		}
	}
}

func (r *Report) pieces(p *Problem, of []int32, members [][]int32, bridges []Bridge) {
	next := make([][]int32, len(p.At))
	join := func(a, b int32) {
		if of[a] == of[b] {
			next[a] = append(next[a], b)
			next[b] = append(next[b], a)
		}
	}
	for _, e := range p.Edges {
		join(e.A, e.B)
	}
	for _, b := range bridges {
		join(b.A, b.B)
	}
	for _, group := range p.Together { // a group counts as one place
		for i := 1; i < len(group); i++ {
			join(group[0], group[i])
		}
	}
	seen := make([]bool, len(p.At))
	for j, units := range members {
		var parts [][]int32
		for _, first := range units {
			if seen[first] {
				continue
			}
			seen[first] = true
			part := []int32{first}
			for at := 0; at < len(part); at++ {
				for _, v := range next[part[at]] {
					if !seen[v] {
						seen[v] = true
						part = append(part, v)
					}
				}
			}
			parts = append(parts, part)
		}
		r.Territories[j].Pieces = len(parts)
		if len(parts) < 2 {
			continue
		}
		slices.SortStableFunc(parts, func(a, b []int32) int { return cmp.Compare(len(b), len(a)) })
		var stray []int32
		for _, part := range parts[1:] {
			stray = append(stray, part...)
		}
		r.Broken = append(r.Broken, Breach{Kind: Apart, Territory: int32(j), By: float64(len(stray)), Units: few(stray)})
	}
}

// measure counts the objective of a territory from the best of its units, or from its base.
func (t *TerritoryReport) measure(p *Problem, j int32, units []int32, pull []float64) {
	if p.Territories[j].Fixed {
		t.Objective, t.Furthest = p.cost(None, j, units, pull)
		return
	}
	t.Objective = math.Inf(1)
	for _, c := range p.candidates(units, pull) {
		if cost, far := p.cost(c, j, units, pull); cost < t.Objective {
			t.Objective, t.Furthest, t.Centre = cost, far, c
		}
	}
}

// manyCentres is up to how many units of a territory each is tried as its centre; above, those nearest to its middle.
const manyCentres = 64

func (p *Problem) candidates(units []int32, pull []float64) []int32 {
	if p.Objective == Minutes {
		var known []int32
		for _, u := range units {
			if len(p.Travel.fromUnit[u]) > 0 {
				known = append(known, u)
			}
		}
		if len(known) > 0 {
			units = known
		}
	}
	if len(units) <= manyCentres {
		return units
	}
	var middle orb.Point
	var sum float64
	for _, u := range units {
		middle[0] += pull[u] * p.At[u][0]
		middle[1] += pull[u] * p.At[u][1]
		sum += pull[u]
	}
	middle[0], middle[1] = middle[0]/sum, middle[1]/sum
	sorted := slices.Clone(units)
	slices.SortStableFunc(sorted, func(a, b int32) int {
		return cmp.Compare(p.Between(p.At[a], middle), p.Between(p.At[b], middle))
	})
	return sorted[:24]
}

// cost counts the objective of units from a unit as the centre, or from the base of the territory if it is None.
func (p *Problem) cost(centre, j int32, units []int32, pull []float64) (cost, furthest float64) {
	from := p.Territories[j].Base
	if centre != None {
		from = p.At[centre]
	}
	var minutes func(u int32) float64
	if p.Objective == Minutes {
		minutes = p.Travel.minutes(p, centre, j, from)
	}
	for _, u := range units {
		d := p.Between(from, p.At[u])
		furthest = max(furthest, d)
		switch p.Objective {
		case Inertia:
			cost += pull[u] * d * d
		case Distance:
			cost += pull[u] * d
		default:
			cost += pull[u] * minutes(u)
		}
	}
	return cost, furthest
}

func (r *Report) rules(p *Problem, of []int32) {
	if p.Locked != nil {
		for u, j := range p.Locked {
			if j != None && of[u] != j {
				r.Broken = append(r.Broken, Breach{Kind: Unlocked, Territory: j, By: 1, Units: []int32{int32(u)}})
			}
		}
	}
	for _, group := range p.Together {
		for _, u := range group {
			if of[u] != of[group[0]] {
				r.Broken = append(r.Broken, Breach{Kind: Separated, Territory: None, By: 1, Units: few(group)})
				break
			}
		}
	}
	if p.Owner == nil {
		return
	}
	var owned, kept float64
	for u, j := range p.Owner {
		if j == None {
			continue
		}
		w := p.Measures[0].Of[u]
		owned += w
		if of[u] == j {
			kept += w
		} else {
			r.Changes += p.ChangePrice * w
		}
	}
	if owned > 0 {
		r.Kept = kept / owned
	}
}
