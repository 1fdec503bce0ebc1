package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// entry is one page of the app: a script that starts it and the HTML file that carries it.
type entry struct {
	script string // below app
	page   string // below dist
	title  string
	phone  bool // installable, opens without a network
}

var entries = []entry{
	{script: "src/office/main.tsx", page: "index.html", title: "Catchment"},
	{script: "src/tech/main.tsx", page: "tech.html", title: "Catchment · Today", phone: true},
}

// metafile is the part of esbuild's metafile that is read here. Paths are relative to app.
type metafile struct {
	Outputs map[string]output
}

type output struct {
	EntryPoint string
	CSSBundle  string `json:"cssBundle"`
	Imports    []struct{ Path, Kind string }
	Bytes      int
}

// bundle fills dist anew. It is built beside dist and swapped in at the end, so that a failed build leaves the last good
// one standing.
func bundle(app, dist, version string) (pageSizes, error) {
	fresh := dist + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return nil, err
	}
	defer os.RemoveAll(fresh)
	if err := os.MkdirAll(filepath.Join(fresh, "assets", "fonts"), 0o755); err != nil {
		return nil, err
	}
	modules := filepath.Join(app, "node_modules")
	worker, err := copyHashed(filepath.Join(modules, "maplibre-gl/dist/maplibre-gl-worker.mjs"), fresh, "map-worker", ".mjs")
	if err != nil {
		return nil, err
	}
	mapCSS, err := copyHashed(filepath.Join(modules, "maplibre-gl/dist/maplibre-gl.css"), fresh, "map", ".css")
	if err != nil {
		return nil, err
	}
	boot, err := copyHashed(filepath.Join(app, "src/boot.js"), fresh, "boot", ".js")
	if err != nil {
		return nil, err
	}
	fonts, err := copyFonts(filepath.Join(modules, "@fontsource/noto-sans/files"), filepath.Join(fresh, "assets", "fonts"))
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"icon.svg", "icon-maskable.svg", "icon-192.png", "icon-512.png"} {
		if err := copyFile(filepath.Join(app, "public", name), filepath.Join(fresh, "assets", name)); err != nil {
			return nil, err
		}
	}
	if err := copyFile(filepath.Join(app, "public", "manifest.webmanifest"), filepath.Join(fresh, "manifest.webmanifest")); err != nil {
		return nil, err
	}

	options := baseOptions(app)
	options.Outdir = filepath.Join(fresh, "assets")
	options.Splitting, options.Metafile = true, true
	options.EntryNames, options.ChunkNames, options.AssetNames = "[dir]-[hash]", "[name]-[hash]", "[name]-[hash]"
	options.Define["__MAP_WORKER__"] = quote(worker)
	options.Define["__MAP_CSS__"] = quote(mapCSS)
	options.Define["__VERSION__"] = quote(version)
	for _, e := range entries {
		options.EntryPoints = append(options.EntryPoints, e.script)
	}
	result := api.Build(options)
	if err := buildError(result); err != nil {
		return nil, err
	}
	var meta metafile
	if err := json.Unmarshal([]byte(result.Metafile), &meta); err != nil {
		return nil, fmt.Errorf("read the metafile: %w", err)
	}
	if err := os.WriteFile(filepath.Join(app, "node_modules", ".metafile.json"), []byte(result.Metafile), 0o644); err != nil {
		return nil, err
	}

	var shell []string
	for _, e := range entries {
		page, files, err := renderPage(e, meta, boot)
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(fresh, e.page), []byte(page), 0o644); err != nil {
			return nil, err
		}
		if e.phone {
			shell = append([]string{"/tech", "/manifest.webmanifest", "/assets/icon.svg", boot, worker, mapCSS}, files...)
			shell = append(shell, lazyFiles(e, meta)...)
			for _, font := range fonts {
				if strings.Contains(font, "-latin-") && !strings.Contains(font, "italic") {
					shell = append(shell, "/assets/fonts/"+font)
				}
			}
		}
	}
	slices.Sort(shell)
	if err := bundleServiceWorker(app, fresh, version, slices.Compact(shell)); err != nil {
		return nil, err
	}
	sizes, err := measure(fresh, meta)
	if err != nil {
		return nil, err
	}
	if err := compressAll(fresh); err != nil {
		return nil, err
	}
	return sizes, swap(fresh, dist)
}

// bundleServiceWorker writes sw.js at the root of dist, where its scope may be any path of ours.
func bundleServiceWorker(app, fresh, version string, shell []string) error {
	list, err := json.Marshal(shell)
	if err != nil {
		return err
	}
	options := baseOptions(app)
	options.EntryPoints = []string{"src/tech/sw.ts"}
	options.Outfile = filepath.Join(fresh, "sw.js")
	options.Format = api.FormatIIFE
	options.Define["__SHELL__"] = string(list)
	options.Define["__VERSION__"] = quote(version)
	return buildError(api.Build(options))
}

func baseOptions(app string) api.BuildOptions {
	return api.BuildOptions{
		AbsWorkingDir: app, Bundle: true, Write: true, Format: api.FormatESModule, Target: api.ES2022,
		MinifyIdentifiers: true, MinifySyntax: true, MinifyWhitespace: true,
		JSX: api.JSXAutomatic, LegalComments: api.LegalCommentsLinked, LogLevel: api.LogLevelWarning,
		PublicPath: "/assets", External: []string{"/assets/*"},
		Define: map[string]string{"process.env.NODE_ENV": `"production"`},
	}
}

func buildError(result api.BuildResult) error {
	var all []error
	for _, message := range result.Errors {
		where := ""
		if message.Location != nil {
			where = fmt.Sprintf("%s:%d: ", message.Location.File, message.Location.Line)
		}
		all = append(all, errors.New(where+message.Text))
	}
	return errors.Join(all...)
}

func quote(s string) string {
	quoted, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always marshals
	}
	return string(quoted)
}

// copyHashed copies a file into fresh/assets under a name that carries its hash, and tells the address.
func copyHashed(from, fresh, name, ext string) (string, error) {
	data, err := os.ReadFile(from)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	address := "/assets/" + name + "-" + strings.ToUpper(hex.EncodeToString(sum[:4])) + ext
	return address, os.WriteFile(filepath.Join(fresh, filepath.FromSlash(address)), data, 0o644)
}

func copyFile(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o644)
}

// copyFonts copies the faces that pages and map labels use, under the names the package gives them: the map style
// refers to them by these names.
func copyFonts(from, to string) ([]string, error) {
	var names []string
	for _, script := range []string{"latin", "latin-ext", "cyrillic", "greek"} {
		for _, face := range []string{"400-normal", "400-italic", "500-normal", "600-normal"} {
			name := "noto-sans-" + script + "-" + face + ".woff2"
			if err := copyFile(filepath.Join(from, name), filepath.Join(to, name)); err != nil {
				return nil, err
			}
			names = append(names, name)
		}
	}
	return names, nil
}

// swap puts the fresh build in dist's place and keeps the marker that lets an empty dist be committed.
func swap(fresh, dist string) error {
	if err := os.WriteFile(filepath.Join(fresh, ".gitkeep"), nil, 0o644); err != nil {
		return err
	}
	old := dist + ".old"
	if err := os.RemoveAll(old); err != nil {
		return err
	}
	if err := os.Rename(dist, old); err != nil && !os.IsNotExist(err) {
		return err
	}
	if err := os.Rename(fresh, dist); err != nil {
		return err
	}
	return os.RemoveAll(old)
}
