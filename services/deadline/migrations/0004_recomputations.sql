-- Decrees over the calendars of the rule book, in the order of the directory's versions.
create table decrees (
    version bigint primary key,
    calendar text not null,
    calendar_version text not null,  -- of the calendar with the decree
    body jsonb not null,
    asked_by text not null,
    decreed_at timestamptz not null
);

-- Runs in which open clocks were counted anew, and each clock they changed (rule 12).
create table recomputations (
    recomputation bigint generated always as identity primary key,
    reason text not null,            -- in words, of whoever asked for it
    asked_by text not null,
    began_at timestamptz not null,
    ended_at timestamptz,
    examined bigint not null default 0,
    changed bigint not null default 0
);

create table recomputed (
    recomputation bigint not null references recomputations,
    kind text not null,
    code text not null,
    cause text not null check (cause in ('calendar', 'rules')),
    generation integer not null,     -- afterwards
    legal_due_before timestamptz,
    legal_due timestamptz,
    pledge_due_before timestamptz,
    pledge_due timestamptz,
    appointment_before timestamptz,
    appointment_at timestamptz,
    calendar_version_before text not null,
    calendar_version text not null,
    rules_version_before text not null,
    rules_version text not null,
    is_breach_withdrawn boolean not null,
    recomputed_at timestamptz not null,
    primary key (code, kind, recomputation)
);

-- What waits and has no clock, because none could be reckoned; the event that would have set it is set
-- aside. It is over once its clock is in that generation.
create table uncomputable (
    kind text not null,
    code text not null,
    generation integer not null,
    agency text not null,
    cause text not null check (cause in ('no_rule', 'calendar_ends', 'office_hours')),
    why text not null,
    found_at timestamptz not null,
    primary key (code, kind, generation)
);
