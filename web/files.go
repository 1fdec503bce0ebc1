package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"

	"catchment/web/api"
)

// file is one file of the web app, in memory.
type file struct {
	kind      string // Content-Type
	tag       string // ETag
	immutable bool   // its name changes with its content
	plain     []byte
	packed    map[string][]byte // by Content-Encoding: br, gzip
}

// files are the web app's, by path.
type files map[string]*file

// mediaTypes are told by us: what the machine's tables say differs between distributions.
var mediaTypes = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".mjs": "text/javascript; charset=utf-8",
	".css": "text/css; charset=utf-8", ".json": "application/json", ".webmanifest": "application/manifest+json", ".svg": "image/svg+xml",
	".png": "image/png", ".ico": "image/x-icon", ".woff2": "font/woff2", ".txt": "text/plain; charset=utf-8", ".map": "application/json",
	".webp": "image/webp", ".jpg": "image/jpeg",
}

// hashed tells names that carry a hash of the content, as the build gives them.
var hashed = regexp.MustCompile(`^assets/.*-[0-9A-Z]{8}\.[a-z0-9]+$`)

// loadFiles reads the bundle. A packed copy lies beside each file that gains from it.
func loadFiles(app fs.FS) (files, error) {
	all := files{}
	if app == nil {
		return all, nil
	}
	err := fs.WalkDir(app, ".", func(name string, entry fs.DirEntry, err error) error {
		extension := path.Ext(name)
		if err != nil || entry.IsDir() || extension == ".br" || extension == ".gz" || strings.HasPrefix(path.Base(name), ".") {
			return err
		}
		content, err := fs.ReadFile(app, name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(content)
		f := &file{kind: mediaTypes[extension], tag: hex.EncodeToString(sum[:8]), immutable: hashed.MatchString(name), plain: content, packed: map[string][]byte{}}
		if f.kind == "" {
			if f.kind = mime.TypeByExtension(extension); f.kind == "" {
				f.kind = "application/octet-stream"
			}
		}
		for encoding, suffix := range map[string]string{"br": ".br", "gzip": ".gz"} {
			if packed, err := fs.ReadFile(app, name+suffix); err == nil {
				f.packed[encoding] = packed
			}
		}
		all[name] = f
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the web app: %w", err)
	}
	return all, nil
}

// serve answers with a file, or with the page whose script knows the address: /tech… is the phone's, all else
// the office's. An address that looks like a file and is none is not found.
func (all files) serve(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	f, page := all[name], ""
	if f == nil {
		switch {
		case strings.HasPrefix(name, "assets/") || path.Ext(name) != "":
			api.NewProblem(http.StatusNotFound, "there is no such file").Write(w)
			return
		case name == "tech" || strings.HasPrefix(name, "tech/"):
			page = "tech.html"
		default:
			page = "index.html"
		}
		if f = all[page]; f == nil {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			w.Header().Set("Cache-Control", "no-store")
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write([]byte("The web app is not built into this binary: run make, then start it again. The API is at " + Prefix + ".\n"))
			return
		}
	}
	f.write(w, r)
}

func (f *file) write(w http.ResponseWriter, r *http.Request) {
	content, encoding := f.choose(r.Header.Get("Accept-Encoding"))
	tag := `"` + f.tag + `"`
	if encoding != "" {
		tag = `"` + f.tag + "-" + encoding + `"`
	}
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("ETag", tag)
	if len(f.packed) > 0 {
		h.Add("Vary", "Accept-Encoding")
	}
	if f.immutable {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache") // asked for again each time, mostly answered 304
	}
	if strings.Contains(r.Header.Get("If-None-Match"), f.tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if encoding != "" {
		h.Set("Content-Encoding", encoding)
	}
	h.Set("Content-Length", strconv.Itoa(len(content)))
	if r.Method != http.MethodHead {
		_, _ = bytes.NewReader(content).WriteTo(w) // a client that has gone needs no answer
	}
}

// choose returns the smallest copy the client takes.
func (f *file) choose(accept string) (content []byte, encoding string) {
	for _, candidate := range []string{"br", "gzip"} {
		if packed := f.packed[candidate]; packed != nil && accepts(accept, candidate) {
			return packed, candidate
		}
	}
	return f.plain, ""
}

// accepts tells whether Accept-Encoding names the encoding and does not weigh it zero.
func accepts(header, encoding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(name), encoding) {
			q, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(weight), "q="), 64)
			return err != nil || q > 0
		}
	}
	return false
}
