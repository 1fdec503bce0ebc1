package osm

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// blockElements is how many elements go into a block, as other writers do.
const blockElements = 8000

// Writer encodes an extract as PBF with dense nodes and zlib blocks. Elements must come as nodes, then ways, then
// relations, each by rising id; the same elements give the same bytes. The first error sticks and Close returns it.
type Writer struct {
	w     io.Writer
	err   error
	stage MemberKind // of the elements now coming
	last  int64      // id of the last element of the stage
	any   bool       // whether the stage has an element

	index   map[string]uint64 // string table of the block under way
	strings [][]byte

	// Columns of the dense nodes, or whole messages of ways and relations.
	ids, lats, lons, keyvals []byte
	lastID, lastLat, lastLon int64
	tagged                   bool
	messages                 []byte
	count                    int
	words                    int // what the block will unfold to, counted as the reader does

	packed bytes.Buffer
}

// NewWriter writes the header to w and returns a Writer for the elements.
func NewWriter(w io.Writer, h Header) *Writer {
	e := &Writer{w: w}
	e.reset()
	e.blob("OSMHeader", headerBlock(h))
	return e
}

func headerBlock(h Header) []byte {
	var b []byte
	if h.HasBounds {
		var box []byte
		for i, edge := range []float64{h.Bounds.Min[0], h.Bounds.Max[0], h.Bounds.Max[1], h.Bounds.Min[1]} {
			box = appendVarint(box, uint64(i+1), zigzag(int64(math.Round(edge*1e9))))
		}
		b = appendBytes(b, 1, box)
	}
	b = appendBytes(b, 4, []byte("OsmSchema-V0.6"))
	b = appendBytes(b, 4, []byte("DenseNodes"))
	b = appendBytes(b, 5, []byte("Sort.Type_then_ID"))
	if h.Program != "" {
		b = appendBytes(b, 16, []byte(h.Program))
	}
	if h.Source != "" {
		b = appendBytes(b, 17, []byte(h.Source))
	}
	if !h.Timestamp.IsZero() {
		b = appendVarint(b, 32, uint64(h.Timestamp.Unix()))
	}
	return b
}

// Node adds a node; its place is kept to 1e-7 degrees.
func (e *Writer) Node(n Node) error {
	if !onEarth(n.At) {
		return e.fail(fmt.Errorf("write node %d: it lies off the earth, at %v", n.ID, n.At))
	}
	if !e.begin(NodeMember, n.ID, elementWords+tagWords*len(n.Tags)) {
		return e.err
	}
	lat, lon := int64(math.Round(n.At[1]*1e7)), int64(math.Round(n.At[0]*1e7))
	e.ids = binary.AppendUvarint(e.ids, zigzag(n.ID-e.lastID))
	e.lats = binary.AppendUvarint(e.lats, zigzag(lat-e.lastLat))
	e.lons = binary.AppendUvarint(e.lons, zigzag(lon-e.lastLon))
	e.lastID, e.lastLat, e.lastLon = n.ID, lat, lon
	for _, t := range n.Tags {
		e.keyvals = binary.AppendUvarint(e.keyvals, e.text(t.Key))
		e.keyvals = binary.AppendUvarint(e.keyvals, e.text(t.Value))
		e.tagged = true
	}
	e.keyvals = append(e.keyvals, 0)
	return e.err
}

// Way adds a way.
func (e *Writer) Way(w Way) error {
	if !e.begin(WayMember, w.ID, elementWords+len(w.Nodes)+tagWords*len(w.Tags)) {
		return e.err
	}
	body := e.tags(appendVarint(nil, 1, uint64(w.ID)), w.Tags)
	var refs []byte
	var last int64
	for _, id := range w.Nodes {
		refs = binary.AppendUvarint(refs, zigzag(id-last))
		last = id
	}
	e.messages = appendBytes(e.messages, 3, appendBytes(body, 8, refs))
	return e.err
}

// Relation adds a relation.
func (e *Writer) Relation(r Relation) error {
	for _, m := range r.Members {
		if m.Kind > RelationMember {
			return e.fail(fmt.Errorf("write relation %d: member of unknown kind %d", r.ID, m.Kind))
		}
	}
	if !e.begin(RelationMember, r.ID, elementWords+memberWords*len(r.Members)+tagWords*len(r.Tags)) {
		return e.err
	}
	body := e.tags(appendVarint(nil, 1, uint64(r.ID)), r.Tags)
	var roles, refs, types []byte
	var last int64
	for _, m := range r.Members {
		roles = binary.AppendUvarint(roles, e.text(m.Role))
		refs = binary.AppendUvarint(refs, zigzag(m.Ref-last))
		types = append(types, byte(m.Kind))
		last = m.Ref
	}
	body = appendBytes(appendBytes(appendBytes(body, 8, roles), 9, refs), 10, types)
	e.messages = appendBytes(e.messages, 4, body)
	return e.err
}

// Close writes what is still held back. It does not close the underlying writer.
func (e *Writer) Close() error {
	if e.err != nil {
		return e.err
	}
	e.flush()
	if e.err == nil {
		e.err = errors.New("osm writer is closed")
		return nil
	}
	return e.err
}

// begin checks the order of elements and makes room in the block.
func (e *Writer) begin(kind MemberKind, id int64, words int) bool {
	if e.err != nil {
		return false
	}
	if kind < e.stage || (kind == e.stage && e.any && id <= e.last) {
		e.err = fmt.Errorf("write %s %d: it comes after %s %d, nodes, ways and relations must each rise by id", kind, id, e.stage, e.last)
		return false
	}
	if kind != e.stage || e.count >= blockElements || e.words+words > maxWords/4 {
		e.flush()
	}
	e.stage, e.last, e.any = kind, id, true
	e.count++
	e.words += words
	return e.err == nil
}

func (e *Writer) fail(err error) error {
	if e.err == nil {
		e.err = err
	}
	return e.err
}

// text returns the string's number in the block's table; number 0 is taken, it ends a dense node's tags.
func (e *Writer) text(s string) uint64 {
	if i, ok := e.index[s]; ok {
		return i
	}
	i := uint64(len(e.strings))
	e.index[s] = i
	e.strings = append(e.strings, []byte(s))
	e.words += stringWords
	return i
}

func (e *Writer) tags(body []byte, tags Tags) []byte {
	if len(tags) == 0 {
		return body
	}
	var keys, values []byte
	for _, t := range tags {
		keys = binary.AppendUvarint(keys, e.text(t.Key))
		values = binary.AppendUvarint(values, e.text(t.Value))
	}
	return appendBytes(appendBytes(body, 2, keys), 3, values)
}

func (e *Writer) reset() {
	e.index = make(map[string]uint64)
	e.strings = append(e.strings[:0], nil)
	e.ids, e.lats, e.lons, e.keyvals, e.messages = e.ids[:0], e.lats[:0], e.lons[:0], e.keyvals[:0], e.messages[:0]
	e.lastID, e.lastLat, e.lastLon, e.tagged, e.count, e.words = 0, 0, 0, false, 0, 0
}

// flush writes the block under way.
func (e *Writer) flush() {
	if e.count == 0 || e.err != nil {
		return
	}
	var table []byte
	for _, s := range e.strings {
		table = appendBytes(table, 1, s)
	}
	group := e.messages
	if e.stage == NodeMember {
		dense := appendBytes(appendBytes(appendBytes(nil, 1, e.ids), 8, e.lats), 9, e.lons)
		if e.tagged {
			dense = appendBytes(dense, 10, e.keyvals)
		}
		group = appendBytes(nil, 2, dense)
	}
	e.blob("OSMData", appendBytes(appendBytes(nil, 1, table), 2, group))
	e.reset()
}

// blob frames, packs and writes one block.
func (e *Writer) blob(kind string, payload []byte) {
	if e.err != nil {
		return
	}
	if len(payload) > maxBlob {
		e.err = fmt.Errorf("write block of %d bytes: the format allows %d", len(payload), maxBlob)
		return
	}
	e.packed.Reset()
	z := zlib.NewWriter(&e.packed)
	if _, err := z.Write(payload); err != nil {
		e.err = fmt.Errorf("pack block: %w", err)
		return
	}
	if err := z.Close(); err != nil {
		e.err = fmt.Errorf("pack block: %w", err)
		return
	}
	body := appendBytes(appendVarint(nil, 2, uint64(len(payload))), 3, e.packed.Bytes())
	head := appendVarint(appendBytes(nil, 1, []byte(kind)), 3, uint64(len(body)))
	frame := binary.BigEndian.AppendUint32(nil, uint32(len(head)))
	frame = append(append(frame, head...), body...)
	if _, err := e.w.Write(frame); err != nil {
		e.err = fmt.Errorf("write block: %w", err)
	}
}

func appendVarint(b []byte, field, v uint64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(b, field<<3|wireVarint), v)
}

func appendBytes(b []byte, field uint64, v []byte) []byte {
	b = binary.AppendUvarint(b, field<<3|wireBytes)
	return append(binary.AppendUvarint(b, uint64(len(v))), v...)
}
