package customer_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"catchment/crm"
	"catchment/crm/customer"
	"catchment/crm/kinds"
	"catchment/crm/record"
	"catchment/geo/hex"
	"catchment/geo/postgis"
)

func newCustomers(t *testing.T) (*customer.Customers, context.Context) {
	t.Helper()
	store := crm.NewStore(postgis.TestDatabase(t))
	ctx := crm.WithActor(context.Background(), crm.System("test"))
	must(t, store.EnsureOrganisation(ctx, crm.Organisation{Name: "Alpine Heating", Zone: "Europe/Vaduz", Currency: "CHF", Language: "en"}))
	return &customer.Customers{Store: store}, ctx
}

// records are all kinds, as the house has them.
func records(c *customer.Customers) *record.Records {
	return kinds.Records(c.Store)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantError(t *testing.T, err error, kind crm.Kind, field string) {
	t.Helper()
	var e *crm.Error
	if !errors.As(err, &e) {
		t.Fatalf("want %s on %q, got %v", kind, field, err)
	}
	if e.Kind != kind || e.Field != field {
		t.Errorf("want %s on %q, got %s on %q: %v", kind, field, e.Kind, e.Field, err)
	}
}

func TestWhatAnAccountMayBe(t *testing.T) {
	t.Parallel()
	c, ctx := newCustomers(t)
	added, err := c.AddAccount(ctx, customer.NewAccount{Name: "  Bäckerei Öhri  "})
	must(t, err)
	if added.Name != "Bäckerei Öhri" || added.Kind != "company" || added.Stage != "prospect" || added.Class != "C" || added.Version != 1 || !strings.HasPrefix(added.Number, "A-") {
		t.Errorf("want the rest filled in, got %+v", added)
	}
	empty, stranger := "", uuid.New()
	for _, row := range []struct {
		name   string
		add    func(*customer.NewAccount)
		change record.Values // the same as a change, where it differs
		field  string
	}{
		{"no name", func(n *customer.NewAccount) { n.Name = " " }, record.Values{"name": empty}, "name"},
		{"a name of 301 letters", func(n *customer.NewAccount) { n.Name = strings.Repeat("x", 301) }, nil, "name"},
		{"a name with a bell in it", func(n *customer.NewAccount) { n.Name = "ding\a" }, nil, "name"},
		{"a kind nobody knows", func(n *customer.NewAccount) { n.Kind = "club" }, record.Values{"kind": empty}, "kind"},
		{"a stage nobody knows", func(n *customer.NewAccount) { n.Stage = "friend" }, record.Values{"stage": empty}, "stage"},
		{"a class nobody knows", func(n *customer.NewAccount) { n.Class = "D" }, record.Values{"class": empty}, "class"},
		{"an e-mail that is none", func(n *customer.NewAccount) { n.Email = "me at home" }, nil, "email"},
		{"a phone number of 51 digits", func(n *customer.NewAccount) { n.Phone = strings.Repeat("5", 51) }, nil, "phone"},
		{"an owner nobody knows", func(n *customer.NewAccount) { n.OwnerID = &stranger }, record.Values{"owner_id": stranger.String()}, "owner_id"},
		{"a team nobody knows", func(n *customer.NewAccount) { n.TeamID = &stranger }, record.Values{"team_id": stranger.String()}, "team_id"},
	} {
		t.Run(row.name, func(t *testing.T) {
			n := customer.NewAccount{Name: "New"}
			row.add(&n)
			_, err := c.AddAccount(ctx, n)
			wantError(t, err, crm.Invalid, row.field)
			if row.change != nil {
				_, err := records(c).ChangeOne(ctx, "account", added.ID, added.Version, row.change)
				wantError(t, err, crm.Invalid, row.field)
			}
		})
	}
	_, err = c.AddAccount(ctx, customer.NewAccount{ID: added.ID, Name: "Twice"})
	wantError(t, err, crm.Conflict, "")
	name := "Bäckerei Öhri AG"
	changed, err := records(c).ChangeOne(ctx, "account", added.ID, added.Version, record.Values{"name": name})
	must(t, err)
	if changed.Text("name") != name || changed.Version() != 2 {
		t.Errorf("want the new name, got %+v", changed)
	}
	_, err = records(c).ChangeOne(ctx, "account", added.ID, added.Version, record.Values{"name": empty})
	wantError(t, err, crm.Conflict, "version")
	_, err = records(c).ChangeOne(ctx, "account", uuid.New(), 1, record.Values{})
	wantError(t, err, crm.NotFound, "")
}

func TestAccountsAreFoundByWhatPeopleType(t *testing.T) {
	t.Parallel()
	c, ctx := newCustomers(t)
	for _, n := range []customer.NewAccount{
		{Name: "Bäckerei Öhri", Phone: "+423 555 01 07", Email: "info@oehri.example", Stage: "customer"},
		{Name: "Bäckerei Straßer", Class: "A"},
		{Name: "100% Wärme GmbH", Kind: "household"},
		{Name: "Crêperie Zoé"},
	} {
		_, err := c.AddAccount(ctx, n)
		must(t, err)
	}
	for _, row := range []struct {
		name  string
		query record.Query
		want  []string
	}{
		{"nothing typed, by name", record.Query{}, []string{"100% Wärme GmbH", "Bäckerei Öhri", "Bäckerei Straßer", "Crêperie Zoé"}},
		{"part of a word", record.Query{Text: "äcker"}, []string{"Bäckerei Öhri", "Bäckerei Straßer"}},
		{"umlauts spelt out", record.Query{Text: "baeckerei oehri"}, []string{"Bäckerei Öhri"}},
		{"words in another order", record.Query{Text: "ÖHRI bäck"}, []string{"Bäckerei Öhri"}},
		{"sharp s", record.Query{Text: "strasser"}, []string{"Bäckerei Straßer"}},
		{"without accents", record.Query{Text: "creperie zoe"}, []string{"Crêperie Zoé"}},
		{"part of the phone number", record.Query{Text: "555 01"}, []string{"Bäckerei Öhri"}},
		{"the e-mail", record.Query{Text: "info@oehri.example"}, []string{"Bäckerei Öhri"}},
		{"the number", record.Query{Text: "A-000002"}, []string{"Bäckerei Straßer"}},
		{"the number in short", record.Query{Text: "a2"}, []string{"Bäckerei Straßer"}},
		{"a sign that means anything in SQL", record.Query{Text: "%"}, []string{"100% Wärme GmbH", "Bäckerei Öhri", "Bäckerei Straßer", "Crêperie Zoé"}},
		{"what nobody is called", record.Query{Text: "baeckerei zoe"}, nil},
		{"a quote", record.Query{Text: "'; drop table customer.account; --"}, nil},
		{"a stage", record.Query{Filter: "stage = customer"}, []string{"Bäckerei Öhri"}},
		{"a class", record.Query{Filter: "class = A"}, []string{"Bäckerei Straßer"}},
		{"a kind", record.Query{Filter: "kind = household"}, []string{"100% Wärme GmbH"}},
		{"nobody's accounts", record.Query{Filter: "owner_id = me"}, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			page, err := records(c).List(ctx, "account", row.query)
			must(t, err)
			var got []string
			for _, a := range page.Items {
				got = append(got, a.Text("name"))
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
	_, err := records(c).List(ctx, "account", record.Query{Filter: "stage = \"\x00\""})
	wantError(t, err, crm.Invalid, "filter")
	_, err = records(c).List(ctx, "account", record.Query{Cursor: crm.EncodeCursor(map[string]string{"Sort": "name", "Value": "\x00", "ID": uuid.NewString()})})
	if crm.KindOf(err) != crm.Invalid {
		t.Errorf("a cursor with a zero byte: want invalid, got %v", err)
	}
}

func TestTheListOfAccountsPagesWithoutGaps(t *testing.T) {
	t.Parallel()
	c, ctx := newCustomers(t)
	names := []string{"a", "A", "B", "b", "İstanbul", "istanbul", "ẞ", "ß", "Ä", "ä", "z", "Ω", "same", "same", "same"}
	want := map[uuid.UUID]int{}
	for _, n := range names {
		a, err := c.AddAccount(ctx, customer.NewAccount{Name: n})
		must(t, err)
		want[a.ID] = 1
	}
	all := records(c)
	for size := 1; size <= 4; size++ {
		got := map[uuid.UUID]int{}
		for cursor, first := "", true; first || cursor != ""; first = false {
			page, err := all.List(ctx, "account", record.Query{Limit: size, Cursor: cursor})
			must(t, err)
			for _, a := range page.Items {
				got[uuid.MustParse(a.ID())]++
			}
			cursor = page.Next
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("pages of %d: how often each account came (-want +got)\n%s", size, diff)
		}
	}
}

func TestWhatASiteMayBe(t *testing.T) {
	t.Parallel()
	c, ctx := newCustomers(t)
	account, err := c.AddAccount(ctx, customer.NewAccount{Name: "A"})
	must(t, err)
	at := orb.Point{9.5215, 47.1410}
	site, err := c.AddSite(ctx, customer.NewSite{AccountID: account.ID, Street: "Städtle", HouseNumber: "36", Postcode: "9490", City: "Vaduz", Point: at, Source: "geocoder", Confidence: 0.8})
	must(t, err)
	cell, err := hex.PlaceCell(at)
	must(t, err)
	if site.Point != at || site.Cell != cell || site.Zone != "Europe/Vaduz" || site.Label() != "Städtle 36, 9490 Vaduz" || site.No == 0 {
		t.Errorf("want the place and its cell, got %+v", site)
	}
	for _, row := range []struct {
		name  string
		add   func(*customer.NewSite)
		field string
	}{
		{"an account nobody knows", func(n *customer.NewSite) { n.AccountID = uuid.New() }, "account_id"},
		{"north of the pole", func(n *customer.NewSite) { n.Point = orb.Point{9, 90.1} }, "point"},
		{"beyond the antimeridian", func(n *customer.NewSite) { n.Point = orb.Point{180.1, 47} }, "point"},
		{"in metres", func(n *customer.NewSite) { n.Point = orb.Point{1287000, 6130000} }, "point"},
		{"not a number", func(n *customer.NewSite) { n.Point = orb.Point{math.NaN(), 47} }, "point"},
		{"infinitely far", func(n *customer.NewSite) { n.Point = orb.Point{9, math.Inf(1)} }, "point"},
		{"a source nobody knows", func(n *customer.NewSite) { n.Source = "rumour" }, "source"},
		{"surer than sure", func(n *customer.NewSite) { n.Confidence = 1.1 }, "confidence"},
		{"not a number sure", func(n *customer.NewSite) { n.Confidence = math.NaN() }, "confidence"},
		{"a city with a zero byte", func(n *customer.NewSite) { n.City = "V\x00" }, "city"},
		{"an endless note", func(n *customer.NewSite) { n.AccessNote = strings.Repeat("x", 2001) }, "access_note"},
	} {
		t.Run(row.name, func(t *testing.T) {
			n := customer.NewSite{AccountID: account.ID, Point: at}
			row.add(&n)
			_, err := c.AddSite(ctx, n)
			wantError(t, err, crm.Invalid, row.field)
		})
	}
	moved, note := orb.Point{9.53, 47.15}, "bell at the back"
	after, err := c.ChangeSite(ctx, site.ID, site.Version, customer.SiteChange{Point: &moved, AccessNote: &note})
	must(t, err)
	if after.Point != moved || after.Cell == site.Cell || after.Source != "person" || after.Confidence != 1 || after.AccessNote != note || after.Street != "Städtle" {
		t.Errorf("want it moved by a person, got %+v", after)
	}
	_, err = c.ChangeSite(ctx, site.ID, site.Version, customer.SiteChange{Point: &at})
	wantError(t, err, crm.Conflict, "version")
	bad := orb.Point{9, 95}
	_, err = c.ChangeSite(ctx, site.ID, after.Version, customer.SiteChange{Point: &bad})
	wantError(t, err, crm.Invalid, "point")
	entries, err := c.Store.AccountTimeline(ctx, account.ID, "", 0)
	must(t, err)
	var verbs []string
	for _, e := range entries.Items {
		verbs = append(verbs, e.EntityKind+" "+e.Verb)
	}
	if diff := cmp.Diff([]string{"site changed", "site added", "account added"}, verbs); diff != "" {
		t.Errorf("the account's timeline (-want +got)\n%s", diff)
	}
	again, err := c.Account(ctx, account.ID)
	must(t, err)
	if again.Sites != 1 {
		t.Errorf("want one site counted, got %d", again.Sites)
	}
	_, err = c.Sites(ctx, uuid.New())
	wantError(t, err, crm.NotFound, "")
}

func TestAnAddressOnOneLine(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, street, number, postcode, city, want string
	}{
		{"Depot", "Städtle", "36", "9490", "Vaduz", "Städtle 36, 9490 Vaduz"},
		{"Depot", "Städtle", "", "", "Vaduz", "Städtle, Vaduz"},
		{"Depot", "", "", "9490", "", "9490"},
		{"Depot", "", "", "", "", "Depot"},
	} {
		if got := customer.Address(row.name, row.street, row.number, row.postcode, row.city); got != row.want {
			t.Errorf("want %q, got %q", row.want, got)
		}
	}
}

func TestFoldingForSearchIsStable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		once := crm.SearchText(text)
		if twice := crm.SearchText(once); twice != once {
			t.Fatalf("%q folds to %q, and that to %q", text, once, twice)
		}
		if strings.ContainsAny(once, "%_\\\x00") || strings.TrimSpace(once) != once || strings.Contains(once, "  ") {
			t.Fatalf("%q folds to %q", text, once)
		}
	})
}

func TestManyAreAddedByTheSameRulesAsOne(t *testing.T) {
	t.Parallel()
	c, ctx := newCustomers(t)
	since := time.Date(2024, 5, 1, 10, 0, 0, 0, time.UTC)
	at := orb.Point{9.5215, 47.1410}
	additions := []customer.Addition{
		{Account: customer.NewAccount{ID: uuid.Must(uuid.NewV7()), Name: " Öhri ", Phone: "1", Synthetic: true}, Since: since,
			Sites: []customer.NewSite{{ID: uuid.Must(uuid.NewV7()), Point: at, City: "Vaduz"}, {Point: at, Source: "import", Confidence: 0.5}}},
		{Account: customer.NewAccount{ID: uuid.Must(uuid.NewV7()), Name: "Beck"}},
	}
	for _, want := range []int{2, 0} { // the second time nothing is new
		n, err := c.AddMany(ctx, additions)
		must(t, err)
		if n != want {
			t.Errorf("want %d new, got %d", want, n)
		}
	}
	got, err := c.Account(ctx, additions[0].Account.ID)
	must(t, err)
	if got.Name != "Öhri" || got.Sites != 2 || !got.CreatedAt.Equal(since) || got.Kind != "company" {
		t.Errorf("want it as added singly, got %+v", got)
	}
	site, err := c.Site(ctx, additions[0].Sites[0].ID)
	must(t, err)
	cell, _ := hex.PlaceCell(at)
	if site.Cell != cell || site.Zone != "Europe/Vaduz" || site.AccountID != got.ID || site.Source != "person" || site.Confidence != 1 {
		t.Errorf("want the site with its cell and zone, got %+v", site)
	}
	entries, err := c.Store.AccountTimeline(ctx, got.ID, "", 0)
	must(t, err)
	if len(entries.Items) != 3 || !entries.Items[2].At.Equal(since) || entries.Items[2].EntityKind != "account" || !strings.Contains(string(entries.Items[2].Private), "Öhri") {
		t.Errorf("want three entries of that day, the account's first, got %+v", entries.Items)
	}
	for _, row := range []struct {
		name  string
		with  customer.Addition
		field string
	}{
		{"an account without a name", customer.Addition{}, "additions[1].name"},
		{"a site beyond the pole", customer.Addition{Account: customer.NewAccount{Name: "x"}, Sites: []customer.NewSite{{Point: orb.Point{9, 91}}}}, "additions[1].sites[0].point"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := c.AddMany(ctx, []customer.Addition{{Account: customer.NewAccount{Name: "not added"}}, row.with})
			wantError(t, err, crm.Invalid, row.field)
		})
	}
	page, err := records(c).List(ctx, "account", record.Query{})
	must(t, err)
	if len(page.Items) != 2 {
		t.Errorf("want two accounts, got %d", len(page.Items))
	}
}
