-- +goose Up
-- A command told again is answered as the first time, words included. Columns with a constant default: no rewrite.
alter table work.command add message text not null default '', add field text not null default '';

-- Commands somebody has to decide about.
alter table work.command add settled_at timestamptz, add settled_by uuid;
create index command_conflict on work.command (received_at, id) where verdict = 'conflict' and settled_at is null;

-- +goose Down
alter table work.command drop message, drop field, drop settled_at, drop settled_by;
