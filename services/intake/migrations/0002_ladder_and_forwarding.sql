-- A unit's own alarms: whom each calls and when (shared/events/agencies.py: LadderRung).
alter table pledges add column ladder jsonb not null default '[]';

-- Whether its counter records each hand-over to the department.
alter table pledges add column forwards boolean not null default false;
