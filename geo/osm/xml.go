package osm

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"sync/atomic"

	"github.com/paulmach/orb"
	upstream "github.com/paulmach/osm"
	"github.com/paulmach/osm/osmxml"
)

// counter counts the bytes that pass, for progress.
type counter struct {
	r io.Reader
	n atomic.Int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	return n, err
}

func (s *Source) xmlFault(offset int64, err error) error {
	var syntax *xml.SyntaxError
	switch {
	case errors.As(err, &syntax) && strings.Contains(syntax.Msg, "unexpected EOF"), errors.Is(err, io.ErrUnexpectedEOF):
		return &FormatError{Name: s.name, Offset: offset, Kind: ErrTruncated, Detail: err.Error()}
	default:
		return &FormatError{Name: s.name, Offset: offset, Kind: ErrCorrupt, Detail: err.Error()}
	}
}

// readXMLHeader checks the root element and looks for bounds in front of the first element.
func (s *Source) readXMLHeader() error {
	d := xml.NewDecoder(io.NewSectionReader(s.data, 0, s.size))
	root := false
	for {
		t, err := d.Token()
		if err == io.EOF {
			return &FormatError{Name: s.name, Offset: -1, Kind: ErrUnknownFormat, Detail: "XML without an element"}
		}
		if err != nil {
			return s.xmlFault(d.InputOffset(), err)
		}
		e, ok := t.(xml.StartElement)
		if !ok {
			if _, end := t.(xml.EndElement); end && root {
				return nil
			}
			continue
		}
		if !root {
			if e.Name.Local != "osm" {
				return &FormatError{Name: s.name, Offset: -1, Kind: ErrUnknownFormat, Detail: "the XML root is <" + e.Name.Local + ">, <osm> is due"}
			}
			root = true
			for _, a := range e.Attr {
				if a.Name.Local == "generator" {
					s.header.Program = clean(a.Value)
				}
			}
			continue
		}
		if e.Name.Local == "bounds" {
			var b upstream.Bounds
			if err := d.DecodeElement(&b, &e); err != nil {
				return s.xmlFault(d.InputOffset(), err)
			}
			low, high := orb.Point{b.MinLon, b.MinLat}, orb.Point{b.MaxLon, b.MaxLat}
			if onEarth(low) && onEarth(high) && low[0] <= high[0] && low[1] <= high[1] {
				s.header.Bounds, s.header.HasBounds = orb.Bound{Min: low, Max: high}, true
			}
			return nil
		}
		switch e.Name.Local {
		case "node", "way", "relation":
			return nil
		}
		if err := d.Skip(); err != nil {
			return s.xmlFault(d.InputOffset(), err)
		}
	}
}

func (s *Source) scanXML(ctx context.Context, h Handler) error {
	in := &counter{r: io.NewSectionReader(s.data, 0, s.size)}
	scan := osmxml.New(ctx, in)
	defer scan.Close()
	found, told := false, int64(0)
	for scan.Scan() {
		var err error
		switch e := scan.Object().(type) {
		case *upstream.Node:
			found = true
			at := orb.Point{e.Lon, e.Lat}
			if !onEarth(at) {
				return &FormatError{Name: s.name, Offset: in.n.Load(), Kind: ErrCorrupt, Detail: corrupt("node %d lies off the earth", e.ID).Error()}
			}
			if h.Node != nil {
				err = h.Node(Node{ID: int64(e.ID), At: at, Tags: fromUpstream(e.Tags)})
			}
		case *upstream.Way:
			found = true
			if h.Way != nil {
				w := Way{ID: int64(e.ID), Nodes: make([]int64, len(e.Nodes)), Tags: fromUpstream(e.Tags)}
				for i, n := range e.Nodes {
					w.Nodes[i] = int64(n.ID)
				}
				err = h.Way(w)
			}
		case *upstream.Relation:
			found = true
			if h.Relation != nil {
				r := Relation{ID: int64(e.ID), Members: make([]Member, 0, len(e.Members)), Tags: fromUpstream(e.Tags)}
				for _, m := range e.Members {
					kind, ok := map[upstream.Type]MemberKind{
						upstream.TypeNode: NodeMember, upstream.TypeWay: WayMember, upstream.TypeRelation: RelationMember,
					}[m.Type]
					if !ok {
						return &FormatError{Name: s.name, Offset: in.n.Load(), Kind: ErrCorrupt, Detail: corrupt("a member of type %q in relation %d", m.Type, e.ID).Error()}
					}
					r.Members = append(r.Members, Member{Kind: kind, Ref: m.Ref, Role: m.Role})
				}
				err = h.Relation(r)
			}
		}
		if err != nil {
			return err
		}
		if n := in.n.Load(); h.Progress != nil && n-told > 1<<16 {
			told = n
			h.Progress(n, s.size)
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := scan.Err(); err != nil {
		return s.xmlFault(in.n.Load(), err)
	}
	if !found {
		return &FormatError{Name: s.name, Offset: -1, Kind: ErrEmpty, Detail: "it holds no node, way or relation"}
	}
	if h.Progress != nil {
		h.Progress(s.size, s.size)
	}
	return nil
}

func fromUpstream(tags upstream.Tags) Tags {
	if len(tags) == 0 {
		return nil
	}
	t := make(Tags, len(tags))
	for i, tag := range tags {
		t[i] = Tag{tag.Key, tag.Value}
	}
	return t
}
