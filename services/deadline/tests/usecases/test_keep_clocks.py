"""Dossiers heard, clocks kept: what is set, what is said, what is refused. On real PostgreSQL."""

import asyncio
from datetime import date

import pytest

from services.deadline.domain.clocks import State
from services.deadline.tests.conftest import (
    AGENCY,
    NO_LIMIT,
    REGISTERED,
    SAME_DAY,
    THREE_DAYS,
    Deadline,
    accepted,
    agency,
    at,
    procedure,
    resolved,
    supplement_requested,
    supplemented,
)
from shared.events.base import Event
from shared.events.deadlines import (
    AlarmRung,
    BreachWithdrawn,
    ClockStopped,
    DeadlineMet,
    DeadlineMissed,
    DeadlineSet,
    DeadlineUncomputable,
)
from shared.events.dossiers import (
    DossierRefused,
    DossierReturned,
    DossierTransferred,
    DossierWithdrawn,
)
from shared.events.feedback import ConductReported
from shared.postgres import transaction


async def test_an_accepted_dossier_gets_one_clock_with_both_due_instants(
    deadline: Deadline,
) -> None:
    assert await deadline.hear(accepted("D-1", "2026-11-13 15:01", SAME_DAY)) == []
    said = await deadline.the(DeadlineSet, "D-1")
    assert said.legal_due == at("2026-11-16 17:00")
    assert said.pledge_due == said.appointment_at == at("2026-11-13 17:00")
    assert (said.generation, said.regime) == (1, "nd61")
    assert said.rules_version.startswith("nd61-") and said.calendar_version.startswith("vn-")
    clock = await deadline.clock_of("D-1")
    assert (clock.state, clock.dues.legal_due) == (State.RUNNING, at("2026-11-16 17:00"))


async def test_a_procedure_without_a_limit_has_a_clock_and_nothing_due(deadline: Deadline) -> None:
    await deadline.hear(accepted("D-1", "2026-11-10 09:00", NO_LIMIT))
    said = await deadline.the(DeadlineSet, "D-1")
    assert (said.legal_due, said.pledge_due, said.appointment_at) == (None, None, None)
    await deadline.hear(resolved("D-1", "2027-11-10 09:00"))
    met = await deadline.the(DeadlineMet, "D-1")
    assert (met.is_pledge_kept, met.is_early) == (None, False)


async def test_resolved_in_time_is_met_early_and_silent(deadline: Deadline) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 09:00"), resolved("D-1", "2026-11-10 10:00"))
    met = await deadline.the(DeadlineMet, "D-1")
    assert (met.is_early, met.is_pledge_kept) == (True, None)
    await deadline.pass_to("2026-12-31 12:00")
    assert [type(event) for event in await deadline.said("D-1")] == [DeadlineSet, DeadlineMet]


async def test_resolved_exactly_at_the_due_instant_is_in_time(deadline: Deadline) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 09:00"))
    await deadline.pass_to("2026-11-12 17:00")
    await deadline.hear(resolved("D-1", "2026-11-12 17:00"))
    assert [type(event) for event in await deadline.said("D-1")] == [
        DeadlineSet,
        AlarmRung,  # an apology is due
        AlarmRung,  # at risk
        DeadlineMet,
    ]


async def test_rule_3_missing_the_pledge_never_makes_it_legally_overdue(deadline: Deadline) -> None:
    await deadline.hear(
        accepted("D-1", "2026-11-13 15:01", SAME_DAY), resolved("D-1", "2026-11-16 08:00")
    )
    met = await deadline.the(DeadlineMet, "D-1")
    assert (met.is_pledge_kept, met.is_early) == (False, False)


async def test_rule_28_overdue_uses_event_time_whichever_comes_first_timer_or_message(
    deadline: Deadline,
) -> None:
    """What rings and what is said must not hang on who was faster."""
    await deadline.hear(accepted("D-1", "2026-11-09 09:00"))
    await deadline.hear(accepted("D-2", "2026-11-09 09:00"))
    await deadline.hear(resolved("D-1", "2026-11-13 09:00"))  # before the timer has looked
    await deadline.pass_to("2026-11-13 09:00")
    await deadline.hear(resolved("D-2", "2026-11-13 09:00"))

    def without_code(events: list[Event]) -> list[dict[str, object]]:
        return [event.model_dump(exclude={"code"}) for event in events]

    first, second = await deadline.said("D-1"), await deadline.said("D-2")
    assert [type(event) for event in first] == [DeadlineSet, *3 * [AlarmRung], DeadlineMissed]
    assert without_code(first) == without_code(second)
    rang = "select time from outbox where subject = $1 and type like '%AlarmRung%' order by id"
    times = [await deadline.pool.fetch(rang, code) for code in ("D-1", "D-2")]
    assert times[0] == times[1] and len(times[0]) == 3
    assert (await deadline.clock_of("D-1")).state is State.MISSED


async def test_rule_29_finished_in_time_but_heard_after_the_breach_is_out_of_sync(
    deadline: Deadline,
) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 09:00"))
    await deadline.pass_to("2026-11-13 08:00")
    assert (await deadline.clock_of("D-1")).state is State.BREACHED
    await deadline.hear(resolved("D-1", "2026-11-12 16:00"))
    withdrawn = await deadline.the(BreachWithdrawn, "D-1")
    assert withdrawn.resolved_at == at("2026-11-12 16:00")
    assert withdrawn.legal_due == at("2026-11-12 17:00")
    assert withdrawn.heard_at == at("2026-11-13 08:00")
    assert type((await deadline.said("D-1"))[-1]) is DeadlineMet
    assert (await deadline.clock_of("D-1")).state is State.OUT_OF_SYNC


async def test_resolved_after_the_breach_is_missed(deadline: Deadline) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 09:00"))
    await deadline.pass_to("2026-11-13 08:00")
    await deadline.hear(resolved("D-1", "2026-11-13 07:30"))
    missed = await deadline.the(DeadlineMissed, "D-1")
    assert (missed.resolved_at, missed.legal_due) == (
        at("2026-11-13 07:30"),
        at("2026-11-12 17:00"),
    )


async def test_rule_21_by_a_rule_that_subtracts_it_the_time_of_a_supplement_is_added_to_what_is_due(
    deadline: Deadline,
) -> None:
    await deadline.hear(procedure("1.766", "working_days", 5, "qd766"))
    await deadline.hear(accepted("D-1", "2026-11-09 09:00", "1.766"))
    await deadline.hear(supplement_requested("D-1", "2026-11-10 10:00"))
    await deadline.hear(supplemented("D-1", "2026-11-12 10:00"))
    clock = await deadline.clock_of("D-1")
    assert (clock.generation, clock.state) == (2, State.RUNNING)
    assert clock.original_legal_due == at("2026-11-16 17:00")
    assert clock.dues.legal_due == clock.appointment_at == at("2026-11-18 17:00")
    assert '"supplement_subtracted"' in clock.dues.steps


async def test_rule_21_a_supplement_restarts_the_clock_and_keeps_the_original_due(
    deadline: Deadline,
) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 09:00"))
    await deadline.hear(supplement_requested("D-1", "2026-11-10 09:00"))
    stopped = await deadline.the(ClockStopped, "D-1")
    assert (stopped.reason, stopped.stopped_at) == ("supplement", at("2026-11-10 09:00"))
    await deadline.pass_to("2026-11-16 08:00")  # silent while it waits
    await deadline.hear(supplemented("D-1", "2026-11-16 09:00"))
    assert [type(event) for event in await deadline.said("D-1")] == [
        DeadlineSet,
        ClockStopped,
        DeadlineSet,
    ]
    clock = await deadline.clock_of("D-1")
    assert (clock.generation, clock.state) == (2, State.RUNNING)
    assert clock.dues.legal_due == at("2026-11-19 17:00")
    assert clock.original_legal_due == at("2026-11-12 17:00")
    past = await deadline.pool.fetchrow("select * from past_generations where kind = 'dossier'")
    assert past is not None
    assert (past["generation"], past["legal_due"]) == (1, at("2026-11-12 17:00"))
    await deadline.pass_to("2026-11-20 08:00")
    alarms = [event for event in await deadline.said("D-1") if isinstance(event, AlarmRung)]
    assert [(alarm.generation, alarm.rung) for alarm in alarms] == [
        (2, "apology"),
        (2, "at_risk"),
        (2, "breach"),
    ]


async def test_a_whole_life_in_one_batch_is_the_same_as_event_by_event(deadline: Deadline) -> None:
    def life(code: str) -> list[Event]:
        return [
            accepted(code, "2026-11-09 09:00"),
            supplement_requested(code, "2026-11-10 09:00"),
            supplemented(code, "2026-11-16 09:00"),
            resolved(code, "2026-11-18 09:00"),
            DossierReturned(
                dossier=code, agency=AGENCY, status=10, returned_at=at("2026-11-18 10:00")
            ),
        ]

    assert await deadline.hear(*life("D-1")) == []
    for event in life("D-2"):
        assert await deadline.hear(event) == []
    rows = await deadline.pool.fetch("select * from clocks order by kind, code")
    lives = [{k: v for k, v in row.items() if k != "code"} for row in rows]
    assert lives[::2] == lives[1::2] and len(lives) == 4  # the dossiers', and their supplements'
    assert await deadline.pool.fetchval("select count(*) from past_generations") == 2


async def test_withdrawn_silences_the_alarms(deadline: Deadline) -> None:
    withdrawn = DossierWithdrawn(
        dossier="D-1", agency=AGENCY, status=7, withdrawn_at=at("2026-11-10 09:00")
    )
    await deadline.hear(accepted("D-1", "2026-11-09 09:00"), withdrawn)
    await deadline.pass_to("2026-11-30 09:00")
    assert [type(event) for event in await deadline.said("D-1")] == [DeadlineSet, ClockStopped]


async def test_refused_before_acceptance_needs_no_clock(deadline: Deadline) -> None:
    refused = DossierRefused(
        dossier="D-1", agency=AGENCY, status=3, refused_at=at("2026-11-10 09:00")
    )
    check = supplement_requested("D-1", "2026-11-09 09:00", "check")
    assert (
        await deadline.hear(check, supplemented("D-1", "2026-11-09 10:00", "check"), refused) == []
    )
    assert await deadline.said("D-1") == []


async def test_a_transfer_moves_who_is_called_and_nothing_that_is_due(deadline: Deadline) -> None:
    transferred = DossierTransferred(
        dossier="D-1", agency="H10.02", status=4, from_agency=AGENCY, leg=1,
        transferred_at=at("2026-11-10 09:00"),
    )  # fmt: skip
    await deadline.hear(agency("H10.02"), accepted("D-1", "2026-11-09 09:00"), transferred)
    await deadline.pass_to("2026-11-11 07:30")
    alarm = await deadline.the(AlarmRung, "D-1")
    assert (alarm.agency, alarm.due_at) == ("H10.02", at("2026-11-11 07:00"))
    assert (await deadline.clock_of("D-1")).receiving_agency == AGENCY


async def test_a_conduct_report_has_a_clock_of_fifteen_working_days(deadline: Deadline) -> None:
    reported = ConductReported(
        report="R-1", agency=AGENCY, against=(1,), reported_at=at("2026-11-02 09:00")
    )
    assert await deadline.hear(reported) == []
    said = await deadline.the(DeadlineSet, "R-1", "conduct_report")
    assert (said.kind, said.legal_due) == ("conduct_report", at("2026-11-23 17:00"))
    (refusal,) = await deadline.hear(reported)
    assert (
        refusal.reason
        == "R-1: from running to accepted: it has a clock of the kind conduct_report already"
    )


async def test_an_early_dossier_waits_for_its_agency_and_its_procedure(
    empty_deadline: Deadline,
) -> None:
    early = accepted("D-1", "2026-11-09 09:00")
    (refusal,) = await empty_deadline.hear(early)
    assert refusal.waits_for == f"agencies/{AGENCY}"
    await empty_deadline.hear(agency())
    (refusal,) = await empty_deadline.hear(early)
    assert refusal.waits_for == f"procedures/{THREE_DAYS}"
    assert await empty_deadline.hear(procedure(THREE_DAYS, "working_days", 3), early) == []
    assert [type(event) for event in await empty_deadline.said()] == [DeadlineSet]


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (resolved("D-9", "2026-11-10 09:00"), "D-9: from no clock to resolved: .* never accepted"),
        (supplemented("D-9", "2026-11-10 09:00"), "D-9: from no clock to running"),
        (
            supplemented("D-1", "2026-11-10 09:00"),
            "D-1: from running to running: only a clock that",
        ),
        (
            accepted("D-1", "2026-11-10 09:00"),
            "D-1: from running to accepted: it has a clock of the kind dossier already",
        ),
        (supplement_requested("D-1", "2026-11-10 09:00", "check"), "from running to check"),
        (
            DossierReturned(
                dossier="D-1", agency=AGENCY, status=10, returned_at=at("2026-11-10 09:00")
            ),
            "D-1: from running to returned: it has not been resolved",
        ),
        (
            procedure("1.7", "days", 3, regime="nd999"),
            "regime 'nd999' is not in the rule book; boston-311, chung-thuc, ho-tich, nd61, qd766 are",
        ),
        (
            agency().model_copy(update={"calendar": "mars"}),
            "calendar 'mars' is not in the rule book",
        ),
        (
            agency().model_copy(update={"time_zone": "Mars/Hill"}),
            "time zone 'Mars/Hill' is not known",
        ),
    ],
)
async def test_what_cannot_be_applied_is_refused_with_its_reason_and_leaves_no_trace(
    deadline: Deadline, event: Event, reason: str
) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 09:00"))
    before = await everything(deadline)
    (refusal,) = await deadline.hear(event)
    assert refusal.waits_for is None
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(refusal.reason)
    assert await everything(deadline) == before


@pytest.mark.parametrize(
    ("received", "reason"),
    [
        ("2015-11-10 09:00", "procedure 1.000003 has no limit in force on 2015"),
        ("2049-11-10 09:00", "calendar 'vn' reaches from 2018-01-01 to 2040-12-31"),
    ],
)
async def test_what_cannot_be_counted_is_refused_and_leaves_only_the_call_for_somebody(
    deadline: Deadline, received: str, reason: str
) -> None:
    (refusal,) = await deadline.hear(accepted("D-8", received))
    assert refusal.waits_for is None and reason in refusal.reason
    assert [type(event) for event in await deadline.said("D-8")] == [DeadlineUncomputable]
    assert await deadline.pool.fetchval("select count(*) from clocks") == 0


async def test_after_a_refusal_nothing_later_of_that_subject_is_applied(deadline: Deadline) -> None:
    refusals = await deadline.hear(
        resolved("D-1", "2026-11-09 09:00"),
        accepted("D-1", "2026-11-09 09:00"),
        accepted("D-2", "2026-11-09 09:00"),
    )
    assert [refusal.heard.envelope.subject for refusal in refusals] == ["D-1"]
    assert [event.subject for event in await deadline.said()] == ["D-2"]


async def test_a_batch_of_a_thousand_costs_the_queries_of_a_batch_of_one(
    deadline: Deadline,
) -> None:
    executed: list[str] = []
    async with transaction(deadline.pool) as connection:
        apply = deadline.apply(deadline.clock)
        await apply(connection, [deadline.heard(accepted("D-0", "2026-11-09 09:00"))])
        counts = []
        for size in (1, 1_000):
            events = [accepted(f"D-{size}-{n}", "2026-11-09 09:00") for n in range(size)]
            with connection.query_logger(lambda query: executed.append(query.query)):
                assert not await apply(connection, [deadline.heard(event) for event in events])
                await asyncio.sleep(0.01)  # the logger is told a moment later
            counts.append(len(executed))
            executed.clear()
        assert counts == [4, 4]  # and one COPY
    assert await deadline.pool.fetchval("select count(*) from clocks") == 1_002


async def test_a_registration_rolled_back_is_not_remembered(empty_deadline: Deadline) -> None:
    with pytest.raises(ConnectionError):
        async with transaction(empty_deadline.pool) as connection:
            apply = empty_deadline.apply(empty_deadline.clock)
            await apply(connection, [empty_deadline.heard(event) for event in REGISTERED])
            raise ConnectionError("the commit never came")
    (refusal,) = await empty_deadline.hear(accepted("D-1", "2026-11-09 09:00"))
    assert refusal.waits_for == f"agencies/{AGENCY}"


async def test_rule_13_the_day_of_receipt_chooses_and_the_day_of_completion_counts(
    deadline: Deadline,
) -> None:
    old = procedure(THREE_DAYS, "working_days", 3).limits[0]
    new = old.model_copy(update={"valid_from": date(2026, 11, 10), "amount": 1})
    await deadline.hear(
        procedure(THREE_DAYS, "none").model_copy(update={"limits": (old, new)}),
        accepted("D-1", "2026-11-09 09:00").model_copy(
            update={"complete_at": at("2026-11-10 09:00")}
        ),
    )
    said = await deadline.the(DeadlineSet, "D-1")
    assert said.legal_due == at("2026-11-13 17:00")


async def test_a_new_pledge_binds_dossiers_received_from_then_on_in_every_process(
    deadline: Deadline,
) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 09:00", SAME_DAY))
    other = Deadline(deadline.pool, type(deadline.memory)(deadline.memory.directory.rule_book))
    await other.hear(accepted("D-2", "2026-11-09 09:00", SAME_DAY))
    old = agency().pledges[0]
    new = old.model_copy(update={"version": 2, "valid_from": date(2026, 11, 10), "same_day": ()})
    await deadline.hear(agency().model_copy(update={"pledges": (old, new)}))
    await other.hear(
        accepted("D-3", "2026-11-09 16:00", SAME_DAY), accepted("D-4", "2026-11-10 09:00", SAME_DAY)
    )
    pledged = {x.subject: x.pledge_due for x in await deadline.said() if isinstance(x, DeadlineSet)}
    assert pledged == {
        "D-1": at("2026-11-09 17:00"),
        "D-2": at("2026-11-09 17:00"),
        "D-3": at("2026-11-10 17:00"),
        "D-4": None,
    }


async def everything(deadline: Deadline) -> list[list[tuple[object, ...]]]:
    tables = ("clocks", "past_generations", "alarms", "agencies", "procedures", "outbox", "said")
    return [
        [tuple(row) for row in await deadline.pool.fetch(f"select * from {table}")]
        for table in tables
    ]
