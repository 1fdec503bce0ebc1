package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"golang.org/x/sync/errgroup"

	"catchment/crm"
	"catchment/crm/customer"
	"catchment/crm/exchange"
	"catchment/crm/files"
	"catchment/crm/kinds"
	"catchment/crm/outbox"
	"catchment/crm/queue"
	"catchment/crm/record"
	"catchment/crm/region"
	"catchment/crm/work"
	"catchment/geo/basemap"
	"catchment/geo/extract"
	"catchment/geo/geocode"
	"catchment/geo/postgis"
	"catchment/routing"
	"catchment/routing/dispatch"
	"catchment/web"
	"catchment/web/api"
	"catchment/web/live"
	"catchment/web/login"
)

// databaseName is the name of our database in a private cluster.
const databaseName = "catchment"

// database is an address and what runs behind it, if that is ours.
type database struct {
	url     string
	cluster *postgis.Cluster // nil if somebody else runs it
}

// open returns the database: the one of DATABASE_URL, the private one another process of ours runs, or a private
// one started now.
func (s *settings) open(ctx context.Context) (*database, error) {
	if s.DatabaseURL != "" {
		return &database{url: s.DatabaseURL}, nil
	}
	folder, err := s.folder("database")
	if err != nil {
		return nil, err
	}
	cluster, err := postgis.StartCluster(ctx, folder, postgis.ClusterOptions{Log: func(format string, args ...any) { say(format, args...) }})
	if errors.Is(err, postgis.ErrClusterInUse) {
		url, err := postgis.RunningURL(folder, databaseName)
		return &database{url: url}, err
	}
	if err != nil {
		return nil, err
	}
	if err := cluster.EnsureDatabase(ctx, databaseName); err != nil {
		cluster.Stop()
		return nil, err
	}
	return &database{url: cluster.URL(databaseName), cluster: cluster}, nil
}

func (d *database) close() {
	if d.cluster != nil {
		d.cluster.Stop()
	}
}

// ended receives if our own database server ends.
func (d *database) ended() <-chan error {
	if d.cluster == nil {
		return nil
	}
	return d.cluster.Ended()
}

// folder returns a folder below the data folder, made if need be. Where PostgreSQL cannot walk to the default one,
// because root's home is closed to its account, another is taken and named.
func (s *settings) folder(name string) (string, error) {
	if s.Data == "data" && s.DatabaseURL == "" {
		if err := postgis.CheckFolder(s.Data); err != nil {
			s.Data = "/var/lib/catchment"
			say("data are kept in %s: the database's own account cannot reach this folder", s.Data)
		}
	}
	path, err := filepath.Abs(filepath.Join(s.Data, name))
	if err != nil {
		return "", err
	}
	return path, os.MkdirAll(path, 0o755)
}

// house is the rooms of the business over one pool.
type house struct {
	log       *slog.Logger
	url       string
	pool      *pgxpool.Pool
	store     *crm.Store
	customers *customer.Customers
	records   *record.Records
	work      *work.Work
	planner   *dispatch.Planner
	regions   *region.Regions
	files     *files.Files
	exchange  *exchange.Exchange
	travel    *routing.Switch
	streets   *streets
	watch     *extract.Watch // of the extracts in force
	addresses geocode.Searcher
	desk      *login.Desk
	policies  *crm.Policies
}

// furnish opens the rooms on a migrated database.
func furnish(ctx context.Context, s *settings, url string, log *slog.Logger) (*house, error) {
	pool, err := postgis.Open(ctx, url)
	if err != nil {
		return nil, err
	}
	folder, err := s.folder("streets")
	if err != nil {
		pool.Close()
		return nil, err
	}
	index, err := s.folder("regions")
	if err != nil {
		pool.Close()
		return nil, err
	}
	h := &house{log: log, url: url, pool: pool, store: crm.NewStore(pool), travel: routing.NewSwitch(routing.NewGreatCircle())}
	server, err := s.Roads.server()
	if err != nil {
		pool.Close()
		return nil, err
	}
	h.streets = &streets{pool: pool, folder: folder, travel: h.travel, log: log, server: server}
	h.watch = extract.NewWatch(pool)
	if h.addresses, err = s.Geocoder.addresses(pool, h.watch, log); err != nil {
		pool.Close()
		return nil, err
	}
	h.customers, h.records = &customer.Customers{Store: h.store, Addresses: h.addresses}, kinds.Records(h.store)
	h.work = &work.Work{Store: h.store}
	h.planner = &dispatch.Planner{Store: h.store, Work: h.work, Travel: h.travel}
	h.regions = region.New(h.store, log, index)
	if h.desk, err = h.openDesk(s.Out); err != nil {
		pool.Close()
		return nil, err
	}
	h.policies = &crm.Policies{Store: h.store, All: slices.Concat(crm.Retentions(), outbox.Retentions())}
	h.files = &files.Files{Store: h.store, Records: h.records}
	h.exchange = &exchange.Exchange{Store: h.store, Records: h.records, Files: h.files, Customers: h.customers}
	if err := h.streets.load(ctx); err != nil {
		pool.Close()
		return nil, err
	}
	return h, nil
}

func (h *house) close() {
	h.travel.Set(nil)
	h.pool.Close()
}

// asSystem is a context in which the system itself acts.
func asSystem(ctx context.Context, name string) context.Context {
	return crm.WithActor(ctx, crm.System(name))
}

// serveOptions tell how the web is served.
type serveOptions struct {
	Addr   string `env:"ADDR" default:"127.0.0.1:8080" help:"Address to listen on."`
	Origin string `env:"ORIGIN" help:"Address people reach the server by, such as https://plan.example.org, where a proxy stands in front."`
}

// roles tell what a process does.
type roles struct {
	serve, work bool
}

// run serves and works until the context ends, then drains: streams and requests first, then jobs, then the pool.
func (h *house) run(ctx context.Context, o serveOptions, r roles, listening func(net.Addr)) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return h.streets.follow(ctx) })
	h.desk.Secure = strings.HasPrefix(o.Origin, "https://")
	if h.desk.Origin = strings.TrimSuffix(o.Origin, "/"); h.desk.Origin == "" && o.Addr != "" {
		h.desk.Origin = "http://" + o.Addr
	}
	var jobs *river.Client[pgx.Tx]
	var err error
	if r.work {
		if jobs, err = h.startWork(ctx); err != nil {
			return err
		}
		group.Go(func() error {
			h.records.Compare(ctx, func(err error) { h.log.Error("look for duplicates", "error", err) })
			return nil
		})
	} else if jobs, err = queue.Inserter(h.pool, h.log); err != nil {
		return err
	}
	h.desk.Outbox.Jobs = jobs
	h.planner.Jobs, h.exchange.Jobs = jobs, jobs
	if r.work {
		group.Go(func() error { return h.desk.Outbox.Run(ctx, outboxEvery) })
		group.Go(func() error { return h.keep(ctx) })
	}
	if r.serve {
		server, hub, err := h.server(o)
		if err != nil {
			return err
		}
		listener, err := net.Listen("tcp", o.Addr)
		if err != nil {
			return fmt.Errorf("listen: %w", err)
		}
		group.Go(func() error {
			err := hub.Run(ctx, func(ctx context.Context) (*pgx.Conn, error) {
				return pgx.ConnectConfig(ctx, h.pool.Config().ConnConfig)
			})
			if ctx.Err() != nil {
				return nil
			}
			return err
		})
		group.Go(func() error { return server.Serve(ctx, listener) })
		group.Go(func() error {
			if err := h.regions.Run(ctx); ctx.Err() == nil {
				return err
			}
			return nil
		})
		if listening != nil {
			listening(listener.Addr())
		}
	}
	group.Go(func() error { <-ctx.Done(); return nil })
	err = group.Wait()
	if r.work {
		within, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		if stopped := jobs.StopAndCancel(within); err == nil && stopped != nil && !errors.Is(stopped, context.Canceled) {
			err = fmt.Errorf("end the jobs: %w", stopped)
		}
	}
	return err
}

// startWork starts doing jobs, first those a killed process of this machine left behind.
func (h *house) startWork(ctx context.Context) (*river.Client[pgx.Tx], error) {
	if n, err := queue.TakeOver(ctx, h.pool); err != nil {
		return nil, err
	} else if n > 0 {
		h.log.Info("took over jobs a stopped process left behind", "jobs", n)
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, &dispatch.Optimizer{Planner: h.planner, Log: h.log})
	river.AddWorker(workers, &outbox.Deliverer{Outbox: h.desk.Outbox})
	river.AddWorker(workers, &exchange.Importer{Exchange: h.exchange, Log: h.log})
	river.AddWorker(workers, &exchange.Archiver{Exchange: h.exchange, Log: h.log})
	client, err := queue.Worker(h.pool, workers, map[string]int{river.QueueDefault: 8, dispatch.SolverQueue: 1, exchange.Queue: 2, outbox.Queue: 4}, h.log)
	if err != nil {
		return nil, err
	}
	if err := client.Start(context.WithoutCancel(ctx)); err != nil {
		return nil, fmt.Errorf("start the job queue: %w", err)
	}
	return client, nil
}

// server returns the HTTP server over the rooms, and the hub its live streams hang on.
func (h *house) server(o serveOptions) (*web.Server, *live.Hub, error) {
	desk := h.desk
	hub := live.NewHub(h.log)
	credit := func(ctx context.Context) (string, error) {
		generations, err := h.watch.InForce(ctx)
		if err != nil || !slices.ContainsFunc(generations, func(g extract.Generation) bool { return g.Source == "osm" }) {
			return "", err
		}
		return basemap.Attribution, nil
	}
	base := &basemap.Map{DB: h.pool, InForce: h.watch.IDs, Credit: credit}
	rooms := api.Rooms{
		Store: h.store, Records: h.records, Customers: h.customers, Work: h.work, Plans: h.planner, Regions: h.regions, Desk: desk, Hub: hub,
		Addresses: h.addresses, Files: h.files, Exchange: h.exchange, Outbox: desk.Outbox, Policies: h.policies,
		Place: func(ctx context.Context) (api.Place, error) {
			generations, err := h.watch.InForce(ctx)
			if err != nil || len(generations) == 0 {
				return api.Place{}, err
			}
			newest := generations[len(generations)-1]
			attribution, err := credit(ctx)
			if err != nil {
				return api.Place{}, err
			}
			bound, known, err := base.Bounds(ctx)
			if !known {
				bound = newest.Bounds
			}
			return api.Place{Bound: bound, Source: newest.Source, Name: newest.Name, Attribution: attribution}, err
		},
	}
	server, err := web.New(web.Config{
		Log: h.log, Pool: h.pool, Desk: desk, Hub: hub, App: web.App(), Version: version(), Origin: o.Origin,
		API: api.Operations(rooms),
		Routes: web.Join(web.MapRoutes(web.MapConfig{Map: base, Log: h.log, Origin: o.Origin}),
			web.PasswordRoutes(web.PasswordConfig{Desk: desk, Log: h.log}), web.RoadRoutes(web.RoadConfig{Roads: h.travel, Log: h.log})),
	})
	return server, hub, err
}
