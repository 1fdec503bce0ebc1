package carve_test

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"catchment/territories/carve"
)

// inventBooks is a country of n units in k territories with three columns, ways and owners.
func inventBooks(chance *rand.Rand, n, k int) carve.Books {
	b := carve.Books{Territories: k, Columns: make([][]int64, 3), Minutes: make([][]int32, k), InTime: 18_000}
	at := make([]orb.Point, n)
	for u := range n {
		at[u] = orb.Point{5 + 5*chance.Float64(), 47 + 4*chance.Float64()}
		b.Of = append(b.Of, int32(float64(k)*(at[u][0]-5)/5))
		b.Owner = append(b.Owner, int32(chance.IntN(k+1))-1)
		b.Visits = append(b.Visits, int64(chance.IntN(30)))
		for i := range b.Columns {
			b.Columns[i] = append(b.Columns[i], chance.Int64N(1_000_000_000))
		}
	}
	for j := range b.Minutes {
		b.Minutes[j] = make([]int32, n)
		for u := range b.Minutes[j] {
			if b.Minutes[j][u] = chance.Int32N(60_000); chance.IntN(50) == 0 {
				b.Minutes[j][u] = carve.Unreached
			}
		}
	}
	b.Edges = carve.Neighbours(at, false)
	return b
}

// brush is a spot of touching units around one.
func brush(chance *rand.Rand, b carve.Books, next [][]int32, size int) []int32 {
	spot := []int32{chance.Int32N(int32(len(b.Of)))}
	for at := 0; at < len(spot) && len(spot) < size; at++ {
		spot = append(spot, next[spot[at]]...)
	}
	return spot
}

func neighbourLists(b carve.Books) [][]int32 {
	next := make([][]int32, len(b.Of))
	for _, e := range b.Edges {
		next[e.A], next[e.B] = append(next[e.A], e.B), append(next[e.B], e.A)
	}
	return next
}

// reopened are the accounts counted from nothing.
func reopened(t testing.TB, l *carve.Ledger, b carve.Books) []carve.Account {
	t.Helper()
	of := make([]int32, len(b.Of))
	for u := range of {
		of[u] = l.Of(int32(u))
	}
	b.Of = of
	again, err := carve.NewLedger(b)
	if err != nil {
		t.Fatal(err)
	}
	return again.Accounts()
}

func TestAThousandEditsAreWhatCountingAnewSays(t *testing.T) {
	t.Parallel()
	chance := rand.New(rand.NewPCG(1, 9))
	b := inventBooks(chance, 2500, 12)
	next := neighbourLists(b)
	l, err := carve.NewLedger(b)
	if err != nil {
		t.Fatal(err)
	}
	for edit := range 1000 {
		before := cloned(l.Accounts())
		touched, err := l.Move(brush(chance, b, next, 1+chance.IntN(60)), chance.Int32N(13)-1)
		if err != nil {
			t.Fatal(err)
		}
		if edit%7 == 3 && len(touched) > 0 {
			l.Undo()
			if diff := cmp.Diff(before, l.Accounts()); diff != "" {
				t.Fatalf("edit %d taken back (-before +after):\n%s", edit, diff)
			}
			continue
		}
		if diff := cmp.Diff(reopened(t, l, b), l.Accounts()); diff != "" {
			t.Fatalf("edit %d (-counted anew +carried along):\n%s", edit, diff)
		}
		changed := map[int32]bool{}
		for _, j := range touched {
			changed[j] = true
		}
		for j := range before {
			if !changed[int32(j)] && !cmp.Equal(before[j], l.Accounts()[j]) {
				t.Fatalf("edit %d changed territory %d and did not say so", edit, j)
			}
		}
	}
}

func cloned(accounts []carve.Account) []carve.Account {
	out := make([]carve.Account, len(accounts))
	for i, a := range accounts {
		a.Sums, a.WonSums, a.Losses = append([]int64{}, a.Sums...), append([]int64{}, a.WonSums...), append([]int64{}, a.Losses...)
		out[i] = a
	}
	return out
}

// A ledger and Check, which share no code for it, see the same pieces and sums.
func TestTheLedgerAgreesWithCheck(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		chance := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 5))
		n, k := rapid.IntRange(3, 60).Draw(t, "units"), rapid.IntRange(1, 5).Draw(t, "territories")
		p := invented(chance, n, k, carve.Inertia)
		b := carve.Books{Territories: k, Edges: p.Edges, Columns: [][]int64{make([]int64, n)}}
		for u := range n {
			b.Of = append(b.Of, int32(chance.IntN(k)))
			b.Columns[0][u] = int64(p.Measures[0].Of[u])
		}
		l, err := carve.NewLedger(b)
		if err != nil {
			t.Fatal(err)
		}
		for j, want := range carve.Check(p, b.Of, nil).Territories {
			got := l.Accounts()[j]
			if got.Pieces != want.Pieces || got.Units != want.Units || float64(got.Sums[0]) != want.Sums[0] {
				t.Fatalf("territory %d: %+v, Check says %+v", j, got, want)
			}
		}
	})
}

func TestALedgerRefusesWhatCannotBe(t *testing.T) {
	t.Parallel()
	good := func() carve.Books {
		return carve.Books{Territories: 2, Of: []int32{0, 1, carve.None}, Columns: [][]int64{{1, 2, 3}}, Edges: []carve.Edge{{A: 0, B: 1}}}
	}
	for _, row := range []struct {
		name   string
		change func(b *carve.Books)
		want   string
	}{
		{"no territories", func(b *carve.Books) { b.Territories = 0 }, "territories: there are none"},
		{"a territory that is not there", func(b *carve.Books) { b.Of[1] = 2 }, "of[1]: territory 2 is not one of the 2"},
		{"a column too short", func(b *carve.Books) { b.Columns[0] = []int64{1} }, "columns[0]: 1 values for 3 units"},
		{"ways without visits", func(b *carve.Books) { b.Minutes = make([][]int32, 2) }, "minutes: 2 rows and 0 visits for 2 territories and 3 units"},
		{"an edge to nowhere", func(b *carve.Books) { b.Edges[0].B = 3 }, "edges[0]: one end is not one of the 3 units"},
		{"nothing", func(b *carve.Books) {}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			b := good()
			row.change(&b)
			got := ""
			if _, err := carve.NewLedger(b); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}
