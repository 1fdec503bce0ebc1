-- +goose Up
-- Files: what they hold, once each, in pieces of at most 1 MB; and what they are attached to. New tables.

create schema files;
grant usage on schema files to catchment_app;
alter default privileges in schema files grant select, insert, update, delete on tables to catchment_app;

create table files.content (
  id uuid primary key,
  sha256 bytea check (length(sha256) = 32), -- once it is whole
  size bigint not null default 0,
  owner uuid not null,                      -- who sent it
  created_at timestamptz not null default now()
);
create unique index content_sha256 on files.content (sha256) where sha256 is not null;
create index content_created on files.content (created_at);

create table files.chunk (
  content_id uuid not null references files.content on delete cascade,
  n int not null,
  data bytea not null check (length(data) <= 1048576),
  primary key (content_id, n)
);
alter table files.chunk alter column data set storage external; -- most files are packed already

create table files.attachment (
  id uuid primary key,
  entity_kind text not null,
  entity_id uuid not null,
  account_id uuid,
  name text not null check (name <> ''),
  media_type text not null default 'application/octet-stream',
  size bigint not null default 0,
  content_id uuid references files.content, -- null until what it holds has arrived
  created_by uuid not null,
  created_by_name text not null,
  created_at timestamptz not null
);
create index attachment_entity on files.attachment (entity_kind, entity_id, created_at);
create index attachment_account on files.attachment (account_id) where account_id is not null;
create index attachment_content on files.attachment (content_id);

-- Whoever sees the record sees what is attached to it. Each part reads a table under its own policy.
create function files.sees(kind text, id uuid, account uuid) returns boolean language sql stable as $$
  select (select crm.scope()) = 'all'
    or account is not null and exists (select from customer.account a where a.id = account)
    or case kind
         when 'account' then exists (select from customer.account r where r.id = $2)
         when 'site' then exists (select from customer.site r where r.id = $2)
         when 'contact' then exists (select from customer.contact r where r.id = $2)
         when 'activity' then exists (select from customer.activity r where r.id = $2)
         when 'lead' then exists (select from sales.lead r where r.id = $2)
         when 'deal' then exists (select from sales.deal r where r.id = $2)
         when 'order' then exists (select from sales."order" r where r.id = $2)
         when 'product' then exists (select from sales.product r where r.id = $2)
         when 'installation' then exists (select from service.installation r where r.id = $2)
         when 'contract' then exists (select from service.contract r where r.id = $2)
         when 'case' then exists (select from service."case" r where r.id = $2)
         when 'visit' then exists (select from work.visit r where r.id = $2)
         else false
       end
$$;

alter table files.attachment enable row level security;
alter table files.attachment force row level security;
create policy attachment_scope on files.attachment using ((select crm.scope()) <> 'none' and files.sees(entity_kind, entity_id, account_id));

alter table files.content enable row level security;
alter table files.content force row level security;
create policy content_scope on files.content using ((select crm.scope()) = 'all' or owner = (select crm.uid())
  or exists (select from files.attachment a where a.content_id = content.id));
alter table files.chunk enable row level security;
alter table files.chunk force row level security;
create policy chunk_scope on files.chunk using (exists (select from files.content c where c.id = content_id));

-- What holds the same bytes, whoever sent it: whoever asks has them.
create function files.same(sha bytea) returns uuid language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select c.id from files.content c where c.sha256 = sha
$$;
revoke all on function files.same(bytea) from public;
grant execute on function files.same(bytea) to catchment_app;

-- Forgets what nothing refers to any more.
-- +goose StatementBegin
create function files.sweep(content uuid) returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  delete from files.content c where c.id = content;
exception when foreign_key_violation then null; -- something else holds the same
end $$;
-- +goose StatementEnd
revoke all on function files.sweep(uuid) from public;
grant execute on function files.sweep(uuid) to catchment_app;

-- +goose Down
drop schema files cascade;
