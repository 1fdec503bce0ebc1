// Command benchregion measures the index of package cells against PostGIS on the same places in the same run, and
// checks that both answer alike. It prints ratios; times depend on the machine.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"catchment/geo/cells"
	"catchment/geo/postgis"
)

func main() {
	places := flag.Int("places", 1_000_000, "number of places")
	changes := flag.Int("changes", 0, "number of changes over three years (default a tenth of the places)")
	server := flag.String("server", os.Getenv(postgis.TestServerVariable), "address of a PostgreSQL server with PostGIS; a scratch database is made on it")
	seed := flag.Uint64("seed", 7, "seed of the places and questions")
	repeat := flag.Int("repeat", 3, "times each SQL question is asked; the median counts")
	flag.Parse()
	if *changes == 0 {
		*changes = *places / 10
	}
	if err := run(context.Background(), *server, *places, *changes, *repeat, *seed); err != nil {
		fmt.Fprintln(os.Stderr, "benchregion:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, server string, places, changes, repeat int, seed uint64) error {
	if server == "" {
		return fmt.Errorf("no server: set %s or -server", postgis.TestServerVariable)
	}
	land := newLand(seed)
	fmt.Printf("%d places, %d changes, GOMAXPROCS %d, seed %d\n", places, changes, runtime.GOMAXPROCS(0), seed)

	start := time.Now()
	rows := land.rows(places)
	fmt.Printf("%-44s %8.1f s\n", "places made, with their cells", time.Since(start).Seconds())

	db, err := openScratch(ctx, server)
	if err != nil {
		return err
	}
	defer db.close(ctx)
	start = time.Now()
	if err := db.fill(ctx, rows); err != nil {
		return err
	}
	fmt.Printf("%-44s %8.1f s\n", "PostGIS filled, GiST index built", time.Since(start).Seconds())

	x, err := cells.New(schema)
	if err != nil {
		return err
	}
	start = time.Now()
	if err := x.Load(func(yield func(cells.Row, error) bool) {
		for i := range rows {
			if !yield(rows[i], nil) {
				return
			}
		}
	}, epoch, cells.Position{Transaction: 1}); err != nil {
		return err
	}
	stats := x.Stats()
	fmt.Printf("%-44s %8.1f s\n", "index built from sorted rows", time.Since(start).Seconds())
	fmt.Printf("%-44s %8.1f B\n", "memory per place", float64(stats.Bytes)/float64(places))

	bench := &bench{x: x, db: db, land: land, repeat: repeat}
	if err := bench.snapshots(ctx); err != nil {
		return err
	}
	if err := bench.history(ctx, rows, changes); err != nil {
		return err
	}
	return bench.checkpoint(ctx)
}

type bench struct {
	x      *cells.Index
	db     *scratch
	land   *land
	repeat int
}

// region is a shape every system is asked for.
type region struct {
	name  string
	shape orb.MultiPolygon
	area  cells.Area
}

func (b *bench) regions() ([]region, error) {
	city := b.land.cities[0].at
	out := []region{
		{name: "district, 3 km, 200 vertices", shape: b.land.blob(city, 3, 200, 0.15)},
		{name: "circle, 50 km, 256 vertices", shape: b.land.blob(city, 50, 256, 0)},
		{name: "third of a country, 2,000 vertices", shape: b.land.blob(orb.Point{10.4, 49}, 230, 2000, 0.12)},
	}
	for i := range out {
		area, err := cells.Polygons(out[i].shape)
		if err != nil {
			return nil, err
		}
		out[i].area = area
	}
	return out, nil
}

// median runs f n times and returns the median of its times.
func median(n int, f func() error) (time.Duration, error) {
	times := make([]time.Duration, 0, n)
	for range n {
		start := time.Now()
		if err := f(); err != nil {
			return 0, err
		}
		times = append(times, time.Since(start))
	}
	slices.Sort(times)
	return times[n/2], nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// snapshots asks for three pairs of dimensions drawn at random and the top 20, and with a filter outside the sums.
func (b *bench) snapshots(ctx context.Context) error {
	regions, err := b.regions()
	if err != nil {
		return err
	}
	product, worst := 1.0, math.Inf(1)
	for _, r := range regions {
		q := cells.Question{Area: r.area, Top: &cells.Top{Measure: 0, Count: 20, Filter: cells.Filter{{cells.In{Column: cells.D(0), Values: []uint32{1}}}}}}
		for range 3 {
			pair := b.land.Perm(len(schema.Dimensions))[:2]
			q.Groups = append(q.Groups, cells.Grouping{cells.D(pair[0]), cells.D(pair[1])})
		}
		ratio, err := b.compare(ctx, r.name, r, q, true)
		if err != nil {
			return err
		}
		product *= ratio
		worst = min(worst, ratio)
	}
	fmt.Printf("%-44s %7.0f× geometric mean, %.0f× at least\n\n", "snapshots against the best of SQL", math.Cbrt(product), worst)
	for _, r := range regions {
		q := cells.Question{Area: r.area, Groups: []cells.Grouping{{cells.D(0), cells.D(1)}},
			Filter: cells.Filter{{cells.Between{Measure: 0, Low: 2_000_000, High: math.MaxInt64}}}}
		if _, err := b.compare(ctx, "filtered: "+r.name, r, q, true); err != nil {
			return err
		}
	}
	fmt.Println()
	return nil
}

// compare asks index and SQL the same and returns how many times faster the index is than the best of SQL.
func (b *bench) compare(ctx context.Context, name string, r region, q cells.Question, subdivide bool) (float64, error) {
	var got cells.Answer
	own, err := median(31, func() (err error) {
		got, err = b.x.Ask(ctx, q)
		return err
	})
	if err != nil {
		return 0, err
	}
	ways := []string{"one pass"}
	if subdivide {
		ways = append(ways, "subdivided")
	}
	best, detail := time.Duration(math.MaxInt64), []string{}
	for _, way := range ways {
		var want answer
		took, err := median(b.repeat, func() (err error) {
			want, err = b.db.ask(ctx, way, r.shape, q)
			return err
		})
		if err != nil {
			return 0, err
		}
		if have := plain(got); !reflect.DeepEqual(want, have) {
			return 0, fmt.Errorf("%s: SQL (%s) and the index differ: %+v and %+v", name, way, want.summary(), have.summary())
		}
		best = min(best, took)
		detail = append(detail, fmt.Sprintf("%s %.1f ms", way, milliseconds(took)))
	}
	ratio := float64(best) / float64(own)
	fmt.Printf("%-44s %8.2f ms; SQL %s: %.0f×, %d places, all equal\n", name, milliseconds(own), strings.Join(detail, ", "), ratio, got.Total.Count)
	return ratio, nil
}

// history applies changes over three years and compares the time and the answers of past instants with the present.
func (b *bench) history(ctx context.Context, rows []cells.Row, n int) error {
	start := time.Now()
	events := b.land.history(rows, n)
	made := time.Since(start)
	start = time.Now()
	sequence := uint64(0)
	apply := func(events []cells.Change) error {
		for len(events) > 0 {
			k := min(len(events), 200)
			sequence++
			if err := b.x.Apply(cells.Position{Transaction: 2, Sequence: sequence}, events[:k]); err != nil {
				return err
			}
			events = events[k:]
			if b.x.Due() {
				if err := b.x.Compact(ctx); err != nil {
					return err
				}
			}
		}
		return nil
	}
	tail := min(len(events), 20_000) // left pending, as in daily life
	if err := apply(events[:len(events)-tail]); err != nil {
		return err
	}
	if err := b.x.Compact(ctx); err != nil {
		return err
	}
	if err := apply(events[len(events)-tail:]); err != nil {
		return err
	}
	stats := b.x.Stats()
	fmt.Printf("%-44s %8.1f s (making them %.1f s), %d segments\n", "changes applied in batches of 100, folded", time.Since(start).Seconds(), made.Seconds(), stats.Segments)
	fmt.Printf("%-44s %8.1f B\n", "memory per change", float64(stats.AsideBytes)/float64(n))
	regions, err := b.regions()
	if err != nil {
		return err
	}
	worst := 0.0
	for _, r := range regions {
		q := cells.Question{Area: r.area, Groups: []cells.Grouping{{cells.D(0), cells.D(1)}, {cells.D(0), cells.D(2)}, {cells.D(1), cells.D(4)}},
			Top: &cells.Top{Measure: 0, Count: 20, Filter: cells.Filter{{cells.In{Column: cells.D(0), Values: []uint32{1}}}}}}
		now, err := median(21, func() error { _, err := b.x.Ask(ctx, q); return err })
		if err != nil {
			return err
		}
		line := fmt.Sprintf("now %.2f ms;", milliseconds(now))
		for _, days := range []int{1, 30, 180, 500, 1094} {
			q.When.AsOf = epoch + cells.Instant((1095-days)*24*int(time.Hour/time.Microsecond))
			var got cells.Answer
			past, err := median(11, func() (err error) { got, err = b.x.Ask(ctx, q); return err })
			if err != nil {
				return err
			}
			if want := replayed(rows, events, q); !reflect.DeepEqual(want, plain(got)) {
				return fmt.Errorf("%s, %d days ago: replay and the index differ: %+v and %+v", r.name, days, want.summary(), plain(got).summary())
			}
			ratio := float64(past) / float64(now)
			worst = max(worst, ratio)
			line += fmt.Sprintf(" %d days ago %.1f×", days, ratio)
		}
		fmt.Printf("%-44s %s, all equal to replay\n", "as of: "+r.name, line)
	}
	fmt.Printf("%-44s %7.1f× the time of now at most\n\n", "as of", worst)
	return nil
}

// checkpoint writes the index to a file and starts another from it.
func (b *bench) checkpoint(ctx context.Context) error {
	folder, err := os.MkdirTemp("", "cells-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "index.cells")
	start := time.Now()
	if _, err := b.x.WriteFile(path); err != nil {
		return err
	}
	wrote := time.Since(start)
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	start = time.Now()
	y, err := cells.Open(path, schema)
	if err != nil {
		return err
	}
	q := cells.Question{Area: cells.Everywhere(), Groups: []cells.Grouping{{cells.D(0), cells.D(1)}}}
	got, err := y.Ask(ctx, q)
	if err != nil {
		return err
	}
	fmt.Printf("%-44s %8.1f s, %d MB\n", "checkpoint written", wrote.Seconds(), info.Size()>>20)
	fmt.Printf("%-44s %8.2f s\n", "checkpoint opened, verified, first answer", time.Since(start).Seconds())
	want, err := b.x.Ask(ctx, q)
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(want, got) {
		return fmt.Errorf("the checkpoint answers otherwise than the index it was made of")
	}
	return nil
}

// answer is what SQL, replay and the index must agree on.
type answer struct {
	groups []map[[2]uint32][3]int64 // count and two sums
	top    []int64
}

func (a answer) summary() string {
	n := int64(0)
	if len(a.groups) > 0 {
		for _, g := range a.groups[0] {
			n += g[0]
		}
	}
	return fmt.Sprintf("%d places, top %v", n, a.top)
}

func plain(a cells.Answer) answer {
	var out answer
	for _, groups := range a.Groups {
		m := make(map[[2]uint32][3]int64, len(groups))
		for _, g := range groups {
			m[[2]uint32{g.Values[0], g.Values[1]}] = [3]int64{g.Count, g.Sums[0], g.Sums[1]}
		}
		out.groups = append(out.groups, m)
	}
	for _, r := range a.Top {
		out.top = append(out.top, r.Row.ID)
	}
	return out
}

// replayed answers by applying every change in turn and looking at every place.
func replayed(rows []cells.Row, events []cells.Change, q cells.Question) answer {
	state := make(map[int64]cells.Row, len(rows))
	for _, r := range rows {
		state[r.ID] = r
	}
	for _, e := range events {
		if e.At <= q.When.AsOf {
			if e.Sign < 0 {
				delete(state, e.ID)
			} else {
				state[e.ID] = e.Row
			}
		}
	}
	out := answer{groups: make([]map[[2]uint32][3]int64, len(q.Groups))}
	for i := range out.groups {
		out.groups[i] = make(map[[2]uint32][3]int64)
	}
	var best []cells.Row
	for _, r := range state {
		if !q.Area.Holds(r.Point, r.Cell) {
			continue
		}
		for i, g := range q.Groups {
			key := [2]uint32{uint32(r.Dimensions[g[0].Number]), uint32(r.Dimensions[g[1].Number])}
			v := out.groups[i][key]
			out.groups[i][key] = [3]int64{v[0] + 1, v[1] + r.Measures[0], v[2] + r.Measures[1]}
		}
		if r.Dimensions[0] == 1 {
			best = append(best, r)
		}
	}
	slices.SortFunc(best, func(a, b cells.Row) int {
		return cmp.Or(cmp.Compare(b.Measures[0], a.Measures[0]), cmp.Compare(a.ID, b.ID))
	})
	for _, r := range best[:min(20, len(best))] {
		out.top = append(out.top, r.ID)
	}
	return out
}
