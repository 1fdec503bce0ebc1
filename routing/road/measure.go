package road

import (
	"strconv"
	"strings"
)

// limits holds the speed limits that apply without a sign, by country and kind of street, in km/h. A 0 says
// that the country has no general limit there. Kinds not listed by country use kindLimits.
var limits = map[string]float64{
	"at:rural": 100, "at:trunk": 100,
	"be:motorway": 120, "be-bru:rural": 70, "be-bru:urban": 30, "be-vlg:rural": 70,
	"bg:motorway": 140,
	"by:urban":    60, "by:motorway": 110,
	"ca-on:rural": 80,
	"ch:rural":    80, "ch:trunk": 100, "ch:motorway": 120,
	"cz:trunk": 0, "cz:motorway": 0,
	"de:living_street": 7, "de:rural": 100, "de:motorway": 0,
	"dk:rural":      80,
	"es:trunk":      90,
	"fr:rural":      80,
	"gb:nsl_single": 60 * mile, "gb:nsl_dual": 70 * mile, "gb:motorway": 70 * mile,
	"nl:rural": 80, "nl:trunk": 100,
	"no:rural": 80, "no:motorway": 110,
	"ph:urban": 40, "ph:rural": 80, "ph:motorway": 100,
	"pl:rural": 100, "pl:expressway": 120, "pl:motorway": 140,
	"ro:trunk":         100,
	"ru:living_street": 20, "ru:urban": 60, "ru:motorway": 110,
	"uk:nsl_single": 60 * mile, "uk:nsl_dual": 70 * mile, "uk:motorway": 70 * mile,
	"za:urban": 60, "za:rural": 100,
	"none": 140,
}

// kindLimits holds the limits of countries that limits does not list.
var kindLimits = map[string]float64{"urban": 50, "rural": 90, "trunk": 110, "motorway": 130}

// mile is a statute mile in kilometres, as OSRM rounds it.
const mile = 1.609

// parseLimit reads a maxspeed value: "50", "30 mph", "DE:urban", "none". It returns 0 for what says nothing.
func parseLimit(value string) float64 {
	if n, rest, ok := leadingInt(value); ok {
		if strings.Contains(rest, "mph") || strings.Contains(rest, "mp/h") {
			return n * mile
		}
		return n
	}
	value = strings.ToLower(value)
	if n, ok := limits[value]; ok {
		return n
	}
	if _, kind, ok := strings.Cut(value, ":"); ok {
		return kindLimits[kind]
	}
	return 0
}

// leadingInt reads the digits a value starts with and returns what follows them.
func leadingInt(value string) (n float64, rest string, ok bool) {
	end := 0
	for end < len(value) && value[end] >= '0' && value[end] <= '9' {
		end++
	}
	if end == 0 || end > 9 {
		return 0, value, false
	}
	n, err := strconv.ParseFloat(value[:end], 64)
	return n, value[end:], err == nil
}

// leadingNumber reads the first decimal number in a value and returns what follows it.
func leadingNumber(value string) (n float64, rest string, ok bool) {
	start := strings.IndexAny(value, "0123456789")
	if start < 0 {
		return 0, value, false
	}
	end, point := start, false
	for ; end < len(value); end++ {
		switch c := value[end]; {
		case c >= '0' && c <= '9':
		case (c == '.' || c == ',') && !point:
			point = true
		default:
			goto done
		}
	}
done:
	n, err := strconv.ParseFloat(strings.TrimRight(strings.Replace(value[start:end], ",", ".", 1), "."), 64)
	return n, value[end:], err == nil
}

// parseMeters reads "3.5", "3,5 m" or feet and inches as in 11'6". It reports false for what is no length.
func parseMeters(value string) (float64, bool) {
	n, rest, ok := leadingNumber(value)
	if !ok {
		return 0, false
	}
	if _, inches, feet := strings.Cut(rest, "'"); feet {
		in, _, _ := leadingInt(strings.TrimSpace(inches))
		return (n*12 + in) * 0.0254, true
	}
	return n, true
}

// parseKilograms reads "3.5", "7.5 t" (tonnes) or "2800 kg". It reports false for what is no weight.
func parseKilograms(value string) (float64, bool) {
	n, rest, ok := leadingNumber(value)
	switch {
	case !ok:
		return 0, false
	case strings.HasPrefix(strings.TrimSpace(rest), "kg"):
		return n, true
	case strings.HasPrefix(strings.TrimSpace(rest), "lbs"):
		return n * 0.45359237, true
	}
	return n * 1000, true
}

// parseSeconds reads the duration of a ferry: "25" (minutes), "1:30", "00:12:30" or ISO 8601 as in "PT1H30M".
func parseSeconds(value string) (float64, bool) {
	value = strings.TrimSpace(value)
	if strings.HasPrefix(value, "P") {
		return parseISODuration(value[1:])
	}
	parts := strings.Split(value, ":")
	if len(parts) > 3 {
		return 0, false
	}
	var total float64
	for _, part := range parts {
		n, rest, ok := leadingInt(part)
		if !ok || rest != "" {
			return 0, false
		}
		total = total*60 + n
	}
	if len(parts) < 3 { // minutes, or hours and minutes
		total *= 60
	}
	return total, total > 0
}

// parseISODuration reads what follows the P of an ISO 8601 duration up to weeks; months and years are refused.
func parseISODuration(value string) (float64, bool) {
	var total float64
	clock := false
	for value != "" {
		if value[0] == 'T' && !clock {
			clock, value = true, value[1:]
			continue
		}
		n, rest, ok := leadingNumber(value)
		if !ok || rest == "" || value[0] < '0' || value[0] > '9' {
			return 0, false
		}
		unit := map[byte]float64{'W': 7 * 86400, 'D': 86400}
		if clock {
			unit = map[byte]float64{'H': 3600, 'M': 60, 'S': 1}
		}
		if unit[rest[0]] == 0 {
			return 0, false
		}
		total += n * unit[rest[0]]
		value = rest[1:]
	}
	return total, total > 0
}
