package basemap

// name is the label in the style's language, else the local one.
func (s *styler) name() any {
	if s.language == "" {
		return get("name")
	}
	return list{"coalesce", get("name:" + s.language), get("name")}
}

func (s *styler) text(colour string, width float64) object {
	return object{"text-color": colour, "text-halo-color": s.halo, "text-halo-width": width, "text-halo-blur": 0.4}
}

// labels writes the names, least important first: MapLibre places from the top down.
func (s *styler) labels() {
	s.add("number", "symbol", "number", zooms(16.7, 0), layout(object{
		"text-field": get("number"), "text-font": list{regular}, "text-size": linear(16.7, 9, 19, 11.5), "text-padding": 3,
	}), paint(s.text(s.number, 1)))
	s.streetNames()
	s.signs()
	s.add("waterway-name", "symbol", "waterway", zooms(12, 0), filter("has", "name"), layout(object{
		"symbol-placement": "line", "symbol-spacing": 420, "text-field": s.name(), "text-font": list{italic},
		"text-size":      linear(12, list{"case", is("kind", "river"), 11, 9.5}, 17, list{"case", is("kind", "river"), 14, 12}),
		"text-max-angle": 35, "text-letter-spacing": 0.06,
	}), paint(object{"text-color": s.waterName, "text-halo-color": s.waterHalo, "text-halo-width": 1.1}))
	s.shields()
	s.places()
}

func (s *styler) streetNames() {
	along := func(size any) object {
		return object{
			"symbol-placement": "line", "symbol-spacing": 340, "text-field": s.name(), "text-font": list{regular},
			"text-size": size, "text-max-angle": 32, "text-padding": 4, "text-rotation-alignment": "map", "text-pitch-alignment": "viewport",
			"text-letter-spacing": 0.01,
		}
	}
	s.add("path-name", "symbol", "street", zooms(16.5, 0), filter("all", has("name"), is("class", "path", "track", "service", "pier")),
		layout(along(linear(16.5, 9.5, 19, 12))), paint(s.text(s.placeMinor, 1.2)))
	s.add("street-name", "symbol", "street", zooms(14.4, 0), filter("all", has("name"), is("class", "minor", "pedestrian")),
		layout(along(linear(14.4, 9.5, 16, 11.5, 19, 14.5))), paint(s.text(s.street, 1.4)))
	s.add("road-name", "symbol", "street", zooms(13, 0), filter("all", has("name"), is("class", "motorway", "trunk", "primary", "secondary", "tertiary")),
		layout(along(linear(13, 10, 16, 12.5, 19, 15.5))), paint(s.text(s.street, 1.6)))
	s.add("aerialway-name", "symbol", "street", zooms(14, 0), filter("all", has("name"), is("class", "aerialway", "ferry")),
		layout(along(linear(14, 9.5, 18, 11.5))), paint(s.text(s.placeMinor, 1.2)))
}

func (s *styler) shields() {
	s.add("shield", "symbol", "street", zooms(8, 16.5), filter("has", "ref"), layout(object{
		"symbol-placement": "line", "symbol-spacing": 380, "text-field": get("ref"), "text-font": list{semibold}, "text-size": 9.5,
		"text-rotation-alignment": "viewport", "text-pitch-alignment": "viewport", "icon-rotation-alignment": "viewport",
		"icon-image": s.icon("shield"), "icon-text-fit": "both", "icon-text-fit-padding": list{1, 3, 1, 3}, "text-padding": 20,
	}), paint(object{"text-color": s.shieldText}))
}

func (s *styler) signs() {
	colour := list{"match", get("class")}
	for _, class := range signClasses {
		colour = append(colour, class, s.poi[class])
	}
	colour = append(colour, s.placeMinor)

	s.add("poi", "symbol", "poi", zooms(13, 0),
		filter("all", not(is("class", "peak", "water", "area")), list{"<=", get("minzoom"), list{"zoom"}}),
		layout(object{
			"icon-image": list{"concat", "poi-", get("class"), "-", get("kind"), "-" + string(s.theme)},
			"icon-size":  linear(13, 0.8, 17, 1),
			"text-field": s.name(), "text-font": list{regular}, "text-size": linear(14, 10, 18, 11.5),
			"text-anchor": "top", "text-offset": list{0, 0.75}, "text-max-width": 8, "text-line-height": 1.1,
			"text-optional": true, "icon-padding": 3, "text-padding": 4,
			"symbol-sort-key": get("rank"),
		}), paint(object{"text-color": colour, "text-halo-color": s.halo, "text-halo-width": 1.2, "text-halo-blur": 0.3}))
	s.add("peak", "symbol", "poi", zooms(11, 0), filter("all", is("class", "peak"), list{"<=", get("minzoom"), list{"zoom"}}), layout(object{
		"icon-image": list{"concat", get("kind"), "-" + string(s.theme)}, "text-field": list{"format", s.name(), object{}, list{"case", has("elevation"), list{"concat", "\n", list{"to-string", get("elevation")}, " m"}, ""}, object{"font-scale": 0.85}},
		"text-font": list{italic}, "text-size": linear(11, 9.5, 15, 11.5), "text-anchor": "top", "text-offset": list{0, 0.5},
		"text-max-width": 8, "symbol-sort-key": list{"-", get("rank"), list{"/", list{"coalesce", get("elevation"), 0}, 10000}}, "text-padding": 8,
	}), paint(s.text(s.poi["peak"], 1.2)))
	s.add("area-name", "symbol", "poi", zooms(10, 0), filter("all", is("class", "water", "area"), list{"<=", get("minzoom"), list{"zoom"}}), layout(object{
		"text-field": s.name(), "text-font": list{italic}, "text-size": linear(10, 9.5, 16, 12.5), "text-max-width": 7, "text-padding": 8,
		"symbol-sort-key": get("rank"),
	}), paint(object{"text-color": match("class", "water", s.waterName, s.area), "text-halo-color": match("class", "water", s.waterHalo, s.halo), "text-halo-width": 1.1}))
}

// signClasses are the families of points of interest.
var signClasses = []string{"food", "shop", "health", "transport", "culture", "public", "outdoor", "lodging", "nature"}

// dodging lets the name of a place step aside for what is drawn over the map, such as the stops of a route.
var dodging = object{"text-variable-anchor": list{"center", "top", "bottom", "left", "right"}, "text-radial-offset": 1.3, "text-justify": "auto"}

func (s *styler) places() {
	s.add("place-small", "symbol", "place", zooms(11, 17), filter("in", get("kind"), list{"literal", list{"hamlet", "neighbourhood", "isolated_dwelling", "farm", "locality", "islet", "quarter", "square"}}), layout(object{
		"text-field": s.name(), "text-font": list{regular}, "text-size": linear(11, 9.5, 14, 11, 17, 14), "text-max-width": 7,
		"text-padding": 6, "text-letter-spacing": 0.02, "symbol-sort-key": get("rank"),
	}), paint(s.text(s.placeMinor, 1.4)))
	s.add("place-suburb", "symbol", "place", zooms(11, 17), filter("==", get("kind"), "suburb"), layout(object{
		"text-field": s.name(), "text-font": list{regular}, "text-size": linear(11, 10.5, 16, 14), "text-max-width": 7,
		"text-letter-spacing": 0.05, "text-padding": 6, "symbol-sort-key": get("rank"),
	}, dodging), paint(s.text(s.placeMinor, 1.5)))
	s.add("place-village", "symbol", "place", zooms(8.5, 16.5), filter("in", get("kind"), list{"literal", list{"village", "island"}}), layout(object{
		"text-field": s.name(), "text-font": list{semibold}, "text-size": linear(8, 9.5, 11, 12, 15, 17), "text-max-width": 8,
		"text-padding": 4, "symbol-sort-key": get("rank"),
	}, dodging), paint(s.text(s.place, 1.6)))
	s.add("place-town", "symbol", "place", zooms(6, 16.5), filter("in", get("kind"), list{"literal", list{"city", "town"}}), layout(object{
		"text-field": s.name(), "text-font": list{semibold},
		"text-size":      linear(6, list{"case", list{"<=", get("rank"), 3}, 12.5, 10.5}, 10, list{"case", list{"<=", get("rank"), 3}, 16, 13.5}, 15, list{"case", list{"<=", get("rank"), 3}, 22, 20}),
		"text-max-width": 8, "text-padding": 4, "symbol-sort-key": get("rank"),
		"icon-image":           list{"step", list{"zoom"}, s.icon("dot"), 9, ""},
		"text-variable-anchor": list{"step", list{"zoom"}, list{"literal", list{"bottom", "top"}}, 9, list{"literal", dodging["text-variable-anchor"]}},
		"text-radial-offset":   list{"step", list{"zoom"}, 0.3, 9, dodging["text-radial-offset"]}, "text-justify": "auto",
		// From near a town is named even where it finds no room.
		"text-overlap": list{"step", list{"zoom"}, "never", 10.5, "always"},
	}), paint(s.text(s.place, 1.8)))
	s.add("place-state", "symbol", "place", zooms(5, 9), filter("in", get("kind"), list{"literal", list{"state", "region"}}), layout(object{
		"text-field": s.name(), "text-font": list{regular}, "text-size": linear(5, 10, 8, 13), "text-letter-spacing": 0.12,
		"text-transform": "uppercase", "text-max-width": 7, "symbol-sort-key": get("rank"),
	}), paint(s.text(s.placeMinor, 1.5)))
	s.add("place-country", "symbol", "place", zooms(4, 9.5), filter("==", get("kind"), "country"), layout(object{
		"text-field": s.name(), "text-font": list{semibold}, "text-size": linear(4, 11, 8, 15), "text-letter-spacing": 0.1,
		"text-transform": "uppercase", "text-max-width": 7,
	}), paint(s.text(s.place, 1.6)))
}
