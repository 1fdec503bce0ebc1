-- +goose Up
-- Lists of people who see a part. Locks each table for an instant.

-- What is seen through its account looks that account up. As `exists` the planner may read and hash all accounts first,
-- which for a page of fifty rows is most of the work; a scalar question is asked row by row, and only of rows that are
-- not seen by their own owner or team.
-- +goose StatementBegin
create or replace procedure record.guard(tab regclass, account text) language plpgsql as $$
declare
  rule text := 'crm.sees((select crm.sees_all()), (select crm.owner_seen()), (select crm.teams_seen()), owner_id, team_id)';
begin
  if account is not null then
    rule := format('(%s or (select true from customer.account a where a.id = %I))', rule, account);
  end if;
  execute format('alter table %s enable row level security', tab);
  execute format('alter table %s force row level security', tab);
  execute format('drop policy if exists scope on %s', tab);
  execute format('create policy scope on %s using (%s) with check (%s)', tab, rule, rule);
end $$;
-- +goose StatementEnd
call record.guard('customer.contact', 'account_id');
call record.guard('customer.activity', 'account_id');
call record.guard('sales.deal', 'account_id');
call record.guard('sales."order"', 'account_id');
call record.guard('service.installation', 'account_id');
call record.guard('service.contract', 'account_id');
call record.guard('service."case"', 'account_id');
alter policy scope on sales.order_line using ((select crm.sees_all()) or (select true from sales."order" o where o.id = order_id));

-- Common filters of big tables, in the order of their lists.
create index account_stage on customer.account (stage, search, id);
create index site_team on customer.site (team_id);
create index site_created on customer.site (created_at, id);
create index site_updated on customer.site (updated_at, id);
drop index sales.deal_stage;
create index deal_stage on sales.deal (stage, created_at, id);
create index order_state_created on sales."order" (state, created_at, id);

-- +goose Down
-- The procedure and the policies stay: they say the same.
drop index customer.account_stage, customer.site_team, customer.site_created, customer.site_updated, sales.order_state_created;
drop index sales.deal_stage;
create index deal_stage on sales.deal (stage, id);
