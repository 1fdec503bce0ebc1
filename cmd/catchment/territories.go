package main

import (
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"catchment/crm"
	"catchment/territories/carve"
)

type carveCommands struct {
	Units    unitsCommand    `cmd:"" help:"Gather the sites into hexagons to design territories of."`
	Design   designCommand   `cmd:"" help:"Divide units among territories: balanced, each in one piece, compact. Needs no database."`
	Draft    draftCommand    `cmd:"" help:"Make a model of a plan, and give every site its territory in it."`
	Models   modelsCommand   `cmd:"" help:"List the models."`
	Activate activateCommand `cmd:"" help:"Put a model in force: access follows at once."`
}

type designCommand struct {
	Units    string `required:"" placeholder:"FILE" help:"CSV: id, lon, lat (or x, y on a plane), and a column for each weight."`
	Edges    string `placeholder:"FILE" help:"CSV a,b: the units that touch. Without it neighbours are told from the points."`
	Barriers string `placeholder:"FILE" help:"CSV a,b: edges that nobody crosses."`
	Output   string `required:"" placeholder:"FILE" help:"CSV to write: id,territory."`
	Report   string `placeholder:"FILE" help:"JSON to write: sums, centres, bridges and what is broken."`

	Count     int           `help:"Number of territories; as many as there are homes or existing ones if not given."`
	Capacity  float64       `placeholder:"SUM" help:"The most of the first weight one territory can take: gives --count, if not given, and --max."`
	Weight    []string      `placeholder:"COLUMN" help:"What is balanced; the first column of numbers if not given."`
	Tolerance []string      `placeholder:"PERCENT" help:"How far from its share a territory may be: one for all weights, or one each. 5% if not given."`
	Min       float64       `placeholder:"SUM" help:"Least of the first weight a territory may have."`
	Max       float64       `placeholder:"SUM" help:"Most of the first weight a territory may have."`
	Objective string        `enum:"inertia,distance,minutes" default:"inertia" help:"What compact means (${enum})."`
	Pull      string        `placeholder:"COLUMN" help:"What weighs a unit in the objective: the first weight if not given, and for distance every unit the same."`
	Minutes   string        `placeholder:"FILE" help:"CSV from,to,minutes for the objective minutes; from is a unit, or a territory of --homes."`
	Loose     bool          `help:"Let territories lie in several pieces."`
	Limit     time.Duration `default:"20s" help:"How long to search."`
	Seed      uint64        `default:"1" help:"Where chance starts."`
	Threads   int           `default:"2" help:"Searches side by side."`

	Iterations int64 `placeholder:"N" help:"Search this many changes a thread instead of --limit: the same answer every time."`
	Bound      bool  `help:"Also tell a bound that no plan can be below, and the gap to it; takes up to a quarter of --limit more."`

	Existing    string   `placeholder:"FILE" help:"CSV id,territory: who has what today."`
	ChangePrice float64  `placeholder:"PRICE" help:"What a change of owner costs for each one of the first weight: km² for inertia, km, or minutes."`
	Drop        []string `placeholder:"NAME" help:"Existing territories that there shall be no longer."`
	Homes       string   `placeholder:"FILE" help:"CSV territory,lon,lat (or x,y): bases the objective is measured from."`
	Fixed       string   `placeholder:"FILE" help:"CSV id,territory: units that stay where they are."`
	Together    string   `placeholder:"FILE" help:"CSV group,id: units that must share a territory."`
}

// Run designs territories and writes the plan. A plan that cannot hold what is asked is written all the same, and
// what is broken makes the exit code 1.
func (c *designCommand) Run(ctx context.Context) error {
	job, err := c.read()
	if err != nil {
		return err
	}
	var plan *carve.Plan
	err = step("territories", func(progress func(float64)) (err error) {
		plan, err = c.search(ctx, job.problem, progress)
		return err
	})
	var input *carve.InputError
	switch {
	case errors.As(err, &input):
		return crm.Invalidf(job.named(input.Field), "%s", input.Message)
	case err != nil:
		return err
	}
	if err := replaceFile(c.Output, func(w io.Writer) error { return job.write(w, plan.Of) }); err != nil {
		return err
	}
	var bound *carve.Bound
	if c.Bound {
		limited, cancel := context.WithTimeout(ctx, max(c.Limit/4, time.Second))
		defer cancel()
		bound = carve.LowerBound(limited, job.problem, plan)
	}
	if c.Report != "" {
		err := replaceFile(c.Report, func(w io.Writer) error {
			encoder := json.NewEncoder(w)
			encoder.SetIndent("", "  ")
			return encoder.Encode(job.report(plan, bound))
		})
		if err != nil {
			return err
		}
	}
	return job.tell(plan, bound)
}

func (c *designCommand) search(ctx context.Context, p *carve.Problem, progress func(float64)) (*carve.Plan, error) {
	o := carve.Options{Seed: c.Seed, Iterations: c.Iterations, Threads: c.Threads, Progress: func(g carve.Progress) { progress(g.Share) }}
	if c.Iterations == 0 {
		limited, cancel := context.WithTimeout(ctx, c.Limit)
		defer cancel()
		ctx, o.Now = limited, time.Now
	}
	return carve.Design(ctx, p, o)
}

// designJob is what the files of a design say, and the names in them.
type designJob struct {
	problem *carve.Problem
	ids     []string
	number  map[string]int32 // of each unit, by id
	names   map[string]int32 // of each territory
	unit    string           // of length
}

func (j *designJob) write(w io.Writer, of []int32) error {
	out := csv.NewWriter(w)
	_ = out.Write([]string{"id", "territory"}) // Error tells
	for u, territory := range of {
		_ = out.Write([]string{j.ids[u], j.problem.Territories[territory].Name})
	}
	out.Flush()
	return out.Error()
}

// named turns the number of a unit in a field, such as units[3].at, into its id.
func (j *designJob) named(field string) string {
	head, rest, found := strings.Cut(field, "[")
	number, tail, closed := strings.Cut(rest, "]")
	u, err := strconv.Atoi(number)
	if !found || !closed || err != nil || u >= len(j.ids) || head == "territories" || head == "edges" || head == "together" {
		return field
	}
	return fmt.Sprintf("%s of unit %s%s", head, j.ids[u], tail)
}

type designReport struct {
	Objective   float64           `json:"objective"`
	Kind        carve.Objective   `json:"objective_kind"`
	Bound       *float64          `json:"bound,omitempty"`
	Gap         *float64          `json:"gap,omitempty"`
	Deviation   []float64         `json:"deviation"`
	Kept        *float64          `json:"kept,omitempty"`
	CutEdges    int               `json:"cut_edges"`
	Territories []territoryReport `json:"territories"`
	Bridges     []bridgeReport    `json:"bridges"`
	Broken      []string          `json:"broken"`
}

type territoryReport struct {
	Territory string    `json:"territory"`
	Units     int       `json:"units"`
	Sums      []float64 `json:"sums"`
	Deviation []float64 `json:"deviation"`
	Centre    string    `json:"centre,omitempty"`
	Objective float64   `json:"objective"`
	Furthest  float64   `json:"furthest"`
	Pieces    int       `json:"pieces,omitempty"`
}

type bridgeReport struct {
	A      string  `json:"a"`
	B      string  `json:"b"`
	Length float64 `json:"length"`
}

func (j *designJob) report(plan *carve.Plan, bound *carve.Bound) designReport {
	r := plan.Report
	out := designReport{Objective: r.Objective, Kind: j.problem.Objective, Deviation: r.Deviation, CutEdges: r.CutEdges, Bridges: []bridgeReport{}, Broken: j.broken(r)}
	if bound != nil {
		gap := bound.Gap(r)
		out.Bound, out.Gap = &bound.Value, &gap
	}
	if j.problem.Owner != nil {
		out.Kept = &r.Kept
	}
	for _, t := range r.Territories {
		row := territoryReport{Territory: t.Name, Units: t.Units, Sums: t.Sums, Deviation: t.Deviation, Objective: t.Objective, Furthest: t.Furthest, Pieces: t.Pieces}
		if t.Centre != carve.None {
			row.Centre = j.ids[t.Centre]
		}
		out.Territories = append(out.Territories, row)
	}
	for _, b := range plan.Bridges {
		out.Bridges = append(out.Bridges, bridgeReport{j.ids[b.A], j.ids[b.B], b.Length})
	}
	return out
}

// broken says in words what a plan does not hold.
func (j *designJob) broken(r *carve.Report) []string {
	said := []string{}
	for _, b := range r.Broken {
		var units []string
		for _, u := range b.Units {
			units = append(units, j.ids[u])
		}
		name := ""
		if b.Territory != carve.None {
			name = j.problem.Territories[b.Territory].Name
		}
		switch b.Kind {
		case carve.Unbalanced:
			m := j.problem.Measures[b.Measure]
			said = append(said, fmt.Sprintf("territory %s: its %s of %s is %s outside the bounds", name, m.Name, plain(r.Territories[b.Territory].Sums[b.Measure]), plain(b.By)))
		case carve.Apart:
			said = append(said, fmt.Sprintf("territory %s: %s units lie apart from the rest, such as %s", name, plain(b.By), strings.Join(units, ", ")))
		case carve.Empty:
			said = append(said, fmt.Sprintf("territory %s has no units", name))
		case carve.Unlocked:
			said = append(said, fmt.Sprintf("unit %s is not in its territory %s", strings.Join(units, ", "), name))
		default:
			said = append(said, fmt.Sprintf("%s: %s", b.Kind, strings.Join(units, ", ")))
		}
	}
	return said
}

// plain writes a number without an exponent and without more digits than it needs.
func plain(v float64) string {
	if math.Abs(v) >= 1000 {
		return strconv.FormatFloat(math.Round(v), 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}

// tell says at the terminal how it went.
func (j *designJob) tell(plan *carve.Plan, bound *carve.Bound) error {
	r := plan.Report
	say("%d units in %d territories; %s %s.", len(j.ids), len(r.Territories), j.problem.Objective, plain(r.Objective))
	if bound != nil {
		say("No plan can be below %s: the gap is at most %.2f %%.", plain(bound.Value), 100*bound.Gap(r))
	}
	for i, m := range j.problem.Measures {
		say("%s: at most %.2f %% from the share of each.", m.Name, 100*r.Deviation[i])
	}
	if j.problem.Owner != nil {
		say("%.1f %% of %s keep their owner.", 100*r.Kept, j.problem.Measures[0].Name)
	}
	for _, b := range plan.Bridges {
		say("Nothing joins %s to the rest: a bridge to %s, %.1f %s.", j.ids[b.A], j.ids[b.B], b.Length, j.unit)
	}
	broken := j.broken(r)
	if len(broken) == 0 {
		return nil
	}
	for i, text := range broken {
		if i == 10 {
			say("  … and %d more", len(broken)-10)
			break
		}
		say("  %s", text)
	}
	return fmt.Errorf("the plan is the best found and does not hold all that was asked: %s", broken[0])
}

// names of territories in the order they were first told, without those dropped.
func (j *designJob) territory(name string) int32 {
	if number, known := j.names[name]; known {
		return number
	}
	number := int32(len(j.problem.Territories))
	j.names[name] = number
	j.problem.Territories = append(j.problem.Territories, carve.Territory{Name: name})
	return number
}

// fill adds territories without a name of their own until there are as many as wanted.
func (j *designJob) fill(count int) {
	for i := 1; len(j.problem.Territories) < count; i++ {
		if name := strconv.Itoa(i); j.names[name] == 0 {
			if _, known := j.names[name]; !known {
				j.territory(name)
			}
		}
	}
}

// sortNames lets territories that only --existing tells come in the order of their names, numbers as numbers.
func sortNames(names []string) {
	slices.SortFunc(names, func(a, b string) int {
		x, errX := strconv.Atoi(a)
		y, errY := strconv.Atoi(b)
		if errX == nil && errY == nil {
			return cmp.Compare(x, y)
		}
		return cmp.Compare(a, b)
	})
}
