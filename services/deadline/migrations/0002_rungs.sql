-- Every rung that waits has its own instant, so that a unit's ladder may be of any shape, and a date
-- may be moved once (Mẫu 04).

alter table clocks
    add column at_risk_at timestamptz,
    add column apology_at timestamptz,
    add column pledge_missed_at timestamptz,
    add column breach_at timestamptz,
    add column reappointment_missed_at timestamptz,
    add column reappointed_at timestamptz,
    add column original_appointment_at timestamptz;

-- Open clocks go on with the ladder they had: at risk, the pledge if it is due before the law, breach.
update clocks set
    at_risk_at = case when next_rung = 'at_risk' then next_rung_at end,
    pledge_missed_at = case
        when next_rung in ('at_risk', 'pledge_missed')
            and (legal_due is null or pledge_due < legal_due) then pledge_due
    end,
    breach_at = legal_due
where next_rung is not null;

drop index clocks_next_rung;
alter table clocks drop column next_rung, drop column next_rung_at;
alter table clocks add column next_rung_at timestamptz generated always as (
    least(at_risk_at, apology_at, pledge_missed_at, breach_at, reappointment_missed_at)
) stored;

-- The timer asks only this: what is due next. It costs what is due, not what is open.
create index clocks_next_rung on clocks (next_rung_at) where next_rung_at is not null;

alter table alarms
    drop constraint alarms_rung_check,
    add check (
        rung in ('at_risk', 'apology', 'pledge_missed', 'breach', 'reappointment_missed')
    ),
    add column calls text check (calls in ('officer', 'head_of_unit', 'town'));

-- Mẫu 04, as issued. The reason and the signer stay here: nothing of them is on the bus.
create table reappointments (
    kind text not null,
    code text not null,
    agency text not null,
    original_appointment_at timestamptz not null,
    appointment_at timestamptz not null,
    legal_due timestamptz,
    reason text not null,
    signer text not null,
    asked_by text not null,          -- who was signed in
    reappointed_at timestamptz not null,
    primary key (code, kind)         -- at most once (NĐ 61/2018 art. 19.9)
);
