-- +goose Up
-- The journal of the region index: every state of every place, as signed rows. A place that changes from one state
-- to another leaves two rows, minus the old and plus the new. It is appended to in the transaction of the change by
-- statement triggers, so that no import and no hand-written statement can forget it; nothing is ever updated or
-- deleted, and it holds numbers only. New tables; the first fill reads customer.site once and locks nothing.

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

-- What the index should hold of each place. The order of the dimensions, of their values and of the references is
-- that of package crm/region; a test compares them.
create view region.state as
select s.no as place, ST_X(s.point) as lon, ST_Y(s.point) as lat, s.cell,
       array[coalesce(array_position(array['lead', 'prospect', 'customer', 'at_risk', 'lost', 'won_back'], a.stage), 0),
             coalesce(array_position(array['company', 'household'], a.kind), 0),
             coalesce(array_position(array['A', 'B', 'C'], a.class::text), 0),
             coalesce(array_position(array['person', 'geocoder', 'import', 'synthetic'], s.source), 0)]::smallint[] as dimensions,
       array[coalesce(o.code, 0), coalesce(t.code, 0)] as refs,
       s.created_at as since
from customer.site s
     join customer.account a on a.id = s.account_id
     left join region.code o on o.id = s.owner_id
     left join region.code t on t.id = s.team_id;

create table region.journal (
  seq bigint generated always as identity primary key,
  xid xid8 not null default pg_current_xact_id(),
  at timestamptz not null,
  recorded_at timestamptz not null default clock_timestamp(),
  place bigint not null, -- customer.site.no
  sign smallint not null check (sign in (-1, 1)),
  lon double precision not null,
  lat double precision not null,
  cell bigint not null,
  dimensions smallint[] not null, -- places in the lists of region.state, from 1; 0 is none of them
  refs int[] not null
);
create index journal_order on region.journal (xid, seq);
create index journal_place on region.journal (place);
grant select on region.journal to catchment_app;
alter table region.journal enable row level security;
create policy journal_scope on region.journal for select using ((select crm.scope()) = 'all');

-- record brings the journal up to date with the state of some places. Their rows must be locked by the caller, so
-- that two transactions cannot both take the same old state away. A place is new from the day its row tells.
-- +goose StatementBegin
create function region.record(places bigint[]) returns void language plpgsql security definer
  set search_path = pg_catalog, pg_temp set app.scope = 'all' as $$
declare
  moment timestamptz := clock_timestamp();
begin
  insert into region.journal (at, place, sign, lon, lat, cell, dimensions, refs)
  with old as (
    select j.place, j.lon, j.lat, j.cell, j.dimensions, j.refs
    from region.journal j
    where j.place = any (places)
    group by j.place, j.lon, j.lat, j.cell, j.dimensions, j.refs
    having sum(j.sign) > 0
  ), new as (
    select s.place, s.lon, s.lat, s.cell, s.dimensions, s.refs, s.since
    from region.state s
    where s.place = any (places)
  ), changed as (
    select o.place as old_place, n.place as new_place, n.since, o.lon as old_lon, o.lat as old_lat, o.cell as old_cell,
           o.dimensions as old_dimensions, o.refs as old_refs, n.lon, n.lat, n.cell, n.dimensions, n.refs
    from old o full join new n on n.place = o.place
    where (o.lon, o.lat, o.cell, o.dimensions, o.refs) is distinct from (n.lon, n.lat, n.cell, n.dimensions, n.refs)
  )
  select moment, old_place, -1, old_lon, old_lat, old_cell, old_dimensions, old_refs from changed where old_place is not null
  union all
  select case when old_place is null and not exists (select from region.journal j where j.place = c.new_place) then least(since, moment) else moment end,
         new_place, 1, lon, lat, cell, dimensions, refs
  from changed c where new_place is not null;
end $$;
-- +goose StatementEnd
revoke all on function region.record(bigint[]) from public;

-- +goose StatementBegin
create function region.note_sites() returns trigger language plpgsql security definer
  set search_path = pg_catalog, pg_temp as $$
begin
  perform region.record(array(select distinct no from touched));
  return null;
end $$;
-- +goose StatementEnd
create trigger region_insert after insert on customer.site referencing new table as touched
  for each statement execute function region.note_sites();
create trigger region_update after update on customer.site referencing new table as touched
  for each statement execute function region.note_sites();
create trigger region_delete after delete on customer.site referencing old table as touched
  for each statement execute function region.note_sites();

-- Of accounts only what region.state shows matters.
-- +goose StatementBegin
create function region.note_accounts() returns trigger language plpgsql security definer
  set search_path = pg_catalog, pg_temp set app.scope = 'all' as $$
declare
  places bigint[];
begin
  select array_agg(s.no) into places from (
    select s.no from customer.site s
    where s.account_id in (select n.id from after_it n join before_it o on o.id = n.id
                           where (n.stage, n.kind, n.class) is distinct from (o.stage, o.kind, o.class))
    order by s.id for update) s;
  if places is not null then
    perform region.record(places);
  end if;
  return null;
end $$;
-- +goose StatementEnd
create trigger region_update after update on customer.account referencing old table as before_it new table as after_it
  for each statement execute function region.note_accounts();

select region.record(array(select no from customer.site));

-- +goose Down
drop trigger region_update on customer.account;
drop trigger region_delete on customer.site;
drop trigger region_update on customer.site;
drop trigger region_insert on customer.site;
drop trigger region_code on crm.staff;
drop trigger region_code on crm.team;
drop schema region cascade;
