package work

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"catchment/crm"
)

// Shift is a stretch of a day in which a resource works. It belongs to the local day of the base on which it
// starts and may cross midnight.
type Shift struct {
	ID         uuid.UUID
	ResourceID uuid.UUID
	Day        Day
	Starts     time.Time
	Ends       time.Time
	Breaks     []Break
}

// Break is a pause of Seconds that must begin and end within its bounds.
type Break struct {
	Start   time.Time `json:"start"`
	End     time.Time `json:"end"`
	Seconds int       `json:"seconds"`
}

// NewShift is a shift to add: wall times at the resource's base.
type NewShift struct {
	Day    Day
	Start  time.Duration // since midnight
	End    time.Duration // since midnight of the same day; beyond 24 hours for the next
	Breaks []NewBreak
}

// NewBreak is a pause of Length between Earliest and Latest, since midnight.
type NewBreak struct{ Earliest, Latest, Length time.Duration }

// AddShifts adds shifts to a resource; one that is there already stays as it is.
func (w *Work) AddShifts(ctx context.Context, resource uuid.UUID, shifts []NewShift) ([]Shift, error) {
	if _, err := crm.Require(ctx, crm.ResourceWrite); err != nil {
		return nil, err
	}
	if len(shifts) == 0 || len(shifts) > 400 {
		return nil, crm.Invalidf("shifts", "give between 1 and 400 shifts")
	}
	var out []Shift
	err := w.Store.Write(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select from work.resource where id = $1 for update`, resource); err != nil {
			return crm.DBError(err, "resource")
		}
		r, err := resourceByID(ctx, tx, resource)
		if err != nil {
			return err
		}
		wanted := make([]Shift, len(shifts))
		for i, n := range shifts {
			if wanted[i], err = n.at(r, fmt.Sprintf("shifts[%d]", i)); err != nil {
				return err
			}
		}
		var added int
		if out, added, err = insertShifts(ctx, tx, r, wanted); err != nil || added == 0 {
			return err
		}
		changes := crm.Changes{}
		changes.Set("shifts", nil, added)
		return crm.Append(ctx, tx, crm.Event{Verb: "rostered", Kind: "resource", ID: resource, Changes: changes})
	})
	return out, err
}

// insertShifts adds the shifts that are not there yet, and returns them all as they are now and how many are new.
// Shifts of one resource never overlap.
func insertShifts(ctx context.Context, tx pgx.Tx, r Resource, wanted []Shift) ([]Shift, int, error) {
	var ids []uuid.UUID
	var days, breaks []string
	var starts, ends []time.Time
	for _, s := range wanted {
		text, err := json.Marshal(s.Breaks)
		if err != nil {
			return nil, 0, err
		}
		ids, days, breaks = append(ids, s.ID), append(days, string(s.Day)), append(breaks, string(text))
		starts, ends = append(starts, s.Starts), append(ends, s.Ends)
	}
	tag, err := tx.Exec(ctx, `
		insert into work.shift (id, resource_id, day, starts, ends, zone, breaks)
		select n.id, $1, n.day::date, n.starts, n.ends, $2, n.breaks::jsonb
		from unnest($3::uuid[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::text[]) as n(id, day, starts, ends, breaks)
		on conflict (resource_id, day, starts) do nothing`, r.ID, r.Zone, ids, days, starts, ends, breaks)
	if err != nil {
		return nil, 0, crm.DBError(err, "shift")
	}
	var overlaps *string
	err = tx.QueryRow(ctx, `
		select min(b.day)::text from work.shift a join work.shift b on b.resource_id = a.resource_id and b.id <> a.id
		  and b.starts >= a.starts and b.starts < a.ends
		where a.resource_id = $1 and (a.id = any ($2) or b.id = any ($2))`, r.ID, ids).Scan(&overlaps)
	if err != nil {
		return nil, 0, crm.DBError(err, "shift")
	}
	if overlaps != nil {
		return nil, 0, crm.Conflictf("two shifts of %s on %s overlap", r.Name, *overlaps)
	}
	rows, _ := tx.Query(ctx, `
		select s.id, s.resource_id, s.day::text as day, s.starts, s.ends, s.breaks
		from unnest($2::text[], $3::timestamptz[]) with ordinality as n(day, starts, nth)
		join work.shift s on s.resource_id = $1 and s.day = n.day::date and s.starts = n.starts
		order by n.nth`, r.ID, days, starts)
	out, err := pgx.CollectRows(rows, pgx.RowToStructByName[Shift])
	return out, int(tag.RowsAffected()), crm.DBError(err, "shift")
}

func (n NewShift) at(r Resource, path string) (Shift, error) {
	if err := n.Day.Check(path + ".day"); err != nil {
		return Shift{}, err
	}
	if n.Start < 0 || n.Start >= 24*time.Hour {
		return Shift{}, crm.Invalidf(path+".start", "lies outside the day")
	}
	if n.End <= n.Start {
		return Shift{}, crm.Invalidf(path+".end", "ends before it starts")
	}
	if n.End > n.Start+20*time.Hour {
		return Shift{}, crm.Invalidf(path+".end", "is longer than 20 hours")
	}
	zone := r.Location()
	s := Shift{ID: uuid.Must(uuid.NewV7()), ResourceID: r.ID, Day: n.Day, Breaks: []Break{}}
	var err error
	if s.Starts, err = n.Day.Time(zone, n.Start); err != nil {
		return Shift{}, err
	}
	if s.Ends, err = n.Day.Time(zone, n.End); err != nil {
		return Shift{}, err
	}
	if !s.Ends.After(s.Starts) { // an hour that is skipped in spring
		return Shift{}, crm.Invalidf(path+".end", "ends before it starts")
	}
	for k, b := range n.Breaks {
		if b.Earliest < n.Start || b.Latest > n.End || b.Latest-b.Earliest < b.Length || b.Length < time.Minute {
			return Shift{}, crm.Invalidf(fmt.Sprintf("%s.breaks[%d]", path, k), "does not fit within its bounds and the shift")
		}
		start, _ := n.Day.Time(zone, b.Earliest)
		end, _ := n.Day.Time(zone, b.Latest)
		if end.Sub(start) < b.Length {
			return Shift{}, crm.Invalidf(fmt.Sprintf("%s.breaks[%d]", path, k), "does not fit within its bounds and the shift")
		}
		s.Breaks = append(s.Breaks, Break{Start: start, End: end, Seconds: int(b.Length / time.Second)})
	}
	return s, nil
}

// Roster returns the shifts of all resources the actor may see on the days from first to last, what absences
// leave of them.
func (w *Work) Roster(ctx context.Context, first, last Day) ([]Shift, error) {
	if _, err := crm.Require(ctx, crm.ResourceRead); err != nil {
		return nil, err
	}
	if err := first.Check("from"); err != nil {
		return nil, err
	}
	if err := last.Check("to"); err != nil {
		return nil, err
	}
	var shifts []Shift
	err := w.Store.Read(ctx, func(tx pgx.Tx) error {
		var err error
		shifts, err = roster(ctx, tx, first, last)
		return err
	})
	return shifts, err
}

func roster(ctx context.Context, tx pgx.Tx, first, last Day) ([]Shift, error) {
	rows, _ := tx.Query(ctx, `select id, resource_id, day::text as day, starts, ends, breaks from work.shift
		where day between $1::date and $2::date order by resource_id, starts`, string(first), string(last))
	shifts, err := pgx.CollectRows(rows, pgx.RowToStructByName[Shift])
	if err != nil {
		return nil, crm.DBError(err, "shift")
	}
	rows, _ = tx.Query(ctx, `select id, resource_id, starts, ends, reason from work.absence
		where ends > $1::date - 1 and starts < $2::date + 3 order by resource_id, starts`, string(first), string(last))
	absences, err := pgx.CollectRows(rows, pgx.RowToStructByName[Absence])
	if err != nil {
		return nil, crm.DBError(err, "absence")
	}
	return withoutAbsences(shifts, absences), nil
}

// Absence is a stretch in which a resource does not work, whatever its shifts say.
type Absence struct {
	ID         uuid.UUID
	ResourceID uuid.UUID
	Starts     time.Time
	Ends       time.Time
	Reason     string
}

// withoutAbsences cuts absences out of shifts; a shift cut in the middle becomes two. A break stays in the first
// part that has room for it within its bounds.
func withoutAbsences(shifts []Shift, absences []Absence) []Shift {
	out := []Shift{}
	for _, s := range shifts {
		rest := []Shift{s}
		for _, a := range absences {
			if a.ResourceID != s.ResourceID {
				continue
			}
			var next []Shift
			for _, r := range rest {
				if !a.Starts.Before(r.Ends) || !a.Ends.After(r.Starts) {
					next = append(next, r)
					continue
				}
				if a.Starts.After(r.Starts) {
					before := r
					before.Ends = a.Starts
					next = append(next, before)
				}
				if a.Ends.Before(r.Ends) {
					after := r
					after.Starts = a.Ends
					next = append(next, after)
				}
			}
			rest = next
		}
		left := s.Breaks
		for _, r := range rest {
			r.Breaks, left = breaksWithin(r, left)
			out = append(out, r)
		}
	}
	return out
}

// breaksWithin returns the breaks that fit into the shift, their bounds cut to it, and those that do not.
func breaksWithin(s Shift, breaks []Break) (within, without []Break) {
	within = []Break{}
	for _, b := range breaks {
		cut := b
		if cut.Start.Before(s.Starts) {
			cut.Start = s.Starts
		}
		if cut.End.After(s.Ends) {
			cut.End = s.Ends
		}
		if cut.End.Sub(cut.Start) >= time.Duration(b.Seconds)*time.Second {
			within = append(within, cut)
		} else {
			without = append(without, b)
		}
	}
	return within, without
}

// AddAbsence takes a resource out of the plans from start to end.
func (w *Work) AddAbsence(ctx context.Context, resource uuid.UUID, window Window, reason string) (Absence, error) {
	if _, err := crm.Require(ctx, crm.ResourceWrite); err != nil {
		return Absence{}, err
	}
	if !window.End.After(window.Start) {
		return Absence{}, crm.Invalidf("end", "ends before it starts")
	}
	a := Absence{ID: uuid.Must(uuid.NewV7()), ResourceID: resource, Starts: window.Start, Ends: window.End, Reason: reason}
	err := w.Store.Write(ctx, func(tx pgx.Tx) error {
		if _, err := resourceByID(ctx, tx, resource); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `insert into work.absence (id, resource_id, starts, ends, reason) values ($1, $2, $3, $4, $5)`,
			a.ID, resource, a.Starts, a.Ends, a.Reason)
		if err != nil {
			return crm.DBError(err, "absence")
		}
		changes := crm.Changes{}
		changes.Set("absence", nil, window)
		return crm.Append(ctx, tx, crm.Event{Verb: "absent", Kind: "resource", ID: resource, Changes: changes})
	})
	return a, err
}
