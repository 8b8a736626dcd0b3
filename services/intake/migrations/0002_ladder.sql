-- A unit's own alarms: whom each calls and when (shared/events/agencies.py: LadderRung).
alter table pledges add column ladder jsonb not null default '[]';
