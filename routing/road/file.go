package road

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"runtime"
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
//	   156     32  zero
//	   188      4  CRC-32C of the bytes before it and of the table
//	   192         the table; per section 8 bytes offset, 8 bytes length, 4 bytes size of an element, 4 bytes CRC-32C
const (
	magic         = "CATCHRD\n"
	layoutVersion = 5
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
}

// version returns the extract's hash and what its times are made of.
func (o origin) version() routing.Version {
	v := routing.Version{Map: o.source, Metric: o.profile.metric()}
	if o.speeds != "" {
		v.Metric += " " + string(o.band) + " " + o.speeds
	}
	return v
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// section is one array of the file: its bytes when writing, where they go when reading.
type section struct {
	element int
	bytes   func() []byte
	set     func([]byte)
}

func sectionOf[T any](field *[]T) section {
	var zero T
	size := int(unsafe.Sizeof(zero))
	return section{
		element: size,
		bytes: func() []byte {
			if len(*field) == 0 {
				return nil
			}
			return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(*field))), len(*field)*size)
		},
		set: func(b []byte) {
			*field = nil
			if len(b) > 0 {
				*field = unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/size)
			}
		},
	}
}

// sections lists the arrays in the order of the file.
func (a *arrays) sections() []section {
	return []section{
		sectionOf(&a.points), sectionOf(&a.nodeIDs), sectionOf(&a.costs),
		sectionOf(&a.segmentFirst), sectionOf(&a.segmentName), sectionOf(&a.segmentFlags), sectionOf(&a.segmentEdge),
		sectionOf(&a.edges), sectionOf(&a.piece), sectionOf(&a.pieces), sectionOf(&a.copies),
		sectionOf(&a.firstOut), sectionOf(&a.out),
		sectionOf(&a.nameFirst), sectionOf(&a.nameBytes),
		sectionOf(&a.leaves), sectionOf(&a.boxes),
		sectionOf(&a.cells), sectionOf(&a.runFirst), sectionOf(&a.runs),
		sectionOf(&a.rank), sectionOf(&a.edgeAt), sectionOf(&a.parent),
		sectionOf(&a.up.first), sectionOf(&a.up.arcs), sectionOf(&a.up.via),
		sectionOf(&a.down.first), sectionOf(&a.down.arcs), sectionOf(&a.down.via),
	}
}

// littleEndian tells whether the machine stores numbers as the file does.
func littleEndian() bool { return binary.NativeEndian.Uint16([]byte{1, 0}) == 1 }

// write stores the arrays under a temporary name and renames the file when it is complete and on disk, so that
// no reader ever sees half of it.
func (a *arrays) write(path string, o origin) (err error) {
	if !littleEndian() {
		return fmt.Errorf("prepared street files need a little-endian machine, this is %s", runtime.GOARCH)
	}
	if len(o.source) != 64 || len(o.profile.Name) > 24 || len(o.band) > 24 || len(o.speeds) > 16 {
		return fmt.Errorf("write %s: the extract's hash %q, the profile %q or the band %q does not fit the header",
			path, o.source, o.profile.Name, string(o.band))
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("write street file: %w", err)
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	sections := a.sections()
	table := make([]byte, len(sections)*entrySize)
	offset := align(headerSize + len(table))
	for i, s := range sections {
		data := s.bytes()
		entry := table[i*entrySize:]
		binary.LittleEndian.PutUint64(entry, uint64(offset))
		binary.LittleEndian.PutUint64(entry[8:], uint64(len(data)))
		binary.LittleEndian.PutUint32(entry[16:], uint32(s.element))
		binary.LittleEndian.PutUint32(entry[20:], crc32.Checksum(data, castagnoli))
		if _, err := f.WriteAt(data, int64(offset)); err != nil {
			return fmt.Errorf("write street file: %w", err)
		}
		offset = align(offset + len(data))
	}
	header := make([]byte, headerSize)
	copy(header, magic)
	binary.LittleEndian.PutUint32(header[8:], layoutVersion)
	binary.LittleEndian.PutUint32(header[12:], uint32(len(sections)))
	binary.LittleEndian.PutUint64(header[16:], uint64(offset))
	copy(header[24:88], o.source)
	copy(header[88:112], o.profile.Name)
	binary.LittleEndian.PutUint32(header[112:], uint32(o.profile.Revision))
	copy(header[116:140], o.band)
	copy(header[140:156], o.speeds)
	sum := crc32.Update(crc32.Checksum(header[:checkAt], castagnoli), castagnoli, table)
	binary.LittleEndian.PutUint32(header[checkAt:], sum)
	if _, err := f.WriteAt(append(header, table...), 0); err != nil {
		return fmt.Errorf("write street file: %w", err)
	}
	for _, step := range []func() error{
		func() error { return f.Truncate(int64(offset)) },
		func() error { return f.Chmod(0o644) },
		f.Sync,
		f.Close,
		func() error { return os.Rename(f.Name(), path) },
	} {
		if err := step(); err != nil {
			return fmt.Errorf("write street file: %w", err)
		}
	}
	return nil
}

func align(n int) int { return (n + alignment - 1) / alignment * alignment }

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
	g.profile = p
	return g, ""
}

// Close unmaps the file. No query may run or follow.
func (g *Graph) Close() error {
	mapped := g.mapped
	g.mapped, g.arrays = nil, arrays{}
	if mapped == nil {
		return nil
	}
	return unix.Munmap(mapped)
}

var _ io.Closer = (*Graph)(nil)
