-- The board: what falls due, what is at risk and what is breached each have an index that holds nothing else, so
-- that a look costs what is due and not what is open; the replicas; and what was done to dead letters there.
create index clocks_falling_due on clocks (appointment_at, agency) include (kind, received_at)
    where state = 'running' and appointment_at is not null;
create index clocks_at_risk on clocks (agency)
    where state = 'running' and appointment_at is not null and at_risk_at is null;
create index clocks_breached on clocks (agency) include (kind, received_at, appointment_at)
    where state = 'breached';
create index lateness_due_on on lateness (due_on);

-- Each replica tells of itself every few seconds, by the server's clock: theirs may differ.
create table replicas (
    replica text primary key,
    began_at timestamptz not null default clock_timestamp(),
    seen_at timestamptz not null default clock_timestamp(),
    missing json not null,           -- why it is not ready, by part; {} when it is
    heard_per_s real not null,
    said_per_s real not null,
    is_relaying boolean not null
) with (fillfactor = 50);

-- Who retried or discarded what, why and when. `outcome` is missing if it was broken off.
create table letter_actions (
    id bigint generated always as identity primary key,
    action text not null check (action in ('retry', 'discard')),
    subject text not null,
    letter bigint,
    reason text not null,
    asked_by text not null,
    asked_at timestamptz not null,
    outcome text
);
create index letter_actions_subject on letter_actions (subject, id);
