package record

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"catchment/crm"
)

// customPrefix stands before the code of a custom field in the API, in filters and in events.
const customPrefix = "x_"

// CustomField is a field an organisation has added to a kind.
type CustomField struct {
	ID       uuid.UUID
	Kind     string
	Code     string // the field is called x_ and this
	Label    Label
	Type     Type
	Options  []string
	Required bool
	Private  bool
	Archived bool // kept with its values, no longer shown
	Version  int
}

// customTypes are the types a custom field may have.
var customTypes = []Type{Text, Long, Email, Phone, URL, Enum, Integer, Money, Number, Bool, Date, Instant}

// maxCustom is the most custom fields of a kind.
const maxCustom = 100

var customCode = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

func (c *CustomField) check(r *Records) error {
	k, err := r.Kind(c.Kind)
	if err != nil {
		return err
	}
	c.Label.En, c.Label.De = strings.TrimSpace(c.Label.En), strings.TrimSpace(c.Label.De)
	if c.Label.De == "" {
		c.Label.De = c.Label.En
	}
	switch {
	case k.NoCustom:
		return crm.Invalidf("kind", "takes no further fields")
	case !customCode.MatchString(c.Code):
		return crm.Invalidf("code", "is no name of lower-case letters, digits and _")
	case c.Label.En == "" || len(c.Label.En) > 100 || len(c.Label.De) > 100:
		return crm.Invalidf("label", "give a name of at most 100 letters")
	case !slices.Contains(customTypes, c.Type):
		return crm.Invalidf("type", "is no type of a field")
	case c.Type == Enum && (len(c.Options) == 0 || len(c.Options) > 200):
		return crm.Invalidf("options", "name between 1 and 200 choices")
	case c.Type != Enum && len(c.Options) > 0:
		return crm.Invalidf("options", "are for choices only")
	}
	for _, o := range c.Options {
		if o == "" || len(o) > 100 || strings.TrimSpace(o) != o {
			return crm.Invalidf("options", "hold one that is empty or longer than 100 letters")
		}
	}
	return nil
}

func (c CustomField) field() Field {
	return Field{Name: customPrefix + c.Code, Label: c.Label, Type: c.Type, Options: c.Options, Required: c.Required,
		Private: c.Private, Column: c.Code, custom: true}
}

// customSQL reads a custom field out of the row's document.
func (f *Field) customSQL(row string) string {
	value := row + ".custom ->> '" + f.Column + "'" // the code holds letters, digits and _ only
	if f.textual() {
		return "coalesce(" + value + ", '')"
	}
	return "(" + value + ")::" + f.sqlType()
}

const customColumns = `select id, kind, code, label, type, options, required, private, archived, version from record.custom_field `

// whole returns a kind with the custom fields in use.
func (r *Records) whole(ctx context.Context, tx pgx.Tx, k *Kind) (*Kind, error) {
	if k.NoCustom {
		return k, nil
	}
	rows, _ := tx.Query(ctx, customColumns+`where kind = $1 and not archived order by created_at, id`, k.Name)
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[CustomField])
	if err != nil {
		return nil, crm.DBError(err, "field")
	}
	var fields []Field
	for _, c := range found {
		fields = append(fields, c.field())
	}
	return k.with(fields), nil
}

// Whole returns a kind with its custom fields, for whoever may read it.
func (r *Records) Whole(ctx context.Context, kind string) (*Kind, error) {
	k, _, err := r.need(ctx, kind, false)
	if err != nil {
		return nil, err
	}
	err = r.Store.Read(ctx, func(tx pgx.Tx) error {
		k, err = r.whole(ctx, tx, k)
		return err
	})
	return k, err
}

// CustomFields returns all custom fields, archived ones too.
func (r *Records) CustomFields(ctx context.Context) ([]CustomField, error) {
	if _, err := crm.Require(ctx, crm.SignedIn); err != nil {
		return nil, err
	}
	var out []CustomField
	err := r.Store.Read(ctx, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, customColumns+`order by kind, created_at, id`)
		var err error
		out, err = pgx.CollectRows(rows, pgx.RowToStructByName[CustomField])
		return crm.DBError(err, "field")
	})
	return out, err
}

// AddCustomField adds a field to a kind.
func (r *Records) AddCustomField(ctx context.Context, c CustomField) (CustomField, error) {
	if _, err := crm.Require(ctx, crm.FieldWrite); err != nil {
		return CustomField{}, err
	}
	if err := c.check(r); err != nil {
		return CustomField{}, err
	}
	if c.ID == uuid.Nil {
		c.ID = uuid.Must(uuid.NewV7())
	}
	c.Version = 1
	err := r.Store.Write(ctx, func(tx pgx.Tx) error {
		var many int
		if err := tx.QueryRow(ctx, `select count(*) from record.custom_field where kind = $1`, c.Kind).Scan(&many); err != nil {
			return crm.DBError(err, "field")
		}
		if many >= maxCustom {
			return crm.Conflictf("%s has %d fields of its own already", c.Kind, maxCustom)
		}
		_, err := tx.Exec(ctx, `insert into record.custom_field (id, kind, code, label, type, options, required, private)
			values ($1, $2, $3, $4, $5, $6, $7, $8)`, c.ID, c.Kind, c.Code, c.Label, c.Type, orEmpty(c.Options), c.Required, c.Private)
		if err != nil {
			return crm.DBError(err, "field")
		}
		changes := crm.Changes{}
		changes.Set("field", nil, c)
		return crm.Append(ctx, tx, crm.Event{Verb: "added", Kind: "custom_field", ID: c.ID, Changes: changes})
	})
	return c, err
}

// CustomFieldChange names what to change; nil leaves a thing as it is. Type and code of a field stay for good.
type CustomFieldChange struct {
	Label    *Label
	Options  *[]string
	Required *bool
	Archived *bool
}

// ChangeCustomField changes a custom field if its version is still the given one.
func (r *Records) ChangeCustomField(ctx context.Context, id uuid.UUID, version int, change CustomFieldChange) (CustomField, error) {
	if _, err := crm.Require(ctx, crm.FieldWrite); err != nil {
		return CustomField{}, err
	}
	var after CustomField
	err := r.Store.Write(ctx, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, customColumns+`where id = $1 for update`, id)
		before, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[CustomField])
		if err != nil {
			return crm.DBError(err, "field")
		}
		if before.Version != version {
			return crm.Stale()
		}
		after = before
		after.Version++
		if change.Label != nil {
			after.Label = *change.Label
		}
		if change.Options != nil {
			after.Options = *change.Options
		}
		if change.Required != nil {
			after.Required = *change.Required
		}
		if change.Archived != nil {
			after.Archived = *change.Archived
		}
		if err := after.check(r); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `update record.custom_field set label = $2, options = $3, required = $4, archived = $5, version = $6 where id = $1`,
			id, after.Label, orEmpty(after.Options), after.Required, after.Archived, after.Version)
		if err != nil {
			return crm.DBError(err, "field")
		}
		changes := crm.Changes{}
		changes.Set("field", before, after)
		return crm.Append(ctx, tx, crm.Event{Verb: "changed", Kind: "custom_field", ID: id, Changes: changes})
	})
	return after, err
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// document returns the custom fields of a record as they are kept; what the record holds of archived fields stays.
func (k *Kind) document(v Values) json.RawMessage {
	out := map[string]any{}
	for i := range k.Fields {
		if f := &k.Fields[i]; f.custom && !v.Empty(f.Name) {
			out[f.Column] = v[f.Name]
		}
	}
	text, _ := json.Marshal(out)
	return text
}
