package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"catchment/crm"
	"catchment/crm/work"
)

// Board is a day as the dispatcher sees it.
type Board struct {
	Date      string       `json:"date" format:"date"`
	Zone      string       `json:"zone" example:"Europe/Vaduz"`
	Resources []Resource   `json:"resources" nullable:"false"`
	Routes    []BoardRoute `json:"routes" nullable:"false" doc:"One for each resource with something to do"`
	Visits    []Visit      `json:"visits" nullable:"false" doc:"Planned that day, or unplanned and due"`
	Plan      *Plan        `json:"plan,omitempty" doc:"The newest plan of the day; absent if there is none"`
	Version   string       `json:"version" doc:"Differs whenever anything on the board does"`
}

// BoardRoute is what a resource does that day: as published, and what was assigned by hand.
type BoardRoute struct {
	ID            *uuid.UUID `json:"id" nullable:"true" format:"uuid" doc:"Of the published route; null if nothing is published"`
	ResourceID    uuid.UUID  `json:"resource_id" format:"uuid"`
	State         string     `json:"state" enum:"planned,published,started,closed"`
	Stops         []Stop     `json:"stops" nullable:"false"`
	TravelSeconds int        `json:"travel_seconds"`
	TravelMeters  int        `json:"travel_meters"`
	WorkSeconds   int        `json:"work_seconds"`
	LateSeconds   int        `json:"late_seconds" doc:"Beyond windows and promises, all visits together"`
}

// Tagged is an answer whose ETag follows from its content.
type Tagged[T any] struct {
	ETag string `header:"ETag"`
	Body T
}

func tagged[T any](body T) (*Tagged[T], error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("tag answer: %w", err)
	}
	sum := sha256.Sum256(text)
	return &Tagged[T]{`"` + hex.EncodeToString(sum[:8]) + `"`, body}, nil
}

// board puts together the day of everybody the actor may see.
func board(ctx context.Context, rooms Rooms, day work.Day) (Board, error) {
	organisation, err := rooms.Store.Organisation(ctx)
	if err != nil {
		return Board{}, err
	}
	resources, err := resourcesOn(ctx, rooms, day)
	if err != nil {
		return Board{}, err
	}
	visits, err := rooms.Work.DayVisits(ctx, day, day)
	if err != nil {
		return Board{}, err
	}
	routes, err := rooms.Work.Routes(ctx, day, nil)
	if err != nil {
		return Board{}, err
	}
	plan, err := rooms.Plans.Latest(ctx, day)
	if err != nil {
		return Board{}, err
	}
	out := Board{Date: string(day), Zone: organisation.Zone, Resources: resources, Routes: boardRoutes(resources, routes, visits), Visits: make([]Visit, 0, len(visits))}
	for _, v := range visits {
		out.Visits = append(out.Visits, visitOut(v))
	}
	if plan != nil {
		latest := planOut(*plan)
		out.Plan = &latest
	}
	return out, nil
}

func boardRoutes(resources []Resource, routes []work.Route, visits []work.Visit) []BoardRoute {
	byID := map[uuid.UUID]work.Visit{}
	for _, v := range visits {
		byID[v.ID] = v
	}
	lines := map[uuid.UUID]*BoardRoute{}
	on := map[uuid.UUID]bool{} // visits on a published route
	for _, r := range routes {
		line := &BoardRoute{ID: &r.ID, ResourceID: r.ResourceID, State: r.State, Stops: []Stop{}, TravelSeconds: r.TravelSeconds, TravelMeters: r.TravelMeters}
		for _, s := range r.Stops {
			if s.Kind == "visit" && s.VisitID != nil {
				v, there := byID[*s.VisitID]
				if !there || v.ResourceID == nil || *v.ResourceID != r.ResourceID {
					continue // cancelled, or handed to somebody else
				}
				on[v.ID] = true
				line.count(v)
			}
			line.Stops = append(line.Stops, stopOut(s))
		}
		lines[r.ResourceID] = line
	}
	for _, v := range visits {
		if v.ResourceID == nil || v.StartAt == nil || v.EndAt == nil || on[v.ID] {
			continue
		}
		line := lines[*v.ResourceID]
		if line == nil {
			line = &BoardRoute{ResourceID: *v.ResourceID, State: "planned", Stops: []Stop{}}
			lines[*v.ResourceID] = line
		}
		line.insert(v)
		line.count(v)
	}
	out := []BoardRoute{}
	for _, r := range resources {
		if line := lines[r.ID]; line != nil {
			for i := range line.Stops {
				line.Stops[i].Sequence = i
			}
			out = append(out, *line)
		}
	}
	return out
}

// insert puts a visit assigned by hand where its start belongs.
func (b *BoardRoute) insert(v work.Visit) {
	late := lateStop(v)
	stop := Stop{Kind: "visit", VisitID: &v.ID, Arrive: late.Arrive, Start: late.Start, Leave: late.Leave, LegSeconds: late.LegSeconds, LegMeters: late.LegMeters}
	at := len(b.Stops)
	for at > 0 && (b.Stops[at-1].Start.After(stop.Start) || b.Stops[at-1].Kind == "end") {
		at--
	}
	b.Stops = append(b.Stops, Stop{})
	copy(b.Stops[at+1:], b.Stops[at:])
	b.Stops[at] = stop
}

// count adds a visit to the sums of its line.
func (b *BoardRoute) count(v work.Visit) {
	b.WorkSeconds += v.DurationSeconds
	b.LateSeconds += int(lateness(v) / time.Second)
}

// lateness tells how long after its promise, or else its last window, a visit is to start.
func lateness(v work.Visit) time.Duration {
	switch {
	case v.StartAt == nil:
		return 0
	case v.PromiseEnd != nil:
		return max(0, v.StartAt.Sub(*v.PromiseEnd))
	case len(v.WindowEnds) > 0:
		return max(0, v.StartAt.Sub(v.WindowEnds[len(v.WindowEnds)-1]))
	}
	return 0
}

func boardOperations(a *API, rooms Rooms) {
	type query struct {
		Known
		Date string `query:"date" required:"true" format:"date" example:"2026-11-23"`
	}
	Register(a, Operation{ID: "board", Method: http.MethodGet, Path: "/board", Tag: "board", Summary: "A day as the dispatcher sees it"},
		crm.PlanRead, func(ctx context.Context, in *query) (*Tagged[Board], error) {
			day := work.Day(in.Date)
			if err := day.Check("query.date"); err != nil {
				return nil, err
			}
			out, err := board(ctx, rooms, day)
			if err != nil {
				return nil, err
			}
			answer, err := tagged(out)
			if err == nil {
				answer.Body.Version = strings.Trim(answer.ETag, `"`)
			}
			if err == nil && matches(in.IfNoneMatch, answer.ETag) {
				return nil, NewProblem(http.StatusNotModified, "").With("ETag", answer.ETag)
			}
			return answer, err
		})
}
