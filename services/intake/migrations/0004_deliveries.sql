-- What is to be carried to citizens: each notice of a dossier once. Who they are stays in applicants; the words stay
-- with feedback; of a fault its class and code are kept, never what a server said, which may quote an address.
create table deliveries (
    dossier text not null,
    notice text not null,
    state text not null check (state in ('pending', 'delivered', 'failed', 'undeliverable')),
    attempts integer not null default 0,
    next_attempt_at timestamptz not null,
    reason text,
    settled_at timestamptz,
    primary key (dossier, notice),
    check ((state = 'pending') = (settled_at is null))
) with (fillfactor = 80);
create index deliveries_pending on deliveries (next_attempt_at) where state = 'pending';
create index deliveries_failed on deliveries (settled_at)
    where state in ('failed', 'undeliverable');
