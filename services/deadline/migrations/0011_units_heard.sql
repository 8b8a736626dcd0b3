-- When something of a unit's dossiers was last heard, to the minute: a unit that is silent in working hours may have
-- lost its connection. Written beside what is heard, never with it: no dossier waits for the row of its unit.
create table units_heard (
    agency text primary key,
    heard_at timestamptz not null
) with (fillfactor = 50);
