package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

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
	{"Advice: replacing an old boiler", "sales", []int{45, 60}, "", 20},
	{"Offer for a heat pump", "sales", []int{60, 75}, "", 40},
	{"Yearly talk, key account", "sales", []int{45}, "", 30},
}

// dueToday and dueLater are how many visits are due on the day to be planned and on each of the nine working days
// after it.
const (
	dueToday = 46
	dueLater = 14
)

// visits adds the work that is due: most of the first day can be done, a little cannot, so that the reasons show.
func (m *maker) visits(ctx context.Context) error {
	sites, err := m.someSites(ctx, dueToday+9*dueLater)
	if err != nil {
		return err
	}
	day := m.day
	for i, site := range sites {
		if i >= dueToday && (i-dueToday)%dueLater == 0 {
			at, err := day.Time(m.zone, 0)
			if err != nil {
				return err
			}
			day = work.NextWorkingDay(at, m.zone)
		}
		j := pick(m, jobs)
		seconds := 60 * pick(m, j.minutes)
		fields := work.VisitFields{Kind: &j.kind, Title: &j.title, SiteID: &site, DurationSeconds: &seconds, Priority: &j.priority, Earliest: &day, Latest: &day}
		if j.skill != "" {
			fields.Skills = &[]string{j.skill}
		}
		if i >= dueToday {
			latest := day.Add(4)
			fields.Latest = &latest
		}
		if err := m.windows(&fields, day, i); err != nil {
			return err
		}
		if i < len(misfits) {
			if err := misfits[i](m, &fields); err != nil {
				return err
			}
		}
		if err := m.addVisit(ctx, fields); err != nil {
			return err
		}
		m.Progress(0.9 + 0.1*float64(i)/float64(len(sites)))
	}
	return m.promise(ctx)
}

// windows gives some visits the times their customers named.
func (m *maker) windows(f *work.VisitFields, day work.Day, i int) error {
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
		if m.chance.IntN(3) == 0 {
			from := 8 + float64(m.chance.IntN(7))
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

func (m *maker) addVisit(ctx context.Context, f work.VisitFields) error {
	_, err := m.apply(ctx, "add_visit", m.id(m.now), 0, f)
	return err
}

func (m *maker) apply(ctx context.Context, kind string, visit uuid.UUID, base int, payload any) (*work.Visit, error) {
	body, err := json.Marshal(payload)
	if err != nil {
		return nil, err
	}
	v, err := m.Work.Apply(ctx, work.Command{ID: m.id(m.now), Kind: kind, Visit: visit, BaseVersion: base, Payload: body})
	if err != nil {
		return nil, err
	}
	if v.Decision != work.Applied {
		return nil, fmt.Errorf("%s: %s", kind, v.Message)
	}
	return v.Visit, nil
}

// someSites returns the sites of the first accounts in the demo's own order.
func (m *maker) someSites(ctx context.Context, n int) (sites []uuid.UUID, err error) {
	err = m.Store.Read(ctx, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, `select s.id from customer.site s join customer.account a on a.id = s.account_id
			where a.synthetic and a.stage <> 'lost' order by md5($2::text || s.street || s.house_number || a.name), s.no limit $1`, n, fmt.Sprint(m.Seed))
		sites, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		return crm.DBError(err, "site")
	})
	return sites, err
}

// promise gives two customers a time in advance, with a person, as the desk does on the phone.
func (m *maker) promise(ctx context.Context) error {
	visits, err := m.Work.DayVisits(ctx, m.day, m.day)
	if err != nil {
		return err
	}
	resources, err := m.Work.Resources(ctx)
	if err != nil {
		return err
	}
	given := 0
	for _, v := range visits {
		if given == 2 || len(v.Windows()) > 0 || len(v.Skills) != 1 || v.DurationSeconds > 5400 || v.ResourceID != nil {
			continue
		}
		for i, r := range resources {
			if r.Kind != "technician" || i == len(resources)-1 || !contains(r.Skills, v.Skills[0]) {
				continue
			}
			w, err := m.window(m.day, 8.5+2*float64(given), 10.5+2*float64(given))
			if err != nil {
				return err
			}
			assigned, err := m.apply(ctx, "assign", v.ID, v.Version, map[string]any{"resource_id": r.ID, "start": w.Start.Add(30 * time.Minute)})
			if err != nil {
				return err
			}
			if _, err := m.apply(ctx, "promise", v.ID, assigned.Version, w); err != nil {
				return err
			}
			given++
			break
		}
	}
	return nil
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
