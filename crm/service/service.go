// Package service knows what is installed at customers, what they were promised for it, and what they ask for: cases,
// installations, contracts.
package service

import (
	"context"

	"github.com/jackc/pgx/v5"

	"catchment/crm"
	"catchment/crm/record"
)

// Kinds are cases, installations and contracts.
func Kinds() []*record.Kind {
	return []*record.Kind{caseKind(), installationKind(), contractKind()}
}

// atSite is the condition of what lies at a site it names, or at any of its account's if it names none.
const atSite = `exists (select from customer.site s where (s.id = {t}.site_id or {t}.site_id is null and s.account_id = {t}.account_id)
	and s.point && {area} and ST_Intersects(s.point, {area}))`

func caseKind() *record.Kind {
	return &record.Kind{
		Name: "case", Plural: "cases", Label: record.Label{En: "Case", De: "Anliegen"}, Many: record.Label{En: "Cases", De: "Anliegen"},
		Sight: record.SeenWithAccount, Table: `service."case"`, Title: "title", Read: crm.CaseRead, Write: crm.CaseWrite, Account: "account_id", Sorted: "-created_at", Place: atSite,
		Fields: []record.Field{
			{Name: "number", Label: record.Label{En: "Number", De: "Nummer"}, Type: record.Text, Expr: "{t}.number"},
			{Name: "title", Label: record.Label{En: "Title", De: "Titel"}, Type: record.Text, Required: true, Private: true, Search: true, Sort: "{t}.search"},
			{Name: "description", Label: record.Label{En: "Description", De: "Beschreibung"}, Type: record.Long, Private: true},
			{Name: "account_id", Label: record.Label{En: "Account", De: "Kunde"}, Type: record.Ref, Ref: "account", Required: true},
			{Name: "contact_id", Label: record.Label{En: "Contact", De: "Kontakt"}, Type: record.Ref, Ref: "contact"},
			{Name: "site_id", Label: record.Label{En: "Site", De: "Standort"}, Type: record.Ref, Ref: "site"},
			{Name: "installation_id", Label: record.Label{En: "Installation", De: "Anlage"}, Type: record.Ref, Ref: "installation"},
			{Name: "type", Label: record.Label{En: "Type", De: "Art"}, Type: record.Enum, Required: true, Default: "fault", Options: []string{"fault", "question", "request", "complaint"}},
			{Name: "priority", Label: record.Label{En: "Priority", De: "Priorität"}, Type: record.Enum, Required: true, Default: "normal", Options: []string{"low", "normal", "high", "urgent"}},
			{Name: "channel", Label: record.Label{En: "Channel", De: "Kanal"}, Type: record.Enum, Required: true, Default: "call",
				Options: []string{"call", "email", "letter", "fax", "chat", "visit", "form", "sms", "web"}},
			{Name: "state", Label: record.Label{En: "State", De: "Stand"}, Type: record.Enum, Required: true, Default: "new",
				Options: []string{"new", "in_progress", "waiting_customer", "waiting_parts", "resolved", "closed", "reopened"},
				Next: map[string][]string{
					"new":              {"in_progress", "waiting_customer", "waiting_parts", "resolved", "closed"},
					"in_progress":      {"new", "waiting_customer", "waiting_parts", "resolved", "closed"},
					"waiting_customer": {"in_progress", "waiting_parts", "resolved", "closed"},
					"waiting_parts":    {"in_progress", "waiting_customer", "resolved", "closed"},
					"resolved":         {"closed", "reopened"},
					"closed":           {"reopened"},
					"reopened":         {"in_progress", "waiting_customer", "waiting_parts", "resolved", "closed"}}},
			{Name: "open", Label: record.Label{En: "Open", De: "Offen"}, Type: record.Bool, Expr: "({t}.state not in ('resolved', 'closed'))"},
			{Name: "due_at", Label: record.Label{En: "Due", De: "Fällig"}, Type: record.Instant, Sort: "coalesce({t}.due_at, 'infinity'::timestamptz)"},
			{Name: "resolved_at", Label: record.Label{En: "Resolved", De: "Gelöst"}, Type: record.Instant, ReadOnly: true},
			{Name: "resolution", Label: record.Label{En: "Resolution", De: "Lösung"}, Type: record.Long, Private: true},
			{Name: "external_id", Label: record.Label{En: "Number elsewhere", De: "Fremdnummer"}, Type: record.Text, Max: 100},
		},
		Fill: fillCases,
	}
}

// fillCases takes site from the installation, and keeps when a case was resolved.
func fillCases(ctx context.Context, tx pgx.Tx, changes []record.Change) error {
	for _, c := range changes {
		v := c.After
		if v == nil {
			continue
		}
		if v.Empty("site_id") && !v.Empty("installation_id") {
			var site *string
			if err := tx.QueryRow(ctx, `select (select site_id::text from service.installation where id = $1)`, v.Text("installation_id")).Scan(&site); err != nil {
				return crm.DBError(err, "case")
			}
			if site != nil {
				v["site_id"] = *site
			}
		}
		done := v.Text("state") == "resolved" || v.Text("state") == "closed"
		switch {
		case !done:
			v["resolved_at"] = nil
		case v.Empty("resolved_at"):
			now, err := record.Now(ctx, tx)
			if err != nil {
				return err
			}
			v["resolved_at"] = now
		}
	}
	return nil
}

func installationKind() *record.Kind {
	return &record.Kind{
		Name: "installation", Plural: "installations", Label: record.Label{En: "Installation", De: "Anlage"}, Many: record.Label{En: "Installations", De: "Anlagen"},
		Sight: record.SeenWithAccount, Table: "service.installation", Title: "name", Read: crm.InstallationRead, Write: crm.InstallationWrite, Account: "account_id", Sorted: "name", Place: atSite,
		Fields: []record.Field{
			{Name: "number", Label: record.Label{En: "Number", De: "Nummer"}, Type: record.Text, Expr: "{t}.number"},
			{Name: "name", Label: record.Label{En: "Name", De: "Name"}, Type: record.Text, Required: true, Search: true, Sort: "{t}.search"},
			{Name: "account_id", Label: record.Label{En: "Account", De: "Kunde"}, Type: record.Ref, Ref: "account", Required: true},
			{Name: "site_id", Label: record.Label{En: "Site", De: "Standort"}, Type: record.Ref, Ref: "site", Required: true},
			{Name: "product_id", Label: record.Label{En: "Product", De: "Produkt"}, Type: record.Ref, Ref: "product"},
			{Name: "parent_id", Label: record.Label{En: "Part of", De: "Teil von"}, Type: record.Ref, Ref: "installation"},
			{Name: "serial", Label: record.Label{En: "Serial number", De: "Seriennummer"}, Type: record.Text, Max: 100, Search: true},
			{Name: "status", Label: record.Label{En: "Status", De: "Stand"}, Type: record.Enum, Required: true, Default: "active", Options: []string{"planned", "active", "removed"}},
			{Name: "installed_on", Label: record.Label{En: "Installed on", De: "Eingebaut am"}, Type: record.Date, Sort: "coalesce({t}.installed_on, '-infinity'::date)"},
			{Name: "removed_on", Label: record.Label{En: "Removed on", De: "Ausgebaut am"}, Type: record.Date},
			{Name: "warranty_until", Label: record.Label{En: "Warranty until", De: "Garantie bis"}, Type: record.Date},
			{Name: "next_service_on", Label: record.Label{En: "Next service", De: "Nächster Service"}, Type: record.Date, Sort: "coalesce({t}.next_service_on, 'infinity'::date)"},
			{Name: "place", Label: record.Label{En: "Where on site", De: "Wo am Standort"}, Type: record.Text},
			{Name: "external_id", Label: record.Label{En: "Number elsewhere", De: "Fremdnummer"}, Type: record.Text, Max: 100, Search: true},
			{Name: "note", Label: record.Label{En: "Note", De: "Notiz"}, Type: record.Long, Private: true},
		},
		Check: func(before, after record.Values) error {
			switch {
			case after.Text("parent_id") == after.ID():
				return crm.Invalidf("parent_id", "is the installation itself")
			case !after.Empty("removed_on") && !after.Empty("installed_on") && after.Text("removed_on") < after.Text("installed_on"):
				return crm.Invalidf("removed_on", "lies before it was installed")
			}
			return nil
		},
	}
}

func contractKind() *record.Kind {
	return &record.Kind{
		Name: "contract", Plural: "contracts", Label: record.Label{En: "Contract", De: "Vertrag"}, Many: record.Label{En: "Contracts", De: "Verträge"},
		Sight: record.SeenWithAccount, Table: "service.contract", Title: "name", Read: crm.ContractRead, Write: crm.ContractWrite, Account: "account_id", Sorted: "name", Place: atSite,
		Fields: []record.Field{
			{Name: "number", Label: record.Label{En: "Number", De: "Nummer"}, Type: record.Text, Expr: "{t}.number"},
			{Name: "name", Label: record.Label{En: "Name", De: "Name"}, Type: record.Text, Required: true, Search: true, Sort: "{t}.search"},
			{Name: "account_id", Label: record.Label{En: "Account", De: "Kunde"}, Type: record.Ref, Ref: "account", Required: true},
			{Name: "site_id", Label: record.Label{En: "Site", De: "Standort"}, Type: record.Ref, Ref: "site"},
			{Name: "kind", Label: record.Label{En: "Kind", De: "Art"}, Type: record.Enum, Required: true, Default: "maintenance", Options: []string{"maintenance", "rental", "support", "supply"}},
			{Name: "state", Label: record.Label{En: "State", De: "Stand"}, Type: record.Enum, Required: true, Default: "draft",
				Options: []string{"draft", "active", "expired", "cancelled"},
				Next:    map[string][]string{"draft": {"active", "cancelled"}, "active": {"expired", "cancelled"}, "expired": {"active"}, "cancelled": {"draft"}},
				Needs:   map[string][]string{"active": {"start_on"}}},
			{Name: "start_on", Label: record.Label{En: "Starts on", De: "Beginn"}, Type: record.Date},
			{Name: "end_on", Label: record.Label{En: "Ends on", De: "Ende"}, Type: record.Date, Sort: "coalesce({t}.end_on, 'infinity'::date)"},
			{Name: "notice_days", Label: record.Label{En: "Days of notice", De: "Kündigungsfrist in Tagen"}, Type: record.Integer, Positive: true},
			{Name: "price", Label: record.Label{En: "Price a period", De: "Preis je Zeitraum"}, Type: record.Money, Positive: true},
			{Name: "period", Label: record.Label{En: "Period", De: "Zeitraum"}, Type: record.Enum, Required: true, Default: "year", Options: []string{"month", "quarter", "year"}},
			{Name: "yearly", Label: record.Label{En: "Revenue a year", De: "Erlös im Jahr"}, Type: record.Money,
				Expr: "(coalesce({t}.price, 0) * case {t}.period when 'month' then 12 when 'quarter' then 4 else 1 end)"},
			{Name: "currency", Label: record.Label{En: "Currency", De: "Währung"}, Type: record.Text, Max: 3},
			{Name: "included_visits", Label: record.Label{En: "Visits a year", De: "Besuche im Jahr"}, Type: record.Integer, Positive: true},
			{Name: "response_hours", Label: record.Label{En: "Response within hours", De: "Reaktion in Stunden"}, Type: record.Integer, Positive: true},
			{Name: "external_id", Label: record.Label{En: "Number elsewhere", De: "Fremdnummer"}, Type: record.Text, Max: 100, Search: true},
			{Name: "note", Label: record.Label{En: "Note", De: "Notiz"}, Type: record.Long, Private: true},
		},
		Fill: record.InCurrency,
		Check: func(before, after record.Values) error {
			if !after.Empty("start_on") && !after.Empty("end_on") && after.Text("end_on") < after.Text("start_on") {
				return crm.Invalidf("end_on", "lies before it starts")
			}
			return record.CheckCurrency(after)
		},
	}
}
