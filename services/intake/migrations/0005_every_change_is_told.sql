-- Every change of status is told (rule 31): a notice is one of its dossier, kind and number. Procedures whose result the
-- unit congratulates on are part of its pledge.
alter table pledges add column congratulates text[] not null default '{}';

alter table notices add column number integer not null default 1 check (number >= 1);
alter table notices drop constraint notices_pkey;
alter table notices add primary key (dossier, notice, number, sent_at);

alter table deliveries add column number integer not null default 1 check (number >= 1);
alter table deliveries drop constraint deliveries_pkey;
alter table deliveries add primary key (dossier, notice, number);

do $$
begin
    if exists (select from pg_roles where rolname = 'ledger') then
        grant select (congratulates) on pledges to ledger;
    end if;
end
$$;
