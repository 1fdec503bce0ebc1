-- +goose Up
-- A retired extract's tables are dropped a little after the swap, once nobody draws from them any more; until then
-- the row says so, and whoever imports next can finish what was interrupted. A small table: no lock worth naming.

alter table extract.generation add column dropped boolean not null default false;
update extract.generation set dropped = true where state = 'retired';

-- +goose Down
alter table extract.generation drop column dropped;
