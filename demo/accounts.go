package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/google/uuid"

	"catchment/crm"
	"catchment/crm/customer"
)

var accessNotes = []string{"", "", "", "Ring twice; the bell is at the side door.", "Plant room in the cellar, key at reception.",
	"Dog in the garden, please call before.", "Parking behind the house.", "Gate code 4711.", "Deliveries only until 10:00, the yard is full then.",
	"Ask for the caretaker."}

// batch is how many accounts are written in one transaction.
const batch = 2000

// accounts adds the accounts from the first that is missing, each with a site.
func (m *maker) accounts(ctx context.Context, there int) error {
	for from := there; from < m.Accounts; from += batch {
		to := min(from+batch, m.Accounts)
		additions := make([]customer.Addition, 0, to-from)
		for i := from; i < to; i++ {
			additions = append(additions, m.account(i))
		}
		if _, err := m.Customers.AddMany(ctx, additions); err != nil {
			return err
		}
		m.Progress(0.9 * float64(to) / float64(m.Accounts))
	}
	return nil
}

// account returns the i-th account with its site.
func (m *maker) account(i int) customer.Addition {
	chance := m.chance("account", i)
	at := m.place(i)
	names := m.country.names
	family, first := pick(chance, names.families), pick(chance, names.given)
	phone := digits(chance, m.country.phone)
	a := customer.NewAccount{ID: m.id("account", i), Name: first + " " + family, Kind: "household", Class: "C", Stage: stage(chance), Phone: phone, Synthetic: true,
		Email: mailName(first) + "." + mailName(family) + fmt.Sprint(i) + "@mail.example"}
	if chance.IntN(100) < 38 {
		a.Name, a.Kind, a.Class = strings.Replace(pick(chance, names.trades), "%", family, 1), "company", "B"
		if chance.IntN(4) == 0 {
			a.Class = "A"
		}
	}
	if owner := m.people[pick(chance, []string{"rep", "rep2"})]; owner.ID != uuid.Nil {
		team := m.teams["Sales"]
		a.OwnerID, a.TeamID = &owner.ID, &team
	}
	s := customer.NewSite{ID: m.id("site", i), Street: at.Street, HouseNumber: at.HouseNumber, Postcode: at.Postcode, City: at.City, Country: at.Country, Point: at.At,
		AccessNote: pick(chance, accessNotes), ContactName: first + " " + family, ContactPhone: phone, Source: "import"}
	if s.Country == "" {
		s.Country = m.country.code
	}
	if at.synthetic {
		s.Source, s.Confidence = "synthetic", 0.5
	}
	return customer.Addition{Account: a, Sites: []customer.NewSite{s}, Since: m.now.Add(-time.Duration(chance.IntN(730*24*60)) * time.Minute)}
}

// stage draws a stage as often as a settled firm's customers are in it.
func stage(chance *rand.Rand) string {
	switch n := chance.IntN(100); {
	case n < 9:
		return "lead"
	case n < 22:
		return "prospect"
	case n < 27:
		return "at_risk"
	case n < 30:
		return "lost"
	case n < 32:
		return "won_back"
	}
	return "customer"
}

// digits puts a digit in the place of each X.
func digits(chance *rand.Rand, pattern string) string {
	return strings.Map(func(r rune) rune {
		if r == 'X' {
			return rune('0' + chance.IntN(10))
		}
		return r
	}, pattern)
}

// mailName writes a name as it stands in an e-mail address.
func mailName(name string) string {
	return strings.NewReplacer(" ", "", "'", "").Replace(crm.SearchText(name))
}
