-- +goose Up
-- Bulk additions: a site that comes with its account no longer locks it, texts are folded sooner, and what waits for the indexes
-- for searching can be settled. Functions only; no table is touched.

-- Nobody else can change an account before the transaction that adds it has ended: only accounts of earlier transactions are
-- locked. (Those of a savepoint are, too: it does no harm.)
-- +goose StatementBegin
create or replace function region.note_new_sites() returns trigger language plpgsql security definer
  set search_path = pg_catalog, pg_temp set app.scope = 'all' as $$
declare
  moment timestamptz;
  mine xid := (pg_current_xact_id()::text::bigint & 4294967295)::text::xid;
begin
  perform from customer.account a where a.id in (select n.account_id from after_it n) and a.xmin <> mine order by a.id for share;
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

-- The same fold, sooner done for texts that are plain, which most are.
create or replace function record.fold(t text) returns text language sql immutable parallel safe strict as $$
  select case when octet_length(t) = length(t)
    then btrim(regexp_replace(lower(t), '[^a-z0-9@.+-]+', ' ', 'g'))
    else btrim(regexp_replace(regexp_replace(normalize(
      replace(replace(replace(replace(replace(replace(replace(lower(normalize(t, nfkc)), 'ä', 'ae'), 'ö', 'oe'), 'ü', 'ue'), 'ß', 'ss'), 'æ', 'ae'),
        'ø', 'oe'), 'å', 'aa'), nfkd), '[\u0300-\u036f]', '', 'g'), '[^[:alnum:]@.+-]+', ' ', 'g')) end
$$;

-- What a bulk addition left in the waiting lists of the indexes for searching goes to its place. Searches are right before it,
-- too, but slower; vacuum does the same in its time.
-- +goose StatementBegin
create function record.settle_indexes() returns bigint language plpgsql security definer
  set search_path = pg_catalog, pg_temp set maintenance_work_mem = '256MB' as $$
declare
  pages bigint := 0;
  index regclass;
begin
  for index in
    select c.oid from pg_class c join pg_am m on m.oid = c.relam join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'i' and m.amname = 'gin' and n.nspname in ('customer', 'record') order by c.oid
  loop
    pages := pages + gin_clean_pending_list(index);
  end loop;
  return pages;
end $$;
-- +goose StatementEnd
revoke all on function record.settle_indexes() from public;
grant execute on function record.settle_indexes() to catchment_app;

-- +goose Down
drop function record.settle_indexes();
-- +goose StatementBegin
create or replace function region.note_new_sites() returns trigger language plpgsql security definer
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
