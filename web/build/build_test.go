package main

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestLockNamesNoAddress keeps the lock file good for any registry.
func TestLockNamesNoAddress(t *testing.T) {
	t.Parallel()
	lock, err := os.ReadFile("../app/package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(lock), `"resolved"`) {
		t.Error("package-lock.json holds addresses: web/app/.npmrc should keep them out")
	}
}

func TestInitialFilesAreTheEntryItsStyleAndWhatItImports(t *testing.T) {
	t.Parallel()
	var meta metafile
	meta.Outputs = map[string]output{
		"o/office.js": {EntryPoint: "src/office/main.tsx", CSSBundle: "o/office.css", Imports: []struct{ Path, Kind string }{{"o/a.js", "import-statement"}, {"o/map.js", "dynamic-import"}}},
		"o/a.js":      {Imports: []struct{ Path, Kind string }{{"o/b.js", "import-statement"}}},
		"o/b.js":      {Imports: []struct{ Path, Kind string }{{"o/a.js", "import-statement"}}},
		"o/map.js":    {}, "o/office.css": {},
	}
	main, ok := entryOutput(entries[0], meta)
	if !ok {
		t.Fatal("no output for the office")
	}
	want := []string{"o/office.css", "o/b.js", "o/a.js", "o/office.js"}
	if diff := cmp.Diff(want, initialFiles(main, meta)); diff != "" {
		t.Errorf("initial files (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"/assets/office.js", "/assets/a.js", "/assets/b.js", "/assets/map.js"}, lazyFiles(entries[0], meta)); diff != "" {
		t.Errorf("lazy files (-want +got):\n%s", diff)
	}
}

func TestBudgets(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		sizes pageSizes
		want  string
	}{
		{"all within", pageSizes{"index.html": {200_000, 30_000}, "tech.html": {160_000, 1}, "Day-X.js": {60_000, 0}, "maplibre-X.js": {300_000, 0}}, ""},
		{"the phone's script is too heavy", pageSizes{"tech.html": {160_001, 0}}, "tech.html: script is 160001 bytes after gzip, 160000 allowed"},
		{"a style is too heavy", pageSizes{"index.html": {0, 30_001}}, "index.html: style is 30001 bytes after gzip, 30000 allowed"},
		{"a lazy chunk is too heavy", pageSizes{"Day-X.js": {60_001, 0}}, "Day-X.js: script is 60001 bytes after gzip, 60000 allowed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := ""
			if err := checkBudgets(test.sizes); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("budgets (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPagesHoldNothingInline(t *testing.T) {
	t.Parallel()
	var meta metafile
	meta.Outputs = map[string]output{"o/tech-ABCDEFGH.js": {EntryPoint: "src/tech/main.tsx", CSSBundle: "o/tech-ABCDEFGH.css"}, "o/tech-ABCDEFGH.css": {}}
	page, files, err := renderPage(entries[1], meta, "/assets/boot-ABCDEFGH.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<style", "style=", "<script>", "onload=", "javascript:"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page holds %q, which the content policy refuses", bad)
		}
	}
	if diff := cmp.Diff([]string{"/assets/tech-ABCDEFGH.css", "/assets/tech-ABCDEFGH.js"}, files); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}
