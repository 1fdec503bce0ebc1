-- +goose Up
-- The journal of the region index: every state of every place, as signed rows. A place that changes from one state
-- to another leaves two rows, minus the old and plus the new. It is appended to in the transaction of the change by
-- statement triggers, so that no import and no hand-written statement can forget it; nothing is ever updated or
-- deleted, and it holds numbers only. New tables; the first fill reads customer.site once and keeps its writers out
-- meanwhile, about ten seconds for a million sites.

create schema region;
grant usage on schema region to catchment_app;

-- Small numbers for owners and teams, which the index keeps instead of their ids. 0 stands for none.
create table region.code (
  code int generated always as identity primary key,
  kind text not null check (kind in ('staff', 'team')),
  id uuid not null unique
);
grant select on region.code to catchment_app;
insert into region.code (kind, id) select 'staff', id from crm.staff;
insert into region.code (kind, id) select 'team', id from crm.team;

-- +goose StatementBegin
create function region.number_new() returns trigger language plpgsql security definer
  set search_path = pg_catalog, pg_temp as $$
begin
  insert into region.code (kind, id) values (tg_argv[0], new.id);
  return null;
end $$;
-- +goose StatementEnd
create trigger region_code after insert on crm.staff for each row execute function region.number_new('staff');
create trigger region_code after insert on crm.team for each row execute function region.number_new('team');

-- The dimensions of a place as small numbers, those of package crm/region; a test compares them. 0 stands for a value
-- that is none of the list.
create function region.stage(v text) returns smallint language sql immutable parallel safe as
  $$ select case v when 'lead' then 1 when 'prospect' then 2 when 'customer' then 3 when 'at_risk' then 4 when 'lost' then 5
            when 'won_back' then 6 else 0 end::smallint $$;
create function region.kind(v text) returns smallint language sql immutable parallel safe as
  $$ select case v when 'company' then 1 when 'household' then 2 else 0 end::smallint $$;
create function region.class(v text) returns smallint language sql immutable parallel safe as
  $$ select case v when 'A' then 1 when 'B' then 2 when 'C' then 3 else 0 end::smallint $$;
create function region.source(v text) returns smallint language sql immutable parallel safe as
  $$ select case v when 'person' then 1 when 'geocoder' then 2 when 'import' then 3 when 'synthetic' then 4 else 0 end::smallint $$;

create table region.journal (
  seq bigint generated always as identity,
  xid xid8 not null default pg_current_xact_id(),
  at timestamptz not null,
  recorded_at timestamptz not null default clock_timestamp(),
  place bigint not null, -- customer.site.no
  sign smallint not null check (sign in (-1, 1)),
  lon double precision not null,
  lat double precision not null,
  cell bigint not null,
  stage smallint not null, -- of region.stage, and so on
  kind smallint not null,
  class smallint not null,
  source smallint not null,
  owner int not null, -- of region.code
  team int not null,
  primary key (xid, seq) -- the order it is read in; no other index slows writers down
);
grant select on region.journal to catchment_app;
alter table region.journal enable row level security;
create policy journal_scope on region.journal for select using ((select crm.scope()) = 'all');

-- A state is made of a site and its account. So that two transactions that change one each do not both take the same
-- old state away, who changes an account locks its sites, and who adds a site locks its account; then the second sees
-- what the first has done. The order, account before site, is that of package crm/customer.

-- +goose StatementBegin
create function region.note_accounts() returns trigger language plpgsql security definer
  set search_path = pg_catalog, pg_temp set app.scope = 'all' as $$
begin
  with changed as (
    select o.id, o.stage as old_stage, o.kind as old_kind, o.class as old_class, n.stage, n.kind, n.class
    from before_it o join after_it n on n.id = o.id
    where (n.stage, n.kind, n.class) is distinct from (o.stage, o.kind, o.class)
  ), locked as (
    select s.no, s.account_id, s.point, s.cell, s.source, s.owner_id, s.team_id, clock_timestamp() as moment
    from customer.site s
    where s.account_id in (select id from changed)
    order by s.id
    for no key update
  )
  insert into region.journal (at, place, sign, lon, lat, cell, stage, kind, class, source, owner, team)
  select s.moment, s.no, v.sign, public.ST_X(s.point), public.ST_Y(s.point), s.cell,
         region.stage(v.stage), region.kind(v.kind), region.class(v.class::text), region.source(s.source), coalesce(o.code, 0), coalesce(t.code, 0)
  from locked s
       join changed c on c.id = s.account_id
       cross join lateral (values (-1, c.old_stage, c.old_kind, c.old_class), (1, c.stage, c.kind, c.class)) as v(sign, stage, kind, class)
       left join region.code o on o.id = s.owner_id
       left join region.code t on t.id = s.team_id;
  return null;
end $$;
-- +goose StatementEnd

-- A new place is there from the day its row tells.
-- +goose StatementBegin
create function region.note_new_sites() returns trigger language plpgsql security definer
  set search_path = pg_catalog, pg_temp set app.scope = 'all' as $$
declare
  moment timestamptz;
begin
  perform from customer.account a where a.id in (select n.account_id from after_it n) order by a.id for share;
  moment := clock_timestamp();
  insert into region.journal (at, place, sign, lon, lat, cell, stage, kind, class, source, owner, team)
  select least(s.created_at, moment), s.no, 1, public.ST_X(s.point), public.ST_Y(s.point), s.cell,
         region.stage(a.stage), region.kind(a.kind), region.class(a.class::text), region.source(s.source), coalesce(o.code, 0), coalesce(t.code, 0)
  from after_it s
       join customer.account a on a.id = s.account_id
       left join region.code o on o.id = s.owner_id
       left join region.code t on t.id = s.team_id;
  return null;
end $$;
-- +goose StatementEnd

-- +goose StatementBegin
create function region.note_sites() returns trigger language plpgsql security definer
  set search_path = pg_catalog, pg_temp set app.scope = 'all' as $$
declare
  moment timestamptz := clock_timestamp();
begin
  insert into region.journal (at, place, sign, lon, lat, cell, stage, kind, class, source, owner, team)
  with changed as (
    select n.id from after_it n join before_it o on o.id = n.id
    where (n.account_id, n.owner_id, n.team_id, n.cell, n.source, n.point::bytea)
          is distinct from (o.account_id, o.owner_id, o.team_id, o.cell, o.source, o.point::bytea)
  )
  select moment, s.no, s.sign, public.ST_X(s.point), public.ST_Y(s.point), s.cell,
         region.stage(a.stage), region.kind(a.kind), region.class(a.class::text), region.source(s.source), coalesce(o.code, 0), coalesce(t.code, 0)
  from (select b.no, b.account_id, b.owner_id, b.team_id, b.point, b.cell, b.source, -1 as sign from before_it b join changed c on c.id = b.id
        union all
        select n.no, n.account_id, n.owner_id, n.team_id, n.point, n.cell, n.source, 1 from after_it n join changed c on c.id = n.id) s
       join customer.account a on a.id = s.account_id
       left join region.code o on o.id = s.owner_id
       left join region.code t on t.id = s.team_id;
  return null;
end $$;
-- +goose StatementEnd

-- +goose StatementBegin
create function region.note_gone_sites() returns trigger language plpgsql security definer
  set search_path = pg_catalog, pg_temp set app.scope = 'all' as $$
begin
  insert into region.journal (at, place, sign, lon, lat, cell, stage, kind, class, source, owner, team)
  select clock_timestamp(), s.no, -1, public.ST_X(s.point), public.ST_Y(s.point), s.cell,
         region.stage(a.stage), region.kind(a.kind), region.class(a.class::text), region.source(s.source), coalesce(o.code, 0), coalesce(t.code, 0)
  from before_it s
       join customer.account a on a.id = s.account_id
       left join region.code o on o.id = s.owner_id
       left join region.code t on t.id = s.team_id;
  return null;
end $$;
-- +goose StatementEnd

create trigger region_update after update on customer.account referencing old table as before_it new table as after_it
  for each statement execute function region.note_accounts();
create trigger region_insert after insert on customer.site referencing new table as after_it
  for each statement execute function region.note_new_sites();
create trigger region_update after update on customer.site referencing old table as before_it new table as after_it
  for each statement execute function region.note_sites();
create trigger region_delete after delete on customer.site referencing old table as before_it
  for each statement execute function region.note_gone_sites();

-- repair brings the journal up to date with the tables, should triggers have been off, and returns how many rows it
-- took. It reads everything and keeps writers out meanwhile; with nothing to repair it writes nothing.
-- +goose StatementBegin
create function region.repair() returns bigint language plpgsql security definer
  set search_path = pg_catalog, pg_temp set app.scope = 'all' as $$
declare
  moment timestamptz;
  repaired bigint;
begin
  lock table customer.account, customer.site in share row exclusive mode;
  moment := clock_timestamp();
  insert into region.journal (at, place, sign, lon, lat, cell, stage, kind, class, source, owner, team)
  with old as (
    select j.place, j.lon, j.lat, j.cell, j.stage, j.kind, j.class, j.source, j.owner, j.team, sum(j.sign) as standing
    from region.journal j
    group by j.place, j.lon, j.lat, j.cell, j.stage, j.kind, j.class, j.source, j.owner, j.team
    having sum(j.sign) <> 0
  ), new as (
    select s.no as place, public.ST_X(s.point) as lon, public.ST_Y(s.point) as lat, s.cell,
           region.stage(a.stage) as stage, region.kind(a.kind) as kind, region.class(a.class::text) as class, region.source(s.source) as source,
           coalesce(o.code, 0) as owner, coalesce(t.code, 0) as team, s.created_at
    from customer.site s
         join customer.account a on a.id = s.account_id
         left join region.code o on o.id = s.owner_id
         left join region.code t on t.id = s.team_id
  ), off as (
    select place, lon, lat, cell, stage, kind, class, source, owner, team, n.created_at,
           (n.created_at is not null)::int - coalesce(o.standing, 0) as by
    from old o full join new n using (place, lon, lat, cell, stage, kind, class, source, owner, team)
  )
  select case when f.by > 0 and not exists (select from old o where o.place = f.place) then least(f.created_at, moment) else moment end,
         f.place, sign(f.by)::smallint, f.lon, f.lat, f.cell, f.stage, f.kind, f.class, f.source, f.owner, f.team
  from off f, generate_series(1, abs(f.by));
  get diagnostics repaired = row_count;
  return repaired;
end $$;
-- +goose StatementEnd
revoke all on function region.repair() from public;

select region.repair();

-- +goose Down
drop trigger region_update on customer.account;
drop trigger region_delete on customer.site;
drop trigger region_update on customer.site;
drop trigger region_insert on customer.site;
drop trigger region_code on crm.staff;
drop trigger region_code on crm.team;
drop schema region cascade;
