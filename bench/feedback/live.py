"""One feedback process over HTTP: ratings, and the town's page while fifty look on and it changes."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import perf_counter
from urllib.parse import urlsplit

from bench.contestant import run
from bench.feedback.filling import fill, make_links
from bench.feedback.ratings import Errand, rating
from bench.parts import Parts
from bench.requests import Connection
from bench.services import connection_to, service
from shared.clock import SystemClock

PAGE = b"GET /town HTTP/1.1\r\nHost: bench\r\n\r\n"
LIVE = b"GET /town/live HTTP/1.1\r\nHost: bench\r\n\r\n"
BETWEEN_PAGES_SECONDS = 0.02
BETWEEN_RATINGS_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many dossiers lie behind, ratings are handed in a round, viewers look on, and pages are asked for."""

    behind: int = 50_000
    ratings: int = 2_000
    rounds: int = 3
    viewers: int = 50
    pages: int = 500


@dataclass(slots=True)
class Measured:
    ratings_per_s: list[float] = field(default_factory=list)
    page_ms: list[float] = field(default_factory=list)
    messages: int = 0
    """Boards that reached the viewers meanwhile."""


async def measure_live(parts: Parts, sizes: Sizes, tell: Callable[[str], None]) -> Measured:
    """Ratings first, then the page."""
    measured = Measured()
    now = SystemClock().now()
    async with parts.database("feedback") as database:
        async with connection_to(database, "feedback") as connection:
            await fill(connection, sizes.behind, now)
            rounds = [
                await make_links(connection, f"R{number}", sizes.ratings, now)
                for number in range(sizes.rounds)
            ]
            changes = await make_links(connection, "LIVE", sizes.pages, now)
        await parts.settle()
        async with service("feedback", parts, database) as feedback:
            await feedback.wait_until_ready()
            for tokens in rounds:
                name = parts.name_run("ratings")
                file = parts.directory / f"{name}.tokens"
                file.write_text(json.dumps(tokens))
                result = await run(
                    "bench.feedback.ratings", Errand(feedback.url, str(file)), name, parts.directory
                )
                measured.ratings_per_s.append(result.per_second)
                tell(f"feedback: {result.per_second:,.0f} ratings/s")
            await _measure_page(feedback.url, changes, sizes, measured)
            tell(f"the town's page: {measured.messages:,} boards reached {sizes.viewers} viewers")
    return measured


async def _measure_page(url: str, changes: list[str], sizes: Sizes, measured: Measured) -> None:
    """One page after the other, while ratings change the town and viewers are told. Raises
    `RuntimeError` where some viewer was told nothing: then the page was not live."""
    heard = [0] * sizes.viewers
    async with _beside(
        *(_look_on(url, heard, viewer) for viewer in range(sizes.viewers)),
        _change(url, changes),
    ):
        asking = await Connection.open(url)
        for _ in range(sizes.pages):
            await asyncio.sleep(BETWEEN_PAGES_SECONDS)
            began = perf_counter()
            status, _ = await asking.ask(PAGE)
            measured.page_ms.append(1000 * (perf_counter() - began))
            if status != 200:
                raise RuntimeError(f"the town's page was answered {status}")
        asking.close()
    if min(heard) < 3:
        raise RuntimeError(f"viewers were told {min(heard)} to {max(heard)} times")
    measured.messages = sum(heard)


async def _look_on(url: str, heard: list[int], viewer: int) -> None:
    place = urlsplit(url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    writer.write(LIVE)
    try:
        while line := await reader.readline():
            if line.startswith(b"data: <table"):
                heard[viewer] += 1
    finally:
        writer.close()


async def _change(url: str, tokens: list[str]) -> None:
    connection = await Connection.open(url)
    for token in tokens:
        await connection.ask(rating(token))
        await asyncio.sleep(BETWEEN_RATINGS_SECONDS)


@asynccontextmanager
async def _beside(*works: object) -> AsyncIterator[None]:
    tasks = [asyncio.ensure_future(work) for work in works]  # type: ignore[call-overload]
    try:
        yield
        for task in tasks:
            if task.done():
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
