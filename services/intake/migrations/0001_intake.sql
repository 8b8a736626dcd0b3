-- Intake's tables: who takes dossiers, for what, and what became of each.

-- The agencies as they are now; every registration they ever had is in agency_revisions.
create table agencies (
    agency text primary key,
    revision integer not null,
    name text not null,
    valid_from date not null,
    valid_to date,
    successor text,
    time_zone text not null,
    calendar text not null
);

-- Forms already issued print the agency as it was named then (rule 16).
create table agency_revisions (
    agency text not null,
    revision integer not null,
    name text not null,
    valid_from date not null,
    valid_to date,
    successor text,
    time_zone text not null,
    calendar text not null,
    primary key (agency, revision)
);

-- What agencies pledge. `additions` are their own words: they stay here (guarantee 7).
create table pledges (
    agency text not null references agencies,
    version integer not null,
    valid_from date not null,
    valid_to date,
    hours jsonb not null,
    same_day text[] not null,
    keeps_friday boolean not null,
    xin text[] not null,
    luon text[] not null,
    khong integer[] not null,
    additions jsonb not null,
    primary key (agency, version)
);

create table procedures (
    procedure text primary key,
    revision integer not null,
    name text not null,
    limits jsonb not null
);

create table procedure_revisions (
    procedure text not null,
    revision integer not null,
    name text not null,
    limits jsonb not null,
    primary key (procedure, revision)
);

-- Who registered what, for whom, when (guarantee 9).
create table registrations (
    id bigint generated always as identity primary key,
    kind text not null check (kind in ('agency', 'pledge', 'procedure')),
    subject text not null,
    revision integer not null,
    actor text not null,
    role text not null,
    actor_agency text,
    recorded_at timestamptz not null
);

-- The last order given out per agency and day; never goes back, so no code is given twice (rule 14).
create table code_days (
    prefix text primary key,
    last_order integer not null
) with (fillfactor = 50);

create table dossiers (
    code text primary key,
    procedure text not null,
    procedure_revision integer not null,
    channel text not null check (channel in ('counter', 'online', 'post')),
    receiving_agency text not null,
    receiving_revision integer not null,
    agency text not null,
    resolving_agency text,
    successor text,
    state text not null,
    status smallint not null check (status between 1 and 10),
    received_at timestamptz not null,
    complete_at timestamptz not null,
    accepted_at timestamptz,
    last_moved_at timestamptz not null,
    leg integer not null,
    supplement_requests integer not null,
    moves integer not null,
    language text not null check (language in ('vi', 'en')),
    reference text,
    documents jsonb not null
) with (fillfactor = 85);
create unique index dossiers_reference on dossiers (receiving_agency, reference)
    where reference is not null;

-- Personal data, apart from all else: no event and no log carries any of it (guarantee 7).
create table applicants (
    dossier text primary key references dossiers,
    name text not null,
    address text,
    phone text,
    email text
);

-- Every change of a dossier: what, when it happened, in whose name, by whom, when it was recorded.
create table moves (
    dossier text not null references dossiers,
    number integer not null,
    verb text not null,
    from_state text,
    to_state text not null,
    agency text not null,
    happened_at timestamptz not null,
    reason text,
    legal_basis text,
    documents jsonb,
    actor text not null,
    role text not null,
    actor_agency text,
    recorded_at timestamptz not null,
    primary key (dossier, number)
);

-- What was answered to an Idempotency-Key, so that asking again gives the same answer.
create table answers (
    caller text not null,
    key text not null,
    fingerprint bytea not null,
    answer jsonb not null,
    answered_at timestamptz not null,
    primary key (caller, key)
);
create index answers_answered_at on answers (answered_at);

-- What deadline says of each dossier. Intake repeats these instants and computes none.
create table promises (
    dossier text primary key,
    generation integer not null,
    appointment_at timestamptz,
    legal_due timestamptz,
    pledge_due timestamptz,
    clock text not null check (clock in ('running', 'stopped', 'met', 'missed')),
    is_at_risk boolean not null,
    is_pledge_missed boolean not null,
    is_breached boolean not null,
    is_out_of_sync boolean not null
) with (fillfactor = 70);

-- What feedback told the citizen.
create table notices (
    dossier text not null,
    notice text not null,
    sent_at timestamptz not null,
    primary key (dossier, notice, sent_at)
);

-- The ledger proves from codes and times; it has no business with names and free text.
do $$
begin
    if exists (select from pg_roles where rolname = 'ledger') then
        revoke all on applicants, answers, dossiers, moves, pledges from ledger;
        grant select (code, procedure, procedure_revision, channel, receiving_agency,
            receiving_revision, agency, resolving_agency, successor, state, status, received_at,
            complete_at, accepted_at, last_moved_at, leg, supplement_requests, moves, language,
            reference) on dossiers to ledger;
        grant select (dossier, number, verb, from_state, to_state, agency, happened_at, actor, role,
            actor_agency, recorded_at) on moves to ledger;
        grant select (agency, version, valid_from, valid_to, hours, same_day, keeps_friday, xin,
            luon, khong) on pledges to ledger;
    end if;
end
$$;
