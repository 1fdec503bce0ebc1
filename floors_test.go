package catchment_test

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// floors of the house, from the ground up: a package may import those below it and, on its own floor, only what
// rooms lists. The first prefix that fits counts.
var floors = []struct {
	prefix string
	floor  int
}{
	{"catchment/migrations", 0},
	{"catchment/geo/postgis", 4},
	{"catchment/geo/basemap", 5}, {"catchment/geo/geocode", 5}, {"catchment/geo/extract", 5},
	{"catchment/geo/hex", 1}, {"catchment/geo/osm", 1}, {"catchment/geo/town", 2}, {"catchment/geo/cells", 2}, {"catchment/geo/exchange", 1}, {"catchment/geo", 0},
	{"catchment/routing/vrp", 3}, {"catchment/routing/road", 3}, {"catchment/routing/remote", 3},
	{"catchment/routing/dispatch", 20}, {"catchment/routing", 2},
	{"catchment/territories/carve", 3},
	{"catchment/crm/record", 11}, {"catchment/crm/outbox", 11}, {"catchment/crm/customer", 12}, {"catchment/crm/work", 13}, {"catchment/crm/region", 13},
	{"catchment/crm/kinds", 15}, {"catchment/crm/sales", 14}, {"catchment/crm/service", 14},
	{"catchment/crm/files", 12}, {"catchment/crm/exchange", 16},
	{"catchment/crm/queue", 10}, {"catchment/crm", 10},
	{"catchment/tiles", 15}, {"catchment/territories", 15},
	{"catchment/demo", 21},
	{"catchment/web/live", 30}, {"catchment/web/outbound", 30}, {"catchment/web/login", 31}, {"catchment/web/api", 32}, {"catchment/web", 33},
	{"catchment/cmd", 40},
	{"catchment/e2e", 50},
	{"catchment", 60},
}

// sisters are packages of one floor that belong together: the second may be imported by the first.
var sisters = [][2]string{
	{"catchment/routing/vrp/check", "catchment/routing/vrp"},
	{"catchment/routing/vrp/instances", "catchment/routing/vrp"},
	{"catchment/routing/vrp/draw", "catchment/routing/vrp"},
	{"catchment/routing/road/osrm", "catchment/routing/road"},
	{"catchment/crm/queue", "catchment/crm"},
}

// only names the packages that alone may import something.
var only = map[string][]string{
	"net/http":                    {"catchment/web", "catchment/cmd", "catchment/e2e"},
	"github.com/uber/h3-go/v4":    {"catchment/geo/hex"},
	"github.com/twpayne/go-geom":  {"catchment/geo/postgis", "catchment/geo/track"},
	"github.com/twpayne/pgx-geom": {"catchment/geo/postgis"},
}

// engines know no database, network or clock.
var engines = []string{"catchment/geo/cells", "catchment/geo/exchange", "catchment/geo/hex", "catchment/geo/osm", "catchment/geo/town", "catchment/routing/road", "catchment/routing/vrp", "catchment/territories/carve"}

func floorOf(path string) (int, bool) {
	for _, f := range floors {
		if path == f.prefix || strings.HasPrefix(path, f.prefix+"/") {
			return f.floor, f.prefix != "catchment" || path == "catchment"
		}
	}
	return 0, false
}

type listed struct {
	ImportPath string
	Imports    []string
}

func packages(t *testing.T) []listed {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func TestImportsGoDownOnly(t *testing.T) {
	for _, p := range packages(t) {
		floor, known := floorOf(p.ImportPath)
		if !known {
			t.Errorf("%s stands on no floor: give it one here and in docs/architecture.md", p.ImportPath)
			continue
		}
		for _, path := range p.Imports {
			if path != "catchment" && !strings.HasPrefix(path, "catchment/") {
				continue
			}
			below, _ := floorOf(path)
			if below > floor || below == floor && !slices.Contains(sisters, [2]string{p.ImportPath, path}) {
				t.Errorf("%s (floor %d) imports %s (floor %d): imports go down", p.ImportPath, floor, path, below)
			}
		}
	}
}

func TestRoomsKeepToTheirTools(t *testing.T) {
	within := func(path string, prefixes []string) bool {
		return slices.ContainsFunc(prefixes, func(prefix string) bool { return path == prefix || strings.HasPrefix(path, prefix+"/") })
	}
	for _, p := range packages(t) {
		for _, path := range p.Imports {
			for tool, allowed := range only {
				if (path == tool || strings.HasPrefix(path, tool+"/")) && !within(p.ImportPath, allowed) {
					t.Errorf("%s imports %s: only %s may", p.ImportPath, path, strings.Join(allowed, ", "))
				}
			}
			if within(p.ImportPath, engines) && (strings.Contains(path, "pgx") || path == "net" || path == "os/exec") {
				t.Errorf("%s is an engine and imports %s", p.ImportPath, path)
			}
		}
	}
}

func TestTheEnvironmentIsReadInCmdAlone(t *testing.T) {
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == "data" || strings.HasPrefix(entry.Name(), ".") && path != "."):
			return fs.SkipDir
		case !strings.HasSuffix(path, ".go"), strings.HasSuffix(path, "_test.go"), strings.HasPrefix(path, "cmd/"), strings.HasPrefix(path, "web/build/"),
			path == "geo/postgis/testdatabase.go": // the address of the test server
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, call := range []string{"os.Getenv(", "os.LookupEnv(", "os.Environ("} {
			if strings.Contains(string(text), call) {
				t.Errorf("%s reads the environment: hand the value in from cmd", path)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
