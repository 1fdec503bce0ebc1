-- +goose Up
-- What all kinds of records have in common: custom fields, saved views, sets of changes that can be undone. New tables.

create schema record;
grant usage on schema record to catchment_app;
alter default privileges in schema record grant select, insert, update, delete on tables to catchment_app;
alter default privileges in schema record grant usage on sequences to catchment_app;

-- The rights that existed when a role was last brought up to date: a later one is added to it, one taken away stays away.
alter table crm.role add column known text[] not null default '{}';

create table record.custom_field (
  id uuid primary key,
  kind text not null,
  code text not null check (code ~ '^[a-z][a-z0-9_]{0,39}$'), -- read into statements
  label jsonb not null,
  type text not null,
  options text[] not null default '{}',
  required boolean not null default false,
  private boolean not null default false,
  archived boolean not null default false,
  version int not null default 1,
  created_at timestamptz not null default now(),
  unique (kind, code)
);

create table record.view (
  id uuid primary key,
  kind text not null,
  name text not null check (name <> ''),
  filter text not null default '',
  text text not null default '',
  sort text not null default '',
  columns text[] not null default '{}',
  layer jsonb not null default '{}',
  shared boolean not null default false,
  owner_id uuid not null references crm.staff on delete cascade,
  version int not null default 1,
  updated_at timestamptz not null default now()
);
create index view_owner on record.view (owner_id);
alter table record.view enable row level security;
alter table record.view force row level security;
create policy view_scope on record.view
  using ((select crm.scope()) <> 'none' and (shared or owner_id = (select crm.uid())))
  with check (owner_id = (select crm.uid()));

-- A group of changes made together. What each record was before and after is kept, personal values too: erasing a
-- person must erase them here as well.
create table record.change_set (
  id uuid primary key,
  act text not null,
  kind text not null,
  title text not null default '',
  actor uuid not null,
  actor_name text not null,
  at timestamptz not null,
  rows int not null default 0,
  undone int not null default 0,
  undone_at timestamptz
);
create index change_set_at on record.change_set (at desc, id desc);
create table record.change_row (
  n bigint generated always as identity primary key,
  set_id uuid not null references record.change_set on delete cascade,
  kind text not null,
  entity_id uuid not null,
  before jsonb,
  after jsonb,
  undone boolean not null default false
);
create index change_row_set on record.change_row (set_id, n);
create index change_row_entity on record.change_row (entity_id);
alter table record.change_set enable row level security;
alter table record.change_set force row level security;
create policy change_set_scope on record.change_set using ((select crm.scope()) = 'all' or actor = (select crm.uid()));
alter table record.change_row enable row level security;
alter table record.change_row force row level security;
create policy change_row_scope on record.change_row using ((select crm.scope()) = 'all'
  or exists (select from record.change_set s where s.id = set_id));

-- Guards a table of records: who sees its owner or team, or its account, sees it and may write it.
-- +goose StatementBegin
create procedure record.guard(tab regclass, account text) language plpgsql as $$
declare
  rule text := 'crm.sees((select crm.sees_all()), (select crm.owner_seen()), (select crm.teams_seen()), owner_id, team_id)';
begin
  if account is not null then
    rule := format('(%s or exists (select from customer.account a where a.id = %I))', rule, account);
  end if;
  execute format('alter table %s enable row level security', tab);
  execute format('alter table %s force row level security', tab);
  execute format('create policy scope on %s using (%s) with check (%s)', tab, rule, rule);
end $$;
-- +goose StatementEnd

-- Accounts grow.
alter table customer.account
  add column industry text not null default '',
  add column website text not null default '',
  add column employees bigint,
  add column annual_revenue bigint, -- minor units
  add column tax_id text not null default '',
  add column language text not null default '',
  add column external_id text not null default '',
  add column note text not null default '',
  add column tags text[] not null default '{}',
  add column custom jsonb not null default '{}';
create index account_created on customer.account (created_at, id);
create index account_updated on customer.account (updated_at, id);
create index account_tags on customer.account using gin (tags);
create index account_external on customer.account (external_id) where external_id <> '';
alter table customer.site
  add column tags text[] not null default '{}',
  add column custom jsonb not null default '{}';

create table customer.contact (
  id uuid primary key,
  account_id uuid not null references customer.account,
  site_id uuid references customer.site,
  owner_id uuid references crm.staff,
  team_id uuid references crm.team,
  salutation text not null default '',
  first_name text not null default '',
  last_name text not null default '',
  name text generated always as (btrim(first_name || ' ' || last_name)) stored,
  role text not null default '',
  department text not null default '',
  phone text not null default '',
  mobile text not null default '',
  email text not null default '',
  language text not null default '',
  preferred_channel text not null default '',
  main boolean not null default false,
  external_id text not null default '',
  note text not null default '',
  tags text[] not null default '{}',
  custom jsonb not null default '{}',
  search text not null,
  version int not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index contact_account on customer.contact (account_id);
create index contact_search on customer.contact using gin (search gin_trgm_ops);
create index contact_order on customer.contact (search, id);
create index contact_created on customer.contact (created_at, id);
create index contact_updated on customer.contact (updated_at, id);
create index contact_owner on customer.contact (owner_id);
create index contact_team on customer.contact (team_id);
call record.guard('customer.contact', 'account_id');

-- Sales.
create schema sales;
grant usage on schema sales to catchment_app;
alter default privileges in schema sales grant select, insert, update, delete on tables to catchment_app;
alter default privileges in schema sales grant usage on sequences to catchment_app;

create table sales.product_group (
  id uuid primary key,
  name text not null check (name <> ''),
  parent_id uuid references sales.product_group,
  tags text[] not null default '{}',
  custom jsonb not null default '{}',
  search text not null,
  version int not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index product_group_order on sales.product_group (search, id);
create index product_group_created on sales.product_group (created_at, id);
create index product_group_updated on sales.product_group (updated_at, id);

create table sales.product (
  id uuid primary key,
  code text not null unique check (code <> ''),
  name text not null check (name <> ''),
  group_id uuid references sales.product_group,
  kind text not null,
  price bigint,
  currency text not null,
  unit text not null default '',
  active boolean not null default true,
  service_minutes bigint,
  warranty_months bigint,
  description text not null default '',
  tags text[] not null default '{}',
  custom jsonb not null default '{}',
  search text not null,
  version int not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index product_search on sales.product using gin (search gin_trgm_ops);
create index product_order on sales.product (search, id);
create index product_code on sales.product (lower(code), id);
create index product_group_of on sales.product (group_id);
create index product_created on sales.product (created_at, id);
create index product_updated on sales.product (updated_at, id);

create table sales.lead (
  id uuid primary key,
  no bigint generated by default as identity unique,
  number text generated always as ('L-' || lpad(no::text, 6, '0')) stored,
  name text not null check (name <> ''),
  kind text not null,
  first_name text not null default '',
  last_name text not null default '',
  phone text not null default '',
  email text not null default '',
  street text not null default '',
  house_number text not null default '',
  postcode text not null default '',
  city text not null default '',
  country text not null default '',
  point geometry(Point, 4326),
  source text not null default '',
  campaign text not null default '',
  interest text not null default '',
  score bigint,
  state text not null,
  reason text not null default '',
  next_step text not null default '',
  next_step_on date,
  account_id uuid references customer.account, -- what it became
  deal_id uuid,
  converted_at timestamptz,
  owner_id uuid references crm.staff,
  team_id uuid references crm.team,
  external_id text not null default '',
  note text not null default '',
  tags text[] not null default '{}',
  custom jsonb not null default '{}',
  search text not null,
  version int not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index lead_search on sales.lead using gin (search gin_trgm_ops);
create index lead_order on sales.lead (search, id);
create index lead_point on sales.lead using gist (point);
create index lead_state on sales.lead (state);
create index lead_owner on sales.lead (owner_id);
create index lead_team on sales.lead (team_id);
create index lead_created on sales.lead (created_at, id);
create index lead_updated on sales.lead (updated_at, id);
create index lead_next on sales.lead (coalesce(next_step_on, 'infinity'::date), id);
create index lead_account on sales.lead (account_id) where account_id is not null;
call record.guard('sales.lead', null);

create table sales.deal (
  id uuid primary key,
  no bigint generated by default as identity unique,
  number text generated always as ('D-' || lpad(no::text, 6, '0')) stored,
  name text not null check (name <> ''),
  account_id uuid not null references customer.account,
  contact_id uuid references customer.contact,
  site_id uuid references customer.site,
  stage text not null,
  amount bigint,
  currency text not null,
  probability bigint not null,
  close_on date,
  source text not null default '',
  competitor text not null default '',
  loss_reason text not null default '',
  next_step text not null default '',
  next_step_on date,
  closed_at timestamptz,
  owner_id uuid references crm.staff,
  team_id uuid references crm.team,
  external_id text not null default '',
  note text not null default '',
  tags text[] not null default '{}',
  custom jsonb not null default '{}',
  search text not null,
  version int not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index deal_account on sales.deal (account_id);
create index deal_search on sales.deal using gin (search gin_trgm_ops);
create index deal_order on sales.deal (search, id);
create index deal_stage on sales.deal (stage, id);
create index deal_owner on sales.deal (owner_id);
create index deal_team on sales.deal (team_id);
create index deal_created on sales.deal (created_at, id);
create index deal_updated on sales.deal (updated_at, id);
create index deal_amount on sales.deal (coalesce(amount, 0), id);
create index deal_close on sales.deal (coalesce(close_on, 'infinity'::date), id);
create index deal_next on sales.deal (coalesce(next_step_on, 'infinity'::date), id);
call record.guard('sales.deal', 'account_id');
alter table sales.lead add foreign key (deal_id) references sales.deal on delete set null;

create table sales."order" (
  id uuid primary key,
  no bigint generated by default as identity unique,
  number text generated always as ('O-' || lpad(no::text, 6, '0')) stored,
  account_id uuid not null references customer.account,
  contact_id uuid references customer.contact,
  site_id uuid references customer.site,
  deal_id uuid references sales.deal on delete set null,
  state text not null,
  ordered_on date not null,
  deliver_on date,
  currency text not null,
  total bigint not null default 0, -- of its lines, kept with them
  reference text not null default '',
  owner_id uuid references crm.staff,
  team_id uuid references crm.team,
  external_id text not null default '',
  note text not null default '',
  tags text[] not null default '{}',
  custom jsonb not null default '{}',
  search text not null,
  version int not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index order_account on sales."order" (account_id);
create index order_search on sales."order" using gin (search gin_trgm_ops);
create index order_state on sales."order" (state);
create index order_owner on sales."order" (owner_id);
create index order_team on sales."order" (team_id);
create index order_deal on sales."order" (deal_id) where deal_id is not null;
create index order_created on sales."order" (created_at, id);
create index order_updated on sales."order" (updated_at, id);
create index order_total on sales."order" (total, id);
create index order_on on sales."order" (ordered_on, id);
call record.guard('sales."order"', 'account_id');

-- A line belongs to its order: who sees the order sees it.
create table sales.order_line (
  id uuid primary key,
  order_id uuid not null references sales."order" on delete cascade,
  account_id uuid not null references customer.account, -- that of the order
  position bigint not null,
  product_id uuid references sales.product,
  description text not null default '',
  quantity double precision not null,
  unit_price bigint not null,
  discount_percent double precision not null default 0,
  amount bigint not null,
  version int not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index order_line_order on sales.order_line (order_id, position);
create index order_line_product on sales.order_line (product_id);
create index order_line_account on sales.order_line (account_id);
create index order_line_created on sales.order_line (created_at, id);
create index order_line_updated on sales.order_line (updated_at, id);
create index order_line_position on sales.order_line (position, id);
alter table sales.order_line enable row level security;
alter table sales.order_line force row level security;
create policy scope on sales.order_line using ((select crm.sees_all()) or exists (select from sales."order" o where o.id = order_id));

-- Service.
create schema service;
grant usage on schema service to catchment_app;
alter default privileges in schema service grant select, insert, update, delete on tables to catchment_app;
alter default privileges in schema service grant usage on sequences to catchment_app;

create table service.installation (
  id uuid primary key,
  no bigint generated by default as identity unique,
  number text generated always as ('I-' || lpad(no::text, 6, '0')) stored,
  name text not null check (name <> ''),
  account_id uuid not null references customer.account,
  site_id uuid not null references customer.site,
  product_id uuid references sales.product,
  parent_id uuid references service.installation,
  serial text not null default '',
  status text not null,
  installed_on date,
  removed_on date,
  warranty_until date,
  next_service_on date,
  place text not null default '',
  owner_id uuid references crm.staff,
  team_id uuid references crm.team,
  external_id text not null default '',
  note text not null default '',
  tags text[] not null default '{}',
  custom jsonb not null default '{}',
  search text not null,
  version int not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index installation_account on service.installation (account_id);
create index installation_site on service.installation (site_id);
create index installation_product on service.installation (product_id);
create index installation_search on service.installation using gin (search gin_trgm_ops);
create index installation_order on service.installation (search, id);
create index installation_owner on service.installation (owner_id);
create index installation_team on service.installation (team_id);
create index installation_created on service.installation (created_at, id);
create index installation_updated on service.installation (updated_at, id);
create index installation_installed on service.installation (coalesce(installed_on, '-infinity'::date), id);
create index installation_due on service.installation (coalesce(next_service_on, 'infinity'::date), id);
call record.guard('service.installation', 'account_id');

create table service.contract (
  id uuid primary key,
  no bigint generated by default as identity unique,
  number text generated always as ('K-' || lpad(no::text, 6, '0')) stored,
  name text not null check (name <> ''),
  account_id uuid not null references customer.account,
  site_id uuid references customer.site,
  kind text not null,
  state text not null,
  start_on date,
  end_on date,
  notice_days bigint,
  price bigint,
  period text not null,
  currency text not null,
  included_visits bigint,
  response_hours bigint,
  owner_id uuid references crm.staff,
  team_id uuid references crm.team,
  external_id text not null default '',
  note text not null default '',
  tags text[] not null default '{}',
  custom jsonb not null default '{}',
  search text not null,
  version int not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index contract_account on service.contract (account_id);
create index contract_search on service.contract using gin (search gin_trgm_ops);
create index contract_order on service.contract (search, id);
create index contract_owner on service.contract (owner_id);
create index contract_team on service.contract (team_id);
create index contract_created on service.contract (created_at, id);
create index contract_updated on service.contract (updated_at, id);
create index contract_end on service.contract (coalesce(end_on, 'infinity'::date), id);
call record.guard('service.contract', 'account_id');

create table service."case" (
  id uuid primary key,
  no bigint generated by default as identity unique,
  number text generated always as ('C-' || lpad(no::text, 6, '0')) stored,
  title text not null check (title <> ''),
  description text not null default '',
  account_id uuid not null references customer.account,
  contact_id uuid references customer.contact,
  site_id uuid references customer.site,
  installation_id uuid references service.installation,
  type text not null,
  priority text not null,
  channel text not null,
  state text not null,
  due_at timestamptz,
  resolved_at timestamptz,
  resolution text not null default '',
  owner_id uuid references crm.staff,
  team_id uuid references crm.team,
  external_id text not null default '',
  tags text[] not null default '{}',
  custom jsonb not null default '{}',
  search text not null,
  version int not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index case_account on service."case" (account_id);
create index case_site on service."case" (site_id);
create index case_installation on service."case" (installation_id);
create index case_search on service."case" using gin (search gin_trgm_ops);
create index case_order on service."case" (search, id);
create index case_open on service."case" (state) where state not in ('resolved', 'closed');
create index case_owner on service."case" (owner_id);
create index case_team on service."case" (team_id);
create index case_created on service."case" (created_at, id);
create index case_updated on service."case" (updated_at, id);
create index case_due on service."case" (coalesce(due_at, 'infinity'::timestamptz), id);
call record.guard('service."case"', 'account_id');

-- Every interaction, by any channel.
create table customer.activity (
  id uuid primary key,
  channel text not null,
  direction text not null default '',
  subject text not null check (subject <> ''),
  body text not null default '',
  outcome text not null default '',
  at timestamptz not null,
  minutes bigint,
  cost bigint,
  account_id uuid references customer.account,
  contact_id uuid references customer.contact,
  site_id uuid references customer.site,
  lead_id uuid references sales.lead,
  deal_id uuid references sales.deal,
  case_id uuid references service."case",
  mentions uuid[] not null default '{}',
  point geometry(Point, 4326), -- where it happened
  done boolean not null default true, -- false for what is still to do
  due_at timestamptz,
  owner_id uuid references crm.staff,
  team_id uuid references crm.team,
  tags text[] not null default '{}',
  custom jsonb not null default '{}',
  search text not null,
  version int not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index activity_account on customer.activity (account_id, at desc);
create index activity_lead on customer.activity (lead_id) where lead_id is not null;
create index activity_deal on customer.activity (deal_id) where deal_id is not null;
create index activity_case on customer.activity (case_id) where case_id is not null;
create index activity_contact on customer.activity (contact_id) where contact_id is not null;
create index activity_search on customer.activity using gin (search gin_trgm_ops);
create index activity_owner on customer.activity (owner_id);
create index activity_team on customer.activity (team_id);
create index activity_at on customer.activity (at, id);
create index activity_due on customer.activity (coalesce(due_at, 'infinity'::timestamptz), id);
create index activity_created on customer.activity (created_at, id);
create index activity_updated on customer.activity (updated_at, id);
call record.guard('customer.activity', 'account_id');

-- A message to one of the staff: somebody mentioned him, gave him something, or something of his is due.
create table crm.notice (
  id uuid primary key,
  staff_id uuid not null references crm.staff on delete cascade,
  kind text not null,          -- "mention", "assigned"
  entity_kind text not null,
  entity_id uuid not null,
  account_id uuid,
  by_name text not null,
  text text not null default '',
  at timestamptz not null,
  read_at timestamptz
);
create index notice_staff on crm.notice (staff_id, at desc, id desc);
alter table crm.notice enable row level security;
alter table crm.notice force row level security;
create policy notice_read on crm.notice for select using (staff_id = (select crm.uid()));
create policy notice_change on crm.notice for update using (staff_id = (select crm.uid()));
create policy notice_remove on crm.notice for delete using (staff_id = (select crm.uid()));
create policy notice_add on crm.notice for insert with check ((select crm.scope()) <> 'none');

-- Events of what has no account are seen by whoever sees the lead.
alter policy event_scope on crm.event using (
  (select crm.scope()) = 'all' or actor = (select crm.uid())
  or exists (select from customer.account a where a.id = account_id)
  or (entity_kind = 'lead' and exists (select from sales.lead l where l.id = entity_id)));

create index visit_created on work.visit (created_at, id);
create index visit_updated on work.visit (updated_at, id);

-- The visits of a technician lead him to their customers by the store's clock, as the event log goes, not by that of the
-- database.
-- +goose StatementBegin
create or replace function crm.reachable(kind text) returns uuid[] language sql stable security definer
  set search_path = pg_catalog, pg_temp as $$
  select coalesce(array_agg(r.id), '{}') from (
    select s.entity_id as id from crm.share s
    where s.entity_kind = $1 and (s.staff_id = crm.uid() or s.team_id = any (crm.teams()))
    union
    select case $1 when 'account' then v.account_id else v.site_id end
    from work.visit v
    where $1 in ('account', 'site') and v.resource_id = crm.resource()
      and v.day between coalesce(nullif(current_setting('app.now', true), '')::timestamptz, now())::date - 31
          and coalesce(nullif(current_setting('app.now', true), '')::timestamptz, now())::date + 14
  ) as r
$$;
-- +goose StatementEnd

-- +goose Down
drop schema service cascade;
drop schema sales cascade;
drop schema record cascade;
