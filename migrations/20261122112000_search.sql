-- +goose Up
-- The search box over all kinds: one narrow row for each record that can be found, kept by statement triggers, so that no import and no statement written by hand can forget it. On a big database
-- this fills the table from what is there: about a minute for a million records, with writes to them waiting.

-- What && on arrays compares are ids and hashes: it tells no values in errors, so the index may be used under the policy.
-- +goose StatementBegin
do $$
begin
  alter function arrayoverlap(anyarray, anyarray) leakproof;
exception when others then raise notice 'arrayoverlap stays as it is: %', sqlerrm;
end $$;
-- +goose StatementEnd

-- The letters of a text as the search box compares them: what crm.SearchText does, for texts the database puts together.
create function record.fold(t text) returns text language sql immutable parallel safe strict as $$
  select btrim(regexp_replace(regexp_replace(normalize(
    replace(replace(replace(replace(replace(replace(replace(lower(normalize(t, nfkc)), 'ä', 'ae'), 'ö', 'oe'), 'ü', 'ue'), 'ß', 'ss'), 'æ', 'ae'),
      'ø', 'oe'), 'å', 'aa'), nfkd), '[\u0300-\u036f]', '', 'g'), '[^[:alnum:]@.+-]+', ' ', 'g'))
$$;

-- The digits of a telephone number without what a country puts in front; empty for fewer than five.
create function record.digits(phone text) returns text language sql immutable parallel safe strict as $$
  select case when length(ltrim(regexp_replace(phone, '\D', '', 'g'), '0')) < 5 then '' else ltrim(regexp_replace(phone, '\D', '', 'g'), '0') end
$$;

create table record.search (
  id uuid primary key,
  kind text not null,
  letter text not null default '', -- before the number people call it by
  no bigint,
  account_id uuid,                 -- whose it is
  owner_id uuid,
  team_id uuid,
  keys uuid[] not null,            -- whoever has one of them sees it: see record.keys_seen
  text text not null,              -- folded: a blank, what it is called, then all else it is found by
  head text generated always as (left(text, 40)) stored
);
create index search_text on record.search using gin (text gin_trgm_ops, keys);
create index search_head on record.search (head text_pattern_ops);
create index search_no on record.search (no) where no is not null;
create index search_account on record.search (account_id) where account_id is not null;

-- The keys of who acts: himself, his teams, what is shared with him or planned for him, and the nil id of what all may see.
create function record.keys_seen() returns uuid[] language sql stable parallel safe as $$
  select case when crm.scope() = 'none' then '{}'::uuid[] else
    array['00000000-0000-0000-0000-000000000000'::uuid, crm.uid()] || crm.teams_seen() || crm.reachable('account') || crm.reachable('site') end
$$;

-- Triggers alone write it. The policy is as wide as those of the records; what is found is read again under theirs.
revoke insert, update, delete on record.search from catchment_app;
alter table record.search enable row level security;
create policy search_scope on record.search for select using ((select crm.sees_all()) or keys && (select record.keys_seen()));

-- +goose StatementBegin
create function record.keys(owner uuid, team uuid, account customer.account) returns uuid[] language sql immutable parallel safe as $$
  select array(select distinct k from unnest(array[owner, team, account.id, account.owner_id, account.team_id]) k where k is not null order by k)
$$;
-- +goose StatementEnd

-- What the box is filled from: a statement for each kind, to fill it anew.
create table record.search_source (
  kind text primary key,
  fill text not null
);
revoke insert, update, delete on record.search_source from catchment_app;

-- Puts a table into the search box. Letter, number, account and words are SQL over its row t or texts. visible says who
-- sees a row: own (its owner and team), account (or who sees its account), id (or who is shown its id), all.
-- +goose StatementBegin
create procedure record.searchable(tab regclass, kind text, letter text, number text, account text, words text, visible text)
language plpgsql as $$
declare
  owner text := case when visible = 'all' then 'null::uuid' else 't.owner_id' end;
  team text := case when visible = 'all' then 'null::uuid' else 't.team_id' end;
  keys text := case visible
    when 'all' then $k$ array['00000000-0000-0000-0000-000000000000'::uuid] $k$
    when 'id' then $k$ array_remove(array[t.id, t.owner_id, t.team_id], null) $k$
    when 'own' then $k$ array_remove(array[t.owner_id, t.team_id], null) $k$
    else $k$ record.keys(t.owner_id, t.team_id, a) $k$ end;
  joined text := case when visible = 'account' then format('left join customer.account a on a.id = %s', account) else '' end;
  rows text;
begin
  rows := format($q$
    select t.id, %L, %L, %s, %s, %s, %s, %s, ' ' || btrim(%s) from %%s t %s order by t.id
    on conflict (id) do update set no = excluded.no, account_id = excluded.account_id, owner_id = excluded.owner_id, team_id = excluded.team_id,
      keys = excluded.keys, text = excluded.text
    where (s.no, s.account_id, s.owner_id, s.team_id, s.keys, s.text)
      is distinct from (excluded.no, excluded.account_id, excluded.owner_id, excluded.team_id, excluded.keys, excluded.text) $q$,
    kind, letter, number, account, owner, team, keys, words, joined);
  rows := 'insert into record.search as s (id, kind, letter, no, account_id, owner_id, team_id, keys, text) ' || rows;
  execute format($f$
    create function record.search_%s() returns trigger language plpgsql security definer set search_path = public, pg_catalog, pg_temp as $b$
    begin
      if tg_op = 'DELETE' then
        delete from record.search s using gone where s.id = gone.id;
      else
        %s;
      end if;
      return null;
    end $b$ $f$, kind, format(rows, 'came'));
  execute format('create trigger search_added after insert on %s referencing new table as came for each statement execute function record.search_%s()', tab, kind);
  execute format('create trigger search_changed after update on %s referencing new table as came for each statement execute function record.search_%s()', tab, kind);
  execute format('create trigger search_removed after delete on %s referencing old table as gone for each statement execute function record.search_%s()', tab, kind);
  insert into record.search_source values (kind, format(rows, tab));
  execute format(rows, tab);
end $$;
-- +goose StatementEnd

call record.searchable('customer.account', 'account', 'a', 't.no', 't.id',
  $$ t.search || ' ' || record.digits(t.phone) || ' ' || record.fold(t.external_id || ' ' || t.tax_id) $$, 'id');
call record.searchable('customer.site', 'site', '', 'null::bigint', 't.account_id',
  $$ record.fold(concat_ws(' ', t.name, t.street, t.house_number, t.postcode, t.city, t.contact_name)) || ' ' || record.digits(t.contact_phone) $$, 'id');
call record.searchable('customer.contact', 'contact', '', 'null::bigint', 't.account_id',
  $$ t.search || ' ' || record.digits(t.phone) || ' ' || record.digits(t.mobile) || ' ' || record.fold(t.external_id) $$, 'account');
call record.searchable('sales.lead', 'lead', 'l', 't.no', 'null::uuid',
  $$ t.search || ' ' || record.digits(t.phone) || ' ' || record.fold(concat_ws(' ', t.house_number, t.postcode, t.external_id)) $$, 'own');
call record.searchable('sales.deal', 'deal', 'd', 't.no', 't.account_id', $$ t.search || ' ' || record.fold(t.external_id) $$, 'account');
call record.searchable('sales."order"', 'order', 'o', 't.no', 't.account_id', $$ t.search $$, 'account');
call record.searchable('service.installation', 'installation', 'i', 't.no', 't.account_id', $$ t.search $$, 'account');
call record.searchable('service.contract', 'contract', 'k', 't.no', 't.account_id', $$ t.search $$, 'account');
call record.searchable('service."case"', 'case', 'c', 't.no', 't.account_id', $$ t.search || ' ' || record.fold(t.external_id) $$, 'account');
call record.searchable('sales.product', 'product', '', 'null::bigint', 'null::uuid', $$ t.search $$, 'all');

-- Fills the search box anew, for whoever has switched the triggers off.
-- +goose StatementBegin
create procedure record.refill_search() language plpgsql as $$
declare
  source record;
begin
  delete from record.search;
  for source in select * from record.search_source order by kind loop
    execute source.fill;
  end loop;
end $$;
-- +goose StatementEnd

-- What is seen through its account follows when the account is given to somebody else.
-- +goose StatementBegin
create function record.search_handed() returns trigger language plpgsql security definer set search_path = public, pg_catalog, pg_temp as $$
declare
  handed uuid[] := array(select c.id from came c join was w using (id) where (c.owner_id, c.team_id) is distinct from (w.owner_id, w.team_id));
begin
  if cardinality(handed) > 0 then
    update record.search s set keys = record.keys(s.owner_id, s.team_id, a)
    from customer.account a
    where a.id = any (handed) and s.account_id = a.id and s.kind not in ('account', 'site');
  end if;
  return null;
end $$;
-- +goose StatementEnd
create trigger search_handed after update on customer.account referencing old table as was new table as came
  for each statement execute function record.search_handed();

-- +goose Down
-- +goose StatementBegin
do $$
declare
  source text;
begin
  foreach source in array array(select kind from record.search_source) loop
    execute format('drop function record.search_%s() cascade', source);
  end loop;
end $$;
-- +goose StatementEnd
drop function record.search_handed() cascade;
drop table record.search, record.search_source;
drop procedure record.searchable, record.refill_search;
drop function record.keys, record.keys_seen, record.digits, record.fold;
