package road

import (
	"context"
	"fmt"

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
	share := (1 - orderedShare) / float64(len(targets))
	for i, t := range targets {
		began := orderedShare + share*float64(i)
		if err := a.prepare(ctx, i, ranks, t.Path, hash, func(done float64) { progress(began + share*done) }); err != nil {
			return fmt.Errorf("build streets for %s: %w", t.Profile.Name, err)
		}
	}
	progress(1)
	return nil
}

// Shares of the work that are done when the extract is read, and when it is ordered.
const (
	readingShare = 0.15
	orderedShare = 0.35
)

// prepare makes the file of the i-th profile.
func (a *atlas) prepare(ctx context.Context, i int, ranks *ranking, path, hash string, progress func(done float64)) error {
	progress(0)
	packed, order, err := a.expand(ctx, i, ranks)
	if err != nil {
		return err
	}
	progress(0.5)
	if err := ctx.Err(); err != nil {
		return err
	}
	return packed.write(ctx, path, origin{source: hash, profile: a.views[i].p}, order)
}

// expand makes the arrays of a prepared file for the i-th profile, all but the hierarchy, and the order of its
// contraction.
func (a *atlas) expand(ctx context.Context, i int, ranks *ranking) (*arrays, []uint32, error) {
	m := a.mapFor(i)
	var paths []banPath
	for _, b := range m.bans {
		paths = append(paths, m.spell(b)...)
	}
	s := joinSegments(m, a.views[i].p, paths)
	if len(s.all) == 0 {
		return nil, nil, ErrNoStreets
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	x := expandTurns(s, paths)
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	order := s.order(ranks)
	packed, err := pack(x, a.grid(a.views[i].p))
	return packed, order, err
}
