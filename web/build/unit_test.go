package main

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
)

// TestApp runs the unit tests of the app: each *.test.ts is bundled and handed to Node's own test runner, so that no
// test framework is installed. Node 18 and later will do.
func TestApp(t *testing.T) {
	app, err := filepath.Abs("../app")
	if err != nil {
		t.Fatal(err)
	}
	if err := packages(app); err != nil {
		t.Fatal(err)
	}
	var tests []string
	if err := filepath.WalkDir(filepath.Join(app, "src"), func(path string, entry os.DirEntry, err error) error {
		if strings.HasSuffix(path, ".test.ts") {
			tests = append(tests, path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if len(tests) == 0 {
		t.Fatal("the app has no unit tests")
	}
	for _, test := range tests {
		name, err := filepath.Rel(filepath.Join(app, "src"), test)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.ToSlash(name), ".test.ts"), func(t *testing.T) {
			bundled := filepath.Join(t.TempDir(), "test.mjs")
			result := api.Build(api.BuildOptions{
				AbsWorkingDir: app, EntryPoints: []string{test}, Outfile: bundled, Bundle: true, Write: true,
				Platform: api.PlatformNode, Format: api.FormatESModule, Target: api.ES2022, Sourcemap: api.SourceMapInline,
				// Node 18 has no global crypto; browsers do.
				Banner: map[string]string{"js": "import { webcrypto as _webcrypto } from 'node:crypto'; globalThis.crypto ??= _webcrypto;"},
			})
			if err := buildError(result); err != nil {
				t.Fatal(err)
			}
			node := exec.Command("node", "--enable-source-maps", "--test-reporter=tap", bundled)
			node.Env = append(os.Environ(), "TZ=America/Lima") // far from the zones of the tests: what is local must say so
			output, err := node.CombinedOutput()
			for _, one := range tapResults(output) {
				t.Run(one.name, func(t *testing.T) {
					if !one.passed {
						t.Errorf("%s", one.detail)
					}
				})
			}
			if err != nil && !t.Failed() {
				t.Errorf("node: %v\n%s", err, output)
			}
		})
	}
}

type tapResult struct {
	name, detail string
	passed       bool
}

var tapLine = regexp.MustCompile(`^(not )?ok \d+ - (.*)$`)

// tapResults reads the outermost results of TAP, with the lines below a failed one.
func tapResults(output []byte) []tapResult {
	var all []tapResult
	lines := bufio.NewScanner(bytes.NewReader(output))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		if found := tapLine.FindStringSubmatch(line); found != nil {
			all = append(all, tapResult{name: found[2], passed: found[1] == ""})
		} else if len(all) > 0 && !all[len(all)-1].passed {
			all[len(all)-1].detail += line + "\n"
		}
	}
	return all
}
