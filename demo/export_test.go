package demo

import "context"

// Compass returns where the company's compass stands, and how far half of its places reach in each direction.
func Compass(ctx context.Context, o Options) (lon, lat, width, height float64, err error) {
	m := &maker{Options: o}
	if err := m.findPlaces(ctx); err != nil {
		return 0, 0, 0, 0, err
	}
	c := newCompass(m.places)
	return c.middle[0], c.middle[1], c.half[0], c.half[1], nil
}
