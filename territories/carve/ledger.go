package carve

import (
	"fmt"
	"math"
	"slices"
)

// Books is what a Ledger keeps account of.
type Books struct {
	Territories int
	Of          []int32 // territory of each unit, or None
	Owner       []int32 // who has it today, or None; nil if nobody has anything
	Edges       []Edge  // with bridges

	// Columns are summed up by territory: counts, money in minor units, hours in seconds. Whole numbers, so that a
	// sum is the same in whatever order it came about.
	Columns [][]int64

	// Visits says how often each unit is gone to; Minutes[j][i] how far unit i is from the base of territory j, in
	// tenths of a second, or Unreached. Both may be nil. A visit is in time if it is no further than InTime.
	Visits  []int64
	Minutes [][]int32
	InTime  int32
}

// Unreached stands in Books.Minutes where there is no way.
const Unreached int32 = math.MaxInt32

// Account is one territory of a Ledger.
type Account struct {
	Units     int
	Sums      []int64 // of each column
	Travel    int64   // visits × way from the base, in tenths of a second, of those that can be reached
	InTime    int64   // visits within reach in time
	Unreached int64   // visits without a way

	Pieces int // 0 if it has no units
	Stray  int // units outside its largest piece

	Won, Lost       int     // units that come from another owner, or go to one
	WonSums, Losses []int64 // what they make of each column
}

// Ledger is the arithmetic of editing by hand: it keeps the account of each territory while units change hands, and
// takes gestures back. An edit costs as much as the units it moves and the territories it touches are large.
type Ledger struct {
	b        Books
	accounts []Account
	graph    *graph
	members  [][]int32
	spot     []int32
	done     []gesture
	seen     []int32
	round    int32
	stack    []int32
}

// gesture is what one edit moved, to be taken back as a whole.
type gesture struct {
	units []int32
	from  []int32
}

// NewLedger opens the books. It copies Of and keeps the rest.
func NewLedger(b Books) (*Ledger, error) {
	n := len(b.Of)
	if b.Territories < 1 {
		return nil, wrong("territories", "there are none")
	}
	if err := checkTerritories("of", b.Of, n, b.Territories); err != nil {
		return nil, err
	}
	if err := checkTerritories("owner", b.Owner, n, b.Territories); err != nil {
		return nil, err
	}
	for i, column := range b.Columns {
		if len(column) != n {
			return nil, wrong(fmt.Sprintf("columns[%d]", i), "%d values for %d units", len(column), n)
		}
	}
	if b.Minutes != nil && (len(b.Minutes) != b.Territories || len(b.Visits) != n) {
		return nil, wrong("minutes", "%d rows and %d visits for %d territories and %d units", len(b.Minutes), len(b.Visits), b.Territories, n)
	}
	for j, row := range b.Minutes {
		if len(row) != n {
			return nil, wrong(fmt.Sprintf("minutes[%d]", j), "%d values for %d units", len(row), n)
		}
	}
	for i, e := range b.Edges {
		if min(e.A, e.B) < 0 || int(max(e.A, e.B)) >= n {
			return nil, wrong(fmt.Sprintf("edges[%d]", i), "one end is not one of the %d units", n)
		}
	}
	b.Of = slices.Clone(b.Of)
	l := &Ledger{b: b, graph: newGraph(n, b.Edges), members: make([][]int32, b.Territories), spot: make([]int32, n), seen: make([]int32, n)}
	l.accounts = make([]Account, b.Territories)
	for j := range l.accounts {
		l.accounts[j] = l.empty()
	}
	for u, j := range b.Of {
		if j != None {
			l.enlist(int32(u), j)
		}
		l.book(int32(u), j, 1)
	}
	for j := range l.accounts {
		l.count(int32(j))
	}
	return l, nil
}

func (l *Ledger) empty() Account {
	columns := len(l.b.Columns)
	return Account{Sums: make([]int64, columns), WonSums: make([]int64, columns), Losses: make([]int64, columns)}
}

// Of returns the territory of a unit.
func (l *Ledger) Of(unit int32) int32 { return l.b.Of[unit] }

// Accounts returns all territories; the caller must not change them.
func (l *Ledger) Accounts() []Account { return l.accounts }

// Move gives units to a territory, or to nobody, as one gesture, and returns the territories whose accounts changed,
// in rising order.
func (l *Ledger) Move(units []int32, to int32) (touched []int32, err error) {
	if to < None || int(to) >= l.b.Territories {
		return nil, wrong("to", "territory %d is not one of the %d", to, l.b.Territories)
	}
	for _, u := range units {
		if u < 0 || int(u) >= len(l.b.Of) {
			return nil, wrong("units", "unit %d is not one of the %d", u, len(l.b.Of))
		}
	}
	g := gesture{}
	for _, u := range units {
		if from := l.b.Of[u]; from != to { // a unit named twice moves once
			g.units, g.from = append(g.units, u), append(g.from, from)
			l.hand(u, to)
		}
	}
	if len(g.units) == 0 {
		return nil, nil
	}
	l.done = append(l.done, g)
	return l.settle(append(slices.Clone(g.from), to), g.units), nil
}

// Undo takes the last gesture back and returns the territories whose accounts changed; none if there is no gesture.
func (l *Ledger) Undo() (touched []int32) {
	if len(l.done) == 0 {
		return nil
	}
	g := l.done[len(l.done)-1]
	l.done = l.done[:len(l.done)-1]
	for i, u := range g.units {
		touched = append(touched, l.b.Of[u])
		l.hand(u, g.from[i])
	}
	return l.settle(append(touched, g.from...), g.units)
}

// settle counts the pieces of the territories that gained or lost units, and adds those that only their owners'
// losses touch.
func (l *Ledger) settle(touched, units []int32) []int32 {
	slices.Sort(touched)
	touched = slices.Compact(touched)
	for _, j := range touched {
		if j != None {
			l.count(j)
		}
	}
	for _, u := range units {
		if l.b.Owner != nil {
			touched = append(touched, l.b.Owner[u])
		}
	}
	slices.Sort(touched)
	touched = slices.Compact(touched)
	if len(touched) > 0 && touched[0] == None {
		touched = touched[1:]
	}
	return touched
}

// Rebase gives a territory another base: the ways from there to all units.
func (l *Ledger) Rebase(territory int32, minutes []int32) error {
	if l.b.Minutes == nil || len(minutes) != len(l.b.Of) || territory < 0 || int(territory) >= l.b.Territories {
		return wrong("minutes", "%d ways from a base of territory %d", len(minutes), territory)
	}
	l.b.Minutes = slices.Clone(l.b.Minutes) // the caller's rows stay his
	l.b.Minutes[territory] = minutes
	a := &l.accounts[territory]
	a.Travel, a.InTime, a.Unreached = 0, 0, 0
	for _, u := range l.members[territory] {
		l.way(a, u, territory, 1)
	}
	return nil
}

// hand moves a unit between lists and accounts.
func (l *Ledger) hand(u, to int32) {
	from := l.b.Of[u]
	l.book(u, from, -1)
	if from != None {
		list := l.members[from]
		last := list[len(list)-1]
		list[l.spot[u]], l.spot[last] = last, l.spot[u]
		l.members[from] = list[:len(list)-1]
	}
	if to != None {
		l.enlist(u, to)
	}
	l.b.Of[u] = to
	l.book(u, to, 1)
}

func (l *Ledger) enlist(u, j int32) {
	l.spot[u] = int32(len(l.members[j]))
	l.members[j] = append(l.members[j], u)
}

// book adds what a unit is in a territory to the accounts, or takes it away if sign is -1.
func (l *Ledger) book(u, j int32, sign int64) {
	owner := j
	if l.b.Owner != nil {
		owner = l.b.Owner[u]
	}
	if owner != None && owner != j {
		a := &l.accounts[owner]
		a.Lost += int(sign)
		for i, column := range l.b.Columns {
			a.Losses[i] += sign * column[u]
		}
	}
	if j == None {
		return
	}
	a := &l.accounts[j]
	a.Units += int(sign)
	for i, column := range l.b.Columns {
		a.Sums[i] += sign * column[u]
	}
	if owner != None && owner != j {
		a.Won += int(sign)
		for i, column := range l.b.Columns {
			a.WonSums[i] += sign * column[u]
		}
	}
	l.way(a, u, j, sign)
}

func (l *Ledger) way(a *Account, u, j int32, sign int64) {
	if l.b.Minutes == nil {
		return
	}
	visits := sign * l.b.Visits[u]
	switch way := l.b.Minutes[j][u]; {
	case way == Unreached:
		a.Unreached += visits
	default:
		a.Travel += visits * int64(way)
		if way <= l.b.InTime {
			a.InTime += visits
		}
	}
}

// count counts the pieces of a territory.
func (l *Ledger) count(j int32) {
	l.round++
	largest, pieces := 0, 0
	for _, first := range l.members[j] {
		if l.seen[first] == l.round {
			continue
		}
		l.seen[first] = l.round
		l.stack = append(l.stack[:0], first)
		for at := 0; at < len(l.stack); at++ {
			for _, v := range l.graph.of(l.stack[at]) {
				if l.b.Of[v] == j && l.seen[v] != l.round {
					l.seen[v] = l.round
					l.stack = append(l.stack, v)
				}
			}
		}
		pieces++
		largest = max(largest, len(l.stack))
	}
	l.accounts[j].Pieces, l.accounts[j].Stray = pieces, len(l.members[j])-largest
}

// Fairness tells how even a column is over the territories.
type Fairness struct {
	Mean      float64
	Deviation []float64 // of each territory from the mean, as a part of it
	Furthest  float64   // the greatest of them, without its sign
	Spread    float64   // their root mean square
}

// Fairness compares the territories in a column.
func (l *Ledger) Fairness(column int) Fairness {
	f := Fairness{Deviation: make([]float64, len(l.accounts))}
	for _, a := range l.accounts {
		f.Mean += float64(a.Sums[column])
	}
	if f.Mean /= float64(len(l.accounts)); f.Mean == 0 {
		return f
	}
	var squares float64
	for j, a := range l.accounts {
		d := float64(a.Sums[column])/f.Mean - 1
		f.Deviation[j], f.Furthest = d, max(f.Furthest, math.Abs(d))
		squares += d * d
	}
	f.Spread = math.Sqrt(squares / float64(len(l.accounts)))
	return f
}
