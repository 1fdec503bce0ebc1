package cells

import (
	"fmt"
	"slices"
)

// cellRange is the descendants of a cell at Resolution: they have neighbouring numbers.
type cellRange struct{ first, last uint64 }

// cellSet is a union of cells as ranges of cell numbers, ascending and apart.
type cellSet []cellRange

// InvalidCell says that a number is no cell a question can be asked of.
type InvalidCell struct {
	Cell   uint64
	Reason string
}

func (e *InvalidCell) Error() string { return fmt.Sprintf("cell %x: %s", e.Cell, e.Reason) }

// CellRange returns the first and last number a descendant of the cell at Resolution can have.
func CellRange(cell uint64) (first, last uint64, err error) {
	if cell>>63 != 0 || cell>>59 != 1 || cell>>56&7 != 0 || cell>>45&127 > 121 {
		return 0, 0, &InvalidCell{cell, "is no H3 cell"}
	}
	resolution := int(cell >> 52 & 15)
	if resolution > Resolution {
		return 0, 0, &InvalidCell{cell, fmt.Sprintf("is of resolution %d, finer than the places' %d", resolution, Resolution)}
	}
	for r := 1; r <= resolution; r++ {
		if cell>>digitShift(r)&7 == 7 {
			return 0, 0, &InvalidCell{cell, "is no H3 cell"}
		}
	}
	first = cell&^(15<<52) | Resolution<<52
	last = first
	for r := resolution + 1; r <= Resolution; r++ {
		first &^= 7 << digitShift(r)
		last = last&^(7<<digitShift(r)) | 6<<digitShift(r)
	}
	return first, last, nil
}

// digitShift is the place of the digit of a resolution in a cell number; three bits a digit.
func digitShift(resolution int) uint { return uint(3 * (15 - resolution)) }

// Parent returns the cell of a coarser resolution that holds the cell.
func Parent(cell uint64, resolution int) uint64 {
	return cell&^(15<<52) | uint64(resolution)<<52 | (1<<digitShift(resolution) - 1)
}

func newCellSet(set []uint64) (cellSet, error) {
	ranges := make(cellSet, 0, len(set))
	for _, c := range set {
		first, last, err := CellRange(c)
		if err != nil {
			return nil, err
		}
		ranges = append(ranges, cellRange{first, last})
	}
	slices.SortFunc(ranges, func(a, b cellRange) int {
		switch {
		case a.first < b.first:
			return -1
		case a.first > b.first:
			return 1
		}
		return 0
	})
	out := ranges[:0]
	for _, r := range ranges {
		if n := len(out); n > 0 && r.first <= out[n-1].last {
			out[n-1].last = max(out[n-1].last, r.last)
			continue
		}
		out = append(out, r)
	}
	return out, nil
}

// reaching returns the place of the first range that ends at or behind the cell.
func (c cellSet) reaching(cell uint64) int {
	at, _ := slices.BinarySearchFunc(c, cell, func(r cellRange, cell uint64) int {
		if r.last < cell {
			return -1
		}
		return 1
	})
	return at
}

func (c cellSet) holds(_, _ float64, cell uint64) bool {
	at := c.reaching(cell)
	return at < len(c) && c[at].first <= cell
}

func (c cellSet) judge(_ box, first, last uint64, _, scratch []int32) (verdict, []int32) {
	at := c.reaching(first)
	switch {
	case at == len(c) || c[at].first > last:
		return outside, scratch
	case c[at].first <= first && last <= c[at].last:
		return inside, scratch
	}
	return border, scratch
}
