-- What the forms bear besides (Mẫu 01–06 of TT 01/2018, 01–07 of TT 03/2025).

alter table dossiers
    add column sets integer not null default 1,
    add column return_by text not null default 'counter'
        check (return_by in ('counter', 'post', 'online'));

-- The register of an agency and period is read in the order of receipt, a page at a time.
create index dossiers_register on dossiers (receiving_agency, received_at, code);

-- Whom a citizen may ask about a request, a refusal or a stop.
alter table moves add column contact jsonb;

-- Resolved on an earlier day than the appointment's, as deadline said.
alter table promises add column is_early boolean not null default false;

-- What an office had to hand on, for phiếu kiểm soát: one row per clock and generation.
create table hand_overs (
    dossier text not null,
    kind text not null check (kind in ('forwarding', 'transfer_leg')),
    generation integer not null,
    agency text not null,
    due_at timestamptz,
    verdict text check (verdict in ('early', 'on_time', 'late')),
    ended_at timestamptz,
    primary key (dossier, kind, generation)
) with (fillfactor = 80);

-- Mẫu 04: both dates as deadline said them; the words came with the form and never travel.
create table apologies (
    dossier text primary key,
    original_at timestamptz not null,
    new_at timestamptz not null,
    reappointed_at timestamptz not null,
    reason text,
    signer text,
    actor text,
    role text,
    actor_agency text,
    issued_at timestamptz,
    check ((reason is null) = (issued_at is null)),
    check ((signer is null) = (issued_at is null))
);

-- Columns added to a table the ledger reads column by column are not granted; these words neither.
do $$
begin
    if exists (select from pg_roles where rolname = 'ledger') then
        revoke all on apologies from ledger;
        grant select (dossier, original_at, new_at, reappointed_at, issued_at) on apologies
            to ledger;
    end if;
end
$$;
