package basemap

// Theme chooses the palette of a style.
type Theme string

// The themes.
const (
	Light Theme = "light"
	Dark  Theme = "dark"
)

// A palette holds every colour of the map. The base map is the ground on which data lie: low in chroma, with
// lightness doing the work, so that ten hues of routes and pins stay apart on it.
type palette struct {
	paper    string // land of which nothing more is known
	outside  string // beyond the extract
	land     map[string]string
	townFar  string // residential land at low zoom
	landEdge string // hairline around pitches and plazas

	water, waterLine, pool, wetland string
	building, buildingEdge          string
	publicBuilding                  string
	lightBuilding                   string

	// Roads by class: fill and casing.
	motorway, motorwayCase   string
	trunk, trunkCase         string
	primary, primaryCase     string
	secondary, secondaryCase string
	minor, minorCase         string
	service, private         string
	pedestrian               string
	bridgeCase               string
	tunnel, tunnelCase       string
	track, path, cycleway    string
	pathHalo                 string
	rail, railTie, tram      string
	aerialway, runway, ferry string
	arrow                    string
	border, borderHalo       string

	place, placeMinor, street, waterName, number, area, halo, waterHalo string
	shield, shieldEdge, shieldText                                      string
	glyph                                                               string // on signs
	poi                                                                 map[string]string
}

var palettes = map[Theme]palette{
	Light: {
		paper:   "#f2efe9",
		outside: "#e5e3de",
		land: map[string]string{
			"residential": "#eae7e2", "farmland": "#f2eddd", "industrial": "#e9e6e8", "commercial": "#eee8e4",
			"grass": "#dfead0", "meadow": "#e4ecd3", "orchard": "#dbe7c6", "rock": "#e7e4df", "scree": "#eae7e1",
			"heath": "#d8e3c6", "sand": "#f3ead1", "glacier": "#eef5f8", "wetland": "#dbe7e0", "wood": "#cfdfc5",
			"school": "#f1ebdb", "hospital": "#f4e6e3", "cemetery": "#d5e2cd", "park": "#d0e6c2", "allotments": "#dde6c8",
			"quarry": "#e2dfdb", "sport": "#d7e7cf", "pitch": "#bfdcbb", "parking": "#e6e4e2", "plaza": "#f6f4f0", "pier": "#f1efea",
		},
		townFar:  "#dedad3",
		landEdge: "#a9c9a6",
		water:    "#a9cbe0", waterLine: "#9cc2da", pool: "#b9dcec", wetland: "#bcd6df",
		building: "#dfdad2", buildingEdge: "#cac3b9", publicBuilding: "#d8cec1", lightBuilding: "#e5e0d9",
		motorway: "#f3c583", motorwayCase: "#cf9a4f",
		trunk: "#f6d394", trunkCase: "#d1a65f",
		primary: "#fae0a6", primaryCase: "#d3b272",
		secondary: "#fdf0c9", secondaryCase: "#d6c491",
		minor: "#ffffff", minorCase: "#d3cec6",
		service: "#fdfcfa", private: "#f4f1ee", pedestrian: "#f7f3f2",
		bridgeCase: "#8f8a83",
		tunnel:     "#f4f2ee", tunnelCase: "#c9c4bc",
		track: "#b39f7f", path: "#b7997f", cycleway: "#7f97b8", pathHalo: "rgba(255,255,255,0.55)",
		rail: "#a7a4a5", railTie: "#f3f1ee", tram: "#b5b1b3", aerialway: "#8d8b90", runway: "#dcdade", ferry: "#7fa6c2",
		arrow:  "#a49d92",
		border: "#a08fa8", borderHalo: "rgba(186,170,194,0.28)",
		place: "#32363b", placeMinor: "#5b6066", street: "#5a5753", waterName: "#4a7ea3", number: "#8d857b", area: "#5d8055",
		halo: "rgba(255,255,255,0.92)", waterHalo: "rgba(226,240,248,0.85)",
		shield: "#fbf6ea", shieldEdge: "#d3b98a", shieldText: "#5b513f", glyph: "#ffffff",
		poi: map[string]string{
			"food": "#a8713c", "shop": "#7b6a9c", "health": "#b55b5b", "transport": "#4d76a8", "culture": "#8a6a52",
			"public": "#77716a", "outdoor": "#56875a", "lodging": "#966488", "nature": "#5d8055", "peak": "#7d6a58",
			"water": "#4a7ea3", "area": "#5d8055",
		},
	},
	Dark: {
		paper:   "#23262a",
		outside: "#15171a",
		land: map[string]string{
			"residential": "#292c30", "farmland": "#272a24", "industrial": "#2b2c31", "commercial": "#2f2c2e",
			"grass": "#252e24", "meadow": "#262f25", "orchard": "#273125", "rock": "#2c2d2e", "scree": "#2a2b2c",
			"heath": "#252f26", "sand": "#302e25", "glacier": "#30383d", "wetland": "#232f2f", "wood": "#1f2b22",
			"school": "#2e2c26", "hospital": "#322a2b", "cemetery": "#253027", "park": "#223225", "allotments": "#273025",
			"quarry": "#2e2e2e", "sport": "#243328", "pitch": "#2b3f30", "parking": "#2e3033", "plaza": "#303337", "pier": "#303337",
		},
		townFar:  "#33373c",
		landEdge: "#33493a",
		water:    "#13222e", waterLine: "#1c3344", pool: "#1b3341", wetland: "#1c2f38",
		building: "#33363a", buildingEdge: "#3f4348", publicBuilding: "#3c3c40", lightBuilding: "#2f3236",
		motorway: "#6f5a37", motorwayCase: "#17191b",
		trunk: "#665537", trunkCase: "#17191b",
		primary: "#63563f", primaryCase: "#17191b",
		secondary: "#524d40", secondaryCase: "#17191b",
		minor: "#454a50", minorCase: "#181a1d",
		service: "#393e43", private: "#303439", pedestrian: "#35353a",
		bridgeCase: "#0b0c0e",
		tunnel:     "#292c30", tunnelCase: "#3e4247",
		track: "#564e41", path: "#564c44", cycleway: "#45546a", pathHalo: "rgba(20,22,24,0.4)",
		rail: "#4c4f54", railTie: "#1f2124", tram: "#484b50", aerialway: "#5d6066", runway: "#32353a", ferry: "#31506a",
		arrow:  "#74797f",
		border: "#6d6175", borderHalo: "rgba(109,97,117,0.2)",
		place: "#d9dcdf", placeMinor: "#a3a8ad", street: "#9da1a6", waterName: "#5f8fb0", number: "#7a7e83", area: "#6f9470",
		halo: "rgba(24,26,29,0.9)", waterHalo: "rgba(16,28,38,0.85)",
		shield: "#2e2b25", shieldEdge: "#6a5c41", shieldText: "#d8cbb0", glyph: "#1b1d20",
		poi: map[string]string{
			"food": "#c6955f", "shop": "#a294c4", "health": "#d08080", "transport": "#7fa6d4", "culture": "#b3937c",
			"public": "#a39d96", "outdoor": "#7fb083", "lodging": "#bd8db0", "nature": "#7fa377", "peak": "#a8947f",
			"water": "#5f8fb0", "area": "#6f9470",
		},
	},
}
