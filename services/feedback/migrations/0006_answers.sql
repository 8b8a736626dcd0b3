-- The answer to a report is a case of its own, at the agency that handles it. Answers counted so far stay with
-- the agency reported until `python -m services.feedback rebuild-scores --apply` has counted all anew.
alter table score_cases
    drop constraint score_cases_kind_check,
    add constraint score_cases_kind_check
        check (kind in ('dossier', 'leg', 'rating', 'report', 'answer'));

-- Facts are read and written whole: as json they are kept as they came, and need not be taken apart.
alter table score_cases
    alter column facts drop default,
    alter column facts type json using facts::json;
