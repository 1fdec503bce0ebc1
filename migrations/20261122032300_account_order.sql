-- +goose Up
-- Accounts are listed by the folded name, so that Öhri stands beside Oehri and not behind Zumstein. On a big table
-- the index takes seconds and blocks writes meanwhile; nothing is released yet.
create index account_order on customer.account (search, id);
drop index customer.account_name;

-- +goose Down
drop index customer.account_order;
create index account_name on customer.account (lower(name), id);
