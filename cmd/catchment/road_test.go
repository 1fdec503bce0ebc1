package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"catchment/geo/town"
	"catchment/routing/road"
	"catchment/web"
)

func TestStreetsAreBuiltAndServedWithoutADatabase(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	extract, file := filepath.Join(dir, "town.osm.pbf"), filepath.Join(dir, "car.road")
	if err := os.WriteFile(extract, town.Generate(1, 2).Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := (&roadBuild{Profile: "car", Output: file, From: []string{extract}}).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	graph, err := road.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer graph.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- web.ServeRoads(ctx, listener, graph) }()
	at := "http://" + listener.Addr().String()
	ask := func(method, path, body string) (int, string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), method, at+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(text)
	}
	nodes := town.Generate(1, 2).Nodes
	a, b := nodes[0].At, nodes[len(nodes)/2].At
	coordinates := fmt.Sprintf("%f,%f;%f,%f", a[0], a[1], b[0], b[1])
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		holds                    string
	}{
		{"a route", "GET", "/route/v1/driving/" + coordinates + "?exclude=motorway", "", 200, `"routes"`},
		{"a table in the body", "POST", "/table/v1/driving", fmt.Sprintf(`{"coordinates":[[%f,%f],[%f,%f]]}`, a[0], a[1], b[0], b[1]), 200, `"durations"`},
		{"it lives", "GET", "/healthz", "", 200, "ok"},
		{"a question in the body", "POST", "/table/v1/driving", `{"coordinates":[[0,0],[1,1]]}`, 400, "NoSegment"},
		{"a body too large", "POST", "/table/v1/driving", `{"coordinates":[` + strings.Repeat(" ", 9<<20), 413, "TooBig"},
		{"a service nobody knows", "GET", "/dance/v1/driving/0,0", "", 400, "InvalidService"},
		{"no question", "GET", "/", "", 400, "InvalidUrl"},
		{"a deletion", "DELETE", "/route/v1/driving/0,0;1,1", "", 405, "GET or POST"},
	} {
		if status, text := ask(c.method, c.path, c.body); status != c.status || !strings.Contains(text, c.holds) {
			t.Errorf("%s: %d %s", c.name, status, text)
		}
	}
	stop()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Error("the server does not stop")
	}
}

func TestWhatRoadCommandsRefuseIsTheCallersToMend(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	sound := town.Generate(1, 1).Bytes()
	extract, text := file("town.osm.pbf", sound), file("notes.txt", []byte("no map"))
	old := file("old.road", []byte("old"))
	build := func(profile, output string, from ...string) func() error {
		return func() error { return (&roadBuild{Profile: profile, Output: output, From: from}).Run(t.Context()) }
	}
	serve := func(listen, path string) func() error {
		return func() error { return (&roadServe{Listen: listen, File: path}).Run(t.Context(), nil) }
	}
	for name, c := range map[string]struct {
		run   func() error
		holds string
	}{
		"a profile nobody knows":       {build("tank", old, extract), `no profile "tank"`},
		"an extract that is not there": {build("car", old, filepath.Join(dir, "none.pbf")), "no such file"},
		"an extract that is none":      {build("car", old, text), "notes.txt"},
		"an extract cut off":           {build("car", old, file("cut.osm.pbf", sound[:len(sound)/2])), "cut.osm.pbf"},
		"a folder that is not there":   {build("car", filepath.Join(dir, "none", "a.road"), extract), "no such file"},
		"a file that is not there":     {serve("127.0.0.1:0", filepath.Join(dir, "none.road")), "no such file"},
		"a foreign file":               {serve("127.0.0.1:0", text), "build it again"},
		"a damaged file":               {serve("127.0.0.1:0", file("damaged.road", bytes.Repeat([]byte("CATCHRD\n"), 100))), "build it again"},
	} {
		err := c.run()
		if err == nil || !strings.Contains(fmt.Sprint(err), c.holds) || exitCode(err) != 2 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if kept, _ := os.ReadFile(old); string(kept) != "old" {
		t.Error("a build that failed touched the file that was there")
	}
}
