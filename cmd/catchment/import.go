package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"catchment/geo/basemap"
	"catchment/geo/extract"
	"catchment/geo/geocode"
	"catchment/geo/osm"
	"catchment/geo/postgis"
	"catchment/geo/town"
)

type importCommands struct {
	OSM     importOSM     `cmd:"" name:"osm" help:"Streets, map and addresses from an extract of OpenStreetMap."`
	Records importRecords `cmd:"" help:"Accounts, orders and other records from CSV, XLSX, GeoJSON or vCard."`
}

type importOSM struct {
	From []string `arg:"" help:"A file (.osm.pbf, .osm) or the URL of one; several are joined to one map; the word town for the generated town."`
}

// Run imports an extract beside whatever else runs: processes that serve take it up by themselves.
func (c *importOSM) Run(ctx context.Context, s *settings, log *slog.Logger) error {
	db, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer db.close()
	if _, err := postgis.Migrate(ctx, db.url); err != nil {
		return err
	}
	if len(c.From) == 1 && c.From[0] == townName {
		return s.importTown(ctx, db.url)
	}
	return s.importExtract(ctx, db.url, c.From...)
}

// townName asks for the generated town, and which one stands in where there is no network.
const (
	townName       = "town"
	townSeed       = 1
	townKilometres = 6
)

// download opens a URL, giving up soon where there is no network.
func download(ctx context.Context, url string) (io.ReadCloser, int64, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ResponseHeaderTimeout = 10 * time.Second
	transport.TLSHandshakeTimeout = 5 * time.Second
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, 0, err
	}
	request.Header.Set("User-Agent", "catchment/"+version())
	answer, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return nil, 0, err
	}
	if answer.StatusCode != http.StatusOK {
		answer.Body.Close()
		return nil, 0, fmt.Errorf("the server answered %s", answer.Status)
	}
	return answer.Body, answer.ContentLength, nil
}

// importExtract puts files, or what lies at URLs, in force: several as one map.
func (s *settings) importExtract(ctx context.Context, url string, from ...string) error {
	folder, err := s.folder("extracts")
	if err != nil {
		return err
	}
	var parts []*osm.Source
	var names []string
	defer func() {
		for _, p := range parts {
			p.Close()
		}
	}()
	for _, f := range from {
		var file extract.Fetched
		err = step("fetching the extract", func(progress func(float64)) error {
			file, err = extract.Fetch(ctx, f, folder, download, progress)
			return err
		})
		if err != nil {
			return err
		}
		src, err := osm.Open(file.Path)
		if err != nil {
			return err
		}
		parts, names = append(parts, src), append(names, file.Name)
	}
	src, err := osm.Merge(parts...)
	if err != nil {
		return err
	}
	return s.putInForce(ctx, url, src, strings.Join(names, ", "), "osm")
}

// importTown puts the generated town in force.
func (s *settings) importTown(ctx context.Context, url string) error {
	folder, err := s.folder("extracts")
	if err != nil {
		return err
	}
	path := filepath.Join(folder, "town.osm.pbf")
	data := town.Generate(townSeed, townKilometres).Bytes()
	if err := os.WriteFile(path+".new", data, 0o644); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	src, err := osm.Open(path)
	if err != nil {
		return err
	}
	defer src.Close()
	return s.putInForce(ctx, url, src, "Lindenfurt", "town")
}

func (s *settings) putInForce(ctx context.Context, url string, src *osm.Source, name, source string) error {
	db, err := postgis.OpenOwner(ctx, url)
	if err != nil {
		return err
	}
	defer db.Close()
	folder, err := s.folder("streets")
	if err != nil {
		return err
	}
	return step("streets, map and addresses", func(progress func(float64)) error {
		importer := &extract.Importer{DB: db, Loaders: []extract.Loader{basemap.Loader{}, geocode.Loader{}}, Prepare: prepareStreets(folder),
			Progress: func(stage string, done float64) { progress(stages[stage].from + done*stages[stage].part) }}
		generation, loaded, err := importer.Import(ctx, src, name, source)
		if err != nil {
			return err
		}
		if loaded {
			say("✓ %s: %d streets for cars among %d ways", generation.Name, generation.Counts.Drivable, generation.Counts.Ways)
		}
		inForce, err := extract.InForce(ctx, db)
		if err != nil {
			return err
		}
		return tidyStreets(folder, inForce)
	})
}

// stages of an import and about how much of its time they take.
var stages = map[string]struct{ from, part float64 }{
	"check": {0, 0.1}, "streets": {0.1, 0.3}, "map": {0.4, 0.4}, "addresses": {0.8, 0.2},
}

// ensureExtract sees to it that some extract is in force: the one asked for, else the one there is, else
// Liechtenstein from the network, else the generated town.
func (s *settings) ensureExtract(ctx context.Context, url, asked string) error {
	if asked == townName {
		return s.importTown(ctx, url)
	}
	if asked != "" {
		return s.importExtract(ctx, url, asked)
	}
	db, err := postgis.OpenOwner(ctx, url)
	if err != nil {
		return err
	}
	defer db.Close()
	inForce, err := extract.InForce(ctx, db)
	if err != nil || len(inForce) > 0 {
		return err
	}
	err = s.importExtract(ctx, url, s.defaultExtract())
	var unreachable *extract.Unreachable
	var refused *extract.Implausible
	switch {
	case errors.As(err, &refused):
		say("! %v", err)
		say("! A generated town stands in. `make run OSM=FILE.osm.pbf` loads a real extract.")
	case errors.As(err, &unreachable):
		say("! No extract could be fetched (no network?): a generated town stands in. `make run OSM=FILE.osm.pbf` loads a real one.")
	default: // none, or a fault that a town would hide
		return err
	}
	return s.importTown(ctx, url)
}

// defaultExtract is where a first run fetches its extract.
func (s *settings) defaultExtract() string {
	if s.ExtractURL != "" {
		return s.ExtractURL
	}
	return extract.DefaultURL
}
