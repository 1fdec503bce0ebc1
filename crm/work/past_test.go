package work_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"catchment/crm"
	"catchment/crm/work"
)

func TestWhatAVisitThatIsOverMayBe(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	start := time.Date(2025, 3, 3, 9, 0, 0, 0, time.UTC)
	sound := func() work.PastVisit {
		return work.PastVisit{ID: uuid.Must(uuid.NewV7()), Kind: "service", Title: "Yearly service", AccountID: h.accounts["north"].ID, SiteID: h.sites["north"].ID, Planned: time.Hour,
			ResourceID: h.resources["tech1"].ID, Added: start.AddDate(0, 0, -5), Day: "2025-03-03", Start: start, End: start.Add(50 * time.Minute), State: work.Done, Outcome: "done", Note: "All well."}
	}
	tell := func(v work.PastVisit) error {
		return h.store.Write(h.system, func(tx pgx.Tx) error { return work.TellIn(h.system, tx, []work.PastVisit{v}) })
	}
	for name, change := range map[string]func(*work.PastVisit){
		"one that is still to come":      func(v *work.PastVisit) { v.State = work.Planned },
		"one that ended before it began": func(v *work.PastVisit) { v.End = v.Start.Add(-time.Minute) },
		"one begun before it was wanted": func(v *work.PastVisit) { v.Added = v.Start.Add(time.Minute) },
		"one of a kind there is none of": func(v *work.PastVisit) { v.Kind = "party" },
		"one nobody was at":              func(v *work.PastVisit) { v.ResourceID = uuid.Nil },
		"one without a title":            func(v *work.PastVisit) { v.Title = "" },
		"one of no time":                 func(v *work.PastVisit) { v.Planned = 0 },
		"one on a day there is none of":  func(v *work.PastVisit) { v.Day = "2025-02-30" },
		"one more urgent than there is":  func(v *work.PastVisit) { v.Priority = 101 },
		"one at a site there is none of": func(v *work.PastVisit) { v.SiteID = uuid.Must(uuid.NewV7()) },
	} {
		t.Run(name, func(t *testing.T) {
			v := sound()
			change(&v)
			err := tell(v)
			if crm.KindOf(err) != crm.Invalid {
				t.Errorf("want it refused, got %v", err)
			}
		})
	}
	v := sound()
	if err := tell(v); err != nil {
		t.Fatal(err)
	}
	got, err := h.work.Visit(h.system, v.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got.State != work.Done || got.StartAt == nil || !got.StartAt.Equal(start) || got.OutcomeNote != "All well." || !got.Started {
		t.Errorf("want it as it was told, got %+v", got)
	}
	entries, err := h.store.Timeline(h.system, v.ID, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries.Items) != 4 || entries.Items[0].Verb != "completed" || !entries.Items[0].At.Equal(v.End) || !entries.Items[3].At.Equal(v.Added) {
		t.Errorf("want its whole life told, got %+v", entries.Items)
	}
}
