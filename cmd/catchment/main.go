// Command catchment is the whole of Catchment in one binary: see `catchment --help`.
//
// It alone reads the environment; every setting is a flag with a variable of the same meaning.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	_ "time/tzdata" // zones are known on any machine

	"github.com/alecthomas/kong"

	"catchment/crm"
	"catchment/web"
)

// settings are what every command shares.
type settings struct {
	Data        string `env:"DATA" default:"data" help:"Folder of the private database, the extracts and the prepared streets."`
	DatabaseURL string `env:"DATABASE_URL" help:"Use this PostgreSQL with PostGIS instead of a private one."`
	ExtractURL  string `env:"EXTRACT_URL" hidden:"" help:"Where a first run fetches its extract."`
	LogLevel    string `env:"LOG_LEVEL" default:"info" enum:"debug,info,warn,error" help:"Least level that is logged, as JSON on standard error (${enum})."`

	Out      outSettings      `embed:""`
	Geocoder geocoderSettings `embed:"" prefix:"geocoder-" envprefix:"GEOCODER_"`
	Roads    roadSettings     `embed:"" prefix:"roads-" envprefix:"ROADS_"`
}

type commands struct {
	settings

	Up      upCommand      `cmd:"" help:"Set everything up, then serve and work: what make run calls."`
	Serve   serveCommand   `cmd:"" help:"Serve the web app and the API."`
	Work    workCommand    `cmd:"" help:"Do queued jobs."`
	Migrate migrateCommand `cmd:"" help:"Bring the database up to date."`
	Import  importCommands `cmd:"" help:"Bring data in."`
	Road    roadCommands   `cmd:"" help:"Streets by themselves, without a database."`
	Export  exportCommand  `cmd:"" help:"Give records out: a list as one file, or everything as one archive."`
	Geocode geocodeCommand `cmd:"" help:"Find the addresses of a file."`
	Demo    demoCommand    `cmd:"" help:"Load the demo company."`
	Plan    planCommand    `cmd:"" help:"Plan a day from the shell."`
	Carve   carveCommands  `cmd:"" name:"territories" help:"Design territories."`
	Solve   solveCommand   `cmd:"" help:"Plan routes: VROOM's JSON in, VROOM's JSON out. Needs no database."`
	OpenAPI openAPICommand `cmd:"" name:"openapi" help:"Print the description of the API."`
	Version versionCommand `cmd:"" help:"Print the version."`
}

func main() {
	var c commands
	parser := kong.Must(&c, kong.Name("catchment"), kong.UsageOnError(),
		kong.Description("A geographic CRM and field-service planner: customers by place and history, and who visits whom by which road."))
	parsed, err := parser.Parse(os.Args[1:])
	parser.FatalIfErrorf(err)

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.LogLevel)) // kong has checked it
	log := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	parsed.BindTo(ctx, (*context.Context)(nil))
	if err := parsed.Run(&c.settings, log); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "catchment:", err)
		os.Exit(exitCode(err))
	}
}

// exitCode is 2 for what the caller can mend and 1 for everything else; solve has VROOM's codes.
func exitCode(err error) int {
	var unsolved *unsolvedError
	if errors.As(err, &unsolved) {
		return int(unsolved.code)
	}
	if crm.KindOf(err) != "" {
		return 2
	}
	return 1
}

// version tells which source the binary was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	revision, modified := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			modified = "+"
		}
	}
	if len(revision) > 12 {
		revision = revision[:12]
	}
	if revision == "" {
		return "development"
	}
	return revision + modified
}

type openAPICommand struct{}

func (openAPICommand) Run() error {
	text, err := web.OpenAPI()
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(text)
	return err
}

type versionCommand struct{}

func (versionCommand) Run() error {
	fmt.Println(version())
	return nil
}
