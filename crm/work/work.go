// Package work knows who can be planned (resources, their skills, shifts and absences), what there is to do
// (visits) and what became of it.
//
// A visit changes only through commands (Apply, Sync): from the board, the phone, the API, publishing and undo
// alike. Every command ever decided is kept with its verdict, so that a retry gets the same answer.
package work

import (
	"time"

	"catchment/crm"
)

// Work is the room of resources and visits.
type Work struct{ Store *crm.Store }

func (w *Work) now() time.Time { return w.Store.Now() }

// Day is a calendar day without a zone, such as "2026-11-23".
type Day string

// DayOf returns the calendar day of an instant in a zone.
func DayOf(t time.Time, zone *time.Location) Day { return Day(t.In(zone).Format(time.DateOnly)) }

// Time returns the instant at which the day reaches the given time of day in a zone.
func (d Day) Time(zone *time.Location, sinceMidnight time.Duration) (time.Time, error) {
	t, err := time.Parse(time.DateOnly, string(d)) // not in the zone: midnight may be missing there
	if err != nil {
		return time.Time{}, crm.Invalidf("day", "%q is no date such as 2026-11-23", string(d))
	}
	h := int(sinceMidnight / time.Hour)
	m := int(sinceMidnight % time.Hour / time.Minute)
	s := int(sinceMidnight % time.Minute / time.Second)
	return time.Date(t.Year(), t.Month(), t.Day(), h, m, s, 0, zone), nil // wall time, right on days of 23 and 25 hours
}

// Check returns an error that names the field if the day is none.
func (d Day) Check(field string) error {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return crm.Invalidf(field, "%q is no date such as 2026-11-23", string(d))
	}
	if t.Year() < 2000 || t.Year() > 2200 {
		return crm.Invalidf(field, "lies outside the years 2000 to 2200")
	}
	return nil
}

// Add returns the day n days later.
func (d Day) Add(n int) Day {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return d
	}
	return Day(t.AddDate(0, 0, n).Format(time.DateOnly))
}

// NextWorkingDay returns the first day from Monday to Friday after the instant's day in the zone.
func NextWorkingDay(t time.Time, zone *time.Location) Day {
	y, m, d := t.In(zone).Date()
	day := time.Date(y, m, d+1, 0, 0, 0, 0, time.UTC) // a calendar day: the zone may skip its midnight
	for day.Weekday() == time.Saturday || day.Weekday() == time.Sunday {
		day = day.AddDate(0, 0, 1)
	}
	return Day(day.Format(time.DateOnly))
}

// Window is a stretch of time.
type Window struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}
