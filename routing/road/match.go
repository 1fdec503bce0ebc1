package road

import (
	"context"
	"fmt"
	"math"
	"slices"

	"catchment/geo"
)

// Fix is one place of a recorded track.
type Fix struct {
	Waypoint
	// Seconds since any fixed instant; 0 in all fixes if the track has no times.
	Seconds int64
}

// Matching is a stretch of a track that was driven along the streets without a break.
type Matching struct {
	Fixes      []int   // numbers of the fixes matched
	Places     []Place // where each of them lies
	Ways       []*Way  // between neighbouring places
	Confidence float64 // 0 to 1: how much better this way explains the track than others do
}

// Figures of the model of Newson & Krumm (2009), in metres: how far a fix lies from where it was taken, how much
// a way differs in length from the straight line between fixes, and the limits of what is looked at.
const (
	fixError       = 10.0
	candidateReach = 3 // times the error
	detourScale    = 10.0
	detourLimit    = 2000.0
	maxCandidates  = 8
	maxTrackSpeed  = 50.0 // metres a second, 180 km/h
)

// Match finds the ways most likely driven by whoever recorded a track: a hidden Markov model whose states are the
// streets near each fix. Where no way joins neighbouring fixes sensibly the track is broken into matchings.
func (g *Graph) Match(ctx context.Context, track []Fix) ([]Matching, error) {
	for i, f := range track {
		if err := geo.CheckPoint(f.At); err != nil {
			return nil, fmt.Errorf("fix %d: %w", i, err)
		}
	}
	var matchings []Matching
	var chain []layer
	flush := func() error {
		m, ok, err := g.readChain(ctx, track, chain)
		if ok {
			matchings = append(matchings, m)
		}
		chain = nil
		return err
	}
	for i, fix := range track {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		now := g.layer(i, fix)
		if len(now.states) == 0 {
			continue
		}
		if len(chain) > 0 {
			linked, err := g.link(ctx, track, &chain[len(chain)-1], &now)
			if err != nil {
				return nil, err
			}
			if !linked {
				if err := flush(); err != nil {
					return nil, err
				}
				now = g.layer(i, fix)
			}
		}
		chain = append(chain, now)
	}
	if err := flush(); err != nil {
		return nil, err
	}
	return matchings, nil
}

// layer holds the streets a fix may have been taken on.
type layer struct {
	fix    int
	states []matchState
}

type matchState struct {
	foot   foothold
	likely float64 // logarithm of the likelihood of the best way here
	from   int     // state of the layer before
}

func (g *Graph) layer(i int, fix Fix) layer {
	sigma := fixError
	if fix.Radius > 0 {
		sigma = max(fix.Radius/candidateReach, 1)
	}
	l := layer{fix: i}
	seen := map[SegmentID]bool{}
	g.near(toPoint(fix.At), sigma*candidateReach, func(f foothold) bool {
		if !seen[f.segment] && g.suit(&f, fix.Waypoint) {
			seen[f.segment] = true
			l.states = append(l.states, matchState{f, -0.5 * (f.meters / sigma) * (f.meters / sigma), -1})
		}
		return len(l.states) < maxCandidates
	})
	return l
}

// link finds for every state of a layer the best state before it. It reports false if none can be reached.
func (g *Graph) link(ctx context.Context, track []Fix, before, now *layer) (bool, error) {
	feet := func(l *layer) []foothold {
		f := make([]foothold, len(l.states))
		for i, s := range l.states {
			f[i] = s.foot
		}
		return f
	}
	costs, err := g.pairs(ctx, feet(before), feet(now))
	if err != nil {
		return false, err
	}
	a, b := track[before.fix], track[now.fix]
	straight := toPoint(a.At).meters(toPoint(b.At))
	seconds := float64(b.Seconds - a.Seconds)
	linked := false
	var states []matchState
	for j, to := range now.states {
		best, from := math.Inf(-1), -1
		for i, s := range before.states {
			c := costs[i*len(now.states)+j]
			if !c.Exists() {
				continue
			}
			meters := float64(c.Decimeters) / 10
			detour := math.Abs(meters - straight)
			if detour > detourLimit || seconds > 0 && meters/seconds > maxTrackSpeed {
				continue
			}
			if l := s.likely - detour/detourScale; l > best {
				best, from = l, i
			}
		}
		if from >= 0 {
			linked = true
			states = append(states, matchState{to.foot, to.likely + best, from})
		}
	}
	if linked {
		now.states = states
	}
	return linked, nil
}

// readChain walks back from the likeliest last state. It reports false for fewer than two fixes.
func (g *Graph) readChain(ctx context.Context, track []Fix, chain []layer) (Matching, bool, error) {
	if len(chain) < 2 {
		return Matching{}, false, nil
	}
	var m Matching
	var feet []foothold
	at, certain := -1, 0.0
	for k := len(chain) - 1; k >= 0; k-- {
		states := chain[k].states
		if at < 0 {
			for i := range states {
				if at < 0 || states[i].likely > states[at].likely {
					at = i
				}
			}
		}
		var sum float64
		for _, s := range states {
			sum += math.Exp(min(s.likely-states[at].likely, 0))
		}
		certain += 1 / sum
		feet = append(feet, states[at].foot)
		m.Fixes = append(m.Fixes, chain[k].fix)
		m.Places = append(m.Places, Place{g, states[at].foot, track[chain[k].fix].At})
		at = states[at].from
	}
	m.Confidence = certain / float64(len(chain))
	slices.Reverse(feet)
	slices.Reverse(m.Fixes)
	slices.Reverse(m.Places)
	for i := range feet[1:] {
		if err := ctx.Err(); err != nil {
			return Matching{}, false, err
		}
		w, ok := g.way(feet[i], feet[i+1])
		if !ok {
			return Matching{}, false, fmt.Errorf("fix %d has no way to fix %d though it was counted with one", m.Fixes[i], m.Fixes[i+1])
		}
		m.Ways = append(m.Ways, &Way{g, w})
	}
	return m, true, nil
}
