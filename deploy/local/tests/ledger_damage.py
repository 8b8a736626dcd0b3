"""What is done to a sound database, the sentence of the ledger that must see it, and as which fault."""

DAMAGE: dict[str, tuple[str, str, str]] = {
    "a clock is gone": (
        "delete from deadline.clocks where ctid = (select min(ctid) from deadline.clocks"
        " where kind = 'dossier')",
        "every accepted dossier and report has one clock, and what waits besides its own",
        "lost",
    ),
    "a dossier has a second clock": (
        "insert into deadline.clocks (kind, code, agency, receiving_agency, received_at, complete_at,"
        " generation, state, regime, rules_version, calendar_version, steps)"
        " select kind, 'X-1', agency, receiving_agency, received_at, complete_at, generation, state,"
        " regime, rules_version, calendar_version, steps from deadline.clocks limit 1",
        "every accepted dossier and report has one clock, and what waits besides its own",
        "unexplained",
    ),
    "a clock's state is changed": (
        "update deadline.clocks set state = 'met', resolved_at = null where ctid ="
        " (select min(ctid) from deadline.clocks where state <> 'met')",
        "every clock is where its events lead",
        "unexplained",
    ),
    "a deadline is judged by another instant": (
        "update deadline.clocks set legal_due = resolved_at - interval '1 s' where ctid ="
        " (select min(ctid) from deadline.clocks where state = 'met')",
        "lateness was judged by when a thing happened",
        "unexplained",
    ),
    "an alarm is gone": (
        "delete from deadline.alarms where ctid = (select min(ctid) from deadline.alarms)",
        "every alarm rang once",
        "lost",
    ),
    "an alarm is added": (
        "insert into deadline.alarms select kind, code, generation + 1, rung, agency, due_at, rang_at,"
        " is_late, calls from deadline.alarms limit 1",
        "every alarm rang once",
        "unexplained",
    ),
    "a unit's count of breaches is changed": (
        "update deadline.lateness set count = count + 1 where ctid ="
        " (select min(ctid) from deadline.lateness)",
        "every breach called, and every one taken back, is counted at its unit",
        "unexplained",
    ),
    "a past generation is added": (
        "insert into deadline.past_generations select kind, code, generation + 1, complete_at,"
        " legal_due, pledge_due, appointment_at, regime, rules_version, calendar_version, steps,"
        " stopped_at, stop_reason from deadline.past_generations limit 1",
        "every generation of a clock is kept, none twice",
        "duplicated",
    ),
    "a past generation is gone": (
        "delete from deadline.past_generations where ctid ="
        " (select min(ctid) from deadline.past_generations)",
        "every generation of a clock is kept, none twice",
        "lost",
    ),
    "a dossier's row is gone": (
        "delete from intake.dossiers where ctid = (select min(ctid) from intake.dossiers)",
        "every dossier is where its events lead",
        "lost",
    ),
    "a dossier's state is changed": (
        "update intake.dossiers set state = 'withdrawn' where ctid ="
        " (select min(ctid) from intake.dossiers)",
        "every dossier is where its events lead",
        "unexplained",
    ),
    "a dossier changes hands without a word": (
        "update intake.dossiers set agency = '000.99.40.H10' where ctid ="
        " (select min(ctid) from intake.dossiers)",
        "every dossier is where its events lead",
        "unexplained",
    ),
    "a move is gone": (
        "delete from intake.moves where ctid = (select min(ctid) from intake.moves)",
        "intake kept every move it told of, as 1, 2, 3…",
        "lost",
    ),
    "a move is doubled": (
        "insert into intake.moves select (jsonb_populate_record(m, '{\"number\": 77}')).*"
        " from intake.moves m limit 1",
        "intake kept every move it told of, as 1, 2, 3…",
        "unexplained",
    ),
    "an appointment is forgotten": (
        "delete from intake.promises where ctid = (select min(ctid) from intake.promises)",
        "intake repeats what deadline set and found",
        "lost",
    ),
    "an appointment is another": (
        "update intake.promises set appointment_at = appointment_at + interval '1 h' where ctid ="
        " (select min(ctid) from intake.promises where appointment_at is not null)",
        "intake repeats what deadline set and found",
        "unexplained",
    ),
    "a hand-over is forgotten": (
        "delete from intake.hand_overs where ctid = (select min(ctid) from intake.hand_overs)",
        "intake repeats how every hand-over was kept",
        "lost",
    ),
    "a hand-over is judged otherwise": (
        "update intake.hand_overs set verdict = case verdict when 'late' then 'on_time' else 'late' end"
        " where ctid = (select min(ctid) from intake.hand_overs where verdict is not null)",
        "intake repeats how every hand-over was kept",
        "unexplained",
    ),
    "feedback knows a dossier otherwise": (
        "update feedback.dossiers set status = 8 where ctid ="
        " (select min(ctid) from feedback.dossiers)",
        "feedback knows every dossier as intake does",
        "unexplained",
    ),
    "a notice is gone": (
        "delete from feedback.notices where ctid = (select min(ctid) from feedback.notices)",
        "every notice was sent once",
        "lost",
    ),
    "a notice is noted twice": (
        "insert into intake.notices (dossier, notice, number, sent_at)"
        " select dossier, notice, number, sent_at + interval '1 s'"
        " from intake.notices limit 1",
        "intake knows every notice that feedback sent",
        "duplicated",
    ),
    "a vote counts twice": (
        "update feedback.tallies set votes = votes + 1, smile = smile + 5 where ctid ="
        " (select min(ctid) from feedback.tallies)",
        "a unit's stars are the sum of its votes",
        "duplicated",
    ),
    "a unit's score is changed": (
        "update feedback.score_sums set sums[1] = sums[1] + 1 where ctid ="
        " (select min(ctid) from feedback.score_sums)",
        "a unit's scores are the sum of its cases",
        "unexplained",
    ),
    "a scored dossier is gone": (
        "delete from feedback.score_cases where ctid ="
        " (select min(ctid) from feedback.score_cases where kind = 'dossier')",
        "every dossier and every rating is scored once",
        "lost",
    ),
    "a rating is gone": (
        "delete from feedback.ratings where ctid = (select min(ctid) from feedback.ratings)",
        "every rating counts once",
        "lost",
    ),
    "a report is gone": (
        "delete from feedback.reports where ctid = (select min(ctid) from feedback.reports)",
        "every report was told once",
        "lost",
    ),
    "a report's state is changed": (
        "update feedback.reports set state = 'withdrawn' where ctid ="
        " (select min(ctid) from feedback.reports where state = 'received')",
        "every report is where its events lead, by the steps and the verdict they tell",
        "unexplained",
    ),
    "a report's verdict is changed": (
        "update feedback.reports set verdict = 'not_upheld' where ctid ="
        " (select min(ctid) from feedback.reports where verdict = 'false')",
        "every report is where its events lead, by the steps and the verdict they tell",
        "unexplained",
    ),
    "a step of a report is gone": (
        "delete from feedback.report_steps where ctid ="
        " (select min(ctid) from feedback.report_steps)",
        "every report is where its events lead, by the steps and the verdict they tell",
        "unexplained",
    ),
    "a denunciation's clock is gone": (
        "delete from deadline.clocks where kind = 'denunciation'",
        "every accepted dossier and report has one clock, and what waits besides its own",
        "lost",
    ),
    "something was not heard": (
        "update deadline.heard set last_sequence = last_sequence - 1 where ctid ="
        " (select min(ctid) from deadline.heard where source = 'thanthien/intake/dossiers')",
        "deadline heard all that intake said of dossiers",
        "lost",
    ),
    "a whole subject was never heard": (
        "delete from feedback.heard where ctid = (select min(ctid) from feedback.heard"
        " where source = 'thanthien/deadline/deadlines')",
        "feedback heard all that deadline said of deadlines",
        "lost",
    ),
    "more was heard than was said": (
        "update intake.heard set last_sequence = last_sequence + 1 where ctid ="
        " (select min(ctid) from intake.heard where source = 'thanthien/feedback/feedback')",
        "intake heard all that feedback said of feedback",
        "unexplained",
    ),
    "more was counted than said": (
        "update deadline.said set last_sequence = last_sequence + 1 where ctid ="
        " (select min(ctid) from deadline.said)",
        "deadlines: all that deadline said is on the topic",
        "lost",
    ),
    "an outbox holds something back": (
        "insert into intake.outbox (topic, source, subject, sequence, type, time, body)"
        " values ('thanthien.dossiers.v1', 'x', 'y', 1, 'z', now(), '')",
        "the outboxes are empty",
        "stuck",
    ),
    "a letter is set aside": (
        'insert into feedback.set_aside (identity, topic, partition, "offset", headers, source,'
        " subject, cause, reason, set_aside_at) values"
        " ('i', 't', 0, 0, '[]', 's', 'H10.40.21-240322-0001', 'refused', 'it cannot be', now())",
        "nothing is set aside",
        "stuck",
    ),
}
