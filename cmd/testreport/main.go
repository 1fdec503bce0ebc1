// Command testreport reads what the test runners wrote into a folder, prints what failed and the counts, and fails
// if anything did, or if a test was skipped that may not be.
//
//	testreport FOLDER    files: go and front (lines of `go test -json`)
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// event is a line of `go test -json`.
type event struct {
	Action, Package, Test, Output string
	FailedBuild                   string
}

// report gathers what became of every test.
type report struct {
	passed, failed, skipped int
	failures                []string
	output                  map[string][]string
	wrongSkips              []string
	packages                map[string]bool // that failed without a failing test, such as by not building
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: testreport FOLDER")
		os.Exit(2)
	}
	r := report{output: map[string][]string{}, packages: map[string]bool{}}
	for _, name := range []string{"front", "go"} {
		if err := r.readGo(filepath.Join(os.Args[1], name)); err != nil {
			fmt.Fprintln(os.Stderr, "testreport:", err)
			os.Exit(1)
		}
	}
	if !r.print() {
		os.Exit(1)
	}
}

func (r *report) readGo(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 64<<20)
	subtests := map[string]bool{} // tests that have subtests count through them
	failedTests := map[string]bool{}
	var results []event
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			continue
		}
		key := e.Package + " " + e.Test
		switch e.Action {
		case "output", "build-output":
			r.output[key] = append(r.output[key], e.Output)
		case "pass", "fail", "skip":
			results = append(results, e)
			if parent, _, found := cutLast(e.Test, "/"); found {
				subtests[e.Package+" "+parent] = true
			}
			if e.Action == "fail" && e.Test != "" {
				failedTests[e.Package] = true
			}
		}
	}
	for _, e := range results {
		key := e.Package + " " + e.Test
		switch {
		case e.Test == "" && e.Action == "fail" && !failedTests[e.Package]:
			r.failed++
			r.failures = append(r.failures, key)
		case e.Test == "" || subtests[key] && e.Action != "fail":
		case e.Action == "pass":
			r.passed++
		case e.Action == "skip":
			r.skipped++
			if why := strings.Join(r.output[key], ""); !strings.Contains(why, "EXTRACTS") && !strings.Contains(why, "BENCH") {
				r.wrongSkips = append(r.wrongSkips, key)
			}
		case !subtests[key]:
			r.failed++
			r.failures = append(r.failures, key)
		}
	}
	return lines.Err()
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

func (r *report) print() bool {
	slices.Sort(r.failures)
	for _, key := range r.failures {
		fmt.Printf("\n✗ %s\n", key)
		out := strings.Join(r.output[key], "")
		if out == "" {
			pkg, _, _ := strings.Cut(key, " ")
			for k, lines := range r.output {
				if strings.HasPrefix(k, pkg+" ") {
					out += strings.Join(lines, "")
				}
			}
		}
		if len(out) > 12_000 {
			out = out[:4000] + "\n…\n" + out[len(out)-8000:]
		}
		fmt.Print(out)
	}
	for _, key := range r.wrongSkips {
		fmt.Printf("✗ skipped, though only tests on real data may be: %s\n", key)
	}
	failed := r.failed + len(r.wrongSkips)
	fmt.Printf("\n%d passed, %d failed, %d skipped\n", r.passed, failed, r.skipped)
	return failed == 0 && r.passed > 0
}
