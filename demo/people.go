package demo

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"catchment/crm"
	"catchment/crm/customer"
	"catchment/crm/work"
)

// person is one of the company's people.
type person struct {
	mail   string // before @demo.example
	name   string
	role   string
	team   string
	kind   string // of resource, if he can be planned
	skills []string
	short  bool // works half days
	away   bool // is absent on the day planned
}

var people = []person{
	{mail: "admin", name: "Miriam Walser", role: "administrator"},
	{mail: "manager", name: "Thomas Ritter", role: "sales_manager", team: "Sales"},
	{mail: "rep", name: "Laura Beck", role: "rep", team: "Sales", kind: "rep", skills: []string{"sales"}},
	{mail: "rep2", name: "Jonas Hasler", role: "rep", team: "Sales", kind: "rep", skills: []string{"sales"}},
	{mail: "dispatcher", name: "Petra Kaufmann", role: "dispatcher", team: "Service"},
	{mail: "agent", name: "Selin Yilmaz", role: "service_agent", team: "Service"},
	{mail: "marketer", name: "David Quaderer", role: "marketer"},
	{mail: "technician", name: "Anna Frick", role: "technician", team: "Service", kind: "technician", skills: []string{"gas", "oil", "electrical"}},
	{mail: "technician2", name: "Beat Marxer", role: "technician", team: "Service", kind: "technician", skills: []string{"gas", "heat_pump"}},
	{mail: "technician3", name: "Carlo Nigg", role: "technician", team: "Service", kind: "technician", skills: []string{"heat_pump", "cooling", "electrical"}},
	{mail: "technician4", name: "Dilara Kaya", role: "technician", team: "Service", kind: "technician", skills: []string{"ventilation", "cooling"}},
	{mail: "technician5", name: "Erik Oehri", role: "technician", team: "Service", kind: "technician", skills: []string{"oil", "ventilation"}, short: true},
	{mail: "technician6", name: "Fabienne Hilti", role: "technician", team: "Service", kind: "technician", skills: []string{"gas", "oil"}, away: true},
}

var skills = []work.Skill{
	{Code: "gas", Name: "Gas burners"}, {Code: "oil", Name: "Oil burners"}, {Code: "heat_pump", Name: "Heat pumps"}, {Code: "ventilation", Name: "Ventilation"},
	{Code: "cooling", Name: "Cooling"}, {Code: "electrical", Name: "Electrical certificate"}, {Code: "chimney", Name: "Chimney inspection"},
	{Code: "sales", Name: "Sales talks"},
}

// weeks of shifts that are rostered ahead.
const weeks = 4

// staff adds the people, teams, skills and resources that are missing; of a company that is whole it only finds
// them.
func (m *maker) staff(ctx context.Context, whole bool) error {
	there := map[uuid.UUID]bool{}
	teams, err := m.Store.Teams(ctx)
	if err != nil {
		return err
	}
	for _, t := range teams {
		there[t.ID] = true
	}
	staff, err := m.Store.StaffList(ctx)
	if err != nil {
		return err
	}
	for _, s := range staff {
		there[s.ID] = true
	}
	known, err := m.Work.Skills(ctx)
	if err != nil {
		return err
	}
	for i, name := range []string{"Sales", "Service"} {
		if m.teams[name] = m.id("team", i); there[m.teams[name]] || whole {
			continue
		}
		if _, err := m.Store.AddTeam(ctx, m.teams[name], name); err != nil {
			return err
		}
	}
	for _, s := range skills {
		if whole || slices.Contains(known, s) {
			continue
		}
		if _, err := m.Work.AddSkill(ctx, s); err != nil {
			return err
		}
	}
	bases := m.bases(len(people))
	hash := ""
	for i, p := range people {
		id := m.id("person", i)
		m.people[p.mail] = crm.Staff{ID: id, Name: p.name}
		if whole {
			continue
		}
		if !there[id] {
			if hash == "" {
				if hash, err = m.Hash(Password); err != nil {
					return err
				}
			}
			n := crm.NewStaff{ID: id, Name: p.name, Email: p.mail + "@demo.example", Role: p.role, Language: "en", PasswordHash: hash, Synthetic: true}
			if p.team != "" {
				n.TeamIDs = []uuid.UUID{m.teams[p.team]}
			}
			if _, err := m.Store.AddStaff(ctx, n); err != nil {
				return err
			}
		}
		if p.kind != "" {
			if err := m.resource(ctx, p, i, bases[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *maker) resource(ctx context.Context, p person, i int, base place) error {
	team, staff := m.teams[p.team], m.people[p.mail].ID
	r, err := m.Work.Resource(ctx, m.id("resource", i))
	if crm.KindOf(err) == crm.NotFound {
		r, err = m.Work.AddResource(ctx, work.NewResource{ID: m.id("resource", i), Name: p.name, Kind: p.kind, StaffID: &staff, TeamID: &team, Skills: p.skills,
			BaseLabel: customer.Address(p.name, base.Street, base.HouseNumber, base.Postcode, base.City), BasePoint: base.At})
	}
	if err != nil {
		return err
	}
	shifts, err := m.shifts(p)
	if err != nil {
		return err
	}
	if _, err := m.Work.AddShifts(ctx, r.ID, shifts); err != nil || !p.away {
		return err
	}
	left, err := m.Work.Roster(ctx, m.day, m.day)
	if err != nil || !slices.ContainsFunc(left, func(s work.Shift) bool { return s.ResourceID == r.ID }) {
		return err // is absent already
	}
	from, err := m.day.Time(m.zone, 0)
	if err != nil {
		return err
	}
	_, err = m.Work.AddAbsence(ctx, r.ID, work.Window{Start: from, End: from.AddDate(0, 0, 2)}, "Training")
	return err
}

// shifts returns a person's working days for some weeks, from today on.
func (m *maker) shifts(p person) ([]work.NewShift, error) {
	var shifts []work.NewShift
	for i := range 7 * weeks {
		day := work.DayOf(m.now, m.zone).Add(i)
		noon, err := day.Time(m.zone, 12*time.Hour)
		if err != nil {
			return nil, err
		}
		if noon.Weekday() == time.Saturday || noon.Weekday() == time.Sunday {
			continue
		}
		shift := work.NewShift{Day: day, Start: 7*time.Hour + 30*time.Minute, End: 16*time.Hour + 30*time.Minute,
			Breaks: []work.NewBreak{{Earliest: 11*time.Hour + 30*time.Minute, Latest: 13*time.Hour + 30*time.Minute, Length: 45 * time.Minute}}}
		switch {
		case p.kind == "rep":
			shift.Start, shift.End = 8*time.Hour+30*time.Minute, 17*time.Hour+30*time.Minute
		case p.short:
			shift.End, shift.Breaks = 12*time.Hour, nil
		}
		shifts = append(shifts, shift)
	}
	return shifts, nil
}
