package vrp

import "github.com/paulmach/orb"

// Problem is a question to the optimiser, VROOM's request object.
//
// Times are seconds from any common zero. Places are rows of the matrices (the *Index fields); coordinates
// are longitude, latitude, carried through to the answer and never measured by this package: FillMatrices
// turns them into matrices first.
type Problem struct {
	Jobs      []Job              `json:"jobs,omitempty"`
	Shipments []Shipment         `json:"shipments,omitempty"`
	Vehicles  []Vehicle          `json:"vehicles"`
	Matrices  map[string]*Matrix `json:"matrices,omitempty"` // by profile, such as "car"
	Options   *RequestOptions    `json:"options,omitempty"`

	// Stability is the price of departing from the plan given as vehicles' steps.
	Stability *Stability `json:"stability,omitempty"`

	People  []Person `json:"people,omitempty"`
	Balance *Balance `json:"balance,omitempty"`
}

// Person drives the vehicles that name it, such as one for each day.
type Person struct {
	ID          uint64 `json:"id"`                      // from 1
	MaxWorkTime *int64 `json:"max_work_time,omitempty"` // seconds of driving, setup and service on all days together
}

// Balance makes long hours of few people dearer than the same hours of many: everybody's hours of driving and
// work are squared.
type Balance struct {
	PerHourSquared int64 `json:"per_hour_squared"` // cost units
}

// Stability prices changes against the plan that vehicles' steps tell, in cost units.
type Stability struct {
	VehicleChange int64 `json:"vehicle_change,omitempty"` // for each visit that another vehicle gets than steps say

	MaxChanges *int `json:"max_changes,omitempty"` // so many visits may go to another vehicle than steps say

	StartChangePerHour int64 `json:"start_change_per_hour,omitempty"` // for starting earlier or later than a step's service_at
	StartTolerance     int64 `json:"start_tolerance,omitempty"`       // seconds by which a start may move for nothing
}

// RequestOptions are the switches VROOM reads from the request.
type RequestOptions struct {
	Geometry bool `json:"g,omitempty"` // the caller wants road shapes in the answer
	Choose   bool `json:"c,omitempty"` // plan mode: keep the order of vehicles' steps and choose the times
}

// TimeWindow is a stretch of time [start, end] in seconds; both ends belong to it. For a task it bounds the
// start of service, for a vehicle the whole route, for a break its start.
type TimeWindow [2]int64

// Job is a visit at one place.
type Job struct {
	ID             uint64           `json:"id"`
	Description    string           `json:"description,omitempty"`
	Location       *orb.Point       `json:"location,omitempty"`
	LocationIndex  *int             `json:"location_index,omitempty"`
	Setup          int64            `json:"setup,omitempty"`   // seconds once per place: none if the stop before was at the same place
	Service        int64            `json:"service,omitempty"` // seconds
	SetupPerType   map[string]int64 `json:"setup_per_type,omitempty"`
	ServicePerType map[string]int64 `json:"service_per_type,omitempty"`
	Delivery       []int64          `json:"delivery,omitempty"` // brought from the start of the route
	Pickup         []int64          `json:"pickup,omitempty"`   // taken to the end of the route
	Skills         []uint32         `json:"skills,omitempty"`   // all are needed
	Priority       int              `json:"priority,omitempty"` // 0 to 100: how much it counts to be planned at all
	TimeWindows    []TimeWindow     `json:"time_windows,omitempty"`

	AllowedVehicles   []uint64 `json:"allowed_vehicles,omitempty"`   // if given, nobody else may come
	ForbiddenVehicles []uint64 `json:"forbidden_vehicles,omitempty"` // these may not come
	PreferredVehicles []uint64 `json:"preferred_vehicles,omitempty"` // anyone else costs OtherVehicleCost more
	OtherVehicleCost  int64    `json:"other_vehicle_cost,omitempty"` // cost units

	Wishes
	Timing
	Together
}

// Together says who else, and which other visits, a job hangs on.
type Together struct {
	// Crew is how many vehicles must serve the job at once; 0 and 1 mean one. It is on as many routes.
	Crew int `json:"crew,omitempty"`

	// VisitDays makes the job a series: it is served on every day of one of the alternatives, by vehicles of
	// those days, or not at all.
	VisitDays [][]int `json:"visit_days,omitempty"`

	After *After `json:"after,omitempty"`
}

// After ties a job to an earlier one: without that it is not planned.
type After struct {
	Job         uint64 `json:"job"`
	MinGap      int64  `json:"min_gap,omitempty"` // seconds from the end of the earlier job to the start of this one at least
	MaxGap      *int64 `json:"max_gap,omitempty"` // and at most
	SameVehicle bool   `json:"same_vehicle,omitempty"`
}

// Timing holds rules of time that can be bent at a price, and the longest wait.
type Timing struct {
	SoftTimeWindows []TimeWindow `json:"soft_time_windows,omitempty"` // of the start of service: outside of them LatePerHour is paid
	LatePerHour     int64        `json:"late_per_hour,omitempty"`     // cost units for an hour too late or too early
	MaxWait         *int64       `json:"max_wait,omitempty"`          // seconds between arrival and start of service at most
}

// Wishes say how well each vehicle suits a visit, besides its skills.
type Wishes struct {
	SkillLevels  map[uint32]int   `json:"skill_levels,omitempty"`  // by skill: how well it must be mastered
	VehicleCosts map[uint64]int64 `json:"vehicle_costs,omitempty"` // by vehicle: cost units of sending it; vehicles not named cost nothing more
	Territory    uint64           `json:"territory,omitempty"`     // 0: none; see Vehicle.Territories
}

// Shipment is a visit at two places: what is picked up first is delivered later on the same route.
type Shipment struct {
	Amount   []int64      `json:"amount,omitempty"`
	Skills   []uint32     `json:"skills,omitempty"`
	Priority int          `json:"priority,omitempty"`
	Pickup   ShipmentStop `json:"pickup"`
	Delivery ShipmentStop `json:"delivery"`

	AllowedVehicles   []uint64 `json:"allowed_vehicles,omitempty"`
	ForbiddenVehicles []uint64 `json:"forbidden_vehicles,omitempty"`
	PreferredVehicles []uint64 `json:"preferred_vehicles,omitempty"`
	OtherVehicleCost  int64    `json:"other_vehicle_cost,omitempty"`

	Wishes
}

// ShipmentStop is one end of a shipment.
type ShipmentStop struct {
	ID             uint64           `json:"id"`
	Description    string           `json:"description,omitempty"`
	Location       *orb.Point       `json:"location,omitempty"`
	LocationIndex  *int             `json:"location_index,omitempty"`
	Setup          int64            `json:"setup,omitempty"`
	Service        int64            `json:"service,omitempty"`
	SetupPerType   map[string]int64 `json:"setup_per_type,omitempty"`
	ServicePerType map[string]int64 `json:"service_per_type,omitempty"`
	TimeWindows    []TimeWindow     `json:"time_windows,omitempty"`

	Timing
}

// Vehicle is who drives: a technician's or rep's shift on one day.
type Vehicle struct {
	ID            uint64        `json:"id"`
	Profile       string        `json:"profile,omitempty"` // which matrix; "car" if empty
	Description   string        `json:"description,omitempty"`
	Start         *orb.Point    `json:"start,omitempty"`
	StartIndex    *int          `json:"start_index,omitempty"` // neither: the route begins at its first task
	End           *orb.Point    `json:"end,omitempty"`
	EndIndex      *int          `json:"end_index,omitempty"` // neither: the route ends at its last task
	Capacity      []int64       `json:"capacity,omitempty"`
	Costs         *Costs        `json:"costs,omitempty"`
	Skills        []uint32      `json:"skills,omitempty"`
	Type          string        `json:"type,omitempty"` // key of setup_per_type and service_per_type
	TimeWindow    *TimeWindow   `json:"time_window,omitempty"`
	Breaks        []Break       `json:"breaks,omitempty"`
	SpeedFactor   float64       `json:"speed_factor,omitempty"` // 1 if zero; kept to two digits of its inverse, as VROOM does
	MaxTasks      *int          `json:"max_tasks,omitempty"`
	MaxTravelTime *int64        `json:"max_travel_time,omitempty"` // seconds of driving
	MaxDistance   *int64        `json:"max_distance,omitempty"`    // metres
	Steps         []VehicleStep `json:"steps,omitempty"`

	// MaxRouteDuration bounds the seconds from leaving the start to reaching the end, waiting and breaks included.
	MaxRouteDuration *int64 `json:"max_route_duration,omitempty"`

	// MaxTrips lets the vehicle come back, so many trips in all, to unload what it picked up and load what it
	// delivers next, at Reload or else at its start. Such a vehicle takes no shipments.
	MaxTrips      *int       `json:"max_trips,omitempty"`
	Reload        *orb.Point `json:"reload,omitempty"`
	ReloadIndex   *int       `json:"reload_index,omitempty"`
	ReloadService int64      `json:"reload_service,omitempty"` // seconds each time

	Person uint64 `json:"person,omitempty"` // whose hours its routes count to; 0: its own
	Day    int    `json:"day,omitempty"`    // of jobs' visit_days

	SoftEnd           *int64 `json:"soft_end,omitempty"`            // seconds: being out later is overtime
	SoftRouteDuration *int64 `json:"soft_route_duration,omitempty"` // seconds: a longer day is overtime

	SkillLevels map[uint32]int `json:"skill_levels,omitempty"` // by skill; a skill without a level is mastered at level 1
	Territories []uint64       `json:"territories,omitempty"`  // where it works; visits of others cost Costs.PerForeignVisit
	Anchor      *orb.Point     `json:"anchor,omitempty"`       // the middle of its area: visits cost Costs.PerAnchorHour of the drive from there
	AnchorIndex *int           `json:"anchor_index,omitempty"`
}

// Costs says what a vehicle's route costs, in cost units. With Costs absent, or PerHour absent, an hour of
// driving costs 3600, so that the cost is the seconds driven.
type Costs struct {
	Fixed       int64  `json:"fixed,omitempty"` // once if the vehicle is used
	PerHour     *int64 `json:"per_hour,omitempty"`
	PerTaskHour int64  `json:"per_task_hour,omitempty"` // of setup and service
	PerKm       int64  `json:"per_km,omitempty"`

	PerWaitingHour  int64 `json:"per_waiting_hour,omitempty"`  // between arriving and starting, at tasks and breaks
	PerOvertimeHour int64 `json:"per_overtime_hour,omitempty"` // after soft_end, or beyond soft_route_duration if that is longer

	PerForeignVisit int64 `json:"per_foreign_visit,omitempty"` // for each visit in a territory that is none of the vehicle's
	PerAnchorHour   int64 `json:"per_anchor_hour,omitempty"`   // of the drive from the anchor to each task: what keeps an area compact
}

// Break is a rest every route of its vehicle must hold, taken wherever the vehicle is, also on the road.
type Break struct {
	ID          uint64       `json:"id"`
	TimeWindows []TimeWindow `json:"time_windows,omitempty"` // of its start
	Service     int64        `json:"service,omitempty"`      // seconds
	Description string       `json:"description,omitempty"`
	MaxLoad     []int64      `json:"max_load,omitempty"` // what may be on board meanwhile

	Location            *orb.Point   `json:"location,omitempty"` // where it is held, if not wherever the vehicle is
	LocationIndex       *int         `json:"location_index,omitempty"`
	RelativeTimeWindows []TimeWindow `json:"relative_time_windows,omitempty"` // of its start, in seconds after leaving the start of the route
	Optional            bool         `json:"optional,omitempty"`              // it may be skipped, for SkipCost
	SkipCost            int64        `json:"skip_cost,omitempty"`             // cost units
}

// VehicleStep is one step of a route given with the question: the plan to start from, or in plan mode the
// order to keep.
type VehicleStep struct {
	Type          StepType `json:"type"`
	ID            uint64   `json:"id"`
	ServiceAt     *int64   `json:"service_at,omitempty"`     // plan mode only, as are the next two
	ServiceAfter  *int64   `json:"service_after,omitempty"`  // seconds
	ServiceBefore *int64   `json:"service_before,omitempty"` // seconds

	// Pinned says that this is decided: the task stays with this vehicle, in this order, before everything
	// that is not pinned. A pinned task may be late for its window; the answer then says so as a violation.
	Pinned bool `json:"pinned,omitempty"`
}

// StepType tells what happens at a step.
type StepType string

// The kinds of steps.
const (
	StepStart    StepType = "start"
	StepJob      StepType = "job"
	StepPickup   StepType = "pickup"
	StepDelivery StepType = "delivery"
	StepBreak    StepType = "break"
	StepEnd      StepType = "end"
	StepReload   StepType = "reload" // ours: back to load anew
)

// Unreachable marks a pair of places without a way between them, in every slice of a Matrix. In JSON it is
// null, and any number from it upwards is read as it.
const Unreachable int32 = 1<<31 - 1

// Matrix holds what it takes to go from each place to each other, row by row: the pair (from i, to j) lies at
// i*Size + j. It need not be symmetric nor obey the triangle inequality.
type Matrix struct {
	Size      int
	Durations []int32 // seconds
	Distances []int32 // metres; nil if unknown
	Costs     []int32 // cost units instead of per_hour times duration; nil for that
	Bands     []Band  // when driving takes longer; Durations hold the times outside of them
}

// Band is a stretch of time in which every drive takes longer than the matrix says, such as a morning's rush.
type Band struct {
	From   int64   `json:"from"` // seconds
	To     int64   `json:"to"`
	Factor float64 `json:"factor"` // from 1, kept to two digits: how many times as long
}
