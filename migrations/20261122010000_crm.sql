-- +goose Up
-- The ground: who acts, what he may see, what happened. All tables are new and empty.

create extension if not exists postgis;
create extension if not exists pg_trgm;

-- The application runs as a role that owns nothing. Databases of one cluster share it.
-- +goose StatementBegin
do $$
begin
  if not exists (select from pg_roles where rolname = 'catchment_app') then
    create role catchment_app nologin;
  end if;
exception when duplicate_object or unique_violation then null; -- another database of the cluster was faster
end $$;
-- +goose StatementEnd
-- +goose StatementBegin
do $$
begin
  execute format('grant catchment_app to %I', current_user);
exception when others then raise notice 'catchment_app is not granted to %: %', current_user, sqlerrm;
end $$;
-- +goose StatementEnd

-- Under row-level security only leakproof operators may use an index before the policy has run. We vouch for
-- these: they compare boxes and texts and tell no values in errors. Needs a superuser; without one map and
-- search stay right but slower, and /readyz says so.
-- +goose StatementBegin
do $$
declare f text;
begin
  foreach f in array array['geometry_overlaps(geometry,geometry)', 'texticlike(text,text)', 'textlike(text,text)',
    'similarity_op(text,text)', 'word_similarity_op(text,text)', 'ts_match_vq(tsvector,tsquery)'] loop
    begin
      execute 'alter function ' || f || ' leakproof';
    exception when others then raise notice '% stays as it is: %', f, sqlerrm;
    end;
  end loop;
end $$;
-- +goose StatementEnd

create schema crm;
grant select on public.goose_db_version to catchment_app; -- for /readyz
create schema jobs; -- River's tables
grant usage on schema crm, jobs to catchment_app;
alter default privileges in schema crm grant select, insert, update, delete on tables to catchment_app;
alter default privileges in schema crm grant usage on sequences to catchment_app;
alter default privileges in schema jobs grant select, insert, update, delete on tables to catchment_app;
alter default privileges in schema jobs grant usage, select, update on sequences to catchment_app;

-- Who acts, told by the application at the start of each transaction. Empty means nobody: no row is seen.
create function crm.uid() returns uuid language sql stable parallel safe as
  $$ select nullif(current_setting('app.uid', true), '')::uuid $$;
create function crm.scope() returns text language sql stable parallel safe as
  $$ select coalesce(nullif(current_setting('app.scope', true), ''), 'none') $$;
create function crm.teams() returns uuid[] language sql stable parallel safe as
  $$ select coalesce(nullif(current_setting('app.teams', true), ''), '{}')::uuid[] $$;
create function crm.resource() returns uuid language sql stable parallel safe as
  $$ select nullif(current_setting('app.resource', true), '')::uuid $$;

-- The one predicate of visibility. Policies hand the four settings in as sub-selects, so that they are read once
-- a query; the function itself has none, so that it is inlined.
create function crm.sees(scope text, uid uuid, teams uuid[], owner uuid, team uuid) returns boolean
  language sql immutable parallel safe as
  $$ select scope = 'all' or (scope <> 'none' and owner = uid) or (scope = 'teams' and team = any (teams)) $$;

create table crm.organisation (
  id boolean primary key default true check (id), -- one organisation is one database
  name text not null,
  zone text not null,
  currency char(3) not null,
  language text not null default 'en',
  settings jsonb not null default '{}',
  version int not null default 1
);

create table crm.role (
  code text primary key,
  title text not null,
  scope text not null check (scope in ('all', 'teams', 'own')),
  rights text[] not null
);

create table crm.team (
  id uuid primary key,
  name text not null unique,
  version int not null default 1
);

create table crm.staff (
  id uuid primary key,
  name text not null check (name <> ''),
  email text not null,
  role text not null references crm.role,
  language text not null default 'en',
  theme text not null default 'system',
  password text, -- argon2id, null until set
  active boolean not null default true,
  synthetic boolean not null default false,
  version int not null default 1,
  created_at timestamptz not null default now()
);
create unique index staff_email on crm.staff (lower(email));

create table crm.team_member (
  team_id uuid not null references crm.team on delete cascade,
  staff_id uuid not null references crm.staff on delete cascade,
  primary key (team_id, staff_id)
);
create index team_member_staff on crm.team_member (staff_id);

-- A share gives one person or team one record beyond their scope.
create table crm.share (
  entity_kind text not null,
  entity_id uuid not null,
  staff_id uuid references crm.staff on delete cascade,
  team_id uuid references crm.team on delete cascade,
  check (num_nonnulls(staff_id, team_id) = 1)
);
create unique index share_staff on crm.share (staff_id, entity_kind, entity_id) where staff_id is not null;
create unique index share_team on crm.share (team_id, entity_kind, entity_id) where team_id is not null;

-- Sessions and tokens: only hashes of the secrets are kept.
create table crm.session (
  token_hash bytea primary key,
  staff_id uuid not null references crm.staff on delete cascade,
  created_at timestamptz not null default now(),
  seen_at timestamptz not null default now(),
  expires_at timestamptz not null,
  agent text not null default ''
);
create index session_staff on crm.session (staff_id);

create table crm.api_token (
  id uuid primary key,
  staff_id uuid not null references crm.staff on delete cascade,
  name text not null,
  token_hash bytea not null unique,
  rights text[] not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  seen_at timestamptz
);
create index api_token_staff on crm.api_token (staff_id);

create table crm.login_attempt (
  at timestamptz not null default now(),
  account_hash bytea not null, -- of the lower-case e-mail: an unknown one must not be kept in the clear
  address text not null,
  succeeded boolean not null
);
create index login_attempt_account on crm.login_attempt (account_hash, address, at);
create index login_attempt_address on crm.login_attempt (address, at);

-- Answers to requests that came with an Idempotency-Key.
create table crm.idempotency (
  key text not null,
  actor uuid not null,
  body_hash bytea not null,
  status int, -- null while the first request is under way
  headers jsonb,
  body bytea,
  created_at timestamptz not null default now(),
  primary key (actor, key)
);
create index idempotency_age on crm.idempotency (created_at);

-- The one event log. Readers order by (xid, seq) below the snapshot's horizon, never by seq alone: a
-- transaction that began earlier may commit later.
create table crm.event (
  seq bigint generated always as identity primary key,
  xid xid8 not null default pg_current_xact_id(),
  at timestamptz not null,
  recorded_at timestamptz not null default clock_timestamp(),
  actor uuid not null,
  actor_name text not null,
  on_behalf_of uuid,
  device text not null default '',
  verb text not null,
  entity_kind text not null,
  entity_id uuid not null,
  account_id uuid,
  site_id uuid,
  changes jsonb not null default '{}',
  private_ref uuid
);
create index event_order on crm.event (xid, seq);
create index event_entity on crm.event (entity_id, at desc);
create index event_account on crm.event (account_id, at desc) where account_id is not null;

-- Personal values lie apart from the log and can be forgotten; the event keeps their salted hash.
create table crm.private_value (
  id uuid primary key,
  subject_kind text not null,
  subject_id uuid not null,
  salt bytea not null,
  value jsonb not null
);
create index private_value_subject on crm.private_value (subject_id);

revoke update, delete on crm.event from catchment_app;
revoke insert, update, delete on crm.role from catchment_app;
grant insert, update on crm.role to catchment_app;

-- +goose Down
drop schema crm cascade;
drop schema jobs cascade;
