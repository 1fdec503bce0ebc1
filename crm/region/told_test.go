package region_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/paulmach/orb"

	"catchment/crm/customer"
	"catchment/crm/region"
)

func TestAccountsBroughtInWithTheirPastStandInEachStageAtItsTime(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	day := func(month time.Month) time.Time { return time.Date(2025, month, 1, 8, 0, 0, 0, time.UTC) }
	add := func(stage string, past ...customer.PastStage) {
		_, err := f.customers.AddMany(f.system, []customer.Addition{{Since: day(1), Stages: past,
			Account: customer.NewAccount{ID: uuid.Must(uuid.NewV7()), Name: "Beck", Stage: stage}, Sites: []customer.NewSite{{Point: orb.Point{9.5, 47.1}}, {Point: orb.Point{9.6, 47.2}}}}})
		f.must(err)
	}
	add("customer", customer.PastStage{Stage: "lead", Until: day(3)}, customer.PastStage{Stage: "prospect", Until: day(6)})
	add("won_back", customer.PastStage{Stage: "customer", Until: day(2)}, customer.PastStage{Stage: "lost", Until: day(9)})
	add("prospect")
	f.must(f.regions.CatchUp(f.system))
	anew := f.follow(t.TempDir()) // built from the whole journal, not followed
	f.must(anew.CatchUp(f.system))
	for _, row := range []struct {
		name string
		at   time.Time
		want map[string]int64
	}{
		{"before any was there", day(1).Add(-time.Hour), map[string]int64{}},
		{"at the beginning", day(1).Add(time.Hour), map[string]int64{"lead": 2, "customer": 2, "prospect": 2}},
		{"one is lost", day(2).Add(time.Hour), map[string]int64{"lead": 2, "lost": 2, "prospect": 2}},
		{"the lead became a prospect", day(4), map[string]int64{"prospect": 4, "lost": 2}},
		{"the prospect buys", day(7), map[string]int64{"customer": 2, "lost": 2, "prospect": 2}},
		{"the lost one is won back", day(10), map[string]int64{"customer": 2, "won_back": 2, "prospect": 2}},
		{"now", time.Time{}, map[string]int64{"customer": 2, "won_back": 2, "prospect": 2}},
	} {
		for how, regions := range map[string]*region.Regions{"followed": f.regions, "built anew": anew} {
			answer, err := regions.Snapshot(f.system, region.Question{AsOf: row.at, By: [][]string{{"stage"}}})
			f.must(err)
			got := map[string]int64{}
			for _, g := range answer.Groups[0] {
				got[g.Values[0]] = g.Count
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("%s, %s (-want +got)\n%s", row.name, how, diff)
			}
		}
	}
}
