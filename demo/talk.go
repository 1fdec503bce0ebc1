package demo

import (
	"strings"
	"time"

	"catchment/crm"
	"catchment/crm/record"
	"catchment/crm/work"
)

// campaignDays is how long ago the letters of the campaign went out; campaignName is what it is called.
const (
	campaignDays = 75
	campaignName = "Heat pump weeks"
	campaignTag  = "campaign heat pump weeks"
)

// say adds an activity with the account unless it lies ahead.
func (s *story) say(v record.Values, by *crm.Actor) {
	at, err := time.Parse(time.RFC3339, v.Text("at"))
	if err != nil {
		panic(err) // we wrote it
	}
	if !s.happened(at) || at.Before(s.since) {
		return
	}
	v["id"], v["account_id"], v["created_at"] = s.id("activity"), s.account, v["at"]
	if v["channel"] != "note" && v["channel"] != "task" {
		v["contact_id"] = s.contact()
	}
	s.activities = append(s.activities, record.Life{Values: v, By: by})
}

// meet tells how the rep and the customer talked about a deal.
func (s *story) meet(deal, source, name string, start time.Time, steps []record.Step) {
	first := map[string]string{"referral": "call", "partner": "email", "phone": "call", "campaign": "letter", "web": "form", "fair": "meeting"}[source]
	s.say(record.Values{"channel": first, "direction": "in", "subject": "Interested: " + name, "at": moment(start.Add(-30 * time.Minute)), "deal_id": deal}, s.by)
	for _, step := range steps {
		minutes := int64(10 + 5*s.chance.IntN(10))
		v := record.Values{"direction": "out", "at": moment(step.At.Add(-time.Hour)), "deal_id": deal, "minutes": minutes, "site_id": s.site}
		switch step.Set.Text("stage") {
		case "qualified":
			v["channel"], v["subject"], v["outcome"] = "call", "What is there now, what is wanted", "Visit agreed"
		case "proposal":
			v["channel"], v["subject"] = "visit", "On site: measured for the "+name
			point := s.addition.Sites[0].Point
			v["point"], v["cost"] = []any{point[0], point[1]}, int64(4500)
			s.say(record.Values{"channel": "email", "direction": "out", "subject": "Offer: " + name, "at": moment(step.At), "deal_id": deal}, s.by)
		case "negotiation":
			v["channel"], v["subject"], v["outcome"] = "meeting", "Talked about the price", "Thinks it over"
		}
		s.say(v, s.by)
	}
}

// campaign is the letter of the campaign and what came of it: written to owners of old oil boilers in the east, and to as many
// others who heat with gas.
func (s *story) campaign() {
	var aim *system
	for i := range s.systems {
		if sys := &s.systems[i]; sys.product.group == "Gas and oil" && s.m.now.Sub(sys.on).Hours()/24/365 > 8 {
			aim = sys
		}
	}
	sent := s.ago(campaignDays)
	if aim == nil || !s.household || !s.active(sent) {
		return
	}
	written := s.yes(0.4)
	if written {
		s.say(record.Values{"channel": "letter", "direction": "out", "subject": campaignName + ": replace your old boiler", "at": moment(sent), "tags": []any{campaignTag},
			"cost": int64(180)}, s.m.actor("marketer"))
	}
	rate, source := 0.03, "web"
	switch {
	case written && aim.product.code == "OB-25":
		rate, source = 0.24, "campaign"
	case written:
		rate, source = 0.09, "campaign"
	}
	if start := s.after(sent, 4, 40); s.yes(rate) && s.happened(start) {
		s.deal(start, source, weighed(s, []share[string]{{6, "HP-8"}, {4, "HP-12"}}))
	}
}

var chats = map[string][]string{
	"call": {"Asked how things are", "Appointment moved", "Reminded of the yearly service"}, "email": {"Manual sent", "Invoice sent again", "Confirmed the appointment"},
	"chat": {"Question about the app"}, "sms": {"Technician is on his way"}, "social": {"Praised us in public", "Asked under our post"}, "web": {"Looked at heat pumps", "Looked at prices"},
	"letter": {"Season's greetings"}, "fax": {"Order by fax"}, "form": {"Wrote by the form"}, "meeting": {"Met at the trade fair"}, "visit": {"Dropped in"},
}

var notes = []string{"Prefers mornings.", "Plans to renovate the house next year.", "Knows the mayor; a good reference.", "Pays late, but pays.", "Asked about subsidies.",
	"Second house further up the valley.", "Wants one invoice a year."}

// talk is what else was said, noted and left to do, and the leads.
func (s *story) talk() {
	rate := 1.2
	if !s.household {
		rate = 2.2
	}
	first := s.m.now.AddDate(0, 0, -past)
	if first.Before(s.since) {
		first = s.since
	}
	for t := first; ; {
		t = t.Add(time.Duration(s.chance.ExpFloat64() / rate * 365 * 24 * float64(time.Hour)))
		if !s.happened(t) || s.counts["activity"] > 200 {
			break
		}
		channel := weighed(s, []share[string]{{30, "call"}, {25, "email"}, {6, "chat"}, {8, "sms"}, {3, "social"}, {8, "web"}, {5, "letter"}, {1, "fax"}, {4, "form"}, {3, "meeting"}, {7, "visit"}})
		direction := "out"
		if channel == "chat" || channel == "social" || channel == "web" || channel == "fax" || channel == "form" || s.yes(0.4) {
			direction = "in"
		}
		s.say(record.Values{"channel": channel, "direction": direction, "subject": pick(s.chance, chats[channel]), "at": moment(s.office(t)),
			"minutes": int64(1 + s.chance.IntN(15))}, s.by)
	}
	if s.yes(0.3) {
		v := record.Values{"channel": "note", "subject": pick(s.chance, notes), "at": moment(s.ago(s.chance.Float64() * past))}
		if s.n < 400 && s.yes(0.15) {
			v["body"] = v.Text("subject") + "\n\n@" + s.m.people[s.owner].Name + ": please keep in mind for the next offer."
			v["mentions"] = []any{s.m.people[s.owner].ID.String()}
		}
		s.say(v, s.m.actor("agent"))
	}
	if !s.left.IsZero() || !s.yes(0.08) {
		s.leadsOf()
		return
	}
	due := s.m.now.AddDate(0, 0, s.chance.IntN(28)-6)
	s.say(record.Values{"channel": "task", "subject": pick(s.chance, []string{"Call back", "Send the brochure", "Ask for the next service", "Congratulate on the anniversary"}),
		"at": moment(s.ago(1 + s.chance.Float64()*8)), "due_at": moment(s.office(due)), "done": false, "owner_id": s.m.people[s.owner].ID.String()}, s.by)
	s.leadsOf()
}

// leadsOf are the lead the account came from, and one that came to nothing or is still open, from somewhere else.
func (s *story) leadsOf() {
	if !s.old && s.bought.IsZero() == false && s.yes(0.6) && len(s.deals) > 0 {
		s.leads = append(s.leads, s.converted())
	}
	rate := [...]float64{north: 0.3, east: 0.16, south: 0.1, west: 0.18}[s.side]
	if s.yes(rate) {
		s.leads = append(s.leads, s.unconverted())
	}
}

// converted is the lead that became the account.
func (s *story) converted() record.Life {
	a, site, deal := s.addition.Account, s.addition.Sites[0], s.deals[0]
	first, family, _ := strings.Cut(site.ContactName, " ")
	source := deal.Values.Text("source")
	start := s.office(s.since.AddDate(0, 0, -4-s.chance.IntN(25)))
	became := s.begun()
	v := record.Values{"id": s.id("lead"), "name": a.Name, "kind": a.Kind, "first_name": first, "last_name": family, "phone": a.Phone, "email": a.Email, "street": site.Street,
		"house_number": site.HouseNumber, "postcode": site.Postcode, "city": site.City, "country": site.Country, "point": site.Point, "source": source,
		"interest": deal.Values["name"], "state": "new", "score": int64(40 + s.chance.IntN(60)), "created_at": moment(start), "owner_id": s.m.people[s.owner].ID.String(),
		"team_id": s.m.teams["Sales"].String()}
	if source == "campaign" {
		v["campaign"] = campaignName
	}
	return record.Life{Values: v, By: s.by, Steps: []record.Step{
		{At: start.Add(4 * time.Hour), By: s.by, Set: record.Values{"state": "working"}},
		{At: s.since.Add(-time.Minute), By: s.by, Set: record.Values{"state": "qualified"}},
		{At: became, By: s.by, Verb: "converted", Set: record.Values{"state": "converted", "account_id": s.account, "deal_id": deal.Values.ID(), "converted_at": moment(became)}},
	}}
}

// unconverted is a lead at an address of its own.
func (s *story) unconverted() record.Life {
	at := s.m.places[s.chance.IntN(len(s.m.places))]
	names := s.m.country.names
	family, first := pick(s.chance, names.families), pick(s.chance, names.given)
	name, kind := first+" "+family, "household"
	if s.yes(0.3) {
		name, kind = strings.Replace(pick(s.chance, names.trades), "%", family, 1), "company"
	}
	source := weighed(s, deadSources)
	days := s.chance.Float64() * past
	if s.yes(0.25) {
		days = s.chance.Float64() * 45
	}
	start := s.ago(1 + days)
	v := record.Values{"id": s.id("lead"), "name": name, "kind": kind, "first_name": first, "last_name": family, "phone": digits(s.chance, s.m.country.phone),
		"email": mailName(first) + "." + mailName(family) + "@lead.example", "street": at.Street, "house_number": at.HouseNumber, "postcode": at.Postcode, "city": at.City,
		"country": s.m.country.code, "point": at.At, "source": source, "interest": products[productNo[s.wanted()]].name, "state": "new", "score": int64(s.chance.IntN(80)),
		"created_at": moment(start), "owner_id": s.m.people[s.owner].ID.String(), "team_id": s.m.teams["Sales"].String()}
	if source == "campaign" {
		v["campaign"] = campaignName
	}
	life := record.Life{Values: v, By: s.by}
	if working := s.after(start, 1, 5); s.happened(working) && !s.yes(0.1) {
		life.Steps = append(life.Steps, record.Step{At: working, By: s.by, Set: record.Values{"state": "working"}})
		if out := s.after(working, 6, 40); s.happened(out) {
			set := record.Values{"state": "disqualified", "reason": pick(s.chance, []string{"No answer", "Too expensive", "Tenant, may not decide", "Outside our area", "Only wanted to compare"})}
			life.Steps = append(life.Steps, record.Step{At: out, By: s.by, Set: set})
		} else {
			life.Values["next_step"], life.Values["next_step_on"] = "Call", work.DayOf(s.m.now, s.m.zone).Add(s.chance.IntN(10)-2)
			life.Values["next_step_on"] = string(life.Values["next_step_on"].(work.Day))
		}
	}
	return life
}
