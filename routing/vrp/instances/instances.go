// Package instances reads published routing benchmarks into vrp.Problem: Solomon and Gehring & Homberger, Li &
// Lim, the site-dependent and the periodic files of Cordeau and others, and VROOM's JSON with or without matrices.
package instances

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"catchment/routing/vrp"
)

// Convention says how a benchmark measures.
type Convention string

// The two conventions of published results, and that of JSON files.
const (
	Dimacs Convention = "dimacs" // total distance, each leg cut to one decimal
	Sintef Convention = "sintef" // fewest vehicles first, then distance in full precision (here to three decimals)
	JSON   Convention = "json"   // costs as they are
)

// vehicleCost is the fixed cost that puts vehicles before distance. It stays below VROOM's 32 bits in sums.
const vehicleCost = 10_000_000

// Instance is a problem and what its costs mean.
type Instance struct {
	Name    string
	Format  Format
	Problem *vrp.Problem
	Scale   float64 // divide costs by it, after taking off Fixed per route
	Fixed   int64
}

// Read reads a file in any of the formats.
func Read(path string, convention Convention) (*Instance, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	in, err := Parse(data, strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)), Guess(data), convention)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if in.Problem.Matrices == nil {
		GreatCircle(in.Problem)
	}
	return in, nil
}

// Format names the shape of an instance file.
type Format string

// The formats.
const (
	VROOM         Format = "vroom"   // JSON
	Solomon       Format = "solomon" // also Gehring & Homberger's
	LiLim         Format = "lilim"
	SiteDependent Format = "sdvrptw"
	Periodic      Format = "pvrp"
)

// Guess tells the format by the looks of a text.
func Guess(data []byte) Format {
	text := string(data[:min(2000, len(data))])
	switch {
	case strings.HasPrefix(strings.TrimSpace(text), "{"):
		return VROOM
	case strings.Contains(text, "EDGE_WEIGHT_TYPE"):
		return SiteDependent
	case strings.Contains(strings.ToUpper(text[:min(600, len(text))]), "CUSTOMER"):
		return Solomon
	}
	if rows := numbers(text); len(rows) > 1 && len(rows[0]) == 4 && len(rows[1]) == 2 {
		return Periodic
	}
	return LiLim
}

// Parse reads a text of the given format. Errors about its content are *vrp.InputError.
func Parse(data []byte, name string, format Format, convention Convention) (*Instance, error) {
	in := &Instance{Name: name, Format: format, Scale: 10}
	if convention == Sintef {
		in.Scale, in.Fixed = 1000, vehicleCost
	}
	var err error
	switch text := string(data); format {
	case VROOM:
		in.Scale, in.Fixed, in.Problem = 1, 0, &vrp.Problem{}
		err = json.Unmarshal(data, in.Problem)
	case SiteDependent:
		in.Scale = 1000
		in.Problem, err = readSiteDependent(text, in.Scale, in.Fixed)
	case Solomon:
		in.Problem, err = readSolomon(text, in.Scale, in.Fixed, convention == Dimacs)
	case LiLim:
		in.Problem, err = readLiLim(text, in.Scale, in.Fixed, convention == Dimacs)
	case Periodic:
		in.Scale, in.Fixed = 1000, 0
		in.Problem, err = readPeriodic(text, in.Scale)
	default:
		return nil, &vrp.InputError{Field: "from", Message: fmt.Sprintf("is %q, which is no known format", format)}
	}
	var input *vrp.InputError
	if err != nil && !errors.As(err, &input) {
		err = &vrp.InputError{Field: "input", Message: fmt.Sprintf("is not in the format %s: %v", format, err)}
	}
	if err != nil {
		return nil, err
	}
	return in, nil
}

// Cost is the distance of a solution in the benchmark's own measure.
func (in *Instance) Cost(s *vrp.Solution) float64 {
	return float64(s.Summary.Cost-in.Fixed*int64(s.Summary.Routes)) / in.Scale
}

// numbers returns the rows of a text that are nothing but numbers.
func numbers(text string) [][]float64 {
	var rows [][]float64
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		row := make([]float64, 0, len(fields))
		for _, f := range fields {
			x, err := strconv.ParseFloat(f, 64)
			if err != nil {
				row = nil
				break
			}
			row = append(row, x)
		}
		if len(row) > 1 {
			rows = append(rows, row)
		}
	}
	return rows
}

// plane makes a matrix of straight lines: scaled, then cut or rounded.
func plane(x, y []float64, scale float64, cut bool) *vrp.Matrix {
	n := len(x)
	m := &vrp.Matrix{Size: n, Durations: make([]int32, n*n)}
	for i := range n {
		for j := range n {
			d := math.Hypot(x[i]-x[j], y[i]-y[j]) * scale
			if cut {
				d += 1e-9
			} else {
				d += 0.5
			}
			m.Durations[i*n+j] = int32(d)
		}
	}
	return m
}

func scaled(x, scale float64) int64 { return int64(math.Round(x * scale)) }

func fleet(count int, capacity int64, hours vrp.TimeWindow, fixed int64) []vrp.Vehicle {
	out := make([]vrp.Vehicle, count)
	for i := range out {
		out[i] = vrp.Vehicle{ID: uint64(i + 1), StartIndex: new(0), EndIndex: new(0), Capacity: []int64{capacity}, TimeWindow: &hours}
		if fixed > 0 {
			out[i].Costs = &vrp.Costs{Fixed: fixed}
		}
	}
	return out
}

// places collects columns x and y of rows.
func places(rows [][]float64, xAt, yAt int) (x, y []float64) {
	for _, r := range rows {
		x, y = append(x, r[xAt]), append(y, r[yAt])
	}
	return x, y
}

func readSolomon(text string, scale float64, fixed int64, cut bool) (*vrp.Problem, error) {
	rows := numbers(text)
	if len(rows) < 2 || len(rows[0]) != 2 {
		return nil, fmt.Errorf("no line with the number of vehicles and their capacity")
	}
	nodes := rows[1:]
	p := &vrp.Problem{}
	for i, r := range nodes {
		if len(r) != 7 {
			return nil, fmt.Errorf("customer line %d has %d numbers, not 7", i+1, len(r))
		}
		window := vrp.TimeWindow{scaled(r[4], scale), scaled(r[5], scale)}
		if i == 0 {
			p.Vehicles = fleet(int(rows[0][0]), int64(rows[0][1]), window, fixed)
			continue
		}
		p.Jobs = append(p.Jobs, vrp.Job{ID: uint64(i), LocationIndex: new(i), Service: scaled(r[6], scale), Delivery: []int64{int64(r[3])},
			TimeWindows: []vrp.TimeWindow{window}})
	}
	x, y := places(nodes, 1, 2)
	p.Matrices = map[string]*vrp.Matrix{"car": plane(x, y, scale, cut)}
	return p, nil
}

func readLiLim(text string, scale float64, fixed int64, cut bool) (*vrp.Problem, error) {
	rows := numbers(text)
	if len(rows) < 2 || len(rows[0]) < 2 {
		return nil, fmt.Errorf("no line with the number of vehicles and their capacity")
	}
	nodes := rows[1:]
	p, row := &vrp.Problem{}, make(map[float64]int)
	for i, r := range nodes {
		if len(r) != 9 {
			return nil, fmt.Errorf("task line %d has %d numbers, not 9", i+1, len(r))
		}
		row[r[0]] = i
	}
	stop := func(i int) vrp.ShipmentStop {
		r := nodes[i]
		return vrp.ShipmentStop{ID: uint64(r[0]), LocationIndex: new(i), Service: scaled(r[6], scale),
			TimeWindows: []vrp.TimeWindow{{scaled(r[4], scale), scaled(r[5], scale)}}}
	}
	for i, r := range nodes {
		if i == 0 {
			p.Vehicles = fleet(int(rows[0][0]), int64(rows[0][1]), vrp.TimeWindow{scaled(r[4], scale), scaled(r[5], scale)}, fixed)
			continue
		}
		if r[3] > 0 {
			p.Shipments = append(p.Shipments, vrp.Shipment{Amount: []int64{int64(r[3])}, Pickup: stop(i), Delivery: stop(row[r[8]])})
		}
	}
	x, y := places(nodes, 1, 2)
	p.Matrices = map[string]*vrp.Matrix{"car": plane(x, y, scale, cut)}
	return p, nil
}

// readSiteDependent reads VRPLIB sections with a list of allowed clients per vehicle. Each distinct set of
// vehicles becomes a skill.
func readSiteDependent(text string, scale float64, fixed int64) (*vrp.Problem, error) {
	head, sections := make(map[string]string), make(map[string][][]float64)
	section := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch name, value, ok := strings.Cut(line, ":"); {
		case ok:
			head[strings.TrimSpace(name)] = strings.TrimSpace(value)
		case strings.HasSuffix(line, "_SECTION"):
			section = line
		case section != "":
			sections[section] = append(sections[section], numbers(line)...)
		}
	}
	number := func(key string) float64 {
		x, _ := strconv.ParseFloat(head[key], 64)
		return x
	}
	nodes, windows, demand := sections["NODE_COORD_SECTION"], sections["TIME_WINDOW_SECTION"], sections["DEMAND_SECTION"]
	n, vehicles := len(nodes), int(number("VEHICLES"))
	if n == 0 || len(windows) != n || len(demand) != n || vehicles == 0 {
		return nil, fmt.Errorf("coordinates, demands, windows or vehicles are missing")
	}
	hours := vrp.TimeWindow{scaled(windows[0][1], scale), scaled(windows[0][2], scale)}
	p := &vrp.Problem{Vehicles: fleet(vehicles, int64(number("CAPACITY")), hours, fixed)}
	if caps := sections["CAPACITY_SECTION"]; len(caps) == vehicles {
		for k := range p.Vehicles {
			p.Vehicles[k].Capacity = []int64{int64(caps[k][1])}
		}
	}
	allowed := make([][]bool, n)
	for i := range allowed {
		allowed[i] = make([]bool, vehicles)
	}
	for _, r := range sections["VEHICLES_ALLOWED_CLIENTS_SECTION"] {
		for _, client := range r[1:] {
			allowed[int(client)-1][int(r[0])-1] = true
		}
	}
	skills := make(map[string]uint32)
	for i := 1; i < n; i++ {
		key := fmt.Sprint(allowed[i])
		if skills[key] == 0 {
			skills[key] = uint32(len(skills) + 1)
			for k, yes := range allowed[i] {
				if yes {
					p.Vehicles[k].Skills = append(p.Vehicles[k].Skills, skills[key])
				}
			}
		}
		service := number("SERVICE_TIME")
		if s := sections["SERVICE_TIME_SECTION"]; len(s) == n {
			service = s[i][1]
		}
		p.Jobs = append(p.Jobs, vrp.Job{ID: uint64(i), LocationIndex: new(i), Service: scaled(service, scale), Delivery: []int64{int64(demand[i][1])},
			Skills: []uint32{skills[key]}, TimeWindows: []vrp.TimeWindow{{scaled(windows[i][1], scale), scaled(windows[i][2], scale)}}})
	}
	if most := number("VEHICLES_MAX_DURATION"); most > 0 {
		for k := range p.Vehicles {
			p.Vehicles[k].MaxRouteDuration = new(scaled(most, scale))
		}
	}
	x, y := places(nodes, 1, 2)
	p.Matrices = map[string]*vrp.Matrix{"car": plane(x, y, scale, false)}
	return p, nil
}
