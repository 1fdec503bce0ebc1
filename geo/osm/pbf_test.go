package osm

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

// content is all a scan hands over.
type content struct {
	Nodes     []Node
	Ways      []Way
	Relations []Relation
}

func read(ctx context.Context, s *Source) (content, error) {
	var c content
	err := s.Scan(ctx, Handler{
		Node:     func(n Node) error { c.Nodes = append(c.Nodes, n); return nil },
		Way:      func(w Way) error { c.Ways = append(c.Ways, w); return nil },
		Relation: func(r Relation) error { c.Relations = append(c.Relations, r); return nil },
	})
	return c, err
}

func encode(t interface{ Fatal(...any) }, h Header, c content) []byte {
	var buf bytes.Buffer
	w := NewWriter(&buf, h)
	for _, n := range c.Nodes {
		if err := w.Node(n); err != nil {
			t.Fatal(err)
		}
	}
	for _, x := range c.Ways {
		if err := w.Way(x); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range c.Relations {
		if err := w.Relation(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// sample is a small extract with every kind of element.
func sample() (Header, content) {
	h := Header{
		Bounds: orb.Bound{Min: orb.Point{9.5, 47.1}, Max: orb.Point{9.6, 47.2}}, HasBounds: true,
		Program: "catchment", Source: "invented", Timestamp: time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC), Sorted: true,
	}
	c := content{
		Nodes: []Node{
			{ID: -3, At: orb.Point{-180, -90}},
			{ID: 1, At: orb.Point{9.5123456, 47.1234567}, Tags: Tags{{"name", "Äule"}, {"addr:housenumber", "3a"}}},
			{ID: 2, At: orb.Point{9.52, 47.13}},
			{ID: 1 << 40, At: orb.Point{180, 90}, Tags: Tags{{"barrier", "gate"}, {"empty", ""}}},
		},
		Ways: []Way{
			{ID: 5, Nodes: []int64{1, 2, 1 << 40, 1}, Tags: Tags{{"highway", "residential"}}},
			{ID: 6, Nodes: []int64{}},
		},
		Relations: []Relation{
			{ID: 9, Members: []Member{{WayMember, 5, "from"}, {NodeMember, 2, "via"}, {RelationMember, -8, ""}}, Tags: Tags{{"type", "restriction"}}},
			{ID: 10, Members: []Member{}},
		},
	}
	return h, c
}

func TestWriterAndReaderAgree(t *testing.T) {
	t.Parallel()
	h, want := sample()
	s, err := FromBytes("sample", encode(t, h, want))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(h, s.Header()); d != "" {
		t.Errorf("header (-want +got):\n%s", d)
	}
	for range 2 { // the second scan knows what each block holds
		got, err := read(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("content (-want +got):\n%s", d)
		}
	}
}

func TestWriterAndReaderAgreeOnAnything(t *testing.T) {
	t.Parallel()
	text := rapid.StringOfN(rapid.RuneFrom([]rune("aä=:;07 ß漢")), 0, 12, -1)
	tags := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Tag { return Tag{text.Draw(t, "key"), text.Draw(t, "value")} }), 0, 4)
	ids := func(t *rapid.T) []int64 {
		var ids []int64
		id := rapid.Int64Range(-1<<40, 1<<40).Draw(t, "first")
		for range rapid.IntRange(0, 30).Draw(t, "n") {
			id += rapid.Int64Range(1, 1<<30).Draw(t, "step")
			ids = append(ids, id)
		}
		return ids
	}
	rapid.Check(t, func(t *rapid.T) {
		var want content
		for _, id := range ids(t) {
			lon := rapid.IntRange(-1800000000, 1800000000).Draw(t, "lon")
			lat := rapid.IntRange(-900000000, 900000000).Draw(t, "lat")
			want.Nodes = append(want.Nodes, Node{ID: id, At: orb.Point{float64(lon) / 1e7, float64(lat) / 1e7}, Tags: tags.Draw(t, "tags")})
		}
		for _, id := range ids(t) {
			want.Ways = append(want.Ways, Way{ID: id, Nodes: rapid.SliceOfN(rapid.Int64(), 0, 9).Draw(t, "refs"), Tags: tags.Draw(t, "tags")})
		}
		for _, id := range ids(t) {
			r := Relation{ID: id, Tags: tags.Draw(t, "tags")}
			for range rapid.IntRange(0, 5).Draw(t, "members") {
				r.Members = append(r.Members, Member{MemberKind(rapid.IntRange(0, 2).Draw(t, "kind")), rapid.Int64().Draw(t, "ref"), text.Draw(t, "role")})
			}
			want.Relations = append(want.Relations, r)
		}
		data := encode(t, Header{}, want)
		if !bytes.Equal(data, encode(t, Header{}, want)) {
			t.Fatal("the same elements gave other bytes")
		}
		s, err := FromBytes("any", data)
		if err != nil {
			t.Fatal(err)
		}
		got, err := read(context.Background(), s)
		if len(want.Nodes)+len(want.Ways)+len(want.Relations) == 0 {
			if !errors.Is(err, ErrEmpty) {
				t.Fatalf("an extract without elements: %v, want ErrEmpty", err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("content (-want +got):\n%s", d)
		}
	})
}

func TestRealExtractsSurviveWriting(t *testing.T) {
	for _, path := range extracts(t) {
		if info, err := os.Stat(path); err != nil || info.Size() > 1<<20 {
			continue // one small file shows it; the others only take longer
		}
		t.Run(filepath.Base(path), func(t *testing.T) {
			s, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			var buf bytes.Buffer
			w := NewWriter(&buf, s.Header())
			var want [3]int
			if err := s.Scan(t.Context(), Handler{
				Node:     func(n Node) error { want[0]++; return w.Node(n) },
				Way:      func(x Way) error { want[1]++; return w.Way(x) },
				Relation: func(r Relation) error { want[2]++; return w.Relation(r) },
			}); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			again, err := FromBytes("again", buf.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			first, err := read(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			second, err := read(t.Context(), again)
			if err != nil {
				t.Fatal(err)
			}
			got := [3]int{len(second.Nodes), len(second.Ways), len(second.Relations)}
			if d := cmp.Diff(want, got); d != "" {
				t.Fatalf("counts (-want +got):\n%s", d)
			}
			for i := range first.Nodes {
				a, b := first.Nodes[i], second.Nodes[i]
				if a.ID != b.ID || math.Abs(a.At[0]-b.At[0]) > 1e-7 || math.Abs(a.At[1]-b.At[1]) > 1e-7 {
					t.Fatalf("node %v became %v", a, b)
				}
			}
			for i := range first.Ways {
				if first.Ways[i].ID != second.Ways[i].ID || len(first.Ways[i].Nodes) != len(second.Ways[i].Nodes) {
					t.Fatalf("way %v became %v", first.Ways[i], second.Ways[i])
				}
			}
		})
	}
}

func TestWriterRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		write func(*Writer) error
	}{
		{"a node off the earth", func(w *Writer) error { return w.Node(Node{ID: 1, At: orb.Point{181, 0}}) }},
		{"a node nowhere", func(w *Writer) error { return w.Node(Node{ID: 1, At: orb.Point{math.NaN(), 0}}) }},
		{"the same node twice", func(w *Writer) error { w.Node(Node{ID: 1}); return w.Node(Node{ID: 1}) }},
		{"falling ids", func(w *Writer) error { w.Way(Way{ID: 2}); return w.Way(Way{ID: 1}) }},
		{"a node after a way", func(w *Writer) error { w.Way(Way{ID: 2}); return w.Node(Node{ID: 3}) }},
		{"a member of no kind", func(w *Writer) error { return w.Relation(Relation{ID: 1, Members: []Member{{Kind: 7}}}) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := NewWriter(&bytes.Buffer{}, Header{})
			if err := tt.write(w); err == nil {
				t.Error("no error")
			}
			if err := w.Close(); err == nil {
				t.Error("Close forgot the error")
			}
		})
	}
}

// An extract may be cut anywhere: within a block that is always noticed, and what is handed over is a beginning.
func TestCutFilesAreNoticedExceptBetweenBlocks(t *testing.T) {
	t.Parallel()
	h, c := sample()
	data := encode(t, h, c)
	borders := 0
	for n := range len(data) {
		s, err := FromBytes("cut", data[:n])
		if err == nil {
			_, err = read(t.Context(), s)
		}
		if err == nil {
			borders++
			continue
		}
		if !IsFormat(err) {
			t.Fatalf("cut at %d: %v is no FormatError", n, err)
		}
	}
	if want := 2; borders != want { // behind the nodes, behind the ways
		t.Errorf("%d cuts went unnoticed, want %d", borders, want)
	}
}

func TestOneBadByteNeverPanicsAndMostlyIsNoticed(t *testing.T) {
	t.Parallel()
	h, c := sample()
	data := encode(t, h, c)
	for i := range data {
		bad := bytes.Clone(data)
		bad[i] ^= 0x55
		s, err := FromBytes("bad", bad)
		if err == nil {
			_, err = read(t.Context(), s)
		}
		if err != nil && !IsFormat(err) {
			t.Fatalf("byte %d: %v is no FormatError", i, err)
		}
	}
}

func TestOpenTellsWhatIsWrong(t *testing.T) {
	t.Parallel()
	h, c := sample()
	pbf := encode(t, h, c)
	headerOnly := encode(t, h, content{})
	tests := []struct {
		name string
		data []byte
		want error
	}{
		{"no bytes", nil, ErrEmpty},
		{"a header and nothing else", headerOnly, ErrEmpty},
		{"data without a header", pbf[len(headerOnly):], ErrCorrupt},
		{"a gzip archive", []byte("\x1f\x8b\x08 whatever"), ErrUnknownFormat},
		{"a zip archive", []byte("PK\x03\x04 whatever"), ErrUnknownFormat},
		{"a web page", []byte("<!DOCTYPE html><html><body>Not found</body></html>"), ErrUnknownFormat},
		{"a picture", []byte("\x89PNG\r\n\x1a\n and so on"), ErrUnknownFormat},
		{"some text", []byte("hello, world, this is no map at all"), ErrUnknownFormat},
		{"other XML", []byte("<?xml version='1.0'?><gpx/>"), ErrUnknownFormat},
		{"a change file", []byte("<osmChange version='0.6'><create/></osmChange>"), ErrUnknownFormat},
		{"XML without an element", []byte("<!-- nothing -->"), ErrUnknownFormat},
		{"XML with an empty root", []byte("<osm version='0.6'></osm>"), ErrEmpty},
		{"XML cut off", []byte("<osm version='0.6'><node id='1' lat='1' lon='1'/><way id='2'><nd re"), ErrTruncated},
		{"XML cut off before the first element", []byte("<osm version='0.6'>"), ErrTruncated},
		{"XML that is none", []byte("<osm version='0.6'><node id='1' lat='1' lon='1'></way></osm>"), ErrCorrupt},
		{"XML with a number that is none", []byte("<osm><node id='x' lat='1' lon='1'/></osm>"), ErrCorrupt},
		{"XML with a node nowhere", []byte("<osm><node id='1' lat='NaN' lon='1'/></osm>"), ErrCorrupt},
		{"XML with a node beyond the pole", []byte("<osm><node id='1' lat='91' lon='1'/></osm>"), ErrCorrupt},
		{"XML with a member of no kind", []byte("<osm><relation id='1'><member type='area' ref='1' role=''/></relation></osm>"), ErrCorrupt},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := FromBytes("file.osm", tt.data)
			if err == nil {
				_, err = read(t.Context(), s)
			}
			if !errors.Is(err, tt.want) || !IsFormat(err) {
				t.Errorf("%v, want %v", err, tt.want)
			}
		})
	}
}

// raw frames a block by hand.
func raw(kind string, blob []byte) []byte {
	head := appendVarint(appendBytes(nil, 1, []byte(kind)), 3, uint64(len(blob)))
	return append(append([]byte{0, 0, byte(len(head) >> 8), byte(len(head))}, head...), blob...)
}

func TestHostileBlocksAreRefused(t *testing.T) {
	t.Parallel()
	header := raw("OSMHeader", appendBytes(nil, 1, headerBlock(Header{})))
	data := func(block []byte) []byte {
		return append(bytes.Clone(header), raw("OSMData", appendBytes(nil, 1, block))...)
	}
	group := func(g []byte) []byte { return data(appendBytes(appendBytes(nil, 1, nil), 2, g)) }
	dense := func(ids, lats, lons, keyvals []byte) []byte {
		return group(appendBytes(nil, 2, appendBytes(appendBytes(appendBytes(appendBytes(nil, 1, ids), 8, lats), 9, lons), 10, keyvals)))
	}
	bomb := appendBytes(appendVarint(nil, 2, 1<<40), 3, []byte("x\x9c"))
	tests := []struct {
		name string
		data []byte
		want error
	}{
		{"a tag beyond the string table", group(appendBytes(nil, 3, appendBytes(appendBytes(nil, 2, []byte{9}), 3, []byte{9}))), ErrCorrupt},
		{"a role beyond the string table", group(appendBytes(nil, 4, appendBytes(appendBytes(appendBytes(nil, 8, []byte{9}), 9, []byte{2}), 10, []byte{1}))), ErrCorrupt},
		{"a member of no kind", group(appendBytes(nil, 4, appendBytes(appendBytes(appendBytes(nil, 8, []byte{0}), 9, []byte{2}), 10, []byte{3}))), ErrCorrupt},
		{"a tag without value", group(appendBytes(nil, 3, appendBytes(nil, 2, []byte{0}))), ErrCorrupt},
		{"ids without places", dense([]byte{2, 2}, []byte{2}, []byte{2, 2}, nil), ErrCorrupt},
		{"dense tags that end in a key", dense([]byte{2}, []byte{2}, []byte{2}, []byte{1}), ErrCorrupt},
		{"a node off the earth", dense([]byte{2}, []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0x1f}, []byte{2}, nil), ErrCorrupt},
		{"a number that never ends", dense([]byte{2}, bytes.Repeat([]byte{0xff}, 40), []byte{2}, nil), ErrCorrupt},
		{"a field that claims more than there is", data([]byte{1<<3 | 2, 0xff, 0xff, 3}), ErrCorrupt},
		{"a field of an unknown wire type", data([]byte{1<<3 | 7}), ErrCorrupt},
		{"a granularity of nothing", data(appendVarint(nil, 17, 0)), ErrCorrupt},
		{"a block that unpacks to a terabyte", append(bytes.Clone(header), raw("OSMData", bomb)...), ErrTooLarge},
		{"a block packed by zstd", append(bytes.Clone(header), raw("OSMData", appendBytes(nil, 7, []byte("x")))...), ErrUnsupported},
		{"a block without content", append(bytes.Clone(header), raw("OSMData", appendVarint(nil, 2, 1))...), ErrCorrupt},
		{"millions of empty strings", data(appendBytes(nil, 1, bytes.Repeat([]byte{1<<3 | 2, 0}, maxWords/stringWords+1))), ErrTooLarge},
		{"millions of empty ways", group(bytes.Repeat([]byte{3<<3 | 2, 0}, maxWords/elementWords+1)), ErrTooLarge},
		{"a feature nobody has", raw("OSMHeader", appendBytes(nil, 1, appendBytes(nil, 4, []byte("Teleportation")))), ErrUnsupported},
		{"a history", raw("OSMHeader", appendBytes(nil, 1, appendBytes(nil, 4, []byte("HistoricalInformation")))), ErrUnsupported},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := FromBytes("hostile.pbf", tt.data)
			if err == nil {
				_, err = read(t.Context(), s)
			}
			if !errors.Is(err, tt.want) || !IsFormat(err) {
				t.Errorf("%v, want %v", err, tt.want)
			}
		})
	}
}

func TestTextIsSafeToStore(t *testing.T) {
	t.Parallel()
	c := content{Nodes: []Node{{ID: 1, Tags: Tags{{"name", "a\x00b\xffc"}}}}}
	s, err := FromBytes("text", encode(t, Header{}, c))
	if err != nil {
		t.Fatal(err)
	}
	got, err := read(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(Tags{{"name", "ab\uFFFDc"}}, got.Nodes[0].Tags); d != "" {
		t.Error(d)
	}
}

func TestPlainNodesAndDeletedOnesAreUnderstood(t *testing.T) {
	t.Parallel()
	plain := appendBytes(appendBytes(appendVarint(nil, 1, zigzag(7)), 2, []byte{1}), 3, []byte{2})
	plain = appendVarint(appendVarint(plain, 8, zigzag(471234567)), 9, zigzag(95123456))
	dense := appendBytes(appendBytes(appendBytes(nil, 1, []byte{2, 2}), 8, []byte{2, 2}), 9, []byte{2, 2})
	dense = appendBytes(dense, 5, appendBytes(nil, 6, []byte{0, 1})) // the first was deleted
	table := appendBytes(appendBytes(appendBytes(nil, 1, nil), 1, []byte("barrier")), 1, []byte("bollard"))
	block := appendBytes(appendBytes(nil, 1, table), 2, append(appendBytes(nil, 1, plain), appendBytes(nil, 2, dense)...))
	data := append(raw("OSMHeader", appendBytes(nil, 1, headerBlock(Header{}))), raw("OSMData", appendBytes(nil, 1, block))...)
	s, err := FromBytes("plain", data)
	if err != nil {
		t.Fatal(err)
	}
	got, err := read(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	want := []Node{
		{ID: 7, At: orb.Point{9.5123456, 47.1234567}, Tags: Tags{{"barrier", "bollard"}}},
		{ID: 2, At: orb.Point{2e-7, 2e-7}},
	}
	if d := cmp.Diff(want, got.Nodes); d != "" {
		t.Errorf("nodes (-want +got):\n%s", d)
	}
}

// big returns an extract of several blocks.
func big(t testing.TB) []byte {
	var c content
	for i := range int64(60_000) {
		c.Nodes = append(c.Nodes, Node{ID: i + 1, At: orb.Point{float64(i) / 1e6, 0}})
	}
	c.Ways = []Way{{ID: 1, Nodes: []int64{1, 2}}}
	return encode(t, Header{}, c)
}

func TestScanStops(t *testing.T) {
	s, err := FromBytes("big", big(t))
	if err != nil {
		t.Fatal(err)
	}
	before := runtime.NumGoroutine()
	t.Run("on the handler's error, returned as it is", func(t *testing.T) {
		stop := errors.New("enough")
		seen := 0
		err := s.Scan(t.Context(), Handler{Node: func(Node) error {
			if seen++; seen == 10_000 {
				return stop
			}
			return nil
		}})
		if err != stop || seen != 10_000 {
			t.Errorf("%v after %d nodes", err, seen)
		}
	})
	t.Run("when the context is cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		seen := 0
		err := s.Scan(ctx, Handler{Node: func(Node) error {
			if seen++; seen == 10_000 {
				cancel()
			}
			return nil
		}})
		if !errors.Is(err, context.Canceled) || seen > 12_000 {
			t.Errorf("%v after %d nodes", err, seen)
		}
	})
	t.Run("on a panic of the handler, leaving nothing behind", func(t *testing.T) {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = s.Scan(t.Context(), Handler{Node: func(Node) error { panic("bug") }})
	})
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines, before %d", runtime.NumGoroutine(), before)
}

func TestProgressRisesToTheWhole(t *testing.T) {
	t.Parallel()
	s, err := FromBytes("big", big(t))
	if err != nil {
		t.Fatal(err)
	}
	var last, calls int64
	err = s.Scan(t.Context(), Handler{Progress: func(done, total int64) {
		if done < last || total != s.Size() {
			t.Errorf("%d of %d after %d", done, total, last)
		}
		last = done
		calls++
	}})
	if err != nil {
		t.Fatal(err)
	}
	if last != s.Size() || calls < 3 {
		t.Errorf("ended at %d of %d in %d calls", last, s.Size(), calls)
	}
}

func TestOpenReadsFilesAndHashesThem(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "abc.osm")
	if err := os.WriteFile(path, []byte("<osm><node id='1' lat='2' lon='3'/></osm>"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	hash, err := s.Hash()
	if err != nil {
		t.Fatal(err)
	}
	// printf "<osm><node id='1' lat='2' lon='3'/></osm>" | sha256sum
	if want := "e699f818e16bdb7f6c36e69687ceaf31d5ba9c328afcd6aa5faa8ad95627e7cc"; hash != want {
		t.Errorf("hash %s, want %s", hash, want)
	}
	if _, err := Open(filepath.Dir(path)); err == nil {
		t.Error("a folder was opened")
	}
	if _, err := Open(path + ".none"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v, want ErrNotExist", err)
	}
}
