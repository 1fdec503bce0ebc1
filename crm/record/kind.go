package record

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"catchment/crm"
)

// Type is what a field holds. In Values it is the JSON type in brackets.
type Type string

// Types of fields.
const (
	Text     Type = "text"     // one line [string]
	Long     Type = "long"     // several lines [string]
	Email    Type = "email"    // [string]
	Phone    Type = "phone"    // [string]
	URL      Type = "url"      // http or https [string]
	Enum     Type = "enum"     // one of Options [string]
	Integer  Type = "integer"  // [int64]
	Money    Type = "money"    // minor units of the record's currency [int64]
	Number   Type = "number"   // [float64]
	Bool     Type = "bool"     // [bool]
	Date     Type = "date"     // YYYY-MM-DD [string]
	Instant  Type = "instant"  // RFC 3339 in UTC [string]
	Ref      Type = "ref"      // id of a record of kind Ref, of "staff" or of "team" [string]
	Refs     Type = "refs"     // ids [[]any of string]
	Tags     Type = "tags"     // sorted words [[]any of string]
	Point    Type = "point"    // longitude, latitude [[]any of float64]
	Document Type = "document" // JSON made by our own code [any]
)

// Label is what people read, in each language of the screens.
type Label struct {
	En string `json:"en"`
	De string `json:"de"`
}

// Field is one value of a kind's records.
type Field struct {
	Name  string // in the API, in filters and in events: snake_case
	Label Label
	Type  Type

	Column string // in the kind's table; empty means Name
	Expr   string // SQL over the row {t}, for what is read only and not a column
	Sort   string // SQL over {t} that lists may be ordered by, never null; it has an index with the id behind it

	Options []string            // of an Enum
	Next    map[string][]string // of an Enum with states: which may follow which; nil means any
	Needs   map[string][]string // of an Enum: the fields that must be filled once it has the value
	Ref     string              // of a Ref or Refs: the kind, "staff" or "team"

	Required bool
	ReadOnly bool // set by the mechanism or by the kind's own acts
	Fixed    bool // given when added, never changed
	Private  bool // a personal value, which can be forgotten
	Search   bool // found by the search box
	Positive bool // a number that may not lie below zero
	Default  any
	Max      int // letters of a text; zero means 300 for one line and 20,000 for several

	custom bool
}

// Kind is a sort of record.
type Kind struct {
	Name   string // "account": in events and references
	Plural string // "accounts": in addresses
	Label  Label
	Many   Label // its plural as people say it
	Table  string
	Title  string // the field people call a record by

	Read, Write crm.Right

	Fields   []Field
	Unowned  bool   // no owner or team: everybody who has the right sees all
	Sight    Sight  // how the policy of its table tells who sees a row, for lists to say it again; empty for otherwise
	Acts     bool   // changes by acts of its own only: the mechanism lists and filters, and changes tags and custom fields
	Account  string // the field that names the account whose timeline shows the record; "id" for accounts themselves
	Follows  string // SQL over the row t: which follow their account's owner; empty means all
	Place    string // SQL over {t} and {area}, a geometry: whether the record lies there; empty if it has no place
	Sorted   string // the field lists are ordered by unless asked otherwise, with - before it for falling
	Bare     bool   // its table has no version and no times
	NoCustom bool   // its table has neither tags nor custom fields

	// Check refuses what the record may not be. It sees whole records, before is nil for a new one.
	Check func(before, after Values) error
	// Fill sets what was left open in new records, and what follows from other values in all, before they are checked.
	Fill func(ctx context.Context, tx pgx.Tx, changes []Change) error
	// Changed does what follows from changes, in their transaction. Removed records have no After.
	Changed func(ctx context.Context, tx pgx.Tx, changes []Change) error

	byName map[string]*Field
}

// Sight is how a policy tells who sees a row.
type Sight string

// Ways to see a row.
const (
	SeenByOwner     Sight = "owner"   // its owner and its team
	SeenByID        Sight = "id"      // those, and who is shown it (crm.reachable)
	SeenWithAccount Sight = "account" // owner and team, and who sees its account: as record.guard has it
)

// Values are a record's fields by name, as Type says.
type Values map[string]any

// Change is a record as it was and as it becomes: Before is nil for a new one, After for a removed one.
type Change struct {
	Before, After Values
}

// now returns the record as it stands after the change, or stood before it was removed.
func (c Change) now() Values {
	if c.After != nil {
		return c.After
	}
	return c.Before
}

// Text returns a text value, empty if there is none.
func (v Values) Text(field string) string {
	s, _ := v[field].(string)
	return s
}

// Int returns a whole number, zero if there is none.
func (v Values) Int(field string) int64 {
	n, _ := v[field].(int64)
	return n
}

// Empty tells whether a field holds nothing.
func (v Values) Empty(field string) bool {
	switch x := v[field].(type) {
	case nil:
		return true
	case string:
		return x == ""
	case []any:
		return len(x) == 0
	}
	return false
}

// ID returns the record's id.
func (v Values) ID() string { return v.Text("id") }

// Version returns the record's version, from 1.
func (v Values) Version() int { return int(v.Int("version")) }

// Field returns a field by its name.
func (k *Kind) Field(name string) (*Field, bool) {
	f, ok := k.byName[name]
	return f, ok
}

// common are the fields every kind has.
func (k *Kind) common() (first, last []Field) {
	first = []Field{{Name: "id", Label: Label{"Id", "Kennung"}, Type: Ref, Ref: k.Name, ReadOnly: true}}
	if !k.Unowned {
		last = append(last,
			Field{Name: "owner_id", Label: Label{"Owner", "Zuständig"}, Type: Ref, Ref: "staff"},
			Field{Name: "team_id", Label: Label{"Team", "Team"}, Type: Ref, Ref: "team"})
	}
	if !k.NoCustom {
		last = append(last, Field{Name: "tags", Label: Label{"Tags", "Schlagworte"}, Type: Tags})
	}
	if k.Bare {
		return first, last
	}
	return first, append(last,
		Field{Name: "version", Label: Label{"Version", "Fassung"}, Type: Integer, ReadOnly: true},
		Field{Name: "created_at", Label: Label{"Added", "Angelegt"}, Type: Instant, ReadOnly: true, Sort: "{t}.created_at"},
		Field{Name: "updated_at", Label: Label{"Changed", "Geändert"}, Type: Instant, ReadOnly: true, Sort: "{t}.updated_at"})
}

// complete adds the common fields and the index by name.
func (k *Kind) complete() error {
	first, last := k.common()
	k.Fields = slices.Concat(first, k.Fields, last)
	return k.index()
}

func (k *Kind) index() error {
	k.byName = make(map[string]*Field, len(k.Fields))
	for i := range k.Fields {
		f := &k.Fields[i]
		if f.Column == "" {
			f.Column = f.Name
		}
		if f.Expr != "" {
			f.ReadOnly = true
		}
		if _, twice := k.byName[f.Name]; twice {
			return fmt.Errorf("kind %s has two fields %s", k.Name, f.Name)
		}
		k.byName[f.Name] = f
	}
	if k.Sorted == "" {
		k.Sorted = "-created_at"
	}
	if f, ok := k.byName[strings.TrimPrefix(k.Sorted, "-")]; !ok || f.Sort == "" {
		return fmt.Errorf("kind %s cannot be sorted by %s", k.Name, k.Sorted)
	}
	if _, ok := k.byName[k.Title]; !ok {
		return fmt.Errorf("kind %s has no field %s to be called by", k.Name, k.Title)
	}
	return nil
}

// with returns the kind with custom fields beside its own.
func (k *Kind) with(custom []Field) *Kind {
	if len(custom) == 0 {
		return k
	}
	out := *k
	out.Fields = slices.Concat(k.Fields, custom)
	if err := out.index(); err != nil {
		panic(err) // the database keeps codes apart, and x_ keeps them apart from ours
	}
	return &out
}

// Custom tells whether an organisation has added the field.
func (f *Field) Custom() bool { return f.custom }

// sql returns the SQL of a field's value in a row.
func (f *Field) sql(row string) string {
	switch {
	case f.Expr != "":
		return strings.ReplaceAll(f.Expr, "{t}", row)
	case f.custom:
		return f.customSQL(row)
	}
	return row + "." + f.Column
}

// json returns the SQL of a field's value as Values hold it.
func (f *Field) json(row string) string {
	value := f.sql(row)
	switch f.Type {
	case Instant:
		return `to_char(` + value + ` at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`
	case Point:
		return `case when ` + value + ` is not null then jsonb_build_array(ST_X(` + value + `), ST_Y(` + value + `)) end`
	}
	return value
}

// numbered tells whether people call the kind's records by a number.
func (k *Kind) numbered() bool {
	_, ok := k.byName["number"]
	return ok && !k.Acts
}

// stored are the fields with a column that the mechanism writes.
func (k *Kind) stored() []*Field {
	var out []*Field
	for i := range k.Fields {
		f := &k.Fields[i]
		if f.Expr != "" || f.custom || slices.Contains([]string{"id", "version", "created_at", "updated_at", "number"}, f.Name) {
			continue
		}
		if k.Acts && f.Name != "tags" && f.Name != k.Account { // a merge moves it to another account
			continue
		}
		out = append(out, f)
	}
	return out
}

// sqlType is the type of a field's column when it is written.
func (f *Field) sqlType() string {
	switch f.Type {
	case Integer, Money:
		return "bigint"
	case Number:
		return "double precision"
	case Bool:
		return "boolean"
	case Date:
		return "date"
	case Instant:
		return "timestamptz"
	case Ref:
		return "uuid"
	case Refs:
		return "uuid[]"
	case Tags:
		return "text[]"
	case Point:
		return "double precision[]"
	case Document:
		return "jsonb"
	}
	return "text"
}

// written returns the SQL that puts a field of the row r, as recorded, into its column.
func (f *Field) written(r string) string {
	column := r + "." + f.Column
	switch f.Type {
	case Point:
		return "case when " + column + " is not null then ST_SetSRID(ST_MakePoint(" + column + "[1], " + column + "[2]), 4326) end"
	case Tags, Refs:
		return "coalesce(" + column + ", '{}')"
	}
	return column
}

// textual tells whether the empty text stands for no value.
func (f *Field) textual() bool {
	return slices.Contains([]Type{Text, Long, Email, Phone, URL, Enum}, f.Type)
}
