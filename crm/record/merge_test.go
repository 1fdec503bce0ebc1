package record_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/crm/customer"
	"catchment/crm/record"
)

// everything is every row of the business but for its version, the log, and what follows from the rows.
func (h *house) everything() map[string][]string {
	h.t.Helper()
	rows, _ := h.owner.Query(h.ctx, `select schemaname || '."' || tablename || '"' from pg_tables where schemaname in ('crm', 'customer', 'sales', 'service', 'work', 'record')
		and tablename not in ('event', 'private_value', 'change_set', 'change_row', 'alike', 'uncompared', 'duplicate') order by 1`)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	h.must(err)
	out := map[string][]string{}
	for _, table := range tables {
		rows, _ := h.owner.Query(h.ctx, `select (to_jsonb(t) - 'version' - 'updated_at')::text from `+table+` t order by 1`)
		out[table], err = pgx.CollectRows(rows, pgx.RowTo[string])
		h.must(err)
	}
	return out
}

// belongings adds an account with some of everything that may belong to one.
func (h *house) belongings(r *rand.Rand, name string, parent string) (account string, contacts []string) {
	h.t.Helper()
	v := record.Values{"name": name, "stage": []any{"prospect", "customer"}[r.IntN(2)]}
	for field, value := range map[string]any{"phone": "+41 44 " + name, "email": "x@example.org", "note": "Note of " + name, "tags": []any{"a", name}, "industry": "Bakery", "employees": int64(5)} {
		if r.IntN(2) == 0 {
			v[field] = value
		}
	}
	if parent != "" {
		v["parent_id"] = parent
	}
	if r.IntN(3) == 0 {
		owner, _ := h.as("rep", h.team)
		v["owner_id"] = owner.String()
	}
	account = h.add("account", v)
	of := func(more record.Values) record.Values { more["account_id"] = account; return more }
	site := h.site(account, customer.NewSite{Street: "Weg", HouseNumber: name, Point: orb.Point{9.5 + r.Float64()/100, 47.1}})
	for i := range 1 + r.IntN(2) {
		contacts = append(contacts, h.add("contact", of(record.Values{"last_name": fmt.Sprint(name, i), "main": i == 0})))
	}
	deal := h.add("deal", of(record.Values{"name": "Deal of " + name, "contact_id": contacts[0]}))
	order := h.add("order", of(record.Values{"deal_id": deal, "contact_id": contacts[len(contacts)-1]}))
	h.add("order_line", record.Values{"order_id": order, "unit_price": int64(100), "quantity": 2.0})
	boiler := h.add("installation", of(record.Values{"name": "Boiler", "site_id": site}))
	h.add("contract", of(record.Values{"name": "Care"}))
	c := h.add("case", of(record.Values{"title": "Leak", "installation_id": boiler, "contact_id": contacts[0]}))
	h.add("activity", of(record.Values{"channel": "call", "subject": "Called", "case_id": c, "contact_id": contacts[0]}))
	if r.IntN(2) == 0 {
		h.add("lead", record.Values{"name": "Lead " + name})
	}
	_, err := h.owner.Exec(h.ctx, `insert into work.visit (id, kind, state, title, account_id, site_id, duration_seconds, earliest, latest, zone)
		values (gen_random_uuid(), 'service', 'proposed', 'x', $1, $2, 3600, '2026-11-23', '2026-11-30', 'UTC')`, account, site)
	h.must(err)
	for _, sql := range []string{
		`insert into crm.share (entity_kind, entity_id, team_id) select 'account', $1::uuid, $2::uuid where md5($1::uuid::text) > '8'`,
		`insert into crm.share (entity_kind, entity_id, staff_id) select 'account', $1::uuid, id from crm.staff where $2::uuid is not null order by md5(id::text || $1::uuid::text) limit 1`,
		`insert into crm.notice (id, staff_id, kind, entity_kind, entity_id, account_id, by_name, at) select gen_random_uuid(), id, 'mention', 'account', $1::uuid, $1::uuid, 'x', now() from crm.staff, (select $2::uuid) x limit 1`,
	} {
		_, err := h.owner.Exec(h.ctx, sql, account, h.team)
		h.must(err)
	}
	if r.IntN(2) == 0 {
		_, err := h.owner.Exec(h.ctx, `update customer.account set synthetic = true where id = $1`, account)
		h.must(err)
	}
	return account, contacts
}

// Whatever is merged, and whatever of it again: nothing is lost, everything refers to what is there, and undone from the
// last to the first all is as it was.
func TestMergesLoseNothingAndCanBeUndone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for round := range 6 {
		r := rand.New(rand.NewPCG(7, uint64(round)))
		var accounts, contacts []string
		for i := range 4 {
			parent := ""
			if i > 0 && r.IntN(2) == 0 {
				parent = accounts[r.IntN(i)]
			}
			a, c := h.belongings(r, fmt.Sprintf("R%d%c", round, 'a'+i), parent)
			accounts, contacts = append(accounts, a), append(contacts, c...)
		}
		states := []map[string][]string{h.everything()}
		var sets []record.ChangeSet
		rows := func(s map[string][]string, table string) int { return len(s[table]) }
		merge := func(kind string, of *[]string) {
			list := *of
			r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
			n := 1 + r.IntN(min(2, len(list)-1))
			j := record.Joining{Survivor: uuid.MustParse(list[0])}
			for _, id := range list[1 : 1+n] {
				j.Absorbed = append(j.Absorbed, uuid.MustParse(id))
			}
			if r.IntN(2) == 0 {
				j.Choices = map[string]uuid.UUID{"phone": j.Absorbed[0]}
			}
			before := states[len(states)-1]
			done, err := h.records.Merge(h.ctx, kind, j)
			if err != nil {
				t.Fatalf("round %d: merge of %s: %v", round, kind, err)
			}
			*of = append(list[:1:1], list[1+n:]...)
			after := h.everything()
			states, sets = append(states, after), append(sets, done.Set)
			for _, table := range []string{"customer.\"site\"", "sales.\"deal\"", "sales.\"order\"", "sales.\"order_line\"", "service.\"case\"", "service.\"installation\"",
				"service.\"contract\"", "customer.\"activity\"", "work.\"visit\"", "crm.\"notice\""} {
				if rows(before, table) != rows(after, table) {
					t.Errorf("round %d: %s had %d rows and has %d", round, table, rows(before, table), rows(after, table))
				}
			}
			for table, list := range after {
				if table == `crm."merged"` || table == `record."merge_moved"` || table == `crm."share"` {
					continue
				}
				for _, row := range list {
					for _, gone := range j.Absorbed {
						if strings.Contains(row, gone.String()) {
							t.Errorf("round %d: %s still names what was absorbed: %s", round, table, row)
						}
					}
				}
			}
			for _, gone := range j.Absorbed {
				if to, ok, err := h.records.Moved(h.ctx, kind, gone); err != nil || !ok || to != j.Survivor {
					t.Errorf("round %d: leads to %s %v %v, want %s", round, to, ok, err, j.Survivor)
				}
			}
		}
		for range 3 {
			if r.IntN(3) == 0 && len(contacts) > 1 {
				merge("contact", &contacts)
			} else if len(accounts) > 1 {
				merge("account", &accounts)
			}
		}
		for i := len(sets) - 1; i >= 0; i-- {
			if _, left, err := h.records.Undo(h.ctx, sets[i].ID); err != nil || len(left) > 0 {
				t.Fatalf("round %d: undo %d: %v %v", round, i, err, left)
			}
			if diff := cmp.Diff(states[i], h.everything()); diff != "" {
				t.Fatalf("round %d: after undoing merge %d:\n%s", round, i, diff)
			}
		}
	}
}

func TestAMergeKeepsBothHistories(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	rep, asRep := h.as("rep", h.team)
	bakery := h.add("account", record.Values{"name": "Bakery", "note": "Rings twice", "tags": []any{"a"}, "phone": "1111111", "owner_id": rep.String()})
	baker := h.add("account", record.Values{"name": "Baker Ltd", "note": "Dog", "tags": []any{"b"}, "phone": "2222222", "email": "baker@example.org"})
	third := h.add("account", record.Values{"name": "The baker", "parent_id": baker})
	deal := h.add("deal", record.Values{"account_id": baker, "name": "Oven"})
	id := uuid.MustParse
	if _, err := h.records.Merge(h.ctx, "account", record.Joining{Survivor: id(baker), Absorbed: []uuid.UUID{id(third)}}); err != nil {
		t.Fatal(err)
	}
	done, err := h.records.Merge(h.ctx, "account", record.Joining{Survivor: id(bakery), Absorbed: []uuid.UUID{id(baker)}, Choices: map[string]uuid.UUID{"name": id(baker)}})
	if err != nil {
		t.Fatal(err)
	}
	want := record.Values{"name": "Baker Ltd", "note": "Rings twice\n\nDog", "tags": []any{"a", "b"}, "phone": "1111111", "email": "baker@example.org", "owner_id": rep.String(), "parent_id": nil}
	got := record.Values{}
	for field := range want {
		got[field] = done.Survivor[field]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the survivor: %s", diff)
	}
	page, err := h.store.AccountTimeline(asRep, id(bakery), "", 100) // as somebody who sees the survivor alone
	h.must(err)
	told := map[string]int{}
	for _, e := range page.Items {
		told[e.EntityID.String()+" "+e.Verb]++
	}
	for _, entry := range []string{bakery + " added", baker + " added", third + " added", deal + " added", deal + " merged", baker + " merged", bakery + " merged"} {
		if told[entry] == 0 {
			t.Errorf("the timeline does not tell of %s: %v", entry, told)
		}
	}
	for _, gone := range []string{baker, third} {
		if to, ok, err := h.records.Moved(asRep, "account", id(gone)); err != nil || !ok || to != id(bakery) {
			t.Errorf("%s leads to %s %v %v", gone, to, ok, err)
		}
	}
	_, stranger := h.as("rep")
	if _, ok, _ := h.records.Moved(stranger, "account", id(baker)); ok {
		t.Error("a stranger is led to an account he may not see")
	}
	if page, err := h.store.AccountTimeline(stranger, id(bakery), "", 100); err != nil || len(page.Items) > 0 {
		t.Errorf("a stranger reads the timeline: %v %v", page.Items, err)
	}
}

func TestWhatIsNotMerged(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a, b := uuid.MustParse(h.add("account", record.Values{"name": "A"})), uuid.MustParse(h.add("account", record.Values{"name": "B"}))
	_, asRep := h.as("rep", h.team)
	lead := h.add("lead", record.Values{"name": "L"})
	for _, row := range []struct {
		name string
		kind string
		j    record.Joining
		want crm.Kind
	}{
		{"a record with itself", "account", record.Joining{Survivor: a, Absorbed: []uuid.UUID{a}}, crm.Invalid},
		{"with nothing", "account", record.Joining{Survivor: a}, crm.Invalid},
		{"one of them twice", "account", record.Joining{Survivor: a, Absorbed: []uuid.UUID{b, b}}, crm.Invalid},
		{"with what is not there", "account", record.Joining{Survivor: a, Absorbed: []uuid.UUID{uuid.New()}}, crm.Invalid},
		{"into what is not there", "account", record.Joining{Survivor: uuid.New(), Absorbed: []uuid.UUID{b}}, crm.NotFound},
		{"records of other kinds", "account", record.Joining{Survivor: a, Absorbed: []uuid.UUID{uuid.MustParse(lead)}}, crm.Invalid},
		{"deals", "deal", record.Joining{Survivor: a, Absorbed: []uuid.UUID{b}}, crm.Invalid},
		{"a field that is none", "account", record.Joining{Survivor: a, Absorbed: []uuid.UUID{b}, Choices: map[string]uuid.UUID{"shoe": b}}, crm.Invalid},
		{"the owner of another", "account", record.Joining{Survivor: a, Absorbed: []uuid.UUID{b}, Choices: map[string]uuid.UUID{"owner_id": b}}, crm.Invalid},
		{"the value of a third", "account", record.Joining{Survivor: a, Absorbed: []uuid.UUID{b}, Choices: map[string]uuid.UUID{"name": uuid.New()}}, crm.Invalid},
	} {
		if _, err := h.records.Merge(h.ctx, row.kind, row.j); crm.KindOf(err) != row.want {
			t.Errorf("%s: want %s, got %v", row.name, row.want, err)
		}
	}
	if _, err := h.records.Merge(asRep, "account", record.Joining{Survivor: a, Absorbed: []uuid.UUID{b}}); crm.KindOf(err) != crm.Forbidden {
		t.Errorf("a rep merges: %v", err)
	}
}
