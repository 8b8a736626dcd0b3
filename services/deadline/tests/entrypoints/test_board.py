"""The board over HTTP: who sees what, live figures, dead letters with reasons on record."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI
from joserfc.jwk import KeySet
from structlog.testing import capture_logs

from services.deadline.adapters.board import (
    BREACHED,
    FALLING,
    FRIDAYS,
    Heartbeats,
    LetterActions,
    board_on,
)
from services.deadline.entrypoints.board_letters import Letters
from services.deadline.entrypoints.board_rendering import BoardPages
from services.deadline.entrypoints.board_routes import board_routes
from services.deadline.entrypoints.broadcast import Broadcast
from services.deadline.entrypoints.subscribers import EVENTS
from services.deadline.tests.conftest import (
    AGENCY,
    SAME_DAY,
    THREE_DAYS,
    Deadline,
    accepted,
    at,
    resolved,
)
from services.deadline.tests.entrypoints.conftest import AUDIENCE, ISSUER, KEY, token
from shared.hearing import Hearing
from shared.identity import Identity
from shared.letters import Opener
from shared.problems import install_problem_handlers
from shared.telemetry import HearingMetrics
from tests.browser import served

FRIDAY = "2026-11-13"
OPERATOR, INSPECTOR, HEAD = token("operator"), token("inspector"), token("head_of_unit", AGENCY)


@pytest.fixture
async def app(deadline: Deadline) -> AsyncIterator[FastAPI]:
    """The board on real tables, with its beat running."""
    await deadline.clock.set(at(f"{FRIDAY} 16:00"))
    pages = BoardPages()
    frames = {"wall": pages.wall_frame, "overseer": pages.overseer_frame}
    broadcast = Broadcast(board_on(lambda: deadline.pool), deadline.clock, frames, 0.05)
    letters = Letters(LetterActions(lambda: deadline.pool))
    apply = deadline.apply(deadline.clock)
    hearing = Hearing(deadline.pool, Opener(EVENTS), apply, deadline.clock, HearingMetrics())
    letters.hear_with(hearing, deadline.pool)
    app = FastAPI()
    install_problem_handlers(app)
    app.state.identity = Identity(ISSUER, AUDIENCE, KeySet([KEY]), deadline.clock)
    app.state.broadcast = broadcast
    app.include_router(board_routes(broadcast, pages, letters, deadline.clock, is_secure=False))
    beating = asyncio.create_task(broadcast.run())
    yield app
    beating.cancel()
    await asyncio.gather(beating, return_exceptions=True)


@pytest.fixture
async def base_url(app: FastAPI) -> AsyncIterator[str]:
    async with served(app) as url:
        yield url


@pytest.fixture
async def visitor(base_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=base_url) as client:
        yield client


async def enter(visitor: httpx.AsyncClient, bearer: str) -> httpx.Response:
    return await visitor.post("/board/sign-in", data={"token": bearer})


async def hold_back(deadline: Deadline, subject: str) -> int:
    """A letter that cannot be decoded, set aside."""
    number: int = await deadline.pool.fetchval(
        """insert into set_aside (identity, topic, partition, "offset", headers, value, source, subject,
               cause, reason, set_aside_at)
           values ($1, 'thanthien.dossiers.v1', 0, 7, '[]', '{"broken', 'thanthien/intake/dossiers', $1,
               'undecodable', 'not JSON', now()) returning id""",
        subject,
    )
    return number


async def test_a_snapshot_counts_by_unit(deadline: Deadline) -> None:
    await deadline.clock.set(at(f"{FRIDAY} 08:00"))
    await deadline.hear(
        accepted("H10.01-1", f"{FRIDAY} 08:00", SAME_DAY),
        accepted("H10.01-2", f"{FRIDAY} 08:00", SAME_DAY),
        accepted("H10.01-3", f"{FRIDAY} 08:00", THREE_DAYS),
    )
    await deadline.hear(resolved("H10.01-2", f"{FRIDAY} 09:00"))
    read = board_on(lambda: deadline.pool)
    (unit,) = (await read(at(f"{FRIDAY} 10:00"))).units
    assert (unit.falls_due, unit.friday, unit.breached) == (1, 1, 0)
    assert unit.next_due_at == at(f"{FRIDAY} 17:00")
    await deadline.pass_to(f"{FRIDAY} 17:01")
    (unit,) = (await read(at(f"{FRIDAY} 17:01"))).units
    assert (unit.falls_due, unit.friday, unit.breached) == (0, 1, 1)
    await deadline.hear(resolved("H10.01-1", f"{FRIDAY} 16:59"))
    board = await read(at(f"{FRIDAY} 17:02"))
    assert (board.total("breached"), board.total("friday"), board.total("out_of_sync")) == (0, 0, 1)


async def test_a_snapshot_reads_indexes_alone(deadline: Deadline) -> None:
    """What is open and due later is not read: no statement goes through the table."""
    await deadline.hear(*(accepted(f"H10.01-{n}", "2026-11-12 08:00") for n in range(500)))
    await deadline.pool.execute(
        """insert into clocks (kind, code, agency, receiving_agency, received_at, complete_at,
               generation, state, legal_due, appointment_at, at_risk_at, breach_at, regime, rules_version,
               calendar_version, steps)
           select kind, code || '-' || n, agency, receiving_agency, received_at, complete_at, generation,
               state, legal_due, appointment_at + interval '60 days', at_risk_at, breach_at, regime,
               rules_version, calendar_version, '[]'
           from clocks, generate_series(1, 100) as n"""
    )
    await deadline.pool.execute("vacuum (analyze) clocks")
    now = at(f"{FRIDAY} 08:00")
    for statement, values in (
        (FALLING, (now, now + timedelta(hours=8))),
        (FRIDAYS, (now, now + timedelta(days=1), now + timedelta(days=3))),
        (BREACHED, (now, now + timedelta(days=1), now + timedelta(days=3))),
    ):
        plan = "\n".join(
            row[0]
            for row in await deadline.pool.fetch(f"explain (analyze, buffers) {statement}", *values)
        )
        assert "Index Only Scan" in plan and "Seq Scan" not in plan, plan


async def test_the_wall_shows_counts_and_no_names(
    deadline: Deadline, visitor: httpx.AsyncClient
) -> None:
    await deadline.hear(accepted("H10.01-1", f"{FRIDAY} 08:00", SAME_DAY))
    await hold_back(deadline, "H10.01-SECRET")
    await Heartbeats(lambda: deadline.pool).beat("host-a-1", '{"kafka": "away"}', 1.0, 2.0, True)
    page = await visitor.get("/board")
    assert page.status_code == 200 and AGENCY in page.text
    assert "host-a-1" not in page.text and "SECRET" not in page.text
    assert "script-src 'self'" in page.headers["content-security-policy"]
    async with visitor.stream("GET", "/board/events") as live:
        frame = await anext(line async for line in live.aiter_lines() if line.startswith("data: "))
    assert AGENCY in frame and "host-a-1" not in frame and "SECRET" not in frame
    await enter(visitor, OPERATOR)
    page = await visitor.get("/board")
    assert "host-a-1" in page.text and "away" in page.text


async def test_the_token_stays_in_a_cookie_no_script_reads(visitor: httpx.AsyncClient) -> None:
    cookie = (await enter(visitor, OPERATOR)).headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie and "Path=/board" in cookie


@pytest.mark.parametrize(
    ("bearer", "status"),
    [("nonsense", 401), (token("officer", AGENCY), 403), ("x" * 5000, 401)],
    ids=["nonsense", "officer", "too long"],
)
async def test_a_token_without_the_right_does_not_sign_in(
    visitor: httpx.AsyncClient, bearer: str, status: int
) -> None:
    with capture_logs() as logs:
        answer = await enter(visitor, bearer)
    assert answer.status_code == status and "set-cookie" not in answer.headers
    assert [line["status"] for line in logs if "refused" in line["event"]] == [status]


@pytest.mark.parametrize(
    ("bearer", "status"),
    [(None, 401), (HEAD, 403), (INSPECTOR, 403)],
    ids=["nobody", "head", "inspector"],
)
async def test_who_may_not_discard_is_refused_and_logged(
    deadline: Deadline, visitor: httpx.AsyncClient, bearer: str | None, status: int
) -> None:
    letter = await hold_back(deadline, "H10.01-9")
    if bearer:
        await enter(visitor, bearer)
    with capture_logs() as logs:
        answer = await visitor.post(
            "/board/discard", data={"subject": "H10.01-9", "letter": letter, "reason": "why not"}
        )
    assert answer.status_code == status
    assert [line["route"] for line in logs if "refused" in line["event"]] == ["/board/discard"]
    assert await deadline.pool.fetchval("select count(*) from set_aside") == 1
    assert await deadline.pool.fetchval("select count(*) from letter_actions") == 0


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://elsewhere.test"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}],
)
async def test_a_form_of_another_site_does_nothing(
    deadline: Deadline, visitor: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    letter = await hold_back(deadline, "H10.01-9")
    await enter(visitor, OPERATOR)
    form = {"subject": "H10.01-9", "letter": letter, "reason": "forged"}
    answer = await visitor.post("/board/discard", data=form, headers=headers)
    assert answer.status_code == 403
    assert await deadline.pool.fetchval("select count(*) from set_aside") == 1


async def test_an_operator_retries_and_discards_and_it_is_on_record(
    deadline: Deadline, visitor: httpx.AsyncClient
) -> None:
    letter = await hold_back(deadline, "H10.01-9")
    await enter(visitor, OPERATOR)
    assert "not JSON" in (await visitor.get("/board/letters")).text
    assert "{&#34;broken" in (await visitor.get("/board/letters/H10.01-9")).text
    form = {"subject": "H10.01-9", "letter": str(letter)}
    assert (
        await visitor.post("/board/retry", data=form | {"reason": "Kafka is back"})
    ).status_code == 303
    refused = await visitor.post("/board/discard", data=form | {"reason": "  "})
    assert refused.status_code == 422 and "reason" in refused.text
    done = await visitor.post("/board/discard", data=form | {"reason": "sent twice"})
    assert (done.status_code, done.headers["location"]) == (303, "/board/letters")
    rows = await deadline.pool.fetch(
        "select action, reason, asked_by, outcome from letter_actions order by id"
    )
    assert [tuple(row) for row in rows] == [
        ("retry", "Kafka is back", "someone-1", "0 applied"),
        ("discard", "sent twice", "someone-1", "discarded, 0 behind it applied"),
    ]
    gone = await visitor.post("/board/discard", data=form | {"reason": "again"})
    assert gone.status_code == 404


async def test_a_viewer_sees_what_changes(deadline: Deadline, visitor: httpx.AsyncClient) -> None:
    async with visitor.stream("GET", "/board/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        heard = False
        async with asyncio.timeout(10):
            async for line in answer.aiter_lines():
                if line.startswith("data: ") and AGENCY in json.loads(line[6:]):
                    break
                if line.startswith("data: ") and not heard:
                    heard = True
                    await deadline.hear(accepted("H10.01-1", f"{FRIDAY} 08:00", SAME_DAY))
    assert heard


async def test_many_viewers_cost_one_snapshot(app: FastAPI, deadline: Deadline) -> None:
    """A viewer who stands still skips; the others' frames are the same bytes."""
    broadcast: Broadcast = app.state.broadcast
    viewers = [broadcast.watch("wall", lambda: False) for _ in range(50)]
    first = await asyncio.gather(*(anext(viewer) for viewer in viewers))
    assert len({id(frame) for frame in first}) == 1
    slow, quick = viewers[0], viewers[1]
    newest = [await anext(quick) for _ in range(5)][-1]
    assert await anext(slow) is newest
    assert await anext(slow) is not newest  # nothing it has seen is sent again
    for viewer in viewers:
        await viewer.aclose()  # type: ignore[attr-defined]
    assert broadcast.viewers == 0


async def test_a_replica_that_falls_silent_shows_and_one_that_leaves_does_not(
    deadline: Deadline,
) -> None:
    beats, read = Heartbeats(lambda: deadline.pool), board_on(lambda: deadline.pool)
    for name in ("one", "two"):
        await beats.beat(name, "{}", 0.0, 0.0, False)
    await deadline.pool.execute(
        "update replicas set seen_at = seen_at - interval '1 min' where replica = 'one'"
    )
    await beats.leave("two")
    (one,) = (await read(at(f"{FRIDAY} 08:00"))).replicas
    assert (one.replica, one.is_silent) == ("one", True)
