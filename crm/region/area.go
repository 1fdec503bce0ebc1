package region

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/geo"
	"catchment/geo/cells"
)

// Area is a part of the earth, said in exactly one way. The zero Area is everywhere.
type Area struct {
	Polygons     orb.MultiPolygon // edges straight in longitude and latitude, cut at the antimeridian
	Circle       *Circle
	Cells        []string // H3 cells as people write them, "891fb466257ffff", none finer than a place's
	Union        []Area   // in any of them
	Intersection []Area   // in all of them
	Complement   *Area    // outside it
}

// Circle is what lies within a distance of a point, measured along the ellipsoid.
type Circle struct {
	Centre orb.Point
	Radius geo.Meters
}

const (
	maxParts = 100
	maxDepth = 10
	maxCells = 200_000
)

// prepare checks the area and makes it ready for questions. path names it in errors.
func (a Area) prepare(path string) (cells.Area, error) {
	parts := 0
	return a.part(path, 0, &parts)
}

func (a Area) part(path string, depth int, parts *int) (cells.Area, error) {
	if *parts++; *parts > maxParts || depth > maxDepth {
		return cells.Area{}, crm.Invalidf(path, "has more than %d parts, or more than %d within one another", maxParts, maxDepth)
	}
	said := 0
	for _, is := range []bool{a.Polygons != nil, a.Circle != nil, a.Cells != nil, a.Union != nil, a.Intersection != nil, a.Complement != nil} {
		if is {
			said++
		}
	}
	switch {
	case said > 1:
		return cells.Area{}, crm.Invalidf(path, "is said in %d ways: give one of polygons, circle, cells, union, intersection, complement", said)
	case a.Polygons != nil:
		if err := geo.CheckArea(a.Polygons); err != nil {
			return cells.Area{}, unsound(path+".polygons", err)
		}
		out, err := cells.Polygons(a.Polygons)
		return out, unsound(path+".polygons", err)
	case a.Circle != nil:
		out, err := cells.Circle(a.Circle.Centre, a.Circle.Radius)
		return out, unsound(path+".circle", err)
	case a.Cells != nil:
		return cellArea(path+".cells", a.Cells)
	case a.Complement != nil:
		out, err := a.Complement.part(path+".complement", depth+1, parts)
		return cells.Complement(out), err
	case a.Union != nil:
		list, err := list(path+".union", a.Union, depth, parts)
		return cells.Union(list...), err
	case a.Intersection != nil:
		list, err := list(path+".intersection", a.Intersection, depth, parts)
		return cells.Intersection(list...), err
	}
	return cells.Everywhere(), nil
}

func list(path string, areas []Area, depth int, parts *int) ([]cells.Area, error) {
	out := make([]cells.Area, len(areas))
	for i, a := range areas {
		var err error
		if out[i], err = a.part(fmt.Sprintf("%s[%d]", path, i), depth+1, parts); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func cellArea(path string, names []string) (cells.Area, error) {
	if len(names) > maxCells {
		return cells.Area{}, crm.Invalidf(path, "are more than %d", maxCells)
	}
	set := make([]uint64, len(names))
	for i, name := range names {
		cell, err := strconv.ParseUint(name, 16, 64)
		if err != nil {
			return cells.Area{}, crm.Invalidf(fmt.Sprintf("%s[%d]", path, i), "%q is no H3 cell", name)
		}
		set[i] = cell
	}
	out, err := cells.Cells(set)
	var invalid *cells.InvalidCell
	if errors.As(err, &invalid) {
		return out, crm.Invalidf(path, "%x %s", invalid.Cell, invalid.Reason)
	}
	return out, err
}

// unsound turns what the geometry says into what a person reads.
func unsound(path string, err error) error {
	var e *geo.Unsound
	if errors.As(err, &e) {
		return &crm.Error{Kind: crm.Invalid, Field: path + "." + e.Path, Message: e.Message, Err: err}
	}
	return err
}
