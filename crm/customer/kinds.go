package customer

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"catchment/crm"
	"catchment/crm/record"
)

// inSites is the condition of what lies where its account has a site.
const inSites = `exists (select from customer.site s where s.account_id = {t}.id and s.point && {area} and ST_Intersects(s.point, {area}))`

// atSite is the condition of what lies at a site it names.
const atSite = `exists (select from customer.site s where s.id = {t}.site_id and s.point && {area} and ST_Intersects(s.point, {area}))`

// Kinds are accounts, sites, contacts and activities.
func Kinds() []*record.Kind {
	return []*record.Kind{accountKind(), siteKind(), contactKind(), activityKind()}
}

func accountKind() *record.Kind {
	return &record.Kind{
		Name: "account", Plural: "accounts", Label: record.Label{En: "Account", De: "Kunde"}, Many: record.Label{En: "Accounts", De: "Kunden"},
		Sight: record.SeenByID, Table: "customer.account", Title: "name", Read: crm.AccountRead, Write: crm.AccountWrite, Account: "id", Place: inSites, Sorted: "name",
		Fields: []record.Field{
			{Name: "number", Label: record.Label{En: "Number", De: "Nummer"}, Type: record.Text, ReadOnly: true, Sort: "{t}.no"},
			{Name: "name", Label: record.Label{En: "Name", De: "Name"}, Type: record.Text, Required: true, Private: true, Search: true, Sort: "{t}.search"},
			{Name: "kind", Label: record.Label{En: "Kind", De: "Art"}, Type: record.Enum, Options: []string{"company", "household"}, Required: true, Default: "company"},
			{Name: "stage", Label: record.Label{En: "Stage", De: "Phase"}, Type: record.Enum, Options: Stages, Required: true, Default: "prospect"},
			{Name: "class", Label: record.Label{En: "Class", De: "Klasse"}, Type: record.Enum, Options: []string{"A", "B", "C"}, Required: true, Default: "C"},
			{Name: "parent_id", Label: record.Label{En: "Parent", De: "Gehört zu"}, Type: record.Ref, Ref: "account"},
			{Name: "phone", Label: record.Label{En: "Phone", De: "Telefon"}, Type: record.Phone, Private: true, Search: true},
			{Name: "email", Label: record.Label{En: "E-mail", De: "E-Mail"}, Type: record.Email, Private: true, Search: true},
			{Name: "website", Label: record.Label{En: "Website", De: "Webseite"}, Type: record.URL},
			{Name: "industry", Label: record.Label{En: "Industry", De: "Branche"}, Type: record.Text, Max: 100},
			{Name: "employees", Label: record.Label{En: "Employees", De: "Mitarbeitende"}, Type: record.Integer, Positive: true},
			{Name: "annual_revenue", Label: record.Label{En: "Annual revenue", De: "Jahresumsatz"}, Type: record.Money, Positive: true},
			{Name: "tax_id", Label: record.Label{En: "Tax number", De: "Steuernummer"}, Type: record.Text, Max: 50, Private: true},
			{Name: "language", Label: record.Label{En: "Language", De: "Sprache"}, Type: record.Text, Max: 10},
			{Name: "external_id", Label: record.Label{En: "Number elsewhere", De: "Fremdnummer"}, Type: record.Text, Max: 100},
			{Name: "note", Label: record.Label{En: "Note", De: "Notiz"}, Type: record.Long, Private: true},
			{Name: "sites_count", Label: record.Label{En: "Sites", De: "Standorte"}, Type: record.Integer,
				Expr: "(select count(*) from customer.site s where s.account_id = {t}.id)"},
		},
		Check: func(before, after record.Values) error {
			if after.Text("parent_id") == after.ID() {
				return crm.Invalidf("parent_id", "is the account itself")
			}
			return nil
		},
		Changed: noCircle,
	}
}

// noCircle refuses parents that lead back to the account.
func noCircle(ctx context.Context, tx pgx.Tx, changes []record.Change) error {
	var ids []string
	for _, c := range changes {
		if c.After != nil && !c.After.Empty("parent_id") && (c.Before == nil || c.Before.Text("parent_id") != c.After.Text("parent_id")) {
			ids = append(ids, c.After.ID())
		}
	}
	if len(ids) == 0 {
		return nil
	}
	var circle bool
	err := tx.QueryRow(ctx, `
		with recursive up as (
		  select a.id as start, a.parent_id as id, 1 as depth from customer.account a where a.id = any ($1::uuid[])
		  union all
		  select up.start, a.parent_id, up.depth + 1 from up join customer.account a on a.id = up.id where up.id <> up.start and up.depth < 50
		)
		select coalesce(bool_or(id = start or depth >= 50), false) from up`, ids).Scan(&circle)
	if err != nil {
		return crm.DBError(err, "account")
	}
	if circle {
		return crm.Invalidf("parent_id", "leads back to the account itself")
	}
	return nil
}

// siteKind lists and filters sites; they are added and moved by AddSite and ChangeSite, which know addresses.
func siteKind() *record.Kind {
	return &record.Kind{
		Name: "site", Plural: "sites", Label: record.Label{En: "Site", De: "Standort"}, Many: record.Label{En: "Sites", De: "Standorte"},
		Sight: record.SeenByID, Table: "customer.site", Title: "label", Read: crm.AccountRead, Write: crm.AccountWrite, Account: "account_id", Acts: true,
		Place: "{t}.point && {area} and ST_Intersects({t}.point, {area})",
		Fields: []record.Field{
			{Name: "no", Label: record.Label{En: "Number", De: "Nummer"}, Type: record.Integer, ReadOnly: true},
			{Name: "account_id", Label: record.Label{En: "Account", De: "Kunde"}, Type: record.Ref, Ref: "account"},
			{Name: "label", Label: record.Label{En: "Address", De: "Adresse"}, Type: record.Text, Private: true,
				Expr: "coalesce(nullif(concat_ws(', ', nullif(btrim({t}.street || ' ' || {t}.house_number), ''), nullif(btrim({t}.postcode || ' ' || {t}.city), '')), ''), {t}.name)"},
			{Name: "name", Label: record.Label{En: "Name", De: "Name"}, Type: record.Text},
			{Name: "street", Label: record.Label{En: "Street", De: "Straße"}, Type: record.Text, Private: true},
			{Name: "house_number", Label: record.Label{En: "House number", De: "Hausnummer"}, Type: record.Text, Private: true},
			{Name: "postcode", Label: record.Label{En: "Postcode", De: "Postleitzahl"}, Type: record.Text},
			{Name: "city", Label: record.Label{En: "Town", De: "Ort"}, Type: record.Text},
			{Name: "country", Label: record.Label{En: "Country", De: "Land"}, Type: record.Text},
			{Name: "point", Label: record.Label{En: "Point", De: "Punkt"}, Type: record.Point, Private: true},
			{Name: "source", Label: record.Label{En: "Point from", De: "Punkt von"}, Type: record.Enum, Options: Sources},
			{Name: "confidence", Label: record.Label{En: "Confidence", De: "Sicherheit"}, Type: record.Number},
			{Name: "access_note", Label: record.Label{En: "How to get in", De: "Zugang"}, Type: record.Long, Private: true},
			{Name: "contact_name", Label: record.Label{En: "Contact on site", De: "Ansprechperson"}, Type: record.Text, Private: true},
			{Name: "contact_phone", Label: record.Label{En: "Phone on site", De: "Telefon vor Ort"}, Type: record.Phone, Private: true},
		},
	}
}

func contactKind() *record.Kind {
	return &record.Kind{
		Name: "contact", Plural: "contacts", Label: record.Label{En: "Contact", De: "Kontakt"}, Many: record.Label{En: "Contacts", De: "Kontakte"},
		Sight: record.SeenWithAccount, Table: "customer.contact", Title: "name", Read: crm.AccountRead, Write: crm.AccountWrite, Account: "account_id", Sorted: "name",
		Place: `exists (select from customer.site s where s.account_id = {t}.account_id and s.point && {area} and ST_Intersects(s.point, {area}))`,
		Fields: []record.Field{
			{Name: "name", Label: record.Label{En: "Name", De: "Name"}, Type: record.Text, Expr: "{t}.name", Private: true, Sort: "{t}.search"},
			{Name: "account_id", Label: record.Label{En: "Account", De: "Kunde"}, Type: record.Ref, Ref: "account", Required: true},
			{Name: "site_id", Label: record.Label{En: "Site", De: "Standort"}, Type: record.Ref, Ref: "site"},
			{Name: "salutation", Label: record.Label{En: "Salutation", De: "Anrede"}, Type: record.Text, Max: 50},
			{Name: "first_name", Label: record.Label{En: "First name", De: "Vorname"}, Type: record.Text, Max: 100, Private: true, Search: true},
			{Name: "last_name", Label: record.Label{En: "Last name", De: "Nachname"}, Type: record.Text, Max: 100, Private: true, Search: true},
			{Name: "role", Label: record.Label{En: "Role", De: "Funktion"}, Type: record.Text, Max: 100},
			{Name: "department", Label: record.Label{En: "Department", De: "Abteilung"}, Type: record.Text, Max: 100},
			{Name: "phone", Label: record.Label{En: "Phone", De: "Telefon"}, Type: record.Phone, Private: true, Search: true},
			{Name: "mobile", Label: record.Label{En: "Mobile", De: "Mobil"}, Type: record.Phone, Private: true, Search: true},
			{Name: "email", Label: record.Label{En: "E-mail", De: "E-Mail"}, Type: record.Email, Private: true, Search: true},
			{Name: "language", Label: record.Label{En: "Language", De: "Sprache"}, Type: record.Text, Max: 10},
			{Name: "preferred_channel", Label: record.Label{En: "Prefers", De: "Bevorzugt"}, Type: record.Enum, Options: []string{"call", "email", "letter", "sms", "chat"}},
			{Name: "main", Label: record.Label{En: "Main contact", De: "Hauptkontakt"}, Type: record.Bool, Required: true, Default: false},
			{Name: "external_id", Label: record.Label{En: "Number elsewhere", De: "Fremdnummer"}, Type: record.Text, Max: 100},
			{Name: "note", Label: record.Label{En: "Note", De: "Notiz"}, Type: record.Long, Private: true},
		},
		Check: func(before, after record.Values) error {
			if after.Empty("first_name") && after.Empty("last_name") {
				return crm.Invalidf("last_name", "is empty")
			}
			return nil
		},
	}
}

// Channels are the ways people meet.
var Channels = []string{"call", "email", "letter", "fax", "chat", "visit", "form", "sms", "meeting", "web", "social", "note", "task"}

func activityKind() *record.Kind {
	return &record.Kind{
		Name: "activity", Plural: "activities", Label: record.Label{En: "Activity", De: "Aktivität"}, Many: record.Label{En: "Activities", De: "Aktivitäten"},
		Sight: record.SeenWithAccount, Table: "customer.activity", Title: "subject", Read: crm.ActivityRead, Write: crm.ActivityWrite, Account: "account_id", Sorted: "-at",
		Place: atSite,
		Fields: []record.Field{
			{Name: "channel", Label: record.Label{En: "Channel", De: "Kanal"}, Type: record.Enum, Options: Channels, Required: true},
			{Name: "direction", Label: record.Label{En: "Direction", De: "Richtung"}, Type: record.Enum, Options: []string{"in", "out"}},
			{Name: "subject", Label: record.Label{En: "Subject", De: "Betreff"}, Type: record.Text, Private: true, Search: true},
			{Name: "body", Label: record.Label{En: "Text", De: "Text"}, Type: record.Long, Private: true},
			{Name: "outcome", Label: record.Label{En: "Outcome", De: "Ergebnis"}, Type: record.Text},
			{Name: "at", Label: record.Label{En: "When", De: "Wann"}, Type: record.Instant, Sort: "{t}.at"},
			{Name: "minutes", Label: record.Label{En: "Minutes", De: "Minuten"}, Type: record.Integer, Positive: true},
			{Name: "cost", Label: record.Label{En: "Cost", De: "Kosten"}, Type: record.Money, Positive: true},
			{Name: "account_id", Label: record.Label{En: "Account", De: "Kunde"}, Type: record.Ref, Ref: "account"},
			{Name: "contact_id", Label: record.Label{En: "Contact", De: "Kontakt"}, Type: record.Ref, Ref: "contact"},
			{Name: "site_id", Label: record.Label{En: "Site", De: "Standort"}, Type: record.Ref, Ref: "site"},
			{Name: "lead_id", Label: record.Label{En: "Lead", De: "Lead"}, Type: record.Ref, Ref: "lead"},
			{Name: "deal_id", Label: record.Label{En: "Deal", De: "Verkaufschance"}, Type: record.Ref, Ref: "deal"},
			{Name: "case_id", Label: record.Label{En: "Case", De: "Anliegen"}, Type: record.Ref, Ref: "case"},
			{Name: "mentions", Label: record.Label{En: "Mentions", De: "Erwähnt"}, Type: record.Refs, Ref: "staff"},
			{Name: "point", Label: record.Label{En: "Where", De: "Wo"}, Type: record.Point, Private: true},
			{Name: "done", Label: record.Label{En: "Done", De: "Erledigt"}, Type: record.Bool, Required: true, Default: true},
			{Name: "due_at", Label: record.Label{En: "Due", De: "Fällig"}, Type: record.Instant, Sort: "coalesce({t}.due_at, 'infinity'::timestamptz)"},
		},
		Fill:    fillActivity,
		Changed: tellMentioned,
	}
}

// fillActivity names the account by what the activity is about, its owner by who writes it, and its subject by its
// first line.
func fillActivity(ctx context.Context, tx pgx.Tx, changes []record.Change) error {
	actor, _ := crm.ActorFrom(ctx)
	for _, c := range changes {
		if c.After == nil {
			continue
		}
		if c.After.Empty("subject") {
			line, _, _ := strings.Cut(c.After.Text("body"), "\n")
			if runes := []rune(strings.TrimSpace(line)); len(runes) > 120 {
				line = string(runes[:119]) + "…"
			}
			if c.After["subject"] = strings.TrimSpace(line); c.After.Empty("subject") {
				c.After["subject"] = c.After.Text("channel")
			}
		}
		if c.Before == nil && actor.ID != crm.SystemID && actor.Scope != crm.ScopeAll {
			c.After["owner_id"] = actor.ID.String()
		}
		if !c.After.Empty("account_id") {
			continue
		}
		for _, about := range []struct{ field, table string }{{"contact_id", "customer.contact"}, {"deal_id", "sales.deal"},
			{"case_id", `service."case"`}, {"site_id", "customer.site"}} {
			if c.After.Empty(about.field) {
				continue
			}
			var account *string
			err := tx.QueryRow(ctx, `select (select account_id::text from `+about.table+` where id = $1)`, c.After.Text(about.field)).Scan(&account)
			if err != nil {
				return crm.DBError(err, "activity")
			}
			if account != nil {
				c.After["account_id"] = *account
				break
			}
		}
	}
	return atNow(ctx, tx, changes, "at")
}

// atNow gives new records that name no time the present by the store's clock.
func atNow(ctx context.Context, tx pgx.Tx, changes []record.Change, field string) error {
	for _, c := range changes {
		if c.After == nil || !c.After.Empty(field) {
			continue
		}
		now, err := record.Now(ctx, tx)
		if err != nil {
			return err
		}
		c.After[field] = now
	}
	return nil
}

// tellMentioned sends a notice to people an activity mentions for the first time.
func tellMentioned(ctx context.Context, tx pgx.Tx, changes []record.Change) error {
	actor, _ := crm.ActorFrom(ctx)
	for _, c := range changes {
		if c.After == nil {
			continue
		}
		was := map[any]bool{actor.ID.String(): true}
		if c.Before != nil {
			list, _ := c.Before["mentions"].([]any)
			for _, id := range list {
				was[id] = true
			}
		}
		list, _ := c.After["mentions"].([]any)
		for _, id := range list {
			if was[id] {
				continue
			}
			if err := crm.Notify(ctx, tx, crm.Notice{Staff: id.(string), Kind: "mention", EntityKind: "activity", EntityID: c.After.ID(),
				Account: c.After.Text("account_id"), Text: c.After.Text("subject")}); err != nil {
				return err
			}
		}
	}
	return nil
}
