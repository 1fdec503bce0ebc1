// Command testcluster runs a command beside a private PostgreSQL made for tests: fast, forgetful and gone
// afterwards.
//
//	go run ./cmd/testcluster -- go test ./...
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"catchment/geo/postgis"
)

func main() {
	code, err := run()
	if err != nil {
		fmt.Fprintln(os.Stderr, "testcluster:", err)
		code = 1
	}
	os.Exit(code)
}

func run() (int, error) {
	args := os.Args[1:]
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		return 2, errors.New("name the command to run: testcluster -- go test ./...")
	}
	folder, err := os.MkdirTemp("", "catchment-test-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(folder)
	if err := os.Chmod(folder, 0o755); err != nil { // PostgreSQL runs under another account when we are root
		return 0, err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	cluster, err := postgis.StartCluster(ctx, folder, postgis.ClusterOptions{Settings: map[string]string{
		"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "400",
		"autovacuum_naptime": "10min", "max_wal_size": "4GB", "checkpoint_timeout": "30min",
	}})
	if err != nil {
		return 0, err
	}
	defer cluster.Stop()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), postgis.TestServerVariable+"="+cluster.URL("postgres"))
	if err := cmd.Run(); err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return exit.ExitCode(), nil
		}
		return 0, err
	}
	return 0, nil
}
