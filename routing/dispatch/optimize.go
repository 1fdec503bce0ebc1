package dispatch

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/riverqueue/river"

	"catchment/crm"
	"catchment/routing/vrp"
	"catchment/routing/vrp/check"
)

// SolverQueue is the queue of searches; few run at once, since each uses all cores.
const SolverQueue = "solver"

// stretch is the longest a search runs in one job. Longer searches are chains of such stretches, each going on
// from the best plan of the one before, so that no job runs for longer than 20 seconds.
const stretch = 12 * time.Second

// OptimizeArgs asks for one stretch of a plan's search.
type OptimizeArgs struct {
	Plan  uuid.UUID `json:"plan"`
	Chunk int       `json:"chunk"`
}

// Kind names the job.
func (OptimizeArgs) Kind() string { return "dispatch.optimize_plan" }

// InsertOpts makes the same stretch be queued once.
func (OptimizeArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: SolverQueue, MaxAttempts: 10, UniqueOpts: river.UniqueOpts{ByArgs: true}}
}

// Optimizer works on OptimizeArgs.
type Optimizer struct {
	river.WorkerDefaults[OptimizeArgs]
	Planner *Planner
	Log     *slog.Logger
}

// NextRetry tries again soon: somebody is watching.
func (o *Optimizer) NextRetry(job *river.Job[OptimizeArgs]) time.Time {
	return o.Planner.now().Add(time.Duration(job.Attempt) * 2 * time.Second)
}

// Work runs one stretch. On the last attempt the plan is told to have failed.
func (o *Optimizer) Work(ctx context.Context, job *river.Job[OptimizeArgs]) error {
	ctx = crm.WithActor(ctx, crm.System("planner"))
	_, err := o.Planner.search(ctx, job.Args)
	if err == nil || ctx.Err() != nil {
		return err
	}
	final := job.Attempt >= job.MaxAttempts
	if kind := crm.KindOf(err); kind != "" {
		final = true // trying again gives the same answer
		if kind == crm.NotFound {
			return nil
		}
	}
	if final {
		message := "the search failed; try again"
		if crm.KindOf(err) != "" {
			message = err.Error()
		}
		if failed := o.Planner.fail(ctx, job.Args.Plan, message); failed != nil {
			return failed
		}
		if crm.KindOf(err) != "" {
			return nil
		}
	}
	return err
}

// Run makes a requested plan at once, all stretches in a row, and returns it.
func (p *Planner) Run(ctx context.Context, id uuid.UUID) (Plan, error) {
	if _, err := crm.Require(ctx, crm.PlanRun); err != nil {
		return Plan{}, err
	}
	system := crm.WithActor(ctx, crm.System("planner"))
	for chunk := 0; ; chunk++ {
		goOn, err := p.search(system, OptimizeArgs{Plan: id, Chunk: chunk})
		if err != nil {
			return Plan{}, err
		}
		if !goOn {
			return p.Plan(ctx, id)
		}
	}
}

func (p *Planner) fail(ctx context.Context, id uuid.UUID, message string) error {
	return p.Store.Write(ctx, func(tx pgx.Tx) error {
		plan, err := planByID(ctx, tx, id, true)
		if err != nil || plan.State != Queued && plan.State != Running {
			return err
		}
		if err := setState(ctx, tx, id, Failed, message); err != nil {
			return err
		}
		plan.State, plan.Error = Failed, message
		return tellPlan(ctx, tx, plan)
	})
}

// search runs one stretch of a plan's search, stores its best plan and queues the next stretch. It tells whether
// there is one. A stretch done before is not done again.
func (p *Planner) search(ctx context.Context, args OptimizeArgs) (goOn bool, err error) {
	var plan Plan
	var chunk int
	var stop bool
	err = p.Store.Read(ctx, func(tx pgx.Tx) error {
		if plan, err = planByID(ctx, tx, args.Plan, false); err != nil {
			return err
		}
		chunk, stop, err = searchState(ctx, tx, args.Plan)
		return err
	})
	if err != nil || chunk != args.Chunk || plan.State != Queued && plan.State != Running {
		return false, err
	}
	began := p.now()
	progress := func(step string, done float64, cost int64, unassigned int) Progress {
		return Progress{Step: step, Done: done, Cost: cost, Unassigned: unassigned,
			ElapsedSeconds: float64(chunk)*stretch.Seconds() + p.now().Sub(began).Seconds()}
	}
	if _, err := p.report(ctx, args.Plan, progress("roads", 0, plan.Progress.Cost, plan.Progress.Unassigned)); err != nil {
		return false, err
	}
	q, err := p.ask(ctx, plan)
	if err != nil {
		return false, err
	}
	if len(q.vehicles) == 0 {
		return false, errNobody
	}
	version, err := q.measure(ctx, p.Travel)
	if err != nil {
		return false, err
	}
	if chunk > 0 {
		q.start(plan)
	}
	solution, err := p.solve(ctx, plan, q, chunk, stop, progress)
	if err != nil {
		return false, err
	}
	if faults := check.Solution(q.problem, solution); len(faults) > 0 {
		return false, fmt.Errorf("the optimiser's plan %s does not hold: %v", plan.ID, faults[0])
	}
	q.read(&plan, solution)
	plan.InputHash, plan.TravelVersion = q.hash, version.String()
	return p.keep(ctx, plan, q, chunk, progress)
}

// keep stores the best plan of a stretch, with the shapes of its legs if it was the last, or queues the next.
func (p *Planner) keep(ctx context.Context, plan Plan, q *question, chunk int, progress func(string, float64, int64, int) Progress) (goOn bool, err error) {
	stretches := plan.stretches()
	var stop bool
	err = p.Store.Read(ctx, func(tx pgx.Tx) error {
		_, stop, err = searchState(ctx, tx, plan.ID)
		return err
	})
	if err != nil {
		return false, err
	}
	goOn = chunk+1 < stretches && !stop
	var shapes []orb.LineString
	plan.State = Running
	plan.Progress = progress("search", float64(chunk+1)/float64(stretches), int64(plan.Summary.TravelSeconds), len(plan.Unassigned))
	if !goOn {
		if shapes, err = q.shapes(ctx, p.Travel, plan); err != nil {
			return false, err
		}
		plan.State = Ready
		plan.Progress = progress("done", 1, int64(plan.Summary.TravelSeconds), len(plan.Unassigned))
	}
	var considered []uuid.UUID
	for _, r := range q.resources {
		considered = append(considered, r.ID)
	}
	return goOn, p.Store.Write(ctx, func(tx pgx.Tx) error {
		stored, err := storeBest(ctx, tx, plan, chunk, considered, q.versions(), shapes)
		if err != nil || !stored {
			return err
		}
		if goOn && p.Jobs != nil {
			if _, err := p.Jobs.InsertTx(ctx, tx, OptimizeArgs{Plan: plan.ID, Chunk: chunk + 1}, nil); err != nil {
				return err
			}
		}
		if !goOn {
			if err := crm.Append(ctx, tx, crm.Event{Verb: "ready", Kind: "plan", ID: plan.ID, Changes: crm.Changes{}}); err != nil {
				return err
			}
		}
		return tellPlan(ctx, tx, plan)
	})
}

// stretches tells in how many jobs the plan's search is cut.
func (p Plan) stretches() int {
	if p.Iterations > 0 {
		return 1
	}
	return max(1, int((time.Duration(p.Seconds)*time.Second+stretch-1)/stretch))
}

// solve runs the optimiser for one stretch while progress is reported and a wish to stop is heeded.
func (p *Planner) solve(ctx context.Context, plan Plan, q *question, chunk int, stop bool, progress func(string, float64, int64, int) Progress) (*vrp.Solution, error) {
	searching, cancel := context.WithCancel(ctx)
	defer cancel()
	options := vrp.Options{Seed: uint64(plan.Seed) + uint64(chunk), Iterations: plan.Iterations, Threads: threads, Now: time.Now}
	if plan.Iterations == 0 || stop {
		left := min(time.Duration(plan.Seconds)*time.Second-time.Duration(chunk)*stretch, stretch)
		if stop { // before it began: a first plan, then
			left = 300 * time.Millisecond
		}
		limited, cancelLimited := context.WithDeadline(searching, time.Now().Add(left))
		defer cancelLimited()
		searching = limited
	}
	newest := make(chan vrp.Progress, 1) // the search never waits: newest wins
	options.Progress = func(now vrp.Progress) {
		select {
		case <-newest:
		default:
		}
		newest <- now
	}
	reported := make(chan struct{})
	solved := make(chan struct{})
	go func() {
		defer close(reported)
		tick := time.NewTicker(250 * time.Millisecond)
		defer tick.Stop()
		stretches := float64(plan.stretches())
		for {
			select {
			case <-solved:
				return
			case <-tick.C:
			}
			select {
			case now := <-newest:
				goOn, err := p.report(ctx, plan.ID, progress("search", (float64(chunk)+now.Share)/stretches, now.Cost, now.Unassigned))
				if err == nil && !goOn {
					cancel()
				}
			default:
			}
		}
	}()
	solution, err := vrp.Solve(searching, q.problem, options)
	close(solved)
	<-reported
	return solution, err
}

// threads is fixed so that the same seed and iterations give the same plan on every machine.
const threads = 2

// report stores and tells how far the search is, and whether to go on.
func (p *Planner) report(ctx context.Context, id uuid.UUID, progress Progress) (goOn bool, err error) {
	err = p.Store.Write(ctx, func(tx pgx.Tx) error {
		plan, on, err := setProgress(ctx, tx, id, progress)
		goOn = on
		if err != nil || plan.ID == uuid.Nil {
			return err
		}
		return tellPlan(ctx, tx, plan)
	})
	return goOn, err
}
