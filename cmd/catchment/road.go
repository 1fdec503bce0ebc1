package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"time"

	"catchment/crm"
	"catchment/geo/osm"
	"catchment/routing"
	"catchment/routing/road"
	"catchment/web"
)

type roadCommands struct {
	Build roadBuild `cmd:"" help:"Prepare the streets of an extract for one way of travelling. Needs no database."`
	Serve roadServe `cmd:"" help:"Answer OSRM's HTTP API from a prepared file. Needs no database, asks for no sign-in."`
}

type roadBuild struct {
	Profile string   `default:"car" help:"Way of travelling: car, van, bike, foot, or testbot."`
	At      string   `help:"Wall-clock time, such as 2026-11-23T08:00, at which rules of the road that hold at certain times only are judged. Without it they are left out."`
	Output  string   `short:"o" required:"" help:"File to write. One already there stays as it is until the new one is complete."`
	From    []string `arg:"" help:"Extracts of OpenStreetMap (.osm.pbf, .osm); several are joined to one map."`
}

// Run builds beside whatever else runs.
func (c *roadBuild) Run(ctx context.Context) error {
	p, err := road.ProfileNamed(routing.Profile(c.Profile))
	if err != nil {
		return &crm.Error{Kind: crm.Invalid, Field: "profile", Message: err.Error()}
	}
	if c.At != "" {
		wall, err := time.Parse("2006-01-02T15:04", c.At)
		if err != nil {
			return &crm.Error{Kind: crm.Invalid, Field: "at", Message: "is no time such as 2026-11-23T08:00"}
		}
		p = p.At(wall)
	}
	var parts []*osm.Source
	defer func() {
		for _, s := range parts {
			s.Close()
		}
	}()
	for _, from := range c.From {
		src, err := osm.Open(from)
		if err != nil {
			return mendable(err)
		}
		parts = append(parts, src)
	}
	src, err := osm.Merge(parts...)
	if err != nil {
		return mendable(err)
	}
	defer thrifty()()
	err = step("streets for "+c.Profile, func(progress func(float64)) error {
		return road.Build(ctx, src, p, c.Output, progress)
	})
	if err != nil {
		return mendable(err)
	}
	info, err := os.Stat(c.Output)
	if err != nil {
		return err
	}
	say("✓ %s: %.1f MB", c.Output, float64(info.Size())/1e6)
	return nil
}

type roadServe struct {
	Listen string `default:"127.0.0.1:5001" help:"Address to listen on."`
	File   string `arg:"" help:"Prepared file, as road build writes it."`
}

// Run answers until it is told to stop.
func (c *roadServe) Run(ctx context.Context, log *slog.Logger) error {
	graph, err := road.Open(c.File)
	if err != nil {
		return mendable(err)
	}
	defer graph.Close()
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return &crm.Error{Kind: crm.Invalid, Field: "listen", Message: err.Error()}
	}
	segments, edges, turns := graph.Size()
	log.Info("serving streets", "address", listener.Addr().String(), "profile", graph.Profile(), "version", graph.Version(graph.Profile()).String(),
		"segments", segments, "edges", edges, "turns", turns)
	return web.ServeRoads(ctx, listener, graph)
}

// mendable marks what is wrong with a file that was named, so that the exit code says it is the caller's to mend.
func mendable(err error) error {
	var format *osm.FormatError
	var path *fs.PathError
	if errors.As(err, &format) || errors.As(err, &path) || errors.Is(err, road.ErrFile) || errors.Is(err, road.ErrNoStreets) {
		return &crm.Error{Kind: crm.Invalid, Message: err.Error(), Err: err}
	}
	return err
}
