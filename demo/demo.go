// Package demo makes the demo company: a firm for heating, energy and water with its people, customers, work and two years of
// history in which analysis finds patterns (docs/demo.md), put on whatever region is loaded. The same seed, size and extract give the same company, whenever it is made; only its
// days follow the clock.
package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"catchment/crm"
	"catchment/crm/customer"
	"catchment/crm/kinds"
	"catchment/crm/record"
	"catchment/crm/work"
	"catchment/geo/geocode"
)

// Options tell what company to make.
type Options struct {
	Store     *crm.Store
	Work      *work.Work
	Customers *customer.Customers
	Addresses *geocode.Geocoder
	Accounts  int    // how many; more than there are adds the rest
	Histories int    // of how many of them the past is told, too; zero means DefaultHistories
	Seed      uint64 // where chance starts
	Hash      func(password string) (string, error)
	Progress  func(done float64) // nil for nobody
}

// MaxAccounts is the most accounts a demo company may have.
const MaxAccounts = 2_000_000

// Password is the one password of all people of the demo company.
const Password = "heating-2026"

// Name is what the demo company is called.
const Name = "Lindner Heating & Air"

// maker is one making of the company.
type maker struct {
	Options
	now     time.Time
	day     work.Day // the next working day
	zone    *time.Location
	places  []place
	country country
	people  map[string]crm.Staff // by e-mail name
	teams   map[string]uuid.UUID
	compass compass
	records *record.Records
	taken   map[booked]bool // past slots of technicians; nil while nobody asks
}

// Load makes the company as far as it is not there yet: a call that was killed is taken up where it ended, and one
// for a company that is whole changes nothing but to add accounts up to the number asked for. A database of a real
// company is a Conflict. The caller must be allowed to set up the organisation.
func Load(ctx context.Context, o Options) error {
	if _, err := crm.Require(ctx, crm.OrganisationWrite); err != nil {
		return err
	}
	if o.Accounts < 1 || o.Accounts > MaxAccounts {
		return crm.Invalidf("accounts", "lie outside 1..%d", MaxAccounts)
	}
	ctx = crm.WithActor(ctx, crm.System(founder))
	m := &maker{Options: o, now: o.Store.Now().Truncate(time.Second), people: map[string]crm.Staff{}, teams: map[string]uuid.UUID{}}
	m.records = kinds.Records(o.Store)
	if m.Histories == 0 {
		m.Histories = DefaultHistories
	}
	if m.Progress == nil {
		m.Progress = func(float64) {}
	}
	there, err := look(ctx, o.Store)
	switch {
	case err != nil:
		return err
	case there.organisation && !there.ours:
		return crm.Conflictf("this is the database of a real company; the demo company needs one of its own")
	case there.whole && there.accounts >= o.Accounts:
		return nil
	}
	if err := m.findPlaces(ctx); err != nil {
		return err
	}
	if err := m.organisation(ctx); err != nil {
		return err
	}
	m.day = work.NextWorkingDay(m.now, m.zone)
	if err := m.staff(ctx, there.whole); err != nil {
		return fmt.Errorf("people of the demo company: %w", err)
	}
	m.compass = newCompass(m.places)
	if err := m.catalogue(ctx); err != nil {
		return fmt.Errorf("products of the demo company: %w", err)
	}
	if err := m.accounts(ctx); err != nil {
		return fmt.Errorf("accounts of the demo company: %w", err)
	}
	if !there.whole {
		if err := m.visits(ctx); err != nil {
			return fmt.Errorf("visits of the demo company: %w", err)
		}
	}
	m.Progress(1)
	return m.Store.Write(ctx, func(tx pgx.Tx) error {
		changes := crm.Changes{}
		changes.Set("accounts", there.accounts, o.Accounts)
		return crm.Append(ctx, tx, crm.Event{Verb: whole, Kind: "organisation", ID: crm.SystemID, Changes: changes})
	})
}

// What the log says of a demo company: founded by this actor, and, once it is whole, this verb.
const (
	founder = "demo"
	whole   = "furnished"
)

// found is what is there of the company already.
type found struct {
	organisation bool // any
	ours         bool // a demo company
	whole        bool // all of it
	accounts     int  // of the demo's making
}

func look(ctx context.Context, store *crm.Store) (f found, err error) {
	err = store.Read(ctx, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select exists (select from crm.organisation),
			exists (select from crm.event where entity_id = $1 and verb = 'founded' and actor = $1 and actor_name = $2),
			exists (select from crm.event where entity_id = $1 and verb = $3),
			(select count(*) from customer.account where synthetic)`, crm.SystemID, founder, whole).
			Scan(&f.organisation, &f.ours, &f.whole, &f.accounts)
	})
	return f, err
}

// Unfinished tells whether the making of a demo company was broken off: Load takes it up again.
func Unfinished(ctx context.Context, store *crm.Store) (bool, error) {
	f, err := look(ctx, store)
	return f.ours && !f.whole, err
}

func (m *maker) organisation(ctx context.Context) error {
	err := m.Store.EnsureOrganisation(ctx, crm.Organisation{Name: Name, Zone: m.country.zone, Currency: m.country.currency, Language: "en"})
	if err != nil {
		return err
	}
	o, err := m.Store.Organisation(ctx)
	m.zone = o.Location()
	return err
}

// Login is a way into the demo company.
type Login struct {
	Role     string // as people say it
	Email    string
	Password string
	Page     string // where this role begins
}

// Logins returns a login for each role of the demo company, none if there is no such company.
func Logins(ctx context.Context, store *crm.Store) ([]Login, error) {
	var out []Login
	err := store.Read(ctx, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, `
			select r.title, (array_agg(s.email order by length(s.email), s.email))[1], r.code from crm.staff s join crm.role r on r.code = s.role
			where s.synthetic and s.active group by r.title, r.code
			order by array_position(array['dispatcher', 'technician', 'rep', 'sales_manager', 'service_agent', 'marketer', 'administrator'], r.code)`)
		var title, email, code string
		_, err := pgx.ForEachRow(rows, []any{&title, &email, &code}, func() error {
			page := "/"
			if code == "technician" || code == "rep" {
				page = "/tech"
			}
			out = append(out, Login{title, email, Password, page})
			return nil
		})
		return err
	})
	return out, err
}
