package road

import (
	"encoding/csv"
	"math"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/paulmach/orb"
)

// agree compares ways with OSRM's answers: a header, then rows of two points, code, seconds, metres, weight and how
// far each point was moved.
func agree(t *testing.T, g *Graph, path string, median, p95 float64) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	number := func(s string) float64 {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	var off []float64
	within, oneSided := 0, 0
	step := 1
	if underRace || len(g.edges) > 100_000 {
		step = 5 // every fifth pair tells enough where each takes long
	}
	for i := 1; i < len(rows); i += step {
		row := rows[i]
		from, ok1 := g.snap(toPoint(orb.Point{number(row[0]), number(row[1])}))
		to, ok2 := g.snap(toPoint(orb.Point{number(row[2]), number(row[3])}))
		w, ok := way{}, false
		if ok1 && ok2 {
			w, ok = g.way(from, to)
		}
		if ok != (row[4] == "Ok") {
			oneSided++
			continue
		}
		d := math.Abs(float64(w.cost.Tenths)/10-number(row[5])) / max(number(row[5]), 1)
		off = append(off, d)
		if d <= 0.02 {
			within++
		}
	}
	slices.Sort(off)
	m, p := off[len(off)/2], off[len(off)*95/100]
	t.Logf("%d pairs: median %.3f %%, 95th percentile %.3f %%, within 2 %%: %.2f %%, only one side answers: %d",
		len(off), 100*m, 100*p, 100*float64(within)/float64(len(off)), oneSided)
	if m > median || p > p95 || oneSided > 0 {
		t.Error("further from OSRM than the bar")
	}
}
