package road

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"catchment/geo/osm"
)

// Target is a file of prepared streets that is to be made.
type Target struct {
	Profile *Profile
	Path    string
}

// Build prepares the streets of an extract for a profile and writes them to path. Progress, which may be nil,
// is told the share of the work done, from 0 to 1. A file already at path stays as it is until the new one is
// complete.
func Build(ctx context.Context, src *osm.Source, p *Profile, path string, progress func(done float64)) error {
	return BuildAll(ctx, src, []Target{{p, path}}, progress)
}

// BuildAll is Build for several profiles, which costs much less than building one after the other: the extract is
// read once and ordered once.
func BuildAll(ctx context.Context, src *osm.Source, targets []Target, progress func(done float64)) error {
	if progress == nil {
		progress = func(float64) {}
	}
	if len(targets) == 0 || len(targets) > maxProfiles {
		return fmt.Errorf("build streets for %d profiles: 1 to %d can be built at once", len(targets), maxProfiles)
	}
	hash, err := src.Hash()
	if err != nil {
		return fmt.Errorf("build streets: %w", err)
	}
	profiles := make([]*Profile, len(targets))
	for i, t := range targets {
		profiles[i] = t.Profile
	}
	a, err := readAtlas(ctx, src, profiles, func(done float64) { progress(done * readingShare) })
	if err != nil {
		return fmt.Errorf("build streets: %w", err)
	}
	ranks := a.rankHops()
	finished := make(chan error, len(targets)) // disks are slow: the next profile need not wait for them
	unfinished := 0
	share := (1 - orderedShare) / float64(len(targets))
	order := a.bySize()
	for done, i := range order {
		began := orderedShare + share*float64(done)
		progress(began)
		var packed *arrays
		if packed, err = a.expand(ctx, i, ranks); err != nil {
			break
		}
		if done == len(order)-1 { // the hierarchy of the largest needs much memory
			a, ranks = nil, nil
		}
		progress(began + share/2)
		var w *writer
		if w, err = packed.write(ctx, targets[i].Path, origin{source: hash, profile: profiles[i]}); err != nil {
			break
		}
		unfinished++
		go func() { finished <- w.finish() }()
	}
	for range unfinished {
		err = errors.Join(err, <-finished)
	}
	if err != nil {
		return fmt.Errorf("build streets: %w", err)
	}
	progress(1)
	return nil
}

// Shares of the work that are done when the extract is read, and when it is ordered.
const (
	readingShare = 0.15
	orderedShare = 0.35
)

// bySize returns the profiles, the one with the fewest streets first.
func (a *atlas) bySize() []int {
	order, size := make([]int, len(a.views)), make([]int, len(a.views))
	for i := range a.views {
		order[i] = i
		for w, use := range a.views[i].uses {
			if use != nil {
				size[i] += len(a.lines[w])
			}
		}
	}
	slices.SortStableFunc(order, func(i, j int) int { return size[i] - size[j] })
	return order
}

// expand makes the arrays of a prepared file for the i-th profile, all but the hierarchy, the edges in the order of its
// contraction.
func (a *atlas) expand(ctx context.Context, i int, ranks *ranking) (*arrays, error) {
	m := a.mapFor(i)
	var paths []banPath
	for _, b := range m.bans {
		paths = append(paths, m.spell(b)...)
	}
	s := joinSegments(m, a.views[i].p, paths)
	if len(s.all) == 0 {
		return nil, fmt.Errorf("%w: %s", ErrNoStreets, a.views[i].p.Name)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	x := expandTurns(s, paths)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	order := s.order(ranks)
	packed, err := pack(x, a.grid(a.views[i].p))
	if err != nil {
		return nil, err
	}
	packed.rankEdges(order)
	return packed, nil
}
