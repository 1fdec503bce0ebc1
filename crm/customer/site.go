package customer

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/geo"
	"catchment/geo/hex"
)

// Site is a place where work happens; an account has many.
type Site struct {
	ID           uuid.UUID
	No           int64 // stable number used in index, tiles and optimiser
	AccountID    uuid.UUID
	Name         string
	Street       string
	HouseNumber  string
	Postcode     string
	City         string
	Country      string
	Point        orb.Point // longitude, latitude: the entrance if known
	Cell         int64     // H3 at hex.Resolution
	Zone         string
	AccessNote   string
	ContactName  string
	ContactPhone string
	Source       string      // where the point comes from: one of Sources
	Confidence   float64     // of the point, 0 to 1
	Candidates   []Candidate // what the address search found when it set the point, best first
	Version      int
	CreatedAt    time.Time
	UpdatedAt    time.Time

	// PointKept says, in the answer of ChangeSite only, that the address changed and the point a person has set
	// stayed where it was.
	PointKept bool `db:"-"`
}

// Sources of a site's point. A point a person has set is never overwritten by a geocoder or an import.
var Sources = []string{"person", "geocoder", "import", "synthetic"}

// Label returns the address on one line, or the site's name if it has none.
func (s Site) Label() string { return Address(s.Name, s.Street, s.HouseNumber, s.Postcode, s.City) }

// Address writes an address on one line, or the name if there is none.
func Address(name, street, houseNumber, postcode, city string) string {
	parts := []string{}
	if line := strings.TrimSpace(street + " " + houseNumber); line != "" {
		parts = append(parts, line)
	}
	if line := strings.TrimSpace(postcode + " " + city); line != "" {
		parts = append(parts, line)
	}
	if len(parts) == 0 {
		return name
	}
	return strings.Join(parts, ", ")
}

// NewSite is what is needed to add a site.
type NewSite struct {
	ID           uuid.UUID
	AccountID    uuid.UUID
	Name         string
	Street       string
	HouseNumber  string
	Postcode     string
	City         string
	Country      string
	Point        orb.Point
	AccessNote   string
	ContactName  string
	ContactPhone string
	Source       string  // empty means person
	Confidence   float64 // zero means 1

	// Locate has the address searched for instead of taking Point, Source and Confidence. Where the search is not
	// sure, AddSite returns *Undecided, or takes the best candidate if KeepUnsure.
	Locate, KeepUnsure bool

	candidates []Candidate
}

// SiteChange names what to change; nil leaves a field as it is. A new point counts as set by a person. A new address
// without a point moves the site to where the address search finds it, unless a person has set the point; where the
// search is not sure, ChangeSite returns *Undecided, or takes the best candidate if KeepUnsure.
type SiteChange struct {
	Name, Street, HouseNumber, Postcode, City, Country, AccessNote, ContactName, ContactPhone *string
	Point                                                                                     *orb.Point
	KeepUnsure                                                                                bool
}

// apply returns the site as changed, its point not yet found anew.
func (s SiteChange) apply(before Site) NewSite {
	after := NewSite{ID: before.ID, AccountID: before.AccountID, Name: before.Name, Street: before.Street, HouseNumber: before.HouseNumber,
		Postcode: before.Postcode, City: before.City, Country: before.Country, Point: before.Point, AccessNote: before.AccessNote,
		ContactName: before.ContactName, ContactPhone: before.ContactPhone, Source: before.Source, Confidence: before.Confidence,
		candidates: before.Candidates}
	set(&after.Name, s.Name)
	set(&after.Street, s.Street)
	set(&after.HouseNumber, s.HouseNumber)
	set(&after.Postcode, s.Postcode)
	set(&after.City, s.City)
	set(&after.Country, s.Country)
	set(&after.AccessNote, s.AccessNote)
	set(&after.ContactName, s.ContactName)
	set(&after.ContactPhone, s.ContactPhone)
	if s.Point != nil {
		after.Point, after.Source, after.Confidence, after.candidates = *s.Point, "person", 1, nil
	}
	return after
}

// take puts the site where its address was found.
func (n *NewSite) take(l located) {
	n.Point, n.Source, n.Confidence, n.candidates = l.at, "geocoder", l.confidence, l.candidates
}

func (n *NewSite) check() (cell int64, err error) {
	if n.ID == uuid.Nil {
		n.ID = uuid.Must(uuid.NewV7())
	}
	fill(&n.Source, "person")
	if n.Confidence == 0 {
		n.Confidence = 1
	}
	if err := geo.CheckPoint(n.Point); err != nil {
		var unsound *geo.Unsound
		errors.As(err, &unsound)
		return 0, crm.Invalidf("point", "%s", unsound.Message)
	}
	if !slices.Contains(Sources, n.Source) {
		return 0, crm.Invalidf("source", "is none of %s", strings.Join(Sources, ", "))
	}
	if !(n.Confidence >= 0 && n.Confidence <= 1) {
		return 0, crm.Invalidf("confidence", "lies outside 0..1")
	}
	for _, f := range []struct{ field, value string }{{"name", n.Name}, {"street", n.Street}, {"house_number", n.HouseNumber}, {"postcode", n.Postcode},
		{"city", n.City}, {"country", n.Country}, {"access_note", n.AccessNote}, {"contact_name", n.ContactName}, {"contact_phone", n.ContactPhone}} {
		if !printable(f.value) || len(f.value) > 2000 {
			return 0, crm.Invalidf(f.field, "holds control characters or more than 2,000 letters")
		}
	}
	return hex.PlaceCell(n.Point)
}

// AddSite adds a site to an account the actor may write.
func (c *Customers) AddSite(ctx context.Context, n NewSite) (Site, error) {
	if _, err := crm.Require(ctx, crm.AccountWrite); err != nil {
		return Site{}, err
	}
	if n.Locate {
		n.Point, n.Source, n.Confidence = orb.Point{}, "geocoder", 0
	}
	if _, err := n.check(); err != nil {
		return Site{}, err
	}
	if n.Locate {
		found, err := c.locate(ctx, n, n.KeepUnsure)
		if err != nil {
			return Site{}, err
		}
		n.take(found)
	}
	var out Site
	err := c.Store.Write(ctx, func(tx pgx.Tx) error {
		var err error
		out, err = AddSiteIn(ctx, tx, n)
		return err
	})
	return out, err
}

// AddSiteIn adds a site whose point is known, in a transaction. It does not ask for the right.
func AddSiteIn(ctx context.Context, tx pgx.Tx, n NewSite) (Site, error) {
	cell, err := n.check()
	if err != nil {
		return Site{}, err
	}
	account, err := lockAccount(ctx, tx, n.AccountID)
	if crm.KindOf(err) == crm.NotFound {
		return Site{}, crm.Invalidf("account_id", "there is no such account")
	}
	if err != nil {
		return Site{}, err
	}
	zone, err := siteZone(ctx, tx)
	if err != nil {
		return Site{}, err
	}
	if err := insertSite(ctx, tx, n, account, cell, zone); err != nil {
		return Site{}, err
	}
	if err := crm.Append(ctx, tx, n.added()); err != nil {
		return Site{}, err
	}
	return siteByID(ctx, tx, n.ID)
}

// ChangeSite changes a site if its version is still the given one.
func (c *Customers) ChangeSite(ctx context.Context, id uuid.UUID, version int, change SiteChange) (Site, error) {
	if _, err := crm.Require(ctx, crm.AccountWrite); err != nil {
		return Site{}, err
	}
	found, err := c.relocate(ctx, id, version, change)
	if err != nil {
		return Site{}, err
	}
	var out Site
	err = c.Store.Write(ctx, func(tx pgx.Tx) error {
		before, err := lockSite(ctx, tx, id)
		if err != nil {
			return err
		}
		if before.Version != version {
			return crm.Stale()
		}
		after := change.apply(before)
		if found != nil {
			after.take(*found)
		}
		cell, err := after.check()
		if err != nil {
			return err
		}
		zone, err := siteZone(ctx, tx)
		if err != nil {
			return err
		}
		if err := updateSite(ctx, tx, after, cell, zone); err != nil {
			return err
		}
		if err := crm.Append(ctx, tx, crm.Event{Verb: "changed", Kind: "site", ID: id, Account: &before.AccountID, Site: &id,
			Changes: siteChanges(before, after)}); err != nil {
			return err
		}
		out, err = siteByID(ctx, tx, id)
		out.PointKept = change.Point == nil && before.Source == "person" && !after.sameAddress(before)
		return err
	})
	return out, err
}

// relocate finds where a changed address lies; nil if the point stays. It asks before the transaction of the change,
// which shall not wait for a geocoder elsewhere: the version tells whether the site is still the same then.
func (c *Customers) relocate(ctx context.Context, id uuid.UUID, version int, change SiteChange) (*located, error) {
	if change.Point != nil || change.Street == nil && change.HouseNumber == nil && change.Postcode == nil && change.City == nil && change.Country == nil {
		return nil, nil
	}
	var before Site
	err := c.Store.Read(ctx, func(tx pgx.Tx) (err error) {
		before, err = siteByID(ctx, tx, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	if before.Version != version {
		return nil, crm.Stale()
	}
	after := change.apply(before)
	if before.Source == "person" || after.sameAddress(before) || !after.addressed() {
		return nil, nil
	}
	if _, err := after.check(); err != nil {
		return nil, err
	}
	found, err := c.locate(ctx, after, change.KeepUnsure)
	return &found, err
}

// added is the event that tells of a new site.
func (n NewSite) added() crm.Event {
	return crm.Event{Verb: "added", Kind: "site", ID: n.ID, Account: &n.AccountID, Site: &n.ID, Changes: siteChanges(Site{}, n)}
}

func siteChanges(before Site, after NewSite) crm.Changes {
	changes := crm.Changes{}
	old := any(before.Point)
	if before.ID == uuid.Nil {
		old = nil
	}
	changes.Set("name", before.Name, after.Name)
	changes.Set("postcode", before.Postcode, after.Postcode)
	changes.Set("city", before.City, after.City)
	changes.Set("source", before.Source, after.Source)
	changes.Set("confidence", before.Confidence, after.Confidence)
	changes.SetPrivate("candidates", labels(before.Candidates), labels(after.candidates))
	changes.SetPrivate("point", old, after.Point)
	changes.SetPrivate("street", before.Street, after.Street)
	changes.SetPrivate("house_number", before.HouseNumber, after.HouseNumber)
	changes.SetPrivate("access_note", before.AccessNote, after.AccessNote)
	changes.SetPrivate("contact_name", before.ContactName, after.ContactName)
	changes.SetPrivate("contact_phone", before.ContactPhone, after.ContactPhone)
	return changes
}

// Site returns one site.
func (c *Customers) Site(ctx context.Context, id uuid.UUID) (Site, error) {
	if _, err := crm.Require(ctx, crm.AccountRead); err != nil {
		return Site{}, err
	}
	var out Site
	err := c.Store.Read(ctx, func(tx pgx.Tx) error {
		var err error
		out, err = siteByID(ctx, tx, id)
		return err
	})
	return out, err
}

// Sites returns the sites of an account, by name and address. An account the actor may not see is NotFound.
func (c *Customers) Sites(ctx context.Context, account uuid.UUID) ([]Site, error) {
	if _, err := crm.Require(ctx, crm.AccountRead); err != nil {
		return nil, err
	}
	var out []Site
	err := c.Store.Read(ctx, func(tx pgx.Tx) error {
		if _, err := accountByID(ctx, tx, account); err != nil {
			return err
		}
		var err error
		out, err = sitesOf(ctx, tx, account)
		return err
	})
	return out, err
}
