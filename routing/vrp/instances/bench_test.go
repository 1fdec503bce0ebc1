package instances_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"catchment/routing/vrp"
	"catchment/routing/vrp/check"
	"catchment/routing/vrp/instances"
)

var (
	sets    = flag.String("sets", "fieldservice,solomon100,solomon100:sintef,gh200,gh400,lilim100,lilim200,sdvrptw,pvrp", "folders of BENCH/vrp, and pvrp, to run; with :sintef vehicles count first")
	only    = flag.String("only", "", "run only files whose name contains this")
	limit   = flag.Duration("limit", 0, "time per file; 0 for 10 s, with vehicles first or 200 customers and more 30 s, with 400 60 s")
	threads = flag.Int("threads", 2, "threads per file")
	seeds   = flag.Int("seeds", 1, "seeds 1 to this; the median counts")
	dump    = flag.String("dump", "", "folder to write each question and answer to")
	quick   = flag.Bool("quick", false, "about a quarter of an hour: each sixth file")
	rounds  = flag.Int("iterations", 0, "iterations per thread instead of a time limit")
	every   = flag.Int("every", 1, "take each n-th file only")
)

// known is a line of a bks.csv.
type known struct {
	cost                           float64
	vehicles, unassigned, priority int
}

func bestKnown(b *testing.B, folder string, convention instances.Convention) map[string]known {
	f, err := os.Open(filepath.Join(folder, "bks.csv"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	reader := csv.NewReader(f)
	reader.FieldsPerRecord = -1
	rows, err := reader.ReadAll()
	if err != nil {
		b.Fatal(err)
	}
	out := make(map[string]known)
	column := make(map[string]int)
	for i, name := range rows[0] {
		column[name] = i
	}
	number := func(row []string, name string) float64 {
		i, ok := column[name]
		if !ok || i >= len(row) {
			return 0
		}
		x, _ := strconv.ParseFloat(row[i], 64)
		return x
	}
	for _, row := range rows[1:] {
		if instances.Convention(row[1]) == convention {
			out[row[0]] = known{number(row, "cost"), int(number(row, "vehicles")), int(number(row, "unassigned")), int(number(row, "priority"))}
		}
	}
	return out
}

// bestPeriodic reads the costs at the head of the solution files beside the periodic instances.
func bestPeriodic(b *testing.B, folder string) map[string]known {
	out := make(map[string]known)
	files, _ := filepath.Glob(filepath.Join(folder, "*.res"))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		first, _, _ := strings.Cut(string(text), "\n")
		cost, err := strconv.ParseFloat(strings.TrimSpace(first), 64)
		if err != nil {
			b.Fatal(err)
		}
		out[strings.TrimSuffix(filepath.Base(file), ".res")] = known{cost: cost}
	}
	return out
}

// BenchmarkSets plans the files under BENCH/vrp and compares with the best known plans. Every answer is
// re-added by package check. Call it with -bench Sets -benchtime 1x and the flags above.
func BenchmarkSets(b *testing.B) {
	root := os.Getenv("BENCH")
	if root == "" {
		b.Skip("BENCH is not set")
	}
	for _, set := range strings.Split(*sets, ",") {
		b.Run(set, func(b *testing.B) {
			folder, measure, _ := strings.Cut(set, ":")
			runSet(b, filepath.Join(root, "vrp", folder), folder, measure == "sintef")
		})
	}
}

func runSet(b *testing.B, folder, set string, fewer bool) {
	convention, patience := instances.Dimacs, 10*time.Second
	switch {
	case set == "fieldservice":
		convention = instances.JSON
	case set == "pvrp":
		folder, patience = filepath.Join(filepath.Dir(filepath.Dir(folder)), set), time.Minute
	case strings.HasPrefix(set, "lilim") || fewer:
		convention = instances.Sintef
	}
	switch {
	case *limit > 0:
		patience = *limit
	case set == "gh400":
		patience = time.Minute
	case set != "pvrp" && set != "fieldservice" && set != "solomon100" || convention == instances.Sintef:
		patience = 30 * time.Second
	}
	if *quick {
		*every = 6
	}
	best := map[string]known{}
	if set == "pvrp" {
		best = bestPeriodic(b, folder)
	} else {
		best = bestKnown(b, folder, convention)
	}
	files, _ := filepath.Glob(filepath.Join(folder, "*"))
	slices.Sort(files)
	var gaps float64
	count, better, equal, worse, taken := 0, 0, 0, 0, 0
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
		if _, ok := best[name]; !ok || strings.HasSuffix(file, ".res") || !strings.Contains(name, *only) {
			continue
		}
		if taken++; (taken-1)%*every != 0 {
			continue
		}
		in, err := instances.Read(file, convention)
		if err != nil {
			b.Fatal(err)
		}
		var answers []*vrp.Solution
		var took time.Duration
		for seed := range *seeds {
			began := time.Now()
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			if *rounds > 0 {
				ctx = context.Background()
			}
			s, err := vrp.Solve(ctx, in.Problem, vrp.Options{Seed: uint64(seed + 1), Iterations: *rounds, Threads: *threads, Now: time.Now,
				Progress: func(p vrp.Progress) {
					if testing.Verbose() {
						fmt.Fprintf(os.Stderr, "  %3.0f %% %9d iterations %9d cost %3d unassigned %3d routes\n", 100*p.Share, p.Iterations, p.Cost, p.Unassigned, p.Routes)
					}
				}})
			cancel()
			took = max(took, time.Since(began))
			if err != nil {
				b.Fatalf("%s: %v", name, err)
			}
			for _, fault := range check.Solution(in.Problem, s) {
				b.Errorf("%s: %v", name, fault)
			}
			answers = append(answers, s)
		}
		order := func(x, y *vrp.Solution) int {
			if x.Summary.Priority != y.Summary.Priority {
				return y.Summary.Priority - x.Summary.Priority
			}
			if x.Summary.Unassigned != y.Summary.Unassigned {
				return x.Summary.Unassigned - y.Summary.Unassigned
			}
			return int(x.Summary.Cost - y.Summary.Cost)
		}
		slices.SortFunc(answers, order)
		s, k := answers[len(answers)/2], best[name]
		if *dump != "" {
			for ending, value := range map[string]any{".json": in.Problem, ".answer.json": s} {
				text, err := json.Marshal(value)
				if err == nil {
					err = os.WriteFile(filepath.Join(*dump, name+ending), text, 0o644)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		}
		cost := in.Cost(s)
		gap := 100 * (cost/k.cost - 1)
		verdict := 0
		if convention == instances.JSON {
			verdict = order(s, &vrp.Solution{Summary: vrp.Summary{Priority: k.priority, Unassigned: k.unassigned, Cost: int64(k.cost + 0.5)}})
		} else if convention == instances.Sintef && s.Summary.Routes != k.vehicles {
			verdict = s.Summary.Routes - k.vehicles
		} else if gap > 0.0005 {
			verdict = 1
		}
		count++
		gaps += gap
		switch {
		case verdict < 0:
			better++
		case verdict == 0:
			equal++
		default:
			worse++
		}
		fmt.Printf("%-14s cost %10.2f (%10.2f) %7.3f %%  routes %3d (%3d)  unassigned %3d (%3d)  priority %5d (%5d)  %6.2f s\n", name, cost, k.cost, gap,
			s.Summary.Routes, k.vehicles, s.Summary.Unassigned, k.unassigned, s.Summary.Priority, k.priority, took.Seconds())
	}
	if count > 0 {
		fmt.Printf("%s: %d files, mean gap %.3f %%, %d better, %d equal, %d worse than best known (field service: than VROOM)\n", set, count, gaps/float64(count), better, equal, worse)
	}
}
