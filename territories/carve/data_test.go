package carve_test

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/paulmach/orb"

	"catchment/territories/carve"
)

// readTracts reads one of the tract sets under BENCH/territory: units.csv, edges.csv, meta.json.
func readTracts(t testing.TB, folder string) (p *carve.Problem, ids map[string]int32, meta tractMeta) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, "meta.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &meta); err != nil {
		t.Fatal(err)
	}
	p = &carve.Problem{Objective: carve.Inertia, Territories: make([]carve.Territory, meta.K), Measures: []carve.Measure{{Name: "population", Min: meta.L, Max: meta.U}}}
	ids = readUnits(t, p, filepath.Join(folder, "units.csv"), "lon", "lat", "population")
	readEdges(t, p, ids, filepath.Join(folder, "edges.csv"))
	return p, ids, meta
}

type tractMeta struct {
	K         int
	L, U      float64
	Published struct {
		Objective string
		Bound     float64 `json:"lagrangian_lower_bound"`
	}
}

func readUnits(t testing.TB, p *carve.Problem, file, x, y string, measures ...string) map[string]int32 {
	ids := map[string]int32{}
	for i, row := range readTable(t, file) {
		ids[row["id"]] = int32(i)
		p.At = append(p.At, orb.Point{number(t, row[x]), number(t, row[y])})
		for m, name := range measures {
			p.Measures[m].Of = append(p.Measures[m].Of, number(t, row[name]))
		}
	}
	return ids
}

func readEdges(t testing.TB, p *carve.Problem, ids map[string]int32, file string) {
	for _, row := range readTable(t, file) {
		p.Edges = append(p.Edges, carve.Edge{A: ids[row["a"]], B: ids[row["b"]]})
	}
}

// readPlan reads id,territory; territories are numbered as they come.
func readPlan(t testing.TB, ids map[string]int32, file string) []int32 {
	of, numbers := make([]int32, len(ids)), map[string]int32{}
	for _, row := range readTable(t, file) {
		j, known := numbers[row["territory"]]
		if !known {
			j = int32(len(numbers))
			numbers[row["territory"]] = j
		}
		of[ids[row["id"]]] = j
	}
	return of
}

func readTable(t testing.TB, file string) []map[string]string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var table []map[string]string
	for _, row := range rows[1:] {
		named := map[string]string{}
		for i, cell := range row {
			named[rows[0][i]] = cell
		}
		table = append(table, named)
	}
	return table
}

func number(t testing.TB, text string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// readPlane reads one of the planar sets under BENCH/territory/du and the published objective.
func readPlane(t testing.TB, folder, name string) (p *carve.Problem, published float64) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var meta struct {
		K         int
		Tol       float64
		Published float64 `json:"recomputed_sum_dist_to_best_centre"`
	}
	if err := json.Unmarshal(text, &meta); err != nil {
		t.Fatal(err)
	}
	p = &carve.Problem{Plane: true, Objective: carve.Distance, Territories: make([]carve.Territory, meta.K)}
	for _, activity := range []string{"a1", "a2", "a3"} {
		p.Measures = append(p.Measures, carve.Measure{Name: activity, Tolerance: meta.Tol})
	}
	ids := readUnits(t, p, filepath.Join(folder, name+".units.csv"), "x", "y", "a1", "a2", "a3")
	readEdges(t, p, ids, filepath.Join(folder, name+".edges.csv"))
	return p, meta.Published
}
