-- +goose Up
-- Plans on their way from a run to a published day. New and empty.

create schema dispatch;
grant usage on schema dispatch to catchment_app;
alter default privileges in schema dispatch grant select, insert, update, delete on tables to catchment_app;

create table dispatch.plan (
  id uuid primary key,
  day date not null,
  days int not null default 1 check (days between 1 and 14),
  state text not null check (state in ('queued', 'running', 'ready', 'accepted', 'published', 'discarded', 'failed')),
  seed bigint not null,
  iterations int not null default 0, -- 0: by time
  seconds int not null,
  resource_ids uuid[], -- null: everybody with a shift
  considered uuid[] not null default '{}', -- the resources whose days it plans; publishing replaces their routes
  input_hash text not null default '',
  travel_version text not null default '',
  progress jsonb not null default '{}',
  summary jsonb not null default '{}',
  routes jsonb not null default '[]',
  unassigned jsonb not null default '[]',
  shapes jsonb not null default '[]', -- of the legs, in the order of routes and stops
  changes jsonb not null default '{}',
  visit_versions jsonb not null default '{}', -- what it was computed on: publishing refuses visits that changed since
  chunk int not null default 0, -- stretches of the search done, so that a repeated job does none twice
  stop boolean not null default false, -- asked to stop and keep the best
  error text not null default '',
  created_by uuid not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  version int not null default 1
);
create index plan_day on dispatch.plan (day, created_at desc);

-- +goose Down
drop schema dispatch cascade;
