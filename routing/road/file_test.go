package road

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"catchment/geo/town"
	"catchment/routing"
)

// fileBytes returns a small prepared file.
func fileBytes(t testing.TB) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "streets")
	if err := Build(context.Background(), town.Random(1, 4).Source(), Car(), path, nil); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestDamagedAndForeignFilesAreRefused(t *testing.T) {
	t.Parallel()
	sound := fileBytes(t)
	change := func(edit func(data []byte) []byte) []byte { return edit(bytes.Clone(sound)) }
	tests := []struct {
		name string
		data []byte
		want string
	}{
		{"an empty file", nil, "is too short"},
		{"a text", bytes.Repeat([]byte("roads "), 100), "is not a prepared street file"},
		{"a file cut off", sound[:len(sound)-64], "should be"},
		{"a file of a later layout", change(func(d []byte) []byte { d[8]++; return d }), "has layout"},
		{"a damaged header", change(func(d []byte) []byte { d[30] ^= 1; return d }), "has a damaged header"},
		{"a damaged table", change(func(d []byte) []byte { d[headerSize+3] ^= 1; return d }), "has a damaged header"},
		{"a damaged section", change(func(d []byte) []byte { d[2*len(d)/3] ^= 1; return d }), "is damaged in section"},
		{"a profile this program does not have", change(func(d []byte) []byte { copy(d[88:], "car2"); return resign(d) }), "is for a profile"},
		{"older tables", change(func(d []byte) []byte { d[112] = 0; return resign(d) }), "was built with revision 0"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "streets")
			if err := os.WriteFile(path, test.data, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Open(path)
			var refused *FileError
			if !errors.As(err, &refused) || !errors.Is(err, ErrFile) || !strings.HasPrefix(refused.Problem, test.want) {
				t.Errorf("want %q, got %v", test.want, err)
			}
		})
	}
}

// resign gives changed bytes their checksums back, as whoever forges a file would.
func resign(data []byte) []byte {
	if len(data) < headerSize {
		return data
	}
	n := int(binary.LittleEndian.Uint32(data[12:]))
	if n > 1000 || len(data) < headerSize+n*entrySize {
		return data
	}
	table := data[headerSize : headerSize+n*entrySize]
	for i := range n {
		entry := table[i*entrySize:]
		offset, length := binary.LittleEndian.Uint64(entry), binary.LittleEndian.Uint64(entry[8:])
		if offset <= uint64(len(data)) && length <= uint64(len(data))-offset {
			binary.LittleEndian.PutUint32(entry[20:], crc32.Checksum(data[offset:offset+length], castagnoli))
		}
	}
	binary.LittleEndian.PutUint64(data[16:], uint64(len(data)))
	sum := crc32.Update(crc32.Checksum(data[:checkAt], castagnoli), castagnoli, table)
	binary.LittleEndian.PutUint32(data[checkAt:], sum)
	return data
}

func TestAnOpenFileTellsItsVersion(t *testing.T) {
	t.Parallel()
	net := town.Random(1, 4)
	g := buildStreets(t, net.Source(), Foot())
	hash, err := net.Source().Hash()
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(routing.Version{Map: hash, Metric: "foot/1"}, g.Version(routing.Foot)); d != "" {
		t.Error(d)
	}
}

// FuzzFile changes a sound file and mends its checksums: whatever is then accepted must answer without a panic.
func FuzzFile(f *testing.F) {
	sound := fileBytes(f)
	f.Add(uint32(200), uint64(1), uint32(900), uint64(1<<40))
	f.Add(uint32(len(sound)/2), uint64(0xffffffffffffffff), uint32(len(sound)/3), uint64(0))
	f.Fuzz(func(t *testing.T, at1 uint32, value1 uint64, at2 uint32, value2 uint64) {
		data := bytes.Clone(sound)
		for at, value := range map[uint32]uint64{at1: value1, at2: value2} {
			if i := int(at) % (len(data) - 8); i >= 8 {
				binary.LittleEndian.PutUint64(data[i:], value)
			}
		}
		g, problem := read(resign(data))
		if problem != "" {
			return
		}
		p := g.points[len(g.points)/2]
		if from, ok := g.snap(p); ok {
			if to, ok := g.snap(g.points[0]); ok {
				if w, ok := g.way(from, to); ok {
					g.leg(w)
				}
			}
		}
	})
}
