"""Traces: kept by one rule, told once however often done, and never in anybody's way."""

import asyncio
import io
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import asyncpg
import httpx
import pytest
import structlog
from fastapi import FastAPI
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from deploy.local.loopback import free_port
from shared import otlp, tracing
from shared.event_traces import entered, saying
from shared.hearing import Hearing
from shared.http_traces import HttpTraces
from shared.letters import Letter
from shared.messages import Heard, Saying
from shared.outbox import Outbox
from shared.postgres import transaction
from shared.problems import install_problem_handlers
from shared.telemetry import configure_logging
from shared.tests.collector import Collector, collecting
from shared.tests.conftest import Listener
from shared.tests.test_saying import SOURCE, said
from shared.tracing import Place, Recorder, Span

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
KEPT = f"00-{TRACE}-00f067aa0ba902b7-01"
DROPPED = f"00-{TRACE}-00f067aa0ba902b7-00"
CODE = "H10.40.21-261123-0131"

MakeLetter = Callable[..., Letter]


@pytest.fixture
def spans() -> Iterator[list[Span]]:
    """What is told while traces are kept; of new ones, none."""
    told: list[Span] = []
    tracing.begin(Recorder("deadline", told.append, lambda trace_id: False))
    yield told
    tracing.end()


def part_of(letter: Letter, traceparent: str) -> Letter:
    assert letter.envelope is not None
    return letter._replace(envelope=letter.envelope._replace(traceparent=traceparent))


@pytest.mark.parametrize(
    "wrong",
    [None, "", "nonsense", KEPT[:-1], KEPT + "0", KEPT.upper(), KEPT.replace(TRACE, "0" * 32),
     KEPT.replace("00f067aa0ba902b7", "0" * 16), "ff" + KEPT[2:], KEPT + "\n"],
)  # fmt: skip
def test_what_is_no_traceparent_leads_nowhere(spans: list[Span], wrong: str | None) -> None:
    assert tracing.read(wrong) is None
    assert tracing.kept(wrong) is None


async def test_a_share_of_new_traces_is_kept_and_all_services_choose_the_same() -> None:
    with collecting() as collector:
        async with otlp.sending("a", "", collector.url, 0.25):
            kept = {place.trace for _ in range(4_000) if (place := tracing.enter(None)[0])}
        assert 800 < len(kept) < 1_200
        async with otlp.sending("b", "", collector.url, 0.25):
            assert tracing._recorder is not None
            assert all(tracing._recorder.keeps(int(trace, 16)) for trace in kept)
            assert tracing.enter(DROPPED) == (tracing.read(DROPPED), None), "the caller's choice"


async def test_a_letter_of_a_kept_trace_is_told_of_once_a_batch_and_the_others_are_not(
    hearing: Hearing, letter: MakeLetter, spans: list[Span]
) -> None:
    first = part_of(letter("A", 1), KEPT)
    await hearing.hear([first, part_of(letter("B", 1), DROPPED), letter("C", 1)])
    batch, heard = spans
    assert (batch.name, batch.attributes["thanthien.applied"]) == ("hear a batch", 3)
    assert (heard.name, heard.attributes["thanthien.subject"]) == ("hear DossierReturned", "A")
    assert batch.links == [heard.parent] and heard.links == [batch.place]
    assert batch.place.trace != TRACE == heard.place.trace
    await hearing.hear([first])
    assert len(spans) == 2, "a duplicate was told of when it was heard"


async def test_what_is_set_aside_says_why_and_is_told_again_when_it_is_applied(
    hearing: Hearing, listener: Listener, letter: MakeLetter, pool: asyncpg.Pool, spans: list[Span]
) -> None:
    listener.refuse.add(("A", 1))
    await hearing.hear([part_of(letter("A", 1), KEPT)])
    assert [(span.name, span.fault) for span in spans] == [
        ("hear a batch", None),
        ("hold DossierReturned", "refused"),
    ]


async def test_what_comes_before_its_turn_is_held_and_no_fault(
    hearing: Hearing, letter: MakeLetter, spans: list[Span]
) -> None:
    await hearing.hear([part_of(letter("A", 2), KEPT)])
    _, held = spans
    assert (held.name, held.fault) == ("hold DossierReturned", None)
    assert held.attributes["thanthien.cause"] == "gap"


async def test_the_span_of_an_event_is_the_same_however_often_it_is_delivered(
    letter: MakeLetter, spans: list[Span]
) -> None:
    one = part_of(letter("A", 1), KEPT)
    assert one.envelope is not None and one.event is not None
    heard = Heard(one.envelope, one.event)
    [first], [again] = entered([heard]), entered([heard])
    assert first == again
    place = tracing.read(first.envelope.traceparent)
    assert place is not None and place.trace == TRACE and first.envelope.traceparent != KEPT
    answer = Saying.answering(first, one.event, one.envelope.time)
    assert answer.traceparent == place.traceparent
    parent = tracing.read(KEPT)
    assert parent is not None
    names = ("thanthien.dossiers.v1", 3, SOURCE, "x.DossierReturned.v1", "A")
    ids = {saying(parent, *names, sequence).place for sequence in (1, 1, 2)}
    assert len(ids) == 2


async def test_without_a_collector_a_trace_is_carried_on_untouched(
    hearing: Hearing, letter: MakeLetter, pool: asyncpg.Pool
) -> None:
    assert not tracing.is_on()
    one = part_of(letter("A", 1), KEPT)
    await hearing.hear([one])
    assert tracing.kept(KEPT) is None and tracing.enter(None) == (None, None)
    async with transaction(pool) as connection:
        await Outbox(connection, SOURCE).say([said("A")])
    assert await pool.fetchval("select traceparent from outbox") is None


async def test_what_a_request_says_by_itself_is_part_of_its_trace(
    pool: asyncpg.Pool, spans: list[Span]
) -> None:
    place = Place(TRACE, "00f067aa0ba902b7")
    async with transaction(pool) as connection:
        with tracing.standing(place):
            await Outbox(connection, SOURCE).say([said("A")])
        await Outbox(connection, SOURCE).say([said("A")])
    rows = await pool.fetch("select traceparent from outbox order by id")
    assert [row["traceparent"] for row in rows] == [KEPT, None]


def failing_app() -> FastAPI:
    app = FastAPI()
    app.add_middleware(HttpTraces)
    install_problem_handlers(app)

    @app.get("/dossiers/{code}")
    async def show(code: str) -> str:
        error = asyncpg.CheckViolationError("new row violates check constraint")
        error.detail = "Failing row contains (Người Thử Nghiệm)"
        raise error

    @app.get("/health/live")
    async def live() -> str:
        return "live"

    return app


@asynccontextmanager
async def visiting(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def test_a_request_is_told_by_its_route_its_dossier_and_its_status(spans: list[Span]) -> None:
    async with visiting(failing_app()) as client:
        with capture_logs() as logs:
            await client.get(f"/dossiers/{CODE}", headers={"traceparent": KEPT})
            await client.get("/dossiers/Người-Lạ", headers={"traceparent": DROPPED})
        await client.get("/health/live", headers={"traceparent": KEPT})
        await client.get(f"/dossiers/{CODE}")
    [span] = spans
    assert (span.name, span.fault, span.kind) == ("GET /dossiers/{code}", "500", "server")
    assert (span.parent, span.place.trace) == (tracing.read(KEPT), TRACE)
    assert span.attributes["thanthien.subject"] == CODE
    known, stranger = ({k: line.get(k) for k in ("route", "trace_id", "subject")} for line in logs)
    assert known == {"route": "/dossiers/{code}", "trace_id": TRACE, "subject": CODE}
    assert stranger == {**known, "subject": None}, "a path may hold anything"


async def test_no_line_of_the_log_quotes_what_a_database_or_a_model_quotes() -> None:
    written = io.StringIO()
    structlog.reset_defaults()
    configure_logging("deadline", to=written)
    structlog.configure(cache_logger_on_first_use=False)
    try:
        async with visiting(failing_app()) as client:
            await client.get(f"/dossiers/{CODE}", headers={"traceparent": KEPT})
    finally:
        structlog.reset_defaults()
    [line] = written.getvalue().splitlines()
    told = json.loads(line)
    assert (told["trace_id"], told["subject"], told["level"]) == (TRACE, CODE, "error")
    assert "violates check constraint" in told["exception"] and "show" in told["exception"]
    assert "Người" not in line


@pytest.mark.parametrize("patience_seconds", [1, 10], ids=["given up", "given up at the stop"])
async def test_a_collector_that_is_away_costs_spans_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, patience_seconds: int
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", str(patience_seconds))
    lost = lost_spans()
    endpoint = f"http://127.0.0.1:{free_port()}"
    with capture_logs() as logs:
        async with otlp.sending("deadline", "", endpoint, 1):
            record(4 * otlp.MOST_WAITING)
            longest_wait = await longest_pause(seconds=1.5)
            closing_at = time.perf_counter()
        took = time.perf_counter() - closing_at
    assert longest_wait < 0.5, "the loop goes on"
    assert took < otlp.STOP_SECONDS + 1
    assert [line["log_level"] for line in logs] == ["warning"], "told once, not with every try"
    async with asyncio.timeout(10):
        while lost_spans() - lost < 4 * otlp.MOST_WAITING:
            await asyncio.sleep(0.05)
    assert lost_spans() - lost == 4 * otlp.MOST_WAITING, "every one is counted"


async def test_spans_go_out_again_when_the_collector_is_back() -> None:
    with collecting() as collector, capture_logs() as logs:
        collector.status = 400
        async with otlp.sending("deadline", "", collector.url, 1):
            record(3)
            await collector.until(lambda: bool(logs))
            collector.status = 200
            record(2)
            await collector.until(lambda: len(collector.spans) == 2)
    assert [line.get("lost") for line in logs] == [None, 3]


async def test_what_waits_when_a_service_stops_is_sent() -> None:
    with collecting() as collector:
        async with otlp.sending("deadline", "", collector.url, 1):
            record(700)
        assert_all_came(collector, 700)


def assert_all_came(collector: Collector, count: int) -> None:
    assert len({span.id for span in collector.spans}) == count


def record(count: int) -> None:
    for _ in range(count):
        tracing.record(Span("x", "internal", Place(TRACE, tracing.new_span_id()), None, 1, 2))


def lost_spans() -> float:
    return REGISTRY.get_sample_value("thanthien_spans_total", {"outcome": "lost"}) or 0.0


async def longest_pause(seconds: float) -> float:
    """How long the loop was held up at most, meanwhile."""
    longest, until = 0.0, time.perf_counter() + seconds
    while (now := time.perf_counter()) < until:
        await asyncio.sleep(0.01)
        longest = max(longest, time.perf_counter() - now)
    return longest
