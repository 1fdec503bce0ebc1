-- +goose Up
-- Roles of one's own, sessions that can be named, links that work once, the chain over the log, what is kept how long,
-- types of visits. Small or new tables; the index on the log is a BRIN, a few pages however long the log is.

alter table crm.role add column version int not null default 1;
grant delete on crm.role to catchment_app;

alter table crm.session add column id uuid not null default gen_random_uuid();
create unique index session_id on crm.session (id);

create table crm.one_time (
  token_hash bytea primary key,
  staff_id uuid not null references crm.staff on delete cascade,
  purpose text not null check (purpose in ('invite', 'reset')),
  created_at timestamptz not null,
  expires_at timestamptz not null
);
create index one_time_staff on crm.one_time (staff_id);
alter table crm.one_time enable row level security;
alter table crm.one_time force row level security;
create policy one_time_system on crm.one_time using ((select crm.uid()) = '00000000-0000-7000-8000-000000000001');

create index event_recorded on crm.event using brin (recorded_at);

-- The digest of an event: all of it but the personal values, which may be forgotten. Their salted hash is in changes.
create function crm.event_digest(e crm.event) returns bytea language sql stable parallel safe as $$
  select sha256(convert_to(jsonb_build_array(e.seq, e.xid::text, to_char(e.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'),
    to_char(e.recorded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), e.actor, e.actor_name, e.on_behalf_of, e.device, e.verb, e.entity_kind, e.entity_id,
    e.account_id, e.site_id, e.changes, e.private_ref)::text, 'UTF8')) $$;

-- Each link is the hash of the one before and the digest of its event, in the order of the log.
create table crm.event_chain (
  n bigint primary key,
  seq bigint not null unique,
  hash bytea not null
);
revoke update, delete on crm.event_chain from catchment_app;
alter table crm.event_chain enable row level security;
alter table crm.event_chain force row level security;
create policy event_chain_read on crm.event_chain for select using ((select crm.sees_all()));
create policy event_chain_append on crm.event_chain for insert with check ((select crm.uid()) = '00000000-0000-7000-8000-000000000001');

-- How long things are kept, where it differs from the default.
create table crm.retention (
  code text primary key,
  days int not null check (days >= 0),
  version int not null default 1
);

-- What visits are usually like.
create table work.visit_type (
  code text primary key check (code ~ '^[a-z][a-z0-9_]{0,39}$'),
  names jsonb not null,
  kind text not null check (kind in ('service', 'sales', 'campaign')),
  duration_seconds int not null check (duration_seconds between 60 and 86400),
  skills text[] not null default '{}',
  priority smallint not null default 0 check (priority between 0 and 100),
  active boolean not null default true,
  version int not null default 1
);

-- +goose Down
drop table work.visit_type;
drop table crm.retention;
drop table crm.event_chain;
drop function crm.event_digest(crm.event);
drop index crm.event_recorded;
drop table crm.one_time;
alter table crm.session drop column id;
alter table crm.role drop column version;
