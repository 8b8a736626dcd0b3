-- Dossiers that ended before endings were noted (3 refused, 7 withdrawn, 8 stopped, 10 returned): what hangs on them is kept
-- for a whole term from now on.
insert into endings (subject) select dossier from dossiers where status in (3, 7, 8, 10)
on conflict do nothing;
