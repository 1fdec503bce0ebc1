package record

import "strings"

// choices are the words of states and sorts, as people say them. A word means the same in every kind.
var choices = map[string]Label{
	"company": {"Company", "Firma"}, "household": {"Household", "Haushalt"},
	"lead": {"Lead", "Lead"}, "prospect": {"Prospect", "Interessent"}, "customer": {"Customer", "Kunde"}, "at_risk": {"At risk", "Gefährdet"},
	"lost": {"Lost", "Verloren"}, "won_back": {"Won back", "Zurückgewonnen"}, "A": {"A", "A"}, "B": {"B", "B"}, "C": {"C", "C"},
	"new": {"New", "Neu"}, "working": {"Working", "In Arbeit"}, "qualified": {"Qualified", "Qualifiziert"}, "converted": {"Converted", "Umgewandelt"},
	"disqualified": {"Disqualified", "Ausgeschieden"}, "proposal": {"Proposal", "Angebot"}, "negotiation": {"Negotiation", "Verhandlung"}, "won": {"Won", "Gewonnen"},
	"draft": {"Draft", "Entwurf"}, "confirmed": {"Confirmed", "Bestätigt"}, "fulfilled": {"Fulfilled", "Erfüllt"}, "invoiced": {"Invoiced", "Verrechnet"},
	"cancelled": {"Cancelled", "Storniert"}, "goods": {"Goods", "Ware"}, "service": {"Service", "Service"}, "part": {"Part", "Ersatzteil"}, "contract": {"Contract", "Vertrag"},
	"in_progress": {"In progress", "In Arbeit"}, "waiting_customer": {"Waiting for customer", "Wartet auf Kunde"}, "waiting_parts": {"Waiting for parts", "Wartet auf Teile"},
	"resolved": {"Resolved", "Gelöst"}, "closed": {"Closed", "Geschlossen"}, "reopened": {"Reopened", "Wieder offen"},
	"fault": {"Fault", "Störung"}, "question": {"Question", "Frage"}, "request": {"Request", "Wunsch"}, "complaint": {"Complaint", "Beschwerde"},
	"low": {"Low", "Niedrig"}, "normal": {"Normal", "Normal"}, "high": {"High", "Hoch"}, "urgent": {"Urgent", "Dringend"},
	"call": {"Call", "Anruf"}, "email": {"E-mail", "E-Mail"}, "letter": {"Letter", "Brief"}, "fax": {"Fax", "Fax"}, "chat": {"Chat", "Chat"}, "visit": {"Visit", "Besuch"},
	"form": {"Form", "Formular"}, "sms": {"SMS", "SMS"}, "meeting": {"Meeting", "Treffen"}, "web": {"Web", "Web"}, "social": {"Social media", "Soziale Medien"},
	"note": {"Note", "Notiz"}, "task": {"Task", "Aufgabe"}, "in": {"Incoming", "Eingehend"}, "out": {"Outgoing", "Ausgehend"},
	"planned": {"Planned", "Geplant"}, "active": {"Active", "Aktiv"}, "removed": {"Removed", "Ausgebaut"}, "expired": {"Expired", "Abgelaufen"},
	"maintenance": {"Maintenance", "Wartung"}, "rental": {"Rental", "Miete"}, "support": {"Support", "Unterstützung"}, "supply": {"Supply", "Lieferung"},
	"month": {"Month", "Monat"}, "quarter": {"Quarter", "Quartal"}, "year": {"Year", "Jahr"},
	"person": {"Person", "Person"}, "geocoder": {"Address search", "Adresssuche"}, "import": {"Import", "Import"}, "synthetic": {"Invented", "Erfunden"},
	"proposed": {"Proposed", "Vorgeschlagen"}, "promised": {"Promised", "Zugesagt"}, "dispatched": {"Dispatched", "Übermittelt"}, "travelling": {"On the way", "Unterwegs"},
	"on_site": {"On site", "Vor Ort"}, "done": {"Done", "Erledigt"}, "failed": {"Not completed", "Nicht erledigt"}, "no_access": {"No access", "Kein Zutritt"},
	"sales": {"Sales", "Verkauf"}, "campaign": {"Campaign", "Kampagne"}, "technician": {"Technician", "Techniker"}, "rep": {"Rep", "Aussendienst"}, "crew": {"Crew", "Trupp"},
}

// Choice returns what people call an option of an enum.
func (f *Field) Choice(option string) Label {
	if l, ok := choices[option]; ok && !f.custom {
		return l
	}
	if f.custom || option == "" {
		return Label{option, option}
	}
	words := strings.ReplaceAll(option, "_", " ")
	words = strings.ToUpper(words[:1]) + words[1:]
	return Label{words, words}
}

// Named tells whether an option has a name of its own.
func Named(option string) bool {
	_, ok := choices[option]
	return ok
}
