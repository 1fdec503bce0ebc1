package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// budget is what a page may weigh before its first picture, in bytes after gzip.
type budget struct{ script, style int }

// budgets by page. The map (MapLibre and its worker) is loaded later and counted by itself.
var budgets = map[string]budget{
	"index.html": {script: 200_000, style: 30_000},
	"tech.html":  {script: 160_000, style: 30_000},
}

// lazyBudget is what any chunk loaded later may weigh, in bytes after gzip; the map library alone may be heavier.
const (
	lazyBudget = 60_000
	mapBudget  = 300_000
)

// pageSize is what a page weighs in bytes after gzip.
type pageSize struct{ script, style int }

// pageSizes holds the weight of every page and of every chunk loaded later, by name.
type pageSizes map[string]pageSize

// measure weighs what a bundle in the folder fresh loads at first for each page, and each lazy chunk by itself.
func measure(fresh string, meta metafile) (pageSizes, error) {
	sizes := pageSizes{}
	weight := func(file string) (int, error) {
		data, err := os.ReadFile(filepath.Join(fresh, filepath.FromSlash(assetAddress(file))))
		if err != nil {
			return 0, err
		}
		packed, err := gzipped(data)
		return len(packed), err
	}
	initial := map[string]bool{}
	for _, e := range entries {
		main, ok := entryOutput(e, meta)
		if !ok {
			return nil, fmt.Errorf("the bundle has no output for %s", e.script)
		}
		var size pageSize
		for _, file := range initialFiles(main, meta) {
			initial[file] = true
			bytes, err := weight(file)
			if err != nil {
				return nil, err
			}
			if strings.HasSuffix(file, ".css") {
				size.style += bytes
			} else {
				size.script += bytes
			}
		}
		sizes[e.page] = size
	}
	for file := range meta.Outputs {
		if initial[file] || !strings.HasSuffix(file, ".js") {
			continue
		}
		bytes, err := weight(file)
		if err != nil {
			return nil, err
		}
		sizes[filepath.Base(file)] = pageSize{script: bytes}
	}
	return sizes, nil
}

// checkBudgets tells every page and chunk that is too heavy, with the figures.
func checkBudgets(sizes pageSizes) error {
	var all []error
	over := func(name, what string, is, may int) {
		if is > may {
			all = append(all, fmt.Errorf("%s: %s is %d bytes after gzip, %d allowed", name, what, is, may))
		}
	}
	for name, size := range sizes {
		if may, page := budgets[name]; page {
			over(name, "script", size.script, may.script)
			over(name, "style", size.style, may.style)
			continue
		}
		if strings.HasPrefix(name, "maplibre") {
			over(name, "script", size.script, mapBudget)
			continue
		}
		over(name, "script", size.script, lazyBudget)
	}
	return errors.Join(all...)
}

// String tells the pages in kilobytes after gzip.
func (sizes pageSizes) String() string {
	var parts []string
	for _, e := range entries {
		size := sizes[e.page]
		parts = append(parts, fmt.Sprintf("%s %d + %d kB", e.page, (size.script+500)/1000, (size.style+500)/1000))
	}
	return strings.Join(parts, ", ") + " (script + style, gzip)"
}
