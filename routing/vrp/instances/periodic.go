package instances

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"

	"catchment/routing/vrp"
)

// vehicleOf numbers vehicle k of a day, both from 0, in a periodic problem.
func vehicleOf(day, k int) uint64 { return uint64(day+1)*1000 + uint64(k+1) }

// readPeriodic reads a file of Cordeau, Gendreau & Laporte (1997): every customer is served on the days of one of
// its combinations, given as bit masks whose highest bit is the first day.
func readPeriodic(text string, scale float64) (*vrp.Problem, error) {
	rows := numbers(text)
	if len(rows) == 0 || len(rows[0]) < 4 || rows[0][0] != 1 {
		return nil, fmt.Errorf("no first line of a periodic problem: type 1, vehicles, customers, days")
	}
	vehicles, customers, days := int(rows[0][1]), int(rows[0][2]), int(rows[0][3])
	if vehicles < 1 || vehicles > 999 || customers < 0 || days < 1 || days > 60 || len(rows) < 1+days+1+customers {
		return nil, fmt.Errorf("%d vehicles, %d customers and %d days do not fit %d lines", vehicles, customers, days, len(rows))
	}
	p := &vrp.Problem{}
	for day, r := range rows[1 : 1+days] {
		for k := range vehicles {
			v := vrp.Vehicle{ID: vehicleOf(day, k), Day: day + 1, StartIndex: new(0), EndIndex: new(0)}
			if r[0] > 0 {
				v.MaxRouteDuration = new(scaled(r[0], scale))
			}
			if r[1] > 0 {
				v.Capacity = []int64{int64(r[1])}
			}
			p.Vehicles = append(p.Vehicles, v)
		}
	}
	counted := len(p.Vehicles[0].Capacity) > 0
	nodes := rows[1+days:]
	for i, r := range nodes[:1+customers] {
		if len(r) < 5 || i > 0 && (len(r) < 7 || len(r) < 7+int(r[6])) {
			return nil, fmt.Errorf("customer line %d is too short", i)
		}
		if i == 0 || r[5] == 0 {
			continue
		}
		j := vrp.Job{ID: uint64(r[0]), LocationIndex: new(i), Service: scaled(r[3], scale)}
		if counted {
			j.Delivery = []int64{int64(r[4])}
		}
		for _, mask := range r[7 : 7+int(r[6])] {
			var on []int
			for day := range days {
				if int64(mask)>>(days-1-day)&1 == 1 {
					on = append(on, day+1)
				}
			}
			j.VisitDays = append(j.VisitDays, on)
		}
		p.Jobs = append(p.Jobs, j)
	}
	x, y := places(nodes[:1+customers], 1, 2)
	p.Matrices = map[string]*vrp.Matrix{"car": plane(x, y, scale, false)}
	return p, nil
}

// WritePeriodic writes a plan as the solution files of the periodic set are: the cost, then for each route day,
// vehicle, duration, load, and the customers between two zeros.
func (in *Instance) WritePeriodic(out io.Writer, s *vrp.Solution) error {
	w := bufio.NewWriter(out)
	fmt.Fprintf(w, "%.2f\n", in.Cost(s))
	routes := slices.Clone(s.Routes)
	slices.SortFunc(routes, func(a, b vrp.Route) int { return int(a.Vehicle) - int(b.Vehicle) })
	for i := range routes {
		r := &routes[i]
		load := int64(0)
		for _, d := range r.Delivery {
			load += d
		}
		fmt.Fprintf(w, "%d %d %.2f %d 0", r.Vehicle/1000, r.Vehicle%1000, float64(r.Duration+r.Service)/in.Scale, load)
		for _, step := range r.Steps {
			if step.Type == vrp.StepJob {
				fmt.Fprint(w, " ", strconv.FormatUint(step.ID, 10))
			}
		}
		fmt.Fprintln(w, " 0")
	}
	return w.Flush()
}
