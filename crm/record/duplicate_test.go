package record_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/crm/customer"
	"catchment/crm/record"
)

// compare compares all that changed.
func (h *house) compare() {
	h.t.Helper()
	for {
		n, err := h.records.CompareSome(h.ctx)
		h.must(err)
		if n == 0 {
			return
		}
	}
}

// queue is what is to be reviewed: the names of both, in order.
func (h *house) queue(kind string) [][2]string {
	h.t.Helper()
	page, err := h.records.Duplicates(h.ctx, kind, false, "", 100)
	h.must(err)
	k, _ := h.records.Kind(kind)
	var out [][2]string
	for _, p := range page.Items {
		a, b := p.A.Text(k.Title), p.B.Text(k.Title)
		if a > b {
			a, b = b, a
		}
		out = append(out, [2]string{a, b})
	}
	return out
}

func TestDuplicatesAreFound(t *testing.T) {
	t.Parallel()
	type account = record.Values
	home := orb.Point{9.52, 47.14}
	for _, row := range []struct {
		name string
		a, b account
		at   [2]orb.Point // their sites; zero for none
		want bool
	}{
		{"the same e-mail and a like name", account{"name": "Müller Heizung AG", "email": "info@m.example"}, account{"name": "Heizung Mueller", "email": "INFO@m.example"}, [2]orb.Point{}, true},
		{"the same telephone number written otherwise", account{"name": "Bäckerei Frick", "phone": "+423 232 11 22"}, account{"name": "Baeckerei Frick GmbH", "phone": "(00423) 2321122"}, [2]orb.Point{}, true},
		{"the same tax number", account{"name": "Hilti", "tax_id": "CHE-123.456.789"}, account{"name": "Hilti Aktiengesellschaft", "tax_id": "CHE123456789"}, [2]orb.Point{}, true},
		{"the same name a few metres on", account{"name": "Schmidt Garten"}, account{"name": "Schmitt Garten GmbH"}, [2]orb.Point{home, {9.5204, 47.1402}}, true},
		{"the same name in another town", account{"name": "Anna Beck"}, account{"name": "Anna Beck"}, [2]orb.Point{home, {9.9, 47.4}}, false},
		{"neighbours with other names", account{"name": "Hotel Post"}, account{"name": "Café Zentral"}, [2]orb.Point{home, home}, false},
		{"one house telephone, two families", account{"name": "Familie Ospelt", "phone": "2321122"}, account{"name": "Familie Nigg", "phone": "2321122"}, [2]orb.Point{}, false},
		{"other tax numbers", account{"name": "Alpha AG", "email": "a@x.example", "tax_id": "CHE-111.111.111"}, account{"name": "Alpha AG", "email": "a@x.example", "tax_id": "CHE-222.222.222"}, [2]orb.Point{}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			for i, v := range []account{row.a, row.b} {
				id := h.add("account", v)
				if row.at[i] != (orb.Point{}) {
					h.site(id, customer.NewSite{Point: row.at[i], Street: "Weg"})
				}
			}
			h.compare()
			if found := len(h.queue("account")) == 1; found != row.want {
				t.Errorf("want %v, got %v", row.want, h.queue("account"))
			}
		})
	}
}

func TestTheQueueFollowsWhatChangesAndWhatPeopleSay(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	rep, asRep := h.as("rep", h.team)
	a := h.add("account", record.Values{"name": "Metzgerei Marxer", "phone": "2321122"})
	b := h.add("account", record.Values{"name": "Marxer Metzgerei", "phone": "232 11 22", "owner_id": rep.String()})
	h.add("contact", record.Values{"account_id": a, "last_name": "Marxer", "first_name": "Ida", "email": "ida@example.org"})
	h.add("contact", record.Values{"account_id": a, "last_name": "Ida", "first_name": "Marxer", "email": "ida@example.org"})
	h.add("lead", record.Values{"name": "Gasthof Löwen", "phone": "3991122", "point": []any{9.5, 47.1}})
	h.add("lead", record.Values{"name": "Gasthof Loewen", "point": []any{9.5002, 47.1}})
	h.compare()
	for _, kind := range record.Mergeable {
		if got := h.queue(kind); len(got) != 1 {
			t.Errorf("%s: want one pair, got %v", kind, got)
		}
	}
	draft := record.Draft{Name: "metzgerei marxer", Phone: "+423 232 11 22"}
	found, err := h.records.CheckDuplicates(asRep, "account", draft)
	h.must(err)
	if len(found) != 1 || found[0].ID.String() != b {
		t.Errorf("a rep is warned of %v, want his own alone", found)
	}
	page, err := h.records.Duplicates(h.ctx, "account", false, "", 0)
	h.must(err)
	if diff := cmp.Diff([]string{record.SamePhone, record.AlikeName}, page.Items[0].Reasons); diff != "" {
		t.Errorf("reasons: %s", diff)
	}
	if _, err := h.records.Duplicates(asRep, "account", false, "", 0); crm.KindOf(err) != crm.Forbidden {
		t.Errorf("a rep reviews: %v", err)
	}
	pair := page.Items[0].ID
	later := h.store.Now().AddDate(0, 0, 1)
	h.must(h.records.DecideDuplicate(h.ctx, pair, "snoozed", &later))
	if got := h.queue("account"); len(got) != 0 {
		t.Errorf("snoozed, and still there: %v", got)
	}
	now := h.store.Now
	h.store.Now = func() time.Time { return now().AddDate(0, 0, 2) }
	if got := h.queue("account"); len(got) != 1 {
		t.Errorf("a day later: %v", got)
	}
	h.must(h.records.DecideDuplicate(h.ctx, pair, "dismissed", nil))
	v, err := h.records.Record(h.ctx, "account", uuid.MustParse(a))
	h.must(err)
	_, err = h.records.ChangeOne(h.ctx, "account", uuid.MustParse(a), v.Version(), record.Values{"email": "x@example.org"})
	h.must(err)
	h.compare()
	if got := h.queue("account"); len(got) != 0 {
		t.Errorf("dismissed, and back after a change: %v", got)
	}
	h.must(h.records.DecideDuplicate(h.ctx, pair, "open", nil))
	v, err = h.records.Record(h.ctx, "account", uuid.MustParse(b))
	h.must(err)
	_, err = h.records.ChangeOne(h.ctx, "account", uuid.MustParse(b), v.Version(), record.Values{"name": "Hotel Adler", "phone": ""})
	h.must(err)
	h.compare()
	if got := h.queue("account"); len(got) != 0 {
		t.Errorf("no longer alike, and still there: %v", got)
	}
}
