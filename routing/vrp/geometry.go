package vrp

import (
	"context"
	"math"

	"github.com/paulmach/orb"
)

// Shape returns the line along the roads through points in their order, for a profile.
type Shape func(ctx context.Context, profile string, through []orb.Point) (orb.LineString, error)

// FillGeometry adds to each route whose stops have coordinates its shape, as an encoded polyline of five
// decimals.
func FillGeometry(ctx context.Context, p *Problem, s *Solution, shape Shape) error {
	profile := make(map[uint64]string, len(p.Vehicles))
	for i := range p.Vehicles {
		profile[p.Vehicles[i].ID] = p.Vehicles[i].profile()
	}
	for i := range s.Routes {
		r := &s.Routes[i]
		var through []orb.Point
		placed := true
		for _, step := range r.Steps {
			if step.Type == StepBreak && step.Location == nil {
				continue
			}
			if step.Location == nil {
				placed = false
				break
			}
			if n := len(through); n == 0 || through[n-1] != *step.Location {
				through = append(through, *step.Location)
			}
		}
		if !placed || len(through) < 2 {
			continue
		}
		line, err := shape(ctx, profile[r.Vehicle], through)
		if err != nil {
			return &RoutingError{Profile: profile[r.Vehicle], Err: err}
		}
		r.Geometry = polyline(line)
	}
	return nil
}

// polyline encodes a line as Google's polyline algorithm does: latitude before longitude, differences of 1e-5
// degrees in chunks of five bits.
func polyline(line orb.LineString) string {
	var out []byte
	var before [2]int64
	for i, at := range line {
		if i > 0 && at == line[i-1] {
			continue
		}
		for axis, degrees := range [2]float64{at[1], at[0]} {
			now := int64(math.Round(degrees * 1e5))
			step := (now - before[axis]) << 1
			if step < 0 {
				step = ^step
			}
			for ; step >= 0x20; step >>= 5 {
				out = append(out, byte(0x20|step&0x1f)+63)
			}
			out = append(out, byte(step)+63)
			before[axis] = now
		}
	}
	return string(out)
}

// Replan returns the question with the vehicles' steps replaced by the routes of an answer: what NewBoard and a
// next search start from. Pins are kept.
func (s *Solution) Replan(p *Problem) *Problem {
	pinned := make(map[VehicleStep]bool)
	for i := range p.Vehicles {
		for _, step := range p.Vehicles[i].Steps {
			if step.Pinned {
				pinned[VehicleStep{Type: step.Type, ID: step.ID}] = true
			}
		}
	}
	routes := make(map[uint64]*Route, len(s.Routes))
	for i := range s.Routes {
		routes[s.Routes[i].Vehicle] = &s.Routes[i]
	}
	out := *p
	out.Vehicles = make([]Vehicle, len(p.Vehicles))
	for i := range p.Vehicles {
		out.Vehicles[i] = p.Vehicles[i]
		out.Vehicles[i].Steps = nil
		r := routes[p.Vehicles[i].ID]
		if r == nil {
			continue
		}
		for _, step := range r.Steps {
			switch step.Type {
			case StepJob, StepPickup, StepDelivery:
				key := VehicleStep{Type: step.Type, ID: step.ID}
				key.Pinned = pinned[key]
				out.Vehicles[i].Steps = append(out.Vehicles[i].Steps, key)
			}
		}
	}
	return &out
}

// Decode is the line of an encoded polyline, as routes carry it. What is cut off in the middle is left out.
func Decode(text string) orb.LineString {
	var line orb.LineString
	var at [2]int64
	for i := 0; i < len(text); {
		for axis := range at {
			var step int64
			for shift := 0; i < len(text) && shift < 60; shift += 5 {
				chunk := int64(text[i]) - 63
				i++
				step |= chunk & 0x1f << shift
				if chunk < 0x20 {
					break
				}
			}
			if step&1 != 0 {
				step = ^step
			}
			at[axis] += step >> 1
		}
		line = append(line, orb.Point{float64(at[1]) / 1e5, float64(at[0]) / 1e5})
	}
	return line
}
