-- +goose Up
-- Whom the policies let see what, put right: policies are replaced in place, which locks each table for an instant
-- and rewrites none.
--
-- crm.reachable compared the kind of the visit, not the kind asked for (in a SQL function a column hides an
-- argument of the same name), so that visits led nowhere. And a function is inlined into a policy only if each
-- sub-select handed in is used once, so crm.sees now takes what the settings mean instead of the settings.

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
      and v.day between current_date - 31 and current_date + 14
  ) as r
$$;
-- +goose StatementEnd

-- What the settings mean for rows with an owner and a team.
create function crm.sees_all() returns boolean language sql stable parallel safe as
  $$ select crm.scope() = 'all' $$;
create function crm.owner_seen() returns uuid language sql stable parallel safe as
  $$ select case when crm.scope() <> 'none' then crm.uid() end $$;
create function crm.teams_seen() returns uuid[] language sql stable parallel safe as
  $$ select case when crm.scope() = 'teams' then crm.teams() else '{}' end $$;

create function crm.sees(everything boolean, owner_seen uuid, teams_seen uuid[], owner uuid, team uuid) returns boolean
  language sql immutable parallel safe as
  $$ select everything or owner = owner_seen or team = any (teams_seen) $$;

alter policy account_scope on customer.account using (
  crm.sees((select crm.sees_all()), (select crm.owner_seen()), (select crm.teams_seen()), owner_id, team_id)
  or ((select crm.scope()) <> 'none' and id in (select unnest(crm.reachable('account')))))
  with check (crm.sees((select crm.sees_all()), (select crm.owner_seen()), (select crm.teams_seen()), owner_id, team_id));

alter policy site_scope on customer.site using (
  crm.sees((select crm.sees_all()), (select crm.owner_seen()), (select crm.teams_seen()), owner_id, team_id)
  or ((select crm.scope()) <> 'none' and id in (select unnest(crm.reachable('site')))))
  with check (crm.sees((select crm.sees_all()), (select crm.owner_seen()), (select crm.teams_seen()), owner_id, team_id));

alter policy visit_scope on work.visit using (
  crm.sees((select crm.sees_all()), (select crm.owner_seen()), (select crm.teams_seen()), owner_id, team_id)
  or ((select crm.scope()) <> 'none' and resource_id = (select crm.resource())));

alter policy resource_scope on work.resource using (
  crm.sees((select crm.sees_all()), (select crm.owner_seen()), (select crm.teams_seen()), staff_id, team_id)
  or ((select crm.scope()) <> 'none' and id = (select crm.resource())));

drop function crm.sees(text, uuid, uuid[], uuid, uuid);

-- +goose Down
drop function crm.sees(boolean, uuid, uuid[], uuid, uuid) cascade;
