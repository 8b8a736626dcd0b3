-- Three kinds of report that never mix, how each is handled, and its author sealed apart from it.

-- `agency` is the agency a report is about, `handler` the one that handles it. `words` hold nothing
-- of the author's details; `state` is `received` or the last step.
alter table reports
    add column kind text not null default 'feedback'
        check (kind in ('feedback', 'complaint', 'denunciation')),
    add column handler text references agencies,
    add column state text not null default 'received' check (state in (
        'received', 'returned', 'asked', 'answered', 'accepted', 'refused', 'resolved',
        'published', 'withdrawn'
    )),
    add column verdict text check (verdict in ('upheld', 'not_upheld', 'false')),
    add column moved_at timestamptz,
    drop constraint reports_against_check,
    add constraint reports_against_check check (
        against <@ '{1,2,3,4,5}'::smallint[] and (cardinality(against) > 0 or kind <> 'feedback')
    );
update reports set handler = agency;
alter table reports
    alter column handler set not null,
    alter column kind drop default,
    add constraint no_agency_handles_a_denunciation_of_itself
        check (kind <> 'denunciation' or handler <> agency),
    add constraint a_resolution_has_a_verdict
        check ((verdict is not null) = (state in ('resolved', 'published')));

-- What the reported unit may list. A denunciation is not in the index, as it is in no answer.
create index reports_of_a_unit on reports (agency, report) where kind <> 'denunciation';
create index reports_of_a_handler on reports (handler, report);

-- Each kind counts for itself: a hole in a unit's numbers would tell of a denunciation.
alter table report_numbers add column kind text not null default 'feedback';
alter table report_numbers
    alter column kind drop default,
    drop constraint report_numbers_pkey,
    add primary key (agency, kind, reported_on);

-- The author as JWE, under the key of that id. Only an inspector opens it, with a reason.
create table sealed_identities (
    report text primary key references reports,
    key_id text not null,
    sealed text not null
);
create index sealed_identities_by_key on sealed_identities (key_id);

-- Who looked at what could show the author, when and why; the author reads it.
create table openings (
    report text not null references reports,
    number integer not null,
    what text not null,
    opened_by text not null,
    role text not null,
    reason text not null,
    opened_at timestamptz not null,
    primary key (report, number)
);

create table report_steps (
    report text not null references reports,
    number integer not null,
    step text not null,
    words text not null,
    verdict text,
    taken_by text,
    role text not null,
    taken_at timestamptz not null,
    primary key (report, number)
);

-- Apart from the report, so that no list of reports ever reads one. Without a name of its own.
create table report_attachments (
    report text not null references reports,
    number integer not null,
    media_type text not null check (media_type in ('image/jpeg', 'image/png', 'application/pdf')),
    content bytea not null,
    primary key (report, number)
);

-- The ledger proves that reports were told of; it needs no word of them.
do $$
begin
    if exists (select from pg_roles where rolname = 'ledger') then
        revoke select on reports, sealed_identities, openings, report_steps, report_attachments
            from ledger;
        grant select (report, kind, agency, handler, state, verdict, reported_at) on reports
            to ledger;
        grant select (report, number, step, taken_at) on report_steps to ledger;
    end if;
end
$$;
