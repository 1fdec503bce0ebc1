package work

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/crm/customer"
)

// State tells how far a visit has come.
type State string

// States of a visit.
const (
	Proposed   State = "proposed"   // to be planned
	Planned    State = "planned"    // has a person and a time
	Promised   State = "promised"   // the customer was told a window
	Dispatched State = "dispatched" // on the person's published route
	Travelling State = "travelling"
	OnSite     State = "on_site"
	Done       State = "done"
	Failed     State = "failed"
	NoAccess   State = "no_access"
	Cancelled  State = "cancelled"
)

// Ended tells whether nothing more is to happen to a visit in this state.
func (s State) Ended() bool {
	return s == Done || s == Failed || s == NoAccess || s == Cancelled
}

// UnderWay tells whether a person is travelling to it or at work.
func (s State) UnderWay() bool { return s == Travelling || s == OnSite }

// Visit is any stop somebody is to make: service, sales or campaign.
type Visit struct {
	ID              uuid.UUID
	No              int64
	Number          string // "V-000123"
	Kind            string // "service", "sales", "campaign"
	State           State
	Started         bool // work on site has begun
	Title           string
	Note            string
	AccountID       uuid.UUID
	AccountName     string
	SiteID          uuid.UUID
	SiteNo          int64
	SiteName        string
	Street          string
	HouseNumber     string
	Postcode        string
	City            string
	Point           orb.Point
	AccessNote      string
	ContactName     string
	ContactPhone    string
	OwnerID         *uuid.UUID
	TeamID          *uuid.UUID
	DurationSeconds int
	Priority        int // 0 to 100
	Skills          []string
	WindowStarts    []time.Time
	WindowEnds      []time.Time
	Earliest        Day // first and last day on which it may take place
	Latest          Day
	Zone            string
	ResourceID      *uuid.UUID
	Day             *Day
	ArriveAt        *time.Time
	StartAt         *time.Time
	EndAt           *time.Time
	TravelSeconds   *int
	TravelMeters    *int
	PromiseStart    *time.Time
	PromiseEnd      *time.Time
	Pinned          bool
	OutcomeKind     *string
	OutcomeNote     string
	OutcomeAt       *time.Time
	Version         int
	CreatedAt       time.Time
	UpdatedAt       time.Time
}

// Windows returns the stretches within which the visit must start; none means any time on its days.
func (v Visit) Windows() []Window {
	out := make([]Window, len(v.WindowStarts))
	for i := range out {
		out[i] = Window{v.WindowStarts[i], v.WindowEnds[i]}
	}
	return out
}

// Label returns the address of the visit's site on one line.
func (v Visit) Label() string {
	return customer.Address(v.SiteName, v.Street, v.HouseNumber, v.Postcode, v.City)
}

// Location returns the time zone of the visit's site.
func (v Visit) Location() *time.Location {
	zone, err := time.LoadLocation(v.Zone)
	if err != nil {
		return time.UTC
	}
	return zone
}

const visitColumns = `
	select v.id, v.no, v.number, v.kind, v.state, v.started, v.title, v.note, v.account_id, coalesce(a.name, '') as account_name,
	       v.site_id, s.no as site_no, s.name as site_name, s.street, s.house_number, s.postcode, s.city, s.point, s.access_note,
	       s.contact_name, s.contact_phone, v.owner_id, v.team_id, v.duration_seconds, v.priority, v.skills, v.window_starts, v.window_ends,
	       v.earliest::text as earliest, v.latest::text as latest, v.zone, v.resource_id, v.day::text as day, v.arrive_at, v.start_at, v.end_at,
	       v.travel_seconds, v.travel_meters, v.promise_start, v.promise_end, v.pinned, v.outcome_kind, v.outcome_note, v.outcome_at,
	       v.version, v.created_at, v.updated_at
	from work.visit v join customer.site s on s.id = v.site_id join customer.account a on a.id = v.account_id `

func visitByID(ctx context.Context, tx pgx.Tx, id uuid.UUID) (Visit, error) {
	rows, _ := tx.Query(ctx, visitColumns+`where v.id = $1`, id)
	v, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Visit])
	return v, crm.DBError(err, "visit")
}

// Visit returns one visit.
func (w *Work) Visit(ctx context.Context, id uuid.UUID) (Visit, error) {
	if _, err := crm.Require(ctx, crm.VisitRead); err != nil {
		return Visit{}, err
	}
	var out Visit
	err := w.Store.Read(ctx, func(tx pgx.Tx) error {
		var err error
		out, err = visitByID(ctx, tx, id)
		return err
	})
	return out, err
}

// VisitQuery asks for visits. Empty fields ask for all.
type VisitQuery struct {
	Day       Day // planned for that day, or unplanned and due on it
	State     State
	Resource  *uuid.UUID
	Account   *uuid.UUID
	Unplanned bool
	Text      string // words of the title, the account's name or the number
	Cursor    string
	Limit     int
}

// visitKey is the sort key of the list of visits: by latest day, then age.
type visitKey struct {
	Latest Day
	No     int64
}

// Visits returns the visits the actor may see, the most urgent first.
func (w *Work) Visits(ctx context.Context, q VisitQuery) (crm.Page[Visit], error) {
	if _, err := crm.Require(ctx, crm.VisitRead); err != nil {
		return crm.Page[Visit]{}, err
	}
	if q.Day != "" {
		if err := q.Day.Check("date"); err != nil {
			return crm.Page[Visit]{}, err
		}
	}
	key := visitKey{Latest: "2000-01-01"}
	if _, err := crm.DecodeCursor(q.Cursor, &key); err != nil {
		return crm.Page[Visit]{}, err
	}
	if err := key.Latest.Check("cursor"); err != nil {
		return crm.Page[Visit]{}, err
	}
	size := crm.PageSize(q.Limit)
	var visits []Visit
	err := w.Store.Read(ctx, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, visitColumns+`
			where (v.latest, v.no) > ($1::date, $2)
			  and ($3 = '' or v.day = nullif($3, '')::date
			       or (v.resource_id is null and v.state = 'proposed' and nullif($3, '')::date between v.earliest and v.latest))
			  and ($4 = '' or v.state = $4) and ($5::uuid is null or v.resource_id = $5) and ($6::uuid is null or v.account_id = $6)
			  and (not $7 or (v.resource_id is null and v.state = 'proposed'))
			  and ($8 = '' or v.title ilike $9 or v.number ilike $9 or a.search ilike $8)
			order by v.latest, v.no limit $10`,
			string(key.Latest), key.No, string(q.Day), string(q.State), q.Resource, q.Account, q.Unplanned, likeFolded(q.Text), likeTyped(q.Text), size+1)
		var err error
		visits, err = pgx.CollectRows(rows, pgx.RowToStructByName[Visit])
		return crm.DBError(err, "visit")
	})
	return crm.Cut(visits, size, func(v Visit) any { return visitKey{v.Latest, v.No} }), err
}

// likeTyped matches texts that hold the text as typed, likeFolded those that are stored folded for searching.
func likeTyped(text string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`, "\x00", "").Replace(strings.TrimSpace(text)) + "%"
}

func likeFolded(text string) string {
	folded := crm.SearchText(text)
	if folded == "" {
		return ""
	}
	return "%" + folded + "%"
}

// DayVisits returns every visit of the days from first to last the actor may see: planned on one of them, or
// unplanned and due. It is what the board shows and the planner plans.
func (w *Work) DayVisits(ctx context.Context, first, last Day) ([]Visit, error) {
	if _, err := crm.Require(ctx, crm.VisitRead); err != nil {
		return nil, err
	}
	if err := first.Check("date"); err != nil {
		return nil, err
	}
	if err := last.Check("date"); err != nil {
		return nil, err
	}
	var visits []Visit
	err := w.Store.Read(ctx, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, visitColumns+`
			where v.day between $1::date and $2::date and v.state <> 'cancelled'
			union all `+visitColumns+`
			where v.resource_id is null and v.state = 'proposed' and v.earliest <= $2::date and v.latest >= $1::date
			order by no`, string(first), string(last))
		var err error
		visits, err = pgx.CollectRows(rows, pgx.RowToStructByName[Visit])
		return crm.DBError(err, "visit")
	})
	return visits, err
}
