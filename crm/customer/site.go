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
	Source       string  // where the point comes from: one of Sources
	Confidence   float64 // of the point, 0 to 1
	Version      int
	CreatedAt    time.Time
	UpdatedAt    time.Time
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
}

// SiteChange names what to change; nil leaves a field as it is. A new point counts as set by a person.
type SiteChange struct {
	Name, Street, HouseNumber, Postcode, City, Country, AccessNote, ContactName, ContactPhone *string
	Point                                                                                     *orb.Point
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
	cell, err := n.check()
	if err != nil {
		return Site{}, err
	}
	var out Site
	err = c.Store.Write(ctx, func(tx pgx.Tx) error {
		account, err := lockAccount(ctx, tx, n.AccountID)
		if crm.KindOf(err) == crm.NotFound {
			return crm.Invalidf("account_id", "there is no such account")
		}
		if err != nil {
			return err
		}
		zone, err := siteZone(ctx, tx)
		if err != nil {
			return err
		}
		if err := insertSite(ctx, tx, n, account, cell, zone); err != nil {
			return err
		}
		if err := crm.Append(ctx, tx, n.added()); err != nil {
			return err
		}
		out, err = siteByID(ctx, tx, n.ID)
		return err
	})
	return out, err
}

// ChangeSite changes a site if its version is still the given one.
func (c *Customers) ChangeSite(ctx context.Context, id uuid.UUID, version int, change SiteChange) (Site, error) {
	if _, err := crm.Require(ctx, crm.AccountWrite); err != nil {
		return Site{}, err
	}
	var out Site
	err := c.Store.Write(ctx, func(tx pgx.Tx) error {
		before, err := lockSite(ctx, tx, id)
		if err != nil {
			return err
		}
		if before.Version != version {
			return crm.Stale()
		}
		after := NewSite{ID: id, AccountID: before.AccountID, Name: before.Name, Street: before.Street, HouseNumber: before.HouseNumber,
			Postcode: before.Postcode, City: before.City, Country: before.Country, Point: before.Point, AccessNote: before.AccessNote,
			ContactName: before.ContactName, ContactPhone: before.ContactPhone, Source: before.Source, Confidence: before.Confidence}
		set(&after.Name, change.Name)
		set(&after.Street, change.Street)
		set(&after.HouseNumber, change.HouseNumber)
		set(&after.Postcode, change.Postcode)
		set(&after.City, change.City)
		set(&after.Country, change.Country)
		set(&after.AccessNote, change.AccessNote)
		set(&after.ContactName, change.ContactName)
		set(&after.ContactPhone, change.ContactPhone)
		if change.Point != nil {
			after.Point, after.Source, after.Confidence = *change.Point, "person", 1
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
		return err
	})
	return out, err
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
