"""What the topics hold of some keys: of each topic only the one partition a key belongs to is read."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from shared.partitions import partition_of
from shared.sign_in import NOBODY, SignIn
from shared.topics import TopicError

POLL_MS = 500
RECORDS_AT_ONCE = 5_000
PATIENCE_SECONDS = 15.0
"""How long the broker may be silent before we give up."""

OnProgress = Callable[[int, int], None]
"""Called with the offsets read and the offsets there are."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """What was read of one partition: its offsets from `first` up to, and without, `end`."""

    topic: str
    partition: int
    first: int
    """Above 0 where the topic no longer keeps its beginning."""
    end: int
    """The end when the reading began; what was said later is not looked at."""


@dataclass(frozen=True, slots=True)
class Found:
    """The records of the keys asked for, in the order of each partition, and where was looked."""

    records: tuple[ConsumerRecord, ...]
    stretches: tuple[Stretch, ...]


async def read_keys(
    servers: str,
    topics: Sequence[str],
    keys: Collection[str],
    on_progress: OnProgress,
    sign_in: SignIn = NOBODY,
) -> Found:
    """Every record whose key or `ce_subject` is one of `keys`, of the partitions that are theirs.

    A consumer without a group: it leaves no trace. Raises `TopicError` where a topic is missing,
    `TimeoutError` where the broker falls silent, and aiokafka's errors.
    """
    async with asyncio.timeout(PATIENCE_SECONDS):
        counts = await _count_partitions(servers, topics, sign_in)
    raw_keys = frozenset(key.encode() for key in keys)
    belonging = (
        TopicPartition(topic, partition_of(key, counts[topic]))
        for topic in topics
        for key in raw_keys
    )
    places = list(dict.fromkeys(belonging))
    if not places:
        return Found((), ())
    # What was written is checked by the broker; checksums again would cost a third of the reading.
    consumer = AIOKafkaConsumer(
        bootstrap_servers=servers,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        check_crcs=False,
        max_partition_fetch_bytes=4 * 1024 * 1024,
        **sign_in.for_aiokafka(),
    )
    async with asyncio.timeout(PATIENCE_SECONDS):
        await consumer.start()
    try:
        return await _Reading(consumer, places, raw_keys, on_progress).read()
    finally:
        await consumer.stop()


async def _count_partitions(servers: str, topics: Sequence[str], sign_in: SignIn) -> dict[str, int]:
    """Asked of an admin client: a consumer knows only what it subscribes to."""
    admin = AIOKafkaAdminClient(bootstrap_servers=servers, **sign_in.for_aiokafka())
    await admin.start()
    try:
        there = set(await admin.list_topics())
        if missing := [topic for topic in topics if topic not in there]:
            raise TopicError(f"{', '.join(missing)} is missing")
        described = await admin.describe_topics(list(topics))
        return {topic["topic"]: len(topic["partitions"]) for topic in described}
    finally:
        await admin.close()


class _Reading:
    """One pass over some partitions, up to the ends they had when it began."""

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        places: Sequence[TopicPartition],
        keys: frozenset[bytes],
        on_progress: OnProgress,
    ) -> None:
        self._consumer = consumer
        self._places = places
        self._keys = keys
        self._on_progress = on_progress
        self._firsts: Mapping[TopicPartition, int] = {}
        self._ends: dict[TopicPartition, int] = {}
        self._positions: dict[TopicPartition, int] = {}
        self._unfetched: set[TopicPartition] = set()

    async def read(self) -> Found:
        self._consumer.assign(list(self._places))
        async with asyncio.timeout(PATIENCE_SECONDS):
            self._firsts = await self._consumer.beginning_offsets(list(self._places))
            self._ends = dict(await self._consumer.end_offsets(list(self._places)))
        self._positions = dict(self._firsts)
        waiting = {place for place in self._places if self._ends[place] > self._firsts[place]}
        self._unfetched = set(waiting)
        self._consumer.pause(*(set(self._places) - waiting))
        found: list[ConsumerRecord] = []
        while waiting:
            found += await self._poll(waiting)
            self._tell()
        self._tell()
        return Found(tuple(found), tuple(self._stretch(place) for place in self._places))

    async def _poll(self, waiting: set[TopicPartition]) -> list[ConsumerRecord]:
        """One poll; takes from `waiting` what has come to its end."""
        batches = await self._next_batches(waiting)
        found = []
        for place in batches.keys() & self._unfetched:
            # The embedded broker lists too early an end, and gives the true one with the records.
            self._ends[place] = max(self._ends[place], self._consumer.highwater(place) or 0)
        self._unfetched -= batches.keys()
        for place, records in batches.items():
            found += [r for r in records if r.offset < self._ends[place] and self._is_asked_for(r)]
        for place in list(waiting):
            # A compacted topic may end in nothing: the position says how far we have come.
            position = await self._consumer.position(place)
            self._positions[place] = min(position, self._ends[place])
            if position >= self._ends[place]:
                waiting.discard(place)
                self._consumer.pause(place)
        return found

    async def _next_batches(
        self, waiting: set[TopicPartition]
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        silent_ms = 0
        before = {place: await self._consumer.position(place) for place in waiting}
        while silent_ms < PATIENCE_SECONDS * 1000:
            batches = await self._consumer.getmany(timeout_ms=POLL_MS, max_records=RECORDS_AT_ONCE)
            moves = any([await self._consumer.position(p) > at for p, at in before.items()])
            if batches or moves:
                return dict(batches)
            silent_ms += POLL_MS
        names = ", ".join(f"{place.topic}/{place.partition}" for place in sorted(waiting))
        raise TimeoutError(f"the broker gives no more of {names}")

    def _is_asked_for(self, record: ConsumerRecord) -> bool:
        return record.key in self._keys or any(
            name == "ce_subject" and value in self._keys for name, value in record.headers
        )

    def _tell(self) -> None:
        read = sum(self._positions[place] - self._firsts[place] for place in self._places)
        self._on_progress(read, sum(self._ends[p] - self._firsts[p] for p in self._places))

    def _stretch(self, place: TopicPartition) -> Stretch:
        return Stretch(place.topic, place.partition, self._firsts[place], self._ends[place])
