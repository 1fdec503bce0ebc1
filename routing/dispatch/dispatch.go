// Package dispatch turns open work into planned days: it asks the optimiser who visits whom and when, keeps the
// plan while it is looked at, and publishes it as the routes people drive.
//
// A plan goes queued → running → ready → accepted → published, or is discarded on the way. The search runs as a
// chain of short jobs, each continuing from the best plan stored, so that a killed process loses seconds.
package dispatch

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"catchment/crm"
	"catchment/crm/work"
	"catchment/routing"
)

// Jobs queues a job in the transaction of the change it belongs to; *river.Client[pgx.Tx] is one.
type Jobs interface {
	InsertTx(ctx context.Context, tx pgx.Tx, args river.JobArgs, opts *river.InsertOpts) (*rivertype.JobInsertResult, error)
}

// Planner is the room of plans.
type Planner struct {
	Store  *crm.Store
	Work   *work.Work
	Travel routing.Travel
	Jobs   Jobs // nil where plans are run at once, as from the shell
}

// State tells how far a plan has come.
type State string

// States of a plan.
const (
	Queued    State = "queued"
	Running   State = "running"
	Ready     State = "ready"
	Accepted  State = "accepted"
	Published State = "published"
	Discarded State = "discarded"
	Failed    State = "failed"
)

// Plan is a day, or several, planned.
type Plan struct {
	ID            uuid.UUID
	Day           work.Day
	Days          int
	State         State
	Seed          int64
	Iterations    int // of each thread; 0 to fill Seconds
	Seconds       int // of search
	ResourceIDs   []uuid.UUID
	InputHash     string
	TravelVersion string
	Progress      Progress
	Summary       Summary
	Routes        []Route
	Unassigned    []Unassigned
	Changes       Changes
	Error         string
	CreatedBy     uuid.UUID
	CreatedAt     time.Time
	Version       int
}

// Progress tells how far the search is.
type Progress struct {
	Step           string  `json:"step" enum:"waiting,roads,search,shapes,done" doc:"what is being done"`
	Done           float64 `json:"done" doc:"share of the search done, 0 to 1"`
	Cost           int64   `json:"cost" doc:"cost of the best plan so far, in seconds of travel"`
	Unassigned     int     `json:"unassigned" doc:"visits the best plan so far leaves out"`
	ElapsedSeconds float64 `json:"elapsed_seconds"`
}

// Summary adds a plan up.
type Summary struct {
	Visits          int `json:"visits"`
	Served          int `json:"served"`
	Unserved        int `json:"unserved"`
	TravelSeconds   int `json:"travel_seconds"`
	TravelMeters    int `json:"travel_meters"`
	WorkSeconds     int `json:"work_seconds"`
	WaitingSeconds  int `json:"waiting_seconds"`
	OvertimeSeconds int `json:"overtime_seconds"`
}

// Route is one resource's day in a plan.
type Route struct {
	ID            uuid.UUID `json:"id"`
	ResourceID    uuid.UUID `json:"resource_id"`
	Day           work.Day  `json:"date"`
	Stops         []Stop    `json:"stops"`
	TravelSeconds int       `json:"travel_seconds"`
	TravelMeters  int       `json:"travel_meters"`
}

// Stop is one station of a route.
type Stop struct {
	Kind       string     `json:"kind" enum:"start,visit,break,end"`
	VisitID    *uuid.UUID `json:"visit_id,omitempty"`
	Arrive     time.Time  `json:"arrive"`
	Start      time.Time  `json:"start" doc:"of work or break, after waiting"`
	Leave      time.Time  `json:"leave"`
	LegSeconds int        `json:"leg_seconds" doc:"of travel to this stop"`
	LegMeters  int        `json:"leg_meters" doc:"of travel to this stop"`
}

// Unassigned is a visit the plan leaves out, and why.
type Unassigned struct {
	VisitID uuid.UUID `json:"visit_id"`
	Reasons []Reason  `json:"reasons" doc:"from the closest miss to the farthest"`
}

// Reason is one rule that keeps a visit from some people.
type Reason struct {
	Rule       string     `json:"rule" enum:"room,window,shift,skills,capacity,unreachable,pin,not_due,max_tasks,max_travel_time,max_distance,max_route_duration"`
	People     int        `json:"people" doc:"how many people it keeps away"`
	BySeconds  int        `json:"by_seconds,omitempty" doc:"the fewest seconds missing"`
	Skills     []string   `json:"skills,omitempty" doc:"for the rule skills: what nobody of them has"`
	ResourceID *uuid.UUID `json:"resource_id,omitempty" doc:"who misses by the least"`
}

// Changes compares a plan with what is planned now.
type Changes struct {
	Moved   int `json:"moved" doc:"visits that get another person, or another time by more than five minutes"`
	Added   int `json:"added" doc:"visits that were on nobody's day"`
	Dropped int `json:"dropped" doc:"visits that lose their place"`
}
