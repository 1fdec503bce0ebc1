package customer_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/crm/customer"
)

func TestABulkThatBreaksOffIsTakenUpByTheSameCall(t *testing.T) {
	t.Parallel()
	c, ctx := newCustomers(t)
	ids := make([]uuid.UUID, 70)
	for i := range ids {
		ids[i] = uuid.Must(uuid.NewV7())
	}
	broken := errors.New("the file broke off")
	chunks := func(until int) func() ([]customer.Addition, error) {
		n := 0
		return func() ([]customer.Addition, error) {
			var out []customer.Addition
			for ; n < len(ids) && len(out) < 10; n++ {
				if n == until {
					return nil, broken
				}
				out = append(out, customer.Addition{Account: customer.NewAccount{ID: ids[n], Name: fmt.Sprint("Account ", n)}, Sites: []customer.NewSite{{Point: orb.Point{9.5, 47.1}}}})
			}
			return out, nil
		}
	}
	if _, err := c.AddBulk(ctx, chunks(40), customer.Bulk{}); !errors.Is(err, broken) {
		t.Fatalf("want %v, got %v", broken, err)
	}
	told := 0
	n, err := c.AddBulk(ctx, chunks(-1), customer.Bulk{Writers: 2, Progress: func(added int) { told = added }})
	must(t, err)
	if n != told || n < 30 {
		t.Errorf("want what was missing to be added and told of, got %d and %d", n, told)
	}
	if n, err = c.AddBulk(ctx, chunks(-1), customer.Bulk{}); err != nil || n != 0 {
		t.Errorf("a third call added %d, %v", n, err)
	}
	for _, id := range ids {
		a, err := c.Account(ctx, id)
		must(t, err)
		entries, err := c.Store.AccountTimeline(ctx, id, "", 0)
		must(t, err)
		if a.Sites != 1 || len(entries.Items) != 2 {
			t.Errorf("want each with one site and told of once, got %+v and %+v", a, entries.Items)
		}
	}
	_, err = c.AddBulk(ctx, func() ([]customer.Addition, error) { return []customer.Addition{{}}, nil }, customer.Bulk{})
	wantError(t, err, crm.Invalid, "additions[0].name")
}

func TestWhatThePastOfAnAccountMayBe(t *testing.T) {
	t.Parallel()
	c, ctx := newCustomers(t)
	since := time.Date(2025, 1, 1, 8, 0, 0, 0, time.UTC)
	later := func(months int) time.Time { return since.AddDate(0, months, 0) }
	for _, row := range []struct {
		name  string
		with  customer.Addition
		field string
	}{
		{"a stage there is none of", customer.Addition{Since: since, Stages: []customer.PastStage{{Stage: "friend", Until: later(1)}}}, "additions[0].stages[0].stage"},
		{"a stage that ended before it began", customer.Addition{Since: since, Stages: []customer.PastStage{{Stage: "lead", Until: later(2)}, {Stage: "prospect", Until: later(1)}}}, "additions[0].stages[1].until"},
		{"a past of an account that is of now", customer.Addition{Stages: []customer.PastStage{{Stage: "lead", Until: later(2)}}}, "additions[0].stages"},
		{"tags out of order", customer.Addition{Tags: []string{"b", "a"}}, "additions[0].tags"},
		{"fewer than no employees", customer.Addition{Employees: -1}, "additions[0].employees"},
		{"an industry of two lines", customer.Addition{Industry: "a\nb"}, "additions[0].industry"},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.with.Account.Name = "Beck"
			_, err := c.AddMany(ctx, []customer.Addition{row.with})
			wantError(t, err, crm.Invalid, row.field)
		})
	}
	laura := crm.Actor{ID: uuid.Must(uuid.NewV7()), Name: "Laura"}
	whole := customer.Addition{Account: customer.NewAccount{ID: uuid.Must(uuid.NewV7()), Name: "Beck", Stage: "customer"}, Since: since, Industry: "Bakery", Employees: 12,
		Tags: []string{"a", "b c"}, By: &laura, Stages: []customer.PastStage{{Stage: "lead", Until: later(1)}, {Stage: "prospect", Until: later(2)}}}
	_, err := c.AddMany(ctx, []customer.Addition{whole})
	must(t, err)
	got, err := records(c).Record(ctx, "account", whole.Account.ID)
	must(t, err)
	for field, want := range map[string]any{"industry": "Bakery", "employees": int64(12), "stage": "customer", "version": int64(3), "updated_at": "2025-03-01T08:00:00.000000Z"} {
		if diff := cmp.Diff(want, got[field]); diff != "" {
			t.Errorf("%s (-want +got)\n%s", field, diff)
		}
	}
	if diff := cmp.Diff([]any{"a", "b c"}, got["tags"]); diff != "" {
		t.Errorf("tags (-want +got)\n%s", diff)
	}
	entries, err := c.Store.AccountTimeline(ctx, whole.Account.ID, "", 0)
	must(t, err)
	for i, want := range []string{"changed by Laura at 2025-03-01", "changed by Laura at 2025-02-01", "added by Laura at 2025-01-01"} {
		e := entries.Items[i]
		if got := fmt.Sprintf("%s by %s at %s", e.Verb, e.ActorName, e.At.UTC().Format(time.DateOnly)); got != want {
			t.Errorf("want %s, got %s", want, got)
		}
	}
	actor := crm.System("x")
	actor.ID = uuid.Must(uuid.NewV7())
	whole.Account.ID = uuid.Must(uuid.NewV7())
	if _, err := c.AddMany(crm.WithActor(context.Background(), actor), []customer.Addition{whole}); crm.KindOf(err) != crm.Forbidden {
		t.Errorf("somebody tells what others did: want forbidden, got %v", err)
	}
}
