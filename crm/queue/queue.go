// Package queue runs the jobs of all rooms on River: what must happen after a change is queued in the change's
// own transaction, and done once whatever dies in between.
package queue

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"catchment/geo/postgis"
)

// Limits of a job. Long work is a chain of short jobs, so that what a killed process was doing is taken up again
// within a minute.
const (
	Timeout     = 25 * time.Second
	rescueAfter = 30 * time.Second
)

// Inserter returns a client that queues jobs and does none.
func Inserter(pool *pgxpool.Pool, log *slog.Logger) (*river.Client[pgx.Tx], error) {
	return river.NewClient(riverpgxv5.New(pool), &river.Config{Schema: postgis.JobSchema, Logger: quiet(log)})
}

// Worker returns a client that also does jobs, as many at once of each queue as given.
func Worker(pool *pgxpool.Pool, workers *river.Workers, queues map[string]int, log *slog.Logger) (*river.Client[pgx.Tx], error) {
	config := &river.Config{
		ID: clientID(), Schema: postgis.JobSchema, Workers: workers, Logger: quiet(log), Queues: map[string]river.QueueConfig{},
		JobTimeout: Timeout, RescueStuckJobsAfter: rescueAfter, FetchCooldown: 50 * time.Millisecond, FetchPollInterval: time.Second,
	}
	for name, most := range queues {
		config.Queues[name] = river.QueueConfig{MaxWorkers: most}
	}
	client, err := river.NewClient(riverpgxv5.New(pool), config)
	if err != nil {
		return nil, fmt.Errorf("set up the job queue: %w", err)
	}
	return client, nil
}

// quiet keeps River's own chatter out of the log below warnings.
func quiet(log *slog.Logger) *slog.Logger { return slog.New(warnings{log.Handler()}) }

type warnings struct{ slog.Handler }

func (w warnings) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && w.Handler.Enabled(ctx, level)
}

// clientID tells machine, process and start, so that what a dead process left running can be recognised.
func clientID() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s:%d:%d", host, os.Getpid(), time.Now().UnixNano())
}

// TakeOver makes the jobs that processes of this machine were doing when they died available again at once,
// instead of after River's own, longer wait for silent workers. It returns how many there were.
func TakeOver(ctx context.Context, pool *pgxpool.Pool) (int, error) {
	host, _, _ := strings.Cut(clientID(), ":")
	rows, err := pool.Query(ctx, `select id, attempted_by[array_upper(attempted_by, 1)] from `+postgis.JobSchema+`.river_job where state = 'running'`)
	if err != nil {
		return 0, fmt.Errorf("look for jobs left running: %w", err)
	}
	var left []int64
	var id int64
	var by *string
	_, err = pgx.ForEachRow(rows, []any{&id, &by}, func() error {
		if by == nil {
			return nil
		}
		parts := strings.Split(*by, ":")
		if len(parts) != 3 || parts[0] != host {
			return nil
		}
		if pid, err := strconv.Atoi(parts[1]); err == nil && (pid == os.Getpid() || syscall.Kill(pid, 0) == syscall.ESRCH) {
			left = append(left, id)
		}
		return nil
	})
	if err != nil || len(left) == 0 {
		return 0, err
	}
	tag, err := pool.Exec(ctx, `update `+postgis.JobSchema+`.river_job set state = 'available', scheduled_at = now(), max_attempts = greatest(max_attempts, attempt + 1)
		where id = any ($1) and state = 'running'`, left)
	if err != nil {
		return 0, fmt.Errorf("take over jobs left running: %w", err)
	}
	return int(tag.RowsAffected()), nil
}
