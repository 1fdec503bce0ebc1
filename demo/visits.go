package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/google/uuid"

	"catchment/crm"
	"catchment/crm/work"
)

// job is a kind of work the company does.
type job struct {
	title    string
	kind     string
	minutes  []int
	skill    string
	priority int
}

var jobs = []job{
	{"Annual burner service", "service", []int{60, 75, 90}, "gas", 20},
	{"Annual burner service", "service", []int{60, 90}, "oil", 20},
	{"Heat pump maintenance", "service", []int{75, 90, 120}, "heat_pump", 30},
	{"Filter change, ventilation", "service", []int{30, 45}, "ventilation", 10},
	{"Cooling unit check", "service", []int{45, 60}, "cooling", 20},
	{"No heating: fault repair", "service", []int{60, 90}, "gas", 80},
	{"Thermostat replacement", "service", []int{30, 45}, "electrical", 30},
	{"Meter reading", "service", []int{15, 20}, "", 5},
	{"Acceptance after installation", "service", []int{45, 60}, "", 40},
	{"Advice: replacing an old boiler", "sales", []int{45, 60}, "sales", 20},
	{"Offer for a heat pump", "sales", []int{60, 75}, "sales", 40},
	{"Yearly talk, key account", "sales", []int{45}, "sales", 30},
}

// dueToday and dueLater are how many visits are due on the day to be planned and on each of the nine working days
// after it.
const (
	dueToday = 46
	dueLater = 14
)

// visits adds the work that is due: most of the first day can be done, a little cannot, so that the reasons show.
func (m *maker) visits(ctx context.Context) error {
	day, workplaces := m.day, m.workplaces(dueToday+9*dueLater)
	for i, account := range workplaces {
		if i >= dueToday && (i-dueToday)%dueLater == 0 {
			noon, err := day.Time(m.zone, 12*time.Hour)
			if err != nil {
				return err
			}
			day = work.NextWorkingDay(noon, m.zone)
		}
		if err := m.visit(ctx, i, m.id("site", account), day); err != nil {
			return fmt.Errorf("%d. visit: %w", i+1, err)
		}
		m.Progress(0.95 + 0.05*float64(i)/float64(len(workplaces)))
	}
	return m.promises(ctx)
}

// visit adds the i-th visit unless an earlier making got that far.
func (m *maker) visit(ctx context.Context, i int, site uuid.UUID, day work.Day) error {
	if _, err := m.Work.Visit(ctx, m.id("visit", i)); crm.KindOf(err) != crm.NotFound {
		return err
	}
	f, err := m.due(i, site, day)
	if err != nil {
		return err
	}
	return m.apply(ctx, m.id("visit", i), step{"add_visit", 0, f})
}

// due returns the i-th visit, which is due on the day.
func (m *maker) due(i int, site uuid.UUID, day work.Day) (work.VisitFields, error) {
	chance := m.chance("visit", i)
	j := pick(chance, jobs)
	seconds, latest := 60*pick(chance, j.minutes), day
	if i >= dueToday {
		latest = day.Add(4)
	}
	f := work.VisitFields{Kind: &j.kind, Title: &j.title, SiteID: &site, DurationSeconds: &seconds, Priority: &j.priority, Earliest: &day, Latest: &latest}
	if j.skill != "" {
		f.Skills = &[]string{j.skill}
	}
	if err := m.windows(&f, day, i, chance); err != nil {
		return f, err
	}
	if i < len(misfits) {
		return f, misfits[i](m, &f)
	}
	return f, nil
}

// windows gives some visits the times their customers named.
func (m *maker) windows(f *work.VisitFields, day work.Day, i int, chance *rand.Rand) error {
	hours := func(from, to float64) error {
		w, err := m.window(day, from, to)
		f.Windows = &[]work.Window{w}
		return err
	}
	switch i % 6 {
	case 0:
		return hours(8, 12)
	case 2:
		return hours(13, 16.5)
	case 4:
		if chance.IntN(3) == 0 {
			from := 8 + float64(chance.IntN(7))
			return hours(from, from+2)
		}
	}
	return nil
}

func (m *maker) window(day work.Day, from, to float64) (work.Window, error) {
	start, err := day.Time(m.zone, time.Duration(from*float64(time.Hour)))
	if err != nil {
		return work.Window{}, err
	}
	end, err := day.Time(m.zone, time.Duration(to*float64(time.Hour)))
	return work.Window{Start: start, End: end}, err
}

// misfits turn the first visits into ones that cannot be planned, each for another reason.
var misfits = []func(*maker, *work.VisitFields) error{
	func(m *maker, f *work.VisitFields) error { // nobody has the skill
		f.Title, f.Skills = ptr("Chimney inspection"), &[]string{"chimney"}
		return nil
	},
	func(m *maker, f *work.VisitFields) error { // before anybody starts
		w, err := m.window(*f.Earliest, 5.5, 6.5)
		f.Title, f.Windows = ptr("Bakery oven check before opening"), &[]work.Window{w}
		return err
	},
	func(m *maker, f *work.VisitFields) error { // longer than what is left of the day
		w, err := m.window(*f.Earliest, 15, 16)
		f.Title, f.Windows, f.DurationSeconds, f.Skills = ptr("Overhaul of the boiler house"), &[]work.Window{w}, ptr(4*3600), &[]string{"oil"}
		return err
	},
}

func ptr[T any](v T) *T { return &v }

// step is a command on a visit.
type step struct {
	kind    string
	base    int // version of the visit
	payload any
}

// apply takes the steps together or not at all.
func (m *maker) apply(ctx context.Context, visit uuid.UUID, steps ...step) error {
	var commands []work.Command
	for _, s := range steps {
		body, err := json.Marshal(s.payload)
		if err != nil {
			return err
		}
		commands = append(commands, work.Command{ID: uuid.NewSHA1(visit, []byte(s.kind)), Kind: s.kind, Visit: visit, BaseVersion: s.base, Payload: body})
	}
	_, err := m.Work.ApplyAll(ctx, commands)
	return err
}

// workplaces returns the numbers of the first n accounts that still want something of us.
func (m *maker) workplaces(n int) []int {
	var out []int
	for i := 0; i < m.Accounts && len(out) < n; i++ {
		lost := false
		if i < m.Histories {
			lost = m.story(i).addition.Account.Stage == "lost"
		}
		if !lost {
			out = append(out, i)
		}
	}
	return out
}

// promises is how many customers are told a time in advance, with a person, as the desk does on the phone.
const promises = 2

func (m *maker) promises(ctx context.Context) error {
	roster, err := m.Work.Roster(ctx, m.day, m.day)
	if err != nil {
		return err
	}
	resources, err := m.Work.Resources(ctx)
	if err != nil {
		return err
	}
	given := 0
	for i := len(misfits); i < dueToday && given < promises; i++ {
		v, err := m.Work.Visit(ctx, m.id("visit", i))
		if crm.KindOf(err) == crm.NotFound { // fewer accounts than visits
			return nil
		}
		if err != nil {
			return err
		}
		if v.PromiseStart != nil {
			given++
		}
		if v.State != work.Proposed || len(v.Windows()) > 0 || len(v.Skills) != 1 || v.DurationSeconds > 5400 {
			continue
		}
		w, err := m.window(m.day, 8.5+2*float64(given), 10.5+2*float64(given))
		if err != nil {
			return err
		}
		for _, r := range resources {
			if r.Kind != "technician" || !slices.Contains(r.Skills, v.Skills[0]) || !onDuty(roster, r.ID, w) {
				continue
			}
			err := m.apply(ctx, v.ID, step{"assign", v.Version, map[string]any{"resource_id": r.ID, "start": w.Start.Add(30 * time.Minute)}},
				step{"promise", v.Version + 1, w})
			if err != nil {
				return err
			}
			given++
			break
		}
	}
	return nil
}

// onDuty tells whether the resource works through the whole window.
func onDuty(roster []work.Shift, resource uuid.UUID, w work.Window) bool {
	return slices.ContainsFunc(roster, func(s work.Shift) bool {
		return s.ResourceID == resource && !s.Starts.After(w.Start) && !s.Ends.Before(w.End)
	})
}
