package basemap

import (
	"fmt"
	"slices"
	"strings"
)

// glyphs are the white drawings on signs, on a field of 12 by 12; s marks strokes, f filled shapes.
var glyphs = map[string]string{
	"rail":        `<path class="s" d="M3.5 2.5h5a1 1 0 0 1 1 1v4a1.5 1.5 0 0 1-1.5 1.5h-4a1.5 1.5 0 0 1-1.5-1.5v-4a1 1 0 0 1 1-1zM2.7 5.6h6.6M4 11l1-1.8M8 11 7 9.2"/>`,
	"tram":        `<path class="s" d="M4 3.5h4a1 1 0 0 1 1 1v4a1 1 0 0 1-1 1h-4a1 1 0 0 1-1-1v-4a1 1 0 0 1 1-1zM3 6.5h6M4.5 1.3h3M6 1.3v2"/>`,
	"bus":         `<path class="s" d="M3 2.5h6a.8.8 0 0 1 .8.8v5.5h-7.6v-5.5a.8.8 0 0 1 .8-.8zM2.2 6h7.6"/><circle class="f" cx="4" cy="10" r=".9"/><circle class="f" cx="8" cy="10" r=".9"/>`,
	"airport":     `<path class="f" d="M6 .8c.6 0 .9.7.9 1.5v2.2l4.2 2.6v1.1l-4.2-1.3v2.3l1.3 1v.8l-2.2-.6-2.2.6v-.8l1.3-1v-2.3l-4.2 1.3v-1.1l4.2-2.6v-2.2c0-.8.3-1.5.9-1.5z"/>`,
	"aerialway":   `<path class="s" d="M1.3 3.5 10.7 1.8M6 2.7v2.2M2.8 5h6.4v4a1 1 0 0 1-1 1h-4.4a1 1 0 0 1-1-1z"/>`,
	"ferry":       `<path class="s" d="M2 6.5h8l-1.3 3h-5.4zM4 6.3v-2.8h4v2.8M6 3.3v-1.6"/>`,
	"parking":     `<path class="s" stroke-width="1.7" d="M4.2 10.2v-8.2h2.3a2.3 2.3 0 0 1 0 4.7h-2.3"/>`,
	"fuel":        `<path class="s" d="M3 10.2v-7.5h4v7.5M2.2 10.2h5.6M3 5.5h4M7.2 7h.9v1.8a.8.8 0 0 0 1.6 0v-4.3l-1.4-1.5"/>`,
	"charging":    `<path class="f" d="M6.8.9 2.9 6.9h2.6l-.8 4.3 4.4-6.3h-2.7z"/>`,
	"taxi":        `<path class="s" d="M2 9v-2.2l1.2-2.8h5.6l1.2 2.8v2.2zM5 3.8v-1.6h2v1.6M2.2 6.8h7.6"/>`,
	"hospital":    `<path class="s" stroke-width="1.7" d="M3.5 2.2v7.6M8.5 2.2v7.6M3.5 6h5"/>`,
	"doctor":      `<path class="s" stroke-width="2" d="M6 2.3v7.4M2.3 6h7.4"/>`,
	"pharmacy":    `<path class="s" stroke-width="2" d="M6 2.3v7.4M2.3 6h7.4"/>`,
	"townhall":    `<path class="s" d="M1.8 10h8.4M2.2 4.7 6 2l3.8 2.7zM3.3 5v4.8M6 5v4.8M8.7 5v4.8"/>`,
	"police":      `<path class="f" d="M6 1.2 9.8 2.5v3.3c0 2.3-1.6 4-3.8 5-2.2-1-3.8-2.7-3.8-5v-3.3z"/>`,
	"fire":        `<path class="f" d="M6.3.8c.3 1.9 3 3.3 3 6.2a3.3 3.3 0 0 1-6.6 0c0-1.4.7-2.3 1.4-3 .1.9.5 1.4 1 1.6-.2-1.9.3-3.6 1.2-4.8z"/>`,
	"post":        `<path class="s" d="M1.8 3h8.4v6h-8.4zM2 3.3 6 6.6l4-3.3"/>`,
	"library":     `<path class="s" d="M6 3.3c-1-.8-2.3-1-4-1v6.7c1.7 0 3 .2 4 1 1-.8 2.3-1 4-1v-6.7c-1.7 0-3 .2-4 1zM6 3.3v6.5"/>`,
	"school":      `<path class="f" d="M6 2 11.3 4.6 6 7.2.7 4.6z"/><path class="s" d="M3 6v2.6c1.5 1.3 4.5 1.3 6 0v-2.6"/>`,
	"bank":        `<path class="s" d="M8.7 3.4a3.4 3.4 0 1 0 0 5.2M1.8 5.2h5M1.8 6.9h5"/>`,
	"shop":        `<path class="s" d="M2.5 4.3h7l.5 6h-8zM4.3 4.2v-.6a1.7 1.7 0 0 1 3.4 0v.6"/>`,
	"supermarket": `<path class="s" d="M1.2 2.5h1.5l1.3 5h4.9l1.1-3.6h-6.8"/><circle class="f" cx="4.7" cy="9.6" r=".9"/><circle class="f" cx="8.3" cy="9.6" r=".9"/>`,
	"bakery":      `<path class="s" d="M2 8.7a4 4 0 0 1 8 0zM4.6 5.8l.5 1.5M6.9 5.8l-.5 1.5"/>`,
	"restaurant":  `<path class="s" d="M3.5 1.8v8.5M2.2 1.8v2.5a1.3 1.3 0 0 0 2.6 0v-2.5M8.3 10.3v-8.3c-1.3.6-1.7 2.5-1.6 4.3h1.6"/>`,
	"cafe":        `<path class="s" d="M2.3 3.8h5.7v3.7a2 2 0 0 1-2 2h-1.7a2 2 0 0 1-2-2zM8 4.6h.7a1.3 1.3 0 0 1 0 2.7h-.7M4 1.3v1.2M6.2 1.3v1.2"/>`,
	"bar":         `<path class="s" d="M2 2.3h8l-4 4.2zM6 6.5v3.5M4 10.2h4"/>`,
	"worship":     `<path class="s" stroke-width="1.6" d="M6 1.7v8.8M3.3 4.5h5.4"/>`,
	"theatre":     `<path class="s" d="M2 2.5c2.7 1 5.3 1 8 0v3.5a4 4 0 0 1-8 0zM4.3 7c1 1 2.4 1 3.4 0"/>`,
	"museum":      `<path class="s" d="M1.8 10h8.4M2.2 4.7 6 2l3.8 2.7zM3.3 5v4.8M6 5v4.8M8.7 5v4.8"/>`,
	"star":        `<path class="f" d="m6 1 1.5 3.2 3.5.4-2.6 2.4.7 3.5-3.1-1.7-3.1 1.7.7-3.5-2.6-2.4 3.5-.4z"/>`,
	"viewpoint":   `<path class="s" d="M1.3 6c2.3-4 7.1-4 9.4 0-2.3 4-7.1 4-9.4 0z"/><circle class="f" cx="6" cy="6" r="1.4"/>`,
	"hotel":       `<path class="s" d="M1.5 2.5v7.5M1.5 8.3h9v1.7M10.5 8v-1.7a1.5 1.5 0 0 0-1.5-1.5h-4.3v3.3"/><circle class="f" cx="3.2" cy="5.6" r="1"/>`,
	"hut":         `<path class="s" d="M1.3 6 6 1.8 10.7 6M2.8 5v5h6.4v-5M5 10v-2.7h2v2.7"/>`,
	"camp":        `<path class="s" d="M6 2.3 1.5 10h9zM6 6l-2 4M6 6l2 4"/>`,
	"castle":      `<path class="f" d="M2 10.3v-8h1.6v1.4h1.6v-1.4h1.6v1.4h1.6v-1.4h1.6v8h-2.7v-2.3a1.3 1.3 0 0 0-2.6 0v2.3z"/>`,
	"sport":       `<circle class="s" cx="6" cy="6" r="4"/><path class="s" d="M6 3.9 8 5.4 7.2 7.7h-2.4L4 5.4z"/>`,
	"swim":        `<path class="s" d="M1.5 9.3c1.1-1 1.9-1 3 0s1.9 1 3 0 1.9-1 3 0M3 7l3.3-2.3L4.6 3 7 2.2 9 6"/><circle class="f" cx="2.8" cy="5" r="1"/>`,
	"playground":  `<path class="s" d="M2 10.2 4 2h4l2 8.2M5 2.2v5M7 2.2v5M4.6 7.3h2.8"/>`,
	"cemetery":    `<path class="s" d="M3.3 10v-5a2.7 2.7 0 0 1 5.4 0v5zM6 4.3v3M4.9 5.3h2.2"/>`,
	"spring":      `<path class="f" d="M6 1.2c2 2.6 3.3 4.2 3.3 6a3.3 3.3 0 0 1-6.6 0c0-1.8 1.3-3.4 3.3-6z"/>`,
}

// symbols are the images that are no signs: their size and drawing, in which INK, HALO and FILL are colours.
var symbols = map[string]struct {
	width, height int
	drawing       string
}{
	"arrow":  {16, 8, `<path d="M1 4h12M9.5 1.3 13.3 4 9.5 6.7" fill="none" stroke="ARROW" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round"/>`},
	"peak":   {10, 9, `<path d="M5 1 9 8H1z" fill="PEAK" stroke="HALO" stroke-width=".8" stroke-linejoin="round"/>`},
	"saddle": {10, 9, `<path d="M1 2c2 0 2.5 4.5 4 4.5S7 2 9 2" fill="none" stroke="PEAK" stroke-width="1.3" stroke-linecap="round"/>`},
	"dot":    {8, 8, `<circle cx="4" cy="4" r="2.3" fill="HALO" stroke="PLACE" stroke-width="1.4"/>`},
	"shield": {16, 14, `<rect x=".5" y=".5" width="15" height="13" rx="3" fill="SHIELD" stroke="SHIELDEDGE"/>`},
}

// Icons lists the names of all images the style may ask for.
func Icons() []string {
	names := map[string]bool{}
	for _, theme := range []Theme{Light, Dark} {
		for name := range symbols {
			names[name+"-"+string(theme)] = true
		}
		for _, s := range signs {
			if _, ok := glyphs[s.icon]; ok {
				names[fmt.Sprintf("poi-%s-%s-%s", s.class, s.icon, theme)] = true
			}
		}
	}
	out := make([]string, 0, len(names))
	for name := range names {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// Icon draws an image of the style as SVG; false when the style knows no such image. "shield-…" is meant to be
// stretched: its corners, 5 pixels each way, stay as they are.
func Icon(name string) ([]byte, bool) {
	rest, theme, ok := cutLast(name)
	colours, known := palettes[Theme(theme)]
	if !ok || !known {
		return nil, false
	}
	const head = `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d">%s</svg>`
	if symbol, ok := symbols[rest]; ok {
		drawing := strings.NewReplacer("ARROW", colours.arrow, "PEAK", colours.poi["peak"], "HALO", colours.halo,
			"PLACE", colours.place, "SHIELDEDGE", colours.shieldEdge, "SHIELD", colours.shield).Replace(symbol.drawing)
		return fmt.Appendf(nil, head, symbol.width, symbol.height, symbol.width, symbol.height, drawing), true
	}
	parts := strings.Split(rest, "-")
	if len(parts) != 3 || parts[0] != "poi" {
		return nil, false
	}
	colour, family := colours.poi[parts[1]]
	glyph, drawn := glyphs[parts[2]]
	if !family || !drawn {
		return nil, false
	}
	glyph = strings.NewReplacer(
		`class="s"`, fmt.Sprintf(`fill="none" stroke="%s" stroke-linecap="round" stroke-linejoin="round"`, colours.glyph),
		`class="f"`, fmt.Sprintf(`fill="%s"`, colours.glyph)).Replace(glyph)
	drawing := fmt.Sprintf(`<circle cx="9" cy="9" r="8.2" fill="%s" stroke="%s" stroke-width="1.2"/><g transform="translate(3.6 3.6) scale(.9)" stroke-width="1.2">%s</g>`,
		colour, colours.halo, glyph)
	return fmt.Appendf(nil, head, 18, 18, 18, 18, drawing), true
}

// cutLast splits a name at its last dash.
func cutLast(name string) (before, after string, ok bool) {
	i := strings.LastIndexByte(name, '-')
	if i < 0 {
		return "", "", false
	}
	return name[:i], name[i+1:], true
}
