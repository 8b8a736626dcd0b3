"""Topics from their beginning, or an instant, to the ends they have when the reading begins."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from shared.replaying.plan import ReplayError
from shared.sign_in import NOBODY, SignIn

POLL_MS = 500
RECORDS_AT_ONCE = 5_000
PATIENCE_SECONDS = 15.0
"""How long the broker may be silent before we give up."""

Offsets = dict[TopicPartition, int]


class Reading:
    """One pass over some topics. Open it with `open_reading`."""

    def __init__(self, consumer: AIOKafkaConsumer, firsts: Offsets, committed: Offsets) -> None:
        self._consumer = consumer
        self.firsts = firsts
        """Above 0 where a topic no longer keeps its beginning."""
        self.committed = committed
        """How far the service's group has come; what it never read is left out."""

    async def records(
        self, since: datetime | None = None, dated: Collection[str] = ()
    ) -> AsyncIterator[Sequence[ConsumerRecord]]:
        """Every record up to the present ends, each partition in its order; of the topics in `dated` only
        those that the broker dates at `since` or later. Raises `ReplayError` where the broker falls silent."""
        places = list(self.firsts)
        ends = await self._consumer.end_offsets(places)
        waiting = {place for place in places if ends[place] > self.firsts[place]}
        unfetched = set(waiting)
        # Asked for an instant, the embedded broker begins earlier.
        since_ms = 0 if since is None else int(since.timestamp() * 1000)
        if since is not None:
            await self._seek(since, [place for place in places if place.topic in dated])
        self._consumer.pause(*(set(places) - waiting))
        silent_ms = 0
        while waiting:
            batches = await self._consumer.getmany(timeout_ms=POLL_MS, max_records=RECORDS_AT_ONCE)
            silent_ms = 0 if batches else silent_ms + POLL_MS
            for place in batches.keys() & unfetched:
                # The embedded broker lists ends too low; that which comes with the records is true.
                ends[place] = max(ends[place], self._consumer.highwater(place) or 0)
            unfetched -= batches.keys()
            for place, records in batches.items():
                first_ms = since_ms if place.topic in dated else 0
                yield [
                    record
                    for record in records
                    if record.offset < ends[place] and record.timestamp >= first_ms
                ]
            for place in list(waiting):
                # A compacted topic may end in nothing: the position says how far we have come.
                if await self._consumer.position(place) >= ends[place]:
                    waiting.discard(place)
                    self._consumer.pause(place)
            if waiting and silent_ms > PATIENCE_SECONDS * 1000:
                names = ", ".join(f"{one.topic}/{one.partition}" for one in sorted(waiting))
                raise ReplayError(
                    f"the broker gives no more of {names}; look at it and begin again"
                )

    async def _seek(self, since: datetime, places: Sequence[TopicPartition]) -> None:
        at_ms = int(since.timestamp() * 1000)
        found = await self._consumer.offsets_for_times(dict.fromkeys(places, at_ms))
        for place, at in found.items():
            if at is None:
                await self._consumer.seek_to_end(place)
            else:
                self._consumer.seek(place, at.offset)


@asynccontextmanager
async def open_reading(
    servers: str, topics: Sequence[str], group: str, sign_in: SignIn = NOBODY
) -> AsyncIterator[Reading]:
    """A consumer that joins no group and commits nothing. Raises `ReplayError` for a missing topic."""
    places = await _places(servers, topics, sign_in)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=servers,
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        check_crcs=False,
        max_partition_fetch_bytes=4 * 1024 * 1024,
        **sign_in.for_aiokafka(),
    )
    await consumer.start()
    try:
        # Assigned by hand: the group is only asked how far it has come.
        consumer.assign(places)
        firsts = await consumer.beginning_offsets(places)
        committed = {place: await consumer.committed(place) or 0 for place in places}
        for place, first in firsts.items():
            consumer.seek(place, first)
        yield Reading(consumer, firsts, committed)
    finally:
        await consumer.stop()


async def _places(servers: str, topics: Sequence[str], sign_in: SignIn) -> list[TopicPartition]:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers, **sign_in.for_aiokafka())
    await admin.start()
    try:
        if missing := sorted(set(topics) - set(await admin.list_topics())):
            raise ReplayError(
                f"{servers} has no topic {', '.join(missing)}; doctor says what to do"
            )
        return [
            TopicPartition(topic["topic"], partition["partition"])
            for topic in await admin.describe_topics(list(topics))
            for partition in topic["partitions"]
        ]
    finally:
        await admin.close()
