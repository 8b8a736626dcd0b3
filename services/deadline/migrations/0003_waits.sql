-- Everything that waits for an office has a clock, and a past generation says how it ended.

alter table clocks
    drop constraint clocks_kind_check,
    add check (kind in (
        'dossier', 'online_check', 'forwarding', 'appraisal_supplement', 'transfer_leg',
        'conduct_report', 'report_return', 'report_inquiry', 'report_publication',
        'complaint_acceptance', 'complaint_decision', 'denunciation'
    ));

alter table past_generations
    add column agency text,             -- responsible then; null in rows of before it was kept
    add column state text,
    add column resolved_at timestamptz;
