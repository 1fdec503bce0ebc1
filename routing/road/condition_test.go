package road

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func wall(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.Parse(wallLayout, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestConditionsAreJudgedAtAWallClockTime(t *testing.T) {
	t.Parallel()
	// 2026-11-23 is a Monday.
	for _, test := range []struct {
		name, when, at string
		want           bool
	}{
		{"within the hours", "Mo-Fr 07:00-09:00", "2026-11-23T08:00", true},
		{"at the first minute", "Mo-Fr 07:00-09:00", "2026-11-23T07:00", true},
		{"after the last minute", "Mo-Fr 07:00-09:00", "2026-11-23T09:00", false},
		{"on a Saturday", "Mo-Fr 07:00-09:00", "2026-11-28T08:00", false},
		{"in the second of two spans", "Mo-Fr 07:00-09:00,16:00-18:00", "2026-11-23T17:59", true},
		{"in the second of two rules", "Mo-Fr 07:00-09:00; Sa 10:00-12:00", "2026-11-28T11:00", true},
		{"days without hours", "Sa,Su", "2026-11-29T23:59", true},
		{"over the weekend", "Fr-Mo", "2026-11-23T12:00", true},
		{"hours alone", "22:00-06:00", "2026-11-23T23:00", true},
		{"after midnight, begun the day before", "Su 22:00-06:00", "2026-11-23T05:59", true},
		{"after midnight, begun on no such day", "Mo 22:00-06:00", "2026-11-23T05:59", false},
		{"in winter", "Nov-Mar", "2026-11-23T05:59", true},
		{"in summer", "Nov-Mar", "2026-07-23T05:59", false},
		{"between two dates over new year", "Dec 24-Jan 2 08:00-10:00", "2026-01-02T09:00", true},
		{"between two dates of a month", "May 1-15", "2026-05-16T09:00", false},
		{"always", "24/7", "2026-05-16T09:00", true},
		{"taken back by a later rule", "08:00-20:00; Su off", "2026-11-29T12:00", false},
		{"spaces around the dash", "Mo - Fr 07:00 - 09:00", "2026-11-23T08:00", true},
		{"a vehicle too light", "weight > 7.5", "2026-11-23T08:00", false},
		{"a vehicle heavy enough", "weight>1.5", "2026-11-23T08:00", true},
		{"both", "Mo-Fr 07:00-09:00 AND weight<=2", "2026-11-23T08:00", true},
		{"one of both", "Mo-Fr 07:00-09:00 AND weight>7.5", "2026-11-23T08:00", false},
		{"the weather", "snow", "2026-11-23T08:00", false},
		{"the sun", "sunset-sunrise", "2026-11-23T08:00", false},
		{"holidays", "PH", "2026-11-23T08:00", false},
		{"nonsense", "Mo-Xx 99:00", "2026-11-23T08:00", false},
		{"months that are none", "Mayor-Junior", "2026-05-23T08:00", false},
	} {
		if diff := cmp.Diff(test.want, Car().At(wall(t, test.at)).fulfils(test.when)); diff != "" {
			t.Errorf("%s (%s at %s): %s", test.name, test.when, test.at, diff)
		}
	}
}

func TestStreetsAtAStatedTime(t *testing.T) {
	t.Parallel()
	const rush, night = "2026-11-23T08:00", "2026-11-23T23:00"
	const grid = `
a   b
    
d   c
`
	detour := []string{"ab", "bc", "ad highway=residential", "dc highway=residential"}
	for _, test := range []struct {
		name  string
		lines []string
		at    string // empty: conditions are left out
		want  bool   // whether the way round over d is taken
	}{
		{"a turn forbidden in the rush", with(detour, "none ab b bc restriction:conditional=no_right_turn_@_(Mo-Fr~07:00-09:00)"), rush, true},
		{"the same turn at night", with(detour, "none ab b bc restriction:conditional=no_right_turn_@_(Mo-Fr~07:00-09:00)"), night, false},
		{"a turn open for residents in the rush", with(detour, "no_right_turn ab b bc restriction:conditional=none_@_(Mo-Fr~07:00-09:00)"), rush, false},
		{"a street closed in the rush", []string{"ab", "bc motor_vehicle:conditional=no_@_(Mo-Fr~07:00-09:00)", "ad highway=residential", "dc highway=residential"}, rush, true},
		{"the same at night", []string{"ab", "bc motor_vehicle:conditional=no_@_(Mo-Fr~07:00-09:00)", "ad highway=residential", "dc highway=residential"}, night, false},
		{"the same at no stated time", []string{"ab", "bc motor_vehicle:conditional=no_@_(Mo-Fr~07:00-09:00)", "ad highway=residential", "dc highway=residential"}, "", false},
		{"a street open in the rush alone", []string{"ab", "bc access=no access:conditional=yes_@_(07:00-09:00)", "ad highway=residential", "dc highway=residential"}, rush, false},
		{"a street that runs the other way at night", []string{"ab", "bc oneway=yes oneway:conditional=-1_@_(22:00-06:00)", "ad highway=residential", "dc highway=residential"}, night, true},
		{"a gate shut at night", []string{"ab", "bc", "ad highway=residential", "dc highway=residential", "b: barrier=gate access:conditional=no_@_(22:00-06:00)"}, night, true},
		{"a limit at night", []string{"ab maxspeed:conditional=5_@_(22:00-06:00)", "bc", "ad highway=residential", "dc highway=residential"}, night, true},
	} {
		d := draw(t, grid, test.lines...)
		p := Car()
		if test.at != "" {
			p = p.At(wall(t, test.at))
		}
		g := buildStreets(t, d.net.Source(), p).Graph
		streets, _ := d.travel(t, g, "a", "c")
		if diff := cmp.Diff(test.want, strings.Contains(streets, "dc")); diff != "" {
			t.Errorf("%s, over %s: %s", test.name, streets, diff)
		}
		if test.at != "" && g.Version("car").Metric != "car/1 at "+test.at {
			t.Errorf("%s: the version says %q", test.name, g.Version("car").Metric)
		}
	}
}

func with(lines []string, more ...string) []string {
	return append(lines[:len(lines):len(lines)], more...)
}

func FuzzConditions(f *testing.F) {
	for _, seed := range []string{"no @ (Mo-Fr 07:00-09:00; Sa off); yes @ (weight > 7.5)", "no @ Dec 24-Jan 2", "@ (", "a @ (May 1-", "x @ (,-:;)"} {
		f.Add(seed)
	}
	p := Car().At(time.Date(2026, 12, 24, 8, 0, 0, 0, time.UTC))
	f.Fuzz(func(t *testing.T, text string) {
		if value, ok := p.holding(text); ok && value == "" {
			t.Error("a condition holds but says nothing")
		}
	})
}
