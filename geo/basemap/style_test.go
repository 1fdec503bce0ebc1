package basemap

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestStylesAreWholeInBothThemes(t *testing.T) {
	t.Parallel()
	for _, theme := range []Theme{Light, Dark} {
		for _, language := range []string{"", "de", "en", "xx"} {
			t.Run(fmt.Sprintf("%s in %q", theme, language), func(t *testing.T) {
				t.Parallel()
				data, err := Style(theme, language, URLs{Base: "https://crm.example.com"})
				if err != nil {
					t.Fatal(err)
				}
				var style struct {
					Version int
					Fonts   map[string][]struct{ URL string } `json:"font-faces"`
					Sources map[string]struct{ URL, Data, Attribution string }
					Layers  []struct {
						ID     string
						Type   string
						Source string
						Layer  string `json:"source-layer"`
						Layout map[string]any
					}
				}
				if err := json.Unmarshal(data, &style); err != nil {
					t.Fatal(err)
				}
				if style.Version != 8 || style.Sources["map"].Attribution != "" {
					t.Errorf("version %d, attribution %q; whom to credit is told with the tiles", style.Version, style.Sources["map"].Attribution)
				}
				if strings.Contains(string(data), `""`) && strings.Contains(string(data), `"line-color":""`) {
					t.Error("a colour is missing")
				}
				seen := map[string]bool{}
				for _, layer := range style.Layers {
					if seen[layer.ID] {
						t.Errorf("layer %s is there twice", layer.ID)
					}
					seen[layer.ID] = true
					if layer.Source == "map" && !slices.ContainsFunc(layers, func(l struct {
						name   string
						from   int
						fields map[string]string
						rows   string
					}) bool {
						return l.name == layer.Layer
					}) {
						t.Errorf("layer %s draws %q, which tiles do not hold", layer.ID, layer.Layer)
					}
					if font, ok := layer.Layout["text-font"].([]any); ok && style.Fonts[font[0].(string)] == nil {
						t.Errorf("layer %s is lettered in %v, which has no file", layer.ID, font)
					}
				}
				for _, files := range style.Fonts {
					for _, file := range files {
						name := strings.TrimPrefix(file.URL, "https://crm.example.com/assets/fonts/")
						if !slices.Contains(Fonts(), name) {
							t.Errorf("font file %q is not in Fonts", file.URL)
						}
					}
				}
			})
		}
	}
	if _, err := Style("sepia", "", URLs{}); err == nil {
		t.Error("an unknown theme is accepted")
	}
}

func TestEveryPaletteKnowsEveryKind(t *testing.T) {
	t.Parallel()
	for theme, colours := range palettes {
		for kind := range landRanks {
			if colours.land[kind] == "" {
				t.Errorf("%s has no colour for %s", theme, kind)
			}
		}
		for _, class := range append(signClasses, "peak", "water", "area") {
			if colours.poi[class] == "" {
				t.Errorf("%s has no colour for %s", theme, class)
			}
		}
	}
}

func TestEverySignHasADrawing(t *testing.T) {
	t.Parallel()
	for kind, s := range signs {
		if s.class == "peak" {
			continue
		}
		if glyphs[s.icon] == "" {
			t.Errorf("%s is marked %s, which is not drawn", kind, s.icon)
		}
		if !slices.Contains(signClasses, s.class) {
			t.Errorf("%s is of family %s, which has no colour", kind, s.class)
		}
	}
	for _, name := range Icons() {
		drawing, ok := Icon(name)
		if !ok {
			t.Errorf("%s is listed and not drawn", name)
			continue
		}
		if err := xml.Unmarshal(drawing, new(any)); err != nil && !strings.Contains(err.Error(), "unknown type") {
			t.Errorf("%s is no XML: %v", name, err)
		}
	}
	for _, name := range []string{"", "dot", "dot-sepia", "poi-food-light", "poi-food-<b>-light", "poi--cafe-dark"} {
		if drawing, ok := Icon(name); ok {
			t.Errorf("%q gives %s", name, drawing)
		}
	}
}
