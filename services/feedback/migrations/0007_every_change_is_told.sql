-- Every change of status is told (rule 31): a notice is one of its dossier, kind and number. Receipt and every reckoned
-- appointment are kept, and what waits until its appointment is known.
alter table notices add column number integer not null default 1 check (number >= 1);
alter table notices add column handler text;
alter table notices drop constraint notices_pkey;
alter table notices add primary key (dossier, notice, number);
alter table notices drop constraint notices_notice_check;
alter table notices add constraint notices_notice_check check (notice in (
    'greeting', 'request', 'apology', 'thanks', 'accepted', 'supplemented', 'forwarded', 'transferred',
    'resolved', 'refused', 'stopped', 'withdrawn', 'reappointed', 'congratulations'));

alter table dossiers add column received_by text;
alter table dossiers add column procedure text;
alter table dossiers add column accepted_handler text;
alter table dossiers add column limits smallint not null default 0;
alter table dossiers add column appointments timestamptz[] not null default '{}';
alter table dossiers add column moved_to timestamptz;
alter table dossiers add column waiting jsonb;
-- Of earlier dossiers one limit is known at most; whoever was greeted with it has been told of the acceptance.
update dossiers set received_by = accepted_by,
    limits = (accepted_at is not null)::int,
    appointments = case when is_appointment_known then array[appointment_at] else '{}' end,
    told = case when accepted_at is not null and is_appointment_known and 'greeting' = any (told)
                then told || 'accepted'::text else told end
where accepted_at is not null or is_appointment_known;
alter table dossiers drop constraint dossiers_check1;
alter table dossiers drop column is_appointment_known;
alter table dossiers drop column appointment_at;

alter table agencies add column congratulating jsonb not null default '[]';
