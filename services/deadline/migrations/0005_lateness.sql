-- How many breaches were called per unit and day they were due, and how many of them were none. Added to, never
-- changed: a row that everybody counted up would make everybody wait. Sums are read over (agency, due_on).
create table lateness (
    id bigint generated always as identity primary key,
    agency text not null,
    kind text not null,
    due_on date not null,            -- local to the unit
    outcome text not null check (outcome in ('called', 'out_of_sync', 'recomputed')),
    count integer not null check (count > 0)
);
create index lateness_agency on lateness (agency, due_on);
