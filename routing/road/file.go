package road

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"catchment/routing"
)

// A prepared file is a header, a table of sections and the sections, each at a multiple of 64 bytes, all
// numbers little-endian:
//
//	offset  bytes
//	     0      8  "CATCHRD\n"
//	     8      4  version of this layout
//	    12      4  number of sections
//	    16      8  size of the file
//	    24     64  sha256 of the extract, in hexadecimal
//	    88     24  name of the profile, filled up with zeros
//	   112      4  revision of the profile
//	   116     24  name of the time band the speeds are those of, filled up with zeros
//	   140     16  what the speeds are told apart by, filled up with zeros; empty for those of the map
//	   156     16  the time at which conditional rules are judged, as 2006-01-02T15:04; zeros if they are left out
//	   172     16  zero
//	   188      4  CRC-32C of the bytes before it and of the table
//	   192         the table; per section 8 bytes offset, 8 bytes length, 4 bytes size of an element, 4 bytes CRC-32C
const (
	magic         = "CATCHRD\n"
	layoutVersion = 7
	headerSize    = 192
	checkAt       = 188
	entrySize     = 24
	alignment     = 64
)

// ErrFile says that a prepared file cannot be used. It is wrapped by *FileError, which tells why.
var ErrFile = errors.New("not a usable prepared street file")

// FileError tells what is wrong with a prepared file, and what to do about it.
type FileError struct {
	Path    string
	Problem string
}

func (e *FileError) Error() string {
	return fmt.Sprintf("%s: %s; build it again from the extract", e.Path, e.Problem)
}

// Unwrap lets errors.Is find ErrFile.
func (e *FileError) Unwrap() error { return ErrFile }

// origin tells what the arrays of a file were made from.
type origin struct {
	source  string // sha256 of the extract
	profile *Profile
	band    routing.Band // AnyTime for the speeds of the map
	speeds  string       // tells speeds of one band apart; empty for those of the map

	excluded Exclusion // of a graph in memory; files exclude nothing
}

// version returns the extract's hash and what its times are made of.
func (o origin) version() routing.Version {
	v := routing.Version{Map: o.source, Metric: o.profile.metric()}
	if o.speeds != "" {
		v.Metric += " " + string(o.band) + " " + o.speeds
	}
	if !o.profile.wall.IsZero() {
		v.Metric += " at " + o.profile.wall.Format(wallLayout)
	}
	if o.excluded != 0 {
		v.Metric += " without " + o.excluded.String()
	}
	return v
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// section is one array of the file: its bytes when writing, in parts, and where they go when reading.
type section struct {
	element int
	length  int // in bytes, when writing
	parts   iter.Seq[[]byte]
	set     func([]byte)
}

// bytesOf returns the memory of a slice.
func bytesOf[T any](field []T) []byte {
	var zero T
	if len(field) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(field))), len(field)*int(unsafe.Sizeof(zero)))
}

func sectionOf[T any](field *[]T) section {
	var zero T
	size := int(unsafe.Sizeof(zero))
	return section{
		element: size,
		length:  len(*field) * size,
		parts:   func(yield func([]byte) bool) { yield(bytesOf(*field)) },
		set: func(b []byte) {
			*field = nil
			if len(b) > 0 {
				*field = unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/size)
			}
		},
	}
}

// streamOf is a section of so many elements that is made while it is written. The slices it is made of may reuse
// their memory.
func streamOf[T any](count uint32, made iter.Seq[[]T]) section {
	var zero T
	return section{
		element: int(unsafe.Sizeof(zero)),
		length:  int(count) * int(unsafe.Sizeof(zero)),
		parts: func(yield func([]byte) bool) {
			for part := range made {
				if !yield(bytesOf(part)) {
					return
				}
			}
		},
	}
}

// sections lists the arrays in the order of the file: first the streets, then the hierarchy.
func (a *arrays) sections() []section { return append(a.streetSections(), a.hierarchySections()...) }

func (a *arrays) streetSections() []section {
	return []section{
		sectionOf(&a.points), sectionOf(&a.nodeIDs), sectionOf(&a.smallCosts), sectionOf(&a.largeCosts),
		sectionOf(&a.segmentFirst), sectionOf(&a.segmentName), sectionOf(&a.segmentFlags), sectionOf(&a.segmentEdge),
		sectionOf(&a.edges), sectionOf(&a.piece), sectionOf(&a.pieces), sectionOf(&a.copies),
		sectionOf(&a.firstOut), sectionOf(&a.out),
		sectionOf(&a.nameFirst), sectionOf(&a.nameBytes),
		sectionOf(&a.leaves), sectionOf(&a.boxes),
		sectionOf(&a.cells), sectionOf(&a.runFirst), sectionOf(&a.runs),
	}
}

func (h *hierarchy) hierarchySections() []section {
	return []section{
		sectionOf(&h.parent),
		sectionOf(&h.up.first), sectionOf(&h.up.arcs), sectionOf(&h.up.via),
		sectionOf(&h.down.first), sectionOf(&h.down.arcs), sectionOf(&h.down.via),
	}
}

// hierarchySections lists what becomes of the arcs that are kept, as those of a hierarchy.
func (m *metric) hierarchySections() []section {
	parents := m.parents()
	all := []section{sectionOf(&parents)}
	for _, side := range []func(*twoWay) *halfArc{upwards, downwards} {
		first := m.firsts(side)
		kept := first[len(first)-1]
		all = append(all, sectionOf(&first), streamOf(kept, m.stream(side)), streamOf(kept, m.streamMiddles(side)))
	}
	return all
}

// streamed is how many elements of a section made while it is written are handed over at once.
const streamed = 1 << 14

// stream hands over the arcs kept in one direction.
func (m *metric) stream(side func(*twoWay) *halfArc) iter.Seq[[]arc] {
	return inBatches(m, side, func(h *halfArc, high uint32) arc { return arc{h.key, h.decimeters, high} })
}

// streamMiddles hands over their middles.
func (m *metric) streamMiddles(side func(*twoWay) *halfArc) iter.Seq[[]uint32] {
	return inBatches(m, side, func(h *halfArc, _ uint32) uint32 { return h.via })
}

func inBatches[T any](m *metric, side func(*twoWay) *halfArc, one func(h *halfArc, high uint32) T) iter.Seq[[]T] {
	return func(yield func([]T) bool) {
		batch := make([]T, 0, streamed)
		for i := range m.arcs {
			h := side(&m.arcs[i])
			if !h.kept() {
				continue
			}
			if batch = append(batch, one(h, m.high[i])); len(batch) == streamed {
				if !yield(batch) {
					return
				}
				batch = batch[:0]
			}
		}
		yield(batch)
	}
}

// littleEndian tells whether the machine stores numbers as the file does.
func littleEndian() bool { return binary.NativeEndian.Uint16([]byte{1, 0}) == 1 }

// writer writes a prepared file under a temporary name, section by section, and renames it when it is complete and
// on disk, so that no reader ever sees half of it.
type writer struct {
	path   string
	o      origin
	f      *os.File
	table  []byte
	offset int
}

// newWriter starts a file. It must be finished or given up.
func newWriter(path string, o origin) (*writer, error) {
	if !littleEndian() {
		return nil, fmt.Errorf("prepared street files need a little-endian machine, this is %s", runtime.GOARCH)
	}
	if len(o.source) != 64 || len(o.profile.Name) > 24 || len(o.band) > 24 || len(o.speeds) > 16 {
		return nil, fmt.Errorf("write %s: the extract's hash %q, the profile %q or the band %q does not fit the header",
			path, o.source, o.profile.Name, string(o.band))
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return nil, fmt.Errorf("write street file: %w", err)
	}
	return &writer{path: path, o: o, f: f, offset: align(headerSize + sectionCount*entrySize)}, nil
}

func align(n int) int { return (n + alignment - 1) &^ (alignment - 1) }

// sectionCount is how many sections a file has.
var sectionCount = len((&arrays{}).sections())

// put writes sections behind those before, several at a time.
func (w *writer) put(sections ...section) error {
	first := len(w.table)
	offsets := make([]int, len(sections))
	for i, s := range sections {
		entry := make([]byte, entrySize)
		binary.LittleEndian.PutUint64(entry, uint64(w.offset))
		binary.LittleEndian.PutUint64(entry[8:], uint64(s.length))
		binary.LittleEndian.PutUint32(entry[16:], uint32(s.element))
		w.table = append(w.table, entry...)
		offsets[i] = w.offset
		w.offset = align(w.offset + s.length)
	}
	errs := make([]error, len(sections))
	_ = inParallel(context.Background(), len(sections), func(next func() (int, bool)) {
		for i, ok := next(); ok; i, ok = next() {
			var sum uint32
			if sum, errs[i] = w.putAt(sections[i], offsets[i]); errs[i] != nil {
				continue
			}
			binary.LittleEndian.PutUint32(w.table[first+i*entrySize+20:], sum)
		}
	})
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("write street file: %w", err)
	}
	return nil
}

// putAt writes a section and returns its checksum.
func (w *writer) putAt(s section, offset int) (sum uint32, err error) {
	end := offset + s.length
	for part := range s.parts {
		if _, err := w.f.WriteAt(part, int64(offset)); err != nil {
			return 0, err
		}
		sum = crc32.Update(sum, castagnoli, part)
		offset += len(part)
	}
	if offset != end {
		panic("road: a section is not as long as was said")
	}
	return sum, nil
}

// giveUp removes what was written, unless the file is finished.
func (w *writer) giveUp() {
	if w.f != nil {
		w.f.Close()
		os.Remove(w.f.Name())
	}
}

// finish writes the header and puts the file in its place. If it cannot, nothing is left behind.
func (w *writer) finish() error {
	defer w.giveUp()
	if len(w.table) != sectionCount*entrySize {
		panic("road: a prepared file lacks sections")
	}
	header := make([]byte, headerSize)
	copy(header, magic)
	binary.LittleEndian.PutUint32(header[8:], layoutVersion)
	binary.LittleEndian.PutUint32(header[12:], uint32(sectionCount))
	binary.LittleEndian.PutUint64(header[16:], uint64(w.offset))
	copy(header[24:88], w.o.source)
	copy(header[88:112], w.o.profile.Name)
	binary.LittleEndian.PutUint32(header[112:], uint32(w.o.profile.Revision))
	copy(header[116:140], w.o.band)
	copy(header[140:156], w.o.speeds)
	if !w.o.profile.wall.IsZero() {
		copy(header[156:172], w.o.profile.wall.Format(wallLayout))
	}
	sum := crc32.Update(crc32.Checksum(header[:checkAt], castagnoli), castagnoli, w.table)
	binary.LittleEndian.PutUint32(header[checkAt:], sum)
	if _, err := w.f.WriteAt(append(header, w.table...), 0); err != nil {
		return fmt.Errorf("write street file: %w", err)
	}
	for _, step := range []func() error{
		func() error { return w.f.Truncate(int64(w.offset)) },
		func() error { return w.f.Chmod(0o644) },
		w.f.Sync,
		w.f.Close,
		func() error { return os.Rename(w.f.Name(), w.path) },
	} {
		if err := step(); err != nil {
			return fmt.Errorf("write street file: %w", err)
		}
	}
	w.f = nil
	return nil
}

// largeSkeleton is the number of arcs from which memory matters more than the tenth of a second it takes to free it.
const largeSkeleton = 4_000_000

// write stores the streets with a hierarchy over the edges in their order, all but the last step: finish is left to the caller,
// who may have better to do than to wait for the disk. What the hierarchy does not need is forgotten as soon as it is
// written: the two together would need much more memory.
func (a *arrays) write(ctx context.Context, path string, o origin) (*writer, error) {
	w, err := newWriter(path, o)
	if err != nil {
		return nil, err
	}
	done := false
	defer func() {
		if !done {
			w.giveUp()
		}
	}()
	written := make(chan error, 1)
	go func() { written <- w.put(a.streetSections()...) }()
	k := buildSkeleton(a)
	if err := <-written; err != nil {
		return nil, err
	}
	*a = arrays{edges: a.edges, firstOut: a.firstOut, out: a.out}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(k.high) > largeSkeleton {
		debug.FreeOSMemory() // else the costs of the arcs would be laid beside what has just been forgotten
	}
	m := k.contract(a)
	*a = arrays{}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := w.put(m.hierarchySections()...); err != nil {
		return nil, err
	}
	done = ctx.Err() == nil
	return w, ctx.Err()
}

// Open maps a prepared file into memory. It refuses files that are damaged, foreign, of another layout or made
// with other tables than this program's, all as *FileError.
func Open(path string) (*Graph, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open street file: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("open street file: %w", err)
	}
	if info.Size() < headerSize || info.Size() != int64(int(info.Size())) {
		return nil, &FileError{path, "is too short to be a prepared street file"}
	}
	mapped, err := unix.Mmap(int(f.Fd()), 0, int(info.Size()), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map street file %s: %w", path, err)
	}
	g, problem := read(mapped)
	if problem != "" {
		unix.Munmap(mapped)
		return nil, &FileError{path, problem}
	}
	g.mapped = mapped
	return g, nil
}

// read lays the arrays over the bytes of a prepared file. It returns what is wrong with them, empty if nothing.
func read(data []byte) (*Graph, string) {
	le := binary.LittleEndian
	if !littleEndian() {
		return nil, "needs a little-endian machine"
	}
	if len(data) < headerSize || string(data[:8]) != magic {
		return nil, "is not a prepared street file"
	}
	if v := le.Uint32(data[8:]); v != layoutVersion {
		return nil, fmt.Sprintf("has layout %d, this program reads %d", v, layoutVersion)
	}
	if size := le.Uint64(data[16:]); size != uint64(len(data)) {
		return nil, fmt.Sprintf("should be %d bytes long and is %d", size, len(data))
	}
	text := func(from, to int) string { return string(bytes.TrimRight(data[from:to], "\x00")) }
	g := &Graph{origin: origin{source: text(24, 88), band: routing.Band(text(116, 140)), speeds: text(140, 156)}}
	sections := g.sections()
	if n := le.Uint32(data[12:]); int(n) != len(sections) || len(data) < headerSize+len(sections)*entrySize {
		return nil, fmt.Sprintf("has %d sections instead of %d", n, len(sections))
	}
	table := data[headerSize : headerSize+len(sections)*entrySize]
	if crc32.Update(crc32.Checksum(data[:checkAt], castagnoli), castagnoli, table) != le.Uint32(data[checkAt:]) {
		return nil, "has a damaged header"
	}
	for i, s := range sections {
		entry := table[i*entrySize:]
		offset, length := le.Uint64(entry), le.Uint64(entry[8:])
		if offset%alignment != 0 || offset > uint64(len(data)) || length > uint64(len(data))-offset ||
			int(le.Uint32(entry[16:])) != s.element || length%uint64(s.element) != 0 {
			return nil, fmt.Sprintf("has a section %d that does not fit", i)
		}
		part := data[offset : offset+length]
		if crc32.Checksum(part, castagnoli) != le.Uint32(entry[20:]) {
			return nil, fmt.Sprintf("is damaged in section %d", i)
		}
		s.set(part)
	}
	if err := g.check(); err != nil {
		return nil, err.Error()
	}
	name := routing.Profile(text(88, 112))
	p, err := ProfileNamed(name)
	if err != nil {
		return nil, fmt.Sprintf("is for a profile %q that this program does not have", name)
	}
	if r := le.Uint32(data[112:]); int(r) != p.Revision {
		return nil, fmt.Sprintf("was built with revision %d of profile %s, this program has %d", r, name, p.Revision)
	}
	if at := text(156, 172); at != "" {
		wall, err := time.Parse(wallLayout, at)
		if err != nil {
			return nil, fmt.Sprintf("was built for the time %q, which is none", at)
		}
		p = p.At(wall)
	}
	g.profile = p
	return g, ""
}

// wallLayout is how the time of conditional rules is written.
const wallLayout = "2006-01-02T15:04"

// Close unmaps the file. No query may run or follow.
func (g *Graph) Close() error {
	mapped := g.mapped
	g.partial.forget()
	g.mapped, g.arrays = nil, arrays{}
	if mapped == nil {
		return nil
	}
	return unix.Munmap(mapped)
}

var _ io.Closer = (*Graph)(nil)
