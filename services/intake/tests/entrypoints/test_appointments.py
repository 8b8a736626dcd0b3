"""What deadline and feedback say comes back to the dossier, and to whoever waits for it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import asyncpg
import pytest

from services.intake.tests.town import DAY, FRIDAY, UNIT, Town
from shared.events.base import Event
from shared.events.deadlines import (
    AlarmRung,
    AppointmentSet,
    BreachWithdrawn,
    ClockStopped,
    DeadlineMet,
    DeadlineMissed,
    DeadlineSet,
)
from shared.events.envelope import Envelope
from shared.events.feedback import NoticeSent
from shared.inbox import Apply
from shared.messages import Heard, Refusal
from shared.postgres import transaction

CODE = f"{UNIT}-{DAY}-0001"
CLOSING = datetime(2026, 11, 13, 10, 0, tzinfo=UTC)
NUMBERS = count(1)


def heard(event: Event) -> Heard:
    source = f"thanthien/{event.TOPIC}"
    envelope = Envelope(
        f"{source}/{next(NUMBERS)}", source, event.TYPE, event.subject, FRIDAY, next(NUMBERS)
    )
    return Heard(envelope, event)


async def tell(pool: asyncpg.Pool, apply: Apply, *events: Event) -> Sequence[Refusal]:
    async with transaction(pool) as connection:
        return await apply(connection, [heard(event) for event in events])


def deadline(code: str = CODE, generation: int = 1, **changes: object) -> DeadlineSet:
    return DeadlineSet.model_validate(
        {
            "code": code,
            "kind": "dossier",
            "agency": UNIT,
            "generation": generation,
            "received_at": FRIDAY,
            "legal_due": CLOSING,
            "pledge_due": CLOSING - timedelta(hours=1),
            "appointment_at": CLOSING - timedelta(hours=1),
            "regime": "nd61",
            "rules_version": "1",
            "calendar_version": "vn-1",
            **changes,
        }
    )


def clock_event(kind: type[Event], *, code: str = CODE, **fields: Any) -> Event:
    base = {"code": code, "kind": "dossier", "agency": UNIT, "generation": 1}
    return kind.model_validate({**base, **fields})


async def test_prefer_wait_answers_with_the_appointment(
    town: Town, pool: asyncpg.Pool, apply: Apply
) -> None:
    waiting = asyncio.create_task(town.submit(asking={"Prefer": "respond-async, wait=10"}))
    while await pool.fetchval("select count(*) from dossiers") == 0:
        await asyncio.sleep(0.005)
    assert not waiting.done()
    await tell(pool, apply, deadline())
    answer = await waiting
    assert answer.headers["preference-applied"] == "wait"
    assert answer.json()["appointment_at"] == "2026-11-13T09:00:00+00:00"
    assert answer.json()["legal_due"] == "2026-11-13T10:00:00+00:00"
    assert answer.json()["pledge_due"] == "2026-11-13T09:00:00+00:00"


async def test_prefer_wait_answers_without_it_when_deadline_is_down(town: Town) -> None:
    answer = await town.submit(asking={"Prefer": "wait=0"})
    assert answer.status_code == 201
    assert answer.json()["appointment_at"] is None
    assert "preference-applied" not in answer.headers


async def test_many_who_wait_are_all_answered(town: Town, pool: asyncpg.Pool, apply: Apply) -> None:
    waiting = [asyncio.create_task(town.submit(asking={"Prefer": "wait=10"})) for _ in range(230)]
    while await pool.fetchval("select count(*) from dossiers") < 230:
        await asyncio.sleep(0.005)
    codes = [f"{UNIT}-{DAY}-{order:04d}" for order in range(1, 231)]
    await tell(pool, apply, *(deadline(code) for code in codes))
    answers = await asyncio.gather(*waiting)
    assert sorted(answer.json()["code"] for answer in answers) == codes
    assert all(answer.json()["appointment_at"] for answer in answers)


async def test_the_same_key_asked_later_gives_the_appointment_too(
    town: Town, pool: asyncpg.Pool, apply: Apply
) -> None:
    key = {"Idempotency-Key": "slip-1"}
    first = await town.submit(asking=key)
    await tell(pool, apply, deadline())
    again = await town.submit(asking={**key, "Prefer": "wait=10"})
    assert again.json()["code"] == first.json()["code"]
    assert again.json()["appointment_at"] == "2026-11-13T09:00:00+00:00"


async def test_acceptance_of_an_online_dossier_can_wait_as_well(
    town: Town, pool: asyncpg.Pool, apply: Apply
) -> None:
    await town.code(channel="online")
    headers = {**town.officer, "Prefer": "wait=10"}
    waiting = asyncio.create_task(town.move(CODE, "acceptance", headers=headers))
    while await pool.fetchval("select state from dossiers") != "accepted":
        await asyncio.sleep(0.005)
    await tell(pool, apply, deadline())
    assert (await waiting).json()["appointment_at"] == "2026-11-13T09:00:00+00:00"


async def shown(town: Town) -> dict[str, object]:
    answer = await town.http.get(f"/dossiers/{CODE}", headers=town.officer)
    promise: dict[str, object] = answer.json()["promise"]
    return promise


async def test_the_dossier_shows_its_alarms_and_how_its_deadline_was_kept(
    town: Town, pool: asyncpg.Pool, apply: Apply
) -> None:
    await town.code()
    rung: dict[str, Any] = {"due_at": CLOSING, "rang_at": CLOSING, "is_late": False}
    later = CLOSING + timedelta(hours=1)
    refused = await tell(
        pool,
        apply,
        deadline(),
        clock_event(AppointmentSet, appointment_at=CLOSING),
        clock_event(AlarmRung, rung="at_risk", **rung),
        clock_event(AlarmRung, rung="breach", **rung),
    )
    assert refused == []
    promise = await shown(town)
    assert (promise["is_at_risk"], promise["is_breached"], promise["clock"]) == (
        True,
        True,
        "running",
    )
    assert promise["appointment_at"] == "2026-11-13T10:00:00Z"
    await tell(
        pool,
        apply,
        clock_event(BreachWithdrawn, resolved_at=FRIDAY, legal_due=CLOSING, heard_at=later),
        clock_event(DeadlineMet, resolved_at=FRIDAY, is_pledge_kept=True, is_early=False),
    )
    promise = await shown(town)
    assert (promise["is_breached"], promise["is_out_of_sync"], promise["clock"]) == (
        False,
        True,
        "met",
    )


@pytest.mark.parametrize(
    ("event", "shows"),
    [
        (clock_event(ClockStopped, reason="supplement", stopped_at=FRIDAY), "stopped"),
        (clock_event(DeadlineMissed, resolved_at=CLOSING, legal_due=CLOSING), "missed"),
    ],
)
async def test_a_clock_that_stops_or_misses_shows(
    town: Town, pool: asyncpg.Pool, apply: Apply, event: Event, shows: str
) -> None:
    await town.code()
    await tell(pool, apply, deadline(), event)
    assert (await shown(town))["clock"] == shows


async def test_an_event_of_a_dossier_we_never_had_is_refused_and_harms_no_other(
    town: Town, pool: asyncpg.Pool, apply: Apply
) -> None:
    await town.code()
    strange = f"{UNIT}-{DAY}-0777"
    refused = await tell(
        pool,
        apply,
        deadline(strange),
        deadline(),
        clock_event(AppointmentSet, code=strange, appointment_at=CLOSING),
        NoticeSent(dossier=strange, agency=UNIT, notice="greeting", sent_at=FRIDAY),
        NoticeSent(dossier=CODE, agency=UNIT, notice="greeting", sent_at=FRIDAY),
    )
    assert [(one.heard.event.TYPE.split(".")[2], one.heard.event.subject) for one in refused] == [
        ("DeadlineSet", strange),
        ("NoticeSent", strange),
    ]
    assert await pool.fetchval("select array_agg(dossier) from promises") == [CODE]
    assert await pool.fetchval("select array_agg(dossier) from notices") == [CODE]


async def test_the_clock_of_a_conduct_report_is_none_of_our_business(
    town: Town, pool: asyncpg.Pool, apply: Apply
) -> None:
    refused = await tell(pool, apply, deadline("R-1", kind="conduct_report"))
    assert refused == []
    assert await pool.fetchval("select count(*) from promises") == 0


async def test_notices_are_shown_once(town: Town, pool: asyncpg.Pool, apply: Apply) -> None:
    await town.code()
    notice = NoticeSent(dossier=CODE, agency=UNIT, notice="apology", sent_at=FRIDAY)
    await tell(pool, apply, notice)
    await tell(pool, apply, notice)
    answer = await town.http.get(f"/dossiers/{CODE}", headers=town.officer)
    assert answer.json()["notices"] == [{"notice": "apology", "sent_at": "2026-11-13T02:00:00Z"}]


async def test_a_dossier_taken_before_its_clock_is_waited_for_across_a_deaf_spell(
    town: Town, pool: asyncpg.Pool, apply: Apply, cut_listeners: Callable[[], Awaitable[None]]
) -> None:
    waiting = asyncio.create_task(town.submit(asking={"Prefer": "wait=20"}))
    while await pool.fetchval("select count(*) from dossiers") == 0:
        await asyncio.sleep(0.005)
    await cut_listeners()
    await tell(pool, apply, deadline())
    assert (await waiting).json()["appointment_at"] == "2026-11-13T09:00:00+00:00"
