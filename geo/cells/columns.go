package cells

import (
	"cmp"
	"slices"

	"github.com/paulmach/orb"
)

// columns holds rows, one slice per property. sign, at and recorded are there in segments of changes only.
type columns struct {
	cell       []uint64
	lon, lat   []float64
	id         []int64
	dimensions [][]uint8
	references [][]uint32
	measures   [][]int64
	sign       []int8
	at         []Instant
	recorded   []Instant
}

func newColumns(s Schema, capacity int, signed bool) columns {
	c := columns{
		cell:       make([]uint64, 0, capacity),
		lon:        make([]float64, 0, capacity),
		lat:        make([]float64, 0, capacity),
		id:         make([]int64, 0, capacity),
		dimensions: make([][]uint8, len(s.Dimensions)),
		references: make([][]uint32, len(s.References)),
		measures:   make([][]int64, len(s.Measures)),
	}
	for i := range c.dimensions {
		c.dimensions[i] = make([]uint8, 0, capacity)
	}
	for i := range c.references {
		c.references[i] = make([]uint32, 0, capacity)
	}
	for i := range c.measures {
		c.measures[i] = make([]int64, 0, capacity)
	}
	if signed {
		c.sign, c.at, c.recorded = make([]int8, 0, capacity), make([]Instant, 0, capacity), make([]Instant, 0, capacity)
	}
	return c
}

func (c *columns) len() int { return len(c.cell) }

func (c *columns) add(r *Row) {
	c.cell = append(c.cell, r.Cell)
	c.lon = append(c.lon, r.Point[0])
	c.lat = append(c.lat, r.Point[1])
	c.id = append(c.id, r.ID)
	for i := range c.dimensions {
		c.dimensions[i] = append(c.dimensions[i], r.Dimensions[i])
	}
	for i := range c.references {
		c.references[i] = append(c.references[i], r.References[i])
	}
	for i := range c.measures {
		c.measures[i] = append(c.measures[i], r.Measures[i])
	}
}

func (c *columns) addChange(h *Change) {
	c.add(&h.Row)
	c.sign = append(c.sign, h.Sign)
	c.at = append(c.at, h.At)
	c.recorded = append(c.recorded, h.Recorded)
}

func (c *columns) row(i int) Row {
	r := Row{ID: c.id[i], Point: orb.Point{c.lon[i], c.lat[i]}, Cell: c.cell[i]}
	for d := range c.dimensions {
		r.Dimensions[d] = c.dimensions[d][i]
	}
	for d := range c.references {
		r.References[d] = c.references[d][i]
	}
	for d := range c.measures {
		r.Measures[d] = c.measures[d][i]
	}
	return r
}

func (c *columns) change(i int) Change {
	return Change{Row: c.row(i), Sign: c.sign[i], At: c.at[i], Recorded: c.recorded[i]}
}

// each runs f over all columns of both, which have the same schema. With f copying from src to dst it moves rows.
func each(dst, src *columns, f func(dst, src column)) {
	f(&typed[uint64]{&dst.cell}, &typed[uint64]{&src.cell})
	f(&typed[float64]{&dst.lon}, &typed[float64]{&src.lon})
	f(&typed[float64]{&dst.lat}, &typed[float64]{&src.lat})
	f(&typed[int64]{&dst.id}, &typed[int64]{&src.id})
	for i := range src.dimensions {
		f(&typed[uint8]{&dst.dimensions[i]}, &typed[uint8]{&src.dimensions[i]})
	}
	for i := range src.references {
		f(&typed[uint32]{&dst.references[i]}, &typed[uint32]{&src.references[i]})
	}
	for i := range src.measures {
		f(&typed[int64]{&dst.measures[i]}, &typed[int64]{&src.measures[i]})
	}
	if dst.sign != nil && src.sign != nil {
		f(&typed[int8]{&dst.sign}, &typed[int8]{&src.sign})
		f(&typed[Instant]{&dst.at}, &typed[Instant]{&src.at})
		f(&typed[Instant]{&dst.recorded}, &typed[Instant]{&src.recorded})
	}
}

// column is one column of unknown type.
type column interface {
	// appendRun appends the rows from lo to hi of another column of the same type.
	appendRun(from column, lo, hi int)
	// arrange replaces the rows by those at order.
	arrange(order []uint32)
}

type typed[T any] struct{ rows *[]T }

func (t *typed[T]) appendRun(from column, lo, hi int) {
	*t.rows = append(*t.rows, (*from.(*typed[T]).rows)[lo:hi]...)
}

func (t *typed[T]) arrange(order []uint32) {
	out := make([]T, len(order))
	for i, from := range order {
		out[i] = (*t.rows)[from]
	}
	*t.rows = out
}

func (c *columns) appendAll(src *columns) {
	each(c, src, func(dst, from column) { dst.appendRun(from, 0, src.len()) })
}

// place is the key rows are sorted by: the cell, within it the position on a curve that keeps neighbours
// together, then the id.
type place struct {
	cell, curve uint64
	id          int64
}

func (c *columns) place(i int) place { return place{c.cell[i], curve(c.lon[i], c.lat[i]), c.id[i]} }

func (a place) compare(b place) int {
	if a.cell != b.cell {
		return cmp.Compare(a.cell, b.cell)
	}
	if a.curve != b.curve {
		return cmp.Compare(a.curve, b.curve)
	}
	return cmp.Compare(a.id, b.id)
}

// curve is the place of a point on the Z-order curve over the earth, 2^26 steps each way.
func curve(lon, lat float64) uint64 {
	const steps = 1 << 26
	return spread(uint32((lon+180)/360*(steps-1))) | spread(uint32((lat+90)/180*(steps-1)))<<1
}

// spread puts a zero before every bit.
func spread(v uint32) uint64 {
	x := uint64(v)
	x = (x | x<<16) & 0x0000ffff0000ffff
	x = (x | x<<8) & 0x00ff00ff00ff00ff
	x = (x | x<<4) & 0x0f0f0f0f0f0f0f0f
	x = (x | x<<2) & 0x3333333333333333
	return (x | x<<1) & 0x5555555555555555
}

// sort puts the rows in the order of their places; changes of one place keep the order they came in.
func (c *columns) sort() {
	if c.sorted() {
		return
	}
	type key struct {
		cell, curve uint64
		row         uint32
	}
	keys := make([]key, c.len())
	for i := range keys {
		keys[i] = key{c.cell[i], curve(c.lon[i], c.lat[i]), uint32(i)}
	}
	slices.SortFunc(keys, func(a, b key) int {
		switch {
		case a.cell != b.cell:
			return cmp.Compare(a.cell, b.cell)
		case a.curve != b.curve:
			return cmp.Compare(a.curve, b.curve)
		case c.id[a.row] != c.id[b.row]:
			return cmp.Compare(c.id[a.row], c.id[b.row])
		}
		return cmp.Compare(a.row, b.row)
	})
	order := make([]uint32, len(keys))
	for i, k := range keys {
		order[i] = k.row
	}
	each(c, c, func(dst, _ column) { dst.arrange(order) })
}

func (c *columns) sorted() bool {
	for i := 1; i < c.len(); i++ {
		if c.cell[i] < c.cell[i-1] || c.cell[i] == c.cell[i-1] && c.place(i).compare(c.place(i-1)) < 0 {
			return false
		}
	}
	return true
}

// same tells whether both rows are the same state of the same place.
func (c *columns) same(i int, o *columns, j int) bool {
	if c.id[i] != o.id[j] || c.cell[i] != o.cell[j] || c.lon[i] != o.lon[j] || c.lat[i] != o.lat[j] {
		return false
	}
	for d := range c.dimensions {
		if c.dimensions[d][i] != o.dimensions[d][j] {
			return false
		}
	}
	for d := range c.references {
		if c.references[d][i] != o.references[d][j] {
			return false
		}
	}
	for d := range c.measures {
		if c.measures[d][i] != o.measures[d][j] {
			return false
		}
	}
	return true
}
