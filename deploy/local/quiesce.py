"""Waits until nothing is under way: all that was said has been heard, and no alarm waits to ring."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from time import perf_counter
from typing import Self

import asyncpg

from deploy.local.ledger import topics
from deploy.local.ledger.parties import HEARERS, SERVICES, SPEAKERS, source_of

FIRST_PAUSE_SECONDS = 0.002
LONGEST_PAUSE_SECONDS = 0.05
SETTLED_SECONDS = 0.5
"""Something set aside may be about to be released: so long it must lie unchanged."""

# One statement, one snapshot. The relay empties the outbox only of what Kafka has, and a hearer notes
# what it heard in the transaction of what it did: so when the outboxes are empty and everybody has
# heard as many as were said, nothing is under way. Positions are compared as well, for what others say.
LOOK = " union all ".join(
    f"""select '{service}',
       exists (select from {service}.outbox),
       (select coalesce(json_object_agg(topic || '/' || partition, next_offset), '{{}}')
        from {service}.progress),
       (select coalesce(sum(id + attempts), 0) from {service}.set_aside),
       exists (select from deadline.clocks where next_rung_at < $1)"""
    for service in SERVICES
)
UNHEARD = " union all ".join(
    f"""select '{hearer}', '{topic}',
       (select coalesce(sum(last_sequence), 0) from {SPEAKERS[topic]}.said
        where source = '{source_of(topic)}')
       - (select coalesce(sum(last_sequence), 0) from {hearer}.heard
          where source = '{source_of(topic)}'),
       (select count(*) from {hearer}.set_aside where source = '{source_of(topic)}')"""
    for topic, hearers in HEARERS.items()
    for hearer in hearers
)


class NotQuietError(RuntimeError):
    """The patience ended before the services were done; says what was still under way."""


class Quiet:
    """Looks at a running stack with the role ledger's eyes; see `watching`."""

    def __init__(self, connection: asyncpg.Connection, said: topics.Topics) -> None:
        self._connection = connection
        self._topics = said
        self._aside: list[int] = []
        self._aside_since = 0.0

    async def wait(self, *, rung_by: datetime | None = None, patience_seconds: float = 120) -> None:
        """Return when nothing is under way, and every alarm due before `rung_by` has rung.

        Raises `NotQuietError`.
        """
        until = perf_counter() + patience_seconds
        pause_seconds = FIRST_PAUSE_SECONDS
        while busy := await self.what_is_under_way(rung_by):
            if perf_counter() > until:
                raise NotQuietError(f"after {patience_seconds:g} s: {'; '.join(busy)}")
            await asyncio.sleep(pause_seconds)
            pause_seconds = min(pause_seconds * 1.5, LONGEST_PAUSE_SECONDS)

    async def what_is_under_way(self, rung_by: datetime | None = None) -> list[str]:
        """What is still to be done; empty when quiet."""
        async with self._connection.transaction(isolation="repeatable_read", readonly=True):
            rows = await self._connection.fetch(LOOK, rung_by)
            busy = ["an alarm is due"] if rows[0][4] else []
            busy += [f"{row[0]} has not said everything" for row in rows if row[1]]
            # Sums cost what there is, so they are left until the rest looks quiet.
            if not busy:
                busy += [
                    f"{hearer} has {unheard} of {topic} to hear"
                    for hearer, topic, unheard, held in await self._connection.fetch(UNHEARD)
                    if unheard > held
                ]
        if not busy:
            # After the look: what is said later makes the ends higher, never lower.
            ends = await self._topics.ends()
            for service, _, progress, *_ in rows:
                if unread := _unread(service, topics.positions(progress), ends):
                    busy.append(f"{service} has {unread} records to hear")
        if not self._has_settled([int(row[3]) for row in rows]):
            busy.append("what is set aside has just changed")
        return busy

    def _has_settled(self, aside: Sequence[int]) -> bool:
        if not any(aside):
            return True
        if list(aside) != self._aside:
            self._aside, self._aside_since = list(aside), perf_counter()
        return perf_counter() - self._aside_since >= SETTLED_SECONDS

    @classmethod
    @asynccontextmanager
    async def watching(cls, dsn: str, bootstrap_servers: str) -> AsyncIterator[Self]:
        """`dsn` is the role ledger's."""
        connection = await asyncpg.connect(dsn)
        try:
            async with topics.open_topics(bootstrap_servers) as said:
                yield cls(connection, said)
        finally:
            await connection.close()


def _unread(
    service: str, positions: dict[tuple[str, int], int], ends: dict[tuple[str, int], int]
) -> int:
    return sum(
        max(0, end - positions.get(place, 0))
        for place, end in ends.items()
        if service in HEARERS[place[0]]
    )
