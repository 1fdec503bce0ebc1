package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"catchment/crm"
)

// street is eight units in a row on a plane, one account each, and the edges between them.
func street(t *testing.T) (units, edges string) {
	t.Helper()
	var u, e strings.Builder
	u.WriteString("id,x,y,accounts,hours\n")
	e.WriteString("a,b\n")
	for i := range 8 {
		fmt.Fprintf(&u, "u%d,%d,0,1,%d\n", i, i, 1+i%2)
		if i > 0 {
			fmt.Fprintf(&e, "u%d,u%d\n", i-1, i)
		}
	}
	return file(t, u.String()), file(t, e.String())
}

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "table.csv")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// streetDesign divides the street by default into two halves.
func streetDesign(t *testing.T) *designCommand {
	units, edges := street(t)
	return &designCommand{Units: units, Edges: edges, Output: filepath.Join(t.TempDir(), "plan.csv"), Count: 2, Objective: "inertia", Seed: 1, Threads: 1, Iterations: 20_000, Limit: time.Second}
}

func TestADesignIsWritten(t *testing.T) {
	t.Parallel()
	halves := "id,territory\nu0,A\nu1,A\nu2,A\nu3,A\nu4,B\nu5,B\nu6,B\nu7,B\n"
	for _, row := range []struct {
		name   string
		change func(t *testing.T, c *designCommand)
		want   string
	}{
		{"two halves named by who has them today", func(t *testing.T, c *designCommand) {
			c.Existing = file(t, "id,territory\nu0,A\nu1,A\nu6,B\nu7,B\n")
		}, halves},
		{"two weights with a tolerance each", func(t *testing.T, c *designCommand) {
			c.Weight, c.Tolerance = []string{"accounts", "hours"}, []string{"5%", "0.1"}
			c.Fixed = file(t, "id,territory\nu0,A\nu7,B\n")
		}, halves},
		{"a locked unit pulls its territory along", func(t *testing.T, c *designCommand) {
			c.Fixed = file(t, "id,territory\nu0,A\nu7,B\n")
		}, halves},
		{"bases far apart", func(t *testing.T, c *designCommand) {
			c.Count = 0
			c.Homes = file(t, "territory,x,y\nA,0,0\nB,7,0\n")
		}, halves},
		{"minutes from bases", func(t *testing.T, c *designCommand) {
			c.Count, c.Objective = 0, "minutes"
			c.Homes = file(t, "territory,x,y\nA,0,0\nB,7,0\n")
			c.Minutes = file(t, "from,to,minutes\nA,u0,1\nA,u1,2\nA,u2,3\nA,u3,4\nB,u4,4\nB,u5,3\nB,u6,2\nB,u7,1\n")
		}, halves},
		{"units of a group stay together", func(t *testing.T, c *designCommand) {
			c.Fixed, c.Tolerance = file(t, "id,territory\nu0,A\nu7,B\n"), []string{"30%"}
			c.Together = file(t, "group,id\nestate,u3\nestate,u4\n")
		}, "id,territory\nu0,A\nu1,A\nu2,A\nu3,B\nu4,B\nu5,B\nu6,B\nu7,B\n"},
		{"as many as the capacity needs", func(t *testing.T, c *designCommand) {
			c.Count, c.Capacity = 0, 4
			c.Fixed = file(t, "id,territory\nu0,A\nu7,B\n")
		}, halves},
		{"one who leaves", func(t *testing.T, c *designCommand) {
			c.Existing = file(t, "id,territory\nu0,A\nu1,A\nu2,A\nu3,C\nu4,C\nu5,B\nu6,B\nu7,B\n")
			c.Drop, c.Count, c.ChangePrice = []string{"C"}, 0, 100
		}, halves},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c := streetDesign(t)
			row.change(t, c)
			if err := c.Run(context.Background()); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(c.Output)
			if err != nil {
				t.Fatal(err)
			}
			if row.name == "units of a group stay together" && strings.Contains(string(got), "u3,A\nu4,A") {
				return // the other side is as good
			}
			if diff := cmp.Diff(row.want, string(got)); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
			}
		})
	}
}

func TestADesignTellsWhatItIsWorth(t *testing.T) {
	t.Parallel()
	c := streetDesign(t)
	c.Report, c.Bound = filepath.Join(t.TempDir(), "report.json"), true
	c.Barriers = file(t, "a,b\nu3,u4\n")
	if err := c.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(c.Report)
	if err != nil {
		t.Fatal(err)
	}
	var got designReport
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if got.Bound == nil || *got.Bound > 12 || *got.Bound < 11 {
		t.Errorf("bound %v, want no more than 12", got.Bound)
	}
	got.Bound, got.Gap = nil, nil
	half := func(name, centre string) territoryReport {
		return territoryReport{Territory: name, Units: 4, Sums: []float64{4}, Deviation: []float64{0}, Centre: centre, Objective: 6, Furthest: 2, Pieces: 1}
	}
	want := designReport{Objective: 12, Kind: "inertia", Deviation: []float64{0}, Broken: []string{},
		Territories: []territoryReport{half("1", "u1"), half("2", "u5")}, Bridges: []bridgeReport{{"u4", "u3", 1}}}
	// which half is called 1, and which of two middles is the centre, is chance
	if got.Territories[0].Centre > got.Territories[1].Centre {
		got.Territories[0], got.Territories[1] = got.Territories[1], got.Territories[0]
		got.Territories[0].Territory, got.Territories[1].Territory = "1", "2"
	}
	if got.Bridges[0].A == "u3" {
		got.Bridges[0].A, got.Bridges[0].B = "u4", "u3"
	}
	for i, second := range []string{"u2", "u6"} {
		if got.Territories[i].Centre == second {
			got.Territories[i].Centre = want.Territories[i].Centre
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}

func TestWhatADesignCannotRead(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		change func(t *testing.T, c *designCommand)
		want   string
	}{
		{"no such column", func(t *testing.T, c *designCommand) { c.Weight = []string{"revenue"} }, `has no column "revenue"; there are id, x, y, accounts, hours`},
		{"an edge to nowhere", func(t *testing.T, c *designCommand) { c.Edges = file(t, "a,b\nu0,u1\nu1,u9\n") }, `line 3: unit "u9" is not in the file of units`},
		{"a unit twice", func(t *testing.T, c *designCommand) { c.Units = file(t, "id,x,y,w\nu0,1,1,1\nu0,1,1,1\n") }, `line 3: unit "u0" is there already`},
		{"a weight that is no number", func(t *testing.T, c *designCommand) { c.Units = file(t, "id,x,y,w\nu0,1,1,many\n") }, `line 2: "many" in column w is not a number`},
		{"a negative weight", func(t *testing.T, c *designCommand) {
			c.Units, c.Edges, c.Count = file(t, "id,x,y,w\nu0,1,1,-4\n"), "", 1
		}, "-4 is not a weight"},
		{"units nowhere", func(t *testing.T, c *designCommand) { c.Units = file(t, "id,w\nu0,1\n") }, "there are no columns lon and lat, nor x and y"},
		{"a latitude of 99", func(t *testing.T, c *designCommand) {
			c.Units, c.Edges, c.Count = file(t, "id,lon,lat,w\nu0,9,99,1\n"), "", 1
		}, "units of unit u0.at"},
		{"no number of territories", func(t *testing.T, c *designCommand) { c.Count = 0 }, "say how many territories"},
		{"more territories than units", func(t *testing.T, c *designCommand) { c.Count = 9 }, "9 of them cannot share 8 units"},
		{"bounds that leave no room", func(t *testing.T, c *designCommand) { c.Min, c.Max = 5, 6 }, "bounds of 5 and 6 cannot be held"},
		{"a tolerance of 5", func(t *testing.T, c *designCommand) { c.Tolerance = []string{"5"} }, "write 5% for per cent"},
		{"two tolerances for one weight", func(t *testing.T, c *designCommand) { c.Tolerance = []string{"5%", "6%"} }, "there are 2 for 1 weights"},
		{"minutes without a table", func(t *testing.T, c *designCommand) { c.Objective = "minutes" }, "name a file of them"},
		{"one group in two territories", func(t *testing.T, c *designCommand) {
			c.Together, c.Fixed = file(t, "group,id\ng,u0\ng,u1\n"), file(t, "id,territory\nu0,A\nu1,B\n")
		}, "locked to territories"},
		{"one territory too many named", func(t *testing.T, c *designCommand) {
			c.Fixed = file(t, "id,territory\nu0,A\nu1,B\nu2,C\n")
		}, `no territory "C" and no room for another`},
		{"more existing than wanted", func(t *testing.T, c *designCommand) {
			c.Existing = file(t, "id,territory\nu0,A\nu1,B\nu2,C\n")
		}, "say which go with --drop"},
		{"an empty file", func(t *testing.T, c *designCommand) { c.Units = file(t, "") }, "has no header"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c := streetDesign(t)
			row.change(t, c)
			err := c.Run(context.Background())
			if crm.KindOf(err) != crm.Invalid || !strings.Contains(err.Error(), row.want) {
				t.Errorf("error %v, want one that says %q", err, row.want)
			}
			if _, err := os.Stat(c.Output); err == nil {
				t.Error("a plan was written")
			}
		})
	}
}
