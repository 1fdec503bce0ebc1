package cells

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"catchment/geo/hex"
)

// testSchema has a dimension of one value, one of many, references that outgrow a slice and a rank on each of
// two dimensions.
var testSchema = Schema{
	Dimensions: []Dimension{{"stage", 6}, {"industry", 20}, {"class", 3}, {"whole", 1}},
	References: []string{"owner", "team"},
	Measures:   []string{"value", "revenue"},
	Ranks:      []Rank{{0, 0}, {1, 2}},
}

// world makes places and what happens to them.
type world struct {
	*rand.Rand
	centres []orb.Point
}

func newWorld(seed uint64, centres ...orb.Point) *world {
	return &world{rand.New(rand.NewPCG(seed, 77)), centres}
}

// point returns a place: about a centre, anywhere, or on a coarse grid, where many share coordinates with others
// and with the corners of areas.
func (w *world) point() orb.Point {
	if len(w.centres) > 0 && w.IntN(10) > 0 {
		c := w.centres[w.IntN(len(w.centres))]
		p := orb.Point{c[0] + w.NormFloat64()*0.2, c[1] + w.NormFloat64()*0.15}
		if w.IntN(3) == 0 {
			p = orb.Point{math.Round(p[0]*16) / 16, math.Round(p[1]*16) / 16}
		}
		return orb.Point{max(-180, min(180, p[0])), max(-90, min(90, p[1]))}
	}
	return orb.Point{w.Float64()*360 - 180, math.Asin(w.Float64()*2-1) * 180 / math.Pi}
}

func (w *world) row(id int64) Row {
	r := Row{ID: id, Point: w.point()}
	r.Cell = cellOf(r.Point)
	w.dress(&r)
	return r
}

// dress draws everything but place and number.
func (w *world) dress(r *Row) {
	for d, dimension := range testSchema.Dimensions {
		r.Dimensions[d] = uint8(w.IntN(dimension.Values))
	}
	r.References[0], r.References[1] = uint32(w.IntN(1000)), uint32(w.IntN(5))
	r.Measures[0], r.Measures[1] = w.Int64N(1_000_000)-100_000, w.Int64N(50)
}

func cellOf(at orb.Point) uint64 {
	cell, err := hex.Cell(at, Resolution)
	if err != nil {
		panic(err)
	}
	return cell
}

func (w *world) rows(n int) []Row {
	out := make([]Row, n)
	for i := range out {
		out[i] = w.row(int64(i + 1))
	}
	return out
}

// all yields rows to Load.
func all(rows []Row) func(func(Row, error) bool) {
	return func(yield func(Row, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func loaded(t testing.TB, rows []Row) *Index {
	t.Helper()
	x, err := New(testSchema)
	if err != nil {
		t.Fatal(err)
	}
	x.layout.historyRows = 100 + len(rows)%7*300 // so that small histories are cut, too
	if err := x.Load(all(rows), math.MinInt64, Position{1, 0}); err != nil {
		t.Fatal(err)
	}
	return x
}

// chronicle is the life of a few places: signed rows in the order of the journal, some of them learned late.
func (w *world) chronicle(places, events int) (base []Row, changes []Change) {
	base = w.rows(places)
	timeline := make(map[int64][]Change) // standing changes of each place, as known so far
	recorded := Instant(1_000_000)
	next := int64(places + 1)
	present := make(map[int64]*Row)
	ids := make([]int64, 0, places)
	for i := range base {
		present[base[i].ID] = &base[i]
		ids = append(ids, base[i].ID)
	}
	for range events {
		recorded += Instant(w.IntN(5))
		at := recorded - Instant(w.IntN(3))
		record := func(sign int8, r Row, at Instant) {
			changes = append(changes, Change{Row: r, Sign: sign, At: at, Recorded: recorded})
		}
		switch w.IntN(12) {
		case 0: // a new place
			r := w.row(next)
			next++
			record(1, r, at)
			present[r.ID] = &r
			ids = append(ids, r.ID)
		case 1: // a place is gone
			i := w.IntN(len(ids))
			if r := present[ids[i]]; r != nil {
				record(-1, *r, recorded)
				present[ids[i]] = nil
			}
		case 2: // learned late: for a while long ago the place was something else
			if r := present[ids[w.IntN(len(ids))]]; r != nil && len(timeline[r.ID]) == 0 && r.ID <= int64(places) {
				other := *r
				w.dress(&other)
				from := Instant(w.IntN(1_000_000))
				to := from + Instant(w.IntN(1_000))
				record(-1, *r, from)
				record(1, other, from)
				record(-1, other, to)
				record(1, *r, to)
			}
		default: // a place changes, or moves
			if r := present[ids[w.IntN(len(ids))]]; r != nil {
				record(-1, *r, recorded)
				after := *r
				if w.IntN(4) == 0 {
					after.Point = w.point()
					after.Cell = cellOf(after.Point)
				}
				if w.IntN(4) > 0 {
					w.dress(&after)
				}
				record(1, after, recorded)
				present[r.ID] = &after
				timeline[r.ID] = append(timeline[r.ID], Change{})
			}
		}
	}
	return base, changes
}

// replay returns the rows that stand at an instant, from the first row on.
func replay(base []Row, changes []Change, when When) []Row {
	when = when.filled()
	net := make(map[Row]int)
	for _, r := range base {
		net[r]++
	}
	for _, h := range changes {
		if h.At <= when.AsOf && h.Recorded <= when.KnownAt {
			net[h.Row] += int(h.Sign)
		}
	}
	var out []Row
	for r, n := range net {
		if n != 0 && n != 1 {
			panic("the chronicle is unsound")
		}
		if n == 1 {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b Row) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// lets is the reading of a filter row by row.
func lets(f Filter, r *Row) bool {
	for _, clause := range f {
		any := false
		for _, term := range clause {
			switch t := term.(type) {
			case In:
				v := uint32(0)
				if t.Column.Reference {
					v = r.References[t.Column.Number]
				} else {
					v = uint32(r.Dimensions[t.Column.Number])
				}
				any = any || slices.Contains(t.Values, v)
			case Between:
				any = any || r.Measures[t.Measure] >= t.Low && r.Measures[t.Measure] <= t.High
			case Places:
				any = any || slices.Contains(t, r.ID)
			}
		}
		if !any {
			return false
		}
	}
	return true
}

// bruteForce answers a question by looking at every row. holds says what the area holds.
func bruteForce(rows []Row, q Question, holds func(*Row) bool) Answer {
	measures := len(testSchema.Measures)
	tallies := make([]map[[2]uint32]*Group, len(q.Groups)+1)
	for i := range tallies {
		tallies[i] = make(map[[2]uint32]*Group)
	}
	tallies[0][[2]uint32{}] = &Group{Values: []uint32{}, Sums: make([]int64, measures)}
	var out Answer
	for i := range rows {
		r := &rows[i]
		if !lets(q.Filter, r) || !holds(r) {
			continue
		}
		for g, grouping := range append([]Grouping{{}}, q.Groups...) {
			var key [2]uint32
			for k, c := range grouping {
				if c.Reference {
					key[k] = r.References[c.Number]
				} else {
					key[k] = uint32(r.Dimensions[c.Number])
				}
			}
			group := tallies[g][key]
			if group == nil {
				group = &Group{Values: slices.Clone(key[:len(grouping)]), Sums: make([]int64, measures)}
				tallies[g][key] = group
			}
			group.Count++
			for m := range measures {
				group.Sums[m] += r.Measures[m]
			}
		}
		if q.Top != nil && lets(q.Top.Filter, r) {
			out.Top = append(out.Top, Ranked{r.Measures[q.Top.Measure], *r})
		}
	}
	out.Total = *tallies[0][[2]uint32{}]
	out.Groups = make([][]Group, len(q.Groups))
	for i := range q.Groups {
		list := []Group{}
		for _, g := range tallies[i+1] {
			list = append(list, *g)
		}
		slices.SortFunc(list, func(a, b Group) int { return slices.Compare(a.Values, b.Values) })
		out.Groups[i] = list
	}
	slices.SortFunc(out.Top, func(a, b Ranked) int {
		return cmp.Or(cmp.Compare(b.Value, a.Value), cmp.Compare(a.Row.ID, b.Row.ID))
	})
	if q.Top != nil {
		out.Top = slices.Clip(out.Top[:min(len(out.Top), q.Top.Count)])
		if out.Top == nil {
			out.Top = []Ranked{}
		}
	}
	return out
}

// question draws groupings, a filter and a list of the greatest.
func (w *world) question() Question {
	var q Question
	column := func() Column {
		if w.IntN(4) == 0 {
			return R(w.IntN(2))
		}
		return D(w.IntN(4))
	}
	for range w.IntN(4) {
		g := Grouping{}
		for range w.IntN(3) {
			g = append(g, column())
		}
		q.Groups = append(q.Groups, g)
	}
	filter := func() Filter {
		var f Filter
		for range w.IntN(3) {
			var clause Clause
			for range 1 + w.IntN(2) {
				switch w.IntN(6) {
				case 0:
					clause = append(clause, Between{w.IntN(2), w.Int64N(40), w.Int64N(500_000)})
				case 1:
					clause = append(clause, In{R(0), []uint32{uint32(w.IntN(1000)), uint32(w.IntN(1000)), 5}})
				case 2:
					clause = append(clause, In{R(1), []uint32{uint32(w.IntN(5))}})
				case 3:
					clause = append(clause, Places{w.Int64N(100), w.Int64N(100)})
				default:
					d := w.IntN(3)
					in := In{Column: D(d)}
					for range 1 + w.IntN(3) {
						in.Values = append(in.Values, uint32(w.IntN(testSchema.Dimensions[d].Values)))
					}
					clause = append(clause, in)
				}
			}
			f = append(f, clause)
		}
		return f
	}
	q.Filter = filter()
	if w.IntN(2) == 0 {
		q.Top = &Top{Measure: w.IntN(2), Count: 1 + w.IntN(30), Filter: filter()}
	}
	return q
}
