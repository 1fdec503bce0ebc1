// Package town invents OpenStreetMap data: a credible small town for machines without a network, and random dense
// street networks for tests. The same seed and size give the same bytes; everything is read back through package osm
// like any real extract.
package town

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"

	"catchment/geo/osm"
)

// Network is invented map data, each kind by rising id.
type Network struct {
	Header    osm.Header
	Nodes     []osm.Node
	Ways      []osm.Way
	Relations []osm.Relation
}

// WriteTo writes the network as a PBF extract.
func (n *Network) WriteTo(w io.Writer) (int64, error) {
	slices.SortFunc(n.Nodes, func(a, b osm.Node) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(n.Ways, func(a, b osm.Way) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(n.Relations, func(a, b osm.Relation) int { return cmp.Compare(a.ID, b.ID) })
	count := &counting{w: w}
	out := osm.NewWriter(count, n.Header)
	for _, x := range n.Nodes {
		if err := out.Node(x); err != nil {
			return count.n, fmt.Errorf("write town: %w", err)
		}
	}
	for _, x := range n.Ways {
		if err := out.Way(x); err != nil {
			return count.n, fmt.Errorf("write town: %w", err)
		}
	}
	for _, x := range n.Relations {
		if err := out.Relation(x); err != nil {
			return count.n, fmt.Errorf("write town: %w", err)
		}
	}
	if err := out.Close(); err != nil {
		return count.n, fmt.Errorf("write town: %w", err)
	}
	return count.n, nil
}

// Bytes returns the network as a PBF extract.
func (n *Network) Bytes() []byte {
	var buf bytes.Buffer
	if _, err := n.WriteTo(&buf); err != nil {
		panic(err) // a network that this package made can be written
	}
	return buf.Bytes()
}

// Source returns the network as an extract ready to be scanned.
func (n *Network) Source() *osm.Source {
	s, err := osm.FromBytes("generated town", n.Bytes())
	if err != nil {
		panic(err) // as above
	}
	return s
}

type counting struct {
	w io.Writer
	n int64
}

func (c *counting) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
