-- +goose Up
-- The base map: shapes ready for tiles, in Web Mercator (3857), by generation of the extract they came from.
-- Every table is partitioned by generation: an import fills new, unseen tables, indexes them once and attaches
-- them; dropping a generation drops tables. Neither rewrites nor locks what readers use, at any size: attaching
-- takes SHARE UPDATE EXCLUSIVE on the parent, dropping a short ACCESS EXCLUSIVE. The tables here are new and empty.

create schema basemap;
grant usage on schema basemap to catchment_app;

-- Land cover by kind, rank being the order of drawing. _z12, _z10 and _z8 are thinned copies for zooms up to that one:
-- small areas left out, outlines simplified to less than a pixel.
create table basemap.land (
  generation bigint not null,
  kind text not null,
  rank smallint not null,
  area real not null, -- square metres on the map (not on the ground)
  geom geometry(Geometry, 3857) not null
) partition by list (generation);
create table basemap.land_z12 (like basemap.land) partition by list (generation);
create table basemap.land_z10 (like basemap.land) partition by list (generation);
create table basemap.land_z8 (like basemap.land) partition by list (generation);

create table basemap.water (
  generation bigint not null,
  kind text not null,
  intermittent boolean not null,
  area real not null,
  geom geometry(Geometry, 3857) not null
) partition by list (generation);
create table basemap.water_z12 (like basemap.water) partition by list (generation);
create table basemap.water_z10 (like basemap.water) partition by list (generation);
create table basemap.water_z8 (like basemap.water) partition by list (generation);

create table basemap.waterway (
  generation bigint not null,
  kind text not null,
  minzoom smallint not null,
  tunnel boolean not null,
  name text,
  names jsonb,
  geom geometry(LineString, 3857) not null
) partition by list (generation);

create table basemap.building (
  generation bigint not null,
  kind text not null,
  area real not null,
  geom geometry(Geometry, 3857) not null
) partition by list (generation);

-- Ways of the same looks, joined end to end. layer is OpenStreetMap's: above or below the ground.
create table basemap.road (
  generation bigint not null,
  class text not null,
  kind text, -- what within the class, where it is drawn otherwise: steps, cycleway, tram
  minzoom smallint not null,
  layer smallint not null,
  bridge boolean not null,
  tunnel boolean not null,
  ramp boolean not null,
  oneway boolean not null, -- in the direction of the line
  private boolean not null,
  geom geometry(LineString, 3857) not null
) partition by list (generation);
create table basemap.road_z12 (like basemap.road) partition by list (generation);
create table basemap.road_z10 (like basemap.road) partition by list (generation);
create table basemap.road_z8 (like basemap.road) partition by list (generation);

-- Names along streets: ways of one name and class, joined whatever their bridges and directions.
create table basemap.street (
  generation bigint not null,
  class text not null,
  minzoom smallint not null,
  name text,
  names jsonb,
  ref text,
  geom geometry(LineString, 3857) not null
) partition by list (generation);

create table basemap.boundary (
  generation bigint not null,
  level smallint not null, -- admin_level: 2 is a country
  minzoom smallint not null,
  geom geometry(LineString, 3857) not null
) partition by list (generation);

create table basemap.place (
  generation bigint not null,
  kind text not null,
  rank smallint not null, -- 1 is the most important
  minzoom smallint not null,
  capital smallint, -- admin_level of what it is capital of
  name text not null,
  names jsonb,
  geom geometry(Point, 3857) not null
) partition by list (generation);

-- Single things with a sign or a name of their own: stations, shops, peaks, lakes, parks.
create table basemap.poi (
  generation bigint not null,
  kind text not null, -- the name of the sign
  class text not null, -- the family, which gives the colour
  rank smallint not null,
  minzoom smallint not null,
  name text,
  names jsonb,
  elevation integer, -- metres
  geom geometry(Point, 3857) not null
) partition by list (generation);

create table basemap.number (
  generation bigint not null,
  number text not null,
  geom geometry(Point, 3857) not null
) partition by list (generation);

-- What the extract covers: beyond it the map fades. In longitude and latitude, as it leaves in GeoJSON.
create table basemap.coverage (
  generation bigint not null,
  geom geometry(MultiPolygon, 4326) not null
) partition by list (generation);

create index on basemap.land using gist (geom);
create index on basemap.land_z12 using gist (geom);
create index on basemap.land_z10 using gist (geom);
create index on basemap.land_z8 using gist (geom);
create index on basemap.water using gist (geom);
create index on basemap.water_z12 using gist (geom);
create index on basemap.water_z10 using gist (geom);
create index on basemap.water_z8 using gist (geom);
create index on basemap.waterway using gist (geom);
create index on basemap.building using gist (geom);
create index on basemap.road using gist (geom);
create index on basemap.road_z12 using gist (geom);
create index on basemap.road_z10 using gist (geom);
create index on basemap.road_z8 using gist (geom);
create index on basemap.street using gist (geom);
create index on basemap.boundary using gist (geom);
create index on basemap.place using gist (geom);
create index on basemap.poi using gist (geom);
create index on basemap.number using gist (geom);

-- The parents of all generations.
create function basemap.parents() returns setof text language sql stable
set search_path = pg_catalog, pg_temp as
$$ select relname::text from pg_class where relnamespace = 'basemap'::regnamespace and relkind = 'p' order by relname $$;

-- Makes the empty tables of a generation, named parent_generation, not attached yet. The three functions run as the
-- owner, because the application's role owns nothing.
-- +goose StatementBegin
create function basemap.open_generation(generation bigint) returns void language plpgsql security definer
set search_path = pg_catalog, public, pg_temp as $$
declare parent text; part text;
begin
  for parent in select basemap.parents() loop
    part := parent || '_' || generation;
    execute format('create table basemap.%I (like basemap.%I)', part, parent);
    execute format('alter table basemap.%I add constraint %I check (generation = %s)', part, part || '_generation', generation);
    execute format('grant select, insert on basemap.%I to catchment_app', part);
  end loop;
end $$;
-- +goose StatementEnd

-- Indexes the tables of a generation in the order of place and attaches them.
-- +goose StatementBegin
create function basemap.seal_generation(generation bigint) returns void language plpgsql security definer
set search_path = pg_catalog, public, pg_temp as $$
declare parent text; part text;
begin
  for parent in select basemap.parents() loop
    part := parent || '_' || generation;
    if parent <> 'coverage' then
      execute format('create index on basemap.%I using gist (geom)', part);
    end if;
    execute format('analyze basemap.%I', part);
    execute format('alter table basemap.%I attach partition basemap.%I for values in (%s)', parent, part, generation);
    execute format('alter table basemap.%I drop constraint %I', part, part || '_generation');
  end loop;
end $$;
-- +goose StatementEnd

-- Drops the tables of a generation, if they are there.
-- +goose StatementBegin
create function basemap.drop_generation(generation bigint) returns void language plpgsql security definer
set search_path = pg_catalog, public, pg_temp as $$
declare parent text;
begin
  for parent in select basemap.parents() loop
    execute format('drop table if exists basemap.%I', parent || '_' || generation);
  end loop;
end $$;
-- +goose StatementEnd

revoke execute on function basemap.open_generation(bigint), basemap.seal_generation(bigint),
  basemap.drop_generation(bigint) from public;
grant execute on function basemap.open_generation(bigint), basemap.seal_generation(bigint),
  basemap.drop_generation(bigint) to catchment_app;
grant select on all tables in schema basemap to catchment_app;
