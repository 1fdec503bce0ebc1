package osm

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/paulmach/orb"
)

// Header is what an extract says of itself.
type Header struct {
	Bounds    orb.Bound // zero unless HasBounds
	HasBounds bool
	Program   string    // the program that wrote the file
	Source    string    // where the data came from
	Timestamp time.Time // state of the data, zero when untold
	Sorted    bool      // elements come as nodes, ways, relations, each by rising id
}

// Source is an extract that can be scanned several times, also at the same time.
type Source struct {
	name   string
	data   io.ReaderAt
	size   int64
	file   *os.File // nil for bytes in memory
	xml    bool
	header Header
	parts  []*Source // of a merged source, which has no data of its own

	hashOnce sync.Once
	hash     string
	hashErr  error

	mu    sync.Mutex
	kinds map[int64]kinds // what each PBF block holds, by offset, learned by the first scan
}

// Handler receives the elements of a scan. A nil function skips its kind, which is much faster than ignoring it.
type Handler struct {
	Node     func(Node) error
	Way      func(Way) error
	Relation func(Relation) error
	Progress func(done, total int64) // bytes of the file; called about once a block, must not block
}

// Open opens the extract at path, PBF or XML told by content, and reads its header.
func Open(path string) (*Source, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open extract: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("open extract: %w", err)
	}
	if !info.Mode().IsRegular() {
		f.Close()
		return nil, fmt.Errorf("open extract: %s is not a regular file", path)
	}
	s := &Source{name: info.Name(), data: f, size: info.Size(), file: f}
	if err := s.sniff(); err != nil {
		f.Close()
		return nil, err
	}
	return s, nil
}

// FromBytes is Open on bytes in memory; name is used in errors.
func FromBytes(name string, data []byte) (*Source, error) {
	s := &Source{name: name, data: bytes.NewReader(data), size: int64(len(data))}
	if err := s.sniff(); err != nil {
		return nil, err
	}
	return s, nil
}

// Name returns the file's base name, or the name given to FromBytes.
func (s *Source) Name() string { return s.name }

// Size returns the extract's length in bytes.
func (s *Source) Size() int64 { return s.size }

// Header returns what the extract says of itself.
func (s *Source) Header() Header { return s.header }

// Hash returns the SHA-256 of the whole file in hexadecimal.
func (s *Source) Hash() (string, error) {
	s.hashOnce.Do(func() {
		if s.parts != nil {
			s.hash, s.hashErr = s.hashParts()
			return
		}
		sum := sha256.New()
		if _, err := io.Copy(sum, io.NewSectionReader(s.data, 0, s.size)); err != nil {
			s.hashErr = fmt.Errorf("hash extract %s: %w", s.name, err)
			return
		}
		s.hash = hex.EncodeToString(sum.Sum(nil))
	})
	return s.hash, s.hashErr
}

// Close releases the file. Scans under way fail.
func (s *Source) Close() error {
	var errs []error
	for _, p := range s.parts {
		errs = append(errs, p.Close())
	}
	if s.parts != nil {
		return errors.Join(errs...)
	}
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

// Scan calls the handlers in file order, all from the calling goroutine; decoding runs beside it on all cores.
// The values handed over may be kept. The first error of a handler ends the scan and is returned as it is;
// a cancelled context ends it with the context's error; a damaged file ends it with a [FormatError], after
// the elements before the damage were handed over.
func (s *Source) Scan(ctx context.Context, h Handler) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	switch {
	case s.parts != nil:
		return s.scanParts(ctx, h)
	case s.xml:
		return s.scanXML(ctx, h)
	}
	return s.scanPBF(ctx, h)
}

// sniff tells PBF from XML by the first bytes and reads the header.
func (s *Source) sniff() error {
	if s.size == 0 {
		return &FormatError{Name: s.name, Offset: -1, Kind: ErrEmpty, Detail: "it has no bytes"}
	}
	head := make([]byte, min(s.size, 512))
	if _, err := s.data.ReadAt(head, 0); err != nil && err != io.EOF {
		return fmt.Errorf("read extract %s: %w", s.name, err)
	}
	refuse := func(detail string) error {
		return &FormatError{Name: s.name, Offset: -1, Kind: ErrUnknownFormat, Detail: detail}
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	switch {
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		return refuse("it is gzip-compressed, unpack it first")
	case bytes.HasPrefix(head, []byte("BZh")):
		return refuse("it is bzip2-compressed, unpack it first")
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return refuse("it is a zip archive, unpack it first")
	case bytes.HasPrefix(bytes.ToLower(text), []byte("<!doctype html")), bytes.HasPrefix(bytes.ToLower(text), []byte("<html")):
		return refuse("it is a web page")
	case bytes.HasPrefix(text, []byte("<")):
		s.xml = true
		return s.readXMLHeader()
	}
	return s.readPBFHeader()
}
