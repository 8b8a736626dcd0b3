-- Scores: what events told of each case, and its figures, summed per unit and day.

-- A case is a dossier, an agency's leg of one, a rating, a report. `facts` is what events told of it; `sums` and
-- `counts` what it adds to its place now, figure by figure in the order of domain/scores/figures.py. What it
-- added is kept and not counted again: it can be taken off exactly, whatever the rules say by then.
create table score_cases (
    name text primary key,
    kind text not null check (kind in ('dossier', 'leg', 'rating', 'report')),
    code text not null,
    facts jsonb not null default '{}',
    agency text,
    officer text not null default '',   -- opaque; empty where no event names one
    counted_on date,                    -- the agency's own day
    sums smallint[] not null default '{}',
    counts smallint[] not null default '{}',
    check ((agency is null) = (counted_on is null)),
    check (agency is not null or (sums = '{}' and counts = '{}'))
) with (fillfactor = 70);

-- Opens a figure down to its cases, page by page.
create index score_cases_place on score_cases (agency, counted_on, name) where agency is not null;

-- The sums of all cases per place. Each connection adds to the row of its own slot, so that two transactions at the
-- same unit seldom wait for each other; a period is the sum over its days and their slots.
create table score_sums (
    agency text not null,
    counted_on date not null,
    officer text not null,
    slot smallint not null,
    sums bigint[] not null,
    counts bigint[] not null,
    primary key (agency, counted_on, officer, slot)
) with (fillfactor = 50);

-- All agencies of a period: the town, and open data.
create index score_sums_day on score_sums (counted_on);
