-- Dossiers that ended before endings were noted: what hangs on them is kept for a whole term from now on.
insert into endings (subject)
select code from dossiers where state in ('returned', 'refused', 'withdrawn', 'stopped')
on conflict do nothing;
