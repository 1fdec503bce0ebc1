package cells

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// feed applies changes in batches of random size, folding them into the base now and then.
func (w *world) feed(t *testing.T, x *Index, changes []Change, largest int, compactions float64) {
	t.Helper()
	sequence := x.Position().Sequence
	for len(changes) > 0 {
		n := 1 + w.IntN(min(len(changes), largest))
		for n < len(changes) && changes[n].Recorded == changes[n-1].Recorded { // one command is one batch
			n++
		}
		sequence++
		if err := x.Apply(Position{1, sequence}, changes[:n]); err != nil {
			t.Fatal(err)
		}
		changes = changes[n:]
		if w.Float64() < compactions {
			if err := x.Compact(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func (w *world) when() When {
	instant := func() Instant {
		if w.IntN(3) == 0 {
			return 0
		}
		return 990_000 + Instant(w.IntN(30_000))*Instant(1+w.IntN(2))
	}
	when := When{AsOf: instant(), KnownAt: instant()}
	if w.IntN(5) == 0 {
		when.AsOf = 1 + Instant(w.IntN(1_000_000))
	}
	return when
}

func TestPastAnswersEqualReplay(t *testing.T) {
	t.Parallel()
	for seed := range uint64(rounds(12)) {
		w := newWorld(seed+100, awkwardCentres...)
		base, changes := w.chronicle(400+int(seed), 4_000)
		x := loaded(t, base)
		w.feed(t, x, changes, 1+w.IntN(300), 0.05)
		for range 60 {
			when := w.when()
			rows := replay(base, changes, when)
			d := w.drawArea(t, base, 1)
			q := w.question()
			q.Area, q.When = d.area, when
			got, err := x.Ask(context.Background(), q)
			if err != nil {
				t.Fatal(err)
			}
			want := bruteForce(rows, q, d.holds)
			want.Position = x.Position()
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("seed %d, %s, %+v: %s", seed, d.name, when, diff)
			}
			list, _, err := x.Rows(context.Background(), q, 100, 50)
			if err != nil {
				t.Fatal(err)
			}
			var wantRows []Row
			for _, r := range rows {
				if r.ID > 100 && len(wantRows) < 50 && lets(q.Filter, &r) && d.holds(&r) {
					wantRows = append(wantRows, r)
				}
			}
			if diff := cmp.Diff(wantRows, list, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("rows of %s, %+v: %s", d.name, when, diff)
			}
		}
	}
}

func TestHistoryIsCutByInstant(t *testing.T) {
	t.Parallel()
	w := newWorld(21, awkwardCentres[0])
	base, changes := w.chronicle(400, 4_000)
	x := loaded(t, base)
	w.feed(t, x, changes, 300, 0.3)
	if err := x.Compact(context.Background()); err != nil {
		t.Fatal(err)
	}
	s := x.state.Load()
	if len(s.history) < 4 || len(s.history) > 2*historySegments {
		t.Errorf("want a handful of segments, got %d", len(s.history))
	}
	kept := 0
	for i, h := range s.history {
		kept += h.len()
		if i > 0 && s.history[i-1].last >= h.first {
			t.Errorf("segment %d begins at %d, before the end of the one before it at %d", i, h.first, s.history[i-1].last)
		}
	}
	if kept != len(changes) {
		t.Errorf("want %d changes kept, got %d", len(changes), kept)
	}
}

func TestCellsAddUpToTheRows(t *testing.T) {
	t.Parallel()
	w := newWorld(7, awkwardCentres...)
	base, changes := w.chronicle(3_000, 3_000)
	x := loaded(t, base)
	w.feed(t, x, changes, 100, 0.02)
	for range rounds(80) {
		d, q := w.drawArea(t, base, 1), w.question()
		q.Area, q.When = d.area, w.when()
		resolution := w.IntN(Resolution + 1)
		want := map[uint64]CellSum{}
		for _, r := range replay(base, changes, q.When) {
			if lets(q.Filter, &r) && d.holds(&r) {
				c := want[Parent(r.Cell, resolution)]
				if c.Sums == nil {
					c.Sums = make([]int64, 2)
				}
				c.Cell = Parent(r.Cell, resolution)
				c.Count++
				c.Sums[0] += r.Measures[0]
				c.Sums[1] += r.Measures[1]
				want[c.Cell] = c
			}
		}
		list, _, err := x.Cells(context.Background(), q, resolution)
		if err != nil {
			t.Fatal(err)
		}
		got := map[uint64]CellSum{}
		for _, c := range list {
			got[c.Cell] = c
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s: %s", d.name, diff)
		}
	}
}

func TestWhatMovedAddsUpToTheDifference(t *testing.T) {
	t.Parallel()
	for seed := range uint64(rounds(8)) {
		w := newWorld(seed+300, awkwardCentres...)
		base, changes := w.chronicle(400, 3_000)
		x := loaded(t, base)
		w.feed(t, x, changes, 200, 0.05)
		for range 40 {
			d, from, to := w.drawArea(t, base, 1), w.when(), w.when()
			q := Question{Area: d.area, Filter: w.question().Filter}
			got, _, err := x.Changes(context.Background(), q, from, to)
			if err != nil {
				t.Fatal(err)
			}
			before, after := map[int64]Row{}, map[int64]Row{}
			for _, r := range replay(base, changes, from) {
				before[r.ID] = r
			}
			for _, r := range replay(base, changes, to) {
				after[r.ID] = r
			}
			var want []Moved
			for id := int64(0); id < 10_000; id++ {
				m := Moved{ID: id}
				b, was := before[id]
				a, is := after[id]
				if was {
					m.Before = &b
				}
				if is {
					m.After = &a
				}
				m.Was, m.Is = was && lets(q.Filter, &b) && d.holds(&b), is && lets(q.Filter, &a) && d.holds(&a)
				if (m.Was || m.Is) && !(was && is && a == b) {
					want = append(want, m)
				}
			}
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("seed %d, %s from %+v to %+v: %s", seed, d.name, from, to, diff)
			}
		}
	}
}

func TestOrderOfChangesAndFoldingDoNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(rapid.Uint64().Draw(t, "seed"), awkwardCentres[0])
		base, changes := w.chronicle(30, rapid.IntRange(1, 10+rounds(190)).Draw(t, "events"))
		x := mustLoad(t, base)
		shuffled := slices.Clone(changes)
		w.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		sequence := uint64(0)
		for len(shuffled) > 0 {
			n := rapid.IntRange(1, len(shuffled)).Draw(t, "batch")
			sequence++
			if err := x.Apply(Position{2, sequence}, shuffled[:n]); err != nil {
				t.Fatal(err)
			}
			shuffled = shuffled[n:]
		}
		check := func(step string) {
			for range 4 {
				when := w.when()
				q := Question{Area: Everywhere(), Groups: []Grouping{{D(0), D(1)}, {R(0)}}, Top: &Top{Measure: 0, Count: 10}, When: when}
				got, err := x.Ask(context.Background(), q)
				if err != nil {
					t.Fatal(err)
				}
				want := bruteForce(replay(base, changes, when), q, func(*Row) bool { return true })
				want.Position = x.Position()
				if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
					t.Fatalf("%s: %s", step, diff)
				}
			}
		}
		check("before folding")
		if err := x.Compact(context.Background()); err != nil {
			t.Fatal(err)
		}
		if pending := x.Stats().Pending; pending != 0 {
			t.Fatalf("%d changes are pending after folding", pending)
		}
		check("after folding")
	})
}

func mustLoad(t *rapid.T, rows []Row) *Index {
	x, err := New(testSchema)
	if err != nil {
		t.Fatal(err)
	}
	x.layout.historyRows = 20
	if err := x.Load(all(rows), math.MinInt64, Position{1, 0}); err != nil {
		t.Fatal(err)
	}
	return x
}

func TestCheckpointAnswersTheSame(t *testing.T) {
	t.Parallel()
	w := newWorld(11, awkwardCentres...)
	base, changes := w.chronicle(5_000, 5_000)
	x := loaded(t, base)
	w.feed(t, x, changes[:len(changes)/2], 100, 0.05)
	half := len(changes) / 2
	for half < len(changes) && changes[half].Recorded == changes[half-1].Recorded {
		half++
	}
	x = loaded(t, base)
	w.feed(t, x, changes[:half], 100, 0.05)
	path := filepath.Join(t.TempDir(), "index.cells")
	at, err := x.WriteFile(path)
	if err != nil {
		t.Fatal(err)
	}
	y, err := Open(path, testSchema)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(at, y.Position()); diff != "" {
		t.Fatal(diff)
	}
	w.feed(t, y, changes[half:], 100, 0.05)
	for range rounds(60) {
		d, q := w.drawArea(t, base, 1), w.question()
		q.Area, q.When = d.area, w.when()
		got, err := y.Ask(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		want := bruteForce(replay(base, changes, q.When), q, d.holds)
		want.Position = y.Position()
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%s: %s", d.name, diff)
		}
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("want the checkpoint alone in its folder, got %v, %v", entries, err)
	}
}

func TestDamagedCheckpointsAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(12, awkwardCentres...)
	base, changes := w.chronicle(50, 50)
	x := loaded(t, base)
	w.feed(t, x, changes, 20, 0.2)
	folder := t.TempDir()
	path := filepath.Join(folder, "index.cells")
	if _, err := x.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	refused := func(name string, data []byte, schema Schema) {
		t.Helper()
		bad := filepath.Join(folder, "bad.cells")
		if err := os.WriteFile(bad, data, 0o600); err != nil {
			t.Fatal(err)
		}
		var damaged *Damaged
		if _, err := Open(bad, schema); !errors.As(err, &damaged) {
			t.Errorf("%s: want Damaged, got %v", name, err)
		}
	}
	refused("an empty file", nil, testSchema)
	refused("a file of another kind", []byte("PK\x03\x04 and then some more than a header of sixty-four bytes, really"), testSchema)
	for _, n := range []int{10, headerSize, len(good) / 2, len(good) - alignment} {
		refused("a file cut off", good[:n], testSchema)
	}
	other := testSchema
	other.Measures = []string{"value", "margin"}
	refused("another schema", good, other)
	// Every bit that matters is guarded; padding between columns is not.
	x, err = Open(path, testSchema)
	if err != nil {
		t.Fatal(err)
	}
	everything := Question{Area: Everywhere(), Groups: []Grouping{{D(0), D(1)}}, Top: &Top{Count: 20}}
	want, err := x.Ask(context.Background(), everything)
	if err != nil {
		t.Fatal(err)
	}
	for range 500 {
		data := slices.Clone(good)
		data[w.IntN(len(data))] ^= 1 << w.IntN(8)
		bad := filepath.Join(folder, "bad.cells")
		if err := os.WriteFile(bad, data, 0o600); err != nil {
			t.Fatal(err)
		}
		y, err := Open(bad, testSchema)
		var damaged *Damaged
		if errors.As(err, &damaged) {
			continue
		}
		if err != nil {
			t.Fatalf("want Damaged, got %v", err)
		}
		got, err := y.Ask(context.Background(), everything)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("a changed file went unnoticed: %s", diff)
		}
	}
}

func TestHistoryGivenWithTheRowsEqualsReplay(t *testing.T) {
	t.Parallel()
	w := newWorld(16, awkwardCentres...)
	base, changes := w.chronicle(300, 2_000)
	x := loaded(t, replay(base, changes, When{}))
	if err := x.Remember(func(yield func(Change, error) bool) {
		for _, h := range changes {
			if !yield(h, nil) {
				return
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	for range 60 {
		d, q := w.drawArea(t, base, 1), w.question()
		q.Area, q.When = d.area, w.when()
		got, err := x.Ask(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		want := bruteForce(replay(base, changes, q.When), q, d.holds)
		want.Position = x.Position()
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%s: %s", d.name, diff)
		}
	}
}

func TestQuestionsBeforeHistoryAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(13, awkwardCentres...)
	x, err := New(testSchema)
	if err != nil {
		t.Fatal(err)
	}
	if err := x.Load(all(w.rows(5)), 500, Position{1, 0}); err != nil {
		t.Fatal(err)
	}
	var before *BeforeHistory
	if _, err := x.Ask(context.Background(), Question{When: When{AsOf: 499}}); !errors.As(err, &before) {
		t.Errorf("want BeforeHistory, got %v", err)
	}
	if _, err := x.Ask(context.Background(), Question{When: When{AsOf: 500}}); err != nil {
		t.Errorf("want an answer, got %v", err)
	}
}

func TestBadInputIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(14, awkwardCentres...)
	good := w.row(1)
	x := loaded(t, []Row{good})
	change := func(edit func(*Change)) error {
		h := Change{Row: w.row(2), Sign: 1}
		edit(&h)
		return x.Apply(Position{2, 1}, []Change{h})
	}
	for name, edit := range map[string]func(*Change){
		"a sign of two":             func(h *Change) { h.Sign = 2 },
		"a point off the earth":     func(h *Change) { h.Point[0] = 181 },
		"a point that is no number": func(h *Change) { h.Point[1] = math.NaN() },
		"no cell":                   func(h *Change) { h.Cell = 0 },
		"a coarser cell":            func(h *Change) { h.Cell = Parent(h.Cell, 7) },
		"a value out of range":      func(h *Change) { h.Dimensions[0] = 6 },
	} {
		var invalid *InvalidRow
		if err := change(edit); !errors.As(err, &invalid) {
			t.Errorf("%s: want InvalidRow, got %v", name, err)
		}
	}
	if err := x.Apply(Position{1, 0}, nil); !errors.Is(err, ErrPosition) {
		t.Errorf("a position passed: want ErrPosition, got %v", err)
	}
	for name, q := range map[string]Question{
		"three columns":       {Groups: []Grouping{{D(0), D(1), D(2)}}},
		"no such dimension":   {Groups: []Grouping{{D(9)}}},
		"no such reference":   {Groups: []Grouping{{R(2)}}},
		"no such measure":     {Top: &Top{Measure: 2, Count: 1}},
		"none of the top":     {Top: &Top{Measure: 0}},
		"a value of no stage": {Filter: Filter{{In{D(0), []uint32{6}}}}},
		"a missing term":      {Filter: Filter{{nil}}},
	} {
		var invalid *InvalidQuestion
		if _, err := x.Ask(context.Background(), q); !errors.As(err, &invalid) {
			t.Errorf("%s: want InvalidQuestion, got %v", name, err)
		}
	}
	for name, cell := range map[string]uint64{"zero": 0, "a finer cell": 0x8f1fb46622d8591, "a directed edge": 0x115283473fffffff} {
		var invalid *InvalidCell
		if _, err := Cells([]uint64{cell}); !errors.As(err, &invalid) {
			t.Errorf("%s: want InvalidCell, got %v", name, err)
		}
	}
	// A place that was never there is taken away: folding notices, and answers go on from before.
	if err := x.Apply(Position{3, 0}, []Change{{Row: w.row(77), Sign: -1}}); err != nil {
		t.Fatal(err)
	}
	var inconsistent *Inconsistent
	if err := x.Compact(context.Background()); !errors.As(err, &inconsistent) {
		t.Errorf("want Inconsistent, got %v", err)
	}
}

func TestWritersAndReadersDoNotDisturbOneAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(15, awkwardCentres...)
	base, changes := w.chronicle(500, 3_000)
	x := loaded(t, base)
	done := make(chan error, 2)
	stop := make(chan struct{})
	read := func() {
		for {
			select {
			case <-stop:
				done <- nil
				return
			default:
			}
			answer, err := x.Ask(context.Background(), Question{Area: Everywhere(), Groups: []Grouping{{D(0), D(1)}}})
			if err != nil {
				done <- err
				return
			}
			sum := int64(0)
			for _, g := range answer.Groups[0] {
				if g.Count < 0 {
					done <- errors.New("a group is counted below nothing")
					return
				}
				sum += g.Count
			}
			if sum != answer.Total.Count {
				done <- errors.New("the groups do not add up to the total")
				return
			}
		}
	}
	go read()
	go func() {
		for {
			select {
			case <-stop:
				done <- nil
				return
			default:
				if err := x.Compact(context.Background()); err != nil {
					done <- err
					return
				}
			}
		}
	}()
	w.feed(t, x, changes, 20, 0)
	close(stop)
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	q := Question{Area: Everywhere()}
	got, err := x.Ask(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	want := bruteForce(replay(base, changes, When{}), q, func(*Row) bool { return true })
	if diff := cmp.Diff(want.Total, got.Total); diff != "" {
		t.Error(diff)
	}
}
