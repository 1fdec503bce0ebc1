package extract

import (
	"context"
	"fmt"

	"github.com/paulmach/orb"

	"catchment/geo/osm"
)

// Counts says what an extract holds. They are kept with the generation, so that a later, damaged file of the same
// region can be told from a true one.
type Counts struct {
	Nodes      int64 `json:"nodes"`
	Ways       int64 `json:"ways"`
	Relations  int64 `json:"relations"`
	Drivable   int64 `json:"drivable"`   // ways cars may use
	References int64 `json:"references"` // of ways to nodes
	Missing    int64 `json:"missing"`    // of these, to nodes that are not there
}

// Implausible says why an extract cannot be a map, though it could be read: readers report no error for an empty
// file or one cut at a block's border.
type Implausible struct{ Why string }

// Error says why, and that nothing was lost.
func (e *Implausible) Error() string {
	return "this file is no usable extract: " + e.Why + "; what was loaded before stays in force"
}

// most of the references to nodes that may be missing; extracts cut at a border miss a few.
const mostMissing = 0.05

// plausible returns an *Implausible if the counts cannot be those of a map, also compared with an earlier version of
// the same extract.
func (c Counts) plausible(old *Counts) error {
	switch {
	case c.Nodes == 0:
		return &Implausible{"it holds no nodes"}
	case c.Ways == 0:
		return &Implausible{"it holds no ways"}
	case c.Drivable == 0:
		return &Implausible{"it holds no street a car may use"}
	case float64(c.Missing) > mostMissing*float64(c.References):
		return &Implausible{fmt.Sprintf("%.0f %% of its ways' points are missing: it was cut off", 100*float64(c.Missing)/float64(c.References))}
	case old != nil && old.Relations > 0 && c.Relations == 0:
		return &Implausible{"it holds no relations, where the version before had some: it was cut off"}
	case old != nil && c.Ways < old.Ways/2:
		return &Implausible{fmt.Sprintf("it holds %d ways, where the version before had %d: it was cut off", c.Ways, old.Ways)}
	}
	return nil
}

// drivable are the classes of ways cars use.
var drivable = map[string]bool{
	"motorway": true, "motorway_link": true, "trunk": true, "trunk_link": true, "primary": true, "primary_link": true,
	"secondary": true, "secondary_link": true, "tertiary": true, "tertiary_link": true, "unclassified": true, "residential": true,
	"living_street": true, "service": true,
}

// survey reads the whole extract once and counts.
func survey(ctx context.Context, src *osm.Source, progress func(done float64)) (Counts, orb.Bound, error) {
	var c Counts
	bounds := orb.Bound{Min: orb.Point{180, 90}, Max: orb.Point{-180, -90}}
	places, err := src.Locations(ctx, nil)
	if err != nil {
		return c, bounds, fmt.Errorf("read the nodes: %w", err)
	}
	c.Nodes = int64(places.Len())
	progress(0.5)
	err = src.Scan(ctx, osm.Handler{
		Way: func(w osm.Way) error {
			c.Ways++
			usable := drivable[w.Tags.Get("highway")]
			if usable {
				c.Drivable++
			}
			for _, id := range w.Nodes {
				c.References++
				at, there := places.At(id)
				switch {
				case !there:
					c.Missing++
				case usable:
					bounds = bounds.Extend(at)
				}
			}
			return nil
		},
		Relation: func(osm.Relation) error {
			c.Relations++
			return nil
		},
		Progress: func(done, total int64) { progress(0.5 + 0.5*float64(done)/float64(max(total, 1))) },
	})
	if err != nil {
		return c, bounds, fmt.Errorf("read ways and relations: %w", err)
	}
	return c, bounds, nil
}
