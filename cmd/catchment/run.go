package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"catchment/crm"
	"catchment/crm/work"
	"catchment/geo/postgis"
	"catchment/routing/dispatch"
)

type migrateCommand struct{}

func (migrateCommand) Run(ctx context.Context, s *settings) error {
	db, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer db.close()
	n, err := postgis.Migrate(ctx, db.url)
	if err != nil {
		return err
	}
	say("%d migrations applied.", n)
	return nil
}

type serveCommand struct{ serveOptions }

func (c *serveCommand) Run(ctx context.Context, s *settings, log *slog.Logger) error {
	return s.inHouse(ctx, log, func(h *house) error {
		return h.run(ctx, c.serveOptions, roles{serve: true}, func(addr net.Addr) { log.Info("serving", "address", addr.String()) })
	})
}

type workCommand struct {
	Origin string `env:"ORIGIN" help:"Address people reach the server by: what links in letters begin with."`
}

func (c *workCommand) Run(ctx context.Context, s *settings, log *slog.Logger) error {
	return s.inHouse(ctx, log, func(h *house) error {
		log.Info("working")
		return h.run(ctx, serveOptions{Origin: c.Origin}, roles{work: true}, nil)
	})
}

// inHouse opens the database, brings it up to date, furnishes the house and runs f in it.
func (s *settings) inHouse(ctx context.Context, log *slog.Logger, f func(*house) error) error {
	db, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer db.close()
	if _, err := postgis.Migrate(ctx, db.url); err != nil {
		return err
	}
	h, err := furnish(ctx, s, db.url, log)
	if err != nil {
		return err
	}
	defer h.close()
	return f(h)
}

type upCommand struct {
	serveOptions
	OSM      string `env:"OSM" help:"Extract of OpenStreetMap: a file, a URL, or the word town. Without it Liechtenstein is fetched once."`
	Accounts int    `env:"ACCOUNTS" default:"3000" help:"Accounts of the demo company, on the first start."`
}

// Run sets up what is missing, then serves and works until it is told to stop.
func (c *upCommand) Run(ctx context.Context, s *settings, log *slog.Logger) error {
	began := time.Now()
	if isTerminal(os.Stderr) { // somebody is looking: a line for each map tile would hide what is said to him
		file, err := s.logFile()
		if err != nil {
			return err
		}
		defer file.Close()
		log = slog.New(slog.NewJSONHandler(file, &slog.HandlerOptions{Level: slog.LevelInfo}))
		defer say("What happened meanwhile is told in %s.", file.Name())
	}
	var db *database
	err := step("database", func(func(float64)) (err error) {
		db, err = s.open(ctx)
		return err
	})
	if err != nil {
		return err
	}
	defer db.close()
	if s.DatabaseURL == "" && db.cluster == nil {
		return errors.New("Catchment is running already on this data folder; stop it first or set DATA to another folder")
	}
	if err := step("migrations", func(func(float64)) error { _, err := postgis.Migrate(ctx, db.url); return err }); err != nil {
		return err
	}
	if err := s.ensureExtract(ctx, db.url, c.OSM); err != nil {
		return err
	}
	h, err := furnish(ctx, s, db.url, log)
	if err != nil {
		return err
	}
	defer h.close()
	day, err := h.ensureDemo(ctx, c.Accounts)
	if err != nil {
		return err
	}
	if err := h.ensurePlan(ctx, day); err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	go func() {
		select {
		case err := <-db.ended():
			stop(fmt.Errorf("the database ended: %v; see %s", err, "postgres.log in the data folder"))
		case <-ctx.Done():
		}
	}()
	err = h.run(ctx, c.serveOptions, roles{serve: true, work: true}, func(addr net.Addr) { h.welcome(ctx, addr, day, time.Since(began)) })
	if cause := context.Cause(ctx); err == nil && !errors.Is(cause, context.Canceled) {
		err = cause
	}
	return err
}

// logFile opens the log in the data folder, at its end.
func (s *settings) logFile() (*os.File, error) {
	folder, err := s.folder("log")
	if err != nil {
		return nil, err
	}
	return os.OpenFile(filepath.Join(folder, "catchment.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
}

// ensurePlan plans and publishes the day unless a plan of it is there already.
func (h *house) ensurePlan(ctx context.Context, day work.Day) error {
	ctx = asSystem(ctx, "set-up")
	plans, err := h.planner.Plans(ctx, day)
	if err != nil {
		return err
	}
	for _, p := range plans {
		if p.State != dispatch.Failed {
			return nil
		}
	}
	err = step("planning "+string(day), func(func(float64)) error {
		_, err := h.planDay(ctx, dispatch.Request{Day: day, Seconds: 3}, true)
		return err
	})
	if crm.KindOf(err) == crm.Conflict { // nobody works that day: a real company's matter, no reason not to start
		say("! %s is not planned: %v", day, err)
		return nil
	}
	return err
}

// planDay makes a plan at once, by the shell's own process, and publishes it if asked to.
func (h *house) planDay(ctx context.Context, r dispatch.Request, publish bool) (dispatch.Plan, error) {
	plan, err := h.planner.Request(ctx, r)
	if err != nil {
		return plan, err
	}
	if plan, err = h.planner.Run(ctx, plan.ID); err != nil || !publish {
		return plan, err
	}
	return h.planner.Publish(ctx, plan.ID)
}

type planCommand struct {
	Date       string `required:"" help:"Day to plan, such as 2026-11-23."`
	Days       int    `default:"1" help:"Days to plan from there."`
	Seconds    int    `default:"5" help:"Seconds to search."`
	Seed       int64  `default:"1" help:"Where chance starts."`
	Iterations int    `help:"Search so many steps instead of seconds: the same plan every time."`
	Publish    bool   `help:"Publish the plan at once."`
	JSON       bool   `help:"Print the plan as JSON."`
}

func (c *planCommand) Run(ctx context.Context, s *settings, log *slog.Logger) error {
	return s.inHouse(ctx, log, func(h *house) error {
		ctx := asSystem(ctx, "shell")
		plan, err := h.planDay(ctx, dispatch.Request{ID: uuid.Must(uuid.NewV7()), Day: work.Day(c.Date), Days: c.Days, Seconds: c.Seconds,
			Seed: c.Seed, Iterations: c.Iterations}, c.Publish)
		if err != nil {
			return err
		}
		return h.printPlan(ctx, os.Stdout, plan, c.JSON)
	})
}

type demoCommand struct {
	Accounts int   `default:"3000" help:"How many accounts."`
	Seed     int64 `default:"1" help:"Where chance starts."`
}

func (c *demoCommand) Run(ctx context.Context, s *settings, log *slog.Logger) error {
	return s.inHouse(ctx, log, func(h *house) error {
		return h.loadDemo(ctx, c.Accounts, c.Seed)
	})
}

// zone returns the organisation's zone, UTC before there is one.
func (h *house) zone(ctx context.Context) *time.Location {
	o, err := h.store.Organisation(asSystem(ctx, "set-up"))
	if crm.KindOf(err) == crm.NotFound || err != nil {
		return time.UTC
	}
	return o.Location()
}
