package carve

import (
	"cmp"
	"slices"
	"sync"

	"github.com/paulmach/orb"
)

// Gathered is what many places make as units: hexagons, large where little is and small where much is.
type Gathered struct {
	At       []orb.Point // the weighted middle of what a unit holds
	Measures [][]float64 // sums: for each measure, of each unit
	Of       []int32     // unit of each place
	Cell     []uint64    // finest cell of one place of each unit
	Level    []int8      // resolution of each unit
}

// Finest is the resolution of the cells that Gather takes.
const Finest = 9

// Gather makes units of places. A cell is split while it holds more than most of any measure, as a part of the whole:
// a fraction of the tolerance, so that units can be moved about within it, and small enough for borders to have a
// shape. cells are the H3 cells of the places at resolution Finest.
func Gather(at []orb.Point, cells []uint64, measures [][]float64, coarsest int, most float64) *Gathered {
	order := sortedByCell(cells)
	whole := make([]float64, len(measures))
	for i, column := range measures {
		for _, v := range column {
			whole[i] += v
		}
	}
	g := &Gathered{Of: make([]int32, len(at)), Measures: make([][]float64, len(measures))}
	sum := make([]float64, len(measures))
	var split func(order []int32, level int)
	split = func(order []int32, level int) {
		// cells of one parent agree in all bits above those of their finer digits
		shift := 3 * (15 - level)
		for lo := 0; lo < len(order); {
			key := cells[order[lo]] >> shift
			hi := lo + 1
			for hi < len(order) && cells[order[hi]]>>shift == key {
				hi++
			}
			clear(sum)
			heavy := false
			for i, column := range measures {
				for _, a := range order[lo:hi] {
					sum[i] += column[a]
				}
				heavy = heavy || sum[i] > most*whole[i]
			}
			if heavy && level < Finest && hi-lo > 1 {
				split(order[lo:hi], level+1)
			} else {
				g.unit(at, cells, measures, order[lo:hi], sum, level)
			}
			lo = hi
		}
	}
	split(order, coarsest)
	return g
}

func (g *Gathered) unit(at []orb.Point, cells []uint64, measures [][]float64, places []int32, sum []float64, level int) {
	u := int32(len(g.At))
	var middle orb.Point
	var weight float64
	for _, a := range places {
		w := 1e-9
		if len(measures) > 0 {
			w += measures[0][a]
		}
		// longitudes from the first place's, lest the date line tear a cell in two
		lon := at[a][0] - at[places[0]][0]
		if lon > 180 {
			lon -= 360
		} else if lon < -180 {
			lon += 360
		}
		middle[0] += w * lon
		middle[1] += w * at[a][1]
		weight += w
		g.Of[a] = u
	}
	middle[0], middle[1] = middle[0]/weight+at[places[0]][0], middle[1]/weight
	if middle[0] > 180 {
		middle[0] -= 360
	} else if middle[0] < -180 {
		middle[0] += 360
	}
	g.At = append(g.At, middle)
	for i := range measures {
		g.Measures[i] = append(g.Measures[i], sum[i])
	}
	g.Cell = append(g.Cell, cells[places[0]])
	g.Level = append(g.Level, int8(level))
}

// sortedByCell returns the places in the order of their cells, two halves sorted side by side.
func sortedByCell(cells []uint64) []int32 {
	order := make([]int32, len(cells))
	for i := range order {
		order[i] = int32(i)
	}
	by := func(a, b int32) int { return cmp.Or(cmp.Compare(cells[a], cells[b]), cmp.Compare(a, b)) }
	half := len(order) / 2
	var other sync.WaitGroup
	other.Go(func() { slices.SortFunc(order[:half], by) })
	slices.SortFunc(order[half:], by)
	other.Wait()
	merged := make([]int32, 0, len(order))
	a, b := order[:half], order[half:]
	for len(a) > 0 && len(b) > 0 {
		if by(a[0], b[0]) <= 0 {
			merged, a = append(merged, a[0]), a[1:]
		} else {
			merged, b = append(merged, b[0]), b[1:]
		}
	}
	return append(append(merged, a...), b...)
}
