-- +goose Up
-- Records that were joined with another: where they went, so that links to them lead on and the timeline of the survivor
-- tells what happened to them. New tables, and a wider policy of the log, which locks it for an instant.

-- Every record that was absorbed, with the one that has it now, directly or through others. Undoing the merge takes its
-- rows away.
create table crm.merged (
  absorbed uuid not null,
  survivor uuid not null,
  kind text not null,
  set_id uuid not null,  -- the change set of the merge
  at timestamptz not null,
  synthetic boolean not null default false, -- of an account: no field people see, so no change set keeps it
  primary key (absorbed, survivor)
);
create index merged_survivor on crm.merged (survivor);
create index merged_set on crm.merged (set_id);
revoke update, delete on crm.merged from catchment_app;
alter table crm.merged enable row level security;
alter table crm.merged force row level security;
create policy merged_read on crm.merged for select using ((select crm.scope()) <> 'none'); -- ids lead nowhere by themselves
create policy merged_add on crm.merged for insert with check ((select crm.scope()) <> 'none');

-- What a merge moved that is no record: shares, notices, files.
create table record.merge_moved (
  n bigint generated always as identity primary key,
  set_id uuid not null,
  tab text not null,
  col text not null,
  id uuid,
  was uuid,
  share jsonb -- a share that was copied
);
create index merge_moved_set on record.merge_moved (set_id);
revoke all on record.merge_moved from catchment_app;

-- What else lies with records: the table, its column that names a record, and the one that says of which kind, if that
-- is not said by the column.
create table record.carried (
  tab text not null,
  col text not null,
  kind_column text not null default '',
  kind text not null default '',
  primary key (tab, col)
);
revoke insert, update, delete on record.carried from catchment_app;
insert into record.carried values
  ('crm.notice', 'entity_id', 'entity_kind', ''), ('crm.notice', 'account_id', '', 'account'),
  ('files.attachment', 'entity_id', 'entity_kind', ''), ('files.attachment', 'account_id', '', 'account');

-- Moves what lies with the absorbed records to the survivor, which the caller was seen to see.
-- +goose StatementBegin
create function record.carry(set_of uuid, kind_of text, absorbed uuid[], survivor uuid) returns void language plpgsql security definer
  set search_path = pg_catalog, pg_temp as $$
declare
  c record;
  which text;
begin
  if crm.scope() = 'none' or not exists (select from record.change_set s where s.id = set_of and s.act = 'merge' and s.actor = crm.uid()) then
    raise exception 'no merge of yours';
  end if;
  for c in select * from record.carried where to_regclass(tab) is not null and (kind = '' or kind = kind_of) order by tab, col loop
    which := format('%I = any ($1)', c.col);
    if c.kind_column <> '' then
      which := which || format(' and %I = $2', c.kind_column);
    end if;
    execute format('insert into record.merge_moved (set_id, tab, col, id, was) select $3, %L, %L, id, %I from %s where %s order by id', c.tab, c.col, c.col, c.tab, which)
      using absorbed, kind_of, set_of;
    execute format('update %s set %I = $3 where %s', c.tab, c.col, which) using absorbed, kind_of, survivor;
  end loop;
  with copied as (
    insert into crm.share (entity_kind, entity_id, staff_id, team_id)
    select distinct entity_kind, survivor, staff_id, team_id from crm.share where entity_kind = kind_of and entity_id = any (absorbed)
    on conflict do nothing returning *)
  insert into record.merge_moved (set_id, tab, col, share) select set_of, 'crm.share', '', to_jsonb(copied) from copied;
end $$;
-- +goose StatementEnd
revoke all on function record.carry(uuid, text, uuid[], uuid) from public;
grant execute on function record.carry(uuid, text, uuid[], uuid) to catchment_app;

-- Once a merge is undone, what was carried goes back and the links end.
-- +goose StatementBegin
create function record.uncarry() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  back record;
begin
  for back in select * from record.merge_moved where set_id = new.id order by n desc loop
    if back.tab = 'crm.share' then
      delete from crm.share s where to_jsonb(s) = back.share;
    elsif to_regclass(back.tab) is not null then
      execute format('update %s set %I = $1 where id = $2', back.tab, back.col) using back.was, back.id;
    end if;
  end loop;
  delete from record.merge_moved where set_id = new.id;
  update customer.account a set synthetic = true from crm.merged m where m.set_id = new.id and m.synthetic and a.id = m.absorbed;
  delete from crm.merged where set_id = new.id;
  return null;
end $$;
-- +goose StatementEnd
create trigger merge_undone after update on record.change_set for each row
  when (new.act = 'merge' and old.undone_at is null and new.undone_at is not null) execute function record.uncarry();

-- Who sees an account sees what happened to those it absorbed.
alter policy event_scope on crm.event using (
  (select crm.scope()) = 'all' or actor = (select crm.uid())
  or exists (select from customer.account a where a.id = account_id)
  or (entity_kind = 'lead' and exists (select from sales.lead l where l.id = entity_id))
  or exists (select from crm.merged m join customer.account a on a.id = m.survivor where m.absorbed = account_id)
  or exists (select from crm.merged m join sales.lead l on l.id = m.survivor where m.absorbed = entity_id));

-- +goose Down
alter policy event_scope on crm.event using (
  (select crm.scope()) = 'all' or actor = (select crm.uid())
  or exists (select from customer.account a where a.id = account_id)
  or (entity_kind = 'lead' and exists (select from sales.lead l where l.id = entity_id)));
drop trigger merge_undone on record.change_set;
drop function record.uncarry, record.carry;
drop table crm.merged, record.merge_moved, record.carried;
