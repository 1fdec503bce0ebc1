// Package sales knows what may be sold and how far it is: leads, deals, products, orders and their lines.
package sales

import (
	"context"
	"math"

	"github.com/jackc/pgx/v5"

	"catchment/crm"
	"catchment/crm/record"
)

// Sales is the room of leads, deals and orders.
type Sales struct {
	Store   *crm.Store
	Records *record.Records
}

// atSite is the condition of what lies at a site it names, or at any of its account's if it names none.
const atSite = `exists (select from customer.site s where (s.id = {t}.site_id or {t}.site_id is null and s.account_id = {t}.account_id)
	and s.point && {area} and ST_Intersects(s.point, {area}))`

// Kinds are leads, deals, products and their groups, orders and their lines.
func Kinds() []*record.Kind {
	return []*record.Kind{leadKind(), dealKind(), groupKind(), productKind(), orderKind(), lineKind()}
}

// Stages of a deal in their order, with the probability in percent that each stands for.
var Stages = []struct {
	Code        string
	Probability int64
}{{"new", 10}, {"qualified", 25}, {"proposal", 50}, {"negotiation", 75}, {"won", 100}, {"lost", 0}}

func stageCodes() []string {
	var out []string
	for _, s := range Stages {
		out = append(out, s.Code)
	}
	return out
}

func leadKind() *record.Kind {
	return &record.Kind{
		Name: "lead", Plural: "leads", Label: record.Label{En: "Lead", De: "Lead"}, Many: record.Label{En: "Leads", De: "Leads"},
		Sight: record.SeenByOwner, Table: "sales.lead", Title: "name", Read: crm.LeadRead, Write: crm.LeadWrite, Sorted: "-created_at",
		Place: "{t}.point && {area} and ST_Intersects({t}.point, {area})",
		Fields: []record.Field{
			{Name: "number", Label: record.Label{En: "Number", De: "Nummer"}, Type: record.Text, ReadOnly: true, Expr: "{t}.number"},
			{Name: "name", Label: record.Label{En: "Name", De: "Name"}, Type: record.Text, Required: true, Private: true, Search: true, Sort: "{t}.search"},
			{Name: "kind", Label: record.Label{En: "Kind", De: "Art"}, Type: record.Enum, Options: []string{"company", "household"}, Required: true, Default: "company"},
			{Name: "state", Label: record.Label{En: "State", De: "Stand"}, Type: record.Enum, Required: true, Default: "new",
				Options: []string{"new", "working", "qualified", "converted", "disqualified"},
				Next: map[string][]string{"new": {"working", "qualified", "disqualified"}, "working": {"new", "qualified", "disqualified"},
					"qualified": {"working", "disqualified"}, "disqualified": {"working"}},
				Needs: map[string][]string{"disqualified": {"reason"}}},
			{Name: "reason", Label: record.Label{En: "Reason", De: "Grund"}, Type: record.Text},
			{Name: "first_name", Label: record.Label{En: "First name", De: "Vorname"}, Type: record.Text, Max: 100, Private: true, Search: true},
			{Name: "last_name", Label: record.Label{En: "Last name", De: "Nachname"}, Type: record.Text, Max: 100, Private: true, Search: true},
			{Name: "phone", Label: record.Label{En: "Phone", De: "Telefon"}, Type: record.Phone, Private: true, Search: true},
			{Name: "email", Label: record.Label{En: "E-mail", De: "E-Mail"}, Type: record.Email, Private: true, Search: true},
			{Name: "street", Label: record.Label{En: "Street", De: "Straße"}, Type: record.Text, Private: true, Search: true},
			{Name: "house_number", Label: record.Label{En: "House number", De: "Hausnummer"}, Type: record.Text, Max: 20, Private: true},
			{Name: "postcode", Label: record.Label{En: "Postcode", De: "Postleitzahl"}, Type: record.Text, Max: 20},
			{Name: "city", Label: record.Label{En: "Town", De: "Ort"}, Type: record.Text, Search: true},
			{Name: "country", Label: record.Label{En: "Country", De: "Land"}, Type: record.Text, Max: 60},
			{Name: "point", Label: record.Label{En: "Point", De: "Punkt"}, Type: record.Point, Private: true},
			{Name: "source", Label: record.Label{En: "Source", De: "Herkunft"}, Type: record.Text, Max: 100},
			{Name: "campaign", Label: record.Label{En: "Campaign", De: "Kampagne"}, Type: record.Text, Max: 100},
			{Name: "interest", Label: record.Label{En: "Interest", De: "Interesse"}, Type: record.Text},
			{Name: "score", Label: record.Label{En: "Score", De: "Wertung"}, Type: record.Integer},
			{Name: "next_step", Label: record.Label{En: "Next step", De: "Nächster Schritt"}, Type: record.Text},
			{Name: "next_step_on", Label: record.Label{En: "Next step on", De: "Nächster Schritt am"}, Type: record.Date, Sort: "coalesce({t}.next_step_on, 'infinity'::date)"},
			{Name: "account_id", Label: record.Label{En: "Became", De: "Wurde"}, Type: record.Ref, Ref: "account", ReadOnly: true},
			{Name: "deal_id", Label: record.Label{En: "Became the deal", De: "Wurde die Verkaufschance"}, Type: record.Ref, Ref: "deal", ReadOnly: true},
			{Name: "converted_at", Label: record.Label{En: "Converted", De: "Umgewandelt"}, Type: record.Instant, ReadOnly: true},
			{Name: "external_id", Label: record.Label{En: "Number elsewhere", De: "Fremdnummer"}, Type: record.Text, Max: 100},
			{Name: "note", Label: record.Label{En: "Note", De: "Notiz"}, Type: record.Long, Private: true},
		},
		Check: func(before, after record.Values) error {
			if after.Text("state") == "converted" && after.Empty("account_id") {
				return &crm.Error{Kind: crm.Conflict, Field: "state", Message: "a lead is converted by converting it"}
			}
			return nil
		},
	}
}

func dealKind() *record.Kind {
	return &record.Kind{
		Name: "deal", Plural: "deals", Label: record.Label{En: "Deal", De: "Verkaufschance"}, Many: record.Label{En: "Deals", De: "Verkaufschancen"},
		Sight: record.SeenWithAccount, Table: "sales.deal", Title: "name", Read: crm.DealRead, Write: crm.DealWrite, Account: "account_id", Sorted: "-created_at", Place: atSite,
		Fields: []record.Field{
			{Name: "number", Label: record.Label{En: "Number", De: "Nummer"}, Type: record.Text, Expr: "{t}.number"},
			{Name: "name", Label: record.Label{En: "Name", De: "Name"}, Type: record.Text, Required: true, Search: true, Sort: "{t}.search"},
			{Name: "account_id", Label: record.Label{En: "Account", De: "Kunde"}, Type: record.Ref, Ref: "account", Required: true},
			{Name: "contact_id", Label: record.Label{En: "Contact", De: "Kontakt"}, Type: record.Ref, Ref: "contact"},
			{Name: "site_id", Label: record.Label{En: "Site", De: "Standort"}, Type: record.Ref, Ref: "site"},
			{Name: "stage", Label: record.Label{En: "Stage", De: "Stufe"}, Type: record.Enum, Required: true, Default: "new", Options: stageCodes(),
				Needs: map[string][]string{"proposal": {"amount"}, "negotiation": {"amount", "close_on"}, "won": {"amount"}, "lost": {"loss_reason"}}},
			{Name: "amount", Label: record.Label{En: "Amount", De: "Betrag"}, Type: record.Money, Positive: true, Sort: "coalesce({t}.amount, 0)"},
			{Name: "currency", Label: record.Label{En: "Currency", De: "Währung"}, Type: record.Text, Max: 3},
			{Name: "probability", Label: record.Label{En: "Probability %", De: "Wahrsch. %"}, Type: record.Integer, Positive: true},
			{Name: "weighted", Label: record.Label{En: "Weighted amount", De: "Gewichteter Betrag"}, Type: record.Money, Expr: "(coalesce({t}.amount, 0) * {t}.probability / 100)"},
			{Name: "close_on", Label: record.Label{En: "Closes on", De: "Abschluss am"}, Type: record.Date, Sort: "coalesce({t}.close_on, 'infinity'::date)"},
			{Name: "open", Label: record.Label{En: "Open", De: "Offen"}, Type: record.Bool, Expr: "({t}.stage not in ('won', 'lost'))"},
			{Name: "source", Label: record.Label{En: "Source", De: "Herkunft"}, Type: record.Text, Max: 100},
			{Name: "competitor", Label: record.Label{En: "Competitor", De: "Mitbewerber"}, Type: record.Text, Max: 200},
			{Name: "loss_reason", Label: record.Label{En: "Why lost", De: "Warum verloren"}, Type: record.Text},
			{Name: "next_step", Label: record.Label{En: "Next step", De: "Nächster Schritt"}, Type: record.Text},
			{Name: "next_step_on", Label: record.Label{En: "Next step on", De: "Nächster Schritt am"}, Type: record.Date, Sort: "coalesce({t}.next_step_on, 'infinity'::date)"},
			{Name: "closed_at", Label: record.Label{En: "Closed", De: "Abgeschlossen"}, Type: record.Instant, ReadOnly: true},
			{Name: "external_id", Label: record.Label{En: "Number elsewhere", De: "Fremdnummer"}, Type: record.Text, Max: 100},
			{Name: "note", Label: record.Label{En: "Note", De: "Notiz"}, Type: record.Long, Private: true},
		},
		Check: func(before, after record.Values) error {
			if after.Int("probability") > 100 {
				return crm.Invalidf("probability", "lies above 100")
			}
			return record.CheckCurrency(after)
		},
		Fill: fillDeals,
	}
}

// fillDeals sets the probability a stage stands for, the currency, and when a deal was closed.
func fillDeals(ctx context.Context, tx pgx.Tx, changes []record.Change) error {
	if err := record.InCurrency(ctx, tx, changes); err != nil {
		return err
	}
	for _, c := range changes {
		if c.After == nil {
			continue
		}
		stage, was := c.After.Text("stage"), ""
		moved := c.Before == nil
		if c.Before != nil {
			was = c.Before.Text("stage")
			moved = was != stage && same(c.Before["probability"], c.After["probability"])
		}
		for _, s := range Stages {
			if s.Code == stage && (moved && (c.Before != nil || c.After["probability"] == nil) || c.After["probability"] == nil) {
				c.After["probability"] = s.Probability
			}
		}
		switch closed := stage == "won" || stage == "lost"; {
		case !closed:
			c.After["closed_at"] = nil
		case stage != was || c.After.Empty("closed_at"):
			if c.Before == nil && !c.After.Empty("created_at") { // history that is brought in
				c.After["closed_at"] = c.After["created_at"]
				continue
			}
			now, err := record.Now(ctx, tx)
			if err != nil {
				return err
			}
			c.After["closed_at"] = now
		}
	}
	return nil
}

func same(a, b any) bool { return a == b }

func groupKind() *record.Kind {
	return &record.Kind{
		Name: "product_group", Plural: "product-groups", Label: record.Label{En: "Product group", De: "Produktgruppe"},
		Many:  record.Label{En: "Product groups", De: "Produktgruppen"},
		Table: "sales.product_group", Title: "name", Read: crm.ProductRead, Write: crm.ProductWrite, Unowned: true, Sorted: "name",
		Fields: []record.Field{
			{Name: "name", Label: record.Label{En: "Name", De: "Name"}, Type: record.Text, Required: true, Search: true, Sort: "{t}.search"},
			{Name: "parent_id", Label: record.Label{En: "Within", De: "Teil von"}, Type: record.Ref, Ref: "product_group"},
		},
		Check: func(before, after record.Values) error {
			if after.Text("parent_id") == after.ID() {
				return crm.Invalidf("parent_id", "is the group itself")
			}
			return nil
		},
	}
}

func productKind() *record.Kind {
	return &record.Kind{
		Name: "product", Plural: "products", Label: record.Label{En: "Product", De: "Produkt"}, Many: record.Label{En: "Products", De: "Produkte"},
		Table: "sales.product", Title: "name", Read: crm.ProductRead, Write: crm.ProductWrite, Unowned: true, Sorted: "name",
		Fields: []record.Field{
			{Name: "code", Label: record.Label{En: "Code", De: "Artikelnummer"}, Type: record.Text, Max: 60, Required: true, Search: true, Sort: "lower({t}.code)"},
			{Name: "name", Label: record.Label{En: "Name", De: "Name"}, Type: record.Text, Required: true, Search: true, Sort: "{t}.search"},
			{Name: "group_id", Label: record.Label{En: "Group", De: "Gruppe"}, Type: record.Ref, Ref: "product_group"},
			{Name: "kind", Label: record.Label{En: "Kind", De: "Art"}, Type: record.Enum, Required: true, Default: "goods", Options: []string{"goods", "service", "part", "contract"}},
			{Name: "price", Label: record.Label{En: "Price", De: "Preis"}, Type: record.Money, Positive: true},
			{Name: "currency", Label: record.Label{En: "Currency", De: "Währung"}, Type: record.Text, Max: 3},
			{Name: "unit", Label: record.Label{En: "Unit", De: "Einheit"}, Type: record.Text, Max: 30},
			{Name: "active", Label: record.Label{En: "Sold", De: "Im Verkauf"}, Type: record.Bool, Required: true, Default: true},
			{Name: "service_minutes", Label: record.Label{En: "Minutes of service", De: "Serviceminuten"}, Type: record.Integer, Positive: true},
			{Name: "warranty_months", Label: record.Label{En: "Months of warranty", De: "Garantiemonate"}, Type: record.Integer, Positive: true},
			{Name: "description", Label: record.Label{En: "Description", De: "Beschreibung"}, Type: record.Long},
		},
		Fill:  record.InCurrency,
		Check: func(before, after record.Values) error { return record.CheckCurrency(after) },
	}
}

func orderKind() *record.Kind {
	return &record.Kind{
		Name: "order", Plural: "orders", Label: record.Label{En: "Order", De: "Auftrag"}, Many: record.Label{En: "Orders", De: "Aufträge"},
		Sight: record.SeenWithAccount, Table: `sales."order"`, Title: "number", Read: crm.OrderRead, Write: crm.OrderWrite, Account: "account_id", Sorted: "-ordered_on", Place: atSite,
		Fields: []record.Field{
			{Name: "number", Label: record.Label{En: "Number", De: "Nummer"}, Type: record.Text, Expr: "{t}.number"},
			{Name: "account_id", Label: record.Label{En: "Account", De: "Kunde"}, Type: record.Ref, Ref: "account", Required: true},
			{Name: "contact_id", Label: record.Label{En: "Contact", De: "Kontakt"}, Type: record.Ref, Ref: "contact"},
			{Name: "site_id", Label: record.Label{En: "Site", De: "Standort"}, Type: record.Ref, Ref: "site"},
			{Name: "deal_id", Label: record.Label{En: "Deal", De: "Verkaufschance"}, Type: record.Ref, Ref: "deal"},
			{Name: "state", Label: record.Label{En: "State", De: "Stand"}, Type: record.Enum, Required: true, Default: "draft",
				Options: []string{"draft", "confirmed", "fulfilled", "invoiced", "cancelled"},
				Next: map[string][]string{"draft": {"confirmed", "cancelled"}, "confirmed": {"draft", "fulfilled", "cancelled"},
					"fulfilled": {"invoiced"}, "invoiced": {}, "cancelled": {"draft"}}},
			{Name: "ordered_on", Label: record.Label{En: "Ordered on", De: "Bestellt am"}, Type: record.Date, Sort: "{t}.ordered_on"},
			{Name: "deliver_on", Label: record.Label{En: "Deliver on", De: "Lieferung am"}, Type: record.Date},
			{Name: "currency", Label: record.Label{En: "Currency", De: "Währung"}, Type: record.Text, Max: 3},
			{Name: "total", Label: record.Label{En: "Total", De: "Summe"}, Type: record.Money, Expr: "{t}.total", Sort: "{t}.total"},
			{Name: "reference", Label: record.Label{En: "Customer's reference", De: "Zeichen des Kunden"}, Type: record.Text, Search: true},
			{Name: "external_id", Label: record.Label{En: "Number elsewhere", De: "Fremdnummer"}, Type: record.Text, Max: 100, Search: true},
			{Name: "note", Label: record.Label{En: "Note", De: "Notiz"}, Type: record.Long, Private: true},
		},
		Fill: func(ctx context.Context, tx pgx.Tx, changes []record.Change) error {
			if err := record.InCurrency(ctx, tx, changes); err != nil {
				return err
			}
			for _, c := range changes {
				if c.After != nil && c.After.Empty("ordered_on") {
					day, err := record.Today(ctx, tx)
					if err != nil {
						return err
					}
					c.After["ordered_on"] = day
				}
			}
			return nil
		},
		Check: func(before, after record.Values) error { return record.CheckCurrency(after) },
	}
}

func lineKind() *record.Kind {
	return &record.Kind{
		Name: "order_line", Plural: "order-lines", Label: record.Label{En: "Order line", De: "Auftragszeile"}, Many: record.Label{En: "Order lines", De: "Auftragszeilen"},
		Table: "sales.order_line", Title: "description", Read: crm.OrderRead, Write: crm.OrderWrite, Account: "account_id", Unowned: true, NoCustom: true, Sorted: "position",
		Fields: []record.Field{
			{Name: "order_id", Label: record.Label{En: "Order", De: "Auftrag"}, Type: record.Ref, Ref: "order", Required: true, Fixed: true},
			{Name: "account_id", Label: record.Label{En: "Account", De: "Kunde"}, Type: record.Ref, Ref: "account", ReadOnly: true},
			{Name: "position", Label: record.Label{En: "Position", De: "Position"}, Type: record.Integer, Positive: true, Sort: "{t}.position"},
			{Name: "product_id", Label: record.Label{En: "Product", De: "Produkt"}, Type: record.Ref, Ref: "product"},
			{Name: "description", Label: record.Label{En: "Description", De: "Bezeichnung"}, Type: record.Text},
			{Name: "quantity", Label: record.Label{En: "Quantity", De: "Menge"}, Type: record.Number, Default: 1.0, Required: true},
			{Name: "unit_price", Label: record.Label{En: "Unit price", De: "Einzelpreis"}, Type: record.Money},
			{Name: "discount_percent", Label: record.Label{En: "Discount in percent", De: "Rabatt in Prozent"}, Type: record.Number, Default: 0.0, Positive: true},
			{Name: "amount", Label: record.Label{En: "Amount", De: "Betrag"}, Type: record.Money, ReadOnly: true},
		},
		Fill:    fillLines,
		Changed: sumOrders,
		Check: func(before, after record.Values) error {
			if d, _ := after["discount_percent"].(float64); d > 100 {
				return crm.Invalidf("discount_percent", "lies above 100")
			}
			return nil
		},
	}
}

// fillLines takes what is open from the order and the product, and computes the amount.
func fillLines(ctx context.Context, tx pgx.Tx, changes []record.Change) error {
	for _, c := range changes {
		v := c.After
		if v == nil {
			continue
		}
		if v.Empty("account_id") || v.Empty("position") {
			var account *string
			var last int64
			err := tx.QueryRow(ctx, `select (select account_id::text from sales."order" where id = $1),
				(select coalesce(max(position), 0) from sales.order_line where order_id = $1)`, v.Text("order_id")).Scan(&account, &last)
			if err != nil {
				return crm.DBError(err, "order line")
			}
			if account == nil {
				return crm.Invalidf("order_id", "there is no such order")
			}
			if v["account_id"] = *account; v.Empty("position") {
				v["position"] = last + 1
			}
		}
		if !v.Empty("product_id") && (v.Empty("description") || v["unit_price"] == nil) {
			var name *string
			var price *int64
			err := tx.QueryRow(ctx, `select (select name from sales.product where id = $1), (select price from sales.product where id = $1)`,
				v.Text("product_id")).Scan(&name, &price)
			if err != nil {
				return crm.DBError(err, "order line")
			}
			if name != nil && v.Empty("description") {
				v["description"] = *name
			}
			if price != nil && v["unit_price"] == nil {
				v["unit_price"] = *price
			}
		}
		if v["unit_price"] == nil {
			v["unit_price"] = int64(0)
		}
		quantity, _ := v["quantity"].(float64)
		discount, _ := v["discount_percent"].(float64)
		v["amount"] = int64(math.Round(float64(v.Int("unit_price")) * quantity * (1 - discount/100)))
	}
	return nil
}

// sumOrders keeps the total of orders whose lines changed.
func sumOrders(ctx context.Context, tx pgx.Tx, changes []record.Change) error {
	seen := map[string]bool{}
	var orders []string
	for _, c := range changes {
		for _, v := range []record.Values{c.Before, c.After} {
			if id := v.Text("order_id"); v != nil && !seen[id] {
				seen[id], orders = true, append(orders, id)
			}
		}
	}
	_, err := tx.Exec(ctx, `update sales."order" o set total = (select coalesce(sum(l.amount), 0) from sales.order_line l where l.order_id = o.id)
		where o.id = any ($1::uuid[])`, orders)
	return crm.DBError(err, "order")
}
