-- +goose Up
-- What leaves the house: webhooks and letters, in one queue. New and empty tables, one new index-free table beside the log.

create schema outbox;
grant usage on schema outbox to catchment_app;
alter default privileges in schema outbox grant select, insert, update, delete on tables to catchment_app;
alter default privileges in schema outbox grant usage on sequences to catchment_app;

-- An endpoint is told of what its maker may see, with the rights he had when he made it, as far as he has them still.
create table outbox.endpoint (
  id uuid primary key,
  staff_id uuid not null references crm.staff, -- the maker
  rights text[] not null, -- his when he made it
  title text not null,
  url text not null,
  events text[] not null,
  secret text not null, -- needed in the clear to sign with
  old_secret text,
  old_until timestamptz, -- both sign until then
  active boolean not null default true,
  paused_because text not null default '',
  from_xid xid8 not null default pg_current_xact_id(), -- what was told before it was made is not for it
  failures int not null default 0, -- in a row
  hold_until timestamptz,
  version int not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
alter table outbox.endpoint enable row level security;
alter table outbox.endpoint force row level security;
create policy endpoint_scope on outbox.endpoint using ((select crm.sees_all()) or staff_id = (select crm.uid()));

-- Messages hold no personal values: a webhook's body is made of the log when it is sent, a letter of its subject.
create table outbox.message (
  id uuid primary key,
  n bigint generated always as identity,
  endpoint_id uuid references outbox.endpoint on delete cascade, -- null for a letter
  letter text not null default '', -- what is written: "invite"
  staff_id uuid references crm.staff on delete cascade, -- to whom a letter goes
  event_xid xid8,
  event_seq bigint,
  type text not null, -- "account.changed"
  entity_id uuid not null, -- messages of one record reach an endpoint in their order
  state text not null default 'queued' check (state in ('queued', 'sent', 'dead')),
  attempts int not null default 0,
  next_at timestamptz not null,
  status int, -- of the last answer
  error text not null default '',
  created_at timestamptz not null,
  ended_at timestamptz,
  check ((endpoint_id is null) = (letter <> ''))
);
create unique index message_once on outbox.message (endpoint_id, event_seq) where event_seq is not null;
create index message_lane on outbox.message (endpoint_id, entity_id, n) where state = 'queued';
create index message_turn on outbox.message (endpoint_id, n) where state = 'queued';
create index message_due on outbox.message (next_at) where state = 'queued';
create index message_list on outbox.message (endpoint_id, n desc);
create index message_ended on outbox.message (ended_at) where state <> 'queued';
alter table outbox.message enable row level security;
alter table outbox.message force row level security;
create policy message_scope on outbox.message using (
  (select crm.uid()) = '00000000-0000-7000-8000-000000000001'
  or (endpoint_id is not null and exists (select from outbox.endpoint e where e.id = endpoint_id)));
-- A letter is left by whoever makes the change it tells of.
create policy message_letter on outbox.message for insert with check ((select crm.scope()) <> 'none' and endpoint_id is null);

-- How far followers of the log have read.
create table outbox.position (
  follower text primary key,
  xid xid8 not null,
  seq bigint not null
);
insert into outbox.position (follower, xid, seq) select 'webhooks', pg_snapshot_xmin(pg_current_snapshot()), 0;

-- +goose Down
drop schema outbox cascade;
