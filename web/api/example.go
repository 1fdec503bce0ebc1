package api

import (
	"maps"
	"slices"

	"github.com/danielgtaylor/huma/v2"
)

// addExample gives the body of an operation an example, made of those of its fields.
func addExample(document *huma.OpenAPI, path, method string) {
	item := document.Paths[path]
	for _, op := range []*huma.Operation{item.Get, item.Post, item.Patch, item.Put, item.Delete} {
		if op == nil || op.Method != method || op.RequestBody == nil {
			continue
		}
		for _, media := range op.RequestBody.Content {
			if media.Example == nil && media.Schema != nil {
				media.Example = exampleOf(document.Components.Schemas, media.Schema, 0)
			}
		}
	}
}

// deepExample is how deep an example goes before it keeps to what is required: an area may hold areas.
const deepExample = 2

// exampleOf returns a value that the schema lets through: the example it names, else the plainest.
func exampleOf(registry huma.Registry, s *huma.Schema, depth int) any {
	if s.Ref != "" {
		s = registry.SchemaFromRef(s.Ref)
	}
	switch {
	case len(s.Examples) > 0:
		return s.Examples[0]
	case len(s.Enum) > 0:
		return s.Enum[0]
	case s.Default != nil:
		return s.Default
	case len(s.OneOf) > 0:
		return exampleOf(registry, s.OneOf[0], depth)
	}
	switch s.Type {
	case huma.TypeObject:
		out := map[string]any{}
		for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
			if required := slices.Contains(s.Required, name); required || depth < deepExample && plain(registry, s.Properties[name]) {
				out[name] = exampleOf(registry, s.Properties[name], depth+1)
			}
		}
		return out
	case huma.TypeArray:
		out := []any{}
		if s.Items != nil {
			least := 1
			if s.MinItems != nil {
				least = max(least, *s.MinItems)
			}
			for range least {
				out = append(out, exampleOf(registry, s.Items, depth+1))
			}
		}
		return out
	case huma.TypeString:
		switch s.Format {
		case "uuid":
			return "0199b0e4-7c1a-7b52-8a3e-5d0f1c2b3a49"
		case "date":
			return "2026-11-23"
		case "date-time":
			return "2026-11-23T08:00:00Z"
		}
		text := "text"
		if s.MaxLength != nil && *s.MaxLength < len(text) {
			text = "CHF"[:min(3, *s.MaxLength)] // the only texts so short are currencies
		}
		for s.MinLength != nil && len(text) < *s.MinLength {
			text += " text"
		}
		return text
	case huma.TypeInteger, huma.TypeNumber:
		if s.Minimum != nil {
			return int(max(1, *s.Minimum))
		}
		return 1
	case huma.TypeBoolean:
		return true
	}
	return map[string]any{}
}

// plain tells whether a field is a value by itself, or a list of such: what is optional and nested is left out.
func plain(registry huma.Registry, s *huma.Schema) bool {
	if s.Ref != "" {
		s = registry.SchemaFromRef(s.Ref)
	}
	if len(s.Examples) > 0 {
		return true
	}
	if s.Type == huma.TypeArray && s.Items != nil {
		return plain(registry, s.Items)
	}
	return s.Type != huma.TypeObject && s.Type != "" && s.Pattern == "" && s.Format != "uuid"
}
