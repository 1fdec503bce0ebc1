package crm

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Company is the organisation with all that administrators set.
type Company struct {
	Organisation
	Languages []string // those people may choose, the organisation's own first
	Calendar  Calendar
}

// Calendar tells on which days the organisation works.
type Calendar struct {
	WorkingDays []int     `json:"working_days"` // 1 is Monday, 7 Sunday
	Opens       string    `json:"opens"`        // "08:00", in the organisation's zone
	Closes      string    `json:"closes"`
	Holidays    []Holiday `json:"holidays"`
}

// Holiday is a day nobody works.
type Holiday struct {
	On   string `json:"on"` // "2026-12-25"
	Name string `json:"name"`
}

// Works tells whether a day, such as "2026-11-23", is a working day.
func (c Calendar) Works(day string) bool {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil || slices.ContainsFunc(c.Holidays, func(h Holiday) bool { return h.On == day }) {
		return false
	}
	return slices.Contains(c.WorkingDays, int(at.Weekday()+6)%7+1)
}

// NextWorkingDay returns the first working day after the instant's day in the zone; the very next day if none of the
// following year is one.
func (c Calendar) NextWorkingDay(t time.Time, zone *time.Location) string {
	today := t.In(zone)
	for ahead := 1; ahead <= 366; ahead++ {
		day := time.Date(today.Year(), today.Month(), today.Day()+ahead, 12, 0, 0, 0, time.UTC).Format(time.DateOnly)
		if c.Works(day) {
			return day
		}
	}
	return time.Date(today.Year(), today.Month(), today.Day()+1, 12, 0, 0, 0, time.UTC).Format(time.DateOnly)
}

func (c Calendar) check() error {
	if len(c.WorkingDays) == 0 || !slices.IsSorted(c.WorkingDays) || len(slices.Compact(slices.Clone(c.WorkingDays))) != len(c.WorkingDays) || c.WorkingDays[0] < 1 || c.WorkingDays[len(c.WorkingDays)-1] > 7 {
		return Invalidf("calendar.working_days", "name days from 1, Monday, to 7, Sunday, once each and in order")
	}
	opens, err := time.Parse("15:04", c.Opens)
	if err != nil {
		return Invalidf("calendar.opens", "is no time such as 08:00")
	}
	closes, err := time.Parse("15:04", c.Closes)
	if err != nil {
		return Invalidf("calendar.closes", "is no time such as 17:00")
	}
	if !opens.Before(closes) {
		return Invalidf("calendar.closes", "lies before it opens")
	}
	if len(c.Holidays) > 1000 {
		return Invalidf("calendar.holidays", "are more than 1000")
	}
	for i, h := range c.Holidays {
		if at, err := time.Parse(time.DateOnly, h.On); err != nil || at.Year() < 1900 || at.Year() > 2200 {
			return Invalidf(fmt.Sprintf("calendar.holidays[%d].on", i), "is no day such as 2026-12-25")
		}
		if strings.TrimSpace(h.Name) == "" || len(h.Name) > 200 {
			return Invalidf(fmt.Sprintf("calendar.holidays[%d].name", i), "give a name of at most 200 letters")
		}
	}
	return nil
}

// settings is what the organisation's settings column holds.
type settings struct {
	Languages []string  `json:"languages,omitempty"`
	Calendar  *Calendar `json:"calendar,omitempty"`
}

// CompanyChange names what to change; nil leaves a field as it is.
type CompanyChange struct {
	Name      *string
	Zone      *string
	Currency  *string
	Language  *string
	Languages *[]string
	Calendar  *Calendar
}

func company(ctx context.Context, tx pgx.Tx, lock string) (Company, error) {
	var c Company
	var text []byte
	err := tx.QueryRow(ctx, `select name, zone, currency, language, version, settings from crm.organisation `+lock).
		Scan(&c.Name, &c.Zone, &c.Currency, &c.Language, &c.Version, &text)
	if err != nil {
		return c, DBError(err, "organisation")
	}
	var s settings
	if err := json.Unmarshal(text, &s); err != nil {
		return c, fmt.Errorf("read the organisation's settings: %w", err)
	}
	c.Languages, c.Calendar = s.Languages, Calendar{WorkingDays: []int{1, 2, 3, 4, 5}, Opens: "08:00", Closes: "17:00", Holidays: []Holiday{}}
	if s.Calendar != nil {
		c.Calendar = *s.Calendar
	}
	if len(c.Languages) == 0 {
		c.Languages = append([]string{c.Language}, slices.DeleteFunc(slices.Clone(Languages), func(l string) bool { return l == c.Language })...)
	}
	return c, nil
}

// Company returns the organisation with all that is set; NotFound before EnsureOrganisation.
func (s *Store) Company(ctx context.Context) (Company, error) {
	if _, err := Require(ctx, SignedIn); err != nil {
		return Company{}, err
	}
	var out Company
	err := s.Read(ctx, func(tx pgx.Tx) (err error) {
		out, err = company(ctx, tx, "")
		return err
	})
	return out, err
}

// ChangeCompany changes what is named if the version is still the given one.
func (s *Store) ChangeCompany(ctx context.Context, version int, c CompanyChange) (Company, error) {
	if _, err := Require(ctx, OrganisationWrite); err != nil {
		return Company{}, err
	}
	var out Company
	err := s.Write(ctx, func(tx pgx.Tx) error {
		before, err := company(ctx, tx, "for update")
		if err != nil {
			return err
		}
		if before.Version != version {
			return Stale()
		}
		after := before
		for _, f := range []struct{ to, from *string }{{&after.Name, c.Name}, {&after.Zone, c.Zone}, {&after.Currency, c.Currency}, {&after.Language, c.Language}} {
			if f.from != nil {
				*f.to = strings.TrimSpace(*f.from)
			}
		}
		if c.Languages != nil {
			after.Languages = *c.Languages
		} else if c.Language != nil && !slices.Contains(after.Languages, after.Language) {
			after.Languages = append([]string{after.Language}, after.Languages...)
		}
		if c.Calendar != nil {
			after.Calendar = *c.Calendar
			slices.SortFunc(after.Calendar.Holidays, func(a, b Holiday) int { return strings.Compare(a.On, b.On) })
		}
		if err := after.check(); err != nil {
			return err
		}
		text, err := json.Marshal(settings{after.Languages, &after.Calendar})
		if err != nil {
			return fmt.Errorf("encode settings: %w", err)
		}
		_, err = tx.Exec(ctx, `update crm.organisation set name = $1, zone = $2, currency = $3, language = $4, settings = settings || $5::jsonb, version = version + 1`,
			after.Name, after.Zone, after.Currency, after.Language, string(text))
		if err != nil {
			return DBError(err, "organisation")
		}
		changes := after.changes(before.Organisation)
		changes.Set("languages", before.Languages, after.Languages)
		changes.Set("calendar", before.Calendar, after.Calendar)
		if err := Append(ctx, tx, Event{Verb: "changed", Kind: "organisation", ID: SystemID, Changes: changes}); err != nil {
			return err
		}
		out, err = company(ctx, tx, "")
		return err
	})
	return out, err
}

func (c Company) check() error {
	if err := c.Organisation.check(); err != nil {
		return err
	}
	for i, l := range c.Languages {
		if !slices.Contains(Languages, l) || slices.Index(c.Languages, l) != i {
			return Invalidf(fmt.Sprintf("languages[%d]", i), "we speak %s, once each", strings.Join(Languages, ", "))
		}
	}
	if !slices.Contains(c.Languages, c.Language) {
		return Invalidf("languages", "must hold the organisation's own, %s", c.Language)
	}
	return c.Calendar.check()
}
