package demo

import (
	"math"
	"time"

	"catchment/crm"
	"catchment/crm/record"
	"catchment/crm/sales"
)

// winRates tell how often a deal is won by where it came from.
var winRates = map[string]float64{"referral": 0.6, "partner": 0.5, "phone": 0.42, "campaign": 0.4, "web": 0.28, "fair": 0.2}

// sellers tell how much better or worse than the usual a rep sells.
var sellers = map[string]float64{"rep": 1.2, "rep2": 0.75}

// Where deals come from, and where leads come from that never become one.
var (
	dealSources = []share[string]{{22, "referral"}, {10, "partner"}, {18, "phone"}, {4, "campaign"}, {32, "web"}, {14, "fair"}}
	deadSources = []share[string]{{7, "referral"}, {5, "partner"}, {12, "phone"}, {6, "campaign"}, {45, "web"}, {25, "fair"}}
)

// competitor takes the customers of the south.
const competitor = "Nordwind Wärme"

// win is how a new account becomes a customer, or does not: up to two deals.
func (s *story) win() {
	start := s.after(s.since, 3, 20)
	for range 2 {
		if !s.happened(start) {
			return
		}
		closed, won := s.deal(start, weighed(s, dealSources), s.wanted())
		if won {
			s.bought = closed
			return
		}
		if closed.IsZero() || !s.yes(0.4) {
			return
		}
		start = s.after(closed, 50, 150)
	}
}

// projects are what a customer wants besides: more in the north, and there more and more.
func (s *story) projects() {
	rate := [...]float64{north: 0.42, east: 0.26, south: 0.14, west: 0.3}[s.side] // a year
	if !s.household {
		rate *= 1.5
	}
	from := s.bought.AddDate(0, 0, 60)
	if first := s.m.now.AddDate(0, 0, -past); from.Before(first) {
		from = first
	}
	for t := from; ; {
		t = t.Add(time.Duration(s.chance.ExpFloat64() / rate * 365 * 24 * float64(time.Hour)))
		if !s.happened(t) {
			return
		}
		if keep := s.trend(t); s.yes(1-keep) || !s.active(t) {
			continue
		}
		s.deal(s.office(t), weighed(s, dealSources), s.wanted())
	}
}

// trend is the share of what might happen that does, from the beginning of the history to now.
func (s *story) trend(t time.Time) float64 {
	done := 1 - s.m.now.Sub(t).Hours()/24/past // 0 two years ago, 1 now
	switch s.side {
	case north:
		return 0.35 + 0.65*done
	case south:
		return 0.9 - 0.5*done
	}
	return 0.7
}

// wanted draws what the account wants to buy: each side of the region has its taste.
func (s *story) wanted() string {
	tastes := [...][]share[string]{
		north: {{45, "hp"}, {25, "VENT-300"}, {20, "pv"}, {10, "GB-24"}},
		east:  {{20, "OB-25"}, {35, "GB-24"}, {30, "hp"}, {15, "pv"}},
		south: {{35, "GB-24"}, {35, "WS-20"}, {20, "hp"}, {10, "AC-5"}},
		west:  {{45, "hp"}, {40, "pv"}, {10, "VENT-300"}, {5, "AC-5"}},
	}
	return s.sized(weighed(s, tastes[s.side]))
}

// sized returns the model that fits the account.
func (s *story) sized(model string) string {
	large := !s.household && s.yes(0.6)
	switch model {
	case "hp":
		if large {
			return "HP-30"
		}
		return weighed(s, []share[string]{{6, "HP-8"}, {4, "HP-12"}})
	case "pv":
		if large {
			return "PV-30"
		}
		return "PV-6"
	case "GB-24":
		if large {
			return "GB-90"
		}
	case "VENT-300":
		if large {
			return "VENT-2000"
		}
	case "AC-5":
		if large {
			return "AC-40"
		}
	}
	return model
}

// basket is what is bought together with a model.
func (s *story) basket(model string) []line {
	lines := []line{{model, 1}}
	add := func(share float64, code string, quantity float64) {
		if s.yes(share) {
			lines = append(lines, line{code, quantity})
		}
	}
	switch products[productNo[model]].group {
	case "Heat pumps":
		add(0.7, "BUF-500", 1)
		add(0.5, "THERM", 1)
		add(0.3, "METER", 1)
	case "Gas and oil":
		add(0.8, "FLUE", 1)
		add(0.4, "THERM", 1)
	case "Solar":
		add(0.6, "BAT-10", 1)
		add(0.45, "WB-11", 1)
	case "Water treatment":
		add(0.85, "SALT", float64(4+s.chance.IntN(5)))
		add(0.5, "FILT-W", 2)
	case "Ventilation":
		add(0.75, "FILT-V", 2)
	case "Cooling":
		add(0.4, "COOLANT", 1)
	}
	days := 1 + float64(products[productNo[model]].price/1500000)
	return append(lines, line{"SRV-INST", days})
}

// lossReasons by how often they are given.
var lossReasons = []share[string]{{45, "Price"}, {25, "Competitor"}, {15, "Postponed"}, {15, "No answer"}}

// deal tells of a deal that was opened at a time: when it was closed, zero if it is still open, and whether it was won. What
// was won is ordered and installed.
func (s *story) deal(start time.Time, source, model string) (closed time.Time, won bool) {
	lines := s.basket(model)
	discount := 0.0
	if !s.household && s.yes(0.4) {
		discount = float64(2 + s.chance.IntN(7))
	}
	amount := total(lines, discount)
	id := s.id("deal")
	name := products[productNo[model]].name
	days := 12 + s.chance.IntN(70)
	won = s.yes(min(0.92, winRates[source]*sellers[s.owner]))
	stages := sales.Stages[:4]
	if !won {
		stages = stages[:1+s.chance.IntN(4)]
	}
	closed = s.office(start.AddDate(0, 0, days))
	life := record.Life{By: s.by, Values: record.Values{"id": id, "name": name, "account_id": s.account, "contact_id": s.contact(), "site_id": s.site, "stage": "new",
		"amount": amount, "currency": s.m.country.currency, "probability": sales.Stages[0].Probability, "close_on": date(closed), "source": source,
		"created_at": moment(start)}}
	at, begun := start, start
	for i, stage := range stages[1:] {
		at = s.office(start.AddDate(0, 0, max(i+1, days*(i+1)/(len(stages)+1))))
		if at.Before(begun) || !at.Before(closed) || !s.happened(at) {
			break
		}
		begun = at
		life.Steps = append(life.Steps, record.Step{At: at, By: s.by, Set: record.Values{"stage": stage.Code, "probability": stage.Probability}})
	}
	s.meet(id, source, name, start, life.Steps)
	if !s.happened(closed) {
		life.Values["next_step"] = pick(s.chance, []string{"Call again", "Send the offer", "Visit with the technician", "Ask for the decision"})
		life.Values["next_step_on"] = date(s.m.now.AddDate(0, 0, s.chance.IntN(21)-5))
		s.deals = append(s.deals, life)
		return time.Time{}, false
	}
	set := record.Values{"closed_at": moment(closed), "stage": "won", "probability": int64(100)}
	if !won {
		set = record.Values{"closed_at": moment(closed), "stage": "lost", "probability": int64(0)}
		reason := weighed(s, lossReasons)
		if s.side == south && s.yes(0.5) {
			reason = "Competitor"
		}
		if set["loss_reason"] = reason; reason == "Competitor" {
			set["competitor"] = pick(s.chance, []string{"Thermofix", "Haas & Co.", competitor})
			if s.side == south {
				set["competitor"] = competitor
			}
		}
	}
	life.Steps = append(life.Steps, record.Step{At: closed, By: s.by, Set: set})
	s.deals = append(s.deals, life)
	if won {
		ready := s.order(closed, id, lines, discount)
		s.install(model, ready)
		for _, l := range lines[1:] {
			if l.code == "BAT-10" || l.code == "WB-11" {
				s.install(l.code, ready)
			}
		}
	}
	return closed, won
}

// order tells of an order and returns when it was, or will be, delivered.
func (s *story) order(at time.Time, deal string, lines []line, discount float64) time.Time {
	id := s.id("order")
	ready := s.after(at, 2, 6)
	if deal != "" {
		ready = s.after(at, 18, 45)
	}
	life := record.Life{By: s.by, Values: record.Values{"id": id, "account_id": s.account, "contact_id": s.contact(), "site_id": s.site, "state": "draft",
		"ordered_on": date(at), "deliver_on": date(ready), "currency": s.m.country.currency, "created_at": moment(at)}}
	if deal != "" {
		life.Values["deal_id"] = deal
	}
	cancelled := deal == "" && s.yes(0.02)
	when := at
	for _, step := range []struct {
		state string
		at    time.Time
		by    *crm.Actor
	}{{"confirmed", at.Add(20 * time.Minute), s.by}, {"fulfilled", ready, s.by}, {"invoiced", s.after(ready, 2, 9), nil}} {
		if cancelled && step.state == "fulfilled" {
			step.state, cancelled = "cancelled", false
			if s.happened(step.at) {
				life.Steps = append(life.Steps, record.Step{At: step.at, By: step.by, Set: record.Values{"state": "cancelled"}})
			}
			break
		}
		if !s.happened(step.at) {
			break
		}
		when = step.at
		life.Steps = append(life.Steps, record.Step{At: when, By: step.by, Set: record.Values{"state": step.state}})
	}
	if n := len(life.Steps); (n == 0 || life.Steps[n-1].Set["state"] != "cancelled") && at.After(s.m.now.AddDate(0, 0, -past)) {
		s.revenue += total(lines, discount)
	}
	s.orders = append(s.orders, life)
	for i, l := range lines {
		p := products[productNo[l.code]]
		s.lines = append(s.lines, record.Life{By: s.by, Values: record.Values{"id": s.id("line"), "order_id": id, "account_id": s.account, "position": int64(i + 1),
			"product_id": s.m.productID(l.code), "description": p.name, "quantity": l.quantity, "unit_price": p.price, "discount_percent": discount,
			"amount": lineAmount(l, discount), "created_at": moment(at)}})
	}
	return ready
}

// seasons tell how much is bought in each month compared with the usual, from January on.
var seasons = map[string][12]float64{
	"NOZZLE":  {1.4, 1.2, 0.8, 0.5, 0.3, 0.2, 0.2, 0.5, 1.5, 2.2, 1.8, 1.4},
	"GLYCOL":  {1.1, 1, 0.8, 0.6, 0.5, 0.4, 0.4, 0.8, 1.8, 2, 1.5, 1.1},
	"COOLANT": {0.1, 0.1, 0.3, 0.8, 1.8, 2.8, 3, 2, 0.7, 0.2, 0.1, 0.1},
	"FILT-V":  {0.6, 0.7, 2, 1.8, 0.8, 0.6, 0.5, 0.6, 1.8, 1.5, 0.6, 0.5},
}

// supplies are the small orders of customers for what they have installed, by season.
func (s *story) supplies() {
	from := s.bought.AddDate(0, 0, 30)
	if first := s.m.now.AddDate(0, 0, -past); from.Before(first) {
		from = first
	}
	for _, installed := range s.systems {
		basket := supplyOf(installed.product.group)
		if basket == "" {
			continue
		}
		rate := 0.8
		if !s.household {
			rate = 1.8
		}
		for t := from; ; {
			t = t.Add(time.Duration(s.chance.ExpFloat64() / (3 * rate) * 365 * 24 * float64(time.Hour)))
			if !s.happened(t) || s.counts["order"] > 40 {
				break
			}
			season := 1.0
			if months, ok := seasons[basket]; ok {
				season = months[t.Month()-1]
			}
			if t.Before(installed.on) || !s.active(t) || !s.yes(season/3*s.trend(t)) {
				continue
			}
			lines := []line{{basket, 1 + math.Floor(s.chance.Float64()*3)}}
			switch basket {
			case "FILT-V", "NOZZLE":
				if s.yes(0.7) {
					lines = append(lines, line{"SEAL", 1})
				}
			case "SALT":
				lines[0].quantity = float64(4 + s.chance.IntN(9))
				if s.yes(0.55) {
					lines = append(lines, line{"FILT-W", 2})
				}
			}
			if s.yes(0.06) {
				lines = append(lines, line{"THERM", 1})
			}
			s.order(s.office(t), "", lines, 0)
		}
	}
}

// supplyOf is what a group of products uses up.
func supplyOf(group string) string {
	return map[string]string{"Gas and oil": "NOZZLE", "Heat pumps": "GLYCOL", "Cooling": "COOLANT", "Ventilation": "FILT-V", "Water treatment": "SALT"}[group]
}
