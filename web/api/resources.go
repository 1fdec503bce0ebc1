package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/crm/work"
)

// Resource is who can be planned: a technician, a rep, a crew.
type Resource struct {
	ID       uuid.UUID  `json:"id" format:"uuid"`
	Name     string     `json:"name" example:"Tom Frick"`
	Initials string     `json:"initials" example:"TF"`
	Colour   int        `json:"colour" minimum:"0" maximum:"9" doc:"One of ten, the same everywhere"`
	Kind     string     `json:"kind" enum:"technician,rep,crew"`
	StaffID  *uuid.UUID `json:"staff_id" nullable:"true" format:"uuid"`
	TeamID   *uuid.UUID `json:"team_id" nullable:"true" format:"uuid"`
	Profile  string     `json:"profile" enum:"car,van,bike,foot" doc:"How it travels"`
	Skills   []string   `json:"skills" nullable:"false" example:"[\"gas\"]"`
	Base     Base       `json:"base"`
	Shifts   []Shift    `json:"shifts" nullable:"false" doc:"Of the day asked for; none without a day"`
	Absent   bool       `json:"absent" doc:"Has no shift left on the day asked for"`
	Active   bool       `json:"active"`
	Version  int        `json:"version"`
}

// Base is where a resource's day starts and ends.
type Base struct {
	Label string `json:"label" example:"Depot Schaan"`
	Point Point  `json:"point" example:"[9.5085,47.1652]"`
}

// Shift is a stretch of a day in which a resource works.
type Shift struct {
	ID     uuid.UUID    `json:"id" format:"uuid"`
	Start  time.Time    `json:"start"`
	End    time.Time    `json:"end"`
	Breaks []ShiftBreak `json:"breaks" nullable:"false"`
}

// ShiftBreak is a pause of a length somewhere within its bounds.
type ShiftBreak struct {
	Start   time.Time `json:"start" doc:"Not before"`
	End     time.Time `json:"end" doc:"Over by"`
	Seconds int       `json:"seconds"`
}

func shiftOut(s work.Shift) Shift {
	out := Shift{s.ID, s.Starts.UTC(), s.Ends.UTC(), make([]ShiftBreak, 0, len(s.Breaks))}
	for _, b := range s.Breaks {
		out.Breaks = append(out.Breaks, ShiftBreak{b.Start.UTC(), b.End.UTC(), b.Seconds})
	}
	return out
}

func resourceOut(r work.Resource, shifts []work.Shift) Resource {
	out := Resource{ID: r.ID, Name: r.Name, Initials: r.Initials, Colour: r.Colour, Kind: r.Kind, StaffID: r.StaffID, TeamID: r.TeamID,
		Profile: r.Profile, Skills: r.Skills, Base: Base{r.BaseLabel, point(r.BasePoint)}, Shifts: []Shift{}, Active: r.Active, Version: r.Version}
	if out.Skills == nil {
		out.Skills = []string{}
	}
	for _, s := range shifts {
		if s.ResourceID == r.ID {
			out.Shifts = append(out.Shifts, shiftOut(s))
		}
	}
	return out
}

// resourcesOn returns the resources with their shifts of a day; without a day they have none.
func resourcesOn(ctx context.Context, rooms Rooms, day work.Day) ([]Resource, error) {
	resources, err := rooms.Work.Resources(ctx)
	if err != nil {
		return nil, err
	}
	var shifts []work.Shift
	if day != "" {
		if shifts, err = rooms.Work.Roster(ctx, day, day); err != nil {
			return nil, err
		}
	}
	out := make([]Resource, 0, len(resources))
	for _, r := range resources {
		with := resourceOut(r, shifts)
		with.Absent = day != "" && len(with.Shifts) == 0
		out = append(out, with)
	}
	return out, nil
}

// NewResource is a resource to add.
type NewResource struct {
	ID      *uuid.UUID `json:"id,omitempty" format:"uuid"`
	Name    string     `json:"name" minLength:"1" maxLength:"200" example:"Tom Frick"`
	Kind    string     `json:"kind" enum:"technician,rep,crew"`
	StaffID *uuid.UUID `json:"staff_id,omitempty" format:"uuid"`
	TeamID  *uuid.UUID `json:"team_id,omitempty" format:"uuid"`
	Profile string     `json:"profile,omitempty" enum:"car,van,bike,foot" default:"car"`
	Skills  []string   `json:"skills,omitempty" maxItems:"100" maxLength:"40" example:"[\"gas\"]"`
	Base    NewBase    `json:"base"`
	Colour  *int       `json:"colour,omitempty" minimum:"0" maximum:"9"`
}

// NewBase is where a resource's day is to start and end.
type NewBase struct {
	Label string `json:"label,omitempty" maxLength:"300" example:"Depot Schaan"`
	Point Point  `json:"point" example:"[9.5085,47.1652]"`
}

// ResourceChange names what to change of a resource; what is left out stays.
type ResourceChange struct {
	Name   *string    `json:"name,omitempty" minLength:"1" maxLength:"200"`
	TeamID *uuid.UUID `json:"team_id,omitempty" format:"uuid"`
	Skills *[]string  `json:"skills,omitempty" maxItems:"100" maxLength:"40" example:"[\"gas\",\"heat_pump\"]"`
	Base   *NewBase   `json:"base,omitempty"`
	Active *bool      `json:"active,omitempty"`
}

// NewShift is a shift to add, in wall time at the resource's base.
type NewShift struct {
	Date   string     `json:"date" format:"date" example:"2026-11-23"`
	Start  string     `json:"start" pattern:"^[0-2][0-9]:[0-5][0-9]$" doc:"Wall time" example:"07:30"`
	End    string     `json:"end" pattern:"^[0-4][0-9]:[0-5][0-9]$" doc:"Wall time; beyond 24:00 for the day after" example:"16:30"`
	Breaks []NewBreak `json:"breaks,omitempty" maxItems:"10"`
}

// NewBreak is a pause of a length somewhere within its bounds, in wall time.
type NewBreak struct {
	Start   string `json:"start" pattern:"^[0-4][0-9]:[0-5][0-9]$" doc:"Not before" example:"11:30"`
	End     string `json:"end" pattern:"^[0-4][0-9]:[0-5][0-9]$" doc:"Over by" example:"13:30"`
	Seconds int    `json:"seconds" minimum:"60" maximum:"28800" example:"1800"`
}

// NewAbsence takes a resource out of the plans for a while.
type NewAbsence struct {
	From   time.Time `json:"from" example:"2026-11-23T06:00:00Z"`
	To     time.Time `json:"to" example:"2026-11-24T17:00:00Z"`
	Reason string    `json:"reason,omitempty" maxLength:"500" example:"Training"`
}

// Absence is a stretch in which a resource does not work.
type Absence struct {
	ID     uuid.UUID `json:"id" format:"uuid"`
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Reason string    `json:"reason"`
}

// wallTime reads "07:30"; hours may go beyond 24 for the day after.
func wallTime(text string) time.Duration {
	hours, minutes, _ := strings.Cut(text, ":") // the schema has seen to the form
	h, _ := strconv.Atoi(hours)
	m, _ := strconv.Atoi(minutes)
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute
}

func (n NewShift) in() work.NewShift {
	out := work.NewShift{Day: work.Day(n.Date), Start: wallTime(n.Start), End: wallTime(n.End)}
	for _, b := range n.Breaks {
		out.Breaks = append(out.Breaks, work.NewBreak{Earliest: wallTime(b.Start), Latest: wallTime(b.End), Length: time.Duration(b.Seconds) * time.Second})
	}
	return out
}

func resourceOperations(a *API, rooms Rooms) {
	room := rooms.Work
	type query struct {
		WholePaging
		Date string `query:"date" format:"date" doc:"The day whose shifts to tell" example:"2026-11-23"`
	}
	Register(a, Operation{ID: "listResources", Method: http.MethodGet, Path: "/resources", Tag: "resources", Summary: "Who can be planned"},
		crm.ResourceRead, func(ctx context.Context, in *query) (*List[Resource], error) {
			if in.Date != "" {
				if err := work.Day(in.Date).Check("query.date"); err != nil {
					return nil, err
				}
			}
			resources, err := resourcesOn(ctx, rooms, work.Day(in.Date))
			if err != nil {
				return nil, err
			}
			return whole(ctx, in.WholePaging, resources, func(r Resource) Resource { return r })
		})
	Register(a, Operation{ID: "addResource", Method: http.MethodPost, Path: "/resources", Tag: "resources", Summary: "Add somebody who can be planned", Status: http.StatusCreated},
		crm.ResourceWrite, func(ctx context.Context, in *struct{ Body NewResource }) (*One[Resource], error) {
			b := in.Body
			id := newID(ctx, b.ID)
			resource, err := room.AddResource(ctx, work.NewResource{ID: id, Name: b.Name, Kind: b.Kind, StaffID: b.StaffID, TeamID: b.TeamID,
				Profile: b.Profile, Skills: b.Skills, BaseLabel: b.Base.Label, BasePoint: orb.Point(b.Base.Point), Colour: b.Colour})
			if err != nil {
				resource, err = again(ctx, b.ID, err, func() (work.Resource, error) { return room.Resource(ctx, id) })
			}
			if err != nil {
				return nil, inBase(err)
			}
			return oneAt(resourceOut(resource, nil), resource.Version, "/resources/"+resource.ID.String()), nil
		})
	type getInput struct {
		ID
		Known
	}
	Register(a, Operation{ID: "getResource", Method: http.MethodGet, Path: "/resources/{id}", Tag: "resources", Summary: "One resource"},
		crm.ResourceRead, func(ctx context.Context, in *getInput) (*One[Resource], error) {
			resource, err := room.Resource(ctx, in.ID.ID)
			if err != nil {
				return nil, err
			}
			return unlessKnown(in.Known, one(resourceOut(resource, nil), resource.Version))
		})
	type changeInput struct {
		ID
		Match
		Body ResourceChange
	}
	Register(a, Operation{ID: "changeResource", Method: http.MethodPatch, Path: "/resources/{id}", Tag: "resources", Summary: "Change a resource", Versioned: true},
		crm.ResourceWrite, func(ctx context.Context, in *changeInput) (*One[Resource], error) {
			version, err := in.version()
			if err != nil {
				return nil, err
			}
			b := in.Body
			change := work.ResourceChange{Name: b.Name, Skills: b.Skills, Active: b.Active, TeamID: b.TeamID}
			if b.Base != nil {
				change.BaseLabel, change.BasePoint = &b.Base.Label, (*orb.Point)(&b.Base.Point)
			}
			resource, err := room.ChangeResource(ctx, in.ID.ID, version, change)
			if err != nil {
				return nil, inBase(err)
			}
			return one(resourceOut(resource, nil), resource.Version), nil
		})
	type shiftInput struct {
		ID
		Body NewShift
	}
	Register(a, Operation{ID: "addShift", Method: http.MethodPost, Path: "/resources/{id}/shifts", Tag: "resources", Summary: "Add a shift",
		About: "A shift that is there already stays as it is.", Status: http.StatusCreated},
		crm.ResourceWrite, func(ctx context.Context, in *shiftInput) (*struct{ Body Shift }, error) {
			shifts, err := room.AddShifts(ctx, in.ID.ID, []work.NewShift{in.Body.in()})
			if err != nil {
				return nil, renamed(err, map[string]string{"shifts[0].day": "date", "shifts[0]": ""})
			}
			return &struct{ Body Shift }{shiftOut(shifts[0])}, nil
		})
	type absenceInput struct {
		ID
		Body NewAbsence
	}
	Register(a, Operation{ID: "addAbsence", Method: http.MethodPost, Path: "/resources/{id}/absences", Tag: "resources", Summary: "Take a resource out of the plans for a while", Status: http.StatusCreated},
		crm.ResourceWrite, func(ctx context.Context, in *absenceInput) (*struct{ Body Absence }, error) {
			b := in.Body
			if err := checkInstant("from", b.From); err != nil {
				return nil, err
			}
			if err := checkInstant("to", b.To); err != nil {
				return nil, err
			}
			absence, err := room.AddAbsence(ctx, in.ID.ID, work.Window{Start: b.From, End: b.To}, b.Reason)
			if err != nil {
				return nil, renamed(err, map[string]string{"start": "from", "end": "to"})
			}
			return &struct{ Body Absence }{Absence{absence.ID, absence.Starts.UTC(), absence.Ends.UTC(), absence.Reason}}, nil
		})
}

// inBase names the place where the request has it.
func inBase(err error) error { return renamed(err, map[string]string{"base_point": "base.point"}) }

// renamed gives the field of an error the name it has in the request: the longest beginning that is known is
// replaced.
func renamed(err error, names map[string]string) error {
	known, ok := err.(*crm.Error)
	if !ok {
		return err
	}
	longest := ""
	for from := range names {
		if strings.HasPrefix(known.Field, from) && len(from) > len(longest) {
			longest = from
		}
	}
	if longest == "" {
		return err
	}
	out := *known
	out.Field = strings.TrimPrefix(names[longest]+strings.TrimPrefix(known.Field, longest), ".")
	return &out
}

// checkInstant refuses instants far outside of what is planned: most likely another unit, or a typing mistake.
func checkInstant(field string, t time.Time) error {
	if t.Year() < 2000 || t.Year() > 2200 {
		return crm.Invalidf(field, "lies outside the years 2000 to 2200")
	}
	return nil
}
