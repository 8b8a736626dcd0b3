"""Metrics say what happened, with label sets that do not grow with what is counted."""

from collections.abc import Callable

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import REGISTRY

from shared import backlog, telemetry
from shared.backlog import Backlog
from shared.hearing import Hearing
from shared.http_metrics import HttpMetrics
from shared.letters import Letter
from shared.outbox import Outbox
from shared.postgres import transaction
from shared.tests.conftest import NOW, Listener
from shared.tests.test_saying import SOURCE, said


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def test_each_stage_of_a_batch_is_measured_once(
    hearing: Hearing, letter: Callable[..., Letter]
) -> None:
    stages = ("load", "decide", "store", "commit")
    name = "thanthien_stage_seconds_count"
    before = [value(name, stage=stage) for stage in stages]
    await hearing.hear([letter("A", 1), letter("B", 1), letter("A", 2)])
    assert [value(name, stage=stage) for stage in stages] == [n + 1 for n in before]


async def test_the_backlog_tells_what_waits_and_since_when(
    pool: asyncpg.Pool, hearing: Hearing, listener: Listener, letter: Callable[..., Letter]
) -> None:
    looking = Backlog(lambda: pool, lambda: NOW.replace(minute=10))
    listener.refuse.add(("A", 1))
    await hearing.hear([letter("A", 1), letter("A", 2), letter("B", 3)])
    async with transaction(pool) as connection:
        await Outbox(connection, SOURCE).say([said("C"), said("D")])
    await looking.look()
    waiting = {c: value("thanthien_set_aside_events", cause=c) for c in ("refused", "gap")}
    assert waiting == {"refused": 1, "gap": 1}
    assert value("thanthien_set_aside_oldest_age_seconds", cause="gap") == 600
    assert value("thanthien_outbox_rows") == 2
    await looking.look()
    assert value("thanthien_outbox_oldest_age_seconds") > 0

    await pool.execute("delete from outbox; delete from set_aside")
    await looking.look()
    assert value("thanthien_outbox_rows") == 0
    assert value("thanthien_outbox_oldest_age_seconds") == 0
    assert value("thanthien_set_aside_events", cause="gap") == 0


async def test_a_look_reads_a_bounded_number_of_rows(
    pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog, "MOST_ROWS", 3)
    async with transaction(pool) as connection:
        await Outbox(connection, SOURCE).say([said(f"C{n}") for n in range(9)])
    await Backlog(lambda: pool, lambda: NOW).look()
    assert value("thanthien_outbox_rows") == 3


async def test_requests_are_counted_by_route_and_strangers_together() -> None:
    app = FastAPI()
    app.add_middleware(HttpMetrics)

    @app.get("/dossiers/{code}")
    async def show(code: str) -> str:
        return code

    telemetry.REQUESTS.clear()
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        for number in range(50):
            await client.get(f"/dossiers/{number}")
            await client.get(f"/guess/{number}")
            await client.request(f"GUESS{number}", "/")
    name = "thanthien_http_requests_total"
    assert value(name, method="GET", route="/dossiers/{code}", status="200") == 50
    assert value(name, method="GET", route="none", status="404") == 50
    assert value(name, method="other", route="none", status="404") == 50


async def test_no_label_is_a_unit_or_a_dossier() -> None:
    """3,000 units make no more series than one: no metric of ours is labelled by unit."""
    labels = {
        label for family in vars(telemetry).values() for label in getattr(family, "_labelnames", ())
    }
    bounded = {"topic", "partition", "outcome", "cause", "stage", "type", "kind", "state"}
    assert labels == bounded | {"method", "route", "status"}
