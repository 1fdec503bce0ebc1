package basemap

import (
	"math"
	"strconv"
	"strings"

	"catchment/geo/osm"
)

// landRanks orders land cover: what comes later is drawn over what comes before. The wide and vague (a residential
// quarter) lies under the small and certain (a pitch).
var landRanks = func() map[string]int16 {
	ranks := map[string]int16{}
	for i, kind := range []string{
		"residential", "farmland", "industrial", "commercial", "grass", "meadow", "orchard", "rock", "scree", "heath", "sand",
		"glacier", "wetland", "wood", "school", "hospital", "cemetery", "park", "allotments", "quarry", "sport",
		"pitch", "parking", "plaza", "pier",
	} {
		ranks[kind] = int16(i)
	}
	return ranks
}()

var landByTag = map[string]map[string]string{
	"landuse": {
		"residential": "residential", "retail": "commercial", "commercial": "commercial", "industrial": "industrial",
		"railway": "industrial", "garages": "industrial", "construction": "industrial", "brownfield": "industrial",
		"port": "industrial", "depot": "industrial", "landfill": "quarry", "quarry": "quarry",
		"farmland": "farmland", "farmyard": "farmland", "greenhouse_horticulture": "farmland", "plant_nursery": "orchard",
		"grass": "grass", "village_green": "grass", "greenfield": "grass", "recreation_ground": "park",
		"meadow": "meadow", "orchard": "orchard", "vineyard": "orchard", "allotments": "allotments", "flowerbed": "park",
		"forest": "wood", "cemetery": "cemetery", "education": "school", "religious": "cemetery",
	},
	"natural": {
		"wood": "wood", "scrub": "heath", "heath": "heath", "fell": "meadow", "grassland": "meadow", "bare_rock": "rock",
		"rock": "rock", "cliff": "rock", "scree": "scree", "shingle": "scree", "sand": "sand", "beach": "sand", "dune": "sand",
		"glacier": "glacier", "wetland": "wetland", "mud": "wetland",
	},
	"leisure": {
		"park": "park", "garden": "park", "common": "park", "dog_park": "park", "golf_course": "park",
		"playground": "park", "pitch": "pitch", "track": "pitch", "sports_centre": "sport", "stadium": "sport",
	},
	"amenity": {
		"school": "school", "university": "school", "college": "school", "kindergarten": "school", "hospital": "hospital",
		"clinic": "hospital", "grave_yard": "cemetery", "parking": "parking",
	},
	"tourism":  {"camp_site": "park", "caravan_site": "park", "zoo": "park", "theme_park": "park"},
	"man_made": {"pier": "pier", "breakwater": "pier"},
}

// landKind tells which land cover an area is, or "".
func landKind(tags osm.Tags) string {
	// A pitch within a park: the more particular key decides.
	for _, key := range [...]string{"leisure", "amenity", "natural", "landuse", "tourism", "man_made"} {
		if kind := landByTag[key][tags.Get(key)]; kind != "" {
			if kind == "parking" {
				switch tags.Get("parking") {
				case "", "surface", "lane":
				default:
					return "" // below or within a building
				}
			}
			return kind
		}
	}
	switch tags.Get("highway") {
	case "pedestrian", "footway", "living_street", "service", "path":
		if tags.Get("area") == "yes" || tags.Get("type") == "multipolygon" {
			return "plaza"
		}
	}
	if tags.Get("area:aeroway") != "" || tags.Get("aeroway") == "apron" {
		return "parking"
	}
	return ""
}

// waterKind tells which water an area is, or "".
func waterKind(tags osm.Tags) string {
	switch {
	case tags.Get("natural") == "water":
		switch tags.Get("water") {
		case "river", "stream", "canal":
			return "river"
		case "basin", "reservoir", "wastewater":
			return "basin"
		}
		return "lake"
	case tags.Get("waterway") == "riverbank" || tags.Get("waterway") == "dock":
		return "river"
	case tags.Get("landuse") == "reservoir" || tags.Get("landuse") == "basin":
		return "basin"
	case tags.Get("leisure") == "swimming_pool":
		return "pool"
	}
	return ""
}

// waterwayKind tells a line of water and the first zoom it is drawn at.
func waterwayKind(tags osm.Tags) (kind string, minzoom int16) {
	switch tags.Get("waterway") {
	case "river":
		return "river", 8
	case "canal":
		return "canal", 10
	case "stream", "brook":
		return "stream", 12
	case "ditch", "drain":
		return "ditch", 14
	}
	return "", 0
}

// buildingKind tells which building an area is, or "".
func buildingKind(tags osm.Tags) string {
	b := tags.Get("building")
	if b == "" || b == "no" || tags.Get("location") == "underground" || negative(tags.Get("layer")) && tags.Get("building:levels") == "" {
		return ""
	}
	switch b {
	case "roof", "carport", "greenhouse":
		return "light"
	}
	if tags.Get("amenity") != "" || tags.Get("tourism") == "museum" || tags.Get("historic") == "castle" {
		switch tags.Get("amenity") {
		case "townhall", "school", "university", "hospital", "place_of_worship", "theatre", "police", "fire_station", "courthouse", "library", "kindergarten", "college":
			return "public"
		}
		if tags.Get("historic") == "castle" || tags.Get("tourism") == "museum" {
			return "public"
		}
	}
	switch b {
	case "church", "chapel", "cathedral", "mosque", "synagogue", "temple", "hospital", "school", "university", "train_station", "castle", "public", "civic", "government", "kindergarten":
		return "public"
	}
	return "building"
}

func negative(s string) bool { return strings.HasPrefix(s, "-") }

// A roadKind says how a way is drawn.
type roadKind struct {
	class   string
	kind    string
	minzoom int16
	ramp    bool
}

// classes of roads and the first zoom at which their lines and their names are drawn.
var roadClasses = map[string]struct{ line, name int16 }{
	"motorway": {5, 12}, "trunk": {6, 12}, "primary": {7, 13}, "secondary": {9, 13}, "tertiary": {10, 13},
	"minor": {12, 14}, "service": {13, 15}, "track": {13, 15}, "path": {14, 15}, "pedestrian": {13, 14},
	"rail": {8, 15}, "aerialway": {11, 14}, "runway": {10, 14}, "pier": {13, 15}, "ferry": {9, 13},
}

func roadOf(tags osm.Tags) (roadKind, bool) {
	class, kind, ramp := "", "", false
	highway := tags.Get("highway")
	if strings.HasSuffix(highway, "_link") {
		highway, ramp = strings.TrimSuffix(highway, "_link"), true
	}
	switch highway {
	case "motorway", "trunk", "primary", "secondary", "tertiary":
		class = highway
	case "residential", "unclassified", "road":
		class = "minor"
	case "living_street":
		class, kind = "minor", "living_street"
	case "pedestrian":
		class = "pedestrian"
	case "service", "busway":
		class = "service"
		if s := tags.Get("service"); s == "parking_aisle" || s == "driveway" || s == "drive-through" {
			kind = "minor_service"
		}
	case "track":
		class = "track"
	case "footway", "path", "bridleway":
		class = "path"
		if s := tags.Get("footway"); s == "sidewalk" || s == "crossing" {
			kind = "sidewalk"
		}
		if tags.Get("bicycle") == "designated" {
			kind = "cycleway"
		}
	case "cycleway":
		class, kind = "path", "cycleway"
	case "steps":
		class, kind = "path", "steps"
	}
	if class != "" {
		if tags.Get("area") == "yes" || indoors(tags, class) {
			return roadKind{}, false
		}
	}
	if class == "" {
		switch tags.Get("railway") {
		case "rail", "narrow_gauge":
			class = "rail"
			switch tags.Get("service") {
			case "spur", "yard", "siding", "crossover":
				kind = "siding"
			}
		case "light_rail", "tram", "subway", "funicular", "monorail":
			class, kind = "rail", tags.Get("railway")
		}
	}
	if class == "" {
		switch tags.Get("aerialway") {
		case "cable_car", "gondola", "chair_lift", "mixed_lift":
			class = "aerialway"
		case "drag_lift", "t-bar", "j-bar", "platter", "rope_tow", "magic_carpet":
			class, kind = "aerialway", "drag_lift"
		}
	}
	if class == "" {
		switch tags.Get("aeroway") {
		case "runway":
			class = "runway"
		case "taxiway":
			class, kind = "runway", "taxiway"
		}
	}
	if class == "" && tags.Get("man_made") == "pier" && tags.Get("area") != "yes" {
		class = "pier"
	}
	if class == "" && tags.Get("route") == "ferry" {
		class = "ferry"
	}
	if class == "" {
		return roadKind{}, false
	}
	minzoom := roadClasses[class].line
	switch kind {
	case "siding", "taxiway":
		minzoom = 13
	case "tram", "light_rail", "subway":
		minzoom = 12
	case "minor_service":
		minzoom = 15
	case "sidewalk":
		minzoom = 15
	}
	if ramp {
		minzoom = max(minzoom, 10)
	}
	if tags.Get("highway") == "unclassified" {
		minzoom = 11
	}
	return roadKind{class, kind, minzoom, ramp}, true
}

// indoors tells ways that lead through buildings and car parks below ground: on a map of the surface they would run
// across the houses.
func indoors(tags osm.Tags, class string) bool {
	if tags.Get("indoor") == "yes" || tags.Get("highway") == "corridor" {
		return true
	}
	if class != "service" && class != "path" {
		return false
	}
	if tags.Get("level") != "" && tags.Get("level") != "0" {
		return true
	}
	layer := tags.Get("layer")
	return layer != "" && layer != "0" && tags.Get("tunnel") != "" && tags.Get("tunnel") != "no" && class == "service"
}

func direction(tags osm.Tags, class string) int {
	switch tags.Get("oneway") {
	case "yes", "1", "true":
		return 1
	case "-1", "reverse":
		return -1
	case "no":
		return 0
	}
	if j := tags.Get("junction"); j == "roundabout" || j == "circular" || class == "motorway" {
		return 1
	}
	return 0
}

func layerOf(tags osm.Tags) int16 {
	n, err := strconv.Atoi(tags.Get("layer"))
	if err != nil || n < -5 || n > 5 {
		return 0
	}
	return int16(n)
}

func yes(s string) bool { return s != "" && s != "no" }

// placeRanks gives the rank of a kind of settlement and the first zoom it is named at.
var placeRanks = map[string]struct{ rank, minzoom int16 }{
	"country": {1, 4}, "state": {2, 5}, "region": {3, 7}, "county": {4, 8}, "city": {3, 5}, "town": {4, 7}, "village": {6, 9},
	"suburb": {7, 11}, "quarter": {8, 12}, "neighbourhood": {9, 13}, "hamlet": {8, 11}, "isolated_dwelling": {10, 14},
	"farm": {10, 14}, "locality": {10, 14}, "island": {6, 10}, "islet": {9, 13}, "square": {9, 15},
}

// placeOf tells a named settlement. Larger ones are named earlier.
func placeOf(tags osm.Tags) (kind string, rank, minzoom int16, ok bool) {
	kind = tags.Get("place")
	p, ok := placeRanks[kind]
	if !ok || tags.Get("name") == "" {
		return "", 0, 0, false
	}
	rank, minzoom = p.rank, p.minzoom
	people, _ := strconv.Atoi(strings.NewReplacer(" ", "", ",", "", ".", "").Replace(tags.Get("population")))
	switch {
	case people > 1_000_000:
		rank, minzoom = min(rank, 2), min(minzoom, 4)
	case people > 100_000:
		rank, minzoom = min(rank, 3), min(minzoom, 6)
	case people > 4_000 && kind == "village":
		rank, minzoom = rank-1, minzoom-1
	}
	if tags.Get("capital") == "yes" || tags.Get("capital") == "2" {
		rank, minzoom = min(rank, 2), min(minzoom, 5)
	}
	return kind, rank, minzoom, true
}

// A sign is how a point of interest is marked.
type sign struct {
	icon  string
	class string
	rank  int16
	zoom  int16 // first zoom
}

// signs by "key=value". Families give colours: food, shop, health, transport, culture, public, outdoor, lodging, nature.
var signs = map[string]sign{
	"railway=station": {"rail", "transport", 1, 13}, "railway=halt": {"rail", "transport", 2, 13},
	"railway=tram_stop": {"tram", "transport", 5, 16}, "amenity=bus_station": {"bus", "transport", 3, 14},
	"highway=bus_stop": {"bus", "transport", 9, 17}, "aeroway=aerodrome": {"airport", "transport", 1, 11},
	"aeroway=helipad": {"airport", "transport", 8, 16}, "aerialway=station": {"aerialway", "transport", 6, 15},
	"amenity=ferry_terminal": {"ferry", "transport", 3, 14}, "amenity=parking": {"parking", "transport", 9, 17},
	"amenity=fuel": {"fuel", "transport", 6, 15}, "amenity=charging_station": {"charging", "transport", 9, 17},
	"amenity=taxi": {"taxi", "transport", 9, 17}, "amenity=hospital": {"hospital", "health", 1, 13},
	"amenity=clinic": {"doctor", "health", 5, 15}, "amenity=doctors": {"doctor", "health", 8, 16}, "amenity=dentist": {"doctor", "health", 9, 17},
	"amenity=pharmacy": {"pharmacy", "health", 6, 16}, "amenity=veterinary": {"doctor", "health", 9, 17},
	"amenity=townhall": {"townhall", "public", 3, 15}, "amenity=police": {"police", "public", 4, 15},
	"amenity=fire_station": {"fire", "public", 5, 15}, "amenity=post_office": {"post", "public", 6, 16},
	"amenity=courthouse": {"townhall", "public", 6, 16}, "amenity=library": {"library", "culture", 6, 16},
	"amenity=school": {"school", "public", 5, 15}, "amenity=kindergarten": {"school", "public", 8, 16},
	"amenity=university": {"school", "public", 3, 14}, "amenity=college": {"school", "public", 5, 15},
	"amenity=bank": {"bank", "shop", 8, 16}, "amenity=marketplace": {"shop", "shop", 6, 15},
	"amenity=restaurant": {"restaurant", "food", 7, 16}, "amenity=fast_food": {"restaurant", "food", 9, 17},
	"amenity=cafe": {"cafe", "food", 8, 16}, "amenity=bar": {"bar", "food", 9, 17}, "amenity=pub": {"bar", "food", 9, 17},
	"amenity=ice_cream": {"cafe", "food", 9, 17}, "amenity=biergarten": {"bar", "food", 9, 16},
	"amenity=place_of_worship": {"worship", "culture", 5, 15}, "amenity=theatre": {"theatre", "culture", 5, 15},
	"amenity=cinema": {"theatre", "culture", 6, 16}, "amenity=community_centre": {"townhall", "culture", 7, 16},
	"amenity=arts_centre": {"museum", "culture", 6, 16}, "tourism=museum": {"museum", "culture", 4, 15},
	"tourism=gallery": {"museum", "culture", 7, 16}, "tourism=attraction": {"star", "culture", 5, 15},
	"tourism=viewpoint": {"viewpoint", "nature", 6, 15}, "tourism=hotel": {"hotel", "lodging", 6, 16},
	"tourism=guest_house": {"hotel", "lodging", 8, 16}, "tourism=hostel": {"hotel", "lodging", 7, 16},
	"tourism=alpine_hut": {"hut", "lodging", 3, 13}, "tourism=camp_site": {"camp", "lodging", 5, 14},
	"tourism=zoo": {"star", "culture", 4, 14}, "historic=castle": {"castle", "culture", 2, 13},
	"historic=ruins": {"castle", "culture", 5, 15}, "historic=monument": {"star", "culture", 6, 15},
	"leisure=stadium": {"sport", "outdoor", 3, 14}, "leisure=sports_centre": {"sport", "outdoor", 6, 15},
	"leisure=swimming_pool": {"swim", "outdoor", 8, 16}, "leisure=water_park": {"swim", "outdoor", 5, 15},
	"leisure=golf_course": {"sport", "outdoor", 5, 14}, "leisure=playground": {"playground", "outdoor", 9, 17},
	"landuse=cemetery": {"cemetery", "nature", 6, 15}, "amenity=grave_yard": {"cemetery", "nature", 8, 16},
	"shop=supermarket": {"supermarket", "shop", 5, 15}, "shop=mall": {"shop", "shop", 4, 15},
	"shop=department_store": {"shop", "shop", 5, 15}, "shop=bakery": {"bakery", "shop", 8, 17},
	"shop=butcher": {"shop", "shop", 9, 17}, "shop=convenience": {"supermarket", "shop", 8, 17},
	"shop=doityourself": {"shop", "shop", 7, 16}, "shop=hardware": {"shop", "shop", 8, 17}, "shop=car": {"shop", "shop", 9, 17},
	"shop=clothes": {"shop", "shop", 9, 17}, "shop=furniture": {"shop", "shop", 8, 17}, "shop=garden_centre": {"shop", "shop", 7, 16},
	"natural=peak": {"peak", "peak", 4, 11}, "natural=volcano": {"peak", "peak", 3, 9}, "natural=saddle": {"saddle", "peak", 6, 13},
	"mountain_pass=yes": {"saddle", "peak", 5, 12}, "natural=spring": {"spring", "nature", 9, 16}, "natural=cave_entrance": {"star", "nature", 7, 15},
	"waterway=waterfall": {"spring", "nature", 6, 14},
}

var signKeys = [...]string{"railway", "aeroway", "amenity", "tourism", "historic", "leisure", "shop", "aerialway", "highway", "natural", "mountain_pass", "landuse", "waterway"}

// signOf tells how a thing is marked, or that it is not. Without a name only a few kinds are worth a mark.
func signOf(tags osm.Tags) (sign, bool) {
	for _, key := range signKeys {
		value := tags.Get(key)
		if value == "" {
			continue
		}
		s, ok := signs[key+"="+value]
		if !ok {
			continue
		}
		if tags.Get("name") == "" {
			switch s.icon {
			case "parking", "playground", "fuel", "hospital", "rail", "castle":
			default:
				return sign{}, false
			}
		}
		if s.icon == "parking" {
			if a := tags.Get("access"); a == "private" || a == "customers" || a == "no" {
				return sign{}, false
			}
		}
		if s.icon == "swim" && tags.Get("access") == "private" {
			return sign{}, false
		}
		if s.icon == "peak" {
			if e, ok := elevation(tags); ok && e > 2000 {
				s.rank--
			}
		}
		return s, true
	}
	return sign{}, false
}

func elevation(tags osm.Tags) (int32, bool) {
	e, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(tags.Get("ele")), " m"), 64)
	if err != nil || math.IsNaN(e) || e < -500 || e > 9000 {
		return 0, false
	}
	return int32(math.Round(e)), true
}

// languages in which names are kept besides the local one.
var languages = [...]string{"de", "en", "fr", "it", "es"}

// namesOf gives the local name and, as tile properties, the names in other languages where they differ.
func namesOf(tags osm.Tags) (name string, others map[string]string) {
	name = tags.Get("name")
	for _, lang := range languages {
		if other := tags.Get("name:" + lang); other != "" && other != name {
			if others == nil {
				others = map[string]string{}
			}
			others["name:"+lang] = other
		}
	}
	return name, others
}
