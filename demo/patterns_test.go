package demo_test

import (
	"context"
	"strings"
	"testing"

	"catchment/crm/kinds"
	"catchment/crm/record"
	"catchment/demo"
)

// TestTheHistoryHoldsWhatAnalysisShouldFind proves every pattern that docs/demo.md tells of, on a company of the size it comes in.
func TestTheHistoryHoldsWhatAnalysisShouldFind(t *testing.T) {
	t.Parallel()
	r := newRegion(t, townSource())
	r.o.Accounts = 3000
	must(t, demo.Load(system, r.o))
	ask := func(query string) (v float64) {
		t.Helper()
		if err := r.owner.QueryRow(context.Background(), strings.ReplaceAll("select coalesce(("+sides+query+")::float8, -1)", "NOW", "timestamptz '2026-11-23 09:00Z'")).Scan(&v); err != nil {
			t.Fatalf("%v in %s", err, query)
		}
		return v
	}
	// The town has no countries or valleys: sides are told as the company tells them, by the middle of its places.
	_, err := r.owner.Exec(context.Background(), `create table public.side as select $1::float8 as lon, $2::float8 as lat, $3::float8 as width, $4::float8 as height`, compass(t, r)...)
	must(t, err)
	for _, row := range []struct {
		name        string
		query       string
		least, most float64
	}{
		{"the north gains more new customers than the rest together, for its size", `
			select (count(*) filter (where side = 'north' and created_at > NOW - interval '1 year'))::float / nullif(count(*) filter (where side = 'north'), 0)
			     / ((count(*) filter (where side <> 'north' and created_at > NOW - interval '1 year'))::float / count(*) filter (where side <> 'north')) from account`, 2, 9},
		{"orders in the north rise from the first year to the second", `
			select (count(*) filter (where o.ordered_on > (NOW - interval '1 year')::date))::float
			     / count(*) filter (where o.ordered_on between (NOW - interval '2 years')::date and (NOW - interval '1 year')::date)
			from sales."order" o join account a on a.id = o.account_id where side = 'north'`, 1.4, 5},
		{"orders in the south fall", `
			select (count(*) filter (where o.ordered_on > (NOW - interval '1 year')::date))::float
			     / count(*) filter (where o.ordered_on between (NOW - interval '2 years')::date and (NOW - interval '1 year')::date)
			from sales."order" o join account a on a.id = o.account_id where side = 'south'`, 0.2, 0.9},
		{"customers leave in the south", `
			select (avg((stage in ('lost', 'at_risk'))::int) filter (where side = 'south')) / avg((stage in ('lost', 'at_risk'))::int) filter (where side <> 'south')
			from account where stage in ('customer', 'at_risk', 'lost', 'won_back')`, 3, 12},
		{"in the south deals are lost to one competitor", `
			select avg((competitor = 'Nordwind Wärme')::int) from sales.deal d join account a on a.id = d.account_id
			where side = 'south' and d.stage = 'lost'`, 0.4, 0.9},
		{"the east heats with oil", `
			select (avg((p.code = 'OB-25')::int) filter (where side = 'east')) / avg((p.code = 'OB-25')::int) filter (where side <> 'east')
			from service.installation i join sales.product p on p.id = i.product_id join account a on a.id = i.account_id`, 3, 12},
		{"the west buys heat pumps and solar roofs", `
			select (avg((g.name in ('Heat pumps', 'Solar'))::int) filter (where side = 'west')) - avg((g.name in ('Heat pumps', 'Solar'))::int) filter (where side <> 'west')
			from sales.order_line l join sales.product p on p.id = l.product_id join sales.product_group g on g.id = p.group_id join account a on a.id = l.account_id
			join sales."order" o on o.id = l.order_id where o.deal_id is not null`, 0.1, 0.6},
		{"referrals are won more than twice as often as what comes from the fair", `
			select (avg((stage = 'won')::int) filter (where source = 'referral')) / avg((stage = 'won')::int) filter (where source = 'fair')
			from sales.deal where stage in ('won', 'lost')`, 1.9, 5},
		{"one rep wins more often than the other", `
			select (avg((d.stage = 'won')::int) filter (where s.email like 'rep@%')) / avg((d.stage = 'won')::int) filter (where s.email like 'rep2@%')
			from sales.deal d join crm.staff s on s.id = d.owner_id where d.stage in ('won', 'lost')`, 1.25, 2.2},
		{"leads that become customers come from referrals far more often than those that do not", `
			select (avg((source = 'referral')::int) filter (where state = 'converted')) / avg((source = 'referral')::int) filter (where state = 'disqualified') from sales.lead`, 2, 20},
		{"who buys a heat pump buys a buffer tank", lift("Heat pumps", "BUF-500"), 3, 200},
		{"who buys softener salt buys filter cartridges", `
			select avg((exists (select from sales.order_line k join sales.product q on q.id = k.product_id where k.order_id = l.order_id and q.code = 'FILT-W'))::int)
			from sales.order_line l join sales.product p on p.id = l.product_id where p.code = 'SALT'`, 0.4, 0.7},
		{"burner nozzles sell in autumn", `
			select (count(*) filter (where extract(month from o.ordered_on) in (9, 10, 11)))::float / nullif(count(*) filter (where extract(month from o.ordered_on) in (4, 5, 6)), 0)
			from sales.order_line l join sales.product p on p.id = l.product_id join sales."order" o on o.id = l.order_id where p.code = 'NOZZLE'`, 2.5, 20},
		{"coolant sells in summer", `
			select (count(*) filter (where extract(month from o.ordered_on) in (5, 6, 7, 8)))::float / nullif(count(*) filter (where extract(month from o.ordered_on) in (11, 12, 1, 2)), 0)
			from sales.order_line l join sales.product p on p.id = l.product_id join sales."order" o on o.id = l.order_id where p.code = 'COOLANT' and o.deal_id is null`, 5, 1000},
		{"class A is what buys most: few accounts, half of the revenue", `
			select sum(o.total) filter (where a.class = 'A') / sum(o.total) from sales."order" o join account a on a.id = o.account_id
			where o.state <> 'cancelled' and o.created_at > NOW - interval '2 years'`, 0.4, 0.9},
		{"class A is a small part of the accounts", `select avg((class = 'A')::int) from account`, 0.01, 0.12},
		{"one series of heat pumps fails several times as often as the others", `
			select (avg(f.n) filter (where i.serial like 'AE8-B7-%')) / avg(f.n) filter (where i.serial not like 'AE8-B7-%')
			from service.installation i join sales.product p on p.id = i.product_id
			cross join lateral (select count(*) as n from service."case" c where c.installation_id = i.id and c.type = 'fault') f
			where p.code in ('HP-8', 'HP-12') and i.installed_on between (NOW - interval '25 months')::date and (NOW - interval '4 months')::date`, 3, 60},
		{"old boilers fail more often than new ones", `
			select (avg(f.n) filter (where i.installed_on < (NOW - interval '12 years')::date)) / avg(f.n) filter (where i.installed_on between (NOW - interval '6 years')::date and (NOW - interval '2 years')::date)
			from service.installation i join sales.product p on p.id = i.product_id join account a on a.id = i.account_id
			cross join lateral (select count(*) as n from service."case" c where c.installation_id = i.id and c.type = 'fault') f
			where p.code in ('GB-24', 'OB-25') and a.stage = 'customer'`, 1.7, 8},
		{"what is served yearly fails less", `
			select (avg(f.n) filter (where exists (select from service.contract k where k.account_id = i.account_id and k.state = 'active')))
			     / avg(f.n) filter (where not exists (select from service.contract k where k.account_id = i.account_id))
			from service.installation i join sales.product p on p.id = i.product_id join account a on a.id = i.account_id
			cross join lateral (select count(*) as n from service."case" c where c.installation_id = i.id and c.type = 'fault') f
			where p.code in ('GB-24', 'OB-25') and a.stage = 'customer' and i.installed_on < (NOW - interval '3 years')::date`, 0.35, 0.85},
		{"faults of heating come in winter", `
			select (count(*) filter (where extract(month from c.created_at) in (12, 1, 2)))::float / count(*) filter (where extract(month from c.created_at) in (6, 7, 8))
			from service."case" c join service.installation i on i.id = c.installation_id join sales.product p on p.id = i.product_id
			where p.code in ('GB-24', 'OB-25', 'HP-8', 'HP-12', 'HP-30', 'GB-90')`, 2.2, 9},
		{"a complaint comes before a customer leaves", `
			select avg((exists (select from service."case" c where c.account_id = a.id and c.type = 'complaint'))::int) filter (where stage in ('at_risk', 'lost'))
			     / avg((exists (select from service."case" c where c.account_id = a.id and c.type = 'complaint'))::int) filter (where stage = 'customer') from account a`, 4, 30},
		{"who was written to in the campaign and heats with oil wants a heat pump more often than who was not", `
			select (avg(w.wants::int) filter (where w.written)) / nullif(avg(w.wants::int) filter (where not w.written), 0) from (
			  select exists (select from customer.activity v where v.account_id = a.id and v.tags @> '{campaign heat pump weeks}') as written,
			         exists (select from sales.deal d where d.account_id = a.id and d.name like 'Aeron%' and d.created_at > NOW - interval '76 days') as wants
			  from account a where a.kind = 'household' and a.stage = 'customer' and exists (select from service.installation i join sales.product p on p.id = i.product_id
			    where i.account_id = a.id and p.code = 'OB-25' and i.installed_on < (NOW - interval '8 years 80 days')::date)) w`, 2, 40},
		{"people are met by every channel", `select count(distinct channel) from customer.activity`, 13, 13},
		{"there is something to do: tasks that are open", `select count(*) from customer.activity where not done`, 20, 1000},
		{"there are open deals with a next step", `select count(*) from sales.deal where stage not in ('won', 'lost') and next_step <> ''`, 30, 1000},
		{"there are open cases", `select count(*) from service."case" where state not in ('resolved', 'closed')`, 3, 200},
		{"most visits of the past were done", `select avg((state = 'done')::int) from work.visit where outcome_at is not null`, 0.88, 0.97},
	} {
		got := ask(row.query)
		t.Logf("%-100s %7.2f", row.name, got)
		if got < row.least || got > row.most {
			t.Errorf("%s: want %g to %g, got %.3f", row.name, row.least, row.most, got)
		}
	}
	for _, table := range []string{"customer.contact", "sales.lead", "sales.deal", `sales."order"`, "sales.order_line", "service.installation", "service.contract", `service."case"`,
		"customer.activity", "work.visit", "crm.event", "region.journal"} {
		t.Logf("%8d %s", r.number(`select count(*) from `+table), table)
	}
	r.pastIsTold()
}

// lift is how much more often a product is in baskets with something of a group than in all baskets of deals.
func lift(group, code string) string {
	has := `exists (select from sales.order_line k join sales.product q on q.id = k.product_id where k.order_id = o.id and q.code = '` + code + `')`
	with := `exists (select from sales.order_line k join sales.product q on q.id = k.product_id join sales.product_group g on g.id = q.group_id where k.order_id = o.id and g.name = '` + group + `')`
	return `select (avg((` + has + `)::int) filter (where ` + with + `)) / nullif(avg((` + has + `)::int), 0) from sales."order" o`
}

// sides are the accounts with the side of the region they lie on.
const sides = `with account as (
	select a.*, case when y >= greatest(x, -x) then 'north' when y <= least(x, -x) then 'south' when x > 0 then 'east' else 'west' end as side
	from customer.account a join customer.site s on s.account_id = a.id
	cross join lateral (select (st_x(s.point) - c.lon) / c.width as x, (st_y(s.point) - c.lat) / c.height as y from public.side c) p
) `

// compass returns the middle of the company's places and how far half of them reach.
func compass(t *testing.T, r *region) []any {
	t.Helper()
	lon, lat, width, height, err := demo.Compass(system, r.o)
	must(t, err)
	return []any{lon, lat, width, height}
}

// pastIsTold asks for what stood in the past: a deal in its stage, a place in its stage.
func (r *region) pastIsTold() {
	r.t.Helper()
	ctx := context.Background()
	var deal [16]byte
	must(r.t, r.owner.QueryRow(ctx, `select d.id from sales.deal d join crm.event e on e.entity_id = d.id where d.stage = 'won' group by d.id having count(*) = 5 order by d.id limit 1`).Scan(&deal))
	rows, err := r.owner.Query(ctx, `select at, changes #>> '{stage,1}' from crm.event where entity_id = $1 order by at`, deal)
	must(r.t, err)
	defer rows.Close()
	records := kinds.Records(r.store)
	for rows.Next() {
		var past record.Past
		var want string
		must(r.t, rows.Scan(&past.AsOf, &want))
		got, err := records.RecordAt(system, "deal", deal, past)
		must(r.t, err)
		if got.Text("stage") != want {
			r.t.Errorf("as of %s the deal was %s, told as %s", past.AsOf, want, got.Text("stage"))
		}
	}
	for what, want := range map[string]int{
		// a year ago fewer were customers in the journal of places than today, and as many as the log says
		`with past as (select (select e.changes #>> '{stage,1}' from crm.event e where e.entity_id = a.id and e.changes ? 'stage' and e.at <= '2025-11-23' order by e.at desc, e.seq desc limit 1) as stage
		 from customer.account a) select count(*) filter (where stage = 'customer')
		   - (select coalesce(sum(sign), 0) from region.journal where stage = region.stage('customer') and at <= '2025-11-23') from past`: 0,
		`with past as (select (select e.changes #>> '{stage,1}' from crm.event e where e.entity_id = a.id and e.changes ? 'stage' and e.at <= '2025-11-23' order by e.at desc, e.seq desc limit 1) as stage
		 from customer.account a) select count(*) filter (where stage = 'lead')
		   - (select coalesce(sum(sign), 0) from region.journal where stage = region.stage('lead') and at <= '2025-11-23') from past`: 0,
	} {
		if got := r.number(what); got != want {
			r.t.Errorf("want %d, got %d: %s", want, got, what)
		}
	}
}
