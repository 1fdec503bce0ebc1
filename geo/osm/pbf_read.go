package osm

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/paulmach/orb"
)

// Limits of the format (https://wiki.openstreetmap.org/wiki/PBF_Format).
const (
	maxBlobHeader = 64 << 10
	maxBlob       = 32 << 20
)

// kinds tells what a block holds, so that later scans can pass over it unread.
type kinds byte

const (
	hasNodes kinds = 1 << iota
	hasWays
	hasRelations
)

// blobHead is the frame around one block: 4 bytes length, BlobHeader, Blob.
type blobHead struct {
	kind   string // OSMHeader or OSMData
	offset int64  // of the frame
	body   int64  // offset of the Blob
	size   int64  // of the Blob
}

func (b blobHead) next() int64 { return b.body + b.size }

// readBlobHead reads the frame at offset; io.EOF when the file ends exactly there.
func (s *Source) readBlobHead(offset int64) (blobHead, error) {
	if offset == s.size {
		return blobHead{}, io.EOF
	}
	var length [4]byte
	if err := s.readAt(length[:], offset); err != nil {
		return blobHead{}, err
	}
	n := int64(binary.BigEndian.Uint32(length[:]))
	if n == 0 || n > maxBlobHeader {
		if offset == 0 {
			return blobHead{}, &fault{ErrUnknownFormat, "it begins like neither PBF nor XML"}
		}
		return blobHead{}, corrupt("a block header of %d bytes", n)
	}
	buf := make([]byte, n)
	if err := s.readAt(buf, offset+4); err != nil {
		return blobHead{}, err
	}
	head := blobHead{offset: offset, body: offset + 4 + n, size: -1}
	m := message{data: buf}
	for m.next() {
		switch m.field {
		case 1:
			head.kind = string(m.bytes())
		case 3:
			head.size = int64(m.varint())
		default:
			m.skip()
		}
	}
	switch {
	case m.err != nil && offset == 0:
		return blobHead{}, &fault{ErrUnknownFormat, "it begins like neither PBF nor XML"}
	case m.err != nil:
		return blobHead{}, m.err
	case head.size < 0:
		return blobHead{}, corrupt("a block without a length")
	case head.size > maxBlob:
		return blobHead{}, &fault{ErrTooLarge, fmt.Sprintf("%d bytes", head.size)}
	}
	return head, nil
}

func (s *Source) readAt(buf []byte, offset int64) error {
	if offset+int64(len(buf)) > s.size {
		return &fault{ErrTruncated, fmt.Sprintf("%d more bytes are due", offset+int64(len(buf))-s.size)}
	}
	if _, err := s.data.ReadAt(buf, offset); err != nil && err != io.EOF {
		return fmt.Errorf("read extract %s: %w", s.name, err)
	}
	return nil
}

// inflater unpacks blobs, keeping its buffers between calls.
type inflater struct {
	in  *bytes.Reader
	z   io.ReadCloser
	out []byte
}

// blob returns the payload of a Blob message; it aliases blob or the inflater and is valid until the next call.
func (i *inflater) blob(blob []byte) ([]byte, error) {
	var raw, deflated []byte
	size := int64(-1)
	found := false
	m := message{data: blob}
	for m.next() {
		switch m.field {
		case 1:
			raw, found = m.bytes(), true
		case 2:
			size = int64(m.varint())
		case 3:
			deflated, found = m.bytes(), true
		case 4, 5, 6, 7:
			names := map[uint64]string{4: "lzma", 5: "bzip2", 6: "lz4", 7: "zstd"}
			return nil, &fault{ErrUnsupported, "blocks packed by " + names[m.field] + "; write the file with zlib"}
		default:
			m.skip()
		}
	}
	switch {
	case m.err != nil:
		return nil, m.err
	case !found:
		return nil, corrupt("a block without content")
	case deflated == nil:
		return raw, nil
	case size < 0 || size > maxBlob:
		return nil, &fault{ErrTooLarge, fmt.Sprintf("unpacks to %d bytes", size)}
	}
	if i.in == nil {
		i.in = bytes.NewReader(nil)
	}
	i.in.Reset(deflated)
	var err error
	if i.z == nil {
		i.z, err = zlib.NewReader(i.in)
	} else {
		err = i.z.(zlib.Resetter).Reset(i.in, nil)
	}
	if err != nil {
		i.z = nil
		return nil, corrupt("unpack: %v", err)
	}
	// A lying size costs no memory: what is unpacked is at most about 1030 times what is there.
	if want := min(size, 1100*int64(len(deflated))+64); int64(cap(i.out)) < want {
		i.out = make([]byte, want)
	}
	i.out = i.out[:min(size, int64(cap(i.out)))]
	n, err := io.ReadFull(i.z, i.out)
	if err != nil || int64(n) != size {
		if err == nil {
			err = io.ErrUnexpectedEOF
		}
		return nil, corrupt("unpack: %d of %d bytes: %v", n, size, err)
	}
	// The checksum is verified only when the end is read.
	if n, err := i.z.Read(make([]byte, 1)); n > 0 || (err != nil && err != io.EOF) {
		if n > 0 {
			return nil, corrupt("unpacks to more than the %d bytes it claims", size)
		}
		return nil, corrupt("unpack: %v", err)
	}
	return i.out, nil
}

// readPBFHeader reads the first block, which must be an OSMHeader.
func (s *Source) readPBFHeader() error {
	head, err := s.readBlobHead(0)
	if err != nil {
		return s.at(0, err)
	}
	if head.kind != "OSMHeader" {
		return &FormatError{Name: s.name, Offset: 0, Kind: ErrCorrupt, Detail: "the header block is missing"}
	}
	buf := make([]byte, min(head.size, max(0, s.size-head.body)))
	if int64(len(buf)) < head.size {
		return s.at(0, &fault{ErrTruncated, "within the header"})
	}
	if err := s.readAt(buf, head.body); err != nil {
		return s.at(0, err)
	}
	var z inflater
	data, err := z.blob(buf)
	if err != nil {
		return s.at(0, err)
	}
	s.header, err = decodeHeader(data)
	return s.at(0, err)
}

func decodeHeader(data []byte) (Header, error) {
	var h Header
	m := message{data: data}
	for m.next() {
		switch m.field {
		case 1: // bbox, in nanodegrees
			var edges [5]int64
			b := message{data: m.bytes()}
			for b.next() {
				if b.field >= 1 && b.field <= 4 {
					edges[b.field] = unzigzag(b.varint())
				} else {
					b.skip()
				}
			}
			if b.err != nil {
				return Header{}, b.err
			}
			min := orb.Point{float64(edges[1]) / 1e9, float64(edges[4]) / 1e9}
			max := orb.Point{float64(edges[2]) / 1e9, float64(edges[3]) / 1e9}
			if onEarth(min) && onEarth(max) && min[0] <= max[0] && min[1] <= max[1] {
				h.Bounds, h.HasBounds = orb.Bound{Min: min, Max: max}, true
			}
		case 4:
			switch f := string(m.bytes()); f {
			case "OsmSchema-V0.6", "DenseNodes":
			case "HistoricalInformation":
				return Header{}, &fault{ErrUnsupported, "a full-history file; an extract of one moment is due"}
			default:
				return Header{}, &fault{ErrUnsupported, fmt.Sprintf("%q", clean(f))}
			}
		case 5:
			if string(m.bytes()) == "Sort.Type_then_ID" {
				h.Sorted = true
			}
		case 16:
			h.Program = clean(string(m.bytes()))
		case 17:
			h.Source = clean(string(m.bytes()))
		case 32:
			if t := int64(m.varint()); t > 0 && t < 1<<40 {
				h.Timestamp = time.Unix(t, 0).UTC()
			}
		default:
			m.skip()
		}
	}
	return h, m.err
}

// task is one block on its way through the decoders.
type task struct {
	head blobHead
	buf  []byte
	done chan result
}

type result struct {
	block *block
	err   error
}

// scanPBF reads blocks in order, decodes them on all cores and hands them over in order again.
// At most a few blocks a core are under way at any time, which bounds memory.
func (s *Source) scanPBF(ctx context.Context, h Handler) error {
	ctx, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	defer group.Wait()
	defer cancel()

	var want kinds
	if h.Node != nil {
		want |= hasNodes
	}
	if h.Way != nil {
		want |= hasWays
	}
	if h.Relation != nil {
		want |= hasRelations
	}
	workers := max(1, min(runtime.GOMAXPROCS(0), 16))
	work := make(chan task, workers)
	ordered := make(chan task, 2*workers)
	free := make(chan []byte, 4*workers)
	known := s.knownKinds()

	group.Add(1 + workers)
	go func() {
		defer group.Done()
		defer close(ordered)
		defer close(work)
		s.feed(ctx, want, known, work, ordered, free)
	}()
	for range workers {
		go func() {
			defer group.Done()
			d := decoder{want: want}
			for t := range work {
				b, err := d.decode(t.buf)
				select {
				case free <- t.buf:
				default:
				}
				t.done <- result{b, err} // never blocks: capacity one
			}
		}()
	}
	return s.drain(ctx, h, want, known, ordered)
}

// feed reads the frames one after the other. Whatever it meets, also an error, travels in order.
func (s *Source) feed(ctx context.Context, want kinds, known map[int64]kinds, work, ordered chan<- task, free <-chan []byte) {
	send := func(c chan<- task, t task) bool {
		select {
		case c <- t:
			return true
		case <-ctx.Done():
			return false
		}
	}
	fail := func(offset int64, err error) {
		t := task{head: blobHead{offset: offset}, done: make(chan result, 1)}
		t.done <- result{err: err}
		send(ordered, t)
	}
	for offset := int64(0); ctx.Err() == nil; {
		head, err := s.readBlobHead(offset)
		if err == io.EOF {
			return
		}
		if err != nil {
			fail(offset, err)
			return
		}
		if head.next() > s.size {
			fail(offset, &fault{ErrTruncated, fmt.Sprintf("%d more bytes are due", head.next()-s.size)})
			return
		}
		offset = head.next()
		k, seen := known[head.offset]
		if head.kind != "OSMData" || (seen && k&want == 0) {
			continue
		}
		var buf []byte
		select {
		case buf = <-free:
		default:
		}
		buf = slices.Grow(buf[:0], int(head.size))[:head.size]
		if err := s.readAt(buf, head.body); err != nil {
			fail(head.offset, err)
			return
		}
		t := task{head: head, buf: buf, done: make(chan result, 1)}
		if !send(ordered, t) || !send(work, t) {
			return
		}
	}
}

// drain hands decoded blocks to the handlers.
func (s *Source) drain(ctx context.Context, h Handler, want kinds, known map[int64]kinds, ordered <-chan task) error {
	learned := make(map[int64]kinds)
	var found kinds
	for _, k := range known {
		found |= k
	}
	for t := range ordered {
		var r result
		select {
		case r = <-t.done:
		case <-ctx.Done():
			return ctx.Err()
		}
		if r.err != nil {
			return s.at(t.head.offset, r.err)
		}
		learned[t.head.offset] = r.block.kinds
		found |= r.block.kinds
		if err := r.block.hand(ctx, h); err != nil {
			return err
		}
		if h.Progress != nil {
			h.Progress(t.head.next(), s.size)
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if found == 0 {
		return &FormatError{Name: s.name, Offset: -1, Kind: ErrEmpty, Detail: "it holds no node, way or relation"}
	}
	s.learn(learned)
	if h.Progress != nil {
		h.Progress(s.size, s.size)
	}
	return nil
}

func (s *Source) knownKinds() map[int64]kinds {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kinds
}

// learn keeps what a whole scan found. The map is replaced, never changed, so scans may read it unlocked.
func (s *Source) learn(k map[int64]kinds) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kinds == nil {
		s.kinds = k
	}
}

// hand calls the handlers for one block, looking at the context now and then.
func (b *block) hand(ctx context.Context, h Handler) error {
	for _, g := range b.groups {
		for i, n := range g.nodes {
			if i&1023 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			if err := h.Node(n); err != nil {
				return err
			}
		}
		for i, w := range g.ways {
			if i&255 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			if err := h.Way(w); err != nil {
				return err
			}
		}
		for i, r := range g.relations {
			if i&63 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			if err := h.Relation(r); err != nil {
				return err
			}
		}
	}
	return nil
}
