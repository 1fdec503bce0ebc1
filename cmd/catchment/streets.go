package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"catchment/geo/extract"
	"catchment/geo/osm"
	"catchment/routing"
	"catchment/routing/remote"
	"catchment/routing/road"
)

// streets keeps the street engines of the extract in force: prepared files in a folder, one for each map and
// profile, opened when their map comes in force.
type streets struct {
	pool   *pgxpool.Pool
	folder string
	travel *routing.Switch
	log    *slog.Logger
	server remote.Server // answers in place of the engines; nil for none
	loaded bool
	hash   string // of the map the engines are on; empty before there is one
}

// profiles are the ways people travel; the one that compares us with another engine in tests is not among them.
func profiles() []*road.Profile {
	return slices.DeleteFunc(road.Profiles(), func(p *road.Profile) bool { return p.Name == "testbot" })
}

// streetFile is where the streets of a map lie prepared for a profile.
func streetFile(folder, hash string, profile routing.Profile) string {
	return filepath.Join(folder, fmt.Sprintf("%s-%s.road", hash[:min(16, len(hash))], profile))
}

// load opens the engines of the map in force. A map whose files are not on this machine is answered as the crow
// flies, and the log says so.
func (s *streets) load(ctx context.Context) error {
	generations, err := extract.InForce(ctx, s.pool)
	if err != nil {
		return err
	}
	hash := ""
	if len(generations) > 0 {
		hash = generations[len(generations)-1].Hash
	}
	if s.loaded && hash == s.hash || hash == "" && s.server == nil {
		return nil
	}
	engines := map[routing.Profile]routing.Travel{}
	for _, p := range profiles() {
		if s.server != nil && s.server.Has(p.Name) {
			engines[p.Name] = s.server
			continue
		}
		if hash == "" {
			continue
		}
		graph, err := road.Open(streetFile(s.folder, hash, p.Name))
		if err != nil {
			s.log.Warn("no streets for this profile: travel is reckoned as the crow flies", "profile", p.Name, "error", err)
			continue
		}
		engines[p.Name] = graph
	}
	s.travel.Set(engines)
	s.loaded, s.hash = true, hash
	return nil
}

// follow exchanges the engines when another map comes in force, until the context ends.
func (s *streets) follow(ctx context.Context) error {
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := s.load(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("could not look for a newer map", "error", err)
		}
	}
}

// prepareStreets builds the files of a map that are not there or cannot be opened.
func prepareStreets(folder string) func(context.Context, *osm.Source, string, func(float64)) error {
	return func(ctx context.Context, src *osm.Source, hash string, progress func(float64)) error {
		var missing []road.Target
		for _, p := range profiles() {
			path := streetFile(folder, hash, p.Name)
			graph, err := road.Open(path)
			if err != nil {
				missing = append(missing, road.Target{Profile: p, Path: path})
				continue
			}
			graph.Close()
		}
		if len(missing) == 0 {
			return nil
		}
		defer thrifty()()
		return road.BuildAll(ctx, src, missing, progress)
	}
}

// Memory while streets are prepared. A whole map passes through it once: collecting earlier than usual costs little
// time and keeps the peak below one gigabyte for extracts of some 25 MB.
const (
	buildMemory  = 850 << 20
	buildPercent = 60
)

// thrifty has garbage collected earlier until the function it returns is called.
func thrifty() func() {
	limit, percent := debug.SetMemoryLimit(buildMemory), debug.SetGCPercent(buildPercent)
	return func() {
		debug.SetMemoryLimit(limit)
		debug.SetGCPercent(percent)
		debug.FreeOSMemory()
	}
}

// tidyStreets removes the prepared files of maps no longer in force. Processes that still use one keep it: a
// removed file lives as long as it is mapped.
func tidyStreets(folder string, inForce []extract.Generation) error {
	files, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, f := range files {
		wanted := !strings.HasSuffix(f.Name(), ".road")
		for _, g := range inForce {
			wanted = wanted || strings.HasPrefix(f.Name(), g.Hash[:16])
		}
		if !wanted {
			if err := os.Remove(filepath.Join(folder, f.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}
