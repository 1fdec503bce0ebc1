package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"catchment/crm"
	"catchment/crm/work"
)

// Visit is any stop somebody is to make.
type Visit struct {
	ID              uuid.UUID    `json:"id" format:"uuid"`
	No              int64        `json:"no" doc:"Stable number used in tiles"`
	Number          string       `json:"number" doc:"What people call it by" example:"V-000123"`
	Kind            string       `json:"kind" enum:"service,sales,campaign"`
	State           work.State   `json:"state" enum:"proposed,planned,promised,dispatched,travelling,on_site,done,failed,no_access,cancelled"`
	Started         bool         `json:"started" doc:"Work on site has begun"`
	Title           string       `json:"title" example:"Yearly service"`
	Note            string       `json:"note"`
	Priority        int          `json:"priority" minimum:"0" maximum:"100"`
	DurationSeconds int          `json:"duration_seconds" example:"3600"`
	Skills          []string     `json:"skills" nullable:"false" example:"[\"gas\"]"`
	Windows         []Window     `json:"windows" nullable:"false" doc:"Within which it must start; none means any time on its days"`
	Earliest        string       `json:"earliest" format:"date" doc:"First day on which it may take place"`
	Latest          string       `json:"latest" format:"date" doc:"Last day on which it may take place"`
	Zone            string       `json:"zone" example:"Europe/Vaduz"`
	Account         VisitAccount `json:"account"`
	Site            VisitSite    `json:"site"`
	ResourceID      *uuid.UUID   `json:"resource_id" nullable:"true" format:"uuid" doc:"Who is to make it"`
	Date            *string      `json:"date" nullable:"true" format:"date" doc:"On which day, in the zone of that resource's base"`
	Arrive          *time.Time   `json:"arrive" nullable:"true"`
	Start           *time.Time   `json:"start" nullable:"true"`
	End             *time.Time   `json:"end" nullable:"true"`
	TravelSeconds   *int         `json:"travel_seconds" nullable:"true" doc:"Of the way to it"`
	TravelMeters    *int         `json:"travel_meters" nullable:"true" doc:"Of the way to it"`
	Promise         *Window      `json:"promise,omitempty" doc:"What the customer was told; absent if nothing"`
	Pinned          bool         `json:"pinned" doc:"The planner leaves person and time as they are"`
	Outcome         *Outcome     `json:"outcome,omitempty" doc:"How it ended; absent while it has not"`
	Version         int          `json:"version"`
	CreatedAt       time.Time    `json:"created_at"`
	UpdatedAt       time.Time    `json:"updated_at"`
}

// Window is a stretch of time.
type Window struct {
	Start time.Time `json:"start" example:"2026-11-23T07:00:00Z"`
	End   time.Time `json:"end" example:"2026-11-23T11:00:00Z"`
}

// VisitAccount is whom a visit is for.
type VisitAccount struct {
	ID   uuid.UUID `json:"id" format:"uuid"`
	Name string    `json:"name"`
}

// VisitSite is where a visit takes place.
type VisitSite struct {
	ID           uuid.UUID `json:"id" format:"uuid"`
	Label        string    `json:"label" example:"Landstrasse 12, 9490 Vaduz"`
	Point        Point     `json:"point" example:"[9.5209,47.1410]"`
	AccessNote   string    `json:"access_note"`
	ContactName  string    `json:"contact_name"`
	ContactPhone string    `json:"contact_phone"`
}

// Outcome is how a visit ended.
type Outcome struct {
	Kind string    `json:"kind" example:"done"`
	Note string    `json:"note"`
	At   time.Time `json:"at"`
}

func visitOut(v work.Visit) Visit {
	out := Visit{
		ID: v.ID, No: v.No, Number: v.Number, Kind: v.Kind, State: v.State, Started: v.Started, Title: v.Title, Note: v.Note, Priority: v.Priority,
		DurationSeconds: v.DurationSeconds, Skills: v.Skills, Windows: []Window{}, Earliest: string(v.Earliest), Latest: string(v.Latest), Zone: v.Zone,
		Account:    VisitAccount{v.AccountID, v.AccountName},
		Site:       VisitSite{v.SiteID, v.Label(), point(v.Point), v.AccessNote, v.ContactName, v.ContactPhone},
		ResourceID: v.ResourceID, Date: (*string)(v.Day), Arrive: utc(v.ArriveAt), Start: utc(v.StartAt), End: utc(v.EndAt),
		TravelSeconds: v.TravelSeconds, TravelMeters: v.TravelMeters, Pinned: v.Pinned, Version: v.Version,
		CreatedAt: v.CreatedAt.UTC(), UpdatedAt: v.UpdatedAt.UTC(),
	}
	if out.Skills == nil {
		out.Skills = []string{}
	}
	for _, w := range v.Windows() {
		out.Windows = append(out.Windows, Window{w.Start.UTC(), w.End.UTC()})
	}
	if v.PromiseStart != nil && v.PromiseEnd != nil {
		out.Promise = &Window{v.PromiseStart.UTC(), v.PromiseEnd.UTC()}
	}
	if v.OutcomeKind != nil && v.OutcomeAt != nil {
		out.Outcome = &Outcome{*v.OutcomeKind, v.OutcomeNote, v.OutcomeAt.UTC()}
	}
	return out
}

// NewVisit is a visit to add.
type NewVisit struct {
	ID              *uuid.UUID `json:"id,omitempty" format:"uuid" doc:"Made by the client, if it wants to name the visit before it is answered"`
	SiteID          uuid.UUID  `json:"site_id" format:"uuid"`
	Type            string     `json:"type,omitempty" maxLength:"40" doc:"Code of a type of visits: what is left out is taken from it"`
	Kind            *string    `json:"kind,omitempty" enum:"service,sales,campaign" doc:"service if left out"`
	Title           string     `json:"title,omitempty" minLength:"1" maxLength:"300" doc:"Needed unless a type is named" example:"Yearly service"`
	Note            *string    `json:"note,omitempty" maxLength:"10000"`
	DurationSeconds *int       `json:"duration_seconds,omitempty" minimum:"60" maximum:"86400" doc:"3600 if left out" example:"3600"`
	Priority        *int       `json:"priority,omitempty" minimum:"0" maximum:"100"`
	Skills          *[]string  `json:"skills,omitempty" maxItems:"20" maxLength:"40" example:"[\"gas\"]"`
	Windows         *[]Window  `json:"windows,omitempty" maxItems:"8"`
	Earliest        *string    `json:"earliest,omitempty" format:"date" doc:"Today if left out" example:"2026-11-23"`
	Latest          *string    `json:"latest,omitempty" format:"date" doc:"A fortnight later if left out" example:"2026-12-04"`
}

func (n NewVisit) fields() work.VisitFields {
	fields := work.VisitFields{Kind: n.Kind, Title: &n.Title, Note: n.Note, SiteID: &n.SiteID, DurationSeconds: n.DurationSeconds,
		Priority: n.Priority, Skills: n.Skills, Earliest: (*work.Day)(n.Earliest), Latest: (*work.Day)(n.Latest)}
	if n.Windows != nil {
		windows := make([]work.Window, 0, len(*n.Windows))
		for _, w := range *n.Windows {
			windows = append(windows, work.Window(w))
		}
		fields.Windows = &windows
	}
	return fields
}

// Command is one act upon a visit.
type Command struct {
	ID          *uuid.UUID      `json:"id,omitempty" format:"uuid" doc:"Made by the client; sent again, the command counts once"`
	Kind        string          `json:"kind" maxLength:"40" doc:"change_visit, assign {resource_id,start}, unassign, pin, unpin, promise {start,end}, cancel {reason}, undo {command}; from the road acknowledge, start_travel, arrive, start, complete {note}, cannot_complete {reason,note}, no_access {note}, add_note {text}" example:"assign"`
	BaseVersion int             `json:"base_version,omitempty" minimum:"0" maximum:"2147483647" doc:"Version of the visit the act was decided on" example:"1"`
	DeviceTime  *time.Time      `json:"device_time,omitempty" doc:"When it happened, by the device's clock"`
	Payload     json.RawMessage `json:"payload,omitempty" doc:"What the kind needs"`
}

// Verdict tells what became of a command.
type Verdict struct {
	ID       uuid.UUID     `json:"id" format:"uuid" doc:"Of the command"`
	Verdict  work.Decision `json:"verdict" enum:"applied,duplicate,gap,conflict,refused"`
	First    work.Decision `json:"first,omitempty" enum:"applied,conflict,refused" doc:"Of a duplicate: how it was decided the first time"`
	Reason   string        `json:"reason,omitempty" doc:"A word for programs" example:"stale"`
	Message  string        `json:"message,omitempty" doc:"For people"`
	Location string        `json:"location,omitempty" doc:"The wrong value of a refused command" example:"payload.reason"`
	Visit    *Visit        `json:"visit,omitempty" doc:"As it is now, if the caller may see it"`
}

func verdictOut(v work.Verdict) Verdict {
	out := Verdict{ID: v.Command, Verdict: v.Decision, First: v.First, Reason: v.Reason, Message: v.Message, Location: v.Field}
	if v.Visit != nil {
		visit := visitOut(*v.Visit)
		out.Visit = &visit
	}
	return out
}

// commandID returns the id of a command: the one it brought, else its Idempotency-Key if that is an id, else one
// that follows from the key, else a new one.
func commandID(ctx context.Context, given *uuid.UUID) uuid.UUID {
	if given == nil {
		key, _ := ctx.Value(keyKey{}).(string)
		if id, err := uuid.Parse(key); err == nil && len(key) == 36 {
			return id
		}
	}
	return newID(ctx, given)
}

func visitOperations(a *API, rooms Rooms) {
	room := rooms.Work
	type query struct {
		Paging
		Date      string `query:"date" format:"date" doc:"Planned for that day, or unplanned and due on it" example:"2026-11-23"`
		State     string `query:"state" enum:"proposed,planned,promised,dispatched,travelling,on_site,done,failed,no_access,cancelled"`
		Resource  string `query:"resource_id" format:"uuid"`
		Account   string `query:"account_id" format:"uuid"`
		Unplanned bool   `query:"unplanned" doc:"Only those nobody is to make yet"`
		Q         string `query:"q" maxLength:"200" doc:"Words of the title, the account's name or the number" example:"boiler"`
	}
	Register(a, Operation{ID: "listVisits", Method: http.MethodGet, Path: "/visits", Tag: "visits", Summary: "Visits, the most urgent first"},
		crm.VisitRead, func(ctx context.Context, in *query) (*List[Visit], error) {
			resource, err := optionalID("resource_id", in.Resource)
			if err != nil {
				return nil, err
			}
			account, err := optionalID("account_id", in.Account)
			if err != nil {
				return nil, err
			}
			page, err := room.Visits(ctx, work.VisitQuery{Day: work.Day(in.Date), State: work.State(in.State), Resource: resource, Account: account,
				Unplanned: in.Unplanned, Text: in.Q, Cursor: in.Cursor, Limit: in.Limit})
			if err != nil {
				return nil, err
			}
			return paged(ctx, page, visitOut), nil
		})
	Register(a, Operation{ID: "addVisit", Method: http.MethodPost, Path: "/visits", Tag: "visits", Summary: "Add a visit", Status: http.StatusCreated},
		crm.VisitWrite, func(ctx context.Context, in *struct{ Body NewVisit }) (*One[Visit], error) {
			if err := in.Body.fillByType(ctx, rooms); err != nil {
				return nil, err
			}
			payload, err := json.Marshal(in.Body.fields())
			if err != nil {
				return nil, fmt.Errorf("encode visit: %w", err)
			}
			id := newID(ctx, in.Body.ID)
			verdict, err := room.Apply(ctx, work.Command{ID: commandID(ctx, nil), Kind: "add_visit", Visit: id, Payload: payload})
			if err != nil {
				return nil, renamed(err, map[string]string{"payload": ""})
			}
			if verdict.Visit == nil {
				return nil, crm.Conflictf("the visit cannot be added: %s", verdict.Message)
			}
			return oneAt(visitOut(*verdict.Visit), verdict.Visit.Version, "/visits/"+id.String()), nil
		})
	type getInput struct {
		ID
		Known
	}
	Register(a, Operation{ID: "getVisit", Method: http.MethodGet, Path: "/visits/{id}", Tag: "visits", Summary: "One visit"},
		crm.VisitRead, func(ctx context.Context, in *getInput) (*One[Visit], error) {
			visit, err := room.Visit(ctx, in.ID.ID)
			if err != nil {
				return nil, err
			}
			return unlessKnown(in.Known, one(visitOut(visit), visit.Version))
		})
	type timelineInput struct {
		ID
		Paging
	}
	Register(a, Operation{ID: "visitTimeline", Method: http.MethodGet, Path: "/visits/{id}/timeline", Tag: "visits", Summary: "What happened to a visit, newest first"},
		crm.VisitRead, func(ctx context.Context, in *timelineInput) (*List[Entry], error) {
			if _, err := room.Visit(ctx, in.ID.ID); err != nil { // a visit out of sight is none
				return nil, err
			}
			page, err := rooms.Store.Timeline(ctx, in.ID.ID, in.Cursor, in.Limit)
			if err != nil {
				return nil, err
			}
			return paged(ctx, page, entryOut), nil
		})
	type commandInput struct {
		ID
		Body Command
	}
	Register(a, Operation{ID: "commandVisit", Method: http.MethodPost, Path: "/visits/{id}/commands", Tag: "visits", Summary: "Do something with a visit",
		About: "The one way in which a visit changes. A conflict is an answer, not an error: the verdict tells what stood against it and how the visit is now."},
		crm.VisitRead, func(ctx context.Context, in *commandInput) (*struct{ Body Verdict }, error) {
			command := work.Command{ID: commandID(ctx, in.Body.ID), Kind: in.Body.Kind, Visit: in.ID.ID, BaseVersion: in.Body.BaseVersion, Payload: in.Body.Payload}
			if in.Body.DeviceTime != nil {
				command.DeviceTime = *in.Body.DeviceTime
			}
			if command.Kind == "add_visit" || command.Kind == "publish" {
				return nil, crm.Invalidf("kind", "is not for a visit that is there: %s", map[string]string{"add_visit": "POST /visits adds one", "publish": "plans publish"}[command.Kind])
			}
			verdict, err := room.Apply(ctx, command)
			if err != nil {
				return nil, err
			}
			return &struct{ Body Verdict }{verdictOut(verdict)}, nil
		})
}
