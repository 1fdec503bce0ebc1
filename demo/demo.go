// Package demo makes the demo company: a firm for heating and ventilation with its people, customers and work, put
// on whatever region is loaded. The same seed, size and extract give the same company.
package demo

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"catchment/crm"
	"catchment/crm/customer"
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
	Seed      uint64 // where chance starts
	Hash      func(password string) (string, error)
	Progress  func(done float64) // nil for nobody
}

// Password is the one password of all people of the demo company.
const Password = "heating-2026"

// Login is a way into the demo company.
type Login struct {
	Role     string // as people say it
	Email    string
	Password string
	Page     string // where this role begins
}

// ErrNoStreets says that no extract is loaded, so that there is nowhere to put a company.
var ErrNoStreets = errors.New("no streets are loaded: import an extract first")

// maker is one making of the company.
type maker struct {
	Options
	chance *rand.Rand
	now    time.Time
	day    work.Day // the next working day
	zone   *time.Location
	places []geocode.Drawn
	people map[string]crm.Staff // by e-mail name
	teams  map[string]uuid.UUID
}

// Load makes the company as far as it is not there yet.
func Load(ctx context.Context, o Options) error {
	m := &maker{Options: o, chance: rand.New(rand.NewPCG(o.Seed, 0x64656d6f)), now: o.Store.Now(), people: map[string]crm.Staff{}, teams: map[string]uuid.UUID{}}
	if m.Progress == nil {
		m.Progress = func(float64) {}
	}
	if o.Accounts < 1 || o.Accounts > 2_000_000 {
		return crm.Invalidf("accounts", "lie outside 1..2,000,000")
	}
	there, err := m.present(ctx)
	if err != nil {
		return err
	}
	if there.staff && there.accounts >= o.Accounts {
		return nil
	}
	if err := m.findPlaces(ctx); err != nil {
		return err
	}
	if err := m.organisation(ctx); err != nil {
		return err
	}
	m.day = work.NextWorkingDay(m.now, m.zone)
	if !there.staff {
		if err := m.staff(ctx); err != nil {
			return fmt.Errorf("people of the demo company: %w", err)
		}
	} else if err := m.knownPeople(ctx); err != nil {
		return err
	}
	if err := m.accounts(ctx, there.accounts); err != nil {
		return fmt.Errorf("accounts of the demo company: %w", err)
	}
	if !there.visits {
		if err := m.visits(ctx); err != nil {
			return fmt.Errorf("visits of the demo company: %w", err)
		}
	}
	m.Progress(1)
	return nil
}

// found is what is there of the company already.
type found struct {
	staff    bool
	accounts int
	visits   bool
}

func (m *maker) present(ctx context.Context) (f found, err error) {
	err = m.Store.Read(ctx, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select exists (select from crm.staff where synthetic) and exists (select from work.shift),
			(select count(*) from customer.account where synthetic), exists (select from work.visit)`).Scan(&f.staff, &f.accounts, &f.visits)
	})
	return f, err
}

// findPlaces draws an address for every account and base; where the extract has too few, spots on named streets
// stand in.
func (m *maker) findPlaces(ctx context.Context) error {
	n := m.Accounts + 40
	places, err := m.Addresses.Sample(ctx, n, int64(m.Seed))
	if err != nil {
		return err
	}
	if missing := n - len(places); missing > 0 {
		spots, err := m.Addresses.SampleStreets(ctx, missing, int64(m.Seed))
		if err != nil {
			return err
		}
		for i := range spots {
			spots[i].HouseNumber = fmt.Sprint(1 + m.chance.IntN(90))
			spots[i].Country = "synthetic:" + spots[i].Country
		}
		places = append(places, spots...)
	}
	if len(places) == 0 {
		return ErrNoStreets
	}
	m.places = places
	return nil
}

// place returns the address of the i-th account or base; a company larger than its region has several at one house.
func (m *maker) place(i int) (p geocode.Drawn, source string) {
	p = m.places[i%len(m.places)]
	if country, spot := cut(p.Country, "synthetic:"); spot {
		p.Country = country
		return p, "synthetic"
	}
	return p, "import"
}

func cut(s, prefix string) (rest string, found bool) {
	if len(s) >= len(prefix) && s[:len(prefix)] == prefix {
		return s[len(prefix):], true
	}
	return s, false
}

// countries tells zone and currency of the regions people are likely to load.
var countries = map[string]struct{ zone, currency string }{
	"LI": {"Europe/Vaduz", "CHF"}, "CH": {"Europe/Zurich", "CHF"}, "AT": {"Europe/Vienna", "EUR"}, "DE": {"Europe/Berlin", "EUR"},
	"FR": {"Europe/Paris", "EUR"}, "MC": {"Europe/Monaco", "EUR"}, "PT": {"Europe/Lisbon", "EUR"}, "IT": {"Europe/Rome", "EUR"},
	"ES": {"Europe/Madrid", "EUR"}, "NL": {"Europe/Amsterdam", "EUR"}, "BE": {"Europe/Brussels", "EUR"}, "GB": {"Europe/London", "GBP"},
}

func (m *maker) organisation(ctx context.Context) error {
	local, known := countries[m.country()]
	if !known {
		local.zone, local.currency = "Europe/Berlin", "EUR"
		if m.places[0].At[0] < -4 && m.places[0].At[1] < 43 { // Portugal, whose extracts often do not say so
			local.zone = "Europe/Lisbon"
		}
	}
	err := m.Store.EnsureOrganisation(ctx, crm.Organisation{Name: "Lindner Heating & Air", Zone: local.zone, Currency: local.currency, Language: "en"})
	if err != nil {
		return err
	}
	o, err := m.Store.Organisation(ctx)
	if err != nil {
		return err
	}
	m.zone = o.Location()
	return nil
}

// country returns the most frequent country of the places.
func (m *maker) country() string {
	count := map[string]int{}
	best := ""
	for _, p := range m.places {
		if code, _ := cut(p.Country, "synthetic:"); code != "" {
			count[code]++
			if count[code] > count[best] {
				best = code
			}
		}
	}
	if best == "" && m.places[0].At[0] > 9.4 && m.places[0].At[0] < 9.7 && m.places[0].At[1] > 47.0 && m.places[0].At[1] < 47.3 {
		best = "LI"
	}
	return best
}

// id returns the next id: a UUIDv7 of the given instant whose random part comes from the seed.
func (m *maker) id(at time.Time) uuid.UUID {
	var id uuid.UUID
	ms := uint64(at.UnixMilli())
	for i := range 6 {
		id[i] = byte(ms >> (40 - 8*i))
	}
	a, b := m.chance.Uint64(), m.chance.Uint64()
	for i := range 8 {
		id[8+i] = byte(a >> (8 * i))
	}
	id[6] = 0x70 | byte(b&0x0f)
	id[7] = byte(b >> 8)
	id[8] = 0x80 | id[8]&0x3f
	return id
}

// pick returns one of the choices.
func pick[T any](m *maker, choices []T) T { return choices[m.chance.IntN(len(choices))] }

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
