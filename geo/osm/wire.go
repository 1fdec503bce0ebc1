package osm

// message walks the fields of one protobuf message. The first fault sticks in err and ends the walk.
type message struct {
	data  []byte
	field uint64
	kind  byte
	err   error
}

// The protobuf wire types that OSM files use.
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5
)

// next moves to the next field; its value must then be taken or skipped.
func (m *message) next() bool {
	if m.err != nil || len(m.data) == 0 {
		return false
	}
	tag := m.raw()
	m.field, m.kind = tag>>3, byte(tag&7)
	return m.err == nil
}

func (m *message) raw() uint64 {
	v, n := uvarint(m.data)
	if n <= 0 {
		m.err = corrupt("a number runs past the end of its message")
		m.data = nil
		return 0
	}
	m.data = m.data[n:]
	return v
}

// varint takes the field's value as a plain integer.
func (m *message) varint() uint64 {
	if m.kind != wireVarint {
		m.err = corrupt("field %d has wire type %d, a number is due", m.field, m.kind)
		return 0
	}
	return m.raw()
}

// bytes takes the field's value as bytes that alias the message.
func (m *message) bytes() []byte {
	if m.kind != wireBytes {
		m.err = corrupt("field %d has wire type %d, bytes are due", m.field, m.kind)
		return nil
	}
	n := m.raw()
	if n > uint64(len(m.data)) {
		m.err = corrupt("field %d claims %d bytes, %d are left", m.field, n, len(m.data))
		return nil
	}
	b := m.data[:n:n]
	m.data = m.data[n:]
	return b
}

// skip passes over the field's value.
func (m *message) skip() {
	n := 0
	switch m.kind {
	case wireVarint:
		m.raw()
		return
	case wireBytes:
		m.bytes()
		return
	case wireFixed64:
		n = 8
	case wireFixed32:
		n = 4
	default:
		m.err = corrupt("field %d has the unknown wire type %d", m.field, m.kind)
		return
	}
	if n > len(m.data) {
		m.err = corrupt("field %d runs past the end of its message", m.field)
		return
	}
	m.data = m.data[n:]
}

// packed is a run of varints without tags between them.
type packed []byte

// next takes one number; ok is false at the end and when the rest is no number.
func (p *packed) next() (v uint64, ok bool) {
	b := *p
	if len(b) > 0 && b[0] < 0x80 {
		*p = b[1:]
		return uint64(b[0]), true
	}
	v, n := uvarint(b)
	if n <= 0 {
		return 0, false
	}
	*p = b[n:]
	return v, true
}

// count returns how many numbers the run holds: one for each byte that ends a number.
func (p packed) count() int {
	n := 0
	for _, b := range p {
		if b < 0x80 {
			n++
		}
	}
	return n
}

// uvarint reads a base-128 number of at most ten bytes; n <= 0 when there is none.
func uvarint(b []byte) (v uint64, n int) {
	var shift uint
	for i, c := range b {
		if i == 10 {
			return 0, -1
		}
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return v, i + 1
		}
		shift += 7
	}
	return 0, 0
}

// unzigzag turns protobuf's sint64 back: 0, -1, 1, -2 are stored as 0, 1, 2, 3.
func unzigzag(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }

func zigzag(v int64) uint64 { return uint64(v<<1) ^ uint64(v>>63) }
