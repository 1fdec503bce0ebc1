-- +goose Up
-- Accounts that are brought in with their past stand in the region journal in each stage from the day they reached it. New
-- functions; no table is touched.

-- told_stages tells the journal in which stages accounts were that were just added with their last one:
-- the n-th account was in stage[n] until until[n]. Rows of one account come in the order of their times. Each takes the
-- last stage back for that stretch and puts the earlier one in its place, so that all in all nothing changes for today.
-- +goose StatementBegin
create function region.told_stages(account uuid[], stage text[], until timestamptz[]) returns void language plpgsql security definer
  set search_path = pg_catalog, pg_temp set app.scope = 'all' as $$
begin
  with told as (
    select t.account, t.stage, t.until, t.n, lag(t.until) over (partition by t.account order by t.n) as since
    from unnest($1, $2, $3) with ordinality as t(account, stage, until, n)
  ), place as (
    select s.no, t.n, region.stage(t.stage) as past, region.stage(a.stage) as last, region.kind(a.kind) as kind, region.class(a.class::text) as class,
           public.ST_X(s.point) as lon, public.ST_Y(s.point) as lat, s.cell, region.source(s.source) as source,
           coalesce(o.code, 0) as owner, coalesce(m.code, 0) as team, coalesce(t.since, s.created_at) as since, t.until
    from told t
         join customer.account a on a.id = t.account
         join customer.site s on s.account_id = a.id
         left join region.code o on o.id = s.owner_id
         left join region.code m on m.id = s.team_id
    where region.stage(t.stage) <> region.stage(a.stage) and t.until > coalesce(t.since, s.created_at)
  )
  insert into region.journal (at, place, sign, lon, lat, cell, stage, kind, class, source, owner, team)
  select v.at, p.no, v.sign, p.lon, p.lat, p.cell, v.stage, p.kind, p.class, p.source, p.owner, p.team
  from place p
       cross join lateral (values (p.since, -1, p.last, 1), (p.since, 1, p.past, 2), (p.until, -1, p.past, 3), (p.until, 1, p.last, 4)) as v(at, sign, stage, k)
  order by p.no, p.n, v.k;
end $$;
-- +goose StatementEnd
revoke all on function region.told_stages(uuid[], text[], timestamptz[]) from public;
grant execute on function region.told_stages(uuid[], text[], timestamptz[]) to catchment_app;

-- +goose Down
drop function region.told_stages(uuid[], text[], timestamptz[]);
