package vrp_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"catchment/routing/vrp"
)

// keysOf lists the JSON keys of a type and all it holds.
func keysOf(t reflect.Type, into map[string]bool, seen map[reflect.Type]bool) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || seen[t] {
		return
	}
	seen[t] = true
	for i := range t.NumField() {
		f := t.Field(i)
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
			into[name] = true
		}
		keysOf(f.Type, into, seen)
	}
}

// vroomKeys are those of the question that mean what VROOM's documentation says.
var vroomKeys = strings.Fields(`jobs shipments vehicles matrices options steps id type description location location_index setup service setup_per_type
	service_per_type delivery pickup amount skills priority time_windows time_window profile start start_index end end_index capacity costs fixed per_hour
	per_task_hour per_km breaks max_load speed_factor max_tasks max_travel_time max_distance service_at service_after service_before g c`)

func TestEveryKeyOfOurOwnIsDocumentedByAnExample(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "optimiser.md"))
	if err != nil {
		t.Fatal(err)
	}
	keys := make(map[string]bool)
	keysOf(reflect.TypeFor[vrp.Problem](), keys, make(map[reflect.Type]bool))
	shown := make(map[string]bool)
	for line := range strings.Lines(string(text)) {
		example := strings.TrimSpace(line)
		if !strings.HasPrefix(line, "    {") || strings.Contains(example, `"reason"`) {
			continue
		}
		var object map[string]json.RawMessage
		if err := json.Unmarshal([]byte(example), &object); err != nil {
			t.Errorf("%s: %v", example, err)
		}
		// An example is a question, a job or shipment, or a vehicle: one of them must know all of its keys.
		var wrong []string
		for _, target := range []any{new(vrp.Problem), new(vrp.Job), new(vrp.Vehicle)} {
			decoder := json.NewDecoder(strings.NewReader(example))
			decoder.DisallowUnknownFields()
			if err := decoder.Decode(target); err != nil {
				wrong = append(wrong, err.Error())
			}
		}
		if len(wrong) == 3 {
			t.Errorf("%s: %s", example, strings.Join(wrong, "; "))
		}
		for key := range keys {
			if strings.Contains(example, `"`+key+`":`) {
				shown[key] = true
			}
		}
	}
	for _, key := range vroomKeys {
		shown[key] = true
	}
	for key := range keys {
		if !shown[key] {
			t.Errorf("%s has no example in docs/optimiser.md", key)
		}
	}
}
