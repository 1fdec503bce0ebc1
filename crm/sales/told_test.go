package sales_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"catchment/crm"
	"catchment/crm/record"
)

func (f *firm) tell(kind string, lives ...record.Life) error {
	return f.store.Write(f.ctx, func(tx pgx.Tx) error { return f.records.TellIn(f.ctx, tx, kind, lives) })
}

func TestARecordBroughtInWithItsPastAnswersForEachDay(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	account := f.add("account", record.Values{"name": "Hotel Bergblick"})
	day := func(n int) time.Time { return time.Date(2025, 3, n, 8, 0, 0, 0, time.UTC) }
	laura := crm.Actor{ID: uuid.Must(uuid.NewV7()), Name: "Laura"}
	id := uuid.Must(uuid.NewV7())
	life := record.Life{By: &laura, Values: record.Values{"id": id.String(), "name": "Heat pump", "account_id": account.ID(), "amount": int64(1000), "created_at": day(1).Format(time.RFC3339)},
		Steps: []record.Step{
			{At: day(5), By: &laura, Set: record.Values{"stage": "proposal", "probability": int64(50)}},
			{At: day(9), Set: record.Values{"stage": "lost", "probability": int64(0), "loss_reason": "Price", "closed_at": day(9).Format(time.RFC3339)}},
		}}
	if err := f.tell("deal", life); err != nil {
		t.Fatal(err)
	}
	now, err := f.records.Record(f.ctx, "deal", id)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"stage": "lost", "probability": int64(0), "closed_at": "2025-03-09T08:00:00.000000Z", "version": int64(3), "currency": "CHF",
		"created_at": "2025-03-01T08:00:00.000000Z", "updated_at": "2025-03-09T08:00:00.000000Z"}
	for field, value := range want {
		if diff := cmp.Diff(value, now[field]); diff != "" {
			t.Errorf("%s (-want +got)\n%s", field, diff)
		}
	}
	for _, row := range []struct {
		day   int
		stage string
		odds  int64
	}{{2, "new", 10}, {6, "proposal", 50}, {10, "lost", 0}} {
		past, err := f.records.RecordAt(f.ctx, "deal", id, record.Past{AsOf: day(row.day)})
		if err != nil {
			t.Fatal(err)
		}
		if past.Text("stage") != row.stage || past.Int("probability") != row.odds {
			t.Errorf("on day %d: want %s at %d, got %s at %d", row.day, row.stage, row.odds, past.Text("stage"), past.Int("probability"))
		}
	}
	if _, err := f.records.RecordAt(f.ctx, "deal", id, record.Past{AsOf: day(1).Add(-time.Hour)}); crm.KindOf(err) != crm.NotFound {
		t.Errorf("before it was added: want none, got %v", err)
	}
	history, err := f.records.History(f.ctx, "deal", id, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, e := range history.Items {
		said = append(said, fmt.Sprint(e.Verb, " by ", e.ActorName))
	}
	if diff := cmp.Diff([]string{"changed by test", "changed by Laura", "added by Laura"}, said); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestWhatThePastOfARecordMayBe(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	account := f.add("account", record.Values{"name": "Hotel Bergblick"})
	at := time.Date(2025, 3, 1, 8, 0, 0, 0, time.UTC)
	deal := func(v record.Values) record.Values {
		out := record.Values{"name": "Heat pump", "account_id": account.ID(), "created_at": at.Format(time.RFC3339)}
		for name, value := range v {
			out[name] = value
		}
		return out
	}
	for _, row := range []struct {
		name  string
		kind  string
		life  record.Life
		error crm.Kind
		field string
	}{
		{"no beginning", "deal", record.Life{Values: deal(record.Values{"created_at": nil})}, crm.Invalid, "records[0].created_at"},
		{"a field there is none of", "deal", record.Life{Values: deal(record.Values{"colour": "red"})}, crm.Invalid, "records[0].colour"},
		{"a value that follows from others", "deal", record.Life{Values: deal(record.Values{"weighted": int64(1)})}, crm.Invalid, "records[0].weighted"},
		{"steps out of order", "deal", record.Life{Values: deal(nil), Steps: []record.Step{{At: at.Add(-time.Hour), Set: record.Values{"stage": "qualified"}}}}, crm.Invalid, "records[0].steps[0].at"},
		{"a step without what its stage needs", "deal", record.Life{Values: deal(nil), Steps: []record.Step{{At: at.Add(time.Hour), Set: record.Values{"stage": "lost"}}}}, crm.Invalid, "records[0].loss_reason"},
		{"a step to a field there is none of", "deal", record.Life{Values: deal(nil), Steps: []record.Step{{At: at.Add(time.Hour), Set: record.Values{"colour": "red"}}}}, crm.Invalid, "records[0].steps[0].colour"},
		{"a state that cannot follow", "order", record.Life{Values: record.Values{"account_id": account.ID(), "created_at": at.Format(time.RFC3339)},
			Steps: []record.Step{{At: at.Add(time.Hour), Set: record.Values{"state": "invoiced"}}}}, crm.Conflict, "records[0].state"},
		{"an account that is not there", "deal", record.Life{Values: deal(record.Values{"account_id": uuid.NewString()})}, crm.Invalid, "records[0].account_id"},
	} {
		t.Run(row.name, func(t *testing.T) { wantError(t, f.tell(row.kind, row.life), row.error, row.field) })
	}
	list, err := f.records.List(f.ctx, "deal", record.Query{})
	if err != nil || len(list.Items) != 0 {
		t.Errorf("want nothing kept of what was refused, got %v, %v", list.Items, err)
	}
}
