package sales

import (
	"context"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/crm/customer"
	"catchment/crm/record"
	"catchment/geo/hex"
)

// Conversion says what a lead becomes.
type Conversion struct {
	AccountID *uuid.UUID // an account that is there already; nil makes one
	DealName  string     // empty for no deal
	Amount    *int64     // of the deal, in minor units
}

// Converted is what a lead has become.
type Converted struct {
	Account, Contact, Site, Deal uuid.UUID // uuid.Nil for what was not made
	Set                          record.ChangeSet
}

// Convert makes an account of a lead, with a contact if it names a person, a site if it has a point, and a deal if one
// is asked for. What was said with the lead goes to the account. All happens at once, as one change set that can be undone.
func (s *Sales) Convert(ctx context.Context, id uuid.UUID, version int, c Conversion) (Converted, error) {
	for _, right := range []crm.Right{crm.LeadWrite, crm.AccountWrite} {
		if _, err := crm.Require(ctx, right); err != nil {
			return Converted{}, err
		}
	}
	if c.DealName != "" {
		if _, err := crm.Require(ctx, crm.DealWrite); err != nil {
			return Converted{}, err
		}
	}
	var out Converted
	err := s.Store.WriteRetry(ctx, func(tx pgx.Tx) error {
		out = Converted{}
		lead, err := s.Records.LockedIn(ctx, tx, "lead", id)
		if err != nil {
			return err
		}
		if lead.Version() != version {
			return crm.Stale()
		}
		if lead.Text("state") == "converted" {
			return crm.Conflictf("this lead was converted already")
		}
		if out.Set, err = s.Records.OpenSet(ctx, tx, "convert", "lead", lead.Text("name")); err != nil {
			return err
		}
		return s.convert(ctx, tx, lead, c, &out)
	})
	return out, err
}

func (s *Sales) convert(ctx context.Context, tx pgx.Tx, lead record.Values, c Conversion, out *Converted) error {
	how := record.Saving{Set: &out.Set}
	add := func(kind string, v record.Values) (uuid.UUID, error) {
		ids, err := s.Records.AddIn(ctx, tx, kind, []record.Values{v}, how)
		if err != nil {
			return uuid.Nil, err
		}
		return ids[0], nil
	}
	var err error
	if c.AccountID != nil {
		account, err := s.Records.LockedIn(ctx, tx, "account", *c.AccountID)
		if crm.KindOf(err) == crm.NotFound {
			return crm.Invalidf("account_id", "there is no such account")
		}
		if err != nil {
			return err
		}
		out.Account = uuid.MustParse(account.ID())
	} else if out.Account, err = add("account", record.Values{"name": lead["name"], "kind": lead["kind"], "stage": "prospect", "phone": lead["phone"],
		"email": lead["email"], "owner_id": lead["owner_id"], "team_id": lead["team_id"], "tags": lead["tags"], "note": lead["note"]}); err != nil {
		return err
	}
	account := out.Account.String()
	if !lead.Empty("point") {
		if out.Site, err = s.site(ctx, tx, lead, out.Account); err != nil {
			return err
		}
		if err := s.Records.KeepAdded(ctx, tx, &out.Set, "site", []uuid.UUID{out.Site}); err != nil {
			return err
		}
	}
	if !lead.Empty("first_name") || !lead.Empty("last_name") {
		if out.Contact, err = add("contact", record.Values{"account_id": account, "first_name": lead["first_name"], "last_name": lead["last_name"],
			"phone": lead["phone"], "email": lead["email"], "main": c.AccountID == nil}); err != nil {
			return err
		}
	}
	set := record.Values{"state": "converted", "account_id": account}
	if name := strings.TrimSpace(c.DealName); name != "" {
		deal := record.Values{"name": name, "account_id": account, "source": lead["source"], "owner_id": lead["owner_id"], "team_id": lead["team_id"]}
		if out.Contact != uuid.Nil {
			deal["contact_id"] = out.Contact.String()
		}
		if out.Site != uuid.Nil {
			deal["site_id"] = out.Site.String()
		}
		if c.Amount != nil {
			deal["amount"] = *c.Amount
		}
		if out.Deal, err = add("deal", deal); err != nil {
			return err
		}
		set["deal_id"] = out.Deal.String()
	}
	if set["converted_at"], err = record.Now(ctx, tx); err != nil {
		return err
	}
	if err := s.Records.SetIn(ctx, tx, "lead", []record.Values{lead}, []record.Values{set}, record.Saving{Verb: "converted", Set: &out.Set}); err != nil {
		return err
	}
	return s.hand(ctx, tx, lead.ID(), account, how)
}

// site puts the account where the lead was.
func (s *Sales) site(ctx context.Context, tx pgx.Tx, lead record.Values, account uuid.UUID) (uuid.UUID, error) {
	at := lead["point"].([]any)
	p := orb.Point{at[0].(float64), at[1].(float64)}
	if _, err := hex.PlaceCell(p); err != nil {
		return uuid.Nil, crm.Invalidf("point", "%s", err)
	}
	site, err := customer.AddSiteIn(ctx, tx, customer.NewSite{AccountID: account, Street: lead.Text("street"), HouseNumber: lead.Text("house_number"),
		Postcode: lead.Text("postcode"), City: lead.Text("city"), Country: lead.Text("country"), Point: p,
		ContactName: strings.TrimSpace(lead.Text("first_name") + " " + lead.Text("last_name")), ContactPhone: lead.Text("phone")})
	return site.ID, err
}

// hand gives what was said with a lead to its account.
func (s *Sales) hand(ctx context.Context, tx pgx.Tx, lead, account string, how record.Saving) error {
	rows, _ := tx.Query(ctx, `select id from customer.activity where lead_id = $1 and account_id is null order by id for update`, lead)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return crm.DBError(err, "activity")
	}
	var before, set []record.Values
	for _, id := range ids {
		v, err := s.Records.LockedIn(ctx, tx, "activity", id)
		if err != nil {
			return err
		}
		before, set = append(before, v), append(set, record.Values{"account_id": account})
	}
	return s.Records.SetIn(ctx, tx, "activity", before, set, how)
}
