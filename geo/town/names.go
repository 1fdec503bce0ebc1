package town

import (
	"math"
	"strconv"
)

// theme is what the street names of a quarter have in common, as they do in real towns.
type theme int

const (
	themeNone theme = iota
	themeCore
	themePoets
	themeComposers
	themeTrees
	themeFlowers
	themeBirds
	themeFields
	themeIndustry
	themeVillage
	themeSouth
)

var streetNames = map[theme][]string{
	themeCore: {
		"Kirchgasse", "Schmiedgasse", "Gerbergasse", "Webergasse", "Färbergasse", "Küfergasse", "Torgasse",
		"Rathausgasse", "Spitalgasse", "Klostergasse", "Hirschgasse", "Löwengasse", "Kronengasse", "Obere Gasse", "Untere Gasse",
		"Pfarrgasse", "Salzgasse", "Fischergasse", "Turmgasse", "Am Stadtgraben", "Zwingergasse", "Badgasse", "Beim Zeughaus",
		"Sattlergasse", "Kupfergasse", "Glockengasse", "Lammgasse", "Bärengasse", "Adlergasse", "Ochsengasse", "Rosengasse", "Engelgasse",
		"Apothekergasse", "Hofgasse", "Burggasse", "Wallgasse", "Mauergasse", "Brotgasse", "Kleine Gasse", "Hintere Mauer", "Am Wehrgang", "Seilergasse", "Kornhausgasse", "Brunnengasse", "Hafnergasse", "Nonnengasse",
	},
	themePoets: {
		"Schillerstraße", "Goethestraße", "Uhlandstraße", "Mörikestraße", "Hölderlinstraße", "Lessingstraße", "Kleiststraße",
		"Eichendorffstraße", "Heinestraße", "Hebelweg", "Kernerstraße", "Stormweg", "Fontanestraße", "Droste-Hülshoff-Weg",
		"Herderstraße", "Novalisweg", "Wielandstraße", "Hauffstraße", "Rilkeweg", "Ebner-Eschenbach-Weg", "Raabestraße", "Kellerweg",
	},
	themeComposers: {
		"Mozartstraße", "Beethovenstraße", "Haydnstraße", "Schubertstraße", "Bachstraße", "Händelstraße", "Brahmsweg",
		"Schumannstraße", "Clara-Schumann-Weg", "Regerstraße", "Silcherstraße", "Lortzingweg", "Weberstraße", "Telemannstraße",
		"Gluckweg", "Brucknerstraße", "Fanny-Hensel-Weg", "Pachelbelweg", "Orffstraße", "Humperdinckweg", "Flotowweg", "Straußweg",
	},
	themeTrees: {
		"Ahornweg", "Birkenweg", "Buchenweg", "Eichenweg", "Erlenweg", "Eschenweg", "Fichtenweg", "Lindenstraße", "Kastanienallee",
		"Lärchenweg", "Kiefernweg", "Ulmenweg", "Weidenweg", "Tannenweg", "Haselweg", "Holunderweg", "Pappelweg", "Vogelbeerweg",
		"Wacholderweg", "Kirschenweg", "Walnussweg", "Quittenweg", "Mirabellenweg", "Schlehenweg", "Elsbeerweg", "Hainbuchenweg",
	},
	themeFlowers: {
		"Rosenstraße", "Tulpenweg", "Nelkenweg", "Veilchenweg", "Asternweg", "Dahlienweg", "Fliederstraße", "Lilienweg", "Narzissenweg",
		"Primelweg", "Enzianweg", "Krokusweg", "Lavendelweg", "Mohnweg", "Kornblumenweg", "Akeleiweg", "Malvenweg", "Anemonenweg",
		"Schlüsselblumenweg", "Silberdistelweg", "Margeritenweg", "Sonnenblumenweg",
	},
	themeBirds: {
		"Amselweg", "Drosselweg", "Finkenweg", "Lerchenstraße", "Meisenweg", "Schwalbenweg", "Starenweg", "Zeisigweg", "Rotkehlchenweg",
		"Sperlingsweg", "Falkenstraße", "Bussardweg", "Habichtweg", "Milanweg", "Eisvogelweg", "Reiherweg", "Kiebitzweg", "Elsterweg",
		"Kuckucksweg", "Nachtigallenweg", "Pirolweg", "Goldammerweg",
	},
	themeFields: {
		"Am Mühlbach", "Im Wiesengrund", "Auf der Höhe", "Hinter den Gärten", "Am Kirchberg", "Unterer Sand", "Oberer Sand",
		"Bei der Ziegelhütte", "Im Rosenfeld", "Brühlstraße", "Am Sonnenhang", "Im Kappelfeld", "Steinäcker", "Lange Äcker", "Krautgärten",
		"Am Hasenbühl", "Im Grund", "Eckwiesen", "Am Wasserturm", "Talblick", "Halde", "Im Vogelsang", "Hofäcker", "Am Bildstock",
		"Breite Wiesen", "Oberer Rain", "Unterer Rain", "Gänsweide", "Flachsäcker", "Am Galgenberg", "Schafhof", "Kreuzäcker",
	},
	themeIndustry: {
		"Dieselstraße", "Daimlerstraße", "Siemensstraße", "Robert-Bosch-Straße", "Benzstraße", "Ottostraße", "Zeppelinstraße",
		"Lise-Meitner-Straße", "Max-Eyth-Straße", "Industriestraße", "Röntgenstraße", "Carl-Zeiss-Straße", "Heinrich-Hertz-Straße", "Liebigstraße",
		"Gutenbergstraße", "Bunsenstraße",
	},
	themeVillage: {
		"Kirchweg", "Mühlweg", "Schulstraße", "Gartenweg", "Bergweg", "Lindenplatz", "Hintere Gasse", "Vordere Gasse", "Backhausweg",
		"Am Dorfbach", "Rathausweg", "Kelterweg", "Schmiedeweg", "Angerweg", "Pfarrweg", "Zehntweg", "Hirtenweg", "Wiesenweg", "Feldweg", "Neue Straße",
	},
	themeSouth: {
		"Bismarckstraße", "Gartenstraße", "Karlstraße", "Wilhelmstraße", "Friedrichstraße", "Olgastraße", "Charlottenstraße", "Güterstraße",
		"Südliche Bahnstraße", "Kasernenstraße", "Moltkestraße", "Jahnstraße", "Turnstraße", "Stauferstraße", "Welfenstraße", "Schwabenstraße",
		"Frankenstraße", "Badener Weg", "Königsberger Straße", "Breslauer Straße", "Danziger Straße", "Egerlandstraße", "Sudetenweg", "Schlesierweg",
	},
}

// namer hands out street names, none twice in one settlement.
type namer struct {
	p    *plan
	used map[string]map[string]bool // settlement, name
	next map[string]int
}

func (p *plan) themeAt(at vec) theme {
	q := p.quarter(at)
	switch {
	case p.industrial(at):
		return themeIndustry
	case q == nil:
		return themeNone
	case q.kind == "village":
		return themeVillage
	case p.inCore(at):
		return themeCore
	}
	d := at.sub(p.places[0].c)
	sector := int(math.Floor((math.Atan2(d.y, d.x)+math.Pi)/(math.Pi/4))) % 8
	near := d.len() < 0.55*q.r
	switch sector { // from west counter-clockwise
	case 0:
		return themeFlowers
	case 1, 2:
		return themeSouth
	case 3:
		return themeBirds
	case 4:
		if near {
			return themePoets
		}
		return themeTrees
	case 5:
		return themePoets
	case 6:
		return themeComposers
	}
	return themeFields
}

// name returns a fresh name for a street with its middle at the place.
func (n *namer) name(at vec) string {
	t := n.p.themeAt(at)
	if t == themeNone {
		return ""
	}
	town := n.p.places[0].name
	if q := n.p.quarter(at); q != nil {
		town = q.name
	}
	if n.used[town] == nil {
		n.used[town] = make(map[string]bool)
	}
	for _, from := range []theme{t, themeFields, themeTrees, themeBirds, themeFlowers, themeComposers, themePoets} {
		if t == themeVillage && from == themePoets {
			continue
		}
		list := streetNames[from]
		start := n.p.rng.IntN(len(list))
		for i := range list {
			name := list[(start+i)%len(list)]
			if !n.used[town][name] {
				n.used[town][name] = true
				return name
			}
		}
	}
	// A large town runs out of names: the fields beyond are numbered, as new estates are.
	n.next[town]++
	return "Am Neubruch " + strconv.Itoa(n.next[town])
}

// mainName is what a main road is called at a place: by where it leads in town and from the town in the villages.
func (p *plan) mainName(s *street, at vec) string {
	q := p.quarter(at)
	switch {
	case q == nil:
		return ""
	case q.kind == "town" || s.rank > 0:
		return s.name
	case s.ref != "":
		return "Lindenfurter Straße"
	case len(s.name)%2 == 0:
		return "Dorfstraße"
	}
	return "Hauptstraße"
}

var familyNames = []string{"Auer", "Bader", "Conz", "Decker", "Ebinger", "Frank", "Geiger", "Hägele", "Ilg", "Jetter", "Knapp", "Lutz", "Mack", "Nuding", "Oelkuch", "Pfitzer", "Rapp", "Seibold", "Theurer", "Uhl", "Veit", "Weller", "Zorn", "Aigner", "Bäuerle", "Dreher", "Eisele", "Fuchs", "Gölz", "Häberle", "Jäger", "Kübler", "Lang", "Maurer", "Nagel", "Ott", "Pfister", "Renz", "Schäfer", "Trautwein", "Ulmer", "Vogt", "Widmann", "Zeller"}

// trade is a kind of shop or service with the names it may bear; %s stands for a family name.
type trade struct {
	key, value string
	names      []string
}

var trades = []trade{
	{"shop", "bakery", []string{"Bäckerei %s", "Backhaus %s"}},
	{"shop", "butcher", []string{"Metzgerei %s"}},
	{"shop", "hairdresser", []string{"Friseur %s", "Haarwerk", "Salon %s"}},
	{"shop", "clothes", []string{"Mode %s", "Anziehend"}},
	{"shop", "books", []string{"Buchhandlung %s", "Bücherwurm"}},
	{"shop", "florist", []string{"Blumen %s"}},
	{"shop", "optician", []string{"Optik %s"}},
	{"shop", "bicycle", []string{"Radhaus %s"}},
	{"shop", "shoes", []string{"Schuhhaus %s"}},
	{"shop", "jewelry", []string{"Juwelier %s"}},
	{"amenity", "restaurant", []string{"Gasthof Krone", "Zum Goldenen Hirsch", "Löwen", "Ratskeller", "Trattoria da Rosa", "Zur Linde", "Gasthaus %s", "Weinstube %s", "Gasthaus Sonne", "Taverna Olympia", "Adler"}},
	{"amenity", "cafe", []string{"Café %s", "Café am Markt", "Kaffeehaus Salmach"}},
	{"amenity", "pharmacy", []string{"Löwen-Apotheke", "%s-Apotheke", "Engel-Apotheke", "Park-Apotheke", "Stadt-Apotheke", "Marien-Apotheke", "Apotheke am Ring"}},
	{"amenity", "bank", []string{"Salmacher Volksbank", "Bankhaus %s", "Kreissparkasse Lindenfurt"}},
	{"amenity", "doctors", []string{"Praxis Dr. %s"}},
	{"amenity", "dentist", []string{"Zahnarzt Dr. %s"}},
	{"amenity", "pub", []string{"Zum Fässle", "Bierstube %s", "Schwarzer Rabe"}},
	{"amenity", "fast_food", []string{"Imbiss am Tor", "Imbiss %s", "Bosporus"}},
	{"office", "insurance", []string{"Versicherungsbüro %s"}},
	{"office", "lawyer", []string{"Kanzlei %s"}},
	{"craft", "electrician", []string{"Elektro %s"}},
	{"craft", "carpenter", []string{"Schreinerei %s"}},
	{"tourism", "hotel", []string{"Hotel Post", "Pension %s", "Hotel am Stadtring", "Gästehaus %s"}},
}
