package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"catchment/routing/vrp"
)

// solveText runs catchment solve on a question and returns the answer's bytes and the exit code.
func solveText(t *testing.T, question string, c solveCommand) ([]byte, int) {
	t.Helper()
	folder := t.TempDir()
	c.Input, c.Output = filepath.Join(folder, "question.json"), filepath.Join(folder, "answer.json")
	if err := os.WriteFile(c.Input, []byte(question), 0o600); err != nil {
		t.Fatal(err)
	}
	if c.From == "" {
		c.From = "auto"
	}
	if c.Limit == 0 {
		c.Limit = time.Minute
	}
	if c.Threads == 0 {
		c.Threads = 1
	}
	code := 0
	if err := c.Run(context.Background(), &settings{Data: folder}); err != nil {
		code = exitCode(err)
	}
	answer, err := os.ReadFile(c.Output)
	if err != nil {
		t.Fatal(err)
	}
	return answer, code
}

func TestSolveAnswersWithVROOMsCodes(t *testing.T) {
	t.Parallel()
	const matrix = `"matrices":{"car":{"durations":[[0,60],[60,0]]}}`
	for _, test := range []struct {
		name, question string
		command        solveCommand
		code           int
		cost           int64
	}{
		{"a question with matrices", `{"jobs":[{"id":1,"location_index":1}],"vehicles":[{"id":1,"start_index":0,"end_index":0}],` + matrix + `}`,
			solveCommand{Iterations: 10}, 0, 120},
		{"coordinates along straight lines", `{"jobs":[{"id":1,"location":[0.01,0]}],"vehicles":[{"id":1,"start":[0,0]}]}`,
			solveCommand{Iterations: 10, Roads: "line", Geometry: true}, 0, 140},
		{"coordinates without any roads", `{"jobs":[{"id":1,"location":[0.01,0]}],"vehicles":[{"id":1,"start":[0,0]}]}`, solveCommand{Iterations: 10}, 3, 0},
		{"a field that makes no sense", `{"jobs":[{"id":1,"location_index":5}],"vehicles":[{"id":1}],` + matrix + `}`, solveCommand{Iterations: 10}, 2, 0},
		{"half a question", `{"jobs":`, solveCommand{}, 2, 0},
		{"times for an order that is given", `{"jobs":[{"id":1,"location_index":1}],"vehicles":[{"id":1,"start_index":0,"steps":[{"type":"job","id":1}]}],` + matrix + `}`,
			solveCommand{Choose: true}, 0, 60},
		{"a Solomon file", "X\nVEHICLE\nNUMBER CAPACITY\n1 9\nCUSTOMER\nCUST NO.\n0 0 0 0 0 99 0\n1 3 4 1 0 99 0\n", solveCommand{Iterations: 10}, 0, 100},
		{"no time at all", `{"jobs":[{"id":1,"location_index":1}],"vehicles":[{"id":1}],` + matrix + `}`, solveCommand{Limit: -1}, 2, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			text, code := solveText(t, test.question, test.command)
			var answer vrp.Solution
			if err := json.Unmarshal(text, &answer); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([3]int64{int64(test.code), int64(test.code), test.cost}, [3]int64{int64(code), int64(answer.Code), answer.Summary.Cost}); diff != "" {
				t.Errorf("exit code, code, cost (-want +got):\n%s\n%s", diff, text)
			}
			if test.command.Geometry && answer.Routes[0].Geometry == "" {
				t.Error("the route has no shape")
			}
		})
	}
}

func TestSolveBySeedAndIterationsIsRepeatableToTheByte(t *testing.T) {
	t.Parallel()
	question, err := os.ReadFile(filepath.Join("..", "..", "routing", "vrp", "testdata", "day.json"))
	if err != nil {
		t.Fatal(err)
	}
	c := solveCommand{Seed: 3, Threads: 2, Iterations: 300}
	first, _ := solveText(t, string(question), c)
	again, _ := solveText(t, string(question), c)
	if diff := cmp.Diff(string(first), string(again)); diff != "" {
		t.Errorf("(-first +again):\n%s", diff)
	}
}

func TestSolveTellsWhoElseCouldCome(t *testing.T) {
	t.Parallel()
	p := &vrp.Problem{
		Jobs:     []vrp.Job{{ID: 1, LocationIndex: new(1)}, {ID: 2, LocationIndex: new(1), Skills: []uint32{9}}},
		Vehicles: []vrp.Vehicle{{ID: 1, StartIndex: new(0)}, {ID: 2, StartIndex: new(2)}},
		Matrices: map[string]*vrp.Matrix{"car": {Size: 3, Durations: []int32{0, 60, 90, 60, 0, 80, 90, 80, 0}}},
	}
	c := solveCommand{Iterations: 10, Threads: 1, Limit: time.Minute, Explain: true}
	s, err := c.search(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	var told bytes.Buffer
	explainSolution(&told, p, s)
	want := "job 1: vehicle 1, costs 60; next best vehicle 2 at 80\njob 2: unassigned, skills; 2 vehicles skills; with skills on vehicle 1 it costs 0\n"
	if diff := cmp.Diff(want, told.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
