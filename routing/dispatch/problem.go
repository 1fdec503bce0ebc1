package dispatch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/crm/work"
	"catchment/routing"
	"catchment/routing/vrp"
)

// question is what the optimiser is asked, and what its numbers mean to us.
type question struct {
	problem   *vrp.Problem
	zero      time.Time       // the problem's time 0
	vehicles  []vehicle       // by vehicle id - 1
	visits    []work.Visit    // by job id - 1
	skills    []string        // by skill number
	points    []orb.Point     // by matrix row
	notDue    []work.Visit    // asked to be planned, but no window of theirs lies in these days
	snapped   map[int]bool    // rows no road is near: their visits are unreachable
	resources []work.Resource // all that are considered
	hash      string
}

// vehicle is one shift of a resource.
type vehicle struct {
	resource work.Resource
	shift    work.Shift
}

// ask gathers visits, people and road minutes for the days of a plan.
func (p *Planner) ask(ctx context.Context, plan Plan) (*question, error) {
	last := plan.Day.Add(plan.Days - 1)
	resources, err := p.Work.Resources(ctx)
	if err != nil {
		return nil, err
	}
	shifts, err := p.Work.Roster(ctx, plan.Day, last)
	if err != nil {
		return nil, err
	}
	visits, err := p.Work.DayVisits(ctx, plan.Day, last)
	if err != nil {
		return nil, err
	}
	onRoad, err := p.onTheRoad(ctx, plan)
	if err != nil {
		return nil, err
	}
	q := &question{problem: &vrp.Problem{}, snapped: map[int]bool{}}
	if q.zero, err = plan.Day.Time(time.UTC, 0); err != nil {
		return nil, err
	}
	q.zero = q.zero.Add(-24 * time.Hour) // before midnight in every zone
	rows := map[orb.Point]int{}
	row := func(at orb.Point) *int {
		i, known := rows[at]
		if !known {
			i = len(q.points)
			rows[at] = i
			q.points = append(q.points, at)
		}
		return &i
	}
	byID := map[uuid.UUID]work.Resource{}
	for _, r := range resources {
		if len(plan.ResourceIDs) == 0 || slices.Contains(plan.ResourceIDs, r.ID) {
			byID[r.ID] = r
		}
	}
	for _, s := range shifts {
		r, considered := byID[s.ResourceID]
		if !considered || onRoad[roadDay{r.ID, s.Day}] {
			continue
		}
		q.addVehicle(r, s, row)
	}
	for _, v := range visits {
		q.addVisit(v, plan, row)
	}
	q.sortOut()
	return q, nil
}

// roadDay is a day of a resource.
type roadDay struct {
	resource uuid.UUID
	day      work.Day
}

// onTheRoad tells whose published route of which day has started: those days are no longer planned.
func (p *Planner) onTheRoad(ctx context.Context, plan Plan) (map[roadDay]bool, error) {
	out := map[roadDay]bool{}
	for i := range plan.Days {
		routes, err := p.Work.Routes(ctx, plan.Day.Add(i), nil)
		if err != nil {
			return nil, err
		}
		for _, r := range routes {
			if r.State != "published" {
				out[roadDay{r.ResourceID, r.Day}] = true
			}
		}
	}
	return out, nil
}

func (q *question) seconds(t time.Time) int64 { return t.Unix() - q.zero.Unix() }

func (q *question) instant(seconds int64) time.Time {
	return q.zero.Add(time.Duration(seconds) * time.Second)
}

func (q *question) skill(code string) uint32 {
	i := slices.Index(q.skills, code)
	if i < 0 {
		i = len(q.skills)
		q.skills = append(q.skills, code)
	}
	return uint32(i)
}

func (q *question) addVehicle(r work.Resource, s work.Shift, row func(orb.Point) *int) {
	q.vehicles = append(q.vehicles, vehicle{r, s})
	if !slices.ContainsFunc(q.resources, func(known work.Resource) bool { return known.ID == r.ID }) {
		q.resources = append(q.resources, r)
	}
	v := vrp.Vehicle{
		ID: uint64(len(q.vehicles)), Profile: r.Profile, Type: r.Kind, StartIndex: row(r.BasePoint), EndIndex: row(r.BasePoint),
		TimeWindow: &vrp.TimeWindow{q.seconds(s.Starts), q.seconds(s.Ends)},
	}
	for _, code := range r.Skills {
		v.Skills = append(v.Skills, q.skill(code))
	}
	for i, b := range s.Breaks {
		latest := q.seconds(b.End) - int64(b.Seconds)
		v.Breaks = append(v.Breaks, vrp.Break{ID: uint64(i + 1), Service: int64(b.Seconds), TimeWindows: []vrp.TimeWindow{{q.seconds(b.Start), latest}}})
	}
	q.problem.Vehicles = append(q.problem.Vehicles, v)
}

// addVisit adds a visit if it is for the planner to place: not ended, not under way, and not on the day of
// somebody who is not planned here.
func (q *question) addVisit(v work.Visit, plan Plan, row func(orb.Point) *int) {
	if v.State.Ended() || v.State.UnderWay() {
		return
	}
	var own []uint64 // vehicles of the day it is planned on
	if v.ResourceID != nil {
		for i, w := range q.vehicles {
			if w.resource.ID == *v.ResourceID && w.shift.Day == *v.Day {
				own = append(own, uint64(i+1))
			}
		}
		if len(own) == 0 {
			return
		}
	}
	windows := q.windows(v, plan)
	if len(windows) == 0 {
		q.notDue = append(q.notDue, v)
		return
	}
	q.visits = append(q.visits, v)
	job := vrp.Job{
		ID: uint64(len(q.visits)), LocationIndex: row(v.Point), Service: int64(v.DurationSeconds), Priority: v.Priority, TimeWindows: windows,
	}
	for _, code := range v.Skills {
		job.Skills = append(job.Skills, q.skill(code))
	}
	if v.Pinned {
		job.AllowedVehicles = own
		job.TimeWindows = []vrp.TimeWindow{{q.seconds(*v.StartAt), q.seconds(*v.StartAt)}}
	}
	if v.ResourceID != nil { // what stands is kept before what is new is taken in
		job.Priority = 100
	}
	q.problem.Jobs = append(q.problem.Jobs, job)
}

// windows returns when a visit may start, within its days, the plan's days, its own windows and its promise.
func (q *question) windows(v work.Visit, plan Plan) []vrp.TimeWindow {
	zone := v.Location()
	first, last := max(v.Earliest, plan.Day), min(v.Latest, plan.Day.Add(plan.Days-1))
	from, err1 := first.Time(zone, 0)
	until, err2 := last.Time(zone, 24*time.Hour)
	if err1 != nil || err2 != nil || last < first {
		return nil
	}
	bounds := []work.Window{{Start: from, End: until}}
	if own := v.Windows(); len(own) > 0 {
		bounds = meet(bounds, own)
	}
	if v.PromiseStart != nil {
		bounds = meet(bounds, []work.Window{{Start: *v.PromiseStart, End: *v.PromiseEnd}})
	}
	var out []vrp.TimeWindow
	for _, b := range bounds {
		out = append(out, vrp.TimeWindow{q.seconds(b.Start), q.seconds(b.End)})
	}
	return out
}

// meet returns what windows of both lists have in common, in time order.
func meet(a, b []work.Window) []work.Window {
	var out []work.Window
	for _, x := range a {
		for _, y := range b {
			w := work.Window{Start: x.Start, End: x.End}
			if y.Start.After(w.Start) {
				w.Start = y.Start
			}
			if y.End.Before(w.End) {
				w.End = y.End
			}
			if !w.End.Before(w.Start) {
				out = append(out, w)
			}
		}
	}
	slices.SortFunc(out, func(x, y work.Window) int { return x.Start.Compare(y.Start) })
	return out
}

// sortOut fixes the order of everything that came from a query and hashes the question: the same input gives
// the same plan.
func (q *question) sortOut() {
	text, err := json.Marshal(struct {
		P *vrp.Problem
		R []orb.Point
	}{q.problem, q.points})
	if err != nil {
		panic(fmt.Sprintf("encode the question: %v", err)) // our own types
	}
	sum := sha256.Sum256(text)
	q.hash = hex.EncodeToString(sum[:])
}

// measure fills in the road minutes between all places, for every profile in use. A place without a street near
// it is cut off: nobody can be sent there, which the plan then says of its visit.
func (q *question) measure(ctx context.Context, travel routing.Travel) (routing.Version, error) {
	q.problem.Matrices = map[string]*vrp.Matrix{}
	version := travel.Version(routing.Car)
	for _, v := range q.problem.Vehicles {
		if _, done := q.problem.Matrices[v.Profile]; done {
			continue
		}
		profile := routing.Profile(v.Profile)
		version = travel.Version(profile)
		matrix, err := q.table(ctx, travel, profile)
		if err != nil {
			return version, fmt.Errorf("road minutes by %s: %w", profile, err)
		}
		q.problem.Matrices[v.Profile] = matrix
	}
	return version, nil
}

func (q *question) table(ctx context.Context, travel routing.Travel, profile routing.Profile) (*vrp.Matrix, error) {
	n := len(q.points)
	out := &vrp.Matrix{Size: n, Durations: make([]int32, n*n), Distances: make([]int32, n*n)}
	var rows []int
	for i := range q.points {
		rows = append(rows, i)
	}
	var m routing.Matrix
	for {
		points := make([]orb.Point, len(rows))
		for i, r := range rows {
			points[i] = q.points[r]
		}
		var err error
		if m, err = travel.Table(ctx, profile, routing.AnyTime, points, points); err == nil {
			break
		}
		var off *routing.NoRoad
		if !errors.As(err, &off) || len(rows) == 0 {
			return nil, err
		}
		at := off.Index % len(rows) // from and to are the same places
		q.snapped[rows[at]] = true
		rows = slices.Delete(rows, at, at+1)
	}
	for i := range out.Durations {
		if i/n != i%n {
			out.Durations[i], out.Distances[i] = vrp.Unreachable, vrp.Unreachable
		}
	}
	for i, from := range rows {
		for j, to := range rows {
			if t := m.Tenths[i*m.Columns+j]; t != routing.Unreachable {
				out.Durations[from*n+to], out.Distances[from*n+to] = (t+5)/10, m.Meters[i*m.Columns+j]
			}
		}
	}
	return out, nil
}

// errNobody says that a plan has nobody to send.
var errNobody = crm.Conflictf("nobody has a shift on these days, or everybody is on the road already")
