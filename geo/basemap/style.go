package basemap

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// URLs are the addresses a style points to. All of them must be absolute or start with a slash.
type URLs struct {
	Base    string // scheme and host in front of the others, such as https://crm.example.com; "" for paths alone
	Tiles   string // the TileJSON; /tiles/basemap.json when empty
	Outside string // the GeoJSON of Outside; /tiles/basemap/outside.geojson when empty
	Fonts   string // folder of the font files; /assets/fonts when empty
}

func (u URLs) filled() URLs {
	or := func(s, fallback string) string {
		if s == "" {
			return u.Base + fallback
		}
		return u.Base + s
	}
	return URLs{Tiles: or(u.Tiles, "/tiles/basemap.json"), Outside: or(u.Outside, "/tiles/basemap/outside.geojson"), Fonts: or(u.Fonts, "/assets/fonts")}
}

// The style's fonts, by the names layers use.
const (
	regular  = "Noto Sans Regular"
	semibold = "Noto Sans SemiBold"
	italic   = "Noto Sans Italic"
)

// scripts are the subsets in which @fontsource cuts Noto Sans, with the characters each holds.
var scripts = []struct {
	name   string
	ranges []string
}{
	{"latin", []string{"U+0000-00FF", "U+0131", "U+0152-0153", "U+02BB-02BC", "U+02C6", "U+02DA", "U+02DC", "U+2000-206F", "U+20AC", "U+2122", "U+2191", "U+2193", "U+2212", "U+2215", "U+FEFF", "U+FFFD"}},
	{"latin-ext", []string{"U+0100-0130", "U+0132-0151", "U+0154-02BA", "U+02BD-02C5", "U+02C7-02CC", "U+02CE-02D7", "U+02DD-02FF", "U+1E00-1E9F", "U+1EF2-1EFF", "U+20A0-20AB", "U+20AD-20C0"}},
	{"cyrillic", []string{"U+0301", "U+0400-045F", "U+0490-0491", "U+04B0-04B1", "U+2116"}},
	{"greek", []string{"U+0370-0377", "U+037A-037F", "U+0384-038A", "U+038C", "U+038E-03A1", "U+03A3-03FF"}},
}

var faces = []struct{ font, file string }{
	{regular, "400-normal"}, {semibold, "600-normal"}, {italic, "400-italic"},
}

// Fonts lists the font files the style asks for, by the names @fontsource/noto-sans gives them.
func Fonts() []string {
	var files []string
	for _, face := range faces {
		for _, script := range scripts {
			files = append(files, fmt.Sprintf("noto-sans-%s-%s.woff2", script.name, face.file))
		}
	}
	slices.Sort(files)
	return files
}

type object = map[string]any
type list = []any

// Style returns a MapLibre style (version 8) of the theme, labelled in the language where the map knows the name
// in it, else in the local one. language is a code such as "de"; "" means local names only.
func Style(theme Theme, language string, urls URLs) ([]byte, error) {
	colours, ok := palettes[theme]
	if !ok {
		return nil, fmt.Errorf("there is no map theme %q; there are %q and %q", theme, Light, Dark)
	}
	if language != "" && !slices.Contains(languages[:], language) {
		language = "" // names in other languages are not kept
	}
	urls = urls.filled()
	fonts := object{}
	for _, face := range faces {
		var files list
		for _, script := range scripts {
			files = append(files, object{
				"url":           fmt.Sprintf("%s/noto-sans-%s-%s.woff2", urls.Fonts, script.name, face.file),
				"unicode-range": script.ranges,
			})
		}
		fonts[face.font] = files
	}
	s := styler{palette: colours, theme: theme, language: language}
	s.ground()
	s.roads()
	s.boundaries()
	s.fade()
	s.labels()
	return json.Marshal(object{
		"version":    8,
		"name":       "Catchment " + string(theme),
		"metadata":   object{"catchment:theme": theme, "catchment:language": language},
		"font-faces": fonts,
		"sources": object{
			"map":     object{"type": "vector", "url": urls.Tiles}, // the TileJSON says whom to credit
			"outside": object{"type": "geojson", "data": urls.Outside},
		},
		"layers": s.layers,
	})
}

// A styler writes the layers, from the ground up.
type styler struct {
	palette
	theme    Theme
	language string
	layers   []object
}

// add appends a layer of the vector source; source-layer "" is left out.
func (s *styler) add(id, kind, sourceLayer string, more ...object) {
	layer := object{"id": id, "type": kind}
	if kind != "background" {
		layer["source"] = "map"
	}
	if sourceLayer != "" {
		layer["source-layer"] = sourceLayer
	}
	for _, m := range more {
		for k, v := range m {
			layer[k] = v
		}
	}
	s.layers = append(s.layers, layer)
}

func paint(o object) object { return object{"paint": o} }
func layout(parts ...object) object {
	all := object{}
	for _, part := range parts {
		maps.Copy(all, part)
	}
	return object{"layout": all}
}
func filter(e ...any) object { return object{"filter": list(e)} }
func zooms(from, to float64) object {
	o := object{}
	if from > 0 {
		o["minzoom"] = from
	}
	if to > 0 {
		o["maxzoom"] = to
	}
	return o
}

func get(name string) list { return list{"get", name} }
func is(name string, values ...any) list {
	if len(values) == 1 {
		return list{"==", get(name), values[0]}
	}
	return list{"in", get(name), list{"literal", values}}
}
func not(e any) list { return list{"!", e} }
func has(name string) list {
	return list{"has", name}
}

// byZoom interpolates exponentially between stops zoom, value, zoom, value…
func byZoom(base float64, stops ...any) list {
	return append(list{"interpolate", list{"exponential", base}, list{"zoom"}}, stops...)
}

// linear interpolates evenly between stops.
func linear(stops ...any) list {
	return append(list{"interpolate", list{"linear"}, list{"zoom"}}, stops...)
}

// match picks a value by an attribute: pairs of value and result, then the rest's result.
func match(name string, cases ...any) list {
	return append(list{"match", get(name)}, cases...)
}

func (s *styler) ground() {
	s.add("paper", "background", "", paint(object{"background-color": s.paper}))
	colour := list{"match", get("kind")}
	kinds := make([]string, 0, len(s.land))
	for kind := range s.land {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	for _, kind := range kinds {
		colour = append(colour, kind, s.land[kind])
	}
	colour = append(colour, s.paper)
	far := slices.Clone(colour)
	far[1+2*slices.Index(kinds, "residential")+2] = s.townFar
	s.add("land", "fill", "land", paint(object{
		// Seen from afar a town is an area, later its streets and houses show it.
		"fill-color": linear(11.5, far, 14, colour),
		// From afar towns are what matters: fields and meadows recede.
		"fill-opacity": linear(7, 0.75, 11, 1),
	}))
	s.add("land-edge", "line", "land", zooms(15, 0), filter("in", get("kind"), list{"literal", list{"pitch"}}), paint(object{
		"line-color": s.landEdge, "line-width": linear(15, 0.5, 18, 1.2),
	}))
	s.add("waterway", "line", "waterway", filter("!", has("tunnel")), layout(object{"line-cap": "round", "line-join": "round"}), paint(object{
		"line-color": s.waterLine,
		"line-width": byZoom(1.4,
			8, match("kind", "river", 0.6, 0.2),
			12, match("kind", "river", 1.6, "canal", 1.2, 0.6),
			15, match("kind", "river", 4, "canal", 3, "stream", 1.7, 0.9),
			18, match("kind", "river", 12, "canal", 10, "stream", 5, 2.5)),
	}))
	s.add("waterway-tunnel", "line", "waterway", zooms(15, 0), filter("has", "tunnel"), paint(object{
		"line-color": s.waterLine, "line-opacity": 0.4, "line-dasharray": list{2, 2}, "line-width": linear(15, 0.8, 18, 2),
	}))
	s.add("water", "fill", "water", paint(object{
		"fill-color":   match("kind", "pool", s.pool, s.water),
		"fill-opacity": list{"case", has("intermittent"), 0.6, 1},
	}))
	s.add("building", "fill", "building", zooms(13, 0), paint(object{
		"fill-color":         match("kind", "public", s.publicBuilding, "light", s.lightBuilding, s.building),
		"fill-outline-color": s.buildingEdge,
		"fill-opacity":       linear(13, 0.35, 15, 1),
	}))
}

// widths of roads in pixels: at which zoom how wide. Order is the order of drawing.
var roadWidths = []struct {
	class string
	stops [6]float64 // at zoom 6, 9, 12, 14, 16, 18
}{
	{"service", [6]float64{0, 0, 0.3, 1.1, 3.8, 10}},
	{"pedestrian", [6]float64{0, 0, 0.5, 1.8, 5.5, 15}},
	{"minor", [6]float64{0, 0, 0.7, 2.4, 7.5, 19}},
	{"tertiary", [6]float64{0, 0.4, 1.5, 3.6, 9.5, 24}},
	{"secondary", [6]float64{0, 0.7, 2.1, 4.6, 10.5, 26}},
	{"primary", [6]float64{0.4, 1.2, 2.8, 5.4, 12, 29}},
	{"trunk", [6]float64{0.6, 1.4, 2.8, 5.4, 12.5, 31}},
	{"motorway", [6]float64{0.9, 1.7, 2.9, 5.6, 13.5, 33}},
}

var roadStops = [6]float64{6, 9, 12, 14, 16, 18}

// roadWidth is a road's width by zoom, class and whether it is a ramp, and extra pixels by zoom at both sides.
func roadWidth(extra [6]float64) list {
	expression := list{"interpolate", list{"exponential", 1.5}, list{"zoom"}}
	for i, zoom := range roadStops {
		byClass := list{"match", get("class")}
		for _, road := range roadWidths {
			width := road.stops[i]
			if width > 0 {
				width += 2 * extra[i]
			}
			byClass = append(byClass, road.class, list{"case", has("ramp"), 0.62 * width, is("kind", "minor_service"), 0.7 * width, width})
		}
		expression = append(expression, zoom, append(byClass, 0))
	}
	return expression
}

// casing is how far a road's edge shows at both sides.
var casing = [6]float64{0.3, 0.4, 0.5, 0.7, 0.9, 1.1}

func (s *styler) roads() {
	order := list{"+", list{"*", 20, list{"coalesce", get("layer"), 0}}, append(list{"match", get("class")}, func() list {
		var cases list
		for i, road := range roadWidths {
			cases = append(cases, road.class, list{"case", has("ramp"), i - 1, i})
		}
		return append(cases, 0)
	}()...)}
	classes := list{}
	for _, road := range roadWidths {
		classes = append(classes, road.class)
	}
	drawn := is("class", classes...)
	fill := match("class", "motorway", s.motorway, "trunk", s.trunk, "primary", s.primary, "secondary", s.secondary,
		"pedestrian", s.pedestrian, "service", list{"case", has("private"), s.private, s.service},
		list{"case", has("private"), s.private, s.minor})
	edge := match("class", "motorway", s.motorwayCase, "trunk", s.trunkCase, "primary", s.primaryCase, "secondary", s.secondaryCase, s.minorCase)
	onGround := list{list{"!", has("bridge")}, list{"!", has("tunnel")}}
	// Below 12 minor roads' casings would only grey the map.
	cased := match("class", "motorway", 1, "trunk", 1, "primary", 1, 0)

	round := object{"line-cap": "round", "line-join": "round", "line-sort-key": order}
	butt := object{"line-cap": "butt", "line-join": "round", "line-sort-key": order}

	s.add("runway", "line", "road", zooms(10, 0), filter("==", get("class"), "runway"), paint(object{
		"line-color": s.runway,
		"line-width": byZoom(1.6, 10, 1, 14, list{"case", is("kind", "taxiway"), 4, 14}, 17, list{"case", is("kind", "taxiway"), 18, 70}),
	}))
	s.add("pier", "line", "road", zooms(13, 0), filter("==", get("class"), "pier"), paint(object{
		"line-color": s.land["pier"], "line-width": byZoom(1.5, 13, 1, 18, 10),
	}))
	s.add("ferry", "line", "road", filter("==", get("class"), "ferry"), paint(object{
		"line-color": s.ferry, "line-width": 1.1, "line-dasharray": list{4, 3},
	}))

	s.add("tunnel-casing", "line", "road", zooms(11, 0), filter("all", drawn, has("tunnel")), layout(butt), paint(object{
		"line-color": s.tunnelCase, "line-width": roadWidth(casing), "line-dasharray": list{1.2, 0.6},
	}))
	s.add("tunnel", "line", "road", zooms(11, 0), filter("all", drawn, has("tunnel")), layout(butt), paint(object{
		"line-color": s.tunnel, "line-width": roadWidth([6]float64{}),
	}))
	s.paths("", append(list{"all"}, onGround...))
	s.add("road-casing", "line", "road", filter(append(list{"all", drawn}, onGround...)...), layout(round), paint(object{
		"line-color": edge, "line-width": roadWidth(casing),
		"line-opacity": linear(8, list{"*", 0.6, cased}, 11, cased, 12.2, list{"max", cased, 0.7}, 13, 1),
	}))
	s.add("road", "line", "road", filter(append(list{"all", drawn}, onGround...)...), layout(round), paint(object{
		"line-color": fill, "line-width": roadWidth([6]float64{}),
	}))
	s.rails("", append(list{"all"}, onGround...))
	s.add("bridge-casing", "line", "road", zooms(13, 0), filter("all", drawn, has("bridge")), layout(butt), paint(object{
		"line-color": list{"interpolate", list{"linear"}, list{"zoom"}, 13, edge, 15, s.bridgeCase},
		"line-width": roadWidth([6]float64{0.3, 0.4, 0.6, 0.8, 1.1, 1.4}),
	}))
	s.paths("bridge-", list{"has", "bridge"})
	s.add("bridge", "line", "road", filter("all", drawn, has("bridge")), layout(round), paint(object{
		"line-color": fill, "line-width": roadWidth([6]float64{}),
	}))
	s.rails("bridge-", list{"has", "bridge"})
	s.add("aerialway", "line", "road", zooms(11, 0), filter("==", get("class"), "aerialway"), paint(object{
		"line-color": s.aerialway, "line-width": linear(11, 0.6, 16, 1.4),
	}))
	s.add("aerialway-ties", "line", "road", zooms(13, 0), filter("==", get("class"), "aerialway"), paint(object{
		"line-color": s.aerialway, "line-width": linear(13, 3, 17, 6), "line-dasharray": list{0.3, 5},
	}))
	s.add("oneway", "symbol", "road", zooms(15.5, 0), filter("all", drawn, has("oneway"), not(has("ramp"))), layout(object{
		"symbol-placement": "line", "symbol-spacing": 160, "icon-image": s.icon("arrow"), "icon-size": linear(15.5, 0.55, 18, 0.9),
		"icon-rotation-alignment": "map", "icon-padding": 12,
	}), paint(object{"icon-opacity": 0.75}))
}

// icon names an image the client draws, in the theme's colours.
func (s *styler) icon(name string) string { return name + "-" + string(s.theme) }

func (s *styler) paths(prefix string, where list) {
	path := list{"all", is("class", "path"), where}
	s.add(prefix+"track", "line", "road", zooms(13, 0), filter("all", is("class", "track"), where), layout(object{"line-join": "round"}), paint(object{
		"line-color": s.track, "line-width": byZoom(1.4, 13, 0.6, 15, 1.2, 18, 3.2), "line-dasharray": list{5, 1.6},
		"line-opacity": linear(13, 0.5, 15, 0.85),
	}))
	s.add(prefix+"path-halo", "line", "road", zooms(15, 0), filter(path...), layout(object{"line-join": "round", "line-cap": "round"}), paint(object{
		"line-color": s.pathHalo, "line-width": byZoom(1.4, 15, 2.2, 18, 6),
	}))
	s.add(prefix+"path", "line", "road", zooms(14, 0), filter("all", path, not(is("kind", "steps", "cycleway"))), layout(object{"line-join": "round"}), paint(object{
		"line-color": s.path, "line-width": byZoom(1.4, 14, 0.6, 16, 1.1, 18, 2.4), "line-dasharray": list{2.5, 1.5},
		"line-opacity": list{"interpolate", list{"linear"}, list{"zoom"}, 14, 0.6, 16, list{"case", is("kind", "sidewalk"), 0.5, 0.9}},
	}))
	s.add(prefix+"cycleway", "line", "road", zooms(14, 0), filter("all", path, is("kind", "cycleway")), layout(object{"line-join": "round"}), paint(object{
		"line-color": s.cycleway, "line-width": byZoom(1.4, 14, 0.6, 16, 1.1, 18, 2.4), "line-dasharray": list{3, 1.2}, "line-opacity": 0.8,
	}))
	s.add(prefix+"steps", "line", "road", zooms(15, 0), filter("all", path, is("kind", "steps")), paint(object{
		"line-color": s.path, "line-width": byZoom(1.4, 15, 2, 18, 6), "line-dasharray": list{0.3, 0.25},
	}))
}

func (s *styler) rails(prefix string, where list) {
	train := list{"all", is("class", "rail"), not(has("kind")), where}
	other := list{"all", is("class", "rail"), has("kind"), where}
	if prefix != "" {
		s.add(prefix+"rail-casing", "line", "road", zooms(14, 0), filter("all", is("class", "rail"), where), paint(object{
			"line-color": s.paper, "line-width": linear(14, 4, 18, 12),
		}))
	}
	s.add(prefix+"rail", "line", "road", filter(train...), layout(object{"line-join": "round"}), paint(object{
		"line-color": s.rail, "line-width": byZoom(1.4, 8, 0.5, 12, 1.2, 15, 2.6, 18, 5), "line-opacity": linear(8, 0.6, 12, 1),
	}))
	s.add(prefix+"rail-ties", "line", "road", zooms(12.5, 0), filter(train...), layout(object{"line-join": "round"}), paint(object{
		"line-color": s.railTie, "line-width": byZoom(1.4, 12, 0.6, 15, 1.4, 18, 3.2), "line-dasharray": list{6, 6},
	}))
	s.add(prefix+"rail-other", "line", "road", zooms(12, 0), filter(other...), layout(object{"line-join": "round"}), paint(object{
		"line-color": s.tram, "line-width": byZoom(1.4, 12, 0.5, 15, 1.3, 18, 2.6),
	}))
}

func (s *styler) boundaries() {
	country := is("level", 2)
	s.add("border-halo", "line", "boundary", filter(country...), layout(object{"line-join": "round"}), paint(object{
		"line-color": s.borderHalo, "line-width": linear(6, 3, 10, 6, 14, 10),
	}))
	s.add("border", "line", "boundary", filter(country...), layout(object{"line-join": "round"}), paint(object{
		"line-color": s.border, "line-width": linear(5, 0.8, 10, 1.4, 15, 2), "line-dasharray": list{8, 2, 1.5, 2},
	}))
	s.add("border-inner", "line", "boundary", zooms(6, 0), filter("all", list{">", get("level"), 2}, list{"<", get("level"), 7}), layout(object{"line-join": "round"}), paint(object{
		"line-color": s.border, "line-width": linear(6, 0.6, 14, 1.2), "line-dasharray": list{4, 2}, "line-opacity": 0.6,
	}))
	s.add("border-municipality", "line", "boundary", zooms(11, 0), filter(">=", get("level"), 7), layout(object{"line-join": "round"}), paint(object{
		"line-color": s.border, "line-width": linear(11, 0.5, 15, 1), "line-dasharray": list{3, 3}, "line-opacity": 0.45,
	}))
}

// fade lays a veil over what no extract covers, softened along its rim.
func (s *styler) fade() {
	outside := object{"source": "outside"}
	s.add("outside", "fill", "", outside, filter("==", get("part"), "outside"), paint(object{
		"fill-color": s.outside, "fill-opacity": 0.86, "fill-antialias": false,
	}))
	s.add("outside-rim", "line", "", outside, filter("==", get("part"), "rim"), layout(object{"line-join": "round"}), paint(object{
		"line-color": s.outside, "line-opacity": 0.8,
		"line-width": linear(6, 4, 10, 14, 14, 36, 18, 80), "line-blur": linear(6, 4, 10, 14, 14, 36, 18, 80),
	}))
}
