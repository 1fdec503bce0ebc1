package demo

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/crm/work"
	"catchment/geo"
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
	{mail: "rep", name: "Laura Beck", role: "rep", team: "Sales", kind: "rep"},
	{mail: "rep2", name: "Jonas Hasler", role: "rep", team: "Sales", kind: "rep"},
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
}

// weeks of shifts that are rostered ahead.
const weeks = 4

func (m *maker) staff(ctx context.Context) error {
	hash, err := m.Hash(Password)
	if err != nil {
		return err
	}
	for _, name := range []string{"Sales", "Service"} {
		team, err := m.Store.AddTeam(ctx, m.id(m.now), name)
		if err != nil {
			return err
		}
		m.teams[name] = team.ID
	}
	for _, s := range skills {
		if _, err := m.Work.AddSkill(ctx, s); err != nil {
			return err
		}
	}
	bases := m.bases(8)
	for _, p := range people {
		var teams []uuid.UUID
		if p.team != "" {
			teams = []uuid.UUID{m.teams[p.team]}
		}
		s, err := m.Store.AddStaff(ctx, crm.NewStaff{ID: m.id(m.now), Name: p.name, Email: p.mail + "@demo.example", Role: p.role, Language: "en",
			TeamIDs: teams, PasswordHash: hash, Synthetic: true})
		if err != nil {
			return err
		}
		m.people[p.mail] = s
		if p.kind == "" {
			continue
		}
		base := bases[0]
		bases = bases[1:]
		if err := m.resource(ctx, p, s, base); err != nil {
			return err
		}
	}
	return nil
}

// bases returns n places of the region, each as far from the others as can be: people live where the work is.
func (m *maker) bases(n int) []int {
	candidates := min(len(m.places), 300)
	chosen := []int{m.chance.IntN(candidates)}
	for len(chosen) < n {
		best, far := 0, geo.Meters(-1)
		for i := range candidates {
			near := geo.Meters(1e9)
			for _, c := range chosen {
				near = min(near, geo.Distance(m.places[i].At, m.places[c].At))
			}
			if near > far {
				best, far = i, near
			}
		}
		chosen = append(chosen, best)
	}
	// The farthest corners are where nobody lives: move each base half way to the middle.
	var middle orb.Point
	for i := range candidates {
		middle[0] += m.places[i].At[0] / float64(candidates)
		middle[1] += m.places[i].At[1] / float64(candidates)
	}
	for k, c := range chosen {
		aim := orb.Point{(m.places[c].At[0] + middle[0]) / 2, (m.places[c].At[1] + middle[1]) / 2}
		chosen[k] = slices.MinFunc(seq(candidates), func(a, b int) int {
			return compare(geo.Distance(m.places[a].At, aim), geo.Distance(m.places[b].At, aim))
		})
	}
	return chosen
}

func seq(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func compare(a, b geo.Meters) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func (m *maker) resource(ctx context.Context, p person, s crm.Staff, base int) error {
	place := m.places[base]
	team := m.teams[p.team]
	r, err := m.Work.AddResource(ctx, work.NewResource{ID: m.id(m.now), Name: p.name, Kind: p.kind, StaffID: &s.ID, TeamID: &team, Skills: p.skills,
		BaseLabel: place.Street + " " + place.HouseNumber + ", " + place.City, BasePoint: place.At})
	if err != nil {
		return err
	}
	var shifts []work.NewShift
	for i := range 7 * weeks {
		day := work.DayOf(m.now, m.zone).Add(i)
		at, err := day.Time(m.zone, 0)
		if err != nil {
			return err
		}
		if at.Weekday() == time.Saturday || at.Weekday() == time.Sunday {
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
	if _, err := m.Work.AddShifts(ctx, r.ID, shifts); err != nil || !p.away {
		return err
	}
	from, err := m.day.Time(m.zone, 0)
	if err != nil {
		return err
	}
	_, err = m.Work.AddAbsence(ctx, r.ID, work.Window{Start: from, End: from.AddDate(0, 0, 2)}, "Training")
	return err
}

// knownPeople finds the people of a company that is there already.
func (m *maker) knownPeople(ctx context.Context) error {
	staff, err := m.Store.StaffList(ctx)
	if err != nil {
		return err
	}
	for _, s := range staff {
		if mail, _, found := cutAt(s.Email); found {
			m.people[mail] = s
		}
	}
	teams, err := m.Store.Teams(ctx)
	for _, t := range teams {
		m.teams[t.Name] = t.ID
	}
	return err
}

func cutAt(address string) (name, domain string, found bool) {
	i := slices.Index([]byte(address), '@')
	if i < 0 {
		return address, "", false
	}
	return address[:i], address[i+1:], address[i+1:] == "demo.example"
}
