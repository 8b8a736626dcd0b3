"""Scores counted anew in tables beside the kept ones, and the topics they are counted from."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from typing import Any

import asyncpg
import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from services.feedback.adapters.books import SOURCE, books_on
from services.feedback.adapters.scores import PostgresScores
from services.feedback.domain.scores.figures import FIGURES, Count
from services.feedback.usecases.ports import Begin, Books
from services.feedback.usecases.rebuild_scores import Difference, Said
from shared.events import feedback
from shared.events.base import Event
from shared.letters import Opener
from shared.postgres import transaction
from shared.sign_in import NOBODY, SignIn

ANEW = "_anew"
TABLES = ("score_cases", "score_sums")
OWN = f"{SOURCE}/feedback"
POLL_MS = 500
POLLS_WITHOUT_RECORDS = 20
RECORDS_AT_ONCE = 2_000

# Both sides summed over their slots; what is 0 is as good as not there.
DIFFERENCES = """
with kept as (
    select agency, counted_on, officer, place, sum(added) as sum, sum(counted) as count
    from score_sums, unnest(sums, counts) with ordinality as u (added, counted, place)
    group by 1, 2, 3, 4 having sum(added) <> 0 or sum(counted) <> 0
),
anew as (
    select agency, counted_on, officer, place, sum(added) as sum, sum(counted) as count
    from score_sums_anew, unnest(sums, counts) with ordinality as u (added, counted, place)
    group by 1, 2, 3, 4 having sum(added) <> 0 or sum(counted) <> 0
)
select agency, counted_on, officer, place,
    coalesce(kept.sum, 0)::bigint as kept_sum, coalesce(kept.count, 0)::bigint as kept_count,
    coalesce(anew.sum, 0)::bigint as anew_sum, coalesce(anew.count, 0)::bigint as anew_count,
    (kept.sum, kept.count) is distinct from (anew.sum, anew.count) as differs
from kept full join anew using (agency, counted_on, officer, place)
"""
COMPARE = f"""
with compared as ({DIFFERENCES})
select (select count(*) from compared) as figures, (select count(*) from compared where differs) as differing,
    (select json_agg(d) from (
        select * from compared where differs order by agency, counted_on, officer, place limit $1
    ) d) as differences
"""

HEARD = """
select u.nth, (u.sequence <= h.last_sequence or e.forgotten_at is not null) and not exists (
    select from discarded d
    where d.source = u.source and d.subject = u.subject and d.sequence = u.sequence) as is_heard
from unnest($1::text[], $2::text[], $3::bigint[]) with ordinality as u (source, subject, sequence, nth)
left join heard h using (source, subject) left join endings e on e.subject = u.subject
where u.sequence is not null
union all
select u.nth, exists (select from heard_ids i where i.source = u.source and i.id = u.id)
from unnest($1::text[], $4::text[], $3::bigint[]) with ordinality as u (source, id, sequence, nth)
where u.sequence is null
"""


class HistoryError(RuntimeError):
    """The topics do not hold the whole history: nothing can be counted from them."""


class History:
    """`ReadsHistory`: topics from their beginning, by a consumer without a group."""

    def __init__(self, consumer: Any, places: Collection[TopicPartition], opener: Opener) -> None:
        self._consumer = consumer
        self._places = list(places)
        self._opener = opener

    async def read(self) -> AsyncIterator[list[Said]]:
        """Raises `HistoryError` where the broker stops answering."""
        listed = await self._consumer.end_offsets(self._places)
        waiting = {place for place in self._places if listed[place] > 0}
        self._consumer.resume(*waiting)
        empty_polls = 0
        while waiting:
            batches = await self._consumer.getmany(
                *waiting, timeout_ms=POLL_MS, max_records=RECORDS_AT_ONCE
            )
            empty_polls = 0 if batches else empty_polls + 1
            if empty_polls > POLLS_WITHOUT_RECORDS:
                raise HistoryError(f"the broker gives no more of {sorted(waiting)}")
            if said := [one for records in batches.values() for one in self._opened(records)]:
                yield said
            for place in list(waiting):
                # The embedded broker lists ends too low; that which comes with the records is true.
                end = max(listed[place], self._consumer.highwater(place) or 0)
                if await self._consumer.position(place) >= end:
                    waiting.discard(place)
                    self._consumer.pause(place)

    def _opened(self, records: Sequence[Any]) -> list[Said]:
        """What is scored. What cannot be read was never heard."""
        letters = (
            self._opener.open(r.topic, r.partition, r.offset, r.key, r.headers, r.value)
            for r in records
        )
        return [
            Said(one.source, one.subject, one.sequence, one.envelope.id, one.event)
            for one in letters
            if one.event is not None and one.envelope is not None
        ]


@asynccontextmanager
async def open_history(
    kafka: str,
    topics: Collection[str],
    understood: Collection[type[Event]],
    sign_in: SignIn = NOBODY,
) -> AsyncIterator[History]:
    """Raises `HistoryError` where a topic is missing, or its beginning has been deleted."""
    places = await _places(kafka, topics, sign_in)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        **sign_in.for_aiokafka(),
    )
    await consumer.start()
    try:
        for place, begin in (await consumer.beginning_offsets(places)).items():
            if begin > 0:
                raise HistoryError(
                    f"{place.topic} partition {place.partition} begins at {begin}: what was before is gone"
                )
        consumer.assign(places)
        consumer.pause(*places)
        yield History(consumer, places, Opener(understood))
    finally:
        await consumer.stop()


async def _places(kafka: str, topics: Collection[str], sign_in: SignIn) -> list[TopicPartition]:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka, **sign_in.for_aiokafka())
    await admin.start()
    try:
        if missing := sorted(set(topics) - set(await admin.list_topics())):
            raise HistoryError(f"{kafka} has no topic {', '.join(missing)}")
        return [
            TopicPartition(topic["topic"], partition["partition"])
            for topic in await admin.describe_topics(list(topics))
            for partition in topic["partitions"]
        ]
    finally:
        await admin.close()


class Anew:
    """`Scene`. Open it with `counting_anew`."""

    def __init__(self, pool: asyncpg.Pool, opener: Opener) -> None:
        self._pool = pool
        self._opener = opener

    @property
    def begin(self) -> Begin:
        @asynccontextmanager
        async def begin() -> AsyncIterator[Books]:
            async with transaction(self._pool) as connection:
                yield replace(books_on(connection), scores=PostgresScores(connection, ANEW))

        return begin

    async def heard(self, said: Sequence[Said]) -> list[bool]:
        """What feedback said itself counted when it was said."""
        rows = await self._pool.fetch(
            HEARD,
            [one.source for one in said],
            [one.subject for one in said],
            [one.sequence for one in said],
            [one.id for one in said],
        )
        found = {row["nth"]: bool(row["is_heard"]) for row in rows}
        return [one.source == OWN or found[nth] for nth, one in enumerate(said, 1)]

    @asynccontextmanager
    async def frozen(self) -> AsyncIterator["FrozenScores"]:
        async with transaction(self._pool) as connection:
            await connection.execute(
                f"lock table {', '.join(TABLES)} in share row exclusive mode", timeout=None
            )
            yield FrozenScores(connection, self._opener)


class FrozenScores:
    """`Frozen`, for as long as its transaction lasts."""

    def __init__(self, connection: asyncpg.Connection, opener: Opener) -> None:
        self._connection = connection
        self._opener = opener

    async def unsaid(self) -> list[Said]:
        rows = await self._connection.fetch(
            "select source, subject, sequence, type, body from outbox where topic = $1 order by id",
            feedback.TOPIC,
        )
        events = {event.TYPE: event for event in self._opener.understood}
        return [
            Said(row["source"], row["subject"], row["sequence"], "", event.hear(row["body"]))
            for row in rows
            if (event := events.get(row["type"])) is not None
        ]

    async def compare(self, most: int) -> tuple[int, int, list[Difference]]:
        (row,) = await self._connection.fetch(COMPARE, most, timeout=None)
        found = orjson.loads(row["differences"] or "[]")
        return row["figures"], row["differing"], [_difference(one) for one in found]

    async def switch(self) -> None:
        for table in TABLES:
            await self._connection.execute(f"truncate {table}")
            await self._connection.execute(
                f"insert into {table} select * from {table}{ANEW}", timeout=None
            )


@asynccontextmanager
async def counting_anew(
    pool: asyncpg.Pool, understood: Collection[type[Event]]
) -> AsyncIterator[Anew]:
    """Empty tables beside the kept ones, and gone afterwards."""
    drop = "; ".join(f"drop table if exists {table}{ANEW}" for table in TABLES)
    make = "; ".join(f"create table {table}{ANEW} (like {table} including all)" for table in TABLES)
    await pool.execute(f"{drop}; {make}")
    try:
        yield Anew(pool, Opener(understood))
    finally:
        await pool.execute(drop)


def _difference(row: dict[str, Any]) -> Difference:
    return Difference(
        row["agency"],
        date.fromisoformat(row["counted_on"]),
        row["officer"],
        FIGURES[row["place"] - 1],
        Count(row["kept_sum"], row["kept_count"]),
        Count(row["anew_sum"], row["anew_count"]),
    )
