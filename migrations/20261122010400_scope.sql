-- +goose Up
-- Row-level security: the second wall. Every table that holds somebody's data hides what the actor may not see,
-- whoever forgets a filter. Policies read the settings through sub-selects, once a query.

-- Records an actor of narrow scope reaches besides his own: those shared with him or his teams, and what the
-- visits planned for him lead to, from a month back to a fortnight ahead. Definer functions, because the tables
-- they read are themselves guarded; what they give depends on the actor's settings alone.
create function crm.reachable(kind text) returns uuid[] language sql stable security definer
  set search_path = pg_catalog, pg_temp as $$
  select coalesce(array_agg(id), '{}') from (
    select entity_id as id from crm.share
    where entity_kind = kind and (staff_id = crm.uid() or team_id = any (crm.teams()))
    union
    select case kind when 'account' then account_id when 'site' then site_id else id end
    from work.visit
    where kind in ('account', 'site') and crm.resource() is not null and resource_id = crm.resource()
      and day between current_date - 31 and current_date + 14
  ) as r
$$;
revoke all on function crm.reachable(text) from public;
grant execute on function crm.reachable(text) to catchment_app;

alter table customer.account enable row level security;
alter table customer.account force row level security;
create policy account_scope on customer.account using (
  crm.sees((select crm.scope()), (select crm.uid()), (select crm.teams()), owner_id, team_id)
  or ((select crm.scope()) <> 'none' and id = any ((select crm.reachable('account'))::uuid[])))
  with check (crm.sees((select crm.scope()), (select crm.uid()), (select crm.teams()), owner_id, team_id));

alter table customer.site enable row level security;
alter table customer.site force row level security;
create policy site_scope on customer.site using (
  crm.sees((select crm.scope()), (select crm.uid()), (select crm.teams()), owner_id, team_id)
  or ((select crm.scope()) <> 'none' and id = any ((select crm.reachable('site'))::uuid[])))
  with check (crm.sees((select crm.scope()), (select crm.uid()), (select crm.teams()), owner_id, team_id));

alter table work.visit enable row level security;
alter table work.visit force row level security;
create policy visit_scope on work.visit using (
  crm.sees((select crm.scope()), (select crm.uid()), (select crm.teams()), owner_id, team_id)
  or ((select crm.scope()) <> 'none' and resource_id = (select crm.resource())));

alter table work.resource enable row level security;
alter table work.resource force row level security;
create policy resource_scope on work.resource using (
  crm.sees((select crm.scope()), (select crm.uid()), (select crm.teams()), staff_id, team_id)
  or id = (select crm.resource()));

alter table work.resource_skill enable row level security;
alter table work.resource_skill force row level security;
create policy resource_skill_scope on work.resource_skill using (
  (select crm.scope()) = 'all' or exists (select from work.resource r where r.id = resource_id));

alter table work.shift enable row level security;
alter table work.shift force row level security;
create policy shift_scope on work.shift using (
  (select crm.scope()) = 'all' or exists (select from work.resource r where r.id = resource_id));

alter table work.absence enable row level security;
alter table work.absence force row level security;
create policy absence_scope on work.absence using (
  (select crm.scope()) = 'all' or exists (select from work.resource r where r.id = resource_id));

alter table work.route enable row level security;
alter table work.route force row level security;
create policy route_scope on work.route using (
  (select crm.scope()) = 'all' or exists (select from work.resource r where r.id = resource_id));

alter table work.route_stop enable row level security;
alter table work.route_stop force row level security;
create policy route_stop_scope on work.route_stop using (
  (select crm.scope()) = 'all' or exists (select from work.route r where r.id = route_id));

alter table work.device enable row level security;
alter table work.device force row level security;
create policy device_scope on work.device using ((select crm.scope()) = 'all' or staff_id = (select crm.uid()));

alter table work.command enable row level security;
alter table work.command force row level security;
create policy command_scope on work.command using ((select crm.scope()) = 'all' or actor = (select crm.uid()));

alter table dispatch.plan enable row level security;
alter table dispatch.plan force row level security;
create policy plan_scope on dispatch.plan using ((select crm.scope()) = 'all');

alter table crm.staff enable row level security;
alter table crm.staff force row level security;
create policy staff_scope on crm.staff using (
  (select crm.scope()) = 'all' or id = (select crm.uid())
  or ((select crm.scope()) = 'teams' and exists (
    select from crm.team_member m where m.staff_id = id and m.team_id = any ((select crm.teams())::uuid[]))));

alter table crm.session enable row level security;
alter table crm.session force row level security;
create policy session_scope on crm.session using ((select crm.scope()) = 'all' or staff_id = (select crm.uid()));

alter table crm.api_token enable row level security;
alter table crm.api_token force row level security;
create policy api_token_scope on crm.api_token using ((select crm.scope()) = 'all' or staff_id = (select crm.uid()));

alter table crm.idempotency enable row level security;
alter table crm.idempotency force row level security;
create policy idempotency_scope on crm.idempotency using (actor = (select crm.uid()));

alter table crm.event enable row level security;
alter table crm.event force row level security;
create policy event_scope on crm.event for select using (
  (select crm.scope()) = 'all' or actor = (select crm.uid())
  or exists (select from customer.account a where a.id = account_id));
create policy event_append on crm.event for insert with check ((select crm.scope()) <> 'none');

alter table crm.private_value enable row level security;
alter table crm.private_value force row level security;
create policy private_value_scope on crm.private_value using (
  (select crm.scope()) = 'all' or exists (select from crm.event e where e.private_ref = private_value.id));
create policy private_value_append on crm.private_value for insert with check ((select crm.scope()) <> 'none');
create index event_private on crm.event (private_ref) where private_ref is not null;

-- +goose Down
drop function crm.reachable(text) cascade;
