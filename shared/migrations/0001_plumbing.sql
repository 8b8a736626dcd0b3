-- The plumbing's tables: the same in every service's schema.

-- How far we have counted, per source and subject: the row lock orders a subject's events.
create table said (
    source text not null,
    subject text not null,
    last_sequence bigint not null,
    primary key (source, subject)
) with (fillfactor = 80);

-- What is to be said, until Kafka has acknowledged it.
create table outbox (
    id bigint generated always as identity primary key,
    topic text not null,
    source text not null,
    subject text not null,
    sequence bigint not null,
    type text not null,
    time timestamptz not null,
    traceparent text,
    body bytea not null
) with (
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 5000,
    autovacuum_vacuum_cost_delay = 0
);

create function wake_relay() returns trigger language plpgsql as $$
begin
    perform pg_notify(tg_table_schema || '_outbox', '');
    return null;
end
$$;

create trigger wake_relay after insert on outbox
    for each statement execute function wake_relay();

-- How far we have heard, per source and subject. `previous_sequence` is what the writer had read:
-- one upsert moves a subject on and sees that nobody else has moved it meanwhile.
create table heard (
    source text not null,
    subject text not null,
    last_sequence bigint not null,
    previous_sequence bigint not null,
    primary key (source, subject)
) with (fillfactor = 80);

-- Foreign systems' events carry no sequence: they are known by their id.
create table heard_ids (
    source text not null,
    id text not null,
    heard_at timestamptz not null,
    primary key (source, id)
);

-- What could not be decoded or applied, with all that follows it for its subject.
create table set_aside (
    id bigint generated always as identity primary key,
    identity text not null unique,
    topic text not null,
    partition integer not null,
    "offset" bigint not null,
    key bytea,
    headers json not null,
    value bytea,
    source text not null,
    subject text not null,
    sequence bigint,
    type text,
    cause text not null check (
        cause in ('undecodable', 'unknown_type', 'refused', 'waiting', 'gap', 'follower')
    ),
    reason text not null,
    waits_for text,
    attempts integer not null default 0,
    set_aside_at timestamptz not null
);
create index set_aside_subject on set_aside (subject, id);
create index set_aside_waits_for on set_aside (waits_for) where waits_for is not null;

-- What an operator gave up, and why.
create table discarded (
    id bigint primary key,
    identity text not null,
    topic text not null,
    key bytea,
    headers json not null,
    value bytea,
    source text not null,
    subject text not null,
    sequence bigint,
    type text,
    cause text not null,
    reason text not null,
    discarded_because text not null,
    discarded_by text not null,
    discarded_at timestamptz not null
);

-- How far each partition has been read. For people and replays; correctness rests on `heard`.
create table progress (
    topic text not null,
    partition integer not null,
    next_offset bigint not null,
    primary key (topic, partition)
) with (fillfactor = 50);
