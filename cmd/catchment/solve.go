package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/routing"
	"catchment/routing/remote"
	"catchment/routing/road"
	"catchment/routing/vrp"
	"catchment/routing/vrp/check"
	"catchment/routing/vrp/draw"
	"catchment/routing/vrp/instances"
)

type solveCommand struct {
	Input      string        `default:"-" placeholder:"FILE" help:"The question; - is standard input."`
	Output     string        `default:"-" placeholder:"FILE" help:"Where the answer goes; - is standard output."`
	From       string        `default:"auto" enum:"auto,vroom,solomon,lilim,sdvrptw,pvrp" help:"Format of the question (${enum})."`
	To         string        `default:"auto" enum:"auto,vroom,pvrp" help:"Format of the answer (${enum}): that of a question in pvrp is pvrp, of others vroom."`
	Limit      time.Duration `default:"10s" help:"How long to search."`
	Seed       uint64        `default:"1" help:"Where chance starts."`
	Threads    int           `default:"2" help:"Searches side by side."`
	Iterations int           `help:"Search so many steps a thread instead of a time: the same answer each time, byte for byte."`
	Choose     bool          `short:"c" help:"Keep the order of the vehicles' steps and choose the times (plan mode)."`
	Geometry   bool          `short:"g" help:"Add the shape of each route, where roads are asked."`
	Vehicles   bool          `name:"vehicles-first" help:"Benchmarks: fewest vehicles first, distance in full precision, as SINTEF lists them."`
	Roads      string        `placeholder:"FILE|URL|line" help:"For coordinates without matrices: a prepared file of streets, the URL of an OSRM server, or line for straight lines. Otherwise the newest streets in the data folder."`
	Explain    bool          `help:"Tell on standard error what each visit costs, who else could take it, and what would make room for the rest."`
	Picture    string        `placeholder:"FILE" help:"Draw the plan into FILE.svg, FILE.html or FILE.geojson."`
	Progress   bool          `help:"Tell on standard error how the search comes on."`
}

// unsolvedError is a question that could not be answered, with VROOM's code for it.
type unsolvedError struct {
	code vrp.Code
	err  error
}

func (e *unsolvedError) Error() string { return e.err.Error() }

func (e *unsolvedError) Unwrap() error { return e.err }

// Run writes the answer, or VROOM's answer for what went wrong, and exits with its code.
func (c *solveCommand) Run(ctx context.Context, s *settings) error {
	instance, solution, err := c.solve(ctx, s)
	if err != nil {
		solution = vrp.Failure(err)
		err = &unsolvedError{solution.Code, err}
	}
	write := func(w io.Writer) error {
		if err == nil && (c.To == "pvrp" || c.To != "vroom" && instance.Format == instances.Periodic) {
			return instance.WritePeriodic(w, solution)
		}
		text, err := json.Marshal(solution)
		if err != nil {
			return err
		}
		_, err = w.Write(append(text, '\n'))
		return err
	}
	wrote := error(nil)
	if c.Output == "-" {
		wrote = write(os.Stdout)
	} else {
		wrote = replaceFile(c.Output, write)
	}
	return errors.Join(err, wrote)
}

func (c *solveCommand) solve(ctx context.Context, s *settings) (*instances.Instance, *vrp.Solution, error) {
	began := time.Now()
	in, err := c.question()
	if err != nil {
		return nil, nil, err
	}
	p := in.Problem
	var times vrp.ComputingTimes
	lap := func(into *int64) {
		*into, began = time.Since(began).Milliseconds(), time.Now()
	}
	lap(&times.Loading)
	roads := &solveRoads{folder: filepath.Join(s.Data, "streets"), choice: c.Roads}
	defer roads.close()
	if err := vrp.FillMatrices(ctx, p, roads.measure); err != nil {
		return nil, nil, err
	}
	lap(&times.Routing)
	solution, err := c.search(ctx, p)
	if err != nil {
		return nil, nil, err
	}
	lap(&times.Solving)
	if c.Geometry || p.Options != nil && p.Options.Geometry {
		if err := vrp.FillGeometry(ctx, p, solution, roads.shape); err != nil {
			return nil, nil, err
		}
		var drawing int64
		lap(&drawing)
		times.Routing += drawing
	}
	if c.Iterations == 0 { // what is repeatable tells no times
		solution.Summary.ComputingTimes = &times
	}
	if c.Picture != "" {
		if err := drawSolution(c.Picture, solution); err != nil {
			return nil, nil, err
		}
	}
	if c.Explain {
		explainSolution(os.Stderr, p, solution)
	}
	return in, solution, nil
}

// question reads the input.
func (c *solveCommand) question() (*instances.Instance, error) {
	in, name := io.Reader(os.Stdin), "standard input"
	if c.Input != "-" {
		f, err := os.Open(c.Input)
		if err != nil {
			return nil, &vrp.InputError{Field: "input", Message: err.Error()}
		}
		defer f.Close()
		in, name = f, c.Input
	}
	data, err := io.ReadAll(in)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	format, convention := instances.Format(c.From), instances.Dimacs
	if format == "auto" {
		format = instances.Guess(data)
	}
	if c.Vehicles {
		convention = instances.Sintef
	}
	return instances.Parse(data, name, format, convention)
}

func (c *solveCommand) search(ctx context.Context, p *vrp.Problem) (*vrp.Solution, error) {
	if c.Choose || p.Options != nil && p.Options.Choose {
		return vrp.Choose(p)
	}
	if c.Limit <= 0 || c.Threads < 1 || c.Threads > 256 || c.Iterations < 0 {
		return nil, &vrp.InputError{Field: "limit", Message: "and threads must be above 0, iterations not below, threads at most 256"}
	}
	o := vrp.Options{Seed: c.Seed, Threads: c.Threads, Iterations: c.Iterations, Now: time.Now, Remedies: c.Explain}
	if c.Iterations == 0 {
		limited, cancel := context.WithTimeout(ctx, c.Limit)
		defer cancel()
		ctx = limited
	}
	if c.Progress {
		o.Progress = func(p vrp.Progress) {
			fmt.Fprintf(os.Stderr, "%3.0f %%  cost %d, %d routes, %d unassigned, %d steps\n", 100*p.Share, p.Cost, p.Routes, p.Unassigned, p.Iterations)
		}
	}
	solution, err := vrp.Solve(ctx, p, o)
	if err != nil {
		return nil, err
	}
	if faults := check.Solution(p, solution); len(faults) > 0 {
		return nil, fmt.Errorf("the plan does not hold when added up again: %v", faults[0])
	}
	return solution, nil
}

// drawSolution writes a picture in the format that the file's name asks for.
func drawSolution(path string, solution *vrp.Solution) error {
	formats := map[string]func(io.Writer, *vrp.Solution) error{".svg": draw.SVG, ".html": draw.HTML, ".geojson": draw.GeoJSON}
	format := formats[filepath.Ext(path)]
	if format == nil {
		return &vrp.InputError{Field: "picture", Message: fmt.Sprintf("is %s: its name must end in .svg, .html or .geojson", path)}
	}
	return replaceFile(path, func(w io.Writer) error { return format(w, solution) })
}

// explainSolution tells what each planned visit costs, who else could take it, and why the rest is left out.
func explainSolution(out io.Writer, p *vrp.Problem, solution *vrp.Solution) {
	board, err := vrp.NewBoard(solution.Replan(p))
	if err != nil {
		fmt.Fprintln(out, "cannot explain:", err)
		return
	}
	for _, e := range board.Explain(1) {
		next := "nobody else can take it"
		if len(e.Others) > 0 {
			next = fmt.Sprintf("next best vehicle %d at %d", e.Others[0].Vehicle, e.Others[0].Cost)
		}
		fmt.Fprintf(out, "%s %d: vehicle %d, costs %d; %s\n", e.Type, e.ID, e.Vehicle, e.Cost, next)
	}
	for _, u := range solution.Unassigned {
		if u.Reason == nil {
			continue
		}
		fmt.Fprintf(out, "%s %d: unassigned, %s", u.Type, u.ID, u.Reason.Code)
		for _, v := range u.Reason.Vehicles {
			fmt.Fprintf(out, "; %d vehicles %s", v.Count, v.Code)
		}
		for _, r := range u.Reason.Remedies {
			fmt.Fprintf(out, "; with %s", r.Rule)
			if r.By > 0 {
				fmt.Fprintf(out, " by %d s", r.By)
			}
			fmt.Fprintf(out, " on vehicle %d it costs %d", r.Vehicle, r.Cost)
		}
		fmt.Fprintln(out)
	}
}

// solveRoads asks whatever roads there are without a database.
type solveRoads struct {
	folder string // of prepared streets
	choice string
	opened map[string]routing.Travel
	graphs []*road.Graph
}

func (r *solveRoads) close() {
	for _, g := range r.graphs {
		g.Close()
	}
}

// travel returns what answers for a profile.
func (r *solveRoads) travel(profile string) (routing.Travel, error) {
	if t := r.opened[profile]; t != nil {
		return t, nil
	}
	t, err := r.open(profile)
	if err != nil {
		return nil, err
	}
	if r.opened == nil {
		r.opened = make(map[string]routing.Travel)
	}
	r.opened[profile] = t
	return t, nil
}

func (r *solveRoads) open(profile string) (routing.Travel, error) {
	file := r.choice
	switch {
	case r.choice == "line":
		return routing.NewGreatCircle(), nil
	case strings.Contains(r.choice, "://"):
		server, err := remote.New(r.choice, getURL)
		if err != nil {
			return nil, crm.Invalidf("roads", "%v", err)
		}
		return server, nil
	case r.choice == "":
		files, err := filepath.Glob(filepath.Join(r.folder, "*-"+profile+".road"))
		if err != nil {
			return nil, err
		}
		slices.SortFunc(files, func(a, b string) int { return changed(b).Compare(changed(a)) })
		if len(files) == 0 {
			return nil, fmt.Errorf("no streets are prepared in %s: bring matrices, or say which --roads to use", r.folder)
		}
		file = files[0]
	}
	graph, err := road.Open(file)
	if err != nil {
		return nil, err
	}
	r.graphs = append(r.graphs, graph)
	if string(graph.Profile()) != profile {
		return nil, fmt.Errorf("%s holds the streets of profile %q", file, graph.Profile())
	}
	return graph, nil
}

// changed is when a file was last written; the zero time if it is gone.
func changed(path string) time.Time {
	info, err := os.Stat(path)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

// getURL asks the server named on the command line: who types it chose it.
func getURL(ctx context.Context, url string) (int, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, nil, err
	}
	response, err := (&http.Client{Timeout: time.Minute}).Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<28))
	return response.StatusCode, body, err
}

func (r *solveRoads) measure(ctx context.Context, profile string, at []orb.Point) (*vrp.Matrix, error) {
	travel, err := r.travel(profile)
	if err != nil {
		return nil, err
	}
	table, err := travel.Table(ctx, routing.Profile(profile), routing.AnyTime, at, at)
	if err != nil {
		return nil, err
	}
	matrix := &vrp.Matrix{Size: len(at), Durations: make([]int32, len(at)*len(at)), Distances: table.Meters}
	for i, tenths := range table.Tenths {
		if matrix.Durations[i] = vrp.Unreachable; tenths != routing.Unreachable {
			matrix.Durations[i] = (tenths + 5) / 10
		}
	}
	return matrix, nil
}

func (r *solveRoads) shape(ctx context.Context, profile string, through []orb.Point) (orb.LineString, error) {
	travel, err := r.travel(profile)
	if err != nil {
		return nil, err
	}
	route, err := travel.Route(ctx, routing.Profile(profile), routing.AnyTime, through)
	if err != nil {
		return nil, err
	}
	var line orb.LineString
	for _, leg := range route.Legs {
		line = append(line, leg.Shape...)
	}
	return line, nil
}
