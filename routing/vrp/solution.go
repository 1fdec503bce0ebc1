package vrp

import (
	"encoding/json"

	"github.com/paulmach/orb"
)

// Code is VROOM's verdict on a request.
type Code int

// The codes of VROOM's answers.
const (
	CodeOK       Code = 0
	CodeInternal Code = 1
	CodeInput    Code = 2 // the request is wrong: see Error
	CodeRouting  Code = 3 // the road engine could not answer
)

// Solution is the optimiser's answer, VROOM's response object. Times are seconds, distances metres.
type Solution struct {
	Code       Code         `json:"code"`
	Error      string       `json:"error,omitempty"`
	Summary    Summary      `json:"summary"`
	Unassigned []Unassigned `json:"unassigned"`
	Routes     []Route      `json:"routes"`
}

// Summary adds up the routes.
type Summary struct {
	Cost           int64           `json:"cost"`
	Routes         int             `json:"routes"`
	Unassigned     int             `json:"unassigned"`
	Delivery       []int64         `json:"delivery,omitempty"`
	Pickup         []int64         `json:"pickup,omitempty"`
	Setup          int64           `json:"setup"`
	Service        int64           `json:"service"` // breaks included, as VROOM does
	Duration       int64           `json:"duration"`
	WaitingTime    int64           `json:"waiting_time"`
	Priority       int             `json:"priority"`
	Distance       *int64          `json:"distance,omitempty"`
	BalanceCost    int64           `json:"balance_cost,omitempty"` // ours: what balance adds to the cost of the routes
	Violations     []Violation     `json:"violations"`
	ComputingTimes *ComputingTimes `json:"computing_times,omitempty"`
}

// ComputingTimes are milliseconds spent; filled in by whoever holds a clock.
type ComputingTimes struct {
	Loading int64 `json:"loading"`
	Solving int64 `json:"solving"`
	Routing int64 `json:"routing"`
}

// Unassigned is a task that is on no route.
type Unassigned struct {
	ID            uint64     `json:"id"`
	Type          StepType   `json:"type"`
	Description   string     `json:"description,omitempty"`
	Location      *orb.Point `json:"location,omitempty"`
	LocationIndex *int       `json:"location_index,omitempty"`
	Reason        *Reason    `json:"reason,omitempty"`
}

// Route is the day of one vehicle.
type Route struct {
	Vehicle     uint64      `json:"vehicle"`
	Cost        int64       `json:"cost"`
	Description string      `json:"description,omitempty"`
	Delivery    []int64     `json:"delivery,omitempty"`
	Pickup      []int64     `json:"pickup,omitempty"`
	Setup       int64       `json:"setup"`
	Service     int64       `json:"service"`
	Duration    int64       `json:"duration"` // driving
	WaitingTime int64       `json:"waiting_time"`
	Priority    int         `json:"priority"`
	Distance    *int64      `json:"distance,omitempty"`
	Steps       []Step      `json:"steps"`
	Violations  []Violation `json:"violations"`
	Geometry    string      `json:"geometry,omitempty"` // encoded polyline, filled in by whoever holds the roads
}

// Step is one stop of a route.
type Step struct {
	Type          StepType    `json:"type"`
	Description   string      `json:"description,omitempty"`
	Location      *orb.Point  `json:"location,omitempty"`
	LocationIndex *int        `json:"location_index,omitempty"`
	ID            uint64      `json:"id,omitempty"`
	Setup         int64       `json:"setup"`
	Service       int64       `json:"service"`
	WaitingTime   int64       `json:"waiting_time"`
	Load          []int64     `json:"load,omitempty"` // on board after the step
	Arrival       int64       `json:"arrival"`
	Duration      int64       `json:"duration"` // driven since the start of the route
	Distance      *int64      `json:"distance,omitempty"`
	Violations    []Violation `json:"violations"`
}

// MarshalJSON leaves the id out where VROOM has none: at the start and the end. An id of 0 is an id elsewhere.
func (s Step) MarshalJSON() ([]byte, error) {
	type plain Step
	if s.Type == StepStart || s.Type == StepEnd || s.Type == StepReload {
		return json.Marshal(plain(s))
	}
	return json.Marshal(struct {
		plain
		ID uint64 `json:"id"`
	}{plain(s), s.ID})
}

// Violation says that a wish of the request is not kept.
type Violation struct {
	Cause    Cause `json:"cause"`
	Duration int64 `json:"duration,omitempty"` // by how many seconds, for causes of time
}

// Cause is what a Violation breaks.
type Cause string

// The causes of VROOM's violations, and ours.
const (
	CauseLeadTime         Cause = "lead_time" // service starts before the window
	CauseDelay            Cause = "delay"     // service starts after the window
	CauseLoad             Cause = "load"
	CauseMaxTasks         Cause = "max_tasks"
	CauseSkills           Cause = "skills"
	CausePrecedence       Cause = "precedence"
	CauseMissingBreak     Cause = "missing_break"
	CauseMaxTravelTime    Cause = "max_travel_time"
	CauseMaxLoad          Cause = "max_load"
	CauseMaxDistance      Cause = "max_distance"
	CauseMaxRouteDuration Cause = "max_route_duration"
	CauseMaxWait          Cause = "max_wait"
	CauseVehicle          Cause = "vehicle" // not among allowed_vehicles, or among forbidden_vehicles
)
