"""Alarms: in their order, at their instants, each once, whatever the number of replicas."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, timedelta

import pytest

from services.deadline.adapters.books import SOURCE
from services.deadline.adapters.clocks import PostgresClocks
from services.deadline.adapters.directories import PostgresDirectories
from services.deadline.domain.alarms import Bell
from services.deadline.entrypoints.timer import CHANNEL, Timer
from services.deadline.tests.conftest import SAME_DAY, Deadline, accepted, agency, at, resolved
from services.deadline.usecases import ring_alarms as ring_alarms_module
from services.deadline.usecases.ports import FIRST_DUE
from services.deadline.usecases.ring_alarms import ring_alarms
from shared.clock import SystemClock
from shared.events.agencies import LadderRung
from shared.events.deadlines import AlarmRung
from shared.outbox import Outbox
from shared.postgres import transaction


async def rungs(deadline: Deadline, code: str) -> list[tuple[str, str]]:
    return [
        (alarm.rung, f"{alarm.due_at.astimezone(UTC) + timedelta(hours=7):%Y-%m-%d %H:%M}")
        for alarm in await deadline.said(code)
        if isinstance(alarm, AlarmRung)
    ]


async def test_the_ladder_rings_at_risk_then_pledge_missed_then_breach(deadline: Deadline) -> None:
    await deadline.hear(accepted("D-1", "2026-11-13 15:01", SAME_DAY))
    await deadline.pass_to("2026-11-17 09:00")
    assert await rungs(deadline, "D-1") == [
        ("at_risk", "2026-11-13 16:00"),
        ("pledge_missed", "2026-11-13 17:00"),
        ("breach", "2026-11-16 17:00"),
    ]


async def test_each_rung_waits_for_its_instant_to_pass(deadline: Deadline) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 09:00"))
    await deadline.pass_to("2026-11-11 07:00")
    assert await rungs(deadline, "D-1") == []
    await deadline.pass_to("2026-11-11 07:01")
    assert await rungs(deadline, "D-1") == [("apology", "2026-11-11 07:00")]
    await deadline.pass_to("2026-11-12 17:00")
    assert (await rungs(deadline, "D-1"))[1:] == [("at_risk", "2026-11-11 11:00")]
    await deadline.pass_to("2026-11-12 17:01")
    assert (await rungs(deadline, "D-1"))[2:] == [("breach", "2026-11-12 17:00")]


async def test_rule_23_the_alarm_rings_no_later_than_one_working_day_before_due(
    deadline: Deadline,
) -> None:
    await deadline.hear(accepted("D-1", "2026-11-11 09:00"))  # due Monday 16/11
    await deadline.pass_to("2026-11-14 00:00")
    assert ("apology", "2026-11-13 07:00") in await rungs(deadline, "D-1")


async def test_of_a_same_day_dossier_no_apology_is_demanded_a_day_before(
    deadline: Deadline,
) -> None:
    await deadline.hear(accepted("D-1", "2026-11-13 15:01", SAME_DAY))
    await deadline.pass_to("2026-11-17 09:00")
    assert "apology" not in [rung for rung, _ in await rungs(deadline, "D-1")]


async def test_a_unit_rings_its_own_ladder_and_the_rule_book_s_where_it_says_nothing(
    deadline: Deadline,
) -> None:
    own = (
        LadderRung(rung="at_risk", calls="head_of_unit", working_hours_before=2),
        LadderRung(rung="apology", calls="officer", working_days_before=2),
    )
    await deadline.hear(agency("H10.02", ladder=own))
    await deadline.hear(accepted("D-1", "2026-11-09 09:00", agency="H10.02"))
    await deadline.pass_to("2026-11-13 09:00")
    called = [
        (alarm.rung, alarm.calls)
        for alarm in await deadline.said("D-1")
        if isinstance(alarm, AlarmRung)
    ]
    assert await rungs(deadline, "D-1") == [
        ("apology", "2026-11-10 07:00"),
        ("at_risk", "2026-11-12 15:00"),
        ("breach", "2026-11-12 17:00"),
    ]
    assert called == [("apology", "officer"), ("at_risk", "head_of_unit"), ("breach", "town")]


async def test_of_a_limit_too_short_for_its_unit_s_days_before_half_of_it_is_left(
    deadline: Deadline,
) -> None:
    own = (LadderRung(rung="at_risk", calls="officer", working_days_before=2),)
    await deadline.hear(agency("H10.02", ladder=own))
    await deadline.hear(accepted("D-1", "2026-11-10 09:00", SAME_DAY, agency="H10.02"))
    await deadline.pass_to("2026-11-10 17:00")
    assert await rungs(deadline, "D-1") == [("at_risk", "2026-11-10 14:00")]


@pytest.mark.parametrize(
    ("rung", "rule"),
    [
        (LadderRung(rung="at_risk", calls="officer"), "at_risk must say when"),
        (LadderRung(rung="at_risk", calls="officer", share="3/2"), "share 3/2 is not between"),
        (
            LadderRung(rung="at_risk", calls="officer", share="1/2", working_hours_before=1),
            "one of: share",
        ),
        (
            LadderRung(rung="apology", calls="officer", working_hours_before=1),
            "whole working days before due",
        ),
        (LadderRung(rung="breach", calls="town", working_hours_before=1), "takes no other time"),
    ],
)
async def test_an_agency_whose_rung_cannot_ring_so_is_set_aside(
    deadline: Deadline, rung: LadderRung, rule: str
) -> None:
    (refusal,) = await deadline.hear(agency("H10.02", ladder=(rung,)))
    assert rule in refusal.reason and refusal.waits_for is None


async def test_a_pledge_due_with_the_law_has_no_rung_of_its_own(deadline: Deadline) -> None:
    await deadline.hear(accepted("D-1", "2026-11-10 09:00", SAME_DAY))
    await deadline.pass_to("2026-11-11 09:00")
    assert [rung for rung, _ in await rungs(deadline, "D-1")] == ["at_risk", "breach"]


async def test_on_a_virtual_clock_an_alarm_rings_at_its_own_instant(deadline: Deadline) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 09:00"))
    await deadline.pass_to("2026-12-31 09:00")
    for alarm in await deadline.said("D-1"):
        if isinstance(alarm, AlarmRung):
            assert (alarm.rang_at, alarm.is_late) == (alarm.due_at, False)


@pytest.mark.parametrize(("seconds", "is_late"), [(60, False), (61, True)])
async def test_in_life_an_alarm_found_long_after_its_instant_is_late(
    deadline: Deadline, seconds: int, is_late: bool
) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 09:00"))
    now = at("2026-11-11 07:00") + timedelta(seconds=seconds)  # of the apology
    async with transaction(deadline.pool) as connection:
        bell = Bell(now, late_after=timedelta(seconds=60))
        await ring_alarms(
            PostgresClocks(connection),
            PostgresDirectories(connection, deadline.memory),
            Outbox(connection, SOURCE),
            bell,
        )
    alarm = await deadline.the(AlarmRung, "D-1")
    assert (alarm.rang_at, alarm.is_late) == (now, is_late)


async def test_three_thousand_fall_due_at_once_and_four_replicas_ring_each_once(
    deadline: Deadline,
) -> None:
    await deadline.hear(*(accepted(f"D-{n}", "2026-11-09 09:00") for n in range(3_000)))
    await deadline.clock.set(at("2026-11-13 09:00"))
    await asyncio.gather(*(deadline.timer().ring_what_is_due() for _ in range(4)))
    counts = await deadline.pool.fetchrow(
        """select (select count(*) from alarms) as alarms,
                  (select count(distinct (code, rung)) from alarms) as distinct_alarms,
                  (select count(*) from outbox where type like '%AlarmRung%') as said"""
    )
    assert counts is not None and tuple(counts) == (9_000, 9_000, 9_000)
    assert await deadline.pool.fetchval("select count(next_rung_at) from clocks") == 0


async def test_a_replica_that_dies_while_ringing_leaves_its_clocks_to_the_others(
    deadline: Deadline,
) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 09:00"))
    await deadline.clock.set(at("2026-11-13 09:00"))
    with pytest.raises(ConnectionError):
        async with transaction(deadline.pool) as dying:
            assert await PostgresClocks(dying).lock_due(deadline.clock.now(), 10, FIRST_DUE)
            ringing = asyncio.create_task(deadline.timer().ring_what_is_due())
            await asyncio.sleep(0.1)
            assert not ringing.done() and await rungs(deadline, "D-1") == []
            raise ConnectionError("killed")
    await ringing
    assert [rung for rung, _ in await rungs(deadline, "D-1")] == ["apology", "at_risk", "breach"]


async def test_a_clock_that_is_passed_over_amid_a_storm_rings_before_the_timer_sleeps(
    deadline: Deadline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ring_alarms_module, "SET", 2)
    await deadline.hear(*(accepted(f"D-{n}", "2026-11-09 09:00") for n in range(5)))
    await deadline.clock.set(at("2026-11-13 09:00"))
    async with transaction(deadline.pool) as hearing:
        await PostgresClocks(hearing).lock(["D-0"])
        ringing = asyncio.create_task(deadline.timer().ring_what_is_due())
        await eventually(deadline, "D-4", ["apology", "at_risk", "breach"])
        assert not ringing.done() and await rungs(deadline, "D-0") == []
    await ringing
    assert [rung for rung, _ in await rungs(deadline, "D-0")] == ["apology", "at_risk", "breach"]


async def test_the_timer_wakes_by_itself_at_the_next_instant_and_when_an_earlier_one_is_set(
    deadline: Deadline,
) -> None:
    timer = deadline.timer()
    async with running(timer), notified(deadline, timer.wake):
        await deadline.clock.set(at("2026-11-09 09:00"))
        await deadline.hear(accepted("D-1", "2026-11-09 09:00"))
        await asyncio.sleep(0.1)  # it sleeps until Wednesday
        await deadline.hear(accepted("D-2", "2026-11-09 09:00", SAME_DAY))  # due today
        await deadline.clock.set(at("2026-11-09 16:00"))
        await eventually(deadline, "D-2", ["at_risk"])
        assert await rungs(deadline, "D-1") == []
        await deadline.clock.set(at("2026-11-12 17:01"))
        await eventually(deadline, "D-1", ["apology", "at_risk", "breach"])


@asynccontextmanager
async def running(timer: Timer) -> AsyncIterator[None]:
    """The timer runs while inside."""
    task = asyncio.create_task(timer.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def notified(deadline: Deadline, wake: Callable[[], None]) -> AsyncIterator[None]:
    """Every NOTIFY to the timers calls `wake` while inside."""

    def heard(*_: object) -> None:
        wake()

    async with deadline.pool.acquire() as connection:
        await connection.add_listener(CHANNEL, heard)
        try:
            yield
        finally:
            await connection.remove_listener(CHANNEL, heard)


async def eventually(deadline: Deadline, code: str, expected: list[str]) -> None:
    async with asyncio.timeout(5):
        while [rung for rung, _ in await rungs(deadline, code)] != expected:
            await asyncio.sleep(0.02)


async def test_the_timer_is_woken_only_for_a_rung_earlier_than_all_others(
    deadline: Deadline,
) -> None:
    woken = asyncio.Event()
    async with notified(deadline, woken.set):
        await deadline.hear(accepted("D-1", "2026-11-09 09:00"))
        await asyncio.wait_for(woken.wait(), 5)
        woken.clear()
        await deadline.hear(accepted("D-2", "2026-11-23 09:00"))
        await asyncio.sleep(0.2)
        assert not woken.is_set()
        await deadline.hear(accepted("D-3", "2026-11-09 09:00", SAME_DAY))
        await asyncio.wait_for(woken.wait(), 5)


async def test_a_resolved_dossier_leaves_the_timer_nothing_to_do(deadline: Deadline) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 09:00"), resolved("D-1", "2026-11-09 10:00"))
    assert await deadline.timer().ring_what_is_due() is None


async def test_in_life_the_timer_rings_within_a_second_of_the_instant(deadline: Deadline) -> None:
    now = SystemClock().now()
    await deadline.hear(accepted("D-1", "2039-11-09 09:00"))
    await deadline.pool.execute("update clocks set at_risk_at = $1", now + timedelta(seconds=0.3))
    async with running(deadline.timer(SystemClock())), asyncio.timeout(5):
        while not (ringing := await rungs(deadline, "D-1")):
            await asyncio.sleep(0.02)
    assert [rung for rung, _ in ringing] == ["at_risk"]
    assert SystemClock().now() - now < timedelta(seconds=1.3)


async def ring_at(deadline: Deadline, when: str) -> None:
    """As a timer whose system clock shows this instant."""
    async with transaction(deadline.pool) as connection:
        await ring_alarms(
            PostgresClocks(connection),
            PostgresDirectories(connection, deadline.memory),
            Outbox(connection, SOURCE),
            Bell(at(when), late_after=timedelta(seconds=60)),
        )


async def test_after_everything_was_down_each_rung_rings_once_late_and_in_due_order(
    deadline: Deadline,
) -> None:
    await deadline.hear(accepted("D-2", "2026-11-10 09:00"), accepted("D-1", "2026-11-09 09:00"))
    for _ in range(2):
        await ring_at(deadline, "2026-11-20 09:00")
    rang = [event for event in await deadline.said() if isinstance(event, AlarmRung)]
    assert [(alarm.code, alarm.rung) for alarm in rang] == [
        ("D-1", "apology"),
        ("D-1", "at_risk"),
        ("D-2", "apology"),
        ("D-2", "at_risk"),
        ("D-1", "breach"),
        ("D-2", "breach"),
    ]
    assert all(alarm.is_late for alarm in rang)
    assert [alarm.due_at for alarm in rang] == sorted(alarm.due_at for alarm in rang)


async def test_a_clock_that_jumps_back_and_forth_rings_each_rung_once(deadline: Deadline) -> None:
    await deadline.hear(accepted("D-1", "2026-11-09 09:00"))
    for when in ("2026-11-12 09:00", "2026-11-10 09:00", "2026-11-13 09:00", "2026-11-12 16:00"):
        await ring_at(deadline, when)
    rang = [rung for rung, _ in await rungs(deadline, "D-1")]
    assert rang == ["apology", "at_risk", "breach"]
