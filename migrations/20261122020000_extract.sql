-- +goose Up
-- Which extracts of OpenStreetMap are in force. A small table: a row an import.

create schema extract;
grant usage on schema extract to catchment_app;
alter default privileges in schema extract grant select on tables to catchment_app;

create table extract.generation (
  id bigint generated always as identity primary key,
  hash text not null, -- sha256 of the file
  name text not null,
  source text not null check (source in ('osm', 'town')),
  state text not null check (state in ('loading', 'active', 'retired')),
  counts jsonb not null default '{}',
  bounds geometry(Polygon, 4326),
  imported_at timestamptz not null default now()
);
create index generation_active on extract.generation (id) where state = 'active';

-- +goose Down
drop schema extract cascade;
