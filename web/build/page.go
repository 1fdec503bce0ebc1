package main

import (
	"fmt"
	"path"
	"strings"
)

// renderPage writes the HTML of an entry and lists the files that are loaded before its first picture. Nothing is inline:
// the pages are served under a policy that allows scripts and styles from our own files only.
func renderPage(e entry, meta metafile, boot string) (html string, files []string, err error) {
	main, ok := entryOutput(e, meta)
	if !ok {
		return "", nil, fmt.Errorf("the bundle has no output for %s", e.script)
	}
	var head strings.Builder
	for _, file := range initialFiles(main, meta) {
		address := assetAddress(file)
		files = append(files, address)
		switch {
		case file == main:
			fmt.Fprintf(&head, "<script type=\"module\" src=\"%s\"></script>\n", address)
		case strings.HasSuffix(file, ".css"):
			fmt.Fprintf(&head, "<link rel=\"stylesheet\" href=\"%s\">\n", address)
		default:
			fmt.Fprintf(&head, "<link rel=\"modulepreload\" href=\"%s\">\n", address)
		}
	}
	if e.phone {
		head.WriteString("<link rel=\"manifest\" href=\"/manifest.webmanifest\">\n<meta name=\"apple-mobile-web-app-capable\" content=\"yes\">\n<link rel=\"apple-touch-icon\" href=\"/assets/icon-192.png\">\n")
	}
	return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta name="color-scheme" content="light dark">
<meta name="theme-color" content="#f7f6f4">
<title>` + e.title + `</title>
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
<script src="` + boot + `"></script>
<link rel="preload" href="/assets/fonts/noto-sans-latin-400-normal.woff2" as="font" type="font/woff2" crossorigin>
` + head.String() + `</head>
<body>
<div id="app"></div>
</body>
</html>
`, files, nil
}

func entryOutput(e entry, meta metafile) (string, bool) {
	for file, out := range meta.Outputs {
		if out.EntryPoint == e.script && strings.HasSuffix(file, ".js") {
			return file, true
		}
	}
	return "", false
}

// initialFiles lists what must be there before the entry can run: itself, its style sheet and every chunk it imports
// statically, at any depth, each once, in a stable order.
func initialFiles(main string, meta metafile) []string {
	seen := map[string]bool{}
	var files []string
	var walk func(file string)
	walk = func(file string) {
		if seen[file] {
			return
		}
		seen[file] = true
		for _, imported := range meta.Outputs[file].Imports {
			if imported.Kind == "import-statement" {
				walk(imported.Path)
			}
		}
		files = append(files, file)
	}
	if css := meta.Outputs[main].CSSBundle; css != "" {
		files = append(files, css)
	}
	walk(main)
	return files
}

// lazyFiles lists the chunks an entry loads later, so that the service worker can keep them as well.
func lazyFiles(e entry, meta metafile) []string {
	main, _ := entryOutput(e, meta)
	seen := map[string]bool{}
	var files []string
	var walk func(file string)
	walk = func(file string) {
		if seen[file] || !strings.HasSuffix(file, ".js") {
			return
		}
		seen[file] = true
		files = append(files, assetAddress(file))
		for _, imported := range meta.Outputs[file].Imports {
			walk(imported.Path)
		}
	}
	walk(main)
	return files
}

func assetAddress(file string) string { return "/assets/" + path.Base(file) }
