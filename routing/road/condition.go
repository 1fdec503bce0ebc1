package road

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"catchment/geo/osm"
)

// Many rules of the road hold at certain times, or for certain vehicles: restriction:conditional=no_left_turn @ (Mo-Fr
// 07:00-09:00), motor_vehicle:conditional=no @ (weight > 7.5 AND Su 00:00-24:00). A map is drawn either without them
// or as it is at one stated time. Conditions in words this file does not know (snow, sunset, holidays) count as not
// fulfilled, as in OSRM.

// At returns the profile with conditional rules judged at a time on the clocks of the map: of the time given only the
// wall clock counts, not the zone.
func (p *Profile) At(wall time.Time) *Profile {
	q := *p
	q.wall = wall
	return &q
}

const conditional = ":conditional"

// now returns the tags as they are at the profile's time: what a condition says that holds takes the place of the
// plain value.
func (p *Profile) now(tags osm.Tags) osm.Tags {
	if p.wall.IsZero() || !slices.ContainsFunc(tags, func(t osm.Tag) bool { return strings.HasSuffix(t.Key, conditional) }) {
		return tags
	}
	tags = slices.Clone(tags)
	for _, t := range tags {
		key, is := strings.CutSuffix(t.Key, conditional)
		if !is {
			continue
		}
		value, ok := p.holding(t.Value)
		if !ok {
			continue
		}
		if i := slices.IndexFunc(tags, func(t osm.Tag) bool { return t.Key == key }); i >= 0 {
			tags[i].Value = value
		} else {
			tags = append(tags, osm.Tag{Key: key, Value: value})
		}
	}
	return tags
}

// holding returns the value whose condition holds, the last of several. A conditional value reads "no @ (Mo-Fr
// 07:00-09:00); destination @ (Sa)".
func (p *Profile) holding(text string) (value string, ok bool) {
	for text != "" {
		v, rest, found := strings.Cut(text, "@")
		if !found {
			break
		}
		var when string
		if rest = strings.TrimSpace(rest); strings.HasPrefix(rest, "(") {
			end := strings.IndexByte(rest, ')')
			if end < 0 {
				break
			}
			when, rest = rest[1:end], rest[end+1:]
			_, rest, _ = strings.Cut(rest, ";")
		} else {
			when, rest, _ = strings.Cut(rest, ";")
		}
		if p.fulfils(when) {
			value, ok = strings.TrimSpace(v), true
		}
		text = rest
	}
	return value, ok && value != ""
}

// fulfils judges conditions joined by AND.
func (p *Profile) fulfils(when string) bool {
	for part := range strings.SplitSeq(strings.ReplaceAll(when, " and ", " AND "), " AND ") {
		if part = strings.TrimSpace(part); part == "" || !p.fulfilsOne(part) {
			return false
		}
	}
	return true
}

func (p *Profile) fulfilsOne(when string) bool {
	if i := strings.IndexAny(when, "<>="); i > 0 {
		sizes := map[string]float64{"weight": p.Vehicle.Weight / 1000, "weightrating": p.Vehicle.Weight / 1000, "maxweightrating": p.Vehicle.Weight / 1000,
			"height": p.Vehicle.Height, "width": p.Vehicle.Width, "length": p.Vehicle.Length}
		size := sizes[strings.ToLower(strings.TrimSpace(when[:i]))]
		sign := when[i : i+1]
		if i+1 < len(when) && when[i+1] == '=' {
			sign += "="
		}
		limit, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(when[i+len(sign):]), "t")), 64)
		if err != nil || size == 0 {
			return false
		}
		switch sign {
		case "<":
			return size < limit
		case "<=":
			return size <= limit
		case ">":
			return size > limit
		case ">=":
			return size >= limit
		}
		return size == limit
	}
	return openAt(when, p.wall)
}

// openAt judges hours as opening_hours writes them: rules separated by semicolons, the last one that speaks of the
// time counts.
func openAt(hours string, wall time.Time) bool {
	open := false
	for text := range strings.SplitSeq(hours, ";") {
		r, ok := readRule(text)
		if !ok {
			return false
		}
		minute := wall.Hour()*60 + wall.Minute()
		if r.speaksOf(wall, minute) || r.speaksOf(wall.AddDate(0, 0, -1), minute+24*60) {
			open = !r.off
		}
	}
	return open
}

// hoursRule is one rule of opening hours. An empty list says nothing: any day, or all day long.
type hoursRule struct {
	dates []span // month*100 + day, both from 1
	days  []span // of the week, Monday 0
	times []span // minutes; the end may lie beyond midnight
	off   bool
}

// span is a range with both ends, running on over the end of the year or the week where its end lies before its start.
type span struct{ from, to int }

func (s span) holds(v int) bool {
	if s.from <= s.to {
		return s.from <= v && v <= s.to
	}
	return v >= s.from || v <= s.to
}

// speaksOf tells whether a rule holds so many minutes after the start of a day.
func (r hoursRule) speaksOf(day time.Time, minute int) bool {
	in := func(list []span, v int) bool {
		return len(list) == 0 || slices.ContainsFunc(list, func(s span) bool { return s.holds(v) })
	}
	if !in(r.dates, int(day.Month())*100+day.Day()) || !in(r.days, (int(day.Weekday())+6)%7) {
		return false
	}
	if len(r.times) == 0 {
		return minute < 24*60
	}
	return slices.ContainsFunc(r.times, func(s span) bool { return s.from <= minute && minute < s.to })
}

var (
	weekDays = []string{"mo", "tu", "we", "th", "fr", "sa", "su"}
	months   = []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}
)

// readRule reads "Nov-Mar Mo-Fr,Su 07:00-09:00,16:00-18:00". It reports false for what it does not know.
func readRule(text string) (r hoursRule, ok bool) {
	text = strings.ToLower(strings.TrimSpace(text))
	if text == "" {
		return r, false
	}
	if text == "24/7" {
		return r, true
	}
	for _, dash := range []string{" - ", " -", "- "} {
		text = strings.ReplaceAll(text, dash, "-")
	}
	text = strings.ReplaceAll(text, ", ", ",")
	words := strings.Fields(text)
	for i := 0; i < len(words); i++ {
		word := words[i]
		switch {
		case word == "off" || word == "closed":
			r.off = true
		case isOneOf(word, months):
			for i+1 < len(words) && words[i+1][0] >= '0' && words[i+1][0] <= '9' && !strings.Contains(words[i+1], ":") { // "dec 24-jan 2"
				i++
				word += " " + words[i]
			}
			if r.dates, ok = readDates(word); !ok {
				return r, false
			}
		case isOneOf(word, weekDays):
			for list := range strings.SplitSeq(word, ",") {
				from, to, isRange := strings.Cut(list, "-")
				a, b := slices.Index(weekDays, from), slices.Index(weekDays, to)
				if !isRange {
					b = a
				}
				if a < 0 || b < 0 {
					return r, false
				}
				r.days = append(r.days, span{a, b})
			}
		case word[0] >= '0' && word[0] <= '9':
			for list := range strings.SplitSeq(word, ",") {
				from, to, isRange := strings.Cut(list, "-")
				a, ok1 := readClock(from)
				b, ok2 := readClock(to)
				if !isRange || !ok1 || !ok2 || a >= 24*60 {
					return r, false
				}
				if b <= a {
					b += 24 * 60
				}
				r.times = append(r.times, span{a, b})
			}
		default:
			return r, false
		}
	}
	return r, true
}

// isOneOf tells whether a word begins with one of some names, and not with a longer word.
func isOneOf(word string, names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		return strings.HasPrefix(word, name) && (len(word) == len(name) || word[len(name)] < 'a' || word[len(name)] > 'z')
	})
}

// readDates reads "nov-mar", "may,sep", "may 1" or "dec 24-jan 2".
func readDates(text string) (dates []span, ok bool) {
	for list := range strings.SplitSeq(text, ",") {
		from, to, isRange := strings.Cut(list, "-")
		month, day, ok := readDate(from)
		if !ok {
			return nil, false
		}
		s := span{month*100 + max(day, 1), month*100 + day}
		if isRange {
			if n, err := strconv.Atoi(to); err == nil && day > 0 { // "may 1-15"
				to = months[month-1] + " " + strconv.Itoa(n)
			}
			if month, day, ok = readDate(to); !ok {
				return nil, false
			}
			s.to = month*100 + day
		}
		if s.to%100 == 0 {
			s.to += 31
		}
		dates = append(dates, s)
	}
	return dates, true
}

// readDate reads "may" or "may 1"; day is 0 for a whole month.
func readDate(text string) (month, day int, ok bool) {
	name, number, hasDay := strings.Cut(text, " ")
	month = slices.Index(months, name) + 1
	if hasDay {
		var err error
		if day, err = strconv.Atoi(number); err != nil || day < 1 || day > 31 {
			return 0, 0, false
		}
	}
	return month, day, month > 0
}

// readClock reads "7:00" or "24:00" as minutes.
func readClock(text string) (minutes int, ok bool) {
	hour, minute, found := strings.Cut(text, ":")
	h, err1 := strconv.Atoi(hour)
	m, err2 := strconv.Atoi(minute)
	return h*60 + m, found && err1 == nil && err2 == nil && h >= 0 && h <= 26 && m >= 0 && m < 60
}
