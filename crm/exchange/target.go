package exchange

import (
	"slices"
	"strings"

	"catchment/crm"
	"catchment/crm/record"
)

// Target is something a column may mean.
type Target struct {
	Name     string // "email"; "site.street", "contact.last_name", "line.quantity" for what hangs on the record
	Label    record.Label
	Type     record.Type
	Required bool

	field *record.Field // nil for the parts of a place
	part  string        // "", "site", "contact", "line"
}

// placeParts are the parts of a place.
var placeParts = []Target{
	{Name: "name", Label: record.Label{En: "Site name", De: "Name des Standorts"}, Type: record.Text},
	{Name: "street", Label: record.Label{En: "Street", De: "Straße"}, Type: record.Text},
	{Name: "house_number", Label: record.Label{En: "House number", De: "Hausnummer"}, Type: record.Text},
	{Name: "postcode", Label: record.Label{En: "Postcode", De: "Postleitzahl"}, Type: record.Text},
	{Name: "city", Label: record.Label{En: "Town", De: "Ort"}, Type: record.Text},
	{Name: "country", Label: record.Label{En: "Country", De: "Land"}, Type: record.Text},
	{Name: "lon", Label: record.Label{En: "Longitude", De: "Länge"}, Type: record.Number},
	{Name: "lat", Label: record.Label{En: "Latitude", De: "Breite"}, Type: record.Number},
	{Name: "access_note", Label: record.Label{En: "How to get in", De: "Zugang"}, Type: record.Long},
	{Name: "contact_name", Label: record.Label{En: "Contact on site", De: "Ansprechperson"}, Type: record.Text},
	{Name: "contact_phone", Label: record.Label{En: "Phone on site", De: "Telefon vor Ort"}, Type: record.Phone},
}

// Kinds are the kinds of records files bring in, in an order in which each finds those it refers to.
var Kinds = []string{"account", "site", "contact", "lead", "product_group", "product", "deal", "order", "order_line", "installation", "contract", "case", "activity"}

// settable tells whether a file may set a field.
func settable(f *record.Field) bool {
	return f.Expr == "" && (!f.ReadOnly || f.Name == "id") && f.Type != record.Document && f.Type != record.Point
}

// targets returns what columns of a file of a kind may mean. parts gives the kinds that hang on it.
func targets(k, contact, line *record.Kind) []Target {
	var out []Target
	add := func(k *record.Kind, part, prefix string, leave ...string) {
		for i := range k.Fields {
			f := &k.Fields[i]
			if !settable(f) || slices.Contains(leave, f.Name) {
				continue
			}
			needed := part == "" && f.Required && f.Default == nil && f.Name != "site_id" // else the first site of the account
			out = append(out, Target{Name: prefix + f.Name, Label: f.Label, Type: f.Type, Required: needed, field: f, part: part})
		}
	}
	place := func(prefix string) {
		for _, p := range placeParts {
			p.Name, p.part = prefix+p.Name, "site"
			out = append(out, p)
		}
	}
	switch k.Name {
	case "site":
		out = append(out, Target{Name: "id", Label: record.Label{En: "Id", De: "Kennung"}, Type: record.Ref, part: "site"})
		f, _ := k.Field("account_id")
		out = append(out, Target{Name: "account_id", Label: f.Label, Type: f.Type, Required: true, field: f})
		place("")
		return out
	case "account":
		add(k, "", "")
		out = append(out, Target{Name: "number", Label: record.Label{En: "Number", De: "Nummer"}, Type: record.Text})
		place("site.")
		add(contact, "contact", "contact.", "id", "account_id", "site_id", "owner_id", "team_id", "tags")
	case "order":
		add(k, "", "")
		add(line, "line", "line.", "id", "order_id", "account_id")
	default:
		add(k, "", "")
	}
	if f, ok := k.Field("point"); ok && f.Type == record.Point {
		for _, p := range placeParts {
			if p.Name == "lon" || p.Name == "lat" {
				p.part = "point"
				out = append(out, p)
			}
		}
	}
	return out
}

// synonyms are what columns are called besides what fields are called here, folded as crm.SearchText folds.
var synonyms = map[string][]string{
	"name":                  {"firma", "firmenname", "company", "company name", "account", "account name", "kunde", "kundenname", "organisation", "organization", "betrieb", "bezeichnung", "name 1", "name1", "titel", "title", "full name", "produkt", "product name", "deal name"},
	"external_id":           {"kundennummer", "kundennr", "kunden nr", "kd nr", "kdnr", "customer number", "customer no", "customer id", "account number", "debitor", "debitorennummer", "debitor nr", "id extern", "external id", "erp nr", "nummer extern", "auftragsnummer", "order number", "order no", "bestellnummer", "vorgangsnummer", "id", "uid"},
	"number":                {"nummer"},
	"phone":                 {"telefon", "tel", "tel.", "telefonnummer", "phone number", "telefon geschaeft", "festnetz", "work phone", "telefon 1"},
	"mobile":                {"handy", "mobil", "mobiltelefon", "mobile phone", "cell", "cell phone", "natel"},
	"email":                 {"e-mail", "mail", "e mail", "emailadresse", "e-mail-adresse", "mailadresse", "email address"},
	"website":               {"web", "homepage", "internet", "url", "webseite", "www"},
	"industry":              {"branche", "sector"},
	"employees":             {"mitarbeiter", "mitarbeiterzahl", "anzahl mitarbeiter", "headcount"},
	"annual_revenue":        {"umsatz", "jahresumsatz", "revenue", "turnover"},
	"tax_id":                {"uid nummer", "ust id", "ust-id", "ustid", "vat", "vat number", "mwst nr", "steuernummer"},
	"note":                  {"notiz", "notizen", "bemerkung", "bemerkungen", "kommentar", "comment", "comments", "notes", "remarks", "info"},
	"tags":                  {"stichworte", "kategorien", "categories", "labels", "schlagworte", "gruppe"},
	"kind":                  {"typ", "art", "type", "kundenart"},
	"class":                 {"abc", "abc klasse", "klasse", "kundenklasse", "rating"},
	"stage":                 {"phase", "status", "stufe", "lebenszyklus"},
	"state":                 {"status", "stand"},
	"status":                {"stand", "zustand"},
	"owner_id":              {"owner", "betreuer", "aussendienst", "verantwortlich", "zustaendig", "account manager", "sales rep", "besitzer"},
	"team_id":               {"team", "abteilung"},
	"account_id":            {"account", "kunde", "kundennummer", "kundennr", "customer", "customer number", "firma", "company", "kundenname", "organisation"},
	"contact_id":            {"contact", "kontakt", "ansprechpartner"},
	"product_id":            {"product", "artikel", "artikelnummer", "sku", "produkt"},
	"group_id":              {"group", "produktgruppe", "warengruppe", "gruppe", "kategorie", "category"},
	"deal_id":               {"deal", "verkaufschance", "opportunity"},
	"case_id":               {"case", "ticket", "anliegen"},
	"order_id":              {"order", "auftrag", "bestellung", "auftragsnummer"},
	"installation_id":       {"installation", "anlage", "geraet"},
	"code":                  {"artikelnummer", "artikelnr", "artikel nr", "sku", "art nr", "item number", "product code"},
	"price":                 {"preis", "verkaufspreis", "vk", "list price", "unit price"},
	"amount":                {"betrag", "wert", "value", "volumen", "summe"},
	"close_on":              {"abschluss", "abschlussdatum", "close date", "closing date", "expected close"},
	"ordered_on":            {"datum", "bestelldatum", "auftragsdatum", "order date", "date"},
	"deliver_on":            {"lieferdatum", "liefertermin", "delivery date"},
	"reference":             {"referenz", "ihr zeichen", "po number"},
	"serial":                {"seriennummer", "serien nr", "serial number", "serial no", "geraetenummer", "sn"},
	"installed_on":          {"einbaudatum", "installationsdatum", "install date", "baujahr"},
	"warranty_until":        {"garantie bis", "garantieende", "warranty end"},
	"next_service_on":       {"naechste wartung", "next service"},
	"title":                 {"titel", "betreff", "subject", "problem"},
	"subject":               {"betreff", "titel", "thema"},
	"description":           {"beschreibung", "details", "text"},
	"body":                  {"text", "inhalt", "beschreibung", "content", "notiz"},
	"at":                    {"datum", "zeit", "zeitpunkt", "date", "time", "datum zeit"},
	"channel":               {"kanal", "art", "typ", "type"},
	"first_name":            {"vorname", "given name", "firstname", "rufname"},
	"last_name":             {"nachname", "familienname", "surname", "family name", "lastname"},
	"salutation":            {"anrede"},
	"role":                  {"funktion", "position", "job title", "rolle"},
	"department":            {"abteilung"},
	"language":              {"sprache", "lang"},
	"source":                {"quelle", "herkunft", "lead source"},
	"site.name":             {"standort", "standortname", "filiale", "objekt", "site"},
	"site.street":           {"street", "strasse", "str", "str.", "adresse", "address", "street address", "address line 1", "rue", "via", "anschrift", "billing street"},
	"site.house_number":     {"house number", "hausnummer", "hausnr", "haus nr", "hnr", "nr", "housenumber"},
	"site.postcode":         {"postcode", "plz", "zip", "zip code", "zipcode", "postal code", "postleitzahl", "npa", "cap", "billing zip"},
	"site.city":             {"city", "ort", "stadt", "town", "gemeinde", "ville", "ortschaft", "wohnort", "billing city"},
	"site.country":          {"country", "land", "pays", "staat", "country code", "laendercode"},
	"site.lon":              {"lon", "lng", "long", "longitude", "laenge", "laengengrad", "x", "geo lon"},
	"site.lat":              {"lat", "latitude", "breite", "breitengrad", "y", "geo lat"},
	"contact.first_name":    {"vorname", "first name", "firstname", "ansprechpartner vorname", "contact first name"},
	"contact.last_name":     {"nachname", "last name", "lastname", "ansprechpartner", "kontaktperson", "contact", "contact name", "kontakt", "ansprechperson", "contact last name"},
	"contact.email":         {"kontakt e-mail", "contact email", "e-mail ansprechpartner", "email contact"},
	"contact.phone":         {"kontakt telefon", "contact phone", "direktwahl", "telefon direkt"},
	"contact.mobile":        {"mobil", "handy", "mobile", "natel", "mobiltelefon"},
	"contact.role":          {"funktion", "position", "job title", "role", "titel kontakt"},
	"contact.salutation":    {"anrede", "salutation"},
	"line.position":         {"position", "pos", "pos."},
	"line.product_id":       {"product", "artikel", "artikelnummer", "sku", "produkt", "product code", "art nr"},
	"line.description":      {"bezeichnung", "artikelbezeichnung", "beschreibung", "description", "product name"},
	"line.quantity":         {"menge", "anzahl", "quantity", "qty", "stueck"},
	"line.unit_price":       {"einzelpreis", "stueckpreis", "unit price", "preis", "price"},
	"line.discount_percent": {"rabatt", "rabatt %", "discount"},
}

// fold makes a header comparable.
func fold(name string) string {
	name = strings.NewReplacer("_", " ", "/", " ", "(", " ", ")", " ", ":", " ", "*", " ").Replace(name)
	return crm.SearchText(name)
}

// propose finds what the columns of a file mean: what they are called, else what they hold. Each target gets at most one
// column, each column at most one target; surer finds go first.
func propose(list []Target, header []string, sample [][]string) map[string]string {
	type find struct {
		target, column int
		score          int
	}
	var finds []find
	ofAccount := slices.ContainsFunc(list, func(t Target) bool { return t.Name == "account_id" && t.part == "" })
	for t, target := range list {
		bare := target.Name[strings.LastIndexByte(target.Name, '.')+1:]
		for c, name := range header {
			folded, score := fold(name), 0
			switch {
			case name == target.Name:
				score = 100
			case folded == fold(target.Name):
				score = 90
			case target.part != "" && target.part != "line" && folded == fold(target.part+" "+bare):
				score = 88
			case folded == crm.SearchText(target.Label.En) || folded == crm.SearchText(target.Label.De):
				score = 80
			case target.field != nil && target.field.Type == record.Ref && folded == fold(strings.TrimSuffix(bare, "_id")):
				score = 75
			case slices.Contains(synonyms[target.Name], folded):
				score = 70 - slices.Index(synonyms[target.Name], folded)
			case (target.part == "site" || target.part == "point") && slices.Contains(synonyms["site."+bare], folded):
				score = 65
			}
			if target.part != "" && score > 0 { // the record itself before what hangs on it
				score -= 3
			}
			if target.part == "contact" && (score == 77 || score < 45) && slices.ContainsFunc(list, func(o Target) bool { return o.Name == bare }) {
				continue // "Phone" alone is that of the record
			}
			if ofAccount && target.Name != "account_id" && score <= 80 && slices.Contains(synonyms["account_id"], folded) {
				continue // where records belong to accounts, the customer's number is not theirs
			}
			if target.Name == "id" && !holdsIDs(c, sample) {
				score = 0
			}
			if score > 0 {
				finds = append(finds, find{t, c, score})
			}
		}
	}
	slices.SortStableFunc(finds, func(a, b find) int { return b.score - a.score })
	out, taken := map[string]string{}, map[int]bool{}
	for _, f := range finds {
		if _, done := out[list[f.target].Name]; done || taken[f.column] {
			continue
		}
		out[list[f.target].Name], taken[f.column] = header[f.column], true
	}
	byContent(list, header, sample, out, taken)
	return out
}

// byContent maps columns whose names say nothing by what they hold.
func byContent(list []Target, header []string, sample [][]string, out map[string]string, taken map[int]bool) {
	is := func(column int, fits func(string) bool) bool {
		filled := 0
		for _, row := range sample {
			if text := strings.TrimSpace(row[column]); text != "" {
				if !fits(text) {
					return false
				}
				filled++
			}
		}
		return filled > 0
	}
	email := &record.Field{Name: "email", Type: record.Email}
	for _, target := range list {
		if _, done := out[target.Name]; done || target.part != "" || target.Type != record.Email && target.Type != record.URL {
			continue
		}
		for c := range header {
			if taken[c] {
				continue
			}
			fits := func(text string) bool { _, err := email.Normal(text); return err == nil }
			if target.Type == record.URL {
				fits = func(text string) bool {
					return strings.HasPrefix(text, "http://") || strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "www.")
				}
			}
			if is(c, fits) {
				out[target.Name], taken[c] = header[c], true
				break
			}
		}
	}
}

// holdsIDs tells whether a column holds ids of ours.
func holdsIDs(column int, sample [][]string) bool {
	f := record.Field{Name: "id", Type: record.Ref}
	for _, row := range sample {
		if text := strings.TrimSpace(row[column]); text != "" {
			if _, err := f.Normal(text); err != nil {
				return false
			}
		}
	}
	return len(sample) > 0
}

// guessKind tells what kind of records a file most likely holds: the one whose targets its columns name best.
func guessKind(kinds map[string][]Target, header []string, sample [][]string) string {
	best, bestScore := "account", 0
	for _, name := range Kinds {
		list, ok := kinds[name]
		if !ok {
			continue
		}
		found := propose(list, header, sample)
		score := len(found) * 2
		for _, t := range list {
			if _, ok := found[t.Name]; t.Required && !ok {
				score -= 4
			}
		}
		if score > bestScore {
			best, bestScore = name, score
		}
	}
	return best
}
