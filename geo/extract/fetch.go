package extract

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"catchment/geo/osm"
)

// DefaultURL is where the extract comes from if nobody names one: Liechtenstein, about 3 MB.
const DefaultURL = "https://download.geofabrik.de/europe/liechtenstein-latest.osm.pbf"

// MaxBytes is the most an extract fetched from the network may have.
const MaxBytes = 4 << 30

// Get opens what lies at a URL; its second value is the size in bytes, negative if unknown.
type Get func(ctx context.Context, url string) (io.ReadCloser, int64, error)

// Fetched is an extract on this machine.
type Fetched struct {
	Path string
	Name string // of the region or file
}

// freshFor is how long a downloaded extract is used without asking for a newer one. The public extracts change once
// a day.
const freshFor = 24 * time.Hour

// Unreachable says that an extract could not be had from the network.
type Unreachable struct {
	URL string
	Err error
}

// Error tells what was to be fetched and why it was not.
func (e *Unreachable) Error() string { return "fetch " + e.URL + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *Unreachable) Unwrap() error { return e.Err }

// Fetch brings an extract to the folder: of a file it returns the path, what lies at a URL it downloads, unless a copy
// of today is there. If the network fails, an older copy serves; without one the error is an *Unreachable. A download
// gets its name only when it is whole and readable as an extract, so that a broken one, or the page of some
// portal, is never taken for one.
func Fetch(ctx context.Context, from, folder string, get Get, progress func(done float64)) (Fetched, error) {
	if !strings.Contains(from, "://") {
		info, err := os.Stat(from)
		switch {
		case err != nil:
			return Fetched{}, fmt.Errorf("open the extract: %w", err)
		case info.IsDir():
			return Fetched{}, fmt.Errorf("%s is a folder: name an extract, such as region.osm.pbf", from)
		}
		return Fetched{from, Name(from)}, nil
	}
	target := filepath.Join(folder, path.Base(strings.SplitN(from, "?", 2)[0]))
	info, err := os.Stat(target)
	if err == nil && time.Since(info.ModTime()) < freshFor {
		return Fetched{target, Name(target)}, nil
	}
	old := err == nil
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return Fetched{}, fmt.Errorf("make room for the extract: %w", err)
	}
	if err := download(ctx, from, target, get, progress); err != nil && (!old || ctx.Err() != nil) {
		return Fetched{}, &Unreachable{URL: from, Err: err}
	}
	return Fetched{target, Name(target)}, nil
}

func download(ctx context.Context, from, target string, get Get, progress func(done float64)) error {
	body, size, err := get(ctx, from)
	if err != nil {
		return err
	}
	defer body.Close()
	if size > MaxBytes {
		return fmt.Errorf("it has %d bytes, more than %d", size, int64(MaxBytes))
	}
	file, err := os.CreateTemp(filepath.Dir(target), ".fetch-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // gone already if all went well
	defer file.Close()
	n, err := io.Copy(file, &counted{r: io.LimitReader(body, MaxBytes+1), total: size, progress: progress})
	switch {
	case err != nil:
		return err
	case n > MaxBytes:
		return fmt.Errorf("it has more than %d bytes", int64(MaxBytes))
	case size >= 0 && n != size:
		return fmt.Errorf("it broke off after %d of %d bytes", n, size)
	case n == 0:
		return errors.New("it is empty")
	}
	if err := errors.Join(file.Chmod(0o644), file.Sync(), file.Close()); err != nil {
		return err
	}
	src, err := osm.Open(file.Name())
	var format *osm.FormatError
	switch {
	case errors.As(err, &format):
		format.Name = filepath.Base(target) // not the temporary one
		return err
	case err != nil:
		return err
	}
	src.Close()
	return os.Rename(file.Name(), target)
}

// counted tells how much of a body was read.
type counted struct {
	r        io.Reader
	n, total int64
	progress func(done float64)
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	if c.progress != nil && c.total > 0 {
		c.progress(float64(c.n) / float64(c.total))
	}
	return n, err
}

// Name makes a region's name of a file's: "liechtenstein-latest.osm.pbf" is "Liechtenstein".
func Name(file string) string {
	name := strings.ToLower(filepath.Base(file))
	for _, ending := range []string{".pbf", ".xml", ".osm", ".bz2", "-latest"} {
		name = strings.TrimSuffix(name, ending)
	}
	words := strings.FieldsFunc(name, func(r rune) bool { return r == '-' || r == '_' || r == '.' })
	for i, w := range words {
		first, size := utf8.DecodeRuneInString(w)
		words[i] = string(unicode.ToUpper(first)) + w[size:]
	}
	if len(words) == 0 {
		return filepath.Base(file)
	}
	return strings.Join(words, " ")
}
