package osm

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
)

func TestXMLIsRead(t *testing.T) {
	t.Parallel()
	data := []byte("\xef\xbb\xbf" + `<?xml version="1.0" encoding="UTF-8"?>
<osm version="0.6" generator="by hand">
 <note>Some words.</note>
 <bounds minlat="47.1" minlon="9.5" maxlat="47.2" maxlon="9.6"/>
 <node id="1" lat="47.1234567" lon="9.5123456"><tag k="name" v="Äule &amp; Co"/></node>
 <node id="-2" lat="47.13" lon="9.52"/>
 <way id="5"><nd ref="1"/><nd ref="-2"/><tag k="highway" v="residential"/></way>
 <relation id="9"><member type="way" ref="5" role="from"/><member type="node" ref="1" role="via"/><member type="relation" ref="3" role=""/><tag k="type" v="restriction"/></relation>
</osm>`)
	s, err := FromBytes("hand.osm", data)
	if err != nil {
		t.Fatal(err)
	}
	wantHeader := Header{Bounds: orb.Bound{Min: orb.Point{9.5, 47.1}, Max: orb.Point{9.6, 47.2}}, HasBounds: true, Program: "by hand"}
	if d := cmp.Diff(wantHeader, s.Header()); d != "" {
		t.Errorf("header (-want +got):\n%s", d)
	}
	want := content{
		Nodes: []Node{
			{ID: 1, At: orb.Point{9.5123456, 47.1234567}, Tags: Tags{{"name", "Äule & Co"}}},
			{ID: -2, At: orb.Point{9.52, 47.13}},
		},
		Ways: []Way{{ID: 5, Nodes: []int64{1, -2}, Tags: Tags{{"highway", "residential"}}}},
		Relations: []Relation{{ID: 9, Members: []Member{
			{WayMember, 5, "from"}, {NodeMember, 1, "via"}, {RelationMember, 3, ""},
		}, Tags: Tags{{"type", "restriction"}}}},
	}
	for range 2 {
		got, err := read(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("content (-want +got):\n%s", d)
		}
	}
}
