package road

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/paulmach/orb"

	"catchment/routing"
)

// Week answers for one profile at all times: by the speeds of the map, and by those of its time bands.
type Week struct {
	plain *Graph
	bands map[routing.Band]*Graph
}

var _ routing.Travel = (*Week)(nil)

// NewWeek puts a graph together with those retimed from it. It closes none of them if they do not belong
// together.
func NewWeek(plain *Graph, retimed ...*Graph) (*Week, error) {
	w := &Week{plain: plain, bands: map[routing.Band]*Graph{plain.band: plain}}
	if plain.band != routing.AnyTime {
		return nil, fmt.Errorf("these streets have the speeds of %q, not of any time", string(plain.band))
	}
	for _, g := range retimed {
		if g.source != plain.source || g.profile.Name != plain.profile.Name {
			return nil, fmt.Errorf("the streets of %q are of another map or profile", string(g.band))
		}
		if w.bands[g.band] != nil {
			return nil, fmt.Errorf("two graphs have the speeds of %q", string(g.band))
		}
		w.bands[g.band] = g
	}
	return w, nil
}

// Close closes all graphs. No query may run or follow.
func (w *Week) Close() error {
	var all error
	for _, g := range w.bands {
		all = errors.Join(all, g.Close())
	}
	return all
}

func (w *Week) at(band routing.Band) (*Graph, error) {
	if g := w.bands[band]; g != nil {
		return g, nil
	}
	return nil, &NoBand{band}
}

// Version returns what answers at any time are computed on.
func (w *Week) Version(profile routing.Profile) routing.Version { return w.plain.Version(profile) }

// VersionAt returns what answers in a time band are computed on.
func (w *Week) VersionAt(band routing.Band) (routing.Version, error) {
	g, err := w.at(band)
	if err != nil {
		return routing.Version{}, err
	}
	return g.version(), nil
}

// Table answers from the graph of the band.
func (w *Week) Table(ctx context.Context, profile routing.Profile, band routing.Band, from, to []orb.Point) (routing.Matrix, error) {
	g, err := w.at(band)
	if err != nil {
		return routing.Matrix{}, err
	}
	return g.Table(ctx, profile, band, from, to)
}

// Route answers from the graph of the band.
func (w *Week) Route(ctx context.Context, profile routing.Profile, band routing.Band, through []orb.Point) (routing.Route, error) {
	g, err := w.at(band)
	if err != nil {
		return routing.Route{}, err
	}
	return g.Route(ctx, profile, band, through)
}

// Reach answers from the graph of the band.
func (w *Week) Reach(ctx context.Context, profile routing.Profile, band routing.Band, origin orb.Point, limit time.Duration, direction routing.Direction) (routing.Reach, error) {
	g, err := w.at(band)
	if err != nil {
		return routing.Reach{}, err
	}
	return g.Reach(ctx, profile, band, origin, limit, direction)
}

// Nearest answers from the graph of any time: streets lie where they lie.
func (w *Week) Nearest(ctx context.Context, profile routing.Profile, at orb.Point, n int) ([]routing.Snap, error) {
	return w.plain.Nearest(ctx, profile, at, n)
}
