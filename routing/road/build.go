package road

import (
	"context"
	"fmt"

	"catchment/geo/osm"
)

// Build prepares the streets of an extract for a profile and writes them to path. Progress, which may be nil,
// is told the share of the work done, from 0 to 1. A file already at path stays as it is until the new one is
// complete.
func Build(ctx context.Context, src *osm.Source, p *Profile, path string, progress func(done float64)) error {
	if progress == nil {
		progress = func(float64) {}
	}
	hash, err := src.Hash()
	if err != nil {
		return fmt.Errorf("build streets: %w", err)
	}
	a, err := prepare(ctx, src, p, progress)
	if err != nil {
		return fmt.Errorf("build streets for %s: %w", p.Name, err)
	}
	if err := a.write(path, origin{source: hash, profile: p}); err != nil {
		return fmt.Errorf("build streets for %s: %w", p.Name, err)
	}
	progress(1)
	return nil
}

// prepare makes the arrays of a prepared file.
func prepare(ctx context.Context, src extract, p *Profile, progress func(done float64)) (*arrays, error) {
	m, err := readStreets(ctx, src, p, func(done float64) { progress(done * 0.6) })
	if err != nil {
		return nil, err
	}
	var paths []banPath
	for _, b := range m.bans {
		paths = append(paths, m.spell(b)...)
	}
	s := joinSegments(m, p, paths)
	if len(s.all) == 0 {
		return nil, ErrNoStreets
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	progress(0.7)
	x := expandTurns(s, paths)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	progress(0.8)
	a, err := pack(x)
	if err != nil {
		return nil, err
	}
	progress(0.95)
	return &a, nil
}
