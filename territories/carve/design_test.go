package carve_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"catchment/territories/carve"
)

// grid is a plane of w by h units of one each, neighbours by their sides.
func grid(w, h, k int, tolerance float64) *carve.Problem {
	p := &carve.Problem{Plane: true, Objective: carve.Inertia, Territories: make([]carve.Territory, k), Measures: []carve.Measure{{Name: "accounts", Tolerance: tolerance}}}
	for y := range h {
		for x := range w {
			u := int32(len(p.At))
			p.At = append(p.At, orb.Point{float64(x), float64(y)})
			p.Measures[0].Of = append(p.Measures[0].Of, 1)
			if x > 0 {
				p.Edges = append(p.Edges, carve.Edge{A: u - 1, B: u})
			}
			if y > 0 {
				p.Edges = append(p.Edges, carve.Edge{A: u - int32(w), B: u})
			}
		}
	}
	return p
}

func design(t testing.TB, p *carve.Problem, o carve.Options) *carve.Plan {
	t.Helper()
	plan, err := carve.Design(context.Background(), p, o)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func TestDesignFindsTheQuarters(t *testing.T) {
	t.Parallel()
	plan := design(t, grid(6, 6, 4, 0.01), carve.Options{Seed: 1, Iterations: 200_000})
	// nine units a quarter: four at distance 1 and four at √2 from the middle one
	if diff := cmp.Diff(4*(4*1.0+4*2.0), math.Round(plan.Report.Objective*1e9)/1e9); diff != "" {
		t.Errorf("objective (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]carve.Breach(nil), plan.Report.Broken); diff != "" {
		t.Errorf("broken (-want +got):\n%s", diff)
	}
}

func TestDesignIsTheBestThereIs(t *testing.T) {
	t.Parallel()
	for _, objective := range []carve.Objective{carve.Inertia, carve.Distance, carve.Minutes} {
		t.Run(string(objective), func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(6) {
				p := invented(rand.New(rand.NewPCG(seed, 3)), 9, 3, objective)
				p.Measures[0].Tolerance = 0.35
				best := bruteForce(p)
				got := design(t, p, carve.Options{Seed: seed, Iterations: 60_000}).Report
				if math.IsInf(best, 1) {
					continue
				}
				if len(got.Broken) > 0 || got.Objective > best*(1+1e-9) {
					t.Errorf("seed %d: %.4f with %v broken, the best is %.4f", seed, got.Objective, got.Broken, best)
				}
			}
		})
	}
}

// bruteForce returns the least objective of all plans that hold everything.
func bruteForce(p *carve.Problem) float64 {
	n, k := len(p.At), len(p.Territories)
	of := make([]int32, n)
	best := math.Inf(1)
	var try func(u int, used int32)
	try = func(u int, used int32) {
		if u == n {
			if r := carve.Check(p, of, nil); len(r.Broken) == 0 {
				best = min(best, r.Objective)
			}
			return
		}
		for j := range min(used+1, int32(k)) { // territories are alike: a new one is always the next
			of[u] = j
			try(u+1, max(used, j+1))
		}
	}
	try(0, 0)
	return best
}

// invented is a random problem of units scattered over a few degrees.
func invented(chance *rand.Rand, n, k int, objective carve.Objective) *carve.Problem {
	p := &carve.Problem{Objective: objective, Territories: make([]carve.Territory, k), Measures: []carve.Measure{{Name: "accounts", Tolerance: 0.2}}}
	for range n {
		p.At = append(p.At, orb.Point{5 + 3*chance.Float64(), 50 + 2*chance.Float64()})
		p.Measures[0].Of = append(p.Measures[0].Of, float64(1+chance.IntN(9)))
	}
	p.Edges = carve.Neighbours(p.At, false)
	if objective == carve.Minutes {
		p.Travel = &carve.Table{}
		for u := range int32(n) {
			for v := range int32(n) {
				if chance.IntN(5) > 0 {
					p.Travel.FromUnit(u, carve.Leg{To: v, Minutes: float32(p.Between(p.At[u], p.At[v]) * (0.8 + chance.Float64()))})
				}
			}
		}
	}
	return p
}

func TestDesignHoldsWhatIsAsked(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		chance := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 4))
		n := rapid.IntRange(4, 70).Draw(t, "units")
		k := rapid.IntRange(1, min(6, n/3+1)).Draw(t, "territories")
		objective := rapid.SampledFrom([]carve.Objective{carve.Inertia, carve.Distance, carve.Minutes}).Draw(t, "objective")
		p := invented(chance, n, k, objective)
		if rapid.Bool().Draw(t, "a base") {
			p.Territories[0] = carve.Territory{Base: orb.Point{6, 51}, Fixed: true}
		}
		if rapid.Bool().Draw(t, "cut off") {
			p.Edges = p.Edges[:len(p.Edges)*2/3]
		}
		if rapid.Bool().Draw(t, "together") && n > 5 {
			p.Together = [][]int32{{0, 1}, {int32(n - 1), int32(n - 2), int32(n - 3)}}
		}
		if rapid.Bool().Draw(t, "owned") {
			p.ChangePrice = 10
			for range n {
				p.Owner = append(p.Owner, int32(chance.IntN(k+1))-1)
			}
		}
		plan, err := carve.Design(context.Background(), p, carve.Options{Seed: 1, Iterations: 4000, Threads: rapid.IntRange(1, 2).Draw(t, "threads")})
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range carve.Check(p, plan.Of, plan.Bridges).Broken {
			if b.Kind != carve.Unbalanced { // some weights cannot be balanced
				t.Fatalf("%+v is broken", b)
			}
		}
	})
}

func TestDesignIsTheSameForTheSameSeed(t *testing.T) {
	t.Parallel()
	p := invented(rand.New(rand.NewPCG(5, 5)), 300, 7, carve.Inertia)
	o := carve.Options{Seed: 9, Iterations: 150_000, Threads: 2}
	if diff := cmp.Diff(design(t, p, o).Of, design(t, p, o).Of); diff != "" {
		t.Errorf("two runs differ (-first +second):\n%s", diff)
	}
}

func TestDesignEndsWithTheContext(t *testing.T) {
	t.Parallel()
	p := invented(rand.New(rand.NewPCG(6, 6)), 400, 6, carve.Inertia)
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	plan, err := carve.Design(ctx, p, carve.Options{Seed: 1, Iterations: math.MaxInt64 / 4})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(400, len(plan.Of)); diff != "" {
		t.Errorf("units in the plan (-want +got):\n%s", diff)
	}
	if _, err := carve.Design(ctx, p, carve.Options{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("begun too late: %v", err)
	}
}

func TestNamesFollowTheOwners(t *testing.T) {
	t.Parallel()
	p := grid(6, 6, 4, 0.01)
	for _, at := range p.At { // the quarters, named as nobody would by chance
		owner := int32(3)
		if at[0] > 2 {
			owner--
		}
		if at[1] > 2 {
			owner -= 2
		}
		p.Owner = append(p.Owner, owner)
	}
	plan := design(t, p, carve.Options{Seed: 4, Iterations: 100_000})
	if diff := cmp.Diff(1.0, plan.Report.Kept); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
}

func TestAnIslandGetsABridge(t *testing.T) {
	t.Parallel()
	p := grid(6, 4, 2, 0.1)
	p.At = append(p.At, orb.Point{9, 1}, orb.Point{10, 1})
	p.Measures[0].Of = append(p.Measures[0].Of, 1, 1)
	p.Edges = append(p.Edges, carve.Edge{A: 24, B: 25})
	plan := design(t, p, carve.Options{Seed: 1, Iterations: 50_000})
	if diff := cmp.Diff([]carve.Bridge{{A: 24, B: 11, Length: 4}}, plan.Bridges); diff != "" {
		t.Errorf("bridges (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]carve.Breach(nil), plan.Report.Broken); diff != "" {
		t.Errorf("broken (-want +got):\n%s", diff)
	}
}

func TestLockedUnitsAndBasesCount(t *testing.T) {
	t.Parallel()
	p := grid(10, 2, 2, 0.05)
	p.Territories[1] = carve.Territory{Base: orb.Point{0, 0}, Fixed: true}
	p.Locked = make([]int32, len(p.At))
	for u := range p.Locked {
		p.Locked[u] = carve.None
	}
	p.Locked[9], p.Locked[19] = 1, 1 // at the far end from its base
	plan := design(t, p, carve.Options{Seed: 1, Iterations: 100_000})
	if diff := cmp.Diff([]int32{1, 1}, []int32{plan.Of[9], plan.Of[19]}); diff != "" {
		t.Errorf("locked units (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(carve.None, plan.Report.Territories[1].Centre); diff != "" {
		t.Errorf("centre of a territory with a base (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]carve.Breach(nil), plan.Report.Broken); diff != "" {
		t.Errorf("broken (-want +got):\n%s", diff)
	}
}

func TestAProblemThatCannotBe(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		change func(p *carve.Problem)
		want   string
	}{
		{"no units", func(p *carve.Problem) { p.At = nil }, "units: there are none"},
		{"no territories", func(p *carve.Problem) { p.Territories = nil }, "territories: there are none"},
		{"no measures", func(p *carve.Problem) { p.Measures = nil }, "measures: there are none"},
		{"more territories than units", func(p *carve.Problem) { p.Territories = make([]carve.Territory, 10) }, "territories: 10 of them cannot share 9 units"},
		{"a point that is no number", func(p *carve.Problem) { p.At[2][0] = math.NaN() }, "units[2].at: not a number"},
		{"a latitude beyond the pole", func(p *carve.Problem) { p.Plane, p.At[2] = false, orb.Point{0, 91} }, "units[2].at: 0, 91 is no longitude and latitude"},
		{"a column too short", func(p *carve.Problem) { p.Measures[0].Of = nil }, "measure accounts: 0 values for 9 units"},
		{"a negative weight", func(p *carve.Problem) { p.Measures[0].Of[4] = -1 }, "measure accounts[4]: -1 is not a weight"},
		{"no tolerance at all", func(p *carve.Problem) { p.Measures[0].Tolerance = 0 }, "measure accounts: a tolerance must be above zero"},
		{"bounds the wrong way round", func(p *carve.Problem) { p.Measures[0].Min, p.Measures[0].Max = 5, 4 }, "measure accounts: at least 5 and at most 4 cannot both hold"},
		{"an edge to nowhere", func(p *carve.Problem) { p.Edges[3].B = 9 }, "edges[3]: unit 9 is not one of the 9"},
		{"no such objective", func(p *carve.Problem) { p.Objective = "beauty" }, `objective: "beauty" is none of inertia, distance and minutes`},
		{"minutes without any", func(p *carve.Problem) { p.Objective = carve.Minutes }, "travel: minutes are asked for and none are given"},
		{"an owner who is not there", func(p *carve.Problem) { p.Owner = []int32{0, 0, 0, 0, 0, 0, 0, 0, 2} }, "owner[8]: territory 2 is not one of the 2"},
		{"owners for some units", func(p *carve.Problem) { p.Owner = []int32{0} }, "owner: 1 values for 9 units"},
		{"a price below zero", func(p *carve.Problem) { p.ChangePrice = -1 }, "change_price: -1 is not a price"},
		{"a unit in two groups", func(p *carve.Problem) { p.Together = [][]int32{{1, 2}, {2, 3}} }, "together[1]: unit 2 is already in group 0"},
		{"a group locked apart", func(p *carve.Problem) {
			p.Together, p.Locked = [][]int32{{0, 1}}, []int32{0, 1, -1, -1, -1, -1, -1, -1, -1}
		}, "together[0]: its units are locked to territories 0 and 1"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			p := grid(3, 3, 2, 0.2)
			row.change(p)
			got := ""
			if _, err := carve.Design(context.Background(), p, carve.Options{Iterations: 100}); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}
