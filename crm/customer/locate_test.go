package customer_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/crm/customer"
	"catchment/geo/geocode"
)

// directory answers by street, and notes what it was asked.
type directory struct {
	streets map[string][]geocode.Candidate
	asked   int
}

func (d *directory) Search(_ context.Context, q geocode.Query) ([]geocode.Candidate, error) {
	d.asked++
	if q.Street == "broken" {
		return nil, &geocode.Unavailable{Err: errors.New("no line")}
	}
	return d.streets[q.Street], nil
}

func candidate(kind geocode.Kind, label string, at orb.Point, confidence float64, tie bool) geocode.Candidate {
	return geocode.Candidate{Kind: kind, Label: label, Street: label, At: at, Confidence: confidence, Tie: tie}
}

var here, there = orb.Point{9.5215, 47.1410}, orb.Point{9.60, 47.20}

func newDirectory() *directory {
	return &directory{streets: map[string][]geocode.Candidate{
		"sure":    {candidate(geocode.House, "A", here, 0.95, false), candidate(geocode.House, "B", there, 0.6, false)},
		"moved":   {candidate(geocode.House, "B", there, 0.9, false)},
		"torn":    {candidate(geocode.House, "A", here, 0.7, true), candidate(geocode.House, "B", there, 0.7, true)},
		"nearest": {candidate(geocode.Nearest, "A", here, 0.85, false)},
		"town":    {candidate(geocode.Place, "A", here, 1, false)},
		"twice": {{Kind: geocode.House, Label: "Landstrasse 12, Triesenberg", Street: "Landstrasse", City: "Triesenberg", At: here, Confidence: 1},
			{Kind: geocode.Nearest, Label: "Landstrasse 10, Vaduz", Street: "Landstrasse", City: "Vaduz", At: there, Confidence: 0.7}},
		"vague": {candidate(geocode.Street, "A", here, 0.5, false)},
	}}
}

func TestASiteWithoutAPointIsFoundByItsAddress(t *testing.T) {
	t.Parallel()
	c, ctx := newCustomers(t)
	c.Addresses = newDirectory()
	account, err := c.AddAccount(ctx, customer.NewAccount{Name: "Hotel Bergblick"})
	must(t, err)
	for _, row := range []struct {
		name, street string
		keep         bool
		reason       string // why it is refused; empty if it is not
		candidates   int
		decision     bool
	}{
		{"a house found for sure", "sure", false, "", 2, false},
		{"two houses that fit as well", "torn", false, "more than one place fits", 2, false},
		{"two houses that fit, kept open", "torn", true, "", 2, true},
		{"a number the street lacks, however sure", "nearest", false, "not this house number", 1, false},
		{"a number the street lacks, kept open", "nearest", true, "", 1, true},
		{"a town is no door", "town", false, "only the town is known", 1, false},
		{"a town, kept open", "town", true, "", 1, true},
		{"a street that may be another", "vague", false, "for sure", 1, false},
		{"a street of two towns, and no town named", "twice", false, "more than one town", 2, false},
		{"a street of two towns, kept open", "twice", true, "", 2, true},
		{"an address that is nowhere", "nowhere", false, "no place is known", 0, false},
		{"an address that is nowhere cannot be kept open", "nowhere", true, "no place is known", 0, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			site, err := c.AddSite(ctx, customer.NewSite{AccountID: account.ID, Street: row.street, Locate: true, KeepUnsure: row.keep})
			if row.reason != "" {
				var undecided *customer.Undecided
				if !errors.As(err, &undecided) || !strings.Contains(undecided.Reason, row.reason) {
					t.Fatalf("want %q, got %v", row.reason, err)
				}
				if len(undecided.Candidates) != row.candidates {
					t.Errorf("want %d candidates, got %+v", row.candidates, undecided.Candidates)
				}
				wantError(t, err, crm.Invalid, "point")
				return
			}
			must(t, err)
			if diff := cmp.Diff([]any{"geocoder", here, row.candidates, row.decision, site.Candidates[0].Confidence},
				[]any{site.Source, site.Point, len(site.Candidates), site.NeedsDecision(), site.Confidence}); diff != "" {
				t.Errorf("the site (-want +got):\n%s", diff)
			}
		})
	}
	_, err = c.AddSite(ctx, customer.NewSite{AccountID: account.ID, Locate: true})
	wantError(t, err, crm.Invalid, "point")
	_, err = c.AddSite(ctx, customer.NewSite{AccountID: account.ID, Street: "broken", Locate: true})
	var away *geocode.Unavailable
	if !errors.As(err, &away) {
		t.Errorf("want the geocoder's fault told, got %v", err)
	}
}

func TestAChangedAddressMovesASiteUnlessAPersonSetIt(t *testing.T) {
	t.Parallel()
	c, ctx := newCustomers(t)
	search := newDirectory()
	c.Addresses = search
	account, err := c.AddAccount(ctx, customer.NewAccount{Name: "Hotel Bergblick"})
	must(t, err)
	text := func(s string) *string { return &s }
	found := func() customer.Site {
		site, err := c.AddSite(ctx, customer.NewSite{AccountID: account.ID, Street: "sure", Locate: true})
		must(t, err)
		search.asked = 0
		return site
	}

	site := found()
	after, err := c.ChangeSite(ctx, site.ID, site.Version, customer.SiteChange{Street: text("moved")})
	must(t, err)
	if diff := cmp.Diff([]any{there, "geocoder", 1, false}, []any{after.Point, after.Source, len(after.Candidates), after.PointKept}); diff != "" || after.Cell == site.Cell {
		t.Errorf("a found site with a new address (-want +got):\n%s", diff)
	}
	_, err = c.ChangeSite(ctx, site.ID, site.Version, customer.SiteChange{Street: text("sure")})
	wantError(t, err, crm.Conflict, "version")
	_, err = c.ChangeSite(ctx, site.ID, after.Version, customer.SiteChange{Street: text("torn")})
	wantError(t, err, crm.Invalid, "point")
	open, err := c.ChangeSite(ctx, site.ID, after.Version, customer.SiteChange{Street: text("torn"), KeepUnsure: true})
	must(t, err)
	if !open.NeedsDecision() || len(open.Candidates) != 2 || open.Point != here {
		t.Errorf("want it moved and open, got %+v", open)
	}
	decided, err := c.ChangeSite(ctx, site.ID, open.Version, customer.SiteChange{Point: &there})
	must(t, err)
	if diff := cmp.Diff([]any{"person", 1.0, 0, false}, []any{decided.Source, decided.Confidence, len(decided.Candidates), decided.NeedsDecision()}); diff != "" {
		t.Errorf("after a person decided (-want +got):\n%s", diff)
	}

	var none bool
	must(t, c.Store.Read(ctx, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select candidates is null from customer.site where id = $1`, site.ID).Scan(&none)
	}))
	if !none {
		t.Error("no candidates are kept as something")
	}

	search.asked = 0
	kept, err := c.ChangeSite(ctx, site.ID, decided.Version, customer.SiteChange{Street: text("moved"), City: text("Vaduz")})
	must(t, err)
	if diff := cmp.Diff([]any{there, "person", "moved", true, 0}, []any{kept.Point, kept.Source, kept.Street, kept.PointKept, search.asked}); diff != "" {
		t.Errorf("a point a person has set (-want +got):\n%s", diff)
	}

	site = found()
	for _, row := range []struct {
		name   string
		change customer.SiteChange
	}{
		{"the same address again", customer.SiteChange{Street: text("sure")}},
		{"another note", customer.SiteChange{AccessNote: text("bell")}},
		{"no address any more", customer.SiteChange{Street: text("")}},
	} {
		t.Run(row.name, func(t *testing.T) {
			after, err := c.ChangeSite(ctx, site.ID, site.Version, row.change)
			must(t, err)
			if diff := cmp.Diff([]any{here, "geocoder", false, 0}, []any{after.Point, after.Source, after.PointKept, search.asked}); diff != "" {
				t.Errorf("want it where it was (-want +got):\n%s", diff)
			}
			site = after
		})
	}

	entries, err := c.Store.AccountTimeline(ctx, account.ID, "", 0)
	must(t, err)
	var told string
	for _, e := range entries.Items {
		if e.EntityID == decided.ID {
			told += string(e.Changes) + string(e.Private) + "\n"
		}
	}
	for _, want := range []string{`"source": ["geocoder", "person"]`, `"confidence"`, `"candidates": [["A", "B"], null]`} {
		if !strings.Contains(told, want) {
			t.Errorf("the log does not tell %s:\n%s", want, told)
		}
	}
}
