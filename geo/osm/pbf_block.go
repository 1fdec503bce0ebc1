package osm

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/paulmach/orb"
)

// maxWords bounds what one block may unfold to, in 8-byte words: far above any real block of 8,000 elements,
// low enough (96 MB) that a hostile one cannot exhaust memory.
const maxWords = 12 << 20

// What things weigh in memory, in words.
const (
	elementWords = 7
	tagWords     = 4
	memberWords  = 4
	stringWords  = 5 // its entry in both tables
)

// block is a decoded PrimitiveBlock, its groups in file order.
type block struct {
	kinds  kinds // all the block holds, also what was not asked for
	groups []group
}

type group struct {
	nodes     []Node
	ways      []Way
	relations []Relation
}

// decoder turns blobs into blocks; one a goroutine, it keeps its buffers.
type decoder struct {
	want    kinds
	inflate inflater

	raw     [][]byte // the string table as it lies in the block
	strings []string // the same, made only when used; "" means not yet made
	words   int      // what the block has unfolded to so far

	granularity, latOffset, lonOffset int64 // nanodegrees
}

func (d *decoder) decode(blob []byte) (*block, error) {
	data, err := d.inflate.blob(blob)
	if err != nil {
		return nil, err
	}
	d.raw = d.raw[:0]
	d.words = 0
	d.granularity, d.latOffset, d.lonOffset = 100, 0, 0

	var groups [][]byte
	m := message{data: data}
	for m.next() {
		switch m.field {
		case 1:
			t := message{data: m.bytes()}
			for t.next() {
				if t.field != 1 {
					t.skip()
					continue
				}
				d.raw = append(d.raw, t.bytes())
				if err := d.count(stringWords); err != nil {
					return nil, err
				}
			}
			if t.err != nil {
				return nil, t.err
			}
		case 2:
			groups = append(groups, m.bytes())
			if err := d.count(elementWords); err != nil {
				return nil, err
			}
		case 17:
			d.granularity = int64(int32(m.varint()))
		case 19:
			d.latOffset = int64(m.varint())
		case 20:
			d.lonOffset = int64(m.varint())
		default:
			m.skip()
		}
	}
	if m.err != nil {
		return nil, m.err
	}
	const turn = 360_000_000_000 // nanodegrees
	if d.granularity <= 0 || d.granularity > 1_000_000 {
		return nil, corrupt("a granularity of %d", d.granularity)
	}
	if max(d.latOffset, d.lonOffset) > turn || min(d.latOffset, d.lonOffset) < -turn {
		return nil, corrupt("offsets of %d, %d", d.lonOffset, d.latOffset)
	}
	if cap(d.strings) < len(d.raw) {
		d.strings = make([]string, len(d.raw))
	}
	d.strings = d.strings[:len(d.raw)]
	clear(d.strings)

	b := new(block)
	for _, data := range groups {
		g, k, err := d.group(data)
		if err != nil {
			return nil, err
		}
		b.kinds |= k
		if len(g.nodes)+len(g.ways)+len(g.relations) > 0 {
			b.groups = append(b.groups, g)
		}
	}
	return b, nil
}

func (d *decoder) count(n int) error {
	if d.words += n; d.words > maxWords {
		return &fault{ErrTooLarge, fmt.Sprintf("a block unfolds to more than %d bytes", 8*maxWords)}
	}
	return nil
}

func (d *decoder) group(data []byte) (g group, k kinds, err error) {
	m := message{data: data}
	for m.next() && err == nil {
		switch m.field {
		case 1:
			k |= hasNodes
			if body := m.bytes(); d.want&hasNodes != 0 && m.err == nil {
				var n Node
				if n, err = d.node(body); err == nil {
					g.nodes = append(g.nodes, n)
				}
			}
		case 2:
			body := m.bytes()
			if len(body) > 0 {
				k |= hasNodes
			}
			if d.want&hasNodes != 0 && m.err == nil {
				g.nodes, err = d.dense(g.nodes, body)
			}
		case 3:
			k |= hasWays
			if body := m.bytes(); d.want&hasWays != 0 && m.err == nil {
				var w Way
				if w, err = d.way(body); err == nil {
					g.ways = append(g.ways, w)
				}
			}
		case 4:
			k |= hasRelations
			if body := m.bytes(); d.want&hasRelations != 0 && m.err == nil {
				var r Relation
				if r, err = d.relation(body); err == nil {
					g.relations = append(g.relations, r)
				}
			}
		default:
			m.skip()
		}
	}
	if err == nil {
		err = m.err
	}
	return g, k, err
}

// text returns entry i of the string table, safe to store anywhere: valid UTF-8 without NUL.
func (d *decoder) text(i uint64) (string, error) {
	if i >= uint64(len(d.raw)) {
		return "", corrupt("string %d of %d", i, len(d.raw))
	}
	s := d.strings[i]
	if s == "" && len(d.raw[i]) > 0 {
		s = clean(string(d.raw[i]))
		d.strings[i] = s
	}
	return s, nil
}

// clean makes text that PostgreSQL and JSON accept: no NUL, no broken UTF-8.
func clean(s string) string {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}

// point turns units of the block's granularity into degrees. Dividing (not multiplying by 1e-9) gives the float64
// nearest to the decimal number, the same as the XML reader and Locations give.
func (d *decoder) point(id, lon, lat int64) (orb.Point, error) {
	const most = 1 << 41 // beyond any place on earth at granularity 1, and no product overflows
	if lon > most || lon < -most || lat > most || lat < -most {
		return orb.Point{}, corrupt("node %d lies off the earth", id)
	}
	p := orb.Point{
		float64(d.lonOffset+d.granularity*lon) / 1e9,
		float64(d.latOffset+d.granularity*lat) / 1e9,
	}
	if !onEarth(p) {
		return orb.Point{}, corrupt("node %d lies off the earth, at %g, %g", id, p[0], p[1])
	}
	return p, nil
}

// onEarth is false for NaN as well.
func onEarth(p orb.Point) bool {
	return p[0] >= -180 && p[0] <= 180 && p[1] >= -90 && p[1] <= 90
}

func (d *decoder) dense(nodes []Node, data []byte) ([]Node, error) {
	var ids, lats, lons, keyvals, visible packed
	m := message{data: data}
	for m.next() {
		switch m.field {
		case 1:
			ids = m.bytes()
		case 5:
			info := message{data: m.bytes()}
			for info.next() {
				if info.field == 6 {
					visible = info.bytes()
				} else {
					info.skip()
				}
			}
			if info.err != nil {
				return nil, info.err
			}
		case 8:
			lats = m.bytes()
		case 9:
			lons = m.bytes()
		case 10:
			keyvals = m.bytes()
		default:
			m.skip()
		}
	}
	if m.err != nil {
		return nil, m.err
	}
	n := ids.count()
	if err := d.count(n*elementWords + keyvals.count()/2*tagWords); err != nil {
		return nil, err
	}
	if nodes == nil {
		nodes = make([]Node, 0, n)
	}
	tagged := len(keyvals) > 0
	var id, lat, lon int64
	for range n {
		di, ok1 := ids.next()
		dlat, ok2 := lats.next()
		dlon, ok3 := lons.next()
		if !ok1 || !ok2 || !ok3 {
			return nil, corrupt("dense nodes with fewer places than ids")
		}
		id, lat, lon = id+unzigzag(di), lat+unzigzag(dlat), lon+unzigzag(dlon)
		at, err := d.point(id, lon, lat)
		if err != nil {
			return nil, err
		}
		node := Node{ID: id, At: at}
		if tagged {
			if node.Tags, err = d.denseTags(&keyvals); err != nil {
				return nil, err
			}
		}
		if len(visible) > 0 {
			if v, ok := visible.next(); ok && v == 0 {
				continue
			}
		}
		nodes = append(nodes, node)
	}
	return nodes, nil
}

// denseTags takes one node's tags: key, value, key, value, 0.
func (d *decoder) denseTags(keyvals *packed) (Tags, error) {
	n := 0
	for rest := *keyvals; ; n++ {
		k, ok := rest.next()
		if !ok && len(rest) > 0 {
			return nil, corrupt("tags of dense nodes")
		}
		if k == 0 || !ok {
			break
		}
		if _, ok = rest.next(); !ok {
			return nil, corrupt("a tag of a dense node without value")
		}
	}
	if n == 0 {
		keyvals.next()
		return nil, nil
	}
	tags := make(Tags, n)
	for i := range tags {
		k, _ := keyvals.next()
		v, _ := keyvals.next()
		var err error
		if tags[i], err = d.tag(k, v); err != nil {
			return nil, err
		}
	}
	keyvals.next() // the closing 0, absent at most behind the last node
	return tags, nil
}

func (d *decoder) tag(k, v uint64) (Tag, error) {
	key, err := d.text(k)
	if err != nil {
		return Tag{}, err
	}
	value, err := d.text(v)
	return Tag{key, value}, err
}

// tags joins the parallel arrays of ways and relations.
func (d *decoder) tags(keys, values packed) (Tags, error) {
	n := keys.count()
	if n == 0 {
		return nil, nil
	}
	if err := d.count(n * tagWords); err != nil {
		return nil, err
	}
	tags := make(Tags, n)
	for i := range tags {
		k, _ := keys.next()
		v, ok := values.next()
		if !ok {
			return nil, corrupt("a tag without value")
		}
		var err error
		if tags[i], err = d.tag(k, v); err != nil {
			return nil, err
		}
	}
	return tags, nil
}

// node decodes the plain form, which hardly any writer uses.
func (d *decoder) node(data []byte) (Node, error) {
	var n Node
	var keys, values packed
	var lat, lon int64
	m := message{data: data}
	for m.next() {
		switch m.field {
		case 1:
			n.ID = unzigzag(m.varint())
		case 2:
			keys = m.bytes()
		case 3:
			values = m.bytes()
		case 8:
			lat = unzigzag(m.varint())
		case 9:
			lon = unzigzag(m.varint())
		default:
			m.skip()
		}
	}
	if m.err != nil {
		return Node{}, m.err
	}
	if err := d.count(elementWords); err != nil {
		return Node{}, err
	}
	var err error
	if n.At, err = d.point(n.ID, lon, lat); err != nil {
		return Node{}, err
	}
	n.Tags, err = d.tags(keys, values)
	return n, err
}

func (d *decoder) way(data []byte) (Way, error) {
	var w Way
	var keys, values, refs packed
	m := message{data: data}
	for m.next() {
		switch m.field {
		case 1:
			w.ID = int64(m.varint())
		case 2:
			keys = m.bytes()
		case 3:
			values = m.bytes()
		case 8:
			refs = m.bytes()
		default:
			m.skip()
		}
	}
	if m.err != nil {
		return Way{}, m.err
	}
	n := refs.count()
	if err := d.count(n + elementWords); err != nil {
		return Way{}, err
	}
	w.Nodes = make([]int64, n)
	var ref int64
	for i := range w.Nodes {
		v, ok := refs.next()
		if !ok {
			return Way{}, corrupt("node references of way %d", w.ID)
		}
		ref += unzigzag(v)
		w.Nodes[i] = ref
	}
	var err error
	w.Tags, err = d.tags(keys, values)
	return w, err
}

func (d *decoder) relation(data []byte) (Relation, error) {
	var r Relation
	var keys, values, roles, refs, types packed
	m := message{data: data}
	for m.next() {
		switch m.field {
		case 1:
			r.ID = int64(m.varint())
		case 2:
			keys = m.bytes()
		case 3:
			values = m.bytes()
		case 8:
			roles = m.bytes()
		case 9:
			refs = m.bytes()
		case 10:
			types = m.bytes()
		default:
			m.skip()
		}
	}
	if m.err != nil {
		return Relation{}, m.err
	}
	n := refs.count()
	if err := d.count(n*memberWords + elementWords); err != nil {
		return Relation{}, err
	}
	r.Members = make([]Member, n)
	var ref int64
	for i := range r.Members {
		v, ok1 := refs.next()
		role, ok2 := roles.next()
		kind, ok3 := types.next()
		if !ok1 || !ok2 || !ok3 || kind > uint64(RelationMember) {
			return Relation{}, corrupt("members of relation %d", r.ID)
		}
		text, err := d.text(role)
		if err != nil {
			return Relation{}, err
		}
		ref += unzigzag(v)
		r.Members[i] = Member{Kind: MemberKind(kind), Ref: ref, Role: text}
	}
	var err error
	r.Tags, err = d.tags(keys, values)
	return r, err
}
