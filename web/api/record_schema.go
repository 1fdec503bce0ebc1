package api

import (
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"catchment/crm/record"
)

// schemas are the forms of a kind's records in the document: what is answered, what adds one, what changes one.
type schemas struct {
	record, fresh, change *huma.Schema
}

// describe puts a kind's forms into the document.
func (a *API) describe(k *record.Kind) schemas {
	name := ""
	for word := range strings.SplitSeq(k.Name, "_") {
		name += strings.ToUpper(word[:1]) + word[1:]
	}
	if k.Acts { // the kind's own operations have a fuller form
		name += "Row"
	}
	registry := a.huma.OpenAPI().Components.Schemas.Map()
	put := func(name string, s *huma.Schema) *huma.Schema {
		s.PrecomputeMessages()
		registry[name] = s
		return &huma.Schema{Ref: "#/components/schemas/" + name}
	}
	whole := &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{}, AdditionalProperties: true,
		Description: "A " + strings.ToLower(k.Label.En) + ". Fields of one's own stand beside these, as x_code."}
	fresh := &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{}, AdditionalProperties: true,
		Description: "A " + strings.ToLower(k.Label.En) + " to add; fields of one's own as x_code"}
	change := &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{}, AdditionalProperties: true,
		Description: "What to change of a " + strings.ToLower(k.Label.En) + "; what is left out stays, null empties"}
	for i := range k.Fields {
		f := &k.Fields[i]
		answer := schemaOf(f)
		answer.Nullable = nothing(f)
		whole.Properties[f.Name] = answer
		whole.Required = append(whole.Required, f.Name)
		if label := record.Labelled(f); label != "" {
			whole.Properties[label] = &huma.Schema{Type: huma.TypeString, Nullable: true, Description: "What " + f.Name + " is called, if one may see it"}
		}
		if f.Name == "id" {
			id := schemaOf(f)
			id.Description = "Made by the client, if it wants to name the record before it is answered"
			fresh.Properties["id"] = id
		}
		if f.ReadOnly {
			continue
		}
		fresh.Properties[f.Name] = schemaOf(f)
		fresh.Properties[f.Name].Nullable = !f.Required
		fresh.Properties[f.Name].Default = f.Default
		if f.Required && f.Default == nil {
			fresh.Required = append(fresh.Required, f.Name)
		}
		if !f.Fixed {
			change.Properties[f.Name] = schemaOf(f)
			change.Properties[f.Name].Nullable = !f.Required
		}
	}
	if k.Acts {
		return schemas{record: put(name, whole)}
	}
	return schemas{put(name, whole), put("New"+name, fresh), put(name+"Change", change)}
}

// nothing tells whether an answer may hold null for the field.
func nothing(f *record.Field) bool {
	if f.Expr != "" && slices.Contains([]record.Type{record.Integer, record.Money, record.Bool}, f.Type) {
		return false
	}
	return !f.Required && !slices.Contains([]record.Type{record.Text, record.Long, record.Email, record.Phone, record.URL, record.Enum, record.Tags, record.Refs}, f.Type) &&
		!slices.Contains([]string{"id", "version", "created_at", "updated_at"}, f.Name)
}

func schemaOf(f *record.Field) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString, Description: f.Label.En}
	length := func(n int) { s.MaxLength = &n }
	bounds := func() {
		low, high := -1e15, 1e15
		if f.Positive {
			low = 0
		}
		s.Minimum, s.Maximum = &low, &high
	}
	switch f.Type {
	case record.Enum:
		for _, o := range f.Options {
			s.Enum = append(s.Enum, o)
		}
		if !f.Required && len(s.Enum) > 0 {
			s.Enum = append(s.Enum, "")
		}
		length(100)
	case record.Integer, record.Money:
		s.Type, s.Format = huma.TypeInteger, "int64"
		if f.Type == record.Money {
			s.Description += ", in minor units of the currency"
		}
		bounds()
	case record.Number:
		s.Type, s.Format = huma.TypeNumber, "double"
		bounds()
	case record.Bool:
		s.Type = huma.TypeBoolean
	case record.Date:
		s.Format = "date"
		s.Examples = []any{"2026-11-23"}
	case record.Instant:
		s.Format = "date-time"
		s.Examples = []any{"2026-11-23T08:00:00Z"}
	case record.Ref:
		s.Format = "uuid"
		s.Description += " (" + f.Ref + ")"
	case record.Refs, record.Tags:
		most := 100
		item := &huma.Schema{Type: huma.TypeString, Format: "uuid"}
		if f.Type == record.Tags {
			letters := 60
			most, item = 50, &huma.Schema{Type: huma.TypeString, MaxLength: &letters}
		}
		*s = huma.Schema{Type: huma.TypeArray, Items: item, MaxItems: &most, Description: f.Label.En}
	case record.Point:
		two, low, high := 2, -180.0, 180.0
		*s = huma.Schema{Type: huma.TypeArray, MinItems: &two, MaxItems: &two, Description: f.Label.En + ": longitude, latitude",
			Items: &huma.Schema{Type: huma.TypeNumber, Minimum: &low, Maximum: &high}, Examples: []any{[]any{9.5209, 47.1410}}}
	case record.Email:
		length(254)
		s.Examples = []any{"office@bergblick.example"}
	case record.Phone:
		length(50)
		s.Examples = []any{"+423 230 00 00"}
	case record.Long:
		length(20_000)
	default:
		length(300)
		if f.Max > 0 {
			length(f.Max)
		}
	}
	if f.Required && s.Type == huma.TypeString && s.Format == "" && len(s.Enum) == 0 {
		one := 1
		s.MinLength = &one
	}
	return s
}
