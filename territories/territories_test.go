package territories_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/crm/customer"
	"catchment/geo/hex"
	"catchment/geo/postgis"
	"catchment/territories"
	"catchment/territories/carve"
)

// land is a company with a room for its territories.
type land struct {
	*territories.Territories
	customers *customer.Customers
	ctx       context.Context
}

func newLand(t testing.TB) land {
	t.Helper()
	store := crm.NewStore(postgis.TestDatabase(t))
	ctx := crm.WithActor(context.Background(), crm.System("test"))
	must(t, store.EnsureOrganisation(ctx, crm.Organisation{Name: "Alpine Heating", Zone: "Europe/Vaduz", Currency: "CHF", Language: "en"}))
	return land{&territories.Territories{Store: store}, &customer.Customers{Store: store}, ctx}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (l land) site(t testing.TB, n customer.NewSite) customer.Site {
	t.Helper()
	if n.AccountID == uuid.Nil {
		account, err := l.customers.AddAccount(l.ctx, customer.NewAccount{Name: "Öhri"})
		must(t, err)
		n.AccountID = account.ID
	}
	site, err := l.customers.AddSite(l.ctx, n)
	must(t, err)
	return site
}

// model is a draft with territories of the names given.
func (l land) model(t testing.TB, name string, names ...string) (uuid.UUID, map[string]uuid.UUID) {
	t.Helper()
	m, err := l.AddModel(l.ctx, uuid.Nil, name, "")
	must(t, err)
	ids := map[string]uuid.UUID{}
	var list []territories.Territory
	for _, n := range names {
		ids[n] = uuid.Must(uuid.NewV7())
		list = append(list, territories.Territory{ID: ids[n], Name: n})
	}
	must(t, l.AddTerritories(l.ctx, m.ID, list))
	return m.ID, ids
}

func (l land) fill(t testing.TB, model uuid.UUID) {
	t.Helper()
	for range 1000 {
		done, err := l.Fill(l.ctx, model)
		must(t, err)
		if done {
			return
		}
	}
	t.Fatal("filling does not end")
}

func (l land) where(t testing.TB, site uuid.UUID) string {
	t.Helper()
	b, err := l.Of(l.ctx, site, "sales")
	if crm.KindOf(err) == crm.NotFound {
		return "nobody's"
	}
	must(t, err)
	return b.Territory.Name + " by " + b.Kind
}

func square(lon, lat, size float64) orb.MultiPolygon {
	return orb.MultiPolygon{{{{lon, lat}, {lon + size, lat}, {lon + size, lat + size}, {lon, lat + size}, {lon, lat}}}}
}

func cell(t testing.TB, at orb.Point, level int) uint64 {
	t.Helper()
	c, err := hex.Cell(at, level)
	must(t, err)
	return c
}

func TestTheFirstRuleThatFitsGivesTheTerritory(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	vaduz := orb.Point{9.5209, 47.141}
	key, err := l.customers.AddAccount(l.ctx, customer.NewAccount{Name: "Key account"})
	must(t, err)
	model, ids := l.model(t, "2027", "North", "South", "Key accounts", "Rest")
	must(t, l.AddRules(l.ctx, model, []territories.Rule{
		{TerritoryID: ids["Rest"], Area: square(9, 47, 1)},
		{TerritoryID: ids["South"], Cell: cell(t, vaduz, 5)},
		{TerritoryID: ids["North"], Cell: cell(t, vaduz, 9)},
		{TerritoryID: ids["North"], Postcode: "94", Country: "LI"},
		{TerritoryID: ids["South"], Postcode: "9496", Country: ""},
		{TerritoryID: ids["Key accounts"], AccountID: &key.ID},
	}))
	far := orb.Point{9.9, 47.9}
	sites := []struct {
		name string
		site customer.Site
		want string
	}{
		{"a key account stays with its owner wherever it is", l.site(t, customer.NewSite{AccountID: key.ID, Point: vaduz, Postcode: "9490", Country: "LI"}), "Key accounts by account"},
		{"the beginning of a postcode", l.site(t, customer.NewSite{Point: vaduz, Postcode: "9490", Country: "LI"}), "North by postcode"},
		{"the whole postcode before its beginning", l.site(t, customer.NewSite{Point: vaduz, Postcode: "9496", Country: "LI"}), "South by postcode"},
		{"a postcode of another country", l.site(t, customer.NewSite{Point: far, Postcode: "9490", Country: "CH"}), "Rest by area"},
		{"the finer hexagon before the coarser", l.site(t, customer.NewSite{Point: vaduz}), "North by cell"},
		{"only the coarser hexagon", l.site(t, customer.NewSite{Point: orb.Point{vaduz[0] - 0.006, vaduz[1]}}), "South by cell"},
		{"inside an area", l.site(t, customer.NewSite{Point: far}), "Rest by area"},
		{"outside all", l.site(t, customer.NewSite{Point: orb.Point{12, 50}}), "nobody's"},
	}
	l.fill(t, model)
	t.Run("many at once find what each would find alone", func(t *testing.T) {
		var differ int
		must(t, l.Store.Read(l.ctx, func(tx pgx.Tx) error {
			return tx.QueryRow(l.ctx, `
				select count(*) from territories.model o cross join customer.site s
				left join territories.member m on m.model_id = o.id and m.site_id = s.id
				left join lateral territories.rule_for(o.id, o.levels, s.account_id, s.country, s.postcode, s.cell, s.point) r on true
				where (m.rule_id, m.territory_id) is distinct from (r.rule_id, r.territory_id)`).Scan(&differ)
		}))
		if diff := cmp.Diff(0, differ); diff != "" {
			t.Errorf("sites that differ (-want +got):\n%s", diff)
		}
	})
	must(t, l.Activate(l.ctx, model))
	for _, row := range sites {
		t.Run(row.name, func(t *testing.T) {
			if diff := cmp.Diff(row.want, l.where(t, row.site.ID)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	t.Run("a site that is added finds its territory", func(t *testing.T) {
		if diff := cmp.Diff("North by cell", l.where(t, l.site(t, customer.NewSite{Point: vaduz}).ID)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
	t.Run("a site that moves changes it", func(t *testing.T) {
		site := sites[4].site
		to := orb.Point{12, 50}
		_, err := l.customers.ChangeSite(l.ctx, site.ID, site.Version, customer.SiteChange{Point: &to})
		must(t, err)
		if diff := cmp.Diff("nobody's", l.where(t, site.ID)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestTheParentOfACellIsThatOfTheGrid(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	chance := rand.New(rand.NewPCG(1, 1))
	for range 50 {
		at := orb.Point{chance.Float64()*360 - 180, chance.Float64()*170 - 85}
		fine := cell(t, at, hex.Resolution)
		for level := range hex.Resolution + 1 {
			want, err := hex.Parent(fine, level)
			must(t, err)
			var got int64
			must(t, l.Store.Pool.QueryRow(l.ctx, `select territories.parent($1, $2)`, int64(fine), level).Scan(&got))
			if uint64(got) != want {
				t.Fatalf("parent of %x at %d is %x, want %x", fine, level, got, want)
			}
		}
	}
}

func TestAModelTakesEffectAtOnceAndCanBeTakenBack(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	at := orb.Point{9.5, 47.1}
	site := l.site(t, customer.NewSite{Point: at})
	rep := uuid.Must(uuid.NewV7())
	_, err := l.Store.Pool.Exec(context.Background(), `select 1`)
	must(t, err)
	must(t, l.addStaff(rep))
	asRep := crm.WithActor(context.Background(), crm.Actor{ID: rep, Scope: crm.ScopeOwn, Rights: []crm.Right{crm.AccountRead}})
	sees := func() bool {
		_, err := l.customers.Site(asRep, site.ID)
		if err != nil && crm.KindOf(err) != crm.NotFound {
			t.Fatal(err)
		}
		return err == nil
	}
	old, oldIDs := l.model(t, "old", "Old")
	must(t, l.AddRules(l.ctx, old, []territories.Rule{{TerritoryID: oldIDs["Old"], Area: square(9, 47, 1)}}))
	l.fill(t, old)
	must(t, l.Activate(l.ctx, old))
	m, err := l.AddModel(l.ctx, uuid.Nil, "new", "sales")
	must(t, err)
	his := uuid.Must(uuid.NewV7())
	must(t, l.AddTerritories(l.ctx, m.ID, []territories.Territory{{ID: his, Name: "New", OwnerID: &rep}}))
	must(t, l.AddRules(l.ctx, m.ID, []territories.Rule{{TerritoryID: his, Cell: cell(t, at, 8)}}))
	if err := l.Activate(l.ctx, m.ID); crm.KindOf(err) != crm.Conflict {
		t.Fatalf("a model that is not filled: %v", err)
	}
	l.fill(t, m.ID)
	if sees() {
		t.Fatal("the rep sees the site before the model is in force")
	}
	got, err := l.Handovers(l.ctx, old, m.ID)
	must(t, err)
	if diff := cmp.Diff([]territories.Handover{{From: ptr(oldIDs["Old"]), To: &his, Sites: 1, Accounts: 1}}, got); diff != "" {
		t.Errorf("hand-overs (-want +got):\n%s", diff)
	}
	must(t, l.Schedule(l.ctx, m.ID, l.Store.Now().Add(-time.Minute)))
	count, err := l.Due(l.ctx)
	must(t, err)
	if count != 1 || !sees() || l.where(t, site.ID) != "New by cell" {
		t.Errorf("%d models came into force, the rep sees the site: %v, it is %s", count, sees(), l.where(t, site.ID))
	}
	must(t, l.Activate(l.ctx, old))
	if sees() || l.where(t, site.ID) != "Old by area" {
		t.Errorf("taken back: the rep sees the site: %v, it is %s", sees(), l.where(t, site.ID))
	}
	if err := l.AddRules(l.ctx, old, nil); crm.KindOf(err) != crm.Conflict {
		t.Errorf("changing a model in force: %v", err)
	}
}

func ptr[T any](v T) *T { return &v }

func (l land) addStaff(id uuid.UUID) error {
	return l.Store.Write(l.ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(l.ctx, `insert into crm.staff (id, name, email, role) values ($1, 'Rosa', $2, 'rep')`, id, fmt.Sprintf("%s@example.com", id))
		return err
	})
}

// Readers that ask while one model takes the place of another see the whole of either, never parts of both.
func TestReadersSeeOneModelOrTheOther(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	for range 30 {
		l.site(t, customer.NewSite{Point: orb.Point{9.5, 47.1}})
	}
	var models []uuid.UUID
	for _, name := range []string{"one", "two"} {
		model, ids := l.model(t, name, name)
		must(t, l.AddRules(l.ctx, model, []territories.Rule{{TerritoryID: ids[name], Area: square(9, 47, 1)}}))
		l.fill(t, model)
		models = append(models, model)
	}
	must(t, l.Activate(l.ctx, models[0]))
	stop, failed := make(chan struct{}), make(chan error, 4)
	for range 4 {
		go func() {
			for {
				select {
				case <-stop:
					failed <- nil
					return
				default:
				}
				var of, sites int
				err := l.Store.Read(l.ctx, func(tx pgx.Tx) error {
					return tx.QueryRow(l.ctx, `select count(distinct m.model_id), count(*) from territories.member m
						join territories.model o on o.id = m.model_id and o.state = 'active'`).Scan(&of, &sites)
				})
				if err == nil && (of != 1 || sites != 30) {
					err = fmt.Errorf("%d sites of %d models", sites, of)
				}
				if err != nil {
					failed <- err
					return
				}
			}
		}()
	}
	for i := range 40 {
		must(t, l.Activate(l.ctx, models[(i+1)%2]))
	}
	close(stop)
	for range 4 {
		must(t, <-failed)
	}
}

func TestWhatTerritoriesRefuse(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	model, ids := l.model(t, "2027", "North")
	for _, row := range []struct {
		name  string
		rule  territories.Rule
		field string
	}{
		{"a rule of nothing", territories.Rule{TerritoryID: ids["North"]}, "rules[0]"},
		{"a rule of two things", territories.Rule{TerritoryID: ids["North"], Postcode: "9490", Cell: cell(t, orb.Point{9, 47}, 7)}, "rules[0]"},
		{"no cell", territories.Rule{TerritoryID: ids["North"], Cell: 7}, "rules[0].cell"},
		{"a cell finer than sites have", territories.Rule{TerritoryID: ids["North"], Cell: cell(t, orb.Point{9, 47}, 12)}, "rules[0].cell"},
		{"an area that is not closed", territories.Rule{TerritoryID: ids["North"], Area: orb.MultiPolygon{{{{9, 47}, {10, 47}, {10, 48}}}}}, "rules[0].area"},
		{"a territory of another model", territories.Rule{TerritoryID: uuid.Must(uuid.NewV7()), Postcode: "9490"}, "rules[0].territory_id"},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := l.AddRules(l.ctx, model, []territories.Rule{row.rule})
			if e, ok := err.(*crm.Error); !ok || e.Kind != crm.Invalid || e.Field != row.field {
				t.Errorf("error %v, want one on %s", err, row.field)
			}
		})
	}
	reader := crm.WithActor(context.Background(), crm.Actor{ID: uuid.New(), Scope: crm.ScopeAll, Rights: []crm.Right{crm.TerritoryRead}})
	if _, err := l.AddModel(reader, uuid.Nil, "2028", ""); crm.KindOf(err) != crm.Forbidden {
		t.Errorf("a reader adds a model: %v", err)
	}
	if _, err := l.AddModel(l.ctx, uuid.Nil, "  ", ""); crm.KindOf(err) != crm.Invalid {
		t.Errorf("a model without a name: %v", err)
	}
}

// From sites to territories in force: each unit of the design is a hexagon of the model, and every site finds one.
func TestSitesAreDesignedAndFoundAgain(t *testing.T) {
	t.Parallel()
	l := newLand(t)
	chance := rand.New(rand.NewPCG(3, 3))
	account, err := l.customers.AddAccount(l.ctx, customer.NewAccount{Name: "Öhri"})
	must(t, err)
	for i := range 120 {
		spread := 0.4
		if i%2 == 0 {
			spread = 0.01
		}
		l.site(t, customer.NewSite{AccountID: account.ID, Point: orb.Point{9.5 + spread*chance.Float64(), 47.1 + spread*chance.Float64()}})
	}
	units, err := l.Units(l.ctx, 3)
	must(t, err)
	plan, err := carve.Design(l.ctx, &carve.Problem{At: units.At, Edges: units.Edges, Objective: carve.Inertia, Territories: make([]carve.Territory, 3),
		Measures: []carve.Measure{{Name: "sites", Of: units.Sites, Tolerance: 0.1}}}, carve.Options{Seed: 1, Iterations: 100_000})
	must(t, err)
	model, ids := l.model(t, "2027", "0", "1", "2")
	var rules []territories.Rule
	for u, j := range plan.Of {
		rules = append(rules, territories.Rule{TerritoryID: ids[fmt.Sprint(j)], Cell: units.Cell[u]})
	}
	must(t, l.AddRules(l.ctx, model, rules))
	l.fill(t, model)
	counts, err := l.Counts(l.ctx, model)
	must(t, err)
	want, got := map[string]int{}, map[string]int{}
	for j, territory := range plan.Report.Territories {
		want[fmt.Sprint(j)] = int(territory.Sums[0])
	}
	for _, c := range counts {
		for name, id := range ids {
			if id == c.TerritoryID {
				got[name] = c.Sites
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sites of each territory (-designed +found):\n%s", diff)
	}
}
