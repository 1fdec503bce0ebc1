package record

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"catchment/crm"
)

// compiler makes SQL of filters. Values become parameters; names come from kinds.
type compiler struct {
	records *Records
	actor   crm.Actor
	now     time.Time
	zone    *time.Location
	args    []any
	aliases int
	negated int // under how many nots: there a condition must not be null
}

// sure makes a condition false where it would be null. Only under a not does that make a difference; elsewhere it would
// but keep an index from being used.
func (c *compiler) sure(condition string) string {
	if c.negated == 0 {
		return condition
	}
	return "coalesce(" + condition + ", false)"
}

func (c *compiler) arg(v any) string {
	c.args = append(c.args, v)
	return "$" + strconv.Itoa(len(c.args))
}

func (c *compiler) alias() string {
	c.aliases++
	return "r" + strconv.Itoa(c.aliases)
}

// condition returns the SQL that is true for the rows of a kind, called row, that fit. Under a not it is never null.
func (c *compiler) condition(k *Kind, row string, n node) (string, error) {
	switch n := n.(type) {
	case nil:
		return "true", nil
	case allOf:
		return c.join(k, row, n, " and ")
	case anyOf:
		return c.join(k, row, n, " or ")
	case negate:
		c.negated++
		s, err := c.condition(k, row, n.of)
		c.negated--
		return "not " + s, err
	case related:
		return c.related(k, row, n)
	case place:
		return c.place(k, row, n)
	case test:
		return c.test(k, row, n)
	}
	panic(fmt.Sprintf("a filter of %T", n))
}

func (c *compiler) join(k *Kind, row string, list []node, with string) (string, error) {
	var parts []string
	for _, n := range list {
		s, err := c.condition(k, row, n)
		if err != nil {
			return "", err
		}
		parts = append(parts, s)
	}
	return "(" + strings.Join(parts, with) + ")", nil
}

// related follows a reference backwards: accounts that have deals, deals that have lines.
func (c *compiler) related(k *Kind, row string, n related) (string, error) {
	for _, other := range c.records.kinds {
		if other.Plural != n.plural {
			continue
		}
		for i := range other.Fields {
			f := &other.Fields[i]
			if f.Type != Ref || f.Ref != k.Name || f.Name == "id" || f.Expr != "" {
				continue
			}
			if !c.actor.May(other.Read) {
				return "", badFilter(n.at, "your role may not read %s", n.plural)
			}
			a := c.alias()
			inner, err := c.condition(other, a, n.filter)
			if err != nil {
				return "", err
			}
			exists := "exists (select from " + other.Table + " " + a + " where " + f.sql(a) + " = " + row + ".id and " + inner + ")"
			if n.none {
				return "not " + exists, nil
			}
			return exists, nil
		}
	}
	return "", badFilter(n.at, "a %s has no %s", k.Name, n.plural)
}

func (c *compiler) place(k *Kind, row string, n place) (string, error) {
	var area string
	if n.within {
		west, south, east, north := n.numbers[0], n.numbers[1], n.numbers[2], n.numbers[3]
		if west < -180 || east > 180 || south < -90 || north > 90 || west > east || south > north {
			return "", badFilter(n.at, "is no box of west, south, east, north")
		}
		area = "ST_MakeEnvelope(" + c.arg(west) + "::float8, " + c.arg(south) + "::float8, " + c.arg(east) + "::float8, " + c.arg(north) + "::float8, 4326)"
	} else {
		lon, lat, meters := n.numbers[0], n.numbers[1], n.numbers[2]
		if math.Abs(lon) > 180 || math.Abs(lat) > 90 || meters <= 0 || meters > 1e6 {
			return "", badFilter(n.at, "is no longitude, latitude and radius of at most 1,000 km in metres")
		}
		area = "(select ST_Buffer(ST_SetSRID(ST_MakePoint(" + c.arg(lon) + "::float8, " + c.arg(lat) + "::float8), 4326)::geography, " + c.arg(meters) + "::float8, 32)::geometry)"
	}
	return c.inside(k, row, area, n.at)
}

func (c *compiler) inside(k *Kind, row, area string, at int) (string, error) {
	if k.Place == "" {
		return "", badFilter(at, "a %s has no place", k.Name)
	}
	return c.sure("(" + strings.NewReplacer("{t}", row, "{area}", area).Replace(k.Place) + ")"), nil
}

// test compares a field, or one of a record that is referred to.
func (c *compiler) test(k *Kind, row string, t test) (string, error) {
	if len(t.path) > 1 {
		return c.follow(k, row, t)
	}
	f, ok := k.Field(t.path[0])
	if !ok {
		return "", badFilter(t.at, "a %s has no field %s", k.Name, t.path[0])
	}
	if t.op == "empty" {
		return f.empty(row), nil
	}
	if t.op == "in" {
		return c.among(k, f, row, t)
	}
	s, err := c.compare(k, f, row, t.op, t.values[0])
	return c.sure(s), err
}

func (f *Field) empty(row string) string {
	v := f.sql(row)
	switch {
	case f.textual():
		return "(" + v + " = '')"
	case f.Type == Tags || f.Type == Refs:
		return "(cardinality(" + v + ") = 0)"
	}
	return "(" + v + " is null)"
}

// follow goes along a reference to test a field of the other record, as far as the actor may see it.
func (c *compiler) follow(k *Kind, row string, t test) (string, error) {
	f, ok := k.Field(t.path[0] + "_id")
	if !ok || f.Type != Ref {
		return "", badFilter(t.at, "a %s refers to no %s", k.Name, t.path[0])
	}
	a := c.alias()
	if f.Ref == "staff" || f.Ref == "team" {
		if len(t.path) != 2 || t.path[1] != "name" || t.op == "in" || t.op == "empty" {
			return "", badFilter(t.at, "only the name of a person or team can be compared")
		}
		s, err := c.compare(k, &Field{Name: "name", Column: "name", Type: Text}, a, t.op, t.values[0])
		return "exists (select from " + c.records.tableOf(f.Ref) + " " + a + " where " + a + ".id = " + f.sql(row) + " and " + s + ")", err
	}
	other := c.records.byName[f.Ref]
	if !c.actor.May(other.Read) {
		return "", badFilter(t.at, "your role may not read %s", other.Plural)
	}
	t.path = t.path[1:]
	inner, err := c.test(other, a, t)
	return "exists (select from " + other.Table + " " + a + " where " + a + ".id = " + f.sql(row) + " and " + inner + ")", err
}

// among tests membership in a list.
func (c *compiler) among(k *Kind, f *Field, row string, t test) (string, error) {
	if f.Type == Instant || f.Type == Tags { // each may be a day; tags are many
		var parts []string
		for _, v := range t.values {
			s, err := c.compare(k, f, row, "=", v)
			if err != nil {
				return "", err
			}
			parts = append(parts, c.sure(s))
		}
		return "(" + strings.Join(parts, " or ") + ")", nil
	}
	var list []string
	for _, v := range t.values {
		values, err := c.values(f, v)
		if err != nil {
			return "", err
		}
		list = append(list, values...)
	}
	return c.sure(f.sql(row) + " = any (" + c.arg(list) + "::text[]::" + f.sqlType() + "[])"), nil
}

// values are what a literal stands for: one, or for mine the actor's teams.
func (c *compiler) values(f *Field, v literal) ([]string, error) {
	if f.Type == Ref && !v.quoted {
		switch {
		case f.Ref == "staff" && v.text == "me":
			return []string{c.actor.ID.String()}, nil
		case f.Ref == "team" && v.text == "mine":
			out := []string{}
			for _, t := range c.actor.Teams {
				out = append(out, t.String())
			}
			return out, nil
		}
	}
	if f.Type == Date {
		if day, ok, err := c.moment(v); err != nil || ok {
			return []string{day.In(c.zone).Format(time.DateOnly)}, err
		}
	}
	n, err := f.parse(v.text)
	if err != nil {
		return nil, badFilter(v.at, "%s %s", f.Name, strings.TrimPrefix(err.Error(), f.Name+": "))
	}
	return []string{n}, nil
}

// parse checks a literal against the field and returns it as PostgreSQL reads it.
func (f *Field) parse(text string) (string, error) {
	bare := *f
	bare.Max, bare.Positive = 1000, false
	var v any = text
	switch f.Type {
	case Integer, Money:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return "", fmt.Errorf("is compared with a whole number")
		}
		v = n
	case Number:
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return "", fmt.Errorf("is compared with a number")
		}
		v = n
	case Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return "", fmt.Errorf("is true or false")
		}
		v = b
	case Email, Phone, URL, Long:
		bare.Type = Text
	case Point, Refs, Document:
		return "", fmt.Errorf("cannot be compared")
	}
	n, err := bare.Normal(v)
	if err != nil {
		return "", err
	}
	return fmt.Sprint(n), nil
}

func (c *compiler) compare(k *Kind, f *Field, row, op string, v literal) (string, error) {
	value := f.sql(row)
	ordered := slices.Contains([]Type{Integer, Money, Number, Date, Instant}, f.Type)
	switch {
	case op == "~":
		return c.holds(k, f, row, v)
	case f.Type == Tags:
		if op != "=" {
			return "", badFilter(v.at, "%s is compared by =, in or ~", f.Name)
		}
		return value + " @> " + c.arg([]string{v.text}) + "::text[]", nil
	case op != "=" && !ordered && !f.textual():
		return "", badFilter(v.at, "%s cannot be ordered", f.Name)
	case f.Type == Instant:
		return c.instant(f, row, op, v)
	}
	list, err := c.values(f, v)
	if err != nil {
		return "", err
	}
	if len(list) != 1 {
		return value + " = any (" + c.arg(list) + "::text[]::" + f.sqlType() + "[])", nil
	}
	return value + " " + op + " " + c.arg(list[0]) + "::text::" + f.sqlType(), nil
}

// holds tests whether a text holds another. Where the search box knows the field its index finds the rows.
func (c *compiler) holds(k *Kind, f *Field, row string, v literal) (string, error) {
	pattern := "%" + crm.EscapeLike(v.text) + "%"
	if f.Type == Tags {
		return "array_to_string(" + f.sql(row) + ", ' ') ilike " + c.arg(pattern), nil
	}
	if !f.textual() {
		return "", badFilter(v.at, "%s is no text", f.Name)
	}
	s := f.sql(row) + " ilike " + c.arg(pattern)
	if folded := crm.SearchText(v.text); f.Search && k.searched() && folded != "" {
		s = "(" + s + " and " + row + ".search ilike " + c.arg("%"+crm.EscapeLike(folded)+"%") + ")"
	}
	return s, nil
}

// instant compares a moment with a moment, or with a day in the zone of the organisation, which is a stretch of time.
func (c *compiler) instant(f *Field, row, op string, v literal) (string, error) {
	from, ok, err := c.moment(v)
	if err != nil {
		return "", err
	}
	to := from
	day := ok && strings.HasPrefix(strings.ToLower(v.text), "today")
	if !ok {
		if t, err := time.ParseInLocation(time.DateOnly, v.text, c.zone); err == nil {
			from, day = t, true
		} else if from, err = time.Parse(time.RFC3339Nano, v.text); err != nil {
			return "", badFilter(v.at, "%s is compared with a day such as 2026-11-23, an instant, today-7d or now-2h", f.Name)
		}
		to = from
	}
	if from.Year() < 1 || from.Year() > 9999 {
		return "", badFilter(v.at, "lies outside the calendar")
	}
	if day {
		y, m, d := from.In(c.zone).Date()
		from, to = time.Date(y, m, d, 0, 0, 0, 0, c.zone), time.Date(y, m, d+1, 0, 0, 0, 0, c.zone)
	}
	value := f.sql(row)
	switch {
	case op == "=" && day:
		return "(" + value + " >= " + c.arg(from) + "::timestamptz and " + value + " < " + c.arg(to) + "::timestamptz)", nil
	case op == ">" && day:
		return value + " >= " + c.arg(to) + "::timestamptz", nil
	case op == "<=" && day:
		return value + " < " + c.arg(to) + "::timestamptz", nil
	}
	return value + " " + op + " " + c.arg(from) + "::timestamptz", nil
}

var momentForm = regexp.MustCompile(`^(?i)(today|now)(?:([+-])(\d{1,4})([hdwmy]))?$`)

// moment reads today and now, and what lies some time off them.
func (c *compiler) moment(v literal) (time.Time, bool, error) {
	m := momentForm.FindStringSubmatch(v.text)
	if m == nil || v.quoted {
		return time.Time{}, false, nil
	}
	t := c.now.In(c.zone)
	if m[3] != "" {
		n, _ := strconv.Atoi(m[2] + m[3])
		switch strings.ToLower(m[4]) {
		case "h":
			if strings.EqualFold(m[1], "today") {
				return t, false, badFilter(v.at, "today is counted in d, w, m or y")
			}
			t = t.Add(time.Duration(n) * time.Hour)
		case "d":
			t = t.AddDate(0, 0, n)
		case "w":
			t = t.AddDate(0, 0, 7*n)
		case "m":
			t = t.AddDate(0, n, 0)
		case "y":
			t = t.AddDate(n, 0, 0)
		}
	}
	return t, true, nil
}

func parseIDs(field string, list []string) ([]uuid.UUID, error) {
	out := make([]uuid.UUID, 0, len(list))
	for _, s := range list {
		id, err := uuid.Parse(s)
		if err != nil {
			return nil, crm.Invalidf(field, "holds something that is no id")
		}
		out = append(out, id)
	}
	return out, nil
}
