package basemap

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
)

// A table gathers rows in PostgreSQL's binary COPY format and sends them in lots: one connection can fill many
// tables in turn while an extract streams by, and a row costs no garbage.
type table struct {
	name    string // of the partition, without schema
	columns string
	fields  int16
	buf     []byte
	rows    int64
}

// lot is the size at which a table's rows are sent, in bytes.
const lot = 4 << 20

var copyHeader = append([]byte("PGCOPY\n\xff\r\n\x00"), 0, 0, 0, 0, 0, 0, 0, 0)

func (t *table) row() {
	if len(t.buf) == 0 {
		t.buf = append(t.buf, copyHeader...)
	}
	t.buf = binary.BigEndian.AppendUint16(t.buf, uint16(t.fields))
	t.rows++
}

func (t *table) null() { t.buf = binary.BigEndian.AppendUint32(t.buf, math.MaxUint32) }

func (t *table) int64(v int64) {
	t.buf = binary.BigEndian.AppendUint32(t.buf, 8)
	t.buf = binary.BigEndian.AppendUint64(t.buf, uint64(v))
}

func (t *table) int32(v int32) {
	t.buf = binary.BigEndian.AppendUint32(t.buf, 4)
	t.buf = binary.BigEndian.AppendUint32(t.buf, uint32(v))
}

func (t *table) int16(v int16) {
	t.buf = binary.BigEndian.AppendUint32(t.buf, 2)
	t.buf = binary.BigEndian.AppendUint16(t.buf, uint16(v))
}

func (t *table) bool(v bool) {
	b := byte(0)
	if v {
		b = 1
	}
	t.buf = append(binary.BigEndian.AppendUint32(t.buf, 1), b)
}

func (t *table) float32(v float64) {
	t.buf = binary.BigEndian.AppendUint32(t.buf, 4)
	t.buf = binary.BigEndian.AppendUint32(t.buf, math.Float32bits(float32(v)))
}

func (t *table) text(s string) {
	t.buf = binary.BigEndian.AppendUint32(t.buf, uint32(len(s)))
	t.buf = append(t.buf, s...)
}

// textOrNull writes the empty string as null.
func (t *table) textOrNull(s string) {
	if s == "" {
		t.null()
		return
	}
	t.text(s)
}

// object writes a jsonb object, null when it is empty.
func (t *table) object(m map[string]string) {
	if len(m) == 0 {
		t.null()
		return
	}
	b, err := json.Marshal(m)
	if err != nil {
		panic(err) // strings only
	}
	t.buf = binary.BigEndian.AppendUint32(t.buf, uint32(len(b)+1))
	t.buf = append(t.buf, 1) // version of the binary form
	t.buf = append(t.buf, b...)
}

const (
	wkbPoint        = 1
	wkbLineString   = 2
	wkbPolygon      = 3
	wkbMultiPolygon = 6
	wkbWithSRID     = 0x20000000
)

// shape writes a geometry as EWKB.
func (t *table) shape(g orb.Geometry, srid uint32) {
	at := len(t.buf)
	t.buf = append(t.buf, 0, 0, 0, 0)
	head := func(kind uint32, top bool) {
		t.buf = append(t.buf, 1) // little endian
		if top {
			t.buf = binary.LittleEndian.AppendUint32(t.buf, kind|wkbWithSRID)
			t.buf = binary.LittleEndian.AppendUint32(t.buf, srid)
		} else {
			t.buf = binary.LittleEndian.AppendUint32(t.buf, kind)
		}
	}
	points := func(ps []orb.Point) {
		t.buf = binary.LittleEndian.AppendUint32(t.buf, uint32(len(ps)))
		for _, p := range ps {
			t.buf = binary.LittleEndian.AppendUint64(t.buf, math.Float64bits(p[0]))
			t.buf = binary.LittleEndian.AppendUint64(t.buf, math.Float64bits(p[1]))
		}
	}
	polygon := func(p orb.Polygon, top bool) {
		head(wkbPolygon, top)
		t.buf = binary.LittleEndian.AppendUint32(t.buf, uint32(len(p)))
		for _, ring := range p {
			points(ring)
		}
	}
	switch g := g.(type) {
	case orb.Point:
		head(wkbPoint, true)
		t.buf = binary.LittleEndian.AppendUint64(t.buf, math.Float64bits(g[0]))
		t.buf = binary.LittleEndian.AppendUint64(t.buf, math.Float64bits(g[1]))
	case orb.LineString:
		head(wkbLineString, true)
		points(g)
	case orb.Polygon:
		polygon(g, true)
	case orb.MultiPolygon:
		head(wkbMultiPolygon, true)
		t.buf = binary.LittleEndian.AppendUint32(t.buf, uint32(len(g)))
		for _, p := range g {
			polygon(p, false)
		}
	default:
		panic(fmt.Sprintf("basemap: no table holds a %T", g))
	}
	binary.BigEndian.PutUint32(t.buf[at:], uint32(len(t.buf)-at-4))
}

// send copies what has been gathered into the database.
func (t *table) send(ctx context.Context, tx pgx.Tx) error {
	if len(t.buf) == 0 {
		return nil
	}
	t.buf = binary.BigEndian.AppendUint16(t.buf, math.MaxUint16) // end of data
	statement := fmt.Sprintf("copy basemap.%s (%s) from stdin binary", pgx.Identifier{t.name}.Sanitize(), t.columns)
	if _, err := tx.Conn().PgConn().CopyFrom(ctx, bytes.NewReader(t.buf), statement); err != nil {
		return fmt.Errorf("copy to basemap.%s: %w", t.name, err)
	}
	t.buf = t.buf[:0]
	return nil
}
