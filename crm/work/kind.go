package work

import (
	"catchment/crm"
	"catchment/crm/record"
)

// Kinds are visits and resources, as lists and filters see them. They change by commands and acts of their own.
func Kinds() []*record.Kind {
	return []*record.Kind{visitKind(), resourceKind()}
}

func visitKind() *record.Kind {
	return &record.Kind{
		Name: "visit", Plural: "visits", Label: record.Label{En: "Visit", De: "Besuch"}, Many: record.Label{En: "Visits", De: "Besuche"},
		Table: "work.visit", Title: "title", Read: crm.VisitRead, Write: crm.VisitWrite, Account: "account_id", Acts: true, NoCustom: true,
		Follows: "t.state not in ('done', 'failed', 'no_access', 'cancelled')", // what is done stays with who owned it then
		Place:   `exists (select from customer.site s where s.id = {t}.site_id and s.point && {area} and ST_Intersects(s.point, {area}))`,
		Fields: []record.Field{
			{Name: "number", Label: record.Label{En: "Number", De: "Nummer"}, Type: record.Text},
			{Name: "kind", Label: record.Label{En: "Kind", De: "Art"}, Type: record.Enum, Options: []string{"service", "sales", "campaign"}},
			{Name: "state", Label: record.Label{En: "State", De: "Stand"}, Type: record.Enum, Options: []string{"proposed", "planned", "promised", "dispatched",
				"travelling", "on_site", "done", "failed", "no_access", "cancelled"}},
			{Name: "title", Label: record.Label{En: "Title", De: "Titel"}, Type: record.Text},
			{Name: "note", Label: record.Label{En: "Note", De: "Notiz"}, Type: record.Long, Private: true},
			{Name: "account_id", Label: record.Label{En: "Account", De: "Kunde"}, Type: record.Ref, Ref: "account"},
			{Name: "site_id", Label: record.Label{En: "Site", De: "Standort"}, Type: record.Ref, Ref: "site"},
			{Name: "resource_id", Label: record.Label{En: "Person", De: "Person"}, Type: record.Ref, Ref: "resource"},
			{Name: "priority", Label: record.Label{En: "Priority", De: "Priorität"}, Type: record.Integer},
			{Name: "duration_seconds", Label: record.Label{En: "Seconds of work", De: "Arbeitssekunden"}, Type: record.Integer},
			{Name: "earliest", Label: record.Label{En: "Not before", De: "Frühestens"}, Type: record.Date},
			{Name: "latest", Label: record.Label{En: "Not after", De: "Spätestens"}, Type: record.Date},
			{Name: "day", Label: record.Label{En: "Day", De: "Tag"}, Type: record.Date},
			{Name: "start_at", Label: record.Label{En: "Starts", De: "Beginn"}, Type: record.Instant},
			{Name: "outcome_kind", Label: record.Label{En: "Outcome", De: "Ergebnis"}, Type: record.Text, Expr: "coalesce({t}.outcome_kind, '')"},
			{Name: "outcome_at", Label: record.Label{En: "Ended", De: "Beendet"}, Type: record.Instant},
			{Name: "pinned", Label: record.Label{En: "Pinned", De: "Fest"}, Type: record.Bool},
		},
	}
}

func resourceKind() *record.Kind {
	return &record.Kind{
		Name: "resource", Plural: "resources", Label: record.Label{En: "Resource", De: "Ressource"}, Many: record.Label{En: "Resources", De: "Ressourcen"},
		Table: "work.resource", Title: "name", Read: crm.ResourceRead, Write: crm.ResourceWrite, Acts: true, NoCustom: true, Unowned: true, Bare: true, Sorted: "name",
		Fields: []record.Field{
			{Name: "name", Label: record.Label{En: "Name", De: "Name"}, Type: record.Text, Sort: "lower({t}.name)"},
			{Name: "kind", Label: record.Label{En: "Kind", De: "Art"}, Type: record.Enum, Options: []string{"technician", "rep", "crew"}},
			{Name: "active", Label: record.Label{En: "Active", De: "Aktiv"}, Type: record.Bool},
		},
	}
}
