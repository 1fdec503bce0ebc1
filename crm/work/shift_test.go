package work_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/crm/kinds"
	"catchment/crm/record"
	"catchment/crm/work"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	must(t, err)
	return z
}

func TestTimesOfDayOnDaysThatAreNotOf24Hours(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, zone string
		day        work.Day
		wall       time.Duration
		want       string // UTC
	}{
		{"an ordinary winter day", "Europe/Vaduz", "2026-11-23", 8 * time.Hour, "2026-11-23T07:00:00Z"},
		{"the morning after the clocks went forward", "Europe/Vaduz", "2026-03-29", 8 * time.Hour, "2026-03-29T06:00:00Z"},
		{"the morning after the clocks went back", "Europe/Vaduz", "2026-10-25", 8 * time.Hour, "2026-10-25T07:00:00Z"},
		{"beyond midnight", "Europe/Vaduz", "2026-11-23", 26 * time.Hour, "2026-11-24T01:00:00Z"},
		{"a zone of half hours", "Australia/Lord_Howe", "2026-10-04", 8 * time.Hour, "2026-10-03T21:00:00Z"},
		{"a day without a midnight", "Africa/Cairo", "2026-04-24", 8 * time.Hour, "2026-04-24T05:00:00Z"},
		{"a leap day", "Europe/Vaduz", "2028-02-29", 8 * time.Hour, "2028-02-29T07:00:00Z"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := row.day.Time(zone(t, row.zone), row.wall)
			must(t, err)
			if text := got.UTC().Format(time.RFC3339); text != row.want {
				t.Errorf("want %s, got %s", row.want, text)
			}
		})
	}
}

func TestTheNextWorkingDay(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, zone, now string
		want            work.Day
	}{
		{"after Monday comes Tuesday", "Europe/Vaduz", "2026-11-23T12:00:00Z", "2026-11-24"},
		{"after Friday comes Monday", "Europe/Vaduz", "2026-11-27T12:00:00Z", "2026-11-30"},
		{"after Saturday comes Monday", "Europe/Vaduz", "2026-11-28T12:00:00Z", "2026-11-30"},
		{"after Sunday comes Monday", "Europe/Vaduz", "2026-11-22T12:00:00Z", "2026-11-23"},
		{"Sunday evening in Vaduz is Monday morning in Auckland", "Pacific/Auckland", "2026-11-22T20:00:00Z", "2026-11-24"},
		{"the night in which Cairo skips midnight", "Africa/Cairo", "2026-04-22T22:30:00Z", "2026-04-24"},
		{"over the end of the year", "Europe/Vaduz", "2026-12-31T12:00:00Z", "2027-01-01"},
	} {
		t.Run(row.name, func(t *testing.T) {
			now, err := time.Parse(time.RFC3339, row.now)
			must(t, err)
			if got := work.NextWorkingDay(now, zone(t, row.zone)); got != row.want {
				t.Errorf("want %s, got %s", row.want, got)
			}
		})
	}
}

func TestWhatShiftsMayBe(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	hours := func(n float64) time.Duration { return time.Duration(n * float64(time.Hour)) }
	day := func(d work.Day, start, end float64, breaks ...work.NewBreak) work.NewShift {
		return work.NewShift{Day: d, Start: hours(start), End: hours(end), Breaks: breaks}
	}
	lunch := work.NewBreak{Earliest: hours(11.5), Latest: hours(13.5), Length: 30 * time.Minute}
	for _, row := range []struct {
		name   string
		shifts []work.NewShift
		kind   crm.Kind
		field  string
	}{
		{"a day with a lunch break", []work.NewShift{day("2030-01-07", 8, 17, lunch)}, "", ""},
		{"two blocks a day", []work.NewShift{day("2030-01-08", 8, 12), day("2030-01-08", 13, 17)}, "", ""},
		{"a night", []work.NewShift{day("2030-01-09", 22, 30)}, "", ""},
		{"none", nil, crm.Invalid, "shifts"},
		{"a day that is none", []work.NewShift{day("2030-13-01", 8, 17)}, crm.Invalid, "shifts[0].day"},
		{"one that ends before it starts", []work.NewShift{day("2030-01-07", 8, 17), day("2030-01-10", 9, 8)}, crm.Invalid, "shifts[1].end"},
		{"one of 21 hours", []work.NewShift{day("2030-01-10", 0, 21)}, crm.Invalid, "shifts[0].end"},
		{"one that starts tomorrow", []work.NewShift{day("2030-01-10", 24, 30)}, crm.Invalid, "shifts[0].start"},
		{"a break outside the shift", []work.NewShift{day("2030-01-10", 12, 17, lunch)}, crm.Invalid, "shifts[0].breaks[0]"},
		{"a break longer than its bounds", []work.NewShift{day("2030-01-10", 8, 17, work.NewBreak{Earliest: hours(12), Latest: hours(12.25), Length: time.Hour})},
			crm.Invalid, "shifts[0].breaks[0]"},
		{"one within the hour that is skipped in spring", []work.NewShift{day("2030-03-31", 2, 3)}, crm.Invalid, "shifts[0].end"},
		{"two that overlap", []work.NewShift{day("2030-01-11", 8, 12), day("2030-01-11", 11, 15)}, crm.Conflict, ""},
		{"one into which last night's reaches", []work.NewShift{day("2030-01-14", 22, 30), day("2030-01-15", 5, 12)}, crm.Conflict, ""},
		{"one that overlaps what is there", []work.NewShift{day("2030-01-07", 16, 20)}, crm.Conflict, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := h.work.AddShifts(h.as("dispatcher"), h.resources["tech1"].ID, row.shifts)
			if row.kind == "" {
				must(t, err)
				return
			}
			wantError(t, err, row.kind, row.field)
		})
	}
	_, err := h.work.AddShifts(h.as("tech1"), h.resources["tech1"].ID, []work.NewShift{day("2030-01-10", 8, 17)})
	wantError(t, err, crm.Forbidden, "")
	_, err = h.work.AddShifts(h.as("dispatcher"), newID(), []work.NewShift{day("2030-01-10", 8, 17)})
	wantError(t, err, crm.NotFound, "")
}

func TestAddingShiftsAgainAnswersWithThoseThatAreThere(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	week := []work.NewShift{{Day: "2030-01-08", Start: 8 * time.Hour, End: 17 * time.Hour}, {Day: "2030-01-07", Start: 8 * time.Hour, End: 17 * time.Hour}}
	first, err := h.work.AddShifts(h.as("dispatcher"), h.resources["tech1"].ID, week)
	must(t, err)
	again, err := h.work.AddShifts(h.as("dispatcher"), h.resources["tech1"].ID, week)
	must(t, err)
	if diff := cmp.Diff(first, again); diff != "" || len(first) != 2 || first[0].Day != "2030-01-08" {
		t.Errorf("want the same two shifts, as asked for (-first +again)\n%s", diff)
	}
}

func TestARosterIsWhatAbsencesLeaveOfShifts(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	lunch := work.NewBreak{Earliest: 11*time.Hour + 30*time.Minute, Latest: 13*time.Hour + 30*time.Minute, Length: 30 * time.Minute}
	type part struct{ From, To, Break string }
	for i, row := range []struct {
		name     string
		shift    work.NewShift
		absences [][2]time.Duration // since midnight of the day
		want     []part             // wall times
	}{
		{"nobody is absent", work.NewShift{Start: 8 * time.Hour, End: 17 * time.Hour, Breaks: []work.NewBreak{lunch}}, nil, []part{{"08:00", "17:00", "11:30-13:30"}}},
		{"absent all day", work.NewShift{Start: 8 * time.Hour, End: 17 * time.Hour}, [][2]time.Duration{{0, 24 * time.Hour}}, nil},
		{"comes late", work.NewShift{Start: 8 * time.Hour, End: 17 * time.Hour, Breaks: []work.NewBreak{lunch}}, [][2]time.Duration{{7 * time.Hour, 10 * time.Hour}},
			[]part{{"10:00", "17:00", "11:30-13:30"}}},
		{"leaves early, after the break", work.NewShift{Start: 8 * time.Hour, End: 17 * time.Hour, Breaks: []work.NewBreak{lunch}}, [][2]time.Duration{{13 * time.Hour, 20 * time.Hour}},
			[]part{{"08:00", "13:00", "11:30-13:00"}}},
		{"at the dentist over lunch, before which there is room to eat", work.NewShift{Start: 8 * time.Hour, End: 17 * time.Hour, Breaks: []work.NewBreak{lunch}},
			[][2]time.Duration{{12 * time.Hour, 13 * time.Hour}}, []part{{"08:00", "12:00", "11:30-12:00"}, {"13:00", "17:00", ""}}},
		{"at the dentist with room to eat afterwards only", work.NewShift{Start: 8 * time.Hour, End: 17 * time.Hour, Breaks: []work.NewBreak{lunch}},
			[][2]time.Duration{{11 * time.Hour, 12 * time.Hour}}, []part{{"08:00", "11:00", ""}, {"12:00", "17:00", "12:00-13:30"}}},
		{"absent while others eat", work.NewShift{Start: 8 * time.Hour, End: 17 * time.Hour, Breaks: []work.NewBreak{lunch}},
			[][2]time.Duration{{11 * time.Hour, 14 * time.Hour}}, []part{{"08:00", "11:00", ""}, {"14:00", "17:00", ""}}},
		{"two absences", work.NewShift{Start: 8 * time.Hour, End: 17 * time.Hour}, [][2]time.Duration{{9 * time.Hour, 10 * time.Hour}, {15 * time.Hour, 16 * time.Hour}},
			[]part{{"08:00", "09:00", ""}, {"10:00", "15:00", ""}, {"16:00", "17:00", ""}}},
		{"an absence that only touches", work.NewShift{Start: 8 * time.Hour, End: 17 * time.Hour}, [][2]time.Duration{{6 * time.Hour, 8 * time.Hour}, {17 * time.Hour, 18 * time.Hour}},
			[]part{{"08:00", "17:00", ""}}},
		{"ill from the second half of a night on", work.NewShift{Start: 22 * time.Hour, End: 30 * time.Hour}, [][2]time.Duration{{25 * time.Hour, 72 * time.Hour}},
			[]part{{"22:00", "01:00", ""}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			day := work.Day("2030-01-07").Add(7 * i)
			row.shift.Day = day
			_, err := h.work.AddShifts(h.system, h.resources["tech1"].ID, []work.NewShift{row.shift})
			must(t, err)
			_, err = h.work.AddShifts(h.system, h.resources["tech2"].ID, []work.NewShift{{Day: day, Start: 8 * time.Hour, End: 9 * time.Hour}})
			must(t, err)
			for _, a := range row.absences {
				from, _ := day.Time(h.zone(), a[0])
				to, _ := day.Time(h.zone(), a[1])
				_, err := h.work.AddAbsence(h.system, h.resources["tech1"].ID, work.Window{Start: from, End: to}, "x")
				must(t, err)
			}
			shifts, err := h.work.Roster(h.as("dispatcher"), day, day)
			must(t, err)
			var got []part
			others := 0
			for _, s := range shifts {
				if s.ResourceID != h.resources["tech1"].ID {
					others++
					continue
				}
				clock := func(at time.Time) string { return at.In(h.zone()).Format("15:04") }
				p := part{From: clock(s.Starts), To: clock(s.Ends)}
				for _, b := range s.Breaks {
					p.Break += clock(b.Start) + "-" + clock(b.End)
				}
				got = append(got, p)
			}
			if diff := cmp.Diff(row.want, got); diff != "" || others != 1 {
				t.Errorf("(-want +got), and %d shifts of others\n%s", others, diff)
			}
		})
	}
}

func TestResourcesAndSkillsCheckTheirFields(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	sound := work.NewResource{Name: "New", Kind: "technician", BasePoint: orb.Point{9.5, 47.1}}
	ten := 10
	for _, row := range []struct {
		name   string
		change func(*work.NewResource)
		field  string
	}{
		{"no name", func(n *work.NewResource) { n.Name = " " }, "name"},
		{"a kind nobody knows", func(n *work.NewResource) { n.Kind = "dog" }, "kind"},
		{"a way to travel nobody knows", func(n *work.NewResource) { n.Profile = "balloon" }, "profile"},
		{"a base beyond the pole", func(n *work.NewResource) { n.BasePoint = orb.Point{9, 91} }, "base_point"},
		{"an eleventh colour", func(n *work.NewResource) { n.Colour = &ten }, "colour"},
		{"a skill nobody has heard of", func(n *work.NewResource) { n.Skills = []string{"gas", "magic"} }, "skills[1]"},
		{"a person nobody knows", func(n *work.NewResource) { id := newID(); n.StaffID = &id }, "staff_id"},
		{"a team nobody knows", func(n *work.NewResource) { id := newID(); n.TeamID = &id }, "team_id"},
	} {
		t.Run(row.name, func(t *testing.T) {
			n := sound
			row.change(&n)
			_, err := h.work.AddResource(h.as("dispatcher"), n)
			wantError(t, err, crm.Invalid, row.field)
		})
	}
	r, err := h.work.AddResource(h.as("dispatcher"), sound)
	must(t, err)
	name, skills := "  Newer ", []string{"oil"}
	r2, err := h.work.ChangeResource(h.as("dispatcher"), r.ID, r.Version, work.ResourceChange{Name: &name, Skills: &skills})
	must(t, err)
	if r2.Name != "Newer" || r2.Initials != "N" || r2.Version != r.Version+1 || cmp.Diff(skills, r2.Skills) != "" {
		t.Errorf("want the change made, got %+v", r2)
	}
	_, err = h.work.ChangeResource(h.as("dispatcher"), r.ID, r.Version, work.ResourceChange{})
	wantError(t, err, crm.Conflict, "version")
	for code, field := range map[string]string{"": "code", "Gas": "code", "1gas": "code", "gas-fired": "code", "wood": ""} {
		_, err := h.work.AddSkill(h.as("dispatcher"), work.Skill{Code: code, Name: "x"})
		if field == "" {
			must(t, err)
			continue
		}
		wantError(t, err, crm.Invalid, field)
	}
	_, err = h.work.AddSkill(h.as("dispatcher"), work.Skill{Code: "gas", Name: "again"})
	wantError(t, err, crm.Conflict, "")
}

func TestListsOfVisitsPageWithoutGapsAndRefuseBadCursors(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	want := map[string]int{}
	for i := range 7 {
		want[h.addVisit("north", fields{"title": "Wärmepumpe 100%", "latest": h.today.Add(i % 3), "earliest": h.today}).Number] = 1
	}
	h.addVisit("south", nil)
	got := map[string]int{}
	pages := 0
	for cursor := ""; pages == 0 || cursor != ""; pages++ {
		page, err := h.work.Visits(h.as("rep1"), work.VisitQuery{Limit: 2, Cursor: cursor, Text: "wärmepumpe 100%"})
		must(t, err)
		for _, v := range page.Items {
			got[v.Number]++
		}
		cursor = page.Next
	}
	if diff := cmp.Diff(want, got); diff != "" || pages != 4 {
		t.Errorf("%d pages; how often each visit came (-want +got)\n%s", pages, diff)
	}
	for _, cursor := range []string{"?", "bm9uc2Vuc2U", crm.EncodeCursor("x"), crm.EncodeCursor(map[string]any{"Latest": "yesterday"}), crm.EncodeCursor([]int{1}),
		crm.EncodeCursor(map[string]any{"No": "one"})} {
		_, err := h.work.Visits(h.as("rep1"), work.VisitQuery{Cursor: cursor})
		wantError(t, err, crm.Invalid, "cursor")
		_, err = kinds.Records(h.store).List(h.as("rep1"), "account", record.Query{Cursor: cursor})
		if k := crm.KindOf(err); k != crm.Invalid && err != nil { // some fit another list's key
			t.Errorf("accounts with cursor %q: %v", cursor, err)
		}
	}
	_, err := h.work.Visits(h.as("rep1"), work.VisitQuery{Day: "tomorrow"})
	wantError(t, err, crm.Invalid, "date")
}
