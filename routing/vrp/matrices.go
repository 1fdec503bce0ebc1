package vrp

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/paulmach/orb"
)

// Measure returns the matrix between places for a profile: from each to each, in the order given.
type Measure func(ctx context.Context, profile string, at []orb.Point) (*Matrix, error)

// RoutingError says that the roads could not be asked.
type RoutingError struct {
	Profile string
	Err     error
}

func (e *RoutingError) Error() string {
	return fmt.Sprintf("measure the ways of profile %q: %v", e.Profile, e.Err)
}

// Unwrap returns what went wrong with the roads.
func (e *RoutingError) Unwrap() error { return e.Err }

// FillMatrices gives coordinates an index and measures a matrix for each profile in use, for a problem that
// comes without matrices. A problem that has matrices is left as it is. Equal coordinates share a row. Costs of a
// profile cannot be measured and come with matrices only.
func FillMatrices(ctx context.Context, p *Problem, measure Measure) error {
	if len(p.Matrices) > 0 {
		return nil
	}
	var at []orb.Point
	rows := make(map[orb.Point]int)
	var missing error
	index := func(field string, from *orb.Point, to **int, needed bool) {
		if from == nil {
			if (needed || *to != nil) && missing == nil {
				missing = &InputError{Field: field, Message: "is missing, as are matrices"}
			}
			return
		}
		if !(from[0] >= -180 && from[0] <= 180 && from[1] >= -90 && from[1] <= 90) && missing == nil {
			missing = &InputError{Field: field, Message: fmt.Sprintf("is [%g, %g], not longitude and latitude", from[0], from[1])}
		}
		row, ok := rows[*from]
		if !ok {
			row = len(at)
			rows[*from] = row
			at = append(at, *from)
		}
		*to = &row
	}
	for i := range p.Jobs {
		index(fmt.Sprintf("jobs[%d].location", i), p.Jobs[i].Location, &p.Jobs[i].LocationIndex, true)
	}
	for i := range p.Shipments {
		s := &p.Shipments[i]
		index(fmt.Sprintf("shipments[%d].pickup.location", i), s.Pickup.Location, &s.Pickup.LocationIndex, true)
		index(fmt.Sprintf("shipments[%d].delivery.location", i), s.Delivery.Location, &s.Delivery.LocationIndex, true)
	}
	profiles := make(map[string]bool)
	for i := range p.Vehicles {
		v := &p.Vehicles[i]
		profiles[v.profile()] = true
		index(fmt.Sprintf("vehicles[%d].start", i), v.Start, &v.StartIndex, false)
		index(fmt.Sprintf("vehicles[%d].end", i), v.End, &v.EndIndex, false)
		index(fmt.Sprintf("vehicles[%d].anchor", i), v.Anchor, &v.AnchorIndex, false)
		index(fmt.Sprintf("vehicles[%d].reload", i), v.Reload, &v.ReloadIndex, false)
		for k := range v.Breaks {
			index(fmt.Sprintf("vehicles[%d].breaks[%d].location", i, k), v.Breaks[k].Location, &v.Breaks[k].LocationIndex, false)
		}
	}
	if missing != nil {
		return missing
	}
	p.Matrices = make(map[string]*Matrix, len(profiles))
	for _, profile := range slices.Sorted(maps.Keys(profiles)) {
		m, err := measure(ctx, profile, at)
		if err != nil {
			p.Matrices = nil
			return &RoutingError{Profile: profile, Err: err}
		}
		p.Matrices[profile] = m
	}
	return nil
}

// Failure is VROOM's answer to a request that could not be served.
func Failure(err error) *Solution {
	s := &Solution{Code: CodeInternal, Error: err.Error(), Unassigned: []Unassigned{}, Routes: []Route{}}
	s.Summary.Violations = []Violation{}
	var input *InputError
	var infeasible *InfeasibleError
	var routing *RoutingError
	switch {
	case errors.As(err, &routing):
		s.Code = CodeRouting
	case errors.As(err, &input), errors.As(err, &infeasible):
		s.Code = CodeInput
	}
	return s
}
