// Package customer knows accounts and the sites where work for them happens.
package customer

import (
	"context"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"catchment/crm"
)

// Customers is the room of accounts and sites.
type Customers struct {
	Store     *crm.Store
	Addresses Addresses // nil if sites are only added with their point
}

// Account is a company or household we do, or want to do, business with.
type Account struct {
	ID        uuid.UUID
	Number    string
	Name      string
	Kind      string // "company", "household"
	Stage     string // one of Stages
	Class     string // "A", "B", "C"
	OwnerID   *uuid.UUID
	TeamID    *uuid.UUID
	Phone     string
	Email     string
	Sites     int `db:"sites"`
	Version   int
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Stages of an account's life, in the order people go through them.
var Stages = []string{"lead", "prospect", "customer", "at_risk", "lost", "won_back"}

// NewAccount is what is needed to add an account.
type NewAccount struct {
	ID        uuid.UUID // made by the caller; zero makes one
	Name      string
	Kind      string // empty means company
	Stage     string // empty means prospect
	Class     string // empty means C
	OwnerID   *uuid.UUID
	TeamID    *uuid.UUID
	Phone     string
	Email     string
	Synthetic bool
}

// complete sets what the caller left open.
func (n *NewAccount) complete() {
	if n.ID == uuid.Nil {
		n.ID = uuid.Must(uuid.NewV7())
	}
	fill(&n.Kind, "company")
	fill(&n.Stage, "prospect")
	fill(&n.Class, "C")
}

func (n *NewAccount) check() error {
	n.Name = strings.TrimSpace(n.Name)
	switch {
	case n.Name == "":
		return crm.Invalidf("name", "is empty")
	case len(n.Name) > 300:
		return crm.Invalidf("name", "is longer than 300 letters")
	case !printable(n.Name):
		return crm.Invalidf("name", "holds control characters")
	case n.Kind != "company" && n.Kind != "household":
		return crm.Invalidf("kind", "is neither company nor household")
	case !slices.Contains(Stages, n.Stage):
		return crm.Invalidf("stage", "is none of %s", strings.Join(Stages, ", "))
	case !slices.Contains([]string{"A", "B", "C"}, n.Class):
		return crm.Invalidf("class", "is none of A, B, C")
	case len(n.Phone) > 50 || !printable(n.Phone):
		return crm.Invalidf("phone", "is no phone number")
	}
	if n.Email != "" {
		if a, err := mail.ParseAddress(n.Email); err != nil || a.Address != n.Email || len(n.Email) > 254 {
			return crm.Invalidf("email", "is no e-mail address")
		}
	}
	return nil
}

func fill(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' })
}

// AddAccount adds an account. An actor of narrow scope becomes its owner unless he names one of his.
func (c *Customers) AddAccount(ctx context.Context, n NewAccount) (Account, error) {
	actor, err := crm.Require(ctx, crm.AccountWrite)
	if err != nil {
		return Account{}, err
	}
	n.complete()
	if err := n.check(); err != nil {
		return Account{}, err
	}
	n.ownedBy(actor)
	var out Account
	err = c.Store.Write(ctx, func(tx pgx.Tx) error {
		if err := insertAccount(ctx, tx, n); err != nil {
			return err
		}
		if err := crm.Append(ctx, tx, n.added()); err != nil {
			return err
		}
		out, err = accountByID(ctx, tx, n.ID)
		return err
	})
	return out, err
}

// added is the event that tells of a new account.
func (n NewAccount) added() crm.Event {
	changes := crm.Changes{}
	changes.Set("kind", nil, n.Kind)
	changes.Set("stage", nil, n.Stage)
	changes.Set("class", nil, n.Class)
	changes.Set("owner_id", nil, n.OwnerID)
	changes.Set("team_id", nil, n.TeamID)
	changes.SetPrivate("name", nil, n.Name)
	changes.SetPrivate("phone", "", n.Phone)
	changes.SetPrivate("email", "", n.Email)
	return crm.Event{Verb: "added", Kind: "account", ID: n.ID, Account: &n.ID, Changes: changes}
}

// ownedBy gives an account nobody is named for to the actor, if his scope is narrow, and his team to his own.
func (n *NewAccount) ownedBy(actor crm.Actor) {
	if actor.Scope != crm.ScopeAll && n.OwnerID == nil {
		n.OwnerID = &actor.ID
	}
	if n.TeamID == nil && n.OwnerID != nil && *n.OwnerID == actor.ID && len(actor.Teams) > 0 {
		n.TeamID = &actor.Teams[0]
	}
}

func set(field *string, value *string) {
	if value != nil {
		*field = *value
	}
}

// Account returns one account.
func (c *Customers) Account(ctx context.Context, id uuid.UUID) (Account, error) {
	if _, err := crm.Require(ctx, crm.AccountRead); err != nil {
		return Account{}, err
	}
	var out Account
	err := c.Store.Read(ctx, func(tx pgx.Tx) error {
		var err error
		out, err = accountByID(ctx, tx, id)
		return err
	})
	return out, err
}
