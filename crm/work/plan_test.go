package work_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"

	"catchment/crm"
	"catchment/crm/customer"
	"catchment/crm/work"
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

// TestListsSearchAndMapKeepTheirIndexesUnderThePolicies explains, as the application's role with a rep's context,
// the very statements the questions run, over 20,000 accounts, sites and visits of 100 reps: none of the big tables
// is read from end to end.
func TestListsSearchAndMapKeepTheirIndexesUnderThePolicies(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	visit := h.dispatched(h.assigned("north", "tech1", 9*time.Hour), "tech1")
	owner := h.ownerPool()
	for _, statement := range []string{
		`insert into crm.staff (id, name, email, role) select gen_random_uuid(), 'rep ' || i, 'r' || i || '@x', 'rep' from generate_series(1, 100) i`,
		`insert into customer.account (id, name, search, kind, stage, owner_id)
		 select gen_random_uuid(), 'Customer ' || md5(i::text), 'customer ' || md5(i::text), 'company', 'customer', s.id
		 from generate_series(1, 20000) i join (select id, row_number() over () as n from crm.staff where name like 'rep %') s on s.n = 1 + i % 100`,
		`insert into customer.site (id, account_id, owner_id, point, cell, zone, source)
		 select gen_random_uuid(), id, owner_id, st_setsrid(st_makepoint(5 + random() * 10, 45 + random() * 10), 4326), 1, 'UTC', 'synthetic'
		 from customer.account where name like 'Customer %'`,
		`insert into work.visit (id, kind, state, title, account_id, site_id, owner_id, duration_seconds, earliest, latest, zone)
		 select gen_random_uuid(), 'service', case when random() < 0.97 then 'done' else 'proposed' end, 'x', account_id, id, owner_id, 3600,
		        current_date + (no % 400)::int, current_date + (no % 400)::int + 5, 'UTC'
		 from customer.site where source = 'synthetic'`,
		`insert into crm.event (at, actor, actor_name, verb, entity_kind, entity_id, account_id)
		 select now(), owner_id, 'x', 'added', 'account', id, id from customer.account where owner_id is not null`,
		`analyze`,
	} {
		if _, err := owner.Exec(context.Background(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	seen := &tracer{}
	config := h.pool.Config().Copy()
	config.ConnConfig.Tracer = seen
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	must(t, err)
	t.Cleanup(pool.Close)
	store := &crm.Store{Pool: pool, Now: h.store.Now}
	customers, rooms := &customer.Customers{Store: store}, &work.Work{Store: store}

	for _, row := range []struct {
		name string
		ask  func(context.Context) error
		uses string // an index the plan must name
	}{
		{"an account", func(ctx context.Context) error {
			_, err := customers.Account(ctx, h.accounts["north"].ID)
			return err
		}, "account_pkey"},
		{"the sites of an account", func(ctx context.Context) error {
			_, err := customers.Sites(ctx, h.accounts["north"].ID)
			return err
		}, "site_account"},
		{"the map's box", func(ctx context.Context) error {
			return store.Read(ctx, func(tx pgx.Tx) error {
				box := orb.Bound{Min: orb.Point{9, 47}, Max: orb.Point{9.2, 47.2}}
				_, err := tx.Exec(ctx, `select id, no, point from customer.site where point && $1 and st_intersects(point, $1)`, box)
				return err
			})
		}, "site_point"},
		{"the visits of a day", func(ctx context.Context) error {
			_, err := rooms.DayVisits(ctx, h.today, h.today)
			return err
		}, "visit_open"},
		{"the visits of a technician", func(ctx context.Context) error {
			r := h.resources["tech1"].ID
			_, err := rooms.Visits(ctx, work.VisitQuery{Resource: &r})
			return err
		}, "visit_resource"},
		{"the visits of an account", func(ctx context.Context) error {
			_, err := rooms.Visits(ctx, work.VisitQuery{Account: &visit.AccountID})
			return err
		}, "visit_account"},
		{"a visit", func(ctx context.Context) error { _, err := rooms.Visit(ctx, visit.ID); return err }, "visit_pkey"},
		{"an account's timeline", func(ctx context.Context) error {
			_, err := store.AccountTimeline(ctx, h.accounts["north"].ID, "", 0)
			return err
		}, "event_account"},
		{"a visit's timeline", func(ctx context.Context) error { _, err := store.Timeline(ctx, visit.ID, "", 0); return err }, "event_entity"},
	} {
		t.Run(row.name, func(t *testing.T) {
			for _, who := range []string{"rep1", "tech1", "dispatcher"} {
				ctx := h.as(who)
				seen.statements = nil
				must(t, row.ask(ctx))
				plan := h.explainBiggest(ctx, seen.statements)
				for _, table := range []string{"account", "site", "visit", "event"} {
					if strings.Contains(plan, "Seq Scan on "+table) {
						t.Errorf("as %s, %s is read from end to end\n%s", who, table, plan)
					}
				}
				if !strings.Contains(plan, row.uses) {
					t.Errorf("as %s: want the index %s used\n%s", who, row.uses, plan)
				}
			}
		})
	}
}

// explainBiggest returns the plan of the longest of the statements, with the arguments it was given.
func (h *house) explainBiggest(ctx context.Context, statements []pgx.TraceQueryStartData) string {
	h.t.Helper()
	var longest pgx.TraceQueryStartData
	for _, s := range statements {
		if !strings.Contains(s.SQL, "set_config") && len(s.SQL) > len(longest.SQL) {
			longest = s
		}
	}
	var lines []string
	must(h.t, h.store.Read(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, "explain (costs off) "+longest.SQL, longest.Args...)
		if err != nil {
			return err
		}
		lines, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	}))
	return strings.Join(lines, "\n")
}
