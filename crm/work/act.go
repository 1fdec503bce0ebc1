package work

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"catchment/crm"
)

var (
	open    = []State{Proposed, Planned, Promised, Dispatched}
	waiting = []State{Planned, Promised, Dispatched}
	onRoad  = []State{Planned, Promised, Dispatched, Travelling, OnSite}
)

// acts maps every kind of command to what it does. From the office: add_visit … cancel; from the road:
// acknowledge … add_note; by publishing: publish; undo takes the last one back.
var acts = map[string]act{
	"add_visit":       {crm.VisitWrite, "added", false, nil, addVisit},
	"change_visit":    {crm.VisitWrite, "changed", true, open, changeVisit},
	"assign":          {crm.VisitWrite, "assigned", true, open, assign},
	"unassign":        {crm.VisitWrite, "unassigned", true, waiting, unassign},
	"pin":             {crm.VisitWrite, "pinned", true, waiting, setPin(true)},
	"unpin":           {crm.VisitWrite, "unpinned", true, waiting, setPin(false)},
	"promise":         {crm.VisitWrite, "promised", true, waiting, promise},
	"cancel":          {crm.VisitWrite, "cancelled", true, []State{Proposed, Planned, Promised, Dispatched, Travelling, OnSite}, cancel},
	"acknowledge":     {crm.VisitWork, "acknowledged", false, onRoad, func(context.Context, pgx.Tx, *Work, *Visit, Command) error { return nil }},
	"start_travel":    {crm.VisitWork, "set_off", false, waiting, moveTo(Travelling)},
	"arrive":          {crm.VisitWork, "arrived", false, []State{Planned, Promised, Dispatched, Travelling}, moveTo(OnSite)},
	"start":           {crm.VisitWork, "started", false, []State{OnSite}, startWork},
	"complete":        {crm.VisitWork, "completed", false, onRoad, end(Done)},
	"cannot_complete": {crm.VisitWork, "failed", false, onRoad, end(Failed)},
	"no_access":       {crm.VisitWork, "no_access", false, onRoad, end(NoAccess)},
	"add_note":        {crm.VisitWork, "noted", false, nil, addNote},
	"publish":         {crm.PlanPublish, "published", true, open, publish},
}

// Undo asks for no right of its own but for that of the command it takes back.
func init() { acts["undo"] = act{crm.VisitRead, "undone", false, nil, undo} }

// read decodes a payload strictly: an unknown or mistyped field is Invalid and named.
func read(payload json.RawMessage, into any) error {
	if len(payload) == 0 {
		payload = json.RawMessage("{}")
	}
	decoder := json.NewDecoder(bytes.NewReader(payload))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	var mistyped *json.UnmarshalTypeError
	switch {
	case err == nil:
		if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
			return crm.Invalidf("payload", "holds more than one value")
		}
		return nil
	case errors.As(err, &mistyped):
		return crm.Invalidf(strings.TrimSuffix("payload."+mistyped.Field, "."), "should be %s", mistyped.Type)
	}
	if field, found := strings.CutPrefix(err.Error(), "json: unknown field "); found {
		return crm.Invalidf("payload."+strings.Trim(field, `"`), "is not known here")
	}
	return crm.Invalidf("payload", "%s", strings.TrimPrefix(err.Error(), "json: "))
}

// VisitFields are the fields of a visit people set: the payload of add_visit and, all optional, of change_visit.
type VisitFields struct {
	Kind            *string    `json:"kind,omitempty"`
	Title           *string    `json:"title,omitempty"`
	Note            *string    `json:"note,omitempty"`
	SiteID          *uuid.UUID `json:"site_id,omitempty"`
	DurationSeconds *int       `json:"duration_seconds,omitempty"`
	Priority        *int       `json:"priority,omitempty"`
	Skills          *[]string  `json:"skills,omitempty"`
	Windows         *[]Window  `json:"windows,omitempty"`
	Earliest        *Day       `json:"earliest,omitempty"`
	Latest          *Day       `json:"latest,omitempty"`
}

func (f VisitFields) onto(ctx context.Context, tx pgx.Tx, v *Visit) error {
	set(&v.Kind, f.Kind)
	set(&v.Title, f.Title)
	set(&v.Note, f.Note)
	set(&v.DurationSeconds, f.DurationSeconds)
	set(&v.Priority, f.Priority)
	set(&v.Skills, f.Skills)
	set(&v.Earliest, f.Earliest)
	set(&v.Latest, f.Latest)
	if f.Windows != nil {
		v.WindowStarts, v.WindowEnds = []time.Time{}, []time.Time{}
		windows := slices.Clone(*f.Windows)
		slices.SortFunc(windows, func(a, b Window) int { return a.Start.Compare(b.Start) })
		for _, w := range windows {
			v.WindowStarts, v.WindowEnds = append(v.WindowStarts, w.Start.UTC()), append(v.WindowEnds, w.End.UTC())
		}
	}
	v.Title = strings.TrimSpace(v.Title)
	switch {
	case v.Kind != "service" && v.Kind != "sales" && v.Kind != "campaign":
		return crm.Invalidf("payload.kind", "is none of service, sales, campaign")
	case v.Title == "" || len(v.Title) > 300:
		return crm.Invalidf("payload.title", "give a title of at most 300 letters")
	case len(v.Note) > 10_000:
		return crm.Invalidf("payload.note", "is longer than 10,000 letters")
	case v.DurationSeconds < 60 || v.DurationSeconds > 86_400:
		return crm.Invalidf("payload.duration_seconds", "lies outside 60..86400")
	case v.Priority < 0 || v.Priority > 100:
		return crm.Invalidf("payload.priority", "lies outside 0..100")
	case len(v.Skills) > 20:
		return crm.Invalidf("payload.skills", "are more than 20")
	case len(v.WindowStarts) > 8:
		return crm.Invalidf("payload.windows", "are more than 8")
	}
	if err := v.Earliest.Check("payload.earliest"); err != nil {
		return err
	}
	if err := v.Latest.Check("payload.latest"); err != nil {
		return err
	}
	if v.Latest < v.Earliest {
		return crm.Invalidf("payload.latest", "lies before the earliest day")
	}
	if err := checkWindows(v.WindowStarts, v.WindowEnds); err != nil {
		return err
	}
	if err := checkReachable(*v); err != nil {
		return err
	}
	if err := checkSkills(ctx, tx, v.Skills); err != nil {
		var e *crm.Error
		if errors.As(err, &e) && e.Kind == crm.Invalid {
			e.Field = "payload." + e.Field
		}
		return err
	}
	return nil
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

// checkWindows demands windows that end after they start and do not overlap; they are sorted by their start.
func checkWindows(starts, ends []time.Time) error {
	for i := range starts {
		field := fmt.Sprintf("payload.windows[%d]", i)
		switch {
		case starts[i].Year() < 2000 || starts[i].Year() > 2200:
			return crm.Invalidf(field+".start", "lies outside the years 2000 to 2200")
		case !ends[i].After(starts[i]):
			return crm.Invalidf(field+".end", "ends before it starts")
		case ends[i].Sub(starts[i]) > 31*24*time.Hour:
			return crm.Invalidf(field+".end", "is longer than 31 days")
		case i > 0 && starts[i].Before(ends[i-1]):
			return crm.Invalidf(field+".start", "overlaps the window before it")
		}
	}
	return nil
}

// checkReachable demands that a visit with windows has one on a day on which it may take place.
func checkReachable(v Visit) error {
	if len(v.WindowStarts) == 0 {
		return nil
	}
	first, err := v.Earliest.Time(v.Location(), 0)
	if err != nil {
		return err
	}
	behind, err := v.Latest.Add(1).Time(v.Location(), 0)
	if err != nil {
		return err
	}
	for i := range v.WindowStarts {
		if v.WindowStarts[i].Before(behind) && v.WindowEnds[i].After(first) {
			return nil
		}
	}
	return crm.Invalidf("payload.windows", "none lies between the earliest day %s and the latest %s", v.Earliest, v.Latest)
}

// daysOf returns the first and the last day windows touch, and false if one of them is none.
func daysOf(windows []Window, zone *time.Location) (first, last Day, sound bool) {
	for i, w := range windows {
		if w.Start.Year() < 2000 || w.Start.Year() > 2200 || !w.End.After(w.Start) {
			return "", "", false
		}
		if d := DayOf(w.Start, zone); i == 0 || d < first {
			first = d
		}
		if d := DayOf(w.End.Add(-1), zone); d > last {
			last = d
		}
	}
	return first, last, len(windows) > 0
}

func addVisit(ctx context.Context, tx pgx.Tx, w *Work, v *Visit, c Command) error {
	var f VisitFields
	if err := read(c.Payload, &f); err != nil {
		return err
	}
	if f.SiteID == nil {
		return crm.Invalidf("payload.site_id", "a visit needs a site")
	}
	// The account is held: were it handed over meanwhile, the visit would stay behind with the old owner.
	err := tx.QueryRow(ctx, `select s.id, s.account_id, a.owner_id, a.team_id, s.zone from customer.site s
		join customer.account a on a.id = s.account_id where s.id = $1 for share of a`, *f.SiteID).
		Scan(&v.SiteID, &v.AccountID, &v.OwnerID, &v.TeamID, &v.Zone)
	if errors.Is(err, pgx.ErrNoRows) {
		return crm.Invalidf("payload.site_id", "there is no such site")
	}
	if err != nil {
		return crm.DBError(err, "site")
	}
	v.State, v.Kind, v.DurationSeconds, v.Skills = Proposed, "service", 3600, []string{}
	v.WindowStarts, v.WindowEnds = []time.Time{}, []time.Time{}
	v.Earliest = DayOf(w.now(), v.Location())
	v.Latest = v.Earliest.Add(13)
	if f.Earliest != nil && f.Latest == nil {
		v.Latest = f.Earliest.Add(13)
	}
	if f.Earliest == nil && f.Latest == nil && f.Windows != nil {
		if first, last, sound := daysOf(*f.Windows, v.Location()); sound {
			v.Earliest, v.Latest = first, last
		}
	}
	return f.onto(ctx, tx, v)
}

func changeVisit(ctx context.Context, tx pgx.Tx, _ *Work, v *Visit, c Command) error {
	var f VisitFields
	if err := read(c.Payload, &f); err != nil {
		return err
	}
	if f.SiteID != nil && *f.SiteID != v.SiteID {
		return crm.Invalidf("payload.site_id", "a visit stays at its site: cancel it and add another")
	}
	if err := f.onto(ctx, tx, v); err != nil {
		return err
	}
	if v.StartAt != nil {
		end := v.StartAt.Add(time.Duration(v.DurationSeconds) * time.Second)
		v.EndAt = &end
	}
	return nil
}

func assign(ctx context.Context, tx pgx.Tx, _ *Work, v *Visit, c Command) error {
	var p struct {
		ResourceID uuid.UUID `json:"resource_id"`
		Start      time.Time `json:"start"`
		Override   bool      `json:"override"` // break a promise knowingly
	}
	if err := read(c.Payload, &p); err != nil {
		return err
	}
	if p.Start.Year() < 2000 || p.Start.Year() > 2200 {
		return crm.Invalidf("payload.start", "lies outside the years 2000 to 2200")
	}
	r, err := resourceByID(ctx, tx, p.ResourceID)
	if crm.KindOf(err) == crm.NotFound || (err == nil && !r.Active) {
		return crm.Invalidf("payload.resource_id", "there is no such resource")
	}
	if err != nil {
		return err
	}
	if v.PromiseStart != nil && !p.Override && (p.Start.Before(*v.PromiseStart) || p.Start.After(*v.PromiseEnd)) {
		return &refusal{"promise", "the customer was promised another time; move it with override to break the promise"}
	}
	place(v, r, p.Start.UTC())
	if v.State == Proposed || v.State == Dispatched { // on nobody's published route any more
		v.State = Planned
		if v.PromiseStart != nil {
			v.State = Promised
		}
	}
	v.ArriveAt, v.TravelSeconds, v.TravelMeters = nil, nil, nil
	return dropStops(ctx, tx, v.ID)
}

// place gives the visit a person and a time.
func place(v *Visit, r Resource, start time.Time) {
	end := start.Add(time.Duration(v.DurationSeconds) * time.Second)
	day := DayOf(start, r.Location())
	v.ResourceID, v.StartAt, v.EndAt, v.Day = &r.ID, &start, &end, &day
}

func unassign(ctx context.Context, tx pgx.Tx, _ *Work, v *Visit, c Command) error {
	var p struct {
		Override bool `json:"override"`
	}
	if err := read(c.Payload, &p); err != nil {
		return err
	}
	if v.PromiseStart != nil && !p.Override {
		return &refusal{"promise", "the customer was promised a time; unassign with override to break the promise"}
	}
	v.State, v.Pinned = Proposed, false
	v.ResourceID, v.Day, v.ArriveAt, v.StartAt, v.EndAt, v.TravelSeconds, v.TravelMeters = nil, nil, nil, nil, nil, nil, nil
	v.PromiseStart, v.PromiseEnd = nil, nil
	return dropStops(ctx, tx, v.ID)
}

func setPin(pinned bool) func(context.Context, pgx.Tx, *Work, *Visit, Command) error {
	return func(_ context.Context, _ pgx.Tx, _ *Work, v *Visit, _ Command) error {
		v.Pinned = pinned
		return nil
	}
}

func promise(_ context.Context, _ pgx.Tx, _ *Work, v *Visit, c Command) error {
	var p Window
	if err := read(c.Payload, &p); err != nil {
		return err
	}
	switch {
	case p.Start.Year() < 2000 || p.Start.Year() > 2200:
		return crm.Invalidf("payload.start", "lies outside the years 2000 to 2200")
	case !p.End.After(p.Start):
		return crm.Invalidf("payload.end", "ends before it starts")
	case p.End.Sub(p.Start) > 31*24*time.Hour:
		return crm.Invalidf("payload.end", "is longer than 31 days")
	case v.StartAt.Before(p.Start) || v.StartAt.After(p.End):
		return crm.Invalidf("payload.start", "the planned start lies outside this window")
	}
	start, end := p.Start.UTC(), p.End.UTC()
	v.PromiseStart, v.PromiseEnd = &start, &end
	if v.State == Planned {
		v.State = Promised
	}
	return nil
}

func cancel(ctx context.Context, tx pgx.Tx, w *Work, v *Visit, c Command) error {
	var p struct {
		Reason string `json:"reason"`
	}
	if err := read(c.Payload, &p); err != nil {
		return err
	}
	if len(p.Reason) > 2000 {
		return crm.Invalidf("payload.reason", "is longer than 2,000 letters")
	}
	now, kind := w.whenTrue(c).UTC(), "cancelled"
	v.State, v.OutcomeKind, v.OutcomeNote, v.OutcomeAt = Cancelled, &kind, p.Reason, &now
	return dropStops(ctx, tx, v.ID)
}

func moveTo(state State) func(context.Context, pgx.Tx, *Work, *Visit, Command) error {
	return func(ctx context.Context, tx pgx.Tx, w *Work, v *Visit, c Command) error {
		v.State = state
		return startRoute(ctx, tx, v)
	}
}

func startWork(_ context.Context, _ pgx.Tx, _ *Work, v *Visit, _ Command) error {
	if v.Started {
		return &refusal{"state", "work has begun already"}
	}
	v.Started = true
	return nil
}

func end(state State) func(context.Context, pgx.Tx, *Work, *Visit, Command) error {
	return func(ctx context.Context, tx pgx.Tx, w *Work, v *Visit, c Command) error {
		var p struct {
			Reason string `json:"reason"`
			Note   string `json:"note"`
		}
		if err := read(c.Payload, &p); err != nil {
			return err
		}
		if len(p.Note) > 10_000 || len(p.Reason) > 100 {
			return crm.Invalidf("payload.note", "is longer than 10,000 letters, or the reason than 100")
		}
		if state == Failed && strings.TrimSpace(p.Reason) == "" {
			return crm.Invalidf("payload.reason", "say why it cannot be completed")
		}
		at, kind := w.whenTrue(c).UTC(), string(state)
		if p.Reason != "" {
			kind = p.Reason
		}
		v.State, v.OutcomeKind, v.OutcomeNote, v.OutcomeAt = state, &kind, p.Note, &at
		return startRoute(ctx, tx, v)
	}
}

func addNote(_ context.Context, _ pgx.Tx, _ *Work, v *Visit, c Command) error {
	var p struct {
		Text string `json:"text"`
	}
	if err := read(c.Payload, &p); err != nil {
		return err
	}
	if p.Text = strings.TrimSpace(p.Text); p.Text == "" || len(p.Text) > 10_000 {
		return crm.Invalidf("payload.text", "give a note of at most 10,000 letters")
	}
	if len(v.Note)+len(p.Text) > 100_000 {
		return crm.Invalidf("payload.text", "the visit's notes are full")
	}
	v.Note = strings.TrimSpace(v.Note + "\n" + p.Text)
	return nil
}

// publish puts a visit on a published route; dispatch sends it, in the transaction that writes the route.
func publish(ctx context.Context, tx pgx.Tx, _ *Work, v *Visit, c Command) error {
	var p published
	if err := read(c.Payload, &p); err != nil {
		return err
	}
	r, err := resourceByID(ctx, tx, p.ResourceID)
	if err != nil {
		return err
	}
	if v.PromiseStart != nil && (p.Start.Before(*v.PromiseStart) || p.Start.After(*v.PromiseEnd)) {
		return &refusal{"promise", "the plan breaks a promise given to the customer"}
	}
	place(v, r, p.Start.UTC())
	arrive := p.Arrive.UTC()
	v.ArriveAt, v.TravelSeconds, v.TravelMeters, v.State = &arrive, &p.TravelSeconds, &p.TravelMeters, Dispatched
	return nil
}

// published is the payload of publish.
type published struct {
	ResourceID    uuid.UUID `json:"resource_id"`
	Arrive        time.Time `json:"arrive"`
	Start         time.Time `json:"start"`
	TravelSeconds int       `json:"travel_seconds"`
	TravelMeters  int       `json:"travel_meters"`
}

// onRoadEnd tells whether a visit in this state is still a stop of its route.
func onRoadEnd(s State) bool { return s == Done || s == Failed || s == NoAccess }

// undo takes the last command on the visit back. What happened in between, or was sent by somebody else, stays.
func undo(ctx context.Context, tx pgx.Tx, _ *Work, v *Visit, c Command) error {
	var p struct {
		Command uuid.UUID `json:"command"`
	}
	if err := read(c.Payload, &p); err != nil {
		return err
	}
	actor, _ := crm.ActorFrom(ctx)
	var kind string
	var version *int
	var by uuid.UUID
	var before *Visit
	err := tx.QueryRow(ctx, `select kind, version, actor, before from work.command where id = $1 and visit_id = $2 and verdict = 'applied'`,
		p.Command, c.Visit).Scan(&kind, &version, &by, &before)
	if errors.Is(err, pgx.ErrNoRows) || (err == nil && (before == nil || kind == "publish" || kind == "undo")) {
		return crm.Invalidf("payload.command", "there is no such command on this visit that can be undone")
	}
	if err != nil {
		return crm.DBError(err, "command")
	}
	if !actor.May(acts[kind].right) {
		return &crm.Error{Kind: crm.Forbidden, Message: "your role may not do this"}
	}
	if by != actor.ID || version == nil || *version != v.Version {
		return &refusal{"stale", "something else happened to this visit since: it can no longer be undone"}
	}
	current := *v
	*v = *before
	v.ID, v.No, v.Version = current.ID, current.No, current.Version
	if v.State == Dispatched && current.State != Dispatched && !current.State.UnderWay() && !onRoadEnd(current.State) {
		v.State = Planned // its stop on the published route is gone
	}
	return nil
}
