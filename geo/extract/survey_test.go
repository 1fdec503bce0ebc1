package extract

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"catchment/geo/osm"
	"catchment/geo/town"
)

func TestPlausible(t *testing.T) {
	t.Parallel()
	sound := Counts{Nodes: 1000, Ways: 100, Relations: 10, Drivable: 50, References: 1200, Missing: 20}
	with := func(change func(*Counts)) Counts { c := sound; change(&c); return c }
	tests := []struct {
		name string
		c    Counts
		old  *Counts
		says string
	}{
		{"a sound extract", sound, nil, ""},
		{"a sound extract after itself", sound, &sound, ""},
		{"no nodes", with(func(c *Counts) { c.Nodes = 0 }), nil, "no nodes"},
		{"no ways", with(func(c *Counts) { c.Ways = 0 }), nil, "no ways"},
		{"no street", with(func(c *Counts) { c.Drivable = 0 }), nil, "no street"},
		{"a twentieth of the references missing is borne", with(func(c *Counts) { c.Missing = 60 }), nil, ""},
		{"more missing", with(func(c *Counts) { c.Missing = 61 }), nil, "points are missing"},
		{"no relations, but there never were any", with(func(c *Counts) { c.Relations = 0 }), nil, ""},
		{"no relations any more", with(func(c *Counts) { c.Relations = 0 }), &sound, "no relations"},
		{"fewer than half of the ways", with(func(c *Counts) { c.Ways = 49 }), &sound, "49 ways"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.c.plausible(tt.old)
			var implausible *Implausible
			switch {
			case tt.says == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tt.says != "" && (!errors.As(err, &implausible) || !strings.Contains(implausible.Why, tt.says)):
				t.Errorf("%v, want an Implausible that says %q", err, tt.says)
			}
		})
	}
}

// frames returns where the blocks of a PBF end, read from their frames: 4 bytes length of the BlobHeader, which
// ends in field 3, the length of the Blob.
func frames(t *testing.T, data []byte) []int {
	t.Helper()
	var ends []int
	for at := 0; at < len(data); {
		head := int(data[at])<<24 | int(data[at+1])<<16 | int(data[at+2])<<8 | int(data[at+3])
		size, shift := 0, 0
		body := data[at+4 : at+4+head]
		field := strings.LastIndexByte(string(body[:len(body)-1]), 3<<3)
		for _, b := range body[field+1:] {
			size |= int(b&0x7f) << shift
			shift += 7
		}
		at += 4 + head + size
		ends = append(ends, at)
	}
	return ends
}

// The reader cannot tell a file cut between two blocks from a whole one. Compared with the version before, every
// such cut of the town is refused.
func TestATownCutBetweenBlocksIsRefused(t *testing.T) {
	t.Parallel()
	data := town.Generate(1, 3).Bytes()
	check := func(data []byte, old *Counts) (Counts, error) {
		src, err := osm.FromBytes("cut", data)
		if err != nil {
			return Counts{}, err
		}
		c, _, err := survey(t.Context(), src, func(float64) {})
		if err != nil {
			return c, err
		}
		return c, c.plausible(old)
	}
	whole, err := check(data, nil)
	if err != nil {
		t.Fatal(err)
	}
	ends := frames(t, data)
	if len(ends) < 4 || ends[len(ends)-1] != len(data) {
		t.Fatalf("blocks end at %v of %d", ends, len(data))
	}
	for _, at := range ends[:len(ends)-1] {
		if c, err := check(data[:at], &whole); err == nil {
			t.Errorf("cut at %d of %d: taken with %+v", at, len(data), c)
		}
	}
}

func TestRealExtractsArePlausible(t *testing.T) {
	dir := os.Getenv("EXTRACTS")
	if dir == "" {
		t.Skip("EXTRACTS is not set")
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.osm.pbf"))
	if len(files) == 0 {
		t.Fatalf("no *.osm.pbf in %s", dir)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			src, err := osm.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			defer src.Close()
			c, bounds, err := survey(t.Context(), src, func(float64) {})
			if err != nil {
				t.Fatal(err)
			}
			if err := c.plausible(&c); err != nil {
				t.Errorf("%v: %+v", err, c)
			}
			if bounds.IsEmpty() {
				t.Error("no bounds")
			}
			t.Logf("%+v", c)
		})
	}
}
