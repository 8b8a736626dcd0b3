"""Where a topic ends, and what was said to it since."""

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.structs import OffsetAndMetadata

from shared.events.envelope import Envelope

Places = dict[TopicPartition, int]
"""An offset per partition."""


class OutOfOrderError(RuntimeError):
    """A contestant lost, doubled or reordered what it was to say: it has not done the work."""


async def ends_of(kafka: str, topic: str) -> Places:
    """The next offset of each partition."""
    async with _reader(kafka, topic) as reader:
        ends: Places = await reader.end_offsets(_partitions(reader, topic))
        return ends


async def begin_at(kafka: str, group: str, places: Places) -> None:
    """Give a consumer group its place in the log before its first member comes."""
    reader = AIOKafkaConsumer(bootstrap_servers=kafka, group_id=group, enable_auto_commit=False)
    await reader.start()
    try:
        reader.assign(list(places))
        await reader.commit({place: OffsetAndMetadata(n, "") for place, n in places.items()})
    finally:
        await reader.stop()


async def check_order(kafka: str, topic: str, since: Places, count: int) -> None:
    """Read what was said since. Raises `OutOfOrderError` unless it is `count` events, each subject's
    as 1, 2, 3…"""
    said: dict[str, list[int | None]] = defaultdict(list)
    read = 0
    async with _reader(kafka, topic) as reader:
        ends = await reader.end_offsets(_partitions(reader, topic))
        for place, offset in since.items():
            reader.seek(place, offset)
        left = {place for place, end in ends.items() if end > since[place]}
        while left:
            for place, records in (await reader.getmany(timeout_ms=1_000)).items():
                for record in records:
                    envelope = Envelope.from_headers(record.headers)
                    said[envelope.subject].append(envelope.sequence)
                read += len(records)
                if await reader.position(place) >= ends[place]:
                    left.discard(place)
    if read != count:
        raise OutOfOrderError(f"{count} events were to be said, {read} were")
    for subject, sequences in said.items():
        if sequences != list(range(1, len(sequences) + 1)):
            raise OutOfOrderError(f"{subject} was said as {sequences[:10]}")


@asynccontextmanager
async def open_producer(kafka: str) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all", linger_ms=5)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


@asynccontextmanager
async def _reader(kafka: str, topic: str) -> AsyncIterator[AIOKafkaConsumer]:
    reader = AIOKafkaConsumer(topic, bootstrap_servers=kafka)
    await reader.start()
    try:
        yield reader
    finally:
        await reader.stop()


def _partitions(reader: AIOKafkaConsumer, topic: str) -> list[TopicPartition]:
    return [TopicPartition(topic, number) for number in reader.partitions_for_topic(topic) or ()]
