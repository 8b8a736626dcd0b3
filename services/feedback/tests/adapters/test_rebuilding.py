"""Scores counted anew from real topics, beside the kept ones: the same to the last digit, or which differ."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer

from services.feedback.adapters.books import begin_on
from services.feedback.adapters.rebuilding import (
    TABLES,
    HistoryError,
    counting_anew,
    open_history,
)
from services.feedback.domain.ratings import Stars
from services.feedback.domain.scores.figures import Count, Figure
from services.feedback.entrypoints.subscribers import EVENTS
from services.feedback.tests import history
from services.feedback.tests.history import CODE, Teller
from services.feedback.tests.usecases.test_keep_scores import OTHER, made_up, rows, shuffled
from services.feedback.usecases.give_rating import give_rating
from services.feedback.usecases.news_heard import NEWS
from services.feedback.usecases.rebuild_scores import Summary, rebuild_beside
from shared import dead_letters
from shared.clock import VirtualClock
from shared.events import feedback
from shared.events.envelope import Envelope
from shared.hearing import Hearing
from shared.inbox import Apply
from shared.letters import Opener
from shared.messages import Heard
from shared.telemetry import HearingMetrics

Publish = Callable[[str, Sequence[Heard]], Awaitable[None]]

pytestmark = pytest.mark.broker


@pytest.fixture
def hearing(pool: asyncpg.Pool, apply: Apply, clock: VirtualClock) -> Hearing:
    return Hearing(pool, Opener(EVENTS), apply, clock, HearingMetrics())


@pytest.fixture
async def topics(make_topic: Callable[..., Awaitable[str]]) -> dict[str, str]:
    return {name: await make_topic(name, partitions=3) for name in ("others", "feedback")}


@pytest.fixture
async def publish(kafka: str) -> AsyncIterator[Publish]:
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all")
    await producer.start()

    async def publish(topic: str, said: Sequence[Heard]) -> None:
        for one in said:
            key = one.event.subject.encode()
            headers = one.envelope.to_headers()
            await producer.send_and_wait(topic, one.event.body(), key=key, headers=headers)

    yield publish
    await producer.stop()


async def hear(hearing: Hearing, said: Sequence[Heard]) -> None:
    """As records of one partition."""
    opened = [
        hearing.opener.open(
            one.event.TOPIC, 0, at, None, one.envelope.to_headers(), one.event.body()
        )
        for at, one in enumerate(said)
    ]
    await hearing.hear(opened)


async def rebuild(
    pool: asyncpg.Pool, kafka: str, topics: dict[str, str], *, is_applied: bool = False
) -> Summary:
    async with (
        open_history(kafka, topics.values(), NEWS) as read,
        counting_anew(pool, NEWS) as scene,
    ):
        return await rebuild_beside(read, scene, lambda _: None, is_applied=is_applied)


async def said_by_feedback(pool: asyncpg.Pool) -> list[Heard]:
    """What lies in the outbox, as the relay would say it."""
    names = {event.TYPE: event for event in (feedback.RatingGiven, feedback.NoticeSent)}
    return [
        Heard(
            Envelope(
                id=f"{row['subject']}/{row['sequence']}",
                source=row["source"],
                type=row["type"],
                subject=row["subject"],
                time=row["time"],
                sequence=row["sequence"],
                traceparent=row["traceparent"],
            ),
            names[row["type"]].hear(row["body"]),
        )
        for row in await pool.fetch("select * from outbox order by id")
    ]


async def rate(pool: asyncpg.Pool, code: str) -> None:
    token = await pool.fetchval("select token from invitations where dossier = $1", code)
    async with begin_on(pool)() as books:
        await give_rating(token, Stars(5, 4, 3, 2), books, history.NOW)


@pytest.fixture
async def lived(
    pool: asyncpg.Pool, hearing: Hearing, topics: dict[str, str], publish: Publish
) -> None:
    """A history with all that a rebuild could stumble over, heard by the service and lying in the topics."""
    teller = Teller()
    told = teller.tell(history.agency(), history.agency(OTHER))
    events = [
        event for event in shuffled(made_up(), random.Random(3)) if event.TOPIC != feedback.TOPIC
    ]
    told += teller.tell(*events)
    told += teller.tell(history.accepted("LATER", "H10.77"))  # set aside: nobody knows that agency
    given_up = teller.tell(history.accepted("GIVENUP", "H10.78"))
    told += given_up
    await hear(hearing, told)
    letter = await pool.fetchval("select id from set_aside where subject = 'GIVENUP'")
    await dead_letters.discard(
        hearing, pool, letter, because="a test", by="tester", now=history.NOW
    )
    told += teller.tell(history.agency("H10.78"))
    await hear(hearing, told[-1:])
    await rate(pool, "H10.01-20261113-0001")
    in_the_topic = await said_by_feedback(pool)
    await rate(pool, "H10.01-20261113-0002")  # still in the outbox
    unheard = teller.tell(history.submitted(CODE + "-9"))
    await publish(topics["feedback"], in_the_topic)
    await publish(topics["others"], [*told, *told[5:20], *unheard])  # some were said twice


async def test_a_rebuild_beside_the_kept_scores_gives_the_same_to_the_last_digit(
    lived: None, pool: asyncpg.Pool, kafka: str, topics: dict[str, str]
) -> None:
    kept = await rows(pool)
    summary = await rebuild(pool, kafka, topics)
    assert (summary.differing, summary.differences, summary.is_switched) == (0, [], False)
    assert summary.figures == len(kept) >= 15
    assert await rows(pool) == kept
    assert await _tables(pool) == list(TABLES)


async def test_what_differs_is_named_and_kept_anew_only_if_asked(
    lived: None, pool: asyncpg.Pool, kafka: str, topics: dict[str, str]
) -> None:
    right = await rows(pool)
    smile = list(Figure).index(Figure.SMILE) + 1
    await pool.execute(
        f"update score_sums set sums[{smile}] = sums[{smile}] + 7 where sums[{smile}] > 0"
    )
    wrong = await rows(pool)
    summary = await rebuild(pool, kafka, topics)
    (one,) = summary.differences
    assert (summary.differing, one.agency, one.figure) == (1, OTHER, Figure.SMILE)
    assert one.anew == Count(10, 2) and one.kept.sum > 10
    assert await rows(pool) == wrong
    assert (await rebuild(pool, kafka, topics, is_applied=True)).is_switched
    assert await rows(pool) == right
    assert (await rebuild(pool, kafka, topics)).differing == 0


async def test_who_counts_meanwhile_waits_and_is_counted_once(
    lived: None, pool: asyncpg.Pool, kafka: str, topics: dict[str, str]
) -> None:
    async with counting_anew(pool, NEWS) as scene, scene.frozen():
        rating = asyncio.create_task(rate(pool, "H10.01-20261113-0003"))
        await asyncio.sleep(0.2)
        assert not rating.done()
    await rating
    assert (await rebuild(pool, kafka, topics)).differing == 0


async def test_a_topic_that_is_not_there_is_named(pool: asyncpg.Pool, kafka: str) -> None:
    with pytest.raises(HistoryError, match="has no topic nowhere"):
        await rebuild(pool, kafka, {"others": "nowhere"})


async def _tables(pool: asyncpg.Pool) -> list[str]:
    found = await pool.fetch(
        "select tablename from pg_tables where schemaname = current_schema() and tablename like 'score%' order by 1"
    )
    return [row[0] for row in found]
