-- Deadline's own tables: what is known of agencies and procedures, the clocks, their alarms.

-- What intake said last of each agency and procedure. `version` is the directory's at the change:
-- a process that has read up to a version reads only what is newer.
create table directory (
    is_only boolean primary key default true check (is_only),
    version bigint not null
);
insert into directory (version) values (0);

create table agencies (
    agency text primary key,
    version bigint not null,
    body jsonb not null
);
create index agencies_version on agencies (version);

create table procedures (
    procedure text primary key,
    version bigint not null,
    body jsonb not null
);
create index procedures_version on procedures (version);

-- One clock per dossier or report, in its present generation.
create table clocks (
    kind text not null check (kind in ('dossier', 'conduct_report')),
    code text not null,
    agency text not null,            -- responsible now
    receiving_agency text not null,  -- whose hours and pledge it is reckoned by
    procedure text,
    received_at timestamptz not null,
    complete_at timestamptz not null,
    generation integer not null,
    state text not null check (
        state in ('running', 'breached', 'stopped', 'met', 'missed', 'out_of_sync', 'ended')
    ),
    legal_due timestamptz,
    pledge_due timestamptz,
    reckoned_appointment_at timestamptz,  -- the earlier of the two due instants
    appointment_at timestamptz,           -- what was promised: that, or an earlier choice
    original_legal_due timestamptz,       -- of the first generation (rule 21)
    regime text not null,
    rules_version text not null,
    calendar_version text not null,
    steps jsonb not null,                 -- the explanation: rule, from, to, amount
    next_rung text check (next_rung in ('at_risk', 'pledge_missed', 'breach')),
    next_rung_at timestamptz,
    resolved_at timestamptz,
    stopped_at timestamptz,
    stop_reason text,
    primary key (code, kind),
    check ((next_rung is null) = (next_rung_at is null))
) with (fillfactor = 85);

-- The timer asks only this: what is due next. It costs what is due, not what is open.
create index clocks_next_rung on clocks (next_rung_at) where next_rung_at is not null;

-- What a clock was before its limit counted anew.
create table past_generations (
    kind text not null,
    code text not null,
    generation integer not null,
    complete_at timestamptz not null,
    legal_due timestamptz,
    pledge_due timestamptz,
    appointment_at timestamptz,
    regime text not null,
    rules_version text not null,
    calendar_version text not null,
    steps jsonb not null,
    stopped_at timestamptz,
    stop_reason text,
    primary key (code, kind, generation)
);

-- A row when a rung rings, and only then: the key is why it rings once, whatever the replicas.
create table alarms (
    kind text not null,
    code text not null,
    generation integer not null,
    rung text not null check (rung in ('at_risk', 'pledge_missed', 'breach')),
    agency text not null,
    due_at timestamptz not null,
    rang_at timestamptz not null,
    is_late boolean not null,
    primary key (code, kind, generation, rung)
);
create index alarms_agency on alarms (agency, rang_at);
create index alarms_rang_at on alarms (rang_at);
