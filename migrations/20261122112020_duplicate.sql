-- +goose Up
-- Likely duplicates: what records have in common, which of them have to be compared, and the pairs that were found. New
-- tables; what is there already is compared bit by bit afterwards.

-- How a folded name sounds, whatever the order of its words: without legal forms and titles, doubled letters and the
-- spellings German has for one sound.
create function record.sound(name text) returns text language sql immutable parallel safe strict as $$
  select coalesce(string_agg(w, '' order by w), '') from (
    select regexp_replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
      word, 'ph', 'f'), 'tz', 'z'), 'dt', 't'), 'th', 't'), 'ck', 'k'), 'ie', 'i'), 'ae', 'e'), 'oe', 'o'), 'ue', 'u'), 'ai', 'ei'), 'ay', 'ei'), 'y', 'i'), 'v', 'f'),
      '(.)\1+', '\1', 'g') as w
    from regexp_split_to_table(regexp_replace(name, '[^[:alnum:]]+', ' ', 'g'), ' ') as word
    where word <> '' and word not in ('gmbh', 'ag', 'kg', 'ohg', 'gbr', 'ug', 'se', 'ev', 'mbh', 'co', 'anstalt', 'est', 'etablissement', 'ltd', 'llc', 'inc', 'sa',
      'sarl', 'srl', 'spa', 'bv', 'und', 'and', 'u', 'der', 'die', 'das', 'the', 'firma', 'familie', 'fam', 'herr', 'frau', 'dr', 'prof', 'dipl', 'ing', 'mr', 'mrs', 'ms')) as words
$$;

-- What likely duplicates have in common, as hashes: e-mail, telephone number, tax number, the sound of the name, the address.
-- +goose StatementBegin
create function record.blocks(name text, email text, phones text[], tax text, postcode text, street text, house text) returns bigint[]
  language plpgsql immutable parallel safe as $$
declare
  keys text[] := '{}';
  part text;
begin
  if email <> '' then
    keys := keys || ('e:' || lower(btrim(email)));
  end if;
  foreach part in array phones loop
    if part <> '' then
      part := record.digits(part);
      if length(part) >= 6 then
        keys := keys || ('p:' || right(part, 8));
      end if;
    end if;
  end loop;
  if length(tax) >= 5 then
    keys := keys || ('t:' || upper(regexp_replace(tax, '[^[:alnum:]]', '', 'g')));
  end if;
  if name <> '' then
    part := record.sound(name);
    if length(part) >= 4 then
      keys := keys || ('n:' || part);
    end if;
  end if;
  if postcode <> '' and street <> '' and house <> '' then
    keys := keys || ('a:' || btrim(postcode) || ' ' || record.sound(record.fold(regexp_replace(street, '(?i)str(aße|asse|\.)?\s*$', ''))) || ' ' || record.fold(house));
  end if;
  return array(select distinct hashtextextended(k, 0) from unnest(keys) k order by 1);
end $$;
-- +goose StatementEnd

-- What a record shares with its duplicates. The blocks of an account are those of its sites too.
create table record.alike (
  block bigint not null,
  id uuid not null,
  kind text not null,
  primary key (block, id)
);
create index alike_id on record.alike (id);
alter table record.alike enable row level security;
create policy alike_scope on record.alike using ((select crm.sees_all()) or exists (select from record.search s where s.id = alike.id));

-- Records that have not been compared with the others since they changed.
create table record.uncompared (
  id uuid primary key,
  kind text not null,
  since timestamptz not null default clock_timestamp()
);
create index uncompared_since on record.uncompared (since);
alter table record.uncompared enable row level security;
create policy uncompared_scope on record.uncompared using ((select crm.sees_all()));

-- +goose StatementBegin
create function record.compare_added() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into record.uncompared (id, kind)
  select distinct case kind when 'site' then account_id else id end, case kind when 'site' then 'account' else kind end
  from came where kind in ('account', 'contact', 'lead', 'site')
  order by 1 on conflict (id) do nothing;
  return null;
end $$;
-- +goose StatementEnd
-- +goose StatementBegin
create function record.compare_changed() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into record.uncompared (id, kind)
  select distinct case c.kind when 'site' then c.account_id else c.id end, case c.kind when 'site' then 'account' else c.kind end
  from came c join was w using (id) where c.kind in ('account', 'contact', 'lead', 'site') and (c.text, c.account_id) is distinct from (w.text, w.account_id)
  order by 1 on conflict (id) do nothing;
  return null;
end $$;
-- +goose StatementEnd
create trigger compare_added after insert on record.search referencing new table as came for each statement execute function record.compare_added();
create trigger compare_changed after update on record.search referencing old table as was new table as came for each statement execute function record.compare_changed();
insert into record.uncompared (id, kind) select id, kind from record.search where kind in ('account', 'contact', 'lead');

-- The words there are, for those who misspell one. They are kept by the job that compares records.
create table record.word (
  word text primary key
);
create index word_spelling on record.word using gin (word gin_trgm_ops);
alter table record.word enable row level security;
create policy word_scope on record.word using ((select crm.sees_all()));

-- Words that share letters with one: what is found by them is still only what the actor may see.
create function record.spelled_like(w text) returns setof text language sql stable security definer set search_path = public, pg_catalog, pg_temp
  set pg_trgm.similarity_threshold = 0.25 as $$
  select word from record.word where word % w order by similarity(word, w) desc, word limit 100
$$;

-- Two records that may be one and the same. A pair stays when one of them is merged away or removed: should it come back,
-- what people decided still stands.
create table record.duplicate (
  id uuid primary key default gen_random_uuid(),
  kind text not null,
  a uuid not null,
  b uuid not null check (a < b),
  score int not null check (score between 0 and 100),
  reasons text[] not null,
  state text not null default 'open' check (state in ('open', 'snoozed', 'dismissed')),
  snoozed_until timestamptz,
  decided_by uuid,
  found_at timestamptz not null,
  unique (a, b)
);
create index duplicate_queue on record.duplicate (kind, score desc, id);
create index duplicate_b on record.duplicate (b);
alter table record.duplicate enable row level security;
-- Nobody learns of a duplicate he may not see both sides of.
create policy duplicate_scope on record.duplicate using ((select crm.sees_all())
  or exists (select from record.search s where s.id = a) and exists (select from record.search s where s.id = b));

-- +goose Down
drop function record.spelled_like;
drop table record.duplicate, record.uncompared, record.word;
drop trigger compare_added on record.search;
drop trigger compare_changed on record.search;
drop function record.compare_added, record.compare_changed;
drop table record.alike;
drop function record.blocks, record.sound;
