package exchange

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"catchment/crm"
	"catchment/crm/record"
)

// lookup is a column by which people name records of a kind. What is folded is compared in small letters.
type lookup struct {
	column string
	folded bool
}

// lookups are the ways to name a record, the surest first. An id always does.
var lookups = map[string][]lookup{
	"account":       {{"number", false}, {"external_id", false}, {"name_key", true}, {"email_key", true}},
	"contact":       {{"external_id", false}, {"email_key", true}},
	"site":          {{"no::text", false}},
	"lead":          {{"number", false}, {"external_id", false}},
	"deal":          {{"number", false}, {"external_id", false}},
	"product":       {{"code", false}, {"lower(t.name)", true}},
	"product_group": {{"lower(t.name)", true}},
	"order":         {{"number", false}, {"external_id", false}},
	"installation":  {{"number", false}, {"external_id", false}, {"serial", false}},
	"contract":      {{"number", false}, {"external_id", false}},
	"case":          {{"number", false}, {"external_id", false}},
	"staff":         {{"lower(t.email)", true}, {"lower(t.name)", true}},
	"team":          {{"lower(t.name)", true}},
}

// tableOf returns the table of a kind, or of people and teams.
func (x *Exchange) tableOf(kind string) string {
	switch kind {
	case "staff":
		return "crm.staff"
	case "team":
		return "crm.team"
	}
	k, err := x.Records.Kind(kind)
	if err != nil {
		panic(err) // kinds refer to kinds
	}
	return k.Table
}

// by finds the records of a kind whose column holds one of the texts. More than one is told as such.
func (x *Exchange) by(ctx context.Context, tx pgx.Tx, kind string, l lookup, texts []string) (map[string][]string, error) {
	column := l.column
	if !strings.Contains(column, "t.") {
		column = "t." + column
	}
	rows, err := tx.Query(ctx, `select `+column+`, t.id::text from `+x.tableOf(kind)+` t where `+column+` = any ($1) order by t.id`, texts)
	if err != nil {
		return nil, crm.DBError(err, kind)
	}
	out := map[string][]string{}
	var text, id string
	_, err = pgx.ForEachRow(rows, []any{&text, &id}, func() error {
		out[text] = append(out[text], id)
		return nil
	})
	return out, crm.DBError(err, kind)
}

// resolve finds the records rows name: by id, number, name or whatever else people call them.
func (x *Exchange) resolve(ctx context.Context, tx pgx.Tx, items []*item) error {
	wanted := map[string][]string{} // texts by kind
	for _, it := range items {
		for _, r := range it.refs {
			wanted[r.field.Ref] = append(wanted[r.field.Ref], r.text)
		}
	}
	found, several := map[string]map[string]string{}, map[string]map[string]bool{}
	for kind, texts := range wanted {
		slices.Sort(texts)
		left := slices.Compact(texts)
		found[kind], several[kind] = map[string]string{}, map[string]bool{}
		rest := left[:0:0]
		for _, text := range left { // ids are checked when the record is saved
			if id, err := uuid.Parse(text); err == nil && len(text) == 36 {
				found[kind][text] = id.String()
			} else {
				rest = append(rest, text)
			}
		}
		for _, l := range lookups[kind] {
			if len(rest) == 0 {
				break
			}
			asked := slices.Clone(rest)
			if l.folded {
				for i := range asked {
					asked[i] = strings.ToLower(asked[i])
				}
			}
			there, err := x.by(ctx, tx, kind, l, asked)
			if err != nil {
				return err
			}
			left := rest[:0:0]
			for i, text := range rest {
				switch ids := there[asked[i]]; {
				case len(ids) == 1:
					found[kind][text] = ids[0]
				case len(ids) > 1:
					several[kind][text] = true
				default:
					left = append(left, text)
				}
			}
			rest = left
		}
	}
	for _, it := range items {
		for _, r := range it.refs {
			id, ok := found[r.field.Ref][r.text]
			switch {
			case ok:
				it.referred(r, id)
			case several[r.field.Ref][r.text]:
				it.wrong(r.field.Name, "more than one %s is called %q: name it by its number", r.field.Ref, short(r.text))
			default:
				it.wrong(r.field.Name, "there is no %s %q", r.field.Ref, short(r.text))
			}
		}
	}
	return nil
}

// unit is a record with the rows that speak of it.
type unit struct {
	items    []*item
	values   record.Values
	number   string
	postcode string // of where it lies, if rows say
	existing string // id of the record that is there already
	sure     bool   // an id or number says so
	aside    bool   // an earlier row of the page spoke for the record
	verdict  string
	field    string
	reason   string
	id       string
}

// match finds the records that are there already: by id, by number, by what else tells them.
func (x *Exchange) match(ctx context.Context, tx pgx.Tx, kind string, units []*unit) error {
	table := x.tableOf(kind)
	has := func(column string) bool {
		return slices.ContainsFunc(lookups[kind], func(l lookup) bool { return l.column == column })
	}
	// each asks once for all units that are not matched yet and for which text gives something
	each := func(sure bool, sql string, text func(*unit) string, fits func(u *unit, other string) bool) error {
		by := map[string][]*unit{}
		var texts []string
		for _, u := range units {
			if t := text(u); u.existing == "" && t != "" {
				if by[t] == nil {
					texts = append(texts, t)
				}
				by[t] = append(by[t], u)
			}
		}
		if len(texts) == 0 {
			return nil
		}
		rows, err := tx.Query(ctx, sql, texts)
		if err != nil {
			return crm.DBError(err, kind)
		}
		var found, other, id string
		_, err = pgx.ForEachRow(rows, []any{&found, &other, &id}, func() error {
			for _, u := range by[found] {
				if u.existing == "" && (fits == nil || fits(u, other)) {
					u.existing, u.sure = id, sure
				}
			}
			return nil
		})
		return crm.DBError(err, kind)
	}
	field := func(name string) func(*unit) string {
		return func(u *unit) string { return strings.TrimSpace(u.values.Text(name)) }
	}
	small := func(name string) func(*unit) string {
		return func(u *unit) string { return strings.ToLower(strings.TrimSpace(u.values.Text(name))) }
	}
	within := func(u *unit, account string) bool { return u.values.Text("account_id") == account }
	// belongs is the account of a record, or nothing for those that have none
	belongs := "''"
	if k, err := x.Records.Kind(kind); err == nil && k.Account != "" && k.Account != "id" {
		belongs = "coalesce(t." + k.Account + "::text, '')"
	}
	steps := []func() error{
		func() error {
			return each(true, `select t.id::text, '', t.id::text from `+table+` t where t.id = any ($1::uuid[])`, field("id"), nil)
		},
	}
	if has("number") {
		steps = append(steps, func() error {
			return each(true, `select t.number, '', t.id::text from `+table+` t where t.number = any ($1)`, func(u *unit) string { return strings.ToUpper(u.number) }, nil)
		})
	}
	if has("external_id") {
		steps = append(steps, func() error {
			return each(true, `select t.external_id, `+belongs+`, t.id::text from `+table+` t where t.external_id = any ($1) and t.external_id <> '' order by t.id`, field("external_id"),
				func(u *unit, account string) bool {
					return account == "" || u.values.Empty("account_id") || within(u, account)
				})
		})
	}
	switch kind {
	case "product":
		steps = append(steps, func() error {
			return each(true, `select t.code, '', t.id::text from sales.product t where t.code = any ($1)`, field("code"), nil)
		})
	case "product_group":
		steps = append(steps, func() error {
			return each(true, `select lower(t.name), '', t.id::text from sales.product_group t where lower(t.name) = any ($1) order by t.id`, small("name"), nil)
		})
	case "installation":
		steps = append(steps, func() error {
			return each(true, `select t.serial, t.account_id::text, t.id::text from service.installation t where t.serial = any ($1) and t.serial <> '' order by t.id`, field("serial"), within)
		})
	case "order":
		steps = append(steps, func() error {
			return each(false, `select t.account_id::text || ' ' || t.reference, '', t.id::text from sales."order" t
				where t.account_id = any (select left(x, 36)::uuid from unnest($1::text[]) x) and t.reference <> '' order by t.id`,
				func(u *unit) string {
					if u.values.Empty("reference") || u.values.Empty("account_id") {
						return ""
					}
					return u.values.Text("account_id") + " " + u.values.Text("reference")
				}, nil)
		})
	case "lead":
		steps = append(steps, func() error {
			return each(false, `select t.email_key, '', t.id::text from sales.lead t where t.email_key = any ($1) and t.email_key <> '' order by t.id`, small("email"), nil)
		})
	case "contact":
		steps = append(steps, func() error {
			return each(false, `select t.email_key, t.account_id::text, t.id::text from customer.contact t where t.email_key = any ($1) and t.email_key <> '' order by t.id`, small("email"), within)
		}, func() error {
			return each(false, `select t.account_id::text || ' ' || lower(t.first_name || ' ' || t.last_name), '', t.id::text from customer.contact t
				where t.account_id = any (select left(x, 36)::uuid from unnest($1::text[]) x) order by t.id`,
				func(u *unit) string {
					if u.values.Empty("account_id") {
						return ""
					}
					return u.values.Text("account_id") + " " + strings.ToLower(u.values.Text("first_name")+" "+u.values.Text("last_name"))
				}, nil)
		})
	case "account":
		steps = append(steps, func() error {
			return each(false, `select t.email_key, t.name_key, t.id::text from customer.account t where t.email_key = any ($1) and t.email_key <> '' order by t.id`, small("email"), nil)
		}, func() error {
			return each(false, `select t.phone_key, t.name_key, t.id::text from customer.account t where t.phone_key = any ($1) and length(t.phone_key) >= 7 order by t.id`,
				func(u *unit) string { return phoneKey(u.values.Text("phone")) }, alike)
		}, func() error {
			return each(false, `select t.name_key, coalesce(s.postcode, ''), t.id::text from customer.account t left join customer.site s on s.account_id = t.id
				where t.name_key = any ($1) order by t.id`, small("name"),
				func(u *unit, postcode string) bool {
					return u.postcode == "" || postcode == "" || u.postcode == postcode
				})
		})
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return x.likely(ctx, tx, kind, units)
}

// likely asks whoever knows more about duplicates.
func (x *Exchange) likely(ctx context.Context, tx pgx.Tx, kind string, units []*unit) error {
	if x.Duplicates == nil {
		return nil
	}
	var open []*unit
	var fresh []record.Values
	for _, u := range units {
		if u.existing == "" {
			open, fresh = append(open, u), append(fresh, u.values)
		}
	}
	if len(open) == 0 {
		return nil
	}
	ids, err := x.Duplicates.Likely(ctx, tx, kind, fresh)
	if err != nil {
		return err
	}
	if len(ids) != len(open) {
		return fmt.Errorf("look for duplicates: %d answers for %d records", len(ids), len(open))
	}
	for i, id := range ids {
		if id != uuid.Nil {
			open[i].existing = id.String()
		}
	}
	return nil
}

// phoneKey is the end of a phone number, the same with and without the codes of the country and the net.
func phoneKey(phone string) string {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, phone)
	if len(digits) < 7 {
		return ""
	}
	return digits[max(0, len(digits)-9):]
}

// alike tells whether one name begins as the other: Öhri is Öhri AG.
func alike(u *unit, name string) bool {
	a, b := crm.SearchText(u.values.Text("name")), crm.SearchText(name)
	return a != "" && b != "" && (strings.HasPrefix(a, b) || strings.HasPrefix(b, a))
}
