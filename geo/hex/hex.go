// Package hex is the grid of hexagons (H3) every place is filed under. It alone imports the H3 library.
package hex

import (
	"fmt"

	"github.com/paulmach/orb"
	"github.com/uber/h3-go/v4"
)

// Resolution is the resolution at which places carry their cell: hexagons of about 66 m edge.
const Resolution = 10

// Cell returns the H3 index of the cell that holds the point, at a resolution from 0 (largest) to 15. It fails
// on points that are no place on earth.
func Cell(at orb.Point, resolution int) (uint64, error) {
	cell, err := h3.LatLngToCell(h3.LatLng{Lat: at[1], Lng: at[0]}, resolution)
	if err != nil {
		return 0, fmt.Errorf("cell of %.6f,%.6f at resolution %d: %w", at[0], at[1], resolution, err)
	}
	return uint64(cell), nil
}

// PlaceCell returns the cell a place is stored with. This is the one function that computes it.
func PlaceCell(at orb.Point) (int64, error) {
	cell, err := Cell(at, Resolution)
	return int64(cell), err
}

// Boundary returns the outline of a cell as a closed ring, counter-clockwise.
func Boundary(cell uint64) (orb.Ring, error) {
	b, err := h3.Cell(cell).Boundary()
	if err != nil {
		return nil, fmt.Errorf("boundary of cell %x: %w", cell, err)
	}
	ring := make(orb.Ring, 0, len(b)+1)
	for _, p := range b {
		ring = append(ring, orb.Point{p.Lng, p.Lat})
	}
	return append(ring, ring[0]), nil
}

// Centre returns the middle of a cell.
func Centre(cell uint64) (orb.Point, error) {
	p, err := h3.Cell(cell).LatLng()
	if err != nil {
		return orb.Point{}, fmt.Errorf("centre of cell %x: %w", cell, err)
	}
	return orb.Point{p.Lng, p.Lat}, nil
}

// Parent returns the cell of a coarser resolution that holds the cell.
func Parent(cell uint64, resolution int) (uint64, error) {
	p, err := h3.Cell(cell).Parent(resolution)
	if err != nil {
		return 0, fmt.Errorf("parent of cell %x: %w", cell, err)
	}
	return uint64(p), nil
}

// Outline returns the union of the cells, all of one resolution, as polygons with holes.
func Outline(cells []uint64) (orb.MultiPolygon, error) {
	in := make([]h3.Cell, len(cells))
	for i, c := range cells {
		in[i] = h3.Cell(c)
	}
	polygons, err := h3.CellsToMultiPolygon(in)
	if err != nil {
		return nil, fmt.Errorf("outline of %d cells: %w", len(cells), err)
	}
	ring := func(loop h3.GeoLoop) orb.Ring {
		r := make(orb.Ring, 0, len(loop)+1)
		for _, p := range loop {
			r = append(r, orb.Point{p.Lng, p.Lat})
		}
		if len(r) > 0 {
			r = append(r, r[0])
		}
		return r
	}
	out := make(orb.MultiPolygon, 0, len(polygons))
	for _, p := range polygons {
		polygon := orb.Polygon{ring(p.GeoLoop)}
		for _, hole := range p.Holes {
			polygon = append(polygon, ring(hole))
		}
		out = append(out, polygon)
	}
	return out, nil
}
