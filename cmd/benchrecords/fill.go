package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// words are what names are put together from: some common, most rare, as in a telephone book.
const words = `
create temp table last_name as
  select n, initcap(a || b || c) as name from (
    select row_number() over (order by md5(a || b || c)) as n, a, b, c
    from unnest(array['mül','schmi','hub','wag','frick','ber','stei','hof','bau','kai','lin','grü','ross','wal','zim','os','kel','vog','sei','brun']) a,
         unnest(array['l','d','in','man','ger','t','bach','feld','hau','ner','lin','ster','ler','ken','wil']) b,
         unnest(array['er','ner','mann','i','li','e','ski','ing','inger','ach','ens','old','hart','ig','o']) c) x;
create temp table first_name as
  select row_number() over () as n, name from unnest(array['Anna','Peter','Maria','Hans','Ursula','Josef','Eva','Karl','Ruth','Max','Lea','Noah','Mia','Luca','Zoë','Jürg',
    'Käthi','René','Sophie','Emil','Greta','Paul','Ida','Otto','Vera','Felix','Nina','Urs','Silvia','Beat']) name;
create temp table trade as
  select row_number() over () as n, name from unnest(array['Heizung','Sanitär','Bau','Elektro','Metall','Garten','Holz','Hotel','Bäckerei','Metzgerei','Treuhand','Garage',
    'Apotheke','Druck','Software','Transporte','Malerei','Dach','Küchen','Fenster','Brauerei','Optik','Reisen','Immobilien']) name;
create temp table town as
  select row_number() over () as n, initcap(a || b) as name, 1000 + (row_number() over ()) * 17 as postcode, 6 + random() * 8 as lon, 46.5 + random() * 7 as lat
  from unnest(array['vadu','schaa','trie','balz','esch','mau','grab','buch','feld','alt','neu','ober','unter','wei','rot','schwarz','lang','kirch','berg','tal']) a,
       unnest(array['z','n','sen','ers','berg','kirch','s','en','burg','dorf','hausen','ingen','au','bach','heim','stadt','wil','ach','rain','moos','ried','furt','brunn','tobel','egg']) b;
create index on last_name (n); create index on first_name (n); create index on trade (n); create index on town (n);`

// statements fill a database; $N is the number of accounts. Names are folded by the database here, elsewhere by crm.SearchText.
var statements = []struct{ what, sql string }{
	{"people and teams", `
		insert into crm.team (id, name) select md5('team' || i)::uuid, 'Team ' || i from generate_series(1, 100) i;
		insert into crm.staff (id, name, email, role) select md5('staff' || i)::uuid, 'Rep ' || i, 'rep' || i || '@example.org', 'rep' from generate_series(1, 1000) i;
		insert into crm.team_member (team_id, staff_id) select md5('team' || 1 + i % 100)::uuid, md5('staff' || i)::uuid from generate_series(1, 1000) i`},
	{"accounts", `
		insert into customer.account (id, name, search, kind, stage, class, owner_id, team_id, phone, email, tax_id, created_at, updated_at)
		select id, name, record.fold(name || ' ' || phone || ' ' || email), kind, stage, class, md5('staff' || rep)::uuid, md5('team' || 1 + rep % 100)::uuid, phone, email,
		       case when kind = 'company' then 'CHE-' || 100000000 + i else '' end, at, at + random() * interval '100 days'
		from (select i, md5('account' || i)::uuid as id, kind, at, 1 + (i::bigint * 7919) % 1000 as rep,
		        case when kind = 'household' then f.name || ' ' || l.name else l.name || ' ' || t.name || (array[' GmbH', ' AG', '', ' & Söhne'])[1 + i % 4] || ' ' || w.name end as name,
		        '+41 ' || 70 + i % 9 || ' ' || lpad((i * 7 % 1000)::text, 3, '0') || ' ' || lpad((i % 100)::text, 2, '0') || ' ' || lpad((i / 100 % 100)::text, 2, '0') as phone,
		        lower(record.fold(l.name)) || i || '@example.org' as email,
		        case when r < 0.6 then 'customer' when r < 0.8 then 'prospect' when r < 0.9 then 'lead' when r < 0.98 then 'lost' when r < 0.995 then 'at_risk' else 'won_back' end as stage,
		        case when i % 10 = 0 then 'A' when i % 10 < 4 then 'B' else 'C' end as class
		      from (select i, case when i % 3 = 0 then 'household' else 'company' end as kind, random() as r, now() - random() * interval '2000 days' as at,
		              1 + (power(random(), 3) * 4499)::int as ln, 1 + (random() * 29)::int as fn, 1 + (random() * 23)::int as tn, 1 + (random() * 499)::int as wn
		            from generate_series(1, $N) i) x
		      join last_name l on l.n = ln join first_name f on f.n = fn join trade t on t.n = tn join town w on w.n = wn) y`},
	{"sites", `
		insert into customer.site (id, account_id, owner_id, team_id, street, house_number, postcode, city, country, point, cell, zone, source)
		select md5('site' || no)::uuid, a.id, owner_id, team_id, l.name || 'strasse', 1 + no % 120, w.postcode, w.name, 'CH',
		       ST_SetSRID(ST_MakePoint(w.lon + random() * 0.06, w.lat + random() * 0.04), 4326), 1, 'Europe/Vaduz', 'synthetic'
		from (select *, 1 + (random() * 4499)::int as ln, 1 + (random() * 499)::int as wn from customer.account) a
		join last_name l on l.n = ln join town w on w.n = wn`},
	{"contacts", `
		insert into customer.contact (id, account_id, owner_id, team_id, first_name, last_name, phone, email, search)
		select md5('contact' || no)::uuid, a.id, owner_id, team_id, f.name, l.name, '+41 44 ' || 1000000 + no, record.fold(f.name) || no || '@example.org',
		       record.fold(f.name || ' ' || l.name || ' +41 44 ' || 1000000 + no || ' ' || f.name || no || '@example.org')
		from (select *, 1 + (power(random(), 3) * 4499)::int as ln, 1 + (random() * 29)::int as fn from customer.account) a
		join last_name l on l.n = ln join first_name f on f.n = fn`},
	{"leads", `
		insert into sales.lead (id, name, kind, phone, email, street, house_number, postcode, city, point, state, owner_id, team_id, search)
		select md5('lead' || i)::uuid, l.name || ' ' || t.name, 'company', '+41 79 ' || 2000000 + i, 'lead' || i || '@example.org', 'Hauptstrasse', i % 99, w.postcode, w.name,
		       ST_SetSRID(ST_MakePoint(w.lon, w.lat), 4326), 'new', md5('staff' || 1 + i % 1000)::uuid, md5('team' || 1 + (1 + i % 1000) % 100)::uuid,
		       record.fold(l.name || ' ' || t.name || ' hauptstrasse ' || w.name)
		from (select i, 1 + (random() * 4499)::int as ln, 1 + (random() * 23)::int as tn, 1 + (random() * 499)::int as wn from generate_series(1, $N / 5) i) x
		join last_name l on l.n = ln join trade t on t.n = tn join town w on w.n = wn`},
	{"deals", `
		insert into sales.deal (id, name, account_id, stage, amount, currency, probability, close_on, owner_id, team_id, search, created_at, updated_at)
		select md5('deal' || a.no)::uuid, t.name || ' ' || left(a.name, 12), a.id, (array['new','qualified','proposal','negotiation','won','lost'])[1 + a.no % 6], a.no * 37 % 5000000,
		       'CHF', 50, current_date + (a.no % 200)::int, owner_id, team_id, record.fold(t.name || ' ' || left(a.name, 12)), now() - random() * interval '700 days', now()
		from customer.account a join trade t on t.n = 1 + a.no % 24 where a.no % 5 < 3`},
	{"orders", `
		insert into sales."order" (id, account_id, state, ordered_on, currency, reference, owner_id, team_id, search, created_at)
		select md5('order' || no)::uuid, id, 'confirmed', current_date - (no % 700)::int, 'CHF', 'PO-' || 700000 + no, owner_id, team_id, 'po-' || 700000 + no, now() - random() * interval '700 days'
		from customer.account`},
	{"installations", `
		insert into service.installation (id, name, account_id, site_id, serial, status, owner_id, team_id, search)
		select md5('installation' || s.no)::uuid, 'Boiler ' || 1 + s.no % 30, s.account_id, s.id, 'SN' || upper(left(md5(s.no::text), 8)), 'in_use', s.owner_id, s.team_id,
		       'boiler ' || 1 + s.no % 30 || ' sn' || left(md5(s.no::text), 8)
		from customer.site s where s.no % 5 < 4`},
	{"contracts", `
		insert into service.contract (id, name, account_id, kind, state, period, currency, owner_id, team_id, search)
		select md5('contract' || no)::uuid, 'Wartung ' || left(name, 20), id, 'service', 'active', 'year', 'CHF', owner_id, team_id, 'wartung ' || left(record.fold(name), 20)
		from customer.account where no % 5 < 2`},
	{"cases", `
		insert into service."case" (id, title, account_id, type, priority, channel, state, owner_id, team_id, search, created_at)
		select md5('case' || no)::uuid, (array['No hot water','Leaking','Noise at night','Error E17','Invoice unclear'])[1 + no % 5] || ' ' || no, id, 'fault', 'normal', 'call',
		       case when no % 20 = 0 then 'new' else 'closed' end, owner_id, team_id, (array['no hot water','leaking','noise at night','error e17','invoice unclear'])[1 + no % 5] || ' ' || no,
		       now() - random() * interval '700 days'
		from customer.account where no % 2 = 0`},
}

// later are indexes that are built once the rows are there: put in one by one they would take most of the time.
const later = `select format('drop index %s', indexrelid::regclass), pg_get_indexdef(indexrelid)
	from pg_index i join pg_class c on c.oid = i.indexrelid
	where c.relnamespace::regnamespace::text in ('record', 'customer', 'sales', 'service') and not indisunique`

func fill(ctx context.Context, pool *pgxpool.Pool, accounts int) error {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	var drops, creates []string
	rows, _ := conn.Query(ctx, later)
	var drop, create string
	if _, err := pgx.ForEachRow(rows, []any{&drop, &create}, func() error {
		drops, creates = append(drops, drop), append(creates, create)
		return nil
	}); err != nil {
		return err
	}
	exec := func(what, sql string) error {
		start := time.Now()
		if _, err := conn.Exec(ctx, strings.ReplaceAll(sql, "$N", fmt.Sprint(accounts))); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		fmt.Printf("  %-42s %8.1f s\n", what, time.Since(start).Seconds())
		return nil
	}
	if err := exec("settings", `set maintenance_work_mem = '256MB'; set work_mem = '64MB'; set synchronous_commit = off; set jit = off; select setseed(0.5);
		set session_replication_role = replica; `+strings.Join(drops, ";")); err != nil {
		return err
	}
	if err := exec("words", words); err != nil {
		return err
	}
	for _, s := range statements {
		if err := exec(s.what, s.sql); err != nil {
			return err
		}
	}
	if err := exec("the search box", `call record.refill_search()`); err != nil {
		return err
	}
	for _, sql := range creates {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	if err := exec("indexes, vacuum", "vacuum analyze"); err != nil {
		return err
	}
	return exec("settings", "set session_replication_role = origin")
}
