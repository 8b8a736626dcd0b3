"""The town's page and the page of stars: what they show, live, and one look per change."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from services.feedback.adapters.books import begin_on
from services.feedback.adapters.scores import CHANNEL
from services.feedback.domain.ratings import Stars, Tally
from services.feedback.domain.scores.figures import Count
from services.feedback.entrypoints import town_board
from services.feedback.entrypoints.town_board import TownBoard
from services.feedback.entrypoints.town_words import percent, rating_of, trend_of
from services.feedback.tests import history
from services.feedback.tests.domain.score_examples import IN_FORCE
from services.feedback.tests.history import Tell
from services.feedback.tests.usecases.test_keep_scores import OTHER, rated
from services.feedback.usecases.give_rating import give_rating
from services.feedback.usecases.keep_scores import keep_scores
from services.feedback.usecases.ports import Books
from shared.clock import VirtualClock
from tests.browser import served

LATE = "H10.02-20261113-0001"


@pytest.fixture(autouse=True)
async def town(tell: Tell) -> None:
    """Two units: one on time, one late, with a name that tries to be markup."""
    await tell(history.agency(), history.agency(OTHER, "UBND xã <b>Nha Bích</b>"))
    await tell(history.accepted(), history.deadline_set(), history.met(None))
    late = history.accepted(LATE, OTHER), history.deadline_set(LATE, OTHER)
    await tell(*late, history.missed(LATE, OTHER))


async def rate(pool: asyncpg.Pool, tell: Tell, code: str, stars: int) -> None:
    await tell(history.accepted(code), history.returned(code))
    token = await pool.fetchval("select token from invitations where dossier = $1", code)
    async with begin_on(pool)() as books:
        await give_rating(token, Stars(stars, stars, stars, stars), books, history.NOW)


async def test_the_worst_unit_is_shown_first_below_the_town_and_nothing_is_markup(
    http: httpx.AsyncClient,
) -> None:
    answer = await http.get("/town")
    assert answer.status_code == 200
    page = answer.text
    bad, good = page.index("UBND xã &lt;b&gt;Nha Bích"), page.index("UBND phường Hưng Long")
    assert page.index("Toàn địa bàn") < bad < good
    assert "<b>Nha Bích" not in page
    assert "50 %" in page and "Quý 4/2026" in page and "13/11/2026" in page
    assert 'href="/town"' in page and "/open-data/scores.csv" in page


async def test_stars_are_shown_with_their_votes_as_the_plans_page_shows_them(
    http: httpx.AsyncClient, pool: asyncpg.Pool, tell: Tell
) -> None:
    assert "Chưa có phiếu bầu" in (await http.get("/stars")).text
    for number, stars in enumerate((5, 5, 5, 4), 2):
        await rate(pool, tell, f"H10.01-20261113-{number:04}", stars)
    withheld = (await http.get("/stars")).text
    assert "4 phiếu bầu – công bố từ 5 phiếu" in withheld and "Xếp hạng: 4" not in withheld
    await rate(pool, tell, "H10.01-20261113-0009", 5)
    page = (await http.get("/stars")).text
    assert page.count("Xếp hạng: 4,8 – 5 phiếu bầu") == 2  # the town and its one unit with votes
    assert "Rating: 4.8 – 5 votes" in page
    assert "/open-data/scores.csv" in page and "/open-data/scores.json" in page


def test_numbers_are_written_as_in_vietnamese() -> None:
    tally = Tally(213, 1000, 1001, 1003, 1000)
    assert rating_of(tally, IN_FORCE).vi == "4,7 – 213 phiếu bầu"
    assert rating_of(tally, IN_FORCE).short == "4,7 – 213"
    assert rating_of(Tally(3, 9, 9, 9, 9), IN_FORCE).short == "(3)"
    assert rating_of(tally, IN_FORCE).en == "4.7 – 213 votes"
    assert rating_of(Tally(12_345, *[50_000] * 4), IN_FORCE).vi == "4,1 – 12.345 phiếu bầu"
    assert percent(Count(2_999, 3_000)) == "99,9 %"
    assert percent(Count(0, 0)) == "–"


def test_a_week_without_dossiers_parts_the_trend() -> None:
    trend = trend_of([Count(1, 1), Count(1, 2), Count(0, 0), Count(0, 1)])
    assert trend.lines == ["3.0,3.0 41.0,29.0"]
    assert trend.points == [("41.0", "29.0"), ("117.0", "29.0")]
    assert trend.words.vi == "Đúng hạn 4 tuần: từ 100 % đến 0 %"
    assert trend_of([Count(0, 0)]).words.en == "1 weeks: no dossiers"


class Counting:
    """Begins transactions, and counts how many."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._begin = begin_on(pool)
        self.begun = 0

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[Books]:
        self.begun += 1
        async with self._begin() as books:
            yield books


@asynccontextmanager
async def watched(board: TownBoard, pool: asyncpg.Pool) -> AsyncIterator[None]:
    """The board watches, and PostgreSQL tells it of changes, as in the service."""
    watching = asyncio.create_task(board.watch())
    async with pool.acquire() as connection:

        def changed(*_: object) -> None:
            board.changed()

        await connection.add_listener(CHANNEL, changed)
        try:
            yield
        finally:
            await connection.remove_listener(CHANNEL, changed)
            watching.cancel()
            await asyncio.wait([watching])


async def test_fifty_viewers_cost_one_look_per_change(
    pool: asyncpg.Pool, clock: VirtualClock
) -> None:
    counting = Counting(pool)
    board = TownBoard(counting, clock, apart_seconds=0.05)
    async with watched(board, pool):
        streams = [board.follow(lambda: False) for _ in range(50)]
        firsts = await asyncio.gather(*(anext(stream) for stream in streams))
        assert counting.begun == 1
        assert {id(town) for town in firsts} == {id(firsts[0])}
        await asyncio.sleep(0.2)
        before = counting.begun
        async with begin_on(pool)() as books:
            await keep_scores([rated("H10.01-20261113-0001", 4)], books)
        news = await asyncio.gather(*(_next_town(stream) for stream in streams))
        assert counting.begun == before + 1
        assert {id(town) for town in news} == {id(news[0])} != {id(firsts[0])}
        await asyncio.gather(*(stream.aclose() for stream in streams))  # type: ignore[attr-defined]
        async with begin_on(pool)() as books:
            await keep_scores([rated("H10.01-20261113-0002", 4)], books)
        await asyncio.sleep(0.2)
        assert counting.begun == before + 1  # nobody looks on


async def _next_town(stream: AsyncIterator[object]) -> object:
    async with asyncio.timeout(10):
        async for town in stream:
            if town is not None:
                return town
    raise AssertionError("the stream has ended")


async def test_another_day_is_shown_though_nothing_has_changed(
    pool: asyncpg.Pool, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(town_board, "LOOK_AGAIN_SECONDS", 0.05)
    board = TownBoard(begin_on(pool), clock, apart_seconds=0.05)
    async with watched(board, pool):
        stream = board.follow(lambda: False)
        assert (await anext(stream)).on.day == 13  # type: ignore[union-attr]
        await clock.set(history.NOW + timedelta(days=1))
        assert (await _next_town(stream)).on.day == 14  # type: ignore[attr-defined]
        await stream.aclose()  # type: ignore[attr-defined]


async def test_a_change_reaches_an_open_page_and_a_stopping_process_ends_its_streams(
    application: FastAPI, board: TownBoard, pool: asyncpg.Pool, tell: Tell
) -> None:
    is_stopping = False
    application.state.is_stopping = lambda: is_stopping
    async with (
        watched(board, pool),
        served(application) as url,
        httpx.AsyncClient(base_url=url, timeout=10, trust_env=False) as client,
        client.stream("GET", "/town/live") as answer,
    ):
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.aiter_lines()
        assert "Trễ" in await _message(lines)
        await tell(history.accepted("H10.01-20261113-0007"))
        assert '<td data-label="Hôm nay: nhận">3</td>' in await _message(lines)
        is_stopping = True
        async with asyncio.timeout(10):
            assert [line async for line in lines if line.startswith("data")] == []


async def _message(lines: AsyncIterator[str]) -> str:
    """The next event's data."""
    data: list[str] = []
    async with asyncio.timeout(10):
        async for line in lines:
            if line.startswith("data: "):
                data.append(line.removeprefix("data: "))
            elif not line and data:
                return "\n".join(data)
    raise AssertionError("the stream has ended")


async def test_more_viewers_than_a_process_bears_are_sent_away(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(town_board, "MOST_VIEWERS", 0)
    answer = await http.get("/town/live")
    assert (answer.status_code, answer.json()["type"]) == (503, "too-many-viewers")
    assert (await http.get("/town")).status_code == 200
