-- What is over, since when, and what has been forgotten of it; and the runs that forgot.

-- A subject whose last event was heard, or said: nothing can follow it (`Event.ENDS_SUBJECT`). By the server's clock, as
-- Kafka keeps records by its own: an event may tell of an instant years ago and still be delivered again. Once what it left here is
-- deleted, the row stays: it says why nothing is known, and that whatever comes of it again was heard.
create table endings (
    subject text primary key,
    ended_at timestamptz not null default now(),
    forgotten_at timestamptz
);
create index endings_kept on endings (ended_at) where forgotten_at is null;

-- Foreign ids go by when they were heard.
create index heard_ids_heard_at on heard_ids (heard_at);

-- Every run of `prune`, one at a time. `removed` has rows by table; a run without an end was broken off.
create table prunings (
    id bigint generated always as identity primary key,
    began_at timestamptz not null default clock_timestamp(),
    ended_at timestamptz,
    removed json not null default '{}'
);
