package cells

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"unsafe"
)

// A checkpoint file is a header of fixed length, the columns of all segments one after another, each beginning at
// a multiple of 64 bytes, and at the end a directory in JSON that says what lies where. All numbers are little
// endian. The header and each part carry a CRC-32C.
const (
	fileMagic   = "catchment cells\n"
	fileVersion = 1
	headerSize  = 64
	alignment   = 64
)

// Damaged says that a checkpoint file cannot be used: it is no such file, incomplete, changed, or of another
// version or schema. The index has to be built anew.
type Damaged struct{ Path, Reason string }

func (e *Damaged) Error() string { return fmt.Sprintf("checkpoint %s: %s", e.Path, e.Reason) }

// directory says what lies where in a file.
type directory struct {
	Schema   Schema
	Begins   Instant
	Position Position
	Base     segmentEntry
	Deltas   []segmentEntry
	History  []segmentEntry
}

type segmentEntry struct {
	Rows  int
	Parts []part // in the order of segment.parts
}

type part struct {
	Offset, Bytes int64
	Sum           uint32
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// slab is a slice of numbers seen as bytes.
type slab interface {
	bytes() []byte
	set(data []byte) error
	len() int
}

type slabOf[T any] struct{ to *[]T }

func (s slabOf[T]) bytes() []byte {
	if len(*s.to) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&(*s.to)[0])), len(*s.to)*int(unsafe.Sizeof((*s.to)[0])))
}

func (s slabOf[T]) len() int { return len(*s.to) }

func (s slabOf[T]) set(data []byte) error {
	var zero T
	size := int(unsafe.Sizeof(zero))
	if len(data)%size != 0 {
		return errors.New("a column ends within a number")
	}
	if len(data) == 0 {
		*s.to = []T{}
		return nil
	}
	n := len(data) / size
	*s.to = unsafe.Slice((*T)(unsafe.Pointer(&data[0])), n)[:n:n]
	return nil
}

// parts lists the slices of a segment and which of them have one number per row.
func (s *segment) parts() (slabs []slab, perRow []bool) {
	add := func(b slab, one bool) { slabs, perRow = append(slabs, b), append(perRow, one) }
	add(slabOf[uint64]{&s.cell}, true)
	add(slabOf[float64]{&s.lon}, true)
	add(slabOf[float64]{&s.lat}, true)
	add(slabOf[int64]{&s.id}, true)
	for i := range s.dimensions {
		add(slabOf[uint8]{&s.dimensions[i]}, true)
	}
	for i := range s.references {
		add(slabOf[uint32]{&s.references[i]}, true)
	}
	for i := range s.measures {
		add(slabOf[int64]{&s.measures[i]}, true)
	}
	if s.sign != nil {
		add(slabOf[int8]{&s.sign}, true)
		add(slabOf[Instant]{&s.at}, true)
		add(slabOf[Instant]{&s.recorded}, true)
		add(slabOf[uint32]{&s.byID}, true)
	}
	add(slabOf[int32]{&s.counts}, false)
	add(slabOf[int64]{&s.sums}, false)
	for i := range s.peaks {
		add(slabOf[int64]{&s.peaks[i]}, false)
	}
	add(slabOf[node]{&s.nodes}, false)
	return slabs, perRow
}

func littleEndian() bool {
	one := uint16(1)
	return *(*byte)(unsafe.Pointer(&one)) == 1
}

// WriteFile writes the index to a file as it stands at this moment. The file is written under a temporary name
// beside it and takes its name when it is complete and safe on disk.
func (x *Index) WriteFile(path string) (Position, error) {
	s := x.state.Load()
	defer runtime.KeepAlive(s)
	if !littleEndian() {
		return Position{}, errors.New("checkpoints are written on little-endian machines only")
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*")
	if err != nil {
		return Position{}, fmt.Errorf("write checkpoint: %w", err)
	}
	defer os.Remove(f.Name()) // gone already when all went well
	defer f.Close()
	if err := x.layout.write(f, s); err != nil {
		return Position{}, fmt.Errorf("write checkpoint %s: %w", path, err)
	}
	if err := f.Sync(); err != nil {
		return Position{}, fmt.Errorf("write checkpoint %s: %w", path, err)
	}
	if err := f.Close(); err != nil {
		return Position{}, fmt.Errorf("write checkpoint %s: %w", path, err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return Position{}, fmt.Errorf("write checkpoint: %w", err)
	}
	if dir, err := os.Open(filepath.Dir(path)); err == nil {
		dir.Sync() // the new name; not every file system can
		dir.Close()
	}
	return s.position, nil
}

func (l *layout) write(f *os.File, s *state) error {
	out := bufio.NewWriterSize(f, 1<<20)
	offset := int64(headerSize)
	if _, err := out.Write(make([]byte, headerSize)); err != nil {
		return err
	}
	put := func(data []byte) (part, error) {
		p := part{offset, int64(len(data)), crc32.Checksum(data, castagnoli)}
		padding := -(offset + p.Bytes) & (alignment - 1)
		offset += p.Bytes + padding
		if _, err := out.Write(data); err != nil {
			return p, err
		}
		_, err := out.Write(make([]byte, padding))
		return p, err
	}
	entry := func(g *segment) (segmentEntry, error) {
		e := segmentEntry{Rows: g.len()}
		slabs, _ := g.parts()
		for _, b := range slabs {
			p, err := put(b.bytes())
			if err != nil {
				return e, err
			}
			e.Parts = append(e.Parts, p)
		}
		return e, nil
	}
	d := directory{Schema: l.schema, Begins: s.begins, Position: s.position}
	var err error
	if d.Base, err = entry(s.base); err != nil {
		return err
	}
	for _, g := range s.deltas {
		e, err := entry(g)
		if err != nil {
			return err
		}
		d.Deltas = append(d.Deltas, e)
	}
	for _, g := range s.history {
		e, err := entry(g)
		if err != nil {
			return err
		}
		d.History = append(d.History, e)
	}
	text, err := json.Marshal(d)
	if err != nil {
		return err
	}
	at, err := put(text)
	if err != nil {
		return err
	}
	if err := out.Flush(); err != nil {
		return err
	}
	header := make([]byte, 0, headerSize)
	header = append(header, fileMagic...)
	header = binary.LittleEndian.AppendUint32(header, fileVersion)
	header = binary.LittleEndian.AppendUint32(header, at.Sum)
	header = binary.LittleEndian.AppendUint64(header, uint64(at.Offset))
	header = binary.LittleEndian.AppendUint64(header, uint64(at.Bytes))
	header = binary.LittleEndian.AppendUint32(header, crc32.Checksum(header, castagnoli))
	_, err = f.WriteAt(header, 0)
	return err
}

// mapping keeps a file in memory as long as a segment needs it.
type mapping struct{ data []byte }

// Open reads the index from a file that WriteFile wrote, with the schema it must have. Columns stay in the
// file, mapped into memory. A file that cannot be used gives *Damaged, a missing one fs.ErrNotExist.
func Open(path string, schema Schema) (*Index, error) {
	x, err := New(schema)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open checkpoint: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("open checkpoint: %w", err)
	}
	damaged := func(format string, args ...any) (*Index, error) {
		return nil, &Damaged{path, fmt.Sprintf(format, args...)}
	}
	if !info.Mode().IsRegular() || info.Size() < headerSize {
		return damaged("is no checkpoint: %d bytes", info.Size())
	}
	if !littleEndian() {
		return damaged("was written on another kind of machine")
	}
	header := make([]byte, headerSize)
	if _, err := io.ReadFull(f, header); err != nil {
		return nil, fmt.Errorf("read checkpoint %s: %w", path, err)
	}
	const body = len(fileMagic) + 24
	if string(header[:len(fileMagic)]) != fileMagic {
		return damaged("is no checkpoint")
	}
	numbers := header[len(fileMagic):]
	if v := binary.LittleEndian.Uint32(numbers); v != fileVersion {
		return damaged("has version %d; this program reads %d", v, fileVersion)
	}
	if crc32.Checksum(header[:body], castagnoli) != binary.LittleEndian.Uint32(header[body:]) {
		return damaged("the header is damaged")
	}
	data, unmap, err := mapFile(f, int(info.Size()))
	if err != nil {
		return nil, fmt.Errorf("map checkpoint %s: %w", path, err)
	}
	m := &mapping{data}
	runtime.AddCleanup(m, func(unmap func()) { unmap() }, unmap)
	r := reader{l: x.layout, m: m}
	at := part{int64(binary.LittleEndian.Uint64(numbers[8:])), int64(binary.LittleEndian.Uint64(numbers[16:])), binary.LittleEndian.Uint32(numbers[4:])}
	s, err := r.read(at)
	if err != nil {
		return damaged("%v", err)
	}
	x.state.Store(s)
	return x, nil
}

type reader struct {
	l *layout
	m *mapping
}

func (r *reader) take(p part) ([]byte, error) {
	if p.Offset < headerSize || p.Bytes < 0 || p.Offset%alignment != 0 || p.Offset > int64(len(r.m.data)) || p.Bytes > int64(len(r.m.data))-p.Offset {
		return nil, errors.New("is cut off, or its directory is damaged")
	}
	data := r.m.data[p.Offset : p.Offset+p.Bytes : p.Offset+p.Bytes]
	if crc32.Checksum(data, castagnoli) != p.Sum {
		return nil, fmt.Errorf("the %d bytes from %d on are damaged", p.Bytes, p.Offset)
	}
	return data, nil
}

func (r *reader) read(at part) (*state, error) {
	text, err := r.take(at)
	if err != nil {
		return nil, err
	}
	var d directory
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, fmt.Errorf("the directory is damaged: %w", err)
	}
	if !d.Schema.equal(r.l.schema) {
		return nil, errors.New("has other columns")
	}
	s := &state{begins: d.Begins, position: d.Position}
	if s.base, err = r.segment(d.Base, false); err != nil {
		return nil, err
	}
	s.noteCodes(s.base)
	for _, e := range d.Deltas {
		g, err := r.segment(e, true)
		if err != nil {
			return nil, err
		}
		s.noteCodes(g)
		s.deltas = append(s.deltas, g)
	}
	for _, e := range d.History {
		g, err := r.segment(e, true)
		if err != nil {
			return nil, err
		}
		s.noteCodes(g)
		s.history = append(s.history, g)
	}
	return s, nil
}

func (r *reader) segment(e segmentEntry, signed bool) (*segment, error) {
	g := &segment{columns: newColumns(r.l.schema, 0, signed), shape: r.l, mapped: r.m}
	g.peaks = make([][]int64, len(r.l.schema.Ranks))
	slabs, perRow := g.parts()
	if len(slabs) != len(e.Parts) {
		return nil, errors.New("has other columns")
	}
	for i, b := range slabs {
		data, err := r.take(e.Parts[i])
		if err != nil {
			return nil, err
		}
		if err := b.set(data); err != nil {
			return nil, err
		}
		if perRow[i] && b.len() != e.Rows {
			return nil, errors.New("has columns of different lengths")
		}
	}
	if signed {
		g.findSpan()
	}
	return g, nil
}
