package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/crm/customer"
	"catchment/geo/hex"
)

var (
	families = strings.Fields("Amann Batliner Beck Biedermann Büchel Eberle Elkuch Fehr Foser Frommelt Gassner Gstöhl Hasler Heeb Hoop Jehle Kaiser Kieber " +
		"Kindle Konrad Lampert Marxer Matt Meier Negele Näscher Oehri Öhri Ospelt Pfeiffer Quaderer Ritter Risch Schädler Schächle Sele Senti Sprenger Vogt " +
		"Wachter Walser Wanger Wohlwend Wolfinger Zech")
	given  = strings.Fields("Andrea Bruno Carmen Daniel Elena Felix Gabriela Hans Irene Jakob Karin Lukas Monika Noah Olivia Patrick Rita Stefan Theresa Urs Vera Werner Yvonne Zoe")
	trades = []string{"Bakery", "Dental practice", "Garage", "Hotel", "Restaurant", "Primary school", "Printing works", "Joinery", "Pharmacy", "Kindergarten",
		"Retirement home", "Sports hall", "Supermarket", "Brewery", "Clinic", "Museum", "Town hall", "Nursery", "Logistics", "Precision parts"}
	notes = []string{"", "", "", "Ring twice; the bell is at the side door.", "Plant room in the cellar, key at reception.", "Dog in the garden, please call before.",
		"Parking behind the house.", "Gate code 4711.", "Deliveries only until 10:00, the yard is full then.", "Ask for the caretaker."}
)

// batch is how many accounts are written in one transaction.
const batch = 2000

// accounts adds the accounts from the first that is missing, each with a site, and tells the log of both.
func (m *maker) accounts(ctx context.Context, there int) error {
	for from := there; from < m.Accounts; from += batch {
		to := min(from+batch, m.Accounts)
		var rows columns
		for i := from; i < to; i++ {
			if err := m.account(&rows, i); err != nil {
				return err
			}
		}
		if err := m.Store.Write(ctx, func(tx pgx.Tx) error { return rows.insert(ctx, tx) }); err != nil {
			return err
		}
		m.Progress(0.9 * float64(to) / float64(m.Accounts))
	}
	return nil
}

// columns are accounts with their sites on the way into the database, one slice a column.
type columns struct {
	id, site                                                   []uuid.UUID
	owner, team                                                []*uuid.UUID
	name, search, kind, stage, class, phone, email             []string
	street, number, postcode, city, country, note, person, tel []string
	source, zone                                               []string
	point                                                      []orb.Point
	cell                                                       []int64
	at                                                         []time.Time
}

// account adds the i-th account. Its chance is its own, so that a larger company begins with the smaller one.
func (m *maker) account(c *columns, i int) error {
	own := &maker{Options: m.Options, chance: rand.New(rand.NewPCG(m.Seed, uint64(i)+1))}
	place, source := m.place(40 + i)
	cell, err := hex.PlaceCell(place.At)
	if err != nil {
		return err
	}
	family, first := pick(own, families), pick(own, given)
	kind, name := "household", first+" "+family
	class, stage := "C", "customer"
	if own.chance.IntN(100) < 38 {
		kind, class = "company", "B"
		name = pick(own, trades) + " " + family
		if own.chance.IntN(4) == 0 {
			class = "A"
		}
	}
	switch n := own.chance.IntN(100); {
	case n < 9:
		stage = "lead"
	case n < 22:
		stage = "prospect"
	case n < 27:
		stage = "at_risk"
	case n < 30:
		stage = "lost"
	case n < 32:
		stage = "won_back"
	}
	since := m.now.AddDate(0, 0, -own.chance.IntN(730)).Truncate(time.Second)
	var owner, team *uuid.UUID
	if o := m.people[pick(own, []string{"rep", "rep2"})]; o.ID != uuid.Nil {
		t := m.teams["Sales"]
		owner, team = &o.ID, &t
	}
	// Numbers of the range kept free for fiction.
	phone := fmt.Sprintf("+41 44 668 1%d %02d", 8+own.chance.IntN(2), own.chance.IntN(100))
	email := customer.SearchText(first) + "." + strings.ReplaceAll(customer.SearchText(family), " ", "") + fmt.Sprint(i) + "@mail.example"
	c.id, c.site = append(c.id, own.id(since)), append(c.site, own.id(since))
	c.owner, c.team = append(c.owner, owner), append(c.team, team)
	c.name, c.search = append(c.name, name), append(c.search, customer.SearchText(name, phone, email))
	c.kind, c.stage, c.class = append(c.kind, kind), append(c.stage, stage), append(c.class, class)
	c.phone, c.email = append(c.phone, phone), append(c.email, email)
	c.street, c.number = append(c.street, place.Street), append(c.number, place.HouseNumber)
	c.postcode, c.city, c.country = append(c.postcode, place.Postcode), append(c.city, place.City), append(c.country, place.Country)
	c.note, c.person, c.tel = append(c.note, pick(own, notes)), append(c.person, first+" "+family), append(c.tel, phone)
	c.source, c.zone = append(c.source, source), append(c.zone, m.zone.String())
	c.point, c.cell, c.at = append(c.point, place.At), append(c.cell, cell), append(c.at, since)
	return nil
}

// insert writes the accounts, their sites and the events that tell of them.
func (c *columns) insert(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `
		insert into customer.account (id, name, search, kind, stage, class, owner_id, team_id, phone, email, synthetic, created_at, updated_at)
		select id, name, search, kind, stage, class, owner, team, phone, email, true, at, at
		from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::uuid[], $8::uuid[], $9::text[], $10::text[], $11::timestamptz[])
		     as a(id, name, search, kind, stage, class, owner, team, phone, email, at)
		on conflict (id) do nothing`,
		c.id, c.name, c.search, c.kind, c.stage, c.class, c.owner, c.team, c.phone, c.email, c.at)
	if err != nil {
		return crm.DBError(err, "account")
	}
	_, err = tx.Exec(ctx, `
		insert into customer.site (id, account_id, owner_id, team_id, street, house_number, postcode, city, country, point, cell, zone, access_note,
		       contact_name, contact_phone, source, confidence, created_at, updated_at)
		select id, account, owner, team, street, number, postcode, city, country, point, cell, zone, note, person, tel, source,
		       case source when 'synthetic' then 0.5 else 1 end, at, at
		from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::geometry[],
		            $11::bigint[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::timestamptz[])
		     as s(id, account, owner, team, street, number, postcode, city, country, point, cell, zone, note, person, tel, source, at)
		on conflict (id) do nothing`,
		c.site, c.id, c.owner, c.team, c.street, c.number, c.postcode, c.city, c.country, c.point, c.cell, c.zone, c.note, c.person, c.tel, c.source, c.at)
	if err != nil {
		return crm.DBError(err, "site")
	}
	actor, _ := crm.ActorFrom(ctx)
	_, err = tx.Exec(ctx, `
		insert into crm.event (at, actor, actor_name, verb, entity_kind, entity_id, account_id, site_id, changes)
		select at, $1, $2, 'added', kind, id, account, site, changes
		from (
			select a.at, 'account' as kind, a.id, a.id as account, null::uuid as site,
			       jsonb_build_object('kind', jsonb_build_array(null, a.kind), 'stage', jsonb_build_array(null, a.stage), 'class', jsonb_build_array(null, a.class)) as changes, 0 as part, a.n
			from unnest($3::timestamptz[], $4::uuid[], $6::text[], $7::text[], $8::text[]) with ordinality as a(at, id, kind, stage, class, n)
			union all
			select s.at, 'site', s.id, s.account, s.id, jsonb_build_object('city', jsonb_build_array('', s.city)), 1, s.n
			from unnest($3::timestamptz[], $5::uuid[], $4::uuid[], $9::text[]) with ordinality as s(at, id, account, city, n)
		) as e order by n, part`,
		actor.ID, actor.Name, c.at, c.id, c.site, c.kind, c.stage, c.class, c.city)
	return crm.DBError(err, "event")
}
