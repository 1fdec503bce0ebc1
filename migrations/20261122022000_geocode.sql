-- +goose Up
-- The address search: streets, settlements and postcodes with their houses, and an index of their words, by
-- generation of the extract they came from. As in schema basemap every table is partitioned by generation, filled
-- unseen, indexed once and attached, so that an import neither rewrites nor locks what readers use, at any size.
-- The tables here are new and empty. Words are folded to ASCII in Go: no locale has a say in what is found.

create schema geocode;
grant usage on schema geocode to catchment_app;

-- What can be found: a street within a town, a settlement, a postcode.
create table geocode.entry (
  generation bigint not null,
  id integer not null, -- within the generation
  kind text not null,  -- street, place, area (a state, a country) or postcode
  name text not null,
  other_names text[] not null, -- other languages, old and short names
  city text not null,
  postcode text not null,     -- the most frequent of its houses
  postcodes text[] not null,  -- all of them
  areas text[] not null,      -- what it lies in: municipality, district, state, country
  country text not null,      -- ISO 3166-1 code, or empty
  importance real not null,   -- 0 to 1: which of two equal names people mean
  at geometry(Point, 4326) not null
) partition by list (generation);

create table geocode.house (
  generation bigint not null,
  entry integer not null,
  number text not null,  -- as written
  key text not null,     -- folded: 30b
  ordinal integer not null, -- the number alone: 30
  city text not null,
  postcode text not null,
  interpolated boolean not null, -- computed between two houses, not seen
  at geometry(Point, 4326) not null
) partition by list (generation);

-- The lines of streets, for the question what lies nearest to a point.
create table geocode.line (
  generation bigint not null,
  entry integer not null,
  geom geometry(LineString, 4326) not null
) partition by list (generation);

-- Each word of the entries, with the entries it occurs in: the most important first, 20,000 at most.
create table geocode.word (
  generation bigint not null,
  word text collate "C" not null,
  frequency integer not null,
  entries integer[] not null
) partition by list (generation);

-- Short words with one letter left out, and whole: two words one slip apart share a spelling. Longer words are found
-- by their trigrams.
create table geocode.spelling (
  generation bigint not null,
  spelling text collate "C" not null,
  word text collate "C" not null
) partition by list (generation);

create index on geocode.entry (id);
create index on geocode.entry using gist (at);
create index on geocode.house (entry, ordinal);
create index on geocode.house using gist (at);
create index on geocode.line using gist (geom);
create index on geocode.word (word);
create index on geocode.word using gin (word gin_trgm_ops);
create index on geocode.spelling (spelling);

-- Words that share at least a fifth of their trigrams with any of the given ones.
create function geocode.similar_words(generations bigint[], given text[])
returns table (token text, word text, frequency integer) language sql stable parallel safe
set pg_trgm.similarity_threshold = 0.22 as $$
  select g.token, w.word, w.frequency
  from unnest(given) as g(token)
  cross join lateral (
    select word, frequency
    from geocode.word
    where generation = any(generations) and word.word % g.token
    order by similarity(word.word, g.token) desc, frequency desc
    limit 40
  ) w
$$;

create function geocode.parents() returns setof text language sql stable
set search_path = pg_catalog, pg_temp as
$$ select relname::text from pg_class where relnamespace = 'geocode'::regnamespace and relkind = 'p' order by relname $$;

-- Makes the empty tables of a generation, not attached yet. The three functions run as the owner, because the
-- application's role owns nothing.
-- +goose StatementBegin
create function geocode.open_generation(generation bigint) returns void language plpgsql security definer
set search_path = pg_catalog, public, pg_temp as $$
declare parent text; part text;
begin
  for parent in select geocode.parents() loop
    part := parent || '_' || generation;
    execute format('create table geocode.%I (like geocode.%I)', part, parent);
    execute format('alter table geocode.%I add constraint %I check (generation = %s)', part, part || '_generation', generation);
    execute format('grant select, insert on geocode.%I to catchment_app', part);
  end loop;
end $$;
-- +goose StatementEnd

-- Attaches the tables of a generation; the indexes of the parents are made on the way.
-- +goose StatementBegin
create function geocode.seal_generation(generation bigint) returns void language plpgsql security definer
set search_path = pg_catalog, public, pg_temp as $$
declare parent text; part text;
begin
  for parent in select geocode.parents() loop
    part := parent || '_' || generation;
    execute format('alter table geocode.%I attach partition geocode.%I for values in (%s)', parent, part, generation);
    execute format('alter table geocode.%I drop constraint %I', part, part || '_generation');
    execute format('analyze geocode.%I', part);
  end loop;
end $$;
-- +goose StatementEnd

-- Drops the tables of a generation, if they are there.
-- +goose StatementBegin
create function geocode.drop_generation(generation bigint) returns void language plpgsql security definer
set search_path = pg_catalog, public, pg_temp as $$
declare parent text;
begin
  for parent in select geocode.parents() loop
    execute format('drop table if exists geocode.%I', parent || '_' || generation);
  end loop;
end $$;
-- +goose StatementEnd

revoke execute on function geocode.open_generation(bigint), geocode.seal_generation(bigint),
  geocode.drop_generation(bigint) from public;
grant execute on function geocode.open_generation(bigint), geocode.seal_generation(bigint),
  geocode.drop_generation(bigint) to catchment_app;
grant select on all tables in schema geocode to catchment_app;
