-- Who rates at the counter uses up the dossier's one invitation, as who follows the link does. Through which door it
-- was used is told to whoever comes later: a citizen sees that somebody rated in their place.
alter table invitations add column is_used_at_counter boolean not null default false;
