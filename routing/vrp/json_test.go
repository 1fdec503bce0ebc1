package vrp_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"catchment/routing/vrp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestGoldenAnswer keeps the answer's JSON, key by key, for a request that uses most of VROOM's keys.
func TestGoldenAnswer(t *testing.T) {
	t.Parallel()
	request, err := os.ReadFile(filepath.Join("testdata", "day.json"))
	if err != nil {
		t.Fatal(err)
	}
	var p vrp.Problem
	if err := json.Unmarshal(request, &p); err != nil {
		t.Fatal(err)
	}
	got, err := json.MarshalIndent(solve(t, &p, vrp.Options{Seed: 1, Iterations: 500}), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "day.answer.json")
	if *update {
		if err := os.WriteFile(golden, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)+"\n"); diff != "" {
		t.Errorf("(-want +got; -update rewrites):\n%s", diff)
	}
}

func TestARequestSurvivesReadingAndWriting(t *testing.T) {
	t.Parallel()
	request, err := os.ReadFile(filepath.Join("testdata", "day.json"))
	if err != nil {
		t.Fatal(err)
	}
	var p, again vrp.Problem
	if err := json.Unmarshal(request, &p); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(&p)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(p, again); diff != "" {
		t.Errorf("(-read +read again):\n%s", diff)
	}
	var want, got any
	if err := json.Unmarshal(request, &want); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-file +written):\n%s", diff)
	}
}

func TestMatricesThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, text, want string }{
		{"a row too short", `{"durations":[[0,1],[1]]}`, "durations row 1 has 1 numbers, the first row 2"},
		{"too few rows", `{"durations":[[0,1]]}`, "durations is not square: 1 rows of 2 numbers"},
		{"a word", `{"durations":[[0,"x"],[1,0]]}`, `durations row 0 holds "x" where a whole number from 0 belongs`},
		{"a fraction", `{"durations":[[0,1.5],[1,0]]}`, "durations row 0 holds 1.5 where a whole number from 0 belongs"},
		{"a negative", `{"durations":[[0,-1],[1,0]]}`, "durations row 0 holds -1 where a whole number from 0 belongs"},
		{"numbers without rows", `{"durations":[0,1]}`, "durations row 0 holds 0 where a whole number from 0 belongs"},
		{"rows of rows", `{"durations":[[[0]]]}`, "durations row 0 holds an array where a number belongs"},
		{"two sizes", `{"durations":[[0]],"distances":[[0,1],[1,0]]}`, "distances has 2 rows where another matrix of the profile has 1"},
		{"an empty one", `{"durations":[]}`, ""},
		{"null for no way", `{"durations":[[0,null],[1,0]]}`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var m vrp.Matrix
			got := ""
			if err := json.Unmarshal([]byte(test.text), &m); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzMatrix(f *testing.F) {
	f.Add(`{"durations":[[0,1],[1,0]],"costs":[[0,null],[4294967295,0]]}`)
	f.Fuzz(func(t *testing.T, text string) {
		var m, again vrp.Matrix
		if json.Unmarshal([]byte(text), &m) != nil {
			return
		}
		out, err := json.Marshal(&m)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(out, &again); err != nil {
			t.Fatalf("%v in %s", err, out)
		}
		if diff := cmp.Diff(m, again); diff != "" {
			t.Fatal(diff)
		}
	})
}
