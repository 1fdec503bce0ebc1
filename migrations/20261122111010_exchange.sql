-- +goose Up
-- Imports and exports. New tables, and indexes by which imports find what is there: on released data they would be built
-- concurrently.

create schema exchange;
grant usage on schema exchange to catchment_app;
alter default privileges in schema exchange grant select, insert, update, delete on tables to catchment_app;

create table exchange.import (
  id uuid primary key,
  name text not null check (name <> ''),
  kind text not null,
  format text not null default '',
  size bigint not null default 0,
  state text not null,
  content_id uuid references files.content,
  header text[] not null default '{}',
  signature text not null default '',
  mapping jsonb not null default '{}',
  options jsonb not null default '{}',
  position jsonb,                     -- where reading goes on
  pages int not null default 0,       -- read
  page int not null default 0,        -- the next to be checked or brought in
  rows int not null default 0,        -- read
  done_bytes bigint not null default 0,  -- bytes read
  counts jsonb not null default '{}', -- of the check or run under way, or done
  checked jsonb,                      -- counts of the last check of this mapping
  set_id uuid references record.change_set,
  stop boolean not null default false,
  error text not null default '',
  created_by uuid not null,
  created_by_name text not null,
  created_at timestamptz not null,
  ended_at timestamptz,
  version int not null default 1
);
create index import_created on exchange.import (created_at desc, id desc);

-- Rows as they were read, a thousand a page, until they are brought in. What cannot be brought in stays as wrong.
create table exchange.page (
  import_id uuid not null references exchange.import on delete cascade,
  n int not null,
  rows int not null,
  data bytea not null,        -- gzip of JSON
  places jsonb not null default '{}', -- where addresses were found, by row
  located int not null default 0,     -- rows whose addresses were looked for
  primary key (import_id, n)
);
alter table exchange.page alter column data set storage external;

create table exchange.wrong (
  import_id uuid not null references exchange.import on delete cascade,
  line int not null,
  verdict text not null, -- "wrong", or "noted": it was brought in, and something remains to be decided
  field text not null default '',
  reason text not null,
  cells text[] not null
);
create index wrong_import on exchange.wrong (import_id, line);

-- Keys seen in the file by the check under way, so that what comes twice is told.
create table exchange.seen (
  import_id uuid not null references exchange.import on delete cascade,
  key uuid not null,
  primary key (import_id, key)
);

-- What became of a row, by what it said: the same row again is the same record.
create table exchange.origin (
  kind text not null,
  hash uuid not null,
  entity_id uuid not null,
  set_id uuid not null references record.change_set on delete cascade, -- once that is undone, the row says something new again
  primary key (kind, hash)
);
create index origin_set on exchange.origin (set_id);

-- Which column meant what, for the next file with the same header.
create table exchange.mapping (
  kind text not null,
  signature text not null,
  mapping jsonb not null,
  used_at timestamptz not null,
  primary key (kind, signature)
);

create table exchange.export (
  id uuid primary key,
  kinds text[] not null,
  files boolean not null default false,
  state text not null,
  kind int not null default 0,     -- the place in kinds that is written
  cursor text not null default '',
  parts int not null default 0,
  rows int not null default 0,
  size bigint not null default 0,
  error text not null default '',
  created_by uuid not null,
  created_by_name text not null,
  created_at timestamptz not null,
  ended_at timestamptz,
  version int not null default 1
);
create index export_created on exchange.export (created_at desc, id desc);
create table exchange.part (
  export_id uuid not null references exchange.export on delete cascade,
  n int not null,
  kind text not null,
  data bytea not null,
  primary key (export_id, n)
);

-- An import or export is its maker's own: it holds what he may see, which others may not.
-- +goose StatementBegin
do $$
declare
  t text;
begin
  foreach t in array array['import', 'export'] loop
    execute format('alter table exchange.%I enable row level security', t);
    execute format('alter table exchange.%I force row level security', t);
    execute format('create policy own on exchange.%I using ((select crm.scope()) <> ''none'' and created_by = (select crm.uid()))', t);
  end loop;
  foreach t in array array['page', 'wrong', 'seen'] loop
    execute format('alter table exchange.%I enable row level security', t);
    execute format('alter table exchange.%I force row level security', t);
    execute format('create policy own on exchange.%I using (exists (select from exchange.import i where i.id = import_id))', t);
  end loop;
end $$;
-- +goose StatementEnd
alter table exchange.part enable row level security;
alter table exchange.part force row level security;
create policy own on exchange.part using (exists (select from exchange.export e where e.id = export_id));
alter table exchange.mapping enable row level security;
alter table exchange.mapping force row level security;
create policy scope on exchange.mapping using ((select crm.scope()) <> 'none');
alter table exchange.origin enable row level security;
alter table exchange.origin force row level security;
create policy scope on exchange.origin using ((select crm.scope()) <> 'none');

-- Whose an import or export is, for the jobs that do his work.
create function exchange.maker(what text, id uuid) returns uuid language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select created_by from exchange.import i where what = 'import' and i.id = $2
  union all select created_by from exchange.export e where what = 'export' and e.id = $2
$$;
revoke all on function exchange.maker(text, uuid) from public;
grant execute on function exchange.maker(text, uuid) to catchment_app;

-- Keys in columns of their own: an index on an expression is not used under row-level security.
alter table customer.account
  add column name_key text generated always as (lower(name)) stored,
  add column email_key text generated always as (lower(email)) stored,
  add column phone_key text generated always as (right(regexp_replace(phone, '[^0-9]', '', 'g'), 9)) stored;
create index account_phone_key on customer.account (phone_key) where length(phone_key) >= 7;
create index account_name_key on customer.account (name_key);
create index account_email_key on customer.account (email_key) where email_key <> '';
alter table customer.contact add column email_key text generated always as (lower(email)) stored;
create index contact_email_key on customer.contact (email_key) where email_key <> '';
create index contact_external on customer.contact (external_id) where external_id <> '';
alter table sales.lead add column email_key text generated always as (lower(email)) stored;
create index lead_email_key on sales.lead (email_key) where email_key <> '';
create index lead_external on sales.lead (external_id) where external_id <> '';
create index deal_external on sales.deal (external_id) where external_id <> '';
create index order_external on sales."order" (external_id) where external_id <> '';
create index installation_external on service.installation (external_id) where external_id <> '';
create index installation_serial on service.installation (serial) where serial <> '';
create index contract_external on service.contract (external_id) where external_id <> '';
create index case_external on service."case" (external_id) where external_id <> '';

-- +goose Down
drop schema exchange cascade;
alter table customer.account drop column name_key, drop column email_key, drop column phone_key;
alter table customer.contact drop column email_key;
alter table sales.lead drop column email_key;
