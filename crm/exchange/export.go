package exchange

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/crm/record"
	"catchment/geo/exchange"
)

// Asked says which records are given out, and how.
type Asked struct {
	Kind     string
	Query    record.Query // its cursor and limit have no say
	Format   exchange.Format
	Columns  []string // fields in their order; none means all
	Language string   // "en" or "de": columns and choices are called as people call them; empty: as the API calls them
}

// Listing is a list on its way out.
type Listing struct {
	x       *Exchange
	asked   Asked
	kind    *record.Kind
	columns []outColumn
	first   crm.Page[record.Values]
	placed  bool // records lie somewhere
}

// outColumn is a column of an export.
type outColumn struct {
	name  string
	title string
	field *record.Field
	part  string // "" for a field, "label" for what a reference is called, "place" for where the record lies
	plain bool
}

// Export checks that the actor may have a list, tells the log that he takes it, and loads its beginning.
func (x *Exchange) Export(ctx context.Context, a Asked) (*Listing, error) {
	if _, err := crm.Require(ctx, crm.ExportRun); err != nil {
		return nil, err
	}
	l, err := x.listing(ctx, a)
	if err != nil {
		return nil, err
	}
	if l.first, err = l.page(ctx, ""); err != nil {
		return nil, err
	}
	changes := crm.Changes{}
	changes.Set("kind", nil, a.Kind)
	changes.Set("format", nil, string(a.Format))
	if a.Query.Filter+a.Query.Text != "" {
		changes.SetPrivate("query", nil, strings.TrimSpace(a.Query.Filter+" "+a.Query.Text))
	}
	err = x.Store.Write(ctx, func(tx pgx.Tx) error {
		return crm.Append(ctx, tx, crm.Event{Verb: "exported", Kind: "export", ID: uuid.Must(uuid.NewV7()), Changes: changes})
	})
	return l, err
}

// listing reads what is asked for.
func (x *Exchange) listing(ctx context.Context, a Asked) (*Listing, error) {
	if !slices.Contains([]exchange.Format{exchange.CSV, exchange.XLSX, exchange.GeoJSON, exchange.VCard}, a.Format) {
		return nil, crm.Invalidf("format", "is none of csv, xlsx, geojson, vcard")
	}
	if a.Language != "" && !slices.Contains(crm.Languages, a.Language) {
		return nil, crm.Invalidf("language", "is none of %s", strings.Join(crm.Languages, ", "))
	}
	k, err := x.Records.Whole(ctx, a.Kind)
	if err != nil {
		return nil, err
	}
	if a.Format == exchange.VCard && !slices.Contains([]string{"account", "contact", "lead"}, a.Kind) {
		return nil, crm.Invalidf("format", "a %s is no person or company: vCard is for accounts, contacts and leads", k.Name)
	}
	l := &Listing{x: x, asked: a, kind: k, placed: k.Place != ""}
	if a.Format == exchange.GeoJSON && !l.placed {
		return nil, crm.Invalidf("format", "a %s has no place", k.Name)
	}
	all := l.all()
	if len(a.Columns) == 0 {
		l.columns = all
		return l, nil
	}
	for _, name := range a.Columns {
		n := slices.IndexFunc(all, func(c outColumn) bool { return c.name == name })
		if n < 0 {
			return nil, crm.Invalidf("columns", "%q is no column of %s", short(name), k.Plural)
		}
		l.columns = append(l.columns, all[n])
	}
	return l, nil
}

// said chooses the words of the asked language.
func (l *Listing) said(name string, label record.Label) string {
	switch l.asked.Language {
	case "de":
		return label.De
	case "en":
		return label.En
	}
	return name
}

// all are the columns of a kind.
func (l *Listing) all() []outColumn {
	var out []outColumn
	for i := range l.kind.Fields {
		f := &l.kind.Fields[i]
		plain := !slices.Contains([]record.Type{record.Text, record.Long, record.Email, record.Phone, record.URL, record.Enum, record.Tags}, f.Type)
		switch f.Type {
		case record.Document:
		case record.Point:
			for _, p := range placeParts {
				if p.Name == "lon" || p.Name == "lat" {
					out = append(out, outColumn{p.Name, l.said(p.Name, p.Label), f, "point", true})
				}
			}
		case record.Ref:
			title := l.said(f.Name, f.Label)
			label := record.Labelled(f)
			if l.asked.Language != "" && label != "" {
				out = append(out, outColumn{label, title, f, "label", false})
				title += " (id)"
			}
			out = append(out, outColumn{f.Name, title, f, "", true})
			if l.asked.Language == "" && label != "" {
				out = append(out, outColumn{label, label, f, "label", false})
			}
		default:
			out = append(out, outColumn{f.Name, l.said(f.Name, f.Label), f, "", plain})
		}
	}
	if l.kind.Name == "account" {
		for _, p := range placeParts {
			plain := p.Name == "lon" || p.Name == "lat"
			out = append(out, outColumn{"site." + p.Name, l.said("site."+p.Name, p.Label), nil, "place", plain})
		}
	}
	return out
}

// page loads a page of the list.
func (l *Listing) page(ctx context.Context, cursor string) (crm.Page[record.Values], error) {
	q := l.asked.Query
	q.Cursor, q.Limit = cursor, crm.MaxPage
	return l.x.Records.List(ctx, l.kind.Name, q)
}

// MediaType is what the file is sent as, and Extension how its name ends.
func (l *Listing) MediaType() (mediaType, extension string) {
	switch l.asked.Format {
	case exchange.XLSX:
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx"
	case exchange.GeoJSON:
		return "application/geo+json", ".geojson"
	case exchange.VCard:
		return "text/vcard; charset=utf-8", ".vcf"
	}
	return "text/csv; charset=utf-8", ".csv"
}

// Name is what the file is called, without its extension.
func (l *Listing) Name() string { return l.kind.Plural }

// Write writes the whole list, page by page, and returns how many records it held.
func (l *Listing) Write(ctx context.Context, out io.Writer) (int, error) {
	w, err := l.writer(out)
	if err != nil {
		return 0, err
	}
	rows := 0
	for page := l.first; ; {
		if err := l.rows(ctx, w, page.Items); err != nil {
			return rows, err
		}
		if rows += len(page.Items); page.Next == "" {
			return rows, w.Close()
		}
		if err := w.Flush(); err != nil {
			return rows, err
		}
		if page, err = l.page(ctx, page.Next); err != nil {
			return rows, err
		}
	}
}

func (l *Listing) writer(out io.Writer) (*exchange.Writer, error) {
	header, plain := make([]string, len(l.columns)), make([]bool, len(l.columns))
	for i, c := range l.columns {
		header[i], plain[i] = c.title, c.plain
	}
	return exchange.NewWriter(out, l.asked.Format, header, plain)
}

// rows writes records.
func (l *Listing) rows(ctx context.Context, w *exchange.Writer, list []record.Values) error {
	places, err := l.places(ctx, list)
	if err != nil {
		return err
	}
	for _, v := range list {
		at := places[v.ID()]
		switch l.asked.Format {
		case exchange.GeoJSON:
			err = w.Feature(l.feature(v, at))
		case exchange.VCard:
			err = w.Card(card(l.kind.Name, v, at))
		default:
			cells := make([]string, len(l.columns))
			for i, c := range l.columns {
				cells[i] = l.cell(c, v, at)
			}
			err = w.Cells(cells)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// place is where a record lies.
type place struct {
	Name, Street, HouseNumber, Postcode, City, Country, AccessNote, ContactName, ContactPhone string
	Point                                                                                     orb.Point
}

func (p *place) part(name string) string {
	if p == nil {
		return ""
	}
	switch name {
	case "lon":
		return degrees(p.Point[0])
	case "lat":
		return degrees(p.Point[1])
	case "name":
		return p.Name
	case "street":
		return p.Street
	case "house_number":
		return p.HouseNumber
	case "postcode":
		return p.Postcode
	case "city":
		return p.City
	case "country":
		return p.Country
	case "access_note":
		return p.AccessNote
	case "contact_name":
		return p.ContactName
	case "contact_phone":
		return p.ContactPhone
	}
	return ""
}

func degrees(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// places returns where records lie: at the site they name, else at the first of their account.
func (l *Listing) places(ctx context.Context, list []record.Values) (map[string]*place, error) {
	out := map[string]*place{}
	needed := l.kind.Name == "account" && slices.ContainsFunc(l.columns, func(c outColumn) bool { return c.part == "place" }) ||
		l.asked.Format == exchange.GeoJSON || l.asked.Format == exchange.VCard
	if !needed || len(list) == 0 {
		return out, nil
	}
	sites, accounts := map[string][]string{}, map[string][]string{}
	for _, v := range list {
		if at, ok := v["point"].([]any); ok && len(at) == 2 {
			p := place{Name: v.Text("name"), Street: v.Text("street"), HouseNumber: v.Text("house_number"), Postcode: v.Text("postcode"), City: v.Text("city"), Country: v.Text("country")}
			p.Point[0], _ = at[0].(float64)
			p.Point[1], _ = at[1].(float64)
			out[v.ID()] = &p
			continue
		}
		switch {
		case l.kind.Name == "account":
			accounts[v.ID()] = append(accounts[v.ID()], v.ID())
		case !v.Empty("site_id"):
			sites[v.Text("site_id")] = append(sites[v.Text("site_id")], v.ID())
		case l.kind.Name != "lead" && !v.Empty("account_id"):
			accounts[v.Text("account_id")] = append(accounts[v.Text("account_id")], v.ID())
		}
	}
	err := l.x.Store.Read(ctx, func(tx pgx.Tx) error {
		for _, ask := range []struct {
			sql string
			of  map[string][]string
		}{
			{`select s.id::text, s.name, s.street, s.house_number, s.postcode, s.city, s.country, s.access_note, s.contact_name, s.contact_phone, s.point
				from customer.site s where s.id = any ($1::uuid[])`, sites},
			{`select distinct on (s.account_id) s.account_id::text, s.name, s.street, s.house_number, s.postcode, s.city, s.country, s.access_note, s.contact_name,
				s.contact_phone, s.point from customer.site s where s.account_id = any ($1::uuid[]) order by s.account_id, s.no`, accounts},
		} {
			if len(ask.of) == 0 {
				continue
			}
			var ids []string
			for id := range ask.of {
				ids = append(ids, id)
			}
			rows, err := tx.Query(ctx, ask.sql, ids)
			if err != nil {
				return crm.DBError(err, "site")
			}
			var id string
			var p place
			if _, err := pgx.ForEachRow(rows, []any{&id, &p.Name, &p.Street, &p.HouseNumber, &p.Postcode, &p.City, &p.Country, &p.AccessNote, &p.ContactName,
				&p.ContactPhone, &p.Point}, func() error {
				for _, record := range ask.of[id] {
					at := p
					out[record] = &at
				}
				return nil
			}); err != nil {
				return crm.DBError(err, "site")
			}
		}
		return nil
	})
	return out, err
}

// cell writes a value as people and Notation read it.
func (l *Listing) cell(c outColumn, v record.Values, at *place) string {
	switch c.part {
	case "place":
		return at.part(strings.TrimPrefix(c.name, "site."))
	case "label":
		return v.Text(c.name)
	case "point":
		list, _ := v[c.field.Name].([]any)
		if len(list) != 2 {
			return ""
		}
		n, _ := list[map[string]int{"lon": 0, "lat": 1}[c.name]].(float64)
		return degrees(n)
	}
	value := v[c.field.Name]
	switch x := value.(type) {
	case nil:
		return ""
	case string:
		if c.field.Type == record.Enum && l.asked.Language != "" && x != "" {
			label := c.field.Choice(x)
			return l.said(x, label)
		}
		return x
	case bool:
		if l.asked.Language == "" {
			return strconv.FormatBool(x)
		}
		return l.said("", map[bool]record.Label{true: {En: "yes", De: "ja"}, false: {En: "no", De: "nein"}}[x])
	case int64:
		if c.field.Type == record.Money {
			sign := ""
			if x < 0 {
				sign, x = "-", -x
			}
			return fmt.Sprintf("%s%d.%02d", sign, x/100, x%100)
		}
		return strconv.FormatInt(x, 10)
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64)
	case []any:
		words := make([]string, len(x))
		for i, word := range x {
			words[i] = fmt.Sprint(word)
		}
		return strings.Join(words, ", ")
	}
	return ""
}

func (l *Listing) feature(v record.Values, at *place) exchange.Feature {
	f := exchange.Feature{ID: v.ID(), Properties: map[string]any{}}
	if at != nil {
		f.At = &[2]float64{at.Point[0], at.Point[1]}
	}
	for _, c := range l.columns {
		if c.part == "point" || c.name == "id" || c.name == "site.lon" || c.name == "site.lat" {
			continue
		}
		if text := l.cell(c, v, at); c.part != "" || c.field.Type == record.Money || c.field.Type == record.Tags || c.field.Type == record.Refs || c.field.Type == record.Enum {
			f.Properties[c.title] = text
		} else {
			f.Properties[c.title] = v[c.field.Name]
		}
	}
	return f
}

// card makes a vCard of an account, a contact or a lead.
func card(kind string, v record.Values, at *place) exchange.Card {
	c := exchange.Card{"uid": v.ID(), "phone": v.Text("phone"), "mobile": v.Text("mobile"), "email": v.Text("email"), "website": v.Text("website"), "note": v.Text("note"),
		"language": v.Text("language"), "first_name": v.Text("first_name"), "last_name": v.Text("last_name"), "salutation": v.Text("salutation"),
		"role": v.Text("role"), "department": v.Text("department"), "full_name": v.Text("name")}
	switch kind {
	case "contact":
		c["organisation"] = v.Text("account")
	default:
		if v.Text("kind") != "household" {
			c["organisation"] = v.Text("name")
		}
	}
	if list, ok := v["tags"].([]any); ok {
		var words []string
		for _, w := range list {
			words = append(words, fmt.Sprint(w))
		}
		c["tags"] = strings.Join(words, ",")
	}
	for _, part := range []string{"street", "house_number", "postcode", "city", "country", "lon", "lat"} {
		c[part] = at.part(part)
		if c[part] == "" && kind == "lead" {
			c[part] = v.Text(part)
		}
	}
	return c
}

// Stamp is the time as names of files hold it.
func Stamp(t time.Time) string { return t.UTC().Format("2006-01-02") }
