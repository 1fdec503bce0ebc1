package web

import (
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-chi/chi/v5"
	"github.com/google/go-cmp/cmp"

	"catchment/crm"
	"catchment/web/api"
)

var update = flag.Bool("update", false, "rewrite golden files")

// The document is what clients are generated from: a change of it is a change of the interface, and is read.
func TestTheOpenAPIDocument(t *testing.T) {
	t.Parallel()
	got, err := OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "openapi.yaml")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("the interface changed; if that is meant, run go test ./web -run OpenAPI -update\n%s", diff)
	}
}

// operations returns every operation of the document by "METHOD path".
func operations() map[string]*huma.Operation {
	a := api.Frame(chi.NewRouter(), Prefix, nil, slog.New(slog.DiscardHandler))
	api.Operations(api.Rooms{})(a)
	all := map[string]*huma.Operation{}
	for path, item := range a.OpenAPI().Paths {
		for method, op := range map[string]*huma.Operation{"GET": item.Get, "POST": item.Post, "PATCH": item.Patch, "PUT": item.Put, "DELETE": item.Delete} {
			if op != nil {
				all[method+" "+path] = op
			}
		}
	}
	return all
}

func TestEveryOperationNamesItsRight(t *testing.T) {
	t.Parallel()
	known := []crm.Right{api.Public}
	for _, role := range crm.Roles() {
		known = append(known, role.Rights...)
	}
	public := []string{}
	for name, op := range operations() {
		right, _ := op.Extensions["x-right"].(string)
		switch {
		case !slices.Contains(known, crm.Right(right)):
			t.Errorf("%s: %q is no right that any role has", name, right)
		case right == string(api.Public):
			public = append(public, name)
			if len(op.Security) > 0 {
				t.Errorf("%s: is public and asks for a sign-in", name)
			}
		case len(op.Security) == 0:
			t.Errorf("%s: does not say that it asks for a sign-in", name)
		}
		writes := !strings.HasPrefix(name, "GET ")
		if reads := strings.HasSuffix(right, ".read"); writes && reads && name != "POST /visits/{id}/commands" && op.Extensions["x-asks"] != true {
			t.Errorf("%s: writes with the right to read", name) // commands check the right of their kind
		}
		if len(op.Tags) != 1 || op.Summary == "" || strings.HasSuffix(op.Summary, ".") {
			t.Errorf("%s: needs one tag, and a summary without a full stop", name)
		}
	}
	slices.Sort(public)
	if diff := cmp.Diff([]string{"POST /login", "POST /logout", "POST /password", "POST /password/forgot"}, public); diff != "" {
		t.Errorf("what strangers may call:\n%s", diff)
	}
}

// Every text has a longest length, every list a most, so that no request costs more than it may.
func TestEveryInputIsBounded(t *testing.T) {
	t.Parallel()
	a := api.Frame(chi.NewRouter(), Prefix, nil, slog.New(slog.DiscardHandler))
	api.Operations(api.Rooms{})(a)
	registry := a.OpenAPI().Components.Schemas
	seen := map[string]bool{} // an area holds areas
	var check func(where string, s *huma.Schema)
	check = func(where string, s *huma.Schema) {
		if s == nil || s.Ref != "" && seen[s.Ref] {
			return
		}
		if s.Ref != "" {
			seen[s.Ref] = true
			s = registry.SchemaFromRef(s.Ref)
		}
		switch s.Type {
		case huma.TypeString:
			if s.MaxLength == nil && s.Format == "" && len(s.Enum) == 0 && s.Pattern == "" {
				t.Errorf("%s: may be of any length", where)
			}
		case huma.TypeArray:
			if s.MaxItems == nil {
				t.Errorf("%s: may hold any number", where)
			}
			check(where+"[]", s.Items)
		case huma.TypeObject:
			for name, property := range s.Properties {
				check(where+"."+name, property)
			}
		}
	}
	for name, op := range operations() {
		for _, p := range op.Parameters {
			check(name+" "+p.In+"."+p.Name, p.Schema)
		}
		if op.RequestBody != nil {
			for _, media := range op.RequestBody.Content {
				check(name+" body", media.Schema)
			}
		}
	}
}
