-- +goose Up
-- Territory models: who looks after which sites, by which rule. Membership of a model is filled in chunks beside the one
-- in force; making a model active changes the state of two rows, so that readers see the old division or the new one and
-- never a mixture. Sites carry no territory. New and empty tables, one trigger on customer.site (adding it locks the
-- table for an instant), and a wider crm.reachable.

create schema territories;
grant usage on schema territories to catchment_app;
alter default privileges in schema territories grant select, insert, update, delete on tables to catchment_app;

create table territories.model (
  id uuid primary key,
  name text not null check (name <> ''),
  line text not null default 'sales', -- models of different lines (sales, service, a product line) stand side by side
  state text not null default 'draft' check (state in ('draft', 'scheduled', 'active', 'archived')),
  valid_from timestamptz, -- when it is to take effect, or took
  valid_to timestamptz,
  levels smallint[] not null default '{}', -- resolutions of its cells
  filled_no bigint, -- sites up to this number have their territory; null: membership is not kept
  filled boolean not null default false,
  note text not null default '',
  version int not null default 1,
  created_at timestamptz not null default now(),
  check (state not in ('scheduled', 'active') or filled)
);
create unique index model_active on territories.model (line) where state = 'active';

create table territories.territory (
  id uuid primary key,
  model_id uuid not null references territories.model on delete cascade,
  name text not null check (name <> ''),
  parent_id uuid references territories.territory on delete cascade,
  owner_id uuid references crm.staff,
  team_id uuid references crm.team,
  base geometry(Point, 4326),
  unique (model_id, name)
);
create index territory_owner on territories.territory (owner_id);
create index territory_team on territories.territory (team_id);

-- Who stands in for the owner of a territory, for a while or for good.
create table territories.cover (
  territory_id uuid not null references territories.territory on delete cascade,
  staff_id uuid not null references crm.staff,
  starts timestamptz not null default now(),
  ends timestamptz,
  primary key (territory_id, staff_id)
);
create index cover_staff on territories.cover (staff_id);

-- What belongs to a territory: the rule of the least precedence that fits a site wins, then the longest postcode, the
-- finest cell, the first made.
create table territories.rule (
  id bigint generated always as identity primary key,
  model_id uuid not null references territories.model on delete cascade,
  territory_id uuid not null references territories.territory on delete cascade,
  kind text not null check (kind in ('account', 'postcode', 'cell', 'area')),
  precedence int not null, -- 10 account, 20 postcode, 30 cell, 40 area unless said otherwise
  account_id uuid references customer.account on delete cascade,
  country text,
  postcode text, -- or the beginning of one
  cell bigint, -- H3, of any resolution up to that of sites
  area geometry(MultiPolygon, 4326),
  note text not null default '',
  check (num_nonnulls(account_id, postcode, cell, area) = 1)
);
create unique index rule_account on territories.rule (model_id, account_id) where account_id is not null;
create unique index rule_postcode on territories.rule (model_id, postcode, country) where postcode is not null;
create unique index rule_cell on territories.rule (model_id, cell) where cell is not null;
create index rule_area on territories.rule using gist (area) where area is not null;
create index rule_territory on territories.rule (territory_id);

-- Where each site belongs, in every model whose membership is kept. Without foreign keys: a check for each of a million
-- rows would cost more than all else; triggers take away what belongs to a site or a territory that goes.
create table territories.member (
  model_id uuid not null,
  site_id uuid not null,
  account_id uuid not null,
  territory_id uuid not null,
  rule_id bigint not null,
  primary key (site_id, model_id)
);
create index member_territory on territories.member (territory_id) include (site_id, account_id);

-- The cell of a coarser resolution that holds a cell of resolution 10 (H3 keeps a resolution in bits 52 to 55 and three
-- bits a digit below them; digits not in use are all ones).
create function territories.parent(cell bigint, level int) returns bigint language sql immutable parallel safe as
  $$ select (cell & ~(15::bigint << 52)) | (level::bigint << 52) | ((1::bigint << (3 * (15 - level))) - 1) $$;

-- Which rule of a model gives a site its territory.
create function territories.rule_for(wanted uuid, levels smallint[], account uuid, site_country text, site_postcode text, site_cell bigint, at geometry)
  returns table (rule_id bigint, territory_id uuid) language sql stable as $$
  select f.id, f.territory_id from (
    select r.id, r.territory_id, r.precedence, 0 as fine from territories.rule r where r.model_id = wanted and r.account_id = account
    union all
    select r.id, r.territory_id, r.precedence, length(r.postcode) from territories.rule r
    where site_postcode <> '' and r.model_id = wanted and r.country in ('', site_country)
      and r.postcode = any (array(select left(site_postcode, n) from generate_series(1, length(site_postcode)) n))
    union all
    select r.id, r.territory_id, r.precedence, (r.cell >> 52 & 15)::int from territories.rule r
    where r.model_id = wanted and r.cell = any (array(select territories.parent(site_cell, l) from unnest(levels) l))
    union all
    select r.id, r.territory_id, r.precedence, 0 from territories.rule r
    where r.model_id = wanted and r.area && at and ST_Intersects(r.area, at)
  ) f order by f.precedence, f.fine desc, f.id limit 1
$$;

-- Gives the next sites of a model their territory, in the order of their numbers, and returns how many there were. What
-- a site's own change has written meanwhile stays.
-- +goose StatementBegin
create function territories.fill(wanted uuid, count int) returns int language plpgsql security definer
  set search_path = public, pg_catalog, pg_temp set app.scope = 'all' as $$
declare
  m territories.model;
  last bigint;
  done int;
begin
  select * into m from territories.model where id = wanted for update;
  if m.filled then
    return 0;
  end if;
  if m.filled_no is null then
    lock table customer.site in share mode; -- waits for those who write sites and have not seen that this model is kept
    update territories.model set filled_no = 0 where id = wanted;
    analyze territories.rule; -- many at once: the planner must know how many
    return -1; -- committed before the first site is read: from here on changes of sites keep the membership true
  end if;
  -- the same as territories.rule_for, for many at once
  with chunk as materialized (
    select s.id, s.no, s.account_id, s.country, s.postcode, s.cell, s.point from customer.site s
    where s.no > m.filled_no order by s.no limit count
  ), fits as (
    select c.id, r.precedence, 0 as fine, r.id as rule_id, r.territory_id
    from chunk c join territories.rule r on r.model_id = wanted and r.account_id = c.account_id
    union all
    select c.id, r.precedence, length(r.postcode), r.id, r.territory_id
    from chunk c cross join lateral generate_series(1, length(c.postcode)) n
    join territories.rule r on r.model_id = wanted and r.postcode = left(c.postcode, n) and r.country in ('', c.country)
    where exists (select from territories.rule where model_id = wanted and postcode is not null)
    union all
    select c.id, r.precedence, l::int, r.id, r.territory_id
    from chunk c cross join unnest(m.levels) l
    join territories.rule r on r.model_id = wanted and r.cell = territories.parent(c.cell, l)
    union all
    select c.id, r.precedence, 0, r.id, r.territory_id
    from chunk c join territories.rule r on r.model_id = wanted and r.area && c.point and ST_Intersects(r.area, c.point)
    where exists (select from territories.rule where model_id = wanted and area is not null)
  ), put as (
    insert into territories.member (model_id, site_id, account_id, territory_id, rule_id)
    select wanted, c.id, c.account_id, f.territory_id, f.rule_id
    from chunk c join (select distinct on (id) id, territory_id, rule_id from fits order by id, precedence, fine desc, rule_id) f using (id)
    on conflict do nothing
  )
  select max(no), count(*) into last, done from chunk;
  update territories.model set filled_no = coalesce(last, filled_no), filled = done < count where id = wanted;
  return done;
end $$;

-- A site that is added or moves finds its territory in every model whose membership is kept.
create function territories.follow() returns trigger language plpgsql security definer
  set search_path = public, pg_catalog, pg_temp set app.scope = 'all' as $$
begin
  if not exists (select from territories.model where filled_no is not null) then
    return null;
  end if;
  if tg_op = 'UPDATE' then
    delete from territories.member using changed_from o join changed_to n using (id)
    where site_id = n.id and (o.account_id, o.country, o.postcode, o.cell, o.point) is distinct from (n.account_id, n.country, n.postcode, n.cell, n.point);
  end if;
  insert into territories.member (model_id, site_id, account_id, territory_id, rule_id)
  select m.id, n.id, n.account_id, r.territory_id, r.rule_id
  from changed_to n
  join territories.model m on m.filled_no is not null
  cross join lateral territories.rule_for(m.id, m.levels, n.account_id, n.country, n.postcode, n.cell, n.point) r
  on conflict (site_id, model_id) do update set account_id = excluded.account_id, territory_id = excluded.territory_id, rule_id = excluded.rule_id;
  return null;
end $$;

create function territories.site_gone() returns trigger language plpgsql security definer
  set search_path = pg_catalog, pg_temp set app.scope = 'all' as $$
begin
  delete from territories.member m using gone g where m.site_id = g.id;
  return null;
end $$;

create function territories.territory_gone() returns trigger language plpgsql security definer
  set search_path = pg_catalog, pg_temp set app.scope = 'all' as $$
begin
  delete from territories.member m using gone g where m.territory_id = g.id;
  return null;
end $$;
-- +goose StatementEnd
create trigger territory_left after delete on customer.site referencing old table as gone
  for each statement execute function territories.site_gone();
create trigger territory_gone after delete on territories.territory referencing old table as gone
  for each statement execute function territories.territory_gone();
create trigger territory_added after insert on customer.site referencing new table as changed_to
  for each statement execute function territories.follow();
create trigger territory_changed after update on customer.site referencing old table as changed_from new table as changed_to
  for each statement execute function territories.follow();

alter table territories.model enable row level security;
alter table territories.model force row level security;
create policy model_scope on territories.model using ((select crm.scope()) <> 'none') with check ((select crm.scope()) = 'all');
alter table territories.territory enable row level security;
alter table territories.territory force row level security;
create policy territory_scope on territories.territory using ((select crm.scope()) <> 'none') with check ((select crm.scope()) = 'all');
alter table territories.cover enable row level security;
alter table territories.cover force row level security;
create policy cover_scope on territories.cover using ((select crm.scope()) <> 'none') with check ((select crm.scope()) = 'all');
alter table territories.rule enable row level security;
alter table territories.rule force row level security;
create policy rule_scope on territories.rule using ((select crm.scope()) <> 'none') with check ((select crm.scope()) = 'all');
-- Who may see a site may see where it belongs.
alter table territories.member enable row level security;
alter table territories.member force row level security;
create policy member_scope on territories.member using ((select crm.scope()) = 'all' or exists (select from customer.site s where s.id = site_id))
  with check ((select crm.scope()) = 'all');
revoke insert, update, delete on territories.member from catchment_app;
grant delete on territories.member to catchment_app;

-- +goose StatementBegin
create or replace function crm.reachable(kind text) returns uuid[] language sql stable security definer
  set search_path = pg_catalog, pg_temp as $$
  select coalesce(array_agg(r.id), '{}') from (
    select s.entity_id as id from crm.share s
    where s.entity_kind = $1 and (s.staff_id = crm.uid() or s.team_id = any (crm.teams()))
    union
    select case $1 when 'account' then v.account_id else v.site_id end
    from work.visit v
    where $1 in ('account', 'site') and v.resource_id = crm.resource()
      and v.day between coalesce(nullif(current_setting('app.now', true), '')::timestamptz, now())::date - 31
          and coalesce(nullif(current_setting('app.now', true), '')::timestamptz, now())::date + 14
    union
    select case $1 when 'account' then m.account_id else m.site_id end
    from territories.territory t
    join territories.model o on o.id = t.model_id and o.state = 'active'
    join territories.member m on m.territory_id = t.id
    where $1 in ('account', 'site') and (t.owner_id = crm.uid() or t.team_id = any (crm.teams())
      or exists (select from territories.cover c where c.territory_id = t.id and c.staff_id = crm.uid()
          and coalesce(nullif(current_setting('app.now', true), '')::timestamptz, now()) between c.starts and coalesce(c.ends, 'infinity')))
  ) as r
$$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
create or replace function crm.reachable(kind text) returns uuid[] language sql stable security definer
  set search_path = pg_catalog, pg_temp as $$
  select coalesce(array_agg(r.id), '{}') from (
    select s.entity_id as id from crm.share s
    where s.entity_kind = $1 and (s.staff_id = crm.uid() or s.team_id = any (crm.teams()))
    union
    select case $1 when 'account' then v.account_id else v.site_id end
    from work.visit v
    where $1 in ('account', 'site') and v.resource_id = crm.resource()
      and v.day between coalesce(nullif(current_setting('app.now', true), '')::timestamptz, now())::date - 31
          and coalesce(nullif(current_setting('app.now', true), '')::timestamptz, now())::date + 14
  ) as r
$$;
-- +goose StatementEnd
drop trigger territory_added on customer.site;
drop trigger territory_left on customer.site;
drop trigger territory_changed on customer.site;
drop schema territories cascade;
