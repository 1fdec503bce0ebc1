package demo

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/google/uuid"

	"catchment/crm"
	"catchment/crm/customer"
	"catchment/crm/record"
	"catchment/crm/work"
)

// past is how many days of history the company has.
const past = 730

// story is one account and all that happened with it. It depends on the account's number, the seed and the present alone.
type story struct {
	m      *maker
	n      int // of the account
	chance *rand.Rand
	side   side

	account   string
	site      string
	owner     string // mail name
	by        *crm.Actor
	household bool
	old       bool      // was a customer before the history begins
	since     time.Time // when it became known
	left      time.Time // when it was lost; zero if it was not
	doubt     time.Time // when it came at risk; zero if it never did
	bought    time.Time // when it became a customer

	addition                                                                           customer.Addition
	contacts, leads, deals, orders, lines, installations, contracts, cases, activities []record.Life
	visits                                                                             []work.PastVisit

	systems []system
	revenue int64 // of the past two years
	counts  map[string]int
}

// system is something installed at the account.
type system struct {
	id       string
	product  product
	on       time.Time // installed
	contract bool      // is served yearly
	broken   int       // faults so far
}

// moment is an instant as records hold it.
func moment(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func date(t time.Time) string { return t.Format(time.DateOnly) }

// ago returns a moment of a working day so many days ago.
func (s *story) ago(days float64) time.Time {
	return s.office(s.m.now.Add(-time.Duration(days * 24 * float64(time.Hour))))
}

// after returns a moment of a working day some days after another, at least one.
func (s *story) after(t time.Time, least, most int) time.Time {
	return s.office(t.AddDate(0, 0, max(1, least+s.chance.IntN(most-least+1))))
}

// office moves a moment into office hours, of the same day or of the Monday after it; what lies in the past stays there.
func (s *story) office(when time.Time) time.Time {
	t := when.In(s.m.zone)
	for t.Weekday() == time.Saturday || t.Weekday() == time.Sunday {
		t = t.AddDate(0, 0, 1)
	}
	t = time.Date(t.Year(), t.Month(), t.Day(), 8, s.chance.IntN(9*60), s.chance.IntN(60), 0, s.m.zone)
	if s.happened(when) && !s.happened(t) {
		return when.In(s.m.zone).Truncate(time.Second)
	}
	return t
}

// happened tells whether a moment lies in the past, by more than the time to write it down.
func (s *story) happened(t time.Time) bool { return t.Before(s.m.now.Add(-time.Minute)) }

// yes is true so often.
func (s *story) yes(share float64) bool { return s.chance.Float64() < share }

// id returns the id of the account's next thing of a kind.
func (s *story) id(kind string) string {
	k := s.counts[kind]
	s.counts[kind]++
	return s.m.id(kind, s.n*256+k).String()
}

// share is one choice and how often it is taken compared with the others.
type share[T any] struct {
	of   float64
	what T
}

// weighed returns one of the choices.
func weighed[T any](s *story, choices []share[T]) T {
	sum := 0.0
	for _, c := range choices {
		sum += c.of
	}
	x := s.chance.Float64() * sum
	for _, c := range choices {
		if x -= c.of; x < 0 {
			return c.what
		}
	}
	return choices[len(choices)-1].what
}

// actor is one of the company's people as the log names him.
func (m *maker) actor(mail string) *crm.Actor {
	p := m.people[mail]
	return &crm.Actor{ID: p.ID, Name: p.Name}
}

// begin returns the story of an account before anything has happened: who it is and where.
func (m *maker) begin(n int) *story {
	chance := m.chance("account", n)
	at := m.place(n)
	s := &story{m: m, n: n, chance: chance, side: m.compass.side(at.At), counts: map[string]int{}, household: true,
		account: m.id("account", n).String(), site: m.id("site", n).String()}
	names := m.country.names
	family, first := pick(chance, names.families), pick(chance, names.given)
	phone := digits(chance, m.country.phone)
	a := customer.NewAccount{ID: m.id("account", n), Name: first + " " + family, Kind: "household", Class: "C", Phone: phone, Synthetic: true,
		Email: mailName(first) + "." + mailName(family) + fmt.Sprint(n) + "@mail.example"}
	if s.yes(0.38) {
		a.Name, a.Kind = strings.Replace(pick(chance, names.trades), "%", family, 1), "company"
		s.household = false
		s.addition.Industry = pick(chance, industries)
		s.addition.Employees = int64(math.Exp(0.7+chance.Float64()*4)) + 1
	}
	s.owner = pick(chance, []string{"rep", "rep2"})
	s.by = m.actor(s.owner)
	if owner := m.people[s.owner]; owner.ID != uuid.Nil {
		team := m.teams["Sales"]
		a.OwnerID, a.TeamID = &owner.ID, &team
	}
	site := customer.NewSite{ID: m.id("site", n), Street: at.Street, HouseNumber: at.HouseNumber, Postcode: at.Postcode, City: at.City, Country: at.Country, Point: at.At,
		AccessNote: pick(chance, accessNotes), ContactName: first + " " + family, ContactPhone: phone, Source: "import"}
	if site.Country == "" {
		site.Country = m.country.code
	}
	if at.synthetic {
		site.Source, site.Confidence = "synthetic", 0.5
	}
	s.addition.Account, s.addition.Sites, s.addition.By = a, []customer.NewSite{site}, s.by
	s.appear()
	return s
}

// industries of the companies among the customers.
var industries = []string{"Bakery", "Butcher", "Garage", "Hotel", "Restaurant", "Joinery", "Printing", "Pharmacy", "Medical practice", "School", "Care home", "Brewery",
	"Logistics", "Precision engineering", "Retail"}

// appear draws when the account became known: most long ago, new ones mostly in the north, and there more and more.
func (s *story) appear() {
	known := [...]float64{north: 0.45, east: 0.72, south: 0.82, west: 0.68}[s.side]
	if s.old = s.yes(known); s.old {
		s.since = s.ago(past + 1 + s.chance.Float64()*2200)
		return
	}
	rise := [...]float64{north: 2.2, east: 1, south: 0.7, west: 1.1}[s.side]
	s.since = s.ago(2 + (past-2)*math.Pow(s.chance.Float64(), rise))
}

// short is the story of an account of which no more is told than what it is.
func (m *maker) short(n int) *story {
	s := m.begin(n)
	s.addition.Since, s.addition.Account.Stage, s.addition.Account.Class = s.since, stage(s.chance), "C"
	if !s.household {
		s.addition.Account.Class = pick(s.chance, []string{"A", "B", "B", "B"})
	}
	return s
}

// story tells of the n-th account.
func (m *maker) story(n int) *story {
	s := m.begin(n)
	s.people()
	switch {
	case s.old:
		s.bought = s.since
		s.leave()
		s.installed()
		s.projects()
	case s.yes(0.12) && s.since.After(m.now.AddDate(0, 0, -150)): // nobody has called yet
	default:
		s.win()
		if !s.bought.IsZero() {
			s.projects()
		}
	}
	if !s.bought.IsZero() {
		s.supplies()
		s.care()
		s.faults()
	}
	s.others()
	s.campaign()
	s.talk()
	s.stages()
	s.class()
	return s
}

// leave draws whether an old customer comes at risk, is lost, or is won back.
func (s *story) leave() {
	shares := [...][3]float64{north: {0.02, 0.02, 0.01}, east: {0.05, 0.03, 0.02}, south: {0.13, 0.2, 0.03}, west: {0.04, 0.03, 0.02}}[s.side]
	switch x := s.chance.Float64(); {
	case x < shares[0]:
		s.doubt = s.ago(10 + s.chance.Float64()*120)
	case x < shares[0]+shares[1]:
		days := 40 + s.chance.Float64()*230 // of late
		if s.side != south {
			days = 40 + s.chance.Float64()*500
		}
		s.left = s.ago(days)
		s.doubt = s.office(s.left.AddDate(0, 0, -20-s.chance.IntN(40)))
	case x < shares[0]+shares[1]+shares[2]:
		s.left = s.ago(200 + s.chance.Float64()*300)
		s.doubt = s.office(s.left.AddDate(0, 0, -20-s.chance.IntN(40)))
		s.addition.Account.Stage = "won_back"
	}
}

// active tells whether the account did business with the company then.
func (s *story) active(t time.Time) bool {
	back := s.addition.Account.Stage == "won_back" && t.After(s.left.AddDate(0, 0, 100))
	return !s.bought.IsZero() && !t.Before(s.bought) && (s.left.IsZero() || t.Before(s.doubt) || back)
}

// stages writes down through which stages the account came to its last.
func (s *story) stages() {
	a := &s.addition
	a.Since = s.since
	last := a.Account.Stage
	add := func(stage string, until time.Time) {
		if n := len(a.Stages); n > 0 && until.Before(a.Stages[n-1].Until) {
			until = a.Stages[n-1].Until
		}
		a.Stages = append(a.Stages, customer.PastStage{Stage: stage, Until: until})
	}
	switch {
	case s.bought.IsZero() && len(s.deals) == 0:
		a.Account.Stage = "lead"
		return
	case s.bought.IsZero():
		add("lead", s.begun())
		a.Account.Stage = "prospect"
		return
	case s.old:
		add("prospect", s.after(s.since, 20, 60))
	default:
		add("lead", s.begun())
		add("prospect", s.bought)
	}
	a.Account.Stage = "customer"
	if s.doubt.IsZero() {
		return
	}
	add("customer", s.doubt)
	a.Account.Stage = "at_risk"
	if s.left.IsZero() {
		return
	}
	add("at_risk", s.left)
	a.Account.Stage = "lost"
	if back := s.left.AddDate(0, 0, 100); last == "won_back" && s.happened(back) {
		add("lost", back)
		a.Account.Stage = "won_back"
	}
}

// begun is when the first deal was opened.
func (s *story) begun() time.Time {
	at, err := time.Parse(time.RFC3339, s.deals[0].Values.Text("created_at"))
	if err != nil {
		panic(err) // we wrote it
	}
	return at
}

// class puts the account where its revenue of the past two years belongs.
func (s *story) class() {
	a := &s.addition
	switch {
	case s.revenue >= 1800000:
		a.Account.Class = "A"
		a.Tags = []string{"key account"}
	case s.revenue >= 300000:
		a.Account.Class = "B"
	}
}

// people adds the persons to talk to: one or two of a household, up to three of a company.
func (s *story) people() {
	roles := []string{"Owner", "Facility manager", "Purchasing", "Accounting", "Managing director"}
	n := 1
	if !s.household {
		n = 1 + s.chance.IntN(3)
	} else if s.yes(0.2) {
		n = 2
	}
	first, family, _ := strings.Cut(s.addition.Sites[0].ContactName, " ")
	for k := range n {
		v := record.Values{"id": s.id("contact"), "account_id": s.account, "site_id": s.site, "first_name": first, "last_name": family, "main": k == 0,
			"created_at": moment(s.since), "preferred_channel": weighed(s, []share[string]{{5, "call"}, {4, "email"}, {1, "letter"}, {1, "sms"}, {1, "chat"}})}
		if k == 0 {
			v["phone"], v["email"] = s.addition.Account.Phone, s.addition.Account.Email
		} else {
			v["mobile"] = digits(s.chance, s.m.country.phone)
			v["email"] = mailName(first) + "." + mailName(family) + fmt.Sprint(s.n) + "." + fmt.Sprint(k) + "@mail.example"
		}
		if !s.household {
			v["role"] = roles[(s.n+k)%len(roles)]
		}
		s.contacts = append(s.contacts, record.Life{Values: v, By: s.by})
		first = pick(s.chance, s.m.country.names.given)
		if !s.household {
			family = pick(s.chance, s.m.country.names.families)
		}
	}
}

// contact is the main contact.
func (s *story) contact() string { return s.contacts[0].Values.ID() }
