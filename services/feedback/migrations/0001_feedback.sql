-- Feedback's own: notices, ratings, conduct reports. No name, no address; reports' words stay here.

-- What feedback needs of an agency, from its last AgencyRegistered.
create table agencies (
    agency text primary key,
    name text not null,
    time_zone text not null
);

-- What feedback knows of a dossier. The row lock orders whoever tells or rates the dossier.
-- A row without an agency is a dossier that only other topics have spoken of so far.
create table dossiers (
    dossier text primary key,
    agency text,
    status smallint check (status between 1 and 10),
    accepted_by text,
    received_at timestamptz,
    accepted_at timestamptz,
    is_appointment_known boolean not null default false,
    appointment_at timestamptz,
    told text[] not null default '{}',
    check ((accepted_at is null) = (accepted_by is null)),
    check ((accepted_at is null) = (received_at is null))
) with (fillfactor = 70);

-- Each courtesy once per dossier. `sent_at` is the instant of what called for it, as on the bus;
-- `written_at` is when we got to it.
create table notices (
    dossier text not null references dossiers,
    notice text not null check (notice in ('greeting', 'request', 'apology', 'thanks')),
    agency text not null,
    sent_at timestamptz not null,
    written_at timestamptz not null,
    text_vi text not null,
    text_en text not null,
    primary key (dossier, notice)
);

-- One-time rating links. The token is the whole right to rate: it is never on the bus or in a log.
create table invitations (
    token text primary key,
    dossier text not null unique references dossiers,
    agency text not null,
    invited_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz
);

create table ratings (
    dossier text primary key references dossiers,
    agency text not null,
    smile smallint not null check (smile between 1 and 5),
    gentle smallint not null check (gentle between 1 and 5),
    listen smallint not null check (listen between 1 and 5),
    help smallint not null check (help between 1 and 5),
    rated_at timestamptz not null
);

-- A unit's votes and sums of stars, kept with each rating: showing a mean costs one row.
create table tallies (
    agency text primary key,
    votes bigint not null,
    smile bigint not null,
    gentle bigint not null,
    listen bigint not null,
    help bigint not null
) with (fillfactor = 50);

-- The author is nobody's business: none is kept. The secret is kept as its SHA-256 only.
create table reports (
    report text primary key,
    agency text not null references agencies,
    dossier text,
    against smallint[] not null check (
        cardinality(against) > 0 and against <@ '{1,2,3,4,5}'::smallint[]
    ),
    words text not null,
    secret_sha256 bytea not null,
    reported_at timestamptz not null
);

-- The last report number given, per agency and local day.
create table report_numbers (
    agency text not null references agencies,
    reported_on date not null,
    last_number integer not null,
    primary key (agency, reported_on)
);
