package main

import (
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/geo/town"
	"catchment/routing"
	"catchment/routing/road"
	"catchment/web"
)

func TestARoadServerElsewhereStandsIn(t *testing.T) {
	t.Parallel()
	network := town.Generate(1, 2)
	path := filepath.Join(t.TempDir(), "car.road")
	if err := road.Build(t.Context(), network.Source(), road.Car(), path, nil); err != nil {
		t.Fatal(err)
	}
	graph, err := road.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer graph.Close()
	elsewhere := httptest.NewServer(web.RoadServer(graph))
	defer elsewhere.Close()
	server, err := roadSettings{URL: elsewhere.URL}.server()
	if err != nil {
		t.Fatal(err)
	}
	at := []orb.Point{network.Nodes[0].At, network.Nodes[len(network.Nodes)/2].At}
	want, err := graph.Table(t.Context(), routing.Car, routing.AnyTime, at, at)
	if err != nil {
		t.Fatal(err)
	}
	got, err := server.Table(t.Context(), routing.Car, routing.AnyTime, at, at)
	if diff := cmp.Diff(want.Tenths, got.Tenths); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	if !server.Has(routing.Car) || server.Has("tank") {
		t.Error("the server has not the profiles it should have")
	}
}

func TestRoadServersThatAreNoneAreRefused(t *testing.T) {
	t.Parallel()
	if server, err := (roadSettings{}).server(); server != nil || err != nil {
		t.Errorf("without a setting: %v %v", server, err)
	}
	for _, s := range []roadSettings{{URL: "roads.example"}, {URL: "valhalla+ftp://roads.example"}, {URL: "http://roads.example", Networks: []string{"here"}}} {
		if _, err := s.server(); crm.KindOf(err) != crm.Invalid {
			t.Errorf("%+v: %v", s, err)
		}
	}
}
