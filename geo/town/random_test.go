package town

import (
	"bytes"
	"testing"

	"catchment/geo/osm"
)

func TestRandomIsTheSameForTheSameSeed(t *testing.T) {
	t.Parallel()
	if !bytes.Equal(Random(7, 5).Bytes(), Random(7, 5).Bytes()) {
		t.Error("the same seed gave other bytes")
	}
	if bytes.Equal(Random(7, 5).Bytes(), Random(8, 5).Bytes()) {
		t.Error("another seed gave the same bytes")
	}
}

func TestRandomHoldsEveryKindOfTrouble(t *testing.T) {
	t.Parallel()
	want := map[string]bool{}
	for _, kv := range []string{
		"restriction=no_left_turn", "restriction=no_right_turn", "restriction=no_straight_on", "restriction=no_u_turn",
		"restriction=only_left_turn", "restriction=only_right_turn", "restriction=only_straight_on", "restriction=only_u_turn",
		"restriction=no_entry", "restriction=no_exit", "via node", "via way", "via ways", "except=motorcar", "restriction:hgv", "restriction:conditional",
		"oneway=yes", "oneway=-1", "junction=roundabout", "route=ferry", "barrier=bollard", "barrier=gate", "highway=traffic_signals",
		"access=private", "access=destination", "maxspeed=20 mph", "highway=motorway", "highway=footway",
	} {
		want[kv] = true
	}
	note := func(tags osm.Tags) {
		for _, t := range tags {
			delete(want, t.Key+"="+t.Value)
			delete(want, t.Key)
		}
	}
	for seed := range uint64(20) {
		n := Random(seed, 6)
		err := n.Source().Scan(t.Context(), osm.Handler{
			Node: func(n osm.Node) error { note(n.Tags); return nil },
			Way:  func(w osm.Way) error { note(w.Tags); return nil },
			Relation: func(r osm.Relation) error {
				note(r.Tags)
				ways := 0
				for _, m := range r.Members {
					if m.Role == "via" && m.Kind == osm.WayMember {
						ways++
					}
				}
				delete(want, []string{"via node", "via way", "via ways"}[ways])
				return nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for kv := range want {
		t.Errorf("%s never comes", kv)
	}
}
