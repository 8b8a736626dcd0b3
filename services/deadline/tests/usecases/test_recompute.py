"""A decree comes mid-year: seen first, then done; open clocks only, each with event and record."""

import asyncio
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.deadline.adapters.directories import Memory
from services.deadline.domain.clocks import Clock, State
from services.deadline.domain.decrees import Decree, Swap
from services.deadline.domain.ladder import Rung
from services.deadline.tests.conftest import (
    SAME_DAY,
    Deadline,
    accepted,
    agency,
    at,
    procedure,
    resolved,
    supplement_requested,
    supplemented,
)
from services.deadline.tests.offices import rule_book
from services.deadline.usecases.recompute import Summary, preview, recompute
from services.deadline.usecases.revise_calendar import revise_calendar
from shared.events.deadlines import (
    AlarmRung,
    CalendarRevised,
    DeadlineMet,
    DeadlineRecomputed,
    DeadlineSet,
)
from shared.events.dossiers import DossierTransferred

REASON = "QĐ 1/QĐ-TTg"
WEDNESDAY = date(2026, 11, 11)


async def decree(
    deadline: Deadline,
    *off: date,
    worked: tuple[date, ...] = (),
    swaps: tuple[Swap, ...] = (),
) -> str:
    async with deadline.begin() as books:
        return await revise_calendar(
            Decree("vn", off, worked, swaps, REASON),
            books.directories,
            books.outbox,
            "operator-1",
            deadline.clock.now(),
        )


async def count_anew(deadline: Deadline) -> Summary:
    return await recompute(deadline.begin, deadline.clock.now, REASON, "operator-1", lambda _: None)


async def look(deadline: Deadline) -> Summary:
    return await preview(deadline.begin, deadline.clock.now, lambda _: None)


async def rungs(deadline: Deadline, code: str) -> list[tuple[int, str, object]]:
    return [
        (event.generation, event.rung, event.due_at)
        for event in await deadline.said(code)
        if isinstance(event, AlarmRung)
    ]


async def test_rule_12_a_calendar_change_is_a_versioned_event_and_moves_no_date_by_itself(
    deadline: Deadline,
) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 09:00"))
    before = await deadline.clock_of("D-1")
    version = await decree(deadline, WEDNESDAY)
    (revised,) = [e for e in await deadline.said("vn") if isinstance(e, CalendarRevised)]
    assert (revised.calendar, revised.version) == ("vn", version)
    assert version != before.dues.calendar_version
    assert await deadline.clock_of("D-1") == before
    # What is received from now on is counted by it, in every process.
    deadline.memory = Memory(rule_book())
    await deadline.hear(accepted("D-2", "2026-11-09 09:00"))
    after = await deadline.clock_of("D-2")
    assert after.dues.legal_due == at("2026-11-13 17:00")
    assert after.dues.calendar_version == version


async def test_rule_12_due_dates_change_only_by_an_explicit_audited_recomputation(
    deadline: Deadline,
) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 09:00"), accepted("D-2", "2026-11-02 09:00"))
    version = await decree(deadline, WEDNESDAY)
    seen = await look(deadline)
    assert (seen.examined, seen.changed, seen.later) == (2, 1, 1)
    assert (await deadline.clock_of("D-1")).dues.legal_due == at("2026-11-12 17:00")
    done = await count_anew(deadline)
    assert (done.examined, done.changed, done.later) == (2, 1, 1)
    clock = await deadline.clock_of("D-1")
    assert (clock.generation, clock.dues.legal_due) == (1, at("2026-11-13 17:00"))
    assert clock.appointment_at == at("2026-11-13 17:00")
    assert clock.original_legal_due == at("2026-11-12 17:00")
    said = await deadline.the(DeadlineRecomputed, "D-1")
    assert (said.cause, said.calendar_version, said.legal_due) == (
        "calendar",
        version,
        at("2026-11-13 17:00"),
    )
    row = await deadline.pool.fetchrow(
        "select * from recomputed join recomputations using (recomputation)"
    )
    assert row is not None
    assert (row["reason"], row["asked_by"]) == (REASON, "operator-1")
    assert (row["examined"], row["changed"], row["recomputation"]) == (2, 1, said.recomputation)
    assert (row["legal_due_before"], row["legal_due"]) == (
        at("2026-11-12 17:00"),
        at("2026-11-13 17:00"),
    )


async def test_a_second_run_changes_nothing(deadline: Deadline) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 09:00"))
    await decree(deadline, WEDNESDAY)
    await count_anew(deadline)
    before = await deadline.said()
    again = await count_anew(deadline)
    assert (again.examined, again.changed) == (1, 0)
    assert await deadline.said() == before


@pytest.mark.parametrize(
    "ending",
    [
        [resolved("D-1", "2026-11-10 09:00")],
        [supplement_requested("D-1", "2026-11-10 09:00")],
        [supplement_requested("D-1", "2026-11-10 09:00"), supplemented("D-1", "2026-11-10 10:00"),
         resolved("D-1", "2026-11-10 11:00")],
    ],
)  # fmt: skip
async def test_closed_and_stopped_clocks_never_change(
    deadline: Deadline, ending: list[Any]
) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 09:00"), *ending)
    before = await deadline.clock_of("D-1")
    await decree(deadline, WEDNESDAY)
    assert (await count_anew(deadline)).changed == 0
    assert await deadline.clock_of("D-1") == before


async def test_an_alarm_that_has_rung_does_not_ring_again(deadline: Deadline) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 09:00"))
    await deadline.pass_to("2026-11-11 11:30")
    before = await rungs(deadline, "D-1")
    assert [rung for _, rung, _ in before] == ["apology", "at_risk"]
    await decree(deadline, date(2026, 11, 12))
    await count_anew(deadline)
    await deadline.pass_to("2026-11-20 09:00")
    assert await rungs(deadline, "D-1") == [*before, (1, "breach", at("2026-11-13 17:00"))]


async def test_a_breach_that_a_decree_undoes_is_taken_back_and_rings_for_the_new_date(
    deadline: Deadline,
) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 09:00"))
    await deadline.pass_to("2026-11-13 08:00")
    assert (await deadline.clock_of("D-1")).state is State.BREACHED
    await decree(deadline, WEDNESDAY)
    done = await count_anew(deadline)
    assert done.breaches_withdrawn == 1
    counts = await deadline.pool.fetch("select outcome, due_on, count from lateness order by id")
    due_on = date(2026, 11, 12)
    assert [tuple(row) for row in counts] == [("called", due_on, 1), ("recomputed", due_on, 1)]
    clock = await deadline.clock_of("D-1")
    assert (clock.generation, clock.state) == (2, State.RUNNING)
    assert (await deadline.the(DeadlineRecomputed, "D-1")).is_breach_withdrawn
    await decree(deadline, date(2026, 11, 13))
    assert (await count_anew(deadline)).changed == 1  # once more, still not overdue
    await deadline.pass_to("2026-11-20 09:00")
    assert (await rungs(deadline, "D-1"))[3:] == [(2, "breach", at("2026-11-16 17:00"))]
    past = await deadline.pool.fetch("select generation, state from past_generations")
    assert [tuple(row) for row in past] == [(1, "breached")]


async def test_a_breach_that_stays_one_keeps_its_generation(deadline: Deadline) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 09:00"))
    await deadline.pass_to("2026-11-16 08:00")
    await decree(deadline, WEDNESDAY)
    done = await count_anew(deadline)
    assert (done.changed, done.breaches_withdrawn) == (1, 0)
    clock = await deadline.clock_of("D-1")
    assert (clock.generation, clock.state) == (1, State.BREACHED)
    await deadline.hear(resolved("D-1", "2026-11-13 16:00"))  # in time by the new date
    assert (await deadline.clock_of("D-1")).state is State.OUT_OF_SYNC


async def test_a_day_worked_after_all_makes_overdue_at_once_and_rings_late(
    deadline: Deadline,
) -> None:
    await deadline.hear(accepted("D-1", "2025-12-30 09:00"))  # 1/1 and 2/1 are off
    assert (await deadline.clock_of("D-1")).dues.legal_due == at("2026-01-06 17:00")
    await deadline.clock.set(at("2026-01-06 09:00"))
    undone = (date(2026, 1, 2),)
    await deadline.pass_to("2026-01-06 09:00")
    await decree(deadline, date(2026, 1, 10), worked=undone)
    done = await count_anew(deadline)
    assert (done.earlier, done.overdue_at_once) == (1, 1)
    await deadline.pass_to("2026-01-06 09:01")
    assert (await rungs(deadline, "D-1"))[-1] == (1, "breach", at("2026-01-05 17:00"))


async def test_what_a_head_of_unit_chose_stays_where_law_and_office_still_allow_it(
    deadline: Deadline,
) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 09:00"), accepted("D-2", "2026-11-09 09:00"))
    for code, chosen in (("D-1", "2026-11-12 09:00"), ("D-2", "2026-11-11 09:00")):
        await deadline.pool.execute(
            "update clocks set appointment_at = $2 where code = $1", code, at(chosen)
        )
    await decree(deadline, WEDNESDAY)
    await count_anew(deadline)
    assert (await deadline.clock_of("D-1")).appointment_at == at("2026-11-12 09:00")
    assert (await deadline.clock_of("D-2")).appointment_at == at("2026-11-13 17:00")


async def test_a_date_that_mau_04_gave_stays_and_its_alarm_leaves_the_day_off(
    deadline: Deadline,
) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 09:00"))
    await deadline.pool.execute(
        """update clocks set reappointed_at = $1, original_appointment_at = appointment_at,
           appointment_at = $2, reappointment_missed_at = $2, apology_at = null""",
        at("2026-11-10 09:00"),
        at("2026-11-16 15:00"),
    )
    await decree(deadline, date(2026, 11, 16))
    await count_anew(deadline)
    clock = await deadline.clock_of("D-1")
    assert clock.appointment_at == at("2026-11-16 15:00")
    assert clock.rungs.reappointment_missed == at("2026-11-17 07:00")
    assert clock.rungs.apology is None


async def test_a_leg_without_hours_follows_its_dossier(deadline: Deadline) -> None:
    await deadline.hear(
        agency("H10.02"),
        accepted("D-1", "2026-11-09 09:00"),
        DossierTransferred(
            dossier="D-1", agency="H10.02", status=4, from_agency="H10.01", leg=1,
            transferred_at=at("2026-11-10 09:00"),
        ),
    )  # fmt: skip
    await decree(deadline, WEDNESDAY)
    assert (await count_anew(deadline)).changed == 2
    leg = await deadline.clock_of("D-1", "transfer_leg")
    assert leg.dues.legal_due == at("2026-11-13 17:00")


async def test_a_supplement_that_was_subtracted_is_subtracted_again(deadline: Deadline) -> None:
    await deadline.hear(
        procedure("1.766", "working_days", 5, "qd766"),
        accepted("D-1", "2026-11-09 09:00", "1.766"),
        supplement_requested("D-1", "2026-11-10 10:00"),
        supplemented("D-1", "2026-11-12 10:00"),
    )
    assert (await deadline.clock_of("D-1")).dues.legal_due == at("2026-11-18 17:00")
    assert (await look(deadline)).changed == 0
    await decree(deadline, date(2026, 11, 17))
    await count_anew(deadline)
    clock = await deadline.clock_of("D-1")
    assert (clock.generation, clock.dues.legal_due) == (2, at("2026-11-19 17:00"))


async def test_what_cannot_be_counted_stays_as_it_is_and_is_named(deadline: Deadline) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 09:00"))
    await deadline.pool.execute("update clocks set procedure = '9.999'")
    done = await count_anew(deadline)
    assert (done.changed, done.uncounted_in_all) == (0, 1)
    assert (done.uncounted[0].code, done.uncounted[0].kind) == ("D-1", "dossier")
    assert "nothing was heard yet of procedures/9.999" in done.uncounted[0].why


async def test_many_pages_lose_none_and_the_timer_goes_on_meanwhile(
    deadline: Deadline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.deadline.usecases.recompute.PAGE", 7)
    await deadline.hear(*(accepted(f"D-{n:03}", "2026-11-09 09:00") for n in range(100)))
    await deadline.hear(*(accepted(f"E-{n:03}", "2026-11-02 09:00") for n in range(50)))
    await deadline.clock.set(at("2026-11-10 09:00"))
    await decree(deadline, WEDNESDAY)
    done, _ = await asyncio.gather(count_anew(deadline), deadline.timer().ring_what_is_due())
    assert (done.examined, done.changed) == (150, 100)
    alarms = await deadline.pool.fetchval("select count(*) from alarms where code like 'E-%'")
    assert alarms == 150
    dues = await deadline.pool.fetch(
        "select legal_due, count(*) from clocks where code like 'D-%' group by legal_due"
    )
    assert [tuple(row) for row in dues] == [(at("2026-11-13 17:00"), 100)]


async def test_a_run_waits_for_whoever_counts_by_the_old_days(deadline: Deadline) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 09:00"))
    async with deadline.begin() as slow:
        await slow.directories.current()
        await decree_elsewhere(deadline)
        running = asyncio.create_task(count_anew(deadline))
        await asyncio.sleep(0.2)
        assert not running.done()
    assert (await running).changed == 1


async def decree_elsewhere(deadline: Deadline) -> None:
    other = Deadline(deadline.pool, Memory(rule_book()), deadline.clock)
    await decree(other, WEDNESDAY)


async def test_recomputed_and_then_resolved_is_judged_by_the_new_date(deadline: Deadline) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 09:00"))
    await decree(deadline, WEDNESDAY)
    await count_anew(deadline)
    await deadline.hear(resolved("D-1", "2026-11-13 16:00"))
    assert await deadline.the(DeadlineMet, "D-1")
    assert [type(event) for event in await deadline.said("D-1")][:2] == [
        DeadlineSet,
        DeadlineRecomputed,
    ]


DAYS = st.dates(date(2026, 11, 3), date(2026, 11, 20)).filter(lambda on: on.isoweekday() < 6)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    offs=st.lists(DAYS, unique=True, max_size=4), received=st.lists(DAYS, min_size=1, max_size=5)
)
async def test_a_recomputed_clock_is_what_it_had_been_if_the_decree_had_come_first(
    empty_deadline: Deadline, offs: list[date], received: list[date]
) -> None:
    dates = [on for on in offs if on.isoweekday() < 6]
    await _empty(empty_deadline)
    before = [accepted(f"A-{n}", f"{on} 09:00") for n, on in enumerate(received)]
    same_day = [accepted(f"B-{n}", f"{on} 15:01", SAME_DAY) for n, on in enumerate(received)]
    await empty_deadline.hear(*_registered(), *before, *same_day)
    if dates:
        await decree(empty_deadline, *dates)
    await count_anew(empty_deadline)
    again = [e.model_copy(update={"dossier": f"Z{e.dossier}"}) for e in (*before, *same_day)]
    await empty_deadline.hear(*again)
    for event in (*before, *same_day):
        one = await empty_deadline.clock_of(event.dossier)
        other = await empty_deadline.clock_of(f"Z{event.dossier}")
        assert _dates(one) == _dates(other)


def _registered() -> list[Any]:
    return [agency(), procedure(SAME_DAY, "same_day"), procedure("1.000003", "working_days", 3)]


def _dates(clock: Clock) -> tuple[object, ...]:
    waiting = [(rung, at) for rung, at in zip(Rung, clock.rungs, strict=True) if at is not None]
    return (*clock.dues[:3], clock.appointment_at, waiting)


async def _empty(deadline: Deadline) -> None:
    await deadline.pool.execute(
        "truncate clocks, alarms, past_generations, decrees, recomputed, recomputations, outbox, said"
    )
    await deadline.pool.execute("update directory set version = 0")
    deadline.memory = Memory(rule_book())
