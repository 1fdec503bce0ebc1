package cells

import (
	"math"
	"slices"
)

// segment is a sealed set of rows with all that answers questions about them fast. It never changes.
type segment struct {
	columns
	shape  *layout
	counts []int32 // per block and group, of all rows before the block
	sums   []int64 // likewise, one run per measure
	peaks  [][]int64
	nodes  []node
	byID   []uint32 // rows by id, in segments of changes only

	first, last                 Instant // of at, in segments of changes only
	firstRecorded, lastRecorded Instant

	mapped *mapping // the file the columns lie in, or nil; keeps it open
}

// layout is what all segments of an index share: the schema and where the groups of its pairs of dimensions lie
// in the sums.
type layout struct {
	schema Schema
	tables []table
	groups int  // of all tables
	shift  uint // rows per block, as a power of two

	historyRows int // least changes worth a segment of history of their own
}

// table is the groups of a pair of dimensions. With one dimension alone b is -1.
type table struct {
	a, b   int
	na, nb int
	offset int
}

// granule is the number of rows whose greatest measures are known, as a power of two.
const granuleShift = 6

// maxTable is the most groups of a pair that are kept summed; other pairs are counted row by row.
const maxTable = 4096

func newLayout(s Schema) *layout {
	l := &layout{schema: s, historyRows: historyRows}
	add := func(a, b int) {
		t := table{a: a, b: b, na: s.Dimensions[a].Values, nb: 1, offset: l.groups}
		if b >= 0 {
			t.nb = s.Dimensions[b].Values
		}
		if t.na*t.nb <= maxTable {
			l.tables = append(l.tables, t)
			l.groups += t.na * t.nb
		}
	}
	if len(s.Dimensions) == 1 {
		add(0, -1)
	}
	for a := range s.Dimensions {
		for b := a + 1; b < len(s.Dimensions); b++ {
			add(a, b)
		}
	}
	// About ten bytes of sums per row, and blocks no smaller than what is read in a microsecond.
	bytes := l.groups * (4 + 8*len(s.Measures))
	for l.shift = 9; l.shift < 16 && bytes>>l.shift > 10; l.shift++ {
	}
	return l
}

// seal sorts the rows and prepares them for questions. The columns belong to the segment from then on.
func (l *layout) seal(c columns) *segment {
	c.sort()
	s := &segment{columns: c, shape: l}
	s.addUp()
	s.findPeaks()
	s.grow()
	if c.sign != nil {
		s.indexIDs()
		s.findSpan()
	}
	return s
}

func (s *segment) signed() bool { return s.sign != nil }

// addUp makes the sums: for each boundary of blocks, those of all rows before it.
func (s *segment) addUp() {
	blocks := s.len() >> s.shape.shift
	if blocks == 0 {
		return
	}
	l, measures := s.shape, len(s.measures)
	s.counts = make([]int32, (blocks+1)*l.groups)
	s.sums = make([]int64, (blocks+1)*l.groups*measures)
	for b := range blocks {
		counts := s.counts[(b+1)*l.groups : (b+2)*l.groups]
		copy(counts, s.counts[b*l.groups:])
		sums := s.sums[(b+1)*l.groups*measures : (b+2)*l.groups*measures]
		copy(sums, s.sums[b*l.groups*measures:])
		for _, t := range l.tables {
			counts, da := counts[t.offset:t.offset+t.na*t.nb], s.dimensions[t.a]
			var db []uint8
			if t.b >= 0 {
				db = s.dimensions[t.b]
			}
			for i := b << l.shift; i < (b+1)<<l.shift; i++ {
				g := int(da[i]) * t.nb
				if db != nil {
					g += int(db[i])
				}
				weight := int64(1)
				if s.sign != nil {
					weight = int64(s.sign[i])
				}
				counts[g] += int32(weight)
				for m := range measures {
					sums[m*l.groups+t.offset+g] += weight * s.measures[m][i]
				}
			}
		}
	}
}

// findPeaks notes the greatest measure per granule and value of a dimension, for each rank.
func (s *segment) findPeaks() {
	granules := (s.len() + 1<<granuleShift - 1) >> granuleShift
	s.peaks = make([][]int64, len(s.shape.schema.Ranks))
	for r, rank := range s.shape.schema.Ranks {
		values := s.shape.schema.Dimensions[rank.Dimension].Values
		peaks := slices.Repeat([]int64{math.MinInt64}, granules*values)
		for i, v := range s.dimensions[rank.Dimension] {
			at := i>>granuleShift*values + int(v)
			peaks[at] = max(peaks[at], s.measures[rank.Measure][i])
		}
		s.peaks[r] = peaks
	}
}

func (s *segment) indexIDs() {
	s.byID = make([]uint32, s.len())
	for i := range s.byID {
		s.byID[i] = uint32(i)
	}
	slices.SortFunc(s.byID, func(a, b uint32) int {
		switch {
		case s.id[a] < s.id[b]:
			return -1
		case s.id[a] > s.id[b]:
			return 1
		}
		return int(a) - int(b)
	})
}

// of returns the rows of a place, in segments of changes.
func (s *segment) of(id int64) []uint32 {
	from, found := slices.BinarySearchFunc(s.byID, id, func(row uint32, id int64) int {
		if s.id[row] < id {
			return -1
		} else if s.id[row] > id {
			return 1
		}
		return 0
	})
	if !found {
		return nil
	}
	to := from + 1
	for to < len(s.byID) && s.id[s.byID[to]] == id {
		to++
	}
	return s.byID[from:to]
}

func (s *segment) findSpan() {
	s.first, s.last, s.firstRecorded, s.lastRecorded = math.MaxInt64, math.MinInt64, math.MaxInt64, math.MinInt64
	for i := range s.at {
		s.first, s.last = min(s.first, s.at[i]), max(s.last, s.at[i])
		s.firstRecorded, s.lastRecorded = min(s.firstRecorded, s.recorded[i]), max(s.lastRecorded, s.recorded[i])
	}
}
