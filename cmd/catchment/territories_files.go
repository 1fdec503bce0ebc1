package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/territories/carve"
)

// sheet is a CSV file with a header, read row by row.
type sheet struct {
	flag    string // that named it
	reader  *csv.Reader
	header  []string
	columns map[string]int
	row     []string
	closer  io.Closer
}

// openSheet reads the header of a file and fails if a column is missing.
func openSheet(flag, path string, needed ...string) (*sheet, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, crm.Invalidf(flag, "%v", err)
	}
	buffered := bufio.NewReader(file)
	if mark, _ := buffered.Peek(3); bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		_, _ = buffered.Discard(3) // they were peeked at
	}
	s := &sheet{flag: flag, reader: csv.NewReader(buffered), columns: map[string]int{}, closer: file}
	start, _ := buffered.Peek(4096)
	first, _, _ := bytes.Cut(start, []byte("\n"))
	if bytes.Count(first, []byte(";")) > bytes.Count(first, []byte(",")) {
		s.reader.Comma = ';'
	}
	s.reader.ReuseRecord = true
	if s.header, err = s.reader.Read(); err != nil {
		file.Close()
		return nil, crm.Invalidf(flag, "%s has no header that can be read: %v", path, err)
	}
	s.header = slices.Clone(s.header)
	for i, name := range s.header {
		s.columns[strings.TrimSpace(name)] = i
	}
	for _, name := range needed {
		if _, ok := s.columns[name]; !ok {
			file.Close()
			return nil, crm.Invalidf(flag, "%s has no column %q; there are %s", path, name, strings.Join(s.header, ", "))
		}
	}
	return s, nil
}

// next reads a row and says whether there was one.
func (s *sheet) next() (bool, error) {
	var err error
	s.row, err = s.reader.Read()
	switch {
	case errors.Is(err, io.EOF):
		return false, s.closer.Close()
	case err != nil:
		s.closer.Close()
		return false, crm.Invalidf(s.flag, "%v", err)
	}
	return true, nil
}

func (s *sheet) cell(column string) string { return strings.TrimSpace(s.row[s.columns[column]]) }

func (s *sheet) wrong(format string, args ...any) error {
	line, _ := s.reader.FieldPos(0)
	s.closer.Close()
	return crm.Invalidf(s.flag, "line "+strconv.Itoa(line)+": "+format, args...)
}

func (s *sheet) number(column string) (float64, error) {
	v, err := strconv.ParseFloat(s.cell(column), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, s.wrong("%q in column %s is not a number", s.cell(column), column)
	}
	return v, nil
}

// each calls row for each row of a file.
func each(flag, path string, needed []string, row func(s *sheet) error) error {
	s, err := openSheet(flag, path, needed...)
	if err != nil {
		return err
	}
	for {
		more, err := s.next()
		if err != nil || !more {
			return err
		}
		if err := row(s); err != nil {
			return err
		}
	}
}

// read reads all files of a design.
func (c *designCommand) read() (*designJob, error) {
	j := &designJob{problem: &carve.Problem{Objective: carve.Objective(c.Objective), Loose: c.Loose, ChangePrice: c.ChangePrice}, number: map[string]int32{}, names: map[string]int32{}, unit: "km"}
	for _, read := range []func(*designJob) error{c.readUnits, c.readEdges, c.readHomes, c.readExisting, c.settle, c.readFixed, c.readTogether, c.readMinutes} {
		if err := read(j); err != nil {
			return nil, err
		}
	}
	return j, nil
}

// axes are the columns of a place: longitude and latitude, or those of a plane.
func axes(s *sheet) (x, y string, plane bool, err error) {
	if _, ok := s.columns["lon"]; ok {
		if _, ok := s.columns["lat"]; ok {
			return "lon", "lat", false, nil
		}
	}
	if _, ok := s.columns["x"]; ok {
		if _, ok := s.columns["y"]; ok {
			return "x", "y", true, nil
		}
	}
	s.closer.Close()
	return "", "", false, crm.Invalidf(s.flag, "there are no columns lon and lat, nor x and y; there are %s", strings.Join(s.header, ", "))
}

// notWeights are columns of units that say something else.
var notWeights = []string{"id", "lon", "lat", "x", "y", "area_km2", "outer_border_km"}

func (c *designCommand) readUnits(j *designJob) error {
	s, err := openSheet("units", c.Units, "id")
	if err != nil {
		return err
	}
	x, y, plane, err := axes(s)
	if err != nil {
		return err
	}
	p := j.problem
	if p.Plane = plane; plane {
		j.unit = "units of length"
	}
	weights := c.Weight
	if len(weights) == 0 {
		at := slices.IndexFunc(s.header, func(name string) bool { return !slices.Contains(notWeights, strings.TrimSpace(name)) })
		if at < 0 {
			s.closer.Close()
			return crm.Invalidf("units", "there is no column to balance beside %s", strings.Join(s.header, ", "))
		}
		weights = []string{strings.TrimSpace(s.header[at])}
	}
	needed := slices.Clone(weights)
	if c.Pull != "" {
		needed = append(needed, c.Pull)
	}
	for _, name := range needed {
		if _, ok := s.columns[name]; !ok {
			s.closer.Close()
			return crm.Invalidf("weight", "%s has no column %q; there are %s", c.Units, name, strings.Join(s.header, ", "))
		}
	}
	for _, name := range weights {
		p.Measures = append(p.Measures, carve.Measure{Name: name})
	}
	for {
		more, err := s.next()
		if err != nil {
			return err
		}
		if !more {
			return nil
		}
		id := strings.Clone(s.cell("id"))
		if _, twice := j.number[id]; twice || id == "" {
			return s.wrong("unit %q is there already, or has no id", id)
		}
		j.number[id] = int32(len(j.ids))
		j.ids = append(j.ids, id)
		values := make([]float64, 0, 4)
		for _, name := range append([]string{x, y}, needed...) {
			v, err := s.number(name)
			if err != nil {
				return err
			}
			values = append(values, v)
		}
		p.At = append(p.At, orb.Point{values[0], values[1]})
		for i := range p.Measures {
			p.Measures[i].Of = append(p.Measures[i].Of, values[2+i])
		}
		if c.Pull != "" {
			p.Pull = append(p.Pull, values[len(values)-1])
		}
	}
}

// unitOf finds a unit by the id in a column.
func (j *designJob) unitOf(s *sheet, column string) (int32, error) {
	u, known := j.number[s.cell(column)]
	if !known {
		return 0, s.wrong("unit %q is not in the file of units", s.cell(column))
	}
	return u, nil
}

func (c *designCommand) readEdges(j *designJob) error {
	ends := func(s *sheet) (e carve.Edge, err error) {
		if e.A, err = j.unitOf(s, "a"); err != nil {
			return e, err
		}
		e.B, err = j.unitOf(s, "b")
		return e, err
	}
	p := j.problem
	if c.Edges == "" {
		p.Edges = carve.Neighbours(p.At, p.Plane)
	} else {
		err := each("edges", c.Edges, []string{"a", "b"}, func(s *sheet) error {
			e, err := ends(s)
			p.Edges = append(p.Edges, e)
			return err
		})
		if err != nil {
			return err
		}
	}
	if c.Barriers == "" {
		return nil
	}
	barred := map[carve.Edge]bool{}
	err := each("barriers", c.Barriers, []string{"a", "b"}, func(s *sheet) error {
		e, err := ends(s)
		barred[e], barred[carve.Edge{A: e.B, B: e.A}] = true, true
		return err
	})
	p.Edges = slices.DeleteFunc(p.Edges, func(e carve.Edge) bool { return barred[e] })
	return err
}

func (c *designCommand) readHomes(j *designJob) error {
	if c.Homes == "" {
		return nil
	}
	return each("homes", c.Homes, []string{"territory"}, func(s *sheet) error {
		xName, yName, plane, err := axes(s)
		switch {
		case err != nil:
			return err
		case plane != j.problem.Plane:
			return s.wrong("homes and units are not on the same plane")
		}
		x, err := s.number(xName)
		if err != nil {
			return err
		}
		y, err := s.number(yName)
		if err != nil {
			return err
		}
		name := strings.Clone(s.cell("territory"))
		if _, twice := j.names[name]; twice || name == "" {
			return s.wrong("territory %q has a home already, or has no name", name)
		}
		t := &j.problem.Territories[j.territory(name)]
		t.Base, t.Fixed = orb.Point{x, y}, true
		return nil
	})
}

func (c *designCommand) readExisting(j *designJob) error {
	if c.Existing == "" {
		if len(c.Drop) > 0 {
			return crm.Invalidf("drop", "needs --existing")
		}
		return nil
	}
	had := make([]string, len(j.ids))
	var names []string
	seen := map[string]bool{}
	err := each("existing", c.Existing, []string{"id", "territory"}, func(s *sheet) error {
		u, known := j.number[s.cell("id")]
		if name := strings.Clone(s.cell("territory")); known && name != "" { // units may have gone
			if had[u] = name; !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, name := range c.Drop {
		if !seen[name] {
			return crm.Invalidf("drop", "there is no existing territory %q", name)
		}
	}
	sortNames(names)
	for _, name := range names {
		if !slices.Contains(c.Drop, name) {
			j.territory(name)
		}
	}
	for _, name := range had {
		owner, known := j.names[name]
		if !known {
			owner = carve.None
		}
		j.problem.Owner = append(j.problem.Owner, owner)
	}
	return nil
}

// settle decides how many territories there are and what bounds they have.
func (c *designCommand) settle(j *designJob) error {
	p := j.problem
	var whole float64
	for _, v := range p.Measures[0].Of {
		whole += v
	}
	count := c.Count
	switch {
	case c.Count < 0 || c.Capacity < 0:
		return crm.Invalidf("count", "must be above zero")
	case count == 0 && c.Capacity > 0:
		count = max(int(math.Ceil(whole/c.Capacity)), len(p.Territories), 1)
		say("%s of %s at %s each: %d territories.", plain(whole), p.Measures[0].Name, plain(c.Capacity), count)
	case count == 0:
		if count = len(p.Territories); count == 0 {
			return crm.Invalidf("count", "say how many territories: --count, --capacity, --homes or --existing")
		}
	}
	if named := len(p.Territories); named > count {
		return crm.Invalidf("count", "%d territories are named and %d wanted: say which go with --drop", named, count)
	}
	j.fill(count)
	tolerances := c.Tolerance
	if len(tolerances) == 0 {
		tolerances = []string{"5%"}
	}
	if len(tolerances) != 1 && len(tolerances) != len(p.Measures) {
		return crm.Invalidf("tolerance", "there are %d for %d weights", len(tolerances), len(p.Measures))
	}
	for i := range p.Measures {
		v, err := percent(tolerances[min(i, len(tolerances)-1)])
		if err != nil {
			return err
		}
		p.Measures[i].Tolerance = v
	}
	first := &p.Measures[0]
	if c.Min != 0 || c.Max != 0 || c.Capacity > 0 {
		share := whole / float64(count)
		first.Min, first.Max = c.Min, c.Max
		if c.Max == 0 {
			first.Max = math.Inf(1)
			if len(c.Tolerance) > 0 || c.Capacity > 0 {
				first.Max = share * (1 + first.Tolerance)
			}
		}
		if c.Capacity > 0 {
			first.Max = min(first.Max, c.Capacity)
		}
		if c.Min == 0 && (len(c.Tolerance) > 0 || c.Capacity > 0) {
			first.Min = share * (1 - first.Tolerance)
		}
		if first.Max = min(first.Max, whole); first.Min > first.Max {
			return crm.Invalidf("min", "%s is above the most, %s", plain(first.Min), plain(first.Max))
		}
		if first.Min > share*(1+1e-9) || first.Max < share*(1-1e-9) {
			return crm.Invalidf("min", "%d territories share %s of %s, %s each: bounds of %s and %s cannot be held", count, plain(whole), first.Name, plain(share), plain(first.Min), plain(first.Max))
		}
	}
	return nil
}

// percent reads 5%, 5 % or 0.05.
func percent(text string) (float64, error) {
	number, isPercent := strings.CutSuffix(strings.TrimSpace(text), "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if isPercent {
		v /= 100
	}
	switch {
	case err != nil || math.IsNaN(v) || v <= 0:
		return 0, crm.Invalidf("tolerance", "%q is not a part above zero, such as 5%% or 0.05", text)
	case v > 1 && !isPercent:
		return 0, crm.Invalidf("tolerance", "%q is more than the whole: write %s%% for per cent", text, number)
	}
	return v, nil
}

func (c *designCommand) readFixed(j *designJob) error {
	if c.Fixed == "" {
		return nil
	}
	p := j.problem
	for range p.At {
		p.Locked = append(p.Locked, carve.None)
	}
	free := 0 // numbered territories stand for those that only this file names
	for free < len(p.Territories) && (p.Territories[free].Fixed || c.owned(j, int32(free))) {
		free++
	}
	return each("fixed", c.Fixed, []string{"id", "territory"}, func(s *sheet) error {
		u, err := j.unitOf(s, "id")
		if err != nil {
			return err
		}
		name := strings.Clone(s.cell("territory"))
		number, known := j.names[name]
		if !known {
			if free >= len(p.Territories) {
				return s.wrong("there is no territory %q and no room for another: raise --count", name)
			}
			delete(j.names, p.Territories[free].Name)
			number = int32(free)
			p.Territories[free].Name, j.names[name] = name, number
			free++
		}
		p.Locked[u] = number
		return nil
	})
}

// owned says whether a territory has units today.
func (c *designCommand) owned(j *designJob, territory int32) bool {
	return slices.Contains(j.problem.Owner, territory)
}

func (c *designCommand) readTogether(j *designJob) error {
	if c.Together == "" {
		return nil
	}
	groups := map[string]int{}
	return each("together", c.Together, []string{"group", "id"}, func(s *sheet) error {
		u, err := j.unitOf(s, "id")
		if err != nil {
			return err
		}
		name := strings.Clone(s.cell("group"))
		g, known := groups[name]
		if !known {
			g = len(groups)
			groups[name] = g
			j.problem.Together = append(j.problem.Together, nil)
		}
		j.problem.Together[g] = append(j.problem.Together[g], u)
		return nil
	})
}

func (c *designCommand) readMinutes(j *designJob) error {
	if c.Minutes == "" {
		if j.problem.Objective == carve.Minutes {
			return crm.Invalidf("minutes", "the objective is minutes: name a file of them")
		}
		return nil
	}
	table := &carve.Table{}
	j.problem.Travel = table
	return each("minutes", c.Minutes, []string{"from", "to", "minutes"}, func(s *sheet) error {
		to, err := j.unitOf(s, "to")
		if err != nil {
			return err
		}
		minutes, err := s.number("minutes")
		if err != nil {
			return err
		}
		leg := carve.Leg{To: to, Minutes: float32(minutes)}
		from := s.cell("from")
		if base, known := j.names[from]; known && j.problem.Territories[base].Fixed {
			table.FromBase(base, leg)
			return nil
		}
		u, known := j.number[from]
		if !known {
			return s.wrong("%q is neither a unit nor a territory with a home", from)
		}
		table.FromUnit(u, leg)
		return nil
	})
}
