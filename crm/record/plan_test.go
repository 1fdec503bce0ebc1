package record_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/crm/kinds"
	"catchment/crm/record"
)

// tracer remembers the statements that ran.
type tracer struct {
	lock       sync.Mutex
	statements []pgx.TraceQueryStartData
}

func (r *tracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	r.lock.Lock()
	defer r.lock.Unlock()
	r.statements = append(r.statements, data)
	return ctx
}

func (r *tracer) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// Every order of every list, the common filters, the search box and the check for duplicates, asked by people of each
// scope over 20,000 accounts of 200 people: no big table is read from end to end.
func TestListsAndSearchKeepTheirIndexes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	conn, err := h.owner.Acquire(h.ctx)
	h.must(err)
	for _, sql := range []string{
		`set session_replication_role = replica`,
		`insert into crm.team (id, name) select md5('team' || i)::uuid, 'Team ' || i from generate_series(1, 20) i`,
		`insert into crm.staff (id, name, email, role) select md5('staff' || i)::uuid, 'Rep', 'r' || i || '@x', 'rep' from generate_series(1, 200) i`,
		`insert into customer.account (id, name, search, kind, stage, class, owner_id, team_id, email, created_at, updated_at)
		 select md5('a' || i)::uuid, n, n, 'company', case when i % 100 = 0 then 'at_risk' else 'customer' end, 'C', md5('staff' || 1 + i % 200)::uuid, md5('team' || 1 + i % 20)::uuid,
		        i || '@x', now() - i * interval '1 minute', now() - i * interval '1 minute'
		 from (select i, 'customer ' || md5(i::text) as n from generate_series(1, 20000) i) x`,
		`insert into customer.site (id, account_id, owner_id, team_id, street, house_number, postcode, city, point, cell, zone, source)
		 select md5('s' || no)::uuid, id, owner_id, team_id, 'Weg', '1', 9490, 'Vaduz', ST_SetSRID(ST_MakePoint(5 + random() * 10, 45 + random() * 10), 4326), 1, 'UTC', 'synthetic' from customer.account`,
		`insert into customer.contact (id, account_id, owner_id, team_id, first_name, search, created_at, updated_at)
		 select md5('c' || no)::uuid, id, owner_id, team_id, md5(no::text), md5(no::text), created_at, updated_at from customer.account`,
		`insert into sales.lead (id, name, kind, state, owner_id, team_id, search, created_at, updated_at)
		 select md5('l' || no)::uuid, md5(no::text), 'company', 'new', owner_id, team_id, md5(no::text), created_at, updated_at from customer.account`,
		`insert into sales.deal (id, name, account_id, stage, amount, currency, probability, close_on, owner_id, team_id, search, created_at, updated_at)
		 select md5('d' || no)::uuid, md5(no::text), id, case when no % 100 = 0 then 'proposal' else 'won' end, no, 'CHF', 50, current_date + no::int % 500, owner_id, team_id, md5(no::text), created_at, updated_at from customer.account`,
		`insert into sales."order" (id, account_id, state, ordered_on, currency, owner_id, team_id, search, total, created_at, updated_at)
		 select md5('o' || no)::uuid, id, 'draft', current_date - no::int % 900, 'CHF', owner_id, team_id, md5(no::text), no, created_at, updated_at from customer.account`,
		`insert into service.installation (id, name, account_id, site_id, status, owner_id, team_id, search, installed_on, next_service_on, created_at, updated_at)
		 select md5('i' || a.no)::uuid, 'x', a.id, s.id, 'active', a.owner_id, a.team_id, md5(a.no::text), current_date - a.no::int, current_date + a.no::int, a.created_at, a.updated_at
		 from customer.account a join customer.site s on s.account_id = a.id`,
		`insert into service.contract (id, name, account_id, kind, state, period, currency, owner_id, team_id, search, end_on, created_at, updated_at)
		 select md5('k' || no)::uuid, 'x', id, 'service', 'active', 'year', 'CHF', owner_id, team_id, md5(no::text), current_date + no::int, created_at, updated_at from customer.account`,
		`insert into service."case" (id, title, account_id, type, priority, channel, state, owner_id, team_id, search, due_at, created_at, updated_at)
		 select md5('v' || no)::uuid, 'x', id, 'fault', 'normal', 'call', case when no % 100 = 0 then 'new' else 'closed' end, owner_id, team_id, md5(no::text), created_at, created_at, updated_at from customer.account`,
		`call record.refill_search()`,
		`insert into record.word select distinct w from record.search cross join regexp_split_to_table(text, '[^[:alpha:]]+') w where length(w) >= 4`,
		`insert into record.alike select hashtextextended(i::text, 0), md5('a' || i)::uuid, 'account' from generate_series(1, 20000) i`,
		`set session_replication_role = origin`,
		`analyze`,
	} {
		if _, err := conn.Exec(h.ctx, sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	conn.Release()
	seen := &tracer{}
	config := h.store.Pool.Config().Copy()
	config.ConnConfig.Tracer = seen
	pool, err := pgxpool.NewWithConfig(h.ctx, config)
	h.must(err)
	t.Cleanup(pool.Close)
	store := &crm.Store{Pool: pool, Now: h.store.Now}
	records := kinds.Records(store)
	var rep, team uuid.UUID
	h.must(h.owner.QueryRow(h.ctx, `select md5('staff1')::uuid, md5('team1')::uuid`).Scan(&rep, &team))

	type question struct {
		name string
		ask  func(context.Context) error
	}
	var questions []question
	list := func(kind string, q record.Query) {
		questions = append(questions, question{kind + " " + q.Sort + " " + q.Filter + " " + q.Text, func(ctx context.Context) error { _, err := records.List(ctx, kind, q); return err }})
	}
	for _, name := range []string{"account", "contact", "lead", "deal", "order", "installation", "contract", "case"} {
		k, err := records.Kind(name)
		h.must(err)
		for _, field := range k.Sortable() {
			list(name, record.Query{Sort: field})
			list(name, record.Query{Sort: "-" + field})
		}
	}
	list("site", record.Query{Filter: "within(9, 47, 9.1, 47.1)"})
	list("account", record.Query{Filter: "stage = at_risk"})
	list("account", record.Query{Filter: "owner_id = me"})
	list("account", record.Query{Text: "c4ca4238"})
	list("deal", record.Query{Filter: "stage = proposal"})
	list("case", record.Query{Filter: "state = new"})
	for _, text := range []string{"customer", "c4ca4238a0b9", "7123456", "a-000017", "cu", "vaduz weg"} {
		questions = append(questions, question{"search for " + text, func(ctx context.Context) error {
			_, err := records.Search(ctx, record.SearchQuery{Text: text})
			return err
		}})
	}
	questions = append(questions, question{"check for duplicates", func(ctx context.Context) error {
		_, err := records.CheckDuplicates(ctx, "account", record.Draft{Name: "customer x", Email: "7@x", Phone: "2321122", Point: &orb.Point{9, 47}})
		return err
	}})
	for _, actor := range []crm.Actor{{Scope: crm.ScopeAll}, {Scope: crm.ScopeTeams, Teams: []uuid.UUID{team}}, {Scope: crm.ScopeOwn}} {
		actor.ID, actor.Name, actor.Rights = rep, string(actor.Scope), crm.Roles()[0].Rights
		ctx := crm.WithActor(context.Background(), actor)
		for _, q := range questions {
			seen.statements = nil
			h.must(q.ask(ctx))
			for _, plan := range h.plans(ctx, seen.statements) {
				for _, table := range []string{"account", "site", "contact", "lead", "deal", `"order"`, "installation", "contract", `"case"`, "search", "alike", "word"} {
					if strings.Contains(plan, "Seq Scan on "+table+" ") {
						t.Errorf("%s, as one who sees %s: %s is read from end to end\n%s", q.name, actor.Scope, table, plan)
					}
				}
			}
		}
	}
}

// plans explains the statements of package record as the actor.
func (h *house) plans(ctx context.Context, statements []pgx.TraceQueryStartData) []string {
	h.t.Helper()
	var out []string
	h.must(h.store.Read(ctx, func(tx pgx.Tx) error {
		for _, s := range statements {
			if !strings.HasPrefix(strings.TrimSpace(s.SQL), "select") || strings.Contains(s.SQL, "set_config") {
				continue
			}
			rows, err := tx.Query(ctx, "explain (costs off) "+s.SQL, s.Args...)
			if err != nil {
				return err
			}
			lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
			if err != nil {
				return err
			}
			out = append(out, s.SQL+"\n"+strings.Join(lines, "\n"))
		}
		return nil
	}))
	return out
}
