// Package osm reads OpenStreetMap extracts, PBF or XML, into nodes, ways and relations.
//
// It owns the file formats (reader, writer), the compact table of node places that way geometries
// need and the assembly of multipolygons. It knows no database, no road rules, no business.
//
// An extract is data from strangers: every length, index and reference in it is checked, a broken or
// hostile file ends in a [FormatError], never in a panic, and memory stays bounded by a few blocks.
package osm

import "github.com/paulmach/orb"

// Tag is one key and its value, such as highway=residential.
type Tag struct{ Key, Value string }

// Tags are an element's tags in file order. Keys are unique in sane data; the first one wins.
type Tags []Tag

// Get returns the value of key, "" when the key is absent.
func (t Tags) Get(key string) string {
	for i := range t {
		if t[i].Key == key {
			return t[i].Value
		}
	}
	return ""
}

// Has reports whether key is present, whatever its value.
func (t Tags) Has(key string) bool {
	for i := range t {
		if t[i].Key == key {
			return true
		}
	}
	return false
}

// Node is a point of the map.
type Node struct {
	ID   int64
	At   orb.Point // longitude, latitude in degrees; exact multiples of 1e-7 in ordinary extracts
	Tags Tags
}

// Way is a line or, when its first node is its last, possibly an area.
type Way struct {
	ID    int64
	Nodes []int64 // node ids in order; some may lie outside the extract
	Tags  Tags
}

// Closed reports whether the way ends where it began and encloses something.
func (w Way) Closed() bool {
	return len(w.Nodes) > 3 && w.Nodes[0] == w.Nodes[len(w.Nodes)-1]
}

// MemberKind tells what a relation's member is.
type MemberKind byte

// The kinds of members a relation can have.
const (
	NodeMember MemberKind = iota
	WayMember
	RelationMember
)

// String returns the word the XML format uses for the kind.
func (k MemberKind) String() string {
	switch k {
	case NodeMember:
		return "node"
	case WayMember:
		return "way"
	case RelationMember:
		return "relation"
	}
	return "unknown"
}

// Member is one part of a relation; what it refers to may lie outside the extract.
type Member struct {
	Kind MemberKind
	Ref  int64
	Role string
}

// Relation binds elements together: a multipolygon, a turn restriction, a route.
type Relation struct {
	ID      int64
	Members []Member
	Tags    Tags
}
