package demo

import (
	"fmt"
	"math"
	"slices"
	"time"

	"catchment/crm"
	"catchment/crm/record"
	"catchment/crm/work"
)

// bad is the series that fails far more often than others: that of one half-year, of one model.
const (
	badModel  = "HP-8"
	badSeries = "AE8-B7"
)

// half is how many days a series is built.
const half = 182

// series is the series of a model that was installed on a day: the one of a year to a year and a half ago is B7.
func (s *story) series(p product, on time.Time) string {
	n := max(0, int(s.m.now.Sub(on).Hours()/24/half))
	if n < 9 {
		return fmt.Sprintf("%s-B%d", p.mark, 9-n)
	}
	return fmt.Sprintf("%s-A%d", p.mark, n)
}

// installed adds what an old customer has had for years.
func (s *story) installed() {
	tastes := [...][]share[string]{
		north: {{40, "GB-24"}, {15, "OB-25"}, {25, "hp"}, {12, "VENT-300"}, {8, "AC-5"}},
		east:  {{62, "OB-25"}, {23, "GB-24"}, {8, "hp"}, {7, "WS-20"}},
		south: {{45, "GB-24"}, {20, "OB-25"}, {25, "WS-20"}, {10, "AC-5"}},
		west:  {{45, "hp"}, {22, "GB-24"}, {20, "pv"}, {13, "VENT-300"}},
	}
	n := 1
	if !s.household {
		n += s.chance.IntN(3)
	} else if s.yes(0.25) {
		n = 2
	}
	for range n {
		model := s.sized(weighed(s, tastes[s.side]))
		most := map[string]float64{"Heat pumps": 9, "Solar": 10}[products[productNo[model]].group]
		if most == 0 {
			most = 19
		}
		on := s.m.now.Add(-time.Duration((0.3 + most*math.Pow(s.chance.Float64(), 0.8)) * 365 * 24 * float64(time.Hour)))
		if on.After(s.since.AddDate(1, 0, 0)) {
			on = s.since.AddDate(0, 1+s.chance.IntN(11), 0)
		}
		s.install(model, s.office(on))
	}
}

// install adds an installation as of a day, which may lie ahead.
func (s *story) install(model string, on time.Time) {
	p := products[productNo[model]]
	id := s.id("installation")
	known := on
	if known.Before(s.since) {
		known = s.since
	}
	v := record.Values{"id": id, "name": p.name, "account_id": s.account, "site_id": s.site, "product_id": s.m.productID(model), "status": "active",
		"serial": fmt.Sprintf("%s-%05d", s.series(p, on), (s.n*7+s.counts["installation"]*131)%100000), "installed_on": date(on),
		"warranty_until": date(on.AddDate(0, int(p.warranty), 0)), "created_at": moment(known),
		"place": pick(s.chance, []string{"Cellar", "Plant room", "Attic", "Garage", "Roof", "Behind the house"})}
	if p.minutes > 0 {
		next := on
		for ; !next.After(s.m.now); next = next.AddDate(1, 0, 0) {
		}
		v["next_service_on"] = date(next)
	}
	if !s.happened(on) {
		v["status"], v["created_at"] = "planned", moment(s.m.now.Add(-time.Hour))
		s.installations = append(s.installations, record.Life{Values: v, By: s.by})
		return
	}
	s.installations = append(s.installations, record.Life{Values: v, By: s.by})
	s.systems = append(s.systems, system{id: id, product: p, on: on})
}

// care signs a contract with some customers, and serves what they have once a year.
func (s *story) care() {
	if len(s.systems) == 0 || !s.yes(0.38) {
		return
	}
	start := s.systems[0].on
	for _, sys := range s.systems {
		if sys.on.Before(start) {
			start = sys.on
		}
	}
	if start.Before(s.since) {
		start = s.since
	}
	start = s.after(start, 20, 60)
	if !s.happened(start) {
		return
	}
	years := 3 + s.chance.IntN(6)
	end := start.AddDate(years, 0, -1)
	price := int64(0)
	for i := range s.systems {
		if p := s.systems[i].product; p.minutes > 0 {
			price += 9000 + p.minutes*170
			s.systems[i].contract = true
		}
	}
	if price == 0 {
		return
	}
	life := record.Life{By: s.by, Values: record.Values{"id": s.id("contract"), "name": "Yearly service", "account_id": s.account, "site_id": s.site, "kind": "maintenance",
		"state": "active", "start_on": date(start), "end_on": date(end), "notice_days": int64(90), "price": price, "period": "year", "currency": s.m.country.currency,
		"included_visits": int64(1), "response_hours": int64(pick(s.chance, []int{4, 8, 24, 24, 48})), "created_at": moment(start)}}
	over := end
	switch {
	case !s.left.IsZero() && s.left.After(start):
		life.Steps = append(life.Steps, record.Step{At: s.left, By: s.by, Set: record.Values{"state": "cancelled"}})
		over = s.left
	case s.happened(end):
		life.Steps = append(life.Steps, record.Step{At: s.office(end), Set: record.Values{"state": "expired"}})
	}
	s.contracts = append(s.contracts, life)
	for i := range s.systems {
		sys := &s.systems[i]
		if !sys.contract {
			continue
		}
		day := time.Date(s.m.now.Year()-3, time.Month(4+s.chance.IntN(7)), 1+s.chance.IntN(28), 9, 0, 0, 0, s.m.zone)
		for ; s.happened(day); day = day.AddDate(1, 0, 0) {
			if day.Before(start.AddDate(0, 0, 30)) || day.Before(sys.on.AddDate(0, 6, 0)) || !day.Before(over) || day.Before(s.m.now.AddDate(0, 0, -past)) {
				continue
			}
			s.visit(day, day.AddDate(0, 0, -10), "Yearly service: "+sys.product.name, sys.product, 20, "Served; all values within limits.")
		}
		if !s.happened(over) {
			s.installations[i].Values["next_service_on"] = date(day)
		}
	}
}

// faultSeason tells how often things fail in each month compared with the usual, from January on: heating in winter.
var faultSeason = [12]float64{1.9, 1.7, 1.2, 0.8, 0.5, 0.4, 0.4, 0.4, 0.7, 1.1, 1.4, 1.7}

// coolSeason is that of cooling.
var coolSeason = [12]float64{0.2, 0.2, 0.4, 0.7, 1.3, 2.3, 2.6, 2.1, 1, 0.5, 0.3, 0.2}

// faults tells of what broke: old things more often, what is served yearly less, and one series out of all proportion.
func (s *story) faults() {
	for i := range s.systems {
		sys := &s.systems[i]
		for month := 24; month >= 0; month-- {
			t := s.m.now.AddDate(0, -month, 0).Add(time.Duration(s.chance.IntN(28*24)) * time.Hour)
			if t.Before(sys.on.AddDate(0, 0, 5)) || t.Before(s.since) || !s.happened(t) || !s.active(t) {
				continue
			}
			rate := 0.16 * sys.product.faults * agePenalty(t.Sub(sys.on).Hours()/24/365)
			if sys.contract {
				rate *= 0.6
			}
			if s.series(sys.product, sys.on) == badSeries {
				rate = 1.3
			}
			season := faultSeason
			if sys.product.group == "Cooling" {
				season = coolSeason
			}
			if s.yes(rate / 12 * season[t.Month()-1]) {
				s.fault(sys, s.office(t))
			}
		}
	}
}

// agePenalty is how much more often something fails at an age in years than when it is new.
func agePenalty(years float64) float64 {
	switch {
	case years < 3:
		return 0.6
	case years < 7:
		return 1
	case years < 12:
		return 1.9
	}
	return 3.2
}

var faultTitles = map[string][]string{
	"Heat pumps":  {"Heat pump stops with a pressure fault", "House does not get warm", "Outdoor unit is loud", "Fault E7 after a defrost"},
	"Gas and oil": {"No heating", "Burner does not start", "No hot water", "Smell at the boiler"},
	"Solar":       {"Inverter shows a fault", "Less power than last year"}, "Charging": {"Wallbox does not charge"},
	"Ventilation": {"Ventilation is loud", "No fresh air upstairs"}, "Cooling": {"Cooling fails", "Water drips from the cooling unit"},
	"Water treatment": {"Water is hard again", "Softener runs over"},
}

var repairs = map[string][]string{
	"Heat pumps": {"Refilled and leak mended.", "Sensor replaced.", "Settings corrected."}, "Gas and oil": {"Burner cleaned, nozzle replaced.", "Ignition replaced.", "Pump replaced."},
	"Solar": {"Inverter restarted, firmware updated."}, "Charging": {"Fuse replaced."}, "Ventilation": {"Filters replaced, fan balanced."},
	"Cooling": {"Coolant refilled.", "Drain cleaned."}, "Water treatment": {"Valve replaced."},
}

// fault is a case about something that broke, often with a visit.
func (s *story) fault(sys *system, at time.Time) {
	sys.broken++
	title, repair := pick(s.chance, faultTitles[sys.product.group]), pick(s.chance, repairs[sys.product.group])
	if s.series(sys.product, sys.on) == badSeries && s.yes(0.8) {
		title, repair = "Heat pump stops with a pressure fault", "Compressor valve replaced; the same part as at others of the series."
	}
	priority := weighed(s, []share[string]{{2, "low"}, {6, "normal"}, {3, "high"}})
	if at.Month() >= time.November || at.Month() <= time.February {
		priority = weighed(s, []share[string]{{3, "normal"}, {5, "high"}, {3, "urgent"}})
	}
	visited := s.after(at, 1, 3)
	done := visited
	parts := s.yes(0.2)
	if parts {
		done = s.after(visited, 4, 12)
	}
	s.open(at, done, "fault", title, sys.id, priority, repair, parts, visited)
	if s.happened(visited) && s.yes(0.8) {
		s.visit(visited, at, title, sys.product, 80, repair)
	}
}

// open adds a case with its states.
func (s *story) open(at, done time.Time, kind, title, installation, priority, resolution string, parts bool, worked time.Time) {
	agent := s.m.actor("agent")
	channel := weighed(s, []share[string]{{9, "call"}, {5, "email"}, {2, "web"}, {2, "chat"}, {2, "form"}, {1, "sms"}, {0.5, "letter"}, {0.3, "fax"}})
	hours := map[string]time.Duration{"urgent": 8, "high": 24, "normal": 72, "low": 120}[priority]
	id := s.id("case")
	v := record.Values{"id": id, "title": title, "account_id": s.account, "contact_id": s.contact(), "site_id": s.site, "type": kind, "priority": priority,
		"channel": channel, "state": "new", "due_at": moment(at.Add(hours * time.Hour)), "created_at": moment(at)}
	if installation != "" {
		v["installation_id"] = installation
	}
	life := record.Life{Values: v, By: agent}
	step := func(t time.Time, by *crm.Actor, set record.Values) bool {
		if n := len(life.Steps); n > 0 && t.Before(life.Steps[n-1].At) || !s.happened(t) {
			return false
		}
		life.Steps = append(life.Steps, record.Step{At: t, By: by, Set: set})
		return true
	}
	if step(at.Add(time.Duration(5+s.chance.IntN(110))*time.Minute), agent, record.Values{"state": "in_progress"}) {
		if parts {
			step(worked, agent, record.Values{"state": "waiting_parts"})
		} else if kind != "fault" && s.yes(0.3) {
			step(s.after(at, 1, 1), agent, record.Values{"state": "waiting_customer"})
		}
		if step(done, agent, record.Values{"state": "resolved", "resolved_at": moment(done), "resolution": resolution}) {
			step(s.after(done, 5, 9), nil, record.Values{"state": "closed"})
		}
	}
	s.cases = append(s.cases, life)
	s.say(record.Values{"channel": channel, "direction": "in", "subject": title, "at": moment(at), "case_id": id, "minutes": int64(2 + s.chance.IntN(9))}, agent)
}

// others are questions, requests and complaints; complaints come before customers leave.
func (s *story) others() {
	if s.bought.IsZero() {
		return
	}
	first := s.m.now.AddDate(0, 0, -past)
	if first.Before(s.bought) {
		first = s.bought
	}
	ask := func(rate float64, kind string, titles []string, answer string) {
		for t := first; ; {
			t = t.Add(time.Duration(s.chance.ExpFloat64() / rate * 365 * 24 * float64(time.Hour)))
			if !s.happened(t) {
				return
			}
			if !s.active(t) {
				continue
			}
			at := s.office(t)
			done := s.after(at, 1, 6)
			s.open(at, done, kind, pick(s.chance, titles), "", "normal", answer, false, done)
		}
	}
	ask(0.1, "question", []string{"Question about the invoice", "How is the timer set?", "Which filter fits?"}, "Explained on the phone.")
	ask(0.06, "request", []string{"Wants another appointment", "Asks for the manual", "Change of the bank account"}, "Done.")
	ask(0.03, "complaint", complaints, "Apologised, credit note sent.")
	if !s.doubt.IsZero() && s.yes(0.65) {
		at := s.office(s.doubt.AddDate(0, 0, -15-s.chance.IntN(70)))
		if at.After(s.since) && s.happened(at) {
			done := s.after(at, 6, 20)
			s.open(at, done, "complaint", pick(s.chance, complaints), "", "high", "Apologised.", false, done)
		}
	}
}

var complaints = []string{"Waited for the technician in vain", "The repair did not hold", "The invoice is too high", "Nobody calls back"}

// slots of a past working day, in minutes after midnight.
var slots = []int{7*60 + 45, 9*60 + 30, 11*60 + 15, 13*60 + 30, 15*60 + 15}

// visit adds a visit of a technician who knows the product, on the first day from the wanted one on that has a slot free.
func (s *story) visit(wanted, asked time.Time, title string, p product, priority int, note string) {
	var able []int
	for i, who := range people {
		if who.kind == "technician" && (p.skill == "" || slices.Contains(who.skills, p.skill)) {
			able = append(able, i)
		}
	}
	turn, first := s.chance.IntN(len(able)), s.chance.IntN(len(slots))
	minutes := max(30, int(p.minutes)) + 15*s.chance.IntN(3) - 15
	outcome := weighed(s, []share[work.State]{{93, work.Done}, {4, work.NoAccess}, {3, work.Failed}})
	day := s.office(wanted)
	for range 12 {
		for k := range able {
			i := able[(turn+k)%len(able)]
			for j := range slots {
				slot := slots[(first+j)%len(slots)]
				start := time.Date(day.Year(), day.Month(), day.Day(), 0, slot, 0, 0, s.m.zone)
				if people[i].short && slot >= 12*60 || start.Before(asked) || !s.m.take(i, start) {
					continue
				}
				end := start.Add(time.Duration(min(minutes, 100)) * time.Minute)
				if !s.happened(end) {
					return
				}
				v := work.PastVisit{ID: s.m.id("past visit", s.n*256+s.counts["visit"]), Kind: "service", Title: title, AccountID: s.addition.Account.ID,
					SiteID: s.addition.Sites[0].ID, OwnerID: s.addition.Account.OwnerID, TeamID: s.addition.Account.TeamID, Skill: p.skill, Priority: priority,
					Planned: time.Duration(max(15, int(p.minutes))) * time.Minute, ResourceID: s.m.id("resource", i), Added: asked, Day: work.DayOf(start, s.m.zone),
					Start: start, End: end, State: outcome, Outcome: string(outcome), Note: note, By: s.m.actor(people[i].mail)}
				switch outcome {
				case work.NoAccess:
					v.End, v.Note = start.Add(10*time.Minute), "Nobody opened."
				case work.Failed:
					v.Outcome, v.Note = "part_missing", "A part is missing."
				}
				s.counts["visit"]++
				s.visits = append(s.visits, v)
				return
			}
		}
		day = s.office(day.AddDate(0, 0, 1))
	}
}

// booked is a technician's slot of a past day.
type booked struct {
	who   int
	start int64
}

// take books a slot unless it is taken.
func (m *maker) take(who int, start time.Time) bool {
	if m.taken == nil {
		return true
	}
	key := booked{who, start.Unix()}
	if m.taken[key] {
		return false
	}
	m.taken[key] = true
	return true
}
