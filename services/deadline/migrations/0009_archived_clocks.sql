-- Clocks of dossiers that ended long ago, as `prune` leaves them: when what was due, and what came of it. How it was counted is
-- not kept: the versions of rules and calendar say it again. Written once and read by code, in a table that nothing else passes through.
create table archived_clocks (
    code text not null,
    kind text not null,
    agency text not null,
    receiving_agency text not null,
    procedure text,
    received_at timestamptz not null,
    complete_at timestamptz not null,
    generation integer not null,
    state text not null,
    legal_due timestamptz,
    pledge_due timestamptz,
    reckoned_appointment_at timestamptz,
    appointment_at timestamptz,
    original_legal_due timestamptz,
    original_appointment_at timestamptz,
    reappointed_at timestamptz,
    regime text not null,
    rules_version text not null,
    calendar_version text not null,
    resolved_at timestamptz,
    stopped_at timestamptz,
    stop_reason text,
    alarms smallint not null,           -- how many had rung, over all generations; a breach's stay in alarms
    archived_at timestamptz not null default now(),
    primary key (code, kind)
);

-- What ended before endings were noted is kept for a whole term from now on. Of what was only resolved nobody
-- knows here whether it was returned: it stays.
insert into endings (subject) select code from clocks where kind = 'dossier' and state = 'ended'
on conflict do nothing;
