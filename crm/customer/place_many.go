package customer

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/geo/geocode"
)

// Located is where the address search puts a site. It is kept as JSON while an import is under way.
type Located struct {
	Found      bool        `json:"found"`
	Point      orb.Point   `json:"point"`
	Confidence float64     `json:"confidence"`
	Doubt      string      `json:"doubt,omitempty"` // why a person should look; empty if it is sure
	Candidates []Candidate `json:"candidates,omitempty"`
}

// LocateMany searches for the addresses of many sites. It asks before any transaction: a search elsewhere may be slow.
func (c *Customers) LocateMany(ctx context.Context, sites []NewSite) ([]Located, error) {
	out := make([]Located, len(sites))
	if c.Addresses == nil {
		for i := range out {
			out[i].Doubt = "there is no address search"
		}
		return out, nil
	}
	queries := make([]geocode.Query, len(sites))
	for i, n := range sites {
		queries[i] = geocode.Query{Street: n.Street, HouseNumber: n.HouseNumber, Postcode: n.Postcode, City: n.City, Country: n.Country, Limit: mostCandidates}
	}
	report, err := geocode.Batch(ctx, searcher{c.Addresses}, queries, nil)
	if err != nil {
		return nil, err
	}
	for i, a := range report.Answers {
		for _, f := range a.Candidates[:min(len(a.Candidates), mostCandidates)] {
			out[i].Candidates = append(out[i].Candidates, Candidate{f.Kind, f.Label, f.Street, f.HouseNumber, f.Postcode, f.City, f.Country, f.At, f.Confidence, f.Tie})
		}
		out[i].Doubt = doubt(out[i].Candidates, sites[i].Postcode+sites[i].City != "")
		if a.Err != nil {
			out[i].Doubt = a.Err.Error()
		}
		if len(out[i].Candidates) > 0 {
			out[i].Found, out[i].Point, out[i].Confidence = true, out[i].Candidates[0].Point, out[i].Candidates[0].Confidence
		}
		if out[i].Doubt == "" {
			out[i].Candidates = out[i].Candidates[:1]
		}
	}
	return out, nil
}

// searcher is an address search that a batch may ask; batches ask for addresses only.
type searcher struct{ Addresses }

func (searcher) Reverse(context.Context, orb.Point) ([]geocode.Candidate, error) { return nil, nil }

// Take puts a site where it was found.
func (n *NewSite) Take(l Located) {
	n.take(located{l.Point, l.Confidence, l.Candidates})
}

// Check tells whether a site whose point is known may be added, and completes it.
func (n *NewSite) Check() error {
	_, err := n.check()
	return err
}

// AddSitesIn adds many sites in few statements, in a transaction: their accounts are the actor's to write, and belong
// to whom the sites then belong. Each is told of in the log. It does not ask for the right.
func AddSitesIn(ctx context.Context, tx pgx.Tx, sites []NewSite) error {
	if len(sites) == 0 {
		return nil
	}
	var ids, accounts []uuid.UUID
	var names, streets, numbers, postcodes, cities, countries, notes, persons, tels, sources []string
	var points []orb.Point
	var cells []int64
	var confidences []float64
	var candidates [][]Candidate
	events := make([]crm.Event, 0, len(sites))
	for i, r := range sites {
		cell, err := r.check()
		if err != nil {
			return within(fmt.Sprintf("sites[%d]", i), err)
		}
		ids, accounts = append(ids, r.ID), append(accounts, r.AccountID)
		names, streets, numbers = append(names, r.Name), append(streets, r.Street), append(numbers, r.HouseNumber)
		postcodes, cities, countries = append(postcodes, r.Postcode), append(cities, r.City), append(countries, r.Country)
		notes, persons, tels = append(notes, r.AccessNote), append(persons, r.ContactName), append(tels, r.ContactPhone)
		points, cells, sources = append(points, r.Point), append(cells, cell), append(sources, r.Source)
		confidences, candidates = append(confidences, r.Confidence), append(candidates, r.candidates)
		events = append(events, r.added())
	}
	zone, err := siteZone(ctx, tx)
	if err != nil {
		return err
	}
	tag, err := tx.Exec(ctx, `
		insert into customer.site (id, account_id, owner_id, team_id, name, street, house_number, postcode, city, country, point, cell, zone,
		       access_note, contact_name, contact_phone, source, confidence, candidates)
		select s.id, s.account, a.owner_id, a.team_id, s.name, s.street, s.number, s.postcode, s.city, s.country, s.point, s.cell, $1,
		       s.note, s.person, s.tel, s.source, s.confidence, s.candidates
		from unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
		            $10::geometry[], $11::bigint[], $12::text[], $13::text[], $14::text[], $15::text[], $16::float8[], $17::jsonb[]) with ordinality
		     as s(id, account, name, street, number, postcode, city, country, point, cell, note, person, tel, source, confidence, candidates, n)
		join customer.account a on a.id = s.account
		order by s.n`,
		zone, ids, accounts, names, streets, numbers, postcodes, cities, countries, points, cells, notes, persons, tels, sources, confidences, candidates)
	if err != nil {
		return crm.DBError(err, "site")
	}
	if int(tag.RowsAffected()) != len(sites) {
		return crm.Invalidf("account_id", "there is no such account")
	}
	return crm.AppendAll(ctx, tx, events)
}
