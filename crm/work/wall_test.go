package work_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"catchment/crm/customer"
)

func TestATechnicianSeesExactlyWhereHisVisitsLead(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	visit := h.assigned("north", "tech1", 9*time.Hour)
	for name, want := range map[string][]string{"tech1": {"north"}, "tech2": nil} {
		ctx := h.as(name)
		page, err := h.customers.Accounts(ctx, customerQuery())
		must(t, err)
		var got []string
		for _, a := range page.Items {
			got = append(got, a.Name)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("accounts of %s (-want +got)\n%s", name, diff)
		}
	}
	if _, err := h.work.Visit(h.as("tech1"), visit.ID); err != nil {
		t.Errorf("his own visit: %v", err)
	}
}

func customerQuery() customer.AccountQuery { return customer.AccountQuery{} }
